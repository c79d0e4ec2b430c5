package flows

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// ProviderMetadata describes the tenant to an app's provider that speaks SAML 2.0.
func (s *Service) ProviderMetadata(t *tenants.Tenant, app tenants.App) ([]byte, error) {
	return s.providers.Metadata(t, app)
}

// startOver sends somebody back to a provider where they began by themselves, with a request of ours: what they brought could have been given to
// them by anybody, who would then be signed in here in their place. Where they want to go on to is taken where it is the tenant's own.
func (s *Service) startOver(ctx context.Context, v *Visit, app tenants.App, relay string) (string, error) {
	in := ProviderRedirectInput{Provider: app.ID, Callback: "/", Process: processLogin}
	if ownURL(v.Tenant, relay) {
		in.Callback = relay
	}
	return s.goTo(ctx, v, app, in)
}

// ErrProviderLogout is a provider's request to log somebody out that is not taken.
var ErrProviderLogout = errors.New("the provider's request to log somebody out is not accepted")

// ProviderLogoutInput is such a request: the query that it came in, as it was sent, or else the form.
type ProviderLogoutInput struct {
	Query string
	Form  url.Values
}

// LogoutByProvider ends the sessions of whoever a provider says has logged out there, as far as they came in by that provider: those of the
// account that it names and, whatever it calls the account, this browser's. It is where the browser goes on to. Any request that is not taken is
// ErrProviderLogout.
func (s *Service) LogoutByProvider(ctx context.Context, v *Visit, app tenants.App, in ProviderLogoutInput) (string, error) {
	out, err := s.providers.Logout(ctx, v.Tenant, app, provider.LogoutRequest{Query: in.Query, Form: in.Form})
	if err != nil {
		s.providerFailed(ctx, v, app, err)
		return "", ErrProviderLogout
	}
	err = s.step(ctx, v, func() error {
		if err := v.useProof(&out.Once); err != nil {
			return err
		}
		account, err := s.store.For(v.Tenant).ProviderAccount(ctx, app.ID, out.NameID)
		named := err == nil
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		own, err := v.cameBy(app)
		if err != nil {
			return err
		}
		ended := ""
		if own && !(named && account.UserID != v.user.ID) {
			id := v.session.ID
			ended = id
			v.audit(store.UserLoggedOut, v.user.ID, map[string]any{"provider": app.ID})
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropSession(ctx, id) })
			v.forget()
		}
		if !named {
			return nil
		}
		others, err := s.store.For(v.Tenant).MethodsOf(ctx, account.UserID, v.Now)
		if err != nil {
			return err
		}
		for _, x := range others {
			came, err := cameBy(x.Methods, app.ID, out.NameID)
			if err != nil {
				return err
			}
			if came && x.ID != ended {
				v.auditOf(store.SessionEnded, account.UserID, map[string]any{"session": x.ID, "provider": app.ID})
				v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropSessionOf(ctx, account.UserID, x.ID) })
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, errProvider):
		return "", ErrProviderLogout
	case err != nil:
		return "", err
	}
	return out.Location, nil
}

// cameBy reports whether whoever is signed in came by an app's provider.
func (v *Visit) cameBy(app tenants.App) (bool, error) {
	if v.user == nil {
		return false, nil
	}
	all, err := v.given()
	return slices.ContainsFunc(v.own(all), func(m Method) bool { return m.Provider == app.ID }), err
}

// cameBy reports whether a session's proofs are of a provider's account.
func cameBy(methods []byte, app, uid string) (bool, error) {
	all, err := readMethods(methods)
	return slices.ContainsFunc(all, func(m Method) bool { return m.Provider == app && m.UID == uid }), err
}
