package client

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// root is the repository, which this module is a part of there.
const root = "../../.."

// operation is one of the document of the API, as far as it is compared.
type operation struct {
	id, verb, path string // path with {client} in it, or with the only kind that it is for
	members        []string
	header         string // of its own
	statuses       []int
}

// operations reads the document. It is written in one form of YAML, line by line, which the test of what was found below relies on.
func operations(t *testing.T) []operation {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "internal/headless/openapi.yaml"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the document of the API is in the repository, which this module stands alone without")
	}
	if err != nil {
		t.Fatal(err)
	}
	paths, components, _ := strings.Cut(string(raw), "\ncomponents:\n")
	var (
		all    []operation
		path   string
		inBody bool
		at     = func() *operation { return &all[len(all)-1] }
		match  = func(line, pattern string) string {
			if m := regexp.MustCompile(pattern).FindStringSubmatch(line); m != nil {
				return m[1]
			}
			return ""
		}
	)
	for _, line := range strings.Split(paths, "\n") {
		switch {
		case match(line, `^  (/\S+):$`) != "":
			path = match(line, `^  (/\S+):$`)
		case match(line, `^    (get|post|put|patch|delete):$`) != "":
			all = append(all, operation{verb: strings.ToUpper(strings.Trim(line, " :")), path: path})
		case match(line, `^      operationId: (\w+)$`) != "":
			at().id = match(line, `^      operationId: (\w+)$`)
		case strings.HasPrefix(line, "      requestBody:"):
			inBody = true
			if ref := match(line, `requestBodies/(\w+)`); ref != "" {
				_, rest, _ := strings.Cut(components, "\n    "+ref+":\n")
				for _, l := range strings.Split(rest, "\n") {
					if strings.HasPrefix(l, "    ") && l[4] != ' ' || !strings.HasPrefix(l, "    ") {
						break
					}
					if m := match(l, `^ {14}(\w+):`); m != "" {
						at().members = append(at().members, m)
					}
				}
			}
		case strings.HasPrefix(line, "      responses:"):
			inBody = false
		case inBody && match(line, `^ {16}(\w+):`) != "":
			at().members = append(at().members, match(line, `^ {16}(\w+):`))
		case match(line, `^        - name: (X-\S+)$`) != "":
			at().header = match(line, `^        - name: (X-\S+)$`)
		case match(line, `^        "(\d+)":`) != "":
			status, _ := strconv.Atoi(match(line, `^        "(\d+)":`))
			at().statuses = append(at().statuses, status)
		}
	}
	if n := strings.Count(paths, "operationId:"); n != len(all) || n < 50 {
		t.Fatalf("%d operations were read, and %d are written", len(all), n)
	}
	for _, o := range all {
		if o.id == "" || o.path == "" || len(o.statuses) == 0 {
			t.Fatalf("this was not understood: %+v", o)
		}
	}
	return slices.DeleteFunc(all, func(o operation) bool { return slices.Contains(forOthers, o.path) })
}

// forOthers are the paths that no Go program asks: pages post a form, reverse proxies ask, and whoever reads about the API.
var forOthers = []string{"/_allauth/browser/v1/auth/provider/redirect", "/_allauth/forward-auth", "/_allauth/openapi.yaml", "/_allauth/openapi.json", "/_allauth/openapi.html"}

// asked is what a method was seen to ask for.
type asked struct {
	verb, path string
	header     http.Header
	members    []string
}

// recorder answers everything in the same way, and remembers what it was asked.
type recorder struct {
	status int
	body   string
	asked  []asked
}

func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := asked{verb: r.Method, path: r.URL.Path, header: r.Header}
	raw, _ := io.ReadAll(r.Body)
	var members map[string]json.RawMessage
	if len(raw) > 0 && json.Unmarshal(raw, &members) != nil {
		http.Error(w, "the body is no object", http.StatusTeapot)
		return
	}
	a.members = slices.Sorted(maps.Keys(members))
	rec.asked = append(rec.asked, a)
	if r.Method == http.MethodGet {
		http.SetCookie(w, &http.Cookie{Name: "csrftoken", Value: "proof", Path: "/"})
	}
	w.Header().Set("Retry-After", "7")
	w.WriteHeader(rec.status)
	_, _ = io.WriteString(w, rec.body)
}

// notOperations are what a client can do without the API having a word for it.
var notOperations = []string{"For", "Access"}

// methods are the names of all others.
func methods() (names []string) {
	for of, i := reflect.TypeFor[*Client](), 0; i < of.NumMethod(); i++ {
		if name := of.Method(i).Name; !slices.Contains(notOperations, name) {
			names = append(names, name)
		}
	}
	return names
}

// call calls a method with something in every argument, and returns its error.
func call(t *testing.T, c *Client, method string) error {
	t.Helper()
	m := reflect.ValueOf(c).MethodByName(method)
	args := []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < m.Type().NumIn(); i++ {
		in := m.Type().In(i)
		if m.Type().IsVariadic() && i == m.Type().NumIn()-1 {
			in = in.Elem()
		}
		arg := reflect.New(in).Elem()
		fill(t, arg)
		args = append(args, arg)
	}
	out := m.Call(args)
	err, _ := out[len(out)-1].Interface().(error)
	return err
}

