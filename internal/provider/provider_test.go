package provider_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
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
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/tenants"
)

const (
	clientID = "client: 1/ä"
	hidden   = "hunter2+hunter2/=&"
)

// start is when the tests begin. It is said here, for what package testkit brings along would keep them from the race detector (race-quick).
var start = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// idp is an identity provider. What a test changes of it, it does otherwise than it should.
type idp struct {
	*httptest.Server
	document map[string]any
	keys     any
	takes    func(id, secret string) bool
	routes   map[string]http.HandlerFunc // in the place of what is usual
	asked    []string
	form     url.Values // of the last request for a token
}

func newIDP(t *testing.T, serve func(http.Handler) *httptest.Server) *idp {
	t.Helper()
	p := &idp{routes: map[string]http.HandlerFunc{}, takes: func(id, secret string) bool { return id == clientID && secret == hidden }}
	p.Server = serve(p)
	t.Cleanup(p.Close)
	p.document = map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "private_key_jwt"},
	}
	p.keys = map[string]any{"keys": []map[string]any{{"kty": "RSA", "use": "sig"}, {"kty": "EC"}, {"kty": "RSA", "use": "enc"}, {"kty": "oct"}}}
	return p
}

func (p *idp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked = append(p.asked, r.Method+" "+r.URL.Path)
	w.Header().Set("Content-Type", "application/json")
	if own, ok := p.routes[r.URL.Path]; ok {
		own(w, r)
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(p.document)
	case "/keys":
		_ = json.NewEncoder(w).Encode(p.keys)
	case "/token":
		p.token(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// token is a token endpoint as RFC 6749 has it: it looks at the client first, and then refuses the code.
func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	p.form = r.PostForm
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(password)
	}
	switch {
	case !p.takes(id, secret):
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error": "invalid_client", "error_description": "bad\u0007 <b>client</b>\nsorry"}`)
	case r.PostForm.Get("grant_type") != "authorization_code" || r.PostForm.Get("code") == "" || r.PostForm.Get("redirect_uri") == "":
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"error": "invalid_request"}`)
	default:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"error": "invalid_grant"}`)
	}
}

// tester is one that trusts the provider's certificate, and reaches private addresses.
func (p *idp) tester() *provider.Tester {
	roots := x509.NewCertPool()
	if p.Certificate() != nil {
		roots.AddCert(p.Certificate())
	}
	return &provider.Tester{Client: provider.Client(outbound.Dialer{AllowPrivate: true}, &tls.Config{RootCAs: roots}), Clock: clock.At(start)}
}

// app is an app at the provider, with what change says.
func (p *idp) app(change func(*tenants.App)) tenants.App {
	a := tenants.App{Provider: "openid_connect", ID: "corp", ProviderApp: tenants.ProviderApp{
		ProviderID: "corp", ClientID: clientID, Secret: tenants.NewSecret(hidden), Settings: tenants.ProviderAppSettings{ServerURL: p.URL},
	}}
	if change != nil {
		change(&a)
	}
	return a
}

func acme() *tenants.Tenant {
	s := tenants.Defaults()
	s.PublicURL = "https://id.acme.example"
	s.SocialAccount.OpenIDConnectURLPrefix = "oidc"
	return &tenants.Tenant{ID: "1", Slug: "acme", Settings: s}
}

// levels are the steps and how they came out.
func levels(steps []provider.Step) string {
	var all []string
	for _, s := range steps {
		all = append(all, s.Step+" "+string(s.Level))
	}
	return strings.Join(all, ", ")
}

// words are everything that the steps say.
func words(steps []provider.Step) string {
	var all []string
	for _, s := range steps {
		all = append(all, s.Message, s.Remedy)
	}
	return strings.Join(all, "\n")
}

const allFine = "discovery ok, issuer ok, keys ok, credentials ok"

