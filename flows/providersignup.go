package flows

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// providerSignup is a signup by a provider that waits for what the provider did not tell.
type providerSignup struct {
	App      string    `json:"app"`
	ClientID string    `json:"client_id"`
	Identity []byte    `json:"identity"` // sealed, for this session
	Since    time.Time `json:"since"`
}

// ProviderSignupInput is what such a signup is finished with.
type ProviderSignupInput struct {
	Username string
	Email    string
	Email2   string
	Phone    string
}

// ProviderSignupView is a signup that waits, as its front end sees it.
type ProviderSignupView struct {
	User    PendingUser         `json:"user"`
	Account ProviderAccountView `json:"account"`
	Email   []PendingEmail      `json:"email"`
}

// PendingUser is somebody who has no account yet. What the provider did not tell is left out.
type PendingUser struct {
	Display           string `json:"display"`
	HasUsablePassword bool   `json:"has_usable_password"`
	Username          string `json:"username,omitempty"`
}

// PendingEmail is an address that the provider has of somebody.
type PendingEmail struct {
	Email    string `json:"email"`
	Verified bool   `json:"verified"`
	Primary  bool   `json:"primary"`
}

// signupByProvider makes an account for somebody whom a provider vouches for or, where it does not tell enough, or the tenant wants to ask,
// has the signup wait for the rest.
func (s *Service) signupByProvider(ctx context.Context, v *Visit, app tenants.App, id *provider.Identity) error {
	if !v.Tenant.Settings.Account.SignupEnabled {
		return errSignupClosed
	}
	account, social := &v.Tenant.Settings.Account, &v.Tenant.Settings.SocialAccount
	emails := addressesOf(id)
	n := newcomer{name: nameOf(id), username: suggested(v.Tenant, id)}
	if len(emails) > 0 {
		n.email, n.emailProved = emails[0].address, emails[0].verified
	}
	wantsPhone, phoneRequired := account.SignupFields.Field("phone")
	if phone, ok := parsePhone(id.Phone); ok && wantsPhone {
		n.phone, n.phoneProved = phone, id.PhoneVerified
	}
	enough := social.AutoSignup && (n.email != "" || !social.EmailRequired) && (n.phone != "" || !phoneRequired)
	if !enough {
		return s.awaitProviderSignup(v, app, id)
	}
	taken, err := s.takenByProvider(ctx, v, &n, id)
	switch {
	case err != nil:
		return err
	case taken.Phone && phoneRequired:
		return s.awaitProviderSignup(v, app, id)
	case taken.Phone:
		n.phone, n.phoneProved = "", false
	}
	if taken.Email {
		switch {
		case account.PreventEnumeration.Prevented() && social.EmailVerification == tenants.VerificationMandatory:
			n.mailed, n.mailedOf = true, taken.EmailOf
		case !account.PreventEnumeration.Strict() || n.emailProved:
			return s.awaitProviderSignup(v, app, id)
		}
	}
	n.held = taken.Held
	return s.makeByProvider(ctx, v, app, id, n, emails, false)
}

// takenByProvider tells which names of a newcomer are in use, and chooses a username.
func (s *Service) takenByProvider(ctx context.Context, v *Visit, n *newcomer, id *provider.Identity) (store.Taken, error) {
	account := &v.Tenant.Settings.Account
	var offered []string
	if account.UserModelUsernameField != "" {
		if n.username != "" {
			offered = append(offered, n.username)
		}
		offered = append(offered, usernamesFrom(v.Tenant, baseOf(v.Tenant, id, n.email), false)...)
		offered = offered[:min(len(offered), 4)]
	}
	names := store.Names{Phone: n.phone}
	if account.UniqueEmail {
		names.EmailKey = string(n.email)
	}
	for _, name := range offered {
		names.UsernameKeys = append(names.UsernameKeys, usernameKey(name))
	}
	taken, err := s.store.For(v.Tenant).Taken(ctx, names)
	n.username = ""
	for _, name := range offered {
		if !taken.Usernames[usernameKey(name)] {
			n.username = name
			break
		}
	}
	return taken, err
}

// awaitProviderSignup has the signup wait for what only the newcomer can tell.
func (s *Service) awaitProviderSignup(v *Visit, app tenants.App, id *provider.Identity) error {
	v.keep()
	kept := *id
	kept.Once = nil
	if !v.keepsTokens(id) {
		kept.Tokens = nil
	}
	sealed, err := v.sealIdentity(&kept)
	if err != nil {
		return err
	}
	v.state.Login, v.state.Email = nil, nil
	if v.session.UserID != "" {
		v.abandon()
	}
	v.rotate() // the session comes to mean that somebody has the provider's account
	v.state.Provider = &providerSignup{App: app.ID, ClientID: app.ClientID, Identity: sealed, Since: v.Now}
	return nil
}

