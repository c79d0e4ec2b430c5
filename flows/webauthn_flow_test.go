package flows_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// keyed is somebody with a passkey, and an app besides.
func (h *house) keyed(n int) (d *device, to string, k *factortest.Authenticator) {
	h.Helper()
	d, to = signedUp(h, n)
	d.addApp()
	k = newKey()
	d.addKey(k, true)
	h.clock.Advance(time.Second)
	return d, to, k
}

// uncounted is somebody with a passkey that counts nothing, as those that are synced between devices.
func (h *house) uncounted(n int) (d *device, k *factortest.Authenticator) {
	h.Helper()
	d, _ = signedUp(h, n)
	k = newKey()
	k.Still = true
	d.addKey(k, true)
	return d, k
}

// ceremonies are everything that a key is shown for: who is asked, how, and with what it is answered.
var ceremonies = map[string]struct {
	at    func(h *house, owner *device, to string) *device
	begin func(d *device) json.RawMessage
	show  func(h *house, credential json.RawMessage) step
}{
	"log in":         {func(h *house, _ *device, _ string) *device { return h.device() }, (*device).askedToLogIn, (*house).loginByKey},
	"authenticate":   {func(h *house, _ *device, to string) *device { return h.waiting(to) }, (*device).askedForFactor, (*house).showKey},
	"reauthenticate": {func(h *house, owner *device, _ string) *device { return owner }, (*device).askedAgain, (*house).showKeyAgain},
}

// TestKeyIsShownForWhatItWasAskedFor: an answer is good once, in its session, to the latest question, and for ten minutes.
func TestKeyIsShownForWhatItWasAskedFor(t *testing.T) {
	for name, c := range ceremonies {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
			owner, to, _ := h.keyed(1)
			k := newKey()
			k.Still = true // it does not count: what was used is told by nothing else
			owner.addKey(k, true)
			fails := func(d *device, answer json.RawMessage) {
				t.Helper()
				_, err := d.try(c.show(h, answer))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			}
			d, other := c.at(h, owner, to), c.at(h, h.signedInByKey(k), to)
			answer := k.Get(c.begin(d))
			fails(other, answer) // nothing was asked there
			c.begin(other)
			fails(other, answer) // and something else
			before := k.Get(c.begin(d))
			answer = k.Get(c.begin(d))
			fails(d, before)
			d.do(c.show(h, answer))
			if d.user() != owner.user() {
				t.Errorf("signed in as %q", d.user())
			}
			if name != "authenticate" { // by which the login is done
				fails(d, answer)
			}
			d = c.at(h, owner, to)
			answer = k.Get(c.begin(d))
			h.clock.Advance(10*time.Minute + time.Microsecond)
			fails(d, answer)
			d = c.at(h, owner, to)
			answer = k.Get(c.begin(d))
			h.clock.Advance(10 * time.Minute)
			d.do(c.show(h, answer))
		})
	}
}

// TestAnswerToOneQuestionIsNoneToAnother, in the same session.
func TestAnswerToOneQuestionIsNoneToAnother(t *testing.T) {
	for name, c := range map[string]struct{ at, asked, shown string }{
		"to log in, by whoever is in":           {"reauthenticate", "log in", "reauthenticate"},
		"to log in, by whoever waits":           {"authenticate", "log in", "authenticate"},
		"to prove it anew, as a login":          {"reauthenticate", "reauthenticate", "log in"},
		"to show a second factor, as a login":   {"authenticate", "authenticate", "log in"},
		"to log in, by whoever is in, answered": {"reauthenticate", "log in", "log in"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
			owner, to, k := h.keyed(1)
			d := ceremonies[c.at].at(h, owner, to)
			_, err := d.try(ceremonies[c.shown].show(h, k.Get(ceremonies[c.asked].begin(d))))
			if c.asked == c.shown {
				h.must(err)
				return
			}
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		})
	}
	t.Run("to another user in the same session", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
		_, ann, _ := h.keyed(1)
		_, bob, k := h.keyed(2)
		d := h.waiting(ann)
		options := d.askedForFactor()
		d.waits(bob)
		_, err := d.try(h.showKey(k.Get(options)))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	})
	t.Run("by somebody else's key", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
		_, ann, _ := h.keyed(1)
		eve, _, k := h.keyed(2)
		d := h.waiting(ann)
		_, err := d.try(h.showKey(k.Get(d.askedForFactor())))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		k.UserHandle = nil
		_, err = d.try(h.showKey(k.Get(d.askedForFactor())))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		if eve.user() == "" || d.user() != "" {
			t.Error("signed in")
		}
	})
}