func TestAppThatWorks(t *testing.T) {
	p := newIDP(t, httptest.NewTLSServer)
	for name, change := range map[string]func(*tenants.App){
		"by its issuer":   nil,
		"by its document": func(a *tenants.App) { a.Settings.ServerURL += "/.well-known/openid-configuration" },
		"by post":         func(a *tenants.App) { a.Settings.TokenAuthMethod = "client_secret_post" },
		"by basic":        func(a *tenants.App) { a.Settings.TokenAuthMethod = "client_secret_basic" },
	} {
		t.Run(name, func(t *testing.T) {
			p.asked = nil
			a := p.app(change)
			got := p.tester().Test(t.Context(), acme(), a)
			if levels(got) != allFine {
				t.Fatalf("got %+v", got)
			}
			if want := []string{"GET /.well-known/openid-configuration", "GET /keys", "POST /token"}; !slices.Equal(p.asked, want) {
				t.Errorf("asked were %v", p.asked)
			}
			if p.form.Get("redirect_uri") != "https://id.acme.example/accounts/oidc/corp/login/callback/" || !strings.HasPrefix(p.form.Get("code"), "made-up-") {
				t.Errorf("sent was %v", p.form)
			}
			if byPost := a.Settings.TokenAuthMethod == "client_secret_post"; byPost != p.form.Has("client_secret") {
				t.Errorf("sent was %v", p.form)
			}
		})
	}
	if !strings.Contains(words(p.tester().Test(t.Context(), acme(), p.app(nil))), "2 keys that sign") {
		t.Error("the keys that sign are not counted")
	}
	p.document["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	if got := p.tester().Test(t.Context(), acme(), p.app(nil)); levels(got) != allFine || !p.form.Has("client_secret") {
		t.Errorf("by post alone it is %+v", got)
	}
	delete(p.document, "token_endpoint_auth_methods_supported")
	if got := p.tester().Test(t.Context(), acme(), p.app(nil)); levels(got) != allFine || p.form.Has("client_secret") {
		t.Errorf("where nothing is said it is %+v", got)
	}
	p.takes = func(id, secret string) bool { return id == clientID && secret == "" }
	public := p.app(func(a *tenants.App) { a.Secret = tenants.Secret{} })
	if got := p.tester().Test(t.Context(), acme(), public); levels(got) != allFine || !strings.Contains(words(got), "no secret that could be wrong") {
		t.Errorf("of an app without a secret it is %+v", got)
	}
}

