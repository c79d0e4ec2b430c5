package post

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestTenantsOwnTexts(t *testing.T) {
	l := codeTo("+31612345678")
	for name, c := range map[string]struct{ own, want string }{
		"none":     {"", "BCDF-GHJK is your code to log in at Acme. Do not share it with anybody."},
		"one line": {" {{.code}} voor {{.tenant}}.\n", "BCDF-GHJK voor Acme."},
		"a code that browsers read": {"{{.code}} is your code.\r\n\r\n@app.example.org #{{.code}}",
			"BCDF-GHJK is your code.\n\n@app.example.org #BCDF-GHJK"},
		"the recipient is no address": {"{{.code}}{{.email}}{{.subject}}", "BCDF-GHJK"},
	} {
		a := acme(t, "acme")
		own := tenants.MailTemplate{SMS: c.own}
		a.Settings.Email.Templates = map[string]tenants.MailTemplate{"login_code": own}
		if got, err := RenderText(a, "login_code", l); err != nil || got != (Text{Body: c.want}) {
			t.Errorf("%s: %+v (%v)", name, got, err)
		}
		if err := CheckTemplates("login_code", own); err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
		m, err := Render(a, "login_code", Letter{To: "ann@example.org", Data: l.Data})
		if err != nil || m.Override != nil || !strings.Contains(m.HTML, "BCDF-GHJK") {
			t.Errorf("%s: the mail is %+v (%v)", name, m, err)
		}
	}
}

func TestFailingTextsGiveWayToTheBuiltIn(t *testing.T) {
	for name, own := range map[string]string{
		"does not parse":          "{{.code",
		"leaves out the code":     "Welcome!",
		"names what there is not": "{{.code}} {{.url}}",
		"a loop":                  "{{.code}}{{range 9}}{{end}}",
		"too long":                "{{.code}}" + strings.Repeat("x", maxText),
	} {
		a := acme(t, "acme")
		a.Settings.Email.Templates = map[string]tenants.MailTemplate{"login_code": {SMS: own}}
		got, err := RenderText(a, "login_code", codeTo("+31612345678"))
		if err != nil || got.Body != "BCDF-GHJK is your code to log in at Acme. Do not share it with anybody." {
			t.Errorf("%s: %+v (%v)", name, got, err)
		}
		if !errors.Is(got.Override, ErrTemplate) || strings.Contains(got.Override.Error(), "BCDF") {
			t.Errorf("%s: the reason is %v", name, got.Override)
		}
		var f Faults
		if err := CheckTemplates("login_code", tenants.MailTemplate{SMS: own}); !errors.As(err, &f) || len(f) != 1 || f[0].Part != "sms" {
			t.Errorf("%s: saved with %v", name, err)
		}
	}
	if err := CheckTemplates("account_already_exists", tenants.MailTemplate{SMS: "{{with .email}}{{.}}{{end}} "}); !errors.Is(err, ErrTemplate) {
		t.Errorf("an empty text was saved: %v", err)
	}
}

func TestEveryFaultOfATemplateIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		kind string
		own  tenants.MailTemplate
		want []string
	}{
		"each part": {"login_code", tenants.MailTemplate{Subject: "{{.cod}}", Text: "{{", HTML: "hi", SMS: "{{printf .code}}"}, []string{
			"sms calls printf, which is not available; and, or, not, eq, ne, len, html, urlquery are",
			"subject names {{.cod}}; what it may name is code, colour, email, logo_url, on_colour, subject, tenant",
			"text cannot be read: 1: unclosed action", "html leaves out {{.code}}"}},
		"a text where none goes out": {"password_changed", tenants.MailTemplate{SMS: "x"}, []string{
			"sms is of no use: messages of this kind are not texted"}},
		"a mail where none goes out": {"phone_verification", tenants.MailTemplate{Subject: "x", Text: "x", HTML: "x", SMS: "{{.code}}"}, []string{
			"subject is of no use: messages of this kind are not mailed", "text is of no use: messages of this kind are not mailed",
			"html is of no use: messages of this kind are not mailed"}},
		"one that fails": {"login_code", tenants.MailTemplate{Text: "{{.code}}{{len 1}}"}, []string{
			`text fails: 1:11: executing "template" at <len 1>: error calling len: len of type int`}},
	} {
		err := CheckTemplates(c.kind, c.own)
		if want := ErrTemplate.Error() + ": " + strings.Join(c.want, "; "); err == nil || err.Error() != want {
			t.Errorf("%s: %v, not\n%s", name, err, want)
		}
	}
}

