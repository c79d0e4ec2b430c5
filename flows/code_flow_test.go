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
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// methods are the proofs that whoever is signed in gave.
func methods(t testing.TB, v *flows.Visit) []flows.Method {
	t.Helper()
	var all []flows.Method
	if err := json.Unmarshal(v.Status().Methods, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLoginCodesAreServedWhereTheyAreSwitchedOn(t *testing.T) {
	h := newHouse(t, "sqlite", optional)
	h.signup("ann@example.org")
	_, err := h.device().try(h.requestCode("ann@example.org"))
	h.refused(err, refusal.Missing, "")
	_, err = h.device().try(h.resendCode)
	h.refused(err, refusal.Missing, "")
	_, err = h.device().try(h.confirmCode("BCDF-GHJK"))
	h.refused(err, refusal.Conflict, "")
}

func TestLoginCodeIsAskedForByOneName(t *testing.T) {
	const both = optional + `, "login_by_code_enabled": true, "login_methods": ["email", "phone"], "signup_fields": ["email", "phone", "password1*"]`
	const phone = optional + `, "login_by_code_enabled": true, "login_methods": ["phone"], "signup_fields": ["phone*", "password1*"]`
	const username = optional + `, "login_by_code_enabled": true, "login_methods": ["username"], "signup_fields": ["username*", "email*", "password1*"]`
	nothing := flows.Text{}
	for name, c := range map[string]struct {
		account      string
		email, phone flows.Text
		param        string
		code         refusal.Code
	}{
		"nothing, of an address":             {codeLogin, nothing, nothing, "email", refusal.Required},
		"nothing, of a number":               {phone, nothing, nothing, "phone", refusal.Required},
		"nothing, of either":                 {both, nothing, nothing, "", refusal.Required},
		"empty, of either":                   {both, given(" "), given("\t"), "", refusal.Required},
		"both":                               {both, given("ann@example.org"), given("+31612345678"), "", refusal.SelectOnlyOne},
		"no address":                         {codeLogin, given("nope"), nothing, "email", refusal.Malformed},
		"no number":                          {phone, nothing, given("0612345678"), "phone", refusal.InvalidPhone},
		"no address, where it may be either": {both, given("nope"), nothing, "email", refusal.Malformed},
		"a number, where only addresses are": {codeLogin, nothing, given("+31612345678"), "email", refusal.Required},
		"an address, where only numbers are": {phone, given("ann@example.org"), nothing, "phone", refusal.Required},
		"nothing, where usernames log in":    {username, nothing, nothing, "email", refusal.Required},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", c.account)
			v := h.open("")
			err := h.RequestLoginCode(t.Context(), v, flows.LoginCodeInput{Email: c.email, Phone: c.phone})
			h.refused(err, refusal.Invalid, c.code)
			if r, _ := refusal.As(err); r.Details[0].Param != c.param {
				t.Errorf("it is the fault of %q", r.Details[0].Param)
			}
			if v.Issued() != "" || h.queued() != "0" {
				t.Error("something was done")
			}
		})
	}
}

func TestLoginCodeGoesToWhomItIsFor(t *testing.T) {
	const account = optional + `, "login_by_code_enabled": true, "login_methods": ["email", "phone", "username"],
		"signup_fields": ["email", "phone", "username", "password1*"], "rate_limits": false`
	for name, c := range map[string]struct {
		ask, to string
		channel store.Channel
	}{
		"an address":               {"ann@example.org", "ann@example.org", store.Mail},
		"an address, as spelt now": {" ANN@Example.ORG", "ann@example.org", store.Mail},
		"a number":                 {"+31612345678", "+31612345678", store.SMS},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", account)
			d := h.device()
			d.do(h.signUp(flows.SignupInput{Email: "ann@example.org", Phone: "+31612345678", Username: "ann", Password: password}))
			d.do(h.verifyPhone(h.code("+31612345678")))
			h.must(h.VerifyEmail(t.Context(), h.open(""), h.key("ann@example.org")))

			d = h.device()
			v := d.do(h.requestCode(c.ask))
			if v.Pending() != flows.LoginByCode || v.Authenticated() {
				t.Fatalf("it waits at %q", v.Pending())
			}
			letters := h.letters(c.to)
			last := letters[len(letters)-1]
			if last.Kind != "login_code" || last.Channel != c.channel {
				t.Errorf("sent %+v", last)
			}
			waited := d.token
			v = d.do(h.confirmCode(last.Data["code"]))
			if d.token == waited {
				t.Error("the login completed under the token that it waited with")
			}
			h.dead(waited)
			m := methods(t, v)
			want := flows.Method{Method: "code", At: float64(testkit.Start.Unix())}
			if c.channel == store.SMS {
				want.Phone = c.to
			} else {
				want.Email = c.to
			}
			if len(m) != 1 || m[0] != want {
				t.Errorf("signed in by %+v", m)
			}
		})
	}
}

