package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// The ceremonies of WebAuthn belong to the platform: options and credentials pass through as JSON. Options are what
// PublicKeyCredential.parseCreationOptionsFromJSON or parseRequestOptionsFromJSON takes, wrapped in {"publicKey": ...}; credentials are
// what toJSON() makes of what the platform gave (WebAuthn, sections 5.1.8 to 5.1.10).

// KeyInput is a key that the platform made.
type KeyInput struct {
	Name       string          `json:"name,omitempty"` // at most 100 characters; "" has the server find one
	Credential json.RawMessage `json:"credential"`
}

// shownKey is a key that the platform found.
type shownKey struct {
	Credential json.RawMessage `json:"credential"`
}

const keysPath = "account/authenticators/webauthn"

// KeyOptions are what a new key is made with; passwordless for a passkey, which signs in by itself. It may be ErrReauthenticate.
func (c *Client) KeyOptions(ctx context.Context, passwordless bool) (json.RawMessage, error) {
	if passwordless {
		return c.ceremony(ctx, keysPath+"?passwordless")
	}
	return c.ceremony(ctx, keysPath)
}

// AddKey keeps a key that was made. recoveryCodes says that recovery codes came with it. It may be ErrReauthenticate.
func (c *Client) AddKey(ctx context.Context, in KeyInput) (key *Authenticator, recoveryCodes bool, err error) {
	made, a, err := viewOf[Authenticator](ctx, c, request{method: http.MethodPost, path: keysPath, body: in})
	if err != nil {
		return nil, false, err
	}
	return &made, a.Meta.RecoveryCodesGenerated, nil
}

// RenameKey gives a key another name. It may be ErrReauthenticate.
func (c *Client) RenameKey(ctx context.Context, id int64, name string) (*Authenticator, error) {
	return one[Authenticator](ctx, c, http.MethodPut, keysPath, struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}{id, name})
}

// RemoveKeys removes keys, all that are named or none. It may be ErrReauthenticate.
func (c *Client) RemoveKeys(ctx context.Context, ids ...int64) error {
	return c.act(ctx, http.MethodDelete, keysPath, struct {
		Authenticators []int64 `json:"authenticators"`
	}{ids})
}

// AuthenticateKeyOptions are what the key is asked with that a login waits for.
func (c *Client) AuthenticateKeyOptions(ctx context.Context) (json.RawMessage, error) {
	return c.ceremony(ctx, "auth/webauthn/authenticate")
}

// AuthenticateByKey gives the second factor that a login waits for, with a key.
func (c *Client) AuthenticateByKey(ctx context.Context, credential json.RawMessage) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/webauthn/authenticate", shownKey{credential})
}

// ReauthenticateKeyOptions are what the key of whoever is signed in is asked with.
func (c *Client) ReauthenticateKeyOptions(ctx context.Context) (json.RawMessage, error) {
	return c.ceremony(ctx, "auth/webauthn/reauthenticate")
}

// ReauthenticateByKey proves anew who is signed in, with a key.
func (c *Client) ReauthenticateByKey(ctx context.Context, credential json.RawMessage) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/webauthn/reauthenticate", shownKey{credential})
}

// LoginKeyOptions are what a passkey is asked with to sign in. They are good in the session that this begins.
func (c *Client) LoginKeyOptions(ctx context.Context) (json.RawMessage, error) {
	return c.ceremony(ctx, "auth/webauthn/login")
}

// LoginByKey signs in with a passkey, which is both factors at once.
func (c *Client) LoginByKey(ctx context.Context, credential json.RawMessage) (*Session, error) {
	return c.step(ctx, http.MethodPost, "auth/webauthn/login", shownKey{credential})
}

// SignupByKey makes an account that has a passkey and no password. The address is verified first, and then FlowMFASignupByKey is pending.
func (c *Client) SignupByKey(ctx context.Context, in SignupInput) (*Session, error) {
	in.Password = ""
	return c.step(ctx, http.MethodPost, "auth/webauthn/signup", in)
}

// SignupKeyOptions are what the passkey is made with that a signup waits for.
func (c *Client) SignupKeyOptions(ctx context.Context) (json.RawMessage, error) {
	return c.ceremony(ctx, "auth/webauthn/signup")
}

// FinishSignupByKey keeps the passkey that a signup waits for, and signs in.
func (c *Client) FinishSignupByKey(ctx context.Context, in KeyInput) (*Session, error) {
	return c.step(ctx, http.MethodPut, "auth/webauthn/signup", in)
}

// ceremony are the options of a ceremony.
func (c *Client) ceremony(ctx context.Context, path string) (json.RawMessage, error) {
	got, err := view[struct {
		Creation json.RawMessage `json:"creation_options"`
		Request  json.RawMessage `json:"request_options"`
	}](ctx, c, http.MethodGet, path, nil)
	if len(got.Creation) > 0 {
		return got.Creation, err
	}
	return got.Request, err
}
