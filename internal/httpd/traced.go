package httpd

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vestibule-auth/vestibule/internal/trace"
)

// Tracing says what spans of requests are made of. The zero value makes each a trace of its own, and nothing personal is in it.
type Tracing struct {
	Heed     bool // word of the caller's span is read: what came of it is linked to it
	Trust    bool // and a request that came through a trusted proxy is part of that span
	ClientIP bool // the span has the client's address
}

// The headers of the W3C Trace Context, in their canonical form.
const (
	traceparent = "Traceparent"
	tracestate  = "Tracestate"
)

// Traced begins a span for each request, and ends it with what became of the request. The span is named by the route's template. In it
// is nothing that a client can hide a secret in, as in the log: no path, no query, no header.
func Traced(t *trace.Tracer, o Tracing) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e, ok := r.Context().(*exchange)
			if !ok {
				next.ServeHTTP(w, r)
				return
			}
			var from trace.Origin
			if sent := r.Header[traceparent]; o.Heed && len(sent) == 1 {
				from = trace.Read(sent[0], r.Header.Get(tracestate))
			}
			method := tracedMethod(r.Method)
			ctx, span := t.Serve(e.Context, method, from, o.Trust && e.record.proxied, trace.String("http.request.method", method))
			if !span.On() {
				next.ServeHTTP(w, r)
				return
			}
			e.Context, e.record.span = ctx, span // nobody has waited for its end yet
			returned := false
			defer func() { // also where the request is cut off
				described(span, method, &e.record, returned, o.ClientIP)
				span.End()
			}()
			next.ServeHTTP(w, r)
			returned = true
		})
	}
}

// described says of a span what became of its request.
func described(span trace.Span, method string, rec *Record, returned, clientIP bool) {
	status := rec.final(returned)
	attrs := make([]trace.Attr, 0, 8)
	attrs = append(attrs, trace.String(trace.RequestIDKey, rec.RequestID))
	if rec.Route != "" {
		span.Name(method + " " + rec.Route)
		attrs = append(attrs, trace.String("http.route", rec.Route))
	}
	if status != 0 {
		attrs = append(attrs, trace.Int("http.response.status_code", status))
	}
	if rec.Tenant != "" {
		attrs = append(attrs, trace.String(trace.TenantKey, rec.Tenant))
	}
	if rec.Class != "" {
		attrs = append(attrs, trace.String(trace.OutcomeKey, rec.Class))
	}
	if clientIP && rec.ClientIP.IsValid() {
		attrs = append(attrs, trace.String("client.address", rec.ClientIP.String()))
	}
	span.Set(attrs...)
	switch {
	case status >= 500:
		span.Fail(strconv.Itoa(status))
	case status == 0:
		span.Fail("aborted")
	}
}

// tracedMethod is the method as the conventions have it: HTTP lets a client make one up.
func tracedMethod(method string) string {
	if method = knownMethod(method); method == other {
		return "_OTHER"
	}
	return method
}

// observe notes a duration and, of what is traced, by which trace to see an example of it.
func observe(by prometheus.Observer, seconds float64, span trace.Span) {
	if examples, ok := by.(prometheus.ExemplarObserver); ok && span.On() {
		examples.ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": span.TraceID()})
		return
	}
	by.Observe(seconds)
}
