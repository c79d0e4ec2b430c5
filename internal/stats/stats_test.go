package stats_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/audit"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/stats"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// house is a database with two tenants, whose events are counted.
type house struct {
	testing.TB
	store       *store.Store
	raw         *sql.DB
	clock       *clock.Fake
	keeper      *audit.Keeper
	roller      *stats.Roller
	acme, other *tenants.Tenant
	queries     []string
}

func newHouse(t testing.TB, engine string) *house {
	t.Helper()
	at := testkit.URL(t, engine)
	h := &house{TB: t, raw: testkit.Raw(t, at), clock: clock.At(testkit.Start)}
	var mu sync.Mutex
	h.store = testkit.OpenURL(t, at, func(_, query string) error {
		mu.Lock()
		defer mu.Unlock()
		h.queries = append(h.queries, query)
		return nil
	})
	h.acme, h.other = testkit.AddTenant(t, h.store, "acme", ""), testkit.AddTenant(t, h.store, "other", "")
	h.keeper = audit.New(audit.Options{Store: h.store, Tenants: h.store.TenantByID, Clock: h.clock, Followers: []audit.Follower{stats.Counter{}}})
	h.roller = &stats.Roller{Store: h.store, Log: slog.New(slog.DiscardHandler)}
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// does writes events of a user.
func (h *house) does(t *tenants.Tenant, user string, actions ...store.Action) {
	h.Helper()
	for _, a := range actions {
		e := &store.Event{ID: secret.NewID(), At: h.clock.Now(), Action: a, UserID: user, Actor: store.Actor{Kind: store.ByUser, ID: user},
			Details: []byte(`{"methods":["password","totp","made up"]}`)}
		if a == store.LoginFailed {
			e.Actor = store.Actor{}
		}
		h.must(h.store.For(t).One(func(tx *store.Tx) error { return tx.AddEvent(h.Context(), e) }))
	}
}

// count counts what is new.
func (h *house) count() {
	h.Helper()
	h.must(h.keeper.Pass(h.Context()))
	h.must(h.roller.Roll(h.Context()))
}

// shows is what was counted in a span, as text.
func shows(all []store.Stat, err error) string {
	if err != nil {
		return err.Error()
	}
	var parts []string
	for _, s := range all {
		parts = append(parts, fmt.Sprintf("%s %s %d", s.At.Format("02T15"), s.Name, s.N))
	}
	return strings.Join(parts, ", ")
}

func (h *house) is(what, got, want string) {
	h.Helper()
	if got != want {
		h.Errorf("%s:\n%s, not\n%s", what, got, want)
	}
}

func TestEventsAreCountedOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		ann, bob, ctx := secret.NewID(), secret.NewID(), t.Context()
		begin, end := testkit.Start.AddDate(0, -1, 0), testkit.Start.AddDate(0, 1, 0)
		of := func(tenant *tenants.Tenant, span store.Span) string {
			return shows(h.store.For(tenant).Stats(ctx, span, begin, end))
		}
		h.does(h.acme, ann, store.UserSignedUp, store.UserLoggedIn, store.LoginFailed, store.BrowserTrusted)
		h.does(h.other, ann, store.UserLoggedIn)
		h.count()
		h.count()
		h.clock.Advance(time.Hour)
		h.does(h.acme, ann, store.UserLoggedIn)
		h.does(h.acme, bob, store.UserLoggedIn, store.FactorAdded, store.FactorRemoved)
		h.count()
		h.clock.Advance(24 * time.Hour)
		h.does(h.acme, bob, store.UserLoggedOut)
		h.does(h.acme, secret.NewID(), store.LoginFailed) // who is not let in is not active
		h.count()
		h.is("by the hour", of(h.acme, store.Hour), "01T12 login_failures 1, 01T12 logins 1, 01T12 logins_by_password 1, 01T12 logins_by_totp 1, "+
			"01T12 signups 1, 01T13 factor_changes 2, 01T13 logins 2, 01T13 logins_by_password 2, 01T13 logins_by_totp 2, "+
			"02T13 login_failures 1, 02T13 logouts 1")
		h.is("by the day", of(h.acme, store.Day), "01T00 active_users 2, 01T00 factor_changes 2, 01T00 login_failures 1, 01T00 logins 3, "+
			"01T00 logins_by_password 3, 01T00 logins_by_totp 3, 01T00 signups 1, 02T00 active_users 1, 02T00 login_failures 1, 02T00 logouts 1")
		h.is("by the month", of(h.acme, store.Month), "01T00 active_users 2, 01T00 factor_changes 2, 01T00 login_failures 2, 01T00 logins 3, "+
			"01T00 logins_by_password 3, 01T00 logins_by_totp 3, 01T00 logouts 1, 01T00 signups 1")
		h.is("the other", of(h.other, store.Month), "01T00 active_users 1, 01T00 logins 1, 01T00 logins_by_password 1, 01T00 logins_by_totp 1")
		h.is("all", shows(h.store.PlatformStats(ctx, store.Month, begin, end)), "01T00 active_users 3, 01T00 factor_changes 2, "+
			"01T00 login_failures 2, 01T00 logins 4, 01T00 logins_by_password 4, 01T00 logins_by_totp 4, 01T00 logouts 1, 01T00 signups 1")
		top, err := h.store.TopTenants(ctx, store.Month, store.Month.Begin(testkit.Start), stats.Logins, 10)
		if err != nil || len(top) != 2 || top[0].Slug != "acme" || top[0].N != 3 || top[1].N != 1 {
			t.Errorf("the top is %+v, %v", top, err)
		}
	})
}

