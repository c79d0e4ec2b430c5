package flows_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

const weakPassword = "1234567"

func (h *house) changePassword(current, next string) step {
	return func(v *flows.Visit) error {
		return h.ChangePassword(h.Context(), v, flows.ChangePasswordInput{Current: current, New: next})
	}
}

// peek looks at whose password a key or code resets.
func (h *house) peek(key string) step {
	return func(v *flows.Visit) error { _, err := h.LookAtResetKey(h.Context(), v, key); return err }
}

// faults are the codes of a refusal, each behind its parameter.
func faults(err error) []string {
	r, ok := refusal.As(err)
	if !ok {
		return nil
	}
	all := []string{}
	for _, d := range r.Details {
		all = append(all, d.Param+": "+string(d.Code))
	}
	return all
}

func TestNewPasswordEndsEveryOtherSession(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, codeLogin+`, "email_notifications": true, `+unlimited)
		h.verified("ann@example.org")
		d, other := h.signedIn("ann@example.org"), h.signedIn("ann@example.org")
		waiting := h.device()
		waiting.do(h.requestCode("ann@example.org"))
		h.device().do(h.requestReset("ann@example.org"))
		key := h.key("ann@example.org")
		sent := len(h.letters("ann@example.org"))
		held, user := d.token, d.user()

		d.do(h.changePassword(password, otherPassword))
		if d.token == held || d.user() != user {
			t.Errorf("the session goes on under the token from before %t, as %q", d.token == held, d.user())
		}
		h.dead(held)
		if v := other.visit(); v.Authenticated() || !v.Ended() {
			t.Error("another session goes on")
		}
		if v := waiting.visit(); v.Pending() != "" {
			t.Error("a login that waited goes on")
		}
		_, err := h.device().try(h.reset(key, password))
		h.refused(err, refusal.Invalid, refusal.InvalidPasswordReset)
		_, err = h.device().try(h.logIn(loginOf("ann@example.org", password)))
		h.refused(err, refusal.Invalid, refusal.EmailMismatch)
		h.device().do(h.logIn(loginOf("ann@example.org", otherPassword)))
		if got := h.kinds("ann@example.org")[sent:]; !slices.Equal(got, []string{"password_changed"}) {
			t.Errorf("sent %v", got)
		}
		d.do(h.changePassword(otherPassword, password)) // the session is as good as before
	})
}

