package stats

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// TestTallyIsBounded: what there is no room for is said to be missing, and what has its place goes on being counted.
func TestTallyIsBounded(t *testing.T) {
	var log bytes.Buffer
	counter := NewTally(testkit.Open(t, "sqlite", nil), clock.At(testkit.Start), slog.New(slog.NewTextHandler(&log, nil)))
	for range 2 {
		for i := range mostCounted + 10 {
			counter.Count("one", fmt.Sprint(i)) // in the shard of its tenant, all of them
		}
	}
	if lost := counter.gather(); len(counter.waiting) != mostCounted || lost != 20 {
		t.Errorf("%d are kept and %d lost", len(counter.waiting), lost)
	}
	for one, n := range counter.waiting {
		if n != 2 {
			t.Fatalf("%v was counted %d times", one, n)
		}
	}
	for i := range mostWaiting {
		put(&counter.waiting, mostWaiting, tally{tenant: "two", name: fmt.Sprint(i)}, 1)
	}
	counter.Count("three", "0")
	counter.Count("one", "0")
	if lost := counter.gather(); len(counter.waiting) != mostWaiting || lost != 1 {
		t.Errorf("%d wait and %d are lost", len(counter.waiting), lost)
	}
	clear(counter.waiting)
	counter.shards[0].lost = 7
	if err := counter.Write(t.Context()); err != nil || !strings.Contains(log.String(), "missing=7") {
		t.Errorf("%v, and it says %q", err, &log)
	}
}

// BenchmarkCount is what counting costs a request, while as many others as there are processors count at the same tenant.
func BenchmarkCount(b *testing.B) {
	counter := NewTally(nil, clock.System{}, slog.New(slog.DiscardHandler))
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			counter.Count("01a21571-0dc0-7f2f-bba8-188277052ec0", RateLimited)
		}
	})
}
