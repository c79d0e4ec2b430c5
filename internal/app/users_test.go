package app_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/internal/webhook"
)

// users is where a tenant's users are on the operators' wire.
func users(host string, parts ...string) string {
	return "/admin/v1/tenants/" + slugOf(host) + "/users" + strings.Join(append([]string{""}, parts...), "/")
}

// operate does something to a user, or to users, and is the user as it is then.
func (s *scene) operate(status int, method, path string, body any) admin.UserDetail {
	s.Helper()
	got, answer := s.admin(method, path, body)
	if got != status {
		s.Fatalf("%s %s: %d %s, want %d", method, path, got, answer, status)
	}
	var u admin.UserDetail
	if status < http.StatusMultipleChoices && answer != "" {
		if err := json.Unmarshal([]byte(answer), &u); err != nil {
			s.Fatal(err)
		}
	}
	return u
}

// faults are the paths of what is wrong with a request, which must be refused.
func (s *scene) faults(method, path string, body any) string {
	s.Helper()
	got, answer := s.admin(method, path, body)
	var p struct{ Errors []admin.Fault }
	if err := json.Unmarshal([]byte(answer), &p); err != nil || got < http.StatusBadRequest {
		s.Fatalf("%s %s: %d %s", method, path, got, answer)
	}
	all := []string{fmt.Sprint(got)}
	for _, f := range p.Errors {
		all = append(all, f.Path)
	}
	return strings.Join(all, " ")
}

// found are the addresses of the users that a list has, page by page.
func (s *scene) found(host, query string) string {
	s.Helper()
	all := []string{}
	for cursor := ""; ; {
		status, answer := s.admin(http.MethodGet, users(host)+"?limit=2"+query+cursor, nil)
		var page struct {
			Items []admin.User
			Next  *string `json:"next_cursor"`
		}
		if err := json.Unmarshal([]byte(answer), &page); err != nil || status != http.StatusOK || len(page.Items) > 2 {
			s.Fatalf("list %s: %d %s", query, status, answer)
		}
		for _, u := range page.Items {
			all = append(all, strings.TrimSuffix(u.Email, "@example.org"))
		}
		if page.Next == nil {
			return strings.Join(all, " ")
		}
		cursor = "&cursor=" + *page.Next
	}
}

type object = map[string]any

func TestOperatorsMakeAndFindUsers(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(`"email_verification": "mandatory", "login_methods": ["email", "username", "phone"], "signup_fields": ["email*", "username", "password1*"]`)
		made := s.operate(http.StatusCreated, http.MethodPost, users(host), object{
			"email": "Ann@Example.org", "email_verified": true, "username": "Ann", "name": "Ann Archer", "phone": number, "phone_verified": true,
			"password": password, "metadata_public": object{"plan": "gold"}, "metadata_private": object{"note": "vip"},
		})
		if made.Email != "ann@example.org" || !made.EmailVerified || !made.HasPassword || made.Username != "Ann" || made.Name != "Ann Archer" ||
			made.Phone != number || !made.PhoneVerified || string(made.MetadataPublic) != `{"plan":"gold"}` || !made.Active {
			t.Errorf("made is %+v", made)
		}
		if got := s.db.rows(`SELECT action FROM audit_events WHERE user_id = $1`, made.ID); !slices.Equal(got, []string{"user.created"}) {
			t.Errorf("noted is %v", got)
		}
		s.front(host).login("ann@example.org", password).want(http.StatusOK)
		for body, want := range map[string]string{
			`{}`:                          "422 ",
			`{"email":"ann@example.org"}`: "422 email",
			`{"username":"ANN","phone":"` + number + `","password":"719","email":"x"}`:                           "422 username phone password password email",
			`{"email":"b@example.org","admin":true}`:                                                             "422 admin",
			`{"email":"b@example.org","name":5,"email_verified":1,"metadata_public":[],"metadata_private":null}`: "422 email_verified metadata_private metadata_public name",
			`{"email":"b@example.org","invite":true,"password":"` + password + `"}`:                              "422 password",
			`{"email":"b@example.org","metadata_public":{"x":"` + strings.Repeat("x", admin.MaxMetadata) + `"}}`: "422 metadata_public",
		} {
			got := strings.Split(s.faults(http.MethodPost, users(host), json.RawMessage(body)), " ")
			wanted := strings.Split(want, " ")
			slices.Sort(got)
			slices.Sort(wanted)
			if !slices.Equal(got, wanted) {
				t.Errorf("%s: %q, not %q", body, got, wanted)
			}
		}
		for i, name := range []string{"anna", "bob", "carl", "dora"} {
			s.operate(http.StatusCreated, http.MethodPost, users(host), object{"email": name + "@example.org", "username": "u" + name, "email_verified": i%2 == 0})
		}
		carl := s.operate(http.StatusCreated, http.MethodPost, users(host), object{"email": "zoe@example.org", "username": "carlotta"})
		s.operate(http.StatusOK, http.MethodPost, users(host, carl.ID, "emails"), object{"email": "carl.second@example.org"})
		s.operate(http.StatusOK, http.MethodPost, users(host, carl.ID, "deactivate"), nil)
		for query, want := range map[string]string{
			"":                     "zoe dora carl bob anna ann",
			"&q=ann":               "ann anna",
			"&q=ANN%40Example.org": "ann",
			"&q=carl":              "zoe carl", // zoe by her second address, and not once more by her username
			"&q=uc":                "carl",
			"&q=%2B49":             "ann",
			"&q=%2B49%20151":       "ann",
			"&q=" + made.ID:        "ann",
			"&q=" + secret.NewID(): "",
			"&q=_":                 "", "&q=%25": "", "&q=nobody": "",
			"&active=false":       "zoe",
			"&verified=true":      "carl anna ann",
			"&q=carl&active=true": "carl",
			"&factor=any":         "", "&factor=none": "zoe dora carl bob anna ann",
			"&last_login_from=2020-01-01T00:00:00Z":             "ann",
			"&created_until=2020-01-01T00:00:00Z":               "",
			"&created_from=2020-01-01T00:00:00Z&verified=false": "zoe dora bob",
		} {
			if got := s.found(host, query); got != want {
				t.Errorf("%s: found %q, not %q", query, got, want)
			}
		}
		if got := s.faults(http.MethodGet, users(host)+"?active=1&factor=x&created_from=y&limit=5", nil); got != "400 active created_from factor" {
			t.Errorf("got %s", got)
		}
		// A cursor is of one list of one tenant.
		_, answer := s.admin(http.MethodGet, users(host)+"?limit=1", nil)
		var page struct {
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal([]byte(answer), &page); err != nil || page.Next == "" {
			t.Fatal(answer)
		}
		elsewhere := s.house(`"email_verification": "optional"`)
		for _, path := range []string{users(host) + "?limit=1&active=true&cursor=", users(host) + "?q=a&cursor=", users(elsewhere) + "?limit=1&cursor=",
			"/admin/v1/tenants/" + slugOf(host) + "/deleted-users?cursor="} {
			if got := s.faults(http.MethodGet, path+page.Next, nil); got != "400 cursor" {
				t.Errorf("%s: got %s", path, got)
			}
		}
	})
}

