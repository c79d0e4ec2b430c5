// Package testkit is what tests share: databases of both engines, tenants in them, and a server to talk to.
//
// Databases are real. SQLite lives in a file of the test's own, which is a copy of one that was migrated once; PostgreSQL in a
// database that is the test's own for as long as it runs (postgres.go says how). `make test` sees to it that PostgreSQL and Redis are there and says where in
// VESTIBULE_TEST_POSTGRES_URL and VESTIBULE_TEST_REDIS_URL. Without them the defaults of a developer's machine are
// tried, and a test that finds nothing fails and says so: nothing is skipped.
package testkit

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver that makes and drops the databases

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Start is the time at which tests with a fake clock begin.
var Start = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// Engines runs a test on SQLite and on PostgreSQL.
func Engines(t *testing.T, test func(t *testing.T, engine string)) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) { test(t, engine) })
	}
}

// Keys are a server's keys, new for each call.
func Keys(t testing.TB) *secret.Keys {
	t.Helper()
	k, err := secret.NewKeys(secret.Bytes(secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Open opens a new, migrated database that is gone when the test ends.
func Open(t testing.TB, engine string, observe func(op, query string) error) *store.Store {
	t.Helper()
	return OpenURL(t, URL(t, engine), observe)
}

// OpenURL opens the database at a URL that URL gave.
func OpenURL(t testing.TB, databaseURL string, observe func(op, query string) error) *store.Store {
	t.Helper()
	st, err := store.Open(store.Options{URL: databaseURL, Keys: Keys(t), Observe: watched(t, databaseURL, observe), MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() }) // the test is over, whatever closing says
	return st
}

// URL is where a new, migrated database is that is gone when the test ends.
func URL(t testing.TB, engine string) string {
	t.Helper()
	if engine == "sqlite" {
		return sqliteCopy(t)
	}
	return lend(t)
}

// EmptyURL is where a new database without any table is.
func EmptyURL(t testing.TB, engine string) string {
	t.Helper()
	if engine == "sqlite" {
		return sqliteURL(filepath.Join(t.TempDir(), "test.db"))
	}
	return postgresEmpty(t)
}

func sqliteURL(path string) string { return "sqlite:" + path + "?synchronous=off" }

// migrated is a SQLite file after all migrations, made once for all tests of a package.
var migrated struct {
	sync.Once
	file []byte
}

func sqliteCopy(t testing.TB) string {
	t.Helper()
	migrated.Do(func() {
		path := filepath.Join(t.TempDir(), "migrated.db")
		migrate(t, sqliteURL(path))
		file, err := os.ReadFile(path) // whoever closes a database last moves into it what was written ahead
		if err != nil {
			t.Fatal(err)
		}
		migrated.file = file
	})
	if migrated.file == nil {
		t.Fatal("there is no migrated SQLite file; another test says why")
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, migrated.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return sqliteURL(path)
}

func migrate(t testing.TB, databaseURL string) {
	t.Helper()
	st, err := store.Open(store.Options{URL: databaseURL, Keys: Keys(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatalf("migrate the test database: %v", err)
	}
}

// PostgresURL is the server that tests make their databases on.
func PostgresURL() string {
	return fromEnvironment("VESTIBULE_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable")
}

// RedisURL is the Redis that tests use. They keep apart by the ids of their tenants.
func RedisURL() string {
	return fromEnvironment("VESTIBULE_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
}

func fromEnvironment(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

func databaseOf(name string) string {
	u, err := url.Parse(PostgresURL())
	if err != nil {
		panic("testkit: VESTIBULE_TEST_POSTGRES_URL is not a URL") // nothing can be tested then
	}
	u.Path = "/" + name
	return u.String()
}

// Raw is a connection to the database at a URL that URL gave, for looking at what the store does not show.
func Raw(t testing.TB, databaseURL string) *sql.DB {
	t.Helper()
	driver, name := "postgres", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		path, _, _ = strings.Cut(path, "?")
		driver, name = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // the test is over, whatever closing says
	return db
}

// AddTenant makes a tenant with the given settings (a JSON document; "" for a new tenant's defaults), on the host
// <slug>.example.
func AddTenant(t testing.TB, st *store.Store, slug, settings string) *tenants.Tenant {
	t.Helper()
	doc, _, err := tenants.ParseNew([]byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	rec := &store.TenantRecord{
		ID: secret.NewID(), Slug: slug, Name: strings.ToUpper(slug[:1]) + slug[1:], State: tenants.Active,
		Hosts: []string{slug + ".example"}, Document: doc, CreatedAt: Start,
	}
	if err := st.AddTenant(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	tenant, err := st.TenantByID(t.Context(), rec.ID)
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}
