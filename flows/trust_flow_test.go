package flows_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

func (h *house) answerTrust(trust bool) step {
	return func(v *flows.Visit) error { return h.Trust(h.Context(), v, trust) }
}

// trusted is a browser that is trusted for the second factor of an account.
func (h *house) trusted(to string, x totpApp) *device {
	h.Helper()
	d := h.browser().waits(to)
	if v := d.do(h.showCode(x.next())); v.Pending() != flows.MFATrust || v.Authenticated() {
		h.Fatalf("it waits at %q", v.Pending())
	}
	if v := d.do(h.answerTrust(true)); !v.Authenticated() || d.trust == "" {
		h.Fatalf("signed in %t, trusted by %q", v.Authenticated(), d.trust)
	}
	return d
}

// again is the same browser in another session.
func (d *device) again() *device { return &device{house: d.house, browser: true, trust: d.trust} }

// asks is where a login by password waits in a browser, "" for nowhere.
func (d *device) asks(email string) flows.Stage {
	d.Helper()
	v := d.again().do(d.logIn(loginOf(email, password)))
	if v.Authenticated() != (v.Pending() == "") {
		d.Fatalf("signed in %t, waits at %q", v.Authenticated(), v.Pending())
	}
	return v.Pending()
}

func TestTrustedBrowserIsNotAskedForTheFactor(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, trusting+`, "trust_cookie_age": 1000000`)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	d := h.trusted(to, x)
	if got := d.asks(to); got != "" {
		t.Errorf("a trusted browser is asked for %q", got)
	}
	if got := h.browser().asks(to); got != flows.MFAAuthenticate {
		t.Errorf("another browser is asked for %q", got)
	}
	h.clock.Advance(1000000*time.Second - time.Second)
	if got := d.asks(to); got != "" {
		t.Errorf("near the end of its time it is asked for %q", got)
	}
	h.clock.Advance(time.Second)
	if got := d.asks(to); got != flows.MFAAuthenticate {
		t.Errorf("after its time it is asked for %q", got)
	}
	h.clock.Advance(-2000000 * time.Second) // nor before it was given
	if got := d.asks(to); got != flows.MFAAuthenticate {
		t.Errorf("before its time it is asked for %q", got)
	}
}

func TestBrowserThatIsNotToBeTrustedIsNot(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, trusting)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	d := h.browser().waits(to)
	d.do(h.showCode(x.next()))
	_, err := h.browser().waits(to).try(h.answerTrust(true)) // before the factor is shown
	h.refused(err, refusal.Unauthenticated, "")
	if v := d.do(h.answerTrust(false)); !v.Authenticated() || d.trust != "" {
		t.Errorf("signed in %t, trusted by %q", v.Authenticated(), d.trust)
	}
	_, err = d.try(h.answerTrust(true)) // nor afterwards
	h.refused(err, refusal.Unauthenticated, "")
	if d.trust != "" {
		t.Errorf("trusted by %q", d.trust)
	}
}

// TestAppsHaveNoTrust: they are not asked, and what marks a browser means nothing of theirs.
func TestAppsHaveNoTrust(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, trusting)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	d := h.waiting(to)
	if v := d.do(h.showCode(x.next())); !v.Authenticated() || v.TrustCookie() != "" {
		t.Errorf("an app waits at %q, trusted by %q", v.Pending(), v.TrustCookie())
	}
	app := h.device()
	app.trust = h.trusted(to, x).trust
	if v := app.do(h.logIn(loginOf(to, password))); v.Pending() != flows.MFAAuthenticate {
		t.Errorf("with a browser's mark it waits at %q", v.Pending())
	}
}

