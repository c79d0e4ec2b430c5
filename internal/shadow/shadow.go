package shadow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say how a recording is replayed. Zero values stand for what is said beside them.
type Options struct {
	Reference, Target Server        // needed
	Writes            bool          // send requests that may change something, too
	Parallel          int           // how many conversations at once; 0 and 1: all requests in the order of the recording
	Limit             int           // how many requests to send at most; 0: all
	Rate              float64       // how many requests to send a second, to each server; 0: as many as there is time for
	Timeout           time.Duration // for one answer; 0: for ever
	Slack             time.Duration // how far apart the times of two answers may lie
	CSRFCookie        string        // the cookie that holds the CSRF token; "": csrftoken
	Messages          bool          // compare the words of errors, too
	Ignore            []Ignore
	Progress          func(done, total int) // may be nil; called by one goroutine at a time
}

// ParseServer reads a server's URL: https, or http where the server is on this machine or insecure is true; without path and user.
func ParseServer(s string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return nil, errors.New("must be such as https://login.example.org, without a path")
	}
	if u.Scheme == "http" && !insecure && !loopback(u.Hostname()) {
		return nil, errors.New("must be https, or on this machine: passwords and tokens would be readable on the way " +
			"(--insecure sends them all the same)")
	}
	return u, nil
}

// loopback reports whether a name means this machine (RFC 6761, section 6.3).
func loopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// dial connects; names below localhost are this machine, whatever a resolver says.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil && net.ParseIP(host) == nil && loopback(host) {
		address = net.JoinHostPort("localhost", port)
	}
	return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, address)
}

// replay is a replay that is going on.
type replay struct {
	Options
	client *http.Client
	turn   <-chan time.Time // nil: whenever
	total  int

	mu     sync.Mutex
	report *Report
	done   int
}

// Replay sends what was recorded to both servers and compares what they answer. Requests of a conversation are sent in their order, each
// to both servers at once and after both have answered the one before. Conversations that go on at once do not wait for each other. The error
// is the context's; the report then has what was done.
func Replay(ctx context.Context, recording []Request, o Options) (*Report, error) {
	if o.CSRFCookie == "" {
		o.CSRFCookie = "csrftoken"
	}
	transport := &http.Transport{
		DialContext: dial, MaxIdleConnsPerHost: max(o.Parallel, 1), MaxResponseHeaderBytes: 64 << 10, TLSHandshakeTimeout: 10 * time.Second,
	}
	defer transport.CloseIdleConnections()
	r := &replay{Options: o, report: &Report{Differences: []Difference{}, Failures: []Failure{}}, client: &http.Client{
		Transport: transport, Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if o.Rate > 0 {
		ticker := time.NewTicker(max(time.Duration(float64(time.Second)/o.Rate), time.Microsecond))
		defer ticker.Stop()
		r.turn = ticker.C
	}
	queue := make(chan []Request)
	var workers sync.WaitGroup
	conversations := r.conversations(recording)
	if o.Parallel <= 1 {
		r.inOrder(ctx, conversations)
		r.report.finish()
		return r.report, ctx.Err()
	}
	for range o.Parallel {
		workers.Go(func() {
			for c := range queue {
				r.converse(ctx, c)
			}
		})
	}
	for _, c := range conversations {
		queue <- c
	}
	close(queue)
	workers.Wait()
	r.report.finish()
	return r.report, ctx.Err()
}

// conversations are the requests that are to be sent, by whose they are.
func (r *replay) conversations(recording []Request) (all [][]Request) {
	at := map[string]int{}
	for _, q := range recording {
		switch {
		case !q.reads() && !r.Writes:
			r.report.Withheld++
			continue
		case r.Limit > 0 && r.total == r.Limit:
			r.report.Beyond++
			continue
		}
		r.total++
		i, known := at[q.Client]
		if !known {
			i = len(all)
			at[q.Client], all = i, append(all, nil)
		}
		all[i] = append(all[i], q)
	}
	r.report.Conversations = len(all)
	return all
}

// conversation is the state of one on both sides.
type conversation struct {
	reference, target *side
	known             pairs
}

func (r *replay) begin(first *Request) *conversation {
	c := &conversation{newSide(r.Reference, r.CSRFCookie, r.client), newSide(r.Target, r.CSRFCookie, r.client), pairs{}}
	_, begun := first.Header["X-Session-Token"]
	c.reference.whole, c.target.whole = !begun, !begun
	return c
}

// inOrder replays all conversations, each request when its turn comes in the recording.
func (r *replay) inOrder(ctx context.Context, conversations [][]Request) {
	of := map[string]*conversation{}
	var all []Request
	for _, requests := range conversations {
		of[requests[0].Client] = r.begin(&requests[0])
		all = append(all, requests...)
	}
	slices.SortFunc(all, func(a, b Request) int { return cmp.Compare(a.Line, b.Line) })
	for i := range all {
		if !r.send(ctx, of[all[i].Client], &all[i]) {
			return
		}
	}
}

// converse replays one conversation.
func (r *replay) converse(ctx context.Context, requests []Request) {
	c := r.begin(&requests[0])
	for i := range requests {
		if !r.send(ctx, c, &requests[i]) {
			return
		}
	}
}

// send sends a request to both servers, and reports whether there was time for it.
func (r *replay) send(ctx context.Context, c *conversation, q *Request) bool {
	if r.turn != nil {
		select {
		case <-r.turn:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return false
	}
	var answers [2]map[string]any
	var errs [2]error
	var both sync.WaitGroup
	for n, s := range []*side{c.reference, c.target} {
		both.Go(func() { answers[n], errs[n] = s.ask(ctx, q) })
	}
	both.Wait()
	if ctx.Err() != nil {
		return false
	}
	r.note(q, c.reference, c.target, answers, errs, c.known)
	return true
}

// note puts what came of one request into the report.
func (r *replay) note(q *Request, reference, target *side, answers [2]map[string]any, errs [2]error, known pairs) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Requests++
	r.done++
	if r.Progress != nil {
		defer func() { r.Progress(r.done, r.total) }()
	}
	if errs[0] != nil || errs[1] != nil {
		r.report.Failed++
		for n, name := range []string{"reference", "target"} {
			if errs[n] != nil {
				r.report.fail(Failure{Line: q.Line, Server: name, Error: errs[n].Error()})
			}
		}
		return
	}
	at, _, _ := strings.Cut(q.Path, "?")
	route := q.Method + " " + plainPath(at)
	level(q.Method, answers[0], answers[1])
	renewed(reference, answers[0], answers[1])
	c := &comparer{route: plainPath(at), pairs: known, slack: r.Slack, messages: r.Messages}
	c.compare("", "", "", answers[0], answers[1])
	differs := false
	for _, d := range c.found {
		if r.ignores(route, d.pointer) {
			r.report.Ignored++
			continue
		}
		differs = true
		r.report.add(route, q.Line, d, reference.secrets, target.secrets)
	}
	switch {
	case differs:
		r.report.Differ++
	case away(answers[0]) && away(answers[1]):
		r.report.Away++
	default:
		r.report.Same++
	}
}

// away reports whether a server had no time for a request, or something is wrong with it.
func away(answer map[string]any) bool {
	status, _ := answer["status"].(json.Number)
	return status == "429" || strings.HasPrefix(string(status), "5")
}

func (r *replay) ignores(route, pointer string) bool {
	for _, i := range r.Ignore {
		if i.covers(route, pointer) {
			return true
		}
	}
	return false
}
