package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// soon is how long a test waits for what is going to happen, on the slowest machine.
const soon = 60 * time.Second

// eventually asks again and again until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(soon)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain until %s", soon, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// relay stands between the server and something that it leans on, and can fail the way networks do.
type relay struct {
	addr string
	to   string

	mu       sync.Mutex
	mode     mode
	conns    map[net.Conn]struct{}
	accepted int
}

type mode int

const (
	forward mode = iota
	cut          // connections are reset, old and new
	swallow      // connections stay and new ones are accepted, and nothing goes through
	greet        // new connections go through until PostgreSQL is ready for the first query, and nothing after that
	late         // everything goes through, and each answer later than a server in production waits for Redis
)

// newRelay forwards what comes in to an address.
func newRelay(t testing.TB, to string) *relay {
	t.Helper()
	l := listen(t)
	r := &relay{addr: l.Addr().String(), to: to, conns: map[net.Conn]struct{}{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.carry(c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		r.set(cut)
	})
	return r
}

// relayTo is a relay to the host of a URL, and the URL by way of it.
func relayTo(t testing.TB, rawURL string) (*relay, string) {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	r := newRelay(t, u.Host)
	u.Host = r.addr
	return r, u.String()
}

// set changes what happens to connections from now on. Those that swallowed something are reset when the relay forwards
// again: what they lost does not come back.
func (r *relay) set(m mode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := m == cut || (m == forward && r.mode != forward)
	r.mode = m
	for c := range r.conns {
		if lost {
			reset(c)
			delete(r.conns, c)
		}
	}
}

func (r *relay) now() mode {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mode
}

// seen is how many connections were asked for so far.
func (r *relay) seen() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.accepted
}

func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // a reset, and not a polite end
	}
	_ = c.Close()
}

func (r *relay) carry(client net.Conn) {
	r.mu.Lock()
	r.accepted++
	if r.mode == cut {
		r.mu.Unlock()
		reset(client)
		return
	}
	r.conns[client] = struct{}{}
	greeting := r.mode == greet
	r.mu.Unlock()
	server, err := net.Dial("tcp", r.to)
	if err != nil {
		reset(client)
		return
	}
	var ready atomic.Bool
	pump := func(to, from net.Conn, answers bool) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if answers && r.now() == late {
				time.Sleep(2 * limit.Patience)
			}
			if n > 0 && r.passes(greeting && !ready.Load()) {
				// The last five bytes of a greeting are the length and the state of ReadyForQuery; see the protocol's
				// description in PostgreSQL's manual.
				if greeting && answers && bytes.HasSuffix(buffer[:n], []byte{'Z', 0, 0, 0, 5, 'I'}) {
					ready.Store(true)
				}
				_, err = to.Write(buffer[:n])
			}
			if err != nil {
				break
			}
		}
		_ = client.Close()
		_ = server.Close()
	}
	go pump(client, server, true)
	pump(server, client, false)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, client)
}

// passes reports whether bytes go through now.
func (r *relay) passes(greeting bool) bool {
	switch r.now() {
	case forward, late:
		return true
	case greet:
		return greeting
	default:
		return false
	}
}

// ready asks the operators' listener whether requests may be sent here.
func (s *server) ready() (status int, answer string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), soon)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.operator+"/readyz", nil)
	if err != nil {
		s.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	var body struct{ Status string }
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return res.StatusCode, err.Error()
	}
	return res.StatusCode, body.Status
}

// orLater is what is wrong with an answer that should have one of these statuses, or say when to come back.
func orLater(r *reply, err error, statuses ...int) string {
	switch {
	case err != nil:
		return "no answer: " + err.Error()
	case r.Status == http.StatusServiceUnavailable && r.Header.Get("Retry-After") == "":
		return "503 without Retry-After"
	case r.Status == http.StatusServiceUnavailable, slices.Contains(statuses, r.Status):
		return ""
	}
	return fmt.Sprintf("answered %d: %s", r.Status, r.Body)
}

const noLimits = `{"account": {"rate_limits": false}}`

