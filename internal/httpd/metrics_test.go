package httpd

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
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
	m.HashQueue(func() int { return 2 }, func() int { return 7 })
	m.Database(func() sql.DBStats {
		return sql.DBStats{MaxOpenConnections: 20, InUse: 3, Idle: 4, WaitCount: 5, WaitDuration: 1500 * time.Millisecond}
	})
	got := scrape(t, m)
	for series, want := range map[string]string{
		`vestibule_logins_total{result="ok",tenant="acme"}`:              "2",
		`vestibule_signups_total{result="closed",tenant="acme"}`:         "1",
		`vestibule_second_factors_total{result="refused",tenant="acme"}`: "1",
		`vestibule_mails_total{kind="email_confirmation",result="sent"}`: "1",
		`vestibule_limits_hit_total{action="login",tenant="acme"}`:       "1",
		`vestibule_limiter_degraded`:                                     "1",
		`vestibule_hashes_running`:                                       "2",
		`vestibule_hashes_waiting`:                                       "7",
		`vestibule_database_connections{state="in_use"}`:                 "3",
		`vestibule_database_connections{state="idle"}`:                   "4",
		`vestibule_database_connections_max`:                             "20",
		`vestibule_database_waits_total`:                                 "5",
		`vestibule_database_wait_seconds_total`:                          "1.5",
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
