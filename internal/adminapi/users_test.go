package adminapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestUsersOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.want(d.do("POST", "/admin/v1/tenants", `{"slug":"acme","name":"Acme","hosts":["acme.example"],
			"config":{"passwords":{"argon2id_memory":8192,"argon2id_iterations":1},"account":{"login_methods":["email","username","phone"]}}}`), http.StatusCreated)
		d.create("zenith")
		const users, password = "/admin/v1/tenants/acme/users", "Kestrel-Orbit-49!"
		made := d.want(d.do("POST", users, `{"email":"ann@example.org","username":"ann","phone":"+31612345678","password":"`+password+`","metadata_private":{"a":1}}`),
			http.StatusCreated)
		id := made.text(t, "id")
		at := users + "/" + id
		if made.Header.Get("Location") != at {
			t.Errorf("it is at %s", made.Header.Get("Location"))
		}
		d.want(d.do("POST", users, `{"email":"bob@example.org","invite":true}`), http.StatusCreated)
		for _, row := range []struct {
			method, path, body string
			status             int
		}{
			{"GET", users, "", 200}, {"GET", users + "?limit=1", "", 200}, {"GET", users + "?q=ann&verified=false&factor=none", "", 200},
			{"GET", users + "?q=" + strings.Repeat("x", 400), "", 400}, {"GET", users + "?active=yes&factor=x", "", 400}, {"GET", users + "?sort=name", "", 400}, {"GET", users + "?cursor=x", "", 400},
			{"GET", at, "", 200}, {"PATCH", at, `{"name":"Ann"}`, 200}, {"PATCH", at, `{"email":"x"}`, 422}, {"PATCH", at, `[]`, 400},
			{"POST", users, `{"email":"ANN@example.org"}`, 422}, {"POST", users, `{}`, 422},
			{"POST", at + "/emails", `{"email":"two@example.org","verified":true}`, 200}, {"POST", at + "/emails", `{"email":"two@example.org"}`, 422},
			{"POST", at + "/emails/primary", `{"email":"two@example.org"}`, 200}, {"POST", at + "/emails/verify", `{"email":"ann@example.org"}`, 200},
			{"POST", at + "/emails/unverify", `{"email":"ann@example.org"}`, 200}, {"POST", at + "/emails/remove", `{"email":"two@example.org"}`, 422},
			{"POST", at + "/emails/remove", `{"email":"nobody@example.org"}`, 404}, {"POST", at + "/emails/remove", `{}`, 422},
			{"PUT", at + "/phone", `{"phone":"+31687654321"}`, 200}, {"PUT", at + "/phone", `{"phone":"1"}`, 422}, {"POST", at + "/phone/verify", "", 200},
			{"POST", at + "/phone/unverify", "", 200}, {"DELETE", at + "/phone", "", 200}, {"POST", at + "/phone/verify", "", 404},
			{"PUT", at + "/password", `{"password":"1"}`, 422}, {"PUT", at + "/password", `{"password":"Lantern-Quartz-83?"}`, 200},
			{"POST", at + "/send-link", "", 200}, {"DELETE", at + "/sessions", "", 200}, {"DELETE", at + "/sessions/" + id, "", 404},
			{"DELETE", at + "/authenticators", "", 200}, {"DELETE", at + "/authenticators/" + id, "", 404},
			{"POST", at + "/provider-accounts/remove", `{"provider":"x","uid":"y"}`, 404}, {"POST", at + "/provider-accounts/remove", `{}`, 422},
			{"POST", at + "/provider-accounts/remove", `{"provider":"x","uid":"\u0000"}`, 404},
			{"POST", at + "/provider-accounts/tokens", `{"provider":"x","uid":"y"}`, 404}, {"POST", at + "/provider-accounts/tokens", `{"provider":"x"}`, 422},
			{"POST", at + "/deactivate", "", 200}, {"POST", at + "/send-link", "", 422}, {"POST", at + "/reactivate", "", 200},
			{"GET", at + "/export", "", 200}, {"GET", users + "/" + secret.NewID() + "/export", "", 404}, {"GET", "/admin/v1/tenants/zenith/users/" + id + "/export", "", 404},
			{"GET", "/admin/v1/tenants/acme/export?password_hashes=1", "", 400}, {"GET", "/admin/v1/tenants/nobody/export", "", 404},
			{"DELETE", at, "", 200}, {"GET", at, "", 404}, {"GET", "/admin/v1/tenants/acme/deleted-users", "", 200}, {"POST", at + "/restore", "", 200},
			{"POST", at + "/restore", "", 404}, {"DELETE", at, "", 200}, {"POST", users, `{"email":"two@example.org","username":"other"}`, 201},
			{"POST", at + "/restore", "", 409}, {"POST", at + "/erase", "", 204}, {"POST", at + "/erase", "", 404},
		} {
			a := d.do(row.method, row.path, row.body)
			if a.StatusCode != row.status {
				t.Errorf("%s %s %s: %d %s, not %d", row.method, row.path, row.body, a.StatusCode, a.body, row.status)
			}
		}
		if _, narrow := d.newToken(`{"name":"n","grants":[{"role":"support","tenant":"acme"}]}`); d.do("GET", "/admin/v1/tenants/acme/export", "", as(narrow)).StatusCode != 403 {
			t.Error("support exports a tenant")
		}
		out := d.want(d.do("GET", "/admin/v1/tenants/acme/export", ""), 200)
		lines := strings.Split(strings.TrimSpace(string(out.body)), "\n")
		if len(lines) != 3 || out.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("exported is %s", out.body)
		}
		for _, line := range lines {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s is not JSON", line)
			}
		}
		if all := d.text(); strings.Contains(all, password) || strings.Contains(all, "$argon2id$") || strings.Contains(all, "Lantern-Quartz") {
			t.Error("a secret is in an answer or the log")
		}
	})
}

// text is everything that was answered and logged.
func (d *desk) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all.String()
}
