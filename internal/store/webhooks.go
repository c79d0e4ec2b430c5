package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Webhook is an address that a tenant wants to be told of events at.
type Webhook struct {
	TenantID    string
	ID          string
	URL         string
	Description string
	Events      []string // actions, and patterns of them
	Enabled     bool
	DisabledWhy string // "" unless the server disabled it
	Secret      []byte // sealed (secret.ForWebhookSecret, with the id as context)
	OldSecret   []byte // likewise, and nil where none has been replaced of late
	OldUntil    time.Time
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time

	Failures     int // rounds in a row in which nothing was delivered
	FailingSince time.Time
	PausedUntil  time.Time
}

// DeliveryState is how far a delivery has got.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryQueued DeliveryState = "queued"
	Delivered      DeliveryState = "delivered"
	DeliveryFailed DeliveryState = "failed" // given up
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID          string
	WebhookID   string
	EventID     string
	UserID      string // whom the event is about, "" for nobody
	Type        string
	Body        []byte // sealed (secret.ForWebhook, with the id as context); nil once erased
	State       DeliveryState
	Attempts    int // all of them, the one under way included
	Tries       int // those since it was queued or replayed
	Status      int // of the last answer, 0 where there was none
	Answer      []byte
	LastError   string
	Took        time.Duration // the last attempt, in whole milliseconds
	CreatedAt   time.Time
	DueAt       time.Time
	AttemptedAt time.Time
	FinishedAt  time.Time
}

// WebhookLease is a webhook that something is due for, and whose it is for a while.
type WebhookLease struct {
	TenantID  string
	WebhookID string
	Lease     int64
}

const webhookColumns = `tenant_id, id, url, description, events, enabled, disabled_why, secret, old_secret, old_until, version, created_at,
       updated_at, failures, failing_since, paused_until`

func scanWebhook(rows *sqlx.Rows) (w Webhook, err error) {
	var events []byte
	if err := rows.Scan(&w.TenantID, &w.ID, &w.URL, &w.Description, &events, &w.Enabled, &w.DisabledWhy, &w.Secret, &w.OldSecret,
		when(&w.OldUntil), &w.Version, when(&w.CreatedAt), when(&w.UpdatedAt), &w.Failures, when(&w.FailingSince), when(&w.PausedUntil),
	); err != nil {
		return Webhook{}, err
	}
	if err := json.Unmarshal(events, &w.Events); err != nil {
		return Webhook{}, fmt.Errorf("events of webhook %s: %w", w.ID, err)
	}
	return w, nil
}

// Webhooks are the tenant's, the oldest first.
func (s Scope) Webhooks(ctx context.Context) ([]Webhook, error) {
	var all []Webhook
	err := s.store.reader().each(ctx, "list webhooks", `
		SELECT `+webhookColumns+` FROM webhook_endpoints WHERE tenant_id = $1 ORDER BY id`,
		[]any{s.tenant}, func(rows *sqlx.Rows) error {
			w, err := scanWebhook(rows)
			all = append(all, w)
			return err
		})
	return all, err
}

// Webhook is the one with that id, or ErrNotFound.
func (s Scope) Webhook(ctx context.Context, id string) (*Webhook, error) {
	var found *Webhook
	err := s.store.reader().each(ctx, "read webhook", `
		SELECT `+webhookColumns+` FROM webhook_endpoints WHERE tenant_id = $1 AND id = $2`,
		[]any{s.tenant, id}, func(rows *sqlx.Rows) error {
			w, err := scanWebhook(rows)
			found = &w
			return err
		})
	if err == nil && found == nil {
		err = fmt.Errorf("read webhook: %w", ErrNotFound)
	}
	return found, err
}

// EnabledWebhooks are those that events go to, as the transaction sees them.
func (t *Tx) EnabledWebhooks(ctx context.Context) ([]Webhook, error) {
	var all []Webhook
	err := t.each(ctx, "read enabled webhooks", `
		SELECT `+webhookColumns+` FROM webhook_endpoints WHERE tenant_id = $1 AND enabled ORDER BY id`,
		[]any{t.tenant}, func(rows *sqlx.Rows) error {
			w, err := scanWebhook(rows)
			all = append(all, w)
			return err
		})
	return all, err
}

