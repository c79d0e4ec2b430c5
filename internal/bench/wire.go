package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// The bounds of an answer.
const (
	maxHeader = 32 << 10 // one line; bufio.Reader's size
	maxBody   = 1 << 20
)

// errAnswer is an answer that the client does not understand. It knows the part of HTTP/1.1 (RFC 9112) that the measured
// handlers use: a status line, header lines, and a body with a Content-Length.
var errAnswer = errors.New("an answer that this client does not understand")

// client is one kept-alive connection. It takes and gives bytes as they are, since the generator shares the machine with
// what it measures, and net/http's client costs as much as a handler.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	body []byte
}

// dial connects. Whatever is asked on the connection has to be answered by the given time.
func dial(ctx context.Context, addr string, until time.Time) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(until); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &client{conn: conn, r: bufio.NewReaderSize(conn, maxHeader)}, nil
}

func (c *client) close() error { return c.conn.Close() }

// ask sends a request and reads the answer, whose body is good until the next call. After an error or where last is true,
// the connection is of no more use.
func (c *client) ask(request []byte) (a answer, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return answer{}, err
	}
	a, err = readAnswer(c.r, c.body[:0])
	c.body = a.body
	return a, err
}

// answer is what is needed of one.
type answer struct {
	status int
	last   bool // the server closes the connection
	body   []byte
}

// readAnswer reads one answer and appends its body to buf.
func readAnswer(r *bufio.Reader, buf []byte) (answer, error) {
	line, err := readLine(r)
	if err != nil {
		return answer{}, err
	}
	// HTTP/1.1 200 OK
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) || len(line) > 12 && line[12] != ' ' {
		return answer{}, fmt.Errorf("%w: it begins with %q", errAnswer, clip(line))
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil || status < 200 || status > 599 {
		return answer{}, fmt.Errorf("%w: it has the status %q", errAnswer, line[9:12])
	}
	a := answer{status: status, body: buf}
	length := -1
	for {
		line, err := readLine(r)
		if err != nil {
			return answer{}, err
		}
		if len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return answer{}, fmt.Errorf("%w: it has the header line %q", errAnswer, clip(line))
		}
		value = bytes.TrimSpace(value)
		switch {
		case is(name, "content-length"):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 || length > maxBody {
				return answer{}, fmt.Errorf("%w: it has the length %q", errAnswer, clip(value))
			}
		case is(name, "transfer-encoding"):
			return answer{}, fmt.Errorf("%w: its body comes in pieces", errAnswer)
		case is(name, "connection"):
			a.last = is(value, "close")
		}
	}
	switch {
	case status == 204 || status == 304:
		return a, nil // without a body, whatever the header says
	case length < 0:
		return answer{}, fmt.Errorf("%w: it does not say how long it is", errAnswer)
	}
	if cap(a.body) < length {
		a.body = make([]byte, length)
	}
	a.body = a.body[:length]
	if _, err := io.ReadFull(r, a.body); err != nil {
		return answer{}, unexpected(err)
	}
	return a, nil
}

// readLine is the next line without its end, good until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("%w: it has a line that is too long", errAnswer)
	case err != nil:
		return nil, unexpected(err)
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// unexpected tells an answer that breaks off from the end of something.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// is compares without regard to case, and without the allocation of strings.EqualFold's arguments.
func is(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// clip is the beginning of something, for a message.
func clip(b []byte) []byte { return b[:min(len(b), 200)] }

// appendRequest appends a request. headers are whole lines.
func appendRequest(dst []byte, method, path, headers string, ip uint32, body []byte) []byte {
	dst = append(dst, method...)
	dst = append(dst, ' ')
	dst = append(dst, path...)
	dst = append(dst, " HTTP/1.1\r\nHost: "+benchHost+"\r\nUser-Agent: vestibule-bench/1\r\nAccept: application/json\r\n"...)
	dst = append(dst, headers...)
	dst = append(dst, clientIPHeader+": 10"...)
	for shift := 16; shift >= 0; shift -= 8 {
		dst = append(dst, '.')
		dst = strconv.AppendUint(dst, uint64(ip>>shift&0xff), 10)
	}
	if method != "GET" {
		dst = append(dst, "\r\nContent-Type: application/json\r\nContent-Length: "...)
		dst = strconv.AppendInt(dst, int64(len(body)), 10)
	}
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, body...)
}
