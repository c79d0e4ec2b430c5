package main

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq" // the driver that makes and drops the database

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/tools/listening"
)

// starting bounds how long a server may take until it is ready, and stopping how long until it has stopped.
const (
	starting = time.Minute
	stopping = time.Minute
)

// engine is a way to keep data: a name, and an empty database as settings of the server.
type engine struct {
	name     string
	database func(ctx context.Context, dir string) (settings []string, drop func() error, err error)
}

var engines = []engine{{"PostgreSQL", onPostgres}, {"SQLite", onSQLite}}

func onSQLite(_ context.Context, dir string) ([]string, func() error, error) {
	return []string{"VESTIBULE_DATABASE_URL=sqlite:" + filepath.Join(dir, "kit.db")}, func() error { return nil }, nil
}

func onPostgres(ctx context.Context, _ string) ([]string, func() error, error) {
	postgresURL, redisURL := os.Getenv("VESTIBULE_TEST_POSTGRES_URL"), os.Getenv("VESTIBULE_TEST_REDIS_URL")
	u, err := url.Parse(postgresURL)
	if postgresURL == "" || redisURL == "" || err != nil {
		return nil, nil, errors.New("no servers in VESTIBULE_TEST_POSTGRES_URL and VESTIBULE_TEST_REDIS_URL: run it with make kit")
	}
	admin, err := sql.Open("postgres", postgresURL)
	if err != nil {
		return nil, nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	name := "vestibule_kit_" + hex.EncodeToString(secret.Bytes(6))
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("make the database: %w", err), admin.Close())
	}
	drop := func() error {
		// The context may be done, and the database has to go all the same.
		_, err := admin.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		return errors.Join(err, admin.Close())
	}
	// What is compared is not whether it would outlive a power cut.
	if _, err := admin.ExecContext(ctx, "ALTER DATABASE "+name+" SET synchronous_commit = off"); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("set up the database: %w", err), drop())
	}
	u.Path = "/" + name
	return []string{"VESTIBULE_DATABASE_URL=" + u.String(), "VESTIBULE_REDIS_URL=" + redisURL}, drop, nil
}

// server is a running server.
type server struct {
	public, operators, token string

	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
}

// boot migrates the database, starts the server and waits until it is ready.
func boot(ctx context.Context, program, dir string, database []string) (*server, error) {
	s := &server{token: secret.Token(), log: filepath.Join(dir, "server.log"), done: make(chan struct{})}
	environ := append(others(os.Environ()), database...)
	environ = append(environ,
		"VESTIBULE_LISTEN=127.0.0.1:0",
		"VESTIBULE_ADMIN_LISTEN=127.0.0.1:0",
		"VESTIBULE_SECRET_KEY="+base64.StdEncoding.EncodeToString(secret.Bytes(secret.KeySize)),
		"VESTIBULE_ADMIN_TOKEN="+s.token,
		"VESTIBULE_ALLOW_PRIVATE_NETWORKS=true",
		"VESTIBULE_DATABASE_MAX_CONNS=8", // others may be testing on the same PostgreSQL, which has a hundred connections as it comes
		"VESTIBULE_LOG_FORMAT=json",
	)
	migrate := exec.CommandContext(ctx, program, "--migrate")
	migrate.Env, migrate.Dir = environ, dir
	if out, err := migrate.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("migrate: %w\n%s", err, out)
	}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	defer func() { _ = log.Close() }() // the server has it too
	// It is stopped by stop, after the kit: not by the context, which a signal ends.
	s.cmd = exec.Command(program)
	s.cmd.Env, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = environ, dir, log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what is typed at the terminal is not for the server
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended shows in the log
		close(s.done)
	}()
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// others are the variables that are no settings of the server, which refuses those it does not know.
func others(environ []string) (kept []string) {
	for _, kv := range environ {
		if !strings.HasPrefix(kv, "VESTIBULE_") {
			kept = append(kept, kv)
		}
	}
	return kept
}

func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, starting)
	defer cancel()
	for {
		if s.answersReady(ctx) {
			return nil
		}
		if s.ended() {
			return fmt.Errorf("the server ended:\n%s", s.logged())
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("the server does not become ready: %w\n%s", err, s.logged())
		}
	}
}

func (s *server) answersReady(ctx context.Context) bool {
	log, err := os.ReadFile(s.log)
	if err != nil {
		return false
	}
	public, operators := listening.Addresses(string(log))
	s.public, s.operators = "http://"+public, "http://"+operators
	if public == "" || operators == "" {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.operators+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close() // the status is all
	return resp.StatusCode == http.StatusOK
}

func (s *server) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// logged is the end of the server's log.
func (s *server) logged() string {
	b, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

// stop stops the server as its operator would, and fails unless it stops cleanly.
func (s *server) stop() error {
	if s.ended() {
		return nil
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended just now
	select {
	case <-s.done:
	case <-time.After(stopping):
		_ = s.cmd.Process.Kill()
		<-s.done
		return fmt.Errorf("the server did not stop when asked to:\n%s", s.logged())
	}
	if !s.cmd.ProcessState.Success() {
		return fmt.Errorf("the server did not stop cleanly: %s\n%s", s.cmd.ProcessState, s.logged())
	}
	return nil
}

// freePorts are n different ports of the loopback interface that nobody listens on.
func freePorts(ctx context.Context, n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }() // held until all are chosen, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
