package adminapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/store"
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

func TestTemplatesAreEditedAndReset(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		kinds := admin.MailKinds{Common: []string{"tenant"}, Kinds: []admin.MailKind{
			{Kind: "login_code", Channels: []string{"mail", "sms"}, Variables: []string{"code"}, Needs: []string{"code"}, BuiltIn: tenants.MailTemplate{Subject: "Your code"}},
			{Kind: "password_set", Channels: []string{"mail"}, Variables: []string{}, Needs: []string{}},
		}}
		d.api.Admin = admin.New(admin.Options{
			Store: d.store, Clock: d.clock, Keys: testkit.Keys(t), MailKinds: kinds,
			CheckTemplate: func(_ string, own tenants.MailTemplate) error {
				if own.Text != "" && !strings.Contains(own.Text, "{{.code}}") {
					return &admin.Invalid{Faults: []admin.Fault{{Path: "text", Message: "leaves out {{.code}}"}}}
				}
				return nil
			},
		})
		d.create("acme")
		const base = "/admin/v1/tenants/acme/templates"
		list := func() (own, builtin string) {
			t.Helper()
			var all admin.Templates
			if err := json.Unmarshal(d.want(d.do("GET", base, ""), 200).body, &all); err != nil || len(all.Items) != 2 || all.Common[0] != "tenant" {
				t.Fatalf("the list is %+v, %v", all, err)
			}
			if all.Items[0].Own == nil {
				return "none", all.Items[0].BuiltIn.Subject
			}
			return all.Items[0].Own.Subject + "|" + all.Items[0].Own.Text, all.Items[0].BuiltIn.Subject
		}
		if own, builtin := list(); own != "none" || builtin != "Your code" {
			t.Errorf("got %q and %q", own, builtin)
		}
		put := d.want(d.do("PUT", base+"/login_code", `{"subject": "Hello", "text": "It is {{.code}}"}`, `If-Match: "1"`), 200)
		if put.Header.Get("ETag") != `"2"` || put.text(t, "own.subject") != "Hello" || put.text(t, "own.html") != "" {
			t.Errorf("put %v %s", put.Header, put.body)
		}
		d.want(d.do("PUT", base+"/login_code", `{"text": "Only {{.code}}"}`), 200) // the whole template, and no patch of it
		if own, _ := list(); own != "|Only {{.code}}" {
			t.Errorf("the tenant's own is %q", own)
		}
		d.want(d.do("PUT", base+"/login_code", `{"subject": "x"}`, `If-Match: "1"`), 412)
		for body, want := range map[string]string{
			`{}`: "", `{"subject": ""}`: "", `{"subject": 1}`: "subject", `{"body": "x"}`: "body", `{"text": "no code"}`: "text", `{"subject": null}`: "subject",
		} {
			if paths := strings.Join(faultPaths(t, d.want(d.do("PUT", base+"/login_code", body), 422)), " "); paths != want {
				t.Errorf("%s: the faults are of %q, not %q", body, paths, want)
			}
		}
		for _, kind := range []string{"birthday", "login_code%22", "x"} {
			d.want(d.do("PUT", base+"/"+kind, `{"subject": "x"}`), 404)
			d.want(d.do("DELETE", base+"/"+kind, ""), 404)
		}
		d.want(d.do("DELETE", base+"/login_code", "", `If-Match: "1"`), 412)
		if reset := d.want(d.do("DELETE", base+"/login_code", ""), 204); reset.Header.Get("ETag") != `"4"` {
			t.Errorf("reset with %v", reset.Header)
		}
		if reset := d.want(d.do("DELETE", base+"/login_code", ""), 204); reset.Header.Get("ETag") != `"4"` {
			t.Errorf("a reset of nothing makes version %s", reset.Header.Get("ETag"))
		}
		if own, _ := list(); own != "none" {
			t.Errorf("the tenant's own is %q", own)
		}
		changes := 0
		for _, e := range d.events(d.do("GET", "/admin/v1/tenants/acme", "").text(t, "id")) {
			if e.Action == store.TenantChanged {
				changes++
			}
		}
		if changes != 3 {
			t.Errorf("%d changes were noted", changes)
		}
	})
}
