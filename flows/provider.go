package flows

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// methodProvider is the proof that somebody gives by an account with an identity provider.
const methodProvider = "socialaccount"

// What an account with a provider is shown for, as the contract spells it.
const (
	processLogin   = "login"
	processConnect = "connect"
)

// The ways by which a provider lets people in, by the ids of their flows.
const (
	byProviderRedirect = "provider_redirect"
	byProviderToken    = "provider_token"
)

// Why somebody comes back to the front end without what they went for, as the contract spells it.
const (
	errorUnknown         = "unknown"
	errorCancelled       = "cancelled"
	errorSignupClosed    = "signup_closed"
	errorPermission      = "permission_denied"
	errorConnectedOther  = "connected_other"
	errorReauthenticate  = "reauthentication_required"
	errorRateLimited     = "rate_limited"
	maxSent              = 10   // how many ways to providers a session remembers: the latest
	maxCallbackURL       = 2000 // of a front end, in bytes
	providerProofMargin  = time.Minute
	longestProviderProof = 24 * time.Hour
)

// ProviderView is an app with a provider as clients see it.
type ProviderView struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Flows    []string `json:"flows"`
	ClientID string   `json:"client_id,omitempty"`
	// OpenIDConfigurationURL is where a provider of OpenID Connect describes itself.
	OpenIDConfigurationURL string `json:"openid_configuration_url,omitempty"`
}

// sent is somebody who was sent to a provider, and has not come back yet.
type sent struct {
	State    []byte    `json:"state"` // a digest
	App      string    `json:"app"`   // as paths and forms call it
	ClientID string    `json:"client_id"`
	Process  string    `json:"process"`
	User     string    `json:"user,omitempty"` // who was signed in then
	Callback string    `json:"callback"`       // where they go on to, at the front end
	At       time.Time `json:"at"`
}

// Providers are the apps that a client can use, as front ends are shown them.
func (s *Service) Providers(t *tenants.Tenant, c Client) []ProviderView {
	all := []ProviderView{}
	if s.providers == nil { // of a program that serves nobody
		return all
	}
	for _, a := range t.Settings.Apps() {
		about, ok := s.providers.About(a)
		if !ok || a.Settings.Hidden || (c == App && !about.Token) || (c == Browser && !about.Redirect) {
			continue
		}
		all = append(all, viewProvider(about))
	}
	slices.SortStableFunc(all, func(x, y ProviderView) int { return strings.Compare(x.Name, y.Name) })
	return all
}

// Knows reports whether the server knows the provider of an app.
func (s *Service) Knows(a tenants.App) bool {
	_, ok := s.providers.About(a)
	return ok
}

func viewProvider(about provider.About) ProviderView {
	v := ProviderView{
		ID: about.ID, Name: about.Name, Flows: []string{}, ClientID: about.ClientID, OpenIDConfigurationURL: about.ConfigurationURL,
	}
	if about.Redirect {
		v.Flows = append(v.Flows, byProviderRedirect)
	}
	if about.Token {
		v.Flows = append(v.Flows, byProviderToken)
	}
	return v
}

// providerFlows are the flows by which providers let somebody in here, and the signup that waits for more than a provider told.
func (v *Visit) providerFlows() []Flow {
	if v.service == nil {
		return nil
	}
	var redirect, token []string
	for _, p := range v.service.Providers(v.Tenant, v.Origin.Client) {
		if v.Origin.Client == Browser {
			redirect = append(redirect, p.ID)
		}
		if slices.Contains(p.Flows, byProviderToken) {
			token = append(token, p.ID)
		}
	}
	var all []Flow
	if len(redirect) > 0 {
		all = append(all, Flow{ID: "provider_redirect", Providers: redirect})
	}
	if len(token) > 0 {
		all = append(all, Flow{ID: "provider_token", Providers: token})
	}
	if p := v.state.Provider; p != nil && v.Pending() == "" {
		if a, ok := appOf(v.Tenant, p.App, p.ClientID); ok {
			if about, ok := v.service.providers.About(a); ok {
				view := viewProvider(about)
				all = append(all, Flow{ID: "provider_signup", IsPending: &yes, Provider: &view})
			}
		}
	}
	return all
}