// pendingSignup is the signup by a provider that the visit's session waits for; nil for none. An app that the tenant has no more lets
// nobody in.
func (v *Visit) pendingSignup() (*tenants.App, *provider.Identity, error) {
	p := v.state.Provider
	if p == nil || v.user != nil || v.Pending() != "" {
		return nil, nil, nil
	}
	app, ok := appOf(v.Tenant, p.App, p.ClientID)
	if !ok {
		return nil, nil, nil
	}
	id, err := v.openIdentity(p.Identity)
	return &app, id, err
}

// AwaitsProviderSignup reports whether a signup by a provider waits.
func (v *Visit) AwaitsProviderSignup() bool {
	app, _, err := v.pendingSignup()
	return err == nil && app != nil
}

// PendingProviderSignup is what the provider told of somebody whose signup waits. 409 where none does.
func (s *Service) PendingProviderSignup(v *Visit) (*ProviderSignupView, error) {
	app, id, err := v.pendingSignup()
	switch {
	case err != nil:
		return nil, err
	case app == nil:
		return nil, refusal.Of(refusal.Conflict)
	case !v.Tenant.Settings.Account.SignupEnabled:
		return nil, refusal.Of(refusal.Forbidden)
	}
	view := &ProviderSignupView{
		User:    PendingUser{Username: suggested(v.Tenant, id)},
		Account: ProviderAccountView{UID: id.UID, Display: shown(id), Provider: s.viewApp(v.Tenant, app.ID)},
		Email:   []PendingEmail{},
	}
	for _, e := range addressesOf(id) {
		view.Email = append(view.Email, PendingEmail{Email: string(e.address), Verified: e.verified, Primary: len(view.Email) == 0})
	}
	if view.User.Display = view.User.Username; view.User.Display == "" {
		view.User.Display = "user"
	}
	return view, nil
}

// FinishProviderSignup makes the account that a signup by a provider waits for.
func (s *Service) FinishProviderSignup(ctx context.Context, v *Visit, in ProviderSignupInput) error {
	crowded := false
	err := s.signupStep(ctx, v, func() error {
		app, id, err := v.pendingSignup()
		switch {
		case err != nil:
			return err
		case app == nil:
			return refusal.Of(refusal.Conflict)
		case !v.Tenant.Settings.Account.SignupEnabled:
			return refusal.Of(refusal.Forbidden)
		}
		n, err := s.checkSignup(ctx, v.Tenant, SignupInput{
			Username: in.Username, Email: in.Email, Email2: in.Email2, Phone: in.Phone, Passkey: true, byProvider: true,
		}, crowded)
		crowded = true
		if err != nil {
			return err
		}
		n.name = nameOf(id)
		emails := addressesOf(id)
		for _, e := range emails {
			if e.address == n.email {
				n.emailProved = e.verified
			}
		}
		if id.Phone == n.phone {
			n.phoneProved = n.phone != "" && id.PhoneVerified
		}
		v.state.Provider = nil
		return s.makeByProvider(ctx, v, *app, id, n, emails, true)
	})
	s.observe.Signup(v.Tenant.Slug, result(v, err))
	return err
}

// makeByProvider makes an account with the provider's account connected, and signs it in.
func (s *Service) makeByProvider(ctx context.Context, v *Visit, app tenants.App, id *provider.Identity, n newcomer, emails []given, here bool) error {
	if err := v.disown(); err != nil {
		return err
	}
	l := login{
		Email: string(n.email), Phone: n.phone, EmailTaken: n.mailed, PhoneTaken: n.texted, EmailOf: n.mailedOf, PhoneOf: n.textedOf,
		Proof: methodProvider, ByProvider: true, App: app.ID, UID: id.UID, Signup: true, here: here,
	}
	others, err := s.furtherAddresses(ctx, v, n, emails)
	if err != nil {
		return err
	}
	vouched := !n.emailProved && len(others) > 0 && others[0].verified
	if n.mailed && !n.texted && vouched {
		// An address that the provider has verified signs in at once, whatever else was typed: that must not tell whose the other is.
		if err := v.tellExists(n.mailedOf, string(n.email), ""); err != nil {
			return err
		}
		n.mailed, l.EmailTaken, l.EmailOf, n.shared = false, false, "", true
	}
	if n.mailed || n.texted {
		v.auditOf(store.SignupRefused, "", map[string]any{"reason": "taken", "provider": app.ID})
		v.waste() // in place of the account
		v.waste() // of its address
		v.waste() // and of the provider's account
		return s.begin(ctx, v, l, nil)
	}
	primary := n
	if vouched { // what the provider has verified counts before what was typed
		primary.email, primary.emailProved, primary.held = others[0].address, true, others[0].held
		others[0] = given{address: n.email, held: n.held, shared: n.shared}
		l.Email = string(primary.email)
	}
	a, err := s.addAccount(ctx, v, primary, "")
	if err != nil {
		return err
	}
	for _, e := range others {
		if e.address != "" {
			v.addFurther(a, e)
		}
	}
	p := store.ProviderAccount{Provider: app.ID, UID: id.UID, UserID: a.ID, Display: shown(id), CreatedAt: v.Now, LastUsedAt: v.Now}
	if err := v.keepTokens(&p, a, app, id); err != nil {
		return err
	}
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddProviderAccount(ctx, &p) })
	v.audit(store.ProviderConnected, a.ID, map[string]any{"after": map[string]any{"provider": app.ID}})
	l.made = true
	if err := v.record(a.ID, Method{Method: methodProvider, Provider: app.ID, UID: id.UID}); err != nil {
		return err
	}
	return s.begin(ctx, v, l, a)
}

