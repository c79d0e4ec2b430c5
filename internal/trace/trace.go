// Package trace is what the house knows of OpenTelemetry: how a piece of work is told of as a span, and how spans leave the process.
//
// # Who begins what
//
// A Tracer begins roots: a request (Serve), a message that is sent, a round of the sweeper (Root). It is the one place where it is
// decided whether something is traced at all. Whatever is below begins a child with Begin, out of nothing but the context: where the
// context has no span, which is always so while tracing is off and for all that was not sampled, Begin costs the look into the context
// and makes nothing. So nobody below the roots has to be handed a Tracer, and there is none that is global.
//
// A nil *Tracer and the zero Span do nothing. A span is only ever one that is recorded: what was not sampled has none.
//
// # What may be said
//
// Names of spans are bounded: templates of routes, kinds, operations. Attributes never hold a path, a query, a header, an address, a
// key, an argument of a statement, or the text of an error, for each of them may hold a secret; Fail takes a class of error, and not
// the error. Names follow the semantic conventions of OpenTelemetry (HTTP, database and error, all stable); what they have no name for
// begins with "vestibule.".
//
// # The environment
//
// The variables that begin with OTEL_ are read by the SDK itself, as in any program that uses it. Package config reads them as well,
// before, so that a wrong one stops the start: the SDK would log it and go on with something else.
package trace

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// scope is what the spans say that they were made by.
const scope = "github.com/vestibule-auth/vestibule"

// The attributes that more than one package sets. The others stand where they are set.
const (
	TenantKey    = "vestibule.tenant" // the slug
	RequestIDKey = "vestibule.request_id"
	OutcomeKey   = "vestibule.outcome" // what became of it, in a word or two
)

// Attr is an attribute of a span.
type Attr = attribute.KeyValue

// String is an attribute that is a text.
func String(key, value string) Attr { return attribute.String(key, value) }

// Int is an attribute that is a number.
func Int(key string, value int) Attr { return attribute.Int(key, value) }

// Kind is what a span is to the other side, as OpenTelemetry has it.
type Kind = trace.SpanKind

// The kinds of spans.
const (
	Internal = trace.SpanKindInternal // there is no other side
	Server   = trace.SpanKindServer   // it answers
	Client   = trace.SpanKindClient   // it asks, and waits for the answer
	Consumer = trace.SpanKindConsumer // it does later what somebody asked for
)

// Span is a piece of work that is under way. The zero value is none, and does nothing.
type Span struct{ span trace.Span }

// Of is the span that ctx belongs to, if any.
func Of(ctx context.Context) Span {
	if s := trace.SpanFromContext(ctx); s.IsRecording() {
		return Span{s}
	}
	return Span{}
}

// On reports whether there is a span. Ask it before attributes are made that somebody would have to throw away.
func (s Span) On() bool { return s.span != nil }

// Begin begins a part of what ctx belongs to. Where that is not traced, ctx is returned as it is, and no span.
func Begin(ctx context.Context, name string, kind Kind, attrs ...Attr) (context.Context, Span) {
	above := Of(ctx)
	if !above.On() {
		return ctx, Span{}
	}
	return started(above.span.TracerProvider().Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...)))
}

func started(ctx context.Context, s trace.Span) (context.Context, Span) { return ctx, Span{s} }

// Name gives the span another name, now that more is known.
func (s Span) Name(name string) {
	if s.span != nil {
		s.span.SetName(name)
	}
}

// Set says more of the span.
func (s Span) Set(attrs ...Attr) {
	if s.span != nil {
		s.span.SetAttributes(attrs...)
	}
}

// Link says what the span came of, where that is not what it is a part of.
func (s Span) Link(to Origin) {
	if s.span != nil && to.Valid() {
		s.span.AddLink(trace.Link{SpanContext: to.context})
	}
}

// Fail says that the span failed, and with what class of error. The class is a word of ours or a code: never the error's own text, which
// may repeat what somebody sent.
func (s Span) Fail(class string) {
	if s.span != nil {
		s.span.SetStatus(codes.Error, "")
		s.span.SetAttributes(attribute.String("error.type", class))
	}
}

// End ends the span.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}

// TraceID is the id of the trace that the span is part of, in hex; "" where there is none.
func (s Span) TraceID() string {
	if s.span == nil {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

// Origin is a span that somebody else has told of, in another process or before. The zero value is none.
type Origin struct{ context trace.SpanContext }

// Valid reports whether there is one.
func (o Origin) Valid() bool { return o.context.IsValid() }

// w3c is the W3C Trace Context (https://www.w3.org/TR/trace-context), the one form in which spans are told of here.
var w3c propagation.TraceContext

// Read reads the values of the headers traceparent and tracestate. What cannot be read is no Origin.
func Read(traceparent, tracestate string) Origin {
	if len(traceparent) > 128 || len(tracestate) > 1024 { // a traceparent has 55 characters, and who sends more than 512 of tracestate means no good
		return Origin{}
	}
	ctx := w3c.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent, "tracestate": tracestate})
	return Origin{trace.SpanContextFromContext(ctx)}
}

// Note is the span that ctx belongs to as a traceparent, to be kept until what came of it is done; "" where there is none.
func Note(ctx context.Context) string {
	if !Of(ctx).On() {
		return ""
	}
	c := propagation.MapCarrier{}
	w3c.Inject(ctx, c)
	return c["traceparent"]
}
