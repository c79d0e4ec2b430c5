package adminapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// A browser's session is for the operators' own pages, also where nothing is changed: whatever else listens on the same host gets the same
// cookies, and a link of its pages could start an export.
func TestSessionsAreForOurOwnPages(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	asked := 0
	d.api.Operator = func(*http.Request) (adminapi.Session, error) {
		asked++
		return adminapi.Session{}, refusal.Of(refusal.Unauthenticated)
	}
	for site, status := range map[string]int{
		"": http.StatusUnauthorized, "same-origin": http.StatusUnauthorized, "none": http.StatusUnauthorized,
		"same-site": http.StatusForbidden, "cross-site": http.StatusForbidden, "same-origin, none": http.StatusForbidden, "made-up": http.StatusForbidden,
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			asked = 0
			r := httptest.NewRequest(method, "/admin/v1/tenants/acme/export?password_hashes=true", http.NoBody)
			r.Header.Set("Sec-Fetch-Site", site)
			w := httptest.NewRecorder()
			d.handler.ServeHTTP(w, r)
			if w.Code != status || (asked > 0) != (status == http.StatusUnauthorized) {
				t.Errorf("%s by %q: %d, not %d, and %d were asked who it is: %s", method, site, w.Code, status, asked, w.Body)
			}
			if status == http.StatusForbidden && !strings.Contains(w.Body.String(), "urn:vestibule:problem:cross-site") {
				t.Errorf("%s by %q: the problem is %s", method, site, w.Body)
			}
		}
		d.want(d.do("GET", "/admin/v1/tenants", "", "Sec-Fetch-Site: "+site), http.StatusOK) // whoever has a token needs no page
	}
}

// What is for a file becomes one, under a name that says of what it is, and what is answered is no part of another site's page.
func TestExportsAreFiles(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		ann := d.want(d.do("POST", "/admin/v1/tenants/acme/users", `{"email":"ann@example.org"}`), http.StatusCreated).text(t, "id")
		i := d.want(d.do("POST", "/admin/v1/tenants/acme/imports", `{"format":"ndjson"}`), http.StatusCreated).text(t, "id")
		for path, name := range map[string]string{
			"/tenants/acme/export":                                       "acme.ndjson",
			"/tenants/acme/export?users_only=true":                       "acme-users.ndjson",
			"/tenants/acme/export?users_only=true&password_hashes=true":  "acme-users-with-hashes.ndjson",
			"/tenants/acme/export?users_only=false&password_hashes=true": "acme-with-hashes.ndjson",
			"/tenants/acme/users/" + ann + "/export":                     "user-" + ann + ".json",
			"/tenants/acme/audit/export":                                 "acme-audit.ndjson",
			"/audit/export":                                              "platform-audit.ndjson",
			"/tenants/acme/imports/" + i + "/errors?format=ndjson":       "import-" + i + "-errors.ndjson",
		} {
			a := d.want(d.do("GET", "/admin/v1"+path, ""), http.StatusOK)
			if got, want := a.Header.Get("Content-Disposition"), fmt.Sprintf(`attachment; filename="%s"`, name); got != want {
				t.Errorf("%s is %s, not %s", path, got, want)
			}
		}
		for _, path := range []string{"/tenants/nobody/export", "/tenants/acme/users/nobody/export", "/tenants/acme/export?users_only=x", "/tenants"} {
			if got := d.do("GET", "/admin/v1"+path, "").Header.Get("Content-Disposition"); got != "" {
				t.Errorf("%s is %s", path, got)
			}
		}
		for _, path := range []string{"/v1/tenants", "/v1/nothing", "/v1/openapi.yaml", "/docs"} {
			r := httptest.NewRequest(http.MethodGet, "/admin"+path, http.NoBody)
			w := httptest.NewRecorder()
			d.handler.ServeHTTP(w, r)
			if got := w.Header().Get("Cross-Origin-Resource-Policy"); got != "same-origin" {
				t.Errorf("%s is for %q", path, got)
			}
		}
	})
}

func TestNamesOfFilesAreSafe(t *testing.T) {
	for name, want := range map[string]string{
		"acme-audit.ndjson": "acme-audit.ndjson", "a\"; filename=\"b.exe": "afilenameb.exe", "../../e\r\nX: y/ü": "eXy",
	} {
		if got := adminapi.Attachment(name); got != `attachment; filename="`+want+`"` {
			t.Errorf("%q is saved by %s", name, got)
		}
	}
}
