package webhook

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"context"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The vector that the libraries of Standard Webhooks are tested with.
func TestSignatureIsThatOfTheStandard(t *testing.T) {
	const known = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	got, err := Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), known)
	if err != nil || got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("got %s, %v", got, err)
	}
	two, err := Sign("id", time.Unix(1, 0), []byte("x"), known, NewSecret())
	if err != nil || len(strings.Fields(two)) != 2 {
		t.Errorf("got %s, %v", two, err)
	}
	one, other := NewSecret(), NewSecret()
	if key, err := keyOf(one); err != nil || len(key) != keyBytes || one == other {
		t.Errorf("a new secret holds %d bytes, %v", len(key), err)
	}
	if _, err := Sign("id", time.Unix(1, 0), nil, "whsec_not base64"); err == nil || strings.Contains(err.Error(), "not base64 at") {
		t.Errorf("got %v", err)
	}
}

func TestAddressesOfWebhooks(t *testing.T) {
	for raw, want := range map[string]string{
		"https://hooks.example.org/x?y=z":                  "",
		"https://hooks.example.org:8443/x":                 "",
		"https://1.1.1.1/":                                 "",
		"http://hooks.example.org/":                        "https://",
		"ftp://hooks.example.org/":                         "full URL",
		"hooks.example.org":                                "full URL",
		"https:///x":                                       "full URL",
		"https://u:p@hooks.example.org/":                   "without a user",
		"https://example.org@evil.example/":                "without a user",
		"https://hooks.example.org/#x":                     "fragment",
		"https://hooks.example.org/\r\nX: y":               "full URL",
		"https://exa mple.org/":                            "full URL",
		"https://example.org\\@evil/":                      "full URL",
		"https://bücher.example/":                          "full URL",
		"https://127.0.0.1/":                               "public internet",
		"https://[::1]/":                                   "public internet",
		"https://169.254.169.254/latest":                   "public internet",
		"https://[::ffff:10.0.0.1]/":                       "public internet",
		"https://example.org/" + strings.Repeat("x", 2000): "full URL",
	} {
		err := CheckURL(raw, false)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %q", raw, err, want)
		}
	}
	for _, raw := range []string{"http://127.0.0.1:8080/x", "http://hooks.internal/"} {
		if err := CheckURL(raw, true); err != nil {
			t.Errorf("%s: %v, though private networks are allowed", raw, err)
		}
	}
}

func TestWantedEvents(t *testing.T) {
	for wanted, matches := range map[string]bool{
		"*": true, "user.*": true, "user.signed_up": true, "user.logged_in": false, "email.*": false, "us*": true,
	} {
		if Matches([]string{wanted}, store.UserSignedUp) != matches {
			t.Errorf("%s: matches is not %v", wanted, matches)
		}
	}
	for wanted, known := range map[string]bool{
		"*": true, "user.*": true, "user.signed_up": true, "us*": false, "nothing.*": false, "user.": false, "": false, ".*": false,
		"user.signed_up.*": false, "User.*": false, "user.*.x": false,
	} {
		if Known(wanted) != known {
			t.Errorf("%q: known is not %v", wanted, known)
		}
	}
}

// receiver is a tenant's server.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	answer string
	got    []request
}

type request struct {
	header http.Header
	body   string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, request{q.Header.Clone(), string(body)})
		if r.status/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(status int, answer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.answer = status, answer
}

func (r *receiver) taken() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.got
	r.got = nil
	return all
}

// office is a worker on a database.
type office struct {
	*testing.T
	*Worker
	st      *store.Store
	clock   *clock.Fake
	tenant  *tenants.Tenant
	state   tenants.State
	log     *strings.Builder
	mu      sync.Mutex
	results []string
}

