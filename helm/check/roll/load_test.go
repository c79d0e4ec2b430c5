package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// A service that fails in a few ways, for the load to name them.
func TestFailuresAreCountedByCause(t *testing.T) {
	var broken atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "roll.localhost" {
			t.Errorf("the host is %s", r.Host)
		}
		switch {
		case broken.Load() && r.Method == http.MethodPost:
			panic(http.ErrAbortHandler) // the connection is cut
		case broken.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"meta": map[string]any{"session_token": "t"}}) // to a test
	}))
	defer s.Close()

	l, err := newLoad(t.Context(), s.URL, "roll.localhost")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		l.note(l.one(t.Context(), n), time.Millisecond)
	}
	if got := l.cut(); got.requests != 40 || got.failed() != 0 {
		t.Errorf("of %d requests to a service that is well %d failed: %q", got.requests, got.failed(), got.causes())
	}
	if lost, of, err := l.lost(t.Context()); lost != 0 || of != 3 || err != nil {
		t.Errorf("%d of %d accounts are lost: %v", lost, of, err)
	}

	broken.Store(true)
	for n := range 40 {
		l.note(l.one(t.Context(), n), time.Millisecond)
	}
	want := []string{
		"18 session, kept connection: 503", "18 session, new connection: 503",
		"1 login, kept connection: connection cut", "1 login, new connection: connection cut",
		"1 signup, kept connection: connection cut", "1 signup, new connection: connection cut",
	}
	if got := l.cut().causes(); !slices.Equal(got, want) {
		t.Errorf("failures are %q", got)
	}
	if lost, of, err := l.lost(t.Context()); lost != 3 || of != 3 || err != nil {
		t.Errorf("%d of %d accounts are lost where none is to be found: %v", lost, of, err)
	}
}

func TestAServiceThatIsNotThereEndsTheRun(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	url := s.URL
	s.Close()
	if _, err := newLoad(t.Context(), url, "roll.localhost"); err == nil {
		t.Error("a load is put on a service that is not there")
	}
}
