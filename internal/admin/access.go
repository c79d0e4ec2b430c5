package admin

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Permission is something that an operator may be allowed to do. Its name is the wire's.
type Permission string

// The permissions.
const (
	TenantsRead     Permission = "tenants.read" // with their configuration, its secrets masked
	TenantsCreate   Permission = "tenants.create"
	TenantsChange   Permission = "tenants.change"
	TenantsSuspend  Permission = "tenants.suspend" // and resume
	TenantsDelete   Permission = "tenants.delete"  // and restore
	TenantsPurge    Permission = "tenants.purge"
	TenantsExport   Permission = "tenants.export" // everything that a tenant holds
	UsersRead       Permission = "users.read"
	UsersCreate     Permission = "users.create" // and invite
	UsersChange     Permission = "users.change"
	UsersSecure     Permission = "users.secure" // passwords, resets, factors, sessions
	UsersDelete     Permission = "users.delete" // and restore
	UsersErase      Permission = "users.erase"
	UsersImport     Permission = "users.import"
	UsersExport     Permission = "users.export"
	UsersProviders  Permission = "users.provider_tokens" // by which one acts in a user's name elsewhere
	KeysRead        Permission = "keys.read"
	KeysRotate      Permission = "keys.rotate"
	KeysImport      Permission = "keys.import"
	KeysRetire      Permission = "keys.retire"
	MailRead        Permission = "mail.read" // what was sent, without its contents
	MailPreview     Permission = "mail.preview"
	MailSend        Permission = "mail.send" // tests, and again what failed
	MailDelete      Permission = "mail.delete"
	WebhooksRead    Permission = "webhooks.read"
	WebhooksChange  Permission = "webhooks.change" // and replay
	AuditRead       Permission = "audit.read"
	StatsRead       Permission = "stats.read"
	DoctorRun       Permission = "doctor.run"
	SchemaRead      Permission = "schema.read"
	SelfRead        Permission = "self.read" // everybody's, of themselves
	OperatorsRead   Permission = "operators.read"
	OperatorsChange Permission = "operators.change"
	TokensRead      Permission = "tokens.read"
	TokensChange    Permission = "tokens.change"
)

// platform are the permissions that concern no single tenant: nobody has them by a grant for one.
var platform = []Permission{TenantsCreate, TenantsPurge, OperatorsRead, OperatorsChange, TokensRead, TokensChange}

// Role is what an operator is trusted with.
type Role string

// The roles, from the most to the least trusted.
const (
	Owner     Role = "owner"
	Admin     Role = "admin"
	Developer Role = "developer"
	Support   Role = "support"
	Viewer    Role = "viewer"
)

// reading is what every role may do.
var reading = []Permission{TenantsRead, UsersRead, KeysRead, MailRead, WebhooksRead, AuditRead, StatsRead, SchemaRead, SelfRead, DoctorRun}

// roles say what each role may do.
var roles = map[Role][]Permission{
	Viewer: reading,
	Support: slices.Concat(reading, []Permission{
		UsersCreate, UsersChange, UsersSecure, MailPreview, MailSend,
	}),
	Developer: slices.Concat(reading, []Permission{
		TenantsChange, KeysRotate, KeysImport, KeysRetire, MailPreview, MailSend, MailDelete, WebhooksChange,
	}),
	Admin: slices.Concat(reading, []Permission{
		TenantsCreate, TenantsChange, TenantsSuspend, TenantsDelete, TenantsExport,
		UsersCreate, UsersChange, UsersSecure, UsersDelete, UsersErase, UsersImport, UsersExport, UsersProviders,
		KeysRotate, KeysImport, KeysRetire, MailPreview, MailSend, MailDelete, WebhooksChange, OperatorsRead, TokensRead, TokensChange,
	}),
	Owner: slices.Concat(reading, []Permission{
		TenantsCreate, TenantsChange, TenantsSuspend, TenantsDelete, TenantsPurge, TenantsExport,
		UsersCreate, UsersChange, UsersSecure, UsersDelete, UsersErase, UsersImport, UsersExport, UsersProviders,
		KeysRotate, KeysImport, KeysRetire, MailPreview, MailSend, MailDelete, WebhooksChange,
		OperatorsRead, OperatorsChange, TokensRead, TokensChange,
	}),
}

// Permissions are all that there are, by name: those of an owner.
func Permissions() []Permission {
	all := slices.Clone(roles[Owner])
	slices.Sort(all)
	return all
}

// Grant gives an operator or a token a role: with one tenant or, where TenantID is "", with all of them and the platform.
type Grant struct {
	Role     Role   `json:"role"`
	TenantID string `json:"tenant_id"`
}

// Actor is who does something, and what they may do.
type Actor struct {
	Kind   store.ActorKind
	ID     string // of the operator or the token; "" for the emergency token
	Name   string // such as admin-token; never a secret
	Grants []Grant
	Scopes []Permission // what a token is narrowed to; nil: to nothing

	// Of a token: the operator whom it may never do more than, what that one has now, and when the token ends.
	ownerID string
	owned   []Grant
	expires time.Time

	// From where they do it.
	IP        string
	UserAgent string
	RequestID string
}

