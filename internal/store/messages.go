package store

import (
	"context"
	"fmt"
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

// MessageState is how far a message has got.
type MessageState string

// The states of a message that operators see.
const (
	MessageQueued  MessageState = "queued"
	MessageSent    MessageState = "sent"
	MessageFailed  MessageState = "failed"  // given up
	MessageExpired MessageState = "expired" // given up, since there was no use in it any more
)

// Message is one queued mail or text. Its body is sealed under the tenant's keys (secret.ForMessage, with the message's
// id as context). It is erased as soon as the message was sent; that of one that failed is kept so that it can be sent again, until it
// expires or is swept.
type Message struct {
	TenantID  string
	ID        string
	UserID    string // whom it is for, "" for somebody without an account
	Kind      string // which template, such as "email_confirmation"
	Channel   Channel
	Body      []byte // sealed JSON; nil once erased
	Recipient []byte // sealed (secret.ForRecipient, with the id as context), for the log
	Attempts  int    // leases so far, this one included
	CreatedAt time.Time
	DueAt     time.Time
	ExpiresAt time.Time // from when on there is no use in it; zero for never

	// What only the log reads.
	State      MessageState
	LastError  string
	FinishedAt time.Time
}

// AddMessage queues a message, together with whatever else the transaction writes.
func (t *Tx) AddMessage(ctx context.Context, m *Message) error {
	_, err := t.exec(ctx, "add message", `
		INSERT INTO messages (tenant_id, id, user_id, kind, channel, body, recipient, state, attempts, last_error, created_at, due_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, '', $8, $9, $10)`,
		t.tenant, m.ID, orNull(m.UserID), m.Kind, m.Channel, m.Body, m.Recipient, m.CreatedAt, m.DueAt, orNever(m.ExpiresAt))
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
		   SET last_error = '', body = NULL, recipient = NULL, finished_at = COALESCE(finished_at, $3), state = CASE WHEN state = 'queued' THEN 'void' ELSE state END
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
	return s.endMessage(ctx, m, MessageSent, "", now, false)
}

// FailMessage gives a leased message up. It keeps the body if the message could be sent again. It is ErrStale if the lease was lost.
func (s *Store) FailMessage(ctx context.Context, m Message, now time.Time, why string, again bool) error {
	return s.endMessage(ctx, m, MessageFailed, why, now, again)
}

// ExpireMessage gives a leased message up that there is no use in any more, and erases its body. It is ErrStale if the lease was lost.
func (s *Store) ExpireMessage(ctx context.Context, m Message, now time.Time, why string) error {
	return s.endMessage(ctx, m, MessageExpired, why, now, false)
}

func (s *Store) endMessage(ctx context.Context, m Message, state MessageState, why string, now time.Time, keep bool) error {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "end message", `
		UPDATE messages SET state = $4, last_error = $5, finished_at = $6, body = CASE WHEN $7 THEN body END
		 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'queued'`,
		m.TenantID, m.ID, m.Attempts, string(state), why, now, keep)
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

const messageColumns = `id, kind, channel, body, recipient, state, attempts, last_error, created_at, due_at, expires_at, finished_at`

// messages reads messages. The first of the arguments is the tenant.
func (r runner) messages(ctx context.Context, op, text string, args []any) ([]Message, error) {
	var all []Message
	err := r.each(ctx, op, text, args, func(rows *sqlx.Rows) error {
		var m Message
		err := rows.Scan(&m.ID, &m.Kind, &m.Channel, &m.Body, &m.Recipient, &m.State, &m.Attempts, &m.LastError, when(&m.CreatedAt), when(&m.DueAt),
			when(&m.ExpiresAt), when(&m.FinishedAt))
		all = append(all, m)
		return err
	})
	return all, err
}

// MessageFilter says which messages are wanted. What is empty does not count.
type MessageFilter struct {
	State   MessageState
	Kind    string
	Channel Channel
}

// Messages are up to n messages, the latest first, below the id before ("" for the first ones).
func (s Scope) Messages(ctx context.Context, f MessageFilter, before string, n int) ([]Message, error) {
	if before == "" {
		before = lastID
	}
	switch f.State {
	case "":
		return s.store.reader().messages(ctx, "list messages", `
			SELECT `+messageColumns+`
			  FROM messages
			 WHERE tenant_id = $1 AND id < $2 AND state <> 'void' AND (CAST($3 AS TEXT) = '' OR kind = $3) AND (CAST($4 AS TEXT) = '' OR channel = $4)
			 ORDER BY id DESC LIMIT $5`, []any{s.tenant, before, f.Kind, string(f.Channel), n})
	case MessageSent:
		return s.store.reader().messages(ctx, "list sent messages", `
			SELECT `+messageColumns+`
			  FROM messages
			 WHERE tenant_id = $1 AND id < $2 AND state = 'sent' AND (CAST($3 AS TEXT) = '' OR kind = $3) AND (CAST($4 AS TEXT) = '' OR channel = $4)
			 ORDER BY id DESC LIMIT $5`, []any{s.tenant, before, f.Kind, string(f.Channel), n})
	default: // what is not sent is little, and has an index of its own
		return s.store.reader().messages(ctx, "list unsent messages", `
			SELECT `+messageColumns+`
			  FROM messages
			 WHERE tenant_id = $1 AND id < $2 AND state <> 'sent' AND state <> 'void' AND state = $6
			   AND (CAST($3 AS TEXT) = '' OR kind = $3) AND (CAST($4 AS TEXT) = '' OR channel = $4)
			 ORDER BY id DESC LIMIT $5`, []any{s.tenant, before, f.Kind, string(f.Channel), n, string(f.State)})
	}
}

// Message is the one with that id, or ErrNotFound.
func (s Scope) Message(ctx context.Context, id string) (*Message, error) {
	all, err := s.store.reader().messages(ctx, "read message", `
		SELECT `+messageColumns+` FROM messages WHERE tenant_id = $1 AND id = $2 AND state <> 'void'`, []any{s.tenant, id})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("read message: %w", ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// ResendMessage queues a message again that failed. It is ErrStale if it did not, its body was erased, or it has expired.
func (t *Tx) ResendMessage(ctx context.Context, id string, now time.Time) error {
	res, err := t.exec(ctx, "resend message", `
		UPDATE messages SET state = 'queued', due_at = $3, finished_at = NULL
		 WHERE tenant_id = $1 AND id = $2 AND state = 'failed' AND body IS NOT NULL AND (expires_at IS NULL OR expires_at > $3)`,
		t.tenant, id, now)
	return changedOne(res, err, ErrStale)
}

// EraseSpentMessages erases the bodies of up to n failed messages of any tenant that have expired by now, and returns how many.
func (s *Store) EraseSpentMessages(ctx context.Context, now time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "erase spent messages", `
		UPDATE messages SET body = NULL WHERE (tenant_id, id) IN (
		       SELECT tenant_id, id FROM messages WHERE state = 'failed' AND body IS NOT NULL AND expires_at <= $1 LIMIT $2)`, now, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
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
