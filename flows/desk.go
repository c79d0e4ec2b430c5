package flows

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The kinds of mail that this file sends. Package post has a template for each.
const mailInvitation = "invitation"

// Note makes the event of something that an operator does to a user. details say what was changed, and hold nothing secret.
type Note func(act store.Action, userID string, details map[string]any) (*store.Event, error)

// Desk is where operators change the accounts of one tenant, by the rules that its users have. Whoever comes there needs no proof of
// being the user, and reaches users who are not active, too. Every act is noted in its own transaction, and one that changes nothing
// is not. It is cheap to make.
//
// A user who is not there is refused as Missing, and so is one of another tenant; what is wrong with the input comes as Invalid.
type Desk struct {
	s    *Service
	t    *tenants.Tenant
	note Note
}

// Desk is the desk of a tenant.
func (s *Service) Desk(t *tenants.Tenant, note Note) *Desk { return &Desk{s, t, note} }

// step runs fn as a step of a visit without a session.
func (d *Desk) step(ctx context.Context, fn func(v *Visit) error) error {
	v := &Visit{Tenant: d.t, Now: d.s.clock.Now(), desk: true}
	return d.s.step(ctx, v, func() error { return fn(v) })
}

// with is a step on an account. What is queued is written only if the account is still what was read.
func (d *Desk) with(ctx context.Context, userID string, fn func(v *Visit, a *store.Account) error) error {
	return d.step(ctx, func(v *Visit) error {
		a, err := d.account(ctx, v, userID)
		if err != nil {
			return err
		}
		read := a.User
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldAs(ctx, &read) })
		err = fn(v, a)
		if err == nil && len(v.writes) == 1 {
			v.writes = nil // nothing is to be changed
		}
		return err
	})
}

// withEmails is with for what depends on an account's addresses.
func (d *Desk) withEmails(ctx context.Context, userID string, fn func(v *Visit, a *store.Account, own []store.Email) error) error {
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		own, err := d.s.store.For(d.t).EmailsOf(ctx, a.ID)
		if err != nil {
			return err
		}
		read := *a
		held := len(v.writes)
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldUnchanged(ctx, &read, own) })
		if err := fn(v, a, own); err != nil || len(v.writes) > held+1 {
			return err
		}
		v.writes = v.writes[:held]
		return nil
	})
}

// account is an account, or a refusal. What cannot be a user's id is not looked for.
func (d *Desk) account(ctx context.Context, v *Visit, userID string) (*store.Account, error) {
	if !ValidID(userID) {
		return nil, refusal.Of(refusal.Missing)
	}
	a, err := d.s.accountOf(ctx, v, userID, "")
	if err == nil && a == nil {
		err = refusal.Of(refusal.Missing)
	}
	return a, err
}

// ValidID reports whether something can be the id of a row.
func ValidID(id string) bool {
	parsed, err := uuid.Parse(id)
	return err == nil && parsed.String() == id
}

// noted queues the event of an act.
func (d *Desk) noted(v *Visit, act store.Action, userID string, details map[string]any) error {
	e, err := d.note(act, userID, details)
	if err != nil {
		return err
	}
	e.UserID = userID
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddEvent(ctx, e) })
	return nil
}

// changed are the details of a change.
func changed(before, after map[string]any) map[string]any {
	return map[string]any{"before": before, "after": after}
}

// NewAccount is an account that an operator makes. It needs something to be known by: an address, a username or a number.
type NewAccount struct {
	Username string
	Name     string
	Email    string
	Phone    string
	Password string // "" for none: it is set by whoever is invited, or the user comes in by other ways

	EmailVerified bool
	PhoneVerified bool

	// JSON objects; nil for empty ones.
	MetadataPublic  []byte
	MetadataPrivate []byte

	Invited bool // mail a link that sets the first password
}

// Create makes an account, as a signup does: by the same rules for names and passwords. What is taken is told.
func (d *Desk) Create(ctx context.Context, in NewAccount) (userID string, err error) {
	encoded, crowded := "", false
	err = d.step(ctx, func(v *Visit) error {
		n, err := d.newcomer(ctx, in, crowded)
		crowded = true
		if err != nil {
			return err
		}
		if encoded == "" && n.password != "" {
			if encoded, err = d.s.hash(ctx, d.t, n.password); err != nil {
				return err
			}
		}
		a, err := d.s.addAccount(ctx, v, n, encoded)
		if err != nil {
			return err
		}
		userID = a.ID
		act := store.UserCreated
		if in.Invited {
			act = store.UserInvited
			if err := d.sendLink(v, mailInvitation, a, []store.Email{a.Address}); err != nil {
				return err
			}
		}
		return d.noted(v, act, a.ID, map[string]any{"after": map[string]any{
			"email": a.Email, "username": a.Username, "phone": a.Phone, "name": a.Name, "email_verified": n.emailProved && a.Email != "",
			"phone_verified": a.PhoneVerified, "has_password": a.HasPassword,
		}})
	})
	return userID, err
}

