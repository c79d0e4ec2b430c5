package adminapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

//go:embed docs.gohtml
var docsPage string

//go:embed docs.css
var docsStyle string

// The document, as far as the page shows it.
type (
	manual struct {
		Info struct {
			Title, Description string
		}
		Paths      map[string]map[string]yaml.Node
		Components struct {
			Parameters map[string]parameter
			Responses  map[string]response
			Schemas    map[string]docsSchema
		}
	}
	operation struct {
		OperationID string `yaml:"operationId"`
		Summary     string
		Description string
		Permission  string `yaml:"x-permission"`
		Parameters  []parameter
		RequestBody struct {
			Content map[string]content
		} `yaml:"requestBody"`
		Responses map[string]response
	}
	parameter struct {
		Ref         string `yaml:"$ref"`
		Name, In    string
		Required    bool
		Description string
		Schema      docsSchema
	}
	response struct {
		Ref         string `yaml:"$ref"`
		Description string
		Content     map[string]content
	}
	content    struct{ Schema docsSchema }
	docsSchema struct {
		Ref         string `yaml:"$ref"`
		Type        any
		Description string
		Enum        []any
		Items       *docsSchema
		OneOf       []docsSchema `yaml:"oneOf"`
		Properties  yaml.Node
		Required    []string
	}
)

// What the template shows.
type (
	docsView struct {
		Title  string
		About  template.HTML
		Groups []docsGroup
		Shapes []docsShape
	}
	docsGroup struct {
		Name string
		Ops  []docsOp
	}
	docsOp struct {
		ID, Method, Path, Permission string
		Summary, About               template.HTML
		Parameters                   []docsField
		Body                         template.HTML
		Answers                      []docsAnswer
	}
	docsAnswer struct {
		Status       string
		About, Shape template.HTML
	}
	docsField struct {
		Name, Where  string
		Needed       bool
		About, Shape template.HTML
	}
	docsShape struct {
		Name         string
		About, Shape template.HTML
		Fields       []docsField
	}
)

// renderDocs makes the page once: it is the same for everybody, for as long as the server runs.
var renderDocs = sync.OnceValues(func() ([]byte, error) {
	var m manual
	if err := yaml.Unmarshal(document, &m); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	view, err := m.view()
	if err != nil {
		return nil, err
	}
	page, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, fmt.Errorf("read the page's template: %w", err)
	}
	var b bytes.Buffer
	err = page.Execute(&b, struct {
		docsView
		Style template.CSS
	}{view, template.CSS(docsStyle)}) // #nosec G203 -- our own style sheet, embedded
	if err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	return b.Bytes(), nil
})

func (m *manual) view() (docsView, error) {
	v := docsView{Title: m.Info.Title, About: prose(m.Info.Description)}
	for _, path := range slices.Sorted(maps.Keys(m.Paths)) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			node, ok := m.Paths[path][method]
			if !ok {
				continue
			}
			var op operation
			if err := node.Decode(&op); err != nil {
				return v, fmt.Errorf("read %s %s: %w", method, path, err)
			}
			group := groupOf(path)
			if n := len(v.Groups); n == 0 || v.Groups[n-1].Name != group {
				v.Groups = append(v.Groups, docsGroup{Name: group})
			}
			last := &v.Groups[len(v.Groups)-1]
			last.Ops = append(last.Ops, m.op(path, method, &op))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Components.Schemas)) {
		s := m.Components.Schemas[name]
		shape := docsShape{Name: name, About: prose(s.Description), Shape: s.shape()}
		fields, err := s.fields()
		if err != nil {
			return v, fmt.Errorf("read the schema %s: %w", name, err)
		}
		shape.Fields = fields
		v.Shapes = append(v.Shapes, shape)
	}
	return v, nil
}

// groupOf is the noun that a path is about: what comes after the tenant, if that is in it.
func groupOf(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, prefix+"/"), "/")
	if parts[0] == "tenants" && len(parts) > 2 {
		return parts[0] + " / " + parts[2]
	}
	return parts[0]
}

