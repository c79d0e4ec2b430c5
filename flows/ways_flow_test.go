package flows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// way is a way in, as far as the second factor.
type way struct {
	account string
	before  func(h *house)                       // what the account is like, once its factor is set up
	enter   func(h *house, d *device, to string) // everything that the way takes but the factor
}

const resets = `"login_on_password_reset": true`

// ways are all ways in to an account that has an address, a number and a password.
var ways = map[string]way{
	"a password": {optional, nil, func(h *house, d *device, to string) { d.do(h.logIn(loginOf(to, password))) }},
	"a login code": {codeLogin, nil, func(h *house, d *device, to string) {
		d.do(h.requestCode(to))
		d.do(h.confirmCode(h.code(to)))
	}},
	"a login code that is texted": {byPhone + `, "login_by_code_enabled": true`, nil, func(h *house, d *device, _ string) {
		d.do(h.requestCode(number(1)))
		d.do(h.confirmCode(h.code(number(1))))
	}},
	"a password and a code that is required": {codeLogin + `, "login_by_code_required": true`, nil, func(h *house, d *device, to string) {
		d.do(h.logIn(loginOf(to, password)))
		d.do(h.confirmCode(h.code(to)))
	}},
	"a reset by a link": {optional + `, ` + resets, nil, func(h *house, d *device, to string) {
		d.do(h.requestReset(to))
		d.do(h.reset(h.key(to), otherPassword))
	}},
	"a reset by a code": {resetByCode + `, ` + resets, nil, func(h *house, d *device, to string) {
		d.do(h.requestReset(to))
		d.do(h.reset(h.code(to), otherPassword))
	}},
	"a password and a number that is verified": {byPhone, func(h *house) { h.unproveNumber() }, func(h *house, d *device, to string) {
		d.do(h.logIn(loginOf(to, password)))
		d.do(h.verifyPhone(h.code(number(1))))
	}},
	"a password and an address that is verified by a link": {linkIn, func(h *house) { h.exec(`UPDATE emails SET verified = FALSE`) },
		func(h *house, d *device, to string) {
			d.do(h.logIn(loginOf(to, password)))
			d.do(h.verifyEmail(h.key(to)))
		}},
	"a password and an address that is verified by a code": {byCode, func(h *house) { h.exec(`UPDATE emails SET verified = FALSE`) },
		func(h *house, d *device, to string) {
			d.do(h.logIn(loginOf(to, password)))
			d.do(h.verifyEmail(h.code(to)))
		}},
}

// protected is a device that ann1@example.org is signed in on, who has a number, a password and two factors.
func (h *house) protected() (d *device, to string, x totpApp, k *factortest.Authenticator) {
	h.Helper()
	to = person(1)
	d = h.device()
	d.do(h.signUp(flows.SignupInput{Email: to, Phone: number(1), Password: password}))
	h.exec(`UPDATE users SET phone = $1, phone_verified = TRUE`, number(1))
	h.proveEmail()
	d = h.device()
	if d.do(h.logIn(loginOf(to, password))); d.user() == "" {
		d.do(h.confirmCode(h.code(to)))
	}
	x, k = d.addApp(), newKey()
	d.addKey(k, true)
	h.clock.Advance(period)
	return d, to, x, k
}

