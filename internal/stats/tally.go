package stats

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// The names of what no event says, which a Tally counts.
const (
	RateLimited    = "rate_limited"
	MessagesSent   = "messages_sent"
	MessagesFailed = "messages_failed"
	WebhooksFailed = "webhooks_failed"
)

var tallied = []string{RateLimited, MessagesSent, MessagesFailed, WebhooksFailed}

// The pace and the bounds of a Tally.
const (
	writeEvery  = 10 * time.Second
	writeAtOnce = 200             // tallies in a transaction
	lastWrite   = 5 * time.Second // for the one at the stop
	shards      = 64              // of what is counted between two writes
	mostCounted = 1 << 11         // tallies in each of them
	mostWaiting = 1 << 17         // tallies that wait for the database: some 20 MiB
	hour        = int64(time.Hour / time.Second)
)

// tally is what is counted.
type tally struct {
	tenant, name string
	hour         int64 // since 1970
}

// shard is a part of what was counted since the last write. Whatever happens at one tenant is in one shard, so that a tenant that is
// attacked makes others wait for little, and takes no room of theirs.
type shard struct {
	mu     sync.Mutex
	counts map[tally]int64
	lost   int64 // that there was no room for
}

// Tally counts in memory, and adds what it has to what was counted in the database, every few seconds and when it stops. What the database
// does not take is kept until it does. Of a write whose end is not known it is assumed that it was not made: what happened as the database
// went away may be counted twice, and what happened just before the process is killed is not counted.
type Tally struct {
	store  *store.Store
	clock  clock.Clock
	log    *slog.Logger
	seed   maphash.Seed
	shards [shards]shard

	mu      sync.Mutex // held by a write
	waiting map[tally]int64
}

// NewTally is a Tally that has counted nothing.
func NewTally(st *store.Store, c clock.Clock, log *slog.Logger) *Tally {
	return &Tally{store: st, clock: c, log: log, seed: maphash.MakeSeed(), waiting: map[tally]int64{}}
}

// Count counts one more of something at a tenant. It never waits for the database.
func (t *Tally) Count(tenantID, name string) {
	one := tally{tenantID, name, t.clock.Now().Unix() / hour}
	s := &t.shards[maphash.String(t.seed, tenantID)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += put(&s.counts, mostCounted, one, 1)
}

// put adds n to what was counted, and returns how many there was no room for.
func put(counts *map[tally]int64, most int, one tally, n int64) (lost int64) {
	if *counts == nil {
		*counts = map[tally]int64{}
	}
	if _, ok := (*counts)[one]; !ok && len(*counts) >= most {
		return n
	}
	(*counts)[one] += n
	return 0
}

// gather moves what was counted to what waits for the database.
func (t *Tally) gather() (lost int64) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		counts := s.counts
		lost += s.lost
		s.counts, s.lost = nil, 0
		s.mu.Unlock()
		for one, n := range counts {
			lost += put(&t.waiting, mostWaiting, one, n)
		}
	}
	return lost
}

// Write adds what was counted to the database.
func (t *Tally) Write(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if lost := t.gather(); lost > 0 {
		t.log.WarnContext(ctx, "there was no room for everything that was counted, and some is missing from the statistics", "missing", lost)
	}
	var all []tally
	for one := range t.waiting {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b tally) int {
		return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.name, b.name), cmp.Compare(a.hour, b.hour))
	})
	var failed error
	for some := range slices.Chunk(all, writeAtOnce) {
		rows := make([]store.Tally, len(some))
		for i, one := range some {
			rows[i] = store.Tally{TenantID: one.tenant, At: time.Unix(one.hour*hour, 0).UTC(), Name: one.name, N: t.waiting[one]}
		}
		if err := t.store.AddTallies(ctx, rows); err != nil {
			if failed = err; errors.Is(err, store.ErrUnavailable) {
				break // for the others, too
			}
			continue
		}
		for _, one := range some {
			delete(t.waiting, one)
		}
	}
	return failed
}

// Run writes what was counted for as long as ctx lasts, and once more at its end, as long as drain lasts.
func (t *Tally) Run(ctx, drain context.Context) error {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			t.end(drain)
			return nil
		case <-tick.C:
		}
		if err := t.Write(ctx); err != nil && ctx.Err() == nil {
			t.log.WarnContext(ctx, "cannot write what was counted; trying again in a moment", "error", err)
		}
	}
}

// end writes what was counted last, for as long as there is time: a statement that was begun heeds no context.
func (t *Tally) end(drain context.Context) {
	ctx, cancel := context.WithTimeout(drain, lastWrite)
	defer cancel()
	written := make(chan error, 1)
	go func() { written <- t.Write(ctx) }()
	var err error
	select {
	case err = <-written:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		t.log.WarnContext(ctx, "cannot write what was counted last; it is missing from the statistics", "error", err)
	}
}
