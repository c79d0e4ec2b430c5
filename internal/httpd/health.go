package httpd

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// probeTimeout is how long a check may take.
const probeTimeout = 2 * time.Second

// Check asks whether something that the server leans on works.
type Check struct {
	Name     string
	Optional bool // the server does its work without it, only not as well: failing means degraded, not unready
	Probe    func(context.Context) error
}

// Health answers the platform's questions. They are asked on the operators' listener.
type Health struct {
	log      *slog.Logger
	timeout  time.Duration
	probes   []*probe
	draining atomic.Bool
}

type probe struct {
	Check
	failed atomic.Bool // the last answer, to tell when it changes
	asked  atomic.Bool // there is one

	mu      sync.Mutex
	running *call // nil if none is
}

// call is one call of a probe. Whoever asks while it is under way waits for it, so that a probe that hangs is never
// joined by a second one.
type call struct {
	done chan struct{}
	err  error // to be read once done is closed
}

// start is the call under way, or a new one that ends with ctx if the probe heeds it.
func (p *probe) start(ctx context.Context) *call {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		return p.running
	}
	c := &call{done: make(chan struct{})}
	p.running = c
	go func() {
		c.err = p.Probe(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running = nil
		close(c.done)
	}()
	return c
}

// NewHealth answers by the given checks. Without a log it says nothing of failures.
func NewHealth(log *slog.Logger, checks ...Check) *Health {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	h := &Health{log: log, timeout: probeTimeout}
	for _, c := range checks {
		h.probes = append(h.probes, &probe{Check: c})
	}
	return h
}

// SetDraining makes the server unready from now on, so that no new requests are sent here while it stops.
func (h *Health) SetDraining() { h.draining.Store(true) }

// Live answers 200 as long as the process can answer at all. It asks nothing else: restarting a process does not mend a
// database.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, healthAnswer{Status: "ok"})
}

type healthAnswer struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// State says how a check came out.
type State string

// The states of a check.
const (
	Fine     State = "ok"
	Degraded State = "degraded" // it fails, and is optional
	Failing  State = "failed"
)

// Look runs every check, and returns how each came out, by name.
func (h *Health) Look(ctx context.Context) map[string]State {
	states := make([]State, len(h.probes))
	var wg sync.WaitGroup
	for i, p := range h.probes {
		wg.Go(func() {
			switch err := h.ask(ctx, p); {
			case err == nil:
				states[i] = Fine
			case p.Optional:
				states[i] = Degraded
			default:
				states[i] = Failing
			}
		})
	}
	wg.Wait()
	all := map[string]State{}
	for i, p := range h.probes {
		all[p.Name] = states[i]
	}
	return all
}

// last is how the checks came out when they were last made, and whether requests may be sent here by that.
func (h *Health) last() (ready bool, checks map[string]bool) {
	ready, checks = !h.draining.Load(), map[string]bool{}
	for _, p := range h.probes {
		if !p.asked.Load() {
			ready = ready && p.Optional
			continue
		}
		failed := p.failed.Load()
		checks[p.Name] = !failed
		ready = ready && (p.Optional || !failed)
	}
	return ready, checks
}

// Ready answers 200 if requests may be sent here, and 503 if not: because a check failed that is not optional, or because
// the server is stopping. The body says which check failed; why is in the log, each time it changes.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		writeHealth(w, http.StatusServiceUnavailable,
			healthAnswer{Status: "unready", Checks: map[string]string{"shutdown": "draining"}})
		return
	}
	status, answer := http.StatusOK, healthAnswer{Status: "ok", Checks: map[string]string{}}
	for name, state := range h.Look(r.Context()) {
		answer.Checks[name] = "failed"
		switch {
		case state == Fine:
			answer.Checks[name] = "ok"
		case state == Failing:
			status, answer.Status = http.StatusServiceUnavailable, "unready"
		case status == http.StatusOK:
			answer.Status = "degraded"
		}
	}
	writeHealth(w, status, answer)
}

// ask runs a probe and waits for it no longer than the timeout, even if the probe does not heed its context.
func (h *Health) ask(ctx context.Context, p *probe) error {
	// A caller that hangs up says nothing about what is probed.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.timeout)
	defer cancel()
	var err error
	c := p.start(ctx)
	select {
	case <-c.done:
		err = c.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.asked.Store(true)
	switch {
	case err != nil && !p.failed.Swap(true):
		h.log.WarnContext(ctx, "a health check fails", "check", p.Name, "error", err)
	case err == nil && p.failed.Swap(false):
		h.log.InfoContext(ctx, "a health check passes again", "check", p.Name)
	}
	return err
}

func writeHealth(w http.ResponseWriter, status int, answer healthAnswer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // a caller that is gone cannot be told
}

// Operators is the handler of the operators' listener: /livez, /readyz and /metrics, and rest for everything else.
func Operators(h *Health, m *Metrics, rest http.Handler) http.Handler {
	metrics := m.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/livez":
			h.Live(w, r)
		case "/readyz":
			h.Ready(w, r)
		case "/metrics":
			metrics.ServeHTTP(w, r)
		default:
			rest.ServeHTTP(w, r)
		}
	})
}