// TestTrustEndsWithWhatItWasGivenFor.
func TestTrustEndsWithWhatItWasGivenFor(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *house, owner *device)
		ends   bool
	}{
		"a new password": {func(h *house, owner *device) {
			owner.do(h.changePassword(password, otherPassword))
			owner.do(h.changePassword(otherPassword, password))
		}, true},
		"new recovery codes": {func(h *house, owner *device) { owner.do(h.regenerate) }, true},
		"another key":        {func(_ *house, owner *device) { owner.addKey(newKey(), false) }, true},
		"a factor that is removed and set up again": {func(h *house, owner *device) {
			owner.do(h.deactivate)
			owner.addApp()
		}, true},
		"a recovery code that is used": {func(h *house, owner *device) {
			owner.do(h.reauthenticate(password))
			owner.do(h.showCodeAgain(owner.recoveryCodes()[0]))
		}, false},
		"a login elsewhere":                  {func(h *house, _ *device) { h.waiting(person(1)) }, false},
		"trust that is not offered any more": {func(h *house, _ *device) { h.tenant.Settings.MFA.TrustEnabled = false }, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, trusting)
			owner, to := signedUp(h, 1)
			d := h.trusted(to, owner.addApp())
			c.change(h, owner)
			want := flows.Stage("")
			if c.ends {
				want = flows.MFAAuthenticate
			}
			if got := d.asks(to); got != want {
				t.Errorf("it is asked for %q, want %q", got, want)
			}
		})
	}
}

// TestTrustIsForOneAccountOfOneTenant, as it was given: nothing can be made of it for another, nor from parts of it.
func TestTrustIsForOneAccountOfOneTenant(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, trusting)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	d := h.trusted(to, x)
	other, bob := signedUp(h, 2)
	other.addApp()
	if got := d.asks(bob); got != flows.MFAAuthenticate {
		t.Errorf("for another account it is asked for %q", got)
	}
	raw, err := base64.RawURLEncoding.DecodeString(d.trust)
	h.must(err)
	for i := range raw {
		for _, bit := range []byte{1, 2, 128} {
			forged := slices.Clone(raw)
			forged[i] ^= bit
			b := &device{house: h, browser: true, trust: base64.RawURLEncoding.EncodeToString(forged)}
			if got := b.asks(to); got != flows.MFAAuthenticate {
				t.Fatalf("with bit %d of byte %d changed it is asked for %q", bit, i, got)
			}
		}
		if i > 10 {
			break // the time, what was shown, and where the MAC begins
		}
	}
	for _, trust := range []string{d.trust[:len(d.trust)-2], d.trust + "A", "." + d.trust + "x", strings.ToLower(d.trust)} {
		if got := (&device{house: h, browser: true, trust: trust}).asks(to); got != flows.MFAAuthenticate {
			t.Errorf("%q is taken", trust)
		}
	}
	for _, trust := range []string{"." + d.trust, d.trust + ".", "x.." + d.trust + ".AAAA"} { // what others left beside it
		if got := (&device{house: h, browser: true, trust: trust}).asks(to); got != "" {
			t.Errorf("beside others it is asked for %q", got)
		}
	}

	twin := testkit.AddTenant(t, h.store, "zenith", fmt.Sprintf(`{"account": {%s, %s}, "mfa": {%s}}`, optional, unlimited, trusting))
	if got := h.asksAt(twin, d, owner.user(), to); got != flows.MFAAuthenticate {
		t.Errorf("at another tenant it is asked for %q", got)
	}
}

// asksAt is where a login waits at another tenant, of an account there with the same id and address and a factor, in the same browser.
func (h *house) asksAt(other *tenants.Tenant, d *device, id, to string) flows.Stage {
	h.Helper()
	there := &house{TB: h.TB, Service: h.Service, clock: h.clock, store: h.store, hasher: h.hasher, tenant: other, raw: h.raw}
	there.device().do(there.signUp(signupOf(to)))
	there.proveEmail()
	there.signedIn(to).addApp()
	h.exec(`DELETE FROM sessions WHERE tenant_id = $1`, other.ID)
	h.exec(`UPDATE emails SET user_id = $2 WHERE tenant_id = $1`, other.ID, id) // SQLite minds no keys past the product
	h.exec(`UPDATE users SET id = $2 WHERE tenant_id = $1`, other.ID, id)
	return (&device{house: there, browser: true, trust: d.trust}).asks(to)
}

