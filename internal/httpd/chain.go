package httpd

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/trace"
)

// DefaultBodyLimit is the most that is read of a body where nothing else is said: 64 KiB.
const DefaultBodyLimit = 64 << 10

// requestIDHeader carries the request's id, in its canonical form.
const requestIDHeader = "X-Request-Id"

// Middleware wraps a handler.
type Middleware func(http.Handler) http.Handler

// Chain wraps h. The first middleware is the outermost.
func Chain(h http.Handler, middlewares ...Middleware) http.Handler {
	for i := len(middlewares) - 1; i >= 0; i-- {
		h = middlewares[i](h)
	}
	return h
}

// Options are what the standard chain needs. The zero value logs and measures nothing, trusts no proxy, and has
// DefaultBodyLimit and no deadline.
type Options struct {
	Log            *slog.Logger
	Clock          clock.Clock
	Metrics        *Metrics
	RealIP         *RealIP
	BodyLimit      int64
	RequestTimeout time.Duration // 0 for none
	Watch          *Watch        // remembers where requests come from; nil: nobody does
	Tracer         *trace.Tracer // nil: nothing is traced
	Tracing        Tracing
}

// Standard wraps h in what every request passes through; see the package's documentation.
func Standard(h http.Handler, o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.RealIP == nil {
		o.RealIP = &RealIP{}
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = DefaultBodyLimit
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(0, o.Clock)
	}
	if o.Watch != nil {
		h = Watched(o.Watch)(h)
	}
	h = Chain(h,
		Logged(o.Log, o.Clock),
		Measured(o.Metrics, o.Clock),
		Answered(o.Metrics),
		Recovered(o.Log, o.Metrics),
		Capped(o.BodyLimit, o.Metrics),
	)
	if o.Tracer != nil {
		h = Traced(o.Tracer, o.Tracing)(h)
	}
	return Begun(o.Clock, o.RealIP, o.RequestTimeout)(h)
}

// Begun makes the record of a request, with its id and the client's address, and ends its context after timeout (0: never).
//
// The id is the one in X-Request-Id if a trusted proxy sent the request and the id looks like one; otherwise it is made
// here. The answer carries it in any case.
func Begun(c clock.Clock, realIP *RealIP, timeout time.Duration) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e := &exchange{Context: r.Context()}
			if timeout > 0 {
				e.deadline = time.Now().Add(timeout) // by the machine's clock, as timers go
				defer e.release()
			}
			e.writer.ResponseWriter = w
			ip, proxied := realIP.Of(r)
			e.record = Record{ClientIP: ip, Start: c.Now(), proxied: proxied, answer: &e.writer}
			if sent := r.Header[requestIDHeader]; proxied && len(sent) == 1 && requestID(sent[0]) {
				e.record.RequestID = sent[0]
			} else {
				e.record.RequestID = secret.NewID()
			}
			e.id[0] = e.record.RequestID
			w.Header()[requestIDHeader] = e.id[:]
			next.ServeHTTP(&e.writer, r.WithContext(e))
		})
	}
}

// requestID reports whether s can be taken for a request id: ^[A-Za-z0-9_-]{8,64}$.
func requestID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// Logged writes one record of level info for each request, when it is over. There is nothing in it that a client can
// hide a secret in: no path, no query, no header.
func Logged(log *slog.Logger, c clock.Clock) Middleware {
	h := log.Handler()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			returned := false
			defer func() { // also where the request is cut off
				if h.Enabled(r.Context(), slog.LevelInfo) {
					logRequest(h, c.Now(), r, returned)
				}
			}()
			next.ServeHTTP(w, r)
			returned = true
		})
	}
}

// logRequest goes to the handler directly: a Logger would look up this file's line number for each request.
func logRequest(h slog.Handler, now time.Time, r *http.Request, returned bool) {
	rec := From(r.Context())
	line := slog.NewRecord(now, slog.LevelInfo, "request", 0)
	line.AddAttrs(
		slog.String("method", knownMethod(r.Method)),
		slog.String("route", routeLabel(rec.Route)),
		slog.Int("status", rec.final(returned)),
		slog.Int64("bytes", rec.Bytes()),
		slog.Duration("duration", now.Sub(rec.Start)),
		slog.String("tenant", rec.Tenant),
		slog.String("request_id", rec.RequestID),
		slog.String("client_ip", rec.ClientIP.String()),
	)
	if rec.Outcome != "" {
		line.AddAttrs(slog.String("outcome", rec.Outcome))
	}
	_ = h.Handle(r.Context(), line) // there is nowhere left to say that the log cannot be written
}

