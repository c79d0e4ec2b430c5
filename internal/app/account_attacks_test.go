package app_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/headless"
	"github.com/vestibule-auth/vestibule/internal/secret"
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
	hook string           // takes texts, and puts them where mail goes
	now  func() time.Time // the server's time
}

// scenes runs a test on both engines and for both kinds of client. Nothing is limited unless the test says so.
func scenes(t *testing.T, test func(t *testing.T, s *scene), change ...func(*config.Config, *app.Options)) {
	t.Parallel() // as in everywhere
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
	s.server, s.db = bootShared(t, engine, append(change, func(_ *config.Config, o *app.Options) { s.now = o.Clock.Now })...)
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
	return &scene{server: &server, db: db, kind: kind, hook: s.hook, now: s.now}
}

// run runs a part of the test.
func (s *scene) run(name string, test func(s *scene)) {
	s.T.Run(name, func(t *testing.T) { test(s.of(t, s.kind)) })
}

// house makes a tenant of these account settings that sends its texts to the scene. Unless they go on with others of second factors,
// it offers everything there is of them.
func (s *scene) house(account string) string {
	s.Helper()
	if !strings.Contains(account, "rate_limits") {
		account = `"rate_limits": false, ` + account
	}
	if !strings.Contains(account, `"mfa": {`) {
		mfa := offersFactors
		if strings.Contains(account, byCodes) { // which it takes
			mfa += `, "passkey_signup_enabled": true`
		}
		account += `}, "mfa": {` + mfa
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
	const trusts = base + `}, "socialaccount": {"email_authentication": true, "providers": {"dummy": {"apps": [{"client_id": "1"}]}}`
	byProvider := func(s *scene, host string) {
		c := s.front(host)
		c.post("/auth/provider/token", map[string]any{"provider": "dummy", "process": "login", "token": map[string]any{
			"client_id": "1", "id_token": fmt.Sprintf(`{"id": "1", "email": %q, "email_verified": true}`, victim)}}).want(http.StatusOK)
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
		"by a provider":                       {trusts, false, byProvider},
		"by a provider to the second address": {trusts, true, byProvider},
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
					s.Errorf("these are proved: %q", strangers)
				}
				if phones := s.db.rows(`SELECT phone FROM users WHERE tenant_id = $1 AND phone_verified AND phone <> $2`, tenant, number); len(phones) > 0 {
					s.Errorf("these are proved: %q", phones)
				}
			})
		}
	}, func(_ *config.Config, o *app.Options) { o.Dummy = true })
}

// Everything is proved by codes: all four kinds of them are sent, and none wears out.
const byCodes = `"email_verification": "mandatory", "email_verification_by_code_enabled": true, "email_verification_by_code_max_attempts": 100,
	"login_by_code_enabled": true, "login_by_code_max_attempts": 100,
	"password_reset_by_code_enabled": true, "password_reset_by_code_max_attempts": 100,
	"login_methods": ["email", "phone"], "signup_fields": ["email*", "phone", "password1*"], "phone_verification_max_attempts": 100`

// member makes an account of a house that proves by codes, with an address and a number that are proved, and is signed in as it.
func (s *scene) member(host, email, phone string) *client {
	s.Helper()
	c := s.front(host)
	in := map[string]any{"email": email, "password": password}
	if phone != "" {
		in["phone"] = phone
		code := s.code(phone, func() { c.post("/auth/signup", in).want(http.StatusUnauthorized) })
		code = s.code(email, func() { c.verifyPhone(code).want(http.StatusUnauthorized) })
		c.verify(code).want(http.StatusOK)
		return c
	}
	code := s.code(email, func() { c.post("/auth/signup", in).want(http.StatusUnauthorized) })
	c.verify(code).want(http.StatusOK)
	return c
}

// walk is one way through calls that Eve may make, and what she learned on it.
type walk struct {
	*scene
	c       *client
	secrets []string // that were sent to her
}

// learns makes a call and reads what comes to Eve of it.
func (w *walk) learns(call func()) {
	for _, l := range w.sent(call) {
		if l.to != evil {
			continue
		}
		w.secrets = append(w.secrets, typedCode.FindAllString(l.text, -1)...)
		for _, link := range []*regexp.Regexp{resetLink, keyInLink} {
			if found := link.FindStringSubmatch(l.text); found != nil {
				w.secrets = append(w.secrets, found[1])
			}
		}
	}
}

// Keycloak CVE-2026-18963 and #51833: the step of a reset that asks for the mailed secret could be left out. Here every walk of two
// calls is taken that somebody may make who has an account and no mail but their own, and after each of them everything is tried
// that sets a password.
func TestNoWayToANewPasswordLeavesOutTheSecret(t *testing.T) {
	const chosen = "Harbour-Violet-61!"
	calls := map[string]func(w *walk){
		"asks for the victim's reset":      func(w *walk) { w.learns(func() { w.c.askReset(victim) }) },
		"asks for a reset":                 func(w *walk) { w.learns(func() { w.c.askReset(evil) }) },
		"asks for the victim's login code": func(w *walk) { w.learns(func() { w.c.request(victim) }) },
		"asks for a login code":            func(w *walk) { w.learns(func() { w.c.request(evil) }) },
		"signs up as the victim":           func(w *walk) { w.learns(func() { w.c.signup(victim) }) },
		"logs in, and adds the victim's address": func(w *walk) {
			w.learns(func() {
				w.c.login(evil, password)
				w.c.post("/account/email", map[string]any{"email": victim})
			})
		},
		"guesses the victim's password": func(w *walk) { w.c.login(victim, otherPassword) },
		"uses every secret there is": func(w *walk) {
			for _, secret := range w.secrets {
				w.c.lookReset(secret)
				w.c.confirm(secret)
				w.learns(func() { w.c.verify(secret) })
			}
		},
	}
	change := func(w *walk) {
		for _, current := range []any{"", nil, false, otherPassword, chosen} {
			w.c.anew().post("/account/password/change", map[string]any{"current_password": current, "new_password": chosen}).out()
		}
		w.c.anew().post("/account/password/change", map[string]any{"new_password": chosen}).out()
	}
	reset := func(w *walk, id string) {
		tries := []any{"", nil, []any{}, map[string]any{}, true, 0, "null", "AAAA-AAAA", id, victim, about(id, make([]byte, 40))}
		for _, secret := range w.secrets {
			tries = append(tries, secret)
			if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil && len(raw) > 16 { // a key, made to be about somebody else
				tries = append(tries, about(id, raw[16:]))
			}
		}
		for _, key := range tries {
			w.c.anew().post("/auth/password/reset", map[string]any{"key": key, "password": chosen})
		}
		w.c.anew().post("/auth/password/reset", map[string]any{"password": chosen})
	}
	for name, settings := range map[string]struct{ account, kind string }{
		"by codes": {byCodes, "app"},
		"by links": {`"email_verification": "mandatory", "login_by_code_enabled": true, "login_by_code_max_attempts": 100`, "browser"},
	} {
		test := func(t *testing.T, engine string) {
			all := newScene(t, engine)
			host := all.house(settings.account)
			for _, email := range []string{victim, evil} {
				if name == "by codes" {
					all.member(host, email, "")
				} else {
					all.verified(host, email)
				}
			}
			tenant, id := all.ids(host, victim)
			_, eves := all.ids(host, evil)
			kept := func(id string) string {
				return all.db.one(`SELECT password FROM users WHERE tenant_id = $1 AND id = $2`, tenant, id)
			}
			before, hers := kept(id), kept(eves)
			for first, one := range calls {
				for second, other := range calls {
					s := all.of(t, settings.kind)
					w := &walk{scene: s, c: s.front(host)}
					one(w)
					other(w)
					change(w)
					if kept(eves) != hers {
						s.Fatalf("somebody who %s, then %s, changes a password without the old one", first, second)
					}
					reset(w, id)
					if kept(id) != before {
						s.Fatalf("somebody who %s, then %s, changes the victim's password", first, second)
					}
					s.exec(`UPDATE users SET password = $3 WHERE tenant_id = $1 AND id = $2`, tenant, eves, hers)
				}
			}
			all.front(host).login(victim, password).want(http.StatusOK)
		}
		t.Run(name, func(t *testing.T) { testkit.Engines(t, test) })
	}
}

// about is a key that names a user or an address, and what is behind the name.
func about(id string, rest []byte) string {
	named := uuid.MustParse(id)
	return base64.RawURLEncoding.EncodeToString(append(named[:], rest...))
}

