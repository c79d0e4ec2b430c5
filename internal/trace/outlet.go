package trace

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync/atomic"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc/status"
)

// outlet stands on both sides of the SDK's queue: it counts the spans that go in and those that come out, and sends them. So it is known
// what was lost, which the queue by itself does not tell; nobody who ends a span ever waits; and of a collector that is away the log has
// one record, and another when it is back.
type outlet struct {
	sdk.SpanProcessor // the queue
	collector         sdk.SpanExporter
	log               *slog.Logger

	life context.Context // ends when nothing is to be sent any more
	cut  context.CancelFunc

	most                           int64 // spans that may wait
	waiting, sent, failed, dropped atomic.Int64

	down atomic.Bool // the last batch could not be sent
	lost int64       // by batches that could not, since one could; one batch is sent at a time
}

// OnEnd lets a span into the queue if there is room. There is always less in the queue than is waiting, so that it is never full.
func (o *outlet) OnEnd(s sdk.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return // the queue would pass over it, and it would never come out
	}
	if o.waiting.Add(1) > o.most {
		o.waiting.Add(-1)
		o.dropped.Add(1)
		return
	}
	o.SpanProcessor.OnEnd(s)
}

// sender is the end of an outlet that the queue hands its spans to.
type sender struct{ *outlet }

// ExportSpans sends a batch. That it could not is noted here, and no error to the queue, which would complain of each.
func (s sender) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	o, n := s.outlet, int64(len(spans))
	ctx, done := context.WithCancel(ctx)
	defer done()
	defer context.AfterFunc(o.life, done)()
	err := o.collector.ExportSpans(ctx, spans)
	o.waiting.Add(-n)
	if err != nil {
		o.failed.Add(n)
		o.lost += n
		if !o.down.Swap(true) {
			o.log.WarnContext(ctx, "spans cannot be sent to the collector; they are dropped until they can, and only counted", "cause", class(err))
		}
		return nil
	}
	o.sent.Add(n)
	if o.down.Swap(false) {
		o.log.InfoContext(ctx, "spans are sent to the collector again", "lost", o.lost)
		o.lost = 0
	}
	return nil
}

// class is all that the log says of an error: its text may repeat the URL of the collector, which may hold a password, and whatever
// answered there.
func class(err error) string {
	var late interface{ Timeout() bool }
	var answered interface{ GRPCStatus() *status.Status }
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &answered):
		return answered.GRPCStatus().Code().String()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "stopped"
	case errors.As(err, &certificate):
		return "its certificate is not valid"
	case errors.As(err, &network), errors.Is(err, io.EOF):
		return "unreachable"
	default:
		return "refused"
	}
}

// Shutdown ends what sends.
func (s sender) Shutdown(ctx context.Context) error { return s.collector.Shutdown(ctx) }
