package flows

import (
	"context"
	"errors"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The kinds of mail that this file sends. Package post has a template for each.
const (
	mailProviderConnected    = "account_connected"
	mailProviderDisconnected = "account_disconnected"
)

// ProviderAccountView is an account with a provider as its owner sees it.
type ProviderAccountView struct {
	UID      string       `json:"uid"`
	Display  string       `json:"display"`
	Provider ProviderView `json:"provider"`
}

// viewApp is an app of a name as clients see it. One that the tenant has no more is shown by its name alone.
func (s *Service) viewApp(t *tenants.Tenant, id string) ProviderView {
	if a, ok := appOf(t, id, ""); ok {
		if about, ok := s.providers.About(a); ok {
			return viewProvider(about)
		}
	}
	return ProviderView{ID: id, Name: id, Flows: []string{}}
}

// ProviderAccounts are the accounts with providers of whoever is signed in.
func (s *Service) ProviderAccounts(ctx context.Context, v *Visit) ([]ProviderAccountView, error) {
	if v.user == nil {
		return nil, refusal.Of(refusal.Unauthenticated)
	}
	rows, err := s.store.For(v.Tenant).ProviderAccountsOf(ctx, v.user.ID)
	return s.viewProviderAccounts(v.Tenant, rows), err
}

func (s *Service) viewProviderAccounts(t *tenants.Tenant, rows []store.ProviderAccount) []ProviderAccountView {
	all := make([]ProviderAccountView, len(rows))
	for i, p := range rows {
		all[i] = ProviderAccountView{UID: p.UID, Display: p.Display, Provider: s.viewApp(t, p.Provider)}
		if all[i].Display == "" {
			all[i].Display = all[i].Provider.Name
		}
	}
	return all
}

// connect lets whoever is signed in come in by a provider's account, too. One that is somebody else's stays theirs.
func (s *Service) connect(ctx context.Context, v *Visit, app tenants.App, id *provider.Identity) error {
	return s.step(ctx, v, func() error {
		if v.user == nil {
			return refusal.Of(refusal.Forbidden)
		}
		if err := s.recent(v); err != nil {
			return err
		}
		if err := v.useProof(id.Once); err != nil {
			return err
		}
		p := store.ProviderAccount{Provider: app.ID, UID: id.UID, UserID: v.user.ID, Display: shown(id), CreatedAt: v.Now}
		known, err := s.store.For(v.Tenant).ProviderAccount(ctx, p.Provider, p.UID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			// Whom its address would sign in has it already, unless nobody has proved the address: an account that was made with it would
			// keep its owner from connecting.
			switch other, _, err := s.vouchedFor(ctx, v, app, id); {
			case err != nil:
				return err
			case other != nil && other.ID != v.user.ID && other.Address.Verified:
				return refusal.Because("", refusal.ConnectedOther)
			}
			a, err := s.account(ctx, v)
			if err != nil {
				return err
			}
			return s.addProviderAccount(ctx, v, app, id, &p, a)
		case err != nil:
			return err
		case known.UserID != v.user.ID:
			return refusal.Because("", refusal.ConnectedOther)
		}
		var a *store.Account
		if v.keepsTokens(id) {
			if a, err = s.account(ctx, v); err != nil {
				return err
			}
		}
		if err := v.keepTokens(&p, a, app, id); err != nil {
			return err
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.UseProviderAccount(ctx, &p, v.Now) })
		return nil
	})
}

// DisconnectInput names an account with a provider.
type DisconnectInput struct {
	Provider string
	Account  string // what the provider calls it
}

// DisconnectProvider takes an account with a provider from whoever is signed in, and answers with the rest: once it is taken, nothing that
// fails may say that it is not. The last way in stays.
func (s *Service) DisconnectProvider(ctx context.Context, v *Visit, in DisconnectInput) ([]ProviderAccountView, error) {
	if v.user == nil {
		return nil, refusal.Of(refusal.Unauthenticated)
	}
	in.Provider = trim(in.Provider)
	var left []store.ProviderAccount
	err := s.step(ctx, v, func() error {
		if v.user == nil {
			return refusal.Of(refusal.Unauthenticated)
		}
		var f refusal.Faults
		textFaults(&f, "provider", in.Provider, true)
		textFaults(&f, "account", in.Account, true)
		if len(f) > 0 {
			return f.Err()
		}
		all, err := s.store.For(v.Tenant).ProviderAccountsOf(ctx, v.user.ID)
		if err != nil {
			return err
		}
		named := func(p store.ProviderAccount) bool { return p.Provider == in.Provider && p.UID == in.Account }
		if left = slices.DeleteFunc(slices.Clone(all), named); len(left) == len(all) {
			return refusal.Because("", refusal.AccountNotFound)
		}
		a, err := s.account(ctx, v)
		if err != nil {
			return err
		}
		stays := slices.IndexFunc(all, func(p store.ProviderAccount) bool {
			return (p.Provider != in.Provider || p.UID != in.Account) && s.letsIn(v.Tenant, p.Provider)
		})
		if code := v.needsProvider(a); stays < 0 && code != "" {
			return refusal.Because("", code)
		}
		if err := s.recent(v); err != nil {
			return err
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error {
			if stays < 0 {
				return tx.DropProviderAccount(ctx, a.ID, in.Provider, in.Account)
			}
			return tx.DropProviderAccountBeside(ctx, a.ID, in.Provider, in.Account, all[stays])
		})
		v.audit(store.ProviderDisconnected, a.ID, map[string]any{"before": map[string]any{"provider": in.Provider}})
		if !v.Tenant.Settings.Account.EmailNotifications {
			return nil
		}
		to, err := s.emailFor(ctx, v, a)
		if err != nil {
			return err
		}
		return v.notify(a.ID, mailProviderDisconnected, to, map[string]string{"provider": s.providerName(v.Tenant, in.Provider)})
	})
	if err != nil {
		return nil, err
	}
	return s.viewProviderAccounts(v.Tenant, left), nil
}

// letsIn reports whether an account with a provider is a way in: the tenant has an app of the name that front ends show, whose provider this
// server knows. One whose app is gone lets nobody in, and leaving it behind as the last way in would shut its owner out.
func (s *Service) letsIn(t *tenants.Tenant, id string) bool {
	return slices.ContainsFunc(t.Settings.Apps(), func(a tenants.App) bool { return a.ID == id && !a.Settings.Hidden && s.Knows(a) })
}

// needsProvider is why an account cannot do without its last account with a provider; "" where it can.
func (v *Visit) needsProvider(a *store.Account) refusal.Code {
	switch {
	case v.Tenant.Settings.SocialAccount.Only:
		return refusal.DisconnectLast
	case !a.HasPassword:
		return refusal.NoPassword
	case v.Tenant.Settings.Account.EmailVerification == tenants.VerificationMandatory && !a.AnyVerified:
		return refusal.NoVerifiedEmail
	default:
		return ""
	}
}