func TestOperatorsChangeUsers(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(`"email_verification": "optional", "email_notifications": true, "login_methods": ["email", "username"], "signup_fields": ["email*", "username", "password1*"]`)
		other := s.operate(http.StatusCreated, http.MethodPost, users(host), object{"email": "bob@example.org", "username": "bob", "phone": another, "email_verified": true})
		c := s.front(host)
		id := c.signup("ann@example.org").want(http.StatusOK).userID()
		at := users(host, id)
		s.operate(http.StatusOK, http.MethodPatch, at, object{"name": "Ann", "metadata_public": object{"a": 1, "b": object{"c": 2}}, "metadata_private": object{"x": true}})
		u := s.operate(http.StatusOK, http.MethodPatch, at, object{"username": "annie", "metadata_public": object{"a": nil, "b": object{"d": 12345678901234567890.0}}})
		if u.Name != "Ann" || u.Username != "annie" || string(u.MetadataPrivate) != `{"x":true}` || !strings.Contains(string(u.MetadataPublic), `"c":2`) ||
			strings.Contains(string(u.MetadataPublic), `"a"`) {
			t.Errorf("changed to %+v, %s", u.User, u.MetadataPublic)
		}
		if got := c.get("/auth/session").want(http.StatusOK); strings.Contains(got.Body, `"x"`) {
			t.Error("what is private is told")
		}
		if got := s.faults(http.MethodPatch, at, object{"username": "BOB", "email": "x"}); got != "422 email" {
			t.Errorf("got %s", got)
		}
		if got := s.faults(http.MethodPatch, at, object{"username": "BOB"}); got != "422 username" {
			t.Errorf("got %s", got)
		}

		// Addresses.
		s.operate(http.StatusOK, http.MethodPost, at+"/emails/verify", object{"email": "ANN@example.org"})
		s.operate(http.StatusOK, http.MethodPost, at+"/emails", object{"email": "second@example.org", "verified": true})
		u = s.operate(http.StatusOK, http.MethodPost, at+"/emails/primary", object{"email": "second@example.org"})
		if u.Email != "second@example.org" || len(u.Emails) != 2 || !u.Emails[1].Primary || u.Emails[0].Primary || !u.Emails[0].Verified {
			t.Errorf("the addresses are %+v", u.Emails)
		}
		for body, want := range map[string]string{
			`{"email":"bob@example.org"}`: "422 email", `{"email":"ann@example.org"}`: "422 email", `{"email":"x"}`: "422 email", `{}`: "422 email",
		} {
			if got := s.faults(http.MethodPost, at+"/emails", json.RawMessage(body)); got != want {
				t.Errorf("%s: %s", body, got)
			}
		}
		if got := s.faults(http.MethodPost, at+"/emails/remove", object{"email": "second@example.org"}); got != "422 email" {
			t.Errorf("the primary address: %s", got)
		}
		s.operate(http.StatusOK, http.MethodPost, at+"/emails/unverify", object{"email": "ann@example.org"})
		u = s.operate(http.StatusOK, http.MethodPost, at+"/emails/remove", object{"email": "ann@example.org"})
		if len(u.Emails) != 1 {
			t.Errorf("the addresses are %+v", u.Emails)
		}
		s.operate(http.StatusNotFound, http.MethodPost, at+"/emails/verify", object{"email": "bob@example.org"})

		// The number.
		if got := s.faults(http.MethodPut, at+"/phone", object{"phone": another}); got != "422 phone" {
			t.Errorf("another's number: %s", got)
		}
		s.operate(http.StatusOK, http.MethodPut, at+"/phone", object{"phone": number})
		if u = s.operate(http.StatusOK, http.MethodPost, at+"/phone/verify", nil); !u.PhoneVerified {
			t.Error("the number is not verified")
		}
		s.operate(http.StatusOK, http.MethodPost, at+"/phone/unverify", nil)
		if u = s.operate(http.StatusOK, http.MethodDelete, at+"/phone", nil); u.Phone != "" {
			t.Error("the number stays")
		}

		// Passwords and sessions.
		if got := s.faults(http.MethodPut, at+"/password", object{"password": "annie"}); !strings.HasPrefix(got, "422 password") {
			t.Errorf("a bad password: %s", got)
		}
		if u.Sessions[0].ID == "" || len(u.Sessions) != 1 {
			t.Errorf("the sessions are %+v", u.Sessions)
		}
		s.operate(http.StatusOK, http.MethodPut, at+"/password", object{"password": otherPassword})
		c.get("/auth/session").out()
		s.front(host).login("second@example.org", password).want(http.StatusBadRequest)
		one, two := s.front(host), s.front(host)
		one.login("second@example.org", otherPassword).want(http.StatusOK)
		u = s.operate(http.StatusOK, http.MethodGet, at, nil)
		two.login("second@example.org", otherPassword).want(http.StatusOK)
		s.operate(http.StatusOK, http.MethodDelete, at+"/sessions/"+u.Sessions[0].ID, nil)
		one.get("/auth/session").out()
		two.get("/auth/session").want(http.StatusOK)
		s.operate(http.StatusNotFound, http.MethodDelete, users(host, other.ID, "sessions", u.Sessions[0].ID), nil)
		s.operate(http.StatusOK, http.MethodDelete, at+"/sessions", nil)
		two.get("/auth/session").out()

		// Every act has its event, with who did it, and none has a secret.
		events, err := s.Store.For(s.tenantOf(host)).EventsOf(t.Context(), id, 100)
		if err != nil {
			t.Fatal(err)
		}
		acts := map[string]int{}
		for _, e := range events {
			if e.Actor.Kind == "break_glass" {
				acts[string(e.Action)]++
			} else if strings.HasPrefix(string(e.Action), "email.") || strings.HasPrefix(string(e.Action), "phone.") {
				t.Errorf("%s is noted as the user's", e.Action)
			}
			if strings.Contains(string(e.Details), otherPassword) || strings.Contains(string(e.Details), "argon2") {
				t.Errorf("a secret is in %s", e.Details)
			}
		}
		for act, n := range map[string]int{"user.changed": 2, "email.verified": 1, "email.added": 1, "email.primary_changed": 1, "email.unverified": 1,
			"email.removed": 1, "phone.changed": 1, "phone.verified": 1, "phone.unverified": 1, "phone.removed": 1, "password.set": 1, "session.ended": 1,
			"sessions.ended": 1} {
			if acts[act] != n {
				t.Errorf("%s is noted %d times, not %d", act, acts[act], n)
			}
		}
		before := len(events)
		s.operate(http.StatusOK, http.MethodPatch, at, object{"name": "Ann"})
		s.operate(http.StatusOK, http.MethodPost, at+"/reactivate", nil)
		s.operate(http.StatusOK, http.MethodDelete, at+"/phone", nil)
		if again, _ := s.Store.For(s.tenantOf(host)).EventsOf(t.Context(), id, 100); len(again) != before {
			t.Error("what changes nothing is noted")
		}
	})
}

