package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// UserRow is a user in a list.
type UserRow struct {
	User
	AnyVerified bool  // whether any address is verified
	Twice       bool  // it is found by another address, too
	Place       Place // where in the list
}

// Place is where a row stands in a list of users: by the time it was made, or by the name that was looked for, and by an id.
type Place struct {
	At  time.Time
	Key string
	ID  string
}

// First is the place before any in a list by names, and Latest the one before any in a list that begins with what is latest.
var (
	First  = Place{ID: noID}
	Latest = Place{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: "ffffffff-ffff-ffff-ffff-ffffffffffff"}
)

// afterPrefix is what no key that begins with a prefix comes after: keys are compared by their bytes, and this is the last letter.
const afterPrefix = "\U0010FFFF"

// rowColumns are what scanRow reads of users u.
const rowColumns = `u.id, u.username, u.email, u.name, u.phone, u.phone_verified, u.password <> '', u.active, u.epoch, u.created_at,
		       u.last_login_at, u.factors,
		       EXISTS (SELECT 1 FROM emails v WHERE v.tenant_id = u.tenant_id AND v.user_id = u.id AND v.verified)`

func (s Scope) users(ctx context.Context, op, query string, args []any) ([]UserRow, error) {
	var all []UserRow
	given := []any{s.tenant}
	given = append(given, args...)
	err := s.store.reader().each(ctx, op, query, given, func(rows *sqlx.Rows) error {
		var r UserRow
		var username, phone sql.NullString
		err := rows.Scan(&r.ID, &username, &r.Email, &r.Name, &phone, &r.PhoneVerified, &r.HasPassword, &r.Active, &r.Epoch,
			when(&r.CreatedAt), when(&r.LastLoginAt), &r.Factors, &r.AnyVerified, &r.Place.Key, &r.Place.ID, &r.Twice)
		r.Username, r.Phone, r.Place.At = username.String, phone.String, r.CreatedAt
		all = append(all, r)
		return err
	})
	return all, err
}

// Users are users by the time they were made, latest first: no more than n after a place, of those made from one time until before
// another; zero times are no bound.
func (s Scope) Users(ctx context.Context, from, until time.Time, after Place, n int) ([]UserRow, error) {
	// The place is the one upper bound: of two, SQLite may take the wrong one for where to begin, and then looks at every page before.
	if !until.IsZero() && until.Before(after.At) {
		after = Place{At: until, ID: First.ID}
	}
	return s.users(ctx, "list users", `
		SELECT `+rowColumns+`, '', u.id, FALSE
		  FROM (SELECT l.tenant_id, l.id
		          FROM (SELECT m.tenant_id, m.id
		                  FROM users m
		                 WHERE m.tenant_id = $1 AND m.created_at >= $2 AND (m.created_at, m.id) < ($3, $4)
		                 ORDER BY m.created_at DESC, m.id DESC
		                 LIMIT $5) l
		         LIMIT 1000) k
		  JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.id
		 ORDER BY u.created_at DESC, u.id DESC`, []any{from, after.At, after.ID, min(n, MostRows)})
}

// from is the place, or the one before all that begin with a prefix. It is the one lower bound, as above.
func (p Place) from(prefix string) Place {
	if p.Key < prefix {
		return Place{Key: prefix, ID: First.ID}
	}
	return p
}

// MostRows is the most that a list of users gives at once. It stands in the statements, too: so PostgreSQL, which does not know n when it
// plans, knows that there are few, and looks each one up.
const MostRows = 1000

