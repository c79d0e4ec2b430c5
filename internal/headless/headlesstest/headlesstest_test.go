package headlesstest_test

import (
	"net/http"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/headless/headlesstest"
)

// What holds the answers of all other tests to the document does hold them to it.
func TestConforms(t *testing.T) {
	const (
		session = "/_allauth/app/v1/auth/session"
		member  = `"id": "0190a1b2-0000-7000-8000-000000000000", "display": "ann", "has_usable_password": true`
		body    = `{"status": 200, "data": {"user": {` + member + `}, "methods": []}, "meta": {"is_authenticated": true}}`
	)
	for name, c := range map[string]struct {
		method, path, contentType, body string
		status                          int
		fine                            bool
	}{
		"an answer":                        {body: body, fine: true},
		"with a query in the path":         {path: session + "?a=1", body: body, fine: true},
		"of a browser":                     {path: "/_allauth/browser/v1/auth/session", body: body, fine: true},
		"a path that nobody describes":     {path: "/nowhere", body: "?", fine: true},
		"a method that nobody describes":   {method: http.MethodPut, body: "?", fine: true},
		"a status of any path":             {status: http.StatusTooManyRequests, body: `{"status": 429}`, fine: true},
		"a status that is not described":   {status: http.StatusTeapot, body: `{"status": 418}`},
		"another type":                     {contentType: "text/html", body: body},
		"no body":                          {body: ""},
		"no JSON":                          {body: body + "}"},
		"a member more":                    {body: `{"status": 200, "data": {"user": {` + member + `}, "methods": []}, "meta": {"is_authenticated": true}, "more": 1}`},
		"a member more of the user":        {body: `{"status": 200, "data": {"user": {` + member + `, "more": 1}, "methods": []}, "meta": {"is_authenticated": true}}`},
		"a member more in a list":          {body: `{"status": 200, "data": {"user": {` + member + `}, "methods": [{"method": "code", "at": 1, "more": 1}]}, "meta": {"is_authenticated": true}}`},
		"a member that is missing":         {body: `{"status": 200, "data": {"methods": []}, "meta": {"is_authenticated": true}}`},
		"a member that is something other": {body: `{"status": 200, "data": {"user": {` + member + `}, "methods": {}}, "meta": {"is_authenticated": true}}`},
	} {
		t.Run(name, func(t *testing.T) {
			or := func(given, otherwise string) string {
				if given == "" {
					return otherwise
				}
				return given
			}
			if c.status == 0 {
				c.status = http.StatusOK
			}
			header := http.Header{"Content-Type": {or(c.contentType, "application/json; charset=utf-8")}}
			err := headlesstest.Conforms(or(c.method, http.MethodGet), or(c.path, session), c.status, header, []byte(c.body))
			if (err == nil) != c.fine {
				t.Errorf("%v", err)
			}
		})
	}
}