// The same, for a secret of another kind, and for one of another session: a code is good for what it was sent for, where it was
// asked for.
func TestCodeOfOneProcessIsNoneOfAnother(t *testing.T) {
	const chosen = "Harbour-Violet-61!"
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		member := s.member(host, victim, number)
		tenant, id := s.ids(host, victim)
		uses := map[string]func(c *client, code string) *reply{
			"login": func(c *client, code string) *reply { return c.confirm(code) },
			"reset": func(c *client, code string) *reply { return c.reset(code, chosen) },
			"look":  func(c *client, code string) *reply { return c.lookReset(code) },
			"email": func(c *client, code string) *reply { return c.verify(code) },
			"phone": func(c *client, code string) *reply { return c.verifyPhone(code) },
		}
		kept := func() string {
			return s.db.one(`SELECT password || ' ' || phone || ' ' || epoch FROM users WHERE tenant_id = $1 AND id = $2`, tenant, id) +
				strings.Join(s.db.rows(`SELECT email, verified FROM emails WHERE tenant_id = $1`, tenant), ",")
		}
		before := kept()
		codes := map[string]string{}
		stranger, twin := s.front(host), s.front(host)
		ask := map[string]func(c *client){
			"login": func(c *client) { c.request(victim).want(http.StatusUnauthorized) },
			"reset": func(c *client) { c.askReset(victim) },
			"email": func(c *client) {
				c.do(http.MethodPut, "/account/email", map[string]any{"email": victim}).want(http.StatusOK)
			},
			"phone": func(c *client) {
				c.post("/account/phone", map[string]any{"phone": another}).want(http.StatusAccepted)
			},
		}
		to := map[string]string{"login": victim, "reset": victim, "email": victim, "phone": another}
		for _, from := range []struct {
			who   *client
			other *client // waits for the same, and has codes of its own
			kinds []string
		}{{stranger, twin, []string{"login", "reset"}}, {member, s.signedIn(host), []string{"reset", "email", "phone"}}} {
			for _, kind := range from.kinds {
				codes[kind] = s.code(to[kind], func() { ask[kind](from.who) })
				s.sent(func() { ask[kind](from.other) })
			}
			for _, kind := range from.kinds {
				for use, try := range uses {
					if use != kind && (use != "look" || kind != "reset") {
						if r := try(from.who, codes[kind]); r.Status < http.StatusBadRequest {
							s.Errorf("a code for %s is taken for %s: %s", kind, use, r.Body)
						}
					}
					if r := try(from.other, codes[kind]); r.Status < http.StatusBadRequest {
						s.Errorf("a code for %s is taken for %s in another session: %s", kind, use, r.Body)
					}
				}
			}
			if kept() != before {
				s.Errorf("something was changed: %s became %s", before, kept())
			}
			// The same codes are good for what they are for, or the above would prove nothing.
			for _, kind := range from.kinds {
				if kind == "email" {
					continue // it is proved already
				}
				if kind == "reset" {
					from.who.lookReset(codes[kind]).want(http.StatusOK)
					continue
				}
				uses[kind](from.who, codes[kind]).want(http.StatusOK)
			}
			before = kept()
		}
	})
}

// signedIn is another front end of the member of a house.
func (s *scene) signedIn(host string) *client {
	s.Helper()
	c := s.front(host)
	c.login(victim, password).want(http.StatusOK)
	return c
}

// call is one request of a script.
type call struct {
	method, path string
	body         map[string]any
}

func (c *client) make(x call, more map[string]any) *reply {
	c.s.Helper()
	body := maps.Clone(x.body)
	if body == nil {
		body = map[string]any{}
	}
	for name, value := range more {
		if _, given := body[name]; !given {
			body[name] = value
		}
	}
	return c.do(x.method, x.path, body)
}

// Zitadel CVE-2026-27946 and CVE-2026-54693: whoever sent "verified": true with their profile was verified. Here two houses go
// through the same calls, the one with and the other without such members, and come to the same.
func TestNobodyIsVerifiedForSayingSo(t *testing.T) {
	claims := func(user string) map[string]any {
		all := map[string]any{
			"user_id": user, "user": map[string]any{"id": user, "verified": true}, "id": user, "epoch": 0, "password1": otherPassword,
			"is_primary": true, "primary": true, "phone_verified_at": "2020-01-01T00:00:00Z", "role": "admin", "stage": "", "tries": 0, "resends": -9,
			"methods": []any{map[string]any{"method": "password", "at": 4e9, "reauthenticated": true}}, "email_addresses": []any{evil}, "to": evil,
			"max_attempts": 1000, "tenant": "other", "token": "x", "session_token": "x", "next": "https://evil.example", "exclusive": true,
			"Email": evil, "EMAIL": evil, "Phone": another, "Key": "AAAA-AAAA", "Password": otherPassword,
		}
		for _, name := range []string{
			"verified", "is_verified", "email_verified", "phone_verified", "emailVerified", "confirmed", "active", "is_active", "is_staff", "is_superuser",
			"admin", "force", "code_given", "is_authenticated", "reauthenticated", "remember", "skip_verification", "trusted", "alive", "has_password",
		} {
			all[name] = true
		}
		return all
	}
	signup := map[string]any{"email": victim, "phone": number, "password": password}
	code := map[string]any{"code": "AAAA-AAAA"}
	key := map[string]any{"key": "AAAA-AAAA"}
	address := map[string]any{"email": "ann@other.example.org"}
	phone := map[string]any{"phone": another}
	scripts := map[string]struct {
		settings string
		script   []call
	}{
		"a signup that proves its number": {byCodes + `, "phone_verification_supports_change": true, "phone_verification_supports_resend": true`, []call{
			{"POST", "/auth/signup", signup},
			{"POST", "/auth/phone/verify", code},
			{"POST", "/auth/phone/verify/resend", nil},
			{"POST", "/account/phone", phone},
			{"POST", "/auth/code/confirm", code},
			{"GET", "/auth/session", nil},
		}},
		"a signup that proves its address": {byCodes + `, "email_verification_supports_change": true, "email_verification_supports_resend": true`, []call{
			{"POST", "/auth/signup", map[string]any{"email": victim, "password": password}},
			{"POST", "/auth/email/verify", key},
			{"POST", "/auth/email/verify/resend", nil},
			{"POST", "/account/email", address},
			{"PATCH", "/account/email", map[string]any{"email": victim}},
			{"POST", "/auth/password/request", map[string]any{"email": victim}},
			{"POST", "/auth/password/reset", map[string]any{"key": "AAAA-AAAA", "password": otherPassword}},
			{"POST", "/auth/code/request", map[string]any{"email": victim}},
			{"POST", "/auth/code/confirm", code},
			{"POST", "/auth/code/resend", nil},
			{"POST", "/auth/login", map[string]any{"email": victim, "password": password}},
		}},
		"somebody who is signed in": {`"email_verification": "optional", "login_by_code_enabled": true, "reauthentication_required": true`, []call{
			{"POST", "/auth/signup", map[string]any{"email": victim, "password": password}},
			{"POST", "/account/email", address},
			{"POST", "/auth/reauthenticate", map[string]any{"password": password}},
			{"POST", "/account/email", address},
			{"PUT", "/account/email", address},
			{"POST", "/auth/email/verify", key},
			{"DELETE", "/account/email", map[string]any{"email": victim}},
			{"POST", "/account/phone", phone},
			{"PUT", "/account/phone", phone},
			{"PATCH", "/account/phone", phone},
			{"DELETE", "/account/phone", phone},
			{"POST", "/auth/phone/verify", code},
			{"POST", "/account/password/change", map[string]any{"current_password": otherPassword, "new_password": "Harbour-Violet-61!"}},
			{"DELETE", "/auth/sessions", map[string]any{"sessions": []int{1}}},
			{"DELETE", "/auth/session", nil},
		}},
	}
	scenes(t, func(t *testing.T, s *scene) {
		for name, x := range scripts {
			s.run(name, func(s *scene) {
				plain, loud := s.house(x.settings), s.house(x.settings)
				state := func(host string) string {
					tenant := s.tenantOf(host).ID
					return strings.Join(slices.Concat(
						s.db.rows(`SELECT email, phone, phone_verified, active, epoch, password = '' FROM users WHERE tenant_id = $1 ORDER BY id`, tenant),
						s.db.rows(`SELECT email, verified, is_primary, exclusive FROM emails WHERE tenant_id = $1 ORDER BY id`, tenant),
						s.db.rows(`SELECT user_id IS NULL, pending, alive FROM sessions WHERE tenant_id = $1 ORDER BY id`, tenant),
						s.db.rows(`SELECT kind, channel FROM messages WHERE tenant_id = $1 ORDER BY kind, channel`, tenant),
					), "\n")
				}
				one, other := s.front(plain), s.front(loud)
				for i, x := range x.script {
					want := one.make(x, nil)
					user := secret.NewID()
					if i > 0 {
						user = s.db.one(`SELECT id FROM users WHERE tenant_id = $1`, s.tenantOf(loud).ID)
					}
					got := other.make(x, claims(user))
					if got.Status != want.Status || len(got.decoded.Errors) != len(want.decoded.Errors) {
						s.Errorf("%s %s is answered %d %s; without the claims, %d %s", x.method, x.path, got.Status, got.Body, want.Status, want.Body)
					}
					if a, b := state(plain), state(loud); a != b {
						s.Fatalf("after %s %s there is\n%s\nwithout the claims\n%s", x.method, x.path, b, a)
					}
				}
			})
		}
	})
}

