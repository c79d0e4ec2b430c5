package testkit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"sync"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/migrations"
)

// To make a database and to drop it takes PostgreSQL longer than most tests take. So databases are lent: a test has one to itself
// while it runs, and the next one, of whatever package, finds it as it was after the migrations. They are named by a digest of the
// migrations and a number, and stay when the tests are over, for the next run.
//
// A loan is an advisory lock, so that it ends with the process, however that ends. Whoever takes a database cleans it first: those that
// are still connected are cut off, and every row goes that the migrations did not make. One whose schema is not the template's any more
// is made anew. Databases of other migrations are left alone: nobody can tell whether another working copy still needs them.

// The locks that tests take on their server: of the class, one for whoever makes the template, and from 1 one for each database.
const (
	lockClass    = 7265711
	templateLock = 0
)

// most is how large a database may grow by being used again and again, in bytes.
const most = 64 << 20

// lender makes and lends databases for the tests of a process.
var lender struct {
	sync.Once
	server   *sql.DB
	template string
	shape    string // of the template's schema
	err      error
}

// lend is the URL of a migrated database that is the test's own until it ends.
func lend(t testing.TB) string {
	t.Helper()
	lender.Do(func() { lender.err = openLender(t) })
	if lender.err != nil {
		t.Fatalf("make the template database: %v", lender.err)
	}
	ctx := context.WithoutCancel(t.Context()) // which ends before what is cleaned up
	conn, err := lender.server.Conn(ctx)
	if err != nil {
		t.Fatalf("borrow a database: %v", err)
	}
	number, err := borrow(ctx, conn)
	if err != nil {
		_ = conn.Close()
		t.Fatalf("borrow a database: %v", err)
	}
	t.Cleanup(func() {
		_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1, $2)", lockClass, number)
		if err := errors.Join(err, conn.Close()); err != nil {
			t.Errorf("give the database back: %v", err)
		}
	})
	name := fmt.Sprintf("%s_%d", lender.template, number)
	if err := readied(ctx, conn, name); err != nil {
		t.Fatalf("ready the database %s: %v", name, err)
	}
	return databaseOf(name)
}

// borrow takes the lock of a database that nobody has.
func borrow(ctx context.Context, conn *sql.Conn) (number int, err error) {
	for number = 1; ; number++ {
		var ours bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1, $2)", lockClass, number).Scan(&ours); err != nil || ours {
			return number, err
		}
	}
}

// readied cleans a database that was used before, or makes it.
func readied(ctx context.Context, conn *sql.Conn, name string) error {
	var size sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT (SELECT pg_database_size(oid) FROM pg_database WHERE datname = $1)", name).Scan(&size); err != nil {
		return err
	}
	if size.Valid && size.Int64 < most {
		// Their last transactions must be over before the rows go. PostgreSQL waits for each of them for so many milliseconds.
		if _, err := conn.ExecContext(ctx, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
			return err
		}
		if cleaned(ctx, name) {
			return nil
		}
	}
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)",
		"CREATE DATABASE " + name + " TEMPLATE " + lender.template,
		"ALTER DATABASE " + name + " SET synchronous_commit = off", // nobody needs it after a power cut
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// cleaning removes every row that the migrations did not make, past the triggers that keep some from being removed.
const cleaning = `
	SET session_replication_role = replica;
	DO $$
	DECLARE name TEXT;
	BEGIN
		FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version' LOOP
			EXECUTE format('DELETE FROM %I', name);
		END LOOP;
	END $$;
	INSERT INTO tenant_changes (id, latest) VALUES (1, 0)`

// shape sums up a schema. Objects keep their numbers when a database is copied, and get others when they are made anew.
const shape = `
	SELECT concat_ws(' ',
		(SELECT concat(count(*), ':', sum(oid::BIGINT), ':', sum(relchecks)) FROM pg_class WHERE relnamespace = 'public'::REGNAMESPACE),
		(SELECT concat(count(*), ':', sum(a.attnum)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		  WHERE c.relnamespace = 'public'::REGNAMESPACE AND NOT attisdropped),
		(SELECT concat(count(*), ':', sum(oid::BIGINT), ':', string_agg(tgenabled::TEXT, '')) FROM pg_trigger WHERE NOT tgisinternal),
		(SELECT concat(count(*), ':', sum(oid::BIGINT)) FROM pg_constraint WHERE connamespace = 'public'::REGNAMESPACE),
		(SELECT concat(count(*), ':', sum(oid::BIGINT), ':', md5(string_agg(prosrc, '' ORDER BY oid))) FROM pg_proc
		  WHERE pronamespace = 'public'::REGNAMESPACE),
		(SELECT concat(count(*), ':', sum(version_id)) FROM goose_db_version))`

