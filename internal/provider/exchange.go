package provider

import (
	"bytes"
	"io"
	"net/http"
)

// exchanging is how x/oauth2 gets to a token endpoint: by the rules of all calls. It keeps what was answered.
type exchanging struct {
	*caller
	answer *answer
}

// RoundTrip makes one request, whose address is allowed.
func (e *exchanging) RoundTrip(q *http.Request) (*http.Response, error) {
	q = q.Clone(q.Context())
	q.Header.Set("Accept", "application/json") // GitHub answers with a form otherwise
	a, bad := e.do(q, mostAnswer)
	if bad != nil {
		return nil, bad
	}
	e.answer = a
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {a.kind}}, Body: io.NopCloser(bytes.NewReader(a.body)), Request: q,
	}, nil
}