// TestBrowserIsTrustedForWhatWasShown: for a login code, or a factor, or both.
func TestBrowserIsTrustedForWhatWasShown(t *testing.T) {
	const required = codeLogin + `, "login_by_code_required": ["password"], "login_by_code_trust_enabled": true, ` + unlimited
	t.Run("a code", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", required, trusting)
		h.signup(person(1))
		h.proveEmail()
		d := h.browser()
		d.do(h.logIn(loginOf(person(1), password)))
		if v := d.do(h.confirmCode(h.code(person(1)))); v.Pending() != flows.MFATrust {
			t.Fatalf("it waits at %q", v.Pending())
		}
		d.do(h.answerTrust(true))
		if got := d.asks(person(1)); got != "" {
			t.Fatalf("a trusted browser is asked for %q", got)
		}
		h.exec(`UPDATE users SET factors = 1`) // past the product, which counts the change and so ends the trust
		if got := d.asks(person(1)); got != flows.MFAAuthenticate {
			t.Errorf("a browser that is trusted for a code is asked for %q", got)
		}
	})
	t.Run("a factor", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, "login_by_code_enabled": true, "login_by_code_trust_enabled": true, `+unlimited, trusting)
		owner, to := signedUp(h, 1)
		d := h.trusted(to, owner.addApp())
		account(h).LoginByCodeRequired.All = true
		if got := d.asks(to); got != flows.LoginByCode {
			t.Errorf("a browser that is trusted for a factor is asked for %q", got)
		}
	})
	t.Run("both", func(t *testing.T) {
		h := newFactorHouse(t, "sqlite", optional+`, "login_by_code_enabled": true, "login_by_code_trust_enabled": true, `+unlimited, trusting)
		owner, to := signedUp(h, 1)
		x := owner.addApp()
		account(h).LoginByCodeRequired.All = true
		d := h.browser()
		d.do(h.logIn(loginOf(to, password)))
		d.do(h.confirmCode(h.code(to)))
		d.do(h.showCode(x.next()))
		d.do(h.answerTrust(true))
		if got := d.asks(to); got != "" {
			t.Errorf("a browser that is trusted for both is asked for %q", got)
		}
		h.tenant.Settings.Account.LoginByCodeTrustEnabled = false
		if got := d.asks(to); got != flows.LoginByCode {
			t.Errorf("where codes are always asked for it is asked for %q", got)
		}
	})
	t.Run("nothing", func(t *testing.T) { // a code alone is no code on top
		h := newFactorHouse(t, "sqlite", required, trusting)
		h.signup(person(1))
		h.proveEmail()
		d := h.browser()
		d.do(h.requestCode(person(1)))
		if v := d.do(h.confirmCode(h.code(person(1)))); v.Pending() != "" || !v.Authenticated() {
			t.Errorf("it waits at %q", v.Pending())
		}
	})
}

// TestBrowserIsTrustedForTheLastTwentyAccounts.
func TestBrowserIsTrustedForTheLastTwentyAccounts(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, trusting)
	d := h.browser()
	apps := map[string]totpApp{}
	var all []string
	trustIn := func(to string) {
		next := d.again().waits(to)
		next.do(h.showCode(apps[to].next()))
		next.do(h.answerTrust(true))
		d.trust = next.trust
	}
	for n := range 21 {
		owner, to := signedUp(h, n)
		apps[to] = owner.addApp()
		all = append(all, to)
		trustIn(to)
	}
	if n := len(strings.Split(d.trust, ".")); n != 20 {
		t.Errorf("the cookie has %d entries", n)
	}
	asked := func() (still []string) {
		for _, to := range all {
			if d.asks(to) != "" {
				still = append(still, to)
			}
		}
		return still
	}
	if got := asked(); !slices.Equal(got, all[:1]) {
		t.Errorf("it is asked for the factors of %q", got)
	}
	trustIn(all[0])
	if got := asked(); !slices.Equal(got, all[1:2]) {
		t.Errorf("once the first is trusted again, it is asked for the factors of %q", got)
	}
	// Whatever more a browser shows, twenty are looked at: those that came last.
	long := &device{house: h, browser: true, trust: d.trust + strings.Repeat("."+strings.Split(d.trust, ".")[0], 20)}
	if got := long.asks(all[20]); got != flows.MFAAuthenticate {
		t.Errorf("behind twenty others it is asked for %q", got)
	}
}

// TestTrustTellsNobodyWhoseItIs.
func TestTrustTellsNobodyWhoseItIs(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, trusting)
	owner, to := signedUp(h, 1)
	d := h.trusted(to, owner.addApp())
	raw, err := base64.RawURLEncoding.DecodeString(d.trust)
	h.must(err)
	for _, text := range append(spellings([]byte(owner.user())), to, owner.user()) {
		if strings.Contains(d.trust, text) || strings.Contains(string(raw), text) {
			t.Errorf("it has %q in it", text)
		}
	}
}
