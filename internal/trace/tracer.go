package trace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Options say where spans go. What is not here is said by the OTEL_ variables.
type Options struct {
	GRPC    bool   // to the collector by gRPC, and not by HTTP
	Queue   int    // spans that may wait to be sent; those that end while there are as many are dropped. 2048 when zero
	Version string // of the program; "" if nobody knows
	Log     *slog.Logger
}

// defaultQueue is how many spans may wait where nobody says otherwise: the SDK's own default.
const defaultQueue = 2048

// flushTime is how long a stop waits for a collector. A collector that is there takes milliseconds; one that is not is no reason to
// hold up a stop.
const flushTime = 5 * time.Second

// Tracer begins spans that are part of nothing else, and sends all spans out. A nil one begins none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	out      *outlet
	log      *slog.Logger
}

// New makes a Tracer that sends spans to a collector by OTLP. It does not connect, so that a server starts whether or not the collector is
// there. Close must follow.
func New(ctx context.Context, o Options) (*Tracer, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	// The SDK has one way for the whole process in which it complains.
	otel.SetLogger(logr.FromSlogHandler(o.Log.Handler()))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { o.Log.WarnContext(context.Background(), "tracing", "cause", class(err)) }))

	of, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "vestibule"), attribute.String("service.version", o.Version)),
		resource.WithHost(), resource.WithTelemetrySDK(),
		resource.WithFromEnv(), // which has the last word
	)
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("tell the collector what this is: %w", err)
	}
	var exporter sdk.SpanExporter
	if o.GRPC {
		exporter, err = otlptracegrpc.New(ctx)
	} else {
		exporter, err = otlptracehttp.New(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("prepare to send spans: %w", err)
	}
	return newTracer(exporter, of, o), nil
}

func newTracer(exporter sdk.SpanExporter, of *resource.Resource, o Options) *Tracer {
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	out := &outlet{collector: exporter, most: int64(o.Queue), log: o.Log}
	out.life, out.cut = context.WithCancel(context.Background())
	out.SpanProcessor = sdk.NewBatchSpanProcessor(sender{out}, sdk.WithMaxQueueSize(o.Queue))
	provider := sdk.NewTracerProvider(sdk.WithResource(of), sdk.WithSpanProcessor(out))
	return &Tracer{provider: provider, tracer: provider.Tracer(scope), out: out, log: o.Log}
}

// Close sends what has not been sent yet, for five seconds at the most and no longer than ctx lasts, and ends the Tracer.
// What is lost then is logged.
func (t *Tracer) Close(ctx context.Context) {
	if t == nil {
		return
	}
	bounded, done := context.WithTimeout(ctx, flushTime)
	defer done()
	err := t.provider.Shutdown(bounded)
	t.out.cut()
	if err != nil {
		t.log.WarnContext(ctx, "spans were not all sent before the stop", "waiting", t.out.waiting.Load(), "cause", class(err))
	}
}

// Counts is what became of spans since the start.
type Counts struct {
	Sent    int64
	Failed  int64 // the collector could not be reached, or did not take them
	Dropped int64 // too many were waiting already
}

// Counts tells what became of spans: nothing, where nothing is traced and t is nil.
func (t *Tracer) Counts() Counts {
	if t == nil {
		return Counts{}
	}
	return Counts{Sent: t.out.sent.Load(), Failed: t.out.failed.Load(), Dropped: t.out.dropped.Load()}
}

// Root begins a span that is part of nothing else, unless the sampler decides against it: then ctx is returned as it is, and no span.
func (t *Tracer) Root(ctx context.Context, name string, kind Kind, attrs ...Attr) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	return t.start(ctx, ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...), trace.WithNewRoot())
}

// Serve begins the span of a request. Where it came with word of a span of the caller's, the new one is part of that if the caller is
// trusted: the caller's id of the trace and decision to sample it then hold, as far as the sampler heeds them. Of anybody else's, the
// new span is no part: it is a root with ids of its own, which is sampled as any other, and has a link to what it was told.
func (t *Tracer) Serve(ctx context.Context, name string, from Origin, trusted bool, attrs ...Attr) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(Server), trace.WithAttributes(attrs...)}
	switch {
	case !from.Valid():
	case trusted:
		return t.start(ctx, trace.ContextWithRemoteSpanContext(ctx, from.context), name, options...)
	default:
		// Of a stranger's word no more is kept than two numbers.
		to := trace.NewSpanContext(trace.SpanContextConfig{TraceID: from.context.TraceID(), SpanID: from.context.SpanID(), Remote: true})
		options = append(options, trace.WithLinks(trace.Link{SpanContext: to}))
	}
	return t.start(ctx, ctx, name, append(options, trace.WithNewRoot())...)
}

func (t *Tracer) start(ctx, within context.Context, name string, options ...trace.SpanStartOption) (context.Context, Span) {
	below, s := t.tracer.Start(within, name, options...)
	if !s.IsRecording() {
		return ctx, Span{}
	}
	return started(below, s)
}
