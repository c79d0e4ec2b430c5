package flows

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// UserView is a user as clients see one. The contract leaves out what a user does not have.
type UserView struct {
	ID                string `json:"id"`
	Display           string `json:"display"`
	HasUsablePassword bool   `json:"has_usable_password"`
	Email             string `json:"email,omitempty"`
	Username          string `json:"username,omitempty"`
}

// Flow is something that a client may do next, or must.
type Flow struct {
	ID        string `json:"id"`
	IsPending *bool  `json:"is_pending,omitempty"` // nil for a flow that says nothing of it
	// Types are the types of authenticator that will do, for flows that take one.
	Types []string `json:"types,omitempty"`
	// Providers are the ids of the providers that there are, for flows that go by one.
	Providers []string `json:"providers,omitempty"`
	// Provider is the one whose signup waits.
	Provider *ProviderView `json:"provider,omitempty"`
}

var yes, no = true, false

// Status is what a visit's session amounts to: a user with the proofs given, or what may be done to become one.
type Status struct {
	User    *UserView       // nil for nobody
	Methods json.RawMessage // with a user: a list of Method; never nil then
	// Flows are what may be done without one or, with one, the ways to prove anew who it is, where a step was refused for
	// want of a recent proof.
	Flows []Flow
}

// Status projects the visit. It reads nothing, so that an answer is always of what was settled.
func (v *Visit) Status() Status {
	if v.user != nil {
		methods := v.methods
		if methods == nil {
			methods = none
		}
		view := viewOf(v.Tenant, v.user)
		status := Status{User: &view, Methods: methods}
		if v.reauthenticate {
			status.Flows = append(v.reauthentications(), v.resetFlow()...)
		}
		return status
	}
	return Status{Flows: v.flows()}
}

// AwaitsLoginCode reports whether the visit's login waits for a login code.
func (v *Visit) AwaitsLoginCode() bool { return v.Pending() == LoginByCode }

// AwaitsEmailProof reports whether there may be something to prove an address by: a link always, a code where one was sent.
func (v *Visit) AwaitsEmailProof() bool {
	return !v.byCode() || (v.state.Email != nil && (v.user != nil || v.Pending() == VerifyEmail))
}

// AwaitsPhoneCode reports whether a number waits to be proved, and its code is still good.
func (v *Visit) AwaitsPhoneCode() bool {
	return v.awaitsText() || (v.user != nil && v.state.Phone != nil)
}

// TakesEmail reports whether another address may be named: by whoever is signed in, or in place of the one that waits to be proved.
func (v *Visit) TakesEmail() bool { return v.user != nil || v.canChange(VerifyEmail) }

// TakesPhone is TakesEmail for numbers.
func (v *Visit) TakesPhone() bool { return v.user != nil || v.canChange(VerifyPhone) }

// AwaitsReset reports whether there may be something to reset a password by: a link always, a code where one was sent.
func (v *Visit) AwaitsReset() bool {
	return !v.Tenant.Settings.Account.PasswordResetByCodeEnabled || v.state.Reset != nil
}

// flows are the ways in that the tenant offers, in the contract's order, and what is pending.
func (v *Visit) flows() []Flow {
	account := &v.Tenant.Settings.Account
	all := []Flow{} // a list, even where nothing is offered
	if only := v.Tenant.Settings.SocialAccount.Only; !only {
		all = append(all, Flow{ID: "login"})
		if account.LoginByCodeEnabled {
			all = append(all, Flow{ID: string(LoginByCode)})
		}
		if account.SignupEnabled {
			all = append(all, Flow{ID: "signup"})
		}
	}
	all = append(all, v.providerFlows()...)
	if PasskeyLoginOffered(v.Tenant) {
		all = append(all, Flow{ID: "mfa_login_webauthn"})
	}
	if stage := cmp.Or(v.Pending(), v.ranOut); stage != "" && !v.ended {
		i := slices.IndexFunc(all, func(f Flow) bool { return f.ID == string(stage) })
		if i < 0 {
			all = append(all, Flow{ID: string(stage)})
			i = len(all) - 1
		}
		all[i].IsPending = &yes
		if stage == MFAAuthenticate {
			all[i].Types = typesOf(v.session.Factors)
		}
	}
	return append(all, v.resetFlow()...)
}

// resetFlow is the flow that is always listed where passwords are reset by code.
func (v *Visit) resetFlow() []Flow {
	if !v.Tenant.Settings.Account.PasswordResetByCodeEnabled {
		return nil
	}
	reset := Flow{ID: "password_reset_by_code", IsPending: &no}
	if v.state.Reset != nil {
		reset.IsPending = &yes
	}
	return []Flow{reset}
}

// viewOf is a user as the tenant's clients see one.
func viewOf(t *tenants.Tenant, u *store.User) UserView {
	view := UserView{ID: u.ID, HasUsablePassword: u.HasPassword, Email: u.Email, Username: u.Username}
	switch t.Settings.Account.UserDisplay {
	case "email":
		view.Display = u.Email
	case "name":
		view.Display = u.Name
	default:
		view.Display = u.Username
	}
	for _, other := range []string{u.Username, u.Name, u.Email, u.ID} {
		if view.Display == "" {
			view.Display = other
		}
	}
	return view
}
