package flows

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// errReauthenticate refuses a change that asks for a recent proof of who is signed in. It is answered with the ways to give
// one (Visit.Status).
var errReauthenticate = refusal.Of(refusal.Unauthenticated)

// Reauthenticate takes the password of whoever is signed in, for what asks for a recent proof. Wrong ones count as failed
// logins do.
func (s *Service) Reauthenticate(ctx context.Context, v *Visit, password string) error {
	if v.user == nil {
		return refusal.Of(refusal.Unauthenticated)
	}
	var f refusal.Faults
	password = trim(password)
	if !textFaults(&f, "password", password, true) {
		return f.Err()
	}
	a, err := s.account(ctx, v)
	if err != nil {
		return err
	}
	ok, err := s.guessOwn(ctx, v, a, password)
	if err != nil {
		return err
	}
	if !ok {
		return refusal.Because("password", refusal.IncorrectPassword)
	}
	return s.step(ctx, v, func() error {
		if v.user == nil {
			return refusal.Of(refusal.Unauthenticated)
		}
		v.keep()
		return v.record(v.user.ID, Method{Method: "password", Reauthenticated: true})
	})
}

// recent refuses a change where the tenant asks for a recent proof of who is signed in and there is none.
func (s *Service) recent(v *Visit) error {
	account := &v.Tenant.Settings.Account
	if !account.ReauthenticationRequired || len(v.reauthentications()) == 0 {
		return nil // who has no way to prove anything is not asked to
	}
	at, err := v.provenAt()
	if err != nil {
		return err
	}
	if at.IsZero() || v.Now.Sub(at) >= account.ReauthenticationTimeout.Duration() {
		v.reauthenticate = true
		return errReauthenticate
	}
	return nil
}

// provenAt is when the user gave the latest proof; zero for never.
func (v *Visit) provenAt() (time.Time, error) {
	if len(v.methods) == 0 {
		return time.Time{}, nil
	}
	var all []Method
	if err := json.Unmarshal(v.methods, &all); err != nil {
		return time.Time{}, fmt.Errorf("read the session's methods: %w", err)
	}
	if len(all) == 0 {
		return time.Time{}, nil
	}
	return time.UnixMicro(int64(all[len(all)-1].At * 1e6)), nil
}

// Reauthenticating reports whether a step was refused for want of a recent proof.
func (v *Visit) Reauthenticating() bool { return v.reauthenticate }

// reauthentications are the ways in which whoever is signed in can prove it anew.
func (v *Visit) reauthentications() []Flow {
	if v.user == nil || !v.user.HasPassword {
		return nil
	}
	return []Flow{{ID: "reauthenticate"}}
}
