package app_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestEveryKindOfMessageHasAPreview(t *testing.T) {
	s := boot(t, "sqlite")
	host := s.tenant(`{"branding": {"name": "Acme"}}`)
	slug := strings.TrimSuffix(host, ".localhost")
	status, body := s.admin(http.MethodGet, "/admin/v1/mail-kinds", nil)
	var kinds struct {
		Items []struct {
			Kind                string
			Channels, Variables []string
		}
		Common []string
	}
	if err := json.Unmarshal([]byte(body), &kinds); err != nil || status != http.StatusOK || len(kinds.Items) < 14 || len(kinds.Common) < 6 {
		t.Fatalf("%d %s (%v)", status, body, err)
	}
	for _, k := range kinds.Items {
		status, body := s.admin(http.MethodPost, "/admin/v1/tenants/"+slug+"/mail-preview", map[string]any{"kind": k.Kind})
		var p struct {
			Subject, Text, HTML, SMS string
			Variables                map[string]string
		}
		if err := json.Unmarshal([]byte(body), &p); err != nil || status != http.StatusOK {
			t.Errorf("%s: %d %s", k.Kind, status, body)
			continue
		}
		if (p.Text != "" && p.HTML != "" && strings.HasPrefix(p.Subject, "[Test] ")) != slices.Contains(k.Channels, "mail") ||
			(p.SMS != "") != slices.Contains(k.Channels, "sms") || p.Variables["tenant"] != "Acme" {
			t.Errorf("%s: %s", k.Kind, body)
		}
	}
}

func TestPreviewShowsWhatWouldBeSaved(t *testing.T) {
	s := boot(t, "sqlite")
	slug := strings.TrimSuffix(s.tenant(""), ".localhost")
	preview := func(in string) (int, string) {
		t.Helper()
		return s.admin(http.MethodPost, "/admin/v1/tenants/"+slug+"/mail-preview", json.RawMessage(in))
	}
	save := func(template string) (int, string) {
		t.Helper()
		return s.admin(http.MethodPatch, "/admin/v1/tenants/"+slug, json.RawMessage(`{"config": {"email": {"templates": {"login_code": `+template+`}}}}`))
	}
	for name, c := range map[string]struct{ template, part, reason string }{
		"a text without the code":  {`{"text": "hello"}`, "text", "leaves out {{.code}}"},
		"an SMS without the code":  {`{"sms": "hello"}`, "sms", "leaves out {{.code}}"},
		"a loop":                   {`{"html": "{{range .code}}{{end}}{{.code}}"}`, "html", "has {{range .code}}"},
		"a variable there is not":  {`{"subject": "{{.cod}}"}`, "subject", "names {{.cod}}"},
		"what is not a template":   {`{"sms": "{{"}`, "sms", "is not a Go template"},
		"a member there is not":    {`{"txt": "{{.code}}"}`, "txt", "unknown key"},
		"a subject of two lines":   {`{"subject": "a\nb"}`, "subject", "one line"},
		"a text that is a number":  {`{"text": 1}`, "text", "must be text"},
		"a subject beyond measure": {`{"subject": "` + strings.Repeat("x", 1001) + `"}`, "subject", "1000"},
	} {
		for place, answer := range map[string]func() (int, string){
			"template":                          func() (int, string) { return preview(`{"kind": "login_code", "template": ` + c.template + `}`) },
			"config.email.templates.login_code": func() (int, string) { return save(c.template) },
		} {
			status, body := answer()
			var p struct {
				Errors []struct{ Path, Message string }
			}
			if err := json.Unmarshal([]byte(body), &p); err != nil || status != http.StatusUnprocessableEntity || len(p.Errors) != 1 ||
				p.Errors[0].Path != place+"."+c.part || !strings.Contains(p.Errors[0].Message, c.reason) {
				t.Errorf("%s: %d %s", name, status, body)
			}
		}
	}
	status, body := preview(`{"kind": "login_code", "variables": {"code": ""}}`)
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, `"path":"variables"`) {
		t.Errorf("without a code: %d %s", status, body)
	}
	if status, body := save(`{"sms": "Code {{.code}}", "text": "Mailed {{.code}}"}`); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if _, body := preview(`{"kind": "login_code", "variables": {"code": "123"}}`); !strings.Contains(body, `"text":"Mailed 123","html":"","sms":"Code 123"`) {
		t.Errorf("the tenant's own: %s", body)
	}
	if _, body := preview(`{"kind": "login_code", "template": {}}`); strings.Contains(body, "Mailed") || !strings.Contains(body, "is your code to log in at Test.") {
		t.Errorf("the built-in one: %s", body)
	}
}

// A template for links may be saved while people get codes, since one for either will do. The preview tells.
func TestPreviewOfASavedTemplateThatDoesNotFit(t *testing.T) {
	s := boot(t, "sqlite")
	slug := strings.TrimSuffix(s.tenant(`{"account": {"email_verification": "mandatory", "email_verification_by_code_enabled": true},
		"email": {"templates": {"email_confirmation": {"text": "{{.url}}"}}}}`), ".localhost")
	status, body := s.admin(http.MethodPost, "/admin/v1/tenants/"+slug+"/mail-preview", json.RawMessage(`{"kind": "email_confirmation"}`))
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, `"path":"config.email.templates.email_confirmation.text","message":"leaves out {{.code}}"`) {
		t.Errorf("%d %s", status, body)
	}
}