func newOffice(t *testing.T, engine string, d outbound.Dialer) *office {
	t.Helper()
	o := &office{T: t, st: testkit.Open(t, engine, nil), clock: clock.At(testkit.Start), state: tenants.Active, log: &strings.Builder{}}
	o.tenant = testkit.AddTenant(t, o.st, "acme", "")
	o.Worker = &Worker{
		Store: o.st, Client: Client(d), Clock: o.clock, Log: slog.New(slog.NewTextHandler(o.log, nil)), Each: 1,
		Tenants: func(_ context.Context, id string) (*tenants.Tenant, error) {
			if id != o.tenant.ID {
				return nil, tenants.ErrUnknown
			}
			is := *o.tenant
			is.State = o.state
			return &is, nil
		},
		OnSent: func(id, result string) {
			o.mu.Lock()
			defer o.mu.Unlock()
			if id != o.tenant.ID {
				t.Errorf("%s: a delivery of %s", result, id)
			}
			o.results = append(o.results, result)
		},
	}
	o.prepare()
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// hook adds a webhook, and returns it with its secret.
func (o *office) hook(url string, events ...string) (*store.Webhook, string) {
	o.Helper()
	s := NewSecret()
	h := &store.Webhook{ID: secret.NewID(), URL: url, Events: events, Enabled: true, CreatedAt: o.clock.Now()}
	h.Secret = o.tenant.Keys.Seal(secret.ForWebhookSecret, h.ID, []byte(s))
	o.must(o.st.For(o.tenant).One(func(tx *store.Tx) error { return tx.AddWebhook(o.Context(), h) }))
	return h, s
}

// happens has events followed.
func (o *office) happens(events ...store.Event) {
	o.Helper()
	for i := range events {
		events[i].ID, events[i].At = secret.NewID(), o.clock.Now()
	}
	o.must(o.st.For(o.tenant).Do(o.Context(), func(tx *store.Tx) error {
		return Dispatcher{Clock: o.clock}.Follow(o.Context(), tx, o.tenant, events)
	}))
}

// works has the worker do whatever is due now.
func (o *office) works() {
	o.Helper()
	for {
		now := o.clock.Now()
		leases, err := o.st.LeaseWebhooks(o.Context(), now, now.Add(lease), 10)
		o.must(err)
		if len(leases) == 0 {
			return
		}
		for _, l := range leases {
			o.round(o.Context(), o.Context(), l, now.Add(lease))
		}
	}
}

func (o *office) took(want ...string) {
	o.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Equal(o.results, want) {
		o.Errorf("the results are %v, not %v", o.results, want)
	}
	o.results = nil
}

func (o *office) deliveries(h *store.Webhook) []store.Delivery {
	o.Helper()
	all, err := o.st.For(o.tenant).Deliveries(o.Context(), h.ID, "", "", 200)
	o.must(err)
	return all
}

var open = outbound.Dialer{AllowPrivate: true}

func TestEventsArriveSigned(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		o, r := newOffice(t, engine, open), newReceiver(t)
		h, key := o.hook(r.URL+"/hooks?x=1", "user.*")
		o.hook(r.URL+"/other", "email.*") // which wants nothing of this
		user := secret.NewID()
		o.happens(
			store.Event{Action: store.UserSignedUp, UserID: user, Actor: store.Actor{Kind: store.ByUser, ID: user, Name: "ann's name"}, IP: "192.0.2.1",
				Details: []byte(`{"name":"</script>\u001b[31m","after":{"metadata_private":{"x":"hush"},"n":12345678901234567890}}`)},
			store.Event{Action: store.TenantChanged},
		)
		r.answers(http.StatusOK, "thanks <b>\xff")
		o.works()
		o.took(Sent)
		got := r.taken()
		if len(got) != 1 {
			t.Fatalf("%d requests arrived", len(got))
		}
		kept := o.deliveries(h)
		if len(kept) != 1 || kept[0].State != store.Delivered || kept[0].Status != 200 || kept[0].Attempts != 1 || kept[0].UserID != user {
			t.Fatalf("kept are %+v", kept)
		}
		is := got[0]
		if is.header.Get("webhook-id") != kept[0].ID || is.header.Get("webhook-timestamp") != "1780315200" ||
			is.header.Get("Content-Type") != "application/json" {
			t.Errorf("the headers are %v", is.header)
		}
		want, err := Sign(kept[0].ID, o.clock.Now(), []byte(is.body), key)
		if err != nil || is.header.Get("webhook-signature") != want {
			t.Errorf("the signature is %s", is.header.Get("webhook-signature"))
		}
		var p struct {
			Type      string
			Timestamp time.Time
			Tenant    Tenant
			Data      map[string]any
		}
		o.must(json.Unmarshal([]byte(is.body), &p))
		if p.Type != "user.signed_up" || !p.Timestamp.Equal(testkit.Start) || p.Tenant.Slug != "acme" || p.Data["user_id"] != user || p.Data["ip"] != "192.0.2.1" {
			t.Errorf("the body is %s", is.body)
		}
		for _, hidden := range []string{"hush", "ann's name", "</script>", "\x1b", key} {
			if strings.Contains(is.body, hidden) {
				t.Errorf("the body shows %q: %s", hidden, is.body)
			}
		}
		if !strings.Contains(is.body, "12345678901234567890") {
			t.Errorf("a number was changed: %s", is.body)
		}
		if said, err := Answer(o.tenant, &kept[0]); err != nil || said != "thanks <b>\uFFFD" {
			t.Errorf("the answer is %q, %v", said, err)
		}
		if strings.Contains(string(kept[0].Body), user) || strings.Contains(string(kept[0].Answer), "thanks") {
			t.Error("the body or the answer is stored in the clear")
		}
	})
}

