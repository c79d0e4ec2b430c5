package flows

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The kinds of mail that this file sends. Package post has a template for each.
const (
	mailConfirmSignup = "email_confirmation_signup"
	mailConfirm       = "email_confirmation"
	mailEmailChanged  = "email_changed"
	mailEmailDeleted  = "email_deleted"
)

// byCode reports whether the tenant's addresses are proved by a code that is typed in, and not by a link.
func (v *Visit) byCode() bool { return v.Tenant.Settings.Account.EmailVerificationByCodeEnabled }

// askForEmail starts the stage of the address.
func (s *Service) askForEmail(ctx context.Context, v *Visit, l *login, a *store.Account) error {
	if !v.byCode() {
		return s.mailVerification(ctx, v, l, a)
	}
	if v.state.Email != nil {
		return nil // it has been asked for already
	}
	p := process{Email: l.Email, Of: l.EmailOf}
	if a != nil {
		p.UserID = a.ID
		if a.Address.ID != "" {
			p.Email = a.Address.Key
		}
	}
	if p.Email == "" {
		return nil // there is no address to prove, and no way on
	}
	v.state.Email = v.start(p)
	return s.mailCode(ctx, v, v.state.Email, a, false)
}

// mailCode mails a new code to the address of a process or, where there is no account behind it, word to whoever has the
// address already. again says that it is not the first: then such an address gets nothing. One that was mailed a moment ago is
// refused, since the code that it got then is good no more.
func (s *Service) mailCode(ctx context.Context, v *Visit, p *process, a *store.Account, again bool) error {
	if err := s.spend(ctx, v, ActionConfirmEmail, p.Email); err != nil {
		return err
	}
	if a == nil || p.Taken {
		p.void()
		if again {
			v.waste()
			return nil
		}
		return v.tellExists(p.Of, p.Email, "")
	}
	kind := mailConfirm
	if a.LastLoginAt.IsZero() && v.user == nil {
		kind = mailConfirmSignup
	}
	of := v.forEmail()
	return v.mail(kind, Letter{To: p.Email, UserID: a.ID, Data: map[string]string{
		"email": p.Email, "display": viewOf(v.Tenant, &a.User).Display,
		"code": v.code(of, p), "expires": expiry(p.Since.Add(of.timeout)),
	}})
}

// ResendEmailCode mails another code for the address that is being proved.
func (s *Service) ResendEmailCode(ctx context.Context, v *Visit) error {
	return s.evenStep(ctx, v, func() error {
		if !v.byCode() || v.state.Email == nil || v.state.Email.Resends >= v.forEmail().resends {
			return v.over(VerifyEmail)
		}
		return s.resendEmailCode(ctx, v)
	})
}

func (s *Service) resendEmailCode(ctx context.Context, v *Visit) error {
	p := v.state.Email
	a, err := s.ownAccount(ctx, v, p.UserID, p.Email)
	if err != nil {
		return err
	}
	p.Resends++
	v.dirty = true
	return s.mailCode(ctx, v, p, a, true)
}

// mailVerification mails what proves the address of a login: a link to its owner or, behind a pretended login, word to
// the owner of the account that exists. An address that was mailed a moment ago is not mailed again; what it got then is
// still good.
func (s *Service) mailVerification(ctx context.Context, v *Visit, l *login, a *store.Account) error {
	to := l.Email
	if a != nil && a.Address.ID != "" {
		to = a.Address.Email
	}
	address, ok := parseAddress(to)
	if !ok || (a != nil && a.Address.Verified) {
		return nil
	}
	d, err := s.takeIfAny(ctx, v, ActionConfirmEmail, string(address))
	if err != nil {
		return err
	}
	if d.Allowed {
		v.spent = append(v.spent, d)
	}
	// The first mail to an account of its own is owed: whoever pressed the button twice must not end with an account and
	// no link. There is one such account for an address.
	if owed := l.Signup && a != nil && a.Address.Exclusive; !d.Allowed && !owed {
		return nil
	}
	if a == nil {
		return v.tellExists(l.EmailOf, to, "")
	}
	kind := mailConfirm
	if l.Signup {
		kind = mailConfirmSignup
	}
	return v.mailLink(kind, a)
}

