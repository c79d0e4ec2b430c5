package adminapi_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// Whoever writes a parameter means something by it: where it is not known, nothing is done.
func TestUnknownParametersAreRefusedEverywhere(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		d.api.Mailbox = &box{}
		for _, row := range adminapi.Rows() {
			path := placeholder.ReplaceAllStringFunc(row.Path, func(name string) string {
				if name == "{slug}" {
					return "acme"
				}
				return "01a21571-0dc0-7f2f-bba8-188277052ec0"
			})
			queries := []string{"nonsense=1", "nonsense", "NONSENSE=1&nonsense=2", "a=%zz", "a;b"}
			if !slices.Contains(row.Takes, "dry_run") {
				queries = append(queries, "dry_run=true")
			}
			for _, name := range row.Takes {
				queries = append(queries, name+"=1&"+name+"=1")
			}
			for _, query := range queries {
				if a := d.do(row.Method, path+"?"+query, ""); a.StatusCode != http.StatusBadRequest || a.text(t, "type") != "urn:vestibule:problem:malformed" {
					t.Errorf("%s %s?%s: %d %s", row.Method, row.Path, query, a.StatusCode, a.body)
				}
			}
		}
		d.want(d.do("GET", "/admin/v1/tenants/acme", ""), http.StatusOK)
	})
}

// Who may not do a thing is not told what it takes.
func TestParametersAreLookedAtAfterPermissions(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	_, narrow := d.newToken(`{"name":"n","grants":[{"role":"viewer","tenant":"acme"}]}`)
	d.want(d.do("DELETE", "/admin/v1/tenants/acme?nonsense=1", "", as(narrow)), http.StatusForbidden)
	d.want(d.do("DELETE", "/admin/v1/tenants/zenith?nonsense=1", "", as(narrow)), http.StatusNotFound)
}

func TestParametersAreThoseOfTheDocument(t *testing.T) {
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range adminapi.Rows() {
		item := doc.Paths.Value(row.Path)
		described := map[string]bool{}
		for _, p := range append(slices.Clone(item.Parameters), item.GetOperation(row.Method).Parameters...) {
			if p.Value.In == "query" {
				described[p.Value.Name] = true
			}
		}
		taken := slices.Sorted(slices.Values(row.Takes))
		if got := slices.Sorted(maps.Keys(described)); !slices.Equal(got, taken) {
			t.Errorf("%s %s takes %q, and the document says %q", row.Method, row.Path, taken, got)
		}
	}
}
