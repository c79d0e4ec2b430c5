package client

import (
	"context"
	"net/http"
)

// Session is the state of the session, as the server has it now.
func (c *Client) Session(ctx context.Context) (*Session, error) {
	return c.step(ctx, http.MethodGet, "auth/session", nil)
}

// Logout ends the session, or gives up a login that waits, and forgets the tokens. The state has the ways back in.
func (c *Client) Logout(ctx context.Context) (*Session, error) {
	return c.stepOf(ctx, request{method: http.MethodDelete, path: "auth/session", ends: true})
}

// OpenSession is one of the places where a user is signed in.
type OpenSession struct {
	ID        int64  `json:"id"`
	UserAgent string `json:"user_agent"`
	IP        string `json:"ip"`
	CreatedAt Time   `json:"created_at"`
	LastSeen  Time   `json:"last_seen_at,omitzero"` // zero where the tenant does not track it
	Current   bool   `json:"is_current"`            // it is this client's own
}

// Sessions are the sessions of whoever is signed in, latest first.
func (c *Client) Sessions(ctx context.Context) ([]OpenSession, error) {
	return view[[]OpenSession](ctx, c, http.MethodGet, "auth/sessions", nil)
}

// EndSessions ends some of them, and answers with the rest. Who names their own is signed out with it, and told ErrSignedOut.
func (c *Client) EndSessions(ctx context.Context, ids ...int64) ([]OpenSession, error) {
	left, _, err := viewOf[[]OpenSession](ctx, c, request{method: http.MethodDelete, path: "auth/sessions", body: struct {
		Sessions []int64 `json:"sessions"`
	}{ids}, ends: true})
	return left, err
}
