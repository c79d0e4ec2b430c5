// Package audit chains the events of each tenant to each other, shows where a chain is broken, removes what has been kept long
// enough, and hands events on to those that follow them.
//
// An event is written by whatever it is about, in that thing's own transaction, and without a number: nobody who logs in waits for a
// chain. A Keeper then numbers new events in the order in which they were made and gives each a MAC under the tenant's key, of the
// MAC before it, its number and what it says. What is personal in it (address, user agent, details, the actor's name) enters
// through digests, which are MACs too and stay when that is erased with its user.
//
// The chain proves that between its head and its beginning nothing was changed, removed, put in or moved by anybody without the
// tenant's key, and its seal that its end was not cut off. It does not prove that what was written was true, it cannot tell of an event
// that was removed before it was chained (a second or so), and whoever has the key, or sets the whole database back to an earlier state, leaves no trace in it: for
// that the head that Verify reports is to be kept elsewhere and compared.
//
// Any number of processes may each run a Keeper: a tenant's chain is locked while it grows, and who finds it locked goes on to the
// next. A tenant that cannot be read keeps nobody else's waiting.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Follower does something with each event once, after it was chained and in the transaction that chained it: what it writes there is
// kept with the event's number, or neither is. An error has the events wait for a while.
type Follower interface {
	Follow(ctx context.Context, tx *store.Tx, t *tenants.Tenant, events []store.Event) error
}

// Options are what a Keeper works with. Store and Tenants are needed.
type Options struct {
	Store *store.Store
	// Tenants finds a tenant by its id, whatever its state: the directory's ByID.
	Tenants   func(ctx context.Context, id string) (*tenants.Tenant, error)
	Clock     clock.Clock  // the machine's, unless given
	Log       *slog.Logger // nowhere, unless given
	Followers []Follower   // in this order
	Observer  Observer     // nobody, unless given
}

// Observer is told what becomes of chains, for metrics.
type Observer interface {
	Verified(whole bool) // a part of a chain was looked at
	HeadChanged()        // the head of a chain is not as it was left
	ChainFailed()        // the events of a tenant could not be chained
}

// nobody is told nothing.
type nobody struct{}

func (nobody) Verified(bool) {}
func (nobody) HeadChanged()  {}
func (nobody) ChainFailed()  {}

// Keeper keeps the log. It is safe for concurrent use.
type Keeper struct {
	store     *store.Store
	tenants   func(ctx context.Context, id string) (*tenants.Tenant, error)
	clock     clock.Clock
	log       *slog.Logger
	followers []Follower
	observer  Observer
}

// New is a Keeper.
func New(o Options) *Keeper {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Observer == nil {
		o.Observer = nobody{}
	}
	return &Keeper{store: o.Store, tenants: o.Tenants, clock: o.Clock, log: o.Log, followers: o.Followers, observer: o.Observer}
}

// The pace of a Keeper.
const (
	poll   = time.Second            // how often it looks for events of other processes
	gather = 100 * time.Millisecond // how long it waits for more after one of its own process
	inTurn = 4                      // batches of one tenant in a row, while others wait
	putOff = time.Minute            // how long a tenant that cannot be chained is left alone
)

// Run chains events for as long as ctx lasts.
func (k *Keeper) Run(ctx context.Context) error {
	left := map[string]time.Time{} // tenants that are left alone, and until when
	for {
		more, err := k.pass(ctx, left)
		if err != nil && ctx.Err() == nil {
			k.log.WarnContext(ctx, "cannot chain the audit log; trying again in a moment", "error", err)
		}
		if more {
			continue
		}
		t := time.NewTimer(poll)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		case <-k.store.Events():
			t.Reset(gather)
			select {
			case <-ctx.Done():
			case <-t.C:
			}
		}
		t.Stop()
	}
}

// Pass chains what is new, all of it unless others do so at the same time.
func (k *Keeper) Pass(ctx context.Context) error {
	left := map[string]time.Time{}
	for {
		more, err := k.pass(ctx, left)
		if err != nil || !more {
			return err
		}
	}
}

// pass gives each tenant that has new events one turn, and reports whether any has more.
func (k *Keeper) pass(ctx context.Context, left map[string]time.Time) (more bool, err error) {
	id := store.First.ID
	for ctx.Err() == nil {
		id, err = k.store.TenantWithNewEvents(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return more, nil
		}
		if err != nil {
			return false, err
		}
		now := k.clock.Now()
		if until, ok := left[id]; ok && now.Before(until) {
			continue
		}
		delete(left, id)
		again, err := k.turn(ctx, id)
		more = more || again
		switch {
		case err == nil:
		case errors.Is(err, store.ErrUnavailable):
			return false, err
		case errors.Is(err, tenants.ErrUnknown): // not made yet, as that of the operators may be, or not there any more
			left[id] = now.Add(putOff)
		default:
			left[id] = now.Add(putOff)
			k.observer.ChainFailed()
			k.log.LogAttrs(ctx, slog.LevelError, "cannot chain the events of a tenant; trying again in a minute",
				slog.String("tenant_id", id), slog.Any("error", err))
		}
	}
	return false, ctx.Err()
}