// appOf is the tenant's app of a name and, where that is asked for, of a client id. Where several have the name, it is the one that is not
// hidden.
func appOf(t *tenants.Tenant, id, clientID string) (tenants.App, bool) {
	var found []tenants.App
	for _, a := range t.Settings.Apps() {
		if (a.ID == id || a.Provider == id) && (clientID == "" || a.ClientID == clientID) {
			found = append(found, a)
		}
	}
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(a tenants.App) bool { return a.Settings.Hidden })
	}
	if len(found) != 1 {
		return tenants.App{}, false
	}
	return found[0], true
}

// ProviderRedirectInput is what somebody asks for who wants to be sent to a provider.
type ProviderRedirectInput struct {
	Provider string
	Callback string // where they go on to afterwards, at the front end
	Process  string // login or connect
}

// GoToProvider is where somebody is sent: the provider or, where anything is wrong with the input, the front end's page for that.
//
// The state that goes along is random, known to nobody but this browser and the provider, and kept as a digest in the session: it is good
// once, for this app, for as long as a login may take. What else protects the exchange is derived from it under the tenant's key.
func (s *Service) GoToProvider(ctx context.Context, v *Visit, in ProviderRedirectInput) (string, error) {
	in.Provider = trim(in.Provider)
	app, ok := appOf(v.Tenant, in.Provider, "")
	about, known := s.providers.About(app)
	if !ok || !known || !about.Redirect || (in.Process != processLogin && in.Process != processConnect) || !ownURL(v.Tenant, in.Callback) {
		return failedAt(v.Tenant.FrontendURL(tenants.LoginError, ""), errorUnknown, processLogin), nil
	}
	return s.goTo(ctx, v, app, in)
}

// goTo is where somebody is sent whose input is sound.
func (s *Service) goTo(ctx context.Context, v *Visit, app tenants.App, in ProviderRedirectInput) (string, error) {
	if err := s.Admit(ctx, v, ActionProvider); err != nil {
		return tooOften(in.Callback, in.Process, err)
	}
	at := attemptOf(v.Tenant, secret.Token())
	location, err := s.providers.Begin(ctx, v.Tenant, app, at)
	if err != nil {
		s.providerFailed(ctx, v, app, err)
		return failedAt(in.Callback, errorUnknown, in.Process), nil
	}
	err = s.step(ctx, v, func() error {
		v.keep()
		way := sent{State: secret.Digest(at.State), App: app.ID, ClientID: app.ClientID, Process: in.Process, Callback: in.Callback, At: v.Now}
		if v.user != nil {
			way.User = v.user.ID
		}
		v.state.Sent = append(slices.Clone(v.state.Sent), way)
		v.state.Sent = v.state.Sent[max(0, len(v.state.Sent)-maxSent):]
		return nil
	})
	return location, err
}

// attemptOf is what goes with a state.
func attemptOf(t *tenants.Tenant, state string) provider.Attempt {
	derive := func(what string) string {
		return base64.RawURLEncoding.EncodeToString(t.Keys.Sign(secret.ForProviderState, what, state))
	}
	return provider.Attempt{State: state, Nonce: derive("nonce"), Verifier: derive("verifier")}
}

// ownURL reports whether a front end's URL may be gone on to: a path of the public URL's host, or a page of an origin of the tenant's own.
// Browsers read a backslash as a slash, leave out tabs and line breaks, and take a second slash for the beginning of a host: nothing that
// could be read in two ways passes.
func ownURL(t *tenants.Tenant, address string) bool {
	if address == "" || len(address) > maxCallbackURL {
		return false
	}
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return false
		}
	}
	if strings.HasPrefix(address, "/") {
		return !strings.HasPrefix(address, "//")
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.Host == "" || u.Opaque != "" {
		return false
	}
	origin := u.Scheme + "://" + u.Host
	if !strings.HasPrefix(address, origin) {
		return false
	}
	// A host of the tenant's own is gone on to without TLS, too, as the contract has it: there is nothing secret in the address.
	return t.OwnOrigin(origin) || (u.Scheme == "http" && t.HasHost(u.Host) && t.OwnOrigin("https://"+u.Host))
}

