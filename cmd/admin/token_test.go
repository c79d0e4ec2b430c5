package main

import (
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestTokensAreMadeUsedAndRevoked(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	b := withServerOn(t, st)
	out, complaints := b.run(0, "token", "create", "ci", "--role", "viewer", "--role", "developer@acme", "--expires", "48h")
	made := strings.TrimSpace(out)
	if !strings.HasPrefix(made, "vestibule_") || !strings.Contains(complaints, "not shown again") || strings.Contains(complaints, made) {
		t.Fatalf("it prints %q and says %q", out, complaints)
	}
	list, _ := b.run(0, "token", "list")
	if !strings.Contains(list, "ci") || !strings.Contains(list, "viewer, developer@acme") || strings.Contains(list, made) {
		t.Errorf("the list is\n%s", list)
	}
	self, _ := b.run(0, "token", "self", "--token", made)
	if !strings.Contains(self, "With acme") || !strings.Contains(self, "tenants.change") {
		t.Errorf("it is taken for\n%s", self)
	}
	if yaml, _ := b.run(0, "token", "self", "--token", made, "-o", "yaml"); !strings.HasPrefix(yaml, "kind: token\n") {
		t.Errorf("as YAML it is\n%s", yaml)
	}
	id := strings.Fields(strings.Split(list, "\n")[1])[0]
	if out, _ := b.run(0, "token", "revoke", id); !strings.HasPrefix(out, "would revoke the token "+id+" (ci): ") || !strings.Contains(out, "--yes") {
		t.Errorf("without --yes it says %s", out)
	}
	b.run(1, "token", "revoke", "nobody")
	b.run(0, "token", "self", "--token", made)
	if out, _ := b.run(0, "token", "revoke", id, "--yes", "-o", "yaml"); out != "revoked: "+id+"\n" {
		t.Errorf("programs are told %s", out)
	}
	b.run(1, "token", "self", "--token", made)
	b.run(2, "token", "create", "ci", "--role", "@acme")
	b.run(2, "token", "self", "-o", "xml")
	if _, complaints := b.run(1, "token", "create", "ci", "--role", "king"); !strings.Contains(complaints, "grants[0].role") {
		t.Errorf("it says %s", complaints)
	}
}