// TestLoginCodeProvesWhatItWasSentTo: what it was sent to need not be proved again, and nothing else is.
func TestLoginCodeProvesWhatItWasSentTo(t *testing.T) {
	t.Run("an address", func(t *testing.T) {
		h := newHouse(t, "sqlite", mandatory+`, "login_by_code_enabled": true, `+unlimited)
		h.signup("ann@example.org")
		d := h.device()
		d.do(h.requestCode("ann@example.org"))
		d.do(h.confirmCode(h.code("ann@example.org")))
		if got := d.emails()["ann@example.org"]; got != "primary verified" {
			t.Errorf("the address is %q", got)
		}
	})
	t.Run("a number", func(t *testing.T) {
		h := newHouse(t, "sqlite", byPhone+`, "login_by_code_enabled": true, `+unlimited)
		h.device().do(h.signUp(flows.SignupInput{Phone: number(1), Email: "ann@example.org", Password: password}))
		d := h.device()
		d.do(h.requestCode(number(1)))
		d.do(h.confirmCode(h.code(number(1))))
		// An address that nobody proved may be that of whoever made the account.
		if d.phone() != number(1)+" verified" || len(d.emails()) != 0 {
			t.Errorf("got %q and %v", d.phone(), d.emails())
		}
	})
	t.Run("an address, and the number may be somebody else's", func(t *testing.T) {
		h := newHouse(t, "sqlite", byPhone+`, "login_by_code_enabled": true, `+unlimited)
		h.device().do(h.signUp(flows.SignupInput{Phone: number(1), Email: "ann@example.org", Password: password}))
		d := h.device()
		d.do(h.requestCode("ann@example.org"))
		v := d.do(h.confirmCode(h.code("ann@example.org")))
		if v.Pending() != "" {
			t.Fatalf("it waits at %q", v.Pending())
		}
		if d.phone() != "" || d.emails()["ann@example.org"] != "primary verified" {
			t.Errorf("got %q and %v", d.phone(), d.emails())
		}
	})
}

// TestRequiredCodeIsFirst: where a code is required, it comes before everything else that a login waits for, and proves the
// address that a signup gave.
func TestRequiredCodeIsFirst(t *testing.T) {
	for _, required := range []string{`true`, `["password"]`, `["mfa", "password"]`} {
		t.Run(required, func(t *testing.T) {
			h := newHouse(t, "sqlite", mandatory+`, "login_by_code_required": `+required+`, `+unlimited)
			d := h.device()
			v := d.do(h.signUp(signupOf("ann@example.org")))
			if v.Pending() != flows.LoginByCode {
				t.Fatalf("the signup waits at %q", v.Pending())
			}
			d.do(h.confirmCode(h.code("ann@example.org")))
			if d.emails()["ann@example.org"] != "primary verified" {
				t.Errorf("got %v", d.emails())
			}
			d = h.device()
			v = d.do(h.logIn(loginOf("ann@example.org", password)))
			if v.Pending() != flows.LoginByCode || d.user() != "" {
				t.Fatalf("the login waits at %q", v.Pending())
			}
			v = d.do(h.confirmCode(h.code("ann@example.org")))
			if m := methods(t, v); len(m) != 2 || m[0].Method != "password" || m[1].Method != "code" || m[1].Email != "ann@example.org" {
				t.Errorf("signed in by %+v", m)
			}
		})
	}
}

func TestCodeIsRequiredAfterWhatIsListed(t *testing.T) {
	for required, want := range map[string]flows.Stage{`["mfa", "socialaccount"]`: "", `[]`: "", `false`: "", `["password"]`: flows.LoginByCode} {
		t.Run(required, func(t *testing.T) {
			h := newHouse(t, "sqlite", optional+`, `+unlimited+`, "login_by_code_enabled": true, "login_by_code_required": `+required)
			d := h.device()
			d.do(h.signUp(signupOf("ann@example.org")))
			if d.visit().Pending() == flows.LoginByCode {
				d.do(h.confirmCode(h.code("ann@example.org")))
			}
			v := h.device().do(h.logIn(loginOf("ann@example.org", password)))
			if v.Pending() != want || v.Authenticated() != (want == "") {
				t.Errorf("after a password it waits at %q", v.Pending())
			}
			d = h.device() // a code alone is as good as one on top
			d.do(h.requestCode("ann@example.org"))
			if v := d.do(h.confirmCode(h.code("ann@example.org"))); !v.Authenticated() {
				t.Errorf("after a code it waits at %q", v.Pending())
			}
		})
	}
}