// signedInByKey is another session of a passkey's owner.
func (h *house) signedInByKey(k *factortest.Authenticator) *device {
	h.Helper()
	d := h.device()
	d.do(h.loginByKey(k.Get(d.askedToLogIn())))
	if d.user() == "" {
		h.Fatal("a passkey does not sign in")
	}
	return d
}

// TestAnswersThatProveNothing: the key lies, or the page is another's. Nobody is told which.
func TestAnswersThatProveNothing(t *testing.T) {
	lies := map[string]func(k *factortest.Authenticator){
		"another origin":        func(k *factortest.Authenticator) { k.Origin = "https://evil.example" },
		"no TLS":                func(k *factortest.Authenticator) { k.Origin = "http://acme.example" },
		"a sibling's page":      func(k *factortest.Authenticator) { k.Origin = "https://zenith.example" },
		"a sibling's RP id":     func(k *factortest.Authenticator) { k.RPID = "zenith.example" },
		"a page within another": func(k *factortest.Authenticator) { k.CrossOrigin = true },
		"another challenge":     func(k *factortest.Authenticator) { k.Challenge = strings.Repeat("A", 43) },
		"a registration":        func(k *factortest.Authenticator) { k.Type = "webauthn.create" },
		"nobody there":          func(k *factortest.Authenticator) { k.ClearFlags = factortest.UserPresent },
		"another user's handle": func(k *factortest.Authenticator) { k.UserHandle = make([]byte, 16) },
	}
	for name, c := range ceremonies {
		for lie, tell := range lies {
			t.Run(name+", "+lie, func(t *testing.T) {
				h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
				owner, to, k := h.keyed(1)
				d := c.at(h, owner, to)
				options := c.begin(d)
				before := h.factorRows()
				honest := *k
				tell(k)
				_, err := d.try(c.show(h, k.Get(options)))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
				if name != "reauthenticate" && d.user() != "" {
					t.Errorf("signed in as %q", d.user())
				}
				if after := h.factorRows(); !slices.Equal(before, after) {
					t.Errorf("it is noted: %v, and was %v", after, before)
				}
				if n := h.happened("webauthn.counter_did_not_rise"); n != 0 {
					t.Error("it is told as a copy of the key")
				}
				k = &honest
				d.do(c.show(h, k.Get(options))) // a wrong answer leaves the question open
			})
		}
	}
}

// factorRows are the authenticators as they are stored.
func (h *house) factorRows() []string {
	h.Helper()
	return h.rows(`SELECT id, user_id, name, data, version, last_used_at FROM authenticators ORDER BY id`)
}

// TestUserVerificationIsAskedOfPasskeysAlone: where the key is all that is shown it must ask for a PIN or a finger.
func TestUserVerificationIsAskedOfPasskeysAlone(t *testing.T) {
	for name, c := range ceremonies {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
			owner, to, k := h.keyed(1)
			k.UV = false
			d := c.at(h, owner, to)
			_, err := d.try(c.show(h, k.Get(c.begin(d))))
			if name != "log in" {
				h.must(err)
				return
			}
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			if d.user() != "" {
				t.Error("signed in by a key that asked for nothing")
			}
		})
	}
	t.Run("a new passkey", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
		d, _ := signedUp(h, 1)
		k := newKey()
		k.UV = false
		options := d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.AddKeyOptions(t.Context(), v, true) })
		_, err := d.try(h.addKeyOf(k.Create(options)))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		d.addKey(k, false) // as a second factor it will do
	})
}

func (h *house) addKeyOf(credential json.RawMessage) step {
	return func(v *flows.Visit) error {
		_, _, err := h.AddKey(h.Context(), v, flows.KeyInput{Credential: credential})
		return err
	}
}

