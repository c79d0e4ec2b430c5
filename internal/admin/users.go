package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// MaxMetadata is how long either half of a user's metadata may be, in bytes of JSON.
const MaxMetadata = 16 << 10

// UserDetail is a user with everything that operators see of one. Nothing secret is in it.
type UserDetail struct {
	User
	Emails           []UserEmail       `json:"emails"`
	Authenticators   []Authenticator   `json:"authenticators"`
	Sessions         []UserSession     `json:"sessions"`
	ProviderAccounts []ProviderAccount `json:"provider_accounts"`
	MetadataPublic   json.RawMessage   `json:"metadata_public"`
	MetadataPrivate  json.RawMessage   `json:"metadata_private"` // shown to operators alone
}

// UserEmail is an address of a user.
type UserEmail struct {
	Email     string    `json:"email"`
	Verified  bool      `json:"verified"`
	Primary   bool      `json:"primary"`
	CreatedAt time.Time `json:"created_at"`
}

// Authenticator is a second factor of a user.
type Authenticator struct {
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Name       string     `json:"name"`
	Unused     *int       `json:"unused_codes"` // of recovery codes; null for others
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// UserSession is a session that a user is signed in with.
type UserSession struct {
	ID         string    `json:"id"`
	Client     string    `json:"client"`
	IP         string    `json:"ip"`
	UserAgent  string    `json:"user_agent"`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// ProviderAccount is an account with an identity provider that signs a user in.
type ProviderAccount struct {
	Provider   string     `json:"provider"`
	UID        string     `json:"uid"`
	Display    string     `json:"display"` // what people know it by; "" where nobody has come in by it yet
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// InUse says that a deleted user cannot be restored, and what others have of the user's meanwhile.
type InUse struct{ Faults []Fault }

// Error lists what is in use.
func (e *InUse) Error() string {
	return strings.Replace((&Invalid{e.Faults}).Error(), "invalid", "in use", 1)
}

// desk is where the users of a tenant are changed, by an actor.
func (s *Service) desk(ctx context.Context, by Actor, slug string) (*flows.Desk, *tenants.Tenant, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, nil, err
	}
	return s.flows.Desk(t, func(act store.Action, userID string, details map[string]any) (*store.Event, error) {
		return s.event(by, act, "user/"+userID, details)
	}), t, nil
}

// atDesk does something to a user.
func (s *Service) atDesk(ctx context.Context, by Actor, slug, op string, act func(*flows.Desk) error) error {
	d, _, err := s.desk(ctx, by, slug)
	if err != nil {
		return err
	}
	return told(op, act(d))
}

// told is an error of package flows in this package's terms.
func told(op string, err error) error {
	var used *flows.InUse
	if errors.As(err, &used) {
		return &InUse{faultsOf(used.Faults)}
	}
	if r, ok := refusal.As(err); ok && r.Kind == refusal.Invalid {
		return &Invalid{faultsOf(r.Details)}
	}
	if err != nil {
		return failed(op, err)
	}
	return nil
}

func faultsOf(details []refusal.Detail) []Fault {
	all := make([]Fault, len(details))
	for i, d := range details {
		all[i] = Fault{Path: d.Param, Message: d.Message}
	}
	return all
}

// User is one user of a tenant.
func (s *Service) User(ctx context.Context, slug, id string) (*UserDetail, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, err
	}
	return s.userOf(ctx, t, id)
}

func (s *Service) userOf(ctx context.Context, t *tenants.Tenant, id string) (*UserDetail, error) {
	if !flows.ValidID(id) {
		return nil, missingUser
	}
	scope := s.store.For(t)
	r, err := scope.UserByID(ctx, id)
	if err != nil {
		return nil, failed("read user", err)
	}
	u := &UserDetail{User: userOf(r), Emails: []UserEmail{}, Sessions: []UserSession{}, ProviderAccounts: []ProviderAccount{},
		MetadataPublic: r.MetadataPublic, MetadataPrivate: r.MetadataPrivate}
	emails, err := scope.EmailsOf(ctx, id)
	if err != nil {
		return nil, failed("read emails", err)
	}
	for _, e := range emails {
		u.Emails = append(u.Emails, UserEmail{e.Email, e.Verified, e.Primary, e.CreatedAt.UTC()})
	}
	if u.Authenticators, err = s.authenticatorsOf(ctx, t, id); err != nil {
		return nil, err
	}
	sessions, _, err := scope.SessionsOf(ctx, id, s.clock.Now())
	if err != nil {
		return nil, failed("read sessions", err)
	}
	for _, x := range sessions {
		u.Sessions = append(u.Sessions, UserSession{x.ID, string(x.Client), x.IP, x.UserAgent, x.CreatedAt.UTC(), x.SeenAt.UTC(), x.ExpiresAt.UTC()})
	}
	providers, err := scope.ProviderAccountsOf(ctx, id)
	if err != nil {
		return nil, failed("read provider accounts", err)
	}
	for _, p := range providers {
		u.ProviderAccounts = append(u.ProviderAccounts, ProviderAccount{p.Provider, p.UID, p.Display, p.CreatedAt.UTC(), atOrNull(p.LastUsedAt)})
	}
	return u, nil
}

func (s *Service) authenticatorsOf(ctx context.Context, t *tenants.Tenant, id string) ([]Authenticator, error) {
	views, err := s.flows.Desk(t, nil).Factors(ctx, id)
	if err != nil {
		return nil, failed("read authenticators", err)
	}
	all := make([]Authenticator, len(views))
	for i, v := range views {
		all[i] = Authenticator{ID: v.ID, Type: string(v.Type), Name: v.Name, Unused: v.UnusedCodeCount, CreatedAt: time.UnixMicro(int64(v.CreatedAt * 1e6)).UTC()}
		if v.LastUsedAt != nil {
			at := time.UnixMicro(int64(*v.LastUsedAt * 1e6)).UTC()
			all[i].LastUsedAt = &at
		}
	}
	return all, nil
}

// newUserMembers are those of the document that a user is made of.
var newUserMembers = []string{"username", "name", "email", "email_verified", "phone", "phone_verified", "password", "invite", "metadata_public", "metadata_private"}

// CreateUser makes a user from a JSON object with any of username, name, email, email_verified, phone, phone_verified, password, invite
// (which mails a link that sets the first password), metadata_public and metadata_private. The tenant's rules for signing up are those
// for this, except that any of the names will do.
func (s *Service) CreateUser(ctx context.Context, by Actor, slug string, doc json.RawMessage) (*UserDetail, error) {
	d, t, err := s.desk(ctx, by, slug)
	if err != nil {
		return nil, err
	}
	var f faults
	given := f.members(doc, newUserMembers)
	in := flows.NewAccount{
		Username: f.textOf(given, "username"), Name: f.personName(given), Email: f.textOf(given, "email"), Phone: f.textOf(given, "phone"),
		Password: f.textOf(given, "password"), EmailVerified: f.flagOf(given, "email_verified"), PhoneVerified: f.flagOf(given, "phone_verified"),
		Invited:        f.flagOf(given, "invite"),
		MetadataPublic: f.metadata(given, "metadata_public", nil), MetadataPrivate: f.metadata(given, "metadata_private", nil),
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	id, err := d.Create(ctx, in)
	if err != nil {
		return nil, told("create user", err)
	}
	return s.userOf(ctx, t, id)
}

// textOf is a member that is text; "" where it is not given.
func (f *faults) textOf(given map[string]json.RawMessage, name string) string {
	raw, ok := given[name]
	if !ok {
		return ""
	}
	return f.text(name, raw)
}

// neededText is a member that is text and must be given.
func (f *faults) neededText(given map[string]json.RawMessage, name string) string {
	if _, ok := given[name]; !ok {
		f.add(name, "is needed")
	}
	return f.textOf(given, name)
}

// flagOf is a member that is true or false; false where it is not given.
func (f *faults) flagOf(given map[string]json.RawMessage, name string) (yes bool) {
	raw, ok := given[name]
	if ok && (string(raw) == "null" || json.Unmarshal(raw, &yes) != nil) {
		f.add(name, "must be true or false")
	}
	return yes
}

// personName is the member name: what somebody is called. It may be empty.
func (f *faults) personName(given map[string]json.RawMessage) string {
	name := f.textOf(given, "name")
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > MaxName || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		f.add("name", "must be at most %d printable characters", MaxName)
	}
	return name
}

// metadata is a member that is metadata: a merge patch of what there is. It is nil where there is nothing.
func (f *faults) metadata(given map[string]json.RawMessage, name string, is []byte) []byte {
	raw, ok := given[name]
	if !ok {
		return is
	}
	patch, err := decodeObject(raw)
	if err != nil {
		f.add(name, "must be a JSON object")
		return is
	}
	before, err := decodeObject(is)
	if err != nil {
		before = map[string]any{}
	}
	after, err := json.Marshal(merged(before, patch))
	switch {
	case err != nil || bytes.Contains(after, []byte(`\u0000`)):
		f.add(name, "must not hold null characters")
		return is
	case len(after) > MaxMetadata:
		f.add(name, "must have %d bytes at most", MaxMetadata)
		return is
	}
	return after
}

// decodeObject reads a JSON object without losing digits.
func decodeObject(raw []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	if m == nil {
		return nil, errors.New("read object: it is null")
	}
	return m, nil
}

// merged is a target with a merge patch applied (RFC 7396).
func merged(target, patch map[string]any) map[string]any {
	for name, value := range patch {
		inner, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(target, name)
		case isObject:
			was, ok := target[name].(map[string]any)
			if !ok {
				was = map[string]any{}
			}
			target[name] = merged(was, inner)
		default:
			target[name] = value
		}
	}
	return target
}

