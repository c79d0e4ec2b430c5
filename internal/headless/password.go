package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// requestPasswordReset serves POST auth/password/request. By code it is answered with the visit's status, which waits then.
func (a *API) requestPasswordReset(v *flows.Visit, r *http.Request) (viewed, error) {
	in, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	err = a.Flows.RequestPasswordReset(r.Context(), v, in.text("email").Value)
	return viewed{AsStatus: v.Tenant.Settings.Account.PasswordResetByCodeEnabled}, err
}

// lookAtResetKey serves GET auth/password/reset.
func (a *API) lookAtResetKey(v *flows.Visit, r *http.Request) (viewed, error) {
	user, err := a.Flows.LookAtResetKey(r.Context(), v, r.Header.Get("X-Password-Reset-Key"))
	return viewed{Data: map[string]any{"user": user}}, err
}

// resetPassword serves POST auth/password/reset.
func (a *API) resetPassword(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.ResetPassword(r.Context(), v, in.text("key").Value, in.text("password").Value)
}

// changePassword serves POST account/password/change.
func (a *API) changePassword(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.ChangePassword(r.Context(), v, flows.ChangePasswordInput{
		Current: in.text("current_password").Value, New: in.text("new_password").Value,
	})
}

// reauthenticate serves POST auth/reauthenticate.
func (a *API) reauthenticate(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.Reauthenticate(r.Context(), v, in.text("password").Value)
}