func TestChangingThePasswordLogsOutWhereTheTenantWantsThat(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "logout_on_password_change": true`)
	h.signup("ann@example.org")
	d, other := h.signedIn("ann@example.org"), h.signedIn("ann@example.org")
	held := d.token
	v := d.do(h.changePassword(password, otherPassword))
	if v.Authenticated() || !v.Ended() || v.Issued() != "" {
		t.Errorf("signed in %t, ended %t, token %q", v.Authenticated(), v.Ended(), v.Issued())
	}
	h.dead(held)
	if other.user() != "" {
		t.Error("another session goes on")
	}
	h.device().do(h.logIn(loginOf("ann@example.org", otherPassword)))
}

func TestPasswordsThatAreNotChanged(t *testing.T) {
	for name, c := range map[string]struct {
		current, next string
		want          []string
	}{
		"without the current one":        {"", otherPassword, []string{"current_password: required"}},
		"with a wrong one":               {otherPassword, otherPassword, []string{"current_password: enter_current_password"}},
		"to none":                        {password, "", []string{"new_password: required"}},
		"to white space":                 {password, " \t", []string{"new_password: required"}},
		"to a weak one":                  {password, weakPassword, []string{"new_password: password_too_short", "new_password: password_too_common", "new_password: password_entirely_numeric"}},
		"to one's own address":           {password, "ann.kestrel@example.org", []string{"new_password: password_too_similar"}},
		"to what a database cannot hold": {password, "Kestrel\x00Orbit-49!", []string{"new_password: null_characters_not_allowed"}},
		"with nothing at all":            {"", "", []string{"current_password: required", "new_password: required"}},
		"with everything wrong":          {"wrong", weakPassword, []string{"current_password: enter_current_password", "new_password: password_too_short", "new_password: password_too_common", "new_password: password_entirely_numeric"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", optional)
			h.signup("ann.kestrel@example.org")
			d, other := h.signedIn("ann.kestrel@example.org"), h.signedIn("ann.kestrel@example.org")
			_, err := d.try(h.changePassword(c.current, c.next))
			if got := faults(err); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if d.user() == "" || other.user() == "" {
				t.Error("a session ended")
			}
			h.login("ann.kestrel@example.org")
		})
	}
	h := newHouse(t, "sqlite", optional)
	_, err := h.device().try(h.changePassword(password, otherPassword))
	h.refused(err, refusal.Unauthenticated, "")
}

// TestGuessesAtTheCurrentPasswordAreFailedLogins: a session that was stolen is no way around the limit.
func TestGuessesAtTheCurrentPasswordAreFailedLogins(t *testing.T) {
	for name, guess := range map[string]struct {
		step  func(h *house, password string) step
		param string
		wrong refusal.Code
	}{
		"a change of the password": {func(h *house, p string) step { return h.changePassword(p, otherPassword) }, "current_password", refusal.EnterCurrentPassword},
		"a reauthentication":       {(*house).reauthenticate, "password", refusal.IncorrectPassword},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", optional+`, "rate_limits": {"login_failed": "3/5m/key"}`)
			h.signup("ann@example.org")
			d := h.signedIn("ann@example.org")
			_, err := h.device().try(h.logIn(loginOf("ann@example.org", otherPassword)))
			h.refused(err, refusal.Invalid, refusal.EmailMismatch)
			for range 2 {
				_, err = d.try(guess.step(h, "wrong"))
				h.refused(err, refusal.Invalid, guess.wrong)
			}
			_, err = d.try(guess.step(h, password))
			h.refused(err, refusal.Invalid, refusal.TooManyLogins)
			if r, _ := refusal.As(err); r.Details[0].Param != guess.param {
				t.Errorf("it is the fault of %q", r.Details[0].Param)
			}
			_, err = h.device().try(h.logIn(loginOf("ann@example.org", password)))
			h.refused(err, refusal.Invalid, refusal.TooManyLogins)
			h.clock.Advance(5 * time.Minute)
			d.do(guess.step(h, password)) // and a right one uses none up
			if name == "a reauthentication" {
				for range 5 {
					d.do(guess.step(h, password))
				}
			}
		})
	}
}

// TestFirstPasswordIsSetWithoutACurrentOne by an account that was made without.
func TestFirstPasswordIsSetWithoutACurrentOne(t *testing.T) {
	h := newHouse(t, "sqlite", codeLogin+`, "signup_fields": ["email*"], "email_notifications": true, `+unlimited)
	d := h.device()
	v := d.do(h.signUp(flows.SignupInput{Email: "ann@example.org"}))
	if v.Status().User.HasUsablePassword {
		t.Error("an account without a password is said to have one")
	}
	_, err := d.try(h.changePassword("", weakPassword))
	if got := faults(err); len(got) != 3 {
		t.Errorf("got %v", got)
	}
	v = d.do(h.changePassword("", otherPassword))
	if !v.Status().User.HasUsablePassword || !d.visit().Status().User.HasUsablePassword {
		t.Error("it is not said to have one now")
	}
	if got := h.kinds("ann@example.org"); got[len(got)-1] != "password_set" {
		t.Errorf("sent %v", got)
	}
	_, err = d.try(h.changePassword("", password))
	if got := faults(err); !slices.Equal(got, []string{"current_password: required"}) {
		t.Errorf("got %v", got)
	}
	h.device().do(h.logIn(loginOf("ann@example.org", otherPassword)))
}

// TestUserWhoIsPutOutWhileThePasswordIsHashed does not change it any more.
func TestUserWhoIsPutOutWhileThePasswordIsHashed(t *testing.T) {
	for how, change := range map[string]string{"deactivated": `UPDATE users SET active = FALSE`, "put out": `UPDATE users SET epoch = epoch + 1`} {
		t.Run(how, func(t *testing.T) {
			h := newHouse(t, "sqlite", optional)
			h.signup("ann@example.org")
			d := h.signedIn("ann@example.org")
			before := h.one(`SELECT password FROM users`)
			v := d.visit()
			h.on(func(op, _ string) error {
				if op == faultdb.Begin {
					h.exec(change)
				}
				return nil
			})
			err := h.ChangePassword(t.Context(), v, flows.ChangePasswordInput{Current: password, New: otherPassword})
			h.on(nil)
			if err == nil || v.Issued() != "" || h.one(`SELECT password FROM users`) != before {
				t.Errorf("changed by somebody who was %s: %v", how, err)
			}
		})
	}
}

func TestResetLinkWorksOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, optional+`, "email_notifications": true, `+unlimited)
		h.verified("ann@example.org")
		d := h.signedIn("ann@example.org")
		h.device().do(h.requestReset(" Ann@Example.ORG"))
		key := h.key("ann@example.org")
		stranger := h.device()
		var user flows.UserView
		stranger.do(func(v *flows.Visit) (err error) { user, err = h.LookAtResetKey(t.Context(), v, key); return err })
		if user.Email != "ann@example.org" || user.ID != d.user() {
			t.Errorf("it is the key of %+v", user)
		}
		v := stranger.do(h.reset(" "+key+"\n", otherPassword))
		if v.Authenticated() || v.Issued() != "" {
			t.Error("a reset signs in")
		}
		if v := d.visit(); v.Authenticated() || !v.Ended() {
			t.Error("a session goes on")
		}
		for _, again := range []step{h.reset(key, password), h.peek(key)} {
			_, err := h.device().try(again)
			h.refused(err, refusal.Invalid, refusal.InvalidPasswordReset)
		}
		h.device().do(h.logIn(loginOf("ann@example.org", otherPassword)))
		if got := h.kinds("ann@example.org"); !slices.Equal(got[1:], []string{"password_reset_key", "password_reset"}) {
			t.Errorf("sent %v", got)
		}
	})
}

// TestManyUsesOfOneResetLink at once set one password.
func TestManyUsesOfOneResetLink(t *testing.T) {
	const n = 64
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, optional+`, `+unlimited)
		h.verified("ann@example.org")
		h.device().do(h.requestReset("ann@example.org"))
		key := h.key("ann@example.org")
		visits, passwords := make([]*flows.Visit, n), make([]string, n)
		for i := range visits {
			visits[i], passwords[i] = h.open(""), otherPassword+person(i)
		}
		errs := together(n, func(i int) error { return h.ResetPassword(t.Context(), visits[i], key, passwords[i]) })
		won := 0
		for i, err := range errs {
			switch {
			case err == nil:
				won++
				h.device().do(h.logIn(loginOf("ann@example.org", passwords[i])))
			case !refusal.Is(err, refusal.Invalid) && !refusal.Is(err, refusal.Conflict):
				t.Errorf("got %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d passwords were set", won)
		}
	})
}

func TestResetLinkDies(t *testing.T) {
	for name, c := range map[string]struct {
		account string
		kill    func(h *house, d *device)
		dies    bool
	}{
		"with nothing":         {"", func(*house, *device) {}, false},
		"with a login":         {"", func(h *house, _ *device) { h.clock.Advance(time.Second); h.login("ann@example.org") }, true},
		"with a wrong login":   {"", func(h *house, _ *device) { _, _ = h.device().try(h.logIn(loginOf("ann@example.org", "wrong"))) }, false},
		"with a new password":  {"", func(h *house, d *device) { d.do(h.changePassword(password, otherPassword)) }, true},
		"with an address more": {"", func(h *house, d *device) { d.do(h.addEmail("ann@example.com")) }, true},
		"with a proved address": {"", func(h *house, d *device) {
			d.do(h.addEmail("ann@example.com"))
			d.do(h.verifyEmail(h.key("ann@example.com")))
		}, true},
		"with another's login": {"", func(h *house, _ *device) {
			h.signup("bob@example.org")
			h.clock.Advance(time.Second)
			h.login("bob@example.org")
		}, false},
		"with a deactivation":     {"", func(h *house, _ *device) { h.exec(`UPDATE users SET active = FALSE`) }, true},
		"with the account":        {"", func(h *house, _ *device) { h.exec(`DELETE FROM emails`); h.exec(`DELETE FROM users`) }, true},
		"on its last second":      {"", func(h *house, _ *device) { h.clock.Advance(3 * 24 * time.Hour) }, false},
		"a second later":          {"", func(h *house, _ *device) { h.clock.Advance(3*24*time.Hour + time.Second) }, true},
		"on a second of its own":  {`, "password_reset_timeout": 60`, func(h *house, _ *device) { h.clock.Advance(time.Minute) }, false},
		"after a time of its own": {`, "password_reset_timeout": 60`, func(h *house, _ *device) { h.clock.Advance(61 * time.Second) }, true},
		"with a look":             {"", func(h *house, _ *device) { h.device().do(h.peek(h.key("ann@example.org"))) }, false},
		"with a weak password":    {"", func(h *house, _ *device) { _, _ = h.device().try(h.reset(h.key("ann@example.org"), weakPassword)) }, false},
		"with another link":       {"", func(h *house, _ *device) { h.device().do(h.requestReset("ann@example.org")) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", optional+c.account+`, `+unlimited)
			h.verified("ann@example.org")
			d := h.signedIn("ann@example.org")
			h.device().do(h.requestReset("ann@example.org"))
			key := h.key("ann@example.org")
			c.kill(h, d)
			_, looked := h.device().try(h.peek(key))
			_, err := h.device().try(h.reset(key, otherPassword+"!"))
			if !c.dies {
				h.must(looked)
				h.must(err)
				h.device().do(h.logIn(loginOf("ann@example.org", otherPassword+"!")))
				return
			}
			h.refused(looked, refusal.Invalid, refusal.InvalidPasswordReset)
			h.refused(err, refusal.Invalid, refusal.InvalidPasswordReset)
		})
	}
}

func TestResetLinkDiesWithAnAddressThatIsRemovedOrChanged(t *testing.T) {
	for name, change := range map[string]func(h *house, d *device){
		"removed": func(h *house, d *device) { _, err := d.remove("ann@example.com"); h.must(err) },
		"added":   func(h *house, d *device) { d.do(h.addEmail("more@example.com")) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", optional+`, `+unlimited)
			h.verified("ann@example.org")
			d := h.signedIn("ann@example.org")
			d.do(h.addEmail("ann@example.com"))
			d.do(h.verifyEmail(h.key("ann@example.com")))
			h.device().do(h.requestReset("ann@example.com"))
			key := h.key("ann@example.com")
			change(h, d)
			_, err := h.device().try(h.reset(key, otherPassword))
			h.refused(err, refusal.Invalid, refusal.InvalidPasswordReset)
		})
	}
}

func TestResetLinkIsForOneTenantAndUnchanged(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, `+unlimited)
	h.signup("ann@example.org")
	h.device().do(h.requestReset("ann@example.org"))
	key := h.key("ann@example.org")
	other := testkit.AddTenant(t, h.store, "globex", "")
	v, err := h.Open(t.Context(), other, flows.Origin{Client: flows.App})
	h.must(err)
	h.refused(h.ResetPassword(t.Context(), v, key, otherPassword), refusal.Invalid, refusal.InvalidPasswordReset)
	for i := range key {
		changed := key[:i] + "A" + key[i+1:]
		if changed == key {
			changed = key[:i] + "B" + key[i+1:]
		}
		_, err := h.device().try(h.reset(changed, otherPassword))
		h.refused(err, refusal.Invalid, refusal.InvalidPasswordReset)
	}
	for name, odd := range map[string]string{
		"more behind it": key + "A", "less of it": key[:len(key)-1], "padding": key + "=", "a line break": key[:9] + "\n" + key[9:], "something else": "nope",
	} {
		if _, err := h.device().try(h.reset(odd, otherPassword)); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.device().do(h.reset(key, otherPassword))
}

