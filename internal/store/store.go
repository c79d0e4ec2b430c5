// Package store holds every SQL statement of the product.
//
// There are two ways in. A Scope, made by Store.For, reaches the rows of one tenant and nothing else: its reads are
// methods of Scope, its writes methods of Tx, which Scope.Do begins and ends. The few things that concern all tenants
// (the tenants themselves, the message queue, the sweeper) are methods of Store. Every statement on a table that belongs
// to tenants names tenant_id, and a test holds it to that.
//
// One text serves both engines, PostgreSQL and SQLite: $1 placeholders, ids, times and JSON made in Go, no functions of
// one engine alone. What differs is in dialect.go. There is no interface over the storage and no mock of it: SQLite in a
// file is what tests use, and package faultdb makes any driver fail on command.
//
// Times are UTC to the microsecond. Errors are told apart with errors.Is: ErrNotFound, ErrStale (somebody else changed
// the row first), ErrTaken (a name or address that must be unique is not), ErrUnavailable (the database cannot be
// reached or cannot answer now; nothing is known to have been written, though a lost commit may have been).
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The errors that callers act on.
var (
	ErrNotFound = errors.New("store: not found")
	ErrStale    = errors.New("store: changed by someone else")
	ErrTaken    = errors.New("store: already taken")
)

// ErrUnavailable says that the database cannot be reached, or cannot answer now. It is a refusal, so that on either wire
// it is told as what it is: come back later.
var ErrUnavailable error = refusal.Later(refusal.Busy, 2*time.Second)

// Options say which database to open.
type Options struct {
	// URL is postgres://… or sqlite:PATH.
	URL string
	// Keys are the server's keys, which open the tenants' data keys.
	Keys *secret.Keys
	// MaxConns bounds the connections to PostgreSQL; 0 means 20.
	MaxConns int
	// Observe, if set, is told of every statement before it runs and may fail it. Tests count and break with it.
	Observe func(op, query string) error
	// Meter, if set, is told how long statements take and why they fail.
	Meter Meter
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect dialect
	options Options
	keys    *secret.Keys
	read    *pool // the same as write on PostgreSQL
	write   *pool
	events  chan struct{}
	tales   tales
}

// Events tells that events were committed through this store since it was last asked: it holds one word at the most.
func (s *Store) Events() <-chan struct{} { return s.events }

// tell says so.
func (s *Store) tell() {
	select {
	case s.events <- struct{}{}:
	default: // somebody has yet to ask
	}
}

// Open opens the database without touching its tables. Close it when done.
func Open(o Options) (*Store, error) {
	d, err := dialectOf(o.URL)
	if err != nil {
		return nil, err
	}
	read, write, err := d.open(o)
	if err != nil {
		return nil, err
	}
	st := &Store{dialect: d, options: o, keys: o.Keys, read: newPool(read), events: make(chan struct{}, 1)}
	st.write = st.read
	if write != read {
		st.write = newPool(write)
	}
	return st, nil
}

// Close closes every connection.
func (s *Store) Close() error {
	err := s.write.close()
	if s.read != s.write {
		err = errors.Join(err, s.read.close())
	}
	return err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.fault("ping", s.read.db.GetContext(ctx, &one, "SELECT 1"))
}

// For is the way to the rows of one tenant.
func (s *Store) For(t *tenants.Tenant) Scope { return Scope{store: s, tenant: t.ID} }

// Scope reaches the rows of one tenant. It is cheap to make and safe for concurrent use.
type Scope struct {
	store  *Store
	tenant string
}

// Tx is one transaction within a Scope; every change to a tenant's rows is a method of it.
type Tx struct {
	runner
	tenant string
}

// Do runs fn in one transaction: everything it wrote is kept if it returns nil, and nothing otherwise.
func (s Scope) Do(ctx context.Context, fn func(*Tx) error) error {
	return s.store.do(ctx, func(r runner) error { return fn(&Tx{runner: r, tenant: s.tenant}) })
}

