package provider

// Kakao says of an address whether it was verified, and whether it still belongs to the account
// (developers.kakao.com/docs/latest/en/kakaologin/rest-api#req-user-info).
var kakao = known{
	name: "Kakao",
	way: oauth{
		authorize: "https://kauth.kakao.com/oauth/authorize", token: "https://kauth.kakao.com/oauth/token", delimiter: ",",
		profile: request{address: "https://kapi.kakao.com/v2/user/me"},
		person: person{
			uid: "{id}", email: []string{"kakao_account>email"}, verified: []string{"kakao_account>is_email_valid", "kakao_account>is_email_verified"},
			username: []string{"kakao_account>profile>nickname"}, name: []string{"kakao_account>name"},
			shown: []string{"kakao_account>email", "kakao_account>profile>nickname"},
		},
	},
}
