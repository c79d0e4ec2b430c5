// Package testkit is what tests share: databases of both engines, tenants in them, and a server to talk to.
//
// Databases are real. SQLite lives in a file of the test's own; PostgreSQL in a database of the test's own, copied from a
// template that was migrated once. `make test` sees to it that PostgreSQL and Redis are there and says where in
// VESTIBULE_TEST_POSTGRES_URL and VESTIBULE_TEST_REDIS_URL. Without them the defaults of a developer's machine are
// tried, and a test that finds nothing fails and says so: nothing is skipped.
package testkit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io/fs"
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
	"github.com/vestibule-auth/vestibule/migrations"
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
	st, err := store.Open(store.Options{URL: databaseURL, Keys: Keys(t), Observe: watched(t, databaseURL, observe)})
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
		u := EmptyURL(t, engine)
		migrate(t, u)
		return u
	}
	return postgresCopy(t, true)
}

// EmptyURL is where a new database without any table is.
func EmptyURL(t testing.TB, engine string) string {
	t.Helper()
	if engine == "sqlite" {
		return "sqlite:" + filepath.Join(t.TempDir(), "test.db") + "?synchronous=off"
	}
	return postgresCopy(t, false)
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

var template struct {
	sync.Once
	name string
	err  error
}

// postgresCopy is a new database, copied from the migrated template or from the empty one.
func postgresCopy(t testing.TB, migrated bool) string {
	t.Helper()
	admin, err := sql.Open("postgres", PostgresURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	if err := admin.PingContext(t.Context()); err != nil {
		t.Fatalf("no PostgreSQL at VESTIBULE_TEST_POSTGRES_URL or on 127.0.0.1:5432 (run the tests with `make test`, which starts one): %v", err)
	}
	from := "template0" // nobody can be connected to it, which would make the copy fail
	if migrated {
		template.Do(func() { template.name, template.err = makeTemplate(t, admin) })
		if template.err != nil {
			t.Fatalf("make the template database: %v", template.err)
		}
		from = template.name
	}
	name := "vestibule_test_" + hex.EncodeToString(secret.Bytes(6))
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+from); err != nil {
		t.Fatalf("make the test database: %v", err)
	}
	t.Cleanup(func() {
		admin, err := sql.Open("postgres", PostgresURL())
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = admin.Close() }()
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return databaseOf(name)
}

// makeTemplate makes the migrated template, or finds the one that an earlier run made of the same migrations.
func makeTemplate(t testing.TB, admin *sql.DB) (string, error) {
	sum := fnv.New64a()
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(sum, "%s\n%s\n", name, text) // a hash takes everything
	}
	name := fmt.Sprintf("vestibule_template_%x", sum.Sum64())
	conn, err := admin.Conn(t.Context())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	// Test programs of several packages run at once; one of them makes the template.
	if _, err := conn.ExecContext(t.Context(), "SELECT pg_advisory_lock(7265711)"); err != nil {
		return "", err
	}
	defer func() { _, _ = conn.ExecContext(context.Background(), "SELECT pg_advisory_unlock(7265711)") }()
	var there bool
	if err := conn.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return name, err
	}
	building := name + "_building"
	if _, err := conn.ExecContext(t.Context(), "DROP DATABASE IF EXISTS "+building+" WITH (FORCE)"); err != nil {
		return "", err
	}
	if _, err := conn.ExecContext(t.Context(), "CREATE DATABASE "+building); err != nil {
		return "", err
	}
	migrate(t, databaseOf(building))
	_, err = conn.ExecContext(t.Context(), "ALTER DATABASE "+building+" RENAME TO "+name)
	return name, err
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
