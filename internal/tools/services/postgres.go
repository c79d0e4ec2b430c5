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

	"github.com/lib/pq"
)

// postgres is PostgreSQL. Tests make their own databases on it, as the user postgres.
var postgres = service{
	name:     "PostgreSQL",
	variable: "VESTIBULE_TEST_POSTGRES_URL",
	usual:    postgresURL(5432),
	packages: "postgresql",
	answers:  postgresAnswers,
	find: func() string {
		return programNamed([]string{"postgres"}, "/usr/lib/postgresql/*/bin/postgres", "/usr/local/opt/postgresql*/bin/postgres",
			"/opt/homebrew/opt/postgresql*/bin/postgres")
	},
	prepare: preparePostgres,
	url:     postgresURL,
}

func postgresURL(port int) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
}

func postgresAnswers(ctx context.Context, url string) error {
	connector, err := pq.NewConnector(url)
	if err != nil {
		return errors.New("it is not a URL that lib/pq takes") // the error would repeat the password
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	var number int
	var version, role string
	var creates bool
	err = db.QueryRowContext(ctx, `
		SELECT current_setting('server_version_num')::INT, current_setting('server_version'), rolname, rolcreatedb OR rolsuper
		  FROM pg_roles
		 WHERE rolname = current_user`).Scan(&number, &version, &role, &creates)
	if err != nil {
		return err
	}
	return fitPostgres(number, version, role, creates)
}

// oldest is the first version that the server runs on, as PostgreSQL counts them.
const oldest = 14_00_00

// fitPostgres tells why a PostgreSQL of that version, with a user who may create databases or not, is of no use.
func fitPostgres(number int, version, role string, creates bool) error {
	if number < oldest {
		return unfitError("it is version " + version + ", and 14 or later is needed")
	}
	if !creates {
		return unfitError(`its user "` + role + `" may not create databases; ALTER ROLE "` + role + `" CREATEDB allows it`)
	}
	return nil
}

// preparePostgres makes a cluster and serves it.
func preparePostgres(ctx context.Context, program string, l life) (*exec.Cmd, error) {
	attr, err := notRoot(l.dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(l.dir, "data")
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return nil, fmt.Errorf("find the programs beside PostgreSQL's: %w", err)
	}
	initdb := exec.CommandContext(ctx, filepath.Join(filepath.Dir(program), "initdb"),
		"--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = l.dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, tail(out))
	}
	// It is stopped by us, after the command: not by the context, which the signal ends.
	serve := exec.Command(program, postgresArguments(data, l)...)
	serve.Dir, serve.SysProcAttr = l.dir, attr
	return serve, nil
}

// postgresArguments are how to serve a cluster. Unless it is to be durable, nothing waits for the disk, so that it forgets
// everything in a power cut, and nothing is cleaned up behind the tests' short-lived databases.
func postgresArguments(data string, l life) []string {
	args := []string{
		"-D", data, "-p", strconv.Itoa(l.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200",
	}
	if !l.durable {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "autovacuum=off")
	}
	return args
}

// notRoot gives a directory to the user that PostgreSQL is to run as, for it refuses root: postgres, or nobody where there
// is no such user. Whoever is not root runs it as themselves.
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
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("id of the user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("group of the user %s: %w", u.Username, err)
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, fmt.Errorf("give PostgreSQL its directory: %w", err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}
