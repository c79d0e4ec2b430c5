package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/internal/webhook"
)

func TestWebhooksAreLookedAfter(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	worker := &webhook.Worker{
		Store: st, Tenants: st.TenantByID, Client: webhook.Client(outbound.Dialer{AllowPrivate: true}), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Poll: 10 * time.Millisecond,
	}
	api := &adminapi.API{
		Admin: admin.New(admin.Options{Store: st, Keys: testkit.Keys(t), PrivateWebhooks: true, WakeWebhooks: worker.Wake}), Token: admin.NewToken(token),
	}
	server := httptest.NewServer(api.Handler())
	defer server.Close()
	var status atomic.Int64
	status.Store(http.StatusOK)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, "hello\x1b]0;owned\x07\tthere")
	}))
	defer receiver.Close()
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- worker.Run(ctx, t.Context()) }()
	defer func() {
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	}()

	b := &bench{t: t, env: map[string]string{"VESTIBULE_ADMIN_URL": server.URL, "VESTIBULE_ADMIN_TOKEN": token}}
	run := func(want int, args ...string) (string, string) {
		t.Helper()
		out, complaints := b.run(want, append([]string{"webhook"}, append(args, "--tenant", "acme")...)...)
		if strings.ContainsAny(out, "\x1b\x07") {
			t.Errorf("%v: a receiver writes to the terminal: %q", args, out)
		}
		return out, complaints
	}
	out, _ := run(0, "create", "--at", receiver.URL+"/x", "--event", "user.*", "--event", "tenant.changed", "--description", "ours")
	if !strings.Contains(out, "whsec_") || !strings.Contains(out, "not shown again") || !strings.Contains(out, "user.*, tenant.changed") {
		t.Errorf("printed\n%s", out)
	}
	id := regexp.MustCompile(`ID +(\S+)`).FindStringSubmatch(out)[1]
	if out, _ := run(0, "list"); !strings.Contains(out, id) || !strings.Contains(out, "enabled  ours") || strings.Contains(out, "whsec_") {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := run(0, "test", id); !strings.Contains(out, "delivered") || !strings.Contains(out, `hello\x1b]0;owned\a\tthere`) {
		t.Errorf("printed\n%s", out)
	}
	status.Store(http.StatusTeapot)
	if out, _ := run(1, "test", id); !strings.Contains(out, "it answered 418") {
		t.Errorf("printed\n%s", out)
	}
	out, _ = run(0, "deliveries", id, "--state", "delivered", "-o", "json")
	var page struct{ Items []admin.Delivery }
	if err := json.Unmarshal([]byte(out), &page); err != nil || len(page.Items) != 1 {
		t.Fatalf("printed\n%s", out)
	}
	if out, _ := run(0, "deliveries", id); strings.Count(out, "webhook.test") != 2 || !strings.Contains(out, "it answered 418") {
		t.Errorf("printed\n%s", out)
	}
	if out, complaints := run(0, "deliveries", id, "--limit", "1"); strings.Count(out, "webhook.test") != 1 || !strings.Contains(complaints, "--cursor ") {
		t.Errorf("printed\n%s%s", out, complaints)
	}
	if out, _ := run(0, "delivery", id, page.Items[0].ID); !strings.Contains(out, `"type":"webhook.test"`) {
		t.Errorf("printed\n%s", out)
	}
	run(0, "replay", id, "--delivery", page.Items[0].ID)
	if out, _ := run(0, "replay", id, "--since", "2026-01-01T00:00:00Z"); out != "0 are sent again\n" {
		t.Errorf("printed %q", out)
	}
	if out, _ := run(0, "replay", id, "--since", "2026-01-01T00:00:00Z", "-o", "yaml"); !strings.Contains(out, "replayed: 0\n") {
		t.Errorf("printed %q", out)
	}
	if out, _ := run(0, "rotate-secret", id, "--overlap", "1h"); !strings.Contains(out, "Old secret") || !strings.Contains(out, "whsec_") {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := run(0, "patch", id, "--enabled=false"); !strings.Contains(out, "disabled") || !strings.Contains(out, "user.*, tenant.changed") {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := run(0, "delete", id); !strings.HasPrefix(out, "would delete the webhook "+id) || !strings.Contains(out, "--yes") {
		t.Errorf("printed %q", out)
	}
	run(0, "show", id)
	if out, _ := run(0, "delete", id, "--yes"); out != "deleted "+id+"\n" {
		t.Errorf("printed %q", out)
	}
	run(1, "show", id)
	for want, args := range map[string][]string{
		"events[0]: is no event": {"create", "--at", receiver.URL, "--event", "user.born"},
		"url: must be":           {"create", "--at", "ftp://x", "--event", "*"},
	} {
		if _, complaints := run(1, args...); !strings.Contains(complaints, want) {
			t.Errorf("%v: complains\n%s", args, complaints)
		}
	}
	for want, args := range map[string][]string{
		"--since":  {"replay", id},
		`"at"`:     {"create", "--event", "*"},
		"which":    {},
		"unknown ": {"renew"},
	} {
		if _, complaints := run(2, args...); !strings.Contains(complaints, want) {
			t.Errorf("%v: complains\n%s", args, complaints)
		}
	}
	if _, complaints := b.run(2, "webhook", "list"); !strings.Contains(complaints, "tenant") {
		t.Errorf("without a tenant: %s", complaints)
	}
}
