package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"
	"github.com/lib/pq"
	"golang.org/x/crypto/argon2"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
)

// A ceiling runs as a process of its own, so that its CPU time can be told from the generator's. It is this program, run
// as `bench ceiling KIND`, and is talked to in lines: it reads the database's URL (which may hold a password, and so is no
// argument) and says where it listens. When its standard input ends, which it does even if the parent is killed, it
// leaves. The hashing one listens nowhere; see countHashes for what it is told.
const ceilingCommand = "ceiling"

const (
	ceilingRows  = 2000 // in the table that is selected from
	ceilingConns = 20   // to the database, as the server has by default
)

// The tables of the ceilings. Rows resemble sessions.
const ceilingTables = `
	CREATE TABLE bench_rows (
	    id TEXT PRIMARY KEY, token BYTEA NOT NULL, client TEXT NOT NULL, user_id TEXT, pending BOOLEAN NOT NULL,
	    epoch BIGINT NOT NULL, state TEXT NOT NULL, version BIGINT NOT NULL, ip TEXT NOT NULL, user_agent TEXT NOT NULL,
	    created_at TIMESTAMPTZ NOT NULL, seen_at TIMESTAMPTZ NOT NULL, expires_at TIMESTAMPTZ NOT NULL);
	INSERT INTO bench_rows
	SELECT n, sha256(n::TEXT::BYTEA), 'app', gen_random_uuid(), false, 1,
	       '{"methods":[{"method":"password","at":"2026-06-01T12:00:00Z","email":"person@example.org"}]}', 1,
	       '10.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64)', now(), now(), now() + INTERVAL '14 days'
	  FROM generate_series(0, %d) AS n;
	ANALYZE bench_rows;
	CREATE TABLE bench_new_rows (LIKE bench_rows INCLUDING ALL)`

// makeCeilingTables makes them, full, in the database of the run.
func makeCeilingTables(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, fmt.Sprintf(ceilingTables, ceilingRows-1)); err != nil {
		return fmt.Errorf("make the tables of the ceilings: %w", err)
	}
	return nil
}

