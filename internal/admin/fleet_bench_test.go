package admin_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// BenchmarkFleet measures how long it takes to count 100,000 tenants, each with a webhook, of which some thousand fail or were disabled, a
// key that signs and one that has retired, and three messages, of which 50,000 are queued and 20,000 were given up.
func BenchmarkFleet(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		url, keys := testkit.URL(b, engine), testkit.Keys(b)
		st, err := store.Open(store.Options{URL: url, Keys: keys})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = st.Close() })
		fill(b, url, keys)
		fillFleet(b, testkit.Raw(b, url), engine)
		now := clock.At(testkit.Start.AddDate(0, 3, 0))
		service := admin.New(admin.Options{Store: st, Keys: keys, Clock: now})
		b.Run(engine, func(b *testing.B) {
			var worst time.Duration
			for b.Loop() {
				now.Advance(time.Minute) // what was counted before is forgotten
				start := time.Now()
				f, err := service.Fleet(b.Context())
				if err != nil || f.Tenants.Active < manyTenants/2 || f.Messages.Queued != 50_000 || f.Messages.Failed != 20_000 || len(f.Keys.Oldest) != 10 ||
					len(f.Messages.MostFailed) != 10 || len(f.Messages.LongestWaiting) != 10 || len(f.Webhooks.LongestFailing) != 10 || len(f.Webhooks.LastDisabled) != 10 {
					b.Fatalf("%+v, %v", f, err)
				}
				worst = max(worst, time.Since(start))
			}
			b.ReportMetric(float64(worst.Microseconds())/1000, "ms-worst")
		})
	}
}

// fillFleet adds what BenchmarkFleet counts to the tenants.
func fillFleet(b *testing.B, db *sql.DB, engine string) {
	b.Helper()
	exec := func(query string, args ...any) {
		b.Helper()
		if _, err := db.ExecContext(b.Context(), query, args...); err != nil {
			b.Fatal(err)
		}
	}
	start, now := testkit.Start, testkit.Start.AddDate(0, 3, 0)
	exec(`UPDATE tenants SET settings = '{"headless":{"token_strategy":"jwt"}}'`)
	rows, err := db.QueryContext(b.Context(), `SELECT id FROM tenants`)
	if err != nil {
		b.Fatal(err)
	}
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	if rows.Err() != nil {
		b.Fatal(rows.Err())
	}
	_ = rows.Close() //nolint:sqlclosecheck // before what follows
	const bite = 200
	for at := 0; at < len(ids); at += bite {
		var hooks, signing, messages []string
		for i, id := range ids[at : at+bite] {
			n := at + i
			failing, enabled, disabled := "NULL", "TRUE, ''", "NULL"
			switch n % 50 {
			case 0:
				failing = quoted(now)
			case 1:
				enabled, disabled = "FALSE, 'gone'", quoted(now)
			}
			hooks = append(hooks, fmt.Sprintf(`('%s', '%s', 'https://hooks.example.org/%d', '', '["*"]', %s, '%s', 1, %s, %s, 0, 0, %s, %s)`,
				id, id, n, enabled, strings.Repeat("s", 80), quoted(start), quoted(start), failing, disabled))
			made := start.Add(time.Duration(n) * time.Minute / 2)
			signing = append(signing, fmt.Sprintf(`('%s', 'k%d', 2, 'ES256', '%s', 'generated', 3600, %s, %s, NULL, %s)`, id, n, strings.Repeat("s", 150), quoted(made), quoted(made), quoted(made.AddDate(0, 3, 0))),
				fmt.Sprintf(`('%s', 'old%d', 1, 'ES256', '%s', 'generated', 3600, %s, %s, %s, NULL)`, id, n, strings.Repeat("s", 150), quoted(start), quoted(start), quoted(made)))
			for j := range 3 {
				state, finished := "'sent'", quoted(now)
				switch {
				case j == 0 && n%2 == 0:
					state, finished = "'queued'", "NULL"
				case j == 1 && n%5 == 0:
					state = "'failed'"
				}
				messages = append(messages, fmt.Sprintf(`('%s', '%s', 'login_code', 'mail', '%s', %s, 1, '', %s, %s, %s)`, id, secret.NewID(), strings.Repeat("s", 300), state, quoted(start), quoted(now), finished))
			}
		}
		exec(`INSERT INTO webhook_endpoints (tenant_id, id, url, description, events, enabled, disabled_why, secret, version, created_at, updated_at, lease, failures, failing_since, disabled_at) VALUES ` + strings.Join(hooks, ", "))
		exec(`INSERT INTO signing_keys (tenant_id, kid, number, algorithm, private, origin, longest, created_at, signs_from, retires_at, due_at) VALUES ` + strings.Join(signing, ", "))
		exec(`INSERT INTO messages (tenant_id, id, kind, channel, body, state, attempts, last_error, created_at, due_at, finished_at) VALUES ` + strings.Join(messages, ", "))
	}
	if engine == "postgres" {
		exec(`VACUUM ANALYZE`) // as it does by itself
	} else {
		exec(`ANALYZE`)
	}
}

// quoted is a time as both engines read it.
func quoted(at time.Time) string { return "'" + at.UTC().Format("2006-01-02 15:04:05") + "+00:00'" }
