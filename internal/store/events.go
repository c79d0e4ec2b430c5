package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// Event is something that happened and that somebody may have to look into later. Nothing secret is in it.
type Event struct {
	ID        string
	At        time.Time
	Action    string // what happened, such as "webauthn.counter_did_not_rise"
	UserID    string // whom it is about, "" for nobody
	SessionID string // in which session, "" for none
	IP        string
	UserAgent string
	Details   []byte // a JSON object
}

// AddEvent writes an event.
func (t *Tx) AddEvent(ctx context.Context, e *Event) error {
	_, err := t.exec(ctx, "add event", `
		INSERT INTO audit_events (tenant_id, id, at, action, user_id, session_id, ip, user_agent, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		t.tenant, e.ID, e.At, e.Action, orNull(e.UserID), orNull(e.SessionID), e.IP, e.UserAgent, string(e.Details))
	return err
}

// EventsOf are the events about a user, latest first, no more than n.
func (s Scope) EventsOf(ctx context.Context, userID string, n int) ([]Event, error) {
	var all []Event
	err := s.store.reader().each(ctx, "read events", `
		SELECT id, at, action, user_id, session_id, ip, user_agent, details
		  FROM audit_events
		 WHERE tenant_id = $1 AND user_id = $2
		 ORDER BY at DESC, id DESC
		 LIMIT $3`, []any{s.tenant, userID, n}, func(rows *sqlx.Rows) error {
		var e Event
		var user, session sql.NullString
		err := rows.Scan(&e.ID, when(&e.At), &e.Action, &user, &session, &e.IP, &e.UserAgent, &e.Details)
		e.UserID, e.SessionID = user.String, session.String
		all = append(all, e)
		return err
	})
	return all, err
}
