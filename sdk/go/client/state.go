package client

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// FlowID names something that may be done to get in, or must be done next.
type FlowID string

// Every flow that the server speaks of. There may be more in a later version.
const (
	FlowLogin             FlowID = "login"                  // Login
	FlowLoginByCode       FlowID = "login_by_code"          // RequestLoginCode; while it is pending ConfirmLoginCode
	FlowLoginByKey        FlowID = "mfa_login_webauthn"     // LoginKeyOptions, LoginByKey
	FlowSignup            FlowID = "signup"                 // Signup
	FlowVerifyPhone       FlowID = "verify_phone"           // VerifyPhone
	FlowVerifyEmail       FlowID = "verify_email"           // VerifyEmail
	FlowMFAAuthenticate   FlowID = "mfa_authenticate"       // AuthenticateByCode, or AuthenticateKeyOptions and AuthenticateByKey
	FlowMFATrust          FlowID = "mfa_trust"              // Trust
	FlowMFASignupByKey    FlowID = "mfa_signup_webauthn"    // SignupKeyOptions, FinishSignupByKey
	FlowPasswordReset     FlowID = "password_reset_by_code" // RequestPasswordReset; while it is pending ResetPassword
	FlowReauthenticate    FlowID = "reauthenticate"         // Reauthenticate
	FlowProviderRedirect  FlowID = "provider_redirect"      // for pages, which post a form
	FlowProviderToken     FlowID = "provider_token"         // EnterByProviderToken
	FlowProviderSignup    FlowID = "provider_signup"        // LookAtProviderSignup, FinishProviderSignup
	FlowMFAReauthenticate FlowID = "mfa_reauthenticate"     // ReauthenticateByCode, or ReauthenticateKeyOptions and ReauthenticateByKey
)

// Flow is one of them.
type Flow struct {
	ID      FlowID              `json:"id"`
	Pending bool                `json:"is_pending,omitempty"` // it waits for this client
	Types   []AuthenticatorType `json:"types,omitempty"`      // of FlowMFA...: what will do

	Providers []string  `json:"providers,omitempty"` // of FlowProviderRedirect and FlowProviderToken: their ids
	Provider  *Provider `json:"provider,omitempty"`  // of FlowProviderSignup
}

// Session is the state of the session: who is signed in, or what may be done to be.
type Session struct {
	Authenticated bool
	User          *User    // nil for nobody
	Methods       []Method // how the user has proved who it is, oldest first
	Flows         []Flow   // without a user: the ways in; in an Error with one: the ways to prove it anew
}

// Pending is the flow that waits for this client, if one does.
func (s *Session) Pending() (Flow, bool) {
	for _, f := range s.Flows {
		if f.Pending {
			return f, true
		}
	}
	return Flow{}, false
}

// Flow is the flow of that name, if the session has it.
func (s *Session) Flow(id FlowID) (Flow, bool) {
	for _, f := range s.Flows {
		if f.ID == id {
			return f, true
		}
	}
	return Flow{}, false
}

// User is an account as its owner sees it.
type User struct {
	ID                string `json:"id"` // a UUID
	Display           string `json:"display"`
	HasUsablePassword bool   `json:"has_usable_password"`
	Email             string `json:"email,omitempty"`
	Username          string `json:"username,omitempty"`
}

// Method is one proof of who somebody is. What it has nothing to do with is left empty.
type Method struct {
	Method          string            `json:"method"` // such as "password", "code", "mfa"
	At              Time              `json:"at"`
	Email           string            `json:"email,omitempty"`
	Username        string            `json:"username,omitempty"`
	Phone           string            `json:"phone,omitempty"`
	Reauthenticated bool              `json:"reauthenticated,omitempty"` // it was asked for anew
	ID              int64             `json:"id,omitempty"`              // of an authenticator
	Type            AuthenticatorType `json:"type,omitempty"`            // of an authenticator
	Passwordless    bool              `json:"passwordless,omitempty"`    // it was a passkey, and nothing else was shown
	Provider        string            `json:"provider,omitempty"`        // of an account with an identity provider
	UID             string            `json:"uid,omitempty"`             // likewise
}

// Time is a time of the wire, which are seconds since 1970, with a fraction. It is zero for never.
type Time struct{ time.Time }

// UnmarshalJSON reads a number of seconds, or null.
func (t *Time) UnmarshalJSON(raw []byte) error {
	var seconds *float64
	if err := json.Unmarshal(raw, &seconds); err != nil {
		return fmt.Errorf("read a time: %w", err)
	}
	if t.Time = (time.Time{}); seconds != nil {
		t.Time = time.UnixMicro(int64(math.Round(*seconds * 1e6))).UTC()
	}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(t.UnixMicro()) / 1e6)
}

// state is the data of an answer with the state of the session.
type state struct {
	User    *User    `json:"user"`
	Methods []Method `json:"methods"`
	Flows   []Flow   `json:"flows"`
}

// session is the state of the session that an answer tells.
func (a *answer) session(r *request) (*Session, error) {
	var s state
	if err := json.Unmarshal(a.Data, &s); err != nil {
		return nil, fmt.Errorf("client: %s %s: the answer says nothing of the session", r.method, r.path)
	}
	return &Session{Authenticated: a.Meta.IsAuthenticated, User: s.User, Methods: s.Methods, Flows: s.Flows}, nil
}

// user is the id of the user whom an answer says to be signed in, or "", and whether a login waits.
func (a *answer) user() (id string, waits bool) {
	s, err := a.session(&request{})
	if err != nil {
		return "", false
	}
	if s.Authenticated && s.User != nil {
		id = s.User.ID
	}
	_, waits = s.Pending()
	return id, waits
}
