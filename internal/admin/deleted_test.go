package admin_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// withSession adds somebody who is signed in to a tenant.
func withSession(t *testing.T, st *store.Store, tenantID string) {
	t.Helper()
	now := testkit.Start
	if err := st.For(&tenants.Tenant{ID: tenantID}).Do(t.Context(), func(tx *store.Tx) error {
		u := &store.User{ID: secret.NewID(), Active: true, CreatedAt: now}
		if err := tx.AddUser(t.Context(), u, ""); err != nil {
			return err
		}
		return tx.AddSession(t.Context(), &store.Session{
			ID: secret.NewID(), Token: secret.Digest(secret.Token()), Client: "app", UserID: u.ID, Methods: []byte("[]"), State: []byte("{}"),
			CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour * 24 * 365),
		}, u)
	}); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *sql.DB, table, tenantID string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table+` WHERE tenant_id = $1`, tenantID).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (h *house) restore(t *testing.T, id, doc string) (*admin.Tenant, error) {
	t.Helper()
	return h.RestoreTenant(t.Context(), ann, id, json.RawMessage(doc))
}

func (h *house) remove(t *testing.T, slug string) {
	t.Helper()
	if err := h.DeleteTenant(t.Context(), ann, slug, nil); err != nil {
		t.Fatal(err)
	}
}

func TestDeletedTenantComesBackWithoutItsSessions(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		h, db := houseOn(t, testkit.OpenURL(t, url, nil)), testkit.Raw(t, url)
		made := h.create(t, "acme", smsSecret)
		before, err := h.store.TenantByID(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		withSession(t, h.store, made.ID)
		if _, err := h.patch(t, "acme", `{"state":"suspended"}`); err != nil {
			t.Fatal(err)
		}
		h.remove(t, "acme")
		page, next, err := h.DeletedTenants(t.Context(), "", 10)
		if err != nil || next != "" || len(page) != 1 || page[0].ID != made.ID || page[0].Slug != "acme" || !page[0].PurgeAt.Equal(testkit.Start.Add(admin.Grace)) ||
			!slices.Equal(page[0].Hosts, []string{"acme.example"}) {
			t.Fatalf("deleted are %+v, %v", page, err)
		}
		back, err := h.restore(t, made.ID, `{"note":"a mistake"}`)
		if err != nil {
			t.Fatal(err)
		}
		if back.ID != made.ID || back.State != tenants.Suspended || string(back.Config) != string(made.Config) || !slices.Equal(back.Hosts, made.Hosts) {
			t.Errorf("restored as %+v", back)
		}
		if n := count(t, db, "sessions", made.ID); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		if n := count(t, db, "users", made.ID); n != 1 {
			t.Errorf("%d users are left", n)
		}
		after, err := h.store.TenantByID(t.Context(), made.ID)
		if err != nil || !after.Keys.Verify(before.Keys.Sign(secret.ForCSRF, "x"), secret.ForCSRF, "x") {
			t.Errorf("it has other keys: %v", err)
		}
		if _, err := h.directory.Resolve(t.Context(), "acme.example", ""); !refusal.Is(err, refusal.Forbidden) {
			t.Errorf("answered as %v", err)
		}
		if v := h.versions(t, "acme"); v[0].Act != "tenant.restored" || v[0].Note != "a mistake" || v[1].Act != "tenant.deleted" {
			t.Errorf("versions are %+v", v)
		}
		if _, err := h.restore(t, made.ID, `{}`); !refusal.Is(err, refusal.Missing) {
			t.Errorf("once more: %v", err)
		}
	})
}

