// Package keyring holds the keys that tenants' tokens are signed with: it makes them, has them follow each other, and knows
// which one signs.
//
// # A key's life
//
// What a key does follows from its times alone, so that servers need not agree on anything but the clock:
//
//	next      published, so that whoever checks tokens has it before the first token of it comes
//	active    signs
//	retired   signs no more, and is published until the last token that it signed has died
//	gone      removed
//
// A key is published at least Lead before it signs. That is more than the key set may be remembered for (MaxAge), than a server
// takes to notice a new key (Fresh) and than clocks differ by (Skew) together. Only a tenant's first key signs at once, since there is
// nobody yet who could have remembered a set without it; and one that an operator wants to sign at once.
//
// # Who makes them
//
// Whoever needs a tenant's keys and finds none that fit the tenant's settings makes one: the first, one of another algorithm, or the
// one that the settings give. By schedule a key is given its successor by Tend, which runs beside the sweeper. Every change is
// decided on what was read at one version of the tenant, and written only if the tenant still has it; it takes the tenant's
// next version, so that every server reads the keys anew within a second, and servers that want to make the same change at once
// make it once.
//
// Private halves are sealed under the tenant's keys, bound to the tenant and the key.
package keyring

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/token"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The times that a key's life is made of.
const (
	// MaxAge is how long whoever checks tokens may remember a key set.
	MaxAge = 5 * time.Minute
	// Fresh is how long a server remembers a tenant's keys where it has not heard of a change.
	Fresh = 10 * time.Second
	// Skew is how far the clocks of servers, and of those who check tokens, may be apart.
	Skew = time.Minute
	// MinLead is the shortest lead, and Lead the usual one of a key that is made by hand or because settings changed.
	MinLead = MaxAge + 2*Skew
	Lead    = 10 * time.Minute
	// Scheduled is the lead of a key that follows another by schedule: time enough to see that something is wrong with it.
	Scheduled = 24 * time.Hour
	// MaxLead bounds what an operator may ask for.
	MaxLead = 90 * 24 * time.Hour
)

// Origin is where a key comes from.
type Origin string

// The origins.
const (
	Generated Origin = "generated" // made here, and followed by another by schedule
	Imported  Origin = "imported"  // given by an operator
	Settings  Origin = "settings"  // headless.jwt_private_key
)

// Options are what a Keyring works with. Store is needed.
type Options struct {
	Store   *store.Store
	Tenants func(ctx context.Context, id string) (*tenants.Tenant, error) // who a due key belongs to; the store's, unless given
	Clock   clock.Clock                                                   // the machine's, unless given
	Log     *slog.Logger                                                  // nowhere, unless given
	Size    int                                                           // tenants whose keys are remembered; 4096
}

// Keyring is every tenant's keys. It is safe for concurrent use.
type Keyring struct {
	store   *store.Store
	tenants func(ctx context.Context, id string) (*tenants.Tenant, error)
	clock   clock.Clock
	log     *slog.Logger
	known   *lru.Cache[string, *entry]
	loads   singleflight.Group
}

// entry is what is known of one tenant's keys.
type entry struct {
	set     *token.Set
	version int64 // of the tenant, when they were read
	at      time.Time
}

// New is a Keyring.
func New(o Options) *Keyring {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Tenants == nil {
		o.Tenants = o.Store.TenantByID
	}
	if o.Size <= 0 {
		o.Size = 4096
	}
	known, err := lru.New[string, *entry](o.Size)
	if err != nil {
		panic("keyring: " + err.Error()) // only a size of none is refused
	}
	return &Keyring{store: o.Store, tenants: o.Tenants, clock: o.Clock, log: o.Log, known: known}
}

