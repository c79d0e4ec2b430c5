package flows

import (
	"context"
	"errors"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The kinds of message that this file sends. Package post has a template for each.
const (
	messageLoginCode      = "login_code"
	messageUnknownAccount = "unknown_account"
)

// LoginCodeInput is what a login code is asked for with: an address or a number.
type LoginCodeInput struct {
	Email Text
	Phone Text
}

// RequestLoginCode sends a code that signs in. Where the tenant hides which addresses and numbers have accounts, one without
// gets a message that says so, and the answer is the same.
func (s *Service) RequestLoginCode(ctx context.Context, v *Visit, in LoginCodeInput) error {
	if !v.Tenant.Settings.Account.LoginByCodeEnabled {
		return refusal.Of(refusal.Missing)
	}
	email, phone, err := checkCodeRequest(v.Tenant, in)
	if err != nil {
		return err
	}
	param, key := byEmail, string(email)
	if phone != "" {
		param, key = byPhone, phone
	}
	d, err := s.take(ctx, v, ActionRequestCode, key)
	if err != nil {
		return err
	}
	if !d.Allowed {
		r := refusal.Because(param, refusal.TooManyLogins)
		r.RetryAfter = d.RetryAfter
		return r
	}
	return s.evenStep(ctx, v, func() error {
		reached, err := s.reachable(ctx, v, email, phone)
		if err != nil {
			return err
		}
		var a *store.Account
		if len(reached) > 0 {
			a = &reached[0]
		}
		if a == nil && !v.Tenant.Settings.Account.PreventEnumeration.Prevented() {
			return refusal.Because(param, unknownName[param])
		}
		l := login{Email: string(email), Phone: phone, Requested: true}
		if v.user != nil {
			// Somebody else's code, or one's own, is sent and signs nobody in: the session is taken.
			return s.sendLoginCode(v, &l, a, v.start(process{Email: l.Email, Phone: l.Phone}), false)
		}
		if a == nil || v.provedBy() != a.ID {
			if err := v.disown(); err != nil { // another's, which must not come to count as theirs
				return err
			}
		}
		return s.begin(ctx, v, l, a)
	})
}

// unknownName is what a name without an account is answered with, where that may be told.
var unknownName = map[string]refusal.Code{byEmail: refusal.UnknownEmail, byPhone: refusal.UnknownPhone}

// checkCodeRequest checks the shape of a request for a code.
func checkCodeRequest(t *tenants.Tenant, in LoginCodeInput) (email address, phone string, err error) {
	var f refusal.Faults
	methods := t.Settings.Account.LoginMethods
	takesPhone := methods.Has(byPhone)
	takesEmail := methods.Has(byEmail) || !takesPhone // those who log in by username have addresses, too
	if takesEmail {
		email = addressFaults(&f, byEmail, in.Email.Value, !takesPhone, maxAddress)
	}
	if takesPhone {
		phone = phoneFaults(&f, byPhone, in.Phone.Value, !takesEmail)
	}
	switch {
	case len(f) > 0:
	case email != "" && phone != "":
		f.Add("", refusal.SelectOnlyOne)
	case email == "" && phone == "":
		f.Add("", refusal.Required)
	}
	return email, phone, f.Err()
}

// reachable are the accounts that a secret may be sent to at an address or number. An account that has a verified address is
// not reached at an unverified one, which may be a slip of its owner's pen and somebody else's mailbox; nor at an unverified
// number.
func (s *Service) reachable(ctx context.Context, v *Visit, email address, phone string) ([]store.Account, error) {
	scope := s.store.For(v.Tenant)
	if email != "" {
		all, err := s.holders(ctx, v, email)
		return slices.DeleteFunc(all, func(a store.Account) bool { return !entered(&a, false) }), err
	}
	a, err := scope.AccountByPhone(ctx, phone)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !entered(&a, true):
		return nil, nil
	}
	return []store.Account{a}, nil
}

// entered reports whether an account may be entered by what was sent to its Address, or to its number. It is asked again when the
// secret comes back: another address may have been verified meanwhile.
func entered(a *store.Account, byPhone bool) bool {
	verified := a.Address.Verified
	if byPhone {
		verified = a.PhoneVerified
	}
	return a.Active && (verified || !a.AnyVerified)
}

// askForCode starts the stage of the login code.
func (s *Service) askForCode(ctx context.Context, v *Visit, l *login, a *store.Account) error {
	p := process{Email: l.Email, Phone: l.Phone}
	if a != nil {
		p.UserID = a.ID
		if !l.Requested && p.Email == "" {
			email, err := s.emailFor(ctx, v, a)
			if err != nil {
				return err
			}
			p.Email, p.Phone = email, ""
			if p.Email == "" {
				p.Phone = a.Phone
			}
		}
	}
	if p.Email != "" {
		p.Phone = ""
	}
	if p.Email == "" && p.Phone == "" {
		v.abandon() // there is nowhere to send a code to
		return nil
	}
	l.Code = v.start(p)
	return s.sendLoginCode(v, l, a, l.Code, false)
}

