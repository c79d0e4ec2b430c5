package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/vestibule-auth/vestibule/tenants"
)

// TenantVersion is a tenant as a change left it, and who made that change.
type TenantVersion struct {
	Number   int64
	At       time.Time
	Act      Action // "" where the change was made before versions were kept
	Actor    Actor
	Name     string
	Hosts    []string
	State    tenants.State
	Note     string
	Document []byte // sealed as it is stored, until OpenVersion opens it
}

// addVersion keeps a tenant as it is now. Who made it so is the actor of the first event.
func (r runner) addVersion(ctx context.Context, rec *TenantRecord, events []*Event) error {
	var e Event
	if len(events) > 0 {
		e = *events[0]
	}
	_, err := r.exec(ctx, "add tenant version", `
		INSERT INTO tenant_versions (tenant_id, version, at, act, actor_kind, actor_id, actor_name, name, hosts, state, settings, note)
		SELECT id, version, updated_at, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), name, hosts, state, settings,
		       CAST($6 AS TEXT)
		  FROM tenants WHERE id = $1`,
		rec.ID, string(e.Action), string(e.Actor.Kind), e.Actor.ID, e.Actor.Name, rec.Note)
	return err
}

// addFirstVersion keeps a tenant as it is before it is changed, if nothing was kept of it yet: that change can then be taken back too.
func (r runner) addFirstVersion(ctx context.Context, tenantID string) error {
	_, err := r.exec(ctx, "add first tenant version", `
		INSERT INTO tenant_versions (tenant_id, version, at, act, actor_kind, actor_id, actor_name, name, hosts, state, settings, note)
		SELECT t.id, t.version, t.updated_at, '', '', '', '', t.name, t.hosts, t.state, t.settings, ''
		  FROM tenants t
		 WHERE t.id = $1 AND NOT EXISTS (SELECT 1 FROM tenant_versions v WHERE v.tenant_id = $1)`, tenantID)
	return err
}

// TenantVersions are a tenant's versions before the given one, the latest first, no more than n, without their documents.
func (s Scope) TenantVersions(ctx context.Context, before int64, n int) ([]TenantVersion, error) {
	return s.versions(ctx, "list tenant versions", `
		SELECT version, at, act, actor_kind, actor_id, actor_name, name, hosts, state, '', note
		  FROM tenant_versions WHERE tenant_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3`, before, n)
}

// TenantVersion is the version of that number, or ErrNotFound.
func (s Scope) TenantVersion(ctx context.Context, number int64) (*TenantVersion, error) {
	return s.version(ctx, "read tenant version", `
		SELECT version, at, act, actor_kind, actor_id, actor_name, name, hosts, state, settings, note
		  FROM tenant_versions WHERE tenant_id = $1 AND version = $2`, number)
}

// LastLivingVersion is the tenant as it was before it was deleted, or ErrNotFound.
func (s Scope) LastLivingVersion(ctx context.Context) (*TenantVersion, error) {
	return s.version(ctx, "read the last version before a deletion", `
		SELECT version, at, act, actor_kind, actor_id, actor_name, name, hosts, state, settings, note
		  FROM tenant_versions WHERE tenant_id = $1 AND state <> $2 ORDER BY version DESC LIMIT 1`, string(tenants.Deleted))
}

func (s Scope) version(ctx context.Context, op, text string, arg any) (*TenantVersion, error) {
	all, err := s.versions(ctx, op, text, arg)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: %w", op, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

func (s Scope) versions(ctx context.Context, op, text string, args ...any) ([]TenantVersion, error) {
	var all []TenantVersion
	bound := []any{s.tenant}
	bound = append(bound, args...)
	err := s.store.reader().each(ctx, op, text, bound, func(rows *sqlx.Rows) error {
		var v TenantVersion
		var hosts []byte
		if err := rows.Scan(&v.Number, when(&v.At), &v.Act, &v.Actor.Kind, &v.Actor.ID, &v.Actor.Name, &v.Name, &hosts, &v.State,
			&v.Document, &v.Note); err != nil {
			return err
		}
		if err := json.Unmarshal(hosts, &v.Hosts); err != nil {
			return fmt.Errorf("hosts of version %d: %w", v.Number, err)
		}
		all = append(all, v)
		return nil
	})
	return all, err
}

// OpenVersion opens the secrets of one of the tenant's versions. Those of an Unreadable tenant stay sealed.
func (rec *TenantRecord) OpenVersion(v *TenantVersion) error {
	if rec.Unreadable != nil {
		return nil
	}
	doc, err := tenants.OpenSecrets(v.Document, rec.keys, rec.ID)
	if err != nil {
		return fmt.Errorf("settings of version %d of tenant %s: %w", v.Number, rec.ID, err)
	}
	v.Document = doc
	return nil
}
