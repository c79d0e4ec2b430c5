package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
)

// Each tenant's front ends are shown their own API, by whatever name the tenant goes.
func TestEachTenantHasADescriptionOfItsOwn(t *testing.T) {
	const shared = "shared.example"
	s := boot(t, "sqlite", func(c *config.Config, _ *app.Options) { c.SharedHosts = []string{shared} })
	for slug, clients := range map[string]string{"first": "app", "second": "browser"} {
		s.adminWants(http.StatusCreated, http.MethodPost, "/admin/v1/tenants", map[string]any{
			"slug": slug, "name": "The " + slug, "hosts": []string{slug + ".example"},
			"config": map[string]any{"headless": map[string]any{"clients": []string{clients}}},
		})
	}
	ask := func(method, host, form string, header ...string) *reply {
		return s.client("app", host).do(method, "/_allauth/openapi."+form, nil, header...)
	}
	for range 2 { // as it is made, and as it is remembered
		for slug, kind := range map[string]string{"first": "app", "second": "browser"} {
			for _, by := range []struct {
				host   string
				header []string
			}{{slug + ".example", nil}, {shared, []string{"X-Tenant", slug}}} {
				r := ask(http.MethodGet, by.host, "yaml", by.header...).want(http.StatusOK)
				doc, err := openapi3.NewLoader().LoadFromData([]byte(r.Body))
				if err != nil {
					t.Fatal(err)
				}
				kinds := doc.Components.Parameters["Client"].Value.Schema.Value.Enum
				if doc.Info.Title != "The "+slug+": headless API" || len(kinds) != 1 || kinds[0] != kind || r.Header.Get("Vary") != "X-Tenant" {
					t.Errorf("%s is shown %q, %v, with Vary %q", slug, doc.Info.Title, kinds, r.Header.Get("Vary"))
				}
				for form, contentType := range map[string]string{"json": "application/json", "html": "text/html; charset=utf-8"} {
					r := ask(http.MethodGet, by.host, form, by.header...).want(http.StatusOK)
					if r.Header.Get("Content-Type") != contentType || !strings.Contains(r.Body, "The "+slug) {
						t.Errorf("%s as %s is %s: %.200s", slug, form, r.Header.Get("Content-Type"), r.Body)
					}
				}
			}
		}
	}

	// Pages of any origin may read it, and send no credentials.
	r := ask(http.MethodGet, "first.example", "json", "Origin", "https://elsewhere.example")
	if r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Access-Control-Allow-Credentials") != "" || len(r.Header["Set-Cookie"]) > 0 {
		t.Errorf("another origin is answered with %v", r.Header)
	}
	ask(http.MethodPost, "first.example", "json").want(http.StatusMethodNotAllowed)
	if r := ask(http.MethodHead, "first.example", "html").want(http.StatusOK); r.Body != "" {
		t.Errorf("HEAD is answered with %.100s", r.Body)
	}
	ask(http.MethodGet, "nobody.example", "json").want(http.StatusNotFound)
	ask(http.MethodGet, shared, "json").want(http.StatusNotFound)

	// What changes is shown changed, also where it was remembered.
	s.adminWants(http.StatusOK, http.MethodPatch, "/admin/v1/tenants/first", map[string]any{"name": "Another"})
	eventually(t, "the new name is shown", func() bool { return strings.Contains(ask(http.MethodGet, "first.example", "yaml").Body, "Another") })
	s.adminWants(http.StatusOK, http.MethodPatch, "/admin/v1/tenants/first", map[string]any{
		"config": map[string]any{"headless": map[string]any{"serve_specification": false}},
	})
	eventually(t, "it is hidden", func() bool { return ask(http.MethodGet, "first.example", "yaml").Status == http.StatusNotFound })
	ask(http.MethodGet, "first.example", "html").want(http.StatusNotFound)
	s.adminWants(http.StatusOK, http.MethodPost, "/admin/v1/tenants/second/suspend", map[string]any{})
	eventually(t, "a suspended tenant shows nothing", func() bool { return ask(http.MethodGet, "second.example", "yaml").Status == http.StatusForbidden })
}
