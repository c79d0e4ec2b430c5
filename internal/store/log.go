package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// EventQuery asks for events, latest first. Of User, Session, Request, Actor and Action at most one may be set: each has an index of its
// own, and what else is asked for is for the caller to look at.
type EventQuery struct {
	User, Session string
	Request       string
	Actor         string // an operator, a token or a user, by its id
	Action        Action

	Since     time.Time // at the earliest
	BeforeAt  time.Time // before this
	BeforeID  string    // and, of those at that very time, before this id
	MostAtAll int       // events
}

// TenantEvent is an event and whose it is.
type TenantEvent struct {
	TenantID string
	Event
}

// The parts of the statements that read the log.
const (
	eventsRead  = eventColumns + `, tenant_id FROM audit_events WHERE `
	eventsRange = ` AND at >= $2 AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT $5`
	ofOperator  = `actor_id = $6 AND actor_id <> '' AND actor_kind <> 'user'`
)

// Events are those of the tenant that a query asks for.
func (s Scope) Events(ctx context.Context, q EventQuery) ([]TenantEvent, error) {
	r, args := s.store.reader(), []any{s.tenant, q.Since, q.BeforeAt, q.BeforeID, q.MostAtAll}
	switch {
	case q.User != "":
		return r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id = $1 AND user_id = $6`+eventsRange, append(args, q.User))
	case q.Session != "":
		return r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id = $1 AND session_id = $6`+eventsRange, append(args, q.Session))
	case q.Request != "":
		return r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id = $1 AND request_id = $6 AND request_id <> ''`+eventsRange, append(args, q.Request))
	case q.Action != "":
		return r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id = $1 AND action = $6`+eventsRange, append(args, string(q.Action)))
	case q.Actor != "":
		// What users do is about themselves; what others do is theirs by another index.
		own, err := r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id = $1 AND user_id = $6 AND actor_kind = 'user' AND actor_id = $7`+eventsRange,
			append(args, orNoID(q.Actor), q.Actor))
		if err != nil {
			return nil, err
		}
		all, err := r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id = $1 AND `+ofOperator+eventsRange, append(args, q.Actor))
		return latestOf(append(own, all...), q.MostAtAll), err
	}
	return r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id = $1`+eventsRange, args)
}

// EventsEverywhere are those of all tenants that a query asks for, which must not ask for a user, a session or an action.
func (s *Store) EventsEverywhere(ctx context.Context, q EventQuery) ([]TenantEvent, error) {
	r, args := s.reader(), []any{noID, q.Since, q.BeforeAt, q.BeforeID, q.MostAtAll}
	switch {
	case q.Request != "":
		return r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id <> $1 AND request_id = $6 AND request_id <> ''`+eventsRange, append(args, q.Request))
	case q.Actor != "":
		return r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id <> $1 AND `+ofOperator+eventsRange, append(args, q.Actor))
	}
	return r.readEvents(ctx, `SELECT `+eventsRead+`tenant_id <> $1`+eventsRange, args)
}

func (r runner) readEvents(ctx context.Context, text string, args []any) (all []TenantEvent, err error) {
	err = r.each(ctx, "read events", text, args, func(rows *sqlx.Rows) error {
		var t TenantEvent
		var err error
		t.Event, err = scanEvent(rows, &t.TenantID)
		all = append(all, t)
		return err
	})
	return all, err
}

// latestOf are the n latest of some events, latest first.
func latestOf(all []TenantEvent, n int) []TenantEvent {
	slices.SortFunc(all, func(a, b TenantEvent) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return all[:min(n, len(all))]
}

// noID is nobody's id, and before all others.
const noID = "00000000-0000-0000-0000-000000000000"

// orNoID is an id or, of what is none, nobody's: PostgreSQL takes nothing else for one.
func orNoID(id string) string {
	if len(id) != len(noID) || strings.Trim(id, "0123456789abcdef-") != "" {
		return noID
	}
	return id
}