// Whoever runs the tenant's servers learns where its users come from, and not where its operators do.
func TestAddressesOfOperatorsAreNobodysBusiness(t *testing.T) {
	at := &tenants.Tenant{ID: "t", Slug: "acme"}
	for kind, told := range map[store.ActorKind]bool{
		store.ByUser: true, "": true, store.ByOperator: false, store.ByToken: false, store.ByBreakGlass: false, store.ByServer: false, "of later": false,
	} {
		body, err := payloadOf(at, &store.Event{ID: "e", Action: store.UserDeleted, Actor: store.Actor{Kind: kind, ID: "a"}, IP: "192.0.2.1", UserAgent: "curl/8"})
		if err != nil {
			t.Fatal(err)
		}
		for _, private := range []string{"192.0.2.1", "curl/8", `"ip"`, `"user_agent"`} {
			if strings.Contains(string(body), private) != told {
				t.Errorf("of an actor of the kind %q the payload is %s", kind, body)
			}
		}
	}
}

func TestFailuresAreTriedAgainForTwoDays(t *testing.T) {
	o, r := newOffice(t, "sqlite", open), newReceiver(t)
	h, _ := o.hook(r.URL, "*")
	r.answers(http.StatusInternalServerError, "no")
	o.happens(store.Event{Action: store.UserSignedUp})
	var ids []string
	begin := o.clock.Now()
	for len(ids) < 30 {
		o.works()
		for _, q := range r.taken() {
			ids = append(ids, q.header.Get("webhook-id"))
		}
		d := o.deliveries(h)[0]
		if d.State == store.DeliveryFailed {
			break
		}
		if d.LastError != "it answered 500" || d.Status != 500 || !d.DueAt.After(o.clock.Now()) {
			t.Fatalf("got %+v", d)
		}
		o.clock.Advance(d.DueAt.Sub(o.clock.Now()) - time.Microsecond)
		if o.works(); len(r.taken()) != 0 {
			t.Fatal("it was sent before it was due")
		}
		o.clock.Advance(lastPause)
	}
	if len(ids) != len(waits)+1 || len(slices.Compact(ids)) != 1 {
		t.Errorf("there were %d attempts under %d ids", len(ids), len(slices.Compact(ids)))
	}
	if took := o.clock.Now().Sub(begin); took < 33*time.Hour || took > 3*24*time.Hour {
		t.Errorf("it was given up after %v", took)
	}
	// It can be replayed, under its old id.
	r.answers(http.StatusNoContent, "")
	o.must(o.st.For(o.tenant).Do(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.ReplayFailed(t.Context(), h.ID, begin, o.clock.Now(), 10); err != nil {
			return err
		}
		return tx.RouseWebhook(t.Context(), h.ID, o.clock.Now())
	}))
	o.clock.Advance(lastPause)
	o.works()
	if got := r.taken(); len(got) != 1 || got[0].header.Get("webhook-id") != ids[0] {
		t.Errorf("the replay sent %d", len(got))
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	o, r := newOffice(t, "sqlite", open), newReceiver(t)
	h, _ := o.hook(r.URL, "*")
	r.answers(http.StatusTemporaryRedirect, "")
	o.happens(store.Event{Action: store.UserSignedUp})
	o.works()
	if n := len(r.taken()); n != 1 {
		t.Errorf("%d requests arrived", n)
	}
	if d := o.deliveries(h)[0]; d.State != store.DeliveryQueued || !strings.Contains(d.LastError, "redirects are not followed") {
		t.Errorf("got %+v", d)
	}
}

