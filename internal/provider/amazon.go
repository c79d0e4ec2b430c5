package provider

// Amazon does not say whether it has verified an address (developer.amazon.com/docs/login-with-amazon).
var amazon = known{
	name: "Amazon",
	way: oauth{
		authorize: "https://www.amazon.com/ap/oa", token: "https://api.amazon.com/auth/o2/token", scopes: []string{"profile"},
		profile: request{address: "https://api.amazon.com/user/profile"},
		person:  person{uid: "{user_id}", email: []string{"email"}, name: []string{"name"}},
	},
}