// What is wrong is told at its step, with what to do, and the secret is told nowhere.
func TestAppThatDoesNotWork(t *testing.T) {
	const unread = "discovery problem, issuer unknown, keys unknown, credentials unknown"
	answers := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	leads := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	const discovery = "/.well-known/openid-configuration"
	huge := answers(http.StatusOK, `{"issuer": "`+strings.Repeat("x", 1<<20)+`"}`)
	for name, c := range map[string]struct {
		change func(*idp)
		app    func(*tenants.App)
		levels string
		says   string
	}{
		"another issuer": {func(p *idp) { p.document["issuer"] = "https://evil.example" }, nil,
			"discovery ok, issuer problem, keys ok, credentials ok", "set server_url to https://evil.example"},
		"a slash": {func(p *idp) { p.document["issuer"] = p.URL + "/" }, nil,
			"discovery ok, issuer warning, keys ok, credentials ok", "differ by a slash"},
		"a slash, by its document": {func(p *idp) { p.document["issuer"] = p.URL + "/" }, func(a *tenants.App) { a.Settings.ServerURL += discovery }, allFine, ""},
		"no issuer": {func(p *idp) { delete(p.document, "issuer") }, nil,
			"discovery problem, issuer problem, keys ok, credentials ok", "lacks issuer"},
		"no endpoints": {func(p *idp) {
			maps.DeleteFunc(p.document, func(name string, _ any) bool { return name != "issuer" })
		}, nil, "discovery problem, issuer ok, keys problem, credentials problem", "lacks authorization_endpoint, token_endpoint, jwks_uri"},
		"no document":                 {func(p *idp) { p.routes[discovery] = answers(404, "") }, nil, unread, "answered 404."},
		"a document that is none":     {func(p *idp) { p.routes[discovery] = answers(200, "<html>") }, nil, unread, "is not a discovery document"},
		"a document with nothing":     {func(p *idp) { p.routes[discovery] = answers(200, "{}") }, nil, unread, "Set server_url to the issuer"},
		"a document of another shape": {func(p *idp) { p.routes[discovery] = answers(200, `{"issuer": 1}`) }, nil, unread, "is not a discovery document"},
		"a huge document":             {func(p *idp) { p.routes[discovery] = huge }, nil, unread, "more than 256 KiB"},
		"a document elsewhere":        {func(p *idp) { p.routes[discovery] = leads("/else") }, nil, unread, "leads on to /else (302), which is not followed"},
		"no host":                     {nil, func(a *tenants.App) { a.Settings.ServerURL = "https://idp.invalid" }, unread, "idp.invalid"},
		"no keys": {func(p *idp) { p.keys = map[string]any{"keys": []any{}} }, nil,
			"discovery ok, issuer ok, keys problem, credentials ok", "no key that signs"},
		"keys that do not sign": {func(p *idp) {
			p.keys = map[string]any{"keys": []map[string]string{{"kty": "oct"}, {"kty": "RSA", "use": "enc"}}}
		}, nil,
			"discovery ok, issuer ok, keys problem, credentials ok", "no key that signs"},
		"a huge key set":          {func(p *idp) { p.routes["/keys"] = huge }, nil, "discovery ok, issuer ok, keys problem, credentials ok", "more than 256 KiB"},
		"keys elsewhere":          {func(p *idp) { p.routes["/keys"] = leads("http://169.254.169.254/") }, nil, "discovery ok, issuer ok, keys problem, credentials ok", "not followed"},
		"keys without protection": {func(p *idp) { p.document["jwks_uri"] = "http://idp.example/keys" }, nil, "discovery ok, issuer ok, keys problem, credentials ok", "does not begin with https://"},
		"a key set that is none":  {func(p *idp) { p.routes["/keys"] = answers(200, "[]") }, nil, "discovery ok, issuer ok, keys problem, credentials ok", "no key set"},
		"a wrong secret": {nil, func(a *tenants.App) { a.Secret = tenants.NewSecret("another") },
			"discovery ok, issuer ok, keys ok, credentials problem", "does not take the credentials (invalid_client: bad <b>client</b> sorry)"},
		"a wrong client": {nil, func(a *tenants.App) { a.ClientID = "other" },
			"discovery ok, issuer ok, keys ok, credentials problem", "Look at client_id and secret"},
		"no secret": {nil, func(a *tenants.App) { a.Secret = tenants.Secret{} },
			"discovery ok, issuer ok, keys ok, credentials problem", "The app has no secret"},
		"nothing but 401": {func(p *idp) { p.routes["/token"] = answers(401, "") }, nil,
			"discovery ok, issuer ok, keys ok, credentials problem", "does not take the credentials."},
		"an app that may not": {func(p *idp) { p.routes["/token"] = answers(400, `{"error": "unauthorized_client"}`) }, nil,
			"discovery ok, issuer ok, keys ok, credentials problem", "authorization code flow"},
		"a callback that is not known": {func(p *idp) { p.routes["/token"] = answers(400, `{"error": "redirect_uri_mismatch"}`) }, nil,
			"discovery ok, issuer ok, keys ok, credentials problem", "Register https://id.acme.example/accounts/oidc/corp/login/callback/ there"},
		"a code that is taken": {func(p *idp) { p.routes["/token"] = answers(200, `{"access_token": "x"}`) }, nil,
			"discovery ok, issuer ok, keys ok, credentials problem", "took a code that was made up"},
		"a server in trouble": {func(p *idp) { p.routes["/token"] = answers(503, "") }, nil,
			"discovery ok, issuer ok, keys ok, credentials unknown", "Try again later"},
		"another fault": {func(p *idp) { p.routes["/token"] = answers(400, `{"error": "invalid_request"}`) }, nil,
			"discovery ok, issuer ok, keys ok, credentials unknown", "400 (invalid_request)"},
		"no answer of a token endpoint": {func(p *idp) { p.routes["/token"] = answers(200, `{"error": {"code": 1}}`) }, nil,
			"discovery ok, issuer ok, keys ok, credentials unknown", "answered 200"},
		"a huge answer":    {func(p *idp) { p.routes["/token"] = huge }, nil, "discovery ok, issuer ok, keys ok, credentials problem", "more than 32 KiB"},
		"tokens elsewhere": {func(p *idp) { p.routes["/token"] = leads("/else") }, nil, "discovery ok, issuer ok, keys ok, credentials problem", "not followed"},
		"tokens without protection": {func(p *idp) { p.document["token_endpoint"] = "http://idp.example/token" }, nil,
			"discovery ok, issuer ok, keys ok, credentials problem", "does not begin with https://"},
		"tokens at no address": {func(p *idp) { p.document["token_endpoint"] = "javascript:x" }, nil,
			"discovery ok, issuer ok, keys ok, credentials problem", "is not an address"},
		"ways that are not offered": {func(p *idp) { p.document["token_endpoint_auth_methods_supported"] = []string{"private_key_jwt"} }, nil,
			"discovery ok, issuer ok, keys ok, credentials unknown", "private_key_jwt"},
		"an answer that repeats the secret": {func(p *idp) {
			p.routes["/token"] = func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": r.Header.Get("Authorization")})
			}
		}, nil, "discovery ok, issuer ok, keys ok, credentials problem", "words with a secret in them"},
		"a document that repeats the secret": {func(p *idp) { p.document["issuer"] = "https://" + url.QueryEscape(hidden) }, nil,
			"discovery ok, issuer problem, keys ok, credentials ok", "words with a secret in them"},
		"long words": {func(p *idp) {
			p.routes["/token"] = answers(400, `{"error": "invalid_client", "error_description": "`+strings.Repeat("y", 5000)+`"}`)
		}, nil, "discovery ok, issuer ok, keys ok, credentials problem", "yyy…)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t, httptest.NewTLSServer)
			if c.change != nil {
				c.change(p)
			}
			got := p.tester().Test(t.Context(), acme(), p.app(c.app))
			if levels(got) != c.levels || !strings.Contains(words(got), c.says) {
				t.Errorf("got %s\n%s", levels(got), words(got))
			}
			said := words(got)
			for _, secret := range []string{hidden, url.QueryEscape(hidden), base64.StdEncoding.EncodeToString([]byte(hidden)),
				base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(clientID) + ":" + url.QueryEscape(hidden)))} {
				if strings.Contains(said, secret) {
					t.Errorf("the secret is told: %s", said)
				}
			}
			if len(said) > 3000 || strings.ContainsAny(said, "\a\r\t") {
				t.Errorf("too much is repeated: %q", said)
			}
			if slices.Contains(p.asked, "GET /else") || slices.Contains(p.asked, "POST /else") {
				t.Error("a redirect was followed")
			}
		})
	}
}

