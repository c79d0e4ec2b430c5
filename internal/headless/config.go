package headless

import (
	"net/http"
	"slices"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The configuration that a front end reads first: what the tenant offers.
type (
	configuration struct {
		Account       accountConfig       `json:"account"`
		SocialAccount socialAccountConfig `json:"socialaccount"`
		MFA           mfaConfig           `json:"mfa"`
		UserSessions  userSessionsConfig  `json:"usersessions"`
	}
	accountConfig struct {
		LoginMethods               []string `json:"login_methods"`
		IsOpenForSignup            bool     `json:"is_open_for_signup"`
		EmailVerificationByCode    bool     `json:"email_verification_by_code_enabled"`
		LoginByCode                bool     `json:"login_by_code_enabled"`
		PasswordResetByCode        bool     `json:"password_reset_by_code_enabled"`
		FormerAuthenticationMethod string   `json:"authentication_method,omitempty"` // for front ends of before login_methods
	}
	socialAccountConfig struct {
		Providers []flows.ProviderView `json:"providers"`
	}
	mfaConfig struct {
		SupportedTypes []string `json:"supported_types"`
		PasskeyLogin   bool     `json:"passkey_login_enabled"`
	}
	userSessionsConfig struct {
		TrackActivity bool `json:"track_activity"`
	}
)

// config serves GET config.
func (a *API) config(v *flows.Visit, _ *http.Request) (viewed, error) {
	return viewed{Data: configurationOf(v.Tenant, a.Flows.Providers(v.Tenant, v.Origin.Client))}, nil
}

// configurationOf is what a tenant offers.
func configurationOf(t *tenants.Tenant, providers []flows.ProviderView) configuration {
	s := &t.Settings
	return configuration{
		Account: accountConfig{
			LoginMethods:               s.Account.LoginMethods,
			IsOpenForSignup:            s.Account.SignupEnabled,
			EmailVerificationByCode:    s.Account.EmailVerificationByCodeEnabled,
			LoginByCode:                s.Account.LoginByCodeEnabled,
			PasswordResetByCode:        s.Account.PasswordResetByCodeEnabled,
			FormerAuthenticationMethod: formerMethod(s.Account.LoginMethods),
		},
		SocialAccount: socialAccountConfig{Providers: providers},
		MFA:           mfaConfig{SupportedTypes: s.MFA.SupportedTypes, PasskeyLogin: flows.PasskeyLoginOffered(t)},
		UserSessions:  userSessionsConfig{TrackActivity: s.UserSessions.TrackActivity},
	}
}

// formerMethod says in one word what login_methods says in a list.
func formerMethod(methods []string) string {
	email, username := slices.Contains(methods, "email"), slices.Contains(methods, "username")
	switch {
	case email && username:
		return "username_email"
	case email:
		return "email"
	case username:
		return "username"
	default:
		return ""
	}
}
