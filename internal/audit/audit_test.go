package audit_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/audit"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// bench is a database with a tenant, a Keeper, and a way past both.
type bench struct {
	testing.TB
	*audit.Keeper
	store  *store.Store
	raw    *sql.DB
	engine string
	clock  *clock.Fake
	tenant *tenants.Tenant
	user   string
	told   told
}

// told counts what an audit.Observer is told.
type told struct{ whole, broken, heads, failures int }

func (o *told) Verified(whole bool) {
	if whole {
		o.whole++
	} else {
		o.broken++
	}
}
func (o *told) HeadChanged() { o.heads++ }
func (o *told) ChainFailed() { o.failures++ }

func newBench(t testing.TB, engine string, followers ...audit.Follower) *bench {
	t.Helper()
	at := testkit.URL(t, engine)
	b := &bench{TB: t, engine: engine, clock: clock.At(testkit.Start), store: testkit.OpenURL(t, at, nil), raw: testkit.Raw(t, at)}
	b.tenant = testkit.AddTenant(t, b.store, "acme", "")
	b.Keeper = audit.New(audit.Options{Store: b.store, Tenants: b.store.TenantByID, Clock: b.clock, Followers: followers, Observer: &b.told})
	u := store.User{ID: secret.NewID(), Active: true, Epoch: 1, CreatedAt: b.clock.Now()}
	b.must(b.store.For(b.tenant).Do(t.Context(), func(tx *store.Tx) error { return tx.AddUser(t.Context(), &u, "") }))
	b.user = u.ID
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// add writes n events of a tenant.
func (b *bench) add(t *tenants.Tenant, n int) {
	b.Helper()
	b.must(b.store.For(t).Do(b.Context(), func(tx *store.Tx) error {
		for i := range n {
			e := &store.Event{ID: secret.NewID(), At: b.clock.Now(), Action: store.UserLoggedIn, UserID: b.user, IP: "192.0.2.7", UserAgent: "a test",
				Actor: store.Actor{Kind: store.ByUser, ID: b.user}, RequestID: fmt.Sprint("r", i), Details: fmt.Appendf(nil, `{"n":%d}`, i)}
			if err := tx.AddEvent(b.Context(), e); err != nil {
				return err
			}
		}
		return nil
	}))
}

// chained writes n events, and chains them.
func (b *bench) chained(n int) {
	b.Helper()
	b.add(b.tenant, n)
	b.must(b.Pass(b.Context()))
}

// verify looks at the whole chain of the tenant.
func (b *bench) verify() audit.Report {
	b.Helper()
	r, err := b.Verify(b.Context(), b.tenant, nil, 1<<30)
	b.must(err)
	return r
}

// unguarded does something that the triggers would not let pass, as whoever can drop them.
func (b *bench) unguarded(statements ...string) {
	b.Helper()
	for _, trigger := range [][2]string{{"audit_events_change", "audit_events"}, {"audit_events_removal", "audit_events"},
		{"audit_chains_change", "audit_chains"}, {"audit_chains_removal", "audit_chains"}} {
		on := ""
		if b.engine == "postgres" {
			on = " ON " + trigger[1]
		}
		b.exec("DROP TRIGGER IF EXISTS " + trigger[0] + on)
	}
	for _, s := range statements {
		b.exec(s)
	}
}

func (b *bench) exec(statement string) {
	b.Helper()
	if _, err := b.raw.ExecContext(b.Context(), statement); err != nil {
		b.Fatalf("%s: %v", statement, err)
	}
}

// one is the one value that a query gives.
func (b *bench) one(query string) (v string) {
	b.Helper()
	b.must(b.raw.QueryRowContext(b.Context(), query).Scan(&v))
	return v
}

func TestEventsAreChainedInOrder(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		b := newBench(t, engine)
		other := testkit.AddTenant(t, b.store, "other", "")
		for _, n := range []int{1, 3, 16, 17, 300, 700} {
			b.add(other, 1)
			b.chained(n)
		}
		r := b.verify()
		if r.Break != nil || r.Verified != 1037 || r.First != 1 || r.Last != 1037 || r.Next != nil || len(r.Head) != 64 {
			t.Errorf("%+v, %+v", r, r.Break)
		}
		if n := b.one(`SELECT count(*) FROM audit_events WHERE number IS NULL`); n != "0" {
			t.Errorf("%s events have no number", n)
		}
		if n := b.one(`SELECT count(*) FROM audit_events a JOIN audit_events b ON b.tenant_id = a.tenant_id AND b.number = a.number + 1 WHERE b.id < a.id`); n != "0" {
			t.Errorf("%s events come after later ones", n)
		}
		if r, err := b.Verify(t.Context(), other, nil, 1000); err != nil || r.Verified != 6 || r.Break != nil {
			t.Errorf("the other tenant's: %+v, %v", r, err)
		}
		// In parts it comes to the same.
		var from *audit.Place
		seen := int64(0)
		for {
			r, err := b.Verify(t.Context(), b.tenant, from, 100)
			b.must(err)
			seen += r.Verified
			if from = r.Next; from == nil {
				break
			}
		}
		if seen != 1037 {
			t.Errorf("%d in parts", seen)
		}
	})
}

