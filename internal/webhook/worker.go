package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/trace"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Results of an attempt, as OnSent gets them.
const (
	Sent     = "delivered"
	Retried  = "retried"  // put back for another attempt
	Failed   = "failed"   // given up
	Disabled = "disabled" // given up, and the webhook with it
)

// The pace of deliveries.
const (
	// Timeout is how long a webhook may take to answer.
	Timeout = 15 * time.Second
	// GiveUpAfter is how long nothing may get through before a webhook is disabled.
	GiveUpAfter = 5 * 24 * time.Hour
	// KeepBodies is how long bodies and answers are kept, so that deliveries can be replayed.
	KeepBodies = 7 * 24 * time.Hour
	// KeepDeliveries is how long it is known what became of them.
	KeepDeliveries = 30 * 24 * time.Hour

	lease       = 2 * time.Minute
	settleTime  = 10 * time.Second
	mostAnswer  = 1 << 10  // bytes of an answer that are kept
	mostDrained = 64 << 10 // and that are read, so that the connection can be used again
	batch       = 20       // deliveries in a round
	firstPause  = 5 * time.Second
	lastPause   = 5 * time.Minute
)

// waits are the times between attempts: 12 attempts over some two days.
var waits = []time.Duration{
	5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 8 * time.Hour, 8 * time.Hour, 8 * time.Hour,
	8 * time.Hour, 8 * time.Hour,
}

// Client is how webhooks are reached: no private addresses unless they are allowed, no redirects, and no patience beyond Timeout.
func Client(d outbound.Dialer) *http.Client {
	return outbound.HTTPClient(outbound.Options{Dialer: d, Timeout: Timeout})
}

// Worker sends what is queued. Several workers, in one process or many, may share a queue.
type Worker struct {
	Store *store.Store
	// Tenants finds a tenant by its id, whatever its state.
	Tenants func(ctx context.Context, id string) (*tenants.Tenant, error)
	Client  *http.Client // of Client
	Clock   clock.Clock
	Log     *slog.Logger // the default one when nil
	// Tracer, if there is one, begins a trace for each attempt.
	Tracer *trace.Tracer
	// OnSent, if there is one, hears of every attempt: whose webhook it was, and the result.
	OnSent func(tenantID, result string)

	Poll     time.Duration // how often the queue is looked at unasked; a second when zero
	Webhooks int           // looked after at once; 8 when zero
	Each     int           // deliveries on their way to one of them at once; 4 when zero

	once sync.Once
	wake chan struct{}
}

func (w *Worker) prepare() {
	w.once.Do(func() {
		w.wake = make(chan struct{}, 1)
		if w.Poll <= 0 {
			w.Poll = time.Second
		}
		if w.Webhooks <= 0 {
			w.Webhooks = 8
		}
		if w.Each <= 0 {
			w.Each = 4
		}
		if w.Log == nil {
			w.Log = slog.Default()
		}
	})
}

// Wake has the worker look at the queue now. It may be called from any goroutine, and does not wait.
func (w *Worker) Wake() {
	w.prepare()
	select {
	case w.wake <- struct{}{}:
	default: // it is going to look anyway
	}
}

// Run sends deliveries until ctx is done. It then begins no more and returns when those on their way are over, or cut off because drain
// is done. What was cut off is sent again.
func (w *Worker) Run(ctx, drain context.Context) error {
	w.prepare()
	done := make(chan bool, w.Webhooks)
	tick := time.NewTicker(w.Poll)
	defer tick.Stop()
	busy, look := 0, true
	for {
		if look && busy < w.Webhooks {
			now := w.Clock.Now()
			leases, err := w.Store.LeaseWebhooks(ctx, now, now.Add(lease), w.Webhooks-busy)
			if err != nil && ctx.Err() == nil {
				w.Log.ErrorContext(ctx, "webhooks could not be leased", "error", err)
			}
			for _, l := range leases {
				busy++
				go func() { done <- w.round(ctx, drain, l, now.Add(lease)) }()
			}
		}
		select {
		case <-ctx.Done():
			for ; busy > 0; busy-- {
				<-done
			}
			return nil
		case <-w.wake:
			look = true
		case <-tick.C:
			look = true
		case more := <-done:
			busy--
			look = more
		}
	}
}

