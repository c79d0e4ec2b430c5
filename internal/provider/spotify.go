package provider

// Spotify says that addresses are not verified (developer.spotify.com/documentation/web-api/reference/get-current-users-profile).
var spotify = known{
	name: "Spotify",
	way: oauth{
		authorize: "https://accounts.spotify.com/authorize", token: "https://accounts.spotify.com/api/token", pkce: true,
		emailScope: []string{"user-read-email"},
		profile:    request{address: "https://api.spotify.com/v1/me"},
		person:     person{uid: "{id}", email: []string{"email"}, name: []string{"display_name"}},
	},
}
