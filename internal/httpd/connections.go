package httpd

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// connections bounds how many connections of a listener are open. Those that have no request under way wait in the order in which they
// began to wait: new ones whose request has not come, and kept ones whose last was answered. When there is one too many, the first of
// them is closed. So whoever opens thousands and sends nothing pushes out their own first, and a client that sends its request is
// served however many wait. Where every connection is busy, the new one is closed.
//
// A client must expect a kept connection to be closed at any time (RFC 9112, section 9.5) and try again; that is all that a good one
// notices.
type connections struct {
	most int

	mu     sync.Mutex
	open   map[net.Conn]*list.Element // nil while a request is under way
	idle   list.List                  // of net.Conn; whoever waits the longest first
	closed uint64
}

func newConnections(most int) *connections {
	return &connections{most: most, open: map[net.Conn]*list.Element{}}
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
	place, known := c.open[conn]
	switch state {
	case http.StateNew:
		if len(c.open) >= c.most {
			c.closed++
			first := c.idle.Front()
			if first == nil {
				return conn
			}
			surplus = first.Value.(net.Conn)
			c.forget(surplus)
		}
		c.open[conn] = c.idle.PushBack(conn)
	case http.StateActive:
		if known && place != nil {
			c.idle.Remove(place)
			c.open[conn] = nil
		}
	case http.StateIdle:
		if known && place == nil {
			c.open[conn] = c.idle.PushBack(conn)
		}
	case http.StateClosed, http.StateHijacked:
		c.forget(conn)
	}
	return surplus
}

// forget takes a connection off the books, which may have happened already. The caller holds the lock.
func (c *connections) forget(conn net.Conn) {
	if place := c.open[conn]; place != nil {
		c.idle.Remove(place)
	}
	delete(c.open, conn)
}

// numbers are how many connections are open, and how many were closed so far because there were too many.
func (c *connections) numbers() (open int, closed uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open), c.closed
}
