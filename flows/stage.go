package flows

import (
	"context"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Stage is something that a login has to get past. Its value is the flow's id on the wire.
type Stage string

// The stages, in the order in which a login meets them.
const (
	LoginByCode     Stage = "login_by_code"
	VerifyPhone     Stage = "verify_phone"
	VerifyEmail     Stage = "verify_email"
	MFAAuthenticate Stage = "mfa_authenticate"
	MFATrust        Stage = "mfa_trust"
	MFASignup       Stage = "mfa_signup_webauthn"
	Done            Stage = "" // nothing is left
)

// facts are everything that the next stage depends on.
type facts struct {
	pretended     bool // there is no account behind this login
	codeDue       bool // a login code is asked for, by the user or by the tenant, and was not given yet
	phoneDue      bool // the account has a number that is to be verified
	emailRequired bool // the tenant lets nobody in without a verified address
	emailVerified bool // the address that counts for this login is verified
	factorDue     bool // the account has a second factor, which was not shown yet
	trustDue      bool // it is asked whether this browser is to be trusted from now on
	keyDue        bool // somebody who signs up with a passkey has none yet
}

// next is the stage machine: the stage that a login with these facts comes to.
func next(f facts) Stage {
	switch {
	case f.codeDue:
		return LoginByCode
	case f.phoneDue:
		return VerifyPhone
	case f.pretended, f.emailRequired && !f.emailVerified: // a pretended login never gets anywhere
		return VerifyEmail
	case f.factorDue:
		return MFAAuthenticate
	case f.trustDue:
		return MFATrust
	case f.keyDue:
		return MFASignup
	default:
		return Done
	}
}

// gather collects the facts of the visit's login. a is nil for a pretended one.
func (v *Visit) gather(l *login, a *store.Account) facts {
	account := &v.Tenant.Settings.Account
	trusted := v.trusted(a)
	f := facts{
		pretended:     a == nil,
		codeDue:       !l.CodeGiven && (l.Requested || (codeRequired(account, l.Proof) && !trusted.code)),
		emailRequired: v.verification(l) == tenants.VerificationMandatory,
	}
	asked, _ := account.SignupFields.Field("phone")
	verifies := asked && account.PhoneVerificationEnabled
	if a == nil {
		f.phoneDue = (verifies || l.PhoneTaken) && l.Phone != "" && !l.PhoneGiven
		return f
	}
	f.phoneDue = verifies && a.Phone != "" && !a.PhoneVerified
	f.emailVerified = verified(l, a)
	f.factorDue = a.Factors.Second() && !l.Passwordless && !l.factorShown(a) && !trusted.factor
	if l.Proves != nil { // who set the factor up is asked for, in whatever browser, even if it is removed meanwhile
		f.factorDue = !l.Passwordless && (!l.FactorShown || (a.Factors.Second() && !l.factorShown(a)))
	}
	f.trustDue = v.Origin.Client == Browser && !l.TrustAnswered && l.trustable(v.Tenant, a) != proofs{}
	f.keyDue = l.Passkey
	return f
}

// codeRequired reports whether the tenant asks for a login code after such a proof.
func codeRequired(account *tenants.Account, proof string) bool {
	switch proof {
	case "code":
		return false
	case "": // a signup
		return account.LoginByCodeRequired.Any()
	default:
		return account.LoginByCodeRequired.For(proof)
	}
}

// verification is how the tenant has addresses proved of those who come as a login does: by a provider, or otherwise.
func (v *Visit) verification(l *login) tenants.EmailVerification {
	if l.ByProvider {
		return v.Tenant.Settings.SocialAccount.EmailVerification
	}
	return v.Tenant.Settings.Account.EmailVerification
}

// verified reports whether the address that counts for a login is verified: the one it was asked for with, or any of
// the account's where it was asked for by another name.
func verified(l *login, a *store.Account) bool {
	if l.Proves != nil && l.Proves.Email != "" {
		return true // as soon as the second factor is shown, which comes next
	}
	if l.Email != "" {
		return a.Address.Verified && a.Address.Key == l.Email
	}
	return a.AnyVerified
}

// begin starts a login for an account (nil for a pretended one) and takes it as far as it goes.
func (s *Service) begin(ctx context.Context, v *Visit, l login, a *store.Account) error {
	kept := v.keeps(&l, a)
	l.Since, l.begins = v.Now, true
	v.state.Login, v.state.Email, v.state.Provider = &l, nil, nil
	v.keep()
	if !kept {
		v.rotate() // a token that somebody planted must not come to mean a login
	}
	v.session.UserID, v.session.Pending, v.session.Epoch = "", true, 0
	if a != nil {
		l.UserID = a.ID
		v.session.UserID, v.session.Epoch, v.session.Factors = a.ID, a.Epoch, a.Factors
	}
	return s.advance(ctx, v, a)
}

// keeps reports whether the client of a login may keep the token that it has. A login that is asked for by nothing but a code means
// nothing until the code is given; and a token that hung on the account behind it would tell that there is one. Otherwise the
// login that waits under the token, or waited there and was given up, must be the same user's: nobody's proof may come to be worth
// something under a token of somebody else's. A code that was sent for this very session is not somebody else's: it was asked for
// and typed in here.
func (v *Visit) keeps(l *login, a *store.Account) bool {
	if v.session == nil || v.user != nil || (l.Signup && !l.here) {
		return false
	}
	was := v.state.Login
	switch {
	case l.Requested, l.here:
		return true
	case a == nil:
		return false
	case was != nil:
		return was.UserID == a.ID && !was.Requested // which proves nothing: anybody may ask for it
	default:
		return v.proofs > 1
	}
}

// advance takes the visit's login to its next stage, or completes it.
func (s *Service) advance(ctx context.Context, v *Visit, a *store.Account) error {
	l := v.state.Login
	v.dirty = true
	if a != nil && (!a.Active || a.Epoch != v.session.Epoch || !l.stands(a)) {
		v.abandon() // put out while the login waited
		return nil
	}
	if l.ByProvider && a != nil && !l.begins {
		if connected, err := s.connected(ctx, v, l, a); err != nil || !connected {
			v.abandon()
			return err
		}
	}
	if l.Proves != nil && !a.Factors.Second() {
		v.abandon() // what it proves would count for whoever made the account: it is claimed by the next login
		return nil
	}
	l.Stage = next(v.gather(l, a))
	if l.Kept && l.Stage != MFAAuthenticate { // the factor is shown, and the rest of the way is for whoever showed it alone
		l.Kept = false
		v.rotate()
	}
	switch l.Stage {
	case LoginByCode:
		return s.askForCode(ctx, v, l, a)
	case VerifyPhone:
		return s.askForPhone(ctx, v, l, a)
	case VerifyEmail:
		return s.askForEmail(ctx, v, l, a)
	case MFAAuthenticate, MFATrust, MFASignup:
		return nil // there is nothing to send
	default:
		if l.Signup && v.verification(l) == tenants.VerificationOptional && !verified(l, a) {
			if err := s.mailVerification(ctx, v, l, a); err != nil {
				return err
			}
		}
		if l.Proves != nil {
			v.hold(a)
			v.proven(a, l.Proves)
		}
		if v.Origin.Tokens && TokensOffered(v.Tenant) {
			var err error // before anything is written: whoever cannot be handed tokens is not signed in
			if v.keys, err = s.keys.Set(ctx, v.Tenant); err != nil {
				return err
			}
		}
		return v.complete(l, a)
	}
}

// stands reports whether what a login began with is still worth something: a passkey that was removed since, or one of an account
// whose factors changed at all, is not; nor is a code that went to what is not the account's way in any more.
func (l *login) stands(a *store.Account) bool {
	return (!l.Passwordless || l.FactorEpoch == a.FactorEpoch) &&
		(l.Proves == nil || (has(a, l.Proves) && entered(a, l.Proves.Phone != "")))
}

// complete signs the account in: the pending login becomes the session's, under a new token. Whom it is signed in as is read
// under the lock that notes the login; an account that is being made is nobody else's to change yet.
func (v *Visit) complete(l *login, a *store.Account) error {
	v.state.Login, v.state.Email, v.state.Key, v.state.Enrolled, v.state.Provider = nil, nil, nil, "", nil
	v.state.Sent = nil // whoever was sent to a provider before was somebody else, for all that is known
	v.state.Trusted = a.Factors.Second() && !l.Passwordless && !l.factorShown(a)
	v.session.UserID, v.session.Pending, v.session.Epoch = a.ID, false, a.Epoch
	v.session.RefreshNumber += newFamily // what was handed out under the session before is worth nothing
	v.session.RefreshedAt = v.Now
	v.rotate()
	methods, err := v.proofNames()
	if err != nil {
		return err
	}
	if l.Signup {
		methods = append(methods, "signup")
	}
	v.audit(store.UserLoggedIn, a.ID, map[string]any{"methods": methods})
	user := a.User
	user.Password, user.Phone = "", ""
	v.user = &user
	if l.made {
		a.LastLoginAt = v.Now // signing up signs in
		v.granted = &user
		return nil
	}
	read := a.User
	v.queue(func(ctx context.Context, tx *store.Tx) (err error) {
		v.granted, err = tx.SaveLogin(ctx, &read, v.Now, l.rehashed)
		return err
	})
	if a.Epoch > 1 { // sessions were put out at some time: a login clears them away
		own := v.session.ID // which is put out as well, if this login claims the account, and comes back when it is saved
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropDeadSessionsOf(ctx, a.ID, own) })
	}
	return nil
}
