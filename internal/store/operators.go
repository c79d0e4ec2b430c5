package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/vestibule-auth/vestibule/tenants"
)

// Grant gives an operator or an API token a role with one tenant or, where TenantID is "", with the platform and all tenants.
type Grant struct {
	Role     string
	TenantID string
}

// Operator is a user of the system tenant with at least one grant.
type Operator struct {
	ID          string
	Email       string
	Name        string
	Active      bool
	Factors     Factors
	CreatedAt   time.Time
	LastLoginAt time.Time // zero before the first login
	Grants      []Grant
}

// APIToken is a credential of a program that acts as an operator.
type APIToken struct {
	ID         string
	Digest     []byte // SHA-256
	Name       string
	OwnerID    string   // the operator whom it may never do more than; "" for nobody
	ParentID   string   // the token that made it, and that it ends with; "" for none
	Scopes     []string // the permissions that it is narrowed to; nil: to nothing
	CreatedBy  string   // who made it, for people
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time // zero before its first use, and noted once a minute at most
	LastUsedIP string
	RevokedAt  time.Time // zero while it is good
	Grants     []Grant
}

// Operator is the operator of that id, or ErrNotFound.
func (s *Store) Operator(ctx context.Context, id string) (*Operator, error) {
	all, err := s.operators(ctx, "read operator", ` AND u.id = $2`, tenants.SystemID, id)
	if err == nil && len(all) == 0 {
		err = s.fault("read operator", sql.ErrNoRows)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// Operators are all of them, by their address.
func (s *Store) Operators(ctx context.Context) ([]Operator, error) {
	return s.operators(ctx, "list operators", ``, tenants.SystemID)
}

func (s *Store) operators(ctx context.Context, op, more string, args ...any) ([]Operator, error) {
	var all []Operator
	err := s.reader().each(ctx, op, `
		SELECT u.id, u.email, u.name, u.active, u.factors, u.created_at, u.last_login_at, g.with_tenant, g.role
		  FROM users u
		  JOIN operator_grants g ON g.subject_id = u.id
		 WHERE u.tenant_id = $1`+more+`
		 ORDER BY u.email, u.id, g.with_tenant`, args, func(rows *sqlx.Rows) error {
		var o Operator
		var g Grant
		err := rows.Scan(&o.ID, &o.Email, &o.Name, &o.Active, &o.Factors, when(&o.CreatedAt), when(&o.LastLoginAt), &g.TenantID, &g.Role)
		if n := len(all); n == 0 || all[n-1].ID != o.ID {
			all = append(all, o)
		}
		last := &all[len(all)-1]
		last.Grants = append(last.Grants, g)
		return err
	})
	return all, err
}

// SetGrants gives an operator or a token these grants in place of those before. Together with what else the transaction writes, it
// must leave somebody who can give grants: see HoldOwners.
func (r runner) SetGrants(ctx context.Context, subjectID string, grants []Grant, at time.Time) error {
	if _, err := r.exec(ctx, "drop grants", `DELETE FROM operator_grants WHERE subject_id = $1`, subjectID); err != nil {
		return err
	}
	for _, g := range grants {
		_, err := r.exec(ctx, "add grant", `
			INSERT INTO operator_grants (subject_id, with_tenant, role, created_at) VALUES ($1, $2, $3, $4)`,
			subjectID, g.TenantID, g.Role, at)
		if err != nil {
			return err
		}
	}
	return nil
}

// HoldOwners locks the active operators with a role for the platform until the transaction ends, and returns how many there are. Whoever
// takes such a role away asks first, so that of two who do so at once the second counts what the first left.
func (t *Tx) HoldOwners(ctx context.Context, role string) (int, error) {
	res, err := t.exec(ctx, "hold owners", `
		UPDATE operator_grants SET role = role
		 WHERE with_tenant = '' AND role = $2 AND subject_id IN (SELECT id FROM users WHERE tenant_id = $1 AND active)`, t.tenant, role)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("count owners: %w", err)
	}
	return int(n), nil
}

const tokenColumns = `k.id, k.digest, k.name, k.owner_id, k.scopes, k.created_by, k.created_at, k.expires_at, k.last_used_at, k.last_used_ip,
		       k.revoked_at`

func scanToken(rows *sqlx.Rows, more ...any) (k APIToken, err error) {
	var owner, scopes sql.NullString
	if err = rows.Scan(append([]any{&k.ID, &k.Digest, &k.Name, &owner, &scopes, &k.CreatedBy, when(&k.CreatedAt), when(&k.ExpiresAt),
		when(&k.LastUsedAt), &k.LastUsedIP, when(&k.RevokedAt)}, more...)...); err != nil {
		return k, err
	}
	k.OwnerID = owner.String
	if scopes.Valid {
		if err = json.Unmarshal([]byte(scopes.String), &k.Scopes); err != nil {
			err = fmt.Errorf("scopes of token %s: %w", k.ID, err)
		}
	}
	return k, err
}

// AddAPIToken writes a token without its grants.
func (r runner) AddAPIToken(ctx context.Context, k *APIToken) error {
	scopes := sql.NullString{}
	if k.Scopes != nil {
		b, err := json.Marshal(k.Scopes)
		if err != nil {
			return fmt.Errorf("encode scopes: %w", err)
		}
		scopes = sql.NullString{String: string(b), Valid: true}
	}
	_, err := r.exec(ctx, "add API token", `
		INSERT INTO api_tokens (id, digest, name, owner_id, parent_id, scopes, created_by, created_at, expires_at, last_used_ip)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '')`,
		k.ID, k.Digest, k.Name, orNull(k.OwnerID), orNull(k.ParentID), scopes, k.CreatedBy, k.CreatedAt, k.ExpiresAt)
	return err
}

// RevokeAPIToken has a token be good for nothing, and every token that it made. One that is not there, or was revoked before, is
// ErrNotFound.
func (r runner) RevokeAPIToken(ctx context.Context, id string, at time.Time) error {
	res, err := r.exec(ctx, "revoke API token", `
		UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, id, at)
	if err := changedOne(res, err, ErrNotFound); err != nil {
		return err
	}
	_, err = r.exec(ctx, "revoke API tokens of a token", `
		WITH RECURSIVE line AS (
		       SELECT id FROM api_tokens WHERE parent_id = $1
		       UNION SELECT k.id FROM api_tokens k JOIN line l ON k.parent_id = l.id)
		UPDATE api_tokens SET revoked_at = $2 WHERE revoked_at IS NULL AND id IN (SELECT id FROM line)`, id, at)
	return err
}

// RevokeAPITokensOf has every token that an operator made be good for nothing, whatever becomes of the operator later.
func (r runner) RevokeAPITokensOf(ctx context.Context, ownerID string, at time.Time) error {
	_, err := r.exec(ctx, "revoke API tokens of operator", `
		UPDATE api_tokens SET revoked_at = $2 WHERE owner_id = $1 AND revoked_at IS NULL`, ownerID, at)
	return err
}

// APITokens are the tokens that were not revoked, the latest first.
func (s *Store) APITokens(ctx context.Context) ([]APIToken, error) {
	var all []APIToken
	err := s.reader().each(ctx, "list API tokens", `
		SELECT `+tokenColumns+`, g.with_tenant, g.role
		  FROM api_tokens k
		  JOIN operator_grants g ON g.subject_id = k.id
		 WHERE k.revoked_at IS NULL
		 ORDER BY k.created_at DESC, k.id, g.with_tenant`, nil, func(rows *sqlx.Rows) error {
		var g Grant
		k, err := scanToken(rows, &g.TenantID, &g.Role)
		if n := len(all); n == 0 || all[n-1].ID != k.ID {
			all = append(all, k)
		}
		last := &all[len(all)-1]
		last.Grants = append(last.Grants, g)
		return err
	})
	return all, err
}

// APITokenByDigest is the token with that digest, with its own grants and those that its owner has now, or ErrNotFound. One that was
// revoked, or whose owner is not an active operator any more, is not found; whether it has expired is the caller's to see.
func (s *Store) APITokenByDigest(ctx context.Context, digest []byte) (k *APIToken, owner []Grant, err error) {
	err = s.reader().each(ctx, "read API token", `
		SELECT `+tokenColumns+`, g.subject_id, g.with_tenant, g.role
		  FROM api_tokens k
		  JOIN operator_grants g ON g.subject_id = k.id OR g.subject_id = k.owner_id
		 WHERE k.digest = $1 AND k.revoked_at IS NULL
		   AND (k.owner_id IS NULL OR EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = $2 AND u.id = k.owner_id AND u.active))`,
		[]any{digest, tenants.SystemID}, func(rows *sqlx.Rows) error {
			var subject string
			var g Grant
			read, err := scanToken(rows, &subject, &g.TenantID, &g.Role)
			if k == nil {
				k = &read
			}
			if subject == k.ID {
				k.Grants = append(k.Grants, g)
			} else {
				owner = append(owner, g)
			}
			return err
		})
	if err == nil && k == nil {
		err = s.fault("read API token", sql.ErrNoRows)
	}
	return k, owner, err
}

// UseAPIToken notes that a token was used, unless that was noted after the time since.
func (s *Store) UseAPIToken(ctx context.Context, id, ip string, now, since time.Time) error {
	r := runner{store: s, pool: s.write}
	_, err := r.exec(ctx, "use API token", `
		UPDATE api_tokens SET last_used_at = $2, last_used_ip = $3 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $4)`,
		id, now, ip, since)
	return err
}
