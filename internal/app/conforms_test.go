package app_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/vestibule-auth/vestibule/internal/headless"
)

// described is the OpenAPI document of the public wire.
var described = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(headless.Document())
})

// atAnyPath are what an answer may be without a word at its path: the document has them all in one.
var atAnyPath = []int{400, 403, 404, 405, 408, 413, 415, 429, 500, 503}

// conforms holds an answer to what the document says of it. What the document does not know, as other methods and other paths, is not its
// matter.
func conforms(t testing.TB, method, path string, status int, contentType, body string) {
	t.Helper()
	doc, err := described()
	if err != nil {
		t.Errorf("read the OpenAPI document: %v", err)
		return
	}
	path, _, _ = strings.Cut(path, "?")
	item := doc.Paths.Value(path)
	for _, kind := range []string{"app", "browser"} {
		if below, ok := strings.CutPrefix(path, "/_allauth/"+kind+"/"); ok && item == nil {
			item = doc.Paths.Value("/_allauth/{client}/" + below)
		}
	}
	if item == nil || item.GetOperation(method) == nil {
		return
	}
	answers := item.GetOperation(method).Responses
	answer := answers.Status(status)
	if answer == nil && slices.Contains(atAnyPath, status) {
		answer = answers.Default()
	}
	if answer == nil {
		t.Errorf("%s %s: the document knows no %d: %s", method, path, status, body)
		return
	}
	mediaType, _, _ := strings.Cut(contentType, ";")
	content := answer.Value.Content.Get(mediaType)
	switch {
	case body == "" && len(answer.Value.Content) > 0:
		t.Errorf("%s %s: the document has a body for %d, and there is none", method, path, status)
		return
	case content == nil && body != "":
		t.Errorf("%s %s: the document knows no %s as %s: %s", method, path, http.StatusText(status), contentType, body)
		return
	case content == nil || mediaType != "application/json":
		return
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Errorf("%s %s: %d: %v", method, path, status, err)
		return
	}
	if err := content.Schema.Value.VisitJSON(value, openapi3.MultiErrors()); err != nil {
		t.Errorf("%s %s: %d is not what the document says: %v\n%s", method, path, status, err, body)
	}
}
