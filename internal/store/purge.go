package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/vestibule-auth/vestibule/tenants"
)

// OfTenants are the tables whose rows belong to a tenant, in the order in which a purge empties them: what refers to other rows comes
// before them. A new table of tenants has its place here, or a test says so.
func OfTenants() []string {
	return []string{
		"sessions", "authenticators", "emails", "provider_accounts", "users", "deleted_users", "messages", "signing_keys", "audit_events", "audit_chains",
		"webhook_deliveries", "webhook_endpoints", "stats", "active_users", "import_chunks", "import_errors", "imports",
		"tenant_versions", "tenant_hosts",
	}
}

// DestroyTenant destroys the data key of a tenant that was deleted: whatever was sealed or signed for it is noise from then on, wherever
// it is. What the row said of it goes too, so that nothing but its id and times stays. It is ErrNotFound where there is no deleted
// tenant of that id. The event is written to the tenant of the given id, since the tenant's own are about to go.
func (s *Store) DestroyTenant(ctx context.Context, id string, at time.Time, eventsOf string, e *Event) error {
	return s.do(ctx, func(r runner) error {
		version, err := r.nextVersion(ctx)
		if err != nil {
			return err
		}
		res, err := r.exec(ctx, "destroy a tenant's key", `
			UPDATE tenants
			   SET state = $3, data_key = $4, settings = '{}', slug = '', name = '', name_key = '', hosts = '[]', version = $5, updated_at = $6
			 WHERE id = $1 AND state = $2 AND deleted_at IS NOT NULL`,
			id, string(tenants.Deleted), string(tenants.Purging), []byte{}, version, at)
		if err := changedOne(res, err, ErrNotFound); err != nil {
			return err
		}
		return r.addEvents(ctx, eventsOf, []*Event{e})
	})
}

// PurgeRows removes up to n rows of each table that belong to a tenant whose purge has begun, and returns how many there were. It is called
// until there are none; whoever calls it next goes on where another stopped.
func (s *Store) PurgeRows(ctx context.Context, id string, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	var removed int64
	for _, table := range OfTenants() {
		res, err := r.exec(ctx, "purge "+table, `
			DELETE FROM `+table+` WHERE tenant_id = $1 AND `+s.dialect.rowID+` IN (
			       SELECT `+s.dialect.rowID+` FROM `+table+` WHERE tenant_id = $1 LIMIT $2)`, id, n)
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

// SweepDeleted removes up to n sessions of tenants that were deleted, and returns how many. Nobody can use them, and a tenant that comes
// back comes without them.
func (s *Store) SweepDeleted(ctx context.Context, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "sweep the sessions of deleted tenants", `
		DELETE FROM sessions WHERE (tenant_id, id) IN (
		       SELECT s.tenant_id, s.id FROM tenants t JOIN sessions s ON s.tenant_id = t.id
		        WHERE t.deleted_at IS NOT NULL AND t.state = 'deleted' LIMIT $1)`, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// DropSessionsOfDeleted is SweepDeleted for one tenant.
func (s *Store) DropSessionsOfDeleted(ctx context.Context, id string, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "end a deleted tenant's sessions", `
		DELETE FROM sessions WHERE (tenant_id, id) IN (
		       SELECT s.tenant_id, s.id FROM tenants t JOIN sessions s ON s.tenant_id = t.id
		        WHERE t.id = $1 AND t.state = 'deleted' LIMIT $2)`, id, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
