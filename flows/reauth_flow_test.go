package flows_test

import (
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
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
