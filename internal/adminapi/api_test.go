package adminapi_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/keyring"
	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

const token = "operators-token-0123456789-0123456789"

// document is the OpenAPI document, read and found valid once.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(adminapi.Document())
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
})

func documentRouter(t *testing.T) routers.Router {
	t.Helper()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	r, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// desk is an API on a database, and everything that it logged and answered.
type desk struct {
	t       *testing.T
	api     *adminapi.API
	handler http.Handler
	store   *store.Store
	router  routers.Router
	clock   *clock.Fake
	raw     *sql.DB

	mu  sync.Mutex
	all bytes.Buffer // every answer, with its headers, and the log
}

func newDesk(t *testing.T, engine string, observe func(op, query string) error) *desk {
	t.Helper()
	url := testkit.URL(t, engine)
	d := &desk{
		t: t, store: testkit.OpenURL(t, url, observe), router: documentRouter(t), clock: clock.At(testkit.Start), raw: testkit.Raw(t, url),
	}
	log := slog.New(slog.NewTextHandler(d, nil))
	d.api = &adminapi.API{
		Admin: admin.New(admin.Options{Store: d.store, Flows: flowsOn(d.store), Clock: d.clock, Keys: testkit.Keys(t), Log: log}),
		Token: admin.NewToken(token), Log: log,
		RequestID: func(*http.Request) string { return "request-1" },
	}
	d.handler = d.api.Handler()
	return d
}

// events are those of a tenant, the earliest first.
func (d *desk) events(tenantID string) []store.Event {
	d.t.Helper()
	rows, err := d.raw.QueryContext(d.t.Context(), `
		SELECT action, actor_kind, actor_name, target, ip, request_id, details FROM audit_events WHERE tenant_id = $1 ORDER BY at, id`, tenantID)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // it was only read
	var all []store.Event
	for rows.Next() {
		var e store.Event
		if err := rows.Scan(&e.Action, &e.Actor.Kind, &e.Actor.Name, &e.Target, &e.IP, &e.RequestID, &e.Details); err != nil {
			d.t.Fatal(err)
		}
		all = append(all, e)
	}
	if rows.Err() != nil {
		d.t.Fatal(rows.Err())
	}
	return all
}

// flowsOn are the flows of users, with nobody to send mail.
func flowsOn(st *store.Store) *flows.Service {
	at := clock.At(testkit.Start)
	return flows.New(flows.Options{
		Store: st, Hasher: passhash.New(passhash.Options{Cheap: true}), Limiter: limit.NewMemory(at, 0), Clock: at, Log: slog.New(slog.DiscardHandler), Wake: func() {},
		Keys: keyring.New(keyring.Options{Store: st, Clock: at}),
	})
}

// Write takes what is logged.
func (d *desk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all.Write(b)
}

type answer struct {
	*http.Response
	body []byte
}

// text is a member of the answer, written with fmt; inner members are behind dots.
func (a *answer) text(t *testing.T, path string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("the answer is not JSON: %s", a.body)
	}
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return fmt.Sprint(v)
}

// do sends a request with the token and holds the answer against the OpenAPI document. Headers are given as "Name: value";
// one without a value is taken away.
func (d *desk) do(method, path, body string, headers ...string) *answer {
	d.t.Helper()
	var content io.Reader = http.NoBody
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, content)
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	return d.send(r)
}

func (d *desk) send(r *http.Request) *answer {
	d.t.Helper()
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	a := &answer{w.Result(), w.Body.Bytes()}
	_, _ = fmt.Fprintf(d, "%v %s\n", a.Header, a.body)
	if a.Header.Get("Cache-Control") != "no-store" {
		d.t.Errorf("%s %s may be cached", r.Method, r.URL)
	}
	// Whatever a tenant or a user is called, no browser takes an answer for a page.
	if a.Header.Get("X-Content-Type-Options") != "nosniff" || strings.Contains(a.Header.Get("Content-Type"), "html") {
		d.t.Errorf("%s %s may be taken for a page: %v", r.Method, r.URL, a.Header)
	}
	if a.StatusCode >= 400 {
		d.problem(r, a)
	}
	d.conforms(r, a)
	return a
}

