package apidoc

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

//go:embed page.gohtml
var pageText string

//go:embed page.css
var style string

// The document, as far as the page shows it.
type (
	manual struct {
		Info struct {
			Title, Description string
		}
		Paths      map[string]map[string]yaml.Node
		Components struct {
			Parameters map[string]parameter
			Bodies     map[string]body `yaml:"requestBodies"`
			Responses  map[string]response
			Schemas    map[string]schema
		}
	}
	operation struct {
		OperationID string `yaml:"operationId"`
		Summary     string
		Description string
		Permission  string `yaml:"x-permission"`
		Parameters  []parameter
		RequestBody body `yaml:"requestBody"`
		Responses   map[string]response
	}
	body struct {
		Ref     string `yaml:"$ref"`
		Content map[string]content
	}
	parameter struct {
		Ref         string `yaml:"$ref"`
		Name, In    string
		Required    bool
		Description string
		Schema      schema
	}
	response struct {
		Ref         string `yaml:"$ref"`
		Description string
		Content     map[string]content
	}
	content struct{ Schema schema }
	schema  struct {
		Ref         string `yaml:"$ref"`
		Type        any
		Description string
		Enum        []any
		Const       any
		Items       *schema
		OneOf       []schema `yaml:"oneOf"`
		Properties  yaml.Node
		Required    []string
	}
)

// What the template shows.
type (
	view struct {
		Title  string
		About  template.HTML
		Groups []group
		Shapes []shape
	}
	group struct {
		ID, Name string
		Ops      []shownOp
	}
	shownOp struct {
		ID, Method, Path, Permission string
		Summary, About               template.HTML
		Parameters                   []field
		Body                         template.HTML
		BodyFields                   []field
		Answers                      []answer
	}
	answer struct {
		Status       string
		About, Shape template.HTML
		Fields       []field
	}
	field struct {
		Name, Where  string
		Needed       bool
		About, Shape template.HTML
	}
	shape struct {
		Name         string
		About, Shape template.HTML
		Fields       []field
	}
)

// Options are what a page is besides its document.
type Options struct {
	// At is where the document is, for programs.
	At string
	// Group is the heading that a path stands under.
	Group func(path string) string
}

var page = sync.OnceValues(func() (*template.Template, error) { return template.New("page").Parse(pageText) })

// Page shows the document, without any script and without anything from elsewhere; see Policy.
func (d *Document) Page(o Options) ([]byte, error) {
	var m manual
	if err := d.root.Decode(&m); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	v, err := m.view(o.Group)
	if err != nil {
		return nil, err
	}
	t, err := page()
	if err != nil {
		return nil, fmt.Errorf("read the page's template: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		view
		At    string
		Style template.CSS
	}{v, o.At, template.CSS(style)}) // #nosec G203 -- our own style sheet, embedded
	if err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	return b.Bytes(), nil
}

// Policy is the Content-Security-Policy of a page: its own style, and nothing else.
func Policy() string {
	digest := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}

func (m *manual) view(groupOf func(path string) string) (view, error) {
	v := view{Title: m.Info.Title, About: prose(m.Info.Description)}
	groups := map[string][]shownOp{}
	for _, path := range slices.Sorted(maps.Keys(m.Paths)) {
		for _, method := range methods {
			node, ok := m.Paths[path][method]
			if !ok {
				continue
			}
			var op operation
			if err := node.Decode(&op); err != nil {
				return v, fmt.Errorf("read %s %s: %w", method, path, err)
			}
			name := groupOf(path)
			groups[name] = append(groups[name], m.op(path, method, &op))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		v.Groups = append(v.Groups, group{ID: strings.Join(strings.FieldsFunc(name, notInID), "-"), Name: name, Ops: groups[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(m.Components.Schemas)) {
		s := m.Components.Schemas[name]
		shape := shape{Name: name, About: prose(s.Description), Shape: s.shape()}
		fields, err := s.fields()
		if err != nil {
			return v, fmt.Errorf("read the schema %s: %w", name, err)
		}
		shape.Fields = fields
		v.Shapes = append(v.Shapes, shape)
	}
	return v, nil
}

// notInID reports what is left out of an id, which holds no spaces (HTML, section 3.2.6).
func notInID(r rune) bool { return r == ' ' || r == '/' }

func (m *manual) op(path, method string, op *operation) shownOp {
	d := shownOp{
		ID: op.OperationID, Method: strings.ToUpper(method), Path: path, Permission: op.Permission,
		Summary: prose(op.Summary), About: prose(op.Description),
	}
	for _, p := range op.Parameters {
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			p = m.Components.Parameters[name]
		}
		d.Parameters = append(d.Parameters, field{Name: p.Name, Where: p.In, About: prose(p.Description), Needed: p.Required, Shape: p.Schema.shape()})
	}
	sent := op.RequestBody
	if name, ok := strings.CutPrefix(sent.Ref, "#/components/requestBodies/"); ok {
		sent = m.Components.Bodies[name]
	}
	d.Body, d.BodyFields = shapes(sent.Content), inside(sent.Content)
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
			r = m.Components.Responses[name]
		}
		d.Answers = append(d.Answers, answer{Status: status, About: prose(r.Description), Shape: shapes(r.Content), Fields: inside(r.Content)})
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

// inside are the members of bodies whose shapes have no name of their own, and of what is in those: "data.user" is a member of a member. What
// is the same in every answer, its status, is left out.
func inside(all map[string]content) []field {
	var fields []field
	for _, mediaType := range slices.Sorted(maps.Keys(all)) {
		of := all[mediaType].Schema
		fields = append(fields, of.members("")...)
	}
	return fields
}

func (s *schema) members(within string) []field {
	if s.Items != nil {
		return s.Items.members(strings.TrimSuffix(within, ".") + "[].")
	}
	all, err := s.fields()
	if err != nil {
		return nil // what cannot be read is shown as an object
	}
	var flat []field
	for i, f := range all {
		if within == "" && f.Name == "status" {
			continue
		}
		name := within + f.Name
		f.Name = name
		flat = append(flat, f)
		var of schema
		if s.Properties.Content[2*i+1].Decode(&of) == nil {
			flat = append(flat, of.members(name+".")...)
		}
	}
	return flat
}

// shape says in few words what a value is, with a link to what has a name.
func (s *schema) shape() template.HTML {
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
	if s.Const != nil {
		return template.HTML(template.HTMLEscapeString(fmt.Sprint(s.Const))) // #nosec G203 -- escaped
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
func (s *schema) fields() ([]field, error) {
	var all []field
	for i := 0; i+1 < len(s.Properties.Content); i += 2 {
		var of schema
		if err := s.Properties.Content[i+1].Decode(&of); err != nil {
			return nil, err
		}
		name := s.Properties.Content[i].Value
		all = append(all, field{Name: name, About: prose(of.Description), Needed: slices.Contains(s.Required, name), Shape: of.shape()})
	}
	return all, nil
}
