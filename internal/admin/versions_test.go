package admin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// with is somebody with a role.
func with(role admin.Role, tenantID string) admin.Actor {
	return admin.Actor{Name: string(role), Grants: []admin.Grant{{Role: role, TenantID: tenantID}}}
}

// versions are all of a tenant's versions, the latest first, read in pages of two.
func (h *house) versions(t *testing.T, slug string) (all []admin.Version) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := h.Versions(t.Context(), slug, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if cursor = next; cursor == "" {
			return all
		}
	}
}

// lines are changes in a form to compare.
func lines(changes []tenants.Change) string {
	var all []string
	for _, c := range changes {
		line := fmt.Sprintf("%s %s>%s", c.Path, c.Before, c.After)
		if c.Secret {
			line += " secret"
		}
		all = append(all, line)
	}
	return strings.Join(all, "; ")
}

const smsSecret = `{"sms":{"webhook_url":"https://sms.example/x","webhook_secret":"` + secretSauce + `"}}`

func TestEachChangeLeavesAVersion(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		h.create(t, "other", "")
		made := h.create(t, "acme", smsSecret)
		for _, doc := range []string{
			`{"name":"New","note":"as asked"}`, `{"name":"New","note":"nothing"}`, `{"state":"suspended"}`,
			`{"config":{"sms":{"webhook_secret":"` + secretSauce + `-2"},"account":{"signup_enabled":false}}}`,
		} {
			h.clock.Advance(time.Minute)
			if _, err := h.patch(t, "acme", doc); err != nil {
				t.Fatal(err)
			}
		}
		all := h.versions(t, "acme")
		var acts []string
		for _, v := range all {
			acts = append(acts, v.Act+" "+v.Name+" "+string(v.State)+" "+v.Note)
			if v.Config != nil || v.Actor.Name != "ann" {
				t.Errorf("listed %+v", v)
			}
		}
		if want := []string{
			"tenant.changed New suspended ", "tenant.suspended New suspended ", "tenant.changed New active as asked", "tenant.created The acme active ",
		}; !slices.Equal(acts, want) {
			t.Errorf("versions are %q", acts)
		}
		if all[3].Number != made.Version || !all[3].At.Equal(testkit.Start) || !all[2].At.Equal(testkit.Start.Add(time.Minute)) {
			t.Errorf("versions are %+v", all)
		}
		first, err := h.Version(t.Context(), "acme", made.Version)
		if err != nil || string(first.Config) != string(made.Config) || strings.Contains(string(first.Config), secretSauce) {
			t.Errorf("the first is %+v, %v", first, err)
		}
		changes, err := h.DiffVersions(t.Context(), "acme", made.Version, 0)
		want := `name "The acme">"New"; state "active">"suspended"; config.account.signup_enabled null>false; ` +
			`config.sms.webhook_secret "********">"********" secret`
		if err != nil || lines(changes) != want {
			t.Errorf("the difference is %s, %v", lines(changes), err)
		}
		if changes, err = h.DiffVersions(t.Context(), "acme", all[1].Number, all[2].Number); err != nil || lines(changes) != `state "suspended">"active"` {
			t.Errorf("backwards the difference is %s, %v", lines(changes), err)
		}
		for _, n := range []int64{99, 1} { // 1 is the other tenant's
			if _, err := h.Version(t.Context(), "acme", n); !refusal.Is(err, refusal.Missing) {
				t.Errorf("version %d: %v", n, err)
			}
			if _, err := h.DiffVersions(t.Context(), "acme", n, 0); !refusal.Is(err, refusal.Missing) {
				t.Errorf("difference to version %d: %v", n, err)
			}
		}
		_, next, err := h.Versions(t.Context(), "acme", "", 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.Versions(t.Context(), "other", next, 1); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("another tenant's cursor was taken: %v", err)
		}
		if strings.Contains(h.log.String(), secretSauce) {
			t.Error("a secret is in the log")
		}
	})
}

