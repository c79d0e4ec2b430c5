package flows_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
)

// TestClockTellsNothing: what must not tell whether there is an account asks as much of the database where there is one as where there
// is none: the same operations in the same order, with as many rows written. What they take, `make timing` measures.
func TestClockTellsNothing(t *testing.T) {
	const ann = "ann@example.org"
	resend := `, "login_by_code_supports_resend": 1, "email_verification_supports_resend": 1, "phone_verification_supports_resend": 1, "phone_verification_supports_change": 1,
		"email_verification_supports_change": 1, ` + unlimited
	quiet := `, "email_unknown_accounts": false, ` + unlimited
	signUpBoth := func(h *house) step {
		return h.signUp(flows.SignupInput{Email: ann, Phone: number(1), Password: password})
	}
	signUpPhone := func(h *house) step { return h.signUp(phoneSignup(number(1))) }
	for name, c := range map[string]struct {
		account string
		before  func(h *house) step // nil for nothing
		step    func(h *house) step
	}{
		"a login with a wrong password": {optional + resend, nil, func(h *house) step { return h.logIn(loginOf(ann, "wrong")) }},
		"a login by number": {byPhone + resend, nil, func(h *house) step {
			return h.logIn(flows.LoginInput{Phone: given(number(1)), Password: given("wrong")})
		}},
		"a signup proved by a link":          {mandatory + resend, nil, func(h *house) step { return h.signUp(signupOf(ann)) }},
		"a signup proved by a code":          {byCode + resend, nil, func(h *house) step { return h.signUp(signupOf(ann)) }},
		"a signup proved by a text":          {byPhone + resend, nil, signUpPhone},
		"a signup proved by a required code": {mandatory + `, "login_by_code_required": true` + resend, nil, func(h *house) step { return h.signUp(signupOf(ann)) }},
		"a signup, mailed again": {byCode + resend, func(h *house) step { return h.signUp(signupOf(ann)) }, func(h *house) step {
			return func(v *flows.Visit) error { return h.ResendEmailCode(h.Context(), v) }
		}},
		"a signup, texted again":              {byPhone + resend, signUpPhone, func(h *house) step { return h.resendText }},
		"a signup that moves to an address":   {byCode + resend, func(h *house) step { return h.signUp(signupOf("bea@example.org")) }, func(h *house) step { return h.addEmail(ann) }},
		"a signup that moves to a number":     {byPhone + resend, func(h *house) step { return h.signUp(phoneSignup(number(2))) }, func(h *house) step { return h.changePhone(number(1)) }},
		"an address that is added":            {optional + resend, func(h *house) step { return h.signUp(signupOf("bea@example.org")) }, func(h *house) step { return h.addEmail(ann) }},
		"a number that is asked for":          {optional + `, "signup_fields": ["email*", "phone", "password1*"]` + resend, func(h *house) step { return h.signUp(signupOf("bea@example.org")) }, func(h *house) step { return h.changePhone(number(1)) }},
		"a login code":                        {codeLogin + resend, nil, func(h *house) step { return h.requestCode(ann) }},
		"a login code by text":                {byPhone + `, "login_by_code_enabled": true` + resend, nil, func(h *house) step { return h.requestCode(number(1)) }},
		"a login code, sent again":            {codeLogin + resend, func(h *house) step { return h.requestCode(ann) }, func(h *house) step { return h.resendCode }},
		"a wrong login code":                  {codeLogin + resend, func(h *house) step { return h.requestCode(ann) }, func(h *house) step { return h.confirmCode("BCDF-GHJK") }},
		"a login code, strangers left out":    {codeLogin + quiet, nil, func(h *house) step { return h.requestCode(ann) }},
		"a reset by link":                     {optional + resend, nil, func(h *house) step { return h.requestReset(ann) }},
		"a reset by link, strangers left out": {optional + quiet, nil, func(h *house) step { return h.requestReset(ann) }},
		"a reset by code":                     {resetByCode + resend, nil, func(h *house) step { return h.requestReset(ann) }},
		"a reset by code, strangers left out": {resetByCode + quiet, nil, func(h *house) step { return h.requestReset(ann) }},
		"a wrong reset code":                  {resetByCode + resend, func(h *house) step { return h.requestReset(ann) }, func(h *house) step { return h.reset("BCDF-GHJK", otherPassword) }},
	} {
		t.Run(name, func(t *testing.T) {
			did := map[bool][]string{}
			rows := map[bool]int{}
			for _, known := range []bool{true, false} {
				h := newHouse(t, "sqlite", c.account)
				if known {
					h.device().do(signUpBoth(h))
					h.provePhone()
					h.proveEmail()
					h.exec(`DELETE FROM sessions`)
				}
				d := h.device()
				if c.before != nil {
					d.do(c.before(h))
				}
				count := func() (n int) {
					for _, all := range h.dump() {
						n += len(all)
					}
					return n
				}
				before := count()
				v := d.visit()
				h.on(func(op, query string) error {
					if op != faultdb.Prepare && op != faultdb.Connect {
						did[known] = append(did[known], op)
					}
					return nil
				})
				_ = c.step(h)(v) // it may be refused, and TestPretendedLoginsAnswerAsOthersDo compares how
				h.on(nil)
				rows[known] = count() - before
			}
			if !slices.Equal(did[true], did[false]) || rows[true] != rows[false] {
				t.Errorf("with an account: %s, %d rows\nwithout one: %s, %d rows",
					strings.Join(did[true], ", "), rows[true], strings.Join(did[false], ", "), rows[false])
			}
		})
	}
}

