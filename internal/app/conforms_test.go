package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/vestibule-auth/vestibule/internal/headless"
)

// described is the OpenAPI document of the public wire, in which answers have no members but those that it names.
var described = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(headless.Document())
	if err != nil {
		return nil, err
	}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for status, answer := range operation.Responses.Map() {
				for _, content := range answer.Value.Content {
					if err := closed(content.Schema); err != nil {
						return nil, fmt.Errorf("%s %s: %s: %w", method, path, status, err)
					}
				}
			}
		}
	}
	return doc, nil
})

// closed has every object whose properties a schema names have no others. Readers of the document are not told so: a later version may have
// more of them. What is put together of several schemas is refused, since each of them would refuse what the others name.
func closed(schema *openapi3.SchemaRef) error {
	if schema == nil || schema.Value == nil {
		return nil
	}
	s := schema.Value
	if len(s.AllOf) > 0 || len(s.AnyOf) > 0 || len(s.OneOf) > 0 || s.Not != nil {
		return errors.New("a schema is put together of others, and nothing closes such a one")
	}
	if len(s.Properties) > 0 && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
	parts := []*openapi3.SchemaRef{s.Items, s.AdditionalProperties.Schema}
	for _, property := range s.Properties {
		parts = append(parts, property)
	}
	for _, part := range parts {
		if err := closed(part); err != nil {
			return err
		}
	}
	return nil
}

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

// What holds the answers of all other tests to the document does hold them to it.
func TestAnAnswerHasNoMemberThatTheDocumentDoesNotName(t *testing.T) {
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	answer := doc.Paths.Value("/_allauth/{client}/v1/auth/session").Get.Responses.Status(http.StatusOK).Value.Content.Get("application/json")
	const user = `"id": "0190a1b2-0000-7000-8000-000000000000", "display": "ann", "has_usable_password": true`
	for body, fine := range map[string]bool{
		`{"status": 200, "data": {"user": {` + user + `}, "methods": []}, "meta": {"is_authenticated": true}}`:                                       true,
		`{"status": 200, "data": {"user": {` + user + `}, "methods": []}, "meta": {"is_authenticated": true}, "more": 1}`:                            false,
		`{"status": 200, "data": {"user": {` + user + `, "more": 1}, "methods": []}, "meta": {"is_authenticated": true}}`:                            false,
		`{"status": 200, "data": {"user": {` + user + `}, "methods": [{"method": "code", "at": 1, "more": 1}]}, "meta": {"is_authenticated": true}}`: false,
	} {
		var value any
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			t.Fatal(err)
		}
		if err := answer.Schema.Value.VisitJSON(value); (err == nil) != fine {
			t.Errorf("%s: %v", body, err)
		}
	}
}
