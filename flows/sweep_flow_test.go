package flows_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// tight lets each thing that is given back when nothing comes of it be done as often as it has to be, and no more: a failure of the
// database must not use any up. What counts requests, whatever comes of them, is lifted.
func tight(sent int) string {
	return fmt.Sprintf(`"rate_limits": {"signup": null, "login": null, "login_failed": "1/h/key", "confirm_email": "%[1]d/h/key", "verify_phone": "%[1]d/h/key",
		"request_login_code": null, "reset_password": null, "reset_password_from_key": null, "change_password": null, "change_phone": null,
		"manage_email": null, "reauthenticate": null, "provider": null}`, sent)
}

// kept are the tables that belong to a tenant, and what a step writes there. Of a message that is its being there: the tests take
// messages out of the queue.
var kept = map[string]string{
	"users":    "id, username, username_key, email, name, phone, phone_verified, password, active, epoch, factors, factor_epoch, created_at, last_login_at",
	"emails":   "id, user_id, email, email_key, verified, is_primary, exclusive, created_at",
	"sessions": "id, token, client, user_id, pending, epoch, alive, username, email, has_password, factors, methods, state, version, ip, user_agent, seen_at, expires_at",
	"messages": "id, kind, channel, created_at",

	"authenticators": "id, user_id, type, name, credential_id, data, version, created_at, last_used_at",
	"audit_events":   "id, at, action, user_id, session_id, ip, user_agent, details",
}

// dump is everything that is kept: for each table, its rows as text.
func (h *house) dump() map[string][]string {
	h.Helper()
	all := map[string][]string{}
	for table, columns := range kept {
		all[table] = h.rows(fmt.Sprintf(`SELECT %s FROM %s ORDER BY id`, columns, table))
	}
	return all
}

func (h *house) rows(query string) []string {
	h.Helper()
	rows, err := h.raw.QueryContext(h.Context(), query)
	h.must(err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	h.must(err)
	all := []string{}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		h.must(rows.Scan(into...))
		all = append(all, strings.TrimSuffix(fmt.Sprintln(values...), "\n"))
	}
	h.must(rows.Err())
	return all
}

// changed is what rows are only before, and what rows are only after.
func changed(before, after map[string][]string) string {
	var b strings.Builder
	for _, table := range slices.Sorted(maps.Keys(before)) {
		for mark, pair := range map[string][2][]string{"-": {before[table], after[table]}, "+": {after[table], before[table]}} {
			for _, row := range pair[0] {
				if !slices.Contains(pair[1], row) {
					_, _ = fmt.Fprintf(&b, "%s %s: %s\n", mark, table, row) // a builder takes everything
				}
			}
		}
	}
	return b.String()
}

// swept is one step that is made to fail.
type swept struct {
	account string                                          // settings
	before  func(h *house, n int) (d *device, given string) // the nth person is about to take the step, with a code, a key or an address
	step    func(h *house, given string) step
}

// after is a step of somebody who waits for a code, and has it.
func after(w waits, account string, next func(h *house, code string) step) swept {
	return swept{account, func(h *house, n int) (*device, string) {
		d, to := w.begin(h, n)
		return d, h.code(to)
	}, next}
}

// signedUp is a device that the nth person has signed in on, whose address is proved.
func signedUp(h *house, n int) (*device, string) {
	d := h.device()
	d.do(h.signUp(signupOf(person(n))))
	h.proveEmail()
	return h.signedIn(person(n)), person(n)
}

// withSecond is the same, with a second address that is proved, too.
func withSecond(h *house, n int) (*device, string) {
	d, _ := signedUp(h, n)
	d.do(h.addEmail("second." + person(n)))
	h.proveEmail()
	return d, "second." + person(n)
}

func newcomer(h *house, n int) (*device, string) { return h.device(), person(n) }