// Set is the keys of a tenant, with at least one that signs. It makes what is missing. A set that is remembered costs nothing.
func (r *Keyring) Set(ctx context.Context, t *tenants.Tenant) (*token.Set, error) {
	if e, ok := r.known.Get(t.ID); ok && e.version >= t.Version && r.clock.Now().Sub(e.at) < Fresh {
		return e.set, nil
	}
	// Making a key takes a while: however many wait for a tenant's first one, one is made.
	result := r.loads.DoChan(t.ID+" "+strconv.FormatInt(t.Version, 10), func() (got any, err error) {
		defer func() {
			if p := recover(); p != nil { // outside of any request's recovery
				err = fmt.Errorf("load signing keys: panic: %v", p)
			}
		}()
		return r.load(context.WithoutCancel(ctx), t)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case got := <-result:
		if got.Err != nil {
			return nil, got.Err
		}
		set, _ := got.Val.(*token.Set)
		return set, nil
	}
}

func (r *Keyring) load(ctx context.Context, t *tenants.Tenant) (*token.Set, error) {
	at := r.clock.Now()
	t, keys, err := r.change(ctx, t, nil, r.fit)
	if err != nil {
		return nil, err
	}
	set, err := r.open(t, keys)
	if err != nil {
		return nil, err
	}
	if set.Signer(at) == nil {
		return nil, fmt.Errorf("tenant %s has no key that signs", t.ID)
	}
	r.known.Add(t.ID, &entry{set: set, version: t.Version, at: at})
	return set, nil
}

// open makes keys of what is stored.
func (r *Keyring) open(t *tenants.Tenant, keys []store.SigningKey) (*token.Set, error) {
	var held []token.Held
	for _, k := range keys {
		private, err := t.Keys.Open(secret.ForSigningKey, sealedFor(t, k.ID), k.Private)
		if err != nil {
			return nil, fmt.Errorf("open signing key %s of tenant %s: %w", k.ID, t.ID, err)
		}
		key, err := token.Load(token.Algorithm(k.Algorithm), private)
		if err != nil {
			return nil, fmt.Errorf("signing key %s of tenant %s: %w", k.ID, t.ID, err)
		}
		held = append(held, token.Held{Key: key, SignsFrom: k.SignsFrom, KnownUntil: k.KnownUntil})
	}
	return token.NewSet(held...), nil
}

func sealedFor(t *tenants.Tenant, id string) string { return t.ID + "/" + id }

// plan changes a tenant's keys: it returns them as they are to be.
type plan func(t *tenants.Tenant, now time.Time, keys []store.SigningKey) ([]store.SigningKey, error)

// errKeepsChanging says that others changed the tenant each time.
var errKeepsChanging = fmt.Errorf("change signing keys: %w", store.ErrStale)

// change reads a tenant's keys, has them planned, and writes what is to be different, if the tenant's version is still the one that
// the plan was made for. Otherwise the plan is made anew for the tenant as it is now. It returns the tenant and the keys as they
// are then. The events are written with the change.
func (r *Keyring) change(ctx context.Context, t *tenants.Tenant, events []*store.Event, p plan) (*tenants.Tenant, []store.SigningKey, error) {
	for range 3 {
		now := r.clock.Now()
		keys, err := r.store.For(t).SigningKeys(ctx)
		if err != nil {
			return nil, nil, err
		}
		planned, err := p(t, now, slices.Clone(keys))
		if err != nil {
			return nil, nil, err
		}
		settle(planned)
		version, err := r.write(ctx, t, keys, planned, events)
		if err == nil {
			written := *t
			written.Version = version
			return &written, planned, nil
		}
		if !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrTaken) {
			return nil, nil, err
		}
		if t, err = r.store.TenantByID(ctx, t.ID); err != nil {
			return nil, nil, err
		}
		if t.State == tenants.Deleted || t.Keys == nil {
			return nil, nil, fmt.Errorf("change signing keys: tenant %s is not served any more: %w", t.ID, store.ErrStale)
		}
	}
	return nil, nil, errKeepsChanging
}

