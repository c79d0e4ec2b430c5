package adminapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/audit"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

func init() { //nolint:gochecknoinits // the validator knows decoders by a registry
	openapi3filter.RegisterBodyDecoder("application/x-ndjson", func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
		b, err := io.ReadAll(body)
		return string(b), err
	})
}

// keeper is one that chains the log of a desk.
func (d *desk) keeper() *audit.Keeper {
	return audit.New(audit.Options{Store: d.store, Tenants: d.store.TenantByID, Clock: d.clock})
}

// happen writes events of a tenant, a second after each other.
func (d *desk) happen(t *tenants.Tenant, events ...store.Event) {
	d.t.Helper()
	for _, e := range events {
		d.clock.Advance(time.Second)
		e.ID, e.At = secret.NewID(), d.clock.Now()
		if err := d.store.For(t).One(func(tx *store.Tx) error { return tx.AddEvent(d.t.Context(), &e) }); err != nil {
			d.t.Fatal(err)
		}
	}
}

// listed are the actions that a list shows, over all its pages.
func (d *desk) listed(path string, q url.Values, headers ...string) (actions []string) {
	d.t.Helper()
	for range 100 {
		a := d.want(d.do("GET", path+"?"+q.Encode(), "", headers...), http.StatusOK)
		var p struct {
			Items      []admin.AuditEvent
			NextCursor *string `json:"next_cursor"`
		}
		if err := json.Unmarshal(a.body, &p); err != nil {
			d.t.Fatal(err)
		}
		for _, e := range p.Items {
			actions = append(actions, string(e.Action))
		}
		if p.NextCursor == nil {
			return actions
		}
		q.Set("cursor", *p.NextCursor)
	}
	d.t.Fatal("the list has no end")
	return nil
}

func TestAuditLogOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		acme, zenith := testkit.AddTenant(t, d.store, "acme", ""), testkit.AddTenant(t, d.store, "zenith", "")
		ann, bob, session := secret.NewID(), secret.NewID(), secret.NewID()
		by := func(id string) store.Actor { return store.Actor{Kind: store.ByUser, ID: id} }
		operator := store.Actor{Kind: store.ByOperator, ID: bob, Name: "bob@example.org"}
		d.happen(acme,
			store.Event{Action: store.UserSignedUp, UserID: ann, Actor: by(ann), SessionID: session, RequestID: "one"},
			store.Event{Action: store.UserLoggedIn, UserID: ann, Actor: by(ann), SessionID: session, RequestID: "one", IP: "192.0.2.7", UserAgent: "x"},
			store.Event{Action: store.LoginFailed, UserID: ann, RequestID: "two"},
			store.Event{Action: store.LoginFailed},
			store.Event{Action: store.FactorAdded, UserID: ann, Actor: by(ann), Details: []byte(`{"type":"totp"}`)},
			store.Event{Action: store.TenantChanged, Actor: operator, Target: "tenant/acme", Details: []byte(`{"before":{"name":"A"},"after":{"name":"B"}}`)},
		)
		d.happen(zenith, store.Event{Action: store.UserLoggedOut, UserID: bob, Actor: by(bob), RequestID: "three"})
		const of = "/admin/v1/tenants/acme/audit"
		at := func(seconds int) string {
			return testkit.Start.Add(time.Duration(seconds) * time.Second).Format(time.RFC3339)
		}
		for _, c := range []struct {
			path  string
			query url.Values
			want  string
		}{
			{of, url.Values{}, "tenant.changed factor.added user.login_failed user.login_failed user.logged_in user.signed_up"},
			{of, url.Values{"limit": {"1"}}, "tenant.changed factor.added user.login_failed user.login_failed user.logged_in user.signed_up"},
			{of, url.Values{"limit": {"4"}}, "tenant.changed factor.added user.login_failed user.login_failed user.logged_in user.signed_up"},
			{of, url.Values{"action": {"user.login_failed"}, "limit": {"1"}}, "user.login_failed user.login_failed"},
			{of, url.Values{"action": {"user"}}, "user.login_failed user.login_failed user.logged_in user.signed_up"},
			{of, url.Values{"action": {"factor."}}, "factor.added"},
			{of, url.Values{"action": {"us"}}, ""},
			{of, url.Values{"user": {ann}}, "factor.added user.login_failed user.logged_in user.signed_up"},
			{of, url.Values{"user": {strings.ToUpper(ann)}, "action": {"user"}}, "user.login_failed user.logged_in user.signed_up"},
			{of, url.Values{"user": {bob}}, ""},
			{of, url.Values{"actor": {ann}}, "factor.added user.logged_in user.signed_up"},
			{of, url.Values{"actor": {bob}}, "tenant.changed"},
			{of, url.Values{"actor": {"nobody"}}, ""},
			{of, url.Values{"session": {session}, "limit": {"1"}}, "user.logged_in user.signed_up"},
			{of, url.Values{"request": {"one"}}, "user.logged_in user.signed_up"},
			{of, url.Values{"request": {"three"}}, ""},
			{of, url.Values{"since": {at(4)}}, "tenant.changed factor.added user.login_failed"},
			{of, url.Values{"since": {at(2)}, "until": {at(4)}}, "user.login_failed user.logged_in"},
			{"/admin/v1/audit", url.Values{"action": {"user"}, "limit": {"2"}}, "user.logged_out user.login_failed user.login_failed user.logged_in user.signed_up"},
			{"/admin/v1/audit", url.Values{"request": {"three"}}, "user.logged_out"},
			{"/admin/v1/audit", url.Values{"actor": {bob}}, "tenant.changed"},
		} {
			if got := strings.Join(d.listed(c.path, c.query), " "); got != c.want {
				t.Errorf("%s %v: %s\nnot %s", c.path, c.query, got, c.want)
			}
		}
		shown := d.want(d.do("GET", of+"?limit=1", ""), http.StatusOK)
		for _, part := range []string{`"before":{"name":"A"}`, `"name":"bob@example.org"`, `"target":"tenant/acme"`, `"number":null`} {
			if !strings.Contains(string(shown.body), part) {
				t.Errorf("without %s: %s", part, shown.body)
			}
		}
		for _, bad := range []string{"user=x", "session=x", "since=yesterday", "until=2026", "limit=0", "limit=201", "cursor=x", "else=x", "actor=%00", "request=%ff", "action=%0a", "request=" + strings.Repeat("x", 201), "user=x&user=y"} {
			d.want(d.do("GET", of+"?"+bad, ""), http.StatusBadRequest)
		}
		lines := d.want(d.do("GET", of+"/export?action=user", ""), http.StatusOK)
		if lines.Header.Get("Content-Type") != "application/x-ndjson" || bytes.Count(lines.body, []byte("\n")) != 4 {
			t.Errorf("the export is %s", lines.body)
		}
		for line := range strings.Lines(string(lines.body)) {
			var e admin.AuditEvent
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.TenantID != acme.ID {
				t.Errorf("a line is %s", line)
			}
		}
		if none := d.want(d.do("GET", of+"/export?user="+bob, ""), http.StatusOK); len(none.body) != 0 {
			t.Errorf("of nothing it is %s", none.body)
		}
	})
}

