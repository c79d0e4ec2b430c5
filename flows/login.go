package flows

import (
	"context"
	"errors"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Text is a value that a client sent, or did not: the contract tells an empty value from an absent one.
type Text struct {
	Value string
	Sent  bool
}

// LoginInput is what a login by password takes: one of the names, and the password.
type LoginInput struct {
	Username Text
	Email    Text
	Phone    Text
	Password Text
}

// credentials are a checked LoginInput.
type credentials struct {
	method   string // username, email or phone
	username string
	email    address
	phone    string
	password string
}

// The ways to name an account at login, as account.login_methods spells them.
const (
	byUsername = "username"
	byEmail    = "email"
	byPhone    = "phone"
)

// mismatch is what a wrong password is answered with, by the way that the account was named.
var mismatch = map[string]refusal.Code{
	byUsername: refusal.UsernameMismatch,
	byEmail:    refusal.EmailMismatch,
	byPhone:    refusal.PhoneMismatch,
}

// Login signs in with a password.
func (s *Service) Login(ctx context.Context, v *Visit, in LoginInput) error {
	c, err := checkLogin(v.Tenant, in)
	if err != nil {
		return err
	}
	a, rehashed, err := s.authenticate(ctx, v, c)
	if err != nil {
		return err
	}
	err = s.step(ctx, v, func() error {
		if v.user != nil {
			return refusal.Of(refusal.Conflict)
		}
		if !a.Active {
			// The password was right, and that is all that is told: nobody is signed in.
			v.auditOf(store.LoginFailed, a.ID, map[string]any{"method": "password", "reason": "deactivated"})
			return nil
		}
		if err := s.checkCodeLimit(ctx, v, c, &a); err != nil {
			return err
		}
		if err := v.record(a.ID, Method{Method: "password", Email: string(c.email), Username: c.username}); err != nil {
			return err
		}
		if err := s.begin(ctx, v, login{Email: string(c.email), Proof: "password", rehashed: rehashed}, &a); err != nil {
			return err
		}
		switch {
		case v.Pending() == "": // completed, and so held and noted
		case rehashed != "": // the login that is completed later does not know it any more
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetHash(ctx, a.ID, a.Epoch, rehashed) })
		default: // the password may have been another's, or another, since it was compared
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldUser(ctx, a.ID, a.Epoch) })
		}
		return nil
	})
	s.observe.Login(v.Tenant.Slug, result(v, err))
	return err
}

// result is what the metrics call the end of a login or signup.
func result(v *Visit, err error) string {
	switch {
	case err != nil && refusal.Is(err, refusal.Busy):
		return "busy"
	case err != nil:
		return "refused"
	case v.user == nil:
		return "pending"
	default:
		return "ok"
	}
}

// checkCodeLimit refuses a login that would have to wait for a code to an address that was mailed one a moment ago.
func (s *Service) checkCodeLimit(ctx context.Context, v *Visit, c credentials, a *store.Account) error {
	if !v.byCode() || c.email == "" || a.Address.Verified {
		return nil
	}
	d, err := s.limiter.Peek(ctx, v.Tenant.ID, uses(v, ActionConfirmEmail, "", string(c.email)))
	if err != nil || d.Allowed {
		return err
	}
	r := refusal.Because("", refusal.TooManyLogins)
	r.RetryAfter = d.RetryAfter
	return r
}

// checkLogin checks the shape of a login.
func checkLogin(t *tenants.Tenant, in LoginInput) (credentials, error) {
	var f refusal.Faults
	methods := t.Settings.Account.LoginMethods
	required := len(methods) == 1
	var c credentials
	named := 0
	for _, method := range methods {
		var given Text
		switch method {
		case byUsername:
			given = in.Username
			c.username = trim(given.Value)
			textFaults(&f, method, c.username, required)
		case byEmail:
			given = in.Email
			c.email = addressFaults(&f, method, given.Value, required, maxAddress)
		case byPhone:
			given = in.Phone
			c.phone = phoneFaults(&f, method, given.Value, required)
		}
		if given.Sent {
			named++
			c.method = method
		}
	}
	c.password = trim(in.Password.Value)
	textFaults(&f, "password", c.password, true)
	if len(f) == 0 && named != 1 {
		f.Add("", refusal.InvalidLogin)
	}
	return c, f.Err()
}

