package flows_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

const keeping = `"store_tokens": true`

// handing is an identity with tokens that were handed out with it.
func handing(id provider.Identity, access, refresh string) provider.Identity {
	id.Tokens = &provider.Tokens{Access: access, Refresh: refresh}
	return id
}

// kept is what an operator is handed out of the tokens of somebody's account with a provider, as "access refresh", or "none".
func (h *house) kept(userID, uid string) string {
	h.Helper()
	before := h.happened(store.ProviderTokensRead)
	t, err := h.Desk(h.tenant, h.noted).ProviderTokens(h.Context(), userID, "google", uid)
	read := h.happened(store.ProviderTokensRead) - before
	if err != nil {
		h.refused(err, refusal.Missing, "")
		if read != 0 {
			h.Errorf("that nothing was handed out was noted %d times", read)
		}
		return "none"
	}
	if read != 1 {
		h.Errorf("that tokens were handed out was noted %d times", read)
	}
	return t.Access + " " + cmp.Or(t.Refresh, "-")
}

// sealed is how many accounts have a token of either kind in the database, whoever may be handed it out.
func (h *house) sealed() string {
	h.Helper()
	return h.one(`SELECT COUNT(*) FROM provider_accounts WHERE access_token IS NOT NULL OR refresh_token IS NOT NULL`)
}

// nowhere holds the database to having none of some texts, however they are written down.
func (h *house) nowhere(texts ...string) {
	h.Helper()
	for _, text := range texts {
		if where := h.found(spellings([]byte(text))...); where != nil {
			h.Errorf("%s can be read in %v", text, where)
		}
	}
}

func TestTokensOfProvidersAreKeptWhereTheTenantWantsThat(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, keeping)
		in := func(access, refresh string) string {
			h.idp.vouchFor("ann", handing(vouched("1", "ann@example.org"), access, refresh))
			d := h.device()
			d.do(h.byToken("ann", "login"))
			return d.user()
		}
		ann := in("access-one", "refresh-one") // a signup
		for _, row := range []struct{ access, refresh, want string }{
			{"access-two", "refresh-two", "access-two refresh-two"},
			{"access-three", "", "access-three refresh-two"}, // most providers hand a refresh token out once
			{"", "", "access-three refresh-two"},             // such as an ID token that a front end handed in
			{"access-four\n", "", "access-three refresh-two"},
			{strings.Repeat("a", 1<<16), "", "access-three refresh-two"},
			{"access-five", "refresh-five", "access-five refresh-five"},
		} {
			if in(row.access, row.refresh) != ann {
				t.Fatal("it is somebody else")
			}
			if got := h.kept(ann, "1"); got != row.want {
				t.Errorf("after %.20q and %q, kept is %s", row.access, row.refresh, got)
			}
		}
		h.nowhere("access-one", "access-two", "access-three", "access-five", "refresh-one", "refresh-two", "refresh-five")

		h.tenant.Settings.SocialAccount.StoreTokens = false
		if got := h.kept(ann, "1"); got != "none" {
			t.Errorf("a tenant that keeps none hands out %s", got)
		}
		in("access-six", "refresh-six")
		h.tenant.Settings.SocialAccount.StoreTokens = true
		if got := h.kept(ann, "1") + " " + h.sealed(); got != "none 0" {
			t.Errorf("after a login while none are kept, there is %s", got)
		}
		in("access-seven", "")
		if got := h.kept(ann, "1"); got != "access-seven -" {
			t.Errorf("kept is %s", got)
		}
	})
}

// A login that waits for the second factor notes once more that the account was used, when it goes on. What was handed out stays.
func TestTokensOutliveTheSecondFactor(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, keeping)
		h.idp.vouchFor("ann", handing(vouched("1", "ann@example.org"), "first", "refresh"))
		d := h.device()
		d.do(h.byToken("ann", "login"))
		app := d.addApp()
		h.idp.vouchFor("ann", handing(vouched("1", "ann@example.org"), "second", ""))
		again := h.device()
		again.do(h.byToken("ann", "login"))
		again.do(h.showCode(app.next()))
		if got := h.kept(again.user(), "1"); got != "second refresh" {
			t.Errorf("kept is %s", got)
		}
	})
}

