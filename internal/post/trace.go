package post

import (
	"context"
	"errors"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/trace"
	"github.com/vestibule-auth/vestibule/tenants"
)

// describe says which message a span is of, and nothing of whom it goes to or what is in it.
func describe(span trace.Span, kind string, t *tenants.Tenant, m store.Message) {
	if !span.On() {
		return
	}
	span.Name("send " + kind)
	span.Set(trace.String("vestibule.message.id", m.ID), trace.String("vestibule.message.kind", kind),
		trace.String("vestibule.message.channel", string(m.Channel)), trace.Int("vestibule.message.attempt", m.Attempts))
	if t != nil {
		span.Set(trace.String(trace.TenantKey, t.Slug))
	}
}

// endSpan ends the span of a conversation with a mail server: with the step that it got to, and the server's code.
func endSpan(span trace.Span, err error) {
	if !span.On() {
		return
	}
	var e *SendError
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded):
		span.Fail("timeout")
	case errors.As(err, &e):
		if e.Code != 0 {
			span.Set(trace.Int("vestibule.smtp.code", e.Code))
		}
		span.Fail(e.Step)
	default:
		span.Fail("_OTHER")
	}
	span.End()
}