// TestTamperingShows: whatever somebody does who can write to the database, and has no key, is told as what it is.
func TestTamperingShows(t *testing.T) {
	const where = ` WHERE tenant_id = (SELECT id FROM tenants WHERE slug = 'acme') AND number `
	forged := func(number string) string {
		return `INSERT INTO audit_events (tenant_id, id, at, action, actor_kind, actor_id, actor_name, user_id, target, session_id, ip, user_agent,
			request_id, details, number, digest, mac) SELECT tenant_id, '` + secret.NewID() + `', at, action, actor_kind, actor_id, actor_name, user_id, target,
			session_id, ip, user_agent, request_id, details, ` + number + `, digest, mac FROM audit_events` + where + `= 3`
	}
	// Numbers are unique, so that they change places in three steps.
	swap := func(a, b string) []string {
		return []string{`UPDATE audit_events SET number = -1` + where + `= ` + a, `UPDATE audit_events SET number = ` + a + where + `= ` + b,
			`UPDATE audit_events SET number = ` + b + where + `= -1`}
	}
	cases := map[string]struct {
		statements []string
		kind       audit.Kind
		number     int64
	}{
		"what was done":                 {[]string{`UPDATE audit_events SET action = 'user.logged_out'` + where + `= 5`}, audit.Changed, 5},
		"when":                          {[]string{`UPDATE audit_events SET at = '2020-01-01 00:00:00+00:00'` + where + `= 5`}, audit.Changed, 5},
		"who did it":                    {[]string{`UPDATE audit_events SET actor_id = 'else'` + where + `= 5`}, audit.Changed, 5},
		"whom it was about":             {[]string{`UPDATE audit_events SET user_id = NULL` + where + `= 5`}, audit.Changed, 5},
		"from where":                    {[]string{`UPDATE audit_events SET ip = '198.51.100.1'` + where + `= 5`}, audit.Changed, 5},
		"the name of who did it":        {[]string{`UPDATE audit_events SET actor_name = 'else'` + where + `= 5`}, audit.Changed, 5},
		"details":                       {[]string{`UPDATE audit_events SET details = '{"n":99}'` + where + `= 5`}, audit.Changed, 5},
		"the request":                   {[]string{`UPDATE audit_events SET request_id = 'else'` + where + `= 1`}, audit.Changed, 1},
		"the latest":                    {[]string{`UPDATE audit_events SET target = 'else'` + where + `= 10`}, audit.Changed, 10},
		"an erasure of somebody there":  {[]string{`UPDATE audit_events SET ip = '', user_agent = '', details = '{}', actor_name = ''` + where + `= 5`}, audit.Blanked, 5},
		"one is gone":                   {[]string{`DELETE FROM audit_events` + where + `= 5`}, audit.Removed, 5},
		"the first is gone":             {[]string{`DELETE FROM audit_events` + where + `= 1`}, audit.Removed, 1},
		"one is gone, and others moved": {[]string{`DELETE FROM audit_events` + where + `= 9`, `UPDATE audit_events SET number = 9` + where + `= 10`}, audit.Changed, 9},
		"the latest are gone":           {[]string{`DELETE FROM audit_events` + where + `> 7`}, audit.Cut, 8},
		"the latest are gone, and the head is set back": {[]string{`DELETE FROM audit_events` + where + `> 7`,
			`UPDATE audit_chains SET last_number = 7, last = (SELECT mac FROM audit_events` + where + `= 7) WHERE last_number = 10`}, audit.HeadChanged, 7},
		"the first are gone, and the beginning is moved": {[]string{`DELETE FROM audit_events` + where + `< 4`,
			`UPDATE audit_chains SET first_number = 4 WHERE last_number = 10`}, audit.HeadChanged, 10},
		"the chain is gone": {[]string{`DELETE FROM audit_chains`}, audit.HeadChanged, 0},
		"one is put in": {[]string{`UPDATE audit_events SET number = 12` + where + `= 10`, `UPDATE audit_events SET number = 11` + where + `= 9`,
			`UPDATE audit_events SET number = 10` + where + `= 8`, forged("8"), `UPDATE audit_events SET number = 9` + where + `= 10`,
			`UPDATE audit_events SET number = 10` + where + `= 11`, `UPDATE audit_events SET number = 11` + where + `= 12`}, audit.Inserted, 8},
		"one is put in at the end": {[]string{forged("11")}, audit.Inserted, 11},
		"neighbours change places": {swap("5", "6"), audit.Reordered, 5},
		"others change places":     {swap("3", "8"), audit.Reordered, 3},
		"all of it is another's":   {[]string{`UPDATE audit_events SET digest = (SELECT digest FROM audit_events` + where + `= 4)` + where + `= 5`}, audit.Changed, 5},
		"a MAC is made up":         {[]string{`UPDATE audit_events SET mac = digest` + where + `= 5`}, audit.Changed, 5},
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, engine)
				b.chained(10)
				if r := b.verify(); r.Break != nil {
					t.Fatalf("broken before: %+v", r.Break)
				}
				b.unguarded(c.statements...)
				r := b.verify()
				if r.Break == nil || r.Break.Kind != c.kind || r.Break.Number != c.number {
					t.Errorf("it is told as %+v, after %d", r.Break, r.Verified)
				}
			})
		}
	})
}

