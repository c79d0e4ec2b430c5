package passhash

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestNoMoreThanWorkersHashAtOnce(t *testing.T) {
	const workers, callers = 3, 60
	h := New(Options{Workers: workers, Queue: callers, MaxWait: time.Minute})
	var now, most atomic.Int64
	h.before = func() {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if s := h.Stats(); s.Running > workers {
			t.Errorf("%d run", s.Running)
		}
		now.Add(-1)
	}
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			var err error
			switch i % 3 {
			case 0:
				_, err = h.For("acme").Hash(context.Background(), quick, word)
			case 1:
				_, _, err = h.For("acme").Verify(context.Background(), quick, formats[13].encoded, word)
			case 2:
				err = h.For("acme").Waste(context.Background(), quick, word)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() > workers {
		t.Errorf("%d hashes were computed at once, want at most %d", most.Load(), workers)
	}
	if got, want := h.Stats(), (Stats{Done: callers}); got != want {
		t.Errorf("stats: %+v, want %+v", got, want)
	}
}

// In the tests below time is the bubble's: it passes when all wait.

// occupied is a Hasher whose one worker is busy until it is released.
func occupied(t *testing.T, queue int) *Hasher {
	t.Helper()
	h := New(Options{Workers: 1, Queue: queue})
	if err := h.For("acme").acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAFullQueueIsBusyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := occupied(t, 2)
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if _, err := h.For("acme").Hash(t.Context(), quick, word); err != nil {
					t.Errorf("one who was in the queue: %v", err)
				}
			})
		}
		synctest.Wait()
		if got, want := h.Stats(), (Stats{Running: 1, Waiting: 2}); got != want {
			t.Errorf("stats: %+v, want %+v", got, want)
		}
		_, err := h.For("acme").Hash(t.Context(), quick, word)
		_, _, err2 := h.For("acme").Verify(t.Context(), quick, formats[1].encoded, word)
		for _, err := range []error{err, err2, h.For("acme").Waste(t.Context(), quick, word)} {
			if !errors.Is(err, ErrBusy) {
				t.Errorf("with a full queue: %v", err)
			}
		}
		h.release()
		all.Wait()
		if got, want := h.Stats(), (Stats{Done: 3, Refused: 3}); got != want {
			t.Errorf("stats: %+v, want %+v", got, want)
		}
	})
}

func TestNoQueueIsBusyAtOnce(t *testing.T) {
	h := occupied(t, -1)
	if _, err := h.For("acme").Hash(t.Context(), quick, word); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
}

func TestNobodyWaitsForLongerThanMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := occupied(t, 10)
		began := time.Now()
		if _, err := h.For("acme").Hash(t.Context(), quick, word); !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		if waited := time.Since(began); waited != 5*time.Second {
			t.Errorf("waited for %v", waited)
		}
		if got, want := h.Stats(), (Stats{Running: 1, Refused: 1}); got != want {
			t.Errorf("stats: %+v, want %+v", got, want)
		}
		h.release()
		if _, err := h.For("acme").Hash(t.Context(), quick, word); err != nil {
			t.Errorf("after the burst: %v", err)
		}
	})
}

func TestACallerThatGivesUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := occupied(t, 10)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.For("acme").Hash(ctx, quick, word); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		if got, want := h.Stats(), (Stats{Running: 1}); got != want {
			t.Errorf("stats: %+v, want %+v", got, want)
		}
		h.release()
		if _, err := h.For("acme").Hash(ctx, quick, word); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one who has given up before: %v", err)
		}
		if got, want := h.Stats(), (Stats{Done: 1}); got != want {
			t.Errorf("stats: %+v, want %+v", got, want)
		}
	})
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := occupied(t, 20)
		var order []int // written by who has the worker
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				ctx := t.Context()
				if i%5 == 3 { // some give up, which must not disturb the order
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Second)
					defer cancel()
				}
				if h.For("acme").acquire(ctx) == nil {
					order = append(order, i)
					h.release()
				}
			})
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		h.release()
		all.Wait()
		if want := []int{0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19}; !slices.Equal(order, want) {
			t.Errorf("served in the order %v, want %v", order, want)
		}
	})
}

func TestAWorkerIsNotLostWhenItsTurnComesTooLate(t *testing.T) {
	h := New(Options{Workers: 1, Queue: 100, MaxWait: time.Minute})
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%7)*50*time.Microsecond)
			defer cancel()
			if h.For("acme").acquire(ctx) == nil {
				h.release()
			}
		})
	}
	all.Wait()
	if s := h.Stats(); s.Running != 0 || s.Waiting != 0 {
		t.Fatalf("stats: %+v", s)
	}
	if err := h.For("acme").acquire(t.Context()); err != nil {
		t.Error(err)
	}
}