// fill puts something in.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch {
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`{"id": "AAAA"}`))
	case v.Kind() == reflect.String:
		v.SetString("something")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Int64:
		v.SetInt(7)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	default:
		t.Fatalf("nothing is known to put into a %s", v.Type())
	}
}

// recorded is a client of a recorder.
func recorded(t *testing.T, rec *recorder, kind Kind) *Client {
	t.Helper()
	server := httptest.NewServer(rec)
	t.Cleanup(server.Close)
	c, err := New(Options{URL: server.URL, Kind: kind, Store: &memory{Tokens{Session: "shown", Refresh: "spent"}}, RefreshGrace: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEveryOperationHasItsMethod compares the document with what each method asks a server for: in one request by which verb, path, header
// and members of the body.
func TestEveryOperationHasItsMethod(t *testing.T) {
	documented := operations(t)
	served := map[string]string{} // operation -> method
	for _, name := range methods() {
		t.Run(name, func(t *testing.T) {
			rec := &recorder{status: http.StatusOK, body: `{"status": 200}`}
			kind := App
			if name == "Trust" {
				kind = Browser
			}
			c := recorded(t, rec, kind)
			if kind == Browser {
				_, _ = c.Config(t.Context()) // for the CSRF token
				rec.asked = nil
			}
			_ = call(t, c, name) // the answer is not what it should be
			if len(rec.asked) != 1 {
				t.Fatalf("it made %d requests, not one: %v", len(rec.asked), rec.asked)
			}
			got := rec.asked[0]
			i := slices.IndexFunc(documented, func(o operation) bool {
				return o.verb == got.verb && strings.ReplaceAll(o.path, "{client}", string(kind)) == got.path
			})
			if i < 0 {
				t.Fatalf("the document has no %s %s", got.verb, got.path)
			}
			o := documented[i]
			if before := served[o.id]; before != "" {
				t.Errorf("%s does the same", before)
			}
			served[o.id] = name
			if !strings.EqualFold(o.id, name) {
				t.Errorf("the document calls it %s", o.id)
			}
			slices.Sort(o.members)
			if !slices.Equal(got.members, o.members) {
				t.Errorf("it sent the members %q, and the document has %q", got.members, o.members)
			}
			if o.header != "" && got.header.Get(o.header) != "something" {
				t.Errorf("it sent no %s", o.header)
			}
		})
	}
	for _, o := range documented {
		if served[o.id] == "" {
			t.Errorf("no method does %s: %s %s", o.id, o.verb, o.path)
		}
	}
}

// TestEveryDocumentedRefusalIsTyped answers each method with each status that the document has for it.
func TestEveryDocumentedRefusalIsTyped(t *testing.T) {
	const stranger = `"data": {"flows": [{"id": "login"}]}, "meta": {"is_authenticated": false}`
	for _, o := range operations(t) {
		i := slices.IndexFunc(methods(), func(name string) bool { return strings.EqualFold(name, o.id) })
		if i < 0 {
			t.Errorf("no method is called %s", o.id)
			continue
		}
		name, kind := methods()[i], App
		if strings.Contains(o.path, "/browser/") {
			kind = Browser
		}
		for _, status := range o.statuses {
			if status/100 == 2 {
				continue // the real server gives those
			}
			t.Run(name+" "+strconv.Itoa(status), func(t *testing.T) {
				body := `{"status": ` + strconv.Itoa(status) + `, "errors": [{"code": "no", "message": "No.", "param": "x"}], ` + stranger + `}`
				rec := &recorder{status: http.StatusOK, body: "{}"}
				c := recorded(t, rec, kind)
				_, _ = c.Config(t.Context())
				rec.status, rec.body = status, body
				err := call(t, c, name)
				if status == http.StatusUnauthorized && err == nil {
					return // it is a state
				}
				var e *Error
				if !errors.As(err, &e) || e.Status != status || !e.Has("no") || e.RetryAfter != 7*time.Second {
					t.Fatalf("%v", err)
				}
				if got, want := errors.Is(err, ErrSessionEnded), status == http.StatusGone; got != want {
					t.Errorf("ErrSessionEnded: %v", got)
				}
				if got, want := errors.Is(err, ErrSignedOut), status == http.StatusUnauthorized; got != want {
					t.Errorf("ErrSignedOut: %v", got)
				}
				if kind == Browser {
					return
				}
				// One's own session may be what EndSessions ended; a refresh stands for itself.
				gone := status == http.StatusGone && name != "RefreshTokens" || status == http.StatusUnauthorized && name == "EndSessions"
				if got := c.held == (Tokens{}); got != gone {
					t.Errorf("the tokens are now %+v", c.held)
				}
			})
		}
	}
}

// TestEveryFlowHasItsName compares the constants with the flows that the server can name.
func TestEveryFlowHasItsName(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "flows/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the server's flows are in the repository, which this module stands alone without")
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
	served := found(t, `(?:Stage += |Flow\{\{?ID: )"(\w+)"`, files...)
	named := found(t, `FlowID += "(\w+)"`, "state.go")
	if len(served) < 12 || !slices.Equal(served, named) {
		t.Errorf("the server has the flows\n%q, and the client names\n%q", served, named)
	}
}

// found is what a pattern finds in files, each once.
func found(t *testing.T, pattern string, files ...string) []string {
	t.Helper()
	all := map[string]bool{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(raw), -1) {
			all[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
