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
