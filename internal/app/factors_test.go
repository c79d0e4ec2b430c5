package app_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
)

// factorTypes are settings under which people may have all kinds of second factors. Clocks may be wrong by five minutes, so that no
// test waits for the next code. With offersFactors they may trust their browsers, too.
const (
	factorTypes   = `"supported_types": ["recovery_codes", "totp", "webauthn"], "passkey_login_enabled": true, "totp_tolerance": 10`
	offersFactors = factorTypes + `, "trust_enabled": true`
)

// codePeriod is how long an app shows a code, and codeTolerance how many of them a clock may be wrong.
const (
	codePeriod    = 30
	codeTolerance = 10
)

// appCode is the code that an authenticator app makes of a seed (RFC 6238).
func appCode(seed []byte, step int64) string {
	mac := hmac.New(sha1.New, seed)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1000000)
}

// pocket is what somebody proves to be themselves with, besides a password.
type pocket struct {
	seed  []byte // of the authenticator app
	step  int64  // of the latest code that was used
	now   func() time.Time
	codes []string // recovery codes
	key   *factortest.Authenticator
	keyID int64 // what the wire calls it
}

// code is a code of the app that was not used yet.
func (p *pocket) code() string {
	p.step = max(p.step+1, p.now().Unix()/codePeriod-codeTolerance/2)
	return appCode(p.seed, p.step)
}

// wrong is a code that is not the app's, now or soon.
func (p *pocket) wrong() string {
	for n := range 1000 {
		code, right := fmt.Sprintf("%06d", n), false
		for step := range int64(4 * codeTolerance) {
			right = right || appCode(p.seed, p.now().Unix()/codePeriod-2*codeTolerance+step) == code
		}
		if !right {
			return code
		}
	}
	panic("every code is right") // of a million codes a handful are
}

// data is the data of an answer.
func (r *reply) data(into any) {
	r.c.s.Helper()
	if err := json.Unmarshal(r.decoded.Data, into); err != nil {
		r.c.s.Fatalf("%v in %s", err, r.Body)
	}
}

// waits makes sure that a login waits at a stage, and that nobody is signed in.
func (r *reply) waits(stage string) *reply {
	r.c.s.Helper()
	if !strings.Contains(r.want(http.StatusUnauthorized).Body, `{"id":"`+stage+`","is_pending":true`) {
		r.c.s.Fatalf("nothing waits at %s: %s", stage, r.Body)
	}
	r.c.get("/account/email").want(http.StatusUnauthorized)
	return r
}

// options are those of a WebAuthn ceremony that a path begins.
func (c *client) options(path string) json.RawMessage {
	c.s.Helper()
	var in struct {
		Creation json.RawMessage `json:"creation_options"`
		Request  json.RawMessage `json:"request_options"`
	}
	c.get(path).want(http.StatusOK).data(&in)
	return slices.Concat(in.Creation, in.Request)
}

// showing answers the ceremony that a path begins with a key, at the same path.
func (c *client) showing(path string, key *factortest.Authenticator) *reply {
	c.s.Helper()
	return c.post(path, map[string]any{"credential": key.Get(c.options(path))})
}

func (c *client) giveCode(code string) *reply {
	return c.post("/auth/2fa/authenticate", map[string]any{"code": code})
}

func (c *client) proveBy(code string) *reply {
	return c.post("/auth/2fa/reauthenticate", map[string]any{"code": code})
}

func (c *client) trust(yes bool) *reply {
	return c.post("/auth/2fa/trust", map[string]any{"trust": yes})
}

// through is what becomes of a login that has shown its second factor, in a browser that is not to be trusted.
func (c *client) through(r *reply) *reply {
	c.s.Helper()
	if c.kind == "app" {
		return r
	}
	r.waits("mfa_trust")
	return c.trust(false)
}

// newKey is a key in a browser on the tenant's own page.
func newKey(host string) *factortest.Authenticator { return factortest.New("https://" + host) }

const (
	appPath     = "/account/authenticators/totp"
	codesPath   = "/account/authenticators/recovery-codes"
	keysPath    = "/account/authenticators/webauthn"
	byKey       = "/auth/webauthn/authenticate"
	againByKey  = "/auth/webauthn/reauthenticate"
	byPasskey   = "/auth/webauthn/login"
	signupByKey = "/auth/webauthn/signup"
)

