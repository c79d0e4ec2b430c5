package app_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/demoapp"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
)

// development starts a server as a developer does, with a mailbox.
func development(t *testing.T, change ...func(*config.Config, *app.Options)) *server {
	t.Helper()
	return boot(t, "sqlite", append([]func(*config.Config, *app.Options){
		func(c *config.Config, _ *app.Options) { c.Dev, c.SMTP = true, config.Hidden{} },
	}, change...)...)
}

// opened is what comes of opening a path in a browser.
type opened struct {
	status int
	header http.Header
	body   string
}

// page reports whether it is the front end's page, be that built or not.
func (a opened) page() bool {
	return a.header.Get("Content-Type") == "text/html; charset=utf-8" &&
		strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';")
}

// nothing reports whether it is the API's, for a path that it does not have.
func (a opened) nothing() bool { return a.status == http.StatusNotFound && a.body == `{"status":404}` }

// ask sends a request to the public listener, by a host. The headers are names and values in turn.
func (s *server) ask(method, host, path string, header ...string) opened {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.public+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Host = host
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return opened{res.StatusCode, res.Header, string(body)}
}

// Whoever opens the demo tenant's host sees its front end, at every path that is not the API's. A HEAD is answered as a GET is.
func TestTheDemoTenantHasAFrontEnd(t *testing.T) {
	s := development(t)
	for _, host := range []string{"localhost", "demo.localhost", "LOCALHOST:8080"} {
		for _, path := range []string{"/", "/signup", "/verify-email/a.b-c", "/account/email", "/_allauthor", "/dev/mails"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				if r := s.ask(method, host, path); !r.page() {
					t.Errorf("%s %s%s: %d %s", method, host, path, r.status, r.body)
				}
			}
		}
	}
	for _, path := range []string{
		"/_allauth", "/_allauth/", "/_allauth/browser/v1/nothing", "/.well-known/change-password", "/accounts", "/accounts/login/",
	} {
		if r := s.ask(http.MethodGet, "localhost", path); !r.nothing() {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if r := s.ask(http.MethodGet, "localhost", "/assets/nothing.js"); r.status != http.StatusNotFound || r.page() {
		t.Errorf("a script that is not there: %d %s", r.status, r.body)
	}
	if r := s.ask(http.MethodPost, "localhost", "/signup"); r.status != http.StatusMethodNotAllowed {
		t.Errorf("a form that is posted: %d %s", r.status, r.body)
	}
	s.client("app", "localhost").get("/config").want(http.StatusOK)
}

// What a newcomer reads first is where that front end is or, where the build has none, how to get it.
func TestTheBannerBeginsWithTheFrontEnd(t *testing.T) {
	s := development(t)
	var banner strings.Builder
	if err := s.Banner(&banner); err != nil {
		t.Fatal(err)
	}
	want := `app           ` + s.localhost("localhost") + `/   a front end of the tenant "demo"`
	if !demoapp.Built() {
		want = "app           not in this build: install Node and npm"
	}
	_, lines, _ := strings.Cut(banner.String(), "for development")
	if first := strings.TrimSpace(lines); !strings.HasPrefix(first, want) {
		t.Errorf("it begins with %.100s", first)
	}
}

// No other tenant has that front end, nor a host that is nobody's, nor a demo tenant that may not serve.
func TestNobodyElseHasTheDemoFrontEnd(t *testing.T) {
	s := development(t, func(c *config.Config, _ *app.Options) { c.SharedHosts = []string{"shared.localhost"} })
	own := s.tenant("")
	none := func(host, path string, header ...string) {
		t.Helper()
		if r := s.ask(http.MethodGet, host, path, header...); !r.nothing() {
			t.Errorf("%s%s %q: %d %s", host, path, header, r.status, r.body)
		}
	}
	for _, path := range []string{"/", "/signup", "/dev/mail"} {
		none(own, path)
		none("127.0.0.1", path)
		none("elsewhere.example", path)
		none("shared.localhost", path)
		none("shared.localhost", path, "X-Tenant", "demo") // pages are not asked for by a header
		none(own, path, "X-Tenant", "demo")
	}
	if status, body := s.admin(http.MethodPost, "/admin/v1/tenants/demo/suspend", map[string]any{}); status != http.StatusOK {
		t.Fatalf("suspend the demo tenant: %d %s", status, body)
	}
	none("localhost", "/")
	none("localhost", "/dev/mail")
}

// A tenant of the name demo, on a server that is not for development, is as any other: no page and no mail is there, whatever the settings.
func TestADeploymentShowsNoFrontEndAndNoMail(t *testing.T) {
	s := boot(t, "sqlite", func(c *config.Config, _ *app.Options) { c.SMTP = config.Hidden{} })
	made := map[string]any{
		"slug": "demo", "name": "Demo", "hosts": []string{"localhost"}, "config": map[string]any{"public_url": s.localhost("localhost")},
	}
	if status, body := s.admin(http.MethodPost, "/admin/v1/tenants", made); status != http.StatusCreated {
		t.Fatalf("make a tenant: %d %s", status, body)
	}
	s.client("app", "localhost").get("/config").want(http.StatusOK)
	for _, path := range []string{"/", "/index.html", "/signup", "/assets/index.js", "/dev/mail"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if r := s.ask(method, "localhost", path); !r.nothing() {
				t.Errorf("%s %s: %d %s", method, path, r.status, r.body)
			}
		}
	}
}

