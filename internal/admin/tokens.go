package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// TokenPrefix is what API tokens begin with, so that one that leaked is known for what it is.
const TokenPrefix = "vestibule_"

// The bounds of an API token.
const (
	MaxTokenName = 100 // characters
	MaxTokenLife = 366 * 24 * time.Hour
	tokenLife    = 90 * 24 * time.Hour // where nothing is said
	maxGrants    = 100
)

// noteUse is how often it is noted that a token was used.
const noteUse = time.Minute

// GrantView is a grant as operators see it.
type GrantView struct {
	Role     Role    `json:"role"`
	Tenant   *string `json:"tenant"`    // its slug; null for the platform and all tenants
	TenantID *string `json:"tenant_id"` // likewise
}

// APIToken is an API token as operators see it.
type APIToken struct {
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	Grants     []GrantView  `json:"grants"`
	Scopes     []Permission `json:"scopes"`   // the permissions that it is narrowed to; null: to nothing
	OwnerID    *string      `json:"owner_id"` // the operator whom it may never do more than; null for nobody
	CreatedBy  string       `json:"created_by"`
	CreatedAt  time.Time    `json:"created_at"`
	ExpiresAt  time.Time    `json:"expires_at"`
	LastUsedAt *time.Time   `json:"last_used_at"`
	LastUsedIP string       `json:"last_used_ip"`
	Secret     string       `json:"token,omitempty"` // the token itself: only in the answer that it is made with
}

// Tokens are the API tokens that were not revoked, the latest first.
func (s *Service) Tokens(ctx context.Context) ([]APIToken, error) {
	rows, err := s.store.APITokens(ctx)
	if err != nil {
		return nil, failed("list API tokens", err)
	}
	names := slugs{}
	all := make([]APIToken, len(rows))
	for i := range rows {
		if all[i], err = s.tokenView(ctx, names, &rows[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Service) tokenView(ctx context.Context, names slugs, k *store.APIToken) (APIToken, error) {
	grants, err := s.grantViews(ctx, names, k.Grants)
	t := APIToken{
		ID: k.ID, Name: k.Name, Grants: grants, OwnerID: orNil(k.OwnerID), CreatedBy: k.CreatedBy, CreatedAt: k.CreatedAt.UTC(),
		ExpiresAt: k.ExpiresAt.UTC(), LastUsedAt: atOrNull(k.LastUsedAt), LastUsedIP: k.LastUsedIP, Scopes: scopesOf(k),
	}
	return t, err
}

// CreateToken makes an API token, which is shown here and never again. It reads a JSON object with name, grants (role and, unless it is
// for the platform, tenant), and if wanted scopes and expires_at (RFC 3339; in 90 days unless it is said, in a year at most). Nobody
// can give a token more than they have, nor a longer life than their own token has.
func (s *Service) CreateToken(ctx context.Context, by Actor, doc json.RawMessage) (*APIToken, error) {
	var f faults
	given := f.members(doc, []string{"name", "grants", "scopes", "expires_at"})
	k := &store.APIToken{ID: secret.NewID(), OwnerID: by.owner(), CreatedBy: by.Name, CreatedAt: s.clock.Now()}
	k.Name = f.label("name", given["name"])
	grants, err := s.readGrants(ctx, &f, given["grants"])
	if err != nil {
		return nil, err
	}
	scopes := f.scopes(given["scopes"])
	k.ExpiresAt = f.expiry(given["expires_at"], k.CreatedAt, by.expires)
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := by.cover(grants, scopes); err != nil {
		return nil, err
	}
	if scopes != nil {
		k.Scopes = []string{} // none is not the same as all
	}
	for _, p := range scopes {
		k.Scopes = append(k.Scopes, string(p))
	}
	k.Grants = stored(grants)
	if by.Kind == store.ByToken {
		k.ParentID = by.ID
	}
	token := TokenPrefix + secret.Token()
	k.Digest = secret.Digest(token)
	view, err := s.tokenView(ctx, slugs{}, k)
	if err != nil {
		return nil, err
	}
	e, err := s.event(by, store.TokenCreated, "token/"+k.ID, map[string]any{"after": map[string]any{
		"name": k.Name, "grants": view.Grants, "scopes": view.Scopes, "expires_at": view.ExpiresAt,
	}})
	if err != nil {
		return nil, err
	}
	err = s.store.For(system).Do(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.AddAPIToken(ctx, k), tx.SetGrants(ctx, k.ID, k.Grants, k.CreatedAt), tx.AddEvent(ctx, e))
	})
	if err != nil {
		return nil, failed("create API token", err)
	}
	view.Secret = token
	return &view, nil
}

// RevokeToken has a token be good for nothing, from the next request on, and with it every token that it made. Nobody revokes a token
// that they could not make.
func (s *Service) RevokeToken(ctx context.Context, by Actor, id string) error {
	all, err := s.store.APITokens(ctx)
	if err != nil {
		return failed("list API tokens", err)
	}
	i := slices.IndexFunc(all, func(k store.APIToken) bool { return k.ID == id })
	if i < 0 {
		return refusal.Of(refusal.Missing)
	}
	if own := all[i].OwnerID != "" && all[i].OwnerID == by.owner(); !own {
		if err := by.cover(granted(all[i].Grants), scopesOf(&all[i])); err != nil {
			return refusal.Of(refusal.Forbidden)
		}
	}
	e, err := s.event(by, store.TokenRevoked, "token/"+id, nil)
	if err != nil {
		return err
	}
	err = s.store.For(system).Do(ctx, func(tx *store.Tx) error {
		if err := tx.RevokeAPIToken(ctx, id, s.clock.Now()); err != nil {
			return err
		}
		return tx.AddEvent(ctx, e)
	})
	if err != nil {
		return failed("revoke API token", err)
	}
	return nil
}

// ActorOfToken is whoever shows an API token from an address. What is no token, or none any more, is Unauthenticated.
func (s *Service) ActorOfToken(ctx context.Context, token, ip string) (Actor, error) {
	if !strings.HasPrefix(token, TokenPrefix) {
		return Actor{}, refusal.Of(refusal.Unauthenticated)
	}
	k, owner, err := s.store.APITokenByDigest(ctx, secret.Digest(token))
	now := s.clock.Now()
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Actor{}, fmt.Errorf("%w: %w", refusal.Of(refusal.Unauthenticated), err)
	case err != nil:
		return Actor{}, failed("read API token", err)
	case !now.Before(k.ExpiresAt):
		return Actor{}, fmt.Errorf("%w: the token has expired", refusal.Of(refusal.Unauthenticated))
	}
	if k.LastUsedAt.Before(now.Add(-noteUse)) {
		if err := s.store.UseAPIToken(ctx, k.ID, ip, now, now.Add(-noteUse)); err != nil {
			return Actor{}, failed("note the use of an API token", err)
		}
	}
	a := Actor{Kind: store.ByToken, ID: k.ID, Name: k.Name, Grants: granted(k.Grants), ownerID: k.OwnerID, owned: granted(owner), expires: k.ExpiresAt}
	a.Scopes = scopesOf(k)
	return a, nil
}

