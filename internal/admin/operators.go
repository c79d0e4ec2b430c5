package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// ErrWeak says that an operator is signed in by one factor alone, which is not enough here.
var ErrWeak = errors.New("admin: a second factor is needed")

// ActorOfSession is the operator whom a browser is signed in as: a user of the operators' tenant ("" for nobody), and whether a second
// factor or a passkey was shown, without which it is ErrWeak. Somebody without a grant is Forbidden.
func (s *Service) ActorOfSession(ctx context.Context, userID string, strong bool) (Actor, error) {
	if userID == "" {
		return Actor{}, refusal.Of(refusal.Unauthenticated)
	}
	o, err := s.store.Operator(ctx, userID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Actor{}, fmt.Errorf("%w: whoever is signed in is no operator", refusal.Of(refusal.Forbidden))
	case err != nil:
		return Actor{}, failed("read operator", err)
	case !o.Active:
		return Actor{}, refusal.Of(refusal.Unauthenticated)
	case !strong:
		return Actor{}, ErrWeak
	}
	return Actor{Kind: store.ByOperator, ID: o.ID, Name: o.Email, Grants: granted(o.Grants)}, nil
}

// Me is what an actor may know of themselves: who they are taken for, and what they may do.
type Me struct {
	Kind        store.ActorKind `json:"kind"` // operator, token or break_glass
	ID          *string         `json:"id"`   // of the operator or the token
	Name        string          `json:"name"`
	Grants      []GrantView     `json:"grants"`
	Permissions []Permission    `json:"permissions"` // with the platform and all tenants
	Tenants     []MyTenant      `json:"tenants"`     // what more there is with single tenants
}

// MyTenant is a tenant with which an actor may do more than with all others.
type MyTenant struct {
	Tenant      *string      `json:"tenant"` // its slug
	TenantID    string       `json:"tenant_id"`
	Permissions []Permission `json:"permissions"`
}

// Me is what an actor may know of themselves.
func (s *Service) Me(ctx context.Context, by Actor) (*Me, error) {
	names := slugs{}
	grants, err := s.grantViews(ctx, names, stored(by.Grants))
	if err != nil {
		return nil, err
	}
	me := &Me{Kind: by.Kind, ID: orNil(by.ID), Name: by.Name, Grants: grants, Permissions: by.permissions(""), Tenants: []MyTenant{}}
	for _, g := range by.Grants {
		if g.TenantID != "" {
			me.Tenants = append(me.Tenants, MyTenant{Tenant: orNil(names[g.TenantID]), TenantID: g.TenantID, Permissions: by.permissions(g.TenantID)})
		}
	}
	return me, nil
}

// permissions are all that the actor has with a tenant or, with "", with the platform.
func (a Actor) permissions(tenantID string) []Permission {
	all := []Permission{}
	for _, p := range roles[Owner] {
		if a.May(p, tenantID) {
			all = append(all, p)
		}
	}
	return all
}

// Operator is an operator as operators see one.
type Operator struct {
	ID           string      `json:"id"` // of the user in the operators' own tenant
	Email        string      `json:"email"`
	Name         string      `json:"name"`
	Active       bool        `json:"active"`
	SecondFactor bool        `json:"second_factor"` // has one; without it nobody gets far
	Grants       []GrantView `json:"grants"`
	CreatedAt    time.Time   `json:"created_at"`
	LastLoginAt  *time.Time  `json:"last_login_at"`
	Link         string      `json:"invitation_url,omitempty"` // to set a password by: only in answer to the emergency token
}

// errLastOwner keeps the platform from being left without an owner.
var errLastOwner = &refusal.Refusal{Kind: refusal.Conflict, Details: []refusal.Detail{{
	Message: "this is the last owner: make another one first", Code: refusal.Malformed, Param: "grants",
}}}

