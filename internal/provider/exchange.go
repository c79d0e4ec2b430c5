package provider

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
)

// exchanging is how x/oauth2 gets to a token endpoint: by the rules of all calls. It keeps what was answered.
type exchanging struct {
	*caller
	json   bool // what is sent is JSON in the place of a form
	answer *answer
}

// RoundTrip makes one request, whose address is allowed.
func (e *exchanging) RoundTrip(q *http.Request) (*http.Response, error) {
	q = q.Clone(q.Context())
	q.Header.Set("Accept", "application/json") // GitHub answers with a form otherwise
	if e.json {
		if err := formToJSON(q); err != nil {
			return nil, err
		}
	}
	a, bad := e.do(q, mostAnswer)
	if bad != nil {
		return nil, bad
	}
	e.answer = a
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {a.kind}}, Body: io.NopCloser(bytes.NewReader(a.body)), Request: q,
	}, nil
}

// formToJSON has a request carry as JSON what it carries as a form. Each name is there once.
func formToJSON(q *http.Request) error {
	form, err := io.ReadAll(q.Body)
	if err != nil {
		return err
	}
	values, err := url.ParseQuery(string(form))
	if err != nil {
		return err
	}
	members := map[string]string{}
	for name := range values {
		members[name] = values.Get(name)
	}
	body, err := json.Marshal(members)
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}
