package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestPercentileIsNearestRank(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for name, c := range map[string]struct {
		sorted []time.Duration
		p      float64
		want   time.Duration
	}{
		"nothing":                {nil, 50, 0},
		"one value, low":         {[]time.Duration{7}, 1, 7},
		"one value, high":        {[]time.Duration{7}, 99, 7},
		"half of two":            {[]time.Duration{1, 2}, 50, 1},
		"a bit over half of two": {[]time.Duration{1, 2}, 51, 2},
		"half of three":          {[]time.Duration{1, 2, 3}, 50, 2},
		"half of a hundred":      {hundred, 50, 50},
		"99 of a hundred":        {hundred, 99, 99},
		"all of a hundred":       {hundred, 100, 100},
		"none of a hundred":      {hundred, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := percentile(c.sorted, c.p); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// drive runs a short cell against a handler that measures until enough requests have come in.
func drive(t *testing.T, connections int, h http.HandlerFunc) tally {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	l := load{
		addr: strings.TrimPrefix(server.URL, "http://"), connections: connections, want: 200, duration: 200 * time.Millisecond,
		requests: func(int) requester {
			return func(dst, _ []byte) []byte { return appendRequest(dst, "GET", "/", "", 1, nil) }
		},
	}
	begun, ended := false, false
	got, err := l.drive(t.Context(), func() error { begun = true; return nil }, func() error { ended = begun; return nil })
	if err != nil || !ended {
		t.Fatalf("ended %v, %v", ended, err)
	}
	return got
}

func TestLoadCountsGoodAnswers(t *testing.T) {
	var served atomic.Int64
	got := drive(t, 4, func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		_, _ = w.Write([]byte("{}"))
	})
	if err := got.err(); err != nil {
		t.Fatal(err)
	}
	if int64(got.good) != served.Load() || len(got.latencies) > got.good {
		t.Errorf("%d good answers, %d of them in time, of %d", got.good, len(got.latencies), served.Load())
	}
}

func TestLoadFailsForBadAnswers(t *testing.T) {
	var served atomic.Int64
	got := drive(t, 2, func(w http.ResponseWriter, _ *http.Request) {
		if served.Add(1)%3 == 0 {
			http.Error(w, "not now", http.StatusTooManyRequests)
		}
	})
	if err := got.err(); err == nil || !strings.Contains(err.Error(), "429 not now") || int64(got.bad["429"]) != served.Load()/3 {
		t.Errorf("got %v, %v bad of %d", err, got.bad, served.Load())
	}
}

func TestLoadComesBackAfterALostConnection(t *testing.T) {
	var served atomic.Int64
	got := drive(t, 1, func(http.ResponseWriter, *http.Request) {
		if served.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
	})
	if got.bad["no answer"] != 1 || got.good == 0 {
		t.Errorf("got %v bad and %d good", got.bad, got.good)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	l := load{
		addr: strings.TrimPrefix(server.URL, "http://"), connections: 2, want: 200, duration: time.Hour,
		requests: func(int) requester {
			return func(dst, _ []byte) []byte { return appendRequest(dst, "GET", "/", "", 1, nil) }
		},
	}
	got, err := l.drive(ctx, func() error { cancel(); return nil }, func() error { t.Error("it was measured to the end"); return nil })
	if err == nil || len(got.bad) > 0 {
		t.Errorf("got %v, %v", err, got.bad)
	}
}

func TestRequestersGiveTheAnswerToTheNextRequest(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.URL.Path + "x"))
	}))
	defer server.Close()
	var wrong, asked int
	l := load{
		addr: strings.TrimPrefix(server.URL, "http://"), connections: 1, want: 200, duration: 100 * time.Millisecond,
		requests: func(int) requester {
			last := ""
			return func(dst, before []byte) []byte {
				if string(before) != last {
					wrong++
				}
				asked++
				path := "/" + strings.Repeat("y", asked%10)
				last = path + "x"
				return appendRequest(dst, "GET", path, "", 1, nil)
			}
		},
	}
	nothing := func() error { return nil }
	if _, err := l.drive(t.Context(), nothing, nothing); err != nil || wrong > 0 || asked == 0 {
		t.Errorf("%d of %d, %v", wrong, asked, err)
	}
}
