package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// How a scenario is measured.
const (
	before  = 4 * time.Second // of load without a fault
	calm    = 3 * time.Second // without a failure, after which all is well again
	after   = 5 * time.Second // of load without the fault, at least
	forlorn = 75 * time.Second
)

// scenario is one fault.
type scenario struct {
	name, title string
	about       string // what is done, in a sentence
	strict      bool   // not one request may fail
	instant     bool   // the time to recover counts from the beginning of the fault, and not from its end
	optional    func(r *run) string
	fault       func(ctx context.Context, r *run, row *row) error // returns when the fault is over
	apart       func(ctx context.Context, r *run, row *row) error // for one that has a server of its own, and no load of the cluster
}

// row is what came of a scenario.
type row struct {
	scenario              scenario
	skipped               string // why it was not run
	length, recovered     time.Duration
	all                   figures
	before, during, after figures // of session checks
	open, read, lost      int
	memory                int64
	notes, broken         []string
}

func (r *row) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}
func (r *row) breaks(format string, args ...any) {
	r.broken = append(r.broken, fmt.Sprintf(format, args...))
}

// run is a run of scenarios.
type run struct {
	options options
	dir     string
	say     func(format string, args ...any)
	cluster *cluster
	attack  *attack
	began   time.Time
}

// play runs a scenario under load.
func (r *run) play(ctx context.Context, s scenario) (*row, error) {
	out := &row{scenario: s}
	if s.optional != nil {
		if out.skipped = s.optional(r); out.skipped != "" {
			r.say("%s: not run here: %s", s.name, out.skipped)
			return out, nil
		}
	}
	r.say("%s: %s", s.name, s.about)
	started := time.Now()
	var err error
	if s.apart != nil {
		err = s.apart(ctx, r, out)
	} else {
		err = r.underLoad(ctx, s, out)
	}
	out.length = time.Since(started)
	if err != nil {
		return out, fmt.Errorf("%s: %w", s.name, err)
	}
	r.say("%s: %s; %d requests, %d failed, %d lost, p99 %s / %s / %s, recovered in %s", s.name, out.verdict(), out.all.requests, out.all.failed(),
		out.lost, millis(out.before.p99), millis(out.during.p99), millis(out.after.p99), millis(out.recovered))
	return out, nil
}

func (r *run) underLoad(ctx context.Context, s scenario, out *row) error {
	c, j := r.cluster, r.cluster.crowd.journal
	for _, one := range c.replicas {
		forgetPeak(one.pid())
	}
	was, start := j.tally(), time.Now()
	if err := wait(ctx, before); err != nil {
		return err
	}
	begun := time.Now()
	failed := s.fault(ctx, r, out)
	over := time.Now()
	recovered, err := r.settle(ctx, start, over)
	if err := errors.Join(failed, err); err != nil {
		out.breaks("it could not be played to its end: %v", err)
		return err
	}
	if recovered.IsZero() {
		out.breaks("it did not recover within %s", forlorn)
	}
	from := over
	if s.instant {
		from = begun
	}
	out.recovered = max(0, recovered.Sub(from))
	end, atEnd := time.Now(), j.tally()
	r.say("%s: reading what was written", s.name)
	if err := c.verify(ctx, c.crowd, false); err != nil {
		out.breaks("what was written could not be read again: %v", err)
	}
	out.all = figuresOf(r.attack.between(start, end))
	if f := figuresOf(r.attack.between(end, time.Time{})); f.failed() > 0 {
		out.note("while what was written was read again, %d of %d requests failed: %s", f.failed(), f.requests, f.causes())
	}
	out.before = figuresOf(r.attack.between(start, begun), check)
	out.during = figuresOf(r.attack.between(begun, over), check)
	out.after = figuresOf(r.attack.between(over, end), check)
	now := j.tally()
	out.open, out.read = atEnd.open-was.open, now.read-was.read
	out.lost += now.lost - was.lost
	for _, complaint := range j.complaints(was.lost) {
		r.say("%s: LOST: %s", s.name, complaint)
	}
	for _, one := range c.replicas {
		_, most := memory(one.pid())
		out.memory = max(out.memory, most)
	}
	if s.strict && out.all.failed() > 0 {
		out.breaks("%d requests failed (%s), and none may", out.all.failed(), out.all.causes())
	}
	if out.lost > 0 {
		out.breaks("%d writes were lost", out.lost)
	}
	return nil
}

// settle waits until everything goes well again, and is when the last request failed; the zero time if it never went well.
func (r *run) settle(ctx context.Context, start, over time.Time) (time.Time, error) {
	for {
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return time.Time{}, err
		}
		now, last := time.Now(), r.attack.lastFailure(start)
		switch {
		case now.Sub(over) > forlorn:
			return time.Time{}, nil
		case now.Sub(over) < after, now.Sub(last) < calm, r.attack.waitsSince(now.Add(-calm)):
			continue
		}
		if last.IsZero() {
			last = start
		}
		return last, nil
	}
}

// verdict is one word.
func (r *row) verdict() string {
	switch {
	case r.skipped != "":
		return "not run"
	case len(r.broken) > 0:
		return "BROKEN"
	default:
		return "kept"
	}
}
