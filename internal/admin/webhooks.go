package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/webhook"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The bounds of webhooks.
const (
	MaxWebhooks    = 20            // of a tenant
	MaxEvents      = 50            // that one names
	MaxDescription = 200           // characters
	MaxReplay      = 10_000        // deliveries at once
	MaxOverlap     = 7 * 24 * 3600 // seconds in which an old secret still signs
	defaultOverlap = 24 * 3600
)

// Webhook is a webhook as operators see it.
type Webhook struct {
	ID             string     `json:"id"`
	URL            string     `json:"url"`
	Description    string     `json:"description"`
	Events         []string   `json:"events"`
	Enabled        bool       `json:"enabled"`
	DisabledWhy    string     `json:"disabled_why"`     // gone or failing where the server disabled it
	FailingSince   *time.Time `json:"failing_since"`    // null unless nothing has got through since
	OldSecretUntil *time.Time `json:"old_secret_until"` // null unless the secret before still signs, too
	Version        int64      `json:"version"`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
	Secret         string     `json:"secret,omitempty"` // shown once, when it is made
}

// Delivery is an event on its way to a webhook, as operators see it.
type Delivery struct {
	ID          string              `json:"id"` // what the receiver gets as webhook-id
	WebhookID   string              `json:"webhook_id"`
	EventID     string              `json:"event_id"`
	Type        string              `json:"type"`
	State       store.DeliveryState `json:"state"`
	Attempts    int                 `json:"attempts"`
	Status      *int                `json:"status"` // of the last answer; null where there was none
	Error       string              `json:"error"`
	Answer      string              `json:"answer"` // its beginning
	DurationMS  int64               `json:"duration_ms"`
	CreatedAt   time.Time           `json:"created_at"`
	AttemptedAt *time.Time          `json:"attempted_at"`
	DueAt       *time.Time          `json:"due_at"` // null unless it is queued
	FinishedAt  *time.Time          `json:"finished_at"`
	Replayable  bool                `json:"replayable"`
	Payload     json.RawMessage     `json:"payload,omitempty"` // where one is shown: what is sent, or null where it was erased
}

func (s *Service) webhookView(h *store.Webhook) *Webhook {
	v := &Webhook{
		ID: h.ID, URL: h.URL, Description: h.Description, Events: h.Events, Enabled: h.Enabled, DisabledWhy: h.DisabledWhy,
		FailingSince: atOrNull(h.FailingSince), Version: h.Version, CreatedAt: h.CreatedAt.UTC(), UpdatedAt: h.UpdatedAt.UTC(),
	}
	if h.OldSecret != nil && s.clock.Now().Before(h.OldUntil) {
		v.OldSecretUntil = atOrNull(h.OldUntil)
	}
	return v
}

func deliveryView(t *tenants.Tenant, d *store.Delivery) *Delivery {
	v := &Delivery{
		ID: d.ID, WebhookID: d.WebhookID, EventID: d.EventID, Type: d.Type, State: d.State, Attempts: d.Attempts, Error: d.LastError,
		DurationMS: d.Took.Milliseconds(), CreatedAt: d.CreatedAt.UTC(), AttemptedAt: atOrNull(d.AttemptedAt), FinishedAt: atOrNull(d.FinishedAt),
		Replayable: d.State != store.DeliveryQueued && d.Body != nil,
	}
	if d.Status != 0 {
		v.Status = &d.Status
	}
	if d.State == store.DeliveryQueued {
		v.DueAt = atOrNull(d.DueAt)
	}
	v.Answer, _ = webhook.Answer(t, d) // one that cannot be opened is as good as none
	return v
}

// atOrNull is a time, or nil where it is none.
func atOrNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// Webhooks are a tenant's webhooks, the oldest first.
func (s *Service) Webhooks(ctx context.Context, slug string) ([]*Webhook, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, err
	}
	found, err := s.store.For(t).Webhooks(ctx)
	if err != nil {
		return nil, failed("list webhooks", err)
	}
	all := make([]*Webhook, len(found))
	for i := range found {
		all[i] = s.webhookView(&found[i])
	}
	return all, nil
}