func TestRestoringWhatOthersHaveMeanwhile(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		made := h.create(t, "acme", "")
		h.remove(t, "acme")
		h.create(t, "acme", "")
		var taken *admin.Taken
		if _, err := h.restore(t, made.ID, `{}`); !errors.As(err, &taken) || taken.Fault.Path != "slug" {
			t.Errorf("its slug: %v", err)
		}
		if _, err := h.restore(t, made.ID, `{"slug":"acme-old"}`); !errors.As(err, &taken) || taken.Fault.Path != "hosts[0]" {
			t.Errorf("its host: %v", err)
		}
		for doc, want := range map[string]string{
			`{"slug":"A"}`: "slug", `{"slug":"system"}`: "slug", `{"hosts":["_"]}`: "hosts[0]", `{"x":1}`: "x", `{"slug":"b","hosts":[]}`: "config.public_url",
			`{"slug":"b","hosts":["shared.example"]}`: "hosts[0]",
		} {
			if _, err := h.restore(t, made.ID, doc); !slices.Equal(paths(t, err), []string{want}) {
				t.Errorf("%s: %v", doc, err)
			}
		}
		back, err := h.restore(t, made.ID, `{"slug":"acme-old","hosts":["old.example"]}`)
		if err != nil || back.ID != made.ID || back.Slug != "acme-old" || back.State != tenants.Active {
			t.Fatalf("restored as %+v, %v", back, err)
		}
		for host, slug := range map[string]string{"old.example": "acme-old", "acme.example": "acme"} {
			if got, err := h.directory.Resolve(t.Context(), host, ""); err != nil || got.Slug != slug {
				t.Errorf("%s leads to %v, %v", host, got, err)
			}
		}
		for _, id := range []string{"x", "", secret.NewID(), admin.SystemID, back.ID, "' OR 1=1 --"} {
			if _, err := h.restore(t, id, `{}`); !refusal.Is(err, refusal.Missing) {
				t.Errorf("%q: %v", id, err)
			}
			if err := h.PurgeTenant(t.Context(), ann, id); !refusal.Is(err, refusal.Missing) {
				t.Errorf("purge %q: %v", id, err)
			}
		}
	})
}

