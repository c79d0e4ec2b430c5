package client

import (
	"context"
	"net/http"
)

// SignupInput is what an account is made of: what the tenant's signup_fields ask for. The rest is not looked at.
type SignupInput struct {
	Username string `json:"username,omitempty"`
	Email    string `json:"email,omitempty"`
	Email2   string `json:"email2,omitempty"` // once more, where the tenant asks for it
	Phone    string `json:"phone,omitempty"`
	Password string `json:"password,omitempty"` // not for SignupByKey
}

// Signup makes an account. Where the address or number has to be verified first, FlowVerifyEmail or FlowVerifyPhone is pending then. 400
// lists what is wrong with each field, 403 is a tenant that takes nobody, 409 is for who is signed in.
func (c *Client) Signup(ctx context.Context, in SignupInput) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/signup", in)
}
