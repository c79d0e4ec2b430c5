package client

import (
	"cmp"
	"context"
	"net/http"
)

// Tokens are what an App is known by. All of them are secret.
type Tokens struct {
	Session string `json:"session,omitempty"` // opens the session, or a login that waits
	Access  string `json:"access,omitempty"`  // a JWT for other servers, where the tenant hands them out
	Refresh string `json:"refresh,omitempty"` // buys the next two, once
}

// TokenStore keeps the tokens of one user between runs of a program. A client calls it one at a time; clients that share one, in this or
// another program, take over what the others have saved, and call it at the same time.
type TokenStore interface {
	// Load is called before the first request, and again before a refresh and where the session turns out to be over. Zero Tokens are a
	// stranger's.
	Load(context.Context) (Tokens, error)
	// Save is called with every change, zero Tokens after a logout. The context is not cancelled: what was handed out is handed out once.
	// An error is returned by the method that brought the tokens; the client itself goes on with them, and tries again with its next answer.
	Save(context.Context, Tokens) error
}

// memory is a TokenStore that forgets.
type memory struct{ held Tokens }

func (m *memory) Load(context.Context) (Tokens, error) { return m.held, nil }

func (m *memory) Save(_ context.Context, t Tokens) error {
	m.held = t
	return nil
}

// load asks the store for its tokens, the first time.
func (c *Client) load(ctx context.Context) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded || c.options.Kind != App {
		return nil
	}
	if c.held, err = c.options.Store.Load(ctx); err == nil {
		c.loaded = true
	}
	return err
}

// reload takes over what another client has put into the store meanwhile. The lock is held. What cannot be read stays as it is, and so
// does what could not be saved.
func (c *Client) reload(ctx context.Context) {
	if stored, err := c.options.Store.Load(context.WithoutCancel(ctx)); err == nil && !c.unsaved {
		c.held = stored
	}
}

// save has the store keep what changed. The lock is held.
func (c *Client) save(ctx context.Context, next Tokens) error {
	if next == c.held && !c.unsaved {
		return nil
	}
	c.held = next
	err := c.options.Store.Save(context.WithoutCancel(ctx), next)
	c.unsaved = err != nil
	return err
}

// note remembers who an answer says is signed in.
func (c *Client) note(r *request, a *answer) {
	s, err := a.session(&request{})
	if r.bare || err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.options.Kind == App && a.Meta.SessionToken == "" && c.held.Session != r.shown.session {
		return // it is about a session of before, and whoever that was of
	}
	switch {
	case s.Authenticated && s.User != nil:
		c.user = s.User.ID
	case s.User == nil && len(s.Flows) > 0: // else it says nothing of that, or somebody is asked to prove it anew, and stays signed in
		c.user = ""
	}
}

// keep takes over the tokens that an answer brings, and drops those that it ends.
//
// Requests may overtake each other, so an answer ends only the session that its request showed. Access tokens of one user are never
// left to another: a new session, and an answer about somebody else than they name, end them. Before anything of that is saved, it is
// applied to what another client may have saved meanwhile.
func (c *Client) keep(ctx context.Context, r *request, a *answer) error {
	if c.options.Kind != App || r.bare {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.unsaved {
		if c.after(r, a) == c.held {
			return nil
		}
		c.reload(ctx)
	}
	return c.save(ctx, c.after(r, a))
}

// after is what is held after an answer. The lock is held.
func (c *Client) after(r *request, a *answer) Tokens {
	user, waits := a.user()
	over := a.status == http.StatusGone ||
		r.ends && a.status == http.StatusUnauthorized && len(a.Data) > 0 && user == "" && !waits // without data it is a proxy's
	next := c.held
	if a.Meta.SessionToken == "" && next.Session != r.shown.session {
		return next // the answer is about a session of before, and whoever that was of
	}
	switch m := &a.Meta; {
	case over && m.SessionToken == "" && next.Session == r.shown.session:
		return Tokens{}
	case m.AccessToken != "":
		next.Access, next.Refresh = m.AccessToken, m.RefreshToken
	case user == "" && m.SessionToken != "", user != "" && next.Access != "" && claimsOf(next.Access).Subject != user:
		next.Access, next.Refresh = "", ""
	}
	next.Session = cmp.Or(a.Meta.SessionToken, next.Session)
	return next
}
