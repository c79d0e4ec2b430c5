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
func (t *Tenant) CallbackURL(a App) string { return t.PublicURL() + t.CallbackPath(a) }

// CallbackPath is where that is on the public URL's host.
func (t *Tenant) CallbackPath(a App) string {
	if a.Provider == speaksSAML {
		return SAMLPath(a, "acs")
	}
	at := "/accounts/" + a.Provider
	if a.Provider == manyServers {
		at = "/accounts/" + a.ID
		if prefix := t.Settings.SocialAccount.OpenIDConnectURLPrefix; prefix != "" {
			at = "/accounts/" + prefix + "/" + a.ID
		}
	}
	return at + "/login/callback/"
}

// SAMLPath is where an app that speaks SAML has one of its endpoints: acs, sls or metadata.
func SAMLPath(a App, endpoint string) string {
	return "/accounts/" + speaksSAML + "/" + a.ClientID + "/" + endpoint + "/"
}

// MetadataURL is where an app's provider that speaks SAML reads what there is to know of the tenant; "" where it speaks anything else.
func (t *Tenant) MetadataURL(a App) string {
	if !a.SpeaksSAML() {
		return ""
	}
	return t.PublicURL() + SAMLPath(a, "metadata")
}

// SpeaksSAML reports whether an app is at an identity provider that speaks SAML 2.0.
func (a App) SpeaksSAML() bool { return a.Provider == speaksSAML }

// TrustsAddresses reports whether an address that an app's provider has verified signs in to the account that has it here, and whether that
// connects the two for good.
func (t *Tenant) TrustsAddresses(a App) (trusts, connects bool) {
	social := &t.Settings.SocialAccount
	p := social.Providers[a.Provider]
	trusts = first(a.Settings.EmailAuthentication, p.EmailAuthentication, social.EmailAuthentication)
	connects = first(a.Settings.EmailAuthenticationAutoConnect, p.EmailAuthenticationAutoConnect, social.EmailAuthenticationAutoConnect)
	return trusts, trusts && connects
}

// first is what the app says, or else its provider, or else the tenant.
func first(app, provider *bool, all bool) bool {
	switch {
	case app != nil:
		return *app
	case provider != nil:
		return *provider
	default:
		return all
	}
}
