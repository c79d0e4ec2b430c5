package adminapi

import (
	"context"
	"mime"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// chunkTypes are the media types of chunks, by the format of their import.
var chunkTypes = map[string]string{"ndjson": linesType, "csv": "text/csv"}

// listImports serves GET tenants/{slug}/imports.
func (a *API) listImports(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	items, next, err := a.Admin.Imports(r.Context(), mux.Vars(r)["slug"], q.Get("cursor"), n)
	if err != nil {
		return err
	}
	sendPage(w, items, next)
	return nil
}

// createImport serves POST tenants/{slug}/imports.
func (a *API) createImport(w http.ResponseWriter, r *http.Request) error {
	doc, err := body(w, r, jsonType)
	if err != nil {
		return err
	}
	i, err := a.Admin.CreateImport(r.Context(), actor(r), mux.Vars(r)["slug"], doc)
	if err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/tenants/"+mux.Vars(r)["slug"]+"/imports/"+i.ID)
	send(w, http.StatusCreated, jsonType, i)
	return nil
}

// showImport serves GET tenants/{slug}/imports/{id}.
func (a *API) showImport(w http.ResponseWriter, r *http.Request) error {
	i, err := a.Admin.Import(r.Context(), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, i)
	return nil
}

// putChunk serves PUT tenants/{slug}/imports/{id}/chunks/{number}.
func (a *API) putChunk(w http.ResponseWriter, r *http.Request) error {
	vars := mux.Vars(r)
	format, err := a.Admin.ImportFormat(r.Context(), vars["slug"], vars["id"])
	if err != nil {
		return err
	}
	chunk, err := plainBody(w, r, chunkTypes[format])
	if err != nil {
		return err
	}
	if err := a.Admin.PutChunk(r.Context(), vars["slug"], vars["id"], vars["number"], chunk); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// plainBody is a body that is no JSON object, under its media type.
func plainBody(w http.ResponseWriter, r *http.Request, mediaType string) ([]byte, error) {
	given, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || given != mediaType {
		p := *errMediaType
		p.Detail = "Send " + mediaType + ", and say so in the Content-Type header."
		return nil, &p
	}
	return bodyBytes(w, r)
}

// startImport serves POST tenants/{slug}/imports/{id}/start.
func (a *API) startImport(w http.ResponseWriter, r *http.Request) error {
	i, err := a.Admin.StartImport(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	send(w, http.StatusAccepted, jsonType, i)
	return nil
}

// cancelImport serves POST tenants/{slug}/imports/{id}/cancel.
func (a *API) cancelImport(w http.ResponseWriter, r *http.Request) error {
	i, err := a.Admin.CancelImport(r.Context(), actor(r), mux.Vars(r)["slug"], mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	send(w, http.StatusOK, jsonType, i)
	return nil
}

// importErrors serves GET tenants/{slug}/imports/{id}/errors: a page of them or, as NDJSON, all.
func (a *API) importErrors(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	switch q.Get("format") {
	case "", "json":
	case "ndjson":
		return a.allImportErrors(w, r)
	default:
		return errMalformed.because(admin.Fault{Path: "format", Message: "must be json or ndjson"})
	}
	items, next, err := a.Admin.ImportErrors(r.Context(), mux.Vars(r)["slug"], mux.Vars(r)["id"], q.Get("cursor"), n)
	if err != nil {
		return err
	}
	sendPage(w, items, next)
	return nil
}

// allImportErrors sends all errors of an import, page after page.
func (a *API) allImportErrors(w http.ResponseWriter, r *http.Request) error {
	return a.stream(w, r, "import-"+mux.Vars(r)["id"]+"-errors.ndjson", func(ctx context.Context, take func(any) error) error {
		for cursor, first := "", true; first || cursor != ""; first = false {
			items, next, err := a.Admin.ImportErrors(ctx, mux.Vars(r)["slug"], mux.Vars(r)["id"], cursor, admin.MaxPage)
			if err != nil {
				return err
			}
			for _, one := range items {
				if err := take(one); err != nil {
					return err
				}
			}
			cursor = next
		}
		return nil
	})
}
