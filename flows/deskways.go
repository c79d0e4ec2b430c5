package flows

import (
	"context"
	"errors"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// This file has what operators do to a user's ways in: the password, sessions, second factors and provider accounts.

// SetPassword gives a user another password, by the tenant's rules, and ends every session.
func (d *Desk) SetPassword(ctx context.Context, userID, password string) error {
	encoded := ""
	err := d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		var f refusal.Faults
		chosen := v.newPassword(&f, "password", password, attributesOf(&a.User))
		if len(f) > 0 {
			return f.Err()
		}
		if encoded == "" {
			var err error
			if encoded, err = d.s.hash(ctx, d.t, chosen); err != nil {
				return err
			}
		}
		kind := mailPasswordChanged
		if !a.HasPassword {
			kind = mailPasswordSet
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.ReplacePassword(ctx, a.ID, a.Epoch, encoded) })
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropSessionsOf(ctx, a.ID) })
		to, err := d.s.emailFor(ctx, v, a)
		if err != nil {
			return err
		}
		if err := v.notify(a.ID, kind, to, nil); err != nil {
			return err
		}
		return d.noted(v, store.PasswordSet, a.ID, changed(map[string]any{"has_password": a.HasPassword}, map[string]any{"has_password": true}))
	})
	if err != nil {
		return err
	}
	if err := d.s.clearGuesses(ctx, &Visit{Tenant: d.t}, userID); err != nil {
		d.s.log.WarnContext(ctx, "failed logins could not be forgotten after a password was set", "tenant", d.t.Slug, "error", err)
	}
	return nil
}

// EndSessions ends every session of a user, and every login that waits.
func (d *Desk) EndSessions(ctx context.Context, userID string) error {
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.EndSessions(ctx, a.ID) })
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropSessionsOf(ctx, a.ID) })
		return d.noted(v, store.SessionsEnded, a.ID, nil)
	})
}

// EndSession ends one session of a user.
func (d *Desk) EndSession(ctx context.Context, userID, sessionID string) error {
	if !ValidID(sessionID) {
		return refusal.Of(refusal.Missing)
	}
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		v.queue(func(ctx context.Context, tx *store.Tx) error {
			err := tx.DropSessionOfUser(ctx, a.ID, sessionID)
			if errors.Is(err, store.ErrNotFound) {
				err = refusal.Of(refusal.Missing)
			}
			return err
		})
		return d.noted(v, store.SessionEnded, a.ID, map[string]any{"session": sessionID})
	})
}

// RemoveFactor takes an authenticator from a user or, where id is "", all of them: so does somebody come in again who has lost theirs.
// Recovery codes go with the last other one.
func (d *Desk) RemoveFactor(ctx context.Context, userID, id string) error {
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		all, err := d.s.store.For(d.t).AuthenticatorsOf(ctx, a.ID)
		if err != nil {
			return err
		}
		var gone []map[string]any
		kinds := map[string]bool{}
		v.dropFactors(a, all, func(x *store.Authenticator) bool {
			if id != "" && x.ID != id {
				return false
			}
			gone = append(gone, map[string]any{"id": x.ID, "type": x.Type, "name": x.Name})
			switch x.Type {
			case store.TOTP:
				kinds[mailTOTPDeactivated] = true
			case store.WebAuthn:
				kinds[mailKeyRemoved] = true
			case store.RecoveryCodes:
			}
			return true
		})
		if len(gone) == 0 {
			v.writes = v.writes[:1] // of this step there is no more than what holds the user
			if id != "" {
				return refusal.Of(refusal.Missing)
			}
			return nil
		}
		for _, kind := range []string{mailTOTPDeactivated, mailKeyRemoved} {
			if kinds[kind] {
				if err := d.s.notifyOwn(ctx, v, kind, a); err != nil {
					return err
				}
			}
		}
		return d.noted(v, store.FactorRemoved, a.ID, map[string]any{"before": gone})
	})
}

// Disconnect takes an account with an identity provider from a user.
func (d *Desk) Disconnect(ctx context.Context, userID, provider, uid string) error {
	if strings.ContainsRune(provider+uid, 0) { // which no database row has, and PostgreSQL cannot be asked for
		return refusal.Of(refusal.Missing)
	}
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		v.queue(func(ctx context.Context, tx *store.Tx) error {
			err := tx.DropProviderAccount(ctx, a.ID, provider, uid)
			if errors.Is(err, store.ErrStale) {
				err = refusal.Of(refusal.Missing)
			}
			return err
		})
		return d.noted(v, store.ProviderDisconnected, a.ID, map[string]any{"before": map[string]any{"provider": provider}})
	})
}

// FactorView is an authenticator as operators see it.
type FactorView struct {
	ID string
	AuthenticatorView
}

// Factors are a user's authenticators, without anything secret.
func (d *Desk) Factors(ctx context.Context, userID string) ([]FactorView, error) {
	rows, err := d.s.store.For(d.t).AuthenticatorsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	v := &Visit{Tenant: d.t}
	all := make([]FactorView, len(rows))
	for i := range rows {
		view, err := v.viewFactor(&rows[i], false)
		if err != nil {
			return nil, err
		}
		view.Name = rows[i].Name
		all[i] = FactorView{rows[i].ID, view}
	}
	return all, nil
}