func TestOperatorsResetALostFactor(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes + `, "email_notifications": true`)
		s.guarded(host, victim)
		_, id := s.ids(host, victim)
		at := users(host, id)
		u := s.operate(http.StatusOK, http.MethodGet, at, nil)
		if len(u.Authenticators) != 3 || len(u.Factors) != 3 {
			t.Fatalf("there are %+v", u.Authenticators)
		}
		s.front(host).login(victim, password).waits("mfa_authenticate")
		other := s.operate(http.StatusCreated, http.MethodPost, users(host), object{"email": "bob@example.org"})
		for _, x := range []string{secret.NewID(), "x", "%27"} {
			s.operate(http.StatusNotFound, http.MethodDelete, at+"/authenticators/"+x, nil)
		}
		for _, x := range u.Authenticators {
			s.operate(http.StatusNotFound, http.MethodDelete, users(host, other.ID, "authenticators", x.ID), nil)
		}
		for _, x := range u.Authenticators {
			if x.Type == "webauthn" {
				l := s.letter(victim, func() { s.operate(http.StatusOK, http.MethodDelete, at+"/authenticators/"+x.ID, nil) })
				if !strings.Contains(l.raw, "ecurity key") && !strings.Contains(l.text, "key") {
					t.Errorf("the mail is %s", l.text)
				}
			}
		}
		if u = s.operate(http.StatusOK, http.MethodGet, at, nil); len(u.Authenticators) != 2 {
			t.Errorf("left are %+v", u.Authenticators)
		}
		s.operate(http.StatusOK, http.MethodPost, at+"/deactivate", nil) // an inactive user's are removed, too
		s.sent(func() { u = s.operate(http.StatusOK, http.MethodDelete, at+"/authenticators", nil) })
		if len(u.Authenticators) != 0 || len(u.Factors) != 0 {
			t.Errorf("left are %+v", u.Authenticators)
		}
		s.operate(http.StatusOK, http.MethodPost, at+"/reactivate", nil)
		if got := s.db.rows(`SELECT actor_kind FROM audit_events WHERE user_id = $1 AND action = 'factor.removed'`, id); !slices.Equal(got, []string{"break_glass", "break_glass"}) {
			t.Errorf("noted are removals by %v", got)
		}
		s.front(host).login(victim, password).want(http.StatusOK)
	})
}

