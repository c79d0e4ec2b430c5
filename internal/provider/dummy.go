package provider

import (
	"context"
	"net/url"
)

// dummy is whoever somebody says they are, to try things out with. It is known to development servers alone.
var dummy = known{name: "Dummy", way: dummyWay{}}

type dummyWay struct{}

var dummyClaims = person{
	uid: "{id}", email: []string{"email"}, verified: []string{"email_verified"}, username: []string{"username"},
	given: []string{"first_name"}, family: []string{"last_name"}, phone: "phone", phoneVerified: "phone_verified",
}

func (dummyWay) takes() bool { return true }

// begin is a page of this server's, which sends its form to the callback URL.
func (dummyWay) begin(_ context.Context, l *login) (string, error) {
	return l.tenant.PublicURL() + "/accounts/dummy/authenticate/?" + url.Values{"state": {l.at.State}}.Encode(), nil
}

// complete is whoever the form says, unless it was left by its other button (action=cancel). Boxes that are ticked say "on".
func (dummyWay) complete(_ context.Context, l *login, params url.Values) (*Identity, error) {
	if params.Get("action") == "cancel" {
		return nil, ErrCancelled
	}
	said := map[string]any{}
	for name := range params {
		said[name] = params.Get(name)
		if said[name] == "on" {
			said[name] = true
		}
	}
	return madeUp(l, said)
}

// verify is whoever the ID token says, which is a JSON object.
func (dummyWay) verify(_ context.Context, l *login, token Token) (*Identity, error) {
	said, err := readObject([]byte(token.ID))
	if err != nil {
		return nil, l.refused("The ID token is no JSON object.")
	}
	return madeUp(l, said)
}

// madeUp is whoever that says, with the tokens that it says were handed out.
func madeUp(l *login, said map[string]any) (*Identity, error) {
	if uidOf(dummyClaims.uid, said) == "" {
		return nil, l.refused("There is no id.")
	}
	who, err := l.identity(dummyClaims, said)
	if access, _ := said["access_token"].(string); err == nil && access != "" {
		refresh, _ := said["refresh_token"].(string)
		who.Tokens = &Tokens{Access: access, Refresh: refresh}
	}
	return who, err
}
