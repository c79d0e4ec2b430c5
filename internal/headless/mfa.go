package headless

import (
	"encoding/json"
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// authenticators serves GET account/authenticators.
func (a *API) authenticators(v *flows.Visit, r *http.Request) (viewed, error) {
	all, err := a.Flows.Authenticators(r.Context(), v)
	return viewed{Data: all}, err
}

// totp serves GET account/authenticators/totp. Without an authenticator app it is 404, with what one is set up with.
func (a *API) totp(v *flows.Visit, r *http.Request) (viewed, error) {
	view, setup, err := a.Flows.TOTP(r.Context(), v)
	if err == nil && setup != nil {
		return viewed{Status: http.StatusNotFound, Meta: &meta{Secret: setup.Secret, TOTPURL: setup.URL}}, nil
	}
	return viewed{Data: view}, err
}

// activateTOTP serves POST account/authenticators/totp.
func (a *API) activateTOTP(v *flows.Visit, r *http.Request) (viewed, error) {
	code, err := codeOf(v, r)
	if err != nil {
		return viewed{}, err
	}
	view, err := a.Flows.ActivateTOTP(r.Context(), v, code)
	return viewed{Data: view}, err
}

// deactivateTOTP serves DELETE account/authenticators/totp.
func (a *API) deactivateTOTP(v *flows.Visit, r *http.Request) (viewed, error) {
	if err := empty(v, r); err != nil {
		return viewed{}, err
	}
	return viewed{}, a.Flows.DeactivateTOTP(r.Context(), v)
}

// recoveryCodes serves GET account/authenticators/recovery-codes.
func (a *API) recoveryCodes(v *flows.Visit, r *http.Request) (viewed, error) {
	view, err := a.Flows.RecoveryCodes(r.Context(), v)
	return viewed{Data: view}, err
}

// generateRecoveryCodes serves POST account/authenticators/recovery-codes.
func (a *API) generateRecoveryCodes(v *flows.Visit, r *http.Request) (viewed, error) {
	if err := empty(v, r); err != nil {
		return viewed{}, err
	}
	view, err := a.Flows.GenerateRecoveryCodes(r.Context(), v)
	return viewed{Data: view}, err
}

// authenticateByCode serves POST auth/2fa/authenticate.
func (a *API) authenticateByCode(v *flows.Visit, r *http.Request) error {
	if err := awaitsFactor(v); err != nil {
		return err
	}
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.AuthenticateByCode(r.Context(), v, in.text("code").Value)
}

// reauthenticateByCode serves POST auth/2fa/reauthenticate.
func (a *API) reauthenticateByCode(v *flows.Visit, r *http.Request) error {
	code, err := codeOf(v, r)
	if err != nil {
		return err
	}
	return a.Flows.ReauthenticateByCode(r.Context(), v, code)
}

// trust serves POST auth/2fa/trust.
func (a *API) trust(v *flows.Visit, r *http.Request) error {
	if err := awaitsTrust(v); err != nil {
		return err
	}
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.Trust(r.Context(), v, in.truth("trust"))
}

// empty is for what takes no input of whoever is signed in: what is sent anyway must be JSON, and may be anything.
func empty(v *flows.Visit, r *http.Request) error {
	if err := needsUser(v); err != nil {
		return err
	}
	raw, err := jsonBody(r)
	if err == nil && len(raw) > 0 && !json.Valid(raw) {
		return errNotJSON
	}
	return err
}

// codeOf is the code in the body of a request, which only whoever is signed in has a say with.
func codeOf(v *flows.Visit, r *http.Request) (string, error) {
	if err := needsUser(v); err != nil {
		return "", err
	}
	in, err := decode(r)
	return in.text("code").Value, err
}