// TestCounterThatDoesNotRiseIsAudited, refused, and changes nothing.
func TestCounterThatDoesNotRiseIsAudited(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name, c := range ceremonies {
			t.Run(name, func(t *testing.T) {
				h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
				owner, to, k := h.keyed(1)
				id := owner.user()
				for range 3 {
					h.signedInByKey(k)
				}
				d := c.at(h, owner, to)
				options := c.begin(d)
				rows, users := h.factorRows(), h.dump()["users"]
				k.Count -= 2 // a copy, that counted less far
				_, err := d.try(c.show(h, k.Get(options)))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
				if name != "reauthenticate" && d.user() != "" {
					t.Errorf("signed in as %q", d.user())
				}
				if !slices.Equal(rows, h.factorRows()) || !slices.Equal(users, h.dump()["users"]) {
					t.Error("it changed something")
				}
				events, err := h.store.For(h.tenant).EventsOf(t.Context(), id, 10)
				h.must(err)
				i := slices.IndexFunc(events, func(e store.Event) bool { return e.Action == store.WebAuthnCounterFailed })
				if i < 0 {
					t.Fatal("no event")
				}
				e := events[i]
				var details struct {
					Authenticator int64  `json:"authenticator"`
					Name          string `json:"name"`
				}
				h.must(json.Unmarshal(e.Details, &details))
				if e.Action != "webauthn.counter_did_not_rise" || e.UserID != id || e.SessionID == "" || e.IP != "192.0.2.7" ||
					e.UserAgent != "a test" || !e.At.Equal(h.clock.Now()) || details.Name != "Master key" || details.Authenticator == 0 {
					t.Errorf("the event is %+v, %s", e, e.Details)
				}
				k.Count += 5
				d.do(c.show(h, k.Get(options)))
				if d.user() != id || h.happened("webauthn.counter_did_not_rise") != 1 {
					t.Error("the key that counts on is refused as well")
				}
			})
		}
	})
}

// TestAnswerIsTakenOnceAtOnce: of many uses of one answer, in one session, one counts.
func TestAnswerIsTakenOnceAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		_, k := h.uncounted(1)
		d := h.device()
		answer := k.Get(d.askedToLogIn())
		const n = 16
		visits := make([]*flows.Visit, n)
		for i := range visits {
			visits[i] = d.at([]*flows.Service{h.Service, h.rival}[i%2])
		}
		in := 0
		for i, err := range together(n, func(i int) error {
			return []*flows.Service{h.Service, h.rival}[i%2].LoginByKey(t.Context(), visits[i], flows.KeyInput{Credential: answer})
		}) {
			if err != nil && !refusal.Is(err, refusal.Invalid) && !refusal.Is(err, refusal.Conflict) {
				t.Errorf("got %v", err)
			}
			if err == nil && visits[i].Authenticated() {
				in++
			}
		}
		if in != 1 {
			t.Errorf("%d were let in by one answer", in)
		}
	})
}

// TestKeyIsOnes: a credential that is somebody's is registered by nobody else, nor twice.
func TestKeyIsOnes(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		owner, _, k := h.keyed(1)
		thief, _ := signedUp(h, 2)
		copied := newKey()
		copied.ID = k.CredentialID()
		for _, d := range []*device{thief, owner} {
			options := d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.AddKeyOptions(t.Context(), v, true) })
			_, err := d.try(h.addKeyOf(copied.Create(options)))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		}
		if thief.types() != "" || owner.types() != "recovery_codes totp webauthn" {
			t.Errorf("the thief has %q, the owner %q", thief.types(), owner.types())
		}
		h.consistent()
		d := h.device()
		_, err := d.try(h.loginByKey(copied.Get(d.askedToLogIn())))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		if h.signedInByKey(k).user() != owner.user() {
			t.Error("the owner's key is another's")
		}
	})
}

