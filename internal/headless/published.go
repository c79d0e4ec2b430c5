package headless

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/keyring"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The documents that are read without a session, and are the same for everybody: those by which whoever checks a tenant's tokens finds out
// how (RFC 8414, RFC 8615), and the description of the API (spec.go).

// documents is the table of them.
func (a *API) documents() []published {
	all := []published{
		{a, tenants.KeysPath, a.ofKeys(func(_ *tenants.Tenant, keys flows.PublicKeys) any { return json.RawMessage(keys.Document) })},
		{a, "/.well-known/openid-configuration", a.ofKeys(discovery)},
	}
	return append(all, a.specs()...)
}

// published is one of them.
type published struct {
	api  *API
	path string
	of   func(context.Context, *tenants.Tenant) (page, error)
}

// page is what a document is for a tenant.
type page struct {
	contentType []string
	policy      string        // its Content-Security-Policy, if it is one for people
	age         time.Duration // for which it may be remembered
	body        []byte
}

// ofKeys is a document about a tenant's keys, which may be remembered for as long as package keyring reckons with.
func (a *API) ofKeys(of func(*tenants.Tenant, flows.PublicKeys) any) func(context.Context, *tenants.Tenant) (page, error) {
	return func(ctx context.Context, t *tenants.Tenant) (page, error) {
		keys, err := a.Flows.PublicKeys(ctx, t)
		if err != nil {
			return page{}, err
		}
		body, err := json.Marshal(of(t, keys))
		if err != nil {
			panic("headless: " + err.Error()) // it is made of plain values; this is a mistake in the program
		}
		return page{contentType: jsonType, age: keyring.MaxAge, body: body}, nil
	}
}

// configurationOfIssuer is what there is of OpenID Connect Discovery 1.0, section 3: the issuer of tokens, and their keys. The members that
// must be there are, as far as anything is true that they could say; there are no endpoints yet that would hand out tokens to others.
type configurationOfIssuer struct {
	Issuer            string   `json:"issuer"`
	JWKSURI           string   `json:"jwks_uri"`
	ResponseTypes     []string `json:"response_types_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	Claims            []string `json:"claims_supported"`
}

func discovery(t *tenants.Tenant, keys flows.PublicKeys) any {
	return configurationOfIssuer{
		Issuer: t.PublicURL(), JWKSURI: t.KeysURL(), ResponseTypes: []string{}, SubjectTypes: []string{"public"},
		SigningAlgorithms: keys.Algorithms, Claims: []string{"iss", "aud", "sub", "sid", "jti", "token_use", "iat", "exp"},
	}
}

// ServeHTTP serves one.
func (d published) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := d.api
	h := w.Header()
	// Any page may read what is public; without credentials, which nothing here depends on.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Vary", a.TenantHeader) // on a shared host the header decides whose it is
	t, err := a.Tenants.Resolve(r.Context(), r.Host, strings.Join(r.Header.Values(a.TenantHeader), ","))
	if err != nil {
		a.Recorder.Route(r, d.path, "")
		a.decline(w, r, nil, err)
		return
	}
	a.Recorder.Route(r, d.path, t.Slug)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET, HEAD")
		h.Set("Access-Control-Allow-Headers", a.TenantHeader)
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		write(w, answer{Status: http.StatusMethodNotAllowed})
		return
	}
	p, err := d.of(r.Context(), t)
	if err != nil {
		a.decline(w, r, nil, err)
		return
	}
	p.write(w)
}

func (p page) write(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"], h["X-Content-Type-Options"] = p.contentType, nosniff
	h["Cache-Control"] = []string{"public, max-age=" + strconv.Itoa(int(p.age.Seconds()))}
	if p.policy != "" {
		h.Set("Content-Security-Policy", p.policy)
		h.Set("Referrer-Policy", "no-referrer")
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(p.body) // a client that has gone is no fault of ours
}