// Versions hold secrets as the tenant does: sealed, under a key that dies with the tenant.
func TestVersionsAreSealed(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		h := houseOn(t, testkit.OpenURL(t, url, nil))
		h.create(t, "acme", smsSecret)
		if _, err := h.patch(t, "acme", `{"name":"B"}`); err != nil {
			t.Fatal(err)
		}
		db := testkit.Raw(t, url)
		rows, err := db.QueryContext(t.Context(), `SELECT settings FROM tenant_versions UNION ALL SELECT details FROM audit_events`)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		n := 0
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			if n++; strings.Contains(text, secretSauce) {
				t.Errorf("a secret is in %s", text)
			}
		}
		if err := rows.Err(); err != nil || n != 4 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// Of a tenant from before versions were kept, its next change keeps what it was, so that it can be taken back.
func TestATenantFromBeforeThereWereVersions(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		h := houseOn(t, testkit.OpenURL(t, url, nil))
		made := h.create(t, "acme", smsSecret)
		if _, err := testkit.Raw(t, url).ExecContext(t.Context(), `DELETE FROM tenant_versions`); err != nil {
			t.Fatal(err)
		}
		if all := h.versions(t, "acme"); len(all) != 0 {
			t.Fatalf("versions are %v", all)
		}
		if _, err := h.patch(t, "acme", `{"name":"B","config":{"sms":null}}`); err != nil {
			t.Fatal(err)
		}
		all := h.versions(t, "acme")
		if len(all) != 2 || all[1].Number != made.Version || all[1].Act != "" || all[1].Name != "The acme" {
			t.Fatalf("versions are %+v", all)
		}
		back, err := h.Rollback(t.Context(), ann, "acme", nil, json.RawMessage(fmt.Sprintf(`{"version":%d}`, made.Version)))
		if err != nil || back.Name != "The acme" || string(back.Config) != string(made.Config) {
			t.Errorf("rolled back to %+v, %v", back, err)
		}
	})
}

func TestRollback(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		made := h.create(t, "acme", smsSecret)
		if _, err := h.patch(t, "acme", `{"name":"New","hosts":["new.example"],"state":"suspended","config":{"sms":null}}`); err != nil {
			t.Fatal(err)
		}
		to := func(version int64, meant admin.Versions) (*admin.Tenant, error) {
			return h.Rollback(t.Context(), with(admin.Developer, ""), "acme", meant, json.RawMessage(fmt.Sprintf(`{"version":%d,"note":"oops"}`, version)))
		}
		if _, err := to(made.Version, admin.Versions{made.Version}); !errors.Is(err, admin.ErrStale) {
			t.Errorf("meant for an earlier version: %v", err)
		}
		back, err := to(made.Version, admin.Versions{2})
		if err != nil {
			t.Fatal(err)
		}
		if back.Name != made.Name || !slices.Equal(back.Hosts, made.Hosts) || string(back.Config) != string(made.Config) || back.Version != 3 {
			t.Errorf("rolled back to %+v", back)
		}
		if back.State != tenants.Suspended {
			t.Error("the rollback resumed the tenant")
		}
		rec, err := h.store.TenantRecordBySlug(t.Context(), "acme")
		if err != nil || !strings.Contains(string(rec.Document), secretSauce) {
			t.Errorf("the secret did not come back: %v", err)
		}
		if again, err := to(made.Version, nil); err != nil || again.Version != 3 {
			t.Errorf("once more: %+v, %v", again, err)
		}
		if v := h.versions(t, "acme")[0]; v.Note != "oops" || v.Actor.Name != "developer" {
			t.Errorf("the version is %+v", v)
		}
		// Its host may be another's by then.
		if _, err := to(2, nil); err != nil {
			t.Fatal(err)
		}
		h.create(t, "zenith", "")
		if _, err := h.patch(t, "zenith", `{"hosts":["acme.example"]}`); err != nil {
			t.Fatal(err)
		}
		var taken *admin.Taken
		if _, err := to(made.Version, nil); !errors.As(err, &taken) || taken.Fault.Path != "hosts[0]" {
			t.Errorf("a host of another tenant: %v", err)
		}
		for doc, want := range map[string]string{`{}`: "version", `{"version":0}`: "version", `{"version":"1"}`: "version", `{"version":999}`: "version",
			`{"version":1,"state":"active"}`: "state"} {
			if _, err := h.Rollback(t.Context(), ann, "acme", nil, json.RawMessage(doc)); !slices.Equal(paths(t, err), []string{want}) {
				t.Errorf("%s: %v", doc, err)
			}
		}
	})
}