// mailLink mails the link that proves an account's address.
func (v *Visit) mailLink(kind string, a *store.Account) error {
	return v.mail(kind, Letter{To: a.Address.Email, UserID: a.ID, Data: map[string]string{
		"email": a.Address.Email, "display": viewOf(v.Tenant, &a.User).Display,
		"url": v.Tenant.FrontendURL(tenants.ConfirmEmail, signEmail(v.Tenant, a.Address.ID, a.Epoch, v.Now)),
	}})
}

// A link key is the address's id (16 bytes), the time it was made (8 bytes, seconds), its user's epoch (8 bytes) and a MAC over
// all three under the tenant's key (32 bytes), as base64url. It names an address's row and not the address: removing an address
// kills its keys, and so does verifying it. So does whatever ends the user's sessions: whoever is put out of an account must not
// keep a way to come in again.
const (
	keyHead = 16 + 8 + 8
	keySize = keyHead + macSize
)

// keyEncoding accepts one spelling of each key only.
var keyEncoding = base64.RawURLEncoding.Strict()

func signEmail(t *tenants.Tenant, emailID string, epoch int64, now time.Time) string {
	id := uuid.MustParse(emailID) // made by secret.NewID
	raw := binary.BigEndian.AppendUint64(id[:], uint64(now.Unix()))
	raw = binary.BigEndian.AppendUint64(raw, uint64(epoch))
	return keyEncoding.EncodeToString(append(raw, t.Keys.Sign(secret.ForEmailLink, t.ID, string(raw))...))
}

// readEmailKey is the address's id and its user's epoch in a link key of the tenant that is still in time.
func readEmailKey(t *tenants.Tenant, key string, now time.Time) (id string, epoch int64, ok bool) {
	if len(key) != keyEncoding.EncodedLen(keySize) { // the decoder passes over line breaks
		return "", 0, false
	}
	raw, err := keyEncoding.DecodeString(key)
	if err != nil || len(raw) != keySize || !t.Keys.Verify(raw[keyHead:], secret.ForEmailLink, t.ID, string(raw[:keyHead])) {
		return "", 0, false
	}
	made := time.Unix(int64(binary.BigEndian.Uint64(raw[16:24])), 0)
	if now.Sub(made) > time.Duration(t.Settings.Account.EmailConfirmationExpireDays)*24*time.Hour {
		return "", 0, false
	}
	return uuid.UUID(raw[:16]).String(), int64(binary.BigEndian.Uint64(raw[24:keyHead])), true
}

// Verification is what a key is about, before it is used.
type Verification struct {
	Email string   `json:"email"`
	User  UserView `json:"user"`
}

// LookAtEmailKey tells whose address a key would verify, and whether the visit's login waits for it. Looking with a wrong
// code counts as using one.
func (s *Service) LookAtEmailKey(ctx context.Context, v *Visit, key string) (found Verification, pending bool, err error) {
	err = s.step(ctx, v, func() error {
		a, err := s.accountOfProof(ctx, v, key)
		if err != nil {
			return err
		}
		found = Verification{Email: a.Address.Email, User: viewOf(v.Tenant, &a.User)}
		pending = v.Pending() == VerifyEmail
		return nil
	})
	return found, pending, err
}

// VerifyEmail proves an address with the key or code that was mailed to it. If the visit's own login waited for it, by code
// or where the tenant lets a link sign in, the login goes on; otherwise it is given up, and the user logs in afresh.
func (s *Service) VerifyEmail(ctx context.Context, v *Visit, key string) error {
	return s.step(ctx, v, func() error {
		a, err := s.accountOfProof(ctx, v, key)
		if err != nil {
			return err
		}
		if v.byCode() && v.Pending() == VerifyEmail && v.unclaimed(a, false) {
			v.state.Login.Proves = v.state.Email.clone()
		} else if err := s.verifyEmail(v, a); err != nil {
			return err
		}
		if v.byCode() {
			v.state.Email, v.dirty = nil, true
		}
		if v.Pending() != VerifyEmail {
			return nil
		}
		l := v.state.Login
		if !(v.byCode() || v.Tenant.Settings.Account.LoginOnEmailConfirmation) || l.UserID != a.ID {
			v.abandon()
			return nil
		}
		return s.advance(ctx, v, a)
	})
}

