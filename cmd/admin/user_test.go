package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestUsersAreLookedAfter(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		st := testkit.Open(t, engine, nil)
		acme := testkit.AddTenant(t, st, "acme", `{"passwords": {"argon2id_memory": 8192, "argon2id_iterations": 1}, "account": {"login_methods": ["email", "username", "phone"]}}`)
		b := withServerOn(t, st)
		run := func(status int, args ...string) string {
			t.Helper()
			out, complaints := b.run(status, append([]string{"user", "--tenant", "acme"}, args...)...)
			return out + complaints
		}
		b.in = "Kestrel-Orbit-49!\n"
		out := run(0, "create", "--email", "Ann@example.org", "--username", "ann", "--name", "Ann Archer", "--email-verified", "--password-file", "-")
		if !strings.Contains(out, "ann@example.org, primary, verified") || !strings.Contains(out, "Password          set") {
			t.Errorf("made is\n%s", out)
		}
		b.in = `{"plan": "gold"}`
		run(0, "invite", "bob@example.org", "--metadata-private", "-")
		if out := run(1, "invite", "ann@example.org"); !strings.Contains(out, "email: There is already an account") {
			t.Errorf("a taken address:\n%s", out)
		}
		show := func(name string) (u admin.UserDetail) {
			t.Helper()
			if err := json.Unmarshal([]byte(run(0, "show", name, "-o", "json")), &u); err != nil {
				t.Fatal(err)
			}
			return u
		}
		ann, bob := show("ann"), show("bob@example.org")
		if ann.Name != "Ann Archer" || string(bob.MetadataPrivate) == "{}" || bob.HasPassword {
			t.Errorf("shown are %+v and %+v", ann, bob)
		}
		for _, line := range [][]string{
			{"patch", "ann", "--name", "Ann A."}, {"email", "add", "ann", "second@example.org", "--verified"}, {"email", "primary", "ann", "second@example.org"},
			{"email", "unverify", "ann", "ann@example.org"}, {"email", "verify", "ann", "ann@example.org"}, {"email", "remove", "ann", "ann@example.org", "--yes"},
			{"phone", "set", "ann", "+31612345678", "--verified"}, {"phone", "unverify", "ann"}, {"phone", "verify", ann.ID}, {"phone", "remove", "ann", "--yes"},
			{"reset", "ann"}, {"sessions", "ann"}, {"factors", "ann"}, {"deactivate", "ann"}, {"reactivate", "ann"}, {"list"}, {"list", "-q", "a", "--active", "true"},
		} {
			run(0, line...)
		}
		b.in = "Lantern-Quartz-83?"
		run(0, "password", "ann", "--password-file", "-")
		if u := show(ann.ID); u.Name != "Ann A." || u.Email != "second@example.org" || len(u.Emails) != 1 || !u.Active {
			t.Errorf("ann is %+v", u)
		}
		if out := run(0, "list", "-o", "json"); strings.Count(out, `"id"`) != 2 {
			t.Errorf("the list is\n%s", out)
		}
		if out := run(0, "list", "--limit", "1"); strings.Count(out, "\n") != 3 || !strings.Contains(out, bob.ID) {
			t.Errorf("a page is\n%s", out)
		} else if next := run(0, "list", "--limit", "1", "--cursor", out[strings.LastIndex(out, " ")+1:len(out)-1]); !strings.Contains(next, ann.ID) || strings.Contains(next, bob.ID) {
			t.Errorf("the page after is\n%s", next)
		}
		run(2, "list", "--limit", "-1")
		if out := run(0, "list", "-q", "second"); !strings.Contains(out, ann.ID) || strings.Contains(out, bob.ID) {
			t.Errorf("the list is\n%s", out)
		}
		run(2, "patch", "ann")
		run(1, "show", "nobody")
		run(2, "remove-factor", "ann")
		run(1, "remove-factor", "ann", "--authenticator", bob.ID, "--yes")

		// What destroys something is said, and done with --yes.
		run(0, "phone", "set", "ann", "+31612345678", "--verified")
		for _, line := range [][]string{
			{"end-sessions", "ann"}, {"remove-factor", "ann", "--all"}, {"delete", "ann"}, {"erase", "ann"}, {"phone", "remove", "ann"},
			{"email", "remove", "ann", "second@example.org"},
		} {
			if out := run(0, line...); !strings.HasPrefix(out, "would ") || !strings.Contains(out, "Nothing was done: add --yes") || !strings.Contains(out, ann.ID) {
				t.Errorf("%v says\n%s", line, out)
			}
		}
		if out := run(0, "erase", "ann", "-o", "json"); out != "{\n  \"would\": {\n    \"erase\": \""+ann.ID+"\"\n  }\n}\n" {
			t.Errorf("programs are told %s", out)
		}
		run(1, "email", "remove", "ann", "other@example.org")
		run(1, "remove-factor", "ann", "--authenticator", bob.ID)
		run(1, "end-sessions", "ann", "--session", bob.ID)
		if u := show("ann"); len(u.Emails) != 1 || u.Phone == "" {
			t.Errorf("ann is %+v", u)
		}
		run(0, "phone", "remove", "ann", "--yes")
		run(0, "end-sessions", "ann", "--yes")
		run(0, "remove-factor", "ann", "--all", "--yes")

		scope := st.For(acme)
		if err := scope.One(func(tx *store.Tx) error {
			return tx.AddProviderAccount(t.Context(), &store.ProviderAccount{Provider: "github", UID: "583231", Display: "octocat", UserID: ann.ID, CreatedAt: testkit.Start})
		}); err != nil {
			t.Fatal(err)
		}
		if all := show("ann").ProviderAccounts; len(all) != 1 || all[0].Display != "octocat" {
			t.Errorf("her accounts with providers are %+v", all)
		}
		run(2, "disconnect", "ann", "github")
		run(1, "disconnect", "ann", "github", "583232", "--yes")
		run(1, "disconnect", "ann", "google", "583231")
		if out := run(0, "disconnect", "ann", "github", "583231"); !strings.Contains(out, "the account 583231 with github of "+ann.ID) || len(show("ann").ProviderAccounts) != 1 {
			t.Errorf("it says\n%s", out)
		}
		if out := run(0, "disconnect", "ann", "github", "583231", "--yes"); !strings.HasPrefix(out, "the account 583231 with github is disconnected from "+ann.ID) ||
			len(show("ann").ProviderAccounts) != 0 {
			t.Errorf("it says\n%s", out)
		}
		if out := run(0, "export", "ann"); !strings.Contains(out, `"user.created"`) || !strings.Contains(out, "second@example.org") || strings.Contains(out, "argon2") {
			t.Errorf("the export is\n%s", out)
		}
		run(0, "delete", "ann", "--yes")
		run(1, "show", "ann")
		if out := run(0, "deleted"); !strings.Contains(out, ann.ID) || !strings.Contains(out, "second@example.org") {
			t.Errorf("deleted are\n%s", out)
		}
		run(0, "restore", ann.ID)
		lines := strings.Split(strings.TrimSpace(run(0, "export", "--all", "--password-hashes")), "\n")
		if len(lines) != 3 || !strings.HasPrefix(lines[0], `{"tenant":`) || !strings.Contains(lines[1], `"password_hash":"$argon2`) {
			t.Errorf("the export is\n%s", strings.Join(lines, "\n"))
		}
		if out := run(0, "export", "--all", "--users-only"); strings.Count(out, "\n") != 2 || strings.Contains(out, "argon2") || strings.Contains(out, `"tenant"`) {
			t.Errorf("the export is\n%s", out)
		}
		run(2, "export")
		run(2, "export", "ann", "--password-hashes")
		run(2, "export", "--all", "-o", "yaml")
		run(0, "export", "--all", "-o", "json")
		if out := run(0, "erase", "ann", "--yes", "-o", "yaml"); out != "erased: "+ann.ID+"\n" {
			t.Errorf("programs are told %s", out)
		}
		run(1, "erase", ann.ID, "--yes")
	})
}