// One runs fn, which makes exactly one statement, without the cost of a transaction around it.
func (s Scope) One(fn func(*Tx) error) error {
	return fn(&Tx{runner: runner{store: s.store, pool: s.store.write}, tenant: s.tenant})
}

// do runs fn in a transaction of the writing pool.
func (s *Store) do(ctx context.Context, fn func(runner) error) error {
	begins := s.traced(ctx, "begin", "BEGIN")
	if err := s.write.enter(ctx); err != nil {
		endSpan(begins, err)
		return s.fault("begin", err)
	}
	defer s.write.leave()
	ctx = context.WithoutCancel(ctx)
	tx, err := s.write.db.BeginTxx(ctx, nil)
	err = s.fault("begin", err)
	endSpan(begins, err)
	if err != nil {
		return err
	}
	var missed []string
	events := false
	defer func() {
		for _, text := range missed {
			_, _ = s.write.prepared(ctx, text) // if it cannot be prepared now, the next to need it says why
		}
	}()
	defer func() { _ = tx.Rollback() }() // after a panic; otherwise it is over by then
	if err := fn(runner{store: s, pool: s.write, tx: tx, missed: &missed, events: &events}); err != nil {
		back := s.traced(ctx, "roll back", "ROLLBACK")
		rollback := s.fault("roll back", tx.Rollback())
		endSpan(back, rollback)
		if rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			return errors.Join(err, rollback)
		}
		return err
	}
	commits, began := s.traced(ctx, "commit", "COMMIT"), s.begun()
	err = s.fault("commit", tx.Commit())
	s.ended(Commit, began)
	endSpan(commits, err)
	if err != nil {
		return err
	}
	if events {
		s.tell()
	}
	return nil
}

// pool is a database/sql pool with the statements that were prepared on it. Texts are literals of this package, so there
// is a bounded number of them.
//
// A caller's context counts while it waits for its turn, and no longer: what then runs is short, and bounded by the
// statement's and the connection's own deadlines. Giving the context to the driver would cost two goroutines a statement, and
// a client that hangs up would break connections in the middle of transactions.
type pool struct {
	db         *sqlx.DB
	turns      chan struct{} // as many as there are connections
	queue      queue         // for a turn
	statements sync.Map      // text -> *sqlx.Stmt
}

func newPool(db *sqlx.DB) *pool {
	return &pool{db: db, turns: make(chan struct{}, db.Stats().MaxOpenConnections)}
}

// enter waits for a turn to use a connection; leave must follow.
func (p *pool) enter(ctx context.Context) error {
	select {
	case p.turns <- struct{}{}:
		return nil
	default:
		return p.wait(ctx)
	}
}

func (p *pool) leave() { <-p.turns }

func (p *pool) close() error {
	p.statements.Range(func(_, st any) bool { _ = st.(*sqlx.Stmt).Close(); return true })
	return p.db.Close()
}

// prepared is the statement of that text. database/sql prepares it again on each connection as need be. The caller must have a
// turn and no connection: preparing takes one, and callers that each held one while they waited for another would wait for ever.
func (p *pool) prepared(ctx context.Context, text string) (*sqlx.Stmt, error) {
	if st, ok := p.statements.Load(text); ok {
		return st.(*sqlx.Stmt), nil
	}
	st, err := p.db.PreparexContext(ctx, text)
	if err != nil {
		return nil, err
	}
	kept, other := p.statements.LoadOrStore(text, st)
	if other {
		_ = st.Close() // somebody prepared the same meanwhile
	}
	return kept.(*sqlx.Stmt), nil
}

// runner runs prepared statements, inside a transaction where it has one.
type runner struct {
	store  *Store
	pool   *pool
	tx     *sqlx.Tx
	missed *[]string // in a transaction: what was not prepared yet
	events *bool     // likewise: whether there were events
}

