package headless

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
)

// The options of a WebAuthn ceremony, as the contract wraps them.
type (
	creation struct {
		Options json.RawMessage `json:"creation_options"`
	}
	assertion struct {
		Options json.RawMessage `json:"request_options"`
	}
)

// keyOptions serves GET account/authenticators/webauthn.
func (a *API) keyOptions(v *flows.Visit, r *http.Request) (viewed, error) {
	options, err := a.Flows.AddKeyOptions(r.Context(), v, r.URL.Query().Has("passwordless"))
	return viewed{Data: creation{options}}, err
}

// addKey serves POST account/authenticators/webauthn.
func (a *API) addKey(v *flows.Visit, r *http.Request) (viewed, error) {
	in, err := keyOf(v, r, needsUser)
	if err != nil {
		return viewed{}, err
	}
	view, generated, err := a.Flows.AddKey(r.Context(), v, in)
	return viewed{Data: view, Meta: &meta{RecoveryCodesGenerated: &generated}}, err
}

// renameKey serves PUT account/authenticators/webauthn.
func (a *API) renameKey(v *flows.Visit, r *http.Request) (viewed, error) {
	if err := needsUser(v); err != nil {
		return viewed{}, err
	}
	body, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	in := flows.RenameKeyInput{Name: body.text("name").Value}
	in.ID, in.IDFault = body.id("id")
	view, err := a.Flows.RenameKey(r.Context(), v, in)
	return viewed{Data: view}, err
}

// removeKeys serves DELETE account/authenticators/webauthn.
func (a *API) removeKeys(v *flows.Visit, r *http.Request) (viewed, error) {
	if err := needsUser(v); err != nil {
		return viewed{}, err
	}
	in, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	ids, err := in.ids("authenticators")
	if err != nil {
		return viewed{}, err
	}
	return viewed{}, a.Flows.RemoveKeys(r.Context(), v, ids)
}

// authenticateKeyOptions serves GET auth/webauthn/authenticate.
func (a *API) authenticateKeyOptions(v *flows.Visit, r *http.Request) (viewed, error) {
	return showing(a.Flows.AuthenticateKeyOptions(r.Context(), v))
}

// authenticateByKey serves POST auth/webauthn/authenticate.
func (a *API) authenticateByKey(v *flows.Visit, r *http.Request) error {
	return withKey(v, r, awaitsFactor, a.Flows.AuthenticateByKey)
}

// reauthenticateKeyOptions serves GET auth/webauthn/reauthenticate.
func (a *API) reauthenticateKeyOptions(v *flows.Visit, r *http.Request) (viewed, error) {
	return showing(a.Flows.ReauthenticateKeyOptions(r.Context(), v))
}

// reauthenticateByKey serves POST auth/webauthn/reauthenticate.
func (a *API) reauthenticateByKey(v *flows.Visit, r *http.Request) error {
	return withKey(v, r, needsUser, a.Flows.ReauthenticateByKey)
}

// loginKeyOptions serves GET auth/webauthn/login.
func (a *API) loginKeyOptions(v *flows.Visit, r *http.Request) (viewed, error) {
	return showing(a.Flows.LoginKeyOptions(r.Context(), v))
}

// loginByKey serves POST auth/webauthn/login.
func (a *API) loginByKey(v *flows.Visit, r *http.Request) error {
	return withKey(v, r, nil, a.Flows.LoginByKey)
}

// signupByKey serves POST auth/webauthn/signup.
func (a *API) signupByKey(v *flows.Visit, r *http.Request) error {
	in, err := signupOf(v, r)
	if err != nil {
		return err
	}
	in.Password, in.Passkey = "", true
	return a.Flows.Signup(r.Context(), v, in)
}

// signupKeyOptions serves GET auth/webauthn/signup.
func (a *API) signupKeyOptions(v *flows.Visit, r *http.Request) (viewed, error) {
	options, err := a.Flows.SignupKeyOptions(r.Context(), v)
	return viewed{Data: creation{options}}, err
}

// finishSignupByKey serves PUT auth/webauthn/signup.
func (a *API) finishSignupByKey(v *flows.Visit, r *http.Request) error {
	return withKey(v, r, nil, a.Flows.FinishSignupByKey)
}

// showing answers with options to show a key by.
func showing(options json.RawMessage, err error) (viewed, error) {
	return viewed{Data: assertion{options}}, err
}

// withKey hands the credential in a request's body on. first, if there is one, refuses whoever has no say, before their input is
// looked at.
func withKey(v *flows.Visit, r *http.Request, first func(*flows.Visit) error, take func(context.Context, *flows.Visit, flows.KeyInput) error) error {
	in, err := keyOf(v, r, first)
	if err != nil {
		return err
	}
	return take(r.Context(), v, in)
}

func keyOf(v *flows.Visit, r *http.Request, first func(*flows.Visit) error) (flows.KeyInput, error) {
	if first != nil {
		if err := first(v); err != nil {
			return flows.KeyInput{}, err
		}
	}
	body, err := decode(r)
	if err != nil {
		return flows.KeyInput{}, err
	}
	in := flows.KeyInput{Name: body.text("name").Value}
	in.Credential, in.NotJSON = body.json("credential")
	return in, nil
}

// json is a member that holds JSON, as it is or as a text; nil where it is empty. A text that is no JSON is told apart.
func (f fields) json(name string) (value json.RawMessage, notJSON bool) {
	raw := bytes.TrimSpace(f[name])
	if len(raw) > 0 && raw[0] == '"' {
		if raw = []byte(textOf(raw)); len(raw) > 0 && !json.Valid(raw) {
			return nil, true
		}
		raw = bytes.TrimSpace(raw)
	}
	switch string(raw) {
	case "", "null", `""`, "[]", "{}":
		return nil, false
	}
	return raw, false
}
