package adminapi

import (
	"context"
	_ "embed"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// prefix is what every path begins with.
const prefix = "/admin/v1"

// API serves the operators' wire.
type API struct {
	Admin   *admin.Service // needed
	Token   admin.Token    // the zero value lets nobody in
	Mailbox Mailbox        // nil: there is none, and its routes are 404
	Log     *slog.Logger   // nowhere, unless given

	// RequestID is the id that a request goes by in the logs; nil: none.
	RequestID func(*http.Request) string
	// ClientIP is the address that a request comes from; nil: none.
	ClientIP func(*http.Request) string
	// Connection is the context of what a request came by, which has no deadline; nil: the request's own.
	Connection func(*http.Request) context.Context
	// Operator tells which operator a request without a token is signed in as, if any; nil: none can be. See Session.
	Operator func(*http.Request) (Session, error)
	// Route is told the template of the route that matched, for logs and metrics; nil: nobody is.
	Route func(r *http.Request, template string)
}

// handler serves one route. An error that it returns is answered as a problem; it has then written nothing itself.
type handler func(*API, http.ResponseWriter, *http.Request) error

// route is a row of the table.
type route struct {
	method     string
	path       string // below prefix
	permission admin.Permission
	where      where
	takes      []string // the parameters of its query; any other is refused
	serve      handler
}

// where says with what an operator must have a row's permission.
type where int

const (
	nowhere    where = iota // with nothing: nobody has it
	atPlatform              // with the platform
	inTenant                // with the tenant that {slug} names, which whoever has none with it is not told of
	anywhere                // with anything: the handler shows no more than what the operator may see
)

// listed are the parameters of a list that comes in pages, and those that narrow it down.
func listed(filters ...string) []string { return append([]string{"limit", "cursor"}, filters...) }

// routes is the one list of what is served.
var routes = []route{
	{http.MethodGet, "/tenants", admin.TenantsRead, anywhere, listed("q", "state"), (*API).listTenants},
	{http.MethodPost, "/tenants", admin.TenantsCreate, atPlatform, nil, (*API).createTenant},
	{http.MethodGet, "/tenants/{slug}", admin.TenantsRead, inTenant, []string{"format"}, (*API).showTenant},
	{http.MethodPatch, "/tenants/{slug}", admin.TenantsChange, inTenant, nil, (*API).patchTenant},
	{http.MethodPut, "/tenants/{slug}", admin.TenantsChange, inTenant, []string{"dry_run"}, (*API).applyTenant}, // to make one takes tenants.create, too
	{http.MethodDelete, "/tenants/{slug}", admin.TenantsDelete, inTenant, nil, (*API).deleteTenant},
	{http.MethodPost, "/tenants/{slug}/validate", admin.TenantsChange, inTenant, nil, (*API).validateTenant},
	// It writes nothing, and tells no more than anybody is told who asks the tenant: whoever sees the settings may see what they come to.
	{http.MethodPost, "/tenants/{slug}/sign-in-preview", admin.TenantsRead, inTenant, nil, (*API).previewSignIn},
	{http.MethodGet, "/tenants/{slug}/versions", admin.TenantsRead, inTenant, listed(), (*API).listVersions},
	{http.MethodGet, "/tenants/{slug}/versions/{version}", admin.TenantsRead, inTenant, nil, (*API).showVersion},
	{http.MethodGet, "/tenants/{slug}/diff", admin.TenantsRead, inTenant, []string{"from", "to"}, (*API).diffVersions},
	{http.MethodPost, "/tenants/{slug}/rollback", admin.TenantsChange, inTenant, nil, (*API).rollbackTenant},
	{http.MethodPost, "/tenants/{slug}/suspend", admin.TenantsSuspend, inTenant, nil, (*API).suspendTenant},
	{http.MethodPost, "/tenants/{slug}/resume", admin.TenantsSuspend, inTenant, nil, (*API).resumeTenant},
	{http.MethodPost, "/tenants/{slug}/hosts", admin.TenantsChange, inTenant, nil, (*API).addHost},
	{http.MethodDelete, "/tenants/{slug}/hosts/{host}", admin.TenantsChange, inTenant, nil, (*API).removeHost},
	{http.MethodGet, "/deleted-tenants", admin.TenantsRead, atPlatform, listed(), (*API).listDeleted},
	{http.MethodPost, "/deleted-tenants/{id}/restore", admin.TenantsDelete, atPlatform, nil, (*API).restoreTenant},
	{http.MethodDelete, "/deleted-tenants/{id}", admin.TenantsPurge, atPlatform, nil, (*API).purgeTenant},
	{http.MethodPost, "/tenants/{slug}/mail-preview", admin.MailPreview, inTenant, nil, (*API).previewMail},
	{http.MethodGet, "/tenants/{slug}/imports", admin.UsersImport, inTenant, listed(), (*API).listImports},
	{http.MethodPost, "/tenants/{slug}/imports", admin.UsersImport, inTenant, nil, (*API).createImport},
	{http.MethodGet, "/tenants/{slug}/imports/{id}", admin.UsersImport, inTenant, nil, (*API).showImport},
	{http.MethodPut, "/tenants/{slug}/imports/{id}/chunks/{number}", admin.UsersImport, inTenant, nil, (*API).putChunk},
	{http.MethodPost, "/tenants/{slug}/imports/{id}/start", admin.UsersImport, inTenant, nil, (*API).startImport},
	{http.MethodPost, "/tenants/{slug}/imports/{id}/cancel", admin.UsersImport, inTenant, nil, (*API).cancelImport},
	{http.MethodGet, "/tenants/{slug}/imports/{id}/errors", admin.UsersImport, inTenant, listed("format"), (*API).importErrors},
	{http.MethodGet, "/tenants/{slug}/keys", admin.KeysRead, inTenant, nil, (*API).listKeys},
	{http.MethodPost, "/tenants/{slug}/keys", admin.KeysImport, inTenant, nil, (*API).importKey},
	{http.MethodPost, "/tenants/{slug}/keys/rotate", admin.KeysRotate, inTenant, nil, (*API).rotateKey},
	{http.MethodPost, "/tenants/{slug}/keys/{kid}/retire", admin.KeysRetire, inTenant, nil, (*API).retireKey},
	{http.MethodGet, "/tenants/{slug}/jwks", admin.KeysRead, inTenant, nil, (*API).showKeySet},
	{http.MethodGet, "/tenants/{slug}/audit", admin.AuditRead, inTenant, listed(auditParams...), (*API).listAudit},
	{http.MethodGet, "/tenants/{slug}/audit/export", admin.AuditRead, inTenant, auditParams, (*API).exportAudit},
	{http.MethodGet, "/tenants/{slug}/audit/verify", admin.AuditRead, inTenant, []string{"cursor"}, (*API).verifyAudit},
	{http.MethodGet, "/tenants/{slug}/stats", admin.StatsRead, inTenant, statsParams, (*API).tenantStats},
	{http.MethodGet, "/stats", admin.StatsRead, atPlatform, statsParams, (*API).platformStats},
	{http.MethodGet, "/fleet", admin.StatsRead, atPlatform, nil, (*API).fleet},
	{http.MethodGet, "/audit", admin.AuditRead, atPlatform, listed(auditParams...), (*API).listAudit},
	{http.MethodGet, "/audit/export", admin.AuditRead, atPlatform, auditParams, (*API).exportAudit},
	{http.MethodGet, "/tenants/{slug}/templates", admin.TenantsRead, inTenant, nil, (*API).listTemplates},
	{http.MethodPut, "/tenants/{slug}/templates/{kind}", admin.TenantsChange, inTenant, nil, (*API).putTemplate},
	{http.MethodDelete, "/tenants/{slug}/templates/{kind}", admin.TenantsChange, inTenant, nil, (*API).resetTemplate},
	{http.MethodPost, "/tenants/{slug}/mail-test", admin.MailSend, inTenant, nil, (*API).testMail},
	{http.MethodGet, "/tenants/{slug}/providers", admin.TenantsRead, inTenant, nil, (*API).listProviders},
	{http.MethodPost, "/tenants/{slug}/providers/test", admin.TenantsChange, inTenant, nil, (*API).testProvider},
	{http.MethodGet, "/tenants/{slug}/messages", admin.MailRead, inTenant, listed("state", "kind", "channel"), (*API).listMessages},
	{http.MethodGet, "/tenants/{slug}/messages/{id}", admin.MailRead, inTenant, nil, (*API).showMessage},
	{http.MethodPost, "/tenants/{slug}/messages/{id}/retry", admin.MailSend, inTenant, nil, (*API).retryMessage},
	{http.MethodGet, "/tenants/{slug}/webhooks", admin.WebhooksRead, inTenant, nil, (*API).listWebhooks},
	{http.MethodPost, "/tenants/{slug}/webhooks", admin.WebhooksChange, inTenant, nil, (*API).createWebhook},
	{http.MethodGet, "/tenants/{slug}/webhooks/{id}", admin.WebhooksRead, inTenant, nil, (*API).showWebhook},
	{http.MethodPatch, "/tenants/{slug}/webhooks/{id}", admin.WebhooksChange, inTenant, nil, (*API).patchWebhook},
	{http.MethodDelete, "/tenants/{slug}/webhooks/{id}", admin.WebhooksChange, inTenant, nil, (*API).deleteWebhook},
	{http.MethodPost, "/tenants/{slug}/webhooks/{id}/rotate-secret", admin.WebhooksChange, inTenant, nil, (*API).rotateWebhookSecret},
	{http.MethodPost, "/tenants/{slug}/webhooks/{id}/test", admin.WebhooksChange, inTenant, nil, (*API).testWebhook},
	{http.MethodPost, "/tenants/{slug}/webhooks/{id}/replay", admin.WebhooksChange, inTenant, nil, (*API).replayFailed},
	{http.MethodGet, "/tenants/{slug}/webhooks/{id}/deliveries", admin.WebhooksRead, inTenant, listed("state"), (*API).listDeliveries},
	{http.MethodGet, "/tenants/{slug}/webhooks/{id}/deliveries/{delivery}", admin.WebhooksRead, inTenant, nil, (*API).showDelivery},
	{http.MethodPost, "/tenants/{slug}/webhooks/{id}/deliveries/{delivery}/replay", admin.WebhooksChange, inTenant, nil, (*API).replayDelivery},
	{http.MethodGet, "/tenants/{slug}/users", admin.UsersRead, inTenant, listed(admin.UserParameters...), (*API).listUsers},
	{http.MethodPost, "/tenants/{slug}/users", admin.UsersCreate, inTenant, nil, (*API).createUser},
	{http.MethodGet, "/tenants/{slug}/users/{id}", admin.UsersRead, inTenant, nil, (*API).showUser},
	{http.MethodPatch, "/tenants/{slug}/users/{id}", admin.UsersChange, inTenant, nil, userChange((*admin.Service).PatchUser, mergePatchType, jsonType)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}", admin.UsersDelete, inTenant, nil, (*API).deleteUser},
	{http.MethodPost, "/tenants/{slug}/users/{id}/restore", admin.UsersDelete, inTenant, nil, userAct((*admin.Service).RestoreUser)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/erase", admin.UsersErase, inTenant, nil, (*API).eraseUser},
	{http.MethodPost, "/tenants/{slug}/users/{id}/deactivate", admin.UsersChange, inTenant, nil, userAct((*admin.Service).DeactivateUser)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/reactivate", admin.UsersChange, inTenant, nil, userAct((*admin.Service).ReactivateUser)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails", admin.UsersChange, inTenant, nil, userChange((*admin.Service).AddUserEmail, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails/remove", admin.UsersChange, inTenant, nil, userChange((*admin.Service).RemoveUserEmail, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails/verify", admin.UsersChange, inTenant, nil, userChange((*admin.Service).VerifyUserEmail, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails/unverify", admin.UsersChange, inTenant, nil, userChange((*admin.Service).UnverifyUserEmail, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails/primary", admin.UsersChange, inTenant, nil, userChange((*admin.Service).MakeUserEmailPrimary, jsonType)},
	{http.MethodPut, "/tenants/{slug}/users/{id}/phone", admin.UsersChange, inTenant, nil, userChange((*admin.Service).SetUserPhone, jsonType)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/phone", admin.UsersChange, inTenant, nil, userAct((*admin.Service).RemoveUserPhone)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/phone/verify", admin.UsersChange, inTenant, nil, userAct((*admin.Service).VerifyUserPhone)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/phone/unverify", admin.UsersChange, inTenant, nil, userAct((*admin.Service).UnverifyUserPhone)},
	{http.MethodPut, "/tenants/{slug}/users/{id}/password", admin.UsersSecure, inTenant, nil, userChange((*admin.Service).SetUserPassword, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/send-link", admin.UsersSecure, inTenant, nil, userAct((*admin.Service).SendUserLink)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/sessions", admin.UsersSecure, inTenant, nil, userAct((*admin.Service).EndUserSessions)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/sessions/{session}", admin.UsersSecure, inTenant, nil, (*API).endUserSession},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/authenticators", admin.UsersSecure, inTenant, nil, userAct((*admin.Service).RemoveUserFactors)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/authenticators/{authenticator}", admin.UsersSecure, inTenant, nil, (*API).removeUserFactor},
	{http.MethodPost, "/tenants/{slug}/users/{id}/provider-accounts/remove", admin.UsersSecure, inTenant, nil, userChange((*admin.Service).DisconnectUser, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/provider-accounts/tokens", admin.UsersProviders, inTenant, nil, (*API).showProviderTokens},
	{http.MethodGet, "/tenants/{slug}/users/{id}/export", admin.UsersExport, inTenant, nil, (*API).exportUser},
	{http.MethodGet, "/tenants/{slug}/export", admin.TenantsExport, inTenant, []string{"password_hashes", "users_only"}, (*API).exportTenant},
	{http.MethodGet, "/tenants/{slug}/deleted-users", admin.UsersRead, inTenant, listed(), (*API).listDeletedUsers},
	{http.MethodGet, "/tenants/{slug}/doctor", admin.DoctorRun, inTenant, doctorParams, (*API).doctor},
	{http.MethodGet, "/doctor", admin.DoctorRun, atPlatform, doctorParams, (*API).doctor},
	{http.MethodPost, "/doctor/probes", admin.DoctorRun, anywhere, nil, (*API).probe},
	{http.MethodGet, "/mail-kinds", admin.SchemaRead, anywhere, nil, (*API).mailKinds},
	{http.MethodGet, "/config-schema", admin.SchemaRead, anywhere, nil, (*API).configSchema},
	{http.MethodGet, "/me", admin.SelfRead, anywhere, nil, (*API).me},
	{http.MethodGet, "/operators", admin.OperatorsRead, atPlatform, nil, (*API).listOperators},
	{http.MethodPost, "/operators", admin.OperatorsChange, atPlatform, nil, (*API).createOperator},
	{http.MethodGet, "/operators/{id}", admin.OperatorsRead, atPlatform, nil, (*API).showOperator},
	{http.MethodPatch, "/operators/{id}", admin.OperatorsChange, atPlatform, nil, (*API).changeOperator},
	{http.MethodDelete, "/operators/{id}", admin.OperatorsChange, atPlatform, nil, (*API).removeOperator},
	{http.MethodGet, "/tokens", admin.TokensRead, atPlatform, nil, (*API).listTokens},
	{http.MethodPost, "/tokens", admin.TokensChange, atPlatform, nil, (*API).createToken},
	{http.MethodDelete, "/tokens/{id}", admin.TokensChange, atPlatform, nil, (*API).revokeToken},
	{http.MethodGet, "/dev/mail", admin.MailRead, atPlatform, mailQuery, (*API).listMail},
	{http.MethodDelete, "/dev/mail", admin.MailDelete, atPlatform, nil, (*API).emptyMail},
}

//go:embed openapi.yaml
var document []byte

// Document is the OpenAPI document (3.1, YAML) of this wire.
func Document() []byte { return slices.Clone(document) }

// Handler serves everything under /admin/v1, and how to use it under /admin/docs; what else it is asked for is 404.
func (a *API) Handler() http.Handler { return a.serving(routes) }

func (a *API) serving(table []route) http.Handler {
	byPath := map[string]map[string]route{}
	for _, row := range table {
		if byPath[row.path] == nil {
			byPath[row.path] = map[string]route{}
		}
		byPath[row.path][row.method] = row
	}
	router := mux.NewRouter().SkipClean(true) // a path means what it says; nothing is redirected
	for path, methods := range byPath {
		router.Handle(prefix+path, a.dispatch(prefix+path, methods))
	}
	router.NotFoundHandler = a.answer(func(*API, http.ResponseWriter, *http.Request) error { return errNoRoute })
	open := mux.NewRouter().SkipClean(true)
	open.Methods(http.MethodGet, http.MethodHead).Path("/admin/docs").HandlerFunc(a.serveDocs)
	open.Methods(http.MethodGet, http.MethodHead).Path(prefix + "/openapi.yaml").HandlerFunc(a.serveDocument)
	open.NotFoundHandler = a.guard(router)
	open.MethodNotAllowedHandler = open.NotFoundHandler
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin") // no page of another origin has an answer as a picture or a script
		open.ServeHTTP(w, r)
	})
}

// dispatch serves the methods of one path. HEAD is GET without the body, which net/http leaves out by itself.
func (a *API) dispatch(template string, methods map[string]route) http.Handler {
	var names []string
	for method := range methods {
		names = append(names, method)
	}
	if _, ok := methods[http.MethodGet]; ok {
		names = append(names, http.MethodHead)
	}
	slices.Sort(names)
	allow := strings.Join(names, ", ")
	return a.answer(func(a *API, w http.ResponseWriter, r *http.Request) error {
		if a.Route != nil {
			a.Route(r, template)
		}
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if row, ok := methods[method]; ok {
			if err := a.admit(r, row); err != nil {
				return err
			}
			if err := checkQuery(r, row.takes); err != nil {
				return err
			}
			return row.serve(a, w, r)
		}
		w.Header().Set("Allow", allow)
		return errNoMethod
	})
}

// admit lets an operator through to a row who may do what it is for. It is the one place where that is decided.
func (a *API) admit(r *http.Request, row route) error {
	by := actor(r)
	switch row.where {
	case atPlatform:
		return a.Admin.Admit(by, row.permission)
	case inTenant:
		return a.Admin.AdmitTo(r.Context(), by, row.permission, mux.Vars(r)["slug"])
	case anywhere:
		return a.Admin.AdmitSomewhere(by, row.permission)
	case nowhere:
	}
	return errForbidden
}

// answer makes a handler of net/http of one of ours.
func (a *API) answer(serve handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := serve(a, w, r); err != nil {
			a.decline(w, r, err)
		}
	})
}

// Guard lets through to h whom the API knows and who has a permission with the platform. It is for what operators alone may see and is no
// part of the API.
func (a *API) Guard(p admin.Permission, h http.Handler) http.Handler {
	return a.guard(a.answer(func(a *API, w http.ResponseWriter, r *http.Request) error {
		if err := a.Admin.Admit(actor(r), p); err != nil {
			return err
		}
		h.ServeHTTP(w, r)
		return nil
	}))
}

// actorKey is the context's key of the actor, whom guard puts there.
type actorKey struct{}

// actor is who sent a request that guard let through.
func actor(r *http.Request) admin.Actor {
	by, _ := r.Context().Value(actorKey{}).(admin.Actor)
	return by
}

// guard lets nobody through whom it does not know, whatever they ask for.
func (a *API) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		by, err := a.who(r)
		if refused, ok := refusal.As(err); ok && refused.Kind == refusal.Unauthenticated {
			challenge := `Bearer realm="vestibule-admin"`
			if _, given := bearer(r); given { // without credentials one is told no more than how to come with some (RFC 6750, section 3.1)
				challenge += `, error="invalid_token"`
			}
			w.Header().Set("WWW-Authenticate", challenge)
		}
		if err != nil {
			a.decline(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, by)))
	})
}

// Session is what is known of a browser's request: that it comes from a page of ours, and who is signed in.
type Session struct {
	UserID string // a user of the operators' tenant; "" for nobody
	Strong bool   // a second factor or a passkey was shown
}

// who sent a request: whoever has the emergency token or an API token or else is signed in.
func (a *API) who(r *http.Request) (by admin.Actor, err error) {
	ip, id := "", ""
	if a.ClientIP != nil {
		ip = a.ClientIP(r)
	}
	if a.RequestID != nil {
		id = a.RequestID(r)
	}
	token, given := bearer(r)
	switch {
	case a.Token.Is(token):
		return a.Admin.BreakGlass(r.Context(), ip, r.UserAgent(), id)
	case given:
		by, err = a.Admin.ActorOfToken(r.Context(), token, ip)
	case a.Operator == nil || len(r.Header.Values("Authorization")) > 0:
		return by, refusal.Of(refusal.Unauthenticated)
	case !sameOrigin(r):
		return by, errCrossSite
	default:
		var of Session
		if of, err = a.Operator(r); err == nil {
			by, err = a.Admin.ActorOfSession(r.Context(), of.UserID, of.Strong)
		}
	}
	by.IP, by.UserAgent, by.RequestID = ip, r.UserAgent(), id
	return by, err
}

// sameOrigin reports whether a browser's request comes from our own pages, or from its user: it was typed, or is a bookmark. All ports of a
// host share its cookies, and SameSite takes them for one site, so that a page at another port could otherwise have them sent along with a
// link to an export. What sends no such header is no browser that could be led on, or is asked for a CSRF token by whatever changes something.
func sameOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") { // https://www.w3.org/TR/fetch-metadata
	case "", "same-origin", "none":
		return true
	default:
		return false
	}
}

// bearer is the token of a request that carries exactly one.
func bearer(r *http.Request) (token string, given bool) {
	sent := r.Header.Values("Authorization")
	if len(sent) != 1 {
		return "", false
	}
	scheme, token, found := strings.Cut(sent[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimLeft(token, " "), true
}
