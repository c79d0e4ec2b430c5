package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/store"
)

func TestSomebodySignsUpLogsOutAndIn(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant("")
		c := s.client(kind, host)
		c.get("/auth/session").want(http.StatusUnauthorized)
		id := c.signup("Ann@Example.org").want(http.StatusOK).userID()
		held := c.token + c.cookies["sessionid"]
		c.get("/auth/session").want(http.StatusOK)
		c.signup("bob@example.org").want(http.StatusConflict)
		c.delete("/auth/session").want(http.StatusUnauthorized)
		if kind == "app" {
			c.get("/auth/session").want(http.StatusGone)
			c.token = ""
		}
		c.get("/auth/session").want(http.StatusUnauthorized)
		c.login("ann@example.org", otherPassword).want(http.StatusBadRequest).code("email_password_mismatch", "password")
		if got := c.login("ANN@example.org", password).want(http.StatusOK).userID(); got != id {
			t.Errorf("logged in as %s, signed up as %s", got, id)
		}
		if c.token+c.cookies["sessionid"] == held {
			t.Error("the session's token is the one from before")
		}
		c.login("ann@example.org", password).want(http.StatusConflict)
	})
}

func TestMailedLinkProvesTheAddressOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant(`{"account": {"email_verification": "mandatory"}}`)
		c := s.client(kind, host)
		email := "ann-" + host[2:8] + "@example.org"
		r := c.signup(email).want(http.StatusUnauthorized)
		if !strings.Contains(r.Body, `{"id":"verify_email","is_pending":true}`) {
			t.Errorf("got %s", r.Body)
		}
		c.get("/account/email").want(http.StatusUnauthorized)
		key := s.inbox.wait(t, email, 0).key(t)
		looked := c.get("/auth/email/verify", "X-Email-Verification-Key", key).want(http.StatusOK)
		if m := looked.decoded.Meta.IsAuthenticating; m == nil || !*m {
			t.Errorf("got %s", looked.Body)
		}
		c.post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusUnauthorized)
		c.post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusBadRequest).code("invalid_or_expired_key", "key")
		c.login(email, password).want(http.StatusOK)
		if r := c.get("/account/email").want(http.StatusOK); !strings.Contains(r.Body, `"verified":true`) {
			t.Errorf("got %s", r.Body)
		}
	})
}

func TestLinkSignsInWhereTheTenantLetsIt(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant(`{"account": {"email_verification": "mandatory", "login_on_email_confirmation": true}}`)
		email := "eve-" + host[2:8] + "@example.org"
		c, other := s.client(kind, host), s.client(kind, host)
		c.signup(email).want(http.StatusUnauthorized)
		pending := c.token + c.cookies["sessionid"]
		key := s.inbox.wait(t, email, 0).key(t)
		c.post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusOK)
		if c.token+c.cookies["sessionid"] == pending {
			t.Error("the login completed under the token that it waited with")
		}
		other.get("/auth/session").want(http.StatusUnauthorized)
	})
}

func TestLinkSignsInNobodyElse(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant(`{"account": {"email_verification": "mandatory", "login_on_email_confirmation": true}}`)
		email := "kim-" + host[2:8] + "@example.org"
		c, thief := s.client(kind, host), s.client(kind, host)
		c.signup(email).want(http.StatusUnauthorized)
		key := s.inbox.wait(t, email, 0).key(t)
		thief.signup("thief-" + email).want(http.StatusUnauthorized)
		thief.post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusUnauthorized)
		thief.get("/auth/session").want(http.StatusUnauthorized)
	})
}

func TestAddressInUseIsNotTold(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant(`{"account": {"email_verification": "mandatory"}}`)
		email := "lea-" + host[2:8] + "@example.org"
		s.client(kind, host).signup(email).want(http.StatusUnauthorized)
		s.inbox.wait(t, email, 0)
		taken := s.client(kind, host)
		first := taken.signup(email).want(http.StatusUnauthorized)
		free := s.client(kind, host).signup("free-" + email).want(http.StatusUnauthorized)
		if kind == "browser" && first.Body != free.Body {
			t.Errorf("a taken address is answered %s, a free one %s", first.Body, free.Body)
		}
		taken.login(email, otherPassword).want(http.StatusBadRequest)
	})
}

