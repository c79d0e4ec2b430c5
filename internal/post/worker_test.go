package post

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// queue keeps messages in memory, with the store's rules.
type queue struct {
	mu     sync.Mutex
	rows   []*row
	finish error // what FinishMessage says, once, instead of finishing
}

type row struct {
	store.Message
	state, why string
}

var errLost = errors.New("the lease was lost")

func (q *queue) LeaseMessages(_ context.Context, now, until time.Time, n int) ([]store.Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	slices.SortStableFunc(q.rows, func(a, b *row) int { return a.DueAt.Compare(b.DueAt) })
	var out []store.Message
	for _, r := range q.rows {
		if len(out) < n && r.state == "queued" && !r.DueAt.After(now) {
			r.DueAt = until
			r.Attempts++
			out = append(out, r.Message)
		}
	}
	return out, nil
}

func (q *queue) settle(m store.Message, change func(*row)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range q.rows {
		if r.TenantID == m.TenantID && r.ID == m.ID && r.Attempts == m.Attempts && r.state == "queued" {
			change(r)
			return nil
		}
	}
	return errLost
}

func (q *queue) FinishMessage(_ context.Context, m store.Message, _ time.Time) error {
	q.mu.Lock()
	err := q.finish
	q.finish = nil
	q.mu.Unlock()
	if err != nil {
		return err
	}
	return q.settle(m, func(r *row) { r.state, r.Body = "sent", nil })
}

func (q *queue) RetryMessage(_ context.Context, m store.Message, due time.Time, why string) error {
	return q.settle(m, func(r *row) { r.DueAt, r.why = due, why })
}

func (q *queue) FailMessage(_ context.Context, m store.Message, _ time.Time, why string, again bool) error {
	return q.settle(m, func(r *row) {
		if r.state, r.why = "failed", why; !again {
			r.Body = nil
		}
	})
}

func (q *queue) ExpireMessage(_ context.Context, m store.Message, _ time.Time, why string) error {
	return q.settle(m, func(r *row) { r.state, r.Body, r.why = "expired", nil, why })
}

// row is a copy of the message of that id.
func (q *queue) row(id string) row {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range q.rows {
		if r.ID == id {
			return *r
		}
	}
	return row{}
}

// due is how many messages could be leased.
func (q *queue) due(now time.Time) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for _, r := range q.rows {
		if r.state == "queued" && !r.DueAt.After(now) {
			n++
		}
	}
	return n
}

func (q *queue) count(state string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for _, r := range q.rows {
		if r.state == state {
			n++
		}
	}
	return n
}