// Pocket ID CVE-2026-43983, allauth 65.13, authentik CVE-2025-53942, fosite CVE-2020-15223, Zitadel CVE-2024-47060: somebody who was
// deactivated went on with what they had.
func TestDeactivationCascadesAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := newScene(t, engine)
		host := s.tenant(`{"headless": {"token_strategy": "jwt"}, "account": {"email_verification": "none", "rate_limits": false}, "mfa": {` +
			factorTypes + `, "allow_unverified_email": true}}`)
		c, p := s.holder(host, victim)
		id := c.get("/auth/session").want(http.StatusOK).userID()
		key := s.guard(c).key
		link := s.resetKey(victim, func() { s.client("app", host).askReset(victim).want(http.StatusOK) })
		sent := s.resetKey(victim, func() { s.operate(http.StatusOK, http.MethodPost, users(host, id, "send-link"), nil) })
		s.bearer(host, p.access).get("/auth/session").want(http.StatusOK)
		half := s.client("app", host)
		half.login(victim, password).waits("mfa_authenticate")

		s.operate(http.StatusOK, http.MethodPost, users(host, id, "deactivate"), nil)
		over := func(when string) {
			t.Helper()
			c.get("/auth/session").out()
			s.bearer(host, p.access).get("/auth/session").out()
			s.deadToken(host, p.refresh)
			for _, k := range []string{link, sent} {
				s.client("app", host).lookReset(k).want(http.StatusBadRequest)
				s.client("app", host).reset(k, otherPassword).want(http.StatusBadRequest)
			}
			if r := half.get("/auth/session").out(); strings.Contains(r.Body, `"is_pending":true`) {
				t.Errorf("%s, a login still waits: %s", when, r.Body)
			}
		}
		over("deactivated")
		s.client("app", host).login(victim, password).out()
		s.client("app", host).showing(byPasskey, key).out()
		if got := s.faults(http.MethodPost, users(host, id, "send-link"), nil); !strings.HasPrefix(got, "422") {
			t.Errorf("a link to somebody inactive: %s", got)
		}
		s.operate(http.StatusOK, http.MethodPost, users(host, id, "reactivate"), nil)
		over("reactivated")
		s.client("app", host).login(victim, password).waits("mfa_authenticate")
	})
}

