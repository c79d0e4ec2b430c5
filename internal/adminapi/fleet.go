package adminapi

import "net/http"

// fleet serves GET fleet.
func (a *API) fleet(w http.ResponseWriter, r *http.Request) error {
	f, err := a.Admin.Fleet(r.Context())
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, f)
	return nil
}
