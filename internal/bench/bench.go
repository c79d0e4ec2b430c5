package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// runner is a run under way.
type runner struct {
	options  options
	progress io.Writer
	storage  *storage
	sink     *sink
	server   *server
	ceilings map[target]*ceiling
	fixture  fixture
	mails    int64 // that are to arrive
}

// bench sets everything up, measures every row, and cleans up. The report is nil if nothing was measured.
func bench(ctx context.Context, o options, progress io.Writer) (_ *report, err error) {
	var chosen []work
	needed := map[target]bool{}
	for _, w := range works {
		if o.only.MatchString(w.name) {
			chosen = append(chosen, w)
			needed[w.target] = true
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("-only matches no row; see -help")
	}
	r := &runner{options: o, progress: progress, ceilings: map[target]*ceiling{}}
	defer func() { err = errors.Join(err, r.close()) }()
	if r.storage, err = openStorage(ctx); err != nil {
		return nil, err
	}
	var rep *report
	measure := func() (err error) {
		if err = r.startCeilings(ctx, needed); err == nil {
			rep, err = r.measure(ctx, chosen)
		}
		return err
	}
	if needed[vestibule] {
		err = r.serving(ctx, accountCount, browserCount, measure)
	} else {
		err = measure()
	}
	return rep, err
}

// serving runs fn while the server is up, with that many accounts and browsers that are signed in.
func (r *runner) serving(ctx context.Context, accounts, browsers int, fn func() error) (err error) {
	dir, err := os.MkdirTemp("", "vestibule-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a binary and a log in the system's folder for such
	if err := r.startServer(ctx, dir, accounts, browsers); err != nil {
		return err
	}
	defer r.stopServer(&err) // before its folder goes
	return fn()
}

func (r *runner) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.progress, "bench: "+format+"\n", args...) // progress is a courtesy
}

func (r *runner) startServer(ctx context.Context, dir string, accounts, browsers int) (err error) {
	r.say("building the server")
	program, err := buildServer(ctx, dir)
	if err != nil {
		return err
	}
	if r.sink, err = startSink(); err != nil {
		return err
	}
	r.say("starting it, with %d accounts", accounts)
	if r.server, err = startServer(ctx, program, dir, r.storage, r.sink.addr); err != nil {
		return err
	}
	err = r.server.addTenant(ctx)
	if err == nil {
		err = r.server.fill(ctx, &r.fixture, accounts, browsers)
	}
	if err == nil {
		r.mails = int64(accounts)
		err = r.awaitMail(ctx)
	}
	if err == nil {
		err = r.storage.settle(ctx)
	}
	if err != nil {
		r.stopServer(&err)
	}
	return err
}

// stopServer stops the server and, if the run has failed, adds the end of its log to what is said.
func (r *runner) stopServer(err *error) {
	*err = errors.Join(*err, r.server.stop())
	if words := r.server.lastWords(); *err != nil && words != "" {
		r.say("the last warnings and errors of the server:\n%s", words)
	}
	if r.server.tenant != "" {
		*err = errors.Join(*err, r.storage.forget(r.server.tenant))
	}
}

func (r *runner) startCeilings(ctx context.Context, needed map[target]bool) error {
	if needed[selectCeiling] || needed[insertCeiling] {
		if err := makeCeilingTables(ctx, r.storage.db); err != nil {
			return err
		}
	}
	for _, kind := range []target{muxCeiling, selectCeiling, insertCeiling} {
		if !needed[kind] {
			continue
		}
		c, err := startCeiling(ctx, kind, r.storage.url)
		if err != nil {
			return err
		}
		r.ceilings[kind] = c
	}
	return nil
}

// close stops what is left. The server is stopped by then.
func (r *runner) close() error {
	var errs []error
	for _, c := range r.ceilings {
		errs = append(errs, c.stop())
	}
	if r.sink != nil {
		errs = append(errs, r.sink.stop())
	}
	if r.storage != nil {
		errs = append(errs, r.storage.close())
	}
	return errors.Join(errs...)
}

// awaitMail waits until every mail has arrived, so that the server is at rest again.
func (r *runner) awaitMail(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for r.sink.taken.Load() < r.mails {
		if pause(ctx, 20*time.Millisecond) != nil {
			return fmt.Errorf("of %d mails, %d have arrived", r.mails, r.sink.taken.Load())
		}
	}
	return nil
}

// usage is what everything has used so far.
type usage struct {
	asked    time.Duration // the process that is asked
	postgres time.Duration
	redis    time.Duration
	self     time.Duration
	busy     time.Duration // the machine
}

// used reads it. pid is the process that is asked, 0 for none.
func (r *runner) used(ctx context.Context, pid int) (u usage, err error) {
	all, err := processes()
	if err != nil {
		return u, err
	}
	if pid != 0 {
		if u.asked, err = treeCPU(all, pid); err != nil {
			return u, err
		}
	}
	if u.postgres, err = treeCPU(all, r.storage.postmaster); err != nil {
		return u, err
	}
	self, err := readProcess(os.Getpid())
	if err != nil {
		return u, err
	}
	u.self = self.cpu
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return u, err
	}
	if u.busy, err = parseBusy(string(stat)); err != nil {
		return u, err
	}
	info, err := r.storage.redis.Info(ctx, "cpu").Result()
	if err != nil {
		return u, fmt.Errorf("redis: %w", err)
	}
	u.redis, err = parseRedisCPU(info)
	return u, err
}

// since is what was used between two points.
func (u usage) since(before usage) usage {
	return usage{
		asked: u.asked - before.asked, postgres: u.postgres - before.postgres, redis: u.redis - before.redis,
		self: u.self - before.self, busy: u.busy - before.busy,
	}
}

