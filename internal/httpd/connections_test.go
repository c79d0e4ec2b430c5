package httpd

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
)

// bounded is a server that holds so many connections open.
func bounded(t *testing.T, most int, h http.Handler) *Server {
	t.Helper()
	s, err := Listen(t.Context(), ServerOptions{
		Name: "test", Addr: "127.0.0.1:0", Handler: h, RequestTimeout: patience, MaxConnections: most,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, context.Background()) }()
	t.Cleanup(func() {
		_ = s.http.Close() // what is open need not be waited for
		stop()
		if err := <-done; err != nil {
			t.Logf("the server ended: %v", err) // what was open was cut off
		}
	})
	return s
}

// ask sends a request on a connection that is kept, and reads the answer.
func ask(t *testing.T, c net.Conn) string {
	t.Helper()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// waiting is how many connections have no request under way.
func (c *connections) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.idle.Len()
}

// Whoever holds connections open and sends nothing must not keep others out.
func TestConnectionsThatWaitTheLongestAreClosedFirst(t *testing.T) {
	const most = 8
	s := bounded(t, most, hello)
	kept := dial(t, s)
	if got := ask(t, kept); got != "hello" {
		t.Fatalf("answered %q", got)
	}
	for s.open.waiting() == 0 { // the answer arrives a moment before the server is done with the request
		runtime.Gosched()
	}
	var waiting []net.Conn
	for range 3 * most {
		c := dial(t, s)
		if _, err := io.WriteString(c, "GET / HT"); err != nil { // and never the rest
			t.Fatal(err)
		}
		waiting = append(waiting, c)
	}
	last := dial(t, s)
	if got := ask(t, last); got != "hello" {
		t.Errorf("a client that sends its request was answered %q", got)
	}
	closed(t, kept) // it waited before the others came
	for _, c := range waiting[:2*most] {
		closed(t, c)
	}
	if got := ask(t, last); got != "hello" {
		t.Errorf("on the same connection: %q", got)
	}
	open, closedEarly := s.open.numbers()
	if open > most || closedEarly != uint64(1+3*most+1-most) {
		t.Errorf("%d are open and %d were closed, of %d", open, closedEarly, 1+3*most+1)
	}
}

func TestABusyConnectionIsNotClosedForANewOne(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	s := bounded(t, 1, handler(func(w http.ResponseWriter, _ *http.Request) {
		begun <- struct{}{}
		<-finish
		_, _ = io.WriteString(w, "done")
	}))
	got := make(chan string, 1)
	go func() { got <- fetch(t, s) }()
	<-begun
	if said := closed(t, dial(t, s)); said != "" {
		t.Errorf("the one too many was told %q", said)
	}
	close(finish)
	if body := <-got; body != "done" {
		t.Errorf("the request got %q", body)
	}
}

// Whoever begins thousands of bodies and never ends them must not keep others out either.
func TestConnectionsWhoseBodyStallsAreClosedWhenNoneIsIdle(t *testing.T) {
	read, finish := make(chan struct{}, 1), make(chan struct{})
	s := bounded(t, 3, Standard(handler(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if string(b) == "whole" {
			read <- struct{}{}
			<-finish
		}
		_, _ = io.WriteString(w, "hello")
	}), Options{RequestTimeout: patience}))
	stalled := func() int {
		s.open.mu.Lock()
		defer s.open.mu.Unlock()
		return s.open.sending.Len()
	}
	const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
	send := func(what string) net.Conn {
		c := dial(t, s)
		if _, err := io.WriteString(c, what); err != nil {
			t.Fatal(err)
		}
		return c
	}
	whole := send(head + "whole")
	<-read
	first := send(head + "wh")
	for stalled() < 1 {
		runtime.Gosched()
	}
	second := send(head + "ot")
	for stalled() < 2 {
		runtime.Gosched()
	}
	if got := ask(t, dial(t, s)); got != "hello" {
		t.Errorf("a client that sends its request was answered %q", got)
	}
	closed(t, first) // it stalled before the other
	for s.open.waiting() == 0 {
		runtime.Gosched()
	}
	if _, err := io.WriteString(second, "her"); err != nil {
		t.Fatal(err)
	}
	close(finish) // what came whole is never closed
	for _, c := range []net.Conn{whole, second} {
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if n := stalled(); n != 0 {
		t.Errorf("%d bodies are still to come", n)
	}
}

// Connections come and go in any order, and what closes late was counted before.
func TestConnectionsAreCountedOnce(t *testing.T) {
	c := newConnections(2)
	conns := make([]net.Conn, 4)
	for i := range conns {
		a, b := net.Pipe()
		defer func() { _, _ = a.Close(), b.Close() }()
		conns[i] = a
	}
	c.note(conns[0], http.StateNew)
	c.note(conns[0], http.StateActive)
	c.note(conns[1], http.StateNew)
	c.note(conns[2], http.StateNew) // closes 1
	c.note(conns[1], http.StateClosed)
	c.note(conns[1], http.StateClosed)
	if open, gone := c.numbers(); open != 2 || gone != 1 {
		t.Errorf("%d open, %d closed", open, gone)
	}
	c.note(conns[2], http.StateActive)
	c.note(conns[3], http.StateNew) // is closed itself
	c.note(conns[3], http.StateActive)
	c.note(conns[3], http.StateIdle)
	c.note(conns[3], http.StateClosed)
	c.note(conns[0], http.StateIdle)
	c.note(conns[0], http.StateClosed)
	c.note(conns[2], http.StateHijacked)
	if open, gone := c.numbers(); open != 0 || gone != 2 || c.idle.Len() != 0 {
		t.Errorf("%d open, %d closed, %d waiting", open, gone, c.idle.Len())
	}
}