// setUp sets an authenticator app up for whoever is signed in.
func (s *scene) setUp(c *client) *pocket {
	s.Helper()
	p := s.shownSeed(c)
	c.post(appPath, map[string]any{"code": p.code()}).want(http.StatusOK)
	return p
}

// shownSeed reads what an authenticator app is set up with.
func (s *scene) shownSeed(c *client) *pocket {
	s.Helper()
	var in struct {
		Meta struct {
			Secret string
			URL    string `json:"totp_url"`
		}
	}
	r := c.get(appPath).want(http.StatusNotFound)
	if err := json.Unmarshal([]byte(r.Body), &in); err != nil || !strings.Contains(in.Meta.URL, "secret="+in.Meta.Secret+"&") {
		s.Fatalf("got %s", r.Body)
	}
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(in.Meta.Secret)
	if err != nil {
		s.Fatal(err)
	}
	return &pocket{seed: seed, now: s.now}
}

// addKey has whoever is signed in add a key, and is what the wire calls it.
func (s *scene) addKey(c *client, key *factortest.Authenticator, name string) int64 {
	s.Helper()
	var view struct{ ID int64 }
	made := key.Create(c.options(keysPath + "?passwordless"))
	if c.post(keysPath, map[string]any{"name": name, "credential": made}).want(http.StatusOK).data(&view); view.ID == 0 {
		s.Fatal("the key has no id")
	}
	return view.ID
}

// recoveryCodes are those of whoever is signed in.
func (s *scene) recoveryCodes(c *client) []string {
	s.Helper()
	var view struct {
		Codes []string `json:"unused_codes"`
	}
	c.get(codesPath).want(http.StatusOK).data(&view)
	return view.Codes
}

// guard gives whoever is signed in an authenticator app, a key and recovery codes.
func (s *scene) guard(c *client) *pocket {
	s.Helper()
	c.post("/auth/reauthenticate", map[string]any{"password": password}).want(http.StatusOK)
	p := s.setUp(c)
	p.key = newKey(c.host)
	p.keyID = s.addKey(c, p.key, "")
	p.codes = s.recoveryCodes(c)
	return p
}

// guarded makes an account with everything that guard gives, in a house that proves by codes, and signs it out.
func (s *scene) guarded(host, email string) *pocket {
	s.Helper()
	c := s.member(host, email, "")
	p := s.guard(c)
	c.delete("/auth/session").want(http.StatusUnauthorized)
	return p
}

// halfway is a login that waits for its second factor.
func (s *scene) halfway(host, email string) *client {
	s.Helper()
	c := s.front(host)
	c.login(email, password).waits("mfa_authenticate")
	return c
}

// types are the authenticators of whoever is signed in, as the list has them.
func (c *client) types() string {
	c.s.Helper()
	var all []struct{ Type string }
	c.get("/account/authenticators").want(http.StatusOK).data(&all)
	names := []string{}
	for _, x := range all {
		names = append(names, x.Type)
	}
	return strings.Join(names, " ")
}

func TestAuthenticatorAppIsSetUpAndAskedFor(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes + `, "email_notifications": true`)
		c := s.member(host, victim, "")
		c.get("/account/authenticators").want(http.StatusOK)
		c.post(appPath, map[string]any{"code": "123456"}).want(http.StatusBadRequest).code("incorrect_code", "code")
		c.get(keysPath).want(http.StatusUnauthorized) // nothing was proved yet
		c.post("/auth/reauthenticate", map[string]any{"password": password}).want(http.StatusOK)
		first := c.get(appPath).want(http.StatusNotFound).Body
		if again := c.get(appPath).want(http.StatusNotFound).Body; again == first {
			t.Error("two looks show the same secret")
		}
		var p *pocket
		if l := s.letter(victim, func() { p = s.setUp(c) }); strings.Contains(l.text, appCode(p.seed, p.step)) {
			t.Errorf("the mail about it has the code: %s", l.text)
		}
		if got := c.types(); got != "totp recovery_codes" && got != "recovery_codes totp" {
			t.Errorf("there are %s", got)
		}
		c.get(appPath).want(http.StatusOK)
		c.delete("/auth/session").want(http.StatusUnauthorized)

		in := s.front(host)
		if r := in.login(victim, password).waits("mfa_authenticate"); !strings.Contains(r.Body, `"types":["recovery_codes","totp"]`) {
			t.Errorf("got %s", r.Body)
		}
		in.trustless(t)
		in.giveCode("").want(http.StatusBadRequest).code("required", "code")
		in.giveCode(p.wrong()).want(http.StatusBadRequest).code("incorrect_code", "code")
		r := in.through(in.giveCode(p.code())).want(http.StatusOK)
		if !strings.Contains(r.Body, `"method":"password"`) || !strings.Contains(r.Body, `"method":"mfa"`) || !strings.Contains(r.Body, `"type":"totp"`) {
			t.Errorf("got %s", r.Body)
		}
		in.giveCode(p.code()).want(http.StatusUnauthorized)
		in.proveBy(p.wrong()).want(http.StatusBadRequest).code("incorrect_code", "code")
		in.proveBy(p.code()).want(http.StatusOK)
		s.letter(victim, func() { in.delete(appPath).want(http.StatusOK) })
		in.delete(appPath).want(http.StatusOK)
		if got := in.types(); got != "" {
			t.Errorf("there are %s left", got)
		}
		in.delete("/auth/session").want(http.StatusUnauthorized)
		s.front(host).login(victim, password).want(http.StatusOK)
	})
}