// TestHeadThatWasChangedIsLogged, since what is logged from then on would make it good.
func TestHeadThatWasChangedIsLogged(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		b := newBench(t, engine)
		b.chained(5)
		b.unguarded(`DELETE FROM audit_events WHERE number > 3`,
			`UPDATE audit_chains SET last_number = 3, last = (SELECT mac FROM audit_events WHERE number = 3)`)
		b.chained(5)
		if want := (told{whole: b.told.whole, heads: 1}); b.told != want {
			t.Errorf("the observer was told %+v, not %+v", b.told, want)
		}
		r := b.verify()
		if r.Break == nil || r.Break.Kind != audit.HeadChanged || r.Last != 9 {
			t.Errorf("%+v, %+v", r, r.Break)
		}
		if b.told.broken == 0 {
			t.Errorf("the observer was told %+v of the break", b.told)
		}
	})
}

// TestChainThatWasRemovedIsLogged, and the log goes on.
func TestChainThatWasRemovedIsLogged(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		b := newBench(t, engine)
		b.chained(5)
		b.unguarded(`DELETE FROM audit_chains`)
		b.chained(5)
		r := b.verify()
		if r.Break == nil || r.Break.Kind != audit.HeadChanged || r.First != 6 || r.Last != 11 {
			t.Errorf("%+v, %+v", r, r.Break)
		}
		b.clock.Advance(48 * time.Hour)
		if n, err := b.Retain(t.Context()); err != nil || n != 0 {
			t.Errorf("%d events from before are removed, %v", n, err)
		}
	})
}

// TestErasedEventsStayInTheChain.
func TestErasedEventsStayInTheChain(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		b := newBench(t, engine)
		b.chained(5)
		b.add(b.tenant, 2)
		operator := &store.Event{ID: secret.NewID(), At: b.clock.Now(), Action: store.SessionEnded, UserID: b.user, IP: "192.0.2.7",
			Actor: store.Actor{Kind: store.ByOperator, ID: "one", Name: "somebody else"}}
		b.must(b.store.For(b.tenant).One(func(tx *store.Tx) error { return tx.AddEvent(t.Context(), operator) }))
		b.must(b.Pass(t.Context()))
		b.must(b.store.For(b.tenant).Do(t.Context(), func(tx *store.Tx) error {
			return tx.ForgetEventsOf(t.Context(), b.user)
		}))
		if r := b.verify(); r.Break == nil || r.Break.Kind != audit.Blanked {
			t.Errorf("of somebody who is there: %+v", r.Break)
		}
		b.exec(`DELETE FROM users`)
		r := b.verify()
		if r.Break != nil || r.Erased != 8 || r.Verified != 8 {
			t.Errorf("%+v, %+v", r, r.Break)
		}
		if n := b.one(`SELECT count(*) FROM audit_events WHERE actor_name = 'somebody else'`); n != "1" {
			t.Error("it is not known any more who did it")
		}
		if n := b.one(`SELECT count(*) FROM audit_events WHERE ip <> '' OR details <> '{}'`); n != "0" {
			t.Errorf("%s are not blank", n)
		}
	})
}