// PatchUser applies a merge patch of username, name, metadata_public and metadata_private. null takes a username away, or what the
// metadata have of a name.
func (s *Service) PatchUser(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) error {
	var f faults
	given := f.members(doc, []string{"username", "name", "metadata_public", "metadata_private"})
	if string(given["username"]) == "null" {
		given["username"] = json.RawMessage(`""`)
	}
	username, name := f.textOf(given, "username"), f.personName(given)
	return s.atDesk(ctx, by, slug, "change user", func(d *flows.Desk) error {
		return d.SaveProfile(ctx, id, func(p store.Profile) (store.Profile, error) {
			f := append(faults(nil), f...)
			if _, ok := given["username"]; ok {
				p.Username = username
			}
			if _, ok := given["name"]; ok {
				p.Name = name
			}
			p.MetadataPublic = f.metadata(given, "metadata_public", p.MetadataPublic)
			p.MetadataPrivate = f.metadata(given, "metadata_private", p.MetadataPrivate)
			return p, f.err()
		})
	})
}

// DeactivateUser keeps a user out, at once and everywhere.
func (s *Service) DeactivateUser(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "deactivate user", func(d *flows.Desk) error { return d.Deactivate(ctx, id) })
}

// ReactivateUser lets a user in again.
func (s *Service) ReactivateUser(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "reactivate user", func(d *flows.Desk) error { return d.Reactivate(ctx, id) })
}