// row is one of them, as it is answered.
type row struct {
	ID        string    `json:"id"`
	Token     []byte    `json:"-"`
	Client    string    `json:"client"`
	UserID    string    `json:"user_id"`
	Pending   bool      `json:"pending"`
	Epoch     int64     `json:"epoch"`
	State     string    `json:"state"`
	Version   int64     `json:"version"`
	IP        string    `json:"ip"`
	UserAgent string    `json:"user_agent"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// serveCeiling is the ceiling's process.
func serveCeiling(kind string, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	if !lines.Scan() {
		return errors.New("ceiling: no database URL on standard input")
	}
	if target(kind) == hashCeiling {
		return countHashes(lines, out)
	}
	router := mux.NewRouter()
	switch target(kind) {
	case muxCeiling:
		router.HandleFunc("/row", func(w http.ResponseWriter, _ *http.Request) {
			writeRow(w, &row{ID: "1", Client: "app"})
		}).Methods(http.MethodGet)
	case selectCeiling, insertCeiling:
		db, err := openPostgres(lines.Text())
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }() // the process ends
		if err := handleRows(router, db, target(kind)); err != nil {
			return err
		}
	default:
		return fmt.Errorf("there is no ceiling %q", kind)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: router, ReadHeaderTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines.Scan() { // to the end
		}
	}()
	select {
	case err := <-failed:
		return err
	case <-ended:
		return server.Close()
	}
}

// handleRows adds the handler with one statement, prepared once.
func handleRows(router *mux.Router, db *sql.DB, kind target) error {
	if kind == selectCeiling {
		read, err := db.Prepare(`
			SELECT id, token, client, user_id, pending, epoch, state, version, ip, user_agent, created_at, seen_at, expires_at
			  FROM bench_rows
			 WHERE id = $1`)
		if err != nil {
			return err
		}
		router.HandleFunc("/row/{id}", func(w http.ResponseWriter, r *http.Request) {
			var x row
			err := read.QueryRowContext(r.Context(), mux.Vars(r)["id"]).Scan(&x.ID, &x.Token, &x.Client, &x.UserID,
				&x.Pending, &x.Epoch, &x.State, &x.Version, &x.IP, &x.UserAgent, &x.CreatedAt, &x.SeenAt, &x.ExpiresAt)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			writeRow(w, &x)
		}).Methods(http.MethodGet)
		return nil
	}
	add, err := db.Prepare(`
		INSERT INTO bench_new_rows (id, token, client, user_id, pending, epoch, state, version, ip, user_agent,
		                            created_at, seen_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`)
	if err != nil {
		return err
	}
	router.HandleFunc("/row", func(w http.ResponseWriter, r *http.Request) {
		now := clock.System{}.Now()
		x := row{
			ID: secret.NewID(), Token: secret.Bytes(32), Client: "app", UserID: secret.NewID(), Epoch: 1,
			State: `{"methods":[]}`, Version: 1, IP: "10.0.0.1", UserAgent: r.UserAgent(), CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(14 * 24 * time.Hour),
		}
		_, err := add.ExecContext(r.Context(), x.ID, x.Token, x.Client, x.UserID, x.Pending, x.Epoch, x.State, x.Version,
			x.IP, x.UserAgent, x.CreatedAt, x.SeenAt, x.ExpiresAt)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeRow(w, &x)
	}).Methods(http.MethodPost)
	return nil
}

func writeRow(w http.ResponseWriter, x *row) {
	body, err := json.Marshal(x)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body) // a client that has gone is no fault of ours
}

// openPostgres opens a pool as the server's own is set: one round trip for a query with parameters.
func openPostgres(databaseURL string) (*sql.DB, error) {
	databaseURL, err := withParameter(databaseURL, "binary_parameters", "yes")
	if err != nil {
		return nil, err
	}
	connector, err := pq.NewConnector(databaseURL)
	if err != nil {
		return nil, errDatabaseURL
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(ceilingConns)
	db.SetMaxIdleConns(ceilingConns)
	return db, nil
}

// countHashes hashes for each time that it is told, in the words of time.ParseDuration, and says how many hashes that
// gave. It hashes as many at once as the server does by default, with the parameters that it has by default
// (passhash.Default), and finishes each hash that it has begun.
func countHashes(told *bufio.Scanner, out io.Writer) error {
	if _, err := fmt.Fprintln(out, "ready"); err != nil {
		return err
	}
	salt := secret.Bytes(16)
	for told.Scan() {
		d, err := time.ParseDuration(told.Text())
		if err != nil {
			return err
		}
		var n atomic.Int64
		var wg sync.WaitGroup
		started := time.Now()
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for time.Since(started) < d {
					argon2.IDKey([]byte(password), salt, 2, 19456, 1, 32)
					n.Add(1)
				}
			})
		}
		wg.Wait()
		if _, err := fmt.Fprintln(out, n.Load()); err != nil {
			return err
		}
	}
	return nil
}

// ceiling is such a process, seen from its parent.
type ceiling struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	addr string // where it listens
}

// startCeiling starts one and waits until it is ready. It is killed when ctx is done.
func startCeiling(ctx context.Context, kind target, databaseURL string) (_ *ceiling, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &ceiling{cmd: exec.CommandContext(ctx, self, ceilingCommand, string(kind))}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the %s ceiling: %w", kind, err)
	}
	if c.addr, err = c.say(databaseURL); err != nil {
		return nil, errors.Join(fmt.Errorf("start the %s ceiling: %w", kind, err), c.stop())
	}
	return c, nil
}

// say sends a line and reads the answer.
func (c *ceiling) say(line string) (string, error) {
	if _, err := fmt.Fprintln(c.in, line); err != nil {
		return "", err
	}
	got, err := c.out.ReadString('\n')
	return strings.TrimSpace(got), err
}

// hash has the hashing one do that for a while, and is how many hashes that gave: at least one for each core, unless the
// while is no time at all.
func (c *ceiling) hash(d time.Duration) (int, error) {
	got, err := c.say(d.String())
	if err != nil {
		return 0, fmt.Errorf("hash: %w", err)
	}
	return strconv.Atoi(got)
}

// stop ends the process. A signal to the whole group may have been quicker, so that how it ended says nothing.
func (c *ceiling) stop() error {
	_ = c.in.Close()
	var ended *exec.ExitError
	if err := c.cmd.Wait(); err != nil && !errors.As(err, &ended) && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
