package flows_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestPendingLoginRunsOut(t *testing.T) {
	const timeout = 10 * time.Minute
	h := newHouse(t, "sqlite", linkIn+`, "login_timeout": 600`)
	_, token := h.signup("ann@example.org")
	key := h.key("ann@example.org")
	h.clock.Advance(timeout)
	if got := h.open(token).Pending(); got != flows.VerifyEmail {
		t.Errorf("at the timeout it waits at %q", got)
	}
	h.clock.Advance(time.Microsecond)
	v := h.open(token)
	if v.Pending() != "" || v.Authenticated() || v.Lost() {
		t.Errorf("after the timeout: pending %q, signed in %t, lost %t", v.Pending(), v.Authenticated(), v.Lost())
	}
	// The link still proves the address, and completes nothing.
	h.must(h.VerifyEmail(t.Context(), v, key))
	if v.Authenticated() || v.Issued() != "" {
		t.Error("a login that ran out was completed")
	}
	if h.open(token).Authenticated() {
		t.Error("a login that ran out signs in")
	}
	h.login("ann@example.org")
}

// TestCookieEndsWhenItWasSaidTo: a browser was told with the login when its cookie ends, and use does not put that off.
func TestCookieEndsWhenItWasSaidTo(t *testing.T) {
	const age = 14 * 24 * time.Hour
	h := newHouse(t, "sqlite", optional)
	h.signup("ann@example.org")
	browser := flows.Origin{Client: flows.Browser}
	v, err := h.Open(t.Context(), h.tenant, browser)
	h.must(err)
	h.must(h.Login(t.Context(), v, flows.LoginInput{
		Email: flows.Text{Value: "ann@example.org", Sent: true}, Password: flows.Text{Value: password, Sent: true},
	}))
	browser.Token = v.Issued()
	for range 13 {
		h.clock.Advance(age / 14)
		v, err = h.Open(t.Context(), h.tenant, browser)
		h.must(err)
		if !v.Authenticated() {
			t.Fatal("the session ended before its time")
		}
	}
	h.clock.Advance(age / 14)
	if v, err = h.Open(t.Context(), h.tenant, browser); err != nil || !v.Lost() {
		t.Errorf("the session outlives its cookie: %+v, %v", v.Status(), err)
	}
}

func TestSessionLivesAsLongAsItIsUsed(t *testing.T) {
	const age, day = 14 * 24 * time.Hour, 24 * time.Hour
	h := newHouse(t, "sqlite", optional)
	h.signup("ann@example.org")
	used, unused := h.login("ann@example.org"), h.login("ann@example.org")
	var touches atomic.Int64
	h.on(func(op, query string) error {
		if op == faultdb.Exec && strings.Contains(query, "SET seen_at") {
			touches.Add(1)
		}
		return nil
	})
	h.clock.Advance(day - time.Microsecond)
	h.open(used)
	if n := touches.Load(); n != 0 {
		t.Errorf("moved along %d times within a day", n)
	}
	h.clock.Advance(time.Microsecond)
	for range 3 {
		h.open(used)
	}
	if n := touches.Load(); n != 1 {
		t.Errorf("moved along %d times at the end of a day, want once", n)
	}
	h.clock.Advance(age - day - time.Microsecond)
	if !h.open(used).Authenticated() {
		t.Fatal("a session in use ended")
	}
	h.clock.Advance(time.Microsecond) // a session's age after the logins
	h.dead(unused)
	if !h.open(used).Authenticated() {
		t.Error("the session that was used ends with the one that was not")
	}
	if n := h.one(`SELECT COUNT(*) FROM sessions`); n != "2" { // the signup's own is there until it is shown or swept
		t.Errorf("%s sessions are left", n)
	}
	h.clock.Advance(age)
	h.dead(used)
}

func TestSessionEndsOnTheMicrosecond(t *testing.T) {
	h := newHouse(t, "sqlite", optional)
	h.signup("ann@example.org")
	first, second := h.login("ann@example.org"), h.login("ann@example.org")
	h.clock.Advance(14*24*time.Hour - time.Microsecond)
	if !h.open(first).Authenticated() {
		t.Error("it ended early")
	}
	h.clock.Advance(time.Microsecond)
	h.dead(second)
	h.dead(second)
}