// TestKeysOfOneKindAreNothingToTheOther shows a verification link where a reset is asked for, and the other way round.
func TestKeysOfOneKindAreNothingToTheOther(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory+`, `+unlimited)
	h.signup("ann@example.org")
	verify := h.key("ann@example.org")
	_, err := h.device().try(h.reset(verify, otherPassword))
	h.refused(err, refusal.Invalid, refusal.InvalidPasswordReset)
	h.device().do(h.requestReset("ann@example.org"))
	_, err = h.device().try(h.verifyEmail(h.key("ann@example.org")))
	h.refused(err, refusal.Invalid, refusal.InvalidOrExpiredKey)
}

func TestFaultsOfAReset(t *testing.T) {
	for name, c := range map[string]struct {
		key      func(key string) string
		password string
		want     []string
	}{
		"nothing at all":           {func(string) string { return "" }, "", []string{"key: required", "password: required"}},
		"no key":                   {func(string) string { return " " }, otherPassword, []string{"key: required"}},
		"a key with a NUL":         {func(key string) string { return key + "\x00" }, otherPassword, []string{"key: null_characters_not_allowed"}},
		"a bad key":                {func(key string) string { return key + "A" }, otherPassword, []string{"key: invalid_password_reset"}},
		"a bad key, weak password": {func(key string) string { return key + "A" }, weakPassword, []string{"key: invalid_password_reset"}},
		"a bad key, no password":   {func(key string) string { return key + "A" }, "", []string{"key: invalid_password_reset", "password: required"}},
		"no password":              {func(key string) string { return key }, "", []string{"password: required"}},
		"one's own address":        {func(key string) string { return key }, "ann.kestrel@example.org", []string{"password: password_too_similar"}},
		"a weak password":          {func(key string) string { return key }, weakPassword, []string{"password: password_too_short", "password: password_too_common", "password: password_entirely_numeric"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", optional+`, `+unlimited)
			h.signup("ann.kestrel@example.org")
			h.device().do(h.requestReset("ann.kestrel@example.org"))
			_, err := h.device().try(h.reset(c.key(h.key("ann.kestrel@example.org")), c.password))
			if got := faults(err); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			h.login("ann.kestrel@example.org")
		})
	}
}

