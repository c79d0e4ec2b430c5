package adminapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

const yamlBody = "Content-Type: application/yaml"

func TestDocumentInYAMLGoesInAndComesOut(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		doc := `# the one customer that we have
slug: acme
name: Acme
hosts: [acme.example]
config:
  account:
    login_methods: [email]
    signup_fields: ["email*", "password1*"]
  sms: {webhook_url: "https://sms.example/x", webhook_secret: ` + secretSauce + `}
`
		dry := d.want(d.do("PUT", "/admin/v1/tenants/acme?dry_run=true", doc, yamlBody), 200)
		if dry.text(t, "outcome") != "created" || dry.text(t, "tenant") != "<nil>" {
			t.Errorf("rehearsed %s", dry.body)
		}
		d.want(d.do("GET", "/admin/v1/tenants/acme", ""), 404)
		made := d.want(d.do("PUT", "/admin/v1/tenants/acme", doc, yamlBody), 201)
		if made.Header.Get("Location") != "/admin/v1/tenants/acme" || made.Header.Get("ETag") != `"1"` || made.text(t, "tenant.slug") != "acme" {
			t.Errorf("made %v %s", made.Header, made.body)
		}
		for _, same := range []*answer{
			d.do("PUT", "/admin/v1/tenants/acme", doc, yamlBody), d.do("PUT", "/admin/v1/tenants/acme", doc, yamlBody, `If-Match: "1"`),
		} {
			if d.want(same, 200).text(t, "outcome") != "unchanged" || same.text(t, "changes") != "[]" || same.Header.Get("ETag") != `"1"` {
				t.Errorf("again %s", same.body)
			}
		}
		d.want(d.do("PUT", "/admin/v1/tenants/acme", doc, yamlBody, `If-Match: "7"`), 412)
		d.want(d.do("PUT", "/admin/v1/tenants/acme", doc+"version: 7\n", yamlBody), 409)
		d.want(d.do("PUT", "/admin/v1/tenants/acme?dry_run=perhaps", doc, yamlBody), 400)
		shown := d.want(d.do("GET", "/admin/v1/tenants/acme", "", "Accept: application/yaml"), 200)
		other := d.want(d.do("GET", "/admin/v1/tenants/acme?format=yaml", ""), 200)
		if shown.Header.Get("Content-Type") != "application/yaml" || string(shown.body) != string(other.body) ||
			!strings.HasPrefix(string(shown.body), "slug: acme\nname: Acme\nhosts:\n") || strings.Contains(string(shown.body), secretSauce) {
			t.Errorf("shown is %v\n%s", shown.Header, shown.body)
		}
		if same := d.want(d.do("PUT", "/admin/v1/tenants/acme", string(shown.body), yamlBody), 200); same.text(t, "outcome") != "unchanged" {
			t.Errorf("what was shown changes it: %s", same.body)
		}
		d.want(d.do("GET", "/admin/v1/tenants/acme?format=xml", ""), 400)
		d.want(d.do("GET", "/admin/v1/tenants/acme?format=json", "", "Accept: application/yaml"), 200)
	})
}