func TestGoneDisablesAndSoDoDaysOfFailure(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		o, r := newOffice(t, engine, open), newReceiver(t)
		gone, _ := o.hook(r.URL, "*")
		r.answers(http.StatusGone, "")
		o.happens(store.Event{Action: store.UserSignedUp})
		o.works()
		o.took(Disabled)
		is := func(h *store.Webhook) *store.Webhook {
			got, err := o.st.For(o.tenant).Webhook(t.Context(), h.ID)
			o.must(err)
			return got
		}
		if got := is(gone); got.Enabled || got.DisabledWhy != "gone" {
			t.Errorf("got %+v", got)
		}
		r.taken()
		o.happens(store.Event{Action: store.UserSignedUp})
		if o.works(); len(r.taken()) != 0 {
			t.Error("one that is disabled is still told")
		}
		dead, _ := o.hook(r.URL, "*")
		r.answers(http.StatusBadGateway, "")
		for range 11 {
			o.happens(store.Event{Action: store.UserSignedUp})
			o.works()
			o.clock.Advance(12 * time.Hour)
		}
		if got := is(dead); got.Enabled || got.DisabledWhy != "failing" {
			t.Errorf("after five days: %+v", got)
		}
		if strings.Count(o.log.String(), "a webhook was disabled") != 2 {
			t.Errorf("the log is %s", o.log)
		}
	})
}

func TestADeadServerCostsLittle(t *testing.T) {
	o, r := newOffice(t, "sqlite", open), newReceiver(t)
	_, _ = o.hook(r.URL, "*")
	r.answers(http.StatusBadGateway, "")
	for range 50 {
		o.happens(store.Event{Action: store.UserSignedUp})
	}
	o.works()
	if n := len(r.taken()); n != 1 {
		t.Errorf("a webhook that fails was asked %d times in a round", n)
	}
	o.clock.Advance(firstPause)
	r.answers(http.StatusOK, "")
	o.works()
	o.clock.Advance(firstPause) // the one that failed has its own time
	o.works()
	if n := len(r.taken()); n != 50 {
		t.Errorf("%d of 50 arrived once it was well again", n)
	}
}

// C36: whatever a tenant's address leads to, nothing inside is reached.
func TestNothingPrivateIsReached(t *testing.T) {
	r := newReceiver(t)
	_, port, err := net.SplitHostPort(r.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{
		"loopback": "http://127.0.0.1:" + port, "a name of it": "http://localhost:" + port, "a number": "http://2130706433:" + port,
		"loopback in IPv6": "http://[::ffff:127.0.0.1]:" + port, "metadata": "http://169.254.169.254/latest/meta-data",
		"rebinding": "http://rebind.example.org:" + port,
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, "sqlite", outbound.Dialer{Resolver: rebinding(t), Timeout: 2 * time.Second})
			h, _ := o.hook(url, "*")
			o.happens(store.Event{Action: store.UserSignedUp})
			o.works()
			d := o.deliveries(h)[0]
			if d.State != store.DeliveryQueued || d.Status != 0 || d.LastError == "" || strings.Contains(d.LastError, port+"/") {
				t.Errorf("got %+v", d)
			}
			if name != "a number" && !strings.Contains(d.LastError, "public internet") {
				t.Errorf("the reason is %q", d.LastError)
			}
		})
	}
	if n := len(r.taken()); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

