package main

import (
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestOperatorsAreLookedAfter(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	b := withServerOn(t, st)
	if err := admin.New(admin.Options{Store: st, Keys: testkit.Keys(t)}).MakeSystem(t.Context(), "http://localhost:9090"); err != nil {
		t.Fatal(err)
	}
	b.run(0, "operator", "create", "ann@example.org", "--role", "owner")
	out, _ := b.run(0, "operator", "create", "bob@example.org", "--role", "viewer", "--name", "Bob")
	if !strings.Contains(out, "bob@example.org  Bob   viewer") {
		t.Errorf("made is\n%s", out)
	}
	id := strings.Fields(strings.Split(out, "\n")[1])[0]
	if out, _ := b.run(0, "operator", "grant", id, "--role", "support"); !strings.Contains(out, "support") {
		t.Errorf("granted is\n%s", out)
	}
	if out, _ := b.run(0, "operator", "remove", id); !strings.HasPrefix(out, "would remove the operator "+id+" (bob@example.org, support): ") || !strings.Contains(out, "--yes") {
		t.Errorf("without --yes it says\n%s", out)
	}
	if out, _ := b.run(0, "operator", "list"); !strings.Contains(out, id) {
		t.Errorf("the list is\n%s", out)
	}
	if out, _ := b.run(0, "operator", "remove", id, "-o", "json", "--yes"); out != "{\n  \"removed\": \""+id+"\"\n}\n" {
		t.Errorf("programs are told %s", out)
	}
	if out, _ := b.run(0, "operator", "list"); strings.Contains(out, id) {
		t.Errorf("the list is\n%s", out)
	}
	b.run(1, "operator", "remove", id)
	b.run(2, "operator", "create", "eve@example.org", "--role", "@acme")
	b.run(2, "operator")
}
