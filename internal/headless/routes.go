package headless

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Recorder is told what a request turned out to be, for logs and metrics.
type Recorder interface {
	// Route is told the route's template and the tenant's slug.
	Route(r *http.Request, template, tenant string)
	// Outcome is told why the request was refused: in kinds and codes alone, and with the text of the error, which may hold an address.
	// Nothing secret is in either.
	Outcome(r *http.Request, class, why string)
	// RequestID is the id that the request goes by in the logs.
	RequestID(r *http.Request) string
	// ClientIP is the client's address; invalid where there is none.
	ClientIP(r *http.Request) netip.Addr
}

// Resolver tells whose a request is: a tenants.Directory, or whatever serves one tenant alone.
type Resolver interface {
	Resolve(ctx context.Context, host, tenantHeader string) (*tenants.Tenant, error)
}

// API serves the public wire. All fields are needed.
type API struct {
	Flows        *flows.Service
	Tenants      Resolver
	TenantHeader string // the header that names a tenant on shared hosts
	Recorder     Recorder
	Log          *slog.Logger

	cors sync.Map // max age -> *cors.Cors
}

// step is a handler that may change something; its answer is the visit's status.
type step func(*flows.Visit, *http.Request) error

// view is a handler that reads.
type view func(*flows.Visit, *http.Request) (viewed, error)

// act is a handler that may change something, and answers with data of its own.
type act = view

// viewed is what a view or an act answers with.
type viewed struct {
	Status   int // 200, unless it is said
	Data     any
	Meta     *meta
	AsStatus bool // it is answered as a step is, with the visit's status
}

// which kinds of client a route is mounted for.
type mounted int

const (
	both mounted = iota
	browserOnly
	appOnly
)

// route is one row of the table.
type route struct {
	method string
	path   string // below /_allauth/{client}/v1
	limit  string // the action whose rates a request uses up, "" for none
	own    bool   // it is for whoever is signed in: a stranger, who is refused anyway, uses nothing up
	room   bool   // a login by password, which is declined before all else where there is no room for its hash
	on     mounted
	step   step
	view   view
	act    act
	form   redirectForm
	asks   asks // where another method is told what is missing before it is told that it is none

	blind bool                    // its body is not looked at
	waits func(*flows.Visit) bool // whether there is anything to be sent here; nil where asks tells

	offered func(*tenants.Tenant) bool // whether the tenant has the path at all; nil for all tenants
	useful  func(*tenants.Tenant) bool // whether it is of any use there, and so in the description of the API; nil for all tenants
	open    func(*flows.Visit) bool    // whether this visitor has the path, where the tenant alone does not tell; nil for all
}

// asks are the members that a request must have, or why it may ask for nothing.
type asks func(*flows.Visit) ([]string, error)