// failedAt is a URL of a front end with why somebody comes there without what they went for.
func failedAt(address, why, process string) string {
	base, fragment, marked := strings.Cut(address, "#")
	base, given, _ := strings.Cut(base, "?")
	said := strings.Split(given, "&")
	said = slices.DeleteFunc(said, func(param string) bool {
		name, _, _ := strings.Cut(param, "=")
		name, err := url.QueryUnescape(name)
		return err != nil || name == "" || name == "error" || name == "error_process" // of before: two would leave open what happened
	})
	base += "?" + strings.Join(append(said, url.Values{"error": {why}, "error_process": {process}}.Encode()), "&")
	if marked {
		base += "#" + fragment
	}
	return base
}

// tooOften is where a browser goes on to for which there was no use left: to the front end, since a person would be shown the bare answer that
// programs get. The code is the reference's for too many requests.
func tooOften(address, process string, err error) (string, error) {
	if refusal.Is(err, refusal.Limited) {
		return failedAt(address, errorRateLimited, process), nil
	}
	return "", err
}

// providerFailed logs why a provider let nobody in. What it said may hold anything: package provider repeats nothing secret of it.
func (s *Service) providerFailed(ctx context.Context, v *Visit, a tenants.App, err error) {
	if errors.Is(err, provider.ErrCancelled) {
		return
	}
	s.log.WarnContext(ctx, "a login by an identity provider failed", "tenant", v.Tenant.Slug, "provider", a.ID, "request_id", v.Origin.RequestID, "error", err)
}

// CallbackApp is the app that a path is the callback of; false for no app's.
func CallbackApp(t *tenants.Tenant, path string) (tenants.App, bool) {
	for _, a := range t.Settings.Apps() {
		if t.CallbackPath(a) == path {
			return a, true
		}
	}
	return tenants.App{}, false
}

// ReturnFromProvider takes somebody who comes back from a provider with these parameters to where they go on at the front end.
func (s *Service) ReturnFromProvider(ctx context.Context, v *Visit, app tenants.App, params url.Values) (string, error) {
	state := params.Get("state")
	was, err := s.takeSent(ctx, v, app, state)
	if err != nil {
		return "", err
	}
	if was == nil && s.providers.Uninvited(app, params) {
		return s.startOver(ctx, v, app, state)
	}
	if was == nil {
		return failedAt(v.Tenant.FrontendURL(tenants.LoginError, ""), errorUnknown, processLogin), nil
	}
	// What somebody began to connect is connected with them alone, and not with whoever is signed in by now.
	if was.Process == processConnect && (v.user == nil || v.user.ID != was.User) {
		return failedAt(was.Callback, errorPermission, was.Process), nil
	}
	// Several apps may share a callback: it is the one that the state was made for.
	app, ok := appOf(v.Tenant, was.App, was.ClientID)
	if !ok {
		return failedAt(was.Callback, errorUnknown, was.Process), nil
	}
	// A use goes for what the provider is asked. A stranger's state asks nothing, so that no page can have browsers use up what their network has,
	// unless the tenant lets people begin at the provider (startOver).
	if err := s.Admit(ctx, v, ActionProvider); err != nil {
		return tooOften(was.Callback, was.Process, err)
	}
	id, err := s.providers.Complete(ctx, v.Tenant, app, attemptOf(v.Tenant, state), params)
	if err != nil {
		s.providerFailed(ctx, v, app, err)
		if errors.Is(err, provider.ErrCancelled) {
			return failedAt(was.Callback, errorCancelled, was.Process), nil
		}
		return failedAt(was.Callback, errorUnknown, was.Process), nil
	}
	why, err := whyNot(v, s.enterByProvider(ctx, v, app, id, was.Process, true))
	switch {
	case err != nil:
		return "", err
	case why != "":
		return failedAt(was.Callback, why, was.Process), nil
	}
	return was.Callback, nil
}

