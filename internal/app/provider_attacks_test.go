package app_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// issuer is an OpenID provider on loopback, which is reached over HTTP as any other is.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu      sync.Mutex
	codes   map[string]url.Values       // what was asked for, by the code that was given for it
	people  map[string]map[string]any   // whom it was given to, likewise
	change  func(claims map[string]any) // what it says otherwise than it should; nil: nothing
	lax     bool                        // it gives tokens for whoever's code it is
	signs   bool                        // it says whose its answers are (RFC 9207)
	traded  int                         // how often it was shown a code
	refused int
}

// signingKey takes its time to make, so that there is one.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &issuer{key: key, codes: map[string]url.Values{}, people: map[string]map[string]any{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		p.mu.Lock()
		defer p.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}, "code_challenge_methods_supported": []string{"S256"},
			"authorization_response_iss_parameter_supported": p.signs,
		})
	case "/keys":
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig", "n": part(p.key.N.Bytes()), "e": part(big.NewInt(int64(p.key.E)).Bytes()),
		}}})
	case "/token":
		p.trade(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// trade gives tokens for a code (RFC 6749, section 4.1.3; RFC 7636).
func (p *issuer) trade(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // what is missing is refused below
	id, _, _ := r.BasicAuth()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traded++
	code := r.PostForm.Get("code")
	asked, known := p.codes[code]
	delete(p.codes, code)
	challenge := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	fits := asked.Get("client_id") == id && asked.Get("redirect_uri") == r.PostForm.Get("redirect_uri") && asked.Get("code_challenge") == part(challenge[:])
	if !known || !fits && !p.lax {
		p.refused++
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"error": "invalid_grant"}`)
		return
	}
	claims := p.claims(asked.Get("client_id"), p.people[code])
	claims["nonce"] = asked.Get("nonce")
	if p.change != nil {
		p.change(claims)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "at-" + code, "token_type": "Bearer", "id_token": p.sign(claims)})
}

// claims are those of an ID token for an app.
func (p *issuer) claims(client string, person map[string]any) map[string]any {
	now := time.Now().Unix()
	claims := map[string]any{"iss": p.URL, "aud": client, "iat": now, "exp": now + 600, "jti": secret.Token()}
	maps.Copy(claims, person)
	return claims
}

func part(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// sign is a token.
func (p *issuer) sign(claims map[string]any) string {
	signed := unsigned(`{"alg":"RS256","kid":"k1","typ":"JWT"}`, claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, p.key, crypto.SHA256, digest[:])
	if err != nil {
		panic(err) // the key is good
	}
	return signed + "." + part(signature)
}

func unsigned(header string, claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // they are text and numbers
	}
	return part([]byte(header)) + "." + part(payload)
}

// lets is what the provider sends somebody back with who was sent there.
func (p *issuer) lets(t testing.TB, location string, person map[string]any) url.Values {
	t.Helper()
	at, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, p.URL+"/authorize?") {
		t.Fatalf("sent to %s, %v", location, err)
	}
	code := secret.Token()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[code], p.people[code] = at.Query(), person
	params := url.Values{"code": {code}, "state": {at.Query().Get("state")}}
	if p.signs {
		params.Set("iss", p.URL)
	}
	return params
}

// shown is how often the provider was shown a code.
func (p *issuer) shown() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.traded
}

func known(sub, email string) map[string]any {
	return map[string]any{"sub": sub, "email": email, "email_verified": true}
}

// oidcApps are settings of a tenant with apps at providers, by their names. Each is known there by the tenant's own client id.
func oidcApps(client string, at map[string]*issuer) string {
	var apps []string
	for _, name := range slices.Sorted(maps.Keys(at)) {
		apps = append(apps, fmt.Sprintf(`{"provider_id": %q, "name": %q, "client_id": %q, "secret": "s3cret-s3cret", "settings": {"server_url": %q, "fetch_userinfo": false}}`,
			name, name, client, at[name].URL))
	}
	return `{"account": {"email_verification": "optional", "rate_limits": false}, "socialaccount": {"providers": {"openid_connect": {"apps": [` + strings.Join(apps, ", ") + `]}}}}`
}

// leaves posts the form that sends a browser to a provider, and is where it is sent.
func (c *client) leaves(app, process, callback string) *reply {
	c.s.Helper()
	form := url.Values{"provider": {app}, "process": {process}, "callback_url": {callback}, "csrfmiddlewaretoken": {c.cookies["csrftoken"]}}
	return c.post("/auth/provider/redirect", []byte(form.Encode()), "Content-Type", "application/x-www-form-urlencoded").want(http.StatusFound)
}

// sentTo is where a browser is sent that goes to a provider.
func (c *client) sentTo(app, process string) string {
	c.s.Helper()
	return c.leaves(app, process, "/done").Header.Get("Location")
}

// returns comes back at an app's callback, as whoever the cookies are of, and is where the browser goes on to; "404" where there is none.
func (c *client) returns(app string, params url.Values) string {
	c.s.Helper()
	return c.returnsTo("/accounts/oidc/"+app+"/login/callback/", params)
}

func (c *client) returnsTo(callback string, params url.Values) string {
	c.s.Helper()
	r, err := http.NewRequestWithContext(c.s.Context(), http.MethodGet, c.s.public+callback+"?"+params.Encode(), nil)
	if err != nil {
		c.s.Fatal(err)
	}
	r.Host = c.host
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := asAnswered.Do(r)
	if err != nil {
		c.s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it is not read
	for _, k := range res.Cookies() {
		if k.MaxAge < 0 || k.Value == "" {
			delete(c.cookies, k.Name)
		} else {
			c.cookies[k.Name] = k.Value
		}
	}
	if res.StatusCode != http.StatusFound {
		return fmt.Sprint(res.StatusCode)
	}
	return res.Header.Get("Location")
}

// who is the id of whoever is signed in; "" for nobody.
func (c *client) who() string {
	c.s.Helper()
	if r := c.get("/auth/session"); r.Status == http.StatusOK {
		return r.userID()
	}
	return ""
}

// turnedAway is where a browser goes on to whose way back is not known.
func turnedAway(host string) string {
	return "https://" + host + "/account/provider/callback?error=unknown&error_process=login"
}

// As in allauth 65.16.1 and Auth.js GHSA-x445-f3h2-j279: a state was left out, or came from another browser, provider or tenant. RFC 9700,
// section 4.4: what one provider was asked is answered by another; whose code it is, the other one is not shown.
func TestStatesAreOfTheirBrowserProviderAndTenant(t *testing.T) {
	t.Parallel()
	s, _ := bootShared(t, "sqlite")
	corp, evil := newIssuer(t), newIssuer(t)
	at := map[string]*issuer{"corp": corp, "evil": evil}
	a, b := s.tenant(oidcApps("client", at)), s.tenant(oidcApps("client", at))
	ann := known("1", "ann@example.org")
	browser := s.client("browser", a)
	for name, come := range map[string]func(params url.Values) (*client, string){
		"no state": func(p url.Values) (*client, string) {
			p.Del("state")
			return browser, browser.returns("corp", p)
		},
		"an empty state": func(p url.Values) (*client, string) {
			p.Set("state", "")
			return browser, browser.returns("corp", p)
		},
		"a state that was made up": func(p url.Values) (*client, string) {
			p.Set("state", secret.Token())
			return browser, browser.returns("corp", p)
		},
		"another browser": func(p url.Values) (*client, string) {
			other := s.client("browser", a)
			other.sentTo("corp", "login")
			return other, other.returns("corp", p)
		},
		"a browser without a session": func(p url.Values) (*client, string) {
			other := s.client("browser", a)
			return other, other.returns("corp", p)
		},
		"another provider": func(p url.Values) (*client, string) { return browser, browser.returns("evil", p) },
		"another provider, and then its own": func(p url.Values) (*client, string) {
			browser.returns("evil", p)
			return browser, browser.returns("corp", p)
		},
		"another tenant": func(p url.Values) (*client, string) {
			other := s.client("browser", b)
			other.cookies = maps.Clone(browser.cookies)
			return other, other.returns("corp", p)
		},
		"another tenant, with a state of its own": func(p url.Values) (*client, string) {
			other := s.client("browser", b)
			other.sentTo("corp", "login")
			return other, other.returns("corp", p)
		},
	} {
		before := corp.shown() + evil.shown()
		c, went := come(corp.lets(t, browser.sentTo("corp", "login"), ann))
		if went != turnedAway(c.host) || c.who() != "" {
			t.Errorf("%s: goes on to %s, as %q", name, went, c.who())
		}
		if corp.shown()+evil.shown() != before {
			t.Errorf("%s: a provider was shown the code", name)
		}
	}

	// Twice, in this order: it is good once.
	params := corp.lets(t, browser.sentTo("corp", "login"), ann)
	if went := browser.returns("corp", params); went != "/done" || browser.who() == "" {
		t.Fatalf("the right one goes on to %s", went)
	}
	if went := browser.returns("corp", params); went != turnedAway(a) {
		t.Errorf("the second time it goes on to %s", went)
	}

	// The attacker's provider sends somebody on to the honest one, so that its code comes back as an answer to the attacker's question.
	victim := s.client("browser", a)
	question, err := url.Parse(victim.sentTo("evil", "login"))
	if err != nil {
		t.Fatal(err)
	}
	forwarded := question.Query()
	forwarded.Set("redirect_uri", strings.Replace(forwarded.Get("redirect_uri"), "/evil/", "/corp/", 1))
	shown := evil.shown()
	if went := victim.returns("corp", corp.lets(t, corp.URL+"/authorize?"+forwarded.Encode(), ann)); went != turnedAway(a) || victim.who() != "" || evil.shown() != shown {
		t.Errorf("mixed up, it goes on to %s", went)
	}
}

// RFC 9207: a provider that says whose its answers are is not shown another's code, and an answer of nobody's is none of its own.
func TestAnswersAreOfTheIssuerThatWasAsked(t *testing.T) {
	t.Parallel()
	s, _ := bootShared(t, "sqlite")
	plain, named := newIssuer(t), newIssuer(t)
	named.signs = true
	host := s.tenant(oidcApps("client", map[string]*issuer{"plain": plain, "named": named}))
	for name, c := range map[string]struct {
		app    string
		at     *issuer
		change func(url.Values)
	}{
		"another issuer's":                         {"plain", plain, func(p url.Values) { p.Set("iss", named.URL) }},
		"another issuer's, where it names its own": {"named", named, func(p url.Values) { p.Set("iss", plain.URL) }},
		"nobody's, where it names its own":         {"named", named, func(p url.Values) { p.Del("iss") }},
		"one with a slash more":                    {"named", named, func(p url.Values) { p.Set("iss", named.URL+"/") }},
		"another issuer's no":                      {"named", named, func(p url.Values) { p.Set("error", "access_denied"); p.Set("iss", plain.URL) }},
	} {
		browser := s.client("browser", host)
		params := c.at.lets(t, browser.sentTo(c.app, "login"), known("1", "ann@example.org"))
		c.change(params)
		if went := browser.returns(c.app, params); went != "/done?error=unknown&error_process=login" || browser.who() != "" {
			t.Errorf("%s: goes on to %s", name, went)
		}
	}
	if plain.shown()+named.shown() > 0 {
		t.Error("a provider was shown another's code")
	}
	browser := s.client("browser", host)
	if went := browser.returns("named", named.lets(t, browser.sentTo("named", "login"), known("1", "ann@example.org"))); went != "/done" || browser.who() == "" {
		t.Errorf("its own goes on to %s", went)
	}
}

// As in GoTrue CVE-2026-31813, Zitadel CVE-2026-55669 and GHSA-wxg7-w2v3-w38g: a token that somebody else signed, or for somebody else, or long ago,
// was taken. Each comes by both ways: from the provider, for a code, and handed in.
func TestIDTokensThatProveNothing(t *testing.T) {
	t.Parallel()
	s, db := bootShared(t, "sqlite")
	corp, other := newIssuer(t), newIssuer(t)
	host := s.tenant(oidcApps("client", map[string]*issuer{"corp": corp, "other": other}))
	public, err := x509.MarshalPKIXPublicKey(corp.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	public = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	person := known("1", "ann@example.org")
	set := func(name string, value any) func(map[string]any) {
		return func(c map[string]any) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		}
	}
	wrong := map[string]func(map[string]any){
		"a foreign issuer": set("iss", other.URL), "no issuer": set("iss", nil), "a foreign audience": set("aud", "another"), "no audience": set("aud", nil),
		"a foreign party": set("azp", "another"), "expired": set("exp", time.Now().Unix()-1), "no expiry": set("exp", nil), "no time of issue": set("iat", nil),
		"issued tomorrow": set("iat", time.Now().Unix()+86400), "nobody": set("sub", nil), "good for years": set("exp", time.Now().Unix()+1e8),
	}
	handIn := func(app, client, token string) *reply {
		return s.client("app", host).post("/auth/provider/token", map[string]any{
			"provider": app, "process": "login", "token": map[string]any{"client_id": client, "id_token": token},
		})
	}
	for name, change := range wrong {
		claims := corp.claims("client", person)
		change(claims)
		handIn("corp", "client", corp.sign(claims)).want(http.StatusBadRequest).code("invalid_token", "token")
		corp.mu.Lock()
		corp.change = change
		corp.mu.Unlock()
		browser := s.client("browser", host)
		if went := browser.returns("corp", corp.lets(t, browser.sentTo("corp", "login"), person)); went != "/done?error=unknown&error_process=login" || browser.who() != "" {
			t.Errorf("%s: goes on to %s", name, went)
		}
	}
	for name, change := range map[string]func(map[string]any){"another nonce": set("nonce", "another"), "no nonce": set("nonce", nil)} {
		corp.mu.Lock()
		corp.change = change
		corp.mu.Unlock()
		browser := s.client("browser", host)
		if went := browser.returns("corp", corp.lets(t, browser.sentTo("corp", "login"), person)); went != "/done?error=unknown&error_process=login" {
			t.Errorf("%s: goes on to %s", name, went)
		}
	}
	claims := corp.claims("client", person)
	byKey := unsigned(`{"alg":"HS256","kid":"k1"}`, claims)
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(byKey))
	good := corp.sign(claims)
	for name, token := range map[string]string{
		"unsigned": unsigned(`{"alg":"none"}`, claims) + ".", "unsigned, with a signature": unsigned(`{"alg":"none"}`, claims) + "." + strings.Split(good, ".")[2],
		"signed with the public key": byKey + "." + part(mac.Sum(nil)), "cut": good[:len(good)-1], "another's claims": unsigned(`{"alg":"RS256","kid":"k1"}`, known("2", "")) + "." + strings.Split(good, ".")[2],
	} {
		if r := handIn("corp", "client", token); r.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	handIn("other", "client", good).want(http.StatusBadRequest).code("invalid_token", "token") // of the same client id, at another provider
	handIn("corp", "another", good).want(http.StatusBadRequest).code("invalid_token", "token")
	if n := db.one(`SELECT COUNT(*) FROM users WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1)`, slugOf(host)); n != "0" {
		t.Fatalf("%s accounts were made", n)
	}
	handIn("corp", "client", good).want(http.StatusOK)
	handIn("corp", "client", good).want(http.StatusBadRequest).code("invalid_token", "token")
	claims["x"] = "another signature, and the same jti"
	handIn("corp", "client", corp.sign(claims)).want(http.StatusBadRequest).code("invalid_token", "token")
}

// As in Zitadel CVE-2026-55672, Pocket ID CVE-2026-28513 and Tinyauth CVE-2026-32245: what one app was given did for another one. The provider
// itself is one that does not look whose a code is.
func TestWhatOneAppWasGivenIsNothingToAnother(t *testing.T) {
	t.Parallel()
	s, _ := bootShared(t, "sqlite")
	for _, lax := range []bool{false, true} {
		shared := newIssuer(t)
		shared.lax = lax
		both := fmt.Sprintf(`{"account": {"email_verification": "optional"}, "socialaccount": {"providers": {"openid_connect": {"apps": [
			{"provider_id": "a", "client_id": "client-a", "secret": "s3cret-s3cret", "settings": {"server_url": %[1]q, "fetch_userinfo": false}},
			{"provider_id": "b", "client_id": "client-b", "secret": "s3cret-s3cret", "settings": {"server_url": %[1]q, "fetch_userinfo": false}}]}}}}`, shared.URL)
		host, next := s.tenant(both), s.tenant(oidcApps("client-c", map[string]*issuer{"a": shared}))
		ann := known("1", "ann@example.org")
		code := func() string { return shared.lets(t, s.client("browser", host).sentTo("a", "login"), ann).Get("code") }
		for name, to := range map[string][2]string{"another app of the tenant's": {host, "b"}, "another tenant's app": {next, "a"}, "another browser's state": {host, "a"}} {
			thief := s.client("browser", to[0])
			at, err := url.Parse(thief.sentTo(to[1], "login"))
			if err != nil {
				t.Fatal(err)
			}
			before := shared.shown()
			went := thief.returns(to[1], url.Values{"code": {code()}, "state": {at.Query().Get("state")}})
			if went != "/done?error=unknown&error_process=login" || thief.who() != "" || shared.shown() != before+1 {
				t.Errorf("a code at %s: goes on to %s", name, went)
			}
		}
		for name, to := range map[string][3]string{"another app of the tenant's": {host, "b", "client-b"}, "another tenant's app": {next, "a", "client-c"}} {
			r := s.client("app", to[0]).post("/auth/provider/token", map[string]any{"provider": to[1], "process": "login", "token": map[string]any{
				"client_id": to[2], "id_token": shared.sign(shared.claims("client-a", ann))}})
			if r.Status != http.StatusBadRequest {
				t.Errorf("a token at %s: %d %s", name, r.Status, r.Body)
			}
		}
		browser := s.client("browser", host)
		if went := browser.returns("a", shared.lets(t, browser.sentTo("a", "login"), ann)); went != "/done" {
			t.Errorf("its own goes on to %s", went)
		}
	}
}

// As in allauth 65.13 (Okta, NetIQ): whoever changed their name at the provider to another's was the other one.
func TestARenamedAccountIsWhoItWas(t *testing.T) {
	t.Parallel()
	s, _ := bootShared(t, "sqlite")
	corp := newIssuer(t)
	host := s.tenant(strings.Replace(oidcApps("client", map[string]*issuer{"corp": corp}), `"rate_limits": false`,
		`"rate_limits": false, "signup_fields": ["email*", "username*", "password1*"], "login_methods": ["email", "username"]`, 1))
	enter := func(person map[string]any) string {
		browser := s.client("browser", host)
		if went := browser.returns("corp", corp.lets(t, browser.sentTo("corp", "login"), person)); went != "/done" {
			t.Fatalf("%v goes on to %s", person, went)
		}
		return browser.who()
	}
	as := func(sub, name, email string) map[string]any {
		p := known(sub, email)
		p["preferred_username"], p["upn"], p["name"] = name, email, name
		return p
	}
	victim, eve := enter(as("1", "victim", "victim@example.org")), enter(as("2", "eve", "eve@example.org"))
	if victim == "" || eve == "" || victim == eve {
		t.Fatalf("they are %q and %q", victim, eve)
	}
	if got := enter(as("2", "victim", "victim@example.org")); got != eve {
		t.Errorf("by another's name and address she is %q", got)
	}
	if got := enter(as("1", "new name", "new@example.org")); got != victim {
		t.Errorf("by a new name they are %q", got)
	}
}

// As in Zitadel CVE-2025-64717: logins and links by a provider went on after it was switched off.
func TestAProviderThatIsSwitchedOffMidway(t *testing.T) {
	t.Parallel()
	s, db := bootShared(t, "sqlite")
	corp, other := newIssuer(t), newIssuer(t)
	host := s.tenant(oidcApps("client", map[string]*issuer{"corp": corp, "other": other}))
	owner := s.client("browser", host)
	owner.signup("ann@example.org").want(http.StatusOK)
	connects := corp.lets(t, owner.sentTo("corp", "connect"), known("1", "ann@example.org"))
	stranger, app := s.client("browser", host), s.client("app", host)
	comes := corp.lets(t, stranger.sentTo("corp", "login"), known("2", "bob@example.org"))

	s.adminWants(http.StatusOK, http.MethodPatch, "/admin/v1/tenants/"+slugOf(host), map[string]any{
		"config": json.RawMessage(oidcApps("client", map[string]*issuer{"other": other}))})
	eventually(t, "the app is gone", func() bool { return !strings.Contains(s.client("app", host).get("/config").Body, `"corp"`) })
	for _, app := range []string{"corp", "other"} {
		for c, params := range map[*client]url.Values{owner: connects, stranger: comes} {
			if went := c.returns(app, params); went != "404" && went != turnedAway(host) {
				t.Errorf("at the callback of %s: goes on to %s", app, went)
			}
		}
	}
	if went := s.client("browser", host).sentTo("corp", "login"); went != turnedAway(host) {
		t.Errorf("somebody is sent to %s", went)
	}
	app.post("/auth/provider/token", map[string]any{"provider": "corp", "process": "login", "token": map[string]any{
		"client_id": "client", "id_token": corp.sign(corp.claims("client", known("2", "bob@example.org")))}}).want(http.StatusBadRequest)
	if n := db.one(`SELECT COUNT(*) FROM provider_accounts`); n != "0" || stranger.who() != "" || corp.shown()+other.shown() > 0 {
		t.Errorf("%s accounts are connected, %q is in, codes were shown %d times", n, stranger.who(), corp.shown()+other.shown())
	}
}

// As in Casdoor CVE-2026-5467, better-auth GHSA-86j7-9j95-vpqj, Pocket ID CVE-2026-28512 and allauth 65.14.1: where somebody goes on to after a
// login was anybody's to choose. The table of package flows is longer; here the header is looked at that browsers are sent.
func TestNobodyIsSentOnToElsewhere(t *testing.T) {
	t.Parallel()
	s, _ := bootShared(t, "sqlite")
	corp := newIssuer(t)
	host := s.tenant(oidcApps("client", map[string]*issuer{"corp": corp}))
	for _, address := range []string{
		"//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, `\/evil.example`, "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
		"https://evil.example/", "https:evil.example", "https:/evil.example", "https:///evil.example", "HTTPS://EVIL.example/", "//evil.example/%2f..",
		"https://" + host + "@evil.example/", "https://" + host + ":x@evil.example/", `https://evil.example\@` + host + "/", "https://user@" + host + "/",
		"https://" + host + ".evil.example/", "https://evil-" + host + "/", "https://evil.example/" + host, "https://evil.example?" + host, "https://evil.example#" + host,
		"https://xn--" + host + "/", "https://" + strings.Replace(host, "t", "\u0442", 1) + "/", "https://" + host + "\u3002evil.example/", "https://" + host + "%2eevil.example/",
		"/done\r\nSet-Cookie: sessionid=evil", "/done\r\n\r\n<script>alert(1)</script>", "https://" + host + "/\r\nLocation: https://evil.example",
		"javascript:alert(1)", "java\tscript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "", " ", "done", "\x00/done",
	} {
		browser := s.client("browser", host)
		r := browser.leaves("corp", "login", address)
		if got := r.Header.Values("Location"); len(got) != 1 || got[0] != turnedAway(host) || strings.Contains(fmt.Sprint(r.Header), "evil") || strings.Contains(r.Body, "evil") {
			t.Errorf("%q: sent to %v", address, got)
		}
		browser.sentTo("corp", "login") // and what comes back with it is not asked
		if went := browser.returns("corp", url.Values{"state": {"x"}, "callback_url": {address}, "next": {address}}); went != turnedAway(host) {
			t.Errorf("%q: goes on to %s", address, went)
		}
	}
	browser := s.client("browser", host)
	at := browser.leaves("corp", "login", "https://"+host+"/done?a=b").Header.Get("Location")
	if went := browser.returns("corp", corp.lets(t, at, known("1", "ann@example.org"))); went != "https://"+host+"/done?a=b" {
		t.Errorf("a page of one's own: goes on to %s", went)
	}
}

