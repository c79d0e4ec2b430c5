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

	// Tokens are written with the account, and never read with it: neither lists and exports nor the document of a deleted user have them.
	Tokens *ProviderTokens `json:"-"`
}

// ProviderTokens are what a provider handed out with an account, sealed; nil for what it did not hand out. What is in them is package flows'
// business.
type ProviderTokens struct {
	Access  []byte
	Refresh []byte
}

// columns are the two as statements take them.
func (t *ProviderTokens) columns() (access, refresh any) {
	if t == nil {
		return nil, nil
	}
	return orNoBytes(t.Access), orNoBytes(t.Refresh)
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

// ProviderTokens are the tokens that are kept of a user's account with a provider, and the user's own key, sealed. Where no access token is
// kept, it is ErrNotFound.
func (s Scope) ProviderTokens(ctx context.Context, userID, provider, uid string) (kept ProviderTokens, userKey []byte, err error) {
	err = s.store.reader().row(ctx, "read provider tokens", `
		SELECT p.access_token, p.refresh_token, u.data_key
		  FROM provider_accounts p JOIN users u ON u.tenant_id = p.tenant_id AND u.id = p.user_id
		 WHERE p.tenant_id = $1 AND p.provider = $2 AND p.uid = $3 AND p.user_id = $4 AND p.access_token IS NOT NULL`,
		[]any{s.tenant, provider, uid, userID}, []any{&kept.Access, &kept.Refresh, &userKey})
	return kept, userKey, err
}

// AddProviderAccount writes a new provider account, with its tokens. One that somebody has already is ErrTaken.
func (t *Tx) AddProviderAccount(ctx context.Context, p *ProviderAccount) error {
	access, refresh := p.Tokens.columns()
	_, err := t.exec(ctx, "add provider account", `
		INSERT INTO provider_accounts (tenant_id, provider, uid, user_id, display, created_at, last_used_at, access_token, refresh_token)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		t.tenant, p.Provider, p.UID, p.UserID, p.Display, p.CreatedAt, orNever(p.LastUsedAt), access, refresh)
	return err
}

// UseProviderAccount notes that a user came in by a provider account, what the provider has it displayed as by now, and the tokens that it
// handed out this time; one that it did not hand out stays as it was. Where the account comes without Tokens, those that were kept go. An
// account that is gone, or has become somebody else's, is ErrStale.
func (t *Tx) UseProviderAccount(ctx context.Context, p *ProviderAccount, at time.Time) error {
	access, refresh := p.Tokens.columns()
	res, err := t.exec(ctx, "use provider account", `
		UPDATE provider_accounts
		   SET last_used_at = $5, display = $6,
		       access_token = CASE WHEN $7 THEN COALESCE($8, access_token) END,
		       refresh_token = CASE WHEN $7 THEN COALESCE($9, refresh_token) END
		 WHERE tenant_id = $1 AND provider = $2 AND uid = $3 AND user_id = $4`,
		t.tenant, p.Provider, p.UID, p.UserID, at, p.Display, p.Tokens != nil, access, refresh)
	return changedOne(res, err, ErrStale)
}

// DropProviderAccount takes a provider account from a user. One that is gone, or has become somebody else's, is ErrStale.
func (t *Tx) DropProviderAccount(ctx context.Context, userID, provider, uid string) error {
	res, err := t.exec(ctx, "drop provider account", `
		DELETE FROM provider_accounts WHERE tenant_id = $1 AND provider = $2 AND uid = $3 AND user_id = $4`,
		t.tenant, provider, uid, userID)
	return changedOne(res, err, ErrStale)
}

// DropProviderAccountBeside takes a provider account from a user who has another, which stays. One that is gone, or is somebody else's, is
// ErrStale, and so is one whose other is gone. HoldUser must come before, so that of two that are dropped at once one stays.
func (t *Tx) DropProviderAccountBeside(ctx context.Context, userID, provider, uid string, stays ProviderAccount) error {
	res, err := t.exec(ctx, "drop provider account beside another", `
		DELETE FROM provider_accounts
		 WHERE tenant_id = $1 AND provider = $2 AND uid = $3 AND user_id = $4
		   AND EXISTS (SELECT 1 FROM provider_accounts other
		                WHERE other.tenant_id = $1 AND other.user_id = $4 AND other.provider = $5 AND other.uid = $6)`,
		t.tenant, provider, uid, userID, stays.Provider, stays.UID)
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
