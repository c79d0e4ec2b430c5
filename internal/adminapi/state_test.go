package adminapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

const problemType = "urn:vestibule:problem:"

func TestWhatStandsInTheWayIsSaid(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		if err := d.api.Admin.MakeSystem(t.Context(), "http://localhost:9090"); err != nil {
			t.Fatal(err)
		}
		_, owner := d.newToken(`{"name":"n","grants":[{"role":"owner"}]}`)
		made := d.want(d.do("POST", "/admin/v1/operators", `{"email":"ann@example.org","grants":[{"role":"owner"}]}`), http.StatusCreated)
		at := made.Header.Get("Location")
		if at != "/admin/v1/operators/"+made.text(t, "id") {
			t.Errorf("the operator is at %q", at)
		}
		d.want(d.do("GET", at, ""), http.StatusOK)
		last := d.want(d.do("DELETE", at, "", as(owner)), http.StatusConflict)
		if last.text(t, "type") != problemType+"state" || !strings.Contains(string(last.body), "last owner") {
			t.Errorf("the last owner: %s", last.body)
		}

		d.create("acme")
		begun := d.want(d.do("POST", "/admin/v1/tenants/acme/imports", `{"format":"ndjson"}`), http.StatusCreated)
		at = begun.Header.Get("Location")
		if at != "/admin/v1/tenants/acme/imports/"+begun.text(t, "id") {
			t.Errorf("the import is at %q", at)
		}
		d.want(d.do("GET", at, ""), http.StatusOK)
		const lines = "Content-Type: application/x-ndjson"
		d.want(d.do("PUT", at+"/chunks/1", `{"email":"a@example.org"}`, lines), http.StatusNoContent)
		used := d.want(d.do("PUT", at+"/chunks/1", `{"email":"b@example.org"}`, lines), http.StatusConflict)
		if used.text(t, "type") != problemType+"state" || !slices.Equal(faultPaths(t, used), []string{"number"}) {
			t.Errorf("a used number: %s", used.body)
		}
		d.create("bolt")
		if taken := d.want(d.do("PATCH", "/admin/v1/tenants/bolt", `{"hosts":["acme.example"]}`), http.StatusConflict); taken.text(t, "type") != problemType+"taken" {
			t.Errorf("a host of another: %s", taken.body)
		}
	})
}

func TestWhoRanOutOfTimeIsToldWhenToComeBack(t *testing.T) {
	var broken error
	d := newDesk(t, "sqlite", func(string, string) error { return broken })
	d.create("acme")
	broken = context.DeadlineExceeded
	if a := d.want(d.do("GET", "/admin/v1/tenants/acme", ""), http.StatusServiceUnavailable); a.Header.Get("Retry-After") != "2" {
		t.Errorf("503 with %v", a.Header)
	}
}

func TestNullIsNoBoolean(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	for _, c := range []struct{ path, body, fault string }{
		{"", `{"slug":"b","name":"B","hosts":["b.example"],"template":"acme","template_secrets":null}`, "template_secrets"},
		{"/acme/hosts", `{"host":"b.example","first":null}`, "first"},
		{"/acme/keys/rotate", `{"now":null}`, "now"},
		{"/acme/keys", `{"private_key":"x","now":null}`, "now"},
		{"/acme/imports", `{"format":"csv","dry_run":null}`, "dry_run"},
		{"/acme/webhooks", `{"url":"https://hooks.example.org/x","events":["*"],"enabled":null}`, "enabled"},
	} {
		if a := d.want(d.do("POST", "/admin/v1/tenants"+c.path, c.body), http.StatusUnprocessableEntity); !slices.Equal(faultPaths(t, a), []string{c.fault}) {
			t.Errorf("%s %s: %s", c.path, c.body, a.body)
		}
	}
}

func TestAWebhooksConditionsHold(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		made := d.want(d.do("POST", "/admin/v1/tenants/acme/webhooks", `{"url":"https://hooks.example.org/x","events":["*"]}`), http.StatusCreated)
		at, tag := made.Header.Get("Location"), made.Header.Get("ETag")
		rotated := d.want(d.do("POST", at+"/rotate-secret", `{}`, "If-Match: "+tag), http.StatusOK)
		d.want(d.do("POST", at+"/rotate-secret", `{}`, "If-Match: "+tag), http.StatusPreconditionFailed)
		d.want(d.do("DELETE", at, "", "If-Match: "+tag), http.StatusPreconditionFailed)
		if now := d.want(d.do("GET", at, ""), http.StatusOK).Header.Get("ETag"); now != rotated.Header.Get("ETag") || now == tag {
			t.Errorf("it is %s, after %s and %s", now, tag, rotated.Header.Get("ETag"))
		}
		d.want(d.do("DELETE", at, "", "If-Match: "+rotated.Header.Get("ETag")), http.StatusNoContent)
		d.want(d.do("DELETE", at, "", "If-Match: *"), http.StatusNotFound)
	})
}

// What every row answers is what the document says, also of the operators' own tenant and of one whose secrets cannot be opened: the desk
// holds each answer against it.
func TestOddTenantsAreAnsweredAsTheDocumentSays(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	url := testkit.URL(t, "sqlite")
	testkit.AddTenant(t, testkit.OpenURL(t, url, nil), "lost", `{"sms":{"webhook_secret":"`+secretSauce+`"}}`)
	st := testkit.OpenURL(t, url, nil) // with keys of its own
	d.api.Admin = admin.New(admin.Options{Store: st, Flows: flowsOn(st), Clock: d.clock, Keys: testkit.Keys(t), MailKinds: admin.MailKinds{Common: []string{}}})
	if err := d.api.Admin.MakeSystem(t.Context(), "http://localhost:9090"); err != nil {
		t.Fatal(err)
	}
	d.handler = d.api.Handler()
	for _, slug := range []string{"lost", "system"} {
		for _, row := range adminapi.Rows() {
			if !strings.Contains(row.Path, "{slug}") || row.Method+" "+row.Path == "DELETE /admin/v1/tenants/{slug}" {
				continue
			}
			path := placeholder.ReplaceAllStringFunc(row.Path, func(name string) string {
				if name == "{slug}" {
					return slug
				}
				return "01a21571-0dc0-7f2f-bba8-188277052ec0"
			})
			body := fitting[row.Method+" "+row.Path]
			if a := d.do(row.Method, path, body); a.StatusCode == http.StatusInternalServerError {
				t.Errorf("%s %s: %s", row.Method, path, a.body)
			}
			if row.Method == http.MethodPost || row.Method == http.MethodPut {
				d.do(row.Method, path, `{}`)
			}
		}
	}
	d.want(d.do("DELETE", "/admin/v1/tenants/system", ""), http.StatusUnprocessableEntity)
	d.want(d.do("DELETE", "/admin/v1/tenants/lost", ""), http.StatusNoContent)
}

func TestApplyingNamesTheVersion(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	const doc = `{"name":%q,"hosts":["acme.example"]}`
	if a := d.want(d.do("PUT", "/admin/v1/tenants/acme", fmt.Sprintf(doc, "A")), http.StatusOK); a.Header.Get("ETag") != `"2"` {
		t.Errorf("applied with %v", a.Header)
	}
	d.want(d.do("PUT", "/admin/v1/tenants/acme?dry_run=", fmt.Sprintf(doc, "B")), http.StatusBadRequest)
	if a := d.want(d.do("PUT", "/admin/v1/tenants/bolt?dry_run=true", `{"name":"B","hosts":["bolt.example"]}`), http.StatusOK); a.Header.Get("ETag") != "" {
		t.Errorf("tried with %v", a.Header)
	}
}
