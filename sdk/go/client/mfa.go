package client

import (
	"context"
	"errors"
	"net/http"
)

// AuthenticatorType is what a second factor is.
type AuthenticatorType string

// The types of authenticator.
const (
	TOTP          AuthenticatorType = "totp"           // an app that shows codes (RFC 6238)
	RecoveryCodes AuthenticatorType = "recovery_codes" // for the day on which the others are lost
	WebAuthn      AuthenticatorType = "webauthn"       // a security key or a passkey
)

// Authenticator is one that a user has. What its type does not have is left empty.
type Authenticator struct {
	Type       AuthenticatorType `json:"type"`
	CreatedAt  Time              `json:"created_at"`
	LastUsedAt Time              `json:"last_used_at"` // zero for never

	ID           int64  `json:"id,omitempty"`              // of a key
	Name         string `json:"name,omitempty"`            // of a key
	Passwordless *bool  `json:"is_passwordless,omitempty"` // of a key: whether it signs in by itself; nil where its browser did not say

	TotalCodes  int      `json:"total_code_count,omitempty"`  // of recovery codes
	UnusedCount int      `json:"unused_code_count,omitempty"` // of recovery codes
	UnusedCodes []string `json:"unused_codes,omitempty"`      // of recovery codes, where they may be seen
}

// AuthenticateByCode gives the second factor that a login waits for: a code of the app, or a recovery code. 400 with incorrect_code is a
// wrong one.
func (c *Client) AuthenticateByCode(ctx context.Context, code string) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/2fa/authenticate", codeInput{code})
}

// ReauthenticateByCode proves anew who is signed in, with such a code.
func (c *Client) ReauthenticateByCode(ctx context.Context, code string) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/2fa/reauthenticate", codeInput{code})
}

// Trust says whether this browser is to be trusted, which FlowMFATrust waits for. It is for the kind Browser alone; an App is told 404.
func (c *Client) Trust(ctx context.Context, trust bool) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/2fa/trust", struct {
		Trust bool `json:"trust"`
	}{trust})
}

// Authenticators are those of whoever is signed in, without anything secret.
func (c *Client) Authenticators(ctx context.Context) ([]Authenticator, error) {
	return view[[]Authenticator](ctx, c, http.MethodGet, "account/authenticators", nil)
}

// TOTPSetup is what an authenticator app is set up with. It is secret.
type TOTPSetup struct {
	Secret string // to be typed in, in base32
	URL    string // the same for a QR code, an otpauth URL
}

// TOTP is the authenticator app of whoever is signed in or, where there is none, what one is set up with: exactly one of the two is not
// nil. Each look makes a new secret, in place of the one before.
func (c *Client) TOTP(ctx context.Context) (*Authenticator, *TOTPSetup, error) {
	found, a, err := viewOf[Authenticator](ctx, c, request{method: http.MethodGet, path: "account/authenticators/totp"})
	var e *Error
	switch {
	case errors.As(err, &e) && e.Status == http.StatusNotFound && a.Meta.Secret != "":
		return nil, &TOTPSetup{Secret: a.Meta.Secret, URL: a.Meta.TOTPURL}, nil
	case err != nil:
		return nil, nil, err
	}
	return &found, nil, nil
}

// ActivateTOTP has the app be asked for that was set up, by its first code. Recovery codes come with the first authenticator, where the
// tenant has people have some. It may be ErrReauthenticate.
func (c *Client) ActivateTOTP(ctx context.Context, code string) (*Authenticator, error) {
	return one[Authenticator](ctx, c, http.MethodPost, "account/authenticators/totp", codeInput{code})
}

// DeactivateTOTP removes the app. Recovery codes go with the last authenticator. It may be ErrReauthenticate.
func (c *Client) DeactivateTOTP(ctx context.Context) error {
	return c.act(ctx, http.MethodDelete, "account/authenticators/totp", nil)
}

// RecoveryCodes are the recovery codes of whoever is signed in; 404 where there are none. It may be ErrReauthenticate.
func (c *Client) RecoveryCodes(ctx context.Context) (*Authenticator, error) {
	return one[Authenticator](ctx, c, http.MethodGet, "account/authenticators/recovery-codes", nil)
}

// GenerateRecoveryCodes makes new ones, and the old ones are dead. It may be ErrReauthenticate.
func (c *Client) GenerateRecoveryCodes(ctx context.Context) (*Authenticator, error) {
	return one[Authenticator](ctx, c, http.MethodPost, "account/authenticators/recovery-codes", nil)
}
