package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"
)

// listKeys serves GET tenants/{slug}/keys.
func (a *API) listKeys(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Admin.Keys(r.Context(), mux.Vars(r)["slug"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, map[string]any{"items": all})
	return nil
}

// showKeySet serves GET tenants/{slug}/jwks.
func (a *API) showKeySet(w http.ResponseWriter, r *http.Request) error {
	set, err := a.Admin.KeySet(r.Context(), mux.Vars(r)["slug"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, set)
	return nil
}

// importKey serves POST tenants/{slug}/keys.
func (a *API) importKey(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	k, err := a.Admin.ImportKey(r.Context(), actor(r), mux.Vars(r)["slug"], doc)
	if err != nil {
		return err
	}
	send(w, http.StatusCreated, jsonType, k)
	return nil
}

// rotateKey serves POST tenants/{slug}/keys/rotate.
func (a *API) rotateKey(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	k, err := a.Admin.RotateKey(r.Context(), actor(r), mux.Vars(r)["slug"], doc)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, k)
	return nil
}

// retireKey serves POST tenants/{slug}/keys/{kid}/retire.
func (a *API) retireKey(w http.ResponseWriter, r *http.Request) error {
	if err := a.Admin.RetireKey(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["kid"]); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