// office is a worker with all that it needs, and its log.
type office struct {
	*Worker
	t       *testing.T
	queue   *queue
	clock   *clock.Fake
	tenants map[string]*tenants.Tenant
	log     *buffer
	stop    func() // ends Run and waits for it
	cut     func() // ends what a stop would wait for

	mu      sync.Mutex
	results []string
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }
func (b *buffer) String() string              { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// open makes an office for tenants, whose mail goes through mail. Every test ends with a look at the log: it must not
// hold what only the recipient may know.
func open(t *testing.T, mail Sender, slugs ...string) *office {
	t.Helper()
	o := &office{t: t, queue: &queue{}, clock: clock.At(sentAt), tenants: map[string]*tenants.Tenant{}, log: &buffer{}}
	for _, s := range slugs {
		a := acme(t, s)
		o.tenants[a.ID] = a
	}
	o.Worker = &Worker{
		Queue: o.queue, Mail: mail, Clock: o.clock, From: "no-reply@example.org", Poll: 2 * time.Millisecond,
		Log: slog.New(slog.NewJSONHandler(o.log, nil)),
		Tenants: func(_ context.Context, id string) (*tenants.Tenant, error) {
			if a, ok := o.tenants[id]; ok {
				return a, nil
			}
			return nil, fmt.Errorf("find %s: %w", id, tenants.ErrUnknown)
		},
		OnSent: func(id, kind string, c store.Channel, result string) {
			o.mu.Lock()
			defer o.mu.Unlock()
			if _, known := o.tenants[id]; !known && result != Failed {
				t.Errorf("%s: a message of %s", result, id)
			}
			o.results = append(o.results, fmt.Sprintf("%s %s %s", kind, c, result))
		},
	}
	t.Cleanup(func() {
		o.close()
		for _, leak := range []string{"ann@", "BCDF-GHJK", "verify-email", "example.org/k", "612345678", twilioToken} {
			if strings.Contains(o.log.String(), leak) {
				t.Errorf("the log holds %q:\n%s", leak, o.log)
			}
		}
	})
	return o
}

// add queues a mail for the tenant.
func (o *office) add(slug, id, kind string, l Letter) {
	o.queueLetter(slug, id, kind, store.Mail, l)
}

func (o *office) queueLetter(slug, id, kind string, c store.Channel, l Letter) {
	a := o.tenants["id-of-"+slug]
	plain, err := json.Marshal(l)
	if err != nil {
		o.t.Fatal(err)
	}
	o.put(store.Message{TenantID: a.ID, ID: id, Kind: kind, Channel: c, Body: a.Keys.Seal(secret.ForMessage, id, plain)})
}

func (o *office) put(m store.Message) {
	m.CreatedAt, m.DueAt = o.clock.Now(), o.clock.Now()
	o.queue.mu.Lock()
	defer o.queue.mu.Unlock()
	o.queue.rows = append(o.queue.rows, &row{Message: m, state: "queued"})
}

// confirmation is a letter that a log must not show.
func confirmation(to string) Letter {
	return Letter{To: to, Data: map[string]string{"url": longLink, "code": "BCDF-GHJK"}}
}

// codeTo is a text that a log must not show.
func codeTo(phone string) Letter {
	return Letter{To: phone, Data: map[string]string{"code": "BCDF-GHJK"}}
}

func (o *office) run() {
	ctx, cancel := context.WithCancel(context.Background())
	drain, cut := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := o.Run(ctx, drain); err != nil {
			o.t.Errorf("the worker ended with %v", err)
		}
	}()
	o.stop = func() { cancel(); <-done; cut() }
	o.cut = cut
}

func (o *office) close() {
	if o.stop != nil {
		o.stop()
		o.stop = nil
	}
}

// wait polls until ok says so.
func (o *office) wait(what string, ok func() bool) {
	o.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			o.t.Fatalf("%s never came\n%s", what, o.log)
		}
	}
}

func (o *office) heard() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.results)
}

// senderFunc is a Sender of one function.
type senderFunc func(ctx context.Context, t *tenants.Tenant, o Outgoing) error

func (f senderFunc) Send(ctx context.Context, t *tenants.Tenant, o Outgoing) error {
	return f(ctx, t, o)
}

func TestQueuedMailArrives(t *testing.T) {
	m := serve(t, false, nil)
	o := open(t, own(t, m.url("smtp", "", "")), "acme")
	o.add("acme", "m1", "email_confirmation_signup", confirmation("ann@example.org"))
	o.run()
	o.wait("the end of it", func() bool { return o.queue.row("m1").state == "sent" })
	got := m.got()
	if len(got) != 1 || got[0].to != "ann@example.org" {
		t.Fatalf("the server got %+v", got)
	}
	if p := read(t, got[0].raw); !strings.Contains(p.text, "\nBCDF-GHJK\n") || p.header.Get("Message-Id") != "<m1@example.org>" {
		t.Errorf("got %+v", p)
	}
	if o.queue.row("m1").Body != nil {
		t.Error("the body is still there")
	}
	o.close()
	if r := o.heard(); !slices.Equal(r, []string{"email_confirmation_signup mail sent"}) {
		t.Errorf("heard %q", r)
	}
}

