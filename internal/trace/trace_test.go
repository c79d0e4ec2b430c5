package trace

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// collector keeps what is sent, or fails as it is told to.
type collector struct {
	mu    sync.Mutex
	spans []sdk.ReadOnlySpan
	err   error
	hold  chan struct{} // nil: nothing is held up
}

func (c *collector) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if c.hold != nil {
		select {
		case <-c.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.spans = append(c.spans, spans...)
	}
	return c.err
}

func (c *collector) Shutdown(context.Context) error { return nil }

func (c *collector) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *collector) named(t *testing.T, name string) sdk.ReadOnlySpan {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.Name() == name {
			return s
		}
	}
	t.Fatalf("no span %q was sent; there are %d", name, len(c.spans))
	return nil
}

// journal is a log that a test can read while it is written.
type journal struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.String()
}

func tracerTo(t *testing.T, c *collector, queue int) (*Tracer, *journal) {
	t.Helper()
	log := &journal{}
	tracer := newTracer(c, resource.Empty(), Options{Queue: queue, Log: slog.New(slog.NewJSONHandler(log, nil))})
	t.Cleanup(func() { tracer.Close(context.Background()) })
	return tracer, log
}

const (
	theirTrace = "0af7651916cd43dd8448eb211c80319c"
	theirs     = "00-" + theirTrace + "-b7ad6b7169203331-01"
	unsampled  = "00-" + theirTrace + "-b7ad6b7169203331-00"
)

func TestWhatIsNotTracedCostsNoMemory(t *testing.T) {
	ctx := context.WithValue(t.Context(), struct{ int }{1}, "something")
	var none *Tracer
	if n := testing.AllocsPerRun(1000, func() {
		below, root := none.Root(ctx, "root", Internal)
		below, child := Begin(below, "child", Client)
		child.Set()
		child.Link(Origin{})
		child.Fail("why")
		child.End()
		root.End()
		if Of(below).On() || Note(below) != "" || child.TraceID() != "" {
			t.Fatal("there is a span")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	none.Close(ctx)
}

func TestPartsBelongToTheirWhole(t *testing.T) {
	c := &collector{}
	tracer, _ := tracerTo(t, c, 0)
	ctx, root := tracer.Root(t.Context(), "root", Consumer, String("a", "b"))
	below, child := Begin(ctx, "child", Client, Int("n", 7))
	_, grandchild := Begin(below, "grandchild", Internal)
	grandchild.End()
	child.Fail("timeout")
	child.End()
	note := Note(ctx)
	root.Name("renamed")
	root.End()
	_, later := tracer.Root(ctx, "later", Internal)
	later.Link(Read(note, ""))
	later.End()
	tracer.Close(t.Context())

	r, ch, g, l := c.named(t, "renamed"), c.named(t, "child"), c.named(t, "grandchild"), c.named(t, "later")
	if r.Parent().IsValid() || ch.Parent().SpanID() != r.SpanContext().SpanID() || g.Parent().SpanID() != ch.SpanContext().SpanID() {
		t.Error("the spans do not make a tree")
	}
	if l.Parent().IsValid() || l.SpanContext().TraceID() == r.SpanContext().TraceID() {
		t.Error("a root is part of what its context belonged to")
	}
	if len(l.Links()) != 1 || l.Links()[0].SpanContext.SpanID() != r.SpanContext().SpanID() {
		t.Errorf("links are %v", l.Links())
	}
	if ch.SpanKind() != trace.SpanKindClient || !has(ch, "error.type", "timeout") || ch.Status().Description != "" || !has(r, "a", "b") {
		t.Errorf("the child is %v %v %v", ch.SpanKind(), ch.Attributes(), ch.Status())
	}
	if got := tracer.Counts(); got != (Counts{Sent: 4}) {
		t.Errorf("counted %+v", got)
	}
}

func has(s sdk.ReadOnlySpan, key, value string) bool {
	for _, a := range s.Attributes() {
		if a.Key == attribute.Key(key) {
			return a.Value.AsString() == value
		}
	}
	return false
}

// TestAStrangerCannotHaveItselfTraced is for a server that anybody reaches: whoever says that it is sampled, or names a trace, changes nothing.
func TestAStrangerCannotHaveItselfTraced(t *testing.T) {
	for name, test := range map[string]struct {
		sampler, header string
		trusted         bool
		traced, part    bool
	}{
		"a stranger's sampled trace":         {"parentbased_always_off", theirs, false, false, false},
		"a stranger's unsampled trace":       {"parentbased_always_on", unsampled, false, true, false},
		"a trusted caller's sampled trace":   {"parentbased_always_off", theirs, true, true, true},
		"a trusted caller's unsampled trace": {"parentbased_always_on", unsampled, true, false, false},
		"no word of a trace":                 {"parentbased_always_on", "", true, true, false},
		"nonsense":                           {"parentbased_always_on", "00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", true, true, false},
		"too long":                           {"parentbased_always_on", theirs + strings.Repeat("0", 100), true, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_TRACES_SAMPLER", test.sampler)
			c := &collector{}
			tracer, _ := tracerTo(t, c, 0)
			ctx, span := tracer.Serve(t.Context(), "GET", Read(test.header, "vendor=secret"), test.trusted)
			if span.On() != test.traced {
				t.Fatalf("traced: %v", span.On())
			}
			if !span.On() {
				if Of(ctx).On() {
					t.Error("the context has a span")
				}
				return
			}
			span.End()
			tracer.Close(t.Context())
			s := c.named(t, "GET")
			if part := s.SpanContext().TraceID().String() == theirTrace; part != test.part || s.Parent().IsValid() != test.part {
				t.Errorf("part of the caller's trace: %v", part)
			}
			linked := len(s.Links()) == 1 && s.Links()[0].SpanContext.TraceID().String() == theirTrace
			if want := !test.trusted && test.header != ""; linked != want {
				t.Errorf("linked to the caller's trace: %v", linked)
			}
			for _, l := range s.Links() {
				if l.SpanContext.TraceState().Len() > 0 || l.SpanContext.IsSampled() {
					t.Errorf("of a stranger's word is kept: %+v", l.SpanContext)
				}
			}
		})
	}
}

func TestACollectorThatIsAwayIsLoggedOnce(t *testing.T) {
	c := &collector{err: &url.Error{Op: "Post", URL: "https://user:secret@collector.example", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}}
	tracer, log := tracerTo(t, c, 0)
	send := func() {
		_, s := tracer.Root(t.Context(), "x", Internal)
		s.End()
		if err := tracer.provider.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	send()
	send()
	send()
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), `"cause":"unreachable"`) || strings.Contains(log.String(), "secret") {
		t.Errorf("the log says, after three batches:\n%s", log)
	}
	c.fail(nil)
	send()
	send()
	if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), `"lost":3`) {
		t.Errorf("the log says, with the collector back:\n%s", log)
	}
	if got := tracer.Counts(); got != (Counts{Sent: 2, Failed: 3}) {
		t.Errorf("counted %+v", got)
	}
}

