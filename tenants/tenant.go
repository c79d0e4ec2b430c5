package tenants

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/hostname"
	"github.com/vestibule-auth/vestibule/internal/secret"
)

// State is whether a tenant is served.
type State string

// The states of a tenant. Any other state is treated as Deleted.
const (
	Active    State = "active"
	Suspended State = "suspended" // known, but every request is refused
	Deleted   State = "deleted"   // as if it were not there, but can come back
	Purging   State = "purging"   // its key is destroyed, and its rows are being removed
	Purged    State = "purged"    // there was a tenant of that id
)

// The tenant whose users are the operators. Its id is the same everywhere, and no other tenant can have its id or its slug. It is served
// to operators alone: no request of the public finds it.
const (
	SystemID   = "00000000-0000-8000-8000-000000000001"
	SystemSlug = "system"
)

// Tenant is one customer of the house: people, settings and keys of its own. It is shared between requests and never
// changed once it is made; a change makes a new one.
//
// A Tenant works as a literal. One that answers many requests should come from New, which works out once what the
// methods need.
type Tenant struct {
	ID        string // a UUID
	Slug      string // the name that operators and the tenant header use; see ValidSlug
	Name      string // what people see
	State     State
	Hosts     []string // normal hosts, the public one first; see package hostname
	Settings  Settings
	Keys      *secret.Keys // the tenant's own; there may be none where the state is not Active
	Version   int64        // rises with every change
	CreatedAt time.Time
	UpdatedAt time.Time

	ready *derived
}

// derived is what the methods of a tenant need.
type derived struct {
	publicURL string
	secure    bool
	origins   map[string]struct{}
	wildcards []wildcard
	hosts     map[string]struct{}
	claims    claims
}

// wildcard is an origin such as https://*.example.org:8443, taken apart.
type wildcard struct {
	host string // .example.org
	port string // :8443, or ""
}

const (
	wildcardScheme = "https://*."
	keyPlace       = "{key}"
)

// New is t, made ready for many requests.
func New(t Tenant) *Tenant {
	t.ready = t.derive()
	return &t
}

func (t *Tenant) view() *derived {
	if t.ready != nil {
		return t.ready
	}
	return t.derive()
}

func (t *Tenant) derive() *derived {
	d := &derived{origins: map[string]struct{}{}, hosts: map[string]struct{}{}}
	switch {
	case t.Settings.PublicURL != "":
		d.publicURL = strings.TrimRight(t.Settings.PublicURL, "/")
		if o, err := publicOrigin(d.publicURL); err == nil {
			d.publicURL = o
		}
	case len(t.Hosts) > 0:
		d.publicURL = "https://" + t.Hosts[0]
	default:
		// Links that lead nowhere (RFC 2606) are better than links that lead anywhere else. ValidateHosts refuses this.
		d.publicURL = "https://" + t.Slug + ".invalid"
	}
	scheme, host, _ := strings.Cut(d.publicURL, "://")
	// What is served on a loopback name never leaves the machine (RFC 6761, section 6.3), and some browsers refuse secure cookies
	// from it. Who says that it is https there is believed.
	d.secure = scheme == "https" && (t.Settings.PublicURL != "" || !(host == "localhost" || strings.HasSuffix(host, ".localhost")))
	if t.Settings.Cookies.Secure != nil {
		d.secure = *t.Settings.Cookies.Secure
	}
	d.origins[d.publicURL] = struct{}{}
	port := ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		port = host[i:]
	}
	for _, h := range t.Hosts {
		d.hosts[h] = struct{}{}
		d.origins[scheme+"://"+h] = struct{}{}
		d.origins[scheme+"://"+h+port] = struct{}{}
	}
	for _, o := range t.Settings.CORS.AllowedOrigins {
		rest, starred := strings.CutPrefix(o, wildcardScheme)
		if !starred {
			d.origins[o] = struct{}{}
			continue
		}
		name, port, found := strings.Cut(rest, ":")
		if found {
			port = ":" + port
		}
		d.wildcards = append(d.wildcards, wildcard{"." + name, port})
	}
	var err error
	if d.claims, err = compileClaims(t.Settings.Headless.JWTClaims); err != nil {
		d.claims.err = fmt.Errorf("the tenant's own claims: %w", err)
	}
	return d
}

// PublicURL is the tenant's identity origin, without a slash at its end. Every link, issuer and redirect begins with it.
func (t *Tenant) PublicURL() string { return t.view().publicURL }

// KeysPath is where every tenant's key set is, by which its tokens are checked.
const KeysPath = "/.well-known/jwks.json"

// KeysURL is the address of the tenant's key set.
func (t *Tenant) KeysURL() string { return t.PublicURL() + KeysPath }

// Origin is the same as an origin, for comparison with what browsers send: scheme, host, and the port unless it goes
// without saying.
func (t *Tenant) Origin() string { return t.view().publicURL }

// Host is the host of the public URL, without its port.
func (t *Tenant) Host() string { return hostOf(t.PublicURL()) }

// Secure reports whether cookies are for https alone.
func (t *Tenant) Secure() bool { return t.view().secure }

