package flows

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/passrule"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The kinds of mail that this file sends. Package post has a template for each.
const (
	mailResetLink       = "password_reset_key"
	mailResetCode       = "password_reset_code"
	mailPasswordChanged = "password_changed"
	mailPasswordSet     = "password_set"
	mailPasswordReset   = "password_reset"
)

// passwordFaults notes everything that a new password breaks of the tenant's rules.
func passwordFaults(f *refusal.Faults, t *tenants.Tenant, param, password string, own []passrule.Attribute) {
	minLength := t.Settings.Passwords.MinLength
	for _, fault := range (passrule.Rules{MinLength: minLength}).Check(password, own) {
		code := refusal.Code(fault.Code) // package passrule spells them as the contract does
		if fault.Code == passrule.TooShort {
			f.Say(param, code, fmt.Sprintf("This password is too short. Use at least %d characters.", minLength))
			continue
		}
		f.Add(param, code)
	}
}

// paramsOf are the parameters that the tenant's passwords are hashed with.
func paramsOf(t *tenants.Tenant) passhash.Params {
	p := &t.Settings.Passwords
	return passhash.Params{Memory: uint32(p.Argon2idMemory), Time: uint32(p.Argon2idIterations), Threads: uint8(p.Argon2idParallelism)}
}

// hash encodes a new password.
func (s *Service) hash(ctx context.Context, t *tenants.Tenant, password string) (string, error) {
	encoded, err := s.hasher.For(t.ID).Hash(ctx, paramsOf(t), password)
	return encoded, busy(err)
}

// matches compares a password with an encoded one. rehashed is the password encoded anew, where the tenant's hasher or
// its parameters have changed since it was set, and "" otherwise.
func (s *Service) matches(ctx context.Context, t *tenants.Tenant, encoded, password string) (ok bool, rehashed string, err error) {
	ok, upgrade, err := s.hasher.For(t.ID).Verify(ctx, paramsOf(t), encoded, password)
	switch {
	case errors.Is(err, passhash.ErrTooLong):
		return false, "", s.waste(ctx, t, "")
	case errors.Is(err, passhash.ErrUnsupported):
		s.log.WarnContext(ctx, "a stored password cannot be checked; its owner has to reset it", "tenant", t.Slug, "error", err)
		return false, "", s.waste(ctx, t, password)
	}
	if err != nil || !ok || !upgrade {
		return ok, "", busy(err)
	}
	rehashed, err = s.hash(ctx, t, password)
	return true, rehashed, err
}

// waste takes as long as a comparison does, so that nobody can tell by the clock that there was nothing to compare with.
func (s *Service) waste(ctx context.Context, t *tenants.Tenant, password string) error {
	err := s.hasher.For(t.ID).Waste(ctx, paramsOf(t), password)
	if errors.Is(err, passhash.ErrTooLong) {
		err = s.hasher.For(t.ID).Waste(ctx, paramsOf(t), "")
	}
	return busy(err)
}

// Room declines a login where there is no room for its hash, before it is counted or read and before anything is done that would have to be
// undone. It looks at the tenant alone, and so tells nothing of any account.
func (s *Service) Room(v *Visit) error {
	err := busy(s.hasher.For(v.Tenant.ID).Crowded())
	if err != nil {
		s.observe.Login(v.Tenant.Slug, result(v, err))
	}
	return err
}

// retryHashing is what a client is told to wait when more passwords are waiting than can be hashed in time.
const retryHashing = 2 * time.Second

// ErrCrowded is in the chain of a refusal whose reason is that too many passwords are waiting to be hashed for the tenant.
var ErrCrowded = passhash.ErrBusy

func busy(err error) error {
	if errors.Is(err, passhash.ErrBusy) {
		return fmt.Errorf("%w: %w", refusal.Later(refusal.Busy, retryHashing), err)
	}
	return err
}

