package refusal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
)

func TestRefusalIsFoundThroughWrapping(t *testing.T) {
	err := fmt.Errorf("read: %w: %w", refusal.Later(refusal.Busy, time.Second), errors.New("the database is away"))
	r, ok := refusal.As(err)
	if !ok || r.Kind != refusal.Busy || r.RetryAfter != time.Second || !refusal.Is(err, refusal.Busy) || refusal.Is(err, refusal.Limited) {
		t.Errorf("got %+v, %v", r, ok)
	}
	if _, ok := refusal.As(errors.New("a fault")); ok {
		t.Error("a fault is taken for a refusal")
	}
}

func TestFaultsAreReportedTogether(t *testing.T) {
	var f refusal.Faults
	if f.Err() != nil {
		t.Error("no faults, and a refusal")
	}
	f.Add("email", refusal.Required)
	f.Say("password", refusal.PasswordTooShort, "Use at least 12 characters.")
	r, ok := refusal.As(f.Err())
	if !ok || r.Kind != refusal.Invalid || len(r.Details) != 2 || r.Details[1].Message != "Use at least 12 characters." {
		t.Errorf("got %+v", r)
	}
	if !f.Has("email") || f.Has("username") {
		t.Error("Has does not tell what was noted")
	}
	if text := r.Error(); text != "refused: invalid (email: required, password: password_too_short)" {
		t.Errorf("got %s", text)
	}
}

func TestEveryCodeHasAMessage(t *testing.T) {
	for _, c := range []refusal.Code{refusal.Required, refusal.EmailMismatch, refusal.TooManyLogins, refusal.CSRFFailed, "a code of tomorrow"} {
		if m := c.Message(); m == "" || !strings.HasSuffix(m, ".") {
			t.Errorf("%s: %q", c, m)
		}
	}
}
