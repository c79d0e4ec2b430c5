package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	password = "Kestrel-Orbit-49"
	patience = 20 * time.Second // longer than a server lets a request take
	inFlight = 500              // more requests than this at a time are not sent, which counts as failed
)

// account is somebody who was told that they signed up.
type account struct{ email, token string }

// load is what people do, at a steady rate whatever becomes of it: nobody waits for the answer of somebody else.
type load struct {
	url, host   string
	kept, fresh *http.Client
	run         string // sets the addresses of this run apart from those of others
	quit        chan struct{}

	mu       sync.Mutex
	accounts []account
	signups  int
	now      tally
}

// newLoad makes the first account, so that there is a session to check.
func newLoad(ctx context.Context, url, host string) (*load, error) {
	client := func(fresh bool) *http.Client {
		return &http.Client{Timeout: patience, Transport: &http.Transport{
			DisableKeepAlives: fresh, MaxIdleConnsPerHost: 64, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		}}
	}
	l := &load{url: url, host: host, kept: client(false), fresh: client(true), run: strconv.FormatInt(time.Now().UnixNano(), 36), quit: make(chan struct{})}
	if cause := l.signup(ctx, l.fresh); cause != "" {
		return nil, fmt.Errorf("the first signup at %s, host %s: %s; is the tenant of roll/values.yaml there?", url, host, cause)
	}
	return l, nil
}

// start begins, and closes what it returns when the last answer is there.
func (l *load) start(ctx context.Context, rate int) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var all sync.WaitGroup
		defer all.Wait()
		slots := make(chan struct{}, inFlight)
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-l.quit:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			select {
			case slots <- struct{}{}:
			default:
				l.note("not sent", 0)
				continue
			}
			all.Go(func() {
				defer func() { <-slots }()
				began := time.Now()
				cause := l.one(ctx, n)
				l.note(cause, time.Since(began))
			})
		}
	}()
	return ended
}

// stop ends it.
func (l *load) stop() { close(l.quit) }

// one sends request n, and says why it failed: of forty, two are signups, two are logins, and the rest look at a session.
func (l *load) one(ctx context.Context, n int) string {
	client, what := l.kept, "kept connection"
	if n%2 == 1 {
		client, what = l.fresh, "new connection"
	}
	act, cause := "", ""
	switch n % 40 {
	case 0, 1:
		act, cause = "signup", l.signup(ctx, client)
	case 20, 21:
		act, cause = "login", l.login(ctx, client)
	default:
		act, cause = "session", l.session(ctx, client, l.somebody(n).token)
	}
	if cause == "" {
		return ""
	}
	return act + ", " + what + ": " + cause
}

// somebody is one of the accounts.
func (l *load) somebody(n int) account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.accounts[n%len(l.accounts)]
}

func (l *load) signup(ctx context.Context, c *http.Client) string {
	l.mu.Lock()
	l.signups++
	email := fmt.Sprintf("%s-%d@example.org", l.run, l.signups)
	l.mu.Unlock()
	token, cause := l.ask(ctx, c, http.MethodPost, "signup", "", map[string]string{"email": email, "password": password})
	if cause == "" {
		l.mu.Lock()
		l.accounts = append(l.accounts, account{email, token})
		l.mu.Unlock()
	}
	return cause
}

func (l *load) login(ctx context.Context, c *http.Client) string {
	l.mu.Lock()
	email := l.accounts[len(l.accounts)-1].email
	l.mu.Unlock()
	_, cause := l.ask(ctx, c, http.MethodPost, "login", "", map[string]string{"email": email, "password": password})
	return cause
}

func (l *load) session(ctx context.Context, c *http.Client, token string) string {
	_, cause := l.ask(ctx, c, http.MethodGet, "session", token, nil)
	return cause
}

// ask sends one request as an app does, and returns the session's token, or why there is none. A GET whose kept connection was closed
// under it http.Client sends again, as proxies do, which is counted; a POST it does not.
func (l *load) ask(ctx context.Context, c *http.Client, method, what, token string, body any) (session, cause string) {
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return "", err.Error()
		}
		reader = io.NopCloser(bytes.NewReader(b)) // of a type that http.Client cannot send again by itself
	}
	var conns atomic.Int64
	defer func() {
		if conns.Load() > 1 {
			l.mu.Lock()
			l.now.again++
			l.mu.Unlock()
		}
	}()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { conns.Add(1) }})
	r, err := http.NewRequestWithContext(ctx, method, l.url+"/_allauth/app/v1/auth/"+what, reader)
	if err != nil {
		return "", err.Error()
	}
	r.Host = l.host
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("X-Session-Token", token)
	}
	res, err := c.Do(r)
	if err != nil {
		return "", causeOf(err)
	}
	text, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return "", causeOf(err)
	}
	if res.StatusCode != http.StatusOK {
		return "", strconv.Itoa(res.StatusCode)
	}
	var answer struct {
		Meta struct {
			Token string `json:"session_token"`
		} `json:"meta"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", "an answer that is not JSON"
	}
	return answer.Meta.Token, ""
}

// lost counts the accounts whose session, which their signup began, is not there.
func (l *load) lost(ctx context.Context) (lost, of int, err error) {
	for _, a := range l.accounts {
		if cause := l.session(ctx, l.kept, a.token); cause != "" {
			lost++
		}
		if err := ctx.Err(); err != nil {
			return 0, 0, fmt.Errorf("look for the accounts: %w", err)
		}
	}
	return lost, len(l.accounts), nil
}

// causeOf says in a few words why there was no answer.
func causeOf(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection cut"
	default:
		return err.Error()
	}
}

// tally is what became of the requests of a while.
type tally struct {
	requests int
	again    int // sent a second time
	took     []time.Duration
	failures map[string]int
}

// note counts one that has ended.
func (l *load) note(cause string, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.requests++
	l.now.took = append(l.now.took, took)
	if cause != "" {
		if l.now.failures == nil {
			l.now.failures = map[string]int{}
		}
		l.now.failures[cause]++
	}
}

// cut is the tally since the last one.
func (l *load) cut() tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.now
	l.now = tally{}
	return t
}

func (t tally) failed() (n int) {
	for _, of := range t.failures {
		n += of
	}
	return n
}

// causes are the failures, each with how many there were, the most frequent first.
func (t tally) causes() []string {
	var names []string
	for name := range t.failures {
		names = append(names, name)
	}
	slices.Sort(names)
	slices.SortStableFunc(names, func(a, b string) int { return t.failures[b] - t.failures[a] })
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", t.failures[name], name)
	}
	return names
}

// p99 is how long 99 of 100 requests took at most.
func (t tally) p99() time.Duration {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[(len(t.took)*99-1)/100]
}