// TestRegistrationIsForItsSessionAndPurpose.
func TestRegistrationIsForItsSessionAndPurpose(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	d, to := signedUp(h, 1)
	other := h.signedIn(to)
	add := func(v *flows.Visit) (json.RawMessage, error) { return h.AddKeyOptions(t.Context(), v, false) }
	for name, of := range map[string]func(k *factortest.Authenticator) json.RawMessage{
		"another session's":  func(k *factortest.Authenticator) json.RawMessage { return k.Create(other.asked(add)) },
		"nothing asked here": func(k *factortest.Authenticator) json.RawMessage { return k.Create(h.signedIn(to).asked(add)) },
		"a question before": func(k *factortest.Authenticator) json.RawMessage {
			answer := k.Create(d.asked(add))
			d.asked(add)
			return answer
		},
		"late": func(k *factortest.Authenticator) json.RawMessage {
			answer := k.Create(d.asked(add))
			h.clock.Advance(10*time.Minute + time.Microsecond)
			return answer
		},
		"another origin": func(k *factortest.Authenticator) json.RawMessage {
			k.Origin = "https://evil.example"
			return k.Create(d.asked(add))
		},
		"a sibling's RP id": func(k *factortest.Authenticator) json.RawMessage {
			k.RPID = "zenith.example"
			return k.Create(d.asked(add))
		},
	} {
		d.do(h.reauthenticate(password))
		other.do(h.reauthenticate(password))
		_, err := d.try(h.addKeyOf(of(newKey())))
		if !refusal.Is(err, refusal.Invalid) || d.types() != "" {
			t.Errorf("%s: %v, there are %q", name, err, d.types())
		}
	}
	d.do(h.reauthenticate(password))
	k := newKey()
	answer := k.Create(d.asked(add))
	d.do(h.addKeyOf(answer))
	_, err := d.try(h.addKeyOf(answer))
	h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	for what, err := range map[string]error{
		"no credential": errOf(d.try(h.addKeyOf(nil))), "no object": errOf(d.try(h.addKeyOf(json.RawMessage(`"x"`)))),
	} {
		if !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func errOf(_ *flows.Visit, err error) error { return err }

func TestKeysHaveNames(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	d, _ := signedUp(h, 1)
	for _, want := range []string{"Master key", "Backup key", "Key nr. 3"} {
		if got := d.addKey(newKey(), false); got.Name != want || got.Type != "webauthn" || got.ID == 0 {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
	all, err := h.Authenticators(t.Context(), d.visit())
	h.must(err)
	i := slices.IndexFunc(all, func(x flows.AuthenticatorView) bool { return x.Name == "Backup key" })
	rename := func(id int64, name string) step {
		return func(v *flows.Visit) error {
			_, err := h.RenameKey(t.Context(), v, flows.RenameKeyInput{ID: id, Name: name})
			return err
		}
	}
	d.do(rename(all[i].ID, "  At home "))
	if h.one(`SELECT name FROM authenticators WHERE name = 'At home'`) == "" {
		t.Error("it has no new name")
	}
	for name, code := range map[string]refusal.Code{" ": refusal.Required, strings.Repeat("ä", 101): refusal.TooLong} {
		_, err := d.try(rename(all[i].ID, name))
		h.refused(err, refusal.Invalid, code)
	}
	d.do(rename(all[i].ID, strings.Repeat("ä", 100)))
}

// TestKeysOfOthersAreNotOnes: ids of others are as absent as any.
func TestKeysOfOthersAreNotOnes(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	d, _, _ := h.keyed(1)
	eve, _ := signedUp(h, 2)
	own := eve.addKey(newKey(), false)
	all, err := h.Authenticators(t.Context(), d.visit())
	h.must(err)
	ids := map[string]int64{"nobody's": 12345}
	for _, x := range all {
		if x.Type == "webauthn" {
			ids["somebody else's"] = x.ID
		}
	}
	before := h.factorRows()
	for what, id := range ids {
		_, err := eve.try(h.removeKeys(own.ID, id))
		h.refused(err, refusal.Invalid, refusal.InvalidChoice)
		_, err = eve.try(func(v *flows.Visit) error {
			_, err := h.RenameKey(t.Context(), v, flows.RenameKeyInput{ID: id, Name: "mine"})
			return err
		})
		h.refused(err, refusal.Invalid, refusal.InvalidChoice)
		if !slices.Equal(before, h.factorRows()) {
			t.Errorf("%s: something changed", what)
		}
	}
	_, err = eve.try(h.removeKeys())
	h.refused(err, refusal.Invalid, refusal.Required)
	eve.do(h.removeKeys(own.ID, own.ID))
	if eve.types() != "" || d.types() != "recovery_codes totp webauthn" {
		t.Errorf("there are %q and %q", eve.types(), d.types())
	}
}

// TestPasskeyOfSomebodyWhoIsNotLetIn.
func TestPasskeyOfSomebodyWhoIsNotLetIn(t *testing.T) {
	t.Run("deactivated", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
		owner, _, k := h.keyed(1)
		h.setActive(owner.user(), false)
		d := h.device()
		v := d.do(h.loginByKey(k.Get(d.askedToLogIn()))) // as a right password is answered
		if v.Authenticated() || v.Pending() != "" || d.user() != "" {
			t.Errorf("signed in %t, waits at %q", v.Authenticated(), v.Pending())
		}
	})
	t.Run("deactivated at the last moment", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
		owner, _, k := h.keyed(1)
		id := owner.user()
		d := h.device()
		answer := k.Get(d.askedToLogIn())
		h.atSettling(func() {
			h.must(h.second.For(h.tenant).One(func(tx *store.Tx) error { return tx.SetActive(t.Context(), id, false) }))
		})
		_, _ = d.try(h.loginByKey(answer))
		h.on(nil)
		if d.user() != "" {
			t.Error("signed in")
		}
	})
	t.Run("unverified", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", byCode+`, `+unlimited, keys)
		h.member(person(1))
		owner := h.signedIn(person(1))
		k := newKey()
		owner.addKey(k, true)
		h.exec(`UPDATE emails SET verified = FALSE`)
		d := h.device()
		v := d.do(h.loginByKey(k.Get(d.askedToLogIn())))
		if v.Pending() != flows.VerifyEmail || v.Authenticated() {
			t.Fatalf("it waits at %q", v.Pending())
		}
		if d.do(h.verifyEmail(h.code(person(1)))); d.user() == "" {
			t.Error("it is not signed in once the address is verified")
		}
	})
	t.Run("in already", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
		owner, _, k := h.keyed(1)
		_, bob := signedUp(h, 2)
		d := h.signedIn(bob)
		id, held := d.user(), d.token
		answer := k.Get(d.askedToLogIn())
		before := *d
		v := d.do(h.loginByKey(answer)) // somebody else's is a login of theirs
		if d.user() == id || d.user() != owner.user() || d.token == held || string(v.Status().Methods) != "[]" {
			t.Errorf("signed in as %q by %s", d.user(), v.Status().Methods)
		}
		h.dead(held)
		if _, err := before.try(h.loginByKey(answer)); err == nil {
			t.Error("the answer is taken twice")
		}
		held = owner.token
		owner.do(h.loginByKey(k.Get(owner.askedToLogIn()))) // one's own proves it anew
		if owner.token == held || owner.user() == "" {
			t.Error("its owner is not signed in under a new token")
		}
		h.dead(held)
	})
	t.Run("removed", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
		owner, _ := signedUp(h, 1)
		k := newKey()
		x := owner.addKey(k, true)
		d := h.device()
		answer := k.Get(d.askedToLogIn())
		owner.do(h.removeKeys(x.ID))
		_, err := d.try(h.loginByKey(answer))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	})
}

