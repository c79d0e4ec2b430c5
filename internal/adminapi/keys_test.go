package adminapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestKeysOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		const secretKey = "a-shared-secret-that-nobody-may-see"
		d.want(d.do(http.MethodPost, "/admin/v1/tenants",
			`{"slug": "acme", "name": "Acme", "hosts": ["acme.example"], "config": {"headless": {"token_strategy": "jwt", "jwt_algorithm": "HS256"}}}`), http.StatusCreated)
		list := func() []admin.Key {
			t.Helper()
			var all struct{ Items []admin.Key }
			if err := json.Unmarshal(d.want(d.do(http.MethodGet, "/admin/v1/tenants/acme/keys", ""), http.StatusOK).body, &all); err != nil {
				t.Fatal(err)
			}
			return all.Items
		}
		if len(list()) != 0 {
			t.Error("looking at the keys makes one")
		}
		before := d.do(http.MethodGet, "/admin/v1/tenants/acme", "").text(t, "version")
		first := d.want(d.do(http.MethodPost, "/admin/v1/tenants/acme/keys/rotate", `{}`), http.StatusOK)
		if first.text(t, "state") != "active" || first.text(t, "origin") != "generated" || first.text(t, "rotates_at") == "<nil>" {
			t.Errorf("got %s", first.body)
		}
		if d.do(http.MethodGet, "/admin/v1/tenants/acme", "").text(t, "version") == before {
			t.Error("other servers do not learn of it")
		}
		imported := d.want(d.do(http.MethodPost, "/admin/v1/tenants/acme/keys", `{"private_key": "`+secretKey+`", "lead_seconds": 3600}`), http.StatusCreated)
		if imported.text(t, "state") != "next" || imported.text(t, "rotates_at") != "<nil>" {
			t.Errorf("got %s", imported.body)
		}
		kid := imported.text(t, "kid")
		active := "/admin/v1/tenants/acme/keys/" + first.text(t, "kid") + "/retire"
		next := "/admin/v1/tenants/acme/keys/" + kid + "/retire"
		d.want(d.do(http.MethodPost, active, ""), http.StatusUnprocessableEntity)
		d.want(d.do(http.MethodPost, next, ""), http.StatusNoContent)
		d.want(d.do(http.MethodPost, next, ""), http.StatusNotFound)
		if all := list(); len(all) != 1 || all[0].State != "active" || all[0].RetiresAt != nil {
			t.Errorf("got %+v", all)
		}
		for body, want := range map[string]string{
			`{"lead_seconds": 60}`:                "lead_seconds",
			`{"lead_seconds": 1e9}`:               "lead_seconds",
			`{"lead_seconds": "600"}`:             "lead_seconds",
			`{"lead_seconds": 600, "now": true}`:  "lead_seconds",
			`{"now": 1}`:                          "now",
			`{"soon": true}`:                      "soon",
			`{"now": true, "now": true}`:          "now",
			`{"private_key": "x", "state": "no"}`: "private_key state",
		} {
			a := d.want(d.do(http.MethodPost, "/admin/v1/tenants/acme/keys/rotate", body), http.StatusUnprocessableEntity)
			if got := strings.Join(faultPaths(t, a), " "); got != want {
				t.Errorf("%s: the faults are of %s, not %s", body, got, want)
			}
		}
		for _, body := range []string{`{}`, `{"private_key": null}`, `{"private_key": 1}`, `{"private_key": "short"}`} {
			a := d.want(d.do(http.MethodPost, "/admin/v1/tenants/acme/keys", body), http.StatusUnprocessableEntity)
			if got := strings.Join(faultPaths(t, a), " "); got != "private_key" {
				t.Errorf("%s: the faults are of %s", body, got)
			}
		}
		for _, path := range []string{"/keys", "/keys/rotate", "/keys/x/retire"} {
			d.want(d.do(http.MethodPost, "/admin/v1/tenants/nobody"+path, `{}`), http.StatusNotFound)
		}
		d.want(d.do(http.MethodPatch, "/admin/v1/tenants/acme", `{"config": {"headless": {"token_strategy": "session"}}}`, "Content-Type: application/merge-patch+json"), http.StatusOK)
		d.want(d.do(http.MethodPost, "/admin/v1/tenants/acme/keys/rotate", `{}`), http.StatusUnprocessableEntity)
		d.mu.Lock()
		defer d.mu.Unlock()
		if all := d.all.String(); strings.Contains(all, secretKey) || !strings.Contains(all, "key.import") {
			t.Errorf("a private key is shown, or the change is not logged")
		}
	})
}

func TestKeySetOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		const path = "/admin/v1/tenants/acme/jwks"
		if none := d.want(d.do(http.MethodGet, path, ""), http.StatusOK); none.text(t, "jwks") != "<nil>" || none.text(t, "url") != "https://acme.example/.well-known/jwks.json" {
			t.Errorf("without tokens there is %s", none.body)
		}
		d.want(d.do(http.MethodPatch, "/admin/v1/tenants/acme", `{"config": {"headless": {"token_strategy": "jwt"}}}`, "Content-Type: application/merge-patch+json"), http.StatusOK)
		var set struct {
			JWKS struct{ Keys []map[string]string }
		}
		if err := json.Unmarshal(d.want(d.do(http.MethodGet, path, ""), http.StatusOK).body, &set); err != nil || len(set.JWKS.Keys) != 1 {
			t.Fatalf("got %+v, %v", set, err)
		}
		for member := range set.JWKS.Keys[0] {
			if slices.Contains([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}, member) { // RFC 7518, sections 6.2.2, 6.3.2 and 6.4
				t.Errorf("the key shows %s", member)
			}
		}
		d.want(d.do(http.MethodGet, "/admin/v1/tenants/nobody/jwks", ""), http.StatusNotFound)
	})
}