// emailIn reads an address, and whether it is verified where that may be said.
func emailIn(doc json.RawMessage, members ...string) (email string, verified bool, err error) {
	var f faults
	given := f.members(doc, append([]string{"email"}, members...))
	return f.neededText(given, "email"), f.flagOf(given, "verified"), f.err()
}

// AddUserEmail gives a user an address, from a JSON object with email and verified.
func (s *Service) AddUserEmail(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) error {
	email, verified, err := emailIn(doc, "verified")
	return s.ifFine(ctx, by, slug, err, func(d *flows.Desk) error { return d.AddEmail(ctx, id, email, verified) })
}

// ifFine does something to a user, unless something is wrong with the input. A tenant that is not there is told of first.
func (s *Service) ifFine(ctx context.Context, by Actor, slug string, wrong error, act func(*flows.Desk) error) error {
	return s.atDesk(ctx, by, slug, "change user", func(d *flows.Desk) error {
		if wrong != nil {
			return wrong
		}
		return act(d)
	})
}

// RemoveUserEmail takes an address from a user, which a JSON object names as email.
func (s *Service) RemoveUserEmail(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) error {
	email, _, err := emailIn(doc)
	return s.ifFine(ctx, by, slug, err, func(d *flows.Desk) error { return d.RemoveEmail(ctx, id, email) })
}