// An account that is connected, in either way, or used again by whoever is signed in.
func TestTokensOfConnectedAccounts(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, keeping+`, "email_authentication": true, "email_authentication_auto_connect": true`)
		h.verified("ann@example.org")
		d := h.device()
		h.idp.vouchFor("ann", handing(vouched("1", "ann@example.org"), "by-address", "refresh"))
		d.do(h.byToken("ann", "login"))
		if got := h.kept(d.user(), "1"); got != "by-address refresh" {
			t.Errorf("of an account that was found by its address is kept %s", got)
		}
		h.idp.vouchFor("other", handing(vouched("2", ""), "connected", ""))
		d.do(h.byToken("other", "connect"))
		if got := h.kept(d.user(), "2"); got != "connected -" {
			t.Errorf("of one that was connected is kept %s", got)
		}
		h.idp.vouchFor("other", handing(vouched("2", ""), "again", "refresh"))
		d.do(h.byToken("other", "connect"))
		if got := h.kept(d.user(), "2"); got != "again refresh" {
			t.Errorf("of one that was connected before is kept %s", got)
		}
		h.idp.vouchFor("other", vouched("2", ""))
		d.do(h.byToken("other", "connect"))
		if got := h.kept(d.user(), "2") + ", " + h.kept(d.user(), "1"); got != "again refresh, by-address refresh" {
			t.Errorf("without tokens, kept is %s", got)
		}
		if _, err := h.device().try(h.byToken("other", "connect")); err == nil {
			t.Error("a stranger connects")
		}
		h.tenant.Settings.SocialAccount.StoreTokens = false
		d.do(h.byToken("other", "connect"))
		if got := h.sealed(); got != "1" {
			t.Errorf("%s accounts have tokens", got)
		}
	})
}

func TestTokensOfASignupThatWaits(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, `"auto_signup": false`)
		number := 0
		signUp := func(atFirst, atLast bool) string {
			number++
			name := fmt.Sprint("user", number)
			h.idp.vouchFor(name, handing(vouched(name, ""), "access-of-"+name, "refresh-of-"+name))
			d := h.device()
			h.tenant.Settings.SocialAccount.StoreTokens = atFirst
			d.do(h.byToken(name, "login"))
			h.nowhere("access-of-"+name, "refresh-of-"+name)
			h.tenant.Settings.SocialAccount.StoreTokens = atLast
			d.do(func(v *flows.Visit) error {
				return h.FinishProviderSignup(t.Context(), v, flows.ProviderSignupInput{Email: name + "@example.org"})
			})
			h.nowhere("access-of-"+name, "refresh-of-"+name)
			h.tenant.Settings.SocialAccount.StoreTokens = true
			return strings.ReplaceAll(h.kept(d.user(), name), name, "user")
		}
		if got := signUp(true, true); got != "access-of-user refresh-of-user" {
			t.Errorf("kept is %s", got)
		}
		if got := h.sealed(); got != "1" {
			t.Fatalf("%s accounts have tokens", got)
		}
		for _, on := range [][2]bool{{false, false}, {false, true}, {true, false}} {
			if got := signUp(on[0], on[1]); got != "none" {
				t.Errorf("kept at first and at last %v: %s", on, got)
			}
		}
		if got := h.sealed(); got != "1" {
			t.Errorf("%s accounts have tokens", got)
		}
	})
}

// Whatever takes an account with a provider from somebody takes its tokens.
func TestTokensGoWithTheirAccount(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, codeLogin, keeping)
		desk := h.Desk(h.tenant, h.noted)
		in := func() *device {
			h.idp.vouchFor("ann", handing(notVerified(vouched("1", "ann@example.org")), "access", "refresh"))
			d := h.device()
			d.do(h.byToken("ann", "login"))
			if got := h.kept(d.user(), "1"); got != "access refresh" {
				t.Fatalf("kept is %s", got)
			}
			return d
		}
		gone := func(how, id string) {
			t.Helper()
			if got := h.kept(id, "1") + " " + h.sealed(); got != "none 0" {
				t.Errorf("%s: there is %s", how, got)
			}
		}
		d := in()
		id := d.user()
		_, err := desk.Delete(t.Context(), id)
		h.must(err)
		gone("deleted", id)
		h.nowhere("access", "refresh")
		h.must(desk.Restore(t.Context(), id))
		gone("restored", id)

		if in().user() != id {
			t.Fatal("the restored user does not come in")
		}
		h.must(desk.Disconnect(t.Context(), id, "google", "1"))
		gone("disconnected by an operator", id)

		h.must(desk.Erase(t.Context(), id))
		d = in()
		d.do(h.changePassword("", password))
		d.do(func(v *flows.Visit) error {
			_, err := h.DisconnectProvider(t.Context(), v, flows.DisconnectInput{Provider: "google", Account: "1"})
			return err
		})
		gone("disconnected", d.user())

		h.must(desk.Erase(t.Context(), d.user()))
		d = in()
		id = d.user()
		owner := h.device()
		owner.do(h.requestCode("ann@example.org"))
		owner.do(h.confirmCode(h.code("ann@example.org")))
		if owner.user() != id || d.visit().Authenticated() {
			t.Fatal("the account was not claimed")
		}
		gone("claimed", id)
	})
}

