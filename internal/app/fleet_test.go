package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// TestWhatNoEventTellsIsCounted: refusals by rate limits, mail, and webhooks that are given up, of the tenant that they are of, and written
// at the stop at the latest.
func TestWhatNoEventTellsIsCounted(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var at string
		s := boot(t, engine, func(cfg *config.Config, o *app.Options) { at, o.Version = cfg.Database.Reveal(), "v1.2.3" })
		host := s.tenant(`{"account": {"email_verification": "optional", "rate_limits": {"login": "2/h/ip", "login_failed": "1/h/key"}}}`)
		quiet := s.tenant(`{"account": {"email_verification": "none"}}`)
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
		t.Cleanup(hook.Close)
		webhooks := "/admin/v1/tenants/" + slugOf(host) + "/webhooks"
		if status, body := s.admin(http.MethodPost, webhooks, map[string]any{"url": hook.URL, "events": []string{"user.signed_up"}}); status != http.StatusCreated {
			t.Fatalf("%d %s", status, body)
		}
		c := s.client("app", host)
		c.signup("ann@example.org").want(http.StatusOK)
		s.inbox.wait(t, "ann@example.org", 0)
		c.token = ""
		c.login("ann@example.org", otherPassword).want(http.StatusBadRequest)
		c.login("ann@example.org", otherPassword).want(http.StatusBadRequest).code("too_many_login_attempts", "")
		for range 3 {
			c.login("ann@example.org", password).want(http.StatusTooManyRequests)
		}
		other := s.client("app", quiet)
		other.login("ann@example.org", password).want(http.StatusBadRequest)
		s.client("app", "nobody.localhost").login("ann@example.org", password).want(http.StatusNotFound)

		db := look(t, at)
		id := db.one(`SELECT id FROM tenants WHERE slug = $1`, slugOf(host))
		err := s.Store.For(&tenants.Tenant{ID: id}).One(func(tx *store.Tx) error {
			return tx.AddMessage(t.Context(), &store.Message{ID: secret.NewID(), Kind: "nothing", Channel: store.Mail, CreatedAt: time.Now(), DueAt: time.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		fleet := func() (f admin.Fleet) {
			t.Helper()
			status, body := s.admin(http.MethodGet, "/admin/v1/fleet", nil)
			if status != http.StatusOK || json.Unmarshal([]byte(body), &f) != nil {
				t.Fatalf("%d %s", status, body)
			}
			return f
		}
		eventually(t, "a message and a webhook were given up", func() bool {
			f := fleet()
			return f.Messages.Failed == 1 && f.Messages.Queued == 0 && f.Webhooks.Disabled == 1
		})
		f := fleet()
		for _, check := range []string{"database", "migrations", "keys"} {
			if f.Health.Checks[check] != "ok" {
				t.Errorf("the check %s is %q", check, f.Health.Checks[check])
			}
		}
		if m, w := f.Messages.MostFailed, f.Webhooks.LastDisabled; len(m) != 1 || m[0].Tenant != slugOf(host) || m[0].Failed != 1 || m[0].LastAt.IsZero() ||
			len(w) != 1 || w[0].Tenant != slugOf(host) || w[0].DisabledWhy != "gone" || "http://"+w[0].Host != hook.URL || w[0].Since.IsZero() {
			t.Errorf("who needs attention is %+v and %+v", m, w)
		}
		if f.Version != "v1.2.3" || f.Tenants.Active != 2 || f.Migrations.Pending != 0 || f.Health.Status != "ok" {
			t.Errorf("%+v", f)
		}
		s.stop()
		counted := func(of string) []string {
			return db.rows(`SELECT name, n FROM stats WHERE tenant_id = $1 AND span = 'month' AND name IN ('rate_limited', 'messages_sent', 'messages_failed',
				'webhooks_failed') ORDER BY name`, of)
		}
		want := []string{"messages_failed 1", "messages_sent 1", "rate_limited 4", "webhooks_failed 1"}
		if got := counted(id); !slices.Equal(got, want) {
			t.Errorf("counted is %q, not %q", got, want)
		}
		if got := counted(db.one(`SELECT id FROM tenants WHERE slug = $1`, slugOf(quiet))); len(got) > 0 {
			t.Errorf("of the other tenant counted is %q", got)
		}
	})
}