// TestRequiredCodeGoesWhereTheAccountIsReached: whoever logs in by another name gets it at the primary address.
func TestRequiredCodeGoesWhereTheAccountIsReached(t *testing.T) {
	const account = optional + `, "login_methods": ["username", "phone"], "signup_fields": ["username*", "email", "phone", "password1*"],
		"phone_verification_enabled": false, ` + unlimited
	for name, c := range map[string]struct {
		in flows.SignupInput
		to string
	}{
		"an address":            {flows.SignupInput{Username: "ann", Email: "ann@example.org"}, "ann@example.org"},
		"an address and number": {flows.SignupInput{Username: "ann", Email: "ann@example.org", Phone: number(1)}, "ann@example.org"},
		"a number":              {flows.SignupInput{Username: "ann", Phone: number(1)}, number(1)},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", account)
			c.in.Password = password
			h.device().do(h.signUp(c.in))
			h.tenant.Settings.Account.LoginByCodeRequired.All = true // from now on
			d := h.device()
			v := d.do(h.logIn(flows.LoginInput{Username: given("ann"), Password: given(password)}))
			if v.Pending() != flows.LoginByCode {
				t.Fatalf("it waits at %q", v.Pending())
			}
			d.do(h.confirmCode(h.code(c.to)))
			if d.user() == "" {
				t.Error("the code does not sign in")
			}
		})
	}
	t.Run("an address that was proved beside the primary one", func(t *testing.T) {
		h := newHouse(t, "sqlite", optional+`, "login_methods": ["username", "email"], "signup_fields": ["username*", "email", "password1*"],
			"login_by_code_enabled": true, `+unlimited)
		squatter := h.device()
		squatter.do(h.signUp(flows.SignupInput{Username: "ann", Email: evil, Password: password}))
		squatter.do(h.addEmail(victim))
		owner := h.device()
		owner.do(h.requestCode(victim))
		owner.do(h.confirmCode(h.code(victim)))
		owner.do(h.changePassword(password, otherPassword)) // the owner knows it here, for the sake of brevity
		h.tenant.Settings.Account.LoginByCodeRequired.All = true
		before := len(h.letters(evil))
		d := h.device()
		d.do(h.logIn(flows.LoginInput{Username: given("ann"), Password: given(otherPassword)}))
		if n := len(h.letters(evil)) - before; n != 0 {
			t.Errorf("%d letters to whoever made the account", n)
		}
		d.do(h.confirmCode(h.code(victim)))
		if d.user() == "" {
			t.Error("the code does not sign in")
		}
	})
	t.Run("nothing", func(t *testing.T) {
		h := newHouse(t, "sqlite", account)
		h.device().do(h.signUp(flows.SignupInput{Username: "ann", Password: password}))
		h.tenant.Settings.Account.LoginByCodeRequired.All = true
		v := h.device().do(h.logIn(flows.LoginInput{Username: given("ann"), Password: given(password)}))
		if v.Authenticated() || v.Pending() != "" {
			t.Errorf("who cannot be sent a code is let in, or waits for ever at %q", v.Pending())
		}
	})
}

// TestLoginCodeForASessionThatIsTaken: who is signed in can have a code sent, and it is good for nothing.
func TestLoginCodeForASessionThatIsTaken(t *testing.T) {
	h := newHouse(t, "sqlite", codeLogin+`, `+unlimited)
	h.signup("ann@example.org")
	h.signup("bob@example.org")
	d := h.signedIn("ann@example.org")
	ann := d.user()
	for _, to := range []string{"bob@example.org", "ann@example.org", "nobody@example.org"} {
		v := d.do(h.requestCode(to))
		if v.Pending() != "" || d.user() != ann {
			t.Errorf("%s: pending %q, signed in as %s", to, v.Pending(), d.user())
		}
	}
	_, err := d.try(h.confirmCode(h.code("bob@example.org")))
	h.refused(err, refusal.Conflict, "")
	_, err = d.try(h.resendCode)
	h.refused(err, refusal.Conflict, "")
	if got := h.kinds("nobody@example.org"); !slices.Equal(got, []string{"unknown_account"}) {
		t.Errorf("an unknown address is sent %v", got)
	}
}

// TestNewCodeTakesTheOldOnesPlace asks for a code anew, instead of having it sent again.
func TestNewCodeTakesTheOldOnesPlace(t *testing.T) {
	h := newHouse(t, "sqlite", codeLogin+`, "login_by_code_max_attempts": 2, `+unlimited)
	h.signup("ann@example.org")
	d := h.device()
	d.do(h.requestCode("ann@example.org"))
	first := h.code("ann@example.org")
	d.do(h.requestCode("ann@example.org"))
	_, err := d.try(h.confirmCode(first))
	h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	d.do(h.confirmCode(h.code("ann@example.org")))
	if d.user() == "" {
		t.Error("the second code does not sign in")
	}
}

func TestLoginCodesAreLimited(t *testing.T) {
	h := newHouse(t, "sqlite", codeLogin+`, "rate_limits": {"request_login_code": "2/m/key", "login_failed": null}`)
	for _, to := range []string{"ann@example.org", "nobody@example.org"} {
		if to == "ann@example.org" {
			h.signup(to)
		}
		for _, spelt := range []string{to, "  " + to} {
			h.device().do(h.requestCode(spelt))
		}
		_, err := h.device().try(h.requestCode(to))
		h.refused(err, refusal.Invalid, refusal.TooManyLogins)
		if r, _ := refusal.As(err); r.Details[0].Param != "email" || r.RetryAfter != time.Minute {
			t.Errorf("%s: got %+v", to, r)
		}
	}
	h.clock.Advance(time.Minute)
	h.device().do(h.requestCode("ann@example.org"))
}

