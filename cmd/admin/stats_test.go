package main

import (
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestStatsArePrinted(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	b := withServerOn(t, st)
	out, _ := b.run(0, "stats", "--tenant", "acme")
	if !strings.Contains(out, "ACTIVE USERS") || strings.Count(out, "\n") != 31 {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := b.run(0, "stats", "--interval", "hour", "-o", "json"); !strings.Contains(out, `"series"`) {
		t.Errorf("printed\n%s", out)
	}
	b.run(1, "stats", "--interval", "week")
	b.run(1, "stats", "--tenant", "nobody")
	b.run(2, "stats", "acme")
}
