package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
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
	ids  map[string]int    // by Message-Id
	to   map[string]int    // different mails, by who got them
	kept map[string]string // the last mail to each address at keptDomain
}

// keptDomain is where mail goes that somebody wants to read.
const keptDomain = "@probe.example.org"

func startSink() (*sink, error) {
	s := &sink{ids: map[string]int{}, to: map[string]int{}, kept: map[string]string{}}
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
func (s *sink) take(to, id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasSuffix(to, keptDomain) {
		s.kept[to] = text
	}
	if s.ids[id]++; s.ids[id] == 1 {
		s.to[to]++
	}
}

// mail is the last mail to an address at keptDomain; "" if none came.
func (s *sink) mail(address string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[address]
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
	text, err := io.ReadAll(io.LimitReader(r, mostAnswer))
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("read a mail: %w", err)
	}
	l.sink.take(l.to, m.Header.Get("Message-Id"), unfolded.Replace(string(text)))
	return nil
}

// unfolded undoes what quoted-printable (RFC 2045, section 6.7) does to links and codes.
var unfolded = strings.NewReplacer("=\r\n", "", "=3D", "=")
