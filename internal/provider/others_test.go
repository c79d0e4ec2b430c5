package provider_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/tenants"
)

func simple(name string) tenants.App {
	return tenants.App{Provider: name, ID: name, ProviderApp: tenants.ProviderApp{ClientID: "client", Secret: tenants.NewSecret("s3cret")}}
}

const steamCallback = "https://id.acme.example/accounts/steam/login/callback/?state=state-1"

func steamParams() url.Values {
	return url.Values{
		"state": {"state-1"}, "openid.ns": {"http://specs.openid.net/auth/2.0"}, "openid.mode": {"id_res"}, "openid.op_endpoint": {"https://steamcommunity.com/openid/login"},
		"openid.claimed_id": {"https://steamcommunity.com/openid/id/76561197960435530"}, "openid.identity": {"https://steamcommunity.com/openid/id/76561197960435530"},
		"openid.return_to": {steamCallback}, "openid.response_nonce": {start.Format("2006-01-02T15:04:05Z") + "TIjNHqQ+Sm8="}, "openid.assoc_handle": {"1234567890"},
		"openid.signed": {"signed,op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle"}, "openid.sig": {"hTT9K6MgWx3jZHRh0IzBKyRDOC0="},
	}
}

const (
	steamCheck   = "POST https://steamcommunity.com/openid/login"
	steamPlayers = "GET https://api.steampowered.com/ISteamUser/GetPlayerSummaries/v2/"
)

func TestSteam(t *testing.T) {
	valid := map[string]string{
		steamCheck: "ns:http://specs.openid.net/auth/2.0\nis_valid:true\n",
		steamPlayers: `{"response":{"players":[{"steamid":"76561197960435530","communityvisibilitystate":3,"personaname":"Robin","realname":"Robin Walker",
			"profileurl":"https://steamcommunity.com/id/robinwalker/"}]}}`,
	}
	i := newInternet(t, valid)
	apps := i.apps(false)
	to, err := apps.Begin(t.Context(), acme(), simple("steam"), attempt("1"))
	if err != nil {
		t.Fatal(err)
	}
	u := must(url.Parse(to))
	if q := u.Query(); u.Host != "steamcommunity.com" || q.Get("openid.return_to") != steamCallback || q.Get("openid.realm") != "https://id.acme.example/" || q.Get("openid.mode") != "checkid_setup" {
		t.Errorf("sent to %s", to)
	}
	who, err := apps.Complete(t.Context(), acme(), simple("steam"), attempt("1"), steamParams())
	if err != nil || who.UID != "76561197960435530" || who.Display != "Robin" || who.Name != "Robin Walker" || who.Once == nil || !who.Once.Until.Equal(start.Add(5*time.Minute)) {
		t.Fatalf("it is %+v, %v", who, err)
	}
	sent := must(url.ParseQuery(i.bodies[steamCheck]))
	if sent.Get("openid.mode") != "check_authentication" || sent.Has("state") || i.asked[steamPlayers].Header.Get("X-Webapi-Key") != "s3cret" || i.asked[steamPlayers].URL.Query().Has("key") {
		t.Errorf("asked was %v", sent)
	}
	bare := simple("steam")
	bare.Secret = tenants.Secret{}
	if who, err := apps.Complete(t.Context(), acme(), bare, attempt("1"), steamParams()); err != nil || who.Display != "76561197960435530" {
		t.Errorf("without a key it is %+v, %v", who, err)
	}
	for name, change := range map[string]func(url.Values){
		"another endpoint":        func(q url.Values) { q.Set("openid.op_endpoint", "https://evil.example/openid/login") },
		"another way back":        func(q url.Values) { q.Set("openid.return_to", strings.Replace(steamCallback, "acme", "evil", 1)) },
		"another attempt's":       func(q url.Values) { q.Set("openid.return_to", strings.Replace(steamCallback, "state-1", "state-2", 1)) },
		"another kind of name":    func(q url.Values) { q.Set("openid.claimed_id", "https://evil.example/openid/id/76561197960435530") },
		"a name with a path":      func(q url.Values) { q["openid.claimed_id"][0] += "/x"; q["openid.identity"][0] += "/x" },
		"two names":               func(q url.Values) { q.Set("openid.identity", "https://steamcommunity.com/openid/id/1") },
		"a name that is twice":    func(q url.Values) { q.Add("openid.claimed_id", "https://steamcommunity.com/openid/id/1") },
		"a name that is unsigned": func(q url.Values) { q.Set("openid.signed", "signed,op_endpoint,identity,return_to,response_nonce") },
		"a nonce that is unsigned": func(q url.Values) {
			q.Set("openid.signed", "signed,op_endpoint,claimed_id,identity,return_to,assoc_handle")
		},
		"an old one": func(q url.Values) {
			q.Set("openid.response_nonce", start.Add(-time.Hour).Format("2006-01-02T15:04:05Z")+"x")
		},
		"one of tomorrow": func(q url.Values) {
			q.Set("openid.response_nonce", start.Add(time.Hour).Format("2006-01-02T15:04:05Z")+"x")
		},
		"no nonce":         func(q url.Values) { q.Del("openid.response_nonce") },
		"another mode":     func(q url.Values) { q.Set("openid.mode", "error") },
		"another protocol": func(q url.Values) { q.Set("openid.ns", "http://openid.net/signon/1.1") },
		"nothing":          func(q url.Values) { clear(q) },
	} {
		q := steamParams()
		change(q)
		if who, err := apps.Complete(t.Context(), acme(), simple("steam"), attempt("1"), q); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: it is %+v, %v", name, who, err)
		}
	}
	if _, err := apps.Complete(t.Context(), acme(), simple("steam"), attempt("1"), url.Values{"openid.mode": {"cancel"}}); !errors.Is(err, provider.ErrCancelled) {
		t.Errorf("of somebody's no it is %v", err)
	}
	i.answers = map[string]string{steamCheck: "ns:http://specs.openid.net/auth/2.0\nis_valid:false\n", steamPlayers: valid[steamPlayers]}
	if _, err := apps.Complete(t.Context(), acme(), simple("steam"), attempt("1"), steamParams()); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of what Steam did not say it is %v", err)
	}
	i.answers = map[string]string{steamCheck: valid[steamCheck], steamPlayers: "403 no"}
	if _, err := apps.Complete(t.Context(), acme(), simple("steam"), attempt("1"), steamParams()); err == nil || errors.Is(err, provider.ErrRefused) {
		t.Errorf("with a key that is not taken it is %v", err)
	}
}