// steps are the steps that are made to fail, beside those that a code takes.
var steps = map[string]swept{
	"a request for a login code": {codeLogin + `, ` + tight(1), func(h *house, n int) (*device, string) {
		h.signup(person(n))
		return h.device(), person(n)
	}, (*house).requestCode},
	"a request for a login code without an account": {codeLogin + `, ` + tight(1), newcomer, (*house).requestCode},
	"a request for a login code that is texted": {byPhone + `, "login_by_code_enabled": true, ` + tight(1), func(h *house, n int) (*device, string) {
		h.caller(number(n))
		return h.device(), number(n)
	}, (*house).requestCode},
	"a login that waits for a code": {codeLogin + `, "login_by_code_required": ["password"], ` + tight(1), func(h *house, n int) (*device, string) {
		h.signup(person(n))
		return h.device(), person(n)
	}, func(h *house, email string) step { return h.logIn(loginOf(email, password)) }},
	"a signup that waits for a code": {byCode + `, ` + tight(1), newcomer, func(h *house, email string) step { return h.signUp(signupOf(email)) }},
	"a signup that waits for a text": {byPhone + `, ` + tight(1), func(h *house, n int) (*device, string) { return h.device(), number(n) },
		func(h *house, phone string) step { return h.signUp(phoneSignup(phone)) }},
	"a signup with a taken address": {byCode + `, ` + tight(2), func(h *house, n int) (*device, string) {
		h.device().do(h.signUp(signupOf(person(n))))
		return h.device(), person(n)
	}, func(h *house, email string) step { return h.signUp(signupOf(email)) }},
	"a signup with a taken number": {byPhone + `, ` + tight(2), func(h *house, n int) (*device, string) {
		h.device().do(h.signUp(phoneSignup(number(n))))
		return h.device(), number(n)
	}, func(h *house, phone string) step { return h.signUp(phoneSignup(phone)) }},
	"a signup that moves to another address": {byCode + `, "email_verification_supports_change": 1, ` + tight(1), func(h *house, n int) (*device, string) {
		d := h.device()
		d.do(h.signUp(signupOf(person(n))))
		return d, "more." + person(n)
	}, (*house).addEmail},
	"a signup that moves to another number": {byPhone + `, "phone_verification_supports_change": 1, ` + tight(1), func(h *house, n int) (*device, string) {
		d := h.device()
		d.do(h.signUp(phoneSignup(number(2 * n))))
		return d, number(2*n + 1)
	}, (*house).changePhone},

	"adding an address":              {optional + `, ` + tight(1), func(h *house, n int) (*device, string) { d, to := signedUp(h, n); return d, "more." + to }, (*house).addEmail},
	"adding an address by code":      {byCode + `, ` + tight(1), func(h *house, n int) (*device, string) { return h.member(person(n)), "more." + person(n) }, (*house).addEmail},
	"adding an address in one's old": {optional + `, "change_email": true, ` + tight(1), func(h *house, n int) (*device, string) { d, to := signedUp(h, n); return d, "more." + to }, (*house).addEmail},
	"proving the address that takes the place of the old": {optional + `, "change_email": true, "email_notifications": true, ` + tight(1), func(h *house, n int) (*device, string) {
		d, to := signedUp(h, n)
		d.do(h.addEmail("more." + to))
		return d, h.key("more." + to)
	}, (*house).verifyEmail},
	"promoting an address": {optional + `, "email_notifications": true, ` + tight(1), withSecond, func(h *house, email string) step {
		return func(v *flows.Visit) error { _, err := h.MakeEmailPrimary(h.Context(), v, email, true); return err }
	}},
	"removing an address": {optional + `, "email_notifications": true, ` + tight(1), withSecond, func(h *house, email string) step {
		return func(v *flows.Visit) error { _, err := h.RemoveEmail(h.Context(), v, email); return err }
	}},
	"removing an address that waits for a code": {byCode + `, ` + tight(1), func(h *house, n int) (*device, string) {
		d := h.member(person(n))
		d.do(h.addEmail("more." + person(n)))
		return d, "more." + person(n)
	}, func(h *house, email string) step {
		return func(v *flows.Visit) error { _, err := h.RemoveEmail(h.Context(), v, email); return err }
	}},
	"mailing a link again": {optional + `, ` + tight(2), withSecond, func(h *house, email string) step {
		return func(v *flows.Visit) error {
			if sent, err := h.ResendEmail(h.Context(), v, email); err != nil || !sent {
				return fmt.Errorf("sent %t: %w", sent, err)
			}
			return nil
		}
	}},
	"asking for another number": {byPhone + `, ` + tight(1), func(h *house, n int) (*device, string) { return h.caller(number(2 * n)), number(2*n + 1) }, (*house).changePhone},

	"a new password": {optional + `, "email_notifications": true, ` + tight(1), signedUp, func(h *house, _ string) step { return h.changePassword(password, otherPassword) }},
	"a new password that logs out": {optional + `, "logout_on_password_change": true, ` + tight(1), signedUp,
		func(h *house, _ string) step { return h.changePassword(password, otherPassword) }},
	"a first password": {codeLogin + `, "signup_fields": ["email*"], "email_notifications": true, ` + tight(1), func(h *house, n int) (*device, string) {
		d := h.device()
		d.do(h.signUp(flows.SignupInput{Email: person(n)}))
		return d, ""
	}, func(h *house, _ string) step { return h.changePassword("", otherPassword) }},
	"a request for a reset":                    {optional + `, ` + tight(1), func(h *house, n int) (*device, string) { h.signup(person(n)); return h.device(), person(n) }, (*house).requestReset},
	"a request for a reset without an account": {optional + `, ` + tight(1), newcomer, (*house).requestReset},
	"a request for a reset by code":            {resetByCode + `, ` + tight(1), func(h *house, n int) (*device, string) { h.signup(person(n)); return h.device(), person(n) }, (*house).requestReset},
	"a reset by a link": {optional + `, "email_notifications": true, ` + tight(1), func(h *house, n int) (*device, string) {
		h.signup(person(n))
		h.device().do(h.requestReset(person(n)))
		return h.device(), h.key(person(n))
	}, func(h *house, key string) step { return h.reset(key, otherPassword) }},
	"a reset by a link that signs in": {optional + `, "login_on_password_reset": true, ` + tight(1), func(h *house, n int) (*device, string) {
		h.signup(person(n))
		h.device().do(h.requestReset(person(n)))
		return h.device(), h.key(person(n))
	}, func(h *house, key string) step { return h.reset(key, otherPassword) }},
	"a reset of one's own":      after(own(codes["a reset code"]), resetByCode+`, `+tight(1), func(h *house, code string) step { return h.reset(code, otherPassword) }),
	"a look with a reset code":  after(codes["a reset code"], resetByCode+`, `+tight(1), (*house).peek),
	"a reauthentication":        {optional + `, ` + tight(1), signedUp, func(h *house, _ string) step { return h.reauthenticate(password) }},
	"ending one's own sessions": {optional + `, ` + tight(1), signedUp, func(h *house, _ string) step { return h.endAll }},
	"a code that claims the account": {codeLogin + `, "login_by_code_max_attempts": 2, ` + tight(1), codes["a login code that was asked for"].withCode,
		(*house).confirmCode},
}

