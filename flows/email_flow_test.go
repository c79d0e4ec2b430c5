package flows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestLinkRunsOutToTheSecond(t *testing.T) {
	const days = 3 * 24 * time.Hour
	h := newHouse(t, "sqlite", mandatory)
	h.signup("ann@example.org")
	key := h.key("ann@example.org")
	h.clock.Advance(days)
	if _, _, err := h.LookAtEmailKey(t.Context(), h.open(""), key); err != nil {
		t.Errorf("at the end of its time: %v", err)
	}
	h.clock.Advance(time.Second)
	_, _, err := h.LookAtEmailKey(t.Context(), h.open(""), key)
	h.refused(err, refusal.Invalid, refusal.InvalidOrExpiredKey)
	h.refused(h.VerifyEmail(t.Context(), h.open(""), key), refusal.Invalid, refusal.InvalidOrExpiredKey)
}

func TestLinkIsForOneTenantAndUnchanged(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory)
	h.signup("ann@example.org")
	key := h.key("ann@example.org")
	other := testkit.AddTenant(t, h.store, "globex", `{"account": {"email_verification": "mandatory"}}`)
	v, err := h.Open(t.Context(), other, flows.Origin{Client: flows.App})
	h.must(err)
	h.refused(h.VerifyEmail(t.Context(), v, key), refusal.Invalid, refusal.InvalidOrExpiredKey)
	for i := range key {
		changed := key[:i] + "A" + key[i+1:]
		if changed == key {
			changed = key[:i] + "B" + key[i+1:]
		}
		h.refused(h.VerifyEmail(t.Context(), h.open(""), changed), refusal.Invalid, refusal.InvalidOrExpiredKey)
	}
	h.must(h.VerifyEmail(t.Context(), h.open(""), key))
}

// TestSecondMailWaits logs in again and again before the address is proven. The mail that came first is still good.
func TestSecondMailWaits(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory)
	h.signup("ann@example.org")
	again := func() {
		t.Helper()
		v := h.open("")
		h.must(h.Login(t.Context(), v, loginOf("ann@example.org", password)))
		if v.Pending() != flows.VerifyEmail {
			t.Fatalf("pending %q", v.Pending())
		}
	}
	first := h.key("ann@example.org")
	again()
	h.clock.Advance(3*time.Minute - time.Microsecond)
	again()
	if n := len(h.letters("ann@example.org")); n != 1 {
		t.Errorf("%d mails within three minutes", n)
	}
	h.clock.Advance(time.Microsecond)
	again()
	if n := len(h.letters("ann@example.org")); n != 2 {
		t.Errorf("%d mails after three minutes, want 2", n)
	}
	h.must(h.VerifyEmail(t.Context(), h.open(""), first))
	h.refused(h.VerifyEmail(t.Context(), h.open(""), h.key("ann@example.org")), refusal.Invalid, refusal.InvalidOrExpiredKey)
}

// TestMailIsNotLostToAStepThatRunsAgain has somebody take the username that a signup was about to take. The signup runs
// again, and its mail is sent all the same.
func TestMailIsNotLostToAStepThatRunsAgain(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, mandatory)
		raced := false
		h.on(func(op, _ string) error {
			if op != faultdb.Begin || raced {
				return nil
			}
			raced = true
			v, err := h.visit(h.rival, "")
			if err != nil {
				return err
			}
			return h.rival.Signup(t.Context(), v, signupOf("ann@example.com"))
		})
		h.signup("ann@example.org")
		h.on(nil)
		if !raced || h.count("users") != "2" {
			t.Fatalf("%s users", h.count("users"))
		}
		for _, email := range []string{"ann@example.com", "ann@example.org"} {
			if n := len(h.letters(email)); n != 1 {
				t.Errorf("%d mails to %s", n, email)
			}
			h.must(h.VerifyEmail(t.Context(), h.open(""), h.key(email)))
		}
	})
}

// TestMailIsNotLostToAFailure has the database fail while a second mail is queued. Asked again, it is sent, and not taken
// for one that was sent a moment ago.
func TestMailIsNotLostToAFailure(t *testing.T) {
	for _, op := range []string{faultdb.Begin, faultdb.Exec, faultdb.Commit} {
		t.Run(op, func(t *testing.T) {
			h := newHouse(t, "sqlite", mandatory)
			h.signup("ann@example.org")
			h.clock.Advance(4 * time.Minute)
			login := func() error { return h.Login(t.Context(), h.open(""), loginOf("ann@example.org", password)) }
			h.on(func(happens, _ string) error {
				if happens == op {
					return faultdb.ErrInjected
				}
				return nil
			})
			h.refused(login(), refusal.Busy, "")
			h.on(nil)
			h.must(login())
			if n := len(h.letters("ann@example.org")); n != 2 {
				t.Errorf("%d mails, want the signup's and the login's", n)
			}
		})
	}
}

func TestOneOfManyUsesOfALinkCounts(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, mandatory)
		h.signup("ann@example.org")
		key := h.key("ann@example.org")
		const n = 64
		visits := make([]*flows.Visit, n)
		for i := range visits {
			visits[i] = h.open("")
		}
		won := 0
		for _, err := range together(n, func(i int) error { return h.VerifyEmail(t.Context(), visits[i], key) }) {
			switch {
			case err == nil:
				won++
			case !refusal.Is(err, refusal.Invalid):
				t.Errorf("refused with %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d uses counted", won)
		}
		h.login("ann@example.org")
	})
}

func TestProvingFillsInTheUsersAddress(t *testing.T) {
	h := newHouse(t, "sqlite", optional)
	_, token := h.signup("ann@example.org")
	h.exec(`UPDATE emails SET is_primary = FALSE`)
	h.exec(`UPDATE users SET email = ''`)
	v := h.open(token)
	h.must(h.VerifyEmail(t.Context(), v, h.key("ann@example.org")))
	if got := v.Status().User.Email; got != "ann@example.org" {
		t.Errorf("the answer says %q", got)
	}
	if got := h.open(token).Status().User.Email; got != "ann@example.org" {
		t.Errorf("the next answer says %q", got)
	}
	all, err := h.Emails(t.Context(), h.open(token))
	h.must(err)
	if len(all) != 1 || !all[0].Primary || !all[0].Verified {
		t.Errorf("the addresses are %v", all)
	}
}

func TestLetterIsSealed(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory)
	h.signup("ann@example.org")
	var body []byte
	h.must(h.raw.QueryRowContext(t.Context(), `SELECT body FROM messages`).Scan(&body))
	if len(body) == 0 || strings.Contains(string(body), "ann@") || strings.Contains(string(body), "verify-email") {
		t.Error("a queued mail can be read in the database")
	}
}