// TestAnswersAreEvened: what sends something, or does not, is answered no sooner than is said, whether there is an account or not.
func TestAnswersAreEvened(t *testing.T) {
	const even = 20 * time.Millisecond
	const both = mandatory + `, "login_methods": ["phone", "email"], "signup_fields": ["phone", "email*", "password1*"]`
	resend := `, "login_by_code_supports_resend": 1, "email_verification_supports_resend": 1, "phone_verification_supports_resend": 1,
		"email_verification_supports_change": 1, "phone_verification_supports_change": 1, ` + unlimited
	for name, c := range map[string]struct {
		account string
		first   func(h *house) step
		step    func(h *house) step
	}{
		"a login code":             {codeLogin + resend, nil, func(h *house) step { return h.requestCode("ann@example.org") }},
		"a login code, sent again": {codeLogin + resend, func(h *house) step { return h.requestCode("ann@example.org") }, func(h *house) step { return h.resendCode }},
		"a signup":                 {mandatory + resend, nil, func(h *house) step { return h.signUp(signupOf("ann@example.org")) }},
		"a signup by a number":     {byPhone + resend, nil, func(h *house) step { return h.signUp(phoneSignup(number(1))) }},
		"a reset":                  {optional + resend, nil, func(h *house) step { return h.requestReset("ann@example.org") }},
		"a signup, mailed again": {byCode + resend, func(h *house) step { return h.signUp(signupOf("ann@example.org")) }, func(h *house) step {
			return func(v *flows.Visit) error { return h.ResendEmailCode(h.Context(), v) }
		}},
		"a signup, texted again":            {byPhone + resend, func(h *house) step { return h.signUp(phoneSignup(number(1))) }, func(h *house) step { return h.resendText }},
		"a signup that moves to an address": {byCode + resend, func(h *house) step { return h.signUp(signupOf("bea@example.org")) }, func(h *house) step { return h.addEmail("ann@example.org") }},
		"a signup that moves to a number":   {byPhone + resend, func(h *house) step { return h.signUp(phoneSignup(number(2))) }, func(h *house) step { return h.changePhone(number(1)) }},
		"an address that is added":          {optional + resend, func(h *house) step { return h.signUp(signupOf("bea@example.org")) }, func(h *house) step { return h.addEmail("ann@example.org") }},
		"the number of a signup, whose address may be taken": {both + resend, func(h *house) step {
			return h.signUp(flows.SignupInput{Email: "ann@example.org", Phone: number(2), Password: password})
		}, func(h *house) step { return h.verifyPhone(h.code(number(2))) }},
		"the address of a signup, whose number may be taken": {both + `, "login_by_code_required": true` + resend, func(h *house) step {
			return h.signUp(flows.SignupInput{Email: "eve@example.org", Phone: number(1), Password: password})
		}, func(h *house) step { return h.confirmCode(h.code("eve@example.org")) }},
	} {
		t.Run(name, func(t *testing.T) {
			for _, known := range []bool{true, false} {
				h := newHouse(t, "sqlite", c.account)
				if known {
					h.device().do(h.signUp(flows.SignupInput{Email: "ann@example.org", Phone: number(1), Password: password}))
				}
				h.Service = flows.New(flows.Options{
					Store: h.store, Hasher: h.hasher, Limiter: limit.NewMemory(h.clock, 0), Clock: h.clock, Observer: nobody{},
					Log: slog.New(slog.DiscardHandler), Wake: func() {}, Even: even,
				})
				d := h.device()
				if c.first != nil {
					d.do(c.first(h))
				}
				next := c.step(h)
				v := d.visit()
				began := time.Now()
				h.must(next(v))
				if took := time.Since(began); took < even {
					t.Errorf("known %t: it is answered after %s", known, took)
				}
			}
		})
	}
}
