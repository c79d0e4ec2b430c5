package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The attacks of this file worked on other products' accounts: their codes, links, resets, addresses and numbers. As in
// attacks_test.go, each test is named after what was tried, says where it worked, and fails if what keeps it from working
// here is taken away.

// scene is a server whose mail and texts are read as its people read them, for one kind of client.
type scene struct {
	*server
	db   database
	kind string
	hook string // takes texts, and puts them where mail goes
}

// scenes runs a test on both engines and for both kinds of client. Nothing is limited unless the test says so.
func scenes(t *testing.T, test func(t *testing.T, s *scene), change ...func(*config.Config, *app.Options)) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := newScene(t, engine, change...)
		for _, kind := range []string{"app", "browser"} {
			t.Run(kind, func(t *testing.T) { test(t, s.of(t, kind)) })
		}
	})
}

func newScene(t *testing.T, engine string, change ...func(*config.Config, *app.Options)) *scene {
	t.Helper()
	s := &scene{kind: "app"}
	s.server, s.db = bootShared(t, engine, change...)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Phone, Message string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.inbox.take(letter{to: in.Phone, text: in.Message})
	}))
	t.Cleanup(hook.Close)
	s.hook = hook.URL
	return s
}

// take keeps a letter.
func (in *inbox) take(l letter) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.all = append(in.all, l)
	close(in.came)
	in.came = make(chan struct{})
}

// of is the scene for a part of its test.
func (s *scene) of(t *testing.T, kind string) *scene {
	server := *s.server
	server.T = t
	db := s.db
	db.t = t
	return &scene{server: &server, db: db, kind: kind, hook: s.hook}
}

// run runs a part of the test.
func (s *scene) run(name string, test func(s *scene)) {
	s.T.Run(name, func(t *testing.T) { test(s.of(t, s.kind)) })
}

// house makes a tenant of these account settings that sends its texts to the scene.
func (s *scene) house(account string) string {
	s.Helper()
	if !strings.Contains(account, "rate_limits") {
		account += `, "rate_limits": false`
	}
	return s.tenant(fmt.Sprintf(`{"account": {%s}, "sms": {"webhook_url": %q}}`, account, s.hook))
}

// front is a new front end of the scene's kind.
func (s *scene) front(host string) *client {
	s.Helper()
	return s.client(s.kind, host)
}

// anew is another front end in the same browser, or the same app: it holds what that one holds now.
func (c *client) anew() *client {
	other := &client{s: c.s, kind: c.kind, host: c.host, ip: c.ip, token: c.token, cookies: map[string]string{}, header: c.header.Clone()}
	for k, v := range c.cookies {
		other.cookies[k] = v
	}
	return other
}

// settle waits until nothing is to be sent any more, and returns how many letters came so far.
func (s *scene) settle() int {
	s.Helper()
	return len(s.recipients(s.db))
}

// sent are the letters that come of an act, all of them.
func (s *scene) sent(act func()) []letter {
	s.Helper()
	before := s.settle()
	act()
	s.settle()
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	return append([]letter(nil), s.inbox.all[before:]...)
}

// letter is the only letter that comes of an act. It goes to whom it should.
func (s *scene) letter(to string, act func()) letter {
	s.Helper()
	all := s.sent(act)
	if len(all) != 1 || all[0].to != to {
		s.Fatalf("one letter to %s was to come, and these came: %v", to, all)
	}
	return all[0]
}

var (
	typedCode = regexp.MustCompile(`\b[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\b`)
	resetLink = regexp.MustCompile(`/password/reset/key/([A-Za-z0-9_-]+)`)
)

// code is the code in the only letter that comes of an act.
func (s *scene) code(to string, act func()) string {
	s.Helper()
	l := s.letter(to, act)
	code := typedCode.FindString(l.text)
	if code == "" {
		s.Fatalf("no code in %q", l.text)
	}
	return code
}

// resetKey is the key of the link in the only letter that comes of an act.
func (s *scene) resetKey(to string, act func()) string {
	s.Helper()
	l := s.letter(to, act)
	found := resetLink.FindStringSubmatch(l.text)
	if found == nil {
		s.Fatalf("no link in %q", l.text)
	}
	return found[1]
}

// secretless makes sure that what came of an act holds no secret: no code, and no link with a key.
func (s *scene) secretless(act func()) {
	s.Helper()
	for _, l := range s.sent(act) {
		if typedCode.MatchString(l.text) || resetLink.MatchString(l.text) || keyInLink.MatchString(l.text) {
			s.Errorf("a secret was sent to %s: %s", l.to, l.text)
		}
	}
}

// wrongCode is a code of the right form that is not the given one.
func wrongCode(code string) string {
	last := "B"
	if strings.HasSuffix(code, last) {
		last = "C"
	}
	return code[:len(code)-1] + last
}

// tenantOf is the tenant on a host.
func (s *scene) tenantOf(host string) *tenants.Tenant {
	s.Helper()
	t, err := s.Directory.Resolve(s.Context(), host, "")
	if err != nil {
		s.Fatal(err)
	}
	return t
}

