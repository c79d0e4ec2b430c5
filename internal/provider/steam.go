package provider

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Steam speaks OpenID 2.0 (openid.net/specs/openid-authentication-2_0.html). The app's secret is a key of its Web API, which tells the name; the
// client id stands for nothing (partner.steamgames.com/doc/features/auth).
var steam = known{name: "Steam", way: steamWay{}}

type steamWay struct{}

const (
	steamLogin   = "https://steamcommunity.com/openid/login"
	steamAccount = "https://steamcommunity.com/openid/id/"
	openID2      = "http://specs.openid.net/auth/2.0"
	mostNonceAge = 5 * time.Minute
)

func (steamWay) takes() bool { return false }

func (steamWay) verify(_ context.Context, l *login, _ Token) (*Identity, error) {
	return nil, l.refused("Steam has no tokens.")
}

// returnTo is where Steam sends people back to: it keeps no state otherwise.
func (steamWay) returnTo(l *login) string {
	return l.callback + "?" + url.Values{"state": {l.at.State}}.Encode()
}

// begin is where somebody is sent (section 9.1).
func (w steamWay) begin(_ context.Context, l *login) (string, error) {
	return steamLogin + "?" + url.Values{
		"openid.ns": {openID2}, "openid.mode": {"checkid_setup"}, "openid.return_to": {w.returnTo(l)}, "openid.realm": {l.tenant.PublicURL() + "/"},
		"openid.claimed_id": {openID2 + "/identifier_select"}, "openid.identity": {openID2 + "/identifier_select"},
	}.Encode(), nil
}

// complete is who came back (section 11). Steam is asked whether it said so (section 11.4.2), with the values that are looked at here and no
// others: of a parameter that is there twice, it might look at the other one.
func (w steamWay) complete(ctx context.Context, l *login, params url.Values) (*Identity, error) {
	if params.Get("openid.mode") == "cancel" {
		return nil, ErrCancelled
	}
	form := url.Values{}
	for name, values := range params {
		if !strings.HasPrefix(name, "openid.") {
			continue
		}
		if len(values) != 1 {
			return nil, l.refused("Something is said twice.")
		}
		form.Set(name, values[0])
	}
	said := func(name string) string { return form.Get("openid." + name) }
	made, err := time.Parse(time.RFC3339, said("response_nonce")[:min(len(said("response_nonce")), len("2006-01-02T15:04:05Z"))])
	id, ours := strings.CutPrefix(said("claimed_id"), steamAccount)
	now, signed := l.clock.Now(), strings.Split(said("signed"), ",")
	needed := []string{"op_endpoint", "claimed_id", "identity", "return_to", "response_nonce"}
	switch {
	case said("mode") != "id_res", said("ns") != openID2, said("op_endpoint") != steamLogin, said("return_to") != w.returnTo(l),
		said("identity") != said("claimed_id"):
		return nil, l.refused("It is the answer to something else.")
	case !ours, id == "", len(id) > 20, strings.Trim(id, "0123456789") != "":
		return nil, l.refused("It is of no account of Steam's.")
	case err != nil, made.Before(now.Add(-mostNonceAge)), made.After(now.Add(mostNonceAge)):
		return nil, l.refused("It is too old.")
	case slices.ContainsFunc(needed, func(name string) bool { return !slices.Contains(signed, name) }):
		return nil, l.refused("Not all of it is signed.")
	}
	nonce := said("response_nonce")
	form.Set("openid.mode", "check_authentication")
	a, bad := l.call(ctx, http.MethodPost, steamLogin, form, mostAnswer, nil)
	switch {
	case bad != nil:
		return nil, l.fault(bad.why)
	case a.status != http.StatusOK:
		return nil, l.fault("Steam does not say whether it said so.")
	case !slices.Contains(strings.Split(string(a.body), "\n"), "is_valid:true"):
		return nil, l.refused("Steam did not say so.")
	}
	who, err := w.account(ctx, l, id)
	if err != nil {
		return nil, err
	}
	who.Once = onceOf(made.Add(mostNonceAge), steamLogin, nonce)
	return who, nil
}

// account is what is known of an account.
func (steamWay) account(ctx context.Context, l *login, id string) (*Identity, error) {
	said := map[string]any{}
	if l.app.Secret.IsSet() {
		a, bad := l.call(ctx, http.MethodGet, "https://api.steampowered.com/ISteamUser/GetPlayerSummaries/v2/?steamids="+id, nil, mostDocument,
			func(q *http.Request) { q.Header.Set("X-Webapi-Key", l.app.Secret.Reveal()) })
		if bad != nil {
			return nil, l.fault(bad.why)
		}
		answered, err := readObject(a.body)
		if a.status != http.StatusOK || err != nil {
			return nil, l.fault("Steam does not tell of accounts: the app's secret has to be a key of its Web API.")
		}
		if player, ok := follow(answered, "response>players>0").(map[string]any); ok {
			said = player
		}
	}
	said["steamid"] = id // as it was proven
	return l.identity(person{
		uid: "{steamid}", username: []string{"personaname"}, name: []string{"realname"}, shown: []string{"personaname", "steamid"},
	}, said)
}
