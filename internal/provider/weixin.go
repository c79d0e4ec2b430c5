package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"
)

// WeChat calls the app appid, tells nothing of addresses, and takes tokens in the address alone
// (developers.weixin.qq.com/doc/oplatform/en/Website_App/WeChat_Login/Wechat_Login.html).
var weixin = known{
	name: "WeChat",
	way: oauth{
		authorize: "https://open.weixin.qq.com/connect/qrconnect", token: "https://api.weixin.qq.com/sns/oauth2/access_token",
		scopes: []string{"snsapi_login"}, delimiter: ",", begun: beginWeixin, trade: tradeWeixin,
		profile: request{
			address: "https://api.weixin.qq.com/sns/userinfo", scheme: none,
			query: map[string]string{"access_token": "${access_token}", "openid": "${openid}"},
		},
		person: person{uid: "{openid}", username: []string{"nickname"}, name: []string{"nickname"}, shown: []string{"nickname"}},
	},
}

func beginWeixin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set("appid", q.Get("client_id"))
	q.Del("client_id")
	u.RawQuery, u.Fragment = q.Encode(), "wechat_redirect"
	return u.String()
}

// tradeWeixin exchanges a code. What is wrong is told by a number, with status 200.
func tradeWeixin(ctx context.Context, l *login, endpoint, code string) (*oauth2.Token, map[string]any, error) {
	a, bad := l.call(ctx, http.MethodPost, endpoint, url.Values{
		"appid": {l.clientID()}, "secret": {l.app.Secret.Reveal()}, "code": {code}, "grant_type": {"authorization_code"},
	}, mostAnswer, nil)
	if bad != nil {
		return nil, nil, l.fault(bad.why)
	}
	said, err := readObject(a.body)
	if err != nil {
		return nil, nil, l.fault("What the token endpoint answered makes no sense.")
	}
	var got oauth2.Token
	switch word(said["errcode"]) {
	case "":
	case "40029", "40163", "42003": // no code, one that was used, one that is too old
		return nil, nil, l.refused("The provider does not take the code: " + l.quote(text(said["errmsg"])))
	default:
		return nil, nil, l.fault("The token endpoint says: " + l.quote(text(said["errmsg"])))
	}
	if err := json.Unmarshal(a.body, &got); err != nil || got.AccessToken == "" {
		return nil, nil, l.fault("What the token endpoint answered makes no sense.")
	}
	l.hide(got.AccessToken, got.RefreshToken)
	return &got, said, nil
}
