package keyring

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/token"
	"github.com/vestibule-auth/vestibule/tenants"
)

// State is what a key does.
type State string

// The states.
const (
	Next    State = "next"
	Active  State = "active"
	Retired State = "retired"
)

// View is a key as operators see it. Nothing in it is secret.
type View struct {
	ID         string
	Algorithm  string
	State      State
	Origin     Origin
	CreatedAt  time.Time
	SignsFrom  time.Time
	RetiresAt  time.Time // zero for the last one
	KnownUntil time.Time // zero for the last one
	DueAt      time.Time // zero for never by itself
}

// What an operator may ask for that cannot be done.
var (
	ErrUnknown  = errors.New("keyring: no such key")
	ErrActive   = errors.New("keyring: the key signs, and nothing else would")
	ErrSettings = errors.New("keyring: the settings say which key signs")
	ErrOff      = errors.New("keyring: the tenant has no tokens that could be signed")
)

// Keys are a tenant's keys, from the first to the last. It makes none.
func (r *Keyring) Keys(ctx context.Context, t *tenants.Tenant) ([]View, error) {
	keys, err := r.store.For(t).SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	return views(keys, r.clock.Now()), nil
}

func views(keys []store.SigningKey, now time.Time) []View {
	all := []View{}
	active := signer(keys, now)
	for i, k := range keys {
		v := View{
			ID: k.ID, Algorithm: k.Algorithm, State: Retired, Origin: Origin(k.Origin), CreatedAt: k.CreatedAt, SignsFrom: k.SignsFrom,
			RetiresAt: k.RetiresAt, KnownUntil: k.KnownUntil, DueAt: k.DueAt,
		}
		switch {
		case i == active:
			v.State = Active
		case i > active:
			v.State = Next
		}
		all = append(all, v)
	}
	return all
}

// Rotate has a tenant's key followed by another when lead is over, and returns the one that follows. Where one is to follow
// already it is brought forward, but never to sooner than it has been published for lead. A lead of zero has it sign at once:
// whoever checks tokens may then meet a key that it does not know yet. Settings that say which key signs are ErrSettings. The events
// are written in the transaction of the change, if there is one to be made.
func (r *Keyring) Rotate(ctx context.Context, t *tenants.Tenant, lead time.Duration, events ...*store.Event) (View, error) {
	return r.byHand(ctx, t, events, func(t *tenants.Tenant, now time.Time, keys []store.SigningKey) ([]store.SigningKey, error) {
		if t.Settings.Headless.JWTPrivateKey.Reveal() != "" {
			return nil, ErrSettings
		}
		if last := len(keys) - 1; last > signer(keys, now) && wanted(t, &keys[last]) {
			k := &keys[last]
			if left := max(0, k.CreatedAt.Add(lead).Sub(now)); now.Add(left).Before(k.SignsFrom) {
				k.SignsFrom = now.Add(left)
			}
			return keys, nil
		}
		k, err := r.make(t, now)
		if err != nil {
			return nil, err
		}
		return follow(keys, k, now, lead), nil
	})
}

// Import has a key of the tenant's own follow all others when lead is over: a private key in PEM or, for HS256, a secret. It must be
// for the algorithm that the settings name. An error that is none of this package's says what is wrong with the key, and goes after
// its name. The events are written with the change, as Rotate does.
func (r *Keyring) Import(ctx context.Context, t *tenants.Tenant, material string, lead time.Duration, events ...*store.Event) (View, error) {
	return r.byHand(ctx, t, events, func(t *tenants.Tenant, now time.Time, keys []store.SigningKey) ([]store.SigningKey, error) {
		if t.Settings.Headless.JWTPrivateKey.Reveal() != "" {
			return nil, ErrSettings
		}
		key, err := token.Parse(token.Algorithm(t.Settings.Headless.JWTAlgorithm), material)
		if err != nil {
			return nil, &BadKey{err}
		}
		k, err := sealed(t, key, Imported, now)
		if err != nil {
			return nil, err
		}
		return follow(keys, k, now, lead), nil
	})
}

// BadKey is what is wrong with a key that was given.
type BadKey struct{ error }

// Unwrap is the reason.
func (b *BadKey) Unwrap() error { return b.error }

// Withdraw removes a key that does not sign: one that is to follow, which then does not, or one that has retired, whose tokens die with
// it. The one that signs is ErrActive. The events are written with the change, as Rotate does.
func (r *Keyring) Withdraw(ctx context.Context, t *tenants.Tenant, id string, events ...*store.Event) error {
	_, err := r.byHand(ctx, t, events, func(t *tenants.Tenant, now time.Time, keys []store.SigningKey) ([]store.SigningKey, error) {
		i := slices.IndexFunc(keys, func(k store.SigningKey) bool { return k.ID == id })
		switch {
		case i < 0:
			return nil, ErrUnknown
		case i == signer(keys, now):
			return nil, ErrActive
		case i == len(keys)-1 && Origin(keys[i].Origin) == Settings && wanted(t, &keys[i]):
			return nil, ErrSettings // it would be back at once
		}
		return slices.Delete(keys, i, i+1), nil
	})
	return err
}

// byHand makes a change that an operator asks for, and returns the key that is the last one then.
func (r *Keyring) byHand(ctx context.Context, t *tenants.Tenant, events []*store.Event, p plan) (View, error) {
	t, keys, err := r.change(ctx, t, events, func(t *tenants.Tenant, now time.Time, keys []store.SigningKey) ([]store.SigningKey, error) {
		if t.Settings.Headless.TokenStrategy != "jwt" {
			return nil, ErrOff
		}
		keys, err := p(t, now, keys)
		if err != nil {
			return nil, err
		}
		return r.fit(t, now, keys)
	})
	if err != nil {
		return View{}, err
	}
	r.known.Remove(t.ID)
	all := views(keys, r.clock.Now())
	return all[len(all)-1], nil // fit leaves nobody without
}
