package flows_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// happened is how many events of an action there are.
func (h *house) happened(action store.Action) int {
	h.Helper()
	return len(h.rows(fmt.Sprintf(`SELECT id FROM audit_events WHERE action = '%s'`, action)))
}

// logged are the events since the last time this was asked, as their actions, with whom they are about where that is known.
func (h *house) logged(seen *int) []string {
	h.Helper()
	all := h.rows(`SELECT action, actor_kind FROM audit_events ORDER BY id`)
	since := all[*seen:]
	*seen = len(all)
	return since
}

// TestWhatUsersDoIsLogged, each act once, and as whose.
func TestWhatUsersDoIsLogged(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, "login_on_password_reset": true, `+unlimited, keys)
		seen := 0
		is := func(what string, want ...string) {
			t.Helper()
			if got := h.logged(&seen); !slices.Equal(got, want) {
				t.Errorf("%s: %q, not %q", what, got, want)
			}
		}
		d := h.device()
		d.do(h.signUp(signupOf(person(1))))
		is("a signup", "user.signed_up user", "user.logged_in user")
		d.do(h.verifyEmail(h.key(person(1))))
		is("a proof", "email.verified user")
		d.do(h.reauthenticate(password))
		is("a reauthentication", "user.reauthenticated user")
		_, err := d.try(h.reauthenticate(otherPassword))
		h.refused(err, refusal.Invalid, refusal.IncorrectPassword)
		is("a wrong reauthentication", "user.reauthentication_failed user")
		d.do(h.addEmail("more." + person(1)))
		is("an address", "email.added user")
		d.do(func(v *flows.Visit) error { _, err := h.RemoveEmail(t.Context(), v, "more."+person(1)); return err })
		is("an address less", "email.removed user")
		d.do(h.changePassword(password, otherPassword))
		is("a password", "password.changed user")
		d.addKey(newKey(), true)
		is("a key", "factor.added user", "factor.added user") // and recovery codes
		d.do(func(v *flows.Visit) error { return h.Logout(t.Context(), v) })
		is("a logout", "user.logged_out user")
		_, err = d.try(h.logIn(loginOf(person(1), password)))
		h.refused(err, refusal.Invalid, refusal.EmailMismatch)
		is("a wrong password", "user.login_failed ")
		d.do(h.requestReset(person(1)))
		is("a request for a reset", "password.reset_requested ")
		h.device().do(h.reset(h.key(person(1)), password))
		is("a reset", "password.reset user")
		for _, details := range h.rows(`SELECT details FROM audit_events`) {
			if strings.Contains(details, password) || strings.Contains(details, otherPassword) {
				t.Errorf("a password is in the log: %s", details)
			}
		}
	})
}

// TestFailedLoginsAreAlike: to the database, and in the log, whether there is an account.
func TestFailedLoginsAreAlike(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, optional+`, `+unlimited)
		h.signup(person(1))
		known := h.rows(`SELECT CAST(id AS TEXT) FROM users`)[0]
		try := func(email string) (statements []string, event store.Event) {
			h.hook = func(op, query string) error {
				if op == faultdb.Query || op == faultdb.Exec {
					statements = append(statements, query)
				}
				return nil
			}
			_, err := h.device().try(h.logIn(loginOf(email, otherPassword)))
			h.hook = nil
			h.refused(err, refusal.Invalid, refusal.EmailMismatch)
			rows := h.rows(`SELECT CAST(user_id AS TEXT), details, actor_id, actor_name, target FROM audit_events WHERE action = 'user.login_failed' ORDER BY id DESC LIMIT 1`)
			if strings.Contains(rows[0], email) {
				t.Errorf("what was typed is in the log: %s", rows[0])
			}
			return statements, store.Event{UserID: strings.Fields(rows[0])[0], Details: []byte(strings.Fields(rows[0])[1])}
		}
		one, first := try(person(1))
		two, second := try(person(2))
		if !slices.Equal(one, two) || len(one) != 2 {
			t.Errorf("with an account %q, without one %q", one, two)
		}
		if first.UserID != known {
			t.Errorf("the account is not named: %s", first.UserID)
		}
		shape := func(raw []byte) (names []string) {
			var m map[string]any
			h.must(json.Unmarshal(raw, &m))
			for name := range m {
				names = append(names, name)
			}
			slices.Sort(names)
			return names
		}
		if a, b := shape(first.Details), shape(second.Details); !slices.Equal(a, b) {
			t.Errorf("the details are %v with an account, and %v without", a, b)
		}
	})
}

// TestLimitedLoginsAreNotLogged: what is stopped before the password is looked at writes nothing.
func TestLimitedLoginsAreNotLogged(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "rate_limits": {"login_failed": "2/h/key"}`)
	h.signup(person(1))
	for range 5 {
		_, _ = h.device().try(h.logIn(loginOf(person(1), otherPassword)))
	}
	if n := h.happened(store.LoginFailed); n != 2 {
		t.Errorf("%d events of two failures", n)
	}
}
