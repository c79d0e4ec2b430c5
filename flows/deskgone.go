package flows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// This file is how users are deleted, restored and erased. A deleted user is in none of the tables that anything looks for users in:
// what there was is one document, sealed under the user's own key, and waits until Grace has passed. To erase is to lose the key.

// Grace is how long a deleted user may be restored.
const Grace = 30 * 24 * time.Hour

// erasing is how many sessions are looked at in one go while a user is erased.
const erasing = 5000

// Gone is a deleted user, as far as operators see one.
type Gone struct {
	ID        string
	Email     string
	Username  string
	Name      string
	DeletedAt time.Time
	EraseAt   time.Time
	Place     store.Place
}

// sealWhole is what is kept of a user who is deleted.
func sealWhole(t *tenants.Tenant, w *store.Whole, at time.Time) (*store.DeletedUser, error) {
	d := &store.DeletedUser{ID: w.User.ID, DataKey: w.User.DataKey, DeletedAt: at, EraseAt: at.Add(Grace)}
	if len(d.DataKey) == 0 {
		d.DataKey = t.NewUserKey(d.ID)
		w.User.DataKey = d.DataKey
	}
	plain, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("encode user: %w", err)
	}
	keys, err := t.UserKeys(d.ID, d.DataKey)
	if err != nil {
		return nil, err
	}
	d.Document = keys.Seal(secret.ForUser, d.ID, plain)
	return d, nil
}

func openWhole(t *tenants.Tenant, d *store.DeletedUser) (*store.Whole, error) {
	keys, err := t.UserKeys(d.ID, d.DataKey)
	if err != nil {
		return nil, err
	}
	plain, err := keys.Open(secret.ForUser, d.ID, d.Document)
	if err != nil {
		return nil, fmt.Errorf("open deleted user: %w", err)
	}
	w := &store.Whole{}
	if err := json.Unmarshal(plain, w); err != nil {
		return nil, fmt.Errorf("read deleted user: %w", err)
	}
	return w, nil
}

// Delete takes a user away, who may be restored until eraseAt. Sessions end, names are free, and nothing that was queued is sent.
func (d *Desk) Delete(ctx context.Context, userID string) (eraseAt time.Time, err error) {
	if !ValidID(userID) {
		return eraseAt, refusal.Of(refusal.Missing)
	}
	err = d.step(ctx, func(v *Visit) error {
		v.queue(func(ctx context.Context, tx *store.Tx) error {
			w, err := tx.TakeUser(ctx, userID)
			if err != nil {
				return missing(err)
			}
			gone, err := sealWhole(d.t, w, v.Now)
			if err != nil {
				return err
			}
			eraseAt = gone.EraseAt
			return tx.AddDeletedUser(ctx, gone)
		})
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.VoidMessagesOf(ctx, userID, v.Now) })
		d.endTokens(v, userID)
		return d.noted(v, store.UserDeleted, userID, nil)
	})
	return eraseAt, err
}

// missing has a user who is not there be refused as that.
func missing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", refusal.Of(refusal.Missing), err)
	}
	return err
}

// Deleted are deleted users, the latest first: no more than n after a place.
func (d *Desk) Deleted(ctx context.Context, after store.Place, n int) ([]Gone, error) {
	rows, err := d.s.store.For(d.t).DeletedUsers(ctx, after, n)
	if err != nil {
		return nil, err
	}
	all := make([]Gone, len(rows))
	for i := range rows {
		w, err := openWhole(d.t, &rows[i])
		if err != nil {
			return nil, err
		}
		all[i] = Gone{
			ID: rows[i].ID, Email: w.User.Email, Username: w.User.Username, Name: w.User.Name, DeletedAt: rows[i].DeletedAt, EraseAt: rows[i].EraseAt,
			Place: store.Place{At: rows[i].DeletedAt, ID: rows[i].ID},
		}
	}
	return all, nil
}

// InUse says that a deleted user cannot be restored: others have what was the user's.
type InUse struct{ Faults refusal.Faults }

// Error lists what is in use.
func (e *InUse) Error() string { return "in use: " + fmt.Sprint(e.Faults) }