// verifyEmail marks an account's address as verified and does what comes with it. In change_email mode it takes the place of
// all others.
func (s *Service) verifyEmail(v *Visit, a *store.Account) error {
	old := a.Email
	v.verify(a)
	if !v.Tenant.Settings.Account.ChangeEmail {
		return nil
	}
	e := a.Address
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropEmailsBut(ctx, &e, false) })
	v.audit(store.EmailRemoved, a.ID, map[string]any{"all_but": e.Email})
	v.makePrimary(&e)
	if old == "" || old == e.Email {
		return nil
	}
	return v.notify(a.ID, mailEmailChanged, old, map[string]string{"from_email": old, "to_email": e.Email})
}

// verify marks an account's address as verified, or adds it as such where it was only pending in the session; the first one
// becomes the primary one. The account must not have been claimed, nor its user put out, since it was read: SetFirstEmail sees to it,
// and comes before all else.
//
// What else was read may have changed when this is written, but not so that more would be needed. An address that is this account's
// alone is nobody else's until somebody verifies it, which VerifyEmail comes to know. One that is the primary one ceases to be it
// in favour of another.
func (v *Visit) verify(a *store.Account) {
	e, epoch, unique := a.Address, a.Epoch, v.Tenant.Settings.Account.UniqueEmail
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetFirstEmail(ctx, &e, epoch) })
	if unique && !e.Exclusive {
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.YieldEmail(ctx, &e) })
	}
	if e.ID == "" {
		e.ID, e.UserID, e.CreatedAt, e.Verified, e.Exclusive = secret.NewID(), a.ID, v.Now, true, unique
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddEmail(ctx, &e) })
		v.audit(store.EmailAdded, a.ID, map[string]any{"email": e.Email})
	} else {
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.VerifyEmail(ctx, e.ID, unique) })
	}
	if !e.Primary {
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetFirstPrimary(ctx, &e) })
	}
	v.audit(store.EmailVerified, a.ID, map[string]any{"email": e.Email})
	a.Address = e
	a.Address.Verified, a.AnyVerified = true, true
	if v.user != nil && v.user.ID == a.ID && v.user.Email == "" {
		v.user.Email = e.Email // it becomes the first primary address, as SetFirstEmail writes
	}
}

// makePrimary makes an address its user's primary one.
func (v *Visit) makePrimary(e *store.Email) {
	x := *e
	v.audit(store.EmailPrimaryChanged, x.UserID, map[string]any{"after": map[string]any{"email": x.Email}})
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.UnsetPrimary(ctx, x.UserID) })
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetPrimary(ctx, &x) })
	v.setUserEmail(x.UserID, x.Email)
}

func (v *Visit) setUserEmail(userID, email string) {
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetUserEmail(ctx, userID, email) })
	if v.user != nil && v.user.ID == userID {
		v.user.Email = email
	}
}

// accountOfProof is the account whose unverified address a key or code is for.
func (s *Service) accountOfProof(ctx context.Context, v *Visit, key string) (*store.Account, error) {
	if v.byCode() {
		return s.accountOfCode(ctx, v, key)
	}
	a, err := s.accountOfKey(ctx, v, key)
	return &a, err
}

// accountOfCode is the account whose address waits for a code.
func (s *Service) accountOfCode(ctx context.Context, v *Visit, code string) (*store.Account, error) {
	if !v.AwaitsEmailProof() {
		return nil, v.over(VerifyEmail)
	}
	p := v.state.Email
	var f refusal.Faults
	right := v.check(&f, "key", v.forEmail(), p, code)
	var a *store.Account
	if right {
		var err error
		if a, err = s.ownAccount(ctx, v, p.UserID, p.Email); err != nil {
			return nil, err
		}
		taken, err := s.store.For(v.Tenant).VerifiedElsewhere(ctx, p.UserID, p.Email)
		if err != nil {
			return nil, err
		}
		if taken && v.Tenant.Settings.Account.UniqueEmail {
			f.Add("key", refusal.EmailTaken)
		}
	}
	if len(f) > 0 {
		v.miss(func() {
			if v.state.Email.missed(v.forEmail()) {
				v.giveUpEmail()
			}
		})
		return nil, f.Err()
	}
	switch {
	case a == nil || (a.Address.ID == "" && v.user == nil), a.Address.Verified:
		v.miss(v.giveUpEmail) // the account or its address is gone, or was proved meanwhile, or whoever waits was put out
		return nil, refusal.Of(refusal.Conflict)
	case a.Address.ID == "":
		a.Address = store.Email{UserID: a.ID, Email: p.Email, Key: p.Email}
	}
	return a, nil
}

