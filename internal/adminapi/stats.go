package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

func statsQuery(r *http.Request) (admin.StatsQuery, error) {
	q, err := query(r, "interval", "from", "to")
	return admin.StatsQuery{Interval: q.Get("interval"), From: q.Get("from"), To: q.Get("to")}, err
}

// tenantStats serves GET tenants/{slug}/stats.
func (a *API) tenantStats(w http.ResponseWriter, r *http.Request) error {
	q, err := statsQuery(r)
	if err != nil {
		return err
	}
	stats, err := a.Admin.Stats(r.Context(), mux.Vars(r)["slug"], q)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, stats)
	return nil
}

// platformStats serves GET stats.
func (a *API) platformStats(w http.ResponseWriter, r *http.Request) error {
	q, err := statsQuery(r)
	if err != nil {
		return err
	}
	stats, err := a.Admin.PlatformStats(r.Context(), q)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, stats)
	return nil
}
