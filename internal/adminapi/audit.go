package adminapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// auditParams are the parameters of the log.
var auditParams = []string{"action", "actor", "user", "session", "request", "since", "until"}

func auditFilter(q url.Values) admin.AuditFilter {
	return admin.AuditFilter{
		Action: q.Get("action"), Actor: q.Get("actor"), User: q.Get("user"), Session: q.Get("session"), Request: q.Get("request"),
		Since: q.Get("since"), Until: q.Get("until"),
	}
}

// listAudit serves GET audit and GET tenants/{slug}/audit.
func (a *API) listAudit(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	items, next, err := a.Admin.Audit(r.Context(), actor(r), mux.Vars(r)["slug"], auditFilter(q), q.Get("cursor"), n)
	if err != nil {
		return err
	}
	sendPage(w, items, next)
	return nil
}

// exportAudit serves GET tenants/{slug}/audit/export and GET audit/export.
func (a *API) exportAudit(w http.ResponseWriter, r *http.Request) error {
	filter, of := auditFilter(r.URL.Query()), mux.Vars(r)["slug"]
	if of == "" {
		of = "platform"
	}
	return a.stream(w, r, of+"-audit.ndjson", func(ctx context.Context, take func(any) error) error {
		return a.Admin.ExportAudit(ctx, actor(r), mux.Vars(r)["slug"], filter, func(e *admin.AuditEvent) error { return take(e) })
	})
}

// verifyAudit serves GET tenants/{slug}/audit/verify.
func (a *API) verifyAudit(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	report, err := a.Admin.VerifyAudit(r.Context(), mux.Vars(r)["slug"], q.Get("cursor"))
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, report)
	return nil
}