// Faults of a document in YAML are told with their lines, whoever finds them.
func TestFaultsInYAMLHaveTheirLines(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("taken")
	faults := func(a *answer, status int) string {
		t.Helper()
		var p struct {
			Errors []struct {
				Path string
				Line int
			}
		}
		if err := json.Unmarshal(d.want(a, status).body, &p); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, f := range p.Errors {
			all = append(all, fmt.Sprintf("%d %s", f.Line, f.Path))
		}
		return strings.Join(all, ", ")
	}
	doc := "name: Acme\nhosts:\n- acme.example\n- _\nconfig:\n  account:\n    login_methods: [fax]\n    signup_enabled: yes\n  acount: {}\n"
	want := "7 config.account.login_methods[0], 8 config.account.signup_enabled, 9 config.acount, 4 hosts[1]"
	for _, a := range []*answer{
		d.do("PUT", "/admin/v1/tenants/acme", doc, yamlBody), d.do("POST", "/admin/v1/tenants/taken/validate", doc, yamlBody),
		d.do("POST", "/admin/v1/tenants", "slug: acme\n"+doc, yamlBody),
	} {
		if got := faults(a, 422); got != want && got != "8 config.account.login_methods[0], 9 config.account.signup_enabled, 10 config.acount, 5 hosts[1]" {
			t.Errorf("faults at %s", got)
		}
	}
	if got := faults(d.do("PUT", "/admin/v1/tenants/acme", "name: A\nhosts:\n- a.example\n- taken.example\n", yamlBody), 409); got != "4 hosts[1]" {
		t.Errorf("a host that is taken: %s", got)
	}
	for text, want := range map[string]string{
		"name: A\nname: B\n": "2 name", "name: &a A\nx: *a\n": "1 name, 2 x", "name: A\nhosts: [0x1F]\n": "2 hosts[0]", "a: [": "2 ", "- a\n": "0 ",
		"name: A\n---\nname: B\n": "2 ", "": "1 ",
	} {
		if text == "" {
			continue // it is no body at all
		}
		if got := faults(d.do("PUT", "/admin/v1/tenants/acme", text, yamlBody), 400); got != want {
			t.Errorf("%q: faults at %q", text, got)
		}
	}
	d.want(d.do("PUT", "/admin/v1/tenants/acme", "name: "+strings.Repeat("x", 1<<20), yamlBody), 413)
	d.want(d.do("PATCH", "/admin/v1/tenants/taken", "name: A", yamlBody), 415)
	d.want(d.do("PUT", "/admin/v1/tenants/acme", `{"name":"A"}`, "Content-Type: application/merge-patch+json"), 415)
}

func TestVersionsOverTheWire(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	d.want(d.do("PATCH", "/admin/v1/tenants/acme", `{"name":"New","note":"why not"}`), 200)
	d.want(d.do("POST", "/admin/v1/tenants/acme/suspend", `{"note":"unpaid"}`, `If-Match: "1"`), 412)
	if a := d.want(d.do("POST", "/admin/v1/tenants/acme/suspend", `{"note":"unpaid"}`), 200); a.text(t, "state") != "suspended" || a.Header.Get("ETag") != `"3"` {
		t.Errorf("suspended: %s", a.body)
	}
	if a := d.want(d.do("POST", "/admin/v1/tenants/acme/resume", `{}`), 200); a.text(t, "state") != "active" {
		t.Errorf("resumed: %s", a.body)
	}
	var page struct {
		Items []struct {
			Version int64
			Note    string
			Actor   struct{ Kind, Name string }
		}
		Next *string `json:"next_cursor"`
	}
	if err := json.Unmarshal(d.want(d.do("GET", "/admin/v1/tenants/acme/versions?limit=3", ""), 200).body, &page); err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 3 || page.Items[0].Version != 4 || page.Items[1].Note != "unpaid" || page.Items[0].Actor.Kind != "break_glass" || page.Next == nil {
		t.Errorf("listed %+v", page)
	}
	d.want(d.do("GET", "/admin/v1/tenants/acme/versions?cursor="+*page.Next, ""), 200)
	if a := d.want(d.do("GET", "/admin/v1/tenants/acme/versions/1", ""), 200); a.text(t, "name") != "The acme" || a.text(t, "config.account.login_methods") != "[email]" {
		t.Errorf("the first is %s", a.body)
	}
	for _, n := range []string{"9", "0", "-1", "x", "99999999999999999999"} {
		d.want(d.do("GET", "/admin/v1/tenants/acme/versions/"+n, ""), 404)
	}
	if a := d.want(d.do("GET", "/admin/v1/tenants/acme/diff?from=1", ""), 200); string(a.body) != `{"changes":[{"path":"name","before":"The acme","after":"New"}]}`+"\n" {
		t.Errorf("the difference is %s", a.body)
	}
	d.want(d.do("GET", "/admin/v1/tenants/acme/diff?from=2&to=3", ""), 200)
	for _, query := range []string{"", "?from=x", "?from=0", "?from=1&to=-1", "?from=1&more=1"} {
		d.want(d.do("GET", "/admin/v1/tenants/acme/diff"+query, ""), 400)
	}
	d.want(d.do("GET", "/admin/v1/tenants/acme/diff?from=77", ""), 404)
	if a := d.want(d.do("POST", "/admin/v1/tenants/acme/rollback", `{"version":1}`, `If-Match: "4"`), 200); a.text(t, "name") != "The acme" || a.Header.Get("ETag") != `"5"` {
		t.Errorf("rolled back: %s", a.body)
	}
	d.want(d.do("POST", "/admin/v1/tenants/acme/rollback", `{"version":1}`, `If-Match: "4"`), 412)
	d.want(d.do("POST", "/admin/v1/tenants/acme/rollback", `{"version":77}`), 422)
	a := d.want(d.do("POST", "/admin/v1/tenants/acme/validate", `{"name":"X"}`, "Content-Type: application/merge-patch+json"), 200)
	if a.text(t, "dry_run") != "true" || a.text(t, "outcome") != "changed" || a.text(t, "tenant.name") != "The acme" {
		t.Errorf("validated: %s", a.body)
	}
}

