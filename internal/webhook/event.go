package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// TestType is the type of the event that says nothing but that events arrive.
const TestType = "webhook.test"

// Every is the pattern of every event.
const Every = "*"

// Matches reports whether an action is among the wanted ones: by its name, by a pattern such as user.*, or by Every.
func Matches(wanted []string, action store.Action) bool {
	return slices.ContainsFunc(wanted, func(w string) bool {
		noun, starred := strings.CutSuffix(w, Every)
		return w == string(action) || starred && strings.HasPrefix(string(action), noun)
	})
}

// Known reports whether something that may be wanted can ever happen: the name of an action, a noun with .*, or Every.
func Known(wanted string) bool {
	if noun, starred := strings.CutSuffix(wanted, Every); starred && noun != "" && !strings.HasSuffix(noun, ".") {
		return false
	}
	return slices.ContainsFunc(store.Actions(), func(a store.Action) bool { return Matches([]string{wanted}, a) })
}

// Payload is the body of a delivery.
type Payload struct {
	Type      string    `json:"type"` // an action, or TestType
	Timestamp time.Time `json:"timestamp"`
	Tenant    Tenant    `json:"tenant"`
	Data      any       `json:"data"` // of an action: Data
}

// Tenant is whose event it is.
type Tenant struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
}

// Data is what happened. What is empty is left out.
type Data struct {
	EventID   string          `json:"event_id"` // the same as in the audit log
	Actor     Actor           `json:"actor"`
	UserID    string          `json:"user_id,omitempty"`
	Target    string          `json:"target,omitempty"`
	IP        string          `json:"ip,omitempty"` // this and the next of users and unknown people alone
	UserAgent string          `json:"user_agent,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Details   json.RawMessage `json:"details,omitempty"`
}

// Actor is who did it. Operators have no names here, nor addresses: they need not be known to whoever runs the tenant's servers.
type Actor struct {
	Kind string `json:"kind,omitempty"`
	ID   string `json:"id,omitempty"`
}

// private are the members of details that are the operators' own, and go to nobody.
var private = []string{"metadata_private", "private"}

// payloadOf is what is told of an event.
func payloadOf(t *tenants.Tenant, e *store.Event) ([]byte, error) {
	details, err := without(e.Details, private)
	if err != nil {
		return nil, fmt.Errorf("details of event %s: %w", e.ID, err)
	}
	data := Data{
		EventID: e.ID, Actor: Actor{string(e.Actor.Kind), e.Actor.ID}, UserID: e.UserID, Target: e.Target, RequestID: e.RequestID, Details: details,
	}
	if e.Actor.Outside() {
		data.IP, data.UserAgent = e.IP, e.UserAgent
	}
	return json.Marshal(Payload{Type: string(e.Action), Timestamp: e.At.UTC(), Tenant: Tenant{t.ID, t.Slug}, Data: data})
}

// without is a JSON object without some members, at whatever depth. One that is empty is nil.
func without(doc []byte, names []string) (json.RawMessage, error) {
	if len(bytes.TrimSpace(doc)) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	strip(v, names)
	if m, ok := v.(map[string]any); ok && len(m) == 0 {
		return nil, nil
	}
	return json.Marshal(v)
}

func strip(v any, names []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range names {
			delete(v, name)
		}
		for _, inner := range v {
			strip(inner, names)
		}
	case []any:
		for _, inner := range v {
			strip(inner, names)
		}
	}
}

// Dispatcher queues events for the webhooks that want them.
type Dispatcher struct {
	Clock clock.Clock
}

// Follow queues events of a tenant for its webhooks, in the transaction in which they get their numbers. The worker finds them there when it
// looks next.
func (d Dispatcher) Follow(ctx context.Context, tx *store.Tx, t *tenants.Tenant, events []store.Event) error {
	if t.Keys == nil || len(events) == 0 {
		return nil // a tenant that is not served has nobody to tell
	}
	hooks, err := tx.EnabledWebhooks(ctx)
	if err != nil || len(hooks) == 0 {
		return err
	}
	now := d.Clock.Now()
	for i := range hooks {
		queued := false
		for j := range events {
			e := &events[j]
			if !Matches(hooks[i].Events, e.Action) {
				continue
			}
			body, err := payloadOf(t, e)
			if err != nil {
				return err
			}
			if err := tx.AddDelivery(ctx, sealed(t, hooks[i].ID, e.ID, string(e.Action), e.UserID, now, body)); err != nil {
				return err
			}
			queued = true
		}
		if queued {
			if err := tx.RouseWebhook(ctx, hooks[i].ID, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// Test is a delivery of an event that says nothing but that events arrive.
func Test(t *tenants.Tenant, webhookID string, now time.Time) (*store.Delivery, error) {
	body, err := json.Marshal(Payload{
		Type: TestType, Timestamp: now.UTC(), Tenant: Tenant{t.ID, t.Slug}, Data: map[string]string{"webhook_id": webhookID},
	})
	if err != nil {
		return nil, fmt.Errorf("encode test event: %w", err)
	}
	return sealed(t, webhookID, secret.NewID(), TestType, "", now, body), nil
}

// sealed is a delivery with its body sealed.
func sealed(t *tenants.Tenant, webhookID, eventID, kind, userID string, now time.Time, body []byte) *store.Delivery {
	d := &store.Delivery{ID: secret.NewID(), WebhookID: webhookID, EventID: eventID, UserID: userID, Type: kind, CreatedAt: now}
	d.Body = t.Keys.Seal(secret.ForWebhook, d.ID, body)
	return d
}

// Answer is the beginning of what a webhook answered last to a delivery, or "" where it said nothing or that was erased.
func Answer(t *tenants.Tenant, d *store.Delivery) (string, error) {
	if len(d.Answer) == 0 || t.Keys == nil {
		return "", nil
	}
	b, err := t.Keys.Open(secret.ForWebhookAnswer, d.ID, d.Answer)
	return string(b), err
}

// Body is what is sent, or "" where it was erased.
func Body(t *tenants.Tenant, d *store.Delivery) (string, error) {
	if len(d.Body) == 0 || t.Keys == nil {
		return "", nil
	}
	b, err := t.Keys.Open(secret.ForWebhook, d.ID, d.Body)
	return string(b), err
}
