package flows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// step is something that a visit does.
type step = func(v *flows.Visit) error

// The settings of the tests of codes: no limits, since what is tested is what codes bound by themselves.
const (
	unlimited   = `"rate_limits": false`
	byCode      = mandatory + `, "email_verification_by_code_enabled": true`
	codeLogin   = optional + `, "login_by_code_enabled": true`
	byPhone     = optional + `, "login_methods": ["phone", "email"], "signup_fields": ["phone*", "email", "password1*"]`
	resetByCode = optional + `, "password_reset_by_code_enabled": true`
)

func given(value string) flows.Text { return flows.Text{Value: value, Sent: true} }

// requestCode asks for a login code at an address or a number.
func (h *house) requestCode(to string) step {
	in := flows.LoginCodeInput{Email: given(to)}
	if strings.HasPrefix(to, "+") {
		in = flows.LoginCodeInput{Phone: given(to)}
	}
	return func(v *flows.Visit) error { return h.RequestLoginCode(h.Context(), v, in) }
}

func (h *house) confirmCode(code string) step {
	return func(v *flows.Visit) error { return h.ConfirmLoginCode(h.Context(), v, code) }
}

func (h *house) resendCode(v *flows.Visit) error { return h.ResendLoginCode(h.Context(), v) }

func (h *house) logIn(in flows.LoginInput) step {
	return func(v *flows.Visit) error { return h.Login(h.Context(), v, in) }
}

func (h *house) signUp(in flows.SignupInput) step {
	return func(v *flows.Visit) error { return h.Signup(h.Context(), v, in) }
}

func (h *house) verifyEmail(key string) step {
	return func(v *flows.Visit) error { return h.VerifyEmail(h.Context(), v, key) }
}

func (h *house) addEmail(email string) step {
	return func(v *flows.Visit) error { _, err := h.AddEmail(h.Context(), v, email); return err }
}

func (h *house) verifyPhone(code string) step {
	return func(v *flows.Visit) error { return h.VerifyPhone(h.Context(), v, code) }
}

func (h *house) changePhone(phone string) step {
	return func(v *flows.Visit) error { _, err := h.ChangePhone(h.Context(), v, phone); return err }
}

func (h *house) requestReset(email string) step {
	return func(v *flows.Visit) error { return h.RequestPasswordReset(h.Context(), v, email) }
}

func (h *house) reset(key, password string) step {
	return func(v *flows.Visit) error { return h.ResetPassword(h.Context(), v, key, password) }
}

func phoneSignup(phone string) flows.SignupInput {
	return flows.SignupInput{Phone: phone, Password: password}
}

// waits is one thing that a code is for: how somebody comes to wait for it, and what it does.
type waits struct {
	account string                                       // settings
	setting string                                       // what the settings of its tries and its time begin with
	resends string                                       // the setting of its resends, "" for none
	begin   func(h *house, n int) (d *device, to string) // the nth person, who waits for a code that was sent
	confirm func(h *house, code string) step
	resend  func(h *house, to string) step
	param   string
	through func(d *device, to string) bool // whether the code did what it is for
	stays   flows.Stage                     // where a login still waits when the code has run out
}

