package httpd

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
)

// The states of a connection, and none for one that is over.
const (
	connNew = iota
	connActive
	connIdle
	connOver
)

var connStates = [...]string{"new", "active", "idle"}

// states counts the connections of a listener by state. It costs a few atomic additions a request.
type states struct {
	open     [len(connStates)]atomic.Int64
	unserved atomic.Int64 // those that were over before a whole request had come
}

// counted is a connection and the state that it is counted in. Only the connection's own goroutine touches that.
type counted struct {
	net.Conn
	state  int
	served bool // a request of it has come as far as a handler

	stop <-chan struct{} // closed when the server is to stop
	open *connections
}

// body notes whether the body of the request is still to come.
func (c *counted) body(toCome bool) {
	if c != nil {
		c.open.body(c, toCome)
	}
}

// CloseWrite lets net/http say that nothing more comes and still read what does, as it would with the connection itself.
func (c *counted) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

type countedKey struct{}

// context is the server's ConnContext.
func (*states) context(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, countedKey{}, c)
}

// stopping is closed when the server that ctx's request came to is to stop: for answers that would take long and can be cut short.
func stopping(ctx context.Context) <-chan struct{} {
	if c, ok := ctx.Value(countedKey{}).(*counted); ok {
		return c.stop
	}
	return nil
}

// served notes of a connection that a request came by it.
func (*states) served(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(countedKey{}).(*counted); ok {
			c.served = true
		}
		next.ServeHTTP(w, r)
	})
}

// countedListener hands out connections that can be counted.
type countedListener struct {
	net.Listener
	stop <-chan struct{}
	open *connections
}

// Accept waits for the next connection.
func (l countedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &counted{Conn: c, state: connOver, stop: l.stop, open: l.open}, nil
}

// note is the server's ConnState. net/http calls it for one connection at a time.
func (cs *states) note(c net.Conn, to http.ConnState) {
	own, ok := c.(*counted)
	if !ok {
		return
	}
	was := own.state
	switch to {
	case http.StateNew:
		own.state = connNew
	case http.StateActive:
		own.state = connActive
	case http.StateIdle:
		own.state = connIdle
	case http.StateHijacked, http.StateClosed:
		own.state = connOver
		if !own.served {
			cs.unserved.Add(1)
		}
	}
	if was != connOver {
		cs.open[was].Add(-1)
	}
	if own.state != connOver {
		cs.open[own.state].Add(1)
	}
}
