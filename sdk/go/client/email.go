package client

import (
	"context"
	"net/http"
)

// EmailKey is what a mailed key or code would do.
type EmailKey struct {
	Email string `json:"email"`
	User  User   `json:"user"`
	// Authenticating says that this client's own login waits for it.
	Authenticating bool `json:"-"`
}

// LookAtEmailKey is whose address a mailed key would verify, or a code that this session waits for. 400 is a wrong one, which counts
// as a try where it is a code.
func (c *Client) LookAtEmailKey(ctx context.Context, key string) (*EmailKey, error) {
	found, a, err := viewOf[EmailKey](ctx, c, request{
		method: http.MethodGet, path: "auth/email/verify", header: [2]string{"X-Email-Verification-Key", key},
	})
	if err != nil {
		return nil, err
	}
	found.Authenticating = a.Meta.IsAuthenticating
	return &found, nil
}

// VerifyEmail verifies an address with the key of a mailed link, or with a code. It signs in where a login waited for it; after a link
// that was opened elsewhere nobody is signed in, and the address is verified.
func (c *Client) VerifyEmail(ctx context.Context, key string) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/email/verify", struct {
		Key string `json:"key"`
	}{key})
}

// ResendEmailCode mails another code for the address that waits for one. 409 says that none does.
func (c *Client) ResendEmailCode(ctx context.Context) error {
	return c.act(ctx, http.MethodPost, "auth/email/verify/resend", nil)
}

// Email is an address of a user.
type Email struct {
	Email    string `json:"email"`
	Primary  bool   `json:"primary"` // mail goes there
	Verified bool   `json:"verified"`
}

// emailInput is the body of whatever takes an address.
type emailInput struct {
	Email   string `json:"email"`
	Primary bool   `json:"primary,omitempty"`
}

// Emails are the addresses of whoever is signed in, oldest first.
func (c *Client) Emails(ctx context.Context) ([]Email, error) {
	return view[[]Email](ctx, c, http.MethodGet, "account/email", nil)
}

// AddEmail adds an address, which is mailed what verifies it, and answers with all of them. Where a signup waits for a code, it changes the
// address that the code goes to. It may be ErrReauthenticate.
func (c *Client) AddEmail(ctx context.Context, address string) ([]Email, error) {
	return view[[]Email](ctx, c, http.MethodPost, "account/email", emailInput{Email: address})
}

// ResendEmail mails what verifies an address once more. 403 where it was mailed a moment ago.
func (c *Client) ResendEmail(ctx context.Context, address string) error {
	return c.act(ctx, http.MethodPut, "account/email", emailInput{Email: address})
}

// MakeEmailPrimary has mail go to an address, which must be verified. It may be ErrReauthenticate.
func (c *Client) MakeEmailPrimary(ctx context.Context, address string) ([]Email, error) {
	return view[[]Email](ctx, c, http.MethodPatch, "account/email", emailInput{Email: address, Primary: true})
}

// RemoveEmail removes an address, and answers with the rest. It may be ErrReauthenticate.
func (c *Client) RemoveEmail(ctx context.Context, address string) ([]Email, error) {
	return view[[]Email](ctx, c, http.MethodDelete, "account/email", emailInput{Email: address})
}