// codes is everything that a code is for.
var codes = map[string]waits{
	"a login code that was asked for": {
		account: codeLogin, setting: "login_by_code_", resends: "login_by_code_supports_resend", param: "code",
		begin: func(h *house, n int) (*device, string) {
			to := person(n)
			h.signup(to)
			d := h.device()
			d.do(h.requestCode(to))
			return d, to
		},
		confirm: (*house).confirmCode,
		resend:  func(h *house, _ string) step { return h.resendCode },
		through: func(d *device, _ string) bool { return d.user() != "" },
	},
	"a login code on top of a password": {
		account: codeLogin + `, "login_by_code_required": true`,
		setting: "login_by_code_", resends: "login_by_code_supports_resend", param: "code",
		begin: func(h *house, n int) (*device, string) {
			to := person(n)
			h.signup(to)
			d := h.device()
			d.do(h.logIn(loginOf(to, password)))
			return d, to
		},
		confirm: (*house).confirmCode,
		resend:  func(h *house, _ string) step { return h.resendCode },
		through: func(d *device, _ string) bool { return d.user() != "" },
	},
	"the address of a signup": {
		account: byCode, setting: "email_verification_by_code_", resends: "email_verification_supports_resend", param: "key",
		begin: func(h *house, n int) (*device, string) {
			d, to := h.device(), person(n)
			d.do(h.signUp(signupOf(to)))
			return d, to
		},
		confirm: (*house).verifyEmail,
		resend: func(h *house, _ string) step {
			return func(v *flows.Visit) error { return h.ResendEmailCode(h.Context(), v) }
		},
		through: func(d *device, _ string) bool { return d.user() != "" },
	},
	"an address that is added": {
		account: byCode, setting: "email_verification_by_code_", resends: "email_verification_supports_resend", param: "key",
		begin: func(h *house, n int) (*device, string) {
			d, to := h.member(person(n)), "more."+person(n)
			d.do(h.addEmail(to))
			return d, to
		},
		confirm: (*house).verifyEmail,
		resend: func(h *house, to string) step {
			return func(v *flows.Visit) error {
				sent, err := h.ResendEmail(h.Context(), v, to)
				if err == nil && !sent {
					return refusal.Of(refusal.Conflict) // the other ways say it like this
				}
				return err
			}
		},
		through: func(d *device, to string) bool { return d.emails()[to] == "verified" },
	},
	"the number of a signup": {
		account: byPhone, setting: "phone_verification_", resends: "phone_verification_supports_resend", param: "code",
		begin: func(h *house, n int) (*device, string) {
			d, to := h.device(), number(n)
			d.do(h.signUp(phoneSignup(to)))
			return d, to
		},
		confirm: (*house).verifyPhone,
		resend: func(h *house, _ string) step {
			return func(v *flows.Visit) error { return h.ResendPhoneCode(h.Context(), v) }
		},
		through: func(d *device, _ string) bool { return d.user() != "" },
		stays:   flows.VerifyPhone,
	},
	"the number that is changed to": {
		account: byPhone, setting: "phone_verification_", param: "code",
		begin: func(h *house, n int) (*device, string) {
			d, to := h.caller(number(2*n)), number(2*n+1)
			d.do(h.changePhone(to))
			return d, to
		},
		confirm: (*house).verifyPhone,
		through: func(d *device, to string) bool { return d.phone() == to+" verified" },
	},
	"a reset code": {
		account: resetByCode, setting: "password_reset_by_code_", param: "key",
		begin: func(h *house, n int) (*device, string) {
			d, to := h.device(), person(n)
			h.signup(to)
			d.do(h.requestReset(to))
			return d, to
		},
		confirm: func(h *house, code string) step { return h.reset(code, otherPassword) },
		through: func(d *device, to string) bool {
			_, err := d.device().try(d.logIn(loginOf(to, otherPassword)))
			return err == nil
		},
	},
}

func person(n int) string { return fmt.Sprintf("ann%d@example.org", n) }
func number(n int) string { return fmt.Sprintf("+3161234%04d", n) }

// member is a device on which somebody is signed in whose address is proved by a code.
func (h *house) member(email string) *device {
	h.Helper()
	d := h.device()
	d.do(h.signUp(signupOf(email)))
	d.do(h.verifyEmail(h.code(email)))
	if d.user() == "" {
		h.Fatalf("%s is not signed in", email)
	}
	return d
}

// caller is a device on which somebody is signed in whose number is proved.
func (h *house) caller(phone string) *device {
	h.Helper()
	d := h.device()
	d.do(h.signUp(phoneSignup(phone)))
	d.do(h.verifyPhone(h.code(phone)))
	if d.user() == "" {
		h.Fatalf("%s is not signed in", phone)
	}
	return d
}

// emails are the addresses of whoever is signed in: each with "verified", "unverified" or, before that, "primary ".
func (d *device) emails() map[string]string {
	d.Helper()
	views, err := d.Emails(d.Context(), d.visit())
	d.must(err)
	return seen(views)
}

func seen(views []flows.EmailView) map[string]string {
	all := map[string]string{}
	for _, e := range views {
		all[e.Email] = map[bool]string{true: "primary "}[e.Primary] + map[bool]string{true: "verified", false: "unverified"}[e.Verified]
	}
	return all
}

// phone is the number of whoever is signed in with "verified" or "unverified", "" for none.
func (d *device) phone() string {
	d.Helper()
	views, err := d.Phones(d.Context(), d.visit())
	d.must(err)
	if len(views) == 0 {
		return ""
	}
	return views[0].Phone + map[bool]string{true: " verified", false: " unverified"}[views[0].Verified]
}