// ids are the id of the tenant on a host and of the user with a primary address there.
func (s *scene) ids(host, email string) (tenant, user string) {
	s.Helper()
	tenant = s.tenantOf(host).ID
	return tenant, s.db.one(`SELECT id FROM users WHERE tenant_id = $1 AND email = $2`, tenant, email)
}

// exec changes the database past the product.
func (s *scene) exec(query string, args ...any) {
	s.Helper()
	if _, err := s.db.ExecContext(s.Context(), query, args...); err != nil {
		s.Fatal(err)
	}
}

// setActive lets the user with a primary address in or out.
func (s *scene) setActive(host, email string, active bool) {
	s.Helper()
	_, user := s.ids(host, email)
	err := s.Store.For(s.tenantOf(host)).One(func(tx *store.Tx) error { return tx.SetActive(s.Context(), user, active) })
	if err != nil {
		s.Fatal(err)
	}
}

// patch changes settings of the tenant on a host.
func (s *scene) patch(host, account string) {
	s.Helper()
	status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slugOf(host), json.RawMessage(`{"config": {"account": {`+account+`}}}`))
	if status != http.StatusOK {
		s.Fatalf("change settings: %d %s", status, body)
	}
}

// The steps that the tests below take again and again.

func (c *client) request(email string) *reply {
	return c.post("/auth/code/request", map[string]any{"email": email})
}

func (c *client) requestText(phone string) *reply {
	return c.post("/auth/code/request", map[string]any{"phone": phone})
}

func (c *client) confirm(code string) *reply {
	return c.post("/auth/code/confirm", map[string]any{"code": code})
}

func (c *client) askReset(email string) *reply {
	return c.post("/auth/password/request", map[string]any{"email": email})
}

func (c *client) lookReset(key string) *reply {
	return c.get("/auth/password/reset", "X-Password-Reset-Key", key)
}

func (c *client) reset(key, password string) *reply {
	return c.post("/auth/password/reset", map[string]any{"key": key, "password": password})
}

func (c *client) verify(key string) *reply {
	return c.post("/auth/email/verify", map[string]any{"key": key})
}

func (c *client) verifyPhone(code string) *reply {
	return c.post("/auth/phone/verify", map[string]any{"code": code})
}

// ended makes sure that what a client holds names no session any more, though whoever was put out of one is told so once.
func (s *scene) ended(kind, host, held string) {
	s.Helper()
	if held == "" {
		s.Fatal("there was no session to look for")
	}
	c := s.client(kind, host)
	c.token = held
	if kind == "browser" {
		c.cookies["sessionid"] = held
	}
	for range 2 {
		if r := c.get("/auth/session").out(); strings.Contains(r.Body, `"is_pending":true`) {
			s.Fatalf("a login still waits: %s", r.Body)
		}
	}
	if kind == "app" {
		c.get("/auth/session").want(http.StatusGone)
	} else if c.cookies["sessionid"] != "" {
		s.Fatal("the browser keeps its cookie")
	}
}

// out makes sure that an answer let nobody in.
func (r *reply) out() *reply {
	r.c.s.Helper()
	if r.Status < http.StatusBadRequest || strings.Contains(r.Body, `"is_authenticated":true`) {
		r.c.s.Fatalf("somebody was let in: %d %s", r.Status, r.Body)
	}
	return r
}

// verified makes an account whose address is proved by its link, and leaves nobody signed in.
func (s *scene) verified(host, email string) {
	s.Helper()
	key := s.letter(email, func() { s.client("app", host).signup(email) }).key(s)
	s.client("app", host).verify(key).want(http.StatusUnauthorized)
}

// eve and victim are who attacks, and who is attacked.
const (
	evil    = "eve@evil.example"
	victim  = "ann@example.org"
	number  = "+4915112345678"
	another = "+4915187654321"
)

