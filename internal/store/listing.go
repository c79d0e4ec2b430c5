package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/vestibule-auth/vestibule/tenants"
)

// TenantFilter says which tenants are listed, of those that were not deleted.
type TenantFilter struct {
	Prefix  string        // of the slug, of the name in any case, or of a host; "" for any
	State   tenants.State // "" for any
	Without string        // the id of a tenant that is left out
}

// beyond is greater, byte by byte, than whatever begins with a prefix and is printable; next is less than any character that is.
const (
	beyond = "\U0010ffff"
	next   = "\x01"
)

// inState ends a query's conditions where tenants of one state are asked for. The states are written out, so that PostgreSQL plans for the
// one that is meant: few tenants are suspended, and reading all of them to find those takes long.
func (f TenantFilter) inState() string {
	switch f.State {
	case "":
		return ""
	case tenants.Suspended:
		return ` AND t.state = 'suspended'`
	default:
		return ` AND t.state = 'active'`
	}
}

// A search goes through three lists, each along an index of its own: tenants whose slug begins with the prefix, by slug; those that have
// it in their name alone, by name; and those that have it in a host alone, by host. So each page costs what is on it, however many
// tenants there are.

// TenantsBySlug are up to n tenants whose slug has the prefix, by slug, after the given one ("" to begin).
func (s *Store) TenantsBySlug(ctx context.Context, f TenantFilter, after string, n int) ([]*TenantRecord, error) {
	from := f.Prefix
	if after != "" {
		from = after + next
	}
	args := []any{from, f.Prefix + beyond, without(f), n}
	only, word := f.inState(), s.dialect.bytewise
	return s.tenantRecords(ctx, "list tenants by slug", `
		SELECT `+tenantColumns+` FROM tenants t
		 WHERE t.deleted_at IS NULL AND t.slug`+word+` >= $1 AND t.slug`+word+` < $2 AND t.id <> $3`+only+`
		 ORDER BY t.slug`+word+` LIMIT $4`, args)
}

// TenantsByName are up to n tenants whose name has the prefix and whose slug has not, by name, after the given one ("" to begin), and what
// they are sorted by.
func (s *Store) TenantsByName(ctx context.Context, f TenantFilter, afterName, afterID string, n int) (all []*TenantRecord, keys []string,
	err error,
) {
	if afterID == "" {
		afterName, afterID = f.Prefix, noID
	}
	args := []any{afterName, afterID, f.Prefix + beyond, f.Prefix, without(f), n}
	only, word := f.inState(), s.dialect.bytewise
	return s.tenantsWithKeys(ctx, "list tenants by name", `
		SELECT `+tenantColumns+`, t.name_key FROM tenants t
		 WHERE t.deleted_at IS NULL AND (t.name_key, t.id) > ($1, $2) AND t.name_key < $3
		   AND NOT (t.slug`+word+` >= $4 AND t.slug`+word+` < $3) AND t.id <> $5`+only+`
		 ORDER BY t.name_key, t.id LIMIT $6`, args)
}

// TenantsByHost are up to n tenants that have the prefix in a host and neither in their slug nor in their name, by the first such host,
// after the given one ("" to begin), and those hosts.
func (s *Store) TenantsByHost(ctx context.Context, f TenantFilter, after string, n int) (all []*TenantRecord, hosts []string, err error) {
	from := f.Prefix
	if after != "" {
		from = after + next
	}
	args := []any{from, f.Prefix + beyond, f.Prefix, without(f), n}
	only, word := f.inState(), s.dialect.bytewise
	return s.tenantsWithKeys(ctx, "list tenants by host", `
		SELECT `+tenantColumns+`, h.host FROM tenant_hosts h JOIN tenants t ON t.id = h.tenant_id
		 WHERE h.host`+word+` >= $1 AND h.host`+word+` < $2 AND t.deleted_at IS NULL
		   AND NOT (t.slug`+word+` >= $3 AND t.slug`+word+` < $2) AND NOT (t.name_key >= $3 AND t.name_key < $2) AND t.id <> $4
		   AND NOT EXISTS (SELECT 1 FROM tenant_hosts o
		                    WHERE o.tenant_id = h.tenant_id AND o.host`+word+` >= $3 AND o.host`+word+` < h.host`+word+`)`+only+`
		 ORDER BY h.host`+word+` LIMIT $5`, args)
}

// tenantsWithKeys are tenants and the text that follows their columns.
func (s *Store) tenantsWithKeys(ctx context.Context, op, query string, args []any) (all []*TenantRecord, keys []string, err error) {
	err = s.reader().each(ctx, op, query, args, func(rows *sqlx.Rows) error {
		var key string
		rec, err := s.scanTenant(rows, &key)
		all, keys = append(all, rec), append(keys, key)
		return err
	})
	return all, keys, err
}

func without(f TenantFilter) string {
	if f.Without == "" {
		return noID
	}
	return f.Without
}

// DeletedTenants are up to n tenants that were deleted and can come back, the latest deletion first, after the given one (the zero time to
// begin).
func (s *Store) DeletedTenants(ctx context.Context, at time.Time, id string, n int) ([]*TenantRecord, error) {
	if at.IsZero() {
		at, id = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), noID
	}
	return s.tenantRecords(ctx, "list deleted tenants", `
		SELECT `+tenantColumns+` FROM tenants t
		 WHERE t.deleted_at IS NOT NULL AND t.state <> 'purged' AND t.state = 'deleted' AND (t.deleted_at, t.id) < ($1, $2)
		 ORDER BY t.deleted_at DESC, t.id DESC LIMIT $3`, []any{at, id, n})
}

func (s *Store) tenantRecords(ctx context.Context, op, query string, args []any) ([]*TenantRecord, error) {
	var all []*TenantRecord
	err := s.reader().each(ctx, op, query, args, func(rows *sqlx.Rows) error {
		rec, err := s.scanTenant(rows)
		all = append(all, rec)
		return err
	})
	return all, err
}

// HostTenant is the id of the tenant that has a host, or "" where none has it.
func (s *Store) HostTenant(ctx context.Context, host string) (id string, err error) {
	err = s.reader().row(ctx, "read the tenant of a host", `SELECT tenant_id FROM tenant_hosts WHERE host = $1`, []any{host}, []any{&id})
	if errors.Is(err, ErrNotFound) || errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}
