package admin_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// manyUsers is how many BenchmarkUsers has.
const manyUsers = 1_000_000

// BenchmarkUsers measures a page of 50 users of a million, however it is asked for. `make bench-users` runs it.
func BenchmarkUsers(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) { benchmarkUsers(b, engine) })
	}
}

func benchmarkUsers(b *testing.B, engine string) {
	yes, no := true, false
	{
		url, keys := testkit.URL(b, engine), testkit.Keys(b)
		st, err := store.Open(store.Options{URL: url, Keys: keys})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = st.Close() })
		tenant := testkit.AddTenant(b, st, "acme", "")
		populate(b, engine, url, tenant.ID)
		service := admin.New(admin.Options{Store: st, Keys: keys})
		for _, c := range []struct {
			name string
			q    admin.UserQuery
			skip int // pages before the one that is measured
		}{
			{"the latest", admin.UserQuery{}, 0},
			{"page 1000", admin.UserQuery{}, 1000},
			{"an id", admin.UserQuery{Q: "00012345-0000-7000-8000-000000012345"}, 0},
			{"one address", admin.UserQuery{Q: "person123456@example.org"}, 0},
			{"many addresses", admin.UserQuery{Q: "person5"}, 0},
			{"all addresses", admin.UserQuery{Q: "p"}, 0},
			{"all addresses, page 1000", admin.UserQuery{Q: "p"}, 1000},
			{"many usernames", admin.UserQuery{Q: "name7"}, 0},
			{"many numbers", admin.UserQuery{Q: "+4915"}, 0},
			{"one in a hundred is inactive", admin.UserQuery{Active: &no}, 0},
			{"active ones of many addresses", admin.UserQuery{Q: "person9", Active: &yes}, 0},
			{"one in a thousand has a factor", admin.UserQuery{Factor: "any"}, 0},
			{"nobody", admin.UserQuery{Q: "zzz"}, 0},
			{"nobody has such a filter", admin.UserQuery{Factor: "webauthn"}, 0},
			{"made on one day", admin.UserQuery{CreatedFrom: testkit.Start, CreatedUntil: testkit.Start.Add(24 * time.Hour)}, 0},
		} {
			b.Run(c.name, func(b *testing.B) {
				cursor := ""
				for range c.skip {
					var err error
					if _, cursor, err = service.Users(b.Context(), "acme", c.q, cursor, 50); err != nil || cursor == "" {
						b.Fatal(cursor, err)
					}
				}
				var worst time.Duration
				for b.Loop() {
					start := time.Now()
					if _, _, err := service.Users(b.Context(), "acme", c.q, cursor, 50); err != nil {
						b.Fatal(err)
					}
					worst = max(worst, time.Since(start))
				}
				b.ReportMetric(float64(worst.Microseconds())/1000, "ms-worst")
			})
		}
	}
}

// populate adds many users, one every ten seconds, with an address each, past the store. One in a hundred is inactive, one in a thousand has
// an authenticator app.
func populate(b *testing.B, engine, url, tenant string) {
	b.Helper()
	db := testkit.Raw(b, url)
	db.SetMaxOpenConns(1)
	if engine == "sqlite" { // its indexes are made in memory, where they fit
		if _, err := db.ExecContext(b.Context(), `PRAGMA cache_size = -800000`); err != nil {
			b.Fatal(err)
		}
	}
	numbers := fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)`, manyUsers-1)
	id, at := `printf('%08x-0000-7000-8000-%012x', i, i)`, `strftime('%Y-%m-%d %H:%M:%S+00:00', '2026-06-01 12:00:00', '+' || (i * 10) || ' seconds')`
	if engine == "postgres" {
		numbers = fmt.Sprintf(`WITH n(i) AS (SELECT generate_series(0, %d))`, manyUsers-1)
		id = `CAST(lpad(to_hex(i), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(i), 12, '0') AS UUID)`
		at = `TIMESTAMPTZ '2026-06-01 12:00:00+00' + i * INTERVAL '10 seconds'`
	}
	for _, text := range []string{
		`INSERT INTO users (tenant_id, id, username, username_key, email, name, phone, password, active, epoch, created_at, factors) ` + numbers +
			` SELECT '` + tenant + `', ` + id + `, 'name' || i, 'name' || i, 'person' || i || '@example.org', 'Person ' || i, '+4915' || (10000000 + i), 'x',
			  i % 100 <> 0, 1, ` + at + `, CASE WHEN i % 1000 = 7 THEN 1 ELSE 0 END FROM n`,
		`INSERT INTO emails (tenant_id, id, user_id, email, email_key, verified, is_primary, exclusive, created_at) ` + numbers +
			` SELECT '` + tenant + `', ` + id + `, ` + id + `, 'person' || i || '@example.org', 'person' || i || '@example.org', i % 2 = 0, TRUE, TRUE, ` + at + ` FROM n`,
		`ANALYZE`, // as PostgreSQL does by itself within a minute
	} {
		if _, err := db.ExecContext(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
}