// given is an address that a provider has of somebody.
type given struct {
	address  address
	verified bool
	held     bool // by an account that is not reached there
	shared   bool // somebody else has it, which is not told
}

// addressesOf are the addresses that a provider has of somebody, the one that counts most first. What cannot be one is left out.
func addressesOf(id *provider.Identity) []given {
	var all []given
	emails := slices.Clone(id.Emails)
	slices.SortStableFunc(emails, func(a, b provider.Email) int {
		return rank(b) - rank(a)
	})
	for _, e := range emails {
		a, ok := parseAddress(e.Address)
		if ok && !slices.ContainsFunc(all, func(g given) bool { return g.address == a }) {
			all = append(all, given{address: a, verified: e.Verified})
		}
	}
	return all
}

func rank(e provider.Email) (n int) {
	if e.Primary {
		n += 2
	}
	if e.Verified {
		n++
	}
	return n
}

// furtherAddresses are the addresses beside the newcomer's own that the provider has verified and nobody else has.
func (s *Service) furtherAddresses(ctx context.Context, v *Visit, n newcomer, emails []given) ([]given, error) {
	var keys []string
	for _, e := range emails {
		if e.verified && e.address != n.email && len(keys) < store.MaxHeld {
			keys = append(keys, string(e.address))
		}
	}
	most := int(v.Tenant.Settings.Account.MaxEmailAddresses)
	if len(keys) == 0 || most == 1 {
		return nil, nil
	}
	held := map[string]store.Holders{}
	if v.Tenant.Settings.Account.UniqueEmail {
		var err error
		if held, err = s.store.For(v.Tenant).HoldersOf(ctx, keys); err != nil {
			return nil, err
		}
	}
	var all []given
	for _, e := range emails {
		has := held[string(e.address)]
		if !slices.Contains(keys, string(e.address)) || has.Taken || (most > 0 && len(all) >= most-1) || len(all) >= maxFurther {
			continue
		}
		e.held = has.Held
		all = append(all, e)
	}
	return all, nil
}

// maxFurther is how many addresses a signup takes over beside the first.
const maxFurther = 5

// addFurther adds an address to an account that is being made.
func (v *Visit) addFurther(a *store.Account, g given) {
	e := v.newAddress(a.ID, g.address)
	e.Exclusive = e.Exclusive && !g.shared
	if g.verified {
		e.Verified, e.Exclusive, a.AnyVerified = true, v.Tenant.Settings.Account.UniqueEmail, true
	}
	switch {
	case g.verified && e.Exclusive:
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.YieldEmail(ctx, &e) })
	case g.held && e.Exclusive:
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.YieldHeld(ctx, &e) })
	}
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddEmail(ctx, &e) })
}

// nameOf is somebody's name as a provider tells it.
func nameOf(id *provider.Identity) string {
	name := trim(id.Name)
	if name == "" {
		name = trim(trim(id.GivenName) + " " + trim(id.FamilyName))
	}
	return MigrantName(strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), ""))
}

// suggested is the username that somebody has at a provider, where it may be one here; "" otherwise.
func suggested(t *tenants.Tenant, id *provider.Identity) string {
	var f refusal.Faults
	if t.Settings.Account.UserModelUsernameField == "" || id.Username == "" {
		return ""
	}
	if name := usernameFaults(&f, t, id.Username, true); len(f) == 0 {
		return name
	}
	return ""
}

// baseOf is what a username is made of for somebody who has none that may be one: the given name, then the family name, the address, the
// username as far as it may be one.
func baseOf(t *tenants.Tenant, id *provider.Identity, email address) string {
	local, _, _ := strings.Cut(string(email), "@")
	given, family, _ := strings.Cut(trim(id.Name), " ")
	for _, text := range []string{id.GivenName, given, id.FamilyName, family, local, id.Username} {
		if base := usable(t, text); base != "" {
			return base
		}
	}
	return ""
}
