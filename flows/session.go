package flows

import (
	"context"
	"hash/fnv"
	"slices"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// SessionView is one session as its user sees it.
type SessionView struct {
	ID         int64   `json:"id"` // for EndSessions; it says nothing of the session's token
	UserAgent  string  `json:"user_agent"`
	IP         string  `json:"ip"`
	CreatedAt  float64 `json:"created_at"`             // seconds since 1970
	LastSeenAt float64 `json:"last_seen_at,omitempty"` // likewise; where the tenant tracks it
	IsCurrent  bool    `json:"is_current"`
}

// Sessions lists the sessions of whoever is signed in, latest first. Those that were put out are gone with it.
func (s *Service) Sessions(ctx context.Context, v *Visit) ([]SessionView, error) {
	if v.user == nil {
		return nil, refusal.Of(refusal.Unauthenticated)
	}
	userID := v.user.ID
	rows, dead, err := s.store.For(v.Tenant).SessionsOf(ctx, userID, v.Now)
	if err == nil && dead {
		err = s.store.For(v.Tenant).One(func(tx *store.Tx) error { return tx.DropDeadSessionsOf(ctx, userID, v.session.ID) })
	}
	if err != nil {
		return nil, err
	}
	return v.viewSessions(rows), nil
}

func (v *Visit) viewSessions(rows []store.Session) []SessionView {
	all := []SessionView{}
	for _, x := range rows {
		view := SessionView{
			ID: publicNumber(x.ID), UserAgent: x.UserAgent, IP: x.IP, CreatedAt: seconds(x.CreatedAt), IsCurrent: x.ID == v.session.ID,
		}
		if v.Tenant.Settings.UserSessions.TrackActivity {
			view.LastSeenAt = seconds(x.SeenAt)
		}
		all = append(all, view)
	}
	return all
}

// EndSessions ends sessions of whoever is signed in, all of them or none, and lists those that are left. One's own may be
// among them.
func (s *Service) EndSessions(ctx context.Context, v *Visit, ids []int64) (left []SessionView, err error) {
	if v.user == nil {
		return nil, refusal.Of(refusal.Unauthenticated)
	}
	if len(ids) == 0 {
		return nil, refusal.Because("sessions", refusal.Required)
	}
	err = s.step(ctx, v, func() error {
		if v.user == nil {
			return refusal.Of(refusal.Unauthenticated)
		}
		userID := v.user.ID
		rows, _, err := s.store.For(v.Tenant).SessionsOf(ctx, userID, v.Now)
		if err != nil {
			return err
		}
		kept := rows[:0:0]
		found, own := map[int64]bool{}, false
		for _, x := range rows {
			n := publicNumber(x.ID)
			if !slices.Contains(ids, n) {
				kept = append(kept, x)
				continue
			}
			found[n] = true
			if x.ID == v.session.ID {
				own = true
				v.audit(store.UserLoggedOut, userID, nil)
			} else {
				v.audit(store.SessionEnded, userID, map[string]any{"session": x.ID})
			}
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropSessionOf(ctx, userID, x.ID) })
		}
		if slices.ContainsFunc(ids, func(n int64) bool { return !found[n] }) {
			return refusal.Because("sessions", refusal.InvalidChoice)
		}
		left = v.viewSessions(kept)
		if own {
			v.forget()
		}
		return nil
	})
	return left, err
}

// PutOut is the visit as that of a stranger at the same tenant, for the answer to somebody whose session was ended meanwhile.
func (v *Visit) PutOut() *Visit {
	return &Visit{Tenant: v.Tenant, Now: v.Now, Origin: v.Origin, service: v.service}
}

// forget has the visit go on as a stranger's, whose session has ended.
func (v *Visit) forget() {
	v.session, v.user, v.methods, v.state, v.ended = nil, nil, nil, state{}, true
}

// publicNumber is what the contract calls a session or an authenticator by: a whole number that JSON can carry exactly. It names one
// of one user among a handful, and is good for nothing else.
func publicNumber(id string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // a hash takes everything
	return int64(h.Sum64() >> 11)
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
