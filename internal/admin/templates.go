package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

// TemplateTexts are the templates of a kind of message. One that is empty is none.
type TemplateTexts struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
	SMS     string `json:"sms"`
}

// Template is how a tenant's messages of a kind are worded.
type Template struct {
	MailKind
	Own     *TemplateTexts `json:"own"` // null where the tenant has none; what it leaves out is built in
	BuiltIn TemplateTexts  `json:"built_in"`
}

// Templates is how all of a tenant's messages are worded.
type Templates struct {
	Items   []Template `json:"items"`
	Common  []string   `json:"common"` // variables that every kind has
	Version int64      `json:"-"`      // the tenant's
}

// Templates lists how a tenant's messages are worded.
func (s *Service) Templates(ctx context.Context, slug string) (*Templates, error) {
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	settings, err := tenants.Decode(rec.Document)
	if err != nil {
		return nil, (&faults{{Message: "is not possible: " + unknown + err.Error()}}).err()
	}
	all := &Templates{Items: []Template{}, Common: s.mailKinds.Common, Version: rec.Version}
	for _, k := range s.mailKinds.Kinds {
		one := Template{MailKind: k, BuiltIn: TemplateTexts(k.BuiltIn)}
		if own, ok := settings.Email.Templates[k.Kind]; ok {
			texts := TemplateTexts(own)
			one.Own = &texts
		}
		all.Items = append(all.Items, one)
	}
	return all, nil
}

// templateParts are the members of a template.
var templateParts = []string{"subject", "text", "html", "sms"}

// PutTemplate words a tenant's messages of a kind. It reads a JSON object with some of subject, text, html and sms; what it leaves out is
// built in. It is a change to the tenant's configuration like any other.
func (s *Service) PutTemplate(ctx context.Context, by Actor, slug, kind string, meant Versions, doc json.RawMessage) (*Template, int64, error) {
	if !s.isKind(kind) {
		return nil, 0, refusal.Of(refusal.Missing)
	}
	var f faults
	given := f.members(doc, templateParts)
	parts, some := map[string]any{}, false
	for _, name := range templateParts {
		parts[name] = nil // in a merge patch: as if never given
		if raw, ok := given[name]; ok {
			text := f.text(name, raw)
			if text != "" {
				parts[name], some = text, true
			}
		}
	}
	if !some && len(f) == 0 {
		f.add("", "must have at least one of %s; to go back to what is built in, delete it", strings.Join(templateParts, ", "))
	}
	if err := f.err(); err != nil {
		return nil, 0, err
	}
	return s.saveTemplate(ctx, by, slug, kind, meant, parts)
}

// ResetTemplate goes back to what is built in.
func (s *Service) ResetTemplate(ctx context.Context, by Actor, slug, kind string, meant Versions) (version int64, err error) {
	if !s.isKind(kind) {
		return 0, refusal.Of(refusal.Missing)
	}
	_, version, err = s.saveTemplate(ctx, by, slug, kind, meant, nil)
	return version, err
}

func (s *Service) isKind(kind string) bool {
	return slices.ContainsFunc(s.mailKinds.Kinds, func(k MailKind) bool { return k.Kind == kind })
}

// saveTemplate has the parts take the place of what the tenant has for a kind; nil: nothing.
func (s *Service) saveTemplate(ctx context.Context, by Actor, slug, kind string, meant Versions, parts map[string]any) (*Template, int64, error) {
	var value any
	if parts != nil {
		value = parts
	}
	patch, err := json.Marshal(map[string]any{"config": map[string]any{"email": map[string]any{"templates": map[string]any{kind: value}}}})
	if err != nil {
		return nil, 0, fmt.Errorf("encode template: %w", err)
	}
	t, err := s.PatchTenant(ctx, by, slug, meant, patch)
	var bad *Invalid
	if errors.As(err, &bad) { // the faults' paths are those of the whole configuration
		place := "config." + templatePath(kind)
		f := faults{}
		for _, fault := range bad.Faults {
			path := fault.Path
			if path == place || strings.HasPrefix(path, place+".") {
				path = strings.TrimPrefix(strings.TrimPrefix(path, place), ".")
			}
			f.add(path, "%s", fault.Message)
		}
		return nil, 0, f.err()
	}
	if err != nil {
		return nil, 0, err
	}
	all, err := s.Templates(ctx, slug)
	if err != nil {
		return nil, 0, err
	}
	i := slices.IndexFunc(all.Items, func(one Template) bool { return one.Kind == kind })
	return &all.Items[i], t.Version, nil
}