// giveUpEmail forgets the address that waits for a code, and with it the login that waits for the address.
func (v *Visit) giveUpEmail() {
	v.state.Email = nil
	if v.Pending() == VerifyEmail {
		v.abandon()
	}
}

// accountOfKey is the account whose unverified address a key is for.
func (s *Service) accountOfKey(ctx context.Context, v *Visit, key string) (store.Account, error) {
	var f refusal.Faults
	if !textFaults(&f, "key", trim(key), true) {
		return store.Account{}, f.Err()
	}
	id, epoch, ok := readEmailKey(v.Tenant, trim(key), v.Now)
	if !ok {
		return store.Account{}, refusal.Because("key", refusal.InvalidOrExpiredKey)
	}
	a, elsewhere, err := s.store.For(v.Tenant).EmailByID(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound) || (err == nil && (a.Address.Verified || !a.Active || a.Epoch != epoch)):
		return store.Account{}, refusal.Because("key", refusal.InvalidOrExpiredKey)
	case err != nil:
		return store.Account{}, err
	case elsewhere && v.Tenant.Settings.Account.UniqueEmail:
		return store.Account{}, refusal.Because("key", refusal.EmailTaken)
	}
	return a, nil
}

// EmailView is one address as its owner sees it.
type EmailView struct {
	Email    string `json:"email"`
	Primary  bool   `json:"primary"`
	Verified bool   `json:"verified"`
}

// Emails lists the addresses of whoever is signed in, with the one that waits for a code.
func (s *Service) Emails(ctx context.Context, v *Visit) ([]EmailView, error) {
	if v.user == nil {
		return nil, refusal.Of(refusal.Unauthenticated)
	}
	rows, err := s.store.For(v.Tenant).EmailsOf(ctx, v.user.ID)
	if err != nil {
		return nil, err
	}
	return v.viewEmails(rows), nil
}

// viewEmails shows addresses of one user, and to whoever is signed in the one that waits for a code.
func (v *Visit) viewEmails(rows []store.Email) []EmailView {
	all := []EmailView{}
	waiting := ""
	if p := v.state.Email; p != nil && v.user != nil && p.UserID == v.user.ID {
		waiting = p.Email
	}
	for _, e := range rows {
		all = append(all, EmailView{Email: e.Email, Primary: e.Primary, Verified: e.Verified})
		if e.Key == waiting {
			waiting = ""
		}
	}
	if waiting != "" {
		all = append(all, EmailView{Email: waiting})
	}
	return all
}