// Zitadel CVE-2025-64431 and CVE-2026-33132, Casdoor CVE-2025-61524: an id of another tenant was as good as one's own.
func TestUsersOfOtherTenantsAreAbsent(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := newScene(t, engine)
		a, b := s.house(`"email_verification": "none"`), s.house(`"email_verification": "none"`)
		c := s.client("app", b)
		id := c.signup(victim).want(http.StatusOK).userID()
		gone := s.operate(http.StatusCreated, http.MethodPost, users(b), object{"email": "gone@example.org"})
		s.operate(http.StatusOK, http.MethodDelete, users(b, gone.ID), nil)
		u := s.operate(http.StatusOK, http.MethodGet, users(b, id), nil)
		rows := []struct {
			method, path string
			body         any
		}{
			{"GET", "", nil}, {"PATCH", "", object{"name": "x"}}, {"DELETE", "", nil}, {"POST", "/restore", nil}, {"POST", "/erase", nil},
			{"POST", "/deactivate", nil}, {"POST", "/reactivate", nil}, {"POST", "/emails", object{"email": "n@example.org"}},
			{"POST", "/emails/remove", object{"email": victim}}, {"POST", "/emails/verify", object{"email": victim}},
			{"POST", "/emails/unverify", object{"email": victim}}, {"POST", "/emails/primary", object{"email": victim}},
			{"PUT", "/phone", object{"phone": number}}, {"DELETE", "/phone", nil}, {"POST", "/phone/verify", nil}, {"POST", "/phone/unverify", nil},
			{"PUT", "/password", object{"password": otherPassword}}, {"POST", "/send-link", nil}, {"DELETE", "/sessions", nil},
			{"DELETE", "/sessions/" + u.Sessions[0].ID, nil}, {"DELETE", "/authenticators", nil}, {"DELETE", "/authenticators/" + secret.NewID(), nil},
			{"POST", "/provider-accounts/remove", object{"provider": "x", "uid": "y"}},
			{"POST", "/provider-accounts/tokens", object{"provider": "x", "uid": "y"}},
		}
		strip := func(body string) string { return body[:strings.LastIndex(body, `"request_id"`)] }
		for _, row := range rows {
			_, absent := s.admin(row.method, users(a, secret.NewID())+row.path, row.body)
			for _, foreign := range []string{id, gone.ID, strings.ToUpper(id), "x", "%27", "{" + id + "}"} {
				status, body := s.admin(row.method, users(a, foreign)+row.path, row.body)
				if status != http.StatusNotFound || strip(body) != strip(absent) {
					t.Errorf("%s %s of %s: %d %s, of nobody: %s", row.method, row.path, foreign, status, body, absent)
				}
			}
		}
		if after := s.operate(http.StatusOK, http.MethodGet, users(b, id), nil); jsonOf(t, after) != jsonOf(t, u) {
			t.Errorf("was %+v, is %+v", u, after)
		}
		c.get("/auth/session").want(http.StatusOK)
		s.operate(http.StatusOK, http.MethodPost, users(b, gone.ID, "restore"), nil)
		if got := s.found(a, "&q="+id) + s.found(a, "&q=ann") + s.found(a, ""); got != "" {
			t.Errorf("found %s", got)
		}
	})
}

// Keycloak CVE-2026-1529, better-auth GHSA-fmh4-wcc4-5jm3: an invitation was taken up for another address, or by somebody else.
func TestInvitationIsForWhomItWasSentTo(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		now := clock.At(time.Now().UTC().Truncate(time.Second))
		s := newScene(t, engine, func(_ *config.Config, o *app.Options) { o.Clock = now })
		for name, account := range map[string]string{
			"links": `"email_verification": "mandatory", "login_methods": ["email", "username"], "signup_fields": ["email*", "username", "password1*"]`, "codes": byCodes,
		} {
			s.run(name, func(s *scene) {
				host := s.house(account)
				guest, rival := "guest@example.org", "rival@example.org"
				other := s.operate(http.StatusCreated, http.MethodPost, users(host), object{"email": rival, "email_verified": true, "password": password})
				var id string
				key := s.resetKey(guest, func() {
					id = s.operate(http.StatusCreated, http.MethodPost, users(host), object{"email": guest, "invite": true}).ID
				})
				second := s.resetKey(guest, func() { s.operate(http.StatusOK, http.MethodPost, users(host, id, "send-link"), nil) })
				c := s.client("app", host)
				c.lookReset(key).want(http.StatusOK)

				raw := decodeKey(t, key)
				swapped := slices.Clone(raw)
				copy(swapped, uuidBytes(t, other.ID))
				later := slices.Clone(raw)
				later[22]++
				elsewhere := s.house(account)
				for what, forged := range map[string][]byte{"another user": swapped, "another time": later, "another MAC": append(slices.Clone(raw[:len(raw)-1]), raw[len(raw)-1]^1)} {
					if r := c.anew().reset(encodeKey(forged), otherPassword).out(); r.Status != http.StatusBadRequest {
						t.Errorf("%s: %d %s", what, r.Status, r.Body)
					}
				}
				if r := s.client("app", elsewhere).reset(key, otherPassword).out(); r.Status != http.StatusBadRequest {
					t.Errorf("at another tenant: %d", r.Status)
				}
				in := s.client("app", host) // somebody else who is signed in
				in.login(rival, password).want(http.StatusOK)
				in.reset(key, otherPassword).want(http.StatusBadRequest)
				s.client("app", host).login(rival, password).want(http.StatusOK)

				// The address changes: what was sent to the one before is worth nothing.
				s.operate(http.StatusOK, http.MethodPost, users(host, id, "emails"), object{"email": "moved@example.org"})
				s.operate(http.StatusOK, http.MethodPost, users(host, id, "emails/primary"), object{"email": "moved@example.org"})
				c.anew().reset(key, otherPassword).want(http.StatusBadRequest)
				s.operate(http.StatusOK, http.MethodPost, users(host, id, "emails/primary"), object{"email": guest})
				s.operate(http.StatusOK, http.MethodPost, users(host, id, "emails/remove"), object{"email": "moved@example.org"})

				taken := s.client("app", host).reset(key, otherPassword)
				if taken.Status != http.StatusUnauthorized {
					t.Fatalf("got %d %s", taken.Status, taken.Body)
				}
				for _, k := range []string{key, second} {
					s.client("app", host).reset(k, "Marble-Falcon-27!").want(http.StatusBadRequest)
				}
				s.client("app", host).login(guest, otherPassword).want(http.StatusOK) // and the address is proved by it
				u := s.operate(http.StatusOK, http.MethodGet, users(host, id), nil)
				if !u.EmailVerified || !u.HasPassword || len(u.Emails) != 1 {
					t.Errorf("after it, the user is %+v", u)
				}

				late := ""
				key = s.resetKey("late@example.org", func() {
					late = s.operate(http.StatusCreated, http.MethodPost, users(host), object{"email": "late@example.org", "invite": true}).ID
				})
				now.Advance(s.tenantOf(host).Settings.Account.PasswordResetTimeout.Duration() + time.Second)
				s.client("app", host).reset(key, otherPassword).want(http.StatusBadRequest)
				key = s.resetKey("late@example.org", func() { s.operate(http.StatusOK, http.MethodPost, users(host, late, "send-link"), nil) })
				s.client("app", host).reset(key, otherPassword).want(http.StatusUnauthorized)
			})
		}
	})
}