// emailFor is the address that an account's owner is mailed at: the primary one or, where that is not proved and another is, the
// oldest that is proved. The primary one may be of whoever made the account, before its owner came.
func (s *Service) emailFor(ctx context.Context, v *Visit, a *store.Account) (string, error) {
	if !a.AnyVerified || (a.Address.Verified && a.Address.Email == a.Email) {
		return a.Email, nil
	}
	all, err := s.store.For(v.Tenant).EmailsOf(ctx, a.ID)
	if err != nil {
		return "", err
	}
	to := ""
	for _, e := range all {
		if (e.Verified || (e.ID == a.Address.ID && a.Address.Verified)) && (to == "" || e.Primary) { // by this very step, it may be
			to = e.Email
		}
	}
	return to, nil
}

// sendLoginCode sends a new code, or what an address without an account gets in its place. again says that it is
// not the first: then such an address gets nothing.
func (s *Service) sendLoginCode(v *Visit, l *login, a *store.Account, p *process, again bool) error {
	switch theirs := l.Signup && l.UserID == "" && p.Email != "" && !l.EmailTaken && !l.Unheard; {
	case a != nil || theirs: // an address of theirs is proved as anybody's, and only then does the number lead nowhere
	case again:
		p.void()
		v.waste()
		return nil
	case l.Signup:
		p.void()
		of := l.PhoneOf
		if p.Email != "" {
			of = l.EmailOf
		}
		return v.tellExists(of, p.Email, p.Phone)
	default:
		p.void()
		return v.tellUnknown(p.Email, p.Phone)
	}
	of := v.forLogin()
	code := of.format.Code() // means nothing to a session that is signed in
	if v.user == nil {
		code = v.code(of, p)
	}
	userID := ""
	if a != nil {
		userID = a.ID
	}
	return v.send(userID, messageLoginCode, p.Email, p.Phone, map[string]string{"code": code, "expires": expiry(p.Since.Add(of.timeout))})
}

// ResendLoginCode sends another code for the login that waits for one.
func (s *Service) ResendLoginCode(ctx context.Context, v *Visit) error {
	if !v.Tenant.Settings.Account.LoginByCodeEnabled {
		return refusal.Of(refusal.Missing)
	}
	return s.evenStep(ctx, v, func() error {
		l := v.state.Login
		if v.Pending() != LoginByCode || l.Code.Resends >= v.forLogin().resends {
			return v.over(LoginByCode)
		}
		a, err := s.waiting(ctx, v, l.Code.Email)
		if err != nil {
			return err
		}
		l.Code.Resends++
		v.dirty = true
		return s.sendLoginCode(v, l, a, l.Code, true)
	})
}

// ConfirmLoginCode takes the code that a login waits for. What it was sent to is proved by it.
func (s *Service) ConfirmLoginCode(ctx context.Context, v *Visit, code string) error {
	err := s.signupStep(ctx, v, func() error {
		l := v.state.Login
		if !v.AwaitsLoginCode() {
			return v.over(LoginByCode)
		}
		var f refusal.Faults
		if !v.check(&f, "code", v.forLogin(), l.Code, code) {
			v.miss(func() {
				v.auditOf(store.LoginFailed, v.state.Login.UserID, map[string]any{"method": "code"})
				if v.state.Login.Code.missed(v.forLogin()) {
					v.abandon()
				}
			})
			return f.Err()
		}
		a, err := s.waiting(ctx, v, l.Code.Email)
		if err != nil {
			return err
		}
		if l.UserID == "" {
			l.CodeGiven, l.Proof = true, "code" // a pretended signup goes on to its number
			return s.advance(ctx, v, nil)
		}
		if a == nil || !has(a, l.Code) || (l.Requested && !entered(a, l.Code.Phone != "")) {
			v.abandon() // put out while the login waited, or the address or number is not the account's way in any more
			return nil
		}
		if err := v.record(a.ID, Method{Method: "code", Email: l.Code.Email, Phone: l.Code.Phone}); err != nil {
			return err
		}
		v.hold(a)
		if l.Requested {
			again := login{Email: l.Code.Email, Proof: "code", here: true}
			if v.unclaimed(a, l.Code.Phone != "") {
				again.Proves = l.Code.clone()
			} else {
				v.claim(a, l.Code.Phone != "")
				v.proven(a, l.Code)
			}
			return s.begin(ctx, v, again, a)
		}
		if v.unclaimed(a, l.Code.Phone != "") {
			l.Proves = l.Code.clone()
		} else {
			v.proven(a, l.Code)
		}
		l.CodeGiven, l.Proof = true, "code"
		return s.advance(ctx, v, a)
	})
	s.observe.Login(v.Tenant.Slug, result(v, err))
	return err
}

// waiting is the account of the login that waits, with the address that counts; nil for a pretended one, for one that is gone,
// and for one that was put out while the login waited.
func (s *Service) waiting(ctx context.Context, v *Visit, email string) (*store.Account, error) {
	return s.ownAccount(ctx, v, v.state.Login.UserID, email)
}