// VerifyUserEmail has an address count as proved, which a JSON object names as email.
func (s *Service) VerifyUserEmail(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) error {
	email, _, err := emailIn(doc)
	return s.ifFine(ctx, by, slug, err, func(d *flows.Desk) error { return d.VerifyEmail(ctx, id, email) })
}

// UnverifyUserEmail has an address be proved anew, which a JSON object names as email.
func (s *Service) UnverifyUserEmail(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) error {
	email, _, err := emailIn(doc)
	return s.ifFine(ctx, by, slug, err, func(d *flows.Desk) error { return d.UnverifyEmail(ctx, id, email) })
}

// MakeUserEmailPrimary makes an address the primary one, which a JSON object names as email.
func (s *Service) MakeUserEmailPrimary(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) error {
	email, _, err := emailIn(doc)
	return s.ifFine(ctx, by, slug, err, func(d *flows.Desk) error { return d.MakeEmailPrimary(ctx, id, email) })
}

// SetUserPhone gives a user a number, from a JSON object with phone and verified.
func (s *Service) SetUserPhone(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) error {
	var f faults
	given := f.members(doc, []string{"phone", "verified"})
	phone, verified := f.neededText(given, "phone"), f.flagOf(given, "verified")
	return s.ifFine(ctx, by, slug, f.err(), func(d *flows.Desk) error { return d.SetPhone(ctx, id, phone, verified) })
}

// RemoveUserPhone takes a user's number.
func (s *Service) RemoveUserPhone(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "remove phone", func(d *flows.Desk) error { return d.RemovePhone(ctx, id) })
}

// VerifyUserPhone has a user's number count as proved.
func (s *Service) VerifyUserPhone(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "verify phone", func(d *flows.Desk) error { return d.VerifyPhone(ctx, id, true) })
}

// UnverifyUserPhone has a user's number be proved anew.
func (s *Service) UnverifyUserPhone(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "unverify phone", func(d *flows.Desk) error { return d.VerifyPhone(ctx, id, false) })
}

// SetUserPassword gives a user another password, from a JSON object with password, and ends every session.
func (s *Service) SetUserPassword(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) error {
	var f faults
	password := f.neededText(f.members(doc, []string{"password"}), "password")
	return s.ifFine(ctx, by, slug, f.err(), func(d *flows.Desk) error { return d.SetPassword(ctx, id, password) })
}

// SendUserLink mails a user a link that sets a password: an invitation to whoever has not been in yet, and a reset to others.
func (s *Service) SendUserLink(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "send link", func(d *flows.Desk) error { return d.SendLink(ctx, id) })
}

// EndUserSessions ends every session of a user.
func (s *Service) EndUserSessions(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "end sessions", func(d *flows.Desk) error { return d.EndSessions(ctx, id) })
}

// EndUserSession ends one session of a user.
func (s *Service) EndUserSession(ctx context.Context, by Actor, slug, id, session string) error {
	return s.atDesk(ctx, by, slug, "end session", func(d *flows.Desk) error { return d.EndSession(ctx, id, session) })
}

// RemoveUserFactors takes every authenticator from a user.
func (s *Service) RemoveUserFactors(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "remove authenticators", func(d *flows.Desk) error { return d.RemoveFactor(ctx, id, "") })
}

// RemoveUserFactor takes one authenticator from a user, and the recovery codes if no other one is left.
func (s *Service) RemoveUserFactor(ctx context.Context, by Actor, slug, id, authenticator string) error {
	if !flows.ValidID(authenticator) {
		authenticator = id // which is none
	}
	return s.atDesk(ctx, by, slug, "remove authenticator", func(d *flows.Desk) error { return d.RemoveFactor(ctx, id, authenticator) })
}

// DisconnectUser takes an account with an identity provider from a user, which a JSON object names as provider and uid.
func (s *Service) DisconnectUser(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) error {
	provider, uid, wrong := providerIn(doc)
	return s.ifFine(ctx, by, slug, wrong, func(d *flows.Desk) error { return d.Disconnect(ctx, id, provider, uid) })
}

