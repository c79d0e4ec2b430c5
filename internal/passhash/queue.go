package passhash

import (
	"container/list"
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Options bound a Hasher. The zero value is fit for production.
type Options struct {
	Workers int           // hashes at once; GOMAXPROCS if zero
	Queue   int           // callers that wait for a worker, of all tenants; 64 for each worker if zero, none if negative
	MaxWait time.Duration // how long one waits; 5 seconds if zero

	// Aside has hashes computed on threads of their own, which give way to everything else that the process does. Such a Hasher
	// must be closed.
	Aside bool

	// OnEqual, if set, is told once why threads aside do not give way, where the system does not let them.
	OnEqual func(error)

	// Before, if set, is called before each hash, by whoever has the worker. Tests hold hashes up with it.
	Before func()

	// OnWait, if set, is called by whoever has to wait for a worker, and what it returns when the wait is over.
	OnWait func() (over func())

	// Cheap has every new hash, and what strangers cost, take as little as argon2id allows, whatever is asked for. Such hashes protect
	// nothing: they are for tests of what is around them, and New panics where no tests run.
	Cheap bool
}

// Hasher computes hashes, at most Workers of them at once. It is safe for concurrent use; a process needs one.
type Hasher struct {
	workers int
	queue   int
	maxWait time.Duration
	bounds  bounds
	aside   *aside // nil: callers compute for themselves
	before  func()
	onWait  func() (over func())
	cheap   bool

	mu      sync.Mutex
	running int
	waiting int              // callers in all lines
	lines   map[string]*line // of tenants that somebody waits for
	turns   list.List        // of *line: whose turn comes next, first
	done    uint64
	refused uint64
}

// line is the callers that wait for one tenant.
type line struct {
	tenant  string
	waiting list.List // of *place
	turn    *list.Element
}

// place is where a caller waits. It is told nil when it is its turn, and ErrBusy when it has to leave.
type place struct {
	line *line
	told chan error // holds one
	at   *list.Element
}

// Share is a tenant's share of a Hasher.
type Share struct {
	hasher *Hasher
	tenant string
}

// For is the share of a tenant, by its id.
func (h *Hasher) For(tenant string) Share { return Share{h, tenant} }

// Stats are a Hasher's numbers, for metrics.
type Stats struct {
	Running int    // hashes being computed
	Waiting int    // callers in the queue
	Done    uint64 // hashes computed so far, whatever came of them
	Refused uint64 // callers that were told ErrBusy so far
}

// New is a Hasher with these bounds.
func New(o Options) *Hasher {
	if o.Cheap && !testing.Testing() {
		panic("passhash: cheap hashes are for tests") // not an error: somebody could go on without looking at it
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Queue == 0 {
		o.Queue = 64 * o.Workers
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 5 * time.Second
	}
	h := &Hasher{workers: o.Workers, queue: max(0, o.Queue), maxWait: o.MaxWait, bounds: inBounds, before: o.Before, onWait: o.OnWait, cheap: o.Cheap, lines: map[string]*line{}}
	if o.Aside {
		h.aside = newAside(o.Workers, prioritize, o.OnEqual)
	}
	return h
}

// Close ends the threads of a Hasher that computes aside. What is hashed afterwards is computed by its caller.
func (h *Hasher) Close() error {
	if h.aside != nil {
		h.aside.close()
	}
	return nil
}

// Stats are the numbers of this moment.
func (h *Hasher) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{Running: h.running, Waiting: h.waiting, Done: h.done, Refused: h.refused}
}

// Crowded is ErrBusy where a hash for this tenant would be refused at once, so that a caller can spare what comes before it.
func (s Share) Crowded() error {
	h := s.hasher
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running < h.workers || h.waiting < h.queue {
		return nil
	}
	if longest := h.longest(); longest != nil && h.length(s.tenant)+1 < longest.waiting.Len() {
		return nil
	}
	h.refused++
	return ErrBusy
}

// Bounds are how many hashes are computed at once at the most, and how many callers wait.
func (h *Hasher) Bounds() (workers, queue int) { return h.workers, h.queue }

// acquire waits for a worker. Whoever gets one calls release.
func (s Share) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait to hash a password: %w", err)
	}
	h := s.hasher
	h.mu.Lock()
	if h.running < h.workers {
		h.running++ // nobody waits, since release hands workers on
		h.mu.Unlock()
		return nil
	}
	if !h.makeRoom(s.tenant) {
		h.refused++
		h.mu.Unlock()
		return ErrBusy
	}
	p := h.join(s.tenant)
	h.mu.Unlock()

	if h.onWait != nil {
		defer h.onWait()()
	}
	late := time.NewTimer(h.maxWait)
	defer late.Stop()
	err := ErrBusy
	select {
	case told := <-p.told:
		return told
	case <-ctx.Done():
		err = fmt.Errorf("wait to hash a password: %w", ctx.Err())
	case <-late.C:
	}

	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case told := <-p.told: // it came in the same moment
		if told != nil || ctx.Err() == nil {
			return told
		}
		h.next()
	default:
		h.leave(p)
	}
	if ctx.Err() == nil {
		h.refused++
	}
	return err
}

// makeRoom reports whether one more may wait for a tenant. Where the queue is full, whoever came last to the longest line has to leave,
// unless that line is the tenant's own or would be: so the tenant that fills the queue is the one that is refused. The caller holds the
// lock.
func (h *Hasher) makeRoom(tenant string) bool {
	if h.waiting < h.queue {
		return true
	}
	longest := h.longest()
	if longest == nil || h.length(tenant)+1 >= longest.waiting.Len() {
		return false
	}
	p := longest.waiting.Back().Value.(*place)
	h.leave(p)
	h.refused++
	p.told <- ErrBusy
	return true
}

// longest is the line in which most wait; nil where nobody waits. The caller holds the lock.
func (h *Hasher) longest() *line {
	var longest *line
	for _, l := range h.lines {
		if longest == nil || l.waiting.Len() > longest.waiting.Len() {
			longest = l
		}
	}
	return longest
}

// length is how many wait for a tenant. The caller holds the lock.
func (h *Hasher) length(tenant string) int {
	if l, ok := h.lines[tenant]; ok {
		return l.waiting.Len()
	}
	return 0
}

// join puts a caller at the end of the tenant's line. A line that begins takes its turn after the others. The caller holds the lock.
func (h *Hasher) join(tenant string) *place {
	l, ok := h.lines[tenant]
	if !ok {
		l = &line{tenant: tenant}
		h.lines[tenant] = l
		l.turn = h.turns.PushBack(l)
	}
	p := &place{line: l, told: make(chan error, 1)}
	p.at = l.waiting.PushBack(p)
	h.waiting++
	return p
}

// leave takes a caller out of its line, which ends with the last. The caller holds the lock.
func (h *Hasher) leave(p *place) {
	l := p.line
	l.waiting.Remove(p.at)
	h.waiting--
	if l.waiting.Len() == 0 {
		h.turns.Remove(l.turn)
		delete(h.lines, l.tenant)
	}
}

// release gives the worker back.
func (h *Hasher) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done++
	h.next()
}

// next hands a worker to whoever waits the longest for the tenant whose turn it is. The caller holds the lock and a worker.
func (h *Hasher) next() {
	first := h.turns.Front()
	if first == nil {
		h.running--
		return
	}
	l := first.Value.(*line)
	h.turns.MoveToBack(first)
	p := l.waiting.Front().Value.(*place)
	h.leave(p)
	p.told <- nil
}
