package headless

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// body is a request with that body.
func body(raw string) *http.Request {
	return httptest.NewRequest(http.MethodPost, "/", strings.NewReader(raw))
}

func TestBodiesAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want string // of the member "a"
		sent bool
	}{
		"text":                     {`{"a": "x"}`, "x", true},
		"text with escapes":        {`{"a": "\u0078\t\"\\"}`, "x\t\"\\", true},
		"a NUL, for others to see": {`{"a": "x\u0000"}`, "x\x00", true},
		"half a surrogate pair":    {`{"a": "\ud800"}`, "\ufffd", true},
		"a number as it is spelt":  {`{"a": 01e2}`, "", false}, // not JSON; see below
		"a number":                 {`{"a": 1.50}`, "1.50", true},
		"a huge number":            {`{"a": 1e999}`, "1e999", true},
		"true, as Python says it":  {`{"a": true}`, "True", true},
		"false, as Python says it": {`{"a": false}`, "False", true},
		"null":                     {`{"a": null}`, "", true},
		"an empty list":            {`{"a": [ ]}`, "", true},
		"an empty object":          {`{"a": { }}`, "", true},
		"a list":                   {`{"a": ["x"]}`, `["x"]`, true},
		"an object":                {`{"a": {"b": 1}}`, `{"b": 1}`, true},
		"no such member":           {`{"b": "x"}`, "", false},
		"another spelling of it":   {`{"A": "x"}`, "", false},
		"twice: the last counts":   {`{"a": "x", "a": "y"}`, "y", true},
		"no body":                  {``, "", false},
		"null for a body":          {`null`, "", false},
		"an empty body object":     {` {} `, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := decode(body(c.raw))
			if !json.Valid([]byte(c.raw)) && c.raw != "" {
				if !errors.Is(err, errNotJSON) {
					t.Fatalf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := f.text("a"); got.Value != c.want || got.Sent != c.sent {
				t.Errorf("got %+v, want %q, %v", got, c.want, c.sent)
			}
		})
	}
}

func TestBodiesThatAreNoObjectAreRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"a list":               `[{"a": "x"}]`,
		"text":                 `"a"`,
		"a number":             `1`,
		"true":                 `true`,
		"cut off":              `{"a": "x"`,
		"more behind it":       `{"a": "x"} {"a": "y"}`,
		"a comma too many":     `{"a": "x",}`,
		"a comment":            `{"a": "x"} // y`,
		"a form":               `a=x&b=y`,
		"white space alone":    ` `,
		"bad UTF-8":            "{\"a\": \"\xff\"}",
		"overlong UTF-8":       "{\"a\": \"\xc0\x80\"}",
		"a surrogate in UTF-8": "{\"a\": \"\xed\xa0\x80\"}",
		"UTF-16":               "\xff\xfe{\x00}\x00",
		"a byte order mark":    "\xef\xbb\xbf{}",
		"a raw line break":     "{\"a\": \"x\ny\"}",
		"nested without end":   strings.Repeat("[", 1<<15),
		"nested too deep":      `{"a": ` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			f, err := decode(body(raw))
			if r, ok := refusal.As(err); f != nil || !ok || r.Kind != refusal.Invalid {
				t.Errorf("got %v, %v", f, err)
			}
		})
	}
}

func TestBodyThatIsTooLargeIsToldAsSuch(t *testing.T) {
	r := body(`{"a": "` + strings.Repeat("x", 100) + `"}`)
	r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 50)
	_, err := decode(r)
	var tooLarge *http.MaxBytesError
	if !errors.As(err, &tooLarge) {
		t.Errorf("got %v", err)
	}
}