// attributesOf are the details of a user that a password must not be like.
func attributesOf(u *store.User) []passrule.Attribute {
	return []passrule.Attribute{{Name: "username", Value: u.Username}, {Name: "name", Value: u.Name}, {Name: "email", Value: u.Email}}
}

// newPassword checks a new password of somebody; own is nil where nothing is known of them.
func (v *Visit) newPassword(f *refusal.Faults, param, password string, own []passrule.Attribute) string {
	password = trim(password)
	if textFaults(f, param, password, true) {
		passwordFaults(f, v.Tenant, param, password, own)
	}
	return password
}

// account is the account of whoever is signed in.
func (s *Service) account(ctx context.Context, v *Visit) (*store.Account, error) {
	a, err := s.accountOf(ctx, v, v.user.ID, "")
	if err == nil && a == nil {
		err = refusal.Of(refusal.Unauthenticated) // removed a moment ago
	}
	return a, err
}

// guessOwn compares a password with that of whoever is signed in, counted as a login would be. One that was marked when the
// account was claimed still tells that its owner knows it.
func (s *Service) guessOwn(ctx context.Context, v *Visit, a *store.Account, password string) (bool, error) {
	key := a.Email
	if e, ok := parseAddress(a.Email); ok {
		key = string(e)
	}
	if key == "" {
		key = usernameKey(a.Username)
	}
	if key == "" {
		key = a.ID
	}
	d, end, err := s.guess(ctx, v, ActionLoginFailed, key)
	if err != nil {
		return false, err
	}
	if !d.Allowed {
		r := refusal.Because("password", refusal.TooManyLogins)
		r.RetryAfter = d.RetryAfter
		return false, r
	}
	defer end()
	ok, _, err := s.matches(ctx, v.Tenant, passhash.Unmarked(a.Password), password)
	if err == nil && !ok {
		err = s.failed(ctx, v, a.ID, map[string]any{"method": "password"})
	}
	if err != nil || ok {
		err = s.refund(ctx, d, err)
	}
	return ok, err
}

// ChangePasswordInput is what a change of the password takes. Who has no password yet gives no current one.
type ChangePasswordInput struct {
	Current string
	New     string
}

// ChangePassword gives whoever is signed in a new password. Every other session of theirs ends; their own goes on under a new
// token, unless the tenant wants it to end as well. A password proves who somebody is, so that a first one takes a recent proof of
// somebody with a second factor: with no more than a session nobody makes themselves what it takes to remove that.
func (s *Service) ChangePassword(ctx context.Context, v *Visit, in ChangePasswordInput) error {
	if v.user == nil {
		return refusal.Of(refusal.Unauthenticated)
	}
	a, err := s.account(ctx, v)
	if err != nil {
		return err
	}
	password, err := s.checkChange(ctx, v, a, in)
	if err == nil && !a.HasPassword && a.Factors.Second() {
		err = s.fresh(v)
	}
	if err != nil {
		return err
	}
	encoded, err := s.hash(ctx, v.Tenant, password)
	if err != nil {
		return err
	}
	read := *a
	return s.step(ctx, v, func() error {
		again := read // this may be the second run
		a := &again
		if v.user == nil || v.user.Epoch != a.Epoch {
			return refusal.Of(refusal.Unauthenticated) // put out meanwhile
		}
		s.setPassword(v, a, encoded)
		v.actor = actor{} // setPassword holds the user as of the same epoch
		v.audit(store.PasswordChanged, a.ID, map[string]any{"first": !read.HasPassword})
		kind := mailPasswordChanged
		if trim(in.Current) == "" {
			kind = mailPasswordSet
		}
		if v.Tenant.Settings.Account.LogoutOnPasswordChange {
			id := v.session.ID
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropSession(ctx, id) })
			v.forget()
		} else {
			v.keep()
			v.rotate()
			v.session.Epoch, v.user.Epoch, v.user.HasPassword = a.Epoch, a.Epoch, true
		}
		to, err := s.emailFor(ctx, v, a)
		if err != nil {
			return err
		}
		return v.notify(a.ID, kind, to, nil)
	})
}