// Webhook is one of a tenant's webhooks.
func (s *Service) Webhook(ctx context.Context, slug, id string) (*Webhook, error) {
	_, h, err := s.webhook(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	return s.webhookView(h), nil
}

func (s *Service) webhook(ctx context.Context, slug, id string) (*tenants.Tenant, *store.Webhook, error) {
	t, err := s.servedWith(ctx, slug, id)
	if err != nil {
		return nil, nil, err
	}
	h, err := s.store.For(t).Webhook(ctx, id)
	if err != nil {
		return nil, nil, failed("read webhook", err)
	}
	return t, h, nil
}

// CreateWebhook has a tenant's server told of events. It reads a JSON object with url, events and, if wanted, description and enabled. What
// it returns has the signing secret, which is never shown again.
func (s *Service) CreateWebhook(ctx context.Context, by Actor, slug string, doc json.RawMessage) (*Webhook, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, err
	}
	var f faults
	h := &store.Webhook{ID: secret.NewID(), Enabled: true, CreatedAt: s.clock.Now()}
	given := s.webhookInput(&f, doc, h)
	for _, needed := range []string{"url", "events"} {
		if _, ok := given[needed]; !ok && !f.has("") && !f.has(needed) {
			f.add(needed, "is needed")
		}
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	key := webhook.NewSecret()
	h.Secret = t.Keys.Seal(secret.ForWebhookSecret, h.ID, []byte(key))
	e, err := s.event(by, store.WebhookCreated, "webhook/"+h.ID, map[string]any{"after": aboutWebhook(h)})
	if err != nil {
		return nil, err
	}
	err = s.store.For(t).Do(ctx, func(tx *store.Tx) error {
		n, err := tx.CountWebhooks(ctx)
		if err != nil {
			return err
		}
		if n >= MaxWebhooks {
			f.add("", "the tenant has %d webhooks, and may have no more", n)
			return f.err()
		}
		if err := tx.AddWebhook(ctx, h); err != nil {
			return err
		}
		return tx.AddEvent(ctx, e)
	})
	if err != nil {
		return nil, failed("create webhook", err)
	}
	s.hooked(ctx, by, e.Action, t, h.ID)
	v := s.webhookView(h)
	v.Secret = key
	return v, nil
}

// webhookInput reads what is said of a webhook into h.
func (s *Service) webhookInput(f *faults, doc json.RawMessage, h *store.Webhook) map[string]json.RawMessage {
	members := []string{"url", "events", "description", "enabled"}
	given := f.members(doc, members)
	for _, name := range members {
		if string(given[name]) == "null" {
			f.add(name, "cannot be removed")
			delete(given, name)
		}
	}
	if raw, ok := given["url"]; ok {
		h.URL = f.text("url", raw)
		if err := webhook.CheckURL(h.URL, s.privateWebhooks); err != nil && !f.has("url") {
			f.add("url", "%s", err)
		}
	}
	if raw, ok := given["events"]; ok {
		h.Events = f.events(raw)
	}
	if raw, ok := given["description"]; ok {
		h.Description = f.text("description", raw)
		if utf8.RuneCountInString(h.Description) > MaxDescription || !printable(h.Description) {
			f.add("description", "must be at most %d printable characters", MaxDescription)
		}
	}
	if raw, ok := given["enabled"]; ok {
		if json.Unmarshal(raw, &h.Enabled) != nil {
			f.add("enabled", "must be true or false")
		}
	}
	return given
}

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// events are those that a webhook wants: names of actions, and patterns of them.
func (f *faults) events(raw json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 || len(list) > MaxEvents {
		f.add("events", "must be a list of 1 to %d events", MaxEvents)
		return nil
	}
	var all []string
	for i, one := range list {
		path := fmt.Sprintf("events[%d]", i)
		name := f.text(path, one)
		switch {
		case f.has(path):
		case !webhook.Known(name):
			f.add(path, "is no event; write its name such as user.signed_up, all of a kind such as user.*, or * for every event")
		case slices.Contains(all, name):
			f.add(path, "is given twice")
		}
		all = append(all, name)
	}
	return all
}

// aboutWebhook is what events say of a webhook. Of its address they say no more than where it is: paths of such addresses can be secrets.
func aboutWebhook(h *store.Webhook) map[string]any {
	at := ""
	if u, err := url.Parse(h.URL); err == nil {
		at = u.Scheme + "://" + u.Host
	}
	return map[string]any{"url": at, "events": h.Events, "description": h.Description, "enabled": h.Enabled}
}

// PatchWebhook changes a webhook: the members that are given of url, events, description and enabled. Enabling one sends what waits for it.
func (s *Service) PatchWebhook(ctx context.Context, by Actor, slug, id string, meant Versions, doc json.RawMessage) (*Webhook, error) {
	t, h, err := s.webhook(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	var f faults
	before := *h
	s.webhookInput(&f, doc, h)
	if err := f.err(); err != nil {
		return nil, err
	}
	if !meant.allow(h.Version) {
		return nil, ErrStale
	}
	if h.URL == before.URL && h.Description == before.Description && h.Enabled == before.Enabled && slices.Equal(h.Events, before.Events) {
		return s.webhookView(h), nil
	}
	if h.Enabled {
		h.DisabledWhy = ""
	}
	details := map[string]any{"before": aboutWebhook(&before), "after": aboutWebhook(h)}
	if h.URL != before.URL {
		details["url_changed"] = true // which the parts that are told may not show
	}
	if err := s.saveWebhook(ctx, by, store.WebhookChanged, t, h, details); err != nil {
		return nil, err
	}
	return s.webhookView(h), nil
}

func (s *Service) saveWebhook(ctx context.Context, by Actor, act store.Action, t *tenants.Tenant, h *store.Webhook, details map[string]any) error {
	h.UpdatedAt = s.clock.Now()
	err := s.withEvent(ctx, by, act, t, h.ID, details, func(tx *store.Tx) error { return tx.SaveWebhook(ctx, h) })
	if errors.Is(err, store.ErrStale) {
		return fmt.Errorf("%w: %w", ErrStale, err)
	}
	return err
}

// withEvent does something with a webhook and writes its event, both or neither.
func (s *Service) withEvent(ctx context.Context, by Actor, act store.Action, t *tenants.Tenant, id string, details map[string]any,
	do func(*store.Tx) error,
) error {
	e, err := s.event(by, act, "webhook/"+id, details)
	if err != nil {
		return err
	}
	if err := s.store.For(t).Do(ctx, func(tx *store.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return tx.AddEvent(ctx, e)
	}); err != nil {
		return failed(string(act), err)
	}
	s.hooked(ctx, by, act, t, id)
	return nil
}

// hooked logs a change, and has the worker look.
func (s *Service) hooked(ctx context.Context, by Actor, act store.Action, t *tenants.Tenant, id string) {
	s.wakeWebhooks()
	s.log.LogAttrs(ctx, slog.LevelInfo, "webhook changed", slog.String("actor", by.Name), slog.String("act", string(act)),
		slog.String("tenant", t.Slug), slog.String("tenant_id", t.ID), slog.String("webhook", id))
}

// dropBatch is how many deliveries of a webhook that is gone are removed at once.
const dropBatch = 1000

// DeleteWebhook removes a webhook. What is on its way there is not sent any more, and what was is forgotten.
func (s *Service) DeleteWebhook(ctx context.Context, by Actor, slug, id string, meant Versions) error {
	t, h, err := s.webhook(ctx, slug, id)
	if err != nil {
		return err
	}
	if !meant.allow(h.Version) {
		return ErrStale
	}
	err = s.withEvent(ctx, by, store.WebhookDeleted, t, id, map[string]any{"before": aboutWebhook(h)}, func(tx *store.Tx) error {
		if meant != nil { // what is saved is still of that version
			if err := tx.SaveWebhook(ctx, h); err != nil {
				return err
			}
		}
		return tx.DropWebhook(ctx, id)
	})
	if errors.Is(err, store.ErrStale) {
		return fmt.Errorf("%w: %w", ErrStale, err)
	}
	if err != nil {
		return err
	}
	for n := int64(dropBatch); n == dropBatch; { // nobody reaches them any more; what is left now, the sweeper removes
		err := s.store.For(t).One(func(tx *store.Tx) (err error) {
			n, err = tx.DropDeliveries(ctx, id, dropBatch)
			return err
		})
		if err != nil || ctx.Err() != nil {
			s.log.LogAttrs(ctx, slog.LevelWarn, "deliveries of a deleted webhook are left for the sweeper", slog.String("webhook", id), slog.Any("error", err))
			break
		}
	}
	return nil
}

// RotateWebhookSecret gives a webhook another secret, which is returned and never shown again. Both sign for overlap_seconds, a day unless
// the JSON object says otherwise; with 0 the one before signs no more.
func (s *Service) RotateWebhookSecret(ctx context.Context, by Actor, slug, id string, meant Versions, doc json.RawMessage) (*Webhook, error) {
	t, h, err := s.webhook(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	var f faults
	overlap := defaultOverlap
	if raw, ok := f.members(doc, []string{"overlap_seconds"})["overlap_seconds"]; ok {
		if json.Unmarshal(raw, &overlap) != nil || string(raw) == "null" || overlap < 0 || overlap > MaxOverlap {
			f.add("overlap_seconds", "must be a whole number from 0 to %d", MaxOverlap)
		}
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if !meant.allow(h.Version) {
		return nil, ErrStale
	}
	key := webhook.NewSecret()
	h.OldSecret, h.OldUntil = nil, time.Time{}
	if overlap > 0 {
		h.OldSecret, h.OldUntil = h.Secret, s.clock.Now().Add(time.Duration(overlap)*time.Second)
	}
	h.Secret = t.Keys.Seal(secret.ForWebhookSecret, h.ID, []byte(key))
	if err := s.saveWebhook(ctx, by, store.WebhookSecretRotated, t, h, map[string]any{"overlap_seconds": overlap}); err != nil {
		return nil, err
	}
	v := s.webhookView(h)
	v.Secret = key
	return v, nil
}

// TestWebhook queues an event that says nothing but that events arrive. Its delivery tells what came of it.
func (s *Service) TestWebhook(ctx context.Context, by Actor, slug, id string) (*Delivery, error) {
	t, h, err := s.enabledWebhook(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	d, err := webhook.Test(t, h.ID, s.clock.Now())
	if err != nil {
		return nil, err
	}
	if err := s.withEvent(ctx, by, store.WebhookTested, t, id, nil, func(tx *store.Tx) error {
		if err := tx.AddDelivery(ctx, d); err != nil {
			return err
		}
		return tx.ResumeWebhook(ctx, id, d.CreatedAt)
	}); err != nil {
		return nil, err
	}
	d.State, d.DueAt = store.DeliveryQueued, d.CreatedAt
	return deliveryView(t, d), nil
}

// enabledWebhook is a webhook to which something can be sent.
func (s *Service) enabledWebhook(ctx context.Context, slug, id string) (*tenants.Tenant, *store.Webhook, error) {
	t, h, err := s.webhook(ctx, slug, id)
	if err == nil && !h.Enabled {
		err = (&faults{{Message: "the webhook is disabled: enable it first"}}).err()
	}
	if err == nil && t.State != tenants.Active {
		err = (&faults{{Message: "the tenant is " + string(t.State) + ", and nothing is sent for it"}}).err()
	}
	return t, h, err
}

// Deliveries lists deliveries to a webhook, the latest first, of one state unless that is "". Pages are as Tenants has them.
func (s *Service) Deliveries(ctx context.Context, slug, id, state, cursor string, limit int) (page []*Delivery, next string, err error) {
	t, h, err := s.webhook(ctx, slug, id)
	if err != nil {
		return nil, "", err
	}
	if !slices.Contains([]string{"", string(store.DeliveryQueued), string(store.Delivered), string(store.DeliveryFailed)}, state) {
		return nil, "", badQuery("state", "must be queued, delivered or failed")
	}
	of := list{"deliveries", t.ID, h.ID, state}
	before, err := s.after(of, cursor)
	if err = cmp.Or(err, checkLimit(limit)); err != nil {
		return nil, "", err
	}
	found, err := s.store.For(t).Deliveries(ctx, h.ID, store.DeliveryState(state), before, limit+1)
	if err != nil {
		return nil, "", failed("list deliveries", err)
	}
	if len(found) > limit {
		found = found[:limit]
		next = s.cursor(of, found[limit-1].ID)
	}
	page = make([]*Delivery, len(found))
	for i := range found {
		page[i] = deliveryView(t, &found[i])
	}
	return page, next, nil
}

// Delivery is one delivery to a webhook, with what is sent.
func (s *Service) Delivery(ctx context.Context, slug, id, delivery string) (*Delivery, error) {
	t, h, err := s.webhook(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	if !flows.ValidID(delivery) {
		return nil, refusal.Of(refusal.Missing)
	}
	d, err := s.store.For(t).Delivery(ctx, h.ID, delivery)
	if err != nil {
		return nil, failed("read delivery", err)
	}
	v := deliveryView(t, d)
	v.Payload = json.RawMessage("null")
	body, err := webhook.Body(t, d)
	if err != nil {
		return nil, fmt.Errorf("open the body of delivery %s: %w", d.ID, err)
	}
	if body != "" {
		v.Payload = json.RawMessage(body)
	}
	return v, nil
}

// ReplayDelivery sends a delivery again that is over, under its old id.
func (s *Service) ReplayDelivery(ctx context.Context, by Actor, slug, id, delivery string) (*Delivery, error) {
	t, h, err := s.enabledWebhook(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	d, err := s.Delivery(ctx, slug, id, delivery)
	if err != nil {
		return nil, err
	}
	switch {
	case d.State == store.DeliveryQueued:
		return nil, (&faults{{Message: "it is on its way already"}}).err()
	case !d.Replayable:
		return nil, (&faults{{Message: fmt.Sprintf("what was sent is kept for %d days, and is gone", webhook.KeepBodies/(24*time.Hour))}}).err()
	}
	now := s.clock.Now()
	err = s.withEvent(ctx, by, store.WebhookReplayed, t, id, map[string]any{"delivery": delivery}, func(tx *store.Tx) error {
		if err := tx.ReplayDelivery(ctx, h.ID, delivery, now); err != nil {
			return err
		}
		return tx.ResumeWebhook(ctx, h.ID, now)
	})
	if errors.Is(err, store.ErrStale) {
		return nil, fmt.Errorf("%w: %w", ErrStale, err)
	}
	if err != nil {
		return nil, err
	}
	return s.Delivery(ctx, slug, id, delivery)
}

// Replayed says what a replay of many came to.
type Replayed struct {
	Replayed int64 `json:"replayed"`
	More     bool  `json:"more"` // there are more than are replayed at once: do it again
}

// ReplayFailed sends again what was given up since a time, which the JSON object has as since. What was sent longer ago than bodies are
// kept cannot be.
func (s *Service) ReplayFailed(ctx context.Context, by Actor, slug, id string, doc json.RawMessage) (*Replayed, error) {
	t, h, err := s.enabledWebhook(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	var f faults
	var since time.Time
	raw, ok := f.members(doc, []string{"since"})["since"]
	if !ok && len(f) == 0 {
		f.add("since", "is needed")
	} else if ok && (json.Unmarshal(raw, &since) != nil || since.IsZero()) {
		f.add("since", "must be a time such as 2026-06-01T12:00:00Z")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	now, out := s.clock.Now(), &Replayed{}
	details := map[string]any{"since": since.UTC()}
	e, err := s.event(by, store.WebhookReplayed, "webhook/"+id, details)
	if err != nil {
		return nil, err
	}
	err = s.store.For(t).Do(ctx, func(tx *store.Tx) error {
		var err error
		if out.Replayed, err = tx.ReplayFailed(ctx, h.ID, since, now, MaxReplay); err != nil || out.Replayed == 0 {
			return err
		}
		if err := tx.ResumeWebhook(ctx, h.ID, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, e)
	})
	if err != nil {
		return nil, failed("replay failed deliveries", err)
	}
	out.More = out.Replayed == MaxReplay
	s.hooked(ctx, by, e.Action, t, id)
	return out, nil
}