// Operators are all operators, by their address.
func (s *Service) Operators(ctx context.Context) ([]Operator, error) {
	rows, err := s.store.Operators(ctx)
	if err != nil {
		return nil, failed("list operators", err)
	}
	names := slugs{}
	all := make([]Operator, len(rows))
	for i := range rows {
		if all[i], err = s.operatorView(ctx, names, &rows[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Operator is the operator of that id.
func (s *Service) Operator(ctx context.Context, id string) (*Operator, error) {
	if !flows.ValidID(id) {
		return nil, refusal.Of(refusal.Missing)
	}
	o, err := s.store.Operator(ctx, id)
	if err != nil {
		return nil, failed("read operator", err)
	}
	v, err := s.operatorView(ctx, slugs{}, o)
	return &v, err
}

func (s *Service) operatorView(ctx context.Context, names slugs, o *store.Operator) (Operator, error) {
	grants, err := s.grantViews(ctx, names, o.Grants)
	return Operator{
		ID: o.ID, Email: o.Email, Name: o.Name, Active: o.Active, SecondFactor: o.Factors.Second(), Grants: grants,
		CreatedAt: o.CreatedAt.UTC(), LastLoginAt: atOrNull(o.LastLoginAt),
	}, err
}

// CreateOperator makes an operator, and mails a link to set a password. It reads a JSON object with email, grants and, if wanted, name.
// An account that the address has already, as after an operator was removed, is taken up again. Nobody can give more than they have.
func (s *Service) CreateOperator(ctx context.Context, by Actor, doc json.RawMessage) (*Operator, error) {
	var f faults
	given := f.members(doc, []string{"email", "name", "grants"})
	in := flows.NewAccount{Invited: true, EmailVerified: true}
	in.Email = f.text("email", orText(given["email"]))
	if raw, ok := given["name"]; ok {
		in.Name = f.label("name", raw)
	}
	grants, err := s.readGrants(ctx, &f, given["grants"])
	if err != nil {
		return nil, err
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := by.cover(grants, nil); err != nil {
		return nil, err
	}
	desk, t, err := s.desk(ctx, by, SystemSlug)
	if err != nil {
		return nil, err
	}
	id, err := desk.Create(ctx, in)
	if refused, ok := refusal.As(err); ok && refused.Kind == refusal.Invalid {
		if id, err = s.takeUp(ctx, t, desk, in.Email, err); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, told("create operator", err)
	}
	if err := s.setGrants(ctx, by, store.OperatorCreated, id, grants); err != nil {
		return nil, err
	}
	o, err := s.Operator(ctx, id)
	if err == nil && by.Kind == store.ByBreakGlass {
		o.Link, err = desk.Link(ctx, id)
	}
	return o, told("make a link", err)
}

// takeUp finds the account that an address has already, and sends it a link; otherwise why is the error, which is told.
func (s *Service) takeUp(ctx context.Context, t *tenants.Tenant, desk *flows.Desk, email string, why error) (id string, err error) {
	held, err := s.store.For(t).AccountsByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if err != nil {
		return "", failed("read account", err)
	}
	if len(held) == 0 || !held[0].Address.Verified {
		return "", told("create operator", why)
	}
	if !held[0].Active {
		if err := desk.Reactivate(ctx, held[0].ID); err != nil {
			return "", told("reactivate operator", err)
		}
	}
	return held[0].ID, told("send link", desk.SendLink(ctx, held[0].ID))
}

// ChangeOperator gives an operator other grants in place of those before. It reads a JSON object with grants. Sessions go on: what they
// may do is asked for at each request.
func (s *Service) ChangeOperator(ctx context.Context, by Actor, id string, doc json.RawMessage) (*Operator, error) {
	if _, err := s.Operator(ctx, id); err != nil {
		return nil, err
	}
	var f faults
	grants, err := s.readGrants(ctx, &f, f.members(doc, []string{"grants"})["grants"])
	if err != nil {
		return nil, err
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := by.cover(grants, nil); err != nil {
		return nil, err
	}
	if err := s.setGrants(ctx, by, store.OperatorChanged, id, grants); err != nil {
		return nil, err
	}
	return s.Operator(ctx, id)
}

// RemoveOperator takes all grants from an operator and deactivates the account, which ends its sessions and tokens at once.
func (s *Service) RemoveOperator(ctx context.Context, by Actor, id string) error {
	if _, err := s.Operator(ctx, id); err != nil {
		return err
	}
	return s.setGrants(ctx, by, store.OperatorRemoved, id, nil)
}

// setGrants writes an operator's grants; with none it deactivates the account. Only the emergency token leaves no owner behind.
func (s *Service) setGrants(ctx context.Context, by Actor, act store.Action, id string, grants []Grant) error {
	o, err := s.store.Operator(ctx, id)
	if errors.Is(err, store.ErrNotFound) { // they become one
		o, err = &store.Operator{}, nil
	}
	if err != nil {
		return failed("read operator", err)
	}
	before, err := s.grantViews(ctx, slugs{}, o.Grants)
	if err != nil {
		return err
	}
	after, err := s.grantViews(ctx, slugs{}, stored(grants))
	if err != nil {
		return err
	}
	e, err := s.event(by, act, "operator/"+id, map[string]any{"before": map[string]any{"grants": before}, "after": map[string]any{"grants": after}})
	if err != nil {
		return err
	}
	e.UserID = id
	err = s.store.For(system).Do(ctx, func(tx *store.Tx) error {
		was, err := tx.HoldOwners(ctx, string(Owner))
		if err == nil {
			err = tx.SetGrants(ctx, id, stored(grants), e.At)
		}
		if err == nil && len(grants) == 0 {
			err = tx.RevokeAPITokensOf(ctx, id, e.At)
		}
		if err == nil && len(grants) == 0 && o.Active { // one who is not already has no sessions
			err = tx.Deactivate(ctx, id)
		}
		if err != nil {
			return err
		}
		left, err := tx.HoldOwners(ctx, string(Owner))
		if err == nil && left == 0 && was > 0 && by.Kind != store.ByBreakGlass {
			err = errLastOwner
		}
		return errors.Join(err, tx.AddEvent(ctx, e))
	})
	if _, ok := refusal.As(err); ok || err == nil {
		return err
	}
	if errors.Is(err, store.ErrStale) {
		return fmt.Errorf("save grants: %w: %w", ErrStale, err)
	}
	return failed("save grants", err)
}
