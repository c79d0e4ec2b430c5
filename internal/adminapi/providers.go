package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"
)

// listProviders serves GET tenants/{slug}/providers.
func (a *API) listProviders(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Admin.Providers(r.Context(), mux.Vars(r)["slug"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, map[string]any{"items": all})
	return nil
}

// testProvider serves POST tenants/{slug}/providers/test.
func (a *API) testProvider(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	t, err := a.Admin.TestProvider(r.Context(), actor(r), mux.Vars(r)["slug"], doc)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, t)
	return nil
}
