package app_test

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// console is an operator's browser, at the operators' listener.
type console struct {
	s       *server
	cookies map[string]string
}

// ask sends a request as the pages there do, and returns the status and the body.
func (c *console) ask(method, path string, body any, header ...string) (int, string) {
	c.s.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			c.s.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(c.s.Context(), method, c.s.operator+path, in)
	if err != nil {
		c.s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	r.Header.Set("X-CSRFToken", c.cookies["vestibule_operator_csrf"])
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.s.Fatal(err)
	}
	for _, k := range res.Cookies() {
		c.cookies[k.Name] = k.Value
	}
	return res.StatusCode, string(raw)
}

func (c *console) want(status int, method, path string, body any, header ...string) string {
	c.s.Helper()
	got, answer := c.ask(method, path, body, header...)
	if got != status {
		c.s.Fatalf("%s %s: %d, not %d: %s", method, path, got, status, answer)
	}
	return answer
}

func (s *server) console() *console {
	c := &console{s, map[string]string{}}
	c.want(http.StatusOK, "GET", "/_allauth/browser/v1/config", nil)
	return c
}

// pocketOf is what an authenticator app makes of an answer that it is set up with.
func pocketOf(t *testing.T, answer string) *pocket {
	t.Helper()
	var in struct{ Meta struct{ Secret string } }
	if err := json.Unmarshal([]byte(answer), &in); err != nil {
		t.Fatal(err)
	}
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(in.Meta.Secret)
	if err != nil || len(seed) == 0 {
		t.Fatalf("no seed in %s", answer)
	}
	return &pocket{seed: seed, now: clock.System{}.Now}
}

// own is a path of the operators' own browser API.
func own(path string) string { return "/_allauth/browser/v1" + path }

