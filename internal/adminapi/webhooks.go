package adminapi

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// sendWebhook answers with a webhook.
func sendWebhook(w http.ResponseWriter, status int, h *admin.Webhook) {
	w.Header().Set("ETag", etag(h.Version))
	send(w, status, jsonType, h)
}

// listWebhooks serves GET tenants/{slug}/webhooks.
func (a *API) listWebhooks(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Admin.Webhooks(r.Context(), mux.Vars(r)["slug"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, map[string]any{"items": all})
	return nil
}

// createWebhook serves POST tenants/{slug}/webhooks.
func (a *API) createWebhook(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	h, err := a.Admin.CreateWebhook(r.Context(), actor(r), mux.Vars(r)["slug"], doc)
	if err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/tenants/"+mux.Vars(r)["slug"]+"/webhooks/"+h.ID)
	sendWebhook(w, http.StatusCreated, h)
	return nil
}

// showWebhook serves GET tenants/{slug}/webhooks/{id}.
func (a *API) showWebhook(w http.ResponseWriter, r *http.Request) error {
	h, err := a.Admin.Webhook(r.Context(), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	sendWebhook(w, http.StatusOK, h)
	return nil
}

// patchWebhook serves PATCH tenants/{slug}/webhooks/{id}.
func (a *API) patchWebhook(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, mergePatchType, jsonType)
	if err != nil {
		return err
	}
	h, err := a.Admin.PatchWebhook(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"], ifMatch(r), doc)
	if err != nil {
		return err
	}
	sendWebhook(w, http.StatusOK, h)
	return nil
}

// deleteWebhook serves DELETE tenants/{slug}/webhooks/{id}.
func (a *API) deleteWebhook(w http.ResponseWriter, r *http.Request) error {
	if err := a.Admin.DeleteWebhook(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"], ifMatch(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// rotateWebhookSecret serves POST tenants/{slug}/webhooks/{id}/rotate-secret.
func (a *API) rotateWebhookSecret(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	h, err := a.Admin.RotateWebhookSecret(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"], ifMatch(r), doc)
	if err != nil {
		return err
	}
	sendWebhook(w, http.StatusOK, h)
	return nil
}

// testWebhook serves POST tenants/{slug}/webhooks/{id}/test.
func (a *API) testWebhook(w http.ResponseWriter, r *http.Request) error {
	d, err := a.Admin.TestWebhook(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	send(w, http.StatusAccepted, jsonType, d)
	return nil
}

// replayFailed serves POST tenants/{slug}/webhooks/{id}/replay.
func (a *API) replayFailed(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	n, err := a.Admin.ReplayFailed(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"], doc)
	if err != nil {
		return err
	}
	send(w, http.StatusAccepted, jsonType, n)
	return nil
}

// listDeliveries serves GET tenants/{slug}/webhooks/{id}/deliveries.
func (a *API) listDeliveries(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	items, next, err := a.Admin.Deliveries(r.Context(), mux.Vars(r)["slug"], mux.Vars(r)["id"], q.Get("state"), q.Get("cursor"), n)
	if err != nil {
		return err
	}
	sendPage(w, items, next)
	return nil
}

// showDelivery serves GET tenants/{slug}/webhooks/{id}/deliveries/{delivery}.
func (a *API) showDelivery(w http.ResponseWriter, r *http.Request) error {
	d, err := a.Admin.Delivery(r.Context(), mux.Vars(r)["slug"], mux.Vars(r)["id"], mux.Vars(r)["delivery"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, d)
	return nil
}

// replayDelivery serves POST tenants/{slug}/webhooks/{id}/deliveries/{delivery}/replay.
func (a *API) replayDelivery(w http.ResponseWriter, r *http.Request) error {
	d, err := a.Admin.ReplayDelivery(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"], mux.Vars(r)["delivery"])
	if err != nil {
		return err
	}
	send(w, http.StatusAccepted, jsonType, d)
	return nil
}
