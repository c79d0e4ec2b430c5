package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestTemplatesAreEdited(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	api := &adminapi.API{Token: admin.NewToken(token), Admin: admin.New(admin.Options{
		Store: st, Keys: testkit.Keys(t), MailKinds: admin.MailKinds{Common: []string{"tenant"}, Kinds: []admin.MailKind{{
			Kind: "login_code", Channels: []string{"mail"}, Variables: []string{"code"}, Needs: []string{"code"},
			BuiltIn: tenants.MailTemplate{Subject: "Your code", Text: "{{.code}}"},
		}}},
	})}
	server := httptest.NewServer(api.Handler())
	defer server.Close()
	b := &bench{t: t, env: map[string]string{"VESTIBULE_ADMIN_URL": server.URL, "VESTIBULE_ADMIN_TOKEN": token}}
	run := func(status int, args ...string) (string, string) {
		t.Helper()
		return b.run(status, append([]string{"mail", "template"}, append(args, "--tenant", "acme")...)...)
	}
	built, _ := run(0, "show", "login_code")
	if !strings.Contains(built, `"subject": "Your code"`) || strings.Contains(built, "sms") {
		t.Errorf("printed\n%s", built)
	}
	b.in = strings.ReplaceAll(built, "Your code", "The code")
	if out, _ := run(0, "set", "login_code", "--template", "-"); out != "set login_code\n" {
		t.Errorf("printed %q", out)
	}
	if out, _ := run(0, "list"); !strings.Contains(out, "login_code    mail      subject, text  code\n") {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := run(0, "show", "login_code"); !strings.Contains(out, "The code") {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := run(0, "show", "login_code", "--built-in"); out != built {
		t.Errorf("printed\n%s", out)
	}
	b.in = `{"subject": 1}`
	if _, complaints := run(1, "set", "login_code", "--template", "-"); !strings.Contains(complaints, "subject: must be text") {
		t.Errorf("complains\n%s", complaints)
	}
	if out, _ := run(0, "reset", "login_code"); !strings.HasPrefix(out, "would reset the words of login_code (subject, text): ") || !strings.Contains(out, "--yes") {
		t.Errorf("printed %q", out)
	}
	if out, _ := run(0, "show", "login_code"); !strings.Contains(out, "The code") {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := run(0, "reset", "login_code", "--yes"); out != "reset login_code\n" {
		t.Errorf("printed %q", out)
	}
	if out, _ := run(0, "show", "login_code"); out != built {
		t.Errorf("printed\n%s", out)
	}
	run(1, "show", "birthday")
	run(1, "reset", "birthday")
	run(2, "set", "login_code")
}
