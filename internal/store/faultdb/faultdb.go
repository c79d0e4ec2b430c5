// Package faultdb stands between database/sql and a driver, to watch statements and to make them fail.
//
// Wrap gives a connector whose every operation is first told to an observer. The observer may count (how many statements
// does a login take?), and may return an error, which the operation then fails with as if the database had. With
// FailNth, a test runs an operation again and again, failing its first statement, its second, and so on, and checks that
// each time all of it happened or none.
package faultdb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"sync/atomic"
)

// ErrInjected is the failure that FailNth injects. It says what a connection says that breaks.
var ErrInjected = fmt.Errorf("faultdb: injected failure: %w", io.ErrUnexpectedEOF)

// The operations that an observer is told of. Query and Exec come with the statement's text.
const (
	Connect  = "connect"
	Begin    = "begin"
	Commit   = "commit"
	Rollback = "rollback"
	Query    = "query"
	Exec     = "exec"
	Prepare  = "prepare"
)

// Observer is told of an operation before it runs; an error makes it fail.
type Observer func(op, query string) error

// FailNth is an observer that fails the nth operation (counted from 1; connections, preparations and roll-backs are not counted) and the
// count of operations so far.
func FailNth(n int64) (Observer, *atomic.Int64) {
	var count atomic.Int64
	return func(op, _ string) error {
		if op == Connect || op == Prepare || op == Rollback {
			return nil
		}
		if count.Add(1) == n {
			return ErrInjected
		}
		return nil
	}, &count
}

// Wrap is c, observed. With no observer it is c itself.
func Wrap(c driver.Connector, o Observer) driver.Connector {
	if o == nil {
		return c
	}
	return connector{inner: c, observe: o}
}

type connector struct {
	inner   driver.Connector
	observe Observer
}

func (c connector) Driver() driver.Driver { return c.inner.Driver() }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.observe(Connect, ""); err != nil {
		return nil, err
	}
	inner, err := c.inner.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: inner, observe: c.observe}, nil
}

// conn passes everything on. It takes the context-aware methods of the drivers in use for granted, and answers ErrSkip
// where a driver leaves a choice to database/sql.
type conn struct {
	driver.Conn
	observe Observer
}

func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.observe(Begin, ""); err != nil {
		return nil, err
	}
	t, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return tx{Tx: t, observe: c.observe}, nil
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.observe(Prepare, query); err != nil {
		return nil, err
	}
	st, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &stmt{Stmt: st, query: query, observe: c.observe}, nil
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.observe(Query, query); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.observe(Exec, query); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *conn) Ping(ctx context.Context) error {
	if p, ok := c.Conn.(driver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

func (c *conn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *conn) IsValid() bool {
	if v, ok := c.Conn.(driver.Validator); ok {
		return v.IsValid()
	}
	return true
}

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if k, ok := c.Conn.(driver.NamedValueChecker); ok {
		return k.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type stmt struct {
	driver.Stmt
	query   string
	observe Observer
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.observe(Query, s.query); err != nil {
		return nil, err
	}
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.observe(Exec, s.query); err != nil {
		return nil, err
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

type tx struct {
	driver.Tx
	observe Observer
}

func (t tx) Commit() error {
	if err := t.observe(Commit, ""); err != nil {
		_ = t.Tx.Rollback() // the database would have: a transaction whose commit failed is gone
		return err
	}
	return t.Tx.Commit()
}

func (t tx) Rollback() error {
	_ = t.observe(Rollback, "") // told, but never stopped: a roll-back that fails would leave the connection unusable
	return t.Tx.Rollback()
}
