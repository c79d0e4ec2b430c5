package flows

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// messagePhone is the text that proves a number, messagePhoneChanged the mail that says it was changed.
const (
	messagePhone        = "phone_verification"
	messagePhoneChanged = "phone_changed"
)

// e164 is a number in international form (ITU-T E.164): a plus, and up to 15 digits that do not begin with zero. The contract asks
// for at least six.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`)

// phoneFaults reads a number from a field, and notes what is wrong with it. It is written without spaces and dashes. An empty
// field that is not required yields none.
func phoneFaults(f *refusal.Faults, param, value string, required bool) string {
	value = trim(value)
	textFaults(f, param, value, required)
	if value == "" {
		return ""
	}
	if !e164.MatchString(value) {
		f.Add(param, refusal.InvalidPhone)
		return ""
	}
	return value
}

// parsePhone reads a number that nobody has typed; false for what is none.
func parsePhone(s string) (string, bool) {
	s = trim(s)
	return s, e164.MatchString(s)
}

// PhoneView is one number as its owner sees it.
type PhoneView struct {
	Phone    string `json:"phone"`
	Verified bool   `json:"verified"`
}

// Phones lists the number of whoever is signed in, if there is one.
func (s *Service) Phones(ctx context.Context, v *Visit) ([]PhoneView, error) {
	if v.user == nil {
		return nil, refusal.Of(refusal.Unauthenticated)
	}
	a, err := s.account(ctx, v)
	if err != nil {
		return nil, err
	}
	all := []PhoneView{}
	if a.Phone != "" {
		all = append(all, PhoneView{Phone: a.Phone, Verified: a.PhoneVerified})
	}
	return all, nil
}

// ChangePhone asks for another number: that of the account whose user is signed in, which takes effect when it is verified,
// or that of a signup that waits for its number to be verified, at once.
func (s *Service) ChangePhone(ctx context.Context, v *Visit, phone string) (PhoneView, error) {
	view := PhoneView{}
	if v.user == nil && !v.canChange(VerifyPhone) {
		return view, refusal.Of(refusal.Conflict)
	}
	userID := v.userID()
	if userID == "" {
		userID = v.state.Login.UserID
	}
	if err := s.admitUser(ctx, v, ActionChangePhone, userID); err != nil {
		return view, err
	}
	err := s.evenStep(ctx, v, func() error {
		if v.user == nil && !v.canChange(VerifyPhone) {
			return refusal.Of(refusal.Conflict)
		}
		var f refusal.Faults
		view.Phone = phoneFaults(&f, "phone", phone, true)
		if len(f) > 0 {
			return f.Err()
		}
		a, holder, err := s.phoneOwner(ctx, v, userID, view.Phone)
		switch {
		case err != nil:
			return err
		case a == nil:
			return refusal.Of(refusal.Unauthenticated)
		case v.user == nil && !a.LastLoginAt.IsZero():
			return refusal.Of(refusal.Conflict)
		case view.Phone == v.phoneToChange(a):
			return refusal.Because("phone", refusal.SameAsCurrent)
		case holder != "" && !v.Tenant.Settings.Account.PreventEnumeration.Prevented():
			return refusal.Because("phone", refusal.PhoneTaken)
		case v.user == nil:
			return s.changeText(ctx, v, a, view.Phone, holder)
		}
		if err := s.recent(v); err != nil {
			return err
		}
		v.keep()
		v.state.Phone = v.start(process{Phone: view.Phone, UserID: a.ID})
		return s.text(ctx, v, v.state.Phone, a)
	})
	return view, err
}

// phoneToChange is the number that a change puts another in the place of. That of a signup is not the account's where another
// account has it.
func (v *Visit) phoneToChange(a *store.Account) string {
	if v.user == nil {
		return v.state.Login.Text.Phone
	}
	return a.Phone
}

// phoneOwner is a user's account, and which other account has the number, "" for none.
func (s *Service) phoneOwner(ctx context.Context, v *Visit, userID, phone string) (a *store.Account, holder string, err error) {
	if a, err = s.ownAccount(ctx, v, userID, ""); err != nil || a == nil {
		return a, "", err
	}
	other, err := s.store.For(v.Tenant).AccountByPhone(ctx, phone)
	if errors.Is(err, store.ErrNotFound) || other.ID == userID {
		return a, "", nil
	}
	return a, other.ID, err
}

// changeText moves a signup to another number. Where somebody has it already, that is not told: no code is right, and the number
// that the account has is written anew, which takes as long.
func (s *Service) changeText(ctx context.Context, v *Visit, a *store.Account, phone, holder string) error {
	p := v.state.Login.Text
	p.Phone, p.Taken, p.Of = phone, holder != "", holder
	p.Changes++
	v.state.Login.Phone = phone
	v.dirty = true
	id, verified := a.ID, false
	if p.Taken {
		phone, verified = a.Phone, a.PhoneVerified
	}
	v.hold(a)
	v.audit(store.PhoneChanged, id, change("phone", a.Phone, phone))
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetPhone(ctx, id, phone, verified) })
	return s.text(ctx, v, p, a)
}

