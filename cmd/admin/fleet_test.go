package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestFleetIsPrinted(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	b := withServerOn(t, st)
	out, _ := b.run(0, "fleet")
	wants(t, out, "Health      ok\n", "Tenants     1 active, 0 suspended, 0 deleted\n", "Messages    0 queued; 0 given up in 24 hours\n", " applied, 0 pending\n")
	if strings.Contains(out, "TENANT") {
		t.Errorf("there are no keys, and printed is\n%s", out)
	}
	for _, form := range []string{"json", "yaml"} {
		out, _ := b.run(0, "fleet", "-o", form)
		wants(t, out, "counted_up_to")
	}
	b.run(2, "fleet", "acme")
}

func TestFleetInFull(t *testing.T) {
	var out bytes.Buffer
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rotates := made.AddDate(0, 3, 0)
	f := &admin.Fleet{
		Version: "v1.2.3",
		Health:  admin.FleetHealth{Status: "degraded", Checks: map[string]string{"redis": "degraded", "database": "ok"}},
		Messages: admin.FleetMessages{Queued: 100, Retried: 9, Failed: 3, CountedUpTo: 100, OldestDueAt: &made, OldestDueSecs: 200,
			LongestWaiting: []admin.WaitingTenant{{Tenant: "crux", Due: 7, OldestDueAt: made, OldestDueSecs: 200}},
			MostRetried:    []admin.RetriedTenant{{Tenant: "ebb", Retried: 9}},
			MostFailed:     []admin.FailedTenant{{Tenant: "dune", Failed: 3, Expired: 1, LastAt: made}}},
		Webhooks: admin.FleetWebhooks{
			LongestFailing: []admin.TroubledWebhook{{Tenant: "acme", ID: "w1", Host: "hooks.example.org", Since: made}},
			LastDisabled:   []admin.TroubledWebhook{{Tenant: "bolt", ID: "w2", Host: "b.example\x1b[2J", DisabledWhy: "gone", Since: made}},
		},
		Keys: admin.FleetKeys{Overdue: 1, Oldest: []admin.OldKey{
			{Tenant: "acme", ID: "k1", Algorithm: "ES256", CreatedAt: made, AgeSeconds: 100 * 24 * 3600, RotatesAt: &rotates, Overdue: true},
			{Tenant: "bolt", ID: "k2", Algorithm: "HS256", CreatedAt: made, AgeSeconds: 3 * 3600},
		}},
	}
	if err := (&tool{out: &out}).printFleet(f); err != nil {
		t.Fatal(err)
	}
	wants(t, out.String(), "Server      v1.2.3\n", "Checks      database ok, redis degraded\n",
		"Messages    100+ queued, 9 of them tried in vain three times or more, the oldest due 3 minutes ago; 3 given up in 24 hours\n",
		"crux    7             2026-01-02T03:04:05Z  3 minutes\n",
		"TENANT  TRIED IN VAIN\nebb     9\n",
		"dune    3                     1                2026-01-02T03:04:05Z\n",
		"acme    w1       hooks.example.org  failing          2026-01-02T03:04:05Z\n", "disabled (gone)  2026-01-02T03:04:05Z\n",
		"acme    k1           ES256      2026-01-02T03:04:05Z  100 days  2026-04-02T03:04:05Z (overdue)\n",
		"bolt    k2           HS256      2026-01-02T03:04:05Z  3 hours   -\n")
}
