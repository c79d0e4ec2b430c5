package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// DeletedUser is a user who was deleted and may be restored.
type DeletedUser struct {
	ID        string
	DataKey   []byte // the user's own key, sealed
	Document  []byte // what there was, sealed under it; its meaning is package flows' business
	DeletedAt time.Time
	EraseAt   time.Time
}

// Whole is everything that the live tables have of a user, except sessions, which nobody gets back.
type Whole struct {
	User           User
	UsernameKey    string
	Emails         []Email
	Authenticators []Authenticator
	Providers      []ProviderAccount
}

// TakeUser reads everything of a user and removes it from the live tables, with the user's sessions. Whoever changes the user at the
// same time does so before, or finds nobody. One who is gone is ErrNotFound.
func (t *Tx) TakeUser(ctx context.Context, id string) (*Whole, error) {
	w := &Whole{}
	var username, key, phone sql.NullString
	u := &w.User
	err := t.row(ctx, "lock user", `
		UPDATE users SET epoch = epoch + 1
		 WHERE tenant_id = $1 AND id = $2
		RETURNING id, username, username_key, email, name, phone, phone_verified, password, active, epoch, created_at, last_login_at,
		          factors, factor_epoch, data_key, metadata_public, metadata_private`, []any{t.tenant, id},
		[]any{&u.ID, &username, &key, &u.Email, &u.Name, &phone, &u.PhoneVerified, &u.Password, &u.Active, &u.Epoch, when(&u.CreatedAt),
			when(&u.LastLoginAt), &u.Factors, &u.FactorEpoch, &u.DataKey, &u.MetadataPublic, &u.MetadataPrivate})
	if err != nil {
		return nil, err
	}
	u.Username, w.UsernameKey, u.Phone, u.HasPassword = username.String, key.String, phone.String, u.Password != ""
	if err := t.readWhole(ctx, w); err != nil {
		return nil, err
	}
	_, err = t.exec(ctx, "drop user", `DELETE FROM users WHERE tenant_id = $1 AND id = $2`, t.tenant, id)
	return w, err
}

// readWhole reads what hangs on a user whose row is locked.
func (t *Tx) readWhole(ctx context.Context, w *Whole) error {
	err := t.each(ctx, "read emails", `
		SELECT id, user_id, email, email_key, verified, is_primary, exclusive, created_at
		  FROM emails WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at, id`,
		[]any{t.tenant, w.User.ID}, func(rows *sqlx.Rows) error {
			var e Email
			err := rows.Scan(&e.ID, &e.UserID, &e.Email, &e.Key, &e.Verified, &e.Primary, &e.Exclusive, when(&e.CreatedAt))
			w.Emails = append(w.Emails, e)
			return err
		})
	if err != nil {
		return err
	}
	err = t.each(ctx, "read authenticators", `
		SELECT id, user_id, type, name, credential_id, data, version, created_at, last_used_at
		  FROM authenticators WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at, id`,
		[]any{t.tenant, w.User.ID}, func(rows *sqlx.Rows) error {
			x := Authenticator{UserKey: w.User.DataKey}
			err := rows.Scan(&x.ID, &x.UserID, &x.Type, &x.Name, &x.CredentialID, &x.Data, &x.Version, when(&x.CreatedAt), when(&x.LastUsedAt))
			w.Authenticators = append(w.Authenticators, x)
			return err
		})
	if err != nil {
		return err
	}
	return t.each(ctx, "read provider accounts", `
		SELECT provider, uid, user_id, display, created_at, last_used_at
		  FROM provider_accounts WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at, provider, uid`,
		[]any{t.tenant, w.User.ID}, func(rows *sqlx.Rows) error {
			var p ProviderAccount
			err := rows.Scan(&p.Provider, &p.UID, &p.UserID, &p.Display, when(&p.CreatedAt), when(&p.LastUsedAt))
			w.Providers = append(w.Providers, p)
			return err
		})
}

// AddWhole writes everything of a user back. A name, address or number that is in use is ErrTaken.
func (t *Tx) AddWhole(ctx context.Context, w *Whole) error {
	if err := t.AddUser(ctx, &w.User, w.UsernameKey); err != nil {
		return err
	}
	for i := range w.Emails {
		if err := t.AddEmail(ctx, &w.Emails[i]); err != nil {
			return err
		}
	}
	for i := range w.Authenticators {
		if err := t.AddAuthenticator(ctx, &w.Authenticators[i]); err != nil {
			return err
		}
	}
	for i := range w.Providers {
		if err := t.AddProviderAccount(ctx, &w.Providers[i]); err != nil {
			return err
		}
	}
	return nil
}

