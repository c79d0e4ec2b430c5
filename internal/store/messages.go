package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// Channel is the way a message goes out.
type Channel string

// The channels.
const (
	Mail Channel = "mail"
	SMS  Channel = "sms"
)

// Message is one queued mail or text. Its body is sealed under the tenant's keys (secret.ForMessage, with the message's
// id as context) and is erased as soon as the message was sent or given up.
type Message struct {
	TenantID  string
	ID        string
	UserID    string // whom it is for, "" for somebody without an account
	Kind      string // which template, such as "email_confirmation"
	Channel   Channel
	Body      []byte // sealed JSON; nil once finished
	Attempts  int    // leases so far, this one included
	CreatedAt time.Time
	DueAt     time.Time
}

// AddMessage queues a message, together with whatever else the transaction writes.
func (t *Tx) AddMessage(ctx context.Context, m *Message) error {
	_, err := t.exec(ctx, "add message", `
		INSERT INTO messages (tenant_id, id, user_id, kind, channel, body, state, attempts, last_error, created_at, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, '', $7, $8)`,
		t.tenant, m.ID, orNull(m.UserID), m.Kind, m.Channel, m.Body, m.CreatedAt, m.DueAt)
	return err
}

// SentMessage is what is known of a message, without what it said.
type SentMessage struct {
	Kind       string
	Channel    Channel
	State      string
	CreatedAt  time.Time
	FinishedAt time.Time // zero while it is queued
}

// MessagesOf are the messages for a user that are still known, oldest first, no more than n.
func (s Scope) MessagesOf(ctx context.Context, userID string, n int) ([]SentMessage, error) {
	var all []SentMessage
	err := s.store.reader().each(ctx, "read messages of user", `
		SELECT kind, channel, state, created_at, finished_at
		  FROM messages
		 WHERE tenant_id = $1 AND user_id = $2
		 ORDER BY created_at, id
		 LIMIT $3`, []any{s.tenant, userID, n}, func(rows *sqlx.Rows) error {
		var m SentMessage
		err := rows.Scan(&m.Kind, &m.Channel, &m.State, when(&m.CreatedAt), when(&m.FinishedAt))
		all = append(all, m)
		return err
	})
	return all, err
}

// VoidMessagesOf has nothing be sent to a user any more that is still queued, and forgets what mail servers said of the user's address.
func (t *Tx) VoidMessagesOf(ctx context.Context, userID string, at time.Time) error {
	_, err := t.exec(ctx, "void messages of user", `
		UPDATE messages
		   SET last_error = '', body = NULL, finished_at = COALESCE(finished_at, $3), state = CASE WHEN state = 'queued' THEN 'void' ELSE state END
		 WHERE tenant_id = $1 AND user_id = $2`, t.tenant, userID, at)
	return err
}

// Waste writes what AddMessage would, but as a message that is finished already, and so long ago that the next sweep removes it:
// nothing is sent. It is for a step that has nothing to say or to keep, and must take as long as one that has.
func (t *Tx) Waste(ctx context.Context, id string, at time.Time) error {
	_, err := t.exec(ctx, "add no message", `
		INSERT INTO messages (tenant_id, id, kind, channel, body, state, attempts, last_error, created_at, due_at, finished_at)
		VALUES ($1, $2, '', '', NULL, 'void', 0, '', $3, $3, $4)`, t.tenant, id, at, time.Unix(0, 0).UTC())
	return err
}

// LeaseMessages takes up to n messages of any tenant that are due, for the caller alone until the given time. Whoever
// crashes with a lease loses it, and nothing else.
func (s *Store) LeaseMessages(ctx context.Context, now, until time.Time, n int) ([]Message, error) {
	var all []Message
	r := runner{store: s, pool: s.write}
	err := r.each(ctx, "lease messages", `
		UPDATE messages SET due_at = $2, attempts = attempts + 1
		 WHERE (tenant_id, id) IN (
		       SELECT tenant_id, id FROM messages WHERE state = 'queued' AND due_at <= $1
		        ORDER BY due_at LIMIT $3 `+s.dialect.skipLocked+`)
		RETURNING tenant_id, id, kind, channel, body, attempts, created_at, due_at`,
		[]any{now, until, n}, func(rows *sqlx.Rows) error {
			var m Message
			err := rows.Scan(&m.TenantID, &m.ID, &m.Kind, &m.Channel, &m.Body, &m.Attempts, when(&m.CreatedAt), when(&m.DueAt))
			all = append(all, m)
			return err
		})
	return all, err
}

// FinishMessage notes that a leased message was sent, and erases its body. It is ErrStale if the lease was lost.
func (s *Store) FinishMessage(ctx context.Context, m Message, now time.Time) error {
	return s.endMessage(ctx, m, "sent", "", now)
}

// FailMessage gives a leased message up, and erases its body. It is ErrStale if the lease was lost.
func (s *Store) FailMessage(ctx context.Context, m Message, now time.Time, why string) error {
	return s.endMessage(ctx, m, "failed", why, now)
}

func (s *Store) endMessage(ctx context.Context, m Message, state, why string, now time.Time) error {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "end message", `
		UPDATE messages SET state = $4, last_error = $5, finished_at = $6, body = NULL
		 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'queued'`,
		m.TenantID, m.ID, m.Attempts, state, why, now)
	return changedOne(res, err, ErrStale)
}

// RetryMessage puts a leased message back until it is due again. It is ErrStale if the lease was lost.
func (s *Store) RetryMessage(ctx context.Context, m Message, due time.Time, why string) error {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "retry message", `
		UPDATE messages SET due_at = $4, last_error = $5
		 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'queued'`,
		m.TenantID, m.ID, m.Attempts, due, why)
	return changedOne(res, err, ErrStale)
}

// SweepMessages removes up to n finished messages of any tenant that ended before the given time, and returns how many.
func (s *Store) SweepMessages(ctx context.Context, before time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "sweep messages", `
		DELETE FROM messages WHERE (tenant_id, id) IN (
		       SELECT tenant_id, id FROM messages WHERE state <> 'queued' AND finished_at < $1 ORDER BY finished_at LIMIT $2)`, before, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