// UsersByEmail are users with an address whose key begins with a prefix, by the addresses: no more than n after a place. One who is found by an
// earlier address already is marked. The addresses are cut off before their users are read, so that nothing is read in another order.
func (s Scope) UsersByEmail(ctx context.Context, prefix string, after Place, n int) ([]UserRow, error) {
	word, after := s.store.dialect.bytewise, after.from(prefix)
	return s.users(ctx, "search users by email", `
		SELECT `+rowColumns+`, e.email_key, e.id,
		       EXISTS (SELECT 1 FROM emails o
		        WHERE o.tenant_id = u.tenant_id AND o.user_id = u.id AND o.email_key`+word+` >= $2 AND o.email_key`+word+` < e.email_key`+word+`)
		  FROM (SELECT l.tenant_id, l.user_id, l.email_key, l.id
		          FROM (SELECT m.tenant_id, m.user_id, m.email_key, m.id
		                  FROM emails m
		                 WHERE m.tenant_id = $1 AND m.email_key`+word+` < $3 AND (m.email_key`+word+`, m.id) > ($4, $5)
		                 ORDER BY m.email_key`+word+`, m.id
		                 LIMIT $6) l
		         LIMIT 1000) e
		  JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.user_id
		 ORDER BY e.email_key`+word+`, e.id`, []any{prefix, prefix + afterPrefix, after.Key, after.ID, min(n, MostRows)})
}

// UsersByUsername are users whose username begins with a prefix, by its key: no more than n after a place. Those that UsersByEmail finds by
// another prefix ("" for none) are marked. They are not left out, for where all of them were, one page would look at all usernames.
// BETWEEN keeps PostgreSQL from reading every address that begins so to compare with, and has it look at those of each user.
func (s Scope) UsersByUsername(ctx context.Context, prefix, email string, after Place, n int) ([]UserRow, error) {
	word, after := s.store.dialect.bytewise, after.from(prefix)
	return s.users(ctx, "search users by username", `
		SELECT `+rowColumns+`, u.username_key, u.id,
		       EXISTS (SELECT 1 FROM emails o
		        WHERE o.tenant_id = u.tenant_id AND o.user_id BETWEEN u.id AND u.id AND $5 <> ''
		          AND o.email_key`+word+` >= $5 AND o.email_key`+word+` < $6)
		  FROM (SELECT l.tenant_id, l.id
		          FROM (SELECT m.tenant_id, m.id
		                  FROM users m
		                 WHERE m.tenant_id = $1 AND m.username_key`+word+` < $2 AND (m.username_key`+word+`, m.id) > ($3, $4)
		                 ORDER BY m.username_key`+word+`, m.id
		                 LIMIT $7) l
		         LIMIT 1000) k
		  JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.id
		 ORDER BY u.username_key`+word+`, u.id`, []any{prefix + afterPrefix, after.Key, after.ID, email, email + afterPrefix, min(n, MostRows)})
}

// UsersByPhone are users whose number begins with a prefix: no more than n after a place.
func (s Scope) UsersByPhone(ctx context.Context, prefix string, after Place, n int) ([]UserRow, error) {
	word, after := s.store.dialect.bytewise, after.from(prefix)
	return s.users(ctx, "search users by phone", `
		SELECT `+rowColumns+`, u.phone, u.id, FALSE
		  FROM (SELECT l.tenant_id, l.id
		          FROM (SELECT m.tenant_id, m.id
		                  FROM users m
		                 WHERE m.tenant_id = $1 AND m.phone`+word+` < $2 AND (m.phone`+word+`, m.id) > ($3, $4)
		                 ORDER BY m.phone`+word+`, m.id
		                 LIMIT $5) l
		         LIMIT 1000) k
		  JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.id
		 ORDER BY u.phone`+word+`, u.id`, []any{prefix + afterPrefix, after.Key, after.ID, min(n, MostRows)})
}

// UserByID is one user with its metadata, or ErrNotFound.
func (s Scope) UserByID(ctx context.Context, id string) (*UserRow, error) {
	r := UserRow{User: User{ID: id}}
	var username, phone sql.NullString
	err := s.store.reader().row(ctx, "read user", `
		SELECT `+rowColumns+`, u.metadata_public, u.metadata_private
		  FROM users u
		 WHERE u.tenant_id = $1 AND u.id = $2`, []any{s.tenant, id},
		[]any{&r.ID, &username, &r.Email, &r.Name, &phone, &r.PhoneVerified, &r.HasPassword, &r.Active, &r.Epoch,
			when(&r.CreatedAt), when(&r.LastLoginAt), &r.Factors, &r.AnyVerified, &r.MetadataPublic, &r.MetadataPrivate})
	r.Username, r.Phone = username.String, phone.String
	return &r, err
}