// crowd has n callers wait for a tenant, in their order. Who gets the worker adds the tenant's name to served; who has to leave is counted.
type crowd struct {
	t      *testing.T
	h      *Hasher
	all    sync.WaitGroup
	served []string // written by who has the worker
	busy   map[string]*atomic.Int64
}

func (c *crowd) wait(tenant string, n int) {
	if c.busy[tenant] == nil {
		c.busy[tenant] = &atomic.Int64{}
	}
	gone := c.busy[tenant]
	for range n {
		c.all.Go(func() {
			switch err := c.h.For(tenant).acquire(c.t.Context()); {
			case err == nil:
				c.served = append(c.served, tenant)
				c.h.release()
			case errors.Is(err, ErrBusy):
				gone.Add(1)
			default:
				c.t.Error(err)
			}
		})
		synctest.Wait()
	}
}

func TestTenantsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{t: t, h: occupied(t, 100), busy: map[string]*atomic.Int64{}}
		c.wait("flooded", 6)
		c.wait("one", 2)
		c.wait("two", 1)
		c.h.release()
		c.all.Wait()
		want := []string{"flooded", "one", "two", "flooded", "one", "flooded", "flooded", "flooded", "flooded"}
		if !slices.Equal(c.served, want) {
			t.Errorf("served in the order %v, want %v", c.served, want)
		}
		if len(c.h.lines) != 0 || c.h.turns.Len() != 0 {
			t.Errorf("%d lines are left, and %d turns", len(c.h.lines), c.h.turns.Len())
		}
	})
}

func TestAFullQueueRefusesTheTenantThatFillsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const queue = 10
		c := &crowd{t: t, h: occupied(t, queue), busy: map[string]*atomic.Int64{}}
		c.wait("flooded", 3*queue)
		if got := c.busy["flooded"].Load(); got != 2*queue {
			t.Errorf("%d of the flood were refused", got)
		}
		if err := c.h.For("flooded").Crowded(); !errors.Is(err, ErrBusy) {
			t.Errorf("the flooded tenant is told %v", err)
		}
		if err := c.h.For("one").Crowded(); err != nil {
			t.Errorf("another is told %v", err)
		}
		c.wait("one", 3)
		c.wait("two", 1)
		c.wait("flooded", 5)
		if got := c.busy["flooded"].Load(); got != 2*queue+4+5 {
			t.Errorf("%d of the flood were refused or had to leave", got)
		}
		if one, two := c.busy["one"].Load(), c.busy["two"].Load(); one+two != 0 {
			t.Errorf("%d and %d of the others were refused", one, two)
		}
		if s := c.h.Stats(); s.Waiting != queue || s.Refused != 2*queue+4+5+1 {
			t.Errorf("stats: %+v", s)
		}
		c.h.release()
		c.all.Wait()
		if want := []string{"flooded", "one", "two", "flooded", "one", "flooded", "one", "flooded", "flooded", "flooded"}; !slices.Equal(c.served, want) {
			t.Errorf("served in the order %v, want %v", c.served, want)
		}
	})
}

func TestTwoFloodsShareTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{t: t, h: occupied(t, 10), busy: map[string]*atomic.Int64{}}
		c.wait("one", 20)
		c.wait("two", 20)
		c.wait("one", 20)
		one, two := c.h.lines["one"].waiting.Len(), c.h.lines["two"].waiting.Len()
		if one != 5 || two != 5 {
			t.Errorf("%d and %d wait", one, two)
		}
		c.h.release()
		c.all.Wait()
	})
}

func TestWaitsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := occupied(t, 1)
		if workers, queue := h.Bounds(); workers != 1 || queue != 1 {
			t.Errorf("%d workers and a queue of %d", workers, queue)
		}
		var begun, over atomic.Int64
		h.onWait = func() func() {
			begun.Add(1)
			return func() { over.Add(1) }
		}
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := h.For("").Hash(t.Context(), quick, word); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := h.For("").Waste(t.Context(), quick, word); !errors.Is(err, ErrBusy) {
			t.Errorf("with a full queue: %v", err)
		}
		if begun.Load() != 1 || over.Load() != 0 {
			t.Errorf("while one waits and another was refused at once, %d have begun to wait and %d have ended", begun.Load(), over.Load())
		}
		h.release()
		all.Wait()
		if begun.Load() != 1 || over.Load() != 1 {
			t.Errorf("afterwards, %d have begun to wait and %d have ended", begun.Load(), over.Load())
		}
	})
}
