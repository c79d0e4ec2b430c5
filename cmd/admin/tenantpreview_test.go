package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestSignInIsPreviewed(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	api := &adminapi.API{Token: admin.NewToken(token), Admin: admin.New(admin.Options{
		Store: st, Keys: testkit.Keys(t),
		PreviewSignIn: func(of *tenants.Tenant) (admin.SignInClients, error) {
			one := &admin.SignInOffer{
				Config:          []byte(`{"account": {"login_methods": ["email"], "is_open_for_signup": true}}`),
				Unauthenticated: []byte(`{"flows": [{"id": "login"}, {"id": "password_reset_by_code", "is_pending": false}]}`),
			}
			if of.Settings.Account.SignupEnabled {
				stage := "verify_email"
				one.AfterSignup = &admin.SignInStep{Pending: &stage}
			}
			return admin.SignInClients{Browser: one}, nil
		},
	})}
	server := httptest.NewServer(api.Handler())
	defer server.Close()
	b := &bench{t: t, env: map[string]string{"VESTIBULE_ADMIN_URL": server.URL, "VESTIBULE_ADMIN_TOKEN": token}}
	out, _ := b.run(0, "tenant", "preview", "acme")
	want := "browser  flows                       login, password_reset_by_code\n" +
		"         after a signup              verify_email is pending\n" +
		"         after a login               signed in\n" +
		"         account.is_open_for_signup  true\n" +
		"         account.login_methods       [\"email\"]\n" +
		"app      not served\n"
	if out != want {
		t.Errorf("printed\n%s", out)
	}
	b.in = "state: suspended\nconfig:\n  account: {signup_enabled: false}\n"
	out, _ = b.run(0, "tenant", "preview", "acme", "-f", "-")
	wants(t, out, "nobody can sign up\n", "The tenant is suspended: every request to it is refused.\n")
	b.in = `{"config": {"account": {"signup_enabled": false}}}`
	out, _ = b.run(0, "tenant", "preview", "acme", "-f", "-", "-o", "json")
	wants(t, out, `"after_signup": null`)
	b.in = "config:\n  account:\n    signup_enabld: false\n"
	_, complaints := b.run(1, "tenant", "preview", "acme", "-f", "-")
	wants(t, complaints, "line 3: config.account.signup_enabld", "did you mean signup_enabled?")
	if out, _ := b.run(0, "tenant", "show", "acme"); strings.Contains(out, "suspended") {
		t.Errorf("looking changed the tenant:\n%s", out)
	}
	b.run(1, "tenant", "preview", "nobody")
	b.run(2, "tenant", "preview")
}