// TestLoginCodeReachesNoMailboxThatIsNotOnes: an account that has proved an address is not reached at one that it has not.
func TestLoginCodeReachesNoMailboxThatIsNotOnes(t *testing.T) {
	h := newHouse(t, "sqlite", codeLogin+`, "password_reset_by_code_enabled": false, `+unlimited)
	h.verified("ann@example.org")
	d := h.signedIn("ann@example.org")
	d.do(h.addEmail("slip@example.org"))
	for _, ask := range []step{h.requestCode("slip@example.org"), h.requestReset("slip@example.org")} {
		h.device().do(ask)
	}
	if got := h.kinds("slip@example.org"); !slices.Equal(got, []string{"email_confirmation", "unknown_account", "unknown_account"}) {
		t.Errorf("sent %v", got)
	}
	h.must(h.VerifyEmail(t.Context(), h.open(""), h.key("slip@example.org")))
	h.device().do(h.requestCode("slip@example.org"))
	if h.code("slip@example.org") == "" {
		t.Error("no code came to an address that was proved")
	}
}

// TestUserWhoIsPutOutWhileACodeIsWaitedFor is not let in by it, whether that was read before or after.
func TestUserWhoIsPutOutWhileACodeIsWaitedFor(t *testing.T) {
	for name, w := range codes {
		for how, changes := range map[string][]string{
			"deactivated": {`UPDATE users SET active = FALSE`}, "put out": {`UPDATE users SET epoch = epoch + 1`},
			"removed": {`DELETE FROM sessions WHERE user_id IS NOT NULL`, `DELETE FROM emails`, `DELETE FROM users`},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				h := newHouse(t, "sqlite", w.account+`, `+unlimited)
				d, to := w.begin(h, 1)
				code := h.code(to)
				v := d.visit()
				was := v.Authenticated()
				for _, change := range changes {
					h.exec(change)
				}
				_ = w.confirm(h, code)(v)
				if v.Authenticated() && !was {
					t.Errorf("signed in as %v", v.Status().User)
				}
				if v.Issued() != "" {
					d.token = v.Issued()
				}
				_, _ = d.try(w.confirm(h, code))
				if u := d.user(); u != "" {
					t.Errorf("signed in as %s", u)
				}
			})
		}
	}
}

// TestAccountIsClaimedByACode: an account whose address nobody had proved may have been made by somebody else, who knows its
// password and is signed in. Whoever enters by a code that came to the address puts them out.
func TestAccountIsClaimedByACode(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, codeLogin+`, "login_by_code_supports_resend": 1, `+unlimited)
		squatter := h.device()
		squatter.do(h.signUp(signupOf("ann@example.org")))
		second := h.signedIn("ann@example.org")
		waiting := h.device()
		waiting.do(h.requestCode("ann@example.org"))
		stolen := h.code("ann@example.org") // it is of no use to the squatter: another session waits for it
		h.device().do(h.requestReset("ann@example.org"))
		resetKey := h.key("ann@example.org")

		owner := h.device()
		owner.do(h.requestCode("ann@example.org"))
		v := owner.do(h.confirmCode(h.code("ann@example.org")))
		user := v.Status().User
		if user == nil || user.ID != owner.user() {
			t.Fatal("the owner is not signed in")
		}
		for what, d := range map[string]*device{"a session": squatter, "another session": second, "a login that waits": waiting} {
			if v := d.visit(); v.Authenticated() || v.Pending() != "" {
				t.Errorf("%s outlives the claim", what)
			}
		}
		_, err := waiting.try(h.confirmCode(stolen))
		h.refused(err, refusal.Conflict, "")
		_, err = h.device().try(h.logIn(loginOf("ann@example.org", password)))
		h.refused(err, refusal.Invalid, refusal.EmailMismatch)
		_, err = h.device().try(h.reset(resetKey, otherPassword))
		h.refused(err, refusal.Invalid, refusal.InvalidPasswordReset)

		// It is the owner's from now on: another code ends nothing, and who knows the old password may set a new one.
		again := h.device()
		again.do(h.requestCode("ann@example.org"))
		again.do(h.confirmCode(h.code("ann@example.org")))
		if owner.user() == "" {
			t.Error("the second code put the owner out")
		}
		owner.do(func(v *flows.Visit) error {
			return h.ChangePassword(t.Context(), v, flows.ChangePasswordInput{Current: password, New: otherPassword})
		})
		if again.user() != "" {
			t.Error("the other session outlives the change of the password")
		}
		h.device().do(h.logIn(loginOf("ann@example.org", otherPassword)))
	})
}