// Measured counts and times requests.
func Measured(m *Metrics, c clock.Clock) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			m.inFlight.Inc()
			returned := false
			defer func() {
				m.inFlight.Dec()
				rec := From(r.Context())
				m.request(requestLabels{rec.Route, r.Method, rec.Tenant, rec.final(returned)}, rec.Start, c.Now(), rec.span)
			}()
			next.ServeHTTP(w, r)
			returned = true
		})
	}
}

// Answered answers 503 for a handler that gave up without a word when its time was over, since net/http would make a 200
// of that.
func Answered(m *Metrics) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			if end, ok := r.Context().Deadline(); ok && !time.Now().Before(end) {
				m.timeouts.Inc()
			}
			if From(r.Context()).Status() == 0 && r.Context().Err() != nil {
				writeStatus(w, http.StatusServiceUnavailable)
			}
		})
	}
}

// Recovered answers 500 for a handler that panics, and logs the panic with its stack. If part of an answer is out
// already, the connection is cut, so that nobody takes the part for the whole. http.ErrAbortHandler passes, since that
// is what it is for.
func Recovered(log *slog.Logger, m *Metrics) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				p := recover()
				if p == nil {
					return
				}
				rec := From(r.Context())
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					rec.came("aborted", "aborted")
					panic(http.ErrAbortHandler)
				}
				rec.came("panic", "panic")
				m.panics.Inc()
				log.ErrorContext(r.Context(), "a handler panicked", "request_id", rec.RequestID, "route", routeLabel(rec.Route),
					"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				if rec.Status() != 0 {
					panic(http.ErrAbortHandler)
				}
				writeStatus(w, http.StatusInternalServerError)
			}()
			next.ServeHTTP(w, r)
		})
	}
}

// writeStatus answers with a bare status, in place of whatever a handler had begun to prepare: no cookie, and no
// description of a body that will not come, may stay.
func writeStatus(w http.ResponseWriter, status int) {
	h := w.Header()
	for _, name := range []string{
		"Set-Cookie", "Content-Length", "Content-Encoding", "Content-Disposition", "Etag", "Last-Modified", "Location",
	} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "{\"status\":%d}\n", status) // a client that is gone cannot be told
}

// Capped lets a handler read at most limit bytes of a body; reading on is an *http.MaxBytesError, and closes the
// connection after the answer. Of a body that is declared as longer nothing is read at all.
func Capped(limit int64, m *Metrics) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.ContentLength > limit:
				w.Header().Set("Connection", "close") // or net/http would read on, to keep it
				r.Body = &body{ReadCloser: tooLong{limit}, refused: m.bodies}
			case r.Body != nil && r.Body != http.NoBody:
				conn := w
				if answer := From(r.Context()).answer; answer != nil {
					conn = answer.ResponseWriter // only net/http's own writer can be told to close the connection
				}
				by, _ := r.Context().Value(countedKey{}).(*counted)
				by.body(true)
				// In place: Begun made this request a copy of its own.
				r.Body = &body{ReadCloser: http.MaxBytesReader(conn, r.Body, limit), refused: m.bodies, by: by}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// tooLong is a body that is longer than it may be, and is not read.
type tooLong struct{ limit int64 }

// Read tells so.
func (b tooLong) Read([]byte) (int, error) { return 0, &http.MaxBytesError{Limit: b.limit} }

// Close does nothing: net/http has the body itself.
func (tooLong) Close() error { return nil }

// body counts bodies that are not read to their end because they are too long, or come too slowly. Once it is read, its connection is not
// closed for another one any more.
type body struct {
	io.ReadCloser
	refused *prometheus.CounterVec
	told    bool
	by      *counted // nil where the connection is not known
}

// Read reads on.
func (b *body) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if err != nil {
		b.by.body(false)
	}
	if err != nil && !b.told && !errors.Is(err, io.EOF) {
		var long *http.MaxBytesError
		switch {
		case errors.As(err, &long):
			b.refused.WithLabelValues(tooLarge).Inc()
			b.told = true
		case errors.Is(err, os.ErrDeadlineExceeded):
			b.refused.WithLabelValues(tooSlow).Inc()
			b.told = true
		}
	}
	return n, err
}
