package main

import (
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestExportsAreThoseOfTheirNouns(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	b := withServerOn(t, st)
	b.run(0, "user", "create", "--tenant", "acme", "--email", "ann@example.org")
	for name, pair := range map[string][2]string{
		"the tenant": {"export tenant acme", "tenant export acme"},
		"its users":  {"export users --all --tenant acme", "user export --all --tenant acme"},
	} {
		one, _ := b.run(0, strings.Fields(pair[0])...)
		other, _ := b.run(0, strings.Fields(pair[1])...)
		if one != other || !strings.Contains(one, "acme") {
			t.Errorf("%s:\n%s\n%s", name, one, other)
		}
	}
	if out, _ := b.run(0, "export", "audit", "--tenant", "acme"); !strings.Contains(out, "user.created") {
		t.Errorf("the log is %s", out)
	}
	b.run(2, "export", "users", "--all")
	b.run(2, "export")
}
