package stats_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/stats"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// tallied is what was counted of a tenant in a span, around the time at which tests begin.
func (h *house) tallied(of *tenants.Tenant, span store.Span) string {
	h.Helper()
	return shows(h.store.For(of).Stats(h.Context(), span, testkit.Start.AddDate(0, -1, 0), testkit.Start.AddDate(0, 1, 0)))
}

func (h *house) tally() *stats.Tally {
	return stats.NewTally(h.store, h.clock, slog.New(slog.DiscardHandler))
}

func TestTalliesAreAddedOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		ctx, tally, other := t.Context(), h.tally(), h.tally() // of two servers
		count := func(of *stats.Tally, tenant *tenants.Tenant, n int, name string) {
			for range n {
				of.Count(tenant.ID, name)
			}
		}
		count(tally, h.acme, 3, stats.RateLimited)
		count(other, h.acme, 4, stats.RateLimited)
		count(tally, h.acme, 1, stats.MessagesSent)
		count(tally, h.other, 2, stats.WebhooksFailed)
		h.clock.Advance(time.Hour)
		count(tally, h.acme, 5, stats.RateLimited)
		h.is("before it is written", h.tallied(h.acme, store.Month), "")
		for range 2 {
			h.must(tally.Write(ctx))
			h.must(other.Write(ctx))
			h.must(h.roller.Roll(ctx))
		}
		h.is("by the hour", h.tallied(h.acme, store.Hour), "01T12 messages_sent 1, 01T12 rate_limited 7, 01T13 rate_limited 5")
		h.is("by the day", h.tallied(h.acme, store.Day), "01T00 messages_sent 1, 01T00 rate_limited 12")
		h.is("by the month", h.tallied(h.acme, store.Month), "01T00 messages_sent 1, 01T00 rate_limited 12")
		h.is("the other", h.tallied(h.other, store.Day), "01T00 webhooks_failed 2")
		h.is("all", shows(h.store.PlatformStats(ctx, store.Day, testkit.Start.AddDate(0, 0, -1), testkit.Start.AddDate(0, 0, 1))),
			"01T00 messages_sent 1, 01T00 rate_limited 12, 01T00 webhooks_failed 2")
		for _, name := range []string{stats.RateLimited, stats.MessagesSent, stats.MessagesFailed, stats.WebhooksFailed} {
			if !strings.Contains(strings.Join(stats.Names(), " "), name) {
				t.Errorf("%s is not among the names", name)
			}
		}
	})
}

// TestTalliesOfATenantThatIsGoneAreLeftOut: a purge leaves nothing behind, and nothing comes after it. Neither do they keep others from
// being counted.
func TestTalliesOfATenantThatIsGoneAreLeftOut(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		tally := h.tally()
		for state, want := range map[tenants.State]bool{
			tenants.Active: true, tenants.Suspended: true, tenants.Deleted: true, tenants.Purging: false, tenants.Purged: false,
		} {
			one := testkit.AddTenant(t, h.store, string(state), "")
			_, err := h.raw.ExecContext(t.Context(), `UPDATE tenants SET state = $1 WHERE id = $2`, string(state), one.ID)
			h.must(err)
			tally.Count(one.ID, stats.RateLimited)
			h.must(tally.Write(t.Context()))
			if got := h.tallied(one, store.Day) != ""; got != want {
				t.Errorf("%s: counted is %v", state, got)
			}
		}
		tally.Count(secret.NewID(), stats.RateLimited)
		tally.Count(h.acme.ID, stats.RateLimited)
		h.must(tally.Write(t.Context()))
		h.is("one that is there", h.tallied(h.acme, store.Day), "01T00 rate_limited 1")
	})
}

