package provider_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Keys take their time to make, so that the tests share them.
var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	newRSA = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey  = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	edKey  = sync.OnceValue(func() ed25519.PrivateKey {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return must(key, err)
	})
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// op is an OpenID provider. What a test changes of it, it does otherwise than it should.
type op struct {
	*httptest.Server
	mu       sync.Mutex
	document map[string]any
	keys     []jose.JSONWebKey // public
	secret   string
	claims   map[string]any              // of ID tokens
	info     map[string]any              // of userinfo
	tokens   map[string]any              // of the token endpoint's answer, besides
	sign     func(claims any) string     // nil: with the RSA key, as k1
	routes   map[string]http.HandlerFunc // in the place of what is usual
	codes    map[string]url.Values       // what was asked for, by the code that was given for it
	asked    map[string]int
	form     url.Values // of the last request for a token
	basic    bool
	clock    *clock.Fake
}

func newOP(t *testing.T) *op {
	t.Helper()
	p := &op{
		routes: map[string]http.HandlerFunc{}, codes: map[string]url.Values{}, asked: map[string]int{}, secret: "s3cret", clock: clock.At(start),
		keys:   []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}},
		tokens: map[string]any{"token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh"},
	}
	p.Server = httptest.NewTLSServer(p)
	t.Cleanup(p.Close)
	p.document = map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"userinfo_endpoint": p.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"},
		"code_challenge_methods_supported": []string{"plain", "S256"},
	}
	p.info = map[string]any{"sub": "248289761001", "email": "jane@corp.example", "email_verified": true, "name": "Jane Doe", "preferred_username": "j.doe",
		"given_name": "Jane", "family_name": "Doe"}
	p.claims = map[string]any{}
	return p
}

// token is an ID token with these claims besides the usual ones; a nil takes one away.
func (p *op) token(more map[string]any) string {
	now := p.clock.Now().Unix()
	claims := map[string]any{"iss": p.URL, "aud": "client", "sub": "248289761001", "iat": now, "exp": now + 600}
	for _, from := range []map[string]any{p.claims, more} {
		maps.Copy(claims, from)
	}
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	if p.sign != nil {
		return p.sign(claims)
	}
	return signed(jose.RS256, rsaKey(), "k1", "JWT", claims)
}

// signed is a token.
func signed(alg jose.SignatureAlgorithm, key any, kid, typ string, claims any) string {
	o := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	if kid != "" {
		o = o.WithHeader("kid", kid)
	}
	payload, ok := claims.(string)
	if !ok {
		payload = string(must(json.Marshal(claims)))
	}
	return must(must(must(jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)).Sign([]byte(payload))).CompactSerialize())
}

