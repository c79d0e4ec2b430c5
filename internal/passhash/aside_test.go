package passhash

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestHashesAsideAreTheSame(t *testing.T) {
	h := New(Options{Workers: 2, Queue: 100, Aside: true})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			encoded, err := h.For("acme").Hash(context.Background(), quick, word)
			if err != nil {
				t.Error(err)
			}
			if ok, _, err := h.For("acme").Verify(context.Background(), quick, encoded, word); !ok || err != nil {
				t.Errorf("verify: %v, %v", ok, err)
			}
			if ok, _, err := h.For("acme").Verify(context.Background(), quick, encoded, "wrong"); ok || err != nil {
				t.Errorf("a wrong password: %v, %v", ok, err)
			}
		})
	}
	all.Wait()
	for range 2 {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.For("acme").Hash(context.Background(), quick, word); err != nil {
		t.Errorf("after the end of its threads: %v", err)
	}
}

// A panic on another goroutine would end the process.
func TestAPanicAsideIsTheCallers(t *testing.T) {
	a := newAside(1, prioritize, nil)
	defer a.close()
	for range 2 { // the thread goes on
		func() {
			defer func() {
				if p, ok := recover().(string); !ok || !strings.Contains(p, "broken") {
					t.Errorf("recovered %v", p)
				}
			}()
			a.do(func() bool { panic("broken") }) // as a formula with a bug would: its caller must hear of it, and the thread live on
		}()
	}
	done := false
	a.do(once(func() { done = true }))
	if !done {
		t.Error("nothing was computed afterwards")
	}
}

func TestThreadsThatCannotGiveWaySaySoOnce(t *testing.T) {
	const threads = 3
	var told atomic.Int32
	refused := errors.New("not permitted")
	a := newAside(threads, func(priority) error { return refused }, func(err error) {
		if !errors.Is(err, refused) {
			t.Error(err)
		}
		told.Add(1)
	})
	defer a.close()
	var all, meet sync.WaitGroup
	meet.Add(threads)
	for range threads {
		all.Go(func() { a.do(once(func() { meet.Done(); meet.Wait() })) }) // one on each, so that all have begun
	}
	all.Wait()
	if n := told.Load(); n != 1 {
		t.Errorf("it is told %d times", n)
	}
}

func TestWhenThreadsStarveAndWhenTheyGetOn(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		spell
		starved, gotOn bool
	}{
		"it ran all the time":            {spell{20 * ms, 20 * ms}, false, true},
		"others were busy for a moment":  {spell{90 * ms, 2 * ms}, false, false},
		"others are busy":                {spell{390 * ms, 20 * ms}, false, false},
		"others leave nearly nothing":    {spell{410 * ms, 20 * ms}, true, false},
		"it has not run at all":          {spell{101 * ms, 0}, true, false},
		"others leave a fifth":           {spell{100 * ms, 20 * ms}, false, true},
		"others leave less than a fifth": {spell{110 * ms, 20 * ms}, false, false},
	} {
		if got := c.spell.starved(); got != c.starved {
			t.Errorf("%s: starved %v", name, got)
		}
		if got := c.spell.gotOn(); got != c.gotOn {
			t.Errorf("%s: got on %v", name, got)
		}
	}
}

// once is a job of one step.
func once(compute func()) func() (done bool) {
	return func() bool {
		compute()
		return true
	}
}
