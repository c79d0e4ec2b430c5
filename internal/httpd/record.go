package httpd

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/trace"
)

// Record is what is known of one request. It belongs to the goroutine that serves the request: fill it in from there.
type Record struct {
	RequestID string
	ClientIP  netip.Addr // without zone, never an IPv4-mapped one; invalid if the peer has no IP address
	Start     time.Time

	Route   string // the route's template; "" where no route matched
	Tenant  string // the slug of a tenant that was found, never a name that a client sent
	Outcome string // a few words for the log, where there is something to say
	Class   string // the same without any error's text: kinds and codes of the product's own, for those beyond the log

	proxied bool       // it came through a trusted proxy
	span    trace.Span // none where it is not traced
	answer  *writer
}

// Status is the status code that was sent, or 0 if none was yet.
func (r *Record) Status() int {
	if r.answer == nil {
		return 0
	}
	return r.answer.status
}

// Bytes is how much of the body was sent.
func (r *Record) Bytes() int64 {
	if r.answer == nil {
		return 0
	}
	return r.answer.bytes
}

// final is the status code for logs and metrics. A handler that returned without a word has sent 200, since that is what
// net/http does then; one that was cut off has sent nothing, which is 0.
func (r *Record) final(returned bool) int {
	if status := r.Status(); status != 0 || !returned {
		return status
	}
	return http.StatusOK
}

type (
	recordKey     struct{}
	connectionKey struct{}
)

// From is the record of the request that ctx belongs to. It is never nil: outside of a request it is one that nobody
// reads.
func From(ctx context.Context) *Record {
	if rec, ok := ctx.Value(recordKey{}).(*Record); ok {
		return rec
	}
	return &Record{}
}

// RequestID is the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string { return From(ctx).RequestID }

// ClientIP is the address of the client whose request ctx belongs to.
func ClientIP(ctx context.Context) netip.Addr { return From(ctx).ClientIP }

// Connection is the context of the connection that the request which ctx belongs to came by. It ends when the client is gone, and not when
// the request's time is up: it is for answers that take as long as they take.
func Connection(ctx context.Context) context.Context {
	if c, ok := ctx.Value(connectionKey{}).(context.Context); ok {
		return c
	}
	return ctx
}

// SetRoute notes the template of the route that matched.
func SetRoute(ctx context.Context, template string) { From(ctx).Route = template }

// SetTenant notes the slug of the tenant that was found.
func SetTenant(ctx context.Context, slug string) { From(ctx).Tenant = slug }

// SetOutcome notes what became of the request: as a class, which leaves the machine with spans, and in a few words for the log, which may
// hold the text of an error and with that an address.
func SetOutcome(ctx context.Context, class, outcome string) { From(ctx).came(class, outcome) }

func (r *Record) came(class, outcome string) { r.Class, r.Outcome = class, outcome }

// exchange is all that the chain allocates for a request: the context, the record in it, and the writer.
//
// As a context it ends at the request's deadline, or when the connection does. The timer for that is made when somebody
// first waits for the end: most requests are over before anybody does.
type exchange struct {
	context.Context           // the connection's
	deadline        time.Time // zero for none
	record          Record
	writer          writer
	id              [1]string // the value of the X-Request-Id header

	arm    sync.Once
	timed  context.Context
	cancel context.CancelFunc
}

// Deadline is when the request's time is up.
func (e *exchange) Deadline() (time.Time, bool) {
	if e.deadline.IsZero() {
		return e.Context.Deadline()
	}
	return e.deadline, true
}

// Done is closed at the end.
func (e *exchange) Done() <-chan struct{} { return e.armed().Done() }

// Err tells whether the end has come, and which.
func (e *exchange) Err() error { return e.armed().Err() }

func (e *exchange) armed() context.Context {
	if e.deadline.IsZero() {
		return e.Context
	}
	e.arm.Do(func() { e.timed, e.cancel = context.WithDeadline(e.Context, e.deadline) })
	return e.timed
}

// release gives the timer back, if there is one. Who asks for the end after this finds it has come.
func (e *exchange) release() {
	if e.deadline.IsZero() {
		return
	}
	e.arm.Do(func() { e.timed, e.cancel = context.WithCancel(e.Context) })
	e.cancel()
}

// Value finds the record, and everything else in the context below.
func (e *exchange) Value(key any) any {
	switch key {
	case recordKey{}:
		return &e.record
	case connectionKey{}:
		return e.Context
	}
	return e.Context.Value(key)
}

// writer notes the status and size of an answer.
type writer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the first final status. The informational ones (1xx) come before it and do not count.
func (w *writer) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts what was taken of b.
func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Flush sends what is buffered, where the connection can.
func (w *writer) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		if w.status == 0 {
			w.status = http.StatusOK
		}
		f.Flush()
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
