package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/saml"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Apps speaks to all providers that are built in. It implements Providers.
type Apps struct {
	client    *http.Client
	plain     bool
	clock     clock.Clock
	dev       bool
	documents published[*document]
	metadata  published[*saml.IDP]
	keys      published[keySet]
}

var _ Providers = (*Apps)(nil)

// Options are what Apps needs.
type Options struct {
	Client *http.Client // of Client
	Plain  bool         // what is secret may travel without TLS: within one's own network, and in development
	Clock  clock.Clock
	// Dev has the provider "dummy" be known, where everybody is whoever they say they are.
	Dev bool
}

// New is an Apps that has asked for nothing yet.
func New(o Options) *Apps {
	return &Apps{
		client: o.Client, plain: o.Plain, clock: o.Clock, dev: o.Dev,
		documents: newPublished[*document](), metadata: newPublished[*saml.IDP](), keys: newPublished[keySet](),
	}
}

// way is how a provider is spoken to. What it is told of, it keeps nothing of.
type way interface {
	begin(ctx context.Context, l *login) (string, error)
	complete(ctx context.Context, l *login, params url.Values) (*Identity, error)
	// verify is refused where takes says that no tokens are taken.
	verify(ctx context.Context, l *login, token Token) (*Identity, error)
	takes() bool
}

// known is the provider of an app.
func (a *Apps) known(app tenants.App) (known, bool) {
	k, ok := builtIn[app.Provider]
	return k, ok && (a.dev || app.Provider != "dummy")
}

// About tells of an app; false where its provider is not known here.
func (a *Apps) About(app tenants.App) (About, bool) {
	k, ok := a.known(app)
	if !ok {
		return About{}, false
	}
	about := About{ID: app.ID, Name: cmp.Or(app.Name, k.name), ClientID: app.ClientID, Redirect: true, Token: k.way.takes()}
	if app.SpeaksSAML() { // who SAML is, nobody knows
		about.Name = cmp.Or(app.Name, app.ClientID)
	}
	if app.Provider == manyServers {
		about.ConfigurationURL = atServerURL(app).discovery
	}
	return about, true
}

// Begin is where somebody is sent.
func (a *Apps) Begin(ctx context.Context, t *tenants.Tenant, app tenants.App, at Attempt) (string, error) {
	l, err := a.login(t, app, at)
	if err != nil {
		return "", err
	}
	return l.way.begin(ctx, l)
}

// Complete is who came back with these parameters.
func (a *Apps) Complete(ctx context.Context, t *tenants.Tenant, app tenants.App, at Attempt, params url.Values) (*Identity, error) {
	l, err := a.login(t, app, at)
	if err != nil {
		return nil, err
	}
	l.hide(params.Get("code"), at.Verifier)
	return l.way.complete(ctx, l, params)
}

// Verify is whose token a front end handed in.
func (a *Apps) Verify(ctx context.Context, t *tenants.Tenant, app tenants.App, token Token) (*Identity, error) {
	l, err := a.login(t, app, Attempt{})
	if err != nil {
		return nil, err
	}
	if !l.way.takes() {
		return nil, l.refused("This provider's tokens are not taken.")
	}
	l.hide(token.ID, token.Access)
	return l.way.verify(ctx, l, token)
}

// login is one call about an app: whose it is, and what its settings come to.
type login struct {
	*caller
	known
	apps   *Apps
	tenant *tenants.Tenant
	shared tenants.Provider // what the settings say of all apps of the provider
	at     Attempt
}

func (a *Apps) login(t *tenants.Tenant, app tenants.App, at Attempt) (*login, error) {
	k, ok := a.known(app)
	if !ok {
		return nil, fmt.Errorf("provider: %q is not known", short(app.Provider))
	}
	return &login{
		caller: newCaller(a.client, a.plain, a.clock, t, app), known: k,
		apps: a, tenant: t, shared: t.Settings.SocialAccount.Providers[app.Provider], at: at,
	}, nil
}

// fault is of a provider that cannot be reached, or makes no sense. why was quoted where it is somebody else's.
func (l *login) fault(why string) error { return fmt.Errorf("provider: %s: %s", l.app.ID, why) }

// refused is of a proof that is none.
func (l *login) refused(why string) error { return fmt.Errorf("%w: %s: %s", ErrRefused, l.app.ID, why) }

// scopes are what is asked for: the app's, the provider's, or what is usual, and more of it where addresses are wanted.
func (l *login) scopes(usual, forEmail []string) []string {
	switch {
	case l.app.Settings.Scope != nil:
		return l.app.Settings.Scope
	case l.shared.Scope != nil:
		return l.shared.Scope
	case l.tenant.Settings.SocialAccount.QueryEmail:
		return slices.Concat(usual, forEmail)
	default:
		return usual
	}
}

