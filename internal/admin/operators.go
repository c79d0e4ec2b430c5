package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
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