// TestLogIsOnlyAddedTo: the database itself refuses everything else.
func TestLogIsOnlyAddedTo(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		b := newBench(t, engine)
		b.chained(5)
		b.add(b.tenant, 1)
		refused := []string{
			`UPDATE audit_events SET action = 'else' WHERE number = 2`, `UPDATE audit_events SET ip = 'else' WHERE number = 2`,
			`UPDATE audit_events SET ip = '' WHERE number = 2`, // all of it or nothing
			`UPDATE audit_events SET ip = '', user_agent = '', details = '{}', actor_name = 'else' WHERE number = 2`,
			`UPDATE audit_events SET details = '{"n":7}' WHERE number = 2`, `UPDATE audit_events SET number = 9 WHERE number = 2`,
			`UPDATE audit_events SET number = NULL WHERE number = 2`, `UPDATE audit_events SET mac = digest WHERE number = 2`,
			`UPDATE audit_events SET user_id = NULL WHERE number = 2`, `UPDATE audit_events SET action = 'else' WHERE number IS NULL`,
			`DELETE FROM audit_events WHERE number = 1`, `DELETE FROM audit_events WHERE number IS NULL`,
			`DELETE FROM audit_events`, `DELETE FROM audit_chains`, `UPDATE audit_chains SET last_number = last_number - 1`,
			`UPDATE audit_chains SET first_number = first_number - 1`, `UPDATE audit_chains SET first_number = last_number + 2`,
		}
		if engine == "postgres" {
			refused = append(refused, `TRUNCATE audit_events`, `TRUNCATE audit_chains`)
		}
		for _, statement := range refused {
			if _, err := b.raw.ExecContext(t.Context(), statement); err == nil {
				t.Errorf("%s was done", statement)
			}
		}
		if r := b.verify(); r.Break != nil || r.Verified != 5 {
			t.Errorf("%+v, %+v", r, r.Break)
		}
		b.exec(`UPDATE tenants SET deleted_at = created_at`) // all that is a deleted tenant's may go
		b.exec(`DELETE FROM audit_events`)
		b.exec(`DELETE FROM audit_chains`)
	})
}

// TestOldEventsAreRemoved, as the tenant wants, and the chain still holds.
func TestOldEventsAreRemoved(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		b := newBench(t, engine)
		forEver := testkit.AddTenant(t, b.store, "ever", `{"audit": {"retention_days": 0}}`)
		b.add(forEver, 3)
		b.chained(1500)
		b.clock.Advance(300 * 24 * time.Hour)
		b.chained(3)
		retain := func(want int64) {
			t.Helper()
			n, err := b.Retain(t.Context())
			b.must(err)
			if n != want {
				t.Errorf("%d were removed, not %d", n, want)
			}
		}
		retain(0)
		b.clock.Advance(65*24*time.Hour - time.Hour)
		retain(0)
		b.clock.Advance(2 * time.Hour)
		retain(1500)
		retain(0)
		r := b.verify()
		if r.Break != nil || r.First != 1501 || r.Verified != 3 {
			t.Errorf("%+v, %+v", r, r.Break)
		}
		b.chained(2)
		if r := b.verify(); r.Break != nil || r.Last != 1505 {
			t.Errorf("%+v, %+v", r, r.Break)
		}
		b.clock.Advance(1000 * 24 * time.Hour)
		retain(5)
		if r := b.verify(); r.Break != nil || r.First != 1506 || r.Last != 1505 {
			t.Errorf("of nothing: %+v, %+v", r, r.Break)
		}
		b.chained(1)
		if r := b.verify(); r.Break != nil || r.Verified != 1 {
			t.Errorf("after nothing: %+v, %+v", r, r.Break)
		}
		b.exec(`UPDATE tenants SET data_key = '' WHERE slug = 'acme'`) // nobody can read it any more
		b.clock.Advance(1000 * 24 * time.Hour)
		retain(0)
		if ids, err := b.store.TenantsWithDueChains(t.Context(), b.clock.Now(), 10); err != nil || len(ids) != 0 {
			t.Errorf("%v keep others waiting, %v", ids, err)
		}
		if n := b.one(`SELECT count(*) FROM audit_events WHERE tenant_id = '` + forEver.ID + `'`); n != "3" {
			t.Errorf("%s of those that are kept for ever are left", n)
		}
	})
}