// turn chains a few batches of a tenant's events, and reports whether there are more.
func (k *Keeper) turn(ctx context.Context, id string) (more bool, err error) {
	t, err := k.tenants(ctx, id)
	if err != nil {
		return false, err
	}
	if t.Keys == nil && t.State == tenants.Suspended {
		return false, fmt.Errorf("tenant %s: %w", t.Slug, secret.ErrUnreadable)
	}
	if t.Keys == nil { // it is being purged
		return false, tenants.ErrUnknown
	}
	for range inTurn {
		n := 0
		err := k.store.For(t).Do(ctx, func(tx *store.Tx) (err error) {
			n, err = k.chain(ctx, tx, t)
			return err
		})
		if errors.Is(err, errBusy) {
			return false, nil
		}
		if err != nil || n < store.LinksAtOnce {
			return false, err
		}
	}
	return true, nil
}

// errBusy says that somebody else has the chain.
var errBusy = errors.New("audit: the chain is locked")

// chain chains one batch of a tenant's events, and is how many there were.
func (k *Keeper) chain(ctx context.Context, tx *store.Tx, t *tenants.Tenant) (int, error) {
	c, err := k.lock(ctx, tx, t)
	if err != nil {
		return 0, err
	}
	if !sealed(t, c) {
		if err := k.complain(ctx, tx, t, c); err != nil {
			return 0, err
		}
	}
	events, err := tx.NewEvents(ctx, store.LinksAtOnce)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	links := make([]store.Link, len(events))
	for i := range events {
		e := &events[i]
		c.Last++
		e.Number = c.Last
		digest := digestOf(t, e)
		c.MAC = macOf(t, c.MAC, e, digest)
		links[i] = store.Link{ID: e.ID, Number: e.Number, Digest: digest, MAC: c.MAC}
	}
	if err := tx.NumberEvents(ctx, links); err != nil {
		return 0, err
	}
	c.Seal = sealOf(t, c)
	if err := tx.SaveChain(ctx, c); err != nil {
		return 0, err
	}
	for _, f := range k.followers {
		if err := f.Follow(ctx, tx, t, events); err != nil {
			return 0, fmt.Errorf("follow the audit log: %w", err)
		}
	}
	return len(events), nil
}

// lock is the tenant's chain, begun where there is none.
func (k *Keeper) lock(ctx context.Context, tx *store.Tx, t *tenants.Tenant) (*store.Chain, error) {
	c, err := tx.LockChain(ctx)
	if !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	c = genesis(t)
	c.DueAt = k.clock.Now().Add(lookAgain)
	last, err := tx.LastNumber(ctx)
	if err != nil {
		return nil, err
	}
	if last > 0 { // there was a chain, which somebody has removed; it is not sealed, and so complained of
		c.First, c.Last = last+1, last
	}
	if err = tx.AddChain(ctx, c); errors.Is(err, store.ErrStale) {
		err = errBusy
	}
	return c, err
}

// complain writes into the log that its head is not as it was left. It goes on from there, since what happens meanwhile must be logged,
// and would otherwise make it good without a word.
func (k *Keeper) complain(ctx context.Context, tx *store.Tx, t *tenants.Tenant, c *store.Chain) error {
	k.observer.HeadChanged()
	k.log.LogAttrs(ctx, slog.LevelError, "the head of a tenant's audit log was changed by somebody else", slog.String("tenant", t.Slug),
		slog.String("tenant_id", t.ID), slog.Int64("number", c.Last))
	details, err := json.Marshal(map[string]any{"number": c.Last, "first_number": c.First})
	if err != nil {
		return fmt.Errorf("encode the details of an event: %w", err)
	}
	return tx.AddEvent(ctx, &store.Event{
		ID: secret.NewID(), At: k.clock.Now(), Action: store.AuditHeadChanged, Actor: store.Actor{Kind: store.ByServer}, Target: "audit", Details: details,
	})
}

// genesis is a chain of nothing.
func genesis(t *tenants.Tenant) *store.Chain {
	start := t.Keys.Sign(secret.ForAuditEvent, "genesis", t.ID)
	c := &store.Chain{First: 1, Before: start, Last: 0, MAC: start}
	c.Seal = sealOf(t, c)
	return c
}

func sealParts(t *tenants.Tenant, c *store.Chain) []string {
	return []string{t.ID, number(c.First), string(c.Before), number(c.Last), string(c.MAC)}
}

func sealOf(t *tenants.Tenant, c *store.Chain) []byte {
	return t.Keys.Sign(secret.ForAuditHead, sealParts(t, c)...)
}

func sealed(t *tenants.Tenant, c *store.Chain) bool {
	return t.Keys.Verify(c.Seal, secret.ForAuditHead, sealParts(t, c)...)
}

// digestOf are the MACs of what is personal in an event, which may have to be erased: of whom it is about, and the name of who did it.
func digestOf(t *tenants.Tenant, e *store.Event) []byte {
	return append(t.Keys.Sign(secret.ForAuditDigest, aboutParts(e)...), t.Keys.Sign(secret.ForAuditDigest, nameParts(e)...)...)
}

// macSize is the length of a MAC.
const macSize = 32

func aboutParts(e *store.Event) []string {
	return []string{e.ID, "about", e.IP, e.UserAgent, string(e.Details)}
}

func nameParts(e *store.Event) []string { return []string{e.ID, "name", e.Actor.Name} }

// macOf is the MAC of an event that comes after another in the chain.
func macOf(t *tenants.Tenant, before []byte, e *store.Event, digest []byte) []byte {
	return t.Keys.Sign(secret.ForAuditEvent, macParts(t, before, e, digest)...)
}

func macParts(t *tenants.Tenant, before []byte, e *store.Event, digest []byte) []string {
	return []string{string(before), number(e.Number), t.ID, e.ID, number(e.At.UnixMicro()), string(e.Action),
		string(e.Actor.Kind), e.Actor.ID, e.UserID, e.Target, e.SessionID, e.RequestID, string(digest)}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