// Restore brings a deleted user back, if nobody has the user's names meanwhile. Sessions stay ended, and what was sent before stays
// worthless.
func (d *Desk) Restore(ctx context.Context, userID string) error {
	if !ValidID(userID) {
		return refusal.Of(refusal.Missing)
	}
	return d.step(ctx, func(v *Visit) error {
		gone, err := d.s.store.For(d.t).DeletedUser(ctx, userID)
		if err != nil {
			return missing(err)
		}
		w, err := openWhole(d.t, gone)
		if err != nil {
			return err
		}
		if err := d.unused(ctx, w); err != nil {
			return err
		}
		w.User.Epoch++
		w.User.FactorEpoch++
		v.queue(func(ctx context.Context, tx *store.Tx) error { return missing(tx.DropDeletedUser(ctx, userID)) })
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddWhole(ctx, w) })
		return d.noted(v, store.UserRestored, userID, nil)
	})
}

// unused refuses what somebody else has of what a deleted user had: names, addresses, the number and provider accounts.
func (d *Desk) unused(ctx context.Context, w *store.Whole) error {
	var f refusal.Faults
	scope := d.s.store.For(d.t)
	names := store.Names{Phone: w.User.Phone}
	if w.UsernameKey != "" {
		names.UsernameKeys = []string{w.UsernameKey}
	}
	taken, err := scope.Taken(ctx, names)
	if err != nil {
		return err
	}
	if taken.Usernames[w.UsernameKey] {
		f.Add("username", refusal.UsernameTaken)
	}
	if taken.Phone {
		f.Add("phone", refusal.PhoneTaken)
	}
	for i := range w.Emails {
		e := &w.Emails[i]
		if !d.t.Settings.Account.UniqueEmail {
			e.Exclusive = false
			continue
		}
		if err := d.free(ctx, &f, w.User.ID, address(e.Key), e.Verified); err != nil {
			return err
		}
		if f.Has("email") {
			break
		}
	}
	for _, p := range w.Providers {
		if _, err := scope.ProviderAccount(ctx, p.Provider, p.UID); err == nil {
			f.Say("provider_accounts", "", "Another user has the account with "+p.Provider+".")
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if len(f) > 0 {
		return &InUse{f}
	}
	return nil
}

// Erase takes a user away for good, deleted before or not: the key to what is secret of the user is lost, nothing that was queued is
// sent, and of the events about the user no more is left than what they were, and when.
func (d *Desk) Erase(ctx context.Context, userID string) error {
	if !ValidID(userID) {
		return refusal.Of(refusal.Missing)
	}
	scope := d.s.store.For(d.t)
	for after := store.First.ID; after != ""; { // before, since there may be many
		found, last, err := scope.SessionsAbout(ctx, userID, after, erasing)
		if err != nil {
			return err
		}
		for _, id := range found {
			if err := scope.One(func(tx *store.Tx) error { return tx.DropSession(ctx, id) }); err != nil {
				return err
			}
		}
		after = last
	}
	return d.step(ctx, func(v *Visit) error {
		v.queue(func(ctx context.Context, tx *store.Tx) error {
			err := tx.DropDeletedUser(ctx, userID)
			if errors.Is(err, store.ErrNotFound) {
				_, err = tx.TakeUser(ctx, userID)
			}
			return missing(err)
		})
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.VoidMessagesOf(ctx, userID, v.Now) })
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.ForgetEventsOf(ctx, userID) })
		// After the events: by then whoever was about to tell of them has, and nobody will.
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.EraseDeliveriesOf(ctx, userID, v.Now) })
		d.endTokens(v, userID)
		return d.noted(v, store.UserErased, userID, nil)
	})
}

// EraseDue erases up to n deleted users of any tenant whose grace has passed, and returns how many there were.
func (s *Service) EraseDue(ctx context.Context, n int) (int64, error) {
	due, err := s.store.DueErasures(ctx, s.clock.Now(), n)
	if err != nil {
		return 0, err
	}
	byServer := func(act store.Action, userID string, _ map[string]any) (*store.Event, error) {
		return &store.Event{
			ID: secret.NewID(), At: s.clock.Now(), Action: act, UserID: userID, Target: "user/" + userID, Actor: store.Actor{Kind: store.ByServer},
		}, nil
	}
	erased := int64(0)
	for _, one := range due {
		err := s.Desk(&tenants.Tenant{ID: one.TenantID}, byServer).Erase(ctx, one.ID)
		switch {
		case err == nil, refusal.Is(err, refusal.Missing): // somebody else was sooner
			erased++
		case errors.Is(err, store.ErrUnavailable):
			return erased, err
		default: // the others' time has come, too
			s.log.LogAttrs(ctx, slog.LevelError, "a deleted user cannot be erased; trying again in a minute", slog.String("tenant_id", one.TenantID),
				slog.String("user_id", one.ID), slog.Any("error", err))
		}
	}
	return erased, nil
}
