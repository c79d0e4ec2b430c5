package flows_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

const recentProof = `, "reauthentication_required": true, "reauthentication_timeout": 300, `

func (h *house) reauthenticate(password string) step {
	return func(v *flows.Visit) error { return h.Reauthenticate(h.Context(), v, password) }
}

// changes are what asks for a recent proof of who is signed in: ann@example.org, who has a second address and a number.
var changes = map[string]func(h *house) step{
	"adding an address": func(h *house) step { return h.addEmail("more@example.org") },
	"promoting an address": func(h *house) step {
		return func(v *flows.Visit) error {
			_, err := h.MakeEmailPrimary(h.Context(), v, "ann@example.com", true)
			return err
		}
	},
	"removing an address": func(h *house) step {
		return func(v *flows.Visit) error { _, err := h.RemoveEmail(h.Context(), v, "ann@example.com"); return err }
	},
	"changing the number": func(h *house) step { return h.changePhone(number(2)) },
}

// memberWithAll is a device on which ann@example.org has just logged in.
func (h *house) memberWithAll() *device {
	h.Helper()
	h.device().do(h.signUp(flows.SignupInput{Email: "ann@example.org", Phone: number(1), Password: password}))
	h.provePhone()
	h.proveEmail()
	d := h.signedIn("ann@example.org")
	d.do(h.addEmail("ann@example.com"))
	h.proveEmail()
	return d
}

func TestChangesAskForARecentProof(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", byPhone+recentProof+unlimited)
			d := h.memberWithAll()
			h.clock.Advance(5 * time.Minute)
			v, err := d.try(change(h))
			h.refused(err, refusal.Unauthenticated, "")
			status := v.Status()
			if status.User == nil || len(status.Flows) != 1 || status.Flows[0].ID != "reauthenticate" || status.Flows[0].IsPending != nil {
				t.Errorf("it is answered with %+v", status)
			}
			if got := d.visit().Status(); len(got.Flows) != 0 {
				t.Errorf("the next answer says %+v", got.Flows)
			}
			d.do(h.reauthenticate(password))
			h.clock.Advance(5*time.Minute - time.Microsecond)
			d.do(change(h))
		})
	}
}

func TestWhatAsksForNoRecentProof(t *testing.T) {
	all := map[string]func(h *house) step{
		"looking at addresses": func(h *house) step {
			return func(v *flows.Visit) error { _, err := h.Emails(h.Context(), v); return err }
		},
		"changing the password": func(h *house) step { return h.changePassword(password, otherPassword) },
		"logging out":           func(h *house) step { return func(v *flows.Visit) error { return h.Logout(h.Context(), v) } },
		"resending a link": func(h *house) step {
			return func(v *flows.Visit) error { _, err := h.ResendEmail(h.Context(), v, "ann@example.com"); return err }
		},
	}
	for name, change := range all {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", byPhone+recentProof+unlimited)
			d := h.memberWithAll()
			h.clock.Advance(time.Hour)
			d.do(change(h))
		})
	}
	for name, change := range changes {
		t.Run(name+", where none is asked for", func(t *testing.T) {
			h := newHouse(t, "sqlite", byPhone+`, `+unlimited)
			d := h.memberWithAll()
			h.clock.Advance(time.Hour)
			d.do(change(h))
		})
	}
}

// TestFaultsComeBeforeTheRecentProof: nobody proves who they are for a change that cannot be made.
func TestFaultsComeBeforeTheRecentProof(t *testing.T) {
	h := newHouse(t, "sqlite", byPhone+recentProof+unlimited)
	d := h.memberWithAll()
	h.clock.Advance(time.Hour)
	for name, change := range map[string]step{
		"no address":         h.addEmail("nope"),
		"one's own address":  h.addEmail("ann@example.com"),
		"one's own number":   h.changePhone(number(1)),
		"no number":          h.changePhone("nope"),
		"an unknown address": func(v *flows.Visit) error { _, err := h.RemoveEmail(h.Context(), v, "bob@example.org"); return err },
	} {
		v, err := d.try(change)
		if !refusal.Is(err, refusal.Invalid) || len(v.Status().Flows) != 0 {
			t.Errorf("%s: %v, %+v", name, err, v.Status())
		}
	}
}

