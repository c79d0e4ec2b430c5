package apidoc_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/apidoc"
)

// Paths of one group need not follow each other: all of it is under one heading, to which one link leads.
func TestAPageHasEachGroupOnce(t *testing.T) {
	d, err := apidoc.Parse([]byte(`openapi: 3.1.0
info: {title: A, version: "1"}
paths:
  /a/one/x: {get: {operationId: a, responses: {"200": {description: x}}}}
  /b/two: {get: {operationId: b, responses: {"200": {description: x}}}}
  /c/one/y: {get: {operationId: c, responses: {"200": {description: x}}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	page, err := d.Page(apidoc.Options{At: "/a.yaml", Group: func(path string) string {
		return strings.Split(path, "/")[2] + " / of"
	}})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile(`(?:id|href)="#?(group-[^"]*|[abc])"`).FindAllSubmatch(page, -1) {
		found = append(found, string(m[1]))
	}
	if want := []string{"group-one-of", "group-two-of", "group-one-of", "a", "c", "group-two-of", "b"}; !slices.Equal(found, want) {
		t.Errorf("%q, want %q", found, want)
	}
}
