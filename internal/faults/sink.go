package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// sink is a mail server that takes everything, and remembers to whom each mail went and how often it came.
type sink struct {
	server *smtp.Server
	addr   string

	mu   sync.Mutex
	ids  map[string]int // by Message-Id
	to   map[string]int // different mails, by who got them
	last time.Time
}

func startSink() (*sink, error) {
	s := &sink{ids: map[string]int{}, to: map[string]int{}}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letter{sink: s}, nil }))
	s.server.Domain = "sink.localhost"
	s.server.ReadTimeout, s.server.WriteTimeout = time.Minute, time.Minute
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = listener.Addr().String()
	go func() { _ = s.server.Serve(listener) }() // until stop; what goes wrong before shows as mail that is missing
	return s, nil
}

func (s *sink) stop() error {
	if err := s.server.Close(); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

// take remembers a mail.
func (s *sink) take(to, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	if s.ids[id]++; s.ids[id] == 1 {
		s.to[to]++
	}
}

// got reports whether any mail has come for an address.
func (s *sink) got(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to[strings.ToLower(address)] > 0
}

// counted is how many different mails have come, and how many came more than once.
func (s *sink) counted() (different, twice int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.ids {
		if n > 1 {
			twice++
		}
	}
	return len(s.ids), twice
}

// letter is a mail under way to a sink.
type letter struct {
	sink *sink
	to   string
}

func (*letter) Mail(string, *smtp.MailOptions) error { return nil }

func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.to = strings.ToLower(to)
	return nil
}

func (l *letter) Reset()      { l.to = "" }
func (*letter) Logout() error { return nil }

func (l *letter) Data(r io.Reader) error {
	lines := bufio.NewScanner(r)
	id := ""
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && id == "" && strings.EqualFold(name, "Message-Id") {
			id = strings.TrimSpace(value)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	l.sink.take(l.to, id)
	return nil
}
