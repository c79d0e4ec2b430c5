package passhash

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
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
	a := newAside(1, giveWay, nil)
	defer a.close()
	for range 2 { // the thread goes on
		func() {
			defer func() {
				if p, ok := recover().(string); !ok || !strings.Contains(p, "broken") {
					t.Errorf("recovered %v", p)
				}
			}()
			a.do(func() { panic("broken") }) // as a formula with a bug would: its caller must hear of it, and the thread live on
		}()
	}
	done := false
	a.do(func() { done = true })
	if !done {
		t.Error("nothing was computed afterwards")
	}
}

func TestThreadsThatCannotGiveWaySaySoOnce(t *testing.T) {
	const threads = 3
	var told atomic.Int32
	refused := errors.New("not permitted")
	a := newAside(threads, func() error { return refused }, func(err error) {
		if !errors.Is(err, refused) {
			t.Error(err)
		}
		told.Add(1)
	})
	defer a.close()
	var all, meet sync.WaitGroup
	meet.Add(threads)
	for range threads {
		all.Go(func() { a.do(func() { meet.Done(); meet.Wait() }) }) // one on each, so that all have begun
	}
	all.Wait()
	if n := told.Load(); n != 1 {
		t.Errorf("it is told %d times", n)
	}
}
