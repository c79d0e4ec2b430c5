package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// ActorKind says what sort of somebody did something.
type ActorKind string

// The kinds of actor. An actor of no kind is somebody unknown.
const (
	ByUser       ActorKind = "user"        // of the tenant, with its id
	ByOperator   ActorKind = "operator"    // a user of the system tenant, with its id
	ByToken      ActorKind = "token"       // an API token, with its id
	ByBreakGlass ActorKind = "break_glass" // VESTIBULE_ADMIN_TOKEN
	ByServer     ActorKind = "server"      // nobody asked for it
)

// Actor is who did something.
type Actor struct {
	Kind ActorKind
	ID   string // "" where the kind has none
	Name string // as it was called then; never a secret
}

// Outside reports whether the actor is from outside the house: a user of the tenant, or somebody unknown. Where and with what the others
// work is the operators' own, and goes to nobody whom they serve.
func (a Actor) Outside() bool { return a.Kind == ByUser || a.Kind == "" }

// Event is something that happened and that somebody may have to look into later. Nothing secret is in it.
type Event struct {
	ID        string
	At        time.Time
	Action    Action
	Actor     Actor
	UserID    string // whom it is about, "" for nobody
	Target    string // what else it is about: a kind and an id, such as "key/2024-05"; "" for nothing
	SessionID string // in which session, "" for none
	IP        string
	UserAgent string
	RequestID string
	Details   []byte // a JSON object; what changed is under "before" and "after"
	Number    int64  // its place in the tenant's chain, from 1; 0 until it has one
}

// AddEvent writes an event.
func (t *Tx) AddEvent(ctx context.Context, e *Event) error {
	return t.addEvents(ctx, t.tenant, []*Event{e})
}

// AddEvents writes events, if there are any. It is one statement for up to EventsAtOnce of them.
func (t *Tx) AddEvents(ctx context.Context, events ...*Event) error {
	return t.addEvents(ctx, t.tenant, events)
}

// EventsAtOnce is how many events one statement writes at the most.
const EventsAtOnce = 8

func (r runner) addEvents(ctx context.Context, tenantID string, events []*Event) error {
	for some := range slices.Chunk(events, EventsAtOnce) {
		args := []any{tenantID}
		for _, e := range some {
			details := string(e.Details)
			if details == "" {
				details = "{}"
			}
			args = append(args, e.ID, e.At, string(e.Action), string(e.Actor.Kind), e.Actor.ID, e.Actor.Name, orNull(e.UserID), e.Target,
				orNull(e.SessionID), e.IP, e.UserAgent, e.RequestID, details)
		}
		if _, err := r.exec(ctx, "add events", addEvents[len(some)-1], args...); err != nil {
			return err
		}
		r.happened()
	}
	return nil
}

// addEvents are the statements that write one event, two, and so on.
var addEvents = insertsOfEvents()

func insertsOfEvents() (texts [EventsAtOnce]string) {
	const columns = 13 // besides tenant_id
	rows := make([]string, EventsAtOnce)
	for i := range rows {
		var b strings.Builder
		b.WriteString("($1")
		for j := range columns {
			b.WriteString(", $" + strconv.Itoa(2+i*columns+j))
		}
		rows[i] = b.String() + ")"
		texts[i] = `
		INSERT INTO audit_events (tenant_id, id, at, action, actor_kind, actor_id, actor_name, user_id, target, session_id, ip, user_agent,
		                          request_id, details)
		VALUES ` + strings.Join(rows[:i+1], ", ")
	}
	return texts
}

const eventColumns = `id, at, action, actor_kind, actor_id, actor_name, user_id, target, session_id, ip, user_agent, request_id, details, number`

func scanEvent(rows *sqlx.Rows, more ...any) (e Event, err error) {
	var user, session sql.NullString
	var number sql.NullInt64
	err = rows.Scan(append([]any{&e.ID, when(&e.At), &e.Action, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &user, &e.Target, &session,
		&e.IP, &e.UserAgent, &e.RequestID, &e.Details, &number}, more...)...)
	e.UserID, e.SessionID, e.Number = user.String, session.String, number.Int64
	return e, err
}

// EventsOf are the events about a user, latest first, no more than n.
func (s Scope) EventsOf(ctx context.Context, userID string, n int) ([]Event, error) {
	var all []Event
	err := s.store.reader().each(ctx, "read events", `
		SELECT `+eventColumns+`
		  FROM audit_events
		 WHERE tenant_id = $1 AND user_id = $2
		 ORDER BY at DESC, id DESC
		 LIMIT $3`, []any{s.tenant, userID, n}, func(rows *sqlx.Rows) error {
		e, err := scanEvent(rows)
		all = append(all, e)
		return err
	})
	return all, err
}
