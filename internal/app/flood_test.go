package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// Guesses at the passwords of one tenant's accounts, from many addresses, take every worker and the whole queue. Another tenant must
// notice nothing but that a login waits for a hash or two.
func TestALoginFloodAtOneTenantLeavesAnotherAlone(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		const queue = 4
		var held atomic.Bool
		hold := make(chan struct{})
		s := boot(t, engine, func(c *config.Config, o *app.Options) {
			c.HashWorkers = 1
			o.Hashing = passhash.Options{Queue: queue, MaxWait: 10 * time.Minute, Before: func() {
				if held.Load() {
					<-hold
				}
			}}
		})
		release := sync.OnceFunc(func() { close(hold) })
		defer release()
		one := s.tenant(`{"account": {"email_verification": "none"}}`)
		two := s.tenant(`{"account": {"email_verification": "none", "rate_limits": {"login": "1/h/ip"}}}`)
		member := s.client("app", one)
		member.signup("ann@example.org").want(http.StatusOK)

		held.Store(true)
		var all sync.WaitGroup
		var mu sync.Mutex
		answers := map[int]int{}
		guess := func(i int) *reply {
			c := s.client("app", two)
			return c.post("/auth/login", map[string]any{"email": fmt.Sprintf("victim%d@example.org", i), "password": "a wrong guess"},
				"X-Test-Ip", fmt.Sprintf("198.51.100.%d", i))
		}
		for i := range 1 + queue {
			all.Go(func() {
				status := guess(i).Status
				mu.Lock()
				defer mu.Unlock()
				answers[status]++
			})
		}
		eventually(t, "the queue is full", func() bool { return s.Hasher.Stats() == withDone(s, 1, queue) })

		refused := guess(100)
		refused.want(http.StatusServiceUnavailable)
		if refused.Header.Get("Retry-After") == "" {
			t.Error("the flood is not told when to come back")
		}
		guess(100).want(http.StatusServiceUnavailable) // not 429: what was declined was not counted
		member.get("/auth/session").want(http.StatusOK)
		s.probe(t, "/livez")
		s.probe(t, "/readyz")

		login := make(chan *reply, 1)
		all.Go(func() {
			login <- s.client("app", one).post("/auth/login", map[string]any{"email": "ann@example.org", "password": password})
		})
		eventually(t, "the last of the flood had to leave for it", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return answers[http.StatusServiceUnavailable] == 1
		})
		release()
		all.Wait()
		(<-login).want(http.StatusOK)
		if answers[http.StatusBadRequest] != queue {
			t.Errorf("the flood was answered %v", answers)
		}
		if n := strings.Count(s.log.String(), "request turned away"); n != 0 {
			t.Errorf("the log has %d records more than one for each request", n)
		}
	})
}

// withDone is the numbers of the hasher with so many running and waiting, whatever was done before.
func withDone(s *server, running, waiting int) passhash.Stats {
	was := s.Hasher.Stats()
	return passhash.Stats{Running: running, Waiting: waiting, Done: was.Done, Refused: was.Refused}
}

// probe asks the operators' listener as a platform does.
func (s *server) probe(t *testing.T, path string) {
	t.Helper()
	resp, err := http.Get(s.operator + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s is answered %d", path, resp.StatusCode)
	}
}

// A client that drips is the client's fault: an answer of the 5xx kind would wake somebody up.
func TestABodyThatDoesNotComeIsTheClientsFault(t *testing.T) {
	s := boot(t, "sqlite", func(c *config.Config, _ *app.Options) { c.RequestTimeout = time.Second })
	host := s.tenant(`{}`)
	c, err := net.Dial("tcp", strings.TrimPrefix(s.public, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(clock.System{}.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Fprintf(c, "POST /_allauth/app/v1/auth/login HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\n\r\n{", host)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("answered %d", resp.StatusCode)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Errorf("the connection is not closed: %v", err)
	}
}

// Whoever reaches the operators' listener holds fewer connections open than the public may, and cannot take the public's memory with them.
func TestOperatorsHoldFewConnections(t *testing.T) {
	s := boot(t, "sqlite", func(*config.Config, *app.Options) {})
	for range 512 {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.operator, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
	}
	// This one is one too many, and comes in behind the others.
	closed := `vestibule_http_connections_closed_early_total{listener="operators"} `
	if _, text := s.admin(http.MethodGet, "/metrics", nil); !strings.Contains(text, closed) || strings.Contains(text, closed+"0\n") {
		t.Error("none was closed")
	}
}