// settle works out when each key retires and until when it is known, from the keys that follow it. The last one does neither.
func settle(keys []store.SigningKey) {
	var next time.Time // when the first of those that follow begins to sign
	for i := range slices.Backward(keys) {
		k := &keys[i]
		k.RetiresAt, k.KnownUntil = next, time.Time{}
		if !next.IsZero() {
			k.KnownUntil, k.DueAt = next.Add(k.Longest+Skew), time.Time{}
		}
		if next.IsZero() || k.SignsFrom.Before(next) {
			next = k.SignsFrom
		}
	}
}

// write makes the keys of before those of after, and returns the tenant's version then.
func (r *Keyring) write(ctx context.Context, t *tenants.Tenant, before, after []store.SigningKey, events []*store.Event) (int64, error) {
	find := func(keys []store.SigningKey, id string) int {
		return slices.IndexFunc(keys, func(k store.SigningKey) bool { return k.ID == id })
	}
	var put []*store.SigningKey
	var drop []string
	for i := range after {
		if j := find(before, after[i].ID); j < 0 || !same(&before[j], &after[i]) {
			put = append(put, &after[i])
		}
	}
	for _, k := range before {
		if find(after, k.ID) < 0 {
			drop = append(drop, k.ID)
		}
	}
	if len(put) == 0 && len(drop) == 0 {
		return t.Version, nil
	}
	var version int64
	err := r.store.For(t).Do(ctx, func(tx *store.Tx) (err error) {
		if version, err = tx.ChangeTenant(ctx, t.Version); err != nil {
			return err
		}
		for _, id := range drop {
			if err := tx.DropSigningKey(ctx, id); err != nil {
				return err
			}
		}
		for _, k := range put {
			if err := tx.PutSigningKey(ctx, k); err != nil {
				return err
			}
		}
		return tx.AddEvents(ctx, events...)
	})
	return version, err
}

// same reports whether nothing of a key changed that may change.
func same(a, b *store.SigningKey) bool {
	return a.Number == b.Number && a.Origin == b.Origin && a.Longest == b.Longest && a.SignsFrom.Equal(b.SignsFrom) &&
		a.RetiresAt.Equal(b.RetiresAt) && a.KnownUntil.Equal(b.KnownUntil) && a.DueAt.Equal(b.DueAt)
}

// fit plans what the tenant's settings ask for: a key to begin with, one of the right kind, and that it is known for as long as the
// longest token lives.
func (r *Keyring) fit(t *tenants.Tenant, now time.Time, keys []store.SigningKey) ([]store.SigningKey, error) {
	h := &t.Settings.Headless
	if h.TokenStrategy != "jwt" {
		return keys, nil
	}
	if last := len(keys) - 1; last < 0 || !wanted(t, &keys[last]) {
		k, err := r.make(t, now)
		if err != nil {
			return nil, err
		}
		keys = follow(keys, k, now, Lead)
	}
	longest := max(h.JWTAccessTokenExpiresIn, h.JWTRefreshTokenExpiresIn).Duration()
	for i := range keys {
		if k := &keys[i]; k.RetiresAt.IsZero() || now.Before(k.RetiresAt.Add(Skew)) { // a server whose clock is behind signs with it still
			k.Longest = max(k.Longest, longest)
		}
	}
	last := &keys[len(keys)-1]
	due := dueAt(t, last)
	if putOff := !due.IsZero() && !now.Before(due) && last.DueAt.After(due); !putOff {
		last.DueAt = due
	}
	return keys, nil
}

// wanted reports whether a key is the one that the settings ask for.
func wanted(t *tenants.Tenant, k *store.SigningKey) bool {
	h := &t.Settings.Headless
	if k.Algorithm != h.JWTAlgorithm {
		return false
	}
	if h.JWTPrivateKey.Reveal() == "" {
		return Origin(k.Origin) != Settings
	}
	given, err := token.Parse(token.Algorithm(h.JWTAlgorithm), h.JWTPrivateKey.Reveal())
	if err != nil {
		return false // making it will tell
	}
	id, err := idOf(t, given)
	return err == nil && id == k.ID && Origin(k.Origin) == Settings
}

