package adminapi_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/internal/webhook"
)

// work has a worker send what waits, until a delivery that it is asked for is over.
func (d *desk) work(path string) *answer {
	d.t.Helper()
	w := &webhook.Worker{
		Store: d.store, Tenants: d.store.TenantByID, Clock: clock.At(testkit.Start), Poll: 5 * time.Millisecond,
		Client: webhook.Client(outbound.Dialer{AllowPrivate: true}), Log: slog.New(slog.DiscardHandler),
	}
	ctx, stop := context.WithCancel(d.t.Context())
	over := make(chan error, 1)
	go func() { over <- w.Run(ctx, d.t.Context()) }()
	var last *answer
	for range 2000 {
		last = d.want(d.do("GET", path, ""), http.StatusOK)
		if last.text(d.t, "attempted_at") != "<nil>" && last.text(d.t, "duration_ms") != "<nil>" && last.text(d.t, "status") != "<nil>" {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	if err := <-over; err != nil {
		d.t.Fatal(err)
	}
	return last
}

func TestWebhooksOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.api.Admin = admin.New(admin.Options{
			Store: d.store, Clock: clock.At(testkit.Start), Keys: testkit.Keys(t), PrivateWebhooks: true,
		})
		acme := d.create("acme")
		d.create("zenith")
		var status atomic.Int64
		status.Store(http.StatusInternalServerError)
		got := make(chan string, 10)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got <- r.Header.Get("webhook-signature") + "\n" + r.Header.Get("webhook-id") + "\n" + string(body)
			w.WriteHeader(int(status.Load()))
			_, _ = io.WriteString(w, "<script>alert(1)</script>\x1b[31m")
		}))
		defer server.Close()
		const base = "/admin/v1/tenants/acme/webhooks"
		if a := d.want(d.do("GET", base, ""), 200); strings.TrimSpace(string(a.body)) != `{"items":[]}` {
			t.Errorf("none is %s", a.body)
		}
		made := d.want(d.do("POST", base, `{"url": "`+server.URL+`/hooks/path-that-is-a-secret", "events": ["user.*"], "description": "ours"}`), 201)
		id, key := made.text(t, "id"), made.text(t, "secret")
		if made.Header.Get("Location") != base+"/"+id || made.Header.Get("ETag") != `"1"` || !strings.HasPrefix(key, "whsec_") || made.text(t, "enabled") != "true" {
			t.Errorf("made %v %s", made.Header, made.body)
		}
		path := base + "/" + id
		for _, p := range []string{path, base} {
			if a := d.want(d.do("GET", p, ""), 200); strings.Contains(string(a.body), "whsec_") || !strings.Contains(string(a.body), `"ours"`) {
				t.Errorf("%s shows %s", p, a.body)
			}
		}
		// Another tenant has none of it, and what is no id is looked for nowhere.
		for _, p := range []string{"/admin/v1/tenants/zenith/webhooks/" + id, base + "/x", base + "/" + secret.NewID(), "/admin/v1/tenants/nobody/webhooks/" + id} {
			d.want(d.do("GET", p, ""), 404)
			d.want(d.do("PATCH", p, `{}`, "Content-Type: application/merge-patch+json"), 404)
			d.want(d.do("DELETE", p, ""), 404)
			d.want(d.do("POST", p+"/test", ""), 404)
			d.want(d.do("POST", p+"/rotate-secret", `{}`), 404)
			d.want(d.do("POST", p+"/replay", `{"since":"2026-06-01T00:00:00Z"}`), 404)
			d.want(d.do("GET", p+"/deliveries", ""), 404)
			d.want(d.do("GET", p+"/deliveries/"+id, ""), 404)
			d.want(d.do("POST", p+"/deliveries/"+id+"/replay", ""), 404)
		}
		for body, want := range map[string]string{
			`{}`: "events url",
			`{"url": "ftp://x", "events": [], "description": 1, "enabled": 1, "secret": "x"}`: "description enabled events secret url",
			`{"url": null, "events": ["user.born", "*", "*", 1]}`:                             "events[0] events[2] events[3] url",
			`{"url": "https://x.example", "events": ["*"], "description": "a\u001b[31m"}`:     "description",
			`{"url": "https://u:p@x.example/#f", "events": ["*"], "id": "x"}`:                 "id url",
		} {
			if paths := strings.Join(faultPaths(t, d.want(d.do("POST", base, body), 422)), " "); paths != want {
				t.Errorf("%s: the faults are of %s, not %s", body, paths, want)
			}
		}
		patch := func(body string, headers ...string) *answer {
			return d.do("PATCH", path, body, append(headers, "Content-Type: application/merge-patch+json")...)
		}
		if a := d.want(patch(`{"description": "ours"}`), 200); a.Header.Get("ETag") != `"1"` {
			t.Errorf("a change of nothing makes %s", a.Header.Get("ETag"))
		}
		d.want(patch(`{"enabled": false}`, `If-Match: "7"`), 412)
		d.want(patch(`{"enabled": false}`, `If-Match: "1"`), 200)
		d.want(d.do("POST", path+"/test", ""), 422)
		d.want(patch(`{"enabled": true, "events": ["*"]}`), 200)

		// A test, which fails, and a replay, which does not.
		queued := d.want(d.do("POST", path+"/test", ""), 202)
		delivery := path + "/deliveries/" + queued.text(t, "id")
		failed := d.work(delivery)
		if failed.text(t, "status") != "500" || failed.text(t, "error") != "it answered 500" || failed.text(t, "payload.type") != "webhook.test" ||
			failed.text(t, "answer") != "<script>alert(1)</script>\x1b[31m" || failed.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("failed is %s", failed.body)
		}
		d.want(d.do("POST", delivery+"/replay", ""), 422) // it is on its way still
		end(t, d, acme.text(t, "id"), id, queued.text(t, "id"))
		status.Store(http.StatusOK)
		if a := d.want(d.do("POST", path+"/replay", `{"since": "2026-06-01T00:00:00Z"}`), 202); a.text(t, "replayed") != "1" || a.text(t, "more") != "false" {
			t.Errorf("replayed %s", a.body)
		}
		if a := d.want(d.do("POST", path+"/replay", `{"since": "2026-06-01T00:00:00Z"}`), 202); a.text(t, "replayed") != "0" {
			t.Errorf("replayed %s", a.body)
		}
		for body, want := range map[string]string{`{}`: "since", `{"since": 1}`: "since", `{"since": "yesterday"}`: "since", `{"until": ""}`: "until"} {
			if paths := strings.Join(faultPaths(t, d.want(d.do("POST", path+"/replay", body), 422)), " "); paths != want {
				t.Errorf("%s: the faults are of %s, not %s", body, paths, want)
			}
		}
		first := strings.Split(<-got, "\n")
		for range 2000 {
			if d.work(delivery).text(t, "state") == "delivered" {
				break
			}
		}
		second := strings.Split(<-got, "\n")
		if first[1] != second[1] || first[1] != queued.text(t, "id") || first[2] != second[2] {
			t.Errorf("a replay is another message: %v and %v", first, second)
		}
		if want, err := webhook.Sign(first[1], testkit.Start, []byte(first[2]), key); err != nil || first[0] != want {
			t.Errorf("the signature is %s, not %s", first[0], want)
		}
		if a := d.want(d.do("POST", delivery+"/replay", ""), 202); a.text(t, "state") != "queued" {
			t.Errorf("replayed %s", a.body)
		}
		rotated := d.want(d.do("POST", path+"/rotate-secret", `{"overlap_seconds": 60}`), 200)
		if rotated.text(t, "secret") == key || rotated.text(t, "old_secret_until") != "2026-06-01T12:01:00Z" {
			t.Errorf("rotated %s", rotated.body)
		}
		for _, body := range []string{`{"overlap_seconds": -1}`, `{"overlap_seconds": null}`, `{"overlap_seconds": 604801}`, `{"overlap": 1}`} {
			d.want(d.do("POST", path+"/rotate-secret", body), 422)
		}

		// The list, in pages, whose cursors are of no use elsewhere.
		d.want(d.do("POST", path+"/test", ""), 202)
		page := d.want(d.do("GET", path+"/deliveries?limit=1", ""), 200)
		next := page.text(t, "next_cursor")
		if next == "<nil>" {
			t.Fatalf("the page is %s", page.body)
		}
		if a := d.want(d.do("GET", path+"/deliveries?limit=1&cursor="+next, ""), 200); a.text(t, "next_cursor") != "<nil>" || !strings.Contains(string(a.body), queued.text(t, "id")) {
			t.Errorf("the next page is %s", a.body)
		}
		for _, q := range []string{"?cursor=" + next + "&state=queued", "?cursor=x", "?state=lost", "?limit=0", "?limit=201", "?page=2", "?state=queued&state=failed"} {
			d.want(d.do("GET", path+"/deliveries"+q, ""), 400)
		}
		other := d.want(d.do("POST", base, `{"url": "`+server.URL+`", "events": ["*"]}`), 201)
		d.want(d.do("GET", base+"/"+other.text(t, "id")+"/deliveries?cursor="+next, ""), 400)

		d.want(d.do("DELETE", path, ""), 204)
		d.want(d.do("GET", path, ""), 404)
		d.want(d.do("GET", delivery, ""), 404)
		var acts []string
		for _, e := range d.events(acme.text(t, "id")) {
			if strings.HasPrefix(string(e.Action), "webhook.") {
				acts = append(acts, string(e.Action))
			}
		}
		if want := "webhook.created webhook.changed webhook.changed webhook.tested webhook.replayed webhook.replayed webhook.secret_rotated webhook.tested " +
			"webhook.created webhook.deleted"; strings.Join(acts, " ") != want {
			t.Errorf("the events are %v", acts)
		}
		for _, e := range d.events(acme.text(t, "id")) {
			for _, hidden := range []string{key, "whsec_", "path-that-is-a-secret"} {
				if strings.Contains(e.Target+string(e.Details), hidden) {
					t.Errorf("an event shows %s: %s", hidden, e.Details)
				}
			}
		}
	})
}