// scopesOf are the permissions that a token is narrowed to; nil: to nothing.
func scopesOf(k *store.APIToken) []Permission {
	if k.Scopes == nil {
		return nil
	}
	all := []Permission{}
	for _, p := range k.Scopes {
		all = append(all, Permission(p))
	}
	return all
}

// label reads a name that people give to a thing of theirs.
func (f *faults) label(path string, raw json.RawMessage) string {
	if raw == nil {
		f.add(path, "is needed")
		return ""
	}
	text := f.text(path, raw)
	if !f.has(path) && (!utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxTokenName || strings.TrimSpace(text) != text ||
		text == "" || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })) {
		f.add(path, "must be 1 to %d printable characters, with no space at either end", MaxTokenName)
	}
	return text
}

// scopes reads the permissions that a token is narrowed to; nil: to nothing.
func (f *faults) scopes(raw json.RawMessage) []Permission {
	if raw == nil || string(raw) == "null" {
		return nil
	}
	all := []Permission{}
	names := f.texts("scopes", raw)
	if len(names) == 0 && !f.has("scopes") {
		f.add("scopes", "must list at least one permission; leave it out for all that the grants give")
	}
	for i, name := range names {
		p := Permission(name)
		if !slices.Contains(roles[Owner], p) {
			f.add(fmt.Sprintf("scopes[%d]", i), "is no permission; they are %s", permissionNames())
		}
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

func permissionNames() string {
	var all []string
	for _, p := range Permissions() {
		all = append(all, string(p))
	}
	return strings.Join(all, ", ")
}

// expiry reads when a token expires: by then at the latest, if that is not zero.
func (f *faults) expiry(raw json.RawMessage, now, latest time.Time) time.Time {
	most := now.Add(MaxTokenLife)
	if !latest.IsZero() && latest.Before(most) {
		most = latest
	}
	if raw == nil {
		if at := now.Add(tokenLife); at.Before(most) {
			return at
		}
		return most
	}
	text := f.text("expires_at", raw)
	if f.has("expires_at") {
		return now
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || !at.After(now) || at.After(most) {
		f.add("expires_at", "must be a time to come, by %s at the latest, such as %s",
			most.UTC().Format(time.RFC3339), now.Add(min(tokenLife, most.Sub(now))).UTC().Format(time.RFC3339))
	}
	return at
}

// readGrants reads a list of grants. Tenants are named by their slug.
func (s *Service) readGrants(ctx context.Context, f *faults, raw json.RawMessage) ([]Grant, error) {
	var list []json.RawMessage
	if raw == nil || json.Unmarshal(raw, &list) != nil || len(list) == 0 || len(list) > maxGrants {
		f.add("grants", "must list 1 to %d grants, such as {\"role\": \"viewer\"} or {\"role\": \"admin\", \"tenant\": \"acme\"}", maxGrants)
		return nil, nil
	}
	var grants []Grant
	for i, one := range list {
		at := fmt.Sprintf("grants[%d]", i)
		g, err := s.readGrant(ctx, f, at, one)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(grants, func(other Grant) bool { return other.TenantID == g.TenantID }) {
			f.add(at, "is for the same tenant as another")
		}
		grants = append(grants, g)
	}
	return grants, nil
}

func (s *Service) readGrant(ctx context.Context, f *faults, at string, raw json.RawMessage) (g Grant, err error) {
	var below faults
	given := below.members(raw, []string{"role", "tenant"})
	g.Role = Role(below.text("role", orText(given["role"])))
	if _, known := roles[g.Role]; !known {
		below = slices.DeleteFunc(below, func(fault Fault) bool { return fault.Path == "role" })
		below.add("role", "must be owner, admin, developer, support or viewer")
	}
	if of, ok := given["tenant"]; ok && string(of) != "null" {
		slug := below.text("tenant", of)
		var rec *store.TenantRecord
		if !below.has("tenant") {
			rec, err = s.record(ctx, slug)
		}
		switch refused, ok := refusal.As(err); {
		case ok && refused.Kind == refusal.Missing:
			below.add("tenant", "is no tenant")
		case err != nil:
			return g, err
		case rec != nil && rec.ID == SystemID:
			below.add("tenant", "is the operators' own: leave it out, and give the role owner")
		case rec != nil:
			g.TenantID = rec.ID
		}
	}
	for _, fault := range below {
		f.add(inside(at, fault.Path), "%s", fault.Message)
	}
	return g, nil
}

// orText is raw, or an empty text.
func orText(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage(`""`)
	}
	return raw
}

// slugs remembers what tenants go by.
type slugs map[string]string

func (s *Service) grantViews(ctx context.Context, names slugs, grants []store.Grant) ([]GrantView, error) {
	all := make([]GrantView, len(grants))
	for i, g := range grants {
		all[i].Role = Role(g.Role)
		if g.TenantID == "" {
			continue
		}
		if _, known := names[g.TenantID]; !known {
			t, err := s.store.TenantByID(ctx, g.TenantID)
			switch {
			case errors.Is(err, tenants.ErrUnknown):
				names[g.TenantID] = ""
			case err != nil:
				return nil, failed("read tenant", err)
			default:
				names[g.TenantID] = t.Slug
			}
		}
		all[i].Tenant, all[i].TenantID = orNil(names[g.TenantID]), orNil(g.TenantID)
	}
	return all, nil
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// stored is grants as they are stored.
func stored(grants []Grant) []store.Grant {
	all := make([]store.Grant, len(grants))
	for i, g := range grants {
		all[i] = store.Grant{Role: string(g.Role), TenantID: g.TenantID}
	}
	return all
}

// granted is stored, the other way round.
func granted(grants []store.Grant) []Grant {
	all := make([]Grant, len(grants))
	for i, g := range grants {
		all[i] = Grant{Role: Role(g.Role), TenantID: g.TenantID}
	}
	return all
}
