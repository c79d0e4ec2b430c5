package flows_test

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// idp is every provider at once. It vouches for whoever it is told to, by a code or a token of their name.
type idp struct {
	mu      sync.Mutex
	people  map[string]provider.Identity
	spent   map[string]bool // codes, which are good once
	unknown string          // the one provider that there is not
}

func (p *idp) vouchFor(name string, id provider.Identity) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.people == nil {
		p.people, p.spent = map[string]provider.Identity{}, map[string]bool{}
	}
	p.people[name] = id
}

func (p *idp) About(a tenants.App) (provider.About, bool) {
	about := provider.About{ID: a.ID, Name: "The " + a.ID, ClientID: a.ClientID, Redirect: true, Token: a.ID != "github"}
	return about, a.ID != "" && a.ID != p.unknown
}

func (*idp) Begin(_ context.Context, t *tenants.Tenant, a tenants.App, at provider.Attempt) (string, error) {
	if at.State == "" || len(at.Verifier) < 43 || at.Nonce == "" || at.Nonce == at.Verifier {
		return "", fmt.Errorf("an attempt without its secrets: %+v", at)
	}
	q := url.Values{"state": {at.State}, "nonce": {at.Nonce}, "challenge": {at.Verifier}, "redirect_uri": {t.CallbackURL(a)}}
	return "https://idp.example/" + a.ID + "?" + q.Encode(), nil
}

func (p *idp) Complete(_ context.Context, t *tenants.Tenant, a tenants.App, at provider.Attempt, params url.Values) (*provider.Identity, error) {
	if params.Get("error") == "access_denied" {
		return nil, provider.ErrCancelled
	}
	code := params.Get("code")
	p.mu.Lock()
	defer p.mu.Unlock()
	id, ok := p.people[params.Get("as")]
	if !ok || p.spent[code] || params.Get("nonce") != at.Nonce || params.Get("challenge") != at.Verifier {
		return nil, provider.ErrRefused
	}
	p.spent[code] = true
	return &id, nil
}

func (p *idp) Verify(_ context.Context, _ *tenants.Tenant, _ tenants.App, token provider.Token) (*provider.Identity, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, ok := p.people[token.ID]
	if !ok {
		return nil, provider.ErrRefused
	}
	return &id, nil
}

// vouched is who somebody is to a provider, with an address that it has verified.
func vouched(uid, email string) provider.Identity {
	id := provider.Identity{UID: uid, Display: email}
	if email != "" {
		id.Emails = []provider.Email{{Address: email, Verified: true, Primary: true}}
	}
	return id
}

// notVerified is the same without.
func notVerified(id provider.Identity) provider.Identity {
	id.Emails = slices.Clone(id.Emails)
	for i := range id.Emails {
		id.Emails[i].Verified = false
	}
	return id
}

// newProviderHouse is a house whose tenant has two apps, with members of its account and socialaccount settings.
func newProviderHouse(t testing.TB, engine, account, social string) *house {
	t.Helper()
	if social != "" {
		social = ", " + social
	}
	return newHouseOf(t, engine, `{"public_url": "https://acme.example", "account": {`+unlimited+`, `+account+`},
		"cors": {"allowed_origins": ["https://app.example.net"]},
		"mfa": {"supported_types": ["totp", "recovery_codes", "webauthn"], "allow_unverified_email": true},
		"socialaccount": {"providers": {"google": {"apps": [{"client_id": "g"}]}, "github": {"apps": [{"client_id": "h"}]}}`+social+`}}`)
}

// withGoogle gives the tenant an app with a provider, which vouches for somebody by their name.
func (h *house) withGoogle(name string) {
	h.tenant.Settings.SocialAccount.Providers = map[string]tenants.Provider{"google": {Apps: []tenants.ProviderApp{{ClientID: "g"}}}}
	h.idp.vouchFor(name, vouched("uid of "+name, ""))
}

// byToken comes in, or connects, by a token of a person's.
func (h *house) byToken(name, process string) func(v *flows.Visit) error {
	return func(v *flows.Visit) error {
		return h.EnterByProviderToken(h.Context(), v, flows.ProviderTokenInput{
			Provider: "google", Process: process, Token: &flows.ProviderToken{ClientID: "g", ID: name},
		})
	}
}

// leaves sends a browser to a provider, and is what that sends back with, for a person.
func (d *device) leaves(app, process, name string) url.Values {
	d.Helper()
	var location string
	d.do(func(v *flows.Visit) (err error) {
		location, err = d.GoToProvider(d.Context(), v, flows.ProviderRedirectInput{Provider: app, Callback: "/done?x=1#top", Process: process})
		return err
	})
	u, err := url.Parse(location)
	d.must(err)
	if u.Host != "idp.example" {
		d.Fatalf("sent to %s", location)
	}
	q := u.Query()
	q.Set("as", name)
	q.Set("code", fmt.Sprintf("code %s %p", q.Get("state"), q))
	return q
}

// returns is where a browser goes on to that comes back from an app's provider.
func (d *device) returns(app string, params url.Values) string {
	d.Helper()
	var location string
	d.do(func(v *flows.Visit) (err error) {
		a, ok := flows.CallbackApp(d.tenant, "/accounts/"+app+"/login/callback/")
		if !ok {
			location = "404"
			return nil
		}
		location, err = d.ReturnFromProvider(d.Context(), v, a, params)
		return err
	})
	return location
}

const done = "/done?x=1#top"

// failedWith is where somebody goes on to for whom it came out so.
func failedWith(why, process string) string {
	return "/done?x=1&error=" + why + "&error_process=" + process + "#top"
}

const fallback = "https://acme.example/account/provider/callback?error=unknown&error_process=login"

func TestAProvidersAccountIsWhoItsUIDSays(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, "")
		h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
		first := h.browser()
		if at := first.returns("google", first.leaves("google", "login", "ann")); at != done {
			t.Fatal(at)
		}
		ann := first.user()
		if ann == "" || h.one(`SELECT COUNT(*) FROM emails WHERE email = 'ann@example.org' AND verified`) != "1" {
			t.Fatal("the newcomer is not signed in, or their address is not proved")
		}

		// The address moved on to somebody else, and the name changed: the account is the same.
		moved := vouched("1", "ann@example.net")
		moved.Username = "somebody-else"
		h.idp.vouchFor("ann", moved)
		h.idp.vouchFor("bob", vouched("2", "ann@example.org")) // who has her old address at the provider by now
		second := h.browser()
		second.returns("google", second.leaves("google", "login", "ann"))
		if got := second.user(); got != ann {
			t.Fatalf("%s is not %s", got, ann)
		}
		if got := h.one(`SELECT display FROM provider_accounts`); got != "ann@example.net" {
			t.Errorf("she is shown as %s", got)
		}
		third := h.browser()
		third.returns("google", third.leaves("google", "login", "bob"))
		if got := third.user(); got == ann {
			t.Error("an address that the provider has verified let somebody into an account that is not theirs")
		}
		// The same number at another provider is somebody else.
		h.idp.vouchFor("eve", vouched("1", "eve@example.org"))
		fourth := h.browser()
		fourth.returns("github", fourth.leaves("github", "login", "eve"))
		if got := fourth.user(); got == ann || got == "" {
			t.Errorf("the account of another provider is %q", got)
		}
	})
}