// keySignup are the settings with which people sign up with a passkey.
const keySignup = byCode + `, ` + unlimited

const passkeys = keys + `, "passkey_signup_enabled": true`

func keySignupOf(email string) flows.SignupInput {
	return flows.SignupInput{Email: email, Passkey: true}
}

// makesKey has a signup that waits for its passkey make it.
func (d *device) makesKey(k *factortest.Authenticator) (*flows.Visit, error) {
	d.Helper()
	options := d.asked(func(v *flows.Visit) (json.RawMessage, error) { return d.SignupKeyOptions(d.Context(), v) })
	return d.try(func(v *flows.Visit) error {
		return d.FinishSignupByKey(d.Context(), v, flows.KeyInput{Credential: k.Create(options)})
	})
}

func TestSignupWithAPasskey(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, keySignup, passkeys)
		d, to, k := h.device(), person(1), newKey()
		if v := d.do(h.signUp(keySignupOf(to))); v.Pending() != flows.VerifyEmail {
			t.Fatalf("it waits at %q", v.Pending())
		}
		_, err := d.try(func(v *flows.Visit) error { _, err := h.SignupKeyOptions(t.Context(), v); return err })
		h.refused(err, refusal.Conflict, "") // the address comes first
		if v := d.do(h.verifyEmail(h.code(to))); v.Pending() != flows.MFASignup || v.Authenticated() {
			t.Fatalf("it waits at %q", v.Pending())
		}
		weak := newKey()
		weak.UV = false
		_, err = d.makesKey(weak)
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		waited := d.token
		v, err := d.makesKey(k)
		h.must(err)
		if !v.Authenticated() || d.token == waited || v.Status().User.HasUsablePassword {
			t.Errorf("signed in %t, %+v", v.Authenticated(), v.Status().User)
		}
		h.dead(waited)
		h.consistent()
		_, err = d.try(func(v *flows.Visit) error { _, err := h.SignupKeyOptions(t.Context(), v); return err })
		h.refused(err, refusal.Conflict, "")
		if h.signedInByKey(k).user() != d.user() {
			t.Error("the passkey logs in as somebody else")
		}
		_, err = h.device().try(h.logIn(loginOf(to, password)))
		h.refused(err, refusal.Invalid, refusal.EmailMismatch)
	})
}

