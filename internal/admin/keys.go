package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/keyring"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Key is a signing key as operators see it. Its private half is never shown.
type Key struct {
	ID         string     `json:"kid"`
	Algorithm  string     `json:"algorithm"`
	State      string     `json:"state"`  // next, active or retired
	Origin     string     `json:"origin"` // generated, imported or settings
	CreatedAt  time.Time  `json:"created_at"`
	SignsFrom  time.Time  `json:"signs_from"`
	RetiresAt  *time.Time `json:"retires_at"`  // null for the last one
	KnownUntil *time.Time `json:"known_until"` // null for the last one
	RotatesAt  *time.Time `json:"rotates_at"`  // when its successor is published; null for never by itself
}

func keyOf(v keyring.View) Key {
	return Key{
		ID: v.ID, Algorithm: v.Algorithm, State: string(v.State), Origin: string(v.Origin), CreatedAt: v.CreatedAt.UTC(),
		SignsFrom: v.SignsFrom.UTC(), RetiresAt: atOrNull(v.RetiresAt), KnownUntil: atOrNull(v.KnownUntil), RotatesAt: atOrNull(v.DueAt),
	}
}

// Keys are a tenant's signing keys, from the first to the last.
func (s *Service) Keys(ctx context.Context, slug string) ([]Key, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, err
	}
	views, err := s.keyring.Keys(ctx, t)
	if err != nil {
		return nil, failed("read signing keys", err)
	}
	all := make([]Key, len(views))
	for i, v := range views {
		all[i] = keyOf(v)
	}
	return all, nil
}

// KeySet is what a tenant's tokens are checked by.
type KeySet struct {
	URL  string          `json:"url"`
	JWKS json.RawMessage `json:"jwks"` // a JWK Set (RFC 7517); null where the tenant has no tokens
}

// KeySet is the document that is served to whoever checks a tenant's tokens, and where. It comes from where that comes from: where there
// is no key yet, one is made, as it is when anybody asks for the document.
func (s *Service) KeySet(ctx context.Context, slug string) (*KeySet, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, err
	}
	keys, err := s.flows.PublicKeys(ctx, t)
	switch {
	case refusal.Is(err, refusal.Missing):
		return &KeySet{URL: t.KeysURL()}, nil
	case err != nil:
		return nil, failed("read signing keys", err)
	}
	return &KeySet{URL: t.KeysURL(), JWKS: keys.Document}, nil
}

// RotateKey has a tenant's key followed by another, and returns the one that follows. It reads a JSON object with lead_seconds, how long
// the key is to be published before it signs, or now, which has it sign at once.
func (s *Service) RotateKey(ctx context.Context, by Actor, slug string, doc json.RawMessage) (*Key, error) {
	var f faults
	lead := f.lead(f.members(doc, []string{"lead_seconds", "now"}))
	return s.changeKeys(ctx, by, store.KeyRotated, slug, "", f, func(t *tenants.Tenant, e *store.Event) (keyring.View, error) {
		return s.keyring.Rotate(ctx, t, lead, e)
	})
}

// ImportKey has a key of the tenant's own follow all others. It reads a JSON object with private_key (PEM or, for HS256, the secret)
// and, as RotateKey does, lead_seconds or now.
func (s *Service) ImportKey(ctx context.Context, by Actor, slug string, doc json.RawMessage) (*Key, error) {
	var f faults
	given := f.members(doc, []string{"private_key", "lead_seconds", "now"})
	lead := f.lead(given)
	material := ""
	if raw, ok := given["private_key"]; ok {
		material = f.text("private_key", raw)
	} else {
		f.add("private_key", "is needed")
	}
	return s.changeKeys(ctx, by, store.KeyImported, slug, "", f, func(t *tenants.Tenant, e *store.Event) (keyring.View, error) {
		return s.keyring.Import(ctx, t, material, lead, e)
	})
}

