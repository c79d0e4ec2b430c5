package testkit_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// What a test leaves behind, in rows or in the schema, the next one does not find: its database is one that was just migrated.
func TestDatabaseIsAsAfterTheMigrations(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		fresh := testkit.EmptyURL(t, engine)
		if _, err := testkit.OpenURL(t, fresh, nil).Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := rows(t, engine, fresh)
		for what, statements := range map[string][]string{
			"rows": nil,
			"rows that are guarded": {`INSERT INTO audit_events (tenant_id, id, at, action, ip, user_agent, details)
				SELECT id, id, created_at, 'user.logged_in', '', '', '{}' FROM tenants`},
			"a row of the migrations": {`DELETE FROM tenant_changes`},
			"a trigger":               {`DROP TRIGGER audit_events_removal ON audit_events`},
			"a trigger that sleeps":   {`ALTER TABLE audit_events DISABLE TRIGGER audit_events_removal`},
			"a column":                {`ALTER TABLE users ADD COLUMN more TEXT`},
		} {
			if engine == "sqlite" && statements != nil {
				continue // each file is a copy, whatever is done to another
			}
			t.Run(what, func(t *testing.T) {
				at := testkit.URL(t, engine)
				testkit.AddTenant(t, testkit.OpenURL(t, at, nil), "acme", "")
				for _, s := range statements {
					if _, err := testkit.Raw(t, at).ExecContext(t.Context(), s); err != nil {
						t.Fatalf("%s: %v", s, err)
					}
				}
			})
			at := testkit.URL(t, engine)
			if got := rows(t, engine, at); got != want {
				t.Errorf("after %s there is\n%s\nand in one that was just migrated\n%s", what, got, want)
			}
			testkit.AddTenant(t, testkit.OpenURL(t, at, nil), "acme", "")
		}
	})
}

func TestDatabasesAtOnceAreNotOne(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		testkit.AddTenant(t, testkit.Open(t, engine, nil), "acme", "")
		if _, err := testkit.Open(t, engine, nil).TenantRecordBySlug(t.Context(), "acme"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the tenant of another test: %v", err)
		}
	})
}

// rows is how many rows the tables have, the triggers that watch over them, and the columns.
func rows(t *testing.T, engine, at string) (all string) {
	t.Helper()
	db := testkit.Raw(t, at)
	tables := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`
	rest := `SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master ORDER BY name)`
	if engine == "postgres" {
		tables = `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`
		rest = `SELECT (SELECT string_agg(tgname || tgenabled::TEXT, ' ' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal) || (
			SELECT string_agg(table_name || '.' || column_name, ' ' ORDER BY table_name, ordinal_position)
			  FROM information_schema.columns WHERE table_schema = 'public')`
	}
	names, err := db.QueryContext(t.Context(), tables)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = names.Close() }()
	for names.Next() {
		var name string
		var n int
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+name).Scan(&n); err != nil {
			t.Fatal(err)
		}
		all += fmt.Sprintf("%s: %d\n", name, n)
	}
	if err := names.Err(); err != nil {
		t.Fatal(err)
	}
	var more string
	if err := db.QueryRowContext(t.Context(), rest).Scan(&more); err != nil {
		t.Fatal(err)
	}
	return all + more
}