func TestPurgeLeavesATombstoneAndNothingElse(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		h, db := houseOn(t, testkit.OpenURL(t, url, nil)), testkit.Raw(t, url)
		made, other := h.create(t, "acme", smsSecret), h.create(t, "bolt", smsSecret)
		for _, id := range []string{made.ID, other.ID} {
			withSession(t, h.store, id)
		}
		if _, err := h.patch(t, "acme", `{"name":"Very Private Ltd"}`); err != nil {
			t.Fatal(err)
		}
		h.remove(t, "acme")
		kept := map[string]int{}
		for _, table := range store.OfTenants() {
			kept[table.Name] = count(t, db, table.Name, other.ID)
		}
		var sealed []byte
		if err := db.QueryRowContext(t.Context(), `SELECT data_key FROM tenants WHERE id = $1`, made.ID).Scan(&sealed); err != nil || len(sealed) == 0 {
			t.Fatal(err)
		}
		if err := h.PurgeTenant(t.Context(), ann, made.ID); err != nil {
			t.Fatal(err)
		}
		for _, table := range store.OfTenants() {
			if n := count(t, db, table.Name, made.ID); n != 0 {
				t.Errorf("%d rows of %s are left", n, table.Name)
			}
			if n := count(t, db, table.Name, other.ID); n != kept[table.Name] {
				t.Errorf("%d rows of another tenant's %s are left of %d", n, table.Name, kept[table.Name])
			}
		}
		var slug, name, hosts, settings string
		var key []byte
		var gone sql.NullString
		if err := db.QueryRowContext(t.Context(), `SELECT slug, name || name_key, hosts, settings, data_key, CAST(deleted_at AS TEXT) FROM tenants WHERE id = $1`,
			made.ID).Scan(&slug, &name, &hosts, &settings, &key, &gone); err != nil {
			t.Fatal(err)
		}
		if slug != "" || name != "" || hosts != "[]" || settings != "{}" || len(key) != 0 || !gone.Valid {
			t.Errorf("the tombstone says %q %q %s %s %x %v", slug, name, hosts, settings, key, gone)
		}
		if page, _, err := h.DeletedTenants(t.Context(), "", 10); err != nil || len(page) != 0 {
			t.Errorf("deleted are %v, %v", page, err)
		}
		if _, err := h.restore(t, made.ID, `{}`); !refusal.Is(err, refusal.Missing) {
			t.Errorf("it came back: %v", err)
		}
		var events int
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM audit_events WHERE tenant_id = $1 AND action = 'tenant.purged' AND target = $2`,
			admin.SystemID, "tenant/"+made.ID).Scan(&events); err != nil || events != 1 {
			t.Errorf("%d events, %v", events, err)
		}
		// What works on all tenants passes it by.
		if _, err := h.store.SealTenantKeys(t.Context()); err != nil {
			t.Error(err)
		}
		if err := h.store.CheckKeys(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := h.SweepTenants(t.Context()); err != nil {
			t.Error(err)
		}
		h.create(t, "acme", "")
	})
}

// The sweeper purges what has been deleted for long enough, and goes on with what somebody began: also with rows that came late.
func TestSweeperPurges(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		h, db := houseOn(t, testkit.OpenURL(t, url, nil)), testkit.Raw(t, url)
		old, young, living := h.create(t, "old", ""), h.create(t, "young", ""), h.create(t, "living", "")
		for _, one := range []*admin.Tenant{old, young, living} {
			withSession(t, h.store, one.ID)
		}
		sweep := func(want int) {
			t.Helper()
			if n, err := h.SweepTenants(t.Context()); err != nil || n != want {
				t.Errorf("%d tenants were looked at, not %d: %v", n, want, err)
			}
		}
		h.remove(t, "old")
		sweep(0)
		if n := count(t, db, "sessions", old.ID) + count(t, db, "sessions", living.ID); n != 1 {
			t.Errorf("%d sessions are left", n)
		}
		h.clock.Advance(admin.Grace - time.Hour)
		h.remove(t, "young")
		sweep(0)
		h.clock.Advance(2 * time.Hour)
		sweep(1)
		if n := count(t, db, "users", old.ID); n != 0 {
			t.Errorf("%d users are left", n)
		}
		if n := count(t, db, "users", young.ID) + count(t, db, "users", living.ID); n != 2 {
			t.Errorf("%d users of others are left", n)
		}
		sweep(0)
		// A request that began before the deletion may write after the purge.
		withSession(t, h.store, living.ID)
		h.remove(t, "living")
		if err := h.PurgeTenant(t.Context(), ann, living.ID); err != nil {
			t.Fatal(err)
		}
		withSession(t, h.store, living.ID)
		h.clock.Advance(10 * time.Minute)
		sweep(1)
		if n := count(t, db, "users", living.ID) + count(t, db, "sessions", living.ID); n != 0 {
			t.Errorf("%d rows came late and stay", n)
		}
		sweep(0)
	})
}

// meanwhile is a clock at whose next look something happens first.
type meanwhile struct {
	clock.Clock
	happens func()
}

func (c *meanwhile) Now() time.Time {
	if f := c.happens; f != nil {
		c.happens = nil
		f()
	}
	return c.Clock.Now()
}

// A tenant that came back between the sweeper's look and its stroke, and was deleted again, has its whole Grace before it.
func TestSweeperSparesWhatWasDeletedAgain(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		at, looked, again := &meanwhile{}, func() {}, false
		url := testkit.URL(t, engine)
		h := houseOn(t, testkit.OpenURL(t, url, func(_, query string) error {
			if strings.Contains(query, "state = 'purging' OR deleted_at <") {
				looked()
			}
			return nil
		}))
		db := testkit.Raw(t, url)
		at.Clock = h.clock
		sweeper := admin.New(admin.Options{Store: h.store, Directory: h.directory, Clock: at, Keys: h.keys, Log: slog.New(slog.DiscardHandler)})
		made := h.create(t, "acme", "")
		withSession(t, h.store, made.ID)
		h.remove(t, "acme")
		h.clock.Advance(admin.Grace + time.Hour)
		looked = func() {
			at.happens = func() {
				if _, err := h.restore(t, made.ID, `{}`); err != nil {
					t.Error(err)
				}
				h.remove(t, "acme")
				again = true
			}
		}
		if _, err := sweeper.SweepTenants(t.Context()); err != nil || !again {
			t.Fatalf("nothing happened meanwhile, or %v", err)
		}
		if n := count(t, db, "users", made.ID); n != 1 {
			t.Errorf("%d users are left", n)
		}
		if back, err := h.restore(t, made.ID, `{}`); err != nil || back.Slug != "acme" {
			t.Errorf("it cannot come back: %v", err)
		}
	})
}

// Purges are cut short, by a deadline or a crash, and go on: the key is gone whatever happens.
func TestPurgeGoesOnWhereItStopped(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		var broken error
		h := houseOn(t, testkit.OpenURL(t, url, func(_, query string) error {
			if broken != nil && strings.Contains(query, "DELETE FROM users") {
				return broken
			}
			return nil
		}))
		db := testkit.Raw(t, url)
		made := h.create(t, "acme", "")
		withSession(t, h.store, made.ID)
		h.remove(t, "acme")
		broken = errors.New("the power is out")
		if err := h.PurgeTenant(t.Context(), ann, made.ID); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if n := count(t, db, "users", made.ID); n != 1 {
			t.Errorf("%d users", n)
		}
		row, err := h.store.TenantByID(t.Context(), made.ID)
		if err != nil || row.Keys != nil || row.State != tenants.Purging {
			t.Errorf("the row is %+v, %v", row, err)
		}
		broken = nil
		if n, err := h.SweepTenants(t.Context()); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if n := count(t, db, "users", made.ID); n != 0 {
			t.Errorf("%d users", n)
		}
	})
}

func TestDeletedTenantsInPages(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		for i := range 5 {
			h.create(t, fmt.Sprintf("t%d", i), "")
			h.remove(t, fmt.Sprintf("t%d", i))
			if i%2 == 0 { // some at the same time
				h.clock.Advance(1500 * time.Microsecond)
			}
		}
		var slugs []string
		for cursor := ""; ; {
			page, next, err := h.DeletedTenants(t.Context(), cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range page {
				slugs = append(slugs, one.Slug)
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if want := []string{"t4", "t3", "t2", "t1", "t0"}; !slices.Equal(slugs, want) {
			slices.Sort(slugs)
			if slices.Reverse(want); !slices.Equal(slugs, want) {
				t.Errorf("listed %q", slugs)
			}
		}
	})
}

// What was signed in by a request that began before the deletion ends with the very transaction that brings the tenant back.
func TestNoSessionSlipsThroughARestore(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		h, db := houseOn(t, testkit.OpenURL(t, url, nil)), testkit.Raw(t, url)
		made := h.create(t, "acme", "")
		h.remove(t, "acme")
		rec, err := h.store.TenantRecordByID(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		withSession(t, h.store, made.ID) // after the others were ended
		rec.State, rec.DeletedAt = tenants.Active, time.Time{}
		if err := h.store.RestoreTenant(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, "sessions", made.ID); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		// Of a tenant that lives, nobody's sessions are ended.
		withLiving := h.create(t, "bolt", "")
		withSession(t, h.store, withLiving.ID)
		if n, err := h.store.DropSessionsOfDeleted(t.Context(), withLiving.ID, 100); n != 0 || err != nil {
			t.Errorf("%d sessions of a living tenant were ended, %v", n, err)
		}
	})
}

// Of somebody who restores a tenant and somebody who purges it at once, one does.
func TestRestoreAndPurgeAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		h, db := houseOn(t, testkit.OpenURL(t, url, nil)), testkit.Raw(t, url)
		for i := range 8 {
			slug := fmt.Sprintf("t%d", i)
			made := h.create(t, slug, "")
			withSession(t, h.store, made.ID)
			h.remove(t, slug)
			var wg sync.WaitGroup
			var restored, purged error
			wg.Go(func() {
				_, restored = h.RestoreTenant(t.Context(), ann, made.ID, json.RawMessage(`{}`))
			})
			wg.Go(func() { purged = h.PurgeTenant(t.Context(), ann, made.ID) })
			wg.Wait()
			users := count(t, db, "users", made.ID)
			switch {
			case restored == nil && refusal.Is(purged, refusal.Missing) && users == 1:
				if got, err := h.store.TenantByID(t.Context(), made.ID); err != nil || got.Keys == nil {
					t.Errorf("it came back without its key: %v", err)
				}
			case purged == nil && (refusal.Is(restored, refusal.Missing) || errors.Is(restored, admin.ErrStale)) && users == 0:
				if _, err := h.Tenant(t.Context(), slug); !refusal.Is(err, refusal.Missing) {
					t.Errorf("it is purged and there: %v", err)
				}
			default:
				t.Errorf("restored: %v; purged: %v; %d users", restored, purged, users)
			}
		}
	})
}

// Each act on a tenant is all or nothing, whichever statement fails: the tenant, its hosts, its version and its event.
func TestActsOnTenantsAreAllOrNothing(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		var armed faultdb.Observer
		h := houseOn(t, testkit.OpenURL(t, url, func(op, query string) error {
			if armed != nil {
				return armed(op, query)
			}
			return nil
		}))
		db := testkit.Raw(t, url)
		state := func() (all string) {
			for _, query := range []string{
				`SELECT slug || name || state || hosts || settings || CAST(version AS TEXT) || COALESCE(CAST(deleted_at AS TEXT), '') FROM tenants`,
				`SELECT host || CAST(tenant_id AS TEXT) FROM tenant_hosts`, `SELECT CAST(version AS TEXT) || act || note FROM tenant_versions`,
				`SELECT action || target || details FROM audit_events`, `SELECT CAST(id AS TEXT) FROM sessions`,
			} {
				rows, err := db.QueryContext(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				var lines []string
				for rows.Next() {
					var line string
					if err := rows.Scan(&line); err != nil {
						t.Fatal(err)
					}
					lines = append(lines, line)
				}
				if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // before the next query, and not when the test is over
					t.Fatal(err)
				}
				slices.Sort(lines)
				all += strings.Join(lines, "\n") + "\n\n"
			}
			return all
		}
		made := h.create(t, "acme", smsSecret)
		for _, step := range []struct {
			name string
			act  func() error
		}{
			{"a patch", func() error {
				_, err := h.patch(t, "acme", `{"name":"B","hosts":["b.example","c.example"]}`)
				return err
			}},
			{"a document that makes one", func() error { _, err := h.applyDoc(t, "bolt", `{"name":"Bolt","hosts":["bolt.example"]}`); return err }},
			{"a document that changes one", func() error {
				_, err := h.applyDoc(t, "bolt", `{"name":"Bolt 2","hosts":["bolt.example"]}`)
				return err
			}},
			{"a suspension", func() error {
				_, err := h.SuspendTenant(t.Context(), ann, "acme", nil, json.RawMessage(`{"note":"x"}`))
				return err
			}},
			{"a rollback", func() error {
				_, err := h.Rollback(t.Context(), ann, "acme", nil, json.RawMessage(fmt.Sprintf(`{"version":%d}`, made.Version)))
				return err
			}},
			{"a host", func() error {
				_, err := h.AddHost(t.Context(), ann, "acme", nil, json.RawMessage(`{"host":"more.example"}`))
				return err
			}},
			{"a deletion", func() error { return h.DeleteTenant(t.Context(), ann, "acme", nil) }},
			{"a restoration", func() error { _, err := h.restore(t, made.ID, `{"slug":"acme-2"}`); return err }},
		} {
			for n := int64(1); ; n++ {
				before := state()
				fail, counted := faultdb.FailNth(n)
				armed = fail
				err := step.act()
				armed = nil
				if counted.Load() < n {
					if err != nil {
						t.Fatalf("%s: nothing failed, and it did: %v", step.name, err)
					}
					if n < 5 || state() == before {
						t.Errorf("%s: %d operations, and the state is %v", step.name, n-1, state() == before)
					}
					break
				}
				if !refusal.Is(err, refusal.Busy) {
					t.Errorf("%s: operation %d failed, and the answer is %v", step.name, n, err)
				}
				if after := state(); after != before {
					t.Fatalf("%s: operation %d failed, and something was kept:\n%s\nbefore:\n%s", step.name, n, after, before)
				}
			}
		}
	})
}

// Of two servers that purge at once, one may find that the rows which it was about to remove are gone, and must not take that for the end.
func TestTwoServersPurgeAtOnce(t *testing.T) {
	url := testkit.URL(t, "postgres") // SQLite has one writer, who is never in his own way
	h, db := houseOn(t, testkit.OpenURL(t, url, nil)), testkit.Raw(t, url)
	made := h.create(t, "acme", "")
	for range 4 {
		withSession(t, h.store, made.ID)
	}
	h.remove(t, "acme")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, table := range store.OfTenants() { // the other server has all of it in hand
		if _, err := tx.ExecContext(t.Context(), `DELETE FROM `+table.Name+` WHERE tenant_id = $1`, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	purged := make(chan error, 1)
	go func() { purged <- h.PurgeTenant(context.WithoutCancel(t.Context()), ann, made.ID) }()
	for waits := 0; waits == 0; {
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%DELETE FROM%'`).Scan(&waits); err != nil {
			t.Fatal(err)
		}
	}
	// While it waits for those rows, another comes that the statement which waits does not see.
	if err := h.store.For(&tenants.Tenant{ID: made.ID}).Do(t.Context(), func(tx *store.Tx) error {
		return tx.AddSession(t.Context(), &store.Session{
			ID: secret.NewID(), Token: secret.Digest(secret.Token()), Client: "app", Methods: []byte("[]"), State: []byte("{}"),
			CreatedAt: testkit.Start, SeenAt: testkit.Start, ExpiresAt: testkit.Start.Add(time.Hour),
		}, &store.User{})
	}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-purged; err != nil {
		t.Fatal(err)
	}
	for _, table := range store.OfTenants() {
		if n := count(t, db, table.Name, made.ID); n != 0 {
			t.Errorf("%d rows of %s are left", n, table.Name)
		}
	}
}