// TestResetByLinkProvesNoAddress and signs nobody in who has yet to prove one.
func TestResetByLinkProvesNoAddress(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory+`, "login_on_password_reset": true, `+unlimited)
	h.signup("ann@example.org")
	h.device().do(h.requestReset("ann@example.org"))
	d := h.device()
	v := d.do(h.reset(h.key("ann@example.org"), otherPassword))
	if v.Pending() != flows.VerifyEmail || v.Authenticated() || h.one(`SELECT COUNT(*) FROM emails WHERE verified`) != "0" {
		t.Errorf("it waits at %q, signed in %t", v.Pending(), v.Authenticated())
	}
}

func TestResetSignsInWhereTheTenantWantsThat(t *testing.T) {
	for name, account := range map[string]string{"by link": optional, "by code": resetByCode} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", account+`, "login_on_password_reset": true, `+unlimited)
			h.verifiedAnyhow("ann@example.org")
			old := h.signedIn("ann@example.org")
			h.clock.Advance(time.Hour)
			d := h.device()
			d.do(h.requestReset("ann@example.org"))
			asked := d.token
			v := d.do(h.reset(h.proof("ann@example.org"), otherPassword))
			if d.user() == "" {
				t.Fatal("nobody is signed in")
			}
			m := methods(t, v)
			want := flows.Method{Method: "password_reset", At: float64(testkit.Start.Add(time.Hour).Unix())}
			if account == resetByCode {
				want.Email = "ann@example.org"
				h.dead(asked)
			}
			if len(m) != 1 || m[0] != want {
				t.Errorf("signed in by %+v", m)
			}
			if old.user() != "" {
				t.Error("another session goes on")
			}
			if n := h.one(`SELECT COUNT(*) FROM users WHERE last_login_at > created_at`); n != "1" {
				t.Error("the login is not noted")
			}
		})
	}
}

