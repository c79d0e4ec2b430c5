package tenants_test

import (
	"testing"

	"github.com/vestibule-auth/vestibule/tenants"
)

func TestAppsAreListedWithWhatTheirProviderSays(t *testing.T) {
	settings, err := tenants.Parse([]byte(`{"public_url": "https://id.example.org", "socialaccount": {"providers": {
		"openid_connect": {"apps": [
			{"provider_id": "second", "client_id": "1", "settings": {"server_url": "https://b.example"}},
			{"provider_id": "first", "client_id": "2", "settings": {"server_url": "https://a.example", "hidden": true}}]},
		"gitlab": {"gitlab_url": "https://git.example", "apps": [{"client_id": "3"}, {"provider_id": "other", "client_id": "4", "settings": {"gitlab_url": "https://own.example"}}]},
		"microsoft": {"tenant": "contoso", "apps": [{"client_id": "5"}]}, "github": {"apps": []}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	of := tenants.Tenant{Slug: "acme", Settings: settings}
	want := [][5]string{ // the provider, its id, the client's, the server, the callback
		{"gitlab", "gitlab", "3", "https://git.example", "https://id.example.org/accounts/gitlab/login/callback/"},
		{"gitlab", "other", "4", "https://own.example", "https://id.example.org/accounts/gitlab/login/callback/"},
		{"microsoft", "microsoft", "5", "contoso", "https://id.example.org/accounts/microsoft/login/callback/"},
		{"openid_connect", "second", "1", "https://b.example", "https://id.example.org/accounts/oidc/second/login/callback/"},
		{"openid_connect", "first", "2", "https://a.example", "https://id.example.org/accounts/oidc/first/login/callback/"},
	}
	all := of.Settings.Apps()
	if len(all) != len(want) {
		t.Fatalf("there are %d apps", len(all))
	}
	for i, a := range all {
		own := a.Settings
		if got := of.MetadataURL(a); got != "" {
			t.Errorf("app %d has metadata at %s, and speaks no SAML", i, got)
		}
		if got := [5]string{a.Provider, a.ID, a.ClientID, own.ServerURL + own.GitLabURL + own.Tenant, of.CallbackURL(a)}; got != want[i] {
			t.Errorf("app %d is %q, not %q", i, got, want[i])
		}
	}
	if of.Settings.SocialAccount.Providers["gitlab"].Apps[0].Settings.GitLabURL != "" {
		t.Error("listing apps changes the settings")
	}
	saml := tenants.App{Provider: "saml", ID: "urn:corp", ProviderApp: tenants.ProviderApp{ClientID: "corp"}}
	const base = "https://id.example.org/accounts/saml/corp/"
	if callback, metadata := of.CallbackURL(saml), of.MetadataURL(saml); callback != base+"acs/" || metadata != base+"metadata/" {
		t.Errorf("by SAML they are %s and %s", callback, metadata)
	}
	of.Settings.SocialAccount.OpenIDConnectURLPrefix = ""
	if got := of.CallbackURL(all[4]); got != "https://id.example.org/accounts/first/login/callback/" {
		t.Errorf("without a prefix it is %s", got)
	}
}
