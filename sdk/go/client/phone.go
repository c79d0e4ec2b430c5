package client

import (
	"context"
	"fmt"
	"net/http"
)

// Phone is the number of a user, as E.164 has it.
type Phone struct {
	Phone    string `json:"phone"`
	Verified bool   `json:"verified"`
}

// VerifyPhone verifies a number with the code that was sent to it, and signs in where a login waited for that.
func (c *Client) VerifyPhone(ctx context.Context, code string) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/phone/verify", codeInput{code})
}

// ResendPhoneCode sends another code to the number that a login waits for. 409 says that none does.
func (c *Client) ResendPhoneCode(ctx context.Context) error {
	return c.act(ctx, http.MethodPost, "auth/phone/verify/resend", nil)
}

// Phones are the numbers of whoever is signed in: one, or none.
func (c *Client) Phones(ctx context.Context) ([]Phone, error) {
	return view[[]Phone](ctx, c, http.MethodGet, "account/phone", nil)
}

// ChangePhone asks for another number, which counts when VerifyPhone has its code; a signup that waits has its number changed at once. It
// may be ErrReauthenticate.
func (c *Client) ChangePhone(ctx context.Context, number string) (*Phone, error) {
	asked, err := view[[]Phone](ctx, c, http.MethodPost, "account/phone", struct {
		Phone string `json:"phone"`
	}{number})
	if err != nil {
		return nil, err
	}
	if len(asked) != 1 {
		return nil, fmt.Errorf("client: POST account/phone: the answer has %d numbers, not one", len(asked))
	}
	return &asked[0], nil
}
