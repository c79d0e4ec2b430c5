package adminapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/yamldoc"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The media types of bodies.
const (
	jsonType       = "application/json"
	mergePatchType = "application/merge-patch+json"
	schemaType     = "application/schema+json"
	yamlType       = "application/yaml" // RFC 9512
)

// sendTenant answers with a tenant.
func sendTenant(w http.ResponseWriter, status int, t *admin.Tenant) {
	w.Header().Set("ETag", etag(t.Version))
	send(w, status, jsonType, t)
}

// listTenants serves GET tenants.
func (a *API) listTenants(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
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

// createTenant serves POST tenants.
func (a *API) createTenant(w http.ResponseWriter, r *http.Request) error {
	doc, locate, err := wholeBody(w, r, jsonType)
	if err != nil {
		return err
	}
	t, err := a.Admin.CreateTenant(r.Context(), actor(r), admin.ReadCreateInput(doc))
	if err != nil {
		return locate(err)
	}
	w.Header().Set("Location", prefix+"/tenants/"+t.Slug)
	sendTenant(w, http.StatusCreated, t)
	return nil
}

// showTenant serves GET tenants/{slug}: the tenant or, as YAML, the document that applyTenant takes.
func (a *API) showTenant(w http.ResponseWriter, r *http.Request) error {
	asYAML, err := wantsYAML(w, r)
	if err != nil {
		return err
	}
	t, err := a.Admin.Tenant(r.Context(), mux.Vars(r)["slug"])
	if err != nil {
		return err
	}
	if asYAML {
		return sendDocument(w, t)
	}
	if unchanged(r, etag(t.Version)) {
		w.Header().Set("ETag", etag(t.Version))
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	sendTenant(w, http.StatusOK, t)
	return nil
}

// wantsYAML reports whether an answer is to be YAML: by the format parameter or, without one, by the Accept header.
func wantsYAML(w http.ResponseWriter, r *http.Request) (bool, error) {
	q := r.URL.Query()
	w.Header().Set("Vary", "Accept")
	switch format := q.Get("format"); {
	case format == "yaml":
		return true, nil
	case format == "json":
		return false, nil
	case q.Has("format"):
		return false, errMalformed.because(admin.Fault{Path: "format", Message: "must be json or yaml"})
	}
	accepted, _, _ := strings.Cut(r.Header.Get("Accept"), ",") // the first is the one that is meant
	media, _, err := mime.ParseMediaType(accepted)
	return err == nil && media == yamlType, nil
}

// sendDocument answers with the document of a tenant, under the tenant's tag, so that it can be sent back on the condition that nobody
// changed the tenant meanwhile.
func sendDocument(w http.ResponseWriter, t *admin.Tenant) error {
	text, err := json.Marshal(t.Document())
	if err != nil {
		return fmt.Errorf("write the tenant's document: %w", err)
	}
	doc, err := yamldoc.Write(text)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(t.Version))
	sendBytes(w, http.StatusOK, yamlType, doc)
	return nil
}

// applyTenant serves PUT tenants/{slug}.
func (a *API) applyTenant(w http.ResponseWriter, r *http.Request) error {
	dry, err := flag(r.URL.Query(), "dry_run")
	if err != nil {
		return err
	}
	doc, locate, err := wholeBody(w, r, jsonType)
	if err != nil {
		return err
	}
	applied, err := a.Admin.ApplyTenant(r.Context(), actor(r), mux.Vars(r)["slug"], ifMatch(r), doc, dry)
	if err != nil {
		return locate(err)
	}
	sendApplied(w, applied)
	return nil
}

// sendApplied answers with what became of a document.
func sendApplied(w http.ResponseWriter, applied *admin.Applied) {
	status := http.StatusOK
	if applied.Tenant != nil {
		w.Header().Set("ETag", etag(applied.Tenant.Version))
		if applied.Outcome == admin.TenantWasCreated {
			status = http.StatusCreated
			w.Header().Set("Location", prefix+"/tenants/"+applied.Tenant.Slug)
		}
	}
	send(w, status, jsonType, applied)
}

// validateTenant serves POST tenants/{slug}/validate. What it carries is a change of the tenant by its type.
func (a *API) validateTenant(w http.ResponseWriter, r *http.Request) error {
	given, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	doc, locate, err := wholeBody(w, r, jsonType, mergePatchType)
	if err != nil {
		return err
	}
	applied, err := a.Admin.ValidateTenant(r.Context(), actor(r), mux.Vars(r)["slug"], doc, given != mergePatchType)
	if err != nil {
		return locate(err)
	}
	sendApplied(w, applied)
	return nil
}

// previewSignIn serves POST tenants/{slug}/sign-in-preview.
func (a *API) previewSignIn(w http.ResponseWriter, r *http.Request) error {
	doc, locate, err := wholeBody(w, r, mergePatchType, jsonType)
	if err != nil {
		return err
	}
	p, err := a.Admin.PreviewSignIn(r.Context(), mux.Vars(r)["slug"], doc)
	if err != nil {
		return locate(err)
	}
	send(w, http.StatusOK, jsonType, p)
	return nil
}

// change serves an act on a tenant that takes a JSON object and is answered with the tenant.
func (a *API) change(w http.ResponseWriter, r *http.Request,
	act func(ctx context.Context, by admin.Actor, slug string, meant admin.Versions, doc json.RawMessage) (*admin.Tenant, error),
) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	t, err := act(r.Context(), actor(r), mux.Vars(r)["slug"], ifMatch(r), doc)
	if err != nil {
		return err
	}
	sendTenant(w, http.StatusOK, t)
	return nil
}

// rollbackTenant serves POST tenants/{slug}/rollback.
func (a *API) rollbackTenant(w http.ResponseWriter, r *http.Request) error {
	return a.change(w, r, a.Admin.Rollback)
}

// suspendTenant serves POST tenants/{slug}/suspend.
func (a *API) suspendTenant(w http.ResponseWriter, r *http.Request) error {
	return a.change(w, r, a.Admin.SuspendTenant)
}

// resumeTenant serves POST tenants/{slug}/resume.
func (a *API) resumeTenant(w http.ResponseWriter, r *http.Request) error {
	return a.change(w, r, a.Admin.ResumeTenant)
}

// addHost serves POST tenants/{slug}/hosts.
func (a *API) addHost(w http.ResponseWriter, r *http.Request) error {
	return a.change(w, r, a.Admin.AddHost)
}

// removeHost serves DELETE tenants/{slug}/hosts/{host}.
func (a *API) removeHost(w http.ResponseWriter, r *http.Request) error {
	t, err := a.Admin.RemoveHost(r.Context(), actor(r), mux.Vars(r)["slug"], ifMatch(r), mux.Vars(r)["host"])
	if err != nil {
		return err
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