// BreakGlass is whoever has the emergency token, VESTIBULE_ADMIN_TOKEN: an owner, of whom nothing more is known. That it was used is
// noted, once a minute for each address, whatever it was used for.
func (s *Service) BreakGlass(ctx context.Context, ip, userAgent, requestID string) (Actor, error) {
	by := Actor{
		Kind: store.ByBreakGlass, Name: "admin-token", Grants: []Grant{{Role: Owner}}, IP: ip, UserAgent: userAgent, RequestID: requestID,
	}
	if !s.breakGlass.due(ip, s.clock.Now()) {
		return by, nil
	}
	e, err := s.event(by, store.BreakGlassUsed, "", nil)
	if err == nil {
		err = s.store.For(system).One(func(tx *store.Tx) error { return tx.AddEvent(ctx, e) })
	}
	if err != nil {
		s.breakGlass.forget(ip)
		return by, failed("note the use of the emergency token", err)
	}
	return by, nil
}

// noted remembers when something was noted of an address. It is small: only who has the emergency token gets into it.
type noted struct {
	mu sync.Mutex
	at map[string]time.Time
}

// due reports whether it is to be noted now, and takes it that it is.
func (n *noted) due(ip string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at, ok := n.at[ip]; ok && now.Sub(at) < noteUse {
		return false
	}
	if n.at == nil || len(n.at) > 1000 {
		n.at = map[string]time.Time{}
	}
	n.at[ip] = now
	return true
}

func (n *noted) forget(ip string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.at, ip)
}

// May reports whether the actor may do something with a tenant or, with tenantID "", with the platform. What is not granted is refused.
// The tenant of the operators themselves is the owners': whoever could change its people could become any of them.
func (a Actor) May(p Permission, tenantID string) bool {
	return (a.Scopes == nil || p == SelfRead || slices.Contains(a.Scopes, p)) && allow(a.Grants, p, tenantID) &&
		(a.ownerID == "" || allow(a.owned, p, tenantID))
}

func allow(grants []Grant, p Permission, tenantID string) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool {
		switch {
		case !slices.Contains(roles[g.Role], p):
			return false
		case tenantID == SystemID:
			return g.Role == Owner && g.TenantID == ""
		case g.TenantID == "":
			return true
		default:
			return g.TenantID == tenantID && !slices.Contains(platform, p)
		}
	})
}

// cover refuses to give away what the actor does not have: every permission of the grants, as far as scopes leave it, with the same
// tenant.
func (a Actor) cover(grants []Grant, scopes []Permission) error {
	for _, g := range grants {
		for _, p := range roles[g.Role] {
			if scopes != nil && !slices.Contains(scopes, p) || g.TenantID != "" && slices.Contains(platform, p) {
				continue
			}
			// An owner's reach into the operators' own tenant goes with the role.
			if !a.May(p, g.TenantID) || g.Role == Owner && g.TenantID == "" && !a.May(p, SystemID) {
				return &refusal.Refusal{Kind: refusal.Forbidden, Details: []refusal.Detail{{
					Message: fmt.Sprintf("you cannot give the role %s, since you do not have %s yourself", g.Role, p), Code: refusal.Malformed, Param: "grants",
				}}}
			}
		}
	}
	return nil
}

// owner is the operator whom a token that the actor makes may never do more than, or "".
func (a Actor) owner() string {
	if a.Kind == store.ByOperator {
		return a.ID
	}
	return a.ownerID
}

// Everywhere reports whether the actor has a role with all tenants, so that there is none that must be hidden from them.
func (a Actor) Everywhere() bool {
	all := func(g Grant) bool { return g.TenantID == "" }
	return slices.ContainsFunc(a.Grants, all) && (a.ownerID == "" || slices.ContainsFunc(a.owned, all))
}

// anything reports whether the actor may do anything at all with a tenant.
func (a Actor) anything(tenantID string) bool {
	return slices.ContainsFunc(roles[Owner], func(p Permission) bool { return p != SelfRead && a.May(p, tenantID) })
}

// Tenants are the ids of the tenants with which the actor may do something, unless it is all of them.
func (a Actor) Tenants(p Permission) (ids []string, all bool) {
	if a.May(p, "") {
		return nil, true
	}
	for _, g := range slices.Concat(a.Grants, a.owned) {
		if g.TenantID != "" && a.May(p, g.TenantID) && !slices.Contains(ids, g.TenantID) {
			ids = append(ids, g.TenantID)
		}
	}
	return ids, false
}

// Admit refuses who may not do something with the platform.
func (s *Service) Admit(by Actor, p Permission) error {
	if !by.May(p, "") {
		return refusal.Of(refusal.Forbidden)
	}
	return nil
}

// AdmitTo refuses who may not do something with a tenant. Whoever may do nothing with it is told what they are told of one that does not
// exist.
func (s *Service) AdmitTo(ctx context.Context, by Actor, p Permission, slug string) error {
	if slug != SystemSlug && by.May(p, "") {
		return nil
	}
	rec, err := s.record(ctx, slug)
	switch {
	case err != nil:
		return err
	case by.May(p, rec.ID):
		return nil
	case by.Everywhere() || by.anything(rec.ID):
		return refusal.Of(refusal.Forbidden)
	default:
		return refusal.Of(refusal.Missing)
	}
}

// AdmitSomewhere refuses who may do something nowhere.
func (s *Service) AdmitSomewhere(by Actor, p Permission) error {
	if ids, all := by.Tenants(p); all || len(ids) > 0 {
		return nil
	}
	return refusal.Of(refusal.Forbidden)
}

// system is the tenant whose users are the operators, as far as the store needs it.
var system = &tenants.Tenant{ID: SystemID, Slug: SystemSlug}

// The tenant whose users are the operators.
const (
	SystemID   = tenants.SystemID
	SystemSlug = tenants.SystemSlug
)