// AddDeletedUser keeps a user who was taken from the live tables.
func (t *Tx) AddDeletedUser(ctx context.Context, d *DeletedUser) error {
	_, err := t.exec(ctx, "add deleted user", `
		INSERT INTO deleted_users (tenant_id, id, data_key, document, deleted_at, erase_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, t.tenant, d.ID, d.DataKey, d.Document, d.DeletedAt, d.EraseAt)
	return err
}

// DropDeletedUser removes a deleted user, and with it the key to what else there may be of the user. One who is gone is ErrNotFound.
func (t *Tx) DropDeletedUser(ctx context.Context, id string) error {
	res, err := t.exec(ctx, "drop deleted user", `DELETE FROM deleted_users WHERE tenant_id = $1 AND id = $2`, t.tenant, id)
	return changedOne(res, err, ErrNotFound)
}

const deletedColumns = `id, data_key, document, deleted_at, erase_at`

func (d *DeletedUser) into() []any {
	return []any{&d.ID, &d.DataKey, &d.Document, when(&d.DeletedAt), when(&d.EraseAt)}
}

// DeletedUser is a deleted user, or ErrNotFound.
func (s Scope) DeletedUser(ctx context.Context, id string) (*DeletedUser, error) {
	d := &DeletedUser{}
	err := s.store.reader().row(ctx, "read deleted user", `
		SELECT `+deletedColumns+` FROM deleted_users WHERE tenant_id = $1 AND id = $2`, []any{s.tenant, id}, d.into())
	return d, err
}

// DeletedUsers are deleted users, the latest first: no more than n after a place.
func (s Scope) DeletedUsers(ctx context.Context, after Place, n int) ([]DeletedUser, error) {
	var all []DeletedUser
	err := s.store.reader().each(ctx, "list deleted users", `
		SELECT `+deletedColumns+`
		  FROM deleted_users
		 WHERE tenant_id = $1 AND (deleted_at, id) < ($2, $3)
		 ORDER BY deleted_at DESC, id DESC
		 LIMIT $4`, []any{s.tenant, after.At, after.ID, n}, func(rows *sqlx.Rows) error {
		var d DeletedUser
		err := rows.Scan(d.into()...)
		all = append(all, d)
		return err
	})
	return all, err
}

// ForgetEventsOf takes from the events about a user what may tell who it was. The events stay, and so does what they were: the chain is of
// the MAC of what goes.
func (t *Tx) ForgetEventsOf(ctx context.Context, userID string) error {
	_, err := t.exec(ctx, "forget events of user", `
		UPDATE audit_events
		   SET ip = '', user_agent = '', details = '{}', actor_name = CASE WHEN actor_id = $3 THEN '' ELSE actor_name END
		 WHERE tenant_id = $1 AND user_id = $2`, t.tenant, userID, userID)
	return err
}

// SessionsAbout are those of n of the tenant's sessions after an id that know a user, whoever's they are, as one in which somebody asked for
// a password reset does. last is the last id that was looked at, "" where there are no more.
func (s Scope) SessionsAbout(ctx context.Context, userID, after string, n int) (found []string, last string, err error) {
	looked := 0
	err = s.store.reader().each(ctx, "look for a user in sessions", `
		SELECT id, state LIKE $3 FROM sessions WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $4`,
		[]any{s.tenant, after, "%" + userID + "%", n}, func(rows *sqlx.Rows) error {
			var knows bool
			err := rows.Scan(&last, &knows)
			if looked++; knows {
				found = append(found, last)
			}
			return err
		})
	if looked < n {
		last = ""
	}
	return found, last, err
}

// Due is a user of some tenant whose time has come.
type Due struct{ TenantID, ID string }

// DueErasures are up to n deleted users of any tenant whom nobody may restore any more.
func (s *Store) DueErasures(ctx context.Context, now time.Time, n int) ([]Due, error) {
	var all []Due
	err := s.reader().each(ctx, "read due erasures", `
		SELECT tenant_id, id FROM deleted_users WHERE erase_at <= $1 ORDER BY erase_at LIMIT $2`, []any{now, n}, func(rows *sqlx.Rows) error {
		var d Due
		err := rows.Scan(&d.TenantID, &d.ID)
		all = append(all, d)
		return err
	})
	return all, err
}

// Wholes are up to n users after an id, by their ids, with their passwords, addresses and provider accounts, but without authenticators.
func (s Scope) Wholes(ctx context.Context, after string, n int) ([]*Whole, error) {
	var all []*Whole
	byID := map[string]*Whole{}
	last := after
	err := s.store.reader().each(ctx, "read whole users", `
		SELECT id, username, username_key, email, name, phone, phone_verified, password, active, created_at, last_login_at,
		       metadata_public, metadata_private
		  FROM users
		 WHERE tenant_id = $1 AND id > $2
		 ORDER BY id
		 LIMIT $3`, []any{s.tenant, after, n}, func(rows *sqlx.Rows) error {
		w := &Whole{}
		u := &w.User
		var username, key, phone sql.NullString
		err := rows.Scan(&u.ID, &username, &key, &u.Email, &u.Name, &phone, &u.PhoneVerified, &u.Password, &u.Active, when(&u.CreatedAt),
			when(&u.LastLoginAt), &u.MetadataPublic, &u.MetadataPrivate)
		u.Username, w.UsernameKey, u.Phone = username.String, key.String, phone.String
		last, byID[u.ID] = u.ID, w
		all = append(all, w)
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	err = s.store.reader().each(ctx, "read emails of users", `
		SELECT id, user_id, email, email_key, verified, is_primary, exclusive, created_at
		  FROM emails
		 WHERE tenant_id = $1 AND user_id > $2 AND user_id <= $3
		 ORDER BY user_id, created_at, id`, []any{s.tenant, after, last}, func(rows *sqlx.Rows) error {
		var e Email
		err := rows.Scan(&e.ID, &e.UserID, &e.Email, &e.Key, &e.Verified, &e.Primary, &e.Exclusive, when(&e.CreatedAt))
		if w := byID[e.UserID]; w != nil { // made since
			w.Emails = append(w.Emails, e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.store.reader().each(ctx, "read provider accounts of users", `
		SELECT provider, uid, user_id, display, created_at, last_used_at
		  FROM provider_accounts
		 WHERE tenant_id = $1 AND user_id > $2 AND user_id <= $3
		 ORDER BY user_id, created_at, provider, uid`, []any{s.tenant, after, last}, func(rows *sqlx.Rows) error {
		var p ProviderAccount
		err := rows.Scan(&p.Provider, &p.UID, &p.UserID, &p.Display, when(&p.CreatedAt), when(&p.LastUsedAt))
		if w := byID[p.UserID]; w != nil {
			w.Providers = append(w.Providers, p)
		}
		return err
	})
	return all, err
}