// ProviderTokens are what a provider handed out with a user's account there. They are secret.
type ProviderTokens struct {
	Provider        string     `json:"provider"`
	UID             string     `json:"uid"`
	AccessToken     string     `json:"access_token"`
	ClientID        string     `json:"client_id"`     // of the app that it was handed out to
	ExpiresAt       *time.Time `json:"expires_at"`    // null where the provider did not say
	RefreshToken    *string    `json:"refresh_token"` // null for none
	RefreshClientID *string    `json:"refresh_client_id"`
}

// UserProviderTokens hands out the tokens that are kept of a user's account with an identity provider, which a JSON object names as provider and
// uid. That they were handed out is noted.
func (s *Service) UserProviderTokens(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) (*ProviderTokens, error) {
	provider, uid, wrong := providerIn(doc)
	var kept *flows.ProviderTokens
	err := s.ifFine(ctx, by, slug, wrong, func(d *flows.Desk) (err error) {
		kept, err = d.ProviderTokens(ctx, id, provider, uid)
		return err
	})
	if err != nil {
		return nil, err
	}
	t := &ProviderTokens{Provider: provider, UID: uid, AccessToken: kept.Access, ClientID: kept.ClientID, ExpiresAt: atOrNull(kept.ExpiresAt)}
	if kept.Refresh != "" {
		t.RefreshToken, t.RefreshClientID = &kept.Refresh, &kept.RefreshClientID
	}
	return t, nil
}

// providerIn reads which account with an identity provider is meant.
func providerIn(doc json.RawMessage) (provider, uid string, err error) {
	var f faults
	given := f.members(doc, []string{"provider", "uid"})
	provider, uid = f.neededText(given, "provider"), f.neededText(given, "uid")
	return provider, uid, f.err()
}

// DeletedUser is a user who was deleted and may be restored.
type DeletedUser struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Username  string    `json:"username"`
	Name      string    `json:"name"`
	DeletedAt time.Time `json:"deleted_at"`
	EraseAt   time.Time `json:"erase_at"` // from then on nothing can be restored
}

// DeleteUser takes a user away, who may be restored for a while. It returns until when.
func (s *Service) DeleteUser(ctx context.Context, by Actor, slug, id string) (eraseAt time.Time, err error) {
	err = s.atDesk(ctx, by, slug, "delete user", func(d *flows.Desk) (err error) {
		eraseAt, err = d.Delete(ctx, id)
		return err
	})
	return eraseAt.UTC(), err
}

// RestoreUser brings a deleted user back. What others have of the user's meanwhile is InUse.
func (s *Service) RestoreUser(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "restore user", func(d *flows.Desk) error { return d.Restore(ctx, id) })
}

// EraseUser takes a user away for good, deleted before or not.
func (s *Service) EraseUser(ctx context.Context, by Actor, slug, id string) error {
	return s.atDesk(ctx, by, slug, "erase user", func(d *flows.Desk) error { return d.Erase(ctx, id) })
}

// DeletedUsers lists a tenant's deleted users, the latest first, with pages as Users has them.
func (s *Service) DeletedUsers(ctx context.Context, slug, cursor string, limit int) (page []DeletedUser, next string, err error) {
	t, err := s.served(ctx, slug)
	if err == nil {
		err = checkLimit(limit)
	}
	if err != nil {
		return nil, "", err
	}
	list, place := []string{"deleted users", t.ID}, store.Latest
	if err := s.placeOf(list, cursor, &place); err != nil {
		return nil, "", err
	}
	all, err := s.flows.Desk(t, nil).Deleted(ctx, place, limit+1)
	if err != nil {
		return nil, "", failed("list deleted users", err)
	}
	if len(all) > limit {
		all = all[:limit]
		if next, err = s.cursorAt(list, all[limit-1].Place); err != nil {
			return nil, "", err
		}
	}
	page = make([]DeletedUser, len(all))
	for i, g := range all {
		page[i] = DeletedUser{g.ID, g.Email, g.Username, g.Name, g.DeletedAt.UTC(), g.EraseAt.UTC()}
	}
	return page, next, nil
}