// TestSignupIsNoRecentProof: nothing was proved by it.
func TestSignupIsNoRecentProof(t *testing.T) {
	h := newHouse(t, "sqlite", optional+recentProof+unlimited)
	d := h.device()
	d.do(h.signUp(signupOf("ann@example.org")))
	_, err := d.try(h.addEmail("ann@example.com"))
	h.refused(err, refusal.Unauthenticated, "")
	d.do(h.reauthenticate(password))
	d.do(h.addEmail("ann@example.com"))
}

// TestWhoCanProveNothingIsNotAsked: an account without a password has no way to.
func TestWhoCanProveNothingIsNotAsked(t *testing.T) {
	h := newHouse(t, "sqlite", codeLogin+`, "signup_fields": ["email*"]`+recentProof+unlimited)
	d := h.device()
	d.do(h.signUp(flows.SignupInput{Email: "ann@example.org"}))
	d.do(h.addEmail("ann@example.com"))
	d.do(h.changePassword("", password))
	h.clock.Advance(time.Hour)
	_, err := d.try(h.addEmail("more@example.org"))
	h.refused(err, refusal.Unauthenticated, "") // now it has
}

func TestReauthenticationIsRecorded(t *testing.T) {
	h := newHouse(t, "sqlite", optional)
	h.signup("ann@example.org")
	d := h.signedIn("ann@example.org")
	held := d.token
	h.clock.Advance(time.Hour)
	_, err := d.try(h.reauthenticate(otherPassword))
	h.refused(err, refusal.Invalid, refusal.IncorrectPassword)
	_, err = d.try(h.reauthenticate(" "))
	h.refused(err, refusal.Invalid, refusal.Required)
	if n := len(methods(t, d.visit())); n != 1 {
		t.Errorf("%d proofs after a wrong password", n)
	}
	v := d.do(h.reauthenticate(password))
	want := flows.Method{Method: "password", At: float64(testkit.Start.Add(time.Hour).Unix()), Reauthenticated: true}
	if m := methods(t, v); len(m) != 2 || m[0].Method != "password" || m[0].Reauthenticated || m[1] != want {
		t.Errorf("got %+v", m)
	}
	if d.token != held {
		t.Error("the session goes on under another token")
	}
	for range 30 { // a session remembers the latest
		h.clock.Advance(time.Second)
		v = d.do(h.reauthenticate(password))
	}
	if m := methods(t, v); len(m) != 20 || m[19].At != want.At+30 {
		t.Errorf("%d proofs, the last of %v", len(m), m[len(m)-1].At)
	}
}

func TestReauthenticationIsForWhoeverIsSignedIn(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory)
	_, waiting := h.signup("ann@example.org")
	for _, d := range []*device{h.device(), {house: h, token: waiting}} {
		_, err := d.try(h.reauthenticate(password))
		h.refused(err, refusal.Unauthenticated, "")
	}
}

// factorChanges are all changes of authenticators, of somebody who has an app and a key, and looks at codes. What a change
// takes is got while the proof is recent.
var factorChanges = map[string]func(h *house, d *device) step{
	"removing the app":   func(h *house, _ *device) step { return h.deactivate },
	"new recovery codes": func(h *house, _ *device) step { return h.regenerate },
	"a look at the codes": func(h *house, _ *device) step {
		return func(v *flows.Visit) error { _, err := h.RecoveryCodes(h.Context(), v); return err }
	},
	"asking for another key": func(h *house, _ *device) step {
		return func(v *flows.Visit) error { _, err := h.AddKeyOptions(h.Context(), v, false); return err }
	},
	"another key": func(h *house, d *device) step {
		return h.addKeyOf(newKey().Create(d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.AddKeyOptions(h.Context(), v, false) })))
	},
	"a key less": func(h *house, d *device) step { return h.removeKeys(d.keyID()) },
	"a key's name": func(h *house, d *device) step {
		in := flows.RenameKeyInput{ID: d.keyID(), Name: "At home"}
		return func(v *flows.Visit) error { _, err := h.RenameKey(h.Context(), v, in); return err }
	},
}

// keyID is the id of a key of whoever is signed in.
func (d *device) keyID() int64 {
	d.Helper()
	all, err := d.Authenticators(d.Context(), d.visit())
	d.must(err)
	i := slices.IndexFunc(all, func(x flows.AuthenticatorView) bool { return x.Type == "webauthn" })
	if i < 0 {
		d.Fatal("there is no key")
	}
	return all[i].ID
}

