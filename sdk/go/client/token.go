package client

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Access is an access token for other servers, as good for half a minute at the least, or for a quarter of its life where that is shorter.
// One that is about to expire is refreshed first, once for all who ask meanwhile. ErrNoTokens says that there is none to be
// had, or none any more of who is known to be signed in.
//
// When it expires is read from the token by this machine's clock, and nothing of it is verified: that is for the server that it is
// shown to.
func (c *Client) Access(ctx context.Context) (string, error) {
	if err := c.load(ctx); err != nil {
		return "", err
	}
	c.mu.Lock()
	user, token := cmp.Or(c.user, claimsOf(c.held.Access).Subject), c.held.Access
	if fresh(token, c.now()) {
		c.mu.Unlock()
	} else {
		var err error
		if token, err = c.refresh(ctx); err != nil {
			return "", err
		}
	}
	if owner := claimsOf(token).Subject; user != "" && owner != "" && owner != user {
		return "", fmt.Errorf("%w: another client has signed somebody else in", ErrNoTokens)
	}
	return token, nil
}

// RefreshTokens takes new tokens now, however long the present ones are good for. It joins a refresh that is on its way.
func (c *Client) RefreshTokens(ctx context.Context) error {
	if err := c.load(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	_, err := c.refresh(ctx)
	return err
}

// refreshing is a refresh that is on its way.
type refreshing struct {
	done   chan struct{} // closed when it is over, and the rest is written
	access string
	err    error
}

// refresh begins a refresh, or joins the one that is on its way, and waits for it. The lock is held, and given back. The refresh does not
// end with the context of who began it: others wait for it, and its answer comes once.
func (c *Client) refresh(ctx context.Context) (string, error) {
	if c.refreshing == nil {
		before := c.held
		if c.reload(ctx); c.held != before && fresh(c.held.Access, c.now()) { // another client has just done it
			defer c.mu.Unlock()
			return c.held.Access, nil
		}
		if c.held.Refresh == "" {
			c.mu.Unlock()
			return "", ErrNoTokens
		}
		c.refreshing = &refreshing{done: make(chan struct{})}
		go c.exchange(context.WithoutCancel(ctx), c.refreshing, c.held.Refresh)
	}
	f := c.refreshing
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.access, f.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// exchange takes new tokens for a refresh token, and tells all who wait. What a logout, a login or another
// client put in its place meanwhile stays.
func (c *Client) exchange(ctx context.Context, f *refreshing, sent string) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second) // of its own: nobody else's ends it
	defer cancel()
	got, err := c.send(ctx, sent)
	var e *Error
	refused := errors.As(err, &e) && e.Status == http.StatusBadRequest
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reload(ctx) // another client may have refreshed, or signed in or out
	next := c.held
	switch {
	case next.Refresh != sent:
		err = nil // what became of the old ones is nobody's matter any more
	case refused:
		err = fmt.Errorf("%w: %w", ErrNoTokens, err)
		next.Access, next.Refresh = "", ""
	case err == nil:
		next.Access, next.Refresh = got.Access, cmp.Or(got.Refresh, sent) // without a new one, the old one stays good
	}
	if saved := c.save(ctx, next); saved != nil {
		err = errors.Join(err, fmt.Errorf("client: keep the tokens: %w", saved))
	}
	if err == nil && next.Access == "" {
		err = ErrNoTokens
	}
	if f.err = err; err == nil {
		f.access = next.Access
	}
	c.refreshing = nil
	close(f.done)
}

// pair are the tokens that a refresh brings.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// send sends a refresh token and, where no answer came in half of the grace period, sends it once more, which brings the same.
func (c *Client) send(ctx context.Context, token string) (pair, error) {
	// No session is shown: the token stands for itself, and whatever is wrong with its session is told by 400.
	r := request{method: http.MethodPost, path: "tokens/refresh", bare: true, body: struct {
		Refresh string `json:"refresh_token"`
	}{token}}
	within, started := c.options.RefreshGrace/2, c.now()
	if within <= 0 {
		got, _, err := viewOf[pair](ctx, c, r)
		return got, err
	}
	first, cancel := context.WithTimeout(ctx, within)
	got, _, err := viewOf[pair](first, c, r)
	cancel()
	if lost(err) && c.now().Sub(started) <= within+within/2 {
		got, _, err = viewOf[pair](ctx, c, r)
	}
	return got, err
}

// lost reports whether nobody knows what the server made of a request: there was no answer, or a proxy's.
func lost(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Status == http.StatusBadGateway || e.Status == http.StatusGatewayTimeout
	}
	return err != nil
}

// claims are what this client reads of an access token (RFC 7519, section 4.1), without having verified it.
type claims struct {
	Subject  string  `json:"sub"`
	IssuedAt float64 `json:"iat"`
	Expires  float64 `json:"exp"`
}

// claimsOf are the claims of a token; zero for what is none.
func claimsOf(token string) (c claims) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	if raw, err := base64.RawURLEncoding.DecodeString(payload); err != nil || json.Unmarshal(raw, &c) != nil {
		return claims{}
	}
	return c
}

// fresh reports whether a token is good for long enough to be of use.
func fresh(token string, now time.Time) bool {
	c := claimsOf(token)
	margin := min(30, (c.Expires-c.IssuedAt)/4)
	return float64(now.UnixMicro())/1e6+margin < c.Expires
}
