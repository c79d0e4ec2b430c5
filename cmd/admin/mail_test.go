package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// withMail is a bench beside a server that knows two kinds of messages, and the tenant acme.
func withMail(t *testing.T) *bench {
	t.Helper()
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	api := &adminapi.API{Token: admin.NewToken(token), Admin: admin.New(admin.Options{
		Store: st, Keys: testkit.Keys(t),
		MailKinds: admin.MailKinds{
			Kinds: []admin.MailKind{
				{Kind: "login_code", Channels: []string{"mail", "sms"}, Variables: []string{"code"}, Needs: []string{"code"}},
				{Kind: "phone_verification", Channels: []string{"sms"}, Variables: []string{"code"}, Needs: []string{"code"}},
			},
			Common: []string{"tenant", "email"},
		},
		PreviewMail: func(a *tenants.Tenant, in admin.PreviewInput) (*admin.Preview, error) {
			p := &admin.Preview{SMS: "texted " + in.Variables["code"]}
			if in.Kind == "login_code" {
				p.Subject, p.Text, p.HTML = a.Slug+"'s", "mailed "+in.Variables["code"]+"\n", "<p>mailed\n"
			}
			if in.Template != nil {
				p.Text = in.Template.Text
			}
			return p, nil
		},
	})}
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	return &bench{t: t, env: map[string]string{"VESTIBULE_ADMIN_URL": server.URL, "VESTIBULE_ADMIN_TOKEN": token}}
}

func TestMailKindsAreListed(t *testing.T) {
	b := withMail(t)
	out, _ := b.run(0, "mail", "kinds")
	const want = "KIND                CHANNELS   VARIABLES\n" +
		"login_code          mail, sms  code\n" +
		"phone_verification  sms        code\n" +
		"(every kind)                   tenant, email\n"
	if out != want {
		t.Errorf("the list is\n%s", out)
	}
	if out, _ := b.run(0, "mail", "kinds", "-o", "json"); !strings.Contains(out, `"kind": "login_code"`) {
		t.Errorf("as JSON it is\n%s", out)
	}
}

func TestMailIsPreviewed(t *testing.T) {
	b := withMail(t)
	template := filepath.Join(t.TempDir(), "template.json")
	if err := os.WriteFile(template, []byte(`{"text": "mine {{.code}}"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"Subject: acme's\n\nmailed 12\n\nSMS: texted 12\n": {"--kind", "login_code", "--var", "code=12"},
		"mailed 12\n":                   {"--kind", "login_code", "--var", "code=12", "--text"},
		"<p>mailed\n":                   {"--kind", "login_code", "--html"},
		"mailed \n\n<p>mailed\n":        {"--kind", "login_code", "--html", "--text"},
		"texted 1\n":                    {"--kind", "login_code", "--sms", "--var", "code=1"},
		"SMS: texted 1,2=3\n":           {"--kind", "phone_verification", "--var", "code=1,2=3"},
		"mine {{.code}}\n":              {"--kind", "login_code", "--text", "--template", template},
		"{\n  \"subject\": \"acme's\",": {"--kind", "login_code", "-o", "json"},
	} {
		out, _ := b.run(0, append([]string{"mail", "preview", "--tenant", "acme"}, args...)...)
		if out != want && !(args[2] == "-o" && strings.HasPrefix(out, want)) {
			t.Errorf("%q: %q", args, out)
		}
	}
	b.in = `{"text": "{{.code}}", "txt": 1}`
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{1, "template.txt: unknown key", []string{"--tenant", "acme", "--kind", "login_code", "--template", "-"}},
		{1, "kind: must be one of", []string{"--tenant", "acme", "--kind", "birthday"}},
		{1, "There is no such thing.", []string{"--tenant", "nobody", "--kind", "login_code"}},
		{1, "messages of this kind have no HTML", []string{"--tenant", "acme", "--kind", "phone_verification", "--html"}},
		{1, "no such file", []string{"--tenant", "acme", "--kind", "login_code", "--template", template + "x"}},
		{2, `"kind"`, []string{"--tenant", "acme"}},
		{2, `"tenant"`, []string{"--kind", "login_code"}},
		{2, "--var must be", []string{"--tenant", "acme", "--kind", "login_code", "--var", "code"}},
	} {
		if _, complaints := b.run(c.status, append([]string{"mail", "preview"}, c.args...)...); !strings.Contains(complaints, c.want) {
			t.Errorf("%q: %s", c.args, complaints)
		}
	}
	b.run(2, "mail")
}