// TestDatabaseGoneForAWhile cuts the way to PostgreSQL under load and mends it again. Nobody gets anything but an answer or
// word to come back, everything goes on by itself, and what was answered is there.
func TestDatabaseGoneForAWhile(t *testing.T) {
	t.Parallel() // it waits, and does little else
	var way *relay
	var at string
	s := boot(t, "postgres", func(cfg *config.Config, _ *app.Options) {
		at = cfg.Database.Reveal()
		var through string
		way, through = relayTo(t, at)
		cfg.Database = config.Hide(through)
		cfg.RequestTimeout = 10 * time.Second
	})
	db := look(t, at)
	host, strict := s.tenant(noLimits), s.tenant(`{"account": {"rate_limits": false, "email_verification": "mandatory"}}`)
	checker, loginer := s.client("app", host), s.client("app", host)
	checker.signup("held@example.org").want(http.StatusOK)
	loginer.signup("ann@example.org").want(http.StatusOK)

	// The load: each goroutine makes one request after the other, and counts how often it was let in and turned away.
	type load struct {
		name       string
		once       func(ctx context.Context) (*reply, error)
		letsIn     int // the status of one that was let in
		in, away   atomic.Int64
		unexpected string
	}
	var promised, awaited []string // addresses whose signup was answered, signed in and waiting for their address
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	// signups makes a new account each time, and keeps the addresses of those that were answered.
	signups := func(host string, letsIn int, answered *[]string) func(context.Context) (*reply, error) {
		n := 0
		return func(ctx context.Context) (*reply, error) {
			n++
			email := fmt.Sprintf("new%d@%s.example.org", n, slugOf(host))
			r, err := (&client{s: s, kind: "app", host: host, ip: "10.1.1.1", cookies: map[string]string{}, header: http.Header{}}).
				try(ctx, http.MethodPost, "/auth/signup", map[string]any{"email": email, "password": password})
			if err == nil && r.Status == letsIn {
				*answered = append(*answered, email)
			}
			return r, err
		}
	}
	loads := []*load{
		{name: "session checks", letsIn: http.StatusOK, once: func(ctx context.Context) (*reply, error) {
			return checker.try(ctx, http.MethodGet, "/auth/session", nil)
		}},
		{name: "logins", letsIn: http.StatusOK, once: func(ctx context.Context) (*reply, error) {
			loginer.token = ""
			return loginer.try(ctx, http.MethodPost, "/auth/login", map[string]any{"email": "ann@example.org", "password": password})
		}},
		{name: "signups", letsIn: http.StatusOK, once: signups(host, http.StatusOK, &promised)},
		{name: "signups that wait", letsIn: http.StatusUnauthorized, once: signups(strict, http.StatusUnauthorized, &awaited)},
	}
	var running sync.WaitGroup
	for _, l := range loads {
		running.Go(func() {
			for ctx.Err() == nil {
				one, cancel := context.WithTimeout(context.WithoutCancel(ctx), soon)
				r, err := l.once(one)
				cancel()
				if l.unexpected = orLater(r, err, l.letsIn); l.unexpected != "" {
					stop()
					return
				}
				if r.Status == l.letsIn {
					l.in.Add(1)
				} else {
					l.away.Add(1)
				}
			}
		})
	}
	more := func(what string, of func(*load) *atomic.Int64) {
		t.Helper()
		for _, l := range loads {
			was := of(l).Load()
			eventually(t, l.name+" are "+what, func() bool { return of(l).Load() > was+2 || ctx.Err() != nil })
		}
	}
	letIn := func(l *load) *atomic.Int64 { return &l.in }
	turnedAway := func(l *load) *atomic.Int64 { return &l.away }

	more("let in", letIn)
	way.set(cut)
	mended := time.After(5 * time.Second)
	more("turned away", turnedAway)
	eventually(t, "the server says that it is not ready", func() bool {
		status, answer := s.ready()
		return status == http.StatusServiceUnavailable && answer == "unready"
	})
	<-mended
	way.set(forward)
	eventually(t, "the server is ready again", func() bool {
		status, answer := s.ready()
		return status == http.StatusOK && answer == "ok"
	})
	more("let in again", letIn)
	stop()
	running.Wait()
	for _, l := range loads {
		if l.unexpected != "" {
			t.Errorf("%s: %s", l.name, l.unexpected)
		}
	}
	of := func(host string) string { return db.one(`SELECT id FROM tenants WHERE slug = $1`, slugOf(host)) }
	have := db.rows(`SELECT e.email FROM emails e JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.user_id WHERE e.tenant_id = $1`, of(host))
	for _, email := range promised {
		if !slices.Contains(have, email) {
			t.Errorf("the signup of %s was answered, and there is no account", email)
		}
	}
	have = db.rows(`SELECT e.email FROM emails e JOIN sessions x ON x.tenant_id = e.tenant_id AND x.user_id = e.user_id AND x.pending WHERE e.tenant_id = $1`, of(strict))
	for _, email := range awaited {
		if !slices.Contains(have, email) {
			t.Errorf("the signup of %s was answered, and there is no account with a login that waits", email)
		}
		s.inbox.wait(t, email, 0) // the link, of which nothing was lost either
	}
	s.client("app", host).login(promised[0], password).want(http.StatusOK)
	s.client("app", host).login(promised[len(promised)-1], password).want(http.StatusOK)
	if strings.Contains(s.log.String(), `"status":500`) {
		t.Error("the log has an answer of 500")
	}
}

