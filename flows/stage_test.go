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
		"a number is asked for":                        {facts{phoneDue: true}, VerifyPhone},
		"a number and an address":                      {facts{phoneDue: true, emailRequired: true}, VerifyPhone},
		"a number, and the address is verified":        {facts{phoneDue: true, emailRequired: true, emailVerified: true}, VerifyPhone},
		"a code is asked for":                          {facts{codeDue: true}, LoginByCode},
		"a code and a number":                          {facts{codeDue: true, phoneDue: true}, LoginByCode},
		"a code and an address":                        {facts{codeDue: true, emailRequired: true}, LoginByCode},
		"a code, and all else is verified":             {facts{codeDue: true, emailRequired: true, emailVerified: true}, LoginByCode},
		"there is no account":                          {facts{pretended: true}, VerifyEmail},
		"there is no account, and an address is asked": {facts{pretended: true, emailRequired: true}, VerifyEmail},
		"there is no account, and nothing helps that":  {facts{pretended: true, emailVerified: true}, VerifyEmail},
		"there is no account, whatever is verified":    {facts{pretended: true, emailRequired: true, emailVerified: true}, VerifyEmail},
		"there is no account, and a number is asked":   {facts{pretended: true, phoneDue: true}, VerifyPhone},
		"there is no account, and a code is asked":     {facts{pretended: true, codeDue: true, phoneDue: true}, LoginByCode},
	} {
		t.Run(name, func(t *testing.T) {
			if got := next(c.facts); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestNobodyIsLetInForNothing goes through all facts that there can be.
func TestNobodyIsLetInForNothing(t *testing.T) {
	for n := range 1 << 5 {
		is := func(bit int) bool { return n&(1<<bit) != 0 }
		f := facts{pretended: is(0), codeDue: is(1), phoneDue: is(2), emailRequired: is(3), emailVerified: is(4)}
		got := next(f)
		if open := f.pretended || f.codeDue || f.phoneDue || (f.emailRequired && !f.emailVerified); (got == Done) == open {
			t.Errorf("%+v come to %q", f, got)
		}
		if (got == LoginByCode) != f.codeDue {
			t.Errorf("%+v come to %q: the login code is first", f, got)
		}
	}
}

func TestFactsOfALogin(t *testing.T) {
	const ann = "ann@example.org"
	account := func(verified, any bool) *store.Account {
		return &store.Account{Address: store.Email{Key: ann, Verified: verified}, AnyVerified: any}
	}
	withPhone := func(verified bool) *store.Account {
		a := account(true, true)
		a.Phone, a.PhoneVerified = "+31612345678", verified
		return a
	}
	must := func(a *tenants.Account) { a.EmailVerification = tenants.VerificationMandatory }
	none := func(a *tenants.Account) { a.EmailVerification = tenants.VerificationNone }
	phones := func(a *tenants.Account) { none(a); a.SignupFields = tenants.SignupFields{"phone*", "password1*"} }
	required := func(all bool, after ...string) func(a *tenants.Account) {
		return func(a *tenants.Account) {
			none(a)
			a.LoginByCodeRequired = tenants.OneOrList{All: all, List: after}
		}
	}
	for name, c := range map[string]struct {
		set     func(a *tenants.Account)
		login   login
		account *store.Account
		want    facts
	}{
		"nobody":                             {must, login{Email: ann}, nil, facts{pretended: true, emailRequired: true}},
		"nobody, where nothing is asked for": {none, login{}, nil, facts{pretended: true}},
		"the address that was given is verified": {
			must, login{Email: ann}, account(true, true), facts{emailRequired: true, emailVerified: true},
		},
		"another than the given address is verified": {must, login{Email: ann}, account(false, true), facts{emailRequired: true}},
		"the link was for another address than the login": {
			must, login{Email: "bea@example.org"}, account(true, true), facts{emailRequired: true},
		},
		"by username, and any address is verified": {
			must, login{}, account(false, true), facts{emailRequired: true, emailVerified: true},
		},
		"by username, and none is verified": {must, login{}, account(false, false), facts{emailRequired: true}},
		"verifying is a wish":               {func(*tenants.Account) {}, login{}, account(false, false), facts{}},
		"verifying is not asked for":        {none, login{}, account(true, true), facts{emailVerified: true}},

		"a number that is not verified": {phones, login{}, withPhone(false), facts{phoneDue: true, emailVerified: true}},
		"a number that is verified":     {phones, login{}, withPhone(true), facts{emailVerified: true}},
		"no number":                     {phones, login{}, account(true, true), facts{emailVerified: true}},
		"numbers are not verified": {
			func(a *tenants.Account) { phones(a); a.PhoneVerificationEnabled = false }, login{}, withPhone(false), facts{emailVerified: true},
		},
		"numbers are not asked for": {none, login{}, withPhone(false), facts{emailVerified: true}},
		"the number need not be given, but was": {
			func(a *tenants.Account) { phones(a); a.SignupFields = tenants.SignupFields{"phone", "email*"} },
			login{}, withPhone(false), facts{phoneDue: true, emailVerified: true},
		},
		"nobody, with a number":                   {phones, login{Phone: "+31612345678"}, nil, facts{pretended: true, phoneDue: true}},
		"nobody, without a number":                {phones, login{}, nil, facts{pretended: true}},
		"nobody, and the code was given":          {phones, login{Phone: "+31612345678", PhoneGiven: true}, nil, facts{pretended: true}},
		"nobody, where numbers are not asked for": {none, login{Phone: "+31612345678"}, nil, facts{pretended: true}},

		"a code was asked for by its user": {none, login{Requested: true}, account(true, true), facts{codeDue: true, emailVerified: true}},
		"and was given":                    {none, login{Requested: true, CodeGiven: true}, account(true, true), facts{emailVerified: true}},
		"a code was asked for by nobody":   {none, login{Requested: true}, nil, facts{pretended: true, codeDue: true}},
		"a login by password, where a code is always required": {
			required(true), login{Proof: "password"}, account(true, true), facts{codeDue: true, emailVerified: true},
		},
		"a login by password, where one is required after that": {
			required(false, "password"), login{Proof: "password"}, account(true, true), facts{codeDue: true, emailVerified: true},
		},
		"a login by password, where one is required after others": {
			required(false, "mfa", "socialaccount"), login{Proof: "password"}, account(true, true), facts{emailVerified: true},
		},
		"a login by password, where none is": {required(false), login{Proof: "password"}, account(true, true), facts{emailVerified: true}},
		"a login by password and the code": {
			required(true), login{Proof: "code", CodeGiven: true}, account(true, true), facts{emailVerified: true},
		},
		"a login by nothing but a code, where one is required": {
			required(true), login{Proof: "code"}, account(true, true), facts{emailVerified: true},
		},
		"a reset that signs in, where a code is always required": {
			required(true), login{Proof: "password_reset"}, account(true, true), facts{codeDue: true, emailVerified: true},
		},
		"a reset that signs in, where one is required after a password": {
			required(false, "password"), login{Proof: "password_reset"}, account(true, true), facts{emailVerified: true},
		},
		"a signup, where a code is always required": {required(true), login{Signup: true}, account(false, false), facts{codeDue: true}},
		"a signup, where one is required after anything": {
			required(false, "socialaccount"), login{Signup: true}, account(false, false), facts{codeDue: true},
		},
		"a signup, where none is":                      {required(false), login{Signup: true}, account(false, false), facts{}},
		"a signup of nobody, where a code is required": {required(true), login{Signup: true}, nil, facts{pretended: true, codeDue: true}},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := &tenants.Tenant{Settings: tenants.Defaults()}
			c.set(&tenant.Settings.Account)
			v := &Visit{Tenant: tenant}
			if got := v.gather(&c.login, c.account); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
