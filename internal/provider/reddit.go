package provider

// Reddit tells nothing of addresses. Names may change once, so that the id is what identifies (github.com/reddit-archive/reddit/wiki/OAuth2).
var reddit = known{
	name: "Reddit",
	way: oauth{
		authorize: "https://www.reddit.com/api/v1/authorize", token: "https://www.reddit.com/api/v1/access_token", method: byBasic,
		scopes: []string{"identity"}, profile: request{address: "https://oauth.reddit.com/api/v1/me"},
		person: person{uid: "{id}", username: []string{"name"}},
	},
}
