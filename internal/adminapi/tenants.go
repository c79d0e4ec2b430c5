package adminapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The media types of bodies.
const (
	jsonType       = "application/json"
	mergePatchType = "application/merge-patch+json"
	schemaType     = "application/schema+json"
)

// sendTenant answers with a tenant.
func sendTenant(w http.ResponseWriter, status int, t *admin.Tenant) {
	w.Header().Set("ETag", etag(t.Version))
	send(w, status, jsonType, t)
}

// listTenants serves GET tenants.
func (a *API) listTenants(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r, "limit", "cursor", "q", "state")
	if err != nil {
		return err
	}
	n, err := limit(q)
	if err != nil {
		return err
	}
	search := admin.TenantSearch{Prefix: q.Get("q"), State: tenants.State(q.Get("state"))}
	items, next, err := a.Admin.Tenants(r.Context(), actor(r), search, q.Get("cursor"), n)
	if err != nil {
		return err
	}
	sendPage(w, items, next)
	return nil
}

// sendPage answers with a page of a list.
func sendPage[T any](w http.ResponseWriter, items []T, next string) {
	out := struct {
		Items      []T     `json:"items"`
		NextCursor *string `json:"next_cursor"`
	}{Items: items}
	if next != "" {
		out.NextCursor = &next
	}
	send(w, http.StatusOK, jsonType, out)
}

// createTenant serves POST tenants.
func (a *API) createTenant(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	t, err := a.Admin.CreateTenant(r.Context(), actor(r), admin.ReadCreateInput(doc))
	if err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/tenants/"+t.Slug)
	sendTenant(w, http.StatusCreated, t)
	return nil
}

// showTenant serves GET tenants/{slug}.
func (a *API) showTenant(w http.ResponseWriter, r *http.Request) error {
	t, err := a.Admin.Tenant(r.Context(), mux.Vars(r)["slug"])
	if err != nil {
		return err
	}
	if unchanged(r, etag(t.Version)) {
		w.Header().Set("ETag", etag(t.Version))
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	sendTenant(w, http.StatusOK, t)
	return nil
}

// patchTenant serves PATCH tenants/{slug}.
func (a *API) patchTenant(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, mergePatchType, jsonType)
	if err != nil {
		return err
	}
	t, err := a.Admin.PatchTenant(r.Context(), actor(r), mux.Vars(r)["slug"], ifMatch(r), doc)
	if err != nil {
		return err
	}
	sendTenant(w, http.StatusOK, t)
	return nil
}

// deleteTenant serves DELETE tenants/{slug}.
func (a *API) deleteTenant(w http.ResponseWriter, r *http.Request) error {
	if err := a.Admin.DeleteTenant(r.Context(), actor(r), mux.Vars(r)["slug"], ifMatch(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// schema is the schema of configurations, and its entity tag.
var schema = sync.OnceValues(func() (doc []byte, tag string) {
	doc = tenants.Schema()
	sum := sha256.Sum256(doc)
	return doc, `"` + hex.EncodeToString(sum[:16]) + `"`
})

// configSchema serves GET config-schema.
func (a *API) configSchema(w http.ResponseWriter, r *http.Request) error {
	doc, tag := schema()
	w.Header().Set("ETag", tag)
	if unchanged(r, tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	sendBytes(w, http.StatusOK, schemaType, doc)
	return nil
}