// eachCode runs a test for everything that a code is for.
func eachCode(t *testing.T, test func(t *testing.T, w waits)) {
	for name, w := range codes {
		t.Run(name, func(t *testing.T) { test(t, w) })
	}
}

// eachResend runs a test for every code that may be sent again.
func eachResend(t *testing.T, test func(t *testing.T, w waits)) {
	for name, w := range codes {
		if w.resends != "" {
			t.Run(name, func(t *testing.T) { test(t, w) })
		}
	}
}

// wrong is a code that is not the given one, of the same form.
func wrong(code string) string {
	last := code[len(code)-1]
	other := byte('B')
	if last == other {
		other = 'C'
	}
	return code[:len(code)-1] + string(other)
}

func TestCodeIsTakenHoweverItIsTypedAndOnce(t *testing.T) {
	eachCode(t, func(t *testing.T, w waits) {
		h := newHouse(t, "sqlite", w.account+`, `+unlimited)
		for n, typed := range []func(code string) string{
			func(code string) string { return code },
			strings.ToLower,
			func(code string) string { return strings.ReplaceAll(code, "-", "") },
			func(code string) string {
				return "\t " + strings.ToLower(strings.ReplaceAll(code, "-", " ")) + "\u00a0\n"
			},
		} {
			d, to := w.begin(h, n)
			code := h.code(to)
			d.do(w.confirm(h, typed(code)))
			if !w.through(d, to) {
				t.Errorf("%q does nothing", typed(code))
			}
			_, err := d.try(w.confirm(h, code))
			h.refused(err, refusal.Conflict, "")
		}
	})
}

func TestCodeRunsOutAtTheEdge(t *testing.T) {
	const timeout = 100 * time.Second
	eachCode(t, func(t *testing.T, w waits) {
		h := newHouse(t, "sqlite", fmt.Sprintf(`%s, %s, "login_timeout": 3600, "%stimeout": 100`, w.account, unlimited, w.setting))
		first, to1 := w.begin(h, 1)
		second, to2 := w.begin(h, 2)
		h.clock.Advance(timeout)
		first.do(w.confirm(h, h.code(to1)))
		if !w.through(first, to1) {
			t.Error("at the end of its time it does nothing")
		}
		h.clock.Advance(time.Microsecond)
		_, err := second.try(w.confirm(h, h.code(to2)))
		h.refused(err, refusal.Conflict, "")
		if w.through(second, to2) {
			t.Error("a code that has run out works")
		}
		if got := second.visit().Pending(); got != w.stays {
			t.Errorf("it is waited for at %q, want %q", got, w.stays)
		}
		if w.stays == "" {
			return
		}
		_, err = second.try(w.resend(h, to2))
		h.refused(err, refusal.Conflict, "")
		h.clock.Advance(time.Hour)
		if got := second.visit().Pending(); got != "" {
			t.Errorf("it is waited for longer than a login may take, at %q", got)
		}
	})
}

// TestWhatRanOutIsShownUntilItIsAskedFor: a login whose code has run out is over, but shown as waiting until somebody asks for it.
func TestWhatRanOutIsShownUntilItIsAskedFor(t *testing.T) {
	for name, stage := range map[string]flows.Stage{
		"a login code that was asked for": flows.LoginByCode, "a login code on top of a password": flows.LoginByCode,
		"the address of a signup": flows.VerifyEmail,
	} {
		w := codes[name]
		for how, asked := range map[string]func(h *house, to string) step{
			"the code is given":      func(h *house, to string) step { return w.confirm(h, h.code(to)) },
			"another is asked for":   w.resend,
			"the address is changed": func(h *house, _ string) step { return h.addEmail("else@example.org") },
		} {
			if stage == flows.LoginByCode && how == "the address is changed" {
				continue // it is the address of a signup alone that may be
			}
			t.Run(name+", and "+how, func(t *testing.T) {
				h := newHouse(t, "sqlite", fmt.Sprintf(`%s, %s, "%stimeout": 100`, w.account, unlimited, w.setting))
				d, to := w.begin(h, 1)
				h.clock.Advance(101 * time.Second)
				for range 2 {
					if v := d.visit(); v.Pending() != "" || shownPending(v) != stage {
						t.Errorf("it waits at %q and is shown at %q", v.Pending(), shownPending(v))
					}
				}
				_, err := d.try(asked(h, to))
				h.refused(err, refusal.Conflict, "")
				if got := shownPending(d.visit()); got != "" {
					t.Errorf("it is shown still, at %q", got)
				}
			})
		}
	}
}

