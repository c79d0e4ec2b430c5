package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// mistaken tells what is wrong with an input, where that is all that is wrong and it can be given again.
func (a *app) mistaken(err error) bool {
	var declined *client.Error
	if !errors.As(err, &declined) || declined.Status != http.StatusBadRequest || len(declined.Errors) == 0 ||
		declined.Has("too_many_login_attempts") {
		return false
	}
	a.tell("%s", faults(declined))
	return true
}

// untilRight asks and tries as often as the server lets.
func (a *app) untilRight(try func() error) error {
	for {
		if err := try(); !a.mistaken(err) {
			return err
		}
	}
}

// proven does what the server may want a fresh proof for. Where it does, nothing was done: it is done again once there is one.
func (a *app) proven(ctx context.Context, do func() error) error {
	err := do()
	var declined *client.Error
	if !errors.Is(err, client.ErrReauthenticate) || !errors.As(err, &declined) {
		return err
	}
	a.tell("This is for you alone. Prove once more who you are.")
	if err := a.prove(ctx, declined.Session); err != nil {
		return err
	}
	return do()
}

// prove gives one of the proofs that will do.
func (a *app) prove(ctx context.Context, s *client.Session) error {
	if _, ok := s.Flow(client.FlowReauthenticate); ok {
		return a.untilRight(func() error {
			password, err := a.secret(ctx, "Password")
			if err == nil {
				_, err = a.client.Reauthenticate(ctx, password)
			}
			return err
		})
	}
	if flow, ok := s.Flow(client.FlowMFAReauthenticate); ok && byCode(flow) {
		return a.untilRight(func() error {
			code, err := a.ask(ctx, "Code of your authenticator app, or a recovery code")
			if err == nil {
				_, err = a.client.ReauthenticateByCode(ctx, code)
			}
			return err
		})
	}
	return errors.New("only a security key or a passkey will do as a proof, and a terminal has none. Log out and in again instead")
}

// byCode reports whether a code that is typed in will do as a second factor.
func byCode(flow client.Flow) bool {
	return slices.Contains(flow.Types, client.TOTP) || slices.Contains(flow.Types, client.RecoveryCodes)
}

// nobody is an error where somebody is signed in.
func (a *app) nobody(ctx context.Context) error {
	s, err := a.client.Session(ctx)
	if err == nil && s.Authenticated {
		err = fmt.Errorf("you are signed in, as %s. Run cli logout first", s.User.Display)
	}
	return err
}

// somebody is who is signed in, and an error where nobody is.
func (a *app) somebody(ctx context.Context) (*client.User, error) {
	s, err := a.client.Session(ctx)
	if err == nil && !s.Authenticated {
		err = client.ErrSignedOut
	}
	if err != nil {
		return nil, err
	}
	return s.User, nil
}
