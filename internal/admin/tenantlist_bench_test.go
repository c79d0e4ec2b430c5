package admin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// manyTenants is how many BenchmarkTenants has.
const manyTenants = 100_000

// BenchmarkTenants measures a page of 50 tenants of 100,000, however it is asked for.
func BenchmarkTenants(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		url, keys := testkit.URL(b, engine), testkit.Keys(b)
		st, err := store.Open(store.Options{URL: url, Keys: keys})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = st.Close() })
		fill(b, url, keys)
		service := admin.New(admin.Options{Store: st, Keys: keys})
		for _, c := range []struct {
			name string
			q    admin.TenantSearch
			skip int // pages before the one that is measured
		}{
			{"first page", admin.TenantSearch{}, 0},
			{"page 500", admin.TenantSearch{}, 500},
			{"few are suspended", admin.TenantSearch{State: tenants.Suspended}, 0},
			{"one slug", admin.TenantSearch{Prefix: "t-054321"}, 0},
			{"many slugs", admin.TenantSearch{Prefix: "t-"}, 0},
			{"many names", admin.TenantSearch{Prefix: "company 7"}, 0},
			{"many names, page 100", admin.TenantSearch{Prefix: "company"}, 100},
			{"many names, few suspended", admin.TenantSearch{Prefix: "company", State: tenants.Suspended}, 0},
			{"many hosts", admin.TenantSearch{Prefix: "www."}, 0},
			{"one host", admin.TenantSearch{Prefix: "www.t-054321"}, 0},
			{"nothing", admin.TenantSearch{Prefix: "zzz"}, 0},
		} {
			b.Run(engine+"/"+c.name, func(b *testing.B) {
				cursor := ""
				for range c.skip {
					var err error
					if _, cursor, err = service.Tenants(b.Context(), ann, c.q, cursor, 50); err != nil {
						b.Fatal(err)
					}
				}
				var worst time.Duration
				for b.Loop() {
					start := time.Now()
					page, _, err := service.Tenants(b.Context(), ann, c.q, cursor, 50)
					if err != nil || len(page) == 0 && c.name != "nothing" {
						b.Fatal(len(page), err)
					}
					worst = max(worst, time.Since(start))
				}
				b.ReportMetric(float64(worst.Microseconds())/1000, "ms-worst")
			})
		}
	}
}

// fill adds many tenants, past the store, which would add each in a transaction of its own.
func fill(b *testing.B, url string, keys *secret.Keys) {
	b.Helper()
	db := testkit.Raw(b, url)
	doc := `{"account":{"login_methods":["email"],"signup_fields":["email*","password1*"]},"cookies":{"session_age":86400}}`
	const bite = 500
	for i := 0; i < manyTenants; i += bite {
		tx, err := db.BeginTx(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		var rows, hosts []string
		var args, hostArgs []any
		for j := i; j < i+bite; j++ {
			id, slug, name := secret.NewID(), fmt.Sprintf("t-%06d", j), fmt.Sprintf("Company %d", j)
			state := "active"
			if j%5000 == 0 {
				state = "suspended"
			}
			n := len(args)
			rows = append(rows, fmt.Sprintf("($%d,$%d,$%d,$%d,$%d,$%d,'%s',$%d,1,$%d,$%d)", n+1, n+2, n+3, n+4, n+5, n+6, doc, n+7, n+8, n+9))
			list := fmt.Sprintf(`["%s.example","www.%s.example"]`, slug, slug)
			args = append(args, id, slug, name, strings.ToLower(name), state, list, keys.Seal(secret.ForTenantKey, id, secret.Bytes(secret.KeySize)),
				"2026-06-01 12:00:00+00:00", "2026-06-01 12:00:00+00:00")
			for _, host := range []string{slug + ".example", "www." + slug + ".example"} {
				hosts = append(hosts, fmt.Sprintf("($%d,$%d)", len(hostArgs)+1, len(hostArgs)+2))
				hostArgs = append(hostArgs, host, id)
			}
		}
		if _, err := tx.ExecContext(b.Context(), `INSERT INTO tenants (id, slug, name, name_key, state, hosts, settings, data_key, version, created_at, updated_at)
			VALUES `+strings.Join(rows, ","), args...); err != nil {
			b.Fatal(err)
		}
		if _, err := tx.ExecContext(b.Context(), `INSERT INTO tenant_hosts (host, tenant_id) VALUES `+strings.Join(hosts, ","), hostArgs...); err != nil {
			b.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := db.ExecContext(b.Context(), `ANALYZE`); err != nil { // as PostgreSQL does by itself within a minute
		b.Fatal(err)
	}
}
