package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// verifyPhone serves POST auth/phone/verify.
func (a *API) verifyPhone(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.VerifyPhone(r.Context(), v, in.text("code").Value)
}

// resendPhoneCode serves POST auth/phone/verify/resend.
func (a *API) resendPhoneCode(v *flows.Visit, r *http.Request) (viewed, error) {
	return viewed{}, a.Flows.ResendPhoneCode(r.Context(), v)
}

// phones serves GET account/phone.
func (a *API) phones(v *flows.Visit, r *http.Request) (viewed, error) {
	all, err := a.Flows.Phones(r.Context(), v)
	return viewed{Data: all}, err
}

// changePhone serves POST account/phone. The answer is 202, since the number counts when it is verified.
func (a *API) changePhone(v *flows.Visit, r *http.Request) (viewed, error) {
	in, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	asked, err := a.Flows.ChangePhone(r.Context(), v, in.text("phone").Value)
	return viewed{Status: http.StatusAccepted, Data: []flows.PhoneView{asked}}, err
}