// As in Tinyauth CVE-2026-33544: of several who came back at once, some were taken for others. Two tenants whose apps have one name and one client
// id, and two apps of one tenant, come back to one server at once, with their codes given out in one row. The race detector watches (make race).
func TestManyComeBackAtOnceAndEachIsWhoTheyAre(t *testing.T) {
	t.Parallel()
	const each = 12
	s, db := bootShared(t, "sqlite")
	corp, other := newIssuer(t), newIssuer(t)
	both := map[string]*issuer{"corp": corp, "other": other}
	a, b := s.tenant(oidcApps("client", both)), s.tenant(oidcApps("client", both))
	type traveller struct {
		browser *client
		app     string
		host    string
		uid     string
		email   string
		params  url.Values
		went    string
	}
	var all []*traveller
	for i := range each {
		for _, host := range []string{a, b} {
			for app, at := range both { // the same number is somebody else at each of the four
				x := &traveller{browser: s.client("browser", host), app: app, host: host, uid: fmt.Sprint(i), email: fmt.Sprintf("%s%d@%s.example", app, i, slugOf(host))}
				x.params = at.lets(t, x.browser.sentTo(app, "login"), known(x.uid, x.email))
				all = append(all, x)
			}
		}
	}
	var gate, done sync.WaitGroup
	gate.Add(1)
	for _, x := range all {
		done.Go(func() {
			gate.Wait()
			x.went = x.browser.returns(x.app, x.params)
		})
	}
	gate.Done()
	done.Wait()
	ids := map[string]string{}
	for _, x := range all {
		if x.went != "/done" {
			t.Fatalf("%s goes on to %s", x.email, x.went)
		}
		r := x.browser.get("/auth/session").want(http.StatusOK)
		id := r.userID()
		if was, taken := ids[id]; taken {
			t.Errorf("%s and %s are one user", x.email, was)
		}
		ids[id] = x.email
		got := db.rows(`SELECT e.email || ' ' || p.provider || ' ' || p.uid || ' ' || p.display FROM users u JOIN tenants t ON t.id = u.tenant_id
			JOIN emails e ON e.user_id = u.id JOIN provider_accounts p ON p.user_id = u.id WHERE u.id = $1 AND t.slug = $2`, id, slugOf(x.host))
		if want := x.email + " " + x.app + " " + x.uid + " " + x.email; len(got) != 1 || got[0] != want || !strings.Contains(r.Body, x.email) {
			t.Errorf("got %v, want %s: %s", got, want, r.Body)
		}
	}
	if corp.refused+other.refused > 0 {
		t.Errorf("%d codes were shown to the wrong provider, or by the wrong app", corp.refused+other.refused)
	}
}
