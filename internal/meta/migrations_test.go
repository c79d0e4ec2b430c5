package meta_test

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/migrations"
)

// notOwned are the tables whose rows belong to no tenant, and why.
var notOwned = map[string]string{
	"tenants":        "the tenants themselves",
	"tenant_hosts":   "leads from a host to its tenant: whoever reads it does not know the tenant yet",
	"tenant_changes": "one row, the number of the latest change to any tenant",

	"platform_stats": "the sums of all tenants' counts",

	"operator_grants": "what operators may do, with one tenant or all",
	"api_tokens":      "the operators' credentials, which are looked up before anything is known of who has one",
}

// uniqueAlone are the unique indexes on rows of tenants that do not begin with the tenant, and why they need not.
var uniqueAlone = map[string]string{
	"sessions_token": "a token's digest is unique by itself, and statements that look it up name the tenant too",
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z][a-z0-9_]*(\.postgres|\.sqlite)?\.sql$`)

// migrationTexts are the migrations by their name.
func migrationTexts(t *testing.T) map[string]string {
	t.Helper()
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		b, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(b)
	}
	return all
}

// tableDef is what the migrations say of a table.
type tableDef struct {
	owned bool // its rows belong to tenants
	body  string
}

var (
	createTable = regexp.MustCompile(`(?is)\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)\s*\((.*?)\n\)\s*;`)
	createIndex = regexp.MustCompile(`(?is)\bCREATE\s+UNIQUE\s+INDEX\s+(\w+)\s+ON\s+(\w+)\s*\(\s*(\w+)`)
	tableKey    = regexp.MustCompile(`(?i)\b(PRIMARY KEY|FOREIGN KEY|UNIQUE)\s*\(\s*(\w+)`)
	columnKey   = regexp.MustCompile(`(?im)^\s*(\w+)\s.*\b(PRIMARY KEY|UNIQUE|REFERENCES)\b`)
	addKey      = regexp.MustCompile(`(?is)\bALTER\s+TABLE\s+(\w+)[^;]*\b(PRIMARY KEY|FOREIGN KEY|UNIQUE)\s*\(\s*(\w+)`)
)

// tables are the tables that the migrations make, by their name.
func tables(t *testing.T) map[string]tableDef {
	t.Helper()
	all := map[string]tableDef{}
	for _, text := range migrationTexts(t) {
		for _, m := range createTable.FindAllStringSubmatch(text, -1) {
			name := strings.ToLower(m[1])
			_, excepted := notOwned[name]
			all[name] = tableDef{owned: !excepted, body: m[2]}
		}
	}
	return all
}

func TestMigrationsAreNumbered(t *testing.T) {
	texts := migrationTexts(t)
	next := 1
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		parts := migrationName.FindStringSubmatch(name)
		if parts == nil {
			t.Errorf("%s is not named NNNN_noun.sql", name)
			continue
		}
		if !strings.HasPrefix(texts[name], "-- +goose Up\n") {
			t.Errorf("%s does not begin with -- +goose Up", name)
		}
		if strings.Contains(texts[name], "+goose Down") {
			t.Errorf("%s goes down: migrations only go up", name)
		}
		if parts[2] != "" {
			if shared := strings.Replace(name, parts[2], "", 1); texts[shared] == "" {
				t.Errorf("%s stands for %s, which does not exist", name, shared)
			}
			continue
		}
		if want := fmt.Sprintf("%04d", next); parts[1] != want {
			t.Errorf("%s has not the next number, %s", name, want)
		}
		next++
	}
	if next == 1 {
		t.Error("there are no migrations")
	}
}

// A key that begins with the tenant cannot lead to another tenant's row, whatever a statement forgets.
func TestKeysBeginWithTheTenant(t *testing.T) {
	all := tables(t)
	for name := range notOwned {
		if _, ok := all[name]; !ok {
			t.Errorf("notOwned names %s, which is no table", name)
		}
	}
	for name, table := range all {
		if !table.owned {
			continue
		}
		keys := tableKey.FindAllStringSubmatch(table.body, -1)
		if !slices.ContainsFunc(keys, func(k []string) bool { return strings.EqualFold(k[1], "PRIMARY KEY") }) {
			t.Errorf("%s has no primary key of its own line", name)
		}
		for _, key := range keys {
			if key[2] != "tenant_id" {
				t.Errorf("%s: a %s begins with %s, not with tenant_id", name, key[1], key[2])
			}
		}
		for _, key := range columnKey.FindAllStringSubmatch(table.body, -1) {
			if !slices.Contains([]string{"PRIMARY", "FOREIGN", "UNIQUE", "CONSTRAINT"}, strings.ToUpper(key[1])) {
				t.Errorf("%s: the column %s is a key without the tenant", name, key[1])
			}
		}
	}
	for file, text := range migrationTexts(t) {
		for _, m := range createIndex.FindAllStringSubmatch(text, -1) {
			_, excepted := uniqueAlone[m[1]]
			if all[strings.ToLower(m[2])].owned && m[3] != "tenant_id" && !excepted {
				t.Errorf("%s: the unique index %s begins with %s, not with tenant_id", file, m[1], m[3])
			}
		}
		for _, m := range addKey.FindAllStringSubmatch(text, -1) {
			if all[strings.ToLower(m[1])].owned && m[3] != "tenant_id" {
				t.Errorf("%s: a %s of %s begins with %s, not with tenant_id", file, m[2], m[1], m[3])
			}
		}
	}
}
