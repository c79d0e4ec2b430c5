package headless

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

// forwardPath is where proxies ask who a request is from, before they let it through: nginx by auth_request, Traefik by ForwardAuth, Envoy
// by the HTTP service of ext_authz. Whatever stands below it is the same: Envoy appends the path that it was asked for.
const forwardPath = "/_allauth/forward-auth"

// The headers that tell a proxy who it is. Every answer has all of them: what there is nothing to say of is empty, so that a proxy
// that copies what it finds, and leaves alone what it does not, writes over what a client has made up.
const (
	forwardUser     = "X-Auth-Request-User"
	forwardEmail    = "X-Auth-Request-Email"
	forwardUsername = "X-Auth-Request-Preferred-Username"
	forwardName     = "X-Auth-Request-Name"
	forwardTenant   = "X-Auth-Request-Tenant"
	forwardSession  = "X-Auth-Request-Session"
)

var identityHeaders = []string{forwardUser, forwardEmail, forwardUsername, forwardName, forwardTenant, forwardSession}

var emptyValue = []string{""}

// forwardAuth answers proxies. The method is the one of the request that they ask about, and means nothing here: the body is not read, and
// nothing is changed but that the session was used. So nothing has to be proved against forgery, no page of another origin may read
// the answer, and no cookie is set, which no proxy would hand on.
type forwardAuth struct{ api *API }

// mount serves it at the path and below.
func (f forwardAuth) mount(root *mux.Router) {
	root.Path(forwardPath).Handler(f)
	root.PathPrefix(forwardPath + "/").Handler(f)
}

// ServeHTTP answers 200 with who it is, and nothing else with a 2xx.
func (f forwardAuth) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, h := f.api, w.Header()
	for _, name := range identityHeaders {
		h[name] = emptyValue
	}
	t, err := a.Tenants.Resolve(r.Context(), r.Host, strings.Join(r.Header.Values(a.TenantHeader), ","))
	if err != nil {
		a.Recorder.Route(r, forwardPath, "")
		a.decline(w, r, nil, err)
		return
	}
	a.Recorder.Route(r, forwardPath, t.Slug)
	s := shownTo(r, t)
	v, err := a.Flows.Open(r.Context(), t, flows.Origin{
		Client: s.client.kind(), Token: s.token, Access: s.access, Slides: s.client.slides(), Identity: true,
		IP: a.Recorder.ClientIP(r), UserAgent: r.UserAgent(), RequestID: a.Recorder.RequestID(r),
	})
	if err != nil {
		a.decline(w, r, nil, err)
		return
	}
	who, ok := v.Identity()
	if !ok {
		h.Set("WWW-Authenticate", challenge(t, s))
		a.decline(w, r, nil, refusal.Of(refusal.Unauthenticated))
		return
	}
	h[forwardUser], h[forwardSession], h[forwardTenant] = []string{who.UserID}, []string{who.SessionID}, []string{t.Slug}
	h[forwardEmail], h[forwardUsername], h[forwardName] = safeValue(who.Email), safeValue(who.Username), safeValue(who.Name)
	keepFromCaches(h)
	w.WriteHeader(http.StatusOK)
}

// shown is what a request shows to be somebody.
type shown struct {
	client client
	token  string // of a session; "" for none
	access string // an access token in its place
	bearer bool   // a header shows an access token, be it none
}

// shownTo is what counts of all that a request shows. A header counts before the cookie, since somebody has put it there on purpose;
// and what is wrong with it is not made good by the cookie, or whoever sends both would be somebody else as soon as the one runs
// out. X-Session-Token counts before an access token, as it does for apps. Authorization is none of ours where it has another
// scheme, or the tenant hands out no tokens: it is for whatever stands behind the proxy. A kind of client that the tenant does not
// have shows nothing.
func shownTo(r *http.Request, t *tenants.Tenant) shown {
	s := shown{client: &app{}}
	tokens := r.Header["X-Session-Token"]
	switch {
	case strings.Join(tokens, "") != "":
		if len(tokens) == 1 {
			s.token = s.client.token(r, t)
		}
	case showsAccess(r, t):
		s.access, s.bearer = s.client.access(r, t), true
	default:
		s.client = &browser{}
		s.token = s.client.token(r, t)
	}
	if !serves(t, s.client) {
		s.token, s.access = "", ""
	}
	return s
}

// showsAccess reports whether a request shows something in the place of an access token of the tenant's.
func showsAccess(r *http.Request, t *tenants.Tenant) bool {
	if !flows.TokensOffered(t) {
		return false
	}
	for _, sent := range r.Header["Authorization"] {
		if words := strings.Fields(sent); len(words) > 0 && strings.EqualFold(words[0], t.Settings.Headless.JWTAuthorizationHeaderScheme) {
			return true
		}
	}
	return false
}

// challenge is what a 401 must say to show (RFC 9110, section 11.6.1): an access token (RFC 6750, section 3) or, of a tenant that hands
// none out, its session. There is no registered scheme for a session, and no browser asks for a password for either.
func challenge(t *tenants.Tenant, s shown) string {
	realm := ` realm="` + t.Slug + `"`
	switch {
	case !flows.TokensOffered(t):
		return "Session" + realm
	case s.bearer:
		return t.Settings.Headless.JWTAuthorizationHeaderScheme + realm + `, error="invalid_token"`
	default:
		return t.Settings.Headless.JWTAuthorizationHeaderScheme + realm
	}
}

// safeValue is a text as a header's value: of its bytes in UTF-8, those that are no visible ASCII, and the percent sign, are written as
// percent and two hexadecimal digits (RFC 3986, section 2.1). So there are no line breaks, and every decoder of URLs gives the text back.
func safeValue(text string) []string {
	if text == "" {
		return emptyValue
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c > ' ' && c < 0x7f && c != '%' {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return []string{b.String()}
}