// round looks after a webhook. It reports whether there may be more to do.
func (w *Worker) round(ctx, drain context.Context, l store.WebhookLease, end time.Time) (more bool) {
	log := w.Log.With("tenant", l.TenantID, "webhook", l.WebhookID)
	t, err := w.Tenants(drain, l.TenantID)
	if err != nil && !errors.Is(err, tenants.ErrUnknown) {
		log.ErrorContext(drain, "a webhook's tenant could not be read", "error", err)
		return false // the lease ends by itself
	}
	if t == nil {
		t = &tenants.Tenant{ID: l.TenantID, State: tenants.Deleted}
	}
	scope := w.Store.For(t)
	h, err := scope.Webhook(drain, l.WebhookID)
	if err != nil {
		if !errors.Is(err, store.ErrNotFound) {
			log.ErrorContext(drain, "a webhook could not be read", "error", err)
		}
		return false
	}
	was := store.WebhookRound{Failures: h.Failures, FailingSince: h.FailingSince, PausedUntil: h.PausedUntil}
	is := was
	switch t.State {
	case tenants.Active:
		is, more = w.send(ctx, drain, log, t, h, l, end)
	case tenants.Suspended:
		is.PausedUntil = w.Clock.Now().Add(time.Minute) // it may be let back in
	default:
		is.PausedUntil = w.Clock.Now().Add(time.Hour) // it may be restored
	}
	settle, cancel := context.WithTimeout(context.WithoutCancel(drain), settleTime)
	defer cancel()
	if err := scope.Do(settle, func(tx *store.Tx) error { return tx.ReleaseWebhook(settle, h.ID, l.Lease, is) }); err != nil &&
		!errors.Is(err, store.ErrStale) {
		log.ErrorContext(settle, "a webhook could not be given back", "error", err)
		return false
	}
	return more
}

// send sends what is due at a webhook, until something fails or the time is up.
func (w *Worker) send(ctx, drain context.Context, log *slog.Logger, t *tenants.Tenant, h *store.Webhook, l store.WebhookLease, end time.Time,
) (r store.WebhookRound, more bool) {
	r = store.WebhookRound{Failures: h.Failures, FailingSince: h.FailingSince, PausedUntil: h.PausedUntil}
	due, err := w.Store.For(t).DueDeliveries(drain, h.ID, w.Clock.Now(), batch)
	if err != nil {
		log.ErrorContext(drain, "deliveries could not be read", "error", err)
		return r, false
	}
	var (
		mu        sync.Mutex
		sent, bad int
		wg        sync.WaitGroup
		room      = make(chan struct{}, w.Each)
	)
	failed := func() bool { mu.Lock(); defer mu.Unlock(); return bad > 0 }
	for i := range due {
		room <- struct{}{}
		if ctx.Err() != nil || failed() || w.Clock.Now().Add(Timeout+settleTime).After(end) {
			<-room
			break
		}
		wg.Go(func() {
			defer func() { <-room }()
			result := w.attempt(drain, log, t, h, &due[i], l.Lease)
			mu.Lock()
			defer mu.Unlock()
			switch result {
			case Sent:
				sent++
			case "":
			default:
				bad++
			}
		})
	}
	wg.Wait()
	now := w.Clock.Now()
	switch {
	case sent > 0:
		r = store.WebhookRound{}
	case bad > 0:
		r.Failures++
		if r.FailingSince.IsZero() {
			r.FailingSince = now
		}
		r.PausedUntil = now.Add(pause(r.Failures))
		if now.Sub(r.FailingSince) >= GiveUpAfter {
			w.disable(drain, log, t, h, "failing")
		}
	}
	return r, len(due) == batch && bad == 0
}

// attempt makes one attempt at a delivery and settles it. The result is "" where there was none to make, or it was cut off.
func (w *Worker) attempt(ctx context.Context, log *slog.Logger, t *tenants.Tenant, h *store.Webhook, d *store.Delivery, leased int64) string {
	ctx, span := w.Tracer.Root(ctx, "deliver event", trace.Consumer, trace.String(trace.TenantKey, t.Slug), trace.String("vestibule.webhook", h.ID),
		trace.String("vestibule.delivery", d.ID), trace.String("vestibule.event.type", d.Type))
	defer span.End()
	scope, now := w.Store.For(t), w.Clock.Now()
	if err := scope.One(func(tx *store.Tx) error { return tx.StartDelivery(ctx, d, leased, now, now.Add(lease)) }); err != nil {
		if !errors.Is(err, store.ErrStale) {
			log.ErrorContext(ctx, "a delivery could not be started", "delivery", d.ID, "error", err)
		}
		return ""
	}
	err := w.post(ctx, t, h, d)
	if err != nil && ctx.Err() != nil {
		log.WarnContext(ctx, "a delivery was cut off at the stop; it is sent again", "delivery", d.ID)
		return ""
	}
	now = w.Clock.Now()
	d.Took = now.Sub(d.AttemptedAt)
	result := w.judge(d, err, now)
	span.Set(trace.String(trace.OutcomeKey, result))
	if err != nil {
		span.Fail(result)
	}
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := scope.One(func(tx *store.Tx) error { return tx.EndDelivery(settle, d) }); err != nil {
		log.ErrorContext(settle, "the attempt could not be noted", "delivery", d.ID, "result", result, "error", err)
	}
	if result == Disabled {
		w.disable(settle, log, t, h, "gone")
	}
	if w.OnSent != nil {
		w.OnSent(t.ID, result)
	}
	log.InfoContext(settle, "webhook delivery", "delivery", d.ID, "type", d.Type, "attempt", d.Tries, "result", result, "status", d.Status)
	return result
}