// counting is a follower that fails when it is told to.
type counting struct {
	mu     sync.Mutex
	seen   []int64
	refuse error
}

func (c *counting) Follow(_ context.Context, _ *store.Tx, t *tenants.Tenant, events []store.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuse != nil && t.Slug == "acme" {
		return c.refuse
	}
	for _, e := range events {
		if t.Slug == "acme" {
			c.seen = append(c.seen, e.Number)
		}
	}
	return nil
}

// TestManyKeepersChainEachEventOnce, and followers see each once and in order.
func TestManyKeepersChainEachEventOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var c counting
		b := newBench(t, engine, &c)
		ctx, stop := context.WithCancel(t.Context())
		var keepers, writers sync.WaitGroup
		for range 3 {
			k := audit.New(audit.Options{Store: b.store, Tenants: b.store.TenantByID, Clock: b.clock, Followers: []audit.Follower{&c}})
			keepers.Go(func() { _ = k.Run(ctx) })
		}
		for range 4 {
			writers.Go(func() {
				for range 20 {
					b.add(b.tenant, 7)
				}
			})
		}
		writers.Wait()
		for end := time.Now().Add(time.Minute); b.one(`SELECT count(*) FROM audit_events WHERE number IS NULL`) != "0"; {
			if time.Now().After(end) {
				t.Fatal("events are not chained")
			}
			time.Sleep(10 * time.Millisecond)
		}
		stop()
		keepers.Wait()
		if r := b.verify(); r.Break != nil || r.Verified != 560 {
			t.Errorf("%+v, %+v", r, r.Break)
		}
		if len(c.seen) != 560 || !slices.IsSorted(c.seen) || len(slices.Compact(c.seen)) != 560 {
			t.Errorf("followers saw %d", len(c.seen))
		}
	})
}

// TestTenantThatCannotBeChainedKeepsNobodyWaiting.
func TestTenantThatCannotBeChainedKeepsNobodyWaiting(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		c := counting{refuse: errors.New("no")}
		b := newBench(t, engine, &c)
		others := []*tenants.Tenant{b.tenant, testkit.AddTenant(t, b.store, "other", "")}
		lost := &tenants.Tenant{ID: "00000000-0000-7000-8000-000000000009"}
		for _, t := range append(others, lost) {
			b.add(t, 2)
		}
		b.must(b.Pass(t.Context()))
		if got := b.one(`SELECT count(*) FROM audit_events WHERE number IS NOT NULL`); got != "2" {
			t.Errorf("%s are chained", got)
		}
		c.refuse = nil
		b.must(b.Pass(t.Context()))
		if got := b.one(`SELECT count(*) FROM audit_events WHERE number IS NOT NULL`); got != "4" {
			t.Errorf("%s are chained at last", got)
		}
	})
}

// TestChainOfAnotherTenantIsNone: an event that is moved to another tenant with all that belongs to it does not fit there.
func TestChainOfAnotherTenantIsNone(t *testing.T) {
	b := newBench(t, "sqlite")
	b.chained(3)
	other := testkit.AddTenant(t, b.store, "other", "")
	b.unguarded(fmt.Sprintf(`UPDATE audit_events SET tenant_id = '%s'`, other.ID), fmt.Sprintf(`UPDATE audit_chains SET tenant_id = '%s'`, other.ID))
	r, err := b.Verify(t.Context(), other, nil, 100)
	if err != nil || r.Break == nil || r.Verified != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if strings.Contains(fmt.Sprintf("%+v", r), "&") && r.Break == nil {
		t.Error("it holds")
	}
}

// BenchmarkChain says how many events a second are chained.
func BenchmarkChain(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			x := newBench(b, engine)
			const n = 2000
			for b.Loop() {
				b.StopTimer()
				x.add(x.tenant, n)
				b.StartTimer()
				x.must(x.Pass(b.Context()))
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkVerify says how many events a second are verified.
func BenchmarkVerify(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			x := newBench(b, engine)
			const n = 20_000
			x.chained(n)
			for b.Loop() {
				if r := x.verify(); r.Break != nil || r.Verified != n {
					b.Fatalf("%+v", r)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
