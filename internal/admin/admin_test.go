package admin_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

var ann = admin.Actor{Name: "ann", Grants: []admin.Grant{{Role: admin.Owner}}}

// house is a Service with what a test wants to look at around it.
type house struct {
	*admin.Service
	store     *store.Store
	directory *tenants.Directory
	clock     *clock.Fake
	keys      *secret.Keys
	log       *bytes.Buffer
}

func newHouse(t *testing.T, engine string, observe func(op, query string) error) *house {
	t.Helper()
	return houseOn(t, testkit.Open(t, engine, observe))
}

func houseOn(t *testing.T, st *store.Store) *house {
	t.Helper()
	h := &house{store: st, clock: clock.At(testkit.Start), keys: testkit.Keys(t), log: &bytes.Buffer{}}
	var err error
	h.directory, err = tenants.NewDirectory(h.store, tenants.Options{Clock: h.clock})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = admin.New(admin.Options{
		Store: h.store, Directory: h.directory, Clock: h.clock, Keys: h.keys,
		Log: slog.New(slog.NewJSONHandler(h.log, nil)), SharedHosts: []string{"shared.example"},
		CheckTemplate: func(kind string, _ tenants.MailTemplate) error {
			if kind == "birthday" {
				return errors.New("is never sent")
			}
			return nil
		},
	})
	return h
}