// Who sets up a front end must learn which of the two checks it fails, and what to do about it.
func TestForeignOriginIsToldFromAMissingToken(t *testing.T) {
	s := boot(t, "sqlite")
	host := s.tenant(`{"public_url": "https://id.example.org", "cors": {"allowed_origins": ["https://app.example.org"]}}`)
	for name, c := range map[string]struct {
		header []string
		says   []string
	}{
		"a foreign origin":  {[]string{"Origin", "https://elsewhere.example.org"}, []string{"origin", "cors.allowed_origins", "public_url"}},
		"a foreign referer": {[]string{"Referer", "https://elsewhere.example.org/"}, []string{"origin", "cors.allowed_origins", "public_url"}},
		"the wrong port":    {[]string{"Origin", "https://id.example.org:8443"}, []string{"origin", "cors.allowed_origins", "public_url"}},
		"no token":          {[]string{"Origin", "https://app.example.org", "X-CSRFToken", "-"}, []string{"csrftoken", "X-CSRFToken"}},
		"another token":     {[]string{"X-CSRFToken", "x"}, []string{"csrftoken", "X-CSRFToken"}},
	} {
		body := map[string]any{"email": "ann@example.org", "password": password}
		r := s.client("browser", host).post("/auth/login", body, c.header...).want(http.StatusForbidden).code("csrf_failed", "")
		for _, word := range c.says {
			if !strings.Contains(r.decoded.Errors[0].Message, word) {
				t.Errorf("%s: %q does not say %s", name, r.decoded.Errors[0].Message, word)
			}
		}
	}
}

// Whoever looks for the reason of a refusal finds it in the line that the request has in the log: in words, without secrets.
func TestLogSaysWhyARequestWasRefused(t *testing.T) {
	s := boot(t, "sqlite")
	host := s.tenant("")
	slug := strings.TrimSuffix(host, ".localhost")
	page := s.client("browser", host)
	change := func(patch map[string]any, c *client, status int) {
		t.Helper()
		if got, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slug, patch); got != http.StatusOK {
			t.Fatalf("change the tenant: %d %s", got, body)
		}
		eventually(t, "the change counts", func() bool { return c.get("/config").Status == status })
	}
	change(map[string]any{"config": map[string]any{"headless": map[string]any{"clients": []string{"app"}}}}, page, http.StatusNotFound)
	s.client("app", "nobody.localhost").get("/config").want(http.StatusNotFound)
	s.client("app", host).login("ann@example.org", password).want(http.StatusBadRequest)
	c := s.client("app", host)
	c.token = "made-up-token"
	c.get("/auth/session").want(http.StatusGone)
	change(map[string]any{"state": "suspended"}, s.client("app", host), http.StatusForbidden)
	for _, outcome := range []string{
		"there is no tenant with the host nobody.localhost", "headless.clients does not list browser",
		"password: email_password_mismatch", "refused: gone", "tenant " + slug + " is suspended",
	} {
		if !strings.Contains(s.log.String(), outcome) {
			t.Errorf("nothing in the log says %q", outcome)
		}
	}
	for _, secret := range []string{password, "made-up-token"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

func TestTwoTenantsNamedIsRefused(t *testing.T) {
	s := boot(t, "sqlite")
	a, b := s.tenant(""), s.tenant("")
	c := s.client("app", a)
	slug := strings.TrimSuffix(b, ".localhost")
	c.get("/config", "X-Tenant", slug).want(http.StatusBadRequest)
	c.get("/config", "X-Tenant", strings.TrimSuffix(a, ".localhost")).want(http.StatusOK)
	s.client("app", "nobody.localhost").get("/config").want(http.StatusNotFound)
	if status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slug, map[string]any{"state": "suspended"}); status != http.StatusOK {
		t.Fatalf("suspend: %d %s", status, body)
	}
	s.client("app", b).get("/config").want(http.StatusForbidden)
}

