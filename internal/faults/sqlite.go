package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// smallDisk is how much fits on the disk of the server with SQLite.
const smallDisk = "16m"

// unshare is the command that runs another one with mounts of its own, which are gone when it ends: for root, or for everybody in a
// user namespace.
func unshare(args ...string) []string {
	if os.Geteuid() == 0 {
		return append([]string{"unshare", "--mount"}, args...)
	}
	return append([]string{"unshare", "--map-root-user", "--mount"}, args...)
}

// noMounts tells why a small disk cannot be made here, "" if it can.
func noMounts(*run) string {
	try := unshare("sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt")
	if out, err := exec.Command(try[0], try[1:]...).CombinedOutput(); err != nil {
		return fmt.Sprintf("a small disk cannot be mounted here, neither as root nor in a user namespace: %v %s", err, clip(string(out)))
	}
	return ""
}

// fullDisk runs a server with SQLite on a small disk, fills the disk, and empties it again.
func fullDisk(ctx context.Context, r *run, out *row) (err error) {
	c := r.cluster
	dir := filepath.Join(r.dir, "small")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	args := unshare("sh", "-c", `mount -t tmpfs -o size=`+smallDisk+` tmpfs "$1" && "$2" --migrate && exec "$2"`, "sh", dir, c.program)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"VESTIBULE_DATABASE_URL=sqlite:" + filepath.Join(dir, "vestibule.db"), "VESTIBULE_REDIS_URL="}
	server, err := c.serve(ctx, "sqlite", cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop(syscall.SIGTERM, stopPatience)) }()
	inside := filepath.Join("/proc", strconv.Itoa(server.pid()), "root", dir) // its disk, seen from outside
	crowd := newCrowd(server.public, "sqlite.localhost", "sqlite", 2)
	if err := errors.Join(c.tenant(ctx, server, crowd), c.populate(ctx, crowd)); err != nil {
		return err
	}
	crowd.mix = mix{check: 0.3, config: 0.05, signup: 0.1} // mostly writes
	attack := startAttack(crowd, max(20, r.options.rate/3))
	own := &run{options: r.options, dir: r.dir, say: r.say, cluster: c, attack: attack}
	err = fillAndEmpty(ctx, own, out, inside)
	attack.stop()
	if err != nil {
		return err
	}
	if err := c.verify(ctx, crowd, true); err != nil {
		out.breaks("what was written could not be read again: %v", err)
	}
	t := crowd.journal.tally()
	out.open, out.read, out.lost = t.open, t.read, t.lost
	for _, complaint := range crowd.journal.complaints(0) {
		r.say("disk: LOST: %s", complaint)
	}
	if t.lost > 0 {
		out.breaks("%d writes were lost", t.lost)
	}
	_, out.memory = memory(server.pid())
	return integrity(ctx, out, filepath.Join(inside, "vestibule.db"))
}

// How long the disk stays full after the first request has failed, and how long that is waited for.
const (
	fullFor    = 8 * time.Second
	fullAtMost = time.Minute
)

// failedFor reports whether a request that began after a time failed so long ago.
func (r *run) failedFor(since time.Time, long time.Duration) bool {
	for _, s := range r.attack.between(since, time.Now().Add(-long)) {
		if s.cause != "" {
			return true
		}
	}
	return false
}

// fillAndEmpty measures before, while the disk is full, and after.
func fillAndEmpty(ctx context.Context, r *run, out *row, disk string) error {
	start := time.Now()
	if err := wait(ctx, before); err != nil {
		return err
	}
	begun := time.Now()
	filler := filepath.Join(disk, "filler")
	// SQLite writes into what it has for a while. Once the first request fails, the disk stays full for as long again.
	for time.Since(begun) < fullAtMost && !r.failedFor(begun, fullFor) {
		if err := fill(filler); err != nil { // and again, for what the database has given back meanwhile
			return err
		}
		if err := wait(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	over := time.Now()
	if err := os.Remove(filler); err != nil {
		return fmt.Errorf("empty the disk: %w", err)
	}
	recovered, err := r.settle(ctx, start, over)
	if err != nil {
		return err
	}
	if recovered.IsZero() {
		out.breaks("it did not recover within %s", forlorn)
	}
	out.recovered = max(0, recovered.Sub(over))
	full := r.attack.between(begun, over)
	out.all = figuresOf(r.attack.between(start, time.Time{}))
	out.before, out.during = figuresOf(r.attack.between(start, begun), check), figuresOf(full, check)
	out.after = figuresOf(r.attack.between(over, time.Time{}), check)
	reads := figuresOf(full, check, configure)
	out.note("while the disk was full, %d of %d reads failed, and %d of %d other requests", reads.failed(), reads.requests,
		figuresOf(full).failed()-reads.failed(), figuresOf(full).requests-reads.requests)
	for cause, n := range out.all.failures {
		if cause != "503 of the server" {
			out.breaks("%d requests failed by %q, and a full disk is a 503", n, cause)
		}
	}
	if figuresOf(full).failed() == 0 {
		out.breaks("the disk was to be full, and nothing failed")
	}
	return nil
}

// fill writes to a file until the disk is full.
func fill(path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	defer func() { _ = f.Close() }() // what it could not write was the point
	for piece := make([]byte, 64<<10); len(piece) > 0; {
		if _, err := f.Write(piece); errors.Is(err, syscall.ENOSPC) {
			piece = piece[:len(piece)/2] // down to the last byte
		} else if err != nil {
			return fmt.Errorf("fill the disk: %w", err)
		}
	}
	return nil
}

// integrity has SQLite look whether the file is sound.
func integrity(ctx context.Context, out *row, path string) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(10000)&_pragma=query_only(1)")
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { _ = db.Close() }()
	var word string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&word); err != nil {
		return fmt.Errorf("check the database: %w", err)
	}
	if word != "ok" {
		out.breaks("integrity_check says %s", word)
	}
	out.note("integrity_check says %s", word)
	return nil
}