func (h *house) create(t *testing.T, slug, config string) *admin.Tenant {
	t.Helper()
	made, err := h.CreateTenant(t.Context(), ann, admin.CreateInput{
		Slug: slug, Name: "The " + slug, Hosts: []string{slug + ".example"}, Config: json.RawMessage(config),
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (h *house) patch(t *testing.T, slug, doc string) (*admin.Tenant, error) {
	t.Helper()
	return h.PatchTenant(t.Context(), ann, slug, nil, json.RawMessage(doc))
}

// paths are those of the faults of an error that must be an Invalid.
func paths(t *testing.T, err error) []string {
	t.Helper()
	var invalid *admin.Invalid
	if !errors.As(err, &invalid) {
		t.Fatalf("the error is %v, not an Invalid", err)
	}
	var all []string
	for _, f := range invalid.Faults {
		if f.Message == "" {
			t.Errorf("%s has no message", f.Path)
		}
		all = append(all, f.Path)
	}
	return all
}

func TestTenantIsMadeAndShown(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		made, err := h.CreateTenant(t.Context(), ann, admin.CreateInput{
			Slug: "acme", Name: "Acme & Söhne", Hosts: []string{"Login.ACME.example.", "bücher.example"},
			Config: json.RawMessage(`{"account":{"signup_enabled":false}}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(made.Hosts, []string{"login.acme.example", "xn--bcher-kva.example"}) {
			t.Errorf("hosts are not normal: %v", made.Hosts)
		}
		if made.PublicURL != "https://login.acme.example" || made.State != tenants.Active || made.Version != 1 ||
			!made.CreatedAt.Equal(testkit.Start) || !made.UpdatedAt.Equal(testkit.Start) || made.ID == "" {
			t.Errorf("made %+v", made)
		}
		if !strings.Contains(string(made.Config), `"login_methods":["email"]`) {
			t.Errorf("a new tenant's defaults are not in its configuration: %s", made.Config)
		}
		shown, err := h.Tenant(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		want, got := mustJSON(t, made), mustJSON(t, shown)
		if want != got {
			t.Errorf("shown is\n%s\nmade was\n%s", got, want)
		}
		served, err := h.directory.Resolve(t.Context(), "login.acme.example", "")
		if err != nil || served.ID != made.ID {
			t.Errorf("the directory has %v, %v", served, err)
		}
	})
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMissingTenant(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	for _, slug := range []string{"nobody", "", "UPPER", "a' OR '1'='1", "a\x00b", strings.Repeat("a", 64)} {
		_, err := h.Tenant(t.Context(), slug)
		if !refusal.Is(err, refusal.Missing) {
			t.Errorf("%q: %v", slug, err)
		}
		if _, err := h.patch(t, slug, `{}`); !refusal.Is(err, refusal.Missing) {
			t.Errorf("patch %q: %v", slug, err)
		}
		if err := h.DeleteTenant(t.Context(), ann, slug, nil); !refusal.Is(err, refusal.Missing) {
			t.Errorf("delete %q: %v", slug, err)
		}
	}
}

func TestFaultsAreReportedAtOnce(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	for _, c := range []struct {
		name, doc string
		want      []string
	}{
		{"everything is wrong", `{"slug":"-A","name":"a\u0007","hosts":["ok.example","https://x"],"surprise":1,
			"config":{"account":{"login_methods":["fax"]},"colour":"red"}}`,
			[]string{"config.account.login_methods[0]", "config.colour", "hosts[1]", "name", "slug", "surprise"}},
		{"an unknown key, a combination, a mail and a host", `{"slug":"a","name":"A","hosts":["a.example","_"],"config":{
			"account":{"nope":1,"email_verification":"mandatory","signup_fields":["username"]},"mfa":{"passkey_signup_enabled":true},
			"cookies":{"domain":"b.example"},"email":{"templates":{"birthday":{"text":"x"},"a b":{"text":"x"},"login_code":{"text":"{{"}}}}}`,
			[]string{"config.account.email_verification", "config.account.login_methods", "config.account.nope", "config.cookies.domain",
				"config.email.templates.birthday", "config.email.templates.login_code.text", `config.email.templates["a b"]`,
				"config.mfa.passkey_signup_enabled", "hosts[1]"}},
		{"what depends on a host that is everybody's", `{"slug":"a","name":"A","hosts":["shared.example"],"config":{"mfa":{"webauthn_rp_id":"b.example"}}}`,
			[]string{"hosts[0]"}},
		{"what depends on a host that is none", `{"slug":"a","name":"A","hosts":["_"],"config":{"mfa":{"webauthn_rp_id":"b.example"}}}`,
			[]string{"hosts[0]"}},
		{"what depends on a faulty URL", `{"slug":"a","name":"A","config":{"public_url":"b.example","mfa":{"webauthn_rp_id":"b.example"}}}`,
			[]string{"config.public_url"}},
		{"types are wrong", `{"slug":5,"name":null,"hosts":["a.example",7],"config":[]}`,
			[]string{"config", "hosts[1]", "name", "slug"}},
		{"nothing is given", `{}`, []string{"config.public_url", "name", "slug"}},
		{"a host is listed twice, once in capitals", `{"slug":"a","name":"A","hosts":["a.example","A.example"]}`, []string{"hosts[1]"}},
		{"a host has a port", `{"slug":"a","name":"A","hosts":["a.example:443"]}`, []string{"hosts[0]"}},
		{"hosts that are everybody's", `{"slug":"a","name":"A","hosts":["SHARED.example.","a.example","shared.example"]}`, []string{"hosts[0]", "hosts[2]"}},
		{"members are given twice", `{"slug":"a","name":"A","name":"B","hosts":["a.example"],"config":{"email":{},"email":{}}}`,
			[]string{"config.email", "name"}},
		{"names are spelt otherwise", `{"Slug":"a","slug":"a","name":"A","hosts":["a.example"]}`, []string{"Slug"}},
		{"what cannot be set is", `{"slug":"a","name":"A","hosts":["a.example"],"id":"1","version":3,"error":""}`, []string{"error", "id", "version"}},
		{"a name with a space at its end", `{"slug":"a","name":"A ","hosts":["a.example"]}`, []string{"name"}},
		{"a name too long", `{"slug":"a","name":"` + strings.Repeat("ö", 201) + `","hosts":["a.example"]}`, []string{"name"}},
		{"too many hosts", `{"slug":"a","name":"A","hosts":["x.example"` + strings.Repeat(`,"x.example"`, 50) + `]}`, []string{"hosts"}},
		{"a mask that stands for nothing", `{"slug":"a","name":"A","hosts":["a.example"],"config":{"sms":{"webhook_secret":"********"}}}`,
			[]string{"config.sms.webhook_secret"}},
		{"settings that do not fit the hosts", `{"slug":"a","name":"A","hosts":["a.example"],"config":{"mfa":{"webauthn_rp_id":"b.example"}}}`,
			[]string{"config.mfa.webauthn_rp_id"}},
		{"a configuration too large", `{"slug":"a","name":"A","hosts":["a.example"],"config":{"x":"` + strings.Repeat("x", 256<<10) + `"}}`,
			[]string{"config"}},
		{"odd member names", `{"slug":"a","name":"A","hosts":["a.example"],"a b":1,"":2}`, []string{`[""]`, `["a b"]`}},
		{"not an object", `[]`, []string{"", "config.public_url", "name", "slug"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := h.CreateTenant(t.Context(), ann, admin.ReadCreateInput(json.RawMessage(c.doc)))
			if got := paths(t, err); !slices.Equal(got, c.want) {
				t.Errorf("faults at %q, not %q: %v", got, c.want, err)
			}
		})
	}
	if page, _, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, "", 10); err != nil || len(page) != 0 {
		t.Errorf("faulty tenants were made: %v %v", page, err)
	}
	if h.log.Len() != 0 {
		t.Errorf("changes were logged: %s", h.log)
	}
}

func TestNamesAndHostsAtTheirBounds(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	in := admin.CreateInput{Slug: strings.Repeat("a", 63), Name: strings.Repeat("ö", 200)}
	for i := range 50 {
		in.Hosts = append(in.Hosts, fmt.Sprintf("h%d.example", i))
	}
	if _, err := h.CreateTenant(t.Context(), ann, in); err != nil {
		t.Error(err)
	}
}

func TestPatchFaultsChangeNothing(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		before := h.create(t, "acme", "")
		for _, c := range []struct {
			name, doc string
			want      []string
		}{
			{"everything is wrong", `{"slug":"b","name":"","hosts":["_"],"state":"deleted","config":{"account":{"login_methods":["fax"]}},"x":1}`,
				[]string{"config.account.login_methods[0]", "hosts[0]", "name", "slug", "state", "x"}},
			{"keys twice, a combination and a mail", `{"config":{"account":{"unique_email":false,"unique_email":false,"email_verification_by_code_enabled":true},
				"email":{"templates":{"birthday":{"text":"x"}}},"nope":1}}`,
				[]string{"config.account.email_verification_by_code_enabled", "config.account.unique_email", "config.email.templates.birthday", "config.nope"}},
			{"members are taken away", `{"name":null,"hosts":null,"state":null,"config":null}`, []string{"config", "hosts", "name", "state"}},
			{"a host that is everybody's", `{"hosts":["acme.example","shared.example"]}`, []string{"hosts[1]"}},
			{"the last host goes", `{"name":"B","hosts":[]}`, []string{"config.public_url"}},
			{"settings that do not go together", `{"config":{"account":{"email_verification_by_code_enabled":true,"email_verification":"none"}}}`,
				[]string{"config.account.email_verification_by_code_enabled"}},
			{"a mask that stands for nothing", `{"config":{"sms":{"webhook_secret":"********"}}}`, []string{"config.sms.webhook_secret"}},
			{"not an object", `"x"`, []string{""}},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := h.patch(t, "acme", c.doc)
				if got := paths(t, err); !slices.Equal(got, c.want) {
					t.Errorf("faults at %q, not %q: %v", got, c.want, err)
				}
			})
		}
		after, err := h.Tenant(t.Context(), "acme")
		if err != nil || mustJSON(t, after) != mustJSON(t, before) {
			t.Errorf("something changed: %s, %v", mustJSON(t, after), err)
		}
	})
}

func TestPatchMergesAndIsSeenAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		h.create(t, "acme", `{"account":{"signup_enabled":false,"login_methods":["email"]}}`)
		if _, err := h.directory.Resolve(t.Context(), "acme.example", ""); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(time.Minute)
		after, err := h.patch(t, "acme", `{"name":"New","hosts":["new.example"],"config":{"account":{"signup_enabled":null},"cookies":{"session_age":600}}}`)
		if err != nil {
			t.Fatal(err)
		}
		if after.Name != "New" || after.PublicURL != "https://new.example" || after.Version != 2 ||
			!after.UpdatedAt.Equal(testkit.Start.Add(time.Minute)) || !after.CreatedAt.Equal(testkit.Start) {
			t.Errorf("after is %+v", after)
		}
		if c := string(after.Config); strings.Contains(c, "signup_enabled") || !strings.Contains(c, `"session_age":600`) ||
			!strings.Contains(c, `"login_methods":["email"]`) {
			t.Errorf("configuration is %s", c)
		}
		if _, err := h.directory.Resolve(t.Context(), "acme.example", ""); !refusal.Is(err, refusal.Missing) {
			t.Errorf("the old host still leads somewhere: %v", err)
		}
		if served, err := h.directory.Resolve(t.Context(), "new.example", ""); err != nil || served.Name != "New" {
			t.Errorf("the new host leads to %v, %v", served, err)
		}
		same, err := h.patch(t, "acme", `{"name":"New","hosts":["NEW.example"],"config":{}}`)
		if err != nil || same.Version != 2 {
			t.Errorf("a change of nothing made version %v, %v", same, err)
		}
		if _, err := h.patch(t, "acme", `{"state":"suspended"}`); err != nil {
			t.Fatal(err)
		}
		if _, err := h.directory.Resolve(t.Context(), "new.example", ""); !refusal.Is(err, refusal.Forbidden) {
			t.Errorf("a suspended tenant is served: %v", err)
		}
		if _, err := h.patch(t, "acme", `{"state":"active"}`); err != nil {
			t.Fatal(err)
		}
		if _, err := h.directory.Resolve(t.Context(), "new.example", ""); err != nil {
			t.Errorf("a tenant that is active again is not served: %v", err)
		}
	})
}

// A later version may be stricter than the one that took a configuration. That must not stand in the way of suspending.
func TestSuspendingNeedsNoValidConfiguration(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	if err := h.store.AddTenant(t.Context(), &store.TenantRecord{
		ID: secret.NewID(), Slug: "old", Name: "Old", State: tenants.Active, Hosts: []string{"old.example"},
		Document: []byte(`{"account":{"signup_fields":["username"],"login_methods":["email"]}}`), CreatedAt: testkit.Start,
	}); err != nil {
		t.Fatal(err)
	}
	if got, err := h.patch(t, "old", `{"state":"suspended"}`); err != nil || got.State != tenants.Suspended {
		t.Errorf("%v %v", got, err)
	}
	if _, err := h.patch(t, "old", `{"config":{"account":{"signup_enabled":true}}}`); len(paths(t, err)) == 0 {
		t.Error("a configuration that does not work was saved")
	}
}

// A server that went back to an earlier version may meet settings that it does not know. They must not hide other tenants.
func TestTenantOfALaterVersionIsListedSuspendedAndDeleted(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	h.create(t, "acme", "")
	if err := h.store.AddTenant(t.Context(), &store.TenantRecord{
		ID: secret.NewID(), Slug: "later", Name: "Later", State: tenants.Active, Hosts: []string{"later.example"},
		Document: []byte(`{"account":{"login_methods":{"email":"always"}}}`), CreatedAt: testkit.Start,
	}); err != nil {
		t.Fatal(err)
	}
	h.create(t, "zenith", "")
	page, _, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, "", 10)
	if err != nil || len(page) != 3 {
		t.Fatalf("listed %v, %v", page, err)
	}
	later := page[1]
	if later.Slug != "later" || !strings.Contains(later.Error, "account.login_methods") || page[0].Error != "" || page[2].Error != "" {
		t.Errorf("listed %s", mustJSON(t, page))
	}
	if got, err := h.Tenant(t.Context(), "later"); err != nil || got.Error != later.Error || !strings.Contains(string(got.Config), "always") {
		t.Errorf("shown as %+v, %v", got, err)
	}
	if got, err := h.patch(t, "later", `{"state":"suspended"}`); err != nil || got.State != tenants.Suspended {
		t.Errorf("suspended: %v, %v", got, err)
	}
	if err := h.DeleteTenant(t.Context(), ann, "later", nil); err != nil {
		t.Errorf("deleted: %v", err)
	}
}

// A tenant whose data key was sealed under a key that is lost cannot be served. It must not hide the others, and there has
// to be a way to be rid of it.
func TestTenantOfALostKeyIsListedSuspendedAndDeleted(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		before := houseOn(t, testkit.OpenURL(t, url, nil))
		before.create(t, "lost", `{"sms":{"webhook_url":"https://sms.example/x","webhook_secret":"`+secretSauce+`"},
			"email":{"smtp_url":"smtps://me:`+secretSauce+`@mail.example:465"}}`)
		h := houseOn(t, testkit.OpenURL(t, url, nil)) // which has keys of its own
		h.create(t, "acme", "")
		h.create(t, "zenith", "")

		page, _, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, "", 10)
		if err != nil || len(page) != 3 {
			t.Fatalf("listed %v, %v", page, err)
		}
		lost := page[1]
		if lost.Slug != "lost" || !strings.Contains(lost.Error, "cannot be opened") || lost.PublicURL != "https://lost.example" ||
			page[0].Error != "" || page[2].Error != "" {
			t.Errorf("listed %s", mustJSON(t, page))
		}
		if c := string(lost.Config); strings.Count(c, tenants.Mask) != 2 || strings.Contains(c, "sealed") || !strings.Contains(c, "https://sms.example/x") {
			t.Errorf("the configuration is shown as %s", c)
		}
		if _, err := h.directory.Resolve(t.Context(), "lost.example", ""); !errors.Is(err, secret.ErrUnreadable) {
			t.Errorf("served: %v", err)
		}
		_, err = h.patch(t, "lost", `{"name":"Found","config":{"account":{"signup_enabled":false}}}`)
		if got := paths(t, err); !slices.Equal(got, []string{"config"}) {
			t.Errorf("faults at %q", got)
		}
		held, err := h.patch(t, "lost", `{"state":"suspended","name":"Lost"}`)
		if err != nil || held.State != tenants.Suspended || held.Error == "" {
			t.Fatalf("suspended: %+v, %v", held, err)
		}
		if _, err := h.directory.Resolve(t.Context(), "lost.example", ""); !refusal.Is(err, refusal.Forbidden) {
			t.Errorf("a suspended tenant is answered as %v", err)
		}
		// Whoever has the key finds everything as it was.
		rec, err := before.store.TenantRecordBySlug(t.Context(), "lost")
		if err != nil || rec.Unreadable != nil || rec.Name != "Lost" || strings.Count(string(rec.Document), secretSauce) != 2 {
			t.Errorf("under its own key it is %s, %v, %v", rec.Document, rec.Unreadable, err)
		}
		if err := h.DeleteTenant(t.Context(), ann, "lost", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := h.directory.Resolve(t.Context(), "lost.example", ""); !refusal.Is(err, refusal.Missing) {
			t.Errorf("a deleted tenant is answered as %v", err)
		}
		if row, err := h.store.TenantByID(t.Context(), rec.ID); err != nil || row.State != tenants.Deleted {
			t.Errorf("the row is %v, %v", row, err)
		}
		h.create(t, "lost", "") // its names are free
	})
}

const secretSauce = "hunter2-hunter2-hunter2-hunter2-hunter2"

func TestSecretsStayMasked(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		made := h.create(t, "acme", `{"sms":{"webhook_url":"https://sms.example/x","webhook_secret":"`+secretSauce+`"},
			"email":{"smtp_url":"smtps://me:`+secretSauce+`@mail.example:465"}}`)
		stored := func() string {
			t.Helper()
			rec, err := h.store.TenantRecordBySlug(t.Context(), "acme")
			if err != nil {
				t.Fatal(err)
			}
			return string(rec.Document)
		}
		for what, c := range map[string]string{"made": string(made.Config), "log": h.log.String()} {
			if strings.Contains(c, secretSauce) {
				t.Errorf("the secret is in what was %s: %s", what, c)
			}
		}
		if strings.Count(string(made.Config), tenants.Mask) != 2 {
			t.Errorf("not masked: %s", made.Config)
		}
		// What was shown can be sent back whole: nothing is lost.
		back, err := h.patch(t, "acme", `{"name":"Again","config":`+string(made.Config)+`}`)
		if err != nil || back.Name != "Again" {
			t.Fatal(err)
		}
		if n := strings.Count(stored(), secretSauce); n != 2 {
			t.Errorf("%d of 2 secrets survived their masks", n)
		}
		_, err = h.patch(t, "acme", `{"config":{"email":{"smtp_url":"smtps://me:********@evil.example:465"}}}`)
		if got := paths(t, err); !slices.Equal(got, []string{"config.email.smtp_url"}) {
			t.Errorf("faults at %q", got)
		}
		if strings.Contains(err.Error(), secretSauce) {
			t.Error("the secret is in the error")
		}
		if _, err := h.patch(t, "acme", `{"config":{"sms":{"webhook_secret":"`+secretSauce+`-new"}}}`); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(stored(), secretSauce+"-new") {
			t.Error("a new secret was not saved")
		}
		if strings.Contains(h.log.String(), secretSauce) {
			t.Errorf("the secret is in the log: %s", h.log)
		}
	})
}

// Null means something in a new tenant's configuration, and something else in a merge patch.
func TestWhatIsShownOfNullsCanBeSentBack(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		made := h.create(t, "acme", `{"account":{"rate_limits":{"login":null},"user_model_username_field":null,"session_remember":null},
			"idp_oidc":{"rate_limits":{"device_user_code":null}},"metadata":{"a":null}}`)
		meant := func() *tenants.Settings {
			t.Helper()
			served, err := h.directory.Resolve(t.Context(), "acme.example", "")
			if err != nil {
				t.Fatal(err)
			}
			return &served.Settings
		}
		if s := meant(); s.Account.RateLimits.Of("login") != nil || s.Account.UserModelUsernameField != "" || s.IDPOIDC.RateLimits.Of("device_user_code") != nil {
			t.Errorf("the nulls do not mean what they should: %+v", s.Account)
		}
		if c := string(made.Config); strings.Contains(c, "null") || !strings.Contains(c, `"rate_limits":{"login":""}`) {
			t.Errorf("shown as %s", c)
		}
		before := mustJSON(t, meant())
		back, err := h.patch(t, "acme", `{"config":`+string(made.Config)+`}`)
		if err != nil {
			t.Fatal(err)
		}
		if mustJSON(t, back) != mustJSON(t, made) || mustJSON(t, meant()) != before {
			t.Errorf("sent back, it is\n%s\nand was\n%s", mustJSON(t, back), mustJSON(t, made))
		}
	})
}

func TestTakenNames(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		h.create(t, "acme", "")
		h.create(t, "bolt", "")
		create := func(slug string, hosts ...string) error {
			_, err := h.CreateTenant(t.Context(), ann, admin.CreateInput{Slug: slug, Name: "X", Hosts: hosts})
			return err
		}
		before, err := h.Tenant(t.Context(), "bolt")
		if err != nil {
			t.Fatal(err)
		}
		_, patched := h.patch(t, "bolt", `{"name":"Thief","hosts":["bolt.example","free.example","acme.example"]}`)
		for name, c := range map[string]struct {
			err  error
			path string
		}{
			"the slug": {create("acme", "other.example"), "slug"},
			"a host":   {create("other", "other.example", "acme.example"), "hosts[1]"},
			"by patch": {patched, "hosts[2]"},
		} {
			var taken *admin.Taken
			if !errors.As(c.err, &taken) || taken.Fault.Path != c.path {
				t.Errorf("%s: %v", name, c.err)
			}
		}
		bolt, err := h.Tenant(t.Context(), "bolt")
		if err != nil || bolt.Name != "The bolt" || bolt.Version != before.Version {
			t.Errorf("half of a change was kept: %+v %v", bolt, err)
		}
		if err := create("other", "other.example", "free.example"); err != nil {
			t.Errorf("half of a change was kept: %v", err)
		}
	})
}

func TestDeletedTenantIsDeadForGood(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		first := h.create(t, "acme", "")
		old, err := h.directory.Resolve(t.Context(), "acme.example", "")
		if err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(time.Minute)
		if err := h.DeleteTenant(t.Context(), ann, "acme", admin.Versions{2}); !errors.Is(err, admin.ErrStale) {
			t.Errorf("deleted although another version was meant: %v", err)
		}
		if err := h.DeleteTenant(t.Context(), ann, "acme", admin.Versions{1}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.directory.Resolve(t.Context(), "acme.example", ""); !refusal.Is(err, refusal.Missing) {
			t.Errorf("a deleted tenant is served: %v", err)
		}
		if err := h.DeleteTenant(t.Context(), ann, "acme", nil); !refusal.Is(err, refusal.Missing) {
			t.Errorf("deleted twice: %v", err)
		}
		if page, _, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, "", 10); err != nil || len(page) != 0 {
			t.Errorf("a deleted tenant is listed: %v, %v", page, err)
		}
		second := h.create(t, "acme", "")
		if second.ID == first.ID {
			t.Error("the id was given out again")
		}
		now, err := h.directory.Resolve(t.Context(), "acme.example", "")
		if err != nil || now.ID != second.ID {
			t.Fatalf("the host leads to %v, %v", now, err)
		}
		if now.Keys.Verify(old.Keys.Sign(secret.ForCSRF, "x"), secret.ForCSRF, "x") {
			t.Error("the new tenant has the old one's keys")
		}
		row, err := h.store.TenantByID(t.Context(), first.ID)
		if err != nil || row.State != tenants.Deleted {
			t.Errorf("the old row is %v, %v", row, err)
		}
		if _, err := h.patch(t, "acme", `{"name":"Second"}`); err != nil {
			t.Fatal(err)
		}
		if row, err := h.store.TenantByID(t.Context(), first.ID); err != nil || row.State != tenants.Deleted || row.Name != first.Name {
			t.Errorf("a change to the new tenant reached the old one: %v %v", row, err)
		}
	})
}

func TestOneOfTwoChangesForTheSameVersionWins(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		h.create(t, "acme", "")
		const n = 8
		var won, stale atomic.Int64
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				doc := fmt.Sprintf(`{"name":"Number %d"}`, i)
				_, err := h.PatchTenant(context.WithoutCancel(t.Context()), ann, "acme", admin.Versions{1}, json.RawMessage(doc))
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, admin.ErrStale):
					stale.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || stale.Load() != n-1 {
			t.Errorf("%d won, %d were stale", won.Load(), stale.Load())
		}
		if now, err := h.Tenant(t.Context(), "acme"); err != nil || now.Version != 2 {
			t.Errorf("%+v %v", now, err)
		}
	})
}

// meddler changes a tenant between the reading and the saving of somebody else, a number of times.
type meddler struct {
	busy  bool
	times int
	do    func()
}

func (m *meddler) observe(_, query string) error {
	if m.do != nil && !m.busy && m.times > 0 && strings.Contains(query, "UPDATE tenant_changes") {
		m.times--
		m.busy = true
		m.do()
		m.busy = false
	}
	return nil
}

func TestUnconditionalChangeIsRetriedOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		times int
		meant admin.Versions
		want  error
	}{
		{"somebody was faster once", 1, nil, nil},
		{"somebody was faster twice", 2, nil, admin.ErrStale},
		{"somebody was faster, and the version was named", 1, admin.Versions{1}, admin.ErrStale},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &meddler{}
			h := newHouse(t, "postgres", m.observe) // SQLite has one writer, who could not meddle with himself
			h.create(t, "acme", "")
			m.times, m.do = c.times, func() {
				rec, err := h.store.TenantRecordBySlug(t.Context(), "acme")
				if err != nil {
					t.Error(err)
					return
				}
				rec.Hosts = append(rec.Hosts, fmt.Sprintf("more%d.example", rec.Version))
				if err := h.store.SaveTenant(t.Context(), rec); err != nil {
					t.Error(err)
				}
			}
			got, err := h.PatchTenant(t.Context(), ann, "acme", c.meant, json.RawMessage(`{"name":"Mine"}`))
			if !errors.Is(err, c.want) {
				t.Fatalf("err is %v", err)
			}
			if err == nil && (got.Name != "Mine" || len(got.Hosts) != 2 || got.Version != 3) {
				t.Errorf("the other's change was lost: %+v", got)
			}
		})
	}
}

func TestUnreachableDatabaseIsBusy(t *testing.T) {
	down := false
	h := newHouse(t, "sqlite", func(string, string) error {
		if down {
			return faultdb.ErrInjected
		}
		return nil
	})
	h.create(t, "acme", "")
	down = true
	_, show := h.Tenant(t.Context(), "acme")
	_, _, list := h.Tenants(t.Context(), ann, admin.TenantSearch{}, "", 1)
	_, create := h.CreateTenant(t.Context(), ann, admin.CreateInput{Slug: "b", Name: "B", Hosts: []string{"b.example"}})
	for name, err := range map[string]error{"show": show, "list": list, "create": create} {
		if refused, ok := refusal.As(err); !ok || refused.Kind != refusal.Busy || refused.RetryAfter <= 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryChangeIsLoggedOnce(t *testing.T) {
	h := newHouse(t, "sqlite", nil)
	made := h.create(t, "acme", "")
	if _, err := h.patch(t, "acme", `{"name":"B"}`); err != nil {
		t.Fatal(err)
	}
	if err := h.DeleteTenant(t.Context(), ann, "acme", nil); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(h.log.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("logged %s", h.log)
	}
	for i, act := range []string{"tenant.created", "tenant.changed", "tenant.deleted"} {
		var rec map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &rec); err != nil {
			t.Fatal(err)
		}
		if rec["level"] != "INFO" || rec["actor"] != "ann" || rec["act"] != act || rec["tenant"] != "acme" || rec["tenant_id"] != made.ID {
			t.Errorf("logged %v", rec)
		}
	}
}

func TestPagesListEveryTenantOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		const n = 250
		for i := range n {
			testkit.AddTenant(t, h.store, fmt.Sprintf("t%03d", i), "")
		}
		for _, limit := range []int{50, 101, 200} {
			var slugs []string
			cursor, pages := "", 0
			for {
				page, next, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, cursor, limit)
				if err != nil {
					t.Fatal(err)
				}
				pages++
				for _, one := range page {
					slugs = append(slugs, one.Slug)
				}
				if cursor = next; next == "" {
					break
				}
				if len(page) != limit {
					t.Errorf("a page has %d of %d", len(page), limit)
				}
			}
			if len(slugs) != n || !slices.IsSorted(slugs) || len(slices.Compact(slugs)) != n || pages != (n+limit-1)/limit {
				t.Errorf("%d at a time: %d tenants on %d pages", limit, len(slugs), pages)
			}
		}
	})
}

func TestForgedCursors(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var asked atomic.Int64
		h := newHouse(t, engine, func(_, query string) error {
			if strings.Contains(query, "t.slug > $1") {
				asked.Add(1)
			}
			if strings.Contains(query, "DROP TABLE") || strings.Contains(query, "OR 1=1") {
				t.Errorf("a cursor got into a statement: %s", query)
			}
			return nil
		})
		h.create(t, "acme", "")
		h.create(t, "bolt", "")
		_, cursor, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, "", 1)
		if err != nil || cursor == "" {
			t.Fatal(cursor, err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			t.Fatal(err)
		}
		b64 := base64.RawURLEncoding.EncodeToString
		foreign, other := testkit.Keys(t), "' OR 1=1; DROP TABLE tenants; --"
		flipped := slices.Clone(raw)
		flipped[0] ^= 1
		asked.Store(0)
		for name, forged := range map[string]string{
			"a slug in the clear":        "acme",
			"SQL in the clear":           other,
			"SQL encoded":                b64([]byte(other)),
			"SQL behind a good MAC":      b64(append(slices.Clone(raw[:32]), other...)),
			"another slug behind it":     b64(append(slices.Clone(raw[:32]), "acmf"...)),
			"no slug behind it":          b64(raw[:32]),
			"a flipped bit":              b64(flipped),
			"cut short":                  cursor[:len(cursor)-2],
			"made longer":                cursor + "AA",
			"padded":                     cursor + "=",
			"a line break in it":         cursor[:10] + "\n" + cursor[10:],
			"another server's":           b64(append(foreign.Sign(secret.ForCursor, "tenants", "acme"), "acme"...)),
			"another purpose's":          b64(append(h.keys.Sign(secret.ForCSRF, "tenants", "acme"), "acme"...)),
			"another list's":             b64(append(h.keys.Sign(secret.ForCursor, "users", "acme"), "acme"...)),
			"a space":                    " ",
			"very long":                  strings.Repeat("A", 1<<16),
			"a null character":           "\x00",
			"a number, as in other APIs": "1",
		} {
			page, next, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, forged, 10)
			if !refusal.Is(err, refusal.Invalid) || page != nil || next != "" {
				t.Errorf("%s: %v, %q, %v", name, page, next, err)
			}
		}
		if n := asked.Load(); n != 0 {
			t.Errorf("the database was asked %d times", n)
		}
		page, next, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, cursor, 10)
		if err != nil || len(page) != 1 || page[0].Slug != "bolt" || next != "" {
			t.Errorf("the true cursor leads to %v, %q, %v", page, next, err)
		}
		for _, limit := range []int{-1, 0, 201} {
			if _, _, err := h.Tenants(t.Context(), ann, admin.TenantSearch{}, "", limit); !refusal.Is(err, refusal.Invalid) {
				t.Errorf("limit %d: %v", limit, err)
			}
		}
	})
}

func TestTokenRecognisesItselfAlone(t *testing.T) {
	token := admin.NewToken("right")
	for given, want := range map[string]bool{"right": true, "": false, "righ": false, "right ": false, "Right": false} {
		if token.Is(given) != want {
			t.Errorf("%q: %v", given, !want)
		}
	}
	for name, none := range map[string]admin.Token{"the zero value": {}, "no token": admin.NewToken("")} {
		for _, given := range []string{"", "x"} {
			if none.Is(given) {
				t.Errorf("%s recognises %q", name, given)
			}
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", token, token, token); strings.Contains(s, "right") {
		t.Errorf("the token can be printed: %s", s)
	}
}