// shownPending is the flow that a visit's status says is pending, but for a password reset.
func shownPending(v *flows.Visit) flows.Stage {
	for _, f := range v.Status().Flows {
		if f.IsPending != nil && *f.IsPending && f.ID != "password_reset_by_code" {
			return flows.Stage(f.ID)
		}
	}
	return ""
}

func TestWrongCodesAreCountedToTheLast(t *testing.T) {
	eachCode(t, func(t *testing.T, w waits) {
		for _, most := range []int{1, 4} {
			h := newHouse(t, "sqlite", fmt.Sprintf(`%s, %s, "%smax_attempts": %d`, w.account, unlimited, w.setting, most))
			lucky, to := w.begin(h, 1)
			for range most - 1 {
				_, err := lucky.try(w.confirm(h, wrong(h.code(to))))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			}
			lucky.do(w.confirm(h, h.code(to)))
			if !w.through(lucky, to) {
				t.Errorf("of %d: the last try does nothing", most)
			}
			unlucky, to := w.begin(h, 2)
			for n := range most {
				_, err := unlucky.try(w.confirm(h, []string{wrong(h.code(to)), "", "BCDF\x00", "no code"}[n%4]))
				if r, ok := refusal.As(err); !ok || r.Kind != refusal.Invalid || r.Details[0].Param != w.param {
					t.Errorf("of %d: wrong code %d is answered with %v", most, n+1, err)
				}
			}
			_, err := unlucky.try(w.confirm(h, h.code(to)))
			h.refused(err, refusal.Conflict, "")
			if w.through(unlucky, to) {
				t.Errorf("of %d: a code works after the last try", most)
			}
		}
	})
}

// TestCodesThatAreTriedAtOnce tries more wrong codes at once than are allowed, and a right one many times at once, each on what
// it read before the others were counted.
func TestCodesThatAreTriedAtOnce(t *testing.T) {
	const most, n = 3, 64
	testkit.Engines(t, func(t *testing.T, engine string) {
		eachCode(t, func(t *testing.T, w waits) {
			h := newHouse(t, engine, fmt.Sprintf(`%s, %s, "%smax_attempts": %d`, w.account, unlimited, w.setting, most))
			// atOnce is how many tries were taken, and how many were told that the code is wrong.
			atOnce := func(d *device, code string) (won, lost int) {
				visits := make([]*flows.Visit, n)
				for i := range visits {
					visits[i] = d.visit()
				}
				for i, err := range together(n, func(i int) error { return w.confirm(h, code)(visits[i]) }) {
					switch {
					case err == nil:
						won++
						if visits[i].Issued() != "" {
							d.token = visits[i].Issued()
						}
					case refusal.Is(err, refusal.Invalid):
						lost++
					case !refusal.Is(err, refusal.Conflict):
						t.Errorf("got %v", err)
					}
				}
				return won, lost
			}
			d, to := w.begin(h, 1)
			bad := wrong(h.code(to))
			won, lost := atOnce(d, bad)
			if won != 0 || lost < 1 || lost > most {
				t.Errorf("%d were taken, %d were told that their code is wrong, and %d tries are allowed", won, lost, most)
			}
			for range most - lost {
				_, err := d.try(w.confirm(h, bad))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			}
			_, err := d.try(w.confirm(h, h.code(to)))
			h.refused(err, refusal.Conflict, "")

			d, to = w.begin(h, 2)
			if won, lost := atOnce(d, h.code(to)); won != 1 || lost != 0 || !w.through(d, to) {
				t.Errorf("%d uses of a right code counted, %d were told that it is wrong", won, lost)
			}
		})
	})
}

func TestResendsAreCounted(t *testing.T) {
	eachResend(t, func(t *testing.T, w waits) {
		for setting, most := range map[string]int{"false": 0, "0": 0, "1": 1, "true": 2, "3": 3} {
			h := newHouse(t, "sqlite", fmt.Sprintf(`%s, %s, "%s": %s`, w.account, unlimited, w.resends, setting))
			d, to := w.begin(h, 1)
			seen, sent := []string{h.code(to)}, len(h.letters(to))
			for range most {
				d.do(w.resend(h, to))
				seen = append(seen, h.code(to))
			}
			_, err := d.try(w.resend(h, to))
			h.refused(err, refusal.Conflict, "")
			if n := len(h.letters(to)) - sent; n != most {
				t.Errorf("%s: it was sent again %d times", setting, n)
			}
			for i, code := range seen[:most] {
				if i >= 2 {
					break // three wrong codes would end it
				}
				_, err := d.try(w.confirm(h, code))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			}
			d.do(w.confirm(h, seen[most]))
			if !w.through(d, to) {
				t.Errorf("%s: the last code does nothing", setting)
			}
		}
	})
}