// dueAt is when a key is to have a successor by schedule; zero for never.
func dueAt(t *tenants.Tenant, k *store.SigningKey) time.Time {
	days := t.Settings.Headless.JWTKeyRotationDays
	if days == 0 || Origin(k.Origin) != Generated || t.Settings.Headless.TokenStrategy != "jwt" {
		return time.Time{}
	}
	return k.SignsFrom.Add(time.Duration(days)*24*time.Hour - Scheduled)
}

// signer is the place of the key that signs at a time, or -1.
func signer(keys []store.SigningKey, at time.Time) int {
	for i, k := range slices.Backward(keys) {
		if !at.Before(k.SignsFrom) {
			return i
		}
	}
	return -1
}

// make is a key as the settings have it: the one that they give, or a new one.
func (r *Keyring) make(t *tenants.Tenant, now time.Time) (store.SigningKey, error) {
	h := &t.Settings.Headless
	alg, origin := token.Algorithm(h.JWTAlgorithm), Generated
	var key *token.Key
	var err error
	if given := h.JWTPrivateKey.Reveal(); given != "" {
		origin = Settings
		if key, err = token.Parse(alg, given); err != nil {
			return store.SigningKey{}, fmt.Errorf("headless.jwt_private_key of tenant %s %w", t.ID, err)
		}
	} else if key, err = token.Generate(alg); err != nil {
		return store.SigningKey{}, err
	}
	return sealed(t, key, origin, now)
}

// sealed is a key as it is stored, which is yet to follow others.
func sealed(t *tenants.Tenant, key *token.Key, origin Origin, now time.Time) (store.SigningKey, error) {
	private, err := key.Marshal()
	if err != nil {
		return store.SigningKey{}, err
	}
	id, err := idOf(t, key)
	if err != nil {
		return store.SigningKey{}, err
	}
	h := &t.Settings.Headless
	return store.SigningKey{
		ID: id, Algorithm: string(key.Algorithm), Origin: string(origin), CreatedAt: now,
		Private: t.Keys.Seal(secret.ForSigningKey, sealedFor(t, id), private),
		Longest: max(h.JWTAccessTokenExpiresIn, h.JWTRefreshTokenExpiresIn).Duration(),
	}, nil
}

// idOf is what a key is called. A shared secret is called by a MAC, since a digest of it would help to guess it.
func idOf(t *tenants.Tenant, key *token.Key) (string, error) {
	if !key.Shared() {
		return key.ID, nil
	}
	shared, err := key.Marshal()
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(t.Keys.Sign(secret.ForSigningKeyID, t.ID, string(shared))), nil
}

// follow has a key follow all others when lead is over; at once if there is none that signs. One that is there already moves to the
// end, with what it has signed; and if it is the one that signs, it goes on, and those that were to follow it are gone.
func follow(keys []store.SigningKey, k store.SigningKey, now time.Time, lead time.Duration) []store.SigningKey {
	active := signer(keys, now)
	k.SignsFrom = now.Add(lead)
	if active < 0 {
		k.SignsFrom = now.Add(-Skew) // whoever waits for it has begun before
	}
	if len(keys) > 0 {
		k.Number = keys[len(keys)-1].Number
	}
	k.Number++
	i := slices.IndexFunc(keys, func(old store.SigningKey) bool { return old.ID == k.ID })
	if i >= 0 && i == active {
		keys[i].Origin = k.Origin
		return keys[:i+1]
	}
	if i >= 0 {
		k.CreatedAt, k.Private, k.Longest = keys[i].CreatedAt, keys[i].Private, max(k.Longest, keys[i].Longest)
		keys = slices.Delete(keys, i, i+1)
	}
	return append(keys, k)
}
