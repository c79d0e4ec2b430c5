package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// Email is one address of a user.
type Email struct {
	ID        string
	UserID    string
	Email     string // as the user wrote it; mail goes to this
	Key       string // what addresses are compared by
	Verified  bool
	Primary   bool
	Exclusive bool // no other account may hold it
	CreatedAt time.Time
}

// EmailsOf are a user's addresses, oldest first.
func (s Scope) EmailsOf(ctx context.Context, userID string) ([]Email, error) {
	var all []Email
	err := s.store.reader().each(ctx, "read emails", `
		SELECT id, user_id, email, email_key, verified, is_primary, exclusive, created_at
		  FROM emails
		 WHERE tenant_id = $1 AND user_id = $2
		 ORDER BY created_at, id`,
		[]any{s.tenant, userID}, func(rows *sqlx.Rows) error {
			var e Email
			err := rows.Scan(&e.ID, &e.UserID, &e.Email, &e.Key, &e.Verified, &e.Primary, &e.Exclusive, when(&e.CreatedAt))
			all = append(all, e)
			return err
		})
	return all, err
}

// EmailByID is an address with the account that holds it, and whether another account has verified the same address; or
// ErrNotFound.
func (s Scope) EmailByID(ctx context.Context, id string) (a Account, elsewhere bool, err error) {
	a, err = s.account(ctx, "read account by email id", `
		SELECT `+accountColumns+`,
		       EXISTS (SELECT 1 FROM emails o
		                WHERE o.tenant_id = e.tenant_id AND o.email_key = e.email_key AND o.id <> e.id AND o.verified)
		  FROM emails e
		  JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.user_id
		 WHERE e.tenant_id = $1 AND e.id = $2`, []any{id}, &elsewhere)
	return a, elsewhere, err
}