func TestWhatIsClaimedAndWhatIsNot(t *testing.T) {
	const account = byPhone + `, "login_by_code_enabled": true, "login_on_email_confirmation": true, ` + unlimited
	for name, c := range map[string]struct {
		before  func(h *house) // the account is of ann@example.org and number 1
		ask     string
		claimed bool
	}{
		"by a code to an address that nobody proved":                 {func(*house) {}, "ann@example.org", true},
		"by a code to a number that nobody proved":                   {func(*house) {}, number(1), true},
		"by a code to an address, where the number was proved":       {(*house).provePhone, "ann@example.org", true},
		"by a code to the number that was proved":                    {(*house).provePhone, number(1), false},
		"by a code to the address that was proved":                   {(*house).proveEmail, "ann@example.org", false},
		"by a code to a number that was proved, as the address was":  {func(h *house) { h.proveEmail(); h.provePhone() }, number(1), false},
		"by a code to an address that was proved, as the number was": {func(h *house) { h.proveEmail(); h.provePhone() }, "ann@example.org", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", account)
			h.device().do(h.signUp(flows.SignupInput{Email: "ann@example.org", Phone: number(1), Password: password}))
			c.before(h)
			d := h.device()
			d.do(h.requestCode(c.ask))
			v := d.do(h.confirmCode(h.code(c.ask)))
			marked := len(h.one(`SELECT password FROM users`)) > 0 && !passhash.Usable(h.one(`SELECT password FROM users`))
			if marked != c.claimed || (h.one(`SELECT epoch FROM users`) != "1") != c.claimed {
				t.Errorf("claimed %t: the password is %.12s, the epoch %s", c.claimed, h.one(`SELECT password FROM users`), h.one(`SELECT epoch FROM users`))
			}
			if !v.Authenticated() && v.Pending() != flows.VerifyPhone {
				t.Errorf("it waits at %q", v.Pending())
			}
			if c.claimed && c.ask == "ann@example.org" && h.one(`SELECT COUNT(*) FROM users WHERE phone_verified`) != "0" {
				t.Error("the number of whoever made the account still counts")
			}
		})
	}
}

// provePhone proves the number of the one account.
func (h *house) provePhone() { h.exec(`UPDATE users SET phone_verified = TRUE`) }

// proveEmail proves the address of the one account.
func (h *house) proveEmail() { h.exec(`UPDATE emails SET verified = TRUE`) }

func TestAccountWithoutAPasswordIsClaimedWithoutOne(t *testing.T) {
	h := newHouse(t, "sqlite", codeLogin+`, "signup_fields": ["email*"], `+unlimited)
	first := h.device()
	first.do(h.signUp(flows.SignupInput{Email: "ann@example.org"}))
	owner := h.device()
	owner.do(h.requestCode("ann@example.org"))
	v := owner.do(h.confirmCode(h.code("ann@example.org")))
	if first.user() != "" || v.Status().User == nil || v.Status().User.HasUsablePassword || h.one(`SELECT password FROM users`) != "" {
		t.Errorf("got %+v, password %q", v.Status().User, h.one(`SELECT password FROM users`))
	}
}

// told is what a client learns of a step: the error, and the status.
func told(v *flows.Visit, err error) string {
	if r, ok := refusal.As(err); ok {
		return fmt.Sprintf("%v after %s", r, r.RetryAfter)
	}
	status, _ := json.Marshal(v.Status()) // plain values
	return fmt.Sprintf("%v %s signed in %t, pending %q, new token %t", err, status, v.Authenticated(), v.Pending(), v.Issued() != "")
}