func TestMailThatHasToWaitArrivesOnce(t *testing.T) {
	var mu sync.Mutex
	refusals := 2
	m := serve(t, false, func(m *mailServer) {
		m.onRcpt = func(to string) error {
			mu.Lock()
			defer mu.Unlock()
			if refusals--; refusals >= 0 {
				return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted: " + to}
			}
			return nil
		}
	})
	o := open(t, own(t, m.url("smtp", "", "")), "acme")
	o.add("acme", "m1", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	for attempt := 1; attempt <= 2; attempt++ {
		o.wait("a retry", func() bool { return len(o.heard()) == attempt })
		r := o.queue.row("m1")
		longest := 2 * time.Second << (attempt - 1)
		if wait := r.DueAt.Sub(o.clock.Now()); wait > longest || wait < longest*3/4 || r.Body == nil {
			t.Errorf("attempt %d is followed by one after %v", attempt, wait)
		}
		if r.why != "send: rcpt: 451 4.7.1" {
			t.Errorf("the reason is %q", r.why)
		}
		o.clock.Advance(longest)
	}
	o.wait("the end of it", func() bool { return o.queue.row("m1").state == "sent" })
	o.close()
	if n := len(m.got()); n != 1 {
		t.Errorf("it arrived %d times", n)
	}
}

func TestRejectedMailIsGivenUpAtOnce(t *testing.T) {
	m := serve(t, false, func(m *mailServer) {
		m.onRcpt = func(to string) error {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user: " + to}
		}
	})
	o := open(t, own(t, m.url("smtp", "", "")), "acme")
	o.add("acme", "m1", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	o.wait("the end of it", func() bool { return o.queue.row("m1").state == "failed" })
	if r := o.queue.row("m1"); r.Attempts != 1 || r.Body == nil || r.why != "send: rcpt: 550 5.1.1" {
		t.Errorf("got %+v", r)
	}
}

func TestMailWaitsForAServerThatIsGone(t *testing.T) {
	m := serve(t, false, nil)
	o := open(t, own(t, m.url("smtp", "", "")), "acme")
	m.door.shut.Store(true)
	o.add("acme", "m1", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	o.wait("a retry", func() bool { return len(o.heard()) == 1 })
	m.door.shut.Store(false)
	o.clock.Advance(2 * time.Second)
	o.wait("the end of it", func() bool { return o.queue.row("m1").state == "sent" })
	o.close()
	if n := len(m.got()); n != 1 {
		t.Errorf("it arrived %d times", n)
	}
}

func TestTenantsMailsKeepApart(t *testing.T) {
	one, two := serve(t, false, nil), serve(t, false, nil)
	o := open(t, &SMTP{TLS: trusting(), Dialer: outbound.Dialer{AllowPrivate: true}}, "one", "two")
	for slug, m := range map[string]*mailServer{"one": one, "two": two} {
		s := &o.tenants["id-of-"+slug].Settings
		s.Email.SMTPURL = tenants.NewSecretURL(m.url("smtp", "", ""))
		s.Email.From = slug + "@" + slug + ".example"
		s.Email.ReplyTo = "help@" + slug + ".example"
		for i := range 5 {
			o.add(slug, fmt.Sprintf("%s-%d", slug, i), "email_confirmation", confirmation("ann@"+slug+".org"))
		}
	}
	o.run()
	o.wait("the end of it", func() bool { return o.queue.count("sent") == 10 })
	for slug, m := range map[string]*mailServer{"one": one, "two": two} {
		got := m.got()
		if len(got) != 5 {
			t.Errorf("%s's server got %d mails", slug, len(got))
		}
		for _, d := range got {
			p := read(t, d.raw)
			if d.to != "ann@"+slug+".org" || d.from != slug+"@"+slug+".example" || !strings.HasPrefix(strings.ToLower(p.subject), "["+slug+"]") ||
				p.header.Get("Reply-To") != "<help@"+slug+".example>" {
				t.Errorf("%s's server got a mail from %s to %s: %s", slug, d.from, d.to, p.subject)
			}
		}
	}
}

func TestABodyOfAnotherTenantOrMessageIsNotSent(t *testing.T) {
	m := serve(t, false, nil)
	o := open(t, own(t, m.url("smtp", "", "")), "one", "two")
	plain, _ := json.Marshal(confirmation("ann@example.org"))
	one, two := o.tenants["id-of-one"], o.tenants["id-of-two"]
	for id, body := range map[string][]byte{
		"of another tenant":  two.Keys.Seal(secret.ForMessage, "of another tenant", plain),
		"of another message": one.Keys.Seal(secret.ForMessage, "m1", plain),
		"of another purpose": one.Keys.Seal(secret.ForSettings, "of another purpose", plain),
		"not sealed":         plain,
		"none":               nil,
		"no letter":          one.Keys.Seal(secret.ForMessage, "no letter", []byte(`{"to":"ann@example.org","data":"BCDF-GHJK"}`)),
	} {
		o.put(store.Message{TenantID: one.ID, ID: id, Kind: "email_confirmation", Channel: store.Mail, Body: body})
	}
	o.run()
	o.wait("the end of it", func() bool { return o.queue.count("failed") == 6 })
	if len(m.got()) != 0 {
		t.Error("a mail arrived")
	}
}

func TestMessagesThatNobodyCanSendAreGivenUp(t *testing.T) {
	o := open(t, senderFunc(func(context.Context, *tenants.Tenant, Outgoing) error {
		t.Error("a mail was sent")
		return nil
	}), "acme", "gone")
	o.tenants["id-of-gone"].State = tenants.Deleted
	o.add("acme", "unknown kind", "no_such_kind", confirmation("ann@example.org"))
	o.add("acme", "nothing to say", "email_confirmation", Letter{To: "ann@example.org"})
	o.add("gone", "deleted tenant", "email_confirmation", confirmation("ann@example.org"))
	o.put(store.Message{TenantID: "nobody", ID: "no tenant", Kind: "email_confirmation", Channel: store.Mail})
	o.put(store.Message{TenantID: "id-of-acme", ID: "wrong channel", Kind: "email_confirmation", Channel: store.SMS})
	o.run()
	o.wait("the end of it", func() bool { return o.queue.count("failed") == 5 })
	for _, id := range []string{"unknown kind", "nothing to say", "deleted tenant", "no tenant", "wrong channel"} {
		if r := o.queue.row(id); r.Body != nil || r.why == "" || r.Attempts != 1 {
			t.Errorf("%s: %+v", id, r)
		}
		if !strings.Contains(o.log.String(), id) {
			t.Errorf("%s is not in the log", id)
		}
	}
	o.close()
	if r := o.heard(); !slices.Contains(r, "unknown mail failed") || slices.Contains(r, "no_such_kind mail failed") {
		t.Errorf("heard %q", r)
	}
}

func TestSuspendedTenantsMailWaits(t *testing.T) {
	o := open(t, &Mailbox{Log: slog.New(slog.DiscardHandler)}, "acme")
	acme := o.tenants["id-of-acme"]
	suspended := *acme
	suspended.State = tenants.Suspended
	o.tenants[acme.ID] = &suspended
	o.add("acme", "m1", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	o.wait("a retry", func() bool { return len(o.heard()) == 1 })
	o.close()
	o.tenants[acme.ID] = acme
	o.clock.Advance(2 * time.Second)
	o.run()
	o.wait("the end of it", func() bool { return o.queue.row("m1").state == "sent" })
}

func TestACrashSendsAgainUnderTheSameMessageID(t *testing.T) {
	m := serve(t, false, nil)
	o := open(t, own(t, m.url("smtp", "", "")), "acme")
	o.queue.finish = errors.New("the database is gone") // the mail is out, and nobody notes it
	o.add("acme", "m1", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	o.wait("the first", func() bool { return len(o.heard()) == 1 })
	o.close()
	if r := o.queue.row("m1"); r.state != "queued" || r.Body == nil {
		t.Fatalf("got %+v", r)
	}
	o.run()
	o.clock.Advance(lease - time.Second)
	o.Wake()
	if n := len(m.got()); n != 1 {
		t.Fatalf("it was sent %d times within the lease", n)
	}
	o.clock.Advance(time.Second)
	o.wait("the second", func() bool { return o.queue.row("m1").state == "sent" })
	got := m.got()
	if len(got) != 2 {
		t.Fatalf("it was sent %d times", len(got))
	}
	if a, b := read(t, got[0].raw).header.Get("Message-Id"), read(t, got[1].raw).header.Get("Message-Id"); a != b || a == "" {
		t.Errorf("the Message-IDs are %q and %q", a, b)
	}
}

func TestASlowTenantDelaysNobodyElse(t *testing.T) {
	release := make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	defer free()
	box := &Mailbox{Log: slog.New(slog.DiscardHandler)}
	var mu sync.Mutex
	slow, most := 0, 0
	o := open(t, senderFunc(func(ctx context.Context, a *tenants.Tenant, out Outgoing) error {
		if a.Slug != "slow" {
			return box.Send(ctx, a, out)
		}
		mu.Lock()
		slow++
		most = max(most, slow)
		mu.Unlock()
		<-release
		mu.Lock()
		slow--
		mu.Unlock()
		return nil
	}), "slow", "one", "two")
	for i := range 300 { // far more than a batch, and all of it before anybody else's
		o.add("slow", fmt.Sprintf("slow-%d", i), "email_confirmation", confirmation("ann@example.org"))
	}
	for i := range 30 {
		o.add("one", fmt.Sprintf("one-%d", i), "email_confirmation", confirmation("ann@example.org"))
		o.add("two", fmt.Sprintf("two-%d", i), "email_confirmation", confirmation("ann@example.org"))
	}
	o.run()
	o.wait("the slow server", func() bool { mu.Lock(); defer mu.Unlock(); return slow == 2 })
	o.clock.Advance(patience)
	o.wait("the mail of the others", func() bool { return o.queue.count("sent") == 60 })
	free()
	o.wait("the slow mail, which comes back as its leases end", func() bool {
		if n := o.queue.count("sent"); n == 360 {
			return true
		}
		o.clock.Advance(time.Second)
		return false
	})
	o.close()
	if most != 2 {
		t.Errorf("%d mails of one tenant were on their way at once", most)
	}
}

func TestTenantsTakeTurns(t *testing.T) {
	var mu sync.Mutex
	var order []string
	o := open(t, senderFunc(func(_ context.Context, a *tenants.Tenant, _ Outgoing) error {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, a.Slug)
		return nil
	}), "busy", "calm")
	o.Senders = 1
	for i := range 15 {
		o.add("busy", fmt.Sprintf("busy-%d", i), "email_confirmation", confirmation("ann@example.org"))
	}
	o.add("calm", "calm-1", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	o.wait("the end of it", func() bool { return o.queue.count("sent") == 16 })
	o.close()
	if i := slices.Index(order, "calm"); i > 1 {
		t.Errorf("the one mail of the calm tenant was number %d", i+1)
	}
}

func TestASendThatHangsIsCutShort(t *testing.T) {
	o := open(t, senderFunc(func(ctx context.Context, _ *tenants.Tenant, _ Outgoing) error {
		<-ctx.Done()
		return &SendError{Step: "connect", Err: ctx.Err()}
	}), "acme")
	o.SendTimeout = time.Millisecond
	o.add("acme", "m1", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	o.wait("a retry", func() bool { return len(o.heard()) == 1 })
	if r := o.queue.row("m1"); r.state != "queued" || !strings.Contains(r.why, "deadline") {
		t.Errorf("got %+v", r)
	}
}

func TestStoppingFinishesWhatIsOnItsWay(t *testing.T) {
	started, release := make(chan struct{}, 2), make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	defer free()
	o := open(t, senderFunc(func(ctx context.Context, _ *tenants.Tenant, _ Outgoing) error {
		started <- struct{}{}
		<-release
		return ctx.Err() // the end of Run's context is not the end of the mail's
	}), "acme")
	for i := range 5 {
		o.add("acme", fmt.Sprintf("m%d", i), "email_confirmation", confirmation("ann@example.org"))
	}
	o.run()
	<-started
	<-started
	ended := make(chan struct{})
	go func() { defer close(ended); o.close() }()
	o.wait("the return of what was not started", func() bool { return o.queue.due(o.clock.Now()) == 3 })
	select {
	case <-ended:
		t.Error("the worker did not wait for the mail on its way")
	default:
	}
	free()
	<-ended
	if n := o.queue.count("sent"); n != 2 {
		t.Errorf("%d mails are sent", n)
	}
}

// A mail server that hangs must not hold a stop up for longer than there is time. The message comes back when its lease
// ends, as after a crash.
func TestStoppingCutsOffWhatTakesTooLong(t *testing.T) {
	started := make(chan struct{}, 2)
	o := open(t, senderFunc(func(ctx context.Context, _ *tenants.Tenant, _ Outgoing) error {
		started <- struct{}{}
		<-ctx.Done()
		return &SendError{Step: "connect", Err: ctx.Err()}
	}), "acme")
	o.SendTimeout = lease
	for i := range 5 {
		o.add("acme", fmt.Sprintf("m%d", i), "email_confirmation", confirmation("ann@example.org"))
	}
	o.run()
	<-started
	<-started
	ended := make(chan struct{})
	go func() { defer close(ended); o.close() }()
	o.wait("the return of what was not started", func() bool { return o.queue.due(o.clock.Now()) == 3 })
	o.cut()
	<-ended
	if got := o.heard(); len(got) != 0 {
		t.Errorf("attempts that were cut off are counted: %v", got)
	}
	if due, queued := o.queue.due(o.clock.Now()), o.queue.count("queued"); due != 3 || queued != 5 {
		t.Errorf("%d of %d messages are due; two are leased still", due, queued)
	}
	if !strings.Contains(o.log.String(), "message cut off at the stop") {
		t.Errorf("nothing is said of it:\n%s", o.log)
	}
}

func TestWakeNeedsNoPoll(t *testing.T) {
	o := open(t, &Mailbox{Log: slog.New(slog.DiscardHandler)}, "acme")
	o.Poll = time.Hour
	o.run()
	for i := range 3 {
		id := fmt.Sprintf("m%d", i)
		o.add("acme", id, "email_confirmation", confirmation("ann@example.org"))
		for range 10 {
			o.Wake() // never waits, however often
		}
		o.wait(id, func() bool { return o.queue.row(id).state == "sent" })
	}
}

func TestABacklogIsWorkedOffWithoutPolls(t *testing.T) {
	o := open(t, &Mailbox{Log: slog.New(slog.DiscardHandler)}, "acme")
	o.Poll = time.Hour
	for i := range 150 {
		o.add("acme", fmt.Sprintf("m%d", i), "email_confirmation", confirmation("ann@example.org"))
	}
	o.run()
	o.wait("the end of it", func() bool { return o.queue.count("sent") == 150 })
}

func TestMailIsGivenUpAfterHalfADay(t *testing.T) {
	o := open(t, senderFunc(func(context.Context, *tenants.Tenant, Outgoing) error {
		return &SendError{Step: "connect", Err: ErrProtocol}
	}), "acme")
	o.add("acme", "m1", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	attempts := 0
	o.wait("the end of it", func() bool {
		if n := len(o.heard()); n > attempts {
			attempts = n
			if r := o.queue.row("m1"); r.state == "queued" {
				o.clock.Advance(r.DueAt.Sub(o.clock.Now()))
			}
		}
		return o.queue.row("m1").state == "failed"
	})
	age := o.clock.Now().Sub(sentAt)
	if age > 12*time.Hour || age < 11*time.Hour || attempts < 70 || attempts > 110 {
		t.Errorf("given up after %v and %d attempts", age, attempts)
	}
}

func TestALeaseThatIsTooShortIsNotUsed(t *testing.T) {
	d := &desk{lanes: map[string]*lane{}}
	d.add(leased{store.Message{TenantID: "a", ID: "old"}, sentAt.Add(19 * time.Second)})
	d.add(leased{store.Message{TenantID: "a", ID: "new"}, sentAt.Add(20 * time.Second)})
	d.expire(sentAt.Add(20 * time.Second))
	if m, ok := d.next(sentAt, 2); !ok || m.ID != "new" || d.waiting != 0 {
		t.Errorf("got %+v, %v; %d wait", m, ok, d.waiting)
	}
}

func TestBackoff(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second,
		9: 512 * time.Second, 10: 10 * time.Minute, 11: 10 * time.Minute, 1000: 10 * time.Minute} {
		if d := backoff(n, 0); d != want {
			t.Errorf("after %d attempts: %v", n, d)
		}
		if d := backoff(n, 255); d < want*3/4 || d >= want {
			t.Errorf("after %d attempts, with jitter: %v", n, d)
		}
	}
}

func TestAPanicEndsOneAttemptAndNothingElse(t *testing.T) {
	o := open(t, senderFunc(func(_ context.Context, _ *tenants.Tenant, out Outgoing) error {
		if out.ID == "m1" {
			panic("for " + out.To + " with BCDF-GHJK")
		}
		return nil
	}), "acme")
	o.add("acme", "m1", "email_confirmation", confirmation("ann@example.org"))
	o.add("acme", "m2", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	o.wait("the end of it", func() bool { return o.queue.row("m2").state == "sent" && len(o.heard()) == 2 })
	if r := o.queue.row("m1"); r.state != "queued" || r.why == "" {
		t.Errorf("got %+v", r)
	}
}

func TestAFailingTemplateIsToldAndTheMailSent(t *testing.T) {
	box := &Mailbox{Log: slog.New(slog.DiscardHandler)}
	o := open(t, box, "acme")
	o.tenants["id-of-acme"].Settings.Email.Templates = map[string]tenants.MailTemplate{"email_confirmation": {Text: "{{.code}} {{.oops}}"}}
	o.add("acme", "m1", "email_confirmation", confirmation("ann@example.org"))
	o.run()
	o.wait("the end of it", func() bool { return o.queue.row("m1").state == "sent" })
	if !strings.Contains(box.Kept()[0].Text, "BCDF-GHJK") || !strings.Contains(o.log.String(), "oops") {
		t.Errorf("the log is %s", o.log)
	}
}

func TestTextsGoOutBySMS(t *testing.T) {
	box := &Mailbox{Log: slog.New(slog.DiscardHandler)}
	o := open(t, nil, "acme")
	o.SMS = box
	o.queueLetter("acme", "m1", "phone_verification", store.SMS, codeTo("+31612345678"))
	o.run()
	o.wait("the end of it", func() bool { return o.queue.row("m1").state == "sent" })
	if k := box.Kept(); len(k) != 1 || k[0].To != "+31612345678" || k[0].Text != "BCDF-GHJK is your code for Acme. Do not share it with anybody." {
		t.Errorf("kept %+v", k)
	}
}

// carrier is a server that takes texts, for a tenant's webhook and in Twilio's place.
type carrier struct {
	mu    sync.Mutex
	gone  int // how many more requests find nobody
	say   int // the status of the others
	asked int
	took  []string // the numbers of the texts that were taken
}

func (c *carrier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.gone--; c.gone >= 0 {
		panic(http.ErrAbortHandler) // the connection breaks off
	}
	if c.say/100 == 2 {
		var body webhookBody
		form, _ := url.ParseQuery(string(b))
		if _ = json.Unmarshal(b, &body); body.Phone == "" {
			body.Phone = form.Get("To")
		}
		c.took = append(c.took, body.Phone)
	}
	w.WriteHeader(c.say)
}

func (c *carrier) got() (asked int, took []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked, slices.Clone(c.took)
}

// openTexts makes an office whose tenants "hook" and "twilio" have their texts carried by c.
func openTexts(t *testing.T, c *carrier) *office {
	t.Helper()
	s := httptest.NewServer(c)
	client := outbound.HTTPClient(outbound.Options{Dialer: outbound.Dialer{AllowPrivate: true}})
	t.Cleanup(func() { client.CloseIdleConnections(); s.Close() })
	o := open(t, nil, byWebhook, byTwilio)
	o.SMS = &SMS{Client: client, Twilio: s.URL}
	o.tenants["id-of-"+byWebhook].Settings.SMS.WebhookURL = s.URL
	o.tenants["id-of-"+byTwilio].Settings.SMS = tenants.SMS{
		TwilioAccountSID: twilioAccount, TwilioAuthToken: tenants.NewSecret(twilioToken), TwilioFrom: "+15005550006",
	}
	return o
}

func TestTextsThatHaveToWaitArriveOnce(t *testing.T) {
	for _, slug := range []string{byWebhook, byTwilio} {
		t.Run(slug, func(t *testing.T) {
			c := &carrier{gone: 2, say: http.StatusOK}
			o := openTexts(t, c)
			o.queueLetter(slug, "m1", "login_code", store.SMS, codeTo("+31612345678"))
			o.run()
			for attempt := 1; attempt <= 2; attempt++ {
				o.wait("a retry", func() bool { return len(o.heard()) == attempt })
				r := o.queue.row("m1")
				longest := 2 * time.Second << (attempt - 1)
				if wait := r.DueAt.Sub(o.clock.Now()); r.state != "queued" || wait > longest || wait < longest*3/4 || r.Body == nil {
					t.Errorf("attempt %d leaves it %s, and is followed by one after %v", attempt, r.state, wait)
				}
				o.clock.Advance(longest)
			}
			o.wait("the end of it", func() bool { return o.queue.row("m1").state == "sent" })
			o.close()
			if asked, took := c.got(); asked != 3 || !slices.Equal(took, []string{"+31612345678"}) {
				t.Errorf("of %d texts these arrived: %q", asked, took)
			}
			want := []string{"login_code sms retried", "login_code sms retried", "login_code sms sent"}
			if got := o.heard(); !slices.Equal(got, want) {
				t.Errorf("heard %q", got)
			}
		})
	}
}

func TestDeclinedTextsAreGivenUpAtOnce(t *testing.T) {
	for _, slug := range []string{byWebhook, byTwilio} {
		o := openTexts(t, &carrier{say: http.StatusBadRequest})
		o.queueLetter(slug, "m1", "phone_verification", store.SMS, codeTo("+31612345678"))
		o.run()
		o.wait("the end of it", func() bool { return o.queue.row("m1").state == "failed" })
		if r := o.queue.row("m1"); r.Attempts != 1 || r.Body == nil || r.why != "send: "+slug+": 400" {
			t.Errorf("%s: %+v", slug, r)
		}
	}
}

func TestACodeThatHasExpiredIsNotSent(t *testing.T) {
	c := &carrier{gone: 1, say: http.StatusOK}
	o := openTexts(t, c)
	box := &Mailbox{Log: slog.New(slog.DiscardHandler)}
	o.Mail = box
	at := func(after time.Duration) Letter {
		return Letter{To: "ann@example.org", Data: map[string]string{"code": "BCDF-GHJK", "expires": sentAt.Add(after).Format(time.RFC3339)}}
	}
	late := codeTo("+31612345678")
	late.Data["expires"] = sentAt.Add(2 * time.Second).Format(time.RFC3339)
	o.queueLetter(byTwilio, "late", "login_code", store.SMS, late)
	o.run()
	o.wait("a retry", func() bool { return len(o.heard()) == 1 })
	o.clock.Advance(2 * time.Second)
	o.wait("the end of it", func() bool { return o.queue.row("late").state == "expired" })
	if r := o.queue.row("late"); r.Body != nil || r.why != errExpired.Error() || r.Attempts != 2 {
		t.Errorf("got %+v", r)
	}
	o.add(byWebhook, "just", "login_code", at(2*time.Second))
	o.add(byWebhook, "in time", "login_code", at(3*time.Second))
	strange := at(0)
	strange.Data["expires"] = "soon"
	o.add(byWebhook, "no time", "login_code", strange)
	o.wait("the others", func() bool { return o.queue.count("queued") == 0 })
	o.close()
	for id, want := range map[string]string{"just": "expired", "in time": "sent", "no time": "sent"} {
		if r := o.queue.row(id); r.state != want {
			t.Errorf("%s is %s", id, r.state)
		}
	}
	if _, took := c.got(); len(took) != 0 || len(box.Kept()) != 2 {
		t.Errorf("%d texts and %d mails were sent", len(took), len(box.Kept()))
	}
	if got := o.heard(); got[1] != "login_code sms expired" || !slices.Contains(got, "login_code mail expired") {
		t.Errorf("heard %q", got)
	}
}
