package adminapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// exportUser serves GET tenants/{slug}/users/{id}/export.
func (a *API) exportUser(w http.ResponseWriter, r *http.Request) error {
	x, err := a.Admin.ExportUser(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err == nil {
		send(w, http.StatusOK, jsonType, x)
	}
	return err
}

// flag is a parameter that is true or false; false where it is not given.
func flag(q url.Values, name string) (bool, error) {
	switch q.Get(name) {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, errMalformed.because(admin.Fault{Path: name, Message: "must be true or false"})
}

// exportTenant serves GET tenants/{slug}/export. It takes as long as it takes: what has to be quick is each line.
func (a *API) exportTenant(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r, "password_hashes", "users_only")
	if err != nil {
		return err
	}
	var what admin.TenantExport
	if what.PasswordHashes, err = flag(q, "password_hashes"); err != nil {
		return err
	}
	if what.UsersOnly, err = flag(q, "users_only"); err != nil {
		return err
	}
	return a.stream(w, r, func(ctx context.Context, take func(any) error) error {
		return a.Admin.ExportTenant(ctx, actor(r), mux.Vars(r)["slug"], what, take)
	})
}

// stream answers with values, one a line, as they come. Of one that breaks off the connection is cut, so that nobody takes the part for
// the whole.
func (a *API) stream(w http.ResponseWriter, r *http.Request, each func(context.Context, func(any) error) error) error {
	out := &lines{w: w}
	err := each(context.WithoutCancel(r.Context()), out.write)
	if err != nil && out.begun {
		a.logger().LogAttrs(r.Context(), slog.LevelWarn, "an export broke off", slog.Any("error", err))
		panic(http.ErrAbortHandler)
	}
	if err == nil {
		out.begin()
	}
	return err
}
