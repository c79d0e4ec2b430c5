package flows

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The kinds of mail that this file sends. Package post has a template for each.
const (
	mailKeyAdded   = "webauthn_added"
	mailKeyRemoved = "webauthn_removed"
)

// ceremonyAge is how long a browser may take over a WebAuthn ceremony: what the specification recommends at the most (section
// 15.1), since some people need it.
const ceremonyAge = 10 * time.Minute

// What a ceremony is for. An answer to one is no answer to another.
const (
	toAdd            = "add"
	toSignUp         = "sign up"
	toLogIn          = "log in"
	toAuthenticate   = "authenticate"
	toReauthenticate = "reauthenticate"
)

// ceremony is the WebAuthn ceremony that a session has begun, the latest. It is over with the first answer that is right.
type ceremony struct {
	factor.Ceremony
	For    string    `json:"for"`
	UserID string    `json:"user_id,omitempty"` // whose key; "" for whoever comes
	Since  time.Time `json:"since"`
}

// KeyInput is a WebAuthn credential as a client sent it.
type KeyInput struct {
	Name       string
	Credential json.RawMessage // nil where there is none
	NotJSON    bool            // it was sent as a text that is not JSON
}

// credentialFaults notes what is wrong with a credential before it is looked into.
func (in KeyInput) credentialFaults(f *refusal.Faults) {
	switch {
	case in.NotJSON:
		f.Add("credential", refusal.Malformed)
	case in.Credential == nil:
		f.Add("credential", refusal.Required)
	}
}

// faults is what is wrong with a new key before its credential is looked into.
func (in KeyInput) faults() error {
	var f refusal.Faults
	textFaults(&f, "name", in.Name, false)
	in.credentialFaults(&f)
	return f.Err()
}

// relyingParty is who the tenant's keys are made for.
func relyingParty(t *tenants.Tenant) factor.RelyingParty {
	return factor.RelyingParty{ID: t.RPID(), Name: t.Name, Origins: t.KeyOrigins()}
}

// FactorOffered reports whether a tenant lets people set up an authenticator of a type, which is spelt as in mfa.supported_types.
func FactorOffered(t *tenants.Tenant, factorType string) bool {
	return t.Settings.MFA.SupportedTypes.Has(factorType)
}

// ShowsKeys reports whether a key may be shown as a second factor, or as a proof anew: where the tenant lets people set keys up, and by whoever
// is signed in or logs in and has one from when it did. A factor that somebody has is asked for whatever the settings have become, so that
// they must let it be shown.
func (v *Visit) ShowsKeys() bool {
	switch {
	case FactorOffered(v.Tenant, string(store.WebAuthn)):
		return true
	case v.user != nil:
		return v.user.Factors.Has(store.WebAuthn)
	default:
		return v.Pending() == MFAAuthenticate && v.session.Factors.Has(store.WebAuthn)
	}
}

// PasskeyLoginOffered reports whether a passkey alone logs in at a tenant.
func PasskeyLoginOffered(t *tenants.Tenant) bool {
	return FactorOffered(t, string(store.WebAuthn)) && t.Settings.MFA.PasskeyLoginEnabled
}

// PasskeySignupOffered reports whether people may sign up with a passkey and no password at a tenant.
func PasskeySignupOffered(t *tenants.Tenant) bool {
	return FactorOffered(t, string(store.WebAuthn)) && t.Settings.MFA.PasskeySignupEnabled
}

// beginCeremony keeps a ceremony in the session, in place of the one before.
func (v *Visit) beginCeremony(c factor.Ceremony, purpose, userID string) {
	v.keep()
	v.state.Key = &ceremony{Ceremony: c, For: purpose, UserID: userID, Since: v.Now}
}

// awaited is the ceremony that the session has begun for a purpose and a user; one that accepts nothing if there is none.
func (v *Visit) awaited(purpose, userID string) factor.Ceremony {
	k := v.state.Key
	if k == nil || k.For != purpose || k.UserID != userID || v.Now.Sub(k.Since) > ceremonyAge {
		return factor.Ceremony{}
	}
	return k.Ceremony
}