// emailStep is a step on the addresses of whoever is signed in, which run makes of fn: Service.step, or evenStep. It counts as one
// use of manage_email, and answers with the addresses that fn says there are afterwards: once they are changed, nothing that
// fails may say that they are not.
func (s *Service) emailStep(
	ctx context.Context, v *Visit, run func(context.Context, *Visit, func() error) error, fn func(userID string) ([]store.Email, error),
) ([]EmailView, error) {
	if v.user == nil {
		return nil, refusal.Of(refusal.Unauthenticated)
	}
	if err := s.admitUser(ctx, v, ActionManageEmail, v.user.ID); err != nil {
		return nil, err
	}
	var left []store.Email
	err := run(ctx, v, func() (err error) {
		if v.user == nil {
			return refusal.Of(refusal.Unauthenticated)
		}
		left, err = fn(v.user.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v.viewEmails(left), nil
}

// AddEmail adds an address to the account of whoever is signed in and mails what proves it; or, where a signup waits for its
// address to be proved by a code, changes that address.
func (s *Service) AddEmail(ctx context.Context, v *Visit, email string) ([]EmailView, error) {
	if v.user == nil {
		return s.changeSignupEmail(ctx, v, email)
	}
	return s.emailStep(ctx, v, s.evenStep, func(userID string) ([]store.Email, error) {
		var f refusal.Faults
		a := addressFaults(&f, "email", email, true, v.Tenant.Settings.Account.EmailMaxLength)
		if len(f) > 0 {
			return nil, f.Err()
		}
		own, err := s.store.For(v.Tenant).EmailsOf(ctx, userID)
		if err != nil {
			return nil, err
		}
		holder, err := s.checkNewEmail(ctx, v, a, own)
		if err != nil {
			return nil, err
		}
		if !v.Tenant.Settings.MFA.AllowUnverifiedEmail && !v.byCode() { // a protected account has no address that is not its owner's
			if v.user.Factors != 0 {
				return nil, refusal.Because("email", refusal.AddEmailBlocked)
			}
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldUnprotected(ctx, userID) })
		}
		if err := s.recent(v); err != nil {
			return nil, err
		}
		return s.addEmail(ctx, v, own, userID, a, holder != "")
	})
}

// checkNewEmail refuses an address that cannot be added to those that a user has, and is which other account has it, "" for none.
func (s *Service) checkNewEmail(ctx context.Context, v *Visit, a address, own []store.Email) (holder string, err error) {
	account := &v.Tenant.Settings.Account
	if slices.ContainsFunc(own, func(e store.Email) bool { return e.Key == string(a) }) {
		return "", refusal.Because("email", refusal.DuplicateEmail)
	}
	if account.UniqueEmail {
		t, err := s.store.For(v.Tenant).Taken(ctx, store.Names{EmailKey: string(a)})
		if err != nil {
			return "", err
		}
		holder = t.EmailOf
	}
	switch {
	case holder != "" && !account.PreventEnumeration.Prevented():
		return "", refusal.Because("email", refusal.EmailTaken)
	case !account.ChangeEmail && !account.MaxEmailAddresses.Allows(len(own)+1): // a change puts one in the place of another
		return "", refusal.Because("email", refusal.MaxEmailAddresses)
	}
	return holder, nil
}

// addEmail adds an address to a user's own, and is what there is afterwards.
func (s *Service) addEmail(ctx context.Context, v *Visit, own []store.Email, userID string, a address, taken bool) ([]store.Email, error) {
	if v.byCode() {
		v.keep()
		v.state.Email = v.start(process{Email: string(a), UserID: userID})
		return own, s.mailCode(ctx, v, v.state.Email, v.owner(store.Email{}), false)
	}
	e := v.newAddress(userID, a)
	e.Exclusive = e.Exclusive && !taken
	if v.Tenant.Settings.Account.ChangeEmail {
		if slices.ContainsFunc(own, func(x store.Email) bool { return !x.Verified && x.Email == v.user.Email }) {
			v.setUserEmail(userID, "") // what is shown, and notified, goes with its row
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropEmailsBut(ctx, &e, true) })
		own = slices.DeleteFunc(own, func(x store.Email) bool {
			if !x.Verified {
				v.audit(store.EmailRemoved, userID, map[string]any{"email": x.Email})
			}
			return !x.Verified
		})
	}
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddEmail(ctx, &e) })
	v.audit(store.EmailAdded, userID, map[string]any{"email": e.Email})
	_, err := s.mailOwnLink(ctx, v, v.owner(e)) // without one it is added all the same
	return append(own, e), err
}

// newAddress is an address that a user gets, and has not proved. It is the user's alone unless the tenant lets others have it, or
// hides so strictly who has it that others may sign up with it until it is proved.
func (v *Visit) newAddress(userID string, a address) store.Email {
	account := &v.Tenant.Settings.Account
	return store.Email{
		ID: secret.NewID(), UserID: userID, Email: string(a), Key: string(a), CreatedAt: v.Now,
		Exclusive: account.UniqueEmail && !account.PreventEnumeration.Strict(),
	}
}

// owner is the account of whoever is signed in, as far as the session knows it, with one of its addresses. It is as good as one
// that is read anew: whatever is written for it is written only if the user has not been put out since.
func (v *Visit) owner(e store.Email) *store.Account { return &store.Account{User: *v.user, Address: e} }

// mailOwnLink mails a link to an address of whoever is signed in, unless it was mailed a moment ago: what it got then is still
// good. It reports whether it was mailed.
func (s *Service) mailOwnLink(ctx context.Context, v *Visit, a *store.Account) (mailed bool, err error) {
	d, err := s.takeIfAny(ctx, v, ActionConfirmEmail, a.Address.Key)
	if err != nil || !d.Allowed {
		return false, err
	}
	v.spent = append(v.spent, d)
	return true, v.mailLink(mailConfirm, a)
}

