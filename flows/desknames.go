package flows

import (
	"context"
	"errors"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// This file has what operators do to a user's addresses and number.

// emailStep is a step on one address of a user, by what was typed.
func (d *Desk) emailStep(ctx context.Context, userID, typed string, fn func(v *Visit, a *store.Account, own []store.Email, e *store.Email) error) error {
	return d.withEmails(ctx, userID, func(v *Visit, a *store.Account, own []store.Email) error {
		key, ok := parseAddress(trim(typed))
		i := slices.IndexFunc(own, func(e store.Email) bool { return ok && e.Key == string(key) })
		if i < 0 {
			return refusal.Of(refusal.Missing)
		}
		e := own[i]
		return fn(v, a, own, &e)
	})
}

// AddEmail gives a user another address, as proved if it is to count as that.
func (d *Desk) AddEmail(ctx context.Context, userID, email string, verified bool) error {
	return d.withEmails(ctx, userID, func(v *Visit, a *store.Account, own []store.Email) error {
		account := &d.t.Settings.Account
		var f refusal.Faults
		key := addressFaults(&f, "email", email, true, account.EmailMaxLength)
		switch {
		case len(f) > 0:
		case slices.ContainsFunc(own, func(e store.Email) bool { return e.Key == string(key) }):
			f.Say("email", refusal.DuplicateEmail, "The user has this email address already.")
		case !account.MaxEmailAddresses.Allows(len(own) + 1):
			f.Say("email", refusal.MaxEmailAddresses, "The user cannot have more email addresses.")
		case !verified && a.Factors != 0 && !d.t.Settings.MFA.AllowUnverifiedEmail:
			f.Say("email", refusal.AddEmailBlocked, "A user with a second factor has verified addresses alone.")
		}
		if len(f) == 0 {
			if err := d.free(ctx, &f, a.ID, key, verified); err != nil {
				return err
			}
		}
		if len(f) > 0 {
			return f.Err()
		}
		e := v.newAddress(a.ID, key)
		e.Primary = !slices.ContainsFunc(own, func(x store.Email) bool { return x.Primary })
		if verified {
			e.Verified, e.Exclusive = true, account.UniqueEmail
		}
		d.yield(v, &e)
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddEmail(ctx, &e) })
		if e.Primary {
			v.setUserEmail(a.ID, e.Email)
		}
		return d.noted(v, store.EmailAdded, a.ID, map[string]any{"after": map[string]any{"email": e.Email, "verified": verified}})
	})
}

// free notes an address that another user has in the way of this one.
func (d *Desk) free(ctx context.Context, f *refusal.Faults, userID string, key address, verified bool) error {
	if !d.t.Settings.Account.UniqueEmail {
		return nil
	}
	scope := d.s.store.For(d.t)
	elsewhere, err := scope.VerifiedElsewhere(ctx, userID, string(key))
	if err == nil && !elsewhere && !verified && !d.t.Settings.Account.PreventEnumeration.Strict() {
		var t store.Taken
		t, err = scope.Taken(ctx, store.Names{EmailKey: string(key)})
		elsewhere = t.Email || t.Held
	}
	if elsewhere {
		f.Add("email", refusal.EmailTaken)
	}
	return err
}

// yield has others hold an address no longer for themselves that is proved to be this user's.
func (d *Desk) yield(v *Visit, e *store.Email) {
	if x := *e; x.Verified && x.Exclusive {
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.YieldEmail(ctx, &x) })
	}
}

// RemoveEmail takes an address from a user, unless the account would not be complete without it.
func (d *Desk) RemoveEmail(ctx context.Context, userID, email string) error {
	return d.emailStep(ctx, userID, email, func(v *Visit, a *store.Account, own []store.Email, e *store.Email) error {
		if !v.removable(*e, own) {
			return refusal.Because("email", refusal.CannotRemovePrimary)
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropEmail(ctx, e) })
		to := a.Email
		if e.Email == a.Email {
			to = ""
			v.setUserEmail(a.ID, "")
		}
		if err := v.notify(a.ID, mailEmailDeleted, to, map[string]string{"deleted_email": e.Email}); err != nil {
			return err
		}
		return d.noted(v, store.EmailRemoved, a.ID, map[string]any{"before": map[string]any{"email": e.Email, "verified": e.Verified}})
	})
}

// VerifyEmail has an address of a user count as proved.
func (d *Desk) VerifyEmail(ctx context.Context, userID, email string) error {
	return d.emailStep(ctx, userID, email, func(v *Visit, a *store.Account, own []store.Email, e *store.Email) error {
		if e.Verified {
			return nil
		}
		var f refusal.Faults
		if err := d.free(ctx, &f, a.ID, address(e.Key), true); err != nil || len(f) > 0 {
			return errors.Join(err, f.Err())
		}
		e.Verified, e.Exclusive = true, d.t.Settings.Account.UniqueEmail
		d.yield(v, e)
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.VerifyEmail(ctx, e.ID, e.Exclusive) })
		if !slices.ContainsFunc(own, func(x store.Email) bool { return x.Primary }) {
			v.makePrimary(e)
		}
		return d.noted(v, store.EmailVerified, a.ID, map[string]any{"email": e.Email})
	})
}

