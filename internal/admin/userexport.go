package admin

import (
	"context"
	"encoding/json"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
)

// UserExport is everything that is held of a user, except what only the user may know.
type UserExport struct {
	ExportedAt time.Time     `json:"exported_at"`
	Tenant     string        `json:"tenant"`
	User       *UserDetail   `json:"user"`
	Messages   []UserMessage `json:"messages"`
	Events     []*AuditEvent `json:"events"`   // the latest first
	Complete   bool          `json:"complete"` // there were no more messages and events than an export has
}

// UserMessage is a mail or a text that a user was sent, without what it said, which is not kept.
type UserMessage struct {
	Kind       string     `json:"kind"`
	Channel    string     `json:"channel"`
	State      string     `json:"state"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// mostExported bounds what an export of one user has of a kind.
const mostExported = 10_000

// ExportUser is everything that is held of a user. That it was handed out is noted.
func (s *Service) ExportUser(ctx context.Context, by Actor, slug, id string) (*UserExport, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, err
	}
	x := &UserExport{ExportedAt: s.clock.Now().UTC(), Tenant: t.Slug, Messages: []UserMessage{}, Events: []*AuditEvent{}}
	if x.User, err = s.userOf(ctx, t, id); err != nil {
		return nil, err
	}
	scope := s.store.For(t)
	messages, err := scope.MessagesOf(ctx, id, mostExported)
	if err != nil {
		return nil, failed("read messages", err)
	}
	for _, m := range messages {
		x.Messages = append(x.Messages, UserMessage{m.Kind, string(m.Channel), m.State, m.CreatedAt.UTC(), atOrNull(m.FinishedAt)})
	}
	events, err := scope.EventsOf(ctx, id, mostExported)
	if err != nil {
		return nil, failed("read events", err)
	}
	for i := range events {
		e := viewOfEvent(&store.TenantEvent{Event: events[i], TenantID: t.ID}, t.Slug)
		if !events[i].Actor.Outside() { // the user may know what was done and when; who operates this is about others
			e.Actor.Name, e.IP, e.UserAgent = "", "", ""
		}
		x.Events = append(x.Events, e)
	}
	x.Complete = len(messages) < mostExported && len(events) < mostExported
	e, err := s.event(by, store.UserExported, "user/"+id, nil)
	if err != nil {
		return nil, err
	}
	e.UserID = id
	if err := scope.One(func(tx *store.Tx) error { return tx.AddEvent(ctx, e) }); err != nil {
		return nil, failed("note an export", err)
	}
	return x, nil
}

// TenantExport says what an export of a tenant has.
type TenantExport struct {
	PasswordHashes bool
	UsersOnly      bool // without the tenant itself
}

// exportedUser is a user in the form that imports take.
type exportedUser struct {
	ID              string             `json:"id"`
	Username        string             `json:"username,omitempty"`
	Name            string             `json:"name,omitempty"`
	Emails          []exportedEmail    `json:"emails,omitempty"`
	Phone           string             `json:"phone,omitempty"`
	PhoneVerified   bool               `json:"phone_verified,omitempty"`
	PasswordHash    string             `json:"password_hash,omitempty"`
	Active          bool               `json:"active"`
	CreatedAt       time.Time          `json:"created_at"`
	LastLoginAt     *time.Time         `json:"last_login_at,omitempty"`
	MetadataPublic  json.RawMessage    `json:"metadata_public,omitempty"`
	MetadataPrivate json.RawMessage    `json:"metadata_private,omitempty"`
	Providers       []exportedProvider `json:"provider_accounts,omitempty"`
}

type exportedEmail struct {
	Email    string `json:"email"`
	Verified bool   `json:"verified"`
	Primary  bool   `json:"primary"`
}

type exportedProvider struct {
	Provider   string     `json:"provider"`
	UID        string     `json:"uid"`
	Display    string     `json:"display,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
}

func exported(w *store.Whole, hashes bool) exportedUser {
	u := &w.User
	x := exportedUser{
		ID: u.ID, Username: u.Username, Name: u.Name, Phone: u.Phone, PhoneVerified: u.PhoneVerified, Active: u.Active, CreatedAt: u.CreatedAt.UTC(),
		LastLoginAt: atOrNull(u.LastLoginAt), MetadataPublic: said(u.MetadataPublic), MetadataPrivate: said(u.MetadataPrivate),
	}
	if hashes {
		x.PasswordHash = u.Password
	}
	for _, e := range w.Emails {
		x.Emails = append(x.Emails, exportedEmail{e.Email, e.Verified, e.Primary})
	}
	for _, p := range w.Providers {
		x.Providers = append(x.Providers, exportedProvider{p.Provider, p.UID, p.Display, p.CreatedAt.UTC(), atOrNull(p.LastUsedAt)})
	}
	return x
}

// said is an object, or nothing where it is empty.
func said(object []byte) json.RawMessage {
	if string(object) == "{}" {
		return nil
	}
	return object
}

// exportRound is how many users an export has in memory.
const exportRound = 500

// ExportTenant gives take the tenant and its users, one by one, until there are no more or it fails. That it was handed out is noted
// before. Who signs up or is deleted meanwhile may or may not be among them.
func (s *Service) ExportTenant(ctx context.Context, by Actor, slug string, what TenantExport, take func(any) error) error {
	t, err := s.served(ctx, slug)
	if err != nil {
		return err
	}
	scope := s.store.For(t)
	e, err := s.event(by, store.TenantExported, "tenant/"+t.Slug, map[string]any{"password_hashes": what.PasswordHashes})
	if err == nil {
		err = scope.One(func(tx *store.Tx) error { return tx.AddEvent(ctx, e) })
	}
	if err != nil {
		return failed("note an export", err)
	}
	if !what.UsersOnly {
		shown, err := s.Tenant(ctx, slug)
		if err != nil {
			return err
		}
		if err := take(map[string]any{"tenant": shown}); err != nil {
			return err
		}
	}
	for after := store.First.ID; ; {
		all, err := scope.Wholes(ctx, after, exportRound)
		if err != nil {
			return failed("read users", err)
		}
		for _, w := range all {
			if err := take(exported(w, what.PasswordHashes)); err != nil {
				return err
			}
		}
		if len(all) < exportRound {
			return nil
		}
		after = all[len(all)-1].User.ID
	}
}
