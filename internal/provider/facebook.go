package provider

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
)

const facebookGraph = "https://graph.facebook.com/v24.0"

// Facebook does not say whether it has verified an address. Front ends hand in access tokens, or the ID tokens that apps for phones get
// where people do not want to be tracked (developers.facebook.com/docs/facebook-login/limited-login).
var facebook = known{
	name: "Facebook",
	way: oauth{
		authorize: "https://www.facebook.com/v24.0/dialog/oauth", token: facebookGraph + "/oauth/access_token",
		emailScope: []string{"email"}, delimiter: ",",
		profile: request{address: facebookGraph + "/me", query: map[string]string{"fields": "id,name,first_name,last_name,email"}},
		person: person{
			uid: "{id}", email: []string{"email"}, name: []string{"name"}, given: []string{"first_name"}, family: []string{"last_name"},
		},
		prove: proveFacebook, trusts: trustFacebook,
		limited: &openID{
			fixed:  &document{Issuer: "https://www.facebook.com", JWKSURI: "https://limited.facebook.com/.well-known/oauth/openid/jwks/"},
			person: usualClaims,
		},
	},
}

// proveFacebook shows that whoever has the token has the app's secret, too (developers.facebook.com/docs/graph-api/guides/secure-requests).
func proveFacebook(l *login, access string, query url.Values) {
	m := hmac.New(sha256.New, []byte(l.app.Secret.Reveal()))
	m.Write([]byte(access))
	query.Set("appsecret_proof", hex.EncodeToString(m.Sum(nil)))
}

// trustFacebook asks for which app a token was given.
func trustFacebook(ctx context.Context, l *login, access string) error {
	own := l.clientID() + "|" + l.app.Secret.Reveal() // the app's own token, which goes into no address
	a, bad := l.call(ctx, http.MethodGet, facebookGraph+"/debug_token?"+url.Values{"input_token": {access}}.Encode(), nil, mostAnswer,
		func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+own) })
	if bad != nil {
		return l.fault(bad.why)
	}
	said, err := readObject(a.body)
	switch {
	case a.status == http.StatusBadRequest && err == nil:
		return l.refused("Facebook does not know the token: " + l.quote(text(follow(said, "error>message"))))
	case a.status != http.StatusOK || err != nil:
		return l.fault("Facebook does not say for which app a token was given.")
	case !isTrue(follow(said, "data>is_valid")), word(follow(said, "data>app_id")) != l.clientID(), word(follow(said, "data>user_id")) == "":
		return l.refused("The access token was given to another app, or is good no more.")
	default:
		return nil
	}
}