func (d *desk) problem(r *http.Request, a *answer) {
	d.t.Helper()
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		d.t.Errorf("%s %s: %d comes as %s", r.Method, r.URL, a.StatusCode, got)
		return
	}
	if a.text(d.t, "status") != fmt.Sprint(a.StatusCode) || !strings.HasPrefix(a.text(d.t, "type"), "urn:vestibule:problem:") ||
		a.text(d.t, "title") == "" || a.text(d.t, "request_id") != "request-1" {
		d.t.Errorf("%s %s: the problem is %s", r.Method, r.URL, a.body)
	}
}

// conforms holds an answer against the document. What the document does not know is not its matter.
func (d *desk) conforms(r *http.Request, a *answer) {
	d.t.Helper()
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		return
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 a.StatusCode, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(r.Context(), in); err != nil {
		d.t.Errorf("%s %s: %d is not what the document says: %v", r.Method, r.URL, a.StatusCode, err)
	}
}

func (d *desk) want(a *answer, status int) *answer {
	d.t.Helper()
	if a.StatusCode != status {
		d.t.Fatalf("the status is %d, not %d: %s", a.StatusCode, status, a.body)
	}
	return a
}

func (d *desk) create(slug string) *answer {
	d.t.Helper()
	return d.want(d.do("POST", "/admin/v1/tenants",
		fmt.Sprintf(`{"slug":%q,"name":"The %s","hosts":["%s.example"]}`, slug, slug, slug)), http.StatusCreated)
}

// faultPaths are the paths of the faults in an answer.
func faultPaths(t *testing.T, a *answer) []string {
	t.Helper()
	var p struct{ Errors []admin.Fault }
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, f := range p.Errors {
		all = append(all, f.Path)
	}
	return all
}

func TestTenantOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		made := d.create("acme")
		if made.Header.Get("Location") != "/admin/v1/tenants/acme" || made.Header.Get("ETag") != `"1"` {
			t.Errorf("headers are %v", made.Header)
		}
		shown := d.want(d.do("GET", made.Header.Get("Location"), ""), 200)
		if !bytes.Equal(shown.body, made.body) || shown.Header.Get("ETag") != `"1"` {
			t.Errorf("shown is %s", shown.body)
		}
		head := d.want(d.do("HEAD", "/admin/v1/tenants/acme", ""), 200)
		if head.Header.Get("ETag") != `"1"` {
			t.Errorf("HEAD has %v", head.Header)
		}
		patched := d.want(d.do("PATCH", "/admin/v1/tenants/acme", `{"name":"New","config":{"account":{"signup_enabled":false}}}`,
			"Content-Type: application/merge-patch+json; charset=utf-8"), 200)
		if patched.text(t, "name") != "New" || patched.Header.Get("ETag") != `"2"` || patched.text(t, "config.account.signup_enabled") != "false" {
			t.Errorf("patched is %s", patched.body)
		}
		if gone := d.want(d.do("DELETE", "/admin/v1/tenants/acme", ""), 204); len(gone.body) != 0 {
			t.Errorf("204 with %s", gone.body)
		}
		for _, method := range []string{"GET", "DELETE"} {
			d.want(d.do(method, "/admin/v1/tenants/acme", ""), 404)
		}
		d.want(d.do("PATCH", "/admin/v1/tenants/acme", `{}`), 404)
		if again := d.create("acme"); again.text(t, "id") == made.text(t, "id") {
			t.Error("the id was given out again")
		}
	})
}

