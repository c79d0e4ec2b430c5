package keyring

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// batch is how many tenants' keys are tended, and how many dead keys removed, at a time.
const batch = 100

// putOff is how long a tenant whose key cannot be followed by another is left alone.
const putOff = time.Hour

// Tend gives every key that is due its successor, and returns how many it gave. Any number of servers may do so at once: of two
// that find the same key due one finds the tenant changed. A tenant that cannot be served is left alone for a while, and keeps
// nobody from the others.
func (r *Keyring) Tend(ctx context.Context) (int, error) {
	given := 0
	for {
		due, err := r.store.DueSigningKeys(ctx, r.clock.Now(), batch)
		if err != nil {
			return given, err
		}
		for _, id := range due {
			done, err := r.tend(ctx, id)
			switch {
			case done:
				given++
			case err == nil:
			case ctx.Err() != nil:
				return given, ctx.Err()
			case errors.Is(err, store.ErrUnavailable):
				return given, err
			default:
				r.log.LogAttrs(ctx, slog.LevelWarn, "cannot give a signing key its successor; trying again in an hour",
					slog.String("tenant_id", id), slog.Any("error", err))
				if err := r.putOff(ctx, id, r.clock.Now().Add(putOff)); err != nil {
					return given, err
				}
			}
		}
		if len(due) < batch {
			return given, nil
		}
	}
}

// tend gives the key of a tenant its successor, if it is still due, and reports whether it did.
func (r *Keyring) tend(ctx context.Context, id string) (done bool, err error) {
	t, err := r.tenants(ctx, id)
	if errors.Is(err, tenants.ErrUnknown) || err == nil && (t.State == tenants.Deleted || t.Settings.Headless.TokenStrategy != "jwt") {
		return false, r.putOff(ctx, id, time.Time{}) // whoever needs the keys again finds when they are due
	}
	if err != nil {
		return false, err
	}
	_, _, err = r.change(ctx, t, nil, func(t *tenants.Tenant, now time.Time, keys []store.SigningKey) ([]store.SigningKey, error) {
		done = false
		keys, err := r.fit(t, now, keys)
		if err != nil || len(keys) == 0 {
			return keys, err
		}
		if last := &keys[len(keys)-1]; last.DueAt.IsZero() || last.DueAt.After(now) {
			return keys, nil // somebody else has done it
		}
		k, err := r.make(t, now)
		if err != nil {
			return nil, err
		}
		done = true
		return r.fit(t, now, follow(keys, k, now, Scheduled))
	})
	return done && err == nil, err
}

func (r *Keyring) putOff(ctx context.Context, id string, until time.Time) error {
	return r.store.For(&tenants.Tenant{ID: id}).One(func(tx *store.Tx) error { return tx.PutOffSigningKeys(ctx, until) })
}
