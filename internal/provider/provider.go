// Package provider talks to the identity providers that tenants name in socialaccount.providers.
//
// Apps sends people to them, and learns who came back (implements Providers). A provider is a value in a file of its own, which says where it
// is and how its answers are read; four protocols speak for all of them: openID (OpenID Connect Core 1.0), oauth (RFC 6749), SAML 2.0 (package
// saml has its documents), and what is left of OpenID 2.0 (steam). Nothing is remembered of anybody: what is kept is what providers publish,
// discovery documents, key sets and metadata, by their address.
//
// Tester tries an app out before anybody depends on it: whether the provider describes itself where it should (OpenID
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

// Test tries an app of a tenant's out, and tells what came of it. That it does not work is no error.
func (t *Tester) Test(ctx context.Context, of *tenants.Tenant, a tenants.App) []Step {
	if a.SpeaksSAML() {
		return t.testSAML(ctx, of, a)
	}
	s, ok := serverOf(a)
	if !ok {
		return []Step{{credentialsStep, Unknown, "This server does not know how to try this provider out.", ""}}
	}
	r := &trial{caller: newCaller(t.Client, t.Plain, t.Clock, of, a), server: s}
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
	*caller
	server
	steps []Step
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
