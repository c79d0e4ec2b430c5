package provider

// Atlassian says whether it has verified an address (developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps).
var atlassian = known{
	name: "Atlassian",
	way: oauth{
		authorize: "https://auth.atlassian.com/authorize", token: "https://auth.atlassian.com/oauth/token", scopes: []string{"read:me"},
		params:  map[string]string{"audience": "api.atlassian.com", "prompt": "consent"},
		profile: request{address: "https://api.atlassian.com/me"},
		person: person{
			uid: "{account_id}", email: []string{"email"}, verified: []string{"email_verified"}, username: []string{"nickname"}, name: []string{"name"},
		},
	},
}