// TestEventsNameTheirTenants, as long as they are there.
func TestEventsNameTheirTenants(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		acme, zenith := testkit.AddTenant(t, d.store, "acme", ""), testkit.AddTenant(t, d.store, "zenith", "")
		for range 2 {
			d.happen(acme, store.Event{Action: store.UserLoggedIn})
			d.happen(zenith, store.Event{Action: store.UserLoggedIn})
		}
		named := func(path string, want ...string) {
			t.Helper()
			var page struct{ Items []admin.AuditEvent }
			if err := json.Unmarshal(d.want(d.do("GET", path+"?action=user", ""), http.StatusOK).body, &page); err != nil {
				t.Fatal(err)
			}
			lines := d.want(d.do("GET", path+"/export?action=user", ""), http.StatusOK)
			exported := []admin.AuditEvent{}
			for line := range strings.Lines(string(lines.body)) {
				var e admin.AuditEvent
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatal(err)
				}
				exported = append(exported, e)
			}
			for how, events := range map[string][]admin.AuditEvent{"the list": page.Items, "the export": exported} {
				var got []string
				for _, e := range events {
					if e.Tenant == nil {
						got = append(got, "null")
					} else {
						got = append(got, *e.Tenant)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s of %s names %q, not %q", how, path, got, want)
				}
			}
		}
		named("/admin/v1/audit", "zenith", "acme", "zenith", "acme")
		named("/admin/v1/tenants/acme/audit", "acme", "acme")
		d.want(d.do("DELETE", "/admin/v1/tenants/zenith", ""), http.StatusNoContent)
		d.create("zenith")
		named("/admin/v1/audit", "null", "acme", "null", "acme") // another tenant that goes by that name is not meant
	})
}