// routes is the table of everything that is served. The order is the order of matching: what is asked most comes first.
func (a *API) routes() []route {
	totp, recovery, keys := offers("totp"), offers("recovery_codes"), offers("webauthn")
	return []route{
		{method: http.MethodGet, path: "/auth/session", step: a.session},
		{method: http.MethodDelete, path: "/auth/session", step: a.logout},
		{method: http.MethodGet, path: "/config", view: a.config},
		{method: http.MethodPost, path: "/auth/login", step: a.login, limit: flows.ActionLogin, room: true, asks: asksOfLogin, offered: hasAccounts},
		{method: http.MethodPost, path: "/auth/signup", step: a.signup, limit: flows.ActionSignup, useful: hasSignup, offered: hasAccounts},
		{method: http.MethodGet, path: "/auth/email/verify", view: a.lookAtEmailKey, offered: hasAccounts},
		{method: http.MethodPost, path: "/auth/email/verify", step: a.verifyEmail, asks: awaited((*flows.Visit).AwaitsEmailProof, "key"), offered: hasAccounts},
		{method: http.MethodPost, path: "/auth/email/verify/resend", act: a.resendEmailCode, blind: true, useful: resendsEmailCodes, offered: hasAccounts},
		{method: http.MethodPost, path: "/auth/code/request", step: a.requestLoginCode, asks: asksOfLoginCode, useful: hasLoginByCode},
		{method: http.MethodPost, path: "/auth/code/resend", act: a.resendLoginCode, blind: true, asks: asksOfLoginCodeAgain, useful: resendsLoginCodes},
		{method: http.MethodPost, path: "/auth/code/confirm", step: a.confirmLoginCode, asks: awaited((*flows.Visit).AwaitsLoginCode, "code"), useful: hasLoginCodes},
		{method: http.MethodPost, path: "/auth/phone/verify", step: a.verifyPhone, asks: awaited((*flows.Visit).AwaitsPhoneCode, "code"), useful: hasPhones, offered: hasAccounts},
		{method: http.MethodPost, path: "/auth/phone/verify/resend", act: a.resendPhoneCode, blind: true, useful: resendsPhoneCodes, offered: hasAccounts},
		{method: http.MethodPost, path: "/auth/password/request", act: a.requestPasswordReset, asks: all("email"), offered: hasAccounts},
		{method: http.MethodGet, path: "/auth/password/reset", view: a.lookAtResetKey, offered: hasAccounts},
		{method: http.MethodPost, path: "/auth/password/reset", step: a.resetPassword, limit: flows.ActionReset, asks: awaited((*flows.Visit).AwaitsReset, "key", "password"), offered: hasAccounts},
		{method: http.MethodPost, path: "/auth/reauthenticate", step: a.reauthenticate, limit: flows.ActionReauthenticate, own: true, asks: signedInFor("password")},
		{method: http.MethodPost, path: "/tokens/refresh", act: a.refresh, on: appOnly, asks: all("refresh_token"), useful: flows.TokensOffered},
		{method: http.MethodGet, path: "/auth/sessions", view: a.sessions},
		{method: http.MethodDelete, path: "/auth/sessions", act: a.endSessions, asks: signedInFor()},
		{method: http.MethodPost, path: "/account/password/change", step: a.changePassword, limit: flows.ActionChangePassword, own: true, asks: asksOfPasswords, offered: hasAccounts},
		{method: http.MethodGet, path: "/account/email", view: a.emails, asks: signedInFor(), offered: hasAccounts},
		{method: http.MethodPost, path: "/account/email", act: a.addEmail, waits: (*flows.Visit).TakesEmail, offered: hasAccounts},
		{method: http.MethodPut, path: "/account/email", act: a.resendEmail, offered: hasAccounts},
		{method: http.MethodPatch, path: "/account/email", act: a.makeEmailPrimary, offered: hasAccounts},
		{method: http.MethodDelete, path: "/account/email", act: a.removeEmail, offered: hasAccounts},
		{method: http.MethodGet, path: "/account/phone", view: a.phones, useful: hasPhones, offered: hasAccounts},
		{method: http.MethodPost, path: "/account/phone", act: a.changePhone, asks: signedInFor("phone"), waits: (*flows.Visit).TakesPhone, useful: hasPhones, offered: hasAccounts},
		{method: http.MethodPost, path: "/auth/2fa/authenticate", step: a.authenticateByCode, asks: asksAfter(awaitsFactor, "code")},
		{method: http.MethodPost, path: "/auth/2fa/reauthenticate", step: a.reauthenticateByCode, asks: signedInFor("code")},
		{method: http.MethodPost, path: "/auth/2fa/trust", step: a.trust, on: browserOnly, offered: flows.TrustOffered, asks: asksAfter(awaitsTrust)},
		{method: http.MethodGet, path: "/auth/webauthn/authenticate", view: a.authenticateKeyOptions, open: (*flows.Visit).ShowsKeys},
		{method: http.MethodPost, path: "/auth/webauthn/authenticate", step: a.authenticateByKey, open: (*flows.Visit).ShowsKeys, asks: asksAfter(awaitsFactor)},
		{method: http.MethodGet, path: "/auth/webauthn/reauthenticate", view: a.reauthenticateKeyOptions, open: (*flows.Visit).ShowsKeys},
		{method: http.MethodPost, path: "/auth/webauthn/reauthenticate", step: a.reauthenticateByKey, open: (*flows.Visit).ShowsKeys, asks: signedInFor()},
		{method: http.MethodGet, path: "/auth/webauthn/login", view: a.loginKeyOptions, offered: flows.PasskeyLoginOffered},
		{method: http.MethodPost, path: "/auth/webauthn/login", step: a.loginByKey, limit: flows.ActionLogin, offered: flows.PasskeyLoginOffered},
		{method: http.MethodPost, path: "/auth/webauthn/signup", step: a.signupByKey, limit: flows.ActionSignup, offered: flows.PasskeySignupOffered, useful: hasSignup},
		{method: http.MethodGet, path: "/auth/webauthn/signup", view: a.signupKeyOptions, offered: flows.PasskeySignupOffered, useful: hasSignup},
		{method: http.MethodPut, path: "/auth/webauthn/signup", step: a.finishSignupByKey, offered: flows.PasskeySignupOffered, useful: hasSignup},
		{method: http.MethodPost, path: "/auth/provider/redirect", form: a.goToProvider, on: browserOnly, useful: hasProviders},
		{method: http.MethodPost, path: "/auth/provider/token", step: a.providerToken, limit: flows.ActionProvider, useful: hasProviders},
		{method: http.MethodGet, path: "/auth/provider/signup", view: a.lookAtProviderSignup, useful: hasProviders},
		{method: http.MethodPost, path: "/auth/provider/signup", step: a.finishProviderSignup, limit: flows.ActionSignup, asks: asksAfter(awaitsProviderSignup), useful: hasProviders},
		{method: http.MethodGet, path: "/account/providers", view: a.providerAccounts, useful: hasProviders},
		{method: http.MethodDelete, path: "/account/providers", act: a.disconnectProvider, asks: signedInFor(), useful: hasProviders},
		{method: http.MethodGet, path: "/account/authenticators", view: a.authenticators, asks: signedInFor()},
		{method: http.MethodGet, path: "/account/authenticators/totp", view: a.totp, offered: totp},
		{method: http.MethodPost, path: "/account/authenticators/totp", act: a.activateTOTP, offered: totp, asks: signedInFor()},
		{method: http.MethodDelete, path: "/account/authenticators/totp", act: a.deactivateTOTP, offered: totp},
		{method: http.MethodGet, path: "/account/authenticators/recovery-codes", view: a.recoveryCodes, offered: recovery, asks: signedInFor()},
		{method: http.MethodPost, path: "/account/authenticators/recovery-codes", act: a.generateRecoveryCodes, offered: recovery},
		{method: http.MethodGet, path: "/account/authenticators/webauthn", view: a.keyOptions, offered: keys},
		{method: http.MethodPost, path: "/account/authenticators/webauthn", act: a.addKey, offered: keys, asks: signedInFor()},
		{method: http.MethodPut, path: "/account/authenticators/webauthn", act: a.renameKey, offered: keys},
		{method: http.MethodDelete, path: "/account/authenticators/webauthn", act: a.removeKeys, offered: keys},
	}
}

