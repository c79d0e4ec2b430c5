package headless

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// fields is a decoded body: a JSON object, by its members' exact names. Values that are not strings are taken as
// allauth's forms take them: a number or boolean is its text, and null, [] and {} are an empty value.
type fields map[string]json.RawMessage

var errNotJSON = &refusal.Refusal{Kind: refusal.Invalid, Details: []refusal.Detail{{
	Message: "The body must be a JSON object.", Code: refusal.Malformed,
}}}

// errSlowBody says that a body had not arrived when it was waited for no longer.
var errSlowBody = errors.New("the body came too slowly")

// decode reads a request's body. No body, and the value null, count as an empty object. What the Content-Type header says
// is not looked at.
func decode(r *http.Request) (fields, error) {
	raw, err := jsonBody(r)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	var f fields
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, errNotJSON
	}
	return f, nil
}

// jsonBody is a request's body, which has to be JSON and is not parsed yet.
func jsonBody(r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlowBody
	case err != nil:
		return nil, fmt.Errorf("%w: read body: %w", errNotJSON, err)
	case !utf8.Valid(raw):
		return nil, errNotJSON
	}
	return raw, nil
}

// text is a member as text.
func (f fields) text(name string) flows.Text {
	raw, ok := f[name]
	return flows.Text{Value: textOf(raw), Sent: ok}
}

func textOf(raw json.RawMessage) string {
	var s string
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &s); err != nil {
			return "" // the whole body was parsed before; a string in it parses
		}
		return s
	case string(raw) == "true":
		return "True"
	case string(raw) == "false":
		return "False"
	case raw[0] == '[' || raw[0] == '{':
		if inner := bytes.TrimSpace(raw[1 : len(raw)-1]); len(inner) == 0 {
			return ""
		}
		return string(raw)
	default:
		return string(raw)
	}
}

// truth is a member as a yes or no, as allauth's forms take it: nothing and zero are no, as is the word for it in whatever case.
func (f fields) truth(name string) bool {
	raw, text := bytes.TrimSpace(f[name]), textOf(f[name])
	if number, err := strconv.ParseFloat(string(raw), 64); err == nil {
		return number != 0
	}
	return text != "" && !strings.EqualFold(text, "false")
}

// id is a member as a whole number, as allauth's forms take it: with spaces around it as text, and with nothing but a zero behind the point.
// fault is what is wrong with it, "" for nothing.
func (f fields) id(name string) (id int64, fault refusal.Code) {
	text := textOf(f[name])
	switch {
	case text == "":
		return 0, refusal.Required
	case strings.ContainsRune(text, 0):
		return 0, refusal.NullCharacters
	case bytes.TrimSpace(f[name])[0] != '"':
		text = strings.TrimSuffix(text, ".0")
	}
	id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, refusal.InvalidChoice
	}
	return id, ""
}

// ids is a member as a list of whole numbers. What is empty, zero or no is none. What is neither a number nor text names nothing.
func (f fields) ids(name string) ([]int64, error) {
	raw := bytes.TrimSpace(f[name])
	if textOf(raw) == "" || string(raw) == "false" || string(raw) == "0" {
		return nil, nil
	}
	if raw[0] == '{' {
		return nil, refusal.Because(name, refusal.InvalidID) // its names, to the contract, are what is listed
	}
	var members []json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, refusal.Because(name, refusal.InvalidList)
	}
	for _, m := range members {
		if m[0] == '[' || m[0] == '{' {
			return nil, refusal.Because(name, refusal.InvalidList)
		}
	}
	ids := make([]int64, len(members))
	for i, m := range members {
		id, err := strconv.ParseInt(textOf(m), 10, 64)
		switch {
		case err != nil && m[0] == '"':
			return nil, refusal.Because(name, refusal.InvalidID)
		case err != nil:
			return nil, refusal.Because(name, refusal.InvalidChoice)
		}
		ids[i] = id
	}
	return ids, nil
}
