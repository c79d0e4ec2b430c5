package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// signup serves POST auth/signup.
func (a *API) signup(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	input := flows.SignupInput{
		Username: in.text("username").Value, Email: in.text("email").Value, Email2: in.text("email2").Value,
		Phone: in.text("phone").Value, Password: in.text("password").Value,
	}
	if trap := v.Tenant.Settings.Account.SignupFormHoneypotField; trap != "" {
		input.Honeypot = in.text(trap).Value
	}
	return a.Flows.Signup(r.Context(), v, input)
}
