package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// AuthenticatorType is a kind of second factor, spelt as the contract spells it.
type AuthenticatorType string

// The types of authenticator. A user has one of each at most, but any number of WebAuthn credentials.
const (
	TOTP          AuthenticatorType = "totp"
	WebAuthn      AuthenticatorType = "webauthn"
	RecoveryCodes AuthenticatorType = "recovery_codes"
)

// AuthenticatorTypes are all of them, in the order in which they are listed.
var AuthenticatorTypes = []AuthenticatorType{RecoveryCodes, TOTP, WebAuthn}

// Factors are the types of authenticator that a user has, as bits.
type Factors int64

// bit is a type as one of Factors. The numbers are in the database.
func (t AuthenticatorType) bit() Factors {
	switch t {
	case TOTP:
		return 1
	case WebAuthn:
		return 2
	case RecoveryCodes:
		return 4
	default:
		return 0
	}
}

// With is f and a type.
func (f Factors) With(t AuthenticatorType) Factors { return f | t.bit() }

// Has reports whether a type is among them.
func (f Factors) Has(t AuthenticatorType) bool { return f&t.bit() != 0 }

// Second reports whether a login of a user with them needs a second factor. Recovery codes alone are none: they stand in for
// another.
func (f Factors) Second() bool { return f.Has(TOTP) || f.Has(WebAuthn) }

// Authenticator is something that a user can prove to have.
type Authenticator struct {
	ID           string
	UserID       string
	Type         AuthenticatorType
	Name         string // of a WebAuthn credential
	CredentialID []byte // of a WebAuthn credential, by which it is found to be somebody's already; nil for others
	Data         []byte // sealed; its meaning is package flows' business
	Version      int64  // counted up by every save
	CreatedAt    time.Time
	LastUsedAt   time.Time // zero for never
	UserKey      []byte    // the user's own key, sealed; nil for a user without one; written with the user
}

// AuthenticatorsOf are a user's authenticators, oldest first.
func (s Scope) AuthenticatorsOf(ctx context.Context, userID string) ([]Authenticator, error) {
	all, _, err := s.AuthenticatorsWithKey(ctx, userID)
	return all, err
}

// AuthenticatorsWithKey is AuthenticatorsOf with the user's own key, which is nil where there is none.
func (s Scope) AuthenticatorsWithKey(ctx context.Context, userID string) (all []Authenticator, userKey []byte, err error) {
	return s.authenticators(ctx, `
		SELECT x.id, x.user_id, x.type, x.name, x.credential_id, x.data, x.version, x.created_at, x.last_used_at, u.data_key
		  FROM users u
		  LEFT JOIN authenticators x ON x.tenant_id = u.tenant_id AND x.user_id = u.id
		 WHERE u.tenant_id = $1 AND u.id = $2
		 ORDER BY x.created_at, x.id`, userID)
}

// AuthenticatorsBeside are the authenticators of the user whose a WebAuthn credential is, that one among them; none where it is nobody's.
func (s Scope) AuthenticatorsBeside(ctx context.Context, credentialID []byte) ([]Authenticator, error) {
	all, _, err := s.authenticators(ctx, `
		SELECT x.id, x.user_id, x.type, x.name, x.credential_id, x.data, x.version, x.created_at, x.last_used_at, u.data_key
		  FROM authenticators o
		  JOIN users u ON u.tenant_id = o.tenant_id AND u.id = o.user_id
		  JOIN authenticators x ON x.tenant_id = u.tenant_id AND x.user_id = u.id
		 WHERE o.tenant_id = $1 AND o.credential_id = $2
		 ORDER BY x.created_at, x.id`, credentialID)
	return all, err
}

func (s Scope) authenticators(ctx context.Context, query string, of any) (all []Authenticator, userKey []byte, err error) {
	err = s.store.reader().each(ctx, "read authenticators", query, []any{s.tenant, of}, func(rows *sqlx.Rows) error {
		var x Authenticator
		var id, user, kind, name sql.NullString
		var version sql.NullInt64
		err := rows.Scan(&id, &user, &kind, &name, &x.CredentialID, &x.Data, &version, when(&x.CreatedAt), when(&x.LastUsedAt), &x.UserKey)
		userKey = x.UserKey
		if id.Valid {
			x.ID, x.UserID, x.Type, x.Name, x.Version = id.String, user.String, AuthenticatorType(kind.String), name.String, version.Int64
			all = append(all, x)
		}
		return err
	})
	return all, userKey, err
}

// AddAuthenticator writes a new authenticator. A second one of a type that a user has once, and a credential that is
// registered already, are ErrTaken. SetFactors must come with it.
func (t *Tx) AddAuthenticator(ctx context.Context, x *Authenticator) error {
	_, err := t.exec(ctx, "add authenticator", `
		INSERT INTO authenticators (tenant_id, id, user_id, type, name, credential_id, data, version, created_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		t.tenant, x.ID, x.UserID, string(x.Type), x.Name, orNoBytes(x.CredentialID), x.Data, x.Version, x.CreatedAt, orNever(x.LastUsedAt))
	return err
}

// SaveAuthenticator writes x if nobody has since it was read, and ErrStale if they have, or if it is gone: what was proved with it
// was proved by nobody else.
func (t *Tx) SaveAuthenticator(ctx context.Context, x *Authenticator) error {
	res, err := t.exec(ctx, "save authenticator", `
		UPDATE authenticators
		   SET name = $5, data = $6, last_used_at = $7, version = version + 1
		 WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND version = $4`,
		t.tenant, x.UserID, x.ID, x.Version, x.Name, x.Data, orNever(x.LastUsedAt))
	return changedOne(res, err, ErrStale)
}

// DropAuthenticator removes an authenticator of a user. One that is gone is ErrStale. SetFactors must come with it.
func (t *Tx) DropAuthenticator(ctx context.Context, userID, id string) error {
	res, err := t.exec(ctx, "drop authenticator", `
		DELETE FROM authenticators WHERE tenant_id = $1 AND user_id = $2 AND id = $3`, t.tenant, userID, id)
	return changedOne(res, err, ErrStale)
}

// SetFactors notes which factors a user has after a change, and counts the change. A user whose factors changed since they were
// read (the factor epoch differs) is ErrStale: so the factors always follow from the authenticators.
func (t *Tx) SetFactors(ctx context.Context, userID string, factorEpoch int64, f Factors) error {
	res, err := t.exec(ctx, "set factors", `
		UPDATE users SET factors = $4, factor_epoch = factor_epoch + 1
		 WHERE tenant_id = $1 AND id = $2 AND factor_epoch = $3 AND active`, t.tenant, userID, factorEpoch, int64(f))
	return changedOne(res, err, ErrStale)
}

// orNoBytes is b, or null where it is nil.
func orNoBytes(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}
