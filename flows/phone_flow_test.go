package flows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func (h *house) resendText(v *flows.Visit) error { return h.ResendPhoneCode(h.Context(), v) }

func phoneLogin(phone string) flows.LoginInput {
	return flows.LoginInput{Phone: given(phone), Password: given(password)}
}

// TestTextsToATakenNumberAreLimitedAsAnyOther signs up with a free and with a taken number, and asks for more texts than one may
// have. Of the two limits the second refuses at first; what the first counted all the same shows later.
func TestTextsToATakenNumberAreLimitedAsAnyOther(t *testing.T) {
	of := map[bool][]string{}
	for _, taken := range []bool{false, true} {
		h := newHouse(t, "sqlite", byPhone+`, "phone_verification_supports_resend": 9, "rate_limits": {"verify_phone": "3/h/key,2/m/ip"}`)
		if taken {
			h.caller(number(1))
			h.clock.Advance(2 * time.Hour)
		}
		d := h.device()
		d.do(h.signUp(phoneSignup(number(1))))
		say := func(err error) { of[taken] = append(of[taken], fmt.Sprint(err)) }
		for _, wait := range []time.Duration{0, 0, time.Minute, time.Minute} {
			h.clock.Advance(wait)
			_, err := d.try(h.resendText)
			say(err)
		}
	}
	if !slices.Equal(of[true], of[false]) || !slices.Contains(of[true], refusal.Of(refusal.Limited).Error()) {
		t.Errorf("a taken number is answered %v, a free one %v", of[true], of[false])
	}
}

func TestNumberLogsInOnceItIsVerified(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone+`, `+unlimited)
	d := h.device()
	v := d.do(h.signUp(phoneSignup(" " + number(1) + "\t")))
	if v.Pending() != flows.VerifyPhone || d.user() != "" {
		t.Fatalf("it waits at %q", v.Pending())
	}
	if got := h.kinds(number(1)); !slices.Equal(got, []string{"phone_verification"}) {
		t.Errorf("sent %v", got)
	}
	waited := d.token
	d.do(h.verifyPhone(h.code(number(1))))
	h.dead(waited)
	if d.phone() != number(1)+" verified" {
		t.Errorf("the number is %q", d.phone())
	}
	v = h.device().do(h.logIn(phoneLogin(number(1))))
	if m := methods(t, v); len(m) != 1 || m[0].Method != "password" || m[0].Phone != "" {
		t.Errorf("signed in by %+v", m)
	}
	in := phoneLogin(number(1))
	in.Password = given(otherPassword)
	_, err := h.device().try(h.logIn(in))
	h.refused(err, refusal.Invalid, refusal.PhoneMismatch)
	_, err = h.device().try(h.logIn(phoneLogin(number(2))))
	h.refused(err, refusal.Invalid, refusal.PhoneMismatch)
}

// TestNumberIsAskedForAtEachLoginUntilItIsVerified, with a new text each time that one may be sent.
func TestNumberIsAskedForAtEachLoginUntilItIsVerified(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone)
	h.device().do(h.signUp(phoneSignup(number(1))))
	d := h.device()
	_, err := d.try(h.logIn(phoneLogin(number(1))))
	h.refused(err, refusal.Limited, "") // the code that came a moment ago is another session's
	h.clock.Advance(30 * time.Second)
	v := d.do(h.logIn(phoneLogin(number(1))))
	if v.Pending() != flows.VerifyPhone {
		t.Fatalf("it waits at %q", v.Pending())
	}
	d.do(h.verifyPhone(h.code(number(1))))
	if n := len(h.letters(number(1))); n != 2 || d.user() == "" {
		t.Errorf("%d texts, signed in as %q", n, d.user())
	}
	if v := h.device().do(h.logIn(phoneLogin(number(1)))); !v.Authenticated() {
		t.Errorf("it waits at %q", v.Pending())
	}
}

func TestNumbersNeedNotBeVerified(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone+`, "phone_verification_enabled": false, `+unlimited)
	d := h.device()
	v := d.do(h.signUp(phoneSignup(number(1))))
	if !v.Authenticated() || d.phone() != number(1)+" unverified" || len(h.letters(number(1))) != 0 {
		t.Errorf("signed in %t, with %q, %d texts", v.Authenticated(), d.phone(), len(h.letters(number(1))))
	}
	v = h.device().do(h.signUp(phoneSignup(number(1)))) // which cannot be hidden
	if got := h.kinds(number(1)); v.Pending() != flows.VerifyPhone || len(got) != 1 || got[0] != "account_already_exists" {
		t.Errorf("with a taken number it waits at %q, and its owner is sent %v", v.Pending(), got)
	}
}

