package httpd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// journal is a log that a test can read while it is written.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(j, nil)) }

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// records are the log records with that message.
func (j *journal) records(t *testing.T, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(j.String()) {
		var rec map[string]any
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if rec["msg"] == message {
			found = append(found, rec)
		}
	}
	return found
}

func handler(f http.HandlerFunc) http.Handler { return f }

func TestChainRunsFromTheOutsideIn(t *testing.T) {
	var order []string
	named := func(name string) Middleware {
		return func(next http.Handler) http.Handler {
			return handler(func(w http.ResponseWriter, r *http.Request) {
				order = append(order, name)
				next.ServeHTTP(w, r)
			})
		}
	}
	h := Chain(handler(func(http.ResponseWriter, *http.Request) { order = append(order, "handler") }), named("a"), named("b"))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	if got := strings.Join(order, " "); got != "a b handler" {
		t.Errorf("ran %q", got)
	}
}

func TestAccessLogTellsAllAndNoSecrets(t *testing.T) {
	var j journal
	fake := clock.At(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	h := Standard(handler(func(w http.ResponseWriter, r *http.Request) {
		SetRoute(r.Context(), "/reset/{key}")
		SetTenant(r.Context(), "acme")
		SetOutcome(r.Context(), "class", "refused")
		fake.Advance(1500 * time.Microsecond)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "sorry")
	}), Options{Log: j.logger(), Clock: fake})
	r := httptest.NewRequest(http.MethodPost, "/reset/hunter2?token=hunter2", strings.NewReader("hunter2"))
	r.RemoteAddr = "203.0.113.7:4711"
	r.Header.Set("Authorization", "Bearer hunter2")
	r.Header.Set("Cookie", "sessionid=hunter2")
	r.Header.Set("User-Agent", "hunter2")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)

	recs := j.records(t, "request")
	if len(recs) != 1 {
		t.Fatalf("%d records, want one:\n%s", len(recs), j.String())
	}
	want := map[string]any{
		"level": "INFO", "method": "POST", "route": "/reset/{key}", "status": 400.0, "bytes": 5.0, "duration": 1.5e6,
		"tenant": "acme", "client_ip": "203.0.113.7", "request_id": w.Header().Get("X-Request-Id"), "outcome": "refused",
	}
	for k, v := range want {
		if recs[0][k] != v {
			t.Errorf("%s is %v, want %v", k, recs[0][k], v)
		}
	}
	if strings.Contains(j.String(), "hunter2") {
		t.Errorf("a secret is in the log:\n%s", j.String())
	}
}

func TestAccessLogNamesNoUnknownMethodOrPath(t *testing.T) {
	var j journal
	h := Standard(http.NotFoundHandler(), Options{Log: j.logger()})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("BREW", "/coffee", nil))
	rec := j.records(t, "request")[0]
	if rec["method"] != "other" || rec["route"] != "unmatched" || rec["status"] != 404.0 {
		t.Errorf("logged %v", rec)
	}
}

func TestPanicIsAnswered500(t *testing.T) {
	var j journal
	m := NewMetrics(1, clock.System{})
	h := Standard(handler(func(w http.ResponseWriter, r *http.Request) {
		SetRoute(r.Context(), "/x")
		w.Header().Set("Set-Cookie", "sessionid=hunter2")
		w.Header().Set("Content-Length", "9999")
		w.Header().Set("Access-Control-Allow-Origin", "https://acme.example")
		var none map[string]int
		none["x"] = 1
	}), Options{Log: j.logger(), Metrics: m})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", nil))
	if w.Code != 500 || strings.TrimSpace(w.Body.String()) != `{"status":500}` {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
	if got := w.Header(); got.Get("Set-Cookie") != "" || got.Get("Content-Length") != "" ||
		got.Get("Content-Type") != "application/json" || got.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("headers %v", got)
	}
	rec := j.records(t, "a handler panicked")
	if len(rec) != 1 || rec[0]["request_id"] != w.Header().Get("X-Request-Id") || rec[0]["level"] != "ERROR" ||
		!strings.Contains(rec[0]["stack"].(string), "TestPanicIsAnswered500") ||
		!strings.Contains(rec[0]["panic"].(string), "nil map") {
		t.Errorf("logged %v", rec)
	}
	if got := j.records(t, "request")[0]; got["status"] != 500.0 || got["outcome"] != "panic" {
		t.Errorf("logged %v", got)
	}
	if got := scrape(t, m)["vestibule_http_panics_total"]; got != "1" {
		t.Errorf("panics counted: %q", got)
	}
}

