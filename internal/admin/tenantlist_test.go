package admin_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestTenantsAreFound(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		for _, one := range []struct{ slug, name, hosts string }{
			{"acme", "Zebra", `["acme.example","login.acme.example"]`},
			{"acme-2", "Acme two", `["two.example"]`},
			{"b", "ACME Ärzte", `["acme-b.example"]`},
			{"c", "Ärzte Acme", `["ACME-c.example","acme-cc.example"]`},
			{"d", "Other", `["x.example","acme-d.example"]`},
			{"e", "acmé", `["e.example"]`},
			{"f", "Nothing", `["login.f.example"]`},
		} {
			if _, err := h.CreateTenant(t.Context(), ann, admin.ReadCreateInput(json.RawMessage(
				fmt.Sprintf(`{"slug":%q,"name":%q,"hosts":%s}`, one.slug, one.name, one.hosts)))); err != nil {
				t.Fatal(err)
			}
		}
		for _, slug := range []string{"acme-2", "b", "d"} {
			if _, err := h.patch(t, slug, `{"state":"suspended"}`); err != nil {
				t.Fatal(err)
			}
		}
		some := admin.Actor{}
		for _, slug := range []string{"f", "d", "acme", "b"} {
			one, err := h.Tenant(t.Context(), slug)
			if err != nil {
				t.Fatal(err)
			}
			some.Grants = append(some.Grants, admin.Grant{Role: admin.Viewer, TenantID: one.ID}, admin.Grant{Role: admin.Support, TenantID: one.ID})
		}
		some.Grants = append(some.Grants, admin.Grant{Role: admin.Viewer, TenantID: "01a21571-0dc0-7f2f-bba8-188277052ec0"})
		for _, c := range []struct {
			by    admin.Actor
			q     string
			state tenants.State
			want  string
		}{
			{ann, "", "", "acme acme-2 b c d e f"},
			{ann, "", tenants.Suspended, "acme-2 b d"},
			{ann, "", tenants.Active, "acme c e f"},
			{ann, "acme", "", "acme acme-2 b c d"},
			{ann, "ACM", "", "acme acme-2 b e c d"},
			{ann, "acme", tenants.Suspended, "acme-2 b d"},
			{ann, "acme", tenants.Active, "acme c"},
			{ann, "acme ä", "", "b"},
			{ann, "ÄRZTE", "", "c"},
			{ann, "login.", "", "acme f"},
			{ann, "login.a", "", "acme"},
			{ann, "acme-cc", "", "c"},
			{ann, "%", "", ""},
			{ann, "_", "", ""},
			{ann, "' OR 1=1 --", "", ""},
			{some, "", "", "acme b d f"},
			{some, "acme", "", "acme b d"},
			{some, "", tenants.Active, "acme f"},
			{admin.Actor{}, "", "", ""},
			{admin.Actor{Grants: ann.Grants, Scopes: []admin.Permission{}}, "", "", ""},
		} {
			for _, limit := range []int{1, 2, 3, 10} {
				var slugs []string
				for cursor := ""; ; {
					page, next, err := h.Tenants(t.Context(), c.by, admin.TenantSearch{Prefix: c.q, State: c.state}, cursor, limit)
					if err != nil {
						t.Fatal(err)
					}
					if len(page) > limit || len(page) == 0 && next != "" {
						t.Errorf("%q: a page of %d", c.q, len(page))
					}
					for _, one := range page {
						slugs = append(slugs, one.Slug)
					}
					if cursor = next; cursor == "" {
						break
					}
				}
				if got := strings.Join(slugs, " "); got != c.want {
					t.Errorf("%q, %q in pages of %d: %s, not %s", c.q, c.state, limit, got, c.want)
				}
			}
		}
		// A cursor is of one search, and of no other list.
		_, cursor, err := h.Tenants(t.Context(), ann, admin.TenantSearch{Prefix: "acme"}, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []admin.TenantSearch{{}, {Prefix: "acm"}, {Prefix: "acme", State: tenants.Active}} {
			if _, _, err := h.Tenants(t.Context(), ann, other, cursor, 1); !refusal.Is(err, refusal.Invalid) {
				t.Errorf("%+v took it: %v", other, err)
			}
		}
		if _, _, err := h.DeletedTenants(t.Context(), cursor, 1); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("the deleted tenants took it: %v", err)
		}
		for _, q := range []admin.TenantSearch{{State: "deleted"}, {State: "x"}, {Prefix: "\xff"}, {Prefix: "a\x00"}, {Prefix: strings.Repeat("a", 254)}} {
			if _, _, err := h.Tenants(t.Context(), ann, q, "", 1); !refusal.Is(err, refusal.Invalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// Slugs are sorted byte by byte, whatever the database thinks of dashes and digits.
func TestTenantsAreSortedByteByByte(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		want := []string{"a", "a--b", "a-1", "a-b", "a0", "a1", "aa", "b-1", "b1", "ba"}
		for i := range want {
			h.create(t, want[(i*7)%len(want)], "")
		}
		page, _, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, "", 50)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, one := range page {
			got = append(got, one.Slug)
		}
		if !slices.Equal(got, want) {
			t.Errorf("sorted as %q", got)
		}
	})
}