// rebinding resolves every name to a public address at first, and to loopback from then on.
func rebinding(t *testing.T) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:n]) != nil || len(q.Questions) == 0 {
				continue
			}
			m := dnsmessage.Message{Header: dnsmessage.Header{ID: q.ID, Response: true, RecursionAvailable: true}, Questions: q.Questions}
			if q.Questions[0].Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
					Body:   &dnsmessage.AResource{A: netip.MustParseAddr("127.0.0.1").As4()},
				}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = pc.WriteTo(out, from)
			}
		}
	}()
	t.Cleanup(func() { _ = pc.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

// C23 and C25: what waits for a tenant that is suspended waits on, and nobody hears from one that is deleted, nor from a webhook that is.
func TestNothingIsToldOfWhatIsGone(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		o, r := newOffice(t, engine, open), newReceiver(t)
		h, _ := o.hook(r.URL, "*")
		o.happens(store.Event{Action: store.UserSignedUp})
		for _, state := range []tenants.State{tenants.Suspended, tenants.Deleted, "odd"} {
			o.state = state
			o.works()
			if n := len(r.taken()); n != 0 {
				t.Errorf("%s: %d requests arrived", state, n)
			}
			o.clock.Advance(2 * time.Hour)
		}
		o.state = tenants.Active
		o.works()
		if n := len(r.taken()); n != 1 {
			t.Errorf("active again: %d requests arrived", n)
		}
		o.happens(store.Event{Action: store.UserSignedUp})
		o.must(o.st.For(o.tenant).One(func(tx *store.Tx) error { return tx.DropWebhook(t.Context(), h.ID) }))
		o.works()
		if n := len(r.taken()); n != 0 {
			t.Errorf("a webhook that is gone heard of %d", n)
		}
	})
}

// What has been leased is looked at once more before it is sent: a webhook may be gone, or lead elsewhere, by then.
func TestAWebhookThatGoesDuringARoundIsTooLate(t *testing.T) {
	o, r := newOffice(t, "sqlite", open), newReceiver(t)
	h, _ := o.hook(r.URL, "*")
	o.happens(store.Event{Action: store.UserSignedUp})
	d := o.deliveries(h)[0]
	leases, err := o.st.LeaseWebhooks(t.Context(), o.clock.Now(), o.clock.Now().Add(lease), 1)
	o.must(err)
	o.must(o.st.For(o.tenant).One(func(tx *store.Tx) error { return tx.DropWebhook(t.Context(), h.ID) }))
	if got := o.attempt(t.Context(), o.Log, o.tenant, h, &d, leases[0].Lease); got != "" || len(r.taken()) != 0 {
		t.Errorf("it was sent: %q", got)
	}
}

func TestBothSecretsSignUntilTheOldOneIsOver(t *testing.T) {
	o, r := newOffice(t, "sqlite", open), newReceiver(t)
	h, first := o.hook(r.URL, "*")
	second := NewSecret()
	h.OldSecret, h.OldUntil = h.Secret, o.clock.Now().Add(time.Hour)
	h.Secret = o.tenant.Keys.Seal(secret.ForWebhookSecret, h.ID, []byte(second))
	h.UpdatedAt = o.clock.Now()
	o.must(o.st.For(o.tenant).One(func(tx *store.Tx) error { return tx.SaveWebhook(t.Context(), h) }))
	for _, want := range [][]string{{second, first}, {second}} {
		o.happens(store.Event{Action: store.UserSignedUp})
		o.works()
		got := r.taken()
		if len(got) != 1 {
			t.Fatalf("%d requests arrived", len(got))
		}
		signed, err := Sign(got[0].header.Get("webhook-id"), o.clock.Now(), []byte(got[0].body), want...)
		if err != nil || got[0].header.Get("webhook-signature") != signed {
			t.Errorf("the signature is %q, not %q", got[0].header.Get("webhook-signature"), signed)
		}
		o.clock.Advance(time.Hour)
	}
}

func TestTheWorkerRunsAndStops(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		o, r := newOffice(t, engine, open), newReceiver(t)
		o.Each, o.Poll = 4, 10*time.Millisecond
		_, _ = o.hook(r.URL, "*")
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 2)
		second := &Worker{Store: o.st, Tenants: o.Worker.Tenants, Client: o.Client, Clock: o.clock, Log: o.Log, Poll: o.Poll}
		for _, w := range []*Worker{o.Worker, second} {
			go func() { over <- w.Run(ctx, t.Context()) }()
		}
		const all = 100
		for range all {
			o.happens(store.Event{Action: store.UserSignedUp})
		}
		ids := map[string]int{}
		for deadline := time.Now().Add(20 * time.Second); len(ids) < all && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			for _, q := range r.taken() {
				ids[q.header.Get("webhook-id")]++
			}
		}
		stop()
		if err := errors.Join(<-over, <-over); err != nil {
			t.Error(err)
		}
		if len(ids) != all || slices.Max(slices.Collect(maps.Values(ids))) != 1 {
			t.Errorf("%d of %d arrived, one of them %d times", len(ids), all, slices.Max(slices.Collect(maps.Values(ids))))
		}
	})
}