// whyNot is what the front end is told of how it came out: "" for well. What is the server's own fault stays an error.
func whyNot(v *Visit, err error) (string, error) {
	refused, declined := refusal.As(err)
	switch {
	case err == nil:
		if v.user == nil && v.Pending() == "" && v.state.Provider == nil {
			return errorUnknown, nil
		}
		return "", nil
	case v.reauthenticate:
		return errorReauthenticate, nil
	case declined && refused.Kind == refusal.Invalid && len(refused.Details) > 0:
		return string(refused.Details[0].Code), nil
	case errors.Is(err, errSignupClosed):
		return errorSignupClosed, nil
	case declined && refused.Kind == refusal.Forbidden:
		return errorPermission, nil
	case declined && refused.Kind == refusal.Busy:
		return "", err
	case declined, errors.Is(err, errProvider):
		return errorUnknown, nil
	default:
		return "", err
	}
}

// takeSent takes the way to a provider out of the session that a state was made for; nil where there is none, it was too long ago, or the
// state comes back from another app's provider. Two that come back with one state at once are one after the other, and the second finds
// nothing.
func (s *Service) takeSent(ctx context.Context, v *Visit, app tenants.App, state string) (*sent, error) {
	var was *sent
	err := s.step(ctx, v, func() error {
		was = nil
		digest := secret.Digest(state)
		i := slices.IndexFunc(v.state.Sent, func(x sent) bool { return secret.Equal(x.State, digest) })
		if state == "" || i < 0 {
			return nil
		}
		found := v.state.Sent[i]
		v.state.Sent = slices.Delete(slices.Clone(v.state.Sent), i, i+1)
		v.dirty = true
		if v.Now.Sub(found.At) <= v.Tenant.Settings.Account.LoginTimeout.Duration() && v.sameCallback(&found, app) {
			was = &found
		}
		return nil
	})
	return was, err
}

// sameCallback reports whether somebody who was sent to one app's provider comes back where that sends people: what one provider was asked
// must not be answered by another (RFC 9700, section 4.4).
func (v *Visit) sameCallback(x *sent, app tenants.App) bool {
	a, ok := appOf(v.Tenant, x.App, x.ClientID)
	return ok && v.Tenant.CallbackPath(a) == v.Tenant.CallbackPath(app)
}

// ProviderTokenInput is a token that a front end got from a provider.
type ProviderTokenInput struct {
	Provider string
	Process  string
	// Token is nil where what was sent is no object.
	Token *ProviderToken
	// TokenMissing says that nothing was sent in its place.
	TokenMissing bool
}

// ProviderToken is the token itself. A member that is no text is Bad, and no client id. An empty client id is that of the only app there is.
type ProviderToken struct {
	ClientID, ID, Access string
	NoClientID, Bad      bool
}

// EnterByProviderToken signs in, signs up or connects by a token that a front end got from a provider.
func (s *Service) EnterByProviderToken(ctx context.Context, v *Visit, in ProviderTokenInput) error {
	app, err := s.checkProviderToken(v, in)
	if err != nil {
		return err
	}
	id, err := s.providers.Verify(ctx, v.Tenant, app, provider.Token{ID: in.Token.ID, Access: in.Token.Access})
	if err != nil {
		s.providerFailed(ctx, v, app, err)
		return refusal.Because("token", refusal.InvalidToken)
	}
	err = s.enterByProvider(ctx, v, app, id, in.Process, false)
	if errors.Is(err, errProvider) {
		return refusal.Because("token", refusal.InvalidToken)
	}
	return err
}

// checkProviderToken checks the shape of such a token, and finds the app that it is of.
func (s *Service) checkProviderToken(v *Visit, in ProviderTokenInput) (tenants.App, error) {
	var f refusal.Faults
	in.Provider = trim(in.Provider)
	textFaults(&f, "provider", in.Provider, true)
	switch in.Process {
	case processLogin, processConnect:
	case "":
		f.Add("process", refusal.Required)
	default:
		f.Add("process", refusal.InvalidChoice)
	}
	if in.TokenMissing {
		f.Add("token", refusal.Required)
	}
	if in.Token == nil {
		f.Add("token", refusal.InvalidToken)
		return tenants.App{}, f.Err()
	}
	if in.TokenMissing || in.Provider == "" || f.Has("provider") {
		return tenants.App{}, f.Err()
	}
	t := in.Token
	if t.NoClientID {
		f.Add("token", refusal.ClientIDRequired)
		return tenants.App{}, f.Err()
	}
	app, ok := appOf(v.Tenant, in.Provider, t.ClientID)
	about, known := s.providers.About(app)
	switch {
	case !ok || !known:
		f.Add("token", refusal.InvalidToken)
	case !about.Token:
		f.Add("provider", refusal.TokenNotSupported)
	case t.Bad || (t.ID == "" && t.Access == ""):
		f.Add("token", refusal.TokenRequired)
	}
	return app, f.Err()
}