// TestEveryWayInStopsAtTheSecondFactor, and goes on with any of those that the account has.
func TestEveryWayInStopsAtTheSecondFactor(t *testing.T) {
	for name, w := range ways {
		for factor, show := range map[string]func(h *house, d *device, codes []string, x totpApp, k *factortest.Authenticator) step{
			"an app": func(h *house, _ *device, _ []string, x totpApp, _ *factortest.Authenticator) step {
				return h.showCode(x.code())
			},
			"a recovery code": func(h *house, _ *device, codes []string, _ totpApp, _ *factortest.Authenticator) step {
				return h.showCode(codes[3])
			},
			"a key": func(h *house, d *device, _ []string, _ totpApp, k *factortest.Authenticator) step {
				return h.showKey(k.Get(d.askedForFactor()))
			},
		} {
			t.Run(name+", "+factor, func(t *testing.T) {
				h := newFactorHouse(t, "sqlite", w.account+`, `+unlimited, keys)
				owner, to, x, k := h.protected()
				codes := owner.recoveryCodes()
				if w.before != nil {
					w.before(h)
				}
				d := h.device()
				w.enter(h, d, to)
				v := d.visit()
				if v.Pending() != flows.MFAAuthenticate || v.Authenticated() {
					t.Fatalf("it waits at %q, signed in %t", v.Pending(), v.Authenticated())
				}
				all := v.Status().Flows
				if types := all[len(all)-1].Types; len(types) != 3 && len(all[len(all)-2].Types) != 3 {
					t.Errorf("the flows are %+v", all)
				}
				for what, step := range map[string]step{
					"its authenticators": func(v *flows.Visit) error { _, err := h.Authenticators(t.Context(), v); return err },
					"its addresses":      func(v *flows.Visit) error { _, err := h.Emails(t.Context(), v); return err },
					"its sessions":       func(v *flows.Visit) error { _, err := h.Sessions(t.Context(), v); return err },
					"its recovery codes": func(v *flows.Visit) error { _, err := h.RecoveryCodes(t.Context(), v); return err },
					"its app":            h.deactivate,
					"a new key":          func(v *flows.Visit) error { _, err := h.AddKeyOptions(t.Context(), v, true); return err },
					"a new password":     h.changePassword(password, otherPassword),
					"a reauthentication": h.showCodeAgain(x.code()),
					"trust":              func(v *flows.Visit) error { return h.Trust(t.Context(), v, true) },
				} {
					if _, err := d.try(step); !refusal.Is(err, refusal.Unauthenticated) {
						t.Errorf("%s: a login that waits is answered %v", what, err)
					}
				}
				_, err := d.try(h.showCode(x.bad()))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
				waited := d.token
				d.do(show(h, d, codes, x, k))
				if d.user() == "" || d.token == waited {
					t.Errorf("signed in as %q, under a new token %t", d.user(), d.token != waited)
				}
				h.dead(waited)
				h.consistent()
			})
		}
	}
}

// TestPasskeyIsBothFactors: whoever logs in with it is asked for no other.
func TestPasskeyIsBothFactors(t *testing.T) {
	for account, want := range map[string]flows.Stage{
		optional:  "",
		mandatory: "",
		optional + `, "login_by_code_required": ["password"]`: "",
		optional + `, "login_by_code_required": ["mfa"]`:      flows.LoginByCode,
		optional + `, "login_by_code_required": true`:         flows.LoginByCode,
	} {
		t.Run(account, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", account+`, `+unlimited, trusting)
			owner, to, _, k := h.protected()
			d := h.browser()
			v := d.do(h.loginByKey(k.Get(d.askedToLogIn())))
			if v.Pending() != want || v.Authenticated() != (want == "") {
				t.Fatalf("it waits at %q", v.Pending())
			}
			if want != "" {
				v = d.do(h.confirmCode(h.code(to)))
			}
			if d.user() != owner.user() {
				t.Errorf("signed in as %q, waits at %q", d.user(), v.Pending())
			}
			if m := methods(t, v); m[0].Method != "mfa" || !m[0].Passwordless || m[0].Type != "webauthn" {
				t.Errorf("signed in by %+v", m)
			}
		})
	}
}

// TestLoginThatWaitsForAFactorThatIsRemoved is over, and the next one gets in.
func TestLoginThatWaitsForAFactorThatIsRemoved(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		owner, to := signedUp(h, 1)
		x := owner.addApp()
		h.clock.Advance(period)
		late, before := h.waiting(to), h.waiting(to)
		v := before.visit()
		owner.do(h.deactivate)
		h.consistent()
		if v := late.visit(); v.Pending() != "" || v.Authenticated() {
			t.Errorf("it waits at %q, signed in %t", v.Pending(), v.Authenticated())
		}
		_, err := late.try(h.showCode(x.code()))
		h.refused(err, refusal.Unauthenticated, "")
		h.refused(h.AuthenticateByCode(t.Context(), v, x.code()), refusal.Invalid, refusal.IncorrectCode)
		if late.user()+before.user() != "" {
			t.Error("a login that waited is signed in by a factor that is gone")
		}
		if late.do(h.logIn(loginOf(to, password))); late.user() == "" {
			t.Error("the next login does not get in")
		}
	})
}

