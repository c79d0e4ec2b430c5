package headless

import (
	"context"
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
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

// resendEmailCode serves POST auth/email/verify/resend.
func (a *API) resendEmailCode(v *flows.Visit, r *http.Request) (viewed, error) {
	return viewed{}, a.Flows.ResendEmailCode(r.Context(), v)
}

// addEmail serves POST account/email.
func (a *API) addEmail(v *flows.Visit, r *http.Request) (viewed, error) {
	return a.changeEmails(v, r, a.Flows.AddEmail)
}

// removeEmail serves DELETE account/email.
func (a *API) removeEmail(v *flows.Visit, r *http.Request) (viewed, error) {
	if err := needsUser(v); err != nil {
		return viewed{}, err
	}
	return a.changeEmails(v, r, a.Flows.RemoveEmail)
}

// changeEmails decodes an address, changes something about it, and answers with all addresses.
func (a *API) changeEmails(v *flows.Visit, r *http.Request, change func(context.Context, *flows.Visit, string) ([]flows.EmailView, error)) (viewed, error) {
	in, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	all, err := change(r.Context(), v, in.text("email").Value)
	return viewed{Data: all}, err
}

// makeEmailPrimary serves PATCH account/email.
func (a *API) makeEmailPrimary(v *flows.Visit, r *http.Request) (viewed, error) {
	if err := needsUser(v); err != nil {
		return viewed{}, err
	}
	in, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	all, err := a.Flows.MakeEmailPrimary(r.Context(), v, in.text("email").Value, in.truth("primary"))
	return viewed{Data: all}, err
}

// resendEmail serves PUT account/email. Where nothing was mailed, because something was a moment ago, it is 403.
func (a *API) resendEmail(v *flows.Visit, r *http.Request) (viewed, error) {
	if err := needsUser(v); err != nil {
		return viewed{}, err
	}
	in, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	sent, err := a.Flows.ResendEmail(r.Context(), v, in.text("email").Value)
	if err == nil && !sent {
		err = refusal.Of(refusal.Forbidden)
	}
	return viewed{}, err
}
