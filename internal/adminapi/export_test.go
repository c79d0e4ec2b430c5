package adminapi

import (
	"net/http"
	"slices"
)

// Attachment is the header of a file with a name.
var Attachment = attachment

// Row is a row of the route table.
type Row struct {
	Method, Path, Permission string
	Takes                    []string
}

// Rows is the route table.
func Rows() []Row {
	var all []Row
	for _, row := range routes {
		all = append(all, Row{row.method, prefix + row.path, string(row.permission), row.takes})
	}
	return all
}

// Let is the status that a row of the marked table answers with once somebody is let through to it.
const Let = 299

// Marked is the handler of an API whose rows do nothing but say that they were reached.
func (a *API) Marked() http.Handler {
	marked := slices.Clone(routes)
	for i := range marked {
		marked[i].serve = func(_ *API, w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(Let)
			return nil
		}
	}
	return a.serving(marked)
}