// TestLoginByAPasskeyThatIsGone: what began with a passkey ends with it, wherever it waits.
func TestLoginByAPasskeyThatIsGone(t *testing.T) {
	for name, change := range map[string]func(h *house, owner *device){
		"removed": func(h *house, owner *device) {
			all, err := h.Authenticators(h.Context(), owner.visit())
			h.must(err)
			for _, x := range all {
				if x.Type == "webauthn" {
					owner.do(h.removeKeys(x.ID))
				}
			}
		},
		"removed with all others": func(h *house, owner *device) {
			h.exec(`DELETE FROM authenticators`)
			h.exec(`UPDATE users SET factors = 0, factor_epoch = factor_epoch + 1`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", codeLogin+`, "login_by_code_required": true, `+unlimited, keys)
			owner, to, _, k := h.protected()
			thief := h.device()
			if v := thief.do(h.loginByKey(k.Get(thief.askedToLogIn()))); v.Pending() != flows.LoginByCode {
				t.Fatalf("it waits at %q", v.Pending())
			}
			change(h, owner)
			thief.do(h.confirmCode(h.code(to)))
			if v := thief.visit(); v.Authenticated() || v.Pending() != "" {
				t.Errorf("signed in %t, waits at %q, by a passkey that was removed", v.Authenticated(), v.Pending())
			}
		})
	}
}

// TestFactorsThatChangeAreAskedForAgain, until the login is done.
func TestFactorsThatChangeAreAskedForAgain(t *testing.T) {
	for name, change := range map[string]func(h *house, owner *device){
		"new recovery codes": func(h *house, owner *device) { owner.do(h.regenerate) },
		"another key":        func(_ *house, owner *device) { owner.addKey(newKey(), false) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, trusting)
			owner, to, x, _ := h.protected()
			d := h.browser()
			d.waits(to)
			if v := d.do(h.showCode(x.code())); v.Pending() != flows.MFATrust || v.Authenticated() {
				t.Fatalf("it waits at %q", v.Pending())
			}
			change(h, owner)
			v := d.do(func(v *flows.Visit) error { return h.Trust(t.Context(), v, true) })
			if v.Pending() != flows.MFAAuthenticate || v.Authenticated() || d.trust != "" {
				t.Errorf("it waits at %q, trusted by %q", v.Pending(), d.trust)
			}
			if v := d.do(h.showCode(x.next())); !v.Authenticated() {
				t.Errorf("it waits at %q", v.Pending())
			}

			late := h.browser() // the same, while the last step settles
			late.waits(to)
			late.do(h.showCode(x.next()))
			visit := late.visit()
			h.atSettling(func() {
				other := owner.beside()
				own := &device{house: other, token: owner.token}
				change(other, own)
			})
			err := h.Trust(t.Context(), visit, false)
			h.on(nil)
			if err != nil || visit.Authenticated() || visit.Pending() != flows.MFAAuthenticate {
				t.Errorf("answered %v, it waits at %q", err, visit.Pending())
			}
		})
	}
}

