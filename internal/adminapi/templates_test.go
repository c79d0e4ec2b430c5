package adminapi_test

import (
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestMailPreviewsOverTheWire(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.api.Admin = admin.New(admin.Options{
		Store: d.store, Keys: testkit.Keys(t),
		MailKinds: admin.MailKinds{
			Kinds:  []admin.MailKind{{Kind: "login_code", Channels: []string{"mail", "sms"}, Variables: []string{"code"}, Needs: []string{"code"}}},
			Common: []string{"tenant"},
		},
		PreviewMail: func(_ *tenants.Tenant, in admin.PreviewInput) (*admin.Preview, error) {
			return &admin.Preview{Subject: "S", Text: in.Template.Text, Variables: in.Variables}, nil
		},
	})
	d.create("acme")
	kinds := d.want(d.do("GET", "/admin/v1/mail-kinds", ""), 200)
	if want := "{\"items\":[{\"kind\":\"login_code\",\"channels\":[\"mail\",\"sms\"],\"variables\":[\"code\"],\"needs\":[\"code\"]}],\"common\":[\"tenant\"]}\n"; string(kinds.body) != want {
		t.Errorf("the kinds are %s", kinds.body)
	}
	const path = "/admin/v1/tenants/acme/mail-preview"
	p := d.want(d.do("POST", path, `{"kind":"login_code","template":{"text":"<{{.code}}>"},"variables":{"code":"1"}}`), 200)
	if p.text(t, "subject") != "S" || p.text(t, "text") != "<{{.code}}>" || p.text(t, "variables.code") != "1" {
		t.Errorf("the preview is %s", p.body)
	}
	if got := faultPaths(t, d.want(d.do("POST", path, `{"kind":"birthday"}`), 422)); len(got) != 1 || got[0] != "kind" {
		t.Errorf("faults at %q", got)
	}
	d.want(d.do("POST", path, `{"kind":"birthday"}`, "Content-Type: text/plain"), 415)
	d.want(d.do("POST", path, `[]`), 400)
	d.want(d.do("POST", "/admin/v1/tenants/nobody/mail-preview", `{"kind":"login_code"}`), 404)
	d.want(d.do("GET", path, ""), 405)
}
