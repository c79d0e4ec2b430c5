package adminapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// message queues a message to somebody, which expires after a while or, where that is 0, never.
func (d *desk) message(tenant *tenants.Tenant, to string, expires time.Duration) string {
	d.t.Helper()
	m := store.Message{ID: secret.NewID(), Kind: "login_code", Channel: store.Mail, CreatedAt: testkit.Start, DueAt: testkit.Start}
	m.Body = tenant.Keys.Seal(secret.ForMessage, m.ID, []byte(`{"to":"`+to+`","data":{"code":"BCDF-GHJK"}}`))
	m.Recipient = tenant.Keys.Seal(secret.ForRecipient, m.ID, []byte(to))
	if expires != 0 {
		m.ExpiresAt = testkit.Start.Add(expires)
	}
	if err := d.store.For(tenant).One(func(tx *store.Tx) error { return tx.AddMessage(d.t.Context(), &m) }); err != nil {
		d.t.Fatal(err)
	}
	return m.ID
}

// settle leases whatever is due and ends it.
func (d *desk) settle(end func(store.Message) error) {
	d.t.Helper()
	now := d.clock.Now()
	all, err := d.store.LeaseMessages(d.t.Context(), now, now.Add(time.Minute), 100)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, m := range all {
		if err := end(m); err != nil {
			d.t.Fatal(err)
		}
	}
}

func TestMessagesOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		woken := 0
		d.api.Admin = admin.New(admin.Options{
			Store: d.store, Clock: d.clock, Keys: testkit.Keys(t), WakeMail: func() { woken++ },
			MailKinds: admin.MailKinds{Kinds: []admin.MailKind{{Kind: "login_code"}, {Kind: "password_changed"}}},
		})
		acme, zenith := testkit.AddTenant(t, d.store, "acme", ""), testkit.AddTenant(t, d.store, "zenith", "")
		const base = "/admin/v1/tenants/acme/messages"
		ctx := t.Context()
		sent := d.message(acme, "sent@example.org", 0)
		d.settle(func(m store.Message) error { return d.store.FinishMessage(ctx, m, testkit.Start) })
		expired := d.message(acme, "expired@example.org", time.Minute)
		d.settle(func(m store.Message) error { return d.store.ExpireMessage(ctx, m, testkit.Start, "too late") })
		failed := d.message(acme, "failed@example.org", 10*time.Minute)
		d.settle(func(m store.Message) error {
			return d.store.FailMessage(ctx, m, testkit.Start, "send: rcpt: 550", true)
		})
		hopeless := d.message(acme, "hopeless@example.org", 0)
		d.settle(func(m store.Message) error {
			return d.store.FailMessage(ctx, m, testkit.Start, "cannot be sent", false)
		})
		queued := d.message(acme, "<b>queued</b>@example.org", 0)
		theirs := d.message(zenith, "theirs@example.org", 0)
		if err := d.store.For(acme).One(func(tx *store.Tx) error { return tx.Waste(ctx, secret.NewID(), testkit.Start) }); err != nil {
			t.Fatal(err)
		}

		list := func(q string) (ids []string) {
			t.Helper()
			a := d.want(d.do("GET", base+q, ""), 200)
			for _, id := range []string{sent, expired, failed, hopeless, queued, theirs} {
				if strings.Contains(string(a.body), id) {
					ids = append(ids, id)
				}
			}
			if strings.Contains(string(a.body), "BCDF-GHJK") || strings.Contains(string(a.body), "void") {
				t.Errorf("the list shows too much: %s", a.body)
			}
			return ids
		}
		for q, want := range map[string][]string{
			"": {sent, expired, failed, hopeless, queued}, "?state=sent": {sent}, "?state=failed": {failed, hopeless}, "?state=queued": {queued},
			"?state=expired": {expired}, "?kind=login_code&state=failed": {failed, hopeless}, "?kind=password_changed": nil, "?channel=sms": nil,
			"?channel=mail&limit=1": {queued},
		} {
			if got := list(q); !slices.Equal(got, want) {
				t.Errorf("%s lists %v, not %v", q, got, want)
			}
		}
		next := d.do("GET", base+"?limit=2", "").text(t, "next_cursor")
		if got := list("?limit=2&cursor=" + next); !slices.Equal(got, []string{expired, failed}) {
			t.Errorf("the second page lists %v", got)
		}
		for _, q := range []string{"?cursor=" + next + "&state=sent", "?state=void", "?state=lost", "?channel=fax", "?kind=birthday", "?limit=0", "?to=x", "?cursor=x"} {
			d.want(d.do("GET", base+q, ""), 400)
		}
		d.want(d.do("GET", "/admin/v1/tenants/zenith/messages?limit=2&cursor="+next, ""), 400)

		shown := d.want(d.do("GET", base+"/"+failed, ""), 200)
		if shown.text(t, "recipient") != "failed@example.org" || shown.text(t, "error") != "send: rcpt: 550" || shown.text(t, "retryable") != "true" ||
			shown.text(t, "attempts") != "1" || shown.text(t, "due_at") != "<nil>" {
			t.Errorf("shown is %s", shown.body)
		}
		if a := d.want(d.do("GET", base+"/"+queued, ""), 200); a.text(t, "recipient") != "<b>queued</b>@example.org" || a.Header.Get("Content-Type") != "application/json" ||
			a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("a hostile name comes as %v %s", a.Header, a.body)
		}
		for _, id := range []string{theirs, secret.NewID(), "x"} {
			d.want(d.do("GET", base+"/"+id, ""), 404)
			d.want(d.do("POST", base+"/"+id+"/retry", ""), 404)
		}
		for id, want := range map[string]string{sent: "it was sent", expired: "has expired", queued: "on its way", hopeless: "was erased"} {
			if a := d.want(d.do("POST", base+"/"+id+"/retry", ""), 422); !strings.Contains(string(a.body), want) {
				t.Errorf("the reason is %s, not %q", a.body, want)
			}
		}
		if a := d.want(d.do("POST", base+"/"+failed+"/retry", ""), 202); a.text(t, "state") != "queued" || woken != 1 {
			t.Errorf("retried %s, woken %d times", a.body, woken)
		}
		leased := 0
		d.settle(func(m store.Message) error {
			if m.ID == failed {
				leased++
				if plain, err := acme.Keys.Open(secret.ForMessage, m.ID, m.Body); err != nil || !strings.Contains(string(plain), "failed@example.org") {
					t.Errorf("what is sent again is %s, %v", plain, err)
				}
			}
			return d.store.FailMessage(ctx, m, testkit.Start, "again", true)
		})
		if leased != 1 {
			t.Errorf("it is sent again %d times", leased)
		}
		// Once the code has expired it cannot be, and the sweeper leaves nothing of it.
		d.clock.Advance(10 * time.Minute)
		d.want(d.do("POST", base+"/"+failed+"/retry", ""), 422)
		if n, err := d.store.EraseSpentMessages(ctx, d.clock.Now(), 10); err != nil || n != 1 {
			t.Errorf("the sweeper erases %d, %v", n, err)
		}
		if m, err := d.store.For(acme).Message(ctx, failed); err != nil || m.Body != nil {
			t.Errorf("left is %+v, %v", m, err)
		}
		var acts []string
		for _, e := range d.events(acme.ID) {
			acts = append(acts, fmt.Sprint(e.Action, " ", e.Target))
		}
		if !slices.Equal(acts, []string{"message.retried message/" + failed}) {
			t.Errorf("the events are %v", acts)
		}
	})
}

