package adminapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/yamldoc"
)

// maxBody is the most that is read of a body.
const maxBody = 1 << 20

// body is the JSON object that a request carries, under one of the given media types. What its members may be, and that
// none comes twice, is for package admin to say.
func body(w http.ResponseWriter, r *http.Request, mediaTypes ...string) (json.RawMessage, error) {
	given, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(mediaTypes, given) {
		if r.Method == http.MethodPatch {
			w.Header().Set("Accept-Patch", strings.Join(mediaTypes, ", ")) // RFC 5789, section 3.1
		}
		return nil, errMediaType
	}
	raw, err := bodyBytes(w, r)
	switch {
	case err != nil:
		return nil, err
	case !utf8.Valid(raw):
		return nil, errMalformed.because(admin.Fault{Message: "the body must be UTF-8"})
	case !json.Valid(raw):
		return nil, errMalformed.because(admin.Fault{Message: notJSON(raw)})
	}
	raw = bytes.TrimSpace(raw)
	if raw[0] != '{' {
		return nil, errMalformed.because(admin.Fault{Message: "the body must be a JSON object"})
	}
	return raw, nil
}

// bodyBytes are what a request carries, as far as that is not too much.
func bodyBytes(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case err != nil:
		return nil, fmt.Errorf("%w: read body: %w", errMalformed.because(admin.Fault{Message: "the body broke off"}), err)
	}
	return raw, nil
}

// wholeBody is the JSON object that a request carries as JSON or as YAML. Whoever finds fault with it passes that through locate, which
// adds the lines of a document in YAML.
func wholeBody(w http.ResponseWriter, r *http.Request, mediaTypes ...string) (doc json.RawMessage, locate func(error) error, err error) {
	given, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || given != yamlType {
		doc, err = body(w, r, mediaTypes...)
		return doc, func(err error) error { return err }, err
	}
	raw, err := bodyBytes(w, r)
	if err != nil {
		return nil, nil, err
	}
	read, err := yamldoc.Read(raw)
	var bad *yamldoc.Error
	switch {
	case errors.As(err, &bad):
		faults := make([]admin.Fault, len(bad.Faults))
		for i, f := range bad.Faults {
			faults[i] = admin.Fault{Path: f.Path, Message: f.Message, Line: f.Line}
		}
		return nil, nil, errMalformed.because(faults...)
	case err != nil:
		return nil, nil, err
	case read.JSON[0] != '{':
		return nil, nil, errMalformed.because(admin.Fault{Message: "the body must be a mapping"})
	}
	return read.JSON, func(err error) error { return located(read, err) }, nil
}

// located adds the lines of a document to the faults that were found in it.
func located(doc *yamldoc.Document, err error) error {
	var invalid *admin.Invalid
	var taken *admin.Taken
	switch {
	case errors.As(err, &invalid):
		for i, f := range invalid.Faults {
			invalid.Faults[i].Line = doc.Line(f.Path)
		}
	case errors.As(err, &taken):
		taken.Fault.Line = doc.Line(taken.Fault.Path)
	}
	return err
}

// notJSON says where raw stops to be JSON. It quotes nothing of it, since there may be secrets in it.
func notJSON(raw []byte) string {
	var syntax *json.SyntaxError
	var any json.RawMessage
	if err := json.Unmarshal(raw, &any); errors.As(err, &syntax) {
		return fmt.Sprintf("the body is not valid JSON, at byte %d", syntax.Offset)
	}
	return "the body is not valid JSON"
}

// checkQuery refuses a query with a parameter that is not known, or is given twice. What r.URL.Query gives is whole after that.
func checkQuery(r *http.Request, known []string) error {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return errMalformed.because(admin.Fault{Message: "the query cannot be read"})
	}
	unknown := "the query has an unknown parameter; known are " + strings.Join(known, ", ")
	if len(known) == 0 {
		unknown = "the query has an unknown parameter; none is known here"
	}
	var faults []admin.Fault
	for name, values := range q {
		switch {
		case !slices.Contains(known, name):
			faults = append(faults, admin.Fault{Message: unknown})
		case len(values) > 1:
			faults = append(faults, admin.Fault{Path: name, Message: "is given twice"})
		}
	}
	if faults != nil {
		slices.SortFunc(faults, func(a, b admin.Fault) int { return strings.Compare(a.Path, b.Path) })
		return errMalformed.because(slices.Compact(faults)...)
	}
	return nil
}

// number is a parameter that is a whole number from 1, or 0 where it is left out.
func number(name, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, errMalformed.because(admin.Fault{Path: name, Message: "must be the number of a version"})
	}
	return n, nil
}

// flag is a parameter that is true or false, and false where it is left out.
func flag(q url.Values, name string) (bool, error) {
	switch q.Get(name) {
	case "":
		if !q.Has(name) {
			return false, nil
		}
	case "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, errMalformed.because(admin.Fault{Path: name, Message: "must be true or false"})
}

// defaultLimit is how many things are listed where nothing is said.
const defaultLimit = 50

// limit is the limit parameter.
func limit(q url.Values) (int, error) {
	if !q.Has("limit") {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 1 || n > admin.MaxPage {
		return 0, errMalformed.because(admin.Fault{
			Path: "limit", Message: fmt.Sprintf("must be a whole number from 1 to %d", admin.MaxPage),
		})
	}
	return n, nil
}

// etag is the entity tag of a version.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// tags are the entity tags of a condition (RFC 9110, section 8.8.3). Ours have no comma in them, and a tag that has is
// none of ours, so that it does not matter how it is cut up.
func tags(r *http.Request, header string) []string {
	var all []string
	for tag := range strings.SplitSeq(strings.Join(r.Header.Values(header), ","), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			all = append(all, tag)
		}
	}
	return all
}

// conditional reports whether a change is meant for certain versions. An empty header names none, and is a condition too.
func conditional(r *http.Request) bool { return len(r.Header.Values("If-Match")) > 0 }

// ifMatch are the versions that a change is meant for: nil (any) without the header and for *, and none where it names no
// tag of ours. The comparison is strong (RFC 9110, section 13.1.1).
func ifMatch(r *http.Request) admin.Versions {
	if !conditional(r) {
		return nil
	}
	versions := admin.Versions{}
	for _, tag := range tags(r, "If-Match") {
		if tag == "*" {
			return nil
		}
		quoted, ok := strings.CutPrefix(tag, `"`)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(quoted, `"`), 10, 64)
		if err == nil && tag == etag(n) {
			versions = append(versions, n)
		}
	}
	return versions
}

// unchanged reports whether the client has the answer with that tag already. The comparison is weak (RFC 9110, section
// 13.1.2).
func unchanged(r *http.Request, tag string) bool {
	for _, t := range tags(r, "If-None-Match") {
		if t == "*" || strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}

// sendPage answers with a page of a list, and the cursor of the next one.
func sendPage[T any](w http.ResponseWriter, items []T, next string) {
	out := struct {
		Items      []T     `json:"items"`
		NextCursor *string `json:"next_cursor"`
	}{Items: items}
	if next != "" {
		out.NextCursor = &next
	}
	send(w, http.StatusOK, jsonType, out)
}
