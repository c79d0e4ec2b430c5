package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// loadAlone drives load for a while and tells what came of it. An interrupt ends it early, and shows what there is.
func loadAlone(ctx context.Context, args []string) (err error) {
	f := flag.NewFlagSet("faults load", flag.ContinueOnError)
	rate := f.Int("rate", 200, "requests a second")
	length := f.Duration("d", 30*time.Second, "how long")
	replicas := f.Int("replicas", 1, "how many servers: 1 is asked directly, more are behind the balancer")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || *rate < 1 || *rate > 20000 || *length < time.Second || *length > 10*time.Minute || *replicas < 1 || *replicas > 5 {
		return errors.New("-rate takes 1 to 20000, -d 1s to 10m and -replicas 1 to 5; see -help")
	}
	say := said()
	dir, program, remove, err := prepare(ctx, say)
	if err != nil {
		return err
	}
	defer remove()
	say("starting PostgreSQL, Redis, a mail server and the server, and signing people up")
	c, err := newCluster(ctx, dir, program, *replicas, say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if *replicas == 1 {
		c.crowd.addr = c.replicas[0].public
	}
	var used []time.Duration
	for _, r := range c.replicas {
		forgetPeak(r.pid())
		used = append(used, cpuTime(r.pid()))
	}
	say("%d requests a second for %s", *rate, *length)
	started := time.Now()
	a := startAttack(c.crowd, *rate)
	_ = wait(ctx, *length) // an interrupt ends it early
	a.stop()
	elapsed := time.Since(started)
	t := loadTable{elapsed: elapsed, samples: a.between(started, time.Time{}), lost: c.crowd.journal.complaints(0)}
	for i, r := range c.replicas {
		_, most := memory(r.pid())
		t.servers = append(t.servers, fmt.Sprintf("%s: %.0f %% of a core, at most %s", r.name,
			100*(cpuTime(r.pid())-used[i]).Seconds()/elapsed.Seconds(), mebibytes(most)))
	}
	if err := t.write(os.Stdout); err != nil {
		return err
	}
	if len(t.lost) > 0 {
		return fmt.Errorf("%d answers contradict what was acknowledged", len(t.lost))
	}
	return nil
}

// loadTable is what load came to.
type loadTable struct {
	elapsed time.Duration
	samples []sample
	servers []string
	lost    []string
}

func (t loadTable) write(w io.Writer) error {
	var b strings.Builder
	line := func(name string, f figures) {
		fmt.Fprintf(&b, "%-18s %8d %8.1f %10s %10s %10s   %s\n", name, f.requests, float64(f.requests)/t.elapsed.Seconds(),
			millis(f.p50), millis(f.p99), millis(f.most), f.causes())
	}
	fmt.Fprintf(&b, "\n%-18s %8s %8s %10s %10s %10s   %s\n", "", "requests", "a second", "p50", "p99", "longest", "failed")
	for _, k := range kinds {
		if f := figuresOf(t.samples, k); f.requests > 0 {
			line(string(k), f)
		}
	}
	line("all", figuresOf(t.samples))
	fmt.Fprintf(&b, "\n%s\n", strings.Join(t.servers, "\n"))
	for _, lost := range t.lost {
		fmt.Fprintf(&b, "contradiction: %s\n", lost)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