// judge says what becomes of a delivery after an attempt.
func (w *Worker) judge(d *store.Delivery, err error, now time.Time) (result string) {
	var hopeless *hopelessError
	d.LastError = ""
	if err != nil {
		d.LastError = err.Error()
	}
	switch {
	case err == nil:
		d.State, d.FinishedAt = store.Delivered, now
		return Sent
	case d.Status == http.StatusGone:
		d.State, d.FinishedAt = store.DeliveryFailed, now
		return Disabled
	case d.Tries > len(waits) || errors.As(err, &hopeless):
		d.State, d.FinishedAt = store.DeliveryFailed, now
		return Failed
	default:
		d.State, d.DueAt = store.DeliveryQueued, now.Add(backoff(d.Tries, secret.Bytes(1)[0]))
		return Retried
	}
}

// hopelessError marks what no later attempt would mend.
type hopelessError struct{ error }

// post sends a delivery once. Its errors hold neither the URL nor what was sent.
func (w *Worker) post(ctx context.Context, t *tenants.Tenant, h *store.Webhook, d *store.Delivery) (err error) {
	defer func() {
		if p := recover(); p != nil { // one delivery must not end the server for all; the value may quote it
			w.Log.ErrorContext(ctx, "sending to a webhook panicked", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = errors.New("sending it failed in the server; its log has more")
		}
	}()
	d.Status, d.Answer = 0, nil
	body, err := t.Keys.Open(secret.ForWebhook, d.ID, d.Body)
	if err != nil {
		return &hopelessError{errors.New("its body cannot be opened")}
	}
	secrets, err := secretsOf(t, h, d.AttemptedAt)
	if err != nil {
		return err
	}
	signature, err := Sign(d.ID, d.AttemptedAt, body, secrets...)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL is not valid") // the error would quote it
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Vestibule")
	r.Header.Set(IDHeader, d.ID)
	r.Header.Set(TimestampHeader, strconv.FormatInt(d.AttemptedAt.Unix(), 10))
	r.Header.Set(SignatureHeader, signature)
	res, err := w.Client.Do(r)
	if err != nil {
		return reason(err)
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	d.Status = res.StatusCode
	said, _ := io.ReadAll(io.LimitReader(res.Body, mostAnswer)) // the status is the answer
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, mostDrained))
	if len(said) > 0 {
		d.Answer = t.Keys.Seal(secret.ForWebhookAnswer, d.ID, []byte(strings.ToValidUTF8(string(said), "\uFFFD")))
	}
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return fmt.Errorf("it answered %d: redirects are not followed", res.StatusCode)
	default:
		return fmt.Errorf("it answered %d", res.StatusCode)
	}
}

// reason is why a webhook could not be reached, without its URL.
func reason(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	switch {
	case errors.Is(err, outbound.ErrPrivateAddress):
		return errors.New("its address is not on the public internet (VESTIBULE_ALLOW_PRIVATE_NETWORKS would let it pass)")
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("it did not answer within %v", Timeout)
	}
	return err
}

// secretsOf are the secrets that sign at a time, the newest first.
func secretsOf(t *tenants.Tenant, h *store.Webhook, at time.Time) ([]string, error) {
	sealed := [][]byte{h.Secret}
	if h.OldSecret != nil && at.Before(h.OldUntil) {
		sealed = append(sealed, h.OldSecret)
	}
	var all []string
	for _, s := range sealed {
		plain, err := t.Keys.Open(secret.ForWebhookSecret, h.ID, s)
		if err != nil {
			return nil, errors.New("its secret cannot be opened")
		}
		all = append(all, string(plain))
	}
	return all, nil
}

// disable has nothing go to a webhook any more, and says so in the audit log.
func (w *Worker) disable(ctx context.Context, log *slog.Logger, t *tenants.Tenant, h *store.Webhook, why string) {
	details, err := json.Marshal(map[string]string{"why": why})
	if err != nil {
		panic("webhook: " + err.Error()) // a map of strings can always be encoded
	}
	now := w.Clock.Now()
	e := &store.Event{
		ID: secret.NewID(), At: now, Action: store.WebhookDisabled, Actor: store.Actor{Kind: store.ByServer}, Target: "webhook/" + h.ID,
		Details: details,
	}
	err = w.Store.For(t).Do(ctx, func(tx *store.Tx) error {
		if err := tx.DisableWebhook(ctx, h.ID, why, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, e)
	})
	switch {
	case errors.Is(err, store.ErrStale): // somebody did already
	case err != nil:
		log.ErrorContext(ctx, "a webhook could not be disabled", "error", err)
	default:
		log.WarnContext(ctx, "a webhook was disabled", "why", why)
	}
}

// backoff is how long to wait after the nth attempt, less up to a quarter, so that deliveries which failed together do not come back
// together.
func backoff(n int, r byte) time.Duration {
	d := waits[min(max(n, 1), len(waits))-1]
	return d - d/4*time.Duration(r)/256
}

// pause is how long a webhook is left alone after the nth round in which nothing got through.
func pause(n int) time.Duration {
	if n > 6 {
		return lastPause
	}
	return min(firstPause<<(max(n, 1)-1), lastPause)
}