func TestNothingWithoutTheToken(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	shut := newDesk(t, "sqlite", nil)
	shut.api.Token = admin.NewToken("")
	shut.handler = shut.api.Handler()
	paths := []string{"/", "/admin/v1", "/admin/v1/nothing", "/admin/v1/tenants/..%2f", "//admin/v1/tenants"}
	methods := []string{"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"}
	for _, row := range adminapi.Rows() {
		paths = append(paths, strings.ReplaceAll(row.Path, "{slug}", "acme"))
	}
	for _, path := range paths {
		for _, method := range methods {
			for credentials, invalid := range map[string]bool{
				"": false, "Bearer": false, "Basic " + token: false, token: false,
				"Bearer wrong": true, "Bearer " + token + "x": true, "Bearer ": true, "Bearer " + token[:len(token)-1]: true,
			} {
				a := d.want(d.do(method, path, "", "Authorization: "+credentials), 401)
				challenge := a.Header.Get("WWW-Authenticate")
				if !strings.HasPrefix(challenge, `Bearer realm="`) || strings.Contains(challenge, `error="invalid_token"`) != invalid {
					t.Errorf("%s %s with %q is challenged by %s", method, path, credentials, challenge)
				}
			}
			shut.want(shut.do(method, path, "", "Authorization: Bearer "), 401)
			shut.want(shut.do(method, path, ""), 401)
		}
	}
	r := httptest.NewRequest("GET", "/admin/v1/tenants", http.NoBody)
	r.Header["Authorization"] = []string{"Bearer " + token, "Bearer " + token}
	d.want(d.send(r), 401)
	d.want(d.do("GET", "/admin/v1/tenants", "", "Authorization: bearer   "+token), 200)
}

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	for _, path := range []string{"/", "/admin/v1", "/admin/v1/", "/admin/v1/tenants/", "/admin/v1/tenants/a/b", "/admin/v1/../v1/tenants",
		"/admin//v1/tenants", "/admin/v1/dev/mail"} {
		d.want(d.do("GET", path, ""), 404)
	}
	for path, allow := range map[string]string{
		"/admin/v1/tenants": "GET, HEAD, POST", "/admin/v1/tenants/acme": "DELETE, GET, HEAD, PATCH, PUT", "/admin/v1/config-schema": "GET, HEAD",
	} {
		if a := d.want(d.do("OPTIONS", path, `{}`), 405); a.Header.Get("Allow") != allow {
			t.Errorf("%s allows %s", path, a.Header.Get("Allow"))
		}
	}
}

func TestRoutesAreThoseOfTheDocument(t *testing.T) {
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("the document is of version %s", doc.OpenAPI)
	}
	described := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			permission, _ := op.Extensions["x-permission"].(string)
			described[method+" "+path] = permission
			if op.Responses.Value("401") == nil {
				t.Errorf("%s %s: the document does not say what happens without a token", method, path)
			}
		}
	}
	served := map[string]string{}
	for _, row := range adminapi.Rows() {
		if row.Permission == "" {
			t.Errorf("%s %s names no permission", row.Method, row.Path)
		}
		served[row.Method+" "+row.Path] = row.Permission
	}
	if !maps.Equal(served, described) {
		t.Errorf("served:\n%v\ndescribed:\n%v", served, described)
	}
	var names []any
	for _, p := range admin.Permissions() {
		names = append(names, string(p))
	}
	if enum := doc.Components.Schemas["Permission"].Value.Enum; !slices.Equal(enum, names) {
		t.Errorf("the document's permissions are %v", enum)
	}
}

