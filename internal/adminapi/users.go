package adminapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// listUsers serves GET tenants/{slug}/users.
func (a *API) listUsers(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	items, next, err := a.Admin.Users(r.Context(), mux.Vars(r)["slug"], admin.ReadUserQuery(q), q.Get("cursor"), n)
	if err == nil {
		sendPage(w, items, next)
	}
	return err
}

// listDeletedUsers serves GET tenants/{slug}/deleted-users.
func (a *API) listDeletedUsers(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	items, next, err := a.Admin.DeletedUsers(r.Context(), mux.Vars(r)["slug"], q.Get("cursor"), n)
	if err == nil {
		sendPage(w, items, next)
	}
	return err
}

// createUser serves POST tenants/{slug}/users.
func (a *API) createUser(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	u, err := a.Admin.CreateUser(r.Context(), actor(r), mux.Vars(r)["slug"], doc)
	if err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/tenants/"+mux.Vars(r)["slug"]+"/users/"+u.ID)
	send(w, http.StatusCreated, jsonType, u)
	return nil
}

// showUser serves GET tenants/{slug}/users/{id}.
func (a *API) showUser(w http.ResponseWriter, r *http.Request) error {
	u, err := a.Admin.User(r.Context(), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err == nil {
		send(w, http.StatusOK, jsonType, u)
	}
	return err
}

// userAct serves what is done to a user without saying more. The answer is the user as it is then.
func userAct(act func(*admin.Service, context.Context, admin.Actor, string, string) error) handler {
	return func(a *API, w http.ResponseWriter, r *http.Request) error {
		if err := act(a.Admin, r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"]); err != nil {
			return err
		}
		return a.showUser(w, r)
	}
}

// userChange serves what is done to a user as a document says. The answer is the user as it is then.
func userChange(act func(*admin.Service, context.Context, admin.Actor, string, string, json.RawMessage) error, mediaTypes ...string) handler {
	return func(a *API, w http.ResponseWriter, r *http.Request) error {
		doc, err := body(w, r, mediaTypes...)
		if err != nil {
			return err
		}
		if err := act(a.Admin, r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"], doc); err != nil {
			return err
		}
		return a.showUser(w, r)
	}
}

// endUserSession serves DELETE tenants/{slug}/users/{id}/sessions/{session}.
func (a *API) endUserSession(w http.ResponseWriter, r *http.Request) error {
	v := mux.Vars(r)
	if err := a.Admin.EndUserSession(r.Context(), actor(r), v["slug"], v["id"], v["session"]); err != nil {
		return err
	}
	return a.showUser(w, r)
}

// removeUserFactor serves DELETE tenants/{slug}/users/{id}/authenticators/{authenticator}.
func (a *API) removeUserFactor(w http.ResponseWriter, r *http.Request) error {
	v := mux.Vars(r)
	if err := a.Admin.RemoveUserFactor(r.Context(), actor(r), v["slug"], v["id"], v["authenticator"]); err != nil {
		return err
	}
	return a.showUser(w, r)
}

// showProviderTokens serves POST tenants/{slug}/users/{id}/provider-accounts/tokens. It is no GET, since it is written down, and since what a
// provider calls somebody is nothing for an address.
func (a *API) showProviderTokens(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	t, err := a.Admin.UserProviderTokens(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"], doc)
	if err == nil {
		send(w, http.StatusOK, jsonType, t)
	}
	return err
}

// deleteUser serves DELETE tenants/{slug}/users/{id}.
func (a *API) deleteUser(w http.ResponseWriter, r *http.Request) error {
	eraseAt, err := a.Admin.DeleteUser(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, struct {
		ID      string    `json:"id"`
		EraseAt time.Time `json:"erase_at"`
	}{mux.Vars(r)["id"], eraseAt})
	return nil
}

// eraseUser serves POST tenants/{slug}/users/{id}/erase.
func (a *API) eraseUser(w http.ResponseWriter, r *http.Request) error {
	if err := a.Admin.EraseUser(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"]); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