func TestTheLogHasNoErrorOfTheCollectorsInFull(t *testing.T) {
	for want, err := range map[string]error{
		"Unavailable": fmt.Errorf("send: %w", status.Error(codes.Unavailable, "secret")),
		"timeout":     &url.Error{Op: "Post", URL: "https://secret", Err: context.DeadlineExceeded},
		"stopped":     context.Canceled,
		"unreachable": &url.Error{Op: "Post", URL: "https://secret", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Name: "secret"}}},
		"refused":     errors.New("failed to send to https://secret: 400 Bad Request (body: secret)"),
		"its certificate is not valid": &url.Error{Op: "Post", URL: "https://secret", Err: &tls.CertificateVerificationError{
			Err: errors.New("secret"),
		}},
	} {
		if got := class(err); got != want {
			t.Errorf("of %v the log says %q, want %q", err, got, want)
		}
	}
}

func TestWhoEndsASpanNeverWaitsAndWhatIsDroppedIsCounted(t *testing.T) {
	c := &collector{hold: make(chan struct{})}
	tracer, _ := tracerTo(t, c, 10)
	for range 1000 {
		_, s := tracer.Root(t.Context(), "x", Internal)
		s.End()
	}
	close(c.hold)
	tracer.Close(t.Context())
	got := tracer.Counts()
	if got.Sent+got.Dropped != 1000 || got.Sent < 10 || got.Failed != 0 {
		t.Errorf("counted %+v", got)
	}
	if waiting := tracer.out.waiting.Load(); waiting != 0 {
		t.Errorf("%d spans wait still", waiting)
	}
}

func TestAStopDoesNotWaitForACollectorThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &collector{hold: make(chan struct{})}
		tracer, log := tracerTo(t, c, 0)
		_, s := tracer.Root(t.Context(), "x", Internal)
		s.End()
		began := time.Now()
		tracer.Close(context.Background())
		if took := time.Since(began); took > flushTime {
			t.Errorf("the stop took %v", took)
		}
		if !strings.Contains(log.String(), "before the stop") {
			t.Errorf("the log says %s", log)
		}
		synctest.Wait() // nothing goes on
		if got := tracer.Counts(); got.Failed != 1 {
			t.Errorf("counted %+v", got)
		}
	})
}

func TestLogRecordsSayWhichTraceTheyBelongTo(t *testing.T) {
	c, out := &collector{}, &bytes.Buffer{}
	tracer, _ := tracerTo(t, c, 0)
	log := slog.New(Handler(slog.NewJSONHandler(out, nil))).With("a", 1)
	ctx, s := tracer.Root(t.Context(), "x", Internal)
	log.InfoContext(ctx, "within")
	log.Info("without")
	lines := strings.Split(out.String(), "\n")
	if !strings.Contains(lines[0], `"trace_id":"`+s.TraceID()+`","span_id":"`) || strings.Contains(lines[1], "trace_id") {
		t.Errorf("the log says %s", out)
	}
	s.End()
}

func TestTheResourceIsTheEnvironmentsFirst(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "entrance")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=staging,service.version=9")
	for _, grpc := range []bool{false, true} {
		tracer, err := New(t.Context(), Options{GRPC: grpc, Version: "1"})
		if err != nil {
			t.Fatal(err)
		}
		_, s := tracer.Root(t.Context(), "x", Internal)
		of := s.span.(sdk.ReadOnlySpan).Resource().String()
		for _, want := range []string{"service.name=entrance", "deployment.environment.name=staging", "service.version=9", "host.name="} {
			if !strings.Contains(of, want) {
				t.Errorf("%s is not in %s", want, of)
			}
		}
		tracer.Close(t.Context()) // the span has not ended: there is nothing to send
	}
}