// TestSharedHostIsNobodys has tenants claim the host that all of them share: by the admin API, and from before it was shared.
func TestSharedHostIsNobodys(t *testing.T) {
	s, _ := bootShared(t, "sqlite")
	a, b := s.tenant(""), s.tenant("")
	claim := map[string]any{"hosts": []string{a, strings.ToUpper(sharedHost)}}
	status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slugOf(a), claim)
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, `"path":"hosts[1]"`) {
		t.Errorf("claimed: %d %s", status, body)
	}
	rec, err := s.Store.TenantRecordBySlug(t.Context(), slugOf(a))
	if err != nil {
		t.Fatal(err)
	}
	rec.Hosts = append(rec.Hosts, sharedHost)
	if err := s.Store.SaveTenant(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	s.Directory.Invalidate(rec.ID)
	c := s.client("app", sharedHost)
	for _, host := range []string{a, b} {
		c.get("/config", "X-Tenant", slugOf(host)).want(http.StatusOK)
	}
	c.get("/config").want(http.StatusNotFound)
}

func TestClosedSignupIsRefusedAfterItsInput(t *testing.T) {
	s := boot(t, "sqlite")
	c := s.client("app", s.tenant(`{"account": {"signup_enabled": false}}`))
	c.signup("ann@example.org").want(http.StatusForbidden)
	c.post("/auth/signup", map[string]any{"email": "nope"}).want(http.StatusBadRequest)
}

func TestHoneypotCatchesPrograms(t *testing.T) {
	s := boot(t, "sqlite")
	host := s.tenant(`{"account": {"signup_form_honeypot_field": "website"}}`)
	c := s.client("app", host)
	c.post("/auth/signup", map[string]any{"email": "bot@example.org", "password": password, "website": "x"}).want(http.StatusUnauthorized)
	s.client("app", host).login("bot@example.org", password).want(http.StatusBadRequest)
	s.client("app", host).post("/auth/signup", map[string]any{"email": "ann@example.org", "password": password, "website": ""}).want(http.StatusOK)
}

func TestLimitAnswersWhenToComeBack(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		c := s.client(kind, s.tenant(`{"account": {"rate_limits": {"login": "2/m/ip", "login_failed": "1/m/key"}}}`))
		c.signup("ann@example.org").want(http.StatusOK)
		c.delete("/auth/session")
		c.token = ""
		c.login("ann@example.org", "wrong").want(http.StatusBadRequest).code("email_password_mismatch", "password")
		c.login("ANN@example.org", password).want(http.StatusBadRequest).code("too_many_login_attempts", "")
		r := c.login("ann@example.org", password).want(http.StatusTooManyRequests)
		if r.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		c.get("/auth/session").want(http.StatusUnauthorized) // reading is free
	})
}

func TestAnswersAreNotCached(t *testing.T) {
	s := boot(t, "sqlite")
	r := s.client("app", s.tenant("")).get("/config").want(http.StatusOK)
	if got := r.Header.Get("Cache-Control"); !strings.Contains(got, "no-store") || !strings.Contains(got, "private") {
		t.Errorf("Cache-Control is %q", got)
	}
}

func TestSettingsTakeEffectWithoutRestart(t *testing.T) {
	s := boot(t, "sqlite")
	host := s.tenant("")
	c := s.client("app", host)
	c.get("/config").want(http.StatusOK)
	slug := strings.TrimSuffix(host, ".localhost")
	if status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slug, map[string]any{"config": map[string]any{"account": map[string]any{"signup_enabled": false}}}); status != http.StatusOK {
		t.Fatalf("patch: %d %s", status, body)
	}
	if r := c.get("/config"); !strings.Contains(r.Body, `"is_open_for_signup":false`) {
		t.Errorf("the change is not seen where it was made: %s", r.Body)
	}
}

func TestMailTemplateThatCannotBeSentIsNotSaved(t *testing.T) {
	s := boot(t, "sqlite")
	slug := strings.TrimSuffix(s.tenant(""), ".localhost")
	for name, templates := range map[string]string{
		"a kind that is never sent": `{"birthday": {"subject": "x", "text": "{{.url}}"}}`,
		"a text without the link":   `{"email_confirmation": {"subject": "x", "text": "hello"}}`,
		"a loop":                    `{"email_confirmation": {"subject": "x", "text": "{{range .url}}{{end}}{{.url}}"}}`,
	} {
		status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slug, json.RawMessage(`{"config": {"nope": 1, "email": {"templates": `+templates+`}}}`))
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `"path":"config.email.templates.`) || !strings.Contains(body, "config.nope") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slug,
		json.RawMessage(`{"config": {"email": {"templates": {"email_confirmation": {"subject": "Your link", "text": "Here: {{.url}}"}}}}}`))
	if status != http.StatusOK {
		t.Errorf("a sound template: %d %s", status, body)
	}
}

