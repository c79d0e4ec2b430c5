package provider

import "net/http"

// Dropbox says whether it has verified an address (dropbox.com/developers/documentation/http/documentation#users-get_current_account).
var dropbox = known{
	name: "Dropbox",
	way: oauth{
		authorize: "https://www.dropbox.com/oauth2/authorize", token: "https://api.dropboxapi.com/oauth2/token", pkce: true,
		profile: request{method: http.MethodPost, address: "https://api.dropboxapi.com/2/users/get_current_account"},
		person: person{
			uid: "{account_id}", email: []string{"email"}, verified: []string{"email_verified"}, name: []string{"name>display_name"},
			given: []string{"name>given_name"}, family: []string{"name>surname"}, shown: []string{"email", "name>display_name"},
		},
	},
}
