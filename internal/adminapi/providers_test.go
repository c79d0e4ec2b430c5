package adminapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// tryApps tries no app out, and keeps which it was asked to.
type tryApps struct{ asked []string }

func (*tryApps) Testable(a tenants.App) bool { return a.Provider != "mastodon" }

func (p *tryApps) Test(_ context.Context, t *tenants.Tenant, a tenants.App) []admin.ProviderStep {
	p.asked = append(p.asked, t.Slug+" "+a.ID+" "+a.Secret.Reveal())
	return []admin.ProviderStep{{Step: "discovery", Level: admin.Fine, Message: "It is there."}, {Step: "credentials", Level: admin.Problem, Message: "<b>", Remedy: "Look."}}
}

const apps = `{"socialaccount": {"providers": {
	"google": {"apps": [{"client_id": "g", "name": "Google", "secret": "hunter2-g"}]}, "mastodon": {"apps": [{"client_id": "m"}]},
	"saml": {"apps": [{"client_id": "s", "provider_id": "urn:corp", "settings": {"idp": {"entity_id": "urn:corp", "metadata_url": "https://corp.example/saml"}}}]},
	"openid_connect": {"apps": [
		{"provider_id": "corp", "client_id": "c", "secret": "hunter2-c", "settings": {"server_url": "https://corp.example", "hidden": true}},
		{"provider_id": "other", "client_id": "c", "secret": "hunter2-o", "settings": {"server_url": "https://other.example"}}]}}}}`

func TestProvidersOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		p := &tryApps{}
		d.api.Admin = admin.New(admin.Options{Store: d.store, Clock: d.clock, Keys: testkit.Keys(t), Providers: p, Log: slog.New(slog.NewTextHandler(d, nil))})
		acme := testkit.AddTenant(t, d.store, "acme", apps)
		testkit.AddTenant(t, d.store, "zenith", "")
		const path = "/admin/v1/tenants/acme/providers"
		var all struct{ Items []admin.ProviderApp }
		if err := json.Unmarshal(d.want(d.do("GET", path, ""), http.StatusOK).body, &all); err != nil {
			t.Fatal(err)
		}
		at := acme.PublicURL() + "/accounts/"
		if want := []admin.ProviderApp{
			{Provider: "google", ProviderID: "google", Name: "Google", ClientID: "g", HasSecret: true, CallbackURL: at + "google/login/callback/", Testable: true},
			{Provider: "mastodon", ProviderID: "mastodon", ClientID: "m", CallbackURL: at + "mastodon/login/callback/"},
			{Provider: "openid_connect", ProviderID: "corp", ClientID: "c", HasSecret: true, Hidden: true, CallbackURL: at + "oidc/corp/login/callback/", Testable: true},
			{Provider: "openid_connect", ProviderID: "other", ClientID: "c", HasSecret: true, CallbackURL: at + "oidc/other/login/callback/", Testable: true},
			{Provider: "saml", ProviderID: "urn:corp", ClientID: "s", CallbackURL: at + "saml/s/acs/", MetadataURL: at + "saml/s/metadata/", Testable: true},
		}; !slices.Equal(all.Items, want) {
			t.Errorf("the list is %+v", all.Items)
		}
		if none := d.want(d.do("GET", "/admin/v1/tenants/zenith/providers", ""), http.StatusOK); string(none.body) != "{\"items\":[]}\n" {
			t.Errorf("of none the list is %s", none.body)
		}
		d.want(d.do("GET", "/admin/v1/tenants/nobody/providers", ""), http.StatusNotFound)

		const test = path + "/test"
		a := d.want(d.do("POST", test, `{"provider": "google", "client_id": "g"}`), http.StatusOK)
		var got admin.ProviderTest
		if err := json.Unmarshal(a.body, &got); err != nil || got.ProviderID != "google" || len(got.Steps) != 2 || got.Steps[1].Message != "<b>" || got.Steps[1].Remedy != "Look." {
			t.Errorf("got %s, %v", a.body, err)
		}
		d.want(d.do("POST", test, `{"provider": "openid_connect", "provider_id": "other", "client_id": "c"}`), http.StatusOK)
		if want := []string{"acme google hunter2-g", "acme other hunter2-o"}; !slices.Equal(p.asked, want) {
			t.Errorf("tried were %v", p.asked)
		}
		for body, want := range map[string]string{
			`{}`: "client_id provider", `{"provider": "google"}`: "client_id", `{"provider": 1, "client_id": null}`: "client_id provider",
			`{"provider": "google", "client_id": "x"}`: "client_id", `{"provider": "github", "client_id": "g"}`: "client_id",
			`{"provider": "mastodon", "client_id": "m"}`: "provider", `{"provider": "openid_connect", "client_id": "c"}`: "provider_id",
			`{"provider": "google", "client_id": "g", "provider_id": "corp"}`: "client_id", `{"provider": "google", "client_id": "g", "secret": "x"}`: "secret",
		} {
			if paths := strings.Join(faultPaths(t, d.want(d.do("POST", test, body), http.StatusUnprocessableEntity)), " "); paths != want {
				t.Errorf("%s: the faults are of %q, not %q", body, paths, want)
			}
		}
		d.want(d.do("POST", "/admin/v1/tenants/nobody/providers/test", `{"provider": "google", "client_id": "g"}`), http.StatusNotFound)
		d.want(d.do("POST", test, `[]`), http.StatusBadRequest)
		for range 8 {
			d.want(d.do("POST", test, `{"provider": "google", "client_id": "g"}`), http.StatusOK)
		}
		if limited := d.want(d.do("POST", test, `{"provider": "google", "client_id": "g"}`), http.StatusTooManyRequests); limited.Header.Get("Retry-After") != "60" {
			t.Errorf("limited with %v", limited.Header)
		}
		events := d.events(acme.ID)
		if len(events) != 10 || len(p.asked) != 10 || events[1].Action != store.ProviderTested || events[1].Target != "provider/other" ||
			!strings.Contains(string(events[1].Details), `"client_id":"c"`) && !strings.Contains(string(events[1].Details), `"client_id": "c"`) {
			t.Errorf("%d were tried; the events are %+v", len(p.asked), events)
		}
		d.api.Admin = admin.New(admin.Options{Store: d.store, Clock: d.clock, Keys: testkit.Keys(t)})
		if a := d.want(d.do("POST", test, `{"provider": "google", "client_id": "g"}`), http.StatusUnprocessableEntity); !strings.Contains(string(a.body), "calls no providers") {
			t.Errorf("got %s", a.body)
		}
		if a := d.want(d.do("GET", path, ""), http.StatusOK); !strings.Contains(string(a.body), `"testable":false`) || strings.Contains(string(a.body), `"testable":true`) {
			t.Errorf("got %s", a.body)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if strings.Contains(d.all.String(), "hunter2") || !strings.Contains(d.all.String(), "provider tested") {
			t.Error("a secret is shown, or the test is not logged")
		}
	})
}