// The way out is closed to neighbours, and what is not protected is not trusted with a secret.
func TestAppAtANeighbour(t *testing.T) {
	p := newIDP(t, httptest.NewTLSServer)
	closed := p.tester()
	closed.Client = provider.Client(outbound.Dialer{}, nil)
	for _, address := range []string{p.URL, strings.Replace(p.URL, "127.0.0.1", "localhost", 1), "https://169.254.169.254/latest", "https://[::1]:1"} {
		got := closed.Test(t.Context(), acme(), p.app(func(a *tenants.App) { a.Settings.ServerURL = address }))
		if levels(got) != "discovery problem, issuer unknown, keys unknown, credentials unknown" || !strings.Contains(words(got), "not on the public internet") {
			t.Errorf("%s: got %+v", address, got)
		}
	}
	if len(p.asked) != 0 {
		t.Errorf("asked were %v", p.asked)
	}
	untrusting := &provider.Tester{Client: provider.Client(outbound.Dialer{AllowPrivate: true}, &tls.Config{RootCAs: x509.NewCertPool()}), Clock: clock.System{}}
	if got := untrusting.Test(t.Context(), acme(), p.app(nil)); !strings.Contains(words(got), "certificate that is not trusted") {
		t.Errorf("got %+v", got)
	}
	plain := newIDP(t, httptest.NewServer)
	if got := plain.tester().Test(t.Context(), acme(), plain.app(nil)); !strings.Contains(words(got), "does not begin with https://") || len(plain.asked) != 0 {
		t.Errorf("asked were %v, got %+v", plain.asked, got)
	}
	open := plain.tester()
	open.Plain = true
	if got := open.Test(t.Context(), acme(), plain.app(nil)); levels(got) != "discovery warning, issuer ok, keys ok, credentials ok" {
		t.Errorf("got %+v", got)
	}
}

