package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// A purge leaves nothing of a tenant in any table: those that it empties are all that there are, on either engine.
func TestPurgeKnowsEveryTableOfTenants(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		db := testkit.Raw(t, testkit.URL(t, engine))
		query := `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'tenant_id' WHERE m.type = 'table'`
		references := `SELECT m.name || ' ' || f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f ON TRUE WHERE m.type = 'table'`
		if engine == "postgres" {
			query = `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'`
			references = `SELECT conrelid::regclass::text || ' ' || confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'`
		}
		read := func(query string) (all []string) {
			rows, err := db.QueryContext(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = rows.Close() }()
			for rows.Next() {
				var one string
				if err := rows.Scan(&one); err != nil {
					t.Fatal(err)
				}
				all = append(all, one)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			return all
		}
		keys := `SELECT m.name || ' ' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.pk > 0 WHERE m.type = 'table' ORDER BY m.name, c.pk`
		if engine == "postgres" {
			keys = `SELECT k.table_name || ' ' || k.column_name FROM information_schema.key_column_usage k
				JOIN information_schema.table_constraints c ON c.constraint_name = k.constraint_name AND c.constraint_type = 'PRIMARY KEY'
				WHERE k.table_schema = 'public' ORDER BY k.table_name, k.ordinal_position`
		}
		var emptied []string
		for _, table := range store.OfTenants() {
			emptied = append(emptied, table.Name)
		}
		found := read(query)
		if len(found) < 8 {
			t.Fatalf("only %q were found", found)
		}
		for _, table := range found {
			if !slices.Contains(emptied, table) {
				t.Errorf("%s belongs to tenants, and a purge leaves its rows: name it in store.OfTenants", table)
			}
		}
		for _, table := range emptied {
			if !slices.Contains(found, table) {
				t.Errorf("store.OfTenants names %s, which is no table with a tenant_id", table)
			}
		}
		primary := map[string]string{}
		for _, pair := range read(keys) {
			table, column, _ := strings.Cut(pair, " ")
			if column != "tenant_id" {
				primary[table] = strings.TrimPrefix(primary[table]+", "+column, ", ")
			}
		}
		for _, table := range store.OfTenants() {
			if table.Key != primary[table.Name] {
				t.Errorf("%s is emptied along (%s), and its key is (%s)", table.Name, table.Key, primary[table.Name])
			}
		}
		for _, pair := range read(references) {
			from, to, _ := strings.Cut(pair, " ")
			if at := slices.Index(emptied, to); at >= 0 && slices.Index(emptied, from) > at {
				t.Errorf("%s refers to %s, and is emptied after it", from, to)
			}
		}
	})
}