// TestPretendedLoginsAnswerAsOthersDo walks somebody with an account and somebody without through the same calls, with wrong codes
// only. They are told the same at each.
func TestPretendedLoginsAnswerAsOthersDo(t *testing.T) {
	const ann, phone = "ann@example.org", "+31612345678"
	repeat := func(s func(h *house) step, n int) []func(h *house) step {
		return slices.Repeat([]func(h *house) step{s}, n)
	}
	look := func(*house) step { return func(*flows.Visit) error { return nil } }
	badCode := func(h *house) step { return h.confirmCode("BCDF-GHJK") }
	badKey := func(h *house) step { return h.verifyEmail("BCDF-GHJK") }
	badText := func(h *house) step { return h.verifyPhone("BCDF-GHJK") }
	badReset := func(h *house) step { return h.reset("BCDF-GHJK", otherPassword) }
	resendCode := func(h *house) step { return h.resendCode }
	resendMail := func(h *house) step {
		return func(v *flows.Visit) error { return h.ResendEmailCode(h.Context(), v) }
	}
	resendText := func(h *house) step { return h.resendText }
	const resends = `, "login_by_code_supports_resend": 1, "email_verification_supports_resend": 1, "phone_verification_supports_resend": 1, ` + unlimited
	for name, c := range map[string]struct {
		account string
		owner   flows.SignupInput // whose account there is, or is not
		first   func(h *house) step
		then    []func(h *house) step
		at      flows.Stage // where it waits
	}{
		"a login code for an address": {
			codeLogin + resends, signupOf(ann), func(h *house) step { return h.requestCode(ann) },
			slices.Concat(repeat(look, 1), repeat(badCode, 1), repeat(resendCode, 2), repeat(badCode, 3), repeat(look, 1), repeat(resendCode, 1)),
			flows.LoginByCode,
		},
		"a login code for a number": {
			byPhone + `, "login_by_code_enabled": true` + resends, phoneSignup(phone), func(h *house) step { return h.requestCode(phone) },
			slices.Concat(repeat(badCode, 1), repeat(resendCode, 2), repeat(badCode, 3), repeat(look, 1)),
			flows.LoginByCode,
		},
		"a signup that waits for a required code": {
			mandatory + `, "login_by_code_enabled": true, "login_by_code_required": true` + resends, signupOf(ann),
			func(h *house) step { return h.signUp(signupOf(ann)) },
			slices.Concat(repeat(look, 1), repeat(badCode, 1), repeat(resendCode, 2), repeat(badCode, 3), repeat(look, 1)),
			flows.LoginByCode,
		},
		"a signup that waits for a link": {
			mandatory + resends, signupOf(ann), func(h *house) step { return h.signUp(signupOf(ann)) },
			slices.Concat(repeat(look, 1), repeat(badKey, 2), repeat(resendMail, 1), repeat(look, 1)), flows.VerifyEmail,
		},
		"a signup that waits for a code": {
			byCode + resends, signupOf(ann), func(h *house) step { return h.signUp(signupOf(ann)) },
			slices.Concat(repeat(look, 1), repeat(badKey, 1), repeat(resendMail, 2), repeat(badKey, 3), repeat(look, 1)), flows.VerifyEmail,
		},
		"a signup that waits for a text": {
			byPhone + resends, phoneSignup(phone), func(h *house) step { return h.signUp(phoneSignup(phone)) },
			slices.Concat(repeat(look, 1), repeat(badText, 1), repeat(resendText, 2), repeat(badText, 3), repeat(look, 1)), flows.VerifyPhone,
		},
		"a reset by a link": {
			optional + resends, signupOf(ann), func(h *house) step { return h.requestReset(ann) },
			slices.Concat(repeat(look, 1), repeat(badReset, 2), repeat(look, 1)), "",
		},
		"a reset by a code": {
			resetByCode + resends, signupOf(ann), func(h *house) step { return h.requestReset(ann) },
			slices.Concat(repeat(look, 1), repeat(badReset, 4), repeat(look, 1)), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[bool][]string{}
			for _, known := range []bool{true, false} {
				h := newHouse(t, "sqlite", c.account)
				signup := strings.HasPrefix(name, "a signup") // there, it is an account that makes it a pretended one
				if known != signup {
					owner := h.device()
					owner.do(h.signUp(c.owner))
					if c.owner.Phone != "" {
						owner.do(h.verifyPhone(h.code(phone)))
					}
				}
				h.exec(`DELETE FROM messages`)
				h.clock.Advance(time.Hour)
				d := h.device()
				for i, s := range append([]func(h *house) step{c.first}, c.then...) {
					v, err := d.try(s(h))
					answers[known] = append(answers[known], told(v, err))
					if i == 0 && v.Pending() != c.at {
						t.Errorf("known %t: it waits at %q", known, v.Pending())
					}
					if i == 0 && h.queued() != "1" {
						t.Errorf("known %t: %s messages", known, h.queued())
					}
				}
				if want := map[bool]string{true: "1", false: "0"}[known || signup]; h.count("users") != want {
					t.Errorf("known %t: %s users", known, h.count("users"))
				}
			}
			for i := range answers[true] {
				if answers[true][i] != answers[false][i] {
					t.Errorf("call %d: with an account %s\nwithout one %s", i, answers[true][i], answers[false][i])
				}
			}
		})
	}
}

// TestPretendedSignupGoesThroughTheStagesOfAnother has an address that is taken and a number that is free: the number is verified
// as any other, and only then does the address lead nowhere.
func TestPretendedSignupGoesThroughTheStagesOfAnother(t *testing.T) {
	const account = mandatory + `, "login_methods": ["phone", "email"], "signup_fields": ["phone*", "email*", "password1*"], ` + unlimited
	h := newHouse(t, "sqlite", account)
	in := func(email, phone string) flows.SignupInput {
		return flows.SignupInput{Email: email, Phone: phone, Password: password}
	}
	owner := h.device()
	owner.do(h.signUp(in("ann@example.org", number(1))))
	owner.do(h.verifyPhone(h.code(number(1))))
	owner.do(h.verifyEmail(h.key("ann@example.org")))

	d := h.device()
	d.do(h.signUp(in("ann@example.org", number(2))))
	v := d.do(h.verifyPhone(h.code(number(2))))
	if v.Pending() != flows.VerifyEmail {
		t.Fatalf("it waits at %q", v.Pending())
	}
	if got := h.kinds("ann@example.org"); got[len(got)-1] != "account_already_exists" {
		t.Errorf("the owner is sent %v", got)
	}
	d = h.device() // now the number is taken, and the address free
	d.do(h.signUp(in("eve@example.org", number(1))))
	if got := h.kinds(number(1)); !slices.Equal(got, []string{"phone_verification", "account_already_exists"}) {
		t.Errorf("the owner of the number is sent %v", got)
	}
	if got := h.kinds("eve@example.org"); len(got) != 0 {
		t.Errorf("before the number is verified, the address is sent %v", got)
	}
	if h.count("users") != "1" {
		t.Errorf("%s users", h.count("users"))
	}
}

