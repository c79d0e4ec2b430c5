package flows

import (
	"context"
	"encoding/json"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// audit notes something that somebody may have to look into, with the step's other writes. details must hold nothing secret.
func (v *Visit) audit(action store.Action, userID string, details map[string]any) {
	e := &store.Event{
		ID: secret.NewID(), At: v.Now, Action: action, UserID: userID, IP: v.address(), UserAgent: v.Origin.UserAgent,
	}
	if v.session != nil {
		e.SessionID = v.session.ID
	}
	v.queue(func(ctx context.Context, tx *store.Tx) (err error) {
		if e.Details, err = json.Marshal(details); err != nil {
			return err
		}
		return tx.AddEvent(ctx, e)
	})
}
