package flows_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Uninvited is who says so.
func (*idp) Uninvited(a tenants.App, params url.Values) bool {
	return a.ID == "corp" && params.Get("SAMLResponse") == "unsolicited"
}

func (*idp) Metadata(*tenants.Tenant, tenants.App) ([]byte, error) { return []byte("<metadata/>"), nil }

// Logout is of whom the query names, and by itself: "who/which time".
func (p *idp) Logout(_ context.Context, t *tenants.Tenant, a tenants.App, asked provider.LogoutRequest) (*provider.Logout, error) {
	who, _, ok := strings.Cut(asked.Query, "/")
	if !ok {
		return nil, provider.ErrRefused
	}
	return &provider.Logout{
		NameID: who, Location: "https://idp.example/slo", Once: provider.Once{ID: t.ID + a.ID + asked.Query, Until: testkit.Start.Add(time.Hour)},
	}, nil
}

// newSAMLHouse is a house whose tenant has two apps at providers that speak SAML, and one at another.
func newSAMLHouse(t testing.TB, engine string) *house {
	t.Helper()
	app := func(id string) string {
		return `{"provider_id": "` + id + `", "client_id": "` + id + `", "settings": {"idp": {"entity_id": "urn:` + id + `", "metadata_url": "https://` + id + `.example/"}}}`
	}
	return newHouseOf(t, engine, `{"public_url": "https://acme.example", "account": {`+unlimited+`, `+optional+`},
		"socialaccount": {"providers": {"saml": {"apps": [`+app("corp")+`, `+app("other")+`]}, "google": {"apps": [{"client_id": "g"}]}}}}`)
}

// returnsTo comes back to an app, and is where it goes on to.
func (d *device) returnsTo(app string, params url.Values) (location string) {
	d.Helper()
	d.do(func(v *flows.Visit) (err error) {
		location, err = d.ReturnFromProvider(d.Context(), v, d.app(app), params)
		return err
	})
	return location
}

// by signs somebody in at an app.
func (d *device) by(app, name string) *device {
	d.Helper()
	if at := d.returnsTo(app, d.leaves(app, "login", name)); at != done || d.user() == "" {
		d.Fatalf("%s came to %s by %s", name, at, app)
	}
	return d
}

// loggedOut is what comes of a provider's word that somebody has logged out, as this browser brings it.
func (d *device) loggedOut(app, query string) error {
	d.Helper()
	_, err := d.try(func(v *flows.Visit) error {
		to, err := d.LogoutByProvider(d.Context(), v, d.app(app), flows.ProviderLogoutInput{Query: query})
		if (err == nil) != (to == "https://idp.example/slo") {
			d.Errorf("sent to %q, %v", to, err)
		}
		return err
	})
	return err
}

func TestAProviderLogsPeopleOutOfWhatTheyCameIntoByIt(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newSAMLHouse(t, engine)
		h.idp.vouchFor("ann", vouched("ann", "ann@example.org"))
		h.idp.vouchFor("bob", vouched("bob", "bob@example.org"))
		h.idp.vouchFor("eve", vouched("ann", "eve@example.org")) // whom another provider calls as this one calls Ann
		phone, desk, bob, google := h.browser().by("corp", "ann"), h.browser().by("corp", "ann"), h.browser().by("corp", "bob"), h.browser().by("google", "eve")
		stranger := h.browser()
		in := func(want string, d *device, what string) {
			t.Helper()
			if got := d.user() != ""; got != (want == "in") {
				t.Errorf("%s: signed in is %t", what, got)
			}
		}
		for name, err := range map[string]error{
			"no request":             desk.loggedOut("corp", "none"),
			"of another provider":    desk.loggedOut("other", "ann/1"), // whose ann is somebody else, and by which nobody came here
			"of another in her name": bob.loggedOut("other", "bob/1"),
		} {
			if name == "no request" && !errors.Is(err, flows.ErrProviderLogout) || name != "no request" && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		in("in", desk, "what another says")
		in("in", bob, "what another says")
		// Whoever brings it to another's browser puts nobody out but those whom it names.
		if err := bob.loggedOut("corp", "ann/1"); err != nil {
			t.Fatal(err)
		}
		in("out", desk, "named")
		in("out", phone, "named, elsewhere")
		in("in", bob, "not named")
		in("in", google, "by another provider")
		// It is good once, and needs no cookie.
		desk.by("corp", "ann")
		if err := desk.loggedOut("corp", "ann/1"); !errors.Is(err, flows.ErrProviderLogout) {
			t.Errorf("twice: %v", err)
		}
		in("in", desk, "twice")
		if err := stranger.loggedOut("corp", "ann/2"); err != nil {
			t.Fatal(err)
		}
		in("out", desk, "without a cookie")
		// A provider that calls people otherwise ends what the browser has of its own.
		desk.by("corp", "ann")
		if err := desk.loggedOut("corp", "a name of hers/1"); err != nil {
			t.Fatal(err)
		}
		in("out", desk, "by the browser")
		if err := google.loggedOut("corp", "a name of hers/2"); err != nil {
			t.Fatal(err)
		}
		in("in", google, "by the browser, come in by another")
		if got := h.one(`SELECT COUNT(*) FROM sessions WHERE user_id IS NOT NULL`); got != "2" {
			t.Errorf("there are %s sessions", got)
		}
		// A login that waits for the second factor is over, too.
		app := desk.by("corp", "ann").addApp()
		phone.returnsTo("corp", phone.leaves("corp", "login", "ann"))
		if got := phone.visit().Pending(); got != flows.MFAAuthenticate {
			t.Fatalf("it waits for %q", got)
		}
		if err := stranger.loggedOut("corp", "ann/3"); err != nil {
			t.Fatal(err)
		}
		if _, err := phone.try(h.showCode(app.next())); err == nil || phone.user() != "" {
			t.Errorf("the login goes on: %v", err)
		}
	})
}

// As in allauth 65.14.1: where a provider says to go on to is believed only where it is the tenant's own.
func TestWhoBeginsAtTheProviderIsSentBackThere(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newSAMLHouse(t, engine)
		h.idp.vouchFor("ann", vouched("ann", "ann@example.org"))
		for relay, want := range map[string]string{
			"": "/", "/there": "/there", "https://acme.example/there": "https://acme.example/there", "token": "/",
			"//evil.example": "/", `/\evil.example`: "/", "https://evil.example/": "/", "https://acme.example@evil.example/": "/",
			"https://acme.example.evil.example/": "/", "https://evil-acme.example/": "/", "/\r\nSet-Cookie: a=b": "/", "javascript:alert(1)": "/",
			"https://xn--cme-8cd.example/": "/", "https://acme.example:444/": "/", "http:acme.example": "/",
		} {
			d := h.browser()
			to := d.returnsTo("corp", url.Values{"state": {relay}, "SAMLResponse": {"unsolicited"}, "as": {"ann"}})
			u, err := url.Parse(to)
			if err != nil || u.Host != "idp.example" || d.user() != "" {
				t.Errorf("%q: sent to %s, and %q is signed in", relay, to, d.user())
				continue
			}
			q := u.Query()
			q.Set("as", "ann")
			q.Set("code", "code "+q.Get("state"))
			if got := d.returnsTo("corp", q); got != want || d.user() == "" {
				t.Errorf("%q: went on to %q", relay, got)
			}
		}
		// Another app's people may not begin there.
		d := h.browser()
		if to := d.returnsTo("other", url.Values{"state": {"/there"}, "SAMLResponse": {"unsolicited"}, "as": {"ann"}}); to != fallback || d.user() != "" {
			t.Errorf("sent to %s", to)
		}
	})
}