// TestRequiredCodeTellsNothingOfWhatIsTaken: where a signup gives an address and a number, the login code goes to the address. Whoever
// signs up with an address of their own and another's number gets the code, and the owner of the number hears of it only after that, as
// they would if no code were required; and the other way round.
func TestRequiredCodeTellsNothingOfWhatIsTaken(t *testing.T) {
	const both = `, "login_methods": ["phone", "email"], "signup_fields": ["phone", "email*", "password1*"], "login_by_code_enabled": true,
		"login_by_code_required": true, "login_by_code_supports_resend": 1, "phone_verification_supports_resend": 1,
		"email_verification_supports_resend": 1, ` + unlimited
	in := flows.SignupInput{Email: "eve@example.org", Phone: number(1), Password: password}
	right := func(h *house) step {
		for _, l := range slices.Backward(h.letters(in.Email)) {
			if code := l.Data["code"]; code != "" {
				return h.confirmCode(code)
			}
		}
		return h.confirmCode("BCDF-GHJK")
	}
	for name, account := range map[string]string{"by link": mandatory + both, "by code": byCode + both, "not at all": `"email_verification": "none"` + both} {
		for taken, owner := range map[string]flows.SignupInput{
			"the number":  {Email: "ann@example.org", Phone: number(1), Password: password},
			"the address": {Email: "eve@example.org", Phone: number(2), Password: password},
			"both":        {Email: "eve@example.org", Phone: number(1), Password: password},
		} {
			if name == "not at all" && taken != "the number" {
				continue // a taken address is told there
			}
			t.Run(taken+", where addresses are proved "+name, func(t *testing.T) {
				answers, mail := map[bool][]string{}, map[bool][]string{}
				for _, known := range []bool{true, false} {
					h := newHouse(t, "sqlite", account)
					if known {
						h.device().do(h.signUp(owner))
						h.provePhone()
						h.proveEmail()
					}
					h.letters("")
					h.mail = nil
					d := h.device()
					steps := []step{h.signUp(in), h.confirmCode("BCDF-GHJK"), h.resendCode, h.resendCode}
					if taken == "the number" { // the address is theirs
						steps = append(steps, func(v *flows.Visit) error { return right(h)(v) }, h.verifyPhone("BCDF-GHJK"), h.resendText, h.resendText,
							h.verifyPhone("BCDF-GHJK"), h.verifyPhone("BCDF-GHJK"))
					}
					for _, next := range append(steps, h.confirmCode("BCDF-GHJK"), h.confirmCode("BCDF-GHJK"), h.resendCode) {
						v, err := d.try(next)
						answers[known] = append(answers[known], told(v, err))
					}
					if taken == "the number" {
						mail[known] = h.kinds(in.Email)
						if got := h.kinds(in.Phone); known && !slices.Equal(got, []string{"account_already_exists"}) {
							t.Errorf("the owner of the number is sent %v", got)
						}
					} else if got := h.kinds(in.Email); known && !slices.Equal(got, []string{"account_already_exists"}) {
						t.Errorf("the owner of the address is sent %v", got)
					}
					if known && h.count("users") != "1" {
						t.Errorf("%s users", h.count("users"))
					}
				}
				for i := range answers[true] {
					if answers[true][i] != answers[false][i] {
						t.Errorf("call %d: where it is taken %s\nwhere it is not %s", i, answers[true][i], answers[false][i])
					}
				}
				if !slices.Equal(mail[true], mail[false]) {
					t.Errorf("their own address is sent %v where the number is taken, and %v where it is not", mail[true], mail[false])
				}
			})
		}
	}
}

func TestUnknownNamesAreToldWhereThatMayBe(t *testing.T) {
	const told = `, "prevent_enumeration": false, ` + unlimited
	for name, c := range map[string]struct {
		account string
		ask     func(h *house) step
		code    refusal.Code
	}{
		"a login code for an address": {codeLogin + told, func(h *house) step { return h.requestCode("ann@example.org") }, refusal.UnknownEmail},
		"a login code for a number": {
			byPhone + `, "login_by_code_enabled": true` + told, func(h *house) step { return h.requestCode("+31612345678") }, refusal.UnknownPhone,
		},
		"a reset by a link": {optional + told, func(h *house) step { return h.requestReset("ann@example.org") }, refusal.UnknownEmail},
		"a reset by a code": {resetByCode + told, func(h *house) step { return h.requestReset("ann@example.org") }, refusal.UnknownEmail},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", c.account)
			v, err := h.device().try(c.ask(h))
			h.refused(err, refusal.Invalid, c.code)
			if v.Issued() != "" || h.queued() != "0" {
				t.Error("something was done")
			}
		})
	}
}

// asksOfAddresses are what anybody may ask for at an address, and the settings that it takes.
var asksOfAddresses = map[string]struct {
	account string
	ask     func(h *house) step
}{
	"a login code":      {codeLogin, func(h *house) step { return h.requestCode("ann@example.org") }},
	"a reset by a link": {optional, func(h *house) step { return h.requestReset("ann@example.org") }},
	"a reset by a code": {resetByCode, func(h *house) step { return h.requestReset("ann@example.org") }},
}

