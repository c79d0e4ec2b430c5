package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"
)

// listOperators serves GET operators.
func (a *API) listOperators(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Admin.Operators(r.Context())
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, map[string]any{"items": all})
	return nil
}

// createOperator serves POST operators.
func (a *API) createOperator(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	o, err := a.Admin.CreateOperator(r.Context(), actor(r), doc)
	if err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/operators/"+o.ID)
	send(w, http.StatusCreated, jsonType, o)
	return nil
}

// showOperator serves GET operators/{id}.
func (a *API) showOperator(w http.ResponseWriter, r *http.Request) error {
	o, err := a.Admin.Operator(r.Context(), mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, o)
	return nil
}

// changeOperator serves PATCH operators/{id}.
func (a *API) changeOperator(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, mergePatchType, jsonType)
	if err != nil {
		return err
	}
	o, err := a.Admin.ChangeOperator(r.Context(), actor(r), mux.Vars(r)["id"], doc)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, o)
	return nil
}

// removeOperator serves DELETE operators/{id}.
func (a *API) removeOperator(w http.ResponseWriter, r *http.Request) error {
	if err := a.Admin.RemoveOperator(r.Context(), actor(r), mux.Vars(r)["id"]); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
