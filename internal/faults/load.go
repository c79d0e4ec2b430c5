package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

const (
	// clientPatience is how long a client waits for an answer: longer than the server lets any request take, so that whoever gives up
	// knows that the server did not answer at all.
	clientPatience = 30 * time.Second
	// mostAnswer is the most that is read of an answer.
	mostAnswer = 1 << 20
	actHeader  = "X-Faults-Act"
)

// sample is one request, as its client saw it.
type sample struct {
	began time.Time
	took  time.Duration
	kind  kind
	cause string // why it failed; "" for one that went well
}

// attack is a steady load: so many requests a second, whatever becomes of them. Nobody waits for an answer before the next request
// goes out, so that a server that stalls is asked on as the world would ask on.
type attack struct {
	crowd   *crowd
	vegeta  *vegeta.Attacker
	client  *http.Client
	pending sync.Map // acts under way, by number
	results sync.Map // what became of them, by vegeta's number
	done    chan struct{}

	mu      sync.Mutex
	numbers uint64
	samples []sample
	flying  map[string]time.Time // when the requests under way began
}

// startAttack begins one.
func startAttack(c *crowd, rate int) *attack {
	a := &attack{crowd: c, done: make(chan struct{}), flying: map[string]time.Time{}}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 512, IdleConnTimeout: 20 * time.Second, DisableCompression: true,
		DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
	}
	a.client = &http.Client{Timeout: clientPatience, Transport: hearing{a, transport}}
	a.vegeta = vegeta.NewAttacker(vegeta.Client(a.client), vegeta.Workers(8))
	results := a.vegeta.Attack(a.target, vegeta.Rate{Freq: rate, Per: time.Second}, 0, "")
	go func() {
		defer close(a.done)
		defer transport.CloseIdleConnections()
		for r := range results {
			a.keep(r)
		}
	}()
	return a
}

// stop ends it, and waits for the requests under way.
func (a *attack) stop() {
	a.vegeta.Stop()
	<-a.done
}

// target makes the next request.
func (a *attack) target(t *vegeta.Target) error {
	next := a.crowd.next()
	next.began = time.Now()
	a.mu.Lock()
	a.numbers++
	id := strconv.FormatUint(a.numbers, 10)
	a.flying[id] = next.began
	a.mu.Unlock()
	a.pending.Store(id, next)
	method, path, body := next.request()
	t.Method, t.URL, t.Body, t.Header = method, "http://"+a.crowd.addr+path, body, a.crowd.header(next)
	t.Header.Set(actHeader, id)
	return nil
}

// header is what a request is sent with.
func (c *crowd) header(a *act) http.Header {
	c.mu.Lock()
	client := c.client()
	c.mu.Unlock()
	h := http.Header{"Host": {c.host}, "X-Forwarded-For": {client}}
	if a.body != nil {
		h.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		h.Set("X-Session-Token", a.token)
	}
	return h
}

// heard is what became of a request.
type heard struct {
	kind  kind
	cause string
}

// hearing sends requests, and has the crowd hear the answers.
type hearing struct {
	attack *attack
	next   http.RoundTripper
}

// RoundTrip sends one request of an attack.
func (h hearing) RoundTrip(r *http.Request) (*http.Response, error) {
	id := r.Header.Get(actHeader)
	found, _ := h.attack.pending.LoadAndDelete(id)
	a, ok := found.(*act)
	if !ok {
		return nil, errors.New("a request that nobody made")
	}
	number := r.Header.Get("X-Vegeta-Seq")
	for _, name := range []string{actHeader, "X-Vegeta-Seq", "Host"} {
		r.Header.Del(name)
	}
	r.Host = h.attack.crowd.host
	res, err := h.next.RoundTrip(r)
	var text []byte
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(res.Body, mostAnswer))
		err = errors.Join(err, res.Body.Close())
	}
	status, said := 0, ""
	if err == nil {
		status, said = res.StatusCode, res.Header.Get(saidBy)
		res.Body = io.NopCloser(bytes.NewReader(text))
	}
	h.attack.crowd.settle(a, status, text)
	h.attack.land(id)
	h.attack.results.Store(number, heard{a.kind, cause(a, status, said, err)})
	return res, err
}

// cause says in a few words why a request failed, "" where it did not.
func cause(a *act, status int, said string, err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case err != nil:
		return "connection cut"
	case said != "":
		return said
	case status == a.good():
		return ""
	case status == http.StatusServiceUnavailable:
		return "503 of the server"
	default:
		return fmt.Sprintf("%d", status)
	}
}

// keep makes a sample of vegeta's result.
func (a *attack) keep(r *vegeta.Result) {
	found, ok := a.results.LoadAndDelete(strconv.FormatUint(r.Seq, 10))
	h, _ := found.(heard)
	if !ok {
		h = heard{kind: check, cause: "not sent"}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.samples = append(a.samples, sample{r.Timestamp, r.Latency, h.kind, h.cause})
}

// between are the samples that began from one time until another; a zero until means until now.
func (a *attack) between(from, until time.Time) []sample {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []sample
	for _, s := range a.samples {
		if !s.began.Before(from) && (until.IsZero() || s.began.Before(until)) {
			all = append(all, s)
		}
	}
	return all
}

// lastFailure is when the last request that failed was over; zero if none of those that began from then on did.
func (a *attack) lastFailure(from time.Time) (last time.Time) {
	for _, s := range a.between(from, time.Time{}) {
		if end := s.began.Add(s.took); s.cause != "" && end.After(last) {
			last = end
		}
	}
	return last
}

func (a *attack) land(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.flying, id)
}

// waitsSince reports whether a request is under way that began before that.
func (a *attack) waitsSince(t time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, began := range a.flying {
		if began.Before(t) {
			return true
		}
	}
	return false
}