// trustless makes sure that nobody is asked whether the browser is to be trusted before there is anything to trust it for.
func (c *client) trustless(t *testing.T) {
	t.Helper()
	status := http.StatusUnauthorized
	if c.kind == "app" {
		status = http.StatusNotFound
	}
	if c.trust(true).want(status); c.cookies["mfa_trusted"] != "" {
		t.Error("the browser is trusted")
	}
}

func TestRecoveryCodesStandIn(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		c := s.member(host, victim, "")
		c.post("/auth/reauthenticate", map[string]any{"password": password}).want(http.StatusOK)
		c.get(codesPath).want(http.StatusNotFound)
		c.post(codesPath, nil).want(http.StatusBadRequest).code("cannot_generate_recovery_codes", "")
		p := s.setUp(c)
		p.codes = s.recoveryCodes(c)
		if len(p.codes) != 10 {
			t.Fatalf("there are %d codes", len(p.codes))
		}
		in := s.halfway(host, victim)
		in.through(in.giveCode(p.codes[0][:4] + " " + p.codes[0][4:])).want(http.StatusOK)
		var view struct{ Total, Unused int }
		read := func() {
			t.Helper()
			var v struct {
				Total  int `json:"total_code_count"`
				Unused int `json:"unused_code_count"`
			}
			in.get(codesPath).want(http.StatusOK).data(&v)
			view.Total, view.Unused = v.Total, v.Unused
		}
		if read(); view.Total != 10 || view.Unused != 9 {
			t.Errorf("%d of %d codes are left", view.Unused, view.Total)
		}
		again := s.halfway(host, victim)
		again.giveCode(p.codes[0]).want(http.StatusBadRequest).code("incorrect_code", "code")
		in.post(codesPath, nil).want(http.StatusOK)
		again.giveCode(p.codes[1]).want(http.StatusBadRequest).code("incorrect_code", "code")
		if fresh := s.recoveryCodes(in); len(fresh) != 10 || slices.Contains(fresh, p.codes[1]) {
			t.Errorf("the new codes are %q", fresh)
		} else {
			again.through(again.giveCode(fresh[9])).want(http.StatusOK)
		}
		in.delete(appPath).want(http.StatusOK)
		in.get(codesPath).want(http.StatusNotFound)
	})
}

func TestRecoveryCodesAreShownOnceWhereTheTenantSaysSo(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		if status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slugOf(host), json.RawMessage(`{"config": {"mfa": {"recovery_codes_show_once": true}}}`)); status != http.StatusOK {
			t.Fatalf("change settings: %d %s", status, body)
		}
		c := s.member(host, victim, "")
		p := s.guard(c)
		if len(p.codes) != 10 {
			t.Fatalf("they are not shown at all: %q", p.codes)
		}
		if left := s.recoveryCodes(c); len(left) > 0 {
			t.Errorf("they are shown again: %q", left)
		}
		if r := c.post(codesPath, nil).want(http.StatusOK); !strings.Contains(r.Body, `"unused_codes"`) {
			t.Errorf("new ones are not shown: %s", r.Body)
		}
		if left := s.recoveryCodes(c); len(left) > 0 {
			t.Errorf("new ones are shown again: %q", left)
		}
	})
}

