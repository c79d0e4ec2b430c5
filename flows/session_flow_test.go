package flows_test

import (
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// sessions are the sessions of whoever is signed in on the device.
func (d *device) sessions() []flows.SessionView {
	d.Helper()
	all, err := d.Sessions(d.Context(), d.visit())
	d.must(err)
	return all
}

// session is the device's own session.
func (d *device) session() flows.SessionView {
	d.Helper()
	all := d.sessions()
	i := slices.IndexFunc(all, func(x flows.SessionView) bool { return x.IsCurrent })
	if i < 0 {
		d.Fatalf("no session is the current one: %+v", all)
	}
	return all[i]
}

func (d *device) endSessions(ids ...int64) ([]flows.SessionView, error) {
	d.Helper()
	var left []flows.SessionView
	_, err := d.try(func(v *flows.Visit) (err error) {
		left, err = d.EndSessions(d.Context(), v, ids)
		return err
	})
	return left, err
}

func TestSessionsAreListedLatestFirst(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, optional)
		h.signup("ann@example.org")
		h.signup("bob@example.org")
		h.exec(`DELETE FROM sessions`)
		first := h.signedIn("ann@example.org")
		h.clock.Advance(time.Hour)
		second := h.signedIn("ann@example.org")
		h.signedIn("bob@example.org")

		all := second.sessions()
		if len(all) != 2 || !all[0].IsCurrent || all[1].IsCurrent || all[0].CreatedAt != all[1].CreatedAt+3600 {
			t.Fatalf("got %+v", all)
		}
		if got := first.session(); got.ID != all[1].ID || got.IP != "192.0.2.7" || got.UserAgent != "a test" || got.LastSeenAt != 0 {
			t.Errorf("the first device sees itself as %+v", got)
		}
		h.clock.Advance(14*24*time.Hour - time.Hour) // the first session ran out, unused since
		if all := second.sessions(); len(all) != 1 {
			t.Errorf("a session that ran out is listed: %+v", all)
		}
	})
}

func TestOnlySessionsThatAreSignedInAreListed(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory+`, "login_by_code_enabled": true`)
	h.verified("ann@example.org")
	d := h.signedIn("ann@example.org")
	waiting := h.device()
	waiting.do(func(v *flows.Visit) error {
		return h.RequestLoginCode(t.Context(), v, flows.LoginCodeInput{Email: flows.Text{Value: "ann@example.org", Sent: true}})
	})
	if waiting.visit().Pending() != flows.LoginByCode {
		t.Fatal("the second login does not wait")
	}
	if all := d.sessions(); len(all) != 1 {
		t.Errorf("got %+v", all)
	}
	for name, call := range map[string]func(v *flows.Visit) error{
		"listing": func(v *flows.Visit) error { _, err := h.Sessions(t.Context(), v); return err },
		"ending":  func(v *flows.Visit) error { _, err := h.EndSessions(t.Context(), v, []int64{1}); return err },
	} {
		for who, of := range map[string]*device{"a stranger": h.device(), "a login that waits": waiting} {
			if err := call(of.visit()); !refusal.Is(err, refusal.Unauthenticated) {
				t.Errorf("%s as %s: %v", name, who, err)
			}
		}
	}
}

// TestSessionsThatWerePutOutAreGone: whoever looks at the list after a change of the password sees what is left of it.
func TestSessionsThatWerePutOutAreGone(t *testing.T) {
	h := newHouse(t, "sqlite", optional)
	h.signup("ann@example.org")
	h.signedIn("ann@example.org")
	d := h.signedIn("ann@example.org")
	if n := len(d.sessions()); n != 3 {
		t.Fatalf("%d sessions", n)
	}
	d.do(func(v *flows.Visit) error {
		return h.ChangePassword(t.Context(), v, flows.ChangePasswordInput{Current: password, New: otherPassword})
	})
	if all := d.sessions(); len(all) != 1 || !all[0].IsCurrent || h.count("sessions") != "1" {
		t.Errorf("%+v of %s sessions are left", all, h.count("sessions"))
	}
}

