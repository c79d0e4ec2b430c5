package main

import (
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/audit"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestAuditLogIsReadAndVerified(t *testing.T) {
	at := testkit.URL(t, "sqlite")
	st := testkit.OpenURL(t, at, nil)
	b := withServerOn(t, st)
	b.run(0, "tenant", "create", "acme", "--name", "Acme", "--host", "acme.example")
	b.run(0, "tenant", "patch", "acme", "--name", "New")
	if err := audit.New(audit.Options{Store: st, Tenants: st.TenantByID}).Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, _ := b.run(0, "audit", "list", "--tenant", "acme")
	if !strings.Contains(out, "tenant.created") || !strings.Contains(out, "break_glass admin-token") || strings.Count(out, "\n") != 3 {
		t.Errorf("the list is\n%s", out)
	}
	if out, _ := b.run(0, "audit", "list", "--action", "tenant.changed"); !strings.Contains(out, "  TENANT  ") || !strings.Contains(out, "  acme  ") {
		t.Errorf("of all tenants it is\n%s", out)
	}
	if out, complaints := b.run(0, "audit", "list", "--limit", "1"); strings.Count(out, "\n") != 2 || !strings.Contains(complaints, "--cursor ") {
		t.Errorf("a page is\n%s%s", out, complaints)
	} else if next, _ := b.run(0, "audit", "list", "--limit", "1", "--cursor", strings.Fields(complaints)[5]); next == out || strings.Count(next, "\n") != 2 {
		t.Errorf("the page after\n%sis\n%s", out, next)
	}
	if out, _ := b.run(0, "audit", "list", "--action", "tenant.changed", "-o", "yaml"); !strings.HasPrefix(out, "items:\n") {
		t.Errorf("as YAML it is\n%s", out)
	}
	if out, _ := b.run(0, "audit", "export", "--tenant", "acme", "--action", "tenant"); strings.Count(out, "\n") != 2 || !strings.HasPrefix(out, `{"id":"`) {
		t.Errorf("the export is\n%s", out)
	}
	b.run(0, "audit", "export", "--tenant", "acme", "-o", "json")
	if out, complaints := b.run(2, "audit", "export", "--tenant", "acme", "-o", "yaml"); out != "" || !strings.Contains(complaints, "never yaml") {
		t.Errorf("as YAML it is\n%s%s", out, complaints)
	}
	b.run(1, "audit", "list", "--tenant", "nobody")
	b.run(1, "audit", "export", "--since", "yesterday")
	b.run(2, "audit", "verify")
	if out, _ := b.run(0, "audit", "verify", "--tenant", "acme"); !strings.HasPrefix(out, "intact: 2 events, 1 to 2") || !strings.Contains(out, "head ") {
		t.Errorf("it says %s", out)
	}
	raw := testkit.Raw(t, at)
	for _, statement := range []string{"DROP TRIGGER audit_events_removal", "DELETE FROM audit_events WHERE number = 1"} {
		if _, err := raw.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if out, _ := b.run(1, "audit", "verify", "--tenant", "acme"); !strings.Contains(out, "NOT INTACT: at number 1: removed") {
		t.Errorf("it says %s", out)
	}
	if out, _ := b.run(1, "audit", "verify", "--tenant", "acme", "-o", "json"); !strings.Contains(out, `"kind": "removed"`) {
		t.Errorf("it says %s", out)
	}
}
