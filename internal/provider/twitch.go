package provider

// Twitch wants to know which app is asking, besides the token (dev.twitch.tv/docs/api/reference/#get-users).
var twitch = known{
	name: "Twitch",
	way: oauth{
		authorize: "https://id.twitch.tv/oauth2/authorize", token: "https://id.twitch.tv/oauth2/token", scopes: []string{"user:read:email"},
		profile: request{address: "https://api.twitch.tv/helix/users", headers: map[string]string{"Client-Id": "${client_id}"}, inside: "data>0"},
		person:  person{uid: "{id}", email: []string{"email"}, username: []string{"login"}, name: []string{"display_name"}},
	},
}