// TestLoginAtTheSecondFactorRunsOut as any other does.
func TestLoginAtTheSecondFactorRunsOut(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, "login_timeout": 600, `+unlimited, keys)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	d := h.waiting(to)
	h.clock.Advance(10 * time.Minute)
	if d.visit().Pending() != flows.MFAAuthenticate {
		t.Error("it ran out early")
	}
	h.clock.Advance(time.Microsecond)
	_, err := d.try(h.showCode(x.code()))
	h.refused(err, refusal.Unauthenticated, "")
}

// TestPutOutAtTheSecondFactor: a new password, and a deactivation, end a login that waits.
func TestPutOutAtTheSecondFactor(t *testing.T) {
	for name, put := range map[string]func(h *house, owner *device){
		"a new password": func(h *house, owner *device) { owner.do(h.changePassword(password, otherPassword)) },
		"deactivated":    func(h *house, owner *device) { h.setActive(owner.user(), false) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
			owner, to := signedUp(h, 1)
			x := owner.addApp()
			h.clock.Advance(period)
			d, late := h.waiting(to), h.waiting(to)
			v := late.visit()
			put(h, owner)
			_, err := d.try(h.showCode(x.code()))
			h.refused(err, refusal.Unauthenticated, "")
			if err := h.AuthenticateByCode(t.Context(), v, x.code()); v.Authenticated() {
				t.Errorf("signed in, answered %v", err)
			}
		})
	}
}

// squatter is somebody who signed up with the victim's address, and has set up an app and a passkey there.
type squatter struct {
	*device
	app totpApp
	key *factortest.Authenticator
}

func (h *house) squatter() *squatter {
	h.Helper()
	h.device().do(h.signUp(signupOf(victim)))
	s := &squatter{device: h.signedIn(victim), key: newKey()}
	s.app = s.addApp()
	s.addKey(s.key, true)
	h.clock.Advance(period)
	return s
}

const squatted = codeLogin + `, "password_reset_by_code_enabled": true, "login_on_password_reset": true, ` + unlimited

// comesIn are the ways in which the owner of an address comes to an account that somebody else made with it.
var comesIn = map[string]func(h *house, d *device){
	"a login code": func(h *house, d *device) {
		d.do(h.requestCode(victim))
		d.do(h.confirmCode(h.code(victim)))
	},
	"a reset by a code": func(h *house, d *device) {
		d.do(h.requestReset(victim))
		d.do(h.reset(h.code(victim), otherPassword))
	},
	"a look at a reset": func(h *house, d *device) {
		d.do(h.requestReset(victim))
		d.do(h.peek(h.code(victim)))
	},
	"a reset by a link": func(h *house, d *device) {
		account(h).PasswordResetByCodeEnabled = false
		d.do(h.requestReset(victim))
		d.do(h.reset(h.key(victim), otherPassword))
	},
}

func (h *house) proved(email string) bool {
	h.Helper()
	return h.one(`SELECT COUNT(*) FROM emails WHERE email = $1 AND verified`, email) == "1"
}

// TestOwnerIsNotLedIntoASquattersAccount: an account that nobody proved, with a passkey that its maker has, gains no verified address
// and nobody's trust by the owner of the address coming in.
func TestOwnerIsNotLedIntoASquattersAccount(t *testing.T) {
	for name, come := range comesIn {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", squatted, unverified)
			s := h.squatter()
			owner := h.device()
			come(h, owner)
			if v := owner.visit(); v.Authenticated() || (v.Pending() != "" && v.Pending() != flows.MFAAuthenticate) {
				t.Errorf("signed in %t, waits at %q", v.Authenticated(), v.Pending())
			}
			if h.proved(victim) {
				t.Error("the address is verified")
			}
			d := h.device()
			d.do(h.loginByKey(s.key.Get(d.askedToLogIn())))
			if got := d.emails()[victim]; got != "primary unverified" {
				t.Errorf("the squatter's passkey comes to an account with %q", got)
			}
		})
	}
}

// codesAtLogin are the codes that a login by password may be asked for before its second factor.
var codesAtLogin = map[string]struct {
	turn  func(a *tenants.Account)
	given func(h *house, code string) step
}{
	"a login code on top": {func(a *tenants.Account) { a.LoginByCodeRequired.All = true }, (*house).confirmCode},
	"a code that proves the address": {func(a *tenants.Account) {
		a.EmailVerification, a.EmailVerificationByCodeEnabled = tenants.VerificationMandatory, true
	}, (*house).verifyEmail},
}

// TestCodeOnTopOfAPasswordProvesNothingBeforeTheFactor: the owner resets the password of a squatter's account, logs in with it, and
// gives the code that is asked for. That proves the address once the factor is shown, as the code alone does.
func TestCodeOnTopOfAPasswordProvesNothingBeforeTheFactor(t *testing.T) {
	for name, c := range codesAtLogin {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", squatted, unverified)
			s := h.squatter()
			comesIn["a reset by a link"](h, h.device())
			c.turn(account(h))
			owner := h.device()
			owner.do(h.logIn(loginOf(victim, otherPassword)))
			owner.do(c.given(h, h.code(victim)))
			if v := owner.visit(); v.Authenticated() || v.Pending() != flows.MFAAuthenticate {
				t.Errorf("signed in %t, waits at %q", v.Authenticated(), v.Pending())
			}
			if h.proved(victim) {
				t.Error("the address is verified before the factor is shown")
			}
			owner.do(h.showCode(s.app.code())) // it is the squatter, who has the mailbox after all
			if owner.user() == "" || !h.proved(victim) {
				t.Errorf("signed in as %q, verified %t", owner.user(), h.proved(victim))
			}
		})
	}
}

// TestWhoHasTheFactorHasTheAddressProved: the code counts once the factor is shown.
func TestWhoHasTheFactorHasTheAddressProved(t *testing.T) {
	for _, name := range []string{"a login code", "a reset by a code"} {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", squatted, unverified)
			s := h.squatter() // who has the mailbox after all
			d := h.device()
			comesIn[name](h, d)
			_, err := d.try(h.showCode(s.app.bad()))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			if h.proved(victim) {
				t.Fatal("the address is verified before the factor is shown")
			}
			d.do(h.showCode(s.app.code()))
			if d.user() == "" || !h.proved(victim) {
				t.Errorf("signed in as %q, verified %t", d.user(), h.proved(victim))
			}
		})
	}
}

// TestSquatterWhoAddsAFactorAtTheLastMoment: the owner comes in, has read that there is no factor, and then there is one.
func TestSquatterWhoAddsAFactorAtTheLastMoment(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name := range comesIn {
			t.Run(name, func(t *testing.T) {
				h := newFactorHouse(t, engine, squatted, unverified)
				h.device().do(h.signUp(signupOf(victim)))
				maker := h.signedIn(victim)
				k := newKey()
				options := maker.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.AddKeyOptions(t.Context(), v, true) })
				v := maker.at(h.rival)
				owner := h.device()
				taking := 0
				late := func(do step) {
					h.atSettling(func() {
						taking++
						_, _, err := h.rival.AddKey(t.Context(), v, flows.KeyInput{Credential: k.Create(options)})
						h.must(err)
					})
					_, _ = owner.try(do) // it is told to come back, or goes on to the factor
					h.on(nil)
				}
				switch name {
				case "a login code":
					owner.do(h.requestCode(victim))
					code := h.code(victim)
					late(h.confirmCode(code))
				case "a reset by a link":
					account(h).PasswordResetByCodeEnabled = false
					owner.do(h.requestReset(victim))
					late(h.reset(h.key(victim), otherPassword))
				default:
					owner.do(h.requestReset(victim))
					do := h.reset(h.code(victim), otherPassword)
					if name == "a look at a reset" {
						do = h.peek(h.code(victim))
					}
					late(do)
				}
				if taking != 1 {
					t.Fatal("nobody came between")
				}
				if h.proved(victim) || owner.user() != "" {
					t.Errorf("verified %t, signed in as %q", h.proved(victim), owner.user())
				}
				if h.one(`SELECT COUNT(*) FROM users WHERE password LIKE '!%'`) != "0" {
					t.Error("the account was claimed beside its factor")
				}
			})
		}
	})
}

// TestPlantedTrustProvesNothing: a squatter's cookie in the owner's browser does not stand in for the factor.
func TestPlantedTrustProvesNothing(t *testing.T) {
	h := newFactorHouse(t, "sqlite", squatted, unverified+`, "trust_enabled": true`)
	s := h.squatter()
	browser := h.browser()
	browser.waits(victim)
	browser.do(h.showCode(s.app.code()))
	browser.do(func(v *flows.Visit) error { return h.Trust(t.Context(), v, true) })
	owner := h.browser()
	owner.trust = browser.trust
	comesIn["a login code"](h, owner)
	if v := owner.visit(); v.Pending() != flows.MFAAuthenticate || h.proved(victim) {
		t.Errorf("it waits at %q, verified %t", v.Pending(), h.proved(victim))
	}
}

// TestSquatterWhoRemovesTheFactor while the owner waits lets nobody in: the next code claims the account.
func TestSquatterWhoRemovesTheFactor(t *testing.T) {
	h := newFactorHouse(t, "sqlite", squatted, unverified)
	s := h.squatter()
	owner := h.device()
	comesIn["a login code"](h, owner)
	ids := []int64{}
	all, err := h.Authenticators(t.Context(), s.visit())
	h.must(err)
	for _, x := range all {
		if x.Type == "webauthn" {
			ids = append(ids, x.ID)
		}
	}
	s.do(h.removeKeys(ids...))
	s.do(h.deactivate)
	if v := owner.visit(); v.Pending() != "" || v.Authenticated() || h.proved(victim) {
		t.Errorf("it waits at %q, signed in %t, verified %t", v.Pending(), v.Authenticated(), h.proved(victim))
	}
	comesIn["a login code"](h, owner)
	if owner.user() == "" || !h.proved(victim) || s.user() != "" {
		t.Errorf("the owner is signed in as %q, verified %t, the squatter as %q", owner.user(), h.proved(victim), s.user())
	}
	_, err = h.device().try(h.logIn(loginOf(victim, password)))
	h.refused(err, refusal.Invalid, refusal.EmailMismatch)
}
