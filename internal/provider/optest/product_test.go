package optest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/headless/headlesstest"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

const (
	adminToken = "an-admin-token-for-tests-0123456789abcdef"
	password   = "Kestrel-Orbit-49!"
)

// product is the whole server, with one tenant whose public URL is reached by browsers here.
type product struct {
	*testing.T
	url      string // http://acme.localhost:port
	operator string
}

// boot starts the server on a new database of the engine.
func boot(t *testing.T, engine string) *product {
	t.Helper()
	cfg := config.Config{
		Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Database: config.Hide(testkit.URL(t, engine)), Keys: testkit.Keys(t),
		AdminToken: config.Hide(adminToken), MailFrom: mail.Address{Address: "no-reply@vestibule.example"}, AllowPrivateNetworks: true,
		HashWorkers: 2, RequestTimeout: 30 * time.Second, ShutdownTimeout: 10 * time.Second, MetricsTenants: 100, DatabaseMaxConns: 6,
	}
	a, err := app.New(t.Context(), cfg, app.Options{
		Log: slog.New(slog.NewTextHandler(logs{t}, &slog.HandlerOptions{Level: slog.LevelWarn})), Clock: clock.System{}, Hashing: passhash.Options{Cheap: true}, Even: time.Microsecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server did not stop cleanly: %v", err)
		}
	})
	_, port, err := net.SplitHostPort(a.Public.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p := &product{T: t, url: "http://acme.localhost:" + port, operator: "http://" + a.Operators.Addr().String()}
	p.admin(http.MethodPost, "/admin/v1/tenants", map[string]any{
		"slug": "acme", "name": "Acme", "hosts": []string{"acme.localhost"}, "config": map[string]any{
			"public_url": p.url,
			"account": map[string]any{
				"email_verification": "none", "signup_fields": []string{"email*", "password1*"}, "login_methods": []string{"email"},
				"email_notifications": false, "rate_limits": false,
			},
			"mfa": map[string]any{"allow_unverified_email": true, "totp_tolerance": 1},
		},
	})
	return p
}

// logs writes what the server logs where a failed test shows it.
type logs struct{ t *testing.T }

func (l logs) Write(line []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Log(strings.TrimSpace(string(line)))
	}
	return len(line), nil
}

// admin makes a request of the admin API.
func (p *product) admin(method, path string, body any) map[string]any {
	p.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		p.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.Context(), method, p.operator+path, bytes.NewReader(raw))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	r.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }() // it was read
	text, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode >= 300 {
		p.Fatalf("%s %s: %d %s, %v", method, path, a.StatusCode, text, err)
	}
	var said map[string]any
	if err := json.Unmarshal(text, &said); err != nil {
		p.Fatalf("%s: %v", text, err)
	}
	return said
}

// configure has the tenant have these providers.
func (p *product) configure(providers map[string]any) {
	p.Helper()
	p.admin(http.MethodPatch, "/admin/v1/tenants/acme", map[string]any{"config": map[string]any{"socialaccount": map[string]any{"providers": providers}}})
}

// browser is somebody's, with cookies and a page that is shown.
type browser struct {
	*product
	client *http.Client
	at     *url.URL
	status int
	page   string
}

func (p *product) browser() *browser {
	p.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.Fatal(err)
	}
	return &browser{product: p, client: &http.Client{
		Jar: jar, Transport: loopback(p.T), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// loopback reaches every host on this machine, as browsers reach *.localhost.
func loopback(t *testing.T) *http.Transport {
	made := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
	}}
	t.Cleanup(made.CloseIdleConnections)
	return made
}

// ask makes one request. Cookies of another site's form are left at home (SameSite=Lax).
func (b *browser) ask(method, address string, form url.Values, foreign bool) string {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := *b.client
	if foreign {
		client.Jar = nil
	}
	a, err := client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }() // it was read
	page, err := io.ReadAll(a.Body)
	if err != nil {
		b.Fatal(err)
	}
	b.at, b.status, b.page = r.URL, a.StatusCode, string(page)
	if to := a.Header.Get("Location"); to != "" {
		next, err := r.URL.Parse(to)
		if err != nil {
			b.Fatal(err)
		}
		return next.String()
	}
	return ""
}

