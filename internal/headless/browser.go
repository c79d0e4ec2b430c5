package headless

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// browser is the client whose token is a cookie. It ignores X-Session-Token.
//
// A cookie goes along with requests that other sites make, so a request that may change something has to prove that
// it comes from the tenant's own pages, in two ways at once:
//
//   - It repeats the csrftoken cookie, which only scripts of the same site can read, in the X-CSRFToken header or, in a form, in the field
//     csrfmiddlewaretoken. The token carries a MAC under the tenant's key over the session that it was made for, so one that an attacker
//     planted, from a sibling domain or a session of his own, does not pass.
//   - Its Origin, or else its Referer, is one of the tenant's own. Requests without either come from programs.
//
// What is safe (GET, HEAD, OPTIONS, TRACE: RFC 9110, section 9.2.1) proves nothing, and changes nothing that somebody has.
type browser struct{}

func (*browser) kind() flows.Client { return flows.Browser }

func (*browser) slides() bool { return false }

func (*browser) token(r *http.Request, t *tenants.Tenant) string {
	return cookie(r, t.Settings.Cookies.SessionName)
}

func (*browser) trust(r *http.Request, t *tenants.Tenant) string {
	if !flows.TrustOffered(t) {
		return ""
	}
	return cookie(r, t.Settings.MFA.TrustCookieName)
}

func (*browser) access(*http.Request, *tenants.Tenant) string { return "" }

func (*browser) tokens() bool { return false }

// cookie is the value of the first cookie of that name, or "". It reads the header without taking it apart: a browser's
// request is asked for two of them, at the least.
func cookie(r *http.Request, name string) string {
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			if key, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && key == name {
				return strings.Trim(value, `"`)
			}
		}
	}
	return ""
}

func (b *browser) admit(r *http.Request, v *flows.Visit) error {
	if !needsProof(r) {
		return nil
	}
	if !ownOrigin(r, v.Tenant) {
		return errOrigin
	}
	sent := cookie(r, v.Tenant.Settings.Cookies.CSRFName)
	shown := r.Header.Get("X-CSRFToken")
	if shown == "" {
		posted, err := postedForm(r)
		if err != nil {
			return err
		}
		shown = posted.Get(formToken)
	}
	if sent == "" || !secret.Equal([]byte(sent), []byte(shown)) || !validCSRF(v.Tenant, b.token(r, v.Tenant), sent) {
		return errCSRF
	}
	return nil
}

// SignedIn opens the session of a browser's request for another wire that the same pages use: with what the request has to prove where
// it may change something.
func (a *API) SignedIn(r *http.Request) (*flows.Visit, error) {
	t, err := a.Tenants.Resolve(r.Context(), r.Host, "")
	if err != nil {
		return nil, err
	}
	b := &browser{}
	v, err := a.Flows.Open(r.Context(), t, flows.Origin{
		Client: b.kind(), Token: b.token(r, t), IP: a.Recorder.ClientIP(r), UserAgent: r.UserAgent(),
	})
	if err == nil {
		err = b.admit(r, v)
	}
	return v, err
}

// ownOrigin reports whether a request says that it comes from the tenant's own pages, or says nothing.
func ownOrigin(r *http.Request, t *tenants.Tenant) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		return t.OwnOrigin(origin)
	}
	referer := r.Header.Get("Referer")
	if referer == "" {
		return true
	}
	u, err := url.Parse(referer)
	return err == nil && t.OwnOrigin(u.Scheme+"://"+u.Host)
}

// refused gives a browser a token that fits its session if the one it has was made for another, such as one that has
// expired since. A browser without any gets none here: it asks for one by reading.
func (b *browser) refused(w http.ResponseWriter, r *http.Request, v *flows.Visit) {
	session := b.token(r, v.Tenant)
	if sent := cookie(r, v.Tenant.Settings.Cookies.CSRFName); sent != "" && !validCSRF(v.Tenant, session, sent) {
		setCSRF(w, v.Tenant, session)
	}
}

func (b *browser) finish(w http.ResponseWriter, r *http.Request, v *flows.Visit, _ *meta) {
	cookies := &v.Tenant.Settings.Cookies
	if entries := v.TrustCookie(); entries != "" {
		http.SetCookie(w, trustCookie(v.Tenant, entries))
	}
	session := b.token(r, v.Tenant)
	switch {
	case v.Issued() != "":
		session = v.Issued()
		c := sessionCookie(v.Tenant, session)
		c.MaxAge = int(cookies.SessionAge)
		http.SetCookie(w, c)
		setCSRF(w, v.Tenant, session)
		return
	case session != "" && (v.Lost() || v.Ended()):
		session = ""
		c := sessionCookie(v.Tenant, "")
		c.MaxAge = -1
		http.SetCookie(w, c)
	}
	if sent := cookie(r, cookies.CSRFName); !validCSRF(v.Tenant, session, sent) {
		setCSRF(w, v.Tenant, session)
	}
}

// trustCookie marks a browser as trusted.
func trustCookie(t *tenants.Tenant, entries string) *http.Cookie {
	m := &t.Settings.MFA
	return &http.Cookie{
		Name: m.TrustCookieName, Value: entries, Path: m.TrustCookiePath, Domain: m.TrustCookieDomain, MaxAge: int(m.TrustCookieAge),
		Secure: t.TrustSecure(), HttpOnly: m.TrustCookieHTTPOnly, SameSite: sameSite(m.TrustCookieSameSite),
	}
}

func sessionCookie(t *tenants.Tenant, value string) *http.Cookie {
	c := newCookie(t, t.Settings.Cookies.SessionName, value)
	c.HttpOnly = true
	return c
}

func newCookie(t *tenants.Tenant, name, value string) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", Domain: t.Settings.Cookies.Domain, Secure: t.Secure(), SameSite: sameSite(t.Settings.Cookies.SameSite),
	}
}

func sameSite(name string) http.SameSite {
	switch strings.ToLower(name) {
	case "strict":
		return http.SameSiteStrictMode
	case "none":
		return http.SameSiteNoneMode
	default:
		return http.SameSiteLaxMode
	}
}

// csrfAge is how long a browser keeps a CSRF token: a year of 52 weeks, as Django has it, in seconds.
const csrfAge = 52 * 7 * 24 * 60 * 60

// setCSRF gives the browser a new token for a session ("" for a stranger's).
func setCSRF(w http.ResponseWriter, t *tenants.Tenant, session string) {
	c := newCookie(t, t.Settings.Cookies.CSRFName, newCSRF(t, session))
	c.MaxAge = csrfAge // readable by scripts on purpose: they copy it into the header
	http.SetCookie(w, c)
}

// csrfNonce is the length of a token's random half, in bytes.
const csrfNonce = 16

// newCSRF is a token for a session: a nonce, and a MAC over it and the session's digest under the tenant's key.
func newCSRF(t *tenants.Tenant, session string) string {
	nonce := secret.Bytes(csrfNonce)
	return base64.RawURLEncoding.EncodeToString(append(nonce, csrfMAC(t, session, nonce)...))
}

func validCSRF(t *tenants.Tenant, session, token string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) <= csrfNonce {
		return false
	}
	return t.Keys.Verify(raw[csrfNonce:], secret.ForCSRF, t.ID, string(secret.Digest(session)), string(raw[:csrfNonce]))
}

func csrfMAC(t *tenants.Tenant, session string, nonce []byte) []byte {
	return t.Keys.Sign(secret.ForCSRF, t.ID, string(secret.Digest(session)), string(nonce))
}
