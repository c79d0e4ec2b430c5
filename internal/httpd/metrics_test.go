package httpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/trace"
)

// sink is a ResponseWriter that costs nothing.
type sink struct{ h http.Header }

func (s *sink) Header() http.Header         { return s.h }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// scrape reads the metrics as Prometheus does: series to value.
func scrape(t *testing.T, m *Metrics) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape answered %d: %s", w.Code, w.Body)
	}
	series := map[string]string{}
	for line := range strings.Lines(w.Body.String()) {
		if at := strings.LastIndexByte(strings.TrimSpace(line), ' '); at > 0 && line[0] != '#' {
			series[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return series
}

func ours(series map[string]string) int {
	n := 0
	for name := range series {
		if strings.HasPrefix(name, "vestibule_") {
			n++
		}
	}
	return n
}

func TestRequestsAreMeasured(t *testing.T) {
	m := NewMetrics(100, clock.System{})
	fake := clock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	h := Standard(handler(func(w http.ResponseWriter, r *http.Request) {
		if got := scrape(t, m)["vestibule_http_requests_in_flight"]; got != "1" {
			t.Errorf("in flight: %q", got)
		}
		SetRoute(r.Context(), "/auth/login")
		SetTenant(r.Context(), "acme")
		fake.Advance(30 * time.Millisecond)
		w.WriteHeader(http.StatusUnauthorized)
	}), Options{Metrics: m, Clock: fake})
	for range 3 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/auth/login", nil))
	}
	got := scrape(t, m)
	for series, want := range map[string]string{
		`vestibule_http_requests_total{method="POST",route="/auth/login",status="401",tenant="acme"}`:  "3",
		`vestibule_http_request_duration_seconds_count{method="POST",route="/auth/login"}`:             "3",
		`vestibule_http_request_duration_seconds_bucket{method="POST",route="/auth/login",le="0.025"}`: "0",
		`vestibule_http_request_duration_seconds_bucket{method="POST",route="/auth/login",le="0.05"}`:  "3",
		`vestibule_http_request_duration_seconds_bucket{method="POST",route="/auth/login",le="0.001"}`: "0",
		`vestibule_http_request_duration_seconds_bucket{method="POST",route="/auth/login",le="10"}`:    "3",
		`vestibule_http_requests_in_flight`: "0",
	} {
		if got[series] != want {
			t.Errorf("%s is %q, want %q", series, got[series], want)
		}
	}
}

// Whatever strangers send, the number of time series stays what it is, and so does the memory behind it.
func TestUnboundedMetricLabels(t *testing.T) {
	m := NewMetrics(10, clock.System{})
	h := Standard(handler(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/known" {
			SetRoute(r.Context(), "/known")
		}
		SetTenant(r.Context(), r.Host)
		m.Login(r.Host, r.URL.Path)
		m.Signup(r.Host, r.URL.Path)
		m.LimitHit(r.URL.Path, r.Host)
		m.Mail(r.URL.Path, r.Host)
		w.WriteHeader(http.StatusNotFound)
	}), Options{Metrics: m})
	flood := func(from, to int) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for i := from; i < to; i++ {
			r.Method, r.Host, r.URL.Path = fmt.Sprintf("M%d", i), fmt.Sprintf("host%d.example", i), fmt.Sprintf("/path%d", i)
			if i%2 == 0 {
				r.Method, r.URL.Path = http.MethodGet, "/known"
			}
			h.ServeHTTP(&sink{h: http.Header{}}, r)
		}
	}
	// Kinds times results is the largest product; fill it, so that only what is beyond the bounds is left.
	for i := range 2 * mostWords {
		for j := range 2 * mostWords {
			m.Mail(fmt.Sprint("w", i), fmt.Sprint("w", j))
			m.Login(fmt.Sprint("t", i), fmt.Sprint("w", j))
			m.Signup(fmt.Sprint("t", i), fmt.Sprint("w", j))
			m.LimitHit(fmt.Sprint("w", j), fmt.Sprint("t", i))
		}
	}
	flood(0, 1000)
	before, kept := ours(scrape(t, m)), len(m.series)
	flood(1000, 100_000)
	after := scrape(t, m)
	if got := ours(after); got != before || len(m.series) != kept {
		t.Errorf("100,000 random names made %d series of %d, and %d cached of %d", got, before, len(m.series), kept)
	}
	if n := testutil.CollectAndCount(m.requests); n > 4 {
		t.Errorf("%d series of requests, want at most two routes by two methods", n)
	}
	for series := range after {
		if strings.Contains(series, "host") || strings.Contains(series, "/path") || strings.Contains(series, `method="M`) {
			t.Errorf("a stranger's word is a label: %s", series)
		}
	}
	if len(m.tenants.held) != 10 || len(m.words.names) != mostWords || len(m.routes.names) > 2 {
		t.Errorf("kept %d tenants, %d words, %d routes", len(m.tenants.held), len(m.words.names), len(m.routes.names))
	}
}

