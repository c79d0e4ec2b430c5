package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/lib/pq"
	"github.com/redis/go-redis/v9"
)

// startPatience is how long a server of the run may take until it answers: PostgreSQL after a crash has to recover first.
const startPatience = time.Minute

// postgres is a PostgreSQL of the run's own. It waits for the disk, as one in production does.
type postgres struct {
	*process
	program, data, log string
	port               int
}

// newPostgres makes a cluster in dir, and starts it.
func newPostgres(ctx context.Context, dir string) (*postgres, error) {
	program := programNamed("postgres", "/usr/lib/postgresql/*/bin/postgres",
		"/opt/homebrew/opt/postgresql*/bin/postgres", "/usr/local/opt/postgresql*/bin/postgres")
	if program == "" {
		return nil, errors.New("PostgreSQL is not installed (Debian's package postgresql)")
	}
	program, err := filepath.EvalSymlinks(program)
	if err != nil {
		return nil, fmt.Errorf("find the programs beside PostgreSQL's: %w", err)
	}
	p := &postgres{program: program, data: filepath.Join(dir, "data"), log: filepath.Join(dir, "postgres.log")}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	attr, err := notRoot(dir)
	if err != nil {
		return nil, err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(filepath.Dir(program), "initdb"),
		"--pgdata", p.data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C")
	initdb.Dir, initdb.SysProcAttr = dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	db, err := p.open("postgres")
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "CREATE DATABASE vestibule"); err != nil {
		return nil, fmt.Errorf("make the database: %w", err)
	}
	return p, nil
}

func (p *postgres) open(name string) (*sql.DB, error) {
	c, err := pq.NewConnector(fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable&connect_timeout=5", local(p.port), name))
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	return sql.OpenDB(c), nil
}

// start starts it on its port, again if need be: after a kill, what it left behind takes a moment to go.
func (p *postgres) start(ctx context.Context) error {
	attr, err := notRoot(filepath.Dir(p.data))
	if err != nil {
		return err
	}
	db, err := p.open("postgres")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		cmd := exec.Command(p.program, "-D", p.data, "-p", strconv.Itoa(p.port), "-c", "listen_addresses=127.0.0.1",
			"-c", "unix_socket_directories=", "-c", "max_connections=200")
		cmd.Dir, cmd.SysProcAttr = filepath.Dir(p.data), attr
		if p.process, err = launch(cmd, p.log); err != nil {
			return err
		}
		err = p.await(ctx, startPatience, db.PingContext)
		if err == nil || !errors.Is(err, errEnded) || ctx.Err() != nil {
			return err
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// stopFast ends every session and stops, as an administrator restarts it.
func (p *postgres) stopFast() error { return p.stop(syscall.SIGINT, 30*time.Second) }

// redisServer is a Redis of the run's own. It keeps nothing on disk: limits are all that is in it.
type redisServer struct {
	*process
	program, dir string
	port         int
}

func newRedis(ctx context.Context, dir string) (*redisServer, error) {
	r := &redisServer{program: programNamed("redis-server"), dir: dir}
	if r.program == "" {
		return nil, errors.New("Redis is not installed (Debian's package redis-server)") //nolint:staticcheck // its name
	}
	var err error
	if r.port, err = freePort(); err != nil {
		return nil, err
	}
	return r, r.start(ctx)
}

func (r *redisServer) start(ctx context.Context) (err error) {
	cmd := exec.Command(r.program, "--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", r.dir)
	if r.process, err = launch(cmd, filepath.Join(r.dir, "redis.log")); err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: local(r.port), DisableIdentity: true})
	defer func() { _ = client.Close() }()
	return r.await(ctx, startPatience, func(ctx context.Context) error { return client.Ping(ctx).Err() })
}

// programNamed is where a program is, on the path or in one of the places; "" if nowhere. Of several versions it is the last.
func programNamed(name string, places ...string) string {
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	for _, place := range places {
		if found, err := filepath.Glob(place); err == nil && len(found) > 0 {
			return found[len(found)-1]
		}
	}
	return ""
}

// notRoot gives a directory to the user that PostgreSQL is to run as, for it refuses root. Whoever is not root runs it as
// themselves.
func notRoot(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("find a user to run PostgreSQL as: %w", err)
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, fmt.Errorf("id of the user %s: %w", u.Username, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, fmt.Errorf("group of the user %s: %w", u.Username, err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, fmt.Errorf("give PostgreSQL its directory: %w", err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}