func (m *manual) op(path, method string, op *operation) docsOp {
	d := docsOp{
		ID: op.OperationID, Method: strings.ToUpper(method), Path: path, Permission: op.Permission,
		Summary: prose(op.Summary), About: prose(op.Description),
	}
	for _, p := range op.Parameters {
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			p = m.Components.Parameters[name]
		}
		d.Parameters = append(d.Parameters, docsField{Name: p.Name, Where: p.In, About: prose(p.Description), Needed: p.Required, Shape: p.Schema.shape()})
	}
	d.Body = shapes(op.RequestBody.Content)
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
			r = m.Components.Responses[name]
		}
		d.Answers = append(d.Answers, docsAnswer{Status: status, About: prose(r.Description), Shape: shapes(r.Content)})
	}
	return d
}

// prose is a description for the page: its paragraphs as they are, its lines joined, and what stands in backticks as code.
func prose(text string) template.HTML {
	var b strings.Builder
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString("<br><br>")
		}
		for j, part := range strings.Split(strings.Join(strings.Fields(paragraph), " "), "`") {
			if j%2 == 1 {
				part = "<code>" + template.HTMLEscapeString(part) + "</code>"
			} else {
				part = template.HTMLEscapeString(part)
			}
			b.WriteString(part)
		}
	}
	return template.HTML(b.String()) // #nosec G203 -- its parts were escaped
}

// shapes are the media types of a body with their shapes.
func shapes(all map[string]content) template.HTML {
	var parts []string
	for _, mediaType := range slices.Sorted(maps.Keys(all)) {
		of := all[mediaType].Schema
		parts = append(parts, fmt.Sprintf("%s <span>%s</span>", of.shape(), template.HTMLEscapeString(mediaType)))
	}
	return template.HTML(strings.Join(parts, ", ")) // #nosec G203 -- its parts were escaped
}

// shape says in few words what a value is, with a link to what has a name.
func (s *docsSchema) shape() template.HTML {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		name = template.HTMLEscapeString(name)
		return template.HTML(fmt.Sprintf(`<a href="#shape-%s">%s</a>`, name, name)) // #nosec G203 -- the name was escaped
	}
	if len(s.Enum) > 0 {
		all := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			all[i] = fmt.Sprint(v)
		}
		return template.HTML(template.HTMLEscapeString(strings.Join(all, " | "))) // #nosec G203 -- escaped
	}
	if len(s.OneOf) > 0 {
		all := make([]string, len(s.OneOf))
		for i := range s.OneOf {
			all[i] = string(s.OneOf[i].shape())
		}
		return template.HTML(strings.Join(all, " or ")) // #nosec G203 -- each was escaped
	}
	name := "anything"
	switch t := s.Type.(type) {
	case string:
		name = t
	case []any:
		all := make([]string, len(t))
		for i, one := range t {
			all[i] = fmt.Sprint(one)
		}
		name = strings.Join(all, " or ")
	}
	escaped := template.HTMLEscapeString(name)
	if s.Items != nil {
		return template.HTML(escaped + " of " + string(s.Items.shape())) // #nosec G203 -- both were escaped
	}
	return template.HTML(escaped) // #nosec G203 -- escaped
}

// fields are the members of an object, in the order of the document.
func (s *docsSchema) fields() ([]docsField, error) {
	var all []docsField
	for i := 0; i+1 < len(s.Properties.Content); i += 2 {
		var of docsSchema
		if err := s.Properties.Content[i+1].Decode(&of); err != nil {
			return nil, err
		}
		name := s.Properties.Content[i].Value
		all = append(all, docsField{Name: name, About: prose(of.Description), Needed: slices.Contains(s.Required, name), Shape: of.shape()})
	}
	return all, nil
}

// serveDocs shows the document as a page. It holds nothing secret: whoever reaches this listener may read how to use it.
func (a *API) serveDocs(w http.ResponseWriter, r *http.Request) {
	page, err := renderDocs()
	if err != nil {
		a.decline(w, r, err)
		return
	}
	digest := sha256.Sum256([]byte(docsStyle))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(digest[:])+
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(page) // a client that is gone hears nothing
}

// serveDocument serves the document itself.
func (a *API) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(document) // a client that is gone hears nothing
}