// follow goes where it is sent, until it comes to a page or to the front end.
func (b *browser) follow(to string) {
	b.Helper()
	for range 20 {
		if to == "" {
			return
		}
		if u, err := url.Parse(to); err == nil && b.frontEnd(u) {
			b.at, b.status, b.page = u, http.StatusOK, ""
			return
		}
		to = b.ask(http.MethodGet, to, nil, false)
	}
	b.Fatalf("there is no end to it: %s", to)
}

// frontEnd reports whether an address is a page of the tenant's front end, which nobody serves here.
func (b *browser) frontEnd(u *url.URL) bool {
	return strings.HasPrefix(u.String(), b.url+"/") && !strings.HasPrefix(u.Path, "/accounts/") && !strings.HasPrefix(u.Path, "/_allauth/")
}

// submit posts the page's form, and goes on.
func (b *browser) submit(values url.Values) {
	b.Helper()
	b.follow(b.filled(values))
}

// filled posts the page's form with these values in its fields, and is where it is sent on to.
func (b *browser) filled(values url.Values) string {
	b.Helper()
	doc, err := html.Parse(strings.NewReader(b.page))
	if err != nil {
		b.Fatal(err)
	}
	action, form := "", url.Values{}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		attr := func(name string) string {
			for _, a := range n.Attr {
				if a.Key == name {
					return a.Val
				}
			}
			return ""
		}
		switch n.Data {
		case "form":
			action = attr("action")
		case "input":
			if name := attr("name"); name != "" {
				form.Set(name, attr("value"))
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	if len(form) == 0 {
		b.Fatalf("there is no form at %s: %d %s", b.at, b.status, b.page)
	}
	for name, value := range values {
		form[name] = value
	}
	to, err := b.at.Parse(action)
	if err != nil {
		b.Fatal(err)
	}
	return b.ask(http.MethodPost, to.String(), form, to.Host != b.at.Host)
}

// call makes a request of the headless API, for browsers.
func (b *browser) call(method, path string, body any) (status int, said map[string]any) {
	b.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(b.Context(), method, b.url+"/_allauth/browser/v1"+path, in)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Csrftoken", b.csrf())
	a, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }() // it was read
	text, err := io.ReadAll(a.Body)
	if err != nil {
		b.Fatal(err)
	}
	if err := headlesstest.Conforms(method, r.URL.Path, a.StatusCode, a.Header, text); err != nil {
		b.Error(err)
	}
	if err := json.Unmarshal(text, &said); err != nil {
		b.Fatal(err)
	}
	return a.StatusCode, said
}

func (b *browser) csrf() string {
	u, err := url.Parse(b.url)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == "csrftoken" {
			return c.Value
		}
	}
	return ""
}

// who is the address of whoever is signed in; "" for nobody, and what is waited for then.
func (b *browser) who() (email, pending string) {
	b.Helper()
	status, said := b.call(http.MethodGet, "/auth/session", nil)
	data, _ := said["data"].(map[string]any)
	if status == http.StatusOK {
		user, _ := data["user"].(map[string]any)
		email, _ = user["email"].(string)
		return email, ""
	}
	flows, _ := data["flows"].([]any)
	for _, f := range flows {
		if f, _ := f.(map[string]any); f["is_pending"] == true {
			pending, _ = f["id"].(string)
		}
	}
	return "", pending
}

// leave goes to a provider.
func (b *browser) leave(provider, process string) {
	b.Helper()
	b.call(http.MethodGet, "/auth/session", nil) // a CSRF token comes with it
	b.follow(b.ask(http.MethodPost, b.url+"/_allauth/browser/v1/auth/provider/redirect", url.Values{
		"provider": {provider}, "process": {process}, "callback_url": {"/done"}, "csrfmiddlewaretoken": {b.csrf()},
	}, false))
}

// arrived checks that the front end was come to, and with which error.
func (b *browser) arrived(failure string) {
	b.Helper()
	if b.at.Path != "/done" && failure == "" || b.at.Query().Get("error") != failure {
		b.Fatalf("came to %s: %d %s", b.at, b.status, b.page)
	}
}

