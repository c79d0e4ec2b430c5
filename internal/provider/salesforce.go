package provider

import (
	"cmp"

	"github.com/vestibule-auth/vestibule/tenants"
)

// Salesforce, or a domain of one's own there. What identifies people is in the profile alone, so that tokens are not taken
// (help.salesforce.com, "OpenID Connect").
var salesforce = known{
	name: "Salesforce",
	server: func(a tenants.App) server {
		return issuedBy(cmp.Or(a.Settings.ServerURL, "https://login.salesforce.com"), "server_url")
	},
	way: openID{scopes: []string{"id"}, fetches: true, noTokens: true, person: person{
		uid: "{user_id}", email: []string{"email"}, verified: []string{"email_verified"}, username: []string{"preferred_username"},
		name: []string{"name"}, given: []string{"given_name"}, family: []string{"family_name"},
	}},
}
