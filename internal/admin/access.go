package admin

import (
	"context"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
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
var reading = []Permission{TenantsRead, UsersRead, KeysRead, MailRead, WebhooksRead, AuditRead, StatsRead, SchemaRead, DoctorRun}

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
		UsersCreate, UsersChange, UsersSecure, UsersDelete, UsersErase, UsersImport, UsersExport,
		KeysRotate, KeysImport, KeysRetire, MailPreview, MailSend, MailDelete, WebhooksChange, OperatorsRead, TokensRead, TokensChange,
	}),
	Owner: slices.Concat(reading, []Permission{
		TenantsCreate, TenantsChange, TenantsSuspend, TenantsDelete, TenantsPurge, TenantsExport,
		UsersCreate, UsersChange, UsersSecure, UsersDelete, UsersErase, UsersImport, UsersExport,
		KeysRotate, KeysImport, KeysRetire, MailPreview, MailSend, MailDelete, WebhooksChange,
		OperatorsRead, OperatorsChange, TokensRead, TokensChange,
	}),
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

	// From where they do it.
	IP        string
	UserAgent string
	RequestID string
}

// BreakGlass is whoever has the emergency token, VESTIBULE_ADMIN_TOKEN: an owner, of whom nothing more is known.
func BreakGlass() Actor {
	return Actor{Kind: store.ByBreakGlass, Name: "admin-token", Grants: []Grant{{Role: Owner}}}
}

// May reports whether the actor may do something with a tenant or, with tenantID "", with the platform. What is not granted is refused.
// The tenant of the operators themselves is the owners': whoever could change its people could become any of them.
func (a Actor) May(p Permission, tenantID string) bool {
	if a.Scopes != nil && !slices.Contains(a.Scopes, p) {
		return false
	}
	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
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

// Everywhere reports whether the actor has a role with all tenants, so that there is none that must be hidden from them.
func (a Actor) Everywhere() bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.TenantID == "" })
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
	case by.Everywhere() || slices.ContainsFunc(by.Grants, func(g Grant) bool { return g.TenantID == rec.ID }):
		return refusal.Of(refusal.Forbidden)
	default:
		return refusal.Of(refusal.Missing)
	}
}

// AdmitSomewhere refuses who may do something nowhere.
func (s *Service) AdmitSomewhere(by Actor, p Permission) error {
	if by.May(p, "") || slices.ContainsFunc(by.Grants, func(g Grant) bool { return by.May(p, g.TenantID) }) {
		return nil
	}
	return refusal.Of(refusal.Forbidden)
}

// SystemID is the id of the tenant whose users are the operators. It is the same everywhere, and no other tenant can have it.
const SystemID = "00000000-0000-8000-8000-000000000001"

// SystemSlug is what that tenant goes by.
const SystemSlug = "system"