// TestLoginBesideASessionThatWasPutOut logs in with a token whose session has just been put out: the token that the answer
// hands out must be good.
func TestLoginBesideASessionThatWasPutOut(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant("")
		c := s.client(kind, host)
		id := c.signup("ann@example.org").want(http.StatusOK).userID()
		tenant, err := s.Directory.Resolve(t.Context(), host, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, active := range []bool{false, true} { // the session does not come back with its user
			if err := s.Store.For(tenant).One(func(tx *store.Tx) error { return tx.SetActive(t.Context(), id, active) }); err != nil {
				t.Fatal(err)
			}
		}
		c.login("ann@example.org", password).want(http.StatusOK)
		c.get("/auth/session").want(http.StatusOK)
	})
}

func TestUserAgentMayBeAnyBytes(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		c := s.client(kind, s.tenant(""))
		c.post("/auth/signup", map[string]any{"email": "ann@example.org", "password": password}, "User-Agent", "Latin-1 \xe9").want(http.StatusOK)
		c.delete("/auth/session")
		c.token = ""
		split := strings.Repeat("x", 199) + "\u00e9" // the cut goes through the letter
		c.post("/auth/login", map[string]any{"email": "ann@example.org", "password": password}, "User-Agent", split).want(http.StatusOK)
	})
}

// TestRatesOfOneActionAreCountedApart gives an action two rates for an address: one use must not count twice.
func TestRatesOfOneActionAreCountedApart(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		c := s.client(kind, s.tenant(`{"account": {"rate_limits": {"login": "4/m/ip,20/h/ip", "login_failed": "100/m/ip"}}}`))
		for range 4 {
			c.login("nobody@example.org", password).want(http.StatusBadRequest)
		}
		c.login("nobody@example.org", password).want(http.StatusTooManyRequests)
	})
}

// TestWrongMethodIsToldWhatTheRightOneWouldBe calls paths with methods that they do not take: what is there, what waits and what is
// missing comes first, and a session that has ended before all.
func TestWrongMethodIsToldWhatTheRightOneWouldBe(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant(`{"account": {"email_verification": "mandatory", "email_verification_by_code_enabled": true}}`)
		c := s.client(kind, host)
		nothing := map[string]any{}
		for path, status := range map[string]int{
			"/config": http.StatusMethodNotAllowed, "/auth/signup": http.StatusMethodNotAllowed, "/auth/login": http.StatusBadRequest,
			"/auth/email/verify": http.StatusConflict, "/auth/phone/verify": http.StatusConflict, "/auth/code/confirm": http.StatusConflict,
			"/auth/code/request": http.StatusNotFound, "/auth/code/resend": http.StatusNotFound, "/auth/password/reset": http.StatusBadRequest,
			"/auth/reauthenticate": http.StatusUnauthorized, "/auth/sessions": http.StatusUnauthorized,
			"/account/password/change": http.StatusUnauthorized, "/account/phone": http.StatusUnauthorized,
		} {
			c.do(http.MethodPatch, path, nothing).want(status)
		}
		for path, status := range map[string]int{
			"/auth/login": http.StatusMethodNotAllowed, "/auth/phone/verify": http.StatusConflict, "/auth/code/confirm": http.StatusConflict,
			"/auth/code/request": http.StatusNotFound, "/auth/reauthenticate": http.StatusUnauthorized,
		} {
			c.get(path).want(status)
		}
		c.signup("ann@example.org").want(http.StatusUnauthorized)
		c.do(http.MethodPut, "/auth/email/verify", nothing).want(http.StatusBadRequest).code("required", "key")
		c.do(http.MethodPut, "/auth/email/verify", map[string]any{"key": "x"}).want(http.StatusMethodNotAllowed)
		if kind == "app" {
			c.token = "gone"
			c.do(http.MethodPut, "/config", nothing).want(http.StatusGone)
		}
	})
}