// CountWebhooks is how many webhooks the tenant has.
func (t *Tx) CountWebhooks(ctx context.Context) (n int, err error) {
	err = t.row(ctx, "count webhooks", `SELECT COUNT(id) FROM webhook_endpoints WHERE tenant_id = $1`, []any{t.tenant}, []any{&n})
	return n, err
}

// AddWebhook adds a webhook.
func (t *Tx) AddWebhook(ctx context.Context, w *Webhook) error {
	events, err := json.Marshal(w.Events)
	if err != nil {
		return fmt.Errorf("encode events: %w", err)
	}
	w.TenantID, w.Version, w.UpdatedAt = t.tenant, 1, w.CreatedAt
	_, err = t.exec(ctx, "add webhook", `
		INSERT INTO webhook_endpoints (tenant_id, id, url, description, events, enabled, disabled_why, secret, version, created_at, updated_at,
		                               lease, failures)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7, 1, $8, $8, 0, 0)`,
		t.tenant, w.ID, w.URL, w.Description, string(events), w.Enabled, w.Secret, w.CreatedAt)
	return err
}

// SaveWebhook writes what operators say of a webhook if its version is still w's, and ErrStale if not. It begins anew there: what
// failed before is forgotten, and whatever waits is due now.
func (t *Tx) SaveWebhook(ctx context.Context, w *Webhook) error {
	events, err := json.Marshal(w.Events)
	if err != nil {
		return fmt.Errorf("encode events: %w", err)
	}
	res, err := t.exec(ctx, "save webhook", `
		UPDATE webhook_endpoints
		   SET url = $4, description = $5, events = $6, enabled = $7, disabled_why = $8, secret = $9, old_secret = $10, old_until = $11,
		       updated_at = $12, version = version + 1, failures = 0, failing_since = NULL, paused_until = NULL, due_at = $12,
		       disabled_at = CASE WHEN $8 = '' THEN NULL ELSE disabled_at END
		 WHERE tenant_id = $1 AND id = $2 AND version = $3`,
		t.tenant, w.ID, w.Version, w.URL, w.Description, string(events), w.Enabled, w.DisabledWhy, w.Secret, w.OldSecret, orNever(w.OldUntil),
		w.UpdatedAt)
	if err := changedOne(res, err, ErrStale); err != nil {
		return err
	}
	w.Version++
	return nil
}

// DisableWebhook has nothing go to a webhook any more, and says why. It is ErrStale where it is disabled already, or gone.
func (t *Tx) DisableWebhook(ctx context.Context, id, why string, now time.Time) error {
	res, err := t.exec(ctx, "disable webhook", `
		UPDATE webhook_endpoints SET enabled = FALSE, disabled_why = $3, disabled_at = $4, updated_at = $4, version = version + 1, due_at = NULL
		 WHERE tenant_id = $1 AND id = $2 AND enabled`, t.tenant, id, why, now)
	return changedOne(res, err, ErrStale)
}

// DropWebhook removes a webhook; ErrNotFound if there is none. What was on its way there is not sent any more.
func (t *Tx) DropWebhook(ctx context.Context, id string) error {
	res, err := t.exec(ctx, "drop webhook", `DELETE FROM webhook_endpoints WHERE tenant_id = $1 AND id = $2`, t.tenant, id)
	return changedOne(res, err, ErrNotFound)
}

