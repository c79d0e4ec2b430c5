package admin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

const acmeDocument = `{"slug":"acme","name":"Acme","hosts":["acme.example"],"config":{"account":{"login_methods":["email"],
	"signup_fields":["email*","password1*"]},"sms":{"webhook_url":"https://sms.example/x","webhook_secret":"` + secretSauce + `"}}}`

func (h *house) applyDoc(t *testing.T, slug, doc string) (*admin.Applied, error) {
	t.Helper()
	return h.ApplyTenant(t.Context(), ann, slug, nil, json.RawMessage(doc), false)
}

func TestApplyMakesReplacesAndLeavesAlone(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		dry, err := h.ApplyTenant(t.Context(), ann, "acme", nil, json.RawMessage(acmeDocument), true)
		if err != nil || dry.Outcome != admin.TenantWasCreated || !dry.DryRun || dry.Tenant != nil || len(dry.Changes) == 0 {
			t.Fatalf("rehearsed %+v, %v", dry, err)
		}
		if _, err := h.Tenant(t.Context(), "acme"); !refusal.Is(err, refusal.Missing) {
			t.Fatalf("the rehearsal made it: %v", err)
		}
		made, err := h.applyDoc(t, "acme", acmeDocument)
		if err != nil || made.Outcome != admin.TenantWasCreated || lines(made.Changes) != lines(dry.Changes) || made.Tenant.Version != 1 {
			t.Fatalf("made %+v, %v", made, err)
		}
		shown, err := json.Marshal(made.Tenant.Document())
		if err != nil || strings.Contains(string(shown), secretSauce) {
			t.Fatal(err, string(shown))
		}
		for _, doc := range []string{acmeDocument, string(shown), strings.Replace(acmeDocument, `"slug":"acme",`, "", 1)} {
			same, err := h.applyDoc(t, "acme", doc)
			if err != nil || same.Outcome != admin.TenantWasUnchanged || len(same.Changes) != 0 || same.Tenant.Version != 1 {
				t.Errorf("again: %+v, %v", same, err)
			}
		}
		if n := len(h.versions(t, "acme")); n != 1 {
			t.Errorf("%d versions", n)
		}
		// What is left out is at its default, and a state that is left out stays.
		if _, err := h.patch(t, "acme", `{"state":"suspended","config":{"account":{"signup_enabled":false}}}`); err != nil {
			t.Fatal(err)
		}
		doc := `{"name":"Acme 2","hosts":["b.example"],"config":{"sms":{"webhook_url":"https://sms.example/x","webhook_secret":"********"}},"note":"by hand"}`
		dry, err = h.ApplyTenant(t.Context(), ann, "acme", nil, json.RawMessage(doc), true)
		if err != nil {
			t.Fatal(err)
		}
		want := `name "Acme">"Acme 2"; hosts ["acme.example"]>["b.example"]; config.account.login_methods ["email"]>null; ` +
			`config.account.signup_enabled false>null; config.account.signup_fields ["email*","password1*"]>null`
		if lines(dry.Changes) != want || dry.Outcome != admin.TenantWasChanged || dry.Tenant.Name != "Acme" || dry.Tenant.Version != 2 {
			t.Errorf("rehearsed %s, %+v", lines(dry.Changes), dry.Tenant)
		}
		changed, err := h.applyDoc(t, "acme", doc)
		if err != nil || lines(changed.Changes) != want || changed.Tenant.State != tenants.Suspended || changed.Tenant.Version != 3 {
			t.Errorf("changed %+v, %v", changed, err)
		}
		rec, err := h.store.TenantRecordBySlug(t.Context(), "acme")
		if err != nil || !strings.Contains(string(rec.Document), secretSauce) {
			t.Errorf("the secret is gone: %v", err)
		}
		if v := h.versions(t, "acme")[0]; v.Note != "by hand" {
			t.Errorf("the version is %+v", v)
		}
	})
}