// withFactors is the nth person signed in with an app and a key, whose address is proved. given is a code of the app.
func withFactors(h *house, n int) (d *device, k *factortest.Authenticator, x totpApp) {
	d, _ = signedUp(h, n)
	x, k = d.addApp(), newKey()
	d.addKey(k, true)
	h.clock.Advance(period)
	return d, k, x
}

// waitingFor is a browser of the nth person, who has an app and a key, at the second factor.
func waitingFor(h *house, n int) (d *device, k *factortest.Authenticator, x totpApp) {
	_, k, x = withFactors(h, n)
	return h.browser().waits(person(n)), k, x
}

const factorSettings = codeLogin + `, "email_notifications": true, "prevent_enumeration": false, `

// factorSteps are the steps of second factors that are made to fail.
var factorSteps = map[string]swept{
	"a look at an app to be": {account: factorSettings + tight(1), before: signedUp, step: func(h *house, _ string) step {
		return func(v *flows.Visit) error { _, _, err := h.TOTP(h.Context(), v); return err }
	}},
	"setting up an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _ := signedUp(h, n)
		return d, h.appOf(d.look().Secret).code()
	}, step: (*house).activate},
	"removing an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return d, ""
	}, step: func(h *house, _ string) step { return h.deactivate }},
	"removing the last factor": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _ := signedUp(h, n)
		return d, strconv.FormatInt(d.addKey(newKey(), false).ID, 10)
	}, step: func(h *house, id string) step {
		n, err := strconv.ParseInt(id, 10, 64)
		h.must(err)
		return h.removeKeys(n)
	}},
	"registering a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _ := signedUp(h, n)
		return d, string(newKey().Create(d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.AddKeyOptions(h.Context(), v, true) })))
	}, step: func(h *house, credential string) step { return h.addKeyOf(json.RawMessage(credential)) }},
	"naming a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return d, strconv.FormatInt(d.keyID(), 10)
	}, step: func(h *house, id string) step {
		n, err := strconv.ParseInt(id, 10, 64)
		h.must(err)
		return func(v *flows.Visit) error {
			_, err := h.RenameKey(h.Context(), v, flows.RenameKeyInput{ID: n, Name: "At home"})
			return err
		}
	}},
	"new recovery codes": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return d, ""
	}, step: func(h *house, _ string) step { return h.regenerate }},
	"a first look at recovery codes": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return d, ""
	}, step: func(h *house, _ string) step {
		return func(v *flows.Visit) error { _, err := h.RecoveryCodes(h.Context(), v); return err }
	}},
	"a login by the code of an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, x := waitingFor(h, n)
		return d, x.code()
	}, step: (*house).showCode},
	"a login by a code of an app in an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		_, _, x := withFactors(h, n)
		return h.waiting(person(n)), x.code()
	}, step: (*house).showCode},
	"a login by a recovery code": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return h.waiting(person(n)), d.recoveryCodes()[7]
	}, step: (*house).showCode},
	"a login by a second factor that is a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, k, _ := waitingFor(h, n)
		return d, string(k.Get(d.askedForFactor()))
	}, step: func(h *house, credential string) step { return h.showKey(json.RawMessage(credential)) }},
	"asking for a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := waitingFor(h, n)
		return d, ""
	}, step: func(h *house, _ string) step {
		return func(v *flows.Visit) error { _, err := h.AuthenticateKeyOptions(h.Context(), v); return err }
	}},
	"a login by a passkey": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		_, k, _ := withFactors(h, n)
		d := h.device()
		return d, string(k.Get(d.askedToLogIn()))
	}, step: func(h *house, credential string) step { return h.loginByKey(json.RawMessage(credential)) }},
	"a login by a copy of a passkey": {account: factorSettings + unlimited, before: func(h *house, n int) (*device, string) {
		_, k, _ := withFactors(h, n)
		h.signedInByKey(k)
		d := h.device()
		k.Count = 1
		return d, string(k.Get(d.askedToLogIn()))
	}, step: func(h *house, credential string) step { return h.loginByKey(json.RawMessage(credential)) }},
	"a reauthentication by a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, k, _ := withFactors(h, n)
		return d, string(k.Get(d.askedAgain()))
	}, step: func(h *house, credential string) step { return h.showKeyAgain(json.RawMessage(credential)) }},
	"a reauthentication by the code of an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, x := withFactors(h, n)
		return d, x.code()
	}, step: (*house).showCodeAgain},
	"trusting a browser": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, x := waitingFor(h, n)
		d.do(h.showCode(x.code()))
		return d, ""
	}, step: func(h *house, _ string) step { return h.answerTrust(true) }},
	"a code that proves an address once the factor is shown": {account: factorSettings + unlimited, before: func(h *house, n int) (*device, string) {
		_, _, x := withFactors(h, n)
		h.exec(`UPDATE emails SET verified = FALSE`)
		d := h.device()
		d.do(h.requestCode(person(n)))
		d.do(h.confirmCode(h.code(person(n))))
		return d, x.code()
	}, step: (*house).showCode},
	"the passkey of a signup": {account: byCode + `, ` + tight(1), before: func(h *house, n int) (*device, string) {
		d := h.device()
		d.do(h.signUp(keySignupOf(person(n))))
		d.do(h.verifyEmail(h.code(person(n))))
		return d, string(newKey().Create(d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.SignupKeyOptions(h.Context(), v) })))
	}, step: func(h *house, credential string) step {
		return func(v *flows.Visit) error {
			return h.FinishSignupByKey(h.Context(), v, flows.KeyInput{Credential: json.RawMessage(credential)})
		}
	}},
}