// authenticate finds the account that the credentials are of. A use of the login_failed limits is taken before the
// password is looked at and given back if it was right: however many guesses run at once, no more than the limit are
// ever compared.
func (s *Service) authenticate(ctx context.Context, v *Visit, c credentials) (store.Account, string, error) {
	taken, end, err := s.guess(ctx, v, ActionLoginFailed, v.guessKey(c))
	if err != nil {
		return store.Account{}, "", err
	}
	if !taken.Allowed {
		s.observe.Login(v.Tenant.Slug, "limited")
		r := refusal.Because("", refusal.TooManyLogins)
		r.RetryAfter = taken.RetryAfter
		return store.Account{}, "", r
	}
	defer end()
	candidates, err := s.candidates(ctx, v, c)
	if err != nil {
		return store.Account{}, "", s.refund(ctx, taken, err)
	}
	for _, a := range candidates {
		ok, rehashed, err := s.matches(ctx, v.Tenant, a.Password, c.password)
		if err != nil {
			return store.Account{}, "", s.refund(ctx, taken, err)
		}
		if ok {
			return a, rehashed, s.refund(ctx, taken, nil)
		}
	}
	for range v.comparisons(c) - len(candidates) {
		if err := s.waste(ctx, v.Tenant, c.password); err != nil {
			return store.Account{}, "", s.refund(ctx, taken, err)
		}
	}
	known := ""
	if len(candidates) == 1 {
		known = candidates[0].ID
	}
	if err := s.failed(ctx, v, known, map[string]any{"method": "password", "tried": v.tried(v.guessKey(c))}); err != nil {
		return store.Account{}, "", s.refund(ctx, taken, err)
	}
	s.observe.Login(v.Tenant.Slug, "refused")
	return store.Account{}, "", refusal.Because("password", mismatch[c.method])
}

// guessKey is what guesses are counted by: the name that was given, in its folded form.
func (v *Visit) guessKey(c credentials) string {
	a, isAddress := v.addressFor(c.username)
	switch {
	case c.method == byEmail:
		return string(c.email)
	case c.method == byPhone:
		return c.phone
	case isAddress:
		return string(a)
	default:
		return usernameKey(c.username)
	}
}

// comparisons is how many passwords a login that fails compares, be there accounts or none: as many as the name that was
// given can mean accounts.
func (v *Visit) comparisons(c credentials) int {
	_, isAddress := v.addressFor(c.username)
	switch {
	case c.method == byEmail:
		return v.namesakes()
	case c.method == byUsername && isAddress:
		return 1 + v.namesakes()
	default:
		return 1
	}
}

// namesakes is how many accounts may hold one address, as far as a login looks.
func (v *Visit) namesakes() int {
	if v.Tenant.Settings.Account.PreventEnumeration.Strict() {
		return store.MaxNamesakes // until one of them is verified, anybody may sign up with it
	}
	return 1
}

// refund gives back a use that was no wrong guess, even if the client has gone meanwhile, and passes the error on that
// ended the try.
func (s *Service) refund(ctx context.Context, d limit.Decision, err error) error {
	return errors.Join(err, s.limiter.Refund(context.WithoutCancel(ctx), d))
}

// addressFor is a username read as an address, where the tenant lets either name an account. However it is spelt, guesses
// at the address's account are counted as such.
func (v *Visit) addressFor(username string) (address, bool) {
	a, ok := parseAddress(username)
	return a, ok && v.Tenant.Settings.Account.LoginMethods.Has(byEmail)
}

// candidates are the accounts that the credentials may mean. A username that looks like an address may be either, where
// the tenant takes both.
func (s *Service) candidates(ctx context.Context, v *Visit, c credentials) ([]store.Account, error) {
	scope := s.store.For(v.Tenant)
	switch c.method {
	case byEmail:
		if c.email == "" {
			return nil, nil
		}
		return s.byAddress(ctx, v, c.email)
	case byUsername:
		var all []store.Account
		if a, ok := v.addressFor(c.username); ok {
			byEmail, err := s.byAddress(ctx, v, a)
			if err != nil {
				return nil, err
			}
			all = byEmail
		}
		a, err := scope.AccountByUsername(ctx, usernameKey(c.username))
		switch {
		case errors.Is(err, store.ErrNotFound):
			return all, nil
		case err != nil:
			return nil, err
		}
		if slices.ContainsFunc(all, func(other store.Account) bool { return other.ID == a.ID }) {
			return all, nil // the username is its owner's address: the password is compared once
		}
		return append(all, a), nil
	case byPhone:
		a, err := scope.AccountByPhone(ctx, c.phone)
		if c.phone == "" || errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		return []store.Account{a}, err
	}
	return nil, nil
}

// byAddress are the accounts that an address may mean, no more of them than a login compares passwords for whatever the address.
// Where one is hidden that has it already, others may add it, and mean nothing by it until it is verified.
func (s *Service) byAddress(ctx context.Context, v *Visit, a address) ([]store.Account, error) {
	all, err := s.holders(ctx, v, a)
	return all[:min(len(all), v.namesakes())], err
}

// holders are the accounts that have an address.
func (s *Service) holders(ctx context.Context, v *Visit, a address) ([]store.Account, error) {
	scope := s.store.For(v.Tenant)
	if v.Tenant.Settings.Account.PreventEnumeration.Strict() {
		return scope.Namesakes(ctx, string(a))
	}
	return scope.AccountsByEmail(ctx, string(a))
}
