package adminapi

import (
	"context"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// exportUser serves GET tenants/{slug}/users/{id}/export.
func (a *API) exportUser(w http.ResponseWriter, r *http.Request) error {
	x, err := a.Admin.ExportUser(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err == nil {
		w.Header().Set("Content-Disposition", attachment("user-"+mux.Vars(r)["id"]+".json"))
		send(w, http.StatusOK, jsonType, x)
	}
	return err
}

// exportTenant serves GET tenants/{slug}/export.
func (a *API) exportTenant(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	var (
		what admin.TenantExport
		err  error
	)
	if what.PasswordHashes, err = flag(q, "password_hashes"); err != nil {
		return err
	}
	if what.UsersOnly, err = flag(q, "users_only"); err != nil {
		return err
	}
	name := mux.Vars(r)["slug"]
	if what.UsersOnly {
		name += "-users"
	}
	if what.PasswordHashes {
		name += "-with-hashes"
	}
	return a.stream(w, r, name+".ndjson", func(ctx context.Context, take func(any) error) error {
		return a.Admin.ExportTenant(ctx, actor(r), mux.Vars(r)["slug"], what, take)
	})
}