// setPassword queues a new password, which ends every session and login that waits. The visit's own session goes on as that of
// the user who is returned, if it is saved in the same step.
func (s *Service) setPassword(v *Visit, a *store.Account, encoded string) {
	id, epoch := a.ID, a.Epoch
	v.queue(func(ctx context.Context, tx *store.Tx) (err error) {
		u, err := tx.SetPassword(ctx, id, epoch, encoded)
		if err == nil && v.user != nil && v.user.ID == id {
			v.granted = u
		}
		return err
	})
	a.Epoch++
	a.Password, a.HasPassword = encoded, true
}

// checkChange checks a change of the password, the current one included.
func (s *Service) checkChange(ctx context.Context, v *Visit, a *store.Account, in ChangePasswordInput) (string, error) {
	var f refusal.Faults
	current := trim(in.Current)
	if textFaults(&f, "current_password", current, a.HasPassword) && current != "" {
		ok, err := s.guessOwn(ctx, v, a, current)
		switch r, refused := refusal.As(err); {
		case refused && r.Kind == refusal.Invalid:
			f.Add("current_password", refusal.TooManyLogins)
		case err != nil:
			return "", err
		case !ok:
			f.Add("current_password", refusal.EnterCurrentPassword)
		}
	}
	password := v.newPassword(&f, "new_password", in.New, attributesOf(&a.User))
	return password, f.Err()
}

