package app

import (
	"encoding/json"
	"fmt"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/headless"
	"github.com/vestibule-auth/vestibule/tenants"
)

// previewSignIn tells package admin what package headless tells front ends.
func (a *App) previewSignIn(t *tenants.Tenant) (all admin.SignInClients, err error) {
	for _, o := range headless.Offers(a.Flows, t) {
		one := &admin.SignInOffer{AfterLogin: stepTo(o.AfterLogin)}
		if one.Config, err = json.Marshal(o.Config); err != nil {
			return all, fmt.Errorf("write the configuration: %w", err)
		}
		if one.Unauthenticated, err = json.Marshal(o.Nobody); err != nil {
			return all, fmt.Errorf("write the flows: %w", err)
		}
		if t.Settings.Account.SignupEnabled {
			after := stepTo(o.AfterSignup)
			one.AfterSignup = &after
		}
		switch o.Client {
		case flows.Browser:
			all.Browser = one
		case flows.App:
			all.App = one
		}
	}
	return all, nil
}

func stepTo(stage flows.Stage) (s admin.SignInStep) {
	if stage != flows.Done {
		id := string(stage)
		s.Pending = &id
	}
	return s
}