// errProvider is a proof of a provider's that is none: it was used before, or does not say who it is of.
var errProvider = errors.New("the provider's proof is not accepted")

// errSignupClosed refuses to make an account where nobody may.
var errSignupClosed = fmt.Errorf("signups are closed: %w", refusal.Of(refusal.Forbidden))

// enterByProvider has somebody in whom a provider vouches for, or connects the two accounts.
// here says that the session itself was sent there, and came back.
func (s *Service) enterByProvider(ctx context.Context, v *Visit, app tenants.App, id *provider.Identity, process string, here bool) error {
	if id == nil || id.UID == "" || len(id.UID) > maxProviderUID || strings.ContainsRune(id.UID, 0) {
		return fmt.Errorf("%w: it does not say whose it is", errProvider)
	}
	if process == processConnect {
		return s.connect(ctx, v, app, id)
	}
	step := s.step
	if hidesTaken(&v.Tenant.Settings.Account) {
		step = s.evenStep // a signup may be pretended
	}
	err := step(ctx, v, func() error { return s.loginByProvider(ctx, v, app, id, here) })
	s.observe.Login(v.Tenant.Slug, result(v, err))
	return err
}

// useProof has what is good once be used, together with what is done by it: whoever is told to come back may come with the same again.
func (v *Visit) useProof(once *provider.Once) error {
	if once == nil {
		return nil
	}
	until := once.Until.Add(providerProofMargin) // clocks differ
	if latest := v.Now.Add(longestProviderProof); until.After(latest) {
		return fmt.Errorf("%w: it would be good for more than a day", errProvider)
	}
	digest := secret.Digest(once.ID)
	v.queue(func(ctx context.Context, tx *store.Tx) error {
		err := tx.UseProof(ctx, digest, until)
		if errors.Is(err, store.ErrTaken) {
			return fmt.Errorf("%w: it was used before", errProvider) // and would be the next time
		}
		return err
	})
	return nil
}

// loginByProvider signs in whoever has the provider's account or, where the tenant takes the provider's word for addresses, the address. A
// stranger is signed up.
func (s *Service) loginByProvider(ctx context.Context, v *Visit, app tenants.App, id *provider.Identity, here bool) error {
	if err := v.useProof(id.Once); err != nil {
		return err
	}
	if v.user != nil {
		s.leave(v)
	}
	v.state.Provider = nil
	p := store.ProviderAccount{Provider: app.ID, UID: id.UID, Display: shown(id), CreatedAt: v.Now, LastUsedAt: v.Now}
	known, err := s.store.For(v.Tenant).ProviderAccount(ctx, p.Provider, p.UID)
	switch {
	case err == nil:
		p.UserID = known.UserID
		a, err := s.accountOf(ctx, v, p.UserID, "")
		if err != nil {
			return err
		}
		if a == nil {
			return fmt.Errorf("the user of a provider account is gone: %w", store.ErrStale)
		}
		if !a.Active { // the provider is right, and that is all that is told: nobody is signed in, and nobody stays so
			v.auditOf(store.LoginFailed, a.ID, map[string]any{"method": methodProvider, "provider": p.Provider, "reason": "deactivated"})
			return nil
		}
		if err := v.keepTokens(&p, a, app, id); err != nil {
			return err
		}
		if err := s.enterAccount(ctx, v, &p, a, login{Proof: methodProvider, ByProvider: true, App: app.ID, UID: p.UID, here: here}); err != nil {
			return err
		}
		// After the user's row, which whoever disconnects it locks first.
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.UseProviderAccount(ctx, &p, v.Now) })
		return nil
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	a, email, err := s.vouchedFor(ctx, v, app, id)
	switch {
	case err != nil:
		return err
	case a != nil:
		return s.enterByAddress(ctx, v, app, id, &p, a, email, here)
	default:
		return s.signupByProvider(ctx, v, app, id)
	}
}