func TestKeysAreSecondFactorsAndPasskeys(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		c := s.member(host, victim, "")
		c.post("/auth/reauthenticate", map[string]any{"password": password}).want(http.StatusOK)
		key, plain := newKey(host), newKey(host)
		c.post(keysPath, map[string]any{"name": "x", "credential": "{"}).want(http.StatusBadRequest).code("invalid", "credential")
		c.post(keysPath, map[string]any{"name": "x"}).want(http.StatusBadRequest).code("required", "credential")
		made := key.Create(c.options(keysPath + "?passwordless"))
		r := c.post(keysPath, map[string]any{"credential": string(made)}).want(http.StatusOK) // as a text
		for _, part := range []string{`"name":"Master key"`, `"is_passwordless":true`, `"recovery_codes_generated":true`, `"last_used_at":null`} {
			if !strings.Contains(r.Body, part) {
				t.Errorf("no %s in %s", part, r.Body)
			}
		}
		c.post(keysPath, map[string]any{"credential": made}).want(http.StatusBadRequest).code("incorrect_code", "") // once
		plain.UV, plain.RK = false, nil
		r = c.post(keysPath, map[string]any{"name": "Spare", "credential": plain.Create(c.options(keysPath))}).want(http.StatusOK)
		var spare struct{ ID int64 }
		if r.data(&spare); !strings.Contains(r.Body, `"name":"Spare"`) || strings.Contains(r.Body, "is_passwordless") || !strings.Contains(r.Body, `"recovery_codes_generated":false`) {
			t.Errorf("got %s", r.Body)
		}
		for id, name := range map[any]string{spare.ID + 1: "X", "x": "X"} {
			c.do(http.MethodPut, keysPath, map[string]any{"id": id, "name": name}).want(http.StatusBadRequest).code("invalid_choice", "id")
		}
		if r := c.do(http.MethodPut, keysPath, map[string]any{"id": spare.ID, "name": " Desk "}).want(http.StatusOK); !strings.Contains(r.Body, `"name":"Desk"`) {
			t.Errorf("got %s", r.Body)
		}
		c.delete("/auth/session").want(http.StatusUnauthorized)

		for _, k := range []*factortest.Authenticator{key, plain} {
			in := s.halfway(host, victim)
			in.through(in.showing(byKey, k)).want(http.StatusOK)
			in.showing(againByKey, k).want(http.StatusOK)
		}
		in := s.front(host)
		if r := in.showing(byPasskey, key).want(http.StatusOK); !strings.Contains(r.Body, `"passwordless":true`) {
			t.Errorf("got %s", r.Body)
		}
		in.showing(byPasskey, plain).want(http.StatusBadRequest).code("incorrect_code", "credential") // its owner was not asked for anything
		remove := func(ids ...int64) *reply {
			return in.do(http.MethodDelete, keysPath, map[string]any{"authenticators": ids})
		}
		remove().want(http.StatusBadRequest).code("required", "authenticators")
		remove(spare.ID, spare.ID+1).want(http.StatusBadRequest).code("invalid_choice", "authenticators")
		if got := strings.Count(in.types(), "webauthn"); got != 2 {
			t.Errorf("there are %d keys", got)
		}
		remove(spare.ID).want(http.StatusOK)
		waits := s.halfway(host, victim)
		waits.showing(byKey, plain).want(http.StatusBadRequest).code("incorrect_code", "credential")
		waits.through(waits.showing(byKey, key)).want(http.StatusOK)
	})
}

// What somebody has is asked for whatever the settings have become, and so it must be possible to show it. To everybody else there are no keys.
func TestAFactorOfATypeThatIsNoLongerOfferedIsAskedForAndTaken(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		c := s.member(host, victim, "")
		c.post("/auth/reauthenticate", map[string]any{"password": password}).want(http.StatusOK)
		key := newKey(host)
		s.addKey(c, key, "")
		other := s.member(host, "other@example.org", "")
		own := s.guarded(host, "both@example.org")
		change := json.RawMessage(`{"config": {"mfa": {"supported_types": [], "passkey_signup_enabled": false}}}`)
		if status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slugOf(host), change); status != http.StatusOK {
			t.Fatalf("change settings: %d %s", status, body)
		}

		in := s.front(host)
		if r := in.login(victim, password).waits("mfa_authenticate"); !strings.Contains(r.Body, `"types":["recovery_codes","webauthn"]`) {
			t.Errorf("got %s", r.Body)
		}
		in.get("/account/email").want(http.StatusUnauthorized)
		in.showing(byKey, own.key).want(http.StatusBadRequest).code("incorrect_code", "credential") // somebody else's
		in.get("/account/email").want(http.StatusUnauthorized)
		in.through(in.showing(byKey, key)).want(http.StatusOK)
		in.get("/account/email").want(http.StatusOK)
		in.showing(againByKey, own.key).want(http.StatusBadRequest).code("incorrect_code", "credential")
		in.showing(againByKey, key).want(http.StatusOK)
		in.do(http.MethodPut, againByKey, map[string]any{}).want(http.StatusMethodNotAllowed)

		for _, proof := range []string{own.code(), own.codes[0]} { // those of the other types, as ever
			again := s.halfway(host, "both@example.org")
			again.through(again.giveCode(proof)).want(http.StatusOK)
		}

		// No more of them are made, and who has none finds no such path.
		in.get(keysPath).want(http.StatusNotFound)
		in.get(appPath).want(http.StatusNotFound)
		in.get(byPasskey).want(http.StatusNotFound)
		for _, nobody := range []*client{s.front(host), other} {
			for _, path := range []string{byKey, againByKey} {
				nobody.get(path).want(http.StatusNotFound)
				nobody.post(path, map[string]any{"credential": "{}"}).want(http.StatusNotFound)
				nobody.do(http.MethodPut, path, map[string]any{}).want(http.StatusNotFound)
			}
		}
	})
}