// TestHeadIsGetWithoutABody asks for heads, and for what a path takes.
func TestHeadIsGetWithoutABody(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		c := s.client(kind, s.tenant(""))
		for path, status := range map[string]int{
			"/config": http.StatusOK, "/auth/session": http.StatusUnauthorized, "/account/email": http.StatusUnauthorized,
			"/auth/signup": http.StatusMethodNotAllowed, "/auth/login": http.StatusBadRequest, "/auth/reauthenticate": http.StatusUnauthorized,
		} {
			r := c.do(http.MethodHead, path, nil).want(status)
			if r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Cache-Control") == "" {
				t.Errorf("HEAD %s has the headers %v", path, r.Header)
			}
		}
		c.signup("ann@example.org").want(http.StatusOK)
		c.do(http.MethodHead, "/auth/session", nil).want(http.StatusOK)
		for path, allow := range map[string]string{
			"/config": "GET, HEAD, OPTIONS", "/auth/session": "DELETE, GET, HEAD, OPTIONS", "/auth/signup": "POST, OPTIONS",
			"/account/email": "DELETE, GET, HEAD, PATCH, POST, PUT, OPTIONS",
		} {
			r := c.do(http.MethodOptions, path, nil).want(http.StatusOK)
			if got := r.Header.Get("Allow"); got != allow || r.Body != "" || r.Header.Get("Cache-Control") == "" {
				t.Errorf("OPTIONS %s allows %q with the body %q, want %q with none", path, got, r.Body, allow)
			}
		}
		c.do("FOO", "/account/email", nil).want(http.StatusMethodNotAllowed)
		c.do(http.MethodTrace, "/account/email", nil, "X-CSRFToken", "-").want(http.StatusMethodNotAllowed) // it is safe by its meaning
		unproved := http.StatusMethodNotAllowed
		if kind == "browser" {
			unproved = http.StatusForbidden // what another method means is not known
		}
		c.do("FOO", "/account/email", nil, "X-CSRFToken", "-").want(unproved)
		c.get("/auth/session").want(http.StatusOK)
	})
}

// TestWhatCannotBeReadIsRefusedLast sends what is no JSON to where nothing waits, and by methods that a path does not take.
func TestWhatCannotBeReadIsRefusedLast(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		c := s.client(kind, s.tenant(`{"account": {"email_verification": "mandatory", "email_verification_by_code_enabled": true, "email_verification_supports_change": true}}`))
		broken := json.RawMessage(`"no object"`)
		for path, status := range map[string]int{
			"/auth/code/request": http.StatusNotFound, "/auth/code/confirm": http.StatusConflict, "/auth/phone/verify": http.StatusConflict,
			"/auth/email/verify": http.StatusConflict, "/auth/reauthenticate": http.StatusUnauthorized, "/account/password/change": http.StatusUnauthorized,
			"/account/email": http.StatusConflict, "/account/phone": http.StatusConflict, "/auth/login": http.StatusBadRequest,
		} {
			c.post(path, broken).want(status)
		}
		for path, status := range map[string]int{
			"/config": http.StatusBadRequest, "/auth/session": http.StatusBadRequest, "/auth/signup": http.StatusBadRequest,
			"/auth/email/verify/resend": http.StatusMethodNotAllowed,
		} {
			c.do(http.MethodPut, path, broken).want(status)
		}
		c.signup("ann@example.org").want(http.StatusUnauthorized)
		c.post("/account/email", broken).want(http.StatusBadRequest) // it may be changed, so it is read
	})
}

// TestStrangersUseNothingUp has somebody who is not signed in call what is only for those who are.
func TestStrangersUseNothingUp(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		c := s.client(kind, s.tenant(`{"account": {"rate_limits": {"reauthenticate": "1/m/ip", "change_password": "1/m/ip"}}}`))
		for range 3 {
			c.post("/auth/reauthenticate", map[string]any{}).want(http.StatusUnauthorized)
			c.post("/account/password/change", map[string]any{}).want(http.StatusUnauthorized)
		}
		c.signup("ann@example.org").want(http.StatusOK)
		for _, status := range []int{http.StatusBadRequest, http.StatusTooManyRequests} {
			c.post("/auth/reauthenticate", map[string]any{}).want(status)
			c.post("/account/password/change", map[string]any{}).want(status)
		}
	})
}
