package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// testMail serves POST tenants/{slug}/mail-test.
func (a *API) testMail(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	what, err := a.Admin.TestMail(r.Context(), actor(r), mux.Vars(r)["slug"], doc)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, what)
	return nil
}

// listMessages serves GET tenants/{slug}/messages.
func (a *API) listMessages(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	wanted := admin.MessageQuery{State: q.Get("state"), Kind: q.Get("kind"), Channel: q.Get("channel")}
	items, next, err := a.Admin.Messages(r.Context(), mux.Vars(r)["slug"], wanted, q.Get("cursor"), n)
	if err != nil {
		return err
	}
	sendPage(w, items, next)
	return nil
}

// showMessage serves GET tenants/{slug}/messages/{id}.
func (a *API) showMessage(w http.ResponseWriter, r *http.Request) error {
	m, err := a.Admin.Message(r.Context(), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, m)
	return nil
}

// retryMessage serves POST tenants/{slug}/messages/{id}/retry.
func (a *API) retryMessage(w http.ResponseWriter, r *http.Request) error {
	m, err := a.Admin.RetryMessage(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	send(w, http.StatusAccepted, jsonType, m)
	return nil
}