func TestApplyIsRefused(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	h.create(t, "zenith", "")
	for doc, want := range map[string][]string{
		`{}`: {"config.public_url", "name"},
		`{"slug":"other","name":"A","hosts":["a.example"]}`:                                        {"slug"},
		`{"name":"A","hosts":["a.example"],"hosts":["b.example"],"id":"x","version":0}`:            {"hosts", "id", "version"},
		`{"name":"A","hosts":["a.example"],"state":"deleted","x":1}`:                               {"state", "x"},
		`{"name":"A","hosts":["a.example"],"config":{"sms":{"webhook_secret":"********"}}}`:        {"config.sms.webhook_secret"},
		`{"name":"A","hosts":["a.example"],"config":{"acount":{},"account":{"signup_enabled":1}}}`: {"config.account.signup_enabled", "config.acount"},
		`[]`: {"", "config.public_url", "name"},
	} {
		for _, rehearsal := range []bool{true, false} {
			_, err := h.ApplyTenant(t.Context(), ann, "acme", nil, json.RawMessage(doc), rehearsal)
			if got := paths(t, err); !slices.Equal(got, want) {
				t.Errorf("%s: faults at %q", doc, got)
			}
		}
	}
	var taken *admin.Taken
	for _, rehearsal := range []bool{true, false} { // a rehearsal says so too
		_, err := h.ApplyTenant(t.Context(), ann, "acme", nil, json.RawMessage(`{"name":"A","hosts":["a.example","zenith.example"]}`), rehearsal)
		if !errors.As(err, &taken) || taken.Fault.Path != "hosts[1]" {
			t.Errorf("another's host: %v", err)
		}
	}
	doc := json.RawMessage(`{"name":"A","hosts":["a.example"]}`)
	if _, err := h.ApplyTenant(t.Context(), with(admin.Developer, ""), "acme", nil, doc, false); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("a developer made a tenant: %v", err)
	}
	if _, err := h.ApplyTenant(t.Context(), ann, "acme", admin.Versions{1}, doc, false); !errors.Is(err, admin.ErrStale) {
		t.Errorf("a version of nothing: %v", err)
	}
	withVersion := json.RawMessage(`{"name":"A","hosts":["a.example"],"version":1}`)
	if _, err := h.ApplyTenant(t.Context(), ann, "acme", nil, withVersion, false); !errors.Is(err, admin.ErrOtherVersion) {
		t.Errorf("a version of nothing: %v", err)
	}
	if _, err := h.ApplyTenant(t.Context(), ann, "acme", nil, doc, false); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ApplyTenant(t.Context(), ann, "acme", nil, withVersion, false); !errors.Is(err, admin.ErrOtherVersion) {
		t.Errorf("another version: %v", err)
	}
}

// Many that apply the same at once make it once, and none of them fails.
func TestApplyAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		outcomes := make([]string, 6)
		var wg sync.WaitGroup
		for i := range outcomes {
			wg.Go(func() {
				got, err := h.ApplyTenant(t.Context(), ann, "acme", nil, json.RawMessage(acmeDocument), false)
				if err != nil {
					outcomes[i] = err.Error()
					return
				}
				outcomes[i] = string(got.Outcome)
			})
		}
		wg.Wait()
		slices.Sort(outcomes)
		if want := []string{"created", "unchanged", "unchanged", "unchanged", "unchanged", "unchanged"}; !slices.Equal(outcomes, want) {
			t.Errorf("outcomes are %q", outcomes)
		}
	})
}

func TestValidateWritesNothing(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	h.create(t, "acme", "")
	h.create(t, "bolt", "")
	validate := func(doc string, whole bool) (*admin.Applied, error) {
		return h.ValidateTenant(t.Context(), ann, "acme", json.RawMessage(doc), whole)
	}
	got, err := validate(`{"name":"New","config":{"account":{"signup_enabled":false}}}`, false)
	if err != nil || lines(got.Changes) != `name "The acme">"New"; config.account.signup_enabled null>false` || !got.DryRun {
		t.Errorf("a patch: %+v, %v", got, err)
	}
	if got, err = validate(`{"name":"The acme"}`, false); err != nil || got.Outcome != admin.TenantWasUnchanged || got.Changes == nil {
		t.Errorf("a patch of nothing: %+v, %v", got, err)
	}
	if got, err = validate(`{"name":"New","hosts":["acme.example"]}`, true); err != nil || len(got.Changes) != 3 {
		t.Errorf("a document: %+v, %v", got, err)
	}
	_, err = validate(`{"name":"","hosts":["_"],"config":{"account":{"login_methods":["fax"]}}}`, false)
	if got := paths(t, err); !slices.Equal(got, []string{"config.account.login_methods[0]", "hosts[0]", "name"}) {
		t.Errorf("faults at %q", got)
	}
	var taken *admin.Taken
	if _, err := validate(`{"hosts":["bolt.example"]}`, false); !errors.As(err, &taken) {
		t.Errorf("another's host: %v", err)
	}
	if now, err := h.Tenant(t.Context(), "acme"); err != nil || now.Version != 1 || len(h.versions(t, "acme")) != 1 {
		t.Errorf("the tenant is %+v, %v", now, err)
	}
}

