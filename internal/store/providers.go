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
	CreatedAt  time.Time
	LastUsedAt time.Time // zero for never
}

// ProviderAccountsOf are a user's provider accounts, oldest first.
func (s Scope) ProviderAccountsOf(ctx context.Context, userID string) ([]ProviderAccount, error) {
	var all []ProviderAccount
	err := s.store.reader().each(ctx, "read provider accounts", `
		SELECT provider, uid, user_id, created_at, last_used_at
		  FROM provider_accounts
		 WHERE tenant_id = $1 AND user_id = $2
		 ORDER BY created_at, provider, uid`,
		[]any{s.tenant, userID}, func(rows *sqlx.Rows) error {
			var p ProviderAccount
			err := rows.Scan(&p.Provider, &p.UID, &p.UserID, when(&p.CreatedAt), when(&p.LastUsedAt))
			all = append(all, p)
			return err
		})
	return all, err
}

// ProviderAccount is the account that a provider knows as uid, or ErrNotFound.
func (s Scope) ProviderAccount(ctx context.Context, provider, uid string) (ProviderAccount, error) {
	p := ProviderAccount{Provider: provider, UID: uid}
	err := s.store.reader().row(ctx, "read provider account", `
		SELECT user_id, created_at, last_used_at
		  FROM provider_accounts
		 WHERE tenant_id = $1 AND provider = $2 AND uid = $3`,
		[]any{s.tenant, provider, uid}, []any{&p.UserID, when(&p.CreatedAt), when(&p.LastUsedAt)})
	return p, err
}

// AddProviderAccount writes a new provider account. One that somebody has already is ErrTaken.
func (t *Tx) AddProviderAccount(ctx context.Context, p *ProviderAccount) error {
	_, err := t.exec(ctx, "add provider account", `
		INSERT INTO provider_accounts (tenant_id, provider, uid, user_id, created_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		t.tenant, p.Provider, p.UID, p.UserID, p.CreatedAt, orNever(p.LastUsedAt))
	return err
}

// UseProviderAccount notes that a user came in by a provider account. One that is gone, or has become somebody else's, is ErrStale.
func (t *Tx) UseProviderAccount(ctx context.Context, p *ProviderAccount, at time.Time) error {
	res, err := t.exec(ctx, "use provider account", `
		UPDATE provider_accounts SET last_used_at = $5
		 WHERE tenant_id = $1 AND provider = $2 AND uid = $3 AND user_id = $4`, t.tenant, p.Provider, p.UID, p.UserID, at)
	return changedOne(res, err, ErrStale)
}

// DropProviderAccount takes a provider account from a user. One that is gone, or has become somebody else's, is ErrStale.
func (t *Tx) DropProviderAccount(ctx context.Context, userID, provider, uid string) error {
	res, err := t.exec(ctx, "drop provider account", `
		DELETE FROM provider_accounts WHERE tenant_id = $1 AND provider = $2 AND uid = $3 AND user_id = $4`,
		t.tenant, provider, uid, userID)
	return changedOne(res, err, ErrStale)
}
