package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestReadAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		status int
		body   string
		last   bool
	}{
		"a body":                      {"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
		"an empty body":               {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", 401, "", false},
		"a name in other letters":     {"HTTP/1.1 200 OK\r\ncONTENT-lENGTH:5\r\n\r\nhello", 200, "hello", false},
		"no reason":                   {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", 200, "x", false},
		"the last on its connection":  {"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 503, "x", true},
		"a status that has no body":   {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", false},
		"lines with bare ends":        {"HTTP/1.1 200 OK\nContent-Length: 1\n\nx", 200, "x", false},
		"a value with colons":         {"HTTP/1.1 200 OK\r\nDate: 12:00:01\r\nContent-Length: 1\r\n\r\nx", 200, "x", false},
		"a body longer than a buffer": {"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + strings.Repeat("y", 70000), 200, strings.Repeat("y", 70000), false},
	} {
		t.Run(name, func(t *testing.T) {
			r := bufio.NewReaderSize(strings.NewReader(c.text+"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnext"), maxHeader)
			got, err := readAnswer(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.status != c.status || string(got.body) != c.body || got.last != c.last {
				t.Errorf("got %d %.20q, last %v", got.status, got.body, got.last)
			}
			next, err := readAnswer(r, got.body[:0])
			if err != nil || next.status != 404 || string(next.body) != "next" {
				t.Errorf("the next answer: got %d %q, %v", next.status, next.body, err)
			}
		})
	}
}

func TestReadAnswerRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for name, text := range map[string]string{
		"another protocol":    "SSH-2.0-OpenSSH_9\r\n\r\n",
		"an older version":    "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"an interim answer":   "HTTP/1.1 100 Continue\r\n\r\n",
		"a status of letters": "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
		"a status too long":   "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
		"no length":           "HTTP/1.1 200 OK\r\n\r\n",
		"a negative length":   "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"a monstrous length":  "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"pieces":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a line without end":  "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", maxHeader) + "\r\n\r\n",
		"a line of no header": "HTTP/1.1 200 OK\r\nhello\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readAnswer(bufio.NewReaderSize(strings.NewReader(text), maxHeader), nil)
			if !errors.Is(err, errAnswer) {
				t.Errorf("got %+v and %v", got, err)
			}
		})
	}
}

func TestReadAnswerTellsAnAnswerThatBreaksOff(t *testing.T) {
	const whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	for n := range len(whole) {
		if _, err := readAnswer(bufio.NewReaderSize(strings.NewReader(whole[:n]), maxHeader), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestAppendRequestIsReadAsItWasMeant(t *testing.T) {
	text := appendRequest([]byte("GET /before HTTP/1.1\r\nHost: x\r\n\r\n"), "POST", "/a/b", "X-Session-Token: t\r\n", 0x0a0b0c, []byte("{}"))
	r := bufio.NewReader(bytes.NewReader(text))
	if _, err := http.ReadRequest(r); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadRequest(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(got.Body)
	if err != nil || string(body) != "{}" || got.Method != "POST" || got.URL.Path != "/a/b" || got.Host != benchHost ||
		got.Header.Get("X-Session-Token") != "t" || got.Header.Get(clientIPHeader) != "10.10.11.12" {
		t.Errorf("got %+v with %q, %v", got, body, err)
	}
}