// PocketBase CVE-2024-38351 and CVE-2026-44166, better-auth GHSA-g38m-r43w-p2q7 and GHSA-qq9h-g4jm-xgf3, allauth's notice of
// 2024: somebody signed up with another's address, and was still in when its owner came. "Pre-hijacked Accounts" (Sudhodanan
// and Paverd, USENIX Security 2022) lists what they may have kept: a password, sessions, changes under way, and addresses of
// their own.
func TestPreRegistrationKeepsNoDoorOpen(t *testing.T) {
	const base = `"email_verification": "optional", "login_by_code_enabled": true, "login_methods": ["email", "phone"],
		"signup_fields": ["email", "phone", "password1*"], "phone_verification_enabled": false`
	chosen := "Harbour-Violet-61!"
	comeIn := func(s *scene, host, to, name string) {
		c := s.front(host)
		code := s.code(to, func() { c.post("/auth/code/request", map[string]any{name: to}).want(http.StatusUnauthorized) })
		c.confirm(code).want(http.StatusOK)
		c.get("/auth/session").want(http.StatusOK)
	}
	ways := map[string]struct {
		settings string
		second   bool // the victim's address is the second one of the account
		enter    func(s *scene, host string)
	}{
		"by a login code":                       {base, false, func(s *scene, host string) { comeIn(s, host, victim, "email") }},
		"by a login code to the second address": {base, true, func(s *scene, host string) { comeIn(s, host, victim, "email") }},
		"by a login code to the number":         {base, false, func(s *scene, host string) { comeIn(s, host, number, "phone") }},
		"by a code for a new password": {base + `, "password_reset_by_code_enabled": true`, false, func(s *scene, host string) {
			c := s.front(host)
			code := s.code(victim, func() { c.askReset(victim).want(http.StatusUnauthorized) })
			c.reset(code, chosen).want(http.StatusUnauthorized)
			s.front(host).login(victim, chosen).want(http.StatusOK)
		}},
		"by a code for a new password, looked at first": {base + `, "password_reset_by_code_enabled": true`, true, func(s *scene, host string) {
			c := s.front(host)
			code := s.code(victim, func() { c.askReset(victim).want(http.StatusUnauthorized) })
			c.lookReset(code).want(http.StatusOK)
			c.reset(code, chosen).want(http.StatusUnauthorized)
			s.front(host).login(victim, chosen).want(http.StatusOK)
		}},
		"by a code for a new password, looked at only": {base + `, "password_reset_by_code_enabled": true`, false, func(s *scene, host string) {
			c := s.front(host)
			code := s.code(victim, func() { c.askReset(victim).want(http.StatusUnauthorized) })
			c.lookReset(code).want(http.StatusOK)
			comeIn(s, host, victim, "email")
		}},
		"by a link for a new password": {base, false, func(s *scene, host string) {
			key := s.resetKey(victim, func() { s.front(host).askReset(victim).want(http.StatusOK) })
			s.front(host).reset(key, chosen).want(http.StatusUnauthorized)
			s.front(host).login(victim, chosen).want(http.StatusOK)
		}},
		"by a link for a new password to the second address": {base, true, func(s *scene, host string) {
			key := s.resetKey(victim, func() { s.front(host).askReset(victim).want(http.StatusOK) })
			s.front(host).reset(key, chosen).want(http.StatusUnauthorized)
			s.front(host).login(victim, chosen).want(http.StatusOK)
		}},
	}
	scenes(t, func(t *testing.T, s *scene) {
		for name, way := range ways {
			s.run(name, func(s *scene) {
				host := s.house(way.settings)
				first, second, phone := victim, evil, another
				switch {
				case way.second:
					first, second = evil, victim
				case strings.HasSuffix(name, "the number"):
					first, second, phone = evil, "eve@other.evil.example", number
				}
				tenant := s.tenantOf(host).ID
				// Eve signs up, proves her number, is signed in everywhere, and has a login wait for a code.
				eve := s.client("app", host)
				eve.post("/auth/signup", map[string]any{"email": first, "phone": phone, "password": password}).want(http.StatusOK)
				if phone == another {
					s.exec(`UPDATE users SET phone_verified = TRUE WHERE tenant_id = $1`, tenant)
				}
				other := s.client("browser", host)
				other.login(first, password).want(http.StatusOK)
				link := s.letter(second, func() { eve.post("/account/email", map[string]any{"email": second}).want(http.StatusOK) })
				code, text, reset := s.front(host), s.front(host), s.front(host)
				typed := s.code(evil, func() { code.request(evil).want(http.StatusUnauthorized) })
				texted := s.code(phone, func() { text.requestText(phone).want(http.StatusUnauthorized) })
				var key string
				if strings.Contains(way.settings, "password_reset_by_code_enabled") {
					key = s.code(evil, func() { reset.askReset(evil).want(http.StatusUnauthorized) })
				} else {
					key = s.resetKey(evil, func() { reset.askReset(evil).want(http.StatusOK) })
				}
				s.patch(host, `"login_by_code_required": ["password"]`)
				waiting := s.client(s.kind, host)
				s.sent(func() { waiting.login(first, password).want(http.StatusUnauthorized) })
				s.patch(host, `"login_by_code_required": false`)
				eve.get("/auth/session").want(http.StatusOK)
				other.get("/auth/session").want(http.StatusOK)

				way.enter(s, host)

				for _, c := range []*client{eve, other, waiting} {
					s.ended(c.kind, host, c.held())
				}
				s.front(host).login(first, password).want(http.StatusBadRequest)
				s.front(host).login(second, password).want(http.StatusBadRequest)
				code.confirm(typed).out()
				text.confirm(texted).out()
				reset.anew().lookReset(key).out()
				reset.reset(key, password).out()
				if !way.second {
					s.front(host).verify(link.key(s)).out()
				}
				s.secretless(func() {
					s.front(host).request(evil)
					s.front(host).askReset(evil)
					if phone == another {
						s.front(host).requestText(another)
					}
				})
				if strangers := s.db.rows(`SELECT email FROM emails WHERE tenant_id = $1 AND verified AND email <> $2`, tenant, victim); len(strangers) > 0 {
					t.Errorf("these are proved: %q", strangers)
				}
				if phones := s.db.rows(`SELECT phone FROM users WHERE tenant_id = $1 AND phone_verified AND phone <> $2`, tenant, number); len(phones) > 0 {
					t.Errorf("these are proved: %q", phones)
				}
			})
		}
	})
}
