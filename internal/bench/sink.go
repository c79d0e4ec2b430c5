package main

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// sink is a mail server that takes everything and counts it.
type sink struct {
	server *smtp.Server
	addr   string
	taken  atomic.Int64
}

func startSink() (*sink, error) {
	s := &sink{}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return letter{s}, nil }))
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

// letter is a connection to a sink.
type letter struct{ sink *sink }

func (letter) Mail(string, *smtp.MailOptions) error { return nil }
func (letter) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (letter) Reset()                               {}
func (letter) Logout() error                        { return nil }

func (l letter) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	if err == nil {
		l.sink.taken.Add(1)
	}
	return err
}