// allauth 65.12.1 and 65.14.1: while a change of address waited, the new one was let in as if it were proved, or the old one as if
// it were none.
func TestChangedAddressCountsWhenItIsProved(t *testing.T) {
	const fresh = "ann@new.example.org"
	base := `"login_by_code_enabled": true, "email_verification": "mandatory", `
	scenes(t, func(t *testing.T, s *scene) {
		for name, settings := range map[string]string{
			"by link":               base + `"change_email": false`,
			"by link, in its place": base + `"change_email": true`,
			"by code":               base + `"email_verification_by_code_enabled": true, "change_email": false`,
			"by code, in its place": base + `"email_verification_by_code_enabled": true, "change_email": true`,
		} {
			s.run(name, func(s *scene) {
				byCode, replaces := strings.HasPrefix(name, "by code"), strings.HasSuffix(name, "place")
				host := s.house(settings)
				if byCode {
					s.member(host, victim, "")
				} else {
					s.verified(host, victim)
				}
				c := s.signedIn(host)
				add := func() { c.post("/account/email", map[string]any{"email": fresh}).want(http.StatusOK) }
				in := func(email string) {
					s.front(host).login(email, password).want(http.StatusOK)
					other := s.front(host)
					code := s.code(email, func() { other.request(email).want(http.StatusUnauthorized) })
					other.confirm(code).want(http.StatusOK)
					s.resetKey(email, func() { s.front(host).askReset(email).want(http.StatusOK) })
				}
				out := func(email string) {
					s.secretless(func() {
						s.front(host).request(email).want(http.StatusUnauthorized)
						s.front(host).askReset(email).want(http.StatusOK)
					})
				}
				key := ""
				if byCode {
					key = s.code(fresh, add)
				} else {
					key = s.letter(fresh, add).key(s)
				}
				tenant, _ := s.ids(host, victim) // the user is still shown with the old one
				in(victim)
				out(fresh)
				waits := s.front(host)
				s.sent(func() {
					if r := waits.login(fresh, password).out(); !byCode && !strings.Contains(r.Body, `{"id":"verify_email","is_pending":true}`) {
						s.Errorf("got %s", r.Body)
					}
				})
				waits.get("/account/email").out()
				c.do(http.MethodPatch, "/account/email", map[string]any{"email": fresh, "primary": true}).want(http.StatusBadRequest)

				c.verify(key).want(http.StatusOK)
				c.verify(key).out()
				in(fresh)
				if !replaces {
					in(victim)
					return
				}
				if rows := s.db.rows(`SELECT email, is_primary FROM emails WHERE tenant_id = $1`, tenant); len(rows) != 1 || rows[0] != fresh+" true" && rows[0] != fresh+" 1" {
					s.Errorf("left are %q", rows)
				}
				s.front(host).login(victim, password).want(http.StatusBadRequest)
				out(victim)
			})
		}
	})
}

// threeTries is byCodes as it is by default: three wrong codes end what waits for one.
var threeTries = strings.ReplaceAll(byCodes, "100", "3")

// wait is one of the things that wait for a code.
type wait struct {
	name  string
	begin func(s *scene, host string) (c *client, code string)
	try   func(c *client, code string) *reply
	again func(c *client) *reply // sends another code; nil where the contract has no way to ask for one
	right int                    // the status of a right code
}

// waits are all of them, in a house whose member is the victim.
func waits() []wait {
	n := 0
	fresh := func() (email, phone string) {
		n++
		return fmt.Sprintf("new%d@example.org", n), fmt.Sprintf("+49151%08d", n)
	}
	post := func(path string) func(c *client) *reply {
		return func(c *client) *reply { return c.post(path, nil) }
	}
	return []wait{
		{"a login by code", func(s *scene, host string) (*client, string) {
			c := s.front(host)
			return c, s.code(victim, func() { c.request(victim).want(http.StatusUnauthorized) })
		}, (*client).confirm, post("/auth/code/resend"), http.StatusOK},
		{"a new password", func(s *scene, host string) (*client, string) {
			c := s.front(host)
			return c, s.code(victim, func() { c.askReset(victim).want(http.StatusUnauthorized) })
		}, func(c *client, code string) *reply { return c.reset(code, password) }, nil, http.StatusUnauthorized},
		{"the address of a signup", func(s *scene, host string) (*client, string) {
			c := s.front(host)
			email, _ := fresh()
			return c, s.code(email, func() { c.signup(email).want(http.StatusUnauthorized) })
		}, (*client).verify, post("/auth/email/verify/resend"), http.StatusOK},
		{"another address", func(s *scene, host string) (*client, string) {
			c := s.signedIn(host)
			email, _ := fresh()
			return c, s.code(email, func() { c.post("/account/email", map[string]any{"email": email}).want(http.StatusOK) })
		}, (*client).verify, post("/auth/email/verify/resend"), http.StatusOK},
		{"the number of a signup", func(s *scene, host string) (*client, string) {
			c := s.front(host)
			email, phone := fresh()
			return c, s.code(phone, func() {
				c.post("/auth/signup", map[string]any{"email": email, "phone": phone, "password": password}).want(http.StatusUnauthorized)
			})
		}, (*client).verifyPhone, post("/auth/phone/verify/resend"), http.StatusUnauthorized},
		{"another number", func(s *scene, host string) (*client, string) {
			c := s.signedIn(host)
			_, phone := fresh()
			return c, s.code(phone, func() { c.post("/account/phone", map[string]any{"phone": phone}).want(http.StatusAccepted) })
		}, (*client).verifyPhone, nil, http.StatusOK},
	}
}

// allauth 2024, Zitadel CVE-2025-64102: a code that had been used was good for another time.
func TestCodeWorksOnce(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(threeTries)
		s.member(host, victim, number)
		for _, w := range waits() {
			s.run(w.name, func(s *scene) {
				c, code := w.begin(s, host)
				before := c.anew()
				var r *reply
				s.sent(func() { r = w.try(c, code).want(w.right) })
				for who, c := range map[string]*client{"whoever used it": c, "whoever held the session before": before, "a stranger": s.front(host)} {
					if r := w.try(c, code); !slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusGone}, r.Status) {
						s.Errorf("%s is answered %d: %s", who, r.Status, r.Body)
					}
				}
				if r.Status == http.StatusOK {
					c.delete("/auth/session").want(http.StatusUnauthorized)
					c.token = ""
				}
				other, _ := w.begin(s, host)
				w.try(other, code).want(http.StatusBadRequest)
			})
		}
	})
}

