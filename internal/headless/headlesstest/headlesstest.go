// Package headlesstest holds answers of the public wire to its own OpenAPI document, for tests of any kind: those that talk to a server in
// their own process, and those that stand before another.
//
// It is stricter than what readers are told: an answer has no members but those that the document names, so that none is handed out which
// nobody wrote down.
package headlesstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/vestibule-auth/vestibule/internal/headless"
)

// described is the OpenAPI document of the public wire, in which answers have no members but those that it names.
var described = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(headless.Document())
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
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
var atAnyPath = []int{
	http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestTimeout,
	http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusServiceUnavailable,
}

// operation is what the document says of requests with a method and a path, which may have a query. It is nil where the document knows none:
// of another method, another path.
func operation(doc *openapi3.T, method, path string) *openapi3.Operation {
	path, _, _ = strings.Cut(path, "?")
	item := doc.Paths.Value(path)
	for _, kind := range []string{"app", "browser"} {
		if below, ok := strings.CutPrefix(path, "/_allauth/"+kind+"/"); ok && item == nil {
			item = doc.Paths.Value("/_allauth/{client}/" + below)
		}
	}
	if item == nil {
		return nil
	}
	return item.GetOperation(method)
}

// Conforms says in what an answer is not what the document says, and is nil where it is. The path is that of the request, and may have a query.
// What the document does not know, as other methods and other paths, is not its matter.
func Conforms(method, path string, status int, header http.Header, body []byte) error {
	doc, err := described()
	if err != nil {
		return err
	}
	o := operation(doc, method, path)
	if o == nil {
		return nil
	}
	if fault := conforms(o, status, header.Get("Content-Type"), body); fault != nil {
		return fmt.Errorf("%s %s: %d is not what the document says: %w\n%s", method, path, status, fault, body)
	}
	return nil
}

func conforms(o *openapi3.Operation, status int, contentType string, body []byte) error {
	answer := o.Responses.Status(status)
	if answer == nil && slices.Contains(atAnyPath, status) {
		answer = o.Responses.Default()
	}
	if answer == nil {
		return errors.New("it does not know the status")
	}
	mediaType, _, _ := strings.Cut(contentType, ";")
	content := answer.Value.Content.Get(mediaType)
	switch {
	case len(body) == 0 && len(answer.Value.Content) > 0:
		return errors.New("it has a body, and there is none")
	case len(body) > 0 && content == nil:
		return fmt.Errorf("it does not know it as %q", contentType)
	case content == nil || mediaType != "application/json":
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return content.Schema.Value.VisitJSON(value, openapi3.MultiErrors())
}
