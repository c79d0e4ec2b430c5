package app_test

import (
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// database is a second look at a server's database, past the server.
type database struct {
	*sql.DB
	t       testing.TB
	columns func() map[string][]string // see everything
	said    *sync.Map                  // of *sql.Stmt by query: the same is asked again and again
}

// look opens the database at a URL of package config.
func look(t testing.TB, databaseURL string) database {
	t.Helper()
	driver, source := "postgres", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		path, _, _ = strings.Cut(path, "?")
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(20000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	d := database{DB: db, t: t, said: &sync.Map{}}
	d.columns = sync.OnceValue(func() map[string][]string { return d.ofTenants(driver) })
	return d
}

// one is the only value of a query's only row, as text.
func (d database) one(query string, args ...any) string {
	d.t.Helper()
	var v sql.NullString
	if err := d.QueryRowContext(d.t.Context(), query, args...).Scan(&v); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return v.String
}

// kept are the tables that belong to a tenant and the columns that a request writes. Those of a message that the mail
// worker changes at its own time are left out.
var kept = map[string]string{
	"users":    "id, username, username_key, email, name, password, active, epoch, created_at, last_login_at",
	"emails":   "id, user_id, email, email_key, verified, is_primary, exclusive, created_at",
	"sessions": "id, token, client, user_id, pending, epoch, methods, state, version, ip, user_agent, created_at, seen_at, expires_at",
	"messages": "id, kind, channel, created_at",
}

// dump is everything that is kept of the tenant on a host: for each table, its rows as text.
func (d database) dump(host string) map[string][]string {
	d.t.Helper()
	tenant := d.one(`SELECT id FROM tenants WHERE slug = $1`, strings.TrimSuffix(host, ".localhost"))
	all := map[string][]string{}
	for table, columns := range kept {
		all[table] = d.rows(fmt.Sprintf(`SELECT %s FROM %s WHERE tenant_id = $1 ORDER BY id`, columns, table), tenant)
	}
	return all
}

// prepared is the query, prepared once.
func (d database) prepared(query string) *sql.Stmt {
	d.t.Helper()
	if said, ok := d.said.Load(query); ok {
		return said.(*sql.Stmt)
	}
	stmt, err := d.PrepareContext(d.t.Context(), query)
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	if said, loaded := d.said.LoadOrStore(query, stmt); loaded { // somebody was faster; this one goes with the database
		return said.(*sql.Stmt)
	}
	return stmt
}

func (d database) rows(query string, args ...any) []string {
	d.t.Helper()
	rows, err := d.prepared(query).QueryContext(d.t.Context(), args...) //nolint:sqlclosecheck // what is prepared is kept for the next time, and goes with the database
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		d.t.Fatal(err)
	}
	all := []string{}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			d.t.Fatal(err)
		}
		for i, v := range values {
			if raw, ok := v.([]byte); ok {
				values[i] = fmt.Sprintf("%x", raw)
				if utf8.Valid(raw) { // a driver may give text as bytes
					values[i] = string(raw)
				}
			}
		}
		all = append(all, strings.TrimSuffix(fmt.Sprintln(values...), "\n"))
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return all
}

// breaker fails one operation of a request, and leaves everybody else's alone. Nothing but requests begins transactions.
type breaker struct {
	looks
	armed atomic.Pointer[faultdb.Observer]
}

func (b *breaker) observe(op, query string) error {
	b.looks.observe(query)
	if o := b.armed.Load(); o != nil && !background(query) {
		return (*o)(op, query)
	}
	return nil
}

