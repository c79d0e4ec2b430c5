package flows

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// note is an event that is still to be written.
type note struct {
	*store.Event
	details map[string]any
}

// noteOf is an event of this visit. details must hold nothing secret, and an address only where the event is about it.
func (v *Visit) noteOf(action store.Action, userID string, details map[string]any) note {
	e := &store.Event{
		ID: secret.NewID(), At: v.Now, Action: action, UserID: userID, IP: v.address(), UserAgent: v.Origin.UserAgent,
		RequestID: v.Origin.RequestID,
	}
	if v.session != nil {
		e.SessionID = v.session.ID
	}
	return note{e, details}
}

// audit notes what a user did to their own account. It is written with the step's other writes, or not at all. What operators do is noted
// by the desk.
func (v *Visit) audit(action store.Action, userID string, details map[string]any) {
	if v.desk {
		return
	}
	n := v.noteOf(action, userID, details)
	n.Actor = store.Actor{Kind: store.ByUser, ID: userID}
	v.notes = append(v.notes, n)
}

// auditOf notes what somebody did who has not shown who they are; userID is whom it is about, "" for nobody who is known.
func (v *Visit) auditOf(action store.Action, userID string, details map[string]any) {
	v.notes = append(v.notes, v.noteOf(action, userID, details))
}

// failure is that somebody tried to prove who they are and did not. Who is signed in is who the session says; otherwise nobody knows.
func (v *Visit) failure(userID string, details map[string]any) note {
	n := v.noteOf(store.LoginFailed, userID, details)
	if v.user != nil {
		n.Action, n.Actor = store.ReauthenticationFailed, store.Actor{Kind: store.ByUser, ID: v.user.ID}
	}
	return n
}

// failed writes a failure at once, where no step settles it.
func (s *Service) failed(ctx context.Context, v *Visit, userID string, details map[string]any) error {
	events, err := eventsOf([]note{v.failure(userID, details)})
	if err != nil {
		return err
	}
	return s.store.For(v.Tenant).One(func(tx *store.Tx) error { return tx.AddEvents(ctx, events...) })
}

func eventsOf(notes []note) ([]*store.Event, error) {
	var all []*store.Event
	for _, n := range notes {
		details, err := json.Marshal(n.details)
		if err != nil {
			return nil, fmt.Errorf("encode the details of an event: %w", err)
		}
		if n.details != nil {
			n.Details = details
		}
		all = append(all, n.Event)
	}
	return all, nil
}

// noted are the writes of what was noted: one statement each. A session that began after an event was noted is the event's, too.
func (v *Visit) noted() (writes []write, err error) {
	events, err := eventsOf(v.notes)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.SessionID == "" && v.session != nil {
			e.SessionID = v.session.ID
		}
	}
	for some := range slices.Chunk(events, store.EventsAtOnce) {
		writes = append(writes, func(ctx context.Context, tx *store.Tx) error { return tx.AddEvents(ctx, some...) })
	}
	return writes, nil
}

// tried stands for a name that somebody tried, in its folded form. Whoever types an address may have taken the wrong field, or the
// wrong site: it is not kept. Two tries with one name can be told to be so.
func (v *Visit) tried(name string) string {
	return hex.EncodeToString(v.Tenant.Keys.Sign(secret.ForAuditName, name)[:16])
}

// proofNames are the kinds of proof that a session's user has given, each once, in the order in which they were given first.
func (v *Visit) proofNames() ([]string, error) {
	all, err := v.given()
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, m := range v.own(all) {
		name := m.Method
		switch {
		case m.Passwordless:
			name = "passkey"
		case m.Method == methodMFA:
			name = m.Type
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// change is the details of an event that something has another value from then on.
func change(what string, before, after any) map[string]any {
	return map[string]any{"before": map[string]any{what: before}, "after": map[string]any{what: after}}
}
