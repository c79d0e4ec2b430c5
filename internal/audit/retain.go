package audit

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

const (
	lookAgain = 24 * time.Hour // how often each chain is looked at, at least: the setting may have changed
	dueAtOnce = 100            // chains
	bite      = 1000           // events that are removed at once
)

// Retain removes events that have been kept as long as their tenants want, in small bites, and returns how many.
func (k *Keeper) Retain(ctx context.Context) (removed int64, err error) {
	due, err := k.store.TenantsWithDueChains(ctx, k.clock.Now(), dueAtOnce)
	for _, id := range due {
		for {
			n, err := k.retain(ctx, id)
			removed += n
			switch {
			case err == nil:
			case ctx.Err() != nil || errors.Is(err, store.ErrUnavailable):
				return removed, err
			default: // nobody else waits for it
				k.log.LogAttrs(ctx, slog.LevelWarn, "cannot remove old events of a tenant; trying again tomorrow", slog.String("tenant_id", id),
					slog.Any("error", err))
				until := k.clock.Now().Add(lookAgain)
				err := k.store.For(&tenants.Tenant{ID: id}).One(func(tx *store.Tx) error { return tx.PutOffChain(ctx, until) })
				if err != nil {
					return removed, err
				}
			}
			if err != nil || n < bite {
				break
			}
		}
	}
	return removed, err
}

// retain removes one bite of a tenant's old events.
func (k *Keeper) retain(ctx context.Context, id string) (removed int64, err error) {
	t, err := k.tenants(ctx, id)
	if err != nil {
		return 0, err
	}
	now := k.clock.Now()
	keep := time.Duration(t.Settings.Audit.RetentionDays) * 24 * time.Hour
	err = k.store.For(t).Do(ctx, func(tx *store.Tx) error {
		c, err := tx.LockChain(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return nil // somebody else is at it
		}
		if err != nil {
			return err
		}
		c.DueAt = now.Add(lookAgain)
		if keep == 0 || !sealed(t, c) { // what was tampered with is kept, for whoever looks into it
			return tx.SaveChain(ctx, c)
		}
		events, err := tx.ChainedEvents(ctx, c.First, bite)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Number != c.First || !e.At.Before(now.Add(-keep)) {
				if next := e.At.Add(keep); next.After(now) && next.Before(c.DueAt) {
					c.DueAt = next
				}
				break
			}
			c.First, c.Before = e.Number+1, e.MAC
		}
		if len(events) > 0 && c.First == events[len(events)-1].Number+1 && len(events) == bite {
			c.DueAt = now
		}
		c.Seal = sealOf(t, c)
		if err := tx.SaveChain(ctx, c); err != nil {
			return err
		}
		removed, err = tx.DropEvents(ctx, c.First, now.Add(-keep))
		return err
	})
	return removed, err
}