// end gives a delivery up.
func end(t *testing.T, d *desk, tenant, hook, id string) {
	t.Helper()
	owner, err := d.store.TenantByID(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	one, err := d.store.For(owner).Delivery(t.Context(), hook, id)
	if err != nil {
		t.Fatal(err)
	}
	one.State, one.FinishedAt = store.DeliveryFailed, testkit.Start
	if err := d.store.For(owner).One(func(tx *store.Tx) error { return tx.EndDelivery(t.Context(), one) }); err != nil {
		t.Fatal(err)
	}
}

// C36 at the door: an address that cannot be public is not even taken, and there is an end to how many there are.
func TestWebhooksAreBounded(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	const base = "/admin/v1/tenants/acme/webhooks"
	for _, url := range []string{"http://hooks.example.org/", "https://127.0.0.1/", "https://[::1]:8080/", "https://169.254.169.254/latest/meta-data"} {
		doc, _ := json.Marshal(map[string]any{"url": url, "events": []string{"*"}})
		if paths := faultPaths(t, d.want(d.do("POST", base, string(doc)), 422)); len(paths) != 1 || paths[0] != "url" {
			t.Errorf("%s: the faults are of %v", url, paths)
		}
	}
	for range admin.MaxWebhooks {
		d.want(d.do("POST", base, `{"url": "https://hooks.example.org/", "events": ["*"]}`), 201)
	}
	d.want(d.do("POST", base, `{"url": "https://hooks.example.org/", "events": ["*"]}`), 422)
}
