package provider

// Naver has verified the addresses that it has (developers.naver.com/docs/login/profile), and wants the state again with the code.
var naver = known{
	name: "NAVER",
	way: oauth{
		authorize: "https://nid.naver.com/oauth2.0/authorize", token: "https://nid.naver.com/oauth2.0/token", carries: []string{"state"},
		profile: request{address: "https://openapi.naver.com/v1/nid/me", inside: "response"},
		person:  person{uid: "{id}", email: []string{"email"}, always: true, username: []string{"nickname"}, name: []string{"name"}},
	},
}