// changeSignupEmail moves a signup that waits for a code to another address. Where somebody has it already, no code is right, and
// what the account has is written anew, which takes as long. The contract has it tell which address the account has then, and so
// who can move knows (see docs/decisions/0016).
func (s *Service) changeSignupEmail(ctx context.Context, v *Visit, email string) ([]EmailView, error) {
	if !v.canChange(VerifyEmail) {
		return nil, s.step(ctx, v, func() error { return v.over(VerifyEmail) })
	}
	userID := v.state.Login.UserID
	if err := s.admitUser(ctx, v, ActionManageEmail, userID); err != nil {
		return nil, err
	}
	var left []store.Email
	err := s.evenStep(ctx, v, func() error {
		if !v.canChange(VerifyEmail) {
			return refusal.Of(refusal.Conflict)
		}
		p := v.state.Email
		var f refusal.Faults
		a := addressFaults(&f, "email", email, true, v.Tenant.Settings.Account.EmailMaxLength)
		if len(f) == 0 && string(a) == p.Email {
			f.Add("email", refusal.SameAsCurrent)
		}
		if len(f) > 0 {
			return f.Err()
		}
		owner, err := s.waiting(ctx, v, "")
		if err != nil {
			return err
		}
		if owner == nil || owner.Address.ID == "" || owner.AnyVerified || !owner.LastLoginAt.IsZero() {
			return refusal.Of(refusal.Conflict)
		}
		holder, err := s.checkNewEmail(ctx, v, a, nil)
		if err != nil {
			return err
		}
		if string(a) == owner.Email {
			holder = "" // it goes back to its own
		}
		p.Email, p.Taken, p.Of = string(a), holder != "", holder
		p.Changes++
		v.dirty = true
		e := v.newAddress(userID, a)
		if p.Taken {
			e = owner.Address
		}
		left = []store.Email{e}
		v.moveSignup(owner, e)
		return s.mailCode(ctx, v, p, owner, false)
	})
	if err != nil {
		return nil, err
	}
	return v.viewEmails(left), nil
}

// moveSignup puts an address in the place of the one that an account signed up with.
func (v *Visit) moveSignup(owner *store.Account, e store.Email) {
	v.hold(owner)
	e.ID = secret.NewID()
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropEmailsBut(ctx, &e, true) })
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddEmail(ctx, &e) })
	v.setUserEmail(owner.ID, e.Email)
	v.audit(store.EmailPrimaryChanged, owner.ID, change("email", owner.Email, e.Email))
	v.state.Login.Email = e.Key
	owner.Address, owner.Email = e, e.Email
}

// ResendEmail mails what proves an address of whoever is signed in, once more. It reports whether anything was mailed.
func (s *Service) ResendEmail(ctx context.Context, v *Visit, email string) (sent bool, err error) {
	_, err = s.emailStep(ctx, v, s.step, func(userID string) ([]store.Email, error) {
		sent, err = s.resendEmail(ctx, v, userID, email)
		return nil, err
	})
	return sent, err
}

func (s *Service) resendEmail(ctx context.Context, v *Visit, userID, email string) (sent bool, err error) {
	e, _, err := s.ownEmail(ctx, v, userID, email)
	if err != nil {
		return false, err
	}
	if e.ID == "" {
		if v.state.Email.Resends >= v.forEmail().resends {
			return false, nil
		}
		return true, s.resendEmailCode(ctx, v)
	}
	owner := v.owner(e)
	if v.byCode() {
		v.keep()
		v.state.Email = v.start(process{Email: e.Key, UserID: userID})
		return true, s.mailCode(ctx, v, v.state.Email, owner, false)
	}
	sent, err = s.mailOwnLink(ctx, v, owner)
	if err == nil && !sent {
		s.observe.Limited(v.Tenant, ActionConfirmEmail)
	}
	return sent, err
}

