package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"
)

// mailKinds serves GET mail-kinds.
func (a *API) mailKinds(w http.ResponseWriter, _ *http.Request) error {
	send(w, http.StatusOK, jsonType, a.Admin.MailKinds())
	return nil
}

// previewMail serves POST tenants/{slug}/mail-preview.
func (a *API) previewMail(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	p, err := a.Admin.PreviewMail(r.Context(), mux.Vars(r)["slug"], doc)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, p)
	return nil
}

// listTemplates serves GET tenants/{slug}/templates.
func (a *API) listTemplates(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Admin.Templates(r.Context(), mux.Vars(r)["slug"])
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(all.Version))
	send(w, http.StatusOK, jsonType, all)
	return nil
}

// putTemplate serves PUT tenants/{slug}/templates/{kind}.
func (a *API) putTemplate(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	t, version, err := a.Admin.PutTemplate(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["kind"], ifMatch(r), doc)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(version))
	send(w, http.StatusOK, jsonType, t)
	return nil
}

// resetTemplate serves DELETE tenants/{slug}/templates/{kind}.
func (a *API) resetTemplate(w http.ResponseWriter, r *http.Request) error {
	version, err := a.Admin.ResetTemplate(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["kind"], ifMatch(r))
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(version))
	w.WriteHeader(http.StatusNoContent)
	return nil
}