// Who watches a server sees that second factors are shown, and are guessed at, and nothing of what was shown.
func TestSecondFactorsAreCountedAndNotLogged(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes + `, "rate_limits": {"login_failed": "2/h/key", "login": null, "signup": null, "confirm_email": null, "reauthenticate": null}`)
		p := s.guarded(host, victim)
		c := s.halfway(host, victim)
		c.through(c.giveCode(p.codes[0])).want(http.StatusOK)
		s.front(host).showing(byPasskey, p.key).want(http.StatusOK)
		stranger := *p.key
		stranger.UserHandle = []byte("nobody's handle!")
		s.front(host).showing(byPasskey, &stranger).want(http.StatusBadRequest)
		c = s.halfway(host, victim)
		c.giveCode(p.wrong()).want(http.StatusBadRequest)
		c.giveCode(p.wrong()).want(http.StatusBadRequest)
		c.giveCode(p.code()).want(http.StatusBadRequest)
		res, err := http.Get(s.operator + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		all, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		for result, n := range map[string]int{"ok": 2, "refused": 3, "limited": 1} {
			if want := fmt.Sprintf("vestibule_second_factors_total{result=%q,tenant=%q} %d\n", result, slugOf(host), n); !strings.Contains(string(all), want) {
				t.Errorf("no %s", want)
			}
		}
		said := s.log.String()
		for _, outcome := range []string{"code: incorrect_code", "credential: incorrect_code", "code: too_many_login_attempts"} {
			if !strings.Contains(said, outcome) {
				t.Errorf("nothing in the log says %s", outcome)
			}
		}
		secrets := append(slices.Clone(p.codes), base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(p.seed), base64.RawURLEncoding.EncodeToString(p.key.CredentialID()))
		if cookie := c.cookies["mfa_trusted"]; cookie != "" {
			secrets = append(secrets, cookie)
		}
		for _, secret := range secrets {
			if strings.Contains(said, secret) {
				t.Errorf("%s is in the log", secret)
			}
		}
	})
}

func TestSignupWithAPasskey(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		c, key := s.front(host), newKey(host)
		c.get(signupByKey).want(http.StatusConflict)
		signUp := func(c *client, email string) *reply { return c.post(signupByKey, map[string]any{"email": email}) }
		code := s.code(victim, func() { signUp(c, victim).waits("verify_email") })
		c.get(signupByKey).want(http.StatusConflict) // the address comes first
		c.verify(code).waits("mfa_signup_webauthn")
		made := key.Create(c.options(signupByKey))
		c.do(http.MethodPut, signupByKey, map[string]any{"name": "x", "credential": newKey("evil.example").Create(c.options(signupByKey))}).want(http.StatusBadRequest)
		c.do(http.MethodPut, signupByKey, map[string]any{"name": "x", "credential": made}).want(http.StatusBadRequest) // of an earlier look
		held := c.held()
		r := c.do(http.MethodPut, signupByKey, map[string]any{"name": "Phone", "credential": key.Create(c.options(signupByKey))}).want(http.StatusOK)
		if !strings.Contains(r.Body, `"has_usable_password":false`) || c.held() == held {
			t.Errorf("got %s", r.Body)
		}
		s.dead(s.kind, host, held)
		if got := c.types(); got != "webauthn" {
			t.Errorf("there are %s", got)
		}
		in := s.front(host)
		in.showing(byPasskey, key).want(http.StatusOK)
		in.showing(againByKey, key).want(http.StatusOK)
		s.front(host).login(victim, password).want(http.StatusBadRequest)
		s.front(host).login(victim, "").want(http.StatusBadRequest)
		// A taken address is not told: another code is mailed to nobody, and there is no way on.
		taken, free := s.front(host), s.front(host)
		var first, second *reply
		s.secretless(func() { first = signUp(taken, victim) })
		s.code(evil, func() { second = signUp(free, evil) })
		if first.plain() != second.plain() {
			t.Errorf("a taken address is answered\n%s\na free one\n%s", first.plain(), second.plain())
		}
	})
}

