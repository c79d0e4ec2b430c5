package adminapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// allowed says once more, independently of the code, which roles have a permission: o(wner), a(dmin), d(eveloper), s(upport), v(iewer).
// Those in upper case have it with the platform alone, and not by a grant for one tenant.
var allowed = map[string]string{
	"tenants.read": "oadsv", "tenants.create": "OA", "tenants.change": "oad", "tenants.suspend": "oa", "tenants.delete": "oa",
	"tenants.purge": "O", "tenants.export": "oa",
	"users.read": "oadsv", "users.create": "oas", "users.change": "oas", "users.secure": "oas", "users.delete": "oa", "users.erase": "oa",
	"users.import": "oa", "users.export": "oa", "users.provider_tokens": "oa",
	"keys.read": "oadsv", "keys.rotate": "oad", "keys.import": "oad", "keys.retire": "oad",
	"mail.read": "oadsv", "mail.preview": "oads", "mail.send": "oads", "mail.delete": "oad",
	"webhooks.read": "oadsv", "webhooks.change": "oad",
	"audit.read": "oadsv", "stats.read": "oadsv", "doctor.run": "oadsv", "schema.read": "oadsv", "self.read": "oadsv",
	"operators.read": "OA", "operators.change": "O", "tokens.read": "OA", "tokens.change": "OA",
}

var everyRole = []string{"owner", "admin", "developer", "support", "viewer"}

// has reports whether a role has a permission with the platform and all tenants or, with one, by a grant for one tenant.
func has(t *testing.T, permission, role string, one bool) bool {
	t.Helper()
	letters, known := allowed[permission]
	if !known {
		t.Errorf("the permission %s is not in this test: say who has it", permission)
	}
	return strings.Contains(letters, role[:1]) || !one && strings.Contains(letters, strings.ToUpper(role[:1]))
}

// platformRows are the paths that show or change what concerns no single tenant, or all: a role with one tenant does not reach them.
// anywhereRows are those that everybody with the permission reaches, who then sees no more than what is theirs.
var anywhereRows = []string{"/admin/v1/tenants GET", "/admin/v1/mail-kinds GET", "/admin/v1/config-schema GET", "/admin/v1/me GET", "/admin/v1/doctor/probes POST"}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// Every route, with every role: of the platform, of the tenant that is asked for, and of another tenant.
func TestEveryRouteAdmitsWhomItShould(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	d.create("zenith")
	tokens := map[string]string{}
	for _, role := range everyRole {
		for _, with := range []string{"", "acme", "zenith"} {
			doc := fmt.Sprintf(`{"name":"%s@%s","grants":[{"role":%q}]}`, role, with, role)
			if with != "" {
				doc = fmt.Sprintf(`{"name":"%s@%s","grants":[{"role":%q,"tenant":%q}]}`, role, with, role, with)
			}
			_, tokens[role+"@"+with] = d.newToken(doc)
		}
	}
	marked := d.api.Marked()
	ask := func(row adminapi.Row, slug, token string) int {
		path := placeholder.ReplaceAllStringFunc(row.Path, func(name string) string {
			if name == "{slug}" {
				return slug
			}
			return "01a21571-0dc0-7f2f-bba8-188277052ec0"
		})
		r := httptest.NewRequest(row.Method, path, http.NoBody)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		marked.ServeHTTP(w, r)
		return w.Code
	}
	asked := 0
	want := func(row adminapi.Row, slug, who, token string, status int) {
		t.Helper()
		asked++
		if got := ask(row, slug, token); got != status {
			t.Errorf("%s %s of %s as %s: %d, not %d", row.Method, row.Path, slug, who, got, status)
		}
	}
	for _, row := range adminapi.Rows() {
		inTenant := strings.Contains(row.Path, "{slug}")
		anywhere := slices.Contains(anywhereRows, row.Path+" "+row.Method)
		want(row, "acme", "nobody", "", http.StatusUnauthorized)
		want(row, "acme", "somebody with a made-up token", "vestibule_"+strings.Repeat("x", 43), http.StatusUnauthorized)
		for _, role := range everyRole {
			everywhere, one := has(t, row.Permission, role, false), has(t, row.Permission, role, true)
			want(row, "acme", role, tokens[role+"@"], letIf(everywhere, http.StatusForbidden))
			switch {
			case inTenant:
				want(row, "acme", role+" of acme", tokens[role+"@acme"], letIf(one, http.StatusForbidden))
				want(row, "acme", role+" of zenith", tokens[role+"@zenith"], http.StatusNotFound)
				want(row, "absent", role+" of zenith", tokens[role+"@zenith"], http.StatusNotFound)
				want(row, "system", role, tokens[role+"@"], letIf(false, http.StatusNotFound))
			case anywhere:
				want(row, "", role+" of acme", tokens[role+"@acme"], letIf(one, http.StatusForbidden))
			default:
				want(row, "", role+" of acme", tokens[role+"@acme"], http.StatusForbidden)
			}
		}
	}
	if asked < 200 {
		t.Errorf("only %d requests were made", asked)
	}
}

func letIf(yes bool, otherwise int) int {
	if yes {
		return adminapi.Let
	}
	return otherwise
}

// The operators' own tenant is the owners': an admin who could change its users could become any of them.
func TestTheOperatorsOwnTenantIsTheOwners(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		if err := d.api.Admin.MakeSystem(t.Context(), "http://localhost:9090"); err != nil {
			t.Fatal(err)
		}
		for _, role := range everyRole {
			_, token := d.newToken(fmt.Sprintf(`{"name":%q,"grants":[{"role":%q}]}`, role, role))
			status := http.StatusForbidden
			if role == "owner" {
				status = http.StatusOK
			}
			d.want(d.do("GET", "/admin/v1/tenants/system", "", as(token)), status)
		}
		_, narrow := d.newToken(`{"name":"n","grants":[{"role":"owner"}],"scopes":["keys.read"]}`)
		d.want(d.do("GET", "/admin/v1/tenants/system", "", as(narrow)), http.StatusForbidden)
	})
}