// allauth 65.2, Zitadel CVE-2024-32868: there was no end to guessing. Another code, a look instead of a use, and another session
// with the same token bring no tries back.
func TestWrongCodesAreCountedToTheLast(t *testing.T) {
	const tries = 3
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(threeTries + `, "login_by_code_supports_resend": true, "email_verification_supports_resend": true,
			"phone_verification_supports_resend": true`)
		s.member(host, victim, number)
		for _, w := range waits() {
			s.run(w.name, func(s *scene) {
				c, code := w.begin(s, host)
				guess := wrongCode(code)
				for i := range tries {
					if i == tries-1 && w.again != nil {
						to := s.sent(func() { w.again(c.anew()).want(http.StatusOK) })
						code = typedCode.FindString(to[0].text)
						guess = wrongCode(code)
					}
					one := c.anew()
					switch {
					case i == 1 && w.name == "a new password":
						one.lookReset(guess).want(http.StatusBadRequest).code("incorrect_code", "key")
					case i == 1 && strings.Contains(w.name, "address"):
						one.get("/auth/email/verify", "X-Email-Verification-Key", guess).want(http.StatusBadRequest).code("incorrect_code", "key")
					default:
						if r := w.try(one, guess).want(http.StatusBadRequest); r.decoded.Errors[0].Code != "incorrect_code" {
							s.Errorf("got %s", r.Body)
						}
					}
				}
				w.try(c, code).want(http.StatusConflict)
				if w.again != nil {
					w.again(c).want(http.StatusConflict)
				}
			})
		}
	})
}

// The same, with every guess in a session of its own: how many of them wait for a code is limited by whose they are.
func TestGuessesInManySessionsAreLimited(t *testing.T) {
	const sessions, most, tries = 8, 2, 3
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(threeTries + `, "rate_limits": {"request_login_code": "2/h/key", "reset_password": "2/h/key", "confirm_email": "2/h/key",
			"verify_phone": "2/h/key", "signup": null, "login": null, "login_failed": null, "reset_password_from_key": null}`)
		s.member(host, victim, number)
		late := s.front(host) // a login that proved its number, and never its address
		code := s.code(another, func() {
			late.post("/auth/signup", map[string]any{"email": "bea@example.org", "phone": another, "password": password})
		})
		s.sent(func() { late.verifyPhone(code).want(http.StatusUnauthorized) })
		for name, x := range map[string]struct {
			spent int // uses that were taken above
			ask   func(c *client) *reply
			try   func(c *client, code string) *reply
		}{
			"a login by code":         {0, func(c *client) *reply { return c.request(victim) }, (*client).confirm},
			"a login by text":         {0, func(c *client) *reply { return c.requestText(number) }, (*client).confirm},
			"a new password":          {0, func(c *client) *reply { return c.askReset(victim) }, (*client).verifyReset},
			"an address not verified": {1, func(c *client) *reply { return c.login("bea@example.org", password) }, (*client).verify},
		} {
			s.run(name, func(s *scene) {
				asked, compared := 0, 0
				for range sessions {
					c := s.front(host)
					if x.ask(c).Status == http.StatusUnauthorized {
						asked++
					}
					for range 2 * tries {
						r := x.try(c, "AAAA-AAAA").out()
						if len(r.decoded.Errors) == 1 && r.decoded.Errors[0].Code == "incorrect_code" {
							compared++
						}
					}
				}
				if want := most - x.spent; asked != want || compared != want*tries {
					s.Errorf("%d sessions wait for a code, and %d guesses were compared", asked, compared)
				}
			})
		}
	})
}

func (c *client) verifyReset(code string) *reply { return c.reset(code, password) }

// Keycloak CVE-2024-4629: of guesses that were sent at the same time, all were compared before the first was counted.
func TestParallelGuessesAtACodeAreCounted(t *testing.T) {
	const guesses, tries = 64, 3
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(threeTries)
		s.member(host, victim, number)
		for _, w := range waits() {
			s.run(w.name, func(s *scene) {
				c, code := w.begin(s, host)
				crowd := make([]*client, guesses)
				for i := range crowd {
					crowd[i] = c.anew()
				}
				replies := make([]*reply, guesses)
				together(guesses, func(i int) { replies[i] = w.try(crowd[i], wrongCode(code)) })
				compared := 0
				count := func(r *reply) (over bool) {
					switch {
					case r.Status == http.StatusBadRequest && len(r.decoded.Errors) == 1 && r.decoded.Errors[0].Code == "incorrect_code":
						compared++
						return false
					case r.Status == http.StatusConflict:
						return true
					}
					s.Errorf("a guess is answered %d: %s", r.Status, r.Body)
					return true
				}
				for _, r := range replies {
					count(r)
				}
				if compared == 0 || compared > tries {
					s.Errorf("%d guesses were compared, and %d are allowed", compared, tries)
				}
				for range tries + 1 { // those that came in the way of others are left
					if count(w.try(c, wrongCode(code))) {
						break
					}
				}
				if compared != tries {
					s.Errorf("%d guesses were compared, and %d are allowed", compared, tries)
				}
				w.try(c, code).want(http.StatusConflict)
			})
		}
	})
}

// The same, for a password that whoever holds a session is asked for: it is counted as a login's is.
func TestParallelGuessesInASessionAreLimited(t *testing.T) {
	const guesses, most = 64, 5
	scenes(t, func(t *testing.T, s *scene) {
		ways := map[string]func(c *client) *reply{
			"proving anew who one is": func(c *client) *reply {
				return c.post("/auth/reauthenticate", map[string]any{"password": otherPassword})
			},
			"changing the password": func(c *client) *reply {
				return c.post("/account/password/change", map[string]any{"current_password": otherPassword, "new_password": "Harbour-Violet-61!"})
			},
		}
		for name, try := range ways {
			s.run(name, func(s *scene) {
				host := s.house(`"email_verification": "none", "rate_limits": {"reauthenticate": null, "change_password": null, "login": null,
					"login_failed": "5/h/key"}`)
				c := s.front(host)
				c.signup(victim).want(http.StatusOK)
				crowd := make([]*client, guesses)
				for i := range crowd {
					crowd[i] = c.anew()
					crowd[i].ip = fmt.Sprintf("198.18.7.%d", i)
				}
				before := s.hashes()
				replies := make([]*reply, guesses)
				together(guesses, func(i int) { replies[i] = try(crowd[i]) })
				wrong := 0
				for _, r := range replies {
					if r.want(http.StatusBadRequest).decoded.Errors[0].Code != "too_many_login_attempts" {
						wrong++
					}
				}
				if n := s.hashes() - before; n != most || wrong != most {
					s.Errorf("%d guesses were compared, and %d were answered", n, wrong)
				}
				// Nor may they be made elsewhere.
				s.front(host).login(victim, password).want(http.StatusBadRequest).code("too_many_login_attempts", "")
				for _, other := range ways {
					if r := other(c); r.want(http.StatusBadRequest).decoded.Errors[0].Code != "too_many_login_attempts" {
						s.Errorf("got %s", r.Body)
					}
				}
			})
		}
	})
}