func decodeKey(t *testing.T, key string) []byte {
	t.Helper()
	raw, err := keyText.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func encodeKey(raw []byte) string { return keyText.EncodeToString(raw) }

func uuidBytes(t *testing.T, id string) []byte {
	t.Helper()
	raw := uuid.MustParse(id)
	return raw[:]
}

// keyText is how keys are written in links.
var keyText = base64.RawURLEncoding

// everything makes a user of a house that proves by codes with all that there can be of one, and is what only this user has.
func (s *scene) everything(host string) (id string, traces []string) {
	s.Helper()
	email, phone, name := "quixote.7319@lamancha.example", "+34600731973", "Alonso-Quijano-7319"
	c := s.member(host, email, phone)
	p := s.guard(c)
	_, id = s.ids(host, email)
	at := users(host, id)
	s.operate(http.StatusOK, http.MethodPatch, at, object{"username": "rocinante7319", "name": name,
		"metadata_public": object{"horse": "rocinante-public"}, "metadata_private": object{"windmill": "giant-private"}})
	s.operate(http.StatusOK, http.MethodPost, at+"/emails", object{"email": "dulcinea.7319@toboso.example", "verified": true})
	s.operate(http.StatusOK, http.MethodPost, at+"/emails", object{"email": "panza.7319@toboso.example", "verified": true})
	s.operate(http.StatusOK, http.MethodPost, at+"/emails/remove", object{"email": "panza.7319@toboso.example"})
	err := s.Store.For(s.tenantOf(host)).One(func(tx *store.Tx) error {
		return tx.AddProviderAccount(s.Context(), &store.ProviderAccount{Provider: "google", UID: "uid-of-quixote-7319", UserID: id, CreatedAt: s.now().UTC()})
	})
	if err != nil {
		s.Fatal(err)
	}
	s.front(host).askReset(email)                                  // a stranger's session knows the address
	s.front(host).login(email, password).waits("mfa_authenticate") // and so does a login that waits
	given := s.front(host)
	given.login(email, password)
	given.delete("/auth/session") // and one that was given up
	s.settle()
	// What mail servers have said of an address stays with the message.
	s.exec(`UPDATE messages SET last_error = '550 no mailbox ' || 'quixote.7319@lamancha.example' WHERE user_id = $1`, id)
	return id, []string{"quixote", "lamancha", "dulcinea", "panza", phone, phone[1:], name, "rocinante", "giant-private", "uid-of-quixote", p.codes[0], c.ip}
}

// traces are the tables and columns of the database in which any of some texts can be read.
func (s *scene) traces(texts ...string) (found []string) {
	s.Helper()
	var tables []string
	var pg bool
	if s.db.QueryRowContext(s.Context(), `SELECT TRUE FROM information_schema.tables LIMIT 1`).Scan(&pg) == nil {
		tables = s.db.rows(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	} else {
		tables = s.db.rows(`SELECT name FROM sqlite_master WHERE type = 'table'`)
	}
	if len(tables) < 15 {
		s.Fatalf("the tables are %v", tables)
	}
	for _, table := range tables {
		rows, err := s.db.QueryContext(s.Context(), `SELECT * FROM `+table)
		if err != nil {
			s.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			s.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				s.Fatal(err)
			}
			for i, v := range values {
				text := fmt.Sprint(v)
				if raw, ok := v.([]byte); ok {
					text = string(raw)
				}
				for _, trace := range texts {
					if strings.Contains(strings.ToLower(text), strings.ToLower(trace)) {
						found = append(found, table+"."+columns[i]+": "+trace)
					}
				}
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // before the next query, and not when the test is over
			s.Fatal(err)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// unheard makes a webhook that is told of everything, and is never there.
func (s *scene) unheard(host string) (id string) {
	s.Helper()
	_, answer := s.admin(http.MethodPost, "/admin/v1/tenants/"+slugOf(host)+"/webhooks", object{"url": "http://127.0.0.1:1/", "events": []string{"*"}})
	var made admin.Webhook
	if err := json.Unmarshal([]byte(answer), &made); err != nil || made.ID == "" {
		s.Fatalf("no webhook: %s", answer)
	}
	return made.ID
}

// toldTo is all that a webhook is told, or was.
func (s *scene) toldTo(host, hook string) string {
	s.Helper()
	owner := s.tenantOf(host)
	all, err := s.Store.For(owner).Deliveries(s.Context(), hook, "", "", 1000)
	if err != nil {
		s.Fatal(err)
	}
	var b strings.Builder
	for i := range all {
		body, err := webhook.Body(owner, &all[i])
		if err != nil {
			s.Fatal(err)
		}
		b.WriteString(body + "\n")
	}
	return b.String()
}

// TestNothingIsLeftOfWhoWasErased looks for a user who had everything in every column of every table, before and after.
func TestNothingIsLeftOfWhoWasErased(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		for name, first := range map[string]func(at string){
			"from among the living": func(string) {},
			"deleted before":        func(at string) { s.operate(http.StatusOK, http.MethodDelete, at, nil) },
		} {
			s.run(name, func(s *scene) {
				host := s.house(byCodes + `, "email_notifications": true`)
				hook := s.unheard(host) // which nobody answers, so that what is told waits
				id, traces := s.everything(host)
				eventually(s, "it is told", func() bool { return strings.Contains(s.toldTo(host, hook), "quixote.7319") })
				before := strings.Join(s.traces(traces...), "\n")
				for _, place := range []string{"users.email:", "users.phone:", "emails.email:", "users.name:", "users.username:", "users.metadata_private:",
					"sessions.state:", "sessions.ip:", "messages.last_error:", "audit_events.details:", "provider_accounts.uid:"} {
					if !strings.Contains(before, place) {
						s.Errorf("the search does not find what is in %s\n%s", place, before)
					}
				}
				held := s.db.rows(`SELECT id FROM audit_events WHERE user_id = $1`, id)
				first(users(host, id))
				s.operate(http.StatusNoContent, http.MethodPost, users(host, id, "erase"), nil)
				if left := s.traces(traces...); len(left) > 0 {
					s.Errorf("left is\n%s", strings.Join(left, "\n"))
				}
				for _, trace := range traces {
					if told := s.toldTo(host, hook); strings.Contains(told, trace) {
						s.Errorf("%s is still to be told: %s", trace, told)
					}
				}
				var where []string
				for _, w := range s.traces(id) {
					if strings.HasPrefix(w, "webhook_deliveries.user_id") {
						continue // of the erasure itself, once that is told
					}
					where = append(where, strings.TrimSuffix(w, ": "+id))
				}
				for _, w := range where { // ids, in what happened and was counted
					if !slices.Contains([]string{"audit_events.actor_id", "audit_events.target", "audit_events.user_id", "messages.user_id", "active_users.user_id"}, w) {
						s.Errorf("its id is in %s", w)
					}
				}
				if status, body := s.admin(http.MethodGet, "/admin/v1/tenants/"+slugOf(host)+"/audit/verify", nil); status != http.StatusOK || !strings.Contains(body, `"intact":true`) {
					s.Errorf("the log does not hold: %d %s", status, body)
				}
				if now := s.db.rows(`SELECT id FROM audit_events WHERE user_id = $1`, id); len(now) <= len(held) {
					s.Errorf("of %d events %d are left", len(held), len(now))
				}
				for _, path := range []string{"", "/restore", "/erase"} {
					method := http.MethodPost
					if path == "" {
						method = http.MethodGet
					}
					s.operate(http.StatusNotFound, method, users(host, id)+path, nil)
				}
				s.member(host, "quixote.7319@lamancha.example", "+34600731973") // everything is free
				_, again := s.ids(host, "quixote.7319@lamancha.example")
				s.operate(http.StatusNoContent, http.MethodPost, users(host, again, "erase"), nil)
			})
		}
	})
}

// Zitadel CVE-2026-55670: who got the address of somebody who was deleted got what was theirs.
func TestRemadeUserInheritsNothing(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(`"email_verification": "mandatory"`)
		s.patch(host, `"login_by_code_enabled": true`)
		s.verified(host, victim)
		c := s.front(host)
		c.login(victim, password).want(http.StatusOK)
		key := s.guard(c).key
		held := c.held()
		_, id := s.ids(host, victim)
		reset := s.resetKey(victim, func() { s.front(host).askReset(victim).want(http.StatusOK) })
		sent := s.resetKey(victim, func() { s.operate(http.StatusOK, http.MethodPost, users(host, id, "send-link"), nil) })
		// What is queued when the user goes is never sent: neither on deleting nor after the address is somebody else's.
		err := s.Store.For(s.tenantOf(host)).One(func(tx *store.Tx) error {
			return tx.AddMessage(t.Context(), &store.Message{ID: secret.NewID(), UserID: id, Kind: "password_changed", Channel: store.Mail, Body: []byte("x"),
				CreatedAt: s.now().UTC(), DueAt: s.now().UTC().Add(time.Hour)})
		})
		if err != nil {
			t.Fatal(err)
		}
		s.operate(http.StatusOK, http.MethodDelete, users(host, id), nil)
		if got := s.db.one(`SELECT COUNT(*) FROM messages WHERE user_id = $1 AND (state = 'queued' OR body IS NOT NULL)`, id); got != "0" {
			t.Errorf("%s messages wait", got)
		}
		old := func(when string) {
			t.Helper()
			s.ended(s.kind, host, held)
			for _, k := range []string{reset, sent} {
				s.front(host).lookReset(k).want(http.StatusBadRequest)
				s.front(host).reset(k, otherPassword).want(http.StatusBadRequest)
			}
			s.front(host).showing(byPasskey, key).want(http.StatusBadRequest)
			s.front(host).login(victim, password).want(http.StatusBadRequest)
			if got := s.found(host, "&q="+victim) + s.found(host, "&q="+id); strings.Contains(got, id) {
				t.Errorf("%s, found %s", when, got)
			}
		}
		old("deleted")
		again := s.operate(http.StatusCreated, http.MethodPost, users(host), object{"email": victim, "email_verified": true, "password": otherPassword})
		old("remade")
		s.front(host).login(victim, otherPassword).want(http.StatusOK)
		if again.ID == id {
			t.Error("the id is used again")
		}
		if got := s.faults(http.MethodPost, users(host, id, "restore"), nil); got != "409 username email" {
			t.Errorf("restored into a taken address: %s", got)
		}
		s.operate(http.StatusNoContent, http.MethodPost, users(host, again.ID, "erase"), nil)
		s.operate(http.StatusOK, http.MethodPost, users(host, id, "restore"), nil)
	})
}

func TestDeletedUsersAreRestored(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		id, traces := s.everything(host)
		before := s.operate(http.StatusOK, http.MethodGet, users(host, id), nil)
		c := s.front(host)
		c.login(before.Email, password).waits("mfa_authenticate")
		codes := s.db.rows(`SELECT type FROM authenticators WHERE user_id = $1 ORDER BY type`, id)
		s.operate(http.StatusOK, http.MethodDelete, users(host, id), nil)
		for _, left := range s.traces(traces...) {
			if !strings.HasPrefix(left, "audit_events.") && !strings.HasPrefix(left, "sessions.state") && !strings.HasPrefix(left, "sessions.methods") {
				t.Errorf("while the user is deleted, %s", left)
			}
		}
		_, answer := s.admin(http.MethodGet, "/admin/v1/tenants/"+slugOf(host)+"/deleted-users", nil)
		var page struct{ Items []admin.DeletedUser }
		if err := json.Unmarshal([]byte(answer), &page); err != nil || len(page.Items) != 1 || page.Items[0].ID != id || page.Items[0].Email != before.Email ||
			page.Items[0].EraseAt.Sub(page.Items[0].DeletedAt) != 30*24*time.Hour {
			t.Errorf("deleted are %s", answer)
		}
		s.operate(http.StatusNotFound, http.MethodGet, users(host, id), nil)
		s.operate(http.StatusNotFound, http.MethodDelete, users(host, id), nil)
		s.operate(http.StatusOK, http.MethodPost, users(host, id, "restore"), nil)
		s.operate(http.StatusNotFound, http.MethodPost, users(host, id, "restore"), nil)
		after := s.operate(http.StatusOK, http.MethodGet, users(host, id), nil)
		before.Sessions = after.Sessions
		if was, is := jsonOf(t, before), jsonOf(t, after); was != is || len(after.Sessions) != 0 {
			t.Errorf("was\n%s\nis\n%s", was, is)
		}
		if got := s.db.rows(`SELECT type FROM authenticators WHERE user_id = $1 ORDER BY type`, id); !slices.Equal(got, codes) {
			t.Errorf("authenticators are %v", got)
		}
		s.front(host).login(before.Email, password).waits("mfa_authenticate")
		if r := c.get("/auth/session").out(); strings.Contains(r.Body, `"is_pending":true`) {
			t.Error("a login from before waits again")
		}
		s.operate(http.StatusNoContent, http.MethodPost, users(host, id, "erase"), nil)
	})
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestGraceEnds: nobody is restored once the time has passed, and nothing is kept.
func TestGraceEnds(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		now := clock.At(time.Now().UTC().Truncate(time.Second))
		s := newScene(t, engine, func(_ *config.Config, o *app.Options) { o.Clock = now })
		host := s.house(`"email_verification": "none"`)
		first := s.operate(http.StatusCreated, http.MethodPost, users(host), object{"email": "quixote@example.org"})
		s.operate(http.StatusOK, http.MethodDelete, users(host, first.ID), nil)
		now.Advance(29 * 24 * time.Hour)
		if n, err := s.Flows.EraseDue(t.Context(), 10); n != 0 || err != nil {
			t.Errorf("a day early %d are erased, %v", n, err)
		}
		now.Advance(24 * time.Hour)
		if n, err := s.Flows.EraseDue(t.Context(), 10); n != 1 || err != nil {
			t.Errorf("%d are erased, %v", n, err)
		}
		s.operate(http.StatusNotFound, http.MethodPost, users(host, first.ID, "restore"), nil)
		if left := s.traces("quixote"); len(left) > 0 {
			t.Errorf("left is %v", left)
		}
		if got := s.db.one(`SELECT actor_kind FROM audit_events WHERE user_id = $1 AND action = 'user.erased'`, first.ID); got != "server" {
			t.Errorf("it was erased by %q", got)
		}
	})
}
