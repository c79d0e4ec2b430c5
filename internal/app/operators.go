package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/headless"
	"github.com/vestibule-auth/vestibule/internal/httpd"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
	adminui "github.com/vestibule-auth/vestibule/web/admin"
)

// operators is the tenant that is served on the operators' listener, whatever host a request names: that of the operators themselves.
// It is made when it is first needed, since the database may be empty, or away, when the server starts.
type operators struct {
	app     *App
	service *admin.Service
	made    atomic.Bool
}

// Resolve is the operators' tenant.
func (o *operators) Resolve(ctx context.Context, _, tenantHeader string) (*tenants.Tenant, error) {
	if tenantHeader != "" {
		return nil, fmt.Errorf("the operators' listener serves one tenant, and takes no tenant header: %w", refusal.Of(refusal.Missing))
	}
	if err := o.make(ctx); err != nil {
		return nil, fmt.Errorf("make the operators' tenant: %w", err)
	}
	t, err := o.app.Directory.ByID(ctx, tenants.SystemID)
	if err == nil && t.State != tenants.Active {
		err = refusal.Of(refusal.Forbidden)
	}
	return t, err
}

func (o *operators) make(ctx context.Context) error {
	if o.made.Load() {
		return nil
	}
	err := o.service.MakeSystem(ctx, o.app.operatorsURL())
	if err == nil {
		o.made.Store(true)
	}
	return err
}

// operatorsURL is where operators' browsers reach their listener.
func (a *App) operatorsURL() string {
	if a.config.AdminURL != "" {
		return a.config.AdminURL
	}
	port := a.Operators.Addr().(*net.TCPAddr).Port
	return "http://localhost:" + strconv.Itoa(port)
}

// signedIn tells the admin API which operator a browser is signed in as.
func signedIn(wire *headless.API) func(*http.Request) (adminapi.Session, error) {
	return func(r *http.Request) (adminapi.Session, error) {
		v, err := wire.SignedIn(r)
		if err != nil {
			return adminapi.Session{}, err
		}
		strong, err := wire.Flows.Strong(r.Context(), v)
		return adminapi.Session{UserID: v.UserID(), Strong: strong}, err
	}
}

// operatorsOnly sends what is of the operators' own tenant's wire to it, what is of the admin API to that, profiles to what serves them, and
// everything else to the pages. Only the browser's half of the wire is there: operators' programs have API tokens.
func operatorsOnly(wire, api, profiles, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/_allauth/browser/"):
			wire.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/admin/"), strings.HasPrefix(r.URL.Path, "/_allauth/"):
			api.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, httpd.ProfilesPath):
			profiles.ServeHTTP(w, r)
		default:
			httpd.SetRoute(r.Context(), "/")
			pages.ServeHTTP(w, r)
		}
	})
}

// profiles serves profiles of the process where the operator wants it, to whoever may make operators, which only an owner may: they tell
// whoever reads them how the server is built and what it is busy with, and taking one slows it down.
func (a *App) profiles(api *adminapi.API) http.Handler {
	if !a.config.Profiling {
		return http.NotFoundHandler()
	}
	return api.Guard(admin.OperatorsChange, httpd.Profiles())
}

// pages are what operators see in a browser.
func (o *operators) pages() http.Handler {
	return adminui.Handler(adminui.Options{Facts: func(ctx context.Context) (adminui.Facts, error) {
		t, err := o.Resolve(ctx, "", "")
		if err != nil {
			return adminui.Facts{}, err
		}
		return adminui.Facts{CSRFCookie: t.Settings.Cookies.CSRFName, PublicURL: o.app.operatorsURL(), Environment: o.app.config.Environment}, nil
	}})
}

// makeOperators makes the operators' tenant at the start, where that is possible yet, and warns of an emergency token that is set and of an
// address that operators share with others.
func (a *App) makeOperators(ctx context.Context, o *operators) {
	if a.config.AdminToken.Given() && !a.config.Dev {
		a.log.WarnContext(ctx, "VESTIBULE_ADMIN_TOKEN is set: whoever has it is an owner. Make operators and API tokens, then take it away")
	}
	if a.config.AdminURL == "" && !a.config.Dev {
		a.log.WarnContext(ctx, "VESTIBULE_ADMIN_PUBLIC_URL is not set: operators sign in at "+a.operatorsURL()+
			", and browsers send a session of localhost to whatever else listens on the operator's own machine. Give the listener a name of its own")
	}
	current, err := a.Store.Current(ctx)
	if err == nil && current {
		err = o.make(ctx)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		a.log.WarnContext(ctx, "cannot make the operators' tenant yet; trying again when it is needed", "error", err)
	}
}
