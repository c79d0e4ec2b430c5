package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// systemSettings are what the operators' tenant begins with: nobody signs up, browsers alone sign in, for half a day, and everybody can
// have a second factor. Its cookies have names of their own, since browsers keep those of one host together whatever the port.
func systemSettings(publicURL string) map[string]any {
	return map[string]any{
		"public_url": publicURL,
		"account": map[string]any{
			"signup_enabled": false, "login_methods": []string{"email"}, "signup_fields": []string{"email*", "password1*"},
			"email_verification": "mandatory",
		},
		"headless": map[string]any{"clients": []string{"browser"}},
		"mfa": map[string]any{
			"supported_types": []string{"totp", "recovery_codes", "webauthn"}, "passkey_login_enabled": true,
		},
		"cookies": map[string]any{
			"session_name": "vestibule_operator", "csrf_name": "vestibule_operator_csrf", "samesite": "Strict", "session_age": 12 * 60 * 60,
		},
	}
}

// MakeSystem makes the operators' tenant, if it is not there, and has its public_url be where operators reach their listener. Owners may
// change the rest. Any number of servers may do so at once.
func (s *Service) MakeSystem(ctx context.Context, publicURL string) error {
	rec, err := s.store.TenantRecordBySlug(ctx, SystemSlug)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return s.addSystem(ctx, publicURL)
	case err != nil:
		return failed("read the operators' tenant", err)
	case rec.ID != SystemID:
		return fmt.Errorf("a tenant made by an earlier version has the slug %s, which is the operators' now: delete it", SystemSlug)
	case rec.Unreadable != nil:
		return rec.Unreadable
	}
	patch, err := json.Marshal(map[string]any{"public_url": publicURL})
	if err != nil {
		return fmt.Errorf("encode public_url: %w", err)
	}
	doc, _, err := tenants.ParsePatch(rec.Document, patch)
	if err != nil {
		return fmt.Errorf("the operators' tenant's settings: %w", err)
	}
	if bytes.Equal(doc, rec.Document) {
		return nil
	}
	rec.Document, rec.UpdatedAt = doc, s.clock.Now()
	e, err := s.event(Actor{Kind: store.ByServer}, store.TenantChanged, "tenant/"+SystemSlug, map[string]any{"after": map[string]any{"public_url": publicURL}})
	if err != nil {
		return err
	}
	defer s.forget(rec)
	if err := s.store.SaveTenant(ctx, rec, e); err != nil && !errors.Is(err, store.ErrStale) { // another server was faster
		return failed("save the operators' tenant", err)
	}
	return nil
}

func (s *Service) addSystem(ctx context.Context, publicURL string) error {
	config, err := json.Marshal(systemSettings(publicURL))
	if err != nil {
		return fmt.Errorf("encode the operators' tenant's settings: %w", err)
	}
	doc, settings, err := tenants.ParseNew(config)
	if err == nil {
		err = settings.ValidateHosts(nil)
	}
	if err != nil {
		return fmt.Errorf("the operators' tenant's settings: %w", err)
	}
	rec := &store.TenantRecord{ID: SystemID, Slug: SystemSlug, Name: "Operators", State: tenants.Active, Document: doc, CreatedAt: s.clock.Now()}
	e, err := s.event(Actor{Kind: store.ByServer}, store.TenantCreated, "tenant/"+SystemSlug, nil)
	if err != nil {
		return err
	}
	defer s.forget(rec)
	if err := s.store.AddTenant(ctx, rec, e); err != nil && !errors.Is(err, store.ErrTaken) { // another server was faster
		return failed("add the operators' tenant", err)
	}
	return nil
}