// telegramResult is what Telegram says, signed as its documentation has it.
func telegramResult(said map[string]any, token string) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(said)) {
		lines = append(lines, fmt.Sprint(name, "=", said[name]))
	}
	key := sha256.Sum256([]byte(token))
	m := hmac.New(sha256.New, key[:])
	m.Write([]byte(strings.Join(lines, "\n")))
	all := maps.Clone(said)
	all["hash"] = hex.EncodeToString(m.Sum(nil))
	return base64.StdEncoding.EncodeToString(must(json.Marshal(all)))
}

func TestTelegram(t *testing.T) {
	apps := newInternet(t, nil).apps(false)
	to, err := apps.Begin(t.Context(), acme(), simple("telegram"), attempt("1"))
	if err != nil {
		t.Fatal(err)
	}
	u := must(url.Parse(to))
	if q := u.Query(); u.Host != "oauth.telegram.org" || q.Get("bot_id") != "client" || q.Get("origin") != "https://id.acme.example" ||
		q.Get("return_to") != "https://id.acme.example/accounts/telegram/login/callback/?state=state-1" {
		t.Errorf("sent to %s", to)
	}
	now := start.Unix()
	complete := func(result string) (*provider.Identity, error) {
		return apps.Complete(t.Context(), acme(), simple("telegram"), attempt("1"), url.Values{"state": {"state-1"}, "tgAuthResult": {result}})
	}
	said := map[string]any{"id": 123456789, "first_name": "Ann", "last_name": "Ex=ample", "username": "ann", "photo_url": "https://t.me/i/userpic/320/x.jpg", "auth_date": now}
	who, err := complete(telegramResult(said, "s3cret"))
	if err != nil || who.UID != "123456789" || who.Display != "ann" || who.GivenName != "Ann" || who.FamilyName != "Ex=ample" || who.Once == nil {
		t.Fatalf("it is %+v, %v", who, err)
	}
	changed := func(change func(map[string]any)) map[string]any {
		all := maps.Clone(said)
		change(all)
		return all
	}
	for name, result := range map[string]string{
		"another bot's":      telegramResult(said, "another"),
		"an old one":         telegramResult(changed(func(m map[string]any) { m["auth_date"] = now - 600 }), "s3cret"),
		"one of tomorrow":    telegramResult(changed(func(m map[string]any) { m["auth_date"] = now + 86400 }), "s3cret"),
		"one of no time":     telegramResult(changed(func(m map[string]any) { delete(m, "auth_date") }), "s3cret"),
		"two lines in one":   telegramResult(changed(func(m map[string]any) { m["first_name"] = "x\nid=1" }), "s3cret"),
		"an object":          telegramResult(changed(func(m map[string]any) { m["first_name"] = map[string]any{"x": 1} }), "s3cret"),
		"what is not base64": "%%%",
		"what is not JSON":   base64.StdEncoding.EncodeToString([]byte("x")),
		"a list":             base64.StdEncoding.EncodeToString([]byte("[]")),
		"nothing":            "",
		"what is not signed": base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"id":1,"auth_date":%d}`, now)),
		"an empty signature": base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"id":1,"auth_date":%d,"hash":""}`, now)),
		"what was changed":   base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(must(base64.StdEncoding.DecodeString(telegramResult(said, "s3cret")))), "123456789", "1", 1))),
	} {
		if who, err := complete(result); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: it is %+v, %v", name, who, err)
		}
	}
	if _, err := complete(base64.StdEncoding.EncodeToString([]byte("false"))); !errors.Is(err, provider.ErrCancelled) {
		t.Errorf("of somebody's no it is %v", err)
	}
	bare := simple("telegram")
	bare.Secret = tenants.Secret{}
	if _, err := apps.Complete(t.Context(), acme(), bare, attempt("1"), url.Values{"tgAuthResult": {telegramResult(said, "")}}); err == nil {
		t.Error("without a secret anybody is somebody")
	}
}