func (p *op) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[r.URL.Path]++
	w.Header().Set("Content-Type", "application/json")
	if own, ok := p.routes[r.URL.Path]; ok {
		own(w, r)
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(p.document)
	case "/keys":
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: p.keys})
	case "/token":
		p.exchange(w, r)
	case "/userinfo":
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer access-") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(p.info)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// exchange is a token endpoint as RFC 6749 and RFC 7636 have it.
func (p *op) exchange(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // what is missing is refused below
	p.form = r.PostForm
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	user, password, basic := r.BasicAuth()
	p.basic = basic
	if basic {
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(password)
	}
	if secret != p.secret {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error": "invalid_client", "error_description": "no %s"}`, secret)
		return
	}
	code := r.PostForm.Get("code")
	asked, known := p.codes[code]
	delete(p.codes, code)
	challenge := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !known || asked.Get("client_id") != id || asked.Get("redirect_uri") != r.PostForm.Get("redirect_uri") ||
		asked.Has("code_challenge") && asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(challenge[:]) ||
		!asked.Has("code_challenge") && r.PostForm.Has("code_verifier") {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"error": "invalid_grant", "error_description": "no"}`)
		return
	}
	answer := map[string]any{"access_token": "access-" + code, "id_token": p.token(map[string]any{"nonce": asked.Get("nonce"), "aud": id})}
	maps.Copy(answer, p.tokens)
	maps.DeleteFunc(answer, func(_ string, v any) bool { return v == nil })
	_ = json.NewEncoder(w).Encode(answer)
}

// authorize is what the provider sends somebody back with who was sent there.
func (p *op) authorize(t *testing.T, to string) url.Values {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, p.URL+"/authorize?") {
		t.Fatalf("sent to %s", to)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := fmt.Sprint("code-", len(p.codes), "-", u.Query().Get("state"))
	p.codes[code] = u.Query()
	return url.Values{"code": {code}, "state": {u.Query().Get("state")}}
}

// apps speaks to the provider as if it were on the internet.
func (p *op) apps() *provider.Apps {
	roots := x509.NewCertPool()
	roots.AddCert(p.Certificate())
	return provider.New(provider.Options{
		Client: provider.Client(outbound.Dialer{AllowPrivate: true}, &tls.Config{RootCAs: roots}), Clock: p.clock,
	})
}

func (p *op) app() tenants.App {
	return tenants.App{Provider: "openid_connect", ID: "corp", ProviderApp: tenants.ProviderApp{
		ProviderID: "corp", Name: "Corp", ClientID: "client", Secret: tenants.NewSecret("s3cret"), Settings: tenants.ProviderAppSettings{ServerURL: p.URL},
	}}
}

func attempt(name string) provider.Attempt {
	return provider.Attempt{State: "state-" + name, Nonce: "nonce-" + name, Verifier: "verifier-of-43-characters-or-more-as-it-has-to-be-" + name}
}

// through is somebody's whole way to the provider and back.
func (p *op) through(t *testing.T, apps *provider.Apps, a tenants.App) (*provider.Identity, error) {
	t.Helper()
	to, err := apps.Begin(t.Context(), acme(), a, attempt("1"))
	if err != nil {
		return nil, err
	}
	return apps.Complete(t.Context(), acme(), a, attempt("1"), p.authorize(t, to))
}

func TestOpenIDThereAndBack(t *testing.T) {
	p := newOP(t)
	p.claims["jti"] = "once"
	apps, a := p.apps(), p.app()
	to, err := apps.Begin(t.Context(), acme(), a, attempt("1"))
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(to)
	challenge := sha256.Sum256([]byte(attempt("1").Verifier))
	want := url.Values{
		"client_id": {"client"}, "response_type": {"code"}, "redirect_uri": {"https://id.acme.example/accounts/oidc/corp/login/callback/"},
		"scope": {"openid profile email"}, "state": {"state-1"}, "nonce": {"nonce-1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	if got := u.Query(); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("asked for is %v", got)
	}
	who, err := apps.Complete(t.Context(), acme(), a, attempt("1"), p.authorize(t, to))
	if err != nil {
		t.Fatal(err)
	}
	if who.UID != "248289761001" || who.Display != "jane@corp.example" || who.Username != "j.doe" || who.Name != "Jane Doe" || who.GivenName != "Jane" ||
		who.FamilyName != "Doe" || !slices.Equal(who.Emails, []provider.Email{{Address: "jane@corp.example", Verified: true, Primary: true}}) {
		t.Errorf("it is %+v", who)
	}
	if k := who.Tokens; k == nil || !strings.HasPrefix(k.Access, "access-code-") || k.Refresh != "refresh" || !k.ExpiresAt.Equal(start.Add(time.Hour)) {
		t.Errorf("its tokens are %+v", who.Tokens)
	}
	if who.Once == nil || !who.Once.Until.Equal(start.Add(10*time.Minute).Truncate(time.Second)) {
		t.Errorf("it is good once: %+v", who.Once)
	}
	if !p.basic || p.form.Get("code_verifier") != attempt("1").Verifier || p.form.Has("client_secret") {
		t.Errorf("sent was %v", p.form)
	}
	if _, err := p.through(t, apps, a); err != nil {
		t.Fatal(err)
	}
	if p.asked["/.well-known/openid-configuration"] != 1 || p.asked["/keys"] != 1 {
		t.Errorf("asked was %v", p.asked)
	}
}

// What settings say of an app is done.
func TestOpenIDSettings(t *testing.T) {
	yes, no := true, false
	begun := func(t *testing.T, p *op, a tenants.App, shared tenants.Provider) url.Values {
		t.Helper()
		of := acme()
		of.Settings.SocialAccount.Providers["openid_connect"] = shared
		to, err := p.apps().Begin(t.Context(), of, a, attempt("1"))
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(to)
		return u.Query()
	}
	p := newOP(t)
	a := p.app()
	a.Settings.Scope, a.Settings.AuthParams = []string{"groups"}, map[string]string{"prompt": "login", "state": "fixed", "redirect_uri": "https://evil.example"}
	a.Settings.OAuthPKCEEnabled = &no
	q := begun(t, p, a, tenants.Provider{Scope: []string{"other"}, OAuthPKCEEnabled: &yes, AuthParams: map[string]string{"prompt": "none"}})
	if q.Get("scope") != "openid groups" || q.Get("prompt") != "login" || q.Get("state") != "state-1" || q.Get("redirect_uri") == "https://evil.example" || q.Has("code_challenge") {
		t.Errorf("by the app it is %v", q)
	}
	delete(p.document, "code_challenge_methods_supported")
	q = begun(t, p, p.app(), tenants.Provider{Scope: []string{"openid", "x"}, AuthParams: map[string]string{"prompt": "none"}})
	if q.Get("scope") != "openid x" || q.Get("prompt") != "none" || q.Has("code_challenge") {
		t.Errorf("by the provider it is %v", q)
	}
	if q = begun(t, p, p.app(), tenants.Provider{OAuthPKCEEnabled: &yes}); !q.Has("code_challenge") {
		t.Errorf("with PKCE it is %v", q)
	}

	a = p.app()
	a.Settings.FetchUserinfo, a.Settings.TokenAuthMethod, a.Settings.UIDField = &no, "client_secret_post", "employee"
	p.claims = map[string]any{"employee": json.Number("1234567890123456789"), "email": "j@corp.example", "email_verified": "false"}
	who, err := p.through(t, p.apps(), a)
	if err != nil || who.UID != "1234567890123456789" || who.Emails[0].Verified || who.Name != "" || p.asked["/userinfo"] != 0 || p.form.Get("client_secret") != "s3cret" {
		t.Errorf("from the ID token alone it is %+v, %v", who, err)
	}
	for rule, want := range map[string]bool{`true`: true, `["corp.example"]`: true, `["CORP.example"]`: true, `["example"]`: false, `["other.example"]`: false, `false`: false} {
		var one tenants.OneOrList
		if err := json.Unmarshal([]byte(rule), &one); err != nil {
			t.Fatal(err)
		}
		a.Settings.VerifiedEmail = &one
		if who, err := p.through(t, p.apps(), a); err != nil || who.Emails[0].Verified != want {
			t.Errorf("%s: it is %+v, %v", rule, who, err)
		}
	}
	p.document["token_endpoint_auth_methods_supported"] = []string{"private_key_jwt"}
	if _, err := p.through(t, p.apps(), p.app()); err == nil || errors.Is(err, provider.ErrRefused) {
		t.Errorf("with no way to show its secret it is %v", err)
	}
}

// Whoever is not who they say they are is refused, whichever way the token came.
func TestOpenIDRefuses(t *testing.T) {
	now := start.Unix()
	x509RSA := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(rsaKey().Public()))})
	unsigned := func(header string, claims any) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(must(json.Marshal(claims))) + "."
	}
	for name, change := range map[string]func(*op){
		"another issuer":            func(p *op) { p.claims["iss"] = "https://evil.example" },
		"an issuer with a slash":    func(p *op) { p.claims["iss"] = p.URL + "/" },
		"no issuer":                 func(p *op) { p.claims["iss"] = nil },
		"another audience":          func(p *op) { p.claims["aud"] = "another" },
		"no audience":               func(p *op) { p.claims["aud"] = nil },
		"an audience in part":       func(p *op) { p.claims["aud"] = "client-2" },
		"several, and no party":     func(p *op) { p.claims["aud"] = []string{"client", "another"} },
		"another party":             func(p *op) { p.claims["azp"] = "another" },
		"a party that is none":      func(p *op) { p.claims["azp"] = []string{"client"} },
		"expired":                   func(p *op) { p.claims["exp"] = now - 1 },
		"expiring":                  func(p *op) { p.claims["exp"] = now },
		"no expiry":                 func(p *op) { p.claims["exp"] = nil },
		"not yet valid":             func(p *op) { p.claims["nbf"] = now + 3600 },
		"issued later":              func(p *op) { p.claims["iat"] = now + 3600 },
		"not issued":                func(p *op) { p.claims["iat"] = nil },
		"nobody":                    func(p *op) { p.claims["sub"] = nil },
		"an empty name":             func(p *op) { p.claims["sub"] = "" },
		"a name twice":              func(p *op) { p.claims["SUB"] = "victim" },
		"an audience twice":         func(p *op) { p.claims["aud"], p.claims["Aud"] = "another", "client" },
		"a K that is not one":       func(p *op) { p.claims["i\u017fs"] = p.URL },
		"unsigned":                  func(p *op) { p.sign = func(c any) string { return unsigned(`{"alg":"none"}`, c) } },
		"unsigned, by another name": func(p *op) { p.sign = func(c any) string { return unsigned(`{"alg":"None","kid":"k1"}`, c) } },
		"signed with the public key": func(p *op) {
			p.sign = func(c any) string {
				m := hmac.New(sha256.New, x509RSA)
				token := strings.TrimSuffix(unsigned(`{"alg":"HS256","kid":"k1"}`, c), ".")
				m.Write([]byte(token))
				return token + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
			}
		},
		"signed with the secret": func(p *op) {
			p.sign = func(c any) string { return signed(jose.HS256, []byte(strings.Repeat("s3cret", 6)), "k1", "JWT", c) }
		},
		"another key":                  func(p *op) { p.sign = func(c any) string { return signed(jose.RS256, newRSA(), "k1", "JWT", c) } },
		"a key that nobody knows":      func(p *op) { p.sign = func(c any) string { return signed(jose.RS256, rsaKey(), "k2", "JWT", c) } },
		"another algorithm":            func(p *op) { p.sign = func(c any) string { return signed(jose.RS512, rsaKey(), "k1", "JWT", c) } },
		"an algorithm of another kind": func(p *op) { p.sign = func(c any) string { return signed(jose.ES256, ecKey(), "k1", "JWT", c) } },
		"an access token":              func(p *op) { p.sign = func(c any) string { return signed(jose.RS256, rsaKey(), "k1", "at+jwt", c) } },
		"a logout token": func(p *op) {
			p.sign = func(c any) string { return signed(jose.RS256, rsaKey(), "k1", "application/logout+JWT", c) }
		},
		"a changed token": func(p *op) {
			p.sign = func(c any) string { return "e30" + signed(jose.RS256, rsaKey(), "k1", "JWT", c)[3:] }
		},
		"a cut token": func(p *op) {
			p.sign = func(c any) string {
				s := signed(jose.RS256, rsaKey(), "k1", "JWT", c)
				return s[:strings.LastIndexByte(s, '.')+1]
			}
		},
		"no token":           func(p *op) { p.sign = func(any) string { return "garbage" } },
		"a token with space": func(p *op) { p.sign = func(c any) string { return " " + signed(jose.RS256, rsaKey(), "k1", "JWT", c) } },
		"a token as JSON": func(p *op) {
			p.sign = func(c any) string {
				parts := strings.Split(signed(jose.RS256, rsaKey(), "k1", "JWT", c), ".")
				return fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, parts[0], parts[1], parts[2])
			}
		},
		"no object":     func(p *op) { p.sign = func(any) string { return signed(jose.RS256, rsaKey(), "k1", "JWT", `["x"]`) } },
		"a huge token":  func(p *op) { p.claims["x"] = strings.Repeat("x", 20<<10) },
		"another token": func(p *op) { p.claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" },
	} {
		t.Run(name, func(t *testing.T) {
			p := newOP(t)
			// The code flow of a test gives the claims that belong to it, and these count more.
			change(p)
			aud := p.claims["aud"]
			if _, said := p.claims["aud"]; said {
				sign := p.sign
				p.sign = func(c any) string {
					c.(map[string]any)["aud"] = aud
					maps.DeleteFunc(c.(map[string]any), func(_ string, v any) bool { return v == nil })
					if sign != nil {
						return sign(c)
					}
					return signed(jose.RS256, rsaKey(), "k1", "JWT", c)
				}
			}
			if who, err := p.through(t, p.apps(), p.app()); !errors.Is(err, provider.ErrRefused) || who != nil {
				t.Errorf("by code it is %+v, %v", who, err)
			}
			if who, err := p.apps().Verify(t.Context(), acme(), p.app(), provider.Token{ID: p.token(nil), Access: "access"}); !errors.Is(err, provider.ErrRefused) || who != nil {
				t.Errorf("by token it is %+v, %v", who, err)
			}
		})
	}
}

// What a code flow alone has.
func TestOpenIDRefusesToComplete(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*op)
		params func(url.Values)
		want   error
	}{
		"another nonce":        {func(p *op) { p.sign = renonced("another") }, nil, provider.ErrRefused},
		"no nonce":             {func(p *op) { p.sign = renonced(nil) }, nil, provider.ErrRefused},
		"a nonce of numbers":   {func(p *op) { p.sign = renonced(1) }, nil, provider.ErrRefused},
		"somebody else":        {func(p *op) { p.info["sub"] = "victim" }, nil, provider.ErrRefused},
		"a profile of nobody":  {func(p *op) { delete(p.info, "sub") }, nil, provider.ErrRefused},
		"no ID token":          {func(p *op) { p.tokens["id_token"] = nil }, nil, provider.ErrRefused},
		"another code":         {nil, func(q url.Values) { q.Set("code", "made-up") }, provider.ErrRefused},
		"no code":              {nil, func(q url.Values) { q.Del("code") }, provider.ErrRefused},
		"a mistake":            {nil, func(q url.Values) { q.Set("error", "server_error") }, provider.ErrRefused},
		"somebody's own no":    {nil, func(q url.Values) { q.Set("error", "access_denied") }, provider.ErrCancelled},
		"another issuer's":     {nil, func(q url.Values) { q.Set("iss", "https://evil.example") }, provider.ErrRefused},
		"an issuer's unsigned": {func(p *op) { p.document["authorization_response_iss_parameter_supported"] = true }, nil, provider.ErrRefused},
		"another issuer's no":  {nil, func(q url.Values) { q.Set("error", "access_denied"); q.Set("iss", "https://evil.example") }, provider.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			p := newOP(t)
			if c.change != nil {
				c.change(p)
			}
			apps := p.apps()
			to, err := apps.Begin(t.Context(), acme(), p.app(), attempt("1"))
			if err != nil {
				t.Fatal(err)
			}
			params := p.authorize(t, to)
			if c.params != nil {
				c.params(params)
			}
			if who, err := apps.Complete(t.Context(), acme(), p.app(), attempt("1"), params); !errors.Is(err, c.want) || who != nil {
				t.Errorf("it is %+v, %v", who, err)
			}
		})
	}
	p := newOP(t)
	apps := p.apps()
	to, err := apps.Begin(t.Context(), acme(), p.app(), attempt("1"))
	if err != nil {
		t.Fatal(err)
	}
	params := p.authorize(t, to)
	if _, err := apps.Complete(t.Context(), acme(), p.app(), attempt("2"), params); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("with the verifier of another attempt it is %v", err)
	}
	params.Set("iss", p.URL)
	if _, err := apps.Complete(t.Context(), acme(), p.app(), attempt("1"), params); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("a code that was used is %v", err)
	}
	params = p.authorize(t, to)
	params.Set("iss", p.URL)
	if _, err := apps.Complete(t.Context(), acme(), p.app(), attempt("1"), params); err != nil {
		t.Errorf("of the issuer's own it is %v", err)
	}
	p.sign = renonced(nil)
	bare := attempt("1")
	bare.Nonce = ""
	if _, err := apps.Complete(t.Context(), acme(), p.app(), bare, p.authorize(t, to)); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("without a nonce on either side it is %v", err)
	}
}

func renonced(nonce any) func(any) string {
	return func(c any) string {
		claims := c.(map[string]any)
		claims["nonce"] = nonce
		return signed(jose.RS256, rsaKey(), "k1", "JWT", claims)
	}
}

// A provider that is down, slow, elsewhere or senseless is no proof of anything, and no reason to wait.
func TestOpenIDProvidersInTrouble(t *testing.T) {
	leads := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	answers := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	const discovery = "/.well-known/openid-configuration"
	huge := answers(http.StatusOK, `{"x": "`+strings.Repeat("x", 1<<20)+`"}`)
	for name, change := range map[string]func(*op){
		"no document":                func(p *op) { p.routes[discovery] = answers(404, "") },
		"a document that is none":    func(p *op) { p.routes[discovery] = answers(200, "<html>") },
		"a huge document":            func(p *op) { p.routes[discovery] = huge },
		"a document elsewhere":       func(p *op) { p.routes[discovery] = leads("http://127.0.0.1:1/") },
		"another issuer's document":  func(p *op) { p.document["issuer"] = "https://evil.example" },
		"no issuer":                  func(p *op) { delete(p.document, "issuer") },
		"no endpoint":                func(p *op) { delete(p.document, "token_endpoint") },
		"an endpoint without TLS":    func(p *op) { p.document["token_endpoint"] = "http://idp.example/token" },
		"a page that is a script":    func(p *op) { p.document["authorization_endpoint"] = "javascript:alert(1)" },
		"no keys":                    func(p *op) { p.routes["/keys"] = answers(500, "") },
		"huge keys":                  func(p *op) { p.routes["/keys"] = huge },
		"keys elsewhere":             func(p *op) { p.routes["/keys"] = leads("http://127.0.0.1:1/") },
		"keys that are none":         func(p *op) { p.routes["/keys"] = answers(200, "[]") },
		"a token endpoint down":      func(p *op) { p.routes["/token"] = answers(503, "") },
		"a token endpoint elsewhere": func(p *op) { p.routes["/token"] = leads("http://127.0.0.1:1/") },
		"a huge answer":              func(p *op) { p.routes["/token"] = huge },
		"an answer that is none":     func(p *op) { p.routes["/token"] = answers(200, "s3cret") },
		"no access token":            func(p *op) { p.tokens["access_token"] = nil },
		"a wrong secret":             func(p *op) { p.secret = "another" },
		"no profile":                 func(p *op) { p.routes["/userinfo"] = answers(500, "") },
		"a profile elsewhere":        func(p *op) { p.routes["/userinfo"] = leads("http://127.0.0.1:1/") },
		"a huge profile":             func(p *op) { p.routes["/userinfo"] = huge },
		"a profile that is none":     func(p *op) { p.routes["/userinfo"] = answers(200, "[]") },
		"a profile and more":         func(p *op) { p.routes["/userinfo"] = answers(200, `{"sub": "248289761001"} {}`) },
		"signatures of no use":       func(p *op) { p.document["id_token_signing_alg_values_supported"] = []string{"none", "HS256"} },
	} {
		t.Run(name, func(t *testing.T) {
			p := newOP(t)
			change(p)
			who, err := p.through(t, p.apps(), p.app())
			if err == nil || errors.Is(err, provider.ErrRefused) || errors.Is(err, provider.ErrCancelled) || who != nil {
				t.Fatalf("it is %+v, %v", who, err)
			}
			if strings.Contains(err.Error(), "s3cret") || len(err.Error()) > 600 {
				t.Errorf("told is %v", err)
			}
		})
	}
	p := newOP(t)
	p.routes[discovery] = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.apps().Begin(ctx, acme(), p.app(), attempt("1")); err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("of a slow one it is %v", err)
	}
	q := newOP(t)
	closed := provider.New(provider.Options{Client: provider.Client(outbound.Dialer{}, nil), Clock: clock.System{}})
	if _, err := closed.Begin(t.Context(), acme(), q.app(), attempt("1")); err == nil || !strings.Contains(err.Error(), "public internet") || len(q.asked) > 0 {
		t.Errorf("at a neighbour it is %v", err)
	}
}

// As in Zitadel CVE-2026-55671 and Casdoor CVE-2026-5469, a step further on: a provider on the public internet describes itself, and names addresses
// that only the server can reach. Nothing arrives there, by a login, a token that is handed in, or a test.
func TestOpenIDProviderThatLeadsInside(t *testing.T) {
	var came atomic.Int64
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }))
	defer inside.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "https://"), ":")
	for _, host := range []string{"127.0.0.1:" + port, "[::ffff:127.0.0.1]:" + port, "localhost:" + port, "169.254.169.254", "10.0.0.1", "[fd00::1]"} {
		for _, member := range []string{"token_endpoint", "jwks_uri", "userinfo_endpoint", "all others"} {
			p := newOP(t)
			for _, other := range []string{
				"registration_endpoint", "revocation_endpoint", "introspection_endpoint", "end_session_endpoint", "check_session_iframe", "op_policy_uri", "op_tos_uri",
				"service_documentation", "pushed_authorization_request_endpoint", "device_authorization_endpoint", "backchannel_authentication_endpoint",
			} {
				p.document[other] = "https://" + host + "/" + other
			}
			if member != "all others" {
				p.document[member] = "https://" + host + "/" + member
			}
			roots := x509.NewCertPool()
			roots.AddCert(p.Certificate())
			roots.AddCert(inside.Certificate())
			client := provider.Client(outbound.Dialer{}, &tls.Config{RootCAs: roots})
			client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				// The provider alone counts as public, for its own address.
				return outbound.Dialer{AllowPrivate: address == p.Listener.Addr().String()}.DialContext(ctx, network, address)
			}}
			apps := provider.New(provider.Options{Client: client, Clock: p.clock})
			_, err := p.through(t, apps, p.app())
			if refused := err != nil && strings.Contains(err.Error(), "public internet"); refused != (member != "all others") {
				t.Errorf("%s at %s: of a login it is %v", member, host, err)
			}
			_, err = provider.New(provider.Options{Client: client, Clock: p.clock}).Verify(t.Context(), acme(), p.app(), provider.Token{ID: p.token(nil)})
			if refused := err != nil && strings.Contains(err.Error(), "public internet"); refused != (member == "jwks_uri") {
				t.Errorf("%s at %s: of a token it is %v", member, host, err)
			}
			tester := &provider.Tester{Client: client, Clock: p.clock}
			said := words(tester.Test(t.Context(), acme(), p.app()))
			if refused := strings.Contains(said, "public internet"); refused != (member == "jwks_uri" || member == "token_endpoint") {
				t.Errorf("%s at %s: of a test it is %s", member, host, said)
			}
		}
	}
	if n := came.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

// Tokens that front ends hand in.
func TestOpenIDTokens(t *testing.T) {
	p := newOP(t)
	apps := p.apps()
	p.claims = map[string]any{"email": "jane@corp.example", "email_verified": true, "jti": "j1", "nonce": "the front end's", "azp": "client"}
	who, err := apps.Verify(t.Context(), acme(), p.app(), provider.Token{ID: p.token(nil)})
	if err != nil || who.UID != "248289761001" || !who.Emails[0].Verified || who.Tokens != nil || who.Once == nil {
		t.Fatalf("it is %+v, %v", who, err)
	}
	again, err := apps.Verify(t.Context(), acme(), p.app(), provider.Token{ID: p.token(map[string]any{"x": 1})})
	if err != nil || *again.Once != *who.Once {
		t.Errorf("of the same jti it is %+v, %v", again, err)
	}
	other, err := apps.Verify(t.Context(), acme(), p.app(), provider.Token{ID: p.token(map[string]any{"jti": "j2"})})
	if err != nil || *other.Once == *who.Once {
		t.Errorf("of another jti it is %+v, %v", other, err)
	}
	if plain, err := apps.Verify(t.Context(), acme(), p.app(), provider.Token{ID: p.token(map[string]any{"jti": nil})}); err != nil || plain.Once != nil {
		t.Errorf("without a jti it is %+v, %v", plain, err)
	}
	h := sha256.Sum256([]byte("access"))
	hash := base64.RawURLEncoding.EncodeToString(h[:16])
	if _, err := apps.Verify(t.Context(), acme(), p.app(), provider.Token{ID: p.token(map[string]any{"at_hash": hash}), Access: "access"}); err != nil {
		t.Errorf("with its access token it is %v", err)
	}
	if _, err := apps.Verify(t.Context(), acme(), p.app(), provider.Token{Access: "access"}); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of an access token alone it is %v", err)
	}
	two := map[string]any{"aud": []string{"another", "client"}, "azp": "client"}
	if _, err := apps.Verify(t.Context(), acme(), p.app(), provider.Token{ID: p.token(two)}); err != nil {
		t.Errorf("of two audiences it is %v", err)
	}
	if p.asked["/userinfo"] != 0 || p.asked["/keys"] != 1 {
		t.Errorf("asked was %v", p.asked)
	}
}

// Every kind of signature that a public key checks.
func TestOpenIDAlgorithms(t *testing.T) {
	for alg, key := range map[jose.SignatureAlgorithm]crypto.Signer{jose.RS256: rsaKey(), jose.PS512: rsaKey(), jose.ES256: ecKey(), jose.EdDSA: edKey()} {
		p := newOP(t)
		p.document["id_token_signing_alg_values_supported"] = []string{string(alg)}
		p.keys = append(p.keys, jose.JSONWebKey{Key: key.Public(), KeyID: "mine"})
		p.sign = func(c any) string { return signed(alg, key, "mine", "JWT", c) }
		if who, err := p.through(t, p.apps(), p.app()); err != nil || who.UID == "" {
			t.Errorf("%s: it is %+v, %v", alg, who, err)
		}
		p.sign = func(c any) string { return signed(alg, key, "", "JWT", c) }
		if _, err := p.through(t, p.apps(), p.app()); err != nil {
			t.Errorf("%s without a key's id: it is %v", alg, err)
		}
	}
	short := must(rsa.GenerateKey(rand.Reader, 1024))
	p := newOP(t)
	p.keys = []jose.JSONWebKey{{Key: short.Public(), KeyID: "short"}}
	p.sign = func(c any) string { return signed(jose.RS256, short, "short", "JWT", c) }
	if _, err := p.through(t, p.apps(), p.app()); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of a key of 1024 bits it is %v", err)
	}
	p = newOP(t)
	p.document["id_token_signing_alg_values_supported"] = []string{"RS256", "PS256"}
	p.sign = func(c any) string { return signed(jose.PS256, rsaKey(), "k1", "JWT", c) }
	if _, err := p.through(t, p.apps(), p.app()); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of a key that is for another algorithm it is %v", err)
	}
	p = newOP(t)
	p.keys[0].Use = "enc"
	if _, err := p.through(t, p.apps(), p.app()); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of a key that encrypts it is %v", err)
	}
}

// What is said of an address is said of no other one.
func TestAddressAndWordOfIt(t *testing.T) {
	verified := func(claims, info map[string]any) bool {
		p := newOP(t)
		p.claims, p.info = claims, info
		info["sub"] = "248289761001"
		who, err := p.through(t, p.apps(), p.app())
		if err != nil || len(who.Emails) != 1 {
			t.Fatalf("it is %+v, %v", who, err)
		}
		return who.Emails[0].Verified
	}
	mine, other := map[string]any{"email": "mine@corp.example", "email_verified": true}, map[string]any{"email": "other@corp.example"}
	if verified(maps.Clone(mine), maps.Clone(other)) {
		t.Error("an address of the profile is verified by the ID token")
	}
	if verified(maps.Clone(other), map[string]any{"email_verified": true}) {
		t.Error("an address of the ID token is verified by the profile")
	}
	if !verified(maps.Clone(mine), map[string]any{}) || !verified(maps.Clone(other), maps.Clone(mine)) {
		t.Error("an address is not verified by those who say so")
	}
}

// A signed profile (Core 1.0, section 5.3.2).
func TestOpenIDSignedProfile(t *testing.T) {
	p := newOP(t)
	token := signed(jose.RS256, rsaKey(), "k1", "JWT", map[string]any{"iss": p.URL, "aud": "client", "sub": "248289761001", "name": "Signed"})
	p.routes["/userinfo"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwt")
		_, _ = w.Write([]byte(token))
	}
	if who, err := p.through(t, p.apps(), p.app()); err != nil || who.Name != "Signed" {
		t.Errorf("it is %+v, %v", who, err)
	}
	token = signed(jose.RS256, newRSA(), "k1", "JWT", map[string]any{"iss": p.URL, "aud": "client", "sub": "248289761001"})
	if who, err := p.through(t, p.apps(), p.app()); err == nil {
		t.Errorf("of a forged one it is %+v", who)
	}
	token = signed(jose.RS256, rsaKey(), "k1", "JWT", map[string]any{"iss": p.URL, "aud": "another", "sub": "248289761001"})
	if who, err := p.through(t, p.apps(), p.app()); err == nil {
		t.Errorf("of another app's it is %+v", who)
	}
}

// Keys are asked for anew when there is one that nobody knows, though not as often as strangers please, and what was taken back is forgotten.
func TestOpenIDKeysRotate(t *testing.T) {
	p := newOP(t)
	apps, a := p.apps(), p.app()
	verify := func(kid string, key *rsa.PrivateKey) error {
		now := p.clock.Now().Unix()
		_, err := apps.Verify(t.Context(), acme(), a, provider.Token{ID: signed(jose.RS256, key, kid, "JWT", map[string]any{
			"iss": p.URL, "aud": "client", "sub": "1", "iat": now, "exp": now + 60,
		})})
		return err
	}
	if err := verify("k1", rsaKey()); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.keys = append(p.keys, jose.JSONWebKey{Key: newRSA().Public(), KeyID: "k2"})
	p.mu.Unlock()
	for range 5 {
		if err := verify("k2", newRSA()); !errors.Is(err, provider.ErrRefused) {
			t.Fatalf("before it was asked for again it is %v", err)
		}
	}
	if p.asked["/keys"] != 1 {
		t.Fatalf("within the pause the keys were asked for %d times", p.asked["/keys"])
	}
	p.clock.Advance(11 * time.Second)
	if err := verify("k2", newRSA()); err != nil {
		t.Fatalf("of the new key it is %v", err)
	}
	for range 20 {
		if err := verify("k3", rsaKey()); !errors.Is(err, provider.ErrRefused) {
			t.Fatalf("of a key that nobody knows it is %v", err)
		}
		if err := verify("k1", newRSA()); !errors.Is(err, provider.ErrRefused) {
			t.Fatalf("of a wrong signature it is %v", err)
		}
	}
	if p.asked["/keys"] != 2 {
		t.Fatalf("the keys were asked for %d times", p.asked["/keys"])
	}
	p.mu.Lock()
	p.keys = p.keys[1:]
	p.routes["/keys"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	p.mu.Unlock()
	p.clock.Advance(11 * time.Minute)
	if err := verify("k1", rsaKey()); err != nil {
		t.Errorf("while the keys cannot be had it is %v", err)
	}
	p.clock.Advance(time.Minute)
	p.mu.Lock()
	delete(p.routes, "/keys")
	p.mu.Unlock()
	if err := verify("k2", newRSA()); err != nil {
		t.Errorf("of the key that stayed it is %v", err)
	}
	if err := verify("k1", rsaKey()); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of the key that went it is %v", err)
	}
	p.mu.Lock()
	p.routes["/keys"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	p.mu.Unlock()
	p.clock.Advance(3 * time.Hour)
	if err := verify("k2", newRSA()); err == nil || errors.Is(err, provider.ErrRefused) {
		t.Errorf("of keys that are too old it is %v", err)
	}
}

func TestAbout(t *testing.T) {
	p := newOP(t)
	about := func(change func(*tenants.App)) provider.About {
		a := p.app()
		change(&a)
		got, ok := p.apps().About(a)
		if !ok {
			t.Fatalf("%s is not known", a.Provider)
		}
		return got
	}
	if got := about(func(*tenants.App) {}); got != (provider.About{ID: "corp", Name: "Corp", ClientID: "client", Redirect: true, Token: true,
		ConfigurationURL: p.URL + "/.well-known/openid-configuration"}) {
		t.Errorf("it is %+v", got)
	}
	if got := about(func(a *tenants.App) { a.Settings.ServerURL = "https://x.example/a/.well-known/other" }); got.ConfigurationURL != "https://x.example/a/.well-known/other" {
		t.Errorf("it is %+v", got)
	}
	if got := about(func(a *tenants.App) { a.Provider, a.ID, a.Name = "github", "github", "" }); got.Name != "GitHub" || got.Token || !got.Redirect || got.ConfigurationURL != "" {
		t.Errorf("it is %+v", got)
	}
	if _, ok := p.apps().About(tenants.App{Provider: "nobody"}); ok {
		t.Error("a provider that nobody knows is known")
	}
	if _, err := p.apps().Begin(t.Context(), acme(), tenants.App{Provider: "nobody"}, attempt("1")); err == nil {
		t.Error("somebody is sent to nobody")
	}
}

// Two tenants with apps at two providers of the same client id, and one app of both at a third, all at once: nobody is taken for anybody else.
// The race detector watches.
func TestTenantsAtOnce(t *testing.T) {
	one, two, shared := newOP(t), newOP(t), newOP(t)
	two.secret, two.info["sub"], two.claims["sub"] = "s3cret", "two", "two"
	shared.document["id_token_signing_alg_values_supported"] = []string{"ES256"}
	shared.keys = []jose.JSONWebKey{{Key: ecKey().Public(), KeyID: "k1"}}
	shared.sign = func(c any) string { return signed(jose.ES256, ecKey(), "k1", "JWT", c) }
	roots := x509.NewCertPool()
	for _, p := range []*op{one, two, shared} {
		roots.AddCert(p.Certificate())
	}
	apps := provider.New(provider.Options{
		Client: provider.Client(outbound.Dialer{AllowPrivate: true}, &tls.Config{RootCAs: roots}), Clock: one.clock,
	})
	foreign := one.token(nil)
	var wg sync.WaitGroup
	for i := range 24 {
		p := []*op{one, two, shared}[i%3]
		of := acme()
		if i%2 == 1 {
			of = acme()
			of.ID, of.Slug, of.Settings.PublicURL = "2", "globex", "https://id.globex.example"
			of.Settings.SocialAccount.Providers["openid_connect"] = tenants.Provider{VerifiedEmail: tenants.OneOrList{List: []string{"globex.example"}}}
		}
		wg.Go(func() {
			a, at := p.app(), attempt(fmt.Sprint(i))
			to, err := apps.Begin(t.Context(), of, a, at)
			if err != nil || !strings.HasPrefix(to, p.URL) || !strings.Contains(to, url.QueryEscape(of.PublicURL())) {
				t.Errorf("%d: sent to %s, %v", i, to, err)
				return
			}
			u, _ := url.Parse(to)
			p.mu.Lock()
			code := fmt.Sprint("code-", i)
			p.codes[code] = u.Query()
			p.mu.Unlock()
			who, err := apps.Complete(t.Context(), of, a, at, url.Values{"code": {code}})
			if err != nil || who.UID != p.info["sub"] || who.Tokens.Access != "access-"+code {
				t.Errorf("%d: it is %+v, %v", i, who, err)
			}
			if who, err := apps.Verify(t.Context(), of, a, provider.Token{ID: foreign}); (err == nil) != (p == one) {
				t.Errorf("%d: of the first provider's token it is %+v, %v", i, who, err)
			}
		})
	}
	wg.Wait()
	for _, p := range []*op{one, two, shared} {
		if p.asked["/.well-known/openid-configuration"] != 1 || p.asked["/keys"] > 2 {
			t.Errorf("asked was %v", p.asked)
		}
	}
}