func TestEveryFaultIsInOneAnswer(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	a := d.want(d.do("POST", "/admin/v1/tenants",
		`{"slug":"-","slug":"-","name":"","hosts":["ok.example","_"],"x":1,"config":{"account":{"login_methods":["fax"]}}}`), 422)
	want := []string{"config.account.login_methods[0]", "hosts[1]", "name", "slug", "x"}
	if got := faultPaths(t, a); !slices.Equal(got, want) {
		t.Errorf("faults at %q", got)
	}
	d.create("acme")
	a = d.want(d.do("PATCH", "/admin/v1/tenants/acme", `{"state":"deleted","slug":"b","hosts":[1]}`), 422)
	if got := faultPaths(t, a); !slices.Equal(got, []string{"hosts[0]", "slug", "state"}) {
		t.Errorf("faults at %q", got)
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	for _, c := range []struct {
		name, body, mediaType string
		status                int
	}{
		{"no body", "", "application/json", 400},
		{"not JSON", "{", "application/json", 400},
		{"something after it", "{} {}", "application/json", 400},
		{"not UTF-8", "{\"name\":\"\xff\"}", "application/json", 400},
		{"a list", "[]", "application/json", 400},
		{"null", "null", "application/json", 400},
		{"nested without end", strings.Repeat("[", 1<<19), "application/json", 400},
		{"a form", "name=x", "application/x-www-form-urlencoded", 415},
		{"no media type", "{}", "", 415},
		{"a nonsensical media type", "{}", ";", 415},
		{"over a mebibyte", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, "application/json", 413},
	} {
		for _, a := range []*answer{
			d.do("POST", "/admin/v1/tenants", c.body, "Content-Type: "+c.mediaType),
			d.do("PATCH", "/admin/v1/tenants/acme", c.body, "Content-Type: "+c.mediaType),
		} {
			if a.StatusCode != c.status {
				t.Errorf("%s: %d, not %d: %s", c.name, a.StatusCode, c.status, a.body)
			}
		}
	}
	d.want(d.do("POST", "/admin/v1/tenants", "{}", "Content-Type: application/merge-patch+json"), 415)
	a := d.want(d.do("PATCH", "/admin/v1/tenants/acme", "{}", "Content-Type: text/plain"), 415)
	if got := a.Header.Get("Accept-Patch"); got != "application/merge-patch+json, application/json" {
		t.Errorf("Accept-Patch is %q", got)
	}
}

func TestConditions(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	version := 1
	for _, c := range []struct {
		match  string
		status int
	}{
		{`"1"`, 200}, {`"1"`, 412}, {`*`, 200}, {`"7", "3"`, 200}, {`W/"4"`, 412}, {`4`, 412}, {`"04"`, 412}, {`"x"`, 412}, {`"`, 412},
		{`"4`, 412}, {`"99999999999999999999"`, 412}, {`"a,b", "4"`, 200},
	} {
		a := d.do("PATCH", "/admin/v1/tenants/acme", fmt.Sprintf(`{"name":"after %d"}`, version), "If-Match: "+c.match)
		if a.StatusCode != c.status {
			t.Errorf("If-Match %s on version %d: %d", c.match, version, a.StatusCode)
		}
		if a.StatusCode == 200 {
			version++
		}
	}
	for match, status := range map[string]int{`"5"`: 304, `W/"5"`: 304, `"4", "5"`: 304, `*`: 304, `"4"`: 200, `5`: 200} {
		a := d.do("GET", "/admin/v1/tenants/acme", "", "If-None-Match: "+match)
		if a.StatusCode != status || a.Header.Get("ETag") != `"5"` || status == 304 && len(a.body) != 0 {
			t.Errorf("If-None-Match %s: %d with %v", match, a.StatusCode, a.Header)
		}
	}
	empty := httptest.NewRequest("DELETE", "/admin/v1/tenants/acme", http.NoBody)
	empty.Header = http.Header{"Authorization": {"Bearer " + token}, "If-Match": {""}}
	d.want(d.send(empty), 412)
	d.want(d.do("DELETE", "/admin/v1/tenants/acme", "", `If-Match: "4"`), 412)
	d.want(d.do("DELETE", "/admin/v1/tenants/acme", "", `If-Match: "5"`), 204)
	d.want(d.do("DELETE", "/admin/v1/tenants/acme", "", `If-Match: "5"`), 404)
}

func TestOneOfTwoConditionalPatchesWins(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		statuses := make([]int, 6)
		var wg sync.WaitGroup
		for i := range statuses {
			wg.Go(func() {
				statuses[i] = d.do("PATCH", "/admin/v1/tenants/acme", fmt.Sprintf(`{"name":"%d"}`, i), `If-Match: "1"`).StatusCode
			})
		}
		wg.Wait()
		slices.Sort(statuses)
		if !slices.Equal(statuses, []int{200, 412, 412, 412, 412, 412}) {
			t.Errorf("answers are %v", statuses)
		}
	})
}

func TestHostOfAnotherTenantIsAConflict(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		d.create("bolt")
		for path, a := range map[string]*answer{
			"hosts[0]": d.do("PATCH", "/admin/v1/tenants/bolt", `{"hosts":["ACME.example"]}`),
			"hosts[1]": d.do("POST", "/admin/v1/tenants", `{"slug":"c","name":"C","hosts":["c.example","acme.example"]}`),
			"slug":     d.do("POST", "/admin/v1/tenants", `{"slug":"acme","name":"C","hosts":["c.example"]}`),
		} {
			if got := faultPaths(t, d.want(a, 409)); !slices.Equal(got, []string{path}) {
				t.Errorf("%s: %s", path, a.body)
			}
		}
	})
}

