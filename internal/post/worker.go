package post

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/trace"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Queue is where messages wait. A leased message that is neither finished, retried nor failed comes back by itself when
// its lease ends.
type Queue interface {
	// LeaseMessages takes up to n messages that are due, for the caller alone until the given time.
	LeaseMessages(ctx context.Context, now, until time.Time, n int) ([]store.Message, error)
	// FinishMessage notes that a message was sent, and erases its body.
	FinishMessage(ctx context.Context, m store.Message, now time.Time) error
	// RetryMessage puts a message back until it is due again.
	RetryMessage(ctx context.Context, m store.Message, due time.Time, why string) error
	// FailMessage gives a message up. It keeps the body if the message can be sent again, by hand; else it erases it.
	FailMessage(ctx context.Context, m store.Message, now time.Time, why string, again bool) error
	// ExpireMessage gives a message up that there is no use in any more, and erases its body.
	ExpireMessage(ctx context.Context, m store.Message, now time.Time, why string) error
}

// Results of an attempt, as OnSent gets them.
const (
	Sent    = "sent"
	Retried = "retried" // put back for another attempt
	Failed  = "failed"  // given up
	Expired = "expired" // given up, since the code in it was not good any more
)

// The pace of a worker where nothing else is said.
const (
	defaultPoll        = time.Second
	defaultSenders     = 4
	defaultPerTenant   = 2
	defaultBatch       = 20
	defaultSendTimeout = 20 * time.Second
	lease              = time.Minute
	settleTimeout      = 10 * time.Second

	firstRetry = 2 * time.Second
	lastRetry  = 10 * time.Minute
	giveUp     = 12 * time.Hour
	rounds     = 50              // leases in a row, to get past the backlog of one tenant
	patience   = 3 * time.Second // with a tenant whose mail does not get on, before others are let past
)

// Worker leases messages and sends them. Several workers, in one process or many, may share a queue.
//
// Tenants take turns, and none has more than PerTenant messages on their way at once. A tenant whose server hangs keeps
// its turn's messages; where more of them fill the queue, the worker lets them go until their leases end, and reaches
// past them for the messages of others.
type Worker struct {
	Queue Queue
	// Tenants finds a tenant by its id, whatever its state: the directory's ByID. Messages of a tenant that is
	// tenants.ErrUnknown, or deleted, are given up; those of a suspended one wait.
	Tenants func(ctx context.Context, id string) (*tenants.Tenant, error)
	Mail    Sender // SMTP, or a Mailbox
	SMS     Sender // SMS, or a Mailbox
	From    string // the sender of mail where the tenant names none: an address, perhaps with a name
	ReplyTo string // likewise, where answers go; perhaps nowhere
	Clock   clock.Clock
	Log     *slog.Logger // the default one when nil
	// Tracer, if there is one, begins a trace for each attempt, with a link to what queued the message.
	Tracer *trace.Tracer
	// OnSent, if there is one, hears of every attempt: whose message it was, the kind ("unknown" where it is), the channel and the result.
	OnSent func(tenantID, kind string, channel store.Channel, result string)

	Poll        time.Duration // how often the queue is looked at unasked; a second when zero
	Senders     int           // messages on their way at once; 4 when zero
	PerTenant   int           // of one tenant; 2 when zero
	Batch       int           // messages leased at once; 20 when zero
	SendTimeout time.Duration // of one attempt; 20 seconds when zero, and never near the minute of a lease

	once sync.Once
	wake chan struct{}
}

// Wake has the worker look at the queue now. It is called after a commit that queued something, from any goroutine, and
// does not wait.
func (w *Worker) Wake() {
	w.prepare()
	select {
	case w.wake <- struct{}{}:
	default: // it is going to look anyway
	}
}

func (w *Worker) prepare() {
	w.once.Do(func() {
		w.wake = make(chan struct{}, 1)
		w.Poll = orElse(w.Poll, defaultPoll)
		w.Senders = orElse(w.Senders, defaultSenders)
		w.PerTenant = orElse(w.PerTenant, defaultPerTenant)
		w.Batch = orElse(w.Batch, defaultBatch)
		w.SendTimeout = min(orElse(w.SendTimeout, defaultSendTimeout), lease/2)
	})
}

