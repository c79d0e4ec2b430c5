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

// routes is the one list of what is served.
var routes = []route{
	{http.MethodGet, "/tenants", admin.TenantsRead, anywhere, (*API).listTenants},
	{http.MethodPost, "/tenants", admin.TenantsCreate, atPlatform, (*API).createTenant},
	{http.MethodGet, "/tenants/{slug}", admin.TenantsRead, inTenant, (*API).showTenant},
	{http.MethodPatch, "/tenants/{slug}", admin.TenantsChange, inTenant, (*API).patchTenant},
	{http.MethodPut, "/tenants/{slug}", admin.TenantsChange, inTenant, (*API).applyTenant}, // to make one takes tenants.create, too
	{http.MethodDelete, "/tenants/{slug}", admin.TenantsDelete, inTenant, (*API).deleteTenant},
	{http.MethodPost, "/tenants/{slug}/validate", admin.TenantsChange, inTenant, (*API).validateTenant},
	{http.MethodGet, "/tenants/{slug}/versions", admin.TenantsRead, inTenant, (*API).listVersions},
	{http.MethodGet, "/tenants/{slug}/versions/{version}", admin.TenantsRead, inTenant, (*API).showVersion},
	{http.MethodGet, "/tenants/{slug}/diff", admin.TenantsRead, inTenant, (*API).diffVersions},
	{http.MethodPost, "/tenants/{slug}/rollback", admin.TenantsChange, inTenant, (*API).rollbackTenant},
	{http.MethodPost, "/tenants/{slug}/suspend", admin.TenantsSuspend, inTenant, (*API).suspendTenant},
	{http.MethodPost, "/tenants/{slug}/resume", admin.TenantsSuspend, inTenant, (*API).resumeTenant},
	{http.MethodPost, "/tenants/{slug}/hosts", admin.TenantsChange, inTenant, (*API).addHost},
	{http.MethodDelete, "/tenants/{slug}/hosts/{host}", admin.TenantsChange, inTenant, (*API).removeHost},
	{http.MethodGet, "/deleted-tenants", admin.TenantsRead, atPlatform, (*API).listDeleted},
	{http.MethodPost, "/deleted-tenants/{id}/restore", admin.TenantsDelete, atPlatform, (*API).restoreTenant},
	{http.MethodDelete, "/deleted-tenants/{id}", admin.TenantsPurge, atPlatform, (*API).purgeTenant},
	{http.MethodPost, "/tenants/{slug}/mail-preview", admin.MailPreview, inTenant, (*API).previewMail},
	{http.MethodGet, "/tenants/{slug}/imports", admin.UsersImport, inTenant, (*API).listImports},
	{http.MethodPost, "/tenants/{slug}/imports", admin.UsersImport, inTenant, (*API).createImport},
	{http.MethodGet, "/tenants/{slug}/imports/{id}", admin.UsersImport, inTenant, (*API).showImport},
	{http.MethodPut, "/tenants/{slug}/imports/{id}/chunks/{number}", admin.UsersImport, inTenant, (*API).putChunk},
	{http.MethodPost, "/tenants/{slug}/imports/{id}/start", admin.UsersImport, inTenant, (*API).startImport},
	{http.MethodPost, "/tenants/{slug}/imports/{id}/cancel", admin.UsersImport, inTenant, (*API).cancelImport},
	{http.MethodGet, "/tenants/{slug}/imports/{id}/errors", admin.UsersImport, inTenant, (*API).importErrors},
	{http.MethodGet, "/tenants/{slug}/keys", admin.KeysRead, inTenant, (*API).listKeys},
	{http.MethodPost, "/tenants/{slug}/keys", admin.KeysImport, inTenant, (*API).importKey},
	{http.MethodPost, "/tenants/{slug}/keys/rotate", admin.KeysRotate, inTenant, (*API).rotateKey},
	{http.MethodPost, "/tenants/{slug}/keys/{kid}/retire", admin.KeysRetire, inTenant, (*API).retireKey},
	{http.MethodGet, "/tenants/{slug}/audit", admin.AuditRead, inTenant, (*API).listAudit},
	{http.MethodGet, "/tenants/{slug}/audit/export", admin.AuditRead, inTenant, (*API).exportAudit},
	{http.MethodGet, "/tenants/{slug}/audit/verify", admin.AuditRead, inTenant, (*API).verifyAudit},
	{http.MethodGet, "/tenants/{slug}/stats", admin.StatsRead, inTenant, (*API).tenantStats},
	{http.MethodGet, "/stats", admin.StatsRead, atPlatform, (*API).platformStats},
	{http.MethodGet, "/audit", admin.AuditRead, atPlatform, (*API).listAudit},
	{http.MethodGet, "/audit/export", admin.AuditRead, atPlatform, (*API).exportAudit},
	{http.MethodGet, "/tenants/{slug}/templates", admin.TenantsRead, inTenant, (*API).listTemplates},
	{http.MethodPut, "/tenants/{slug}/templates/{kind}", admin.TenantsChange, inTenant, (*API).putTemplate},
	{http.MethodDelete, "/tenants/{slug}/templates/{kind}", admin.TenantsChange, inTenant, (*API).resetTemplate},
	{http.MethodPost, "/tenants/{slug}/mail-test", admin.MailSend, inTenant, (*API).testMail},
	{http.MethodGet, "/tenants/{slug}/messages", admin.MailRead, inTenant, (*API).listMessages},
	{http.MethodGet, "/tenants/{slug}/messages/{id}", admin.MailRead, inTenant, (*API).showMessage},
	{http.MethodPost, "/tenants/{slug}/messages/{id}/retry", admin.MailSend, inTenant, (*API).retryMessage},
	{http.MethodGet, "/tenants/{slug}/webhooks", admin.WebhooksRead, inTenant, (*API).listWebhooks},
	{http.MethodPost, "/tenants/{slug}/webhooks", admin.WebhooksChange, inTenant, (*API).createWebhook},
	{http.MethodGet, "/tenants/{slug}/webhooks/{id}", admin.WebhooksRead, inTenant, (*API).showWebhook},
	{http.MethodPatch, "/tenants/{slug}/webhooks/{id}", admin.WebhooksChange, inTenant, (*API).patchWebhook},
	{http.MethodDelete, "/tenants/{slug}/webhooks/{id}", admin.WebhooksChange, inTenant, (*API).deleteWebhook},
	{http.MethodPost, "/tenants/{slug}/webhooks/{id}/rotate-secret", admin.WebhooksChange, inTenant, (*API).rotateWebhookSecret},
	{http.MethodPost, "/tenants/{slug}/webhooks/{id}/test", admin.WebhooksChange, inTenant, (*API).testWebhook},
	{http.MethodPost, "/tenants/{slug}/webhooks/{id}/replay", admin.WebhooksChange, inTenant, (*API).replayFailed},
	{http.MethodGet, "/tenants/{slug}/webhooks/{id}/deliveries", admin.WebhooksRead, inTenant, (*API).listDeliveries},
	{http.MethodGet, "/tenants/{slug}/webhooks/{id}/deliveries/{delivery}", admin.WebhooksRead, inTenant, (*API).showDelivery},
	{http.MethodPost, "/tenants/{slug}/webhooks/{id}/deliveries/{delivery}/replay", admin.WebhooksChange, inTenant, (*API).replayDelivery},
	{http.MethodGet, "/tenants/{slug}/users", admin.UsersRead, inTenant, (*API).listUsers},
	{http.MethodPost, "/tenants/{slug}/users", admin.UsersCreate, inTenant, (*API).createUser},
	{http.MethodGet, "/tenants/{slug}/users/{id}", admin.UsersRead, inTenant, (*API).showUser},
	{http.MethodPatch, "/tenants/{slug}/users/{id}", admin.UsersChange, inTenant, userChange((*admin.Service).PatchUser, mergePatchType, jsonType)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}", admin.UsersDelete, inTenant, (*API).deleteUser},
	{http.MethodPost, "/tenants/{slug}/users/{id}/restore", admin.UsersDelete, inTenant, userAct((*admin.Service).RestoreUser)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/erase", admin.UsersErase, inTenant, (*API).eraseUser},
	{http.MethodPost, "/tenants/{slug}/users/{id}/deactivate", admin.UsersChange, inTenant, userAct((*admin.Service).DeactivateUser)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/reactivate", admin.UsersChange, inTenant, userAct((*admin.Service).ReactivateUser)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails", admin.UsersChange, inTenant, userChange((*admin.Service).AddUserEmail, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails/remove", admin.UsersChange, inTenant, userChange((*admin.Service).RemoveUserEmail, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails/verify", admin.UsersChange, inTenant, userChange((*admin.Service).VerifyUserEmail, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails/unverify", admin.UsersChange, inTenant, userChange((*admin.Service).UnverifyUserEmail, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/emails/primary", admin.UsersChange, inTenant, userChange((*admin.Service).MakeUserEmailPrimary, jsonType)},
	{http.MethodPut, "/tenants/{slug}/users/{id}/phone", admin.UsersChange, inTenant, userChange((*admin.Service).SetUserPhone, jsonType)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/phone", admin.UsersChange, inTenant, userAct((*admin.Service).RemoveUserPhone)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/phone/verify", admin.UsersChange, inTenant, userAct((*admin.Service).VerifyUserPhone)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/phone/unverify", admin.UsersChange, inTenant, userAct((*admin.Service).UnverifyUserPhone)},
	{http.MethodPut, "/tenants/{slug}/users/{id}/password", admin.UsersSecure, inTenant, userChange((*admin.Service).SetUserPassword, jsonType)},
	{http.MethodPost, "/tenants/{slug}/users/{id}/send-link", admin.UsersSecure, inTenant, userAct((*admin.Service).SendUserLink)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/sessions", admin.UsersSecure, inTenant, userAct((*admin.Service).EndUserSessions)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/sessions/{session}", admin.UsersSecure, inTenant, (*API).endUserSession},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/authenticators", admin.UsersSecure, inTenant, userAct((*admin.Service).RemoveUserFactors)},
	{http.MethodDelete, "/tenants/{slug}/users/{id}/authenticators/{authenticator}", admin.UsersSecure, inTenant, (*API).removeUserFactor},
	{http.MethodPost, "/tenants/{slug}/users/{id}/provider-accounts/remove", admin.UsersSecure, inTenant, userChange((*admin.Service).DisconnectUser, jsonType)},
	{http.MethodGet, "/tenants/{slug}/users/{id}/export", admin.UsersExport, inTenant, (*API).exportUser},
	{http.MethodGet, "/tenants/{slug}/export", admin.TenantsExport, inTenant, (*API).exportTenant},
	{http.MethodGet, "/tenants/{slug}/deleted-users", admin.UsersRead, inTenant, (*API).listDeletedUsers},
	{http.MethodGet, "/tenants/{slug}/doctor", admin.DoctorRun, inTenant, (*API).doctor},
	{http.MethodGet, "/doctor", admin.DoctorRun, atPlatform, (*API).doctor},
	{http.MethodPost, "/doctor/probes", admin.DoctorRun, anywhere, (*API).probe},
	{http.MethodGet, "/mail-kinds", admin.SchemaRead, anywhere, (*API).mailKinds},
	{http.MethodGet, "/config-schema", admin.SchemaRead, anywhere, (*API).configSchema},
	{http.MethodGet, "/me", admin.SelfRead, anywhere, (*API).me},
	{http.MethodGet, "/operators", admin.OperatorsRead, atPlatform, (*API).listOperators},
	{http.MethodPost, "/operators", admin.OperatorsChange, atPlatform, (*API).createOperator},
	{http.MethodGet, "/operators/{id}", admin.OperatorsRead, atPlatform, (*API).showOperator},
	{http.MethodPatch, "/operators/{id}", admin.OperatorsChange, atPlatform, (*API).changeOperator},
	{http.MethodDelete, "/operators/{id}", admin.OperatorsChange, atPlatform, (*API).removeOperator},
	{http.MethodGet, "/tokens", admin.TokensRead, atPlatform, (*API).listTokens},
	{http.MethodPost, "/tokens", admin.TokensChange, atPlatform, (*API).createToken},
	{http.MethodDelete, "/tokens/{id}", admin.TokensChange, atPlatform, (*API).revokeToken},
	{http.MethodGet, "/dev/mail", admin.MailRead, atPlatform, (*API).listMail},
	{http.MethodDelete, "/dev/mail", admin.MailDelete, atPlatform, (*API).emptyMail},
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
	return open
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
	default:
		var of Session
		if of, err = a.Operator(r); err == nil {
			by, err = a.Admin.ActorOfSession(r.Context(), of.UserID, of.Strong)
		}
	}
	by.IP, by.UserAgent, by.RequestID = ip, r.UserAgent(), id
	return by, err
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