// accounts are the uids of whoever is signed in, by provider.
func (b *browser) accounts() map[string]string {
	b.Helper()
	_, said := b.call(http.MethodGet, "/account/providers", nil)
	all := map[string]string{}
	list, _ := said["data"].([]any)
	for _, one := range list {
		account, _ := one.(map[string]any)
		of, _ := account["provider"].(map[string]any)
		all[fmt.Sprint(of["id"])] = fmt.Sprint(account["uid"])
	}
	return all
}

// addFactor has whoever is signed in have a second factor, and is what makes its codes.
func (b *browser) addFactor() (code func() string) {
	b.Helper()
	if status, said := b.call(http.MethodPost, "/auth/reauthenticate", map[string]any{"password": password}); status != http.StatusOK {
		b.Fatalf("with the password: %d %v", status, said)
	}
	_, said := b.call(http.MethodGet, "/account/authenticators/totp", nil)
	meta, _ := said["meta"].(map[string]any)
	text, _ := meta["secret"].(string)
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(seed) == 0 {
		b.Fatalf("the seed is %q, %v", text, err)
	}
	step := uint64(time.Now().Unix()/30 - 1) // each is good once: one before, and the next ones after
	code = func() string {
		var counter [8]byte
		binary.BigEndian.PutUint64(counter[:], step)
		step++
		m := hmac.New(sha1.New, seed)
		m.Write(counter[:])
		sum := m.Sum(nil)
		at := sum[len(sum)-1] & 15
		return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
	}
	if status, said := b.call(http.MethodPost, "/account/authenticators/totp", map[string]any{"code": code()}); status != http.StatusOK {
		b.Fatalf("no second factor: %d %v", status, said)
	}
	return code
}

// throughout is what has to hold of any provider: somebody who has an account there signs up by it, comes back, connects it with an account that
// they have, and shows their second factor all the same. prove does what a person does at the provider, as one of the people there; uid is
// what they are called.
func throughout(t *testing.T, p *product, id string, prove func(b *browser, person string), uid func(person string) string, address func(person string) string) {
	t.Helper()
	ada := p.browser()
	ada.leave(id, "login")
	prove(ada, "ada")
	ada.arrived("")
	if email, _ := ada.who(); email != address("ada") {
		t.Fatalf("signed up, it is %q", email)
	}
	if got := ada.accounts()[id]; got != uid("ada") {
		t.Errorf("signed up by %q", got)
	}

	again := p.browser()
	again.leave(id, "login")
	prove(again, "ada")
	again.arrived("")
	if email, _ := again.who(); email != address("ada") {
		t.Errorf("come back, it is %q", email)
	}

	bea := p.browser()
	bea.call(http.MethodGet, "/auth/session", nil)
	if status, said := bea.call(http.MethodPost, "/auth/signup", map[string]any{"email": "bea-" + id + "@home.example", "password": password}); status != http.StatusOK {
		t.Fatalf("signed up: %d %v", status, said)
	}
	bea.leave(id, "connect")
	prove(bea, "bea")
	bea.arrived("")
	if got := bea.accounts()[id]; got != uid("bea") {
		t.Errorf("connected is %q", got)
	}
	code := bea.addFactor()
	thief := p.browser() // what is somebody else's is not connected
	thief.call(http.MethodGet, "/auth/session", nil)
	thief.call(http.MethodPost, "/auth/signup", map[string]any{"email": "thief-" + id + "@home.example", "password": password})
	thief.leave(id, "connect")
	prove(thief, "bea")
	thief.arrived("connected_other")

	back := p.browser()
	back.leave(id, "login")
	prove(back, "bea")
	back.arrived("")
	if email, pending := back.who(); email != "" || pending != "mfa_authenticate" {
		t.Errorf("before the second factor it is %q, and %q is waited for", email, pending)
	}
	if status, said := back.call(http.MethodPost, "/auth/2fa/authenticate", map[string]any{"code": code()}); status != http.StatusOK {
		t.Errorf("with the second factor: %d %v", status, said)
	}
	if email, _ := back.who(); email != "bea-"+id+"@home.example" {
		t.Errorf("with the second factor it is %q", email)
	}
}