func orElse[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// leased is a message and how long it is ours.
type leased struct {
	store.Message
	until time.Time
}

// lane is one tenant's share of the work.
type lane struct {
	waiting []leased
	busy    int       // messages on their way
	since   time.Time // when it last got on: a message was sent, or the first one was started
}

// stuck reports whether a tenant's messages have been on their way for too long to wait for.
func (l *lane) stuck(now time.Time, perTenant int) bool {
	return l.busy >= perTenant && now.Sub(l.since) >= patience
}

// outcome is the end of an attempt.
type outcome struct {
	tenant string
	sent   bool
}

// desk is what one Run keeps track of. Only its goroutine touches it.
type desk struct {
	lanes   map[string]*lane
	turn    []string // tenants with a lane, in order of their turns
	waiting int
	busy    int
	more    bool // the last lease was a full batch
}

// Run sends messages until ctx is done. It then starts no more, finishes those on their way, hands back the ones that it
// leased and did not start, and returns nil. What is still on its way when drain is done is cut off, and comes back when
// its lease ends.
func (w *Worker) Run(ctx, drain context.Context) error {
	w.prepare()
	d := &desk{lanes: map[string]*lane{}}
	done := make(chan outcome, w.Senders)
	tick := time.NewTicker(w.Poll)
	defer tick.Stop()

	w.fill(ctx, d)
	for {
		w.start(drain, d, done) // what is on its way is not cut short by ctx
		select {
		case <-ctx.Done():
			w.handBack(drain, d)
			for ; d.busy > 0; d.busy-- {
				<-done
			}
			return nil
		case <-w.wake:
			w.fill(ctx, d)
		case <-tick.C:
			d.tidy()
			w.fill(ctx, d)
		case o := <-done:
			d.finished(o, w.Clock.Now())
			if d.more && d.waiting < w.Batch/2 {
				w.fill(ctx, d)
			}
		}
	}
}

// fill leases as many messages as there is room for, and reaches past those of tenants that do not get on.
func (w *Worker) fill(ctx context.Context, d *desk) {
	now := w.Clock.Now()
	d.expire(now.Add(w.SendTimeout))
	for range rounds {
		room := w.Batch - d.waiting
		if room <= 0 {
			if room += d.letGo(now, w.PerTenant); room <= 0 {
				return
			}
		}
		until := now.Add(lease)
		batch, err := w.Queue.LeaseMessages(ctx, now, until, room)
		if err != nil {
			if ctx.Err() == nil {
				logger(w.Log).ErrorContext(ctx, "messages could not be leased", "error", err)
			}
			return
		}
		for _, m := range batch {
			d.add(leased{m, until})
		}
		d.more = len(batch) == room
		if !d.more {
			return
		}
	}
}

// start puts waiting messages on their way, tenant by tenant, as far as the limits go.
func (w *Worker) start(ctx context.Context, d *desk, done chan<- outcome) {
	now := w.Clock.Now()
	d.expire(now.Add(w.SendTimeout))
	for d.busy < w.Senders {
		m, ok := d.next(now, w.PerTenant)
		if !ok {
			return
		}
		go func() { done <- outcome{m.TenantID, w.process(ctx, m.Message)} }()
	}
}

// handBack returns what was leased and not started, so that another worker need not wait for the leases to end.
func (w *Worker) handBack(ctx context.Context, d *desk) {
	if ctx.Err() != nil {
		return // there is no time for it
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for _, l := range d.lanes {
		for _, m := range l.waiting {
			if err := w.Queue.RetryMessage(ctx, m.Message, w.Clock.Now(), "the worker stopped"); err != nil {
				logger(w.Log).WarnContext(ctx, "a message was not handed back", "tenant", m.TenantID, "message", m.ID,
					"error", err)
			}
		}
	}
}

func (d *desk) add(m leased) {
	l := d.lanes[m.TenantID]
	if l == nil {
		l = &lane{}
		d.lanes[m.TenantID] = l
		d.turn = append(d.turn, m.TenantID)
	}
	l.waiting = append(l.waiting, m)
	d.waiting++
}

// next is the oldest message of the tenant whose turn it is. A tenant that got its turn goes to the end of the row.
func (d *desk) next(now time.Time, perTenant int) (leased, bool) {
	for i, id := range d.turn {
		l := d.lanes[id]
		if len(l.waiting) == 0 || l.busy >= perTenant {
			continue
		}
		m := l.waiting[0]
		l.waiting = l.waiting[1:]
		if l.busy == 0 {
			l.since = now
		}
		l.busy++
		d.waiting--
		d.busy++
		d.turn = append(append(d.turn[:i:i], d.turn[i+1:]...), id)
		return m, true
	}
	return leased{}, false
}

func (d *desk) finished(o outcome, now time.Time) {
	l := d.lanes[o.tenant]
	l.busy--
	if o.sent {
		l.since = now
	}
	d.busy--
}

// tidy forgets the tenants that have nothing to do.
func (d *desk) tidy() {
	row := d.turn[:0]
	for _, id := range d.turn {
		if l := d.lanes[id]; l.busy == 0 && len(l.waiting) == 0 {
			delete(d.lanes, id)
			continue
		}
		row = append(row, id)
	}
	d.turn = row
}

// expire drops messages whose lease would end before an attempt does. They come back by themselves.
func (d *desk) expire(end time.Time) {
	for _, l := range d.lanes {
		kept := l.waiting[:0]
		for _, m := range l.waiting {
			if !m.until.Before(end) {
				kept = append(kept, m)
			}
		}
		d.waiting -= len(l.waiting) - len(kept)
		l.waiting = kept
	}
}

// letGo drops the messages of tenants that are stuck, but for their next turn, and returns how many. They come back when
// their leases end.
func (d *desk) letGo(now time.Time, perTenant int) int {
	n := 0
	for _, l := range d.lanes {
		if l.stuck(now, perTenant) && len(l.waiting) > perTenant {
			n += len(l.waiting) - perTenant
			l.waiting = l.waiting[:perTenant]
		}
	}
	d.waiting -= n
	return n
}

// process makes one attempt at a message and settles it. It reports whether the message was sent.
func (w *Worker) process(ctx context.Context, m store.Message) bool {
	ctx, span := w.Tracer.Root(ctx, "send message", trace.Consumer)
	defer span.End()
	k, t, err := w.attempt(ctx, m)
	describe(span, k, t, m)
	log := logger(w.Log).With("tenant", m.TenantID, "message", m.ID, "kind", k, "channel", string(m.Channel),
		"attempt", m.Attempts)
	if t != nil {
		log = log.With("slug", t.Slug)
	}
	if err != nil && ctx.Err() != nil {
		log.WarnContext(ctx, "message cut off at the stop; it is sent when its lease has ended")
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()

	now := w.Clock.Now()
	var result string
	var settled error
	due := now.Add(backoff(m.Attempts, secret.Bytes(1)[0]))
	switch {
	case err == nil:
		result = Sent
		settled = w.Queue.FinishMessage(ctx, m, now)
		log.InfoContext(ctx, "message sent")
	case errors.Is(err, errExpired):
		result = Expired
		settled = w.Queue.ExpireMessage(ctx, m, now, err.Error())
		log.WarnContext(ctx, "message given up", "error", err)
	case hopeless(err) || due.After(m.CreatedAt.Add(giveUp)):
		result = Failed
		settled = w.Queue.FailMessage(ctx, m, now, err.Error(), !errors.Is(err, errGivenUp))
		log.ErrorContext(ctx, "message given up", "error", err)
	default:
		result = Retried
		settled = w.Queue.RetryMessage(ctx, m, due, err.Error())
		log.WarnContext(ctx, "message not sent yet", "error", err, "due", due)
	}
	span.Set(trace.String(trace.OutcomeKey, result))
	if err != nil {
		span.Fail(result)
	}
	if settled != nil {
		log.ErrorContext(ctx, "the attempt could not be noted", "result", result, "error", settled)
	}
	if w.OnSent != nil {
		w.OnSent(m.TenantID, k, m.Channel, result)
	}
	return err == nil
}

// errSuspended has the messages of a suspended tenant wait; it may be let back in.
var errSuspended = errors.New("post: the tenant is suspended")

// errExpired gives a message up whose code has expired: it would only puzzle whoever gets it.
var errExpired = errors.New("post: what it is about has expired")

// errGivenUp marks errors of messages that no later attempt would mend.
var errGivenUp = errors.New("post: cannot be sent")

func hopeless(err error) bool {
	var e *SendError
	return errors.Is(err, errGivenUp) || errors.As(err, &e) && e.Permanent
}

// attempt opens, renders and sends a message. The kind that it returns is one of the known ones, or "unknown".
func (w *Worker) attempt(ctx context.Context, m store.Message) (kind string, t *tenants.Tenant, err error) {
	kind = "unknown"
	defer func() {
		if p := recover(); p != nil { // one tenant's mail must not end the server for all; the value may quote the mail
			logger(w.Log).ErrorContext(ctx, "sending a message panicked", "tenant", m.TenantID, "message", m.ID,
				"type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = errors.New("post: sending panicked")
		}
	}()
	if _, ok := kindOf(m.Kind, m.Channel); !ok {
		return kind, nil, fmt.Errorf("%w: %w", errGivenUp, ErrUnknownKind)
	}
	kind = m.Kind
	ctx, cancel := context.WithTimeout(ctx, w.SendTimeout)
	defer cancel()
	t, err = w.Tenants(ctx, m.TenantID)
	if errors.Is(err, tenants.ErrUnknown) {
		return kind, nil, fmt.Errorf("%w: %w", errGivenUp, err)
	} else if err != nil {
		return kind, nil, fmt.Errorf("find the message's tenant: %w", err)
	}
	switch t.State {
	case tenants.Active:
	case tenants.Suspended:
		return kind, t, errSuspended
	default:
		return kind, t, fmt.Errorf("%w: %w", errGivenUp, tenants.ErrUnknown)
	}
	plain, err := t.Keys.Open(secret.ForMessage, m.ID, m.Body)
	if err != nil {
		return kind, t, fmt.Errorf("%w: open the body: %w", errGivenUp, err)
	}
	var l Letter
	if json.Unmarshal(plain, &l) != nil { // the error would quote the body
		return kind, t, fmt.Errorf("%w: the body is not a letter", errGivenUp)
	}
	trace.Of(ctx).Link(trace.Read(l.Trace, ""))
	if l.expired(w.Clock.Now()) {
		return kind, t, errExpired
	}
	o := Outgoing{ID: m.ID, Kind: m.Kind, Channel: m.Channel, To: l.To, Code: l.Data["code"], Link: linkOf(m.Kind, l),
		At: w.Clock.Now()}
	if m.Channel == store.SMS {
		text, err := RenderText(t, m.Kind, l)
		if err != nil {
			return kind, t, fmt.Errorf("%w: %w", errGivenUp, err)
		}
		w.passedOver(ctx, m, text.Override)
		o.Text = text.Body
		return kind, t, w.SMS.Send(ctx, t, o)
	}
	if o.Mail, err = Render(t, m.Kind, l); err != nil {
		return kind, t, fmt.Errorf("%w: %w", errGivenUp, err)
	}
	w.passedOver(ctx, m, o.Mail.Override)
	o.From, o.ReplyTo = t.Settings.Email.From, t.Settings.Email.ReplyTo
	if o.From == "" {
		o.From = w.From
	}
	if o.ReplyTo == "" {
		o.ReplyTo = w.ReplyTo
	}
	return kind, t, w.Mail.Send(ctx, t, o)
}

// passedOver logs why a tenant's own template was not used, if it was not.
func (w *Worker) passedOver(ctx context.Context, m store.Message, why error) {
	if why != nil {
		logger(w.Log).WarnContext(ctx, "the tenant's own template was not used", "tenant", m.TenantID, "kind", m.Kind,
			"channel", string(m.Channel), "error", why)
	}
}

// backoff is how long to wait after the nth attempt: 2 s, 4 s, 8 s ... 10 min, less up to a quarter, so that messages
// which failed together do not come back together. A message comes back at most 12 hours after it was queued.
func backoff(n int, r byte) time.Duration {
	d := lastRetry
	if n < 1 {
		n = 1
	}
	if n <= 9 { // 2 s << 8 is the last that is below 10 min
		d = min(firstRetry<<(n-1), lastRetry)
	}
	return d - d/4*time.Duration(r)/256
}