// letters are what the demo tenant's mailbox shows.
func (s *server) letters(query string) (all []struct {
	To, Kind, Text, Tenant string
	Links                  []string
}) {
	s.Helper()
	r := s.ask(http.MethodGet, "localhost", "/dev/mail"+query, "Sec-Fetch-Site", "same-origin")
	var in struct{ Items json.RawMessage }
	if err := json.Unmarshal([]byte(r.body), &in); err != nil || r.status != http.StatusOK {
		s.Fatalf("the mailbox: %d %s", r.status, r.body)
	}
	if err := json.Unmarshal(in.Items, &all); err != nil {
		s.Fatal(err)
	}
	return all
}

// What the README has a newcomer do in a browser: sign up, follow the link in the mail, add a passkey, and log in with it. A number is proved
// by the code in a text, which is in the mailbox too.
func TestANewcomerSignsUpAndLogsInByPasskey(t *testing.T) {
	s := development(t)
	origin := s.localhost("localhost")
	c := s.client("browser", "localhost")
	own := []string{"Origin", origin}
	c.post("/auth/signup", map[string]any{"email": "ann@example.org", "password": password}, own...).want(http.StatusOK)
	link := regexp.MustCompile(`^` + regexp.QuoteMeta(origin) + `/verify-email/([\w-]+)$`)
	var key string
	eventually(t, "the mail is in the mailbox", func() bool {
		for _, m := range s.letters("?to=ann@example.org&limit=1") {
			for _, l := range m.Links {
				if found := link.FindStringSubmatch(l); found != nil {
					key = found[1]
				}
			}
		}
		return key != ""
	})
	c.post("/auth/email/verify", map[string]any{"key": key}, own...).want(http.StatusOK)

	c.post("/auth/reauthenticate", map[string]any{"password": password}, own...).want(http.StatusOK)
	passkey := factortest.New(origin)
	made := passkey.Create(c.options(keysPath + "?passwordless"))
	c.post(keysPath, map[string]any{"name": "Laptop", "credential": made}, own...).want(http.StatusOK)
	c.delete("/auth/session", own...).want(http.StatusUnauthorized)
	c.post(byPasskey, map[string]any{"credential": passkey.Get(c.options(byPasskey))}, own...).want(http.StatusOK)

	c.post("/account/phone", map[string]any{"phone": "+15005550006"}, own...).want(http.StatusAccepted)
	eventually(t, "the text is in the mailbox", func() bool { return len(s.letters("?to=%2B15005550006")) == 1 })
	r := c.get("/config").want(http.StatusOK)
	if !strings.Contains(r.Body, `"phone"`) || !strings.Contains(r.Body, `"login_by_code_enabled":true`) {
		t.Errorf("the front end is not told of numbers and codes: %s", r.Body)
	}
	code := regexp.MustCompile(`[A-Z0-9]{4}-[A-Z0-9]{4}`).FindString(s.letters("?to=%2B15005550006")[0].Text)
	c.post("/auth/phone/verify", map[string]any{"code": code}, own...).want(http.StatusOK)
	if r = c.get("/auth/sessions").want(http.StatusOK); !strings.Contains(r.Body, "last_seen_at") {
		t.Errorf("sessions do not say when they were used: %s", r.Body)
	}
}