func TestDeactivatedUserIsOutAtOnce(t *testing.T) {
	h := newHouse(t, "sqlite", linkIn)
	id := h.verified("ann@example.org")
	token := h.login("ann@example.org")
	_, waiting := h.signup("bob@example.org")
	bob := h.one(`SELECT user_id FROM emails WHERE email = $1`, "bob@example.org")
	bobsKey := h.key("bob@example.org")
	h.setActive(id, false)
	h.setActive(bob, false)

	for _, token := range []string{token, waiting} {
		v := h.open(token)
		if v.Authenticated() || v.Pending() != "" || v.Lost() || !v.Ended() {
			t.Errorf("signed in %t, pending %q, lost %t, ended %t", v.Authenticated(), v.Pending(), v.Lost(), v.Ended())
		}
		if got := v.Status(); got.User != nil {
			t.Errorf("the status shows %v", got.User)
		}
		h.dead(token)
	}
	sessions := h.count("sessions")
	v := h.open("")
	h.must(h.Login(t.Context(), v, loginOf("ann@example.org", password)))
	if v.Authenticated() || v.Issued() != "" || h.count("sessions") != sessions {
		t.Error("the login made a session")
	}
	h.refused(h.Login(t.Context(), h.open(""), loginOf("ann@example.org", otherPassword)), refusal.Invalid, refusal.EmailMismatch)

	h.refused(h.VerifyEmail(t.Context(), h.open(""), bobsKey), refusal.Invalid, refusal.InvalidOrExpiredKey)
	_, _, err := h.LookAtEmailKey(t.Context(), h.open(""), bobsKey)
	h.refused(err, refusal.Invalid, refusal.InvalidOrExpiredKey)
	h.setActive(id, true)
	h.login("ann@example.org")
}

func TestDeactivationBeatsALoginUnderWay(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory)
	id := h.verified("ann@example.org")
	sessions := h.count("sessions")
	h.on(func(op, _ string) error {
		if op == faultdb.Begin { // the password was compared, and nothing is written yet
			h.exec(`UPDATE users SET active = FALSE WHERE id = $1`, id)
		}
		return nil
	})
	v := h.open("")
	h.refused(h.Login(t.Context(), v, loginOf("ann@example.org", password)), refusal.Conflict, "")
	if v.Authenticated() || v.Issued() != "" || h.count("sessions") != sessions {
		t.Error("the login made a session")
	}
}

// TestDeactivationJustBeforeTheCommitCounts deactivates the user when a login has written everything and is not committed.
// Whichever of the two is committed first, nobody is signed in once both are.
func TestDeactivationJustBeforeTheCommitCounts(t *testing.T) {
	for name, complete := range map[string]func(h *house) *flows.Visit{
		"of a login by password": func(h *house) *flows.Visit {
			h.verified("ann@example.org")
			h.deactivateAtCommit()
			v := h.open("")
			_ = h.Login(h.Context(), v, loginOf("ann@example.org", password)) // it may be refused
			return v
		},
		"of a login by link": func(h *house) *flows.Visit {
			_, token := h.signup("ann@example.org")
			key := h.key("ann@example.org")
			v := h.open(token)
			h.deactivateAtCommit()
			_ = h.VerifyEmail(h.Context(), v, key) // it may be refused
			return v
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "postgres", linkIn)
			v := complete(h)
			h.on(nil)
			h.deactivated()
			if token := v.Issued(); token != "" && h.open(token).Authenticated() {
				t.Error("a deactivated user is signed in")
			}
		})
	}
}

func TestEpochEndsSessions(t *testing.T) {
	h := newHouse(t, "sqlite", linkIn)
	id := h.verified("ann@example.org")
	token := h.login("ann@example.org")
	_, waiting := h.signup("bob@example.org")
	bob := h.one(`SELECT user_id FROM emails WHERE email = $1`, "bob@example.org")
	h.exec(`UPDATE users SET epoch = epoch + 1 WHERE id IN ($1, $2)`, id, bob)
	for _, token := range []string{token, waiting} {
		v := h.open(token)
		if v.Authenticated() || v.Pending() != "" || !v.Ended() || v.Lost() {
			t.Errorf("signed in %t, pending %q, ended %t, lost %t", v.Authenticated(), v.Pending(), v.Ended(), v.Lost())
		}
		h.dead(token)
	}
	if again := h.login("ann@example.org"); !h.open(again).Authenticated() {
		t.Error("a login after the change does not hold")
	}
}

