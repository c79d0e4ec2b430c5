package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// signup serves POST auth/signup.
func (a *API) signup(v *flows.Visit, r *http.Request) error {
	in, err := signupOf(v, r)
	if err != nil {
		return err
	}
	return a.Flows.Signup(r.Context(), v, in)
}

// signupOf is what the body of a request signs up with.
func signupOf(v *flows.Visit, r *http.Request) (flows.SignupInput, error) {
	in, err := decode(r)
	if err != nil {
		return flows.SignupInput{}, err
	}
	input := flows.SignupInput{
		Username: in.text("username").Value, Email: in.text("email").Value, Email2: in.text("email2").Value,
		Phone: in.text("phone").Value, Password: in.text("password").Value,
	}
	if trap := v.Tenant.Settings.Account.SignupFormHoneypotField; trap != "" {
		input.Honeypot = in.text(trap).Value
	}
	return input, nil
}
