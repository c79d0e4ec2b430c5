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
	tally := NewTally(testkit.Open(t, "sqlite", nil), clock.At(testkit.Start), slog.New(slog.NewTextHandler(&log, nil)))
	for range 2 {
		for i := range mostCounted + 10 {
			tally.Count("one", fmt.Sprint(i)) // in the shard of its tenant, all of them
		}
	}
	if lost := tally.gather(); len(tally.waiting) != mostCounted || lost != 20 {
		t.Errorf("%d are kept and %d lost", len(tally.waiting), lost)
	}
	for one, n := range tally.waiting {
		if n != 2 {
			t.Fatalf("%v was counted %d times", one, n)
		}
	}
	for i := range mostWaiting {
		put(&tally.waiting, mostWaiting, one("two", i), 1)
	}
	tally.Count("three", "0")
	tally.Count("one", "0")
	if lost := tally.gather(); len(tally.waiting) != mostWaiting || lost != 1 {
		t.Errorf("%d wait and %d are lost", len(tally.waiting), lost)
	}
	clear(tally.waiting)
	tally.shards[0].lost = 7
	if err := tally.Write(t.Context()); err != nil || !strings.Contains(log.String(), "missing=7") {
		t.Errorf("%v, and it says %q", err, &log)
	}
}

func one(tenant string, i int) tally { return tally{tenant: tenant, name: fmt.Sprint(i)} }

// BenchmarkCount is what counting costs a request, while as many others as there are processors count at the same tenant.
func BenchmarkCount(b *testing.B) {
	tally := NewTally(nil, clock.System{}, slog.New(slog.DiscardHandler))
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			tally.Count("01a21571-0dc0-7f2f-bba8-188277052ec0", RateLimited)
		}
	})
}
