package flows

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/secret"
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
		"a factor is asked for":                        {facts{factorDue: true}, MFAAuthenticate},
		"a factor, and the address is verified":        {facts{factorDue: true, emailRequired: true, emailVerified: true}, MFAAuthenticate},
		"a factor, and an address":                     {facts{factorDue: true, emailRequired: true}, VerifyEmail},
		"a factor, and a number":                       {facts{factorDue: true, phoneDue: true}, VerifyPhone},
		"a factor, and a code":                         {facts{factorDue: true, codeDue: true}, LoginByCode},
		"a factor, and whether to trust the browser":   {facts{factorDue: true, trustDue: true}, MFAAuthenticate},
		"whether to trust the browser":                 {facts{trustDue: true}, MFATrust},
		"whether to trust the browser, and an address": {facts{trustDue: true, emailRequired: true}, VerifyEmail},
		"a passkey is to be made":                      {facts{keyDue: true}, MFASignup},
		"a passkey, and an address":                    {facts{keyDue: true, emailRequired: true}, VerifyEmail},
		"a passkey, and whether to trust the browser":  {facts{keyDue: true, trustDue: true}, MFATrust},
		"there is no account, and a factor is asked":   {facts{pretended: true, factorDue: true, trustDue: true, keyDue: true}, VerifyEmail},
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
	for n := range 1 << 8 {
		is := func(bit int) bool { return n&(1<<bit) != 0 }
		f := facts{
			pretended: is(0), codeDue: is(1), phoneDue: is(2), emailRequired: is(3), emailVerified: is(4), factorDue: is(5), trustDue: is(6), keyDue: is(7),
		}
		address := f.pretended || (f.emailRequired && !f.emailVerified)
		want := Done
		for _, x := range []struct { // in the order in which a login meets them
			due   bool
			stage Stage
		}{
			{f.codeDue, LoginByCode}, {f.phoneDue, VerifyPhone}, {address, VerifyEmail}, {f.factorDue, MFAAuthenticate}, {f.trustDue, MFATrust}, {f.keyDue, MFASignup},
		} {
			if x.due && want == Done {
				want = x.stage
			}
		}
		if got := next(f); got != want {
			t.Errorf("%+v come to %q, want %q", f, got, want)
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

// TestFactsOfSecondFactors: when a login is asked for one, and when about its browser.
func TestFactsOfSecondFactors(t *testing.T) {
	const epoch = 7
	with := func(f store.Factors) *store.Account {
		return &store.Account{User: store.User{ID: "ann", Epoch: 1, Active: true, Factors: f, FactorEpoch: epoch}}
	}
	app, key := store.Factors(0).With(store.TOTP), store.Factors(0).With(store.WebAuthn)
	codes := store.Factors(0).With(store.RecoveryCodes)
	shown := login{FactorShown: true, FactorEpoch: epoch}
	coded := login{CodeGiven: true, Proof: "code"}
	proving := login{Proves: &process{Email: "ann@example.org"}}
	provingShown := login{Proves: proving.Proves, FactorShown: true, FactorEpoch: epoch}
	answered := shown
	answered.TrustAnswered = true
	before := login{FactorShown: true, FactorEpoch: epoch - 1}
	keys, err := secret.NewKeys(secret.Bytes(secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		login                  login
		factors                store.Factors
		client                 Client
		trustCode, trustFactor bool
		cookie                 proofs
		factorDue, trustDue    bool
	}{
		"none":                                  {client: Browser, trustFactor: true},
		"recovery codes alone":                  {factors: codes, client: Browser, trustFactor: true},
		"an app":                                {factors: app, factorDue: true},
		"a key":                                 {factors: key, factorDue: true},
		"an app, with codes":                    {factors: app | codes, factorDue: true},
		"an app that was shown":                 {login: shown, factors: app},
		"an app that was shown before a change": {login: before, factors: app, factorDue: true},
		"none left, after one was shown":        {login: before},
		"a passkey":                             {login: login{Passwordless: true, FactorEpoch: epoch}, factors: key, client: Browser, trustFactor: true},

		"a trusted browser":                             {factors: app, client: Browser, trustFactor: true, cookie: proofs{factor: true}},
		"a browser that is trusted for a code":          {factors: app, client: Browser, trustCode: true, trustFactor: true, cookie: proofs{code: true}, factorDue: true},
		"a trusted browser, where trust is not offered": {factors: app, client: Browser, trustCode: true, cookie: proofs{factor: true}, factorDue: true},
		"an app with a browser's cookie":                {factors: app, client: App, trustFactor: true, cookie: proofs{factor: true}, factorDue: true},

		"shown in a browser":                       {login: shown, factors: app, client: Browser, trustFactor: true, trustDue: true},
		"shown in a browser, and answered":         {login: answered, factors: app, client: Browser, trustFactor: true},
		"shown in a browser, trust is not offered": {login: shown, factors: app, client: Browser, trustCode: true},
		"shown in an app":                          {login: shown, factors: app, client: App, trustFactor: true},
		"shown before a change, in a browser":      {login: before, factors: app, client: Browser, trustFactor: true, factorDue: true},
		"a code in a browser":                      {login: coded, client: Browser, trustCode: true, trustDue: true},
		"a code in a browser, factors are trusted": {login: coded, client: Browser, trustFactor: true},

		"a code that proves an address":                               {login: proving, factors: app, factorDue: true},
		"a code that proves an address, in a trusted browser":         {login: proving, factors: app, client: Browser, trustFactor: true, cookie: proofs{factor: true}, factorDue: true},
		"a code that proves an address, and the factor is gone":       {login: proving, factorDue: true},
		"a code that proves an address, and the factor is shown":      {login: provingShown, factors: app},
		"a code that proves an address, shown, and the factor's gone": {login: provingShown},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := &tenants.Tenant{ID: "acme", Settings: tenants.Defaults(), Keys: keys}
			tenant.Settings.Account.LoginByCodeTrustEnabled, tenant.Settings.MFA.TrustEnabled = c.trustCode, c.trustFactor
			v := &Visit{Tenant: tenant, Now: time.Unix(1e9, 0), Origin: Origin{Client: c.client}}
			a := with(c.factors)
			if c.cookie != (proofs{}) {
				v.Origin.Trust = v.trustFor(a, c.cookie)
			}
			got := v.gather(&c.login, a)
			if got.factorDue != c.factorDue || got.trustDue != c.trustDue || got.keyDue {
				t.Errorf("got %+v", got)
			}
		})
	}
	v := &Visit{Tenant: &tenants.Tenant{Settings: tenants.Defaults()}}
	if got := v.gather(&login{Passkey: true, Signup: true}, with(0)); !got.keyDue {
		t.Errorf("a signup that waits for its passkey: %+v", got)
	}
	for of, proves := range map[string]process{"an address": {Email: "ann@example.org"}, "a number": {Phone: "+4915112345678"}} {
		if got := v.gather(&login{Proves: &proves}, with(app)); got.emailVerified != (of == "an address") {
			t.Errorf("a code that proves %s: %+v", of, got)
		}
	}
}

// TestProofsAreTheirUsers: those of another user in the same session count for nothing, however many there are.
func TestProofsAreTheirUsers(t *testing.T) {
	for name, given := range map[string]string{
		"one's own": "aaa", "another's before": "eeea", "many of another's": strings.Repeat("e", 19) + "aa", "more than are kept": strings.Repeat("e", 30) + "aaa",
		"more of one's own than are kept": "ee" + strings.Repeat("a", 25), "back and forth": "aaeea", "all are another's": strings.Repeat("a", 20) + "e",
	} {
		t.Run(name, func(t *testing.T) {
			v := &Visit{session: &store.Session{}}
			for i, who := range given {
				v.Now = time.Unix(int64(i), 0)
				user := string(who)
				if err := v.record(user, Method{Method: methodMFA, ID: int64(who)}); err != nil {
					t.Fatal(err)
				}
				v.state.MethodsOf = user // the login was given up, and its proofs stay in the session
			}
			last := rune(given[len(given)-1])
			want := min(len(given)-1-strings.LastIndexFunc(given, func(r rune) bool { return r != last }), maxMethods)
			all, err := v.given()
			if err != nil {
				t.Fatal(err)
			}
			own := v.own(all)
			if len(all) != min(len(given), maxMethods) || len(own) != want || slices.ContainsFunc(own, func(m Method) bool { return m.ID != int64(last) }) {
				t.Errorf("of %q %d are kept, and %d are the last user's: %+v", given, len(all), len(own), own)
			}
		})
	}
}

// TestCeremonyIsForOnePurposeAndUser, of whom there may be none.
func TestCeremonyIsForOnePurposeAndUser(t *testing.T) {
	v := &Visit{Now: time.Unix(1e9, 0), session: &store.Session{}}
	begun := factor.Ceremony{Kind: "get", Challenge: "challenge"}
	purposes, users := []string{toAdd, toSignUp, toLogIn, toAuthenticate, toReauthenticate}, []string{"", "ann", "bob"}
	if got := v.awaited(toLogIn, ""); got != (factor.Ceremony{}) {
		t.Errorf("before one is begun: %+v", got)
	}
	for _, purpose := range purposes {
		for _, user := range users {
			v.beginCeremony(begun, purpose, user)
			for _, other := range purposes {
				for _, another := range users {
					if got := v.awaited(other, another); (got == begun) != (purpose == other && user == another) || (got != begun && got != (factor.Ceremony{})) {
						t.Errorf("of %q and %q, asked as %q of %q: %+v", purpose, user, other, another, got)
					}
				}
			}
		}
	}
}
