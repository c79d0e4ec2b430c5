package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestBacklogIsWhatWaits(t *testing.T) {
	onBoth(t, func(w world) {
		ctx, now := w.Context(), start.Add(time.Hour)
		is := func(when string, want store.Backlog) {
			t.Helper()
			if got, err := w.st.Backlog(ctx, now); err != nil || got != want {
				t.Errorf("%s: got %+v, %v, not %+v", when, got, err, want)
			}
		}
		is("at first", store.Backlog{})

		for _, of := range []*tenants.Tenant{w.a, w.b} {
			for i := range 3 {
				m := &store.Message{ID: secret.NewID(), Kind: "login_code", Channel: store.Mail, CreatedAt: start, DueAt: start.Add(time.Duration(i) * 40 * time.Minute)}
				w.must(w.st.For(of).One(func(tx *store.Tx) error { return tx.AddMessage(ctx, m) }))
			}
			w.must(w.st.For(of).One(func(tx *store.Tx) error {
				return tx.AddEvent(ctx, &store.Event{ID: secret.NewID(), At: start.Add(30 * time.Minute), Action: store.UserLoggedIn, Actor: store.Actor{Kind: store.ByUser}, Details: []byte("{}")})
			}))
		}
		want := store.Backlog{Messages: 6, Due: 4, OldestDue: time.Hour, Unchained: 2, OldestEvent: 30 * time.Minute}
		is("with messages and events", want)

		leased, err := w.st.LeaseMessages(ctx, start, now.Add(time.Hour), 10)
		w.must(err)
		if len(leased) != 2 {
			t.Fatalf("%d are due", len(leased))
		}
		w.must(w.st.FailMessage(ctx, leased[0], now, "no", true))
		w.must(w.st.ExpireMessage(ctx, leased[1], now.Add(-25*time.Hour), "late")) // more than a day ago
		want.Messages, want.Due, want.OldestDue, want.GivenUp = 4, 2, 20*time.Minute, 1
		is("with messages given up", want)

		h := w.webhook(w.a)
		w.delivery(w.a, h.ID, "")
		want.Deliveries, want.OldestWebhook = 1, time.Hour
		is("with a webhook that is due", want)
		lease := w.leases(h.ID, start)
		if len(lease) != 1 {
			t.Fatalf("%d webhooks are leased", len(lease))
		}
		w.must(w.st.For(w.a).Do(ctx, func(tx *store.Tx) error {
			return tx.ReleaseWebhook(ctx, h.ID, lease[0].Lease, store.WebhookRound{Failures: 1, FailingSince: start, PausedUntil: now.Add(time.Minute)})
		}))
		want.OldestWebhook, want.Failing = 0, 1
		is("with a webhook that fails, and is left alone", want)
		w.must(w.st.For(w.a).Do(ctx, func(tx *store.Tx) error { return tx.DisableWebhook(ctx, h.ID, "failing", now) }))
		got, err := w.st.Backlog(ctx, now)
		w.must(err)
		want.Failing, want.Disabled, want.Deliveries = 0, 1, got.Deliveries // what becomes of deliveries then is another test's
		is("with a webhook that was disabled", want)

		i := &store.Import{ID: secret.NewID(), Format: "ndjson", OnConflict: "skip", State: store.UploadingImport, CreatedAt: start, TouchedAt: start}
		w.must(w.st.For(w.b).One(func(tx *store.Tx) error { return tx.AddImport(ctx, i) }))
		is("with an import that was not started", want)
		w.must(w.st.For(w.b).Do(ctx, func(tx *store.Tx) error { return tx.StartImport(ctx, i.ID, 0, 0, start.Add(10*time.Minute)) }))
		want.Imports, want.IdleImport = 1, 50*time.Minute
		is("with an import that runs", want)

		w.put(w.a, store.SigningKey{ID: "k", Algorithm: "RS256", Origin: "generated", Private: []byte("sealed"), CreatedAt: start, SignsFrom: start, DueAt: start})
		want.OverdueKeys = 1
		is("with a key that is overdue", want)
	})
}

// metered keeps what a Meter is told.
type metered struct {
	mu     sync.Mutex
	kinds  map[store.Kind]int
	faults []store.Class
}

func (m *metered) Statement(kind store.Kind, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if took >= 0 {
		m.kinds[kind]++
	}
}

func (m *metered) Fault(class store.Class) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = append(m.faults, class)
}

func TestStatementsAreMeasured(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		m := &metered{kinds: map[store.Kind]int{}}
		var fail error
		st, err := store.Open(store.Options{
			URL: testkit.URL(t, engine), Keys: testkit.Keys(t), MaxConns: 1, Meter: m,
			Observe: func(op, _ string) error {
				if op == faultdb.Query {
					return fail
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = st.Close() }()
		a := testkit.AddTenant(t, st, "acme", "")
		if m.kinds[store.Exec] == 0 || m.kinds[store.Commit] != 1 || len(m.faults) != 0 {
			t.Errorf("a tenant was made with %v and the faults %v", m.kinds, m.faults)
		}
		_, err = st.TenantByID(t.Context(), a.ID)
		if err != nil || m.kinds[store.Query] == 0 {
			t.Errorf("a tenant was read with %v, %v", m.kinds, err)
		}
		_, err = st.TenantByID(t.Context(), secret.NewID())
		if err == nil || len(m.faults) != 0 {
			t.Errorf("a tenant that there is not is no fault: %v, %v", err, m.faults)
		}
		fail = faultdb.ErrInjected
		_, err = st.CountTenants(t.Context())
		if !errors.Is(err, store.ErrUnavailable) || !slices.Equal(m.faults, []store.Class{store.Unreachable}) {
			t.Errorf("a connection that breaks is told as %v, %v", m.faults, err)
		}
		fail = errors.New("something else")
		if _, err = st.CountTenants(t.Context()); err == nil || m.faults[len(m.faults)-1] != store.Broken {
			t.Errorf("something else is told as %v, %v", m.faults, err)
		}
		fail = nil

		// Somebody has the only connection that writes.
		writing := st.Pools()[len(st.Pools())-1].Name
		pool := func() store.Pool { return st.Pools()[len(st.Pools())-1] }
		short, cancel := context.WithCancel(t.Context())
		err = st.For(a).Do(t.Context(), func(*store.Tx) error {
			late := make(chan error)
			go func() { late <- st.For(a).Do(short, func(*store.Tx) error { return nil }) }()
			for pool().Waiting == 0 { // it is about to
				time.Sleep(time.Millisecond)
			}
			if p := pool(); p.Most != 1 || p.InUse != 1 || p.Waits != 1 {
				t.Errorf("the pool %s is %+v", writing, p)
			}
			cancel()
			return <-late
		})
		if err == nil || slices.Contains(m.faults, store.Starved) || pool().Waiting != 0 {
			t.Errorf("a caller who has gone is told as %v, %v", m.faults, err)
		}
		_ = st.For(a).Do(t.Context(), func(*store.Tx) error {
			short, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Millisecond))
			defer cancel()
			return st.For(a).Do(short, func(*store.Tx) error { return nil })
		})
		if m.faults[len(m.faults)-1] != store.Starved || pool().Waited <= 0 {
			t.Errorf("a caller who waits in vain is told as %v, after %v", m.faults, pool().Waited)
		}
	})
}
