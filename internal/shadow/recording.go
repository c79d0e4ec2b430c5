package shadow

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What a recording may have.
const (
	mostInLine      = 1 << 20 // bytes
	mostInRecording = 256 << 20
	mostRequests    = 1_000_000
	mostInPath      = 8 << 10
)

// Request is one recorded request.
type Request struct {
	Line   int    // of the recording, counted from 1
	Client string // the conversation that it is part of
	Method string
	Path   string            // from the root, with the query
	Header map[string]string // nil where the recording has none; names as they are written canonically
	Body   []byte            // nil: none
}

// methods are those that a recording may have.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

// reads reports whether a request changes nothing.
func (q *Request) reads() bool { return q.Method == http.MethodGet || q.Method == http.MethodHead }

// FaultError is what is wrong with a line of a recording. It quotes nothing of the line but names of members.
type FaultError struct {
	Line int // counted from 1
	What string
}

func (e *FaultError) Error() string {
	return fmt.Sprintf("line %d of the recording: %s", e.Line, e.What)
}

// Read reads a recording: UTF-8, one JSON object a line, empty lines aside, 1 MiB a line and 256 MiB in all at most. The error is a
// *FaultError for the first line that is wrong.
func Read(in io.Reader) ([]Request, error) {
	capped := &io.LimitedReader{R: in, N: mostInRecording + 1}
	lines := bufio.NewScanner(capped)
	lines.Buffer(make([]byte, 0, 64<<10), mostInLine)
	var all []Request
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(line) == 0 {
			continue
		}
		q, what := requestOf(line)
		if what != "" {
			return nil, &FaultError{Line: n, What: what}
		}
		q.Line = n
		if all = append(all, q); len(all) > mostRequests {
			return nil, &FaultError{Line: n, What: fmt.Sprintf("there are more than %d requests", mostRequests)}
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, &FaultError{Line: n + 1, What: "it is longer than 1 MiB"}
	case err != nil:
		return nil, fmt.Errorf("read the recording: %w", err)
	case capped.N <= 0:
		return nil, &FaultError{Line: n, What: "the recording is larger than 256 MiB"}
	case len(all) == 0:
		return nil, errors.New("the recording has no requests")
	}
	return all, nil
}

// requestOf reads one line, or says what is wrong with it.
func requestOf(line []byte) (q Request, what string) {
	var in struct {
		Client  string            `json:"client"`
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
		At      json.RawMessage   `json:"at"`
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return q, notARequest(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return q, "there is something after the object"
	}
	q = Request{Client: in.Client, Method: in.Method, Path: in.Path}
	switch {
	case in.Client == "":
		return q, "client is missing: whose conversation is it?"
	case !slices.Contains(methods, in.Method):
		return q, "method must be one of " + strings.Join(methods, ", ")
	case !fits(in.Path):
		return q, "path must begin with a single / and be a valid path, with its query, of 8 KiB at most"
	case !isTime(in.At):
		return q, "at must be a time such as 2026-01-31T12:00:00Z, or seconds since 1970"
	}
	if in.Headers != nil {
		q.Header = map[string]string{}
		for name, value := range in.Headers {
			if !isToken(name) || strings.ContainsAny(value, "\r\n\x00") {
				return q, "headers has a name or a value that no header can have"
			}
			q.Header[http.CanonicalHeaderKey(name)] = value
		}
	}
	var text string
	switch {
	case len(in.Body) == 0 || string(in.Body) == "null":
	case json.Unmarshal(in.Body, &text) == nil:
		if text != "" {
			q.Body = []byte(text)
		}
	default:
		q.Body = slices.Clone(in.Body)
	}
	if q.Body != nil && q.reads() {
		return q, "a " + q.Method + " has no body"
	}
	return q, ""
}

// notARequest says why a line is no request, without quoting it.
func notARequest(err error) string {
	var wrong *json.UnmarshalTypeError
	switch name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); {
	case unknown:
		return "there is no member " + name + ": those are client, method, path, headers, body and at"
	case errors.As(err, &wrong) && wrong.Field != "":
		return wrong.Field + " must not be a JSON " + wrong.Value
	default:
		return "it is not a JSON object"
	}
}

func fits(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || len(path) > mostInPath || strings.ContainsAny(path, " \\#") {
		return false
	}
	u, err := url.ParseRequestURI(path)
	return err == nil && u.Host == ""
}

func isToken(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	}) < 0
}

// isTime reports whether a value is a time, or none at all. Times are there for whoever reads the recording: the order is that of the
// lines.
func isTime(raw json.RawMessage) bool {
	if len(raw) == 0 || string(raw) == "null" {
		return true
	}
	var seconds float64
	if json.Unmarshal(raw, &seconds) == nil {
		return true
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return false
	}
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}