func TestPagesOverTheWire(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	const n = 60
	for i := range n {
		testkit.AddTenant(t, d.store, fmt.Sprintf("t%02d", i), "")
	}
	seen := map[string]bool{}
	path := "/admin/v1/tenants"
	for range n {
		var page struct {
			Items []struct{ Slug string }
			Next  *string `json:"next_cursor"`
		}
		if err := json.Unmarshal(d.want(d.do("GET", path, ""), 200).body, &page); err != nil {
			t.Fatal(err)
		}
		for _, one := range page.Items {
			seen[one.Slug] = true
		}
		if page.Next == nil {
			break
		}
		if len(page.Items) != 50 {
			t.Errorf("a page of %d", len(page.Items))
		}
		path = "/admin/v1/tenants?cursor=" + *page.Next
	}
	if len(seen) != n {
		t.Errorf("%d tenants of %d", len(seen), n)
	}
	for _, query := range []string{
		"limit=0", "limit=201", "limit=x", "limit=", "limit=1&limit=2", "cursor=forged", "cursor=%27%20OR%201=1--", "surprise=1", "a=%zz", "a;b",
	} {
		d.want(d.do("GET", "/admin/v1/tenants?"+query, ""), 400)
	}
}

func TestConfigSchema(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	a := d.want(d.do("GET", "/admin/v1/config-schema", ""), 200)
	if a.Header.Get("Content-Type") != "application/schema+json" || !bytes.Equal(a.body, tenants.Schema()) {
		t.Errorf("%v %d bytes", a.Header, len(a.body))
	}
	d.want(d.do("GET", "/admin/v1/config-schema", "", "If-None-Match: "+a.Header.Get("ETag")), 304)
}

// box is a mailbox of a test.
type box []adminapi.Mail

func (b *box) Mails() []adminapi.Mail { return *b }
func (b *box) Empty()                 { *b = nil }

func TestDevelopmentMail(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.want(d.do("DELETE", "/admin/v1/dev/mail", ""), 404)
	b := &box{
		{To: "Ann@example.org", Subject: "Two", Text: "Go to https://acme.example/k/x?a=b&c=d. Or (acme://k/1)!", HTML: "<p>", Kind: "k",
			Tenant: "acme", At: testkit.Start},
		{To: "bob@example.org", Subject: "One", At: testkit.Start.Add(-time.Hour)},
	}
	d.api.Mailbox = b
	var page struct {
		Items []struct {
			Subject string
			Links   []string
		}
	}
	list := func(query string) []string {
		t.Helper()
		a := d.want(d.do("GET", "/admin/v1/dev/mail"+query, ""), 200)
		if err := json.Unmarshal(a.body, &page); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, m := range page.Items {
			all = append(all, m.Subject)
		}
		return all
	}
	if got := list("?limit=1"); !slices.Equal(got, []string{"Two"}) {
		t.Errorf("limited to %q", got)
	}
	if want := []string{"https://acme.example/k/x?a=b&c=d", "acme://k/1"}; !slices.Equal(page.Items[0].Links, want) {
		t.Errorf("links are %q", page.Items[0].Links)
	}
	for query, want := range map[string][]string{"": {"Two", "One"}, "?to=ann@EXAMPLE.org": {"Two"}, "?to=": nil} {
		if got := list(query); !slices.Equal(got, want) {
			t.Errorf("%s: %q", query, got)
		}
	}
	d.want(d.do("GET", "/admin/v1/dev/mail?limit=0", ""), 400)
	d.want(d.do("DELETE", "/admin/v1/dev/mail", ""), 204)
	if got := list(""); got != nil {
		t.Errorf("emptied, it has %q", got)
	}
}

