package provider

// Zoom says whether it has verified an address by a number (developers.zoom.us/docs/api/users).
var zoom = known{
	name: "Zoom",
	way: oauth{
		authorize: "https://zoom.us/oauth/authorize", token: "https://zoom.us/oauth/token", method: byBasic,
		profile: request{address: "https://api.zoom.us/v2/users/me"},
		person: person{
			uid: "{id}", email: []string{"email"}, verified: []string{"verified"}, name: []string{"display_name"}, given: []string{"first_name"},
			family: []string{"last_name"},
		},
	},
}
