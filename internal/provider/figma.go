package provider

// Figma does not say whether it has verified an address (developers.figma.com/docs/rest-api/authentication).
var figma = known{
	name: "Figma",
	way: oauth{
		authorize: "https://www.figma.com/oauth", token: "https://api.figma.com/v1/oauth/token", method: byBasic, scopes: []string{"current_user:read"},
		delimiter: ",", profile: request{address: "https://api.figma.com/v1/me"},
		person: person{uid: "{id}", email: []string{"email"}, name: []string{"handle"}},
	},
}