// hasAccounts tells of a tenant whether people have anything here but what providers vouch for: a password, addresses to prove, a number.
func hasAccounts(t *tenants.Tenant) bool { return !t.Settings.SocialAccount.Only }

// offers tells of a tenant whether people may set up an authenticator of a type.
func offers(factorType string) func(*tenants.Tenant) bool {
	return func(t *tenants.Tenant) bool { return flows.FactorOffered(t, factorType) }
}

// Handler is the public wire as one handler. What it does not know is a 404 in the API's own form.
func (a *API) Handler() http.Handler {
	root := mux.NewRouter().SkipClean(true)
	root.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w, answer{Status: http.StatusNotFound}) })
	table := a.routes()
	for _, d := range a.documents() {
		root.Path(d.path).Handler(d)
	}
	forwardAuth{a}.mount(root)
	root.PathPrefix(callbacksBelow).Handler(callback{a})
	for _, c := range clients {
		prefix := "/_allauth/" + string(c.kind()) + "/v1"
		below := root.PathPrefix(prefix).Subrouter()
		for _, path := range paths(table) {
			methods := map[string]route{}
			for _, row := range table {
				if row.path == path && (row.on == both || (row.on == appOnly) == (c.kind() == flows.App)) {
					methods[row.method] = row
				}
			}
			if len(methods) > 0 {
				below.Path(path).Handler(&endpoint{api: a, client: c, template: prefix + path, methods: methods, allow: allowed(methods)})
			}
		}
	}
	return root
}

// paths are the distinct paths of the table, in its order.
func paths(table []route) []string {
	var all []string
	for _, row := range table {
		if !slices.Contains(all, row.path) {
			all = append(all, row.path)
		}
	}
	return all
}

// allowed is the Allow header of a path (RFC 9110, section 10.2.1).
func allowed(methods map[string]route) string {
	var all []string
	for m := range methods {
		if all = append(all, m); m == http.MethodGet {
			all = append(all, http.MethodHead)
		}
	}
	slices.Sort(all)
	return strings.Join(append(all, http.MethodOptions), ", ")
}