func TestFailuresTellNothing(t *testing.T) {
	var broken error
	d := newDesk(t, "sqlite", func(string, string) error { return broken })
	d.create("acme")
	broken = errors.New("the disk at /dev/sda7 is on fire")
	a := d.want(d.do("GET", "/admin/v1/tenants/acme", ""), 500)
	if strings.Contains(string(a.body), "sda7") || a.text(t, "request_id") != "request-1" {
		t.Errorf("the answer is %s", a.body)
	}
	if log := d.all.String(); strings.Count(log, "sda7") != 1 || !strings.Contains(log, "request_id=request-1") {
		t.Errorf("the log is %s", log)
	}
	broken = faultdb.ErrInjected
	if a := d.want(d.do("GET", "/admin/v1/tenants/acme", ""), 503); a.Header.Get("Retry-After") == "" {
		t.Errorf("503 with %v", a.Header)
	}
}

const secretSauce = "hunter2-hunter2-hunter2-hunter2-hunter2"

func TestSecretsAreInNoAnswerAndNoLog(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		config := `{"sms":{"webhook_url":"https://sms.example/x","webhook_secret":"` + secretSauce + `"},
			"email":{"smtp_url":"smtp://me:` + secretSauce + `@mail.example:587"}%s}`
		post := func(slug, more string) *answer {
			return d.do("POST", "/admin/v1/tenants",
				fmt.Sprintf(`{"slug":%q,"name":"A","hosts":["%s.example"],"config":%s}`, slug, slug, fmt.Sprintf(config, more)))
		}
		d.want(post("acme", ""), 201)
		d.want(post("acme", ""), 409)
		d.want(post("bolt", `,"account":{"login_methods":["fax"]}`), 422)
		d.want(d.do("POST", "/admin/v1/tenants", `{"slug":"`+secretSauce+secretSauce+`"}`), 422)
		d.want(d.do("POST", "/admin/v1/tenants", `{"config":"`+secretSauce), 400)
		d.want(d.do("GET", "/admin/v1/tenants/acme", ""), 200)
		d.want(d.do("GET", "/admin/v1/tenants", ""), 200)
		shown := d.want(d.do("PATCH", "/admin/v1/tenants/acme", `{"config":{"email":{"smtp_url":"smtp://me:`+secretSauce+`@other.example"}}}`), 200)
		if got := shown.text(t, "config.email.smtp_url"); got != "smtp://me:"+tenants.Mask+"@other.example" {
			t.Errorf("the SMTP URL is shown as %s", got)
		}
		d.want(d.do("PATCH", "/admin/v1/tenants/acme", `{"config":{"email":{"smtp_url":"smtp://me:`+secretSauce+`@bad host"}}}`), 422)
		d.want(d.do("PATCH", "/admin/v1/tenants/acme", `{"name":"B","config":{"email":{"smtp_url":"smtp://me:********@other.example"}}}`), 200)
		d.want(d.do("DELETE", "/admin/v1/tenants/acme", ""), 204)
		if all := d.all.String(); strings.Contains(all, secretSauce) || strings.Contains(all, token) {
			t.Errorf("a secret got out: %s", all)
		}
	})
}

func TestTenantOfALostKeyIsShownWithItsError(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	url := testkit.URL(t, "sqlite")
	testkit.AddTenant(t, testkit.OpenURL(t, url, nil), "lost", `{"sms":{"webhook_secret":"`+secretSauce+`"}}`)
	d.api.Admin = admin.New(admin.Options{Store: testkit.OpenURL(t, url, nil), Keys: testkit.Keys(t)}) // with keys of its own
	d.handler = d.api.Handler()
	d.create("acme")
	for _, path := range []string{"/admin/v1/tenants", "/admin/v1/tenants/lost"} {
		if a := d.want(d.do("GET", path, ""), 200); strings.Count(string(a.body), `"error":"its secrets cannot be opened`) != 1 {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	d.want(d.do("PATCH", "/admin/v1/tenants/lost", `{"config":{"sms":null}}`), 422)
	d.want(d.do("PATCH", "/admin/v1/tenants/lost", `{"state":"suspended"}`), 200)
	d.want(d.do("DELETE", "/admin/v1/tenants/lost", ""), 204)
}

func TestRouteIsToldItsTemplate(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	var told []string
	d.api.Route = func(_ *http.Request, template string) { told = append(told, template) }
	d.do("GET", "/admin/v1/tenants/acme", "")
	d.do("GET", "/admin/v1/nothing", "")
	if !slices.Equal(told, []string{"/admin/v1/tenants/{slug}"}) {
		t.Errorf("told %q", told)
	}
}