// canChange reports whether the login that waits at a stage may still change what it waits for: there is an account behind it,
// and it has not been changed too often. Nor may somebody who has been in before, which the account tells.
func (v *Visit) canChange(stage Stage) bool {
	if v.Pending() != stage || v.state.Login.UserID == "" {
		return false
	}
	p, of := v.state.Login.Text, v.forPhone()
	if stage == VerifyEmail {
		p, of = v.state.Email, v.forEmail()
	}
	return p != nil && !v.late(of, p) && p.Changes < of.changes
}

// awaitsText reports whether the login waits for the code that was sent to its number, and that is still in time.
func (v *Visit) awaitsText() bool {
	return v.Pending() == VerifyPhone && !v.late(v.forPhone(), v.state.Login.Text)
}

// askForPhone starts the stage of the number.
func (s *Service) askForPhone(ctx context.Context, v *Visit, l *login, a *store.Account) error {
	if l.Text != nil && (a == nil || l.Text.Phone == a.Phone) {
		return nil // it has been asked for already
	}
	p := process{Phone: l.Phone, Of: l.PhoneOf}
	if a != nil {
		p.Phone, p.UserID = a.Phone, a.ID
	}
	l.Text = v.start(p)
	return s.text(ctx, v, l.Text, a)
}

// text sends a code to the number of a process, or word to whoever has the number already. a is nil for a pretended signup.
func (s *Service) text(ctx context.Context, v *Visit, p *process, a *store.Account) error {
	if err := s.spend(ctx, v, ActionVerifyPhone, p.Phone); err != nil {
		return err
	}
	if p.Taken || (a == nil && v.state.Login.PhoneTaken) {
		p.void()
		return v.tellExists(p.Of, "", p.Phone)
	}
	of := v.forPhone()
	return v.send(p.UserID, messagePhone, "", p.Phone, map[string]string{"code": v.code(of, p), "expires": expiry(p.Since.Add(of.timeout))})
}

// ResendPhoneCode sends another code to the number that a login waits for.
func (s *Service) ResendPhoneCode(ctx context.Context, v *Visit) error {
	return s.evenStep(ctx, v, func() error {
		if !v.awaitsText() || v.state.Login.Text.Resends >= v.forPhone().resends {
			return refusal.Of(refusal.Conflict)
		}
		p := v.state.Login.Text
		p.Resends++
		v.dirty = true
		a, err := s.waiting(ctx, v, "")
		if err != nil {
			return err
		}
		if len(p.MAC) == 0 {
			v.waste() // what nobody was sent is not sent again, but counts
			return s.spend(ctx, v, ActionVerifyPhone, p.Phone)
		}
		return s.text(ctx, v, p, a)
	})
}

// VerifyPhone takes the code that was sent to a number: that of the login that waits, or the one that the user changes to.
func (s *Service) VerifyPhone(ctx context.Context, v *Visit, code string) error {
	return s.signupStep(ctx, v, func() error {
		switch {
		case v.awaitsText():
			return s.verifyPhoneOfLogin(ctx, v, code)
		case v.AwaitsPhoneCode():
			return s.verifyNewPhone(ctx, v, code)
		default:
			return refusal.Of(refusal.Conflict)
		}
	})
}

func (s *Service) verifyPhoneOfLogin(ctx context.Context, v *Visit, code string) error {
	l := v.state.Login
	var f refusal.Faults
	if !v.check(&f, "code", v.forPhone(), l.Text, code) {
		v.miss(func() {
			if v.state.Login.Text.missed(v.forPhone()) {
				v.abandon()
			}
		})
		return f.Err()
	}
	if l.UserID == "" {
		l.PhoneGiven = true // a pretended signup goes on to its address
		return s.advance(ctx, v, nil)
	}
	a, err := s.waiting(ctx, v, l.Email)
	if err != nil {
		return err
	}
	if a == nil || a.Phone != l.Text.Phone {
		v.abandon() // the account, or its number, has changed meanwhile
		return nil
	}
	v.hold(a)
	v.proven(a, &process{Phone: l.Text.Phone})
	return s.advance(ctx, v, a)
}

func (s *Service) verifyNewPhone(ctx context.Context, v *Visit, code string) error {
	p := v.state.Phone
	var f refusal.Faults
	var a *store.Account
	if v.check(&f, "code", v.forPhone(), p, code) {
		var holder string
		var err error
		if a, holder, err = s.phoneOwner(ctx, v, v.user.ID, p.Phone); err != nil {
			return err
		}
		if holder != "" {
			f.Add("code", refusal.PhoneTaken)
		}
	}
	if len(f) > 0 {
		v.miss(func() {
			if v.state.Phone.missed(v.forPhone()) {
				v.state.Phone = nil
			}
		})
		return f.Err()
	}
	if a == nil {
		return refusal.Of(refusal.Unauthenticated)
	}
	v.state.Phone, v.dirty = nil, true
	id, phone, old := a.ID, p.Phone, a.Phone
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetPhone(ctx, id, phone, true) })
	v.audit(store.PhoneChanged, id, change("phone", old, phone))
	to, err := s.emailFor(ctx, v, a)
	if err != nil {
		return err
	}
	return v.notify(id, messagePhoneChanged, to, map[string]string{"from_phone": masked(old), "to_phone": masked(phone)})
}

// masked is a number of which the end can be read: enough to know it by, and no more, in a mail.
func masked(phone string) string {
	const shown = 3
	if len(phone) <= shown {
		return phone
	}
	return strings.Repeat("•", len(phone)-shown) + phone[len(phone)-shown:]
}