// TestInactiveAccountIsAsGoodAsNone: nothing is sent to it, and what is answered is what is answered without an account.
func TestInactiveAccountIsAsGoodAsNone(t *testing.T) {
	for name, c := range asksOfAddresses {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", c.account+`, `+unlimited)
			h.signup("ann@example.org")
			h.exec(`UPDATE users SET active = FALSE`)
			known, err1 := h.device().try(c.ask(h))
			h.exec(`DELETE FROM users`)
			unknown, err2 := h.device().try(c.ask(h))
			if a, b := told(known, err1), told(unknown, err2); a != b {
				t.Errorf("it is answered %s, and no account %s", a, b)
			}
			if got := h.kinds("ann@example.org"); !slices.Equal(got[1:], []string{"unknown_account", "unknown_account"}) {
				t.Errorf("sent %v", got)
			}
		})
	}
}

func TestUnknownAccountsAreMailedWhereTheTenantWantsThat(t *testing.T) {
	for name, c := range asksOfAddresses {
		t.Run(name, func(t *testing.T) {
			for setting, want := range map[string]int{"true": 1, "false": 0} {
				h := newHouse(t, "sqlite", c.account+`, "email_unknown_accounts": `+setting)
				h.device().do(c.ask(h))
				if got := h.kinds("ann@example.org"); len(got) != want || (want > 0 && got[0] != "unknown_account") {
					t.Errorf("%s: sent %v", setting, got)
				}
			}
		})
	}
}

// TestTokenOfALoginThatIsAskedFor asks for code after code: the token stays, whatever became of the code before, since it means nothing
// yet. A password that is given meanwhile gets a new one, for anybody may have asked for the code.
func TestTokenOfALoginThatIsAskedFor(t *testing.T) {
	h := newHouse(t, "sqlite", byCode+`, "login_by_code_enabled": true, "login_by_code_max_attempts": 1, `+unlimited)
	h.signup("ann@example.org")
	for _, email := range []string{"ann@example.org", "nobody@example.org"} {
		d := h.device()
		d.do(h.requestCode(email))
		held := d.token
		d.do(h.requestCode(email))
		_, err := d.try(h.confirmCode("wrong"))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		d.do(h.requestCode(email))
		if d.token != held {
			t.Errorf("%s: a new token", email)
		}
	}
	d := h.device()
	d.do(h.requestCode("ann@example.org"))
	held := d.token
	if v := d.do(h.logIn(loginOf("ann@example.org", password))); v.Pending() != flows.VerifyEmail {
		t.Fatalf("the login waits at %q", v.Pending())
	}
	if d.token == held {
		t.Error("a proof is worth something under a token that nobody proved anything for")
	}
}

// TestTokenOfALoginThatWasGivenUp logs in by password and fails at the code that is asked for besides: who tries again is the same
// user, and keeps the token. Somebody else does not.
func TestTokenOfALoginThatWasGivenUp(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "login_by_code_required": ["password"], "login_by_code_max_attempts": 1, `+unlimited)
	for _, email := range []string{"ann@example.org", "bob@example.org"} {
		h.device().do(h.signUp(signupOf(email)))
		h.proveEmail()
	}
	d := h.device()
	try := func(email string) string {
		t.Helper()
		d.do(h.logIn(loginOf(email, password)))
		_, err := d.try(h.confirmCode("wrong"))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		return d.token
	}
	first := try("ann@example.org")
	if again := try("ann@example.org"); again != first {
		t.Error("the same user has a new token")
	}
	if other := try("bob@example.org"); other == first {
		t.Error("another user has the same token")
	}
}

// TestProofsStayTheirUsers asks for another's login code where somebody's own login waits: neither that login's proof nor its token comes
// to count for the other, however the other then logs in.
func TestProofsStayTheirUsers(t *testing.T) {
	account := optional + `, "login_by_code_enabled": true, "login_by_code_required": ["password"], "login_by_code_max_attempts": 1, ` + unlimited
	for name, enter := range map[string]func(h *house, d *device){
		"by the code": func(*house, *device) {},
		"by password, when the code was missed": func(h *house, d *device) {
			_, err := d.try(h.confirmCode("wrong"))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			planted := d.token
			d.do(h.logIn(loginOf(victim, password)))
			if d.token == planted {
				h.Error("a proof is worth something under a token of somebody else's")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", account)
			for _, email := range []string{evil, victim} {
				h.device().do(h.signUp(signupOf(email)))
				h.proveEmail()
			}
			d := h.device()
			d.do(h.logIn(loginOf(evil, password)))
			d.do(h.requestCode(victim))
			enter(h, d)
			d.do(h.confirmCode(h.code(victim)))
			var proofs []flows.Method
			h.must(json.Unmarshal(d.visit().Status().Methods, &proofs))
			for i, m := range proofs { // the contract lists what was given in the session, by whomever
				if (i == 0) != (m.Email == evil) {
					t.Errorf("the proofs are %v", proofs)
				}
			}
			own := h.one(`SELECT state FROM sessions WHERE token = $1`, secret.Digest(d.token))
			if !strings.Contains(own, `"foreign":1`) {
				t.Errorf("another's proof counts as one's own: %s", own)
			}
		})
	}
}
