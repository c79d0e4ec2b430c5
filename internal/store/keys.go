package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// SigningKey is a key that a tenant's tokens are or were signed with. What it does follows from its times; see package keyring.
type SigningKey struct {
	ID         string // what tokens name it by or, for a shared secret, what is made of it
	Number     int64  // the order in which the tenant's keys follow each other
	Algorithm  string
	Private    []byte // sealed under the tenant's keys (secret.ForSigningKey)
	Origin     string
	Longest    time.Duration // how long the longest token that it signed may live, in whole seconds
	CreatedAt  time.Time
	SignsFrom  time.Time
	RetiresAt  time.Time // when its successor begins to sign; zero for the last one
	KnownUntil time.Time // when the last token that it signed has died; zero for the last one
	DueAt      time.Time // when it is to have a successor; zero for never by itself
}

// SigningKeys are a tenant's keys, in the order in which they follow each other.
func (s Scope) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	var all []SigningKey
	err := s.store.reader().each(ctx, "read signing keys", `
		SELECT kid, number, algorithm, private, origin, longest, created_at, signs_from, retires_at, known_until, due_at
		  FROM signing_keys WHERE tenant_id = $1 ORDER BY number`,
		[]any{s.tenant}, func(rows *sqlx.Rows) error {
			var k SigningKey
			var seconds int64
			err := rows.Scan(&k.ID, &k.Number, &k.Algorithm, &k.Private, &k.Origin, &seconds, when(&k.CreatedAt), when(&k.SignsFrom),
				when(&k.RetiresAt), when(&k.KnownUntil), when(&k.DueAt))
			k.Longest = time.Duration(seconds) * time.Second
			all = append(all, k)
			return err
		})
	return all, err
}

// ChangeTenant gives the tenant the next change number, so that every server reads it anew, if its version is still the given
// one, and is ErrStale if not: what was decided by the tenant of that version may then not be written any more.
func (t *Tx) ChangeTenant(ctx context.Context, version int64) (next int64, err error) {
	if next, err = t.nextVersion(ctx); err != nil {
		return 0, err
	}
	res, err := t.exec(ctx, "change tenant", `UPDATE tenants SET version = $3 WHERE id = $1 AND version = $2`, t.tenant, version, next)
	return next, changedOne(res, err, ErrStale)
}

// PutSigningKey adds a key, or changes the order, origin and times of one that is there. ChangeTenant must come before. A number
// that another key has is ErrTaken.
func (t *Tx) PutSigningKey(ctx context.Context, k *SigningKey) error {
	_, err := t.exec(ctx, "put signing key", `
		INSERT INTO signing_keys (tenant_id, kid, number, algorithm, private, origin, longest, created_at, signs_from, retires_at,
		                          known_until, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (tenant_id, kid) DO UPDATE
		   SET number = excluded.number, origin = excluded.origin, longest = excluded.longest, signs_from = excluded.signs_from,
		       retires_at = excluded.retires_at, known_until = excluded.known_until, due_at = excluded.due_at,
		       overdue_since = CASE WHEN signing_keys.due_at = excluded.due_at THEN signing_keys.overdue_since END`,
		t.tenant, k.ID, k.Number, k.Algorithm, k.Private, k.Origin, int64(k.Longest/time.Second), k.CreatedAt, k.SignsFrom,
		orNever(k.RetiresAt), orNever(k.KnownUntil), orNever(k.DueAt))
	return err
}

// DropSigningKey removes a key. ChangeTenant must come before. One that is gone already is no error.
func (t *Tx) DropSigningKey(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "drop signing key", `DELETE FROM signing_keys WHERE tenant_id = $1 AND kid = $2`, t.tenant, id)
	return err
}

// PutOffSigningKeys has nothing be due among a tenant's keys before the given time; never if it is zero. Since when a key has been due is
// kept for as long as it is put off.
func (t *Tx) PutOffSigningKeys(ctx context.Context, until time.Time) error {
	_, err := t.exec(ctx, "put off signing keys", `
		UPDATE signing_keys SET due_at = $2, overdue_since = CASE WHEN $3 THEN COALESCE(overdue_since, due_at) END
		 WHERE tenant_id = $1 AND due_at IS NOT NULL`, t.tenant, orNever(until), !until.IsZero())
	return err
}

// DueSigningKeys are the ids of up to n tenants that have a key which is to have a successor by now, those first that have waited
// longest.
func (s *Store) DueSigningKeys(ctx context.Context, now time.Time, n int) ([]string, error) {
	var all []string
	err := s.reader().each(ctx, "read due signing keys", `
		SELECT tenant_id, MIN(due_at) FROM signing_keys WHERE due_at <= $1 GROUP BY tenant_id ORDER BY MIN(due_at) LIMIT $2`,
		[]any{now, n}, func(rows *sqlx.Rows) error {
			var id string
			var due time.Time
			err := rows.Scan(&id, when(&due))
			all = append(all, id)
			return err
		})
	return all, err
}

// SweepSigningKeys removes up to n keys of any tenant whose last token died before the given time, and returns how many.
func (s *Store) SweepSigningKeys(ctx context.Context, before time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "sweep signing keys", `
		DELETE FROM signing_keys WHERE (tenant_id, kid) IN (
		       SELECT tenant_id, kid FROM signing_keys WHERE known_until < $1 ORDER BY known_until LIMIT $2)`, before, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
