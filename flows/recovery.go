package flows

import (
	"context"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
)

const mailRecoveryCodes = "recovery_codes_generated"

// newCodes are new recovery codes for an account.
func (v *Visit) newCodes(a *store.Account, viewed bool) (*store.Authenticator, error) {
	m := &v.Tenant.Settings.MFA
	codes := factor.NewRecoveryCodes(m.RecoveryCodeCount, m.RecoveryCodeDigits)
	return v.newFactor(a, store.RecoveryCodes, recoveryData{Total: len(codes), Unused: codes, Viewed: viewed})
}

// addFactor gives an account an authenticator, with recovery codes if it has none yet and the tenant has people have some.
func (s *Service) addFactor(v *Visit, a *store.Account, x *store.Authenticator) (generated bool, err error) {
	if !v.Tenant.Settings.MFA.AllowUnverifiedEmail { // as mayProtect has found
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldProved(ctx, a.ID) })
	}
	if !a.Factors.Second() { // who has one already shows that
		v.state.Enrolled, v.dirty = x.ID, true
	}
	if a.Factors.Has(store.RecoveryCodes) || !v.Tenant.Settings.MFA.SupportedTypes.Has(string(store.RecoveryCodes)) {
		v.addFactors(a, x)
		return false, nil
	}
	codes, err := v.newCodes(a, false)
	if err != nil {
		return false, err
	}
	v.addFactors(a, x, codes)
	return true, nil
}

// RecoveryCodes shows the recovery codes of whoever is signed in or, where the tenant has them be shown once and they were, how
// many are left.
func (s *Service) RecoveryCodes(ctx context.Context, v *Visit) (view AuthenticatorView, err error) {
	if v.user == nil {
		return view, refusal.Of(refusal.Unauthenticated)
	}
	if !v.user.Factors.Has(store.RecoveryCodes) {
		return view, refusal.Of(refusal.Missing)
	}
	err = s.ownStep(ctx, v, nil, func(_ *store.Account, all []store.Authenticator) error {
		x := only(all, store.RecoveryCodes)
		if x == nil {
			return refusal.Of(refusal.Missing)
		}
		var d recoveryData
		if err := openFactor(v.Tenant, x, &d); err != nil {
			return err
		}
		once := v.Tenant.Settings.MFA.RecoveryCodesShowOnce
		if view, err = v.viewFactor(x, !once || !d.Viewed); err != nil || d.Viewed {
			return err
		}
		d.Viewed = true
		if err := v.sealFactor(x, d); err != nil {
			return err
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SaveAuthenticator(ctx, x) })
		return nil
	})
	return view, err
}

// GenerateRecoveryCodes makes new recovery codes for whoever is signed in, in place of those from before, and shows them. Who has
// no second factor needs none.
func (s *Service) GenerateRecoveryCodes(ctx context.Context, v *Visit) (view AuthenticatorView, err error) {
	check := func(func() (own, error)) error {
		if !v.user.Factors.Second() {
			return refusal.Because("", refusal.CannotGenerateCodes)
		}
		return nil
	}
	err = s.ownStep(ctx, v, check, func(a *store.Account, all []store.Authenticator) error {
		if !a.Factors.Second() { // it was removed a moment ago
			return refusal.Because("", refusal.CannotGenerateCodes)
		}
		if old := only(all, store.RecoveryCodes); old != nil {
			v.dropFactor(old)
		}
		x, err := v.newCodes(a, true)
		if err != nil {
			return err
		}
		v.addFactors(a, x)
		if view, err = v.viewFactor(x, true); err != nil {
			return err
		}
		return s.notifyOwn(ctx, v, mailRecoveryCodes, a)
	})
	return view, err
}
