package flows

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// AuthenticatorView is one authenticator as its owner sees it. What a type does not have is left out.
type AuthenticatorView struct {
	Type       store.AuthenticatorType `json:"type"`
	CreatedAt  float64                 `json:"created_at"`   // seconds since 1970
	LastUsedAt *float64                `json:"last_used_at"` // likewise; null for never

	// Of a WebAuthn credential.
	ID             int64  `json:"id,omitempty"`
	Name           string `json:"name,omitempty"`
	IsPasswordless *bool  `json:"is_passwordless,omitempty"` // whether it signs in by itself; nothing where its browser did not say

	// Of recovery codes.
	TotalCodeCount  *int      `json:"total_code_count,omitempty"`
	UnusedCodeCount *int      `json:"unused_code_count,omitempty"`
	UnusedCodes     *[]string `json:"unused_codes,omitempty"` // where they may be seen
}

// What is sealed of an authenticator, by its type. Of a WebAuthn credential it is a factor.Credential.
type (
	totpData struct {
		Seed []byte  `json:"seed"`
		Used []int64 `json:"used,omitempty"` // the periods whose codes were used, as long as they could be used again
	}
	recoveryData struct {
		Total  int      `json:"total"`
		Unused []string `json:"unused"`
		Viewed bool     `json:"viewed,omitempty"`
	}
)

// newFactor is an authenticator that an account gets.
func (v *Visit) newFactor(a *store.Account, t store.AuthenticatorType, data any) (*store.Authenticator, error) {
	a.DataKey = v.ownKey(a.ID, a.DataKey)
	return newAuthenticator(v.Tenant, &a.User, t, data, v.Now)
}

// viewFactor shows an authenticator, with the recovery codes if it is asked to.
func (v *Visit) viewFactor(x *store.Authenticator, codes bool) (AuthenticatorView, error) {
	view := AuthenticatorView{Type: x.Type, CreatedAt: seconds(x.CreatedAt)}
	if !x.LastUsedAt.IsZero() {
		at := seconds(x.LastUsedAt)
		view.LastUsedAt = &at
	}
	switch x.Type {
	case store.WebAuthn:
		var c factor.Credential
		if err := openFactor(v.Tenant, x, &c); err != nil {
			return view, err
		}
		view.ID, view.Name, view.IsPasswordless = publicNumber(x.ID), x.Name, c.Discoverable
	case store.RecoveryCodes:
		var d recoveryData
		if err := openFactor(v.Tenant, x, &d); err != nil {
			return view, err
		}
		unused := len(d.Unused)
		view.TotalCodeCount, view.UnusedCodeCount = &d.Total, &unused
		if codes {
			view.UnusedCodes = &d.Unused
		}
	}
	return view, nil
}

// Authenticators lists the authenticators of whoever is signed in, without anything secret.
func (s *Service) Authenticators(ctx context.Context, v *Visit) ([]AuthenticatorView, error) {
	if v.user == nil {
		return nil, refusal.Of(refusal.Unauthenticated)
	}
	all, err := s.store.For(v.Tenant).AuthenticatorsOf(ctx, v.user.ID)
	if err != nil {
		return nil, err
	}
	views := []AuthenticatorView{}
	for i := range all {
		view, err := v.viewFactor(&all[i], false)
		if err != nil {
			return nil, err
		}
		views = append(views, view)
	}
	return views, nil
}