func TestSessionsAreEndedTogetherOrNotAtAll(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, optional)
		h.signup("ann@example.org")
		h.exec(`DELETE FROM sessions`)
		h.signup("bob@example.org")
		d, other, third, bobs := h.signedIn("ann@example.org"), h.signedIn("ann@example.org"), h.signedIn("ann@example.org"), h.signedIn("bob@example.org")

		foreign := bobs.session().ID
		for name, ids := range map[string][]int64{
			"one that there is not":     {other.session().ID, 1},
			"one of somebody else":      {other.session().ID, foreign},
			"none that there is":        {-1},
			"somebody else's and one's": {d.session().ID, foreign},
		} {
			_, err := d.endSessions(ids...)
			if !refusal.Is(err, refusal.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
			if n := len(d.sessions()); n != 3 {
				t.Errorf("%s: %d sessions are left", name, n)
			}
		}
		_, err := d.endSessions()
		h.refused(err, refusal.Invalid, refusal.Required)
		_, err = d.endSessions(1)
		h.refused(err, refusal.Invalid, refusal.InvalidChoice)

		id := other.session().ID
		left, err := d.endSessions(id, id) // naming it twice is no fault
		h.must(err)
		if len(left) != 2 || slices.ContainsFunc(left, func(x flows.SessionView) bool { return x.ID == id }) {
			t.Errorf("left are %+v", left)
		}
		h.dead(other.token)
		if third.user() == "" || bobs.user() == "" {
			t.Error("a session ended that was not named")
		}
		_, err = d.endSessions(id)
		h.refused(err, refusal.Invalid, refusal.InvalidChoice) // it is gone

		held := d.token
		left, err = d.endSessions(d.session().ID, third.session().ID)
		h.must(err)
		if len(left) != 0 || d.token != "" {
			t.Errorf("left are %+v, and the device shows %q", left, d.token)
		}
		h.dead(held)
		h.dead(third.token)
	})
}

// TestTrackedSessionFollowsItsUse: where the tenant tracks activity, a session's address, program and time follow its use, with
// one write a minute at most.
func TestTrackedSessionFollowsItsUse(t *testing.T) {
	for _, client := range []flows.Client{flows.App, flows.Browser} {
		t.Run(string(client), func(t *testing.T) {
			h := newHouse(t, "sqlite", optional)
			h.tenant.Settings.UserSessions.TrackActivity = true
			h.signup("ann@example.org")
			origin := flows.Origin{Client: client, Slides: client == flows.App, IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "the first program"}
			use := func() *flows.Visit {
				t.Helper()
				v, err := h.Open(t.Context(), h.tenant, origin)
				h.must(err)
				return v
			}
			seen := func() flows.SessionView {
				t.Helper()
				all, err := h.Sessions(t.Context(), use())
				h.must(err)
				return all[slices.IndexFunc(all, func(x flows.SessionView) bool { return x.IsCurrent })]
			}
			v := use()
			h.must(h.Login(t.Context(), v, loginOf("ann@example.org", password)))
			origin.Token = v.Issued()
			expires := h.one(`SELECT MAX(expires_at) FROM sessions`)
			start := float64(testkit.Start.Unix())

			var writes atomic.Int64
			h.on(func(op, query string) error {
				if op == faultdb.Exec && strings.Contains(query, "UPDATE sessions") {
					writes.Add(1)
				}
				return nil
			})
			h.clock.Advance(time.Minute - time.Microsecond)
			origin.IP, origin.UserAgent = netip.MustParseAddr("2001:db8::9"), "the second program"
			if got := seen(); got.LastSeenAt != start || got.IP != "192.0.2.7" || got.UserAgent != "the first program" || writes.Load() != 0 {
				t.Errorf("within the minute: %+v, %d writes", got, writes.Load())
			}
			h.clock.Advance(time.Microsecond)
			for range 5 {
				if got := seen(); got.LastSeenAt != start+60 || got.IP != "2001:db8::9" || got.UserAgent != "the second program" {
					t.Errorf("after the minute: %+v", got)
				}
			}
			h.clock.Advance(time.Minute - time.Microsecond)
			origin.IP = netip.MustParseAddr("192.0.2.8")
			seen()
			if n := writes.Load(); n != 1 {
				t.Errorf("%d writes within a minute", n)
			}
			if got := h.one(`SELECT MAX(expires_at) FROM sessions`); got != expires {
				t.Errorf("its end moved from %s to %s", expires, got)
			}
		})
	}
}

func TestUntrackedSessionIsNotWrittenOnUse(t *testing.T) {
	h := newHouse(t, "sqlite", optional)
	h.signup("ann@example.org")
	d := h.signedIn("ann@example.org")
	h.on(func(op, query string) error {
		if op == faultdb.Exec && strings.Contains(query, "UPDATE sessions") {
			t.Errorf("written: %s", query)
		}
		return nil
	})
	for range 3 {
		h.clock.Advance(time.Hour)
		if got := d.session(); got.LastSeenAt != 0 {
			t.Errorf("last seen is told: %+v", got)
		}
	}
}

// TestLoginClearsAwayWhatWasPutOut changes the password on one of three devices: of the others, the one that is used first is told once
// that nobody is signed in, and the other, after a login on a fourth, that its session is gone.
func TestLoginClearsAwayWhatWasPutOut(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, `+unlimited)
	h.verifiedAnyhow("ann@example.org")
	a, b, c := h.signedIn("ann@example.org"), h.signedIn("ann@example.org"), h.signedIn("ann@example.org")
	a.do(h.changePassword(password, otherPassword))
	if v := b.visit(); v.Authenticated() || v.Lost() {
		t.Errorf("signed in %t, lost %t", v.Authenticated(), v.Lost())
	}
	h.device().do(h.logIn(loginOf("ann@example.org", otherPassword)))
	h.dead(b.token)
	h.dead(c.token)
	if a.user() == "" {
		t.Error("so is the device that changed it")
	}
}
