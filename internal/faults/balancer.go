package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// probeEvery is how often a replica is asked whether it is ready. A platform asks more seldom, every few seconds: what a run
	// says about the time to recover is with this.
	probeEvery = 200 * time.Millisecond
	// probeTimeout is when a replica that does not answer counts as unready.
	probeTimeout = time.Second
	// heldBody is the most of a body that is held to be sent again. What the load sends is far smaller.
	heldBody = 256 << 10
	// saidBy is the header in which the balancer says that an answer is its own, and why.
	saidBy = "X-Balancer"
)

// balancer stands where a platform has its load balancer: it hands each request to the next replica that is ready. It does what a
// careful one does and no more: it asks /readyz, sends nothing to a replica that is leaving, and tries the next replica where a
// connection is refused, for nothing was sent then. What was sent once is never sent again.
type balancer struct {
	server    *http.Server
	addr      string
	transport *http.Transport

	mu      sync.Mutex
	members []*member
	next    atomic.Uint64
	stopped context.CancelFunc
	done    sync.WaitGroup
}

// member is a replica as the balancer sees it.
type member struct {
	public, operators string
	ready, leaving    atomic.Bool
	asked             sync.Mutex // held while a probe is under way
	failures          int        // probes in a row that failed
}

// strikes is how many probes in a row must fail until a replica counts as unready. One late answer is none.
const strikes = 3

// probe asks a replica whether it is ready, unless it is being asked already.
func (m *member) probe(ctx context.Context, client *http.Client) {
	if !m.asked.TryLock() {
		return
	}
	defer m.asked.Unlock()
	if ready(ctx, client, m.operators) {
		m.failures = 0
		m.ready.Store(true)
	} else if m.failures++; m.failures >= strikes {
		m.ready.Store(false)
	}
}

func startBalancer() (*balancer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{addr: l.Addr().String(), transport: &http.Transport{
		MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: 28 * time.Second, DisableCompression: true,
		DialContext: (&net.Dialer{Timeout: time.Second}).DialContext,
	}}
	b.server = &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	ctx, cancel := context.WithCancel(context.Background())
	b.stopped = cancel
	b.done.Go(func() { b.watch(ctx) })
	b.done.Go(func() { _ = b.server.Serve(l) }) // until stop
	return b, nil
}

func (b *balancer) stop() {
	b.stopped()
	_ = b.server.Close() // nobody waits for an answer any more
	b.done.Wait()
	b.transport.CloseIdleConnections()
}

// add has requests sent to a replica as soon as it is ready.
func (b *balancer) add(public, operators string) *member {
	m := &member{public: public, operators: operators}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members = append(b.members, m)
	return m
}

// remove forgets a replica.
func (b *balancer) remove(m *member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members = slices.DeleteFunc(b.members, func(one *member) bool { return one == m })
}

func (b *balancer) all() []*member {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.members)
}

// watch asks every replica whether it is ready.
func (b *balancer) watch(ctx context.Context) {
	client := &http.Client{Timeout: probeTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	for wait(ctx, probeEvery) == nil {
		for _, m := range b.all() {
			b.done.Go(func() { m.probe(ctx, client) })
		}
	}
	client.CloseIdleConnections()
}

// ready reports whether a replica says that it is.
func ready(ctx context.Context, client *http.Client, operators string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+operators+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := client.Do(r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, res.Body)
	return errors.Join(err, res.Body.Close()) == nil && res.StatusCode == http.StatusOK
}

// choose is the next replica that is ready and was not tried; nil if there is none.
func (b *balancer) choose(tried []*member) *member {
	all := b.all()
	if len(all) == 0 {
		return nil
	}
	from := int(b.next.Add(1) % uint64(len(all)))
	for i := range all {
		if m := all[(from+i)%len(all)]; m.ready.Load() && !m.leaving.Load() && !slices.Contains(tried, m) {
			return m
		}
	}
	return nil
}

// ServeHTTP hands a request on.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, heldBody))
	if err != nil {
		own(w, http.StatusBadRequest, "the body could not be read")
		return
	}
	var tried []*member
	for {
		m := b.choose(tried)
		if m == nil {
			own(w, http.StatusServiceUnavailable, "no replica is ready")
			return
		}
		res, err := b.send(r, m, body) //nolint:bodyclose // answer closes it
		var dial *net.OpError
		switch {
		case err == nil:
			answer(w, res)
			return
		case errors.As(err, &dial) && dial.Op == "dial":
			tried = append(tried, m) // nothing was sent
			m.ready.Store(false)     // until it says otherwise
		case r.Context().Err() != nil:
			return // the client has gone
		default:
			own(w, http.StatusBadGateway, "the replica cut the connection")
			return
		}
	}
}

// send sends a request to a replica. The client's address is in X-Forwarded-For already: the load comes from many.
func (b *balancer) send(r *http.Request, m *member, body []byte) (*http.Response, error) {
	at := "http://" + m.public + r.URL.RequestURI()
	out, err := http.NewRequestWithContext(r.Context(), r.Method, at, bytes.NewReader(body)) //nolint:gosec // handing on is its purpose
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	out.Header = r.Header.Clone()
	out.Header.Del("Connection")
	out.Host = r.Host
	return b.transport.RoundTrip(out)
}

// answer passes an answer on.
func answer(w http.ResponseWriter, res *http.Response) {
	defer func() { _ = res.Body.Close() }() // it was read to its end, or is of no more use
	text, err := io.ReadAll(res.Body)
	if err != nil {
		own(w, http.StatusBadGateway, "the replica cut the connection")
		return
	}
	for name, values := range res.Header {
		if name != "Connection" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(text) // a client that is gone cannot be told
}

// own is an answer of the balancer itself.
func own(w http.ResponseWriter, status int, why string) {
	w.Header().Set(saidBy, why)
	w.WriteHeader(status)
}
