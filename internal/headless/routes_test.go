package headless

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/flows"
)

// operations are everything that a table of routes says is served, as "METHOD path".
func operations(table []route) []string {
	var all []string
	for _, row := range table {
		for _, kind := range []flows.Client{flows.App, flows.Browser} {
			if row.on == both || (row.on == appOnly) == (kind == flows.App) {
				all = append(all, row.method+" /_allauth/"+string(kind)+"/v1"+row.path)
			}
		}
	}
	slices.Sort(all)
	return all
}

// public are the documents that are read without a session, in the same form.
func public(table []published) []string {
	var all []string
	for _, d := range table {
		all = append(all, http.MethodGet+" "+d.path)
	}
	return all
}

// documented are everything that the document says is served, in the same form.
func documented(t *testing.T) []string {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(Document())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for path, item := range doc.Paths.Map() {
		kinds := []any{""} // a path that names its kind of client itself
		if p := item.Parameters.GetByInAndName("path", "client"); p != nil {
			kinds = p.Schema.Value.Enum
		}
		for method, operation := range item.Operations() {
			if operation.Responses.Default() == nil {
				t.Errorf("%s %s is described without what any path may answer", method, path)
			}
			for _, kind := range kinds {
				all = append(all, method+" "+strings.ReplaceAll(path, "{client}", kind.(string)))
			}
		}
	}
	slices.Sort(all)
	return all
}

// served are everything that the handler has a place for, in the same form.
func served(t *testing.T, a *API) []string {
	t.Helper()
	var all []string
	err := a.Handler().(*mux.Router).Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		switch h := r.GetHandler().(type) {
		case *endpoint:
			for method := range h.methods {
				all = append(all, method+" "+h.template)
			}
		case published:
			all = append(all, public([]published{h})...)
		case forwardAuth:
			if path, err := r.GetPathTemplate(); err != nil {
				return err
			} else if path != forwardPath+"/" { // which is the same
				all = append(all, http.MethodGet+" "+path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func TestRouteTableEqualsOpenAPI(t *testing.T) {
	a := &API{}
	table, doc, mounted := append(operations(a.routes()), public(a.documents())...), documented(t), served(t, a)
	table = append(table, http.MethodGet+" "+forwardPath) // as whatever method it is
	if len(doc) == 0 {
		t.Fatal("the document describes nothing")
	}
	for _, op := range table {
		if !slices.Contains(doc, op) {
			t.Errorf("%s is served and not described in openapi.yaml", op)
		}
		if !slices.Contains(mounted, op) {
			t.Errorf("%s is in the table and not served", op)
		}
	}
	for _, op := range slices.Concat(doc, mounted) {
		if !slices.Contains(table, op) {
			t.Errorf("%s is described or served, and not in the table", op)
		}
	}
	if len(slices.Compact(slices.Clone(table))) != len(table) {
		t.Errorf("a route is in the table twice: %v", table)
	}
}

// What may change something must not be reachable by a method that browsers take to be harmless.
func TestOnlyHarmlessRoutesAreReadable(t *testing.T) {
	for _, row := range (&API{}).routes() {
		kinds := 0
		for _, there := range []bool{row.step != nil, row.view != nil, row.act != nil, row.form != nil} {
			if there {
				kinds++
			}
		}
		if kinds != 1 {
			t.Errorf("%s %s is not exactly one of a step, a view, an act and a form", row.method, row.path)
		}
		if row.form != nil && (row.method != http.MethodPost || row.on != browserOnly) {
			t.Errorf("%s %s is a form, which browsers post", row.method, row.path)
		}
		if row.act != nil && row.method == http.MethodGet {
			t.Errorf("%s %s is an act, and answers GET", row.method, row.path)
		}
		if row.view != nil && row.method != http.MethodGet {
			t.Errorf("%s %s is a view, and answers another method than GET", row.method, row.path)
		}
		// A login by passkey begins by reading, and that begins a session for whoever asks.
		if row.limit != "" && row.method == http.MethodGet && row.path != "/auth/webauthn/login" {
			t.Errorf("%s %s is limited, though reading is free", row.method, row.path)
		}
	}
}

// A method that a path does not take is checked as one that it does (other in method.go), and that must be the same one each time.
func TestPathsHaveOneCheckOfOtherMethods(t *testing.T) {
	checked := map[string]string{}
	for _, row := range (&API{}).routes() {
		if row.asks == nil {
			continue
		}
		if first, twice := checked[row.path]; twice {
			t.Errorf("%s is checked as %s, and as %s", row.path, first, row.method)
		}
		checked[row.path] = row.method
	}
	if len(checked) == 0 {
		t.Error("no path is checked")
	}
}

func TestDocumentIsValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(Document())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Error(err)
	}
	names := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if other, ok := names[op.OperationID]; ok || op.OperationID == "" {
				t.Errorf("%s %s is called %q, as is %s", method, path, op.OperationID, other)
			}
			names[op.OperationID] = method + " " + path
		}
	}
}

func TestDocumentIsACopy(t *testing.T) {
	first := Document()
	first[0] ^= 0xff
	if string(first) == string(Document()) {
		t.Error("a caller can change the document")
	}
}
