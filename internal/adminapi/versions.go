package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// listVersions serves GET tenants/{slug}/versions.
func (a *API) listVersions(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	items, next, err := a.Admin.Versions(r.Context(), mux.Vars(r)["slug"], q.Get("cursor"), n)
	if err != nil {
		return err
	}
	sendPage(w, items, next)
	return nil
}

// showVersion serves GET tenants/{slug}/versions/{version}.
func (a *API) showVersion(w http.ResponseWriter, r *http.Request) error {
	n, err := number("version", mux.Vars(r)["version"])
	if err != nil {
		return errMissing
	}
	v, err := a.Admin.Version(r.Context(), mux.Vars(r)["slug"], n)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, v)
	return nil
}

// diffVersions serves GET tenants/{slug}/diff.
func (a *API) diffVersions(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	from, err := number("from", q.Get("from"))
	if err == nil && from == 0 {
		err = errMalformed.because(admin.Fault{Path: "from", Message: "is needed"})
	}
	if err != nil {
		return err
	}
	to, err := number("to", q.Get("to"))
	if err != nil {
		return err
	}
	changes, err := a.Admin.DiffVersions(r.Context(), mux.Vars(r)["slug"], from, to)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, map[string]any{"changes": changes})
	return nil
}

// listDeleted serves GET deleted-tenants.
func (a *API) listDeleted(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	items, next, err := a.Admin.DeletedTenants(r.Context(), q.Get("cursor"), n)
	if err != nil {
		return err
	}
	sendPage(w, items, next)
	return nil
}

// restoreTenant serves POST deleted-tenants/{id}/restore.
func (a *API) restoreTenant(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	t, err := a.Admin.RestoreTenant(r.Context(), actor(r), mux.Vars(r)["id"], doc)
	if err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/tenants/"+t.Slug)
	sendTenant(w, http.StatusOK, t)
	return nil
}

// purgeTenant serves DELETE deleted-tenants/{id}.
func (a *API) purgeTenant(w http.ResponseWriter, r *http.Request) error {
	if err := a.Admin.PurgeTenant(r.Context(), actor(r), mux.Vars(r)["id"]); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