// A client must not take the part of an answer that was sent before a panic for the whole.
func TestPanicAmidAnAnswerCutsTheConnection(t *testing.T) {
	srv := httptest.NewServer(Standard(handler(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic("too late")
	}), Options{}))
	defer srv.Close()
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the answer looks whole")
	}
}

func TestAbortPassesAndIsStillLogged(t *testing.T) {
	var j journal
	m := NewMetrics(1, clock.System{})
	h := Standard(handler(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		Options{Log: j.logger(), Metrics: m})
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				t.Errorf("recovered %v", p)
			}
		}()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}()
	if got := j.records(t, "request"); len(got) != 1 || got[0]["status"] != 0.0 || got[0]["outcome"] != "aborted" {
		t.Errorf("logged %v", got)
	}
	if got := j.records(t, "a handler panicked"); len(got) != 0 {
		t.Errorf("an abort is no panic: %v", got)
	}
	if got := scrape(t, m)["vestibule_http_requests_in_flight"]; got != "0" {
		t.Errorf("in flight: %q", got)
	}
}

func TestRequestID(t *testing.T) {
	good := "trace-0123_ABC"
	for name, c := range map[string]struct {
		realIP *RealIP
		xff    string
		sent   []string
		kept   bool
	}{
		"from a trusted proxy":              {&RealIP{ProxyCount: 1}, "203.0.113.7", []string{good}, true},
		"from a stranger":                   {&RealIP{}, "", []string{good}, false},
		"beside an address that is no good": {&RealIP{ProxyCount: 1}, "a", []string{good}, false},
		"without an address":                {&RealIP{ProxyCount: 1}, "", []string{good}, false},
		"too short":                         {&RealIP{ProxyCount: 1}, "203.0.113.7", []string{"1234567"}, false},
		"too long":                          {&RealIP{ProxyCount: 1}, "203.0.113.7", []string{strings.Repeat("a", 65)}, false},
		"with other characters":             {&RealIP{ProxyCount: 1}, "203.0.113.7", []string{"abcdefgh\" x=1"}, false},
		"given twice":                       {&RealIP{ProxyCount: 1}, "203.0.113.7", []string{good, good}, false},
		"not given":                         {&RealIP{ProxyCount: 1}, "203.0.113.7", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var inside string
			h := Standard(handler(func(_ http.ResponseWriter, r *http.Request) { inside = RequestID(r.Context()) }),
				Options{RealIP: c.realIP})
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["X-Request-Id"] = c.sent
			if c.xff != "" {
				r.Header.Set("X-Forwarded-For", c.xff)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			got := w.Header().Get("X-Request-Id")
			if got != inside || !requestID(got) {
				t.Errorf("the answer carries %q, the context %q", got, inside)
			}
			if (got == good) != c.kept {
				t.Errorf("id %q, kept: want %v", got, c.kept)
			}
		})
	}
}

func TestBodyIsCapped(t *testing.T) {
	var seen error
	srv := httptest.NewServer(Standard(handler(func(w http.ResponseWriter, r *http.Request) {
		_, seen = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}), Options{}))
	defer srv.Close()
	for name, body := range map[string]io.Reader{
		"with its length":    strings.NewReader(strings.Repeat("x", DefaultBodyLimit+1)),
		"without its length": io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20))),
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := http.Post(srv.URL, "text/plain", body)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var tooLarge *http.MaxBytesError
			if !errors.As(seen, &tooLarge) || tooLarge.Limit != DefaultBodyLimit {
				t.Errorf("reading on gave %v", seen)
			}
			if !resp.Close {
				t.Error("the connection stays open for the rest of the body")
			}
		})
	}
	t.Run("the most that is allowed", func(t *testing.T) {
		resp, err := http.Post(srv.URL, "text/plain", strings.NewReader(strings.Repeat("x", DefaultBodyLimit)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if seen != nil {
			t.Errorf("reading gave %v", seen)
		}
	})
}

// A body that says that it is too long is not waited for: it may never come.
func TestABodyThatIsDeclaredTooLongIsNotRead(t *testing.T) {
	s := serving(t, Standard(handler(func(w http.ResponseWriter, r *http.Request) {
		var tooLarge *http.MaxBytesError
		if _, err := io.ReadAll(r.Body); !errors.As(err, &tooLarge) || tooLarge.Limit != DefaultBodyLimit {
			t.Errorf("reading gave %v", err)
		}
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}), Options{}), func(h *http.Server) { h.ReadTimeout = 0 })
	for name, header := range map[string]string{
		"a little too long": fmt.Sprintf("Content-Length: %d\r\n", DefaultBodyLimit+1),
		"huge":              "Content-Length: 1099511627776\r\n",
		"asking first":      "Content-Length: 1099511627776\r\nExpect: 100-continue\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, s)
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\n"+header+"\r\n")
			if err := c.SetReadDeadline(clock.System{}.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatalf("no answer before the body came: %v", err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
				t.Errorf("answered %d, and closes: %v", resp.StatusCode, resp.Close)
			}
		})
	}
}

