// Package provider talks to the identity providers that tenants name in socialaccount.providers.
//
// What there is so far tries an app out before anybody depends on it: whether the provider describes itself where it should (OpenID
// Connect Discovery 1.0, section 4), as the issuer that was meant, with keys that sign, and whether it takes the app's credentials. Those
// are shown to the token endpoint with a code that was made up: a provider that knows the client refuses the code (invalid_grant), and one
// that does not refuses the client (RFC 6749, section 5.2). Nobody is logged in by it, and nothing is kept.
//
// Providers are addresses that a tenant names, so that they are reached through package outbound, and nothing that they say is trusted:
// answers are short, redirects are not followed, and what is repeated of an answer is a few printable words without the app's secrets.
package provider

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Step is one thing that was tried.
type Step struct {
	Step    string // discovery, issuer, keys or credentials
	Level   Level
	Message string
	Remedy  string // what to do about it; "" for nothing
}

// Level says how a step came out.
type Level string

// The levels.
const (
	Fine    Level = "ok"
	Warning Level = "warning" // it works, and should be seen to
	Problem Level = "problem"
	Unknown Level = "unknown" // it could not be told
)

// The steps, in their order.
const (
	discoveryStep   = "discovery"
	issuerStep      = "issuer"
	keysStep        = "keys"
	credentialsStep = "credentials"
)

// Tester tries apps out. It is safe for concurrent use.
type Tester struct {
	Client *http.Client // of Client
	Plain  bool         // secrets may travel without TLS: within one's own network, and in development
	Clock  clock.Clock
}

// longest is how long a provider may take for an answer, whatever the tenant allows it.
const longest = time.Minute

// Client is a client for providers. c is what to build on for TLS, and nil outside of tests.
func Client(d outbound.Dialer, c *tls.Config) *http.Client {
	return outbound.HTTPClient(outbound.Options{Dialer: d, Timeout: longest, TLS: c})
}

// server is where an app's provider is, and what is peculiar about it.
type server struct {
	discovery string                   // the address of the discovery document; "": there is none
	issuer    func(said string) string // the one that was meant, where the document names another; or ""
	tokens    string                   // the token endpoint, where there is no discovery document
	setting   string                   // the setting that names the server; "": it is known
	codeFirst bool                     // the code may be looked at before the client is
}

// Testable reports whether an app of that provider can be tried out.
func Testable(a tenants.App) bool {
	_, ok := serverOf(a)
	return ok
}

// wellKnown is where an issuer's discovery document is, below it (OpenID Connect Discovery 1.0, section 4).
const wellKnown = "/.well-known/openid-configuration"

// serverOf is the server of an app's provider.
func serverOf(a tenants.App) (server, bool) {
	s := a.Settings
	switch a.Provider {
	case "openid_connect":
		return issuedBy(s.ServerURL, "server_url"), s.ServerURL != ""
	case "google":
		return issuedBy("https://accounts.google.com", ""), true
	case "apple":
		return issuedBy("https://appleid.apple.com", ""), true
	case "gitlab":
		if s.GitLabURL != "" {
			return issuedBy(s.GitLabURL, "gitlab_url"), true
		}
		return issuedBy("https://gitlab.com", ""), true
	case "microsoft":
		return microsoft(s.Tenant), true
	case "github":
		base, setting := "https://github.com", ""
		if s.GitHubURL != "" {
			base, setting = strings.TrimRight(s.GitHubURL, "/"), "github_url"
		}
		return server{tokens: base + "/login/oauth/access_token", setting: setting}, true
	default:
		return server{}, false
	}
}

// issuedBy is the server of an issuer, which is named as such or by the address of its discovery document.
func issuedBy(address, setting string) server {
	issuer, _, named := strings.Cut(address, "/.well-known/")
	s := server{discovery: address, setting: setting}
	if !named {
		s.discovery = strings.TrimRight(address, "/") + wellKnown
	}
	s.issuer = func(said string) string {
		switch {
		case said == issuer, named && strings.TrimRight(said, "/") == issuer: // where the document is does not tell of a slash
			return ""
		default:
			return issuer
		}
	}
	return s
}

// microsoft is the server of a directory. Those of everybody's directories do not name themselves but a place for the directory's id, and
// a directory that is named by its domain names itself by its id.
func microsoft(directory string) server {
	const host = "https://login.microsoftonline.com/"
	if directory == "" {
		directory = "common"
	}
	return server{
		discovery: host + url.PathEscape(directory) + "/v2.0" + wellKnown,
		issuer: func(said string) string {
			if id, ok := strings.CutPrefix(said, host); ok && strings.HasSuffix(id, "/v2.0") && strings.Count(id, "/") == 1 {
				return ""
			}
			return host + "…/v2.0"
		},
		codeFirst: true,
	}
}

// Test tries an app of a tenant's out, and tells what came of it. That it does not work is no error.
func (t *Tester) Test(ctx context.Context, of *tenants.Tenant, a tenants.App) []Step {
	s, ok := serverOf(a)
	if !ok {
		return []Step{{credentialsStep, Unknown, "This server does not know how to try this provider out.", ""}}
	}
	r := &trial{
		Tester: t, server: s, app: a, callback: of.CallbackURL(a),
		patience: min(of.Settings.SocialAccount.RequestsTimeout.Duration(), longest),
	}
	r.hide(a.Secret.Reveal(), a.Key.Reveal(), a.Settings.CertificateKey.Reveal())
	if s.discovery == "" {
		r.credentials(ctx, s.tokens, nil)
		return r.steps
	}
	d := r.discover(ctx)
	if d == nil {
		for _, step := range []string{issuerStep, keysStep, credentialsStep} {
			r.say(step, Unknown, "This is not known without the discovery document.", "")
		}
		return r.steps
	}
	r.judgeIssuer(d)
	r.keys(ctx, d)
	r.credentials(ctx, d.TokenEndpoint, d)
	return r.steps
}

// trial is one app being tried out.
type trial struct {
	*Tester
	server
	app      tenants.App
	callback string
	patience time.Duration // for one answer
	hidden   []string      // what is not repeated, whoever says it
	steps    []Step
}

func (r *trial) say(step string, level Level, message, remedy string) {
	r.steps = append(r.steps, Step{step, level, message, remedy})
}

// place is the setting that names the server, as a remedy names it, or what to do where nothing does.
func (r *trial) place(remedy string) string {
	if r.setting == "" {
		return "It is not set here: try again later."
	}
	return remedy
}
