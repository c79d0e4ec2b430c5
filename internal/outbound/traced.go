package outbound

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/vestibule-auth/vestibule/internal/trace"
)

// traced tells of requests in traces: the method and the status, and not where they went, since a URL that a tenant names may hold a key, in
// its host as well. The other side is a stranger, and is not told which trace it is part of.
type traced struct{ *http.Transport }

// RoundTrip makes one request.
func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	if !trace.Of(r.Context()).On() {
		return t.Transport.RoundTrip(r)
	}
	ctx, span := trace.Begin(r.Context(), r.Method, trace.Client, trace.String("http.request.method", r.Method))
	defer span.End()
	res, err := t.Transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		span.Fail(class(err))
		return nil, err
	}
	span.Set(trace.Int("http.response.status_code", res.StatusCode))
	if res.StatusCode >= 400 {
		span.Fail(strconv.Itoa(res.StatusCode))
	}
	return res, nil
}

// class is the class of an error of the network. What it says is not repeated.
func class(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, ErrPrivateAddress):
		return "private_address"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	default:
		return "unreachable"
	}
}
