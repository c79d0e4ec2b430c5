package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// TenantRecord is a tenant as its operators see it: with the settings as they were said.
type TenantRecord struct {
	ID        string
	Slug      string
	Name      string
	State     tenants.State
	Hosts     []string
	Document  []byte // the sparse settings document, its secrets in the clear; sealed before it is stored
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt time.Time // zero unless the tenant was deleted
	Note      string    // why it is being changed, in the words of who does it; kept with the version and never read back

	// Unreadable is why the secrets could not be opened, which are then still sealed in Document. Such a tenant is not
	// served, but it can be listed, suspended and deleted, and SaveTenant keeps its secrets as they are stored.
	Unreadable error

	dataKey []byte       // sealed under the server's keys
	keys    *secret.Keys // what is made of it; nil where the record is Unreadable
}

// TakenError says which name is taken. It is ErrTaken.
type TakenError struct {
	What  string // "slug" or "host"
	Value string
}

func (e *TakenError) Error() string { return fmt.Sprintf("%s %q is taken", e.What, e.Value) }

// Unwrap is ErrTaken.
func (e *TakenError) Unwrap() error { return ErrTaken }

const tenantColumns = `t.id, t.slug, t.name, t.state, t.hosts, t.settings, t.data_key, t.version, t.created_at, t.updated_at, t.deleted_at`

