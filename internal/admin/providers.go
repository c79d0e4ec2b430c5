package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// ProviderApp is one of a tenant's apps at identity providers, as operators see it. Its secrets are never shown.
type ProviderApp struct {
	Provider    string `json:"provider"`
	ProviderID  string `json:"provider_id"` // what the API's paths and forms call it
	Name        string `json:"name"`
	ClientID    string `json:"client_id"`
	HasSecret   bool   `json:"has_secret"`
	Hidden      bool   `json:"hidden"`
	CallbackURL string `json:"callback_url"`
	MetadataURL string `json:"metadata_url,omitempty"` // of a provider that speaks SAML alone
	Testable    bool   `json:"testable"`
}

// ProviderTest is what came of trying an app out.
type ProviderTest struct {
	Provider   string         `json:"provider"`
	ProviderID string         `json:"provider_id"`
	ClientID   string         `json:"client_id"`
	Steps      []ProviderStep `json:"steps"`
	DurationMS int64          `json:"duration_ms"`
}

// ProviderStep is one thing that was tried.
type ProviderStep struct {
	Step    string `json:"step"` // discovery, issuer, keys or credentials
	Level   Level  `json:"level"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"` // what to do about it
}

// ProviderTester tries apps at identity providers out. It is package provider's, which this package does not reach.
type ProviderTester interface {
	// Testable reports whether an app can be tried out.
	Testable(a tenants.App) bool
	// Test tries one out.
	Test(ctx context.Context, t *tenants.Tenant, a tenants.App) []ProviderStep
}

// How often a tenant's apps may be tried out: it has the server call addresses that the tenant names.
const (
	triesPerMinute = 10
	triesPerHour   = 60
)

// Providers lists a tenant's apps at identity providers, by provider, and then as they are listed in its settings.
func (s *Service) Providers(ctx context.Context, slug string) ([]ProviderApp, error) {
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	settings, err := tenants.Decode(rec.Document)
	if err != nil {
		return nil, (&faults{{Message: "is not possible: " + unknown + err.Error()}}).err()
	}
	t := tenants.Tenant{Slug: rec.Slug, Hosts: rec.Hosts, Settings: settings}
	all := []ProviderApp{}
	for _, a := range settings.Apps() {
		all = append(all, ProviderApp{
			Provider: a.Provider, ProviderID: a.ID, Name: a.Name, ClientID: a.ClientID, HasSecret: a.Secret.IsSet(), Hidden: a.Settings.Hidden,
			CallbackURL: t.CallbackURL(a), MetadataURL: t.MetadataURL(a), Testable: s.providers != nil && s.providers.Testable(a),
		})
	}
	return all, nil
}

// TestProvider tries one of a tenant's apps out, and tells what came of it. It reads a JSON object with provider, client_id and, where those
// are of several, provider_id. That it does not work is no error.
func (s *Service) TestProvider(ctx context.Context, by Actor, slug string, doc json.RawMessage) (*ProviderTest, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, err
	}
	var f faults
	a := f.app(doc, t.Settings.Apps())
	if s.providers == nil {
		f.add("", "is not possible: this server calls no providers")
	} else if len(f) == 0 && !s.providers.Testable(a) {
		f.add("provider", "is none that this server knows how to try out")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	d, err := s.limiter.Take(ctx, t.ID, []limit.Use{
		{Key: "provider_test:minute", Amount: triesPerMinute, Window: time.Minute}, {Key: "provider_test:hour", Amount: triesPerHour, Window: time.Hour},
	})
	if err != nil {
		return nil, fmt.Errorf("limit tests of providers: %w", err)
	}
	if !d.Allowed {
		return nil, refusal.Later(refusal.Limited, d.RetryAfter)
	}
	// It is written down before anything is sent.
	e, err := s.event(by, store.ProviderTested, "provider/"+a.ID, map[string]any{"provider": a.Provider, "provider_id": a.ID, "client_id": a.ClientID})
	if err != nil {
		return nil, err
	}
	if err := s.store.For(t).One(func(tx *store.Tx) error { return tx.AddEvent(ctx, e) }); err != nil {
		return nil, failed("note test of a provider", err)
	}
	ctx, cancel := context.WithTimeout(ctx, longestTest)
	defer cancel()
	r := &ProviderTest{Provider: a.Provider, ProviderID: a.ID, ClientID: a.ClientID, Steps: s.providers.Test(ctx, t, a)}
	r.DurationMS = s.clock.Now().Sub(e.At).Milliseconds()
	works := !slices.ContainsFunc(r.Steps, func(step ProviderStep) bool { return step.Level == Problem })
	s.log.LogAttrs(ctx, slog.LevelInfo, "provider tested", slog.String("actor", by.Name), slog.String("tenant", t.Slug),
		slog.String("provider", a.ID), slog.Bool("works", works)) // what the provider said is somebody else's text
	return r, nil
}

// app is the app that a document names. Nothing else of it can be said there: what is tried out is what is saved.
func (f *faults) app(doc json.RawMessage, apps []tenants.App) tenants.App {
	given := f.members(doc, []string{"provider", "client_id", "provider_id"})
	said := map[string]string{}
	for _, name := range []string{"provider", "client_id", "provider_id"} {
		raw, ok := given[name]
		switch {
		case ok:
			said[name] = f.text(name, raw)
		case name != "provider_id" && !f.has(""):
			f.add(name, "is needed")
		}
	}
	if len(*f) > 0 {
		return tenants.App{}
	}
	apps = slices.DeleteFunc(apps, func(a tenants.App) bool {
		id, named := said["provider_id"]
		return a.Provider != said["provider"] || a.ClientID != said["client_id"] || named && a.ID != id
	})
	switch {
	case len(apps) == 0:
		f.add("client_id", "is that of none of the tenant's apps at this provider: what is tried out is what is saved")
		return tenants.App{}
	case slices.ContainsFunc(apps, func(a tenants.App) bool { return a.ID != apps[0].ID }):
		f.add("provider_id", "is needed, since several apps have this client_id")
	}
	return apps[0]
}