// newcomer checks an account that is to be made.
func (d *Desk) newcomer(ctx context.Context, in NewAccount, crowded bool) (newcomer, error) {
	var f refusal.Faults
	account := &d.t.Settings.Account
	n := newcomer{
		name: in.Name, emailProved: in.EmailVerified, phoneProved: in.PhoneVerified, publicly: in.MetadataPublic, toOperators: in.MetadataPrivate,
	}
	n.email = addressFaults(&f, "email", in.Email, in.Invited, account.EmailMaxLength)
	n.username = usernameFaults(&f, d.t, in.Username, false)
	n.phone = phoneFaults(&f, "phone", in.Phone, false)
	n.password = trim(in.Password)
	if textFaults(&f, "password", n.password, false) && n.password != "" {
		passwordFaults(&f, d.t, "password", n.password, attributesOf(&store.User{Username: n.username, Name: n.name, Email: string(n.email)}))
	}
	switch {
	case in.Invited && in.Password != "":
		f.Say("password", "", "Whoever is invited chooses a password.")
	case len(f) == 0 && n.email == "" && n.username == "" && n.phone == "":
		f.Say("", refusal.Required, "Give an email address, a username or a phone number.")
	}
	err := d.s.checkTaken(ctx, d.t, &n, &f, crowded)
	if r, ok := refusal.As(err); ok && r.Kind == refusal.Invalid {
		f = r.Details
	} else if err != nil {
		return n, err
	}
	if n.texted { // what is hidden from strangers is told here
		f.Say("phone", refusal.PhoneTaken, refusal.PhoneTaken.Message())
	}
	if err := d.checkAddress(ctx, &f, n); err != nil {
		return n, err
	}
	return n, f.Err()
}

// checkAddress notes an address that a signup would pretend to take.
func (d *Desk) checkAddress(ctx context.Context, f *refusal.Faults, n newcomer) error {
	if n.email == "" || f.Has("email") || !d.t.Settings.Account.UniqueEmail {
		return nil
	}
	taken := n.mailed
	if d.t.Settings.Account.PreventEnumeration.Strict() {
		var err error
		if taken, err = d.s.store.For(d.t).VerifiedElsewhere(ctx, secret.NewID(), string(n.email)); err != nil {
			return err
		}
	}
	if taken {
		f.Add("email", refusal.EmailTaken)
	}
	return nil
}

// sendLink mails an account a link that sets its password, good once, for as long as the tenant's password_reset_timeout says, and for
// the account as it is now.
func (d *Desk) sendLink(v *Visit, kind string, a *store.Account, own []store.Email) error {
	if !a.Active {
		var f refusal.Faults
		f.Say("", "", "The user is not active, and could not use the link.")
		return f.Err()
	}
	return v.mail(kind, Letter{To: a.Address.Email, UserID: a.ID, Data: map[string]string{
		"email": a.Address.Email, "display": viewOf(d.t, &a.User).Display,
		"url": d.link(v, a, own),
	}})
}

// Link is what SendLink would mail, for whoever is to hand it over in another way.
func (d *Desk) Link(ctx context.Context, userID string) (link string, err error) {
	err = d.withEmails(ctx, userID, func(v *Visit, a *store.Account, own []store.Email) error {
		a.Address, err = reachable(a, own)
		link = d.link(v, a, own)
		return err
	})
	return link, err
}

// link sets a password, once, for as long as the tenant's password_reset_timeout says, and for the account as it is now.
func (d *Desk) link(v *Visit, a *store.Account, own []store.Email) string {
	return d.t.FrontendURL(tenants.ResetPasswordFromKey, signReset(d.t, secret.ForSentLink, a, own, a.Address.Key, v.Now))
}

// reachable is the address that a user can be sent a link at: one that is proved, rather than one that is not.
func reachable(a *store.Account, own []store.Email) (store.Email, error) {
	i := slices.IndexFunc(own, func(e store.Email) bool { return e.Verified && e.Email == a.Email })
	if i < 0 {
		i = slices.IndexFunc(own, func(e store.Email) bool { return e.Verified })
	}
	if i < 0 {
		i = slices.IndexFunc(own, func(e store.Email) bool { return e.Primary })
	}
	if i < 0 {
		var f refusal.Faults
		f.Say("email", "", "The user has no address that a link could be sent to.")
		return store.Email{}, f.Err()
	}
	return own[i], nil
}