// allauth 2020 and 2022, Authelia CVE-2025-24806: another case, or another way to write the same, was counted apart.
func TestSpellingBringsNoSecondHelping(t *testing.T) {
	const most = 2
	addresses := []string{
		"ann@b\u00fccher.example", "ANN@B\u00dcCHER.EXAMPLE", "ann@bu\u0308cher.example", "Ann@XN--BCHER-KVA.example", "\u2003ann@B\u00fccher.example ",
		"ann@b\u00fccher\uff0eexample", "ann@bu\u0308\u00adcher.EXAMPLE", "\tann@xn--bcher-kva.example\r\n",
	}
	const owner = "ann@xn--bcher-kva.example"
	phones := []string{number, " " + number, number + "\u3000", "\t" + number + "\r\n", "+49 1511 2345678", "0049" + number[3:], "+\uff14\uff19" + number[3:]}
	limits := func(action string, amount int) string {
		all := []string{}
		for _, other := range []string{
			"signup", "login", "login_failed", "request_login_code", "reset_password", "reset_password_from_key", "confirm_email", "verify_phone", "manage_email",
			"change_phone", "reauthenticate", "change_password",
		} {
			rate := "null"
			if other == action {
				rate = fmt.Sprintf("\"%d/h/key\"", amount)
			}
			all = append(all, fmt.Sprintf("%q: %s", other, rate))
		}
		return `"rate_limits": {` + strings.Join(all, ", ") + `}`
	}
	const links = `"email_verification": "mandatory", "login_by_code_enabled": true, `
	codes := func(act []letter) (n int) {
		for _, l := range act {
			if typedCode.MatchString(l.text) || resetLink.MatchString(l.text) || keyInLink.MatchString(l.text) {
				n++
			}
		}
		return n
	}
	scenes(t, func(t *testing.T, s *scene) {
		s.run("login codes", func(s *scene) {
			host := s.house(links + limits("request_login_code", most))
			s.verified(host, owner)
			secrets := codes(s.sent(func() {
				for i, spelt := range addresses {
					r := s.front(host).request(spelt)
					if i < most {
						r.want(http.StatusUnauthorized)
					} else {
						r.want(http.StatusBadRequest).code("too_many_login_attempts", "email")
					}
				}
			}))
			if secrets != most {
				s.Errorf("%d codes were sent", secrets)
			}
		})
		s.run("password resets", func(s *scene) {
			host := s.house(links + limits("reset_password", most))
			s.verified(host, owner)
			secrets := codes(s.sent(func() {
				for i, spelt := range addresses {
					r := s.front(host).askReset(spelt)
					if i < most {
						r.want(http.StatusOK)
					} else {
						r.want(http.StatusTooManyRequests).comeBack()
					}
				}
			}))
			if secrets != most {
				s.Errorf("%d links were sent", secrets)
			}
		})
		s.run("links that prove an address", func(s *scene) {
			host := s.house(links + limits("confirm_email", 1))
			c := s.front(host)
			secrets := codes(s.sent(func() {
				c.signup(addresses[3]).want(http.StatusUnauthorized)
				for _, spelt := range addresses {
					s.front(host).login(spelt, password).want(http.StatusUnauthorized)
					s.front(host).signup(spelt).want(http.StatusUnauthorized)
				}
			}))
			if secrets != 1 {
				s.Errorf("%d links were sent", secrets)
			}
			host = s.house(`"email_verification": "optional", ` + limits("confirm_email", 1))
			c = s.front(host)
			c.signup(owner).want(http.StatusOK)
			for _, spelt := range addresses {
				c.do(http.MethodPut, "/account/email", map[string]any{"email": spelt}).want(http.StatusForbidden)
			}
		})
		s.run("codes that prove an address", func(s *scene) {
			host := s.house(byCodes + `, "email_verification_supports_resend": 100, ` + limits("confirm_email", 1))
			c := s.front(host)
			secrets := codes(s.sent(func() {
				c.signup(addresses[3]).want(http.StatusUnauthorized)
				c.post("/auth/email/verify/resend", nil).want(http.StatusTooManyRequests).comeBack()
				for _, spelt := range addresses {
					s.front(host).login(spelt, password).want(http.StatusBadRequest).code("too_many_login_attempts", "")
					s.front(host).signup(spelt).want(http.StatusTooManyRequests).comeBack()
				}
			}))
			if secrets != 1 {
				s.Errorf("%d codes were sent", secrets)
			}
			s.exec(`UPDATE emails SET verified = TRUE WHERE tenant_id = $1`, s.tenantOf(host).ID)
			c = s.front(host)
			c.login(owner, password).want(http.StatusOK)
			for _, spelt := range addresses {
				c.do(http.MethodPut, "/account/email", map[string]any{"email": spelt}).want(http.StatusTooManyRequests).comeBack()
			}
		})
		s.run("codes that prove a number", func(s *scene) {
			host := s.house(`"email_verification": "none", "login_methods": ["email", "phone"], "signup_fields": ["email*", "phone", "password1*"],
				"phone_verification_supports_resend": 100, ` + limits("verify_phone", most))
			secrets := codes(s.sent(func() {
				c := s.front(host)
				c.post("/auth/signup", map[string]any{"email": victim, "phone": number, "password": password}).want(http.StatusUnauthorized)
				c.post("/auth/phone/verify/resend", nil).want(http.StatusOK)
				c.post("/auth/phone/verify/resend", nil).want(http.StatusTooManyRequests).comeBack()
				other := s.front(host)
				other.signup(owner).want(http.StatusOK)
				for _, spelt := range phones {
					for _, r := range []*reply{
						other.post("/account/phone", map[string]any{"phone": spelt}),
						s.front(host).post("/auth/login", map[string]any{"phone": spelt, "password": password}),
					} {
						if r.Status != http.StatusBadRequest {
							r.want(http.StatusTooManyRequests).comeBack()
						}
					}
				}
			}))
			if secrets != most {
				s.Errorf("%d codes were sent", secrets)
			}
		})
		s.run("codes by text", func(s *scene) {
			host := s.house(byCodes + ", " + limits("request_login_code", most))
			s.member(host, victim, number)
			secrets := codes(s.sent(func() {
				for i, spelt := range phones {
					r := s.front(host).requestText(spelt)
					if i < most {
						r.want(http.StatusUnauthorized)
					} else {
						r.want(http.StatusBadRequest)
					}
				}
			}))
			if secrets != most {
				s.Errorf("%d codes were sent", secrets)
			}
		})
		s.run("passwords", func(s *scene) { // spread over all places that take one
			host := s.house(`"email_verification": "none", "login_methods": ["email", "phone"], "signup_fields": ["email*", "phone", "password1*"],
				"phone_verification_enabled": false, ` + limits("login_failed", 3))
			c := s.front(host)
			c.post("/auth/signup", map[string]any{"email": addresses[3], "phone": number, "password": password}).want(http.StatusOK)
			before := s.hashes()
			for _, spelt := range addresses {
				s.front(host).login(spelt, otherPassword).want(http.StatusBadRequest)
				c.post("/auth/reauthenticate", map[string]any{"password": otherPassword}).want(http.StatusBadRequest)
				c.post("/account/password/change", map[string]any{"current_password": otherPassword, "new_password": "x"}).want(http.StatusBadRequest)
			}
			if n := s.hashes() - before; n != 3 {
				s.Errorf("%d passwords were compared", n)
			}
			before = s.hashes()
			for _, spelt := range phones {
				s.front(host).post("/auth/login", map[string]any{"phone": spelt, "password": otherPassword}).want(http.StatusBadRequest)
			}
			if n := s.hashes() - before; n != 3 {
				s.Errorf("%d passwords were compared by number", n)
			}
		})
	})
}

// comeBack makes sure that an answer says when to come back.
func (r *reply) comeBack() *reply {
	r.c.s.Helper()
	if seconds, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || seconds < 1 {
		r.c.s.Fatalf("%d with Retry-After %q", r.Status, r.Header.Get("Retry-After"))
	}
	return r
}

// allauth 65.8.1: a login of the attacker's own, between the guesses, had them begin anew.
func TestOwnSuccessForgivesNoGuesses(t *testing.T) {
	const perIP, perKey = 6, 4
	scenes(t, func(t *testing.T, s *scene) {
		mine := map[string]func(s *scene, host string, c func() *client){
			"by a login": func(s *scene, host string, c func() *client) { c().login(evil, password).want(http.StatusOK) },
			"by a code": func(s *scene, host string, c func() *client) {
				one := c()
				one.confirm(s.code(evil, func() { one.request(evil).want(http.StatusUnauthorized) })).want(http.StatusOK)
			},
			"by proving anew": func(s *scene, host string, c func() *client) {
				one := c()
				one.login(evil, password).want(http.StatusOK)
				one.post("/auth/reauthenticate", map[string]any{"password": password}).want(http.StatusOK)
			},
			"by a new password": func(s *scene, host string, c func() *client) {
				one := c()
				one.reset(s.resetKey(evil, func() { one.askReset(evil).want(http.StatusOK) }), password).want(http.StatusUnauthorized)
			},
			"by another password": func(s *scene, host string, c func() *client) {
				one := c()
				one.login(evil, password).want(http.StatusOK)
				one.post("/account/password/change", map[string]any{"current_password": password, "new_password": password}).want(http.StatusOK)
			},
			"by a signup": func(s *scene, host string, c func() *client) {
				c().signup(fmt.Sprintf("eve-%x@evil.example", secret.Bytes(4))).want(http.StatusUnauthorized)
			},
		}
		for name, succeed := range mine {
			s.run(name, func(s *scene) {
				host := s.house(fmt.Sprintf(
					`"email_verification": "mandatory", "login_by_code_enabled": true, "rate_limits": {"login": null, "signup": null,
					"request_login_code": null, "reset_password": null, "reset_password_from_key": null, "confirm_email": null, "change_password": null,
					"reauthenticate": null, "login_failed": "%d/h/ip,%d/h/key"}`, perIP, perKey))
				s.verified(host, victim)
				s.verified(host, evil)
				compared := 0
				guess := func(c *client, email string) {
					before := s.hashes()
					c.login(email, otherPassword).want(http.StatusBadRequest)
					if s.hashes() != before {
						compared++
					}
				}
				for range perIP - 1 { // from one place, at many accounts
					c := s.front(host)
					c.ip = "192.0.2.9"
					guess(c, fmt.Sprintf("ann%x@example.org", secret.Bytes(4)))
					succeed(s, host, func() *client {
						own := s.front(host)
						own.ip = "192.0.2.9"
						return own
					})
				}
				for range 3 {
					c := s.front(host)
					c.ip = "192.0.2.9"
					guess(c, fmt.Sprintf("ann%x@example.org", secret.Bytes(4)))
				}
				if compared != perIP {
					s.Errorf("%d guesses of one place were compared", compared)
				}
				compared = 0
				for range 2 * perKey { // at one account, from many places
					guess(s.front(host), victim)
					if compared < perKey {
						succeed(s, host, func() *client { return s.front(host) })
					}
				}
				if compared != perKey {
					s.Errorf("%d guesses at one account were compared", compared)
				}
			})
		}
	})
}

