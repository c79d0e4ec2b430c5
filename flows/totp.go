package flows

import (
	"context"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// The kinds of mail that this file sends. Package post has a template for each.
const (
	mailTOTPActivated   = "totp_activated"
	mailTOTPDeactivated = "totp_deactivated"
)

// totp are the tenant's rules for codes of authenticator apps.
func (v *Visit) totp() factor.TOTP {
	m := &v.Tenant.Settings.MFA
	return factor.TOTP{Digits: m.TOTPDigits, Period: m.TOTPPeriod.Duration(), Tolerance: m.TOTPTolerance}
}

// TOTPSetup is what an authenticator app is set up with.
type TOTPSetup struct {
	Secret string // in base32
	URL    string // otpauth://totp/…, for a QR code
}

// TOTP shows the authenticator app of whoever is signed in. Where there is none it makes a new secret, which ActivateTOTP takes a
// code of.
func (s *Service) TOTP(ctx context.Context, v *Visit) (view AuthenticatorView, setup *TOTPSetup, err error) {
	err = s.step(ctx, v, func() error {
		if v.user == nil {
			return refusal.Of(refusal.Unauthenticated)
		}
		all, key, err := s.store.For(v.Tenant).AuthenticatorsWithKey(ctx, v.user.ID)
		if err != nil {
			return err
		}
		if x := only(all, store.TOTP); x != nil {
			view, err = v.viewFactor(x, false)
			return err
		}
		if may, err := s.mayProtect(ctx, v); err != nil || !may {
			return orRefusal(err, errUnverified)
		}
		seed := factor.NewSeed()
		v.keep()
		keys, err := v.Tenant.UserKeys(v.user.ID, v.ownKey(v.user.ID, key))
		if err != nil {
			return err
		}
		v.state.Seed = keys.Seal(secret.ForFactor, v.seedContext(), seed)
		setup = &TOTPSetup{Secret: factor.EncodeSeed(seed), URL: v.totp().URL(seed, v.Tenant.TOTPIssuer(), v.label())}
		return nil
	})
	return view, setup, err
}

// seedContext is what a seed is sealed to that waits to be confirmed: the session and its user.
func (v *Visit) seedContext() string { return v.user.ID + "/" + v.session.ID }

// label is what authenticators call the account of whoever is signed in.
func (v *Visit) label() string {
	if v.user.Email != "" {
		return v.user.Email
	}
	return viewOf(v.Tenant, v.user).Display
}

// orRefusal is an error or, where there is none, a refusal.
func orRefusal(err error, r *refusal.Refusal) error {
	if err != nil {
		return err
	}
	return r
}

// ActivateTOTP has the authenticator app that was set up be asked for from now on, once it has shown that it makes the right codes.
// The code may be used once more, to log in with.
func (s *Service) ActivateTOTP(ctx context.Context, v *Visit, code string) (view AuthenticatorView, err error) {
	check := func(mine func() (own, error)) error {
		var f refusal.Faults
		code := trim(code)
		if !textFaults(&f, "code", code, true) {
			return f.Err()
		}
		may, err := s.mayProtect(ctx, v)
		if err != nil {
			return err
		}
		if !may {
			return refusal.Because("code", refusal.UnverifiedEmail)
		}
		m, err := mine()
		if err != nil {
			return err
		}
		_, ok, err := v.waitingSeed(m.DataKey, code)
		if err == nil && !ok {
			err = refusal.Because("code", refusal.IncorrectCode)
		}
		return err
	}
	err = s.ownStep(ctx, v, check, func(a *store.Account, all []store.Authenticator) error {
		if only(all, store.TOTP) != nil {
			return refusal.Of(refusal.Conflict)
		}
		seed, _, err := v.waitingSeed(a.DataKey, trim(code))
		if err != nil {
			return err
		}
		x, err := v.newFactor(a, store.TOTP, totpData{Seed: seed})
		if err != nil {
			return err
		}
		if _, err := s.addFactor(v, a, x); err != nil {
			return err
		}
		v.state.Seed, v.dirty = nil, true
		if view, err = v.viewFactor(x, false); err != nil {
			return err
		}
		return s.notifyOwn(ctx, v, mailTOTPActivated, a)
	})
	return view, err
}

// waitingSeed is the seed that waits to be confirmed, and whether a code is of it.
func (v *Visit) waitingSeed(userKey []byte, code string) (seed []byte, ok bool, err error) {
	if len(v.state.Seed) == 0 {
		return nil, false, nil
	}
	seed, err = unseal(v.Tenant, v.user.ID, userKey, v.seedContext(), v.state.Seed)
	if err != nil {
		return nil, false, err
	}
	_, ok = v.totp().Match(seed, code, v.Now, nil)
	return seed, ok, nil
}

// DeactivateTOTP removes the authenticator app of whoever is signed in. Where there is none, that is what was asked for.
func (s *Service) DeactivateTOTP(ctx context.Context, v *Visit) error {
	if v.user == nil {
		return refusal.Of(refusal.Unauthenticated)
	}
	if !v.user.Factors.Has(store.TOTP) {
		return nil
	}
	return s.ownStep(ctx, v, nil, func(a *store.Account, all []store.Authenticator) error {
		x := only(all, store.TOTP)
		if x == nil {
			return nil
		}
		v.dropFactors(a, all, func(other *store.Authenticator) bool { return other.ID == x.ID })
		return s.notifyOwn(ctx, v, mailTOTPDeactivated, a)
	})
}