func TestHostsOverTheWire(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	d.create("bolt")
	if a := d.want(d.do("POST", "/admin/v1/tenants/acme/hosts", `{"host":"www.acme.example","first":true}`), 200); a.text(t, "hosts") != "[www.acme.example acme.example]" {
		t.Errorf("added: %s", a.body)
	}
	if got := faultPaths(t, d.want(d.do("POST", "/admin/v1/tenants/acme/hosts", `{"host":"bolt.example"}`), 409)); !slices.Equal(got, []string{"host"}) {
		t.Errorf("faults at %q", got)
	}
	d.want(d.do("DELETE", "/admin/v1/tenants/acme/hosts/bolt.example", ""), 404)
	d.want(d.do("DELETE", "/admin/v1/tenants/acme/hosts/acme.example", "", `If-Match: "1"`), 412)
	if a := d.want(d.do("DELETE", "/admin/v1/tenants/acme/hosts/acme.example", ""), 200); a.text(t, "hosts") != "[www.acme.example]" {
		t.Errorf("removed: %s", a.body)
	}
	d.want(d.do("DELETE", "/admin/v1/tenants/acme/hosts/www.acme.example", ""), 422)
}

func TestDeletedTenantsOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		id := d.create("acme").text(t, "id")
		d.want(d.do("DELETE", "/admin/v1/tenants/acme", ""), 204)
		var page struct{ Items []struct{ ID, Slug string } }
		if err := json.Unmarshal(d.want(d.do("GET", "/admin/v1/deleted-tenants", ""), 200).body, &page); err != nil {
			t.Fatal(err)
		}
		if len(page.Items) != 1 || page.Items[0].ID != id || page.Items[0].Slug != "acme" {
			t.Errorf("listed %+v", page)
		}
		d.create("acme")
		path := "/admin/v1/deleted-tenants/" + id
		if got := faultPaths(t, d.want(d.do("POST", path+"/restore", `{}`), 409)); !slices.Equal(got, []string{"slug"}) {
			t.Errorf("faults at %q", got)
		}
		back := d.want(d.do("POST", path+"/restore", `{"slug":"acme-2","hosts":["2.example"]}`), 200)
		if back.Header.Get("Location") != "/admin/v1/tenants/acme-2" || back.text(t, "id") != id {
			t.Errorf("restored %v %s", back.Header, back.body)
		}
		d.want(d.do("DELETE", path, ""), 404)
		d.want(d.do("DELETE", "/admin/v1/tenants/acme-2", ""), 204)
		d.want(d.do("DELETE", path, ""), 204)
		d.want(d.do("DELETE", path, ""), 404)
		d.want(d.do("POST", path+"/restore", `{"slug":"acme-3"}`), 404)
		d.want(d.do("POST", "/admin/v1/deleted-tenants/x/restore", `{}`), 404)
	})
}