func TestAppThatIsWaitedForInVain(t *testing.T) {
	p := newIDP(t, httptest.NewTLSServer)
	p.routes["/.well-known/openid-configuration"] = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	of := acme()
	of.Settings.SocialAccount.RequestsTimeout = 1
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // the less of the two counts
	defer cancel()
	if got := p.tester().Test(ctx, of, p.app(nil)); !strings.Contains(words(got), "did not answer in time") {
		t.Errorf("got %+v", got)
	}
}

// to sends requests to the provider, whatever host they name, and keeps their addresses.
type to struct {
	provider *idp
	next     http.RoundTripper
	named    []string
}

func (d *to) RoundTrip(r *http.Request) (*http.Response, error) {
	d.named = append(d.named, r.URL.Scheme+"://"+r.URL.Host+r.URL.EscapedPath())
	at, err := url.Parse(d.provider.URL)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Host = at.Host
	return d.next.RoundTrip(r)
}

func TestKnownProvidersAreAskedWhereTheyAre(t *testing.T) {
	answers := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	issuedBy := func(issuer, discovery string) func(*idp) {
		return func(p *idp) {
			p.document["issuer"] = issuer
			p.routes[discovery] = func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(p.document) }
		}
	}
	const discovery = "/.well-known/openid-configuration"
	const tokens = "/login/oauth/access_token"
	for name, c := range map[string]struct {
		provider string
		settings tenants.ProviderAppSettings
		change   func(*idp)
		asked    string
		levels   string
	}{
		"google": {"google", tenants.ProviderAppSettings{}, issuedBy("https://accounts.google.com", discovery), "https://accounts.google.com" + discovery, allFine},
		"gitlab": {"gitlab", tenants.ProviderAppSettings{}, issuedBy("https://gitlab.com", discovery), "https://gitlab.com" + discovery, allFine},
		"gitlab of one's own": {"gitlab", tenants.ProviderAppSettings{GitLabURL: "https://git.example/"}, issuedBy("https://git.example/", discovery),
			"https://git.example" + discovery, allFine},
		"gitlab that is another": {"gitlab", tenants.ProviderAppSettings{GitLabURL: "https://git.example"}, issuedBy("https://gitlab.com", discovery),
			"https://git.example" + discovery, "discovery ok, issuer problem, keys ok, credentials ok"},
		"microsoft": {"microsoft", tenants.ProviderAppSettings{}, issuedBy("https://login.microsoftonline.com/{tenantid}/v2.0", "/common/v2.0"+discovery),
			"https://login.microsoftonline.com/common/v2.0" + discovery, "discovery ok, issuer ok, keys ok, credentials unknown"},
		"a directory of microsoft's": {"microsoft", tenants.ProviderAppSettings{Tenant: "a/../b"}, issuedBy("https://login.microsoftonline.com.evil.example/x/v2.0", "/a/../b/v2.0"+discovery),
			"https://login.microsoftonline.com/a%2F..%2Fb/v2.0" + discovery, "discovery ok, issuer problem, keys ok, credentials unknown"},
		"github": {"github", tenants.ProviderAppSettings{}, func(p *idp) { p.routes[tokens] = answers(200, `{"error": "bad_verification_code"}`) }, "https://github.com" + tokens, "credentials ok"},
		"github of another": {"github", tenants.ProviderAppSettings{GitHubURL: "https://hub.example/"}, func(p *idp) { p.routes[tokens] = answers(200, `{"error": "incorrect_client_credentials"}`) },
			"https://hub.example" + tokens, "credentials problem"},
		"github that does not know it": {"github", tenants.ProviderAppSettings{}, func(p *idp) { p.routes[tokens] = answers(404, `{"error": "Not Found"}`) },
			"https://github.com" + tokens, "credentials problem"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t, httptest.NewTLSServer)
			c.change(p)
			x := p.tester()
			d := &to{provider: p, next: x.Client.Transport}
			x.Client.Transport = d
			a := p.app(func(a *tenants.App) { a.Provider, a.ID, a.Settings = c.provider, c.provider, c.settings })
			if !provider.Testable(a) {
				t.Fatal("it cannot be tested")
			}
			got := x.Test(t.Context(), acme(), a)
			if levels(got) != c.levels || d.named[0] != c.asked {
				t.Errorf("asked was %s; got %s\n%s", d.named[0], levels(got), words(got))
			}
		})
	}
	unknown := tenants.App{Provider: "mastodon", ID: "mastodon"}
	if got := (&provider.Tester{}).Test(t.Context(), acme(), unknown); provider.Testable(unknown) || levels(got) != "credentials unknown" {
		t.Errorf("got %+v", got)
	}
}

