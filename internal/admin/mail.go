package admin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/vestibule-auth/vestibule/tenants"
)

// MailKinds are the occasions on which messages are sent. They are package post's, which this package does not reach.
type MailKinds struct {
	Kinds  []MailKind `json:"items"`
	Common []string   `json:"common"` // variables that every kind has
}

// MailKind is one of them.
type MailKind struct {
	Kind      string   `json:"kind"`
	Channels  []string `json:"channels"`  // mail, sms
	Variables []string `json:"variables"` // what templates may name, besides the common ones
	Needs     []string `json:"needs"`     // the variables that it is for: it comes with at least one, if there are any

	BuiltIn tenants.MailTemplate `json:"-"` // what is sent where a tenant says nothing else
}

// PreviewInput says what to preview.
type PreviewInput struct {
	Kind      string
	Template  *tenants.MailTemplate // nil: the tenant's own; one that is empty: what is built in
	Variables map[string]string     // values in the places of samples
}

// Preview is what the messages of a kind look like. What belongs to a channel that the kind does not go by is empty.
type Preview struct {
	Subject   string            `json:"subject"`
	Text      string            `json:"text"`
	HTML      string            `json:"html"`
	SMS       string            `json:"sms"`
	Variables map[string]string `json:"variables"` // what the templates were filled in with
}

// MailKinds lists the occasions on which messages are sent.
func (s *Service) MailKinds() MailKinds { return s.mailKinds }

// PreviewMail shows what a tenant's messages of a kind look like, with sample values. It reads a JSON object with kind and,
// if wanted, template and variables. A template that could not be saved or sent is Invalid.
func (s *Service) PreviewMail(ctx context.Context, slug string, doc json.RawMessage) (*Preview, error) {
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	var f faults
	in := f.preview(doc, s.mailKinds.Kinds)
	if err := f.err(); err != nil {
		return nil, err
	}
	settings, err := tenants.Decode(rec.Document)
	if err != nil {
		return nil, (&faults{{Message: "is not possible: " + unknown + err.Error()}}).err()
	}
	t := &tenants.Tenant{ID: rec.ID, Slug: rec.Slug, Name: rec.Name, State: rec.State, Hosts: rec.Hosts, Settings: settings}
	p, err := s.previewMail(t, in)
	var bad *Invalid
	if errors.As(err, &bad) {
		f = append(f, bad.Faults...)
		return nil, f.err()
	}
	return p, err
}

// preview reads what to preview.
func (f *faults) preview(doc json.RawMessage, kinds []MailKind) PreviewInput {
	given := f.members(doc, []string{"kind", "template", "variables"})
	var in PreviewInput
	if raw, ok := given["kind"]; ok {
		in.Kind = f.text("kind", raw)
	}
	i := slices.IndexFunc(kinds, func(k MailKind) bool { return k.Kind == in.Kind })
	if i < 0 {
		if !f.has("kind") {
			f.add("kind", "must be one of %s", strings.Join(names(kinds), ", "))
		}
		return in
	}
	in.Template = f.template(in.Kind, given["template"])
	if raw := given["variables"]; len(raw) > 0 && string(raw) != "null" {
		in.Variables = map[string]string{}
		var below faults
		for name, value := range below.members(raw, kinds[i].Variables) {
			in.Variables[name] = below.text(name, value)
		}
		for _, fault := range below {
			f.add(inside("variables", fault.Path), "%s", fault.Message)
		}
	}
	return in
}

func names(kinds []MailKind) []string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = k.Kind
	}
	return all
}

// template reads a template by the rules for settings. One that is empty is none of those, and means what is built in.
func (f *faults) template(kind string, raw json.RawMessage) *tenants.MailTemplate {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) == nil && len(members) == 0 {
		if members == nil {
			return nil // null
		}
		return &tenants.MailTemplate{}
	}
	if len(raw) == 0 {
		return nil
	}
	doc, err := json.Marshal(map[string]any{"email": map[string]any{"templates": map[string]any{kind: raw}}})
	if err != nil {
		f.add("template", "must be a JSON object")
		return nil
	}
	settings, err := tenants.Parse(doc)
	var bad *tenants.ConfigError
	switch {
	case errors.As(err, &bad):
		for _, fault := range bad.Faults {
			f.add("template"+strings.TrimPrefix(fault.Path, templatePath(kind)), "%s", fault.Message)
		}
		return nil
	case err != nil:
		f.add("template", "cannot be read")
		return nil
	}
	own := settings.Email.Templates[kind]
	return &own
}

// templatePath is where a tenant's settings have its own texts for a kind.
func templatePath(kind string) string { return "email.templates." + kind }

// templateFaults are what CheckTemplate has against a tenant's own texts for a kind, at their places in its settings.
func templateFaults(kind string, err error) []tenants.Fault {
	var bad *Invalid
	if !errors.As(err, &bad) {
		return []tenants.Fault{{Path: templatePath(kind), Message: err.Error()}}
	}
	all := make([]tenants.Fault, len(bad.Faults))
	for i, fault := range bad.Faults {
		all[i] = tenants.Fault{Path: inside(templatePath(kind), fault.Path), Message: fault.Message}
	}
	return all
}