// TestSlowDatabase has PostgreSQL fall silent without a word, as behind a network that drops everything. Requests end with
// word to come back, and do not hang.
func TestSlowDatabase(t *testing.T) {
	t.Parallel() // it waits, and does little else
	for _, row := range []struct {
		name    string
		timeout time.Duration
		mode    mode
		fresh   bool // the connections are made when PostgreSQL has fallen silent
	}{
		{"with the timeout that is the default", 15 * time.Second, swallow, false},
		{"with a short timeout", 4 * time.Second, swallow, false},
		{"on connections that were just made", 15 * time.Second, greet, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var way *relay
			now := clock.At(time.Now())
			s := boot(t, "postgres", func(cfg *config.Config, o *app.Options) {
				var through string
				way, through = relayTo(t, cfg.Database.Reveal())
				cfg.Database = config.Hide(through)
				cfg.RequestTimeout = row.timeout
				o.Clock = now // the tenant stays known
			})
			host := s.tenant(noLimits)
			c, waiting, stranger := s.client("app", host), s.client("app", host), s.client("app", host)
			c.signup("ann@example.org").want(http.StatusOK)
			waiting.signup("bob@example.org").want(http.StatusOK)
			stranger.get("/config").want(http.StatusOK)
			if row.fresh {
				way.set(cut)
				eventually(t, "every connection is found dead", func() bool {
					_, _ = s.ready() // which uses one
					return s.Store.Pools()[0].InUse+s.Store.Pools()[0].Idle == 0
				})
			}
			if !row.fresh {
				time.Sleep(1500 * time.Millisecond) // connections of some age, as most are
			}
			way.set(row.mode)

			var all sync.WaitGroup
			var mu sync.Mutex
			var wrong []string
			ask := func(name string, of *client, method, path string, body any) {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), soon)
					defer cancel()
					r, err := of.try(ctx, method, path, body)
					fault := orLater(r, err)
					if fault != "" {
						mu.Lock()
						defer mu.Unlock()
						wrong = append(wrong, name+": "+fault)
					}
				})
			}
			ask("a session check", c, http.MethodGet, "/auth/session", nil)
			ask("a login", stranger, http.MethodPost, "/auth/login", map[string]any{"email": "ann@example.org", "password": password})
			ask("a logout", waiting, http.MethodDelete, "/auth/session", nil)
			ask("a signup", s.client("app", host), http.MethodPost, "/auth/signup", map[string]any{"email": "eve@example.org", "password": password})
			all.Wait()
			for _, w := range wrong {
				t.Error(w)
			}
			if status, answer := s.ready(); status != http.StatusServiceUnavailable {
				t.Errorf("readiness is %d %s", status, answer)
			}
			way.set(forward)
			eventually(t, "the server is ready again", func() bool { status, _ := s.ready(); return status == http.StatusOK })
			eventually(t, "sessions are found again", func() bool { return c.get("/auth/session").Status == http.StatusOK })
		})
	}
}

// TestTenantUnknownWhileTheDatabaseIsSilent asks for a tenant that is not at hand, for longer than a request may take.
func TestTenantUnknownWhileTheDatabaseIsSilent(t *testing.T) {
	t.Parallel() // it waits, and does little else
	var way *relay
	now := clock.At(time.Now())
	s := boot(t, "postgres", func(cfg *config.Config, o *app.Options) {
		var through string
		way, through = relayTo(t, cfg.Database.Reveal())
		cfg.Database = config.Hide(through)
		cfg.RequestTimeout = 4 * time.Second
		o.Clock = now
	})
	c := s.client("app", s.tenant(noLimits))
	c.get("/config").want(http.StatusOK)
	way.set(swallow)
	now.Advance(time.Hour) // what is known of the tenant is too old
	r, err := c.try(t.Context(), http.MethodGet, "/config", nil)
	if fault := orLater(r, err); fault != "" {
		t.Error(fault)
	}
	way.set(forward)
	eventually(t, "the tenant is found again", func() bool { return c.get("/config").Status == http.StatusOK })
}

