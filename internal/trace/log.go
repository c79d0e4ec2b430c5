package trace

import (
	"context"
	"log/slog"
)

// Handler adds trace_id and span_id to the log records of what is traced, so that one is found by the other.
func Handler(h slog.Handler) slog.Handler { return handler{h} }

type handler struct{ slog.Handler }

// Handle passes a record on with the ids of the span that ctx belongs to.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if s := Of(ctx); s.On() {
		c := s.span.SpanContext()
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", c.TraceID().String()), slog.String("span_id", c.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs is for slog.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup is for slog.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
