package store

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/vestibule-auth/vestibule/tenants"
)

// TenantTable is a table whose rows belong to tenants.
type TenantTable struct {
	Name string
	Key  string // what its primary key has besides tenant_id
}

// OfTenants are the tables that a purge empties, in that order: what refers to other rows comes before them. Each bite is read along the
// primary key, and along nothing else. A new table of tenants has its place here, or a test says so.
func OfTenants() []TenantTable {
	return []TenantTable{
		{"sessions", "id"},
		{"authenticators", "id"},
		{"emails", "id"},
		{"provider_accounts", "provider, uid"},
		{"provider_proofs", "digest"},
		{"users", "id"},
		{"deleted_users", "id"},
		{"stats", "span, at, name"},
		{"active_users", "span, at, user_id"},
		{"messages", "id"},
		{"signing_keys", "kid"},
		{"webhook_deliveries", "id"},
		{"webhook_endpoints", "id"},
		{"audit_events", "id"},
		{"audit_chains", ""},
		{"import_chunks", "import_id, number"},
		{"import_errors", "import_id, line, number"},
		{"imports", "id"},
		{"tenant_versions", "version"},
		{"tenant_hosts", "host"},
	}
}

// DestroyTenant destroys the data key of a tenant that was deleted: whatever was sealed or signed for it is noise from then on, wherever
// it is. What the row said of it goes too, so that nothing but its id and times stays. It is ErrNotFound where there is no tenant of that
// id that was deleted before the given time, and is deleted still: one that came back and was deleted again was deleted then. The event is
// written to the tenant of the given id, since the tenant's own are about to go.
func (s *Store) DestroyTenant(ctx context.Context, id string, deletedBefore, at time.Time, eventsOf string, e *Event) error {
	return s.do(ctx, func(r runner) error {
		version, err := r.nextVersion(ctx)
		if err != nil {
			return err
		}
		res, err := r.exec(ctx, "destroy a tenant's key", `
			UPDATE tenants
			   SET state = $3, data_key = $4, settings = '{}', slug = '', name = '', name_key = '', hosts = '[]', version = $5, updated_at = $6
			 WHERE id = $1 AND state = $2 AND deleted_at < $7`,
			id, string(tenants.Deleted), string(tenants.Purging), []byte{}, version, at, deletedBefore)
		if err := changedOne(res, err, ErrNotFound); err != nil {
			return err
		}
		return r.addEvents(ctx, eventsOf, []*Event{e})
	})
}

// PurgeRows removes up to n rows of each table that belong to a tenant whose purge has begun, and returns how many there were. It is called
// until there are none (see HasRows); whoever calls it next goes on where another stopped.
func (s *Store) PurgeRows(ctx context.Context, id string, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	var removed int64
	for _, table := range OfTenants() {
		key := "tenant_id"
		if table.Key != "" {
			key += ", " + table.Key
		}
		res, err := r.exec(ctx, "purge "+table.Name, `
			DELETE FROM `+table.Name+` WHERE tenant_id = $1 AND (`+key+`) IN (
			       SELECT `+key+` FROM `+table.Name+` WHERE tenant_id = $1 ORDER BY `+key+` LIMIT $2)`, id, n)
		if err != nil {
			return removed, err
		}
		count, err := res.RowsAffected()
		if err != nil {
			return removed, err
		}
		removed += count
	}
	return removed, nil
}

// HasRows reports whether anything is left of a tenant in the tables that a purge empties. A bite that removes nothing does not say so:
// somebody else may have been at the same rows.
func (s *Store) HasRows(ctx context.Context, id string) (bool, error) {
	r := runner{store: s, pool: s.write}
	for _, table := range OfTenants() {
		var one int
		err := r.row(ctx, "look for rows in "+table.Name, `SELECT 1 FROM `+table.Name+` WHERE tenant_id = $1 LIMIT 1`, []any{id}, []any{&one})
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return false, err
		}
	}
	return false, nil
}

// EndPurge notes that a tenant's rows are gone. One that was deleted after the given time may still get some from requests that began
// before, and is looked at again later.
func (s *Store) EndPurge(ctx context.Context, id string, deletedBefore time.Time) error {
	r := runner{store: s, pool: s.write}
	_, err := r.exec(ctx, "end a purge", `UPDATE tenants SET state = $3 WHERE id = $1 AND state = $2 AND deleted_at < $4`,
		id, string(tenants.Purging), string(tenants.Purged), deletedBefore)
	return err
}

// TenantsToPurge are up to n tenants that were deleted before the given time and not purged, or whose purge has begun and not ended: their
// ids, and whether it has begun.
func (s *Store) TenantsToPurge(ctx context.Context, deletedBefore time.Time, n int) (begun map[string]bool, err error) {
	begun = map[string]bool{}
	err = s.reader().each(ctx, "read which tenants are to be purged", `
		SELECT id, state FROM tenants
		 WHERE deleted_at IS NOT NULL AND state <> 'purged' AND (state = 'purging' OR deleted_at < $1)
		 ORDER BY deleted_at LIMIT $2`, []any{deletedBefore, n}, func(rows *sqlx.Rows) error {
		var id string
		var state tenants.State
		err := rows.Scan(&id, &state)
		begun[id] = state == tenants.Purging
		return err
	})
	return begun, err
}

// DeletedSince are the ids of up to n tenants that were deleted after the given time and not purged.
func (s *Store) DeletedSince(ctx context.Context, after time.Time, n int) (ids []string, err error) {
	err = s.reader().each(ctx, "read which tenants were deleted", `
		SELECT id FROM tenants WHERE deleted_at IS NOT NULL AND state <> 'purged' AND state = 'deleted' AND deleted_at > $1
		 ORDER BY deleted_at LIMIT $2`, []any{after, n}, func(rows *sqlx.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// DropSessionsOfDeleted removes up to n sessions of a tenant that was deleted, and returns how many. Nobody can use them, and a tenant
// that comes back comes without them.
func (s *Store) DropSessionsOfDeleted(ctx context.Context, id string, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "end a deleted tenant's sessions", `
		DELETE FROM sessions
		 WHERE tenant_id = $1 AND (tenant_id, id) IN (
		       SELECT tenant_id, id FROM sessions WHERE tenant_id = $1 ORDER BY tenant_id, id LIMIT $2)
		   AND EXISTS (SELECT 1 FROM tenants t WHERE t.id = $1 AND t.state = 'deleted')`, id, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
