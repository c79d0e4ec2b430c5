package flows_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// Keycloak #48272: logins that were right were refused because others at the same account were under way.
func TestRightPasswordsAtOnceAreAllLetIn(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, optional+`, "rate_limits": {"login": "", "login_failed": "3/h/ip,2/h/key"}`)
		h.signup("ann@example.org")
		for i, err := range together(20, func(int) error {
			v, err := h.visit(h.Service, "")
			return errors.Join(err, h.Login(h.Context(), v, loginOf("ann@example.org", password)))
		}) {
			if err != nil {
				t.Errorf("login %d: %v", i, err)
			}
		}
		// None of them has used anything up, and wrong ones are counted as ever.
		for range 2 {
			h.refused(h.Login(h.Context(), h.open(""), loginOf("ann@example.org", otherPassword)), refusal.Invalid, refusal.EmailMismatch)
		}
		h.refused(h.Login(h.Context(), h.open(""), loginOf("ann@example.org", password)), refusal.Invalid, refusal.TooManyLogins)
	})
}

// Guesses that wait for others do not get around the limit by it.
func TestWrongPasswordsAtOnceAreCountedToTheLast(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, optional+`, "rate_limits": {"login": "", "login_failed": "100/h/ip,4/h/key"}`)
		h.signup("ann@example.org")
		before := h.hasher.Stats().Done
		var mu sync.Mutex
		got := map[refusal.Code]int{}
		together(60, func(int) error {
			v, err := h.visit(h.Service, "")
			if err == nil {
				err = h.Login(h.Context(), v, loginOf("ann@example.org", otherPassword))
			}
			mu.Lock()
			defer mu.Unlock()
			if r, ok := refusal.As(err); ok && len(r.Details) == 1 {
				got[r.Details[0].Code]++
			} else {
				t.Errorf("got %v", err)
			}
			return err
		})
		if n := h.hasher.Stats().Done - before; n != 4 || got[refusal.EmailMismatch] != 4 || got[refusal.TooManyLogins] != 56 {
			t.Errorf("%d were compared: %v", n, got)
		}
	})
}

// A name that may mean several accounts costs the same whether it does or not. Otherwise somebody who takes another's
// address for a username, or signs up with it where addresses are shared, could tell by the clock if it has an account.
func TestNamesThatMayMeanSeveralAccountsCostTheSame(t *testing.T) {
	byUsername := func(name string) flows.LoginInput {
		return flows.LoginInput{Username: flows.Text{Value: name, Sent: true}, Password: flows.Text{Value: otherPassword, Sent: true}}
	}
	byEmail := func(name string) flows.LoginInput { return loginOf(name, otherPassword) }
	for name, c := range map[string]struct {
		account string
		login   func(string) flows.LoginInput
	}{
		"an address for a username": {`"login_methods": ["username", "email"], "signup_fields": ["username", "email*", "password1*"]`, byUsername},
		"under strict prevention":   {`"prevent_enumeration": "strict", "signup_fields": ["email*", "password1*"]`, byEmail},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", optional+`, "rate_limits": false, `+c.account)
			h.signup("known@example.org")
			for i, who := range []string{"known@example.org", "nobody@example.org"} {
				in := flows.SignupInput{Username: who, Email: fmt.Sprintf("mallory%d@example.org", i), Password: password}
				if !c.login("").Username.Sent {
					in = signupOf(who)
				}
				h.must(h.Signup(h.Context(), h.open(""), in))
			}
			cost := func(who string) uint64 {
				before := h.hasher.Stats().Done
				h.refused(h.Login(h.Context(), h.open(""), c.login(who)), refusal.Invalid, "")
				return h.hasher.Stats().Done - before
			}
			if a, b := cost("known@example.org"), cost("nobody@example.org"); a != b {
				t.Errorf("%d passwords are compared for an address with an account, %d for one without", a, b)
			}
		})
	}
}

// An address that has an account may be added to another one, where that is hidden. It means no more accounts by it: otherwise
// whoever adds it to their own could tell by the clock if it has one.
func TestAddressThatOthersAddedCostsTheSame(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "rate_limits": false`)
	h.signup("known@example.org")
	_, token := h.signup("mallory@example.org")
	for _, who := range []string{"known@example.org", "nobody@example.org"} {
		_, err := h.AddEmail(h.Context(), h.open(token), who)
		h.must(err)
	}
	cost := func(who string) uint64 {
		before := h.hasher.Stats().Done
		h.refused(h.Login(h.Context(), h.open(""), loginOf(who, otherPassword)), refusal.Invalid, "")
		return h.hasher.Stats().Done - before
	}
	if a, b := cost("known@example.org"), cost("nobody@example.org"); a != b {
		t.Errorf("%d passwords are compared for an address with an account, %d for one without", a, b)
	}
	h.login("known@example.org")
}

// An account may come without an address, where it is asked for and not required. It gets a username all the same.
func TestSignupWithoutAnAddress(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "signup_fields": ["email", "password1*"]`)
	v := h.open("")
	h.must(h.Signup(h.Context(), v, flows.SignupInput{Password: password}))
	if s := v.Status(); s.User == nil || s.User.Username == "" || s.User.Email != "" {
		t.Errorf("got %+v", s.User)
	}
}
