package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// requestLoginCode serves POST auth/code/request.
func (a *API) requestLoginCode(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.RequestLoginCode(r.Context(), v, flows.LoginCodeInput{Email: in.text("email"), Phone: in.text("phone")})
}

// resendLoginCode serves POST auth/code/resend.
func (a *API) resendLoginCode(v *flows.Visit, r *http.Request) (viewed, error) {
	return viewed{}, a.Flows.ResendLoginCode(r.Context(), v)
}

// confirmLoginCode serves POST auth/code/confirm.
func (a *API) confirmLoginCode(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.ConfirmLoginCode(r.Context(), v, in.text("code").Value)
}
