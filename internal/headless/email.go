package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// lookAtEmailKey serves GET auth/email/verify.
func (a *API) lookAtEmailKey(v *flows.Visit, r *http.Request) (viewed, error) {
	found, pending, err := a.Flows.LookAtEmailKey(r.Context(), v, r.Header.Get("X-Email-Verification-Key"))
	return viewed{Data: found, Meta: &meta{IsAuthenticating: &pending}}, err
}

// verifyEmail serves POST auth/email/verify.
func (a *API) verifyEmail(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.VerifyEmail(r.Context(), v, in.text("key").Value)
}

// emails serves GET account/email.
func (a *API) emails(v *flows.Visit, r *http.Request) (viewed, error) {
	all, err := a.Flows.Emails(r.Context(), v)
	return viewed{Data: all}, err
}