// leave ends the session of whoever is signed in, since somebody comes in who may be another. The client's next session, if any, is a new one.
func (s *Service) leave(v *Visit) {
	v.audit(store.UserLoggedOut, v.user.ID, nil)
	left := v.session
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.LeaveSession(ctx, left) })
	v.forget()
	v.actor = actor{}
}

// enterAccount begins a login that is proved by a provider's account.
func (s *Service) enterAccount(ctx context.Context, v *Visit, p *store.ProviderAccount, a *store.Account, l login) error {
	if err := v.record(a.ID, Method{Method: methodProvider, Provider: p.Provider, UID: p.UID}); err != nil {
		return err
	}
	if err := s.begin(ctx, v, l, a); err != nil {
		return err
	}
	switch waits := v.Pending(); {
	case waits == "" || !l.here:
	case waits == MFAAuthenticate: // which takes what only the account's owner has
		v.state.Login.Kept = true
	default: // a token that somebody planted must not come to mean a login that more can be done with
		v.rotate()
	}
	if v.Pending() != "" && l.Proves == nil { // a completed login is held anyway
		id, epoch := a.ID, v.session.Epoch
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldUser(ctx, id, epoch) })
	}
	return nil
}

// connected reports whether what a login by a provider began with still lets in whoever waits. An app that the tenant has no more does not, nor
// does an account that was disconnected since, or an address for which the tenant trusts the provider no more: whoever has them at the provider is
// not who decides. It stays connected until the step settles.
func (s *Service) connected(ctx context.Context, v *Visit, l *login, a *store.Account) (bool, error) {
	if l.App == "" { // it was begun by a server that did not say
		return true, nil
	}
	lets := s.Knows
	if l.UID == "" { // it is by an address, for which the provider has to be trusted still
		lets = func(app tenants.App) bool {
			trusted, _ := v.Tenant.TrustsAddresses(app)
			return trusted && s.Knows(app)
		}
	}
	if !slices.ContainsFunc(v.Tenant.Settings.Apps(), func(app tenants.App) bool { return app.ID == l.App && lets(app) }) {
		return false, nil
	}
	if l.UID == "" {
		return true, nil
	}
	p, err := s.store.For(v.Tenant).ProviderAccount(ctx, l.App, l.UID)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && p.UserID != a.ID:
		return false, nil
	case err != nil:
		return false, err
	case v.Tenant.Settings.SocialAccount.StoreTokens:
		p.Tokens = &store.ProviderTokens{} // what was handed out before stays
	}
	id, epoch := a.ID, a.Epoch
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.HoldUser(ctx, id, epoch) })
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.UseProviderAccount(ctx, &p, v.Now) })
	return true, nil
}

// vouchedFor is the account of an address that a provider has verified, and whose word the tenant takes for it; nil for none. An account
// that has another address verified is not had by one that it has not: somebody may have added it by mistake, or on purpose.
func (s *Service) vouchedFor(ctx context.Context, v *Visit, app tenants.App, id *provider.Identity) (*store.Account, address, error) {
	if trusted, _ := v.Tenant.TrustsAddresses(app); !trusted {
		return nil, "", nil
	}
	keys, err := s.reachedOf(ctx, v, id)
	if err != nil {
		return nil, "", err
	}
	for _, email := range keys {
		reached, err := s.reachable(ctx, v, email, "")
		if err != nil {
			return nil, "", err
		}
		best := -1
		for i := range reached {
			if best < 0 || (reached[i].Address.Verified && !reached[best].Address.Verified) {
				best = i
			}
		}
		if best >= 0 {
			return &reached[best], email, nil
		}
	}
	return nil, "", nil
}

// reachedOf are the addresses that a provider has verified, as it tells them. Of several, only those that reach somebody: a provider may tell
// many, and they are not looked up one by one.
func (s *Service) reachedOf(ctx context.Context, v *Visit, id *provider.Identity) ([]address, error) {
	var all []address
	var keys []string
	for _, e := range id.Emails {
		if email, ok := parseAddress(e.Address); e.Verified && ok && len(all) < store.MaxHeld {
			all, keys = append(all, email), append(keys, string(email))
		}
	}
	if len(all) < 2 {
		return all, nil
	}
	held, err := s.store.For(v.Tenant).HoldersOf(ctx, keys)
	return slices.DeleteFunc(all, func(a address) bool { return !held[string(a)].Reached }), err
}