func (w waits) withCode(h *house, n int) (*device, string) {
	d, to := w.begin(h, n)
	return d, h.code(to)
}

// own has somebody who is signed in ask for the reset of their own password.
func own(w waits) waits {
	begin := w.begin
	w.begin = func(h *house, n int) (*device, string) {
		_, to := begin(h, n)
		d := h.signedIn(to)
		d.do(h.requestReset(to))
		return d, to
	}
	return w
}

// endAll ends all sessions of whoever is signed in.
func (h *house) endAll(v *flows.Visit) error {
	all, err := h.Sessions(h.Context(), v)
	if err != nil {
		return err
	}
	ids := make([]int64, len(all))
	for i, x := range all {
		ids[i] = x.ID
	}
	_, err = h.EndSessions(h.Context(), v, ids)
	return err
}

// TestStepsAreAllOrNothing fails the first operation of each step, then the second, and so on until there is none left to fail. What
// failed has left no trace, hands out nothing, and does when it is asked again.
func TestStepsAreAllOrNothing(t *testing.T) {
	all := maps.Clone(steps)
	maps.Copy(all, factorSteps)
	for name, w := range codes {
		all["typing "+name] = after(w, w.account+`, `+tight(1), w.confirm)
		if w.resends != "" {
			all["sending again "+name] = swept{w.account + fmt.Sprintf(`, "%s": 1, `, w.resends) + tight(2), w.begin, w.resend}
		}
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		houses := map[string]*house{}
		people := 0
		for _, name := range slices.Sorted(maps.Keys(all)) {
			x := all[name]
			if houses[x.account] == nil {
				houses[x.account] = newFactorHouse(t, engine, x.account, trusting+`, "passkey_signup_enabled": `+strconv.FormatBool(strings.HasPrefix(x.account, byCode)))
			}
			t.Run(name, func(t *testing.T) {
				h := houses[x.account]
				h.TB = t
				for n := int64(1); ; n++ {
					people++
					d, given := x.before(h, people)
					held, trust := d.token, d.trust
					before := h.dump()
					fail, count := faultdb.FailNth(n)
					v := d.visit()
					h.on(fail)
					err := x.step(h, given)(v)
					h.on(nil)
					failed := count.Load() >= n
					refused := strings.Contains(name, "by a copy") // whatever happens, with an event that says so
					if refused && refusal.Is(err, refusal.Invalid) {
						err = nil
					}
					switch {
					case failed && err == nil && strings.Contains(name, "reset"): // failed logins are forgotten after the commit
					case failed:
						h.refused(err, refusal.Busy, "")
						if v.Issued() != "" || v.Ended() || v.TrustCookie() != "" {
							t.Fatalf("operation %d failed, and the client's token changed, or its trust", n)
						}
						if c := changed(before, h.dump()); c != "" {
							t.Fatalf("operation %d failed, and the database is not as it was:\n%s", n, c)
						}
						d.token, d.trust = held, trust
						if _, err := d.try(x.step(h, given)); err != nil && !(refused && refusal.Is(err, refusal.Invalid)) {
							t.Fatalf("asked again after operation %d failed: %v", n, err)
						}
					default:
						h.must(err)
					}
					if changed(before, h.dump()) == "" {
						t.Fatalf("operation %d: nothing was written", n)
					}
					if !failed {
						if n < 3 {
							t.Fatalf("only %d operations were seen", n-1)
						}
						return
					}
				}
			})
		}
	})
}

// TestWrongCodeThatIsAnsweredIsCounted fails the operations of typing a wrong code one after the other. Whoever is told that the code is
// wrong has one try less, and who is told to come back has not.
func TestWrongCodeThatIsAnsweredIsCounted(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		people := 0
		eachCode(t, func(t *testing.T, w waits) {
			h := newHouse(t, engine, fmt.Sprintf(`%s, %s, "%smax_attempts": 1`, w.account, unlimited, w.setting))
			for n := int64(1); ; n++ {
				people++
				d, to := w.begin(h, people)
				code := h.code(to)
				fail, count := faultdb.FailNth(n)
				v := d.visit()
				h.on(fail)
				err := w.confirm(h, wrong(code))(v)
				h.on(nil)
				failed := count.Load() >= n
				switch {
				case refusal.Is(err, refusal.Invalid): // the one try is used up
					_, err = d.try(w.confirm(h, code))
					h.refused(err, refusal.Conflict, "")
				case failed && refusal.Is(err, refusal.Busy):
					d.do(w.confirm(h, code))
				default:
					t.Fatalf("operation %d, failed %t: %v", n, failed, err)
				}
				if !failed {
					if n < 2 {
						t.Fatal("no operation was seen")
					}
					return
				}
			}
		})
	})
}