func TestProofsOfAnotherUserCountForNothing(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory)
	h.verified("ann@example.org")
	h.signup("bob@example.org")
	v := h.open("")
	h.must(h.Login(t.Context(), v, loginOf("bob@example.org", password)))
	if v.Pending() != flows.VerifyEmail {
		t.Fatalf("pending %q", v.Pending())
	}
	planted := v.Issued()
	v = h.open(planted)
	h.must(h.Login(t.Context(), v, loginOf("ann@example.org", password)))
	var methods []flows.Method
	h.must(json.Unmarshal(v.Status().Methods, &methods))
	if len(methods) != 2 || methods[1].Email != "ann@example.org" { // the contract lists what was given in the session
		t.Errorf("ann is signed in by %v", methods)
	}
	if v.Issued() == "" || v.Issued() == planted {
		t.Error("the login completed under the token that it waited with")
	}
	h.dead(planted)
}

func TestPretendedLoginNeverCompletes(t *testing.T) {
	h := newHouse(t, "sqlite", linkIn)
	h.signup("ann@example.org")
	key := h.key("ann@example.org")
	h.clock.Advance(5 * time.Minute) // the address may be mailed again
	v, token := h.signup("ann@example.org")
	if v.Pending() != flows.VerifyEmail || h.count("users") != "1" {
		t.Fatalf("pending %q, %s users", v.Pending(), h.count("users"))
	}
	mails := h.letters("ann@example.org")
	if last := mails[len(mails)-1]; len(mails) != 2 || last.Kind != "account_already_exists" || last.Data["url"] != "" {
		t.Errorf("mailed %v", mails)
	}
	v = h.open(token)
	h.must(h.VerifyEmail(t.Context(), v, key))
	if v.Authenticated() || v.Issued() != "" {
		t.Error("a key completed a pretended login")
	}
	if v := h.open(token); v.Authenticated() || v.Pending() != "" {
		t.Errorf("signed in %t, pending %q", v.Authenticated(), v.Pending())
	}
	h.login("ann@example.org")
}

// TestSecondStepOnASessionRunsAgain has two steps begin on one session. What the second finds is what the first left.
func TestSecondStepOnASessionRunsAgain(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, linkIn)
		h.verified("ann@example.org")
		_, token := h.signup("bob@example.org")
		first, second := h.open(token), h.open(token)
		h.must(h.Login(t.Context(), first, loginOf("ann@example.org", password)))
		h.must(h.VerifyEmail(t.Context(), second, h.key("bob@example.org")))
		if second.Authenticated() || second.Pending() != "" {
			t.Error("the login that the first step replaced was completed by the second")
		}
		if !h.open(first.Issued()).Authenticated() {
			t.Error("the step that was first lost its session")
		}
		h.dead(token)
	})
}

// TestStepThatIsAlwaysLateIsRefused changes the session each time that a step is about to save it.
func TestStepThatIsAlwaysLateIsRefused(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, linkIn)
		_, token := h.signup("ann@example.org")
		key := h.key("ann@example.org")
		v := h.open(token)
		tries := 0
		h.on(func(op, _ string) error {
			if op == faultdb.Begin {
				tries++
				h.exec(`UPDATE sessions SET version = version + 1`)
			}
			return nil
		})
		h.refused(h.VerifyEmail(t.Context(), v, key), refusal.Conflict, "")
		h.on(nil)
		if tries != 2 {
			t.Errorf("tried %d times, want twice", tries)
		}
		if v.Authenticated() || v.Issued() != "" {
			t.Error("a refused step signed in")
		}
		if n := h.one(`SELECT COUNT(*) FROM emails WHERE verified`); n != "0" {
			t.Error("a refused step left its writes behind")
		}
		v = h.open(token)
		h.must(h.VerifyEmail(t.Context(), v, key))
		if !v.Authenticated() {
			t.Error("the next try did not sign in")
		}
	})
}

// TestManyStepsOnOneSessionLeaveOne has many complete the login of one session at once.
func TestManyStepsOnOneSessionLeaveOne(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, linkIn)
		_, token := h.signup("ann@example.org")
		key := h.key("ann@example.org")
		const n = 16
		visits := make([]*flows.Visit, n)
		for i := range visits {
			visits[i] = h.open(token)
		}
		errs := together(n, func(i int) error { return h.VerifyEmail(t.Context(), visits[i], key) })
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				if !visits[i].Authenticated() || !h.open(visits[i].Issued()).Authenticated() {
					t.Error("the one that got through is not signed in")
				}
				continue
			}
			if !refusal.Is(err, refusal.Invalid) && !refusal.Is(err, refusal.Conflict) {
				t.Errorf("refused with %v", err)
			}
			if visits[i].Issued() != "" {
				t.Error("a refused step issued a token")
			}
		}
		if won != 1 || h.count("sessions") != "1" {
			t.Errorf("%d got through, and there are %s sessions", won, h.count("sessions"))
		}
		h.dead(token)
	})
}