// TrustSecure reports whether the cookie that marks a trusted browser is for https alone.
func (t *Tenant) TrustSecure() bool {
	if s := t.Settings.MFA.TrustCookieSecure; s != nil {
		return *s
	}
	return t.Secure()
}

// RPID is the relying party id that keys and passkeys are bound to (WebAuthn, section 5.1.2).
func (t *Tenant) RPID() string {
	if id := t.Settings.MFA.WebAuthnRPID; id != "" {
		return id
	}
	return t.Host()
}

// KeyOrigins are the origins of pages that keys and passkeys may be used from: that of the public URL and those that
// mfa.webauthn_rp_origins lists. mfa.webauthn_allow_insecure_origin adds http, and that only on hosts of the tenant's own.
func (t *Tenant) KeyOrigins() []string {
	all := append([]string{t.PublicURL()}, t.Settings.MFA.WebAuthnRPOrigins...)
	if !t.Settings.MFA.WebAuthnAllowInsecureOrigin {
		return all
	}
	_, host, _ := strings.Cut(t.PublicURL(), "://")
	port := strings.TrimPrefix(host, hostOf(t.PublicURL()))
	for _, h := range append([]string{hostOf(t.PublicURL())}, t.Hosts...) {
		all = append(all, "http://"+h, "http://"+h+port)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TOTPIssuer is what authenticator apps call this tenant.
func (t *Tenant) TOTPIssuer() string {
	if i := t.Settings.MFA.TOTPIssuer; i != "" {
		return i
	}
	return t.Name
}

// SubjectPrefix is what every mail's subject begins with.
func (t *Tenant) SubjectPrefix() string {
	if p := t.Settings.Account.EmailSubjectPrefix; p != nil {
		return *p
	}
	return "[" + strings.Join(strings.Fields(t.Name), " ") + "] "
}

// Audience is what access tokens are for.
func (t *Tenant) Audience() string {
	if a := t.Settings.Headless.JWTAudience; a != "" {
		return a
	}
	return t.PublicURL()
}

// HasHost reports whether a normal host is one of the tenant's.
func (t *Tenant) HasHost(host string) bool {
	if t.ready == nil {
		return slices.Contains(t.Hosts, host)
	}
	_, ok := t.ready.hosts[host]
	return ok
}

// OwnOrigin reports whether a browser's Origin is one that may act for its user here: that of the public URL, of a host of
// the tenant, or one that cors.allowed_origins lists. The comparison is exact, and "null" never passes.
func (t *Tenant) OwnOrigin(origin string) bool {
	if origin == "" || origin == "null" {
		return false
	}
	d := t.view()
	if _, ok := d.origins[origin]; ok {
		return true
	}
	for _, w := range d.wildcards {
		if w.covers(origin) {
			return true
		}
	}
	return false
}

// AllowedOrigin reports whether pages of an origin may read answers: those that cors.allowed_origins lists, and the
// tenant's own. Reading and acting are granted together, since a page that may send the CSRF header may do both.
func (t *Tenant) AllowedOrigin(origin string) bool { return t.OwnOrigin(origin) }

// covers reports whether origin is https, on a subdomain at any depth, and on the port.
func (w wildcard) covers(origin string) bool {
	rest, ok := strings.CutPrefix(origin, "https://")
	if !ok {
		return false
	}
	if rest, ok = strings.CutSuffix(rest, w.port); !ok {
		return false
	}
	below, ok := strings.CutSuffix(rest, w.host)
	return ok && hostname.Plain(below)
}

// Frontend names a page of the tenant's front end.
type Frontend string

// The pages of a front end that mails and redirects lead to.
const (
	ConfirmEmail         Frontend = "account_confirm_email"
	ResetPassword        Frontend = "account_reset_password"
	ResetPasswordFromKey Frontend = "account_reset_password_from_key"
	SignupPage           Frontend = "account_signup"
	LoginError           Frontend = "socialaccount_login_error"
)

// FrontendURL is the address of a page, with key filled in where the address has a place for one. A tenant that did not
// say gets a path below its public URL.
func (t *Tenant) FrontendURL(page Frontend, key string) string {
	urls := &t.Settings.Headless.FrontendURLs
	given, path := "", "/"
	switch page {
	case ConfirmEmail:
		given, path = urls.AccountConfirmEmail, "/account/verify-email/"+keyPlace
	case ResetPassword:
		given, path = urls.AccountResetPassword, "/account/password/reset"
	case ResetPasswordFromKey:
		given, path = urls.AccountResetPasswordFromKey, "/account/password/reset/key/"+keyPlace
	case SignupPage:
		given, path = urls.AccountSignup, "/account/signup"
	case LoginError:
		given, path = urls.SocialAccountLoginError, "/account/provider/callback"
	}
	if given == "" {
		given = t.PublicURL() + path
	}
	return strings.ReplaceAll(given, keyPlace, escapeKey(key))
}

// escapeKey makes a key safe in a path and in a query alike: PathEscape leaves & and + as they are, QueryEscape makes
// spaces of pluses.
func escapeKey(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "+", "%20") }
