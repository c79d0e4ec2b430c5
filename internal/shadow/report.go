package shadow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// What a report has at most.
const (
	mostGroups   = 2000
	mostExamples = 3
	mostFailures = 20
	mostShown    = 300 // characters of a value
)

// Report is what came of a replay. The JSON names of its members are what programs read.
type Report struct {
	Conversations int `json:"conversations"`
	Requests      int `json:"requests"` // that were sent
	Same          int `json:"same"`
	Differ        int `json:"differ"`
	Away          int `json:"away"`     // answered by both with 429 or 5xx, and the same: that tells nothing of the rest
	Failed        int `json:"failed"`   // without an answer of one server or both
	Withheld      int `json:"withheld"` // not sent: they may change something
	Beyond        int `json:"beyond"`   // not sent: they are beyond the limit
	Ignored       int `json:"ignored"`  // differences that were said to be known
	Unlisted      int `json:"unlisted"` // differences beyond the most that are listed

	Differences []Difference `json:"differences"` // by route and pointer
	Failures    []Failure    `json:"failures"`    // the first twenty, by line
}

// Difference is a place at which answers to a route differ.
type Difference struct {
	Route    string    `json:"route"`   // the method and the path, with {id} in the place of ids and keys
	Pointer  string    `json:"pointer"` // a JSON pointer into {"status", "headers", "body"}
	Count    int       `json:"count"`
	Examples []Example `json:"examples"` // the first three, by line
}

// Example is one difference with both values, whose secrets are hidden.
type Example struct {
	Line      int    `json:"line"`      // of the recording
	Reference string `json:"reference"` // as JSON, or "(absent)", or what a text is
	Target    string `json:"target"`
}

// Failure is a request to which a server gave no answer.
type Failure struct {
	Line   int    `json:"line"`
	Server string `json:"server"` // reference or target
	Error  string `json:"error"`
}

// Clean reports whether something was sent, and all of it was answered the same by servers that were there for it.
func (r *Report) Clean() bool { return r.Same > 0 && r.Differ == 0 && r.Failed == 0 && r.Away == 0 }

// add puts a difference with the others of its route and pointer.
func (r *Report) add(route string, line int, d difference, of ...*secrets) {
	pointer := masked(d.pointer, of...)
	at := slices.IndexFunc(r.Differences, func(g Difference) bool { return g.Route == route && g.Pointer == pointer })
	if at < 0 {
		if len(r.Differences) == mostGroups {
			r.Unlisted++
			return
		}
		at = len(r.Differences)
		r.Differences = append(r.Differences, Difference{Route: route, Pointer: pointer})
	}
	g := &r.Differences[at]
	g.Count++
	if n := len(g.Examples); n == mostExamples && g.Examples[n-1].Line < line {
		return
	}
	g.Examples = append(g.Examples, Example{Line: line, Reference: shown(d.reference, d.name, of...), Target: shown(d.target, d.name, of...)})
	slices.SortStableFunc(g.Examples, func(a, b Example) int { return cmp.Compare(a.Line, b.Line) })
	g.Examples = g.Examples[:min(len(g.Examples), mostExamples)]
}

// fail notes that a server gave no answer. However many there are, the first are kept.
func (r *Report) fail(f Failure) {
	r.Failures = append(r.Failures, f)
	slices.SortStableFunc(r.Failures, func(a, b Failure) int { return cmp.Compare(a.Line, b.Line) })
	r.Failures = r.Failures[:min(len(r.Failures), mostFailures)]
}

// finish puts everything in order.
func (r *Report) finish() {
	slices.SortFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Pointer, b.Pointer))
	})
}

// shown is a value as it is shown.
func shown(v any, name string, of ...*secrets) string {
	switch v := v.(type) {
	case absent:
		return "(absent)"
	case text:
		return fmt.Sprintf("(%d bytes that are not JSON)", len(v))
	}
	out, err := json.Marshal(mask(v, name, of...))
	if err != nil {
		return "(not JSON)"
	}
	s := []rune(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(out)))
	if len(s) > mostShown {
		s = append(s[:mostShown], '…')
	}
	return string(s)
}

// Ignore is a known difference: a pointer, whose parts may be *, with all that lies below it; and maybe the routes that it is about.
type Ignore struct {
	method, path string // patterns; empty: any
	parts        []string
}

// ParseIgnore reads POINTER, or METHOD PATH=POINTER, such as "GET /_allauth/*/v1/config=/body/data/mfa". A * in the place of the method is
// any; in a path it stands for one part.
func ParseIgnore(s string) (Ignore, error) {
	var of Ignore
	pointer := s
	if !strings.HasPrefix(s, "/") {
		route, rest, found := strings.Cut(s, "=")
		method, p, two := strings.Cut(route, " ")
		if _, err := path.Match(p, ""); !found || !two || !strings.HasPrefix(p, "/") || err != nil {
			return of, fmt.Errorf("--ignore must be POINTER or METHOD PATH=POINTER, such as /headers/Set-Cookie, and not %q", s)
		}
		of.method, of.path, pointer = method, p, rest
	}
	if !strings.HasPrefix(pointer, "/") || len(pointer) < 2 {
		return of, fmt.Errorf("--ignore must have a JSON pointer, which begins with /: %q", s)
	}
	of.parts = strings.Split(pointer[1:], "/")
	if first := of.parts[0]; first != "*" && first != "status" && first != "headers" && first != "body" {
		return of, fmt.Errorf("--ignore must have a pointer that begins with /status, /headers or /body: %q", s)
	}
	return of, nil
}

// covers reports whether a difference is known.
func (i Ignore) covers(route, pointer string) bool {
	if i.path != "" {
		method, at, _ := strings.Cut(route, " ")
		if matched, err := path.Match(i.path, at); err != nil || !matched || i.method != "*" && !strings.EqualFold(i.method, method) {
			return false
		}
	}
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if len(parts) < len(i.parts) {
		return false
	}
	for n, want := range i.parts {
		if want != "*" && want != parts[n] {
			return false
		}
	}
	return true
}