// verifiedAnyhow makes an account whose address is proved, however the tenant has that done.
func (h *house) verifiedAnyhow(email string) {
	h.Helper()
	h.signup(email)
	h.exec(`UPDATE emails SET verified = TRUE WHERE email = $1`, email)
}

// proof is the last code or key that was mailed to an address.
func (h *house) proof(to string) string {
	h.Helper()
	letters := h.letters(to)
	if code := letters[len(letters)-1].Data["code"]; code != "" {
		return code
	}
	return h.key(to)
}

// TestResetOfTheSessionsOwnUser and of another one's: one's own session ends with the others, somebody else's stays.
func TestResetOfTheSessionsOwnUser(t *testing.T) {
	for name, account := range map[string]string{"by link": optional, "by code": resetByCode} {
		for _, signsIn := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", which signs in"}[signsIn], func(t *testing.T) {
				h := newHouse(t, "sqlite", account+`, `+unlimited)
				h.tenant.Settings.Account.LoginOnPasswordReset = signsIn
				for _, who := range []string{"ann@example.org", "bob@example.org"} {
					h.verifiedAnyhow(who)
				}
				d := h.signedIn("ann@example.org")
				ann := d.user()
				d.do(h.requestReset("bob@example.org"))
				d.do(h.reset(h.proof("bob@example.org"), otherPassword))
				if d.user() != ann {
					t.Errorf("after somebody else's reset the session is of %q", d.user())
				}
				held := d.token
				d.do(h.requestReset("ann@example.org"))
				v := d.do(h.reset(h.proof("ann@example.org"), otherPassword))
				h.dead(held)
				if v.Authenticated() != signsIn || (d.user() == ann) != signsIn {
					t.Errorf("after one's own reset: signed in %t, as %q", v.Authenticated(), d.user())
				}
			})
		}
	}
}