// RequestPasswordReset mails what resets a password: a link or, where the tenant wants that, a code for this session. Where
// the tenant hides which addresses have accounts, one without gets a mail that says so, and the answer is the same.
func (s *Service) RequestPasswordReset(ctx context.Context, v *Visit, email string) error {
	var f refusal.Faults
	to := addressFaults(&f, "email", email, true, maxAddress)
	if len(f) > 0 {
		return f.Err()
	}
	if err := limited(s.take(ctx, v, ActionRequestReset, string(to))); err != nil {
		return err
	}
	return s.evenStep(ctx, v, func() error {
		reached, err := s.reachable(ctx, v, to, "")
		if err != nil {
			return err
		}
		account := &v.Tenant.Settings.Account
		if len(reached) > 0 || account.PreventEnumeration.Prevented() {
			v.auditReset(to, reached)
		}
		switch {
		case len(reached) == 0 && !account.PreventEnumeration.Prevented():
			return refusal.Because("email", refusal.UnknownEmail)
		case account.PasswordResetByCodeEnabled:
			return s.mailResetCode(v, to, reached)
		case len(reached) == 0:
			if _, err := s.store.For(v.Tenant).EmailsOf(ctx, orNobody("")); err != nil { // as a link takes
				return err
			}
			return v.tellUnknown(string(to), "")
		}
		for i := range reached { // more than one only where accounts may share an address
			if err := s.mailResetLink(ctx, v, to, &reached[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// auditReset notes that a reset was asked for, with an account or without one.
func (v *Visit) auditReset(to address, reached []store.Account) {
	details := map[string]any{"tried": v.tried(string(to))}
	if len(reached) == 0 {
		v.auditOf(store.PasswordResetAsked, "", details)
	}
	for i := range reached {
		v.auditOf(store.PasswordResetAsked, reached[i].ID, details)
	}
}

func (s *Service) mailResetCode(v *Visit, to address, reached []store.Account) error {
	v.keep()
	p := process{Email: string(to)}
	if len(reached) > 0 {
		p.UserID, p.Epoch = reached[0].ID, reached[0].Epoch
	}
	v.state.Reset = v.start(p)
	if len(reached) == 0 {
		return v.tellUnknown(string(to), "")
	}
	of := v.forReset()
	return v.mail(mailResetCode, Letter{To: string(to), UserID: reached[0].ID, Data: map[string]string{
		"email": string(to), "code": v.code(of, v.state.Reset), "expires": expiry(v.Now.Add(of.timeout)),
	}})
}

func (s *Service) mailResetLink(ctx context.Context, v *Visit, to address, a *store.Account) error {
	emails, err := s.store.For(v.Tenant).EmailsOf(ctx, a.ID)
	if err != nil {
		return err
	}
	return v.mail(mailResetLink, Letter{To: string(to), UserID: a.ID, Data: map[string]string{
		"email": string(to), "display": viewOf(v.Tenant, &a.User).Display,
		"url": v.Tenant.FrontendURL(tenants.ResetPasswordFromKey, signReset(v.Tenant, secret.ForResetLink, a, emails, string(to), v.Now)),
	}})
}

// A reset key is the user's id (16 bytes), the time it was made (8 bytes, seconds) and a MAC under the tenant's key (32 bytes)
// over both, over the address that it was mailed to and over what the account is like, as base64url. It dies with the next login,
// the next password and the next change of an address or of which is the primary one, and by being used.
//
// One that an operator has sent is signed for another purpose. It is good where the tenant mails codes, too, and proves its address:
// nobody asked for it, so that whoever uses it has it from nowhere but the mail.
const (
	resetHead = 16 + 8
	resetSize = resetHead + macSize
)

// signReset is the reset key of an account as it is now, mailed to one of its addresses at a time.
func signReset(t *tenants.Tenant, purpose secret.Purpose, a *store.Account, emails []store.Email, to string, made time.Time) string {
	id := uuid.MustParse(a.ID) // made by secret.NewID
	head := binary.BigEndian.AppendUint64(id[:], uint64(made.Unix()))
	return keyEncoding.EncodeToString(append(head, t.Keys.Sign(purpose, resetParts(t, head, a, emails, to)...)...))
}

func resetParts(t *tenants.Tenant, head []byte, a *store.Account, emails []store.Email, to string) []string {
	parts := []string{
		t.ID, string(head), to, a.Password, strconv.FormatInt(a.Epoch, 10), strconv.FormatInt(a.LastLoginAt.UnixMicro(), 10), a.Email,
	}
	for _, e := range emails {
		parts = append(parts, e.Key)
	}
	return parts
}

// resetKey is what a reset key says: whose it is, and when it was made. Whether it is good, its MAC tells.
type resetKey struct {
	userID    string
	made      time.Time
	head, mac []byte
}

func readResetKey(key string) (k resetKey, ok bool) {
	if len(key) != keyEncoding.EncodedLen(resetSize) { // the decoder passes over line breaks
		return k, false
	}
	raw, err := keyEncoding.DecodeString(key)
	if err != nil || len(raw) != resetSize {
		return k, false
	}
	made := time.Unix(int64(binary.BigEndian.Uint64(raw[16:resetHead])), 0)
	return resetKey{uuid.UUID(raw[:16]).String(), made, raw[:resetHead], raw[resetHead:]}, true
}

// resetting is what a reset key or code is good for.
type resetting struct {
	*store.Account               // whose password is reset, with the address that it was mailed to; nil where there is a fault
	emails         []store.Email // all its addresses, for a key
	byLink         bool          // a key it is, and no code
	sent           bool          // which an operator has sent
}

// accountOfResetKey is the account that a reset key is good for.
func (s *Service) accountOfResetKey(ctx context.Context, v *Visit, key string) (resetting, error) {
	r := resetting{byLink: true}
	bad := refusal.Because("key", refusal.InvalidPasswordReset)
	k, ok := readResetKey(key)
	if !ok || v.Now.Sub(k.made) > v.Tenant.Settings.Account.PasswordResetTimeout.Duration() {
		return r, bad
	}
	a, err := s.accountOf(ctx, v, k.userID, "")
	if err != nil {
		return r, err
	}
	if a == nil || !a.Active {
		return r, bad
	}
	emails, err := s.store.For(v.Tenant).EmailsOf(ctx, a.ID)
	if err != nil {
		return r, err
	}
	for _, e := range emails {
		parts := resetParts(v.Tenant, k.head, a, emails, e.Key)
		sent := v.Tenant.Keys.Verify(k.mac, secret.ForSentLink, parts...)
		asked := v.Tenant.Keys.Verify(k.mac, secret.ForResetLink, parts...) && !v.Tenant.Settings.Account.PasswordResetByCodeEnabled
		if !sent && !asked {
			continue
		}
		if sent && v.user != nil && v.user.ID != a.ID {
			break // nobody takes up somebody else's invitation
		}
		if a.Address = e; entered(a, false) {
			r.Account, r.emails, r.sent = a, emails, sent
			return r, nil
		}
	}
	return r, bad
}

// LookAtResetKey tells whose password a key or code would reset. A right code proves its address, and claims the account; a wrong
// one counts.
func (s *Service) LookAtResetKey(ctx context.Context, v *Visit, key string) (user UserView, err error) {
	err = s.step(ctx, v, func() error {
		var f refusal.Faults
		r, err := s.accountOfReset(ctx, v, &f, key)
		if err != nil {
			return err
		}
		if len(f) > 0 {
			return f.Err()
		}
		a := r.Account
		// Where an address is proved there is nothing to claim; and whose own session, or login that waits, would end with the others
		// proves it by the reset.
		if p := v.resetByCode(); !r.byLink && p != nil && !a.AnyVerified && v.session.UserID != a.ID && !v.unclaimed(a, false) {
			v.hold(a)
			v.claim(a, false)
			if p.Epoch != a.Epoch {
				p.Epoch, v.dirty = a.Epoch, true
			}
			v.proven(a, p)
		}
		user = viewOf(v.Tenant, &a.User)
		return nil
	})
	return user, err
}

// resetByCode is the reset that waits for a code; nil for none, and where the tenant has come to mail links.
func (v *Visit) resetByCode() *process {
	if !v.Tenant.Settings.Account.PasswordResetByCodeEnabled {
		return nil
	}
	return v.state.Reset
}

// accountOfReset is what a key or code is good for. What is wrong with it is noted; there is no account then.
func (s *Service) accountOfReset(ctx context.Context, v *Visit, f *refusal.Faults, key string) (resetting, error) {
	key = trim(key)
	if _, link := readResetKey(key); link || !v.Tenant.Settings.Account.PasswordResetByCodeEnabled {
		if !textFaults(f, "key", key, true) {
			return resetting{}, nil
		}
		r, err := s.accountOfResetKey(ctx, v, key)
		if bad, ok := refusal.As(err); ok && bad.Kind == refusal.Invalid {
			*f = append(*f, bad.Details...)
			return resetting{}, nil
		}
		return r, err
	}
	if !v.AwaitsReset() {
		return resetting{}, refusal.Of(refusal.Conflict)
	}
	p := v.state.Reset
	if !v.check(f, "key", v.forReset(), p, key) {
		v.miss(func() {
			if v.state.Reset.missed(v.forReset()) {
				v.state.Reset = nil
			}
		})
		return resetting{}, nil
	}
	a, err := s.accountOf(ctx, v, p.UserID, p.Email)
	if err == nil && (a == nil || a.Epoch != p.Epoch || !has(a, p) || !entered(a, false)) {
		v.miss(func() { v.state.Reset = nil }) // the account or its address is gone or no way in any more, or whoever asked was put out
		err = refusal.Of(refusal.Conflict)
	}
	return resetting{Account: a}, err
}

// ResetPassword sets a new password with the key or code that was mailed. Every session of the account ends.
func (s *Service) ResetPassword(ctx context.Context, v *Visit, key, password string) error {
	encoded, userID := "", ""
	err := s.step(ctx, v, func() error {
		var f refusal.Faults
		r, err := s.accountOfReset(ctx, v, &f, key)
		if err != nil {
			return err
		}
		a := r.Account
		chosen := trim(password)
		switch {
		case a != nil:
			chosen = v.newPassword(&f, "password", password, attributesOf(&a.User))
		case v.Tenant.Settings.Account.PasswordResetByCodeEnabled:
			chosen = v.newPassword(&f, "password", password, nil) // nothing of whoever it is may be told
		default:
			textFaults(&f, "password", chosen, true)
		}
		if len(f) > 0 {
			return f.Err()
		}
		if encoded == "" {
			if encoded, err = s.hash(ctx, v.Tenant, chosen); err != nil {
				return err
			}
		}
		userID = a.ID
		return s.resetPassword(ctx, v, r, encoded)
	})
	if err != nil {
		return err
	}
	if err := s.clearGuesses(ctx, v, userID); err != nil {
		s.log.WarnContext(ctx, "failed logins could not be forgotten after a password was reset", "tenant", v.Tenant.Slug, "error", err)
	}
	return nil
}

func (s *Service) resetPassword(ctx context.Context, v *Visit, r resetting, encoded string) error {
	a := r.Account
	proof, email := Method{Method: "password_reset"}, ""
	nobodys := !a.AnyVerified
	v.hold(a)
	if r.byLink { // which dies with any change
		read := *a
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldUnchanged(ctx, &read, r.emails) })
	}
	unclaimed := v.unclaimed(a, false)
	if !unclaimed {
		v.claim(a, false)
	}
	var proves *process
	byCode := false
	if p := v.resetByCode(); !r.byLink && p != nil {
		if unclaimed {
			proves = p.clone()
		} else {
			v.proven(a, p)
		}
		v.state.Reset, v.dirty, byCode = nil, true, true
		proof.Email, email = p.Email, p.Email
	} else if nobodys && !unclaimed { // a link proves nothing by itself: whatever else the account has would do for a login code
		v.leave(a, a.Address)
	}
	if r.sent && !unclaimed && a.Address.ID != "" {
		elsewhere, err := s.store.For(v.Tenant).VerifiedElsewhere(ctx, a.ID, a.Address.Key)
		if err != nil {
			return err
		}
		if !elsewhere || !v.Tenant.Settings.Account.UniqueEmail {
			v.proven(a, &process{Email: a.Address.Key})
		}
	}
	switch { // what is the account's in this session ends with the others
	case v.user != nil && v.user.ID == a.ID:
		id := v.session.ID
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropSession(ctx, id) })
		v.forget()
	case v.Pending() != "" && v.state.Login.UserID == a.ID:
		v.abandon()
	}
	s.setPassword(v, a, encoded)
	v.audit(store.PasswordReset, a.ID, nil)
	to, err := s.emailFor(ctx, v, a)
	if err != nil {
		return err
	}
	if err := v.notify(a.ID, mailPasswordReset, to, nil); err != nil {
		return err
	}
	if !v.Tenant.Settings.Account.LoginOnPasswordReset || v.user != nil {
		return nil
	}
	if err := v.disown(); err != nil {
		return err
	}
	if err := v.record(a.ID, proof); err != nil {
		return err
	}
	return s.begin(ctx, v, login{Email: email, Proof: proof.Method, Proves: proves, here: byCode}, a)
}

// clearGuesses forgets the failed logins at a user's addresses: who has just set the password knows it.
func (s *Service) clearGuesses(ctx context.Context, v *Visit, userID string) error {
	emails, err := s.store.For(v.Tenant).EmailsOf(ctx, userID)
	if err != nil {
		return err
	}
	var keys []string
	for _, e := range emails {
		keys = append(keys, keysAbout(v, ActionLoginFailed, e.Key)...)
	}
	if len(keys) == 0 {
		return nil
	}
	return s.limiter.Clear(ctx, v.Tenant.ID, keys...)
}