// TestWrongSecretKeyIsNotReady starts a server with another secret key than the tenants were made under.
func TestWrongSecretKeyIsNotReady(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var right config.Config
		first := boot(t, engine, func(cfg *config.Config, _ *app.Options) { right = *cfg })
		if status, answer := first.ready(); status != http.StatusOK {
			t.Fatalf("without a tenant: %d %s", status, answer)
		}
		first.tenant("")
		if status, answer := first.ready(); status != http.StatusOK {
			t.Fatalf("with its own key: %d %s", status, answer)
		}
		s := boot(t, engine, func(cfg *config.Config, _ *app.Options) { cfg.Database = right.Database })
		status, answer := s.admin(http.MethodGet, "/readyz", nil)
		if status != http.StatusServiceUnavailable || !strings.Contains(answer, `"keys":"failed"`) || !strings.Contains(answer, `"database":"ok"`) {
			t.Errorf("with another key: %d %s", status, answer)
		}
		if log := s.log.String(); !strings.Contains(log, "VESTIBULE_SECRET_KEY does not open") {
			t.Errorf("the log does not say which setting is wrong: %s", log)
		}
	})
}

// TestWrongSecretKeyStopsDevelopment starts --dev over a database that was made under another key.
func TestWrongSecretKeyStopsDevelopment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dev")
	cfg, err := config.Load([]string{"--dev", "--dev-dir", dir, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(store.Options{URL: cfg.Database.Reveal(), Keys: cfg.Keys})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }() // nothing more is written
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.AddTenant(t, st, "demo", "") // or else --dev makes it, on a port that it must know
	start := func() error {
		a, err := app.New(t.Context(), cfg, app.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		return a.Close()
	}
	if err := start(); err != nil {
		t.Fatal(err)
	}
	cfg.Keys = testkit.Keys(t)
	err = start()
	if err == nil || !strings.Contains(err.Error(), "VESTIBULE_SECRET_KEY") || !strings.Contains(err.Error(), dir) {
		t.Errorf("it starts with %v", err)
	}
}

// TestFirstBurstGetsThrough sends a server more requests than it has connections, as the first that it ever gets: no
// statement was prepared yet, and every connection may be in a transaction that is about to need one.
func TestFirstBurstGetsThrough(t *testing.T) {
	var shared config.Config
	old := boot(t, "postgres", func(cfg *config.Config, _ *app.Options) { shared = *cfg })
	host := old.tenant(noLimits)
	s := boot(t, "postgres", func(cfg *config.Config, _ *app.Options) {
		cfg.Database, cfg.Keys, cfg.DatabaseMaxConns = shared.Database, shared.Keys, 3
	})
	s.client("app", host).get("/config").want(http.StatusOK)
	var all sync.WaitGroup
	var mu sync.Mutex
	var wrong []string
	for i := range 16 {
		c := s.client("app", host)
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			defer cancel()
			r, err := c.try(ctx, http.MethodPost, "/auth/signup", map[string]any{"email": fmt.Sprintf("new%d@example.org", i), "password": password})
			fault := ""
			switch {
			case err != nil:
				fault = err.Error()
			case r.Status != http.StatusOK:
				fault = fmt.Sprintf("answered %d: %s", r.Status, r.Body)
			}
			if fault != "" {
				mu.Lock()
				defer mu.Unlock()
				wrong = append(wrong, fault)
			}
		})
	}
	all.Wait()
	for _, w := range wrong {
		t.Error(w)
	}
}

