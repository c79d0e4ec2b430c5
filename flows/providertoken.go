package flows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// longestKept is the longest token of a provider that is kept, in bytes. While a signup waits it is in the session, which is read all the time.
const longestKept = 16 << 10

// The two tokens that a provider hands out. They are kept apart: a refresh token stays while access tokens come and go.
const (
	accessToken  = "access"
	refreshToken = "refresh"
)

// keptToken is what is sealed of a token.
type keptToken struct {
	Token     string    `json:"token"`
	ClientID  string    `json:"client_id"` // of the app that it was handed out to
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// keepsTokens reports whether what a provider handed out with an identity is kept: where the tenant wants that, there is anything, and it
// looks like tokens (RFC 6749, appendix A).
func (v *Visit) keepsTokens(id *provider.Identity) bool {
	t := id.Tokens
	return v.Tenant.Settings.SocialAccount.StoreTokens && t != nil && t.Access != "" && fitsToken(t.Access) && fitsToken(t.Refresh)
}

func fitsToken(token string) bool {
	return len(token) <= longestKept && !strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' })
}

// keepTokens has an account with a provider be written with the tokens that this handed out, sealed under the key of the user a. Where the
// tenant keeps none, those that were kept go; where none were handed out this time, they stay, and a may be nil.
func (v *Visit) keepTokens(p *store.ProviderAccount, a *store.Account, app tenants.App, id *provider.Identity) error {
	if !v.Tenant.Settings.SocialAccount.StoreTokens {
		p.Tokens = nil
		return nil
	}
	p.Tokens = &store.ProviderTokens{}
	if !v.keepsTokens(id) {
		return nil
	}
	a.DataKey = v.ownKey(a.ID, a.DataKey)
	keys, err := v.Tenant.UserKeys(a.ID, a.DataKey)
	if err != nil {
		return err
	}
	seal := func(kind string, k keptToken) ([]byte, error) {
		plain, err := json.Marshal(k)
		if err != nil {
			return nil, fmt.Errorf("encode a provider's token: %w", err)
		}
		return keys.Seal(secret.ForProviderToken, tokenContext(kind, a.ID, p.Provider, p.UID), plain), nil
	}
	t := id.Tokens
	if p.Tokens.Access, err = seal(accessToken, keptToken{t.Access, app.ClientID, t.ExpiresAt.UTC()}); err == nil && t.Refresh != "" {
		p.Tokens.Refresh, err = seal(refreshToken, keptToken{Token: t.Refresh, ClientID: app.ClientID})
	}
	return err
}

// tokenContext binds a token to its row and column. Neither what providers are called nor what they call accounts holds a null character.
func tokenContext(kind, userID, provider, uid string) string {
	return strings.Join([]string{kind, userID, provider, uid}, "\x00")
}

// ProviderTokens are the tokens that are kept of an account with a provider, opened. They are secret.
type ProviderTokens struct {
	Access    string
	ClientID  string    // of the app that it was handed out to
	ExpiresAt time.Time // zero where the provider did not say

	Refresh         string // "" for none
	RefreshClientID string
}

// ProviderTokens hands out the tokens that are kept of an account with a provider. That it was done is noted first. Where none are kept, it
// is refused as Missing; a tenant that keeps none any more hands out none from before, either.
func (d *Desk) ProviderTokens(ctx context.Context, userID, provider, uid string) (*ProviderTokens, error) {
	if !d.t.Settings.SocialAccount.StoreTokens || !ValidID(userID) || strings.ContainsRune(provider+uid, 0) {
		return nil, refusal.Of(refusal.Missing)
	}
	var t *ProviderTokens
	err := d.step(ctx, func(v *Visit) error {
		kept, userKey, err := d.s.store.For(d.t).ProviderTokens(ctx, userID, provider, uid)
		if err != nil {
			return missing(err)
		}
		if t, err = openTokens(d.t, &kept, userID, userKey, provider, uid); err != nil {
			return err
		}
		return d.noted(v, store.ProviderTokensRead, userID, map[string]any{"provider": provider})
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func openTokens(t *tenants.Tenant, kept *store.ProviderTokens, userID string, userKey []byte, provider, uid string) (*ProviderTokens, error) {
	keys, err := t.UserKeys(userID, userKey)
	if err != nil {
		return nil, err
	}
	open := func(kind string, sealed []byte) (k keptToken, err error) {
		if sealed == nil {
			return k, nil
		}
		plain, err := keys.Open(secret.ForProviderToken, tokenContext(kind, userID, provider, uid), sealed)
		if err != nil {
			return k, fmt.Errorf("open a provider's token: %w", err)
		}
		if json.Unmarshal(plain, &k) != nil {
			return k, errors.New("a provider's token is kept in a form that is not known")
		}
		return k, nil
	}
	access, err := open(accessToken, kept.Access)
	if err != nil {
		return nil, err
	}
	refresh, err := open(refreshToken, kept.Refresh)
	if err != nil {
		return nil, err
	}
	return &ProviderTokens{access.Token, access.ClientID, access.ExpiresAt, refresh.Token, refresh.ClientID}, nil
}