// The mailbox has codes and links in it and asks for no token. Whoever is not on the machine, or is a page of another origin, gets nothing.
func TestTheDemoMailboxIsForItsOwnPagesOnThisMachine(t *testing.T) {
	const secretWord = "ann@example.org"
	s := development(t, func(c *config.Config, _ *app.Options) { c.Listen = ":0" }) // as it listens unless it is told otherwise
	other := s.tenant("")
	s.client("app", "localhost").signup(secretWord).want(http.StatusOK)
	s.client("app", other).signup("eve@example.org").want(http.StatusOK)
	_, port, err := net.SplitHostPort(s.Public.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.public = "http://127.0.0.1:" + port
	eventually(t, "the mails of both tenants are there", func() bool {
		_, all := s.admin(http.MethodGet, "/admin/v1/dev/mail", nil)
		return strings.Contains(all, secretWord) && strings.Contains(all, "eve@example.org")
	})

	for _, header := range [][]string{nil, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}} {
		r := s.ask(http.MethodGet, "localhost", "/dev/mail?limit=20", header...)
		if r.status != http.StatusOK || !strings.Contains(r.body, secretWord) || strings.Contains(r.body, "eve@") {
			t.Errorf("%q: %d %s", header, r.status, r.body)
		}
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s is %q", name, got)
			}
		}
		for name := range r.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("another origin may read it: %s", name)
			}
		}
	}
	r := s.ask(http.MethodGet, "localhost", "/dev/mail?limit=0")
	if r.status != http.StatusBadRequest || r.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a limit that is none: %d %s", r.status, r.body)
	}
	if r := s.ask(http.MethodGet, "localhost", "/dev/mail?all=1"); r.status != http.StatusBadRequest {
		t.Errorf("a parameter that is none: %d %s", r.status, r.body)
	}

	origin := s.localhost("localhost")
	for name, header := range map[string][]string{
		"a page of another site":             {"Sec-Fetch-Site", "cross-site"},
		"a page at another port":             {"Sec-Fetch-Site", "same-site"},
		"a page that an old proxy added to":  {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"},
		"something that is no site":          {"Sec-Fetch-Site", ""},
		"a client behind X-Forwarded-For":    {"X-Forwarded-For", "127.0.0.1"},
		"a client behind Forwarded":          {"Forwarded", "for=127.0.0.1"},
		"a client behind Via":                {"Via", "1.1 tunnel"},
		"a client behind X-Real-IP":          {"X-Real-IP", "127.0.0.1"},
		"a client behind X-Forwarded-Host":   {"X-Forwarded-Host", "localhost"},
		"a client that the proxy tells of":   {"X-Test-Ip", "203.0.113.7"},
		"a page of an origin that CORS lets": {"Origin", "http://localhost:3000", "Sec-Fetch-Site", "same-site"},
	} {
		r := s.ask(http.MethodGet, "localhost", "/dev/mail", header...)
		if r.status != http.StatusForbidden || strings.Contains(r.body, secretWord) || r.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete, http.MethodOptions} {
		r := s.ask(method, "localhost", "/dev/mail", "Origin", origin)
		if r.status != http.StatusMethodNotAllowed || strings.Contains(r.body, secretWord) || r.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %s", method, r.status, r.body)
		}
	}
	for _, host := range []string{other, "rebound.example", "rebound.example:" + port, "127.0.0.1:" + port, "localhost.rebound.example"} {
		if r := s.ask(http.MethodGet, host, "/dev/mail"); !r.nothing() {
			t.Errorf("by the host %q: %d %s", host, r.status, r.body)
		}
	}

	t.Run("from the network", func(t *testing.T) {
		outside := outsideAddress(t)
		if outside == "" {
			t.Skip("this machine has no address but its loopback's")
		}
		far := *s
		far.T, far.public = t, "http://"+net.JoinHostPort(outside, port)
		if r := far.ask(http.MethodGet, "localhost", "/dev/mail"); r.status != http.StatusForbidden || strings.Contains(r.body, secretWord) {
			t.Errorf("%d %s", r.status, r.body)
		}
		if r := far.ask(http.MethodGet, "localhost", "/"); !r.page() {
			t.Errorf("the front end has no page there: %d", r.status)
		}
	})
}

// outsideAddress is an address of this machine that others reach it by; "" where there is none.
func outsideAddress(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() {
			return p.Addr().String()
		}
	}
	return ""
}

// A development server that sends its mail has no mailbox to show.
func TestWithoutAMailboxThereIsNoDemoMail(t *testing.T) {
	s := boot(t, "sqlite", func(c *config.Config, _ *app.Options) { c.Dev = true })
	if r := s.ask(http.MethodGet, "localhost", "/dev/mail"); !r.nothing() {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := s.ask(http.MethodGet, "localhost", "/"); !r.page() {
		t.Errorf("the front end is not there: %d", r.status)
	}
	if r := s.client("app", "localhost").get("/config").want(http.StatusOK); strings.Contains(r.Body, "phone") {
		t.Errorf("numbers are asked for, and no text can be sent: %s", r.Body)
	}
}