func TestRoutesAreBoundedEvenWherePathsArePassed(t *testing.T) {
	m := NewMetrics(1, clock.System{})
	for i := range 10_000 {
		m.request(requestLabels{fmt.Sprintf("/path%d", i), "GET", "acme", i}, time.Time{}, time.Time{}, trace.Span{})
	}
	if n := testutil.CollectAndCount(m.durations); n != mostRoutes+1 {
		t.Errorf("%d routes, want %d and the rest", n, mostRoutes)
	}
}

func TestBounded(t *testing.T) {
	b := NewBounded(2)
	for _, c := range []struct{ name, want string }{
		{"", "none"}, {"other", "other"}, {"a", "a"}, {"b", "b"}, {"c", "other"}, {"a", "a"}, {"b", "b"}, {"", "none"},
	} {
		if got := b.Label(c.name); got != c.want {
			t.Errorf("Label(%q) = %q, want %q", c.name, got, c.want)
		}
	}
	if got := NewBounded(0).Label("a"); got != "other" {
		t.Errorf("with no room: %q", got)
	}
}

// New names that arrive at the same moment must not get past the bound together.
func TestBoundedIsExactUnderConcurrency(t *testing.T) {
	for range 5000 {
		b := NewBounded(3)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for g := range 16 {
			wg.Go(func() {
				<-start
				name := fmt.Sprint("t", g)
				if got := b.Label(name); got != name && got != other {
					t.Errorf("Label(%q) = %q", name, got)
				}
			})
		}
		close(start)
		wg.Wait()
		if len(b.names) != 3 {
			t.Fatalf("%d names, want 3", len(b.names))
		}
	}
}

