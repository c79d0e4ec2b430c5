package headless

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rs/cors"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

// endpoint is one path for one kind of client.
type endpoint struct {
	api      *API
	client   client
	template string
	methods  map[string]route
	allow    string
}

// ServeHTTP takes a request from its tenant to its answer.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := e.api
	// Two headers are passed on as the one that they amount to (RFC 9110, section 5.3), which names no tenant.
	t, err := a.Tenants.Resolve(r.Context(), r.Host, strings.Join(r.Header.Values(a.TenantHeader), ","))
	if err != nil {
		a.Recorder.Route(r, e.template, "")
		a.decline(w, r, nil, err)
		return
	}
	a.Recorder.Route(r, e.template, t.Slug)
	if a.crossOrigin(w, r, t) {
		return
	}
	row, ok := e.methods[r.Method]
	if !ok && r.Method == http.MethodHead {
		row, ok = e.methods[http.MethodGet] // whose answer it is, but for the body, which net/http keeps back (RFC 9110, section 9.3.2)
	}
	if !ok {
		w.Header().Set("Allow", e.allow)
		row = e.other(r.Method)
	}
	if !serves(t, e.client) {
		a.Recorder.Outcome(r, "client not served", "the tenant's headless.clients does not list "+string(e.client.kind()))
		write(w, answer{Status: http.StatusNotFound})
		return
	}
	if row.offered != nil && !row.offered(t) {
		a.Recorder.Outcome(r, "not offered", "the tenant's settings do not offer this")
		write(w, answer{Status: http.StatusNotFound})
		return
	}
	v, err := a.Flows.Open(r.Context(), t, flows.Origin{
		Client: e.client.kind(), Token: e.client.token(r, t), Access: e.client.access(r, t), Slides: e.client.slides(),
		Tokens: e.client.tokens(), Trust: e.client.trust(r, t), IP: a.Recorder.ClientIP(r), UserAgent: r.UserAgent(),
		RequestID: a.Recorder.RequestID(r),
	})
	if err != nil {
		a.decline(w, r, nil, err)
		return
	}
	if err := e.client.admit(r, v); err != nil {
		e.client.refused(w, r, v)
		a.decline(w, r, v, err)
		return
	}
	if row.form != nil {
		location, err := row.form(v, r)
		e.client.finish(w, r, v, &meta{})
		if err != nil {
			a.decline(w, r, v, err)
			return
		}
		sendTo(w, http.StatusFound, location)
		return
	}
	got, err := a.run(row, v, r)
	var handed flows.Tokens
	if err == nil {
		handed, err = v.Tokens()
	}
	if err == nil {
		m := got.Meta
		if m == nil {
			m = &meta{}
		}
		m.AccessToken, m.RefreshToken = handed.Access, handed.Refresh
		e.client.finish(w, r, v, m)
		if r.Method == http.MethodOptions {
			keepFromCaches(w.Header())
			w.WriteHeader(http.StatusOK) // Allow says it all
			return
		}
		write(w, answerOf(row, v, got, m))
		return
	}
	e.client.finish(w, r, v, &meta{})
	a.decline(w, r, v, err)
}

// serves reports whether a tenant has clients of a kind.
func serves(t *tenants.Tenant, c client) bool {
	return slices.Contains(t.Settings.Headless.Clients, string(c.kind()))
}

// run asks for room where the route takes some, takes its limit and calls its handler, if the visitor has the path at all.
func (a *API) run(row route, v *flows.Visit, r *http.Request) (viewed, error) {
	if row.open != nil && !row.open(v) {
		return viewed{}, fmt.Errorf("the tenant's settings do not offer this, and the visitor has nothing of it: %w", refusal.Of(refusal.Missing))
	}
	if row.room {
		if err := a.Flows.Room(v); err != nil {
			return viewed{}, err
		}
	}
	if row.limit != "" && (!row.own || v.Authenticated()) {
		if err := a.Flows.Admit(r.Context(), v, row.limit); err != nil {
			return viewed{}, err
		}
	}
	var got viewed
	var err error
	switch {
	case row.step != nil:
		err = row.step(v, r)
	case row.act != nil:
		got, err = row.act(v, r)
	default:
		got, err = row.view(v, r)
	}
	if errors.Is(err, errNotJSON) {
		err = cmp.Or(row.closed(v), err)
	}
	return got, err
}

// The headers that front ends send and that a preflight must allow.
var crossOriginHeaders = []string{
	"content-type", "x-csrftoken", "x-session-token", "x-email-verification-key", "x-password-reset-key", "authorization",
}

// crossOrigin adds what the CORS protocol (https://fetch.spec.whatwg.org/#http-cors-protocol) asks for, and answers
// preflights. It reports whether the request is answered.
//
// Whether an origin may read the tenant's answers is the tenant's say, and is decided here; the library then speaks the
// protocol for an origin that may. Another origin gets no header at all, and its browser keeps the answer from it.
func (a *API) crossOrigin(w http.ResponseWriter, r *http.Request, t *tenants.Tenant) (answered bool) {
	origin := r.Header.Get("Origin")
	preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	switch {
	case origin != "" && t.AllowedOrigin(origin):
		a.corsFor(int(t.Settings.CORS.MaxAge)).HandlerFunc(w, r)
	case preflight:
		w.Header()["Vary"] = byOrigin
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header()["Vary"] = byOrigin
	}
	return preflight
}

// corsFor speaks the protocol for origins that were allowed already.
func (a *API) corsFor(maxAge int) *cors.Cors {
	if c, ok := a.cors.Load(maxAge); ok {
		return c.(*cors.Cors)
	}
	c, _ := a.cors.LoadOrStore(maxAge, cors.New(cors.Options{
		AllowOriginFunc:  func(string) bool { return true },
		AllowedMethods:   []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders:   append(slices.Clone(crossOriginHeaders), a.TenantHeader),
		ExposedHeaders:   []string{"Retry-After"},
		AllowCredentials: true,
		MaxAge:           maxAge,
	}))
	return c.(*cors.Cors)
}

// needsProof reports whether a request may change something (RFC 9110, section 9.2.1).
func needsProof(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return true
}

// What a browser's request lacks: the proof that goes with its cookie, or an origin that may act here. To front ends it is
// the same; whoever sets one up has to know which.
var (
	errCSRF   = forged(refusal.CSRFFailed.Message())
	errOrigin = forged("The CSRF check failed: this tenant does not know the origin of the page that sent the request. " +
		"Add it to the tenant's cors.allowed_origins, or set public_url to where the pages are.")
)

func forged(message string) error {
	return &refusal.Refusal{Kind: refusal.Forbidden, Details: []refusal.Detail{{Message: message, Code: refusal.CSRFFailed}}}
}
