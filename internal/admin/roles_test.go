package admin_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

var update = flag.Bool("update", false, "write the generated parts of the pages anew")

//go:generate go test -count=1 -run ^TestPageOfRolesIsCurrent$ -update .

// The table of roles in docs/operators.md is what the code says.
func TestPageOfRolesIsCurrent(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "operators.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- roles -->\n", "<!-- /roles -->\n"
	before, rest, ok := strings.Cut(string(text), from)
	_, after, more := strings.Cut(rest, to)
	if !ok || !more {
		t.Fatal("the page has no place for the table")
	}
	var table strings.Builder
	for _, p := range admin.Permissions() {
		table.WriteString("| `" + string(p) + "` |")
		for _, role := range []admin.Role{admin.Owner, admin.Admin, admin.Developer, admin.Support, admin.Viewer} {
			everywhere := admin.Actor{Grants: []admin.Grant{{Role: role}}}
			one := admin.Actor{Grants: []admin.Grant{{Role: role, TenantID: "t"}}}
			switch {
			case one.May(p, "t"):
				table.WriteString(" yes |")
			case everywhere.May(p, ""):
				table.WriteString(" P |")
			default:
				table.WriteString(" |")
			}
		}
		table.WriteString("\n")
	}
	want := before + from + table.String() + to + after
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil { // #nosec G306 -- a page of the repository
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Error("docs/operators.md is not current: run make generate")
	}
}

// A role with all tenants is worth no less than one with a single tenant, and each role has all that the next one has but for what is
// the trade of that one alone.
func TestRolesAreOrdered(t *testing.T) {
	for _, p := range admin.Permissions() {
		for _, role := range []admin.Role{admin.Owner, admin.Admin, admin.Developer, admin.Support, admin.Viewer} {
			everywhere := admin.Actor{Grants: []admin.Grant{{Role: role}}}
			one := admin.Actor{Grants: []admin.Grant{{Role: role, TenantID: "t"}}}
			if one.May(p, "t") && !everywhere.May(p, "t") || one.May(p, "u") || one.May(p, "") {
				t.Errorf("%s of %s reaches too far or not far enough", p, role)
			}
			if (admin.Actor{Grants: []admin.Grant{{Role: role}}}).May(p, admin.SystemID) != (role == admin.Owner) {
				t.Errorf("%s with %s in the operators' own tenant", role, p)
			}
			owner := admin.Actor{Grants: []admin.Grant{{Role: admin.Owner}}}
			if everywhere.May(p, "") && !owner.May(p, "") {
				t.Errorf("%s is %s's and not the owner's", p, role)
			}
		}
	}
	if (admin.Actor{}).May(admin.SelfRead, "") || (admin.Actor{Grants: []admin.Grant{{Role: "king"}}}).May(admin.TenantsRead, "") {
		t.Error("nobody may do something")
	}
	if !slices.Contains(admin.Permissions(), admin.UsersErase) {
		t.Error("permissions are missing")
	}
}