// happened notes that events were written, and tells of it once they are committed.
func (r runner) happened() {
	if r.tx == nil {
		r.store.tell()
	} else {
		*r.events = true
	}
}

// enter waits for a turn, which a transaction has already.
func (r runner) enter(ctx context.Context) error {
	if r.tx != nil {
		return nil
	}
	return r.pool.enter(ctx)
}

func (r runner) leave() {
	if r.tx == nil {
		r.pool.leave()
	}
}

func (s *Store) reader() runner { return runner{store: s, pool: s.read} }

func (r runner) statement(ctx context.Context, text string) (*sqlx.Stmt, error) {
	if r.tx == nil {
		return r.pool.prepared(ctx, text)
	}
	if st, ok := r.pool.statements.Load(text); ok {
		return r.tx.StmtxContext(ctx, st.(*sqlx.Stmt)), nil
	}
	*r.missed = append(*r.missed, text)
	return r.tx.PreparexContext(ctx, text) // for this transaction; the pool's comes when it is over
}

// exec runs a statement that returns no rows.
func (r runner) exec(ctx context.Context, op, text string, args ...any) (_ sql.Result, err error) {
	span := r.store.traced(ctx, op, text)
	defer func() { endSpan(span, err) }()
	if err := r.enter(ctx); err != nil {
		return nil, r.store.fault(op, err)
	}
	defer r.leave()
	ctx = context.WithoutCancel(ctx)
	st, err := r.statement(ctx, text)
	if err != nil {
		return nil, r.store.fault(op, err)
	}
	began := r.store.begun()
	res, err := st.ExecContext(ctx, args...)
	r.store.ended(Exec, began)
	return res, r.store.fault(op, err)
}

// row runs a query for one row and scans it; no row is ErrNotFound.
func (r runner) row(ctx context.Context, op, text string, args, into []any) (err error) {
	span := r.store.traced(ctx, op, text)
	defer func() { endSpan(span, err) }()
	if err := r.enter(ctx); err != nil {
		return r.store.fault(op, err)
	}
	defer r.leave()
	ctx = context.WithoutCancel(ctx)
	st, err := r.statement(ctx, text)
	if err != nil {
		return r.store.fault(op, err)
	}
	began := r.store.begun()
	err = st.QueryRowxContext(ctx, args...).Scan(into...)
	r.store.ended(Query, began)
	return r.store.fault(op, err)
}

// each runs a query and calls scan for each row.
func (r runner) each(ctx context.Context, op, text string, args []any, scan func(*sqlx.Rows) error) (err error) {
	span := r.store.traced(ctx, op, text)
	defer func() { endSpan(span, err) }()
	if err := r.enter(ctx); err != nil {
		return r.store.fault(op, err)
	}
	defer r.leave()
	ctx = context.WithoutCancel(ctx)
	st, err := r.statement(ctx, text)
	if err != nil {
		return r.store.fault(op, err)
	}
	began := r.store.begun()
	rows, err := st.QueryxContext(ctx, args...)
	r.store.ended(Query, began)
	if err != nil {
		return r.store.fault(op, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below tells of the failure, if there was one
	for rows.Next() {
		if err := scan(rows); err != nil {
			return r.store.fault(op, err)
		}
	}
	return r.store.fault(op, rows.Err())
}

// changedOne turns "no row was changed" into an error.
func changedOne(res sql.Result, err error, none error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("count changed rows: %w", err)
	}
	if n != 1 {
		return none
	}
	return nil
}

// fault wraps a driver's error with the operation and, where callers act on it, with the sentinel it means.
func (s *Store) fault(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", op, ErrNotFound)
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrStale), errors.Is(err, ErrTaken), errors.Is(err, ErrUnavailable):
		return err
	}
	meaning := s.dialect.meaning(err)
	s.faulted(err, meaning)
	if meaning != nil {
		return fmt.Errorf("%s: %w: %w", op, meaning, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}