// only is the authenticator of a type that a user has once; nil for none.
func only(all []store.Authenticator, t store.AuthenticatorType) *store.Authenticator {
	i := slices.IndexFunc(all, func(x store.Authenticator) bool { return x.Type == t })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// typesOf are the types of authenticator that a user has, as the contract lists them.
func typesOf(f store.Factors) []string {
	var all []string
	for _, t := range store.AuthenticatorTypes {
		if f.Has(t) {
			all = append(all, string(t))
		}
	}
	return all
}

// setFactors notes which factors an account has after what was queued. The account must have been read in this step: if its
// factors changed since, nothing is written.
func (v *Visit) setFactors(a *store.Account, f store.Factors) {
	id, epoch := a.ID, a.FactorEpoch
	v.queue(func(ctx context.Context, tx *store.Tx) error {
		if v.desk {
			return tx.ReplaceFactors(ctx, id, epoch, f)
		}
		return tx.SetFactors(ctx, id, epoch, f)
	})
	a.Factors, a.FactorEpoch = f, epoch+1
	if v.user != nil && v.user.ID == id {
		v.user.Factors = f
	}
}

// addFactors gives an account authenticators.
func (v *Visit) addFactors(a *store.Account, all ...*store.Authenticator) {
	f := a.Factors
	for _, x := range all {
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddAuthenticator(ctx, x) })
		v.audit(store.FactorAdded, x.UserID, factorDetails(x))
		f = f.With(x.Type)
	}
	v.setFactors(a, f)
}

// dropFactors takes authenticators from an account, which has these, and its recovery codes with the last other one.
func (v *Visit) dropFactors(a *store.Account, has []store.Authenticator, dropped func(*store.Authenticator) bool) {
	var left store.Factors
	var codes *store.Authenticator
	for i := range has {
		x := &has[i]
		switch {
		case dropped(x):
			v.dropFactor(x)
		case x.Type == store.RecoveryCodes:
			codes = x
		default:
			left = left.With(x.Type)
		}
	}
	switch {
	case codes == nil:
	case left.Second():
		left = left.With(codes.Type)
	default:
		v.dropFactor(codes)
	}
	v.setFactors(a, left)
}

func (v *Visit) dropFactor(x *store.Authenticator) {
	userID, id := x.UserID, x.ID
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropAuthenticator(ctx, userID, id) })
	v.audit(store.FactorRemoved, userID, factorDetails(x))
}

// factorDetails say which authenticator an event is about.
func factorDetails(x *store.Authenticator) map[string]any {
	d := map[string]any{"type": x.Type, "authenticator": publicNumber(x.ID)}
	if x.Name != "" {
		d["name"] = x.Name
	}
	return d
}

// mayProtect reports whether an account may get a second factor. One with an address that is not verified may not, unless the
// tenant says so: whoever signed up with somebody else's address would keep its owner out for good.
func (s *Service) mayProtect(ctx context.Context, v *Visit) (bool, error) {
	if v.Tenant.Settings.MFA.AllowUnverifiedEmail {
		return true, nil
	}
	all, err := s.store.For(v.Tenant).EmailsOf(ctx, v.user.ID)
	return !slices.ContainsFunc(all, func(e store.Email) bool { return !e.Verified }), err
}

// errUnverified refuses a second factor to an account with an address that is not verified.
var errUnverified = &refusal.Refusal{Kind: refusal.Conflict, Details: []refusal.Detail{{
	Message: refusal.UnverifiedEmail.Message(), Code: refusal.UnverifiedEmail,
}}}

// own is an account with its authenticators, which were read after it: where they change meanwhile, the account's factor epoch tells.
type own struct {
	*store.Account
	authenticators []store.Authenticator
}

// ownStep is a step of whoever is signed in on their authenticators, which takes a recent proof of who they are. check looks at
// what was given, since the contract finds fault with that first; it may be nil. mine reads what is there, once for both.
func (s *Service) ownStep(ctx context.Context, v *Visit, check func(mine func() (own, error)) error, fn func(*store.Account, []store.Authenticator) error) error {
	return s.step(ctx, v, func() error {
		if v.user == nil {
			return refusal.Of(refusal.Unauthenticated)
		}
		mine := sync.OnceValues(func() (own, error) {
			a, err := s.account(ctx, v)
			if err != nil {
				return own{}, err
			}
			all, err := s.store.For(v.Tenant).AuthenticatorsOf(ctx, a.ID)
			return own{a, all}, err
		})
		if check != nil {
			if err := check(mine); err != nil {
				return err
			}
		}
		if err := s.fresh(v); err != nil {
			return err
		}
		m, err := mine()
		if err != nil {
			return err
		}
		return fn(m.Account, m.authenticators)
	})
}

