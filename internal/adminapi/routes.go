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
	// Route is told the template of the route that matched, for logs and metrics; nil: nobody is.
	Route func(r *http.Request, template string)
}

// handler serves one route. An error that it returns is answered as a problem; it has then written nothing itself.
type handler func(*API, http.ResponseWriter, *http.Request) error

// route is a row of the table.
type route struct {
	method     string
	path       string // below prefix
	permission string // what an operator must be allowed to do
	serve      handler
}

// routes is the one list of what is served.
var routes = []route{
	{http.MethodGet, "/tenants", "tenants.read", (*API).listTenants},
	{http.MethodPost, "/tenants", "tenants.create", (*API).createTenant},
	{http.MethodGet, "/tenants/{slug}", "tenants.read", (*API).showTenant},
	{http.MethodPatch, "/tenants/{slug}", "tenants.change", (*API).patchTenant},
	{http.MethodDelete, "/tenants/{slug}", "tenants.delete", (*API).deleteTenant},
	{http.MethodPost, "/tenants/{slug}/mail-preview", "mail.preview", (*API).previewMail},
	{http.MethodGet, "/tenants/{slug}/keys", "keys.read", (*API).listKeys},
	{http.MethodPost, "/tenants/{slug}/keys", "keys.import", (*API).importKey},
	{http.MethodPost, "/tenants/{slug}/keys/rotate", "keys.rotate", (*API).rotateKey},
	{http.MethodPost, "/tenants/{slug}/keys/{kid}/retire", "keys.retire", (*API).retireKey},
	{http.MethodGet, "/mail-kinds", "schema.read", (*API).mailKinds},
	{http.MethodGet, "/config-schema", "schema.read", (*API).configSchema},
	{http.MethodGet, "/dev/mail", "mail.read", (*API).listMail},
	{http.MethodDelete, "/dev/mail", "mail.delete", (*API).emptyMail},
}

//go:embed openapi.yaml
var document []byte

// Document is the OpenAPI document (3.1, YAML) of this wire.
func Document() []byte { return slices.Clone(document) }

// Handler serves everything under /admin/v1; what else it is asked for is 404.
func (a *API) Handler() http.Handler {
	byPath := map[string]map[string]handler{}
	for _, row := range routes {
		if byPath[row.path] == nil {
			byPath[row.path] = map[string]handler{}
		}
		byPath[row.path][row.method] = row.serve
	}
	router := mux.NewRouter().SkipClean(true) // a path means what it says; nothing is redirected
	for path, methods := range byPath {
		router.Handle(prefix+path, a.dispatch(prefix+path, methods))
	}
	router.NotFoundHandler = a.answer(func(*API, http.ResponseWriter, *http.Request) error { return errNoRoute })
	return a.guard(router)
}

// dispatch serves the methods of one path. HEAD is GET without the body, which net/http leaves out by itself.
func (a *API) dispatch(template string, methods map[string]handler) http.Handler {
	var names []string
	for method := range methods {
		names = append(names, method)
	}
	if methods[http.MethodGet] != nil {
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
		if serve := methods[method]; serve != nil {
			return serve(a, w, r)
		}
		w.Header().Set("Allow", allow)
		return errNoMethod
	})
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

// guard lets nobody through who does not have the token, whatever they ask for.
func (a *API) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		token, given := bearer(r)
		if !a.Token.Is(token) {
			challenge := `Bearer realm="vestibule-admin"`
			if given { // a request without credentials is told no more than how to come with some (RFC 6750, section 3.1)
				challenge += `, error="invalid_token"`
			}
			w.Header().Set("WWW-Authenticate", challenge)
			a.decline(w, r, errNoToken)
			return
		}
		by := admin.Actor{Name: "admin-token"}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, by)))
	})
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