func TestTenantsAreSearchedOverTheWire(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	for _, slug := range []string{"acme", "bolt", "bond"} {
		d.create(slug)
	}
	d.want(d.do("POST", "/admin/v1/tenants/bond/suspend", `{}`), 200)
	for query, want := range map[string]int{"q=bo": 2, "q=THE": 3, "q=bo&state=suspended": 1, "state=active": 2, "q=x": 0, "q=": 3} {
		var page struct{ Items []any }
		if err := json.Unmarshal(d.want(d.do("GET", "/admin/v1/tenants?"+query, ""), 200).body, &page); err != nil || len(page.Items) != want {
			t.Errorf("%s: %d items, %v", query, len(page.Items), err)
		}
	}
	d.want(d.do("GET", "/admin/v1/tenants?state=deleted", ""), 400)
	// Whoever has a role with one tenant is shown that one, and makes none of another by applying.
	_, narrow := d.newToken(`{"name":"n","grants":[{"role":"admin","tenant":"bolt"}]}`)
	var page struct{ Items []struct{ Slug string } }
	if err := json.Unmarshal(d.want(d.do("GET", "/admin/v1/tenants", "", as(narrow)), 200).body, &page); err != nil || len(page.Items) != 1 || page.Items[0].Slug != "bolt" {
		t.Errorf("shown %+v", page)
	}
	doc := `{"name":"X","hosts":["x.example"]}`
	d.want(d.do("PUT", "/admin/v1/tenants/acme", doc, as(narrow)), 404)
	d.want(d.do("PUT", "/admin/v1/tenants/new", doc, as(narrow)), 404)
	d.want(d.do("PUT", "/admin/v1/tenants/bolt", doc, as(narrow)), 200)
	_, developer := d.newToken(`{"name":"d","grants":[{"role":"developer"}]}`)
	d.want(d.do("PUT", "/admin/v1/tenants/new", doc, as(developer)), http.StatusForbidden)
	if a := d.want(d.do("PATCH", "/admin/v1/tenants/acme", `{"state":"suspended"}`, as(developer)), http.StatusForbidden); !strings.Contains(string(a.body), "tenants.suspend") {
		t.Errorf("forbidden for %s", a.body)
	}
}

func TestTemplateOverTheWire(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.want(d.do("POST", "/admin/v1/tenants", `{"slug":"like","name":"L","hosts":["l.example"],"config":{"email":{"smtp_url":"smtp://me:`+secretSauce+`@mail.example"},
		"cookies":{"session_age":600}}}`), 201)
	made := d.want(d.do("POST", "/admin/v1/tenants", `{"slug":"one","name":"One","hosts":["one.example"],"template":"like"}`), 201)
	if made.text(t, "config.cookies.session_age") != "600" || made.text(t, "config.email.smtp_url") != "<nil>" {
		t.Errorf("made %s", made.body)
	}
	made = d.want(d.do("POST", "/admin/v1/tenants", `{"slug":"two","name":"Two","hosts":["two.example"],"template":"like","template_secrets":true}`), 201)
	if made.text(t, "config.email.smtp_url") != "smtp://me:"+tenants.Mask+"@mail.example" {
		t.Errorf("made %s", made.body)
	}
}

// Whatever a configuration has in it, its document makes the same tenant again: elsewhere, too, where nothing is masked.
func TestEveryDocumentMakesTheSameTenantAgain(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	config := `{"account":{"login_methods":["email","username"],"rate_limits":{"login":"","signup":"5/m/ip"},"email_subject_prefix":"",
		"signup_fields":["username*","email*","password1*"]},
		"email":{"from":"\"Ännä: #1\" <a@example.org>","templates":{"login_code":{"subject":" {{.Code}}: yes","text":"Hi,\n\n  {{.Code}}\n# no comment\n\n","html":"<p>{{.Code}}</p>\n"}}},
		"cookies":{"secure":true,"samesite":"Lax","session_age":1209600},
		"headless":{"token_strategy":"jwt","jwt_claims":{"yes":"no","n":1.5,"s":"0x1F","d":"2026-01-01","e":["~","",null,{"k":"- x"}]}}}`
	made := d.do("POST", "/admin/v1/tenants", `{"slug":"full","name":"yes","hosts":["full.example"],"config":`+config+`}`)
	if made.StatusCode != 201 {
		t.Fatalf("the configuration is not taken: %s", made.body)
	}
	doc := string(d.want(d.do("GET", "/admin/v1/tenants/full?format=yaml", ""), 200).body)
	if a := d.want(d.do("PUT", "/admin/v1/tenants/full", doc, yamlBody), 200); a.text(t, "outcome") != "unchanged" {
		t.Errorf("its document changes it: %s\n%s", a.body, doc)
	}
	copied := strings.NewReplacer("slug: full", "slug: copied", "full.example", "copied.example").Replace(doc)
	a := d.want(d.do("PUT", "/admin/v1/tenants/copied", copied, yamlBody), 201)
	if a.text(t, "tenant.config") != made.text(t, "config") || a.text(t, "tenant.name") != "yes" {
		t.Errorf("the copy is %s", a.body)
	}
}
