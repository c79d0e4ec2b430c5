package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// doctorParams are the parameters of the connection doctor.
var doctorParams = []string{"url", "origin", "probe"}

// doctor serves GET doctor and GET tenants/{slug}/doctor.
func (a *API) doctor(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d, err := a.Admin.Doctor(r.Context(), mux.Vars(r)["slug"], admin.DoctorQuery{URL: q.Get("url"), Origin: q.Get("origin"), Probe: q.Get("probe")})
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, d)
	return nil
}

// probe serves POST doctor/probes.
func (a *API) probe(w http.ResponseWriter, _ *http.Request) error {
	p, err := a.Admin.Probe()
	if err != nil {
		return err
	}
	send(w, http.StatusCreated, jsonType, p)
	return nil
}