// TestSignupWithAPasskeyTellsNothingOfATakenAddress, and leads nowhere with it.
func TestSignupWithAPasskeyTellsNothingOfATakenAddress(t *testing.T) {
	h := newFactorHouse(t, "sqlite", keySignup, passkeys)
	h.member(person(1))
	free, taken := h.device(), h.device()
	vf, errf := free.try(h.signUp(keySignupOf(person(2))))
	vt, errt := taken.try(h.signUp(keySignupOf(person(1))))
	if told(vf, errf) != told(vt, errt) {
		t.Errorf("free: %s; taken: %s", told(vf, errf), told(vt, errt))
	}
	if got := h.kinds(person(1)); got[len(got)-1] != "account_already_exists" {
		t.Errorf("the owner is sent %v", got)
	}
	for _, step := range []step{
		h.verifyEmail(h.code(person(1))),
		func(v *flows.Visit) error { _, err := h.SignupKeyOptions(t.Context(), v); return err },
	} {
		if _, err := taken.try(step); err == nil || taken.user() != "" || taken.visit().Pending() == flows.MFASignup {
			t.Errorf("answered %v, it waits at %q", err, taken.visit().Pending())
		}
	}
	if h.one(`SELECT COUNT(*) FROM users`) != "2" {
		t.Error("an account was made")
	}
}

// TestSignupWithAPasskeyThatIsGivenUp leaves an account that its owner comes to by what is mailed, and nobody by a passkey.
func TestSignupWithAPasskeyThatIsGivenUp(t *testing.T) {
	h := newFactorHouse(t, "sqlite", keySignup+`, "login_by_code_enabled": true, "login_timeout": 600`, passkeys)
	d, to := h.device(), person(1)
	d.do(h.signUp(keySignupOf(to)))
	d.do(h.verifyEmail(h.code(to)))
	options := d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.SignupKeyOptions(t.Context(), v) })
	late := newKey()
	answer := late.Create(options)
	h.clock.Advance(10*time.Minute + time.Second)
	_, err := d.try(func(v *flows.Visit) error {
		return h.FinishSignupByKey(t.Context(), v, flows.KeyInput{Credential: answer})
	})
	h.refused(err, refusal.Conflict, "")
	if d.user() != "" || h.count("authenticators") != "0" {
		t.Errorf("signed in as %q", d.user())
	}
	d.do(h.requestCode(to))
	d.do(h.confirmCode(h.code(to)))
	if d.user() == "" {
		t.Fatal("its owner does not get in")
	}
	d.addKey(newKey(), true) // there is nothing to prove it by anew, and a code was given
	h.consistent()
}

// TestSignupWithAPasskeyThatSomebodyElseGoesOnWith: while a signup waits for its passkey, its owner comes in elsewhere and sets up an
// app. Whoever has the device that waits does not come past that by a passkey of their own.
func TestSignupWithAPasskeyThatSomebodyElseGoesOnWith(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name, atSettling := range map[string]bool{"before the request": false, "before the step settles": true} {
			t.Run(name, func(t *testing.T) {
				h := newFactorHouse(t, engine, keySignup+`, "login_by_code_enabled": true`, passkeys)
				d, to, k := h.device(), person(1), newKey()
				d.do(h.signUp(keySignupOf(to)))
				d.do(h.verifyEmail(h.code(to)))
				options := d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.SignupKeyOptions(t.Context(), v) })
				owner := h.device()
				owner.do(h.requestCode(to))
				owner.do(h.confirmCode(h.code(to)))
				code := h.appOf(owner.look().Secret).code()
				protect := func() {
					_, err := h.rival.ActivateTOTP(t.Context(), owner.at(h.rival), code)
					h.must(err)
				}
				if atSettling {
					h.atSettling(protect)
				} else {
					protect()
				}
				v, err := d.try(func(v *flows.Visit) error {
					return h.FinishSignupByKey(t.Context(), v, flows.KeyInput{Credential: k.Create(options)})
				})
				h.on(nil)
				if _, refused := refusal.As(err); !refused {
					t.Errorf("it was answered %v", err)
				}
				if v.Authenticated() || d.user() != "" || d.visit().Pending() != "" {
					t.Errorf("signed in as %q, it waits at %q", d.user(), d.visit().Pending())
				}
				if got := owner.types(); got != "recovery_codes totp" {
					t.Errorf("the account has %s", got)
				}
			})
		}
	})
}