// SendLink mails a user a link that sets a password: the first one, or another. One that was sent before dies with its use.
func (d *Desk) SendLink(ctx context.Context, userID string) error {
	return d.withEmails(ctx, userID, func(v *Visit, a *store.Account, own []store.Email) error {
		var err error
		if a.Address, err = reachable(a, own); err != nil {
			return err
		}
		kind, act := mailResetLink, store.PasswordResetSent
		if !a.HasPassword && a.LastLoginAt.IsZero() {
			kind, act = mailInvitation, store.UserInvited
		}
		if err := d.sendLink(v, kind, a, own); err != nil {
			return err
		}
		return d.noted(v, act, a.ID, map[string]any{"email": a.Address.Email})
	})
}

// Deactivate keeps a user out. Sessions end at once, and so does whatever was sent; refresh tokens and passkeys are refused.
func (d *Desk) Deactivate(ctx context.Context, userID string) error {
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		if !a.Active {
			return nil
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.Deactivate(ctx, a.ID) })
		d.endTokens(v, a.ID)
		return d.noted(v, store.UserDeactivated, a.ID, changed(map[string]any{"active": true}, map[string]any{"active": false}))
	})
}

// endTokens has the API tokens be good for nothing that a user of the operators' tenant made: they do not come back with the user.
func (d *Desk) endTokens(v *Visit, userID string) {
	if d.t.ID == tenants.SystemID {
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.RevokeAPITokensOf(ctx, userID, v.Now) })
	}
}

// Reactivate lets a user in again. What ended does not come back.
func (d *Desk) Reactivate(ctx context.Context, userID string) error {
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		if a.Active {
			return nil
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetActive(ctx, a.ID, true) })
		return d.noted(v, store.UserReactivated, a.ID, changed(map[string]any{"active": false}, map[string]any{"active": true}))
	})
}

// SaveProfile changes what a user is called and what is noted of them. change makes the new profile of the one that there is; it may be
// called twice. The username follows the tenant's rules; its key is not for change to say.
func (d *Desk) SaveProfile(ctx context.Context, userID string, change func(store.Profile) (store.Profile, error)) error {
	if !ValidID(userID) {
		return refusal.Of(refusal.Missing)
	}
	return d.step(ctx, func(v *Visit) error {
		u, err := d.s.store.For(d.t).UserByID(ctx, userID)
		if errors.Is(err, store.ErrNotFound) {
			return refusal.Of(refusal.Missing)
		}
		if err != nil {
			return err
		}
		before := store.Profile{
			Username: u.Username, UsernameKey: usernameKey(u.Username), Name: u.Name, MetadataPublic: u.MetadataPublic, MetadataPrivate: u.MetadataPrivate,
		}
		after, err := change(before)
		if err != nil {
			return err
		}
		if err := d.checkUsername(ctx, before, &after); err != nil {
			return err
		}
		was, is := profileDetails(before, after)
		if len(is) == 0 {
			return nil
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SaveProfile(ctx, userID, before, after) })
		return d.noted(v, store.UserChanged, userID, changed(was, is))
	})
}

// checkUsername checks a username that is to be changed.
func (d *Desk) checkUsername(ctx context.Context, before store.Profile, after *store.Profile) error {
	after.UsernameKey = before.UsernameKey
	if after.Username == before.Username {
		return nil
	}
	var f refusal.Faults
	required := d.t.Settings.Account.UserModelUsernameField != ""
	after.Username = usernameFaults(&f, d.t, after.Username, required)
	after.UsernameKey = usernameKey(after.Username)
	if len(f) == 0 && after.UsernameKey != "" && after.UsernameKey != before.UsernameKey {
		taken, err := d.s.store.For(d.t).Taken(ctx, store.Names{UsernameKeys: []string{after.UsernameKey}})
		if err != nil {
			return err
		}
		if taken.Usernames[after.UsernameKey] {
			f.Add("username", refusal.UsernameTaken)
		}
	}
	return f.Err()
}

// profileDetails are what changed of a profile. What is in the metadata is told to nobody who reads events.
func profileDetails(before, after store.Profile) (was, is map[string]any) {
	was, is = map[string]any{}, map[string]any{}
	note := func(name string, b, a any, same bool) {
		if !same {
			was[name], is[name] = b, a
		}
	}
	note("username", before.Username, after.Username, before.Username == after.Username)
	note("name", before.Name, after.Name, before.Name == after.Name)
	size := func(b []byte) string { return fmt.Sprintf("%d bytes", len(b)) }
	note("metadata_public", size(before.MetadataPublic), size(after.MetadataPublic), string(before.MetadataPublic) == string(after.MetadataPublic))
	note("metadata_private", size(before.MetadataPrivate), size(after.MetadataPrivate), string(before.MetadataPrivate) == string(after.MetadataPrivate))
	return was, is
}