// TestEveryStepIsAllOrNothing fails the first operation of each step, then the second, and so on until there is none left
// to fail. What failed has left no trace, hands out nothing, and does when it is asked again.
func TestEveryStepIsAllOrNothing(t *testing.T) {
	t.Parallel() // it waits for the directory, which looks for changes once a second
	// One wrong password is allowed, and one mail in a long time: a failure of the database must not use either up.
	const settings = `{"account": {"email_verification": %q, "login_on_email_confirmation": true,
		"rate_limits": {"signup": null, "login": null, "login_failed": "1/h/key", "confirm_email": "1/h/key"}}}`
	signUp := func(status int) func(c *client, email string) {
		return func(c *client, email string) { c.signup(email).want(status) }
	}
	var key string
	keyFor := func(c *client, email string) { key = c.s.inbox.wait(c.s, email, 0).key(c.s) }
	steps := []struct {
		name         string
		verification string
		before       func(c *client, email string)
		step         func(c *client, email string) *reply
		status       int            // when it succeeds
		more         map[string]int // rows, when it succeeded
	}{
		{
			name: "a signup", verification: "optional", before: func(*client, string) {},
			step:   func(c *client, email string) *reply { return c.signup(email) },
			status: http.StatusOK, more: map[string]int{"users": 1, "emails": 1, "sessions": 1, "messages": 1},
		},
		{
			name: "a signup that waits for its mail", verification: "mandatory", before: func(*client, string) {},
			step:   func(c *client, email string) *reply { return c.signup(email) },
			status: http.StatusUnauthorized, more: map[string]int{"users": 1, "emails": 1, "sessions": 1, "messages": 1},
		},
		{
			name: "a login", verification: "optional",
			before: func(c *client, email string) {
				c.signup(email).want(http.StatusOK)
				c.delete("/auth/session").want(http.StatusUnauthorized)
				c.token = ""
			},
			step:   func(c *client, email string) *reply { return c.login(email, password) },
			status: http.StatusOK, more: map[string]int{"sessions": 1},
		},
		{
			name: "a login over one that waits", verification: "mandatory",
			before: signUp(http.StatusUnauthorized),
			step:   func(c *client, email string) *reply { return c.login(email, password) },
			status: http.StatusUnauthorized, more: map[string]int{},
		},
		{
			name: "proving an address while signed in", verification: "optional",
			before: func(c *client, email string) { signUp(http.StatusOK)(c, email); keyFor(c, email) },
			step: func(c *client, _ string) *reply {
				return c.post("/auth/email/verify", map[string]any{"key": key})
			},
			status: http.StatusOK, more: map[string]int{},
		},
		{
			name: "proving an address that a login waits for", verification: "mandatory",
			before: func(c *client, email string) { signUp(http.StatusUnauthorized)(c, email); keyFor(c, email) },
			step: func(c *client, _ string) *reply {
				return c.post("/auth/email/verify", map[string]any{"key": key})
			},
			status: http.StatusOK, more: map[string]int{},
		},
		{
			name: "a logout", verification: "optional", before: signUp(http.StatusOK),
			step:   func(c *client, _ string) *reply { return c.delete("/auth/session") },
			status: http.StatusUnauthorized, more: map[string]int{"sessions": -1},
		},
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		var b breaker
		var at string
		s := boot(t, engine, func(cfg *config.Config, o *app.Options) {
			o.Observe, o.Unchained = b.observe, true
			o.Clock = clock.At(time.Now()) // it stands still, so that the tenant stays known and is not read in between
			at = cfg.Database.Reveal()
		})
		db := look(t, at)
		hosts := map[string]string{}
		for _, v := range []string{"optional", "mandatory"} {
			hosts[v] = s.tenant(fmt.Sprintf(settings, v))
		}
		b.pass(t)
		for _, kind := range []string{"app", "browser"} {
			for _, row := range steps {
				t.Run(kind+"/"+row.name, func(t *testing.T) {
					of, host := *s, hosts[row.verification]
					of.T = t
					for n := int64(1); ; n++ {
						c := of.client(kind, host)
						c.get("/config").want(http.StatusOK)
						email := fmt.Sprintf("%s.%s.%d@example.org", strings.ReplaceAll(row.name, " ", "-"), kind, n)
						row.before(c, email)
						before := db.dump(host)
						held := c.token + c.cookies["sessionid"]

						fail, count := faultdb.FailNth(n)
						b.armed.Store(&fail)
						r := row.step(c, email)
						b.armed.Store(nil)

						failed := count.Load() >= n
						if failed {
							if r.Status != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
								t.Fatalf("operation %d failed, and the answer was %d with Retry-After %q: %s", n, r.Status, r.Header.Get("Retry-After"), r.Body)
							}
							if r.decoded.Meta.SessionToken != "" || c.token+c.cookies["sessionid"] != held {
								t.Fatalf("operation %d failed, and the client's token changed", n)
							}
							unchanged(t, fmt.Sprintf("operation %d failed", n), before, db.dump(host))
							r = row.step(c, email)
						}
						if r.Status != row.status {
							t.Fatalf("operation %d, nothing fails (any more): got %d: %s", n, r.Status, r.Body)
						}
						complete(t, fmt.Sprintf("asked again after operation %d failed", n), before, db.dump(host), row.more)
						if !failed {
							if n < 3 {
								t.Fatalf("only %d operations were seen", n-1)
							}
							return
						}
					}
				})
			}
		}
	})
}

// difference is what rows are only before, and what rows are only after.
func difference(before, after map[string][]string) string {
	var b strings.Builder
	only := func(mark string, these, those map[string][]string) {
		for _, table := range slices.Sorted(maps.Keys(these)) {
			for _, row := range these[table] {
				if !slices.Contains(those[table], row) {
					_, _ = fmt.Fprintf(&b, "%s %s: %s\n", mark, table, row) // a builder takes everything
				}
			}
		}
	}
	only("-", before, after)
	only("+", after, before)
	return b.String()
}

func unchanged(t *testing.T, when string, before, after map[string][]string) {
	t.Helper()
	if d := difference(before, after); d != "" {
		t.Fatalf("%s, and the database is not as it was:\n%s", when, d)
	}
}

func complete(t *testing.T, when string, before, after map[string][]string, more map[string]int) {
	t.Helper()
	for table := range kept {
		if got := len(after[table]) - len(before[table]); got != more[table] {
			t.Fatalf("%s: %d more rows in %s, want %d", when, got, table, more[table])
		}
	}
	if difference(before, after) == "" {
		t.Fatalf("%s: answered well, and nothing was written", when)
	}
}
