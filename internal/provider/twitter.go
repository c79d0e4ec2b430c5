package provider

// X tells nothing of addresses, and wants PKCE (docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code).
var twitter = known{
	name: "X",
	way: oauth{
		authorize: "https://x.com/i/oauth2/authorize", token: "https://api.x.com/2/oauth2/token", method: byBasic, pkce: true,
		scopes:  []string{"users.read", "tweet.read"},
		profile: request{address: "https://api.x.com/2/users/me", query: map[string]string{"user.fields": "id,name,username"}, inside: "data"},
		person:  person{uid: "{id}", username: []string{"username"}, name: []string{"name"}},
	},
}