// ownAccount is the account of the session's user, who is signed in or whose login waits, as accountOf has it; nil also for one that
// was put out since. The session may not know yet: a login that was read before, and saved after, is one of before.
func (s *Service) ownAccount(ctx context.Context, v *Visit, userID, email string) (*store.Account, error) {
	a, err := s.accountOf(ctx, v, orNobody(userID), email)
	if a != nil && (!a.Active || a.Epoch != v.session.Epoch) {
		a = nil
	}
	return a, err
}

// orNobody is a user's id or, where there is no user, one that is nobody's: what is looked up by it takes as long.
func orNobody(userID string) string {
	if userID == "" {
		return secret.NewID()
	}
	return userID
}

// accountOf is a user's account with the address that is asked for or, if that is "", the primary one; nil for one that is
// gone. The database is asked once, whatever there is.
func (s *Service) accountOf(ctx context.Context, v *Visit, userID, email string) (*store.Account, error) {
	var a store.Account
	var err error
	if scope := s.store.For(v.Tenant); email == "" {
		a, err = scope.AccountByID(ctx, userID)
	} else {
		a, err = scope.AccountWithEmail(ctx, userID, email)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &a, nil
}

// has reports whether an account still has what a code was sent to.
func has(a *store.Account, p *process) bool {
	if p.Phone != "" {
		return a.Phone == p.Phone
	}
	return a.Address.ID != "" && a.Address.Key == p.Email
}

// hold has the step settle only if an account is then as it was read, as far as that tells who may do what to it: not put out, with
// the same addresses proved, and with the same factors. What is proved by something that was sent is proved by the account of then;
// and whoever claims an account must not find that another address was proved between the look and the deed, nor whoever proves one
// that it was claimed.
func (v *Visit) hold(a *store.Account) {
	read := *a
	if v.actor.userID != read.ID || v.actor.epoch != read.Epoch { // whoever is signed in is held anyway
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldUser(ctx, read.ID, read.Epoch) })
	}
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldAddresses(ctx, &read) })
}

// claim closes the doors that whoever made the account may have left open. The account is entered, or its password reset, by what
// was sent to an address or number that nobody had proved: whoever signed up with it, and knows the password, may be somebody
// else. So may be whoever has the account's number, which goes, and its other addresses. The links that prove them die with the
// epoch (see signEmail), as do accounts with providers, by which they could come in again; and where no address is proved by coming in, so that any of them would do for the next code, they go too.
// hold must come before.
func (v *Visit) claim(a *store.Account, byPhone bool) {
	if a.AnyVerified || (byPhone && a.PhoneVerified) {
		return
	}
	id, epoch := a.ID, a.Epoch
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.Claim(ctx, id, epoch, passhash.Mark) })
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropProviderAccountsOf(ctx, id) })
	by := "email"
	if byPhone {
		by = "phone"
	}
	v.audit(store.UserClaimed, id, map[string]any{"by": by})
	a.Epoch++
	if byPhone {
		v.leave(a, store.Email{UserID: id})
	} else {
		v.dropPhone(a)
	}
}

// unclaimed reports whether nobody has proved an address (or number) of an account that has a second factor. Whoever gives a code that
// was sent there is not told apart from whoever made the account by that alone, who may have a passkey to it: what the code proves
// counts once the second factor is shown, which only the one who set it up has.
func (v *Visit) unclaimed(a *store.Account, byPhone bool) bool {
	return a.Factors.Second() && !a.AnyVerified && !(byPhone && a.PhoneVerified)
}

// leave removes the addresses of an account that nobody proved, but for one or, if that has no ID, all of them. What is left is
// the primary address.
func (v *Visit) leave(a *store.Account, e store.Email) {
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropEmailsBut(ctx, &e, true) })
	switch {
	case e.ID != "" && !e.Primary:
		v.makePrimary(&e)
	case e.Email != a.Email:
		v.setUserEmail(a.ID, e.Email)
	}
	a.Address, a.Email = e, e.Email
}

// dropPhone removes an account's number, unless people log in with nothing else.
func (v *Visit) dropPhone(a *store.Account) {
	methods := v.Tenant.Settings.Account.LoginMethods
	if a.Phone == "" || (len(methods) == 1 && methods.Has(byPhone)) {
		return
	}
	id := a.ID
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetPhone(ctx, id, "", false) })
	v.audit(store.PhoneRemoved, id, map[string]any{"before": map[string]any{"phone": a.Phone}})
	a.Phone, a.PhoneVerified = "", false
}

// proven marks as verified what a code was sent to. hold must come before.
func (v *Visit) proven(a *store.Account, p *process) {
	switch {
	case p.Phone != "" && a.Phone == p.Phone && !a.PhoneVerified:
		a.PhoneVerified = true
		id, phone := a.ID, p.Phone
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.VerifyPhone(ctx, id, phone) })
		v.audit(store.PhoneVerified, id, map[string]any{"phone": phone})
	case p.Email != "" && a.Address.Key == p.Email && !a.Address.Verified:
		v.verify(a)
	}
}
