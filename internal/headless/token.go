package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// refreshed are new tokens. The refresh token is left out where the one that the app has stays good.
type refreshed struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// refresh serves POST tokens/refresh.
func (a *API) refresh(v *flows.Visit, r *http.Request) (viewed, error) {
	in, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	tokens, err := a.Flows.Refresh(r.Context(), v, in.text("refresh_token").Value)
	return viewed{Data: refreshed{tokens.Access, tokens.Refresh}}, err
}
