package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A requester appends the next request of one connection to dst. It is given the body of the answer to the one before
// (nil at first), for requests that build on it.
type requester func(dst, before []byte) []byte

// load is what one cell asks.
type load struct {
	addr        string
	connections int
	want        int                        // the one good status
	requests    func(worker int) requester // of each connection
	warmup      time.Duration
	duration    time.Duration
}

// tally is how that went. Latencies and requests are those that were answered within the measured time; bad answers are
// counted throughout.
type tally struct {
	latencies []time.Duration // sorted
	elapsed   time.Duration
	good      int // answers of the whole cell, warm-up included
	bad       map[string]int
	example   string // a bad answer
}

// The phases of a cell.
const (
	warming int32 = iota
	measuring
	over
)

// patience is how much longer than its cell a request may take.
const patience = 30 * time.Second

// drive asks in a closed loop: each connection has one request under way at a time. begin and end are called where the
// measured time begins and ends.
//
// The times are of the machine's monotonic clock, which internal/clock does not keep: it cuts times to what databases
// store.
func (l load) drive(ctx context.Context, begin, end func() error) (tally, error) {
	var phase atomic.Int32
	until := time.Now().Add(l.warmup + l.duration + patience)
	workers := make([]tally, l.connections)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() { l.worker(ctx, i, &phase, until, &workers[i]) })
	}
	started := time.Now()
	err := pause(ctx, l.warmup)
	if err == nil {
		err = begin()
		started = time.Now()
		phase.Store(measuring)
	}
	if err == nil {
		err = pause(ctx, l.duration)
	}
	phase.Store(over)
	total := tally{elapsed: time.Since(started), bad: map[string]int{}}
	if err == nil {
		err = end()
	}
	wg.Wait()
	for _, t := range workers {
		total.latencies = append(total.latencies, t.latencies...)
		total.good += t.good
		for what, n := range t.bad {
			total.bad[what] += n
		}
		if total.example == "" {
			total.example = t.example
		}
	}
	slices.Sort(total.latencies)
	return total, err
}

// pause waits, but not longer than ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// worker keeps one connection busy until the cell is over. It gives up where it cannot connect.
func (l load) worker(ctx context.Context, number int, phase *atomic.Int32, until time.Time, t *tally) {
	t.bad = map[string]int{}
	next := l.requests(number)
	var request, body []byte
	var c *client
	defer func() {
		if c != nil {
			_ = c.close() // whatever was to be learned has been read
		}
	}()
	for phase.Load() != over && ctx.Err() == nil {
		if c == nil {
			var err error
			if c, err = dial(ctx, l.addr, until); err != nil {
				t.fault(ctx, "no connection", err.Error())
				return
			}
		}
		request = next(request[:0], body)
		asked := time.Now()
		a, err := c.ask(request)
		took := time.Since(asked)
		body = a.body
		switch {
		case err != nil:
			t.fault(ctx, "no answer", err.Error())
		case a.status != l.want:
			t.fault(ctx, fmt.Sprint(a.status), fmt.Sprintf("%d %s", a.status, clip(a.body)))
		default:
			t.good++
			if phase.Load() == measuring {
				t.latencies = append(t.latencies, took)
			}
		}
		if err != nil || a.last {
			_ = c.close()
			c = nil
		}
	}
}

// fault notes a bad answer, unless it is bad because the run is being ended.
func (t *tally) fault(ctx context.Context, what, example string) {
	if ctx.Err() != nil {
		return
	}
	t.bad[what]++
	if t.example == "" {
		t.example = example
	}
}

// err is an error if any answer was bad, or if there was none at all.
func (t *tally) err() error {
	n := 0
	for _, k := range t.bad {
		n += k
	}
	switch {
	case n > 0:
		return fmt.Errorf("%d bad answers, such as: %s", n, t.example)
	case len(t.latencies) == 0:
		return errors.New("not one answer within the time; measure longer, with -d")
	}
	return nil
}

// percentile is the nearest-rank percentile of sorted values: the least one that p percent of them do not exceed. Of
// nothing it is 0.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
