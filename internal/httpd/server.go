package httpd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// The bounds of a connection. A client that sends slowly, sends too much or sends nothing is cut off.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second // header and body together
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 16 << 10 // net/http adds 4 KiB of its own

	// writeMargin is what is left for sending the answer once a request has used up its time.
	writeMargin = 10 * time.Second
)

// DefaultMaxConnections is how many connections a listener holds open where nothing else is said.
const DefaultMaxConnections = 10_000

// ServerOptions say what a server listens on and serves.
type ServerOptions struct {
	Name           string // for logs and errors, such as "public"
	Addr           string // host:port
	Handler        http.Handler
	RequestTimeout time.Duration // the longest that the handler takes
	MaxConnections int           // that are open at a time; DefaultMaxConnections unless given
	Log            *slog.Logger
}

// Server serves HTTP on one listener.
type Server struct {
	name     string
	listener net.Listener
	http     *http.Server
	open     *connections
	log      *slog.Logger
	states   states
	leaving  atomic.Bool
}

// Listen opens the listener, so that an address that is taken is known before anything runs. Serve or Close must follow.
func Listen(ctx context.Context, o ServerOptions) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", o.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s, for the %s listener, is taken by another process: stop that, or choose another address: %w", o.Addr, o.Name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", o.Name, err)
	}
	stop, open := make(chan struct{}), newConnections(cmp.Or(o.MaxConnections, DefaultMaxConnections))
	s := &Server{
		name:     o.Name,
		open:     open,
		listener: countedListener{l, stop, open},
		log:      o.Log,
		http: &http.Server{
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       min(readTimeout, cmp.Or(o.RequestTimeout, readTimeout)), // no handler waits for a body for longer than it may take
			WriteTimeout:      o.RequestTimeout + writeMargin,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
		},
	}
	s.http.Handler, s.http.ConnContext, s.http.ConnState = s.states.served(s.lastOnes(o.Handler)), s.states.context, s.note
	s.http.RegisterOnShutdown(sync.OnceFunc(func() { close(stop) }))
	return s, nil
}

// note is told what became of a connection: it is counted, and closed where it is one too many.
func (s *Server) note(c net.Conn, state http.ConnState) {
	s.states.note(c, state)
	s.open.note(c, state)
}

// Leave has every answer from now on be the last one on its connection, so that proxies and clients, which keep connections, open
// their next one elsewhere. Requests are answered as before. Connections that are idle stay open: whoever closed them might do so just
// as a request comes in on one, which its sender would have to take for lost.
func (s *Server) Leave() { s.leaving.Store(true) }

func (s *Server) lastOnes(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

// Addr is the address that is listened on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close stops at once, whatever is under way.
func (s *Server) Close() error {
	return errors.Join(s.http.Close(), ignoreClosed(s.listener.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Serve answers requests until ctx is done. Then it takes no new ones, lets those under way finish, and returns nil. Those
// that are not over when drain is done are cut off, which is an error with the cause of drain's end.
func (s *Server) Serve(ctx, drain context.Context) error {
	s.log.InfoContext(ctx, "listening", "listener", s.name, "address", s.Addr().String())
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", s.name, err)
	case <-ctx.Done():
	}
	err := s.http.Shutdown(drain)
	if err != nil {
		if drain.Err() != nil {
			err = context.Cause(drain)
			s.log.WarnContext(ctx, "requests were cut off at the stop", "listener", s.name, "cause", err)
			err = fmt.Errorf("requests were cut off: %w", err)
		}
		err = fmt.Errorf("stop %s: %w", s.name, errors.Join(err, s.http.Close()))
	}
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}
