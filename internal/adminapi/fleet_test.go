package adminapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// onFleet is a desk at whose server the checks come out as given.
func onFleet(t *testing.T, engine string, observe func(op, query string) error, checks map[string]string) *desk {
	t.Helper()
	d := newDesk(t, engine, observe)
	d.api.Admin = admin.New(admin.Options{
		Store: d.store, Clock: d.clock, Keys: testkit.Keys(t), Version: "v1.2.3", Health: func(context.Context) map[string]string { return checks },
	})
	return d
}

func (d *desk) fleet() (f admin.Fleet) {
	d.t.Helper()
	if err := json.Unmarshal(d.want(d.do("GET", "/admin/v1/fleet", ""), http.StatusOK).body, &f); err != nil {
		d.t.Fatal(err)
	}
	return f
}

func TestFleetOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		checks := map[string]string{"database": "ok", "redis": "degraded"}
		d := onFleet(t, engine, nil, checks)
		f := d.fleet()
		if f.Version != "v1.2.3" || f.Tenants != (admin.FleetTenants{}) || f.Migrations.Applied < 22 || f.Migrations.Pending != 0 || f.Health.Status != "degraded" ||
			f.Health.Checks["redis"] != "degraded" || f.Messages.OldestDueAt != nil || f.Keys.Oldest == nil || len(f.Keys.Oldest) != 0 || f.Messages.LongestWaiting == nil || f.Messages.MostRetried == nil ||
			f.Messages.MostFailed == nil || f.Webhooks.LongestFailing == nil || f.Webhooks.LastDisabled == nil || !f.At.Equal(testkit.Start) {
			t.Errorf("an empty one is %+v", f)
		}
		acme := testkit.AddTenant(t, d.store, "acme", `{"headless":{"token_strategy":"jwt"}}`)
		err := d.store.For(acme).Do(t.Context(), func(tx *store.Tx) error {
			made := testkit.Start.AddDate(0, 0, -100)
			if err := tx.PutSigningKey(t.Context(), &store.SigningKey{
				ID: "old", Number: 1, Algorithm: "ES256", Private: []byte("sealed"), Origin: "generated", CreatedAt: made, SignsFrom: made, DueAt: testkit.Start.Add(-time.Hour),
			}); err != nil {
				return err
			}
			hook := &store.Webhook{
				ID: secret.NewID(), URL: "https://ann:pass@hooks.example.org:8443/secret?k=v", Events: []string{"*"}, Enabled: true, Secret: []byte("s"), CreatedAt: testkit.Start,
			}
			if err := tx.AddWebhook(t.Context(), hook); err != nil {
				return err
			}
			if err := tx.ReleaseWebhook(t.Context(), hook.ID, 0, store.WebhookRound{Failures: 1, FailingSince: testkit.Start}); err != nil {
				return err
			}
			return tx.AddMessage(t.Context(), &store.Message{
				ID: secret.NewID(), Kind: "login_code", Channel: store.Mail, CreatedAt: testkit.Start, DueAt: testkit.Start.Add(-time.Minute),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		checks["redis"], checks["keys"] = "ok", "failed"
		if f := d.fleet(); f.Tenants.Active != 0 || f.Health.Status != "failed" {
			t.Errorf("what was counted a moment ago is %+v, and the checks of now are %+v", f.Tenants, f.Health)
		}
		d.clock.Advance(10 * time.Second)
		f = d.fleet()
		if f.Tenants != (admin.FleetTenants{Active: 1}) || f.Messages.Queued != 1 || f.Messages.OldestDueSecs != 70 || f.Keys.Overdue != 1 || len(f.Keys.Oldest) != 1 {
			t.Fatalf("it is %+v", f)
		}
		if k := f.Keys.Oldest[0]; k.Tenant != "acme" || k.TenantID != acme.ID || k.ID != "old" || k.Algorithm != "ES256" || k.AgeSeconds != 100*24*3600+10 || !k.Overdue ||
			k.RotatesAt == nil || !k.RotatesAt.Equal(testkit.Start.Add(-time.Hour)) {
			t.Errorf("the oldest key is %+v", k)
		}
		if m := f.Messages.LongestWaiting; len(m) != 1 || m[0].Tenant != "acme" || m[0].TenantID != acme.ID || m[0].Due != 1 || m[0].OldestDueSecs != 70 {
			t.Errorf("waiting are %+v", m)
		}
		if w := f.Webhooks.LongestFailing; len(w) != 1 || w[0].Tenant != "acme" || w[0].Host != "hooks.example.org:8443" || !w[0].Since.Equal(testkit.Start) {
			t.Errorf("failing are %+v", w)
		}
		d.want(d.do("GET", "/admin/v1/fleet?interval=day", ""), http.StatusBadRequest)
	})
}

// Of many who ask at once, one counts.
func TestFleetIsCountedOnceInAMoment(t *testing.T) {
	counted := make(chan struct{}, 1000)
	d := onFleet(t, "sqlite", func(_, query string) error {
		if strings.Contains(query, "FROM tenants WHERE deleted_at IS NULL") {
			counted <- struct{}{}
		}
		return nil
	}, nil)
	d.fleet() // prepares what it asks
	before := len(counted)
	d.clock.Advance(time.Minute)
	done := make(chan error, 20)
	for range cap(done) {
		go func() { _, err := d.api.Admin.Fleet(t.Context()); done <- err }()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := len(counted) - before; n == 0 || n > 2 { // a statement may be told of as it is prepared, too
		t.Errorf("it was counted %d times", n)
	}
}

// While the database is away that is said, and forgotten once it is back.
func TestFleetWithoutADatabase(t *testing.T) {
	var broken error
	d := onFleet(t, "sqlite", func(string, string) error { return broken }, nil)
	d.fleet()
	d.clock.Advance(time.Minute)
	broken = context.DeadlineExceeded
	d.want(d.do("GET", "/admin/v1/fleet", ""), http.StatusServiceUnavailable)
	broken = nil
	if f := d.fleet(); !f.At.Equal(testkit.Start.Add(time.Minute)) {
		t.Errorf("it was counted at %v", f.At)
	}
}