// TestResendPutsNothingOff: a new code neither moves the deadline nor forgives wrong codes.
func TestResendPutsNothingOff(t *testing.T) {
	eachResend(t, func(t *testing.T, w waits) {
		h := newHouse(t, "sqlite", fmt.Sprintf(`%s, %s, "login_timeout": 3600, "%s": 5, "%[4]stimeout": 100, "%[4]smax_attempts": 3`,
			w.account, unlimited, w.resends, w.setting))
		late, to := w.begin(h, 1)
		h.clock.Advance(99 * time.Second)
		late.do(w.resend(h, to))
		h.clock.Advance(time.Second + time.Microsecond)
		_, err := late.try(w.confirm(h, h.code(to)))
		h.refused(err, refusal.Conflict, "")

		d, to := w.begin(h, 2)
		for range 2 {
			_, err := d.try(w.confirm(h, wrong(h.code(to))))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			d.do(w.resend(h, to))
		}
		_, err = d.try(w.confirm(h, wrong(h.code(to))))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		if _, err := d.try(w.resend(h, to)); err == nil {
			t.Error("a code is sent again after the last try")
		}
		_, err = d.try(w.confirm(h, h.code(to)))
		h.refused(err, refusal.Conflict, "")
	})
}

// TestCodeIsForOneSession has two wait for a code, each with a session of their own.
func TestCodeIsForOneSession(t *testing.T) {
	eachCode(t, func(t *testing.T, w waits) {
		h := newHouse(t, "sqlite", w.account+`, `+unlimited)
		ann, to1 := w.begin(h, 1)
		bob, to2 := w.begin(h, 2)
		_, err := bob.try(w.confirm(h, h.code(to1)))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		_, err = h.device().try(w.confirm(h, h.code(to1)))
		h.refused(err, refusal.Conflict, "")
		ann.do(w.confirm(h, h.code(to1)))
		bob.do(w.confirm(h, h.code(to2)))
		if !w.through(ann, to1) || !w.through(bob, to2) {
			t.Error("codes do nothing")
		}
	})
}

// TestChangesAreCounted moves a signup that waits for a code to other addresses or numbers, as often as that is allowed.
func TestChangesAreCounted(t *testing.T) {
	for name, c := range map[string]struct {
		of, setting string
		place       func(n int) string
		change      func(h *house, to string) step
	}{
		"an address": {"the address of a signup", "email_verification_supports_change", person, (*house).addEmail},
		"a number":   {"the number of a signup", "phone_verification_supports_change", number, (*house).changePhone},
	} {
		t.Run(name, func(t *testing.T) {
			w := codes[c.of]
			for setting, most := range map[string]int{"false": 0, "0": 0, "1": 1, "true": 2, "3": 3} {
				h := newHouse(t, "sqlite", fmt.Sprintf(`%s, %s, "%s": %s`, w.account, unlimited, c.setting, setting))
				d, to := w.begin(h, 0)
				codes := []string{h.code(to)}
				for n := 1; n <= most; n++ {
					_, err := d.try(c.change(h, to))
					h.refused(err, refusal.Invalid, refusal.SameAsCurrent) // which is not counted
					to = c.place(n)
					d.do(c.change(h, to))
					codes = append(codes, h.code(to))
				}
				_, err := d.try(c.change(h, c.place(9)))
				h.refused(err, refusal.Conflict, "")
				if n := len(h.letters(c.place(9))); n != 0 {
					t.Errorf("%s: a message went where nothing was changed to", setting)
				}
				for _, code := range codes[:min(most, 2)] { // one more would be the last try
					_, err := d.try(w.confirm(h, code))
					h.refused(err, refusal.Invalid, refusal.IncorrectCode)
				}
				d.do(w.confirm(h, codes[most]))
				if !w.through(d, to) {
					t.Errorf("%s: the last code does nothing", setting)
				}
				got := h.one(`SELECT COALESCE(phone, '') || email FROM users`)
				if got != to {
					t.Errorf("%s: the account is of %q, and not of %q", setting, got, to)
				}
			}
		})
	}
}