func TestMailTestsOverTheWire(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	var got []string
	d.api.Admin = admin.New(admin.Options{
		Store: d.store, Clock: d.clock, Keys: testkit.Keys(t),
		TestMail: func(_ context.Context, t *tenants.Tenant, to string, _ time.Time) *admin.MailTest {
			got = append(got, t.Slug+" "+to)
			return &admin.MailTest{Server: "smtp://mail.example:587", From: "a@b.example", Step: "rcpt", Code: 550, EnhancedCode: "5.1.1", Words: "<b>no such user</b>"}
		},
	})
	acme := testkit.AddTenant(t, d.store, "acme", "")
	testkit.AddTenant(t, d.store, "zenith", "")
	const path = "/admin/v1/tenants/acme/mail-test"
	a := d.want(d.do("POST", path, `{"to": "ann@example.org"}`), 200)
	if a.text(t, "step") != "rcpt" || a.text(t, "code") != "550" || a.text(t, "words") != "<b>no such user</b>" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s", a.body)
	}
	for _, body := range []string{`{}`, `{"to": 1}`, `{"to": "ann"}`, `{"to": "Ann <ann@example.org>"}`, `{"to": "a@b.example, c@d.example"}`, `{"to": null}`} {
		if paths := faultPaths(t, d.want(d.do("POST", path, body), 422)); !slices.Equal(paths, []string{"to"}) {
			t.Errorf("%s: the faults are of %v", body, paths)
		}
	}
	d.want(d.do("POST", "/admin/v1/tenants/nobody/mail-test", `{"to": "ann@example.org"}`), 404)
	for range 4 {
		d.want(d.do("POST", path, `{"to": "ann@example.org"}`), 200)
	}
	if limited := d.want(d.do("POST", path, `{"to": "ann@example.org"}`), 429); limited.Header.Get("Retry-After") != "60" {
		t.Errorf("limited with %v", limited.Header)
	}
	d.want(d.do("POST", "/admin/v1/tenants/zenith/mail-test", `{"to": "ann@example.org"}`), 200) // whose limit is its own
	if len(got) != 6 || got[0] != "acme ann@example.org" {
		t.Errorf("sent were %v", got)
	}
	events := d.events(acme.ID)
	if len(events) != 5 || events[0].Action != store.MailTested || string(events[0].Details) != `{"domain":"example.org"}` {
		t.Errorf("the events are %+v", events)
	}
	d.api.Admin = admin.New(admin.Options{Store: d.store, Clock: d.clock, Keys: testkit.Keys(t)})
	if a := d.want(d.do("POST", path, `{"to": "ann@example.org"}`), http.StatusUnprocessableEntity); !strings.Contains(string(a.body), "sends no mail") {
		t.Errorf("got %s", a.body)
	}
}