// pkce reports whether PKCE (RFC 7636) protects the exchange.
func (l *login) pkce(usual bool) bool {
	for _, said := range []*bool{l.app.Settings.OAuthPKCEEnabled, l.shared.OAuthPKCEEnabled} {
		if said != nil {
			return *said
		}
	}
	return usual
}

// fetches reports whether the profile is fetched on top of what an ID token says.
func (l *login) fetches(usual bool) bool {
	for _, said := range []*bool{l.app.Settings.FetchUserinfo, l.shared.FetchUserinfo} {
		if said != nil {
			return *said
		}
	}
	return usual
}

// own are the parameters of an authorization request that no setting decides.
var own = []string{
	"client_id", "redirect_uri", "response_type", "response_mode", "state", "nonce", "code_challenge", "code_challenge_method", "request", "request_uri",
}

// parameters are those that settings add to the authorization request, and then those of the provider.
func (l *login) parameters(more map[string]string) (all []oauth2.AuthCodeOption) {
	set := l.app.Settings.AuthParams
	if set == nil {
		set = l.shared.AuthParams
	}
	for name, value := range set {
		if !slices.Contains(own, name) {
			all = append(all, oauth2.SetAuthURLParam(name, value))
		}
	}
	for name, value := range more {
		all = append(all, oauth2.SetAuthURLParam(name, value))
	}
	return all
}

// came judges the parameters that somebody came back with, and is the code among them. no are the provider's own words for a no, besides
// access_denied (RFC 6749, section 4.1.2.1).
func (l *login) came(params url.Values, no []string) (string, error) {
	said, code := params.Get("error"), params.Get("code")
	switch {
	case said == "access_denied", said != "" && slices.Contains(no, said):
		return "", ErrCancelled
	case said != "":
		return "", l.refused("The provider says " + l.quote(said) + ": " + l.quote(params.Get("error_description")))
	case code == "":
		return "", l.refused("There is no code.")
	default:
		return code, nil
	}
}

// refusals are what token endpoints call a code that is none of theirs, too old, or used before: RFC 6749 (section 5.2), GitHub, Slack.
var refusals = []string{"invalid_grant", "bad_verification_code", "invalid_code", "code_already_used", "code_expired"}

// trade is what a code is exchanged by.
type trade struct {
	endpoint string
	method   string // how the app shows its secret
	code     string
	pkce     bool
	json     bool // the endpoint takes JSON in the place of a form
	more     []oauth2.AuthCodeOption
}

// exchange has a token endpoint give tokens for a code.
func (l *login) exchange(ctx context.Context, t trade) (*oauth2.Token, *answer, error) {
	if t.method == "" {
		return nil, nil, l.fault("The provider takes the app's secret in no way that is known here.")
	}
	shown, bad := l.secret(t.method)
	if bad == nil {
		bad = l.allows(t.endpoint)
	}
	if bad != nil {
		return nil, nil, l.fault(bad.why)
	}
	l.hide(shown)
	style := oauth2.AuthStyleInParams
	if t.method == byBasic {
		style = oauth2.AuthStyleInHeader
	}
	if t.pkce {
		t.more = append(t.more, oauth2.VerifierOption(l.at.Verifier))
	}
	by := &exchanging{caller: l.caller, json: t.json}
	config := &oauth2.Config{
		ClientID: l.clientID(), ClientSecret: shown, RedirectURL: l.callback,
		Endpoint: oauth2.Endpoint{TokenURL: t.endpoint, AuthStyle: style},
	}
	got, err := config.Exchange(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: by}), t.code, t.more...)
	var (
		said *oauth2.RetrieveError
		none *failed
	)
	switch {
	case errors.As(err, &said) && slices.Contains(refusals, said.ErrorCode):
		return nil, nil, l.refused("The provider does not take the code: " + l.quote(said.ErrorCode+" "+said.ErrorDescription))
	case errors.As(err, &said):
		words := l.quote(said.ErrorCode + " " + said.ErrorDescription)
		return nil, nil, l.fault(fmt.Sprintf("The token endpoint answered %d: %s", said.Response.StatusCode, words))
	case errors.As(err, &none):
		return nil, nil, l.fault(none.why)
	case err != nil: // what it says may be the provider's
		return nil, nil, l.fault("What the token endpoint answered makes no sense.")
	}
	l.hide(got.AccessToken, got.RefreshToken)
	return got, by.answer, nil
}

// tokens are what was handed out, to be kept.
func (l *login) tokens(got *oauth2.Token) *Tokens {
	t := &Tokens{Access: got.AccessToken, Refresh: got.RefreshToken}
	if got.ExpiresIn > 0 {
		t.ExpiresAt = l.clock.Now().Add(time.Duration(min(got.ExpiresIn, longestToken)) * time.Second)
	}
	return t
}

// longestToken is how long a token may be said to be good for, in seconds: what is longer is for ever anyway, and would not fit.
const longestToken = 100 * 365 * 24 * 60 * 60
