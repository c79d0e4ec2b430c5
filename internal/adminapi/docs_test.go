package adminapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/adminapi"
)

// The page shows every route with what it takes, to whoever reaches the listener, and lets nothing in from elsewhere.
func TestDocsShowEveryRoute(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, httptest.NewRequest("GET", "/admin/docs", http.NoBody))
	page := w.Body.String()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	for _, row := range adminapi.Rows() {
		path := strings.NewReplacer("{", "{", "}", "}").Replace(row.Path)
		if !strings.Contains(page, `<span class="method">`+row.Method+`</span> `+path+`</code>`) || !strings.Contains(page, "<code>"+row.Permission+"</code>") {
			t.Errorf("%s %s is not shown", row.Method, row.Path)
		}
	}
	_, style, _ := strings.Cut(page, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	digest := sha256.Sum256([]byte(style))
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(digest[:])+"'") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the policy %s does not fit the page", policy)
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "ZgotmplZ") {
		t.Error("the page has a script, or something that the template would not write")
	}
	d.create("acme")
	d.want(d.do("PATCH", "/admin/v1/tenants/acme", `{"name":"<script>alert(1)</script>"}`), http.StatusOK)
	if a := d.want(d.do("GET", "/admin/v1/tenants/acme", ""), http.StatusOK); a.text(t, "name") != "<script>alert(1)</script>" {
		t.Errorf("a hostile name is answered as %s", a.body) // as JSON, which send sees to
	}
	w = httptest.NewRecorder()
	d.handler.ServeHTTP(w, httptest.NewRequest("GET", "/admin/v1/openapi.yaml", http.NoBody))
	if w.Code != http.StatusOK || w.Body.String() != string(adminapi.Document()) {
		t.Errorf("the document: %d", w.Code)
	}
	for _, closed := range []string{"/admin/docs/", "/admin/v1/openapi.json", "/admin"} {
		w = httptest.NewRecorder()
		if d.handler.ServeHTTP(w, httptest.NewRequest("GET", closed, http.NoBody)); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", closed, w.Code)
		}
	}
}