// Whatever a stranger sends is an object or is refused, and every member of it has a text that is valid UTF-8.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `{"email": "ann@example.org", "password": "x"}`, `{"a": [], "b": {}, "c": null, "d": 1e9}`,
		`{"a": "\ud83d\ude00", "a": "\ud800"}`, `{"a": [1, {"b": []}]}`, `[`, `{"a"`, "\xef\xbb\xbf{}", `{"": ""}`,
		"{\"a\": \"\xff\"}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := decode(body(raw))
		if err != nil {
			if !refusal.Is(err, refusal.Invalid) {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		var plain any
		if raw != "" {
			if !utf8.ValidString(raw) {
				t.Fatal("bad UTF-8 was taken")
			}
			if err := json.Unmarshal([]byte(raw), &plain); err != nil {
				t.Fatalf("taken, though it is not JSON: %v", err)
			}
		}
		object, ok := plain.(map[string]any)
		if !ok && plain != nil {
			t.Fatalf("taken, though it is no object: %v", plain)
		}
		if len(object) != len(got) {
			t.Fatalf("%d members of %d", len(got), len(object))
		}
		for name, value := range object {
			text := got.text(name)
			if !text.Sent || !utf8.ValidString(text.Value) {
				t.Fatalf("%q is read as %+v", name, text)
			}
			if s, ok := value.(string); ok && s != text.Value {
				t.Fatalf("%q is %q, and is read as %q", name, s, text.Value)
			}
		}
	})
}

func TestJSONIsRead(t *testing.T) {
	for what, c := range map[string]struct {
		body, want string
		notJSON    bool
	}{
		"an object": {`{"a": {"b": 1}}`, `{"b": 1}`, false}, "an object in a text": {`{"a": "{\"b\": 1} "}`, `{"b": 1}`, false},
		"a number": {`{"a": 0}`, "0", false}, "no": {`{"a": false}`, "false", false},
		"nothing": {`{}`, "", false}, "null": {`{"a": null}`, "", false}, "an empty object": {`{"a": {}}`, "", false},
		"an empty list": {`{"a": []}`, "", false}, "an empty text": {`{"a": ""}`, "", false}, "an empty object in a text": {`{"a": "{}"}`, "", false},
		"a text that is none": {`{"a": "x"}`, "", true}, "a text of spaces": {`{"a": "  "}`, "", true},
	} {
		f, err := decode(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body)))
		if err != nil {
			t.Fatal(err)
		}
		if got, notJSON := f.json("a"); string(got) != c.want || notJSON != c.notJSON {
			t.Errorf("%s: got %q %t", what, got, notJSON)
		}
	}
}

func TestIDsAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want []int64
		code refusal.Code
	}{
		"none":                         {`{}`, nil, ""},
		"null":                         {`{"a": null}`, nil, ""},
		"an empty list":                {`{"a": []}`, nil, ""},
		"numbers":                      {`{"a": [ 1, -2 , 9007199254740991 ]}`, []int64{1, -2, 9007199254740991}, ""},
		"numbers as text":              {`{"a": ["1", "002"]}`, []int64{1, 2}, ""},
		"the same twice":               {`{"a": [1, 1]}`, []int64{1, 1}, ""},
		"the greatest and the least":   {`{"a": [9223372036854775807, -9223372036854775808]}`, []int64{math.MaxInt64, math.MinInt64}, ""},
		"one more than that":           {`{"a": [9223372036854775808]}`, nil, refusal.InvalidChoice},
		"a fraction":                   {`{"a": [1.5]}`, nil, refusal.InvalidChoice},
		"a power":                      {`{"a": [1e3]}`, nil, refusal.InvalidChoice},
		"words":                        {`{"a": ["one"]}`, nil, refusal.InvalidID},
		"nothing in the list":          {`{"a": [1, null]}`, nil, refusal.InvalidChoice},
		"true":                         {`{"a": [true]}`, nil, refusal.InvalidChoice},
		"a list in the list":           {`{"a": [[1]]}`, nil, refusal.InvalidList},
		"an object in the list":        {`{"a": ["one", {"id": 1}]}`, nil, refusal.InvalidList},
		"a number":                     {`{"a": 1}`, nil, refusal.InvalidList},
		"text":                         {`{"a": "1"}`, nil, refusal.InvalidList},
		"an object":                    {`{"a": {"b": 1}}`, nil, refusal.InvalidID},
		"an empty object":              {`{"a": { }}`, nil, ""},
		"no text":                      {`{"a": ""}`, nil, ""},
		"no":                           {`{"a": false}`, nil, ""},
		"zero, which is no list":       {`{"a": 0}`, nil, ""},
		"true, which is no list":       {`{"a": true}`, nil, refusal.InvalidList},
		"other digits than the wire's": {`{"a": ["١"]}`, nil, refusal.InvalidID},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := decode(body(c.raw))
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.ids("a")
			if r, refused := refusal.As(err); c.code != "" && (!refused || len(r.Details) != 1 || r.Details[0].Code != c.code || r.Details[0].Param != "a") {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if (c.code == "") != (err == nil) || !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestAnIDIsRead(t *testing.T) {
	for raw, want := range map[string]struct {
		id    int64
		fault refusal.Code
	}{
		`{"a": 7}`: {7, ""}, `{"a": "7"}`: {7, ""}, `{"a": " 7\n"}`: {7, ""}, `{"a": 7.0}`: {7, ""}, `{"a": -7}`: {-7, ""},
		`{}`: {0, refusal.Required}, `{"a": null}`: {0, refusal.Required}, `{"a": ""}`: {0, refusal.Required}, `{"a": []}`: {0, refusal.Required},
		`{"a": " "}`: {0, refusal.InvalidChoice}, `{"a": 7.5}`: {0, refusal.InvalidChoice}, `{"a": "7.0"}`: {0, refusal.InvalidChoice},
		`{"a": true}`: {0, refusal.InvalidChoice}, `{"a": [7]}`: {0, refusal.InvalidChoice}, `{"a": 9223372036854775808}`: {0, refusal.InvalidChoice},
		`{"a": "7\u0000"}`: {0, refusal.NullCharacters},
	} {
		f, err := decode(body(raw))
		if err != nil {
			t.Fatal(err)
		}
		if id, fault := f.id("a"); id != want.id || fault != want.fault {
			t.Errorf("%s: got %d, %q", raw, id, fault)
		}
	}
}

func TestYesAndNoAreRead(t *testing.T) {
	for value, want := range map[string]bool{
		`true`: true, `1`: true, `-0.5`: true, `"true"`: true, `"0"`: true, `"no"`: true, `[0]`: true, `{"b": 1}`: true,
		`false`: false, `null`: false, `0`: false, `0.0`: false, `-0`: false, `0e3`: false, `""`: false, `"false"`: false, `"False"`: false,
		`"FALSE"`: false, `[]`: false, `{ }`: false,
	} {
		f, err := decode(body(`{"a": ` + value + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.truth("a"); got != want {
			t.Errorf("%s: got %t", value, got)
		}
	}
	if f := (fields{}); f.truth("a") {
		t.Error("nothing is a yes")
	}
}

// Ids that are taken are as many as were sent, each of them a whole number as it is spelt; everything else is refused. What is no
// list is none at most.
func FuzzIDs(f *testing.F) {
	for _, seed := range []string{
		`[1, 2]`, `["1"]`, `[]`, `null`, `[null]`, `[1e3]`, `[9223372036854775808]`, `[-0]`, `["+1"]`, `[" 1 "]`, `[[1]]`, `{"a": 1}`, `"1"`, `1`, `[true]`, `["\u0031"]`, `{ }`, `0`, `false`, `""`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		in, err := decode(body(`{"sessions": ` + value + `}`))
		if err != nil {
			return // which FuzzDecode is about
		}
		got, err := in.ids("sessions")
		var sent []any
		list := json.Unmarshal(in["sessions"], &sent) == nil
		if err != nil {
			if r, ok := refusal.As(err); !ok || r.Kind != refusal.Invalid || len(r.Details) != 1 || r.Details[0].Param != "sessions" || got != nil {
				t.Fatalf("%s: %v, %v", value, got, err)
			}
			return
		}
		if (!list && len(got) > 0) || len(got) != len(sent) {
			t.Fatalf("%s is read as %v", value, got)
		}
		for i, one := range sent {
			if n, ok := one.(float64); ok && n != float64(got[i]) {
				t.Fatalf("%s is read as %v", value, got)
			}
			if text, ok := one.(string); ok {
				if n, err := strconv.ParseInt(text, 10, 64); err != nil || n != got[i] {
					t.Fatalf("%s is read as %v", value, got)
				}
			}
		}
	})
}
