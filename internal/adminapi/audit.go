package adminapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/clock"
)

// linesType is the media type of JSON values, one a line.
const linesType = "application/x-ndjson"

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
	q, err := query(r, append([]string{"limit", "cursor"}, auditParams...)...)
	if err != nil {
		return err
	}
	n, err := limit(q)
	if err != nil {
		return err
	}
	items, next, err := a.Admin.Audit(r.Context(), actor(r), mux.Vars(r)["slug"], auditFilter(q), q.Get("cursor"), n)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, page(items, next))
	return nil
}

// page is a part of a list.
func page[T any](items []T, next string) map[string]any {
	out := map[string]any{"items": items, "next_cursor": nil}
	if next != "" {
		out["next_cursor"] = next
	}
	return out
}

// exportAudit serves GET tenants/{slug}/audit/export and GET audit/export. It takes as long as it takes: what has to be quick is each line.
func (a *API) exportAudit(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r, auditParams...)
	if err != nil {
		return err
	}
	out := &lines{w: w}
	err = a.Admin.ExportAudit(context.WithoutCancel(r.Context()), actor(r), mux.Vars(r)["slug"], auditFilter(q), func(e *admin.AuditEvent) error {
		return out.write(e)
	})
	if err != nil && out.begun {
		a.logger().LogAttrs(r.Context(), slog.LevelWarn, "an export broke off", slog.Any("error", err))
		panic(http.ErrAbortHandler) // the connection is cut, so that nobody takes the part for the whole
	}
	if err == nil {
		out.begin()
	}
	return err
}

// lines writes values, one a line.
type lines struct {
	w     http.ResponseWriter
	begun bool
	until time.Time // when the deadline is
}

// lineTime is how long a client may take to read some lines. A deadline is moved along when half of it is up.
const lineTime = 30 * time.Second

func (l *lines) begin() {
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", linesType)
		l.w.WriteHeader(http.StatusOK)
	}
}

func (l *lines) write(v any) error {
	l.begin()
	if now := (clock.System{}).Now(); l.until.Sub(now) < lineTime/2 {
		l.until = now.Add(lineTime)
		_ = http.NewResponseController(l.w).SetWriteDeadline(l.until) // where there is no connection there is no deadline either
	}
	return json.NewEncoder(l.w).Encode(v)
}

// verifyAudit serves GET tenants/{slug}/audit/verify.
func (a *API) verifyAudit(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r, "cursor")
	if err != nil {
		return err
	}
	report, err := a.Admin.VerifyAudit(r.Context(), mux.Vars(r)["slug"], q.Get("cursor"))
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, report)
	return nil
}
