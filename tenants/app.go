package tenants

import (
	"cmp"
	"maps"
	"slices"
)

// App is one of the apps that a tenant has registered at identity providers, with what the provider's settings say where its own do not.
type App struct {
	Provider string // such as google, or openid_connect
	ID       string // what the API's paths and forms call it
	ProviderApp
}

// Apps are all of a tenant's, by provider, and then as they are listed.
func (s *Settings) Apps() []App {
	var all []App
	for _, provider := range slices.Sorted(maps.Keys(s.SocialAccount.Providers)) {
		p := s.SocialAccount.Providers[provider]
		for _, registered := range p.Apps {
			own := &registered.Settings
			own.Tenant = cmp.Or(own.Tenant, p.Tenant)
			own.GitHubURL = cmp.Or(own.GitHubURL, p.GitHubURL)
			own.GitLabURL = cmp.Or(own.GitLabURL, p.GitLabURL)
			all = append(all, App{Provider: provider, ID: cmp.Or(registered.ProviderID, provider), ProviderApp: registered})
		}
	}
	return all
}

// CallbackURL is where a provider sends people back to. It has to be registered there.
func (t *Tenant) CallbackURL(a App) string {
	at := "/accounts/" + a.Provider
	if a.Provider == manyServers {
		at = "/accounts/" + a.ID
		if prefix := t.Settings.SocialAccount.OpenIDConnectURLPrefix; prefix != "" {
			at = "/accounts/" + prefix + "/" + a.ID
		}
	}
	return t.PublicURL() + at + "/login/callback/"
}