// The dummy is known where Dev says so, and nowhere else.
func TestDummy(t *testing.T) {
	real, dev := newInternet(t, nil).apps(false), newInternet(t, nil).apps(true)
	if _, ok := real.About(simple("dummy")); ok {
		t.Fatal("the dummy is known")
	}
	made := url.Values{"id": {"1"}, "email": {"ann@example.org"}, "email_verified": {"on"}, "username": {"ann"}}
	if _, err := real.Begin(t.Context(), acme(), simple("dummy"), attempt("1")); err == nil {
		t.Error("somebody is sent to the dummy")
	}
	if who, err := real.Complete(t.Context(), acme(), simple("dummy"), attempt("1"), made); err == nil {
		t.Errorf("it is %+v", who)
	}
	if who, err := real.Verify(t.Context(), acme(), simple("dummy"), provider.Token{ID: `{"id": 1}`}); err == nil {
		t.Errorf("it is %+v", who)
	}
	to, err := dev.Begin(t.Context(), acme(), simple("dummy"), attempt("1"))
	if err != nil || to != "https://id.acme.example/accounts/dummy/authenticate/?state=state-1" {
		t.Errorf("sent to %s, %v", to, err)
	}
	who, err := dev.Complete(t.Context(), acme(), simple("dummy"), attempt("1"), made)
	if err != nil || who.UID != "1" || who.Display != "ann" || !slices.Equal(who.Emails, email("ann@example.org", true)) {
		t.Errorf("it is %+v, %v", who, err)
	}
	who, err = dev.Verify(t.Context(), acme(), simple("dummy"), provider.Token{ID: `{"id": 7, "phone": "+3612345678", "phone_verified": true}`})
	if err != nil || who.UID != "7" || who.Phone != "+3612345678" || !who.PhoneVerified || who.Display != "Dummy" {
		t.Errorf("it is %+v, %v", who, err)
	}
	if who.Tokens != nil {
		t.Errorf("without being told so, it hands out %+v", who.Tokens)
	}
	who, err = dev.Verify(t.Context(), acme(), simple("dummy"), provider.Token{ID: `{"id": 7, "access_token": "a", "refresh_token": "r"}`})
	if err != nil || who.Tokens == nil || *who.Tokens != (provider.Tokens{Access: "a", Refresh: "r"}) {
		t.Errorf("it is %+v, %v", who, err)
	}
	for _, token := range []string{"", "x", "[]", "{}", `{"id": {}}`, `{"id": 1.5}`} {
		if who, err := dev.Verify(t.Context(), acme(), simple("dummy"), provider.Token{ID: token}); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%q: it is %+v, %v", token, who, err)
		}
	}
	if _, err := dev.Complete(t.Context(), acme(), simple("dummy"), attempt("1"), url.Values{"action": {"cancel"}, "id": {"1"}}); !errors.Is(err, provider.ErrCancelled) {
		t.Errorf("of somebody's no it is %v", err)
	}
}

