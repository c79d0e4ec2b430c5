package adminapi_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestSignInPreviewsOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		var asked []*tenants.Tenant
		d.api.Admin = admin.New(admin.Options{
			Store: d.store, Clock: d.clock, Keys: testkit.Keys(t),
			PreviewSignIn: func(t *tenants.Tenant) (admin.SignInClients, error) {
				asked = append(asked, t)
				stage := "verify_email"
				offer := &admin.SignInOffer{
					Config: []byte(`{"account": {"login_methods": ["email"], "is_open_for_signup": true, "email_verification_by_code_enabled": false,
						"login_by_code_enabled": false, "password_reset_by_code_enabled": false}, "socialaccount": {"providers": []},
						"mfa": {"supported_types": [], "passkey_login_enabled": false}, "usersessions": {"track_activity": false}}`),
					Unauthenticated: []byte(`{"flows": [{"id": "login"}]}`), AfterSignup: &admin.SignInStep{Pending: &stage},
				}
				return admin.SignInClients{App: offer}, nil
			},
		})
		d.create("acme")
		const path = "/admin/v1/tenants/acme/sign-in-preview"
		const patch = "Content-Type: application/merge-patch+json"
		before := d.do("GET", "/admin/v1/tenants/acme", "")
		a := d.want(d.do("POST", path, `{"config": {"account": {"signup_enabled": false}}, "hosts": ["other.example"], "name": "Other", "note": "x"}`, patch), http.StatusOK)
		if a.text(t, "state") != "active" || a.text(t, "clients.browser") != "<nil>" || a.text(t, "clients.app.after_signup.pending") != "verify_email" ||
			a.text(t, "clients.app.after_login.pending") != "<nil>" {
			t.Errorf("got %s", a.body)
		}
		if got := asked[0]; got.Slug != "acme" || got.Name != "Other" || got.Settings.Account.SignupEnabled || got.PublicURL() != "https://other.example" {
			t.Errorf("asked for %+v", got)
		}
		d.want(d.do("POST", path, `{}`), http.StatusOK)
		d.want(d.do("POST", path, "config:\n  account:\n    signup_enabled: false\n", "Content-Type: application/yaml"), http.StatusOK)
		if !asked[1].Settings.Account.SignupEnabled || asked[2].Settings.Account.SignupEnabled {
			t.Error("a change is not shown, or stays")
		}
		for body, want := range map[string][]string{
			`{"config": {"account": {"login_methods": ["fax"]}}, "state": "gone"}`: {"config.account.login_methods[0]", "state"},
			`{"slug": "other"}`: {"slug"}, `{"config": {"email": {"smtp_url": "x"}}}`: {"config.email.smtp_url"},
		} {
			if got := faultPaths(t, d.want(d.do("POST", path, body, patch), http.StatusUnprocessableEntity)); !slices.Equal(got, want) {
				t.Errorf("%s: faults at %q", body, got)
			}
		}
		bad := d.want(d.do("POST", path, "config:\n  account:\n    signup: false\n", "Content-Type: application/yaml"), http.StatusUnprocessableEntity)
		if bad.text(t, "errors") == "<nil>" || !slices.Equal(faultPaths(t, bad), []string{"config.account.signup"}) {
			t.Errorf("got %s", bad.body)
		}
		d.want(d.do("POST", path, `[]`), http.StatusBadRequest)
		d.want(d.do("POST", path, `{}`, "Content-Type: text/plain"), http.StatusUnsupportedMediaType)
		d.want(d.do("POST", "/admin/v1/tenants/nobody/sign-in-preview", `{}`), http.StatusNotFound)
		if after := d.do("GET", "/admin/v1/tenants/acme", ""); string(after.body) != string(before.body) {
			t.Errorf("looking changed the tenant: %s", after.body)
		}
		d.api.Admin = admin.New(admin.Options{Store: d.store, Clock: d.clock, Keys: testkit.Keys(t)})
		d.want(d.do("POST", path, `{}`), http.StatusUnprocessableEntity)
	})
}
