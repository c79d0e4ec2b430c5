package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/secret"
)

// errDatabaseURL does not repeat the URL, which may hold a password.
var errDatabaseURL = errors.New("the database's URL cannot be read; write it as postgres://user:password@host:5432/name")

// redisPatience is how long Redis may take to say what it used, and to be cleaned up: it is under load, and nobody waits.
const redisPatience = 30 * time.Second

// storage is the PostgreSQL and the Redis of a run.
type storage struct {
	url        string // of the database that was made for the run
	name       string
	admin      *sql.DB // the database that VESTIBULE_TEST_POSTGRES_URL names
	db         *sql.DB // the one that was made
	postmaster int     // process id
	version    string
	durability durability
	redisURL   string
	redis      redis.UniversalClient
}

// openStorage finds both and makes a database.
func openStorage(ctx context.Context) (_ *storage, err error) {
	adminURL := cmp.Or(os.Getenv("VESTIBULE_TEST_POSTGRES_URL"), "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable")
	s := &storage{
		name:     "vestibule_bench_" + hex.EncodeToString(secret.Bytes(6)),
		redisURL: cmp.Or(os.Getenv("VESTIBULE_TEST_REDIS_URL"), "redis://127.0.0.1:6379/14"),
	}
	u, err := url.Parse(adminURL)
	if err != nil {
		return nil, errDatabaseURL
	}
	u.Path = "/" + s.name
	s.url = u.String()
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.redis, err = limit.OpenRedis(s.redisURL, redisPatience); err != nil {
		return nil, err
	}
	if err = s.redis.Ping(ctx).Err(); err != nil {
		return nil, fmt.Errorf("no Redis at VESTIBULE_TEST_REDIS_URL or on 127.0.0.1:6379: %w", err)
	}
	if s.admin, err = openPostgres(adminURL); err != nil {
		return nil, err
	}
	s.admin.SetMaxIdleConns(1)
	if err = s.admin.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("no PostgreSQL at VESTIBULE_TEST_POSTGRES_URL or on 127.0.0.1:5432: %w", err)
	}
	if err = s.admin.QueryRowContext(ctx, "SHOW server_version").Scan(&s.version); err != nil {
		return nil, err
	}
	if s.durability, err = readDurability(ctx, s.admin); err != nil {
		return nil, err
	}
	if s.postmaster, err = findPostmaster(ctx, s.admin); err != nil {
		return nil, err
	}
	if _, err = s.admin.ExecContext(ctx, "CREATE DATABASE "+s.name); err != nil {
		return nil, fmt.Errorf("make the database of the run: %w", err)
	}
	s.db, err = openPostgres(s.url)
	return s, err
}

// durability is what PostgreSQL does to keep a transaction through a power cut, in the words of its settings. Writing is
// cheaper for one that does less.
type durability struct {
	Fsync             string `json:"fsync"`
	SynchronousCommit string `json:"synchronous_commit"`
}

func readDurability(ctx context.Context, db *sql.DB) (d durability, err error) {
	err = db.QueryRowContext(ctx, "SELECT current_setting('fsync'), current_setting('synchronous_commit')").
		Scan(&d.Fsync, &d.SynchronousCommit)
	if err != nil {
		return d, fmt.Errorf("ask PostgreSQL how durable it is: %w", err)
	}
	return d, nil
}

// close drops the database. It works whatever became of the run's context.
func (s *storage) close() error {
	var errs []error
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.admin != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := s.admin.ExecContext(ctx, "DROP DATABASE IF EXISTS "+s.name+" WITH (FORCE)"); err != nil {
			errs = append(errs, fmt.Errorf("drop the database %s: %w", s.name, err))
		}
		errs = append(errs, s.admin.Close())
	}
	if s.redis != nil {
		errs = append(errs, s.redis.Close())
	}
	return errors.Join(errs...)
}

// forget removes what the limiter keeps of a tenant. See limit.Redis for the names.
func (s *storage) forget(tenant string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	keys := s.redis.Scan(ctx, 0, "*{"+tenant+"}*", 1000).Iterator()
	var batch []string
	for keys.Next(ctx) {
		if batch = append(batch, keys.Val()); len(batch) == 1000 {
			if err := s.redis.Unlink(ctx, batch...).Err(); err != nil {
				return fmt.Errorf("remove limits from redis: %w", err)
			}
			batch = batch[:0]
		}
	}
	err := keys.Err()
	if err == nil && len(batch) > 0 {
		err = s.redis.Unlink(ctx, batch...).Err()
	}
	if err != nil {
		return fmt.Errorf("remove limits from redis: %w", err)
	}
	return nil
}

var errRemote = errors.New("PostgreSQL's processes cannot be seen from here, so that their CPU time cannot be measured; " +
	"let VESTIBULE_TEST_POSTGRES_URL name one that runs on this machine, outside of a container")

// findPostmaster is the process id of the PostgreSQL server: the parent of the process that serves a connection. Both have
// the same name, for one is a fork of the other; that tells them from processes that merely have these ids here.
func findPostmaster(ctx context.Context, db *sql.DB) (int, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // it goes back to the pool
	var pid int
	if err := conn.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return 0, fmt.Errorf("find PostgreSQL's process: %w", err)
	}
	backend, err := readProcess(pid)
	if err != nil {
		return 0, errRemote
	}
	parent, err := readProcess(backend.parent)
	if err != nil || parent.name != backend.name {
		return 0, errRemote
	}
	return parent.pid, nil
}

// settle does what PostgreSQL does by itself within minutes of a database's first rows: without statistics, it would plan
// joins as if it knew nothing of the tables, and the beginning of a run would cost more than its end.
func (s *storage) settle(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
		return fmt.Errorf("gather statistics: %w", err)
	}
	return nil
}

// foreign is how many connections there are to other databases of the same PostgreSQL. Their CPU time cannot be told from
// ours.
func (s *storage) foreign(ctx context.Context) (n int, err error) {
	err = s.admin.QueryRowContext(ctx, `
		SELECT COUNT(*)
		  FROM pg_stat_activity
		 WHERE backend_type = 'client backend' AND datname <> $1 AND pid <> pg_backend_pid()`, s.name).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("look for other connections: %w", err)
	}
	return n, nil
}

// withParameter is a URL with a parameter, unless it has that already.
func withParameter(rawURL, name, value string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", errDatabaseURL
	}
	q := u.Query()
	if !q.Has(name) {
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}