// An access token of another app's proves nothing: whoever runs that app has it of everybody who logged in there.
func TestFacebookTokens(t *testing.T) {
	const debug, me = "GET https://graph.facebook.com/v24.0/debug_token", "GET https://graph.facebook.com/v24.0/me"
	i := newInternet(t, map[string]string{me: `{"id":"1207059","name":"Ann","email":"ann@example.com"}`})
	apps := i.apps(false)
	verify := func(answer string) (*provider.Identity, error) {
		i.answers[debug] = answer
		return apps.Verify(t.Context(), acme(), simple("facebook"), provider.Token{Access: "fb-1"})
	}
	who, err := verify(`{"data":{"app_id":"client","type":"USER","application":"Social Cafe","expires_at":1352419328,"is_valid":true,"scopes":["email"],"user_id":"1207059"}}`)
	if err != nil || who.UID != "1207059" || who.Emails[0].Verified || who.Tokens == nil || who.Tokens.Access != "fb-1" {
		t.Fatalf("it is %+v, %v", who, err)
	}
	m := hmac.New(sha256.New, []byte("s3cret"))
	m.Write([]byte("fb-1"))
	if q := i.asked[me].URL.Query(); q.Get("appsecret_proof") != hex.EncodeToString(m.Sum(nil)) || q.Has("access_token") {
		t.Errorf("asked was %v", q)
	}
	if r := i.asked[debug]; r.Header.Get("Authorization") != "Bearer client|s3cret" || r.URL.Query().Get("input_token") != "fb-1" || strings.Contains(r.URL.String(), "s3cret") {
		t.Errorf("asked was %v", r.URL)
	}
	for name, answer := range map[string]string{
		"another app's": `{"data":{"app_id":"another","is_valid":true,"user_id":"1207059"}}`, "one that is good no more": `{"data":{"app_id":"client","is_valid":false,"user_id":"1207059"}}`,
		"an app's own": `{"data":{"app_id":"client","is_valid":true}}`, "nothing": `{}`, "none": `400 {"error":{"message":"Invalid OAuth access token."}}`,
	} {
		if who, err := verify(answer); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: it is %+v, %v", name, who, err)
		}
	}
	if _, err := verify("403 {}"); err == nil || errors.Is(err, provider.ErrRefused) {
		t.Errorf("of Facebook in trouble it is %v", err)
	}
	for _, token := range []provider.Token{{}, {ID: "garbage"}} {
		if who, err := apps.Verify(t.Context(), acme(), simple("facebook"), token); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%v: it is %+v, %v", token, who, err)
		}
	}

	i.answers["GET https://limited.facebook.com/.well-known/oauth/openid/jwks/"] = string(must(json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "k1"}}})))
	limited := func(iss, aud string) string {
		return signed(jose.RS256, rsaKey(), "k1", "JWT", map[string]any{"iss": iss, "aud": aud, "sub": "1207059", "jti": "j", "iat": start.Unix(), "exp": start.Unix() + 60,
			"name": "Ann", "given_name": "Ann", "email": "ann@example.com"})
	}
	who, err = apps.Verify(t.Context(), acme(), simple("facebook"), provider.Token{ID: limited("https://www.facebook.com", "client")})
	if err != nil || who.UID != "1207059" || who.Emails[0].Verified || who.Once == nil {
		t.Errorf("of a limited login it is %+v, %v", who, err)
	}
	for _, token := range []string{limited("https://www.facebook.com", "another"), limited("https://evil.example", "client")} {
		if who, err := apps.Verify(t.Context(), acme(), simple("facebook"), provider.Token{ID: token}); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("it is %+v, %v", who, err)
		}
	}
}