// TestNothingIsLostWhileTheDatabaseIsAway, nor counted twice, whichever statement fails.
func TestNothingIsLostWhileTheDatabaseIsAway(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var fails atomic.Int64 // the statement that fails; none of them where it is below 0
		fails.Store(-1)
		at := testkit.URL(t, engine)
		st := testkit.OpenURL(t, at, func(string, string) error {
			if fails.Load() >= 0 && fails.Add(-1) < 0 {
				fails.Store(0) // and all that follow
				return context.DeadlineExceeded
			}
			return nil
		})
		acme := testkit.AddTenant(t, st, "acme", "")
		c := clock.At(testkit.Start)
		tally := stats.NewTally(st, c, slog.New(slog.DiscardHandler))
		for n := range 4 {
			tally.Count(acme.ID, stats.RateLimited)
			fails.Store(int64(n))
			if err := tally.Write(t.Context()); !errors.Is(err, store.ErrUnavailable) {
				t.Fatalf("the write at whose statement %d the database is away ends with %v", n, err)
			}
			c.Advance(time.Hour)
		}
		fails.Store(-1)
		if err := tally.Write(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := shows(st.For(acme).Stats(t.Context(), store.Hour, testkit.Start, testkit.Start.AddDate(0, 0, 1))); got !=
			"01T12 rate_limited 1, 01T13 rate_limited 1, 01T14 rate_limited 1, 01T15 rate_limited 1" {
			t.Error(got)
		}
	})
}

// TestManyTallyAtOnce, from several servers, while everything is written again and again.
func TestManyTallyAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		servers := []*stats.Tally{h.tally(), h.tally(), h.tally()}
		var all sync.WaitGroup
		for _, server := range servers {
			for range 4 {
				all.Go(func() {
					for range 500 {
						server.Count(h.acme.ID, stats.RateLimited)
						server.Count(h.other.ID, stats.MessagesSent)
					}
				})
			}
			all.Go(func() {
				for range 10 {
					if err := server.Write(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		for _, server := range servers {
			h.must(server.Write(t.Context()))
		}
		h.is("one", h.tallied(h.acme, store.Day), "01T00 rate_limited 6000")
		h.is("the other", h.tallied(h.other, store.Hour), "01T12 messages_sent 6000")
	})
}

// TestTheLastIsWrittenAtTheStop, unless there is no time for it, which is said.
func TestTheLastIsWrittenAtTheStop(t *testing.T) {
	h := newHouse(t, "sqlite")
	var log bytes.Buffer
	tally := stats.NewTally(h.store, h.clock, slog.New(slog.NewTextHandler(&log, nil)))
	stopped, stop := context.WithCancel(t.Context())
	stop()
	tally.Count(h.acme.ID, stats.RateLimited)
	h.must(tally.Run(stopped, t.Context()))
	h.is("at the stop", h.tallied(h.acme, store.Hour), "01T12 rate_limited 1")
	if log.Len() > 0 {
		t.Errorf("it says %s", &log)
	}
	tally.Count(h.acme.ID, stats.RateLimited)
	h.must(h.store.Close())
	h.must(tally.Run(stopped, t.Context()))
	if !strings.Contains(log.String(), "missing from the statistics") {
		t.Errorf("it says %q", &log)
	}
}

// TestTheStopDoesNotWaitForASilentDatabase: what is left then is said to be missing.
func TestTheStopDoesNotWaitForASilentDatabase(t *testing.T) {
	answers := make(chan struct{})
	asked := make(chan struct{}, 100)
	var silent atomic.Bool
	st := testkit.Open(t, "sqlite", func(string, string) error {
		if silent.Load() {
			asked <- struct{}{}
			<-answers
		}
		return nil
	})
	t.Cleanup(func() { close(answers) })
	acme := testkit.AddTenant(t, st, "acme", "")
	var log bytes.Buffer
	tally := stats.NewTally(st, clock.At(testkit.Start), slog.New(slog.NewTextHandler(&log, nil)))
	tally.Count(acme.ID, stats.RateLimited)
	silent.Store(true)
	stopped, stop := context.WithCancel(t.Context())
	drain, cut := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tally.Run(stopped, drain) }()
	stop()
	<-asked
	cut()
	if err := <-ended; err != nil || !strings.Contains(log.String(), "missing from the statistics") {
		t.Errorf("%v, and it says %q", err, &log)
	}
}
