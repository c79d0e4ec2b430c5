package flows

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
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
	mailAccountExists = "account_already_exists"
)

// Letter is a message as it is queued: whom it goes to, and what its template is filled in with. It is sealed until it
// is sent.
type Letter struct {
	To   string            `json:"to"`
	Data map[string]string `json:"data"`
}

// mail queues a letter.
func (v *Visit) mail(kind string, l Letter) error {
	plain, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode mail: %w", err)
	}
	m := store.Message{ID: secret.NewID(), Kind: kind, Channel: store.Mail, CreatedAt: v.Now, DueAt: v.Now}
	m.Body = v.Tenant.Keys.Seal(secret.ForMessage, m.ID, plain)
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddMessage(ctx, &m) })
	v.mailed = true
	return nil
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
	d, err := s.take(ctx, v, ActionConfirmEmail, string(address))
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
		return v.mail(mailAccountExists, Letter{To: to, Data: map[string]string{
			"email": to, "password_reset_url": v.Tenant.FrontendURL("account_reset_password", ""),
		}})
	}
	kind := mailConfirm
	if l.Signup {
		kind = mailConfirmSignup
	}
	return v.mail(kind, Letter{To: to, Data: map[string]string{
		"email": to, "display": viewOf(v.Tenant, &a.User).Display,
		"url": v.Tenant.FrontendURL("account_confirm_email", signEmail(v.Tenant, a.Address.ID, v.Now)),
	}})
}

// A link key is the address's id (16 bytes), the time it was made (8 bytes, seconds) and a MAC over both under the
// tenant's key (32 bytes), as base64url. It names an address's row and not the address: removing an address kills its
// keys, and so does verifying it.
const (
	keyHead = 16 + 8
	keySize = keyHead + 32
)

// keyEncoding accepts one spelling of each key only.
var keyEncoding = base64.RawURLEncoding.Strict()

func signEmail(t *tenants.Tenant, emailID string, now time.Time) string {
	id := uuid.MustParse(emailID) // made by secret.NewID
	raw := binary.BigEndian.AppendUint64(id[:], uint64(now.Unix()))
	return keyEncoding.EncodeToString(append(raw, t.Keys.Sign(secret.ForEmailLink, t.ID, string(raw))...))
}

// readEmailKey is the address's id in a link key of the tenant that is still in time.
func readEmailKey(t *tenants.Tenant, key string, now time.Time) (id string, ok bool) {
	if len(key) != keyEncoding.EncodedLen(keySize) { // the decoder passes over line breaks
		return "", false
	}
	raw, err := keyEncoding.DecodeString(key)
	if err != nil || len(raw) != keySize || !t.Keys.Verify(raw[keyHead:], secret.ForEmailLink, t.ID, string(raw[:keyHead])) {
		return "", false
	}
	made := time.Unix(int64(binary.BigEndian.Uint64(raw[16:keyHead])), 0)
	if now.Sub(made) > time.Duration(t.Settings.Account.EmailConfirmationExpireDays)*24*time.Hour {
		return "", false
	}
	return uuid.UUID(raw[:16]).String(), true
}

// Verification is what a link key is about, before it is used.
type Verification struct {
	Email string   `json:"email"`
	User  UserView `json:"user"`
}

// LookAtEmailKey tells whose address a link key would verify, and whether the visit's login waits for it.
func (s *Service) LookAtEmailKey(ctx context.Context, v *Visit, key string) (Verification, bool, error) {
	a, err := s.accountOfKey(ctx, v, key)
	if err != nil {
		return Verification{}, false, err
	}
	return Verification{Email: a.Address.Email, User: viewOf(v.Tenant, &a.User)}, v.Pending() == VerifyEmail, nil
}

// VerifyEmail proves an address with the key that was mailed to it. If the visit's own login waited for it, and the
// tenant lets a link sign in, the login goes on; otherwise it is given up, and the user logs in afresh.
func (s *Service) VerifyEmail(ctx context.Context, v *Visit, key string) error {
	return s.step(ctx, v, func() error {
		a, err := s.accountOfKey(ctx, v, key)
		if err != nil {
			return err
		}
		e := a.Address
		unique := v.Tenant.Settings.Account.UniqueEmail
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.VerifyEmail(ctx, e.ID, unique) })
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetFirstPrimary(ctx, &e) })
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetFirstEmail(ctx, &e) })
		if v.user != nil && v.user.ID == a.ID && v.user.Email == "" {
			v.user.Email = e.Email // it becomes the first primary address, as SetFirstEmail writes
		}
		if v.Pending() != VerifyEmail {
			return nil
		}
		if l := v.state.Login; !v.Tenant.Settings.Account.LoginOnEmailConfirmation || l.UserID != a.ID || !a.Active {
			v.abandon()
			return nil
		}
		a.Address.Verified, a.AnyVerified = true, true
		return s.advance(ctx, v, &a)
	})
}

// accountOfKey is the account whose unverified address a key is for.
func (s *Service) accountOfKey(ctx context.Context, v *Visit, key string) (store.Account, error) {
	var f refusal.Faults
	if !textFaults(&f, "key", trim(key), true) {
		return store.Account{}, f.Err()
	}
	id, ok := readEmailKey(v.Tenant, trim(key), v.Now)
	if !ok {
		return store.Account{}, refusal.Because("key", refusal.InvalidOrExpiredKey)
	}
	a, elsewhere, err := s.store.For(v.Tenant).EmailByID(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound) || (err == nil && a.Address.Verified):
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

// Emails lists the addresses of whoever is signed in.
func (s *Service) Emails(ctx context.Context, v *Visit) ([]EmailView, error) {
	if v.user == nil {
		return nil, refusal.Of(refusal.Unauthenticated)
	}
	rows, err := s.store.For(v.Tenant).EmailsOf(ctx, v.user.ID)
	if err != nil {
		return nil, err
	}
	all := []EmailView{}
	for _, e := range rows {
		all = append(all, EmailView{Email: e.Email, Primary: e.Primary, Verified: e.Verified})
	}
	return all, nil
}
