package provider

import (
	"net/url"
	"strings"
)

// appleIssuer is what Apple calls itself, also to those that sign their secret for it.
const appleIssuer = "https://appleid.apple.com"

// Apple comes back with a form (response_mode form_post), which it asks for where a name or an address is wanted, and tells the name at the
// first time alone, beside the code (developer.apple.com/documentation/signinwithapple).
var apple = known{
	name: "Apple", server: at(appleIssuer),
	way: openID{
		scopes: []string{"name"}, emailScope: []string{"email"}, params: map[string]string{"response_mode": "form_post"},
		no: []string{"user_cancelled_authorize"}, method: byPost, adds: appleName,
		person: person{
			uid: "{sub}", email: []string{"email"}, verified: []string{"email_verified"}, given: []string{"name>firstName"}, family: []string{"name>lastName"},
			show: showApple,
		},
	},
}

// appleName is the name that came with the code. The address beside it is not taken: anybody could have written it.
func appleName(params url.Values) map[string]any {
	user, err := readObject([]byte(params.Get("user")))
	if err != nil {
		return nil
	}
	return map[string]any{"name": follow(user, "name")}
}

// showApple is the address unless it is a relay's, which nobody knows.
func showApple(said map[string]any) string {
	if email := first(said, []string{"email"}); !strings.HasSuffix(strings.ToLower(email), "@privaterelay.appleid.com") {
		return email
	}
	return strings.TrimSpace(first(said, []string{"name>firstName"}) + " " + first(said, []string{"name>lastName"}))
}