// Who somebody is, and what waits for them, comes before what they send; where nothing is read of what is sent, it may be anything. A
// passkey that a signup does not wait for is looked at while something else waits.
func TestWhatIsLookedAtFirst(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		broken, list := []byte("{"), []byte("[]")
		stranger := s.front(host)
		stranger.post("/auth/provider/signup", broken).want(http.StatusConflict)
		stranger.do(http.MethodPut, "/auth/provider/signup", map[string]any{}).want(http.StatusConflict)
		stranger.do(http.MethodDelete, "/account/providers", broken).want(http.StatusUnauthorized)
		stranger.do(http.MethodPut, signupByKey, broken).want(http.StatusBadRequest)
		stranger.do(http.MethodPut, signupByKey, map[string]any{}).want(http.StatusConflict)

		const totp, codes = "/account/authenticators/totp", "/account/authenticators/recovery-codes"
		c := s.member(host, victim, "")
		c.do(http.MethodDelete, totp, broken).want(http.StatusBadRequest)
		c.do(http.MethodDelete, totp, list).want(http.StatusOK)
		c.post(codes, broken).want(http.StatusBadRequest).code("invalid", "")
		c.post(codes, list).want(http.StatusBadRequest).code("cannot_generate_recovery_codes", "")
		c.post("/auth/reauthenticate", map[string]any{"password": password}).want(http.StatusOK)
		s.guard(c)

		waits := s.halfway(host, victim)
		put := func(credential any) *reply {
			return waits.do(http.MethodPut, signupByKey, map[string]any{"name": "x", "credential": credential}).want(http.StatusBadRequest)
		}
		put(nil).code("required", "credential")
		put("x").code("invalid", "credential")
		put(map[string]any{"id": "x"}).code("incorrect_code", "")
		waits.get(signupByKey).want(http.StatusConflict)
	})
}

func TestTrustedBrowserIsNotAsked(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		p := s.guarded(host, victim)
		in := s.halfway(host, victim)
		if s.kind == "app" {
			in.giveCode(p.code()).want(http.StatusOK)
			in.trust(true).want(http.StatusNotFound)
			// A cookie is nothing to an app.
			browser := s.client("browser", host)
			browser.login(victim, password).waits("mfa_authenticate")
			browser.giveCode(p.code()).waits("mfa_trust")
			browser.trust(true).want(http.StatusOK)
			other := s.front(host)
			other.header.Set("Cookie", "mfa_trusted="+browser.cookies["mfa_trusted"])
			other.login(victim, password).waits("mfa_authenticate")
			return
		}
		in.giveCode(p.code()).waits("mfa_trust")
		held := in.held()
		r := in.trust(true).want(http.StatusOK)
		if in.held() == held {
			t.Error("the token is the one from before")
		}
		cookie := strings.Join(r.Header["Set-Cookie"], "\n")
		for _, part := range []string{"mfa_trusted=", "HttpOnly", "SameSite=Lax", "Max-Age=1209600", "Path=/"} {
			if !strings.Contains(cookie, part) {
				t.Errorf("no %s in %s", part, cookie)
			}
		}
		in.delete("/auth/session").want(http.StatusUnauthorized)
		trusted := func() *client {
			c := s.front(host)
			c.cookies["mfa_trusted"] = in.cookies["mfa_trusted"]
			return c
		}
		one := trusted()
		one.login(victim, password).want(http.StatusOK)
		s.guarded(host, evil)
		trusted().login(evil, password).waits("mfa_authenticate") // of one account
		one.proveBy(p.code()).want(http.StatusOK)                 // which changes nothing
		trusted().login(victim, password).want(http.StatusOK)
		s.addKey(one, newKey(host), "Another")
		trusted().login(victim, password).waits("mfa_authenticate")
	})
}
