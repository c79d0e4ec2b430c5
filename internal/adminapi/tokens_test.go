package adminapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// as is the header of a request with another token.
func as(token string) string { return "Authorization: Bearer " + token }

// newToken makes an API token with the emergency one, or with that of others.
func (d *desk) newToken(doc string, headers ...string) (id, token string) {
	d.t.Helper()
	a := d.want(d.do("POST", "/admin/v1/tokens", doc, headers...), http.StatusCreated)
	return a.text(d.t, "id"), a.text(d.t, "token")
}

func TestTokensOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		id, token := d.newToken(`{"name":"ci","grants":[{"role":"developer","tenant":"acme"}]}`)
		if !strings.HasPrefix(token, "vestibule_") {
			t.Errorf("the token begins with %.10s", token)
		}
		list := d.want(d.do("GET", "/admin/v1/tokens", ""), http.StatusOK)
		if strings.Contains(string(list.body), token) || !strings.Contains(string(list.body), id) {
			t.Errorf("the list is %s", list.body)
		}
		me := d.want(d.do("GET", "/admin/v1/me", "", as(token)), http.StatusOK)
		if me.text(t, "name") != "ci" || me.text(t, "kind") != "token" || me.text(t, "permissions") != "[]" {
			t.Errorf("it is taken for %s", me.body)
		}
		list = d.want(d.do("GET", "/admin/v1/tokens", ""), http.StatusOK)
		if !strings.Contains(string(list.body), `"last_used_at":"`) {
			t.Errorf("its use was not noted: %s", list.body)
		}
		d.want(d.do("GET", "/admin/v1/tenants/acme", "", as(token)), http.StatusOK)
		d.want(d.do("DELETE", "/admin/v1/tenants/acme", "", as(token)), http.StatusForbidden)
		d.want(d.do("GET", "/admin/v1/tokens", "", as(token)), http.StatusForbidden)
		for _, never := range []string{token + "x", token[:len(token)-1], "vestibule_", "", "operators-token"} {
			d.want(d.do("GET", "/admin/v1/me", "", as(never)), http.StatusUnauthorized)
		}
		d.want(d.do("DELETE", "/admin/v1/tokens/"+id, ""), http.StatusNoContent)
		d.want(d.do("GET", "/admin/v1/me", "", as(token)), http.StatusUnauthorized)
		d.want(d.do("DELETE", "/admin/v1/tokens/"+id, ""), http.StatusNotFound)
		d.want(d.do("DELETE", "/admin/v1/tokens/nonsense", ""), http.StatusNotFound)
		var actions []string
		for _, e := range d.events(tenants.SystemID) {
			actions = append(actions, string(e.Action))
		}
		if got := strings.Join(actions, " "); got != "break_glass.used token.created token.revoked" {
			t.Errorf("the events are %s", got)
		}
	})
}

func TestTokensExpire(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	soon := testkit.Start.Add(time.Hour).Format(time.RFC3339)
	_, token := d.newToken(fmt.Sprintf(`{"name":"short","grants":[{"role":"admin"}],"expires_at":%q}`, soon))
	d.want(d.do("GET", "/admin/v1/me", "", as(token)), http.StatusOK)
	// What it makes dies with it.
	for _, expires := range []string{"", fmt.Sprintf(`,"expires_at":%q`, testkit.Start.Add(2*time.Hour).Format(time.RFC3339))} {
		a := d.do("POST", "/admin/v1/tokens", `{"name":"child","grants":[{"role":"viewer"}]`+expires+`}`, as(token))
		if expires == "" && (a.StatusCode != http.StatusCreated || a.text(t, "expires_at") != soon) || expires != "" && a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("with %q: %d %s", expires, a.StatusCode, a.body)
		}
	}
	d.clock.Advance(time.Hour)
	d.want(d.do("GET", "/admin/v1/me", "", as(token)), http.StatusUnauthorized)
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	d.create("zenith")
	_, admin := d.newToken(`{"name":"admin","grants":[{"role":"admin"}]}`)
	_, narrow := d.newToken(`{"name":"narrow","grants":[{"role":"owner"}],"scopes":["tokens.change","tenants.read"]}`)
	for doc, want := range map[string]map[string]int{
		`{"name":"n","grants":[{"role":"owner"}]}`:                                              {admin: 403, narrow: 403},
		`{"name":"n","grants":[{"role":"owner"}],"scopes":["tenants.read"]}`:                    {admin: 403, narrow: 201},
		`{"name":"n","grants":[{"role":"owner"}],"scopes":["tenants.read","users.secure"]}`:     {admin: 403, narrow: 403},
		`{"name":"n","grants":[{"role":"admin"}]}`:                                              {admin: 201, narrow: 403},
		`{"name":"n","grants":[{"role":"owner","tenant":"acme"}]}`:                              {admin: 201, narrow: 403},
		`{"name":"n","grants":[{"role":"viewer","tenant":"acme"}],"scopes":["tenants.read"]}`:   {admin: 201, narrow: 201},
		`{"name":"n","grants":[{"role":"developer"},{"role":"owner","tenant":"zenith"}]}`:       {admin: 201, narrow: 403},
		`{"name":"n","grants":[{"role":"viewer","tenant":"absent"}]}`:                           {admin: 422, narrow: 422},
		`{"name":"n","grants":[{"role":"king"}]}`:                                               {admin: 422, narrow: 422},
		`{"name":"n","grants":[{"role":"owner"}],"scopes":[]}`:                                  {admin: 422, narrow: 422},
		`{"name":"n","grants":[]}`:                                                              {admin: 422, narrow: 422},
		`{"name":"n","grants":[{"role":"viewer"},{"role":"admin"}]}`:                            {admin: 422, narrow: 422},
		`{"name":" ","grants":[{"role":"viewer"}],"scopes":["everything"],"expires_at":"1999"}`: {admin: 422, narrow: 422},
	} {
		for with, status := range want {
			if a := d.do("POST", "/admin/v1/tokens", doc, as(with)); a.StatusCode != status {
				t.Errorf("%s: %d, not %d: %s", doc, a.StatusCode, status, a.body)
			}
		}
	}
}