// key is a registered credential: its row, and what is sealed in it.
type key struct {
	row        *store.Authenticator
	credential factor.Credential
}

// keysOf are the WebAuthn credentials among a user's authenticators.
func (v *Visit) keysOf(all []store.Authenticator) ([]key, error) {
	var keys []key
	for i := range all {
		if all[i].Type != store.WebAuthn {
			continue
		}
		k := key{row: &all[i]}
		if err := openFactor(v.Tenant, k.row, &k.credential); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func credentialsOf(keys []key) []factor.Credential {
	all := []factor.Credential{}
	for _, k := range keys {
		all = append(all, k.credential)
	}
	return all
}

// beginKey makes the options for a new key of a user.
func (v *Visit) beginKey(u *store.User, keys []key, passwordless bool, purpose string) (json.RawMessage, error) {
	id, err := uuid.Parse(u.ID)
	if err != nil {
		return nil, fmt.Errorf("read user id: %w", err)
	}
	view := viewOf(v.Tenant, u)
	name := u.Email
	if name == "" {
		name = view.Display
	}
	options, c := relyingParty(v.Tenant).BeginRegistration(factor.User{ID: id[:], Name: name, DisplayName: view.Display}, passwordless, credentialsOf(keys))
	v.beginCeremony(c, purpose, u.ID)
	return options, nil
}

// checkKey checks a new key of a user.
func (v *Visit) checkKey(userID, purpose string, in KeyInput) (factor.Credential, error) {
	c, err := relyingParty(v.Tenant).FinishRegistration(v.awaited(purpose, userID), in.Credential)
	if err != nil {
		return c, refusal.Because("", refusal.IncorrectCode)
	}
	return c, nil
}

// finishKey checks a new key, and is the row that it is kept in.
func (v *Visit) finishKey(a *store.Account, purpose string, in KeyInput) (*store.Authenticator, error) {
	c, err := v.checkKey(a.ID, purpose, in)
	if err != nil {
		return nil, err
	}
	x, err := v.newFactor(a, store.WebAuthn, c)
	if err != nil {
		return nil, err
	}
	x.Name, x.CredentialID = in.Name, c.ID
	return x, nil
}

// keyName is the name of a new key: the one that was given or, without one, a name that tells it from the others.
func keyName(given string, others int) string {
	switch {
	case given != "":
		return string([]rune(given)[:min(utf8.RuneCountInString(given), maxKeyName)]) // the key is made: it is too late to refuse it
	case others == 0:
		return "Master key"
	case others == 1:
		return "Backup key"
	default:
		return fmt.Sprintf("Key nr. %d", others+1)
	}
}

// maxKeyName is how long a key's name may be, in characters.
const maxKeyName = 100

// AddKeyOptions are the options with which a browser makes a new key for whoever is signed in: a second factor or, with
// passwordless, a passkey that logs in by itself.
func (s *Service) AddKeyOptions(ctx context.Context, v *Visit, passwordless bool) (options json.RawMessage, err error) {
	err = s.ownStep(ctx, v, func(func() (own, error)) error { return s.keysAllowed(ctx, v) }, func(a *store.Account, all []store.Authenticator) error {
		keys, err := v.keysOf(all)
		if err != nil {
			return err
		}
		options, err = v.beginKey(&a.User, keys, passwordless, toAdd)
		return err
	})
	return options, err
}

// keysAllowed refuses keys to an account that may not be protected yet.
func (s *Service) keysAllowed(ctx context.Context, v *Visit) error {
	may, err := s.mayProtect(ctx, v)
	if err == nil && !may {
		err = errUnverified
	}
	return err
}

// AddKey keeps the key that a browser has made for whoever is signed in. generated says that recovery codes came with it.
func (s *Service) AddKey(ctx context.Context, v *Visit, in KeyInput) (view AuthenticatorView, generated bool, err error) {
	in.Name = trim(in.Name)
	check := func(func() (own, error)) error {
		if err := s.keysAllowed(ctx, v); err != nil {
			return err
		}
		if err := in.faults(); err != nil {
			return err
		}
		_, err := v.checkKey(v.user.ID, toAdd, in)
		return err
	}
	err = s.ownStep(ctx, v, check, func(a *store.Account, all []store.Authenticator) error {
		keys, err := v.keysOf(all)
		if err != nil {
			return err
		}
		in := in
		in.Name = keyName(in.Name, len(keys))
		x, err := v.finishKey(a, toAdd, in)
		if err != nil {
			return err
		}
		v.state.Key, v.dirty = nil, true
		if generated, err = s.addFactor(v, a, x); err != nil {
			return err
		}
		if view, err = v.viewFactor(x, false); err != nil {
			return err
		}
		return s.notifyOwn(ctx, v, mailKeyAdded, a)
	})
	return view, generated, registeredAlready(err)
}

// registeredAlready has a key that is somebody's already be refused as one that proves nothing.
func registeredAlready(err error) error {
	if errors.Is(err, store.ErrTaken) {
		return refusal.Because("", refusal.IncorrectCode)
	}
	return err
}

// RenameKeyInput is which key of one's own gets which name.
type RenameKeyInput struct {
	ID   int64
	Name string
	// IDFault is what is wrong with the id as it was sent, "" for nothing.
	IDFault refusal.Code
}

// RenameKey names a key of whoever is signed in.
func (s *Service) RenameKey(ctx context.Context, v *Visit, in RenameKeyInput) (view AuthenticatorView, err error) {
	in.Name = trim(in.Name)
	var x *store.Authenticator
	check := func(mine func() (own, error)) error {
		var f refusal.Faults
		m, err := mine()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(m.authenticators, func(x store.Authenticator) bool { return x.Type == store.WebAuthn && publicNumber(x.ID) == in.ID })
		switch {
		case in.IDFault != "":
			f.Add("id", in.IDFault)
		case i < 0:
			f.Add("id", refusal.InvalidChoice)
		default:
			x = &m.authenticators[i]
		}
		if textFaults(&f, "name", in.Name, true) && utf8.RuneCountInString(in.Name) > maxKeyName {
			f.Add("name", refusal.TooLong)
		}
		return f.Err()
	}
	err = s.ownStep(ctx, v, check, func(*store.Account, []store.Authenticator) error {
		if x.Name != in.Name {
			d := factorDetails(x)
			maps.Copy(d, change("name", x.Name, in.Name))
			v.audit(store.FactorChanged, x.UserID, d)
		}
		x.Name = in.Name
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SaveAuthenticator(ctx, x) })
		view, err = v.viewFactor(x, false)
		return err
	})
	return view, err
}