// TestChangePutsNothingOff: another address or number neither moves the deadline nor forgives wrong codes.
func TestChangePutsNothingOff(t *testing.T) {
	for of, change := range map[string]func(h *house, n int) (to string, change step){
		"the address of a signup": func(h *house, n int) (string, step) { return person(n), h.addEmail(person(n)) },
		"the number of a signup":  func(h *house, n int) (string, step) { return number(n), h.changePhone(number(n)) },
	} {
		t.Run(of, func(t *testing.T) {
			w := codes[of]
			h := newHouse(t, "sqlite", fmt.Sprintf(`%s, %s, "login_timeout": 3600, "email_verification_supports_change": 5,
				"phone_verification_supports_change": 5, "%[3]stimeout": 100, "%[3]smax_attempts": 3`, w.account, unlimited, w.setting))
			late, _ := w.begin(h, 1)
			h.clock.Advance(99 * time.Second)
			to, step := change(h, 2)
			late.do(step)
			h.clock.Advance(time.Second + time.Microsecond)
			_, err := late.try(w.confirm(h, h.code(to)))
			h.refused(err, refusal.Conflict, "")

			d, to := w.begin(h, 3)
			for n := range 2 {
				_, err := d.try(w.confirm(h, wrong(h.code(to))))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
				to, step = change(h, 4+n)
				d.do(step)
			}
			_, err = d.try(w.confirm(h, wrong(h.code(to))))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			_, err = d.try(w.confirm(h, h.code(to)))
			h.refused(err, refusal.Conflict, "")
		})
	}
}

// TestChangeToWhatIsTakenIsNotTold moves a signup to what another account has, and back.
func TestChangeToWhatIsTakenIsNotTold(t *testing.T) {
	for of, c := range map[string]struct {
		setting string
		place   func(n int) string
		change  func(h *house, to string) step
	}{
		"the address of a signup": {"email_verification_supports_change", person, (*house).addEmail},
		"the number of a signup":  {"phone_verification_supports_change", number, (*house).changePhone},
	} {
		t.Run(of, func(t *testing.T) {
			w := codes[of]
			h := newHouse(t, "sqlite", fmt.Sprintf(`%s, %s, "%s": 4, "%smax_attempts": 9`, w.account, unlimited, c.setting, w.setting))
			owner, taken := w.begin(h, 1)
			owner.do(w.confirm(h, h.code(taken)))

			d, own := w.begin(h, 2)
			first := h.code(own)
			d.do(c.change(h, taken))
			if got := h.kinds(taken); got[len(got)-1] != "account_already_exists" {
				t.Errorf("the owner is sent %v", got)
			}
			for _, code := range []string{first, h.code(taken)} {
				_, err := d.try(w.confirm(h, code))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			}
			_, err := d.try(c.change(h, taken))
			h.refused(err, refusal.Invalid, refusal.SameAsCurrent) // as it would be if nobody had it
			d.do(c.change(h, own))
			if h.code(own) == first {
				t.Fatal("nothing was sent to what was one's own")
			}
			d.do(w.confirm(h, h.code(own)))
			if !w.through(d, own) || h.one(`SELECT COUNT(*) FROM users WHERE email = $1 OR phone = $1`, taken) != "1" {
				t.Error("the way back does not lead in")
			}
		})
	}
}

func TestChangeToWhatIsTakenIsToldWhereThatMayBe(t *testing.T) {
	for of, c := range map[string]struct {
		setting string
		change  func(h *house, to string) step
		code    refusal.Code
	}{
		"the address of a signup": {"email_verification_supports_change", (*house).addEmail, refusal.EmailTaken},
		"the number of a signup":  {"phone_verification_supports_change", (*house).changePhone, refusal.PhoneTaken},
	} {
		t.Run(of, func(t *testing.T) {
			w := codes[of]
			h := newHouse(t, "sqlite", fmt.Sprintf(`%s, %s, "%s": 1, "prevent_enumeration": false`, w.account, unlimited, c.setting))
			_, taken := w.begin(h, 1)
			d, to := w.begin(h, 2)
			_, err := d.try(c.change(h, taken))
			h.refused(err, refusal.Invalid, c.code)
			d.do(w.confirm(h, h.code(to))) // nothing has changed
		})
	}
}