func TestRequestTimeoutCancelsAndIsNoSuccess(t *testing.T) {
	var j journal
	h := Standard(handler(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
		Options{RequestTimeout: time.Nanosecond, Log: j.logger()})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != 503 || strings.TrimSpace(w.Body.String()) != `{"status":503}` {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
	if got := j.records(t, "request")[0]; got["status"] != 503.0 {
		t.Logf("logged %v", got)
		t.Errorf("the log says %v", got["status"])
	}
}

// What takes as long as it takes outlives the request's time, and not its client.
func TestConnectionHasNoDeadlineOfTheRequest(t *testing.T) {
	client, hangUp := context.WithCancel(t.Context())
	h := Standard(handler(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		c := Connection(context.WithValue(r.Context(), recordKeyOfNobody{}, 1))
		if _, timed := c.Deadline(); timed || c.Err() != nil {
			t.Errorf("it ended with the request: %v", c.Err())
		}
		hangUp()
		if c.Err() == nil {
			t.Error("it outlives the client")
		}
		w.WriteHeader(http.StatusOK)
	}), Options{RequestTimeout: time.Nanosecond})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil).WithContext(client))
	if outside := context.Background(); Connection(outside) != outside {
		t.Error("outside of a request there is another context")
	}
}

type recordKeyOfNobody struct{}

func TestRecordOutsideOfARequest(t *testing.T) {
	ctx := context.Background()
	SetRoute(ctx, "/x")
	SetTenant(ctx, "acme")
	if From(ctx) == nil || From(ctx).Route != "" || RequestID(ctx) != "" || ClientIP(ctx).IsValid() || From(ctx).Status() != 0 {
		t.Errorf("there is a record: %+v", From(ctx))
	}
}

// The context of a request keeps what was in it, ends with it, and is found below contexts that are derived from it.
func TestRecordContextIsAContext(t *testing.T) {
	type key struct{}
	parent, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "kept"))
	h := Standard(handler(func(_ http.ResponseWriter, r *http.Request) {
		child, stop := context.WithCancel(r.Context())
		defer stop()
		if child.Value(key{}) != "kept" || From(child) != From(r.Context()) || From(child).RequestID == "" {
			t.Error("the derived context has lost something")
		}
		cancel()
		<-child.Done()
		if !errors.Is(child.Err(), context.Canceled) {
			t.Errorf("ended with %v", child.Err())
		}
	}), Options{RequestTimeout: time.Hour})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(parent, http.MethodGet, "/", nil))
}

func TestWriterKeepsTheConnectionsAbilities(t *testing.T) {
	m := NewMetrics(1, clock.System{})
	early := make(chan struct{})
	srv := httptest.NewServer(Standard(handler(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		if From(r.Context()).Status() != 0 {
			t.Error("an informational status counts as the answer")
		}
		c := http.NewResponseController(w)
		if err := c.SetWriteDeadline(time.Time{}); err != nil {
			t.Errorf("deadline: %v", err)
		}
		_, _ = io.WriteString(w, "first")
		if err := c.Flush(); err != nil {
			t.Errorf("flush: %v", err)
		}
		<-early // the client has the first part before the second is written
		_, _ = io.WriteString(w, "second")
		if rec := From(r.Context()); rec.Status() != 200 || rec.Bytes() != 11 {
			t.Errorf("record says %d, %d bytes", rec.Status(), rec.Bytes())
		}
	}), Options{Metrics: m}))
	defer srv.Close()
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("read %q, %v", first, err)
	}
	close(early)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "second" {
		t.Errorf("read %q, %v", rest, err)
	}
}