func TestBusinessMetrics(t *testing.T) {
	m := NewMetrics(100, clock.System{})
	m.Login("acme", "ok")
	m.Login("acme", "ok")
	m.Signup("acme", "closed")
	m.Factor("acme", "refused")
	m.Mail("email_confirmation", "sent")
	m.LimitHit("login", "acme")
	m.LimiterDegraded(true)
	m.Watch(Sources{
		Version: "v1.2.3", Revision: "abc", GoVersion: "go1.99", MemoryLimit: 1 << 20,
		Pools: func() []Pool {
			return []Pool{{Name: "main", Most: 20, InUse: 3, Idle: 4, Waiting: 6, Waits: 5, Waited: 1500 * time.Millisecond}}
		},
		Hashes:    func() Hashes { return Hashes{Workers: 2, Queue: 128, Running: 2, Waiting: 7, Done: 9, Refused: 4} },
		Directory: func() Directory { return Directory{Tenants: 11, LastLook: time.Unix(1_000_000, 0), Failures: 3} },
	})
	m.Statement(2, time.Millisecond)
	m.DatabaseFault(1)
	m.Redis(time.Millisecond, io.EOF)
	m.LimiterFallback()
	m.HashWaited(time.Second)
	m.Conflict(false)
	m.Conflict(true)
	m.OutboundRefused()
	m.Handed(true, time.Second)
	m.Swept("sessions", 12, nil)
	m.Swept("imports", 0, io.EOF)
	m.SweepDone(time.Unix(2_000_000, 0))
	m.Verified(true)
	m.Verified(false)
	m.HeadChanged()
	m.ChainFailed()
	got := scrape(t, m)
	for series, want := range map[string]string{
		`vestibule_logins_total{result="ok",tenant="acme"}`:                        "2",
		`vestibule_signups_total{result="closed",tenant="acme"}`:                   "1",
		`vestibule_second_factors_total{result="refused",tenant="acme"}`:           "1",
		`vestibule_mails_total{kind="email_confirmation",result="sent"}`:           "1",
		`vestibule_limits_hit_total{action="login",tenant="acme"}`:                 "1",
		`vestibule_limiter_degraded`:                                               "1",
		`vestibule_hashes_running`:                                                 "2",
		`vestibule_hashes_waiting`:                                                 "7",
		`vestibule_hash_workers`:                                                   "2",
		`vestibule_hash_queue_max`:                                                 "128",
		`vestibule_hashes_total`:                                                   "9",
		`vestibule_hashes_refused_total`:                                           "4",
		`vestibule_hash_wait_seconds_sum`:                                          "1",
		`vestibule_database_connections{pool="main",state="in_use"}`:               "3",
		`vestibule_database_connections{pool="main",state="idle"}`:                 "4",
		`vestibule_database_connections_max{pool="main"}`:                          "20",
		`vestibule_database_waiting{pool="main"}`:                                  "6",
		`vestibule_database_waits_total{pool="main"}`:                              "5",
		`vestibule_database_wait_seconds_total{pool="main"}`:                       "1.5",
		`vestibule_database_statement_duration_seconds_count{kind="commit"}`:       "1",
		`vestibule_database_errors_total{class="timeout"}`:                         "1",
		`vestibule_database_errors_total{class="broken"}`:                          "0",
		`vestibule_redis_call_duration_seconds_count`:                              "1",
		`vestibule_redis_errors_total`:                                             "1",
		`vestibule_limiter_fallbacks_total`:                                        "1",
		`vestibule_session_conflicts_total{result="retried"}`:                      "1",
		`vestibule_session_conflicts_total{result="refused"}`:                      "1",
		`vestibule_outbound_refused_total`:                                         "1",
		`vestibule_message_send_duration_seconds_count{channel="sms"}`:             "1",
		`vestibule_message_send_duration_seconds_count{channel="mail"}`:            "0",
		`vestibule_sweep_removed_total{what="sessions"}`:                           "12",
		`vestibule_sweep_failures_total{what="sessions"}`:                          "0",
		`vestibule_sweep_failures_total{what="imports"}`:                           "1",
		`vestibule_sweep_success_timestamp_seconds`:                                "2e+06",
		`vestibule_audit_verifications_total{result="whole"}`:                      "1",
		`vestibule_audit_verifications_total{result="broken"}`:                     "1",
		`vestibule_audit_heads_changed_total`:                                      "1",
		`vestibule_audit_chain_failures_total`:                                     "1",
		`vestibule_tenants_cached`:                                                 "11",
		`vestibule_tenants_look_timestamp_seconds`:                                 "1e+06",
		`vestibule_tenants_look_failures_total`:                                    "3",
		`vestibule_memory_limit_bytes`:                                             "1.048576e+06",
		`vestibule_build_info{goversion="go1.99",revision="abc",version="v1.2.3"}`: "1",
	} {
		if got[series] != want {
			t.Errorf("%s is %q, want %q", series, got[series], want)
		}
	}
	if got["go_goroutines"] == "" || got["process_open_fds"] == "" {
		t.Error("the runtime and the process are not measured")
	}
	m.LimiterDegraded(false)
	if got := scrape(t, m)["vestibule_limiter_degraded"]; got != "0" {
		t.Errorf("degraded still: %q", got)
	}
	if problems, err := testutil.GatherAndLint(m.registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}

// What was read of the database is shown for a minute: after that it would say that all is well, long after it is not.
func TestBacklogIsShownWhileItIsFresh(t *testing.T) {
	fake := clock.At(time.Unix(1_000_000, 0))
	m := NewMetrics(1, fake)
	if got := scrape(t, m)["vestibule_messages_queued"]; got != "" {
		t.Errorf("before anything was read: %q", got)
	}
	m.SetBacklog(Backlog{
		Messages: 1, Due: 2, Retried: 3, OldestDue: 4 * time.Second, GivenUp: 5, Deliveries: 6, OldestWebhook: 7 * time.Second, Failing: 8,
		Disabled: 9, Unchained: 10, OldestEvent: 11 * time.Second, Imports: 12, IdleImport: 13 * time.Second, OverdueKeys: 14, Pending: 15,
	})
	fake.Advance(backlogLife - time.Second)
	got := scrape(t, m)
	for i, name := range []string{
		"messages_queued", "messages_due", "messages_retried", "messages_oldest_due_seconds", "messages_given_up", "webhook_deliveries_queued",
		"webhooks_oldest_due_seconds", "webhooks_failing", "webhooks_disabled", "audit_events_unchained", "audit_unchained_oldest_seconds",
		"imports_running", "imports_idle_seconds", "signing_keys_overdue", "migrations_pending",
	} {
		if want := fmt.Sprint(i + 1); got["vestibule_"+name] != want {
			t.Errorf("%s is %q, want %s", name, got["vestibule_"+name], want)
		}
	}
	if problems, err := testutil.GatherAndLint(m.registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	fake.Advance(time.Second)
	if got := scrape(t, m); got["vestibule_messages_queued"] != "" || got["vestibule_backlog_timestamp_seconds"] != "1e+06" {
		t.Errorf("a minute later: %q, read at %q", got["vestibule_messages_queued"], got["vestibule_backlog_timestamp_seconds"])
	}
}

func TestReadinessIsMeasured(t *testing.T) {
	var database, redis error
	h := NewHealth(nil, Check{Name: "database", Probe: func(context.Context) error { return database }},
		Check{Name: "redis", Optional: true, Probe: func(context.Context) error { return redis }})
	m := NewMetrics(1, clock.System{})
	m.Watch(Sources{Health: h})
	shows := func(when, ready, ofDatabase, ofRedis string) {
		t.Helper()
		got := scrape(t, m)
		if r, d, e := got["vestibule_ready"], got[`vestibule_check_ok{check="database"}`], got[`vestibule_check_ok{check="redis"}`]; r != ready ||
			d != ofDatabase || e != ofRedis {
			t.Errorf("%s: ready %q, database %q, redis %q; want %q, %q, %q", when, r, d, e, ready, ofDatabase, ofRedis)
		}
	}
	shows("before any check", "0", "", "")
	h.Look(t.Context())
	shows("all well", "1", "1", "1")
	redis = io.EOF
	h.Look(t.Context())
	shows("without redis", "1", "1", "0")
	database = io.EOF
	h.Look(t.Context())
	shows("without the database", "0", "0", "0")
	database, redis = nil, nil
	h.Look(t.Context())
	shows("all well again", "1", "1", "1")
	h.SetDraining()
	shows("at the stop", "0", "1", "1")
}

func TestConnectionsAreCounted(t *testing.T) {
	m := NewMetrics(1, clock.System{})
	begun, end := make(chan struct{}), make(chan struct{})
	s, err := Listen(t.Context(), ServerOptions{Name: "public", Addr: "127.0.0.1:0", Handler: handler(func(http.ResponseWriter, *http.Request) {
		close(begun)
		<-end
	})})
	if err != nil {
		t.Fatal(err)
	}
	m.Watch(Sources{Connections: []*Server{s}})
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, context.Background()) }()
	// The server notes what becomes of a connection some moments after its client does it.
	shows := func(when, fresh, active, idle, unserved string) {
		t.Helper()
		var got [4]string
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			series := scrape(t, m)
			got = [4]string{
				series[`vestibule_http_connections{listener="public",state="new"}`], series[`vestibule_http_connections{listener="public",state="active"}`],
				series[`vestibule_http_connections{listener="public",state="idle"}`], series[`vestibule_http_connections_unserved_total{listener="public"}`],
			}
			if got == [4]string{fresh, active, idle, unserved} {
				return
			}
		}
		t.Errorf("%s: new, active, idle, unserved are %q, want %q", when, got, []string{fresh, active, idle, unserved})
	}
	dial := func() net.Conn {
		t.Helper()
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	shows("at first", "0", "0", "0", "0")
	silent, busy := dial(), dial()
	shows("two that say nothing", "2", "0", "0", "0")
	if _, err := io.WriteString(busy, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-begun
	shows("one asks", "1", "1", "0", "0")
	close(end)
	shows("and has its answer", "1", "0", "1", "0")
	_ = silent.Close()
	shows("the silent one goes", "0", "0", "1", "1")
	_ = busy.Close()
	shows("the other, too", "0", "0", "0", "1")
	half := dial()
	if _, err := io.WriteString(half, "GET / HTTP/1.1\r\nHo"); err != nil {
		t.Fatal(err)
	}
	_ = half.Close()
	shows("one goes amid its request", "0", "0", "0", "2")
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// slowly is a body whose client stopped sending, as a connection tells of it.
type slowly struct{}

func (slowly) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }
func (slowly) Close() error             { return nil }

func TestRefusedBodiesAreCounted(t *testing.T) {
	m := NewMetrics(1, clock.System{})
	h := Standard(handler(func(_ http.ResponseWriter, r *http.Request) {
		for range 2 { // whoever reads on is not counted again
			_, _ = io.ReadAll(r.Body)
		}
	}), Options{Metrics: m, BodyLimit: 4})
	send := func(body io.Reader) {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", body))
	}
	send(strings.NewReader("four"))
	send(strings.NewReader("fives"))
	send(slowly{})
	got := scrape(t, m)
	if long, slow := got[`vestibule_http_bodies_refused_total{cause="too_large"}`], got[`vestibule_http_bodies_refused_total{cause="too_slow"}`]; long != "1" || slow != "1" {
		t.Errorf("too large: %q, too slow: %q; want one each", long, slow)
	}
}

func TestRequestsWhoseTimeIsUpAreCounted(t *testing.T) {
	m := NewMetrics(1, clock.System{})
	h := Standard(handler(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		if !errors.Is(r.Context().Err(), context.DeadlineExceeded) {
			t.Errorf("the request ended with %v", r.Context().Err())
		}
	}), Options{Metrics: m, RequestTimeout: time.Millisecond})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := scrape(t, m)["vestibule_http_request_timeouts_total"]; got != "1" || w.Code != http.StatusServiceUnavailable {
		t.Errorf("counted %q, answered %d", got, w.Code)
	}
}