// bare is an answer's status and body, without what is new each time.
func (r *reply) bare() string {
	body := r.Body
	if token := r.decoded.Meta.SessionToken; token != "" {
		body = strings.ReplaceAll(body, token, "(token)")
	}
	return fmt.Sprint(r.Status, " ", anyChallenge.ReplaceAllString(body, "(challenge)"))
}

// Pocket ID CVE-2026-43983, allauth 65.13, authentik CVE-2025-53942: whoever was deactivated went on with what they held. Here every
// endpoint answers them as a stranger from then on, and what was on its way to them is worth nothing.
func TestDeactivatedUserIsAStrangerEverywhere(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		member := s.member(host, victim, number)
		tenant, id := s.ids(host, victim)
		var all []operation
		for _, o := range operations(t) {
			if o.kind == s.kind {
				all = append(all, o)
			}
		}
		held := make([]*client, len(all)) // a session for each endpoint: the first use of one ends it
		for i := range held {
			held[i] = s.signedIn(host)
		}
		// What waits for a code gets the right one.
		type late struct {
			c    *client
			code string
			try  func(c *client, code string) *reply
		}
		waiting := map[string]late{}
		for _, w := range waits() {
			if !strings.Contains(w.name, "of a signup") {
				c, code := w.begin(s, host)
				waiting[w.name] = late{c, code, w.try}
			}
		}
		mine := loot{user: id, password: password, key: "AAAA-AAAA", session: secret.NewID()}
		kept := func() string {
			return strings.Join(slices.Concat(
				s.db.rows(`SELECT email, phone, phone_verified, password, epoch, active, last_login_at FROM users WHERE tenant_id = $1 AND id = $2`, tenant, id),
				s.db.rows(`SELECT id, email, verified, is_primary FROM emails WHERE tenant_id = $1 AND user_id = $2 ORDER BY id`, tenant, id),
				s.db.rows(`SELECT id FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND alive`, tenant, id),
			), "\n")
		}
		s.setActive(host, victim, false)
		before := kept()
		for i, o := range all {
			got, want := o.send(held[i], mine), o.send(s.front(host), mine)
			if got.bare() != want.bare() {
				s.Errorf("%s is answered\n%s\nand to a stranger\n%s", o, got.bare(), want.bare())
			}
			c := held[i].anew()
			if c.held() != "" { // it was given none, or one of a stranger's
				if r := c.get("/auth/session").out(); strings.Contains(r.Body, id) {
					s.Errorf("after %s: %s", o, r.Body)
				}
			}
		}
		s.ended(s.kind, host, member.held())
		for name, l := range waiting {
			if r := l.try(l.c, l.code).out(); strings.Contains(r.Body, id) || r.Status == http.StatusBadRequest {
				s.Errorf("the code for %s is answered %d %s", name, r.Status, r.Body)
			}
			if name == "a new password" {
				l.c.lookReset(l.code).out()
			}
		}
		if r := s.front(host).login(victim, password).want(http.StatusUnauthorized); strings.Contains(r.Body, "is_pending\":true") || r.decoded.Meta.SessionToken != "" {
			s.Errorf("got %s", r.Body)
		}
		s.secretless(func() {
			s.front(host).request(victim).want(http.StatusUnauthorized)
			s.front(host).requestText(number).want(http.StatusUnauthorized)
			s.front(host).askReset(victim).want(http.StatusUnauthorized)
			s.front(host).signup(victim).want(http.StatusUnauthorized)
		})
		if after := kept(); after != before {
			s.Errorf("something was changed:\n%s\nbecame\n%s", before, after)
		}
		// Who is let back in logs in anew.
		s.setActive(host, victim, true)
		for _, c := range append(held, member) {
			if c.held() != "" {
				c.get("/auth/session").out()
			}
		}
		s.signedIn(host).get("/account/email").want(http.StatusOK)
	})
}

// The same, for links, which name no session.
func TestLinksOfADeactivatedUserAreDead(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(`"email_verification": "optional", "login_on_email_confirmation": true, "login_on_password_reset": true`)
		c := s.front(host)
		link := s.letter(victim, func() { c.signup(victim).want(http.StatusOK) }).key(s)
		key := s.resetKey(victim, func() { s.front(host).askReset(victim).want(http.StatusOK) })
		s.setActive(host, victim, false)
		for range 2 {
			for _, r := range []*reply{
				s.front(host).lookReset(key), s.front(host).reset(key, otherPassword), s.front(host).verify(link),
				s.front(host).get("/auth/email/verify", "X-Email-Verification-Key", link),
			} {
				if r.want(http.StatusBadRequest); strings.Contains(r.Body, victim) {
					s.Errorf("got %s", r.Body)
				}
			}
		}
		s.setActive(host, victim, true)
		s.front(host).login(victim, password).want(http.StatusOK)
		s.front(host).verify(link)
		if s.db.one(`SELECT count(*) FROM emails WHERE tenant_id = $1 AND verified`, s.tenantOf(host).ID) != "1" {
			s.Error("the link is dead for good")
		}
	})
}

// unclaimed are the paths of the public wire that are no kind of client's.
func unclaimed(t *testing.T) (paths []string) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(headless.Document())
	if err != nil {
		t.Fatal(err)
	}
	known := operations(t)
	for path := range doc.Paths.Map() {
		if !slices.ContainsFunc(known, func(o operation) bool { return strings.ReplaceAll(path, "{client}", o.kind) == o.path }) {
			paths = append(paths, path)
		}
	}
	if len(paths) < 2 {
		t.Fatalf("only %q were found", paths)
	}
	return paths
}

// Zitadel CVE-2024-47060 and CVE-2024-46999: users of what was deactivated went on. Nothing of a suspended tenant does anything;
// when it is back, so are its sessions.
func TestSuspendedTenantRefusesEverywhere(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		s.member(host, victim, number)
		begun := map[string]*client{"nobody": s.front(host), "somebody": s.signedIn(host)}
		codes := map[string]string{}
		for _, w := range waits() {
			begun[w.name], codes[w.name] = w.begin(s, host)
		}
		act := func(verb string) {
			if status, body := s.admin(http.MethodPost, "/admin/v1/tenants/"+slugOf(host)+"/"+verb, map[string]any{}); status != http.StatusOK {
				s.Fatalf("%s: %d %s", verb, status, body)
			}
		}
		s.settle()
		act("suspend")
		before := s.db.everything(host)
		for name, c := range begun {
			mine := loot{password: password, key: codes[name], session: secret.NewID(), user: secret.NewID()}
			for _, o := range operations(t) {
				if o.kind != s.kind {
					continue
				}
				if r := o.send(c.anew(), mine).want(http.StatusForbidden); r.Body != `{"status":403}` || r.Header.Get("Set-Cookie") != "" {
					s.Errorf("%s of %s is answered %s, %v", o, name, r.Body, r.Header)
				}
			}
		}
		for _, path := range unclaimed(t) { // what is no client's: the keys, and what says where they are
			if r := s.plainRequest(http.MethodGet, host, path).want(http.StatusForbidden); r.Body != `{"status":403}` {
				s.Errorf("%s is answered %s", path, r.Body)
			}
		}
		if d := difference(before, s.db.everything(host)); d != "" {
			s.Errorf("something was done:\n%s", d)
		}
		act("resume")
		begun["somebody"].get("/account/email").want(http.StatusOK)
		for _, last := range []bool{false, true} { // a new password ends the sessions in which other things wait
			for _, w := range waits() {
				if last == (w.name == "a new password") {
					w.try(begun[w.name], codes[w.name]).want(w.right)
				}
			}
		}
	})
}