// ownEmail is an address of a user by what was typed, and all that the user has; without an id it is the one that waits for a
// code.
func (s *Service) ownEmail(ctx context.Context, v *Visit, userID, typed string) (e store.Email, own []store.Email, err error) {
	// One fault is told: an address that is looked for among one's own need not be a good one.
	var f refusal.Faults
	a, ok := parseAddress(trim(typed))
	if textFaults(&f, "email", trim(typed), true) && !ok {
		f.Say("email", refusal.Malformed, notAnAddress)
	}
	if len(f) > 0 {
		return e, nil, f.Err()
	}
	if own, err = s.store.For(v.Tenant).EmailsOf(ctx, userID); err != nil {
		return e, nil, err
	}
	for _, e := range own {
		if e.Key == string(a) {
			return e, own, nil
		}
	}
	if p := v.state.Email; p != nil && p.UserID == userID && p.Email == string(a) {
		return store.Email{UserID: userID, Email: p.Email, Key: p.Email}, own, nil
	}
	return e, nil, refusal.Because("email", refusal.UnknownEmail)
}

// MakeEmailPrimary makes an address the primary one. primary says whether the client asked for that: nothing else can be.
func (s *Service) MakeEmailPrimary(ctx context.Context, v *Visit, email string, primary bool) ([]EmailView, error) {
	return s.emailStep(ctx, v, s.step, func(userID string) ([]store.Email, error) {
		e, own, err := s.selectEmail(ctx, v, userID, email, func(f *refusal.Faults) {
			if !primary {
				f.Add("primary", refusal.Required)
			}
		})
		if err != nil {
			return nil, err
		}
		anyVerified := slices.ContainsFunc(own, func(x store.Email) bool { return x.Verified })
		if e.ID == "" || (!e.Verified && anyVerified) {
			return nil, refusal.Because("email", refusal.UnverifiedPrimary)
		}
		if err := s.recent(v); err != nil {
			return nil, err
		}
		v.makePrimary(&e)
		left := slices.Clone(own)
		for i := range left {
			left[i].Primary = left[i].ID == e.ID
		}
		for _, x := range own {
			if x.Primary { // be it the same: the contract tells of that, too
				return left, v.notify(userID, mailEmailChanged, x.Email, map[string]string{"from_email": x.Email, "to_email": e.Email})
			}
		}
		return left, nil
	})
}

// RemoveEmail removes an address.
func (s *Service) RemoveEmail(ctx context.Context, v *Visit, email string) ([]EmailView, error) {
	return s.emailStep(ctx, v, s.step, func(userID string) ([]store.Email, error) {
		e, own, err := s.selectEmail(ctx, v, userID, email, nil)
		if err != nil {
			return nil, err
		}
		if e.ID == "" {
			v.state.Email, v.dirty = nil, true
			return own, nil
		}
		if !v.removable(e, own) {
			return nil, refusal.Because("email", refusal.CannotRemovePrimary)
		}
		if err := s.recent(v); err != nil {
			return nil, err
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropEmail(ctx, &e) })
		v.audit(store.EmailRemoved, userID, map[string]any{"email": e.Email})
		if p := v.state.Email; p != nil && p.Email == e.Key {
			v.state.Email, v.dirty = nil, true // what is removed is not to be proved any more
		}
		primary := v.user.Email
		if e.Email == primary {
			primary = ""
			v.setUserEmail(userID, "")
		}
		left := slices.DeleteFunc(own, func(x store.Email) bool { return x.ID == e.ID })
		return left, v.notify(userID, mailEmailDeleted, primary, map[string]string{"deleted_email": e.Email})
	})
}

// removable reports whether an account is still complete without an address: the primary one stays while there are others,
// and the last one where it is the only way in.
func (v *Visit) removable(e store.Email, own []store.Email) bool {
	methods := v.Tenant.Settings.Account.LoginMethods
	onlyWayIn := len(methods) == 1 && methods.Has(byEmail)
	hasOther := len(own) > 1
	switch {
	case e.Primary && hasOther:
		return false
	case hasOther:
		return true
	default:
		return !onlyWayIn
	}
}

// selectEmail is ownEmail in a form with other fields, whose faults more notes.
func (s *Service) selectEmail(ctx context.Context, v *Visit, userID, typed string, more func(*refusal.Faults)) (store.Email, []store.Email, error) {
	var f refusal.Faults
	e, own, err := s.ownEmail(ctx, v, userID, typed)
	if r, ok := refusal.As(err); ok && r.Kind == refusal.Invalid {
		f = r.Details
	} else if err != nil {
		return e, nil, err
	}
	if more != nil {
		more(&f)
	}
	return e, own, f.Err()
}