func TestAStateIsGoodOnceInItsBrowserForItsApp(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, "")
		h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
		d, other := h.browser(), h.browser()
		other.leaves("google", "login", "ann") // it has states of its own
		params := d.leaves("google", "login", "ann")
		missing := url.Values{"code": params["code"], "as": {"ann"}}
		wrong := url.Values{"code": params["code"], "as": {"ann"}, "state": {strings.Repeat("0", 43)}}
		for name, at := range map[string]string{
			"no state":                    d.returns("google", missing),
			"a state that was made up":    d.returns("google", wrong),
			"another browser":             other.returns("google", params),
			"a browser without a session": h.browser().returns("google", params),
			"an app":                      h.device().returns("google", params),
		} {
			if at != fallback {
				t.Errorf("%s: went on to %s", name, at)
			}
		}
		if got := d.returns("github", params); got != fallback { // mixed up by an attacker who has the other provider
			t.Errorf("another provider's callback: %s", got)
		}
		if got := d.returns("google", params); got != fallback { // and it is spent by that
			t.Errorf("a state that was shown to another app is still good: %s", got)
		}
		params = d.leaves("google", "login", "ann")
		h.clock.Advance(h.tenant.Settings.Account.LoginTimeout.Duration() + time.Second)
		if got := d.returns("google", params); got != fallback {
			t.Errorf("a state that is too old: %s", got)
		}
		params = d.leaves("google", "login", "ann")
		if got := d.returns("google", params); got != done || d.user() == "" {
			t.Fatalf("the right one: %s", got)
		}
		if got := d.returns("google", params); got != fallback {
			t.Errorf("twice: %s", got)
		}
	})
}

func TestAStateIsSpentOnceHoweverManyComeBackWithIt(t *testing.T) {
	const n = 16
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, "")
		h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
		d := h.browser()
		params := d.leaves("google", "login", "ann")
		visits := make([]*flows.Visit, n)
		for i := range visits {
			visits[i] = d.visit()
		}
		at := make([]string, n)
		errs := together(n, func(i int) (err error) {
			p := url.Values{}
			for k, v := range params {
				p[k] = v
			}
			p.Set("code", fmt.Sprint(i)) // the provider would take each
			at[i], err = h.ReturnFromProvider(t.Context(), visits[i], h.app("google"), p)
			return err
		})
		entered := 0
		for i := range n {
			if errs[i] == nil && at[i] == done {
				entered++
			} else if at[i] != fallback && !refusal.Is(errs[i], refusal.Conflict) {
				t.Errorf("%s, %v", at[i], errs[i])
			}
		}
		if entered != 1 {
			t.Errorf("%d came in by one state", entered)
		}
	})
}

// app is one of the tenant's apps.
func (h *house) app(id string) tenants.App {
	h.Helper()
	for _, a := range h.tenant.Settings.Apps() {
		if a.ID == id {
			return a
		}
	}
	h.Fatalf("there is no app %s", id)
	return tenants.App{}
}

