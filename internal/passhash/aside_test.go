package passhash

import (
	"context"
	"errors"
	"runtime"
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
			a.whole(func() { panic("broken") }) // as a formula with a bug would: its caller must hear of it, and the thread live on
		}()
	}
	done := false
	a.whole(func() { done = true })
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
	for _, p := range []priority{spare, steady} { // one on each, so that all have begun
		var all, meet sync.WaitGroup
		meet.Add(threads)
		for range threads {
			all.Go(func() { on(a, p, func() { meet.Done(); meet.Wait() }) })
		}
		all.Wait()
	}
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

// on computes in one step on a thread of that priority.
func on(a *aside, p priority, compute func()) {
	a.mu.Lock()
	a.starving = p == steady
	a.mu.Unlock()
	a.do(func() bool {
		compute()
		return true
	})
}

// starves says whether spare threads are taken for starving.
func (a *aside) starves() bool { return a.next(true) == steady }

func TestSpareThreadsAreTriedAgainOnceThereIsTime(t *testing.T) {
	a := newAside(0, prioritize, nil)
	a.starve()
	for range 2 {
		a.judge(spell{shortTrial, shortTrial / 10})
		a.judge(spell{shortTrial / 10, shortTrial / 10}) // one that goes first, since it slept
		if !a.starves() {
			t.Fatal("little time is taken for enough")
		}
	}
	a.judge(spell{2 * shortTrial, 0}) // whatever was counted so far is judged
	a.judge(spell{shortTrial, shortTrial / 4})
	if a.starves() {
		t.Error("a quarter of a core is taken for too little")
	}
}

func TestSpareThreadsThatStarveAgainAreTriedLater(t *testing.T) {
	a := newAside(0, prioritize, nil)
	fine := spell{shortTrial, shortTrial}
	a.starve()
	for _, trials := range []int{1, 2, 4, 8} {
		for n := range trials {
			if !a.starves() {
				t.Fatalf("tried again after %d of %d", n, trials)
			}
			a.judge(fine)
		}
		if a.starves() {
			t.Fatalf("not tried again after %d", trials)
		}
		a.judge(fine) // of jobs that were on steady threads still: it counts for nothing
		a.starve()
	}
	a.since = time.Now().Add(-time.Hour)
	a.starving = false
	if a.starve(); a.trial != shortTrial {
		t.Errorf("after an hour the trial is %v", a.trial)
	}
}

// A hash goes on on another thread where its own is told to hand it on, and comes out the same.
func TestAHashIsHandedOnBetweenItsSteps(t *testing.T) {
	h := New(Options{Workers: 1, Aside: true})
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h.aside = newAside(0, prioritize, nil)
	steps := 0
	go func() {
		j := <-h.aside.jobs[spare]
		for range 3 {
			j.step()
			steps++
		}
		h.aside.starve()
		j.left <- outcome{handedOn: true}
		j = <-h.aside.jobs[steady]
		for done := false; !done; steps++ {
			done = j.step()
		}
		j.left <- outcome{done: true}
	}()
	encoded, err := h.For("acme").Hash(t.Context(), quick, word)
	if err != nil {
		t.Fatal(err)
	}
	if want := int(quick.Time) * passSlices; steps != want {
		t.Errorf("it had %d steps, want %d", steps, want)
	}
	if ok, _, err := New(Options{}).For("acme").Verify(t.Context(), quick, encoded, word); !ok || err != nil {
		t.Errorf("verify: %v, %v", ok, err)
	}
}

// What has no steps, or is computed by the library's own threads, goes to steady threads, and says nothing of how those get on.
func TestHashesWithoutStepsAreNotJudged(t *testing.T) {
	h := New(Options{Workers: 1, Aside: true})
	defer func() { _ = h.Close() }() // it cannot fail
	foreign := Params{Memory: 1024, Time: 1, Threads: 2}
	encoded, err := New(Options{}).For("acme").Hash(t.Context(), foreign, word)
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.For("acme").Verify(t.Context(), foreign, encoded, word); !ok || err != nil {
		t.Fatalf("verify: %v, %v", ok, err)
	}
	h.aside.whole(func() { time.Sleep(150 * time.Millisecond) })
	if h.aside.starves() || h.aside.steadily != (spell{}) {
		t.Errorf("they are taken for starving: %+v", h.aside.steadily)
	}
}

func TestAStepThatEndsItsGoroutineHangsNobody(t *testing.T) {
	a := newAside(1, prioritize, nil)
	defer a.close()
	defer func() {
		if recover() == nil {
			t.Error("nobody is told")
		}
	}()
	a.do(func() bool { runtime.Goexit(); return false })
}
