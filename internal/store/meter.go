package store

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

// Meter is told how statements go. It is called for each, and must be quick.
type Meter interface {
	// Statement is told how long the database took over one: from when it was sent until its answer began, without the wait for a
	// connection.
	Statement(kind Kind, took time.Duration)
	// Fault is told of one that failed, in a way that is none of the caller's making.
	Fault(class Class)
}

// Kind is what a statement is to the database.
type Kind int

// The kinds of statements. Query returns rows, also where it writes them; Exec returns none; Commit ends a transaction.
const (
	Query Kind = iota
	Exec
	Commit
)

// Class is why a statement failed.
type Class int

// The classes of failures. A row that is not there, or that somebody else changed first, is none.
const (
	Unreachable   Class = iota // no connection, one that broke, or a database that takes no writes
	TimedOut                   // it took longer than the database or the network may
	Starved                    // no connection was free for as long as the caller could wait
	Serialization              // it was in another transaction's way, and had to give way
	Broken                     // everything else, which is a bug or a damaged database
)

// Pool is how one pool of connections is doing.
type Pool struct {
	Name    string // "main" on PostgreSQL; "read" and "write" on SQLite, which has one writer
	Most    int    // connections that are opened at the most
	InUse   int
	Idle    int
	Waiting int           // callers that wait for a connection right now
	Waits   int64         // how often one was waited for so far
	Waited  time.Duration // how long, all together
}

// Pools are the pools of connections: one on PostgreSQL, two on SQLite.
func (s *Store) Pools() []Pool {
	if s.read == s.write {
		return []Pool{s.read.figures("main")}
	}
	return []Pool{s.read.figures("read"), s.write.figures("write")}
}

// queue counts those that wait for a turn. Callers wait there and not in database/sql, whose own figures know nothing of it.
type queue struct {
	waiting atomic.Int64
	waits   atomic.Int64
	waited  atomic.Int64 // nanoseconds
}

func (p *pool) figures(name string) Pool {
	st := p.db.Stats()
	return Pool{
		Name: name, Most: st.MaxOpenConnections, InUse: st.InUse, Idle: st.Idle,
		Waiting: int(p.queue.waiting.Load()), Waits: p.queue.waits.Load(), Waited: time.Duration(p.queue.waited.Load()),
	}
}

// wait waits for a turn where none was free.
func (p *pool) wait(ctx context.Context) error {
	began := time.Now()
	p.queue.waits.Add(1)
	p.queue.waiting.Add(1)
	defer func() {
		p.queue.waiting.Add(-1)
		p.queue.waited.Add(int64(time.Since(began)))
	}()
	select {
	case p.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &starvedError{ctx.Err()}
	}
}

// starvedError is the end of a wait for a connection.
type starvedError struct{ error }

func (e *starvedError) Unwrap() error { return e.error }

// begun is when a statement begins; nothing is measured where there is no Meter.
func (s *Store) begun() (at time.Time) {
	if s.options.Meter != nil {
		at = time.Now()
	}
	return at
}

func (s *Store) ended(kind Kind, began time.Time) {
	if s.options.Meter != nil {
		s.options.Meter.Statement(kind, time.Since(began))
	}
}

// faulted tells the Meter of a driver's error. What callers bring about themselves is none: a name that is taken, a client that has gone.
func (s *Store) faulted(err, meaning error) {
	if s.options.Meter == nil || errors.Is(meaning, ErrTaken) {
		return
	}
	var starved *starvedError
	switch {
	case errors.As(err, &starved) && errors.Is(err, context.Canceled):
	case errors.As(err, &starved):
		s.options.Meter.Fault(Starved)
	case errors.Is(meaning, ErrStale):
		s.options.Meter.Fault(Serialization)
	case errors.Is(meaning, ErrUnavailable) && timedOut(err):
		s.options.Meter.Fault(TimedOut)
	case errors.Is(meaning, ErrUnavailable):
		s.options.Meter.Fault(Unreachable)
	default:
		s.options.Meter.Fault(Broken)
	}
}

// timedOut reports whether a statement was given up because it took too long.
func timedOut(err error) bool {
	const canceled = "57014" // query_canceled: statement_timeout was up
	var pe *pq.Error
	var ne net.Error
	return errors.As(err, &pe) && pe.Code == canceled || errors.As(err, &ne) && ne.Timeout() || errors.Is(err, context.DeadlineExceeded)
}