func TestTenantIsMadeOfATemplate(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		like := h.create(t, "like", `{"account":{"signup_enabled":false},"cookies":{"session_age":600},`+smsSecret[1:])
		read := func(doc string) admin.CreateInput { return admin.ReadCreateInput(json.RawMessage(doc)) }
		made, err := h.CreateTenant(t.Context(), ann, read(`{"slug":"one","name":"One","hosts":["one.example"],"template":"like",
			"config":{"account":{"signup_enabled":true},"sms":null}}`))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(made.Config), `"session_age":600`) || !strings.Contains(string(made.Config), `"signup_enabled":true`) ||
			made.ID == like.ID || strings.Contains(string(made.Config), "sms") {
			t.Errorf("made %+v with %s", made, made.Config)
		}
		// Its secrets come along when they are asked for, and only then.
		plain, err := h.CreateTenant(t.Context(), ann, read(`{"slug":"three","name":"Three","hosts":["three.example"],"template":"like"}`))
		if err != nil || !strings.Contains(string(plain.Config), "webhook_url") || strings.Contains(string(plain.Config), "webhook_secret") {
			t.Errorf("made with %s, %v", plain.Config, err)
		}
		if _, err = h.CreateTenant(t.Context(), ann, read(`{"slug":"two","name":"Two","hosts":["two.example"],"template":"like","template_secrets":true}`)); err != nil {
			t.Fatal(err)
		}
		rec, err := h.store.TenantRecordBySlug(t.Context(), "two")
		if err != nil || !strings.Contains(string(rec.Document), secretSauce) {
			t.Errorf("its document is %s, %v", rec.Document, err)
		}
		for _, more := range []string{`"template":"nobody"`, `"template":"A B"`, `"template":1`} {
			_, err := h.CreateTenant(t.Context(), ann, read(`{"slug":"x","name":"X","hosts":["x.example"],`+more+`}`))
			if got := paths(t, err); !slices.Equal(got, []string{"template"}) {
				t.Errorf("%s: faults at %q", more, got)
			}
		}
		_, err = h.CreateTenant(t.Context(), ann, read(`{"slug":"x","name":"X","hosts":["x.example"],"template_secrets":true}`))
		if got := paths(t, err); !slices.Equal(got, []string{"template_secrets"}) {
			t.Errorf("faults at %q", got)
		}
		// The operators' own tenant is nobody's template who may not look at it, and is answered like one that is not there.
		if err := h.MakeSystem(t.Context(), "http://localhost:9090"); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, slug := range []string{"system", "nobody"} {
			_, err := h.CreateTenant(t.Context(), with(admin.Admin, ""), read(fmt.Sprintf(`{"slug":"x","name":"X","hosts":["x.example"],"template":%q}`, slug)))
			texts = append(texts, fmt.Sprint(err))
		}
		if texts[0] != texts[1] {
			t.Errorf("they are answered apart: %q", texts)
		}
	})
}

func TestSecretsOfATemplateTakeMoreThanToReadIt(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	h.create(t, "like", smsSecret)
	narrow := admin.Actor{Name: "token", Grants: []admin.Grant{{Role: admin.Owner}}, Scopes: []admin.Permission{admin.TenantsCreate, admin.TenantsRead}}
	_, err := h.CreateTenant(t.Context(), narrow, admin.ReadCreateInput(json.RawMessage(
		`{"slug":"x","name":"X","hosts":["x.example"],"template":"like","template_secrets":true}`)))
	if got := paths(t, err); !slices.Equal(got, []string{"template"}) {
		t.Errorf("faults at %q", got)
	}
}

func TestEventsSayWhatWasChangedWithoutSecrets(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		h := houseOn(t, testkit.OpenURL(t, url, nil))
		h.create(t, "acme", smsSecret)
		if _, err := h.patch(t, "acme", `{"name":"B","config":{"sms":{"webhook_secret":"`+secretSauce+`-2"}}}`); err != nil {
			t.Fatal(err)
		}
		long := `{"config":{"email":{"templates":{"login_code":{"text":"{{.Code}} ` + strings.Repeat("x", 20_000) + `"}}}}}`
		if _, err := h.patch(t, "acme", long); err != nil {
			t.Fatal(err)
		}
		var details string
		if err := testkit.Raw(t, url).QueryRowContext(t.Context(),
			`SELECT details FROM audit_events WHERE action = 'tenant.changed' ORDER BY at, id LIMIT 1`).Scan(&details); err != nil {
			t.Fatal(err)
		}
		var said struct{ Changes []tenants.Change }
		if err := json.Unmarshal([]byte(details), &said); err != nil ||
			lines(said.Changes) != `name "The acme">"B"; config.sms.webhook_secret "********">"********" secret` {
			t.Errorf("the event says %s", details)
		}
		if err := testkit.Raw(t, url).QueryRowContext(t.Context(),
			`SELECT details FROM audit_events WHERE action = 'tenant.changed' ORDER BY at DESC, id DESC LIMIT 1`).Scan(&details); err != nil ||
			details != `{"changed":["config.email.templates.login_code.text"]}` {
			t.Errorf("of a long change the event says %.200s, %v", details, err)
		}
	})
}
