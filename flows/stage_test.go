package flows

import (
	"testing"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestNextStage(t *testing.T) {
	for name, c := range map[string]struct {
		facts facts
		want  Stage
	}{
		"nothing is asked for":                         {facts{}, Done},
		"verified, though nobody asked":                {facts{emailVerified: true}, Done},
		"an address is asked for and not verified":     {facts{emailRequired: true}, VerifyEmail},
		"an address is asked for and verified":         {facts{emailRequired: true, emailVerified: true}, Done},
		"there is no account":                          {facts{pretended: true}, VerifyEmail},
		"there is no account, and an address is asked": {facts{pretended: true, emailRequired: true}, VerifyEmail},
		"there is no account, and nothing helps that":  {facts{pretended: true, emailVerified: true}, VerifyEmail},
		"there is no account, whatever is verified":    {facts{pretended: true, emailRequired: true, emailVerified: true}, VerifyEmail},
	} {
		t.Run(name, func(t *testing.T) {
			if got := next(c.facts); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFactsOfALogin(t *testing.T) {
	account := func(verified, any bool) *store.Account {
		return &store.Account{Address: store.Email{Key: "ann@example.org", Verified: verified}, AnyVerified: any}
	}
	for name, c := range map[string]struct {
		verification tenants.EmailVerification
		login        login
		account      *store.Account
		want         facts
	}{
		"nobody":                             {tenants.VerificationMandatory, login{Email: "ann@example.org"}, nil, facts{pretended: true, emailRequired: true}},
		"nobody, where nothing is asked for": {tenants.VerificationNone, login{}, nil, facts{pretended: true}},
		"the address that was given is verified": {
			tenants.VerificationMandatory, login{Email: "ann@example.org"}, account(true, true), facts{emailRequired: true, emailVerified: true},
		},
		"another than the given address is verified": {
			tenants.VerificationMandatory, login{Email: "ann@example.org"}, account(false, true), facts{emailRequired: true},
		},
		"the link was for another address than the login": {
			tenants.VerificationMandatory, login{Email: "bea@example.org"}, account(true, true), facts{emailRequired: true},
		},
		"by username, and any address is verified": {
			tenants.VerificationMandatory, login{}, account(false, true), facts{emailRequired: true, emailVerified: true},
		},
		"by username, and none is verified": {tenants.VerificationMandatory, login{}, account(false, false), facts{emailRequired: true}},
		"verifying is a wish":               {tenants.VerificationOptional, login{}, account(false, false), facts{}},
		"verifying is not asked for":        {tenants.VerificationNone, login{}, account(true, true), facts{emailVerified: true}},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := &tenants.Tenant{Settings: tenants.Defaults()}
			tenant.Settings.Account.EmailVerification = c.verification
			if got := gather(tenant, &c.login, c.account); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