func TestAccountsWithoutANumberHaveNone(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "login_methods": ["email"], "signup_fields": ["email*", "phone", "password1*"], `+unlimited)
	d := h.device()
	if v := d.do(h.signUp(signupOf("ann@example.org"))); !v.Authenticated() || d.phone() != "" {
		t.Errorf("it waits at %q, with %q", v.Pending(), d.phone())
	}
	d.do(h.changePhone(number(1)))
	d.do(h.verifyPhone(h.code(number(1))))
	if d.phone() != number(1)+" verified" {
		t.Errorf("the number is %q", d.phone())
	}
}

// TestNumberIsChangedWhenTheNewOneIsVerified, and not before.
func TestNumberIsChangedWhenTheNewOneIsVerified(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone+`, "email_notifications": true, `+unlimited)
	h.device().do(h.signUp(flows.SignupInput{Phone: number(1), Email: "ann@example.org", Password: password}))
	h.provePhone()
	h.proveEmail()
	d := &device{house: h}
	d.do(h.logIn(phoneLogin(number(1))))
	other := &device{house: h}
	other.do(h.logIn(phoneLogin(number(1))))
	sent := len(h.letters("ann@example.org"))

	var view flows.PhoneView
	d.do(func(v *flows.Visit) (err error) { view, err = h.ChangePhone(t.Context(), v, number(2)); return err })
	if view != (flows.PhoneView{Phone: number(2)}) {
		t.Errorf("asked for %+v", view)
	}
	if d.phone() != number(1)+" verified" {
		t.Errorf("before it is verified the number is %q", d.phone())
	}
	_, err := other.try(h.verifyPhone(h.code(number(2))))
	h.refused(err, refusal.Conflict, "") // it is asked for in one session
	first := h.code(number(2))
	d.do(h.changePhone(number(3))) // in place of the second
	_, err = d.try(h.verifyPhone(first))
	h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	d.do(h.verifyPhone(h.code(number(3))))
	if d.phone() != number(3)+" verified" || other.phone() != number(3)+" verified" {
		t.Errorf("the number is %q and %q", d.phone(), other.phone())
	}
	_, err = h.device().try(h.logIn(phoneLogin(number(1))))
	h.refused(err, refusal.Invalid, refusal.PhoneMismatch)
	h.device().do(h.logIn(phoneLogin(number(3))))

	letters := h.letters("ann@example.org")[sent:]
	if len(letters) != 1 || letters[0].Kind != "phone_changed" || letters[0].Data["from_phone"] != "•••••••••001" || letters[0].Data["to_phone"] != "•••••••••003" {
		t.Errorf("the address is told %+v", letters)
	}
}

func TestNumbersThatAreNotChangedTo(t *testing.T) {
	for name, c := range map[string]struct {
		account, phone string
		code           refusal.Code
	}{
		"none":                           {byPhone, " ", refusal.Required},
		"what is none":                   {byPhone, "0612345678", refusal.InvalidPhone},
		"one's own":                      {byPhone, number(1), refusal.SameAsCurrent},
		"somebody else's, which is told": {byPhone + `, "prevent_enumeration": false`, number(2), refusal.PhoneTaken},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", c.account+`, `+unlimited)
			h.caller(number(2))
			d := h.caller(number(1))
			sent := h.queued()
			_, err := d.try(h.changePhone(c.phone))
			h.refused(err, refusal.Invalid, c.code)
			if r, _ := refusal.As(err); r.Details[0].Param != "phone" || h.queued() != sent {
				t.Errorf("param %q, %s messages", r.Details[0].Param, h.queued())
			}
			_, err = d.try(h.verifyPhone("BCDF-GHJK"))
			h.refused(err, refusal.Conflict, "")
		})
	}
}

// TestChangeToATakenNumberIsToldToWhoeverHasItsTexts and to nobody else.
func TestChangeToATakenNumberIsToldToWhoeverHasItsTexts(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone+`, "phone_verification_max_attempts": 2, `+unlimited)
	owner := h.caller(number(2))
	d := h.caller(number(1))
	d.do(h.changePhone(number(2)))
	_, err := d.try(h.verifyPhone(wrong(h.code(number(2)))))
	h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	_, err = d.try(h.verifyPhone(h.code(number(2))))
	h.refused(err, refusal.Invalid, refusal.PhoneTaken)
	_, err = d.try(h.verifyPhone(h.code(number(2)))) // which was the last try
	h.refused(err, refusal.Conflict, "")
	if d.phone() != number(1)+" verified" || owner.phone() != number(2)+" verified" {
		t.Errorf("the numbers are %q and %q", d.phone(), owner.phone())
	}
}

// TestNumberThatTwoChangeToIsOnes has both of them type their code at once.
func TestNumberThatTwoChangeToIsOnes(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, byPhone+`, `+unlimited)
		devices, codes := make([]*device, 2), make([]string, 2)
		for i := range devices {
			devices[i] = h.caller(number(i))
			devices[i].do(h.changePhone(number(9)))
			codes[i] = h.code(number(9))
		}
		visits := []*flows.Visit{devices[0].visit(), devices[1].visit()}
		won := 0
		for _, err := range together(2, func(i int) error { return h.VerifyPhone(t.Context(), visits[i], codes[i]) }) {
			switch {
			case err == nil:
				won++
			case !refusal.Is(err, refusal.Invalid) && !refusal.Is(err, refusal.Conflict):
				t.Errorf("got %v", err)
			}
		}
		if n := h.one(`SELECT COUNT(*) FROM users WHERE phone = $1`, number(9)); won != 1 || n != "1" {
			t.Errorf("%d won, and %s have the number", won, n)
		}
	})
}

// TestNumberThatIsNotTheAccountsAnyMoreLetsNobodyIn: it was changed elsewhere while a login waited for its code.
func TestNumberThatIsNotTheAccountsAnyMoreLetsNobodyIn(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone+`, `+unlimited)
	d := h.device()
	d.do(h.signUp(phoneSignup(number(1))))
	h.exec(`UPDATE users SET phone = $1`, number(2))
	v := d.do(h.verifyPhone(h.code(number(1))))
	if v.Authenticated() || v.Pending() != "" || h.one(`SELECT COUNT(*) FROM users WHERE phone_verified`) != "0" {
		t.Errorf("signed in %t, pending %q", v.Authenticated(), v.Pending())
	}
}

func TestChangingNumbersIsLimited(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone+`, "phone_verification_supports_change": 3, "rate_limits": {"change_phone": "1/m/user", "verify_phone": "1/h/key"}`)
	d := h.caller(number(1))
	d.do(h.changePhone(number(2)))
	_, err := d.try(h.changePhone(number(3)))
	h.refused(err, refusal.Limited, "")
	h.clock.Advance(time.Minute)
	_, err = d.try(h.changePhone(number(2)))
	h.refused(err, refusal.Limited, "") // the number was sent a text a moment ago, and that one is good
	d.do(h.verifyPhone(h.code(number(2))))

	s := h.device() // a signup is counted as the user that it will be
	s.do(h.signUp(phoneSignup(number(4))))
	s.do(h.changePhone(number(5)))
	_, err = s.try(h.changePhone(number(6)))
	h.refused(err, refusal.Limited, "")
	s.do(h.verifyPhone(h.code(number(5))))
}

func TestNumbersAreForWhoeverIsSignedIn(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone)
	waiting := h.device()
	waiting.do(h.signUp(phoneSignup(number(1))))
	for _, d := range []*device{h.device(), waiting} {
		_, err := h.Phones(t.Context(), d.visit())
		h.refused(err, refusal.Unauthenticated, "")
		_, err = d.try(h.changePhone(number(2)))
		h.refused(err, refusal.Conflict, "")
		_, err = d.try(h.resendText)
		h.refused(err, refusal.Conflict, "")
	}
	_, err := h.device().try(h.verifyPhone("BCDF-GHJK"))
	h.refused(err, refusal.Conflict, "")
	h.clock.Advance(time.Hour)
	d := h.caller(number(3))
	_, err = d.try(h.resendText)
	h.refused(err, refusal.Conflict, "")
}

// TestSomebodyWhoHasBeenInChangesNothingAtALogin: the signup is over, and a password alone moves no number and no address.
func TestSomebodyWhoHasBeenInChangesNothingAtALogin(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone+`, "phone_verification_supports_change": 3, `+unlimited)
	h.caller(number(1))
	h.exec(`UPDATE users SET phone_verified = FALSE`) // as after a claim
	d := h.device()
	if v := d.do(h.logIn(phoneLogin(number(1)))); v.Pending() != flows.VerifyPhone {
		t.Fatalf("it waits at %q", v.Pending())
	}
	_, err := d.try(h.changePhone(number(2)))
	h.refused(err, refusal.Conflict, "")
	d.do(h.verifyPhone(h.code(number(1))))
}