// AddTenant writes a new tenant and makes its data key. ID, Slug, Name, State, Hosts, Document and CreatedAt are the
// caller's; a slug or host in use is a TakenError. The events are written with it.
func (s *Store) AddTenant(ctx context.Context, rec *TenantRecord, events ...*Event) error {
	rec.dataKey = s.keys.Seal(secret.ForTenantKey, rec.ID, secret.Bytes(secret.KeySize))
	rec.UpdatedAt = rec.CreatedAt
	settings, hosts, err := s.seal(rec)
	if err != nil {
		return err
	}
	return s.do(ctx, func(r runner) error {
		version, err := r.nextVersion(ctx)
		if err != nil {
			return err
		}
		rec.Version = version
		_, err = r.exec(ctx, "add tenant", `
			INSERT INTO tenants (id, slug, name, name_key, state, hosts, settings, data_key, version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
			rec.ID, rec.Slug, rec.Name, nameKey(rec.Name), rec.State, hosts, settings, rec.dataKey, version, rec.CreatedAt)
		if errors.Is(err, ErrTaken) {
			return &TakenError{What: "slug", Value: rec.Slug}
		}
		if err == nil {
			err = r.addHosts(ctx, rec)
		}
		if err == nil {
			err = r.addVersion(ctx, rec, events)
		}
		if err == nil {
			err = r.addEvents(ctx, rec.ID, events)
		}
		return err
	})
}

// SaveTenant writes a tenant's slug, name, state, hosts and settings if its version is still rec's, and ErrStale if not. A
// state of Deleted frees the slug and the hosts. What the tenant has become is kept as a version, and the events are written with it.
func (s *Store) SaveTenant(ctx context.Context, rec *TenantRecord, events ...*Event) error {
	return s.saveTenant(ctx, rec, events, func(runner) error { return nil })
}

// RestoreTenant is SaveTenant for one that was deleted, and ends what is left of the sessions from before.
func (s *Store) RestoreTenant(ctx context.Context, rec *TenantRecord, events ...*Event) error {
	return s.saveTenant(ctx, rec, events, func(r runner) error {
		_, err := r.exec(ctx, "end a restored tenant's sessions", `DELETE FROM sessions WHERE tenant_id = $1`, rec.ID)
		return err
	})
}

func (s *Store) saveTenant(ctx context.Context, rec *TenantRecord, events []*Event, more func(runner) error) error {
	settings, hosts, err := s.seal(rec)
	if err != nil {
		return err
	}
	version := rec.Version
	err = s.do(ctx, func(r runner) error {
		var err error
		if version, err = r.nextVersion(ctx); err != nil {
			return err
		}
		if err := r.addFirstVersion(ctx, rec.ID); err != nil {
			return err
		}
		res, err := r.exec(ctx, "save tenant", `
			UPDATE tenants
			   SET slug = $3, name = $4, name_key = $5, state = $6, hosts = $7, settings = $8, version = $9, updated_at = $10, deleted_at = $11
			 WHERE id = $1 AND version = $2`,
			rec.ID, rec.Version, rec.Slug, rec.Name, nameKey(rec.Name), rec.State, hosts, settings, version, rec.UpdatedAt,
			orNever(rec.DeletedAt))
		if errors.Is(err, ErrTaken) {
			return &TakenError{What: "slug", Value: rec.Slug}
		}
		if err := changedOne(res, err, ErrStale); err != nil {
			return err
		}
		if _, err := r.exec(ctx, "drop tenant hosts", `DELETE FROM tenant_hosts WHERE tenant_id = $1`, rec.ID); err != nil {
			return err
		}
		if rec.State != tenants.Deleted {
			if err := r.addHosts(ctx, rec); err != nil {
				return err
			}
		}
		if err := more(r); err != nil {
			return err
		}
		if err := r.addVersion(ctx, rec, events); err != nil {
			return err
		}
		return r.addEvents(ctx, rec.ID, events)
	})
	if err == nil {
		rec.Version = version
	}
	return err
}

// nameKey is what a name is found by.
func nameKey(name string) string { return strings.ToLower(name) }

func (r runner) addHosts(ctx context.Context, rec *TenantRecord) error {
	for _, host := range rec.Hosts {
		_, err := r.exec(ctx, "add tenant host", `INSERT INTO tenant_hosts (host, tenant_id) VALUES ($1, $2)`, host, rec.ID)
		if errors.Is(err, ErrTaken) {
			return &TakenError{What: "host", Value: host}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nextVersion is the number of a change to any tenant, and the changed tenant's version. The row stays locked until the
// change is committed, so that whoever reads the versions never sees a later one before an earlier.
func (r runner) nextVersion(ctx context.Context) (version int64, err error) {
	err = r.row(ctx, "number a tenant change", `
		UPDATE tenant_changes SET latest = latest + 1 WHERE id = 1 RETURNING latest`, nil, []any{&version})
	return version, err
}

// TenantRecordBySlug is the tenant that goes by a slug, or ErrNotFound. A deleted tenant goes by none.
func (s *Store) TenantRecordBySlug(ctx context.Context, slug string) (*TenantRecord, error) {
	return s.tenantRecord(ctx, "read tenant by slug", `
		SELECT `+tenantColumns+` FROM tenants t WHERE t.slug = $1 AND t.deleted_at IS NULL`, slug)
}

// TenantRecordByID is the tenant with an id, deleted or not, or ErrNotFound.
func (s *Store) TenantRecordByID(ctx context.Context, id string) (*TenantRecord, error) {
	return s.tenantRecord(ctx, "read tenant by id", `SELECT `+tenantColumns+` FROM tenants t WHERE t.id = $1`, id)
}

// TenantByHost is the tenant that a host belongs to, or tenants.ErrUnknown.
func (s *Store) TenantByHost(ctx context.Context, host string) (*tenants.Tenant, error) {
	return s.tenant(ctx, "read tenant by host", `
		SELECT `+tenantColumns+` FROM tenants t JOIN tenant_hosts h ON h.tenant_id = t.id WHERE h.host = $1`, host)
}

// TenantBySlug is the tenant that goes by a slug, or tenants.ErrUnknown.
func (s *Store) TenantBySlug(ctx context.Context, slug string) (*tenants.Tenant, error) {
	return s.tenant(ctx, "read tenant by slug", `
		SELECT `+tenantColumns+` FROM tenants t WHERE t.slug = $1 AND t.deleted_at IS NULL`, slug)
}

// TenantByID is the tenant with an id, deleted or not, or tenants.ErrUnknown.
func (s *Store) TenantByID(ctx context.Context, id string) (*tenants.Tenant, error) {
	return s.tenant(ctx, "read tenant by id", `SELECT `+tenantColumns+` FROM tenants t WHERE t.id = $1`, id)
}

// slugsAtOnce is how many tenants are named by one statement.
const slugsAtOnce = 100

// TenantSlugs are the slugs that tenants go by, by their ids. A deleted tenant goes by none, and neither does one that is not there.
func (s *Store) TenantSlugs(ctx context.Context, ids []string) (map[string]string, error) {
	slugs := make(map[string]string, len(ids))
	for some := range slices.Chunk(ids, slugsAtOnce) {
		args := make([]any, slugsAtOnce) // as many for every chunk, so that there is one text to prepare
		for i := range args {
			args[i] = some[min(i, len(some)-1)]
		}
		err := s.reader().each(ctx, "read slugs", `
			SELECT id, slug FROM tenants WHERE deleted_at IS NULL AND id IN (`+places(1, slugsAtOnce)+`)`, args, func(rows *sqlx.Rows) error {
			var id, slug string
			err := rows.Scan(&id, &slug)
			slugs[id] = slug
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return slugs, nil
}

// TenantChanges are the ids of the tenants that changed after the numbered change, and the number of the latest one. That
// number is the counter's own and not the tenants' highest, and it is read by the same statement: it tells of a database
// that was set back to an earlier state, and belongs to the very state that the ids are from.
func (s *Store) TenantChanges(ctx context.Context, since int64) (ids []string, latest int64, err error) {
	err = s.reader().each(ctx, "read tenant changes", `
		SELECT c.latest, t.id FROM tenant_changes c LEFT JOIN tenants t ON t.version > $1 WHERE c.id = 1 ORDER BY t.version`,
		[]any{since}, func(rows *sqlx.Rows) error {
			var id sql.NullString // none where nothing changed
			if err := rows.Scan(&latest, &id); err != nil {
				return err
			}
			if id.Valid {
				ids = append(ids, id.String)
			}
			return nil
		})
	return ids, latest, err
}

func (s *Store) tenant(ctx context.Context, op, query string, arg string) (*tenants.Tenant, error) {
	rec, err := s.tenantRecord(ctx, op, query, arg)
	if errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", tenants.ErrUnknown, err)
	}
	if err != nil {
		return nil, err
	}
	// One that is not served needs no keys, and is better known as what it is than as a fault.
	if rec.Unreadable != nil && rec.State == tenants.Active {
		return nil, rec.Unreadable
	}
	settings, err := tenants.Decode(rec.Document)
	if err != nil {
		return nil, fmt.Errorf("read the settings of tenant %s: %w", rec.ID, err)
	}
	return tenants.New(tenants.Tenant{
		ID: rec.ID, Slug: rec.Slug, Name: rec.Name, State: rec.State, Hosts: rec.Hosts, Settings: settings, Keys: rec.keys,
		Version: rec.Version, CreatedAt: rec.CreatedAt, UpdatedAt: rec.UpdatedAt,
	}), nil
}

func (s *Store) tenantRecord(ctx context.Context, op, query, arg string) (*TenantRecord, error) {
	var rec *TenantRecord
	err := s.reader().each(ctx, op, query, []any{arg}, func(rows *sqlx.Rows) (err error) {
		rec, err = s.scanTenant(rows)
		return err
	})
	if err == nil && rec == nil {
		err = s.fault(op, sql.ErrNoRows)
	}
	return rec, err
}

// scanTenant reads the tenantColumns of a row, and what comes after them into more.
func (s *Store) scanTenant(rows *sqlx.Rows, more ...any) (*TenantRecord, error) {
	var rec TenantRecord
	var hosts, settings []byte
	if err := rows.Scan(append([]any{&rec.ID, &rec.Slug, &rec.Name, &rec.State, &hosts, &settings, &rec.dataKey, &rec.Version,
		when(&rec.CreatedAt), when(&rec.UpdatedAt), when(&rec.DeletedAt)}, more...)...); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(hosts, &rec.Hosts); err != nil {
		return nil, fmt.Errorf("hosts of tenant %s: %w", rec.ID, err)
	}
	rec.Document = settings
	rec.Unreadable = s.open(&rec)
	return &rec, nil
}

// open opens a record's data key and, with it, the secrets of its document.
func (s *Store) open(rec *TenantRecord) error {
	keys, err := s.tenantKeys(rec)
	if err != nil {
		return err
	}
	doc, err := tenants.OpenSecrets(rec.Document, keys, rec.ID)
	if err != nil {
		return fmt.Errorf("settings of tenant %s: %w", rec.ID, err)
	}
	rec.keys, rec.Document = keys, doc
	return nil
}

// tenantKeys opens a tenant's data key.
func (s *Store) tenantKeys(rec *TenantRecord) (*secret.Keys, error) {
	raw, err := s.keys.Open(secret.ForTenantKey, rec.ID, rec.dataKey)
	if err != nil {
		return nil, fmt.Errorf("open the data key of tenant %s: %w", rec.ID, err)
	}
	keys, err := secret.NewKeys(raw)
	if err != nil {
		return nil, fmt.Errorf("data key of tenant %s: %w", rec.ID, err)
	}
	return keys, nil
}

// CheckKeys is secret.ErrUnreadable where the server's keys are not those that the tenants' data keys were sealed under. It
// tries a few and is content with one that opens, since a single tenant may have been sealed under a key that is lost;
// where there are no tenants, any keys will do. Those that were changed longest ago are tried, since they are the ones that
// miss a key that was taken away too early.
func (s *Store) CheckKeys(ctx context.Context) error {
	opened := false
	var wrong error
	err := s.reader().each(ctx, "check keys", `
		SELECT id, data_key FROM tenants WHERE deleted_at IS NULL ORDER BY version LIMIT 10`, nil, func(rows *sqlx.Rows) error {
		var rec TenantRecord
		if err := rows.Scan(&rec.ID, &rec.dataKey); err != nil {
			return err
		}
		if _, err := s.tenantKeys(&rec); err != nil {
			wrong = err
		} else {
			opened = true
		}
		return nil
	})
	if err != nil || opened {
		return err
	}
	return wrong
}

// SealTenantKeys seals the tenants' data keys under the server's first key where they are sealed under an older one, and
// returns how many there were. After it the older ones are not needed any more. Data keys that no key opens stay as they
// are, and are an error once all others were sealed, unless their tenants were deleted.
func (s *Store) SealTenantKeys(ctx context.Context) (int, error) {
	sealed, after := 0, ""
	var lost []error
	for {
		var page []TenantRecord
		err := s.reader().each(ctx, "read data keys", `
			SELECT id, state, data_key FROM tenants
			 WHERE CAST(id AS TEXT) > $1 AND state NOT IN ('purging', 'purged')
			 ORDER BY CAST(id AS TEXT) LIMIT 500`,
			[]any{after}, func(rows *sqlx.Rows) error {
				var rec TenantRecord
				err := rows.Scan(&rec.ID, &rec.State, &rec.dataKey)
				page = append(page, rec)
				return err
			})
		if err != nil {
			return sealed, err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].ID
		for _, rec := range page {
			done, err := s.sealAnew(ctx, rec)
			switch {
			case done:
				sealed++
			case errors.Is(err, secret.ErrUnreadable) && rec.State == tenants.Deleted: // nobody misses it
			case errors.Is(err, secret.ErrUnreadable):
				lost = append(lost, err)
			case err != nil:
				return sealed, err
			}
		}
	}
	if len(lost) > 0 {
		return sealed, fmt.Errorf("%d data keys were sealed under a key that was not given; the first: %w", len(lost), lost[0])
	}
	return sealed, nil
}

// sealAnew seals a data key under the first key, and reports whether that was still to be done.
func (s *Store) sealAnew(ctx context.Context, rec TenantRecord) (done bool, err error) {
	first := s.keys.First()
	if _, err := first.Open(secret.ForTenantKey, rec.ID, rec.dataKey); err == nil {
		return false, nil
	}
	raw, err := s.keys.Open(secret.ForTenantKey, rec.ID, rec.dataKey)
	if err != nil {
		return false, fmt.Errorf("open the data key of tenant %s: %w", rec.ID, err)
	}
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "seal data key", `UPDATE tenants SET data_key = $3 WHERE id = $1 AND data_key = $2`,
		rec.ID, rec.dataKey, first.Seal(secret.ForTenantKey, rec.ID, raw))
	err = changedOne(res, err, ErrStale)
	if errors.Is(err, ErrStale) { // somebody else does the same
		return false, nil
	}
	return err == nil, err
}

// seal is a record's settings and hosts as they are stored.
func (s *Store) seal(rec *TenantRecord) (settings, hosts string, err error) {
	sealed := rec.Document
	if rec.Unreadable == nil {
		keys, err := s.tenantKeys(rec)
		if err != nil {
			return "", "", err
		}
		if sealed, err = tenants.SealSecrets(rec.Document, keys, rec.ID); err != nil {
			return "", "", fmt.Errorf("seal the settings of tenant %s: %w", rec.ID, err)
		}
	}
	list := rec.Hosts
	if list == nil {
		list = []string{}
	}
	encoded, err := json.Marshal(list)
	if err != nil {
		return "", "", fmt.Errorf("encode the hosts of tenant %s: %w", rec.ID, err)
	}
	return string(sealed), string(encoded), nil
}
