package flows_test

import (
	"encoding/json"
	"testing"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// strong is whether whoever is signed in on the device has shown a second factor there.
func (d *device) strong() bool {
	d.Helper()
	ok, err := d.Strong(d.Context(), d.visit())
	d.must(err)
	return ok
}

// methods are the proofs that the wire lists.
func (d *device) methods() string {
	d.Helper()
	return string(d.visit().Status().Methods)
}

// plant has every session that somebody is signed in on, or that is nobody's where to is "", say that an authenticator was added under it.
func (h *house) plant(to, authenticator string) {
	h.Helper()
	state, err := json.Marshal(map[string]string{"enrolled": authenticator})
	h.must(err)
	h.exec(`UPDATE sessions SET state = $1 WHERE COALESCE(user_id, '') = $2`, string(state), to)
}

// Who adds a second factor has shown it by that: by its first code, or by the answer of the key that was just made.
func TestAddingTheFirstFactorShowsIt(t *testing.T) {
	for name, add := range map[string]func(d *device){
		"an app":    func(d *device) { d.addApp() },
		"a key":     func(d *device) { d.addKey(newKey(), false) },
		"a passkey": func(d *device) { d.addKey(newKey(), true) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
			d, to := signedUp(h, 1)
			other := h.signedIn(to)
			before := d.methods()
			if d.strong() {
				t.Error("a password alone is strong")
			}
			setup := d.look()
			_, err := d.try(h.activate(h.appOf(setup.Secret).bad()))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			if d.strong() {
				t.Error("a wrong code is strong")
			}
			add(d)
			if !d.strong() {
				t.Error("who added one is asked to show it")
			}
			refused := d.visit()
			h.refused(h.RemoveKeys(t.Context(), refused, []int64{1}), refusal.Invalid, refusal.InvalidChoice)
			if ok, err := h.Strong(t.Context(), refused); !ok || err != nil {
				t.Errorf("after a step that was refused: %v %v", ok, err)
			}
			if other.strong() {
				t.Error("so is a session that has a password alone")
			}
			if after := d.methods(); after != before {
				t.Errorf("the wire lists %s, and %s before", after, before)
			}
			if v := h.device().visit(); v.Authenticated() {
				t.Error("a stranger is signed in")
			} else if ok, err := h.Strong(t.Context(), v); ok || err != nil {
				t.Errorf("a stranger is strong: %v %v", ok, err)
			}
		})
	}
}

// What was added and is gone shows nothing, wherever it was removed and whatever came in its place.
func TestFactorThatIsGoneShowsNothing(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	d, to := signedUp(h, 1)
	d.addApp()
	d.do(h.deactivate)
	if d.strong() {
		t.Error("after the app was removed")
	}
	x := d.addApp()
	if !d.strong() {
		t.Error("one that is added again is not taken")
	}
	other := h.waiting(to)
	other.do(h.showCode(x.next()))
	other.do(h.deactivate)
	other.addKey(newKey(), false)
	if d.strong() {
		t.Error("after another session put its own key in the app's place")
	}
	if !other.strong() {
		t.Error("who showed a code is not strong any more")
	}
}

// Who has a second factor already shows that one, and not another that a browser which was not asked for it adds.
func TestAddingAnotherFactorShowsNothing(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, trusting)
	owner, to := signedUp(h, 1)
	d := h.trusted(to, owner.addApp())
	if !d.strong() {
		t.Error("who showed the factor and had the browser trusted is not strong")
	}
	again := d.again()
	again.do(again.logIn(loginOf(to, password)))
	if again.strong() {
		t.Error("a trusted browser shows a factor")
	}
	again.addKey(newKey(), false)
	if again.strong() {
		t.Error("a trusted browser shows a factor by adding another")
	}
}

// What one session remembers is worth nothing once the session is another's, or begins anew.
func TestAddedFactorIsOfItsUserAndLogin(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, "login_by_code_enabled": true, `+unlimited, trusting)
	owner, to := signedUp(h, 1)
	app := owner.addApp()
	added := h.one(`SELECT id FROM authenticators WHERE type = $1`, string(store.TOTP))
	trusted := h.trusted(to, app)

	stranger, _ := signedUp(h, 2)
	h.plant(stranger.user(), added)
	if stranger.strong() {
		t.Error("another user's factor counts")
	}

	begun := func(d *device) *device { // a session that is nobody's, and remembers what it cannot
		d.do(func(v *flows.Visit) error { _, err := h.LoginKeyOptions(t.Context(), v); return err })
		h.exec(`UPDATE sessions SET state = '{}'`)
		h.plant("", added)
		return d
	}
	remembers := func() bool {
		return h.one(`SELECT COUNT(*) FROM sessions WHERE state LIKE '%enrolled%'`) != "0"
	}

	login := begun(trusted.again())
	login.do(login.logIn(loginOf(to, password))) // by the password alone, since the browser is trusted
	if login.user() == "" || login.strong() {
		t.Errorf("signed in as %q, strong %t", login.user(), login.strong())
	}

	disowned := begun(h.device())
	disowned.do(func(v *flows.Visit) error {
		return h.RequestLoginCode(t.Context(), v, flows.LoginCodeInput{Email: flows.Text{Value: to, Sent: true}})
	})
	if remembers() {
		t.Error("a session whose proofs are another's keeps it")
	}

	given := begun(h.device()).waits(to)
	owner.do(h.deactivate) // nothing is waited for any more
	if v := given.do(func(v *flows.Visit) error { _, err := h.LoginKeyOptions(t.Context(), v); return err }); v.Pending() != "" || remembers() {
		t.Errorf("a login that is given up keeps it; it waits at %q", v.Pending())
	}
}
