package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// tryApps finds fault with the app whose client id is bad.
type tryApps struct{}

func (tryApps) Testable(tenants.App) bool { return true }

func (tryApps) Test(_ context.Context, _ *tenants.Tenant, a tenants.App) []admin.ProviderStep {
	if a.ClientID == "bad" {
		return []admin.ProviderStep{
			{Step: "discovery", Level: admin.Fine, Message: "It is there."},
			{Step: "credentials", Level: admin.Problem, Message: "They are wrong\x1b[1m.", Remedy: "Look at them."},
		}
	}
	return []admin.ProviderStep{{Step: "credentials", Level: admin.Fine, Message: "They are right."}}
}

func TestProvidersAreListedAndTriedOut(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", `{"public_url": "https://id.acme.example", "socialaccount": {"providers": {
		"google": {"apps": [{"client_id": "good", "name": "Google", "secret": "hunter2-hunter2"}, {"client_id": "bad", "settings": {"hidden": true}}]},
		"openid_connect": {"apps": [{"provider_id": "a", "client_id": "1", "settings": {"server_url": "https://a.example"}},
			{"provider_id": "b", "client_id": "1", "settings": {"server_url": "https://b.example"}}]}}}}`)
	api := &adminapi.API{Token: admin.NewToken(token), Admin: admin.New(admin.Options{Store: st, Keys: testkit.Keys(t), Providers: tryApps{}})}
	server := httptest.NewServer(api.Handler())
	defer server.Close()
	b := &bench{t: t, env: map[string]string{"VESTIBULE_ADMIN_URL": server.URL, "VESTIBULE_ADMIN_TOKEN": token}}
	out, _ := b.run(0, "provider", "list", "--tenant", "acme")
	wants(t, out, "PROVIDER ", "google          google  good       Google  yes     yes    yes       https://id.acme.example/accounts/google/login/callback/\n",
		"google          google  bad                no      no     yes       ", "openid_connect  b       1 ", "/accounts/oidc/b/login/callback/\n")
	testkit.AddTenant(t, st, "school", `{"public_url": "https://id.school.example", "socialaccount": {"providers": {"google": {"apps": [{"client_id": "good"}]},
		"saml": {"apps": [{"client_id": "corp", "settings": {"idp": {"entity_id": "urn:corp", "metadata_url": "https://corp.example/saml"}}}]}}}}`)
	if strings.Contains(out, "METADATA URL") {
		t.Errorf("without SAML there is a column for it: %s", out)
	}
	out, _ = b.run(0, "provider", "list", "--tenant", "school")
	wants(t, out, "CALLBACK URL                                               METADATA URL\n",
		"https://id.school.example/accounts/google/login/callback/  -\n",
		"https://id.school.example/accounts/saml/corp/acs/          https://id.school.example/accounts/saml/corp/metadata/\n")
	out, _ = b.run(0, "provider", "test", "google", "good", "--tenant", "acme")
	if out != "ok  credentials  They are right.\n" {
		t.Errorf("printed %q", out)
	}
	out, _ = b.run(1, "provider", "test", "google", "bad", "--tenant", "acme")
	if out != "ok       discovery    It is there.\nproblem  credentials  They are wrong\\x1b[1m.\n                      -> Look at them.\n" {
		t.Errorf("printed %q", out)
	}
	out, _ = b.run(1, "provider", "test", "google", "bad", "--tenant", "acme", "-o", "json")
	wants(t, out, `"level": "problem"`, `"client_id": "bad"`)
	_, complaints := b.run(1, "provider", "test", "openid_connect", "1", "--tenant", "acme")
	wants(t, complaints, "provider_id: is needed")
	out, _ = b.run(0, "provider", "test", "openid_connect", "1", "--id", "b", "--tenant", "acme", "-o", "yaml")
	wants(t, out, "provider_id: b\n")
	b.run(2, "provider", "test", "google")
	b.run(2, "provider", "list")
}