// TestChangesOfFactorsTakeARecentProof, whatever the tenant says of other changes; a password will do, and so will each factor.
func TestChangesOfFactorsTakeARecentProof(t *testing.T) {
	for name, change := range factorChanges {
		for proof, prove := range map[string]func(h *house, d *device, codes []string, x totpApp, k *factortest.Authenticator) step{
			"a password": func(h *house, _ *device, _ []string, _ totpApp, _ *factortest.Authenticator) step {
				return h.reauthenticate(password)
			},
			"an app": func(h *house, _ *device, _ []string, x totpApp, _ *factortest.Authenticator) step {
				return h.showCodeAgain(x.code())
			},
			"a recovery code": func(h *house, _ *device, codes []string, _ totpApp, _ *factortest.Authenticator) step {
				return h.showCodeAgain(codes[0])
			},
			"a key": func(h *house, d *device, _ []string, _ totpApp, k *factortest.Authenticator) step {
				return h.showKeyAgain(k.Get(d.askedAgain()))
			},
		} {
			t.Run(name+", by "+proof, func(t *testing.T) {
				h := newFactorHouse(t, "sqlite", optional+`, "reauthentication_timeout": 300, `+unlimited, keys)
				d, _ := signedUp(h, 1)
				x, k := d.addApp(), newKey()
				d.addKey(k, false)
				codes := d.recoveryCodes()
				do := change(h, d)
				h.clock.Advance(5 * time.Minute)
				before := h.factorRows()
				v, err := d.try(do)
				h.refused(err, refusal.Unauthenticated, "")
				all := v.Status().Flows
				if len(all) != 2 || all[0].ID != "reauthenticate" || all[1].ID != "mfa_reauthenticate" || len(all[1].Types) != 3 {
					t.Errorf("the ways to prove it are %+v", all)
				}
				if !slices.Equal(before, h.factorRows()) {
					t.Error("something was changed")
				}
				if proof == "a key" && name == "another key" {
					return // the question that was asked before has given way to this one
				}
				d.do(prove(h, d, codes, x, k))
				h.clock.Advance(5*time.Minute - time.Microsecond)
				d.do(do)
			})
		}
	}
	t.Run("an app", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, "reauthentication_timeout": 300, `+unlimited, keys)
		d, _ := signedUp(h, 1)
		x := h.appOf(d.look().Secret)
		h.clock.Advance(5 * time.Minute)
		_, err := d.try(h.activate(x.bad()))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode) // faults come first
		_, err = d.try(h.activate(x.code()))
		h.refused(err, refusal.Unauthenticated, "")
		d.do(h.reauthenticate(password))
		d.do(h.activate(x.code()))
	})
}

// TestLoginCodeInATrustedBrowserIsNoRecentProof of somebody who has a second factor: it is all that the login took.
func TestLoginCodeInATrustedBrowserIsNoRecentProof(t *testing.T) {
	h := newFactorHouse(t, "sqlite", codeLogin+`, `+unlimited, trusting)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	owner.addKey(newKey(), false)
	d := h.trusted(to, x).again()
	d.do(h.requestCode(to))
	if v := d.do(h.confirmCode(h.code(to))); !v.Authenticated() {
		t.Fatalf("a trusted browser waits at %q", v.Pending())
	}
	for name, change := range map[string]step{
		"removing the app": h.deactivate, "new codes": h.regenerate, "a key less": h.removeKeys(d.keyID()),
		"another key": func(v *flows.Visit) error { _, err := h.AddKeyOptions(t.Context(), v, true); return err },
	} {
		if _, err := d.try(change); !refusal.Is(err, refusal.Unauthenticated) {
			t.Errorf("%s: a login code is taken for a recent proof: %v", name, err)
		}
	}
	d.do(h.showCodeAgain(x.next()))
	d.do(h.deactivate)
}

// TestLoginCodeIsARecentProof of somebody who has no second factor yet.
func TestLoginCodeIsARecentProof(t *testing.T) {
	h := newFactorHouse(t, "sqlite", codeLogin+`, `+unlimited, keys)
	_, to := signedUp(h, 1)
	d := h.device()
	d.do(h.requestCode(to))
	d.do(h.confirmCode(h.code(to)))
	d.addApp()
	_, err := h.RecoveryCodes(t.Context(), d.visit()) // nor has the one that came since been passed by
	h.must(err)
}

// TestAddressAndFactorAtOnce: whoever adds somebody else's address and a factor at the same time gets one of them, so that nobody
// is kept out of their own address for good.
func TestAddressAndFactorAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name, factorFirst := range map[string]bool{"the factor is first": true, "the address is first": false} {
			t.Run(name, func(t *testing.T) {
				h := newFactorHouse(t, engine, optional+`, "login_methods": ["username"], "signup_fields": ["username*", "email", "password1*"], `+unlimited, keys)
				d := h.device()
				d.do(h.signUp(flows.SignupInput{Username: "ann", Password: password}))
				d.do(h.reauthenticate(password))
				code := h.appOf(d.look().Secret).code()
				v := d.at(h.rival)
				if factorFirst {
					h.atSettling(func() { _, err := h.rival.ActivateTOTP(t.Context(), v, code); h.must(err) })
					_, err := d.try(h.addEmail(victim))
					h.refused(err, refusal.Invalid, refusal.AddEmailBlocked)
				} else {
					h.atSettling(func() { _, err := h.rival.AddEmail(t.Context(), v, victim); h.must(err) })
					_, err := d.try(h.activate(code))
					h.refused(err, refusal.Invalid, refusal.UnverifiedEmail)
				}
				h.on(nil)
				if h.one(`SELECT COUNT(*) FROM users u WHERE factors <> 0 AND EXISTS (SELECT 1 FROM emails e WHERE NOT e.verified)`) != "0" {
					t.Error("a protected account has an address that is not its owner's")
				}
				h.consistent()
			})
		}
	})
}

// TestFactorsWaitForAVerifiedAddress, unless the tenant says otherwise; and then no address is added that is not verified.
func TestFactorsWaitForAVerifiedAddress(t *testing.T) {
	setUps := map[string]func(h *house, d *device) error{
		"a look": func(h *house, d *device) error { _, _, err := h.TOTP(h.Context(), d.visit()); return err },
		"a key":  func(h *house, d *device) error { _, err := h.AddKeyOptions(h.Context(), d.visit(), false); return err },
		"a code": func(h *house, d *device) error {
			_, err := h.ActivateTOTP(h.Context(), d.visit(), "123456")
			return err
		},
		"an answer": func(h *house, d *device) error {
			_, _, err := h.AddKey(h.Context(), d.visit(), flows.KeyInput{Credential: json.RawMessage(`{}`)})
			return err
		},
	}
	for name, setUp := range setUps {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
			d, _ := withSecond(h, 1)
			h.exec(`UPDATE emails SET verified = FALSE WHERE NOT is_primary`)
			err := setUp(h, d)
			kind := refusal.Conflict
			if name == "a code" {
				kind = refusal.Invalid
			}
			h.refused(err, kind, refusal.UnverifiedEmail)
		})
	}
	for _, factor := range []string{"an app", "a key"} {
		t.Run("an address more, with "+factor, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
			d, _ := signedUp(h, 1)
			if factor == "an app" {
				d.addApp()
			} else {
				d.addKey(newKey(), false)
			}
			_, err := d.try(h.addEmail("more@example.org"))
			h.refused(err, refusal.Invalid, refusal.AddEmailBlocked)
			if len(d.emails()) != 1 || len(h.letters("more@example.org")) != 0 {
				t.Errorf("there are %v", d.emails())
			}
			if factor == "an app" {
				d.do(h.deactivate)
			} else {
				d.do(h.removeKeys(d.keyID()))
			}
			d.do(h.addEmail("more@example.org"))
		})
	}
	t.Run("where addresses are added once they are proved", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", byCode+`, `+unlimited, keys)
		h.member(person(1))
		d := h.signedIn(person(1))
		d.addApp()
		d.do(h.addEmail("more@example.org"))
		d.do(h.verifyEmail(h.code("more@example.org")))
		if got := d.emails()["more@example.org"]; got != "verified" {
			t.Errorf("it is %q", got)
		}
	})
	t.Run("where factors need no verified address", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, unverified)
		h.signup(person(1))
		d := h.signedIn(person(1))
		d.addApp()
		d.do(h.addEmail("more@example.org"))
	})
}
