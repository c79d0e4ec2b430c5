package provider

// Bitbucket's names may become somebody else's, so that the UUID is what identifies
// (developer.atlassian.com/cloud/bitbucket/rest/api-group-users).
var bitbucket = known{
	name: "Bitbucket",
	way: oauth{
		authorize: "https://bitbucket.org/site/oauth2/authorize", token: "https://bitbucket.org/site/oauth2/access_token",
		profile: request{address: "https://api.bitbucket.org/2.0/user"},
		more:    []request{{address: "https://api.bitbucket.org/2.0/user/emails", inside: "values", into: "emails", email: true}},
		person: person{
			uid: "{uuid}", username: []string{"username", "nickname"}, name: []string{"display_name"},
			emails: emails{list: "emails", address: "email", verified: "is_confirmed", primary: "is_primary"},
		},
	},
}
