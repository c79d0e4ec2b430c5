package provider

// Strava tells nothing of addresses (developers.strava.com/docs/authentication).
var strava = known{
	name: "Strava",
	way: oauth{
		authorize: "https://www.strava.com/oauth/authorize", token: "https://www.strava.com/oauth/token", scopes: []string{"read"}, delimiter: ",",
		profile: request{address: "https://www.strava.com/api/v3/athlete"},
		person:  person{uid: "{id}", username: []string{"username"}, given: []string{"firstname"}, family: []string{"lastname"}},
	},
}