func TestEveryKindCanBePreviewed(t *testing.T) {
	a := branded(t)
	a.Hosts = []string{"id.acme.example"}
	for _, k := range Kinds() {
		s, err := Preview(a, k.Name, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		mailed, texted := slices.Contains(k.Channels, store.Mail), slices.Contains(k.Channels, store.SMS)
		if (s.Subject != "" && s.Text != "" && s.HTML != "") != mailed || (s.Text != "" || s.HTML != "") != mailed || (s.SMS != "") != texted {
			t.Errorf("%s: %+v", k.Name, s)
		}
		for _, name := range k.Variables {
			value := s.Variables[name]
			if either := k.Needs; value == "" && len(either) > 1 && slices.Contains(either, name) {
				continue // a link or a code
			}
			if value == "" || isLink(name) && !strings.HasPrefix(value, "https://id.acme.example/") {
				t.Errorf("%s: the sample of %s is %q", k.Name, name, value)
			}
		}
		if want := slices.Sorted(slices.Values(slices.Concat(k.Variables, Common()))); !slices.Equal(slices.Sorted(maps.Keys(s.Variables)), want) {
			t.Errorf("%s: filled in with %v", k.Name, s.Variables)
		}
	}
}

func TestPreviewsAreWhatWouldBeSent(t *testing.T) {
	a := acme(t, "acme")
	saved := tenants.MailTemplate{Text: "saved {{.url}}"}
	a.Settings.Email.Templates = map[string]tenants.MailTemplate{"email_confirmation": saved}
	if s, err := Preview(a, "email_confirmation", nil, nil); err != nil || s.Text != "saved "+s.Variables["url"] || s.HTML != "" || s.Variables["code"] != "" {
		t.Errorf("the tenant's own: %+v (%v)", s, err)
	}
	s, err := Preview(a, "email_confirmation", &tenants.MailTemplate{Subject: "{{.tenant}}!"}, map[string]string{"url": "https://x.example/1"})
	if err != nil || s.Subject != "[Acme] Acme!" || !strings.Contains(s.Text, "\nhttps://x.example/1\n") || !strings.Contains(s.HTML, "https://x.example/1") {
		t.Errorf("a given one: %+v (%v)", s, err)
	}
	a.Settings.Account.EmailVerificationByCodeEnabled = true
	var f Faults
	if _, err := Preview(a, "email_confirmation", nil, nil); !errors.As(err, &f) || f[0] != (Fault{"text", "leaves out {{.code}}"}) {
		t.Errorf("a template for links, at a tenant of codes: %v", err)
	}
	s, err = Preview(a, "email_confirmation", &tenants.MailTemplate{}, nil)
	if err != nil || !strings.Contains(s.Text, "\nBCDF-GHJK\n") || strings.Contains(s.Text, "://") {
		t.Errorf("the built-in one: %+v (%v)", s, err)
	}
	s, err = Preview(a, "password_changed", nil, map[string]string{"password_reset_url": "", "user_agent": "see evil.example"})
	if err != nil || strings.Contains(s.Text, "://") || !strings.Contains(s.Text, "With: see evil example\n") {
		t.Errorf("given values: %+v (%v)", s, err)
	}
	if _, err := Preview(a, "email_confirmation", nil, map[string]string{"code": ""}); !errors.Is(err, ErrNothingToSay) {
		t.Errorf("without a code: %v", err)
	}
	if _, err := Preview(a, "no_such_kind", nil, nil); !errors.Is(err, ErrUnknownKind) {
		t.Errorf("an unknown kind: %v", err)
	}
}