// TestResetForgetsFailedLogins: who has just set the password knows it.
func TestResetForgetsFailedLogins(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "rate_limits": {"login_failed": "1/h/key"}`)
	h.verified("ann@example.org")
	_, err := h.device().try(h.logIn(loginOf("ann@example.org", "wrong")))
	h.refused(err, refusal.Invalid, refusal.EmailMismatch)
	_, err = h.device().try(h.logIn(loginOf("ann@example.org", password)))
	h.refused(err, refusal.Invalid, refusal.TooManyLogins)
	h.device().do(h.requestReset("ann@example.org"))
	h.device().do(h.reset(h.key("ann@example.org"), otherPassword))
	h.device().do(h.logIn(loginOf("ann@example.org", otherPassword)))
}

func TestResetsAreLimited(t *testing.T) {
	for name, account := range map[string]string{"by link": optional, "by code": resetByCode} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", account+`, "rate_limits": {"reset_password": "2/m/key"}`)
			h.signup("ann@example.org")
			for _, to := range []string{"ann@example.org", "nobody@example.org"} {
				_, err := h.device().try(h.requestReset("nope"))
				h.refused(err, refusal.Invalid, refusal.Malformed) // which is free
				h.device().do(h.requestReset(to))
				h.device().do(h.requestReset(" " + strings.ToUpper(to)))
				_, err = h.device().try(h.requestReset(to))
				h.refused(err, refusal.Limited, "")
				if n := len(h.letters(to)); n < 2 {
					t.Errorf("%d mails", n)
				}
			}
		})
	}
}

// TestResetCodeProvesItsAddress, by a look as by a reset, and weak passwords cost no try.
func TestResetCodeProvesItsAddress(t *testing.T) {
	for name, prove := range map[string]func(h *house, code string) step{
		"by a look":  (*house).peek,
		"by a reset": func(h *house, code string) step { return h.reset(code, otherPassword) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", resetByCode+`, `+unlimited)
			h.signup("ann@example.org")
			d := h.device()
			d.do(h.requestReset("ann@example.org"))
			code := h.code("ann@example.org")
			for range 5 {
				_, err := d.try(h.reset(code, weakPassword))
				if got := faults(err); len(got) != 3 || !strings.HasPrefix(got[0], "password: ") {
					t.Fatalf("got %v", got)
				}
			}
			if n := h.one(`SELECT COUNT(*) FROM emails WHERE verified`); n != "0" {
				t.Error("a refused reset proved the address")
			}
			d.do(prove(h, code))
			if n := h.one(`SELECT COUNT(*) FROM emails WHERE verified`); n != "1" {
				t.Error("the address is not proved")
			}
			if name == "by a look" {
				d.do(h.reset(code, otherPassword)) // looking used nothing up
			}
			h.device().do(h.logIn(loginOf("ann@example.org", otherPassword)))
		})
	}
}

// TestResetTellsNothingBeforeTheSecretIsShown: neither a wrong code nor a code for nobody says what of the owner the new password is
// like.
func TestResetTellsNothingBeforeTheSecretIsShown(t *testing.T) {
	for _, known := range []bool{true, false} {
		h := newHouse(t, "sqlite", resetByCode+`, `+unlimited)
		if known {
			h.signup("ann.kestrel@example.org")
		}
		d := h.device()
		d.do(h.requestReset("ann.kestrel@example.org"))
		_, err := d.try(h.reset("BCDF-GHJK", "ann.kestrel@example.org"))
		if got := faults(err); !slices.Equal(got, []string{"key: incorrect_code"}) {
			t.Errorf("known %t: got %v", known, got)
		}
		_, err = d.try(h.reset("BCDF-GHJK", weakPassword))
		if got := faults(err); len(got) != 4 || got[0] != "key: incorrect_code" {
			t.Errorf("known %t: got %v", known, got)
		}
	}
}

// TestResetCodeOfAnAddressThatIsGone is good for nothing.
func TestResetCodeOfAnAddressThatIsGone(t *testing.T) {
	h := newHouse(t, "sqlite", resetByCode+`, `+unlimited)
	h.verifiedAnyhow("ann@example.org")
	owner := h.signedIn("ann@example.org")
	owner.do(h.addEmail("ann@example.com"))
	h.exec(`UPDATE emails SET verified = TRUE`)
	d := h.device()
	d.do(h.requestReset("ann@example.com"))
	code := h.code("ann@example.com")
	_, err := owner.remove("ann@example.com")
	h.must(err)
	_, err = d.try(h.reset(code, otherPassword))
	h.refused(err, refusal.Conflict, "")
	_, err = d.try(h.peek(code))
	h.refused(err, refusal.Conflict, "")
	h.login("ann@example.org")
}

// TestAccountIsClaimedByAReset: whoever made an account with an address that nobody has proved loses every way in when the owner of
// the address resets its password, or shows the code that came there.
func TestAccountIsClaimedByAReset(t *testing.T) {
	const phones = `, "login_methods": ["phone", "email"], "signup_fields": ["phone*", "email*", "password1*"], "login_by_code_enabled": true, ` + unlimited
	for name, c := range map[string]struct {
		account string
		claim   func(h *house, key string) step
	}{
		"by link":                     {optional, func(h *house, key string) step { return h.reset(key, otherPassword) }},
		"by code":                     {resetByCode, func(h *house, key string) step { return h.reset(key, otherPassword) }},
		"by code, which is looked at": {resetByCode, (*house).peek},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", c.account+phones)
			squatter := h.device()
			squatter.do(h.signUp(flows.SignupInput{Email: "ann@example.org", Phone: number(1), Password: password}))
			squatter.do(h.verifyPhone(h.code(number(1))))
			if squatter.user() == "" {
				t.Fatal("nobody is signed in")
			}
			waiting := h.device()
			waiting.do(h.requestCode(number(1)))
			text := h.code(number(1))

			owner := h.device()
			owner.do(h.requestReset("ann@example.org"))
			owner.do(c.claim(h, h.proof("ann@example.org")))
			if squatter.user() != "" {
				t.Error("a session outlives the claim")
			}
			if _, err := waiting.try(h.confirmCode(text)); !refusal.Is(err, refusal.Conflict) {
				t.Errorf("a login that waited is answered with %v", err)
			}
			for _, in := range []flows.LoginInput{loginOf("ann@example.org", password), phoneLogin(number(1))} {
				if _, err := h.device().try(h.logIn(in)); !refusal.Is(err, refusal.Invalid) {
					t.Errorf("the old password is answered with %v", err)
				}
			}
			if n := h.one(`SELECT COUNT(*) FROM users WHERE phone_verified`); n != "0" {
				t.Error("the number of whoever made the account still counts")
			}
		})
	}
}

// TestLookInOnesOwnSessionEndsNothing: the code that came to one's own address proves it with the reset alone, which ends all
// sessions anyway.
func TestLookInOnesOwnSessionEndsNothing(t *testing.T) {
	h := newHouse(t, "sqlite", resetByCode+`, `+unlimited)
	h.signup("ann@example.org")
	d := h.signedIn("ann@example.org")
	d.do(h.requestReset("ann@example.org"))
	code := h.code("ann@example.org")
	d.do(h.peek(code))
	if d.user() == "" || !passhash.Usable(h.one(`SELECT password FROM users`)) || h.one(`SELECT COUNT(*) FROM emails WHERE verified`) != "0" {
		t.Error("a look changed something")
	}
	d.do(h.reset(code, otherPassword))
	if n := h.one(`SELECT COUNT(*) FROM emails WHERE verified`); n != "1" {
		t.Error("the reset did not prove the address")
	}
}

// TestProvedAccountIsNotClaimedByAReset: its number and its owner's next login are as they were.
func TestProvedAccountIsNotClaimedByAReset(t *testing.T) {
	h := newHouse(t, "sqlite", resetByCode+`, "login_methods": ["phone", "email"], "signup_fields": ["phone*", "email*", "password1*"], `+unlimited)
	h.device().do(h.signUp(flows.SignupInput{Email: "ann@example.org", Phone: number(1), Password: password}))
	h.provePhone()
	h.proveEmail()
	d := h.device()
	d.do(h.requestReset("ann@example.org"))
	code := h.code("ann@example.org")
	d.do(h.peek(code))
	if !passhash.Usable(h.one(`SELECT password FROM users`)) {
		t.Error("a look took the password")
	}
	d.do(h.reset(code, otherPassword))
	if n := h.one(`SELECT COUNT(*) FROM users WHERE phone_verified`); n != "1" {
		t.Error("the number has to be proved anew")
	}
}

// TestSecondResetCodeTakesTheFirstOnesPlace: the second request takes the first one's place, with tries of its own.
func TestSecondResetCodeTakesTheFirstOnesPlace(t *testing.T) {
	h := newHouse(t, "sqlite", resetByCode+`, `+unlimited)
	h.signup("ann@example.org")
	h.signup("bob@example.org")
	d := h.device()
	d.do(h.requestReset("ann@example.org"))
	first := h.code("ann@example.org")
	d.do(h.requestReset("bob@example.org"))
	_, err := d.try(h.reset(first, otherPassword))
	h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	d.do(h.reset(h.code("bob@example.org"), otherPassword))
	h.login("ann@example.org")
	h.device().do(h.logIn(loginOf("bob@example.org", otherPassword)))
}

// TestPendingResetIsShown to whoever asked for it, among what may be done.
func TestPendingResetIsShown(t *testing.T) {
	h := newHouse(t, "sqlite", resetByCode+`, `+unlimited)
	d := h.device()
	shows := func() string {
		t.Helper()
		all, err := json.Marshal(d.visit().Status().Flows)
		h.must(err)
		return string(all)
	}
	if got := shows(); !strings.Contains(got, `{"id":"password_reset_by_code","is_pending":false}`) {
		t.Errorf("got %s", got)
	}
	d.do(h.requestReset("nobody@example.org"))
	if got := shows(); !strings.Contains(got, `{"id":"password_reset_by_code","is_pending":true}`) {
		t.Errorf("got %s", got)
	}
	h.clock.Advance(3*time.Minute + time.Microsecond)
	if got := shows(); !strings.Contains(got, `{"id":"password_reset_by_code","is_pending":false}`) {
		t.Errorf("got %s", got)
	}
}

// TestResetLinkDiesWithThePrimaryAddress makes another address the primary one after a link was mailed.
func TestResetLinkDiesWithThePrimaryAddress(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, `+unlimited)
	h.signup("ann@example.org")
	d := h.signedIn("ann@example.org")
	d.do(h.addEmail("bob@example.org"))
	h.proveEmail()
	h.device().do(h.requestReset("bob@example.org"))
	key := h.key("bob@example.org")
	h.device().do(h.peek(key))
	_, err := d.promote("bob@example.org")
	h.must(err)
	_, err = h.device().try(h.peek(key))
	h.refused(err, refusal.Invalid, refusal.InvalidPasswordReset)
	_, err = h.device().try(h.reset(key, otherPassword))
	h.refused(err, refusal.Invalid, refusal.InvalidPasswordReset)
}