func TestWhereSomebodyMayBeSentOn(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	for address, fine := range map[string]bool{
		"/": true, "/done": true, "/done?a=b&c=d#e": true, "https://acme.example/done": true, "https://acme.example": true,
		"https://app.example.net/x": true, "https://app.example.net:443/x": false, "": false, "done": false, "//evil.example": false,
		"///evil.example": false, `/\evil.example`: false, `\/evil.example`: false, `/done\`: false, "/\t/evil.example": false,
		"/\r\nSet-Cookie: a=b": false, "/%0d%0aX:y": true, "/done ": false, " /done": false, "/dönе": false,
		"http:///evil.example": false, "https:evil.example": false, "https:/evil.example": false, "javascript:alert(1)": false,
		"data:text/html,x": false, "https://evil.example/": false, "https://acme.example.evil.example/": false,
		"https://evil.example/acme.example": false, "https://evil-acme.example/": false, "https://acme.example@evil.example/": false,
		"https://user@acme.example/": false, "https://acme.example:8443/": false, "https://acme.example:@evil.example": false,
		"http://acme.example/": true, "http://app.example.net/": false, "http://acme.example:80/": false, "https://xn--acme-9na.example/": false, "https://acme.example\\@evil.example/": false,
		"https://acme.example%2eevil.example/": false, "https://ACME.example/": false, "HTTPS://acme.example/": false,
		"https://sub.app.example.net/": false, "ftp://acme.example/": false, "https://[::1]/": false, "/" + strings.Repeat("a", 3000): false,
	} {
		d := h.browser()
		var location string
		d.do(func(v *flows.Visit) (err error) {
			location, err = h.GoToProvider(t.Context(), v, flows.ProviderRedirectInput{Provider: "google", Callback: address, Process: "login"})
			return err
		})
		if sent := strings.HasPrefix(location, "https://idp.example/"); sent != fine || (!sent && location != fallback) {
			t.Errorf("%q: sent to %s", address, location)
		}
	}
	for _, in := range []flows.ProviderRedirectInput{
		{Provider: "unknown", Callback: "/", Process: "login"}, {Callback: "/", Process: "login"}, {Provider: "google", Callback: "/"},
		{Provider: "google", Callback: "/", Process: "signup"},
	} {
		v := h.browser().visit()
		location, err := h.GoToProvider(t.Context(), v, in)
		h.must(err)
		if location != fallback || v.Issued() != "" {
			t.Errorf("%+v: sent to %s", in, location)
		}
	}
}

func TestWhatFrontEndsAreToldOfANo(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional+`, "reauthentication_required": true`, "")
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	h.idp.vouchFor("bob", vouched("2", "bob@example.org"))
	d := h.browser()
	no := func(change func(url.Values), want string) {
		t.Helper()
		params := d.leaves("google", "login", "ann")
		change(params)
		if got := d.returns("google", params); got != failedWith(want, "login") || d.user() != "" {
			t.Errorf("went on to %s", got)
		}
	}
	no(func(p url.Values) { p.Set("error", "access_denied") }, "cancelled")
	var sent string
	d.do(func(v *flows.Visit) (err error) {
		sent, err = h.GoToProvider(t.Context(), v, flows.ProviderRedirectInput{
			Provider: "google", Callback: "/done?error=own&x=1&error_process=own&%65rror=own&errors=2", Process: "login",
		})
		return err
	})
	u, err := url.Parse(sent)
	h.must(err)
	if got := d.returns("google", url.Values{"state": {u.Query().Get("state")}, "error": {"access_denied"}}); got != "/done?x=1&errors=2&error=cancelled&error_process=login" {
		t.Errorf("an address with an error of its own: went on to %s", got)
	}
	no(func(p url.Values) { p.Set("as", "nobody") }, "unknown")
	no(func(p url.Values) { p.Set("nonce", "another") }, "unknown")
	no(func(p url.Values) { p.Set("challenge", "another") }, "unknown")
	if got := d.returns("google", d.leaves("google", "connect", "ann")); got != failedWith("permission_denied", "connect") {
		t.Errorf("a stranger connects: %s", got)
	}
	other := h.browser()
	other.returns("google", other.leaves("google", "login", "bob"))
	d.returns("google", d.leaves("google", "login", "ann"))
	if got := d.returns("google", d.leaves("google", "connect", "bob")); got != failedWith("connected_other", "connect") {
		t.Errorf("somebody else's account: %s", got)
	}
	d.do(h.changePassword("", password))
	h.clock.Advance(h.tenant.Settings.Account.ReauthenticationTimeout.Duration())
	params := d.leaves("github", "connect", "ann")
	if got := d.returns("github", params); got != failedWith("reauthentication_required", "connect") {
		t.Errorf("without a recent proof: %s", got)
	}
	h.tenant.Settings.Account.SignupEnabled = false
	h.idp.vouchFor("eve", vouched("3", "eve@example.org"))
	closed := h.browser()
	if got := closed.returns("google", closed.leaves("google", "login", "eve")); got != failedWith("signup_closed", "login") {
		t.Errorf("a newcomer where nobody may sign up: %s", got)
	}
}

func TestProvidersAreAskedAsOftenAsTheTenantSays(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	h.limits("provider", "3/m/ip")
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	goes := func(d *device, process, callback string) (location string) {
		d.do(func(v *flows.Visit) (err error) {
			location, err = h.GoToProvider(t.Context(), v, flows.ProviderRedirectInput{Provider: "google", Callback: callback, Process: process})
			return err
		})
		return location
	}
	d, late := h.browser(), h.browser()
	for range 10 { // nobody is asked anything for these, and no page may use up by them what others have
		if at := d.returns("google", url.Values{"state": {"made up"}, "code": {"1"}}); at != fallback {
			t.Fatal(at)
		}
		if at := goes(d, "login", "https://evil.example/"); at != fallback {
			t.Fatal(at)
		}
	}
	if at := d.returns("google", d.leaves("google", "login", "ann")); at != done || d.user() == "" {
		t.Fatalf("within the rate: went on to %s", at)
	}
	params := late.leaves("google", "login", "ann") // the third
	if at := late.returns("google", params); at != failedWith("rate_limited", "login") || late.user() != "" || h.idp.spent[params.Get("code")] {
		t.Errorf("coming back once too often: went on to %s", at)
	}
	for _, process := range []string{"login", "connect"} {
		before := h.one(`SELECT state FROM sessions WHERE user_id IS NOT NULL`)
		if at := goes(d, process, done); at != failedWith("rate_limited", process) {
			t.Errorf("going there once too often: went on to %s", at)
		}
		if h.one(`SELECT state FROM sessions WHERE user_id IS NOT NULL`) != before {
			t.Error("a way that was not gone is remembered")
		}
	}
	if got := h.refusals.take(); !slices.Equal(got, []string{"acme provider", "acme provider", "acme provider"}) {
		t.Errorf("%q were counted", got)
	}
	h.clock.Advance(time.Minute)
	if at := late.returns("google", params); at != fallback {
		t.Errorf("a state that came back once is good again: %s", at)
	}
	if at := late.returns("google", late.leaves("google", "login", "ann")); at != done || late.user() == "" {
		t.Errorf("a minute later: went on to %s", at)
	}
	h.limits("provider", "") // a tenant may do without
	for range 100 {
		late.leaves("google", "login", "ann")
	}
}

// limits sets the rates of an action, and lifts all others.
func (h *house) limits(action, rates string) {
	h.Helper()
	l, err := tenants.NewRateLimits(map[string]string{action: rates})
	h.must(err)
	h.tenant.Settings.Account.RateLimits = l
}

func TestAnAppThatIsTakenAwayLetsNobodyIn(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, `"auto_signup": false`)
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	d := h.browser()
	params := d.leaves("google", "login", "ann")
	pending := h.device()
	pending.do(h.byToken("ann", "login"))
	if !pending.visit().AwaitsProviderSignup() {
		t.Fatal("no signup waits")
	}
	delete(h.tenant.Settings.SocialAccount.Providers, "google")
	if got := d.returns("google", params); got != "404" {
		t.Errorf("the callback of an app that is gone: %s", got)
	}
	if got := d.returns("github", params); got != fallback {
		t.Errorf("by way of another's: %s", got)
	}
	_, err := pending.try(func(v *flows.Visit) error {
		return h.FinishProviderSignup(t.Context(), v, flows.ProviderSignupInput{Email: "ann@example.org"})
	})
	h.refused(err, refusal.Conflict, "")
	_, err = h.device().try(h.byToken("ann", "login"))
	h.refused(err, refusal.Invalid, refusal.InvalidToken)
	if h.count("users") != "0" {
		t.Error("there is an account")
	}
}

func TestAnAddressLetsInOnlyWhereItsProviderIsTrusted(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for _, row := range []struct {
			name, social string
			id           provider.Identity
			in, stays    bool
		}{
			{"a provider that is not trusted", "", vouched("1", "ann@example.org"), false, false},
			{"a trusted one", `"email_authentication": true`, vouched("1", "ann@example.org"), true, false},
			{"a trusted one that connects", `"email_authentication": true, "email_authentication_auto_connect": true`, vouched("1", "ann@example.org"), true, true},
			{"connecting without trust", `"email_authentication_auto_connect": true`, vouched("1", "ann@example.org"), false, false},
			{"an address that the provider has not verified", `"email_authentication": true`, notVerified(vouched("1", "ann@example.org")), false, false},
			{"another spelling", `"email_authentication": true`, vouched("1", "ANN@Example.org"), true, false},
			{"a look-alike", `"email_authentication": true`, vouched("1", "\u0430nn@example.org"), false, false},
		} {
			t.Run(row.name, func(t *testing.T) {
				h := newProviderHouse(t, engine, optional, row.social)
				ann := h.verified("ann@example.org")
				h.idp.vouchFor("ann", row.id)
				d := h.device()
				d.do(h.byToken("ann", "login"))
				if got := d.user(); (got == ann) != row.in {
					t.Fatalf("signed in as %q", got)
				}
				if got := h.one(`SELECT COUNT(*) FROM provider_accounts WHERE user_id = $1`, ann); (got == "1") != row.stays {
					t.Errorf("%s accounts are connected", got)
				}
				h.login("ann@example.org") // her password still does
			})
		}
	})
}

// TestAnAccountIsNotHadByAnAddressThatItOnlyNames has somebody with an account of their own name another's address in it.
func TestAnAccountIsNotHadByAnAddressThatItOnlyNames(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, `"email_authentication": true`)
	bob := h.verified("bob@example.org")
	d := h.signedIn("bob@example.org")
	_, err := d.add("ann@example.org")
	h.must(err)
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	ann := h.device()
	ann.do(h.byToken("ann", "login"))
	if got := ann.user(); got == bob || got == "" {
		t.Errorf("the address's owner is in %q", got)
	}
	if d.user() != bob {
		t.Error("bob was put out")
	}
}

func TestASquatterLosesEverythingToTheOwnerOfTheAddress(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, `"email_authentication": true, "email_authentication_auto_connect": true`)
		squatter := h.device()
		squatter.do(h.signUp(signupOf("ann@example.org")))
		_, err := squatter.add("squatter@example.org")
		h.must(err)
		link := h.key("ann@example.org")
		h.idp.vouchFor("squatter", vouched("666", ""))
		squatter.do(h.byToken("squatter", "connect"))

		h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
		owner := h.device()
		owner.do(h.byToken("ann", "login"))
		id := owner.user()
		if id == "" || id != h.one(`SELECT user_id FROM emails WHERE email = 'ann@example.org'`) {
			t.Fatal("the owner is not in the account")
		}
		if squatter.visit().Authenticated() {
			t.Error("the squatter's session goes on")
		}
		if _, err := h.device().try(func(v *flows.Visit) error { return h.Login(t.Context(), v, loginOf("ann@example.org", password)) }); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("the squatter's password still does: %v", err)
		}
		if got := h.one(`SELECT COUNT(*) FROM emails WHERE email = 'squatter@example.org'`); got != "0" {
			t.Error("the squatter's address stays a way in")
		}
		again := h.device()
		again.do(h.byToken("squatter", "login"))
		if again.user() == id {
			t.Error("the squatter's account with the provider still signs in")
		}
		_, err = h.device().try(h.verifyEmail(link))
		h.refused(err, refusal.Invalid, "")
		third := h.device()
		third.do(h.byToken("ann", "login"))
		if third.user() != id {
			t.Error("the owner's account with the provider is not connected")
		}
	})
}

// TestACodeLeavesNoAccountWithAProviderBehind is the same for an owner who comes by a code: whoever made the account may have connected one.
func TestACodeLeavesNoAccountWithAProviderBehind(t *testing.T) {
	h := newProviderHouse(t, "sqlite", codeLogin, "")
	h.idp.vouchFor("squatter", notVerified(vouched("666", "ann@example.org")))
	squatter := h.device()
	squatter.do(h.byToken("squatter", "login"))
	if !squatter.visit().Authenticated() {
		t.Fatal("the squatter is not in")
	}
	owner := h.device()
	owner.do(h.requestCode("ann@example.org"))
	owner.do(h.confirmCode(h.code("ann@example.org")))
	if !owner.visit().Authenticated() || squatter.visit().Authenticated() {
		t.Fatal("the account was not claimed")
	}
	again := h.device()
	again.do(h.byToken("squatter", "login"))
	if again.user() == owner.user() {
		t.Error("the squatter comes in again by the provider")
	}
}

func TestTheSecondFactorIsAskedForAfterAProvider(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, `"email_authentication": true`)
		h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
		d := h.device()
		d.do(h.byToken("ann", "login"))
		d.addApp()
		second := h.device()
		v := second.do(h.byToken("ann", "login"))
		if v.Pending() != flows.MFAAuthenticate || second.user() != "" {
			t.Errorf("it waits for %q", v.Pending())
		}

		// An account that nobody has proved an address of, and that has a factor: who set that up decides.
		h.signup("bob@example.org")
		made := h.signedIn("bob@example.org")
		made.addApp()
		h.idp.vouchFor("bob", vouched("2", "bob@example.org"))
		comes := h.device()
		v = comes.do(h.byToken("bob", "login"))
		if v.Pending() != flows.MFAAuthenticate || !made.visit().Authenticated() {
			t.Errorf("it waits for %q", v.Pending())
		}
		if got := h.one(`SELECT COUNT(*) FROM emails WHERE email = 'bob@example.org' AND verified`); got != "0" {
			t.Error("the address is proved before the factor was shown")
		}
	})
}

func TestAProofIsGoodOnce(t *testing.T) {
	const n = 16
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, "")
		id := vouched("1", "ann@example.org")
		id.Once = &provider.Once{ID: "https://idp.example 42", Until: h.clock.Now().Add(10 * time.Minute)}
		h.idp.vouchFor("ann", id)
		visits := make([]*flows.Visit, n)
		for i := range visits {
			visits[i] = h.open("")
		}
		errs := together(n, func(i int) error { return h.byToken("ann", "login")(visits[i]) })
		in := 0
		for _, err := range errs {
			if err == nil {
				in++
				continue
			}
			h.refused(err, refusal.Invalid, refusal.InvalidToken)
		}
		if in != 1 {
			t.Errorf("%d came in by one token", in)
		}
		other := testkit.AddTenant(t, h.store, "umbrella", `{"socialaccount": {"providers": {"google": {"apps": [{"client_id": "g"}]}}}}`)
		v, err := h.Open(t.Context(), other, flows.Origin{Client: flows.App})
		h.must(err)
		h.must(h.byToken("ann", "login")(v)) // which is another app's matter
		long := vouched("3", "eve@example.org")
		long.Once = &provider.Once{ID: "x", Until: h.clock.Now().Add(48 * time.Hour)}
		h.idp.vouchFor("eve", long)
		_, err = h.device().try(h.byToken("eve", "login"))
		h.refused(err, refusal.Invalid, refusal.InvalidToken)
		h.clock.Advance(time.Hour)
		swept, err := h.store.SweepProofs(t.Context(), h.clock.Now(), 100)
		if err != nil || swept != 2 {
			t.Errorf("%d used proofs were swept: %v", swept, err)
		}
	})
}

func TestAnAccountWithAProviderIsOnePersons(t *testing.T) {
	const n = 8
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, "")
		h.idp.vouchFor("ann", vouched("1", ""))
		devices := make([]*device, n)
		visits := make([]*flows.Visit, n)
		for i := range n {
			devices[i] = h.device()
			devices[i].do(h.signUp(signupOf(fmt.Sprintf("user%d@example.org", i))))
			visits[i] = devices[i].visit()
		}
		errs := together(n, func(i int) error { return h.byToken("ann", "connect")(visits[i]) })
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			h.refused(err, refusal.Invalid, refusal.ConnectedOther)
		}
		if won != 1 || h.count("provider_accounts") != "1" {
			t.Errorf("%d connected it", won)
		}
	})
}

// Whom the address would sign in has the provider's account, though nothing is connected.
func TestAnAddressThatSignsInIsNotConnectedByAnother(t *testing.T) {
	for trusted, code := range map[bool]refusal.Code{true: refusal.ConnectedOther, false: ""} {
		h := newProviderHouse(t, "sqlite", optional, fmt.Sprintf(`"email_authentication": %t`, trusted))
		_, bob := signedUp(h, 1)
		ann, to := signedUp(h, 2)
		h.idp.vouchFor("bob", vouched("1", bob))
		h.idp.vouchFor("ann", vouched("2", to))
		_, err := ann.try(h.byToken("bob", "connect"))
		if code == "" {
			h.must(err)
			continue
		}
		h.refused(err, refusal.Invalid, code)
		ann.do(h.byToken("ann", "connect"))
		if got := h.count("provider_accounts"); got != "1" {
			t.Errorf("%s are connected", got)
		}
		// An account that was made with the address, and never proved it, keeps nobody out.
		h.device().do(h.signUp(signupOf(person(3))))
		h.idp.vouchFor("cat", vouched("3", person(3)))
		ann.do(h.byToken("cat", "connect"))
	}
}

func TestAProvidersTokenNamesItsApp(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	try := func(change func(in *flows.ProviderTokenInput)) error {
		in := flows.ProviderTokenInput{Provider: "google", Process: "login", Token: &flows.ProviderToken{ClientID: "g", ID: "ann"}}
		change(&in)
		_, err := h.device().try(func(v *flows.Visit) error { return h.EnterByProviderToken(t.Context(), v, in) })
		return err
	}
	h.must(try(func(in *flows.ProviderTokenInput) { in.Provider = " google\n" }))
	h.must(try(func(in *flows.ProviderTokenInput) { in.Token.ClientID = "" })) // that of the only app there is
	h.refused(try(func(in *flows.ProviderTokenInput) { in.Token.ClientID = "h" }), refusal.Invalid, refusal.InvalidToken)
	h.refused(try(func(in *flows.ProviderTokenInput) { in.Token.NoClientID = true }), refusal.Invalid, refusal.ClientIDRequired)
	h.refused(try(func(in *flows.ProviderTokenInput) { in.Provider = " " }), refusal.Invalid, refusal.Required)
	err := try(func(in *flows.ProviderTokenInput) {
		in.TokenMissing, in.Token = true, &flows.ProviderToken{NoClientID: true}
	})
	if r, ok := refusal.As(err); !ok || len(r.Details) != 1 || r.Details[0].Code != refusal.Required {
		t.Errorf("an empty object: %v", err)
	}
}

// Who is signed in is told of the same ways in as a stranger, where a step is for somebody who is not.
func TestWhoIsPutOutIsToldOfProviders(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	d, _ := signedUp(h, 1)
	d.browser = true
	stranger := h.browser().visit().Status().Flows
	if got := d.visit().PutOut().Status().Flows; !reflect.DeepEqual(got, stranger) {
		t.Errorf("told of %+v, a stranger of %+v", got, stranger)
	}
}

func TestTheLastWayInStays(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, "")
		h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
		h.idp.vouchFor("ann too", vouched("2", ""))
		d := h.device()
		d.do(h.byToken("ann", "login"))
		d.do(h.byToken("ann too", "connect"))
		drop := func(uid string) func(v *flows.Visit) error {
			return func(v *flows.Visit) error {
				_, err := h.DisconnectProvider(t.Context(), v, flows.DisconnectInput{Provider: "google", Account: uid})
				return err
			}
		}
		one, two := d.visit(), d.visit()
		errs := together(2, func(i int) error { return drop([]string{"1", "2"}[i])([]*flows.Visit{one, two}[i]) })
		if h.count("provider_accounts") != "1" || (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("%s are left; %v", h.count("provider_accounts"), errs)
		}
		left := h.one(`SELECT uid FROM provider_accounts`)
		_, err := d.try(drop(left))
		h.refused(err, refusal.Invalid, refusal.NoPassword)
		_, err = d.try(drop("another"))
		h.refused(err, refusal.Invalid, refusal.AccountNotFound)
		d.do(h.changePassword("", password))
		d.do(drop(left))
		again := h.device()
		again.do(h.byToken(map[string]string{"1": "ann", "2": "ann too"}[left], "login"))
		if again.user() == d.user() {
			t.Error("an account that was disconnected still signs in")
		}
	})
}

// TestAnAccountThatLetsNobodyInIsNoWayIn: one whose app is gone, is not shown, or is of a provider that this server does not know.
func TestAnAccountThatLetsNobodyInIsNoWayIn(t *testing.T) {
	drop := func(d *device, provider, uid string) func(v *flows.Visit) error {
		return func(v *flows.Visit) error {
			_, err := d.DisconnectProvider(d.Context(), v, flows.DisconnectInput{Provider: provider, Account: uid})
			return err
		}
	}
	connected := func(t *testing.T, engine string) (*house, *device) {
		h := newProviderHouse(t, engine, optional, "")
		h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
		h.idp.vouchFor("ann too", vouched("2", ""))
		h.idp.vouchFor("ann elsewhere", vouched("3", ""))
		d := h.browser()
		d.do(h.byToken("ann", "login"))
		d.returns("github", d.leaves("github", "connect", "ann elsewhere"))
		if h.count("provider_accounts") != "2" {
			t.Fatal("the accounts are not connected")
		}
		return h, d
	}
	for name, change := range map[string]func(h *house){
		"an app that is gone": func(h *house) { delete(h.tenant.Settings.SocialAccount.Providers, "github") },
		"an app that is not shown": func(h *house) {
			h.tenant.Settings.SocialAccount.Providers["github"].Apps[0].Settings.Hidden = true
		},
		"a provider that is not known": func(h *house) { h.idp.unknown = "github" },
	} {
		t.Run(name, func(t *testing.T) {
			h, d := connected(t, "sqlite")
			change(h)
			_, err := d.try(drop(d, "google", "1"))
			h.refused(err, refusal.Invalid, refusal.NoPassword)
			if h.count("provider_accounts") != "2" {
				t.Fatal("it is gone all the same")
			}
			d.do(drop(d, "github", "3")) // the way in stays
			_, err = d.try(drop(d, "google", "1"))
			h.refused(err, refusal.Invalid, refusal.NoPassword)
			d.do(h.changePassword("", password))
			d.do(drop(d, "google", "1"))
		})
	}

	// Two ways in, beside one that is none: while one session gives up the first, another gives up the second.
	testkit.Engines(t, func(t *testing.T, engine string) {
		h, d := connected(t, engine)
		d.do(h.byToken("ann too", "connect"))
		other := h.device()
		other.do(h.byToken("ann", "login"))
		delete(h.tenant.Settings.SocialAccount.Providers, "github")
		h.atSettling(func() {
			(&device{house: h.beside(), token: other.token}).do(drop(&device{house: h.beside()}, "google", "2"))
		})
		_, err := d.try(drop(d, "google", "1"))
		h.on(nil)
		h.refused(err, refusal.Invalid, refusal.NoPassword)
		if n := h.one(`SELECT COUNT(*) FROM provider_accounts WHERE provider = 'google'`); n != "1" {
			t.Errorf("%s ways in are left", n)
		}
	})
}

func TestASignupThatWaitsForMore(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, `"auto_signup": false`)
		h.verified("taken@example.org")
		h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
		d := h.device()
		v := d.do(h.byToken("ann", "login"))
		if v.Authenticated() || !v.AwaitsProviderSignup() || v.Issued() == "" {
			t.Fatal("no signup waits")
		}
		finish := func(email string) func(*flows.Visit) error {
			return func(v *flows.Visit) error {
				return h.FinishProviderSignup(t.Context(), v, flows.ProviderSignupInput{Email: email})
			}
		}
		_, err := h.device().try(finish("ann@example.org"))
		h.refused(err, refusal.Conflict, "") // another session has nothing of it
		_, err = d.try(finish("taken@example.org"))
		h.refused(err, refusal.Invalid, refusal.EmailTaken)
		_, err = d.try(finish(""))
		h.refused(err, refusal.Invalid, refusal.Required)
		visits := []*flows.Visit{d.visit(), d.visit(), d.visit()}
		errs := together(len(visits), func(i int) error { return finish("other@example.org")(visits[i]) })
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				d.token = visits[i].Issued()
			}
		}
		if won != 1 || h.count("users") != "2" {
			t.Fatalf("%d made an account; %v", won, errs)
		}
		h.have(d.addresses(), nil, "ann@example.org primary verified", "other@example.org unverified")
		_, err = d.try(finish("more@example.org"))
		h.refused(err, refusal.Conflict, "")
	})
}

// addresses are those of whoever is signed in.
func (d *device) addresses() map[string]string {
	d.Helper()
	views, err := d.Emails(d.Context(), d.visit())
	d.must(err)
	all := map[string]string{}
	for _, e := range views {
		words := []string{}
		if e.Primary {
			words = append(words, "primary")
		}
		words = append(words, map[bool]string{false: "unverified", true: "verified"}[e.Verified])
		all[e.Email] = strings.Join(words, " ")
	}
	return all
}

func TestASignupByAProviderIsGivenUpOrRunsOut(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, `"auto_signup": false`)
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	h.idp.vouchFor("bob", vouched("2", "bob@example.org"))
	for name, ends := range map[string]func(d *device){
		"a logout":            func(d *device) { d.do(func(v *flows.Visit) error { return h.Logout(t.Context(), v) }) },
		"time":                func(*device) { h.clock.Advance(h.tenant.Settings.Account.LoginTimeout.Duration() + time.Second) },
		"a signup otherwise":  func(d *device) { d.do(h.signUp(signupOf("other@example.org"))) },
		"another login there": func(d *device) { d.do(h.byToken("bob", "login")) },
	} {
		d := h.device()
		d.do(h.byToken("ann", "login"))
		before := d.visit()
		if !before.AwaitsProviderSignup() {
			t.Fatal("no signup waits")
		}
		ends(d)
		pending, err := h.PendingProviderSignup(d.visit())
		if err == nil && pending.Account.UID != "2" {
			t.Errorf("%s did not end it", name)
		}
	}
}

func TestDeactivatedUsersDoNotComeInByProviders(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, `"email_authentication": true`)
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	d := h.device()
	d.do(h.byToken("ann", "login"))
	h.setActive(d.user(), false)
	for _, name := range []string{"ann", "ann by another"} {
		h.idp.vouchFor("ann by another", vouched("2", "ann@example.org"))
		v, err := h.device().try(h.byToken(name, "login"))
		if v.Authenticated() || v.Pending() != "" {
			t.Errorf("%s: signed in, %v", name, err)
		}
	}
}

// TestWhatEachTenantKnowsIsItsOwn shows one tenant's state and its accounts to another that has the same app.
func TestWhatEachTenantKnowsIsItsOwn(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	d := h.browser()
	params := d.leaves("google", "login", "ann")
	other := h.beside()
	other.tenant = testkit.AddTenant(t, h.store, "umbrella", `{"public_url": "https://acme.example",
		"socialaccount": {"providers": {"google": {"apps": [{"client_id": "g"}]}}}}`)
	stray := &device{house: other, browser: true, token: d.token}
	if got := stray.returns("google", params); got != fallback {
		t.Errorf("another tenant took the state: %s", got)
	}
	if got := d.returns("google", params); got != done {
		t.Fatalf("its own did not: %s", got)
	}
	there := &device{house: other}
	there.do(other.byToken("ann", "login"))
	if got := there.user(); got == "" || got == d.user() {
		t.Errorf("one person is %q in both", got)
	}
}

func TestAProviderThatSaysNoOneIsRefused(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	for name, id := range map[string]provider.Identity{"nobody": {}, "too long": {UID: strings.Repeat("1", 501)}, "zero": {UID: "a\x00b"}} {
		h.idp.vouchFor(name, id)
		_, err := h.device().try(h.byToken(name, "login"))
		h.refused(err, refusal.Invalid, refusal.InvalidToken)
	}
	if h.count("users") != "0" {
		t.Error("there is an account")
	}
}

// TestALoginByAProviderEndsTheSessionBefore has somebody who is signed in come in as another.
func TestALoginByAProviderEndsTheSessionBefore(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	h.verified("bob@example.org")
	d := h.signedIn("bob@example.org")
	was := &device{house: h, token: d.token}
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	d.do(h.byToken("ann", "login"))
	if d.token == was.token || d.user() == "" || was.visit().Authenticated() {
		t.Error("the session before goes on")
	}
	all, err := h.store.For(h.tenant).ProviderAccountsOf(t.Context(), d.user())
	if err != nil || len(all) != 1 || !all[0].LastUsedAt.Equal(h.clock.Now().UTC()) {
		t.Errorf("%+v %v", all, err)
	}
}

// TestWhatWasBegunBeforeALoginIsNotFinishedAfterIt has an attacker plant a session in which a way to a provider was begun.
func TestWhatWasBegunBeforeALoginIsNotFinishedAfterIt(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	h.verified("victim@example.org")
	h.idp.vouchFor("attacker", vouched("666", ""))
	d := h.browser()
	connects, signsIn := d.leaves("google", "connect", "attacker"), d.leaves("google", "login", "attacker")
	d.do(func(v *flows.Visit) error { return h.Login(t.Context(), v, loginOf("victim@example.org", password)) })
	victim := d.user()
	for _, params := range []url.Values{connects, signsIn} {
		if got := d.returns("google", params); got != fallback || d.user() != victim {
			t.Errorf("went on to %s", got)
		}
	}
	if h.count("provider_accounts") != "0" {
		t.Error("the attacker's account signs in to the victim's")
	}
}

// TestAPlantedTokenIsNoneOnceTheSecondFactorIsShown follows the token that a browser had when it was sent to a provider.
func TestAPlantedTokenIsNoneOnceTheSecondFactorIsShown(t *testing.T) {
	h := newHouseOf(t, "sqlite", `{"account": {`+unlimited+`, `+optional+`}, "mfa": {"supported_types": ["totp", "recovery_codes"], "trust_enabled": true},
		"socialaccount": {"providers": {"google": {"apps": [{"client_id": "g"}]}}}}`)
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	first := h.browser()
	first.returns("google", first.leaves("google", "login", "ann"))
	x := first.addApp()
	d := h.browser()
	params := d.leaves("google", "login", "ann")
	planted := &device{house: h, browser: true, token: d.token}
	d.returns("google", params)
	if d.token != planted.token || d.visit().Pending() != flows.MFAAuthenticate {
		t.Fatal("the login waits under another token than the contract has it")
	}
	h.clock.Advance(time.Minute)
	d.do(func(v *flows.Visit) error { return h.AuthenticateByCode(t.Context(), v, x.code()) })
	if d.visit().Pending() != flows.MFATrust || planted.visit().Pending() != "" || planted.user() != "" {
		t.Errorf("whoever planted the token goes on: %q", planted.visit().Pending())
	}
}

// TestASignupByAProviderDoesNotWaitUnderAPlantedToken is the same for one whose address is to be proved.
func TestASignupByAProviderDoesNotWaitUnderAPlantedToken(t *testing.T) {
	h := newProviderHouse(t, "sqlite", byCode, "")
	h.idp.vouchFor("ann", notVerified(vouched("1", "ann@example.org")))
	d := h.browser()
	params := d.leaves("google", "login", "ann")
	planted := &device{house: h, browser: true, token: d.token}
	d.returns("google", params)
	if d.visit().Pending() != flows.VerifyEmail || planted.visit().Pending() != "" {
		t.Errorf("it waits for %q, and for whoever planted the token for %q", d.visit().Pending(), planted.visit().Pending())
	}
}

// TestTypingAnAddressAtASignupTellsNotWhoHasIt finishes two signups by a provider: with an address that is free, and with one that is not.
func TestTypingAnAddressAtASignupTellsNotWhoHasIt(t *testing.T) {
	h := newProviderHouse(t, "sqlite", byCode, `"auto_signup": false`)
	taken := h.browser()
	taken.do(h.signUp(signupOf("taken@example.org")))
	taken.do(h.verifyEmail(h.code("taken@example.org")))
	var got []string
	for i, typed := range []string{"free@example.org", "taken@example.org"} {
		name := fmt.Sprintf("p%d", i)
		h.idp.vouchFor(name, vouched(name, name+"@example.net"))
		d := h.device()
		d.do(h.byToken(name, "login"))
		v := d.do(func(v *flows.Visit) error {
			return h.FinishProviderSignup(t.Context(), v, flows.ProviderSignupInput{Email: typed})
		})
		got = append(got, fmt.Sprint(v.Authenticated(), v.Pending(), d.addresses()[typed], d.addresses()[name+"@example.net"]))
	}
	if got[0] != got[1] || !strings.HasPrefix(got[0], "true") {
		t.Errorf("free: %s; taken: %s", got[0], got[1])
	}
	if kinds := h.kinds("taken@example.org"); kinds[len(kinds)-1] != "account_already_exists" {
		t.Errorf("its owner was mailed %v", kinds)
	}
}

// TestNothingIsConnectedBeforeTheSecondFactor has somebody come who has the mailbox, and not the factor.
func TestNothingIsConnectedBeforeTheSecondFactor(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, `"email_authentication": true, "email_authentication_auto_connect": true`)
	h.verified("ann@example.org")
	h.signedIn("ann@example.org").addApp()
	h.idp.vouchFor("thief", vouched("1", "ann@example.org"))
	d := h.device()
	if v := d.do(h.byToken("thief", "login")); v.Pending() != flows.MFAAuthenticate || h.count("provider_accounts") != "0" {
		t.Errorf("it waits for %q, and %s accounts are connected", v.Pending(), h.count("provider_accounts"))
	}
}

// A login that a provider began, and that waits: Keycloak CVE-2026-9087, CVE-2026-82968 and CVE-2026-92358, Zitadel CVE-2025-64717. What was
// proved for one account with a provider linked another one, was good once more, or after the link was taken away, or the provider switched off.
type begun struct {
	account, social string
	begin           func(h *house, d *device) (prove func() step) // what shows the proof that it waits for
	waits           flows.Stage
}

var begunByProviders = map[string]begun{
	"a factor": {optional, "", func(h *house, d *device) func() step {
		owner := h.device()
		owner.do(h.byToken("ann", "login"))
		x := owner.addApp()
		h.clock.Advance(period)
		d.do(h.byToken("ann", "login"))
		return func() step { return h.showCode(x.code()) }
	}, flows.MFAAuthenticate},
	"a factor of an account that is known by its address": {optional, `"email_authentication": true`, func(h *house, d *device) func() step {
		h.verified("ann@example.org")
		x := h.signedIn("ann@example.org").addApp()
		h.clock.Advance(period)
		d.do(h.byToken("ann", "login"))
		return func() step { return h.showCode(x.code()) }
	}, flows.MFAAuthenticate},
	"the proof of an address": {byCode, "", func(h *house, d *device) func() step {
		h.idp.vouchFor("ann", notVerified(vouched("1", "ann@example.org")))
		d.do(h.byToken("ann", "login"))
		return func() step { return h.verifyEmail(h.code("ann@example.org")) }
	}, flows.VerifyEmail},
}

// beginsByProvider is a house and a device whose login waits, and what it waits for.
func (b begun) beginsByProvider(t *testing.T) (h *house, d *device, prove step) {
	t.Helper()
	h = newProviderHouse(t, "sqlite", b.account, b.social)
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	h.idp.vouchFor("eve", vouched("666", "eve@example.org"))
	d = h.device()
	show := b.begin(h, d)
	if got := d.visit().Pending(); got != b.waits {
		t.Fatalf("it waits for %q", got)
	}
	return h, d, show()
}

func TestWhatIsProvedForOneAccountWithAProviderIsNotForAnother(t *testing.T) {
	for name, b := range begunByProviders {
		t.Run(name, func(t *testing.T) {
			h, d, prove := b.beginsByProvider(t)
			d.do(h.byToken("eve", "login")) // the same session goes on as another account with the provider
			eve := d.user()
			_, err := d.try(prove)
			if d.user() != eve || eve == "" {
				t.Errorf("signed in as %q, not %q: %v", d.user(), eve, err)
			}
			if err == nil {
				t.Error("what one account was asked for is taken of the other")
			}
			if got := h.one(`SELECT COUNT(*) FROM provider_accounts p JOIN emails e ON e.user_id = p.user_id
				WHERE p.uid = '666' AND e.email = 'ann@example.org'`); got != "0" {
				t.Error("the second account is linked to the first one's user")
			}
			if got := h.one(`SELECT COUNT(*) FROM emails WHERE email = 'ann@example.org' AND verified AND user_id = $1`, eve); got != "0" {
				t.Error("the second one has the first one's address")
			}
		})
	}
}

func TestALoginByAProviderEndsWithWhatItBeganWith(t *testing.T) {
	for name, b := range begunByProviders {
		for how, end := range map[string]func(h *house){
			"the app is gone":             func(h *house) { delete(h.tenant.Settings.SocialAccount.Providers, "google") },
			"the provider is not known":   func(h *house) { h.idp.unknown = "google" },
			"the account is disconnected": func(h *house) { h.exec(`DELETE FROM provider_accounts`) },
			"the account is somebody else's": func(h *house) {
				h.device().do(h.byToken("eve", "login"))
				h.exec(`UPDATE provider_accounts SET user_id = (SELECT user_id FROM provider_accounts WHERE uid = '666') WHERE uid = '1'`)
			},
			"its word for addresses counts no more": func(h *house) { h.tenant.Settings.SocialAccount.EmailAuthentication = false },
			"nothing happened":                      func(*house) {},
			"another account is disconnected":       func(h *house) { h.exec(`DELETE FROM provider_accounts WHERE uid <> '1'`) },
		} {
			if strings.HasPrefix(how, "the account") && b.social != "" {
				continue // which is not connected
			}
			if strings.HasPrefix(how, "its word") && b.social == "" {
				continue // which it did not need
			}
			t.Run(name+", "+how, func(t *testing.T) {
				h, d, prove := b.beginsByProvider(t)
				end(h)
				_, err := d.try(prove)
				in, want := d.user() != "", how == "nothing happened" || strings.HasPrefix(how, "another")
				if in != want {
					t.Errorf("signed in: %t, %v", in, err)
				}
				if !in && d.visit().Pending() != "" {
					t.Errorf("it still waits for %q", d.visit().Pending())
				}
				_, err = d.try(prove)
				if err == nil {
					t.Error("the same proof is taken twice")
				}
			})
		}
	}
}

// TestAProofIsNoneOnceTheAccountIsDisconnected: what connected an account, or began to, does not connect it again.
func TestAProofIsNoneOnceTheAccountIsDisconnected(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	id := vouched("1", "")
	id.Once = &provider.Once{ID: "https://idp.example 42", Until: h.clock.Now().Add(10 * time.Minute)}
	h.idp.vouchFor("ann", id)
	d := h.browser()
	d.do(h.signUp(signupOf("ann@example.org")))
	params := d.leaves("google", "connect", "ann")
	if got := d.returns("google", params); got != done || h.count("provider_accounts") != "1" {
		t.Fatalf("went on to %s", got)
	}
	d.do(func(v *flows.Visit) error {
		_, err := h.DisconnectProvider(t.Context(), v, flows.DisconnectInput{Provider: "google", Account: "1"})
		return err
	})
	if got := d.returns("google", params); got != fallback {
		t.Errorf("the state is good once more: %s", got)
	}
	for _, process := range []string{"connect", "login"} {
		_, err := d.try(h.byToken("ann", process))
		h.refused(err, refusal.Invalid, refusal.InvalidToken)
	}
	if h.count("provider_accounts") != "0" || h.count("users") != "1" {
		t.Error("the proof was taken again")
	}
}

// TestConnectingTakesARecentProofOfWhoCanGiveOne: who has a password or a factor is asked for it. Who has neither can prove nothing anew, and is
// let, as in the reference (allauth's did_recently_authenticate): their accounts with providers are all that they have.
func TestConnectingTakesARecentProofOfWhoCanGiveOne(t *testing.T) {
	for name, c := range map[string]struct {
		equip func(h *house, d *device) (prove func() step) // nil: there is no way to
	}{
		"a password": {func(h *house, d *device) func() step {
			d.do(h.changePassword("", password))
			return func() step { return h.reauthenticate(password) }
		}},
		"a factor": {func(h *house, d *device) func() step {
			x := d.addApp()
			return func() step { return h.showCodeAgain(x.code()) }
		}},
		"neither": {func(*house, *device) func() step { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			h := newProviderHouse(t, "sqlite", optional+`, "reauthentication_required": true`, "")
			h.idp.vouchFor("ann", vouched("ann", "ann@example.org"))
			h.idp.vouchFor("ann elsewhere", vouched("ann elsewhere", ""))
			h.idp.vouchFor("ann too", vouched("ann too", ""))
			d := h.browser()
			d.do(h.byToken("ann", "login"))
			prove := c.equip(h, d)
			h.clock.Advance(h.tenant.Settings.Account.ReauthenticationTimeout.Duration())
			byForm := func() string { return d.returns("github", d.leaves("github", "connect", "ann elsewhere")) }
			drop := func(v *flows.Visit) error {
				_, err := h.DisconnectProvider(t.Context(), v, flows.DisconnectInput{Provider: "google", Account: "ann"})
				return err
			}
			if prove == nil {
				if got := byForm(); got != done {
					t.Errorf("went on to %s", got)
				}
				d.do(h.byToken("ann too", "connect"))
				d.do(drop)
				return
			}
			if got := byForm(); got != failedWith("reauthentication_required", "connect") {
				t.Errorf("went on to %s", got)
			}
			v, err := d.try(h.byToken("ann too", "connect"))
			h.refused(err, refusal.Unauthenticated, "")
			if !v.Reauthenticating() || h.count("provider_accounts") != "1" {
				t.Errorf("%s accounts are connected", h.count("provider_accounts"))
			}
			d.do(prove())
			if got := byForm(); got != done {
				t.Errorf("went on to %s", got)
			}
			d.do(h.byToken("ann too", "connect"))
			h.clock.Advance(h.tenant.Settings.Account.ReauthenticationTimeout.Duration())
			_, err = d.try(drop)
			h.refused(err, refusal.Unauthenticated, "")
			h.clock.Advance(period)
			d.do(prove())
			d.do(drop)
		})
	}
}

// TestManyAddressesAreLookedUpAtOnce has a provider tell as many addresses as it may, the last of which is somebody's; and then a newcomer's, all
// but the last of which are somebody's.
func TestManyAddressesAreLookedUpAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name, account := range map[string]string{"each address is one person's": optional, "addresses are hidden": optional + `, "prevent_enumeration": "strict"`} {
			t.Run(name, func(t *testing.T) {
				h := newProviderHouse(t, engine, account, `"email_authentication": true`)
				ann, bob := h.verified("ann@example.org"), h.verified("bob@example.org")
				squatted := h.signedIn("bob@example.org")
				var all []provider.Email
				for i := range 48 {
					e := fmt.Sprintf("ann%d@example.net", i)
					_, err := squatted.add(e) // which is not where bob is reached
					h.must(err)
					all = append(all, provider.Email{Address: e, Verified: true})
				}
				asked := func(name string, id provider.Identity) (string, int) {
					h.idp.vouchFor(name, id)
					d, n := h.device(), 0
					h.on(func(op, query string) error {
						if op == faultdb.Query && strings.Contains(query, "emails") {
							n++
						}
						return nil
					})
					d.do(h.byToken(name, "login"))
					h.on(nil)
					return d.user(), n
				}
				if in, _ := asked("ann", provider.Identity{UID: "1", Emails: append(slices.Clone(all), provider.Email{Address: "ann@example.org", Verified: true})}); in != ann {
					t.Errorf("the last of many addresses signs in %q", in)
				}
				_, one := asked("ann", vouched("1", "ann@example.org"))
				_, many := asked("ann", provider.Identity{UID: "1", Emails: append(slices.Clone(all), provider.Email{Address: "ann@example.org", Verified: true})})
				if many > one+1 {
					t.Errorf("%d statements for many addresses, and %d for one", many, one)
				}
				in, many := asked("eve", provider.Identity{UID: "2", Emails: append([]provider.Email{{Address: "eve@example.org", Verified: true}}, all...)})
				if in == "" || in == ann || in == bob {
					t.Errorf("a newcomer is signed in as %q", in)
				}
				_, one = asked("joe", vouched("3", "joe@example.org"))
				if many > one+2 {
					t.Errorf("%d statements for a newcomer with many addresses, and %d with one", many, one)
				}
				if got := h.one(`SELECT COUNT(*) FROM emails WHERE user_id = $1 AND verified`, in); got != "6" {
					t.Errorf("the newcomer has %s addresses", got)
				}
			})
		}
	})
}

// TestAProofIsUsedByWhatItDoesAlone hands in a proof that is good once while the database fails, and where it is refused.
func TestAProofIsUsedByWhatItDoesAlone(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, "")
		id := vouched("1", "ann@example.org")
		id.Once = &provider.Once{ID: "https://idp.example 42", Until: h.clock.Now().Add(10 * time.Minute)}
		h.idp.vouchFor("ann", id)
		h.on(func(op, _ string) error {
			if op == faultdb.Commit {
				return faultdb.ErrInjected
			}
			return nil
		})
		_, err := h.device().try(h.byToken("ann", "login"))
		h.on(nil)
		h.refused(err, refusal.Busy, "")
		_, err = h.device().try(h.byToken("ann", "connect")) // where nobody is signed in
		h.refused(err, refusal.Forbidden, "")
		d := h.device()
		if d.do(h.byToken("ann", "login")); d.user() == "" {
			t.Error("whoever was told to come back is not let in")
		}
		for _, process := range []string{"login", "connect"} {
			_, err = d.try(h.byToken("ann", process))
			h.refused(err, refusal.Invalid, refusal.InvalidToken)
		}
	})
}

// TestWhatIsDisconnectedIsSaidToBe has the database fail as soon as the account is taken.
func TestWhatIsDisconnectedIsSaidToBe(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	d := h.device()
	d.do(h.signUp(signupOf("ann@example.org")))
	for _, name := range []string{"one", "two"} {
		h.idp.vouchFor(name, vouched(name, name))
		d.do(h.byToken(name, "connect"))
	}
	committed := false
	h.on(func(op, _ string) error {
		if committed {
			return faultdb.ErrInjected
		}
		committed = op == faultdb.Commit
		return nil
	})
	left, err := h.DisconnectProvider(t.Context(), d.visit(), flows.DisconnectInput{Provider: "google", Account: "one"})
	h.on(nil)
	if err != nil || len(left) != 1 || left[0].UID != "two" || left[0].Provider.Name != "The google" || h.count("provider_accounts") != "1" {
		t.Errorf("%s are left, and it is answered %+v, %v", h.count("provider_accounts"), left, err)
	}
}

// TestADeactivatedUsersProviderSignsOut has somebody who is signed in come by the provider of another, who is kept out.
func TestADeactivatedUsersProviderSignsOut(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, "")
	h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
	ann := h.device()
	ann.do(h.byToken("ann", "login"))
	h.setActive(ann.user(), false)
	h.verified("bob@example.org")
	d := h.signedIn("bob@example.org")
	was := &device{house: h, token: d.token}
	if v := d.do(h.byToken("ann", "login")); v.Authenticated() || !v.Ended() || was.user() != "" {
		t.Errorf("the client is told that nobody is signed in, and its token is of %q", was.user())
	}
}

// TestALoginByWhatWasDisconnectedIsGivenUp takes an account with a provider away, elsewhere, while a login by it waits for the second factor: before
// that is shown, and when it is about to be taken.
func TestALoginByWhatWasDisconnectedIsGivenUp(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for _, late := range []bool{false, true} {
			h := newProviderHouse(t, engine, optional, "")
			h.idp.vouchFor("ann", vouched("1", "ann@example.org"))
			own := h.device()
			own.do(h.byToken("ann", "login"))
			own.do(h.changePassword("", password))
			x := own.addApp()
			d := h.device()
			d.do(h.byToken("ann", "login"))
			if d.visit().Pending() != flows.MFAAuthenticate {
				t.Fatal("it does not wait for the factor")
			}
			h.clock.Advance(period)
			if late {
				rival := h.beside()
				h.atSettling(func() { h.must(rival.disconnect("1")((&device{house: rival, token: own.token}).visit())) })
			} else {
				own.do(h.disconnect("1"))
			}
			v := d.do(h.showCode(x.code()))
			h.on(nil)
			if v.Authenticated() || v.Pending() != "" || h.count("provider_accounts") != "0" {
				t.Errorf("late %t: signed in %t, waits for %q", late, v.Authenticated(), v.Pending())
			}
			again := h.device()
			again.do(h.byToken("ann", "login")) // which is a newcomer's
			again = h.device()
			if again.do(h.byToken("ann", "login")); again.user() == own.user() {
				t.Error("it still signs in")
			}
		}
	})
}
