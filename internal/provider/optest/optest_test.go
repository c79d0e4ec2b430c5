// Package optest has the product log in at an OpenID provider that somebody else wrote: the example of zitadel/oidc, on loopback. It is a module of
// its own, since nothing that it needs belongs near the server.
package optest

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/tenants"
)

// theirs is a provider with an app of ours.
func theirs(t *testing.T) (issuer string) {
	t.Helper()
	var handler http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	storage.RegisterClients(storage.WebClient("acme", "s3cret", "https://id.acme.example/accounts/oidc/corp/login/callback/"))
	handler = exampleop.SetupServer(s.URL, storage.NewStorage(storage.NewUserStore(s.URL)), slog.New(slog.NewTextHandler(io.Discard, nil)), false)
	return s.URL
}

// logIn is what somebody's browser does at the provider: the parameters that it comes back with.
func logIn(t *testing.T, to, issuer string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), issuer) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	visit := func(method, address string, form url.Values) (at *url.URL, on string) {
		q, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a, err := browser.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Body.Close() }() // it is not read
		return a.Request.URL, a.Header.Get("Location")
	}
	page, _ := visit(http.MethodGet, to, nil)
	id := page.Query().Get("authRequestID")
	if id == "" {
		t.Fatalf("sent to %s, and on to %s", to, page)
	}
	_, back := visit(http.MethodPost, issuer+"/login/username", url.Values{"id": {id}, "username": {"test-user2"}, "password": {"verysecure"}})
	u, err := url.Parse(back)
	if err != nil || u.Host != "id.acme.example" {
		t.Fatalf("came back to %q, %v", back, err)
	}
	return u.Query()
}

func TestLogInAtSomebodyElses(t *testing.T) {
	issuer := theirs(t)
	apps := provider.New(provider.Options{Client: provider.Client(outbound.Dialer{AllowPrivate: true}, nil), Plain: true, Clock: clock.System{}})
	settings := tenants.Defaults()
	settings.PublicURL, settings.SocialAccount.OpenIDConnectURLPrefix = "https://id.acme.example", "oidc"
	of := &tenants.Tenant{ID: "1", Slug: "acme", Settings: settings}
	a := tenants.App{Provider: "openid_connect", ID: "corp", ProviderApp: tenants.ProviderApp{
		ProviderID: "corp", ClientID: "acme", Secret: tenants.NewSecret("s3cret"), Settings: tenants.ProviderAppSettings{ServerURL: issuer},
	}}
	at := provider.Attempt{State: "state-1", Nonce: "nonce-1", Verifier: "verifier-of-43-characters-or-more-as-it-has-to-be"}

	to, err := apps.Begin(t.Context(), of, a, at)
	if err != nil {
		t.Fatal(err)
	}
	params := logIn(t, to, issuer)
	if params.Get("state") != "state-1" {
		t.Errorf("came back with %v", params)
	}
	who, err := apps.Complete(t.Context(), of, a, at, params)
	if err != nil {
		t.Fatal(err)
	}
	if who.UID != "id2" || who.GivenName != "Test" || who.FamilyName != "User2" || who.Tokens == nil || who.Tokens.Access == "" ||
		!slices.Equal(who.Emails, []provider.Email{{Address: "test-user2@zitadel.ch", Verified: true, Primary: true}}) {
		t.Errorf("it is %+v", who)
	}
	if _, err := apps.Complete(t.Context(), of, a, at, params); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of a code that was used it is %v", err)
	}

	other := at
	other.Verifier += "-another"
	to, err = apps.Begin(t.Context(), of, a, at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apps.Complete(t.Context(), of, a, other, logIn(t, to, issuer)); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("with another verifier it is %v", err)
	}
	other = at
	other.Nonce = "another"
	if _, err := apps.Complete(t.Context(), of, a, other, logIn(t, to, issuer)); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("with another nonce it is %v", err)
	}
	a.Secret = tenants.NewSecret("wrong")
	if _, err := apps.Complete(t.Context(), of, a, at, logIn(t, to, issuer)); err == nil || errors.Is(err, provider.ErrRefused) {
		t.Errorf("with a wrong secret it is %v", err)
	}
}