// RetireKey takes a key away that does not sign: one that is to follow, which then does not, or one that has retired, whose tokens are
// good for nothing from then on.
func (s *Service) RetireKey(ctx context.Context, by Actor, slug, kid string) error {
	_, err := s.changeKeys(ctx, by, store.KeyRetired, slug, "key/"+kid, nil, func(t *tenants.Tenant, e *store.Event) (keyring.View, error) {
		return keyring.View{ID: kid}, s.keyring.Withdraw(ctx, t, kid, e)
	})
	return err
}

// lead is how long a key is to be published before it signs.
func (f *faults) lead(given map[string]json.RawMessage) time.Duration {
	lead, atOnce := keyring.Lead, false
	if raw, ok := given["now"]; ok {
		atOnce = f.truth("now", raw)
	}
	raw, ok := given["lead_seconds"]
	if !ok {
		if atOnce {
			return 0
		}
		return lead
	}
	var seconds int64
	switch err := json.Unmarshal(raw, &seconds); {
	case atOnce:
		f.add("lead_seconds", "cannot be given together with now")
	case err != nil, seconds < int64(keyring.MinLead/time.Second), seconds > int64(keyring.MaxLead/time.Second):
		f.add("lead_seconds", "must be a whole number from %d to %d: whoever checks tokens may not look for new keys sooner",
			int64(keyring.MinLead/time.Second), int64(keyring.MaxLead/time.Second))
	}
	return time.Duration(seconds) * time.Second
}

// served is the tenant of that slug with its keys, which one whose secrets cannot be opened does not have.
func (s *Service) served(ctx context.Context, slug string) (*tenants.Tenant, error) {
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	if rec.Unreadable != nil {
		return nil, (&faults{{Message: "is not possible: " + unreadable}}).err()
	}
	t, err := s.store.TenantByID(ctx, rec.ID)
	if errors.Is(err, tenants.ErrUnknown) {
		return nil, refusal.Of(refusal.Missing)
	}
	if err != nil {
		return nil, failed("read tenant", err)
	}
	return t, nil
}

// servedWith is served, for something of the tenant's that has an id. What cannot be one is not looked for.
func (s *Service) servedWith(ctx context.Context, slug, id string) (*tenants.Tenant, error) {
	t, err := s.served(ctx, slug)
	if err == nil && !flows.ValidID(id) {
		err = refusal.Of(refusal.Missing)
	}
	return t, err
}

// changeKeys makes a change to a tenant's keys, unless something is wrong with the input.
func (s *Service) changeKeys(ctx context.Context, by Actor, act store.Action, slug, target string, f faults, change func(*tenants.Tenant, *store.Event) (keyring.View, error),
) (*Key, error) {
	t, err := s.served(ctx, slug)
	if err == nil {
		err = f.err()
	}
	if err != nil {
		return nil, err
	}
	e, err := s.event(by, act, target, nil)
	if err != nil {
		return nil, err
	}
	defer s.forget(&store.TenantRecord{ID: t.ID})
	view, err := change(t, e)
	var bad *keyring.BadKey
	switch {
	case errors.As(err, &bad):
		f.add("private_key", "%s", bad.Error())
	case errors.Is(err, keyring.ErrActive):
		f.add("kid", "is the key that signs, and nothing else would: rotate first")
	case errors.Is(err, keyring.ErrSettings):
		f.add("", "headless.jwt_private_key says which key signs: change that")
	case errors.Is(err, keyring.ErrOff):
		f.add("", "headless.token_strategy is not jwt: there is nothing to sign")
	case errors.Is(err, keyring.ErrUnknown):
		return nil, fmt.Errorf("%w: %w", refusal.Of(refusal.Missing), err)
	case errors.Is(err, store.ErrStale):
		return nil, fmt.Errorf("%w: %w", ErrStale, err)
	case err != nil:
		return nil, failed("change signing keys", err)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "signing keys changed", slog.String("actor", by.Name), slog.String("act", string(act)),
		slog.String("tenant", t.Slug), slog.String("tenant_id", t.ID), slog.String("kid", view.ID))
	k := keyOf(view)
	return &k, nil
}
