package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// login serves POST auth/login.
func (a *API) login(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.Login(r.Context(), v, flows.LoginInput{
		Username: in.text("username"), Email: in.text("email"), Phone: in.text("phone"), Password: in.text("password"),
	})
}
