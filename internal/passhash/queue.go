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
	Queue   int           // callers that wait for a worker; 64 for each worker if zero, none if negative
	MaxWait time.Duration // how long one waits; 5 seconds if zero
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
	cheap   bool

	computing func() // called by a worker before each hash; for tests

	mu      sync.Mutex
	running int
	waiting list.List // of chan struct{}, closed when it is their turn
	done    uint64
	refused uint64
}

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
		panic("passhash: cheap hashes are for tests")
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
	return &Hasher{workers: o.Workers, queue: max(0, o.Queue), maxWait: o.MaxWait, bounds: inBounds, cheap: o.Cheap}
}

// Stats are the numbers of this moment.
func (h *Hasher) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{Running: h.running, Waiting: h.waiting.Len(), Done: h.done, Refused: h.refused}
}

// acquire waits for a worker. Whoever gets one calls release.
func (h *Hasher) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait to hash a password: %w", err)
	}
	h.mu.Lock()
	if h.running < h.workers {
		h.running++ // nobody waits, since release hands workers on
		h.mu.Unlock()
		return nil
	}
	if h.waiting.Len() >= h.queue {
		h.refused++
		h.mu.Unlock()
		return ErrBusy
	}
	turn := make(chan struct{})
	place := h.waiting.PushBack(turn)
	h.mu.Unlock()

	late := time.NewTimer(h.maxWait)
	defer late.Stop()
	err := ErrBusy
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		err = fmt.Errorf("wait to hash a password: %w", ctx.Err())
	case <-late.C:
	}

	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-turn: // it came in the same moment
		if ctx.Err() == nil {
			return nil
		}
		h.next()
	default:
		h.waiting.Remove(place)
	}
	if ctx.Err() == nil {
		h.refused++
	}
	return err
}

// release gives the worker back.
func (h *Hasher) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done++
	h.next()
}

// next hands a worker to whoever waits the longest. The caller holds the lock and a worker.
func (h *Hasher) next() {
	first := h.waiting.Front()
	if first == nil {
		h.running--
		return
	}
	close(h.waiting.Remove(first).(chan struct{}))
}
