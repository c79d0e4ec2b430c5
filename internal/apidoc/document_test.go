package apidoc_test

import (
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/apidoc"
)

const text = `openapi: 3.1.0
info: {title: A, version: "1"}
paths:
  /a: # which is kept
    parameters: [{$ref: "#/components/parameters/P"}]
    get: {operationId: a, responses: {"200": {$ref: "#/components/responses/R"}}}
    post: {operationId: b, requestBody: {$ref: "#/components/requestBodies/B"}, responses: {"200": {description: x}}}
  /b:
    get: {operationId: c, responses: {"200": {description: x}}}
components:
  parameters: {P: {name: p, in: query, schema: {type: string}}}
  requestBodies: {B: {content: {application/json: {schema: {$ref: "#/components/schemas/S"}}}}}
  responses: {R: {description: x, content: {application/json: {schema: {$ref: "#/components/schemas/T"}}}}}
  schemas:
    S: {type: object, properties: {t: {$ref: "#/components/schemas/U"}}}
    T: {type: string}
    U: {type: string}
  securitySchemes: {token: {type: http, scheme: bearer}}
`

func parse(t *testing.T) *apidoc.Document {
	t.Helper()
	d, err := apidoc.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func yaml(t *testing.T, d *apidoc.Document) string {
	t.Helper()
	b, err := d.YAML()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWhatIsLeftOutTakesAlongWhatWasForItAlone(t *testing.T) {
	whole := parse(t)
	before := yaml(t, whole)
	d := whole.Copy()
	d.Keep(func(method, path string) bool { return method == "GET" && path == "/a" })
	got := yaml(t, d)
	for _, gone := range []string{"operationId: b", "/b", "requestBodies", "S:", "U:"} {
		if strings.Contains(got, gone) {
			t.Errorf("%s is left in:\n%s", gone, got)
		}
	}
	for _, kept := range []string{"operationId: a", "# which is kept", "P:", "R:", "T:", "securitySchemes", "token"} {
		if !strings.Contains(got, kept) {
			t.Errorf("%s is gone from:\n%s", kept, got)
		}
	}
	if yaml(t, whole) != before {
		t.Error("a copy changed what it is a copy of")
	}
}

func TestWhatIsPutIntoADocument(t *testing.T) {
	d := parse(t)
	if err := d.Set("B: b # no comment", "info", "title"); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"first", "second"} {
		if err := d.Put("description", value, "info"); err != nil {
			t.Fatal(err)
		}
	}
	d.KeepOf(func(name string) bool { return name == "T" }, "components", "schemas")
	again, err := apidoc.Parse([]byte(yaml(t, d)))
	if err != nil {
		t.Fatal(err)
	}
	if title := again.At("info", "title").Value; title != "B: b # no comment" {
		t.Errorf("the title is %q", title)
	}
	if about := again.At("info", "description").Value; about != "second" || strings.Count(yaml(t, d), "description: first") > 0 {
		t.Errorf("the description is %q", about)
	}
	if again.At("components", "schemas", "S") != nil || again.At("components", "schemas", "T") == nil {
		t.Error("the wrong schema is left")
	}
	if d.Set("x", "info", "nothing") == nil || d.Put("x", "y", "nothing") == nil || again.At("no", "such", "place") != nil {
		t.Error("there are places that there are not")
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	for _, text := range []string{"", "[]", "a", "{", "\t"} {
		if _, err := apidoc.Parse([]byte(text)); err == nil {
			t.Errorf("%q is one", text)
		}
	}
}