// cleaned cleans a database, and reports whether it is as the template now. Who may not pass the triggers by, being no superuser, has
// it made anew.
func cleaned(ctx context.Context, name string) bool {
	db, err := sql.Open("postgres", databaseOf(name))
	if err != nil {
		return false
	}
	defer func() { _ = db.Close() }()
	if found, err := shapeOf(ctx, db); err != nil || found != lender.shape {
		return false
	}
	_, err = db.ExecContext(ctx, cleaning)
	return err == nil
}

func shapeOf(ctx context.Context, db *sql.DB) (found string, err error) {
	err = db.QueryRowContext(ctx, shape).Scan(&found)
	return found, err
}

// postgresEmpty is a new database without tables, which is gone when the test ends.
func postgresEmpty(t testing.TB) string {
	t.Helper()
	server, err := openServer(t)
	if err != nil {
		t.Fatal(err)
	}
	name := "vestibule_test_" + hex.EncodeToString(secret.Bytes(6))
	// Nobody can be connected to template0, which would make the copy fail.
	if _, err := server.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatalf("make the test database: %v", errors.Join(err, server.Close()))
	}
	t.Cleanup(func() {
		_, err := server.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		if err := errors.Join(err, server.Close()); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return databaseOf(name)
}

func openServer(t testing.TB) (*sql.DB, error) {
	t.Helper()
	server, err := sql.Open("postgres", PostgresURL())
	if err != nil {
		return nil, err
	}
	if err := server.PingContext(t.Context()); err != nil {
		return nil, fmt.Errorf("no PostgreSQL at VESTIBULE_TEST_POSTGRES_URL or on 127.0.0.1:5432 (run the tests with `make test`, which starts one): %w",
			errors.Join(err, server.Close()))
	}
	return server, nil
}

// openLender makes the migrated template, or finds the one that an earlier run made of the same migrations. Its connections are open
// until the process ends.
func openLender(t testing.TB) error {
	t.Helper()
	server, err := openServer(t)
	if err != nil {
		return err
	}
	lender.server = server
	sum := fnv.New64a()
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(sum, "%s\n%s\n", name, text) // a hash takes everything
	}
	lender.template = fmt.Sprintf("vestibule_tests_%x", sum.Sum64())
	conn, err := server.Conn(t.Context())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	// Test programs of several packages run at once; one of them makes the template.
	if _, err := conn.ExecContext(t.Context(), "SELECT pg_advisory_lock($1, $2)", lockClass, templateLock); err != nil {
		return err
	}
	defer func() {
		_, _ = conn.ExecContext(context.Background(), "SELECT pg_advisory_unlock($1, $2)", lockClass, templateLock)
	}()
	// What is said of the template is its shape: nobody may be connected to it while it is copied.
	var known sql.NullString
	err = conn.QueryRowContext(t.Context(),
		"SELECT (SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1)", lender.template).Scan(&known)
	if lender.shape = known.String; err != nil || known.Valid {
		return err
	}
	return makeTemplate(t, conn)
}

func makeTemplate(t testing.TB, conn *sql.Conn) error {
	t.Helper()
	building := lender.template + "_building"
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + building + " WITH (FORCE)",
		"DROP DATABASE IF EXISTS " + lender.template + " WITH (FORCE)", // nothing is said of it: it was not finished
		"CREATE DATABASE " + building,
	} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			return err
		}
	}
	migrate(t, databaseOf(building))
	db, err := sql.Open("postgres", databaseOf(building))
	if err != nil {
		return err
	}
	lender.shape, err = shapeOf(t.Context(), db)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	for _, statement := range []string{
		"ALTER DATABASE " + building + " RENAME TO " + lender.template,
		"COMMENT ON DATABASE " + lender.template + " IS '" + lender.shape + "'",
	} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			return err
		}
	}
	return nil
}