// TestAuditCursorsAreForOneList: of one tenant, and with one filter.
func TestAuditCursorsAreForOneList(t *testing.T) {
	d := newDesk(t, "sqlite", nil)
	acme, zenith := testkit.AddTenant(t, d.store, "acme", ""), testkit.AddTenant(t, d.store, "zenith", "")
	for range 3 {
		d.happen(acme, store.Event{Action: store.UserLoggedIn})
		d.happen(zenith, store.Event{Action: store.UserLoggedIn})
	}
	const of = "/admin/v1/tenants/acme/audit?limit=1"
	cursor := d.want(d.do("GET", of, ""), http.StatusOK).text(t, "next_cursor")
	d.want(d.do("GET", of+"&cursor="+cursor, ""), http.StatusOK)
	forged := []byte(cursor)
	forged[len(forged)-2] ^= 1
	for _, path := range []string{
		"/admin/v1/tenants/zenith/audit?cursor=" + cursor, "/admin/v1/audit?cursor=" + cursor, of + "&action=user&cursor=" + cursor,
		of + "&cursor=" + string(forged), of + "&cursor=" + cursor + "A", of + "&cursor=" + cursor[:20], "/admin/v1/tenants/acme/audit/verify?cursor=" + cursor,
	} {
		d.want(d.do("GET", path, ""), http.StatusBadRequest)
	}
}

// TestOperatorsEventsAreTheOwners, wherever they are looked for.
func TestOperatorsEventsAreTheOwners(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		if err := d.api.Admin.MakeSystem(t.Context(), "http://localhost:9090"); err != nil {
			t.Fatal(err)
		}
		d.create("acme")
		tokens := map[string]string{}
		for _, role := range []string{"owner", "viewer"} {
			_, tokens[role] = d.newToken(fmt.Sprintf(`{"name":%q,"grants":[{"role":%q}]}`, role, role))
		}
		seen := d.listed("/admin/v1/audit", url.Values{}, as(tokens["owner"]))
		if !slices.Contains(seen, "token.created") || !slices.Contains(seen, "tenant.created") {
			t.Errorf("an owner sees %v", seen)
		}
		seen = d.listed("/admin/v1/audit", url.Values{}, as(tokens["viewer"]))
		if slices.Contains(seen, "token.created") || !slices.Contains(seen, "tenant.created") {
			t.Errorf("a viewer sees %v", seen)
		}
		lines := d.want(d.do("GET", "/admin/v1/audit/export", "", as(tokens["viewer"])), http.StatusOK)
		if strings.Contains(string(lines.body), "token.created") {
			t.Errorf("a viewer exports %s", lines.body)
		}
		d.want(d.do("GET", "/admin/v1/tenants/system/audit", "", as(tokens["viewer"])), http.StatusForbidden)
		if got := d.listed("/admin/v1/tenants/system/audit", url.Values{}, as(tokens["owner"])); !slices.Contains(got, "token.created") {
			t.Errorf("the operators' own log is %v", got)
		}
	})
}

// TestOddProgramsAreLogged: what a program calls itself keeps nobody from acting.
func TestOddProgramsAreLogged(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		made := d.want(d.do("POST", "/admin/v1/tenants", `{"slug":"acme","name":"Acme","hosts":["acme.example"]}`,
			"User-Agent: odd \xff\xfe"+strings.Repeat("é", 500)), http.StatusCreated)
		log := d.want(d.do("GET", "/admin/v1/tenants/acme/audit", ""), http.StatusOK)
		if !strings.Contains(string(log.body), `"user_agent":"odd é`) || len(log.body) > 2000 {
			t.Errorf("of %s the log is %s", made.text(t, "id"), log.body)
		}
	})
}

func TestAuditIsVerifiedOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		acme := testkit.AddTenant(t, d.store, "acme", "")
		const path = "/admin/v1/tenants/acme/audit/verify"
		if a := d.want(d.do("GET", path, ""), http.StatusOK); a.text(t, "intact") != "true" || a.text(t, "verified") != "0" {
			t.Errorf("of nothing: %s", a.body)
		}
		for range 10 {
			d.happen(acme, store.Event{Action: store.UserLoggedIn})
		}
		if err := d.keeper().Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		a := d.want(d.do("GET", path, ""), http.StatusOK)
		if a.text(t, "intact") != "true" || a.text(t, "verified") != "10" || a.text(t, "next_cursor") != "<nil>" || len(a.text(t, "head")) != 64 {
			t.Errorf("%s", a.body)
		}
		drop := "DROP TRIGGER audit_events_change"
		if engine == "postgres" {
			drop += " ON audit_events"
		}
		for _, statement := range []string{drop, `UPDATE audit_events SET action = 'user.logged_out' WHERE number = 4`} {
			if _, err := d.raw.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		a = d.want(d.do("GET", path, ""), http.StatusOK)
		if a.text(t, "intact") != "false" || a.text(t, "break.kind") != "changed" || a.text(t, "break.number") != "4" {
			t.Errorf("%s", a.body)
		}
	})
}