// A token ends with the one that made it, and nobody revokes what they could not have made.
func TestTokensEndWithTheirMaker(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		id, parent := d.newToken(`{"name":"parent","grants":[{"role":"admin"}]}`)
		_, child := d.newToken(`{"name":"child","grants":[{"role":"admin"}]}`, as(parent))
		_, grandchild := d.newToken(`{"name":"grandchild","grants":[{"role":"viewer"}]}`, as(child))
		ownerID, owner := d.newToken(`{"name":"owner","grants":[{"role":"owner"}]}`)
		d.want(d.do("DELETE", "/admin/v1/tokens/"+ownerID, "", as(parent)), http.StatusForbidden)
		d.want(d.do("DELETE", "/admin/v1/tokens/"+id, ""), http.StatusNoContent)
		for name, token := range map[string]string{"the token": parent, "what it made": child, "what that made": grandchild} {
			if a := d.do("GET", "/admin/v1/me", "", as(token)); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s is good still: %d", name, a.StatusCode)
			}
		}
		d.want(d.do("GET", "/admin/v1/me", "", as(owner)), http.StatusOK)
	})
}

// Whoever may change a tenant but not delete it does not have its log be forgotten sooner.
func TestDevelopersDoNotShortenTheLog(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	d.create("acme")
	_, developer := d.newToken(`{"name":"d","grants":[{"role":"developer","tenant":"acme"}]}`)
	_, admin := d.newToken(`{"name":"a","grants":[{"role":"admin","tenant":"acme"}]}`)
	patch := func(days int, token string, status int) {
		t.Helper()
		d.want(d.do("PATCH", "/admin/v1/tenants/acme", fmt.Sprintf(`{"config":{"audit":{"retention_days":%d}}}`, days), as(token)), status)
	}
	patch(1, developer, http.StatusForbidden)
	patch(400, developer, http.StatusOK)
	patch(399, developer, http.StatusForbidden)
	patch(0, developer, http.StatusOK) // for ever
	patch(36500, developer, http.StatusForbidden)
	patch(30, admin, http.StatusOK)
}

func TestBreakGlassIsNotedOncePerMinuteAndAddress(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	from := "192.0.2.1"
	d.api.ClientIP = func(*http.Request) string { return from }
	use := func() { d.want(d.do("GET", "/admin/v1/me", ""), http.StatusOK) }
	for range 3 {
		use()
	}
	from = "192.0.2.2"
	use()
	d.clock.Advance(time.Minute)
	use()
	var seen []string
	for _, e := range d.events(tenants.SystemID) {
		seen = append(seen, string(e.Action)+" "+e.IP+" "+string(e.Actor.Kind)+" "+e.RequestID)
	}
	if got, want := strings.Join(seen, ", "), "break_glass.used 192.0.2.1 break_glass request-1, break_glass.used 192.0.2.2 break_glass request-1, "+
		"break_glass.used 192.0.2.2 break_glass request-1"; got != want {
		t.Errorf("noted: %s", got)
	}
}

func TestFaultsOfATokenAreToldAtOnce(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	a := d.want(d.do("POST", "/admin/v1/tokens", `{"grants":[{"rol":"viewer"}],"scopes":["x"],"expires_at":7,"extra":1}`), http.StatusUnprocessableEntity)
	if got := fmt.Sprint(faultPaths(t, a)); got != "[expires_at extra grants[0].rol grants[0].role name scopes[0]]" {
		t.Errorf("the faults are at %s: %s", got, a.body)
	}
	if !json.Valid(a.body) {
		t.Error("the answer is not JSON")
	}
}