// Where tokens cannot be told from another app's, none are taken.
func TestTokensThatAreNotTaken(t *testing.T) {
	i := newInternet(t, nil)
	apps := i.apps(false)
	takes := []string{"apple", "auth0", "facebook", "google", "keycloak", "linkedin_oauth2", "okta", "openid_connect", "slack"}
	for _, name := range provider.Known() {
		about, ok := apps.About(simple(name))
		if !ok {
			continue
		}
		if about.Token != slices.Contains(takes, name) {
			t.Errorf("%s: takes tokens is %v", name, about.Token)
		}
		if about.Token {
			continue
		}
		if who, err := apps.Verify(t.Context(), acme(), simple(name), provider.Token{ID: "x", Access: "x"}); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: it is %+v, %v", name, who, err)
		}
	}
	if len(i.asked) > 0 {
		t.Errorf("asked was %v", i.asked)
	}
}

// Google's apps for phones name themselves as the party, and the website's app as the audience; Apple's are several audiences of one app.
func TestTokensOfPhones(t *testing.T) {
	play := func(name, issuer string, change func(*tenants.App), claims map[string]any) error {
		i := newInternet(t, map[string]string{
			"GET " + issuer + "/.well-known/openid-configuration": string(must(json.Marshal(map[string]string{
				"issuer": issuer, "authorization_endpoint": issuer + "/a", "token_endpoint": issuer + "/t", "jwks_uri": issuer + "/k",
			}))),
			"GET " + issuer + "/k": string(must(json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "k1"}}}))),
		})
		a := simple(name)
		change(&a)
		all := map[string]any{"iss": issuer, "aud": "client", "sub": "1", "iat": start.Unix(), "exp": start.Unix() + 60}
		maps.Copy(all, claims)
		_, err := i.apps(false).Verify(t.Context(), acme(), a, provider.Token{ID: signed(jose.RS256, rsaKey(), "k1", "JWT", all)})
		return err
	}
	as := func(*tenants.App) {}
	const google, apple = "https://accounts.google.com", "https://appleid.apple.com"
	if err := play("google", google, as, map[string]any{"azp": "phone"}); err != nil {
		t.Errorf("of a phone's app it is %v", err)
	}
	if err := play("google", google, as, map[string]any{"iss": "accounts.google.com"}); err != nil {
		t.Errorf("of Google's other name it is %v", err)
	}
	if err := play("google", google, as, map[string]any{"aud": "another", "azp": "client"}); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of another app it is %v", err)
	}
	several := func(a *tenants.App) { a.ClientID = "web, phone" }
	if err := play("apple", apple, several, map[string]any{"aud": "phone"}); err != nil {
		t.Errorf("of Apple's phone it is %v", err)
	}
	if err := play("apple", apple, several, map[string]any{"aud": "web, phone"}); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of both at once it is %v", err)
	}
}

// Servers of one's own.
func TestServersOfOnesOwn(t *testing.T) {
	apps := provider.New(provider.Options{Client: provider.Client(outbound.Dialer{}, nil), Clock: clock.At(start)})
	for want, change := range map[string]func(*tenants.App){
		"https://hub.example/login/oauth/authorize?":                               func(a *tenants.App) { a.Provider, a.Settings.GitHubURL = "github", "https://hub.example/" },
		"https://git.example/x/oauth/authorize?":                                   func(a *tenants.App) { a.Provider, a.Settings.GitLabURL = "gitlab", "https://git.example/x" },
		"https://login.microsoftonline.com/contoso.example/oauth2/v2.0/authorize?": func(a *tenants.App) { a.Provider, a.Settings.Tenant = "microsoft", "contoso.example" },
		"https://login.microsoftonline.com/a%2F..%2Fb%3F/oauth2/v2.0/authorize?":   func(a *tenants.App) { a.Provider, a.Settings.Tenant = "microsoft", "a/../b?" },
	} {
		a := simple("")
		change(&a)
		if to, err := apps.Begin(t.Context(), acme(), a, attempt("1")); err != nil || !strings.HasPrefix(to, want) {
			t.Errorf("sent to %s, %v", to, err)
		}
	}
	plain := simple("github")
	plain.Settings.GitHubURL = "http://hub.example"
	if to, err := apps.Begin(t.Context(), acme(), plain, attempt("1")); err == nil {
		t.Errorf("without TLS somebody is sent to %s", to)
	}
	for _, name := range []string{"okta", "auth0", "keycloak", "openid_connect"} {
		if to, err := apps.Begin(t.Context(), acme(), simple(name), attempt("1")); err == nil || !strings.Contains(err.Error(), "server_url") {
			t.Errorf("%s of nowhere sends somebody to %s, %v", name, to, err)
		}
	}
}

