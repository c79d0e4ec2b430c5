package httpd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// patience is how long a test waits for what should happen at once; it only matters when something is broken.
const patience = 30 * time.Second

// serving is a server on a free port that stops with the test. Tune may change its bounds before it starts.
func serving(t *testing.T, h http.Handler, tune func(*http.Server)) *Server {
	t.Helper()
	s, err := Listen(t.Context(), ServerOptions{
		Name: "test", Addr: "127.0.0.1:0", Handler: h, RequestTimeout: 15 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if tune != nil {
		tune(s.http)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, context.Background()) }()
	t.Cleanup(func() {
		_ = s.http.Close() // what a test left open need not be waited for
		stop()
		if err := <-done; err != nil {
			t.Logf("the server ended: %v", err) // a test that cares waits itself
		}
	})
	return s
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

var hello = handler(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })

func fetch(t *testing.T, s *Server) string {
	t.Helper()
	resp, err := http.Get("http://" + s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryBoundOfAConnectionIsSet(t *testing.T) {
	s, err := Listen(t.Context(), ServerOptions{Addr: "127.0.0.1:0", RequestTimeout: 15 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	h := s.http
	if h.ReadHeaderTimeout != 5*time.Second || h.ReadTimeout != 15*time.Second || h.IdleTimeout != 120*time.Second ||
		h.WriteTimeout != 25*time.Second || h.MaxHeaderBytes != 16<<10 {
		t.Errorf("bounds are %v %v %v %v %d", h.ReadHeaderTimeout, h.ReadTimeout, h.IdleTimeout, h.WriteTimeout, h.MaxHeaderBytes)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestABodyIsWaitedForNoLongerThanTheRequestMayTake(t *testing.T) {
	s, err := Listen(t.Context(), ServerOptions{Addr: "127.0.0.1:0", RequestTimeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if s.http.ReadTimeout != 3*time.Second {
		t.Errorf("a body is waited for for %v", s.http.ReadTimeout)
	}
}

func TestAnAddressThatIsTakenIsAnError(t *testing.T) {
	s := serving(t, hello, nil)
	_, err := Listen(t.Context(), ServerOptions{Name: "second", Addr: s.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), "second") {
		t.Errorf("listening twice gave %v", err)
	}
}

func closed(t *testing.T, c net.Conn) string {
	t.Helper()
	if err := c.SetReadDeadline(clock.System{}.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		t.Fatal("the connection is still open")
	}
	return string(b)
}

func TestSlowHeaderIsCutOff(t *testing.T) {
	reached := atomic.Bool{}
	s := serving(t, handler(func(http.ResponseWriter, *http.Request) { reached.Store(true) }),
		func(h *http.Server) { h.ReadHeaderTimeout = 50 * time.Millisecond })
	c := dial(t, s)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ") // and never an end
	closed(t, c)
	if reached.Load() {
		t.Error("the handler was called")
	}
}

func TestSlowBodyIsCutOff(t *testing.T) {
	seen := make(chan error, 1)
	s := serving(t, Standard(handler(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		seen <- err
	}), Options{}), func(h *http.Server) { h.ReadTimeout = 50 * time.Millisecond })
	c := dial(t, s)
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
	closed(t, c)
	if err := <-seen; err == nil {
		t.Error("the handler was told that this was all")
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	s := serving(t, hello, func(h *http.Server) { h.IdleTimeout = 50 * time.Millisecond })
	c := dial(t, s)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if got := closed(t, c); !strings.HasSuffix(got, "hello") {
		t.Errorf("answered %q", got)
	}
}

func TestHugeHeaderIsRefused(t *testing.T) {
	s := serving(t, hello, nil)
	c := dial(t, s)
	go func() {
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Huge: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	}()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.Contains(line, "431") {
		t.Errorf("answered %q, %v", line, err)
	}
}

// pipes is a listener of connections in memory, of which there can be more than a machine has file descriptors for.
type pipes struct {
	net.Listener
	conns chan net.Conn
}

func (p *pipes) Accept() (net.Conn, error) {
	if c, ok := <-p.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// Connections that do nothing must not keep others from being answered.
func TestIdleConnectionsDoNotHurt(t *testing.T) {
	const many = 10_000
	s, err := Listen(t.Context(), ServerOptions{Addr: "127.0.0.1:0", Handler: hello, RequestTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	p := &pipes{s.listener, make(chan net.Conn)}
	s.listener = p
	served := make(chan error, 1)
	go func() { served <- s.Serve(t.Context(), t.Context()) }()
	for i := range many {
		c := p.dial()
		defer func() { _ = c.Close() }()
		if i%2 == 0 { // a header that has only begun; the write returns once the server has read it
			if _, err := io.WriteString(c, "GET / HT"); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := p.dial()
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := closed(t, c); !strings.HasSuffix(got, "hello") {
		t.Errorf("answered %q", got)
	}
	close(p.conns)
	if err := <-served; err == nil {
		t.Error("serving ended without an error")
	}
}

func TestStopLetsRequestsFinish(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	s, err := Listen(t.Context(), ServerOptions{
		Name: "test", Addr: "127.0.0.1:0", RequestTimeout: patience,
		Handler: handler(func(w http.ResponseWriter, _ *http.Request) {
			close(started)
			<-finish
			_, _ = io.WriteString(w, "done")
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, context.Background()) }()
	got := make(chan string, 1)
	go func() { got <- fetch(t, s) }()
	<-started
	stop()
	// New connections are refused while the old request is still under way.
	for {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
	}
	select {
	case err := <-served:
		t.Fatalf("stopped before the request was over: %v", err)
	default:
	}
	close(finish)
	if body := <-got; body != "done" {
		t.Errorf("the request got %q", body)
	}
	if err := <-served; err != nil {
		t.Errorf("a stop in good order gave %v", err)
	}
}

// Whoever keeps connections must learn to open the next one elsewhere before the server closes those that are idle.
func TestAServerThatLeavesEndsEachConnectionWithAnAnswer(t *testing.T) {
	s, err := Listen(t.Context(), ServerOptions{
		Name: "test", Addr: "127.0.0.1:0", RequestTimeout: patience,
		Handler: handler(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "done") }),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, context.Background()) }()
	kept, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kept.Close() }()
	from := bufio.NewReader(kept)
	ask := func() (last bool) {
		t.Helper()
		if _, err := io.WriteString(kept, "GET / HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(from, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK || string(body) != "done" {
			t.Errorf("got %d %q, %v", res.StatusCode, body, err)
		}
		return res.Close
	}
	if ask() {
		t.Error("a server that stays closes the connection")
	}
	s.Leave()
	if !ask() {
		t.Error("a server that leaves does not say that the connection ends")
	}
	if _, err := from.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last answer the connection gives %v", err)
	}
	if body := fetch(t, s); body != "done" {
		t.Errorf("a new connection gets %q", body)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("a stop in good order gave %v", err)
	}
}

func TestStopDoesNotWaitForEver(t *testing.T) {
	started, over := make(chan struct{}), make(chan struct{})
	s, err := Listen(t.Context(), ServerOptions{
		Name: "test", Addr: "127.0.0.1:0", RequestTimeout: patience,
		Handler: handler(func(_ http.ResponseWriter, r *http.Request) {
			close(started)
			<-r.Context().Done() // ends because the connection is closed
			close(over)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	drain, cut := context.WithCancelCause(context.Background())
	defer cut(nil)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, drain) }()
	c := dial(t, s)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-started
	stop()
	late := errors.New("the time was up")
	cut(late)
	if err := <-served; !errors.Is(err, late) {
		t.Errorf("cutting a request off gave %v", err)
	}
	<-over
}

func TestServeFailsIfTheListenerDoes(t *testing.T) {
	s, err := Listen(t.Context(), ServerOptions{Name: "test", Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context(), t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("serving without a listener gave %v", err)
	}
}

func TestGroupStopsInReverse(t *testing.T) {
	var mu sync.Mutex
	var stopped []string
	boom := errors.New("boom")
	var g Group
	add := func(name string) {
		stop := make(chan struct{})
		g.Add(func() error {
			<-stop
			mu.Lock()
			defer mu.Unlock()
			stopped = append(stopped, name)
			return errors.New(name + " was stopped")
		}, func(err error) {
			if !errors.Is(err, boom) {
				t.Errorf("%s was told %v", name, err)
			}
			close(stop)
		})
	}
	add("database")
	add("worker")
	g.Add(func() error { return boom }, func(error) {})
	add("operators")
	add("public")
	// That something was stopped because of another does not make its own error less of one.
	err := g.Run()
	if !errors.Is(err, boom) || !strings.HasPrefix(err.Error(), "boom\n") {
		t.Errorf("Run gave %v, want the first error first", err)
	}
	for _, name := range []string{"database", "worker", "operators", "public"} {
		if !strings.Contains(err.Error(), name+" was stopped") {
			t.Errorf("Run gave %v, without the error of the %s", err, name)
		}
	}
	if want := []string{"public", "operators", "worker", "database"}; !slices.Equal(stopped, want) {
		t.Errorf("stopped %v, want %v", stopped, want)
	}
}

func TestGroupEndsWithTheFirstThatEnds(t *testing.T) {
	var g Group
	if err := g.Run(); err != nil {
		t.Errorf("an empty group gave %v", err)
	}
	g.Add(Until(func(ctx context.Context) error { <-ctx.Done(); return nil }))
	g.Add(func() error { return nil }, func(error) {})
	if err := g.Run(); err != nil {
		t.Errorf("the first ended well, but the group gave %v", err)
	}
}

// ready asks h whether it is ready.
func ready(t *testing.T, h *Health) (int, healthAnswer) {
	t.Helper()
	w := httptest.NewRecorder()
	h.Ready(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	var a healthAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("answered %q: %v", w.Body, err)
	}
	return w.Code, a
}

func TestReady(t *testing.T) {
	fails := errors.New("dial tcp db.internal: hunter2")
	for name, c := range map[string]struct {
		database, redis error
		code            int
		status          string
		checks          map[string]string
	}{
		"all is well":             {nil, nil, 200, "ok", map[string]string{"database": "ok", "redis": "ok"}},
		"an optional check fails": {nil, fails, 200, "degraded", map[string]string{"database": "ok", "redis": "failed"}},
		"a needed check fails":    {fails, nil, 503, "unready", map[string]string{"database": "failed", "redis": "ok"}},
		"both fail":               {fails, fails, 503, "unready", map[string]string{"database": "failed", "redis": "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, optionalFirst := range []bool{true, false} { // the order must not matter
				checks := []Check{
					{Name: "redis", Optional: true, Probe: func(context.Context) error { return c.redis }},
					{Name: "database", Probe: func(context.Context) error { return c.database }},
				}
				if !optionalFirst {
					slices.Reverse(checks)
				}
				code, a := ready(t, NewHealth(nil, checks...))
				if code != c.code || a.Status != c.status || fmt.Sprint(a.Checks) != fmt.Sprint(c.checks) {
					t.Errorf("answered %d %+v", code, a)
				}
			}
		})
	}
}

func TestLookTellsHowEachCheckCameOut(t *testing.T) {
	check := func(name string, optional bool, err error) Check {
		return Check{Name: name, Optional: optional, Probe: func(context.Context) error { return err }}
	}
	broken := errors.New("refused")
	got := NewHealth(nil, check("database", false, nil), check("keys", false, broken), check("redis", true, broken), check("spare", true, nil)).Look(t.Context())
	want := map[string]State{"database": Fine, "keys": Failing, "redis": Degraded, "spare": Fine}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestDrainingIsUnreadyAndAlive(t *testing.T) {
	h := NewHealth(nil, Check{Name: "database", Probe: func(context.Context) error { return nil }})
	h.SetDraining()
	if code, a := ready(t, h); code != 503 || a.Status != "unready" {
		t.Errorf("answered %d %+v", code, a)
	}
	w := httptest.NewRecorder()
	h.Live(w, httptest.NewRequest(http.MethodGet, "/livez", nil))
	if w.Code != 200 {
		t.Errorf("livez answered %d", w.Code)
	}
}

// A probe that hangs and does not heed its context is neither waited for nor called again on top of itself.
func TestProbeThatHangs(t *testing.T) {
	var calls atomic.Int32
	release := make(chan struct{})
	h := NewHealth(nil, Check{Name: "database", Probe: func(context.Context) error {
		calls.Add(1)
		<-release
		return nil
	}})
	if h.timeout != 2*time.Second {
		t.Errorf("checks have %v", h.timeout)
	}
	h.timeout = time.Millisecond
	for range 3 {
		if code, _ := ready(t, h); code != 503 {
			t.Errorf("answered %d", code)
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("called %d times at once", n)
	}
	close(release)
	h.timeout = patience
	for { // the call that hung may still have to take its leave
		if code, _ := ready(t, h); code == 200 {
			break
		}
	}
}

func TestProbesHaveADeadline(t *testing.T) {
	h := NewHealth(nil, Check{Name: "database", Probe: func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	h.timeout = time.Millisecond
	if code, _ := ready(t, h); code != 503 {
		t.Errorf("answered %d", code)
	}
}

func TestHealthIsLoggedWhenItChanges(t *testing.T) {
	var j journal
	var fails atomic.Bool
	h := NewHealth(slog.New(slog.NewJSONHandler(&j, nil)), Check{Name: "redis", Optional: true, Probe: func(context.Context) error {
		if fails.Load() {
			return errors.New("refused")
		}
		return nil
	}})
	for _, f := range []bool{false, true, true, true, false, false, true} {
		fails.Store(f)
		ready(t, h)
	}
	if bad, good := len(j.records(t, "a health check fails")), len(j.records(t, "a health check passes again")); bad != 2 || good != 1 {
		t.Errorf("%d warnings and %d recoveries, want 2 and 1", bad, good)
	}
}

func TestOperators(t *testing.T) {
	h := Operators(NewHealth(nil), NewMetrics(1, clock.System{}), hello)
	for path, want := range map[string]string{
		"/livez": `{"status":"ok"}`, "/readyz": `{"status":"ok"}`, "/metrics": "vestibule_limiter_degraded 0", "/": "hello",
		"/livez/x": "hello",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s answered %d %.200q", path, w.Code, w.Body)
		}
	}
}
