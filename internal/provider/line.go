package provider

import "net/http"

// LINE signs ID tokens with the app's secret, and is asked what they say instead of being believed by it; addresses are in them alone, for apps
// that may ask for the scope email (developers.line.biz/en/reference/line-login). It does not verify them.
var line = known{
	name: "LINE",
	way: oauth{
		authorize: "https://access.line.me/oauth2/v2.1/authorize", token: "https://api.line.me/oauth2/v2.1/token", pkce: true,
		scopes:  []string{"profile", "openid"},
		profile: request{address: "https://api.line.me/v2/profile"},
		more: []request{{
			method: http.MethodPost, address: "https://api.line.me/oauth2/v2.1/verify", scheme: none, needs: "id_token",
			form: map[string]string{"id_token": "${id_token}", "client_id": "${client_id}"},
		}},
		person: person{uid: "{userId}", email: []string{"email"}, name: []string{"displayName"}},
	},
}
