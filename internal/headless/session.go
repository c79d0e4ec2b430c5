package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// session serves GET auth/session. Everything there is to do was done when the visit was opened.
func (a *API) session(*flows.Visit, *http.Request) error { return nil }

// logout serves DELETE auth/session.
func (a *API) logout(v *flows.Visit, r *http.Request) error { return a.Flows.Logout(r.Context(), v) }