// TestRedisGone cuts the way to Redis. Each process then holds to the limits by itself, says so, and shares them again
// when Redis is back.
func TestRedisGone(t *testing.T) {
	var way *relay
	var shared config.Config
	first := boot(t, "postgres", func(cfg *config.Config, o *app.Options) {
		var through string
		way, through = relayTo(t, testkit.RedisURL())
		cfg.Redis, o.RedisPatience = config.Hide(through), 0
		shared = *cfg
	})
	second := boot(t, "postgres", func(cfg *config.Config, o *app.Options) {
		cfg.Database, cfg.Redis, cfg.Keys, o.RedisPatience = shared.Database, shared.Redis, shared.Keys, 0
	})
	const amount = 3
	host := first.tenant(fmt.Sprintf(`{"account": {"rate_limits": {"login": "%d/d/ip"}}}`, amount))

	// uses makes requests from one address until one is turned away, and returns how many were not.
	uses := func(s *server, ip string) int {
		t.Helper()
		c := s.client("app", host)
		c.ip = ip
		for n := range 2*amount + 1 {
			r := c.post("/auth/login", nil)
			if r.Status == http.StatusTooManyRequests {
				if r.Header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
				return n
			}
			r.want(http.StatusBadRequest)
		}
		t.Fatalf("%d requests went through where %d may", 2*amount+1, amount)
		return 0
	}
	together := 0
	// share reports whether the two count together. Redis that answers late, on a busy machine, counts as gone: then the
	// answer is no, and the next address is tried.
	share := func() bool {
		together++
		ip := fmt.Sprintf("10.7.0.%d", together)
		return uses(first, ip)+uses(second, ip) == amount
	}
	readiness := func(s *server, want string) func() bool {
		return func() bool { status, answer := s.ready(); return status == http.StatusOK && answer == want }
	}
	eventually(t, "two processes count together", share)

	way.set(cut)
	for _, s := range []*server{first, second} {
		eventually(t, "the server says that it is degraded", readiness(s, "degraded"))
		if n := uses(s, "10.8.0.1"); n != amount {
			t.Errorf("without Redis %d uses went through, want %d in each process", n, amount)
		}
	}
	if !strings.Contains(first.log.String(), "redis cannot be reached") {
		t.Error("the log does not say that Redis is gone")
	}

	way.set(forward)
	for _, s := range []*server{first, second} {
		eventually(t, "the server is ready again", readiness(s, "ok"))
	}
	eventually(t, "two processes count together again", share)
}

// TestLateRedis has Redis answer later than a server in production waits. With more patience, Redis is what counts.
func TestLateRedis(t *testing.T) {
	t.Parallel() // it waits, and does little else
	var way *relay
	s := boot(t, "postgres", func(cfg *config.Config, _ *app.Options) {
		var through string
		way, through = relayTo(t, testkit.RedisURL())
		cfg.Redis = config.Hide(through)
	})
	c := s.client("app", s.tenant(`{"account": {"rate_limits": {"login": "1/d/ip"}}}`))
	way.set(late)
	c.post("/auth/login", nil).want(http.StatusBadRequest)
	c.post("/auth/login", nil).want(http.StatusTooManyRequests)
	if strings.Contains(s.log.String(), "redis cannot be reached") {
		t.Error("a late answer was taken for none")
	}
}

// TestSMTPGone has the mail server away while people sign up. Their mail comes later, and once.
func TestSMTPGone(t *testing.T) {
	t.Parallel() // it waits, and does little else
	testkit.Engines(t, func(t *testing.T, engine string) {
		var way *relay
		var at string
		s := boot(t, engine, func(cfg *config.Config, _ *app.Options) {
			at = cfg.Database.Reveal()
			u := cfg.SMTP.Reveal()
			way, u = relayTo(t, u)
			cfg.SMTP = config.Hide(u)
		})
		db := look(t, at)
		host := s.tenant(`{"account": {"email_verification": "mandatory", "rate_limits": false}}`)
		way.set(cut)
		emails := []string{"ann@example.org", "bob@example.org", "eve@example.org"}
		for _, email := range emails {
			s.client("app", host).signup(email).want(http.StatusUnauthorized)
		}
		eventually(t, "each mail was tried", func() bool {
			return db.one(`SELECT COUNT(*) FROM messages WHERE attempts > 0 AND last_error <> ''`) == fmt.Sprint(len(emails))
		})
		if status, answer := s.ready(); status != http.StatusOK {
			t.Errorf("without a mail server readiness is %d %s", status, answer)
		}
		way.set(forward)
		eventually(t, "each mail was sent", func() bool {
			return db.one(`SELECT COUNT(*) FROM messages WHERE state = 'sent'`) == fmt.Sprint(len(emails))
		})
		for _, email := range emails {
			key := s.inbox.wait(t, email, 0).key(t)
			s.client("app", host).post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusUnauthorized)
			if n := s.inbox.count(email); n != 1 {
				t.Errorf("%d mails came to %s", n, email)
			}
		}
		if n := db.one(`SELECT COUNT(*) FROM messages WHERE body IS NOT NULL`); n != "0" {
			t.Errorf("%s sent messages still have their bodies", n)
		}
	})
}