// Apple's apps show a token of their own that a key signed, in the place of a secret.
func TestAppAtAppleSignsItsSecret(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := newIDP(t, httptest.NewTLSServer)
	p.document["issuer"] = "https://appleid.apple.com"
	p.document["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	var claims map[string]any
	p.takes = func(id, secret string) bool {
		parts := strings.Split(secret, ".")
		if id != clientID || len(parts) != 3 {
			return false
		}
		head, _ := base64.RawURLEncoding.DecodeString(parts[0])
		body, _ := base64.RawURLEncoding.DecodeString(parts[1])
		signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
		if string(head) != `{"alg":"ES256","kid":"KEY1234567"}` || json.Unmarshal(body, &claims) != nil || len(signature) != 64 {
			return false
		}
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		return ecdsa.Verify(&key.PublicKey, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	x := p.tester()
	x.Client.Transport = &to{provider: p, next: x.Client.Transport}
	a := p.app(func(a *tenants.App) {
		a.Provider, a.ID, a.Settings = "apple", "apple", tenants.ProviderAppSettings{}
		a.Secret, a.Key = tenants.NewSecret("KEY1234567"), tenants.NewSecret("TEAM123456")
		a.Settings.CertificateKey = tenants.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	})
	if got := x.Test(t.Context(), acme(), a); levels(got) != allFine {
		t.Fatalf("got %s\n%s", levels(got), words(got))
	}
	at := float64(start.Unix())
	if want := map[string]any{"iss": "TEAM123456", "sub": clientID, "aud": "https://appleid.apple.com", "iat": at, "exp": at + 300}; !maps.Equal(claims, want) {
		t.Errorf("it says %v", claims)
	}
	a.Settings.CertificateKey = tenants.NewSecret("not a key")
	if got := x.Test(t.Context(), acme(), a); levels(got) != "discovery ok, issuer ok, keys ok, credentials problem" || strings.Contains(words(got), "not a key") {
		t.Errorf("got %s\n%s", levels(got), words(got))
	}
	a.Key = tenants.Secret{}
	if got := x.Test(t.Context(), acme(), a); !strings.Contains(words(got), "id of the team") {
		t.Errorf("got %s\n%s", levels(got), words(got))
	}
}