// notifyOwn mails word of a change to the authenticators of an account.
func (s *Service) notifyOwn(ctx context.Context, v *Visit, kind string, a *store.Account) error {
	if !v.Tenant.Settings.Account.EmailNotifications {
		return nil
	}
	to, err := s.emailFor(ctx, v, a)
	if err != nil {
		return err
	}
	return v.notify(a.ID, kind, to, nil)
}

// AuthenticateByCode takes the code of an authenticator app, or a recovery code, which a login waits for.
func (s *Service) AuthenticateByCode(ctx context.Context, v *Visit, code string) error {
	if v.Pending() != MFAAuthenticate {
		return refusal.Of(refusal.Unauthenticated)
	}
	code, err := typedCode(code)
	if err != nil {
		return err
	}
	return s.guessFactor(ctx, v, factorOf(v.state.Login.UserID), "code", func() (ok bool, err error) {
		err = s.loginStep(ctx, v, MFAAuthenticate, func(l *login, a *store.Account) error {
			x, err := s.spendCode(ctx, v, a.ID, code)
			if err != nil {
				return err
			}
			ok = true
			return s.showFactor(ctx, v, l, a, x)
		})
		return ok, err
	})
}

// ReauthenticateByCode takes such a code of whoever is signed in, as a recent proof of who they are.
func (s *Service) ReauthenticateByCode(ctx context.Context, v *Visit, code string) error {
	if v.user == nil {
		return refusal.Of(refusal.Unauthenticated)
	}
	code, err := typedCode(code)
	if err != nil {
		return err
	}
	return s.guessFactor(ctx, v, factorOf(v.user.ID), "code", func() (bool, error) {
		err := s.step(ctx, v, func() error {
			if v.user == nil {
				return refusal.Of(refusal.Unauthenticated)
			}
			x, err := s.spendCode(ctx, v, v.user.ID, code)
			if err != nil {
				return err
			}
			v.audit(store.UserReauthenticated, x.UserID, map[string]any{"method": x.Type})
			return v.recordFactor(x, Method{})
		})
		return err == nil, err
	})
}

func typedCode(code string) (string, error) {
	var f refusal.Faults
	code = trim(code)
	textFaults(&f, "code", code, true)
	return code, f.Err()
}

// showFactor notes that a login has shown its second factor, and takes it on.
func (s *Service) showFactor(ctx context.Context, v *Visit, l *login, a *store.Account, x *store.Authenticator) error {
	if err := v.recordFactor(x, Method{}); err != nil {
		return err
	}
	l.FactorShown, l.FactorEpoch = true, a.FactorEpoch
	return s.advance(ctx, v, a)
}

// recordFactor notes a proof that was given with an authenticator; m says more of it.
func (v *Visit) recordFactor(x *store.Authenticator, m Method) error {
	v.keep()
	m.Method, m.ID, m.Type = methodMFA, publicNumber(x.ID), string(x.Type)
	return v.record(x.UserID, m)
}

// Strong reports whether whoever is signed in has shown a second factor in this session, or a passkey, which is both at once. Who had
// none and added one has shown it by that, for as long as they have it.
func (s *Service) Strong(ctx context.Context, v *Visit) (bool, error) {
	all, err := v.given()
	if err != nil || v.user == nil {
		return false, err
	}
	if slices.ContainsFunc(v.own(all), func(m Method) bool { return m.Method == methodMFA }) {
		return true, nil
	}
	if v.state.Enrolled == "" {
		return false, nil
	}
	has, err := s.store.For(v.Tenant).AuthenticatorsOf(ctx, v.user.ID) // another session may have removed it, and added another's
	return slices.ContainsFunc(has, func(x store.Authenticator) bool { return x.ID == v.state.Enrolled }), err
}

// UserID is who is signed in, or "".
func (v *Visit) UserID() string {
	if v.user == nil {
		return ""
	}
	return v.user.ID
}

// methodMFA is what the contract calls a proof by an authenticator.
const methodMFA = "mfa"

