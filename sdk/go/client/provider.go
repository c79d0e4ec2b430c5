package client

import (
	"context"
	"net/http"
)

// Provider is an app with an identity provider.
type Provider struct {
	ID               string   `json:"id"`
	Name             string   `json:"name"`
	Flows            []FlowID `json:"flows"`               // FlowProviderRedirect, FlowProviderToken
	ClientID         string   `json:"client_id,omitempty"` // what the provider calls the app
	ConfigurationURL string   `json:"openid_configuration_url,omitempty"`
}

// ProviderAccount is an account with an identity provider.
type ProviderAccount struct {
	UID      string   `json:"uid"`     // what the provider calls it
	Display  string   `json:"display"` // what people know it by
	Provider Provider `json:"provider"`
}

// Process is what an account with a provider is shown for.
type Process string

// What it may be shown for.
const (
	ProcessLogin   Process = "login"
	ProcessConnect Process = "connect" // with the account that is signed in
)

// ProviderToken is a token that a program got from a provider: an ID token, an access token, or both.
type ProviderToken struct {
	ClientID string `json:"client_id"` // of the app that it was made for
	ID       string `json:"id_token,omitempty"`
	Access   string `json:"access_token,omitempty"`
}

// EnterByProviderToken signs in, signs up or connects by a token of a provider's. Where the provider did not tell enough to make an account
// of, FlowProviderSignup is pending. 400 with invalid_token is a token that is not accepted, with connected_other an account that somebody else
// has; 403 is a signup where nobody may. Connecting may be ErrReauthenticate.
func (c *Client) EnterByProviderToken(ctx context.Context, provider string, process Process, token ProviderToken) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/provider/token", struct {
		Provider string        `json:"provider"`
		Process  Process       `json:"process"`
		Token    ProviderToken `json:"token"`
	}{provider, process, token})
}

// ProviderSignup is what a provider told of somebody whose signup waits for the rest.
type ProviderSignup struct {
	User    User            `json:"user"` // without an id
	Account ProviderAccount `json:"account"`
	Email   []Email         `json:"email"`
}

// LookAtProviderSignup is what is known of whom FlowProviderSignup waits for. 409 says that it does not.
func (c *Client) LookAtProviderSignup(ctx context.Context) (*ProviderSignup, error) {
	return one[ProviderSignup](ctx, c, http.MethodGet, "auth/provider/signup", nil)
}

// ProviderSignupInput is the rest.
type ProviderSignupInput struct {
	Username string `json:"username,omitempty"`
	Email    string `json:"email,omitempty"`
	Email2   string `json:"email2,omitempty"`
	Phone    string `json:"phone,omitempty"`
}

// FinishProviderSignup makes the account that FlowProviderSignup waits for.
func (c *Client) FinishProviderSignup(ctx context.Context, in ProviderSignupInput) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/provider/signup", in)
}

// ProviderAccounts are those of whoever is signed in, oldest first.
func (c *Client) ProviderAccounts(ctx context.Context) ([]ProviderAccount, error) {
	return view[[]ProviderAccount](ctx, c, http.MethodGet, "account/providers", nil)
}

// DisconnectProvider gives one of them up, and answers with the rest. The last way in stays: 400 says why. It may be ErrReauthenticate.
func (c *Client) DisconnectProvider(ctx context.Context, provider, uid string) ([]ProviderAccount, error) {
	return view[[]ProviderAccount](ctx, c, http.MethodDelete, "account/providers", struct {
		Provider string `json:"provider"`
		Account  string `json:"account"`
	}{provider, uid})
}