// TestUseOfASessionIsActivity, once a day, without a statement of its own.
func TestUseOfASessionIsActivity(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		ctx, scope := t.Context(), h.store.For(h.acme)
		u := store.User{ID: secret.NewID(), Active: true, Epoch: 1, CreatedAt: h.clock.Now()}
		x := &store.Session{ID: secret.NewID(), Token: []byte("t"), Client: store.App, UserID: u.ID, Epoch: 1, Methods: []byte("[]"), State: []byte("{}"),
			Version: 1, CreatedAt: h.clock.Now(), SeenAt: h.clock.Now(), ExpiresAt: h.clock.Now().AddDate(0, 1, 0)}
		h.must(scope.Do(ctx, func(tx *store.Tx) error {
			h.must(tx.AddUser(ctx, &u, ""))
			return tx.AddSession(ctx, x, &u)
		}))
		for range 5 * 24 / 7 {
			h.clock.Advance(7 * time.Hour)
			last := x.SeenAt
			x.SeenAt = h.clock.Now()
			h.must(scope.One(func(tx *store.Tx) error { return tx.TouchSession(ctx, x, last, false) }))
		}
		h.does(h.acme, u.ID, store.UserReauthenticated) // of somebody who was active that day already
		h.count()
		begin, end := testkit.Start.AddDate(0, -1, 0), testkit.Start.AddDate(0, 1, 0)
		h.is("by the day", shows(scope.Stats(ctx, store.Day, begin, end)), "02T00 active_users 1, 03T00 active_users 1, 04T00 active_users 1, "+
			"05T00 active_users 1, 06T00 active_users 1")
		h.is("by the month", shows(scope.Stats(ctx, store.Month, begin, end)), "01T00 active_users 1")
	})
}

// TestManyCountAtOnce, and each is counted once.
func TestManyCountAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 25 {
					h.does(h.acme, secret.NewID(), store.UserLoggedIn)
					if err := h.keeper.Pass(t.Context()); err != nil {
						t.Error(err)
					}
					if err := h.roller.Roll(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		h.count()
		want := "01T00 active_users 100, 01T00 logins 100, 01T00 logins_by_password 100, 01T00 logins_by_totp 100"
		h.is("the tenant's", shows(h.store.For(h.acme).Stats(t.Context(), store.Day, testkit.Start.AddDate(0, 0, -1), testkit.Start)), want)
		h.is("all", shows(h.store.PlatformStats(t.Context(), store.Day, testkit.Start.AddDate(0, 0, -1), testkit.Start)), want)
	})
}

func TestOldCountsAreRemoved(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		h.does(h.acme, secret.NewID(), store.UserLoggedIn)
		h.count()
		rows := func(table string) (n int) {
			h.must(h.raw.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
			return n
		}
		sweep := func(after time.Duration) {
			for {
				n, err := stats.Sweep(context.Background(), h.store, testkit.Start.Add(after), 2)
				h.must(err)
				if n < 2 {
					return
				}
			}
		}
		sweep(24 * time.Hour)
		if rows("stats") != 11 || rows("active_users") != 2 {
			t.Errorf("%d counts and %d active users after a day", rows("stats"), rows("active_users"))
		}
		sweep(90 * 24 * time.Hour)
		if rows("stats") != 11 || rows("active_users") != 0 {
			t.Errorf("%d counts and %d active users after three months", rows("stats"), rows("active_users"))
		}
		sweep(3 * 366 * 24 * time.Hour)
		if rows("stats") != 0 || rows("platform_stats") != 0 {
			t.Errorf("%d counts and %d sums after three years", rows("stats"), rows("platform_stats"))
		}
	})
}

// TestNoTableIsScanned: neither to count nor to tell what was counted.
func TestNoTableIsScanned(t *testing.T) {
	h := newHouse(t, "sqlite")
	ctx := t.Context()
	h.does(h.acme, secret.NewID(), store.UserLoggedIn)
	h.queries = nil
	h.count()
	_, err := stats.Sweep(ctx, h.store, h.clock.Now(), 10)
	h.must(err)
	_, err = h.store.For(h.acme).Stats(ctx, store.Day, testkit.Start, h.clock.Now())
	h.must(err)
	_, err = h.store.PlatformStats(ctx, store.Day, testkit.Start, h.clock.Now())
	h.must(err)
	_, err = h.store.TopTenants(ctx, store.Day, testkit.Start, stats.Logins, 10)
	h.must(err)
	looked := 0
	for _, query := range h.queries {
		if !strings.Contains(query, "stats") && !strings.Contains(query, "active_users") && !strings.Contains(query, "audit_") {
			continue
		}
		args := make([]any, strings.Count(query, "$"))
		if len(args) > 0 && strings.Contains(query, "VALUES") {
			continue // a row, by its key
		}
		rows, err := h.raw.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
		h.must(err)
		for rows.Next() {
			var id, parent, unused int
			var detail string
			h.must(rows.Scan(&id, &parent, &unused, &detail))
			looked++
			if strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "_new") {
				t.Errorf("%s: %s", detail, strings.Join(strings.Fields(query), " "))
			}
		}
		h.must(rows.Err())
		h.must(rows.Close()) //nolint:sqlclosecheck // before the next query, and not when the test is over
	}
	if looked < 10 {
		t.Errorf("only %d steps of queries were looked at", looked)
	}
}