// TestPeopleWithoutAPassword prove who they are by their passkey, and may set one.
func TestPeopleWithoutAPassword(t *testing.T) {
	h := newFactorHouse(t, "sqlite", keySignup, passkeys)
	d, k := h.device(), newKey()
	d.do(h.signUp(keySignupOf(person(1))))
	d.do(h.verifyEmail(h.code(person(1))))
	_, err := d.makesKey(k)
	h.must(err)
	h.clock.Advance(time.Hour)
	v, err := d.try(func(v *flows.Visit) error { _, err := h.AddKeyOptions(t.Context(), v, true); return err })
	h.refused(err, refusal.Unauthenticated, "")
	flow := v.Status().Flows
	if len(flow) != 1 || flow[0].ID != "mfa_reauthenticate" || !slices.Equal(flow[0].Types, []string{"webauthn"}) {
		t.Errorf("the ways to prove it are %+v", flow)
	}
	_, err = d.try(h.reauthenticate(password))
	if err == nil {
		t.Error("a password is taken where there is none")
	}
	// Whoever has no more than the session would prove with a password of their own choosing who they are, and remove the passkey.
	v, err = d.try(h.changePassword("", password))
	h.refused(err, refusal.Unauthenticated, "")
	if flow := v.Status().Flows; len(flow) != 1 || flow[0].ID != "mfa_reauthenticate" || h.one(`SELECT password FROM users`) != "" {
		t.Errorf("a first password is set without a proof; the ways to give one are %+v", flow)
	}
	d.do(h.showKeyAgain(k.Get(d.askedAgain())))
	d.addKey(newKey(), true)
	d.do(h.changePassword("", password))
	if v := h.device().do(h.logIn(loginOf(person(1), password))); v.Pending() != flows.MFAAuthenticate {
		t.Errorf("a login by the first password waits at %q", v.Pending())
	}
}

// TestAnswersToAPasskeyLoginDoNotLockOut: whoever knows a user and the id of a key can answer wrongly as often as is allowed, and keeps
// nobody from showing a code.
func TestAnswersToAPasskeyLoginDoNotLockOut(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, "rate_limits": {"login_failed": "2/h/key"}`, keys)
	owner, _ := signedUp(h, 1)
	x, k := owner.addApp(), newKey()
	owner.addKey(k, true)
	stale := k.Get(h.device().askedToLogIn())
	d := h.device()
	d.askedToLogIn()
	for _, want := range []refusal.Code{refusal.IncorrectCode, refusal.IncorrectCode, refusal.TooManyLogins} {
		_, err := d.try(h.loginByKey(stale))
		h.refused(err, refusal.Invalid, want)
	}
	owner.do(h.showCodeAgain(x.code()))
}

// Somebody else's passkey puts out whoever is signed in, and its answer is good for one session then, too: also where the answer comes a second
// time while the first is being written. Passkeys that are synced between devices count nothing, so no counter tells.
func TestAnothersPasskeyIsShownOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		owner, k := h.uncounted(1)
		_, bob := signedUp(h, 2)
		d := h.signedIn(bob)
		show := h.loginByKey(k.Get(d.askedToLogIn()))
		late := d.visit()
		d.do(show)
		if err := show(late); err == nil || late.Issued() != "" {
			t.Errorf("shown a second time: %v, with the token %q", err, late.Issued())
		}
		if d.user() != owner.user() {
			t.Errorf("signed in is %q", d.user())
		}
	})
}
