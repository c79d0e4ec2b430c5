package app

import (
	"context"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/tenants"
)

// tryProvider has package provider try out what package admin wants to know of.
type tryProvider struct{ *provider.Tester }

func (tryProvider) Testable(a tenants.App) bool { return provider.Testable(a) }

func (p tryProvider) Test(ctx context.Context, t *tenants.Tenant, a tenants.App) []admin.ProviderStep {
	steps := p.Tester.Test(ctx, t, a)
	all := make([]admin.ProviderStep, len(steps))
	for i, s := range steps {
		all[i] = admin.ProviderStep{Step: s.Step, Level: admin.Level(s.Level), Message: s.Message, Remedy: s.Remedy}
	}
	return all
}
