package flows

import (
	"context"
	"slices"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
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
		v.audit(store.UserReauthenticated, v.user.ID, map[string]any{"method": "password"})
		return v.record(v.user.ID, Method{Method: "password", Reauthenticated: true})
	})
}

// recent refuses a change where the tenant asks for a recent proof of who is signed in and there is none.
func (s *Service) recent(v *Visit) error {
	if !v.Tenant.Settings.Account.ReauthenticationRequired {
		return nil
	}
	return s.fresh(v)
}

// fresh refuses a change that takes a recent proof, whatever the tenant says, if there is none.
func (s *Service) fresh(v *Visit) error {
	if len(v.reauthentications()) == 0 {
		return nil // who has no way to prove anything is not asked to
	}
	at, err := v.provenAt()
	if err != nil {
		return err
	}
	if at.IsZero() || v.Now.Sub(at) >= v.Tenant.Settings.Account.ReauthenticationTimeout.Duration() {
		v.reauthenticate = true
		return errReauthenticate
	}
	return nil
}

// provenAt is when the user gave the latest proof; zero for never. Of somebody whose second factor was not asked for, since the browser
// is trusted, a code that was mailed or texted proves too little: it was all that the login took.
func (v *Visit) provenAt() (time.Time, error) {
	all, err := v.given()
	if err != nil {
		return time.Time{}, err
	}
	for _, m := range slices.Backward(v.own(all)) {
		if m.Method == methodMFA || m.Method == "password" || !v.state.Trusted || !v.user.Factors.Second() {
			return time.UnixMicro(int64(m.At * 1e6)), nil
		}
	}
	return time.Time{}, nil
}

// Reauthenticating reports whether a step was refused for want of a recent proof.
func (v *Visit) Reauthenticating() bool { return v.reauthenticate }

// reauthentications are the ways in which whoever is signed in can prove it anew.
func (v *Visit) reauthentications() []Flow {
	if v.user == nil {
		return nil
	}
	var all []Flow
	if v.user.HasPassword {
		all = append(all, Flow{ID: "reauthenticate"})
	}
	if types := typesOf(v.user.Factors); len(types) > 0 {
		all = append(all, Flow{ID: "mfa_reauthenticate", Types: types})
	}
	return all
}
