package app_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// lookForChanges is in the one statement that reads the number of the latest change.
const lookForChanges = "FROM tenant_changes"

// background reports whether a statement is none of a request's: the worker's, the directory's look for changes, the
// sweeper's. The worker finds tenants by id, which requests never do.
func background(query string) bool {
	for _, part := range []string{"UPDATE messages", lookForChanges, "FROM tenants t WHERE t.id", "DELETE FROM messages", "WHERE expires_at <"} {
		if strings.Contains(query, part) {
			return true
		}
	}
	return false
}

// looks counts the directory's looks for changes. A tenant that was made is forgotten at the next, and read once more.
type looks struct{ seen atomic.Int64 }

func (l *looks) observe(query string) {
	if strings.Contains(query, lookForChanges) {
		l.seen.Add(1)
	}
}

// pass waits until whatever was changed so far was seen: the second look from now began after now.
func (l *looks) pass(t testing.TB) {
	t.Helper()
	was := l.seen.Load()
	eventually(t, "the directory looked for changes", func() bool { return l.seen.Load() > was+2 })
}

// counted keeps the statements of requests.
type counted struct {
	looks
	mu  sync.Mutex
	all []string
}

func (c *counted) observe(op, query string) error {
	c.looks.observe(query)
	if (op != faultdb.Query && op != faultdb.Exec) || background(query) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, strings.Join(strings.Fields(query), " "))
	return nil
}

// take is what was run since it was last asked.
func (c *counted) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

// TestStatementsOfARequestAreFew holds each request to the number of statements that it takes today, and to what the
// product promises. Beginning and ending a transaction is not counted.
func TestStatementsOfARequestAreFew(t *testing.T) {
	t.Parallel() // it waits for the directory, which looks for changes once a second
	none := func(*client, string) {}
	signUp := func(c *client, email string) { c.signup(email).want(http.StatusOK) }
	signOut := func(c *client) {
		c.delete("/auth/session").want(http.StatusUnauthorized)
		c.token = ""
	}
	const mandatory = `{"account": {"email_verification": "mandatory"}}`
	var key string // of the mail that the request before waited for
	rows := []struct {
		name     string
		count    int // today; change it on purpose only
		promised int // the most that it may ever be
		settings string
		before   func(c *client, email string)
		request  func(c *client, email string)
	}{
		{"reading the configuration", 0, 0, "", none, func(c *client, _ string) { c.get("/config").want(http.StatusOK) }},
		{"a stranger's session check", 0, 0, "", none, func(c *client, _ string) { c.get("/auth/session").want(http.StatusUnauthorized) }},
		{"a session check", 1, 1, "", signUp, func(c *client, _ string) { c.get("/auth/session").want(http.StatusOK) }},
		{"a session check of a login that waits", 1, 1, mandatory,
			func(c *client, email string) { c.signup(email).want(http.StatusUnauthorized) },
			func(c *client, _ string) { c.get("/auth/session").want(http.StatusUnauthorized) }},
		{"a login", 3, 4, "", func(c *client, email string) { signUp(c, email); signOut(c) },
			func(c *client, email string) { c.login(email, password).want(http.StatusOK) }},
		{"a login over one that waits", 4, 4, mandatory, func(c *client, email string) { c.signup(email).want(http.StatusUnauthorized) },
			func(c *client, email string) { c.login(email, password).want(http.StatusUnauthorized) }},
		{"a login with a wrong password", 1, 4, "", func(c *client, email string) { signUp(c, email); signOut(c) },
			func(c *client, email string) { c.login(email, otherPassword).want(http.StatusBadRequest) }},
		{"a login to no account", 1, 4, "", none, func(c *client, email string) { c.login(email, password).want(http.StatusBadRequest) }},
		{"a signup that mails", 5, 6, "", none, signUp},
		{"a signup that waits for its mail", 5, 6, mandatory, none,
			func(c *client, email string) { c.signup(email).want(http.StatusUnauthorized) }},
		{"a signup with a taken address", 4, 6, mandatory,
			func(c *client, email string) {
				c.signup(email).want(http.StatusUnauthorized)
				signOut(c)
			},
			func(c *client, email string) { c.signup(email).want(http.StatusUnauthorized) }},
		{"a signup with faults", 0, 6, "", none, func(c *client, _ string) {
			c.post("/auth/signup", map[string]any{"email": "nope", "password": "x"}).want(http.StatusBadRequest)
		}},
		{"proving an address while signed in", 7, 7, "", // two of them end what others have claimed of it
			func(c *client, email string) { signUp(c, email); key = c.s.inbox.wait(c.s, email, 0).key(c.s) },
			func(c *client, _ string) {
				c.post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusOK)
			}},
		{"proving an address that a login waits for", 8, 8, `{"account": {"email_verification": "mandatory", "login_on_email_confirmation": true}}`,
			func(c *client, email string) {
				c.signup(email).want(http.StatusUnauthorized)
				key = c.s.inbox.wait(c.s, email, 0).key(c.s)
			},
			func(c *client, _ string) {
				c.post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusOK)
			}},
		{"the list of addresses", 2, 2, "", signUp, func(c *client, _ string) { c.get("/account/email").want(http.StatusOK) }},
		{"a logout", 2, 2, "", signUp, func(c *client, _ string) { c.delete("/auth/session").want(http.StatusUnauthorized) }},
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		var seen counted
		s := boot(t, engine, func(_ *config.Config, o *app.Options) {
			o.Observe = seen.observe
			// A clock that stands still: the tenant stays known, and no session is old enough to be moved along.
			o.Clock = clock.At(time.Now())
		})
		hosts := map[string]string{}
		for _, row := range rows {
			if _, ok := hosts[row.settings]; !ok {
				hosts[row.settings] = s.tenant(row.settings)
			}
		}
		seen.pass(t)
		for _, kind := range []string{"app", "browser"} {
			for _, row := range rows {
				t.Run(kind+"/"+row.name, func(t *testing.T) {
					of := *s
					of.T = t
					c := of.client(kind, hosts[row.settings])
					c.get("/config").want(http.StatusOK) // from now on the tenant is known
					email := kind + "." + strings.ReplaceAll(row.name, " ", "-") + "@example.org"
					row.before(c, email)
					seen.take()
					row.request(c, email)
					got := seen.take()
					if len(got) > row.promised {
						t.Errorf("%d statements, and no more than %d are promised", len(got), row.promised)
					}
					if len(got) != row.count {
						t.Errorf("%d statements where there were %d; if that is meant, change the number in the table:\n%s",
							len(got), row.count, strings.Join(got, "\n"))
					}
				})
			}
		}
	})
}