// DropDeliveries removes up to n deliveries of a webhook, and returns how many.
func (t *Tx) DropDeliveries(ctx context.Context, webhookID string, n int) (int64, error) {
	res, err := t.exec(ctx, "drop deliveries", `
		DELETE FROM webhook_deliveries WHERE tenant_id = $1 AND id IN (
		       SELECT id FROM webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2 LIMIT $3)`, t.tenant, webhookID, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// AddDelivery queues an event for a webhook. The same event is queued once.
func (t *Tx) AddDelivery(ctx context.Context, d *Delivery) error {
	_, err := t.exec(ctx, "add delivery", `
		INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, user_id, type, body, state, attempts, tries, status, last_error,
		                                took_ms, created_at, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, 0, 0, '', 0, $8, $8)
		ON CONFLICT (tenant_id, endpoint_id, event_id) DO NOTHING`,
		t.tenant, d.ID, d.WebhookID, d.EventID, orNull(d.UserID), d.Type, d.Body, d.CreatedAt)
	return err
}

// RouseWebhook has a webhook looked after now, or as soon as its pause is over. It writes the row whatever is there already, so that
// whoever is about to give the webhook back sees what the transaction queued.
func (t *Tx) RouseWebhook(ctx context.Context, id string, now time.Time) error {
	_, err := t.exec(ctx, "rouse webhook", `
		UPDATE webhook_endpoints
		   SET due_at = CASE WHEN paused_until > $3 THEN paused_until WHEN due_at < $3 THEN due_at ELSE $3 END
		 WHERE tenant_id = $1 AND id = $2 AND enabled`, t.tenant, id, now)
	return err
}

// ResumeWebhook has a webhook looked after now, whatever failed there before.
func (t *Tx) ResumeWebhook(ctx context.Context, id string, now time.Time) error {
	_, err := t.exec(ctx, "resume webhook", `
		UPDATE webhook_endpoints SET due_at = $3, paused_until = NULL WHERE tenant_id = $1 AND id = $2 AND enabled`, t.tenant, id, now)
	return err
}

// LeaseWebhooks takes up to n webhooks of any tenant for which something is due, for the caller alone until the given time.
func (s *Store) LeaseWebhooks(ctx context.Context, now, until time.Time, n int) ([]WebhookLease, error) {
	var all []WebhookLease
	r := runner{store: s, pool: s.write}
	err := r.each(ctx, "lease webhooks", `
		UPDATE webhook_endpoints SET leased_until = $2, lease = lease + 1
		 WHERE (tenant_id, id) IN (
		       SELECT tenant_id, id FROM webhook_endpoints
		        WHERE enabled AND due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
		        ORDER BY due_at LIMIT $3 `+s.dialect.skipLocked+`)
		RETURNING tenant_id, id, lease`,
		[]any{now, until, n}, func(rows *sqlx.Rows) error {
			var l WebhookLease
			err := rows.Scan(&l.TenantID, &l.WebhookID, &l.Lease)
			all = append(all, l)
			return err
		})
	return all, err
}

// DueDeliveries are up to n deliveries that are due at a webhook, those first that have waited longest.
func (s Scope) DueDeliveries(ctx context.Context, webhookID string, now time.Time, n int) ([]Delivery, error) {
	return s.store.reader().deliveries(ctx, "read due deliveries", `
		SELECT `+deliveryColumns+`
		  FROM webhook_deliveries
		 WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 'queued' AND due_at <= $3
		 ORDER BY due_at LIMIT $4`, []any{s.tenant, webhookID, now, n})
}

// StartDelivery counts an attempt before it is made, and puts the next one off. It is ErrStale if somebody else attempts it, it is not
// queued any more, or its webhook is gone, disabled or leased by another.
func (t *Tx) StartDelivery(ctx context.Context, d *Delivery, lease int64, now, until time.Time) error {
	res, err := t.exec(ctx, "start delivery", `
		UPDATE webhook_deliveries SET attempts = attempts + 1, tries = tries + 1, attempted_at = $4, due_at = $5
		 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'queued' AND EXISTS (
		       SELECT 1 FROM webhook_endpoints e WHERE e.tenant_id = $1 AND e.id = $6 AND e.lease = $7 AND e.enabled)`,
		t.tenant, d.ID, d.Attempts, now, until, d.WebhookID, lease)
	if err := changedOne(res, err, ErrStale); err != nil {
		return err
	}
	d.Attempts, d.Tries, d.AttemptedAt = d.Attempts+1, d.Tries+1, now
	return nil
}

// EndDelivery notes what became of an attempt: d's State, Status, Answer, LastError, Took and, for one that is queued again, DueAt; and
// else FinishedAt. It is ErrStale if the attempt is not d's any more.
func (t *Tx) EndDelivery(ctx context.Context, d *Delivery) error {
	res, err := t.exec(ctx, "end delivery", `
		UPDATE webhook_deliveries
		   SET state = $4, status = $5, answer = $6, last_error = $7, took_ms = $8, due_at = $9, finished_at = $10
		 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'queued'`,
		t.tenant, d.ID, d.Attempts, string(d.State), d.Status, d.Answer, d.LastError, d.Took.Milliseconds(), d.DueAt, orNever(d.FinishedAt))
	return changedOne(res, err, ErrStale)
}

// WebhookRound is what came of looking after a webhook.
type WebhookRound struct {
	Failures     int // as it is to be now
	FailingSince time.Time
	PausedUntil  time.Time
}

// ReleaseWebhook gives a lease back, notes what came of it, and says when the webhook is due again. It is ErrStale if the lease was lost.
func (t *Tx) ReleaseWebhook(ctx context.Context, id string, lease int64, r WebhookRound) error {
	// The row is locked first, so that what is queued meanwhile waits for this to end, and what was queued before is seen below.
	res, err := t.exec(ctx, "release webhook", `
		UPDATE webhook_endpoints SET leased_until = NULL, failures = $4, failing_since = $5, paused_until = $6
		 WHERE tenant_id = $1 AND id = $2 AND lease = $3`,
		t.tenant, id, lease, r.Failures, orNever(r.FailingSince), orNever(r.PausedUntil))
	if err := changedOne(res, err, ErrStale); err != nil {
		return err
	}
	var due time.Time
	if err := t.row(ctx, "read what is due", `
		SELECT MIN(due_at) FROM webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 'queued'`,
		[]any{t.tenant, id}, []any{when(&due)}); err != nil {
		return err
	}
	if !due.IsZero() && due.Before(r.PausedUntil) {
		due = r.PausedUntil
	}
	_, err = t.exec(ctx, "put off webhook", `
		UPDATE webhook_endpoints SET due_at = $3 WHERE tenant_id = $1 AND id = $2 AND enabled`, t.tenant, id, orNever(due))
	return err
}

const deliveryColumns = `id, endpoint_id, event_id, user_id, type, body, state, attempts, tries, status, answer, last_error, took_ms,
       created_at, due_at, attempted_at, finished_at`

// deliveries reads deliveries. The first of the arguments is the tenant.
func (r runner) deliveries(ctx context.Context, op, text string, args []any) ([]Delivery, error) {
	var all []Delivery
	err := r.each(ctx, op, text, args, func(rows *sqlx.Rows) error {
		d, err := scanDelivery(rows)
		all = append(all, d)
		return err
	})
	return all, err
}

func scanDelivery(rows *sqlx.Rows) (d Delivery, err error) {
	var user sql.NullString
	var took int64
	err = rows.Scan(&d.ID, &d.WebhookID, &d.EventID, &user, &d.Type, &d.Body, &d.State, &d.Attempts, &d.Tries, &d.Status, &d.Answer,
		&d.LastError, &took, when(&d.CreatedAt), when(&d.DueAt), when(&d.AttemptedAt), when(&d.FinishedAt))
	d.UserID, d.Took = user.String, time.Duration(took)*time.Millisecond
	return d, err
}

// Deliveries are up to n deliveries to a webhook, of one state unless that is "", the latest first, below the id before ("" for the
// first ones).
func (s Scope) Deliveries(ctx context.Context, webhookID string, state DeliveryState, before string, n int) ([]Delivery, error) {
	if before == "" {
		before = lastID
	}
	if state == "" {
		return s.store.reader().deliveries(ctx, "list deliveries", `
			SELECT `+deliveryColumns+`
			  FROM webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2 AND id < $3
			 ORDER BY id DESC LIMIT $4`, []any{s.tenant, webhookID, before, n})
	}
	return s.store.reader().deliveries(ctx, "list deliveries of a state", `
		SELECT `+deliveryColumns+`
		  FROM webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2 AND state = $3 AND id < $4
		 ORDER BY id DESC LIMIT $5`, []any{s.tenant, webhookID, string(state), before, n})
}

// lastID comes after every id.
const lastID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// Delivery is one delivery to a webhook, or ErrNotFound.
func (s Scope) Delivery(ctx context.Context, webhookID, id string) (*Delivery, error) {
	all, err := s.store.reader().deliveries(ctx, "read delivery", `
		SELECT `+deliveryColumns+` FROM webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2 AND id = $3`,
		[]any{s.tenant, webhookID, id})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("read delivery: %w", ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// ReplayDelivery queues a finished delivery again. It is ErrStale if it is not finished, or its body was erased.
func (t *Tx) ReplayDelivery(ctx context.Context, webhookID, id string, now time.Time) error {
	res, err := t.exec(ctx, "replay delivery", `
		UPDATE webhook_deliveries SET state = 'queued', tries = 0, due_at = $4, finished_at = NULL
		 WHERE tenant_id = $1 AND endpoint_id = $2 AND id = $3 AND state <> 'queued' AND body IS NOT NULL`, t.tenant, webhookID, id, now)
	return changedOne(res, err, ErrStale)
}

// ReplayFailed queues up to n deliveries again that were given up and had been made at that time or later, and returns how many. Those
// whose bodies were erased stay as they are.
func (t *Tx) ReplayFailed(ctx context.Context, webhookID string, since, now time.Time, n int) (int64, error) {
	res, err := t.exec(ctx, "replay failed deliveries", `
		UPDATE webhook_deliveries SET state = 'queued', tries = 0, due_at = $4, finished_at = NULL
		 WHERE tenant_id = $1 AND id IN (
		       SELECT id FROM webhook_deliveries
		        WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 'failed' AND created_at >= $3 AND body IS NOT NULL
		        ORDER BY id LIMIT $5)`, t.tenant, webhookID, since, now, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// EraseDeliveriesOf erases what was told of a user, and what was answered to it. What is still on its way is given up.
func (t *Tx) EraseDeliveriesOf(ctx context.Context, userID string, now time.Time) error {
	_, err := t.exec(ctx, "erase deliveries of a user", `
		UPDATE webhook_deliveries
		   SET body = NULL, answer = NULL, user_id = NULL,
		       last_error = CASE WHEN state = 'queued' THEN 'the user was erased' ELSE last_error END,
		       finished_at = CASE WHEN state = 'queued' THEN $3 ELSE finished_at END,
		       state = CASE WHEN state = 'queued' THEN 'failed' ELSE state END
		 WHERE tenant_id = $1 AND user_id = $2`, t.tenant, userID, now)
	return err
}

// EraseDeliveries erases the bodies, and the answers, of up to n deliveries of any tenant that are older than the given time, and returns
// how many. What is still on its way, as where a webhook is disabled, is given up.
func (s *Store) EraseDeliveries(ctx context.Context, before, now time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "erase deliveries", `
		UPDATE webhook_deliveries
		   SET body = NULL, answer = NULL,
		       last_error = CASE WHEN state = 'queued' THEN 'it was not delivered in time' ELSE last_error END,
		       finished_at = CASE WHEN state = 'queued' THEN $2 ELSE finished_at END,
		       state = CASE WHEN state = 'queued' THEN 'failed' ELSE state END
		 WHERE (tenant_id, id) IN (
		       SELECT tenant_id, id FROM webhook_deliveries WHERE body IS NOT NULL AND created_at < $1 ORDER BY created_at LIMIT $3)`,
		before, now, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// SweepDeliveries removes up to n deliveries of any tenant that are older than the given time, and returns how many.
func (s *Store) SweepDeliveries(ctx context.Context, before time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "sweep deliveries", `
		DELETE FROM webhook_deliveries WHERE (tenant_id, id) IN (
		       SELECT tenant_id, id FROM webhook_deliveries WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, before, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