// Addresses are asked for where they are wanted, and are not missed where a provider does not tell them.
func TestAddressesThatAreNotWanted(t *testing.T) {
	i := newInternet(t, map[string]string{
		"POST https://github.com/login/oauth/access_token": `{"access_token":"at-1","token_type":"bearer"}`,
		"GET https://api.github.com/user":                  `{"login":"octocat","id":1,"email":"public@github.com"}`, "GET https://api.github.com/user/emails": "404 {}",
	})
	apps, of := i.apps(false), acme()
	for _, wanted := range []bool{true, false} {
		clear(i.asked)
		of.Settings.SocialAccount.QueryEmail = wanted
		to, err := apps.Begin(t.Context(), of, simple("github"), attempt("1"))
		if err != nil || strings.Contains(to, "scope=user%3Aemail") != wanted {
			t.Errorf("sent to %s, %v", to, err)
		}
		who, err := apps.Complete(t.Context(), of, simple("github"), attempt("1"), url.Values{"code": {"code-1"}})
		if err != nil || !slices.Equal(who.Emails, email("public@github.com", false)) || (i.asked["GET https://api.github.com/user/emails"] != nil) != wanted {
			t.Errorf("it is %+v, %v", who, err)
		}
	}
}

// Kakao says of an address that was verified once that it belongs to another account by now, in a member of its own; either has to be true.
func TestAddressThatIsVerifiedInPart(t *testing.T) {
	for said, want := range map[string]bool{
		`"is_email_valid":true,"is_email_verified":true`: true, `"is_email_valid":false,"is_email_verified":true`: false,
		`"is_email_valid":true,"is_email_verified":false`: false, `"is_email_verified":true`: false,
	} {
		i := newInternet(t, map[string]string{
			"POST https://kauth.kakao.com/oauth/token": tokenAnswer, "GET https://kapi.kakao.com/v2/user/me": `{"id":1,"kakao_account":{"email":"a@b.example",` + said + `}}`,
		})
		who, err := i.apps(false).Complete(t.Context(), acme(), simple("kakao"), attempt("1"), url.Values{"code": {"code-1"}})
		if err != nil || !slices.Equal(who.Emails, email("a@b.example", want)) {
			t.Errorf("%s: it is %+v, %v", said, who, err)
		}
	}
}

// What is wrong with an answer is told without what is secret in it.
func TestFaultsTellNoSecrets(t *testing.T) {
	for name, answers := range map[string]map[string]string{
		"by the token endpoint": {"POST https://id.twitch.tv/oauth2/token": `400 {"error":"invalid_client","error_description":"bad s3cret"}`},
		"by the profile":        {"POST https://id.twitch.tv/oauth2/token": tokenAnswer, "GET https://api.twitch.tv/helix/users": `401 {"message":"bad at-1"}`},
		"by a form":             {"POST https://id.twitch.tv/oauth2/token": `400 error=s3cret`},
	} {
		_, err := newInternet(t, answers).apps(false).Complete(t.Context(), acme(), simple("twitch"), attempt("1"), url.Values{"code": {"code-1"}})
		if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "at-1") || errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: told is %v", name, err)
		}
	}
	said := url.Values{"error": {"server_error"}, "error_description": {"your code is \x00 " + strings.Repeat("x", http.DefaultMaxHeaderBytes)}}
	_, err := newInternet(t, nil).apps(false).Complete(t.Context(), acme(), simple("twitch"), attempt("1"), said)
	if !errors.Is(err, provider.ErrRefused) || len(err.Error()) > 1000 || strings.ContainsRune(err.Error(), 0) {
		t.Errorf("told is %.100v", err)
	}
}
