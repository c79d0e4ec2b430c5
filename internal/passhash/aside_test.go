package passhash

import (
	"context"
	"strings"
	"sync"
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
	a := newAside(1)
	defer a.close()
	for range 2 { // the thread goes on
		func() {
			defer func() {
				if p, ok := recover().(string); !ok || !strings.Contains(p, "broken") {
					t.Errorf("recovered %v", p)
				}
			}()
			a.do(func() { panic("broken") })
		}()
	}
	done := false
	a.do(func() { done = true })
	if !done {
		t.Error("nothing was computed afterwards")
	}
}
