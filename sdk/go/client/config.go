package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Configuration is what the tenant offers.
type Configuration struct {
	Account struct {
		LoginMethods            []string `json:"login_methods"` // of "email", "username", "phone"
		OpenForSignup           bool     `json:"is_open_for_signup"`
		EmailVerificationByCode bool     `json:"email_verification_by_code_enabled"`
		LoginByCode             bool     `json:"login_by_code_enabled"`
		PasswordResetByCode     bool     `json:"password_reset_by_code_enabled"`
	} `json:"account"`
	SocialAccount struct {
		Providers []Provider `json:"providers"`
	} `json:"socialaccount"`
	MFA struct {
		SupportedTypes []AuthenticatorType `json:"supported_types"`
		PasskeyLogin   bool                `json:"passkey_login_enabled"`
	} `json:"mfa"`
	UserSessions struct {
		TrackActivity bool `json:"track_activity"`
	} `json:"usersessions"`
}

// Config is what the tenant offers.
func (c *Client) Config(ctx context.Context) (*Configuration, error) {
	return one[Configuration](ctx, c, http.MethodGet, "config", nil)
}

// IssuerDocument is the part of OpenID Connect Discovery that there is: whose tokens they are, and where the keys are.
type IssuerDocument struct {
	Issuer            string   `json:"issuer"`
	KeysURL           string   `json:"jwks_uri"`
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	Claims            []string `json:"claims_supported"`
}

// Issuer is whose access tokens the tenant's are; 404 where it hands out none.
func (c *Client) Issuer(ctx context.Context) (*IssuerDocument, error) {
	raw, err := c.document(ctx, "/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	var d IssuerDocument
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("client: read the issuer's document: %w", err)
	}
	return &d, nil
}

// PublicKeys is the JWK Set (RFC 7517) that the tenant's access tokens are signed with; 404 where it hands out none.
func (c *Client) PublicKeys(ctx context.Context) (json.RawMessage, error) {
	return c.document(ctx, "/.well-known/jwks.json")
}

// document is one of the tenant's documents, which are the same for everybody.
func (c *Client) document(ctx context.Context, path string) (json.RawMessage, error) {
	a, err := c.do(ctx, request{method: http.MethodGet, path: path, bare: true, root: true})
	if err != nil {
		return nil, err
	}
	return a.raw, nil
}
