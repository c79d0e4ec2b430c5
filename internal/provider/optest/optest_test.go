// Package optest has people log in to the product by providers that somebody else wrote, on loopback: the OpenID provider that is the example of
// zitadel/oidc, and the SAML identity provider of crewjam/saml. It is a module of its own, since nothing that it needs belongs near the server.
package optest

import (
	"encoding/json"
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
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// theirs is a provider with an app of ours, which people come back to here.
func theirs(t *testing.T, back ...string) (issuer string) {
	t.Helper()
	var handler http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	storage.RegisterClients(storage.WebClient("acme", "s3cret", back...))
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
	issuer := theirs(t, "https://id.acme.example/accounts/oidc/corp/login/callback/")
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

// oneOf is somebody who has an account at the provider.
type oneOf struct{ id, name, email string }

var people = map[string]oneOf{
	"ada": {"id2", "test-user2", "test-user2@zitadel.ch"}, "bea": {"id1", "test-user@127.0.0.1", "test-user@zitadel.ch"},
}

// proveThere logs somebody in at the provider.
func proveThere(b *browser, person string) {
	b.Helper()
	b.submit(url.Values{"username": {people[person].name}, "password": {"verysecure"}})
}

// atTheirs is the product with an app there.
func atTheirs(t *testing.T, engine string) (p *product, issuer string) {
	t.Helper()
	p = boot(t, engine)
	issuer = theirs(t, p.url+"/accounts/oidc/corp/login/callback/", "https://shop.example/came")
	p.configure(map[string]any{"openid_connect": map[string]any{"apps": []any{map[string]any{
		"provider_id": "corp", "client_id": "acme", "secret": "s3cret", "name": "Corp", "settings": map[string]any{"server_url": issuer},
	}}}})
	return p, issuer
}

func TestOpenIDConnectThroughout(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		p, _ := atTheirs(t, engine)
		throughout(t, p, "corp", proveThere, func(person string) string { return people[person].id }, func(person string) string {
			return people[person].email
		})
	})
}

// A front end that is a client of the provider itself hands in the ID token that it got there.
func TestOpenIDConnectByToken(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		p, issuer := atTheirs(t, engine)
		var at struct {
			Authorization string `json:"authorization_endpoint"`
			Token         string `json:"token_endpoint"`
		}
		shop := p.browser()
		shop.ask(http.MethodGet, issuer+"/.well-known/openid-configuration", nil, false)
		if err := json.Unmarshal([]byte(shop.page), &at); err != nil {
			t.Fatal(err)
		}
		token := func(person string) string {
			t.Helper()
			shop := p.browser()
			shop.follow(at.Authorization + "?" + url.Values{
				"client_id": {"acme"}, "redirect_uri": {"https://shop.example/came"}, "response_type": {"code"}, "scope": {"openid"}, "state": {"x"}, "nonce": {"y"},
			}.Encode())
			to := shop.filled(url.Values{"username": {people[person].name}, "password": {"verysecure"}})
			for !strings.HasPrefix(to, "https://shop.example/") {
				to = shop.ask(http.MethodGet, to, nil, false)
			}
			u, err := url.Parse(to)
			if err != nil {
				t.Fatal(err)
			}
			shop.ask(http.MethodPost, strings.Replace(at.Token, "://", "://acme:s3cret@", 1), url.Values{
				"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "redirect_uri": {"https://shop.example/came"},
			}, true)
			var got struct {
				Token string `json:"id_token"`
			}
			if err := json.Unmarshal([]byte(shop.page), &got); err != nil || got.Token == "" {
				t.Fatalf("the token endpoint says %d %s", shop.status, shop.page)
			}
			return got.Token
		}
		byToken := func(b *browser, process, idToken string) (int, map[string]any) {
			t.Helper()
			b.call(http.MethodGet, "/auth/session", nil)
			return b.call(http.MethodPost, "/auth/provider/token", map[string]any{
				"provider": "corp", "process": process, "token": map[string]any{"client_id": "acme", "id_token": idToken},
			})
		}
		stranger := p.browser() // whose address the ID token does not tell, and who is asked for one
		if status, _ := byToken(stranger, "login", token("ada")); status != http.StatusUnauthorized {
			t.Errorf("a stranger is %d", status)
		}
		if _, pending := stranger.who(); pending != "provider_signup" {
			t.Errorf("of a stranger, %q is waited for", pending)
		}
		if status, said := stranger.call(http.MethodPost, "/auth/provider/signup", map[string]any{"email": "ada@home.example"}); status != http.StatusOK {
			t.Fatalf("signed up: %d %v", status, said)
		}
		known := p.browser()
		if status, said := byToken(known, "login", token("ada")); status != http.StatusOK {
			t.Errorf("come back: %d %v", status, said)
		}
		if email, _ := known.who(); email != "ada@home.example" {
			t.Errorf("come back, it is %q", email)
		}
		bea := p.browser()
		bea.call(http.MethodGet, "/auth/session", nil)
		if status, said := bea.call(http.MethodPost, "/auth/signup", map[string]any{"email": "bea@home.example", "password": password}); status != http.StatusOK {
			t.Fatalf("signed up: %d %v", status, said)
		}
		if status, said := byToken(bea, "connect", token("bea")); status != http.StatusOK || bea.accounts()["corp"] != "id1" {
			t.Errorf("connected: %d %v, %v", status, said, bea.accounts())
		}
		code := bea.addFactor()
		back := p.browser()
		if status, _ := byToken(back, "login", token("bea")); status != http.StatusUnauthorized {
			t.Errorf("before the second factor it is %d", status)
		}
		if _, pending := back.who(); pending != "mfa_authenticate" {
			t.Errorf("before the second factor, %q is waited for", pending)
		}
		if status, said := back.call(http.MethodPost, "/auth/2fa/authenticate", map[string]any{"code": code()}); status != http.StatusOK {
			t.Errorf("with the second factor: %d %v", status, said)
		}
		if status, said := byToken(p.browser(), "login", token("bea")+"x"); status != http.StatusBadRequest {
			t.Errorf("tampered with: %d %v", status, said)
		}
	})
}
