package app_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// demo is what a test reads of the demo tenant.
func (s *server) demo() (publicURL string, config json.RawMessage) {
	s.Helper()
	status, body := s.admin(http.MethodGet, "/admin/v1/tenants/demo", nil)
	var t struct {
		PublicURL string `json:"public_url"`
		Config    json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &t); err != nil || status != http.StatusOK {
		s.Fatalf("read the demo tenant: %d %s", status, body)
	}
	return t.PublicURL, t.Config
}

// localhost is the server's address as a browser of its machine has it.
func (s *server) localhost(name string) string {
	return "http://" + name + s.public[strings.LastIndexByte(s.public, ':'):]
}

// Every start of a developer's server may be on another port. Links in mails and the pages of browsers follow it, but for
// what the developer said.
func TestDemoTenantFollowsThePort(t *testing.T) {
	at, keys := testkit.EmptyURL(t, "sqlite"), testkit.Keys(t)
	// Each server keeps its port while the next one starts, so that the next one has another.
	start := func(t *testing.T) *server {
		return boot(t, "sqlite", func(c *config.Config, _ *app.Options) { c.Dev, c.Database, c.Keys = true, config.Hide(at), keys })
	}
	first := start(t)
	if at, _ := first.demo(); at != first.localhost("localhost") {
		t.Fatalf("the demo tenant is at %s", at)
	}

	if r := first.client("app", "localhost").get("/config"); !strings.Contains(r.Body, `"passkey_login_enabled":true`) {
		t.Errorf("a developer cannot try passkeys: %s", r.Body)
	}

	second := start(t)
	origin := second.localhost("localhost")
	if at, _ := second.demo(); at != origin {
		t.Fatalf("the demo tenant is at %s, the server at %s", at, origin)
	}
	c := second.client("browser", "localhost")
	c.post("/auth/signup", map[string]any{"email": "ann@example.org", "password": password}, "Origin", origin).want(http.StatusOK)
	if mail := second.inbox.wait(t, "ann@example.org", 0); !strings.Contains(mail.text, origin+"/verify-email/") {
		t.Errorf("the link leads elsewhere:\n%s", mail.text)
	}

	for _, row := range []struct{ name, publicURL, page, wantURL, wantPage string }{
		{"another host of this machine, and a page there", second.localhost("demo.localhost"), second.localhost("demo.localhost") + "/verify/{key}",
			"demo.localhost", "demo.localhost"},
		{"a page of a front end", second.localhost("localhost"), "http://localhost:3000/verify/{key}", "localhost", ""},
		{"a front end that passes requests on", "http://localhost:5173", second.localhost("localhost") + "/verify/{key}", "", ""},
		{"a host of the developer's", "http://demo.example:8080", "http://demo.example:8080/verify/{key}", "", ""},
		{"https", "https://localhost:8443", "https://localhost:8443/verify/{key}", "", ""},
		{"a proxy on the usual port", "http://localhost", "http://localhost/verify/{key}", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			change := map[string]any{"config": map[string]any{
				"public_url": row.publicURL, "headless": map[string]any{"frontend_urls": map[string]any{"account_confirm_email": row.page}},
			}}
			if status, body := second.admin(http.MethodPatch, "/admin/v1/tenants/demo", change); status != http.StatusOK {
				t.Fatalf("change the demo tenant: %d %s", status, body)
			}
			next := start(t)
			want := func(given, host, path string) string {
				if host == "" {
					return given
				}
				return next.localhost(host) + path
			}
			at, config := next.demo()
			if w := want(row.publicURL, row.wantURL, ""); at != w {
				t.Errorf("the demo tenant is at %s, want %s", at, w)
			}
			if w := want(row.page, row.wantPage, "/verify/{key}"); !strings.Contains(string(config), `"`+w+`"`) {
				t.Errorf("links do not lead to %s: %s", w, config)
			}
		})
	}
}

// readmeTenant is the tenant that the README has a newcomer make.
var readmeTenant = regexp.MustCompile(`/admin/v1/tenants \\\n[^']*'[^']*' -d '(\{[^']*\})'`)

// The tenant of the README works in a browser, on the server of a developer: over plain HTTP, on a port.
func TestReadmeTenantWorksInABrowser(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := readmeTenant.FindSubmatch(readme)
	if found == nil {
		t.Fatal("the README makes no tenant")
	}
	s := boot(t, "sqlite", func(c *config.Config, _ *app.Options) { c.Dev = true })
	const written = "http://acme.localhost:8080"
	origin := s.localhost("acme.localhost")
	if status, body := s.admin(http.MethodPost, "/admin/v1/tenants", json.RawMessage(strings.ReplaceAll(string(found[1]), written, origin))); status != http.StatusCreated {
		t.Fatalf("make the tenant: %d %s", status, body)
	}
	c := s.client("browser", "acme.localhost")
	r := c.post("/auth/signup", map[string]any{"email": "ann@example.org", "password": password}, "Origin", origin).want(http.StatusUnauthorized)
	if cookies := strings.Join(r.Header["Set-Cookie"], "\n"); !strings.Contains(cookies, "sessionid=") || strings.Contains(cookies, "Secure") {
		t.Errorf("the browser is given\n%s", cookies)
	}
	if mail := s.inbox.wait(t, "ann@example.org", 0); !strings.Contains(mail.text, origin+"/account/verify-email/") {
		t.Errorf("the link leads elsewhere:\n%s", mail.text)
	}
}