// Zitadel CVE-2024-28197, allauth 2024: a session went on under the key that it had before somebody proved something in it. The steps
// that passwords and links make are in attacks_test.go.
func TestSessionKeyChangesWithEveryCode(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes + `, "login_on_password_reset": true`)
		s.member(host, victim, number)
		changed := func(s *scene, c *client, status int, step func()) {
			s.Helper()
			held := c.held()
			step()
			if c.held() == held {
				s.Error("the token is the one from before")
				return
			}
			s.dead(s.kind, host, held)
			if c.get("/auth/session").want(status); c.held() == held {
				s.Error("the token is the one from before")
			}
		}
		for _, w := range waits() {
			if strings.Contains(w.name, "another") || w.name == "the number of a signup" {
				continue // whoever is signed in proves nothing of themselves with it; a signup goes on to its address
			}
			s.run(w.name, func(s *scene) {
				c, code := w.begin(s, host)
				changed(s, c, http.StatusOK, func() { s.sent(func() { w.try(c, code).want(http.StatusOK) }) })
			})
			s.run(w.name+", given up", func(s *scene) {
				c, code := w.begin(s, host)
				held := c.anew()
				c.delete("/auth/session").want(http.StatusUnauthorized)
				s.dead(s.kind, host, held.held())
				if r := w.try(held, code).out(); r.Status == http.StatusBadRequest {
					s.Errorf("got %d %s", r.Status, r.Body)
				}
			})
		}
		s.run("a number, and then the address", func(s *scene) {
			c := s.front(host)
			text := s.code(another, func() {
				c.post("/auth/signup", map[string]any{"email": "bea@example.org", "phone": another, "password": password}).want(http.StatusUnauthorized)
			})
			first := c.held()
			code := s.code("bea@example.org", func() { c.verifyPhone(text).want(http.StatusUnauthorized) })
			changed(s, c, http.StatusOK, func() { c.verify(code).want(http.StatusOK) })
			s.dead(s.kind, host, first)
		})
		s.run("another password", func(s *scene) {
			c, other := s.signedIn(host), s.signedIn(host)
			changed(s, c, http.StatusOK, func() {
				c.post("/account/password/change", map[string]any{"current_password": password, "new_password": password}).want(http.StatusOK)
			})
			s.ended(s.kind, host, other.held())
		})
		s.run("a login by password that waits for a code", func(s *scene) {
			s.patch(host, `"login_by_code_required": ["password"]`)
			defer s.patch(host, `"login_by_code_required": false`)
			c := s.front(host)
			code := s.code(victim, func() { c.login(victim, password).want(http.StatusUnauthorized) })
			changed(s, c, http.StatusOK, func() { c.confirm(code).want(http.StatusOK) })
			c = s.front(host)
			s.code(victim, func() { c.login(victim, password).want(http.StatusUnauthorized) })
			held := c.held()
			c.delete("/auth/session").want(http.StatusUnauthorized)
			s.dead(s.kind, host, held)
		})
		s.run("a login over another's that waits", func(s *scene) {
			s.patch(host, `"login_by_code_required": ["password"]`)
			defer s.patch(host, `"login_by_code_required": false`)
			c := s.front(host)
			s.sent(func() { c.signup(evil).want(http.StatusUnauthorized) })
			changed(s, c, http.StatusUnauthorized, func() { s.sent(func() { c.login(victim, password).want(http.StatusUnauthorized) }) })
		})
	})
}

// allauth 65.3, Zitadel CVE-2026-23511: an account could be told from none, by an answer or by how long it took. What takes long is
// counted here: passwords that are hashed, and statements. The same is asked of what comes next in the same session.
func TestNothingTellsWhetherThereIsAnAccount(t *testing.T) {
	const phones = `"login_methods": ["email", "phone"], "signup_fields": ["email*", "phone", "password1*"], `
	const codes = phones + `"login_by_code_enabled": true, "login_by_code_supports_resend": true, "password_reset_by_code_enabled": true, `
	by := map[string]string{
		"links":              phones + `"email_verification": "mandatory", "login_by_code_enabled": true`,
		"links, and no word": phones + `"email_verification": "mandatory", "login_by_code_enabled": true, "email_unknown_accounts": false`,
		"codes": codes + `"email_verification": "mandatory", "email_verification_by_code_enabled": true, "email_verification_supports_resend": true,
			"phone_verification_supports_resend": true, "email_verification_supports_change": 9, "phone_verification_supports_change": 9`,
		"nothing": codes + `"email_verification": "none", "phone_verification_enabled": false`,
	}
	type step struct {
		call
		header []string
	}
	post := func(path string, body map[string]any) step { return step{call: call{"POST", path, body}} }
	code := post("/auth/code/confirm", map[string]any{"code": "AAAA-AAAA"})
	key := post("/auth/email/verify", map[string]any{"key": "AAAA-AAAA"})
	text := post("/auth/phone/verify", map[string]any{"code": "AAAA-AAAA"})
	reset := post("/auth/password/reset", map[string]any{"key": "AAAA-AAAA", "password": "Harbour-Violet-61!"})
	look := step{call: call{"GET", "/auth/password/reset", nil}, header: []string{"X-Password-Reset-Key", "AAAA-AAAA"}}
	// names are filled in: of an account, or of none.
	const email, phone, free, freePhone = "(email)", "(phone)", "(free)", "(free phone)"
	rows := []struct {
		name, by string
		steps    []step
	}{
		{"a login", "nothing", []step{
			post("/auth/login", map[string]any{"email": email, "password": otherPassword}), post("/auth/login", map[string]any{"phone": phone, "password": otherPassword}),
		}},
		{"a login by code", "codes", []step{
			post("/auth/code/request", map[string]any{"email": email}), code, post("/auth/code/resend", nil), code, post("/auth/code/request", map[string]any{"email": email}),
			code, code, code, code, post("/auth/code/resend", nil),
		}},
		{"a login by text", "codes", []step{
			post("/auth/code/request", map[string]any{"phone": phone}), code, post("/auth/code/resend", nil), code, post("/auth/code/request", map[string]any{"phone": phone}),
			code, code, code, code, post("/auth/code/resend", nil),
		}},
		{"a login by text where numbers are not verified", "nothing", []step{post("/auth/code/request", map[string]any{"phone": phone}), code, code, code, code}},
		{"a link for a new password", "links", []step{post("/auth/password/request", map[string]any{"email": email}), post("/auth/password/request", map[string]any{"email": email}), reset, look}},
		{"a link for a new password, of which strangers hear nothing", "links, and no word", []step{post("/auth/password/request", map[string]any{"email": email}), reset, look}},
		{"a code for a new password", "codes", []step{
			post("/auth/password/request", map[string]any{"email": email}), look, reset, post("/auth/password/request", map[string]any{"email": email}), reset, look, reset, reset,
		}},
		{"a signup by an address", "links", []step{
			post("/auth/signup", map[string]any{"email": email, "password": otherPassword}), key, post("/auth/email/verify/resend", nil), post("/account/email", map[string]any{"email": "ann@new.example.org"}),
		}},
		{"a signup by an address, and a code", "codes", []step{
			post("/auth/signup", map[string]any{"email": email, "password": otherPassword}), key, post("/auth/email/verify/resend", nil), key, key, key, post("/auth/email/verify/resend", nil),
		}},
		{"a signup by a number", "codes", []step{
			post("/auth/signup", map[string]any{"email": free, "phone": phone, "password": otherPassword}), text, post("/auth/phone/verify/resend", nil), text, text, text, post("/auth/phone/verify/resend", nil),
		}},
		{"a signup that moves to a number", "codes", []step{
			post("/auth/signup", map[string]any{"email": free, "phone": freePhone, "password": otherPassword}), post("/account/phone", map[string]any{"phone": phone}), text,
			post("/account/phone", map[string]any{"phone": phone}), post("/auth/phone/verify/resend", nil), post("/account/phone", map[string]any{"phone": freePhone}),
			post("/account/phone", map[string]any{"phone": phone}), text,
		}},
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		var seen counted
		s := newScene(t, engine, func(_ *config.Config, o *app.Options) {
			o.Observe, o.Unchained = seen.observe, true
			o.Clock = clock.At(time.Now()) // it stands still, so that the tenant stays known
		})
		hosts := map[string]string{}
		for name, account := range by {
			hosts[name] = s.house(account)
		}
		seen.pass(t)
		n := 0
		for _, kind := range []string{"app", "browser"} {
			for _, row := range rows {
				s.of(t, kind).run(row.name, func(s *scene) {
					host := hosts[row.by]
					n++
					known := map[string]any{email: fmt.Sprintf("known%d@example.org", n), phone: fmt.Sprintf("+49160%07d", n), free: fmt.Sprintf("one%d@example.org", n), freePhone: fmt.Sprintf("+49151%07d", n)}
					unknown := map[string]any{email: fmt.Sprintf("other%d@example.org", n), phone: fmt.Sprintf("+49170%07d", n), free: fmt.Sprintf("two%d@example.org", n), freePhone: fmt.Sprintf("+49152%07d", n)}
					c := s.front(host)
					c.post("/auth/signup", map[string]any{"email": known[email], "phone": known[phone], "password": password})
					tenant, user := s.ids(host, known[email].(string))
					s.exec(`UPDATE users SET phone_verified = TRUE WHERE tenant_id = $1 AND id = $2`, tenant, user)
					s.exec(`UPDATE emails SET verified = TRUE WHERE tenant_id = $1 AND user_id = $2`, tenant, user)
					s.settle()
					one, other := s.front(host), s.front(host)
					for i, x := range row.steps {
						ask := func(c *client, names map[string]any) (answer string, hashes uint64, statements []string) {
							body := maps.Clone(x.body)
							for name, value := range body {
								if filled, ok := names[fmt.Sprint(value)]; ok {
									body[name] = filled
								}
							}
							before := s.hashes()
							seen.take()
							r := c.do(x.method, x.path, body, x.header...)
							statements, answer = seen.take(), r.plain()
							for placeholder, name := range names {
								answer = strings.ReplaceAll(answer, name.(string), placeholder)
							}
							return answer, s.hashes() - before, statements
						}
						answer, hashed, run := ask(one, known)
						answer2, hashed2, run2 := ask(other, unknown)
						where := fmt.Sprintf("step %d, %s %s", i, x.method, x.path)
						if answer != answer2 {
							s.Errorf("%s: somebody is answered\n%s\nnobody\n%s", where, answer, answer2)
						}
						if hashed != hashed2 {
							s.Errorf("%s: %d passwords are hashed for somebody, %d for nobody", where, hashed, hashed2)
						}
						if len(run) != len(run2) {
							s.Errorf("%s: %d statements for somebody\n%s\n%d for nobody\n%s", where, len(run), strings.Join(run, "\n"), len(run2), strings.Join(run2, "\n"))
						}
					}
					for _, next := range []call{{"GET", "/auth/session", nil}, {"GET", "/account/email", nil}, {"GET", "/account/phone", nil}, {"GET", "/auth/sessions", nil},
						{"POST", "/account/password/change", nil}, {"DELETE", "/auth/session", nil}, {"GET", "/auth/session", nil}} {
						if a, b := one.make(next, nil).plain(), other.make(next, nil).plain(); a != b {
							s.Errorf("then %s %s: somebody is answered\n%s\nnobody\n%s", next.method, next.path, a, b)
						}
					}
				})
			}
		}
	})
}