// enterByAddress signs in to the account of an address that a provider vouches for. Where nobody had proved the address, whoever made the
// account may be somebody else, and is put out (claim); or, where it has a second factor, that has to be shown first (unclaimed).
func (s *Service) enterByAddress(
	ctx context.Context, v *Visit, app tenants.App, id *provider.Identity, p *store.ProviderAccount, a *store.Account, email address, here bool,
) error {
	l := login{Proof: methodProvider, ByProvider: true, App: app.ID, here: here}
	v.hold(a)
	switch {
	case a.AnyVerified:
	case v.unclaimed(a, false):
		l.Email, l.Proves = string(email), &process{Email: string(email), UserID: a.ID, Since: v.Now}
	default:
		v.claim(a, false)
		v.dropPassword(a)
		v.leaveOthers(a)
	}
	if err := s.enterAccount(ctx, v, p, a, l); err != nil {
		return err
	}
	if _, connects := v.Tenant.TrustsAddresses(app); connects && v.Authenticated() { // and not before the second factor is shown
		return s.addProviderAccount(ctx, v, app, id, p, a)
	}
	return nil
}

// dropPassword removes the password of a claimed account. Who comes by a provider has not asked to be known by one, and does not see that it
// signs in no more.
func (v *Visit) dropPassword(a *store.Account) {
	id := a.ID
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropPassword(ctx, id) })
	a.Password, a.HasPassword = "", false
}

// leaveOthers removes the addresses of a claimed account but the one that it was claimed by, which stays to be proved here.
func (v *Visit) leaveOthers(a *store.Account) {
	if a.Address.ID != "" {
		v.leave(a, a.Address)
	}
}

// addProviderAccount connects a provider's account with a user, and mails word of it.
func (s *Service) addProviderAccount(
	ctx context.Context, v *Visit, app tenants.App, id *provider.Identity, p *store.ProviderAccount, a *store.Account,
) error {
	p.UserID = a.ID
	if err := v.keepTokens(p, a, app, id); err != nil {
		return err
	}
	added := *p
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddProviderAccount(ctx, &added) })
	v.audit(store.ProviderConnected, a.ID, map[string]any{"after": map[string]any{"provider": p.Provider}})
	if !v.Tenant.Settings.Account.EmailNotifications {
		return nil
	}
	to, err := s.emailFor(ctx, v, a)
	if err != nil {
		return err
	}
	return v.notify(a.ID, mailProviderConnected, to, map[string]string{"provider": s.providerName(v.Tenant, p.Provider)})
}

// providerName is what people call an app, or its id where the tenant has it no more.
func (s *Service) providerName(t *tenants.Tenant, id string) string {
	if a, ok := appOf(t, id, ""); ok {
		if about, ok := s.providers.About(a); ok {
			return about.Name
		}
	}
	return id
}

// shown is what people know an account with a provider by, as it is kept.
func shown(id *provider.Identity) string {
	return cut(strings.ToValidUTF8(strings.ReplaceAll(id.Display, "\x00", ""), ""), maxDisplay)
}

// maxDisplay is the longest name that is kept of an account with a provider, in characters.
const maxDisplay = 200

// sealIdentity is an identity as a session keeps it, bound to that session.
func (v *Visit) sealIdentity(id *provider.Identity) ([]byte, error) {
	plain, err := json.Marshal(id)
	if err != nil {
		return nil, fmt.Errorf("encode an identity: %w", err)
	}
	return v.Tenant.Keys.Seal(secret.ForProviderState, v.session.ID, plain), nil
}

func (v *Visit) openIdentity(sealed []byte) (*provider.Identity, error) {
	plain, err := v.Tenant.Keys.Open(secret.ForProviderState, v.session.ID, sealed)
	if err != nil {
		return nil, fmt.Errorf("open an identity: %w", err)
	}
	var id provider.Identity
	if err := json.Unmarshal(plain, &id); err != nil {
		return nil, fmt.Errorf("read an identity: %w", err)
	}
	return &id, nil
}
