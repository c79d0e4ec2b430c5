package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"
)

// listTokens serves GET tokens.
func (a *API) listTokens(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Admin.Tokens(r.Context())
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, map[string]any{"items": all})
	return nil
}

// createToken serves POST tokens.
func (a *API) createToken(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	t, err := a.Admin.CreateToken(r.Context(), actor(r), doc)
	if err != nil {
		return err
	}
	send(w, http.StatusCreated, jsonType, t)
	return nil
}

// revokeToken serves DELETE tokens/{id}.
func (a *API) revokeToken(w http.ResponseWriter, r *http.Request) error {
	if err := a.Admin.RevokeToken(r.Context(), actor(r), mux.Vars(r)["id"]); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// me serves GET me.
func (a *API) me(w http.ResponseWriter, r *http.Request) error {
	me, err := a.Admin.Me(r.Context(), actor(r))
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, me)
	return nil
}
