package client

import (
	"context"
	"net/http"
)

// passwordInput is the body of whatever takes a password.
type passwordInput struct {
	Key      string `json:"key,omitempty"`
	Password string `json:"password"`
}

// RequestPasswordReset mails what resets a password. byCode says that it is a code, which ResetPassword takes in this session; else it is a
// link, whose key it takes anywhere. Nothing tells whether there is such an account.
func (c *Client) RequestPasswordReset(ctx context.Context, address string) (byCode bool, err error) {
	r := request{method: http.MethodPost, path: "auth/password/request", body: emailInput{Email: address}}
	a, err := c.do(ctx, r)
	if signedOut(err) != nil {
		return true, nil
	}
	return err == nil && len(a.Data) > 0, err // who is signed in has the state with a code alone
}

// LookAtResetKey is whose password a mailed key would reset. 400 is a wrong or used one.
func (c *Client) LookAtResetKey(ctx context.Context, key string) (*User, error) {
	found, _, err := viewOf[struct {
		User User `json:"user"`
	}](ctx, c, request{
		method: http.MethodGet, path: "auth/password/reset", header: [2]string{"X-Password-Reset-Key", key},
	})
	if err != nil {
		return nil, err
	}
	return &found.User, nil
}

// ResetPassword sets a new password with the key of a mailed link, or with a code, and ends all sessions of the user. Nobody is signed in
// then, unless the tenant has it so. 400 lists what is wrong with the key or with the password.
func (c *Client) ResetPassword(ctx context.Context, key, password string) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/password/reset", passwordInput{Key: key, Password: password})
}

// ChangePassword sets another password, or a first one, for which current is "". It ends the user's other sessions, and this one too where
// the tenant has it so: the state is a stranger's then, as it is for somebody who was not signed in. It may be ErrReauthenticate.
func (c *Client) ChangePassword(ctx context.Context, current, next string) (*Session, error) {
	return c.stepOf(ctx, request{method: http.MethodPost, path: "account/password/change", ends: true, body: struct {
		Current string `json:"current_password,omitempty"`
		New     string `json:"new_password"`
	}{current, next}})
}

// Reauthenticate proves anew who is signed in, with the password. 400 with incorrect_password is a wrong one.
func (c *Client) Reauthenticate(ctx context.Context, password string) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/reauthenticate", passwordInput{Password: password})
}