// TestResetTellsWhatIsWrongWithBoth gives a bad key with a password that no form takes.
func TestResetTellsWhatIsWrongWithBoth(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, `+unlimited)
	for password, want := range map[string]string{
		"":       "key: invalid_password_reset, password: required",
		"a\x00b": "key: invalid_password_reset, password: null_characters_not_allowed",
		"short":  "key: invalid_password_reset",
	} {
		_, err := h.device().try(h.reset("bad", password))
		if got := strings.Join(faults(err), ", "); got != want {
			t.Errorf("%q is answered %s", password, got)
		}
	}
}

// TestResetWhereTheOwnLoginWaits signs up and, instead of proving the address, resets the password on the same device: the login that
// waited ends with the others, and the password is set.
func TestResetWhereTheOwnLoginWaits(t *testing.T) {
	for name, account := range map[string]string{
		"by link":                         mandatory,
		"by link, which signs in":         mandatory + `, "login_on_password_reset": true`,
		"by code":                         mandatory + `, "password_reset_by_code_enabled": true`,
		"by code, for a link":             byCode + `, "password_reset_by_code_enabled": true`,
		"by code, which signs in":         byCode + `, "password_reset_by_code_enabled": true, "login_on_password_reset": true`,
		"by code, for a code on the side": optional + `, "login_by_code_required": ["password"], "password_reset_by_code_enabled": true`,
	} {
		for _, looks := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, with a look: %t", name, looks), func(t *testing.T) {
				testkit.Engines(t, func(t *testing.T, engine string) {
					h := newHouse(t, engine, account+`, `+unlimited)
					h.device().do(h.signUp(signupOf(victim)))
					d := h.device()
					if d.do(h.logIn(loginOf(victim, password))).Pending() == "" {
						t.Fatal("no login waits")
					}
					d.do(h.requestReset(victim))
					if looks {
						d.do(func(v *flows.Visit) error { _, err := h.LookAtResetKey(t.Context(), v, h.proof(victim)); return err })
					}
					held := d.token
					v := d.do(h.reset(h.proof(victim), otherPassword))
					switch signsIn := v.Tenant.Settings.Account.LoginOnPasswordReset; {
					case signsIn && d.token == held:
						t.Error("the token is that of the login that ended")
					case !signsIn && (v.Authenticated() || v.Pending() != ""):
						t.Errorf("signed in %t, waiting at %q", v.Authenticated(), v.Pending())
					}
					h.device().do(h.logIn(loginOf(victim, otherPassword)))
				})
			})
		}
	}
}
