package admin_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// withMail is a house with two kinds of messages, which keeps what it was asked to preview.
func withMail(t *testing.T, answer error) (*house, *[]admin.PreviewInput, *[]*tenants.Tenant) {
	t.Helper()
	h := newHouse(t, "sqlite", nil)
	var asked []admin.PreviewInput
	var of []*tenants.Tenant
	h.Service = admin.New(admin.Options{
		Store: h.store, Directory: h.directory, Clock: h.clock, Keys: h.keys,
		MailKinds: admin.MailKinds{
			Kinds: []admin.MailKind{
				{Kind: "login_code", Channels: []string{"mail", "sms"}, Variables: []string{"code"}, Needs: []string{"code"}},
				{Kind: "password_changed", Channels: []string{"mail"}, Variables: []string{"ip", "at"}, Needs: []string{}},
			},
			Common: []string{"tenant"},
		},
		PreviewMail: func(t *tenants.Tenant, in admin.PreviewInput) (*admin.Preview, error) {
			asked, of = append(asked, in), append(of, t)
			return &admin.Preview{Subject: "Seen"}, answer
		},
	})
	return h, &asked, &of
}

func TestPreviewsAreAskedForInFull(t *testing.T) {
	h, asked, of := withMail(t, nil)
	h.create(t, "acme", `{"account":{"signup_enabled":false}}`)
	own := tenants.MailTemplate{Subject: "{{.code}}", Text: "{{.code}}", HTML: "<b>{{.code}}", SMS: "{{.code}}\n{{.tenant}}"}
	doc, err := json.Marshal(map[string]any{"kind": "login_code", "template": own, "variables": map[string]string{"code": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, given := range []string{
		string(doc), `{"kind":"login_code"}`, `{"kind":"login_code","template":null,"variables":null}`, `{"kind":"login_code","template":{ },"variables":{}}`,
	} {
		p, err := h.PreviewMail(t.Context(), "acme", json.RawMessage(given))
		if err != nil || p.Subject != "Seen" {
			t.Fatalf("%s: %v, %v", given, p, err)
		}
	}
	for i, want := range []admin.PreviewInput{
		{Kind: "login_code", Template: &own, Variables: map[string]string{"code": "1"}}, {Kind: "login_code"}, {Kind: "login_code"},
		{Kind: "login_code", Template: &tenants.MailTemplate{}},
	} {
		got := (*asked)[i]
		if got.Kind != want.Kind || !maps.Equal(got.Variables, want.Variables) || (got.Template == nil) != (want.Template == nil) ||
			got.Template != nil && *got.Template != *want.Template {
			t.Errorf("%d: asked for %+v", i, got)
		}
	}
	if a := (*of)[0]; a.Slug != "acme" || a.Name != "The acme" || a.Settings.Account.SignupEnabled || a.PublicURL() != "https://acme.example" {
		t.Errorf("of %+v", a)
	}
}

func TestPreviewsOfWhatMakesNoSense(t *testing.T) {
	h, asked, _ := withMail(t, &admin.Invalid{Faults: []admin.Fault{{Path: "template.text", Message: "b"}, {Path: "template.sms", Message: "a"}}})
	h.create(t, "acme", "")
	for name, c := range map[string]struct {
		doc  string
		want []string
	}{
		"nothing at all":         {`{}`, []string{"kind"}},
		"no kind of message":     {`{"kind":"birthday","variables":{"x":"y"}}`, []string{"kind"}},
		"a kind that is no text": {`{"kind":1,"slug":"x","more":2}`, []string{"kind", "more", "slug"}},
		"a member twice": {`{"kind":"login_code","template":{"subject":"a\nb","text":"{{","html":1,"sms":"{{end}}","txt":"x","text":""}}`,
			[]string{"template.html", "template.sms", "template.subject", "template.text", "template.txt"}},
		"no templates": {`{"kind":"login_code","template":{"subject":"a\nb","text":"{{","html":1,"sms":"{{end}}","txt":"x"}}`,
			[]string{"template.html", "template.sms", "template.subject", "template.text", "template.txt"}},
		"a template that is none": {`{"kind":"login_code","template":"{{.code}}","variables":[]}`, []string{"template", "variables"}},
		"a list of templates":     {`{"kind":"login_code","template":[]}`, []string{"template"}},
		"variables of another kind": {`{"kind":"password_changed","variables":{"code":"1","at":2,"a b":"x"}}`,
			[]string{"variables.at", "variables.code", `variables["a b"]`}},
		"what cannot be sent": {`{"kind":"login_code"}`, []string{"template.sms", "template.text"}},
	} {
		_, err := h.PreviewMail(t.Context(), "acme", json.RawMessage(c.doc))
		if got := paths(t, err); !slices.Equal(got, c.want) {
			t.Errorf("%s: faults at %q: %v", name, got, err)
		}
	}
	if len(*asked) != 1 {
		t.Errorf("%d were rendered", len(*asked))
	}
	_, err := h.PreviewMail(t.Context(), "acme", json.RawMessage(`{"kind":"birthday"}`))
	if err == nil || !strings.Contains(err.Error(), "login_code, password_changed") {
		t.Errorf("the kinds there are, are not told: %v", err)
	}
	if _, err := h.PreviewMail(t.Context(), "nobody", json.RawMessage(`{"kind":"birthday"}`)); !refusal.Is(err, refusal.Missing) {
		t.Errorf("nobody: %v", err)
	}
}

func TestFaultsOfTemplatesHaveTheirPlaceInTheSettings(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	h.create(t, "acme", "")
	h.Service = admin.New(admin.Options{Store: h.store, Keys: testkit.Keys(t), CheckTemplate: func(kind string, _ tenants.MailTemplate) error {
		switch kind {
		case "login_code":
			return &admin.Invalid{Faults: []admin.Fault{{Path: "sms", Message: "x"}, {Path: "text", Message: "x"}}}
		case "birthday":
			return &admin.Invalid{Faults: []admin.Fault{{Message: "x"}}}
		}
		return errors.New("x")
	}})
	_, err := h.patch(t, "acme", `{"config":{"email":{"templates":{"login_code":{"text":"x"},"birthday":{"text":"x"},"other":{"text":"x"}}}}}`)
	const place = "config.email.templates."
	if got := paths(t, err); !slices.Equal(got, []string{place + "birthday", place + "login_code.sms", place + "login_code.text", place + "other"}) {
		t.Errorf("faults at %q", got)
	}
}
