package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// ProviderAccount is an account with an identity provider that signs a user in here.
type ProviderAccount struct {
	Provider   string // as the tenant's settings call it
	UID        string // what the provider calls the account: never a name or address, which may become somebody else's
	UserID     string
	Display    string // what people know the account by, such as an address; "" where nobody has come in by it yet
	CreatedAt  time.Time
	LastUsedAt time.Time // zero for never
}

// ProviderAccountsOf are a user's provider accounts, oldest first.
func (s Scope) ProviderAccountsOf(ctx context.Context, userID string) ([]ProviderAccount, error) {
	var all []ProviderAccount
	err := s.store.reader().each(ctx, "read provider accounts", `
		SELECT provider, uid, user_id, display, created_at, last_used_at
		  FROM provider_accounts
		 WHERE tenant_id = $1 AND user_id = $2
		 ORDER BY created_at, provider, uid`,
		[]any{s.tenant, userID}, func(rows *sqlx.Rows) error {
			var p ProviderAccount
			err := rows.Scan(&p.Provider, &p.UID, &p.UserID, &p.Display, when(&p.CreatedAt), when(&p.LastUsedAt))
			all = append(all, p)
			return err
		})
	return all, err
}

// ProviderAccount is the account that a provider knows as uid, or ErrNotFound.
func (s Scope) ProviderAccount(ctx context.Context, provider, uid string) (ProviderAccount, error) {
	p := ProviderAccount{Provider: provider, UID: uid}
	err := s.store.reader().row(ctx, "read provider account", `
		SELECT user_id, display, created_at, last_used_at
		  FROM provider_accounts
		 WHERE tenant_id = $1 AND provider = $2 AND uid = $3`,
		[]any{s.tenant, provider, uid}, []any{&p.UserID, &p.Display, when(&p.CreatedAt), when(&p.LastUsedAt)})
	return p, err
}

// AddProviderAccount writes a new provider account. One that somebody has already is ErrTaken.
func (t *Tx) AddProviderAccount(ctx context.Context, p *ProviderAccount) error {
	_, err := t.exec(ctx, "add provider account", `
		INSERT INTO provider_accounts (tenant_id, provider, uid, user_id, display, created_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		t.tenant, p.Provider, p.UID, p.UserID, p.Display, p.CreatedAt, orNever(p.LastUsedAt))
	return err
}

// UseProviderAccount notes that a user came in by a provider account, and what the provider has it displayed as by now. One that is gone, or
// has become somebody else's, is ErrStale.
func (t *Tx) UseProviderAccount(ctx context.Context, p *ProviderAccount, at time.Time) error {
	res, err := t.exec(ctx, "use provider account", `
		UPDATE provider_accounts SET last_used_at = $5, display = $6
		 WHERE tenant_id = $1 AND provider = $2 AND uid = $3 AND user_id = $4`, t.tenant, p.Provider, p.UID, p.UserID, at, p.Display)
	return changedOne(res, err, ErrStale)
}

// DropProviderAccount takes a provider account from a user. One that is gone, or has become somebody else's, is ErrStale.
func (t *Tx) DropProviderAccount(ctx context.Context, userID, provider, uid string) error {
	res, err := t.exec(ctx, "drop provider account", `
		DELETE FROM provider_accounts WHERE tenant_id = $1 AND provider = $2 AND uid = $3 AND user_id = $4`,
		t.tenant, provider, uid, userID)
	return changedOne(res, err, ErrStale)
}

// DropProviderAccountBut takes a provider account from a user who has another. One that is gone, is somebody else's, or is the last one
// is ErrStale. HoldUser must come before, so that of two that are dropped at once one stays.
func (t *Tx) DropProviderAccountBut(ctx context.Context, userID, provider, uid string) error {
	res, err := t.exec(ctx, "drop provider account but the last", `
		DELETE FROM provider_accounts
		 WHERE tenant_id = $1 AND provider = $2 AND uid = $3 AND user_id = $4
		   AND EXISTS (SELECT 1 FROM provider_accounts other
		                WHERE other.tenant_id = $1 AND other.user_id = $4 AND (other.provider <> $2 OR other.uid <> $3))`,
		t.tenant, provider, uid, userID)
	return changedOne(res, err, ErrStale)
}

// DropProviderAccountsOf takes all provider accounts from a user.
func (t *Tx) DropProviderAccountsOf(ctx context.Context, userID string) error {
	_, err := t.exec(ctx, "drop provider accounts of user", `
		DELETE FROM provider_accounts WHERE tenant_id = $1 AND user_id = $2`, t.tenant, userID)
	return err
}

// UseProof notes that a proof was used which is good once, until it runs out by itself. One that was used before is ErrTaken.
func (t *Tx) UseProof(ctx context.Context, digest []byte, until time.Time) error {
	_, err := t.exec(ctx, "use proof", `
		INSERT INTO provider_proofs (tenant_id, digest, expires_at) VALUES ($1, $2, $3)`, t.tenant, digest, until)
	return err
}

// SweepProofs removes up to n used proofs of any tenant that ran out before the given time, and returns how many.
func (s *Store) SweepProofs(ctx context.Context, before time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "sweep proofs", `
		DELETE FROM provider_proofs WHERE (tenant_id, digest) IN (
		       SELECT tenant_id, digest FROM provider_proofs WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, before, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
