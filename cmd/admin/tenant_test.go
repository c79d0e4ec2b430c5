package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/tenants"
)

const twoTenants = `# both of them
slug: acme
name: Acme
hosts: [acme.example]
config:
  account: {login_methods: [email], signup_fields: ["email*", "password1*"]}
  sms: {webhook_url: "https://sms.example/x", webhook_secret: hunter2-hunter2-hunter2-hunter2-hunter2}
---
slug: bolt
name: Bolt
hosts:
- bolt.example
`

// wants fails unless each of the texts is in what was printed.
func wants(t *testing.T, printed string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(printed, text) {
			t.Errorf("without %q:\n%s", text, printed)
		}
	}
}

func TestTenantsAreAppliedFromAFile(t *testing.T) {
	b := withServer(t)
	file := filepath.Join(t.TempDir(), "tenants.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(twoTenants)
	out, _ := b.run(0, "tenant", "apply", "-f", file, "--dry-run")
	wants(t, out, "acme would be created\n  + slug: \"acme\"\n  + name: \"Acme\"\n  + hosts: [\"acme.example\"]\n", `+ config.sms.webhook_secret: "********"`, "bolt would be created\n")
	if out, _ := b.run(0, "tenant", "list", "-o", "json"); out != "[]\n" {
		t.Errorf("a dry run made %s", out)
	}
	out, _ = b.run(0, "tenant", "apply", "-f", file)
	wants(t, out, "acme created (version 1)\n", "bolt created (version 2)\n")
	if out, _ = b.run(0, "tenant", "apply", "-f", file); out != "acme unchanged (version 1)\nbolt unchanged (version 2)\n" {
		t.Errorf("again:\n%s", out)
	}
	out, _ = b.run(0, "tenant", "export", "acme", "bolt")
	wants(t, out, "slug: acme\n", "\n---\nslug: bolt\n", tenants.Mask)
	if strings.Contains(out, "hunter2") {
		t.Errorf("a secret was exported:\n%s", out)
	}
	b.in = out
	if out, _ = b.run(0, "tenant", "apply", "-f", "-"); out != "acme unchanged (version 1)\nbolt unchanged (version 2)\n" {
		t.Errorf("the export changes:\n%s", out)
	}
	out, _ = b.run(0, "tenant", "export", "acme", "bolt", "-o", "json")
	wants(t, out, "{\n  \"slug\": \"acme\"", "}\n---\n{\n  \"slug\": \"bolt\"")
	b.in = out
	if out, _ = b.run(0, "tenant", "apply", "-f", "-"); out != "acme unchanged (version 1)\nbolt unchanged (version 2)\n" {
		t.Errorf("the export as JSON changes:\n%s", out)
	}
	write(strings.Replace(strings.Replace(twoTenants, "name: Bolt", "name: Bolt & Sons\nnote: married", 1), "hunter2-", "hunter3-", 1))
	out, _ = b.run(0, "tenant", "validate", "-f", file)
	wants(t, out, "acme would be changed\n  ~ config.sms.webhook_secret: \"********\" -> \"********\" (another secret)\n",
		"bolt would be changed\n  ~ name: \"Bolt\" -> \"Bolt & Sons\"\n")
	out, _ = b.run(0, "tenant", "apply", "-f", file, "-o", "json")
	var results []admin.Applied
	if err := json.Unmarshal([]byte(out), &results); err != nil || len(results) != 2 || results[1].Outcome != admin.TenantWasChanged {
		t.Errorf("applied %s, %v", out, err)
	}
	// Anything that is wrong with any of them, and nothing is done; the lines are those of the file.
	write(strings.Replace(twoTenants, "name: Acme", "name: Acme 2", 1) + "config:\n  acount: {}\n")
	_, complaints := b.run(1, "tenant", "apply", "-f", file)
	wants(t, complaints, "bolt: ", "line 14: config.acount: ")
	if out, _ := b.run(0, "tenant", "show", "acme"); strings.Contains(out, "Acme 2") {
		t.Errorf("half of the file was applied:\n%s", out)
	}
	for text, want := range map[string]string{
		"name: A\n": "line 1: a document has to say its slug", "a: &a 1\n": "line 1: a: has an anchor", "# nothing\n": "there is no document",
		"slug: a\n---\nslug: [\n": "line 4: is not valid YAML",
	} {
		write(text)
		_, complaints := b.run(1, "tenant", "apply", "-f", file)
		wants(t, complaints, want)
	}
	b.run(2, "tenant", "apply")
	b.in = `{"name":"Only looked at"}`
	out, _ = b.run(0, "tenant", "validate", "--patch", "acme", "-f", "-")
	wants(t, out, "acme would be changed", "Only looked at")
	b.in = `{"name":""}`
	b.run(1, "tenant", "validate", "--patch", "acme", "-f", "-")
}

func TestTenantIsLookedBackAt(t *testing.T) {
	b := withServer(t)
	b.run(0, "tenant", "create", "acme", "--name", "Acme", "--host", "acme.example", "--note", "the first")
	b.run(0, "tenant", "patch", "acme", "--name", "New", "--note", "as asked")
	b.run(0, "tenant", "suspend", "acme", "--note", "unpaid")
	out, _ := b.run(0, "tenant", "resume", "acme")
	wants(t, out, "State       active")
	out, _ = b.run(0, "tenant", "versions", "acme")
	wants(t, out, "VERSION  AT", "tenant.created    admin-token  Acme  active     the first\n", "tenant.changed    admin-token  New   active     as asked\n", "unpaid")
	if out, complaints := b.run(0, "tenant", "versions", "acme", "--limit", "1"); strings.Count(out, "\n") != 2 || !strings.Contains(complaints, "--cursor ") {
		t.Errorf("limited:\n%s%s", out, complaints)
	}
	if out, _ := b.run(0, "tenant", "diff", "acme", "1"); out != "~ name: \"Acme\" -> \"New\"\n" {
		t.Errorf("the difference is\n%s", out)
	}
	if out, _ := b.run(0, "tenant", "diff", "acme", "3", "4", "-o", "yaml"); !strings.Contains(out, "before: suspended") {
		t.Errorf("the difference is\n%s", out)
	}
	_, complaints := b.run(1, "tenant", "rollback", "acme", "1", "--if-version", "2")
	wants(t, complaints, "changed by someone else")
	out, _ = b.run(0, "tenant", "rollback", "acme", "1", "--if-version", "4", "--note", "oops")
	wants(t, out, "Name        Acme\n", "Version     5\n")
	b.run(1, "tenant", "rollback", "acme", "x")
	b.run(2, "tenant", "rollback", "acme", "1", "--if-version", "0")
	out, _ = b.run(0, "tenant", "host", "add", "acme", "www.acme.example", "--first")
	wants(t, out, "Hosts       www.acme.example, acme.example\n")
	out, _ = b.run(0, "tenant", "host", "remove", "acme", "acme.example")
	wants(t, out, "would remove the host acme.example from acme (", "--yes")
	out, _ = b.run(0, "tenant", "host", "remove", "acme", "acme.example", "--yes")
	wants(t, out, "Hosts       www.acme.example\n")
	b.run(1, "tenant", "host", "remove", "acme", "acme.example")
	b.run(1, "tenant", "host", "remove", "acme", "acme.example", "--yes")
	b.run(2, "tenant", "host")
	out, _ = b.run(0, "tenant", "create", "bolt", "--name", "Bolt", "--host", "bolt.example", "--template", "acme")
	wants(t, out, "Slug        bolt\n")
	if out, _ := b.run(0, "tenant", "list", "BO"); strings.Count(out, "\n") != 2 {
		t.Errorf("found\n%s", out)
	}
	if out, _ := b.run(0, "tenant", "list", "--state", "suspended", "-o", "json"); out != "[]\n" {
		t.Errorf("found\n%s", out)
	}
}

func TestDeletedTenantIsRestoredOrPurged(t *testing.T) {
	b := withServer(t)
	b.run(0, "tenant", "create", "acme", "--name", "Acme", "--host", "acme.example")
	b.run(0, "tenant", "delete", "acme", "--yes")
	out, _ := b.run(0, "tenant", "deleted")
	wants(t, out, "ID ", "  acme  Acme  ")
	out, _ = b.run(0, "tenant", "deleted", "-o", "json")
	var all []admin.DeletedTenant
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 1 {
		t.Fatal(out, err)
	}
	b.run(0, "tenant", "create", "acme", "--name", "Second", "--host", "acme.example")
	_, complaints := b.run(1, "tenant", "restore", "acme")
	wants(t, complaints, "slug: acme is the slug of another tenant")
	out, _ = b.run(0, "tenant", "restore", "acme", "--slug", "acme-2", "--host", "2.example")
	wants(t, out, "Slug        acme-2\n", all[0].ID)
	b.run(0, "tenant", "delete", "acme", "--yes")
	b.run(0, "tenant", "delete", "acme-2", "--yes")
	out, _ = b.run(0, "tenant", "purge", "acme-2")
	wants(t, out, "would purge", "--yes", all[0].ID)
	if out, _ := b.run(0, "tenant", "purge", "acme-2", "-o", "yaml"); out != "would:\n  purge: "+all[0].ID+"\n" {
		t.Errorf("programs are told %q", out)
	}
	if out, _ := b.run(0, "tenant", "purge", "acme-2", "--yes"); out != "purged "+all[0].ID+"\n" {
		t.Errorf("purged says %q", out)
	}
	_, complaints = b.run(1, "tenant", "purge", all[0].ID, "--yes")
	wants(t, complaints, "no deleted tenant")
	// Two of one slug are told apart by their ids.
	b.run(0, "tenant", "create", "acme", "--name", "Third", "--host", "acme.example")
	b.run(0, "tenant", "delete", "acme", "--yes")
	_, complaints = b.run(1, "tenant", "restore", "acme")
	wants(t, complaints, "several")
}
