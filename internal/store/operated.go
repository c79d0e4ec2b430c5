package store

import "context"

// This file has what operators change of users, whom they reach whether they are active or not.

// HoldAs keeps a user as it was read until the transaction ends, active or not: who changed meanwhile is ErrStale.
func (t *Tx) HoldAs(ctx context.Context, u *User) error {
	res, err := t.exec(ctx, "hold user as read", `
		UPDATE users SET epoch = epoch WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND factor_epoch = $4 AND active = $5`,
		t.tenant, u.ID, u.Epoch, u.FactorEpoch, u.Active)
	return changedOne(res, err, ErrStale)
}

// Deactivate puts a user out, who cannot come in any more: sessions end at once, and so does every secret that was sent. One who is
// inactive already is ErrStale.
func (t *Tx) Deactivate(ctx context.Context, userID string) error {
	res, err := t.exec(ctx, "deactivate user", `
		UPDATE users SET active = FALSE, epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2 AND active`, t.tenant, userID)
	return changedOne(res, err, ErrStale)
}

// EndSessions puts a user out of every session and login that waits, by the epoch. DropSessionsOf may follow.
func (t *Tx) EndSessions(ctx context.Context, userID string) error {
	res, err := t.exec(ctx, "end sessions", `UPDATE users SET epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2`, t.tenant, userID)
	return changedOne(res, err, ErrStale)
}

// DropSessionsOf removes every session of a user, those of logins that wait included.
func (t *Tx) DropSessionsOf(ctx context.Context, userID string) error {
	_, err := t.exec(ctx, "drop sessions of user", `DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2`, t.tenant, userID)
	return err
}

// ReplacePassword is SetPassword for a user who may be inactive, and who is signed in nowhere afterwards.
func (t *Tx) ReplacePassword(ctx context.Context, userID string, epoch int64, encoded string) error {
	res, err := t.exec(ctx, "replace password", `
		UPDATE users SET password = $4, epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2 AND epoch = $3`, t.tenant, userID, epoch, encoded)
	return changedOne(res, err, ErrStale)
}

// ReplaceFactors is SetFactors for a user who may be inactive.
func (t *Tx) ReplaceFactors(ctx context.Context, userID string, factorEpoch int64, f Factors) error {
	res, err := t.exec(ctx, "replace factors", `
		UPDATE users SET factors = $4, factor_epoch = factor_epoch + 1
		 WHERE tenant_id = $1 AND id = $2 AND factor_epoch = $3`, t.tenant, userID, factorEpoch, int64(f))
	return changedOne(res, err, ErrStale)
}

// Profile is what operators change of a user by itself.
type Profile struct {
	Username        string
	UsernameKey     string
	Name            string
	MetadataPublic  []byte
	MetadataPrivate []byte
}

// SaveProfile writes a user's profile if it is still what was read, and ErrStale if not; a username that is in use is ErrTaken.
func (t *Tx) SaveProfile(ctx context.Context, userID string, read, p Profile) error {
	res, err := t.exec(ctx, "save profile", `
		UPDATE users SET username = $3, username_key = $4, name = $5, metadata_public = $6, metadata_private = $7
		 WHERE tenant_id = $1 AND id = $2 AND COALESCE(username, '') = $8 AND name = $9 AND metadata_public = $10 AND metadata_private = $11`,
		t.tenant, userID, orNull(p.Username), orNull(p.UsernameKey), p.Name, orEmpty(p.MetadataPublic), orEmpty(p.MetadataPrivate),
		read.Username, read.Name, orEmpty(read.MetadataPublic), orEmpty(read.MetadataPrivate))
	return changedOne(res, err, ErrStale)
}

// UnverifyEmail has an address be proved anew. One that is not verified, or gone, is ErrStale.
func (t *Tx) UnverifyEmail(ctx context.Context, id string, exclusive bool) error {
	res, err := t.exec(ctx, "unverify email", `
		UPDATE emails SET verified = FALSE, exclusive = $3 WHERE tenant_id = $1 AND id = $2 AND verified`, t.tenant, id, exclusive)
	return changedOne(res, err, ErrStale)
}

// UnverifyPhone has a user's number be proved anew. One that the user does not have any more, or has not proved, is ErrStale.
func (t *Tx) UnverifyPhone(ctx context.Context, userID, phone string) error {
	res, err := t.exec(ctx, "unverify phone", `
		UPDATE users SET phone_verified = FALSE WHERE tenant_id = $1 AND id = $2 AND phone = $3 AND phone_verified`, t.tenant, userID, phone)
	return changedOne(res, err, ErrStale)
}

// DropSessionOfUser is DropSessionOf, but ErrNotFound for a session that is none of the user's.
func (t *Tx) DropSessionOfUser(ctx context.Context, userID, id string) error {
	res, err := t.exec(ctx, "drop one session of user", `
		DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND id = $3`, t.tenant, userID, id)
	return changedOne(res, err, ErrNotFound)
}