// Auth.js GHSA-7rqj-j65f-68wh, Django CVE-2019-19844: a reset was asked for at an address that folds to somebody's, and mailed to the
// one that was typed. Signups and logins are in attacks_test.go.
func TestLookAlikeAddressIsSentNothing(t *testing.T) {
	const owner = "mike.sk@github.example"
	never := []string{ // no address at all
		"m\u0130ke.sk@github.example", "m\u0131ke.sk@github.example", "mi\u212ae.sk@github.example", "mike.\u017fk@github.example",
		"\uff4dike.sk@github.example", "mi\u0307ke.sk@github.example", "mi\u200bke.sk@github.example", "mike.sk\uff20github.example",
		"mike.sk@github.example\uff20evil.example", "mike\uff0esk@github.example", "mike.sk.@github.example", "mike.sk@github.example.",
		"evil@evil.example,mike.sk@github.example", "mike.sk@github.example;evil@evil.example", "mike.sk@github.example\r\nBcc: evil@evil.example",
		"<mike.sk@github.example>", "mike.sk@github.example\x00.evil.example", "m\u0456ke.sk@github.example",
	}
	domains := []string{ // the same one, or another
		"mike.sk@g\u0130thub.example", "mike.sk@g\u0131thub.example", "mike.sk@g\u0456thub.example", "mike.sk@\uff47\uff49thub.example",
		"mike.sk@github\u3002example", "mike.sk@git\u00adhub.example", "mike.sk@git\u200bhub.example", "mike.sk@gi\u0307thub.example",
		"mike.sk@\u24d6ithub.example", "MIKE.SK@GITHUB.EXAMPLE", " Mike.Sk@GitHub.Example\u3000",
	}
	address := func(method string) func(c *client, typed string) *reply {
		return func(c *client, typed string) *reply {
			return c.do(method, "/account/email", map[string]any{"email": typed, "primary": true})
		}
	}
	asks := []struct {
		name    string
		account bool // it is asked for by somebody else who is signed in
		ask     func(c *client, typed string) *reply
	}{
		{"a login code", false, (*client).request},
		{"a new password", false, (*client).askReset},
		{"another address", true, address(http.MethodPost)},
		{"what proves it, again", true, address(http.MethodPut)},
		{"another primary address", true, address(http.MethodPatch)},
		{"one address less", true, address(http.MethodDelete)},
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		in := openInbox(t)
		all := newScene(t, engine, func(cfg *config.Config, _ *app.Options) { cfg.SMTP = config.Hide("smtp://" + in.addr) })
		all.inbox = in
		for i, byCode := range []bool{false, true} {
			kind := []string{"app", "browser"}[i]
			t.Run(kind, func(t *testing.T) {
				s := all.of(t, kind)
				settings := `"email_verification": "mandatory", "login_by_code_enabled": true`
				if byCode {
					settings += `, "email_verification_by_code_enabled": true`
				}
				host := s.house(settings)
				for _, email := range []string{owner, victim} {
					if byCode {
						s.member(host, email, "")
					} else {
						s.verified(host, email)
					}
				}
				tenant, id := s.ids(host, owner)
				for _, x := range asks {
					s.run(x.name, func(s *scene) {
						who := func() *client {
							if !x.account {
								return s.front(host)
							}
							return s.signedIn(host)
						}
						c := who()
						before := s.db.everything(host)
						came := s.sent(func() {
							for _, typed := range never {
								if r := x.ask(c, typed); r.want(http.StatusBadRequest).decoded.Errors[0].Param != "email" {
									s.Errorf("%q is answered %s", typed, r.Body)
								}
							}
						})
						if d := difference(before, s.db.everything(host)); d != "" || len(came) > 0 {
							s.Errorf("something was done: %s %v", d, came)
						}
						for _, typed := range domains {
							for _, l := range s.sent(func() { x.ask(who(), typed) }) {
								stored := s.db.rows(`SELECT email FROM emails WHERE tenant_id = $1`, tenant)
								secret := typedCode.MatchString(l.text) || resetLink.MatchString(l.text) || keyInLink.MatchString(l.text)
								if secret && !slices.Contains(stored, l.to) && (!byCode || !x.account || !isPlain(l.to)) {
									s.Errorf("what %q asked for was mailed to %q, and stored are %q", typed, l.to, stored)
								}
								if secret && !x.account && l.to != owner {
									s.Errorf("what %q asked for was mailed to %q", typed, l.to)
								}
								if strings.Contains(l.raw, "evil") {
									s.Errorf("what was typed is in the mail: %s", l.raw)
								}
							}
						}
					})
				}
				if rows := s.db.rows(`SELECT email FROM emails WHERE tenant_id = $1 AND user_id = $2`, tenant, id); len(rows) != 1 || rows[0] != owner {
					s.Errorf("the account has %q", rows)
				}
				if rows := s.db.rows(`SELECT email FROM emails WHERE tenant_id = $1 AND email_key = $2 AND user_id <> $3 AND verified`, tenant, owner, id); len(rows) > 0 {
					s.Errorf("others have proved %q", rows)
				}
			})
		}
	})
}

// isPlain reports whether an address is written in ASCII and small letters, as all are that are kept.
func isPlain(email string) bool {
	return strings.ToLower(email) == email && !strings.ContainsFunc(email, func(r rune) bool { return r > unicode.MaxASCII })
}