// An operator's life: invited by the emergency token, a password by the mailed link, a second factor, and everything by the session; and
// its end.
func TestOperatorsSignInByTheProductsOwnFlows(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		if strings.Contains(s.log.String(), "cannot make the operators' tenant") {
			t.Fatal("the operators' tenant was not made")
		}
		if !strings.Contains(s.log.String(), "VESTIBULE_ADMIN_PUBLIC_URL is not set: operators sign in at http://localhost:") {
			t.Error("nothing is said of the address that operators share with whatever else listens on their machines")
		}
		// So that an authenticator app has more than one code at a time.
		if status, answer := s.admin("PATCH", "/admin/v1/tenants/system", map[string]any{"config": map[string]any{
			"mfa": map[string]any{"totp_tolerance": codeTolerance}}}); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		status, answer := s.admin("POST", "/admin/v1/operators", map[string]any{"email": "ann@example.org", "grants": []any{map[string]any{"role": "owner"}}})
		if status != http.StatusCreated {
			t.Fatalf("%d %s", status, answer)
		}
		var made struct {
			ID   string `json:"id"`
			Link string `json:"invitation_url"`
		}
		if err := json.Unmarshal([]byte(answer), &made); err != nil {
			t.Fatal(err)
		}
		link, err := url.Parse(made.Link)
		if err != nil || link.Scheme != "http" || !strings.HasPrefix(link.Host, "localhost:") {
			t.Fatalf("the link is %s", made.Link)
		}
		_, mailed, found := strings.Cut(s.inbox.wait(t, "ann@example.org", 0).text, "/account/password/reset/key/")
		mailed, _, _ = strings.Cut(mailed, "\n")
		if !found {
			t.Fatal("there is no link in the mail")
		}
		c := s.console()
		c.want(http.StatusUnauthorized, "POST", own("/auth/password/reset"), map[string]any{"key": mailed, "password": password})
		if got, _ := c.ask("POST", own("/auth/password/reset"), map[string]any{"key": link.Path[strings.LastIndex(link.Path, "/")+1:], "password": otherPassword}); got == http.StatusUnauthorized || got == http.StatusOK {
			t.Error("the other link still sets a password")
		}
		c.want(http.StatusOK, "POST", own("/auth/login"), map[string]any{"email": "ann@example.org", "password": password})
		if answer := c.want(http.StatusForbidden, "GET", "/admin/v1/me", nil); !strings.Contains(answer, "second-factor") {
			t.Errorf("with one factor: %s", answer)
		}
		c2 := s.console()
		c2.want(http.StatusOK, "POST", own("/auth/login"), map[string]any{"email": "ann@example.org", "password": password})
		_, answer = c.ask("GET", own("/account/authenticators/totp"), nil)
		p := pocketOf(t, answer)
		c.want(http.StatusOK, "POST", own("/account/authenticators/totp"), map[string]any{"code": p.code()})
		if me := c.want(http.StatusOK, "GET", "/admin/v1/me", nil); !strings.Contains(me, `"kind":"operator"`) || !strings.Contains(me, "ann@example.org") {
			t.Errorf("they are taken for %s", me)
		}
		// Another browser, which signed in by the password alone before that, is asked for the factor.
		c2.want(http.StatusForbidden, "GET", "/admin/v1/me", nil)
		c2.want(http.StatusOK, "POST", own("/auth/2fa/reauthenticate"), map[string]any{"code": p.code()})
		c2.want(http.StatusOK, "GET", "/admin/v1/me", nil)
		token := map[string]any{"name": "ci", "grants": []any{map[string]any{"role": "owner"}}}
		for name, header := range map[string][]string{
			"no token":         {"X-CSRFToken", ""},
			"a made-up token":  {"X-CSRFToken", "x"},
			"a foreign origin": {"Origin", "https://elsewhere.example"},
			"the public's":     {"Origin", s.public},
		} {
			if got, _ := c.ask("POST", "/admin/v1/tokens", token, header...); got != http.StatusForbidden {
				t.Errorf("with %s a token is made: %d", name, got)
			}
		}
		c.want(http.StatusForbidden, "GET", "/admin/v1/audit/export", nil, "Sec-Fetch-Site", "same-site") // a page at another port of the host
		c.want(http.StatusOK, "GET", "/admin/v1/audit/export", nil, "Sec-Fetch-Site", "same-origin")
		c.want(http.StatusCreated, "POST", "/admin/v1/tokens", token, "Origin", "http://localhost:"+s.operator[strings.LastIndex(s.operator, ":")+1:])
		var ci struct{ Token string }
		if err := json.Unmarshal([]byte(c.want(http.StatusCreated, "POST", "/admin/v1/tokens", token)), &ci); err != nil {
			t.Fatal(err)
		}
		c.want(http.StatusConflict, "DELETE", "/admin/v1/operators/"+made.ID, nil) // the last owner
		program := &console{s, map[string]string{}}
		bearer := []string{"Authorization", "Bearer " + ci.Token}
		program.want(http.StatusOK, "GET", "/admin/v1/tenants/system", nil, bearer...)

		// What an operator made does no more than the operator.
		if status, answer := s.admin("PATCH", "/admin/v1/operators/"+made.ID, map[string]any{"grants": []any{map[string]any{"role": "viewer"}}}); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		c.want(http.StatusForbidden, "GET", "/admin/v1/operators", nil)
		program.want(http.StatusForbidden, "GET", "/admin/v1/operators", nil, bearer...)
		program.want(http.StatusForbidden, "GET", "/admin/v1/tenants/system", nil, bearer...)
		program.want(http.StatusOK, "GET", "/admin/v1/tenants", nil, bearer...)
		if status, answer := s.admin("DELETE", "/admin/v1/operators/"+made.ID, nil); status != http.StatusNoContent {
			t.Fatalf("%d %s", status, answer)
		}
		c.want(http.StatusUnauthorized, "GET", "/admin/v1/me", nil)
		program.want(http.StatusUnauthorized, "GET", "/admin/v1/tenants", nil, bearer...)

		// Who becomes an operator again does not bring back what ended.
		again := map[string]any{"email": "Ann@example.org", "grants": []any{map[string]any{"role": "owner"}}}
		if status, answer := s.admin("POST", "/admin/v1/operators", again); status != http.StatusCreated || !strings.Contains(answer, made.ID) {
			t.Fatalf("%d %s", status, answer)
		}
		c.want(http.StatusUnauthorized, "GET", "/admin/v1/me", nil)
		program.want(http.StatusUnauthorized, "GET", "/admin/v1/tenants", nil, bearer...)

		// Nor does one who is deactivated as a user is; and who is no user any more can be removed.
		if status, answer := s.admin("POST", "/admin/v1/tenants/system/users/"+made.ID+"/deactivate", map[string]any{}); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		if status, answer := s.admin("DELETE", "/admin/v1/operators/"+made.ID, nil); status != http.StatusNoContent {
			t.Fatalf("%d %s", status, answer)
		}
	})
}

// The operators' own tenant is found by nobody from outside, and a session of another tenant opens nothing at the operators'.
func TestTheOperatorsOwnTenantIsHidden(t *testing.T) {
	s, _ := bootShared(t, "sqlite")
	c := s.client("app", sharedHost)
	c.get("/config", "X-Tenant", tenants.SystemSlug).want(http.StatusNotFound)
	host := s.tenant("")
	user := s.client("browser", host)
	user.signup("eve@example.org").want(http.StatusOK)
	eve := &console{s, map[string]string{"vestibule_operator": user.cookies["sessionid"], "sessionid": user.cookies["sessionid"]}}
	eve.want(http.StatusUnauthorized, "GET", "/admin/v1/me", nil)
	eve.want(http.StatusUnauthorized, "GET", "/admin/v1/me", nil, "Authorization", "Bearer "+user.cookies["sessionid"])
	eve.want(http.StatusNotFound, "GET", own("/config"), nil, "X-Tenant", slugOf(host))
	eve.want(http.StatusForbidden, "POST", own("/auth/signup"), map[string]any{"email": "eve@example.org", "password": password})
}
