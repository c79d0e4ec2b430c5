package store

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/vestibule-auth/vestibule/migrations"
)

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero while it is pending
}

// Migrate applies what is pending, and returns it. Any number of processes may call it at once: one works, the others
// wait and find nothing left to do.
func (s *Store) Migrate(ctx context.Context) ([]Migration, error) {
	unlock, err := s.lockFile(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	p, done, err := s.provider()
	if err != nil {
		return nil, err
	}
	defer done()
	results, err := p.Up(ctx)
	if err != nil {
		return nil, s.fault("migrate", err)
	}
	var applied []Migration
	for _, r := range results {
		applied = append(applied, Migration{Version: r.Source.Version, Name: nameOf(r.Source.Path)})
	}
	return applied, nil
}

// Migrations lists every step, applied or pending.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	p, done, err := s.provider()
	if err != nil {
		return nil, err
	}
	defer done()
	states, err := p.Status(ctx)
	if err != nil {
		return nil, s.fault("read migrations", err)
	}
	var all []Migration
	for _, m := range states {
		all = append(all, Migration{Version: m.Source.Version, Name: nameOf(m.Source.Path), AppliedAt: m.AppliedAt})
	}
	return all, nil
}

// Current reports whether every migration that this program knows was applied.
func (s *Store) Current(ctx context.Context) (bool, error) {
	_, pending, err := s.Schema(ctx)
	return pending == 0, err
}

// Schema is how many migrations were applied, perhaps by a later version of this program, and how many of those that it knows were not.
func (s *Store) Schema(ctx context.Context) (applied, pending int64, err error) {
	err = s.fault("read schema version", s.read.db.GetContext(ctx, &applied, "SELECT MAX(version_id) FROM goose_db_version"))
	return applied, max(latest()-applied, 0), err
}

func latest() int64 {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil || len(names) == 0 {
		panic("store: the embedded migrations cannot be read") // they are part of the program
	}
	var version int64
	if _, err := fmt.Sscanf(names[len(names)-1], "%d_", &version); err != nil {
		panic("store: migration without a number: " + names[len(names)-1])
	}
	return version
}

func nameOf(path string) string { return strings.TrimSuffix(path, ".sql") }

// provider is goose on this database. done gives back what it took.
func (s *Store) provider() (p *goose.Provider, done func(), err error) {
	others, err := otherEngines(s.dialect.name)
	if err != nil {
		return nil, nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithExcludeNames(others)}
	dialect, db := goose.DialectSQLite3, s.write.db.DB
	done = func() {}
	if s.dialect.name == "postgres" {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asks every second for five minutes
		if err != nil {
			return nil, nil, fmt.Errorf("migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
		if db, err = patientPostgres(s.options.URL); err != nil {
			return nil, nil, err
		}
		done = func() { _ = db.Close() } // what mattered was committed
	}
	p, err = goose.NewProvider(dialect, db, migrations.Files, options...)
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, done, nil
}

// otherEngines are the migrations to leave out on an engine: those of other engines, and the shared ones that the
// engine's own NNNN_noun.engine.sql takes the place of.
func otherEngines(engine string) ([]string, error) {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	var out []string
	for _, name := range names {
		parts := strings.Split(name, ".")
		switch {
		case len(parts) == 2: // shared
		case parts[1] == engine:
			out = append(out, parts[0]+".sql")
		default:
			out = append(out, name)
		}
	}
	return out, nil
}

// lockFile keeps migrations of several processes on one SQLite file apart, as the session lock does on PostgreSQL. It is
// taken before the database is touched at all: connections that find an empty file each want to make it a write-ahead
// log, and SQLite makes none of them wait for it. The file stays, since whoever removed it could take it from under
// somebody who waits; the lock goes with the process that holds it.
func (s *Store) lockFile(ctx context.Context) (unlock func(), err error) {
	if s.dialect.name != "sqlite" {
		return func() {}, nil
	}
	path, _ := sqlitePath(s.options.URL)
	lock := flock.New(path + ".lock")
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for another migration to end: %w", err)
	}
	return func() { _ = lock.Close() }, nil // what mattered was committed
}
