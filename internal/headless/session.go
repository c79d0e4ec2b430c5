package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// session serves GET auth/session. Everything there is to do was done when the visit was opened.
func (a *API) session(*flows.Visit, *http.Request) error { return nil }

// logout serves DELETE auth/session.
func (a *API) logout(v *flows.Visit, r *http.Request) error {
	if _, err := decode(r); err != nil {
		return err
	}
	return a.Flows.Logout(r.Context(), v)
}

// sessions serves GET auth/sessions.
func (a *API) sessions(v *flows.Visit, r *http.Request) (viewed, error) {
	all, err := a.Flows.Sessions(r.Context(), v)
	return viewed{Data: all}, err
}

// endSessions serves DELETE auth/sessions. Who ends their own is answered as a stranger.
func (a *API) endSessions(v *flows.Visit, r *http.Request) (viewed, error) {
	if !v.Authenticated() {
		return viewed{}, refusal.Of(refusal.Unauthenticated)
	}
	in, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	ids, err := in.ids("sessions")
	if err != nil {
		return viewed{}, err
	}
	left, err := a.Flows.EndSessions(r.Context(), v, ids)
	return viewed{Data: left, AsStatus: !v.Authenticated()}, err
}
