package httpd

import (
	"cmp"
	"container/list"
	"net"
	"net/http"
	"sync"
)

// connections bounds how many connections of a listener are open. Those that have no request under way wait in the order in which they
// began to wait: new ones whose request has not come, and kept ones whose last was answered. When there is one too many, the first of
// them is closed. So whoever opens thousands and sends nothing pushes out their own first, and a client that sends its request is
// served however many wait. Where none waits, the first of those is closed whose request's body is still to come. Where every connection
// is busy with a whole request, the new one is closed.
//
// A client must expect a kept connection to be closed at any time (RFC 9112, section 9.5) and try again; that is all that a good one
// notices.
type connections struct {
	most int

	mu      sync.Mutex
	open    map[net.Conn]place
	idle    list.List // of net.Conn; whoever waits the longest first
	sending list.List // likewise, of those whose request has a body that was not read to its end
	closed  uint64
}

// place is where a connection stands in line: nowhere while it is busy.
type place struct {
	line *list.List
	at   *list.Element
}

func newConnections(most int) *connections {
	return &connections{most: most, open: map[net.Conn]place{}}
}

// note is told what became of a connection; see http.Server.ConnState.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	if surplus := c.counted(conn, state); surplus != nil {
		_ = surplus.Close() // whoever is at the other end may have done so
	}
}

// counted notes it, and returns the connection that is to be closed for it, if one is.
func (c *connections) counted(conn net.Conn, state http.ConnState) (surplus net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.open[conn]
	switch state {
	case http.StateNew:
		if len(c.open) >= c.most {
			c.closed++
			first := cmp.Or(c.idle.Front(), c.sending.Front())
			if first == nil {
				return conn
			}
			surplus = first.Value.(net.Conn)
			c.leave(surplus)
			delete(c.open, surplus)
		}
		c.line(conn, &c.idle)
	case http.StateActive:
		if known {
			c.leave(conn)
		}
	case http.StateIdle:
		if known && c.open[conn].line != &c.idle {
			c.line(conn, &c.idle)
		}
	case http.StateClosed, http.StateHijacked:
		c.leave(conn)
		delete(c.open, conn)
	}
	return surplus
}

// body notes of a connection that is busy whether the body of its request is still to come.
func (c *connections) body(conn net.Conn, toCome bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, known := c.open[conn]
	switch {
	case !known: // closed for another one
	case toCome && at.line == nil:
		c.line(conn, &c.sending)
	case !toCome && at.line == &c.sending:
		c.leave(conn)
	}
}

// line puts a connection at the end of a line. The caller holds the lock, here and below.
func (c *connections) line(conn net.Conn, line *list.List) {
	c.leave(conn)
	c.open[conn] = place{line, line.PushBack(conn)}
}

// leave takes a connection out of the line that it stands in.
func (c *connections) leave(conn net.Conn) {
	if p := c.open[conn]; p.line != nil {
		p.line.Remove(p.at)
		c.open[conn] = place{}
	}
}

// numbers are how many connections are open, and how many were closed so far because there were too many.
func (c *connections) numbers() (open int, closed uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open), c.closed
}
