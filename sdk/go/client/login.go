package client

import (
	"context"
	"net/http"
)

// LoginInput is a password and whose it is: exactly one of the others, of those that Configuration.Account.LoginMethods lists.
type LoginInput struct {
	Username string `json:"username,omitempty"`
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"` // as E.164 has it, such as +31612345678
	Password string `json:"password"`
}

// Login signs in with a password. 400 with email_password_mismatch, or the like for the other names, is a wrong one, with
// too_many_login_attempts one too many; 409 is for who is signed in already.
func (c *Client) Login(ctx context.Context, in LoginInput) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/login", in)
}

// LoginCodeInput is where a login code is to go: one of the two.
type LoginCodeInput struct {
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// RequestLoginCode sends a code that signs in. FlowLoginByCode is pending then, whether or not there is such an account.
func (c *Client) RequestLoginCode(ctx context.Context, in LoginCodeInput) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/code/request", in)
}

// ResendLoginCode sends another one.
func (c *Client) ResendLoginCode(ctx context.Context) error {
	return c.act(ctx, http.MethodPost, "auth/code/resend", nil)
}

// ConfirmLoginCode signs in with the code that was sent. 400 with incorrect_code is a wrong one; 409 says that none is waited for any more.
func (c *Client) ConfirmLoginCode(ctx context.Context, code string) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/code/confirm", codeInput{code})
}

// codeInput is the body of whatever takes a code.
type codeInput struct {
	Code string `json:"code"`
}
