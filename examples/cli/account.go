package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

func whoami(ctx context.Context, a *app, _ []string) error {
	user, err := a.somebody(ctx)
	if err != nil {
		return err
	}
	addresses, err := a.client.Emails(ctx)
	if err != nil {
		return err
	}
	a.say("%s (%s)", user.Display, user.ID)
	for _, e := range addresses {
		switch {
		case !e.Verified:
			a.say("%s, not verified", e.Email)
		case e.Primary:
			a.say("%s, where mail goes", e.Email)
		default:
			a.say("%s", e.Email)
		}
	}
	return nil
}

func totp(ctx context.Context, a *app, args []string) error {
	if len(args) == 1 && args[0] == "off" {
		err := a.proven(ctx, func() error { return a.client.DeactivateTOTP(ctx) })
		if err == nil {
			a.say("Logins ask for no code of an app any more.")
		}
		return err
	}
	if len(args) > 0 {
		return errUsage
	}
	var setup *client.TOTPSetup
	err := a.proven(ctx, func() (err error) {
		_, setup, err = a.client.TOTP(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if setup == nil {
		return errors.New("there is an authenticator app already. Take it away with cli totp off")
	}
	a.say("Give this secret to your authenticator app, or the URL as a QR code:\n\n  %s\n  %s\n", setup.Secret, setup.URL)
	err = a.untilRight(func() error {
		code, err := a.ask(ctx, "Code that the app shows")
		if err != nil {
			return err
		}
		return a.proven(ctx, func() error {
			_, err := a.client.ActivateTOTP(ctx, code)
			return err
		})
	})
	if err != nil {
		return err
	}
	a.say("From now on logins ask for a code of the app. For the day on which you have lost it:")
	return codes(ctx, a, nil)
}

func codes(ctx context.Context, a *app, args []string) error {
	get := a.client.RecoveryCodes
	if len(args) == 1 && args[0] == "new" {
		get = a.client.GenerateRecoveryCodes
	} else if len(args) > 0 {
		return errUsage
	}
	var found *client.Authenticator
	err := a.proven(ctx, func() (err error) {
		found, err = get(ctx)
		return err
	})
	var declined *client.Error
	if errors.As(err, &declined) && declined.Status == http.StatusNotFound {
		return errors.New("there are no recovery codes. They come with an authenticator app: cli totp")
	}
	if err != nil {
		return err
	}
	a.say("Recovery codes, each of them good for one login:\n")
	for _, code := range found.UnusedCodes {
		a.say("  %s", code)
	}
	return nil
}

func sessions(ctx context.Context, a *app, args []string) error {
	if len(args) > 0 {
		return endSession(ctx, a, args)
	}
	all, err := a.client.Sessions(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		here := ""
		if s.Current {
			here = ", which is this one"
		}
		a.say("%d: %s at %s since %s%s", s.ID, s.UserAgent, s.IP, s.CreatedAt.Local().Format("2 January 2006, 15:04"), here)
	}
	return nil
}

func endSession(ctx context.Context, a *app, args []string) error {
	if len(args) != 2 || args[0] != "end" {
		return errUsage
	}
	id, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return errUsage
	}
	_, err = a.client.EndSessions(ctx, id)
	if errors.Is(err, client.ErrSignedOut) { // it was this one, or nobody was signed in
		err = nil
	}
	if err == nil {
		a.say("Session %d is over.", id)
	}
	return err
}

func passwd(ctx context.Context, a *app, _ []string) error {
	user, err := a.somebody(ctx)
	if err != nil {
		return err
	}
	var s *client.Session
	err = a.untilRight(func() error {
		current := ""
		if user.HasUsablePassword {
			var err error
			if current, err = a.secret(ctx, "Current password"); err != nil {
				return err
			}
		}
		next, err := a.newPassword(ctx)
		if err != nil {
			return err
		}
		return a.proven(ctx, func() (err error) {
			s, err = a.client.ChangePassword(ctx, current, next)
			return err
		})
	})
	if err != nil {
		return err
	}
	a.say("The password is changed, and your other sessions are over.")
	if !s.Authenticated {
		a.say("So is this one: sign in again.")
	}
	return nil
}

func forget(ctx context.Context, a *app, args []string) error {
	whose, err := named(args)
	if err != nil || whose.Email == "" {
		return errUsage
	}
	if err := a.nobody(ctx); err != nil {
		return err
	}
	byCode, err := a.client.RequestPasswordReset(ctx, whose.Email)
	if err != nil {
		return err
	}
	question := "Link from your mail"
	if byCode {
		question = "Code from your mail"
	}
	var (
		key string
		s   *client.Session
	)
	err = a.untilRight(func() error {
		if key, err = a.ask(ctx, question); err != nil {
			return err
		}
		key = keyOf(key)
		_, err = a.client.LookAtResetKey(ctx, key)
		return err
	})
	if err != nil {
		return err
	}
	err = a.untilRight(func() error {
		password, err := a.newPassword(ctx)
		if err != nil {
			return err
		}
		s, err = a.client.ResetPassword(ctx, key, password)
		return err
	})
	if err != nil {
		return err
	}
	a.say("The new password is set, and all sessions are over.")
	if !s.Authenticated {
		a.say("Sign in with it: cli login %s", whose.Email)
	}
	return nil
}

func logout(ctx context.Context, a *app, _ []string) error {
	if _, err := a.client.Logout(ctx); err != nil && !errors.Is(err, client.ErrSessionEnded) { // which comes to the same
		return err
	}
	a.say("Nobody is signed in.")
	return nil
}