// UnverifyEmail has an address of a user be proved anew.
func (d *Desk) UnverifyEmail(ctx context.Context, userID, email string) error {
	return d.emailStep(ctx, userID, email, func(v *Visit, a *store.Account, _ []store.Email, e *store.Email) error {
		if !e.Verified {
			return nil
		}
		if a.Factors != 0 && !d.t.Settings.MFA.AllowUnverifiedEmail {
			var f refusal.Faults
			f.Say("email", refusal.AddEmailBlocked, "A user with a second factor has verified addresses alone.")
			return f.Err()
		}
		exclusive := e.Exclusive && !d.t.Settings.Account.PreventEnumeration.Strict()
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.UnverifyEmail(ctx, e.ID, exclusive) })
		return d.noted(v, store.EmailUnverified, a.ID, map[string]any{"email": e.Email})
	})
}

// MakeEmailPrimary makes an address of a user the primary one.
func (d *Desk) MakeEmailPrimary(ctx context.Context, userID, email string) error {
	return d.emailStep(ctx, userID, email, func(v *Visit, a *store.Account, own []store.Email, e *store.Email) error {
		switch {
		case e.Primary:
			return nil
		case !e.Verified && slices.ContainsFunc(own, func(x store.Email) bool { return x.Verified }):
			return refusal.Because("email", refusal.UnverifiedPrimary)
		}
		v.makePrimary(e)
		if err := v.notify(a.ID, mailEmailChanged, a.Email, map[string]string{"from_email": a.Email, "to_email": e.Email}); err != nil {
			return err
		}
		return d.noted(v, store.EmailPrimaryChanged, a.ID, changed(map[string]any{"email": a.Email}, map[string]any{"email": e.Email}))
	})
}

// SetPhone gives a user a number in place of the one before, as proved if it is to count as that.
func (d *Desk) SetPhone(ctx context.Context, userID, phone string, verified bool) error {
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		var f refusal.Faults
		phone := phoneFaults(&f, "phone", phone, true)
		if len(f) > 0 {
			return f.Err()
		}
		if phone == a.Phone && verified == a.PhoneVerified {
			return nil
		}
		other, err := d.s.store.For(d.t).AccountByPhone(ctx, phone)
		switch {
		case err == nil && other.ID != a.ID:
			return refusal.Because("phone", refusal.PhoneTaken)
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		}
		return d.changePhone(ctx, v, a, store.PhoneChanged, phone, verified)
	})
}

// RemovePhone takes a user's number, unless people log in with nothing else.
func (d *Desk) RemovePhone(ctx context.Context, userID string) error {
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		methods := d.t.Settings.Account.LoginMethods
		switch {
		case a.Phone == "":
			return nil
		case len(methods) == 1 && methods.Has(byPhone):
			var f refusal.Faults
			f.Say("phone", "", "It is the only way in: give the user another number instead.")
			return f.Err()
		}
		return d.changePhone(ctx, v, a, store.PhoneRemoved, "", false)
	})
}

func (d *Desk) changePhone(ctx context.Context, v *Visit, a *store.Account, act store.Action, phone string, verified bool) error {
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetPhone(ctx, a.ID, phone, verified) })
	if phone != a.Phone {
		to, err := d.s.emailFor(ctx, v, a)
		if err != nil {
			return err
		}
		if err := v.notify(a.ID, messagePhoneChanged, to, map[string]string{"from_phone": masked(a.Phone), "to_phone": masked(phone)}); err != nil {
			return err
		}
	}
	return d.noted(v, act, a.ID, changed(
		map[string]any{"phone": a.Phone, "verified": a.PhoneVerified}, map[string]any{"phone": phone, "verified": verified}))
}

// VerifyPhone has a user's number count as proved, or with verified false be proved anew.
func (d *Desk) VerifyPhone(ctx context.Context, userID string, verified bool) error {
	return d.with(ctx, userID, func(v *Visit, a *store.Account) error {
		switch {
		case a.Phone == "":
			return refusal.Of(refusal.Missing)
		case a.PhoneVerified == verified:
			return nil
		case verified:
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.VerifyPhone(ctx, a.ID, a.Phone) })
			return d.noted(v, store.PhoneVerified, a.ID, map[string]any{"phone": a.Phone})
		default:
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.UnverifyPhone(ctx, a.ID, a.Phone) })
			return d.noted(v, store.PhoneUnverified, a.ID, map[string]any{"phone": a.Phone})
		}
	})
}
