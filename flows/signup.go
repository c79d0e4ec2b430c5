package flows

import (
	"context"
	"fmt"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// SignupInput is what a signup takes. The tenant's signup_fields say which of it is asked for; the rest is ignored.
type SignupInput struct {
	Username string
	Email    string
	Email2   string
	Phone    string
	Password string
	// Passkey says that a passkey takes the password's place. It is asked for once the address is proved.
	Passkey bool
	// byProvider says that a provider vouches for the newcomer: there is no password, and the tenant says by itself whether an address is needed.
	byProvider bool
	// Honeypot is the value of the field that only programs fill in.
	Honeypot string
}

// newcomer is a checked SignupInput.
type newcomer struct {
	username string // as chosen; "" to have one made
	email    address
	phone    string
	password string
	typo     bool   // the address was typed in two ways
	mailed   bool   // the address belongs to an account, which is not to be told
	texted   bool   // the number does
	held     bool   // the address is held by an account that is not reached there
	shared   bool   // somebody else has it, which is not told
	mailedOf string // whose account that is
	textedOf string // likewise

	byProvider bool // a provider vouches for them

	// Of whom an operator makes an account for.
	name                  string
	emailProved           bool
	phoneProved           bool
	publicly, toOperators []byte // metadata
}

// Signup makes an account and signs it in, as far as the tenant's rules let it go at once.
//
// Where the tenant hides which addresses have accounts, and mails anyway, a signup with a taken address looks like any
// other: the same work, the same answer, and a mail to the owner that says somebody tried. What it cannot hide, as the
// contract has it, is that the password which was chosen does not sign in afterwards.
func (s *Service) Signup(ctx context.Context, v *Visit, in SignupInput) error {
	encoded, crowded := "", false
	step := s.step
	if hidesTaken(&v.Tenant.Settings.Account) {
		step = s.evenStep // to write an account takes longer than to write as many rows that are none
	}
	err := step(ctx, v, func() error {
		n, err := s.checkSignup(ctx, v.Tenant, in, crowded)
		crowded = true // if it is run again, others sign up with the same
		if err != nil {
			return err
		}
		if v.user != nil {
			return refusal.Of(refusal.Conflict)
		}
		if !v.Tenant.Settings.Account.SignupEnabled {
			return refusal.Of(refusal.Forbidden)
		}
		if encoded == "" && n.password != "" {
			if encoded, err = s.hash(ctx, v.Tenant, n.password); err != nil {
				return err
			}
		}
		l := login{
			Email: string(n.email), Phone: n.phone, EmailTaken: n.mailed, PhoneTaken: n.texted, EmailOf: n.mailedOf, PhoneOf: n.textedOf,
			Signup: true, Passkey: in.Passkey,
		}
		if err := v.disown(); err != nil {
			return err
		}
		l.Unheard = in.Honeypot != ""
		if n.mailed || n.texted || l.Unheard {
			reason := "taken"
			if l.Unheard {
				reason = "honeypot"
			}
			v.auditOf(store.SignupRefused, "", map[string]any{"reason": reason})
			v.waste() // in place of the account
			if n.email != "" {
				v.waste() // and of its address
			}
			return s.begin(ctx, v, l, nil)
		}
		a, err := s.addAccount(ctx, v, n, encoded)
		if err != nil {
			return err
		}
		l.made = true
		return s.begin(ctx, v, l, a)
	})
	s.observe.Signup(v.Tenant.Slug, result(v, err))
	return err
}

// hidesTaken reports whether a signup with a taken address or number may be answered as one with a free one.
func hidesTaken(account *tenants.Account) bool {
	byPhone, _ := account.SignupFields.Field("phone")
	return account.PreventEnumeration.Prevented() && (byPhone || account.EmailVerification == tenants.VerificationMandatory)
}

// checkSignup checks what was typed, and what is taken. crowded says that others sign up with the same at this very time.
func (s *Service) checkSignup(ctx context.Context, t *tenants.Tenant, in SignupInput, crowded bool) (newcomer, error) {
	var f refusal.Faults
	var n newcomer
	account := &t.Settings.Account
	asked, required := account.SignupFields.Field("email")
	if n.byProvider = in.byProvider; n.byProvider {
		asked, required = true, t.Settings.SocialAccount.EmailRequired
	}
	if asked {
		n.email = addressFaults(&f, "email", in.Email, required, account.EmailMaxLength)
	}
	if asked, required := account.SignupFields.Field("email2"); asked {
		again := addressFaults(&f, "email2", in.Email2, required, account.EmailMaxLength)
		n.typo = n.email != "" && again != "" && n.email != again
	}
	if asked, required := account.SignupFields.Field("username"); asked {
		n.username = usernameFaults(&f, t, in.Username, required)
	}
	if asked, required := account.SignupFields.Field("phone"); asked {
		n.phone = phoneFaults(&f, "phone", in.Phone, required)
	}
	if asked, required := account.SignupFields.Field("password1"); asked && !in.Passkey {
		n.password = trim(in.Password)
		if textFaults(&f, "password", n.password, required) && n.password != "" {
			// Nothing of the newcomer's own is compared with: the contract does that when a password is changed or reset.
			passwordFaults(&f, t, "password", n.password, nil)
		}
	}
	return n, s.checkTaken(ctx, t, &n, &f, crowded)
}

// checkTaken notes names that are in use. A taken username is always told; a taken address only where it cannot be hidden. An address
// that others have beside one that they proved is not taken: they are not reached there, and must not keep its owner from an account.
func (s *Service) checkTaken(ctx context.Context, t *tenants.Tenant, n *newcomer, f *refusal.Faults, crowded bool) error {
	account := &t.Settings.Account
	emailKey, usernames := "", []string(nil)
	if account.UniqueEmail && !f.Has("email") {
		emailKey = string(n.email)
	}
	if n.username != "" && !f.Has("username") {
		usernames = []string{usernameKey(n.username)}
	}
	chosen := n.username != ""
	var offered []string
	if !chosen && account.UserModelUsernameField != "" {
		offered = usernamesFor(t, n.email, crowded)
		for _, name := range offered {
			usernames = append(usernames, usernameKey(name))
		}
	}
	if len(*f) > 0 && emailKey == "" && n.phone == "" && !chosen {
		n.tellTypo(f)
		return f.Err() // there is nothing to look up for a signup that fails
	}
	taken, err := s.store.For(t).Taken(ctx, store.Names{EmailKey: emailKey, Phone: n.phone, UsernameKeys: usernames})
	if err != nil {
		return err
	}
	if chosen && taken.Usernames[usernameKey(n.username)] {
		f.Add("username", refusal.UsernameTaken)
	}
	for _, name := range offered {
		if !taken.Usernames[usernameKey(name)] {
			n.username = name
			break
		}
	}
	if taken.Phone {
		if account.PreventEnumeration.Prevented() {
			n.texted, n.textedOf = true, taken.PhoneOf
		} else {
			f.Say("phone", "", refusal.PhoneTaken.Message()) // the contract has no code for it here
		}
	}
	n.held = taken.Held
	verification := account.EmailVerification
	if n.byProvider {
		verification = t.Settings.SocialAccount.EmailVerification
	}
	if taken.Email {
		switch {
		case account.PreventEnumeration.Prevented() && verification == tenants.VerificationMandatory:
			n.mailed, n.mailedOf = true, taken.EmailOf
		case account.PreventEnumeration.Strict():
		default:
			f.Add("email", refusal.EmailTaken)
		}
	}
	n.tellTypo(f)
	return f.Err()
}

// tellTypo notes that the address was typed in two ways, unless something else is wrong with it.
func (n *newcomer) tellTypo(f *refusal.Faults) {
	if n.typo && !f.Has("email") {
		f.Say("email2", "", "Type the same address both times.")
	}
}

// addAccount queues a new user with the address that came with it.
func (s *Service) addAccount(_ context.Context, v *Visit, n newcomer, encoded string) (*store.Account, error) {
	account := &v.Tenant.Settings.Account
	if n.username == "" && account.UserModelUsernameField != "" {
		return nil, fmt.Errorf("no free username was found for a new account: %w", store.ErrTaken)
	}
	u := store.User{
		ID: secret.NewID(), Username: n.username, Email: string(n.email), Phone: n.phone, Password: encoded, HasPassword: encoded != "",
		Active: true, Epoch: 1, CreatedAt: v.Now, Name: n.name, PhoneVerified: n.phone != "" && n.phoneProved,
		MetadataPublic: n.publicly, MetadataPrivate: n.toOperators,
	}
	u.DataKey = v.Tenant.NewUserKey(u.ID)
	a := &store.Account{User: u}
	v.audit(store.UserSignedUp, u.ID, nil)
	v.queue(func(ctx context.Context, tx *store.Tx) error {
		return tx.AddUser(ctx, &a.User, usernameKey(u.Username))
	})
	if n.email != "" {
		e := v.newAddress(u.ID, n.email)
		e.Primary = true
		if n.emailProved {
			e.Verified, e.Exclusive, a.AnyVerified = true, account.UniqueEmail, true
		}
		a.Address = e
		if n.emailProved && e.Exclusive { // whoever has not proved it has it for themselves no longer
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.YieldEmail(ctx, &e) })
		} else if n.held && e.Exclusive {
			v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.YieldHeld(ctx, &e) })
		}
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddEmail(ctx, &e) })
	}
	return a, nil
}
