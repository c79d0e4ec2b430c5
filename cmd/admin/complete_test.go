package main

import (
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestShellsCompleteTenants(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	testkit.AddTenant(t, st, "zenith", "")
	b := withServerOn(t, st)
	for line, want := range map[string]string{
		"tenant show ":           "acme\tAcme\nzenith\tZenith\n",
		"key list --tenant a":    "acme\tAcme\n",
		"tenant show acme ":      "",
		"tenant list --output ":  "table\njson\nyaml\n",
		"key rotate --tenant zz": "",
	} {
		out, _ := b.run(0, append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if got, _, _ := strings.Cut(out, ":"); got != want {
			t.Errorf("%q is completed by %q, not %q", line, got, want)
		}
	}
	if out, _ := b.run(0, "completion", "bash"); !strings.Contains(out, "__admin") {
		t.Error("there is no script for bash")
	}
	if out, _ := b.run(0, "config-schema"); !strings.Contains(out, `"$schema"`) {
		t.Errorf("the schema is %.80s", out)
	}
}
