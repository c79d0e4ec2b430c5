package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Kind says what was done to a chain.
type Kind string

// What can be done to a chain.
const (
	Changed     Kind = "changed"      // the event is not as it was written
	Removed     Kind = "removed"      // it is not there any more
	Inserted    Kind = "inserted"     // it was put in
	Reordered   Kind = "reordered"    // it has another event's place
	Cut         Kind = "cut"          // the latest events are not there any more
	Blanked     Kind = "blanked"      // what is personal in it was erased, though its user is still there
	HeadChanged Kind = "head_changed" // where the chain begins or ends is not what was written
)

// Break is where a chain does not hold, the first such place.
type Break struct {
	Kind    Kind   `json:"kind"`
	Number  int64  `json:"number"`             // where in the chain
	EventID string `json:"event_id,omitempty"` // of the event that stands there, if one does
}

// Place is how far a chain was looked at.
type Place struct {
	Number int64 // of the event that was looked at last
	MAC    []byte
}

// Report is what became of looking at a part of a chain.
type Report struct {
	First    int64  // the number of the first event that is kept
	Last     int64  // of the latest that is chained
	Head     string // the MAC of that, in hexadecimal: whoever keeps it elsewhere can tell later that this much was there
	Verified int64  // how many events were looked at
	Erased   int64  // of how many of them the personal part was erased with the user
	Break    *Break // nil where all of it holds
	Next     *Place // where to go on; nil at the end
}

// page is how many events are read at once.
const page = 500

// Verify looks at up to n events of a tenant's chain, from a place that it has reported or, with nil, from the beginning.
func (k *Keeper) Verify(ctx context.Context, t *tenants.Tenant, from *Place, n int) (Report, error) {
	r, err := k.verify(ctx, t, from, n)
	if err == nil {
		k.observer.Verified(r.Break == nil)
	}
	return r, err
}

func (k *Keeper) verify(ctx context.Context, t *tenants.Tenant, from *Place, n int) (Report, error) {
	var r Report
	if t.Keys == nil {
		return r, secret.ErrUnreadable
	}
	scope := k.store.For(t)
	c, err := scope.Chain(ctx)
	if errors.Is(err, store.ErrNotFound) {
		if last, err := scope.LastNumber(ctx); err != nil || last == 0 {
			return r, err
		}
		r.Break = &Break{Kind: HeadChanged}
		return r, nil
	}
	if err != nil {
		return r, err
	}
	r.First, r.Last, r.Head = c.First, c.Last, hex.EncodeToString(c.MAC)
	if !sealed(t, c) {
		r.Break = &Break{Kind: HeadChanged, Number: c.Last}
		return r, nil
	}
	at := Place{c.First - 1, c.Before}
	if from != nil && from.Number >= at.Number { // what came before was removed meanwhile
		at = *from
	}
	for at.Number < c.Last && r.Verified < int64(n) {
		events, err := scope.ChainedEvents(ctx, at.Number+1, page)
		if err != nil {
			return r, err
		}
		var unfit bool
		if r.Break, unfit = r.follow(t, c, &at, events); unfit {
			if events, err = scope.ChainedEvents(ctx, at.Number+1, page); err != nil {
				return r, err
			}
			r.Break.Kind = kindOf(t, &at, events)
		}
		if r.Break != nil {
			return r, k.moved(ctx, scope, &r)
		}
	}
	if at.Number < c.Last {
		r.Next = &at
		return r, nil
	}
	if !bytes.Equal(at.MAC, c.MAC) {
		r.Break = &Break{Kind: HeadChanged, Number: c.Last}
		return r, nil
	}
	return r, beyond(ctx, scope, &r)
}

// follow goes along a page of events, as far as it holds and the chain goes. unfit says of the event at a break that it does not follow
// the one before.
func (r *Report) follow(t *tenants.Tenant, c *store.Chain, at *Place, events []store.ChainedEvent) (found *Break, unfit bool) {
	if len(events) == 0 {
		return &Break{Kind: Cut, Number: at.Number + 1}, false
	}
	for i := range events {
		e := &events[i]
		switch {
		case at.Number == c.Last:
			return nil, false // chained since
		case e.Number != at.Number+1:
			return &Break{Kind: Removed, Number: at.Number + 1}, false
		case !fits(t, at, e):
			return &Break{Kind: Changed, Number: e.Number, EventID: e.ID}, true
		case e.Action == store.AuditHeadChanged:
			return &Break{Kind: HeadChanged, Number: e.Number, EventID: e.ID}, false
		}
		erased, kind := personal(t, e)
		if kind != "" {
			return &Break{Kind: kind, Number: e.Number, EventID: e.ID}, false
		}
		if erased {
			r.Erased++
		}
		r.Verified++
		*at = Place{e.Number, e.MAC}
	}
	return nil, false
}

// personal looks at what is personal in an event: whether it was erased with its user, or else what was done to it.
func personal(t *tenants.Tenant, e *store.ChainedEvent) (erased bool, did Kind) {
	if len(e.Digest) != 2*macSize {
		return false, Changed
	}
	about := t.Keys.Verify(e.Digest[:macSize], secret.ForAuditDigest, aboutParts(&e.Event)...)
	name := t.Keys.Verify(e.Digest[macSize:], secret.ForAuditDigest, nameParts(&e.Event)...)
	blank := e.IP == "" && e.UserAgent == "" && string(e.Details) == "{}"
	switch {
	case about && name:
		return false, ""
	case !about && !blank, !name && e.Actor.Name != "":
		return false, Changed
	case e.Erased:
		return true, ""
	case blank:
		return false, Blanked
	default:
		return false, Changed
	}
}

// fits reports whether an event follows the one that was looked at last.
func fits(t *tenants.Tenant, at *Place, e *store.ChainedEvent) bool {
	return t.Keys.Verify(e.MAC, secret.ForAuditEvent, macParts(t, at.MAC, &e.Event, e.Digest)...)
}

// kindOf is what was done where the first of some events does not fit. If another of them belongs there, the first was put before
// it, or has changed places with it: then it belongs where that is.
func kindOf(t *tenants.Tenant, at *Place, events []store.ChainedEvent) Kind {
	for j := 1; j < len(events); j++ {
		belongs := events[j]
		belongs.Number = at.Number + 1
		if !fits(t, at, &belongs) {
			continue
		}
		moved := events[0]
		moved.Number = events[j].Number
		for _, before := range [][]byte{events[j].MAC, events[j-1].MAC} {
			if fits(t, &Place{moved.Number - 1, before}, &moved) {
				return Reordered
			}
		}
		return Inserted
	}
	return Changed
}

// moved forgets a break that is none: the events that are not there were removed meanwhile because they had been kept long enough.
func (k *Keeper) moved(ctx context.Context, scope store.Scope, r *Report) error {
	if r.Break.Kind != Removed && r.Break.Kind != Cut {
		return nil
	}
	c, err := scope.Chain(ctx)
	if err == nil && r.Break.Number < c.First && c.First > r.First {
		r.Next, r.Break = &Place{c.First - 1, c.Before}, nil
	}
	return err
}

// beyond looks for events that have numbers after the end.
func beyond(ctx context.Context, scope store.Scope, r *Report) error {
	last, err := scope.LastNumber(ctx)
	if err != nil {
		return err
	}
	c, err := scope.Chain(ctx) // read after: it goes as far as what was chained meanwhile
	if err == nil && last > c.Last {
		r.Break = &Break{Kind: Inserted, Number: c.Last + 1}
	}
	return err
}