// AddEmail writes a new address of a user. An exclusive one that another account holds exclusively is ErrTaken.
func (t *Tx) AddEmail(ctx context.Context, e *Email) error {
	_, err := t.exec(ctx, "add email", `
		INSERT INTO emails (tenant_id, id, user_id, email, email_key, verified, is_primary, exclusive, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		t.tenant, e.ID, e.UserID, e.Email, e.Key, e.Verified, e.Primary, e.Exclusive, e.CreatedAt)
	return err
}

// VerifiedElsewhere reports whether another account than the user's has verified an address, by its key.
func (s Scope) VerifiedElsewhere(ctx context.Context, userID, emailKey string) (bool, error) {
	var taken bool
	err := s.store.reader().row(ctx, "look for a verified address", `
		SELECT EXISTS (SELECT 1 FROM emails WHERE tenant_id = $1 AND email_key = $2 AND user_id <> $3 AND verified)`,
		[]any{s.tenant, emailKey, userID}, []any{&taken})
	return taken, err
}

// YieldEmail has other accounts hold an address no longer for themselves, where they have not verified it. VerifyEmail may
// follow.
func (t *Tx) YieldEmail(ctx context.Context, e *Email) error {
	_, err := t.exec(ctx, "yield email", `
		UPDATE emails SET exclusive = FALSE
		 WHERE tenant_id = $1 AND email_key = $2 AND id <> $3 AND exclusive AND NOT verified`, t.tenant, e.Key, e.ID)
	return err
}

// YieldHeld is YieldEmail for those other accounts alone that have verified another address.
func (t *Tx) YieldHeld(ctx context.Context, e *Email) error {
	_, err := t.exec(ctx, "yield held email", `
		UPDATE emails SET exclusive = FALSE
		 WHERE tenant_id = $1 AND email_key = $2 AND id <> $3 AND exclusive AND NOT verified
		   AND EXISTS (SELECT 1 FROM emails v WHERE v.tenant_id = $1 AND v.user_id = emails.user_id AND v.verified)`, t.tenant, e.Key, e.ID)
	return err
}

// VerifyEmail marks an address as verified and, with exclusive, as belonging to this account alone. An address that is
// verified already, or gone, is ErrStale; one that another account has for itself is ErrTaken.
func (t *Tx) VerifyEmail(ctx context.Context, id string, exclusive bool) error {
	res, err := t.exec(ctx, "verify email", `
		UPDATE emails SET verified = TRUE, exclusive = $3 WHERE tenant_id = $1 AND id = $2 AND NOT verified`,
		t.tenant, id, exclusive)
	return changedOne(res, err, ErrStale)
}

// SetFirstPrimary makes an address its user's primary one if the user has none yet. SetFirstEmail must go with it.
func (t *Tx) SetFirstPrimary(ctx context.Context, e *Email) error {
	_, err := t.exec(ctx, "set first primary email", `
		UPDATE emails SET is_primary = TRUE
		 WHERE tenant_id = $1 AND id = $2
		   AND NOT EXISTS (SELECT 1 FROM emails p WHERE p.tenant_id = $1 AND p.user_id = $3 AND p.is_primary)`,
		t.tenant, e.ID, e.UserID)
	return err
}

// SetFirstEmail repeats an address in its user's row if the row has none yet, which is when the user had no primary one. Whether it
// has or not, it holds the user as HoldUser does: one who was put out since that epoch is ErrStale.
func (t *Tx) SetFirstEmail(ctx context.Context, e *Email, epoch int64) error {
	res, err := t.exec(ctx, "set user's first email", `
		UPDATE users SET email = CASE WHEN email = '' THEN $3 ELSE email END
		 WHERE tenant_id = $1 AND id = $2 AND epoch = $4 AND active`, t.tenant, e.UserID, e.Email, epoch)
	return changedOne(res, err, ErrStale)
}

// UnsetPrimary leaves a user without a primary address for the moment. SetPrimary must follow.
func (t *Tx) UnsetPrimary(ctx context.Context, userID string) error {
	_, err := t.exec(ctx, "unset primary email", `
		UPDATE emails SET is_primary = FALSE WHERE tenant_id = $1 AND user_id = $2 AND is_primary`, t.tenant, userID)
	return err
}

// SetPrimary makes an address its user's primary one, of whom no other is. SetUserEmail must go with it. An address that is
// gone is ErrStale.
func (t *Tx) SetPrimary(ctx context.Context, e *Email) error {
	res, err := t.exec(ctx, "set primary email", `
		UPDATE emails SET is_primary = TRUE WHERE tenant_id = $1 AND user_id = $2 AND id = $3`, t.tenant, e.UserID, e.ID)
	return changedOne(res, err, ErrStale)
}

// SetUserEmail repeats the primary address ("" for none) in its user's row, from where sessions have it.
func (t *Tx) SetUserEmail(ctx context.Context, userID, email string) error {
	_, err := t.exec(ctx, "set user's email", `
		UPDATE users SET email = $3 WHERE tenant_id = $1 AND id = $2`, t.tenant, userID, email)
	return err
}

// DropEmail removes an address of a user. One that is gone already, or has become the primary one or ceased to be it since it was
// read, is ErrStale.
func (t *Tx) DropEmail(ctx context.Context, e *Email) error {
	res, err := t.exec(ctx, "drop email", `
		DELETE FROM emails WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND is_primary = $4`, t.tenant, e.UserID, e.ID, e.Primary)
	return changedOne(res, err, ErrStale)
}

// DropEmailsBut removes all addresses of a user but one (none, where keep has no ID) or, with unverified, the unverified ones of
// them.
func (t *Tx) DropEmailsBut(ctx context.Context, keep *Email, unverified bool) error {
	_, err := t.exec(ctx, "drop other emails", `
		DELETE FROM emails WHERE tenant_id = $1 AND user_id = $2 AND id IS DISTINCT FROM $3 AND (NOT $4 OR NOT verified)`,
		t.tenant, keep.UserID, orNull(keep.ID), unverified)
	return err
}