// others is the share of the machine's cores that went to whatever has nothing to do with the run.
func (u usage) others(elapsed time.Duration) float64 {
	rest := u.busy - u.asked - u.postgres - u.redis - u.self
	return max(0, rest.Seconds()/(elapsed.Seconds()*float64(runtime.NumCPU())))
}

// measure runs every row at every number of connections. Rows that are compared run next to each other.
func (r *runner) measure(ctx context.Context, chosen []work) (*report, error) {
	rep := &report{
		Go: runtime.Version(), CPUs: runtime.NumCPU(), Postgres: r.storage.version, durability: r.storage.durability,
		Seconds: r.options.duration.Seconds(),
	}
	var err, failed error
	if rep.Idle, err = r.idle(ctx); err != nil {
		return nil, err
	}
	for _, connections := range r.options.concurrency {
		for _, w := range chosen {
			r.say("%s, %d connections", w.name, connections)
			c, err := r.cell(ctx, w, connections)
			if c != nil {
				rep.Cells = append(rep.Cells, *c)
			}
			if ctx.Err() != nil {
				return rep, errors.Join(failed, context.Cause(ctx))
			}
			if err != nil {
				err = fmt.Errorf("%s, %d connections: %w", w.name, connections, err)
				r.say("%v", err)
				failed = errors.Join(failed, err)
			}
		}
	}
	rep.Goals = judge(rep.Cells)
	return rep, failed
}

// idle measures what is used while nothing is asked.
func (r *runner) idle(ctx context.Context) (idle, error) {
	pid := 0
	if r.server != nil {
		pid = r.server.cmd.Process.Pid
	}
	r.say("idle")
	before, err := r.used(ctx, pid)
	started := time.Now()
	if err == nil {
		err = pause(ctx, r.options.duration)
	}
	if err != nil {
		return idle{}, err
	}
	elapsed := time.Since(started)
	after, err := r.used(ctx, pid)
	u := after.since(before)
	per := func(d time.Duration) float64 { return micros(d) / elapsed.Seconds() }
	return idle{Server: per(u.asked), Postgres: per(u.postgres), Redis: per(u.redis), Others: u.others(elapsed)}, err
}

// cell measures one row at one number of connections. It may return both a cell and an error.
func (r *runner) cell(ctx context.Context, w work, connections int) (_ *cell, err error) {
	before, err := r.storage.foreign(ctx)
	if err != nil {
		return nil, err
	}
	c, err := r.undisturbed(ctx, w, connections)
	if c == nil || ctx.Err() != nil {
		return c, err
	}
	after, failed := r.storage.foreign(ctx)
	c.Foreign = max(before, after)
	return c, errors.Join(err, failed)
}

// undisturbed is cell without regard to what else uses the database.
func (r *runner) undisturbed(ctx context.Context, w work, connections int) (_ *cell, err error) {
	if w.target == hashCeiling {
		return r.hashCell(ctx, w, connections)
	}
	if w.tokens {
		if err := r.server.handTokens(ctx, &r.fixture, connections); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, r.server.strategy(context.WithoutCancel(ctx), "session")) }()
	}
	l := load{
		connections: connections, want: w.want, warmup: r.options.warmup, duration: r.options.duration,
		requests: func(worker int) requester { return w.requests(&r.fixture, worker, connections) },
	}
	var pid int
	if w.target == vestibule {
		l.addr, pid = r.server.public, r.server.cmd.Process.Pid
	} else {
		c := r.ceilings[w.target]
		l.addr, pid = c.addr, c.cmd.Process.Pid
	}
	var before, after usage
	read := func(u *usage) func() error {
		return func() (err error) { *u, err = r.used(ctx, pid); return err }
	}
	if w.hashes {
		return r.wholeCell(ctx, w, l, read(&before), read(&after), func() usage { return after.since(before) })
	}
	t, err := l.drive(ctx, read(&before), read(&after))
	if err != nil {
		return nil, err
	}
	c := newCell(w, connections, len(t.latencies), after.since(before), t.elapsed)
	c.answered(t)
	return c, t.err()
}

// wholeCell counts CPU time from before the first request until after the last one, with the mail that they caused. A
// measured time in between would cut hashes in two, each of which is more than what is looked for.
func (r *runner) wholeCell(ctx context.Context, w work, l load, begin, end func() error, used func() usage) (*cell, error) {
	if err := begin(); err != nil {
		return nil, err
	}
	started := time.Now()
	nothing := func() error { return nil }
	t, err := l.drive(ctx, nothing, nothing)
	if err == nil && w.mails {
		r.mails += int64(t.good)
		err = r.awaitMail(ctx)
	}
	elapsed := time.Since(started)
	if err == nil {
		err = end()
	}
	if err != nil {
		return nil, err
	}
	c := newCell(w, l.connections, t.good, used(), elapsed)
	c.answered(t)
	return c, t.err()
}

// hashCell measures argon2id alone, in hashes that are whole. The number of connections says only which rows it stands
// beside.
func (r *runner) hashCell(ctx context.Context, w work, connections int) (_ *cell, err error) {
	h, err := startCeiling(ctx, w.target, r.storage.url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	if _, err := h.hash(r.options.warmup); err != nil {
		return nil, err
	}
	pid := h.cmd.Process.Pid
	before, err := r.used(ctx, pid)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	n, err := h.hash(r.options.duration)
	if err != nil {
		return nil, err
	}
	elapsed := time.Since(started)
	after, err := r.used(ctx, pid)
	if err != nil {
		return nil, err
	}
	u := after.since(before)
	others := u.others(elapsed)
	u.postgres, u.redis = 0, 0 // it asks neither, and what they used was for others
	c := newCell(w, connections, n, u, elapsed)
	c.Requests, c.PerSecond, c.Others = n, float64(n)/elapsed.Seconds(), others
	return c, nil
}