// TestSessionKeepsWhereItCameFrom holds every way of saving a session to what a session's record is for.
func TestSessionKeepsWhereItCameFrom(t *testing.T) {
	record := func(h *house) string {
		return h.one(`SELECT ip || ' ' || user_agent FROM sessions WHERE user_id IS NOT NULL OR version > 1 ORDER BY version DESC LIMIT 1`)
	}
	const want = "192.0.2.7 a test"
	for name, test := range map[string]func(h *house){
		"a signup": func(h *house) { h.signup("ann@example.org") },
		"a link that signs in": func(h *house) {
			_, token := h.signup("ann@example.org")
			h.must(h.VerifyEmail(h.Context(), h.open(token), h.key("ann@example.org")))
		},
		"a login that was given up": func(h *house) {
			_, token := h.signup("ann@example.org")
			h.signup("bob@example.org")
			h.must(h.VerifyEmail(h.Context(), h.open(token), h.key("bob@example.org")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", linkIn)
			test(h)
			if got := record(h); got != want {
				t.Errorf("the session came from %q, want %q", got, want)
			}
			if n := h.one(`SELECT COUNT(*) FROM sessions WHERE seen_at < $1`, testkit.Start); n != "0" {
				t.Errorf("%s sessions were last seen before there were any", n)
			}
		})
	}
}

// TestGuessesAtOnceAreLimited makes more guesses at once than are allowed. No more than that are compared.
func TestGuessesAtOnceAreLimited(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "rate_limits": {"login_failed": "5/5m/key"}`)
	h.signup("ann@example.org")
	var looked atomic.Int64
	h.on(func(op, query string) error {
		if op == faultdb.Query && strings.Contains(query, "FROM emails e") {
			looked.Add(1)
		}
		return nil
	})
	const n = 64
	visits := make([]*flows.Visit, n)
	for i := range visits {
		visits[i] = h.open("")
	}
	errs := together(n, func(i int) error { return h.Login(t.Context(), visits[i], loginOf("Ann@Example.ORG", otherPassword)) })
	for _, err := range errs {
		if !refusal.Is(err, refusal.Invalid) {
			t.Errorf("got %v", err)
		}
	}
	if got := looked.Load(); got != 5 {
		t.Errorf("%d guesses were compared, want 5", got)
	}
	h.on(nil)
	h.refused(h.Login(t.Context(), h.open(""), loginOf("ann@example.org", password)), refusal.Invalid, refusal.TooManyLogins)
	if refused := h.refusals.take(); len(refused) != n-5+1 || refused[0] != "acme login_failed" {
		t.Errorf("%d requests are said to have been refused: %.3q", len(refused), refused)
	}
	h.clock.Advance(5*time.Minute + time.Second)
	h.login("ann@example.org")
}

// TestRightPasswordUsesUpNoGuess logs in more often than one may guess.
func TestRightPasswordUsesUpNoGuess(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "rate_limits": {"login_failed": "2/h/key"}`)
	h.signup("ann@example.org")
	for range 6 {
		h.login("ann@example.org")
	}
	h.on(func(op, query string) error {
		if op == faultdb.Query && strings.Contains(query, "FROM emails e") {
			return faultdb.ErrInjected
		}
		return nil
	})
	for range 3 { // nor does a database that is away
		err := h.Login(context.WithoutCancel(t.Context()), h.open(""), loginOf("ann@example.org", password))
		if !refusal.Is(err, refusal.Busy) {
			t.Fatalf("got %v", err)
		}
	}
	h.on(nil)
	h.login("ann@example.org")
}

// TestTokenOfOneKindIsNothingToTheOther shows an app's token as a browser's.
func TestTokenOfOneKindIsNothingToTheOther(t *testing.T) {
	h := newHouse(t, "sqlite", optional)
	_, token := h.signup("ann@example.org")
	v, err := h.Open(t.Context(), h.tenant, flows.Origin{Client: store.Browser, Token: token})
	h.must(err)
	if v.Authenticated() || !v.Lost() {
		t.Error("an app's token is good for a browser")
	}
}