// What an earlier version took and this one does not know is told, and not taken again.
func TestRollbackIsJudgedByTodaysRules(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	if err := h.store.AddTenant(t.Context(), &store.TenantRecord{
		ID: secret.NewID(), Slug: "old", Name: "Old", State: tenants.Active, Hosts: []string{"old.example"},
		Document: []byte(`{"account":{"forgotten":true,"login_methods":["email"],"signup_fields":["email*"]},"gone":{}}`), CreatedAt: testkit.Start,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ApplyTenant(t.Context(), ann, "old", nil, json.RawMessage(`{"name":"Old","hosts":["old.example"]}`), false); err != nil {
		t.Fatal(err)
	}
	_, err := h.Rollback(t.Context(), ann, "old", nil, json.RawMessage(`{"version":1}`))
	if got := paths(t, err); !slices.Equal(got, []string{"config.account.forgotten", "config.gone"}) {
		t.Errorf("faults at %q", got)
	}
}

func TestSuspendingTakesItsOwnPermission(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	h.create(t, "acme", "")
	developer, boss := with(admin.Developer, ""), with(admin.Admin, "")
	patch := func(by admin.Actor, doc string) error {
		_, err := h.PatchTenant(t.Context(), by, "acme", nil, json.RawMessage(doc))
		return err
	}
	whole := func(state string) json.RawMessage {
		return json.RawMessage(`{"name":"The acme","hosts":["acme.example"],"state":"` + state + `","config":{"account":{"login_methods":["email"],"signup_fields":["email*","password1*"]}}}`)
	}
	for name, err := range map[string]error{
		"a patch":              patch(developer, `{"state":"suspended"}`),
		"a patch among others": patch(developer, `{"name":"X","state":"suspended"}`),
		"a document": func() error {
			_, err := h.ApplyTenant(t.Context(), developer, "acme", nil, whole("suspended"), false)
			return err
		}(),
		"a rehearsal": func() error {
			_, err := h.ApplyTenant(t.Context(), developer, "acme", nil, whole("suspended"), true)
			return err
		}(),
	} {
		if !refusal.Is(err, refusal.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := h.Tenant(t.Context(), "acme"); err != nil || got.Version != 1 {
		t.Errorf("the tenant is %+v, %v", got, err)
	}
	if err := patch(developer, `{"name":"X","state":"active"}`); err != nil { // it is that already
		t.Error(err)
	}
	for range 2 {
		got, err := h.SuspendTenant(t.Context(), boss, "acme", nil, json.RawMessage(`{"note":"unpaid"}`))
		if err != nil || got.State != tenants.Suspended || got.Version != 3 {
			t.Errorf("suspended: %+v, %v", got, err)
		}
	}
	if err := patch(developer, `{"state":"active"}`); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("a developer resumed it: %v", err)
	}
	got, err := h.ResumeTenant(t.Context(), boss, "acme", nil, json.RawMessage(`{}`))
	if err != nil || got.State != tenants.Active {
		t.Errorf("resumed: %+v, %v", got, err)
	}
	var acts []string
	for _, v := range h.versions(t, "acme") {
		acts = append(acts, v.Act)
	}
	if !slices.Equal(acts, []string{"tenant.resumed", "tenant.suspended", "tenant.changed", "tenant.created"}) {
		t.Errorf("acts are %q", acts)
	}
}

func TestTheOperatorsOwnTenantCannotBeLost(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	if err := h.MakeSystem(t.Context(), "http://localhost:9090"); err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{`{"state":"suspended"}`, `{"hosts":["system.example"]}`} {
		if _, err := h.patch(t, "system", doc); len(paths(t, err)) != 1 {
			t.Errorf("%s: %v", doc, err)
		}
	}
	_, err := h.SuspendTenant(t.Context(), ann, "system", nil, json.RawMessage(`{}`))
	paths(t, err)
	_, err = h.AddHost(t.Context(), ann, "system", nil, json.RawMessage(`{"host":"system.example"}`))
	paths(t, err)
	paths(t, h.DeleteTenant(t.Context(), ann, "system", nil))
	if _, err := h.patch(t, "system", `{"name":"Staff","config":{"cookies":{"session_age":600}}}`); err != nil {
		t.Errorf("its settings cannot be changed: %v", err)
	}
	if page, _, err := h.Tenants(t.Context(), with(admin.Admin, ""), admin.TenantSearch{}, "", 10); err != nil || len(page) != 0 {
		t.Errorf("an admin is shown %v, %v", page, err)
	}
	if page, _, err := h.Tenants(t.Context(), ann, admin.TenantSearch{Prefix: "sys"}, "", 10); err != nil || len(page) != 1 {
		t.Errorf("an owner is shown %v, %v", page, err)
	}
	fresh := newHouse(t, "sqlite", nil)
	_, err = fresh.CreateTenant(t.Context(), ann, admin.CreateInput{Slug: "system", Name: "S", Hosts: []string{"s.example"}})
	if got := paths(t, err); !slices.Equal(got, []string{"slug"}) {
		t.Errorf("faults at %q", got)
	}
	_, err = fresh.ApplyTenant(t.Context(), ann, "system", nil, json.RawMessage(`{"name":"S","hosts":["s.example"]}`), false)
	if got := paths(t, err); !slices.Equal(got, []string{"slug"}) {
		t.Errorf("faults at %q", got)
	}
}

func TestHostsAreAddedAndRemoved(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		h.create(t, "acme", "")
		h.create(t, "bolt", "")
		add := func(doc string) ([]string, error) {
			got, err := h.AddHost(t.Context(), ann, "acme", nil, json.RawMessage(doc))
			if err != nil {
				return nil, err
			}
			return got.Hosts, nil
		}
		for _, c := range []struct {
			doc  string
			want []string
		}{
			{`{"host":"WWW.acme.example."}`, []string{"acme.example", "www.acme.example"}},
			{`{"host":"www.acme.example"}`, []string{"acme.example", "www.acme.example"}},
			{`{"host":"www.acme.example","first":true}`, []string{"www.acme.example", "acme.example"}},
			{`{"host":"new.example","first":true}`, []string{"new.example", "www.acme.example", "acme.example"}},
		} {
			if got, err := add(c.doc); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, %v", c.doc, got, err)
			}
		}
		var taken *admin.Taken
		if _, err := add(`{"host":"bolt.example"}`); !errors.As(err, &taken) || taken.Fault.Path != "host" {
			t.Errorf("another's host: %v", err)
		}
		for _, doc := range []string{`{}`, `{"host":"https://x.example"}`, `{"host":"x.example:80"}`, `{"host":"*.example"}`, `{"host":"shared.example"}`} {
			if _, err := add(doc); !slices.Equal(paths(t, err), []string{"host"}) {
				t.Errorf("%s: %v", doc, err)
			}
		}
		got, err := h.RemoveHost(t.Context(), ann, "acme", nil, "NEW.example")
		if err != nil || !slices.Equal(got.Hosts, []string{"www.acme.example", "acme.example"}) {
			t.Errorf("removed: %+v, %v", got, err)
		}
		if _, err := h.RemoveHost(t.Context(), ann, "acme", nil, "bolt.example"); !refusal.Is(err, refusal.Missing) {
			t.Errorf("another's host: %v", err)
		}
		if _, err := h.RemoveHost(t.Context(), ann, "bolt", nil, "bolt.example"); len(paths(t, err)) != 1 {
			t.Errorf("the last host: %v", err)
		}
		if _, err := h.directory.Resolve(t.Context(), "new.example", ""); !refusal.Is(err, refusal.Missing) {
			t.Errorf("the removed host: %v", err)
		}
		// Of two tenants that want one host at once, one has it.
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, slug := range []string{"acme", "bolt"} {
			wg.Go(func() {
				_, errs[i] = h.AddHost(t.Context(), ann, slug, nil, json.RawMessage(`{"host":"wanted.example"}`))
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.As(errors.Join(errs...), &taken) {
			t.Errorf("got %v", errs)
		}
	})
}