// What is kept of one account opens for its user, in its own place, and for nobody else.
func TestTokensOfProvidersAreSealedToTheirRow(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, keeping)
		ids := map[string]string{}
		for uid, name := range map[string]string{"1": "ann", "2": "bob"} {
			id := handing(vouched(uid, name+"@example.org"), "access-of-"+name, "refresh-of-"+name)
			id.Tokens.ExpiresAt = h.clock.Now().Add(time.Hour)
			h.idp.vouchFor(name, id)
			d := h.device()
			d.do(h.byToken(name, "login"))
			ids[name] = d.user()
		}
		read := func(userID, uid string) (*flows.ProviderTokens, error) {
			return h.Desk(h.tenant, h.noted).ProviderTokens(t.Context(), userID, "google", uid)
		}
		got, err := read(ids["ann"], "1")
		h.must(err)
		if !got.ExpiresAt.Equal(h.clock.Now().Add(time.Hour)) || got.ClientID != "g" || got.RefreshClientID != "g" {
			t.Errorf("got %+v", got)
		}
		for _, of := range [][2]string{{ids["bob"], "1"}, {ids["ann"], "2"}, {ids["ann"], "3"}, {"x", "1"}, {ids["ann"], "1\x00"}, {secret.NewID(), "1"}} {
			_, err := read(of[0], of[1])
			h.refused(err, refusal.Missing, "")
		}
		elsewhere := testkit.AddTenant(t, h.store, "other", "")
		elsewhere.Settings.SocialAccount.StoreTokens = true
		_, err = h.Desk(elsewhere, h.noted).ProviderTokens(t.Context(), ids["ann"], "google", "1")
		h.refused(err, refusal.Missing, "")

		own := h.tenant.Keys
		for _, column := range []string{"access_token", "refresh_token"} {
			sealed := []byte(h.one(`SELECT ` + column + ` FROM provider_accounts WHERE uid = '1'`))
			for _, name := range []string{"access", "refresh"} {
				if _, err := own.Open(secret.ForProviderToken, strings.Join([]string{name, ids["ann"], "google", "1"}, "\x00"), sealed); err == nil {
					t.Errorf("the tenant's key opens %s", column)
				}
			}
		}
		for how, change := range map[string]string{
			"another user's":    `UPDATE provider_accounts SET access_token = (SELECT access_token FROM provider_accounts WHERE uid = '2') WHERE uid = '1'`,
			"the other column":  `UPDATE provider_accounts SET access_token = refresh_token WHERE uid = '1'`,
			"another account's": `UPDATE provider_accounts SET uid = '3' WHERE uid = '1'`,
		} {
			was := [2][]byte{[]byte(h.one(`SELECT access_token FROM provider_accounts WHERE uid = '1'`)), []byte(h.one(`SELECT refresh_token FROM provider_accounts WHERE uid = '1'`))}
			h.exec(change)
			uid := h.one(`SELECT uid FROM provider_accounts WHERE uid <> '2'`)
			if got, err := read(ids["ann"], uid); err == nil {
				t.Errorf("%s token is handed out: %+v", how, got)
			}
			h.exec(`UPDATE provider_accounts SET uid = '1', access_token = $1, refresh_token = $2 WHERE uid <> '2'`, was[0], was[1])
		}
		if got := h.kept(ids["ann"], "1"); got != "access-of-ann refresh-of-ann" {
			t.Errorf("as it was, it is %s", got)
		}
		if got := h.happened(store.ProviderTokensRead); got != 2 {
			t.Errorf("%d reads are noted", got)
		}
	})
}

// Whoever has no key yet gets one with the first tokens.
func TestTokensOfAUserFromBefore(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newProviderHouse(t, engine, optional, keeping)
		h.idp.vouchFor("ann", handing(vouched("1", "ann@example.org"), "access", "refresh"))
		d := h.device()
		d.do(h.byToken("ann", "login"))
		h.exec(`UPDATE users SET data_key = NULL`)
		d = h.device()
		d.do(h.byToken("ann", "login"))
		if got := h.kept(d.user(), "1"); got != "access refresh" {
			t.Errorf("kept is %s", got)
		}
	})
}

// A login that is noted nowhere hands out nothing: what cannot be written down is not told.
func TestTokensAreNotHandedOutUnnoted(t *testing.T) {
	h := newProviderHouse(t, "sqlite", optional, keeping)
	h.idp.vouchFor("ann", handing(vouched("1", "ann@example.org"), "access", "refresh"))
	d := h.device()
	d.do(h.byToken("ann", "login"))
	h.on(func(_, query string) error {
		if strings.Contains(query, "INSERT INTO audit_events") {
			return fmt.Errorf("the log is full")
		}
		return nil
	})
	got, err := h.Desk(h.tenant, h.noted).ProviderTokens(t.Context(), d.user(), "google", "1")
	if err == nil || got != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}