// RemoveKeys removes keys of whoever is signed in, all of them or none.
func (s *Service) RemoveKeys(ctx context.Context, v *Visit, ids []int64) error {
	check := func(mine func() (own, error)) error {
		if len(ids) == 0 {
			return refusal.Because("authenticators", refusal.Required)
		}
		m, err := mine()
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !slices.ContainsFunc(m.authenticators, func(x store.Authenticator) bool { return x.Type == store.WebAuthn && publicNumber(x.ID) == id }) {
				return refusal.Because("authenticators", refusal.InvalidChoice)
			}
		}
		return nil
	}
	return s.ownStep(ctx, v, check, func(a *store.Account, all []store.Authenticator) error {
		removed := 0
		v.dropFactors(a, all, func(x *store.Authenticator) bool {
			drop := x.Type == store.WebAuthn && slices.Contains(ids, publicNumber(x.ID))
			if drop {
				removed++
			}
			return drop
		})
		for range removed {
			if err := s.notifyOwn(ctx, v, mailKeyRemoved, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// showOptions are the options with which a browser shows one of a user's keys.
func (s *Service) showOptions(ctx context.Context, v *Visit, userID, purpose string) (json.RawMessage, error) {
	all, err := s.store.For(v.Tenant).AuthenticatorsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	keys, err := v.keysOf(all)
	if err != nil {
		return nil, err
	}
	options, c := relyingParty(v.Tenant).BeginAssertion(credentialsOf(keys), false)
	v.beginCeremony(c, purpose, userID)
	return options, nil
}

// takeKey checks what a browser answered with one of a user's keys, and has the key be used. Nobody is told which check failed. A key
// whose counter did not rise is refused, and goes into the audit log: there may be a copy of it. all are the user's authenticators if
// they were read already.
func (s *Service) takeKey(ctx context.Context, v *Visit, userID, waitsFor, purpose string, response json.RawMessage, all []store.Authenticator) (*store.Authenticator, error) {
	refused := refusal.Because("credential", refusal.IncorrectCode)
	id, _, err := factor.AssertedBy(response)
	if err != nil {
		return nil, refused
	}
	if all == nil {
		if all, err = s.store.For(v.Tenant).AuthenticatorsOf(ctx, userID); err != nil {
			return nil, err
		}
	}
	keys, err := v.keysOf(all)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(keys, func(k key) bool { return bytes.Equal(k.credential.ID, id) })
	if i < 0 {
		return nil, refused
	}
	handle, err := uuid.Parse(userID)
	if err != nil {
		return nil, fmt.Errorf("read user id: %w", err)
	}
	k := keys[i]
	called := handle[:]
	if len(k.credential.UserHandle) > 0 {
		called = k.credential.UserHandle
	}
	used, err := relyingParty(v.Tenant).FinishAssertion(v.awaited(purpose, waitsFor), k.credential, called, response)
	switch {
	case errors.Is(err, factor.ErrCounter):
		v.miss(func() { // the refusal settles nothing else
			v.auditOf(store.WebAuthnCounterFailed, userID, map[string]any{"authenticator": publicNumber(k.row.ID), "name": k.row.Name})
			v.notes = append(v.notes, v.failure(userID, map[string]any{"method": "webauthn", "reason": "counter"}))
		})
		s.log.WarnContext(ctx, "a key's signature counter did not rise; there may be a copy of the key", "tenant", v.Tenant.Slug, "user_id", userID)
		return nil, fmt.Errorf("%w: %w", refused, err)
	case err != nil:
		return nil, refused
	}
	v.state.Key, v.dirty = nil, true
	k.row.LastUsedAt = v.Now
	if err := v.sealFactor(k.row, used); err != nil {
		return nil, err
	}
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SaveAuthenticator(ctx, k.row) })
	return k.row, nil
}

// AuthenticateKeyOptions are the options with which a browser shows the second factor that a login waits for.
func (s *Service) AuthenticateKeyOptions(ctx context.Context, v *Visit) (options json.RawMessage, err error) {
	err = s.step(ctx, v, func() error {
		if v.Pending() != MFAAuthenticate {
			return refusal.Of(refusal.Unauthenticated)
		}
		options, err = s.showOptions(ctx, v, v.state.Login.UserID, toAuthenticate)
		return err
	})
	return options, err
}

// AuthenticateByKey takes a key as the second factor that a login waits for.
func (s *Service) AuthenticateByKey(ctx context.Context, v *Visit, in KeyInput) error {
	if v.Pending() != MFAAuthenticate {
		return refusal.Of(refusal.Unauthenticated)
	}
	if err := in.check(); err != nil {
		return err
	}
	return s.guessFactor(ctx, v, factorOf(v.state.Login.UserID), "credential", func() (ok bool, err error) {
		err = s.loginStep(ctx, v, MFAAuthenticate, func(l *login, a *store.Account) error {
			x, err := s.takeKey(ctx, v, a.ID, a.ID, toAuthenticate, in.Credential, nil)
			if err != nil {
				return err
			}
			ok = true
			return s.showFactor(ctx, v, l, a, x)
		})
		return ok, err
	})
}

// check refuses a credential that is none, before it counts as a guess.
func (in KeyInput) check() error {
	var f refusal.Faults
	if in.credentialFaults(&f); len(f) > 0 {
		return f.Err()
	}
	if _, _, err := factor.AssertedBy(in.Credential); err != nil {
		return refusal.Because("credential", refusal.IncorrectCode)
	}
	return nil
}

// ReauthenticateKeyOptions are the options with which a browser shows a key of whoever is signed in.
func (s *Service) ReauthenticateKeyOptions(ctx context.Context, v *Visit) (options json.RawMessage, err error) {
	err = s.step(ctx, v, func() error {
		if v.user == nil {
			return refusal.Of(refusal.Unauthenticated)
		}
		options, err = s.showOptions(ctx, v, v.user.ID, toReauthenticate)
		return err
	})
	return options, err
}

// ReauthenticateByKey takes a key of whoever is signed in, as a recent proof of who they are.
func (s *Service) ReauthenticateByKey(ctx context.Context, v *Visit, in KeyInput) error {
	if v.user == nil {
		return refusal.Of(refusal.Unauthenticated)
	}
	if err := in.check(); err != nil {
		return err
	}
	return s.guessFactor(ctx, v, factorOf(v.user.ID), "credential", func() (bool, error) {
		err := s.step(ctx, v, func() error {
			if v.user == nil {
				return refusal.Of(refusal.Unauthenticated)
			}
			x, err := s.takeKey(ctx, v, v.user.ID, v.user.ID, toReauthenticate, in.Credential, nil)
			if err != nil {
				return err
			}
			v.audit(store.UserReauthenticated, x.UserID, map[string]any{"method": x.Type})
			return v.recordFactor(x, Method{Reauthenticated: true})
		})
		return err == nil, err
	})
}

// LoginKeyOptions are the options with which a browser logs in with a passkey, whosever it is.
func (s *Service) LoginKeyOptions(ctx context.Context, v *Visit) (options json.RawMessage, err error) {
	err = s.step(ctx, v, func() error {
		var c factor.Ceremony
		options, c = relyingParty(v.Tenant).BeginAssertion(nil, true)
		v.beginCeremony(c, toLogIn, "")
		return nil
	})
	return options, err
}

// LoginByKey signs in with a passkey, which is both factors at once: its owner was asked for a PIN or a finger.
func (s *Service) LoginByKey(ctx context.Context, v *Visit, in KeyInput) error {
	if err := in.check(); err != nil {
		return err
	}
	err := s.takePasskey(ctx, v, in)
	s.observe.Login(v.Tenant.Slug, result(v, err))
	return err
}

func (s *Service) takePasskey(ctx context.Context, v *Visit, in KeyInput) error {
	credentialID, handle, err := factor.AssertedBy(in.Credential)
	if err != nil {
		return err
	}
	unknown := refusal.Because("credential", refusal.IncorrectCode)
	id, all, err := s.ownerOfKey(ctx, v, credentialID, handle)
	if err != nil {
		return err
	}
	if id == "" {
		s.observe.Factor(v.Tenant.Slug, "refused")
		if err := s.failed(ctx, v, "", map[string]any{"method": "passkey"}); err != nil {
			return err
		}
		return unknown // nobody's failures: whoever knows a user's id must not lock the user out with it
	}
	return s.guessFactor(ctx, v, passkeyOf(id), "credential", func() (ok bool, err error) {
		err = s.step(ctx, v, func() error {
			a, err := s.accountOf(ctx, v, id, "")
			if err != nil {
				return err
			}
			if a == nil {
				return unknown
			}
			x, err := s.takeKey(ctx, v, a.ID, "", toLogIn, in.Credential, all)
			all = nil // another run reads them anew
			if err != nil {
				return err
			}
			ok = true
			return s.loginByKey(ctx, v, a, x)
		})
		return ok, err
	})
}

// ownerOfKey is whose key a browser claims to have, with all authenticators of that user; "" for nobody's. The handle names the user: by
// the user's id or, where the key was made elsewhere, as it was named there.
func (s *Service) ownerOfKey(ctx context.Context, v *Visit, credentialID, handle []byte) (id string, all []store.Authenticator, err error) {
	all, err = s.store.For(v.Tenant).AuthenticatorsBeside(ctx, credentialID)
	if err != nil {
		return "", nil, err
	}
	keys, err := v.keysOf(all)
	if err != nil {
		return "", nil, err
	}
	i := slices.IndexFunc(keys, func(k key) bool { return bytes.Equal(k.credential.ID, credentialID) })
	if i < 0 {
		return "", nil, nil
	}
	called := keys[i].credential.UserHandle
	if len(called) == 0 {
		ours, err := uuid.Parse(keys[i].row.UserID)
		if err != nil {
			return "", nil, fmt.Errorf("read user id: %w", err)
		}
		called = ours[:]
	}
	if !bytes.Equal(called, handle) {
		return "", nil, nil
	}
	return keys[i].row.UserID, all, nil
}

func (s *Service) loginByKey(ctx context.Context, v *Visit, a *store.Account, x *store.Authenticator) error {
	switch {
	case !a.Active:
		v.auditOf(store.LoginFailed, a.ID, map[string]any{"method": "passkey", "reason": "deactivated"})
		return nil // the key was right, and that is all that is told: nobody is signed in
	case v.user != nil && v.user.ID == a.ID:
		v.rotate()
		v.audit(store.UserReauthenticated, a.ID, map[string]any{"method": "passkey"})
		return v.recordFactor(x, Method{Passwordless: true})
	case v.user != nil:
		s.leave(v) // and the contract has it prove nothing that is recent
	default:
		if err := v.recordFactor(x, Method{Passwordless: true}); err != nil {
			return err
		}
	}
	return s.begin(ctx, v, login{Proof: methodMFA, Passwordless: true, FactorEpoch: a.FactorEpoch}, a)
}

// SignupKeyOptions are the options with which a browser makes the passkey that a signup waits for.
func (s *Service) SignupKeyOptions(ctx context.Context, v *Visit) (options json.RawMessage, err error) {
	err = s.signupKeyStep(ctx, v, func(_ *login, a *store.Account) error {
		options, err = v.beginKey(&a.User, nil, true, toSignUp)
		return err
	})
	return options, err
}

// FinishSignupByKey keeps the passkey that a signup waits for, and takes the signup on.
func (s *Service) FinishSignupByKey(ctx context.Context, v *Visit, in KeyInput) error {
	in.Name = trim(in.Name)
	if v.Pending() != "" && v.Pending() != MFASignup { // what is sent comes before what it is sent to
		if err := in.faults(); err != nil {
			return err
		}
		return refusal.Because("", refusal.IncorrectCode) // no options were read for it
	}
	err := s.signupKeyStep(ctx, v, func(l *login, a *store.Account) error {
		if err := in.faults(); err != nil {
			return err
		}
		in := in
		in.Name = keyName(in.Name, 0)
		x, err := v.finishKey(a, toSignUp, in)
		if err != nil {
			return err
		}
		v.state.Key = nil
		v.addFactors(a, x)
		l.Passkey, l.FactorShown, l.FactorEpoch = false, true, a.FactorEpoch // it was shown as it was made
		l.TrustAnswered = true
		return s.advance(ctx, v, a)
	})
	return registeredAlready(err)
}

// signupKeyStep is a step of a signup that waits for its passkey. It waits no more once the account has a second factor: who came in
// elsewhere and set one up is not to be passed by with another.
func (s *Service) signupKeyStep(ctx context.Context, v *Visit, fn func(*login, *store.Account) error) error {
	if v.Pending() != MFASignup {
		return refusal.Of(refusal.Conflict)
	}
	return s.loginStep(ctx, v, MFASignup, func(l *login, a *store.Account) error {
		if a.Factors.Second() {
			return refusal.Of(refusal.Conflict)
		}
		return fn(l, a)
	})
}
