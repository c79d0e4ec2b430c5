package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

func signup(ctx context.Context, a *app, args []string) error {
	in, err := named(args[:min(1, len(args))])
	if err != nil {
		return err
	}
	if len(args) > 1 {
		in.Username = args[1]
	}
	if err := a.nobody(ctx); err != nil {
		return err
	}
	if in.Password, err = a.newPassword(ctx); err != nil {
		return err
	}
	s, err := a.client.Signup(ctx, client.SignupInput{Email: in.Email, Username: in.Username, Phone: in.Phone, Password: in.Password})
	if err != nil {
		return err
	}
	return a.finish(ctx, s)
}

func login(ctx context.Context, a *app, args []string) error {
	in, err := named(args)
	if err != nil {
		return err
	}
	if err := a.nobody(ctx); err != nil {
		return err
	}
	var s *client.Session
	err = a.untilRight(func() (err error) {
		if in.Password, err = a.secret(ctx, "Password"); err == nil {
			s, err = a.client.Login(ctx, in)
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.finish(ctx, s)
}

func loginByCode(ctx context.Context, a *app, args []string) error {
	to, err := named(args)
	if err != nil || to.Username != "" {
		return errUsage
	}
	if err := a.nobody(ctx); err != nil {
		return err
	}
	s, err := a.client.RequestLoginCode(ctx, client.LoginCodeInput{Email: to.Email, Phone: to.Phone})
	if err != nil {
		return err
	}
	return a.finish(ctx, s)
}

// named is whom an argument names: an address has an @, and a number begins with +.
func named(args []string) (in client.LoginInput, err error) {
	switch {
	case len(args) != 1 || args[0] == "":
		return in, errUsage
	case strings.Contains(args[0], "@"):
		in.Email = args[0]
	case strings.HasPrefix(args[0], "+"):
		in.Phone = args[0]
	default:
		in.Username = args[0]
	}
	return in, nil
}

// finish goes on with a login until somebody is signed in, by whatever the server asks for next.
func (a *app) finish(ctx context.Context, s *client.Session) error {
	for !s.Authenticated {
		flow, pending := s.Pending()
		if !pending {
			return errors.New("this login has come to its end, as one does after too many wrong codes or too long a time. Begin it again")
		}
		next, err := a.pass(ctx, flow)
		if a.mistaken(err) {
			next, err = a.client.Session(ctx) // which says whether it may be tried again
		}
		if err != nil {
			return err
		}
		s = next
	}
	a.say("You are signed in as %s.", s.User.Display)
	return nil
}

// pass answers one question of a login.
func (a *app) pass(ctx context.Context, flow client.Flow) (*client.Session, error) {
	switch {
	case flow.ID == client.FlowVerifyEmail:
		return a.mailed(ctx, "Code from your mail, or the link in it", a.client.ResendEmailCode, a.verifyAndGoOn)
	case flow.ID == client.FlowLoginByCode:
		return a.mailed(ctx, "Code that was sent to you", a.client.ResendLoginCode, a.client.ConfirmLoginCode)
	case flow.ID == client.FlowVerifyPhone:
		return a.mailed(ctx, "Code that was sent to your phone", a.client.ResendPhoneCode, a.client.VerifyPhone)
	case flow.ID == client.FlowMFAAuthenticate && byCode(flow):
		code, err := a.ask(ctx, "Code of your authenticator app, or a recovery code")
		if err != nil {
			return nil, err
		}
		return a.client.AuthenticateByCode(ctx, code)
	default: // it asks for a key, or for what a later version of the server knows
		return nil, fmt.Errorf("this login goes on with %s, which a terminal cannot do. Sign in with a browser instead", flow.ID)
	}
}

// mailed asks for what was sent to somebody. An empty answer has another one be sent.
func (a *app) mailed(
	ctx context.Context, question string, resend func(context.Context) error, check func(context.Context, string) (*client.Session, error),
) (*client.Session, error) {
	code, err := a.ask(ctx, question+" (Enter alone for another one)")
	switch {
	case err != nil:
		return nil, err
	case code != "":
		return check(ctx, code)
	}
	var declined *client.Error
	switch err := resend(ctx); {
	case err == nil:
		a.tell("Another one is on its way.")
	case errors.As(err, &declined):
		a.tell("No other one is sent. Use the one that you have, or begin again.")
	default:
		return nil, err
	}
	return a.client.Session(ctx)
}

// verifyAndGoOn verifies an address. A code goes on with the login that waits for it; a link does not, unless the tenant has it so: it may
// have been opened by somebody else.
func (a *app) verifyAndGoOn(ctx context.Context, text string) (*client.Session, error) {
	s, err := a.client.VerifyEmail(ctx, keyOf(text))
	if err != nil {
		return nil, err
	}
	if _, pending := s.Pending(); !pending && !s.Authenticated {
		return nil, errors.New("the address is verified. Sign in now: cli login NAME")
	}
	return s, nil
}

func verify(ctx context.Context, a *app, args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	s, err := a.client.VerifyEmail(ctx, keyOf(args[0]))
	if err == nil && s.Authenticated {
		a.say("The address is verified.")
	} else if err == nil {
		a.say("The address is verified. Sign in now.")
	}
	return err
}

// keyOf is the key in a mailed link: what stands after the last slash or equals sign. A code is one already.
func keyOf(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	last := text[strings.LastIndexAny(text, "/=")+1:]
	if key, err := url.PathUnescape(last); err == nil {
		return key
	}
	return last
}
