package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// statsParams are the parameters of statistics.
var statsParams = []string{"interval", "from", "to"}

func statsQuery(r *http.Request) admin.StatsQuery {
	q := r.URL.Query()
	return admin.StatsQuery{Interval: q.Get("interval"), From: q.Get("from"), To: q.Get("to")}
}

// tenantStats serves GET tenants/{slug}/stats.
func (a *API) tenantStats(w http.ResponseWriter, r *http.Request) error {
	stats, err := a.Admin.Stats(r.Context(), mux.Vars(r)["slug"], statsQuery(r))
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, stats)
	return nil
}

// platformStats serves GET stats.
func (a *API) platformStats(w http.ResponseWriter, r *http.Request) error {
	stats, err := a.Admin.PlatformStats(r.Context(), statsQuery(r))
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, stats)
	return nil
}