// spendCode finds the authenticator of a user that a code is of, and has the code be used up. A code that two show at once is
// settled for one of them.
func (s *Service) spendCode(ctx context.Context, v *Visit, userID, code string) (*store.Authenticator, error) {
	all, err := s.store.For(v.Tenant).AuthenticatorsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	for i := range all {
		x := &all[i]
		ok, err := v.takeCode(x, code)
		if err != nil {
			return nil, err
		}
		if ok {
			x.LastUsedAt = v.Now
			if x.Type == store.RecoveryCodes {
				v.audit(store.RecoveryCodeUsed, userID, nil)
			}
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SaveAuthenticator(ctx, x) })
			return x, nil
		}
	}
	return nil, refusal.Because("code", refusal.IncorrectCode)
}

// takeCode reports whether a code is of an authenticator, and notes in it that the code is used.
func (v *Visit) takeCode(x *store.Authenticator, code string) (bool, error) {
	switch x.Type {
	case store.TOTP:
		var d totpData
		if err := openFactor(v.Tenant, x, &d); err != nil {
			return false, err
		}
		of := v.totp()
		step, ok := of.Match(d.Seed, code, v.Now, d.Used)
		if !ok {
			return false, nil
		}
		d.Used = of.Remember(d.Used, step, v.Now)
		return true, v.sealFactor(x, d)
	case store.RecoveryCodes:
		var d recoveryData
		if err := openFactor(v.Tenant, x, &d); err != nil {
			return false, err
		}
		left, ok := factor.TakeRecoveryCode(d.Unused, code)
		if !ok {
			return false, nil
		}
		d.Unused = left
		return true, v.sealFactor(x, d)
	default:
		return false, nil
	}
}

// guessed is whose second factor is guessed at, and by what such guesses are counted.
type guessed struct{ userID, method, key string }

// factorOf are guesses at a user's second factor, and passkeyOf answers to a login by passkey: those come from anybody who knows the
// user's id, and must not keep the user from a code.
func factorOf(userID string) guessed  { return guessed{userID, methodMFA, "second factor of " + userID} }
func passkeyOf(userID string) guessed { return guessed{userID, "passkey", "passkey of " + userID} }

// guessFactor runs a step in which a user shows a second factor. It counts as a failed login until it is known to be none, by user,
// wherever it comes from; once the right one is shown, the failures at that user are forgotten.
func (s *Service) guessFactor(ctx context.Context, v *Visit, of guessed, param string, fn func() (ok bool, err error)) error {
	d, end, err := s.guess(ctx, v, ActionLoginFailed, of.key)
	if err != nil {
		return err
	}
	if !d.Allowed {
		s.observe.Factor(v.Tenant.Slug, "limited")
		r := refusal.Because(param, refusal.TooManyLogins)
		r.RetryAfter = d.RetryAfter
		return r
	}
	defer end()
	ok, err := fn()
	if ok && err == nil {
		s.observe.Factor(v.Tenant.Slug, "ok")
		return s.forgetGuesses(ctx, v, d, of.key)
	}
	if refused, is := refusal.As(err); is && refused.Kind == refusal.Invalid {
		if !errors.Is(err, factor.ErrCounter) { // which is settled already, and noted with it
			if err := s.failed(ctx, v, of.userID, map[string]any{"method": of.method}); err != nil {
				return s.refund(ctx, d, err)
			}
		}
		s.observe.Factor(v.Tenant.Slug, "refused")
		return err
	}
	return s.refund(ctx, d, err)
}

// forgetGuesses forgets the failures that were counted by a key, and the use that turned out to be none. What fails here has no
// say in what was settled.
func (s *Service) forgetGuesses(ctx context.Context, v *Visit, d limit.Decision, key string) error {
	err := s.refund(ctx, d, nil)
	if keys := keysAbout(v, ActionLoginFailed, key); err == nil && len(keys) > 0 {
		err = s.limiter.Clear(context.WithoutCancel(ctx), v.Tenant.ID, keys...)
	}
	if err != nil {
		s.log.WarnContext(ctx, "failures could not be forgotten after a second factor was shown", "tenant", v.Tenant.Slug, "error", err)
	}
	return nil
}
