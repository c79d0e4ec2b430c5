package adminapi

import (
	"net/http"
	"strings"
	"sync"

	"github.com/vestibule-auth/vestibule/internal/apidoc"
)

// renderDocs makes the page once: it is the same for everybody, for as long as the server runs.
var renderDocs = sync.OnceValues(func() ([]byte, error) {
	d, err := apidoc.Parse(document)
	if err != nil {
		return nil, err
	}
	return d.Page(apidoc.Options{At: prefix + "/openapi.yaml", Group: groupOf})
})

// groupOf is the noun that a path is about: what comes after the tenant, if that is in it.
func groupOf(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, prefix+"/"), "/")
	if parts[0] == "tenants" && len(parts) > 2 {
		return parts[0] + " / " + parts[2]
	}
	return parts[0]
}

// serveDocs shows the document as a page. It holds nothing secret: whoever reaches this listener may read how to use it.
func (a *API) serveDocs(w http.ResponseWriter, r *http.Request) {
	page, err := renderDocs()
	if err != nil {
		a.decline(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", apidoc.Policy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(page) // a client that is gone hears nothing
}

// serveDocument serves the document itself.
func (a *API) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(document) // a client that is gone hears nothing
}
