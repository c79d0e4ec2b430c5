package adminapi_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// fitting are bodies that rows take, so that it is the id that they stop at, and not the body. What is not here takes none, or an empty
// object.
var fitting = map[string]string{
	"PATCH /admin/v1/tenants/{slug}/users/{id}":                         `{"name":"Eve"}`,
	"POST /admin/v1/tenants/{slug}/users/{id}/emails":                   `{"email":"eve@example.org"}`,
	"POST /admin/v1/tenants/{slug}/users/{id}/emails/remove":            `{"email":"ann@example.org"}`,
	"POST /admin/v1/tenants/{slug}/users/{id}/emails/verify":            `{"email":"ann@example.org"}`,
	"POST /admin/v1/tenants/{slug}/users/{id}/emails/unverify":          `{"email":"ann@example.org"}`,
	"POST /admin/v1/tenants/{slug}/users/{id}/emails/primary":           `{"email":"ann@example.org"}`,
	"PUT /admin/v1/tenants/{slug}/users/{id}/phone":                     `{"phone":"+31612345678"}`,
	"PUT /admin/v1/tenants/{slug}/users/{id}/password":                  `{"password":"Kestrel-Orbit-49"}`,
	"POST /admin/v1/tenants/{slug}/users/{id}/provider-accounts/remove": `{"provider":"google","uid":"1"}`,
	"POST /admin/v1/tenants/{slug}/users/{id}/provider-accounts/tokens": `{"provider":"google","uid":"1"}`,
	"PATCH /admin/v1/tenants/{slug}/webhooks/{id}":                      `{"description":"Eve's"}`,
	"POST /admin/v1/tenants/{slug}/webhooks/{id}/rotate-secret":         `{}`,
	"POST /admin/v1/tenants/{slug}/webhooks/{id}/replay":                `{"since":"2026-01-01T00:00:00Z"}`,
	"PUT /admin/v1/tenants/{slug}/imports/{id}/chunks/{number}":         `{"email":"eve@example.org"}`,
	"PUT /admin/v1/tenants/{slug}/templates/{kind}":                     `{"text":"{{url}}"}`,
}

// What belongs to one tenant is, under another tenant's path, what does not exist: the same status and the same words as for an id that
// was made up, and nothing is changed by asking.
func TestIDsOfAnotherTenantAreMadeUpOnes(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		d.create("zenith")
		theirs := d.loot("zenith")
		made := map[string]string{}
		for name := range theirs {
			made[name] = secret.NewID()
		}
		made["number"], made["kid"] = "987654321", "made-up"
		before := d.rowsOf(theirs["tenant"])
		asked := 0
		for _, row := range adminapi.Rows() {
			names := placeholder.FindAllStringSubmatch(row.Path, -1)
			if len(names) < 2 || names[0][1] != "slug" || slices.ContainsFunc(names[1:], func(n []string) bool { return theirs[keyOf(row.Path, n[1])] == "" }) {
				continue
			}
			ask := func(ids map[string]string) (int, string) {
				path := placeholder.ReplaceAllStringFunc(row.Path, func(name string) string {
					if name == "{slug}" {
						return "acme"
					}
					return ids[keyOf(row.Path, strings.Trim(name, "{}"))]
				})
				body, header := fitting[row.Method+" "+row.Path], "X: y"
				if row.Method == http.MethodPatch {
					header = "Content-Type: application/merge-patch+json"
				}
				a := d.do(row.Method, path, body, header)
				return a.StatusCode, replaced(string(a.body), ids)
			}
			asked++
			foreign, said := ask(theirs)
			absent, says := ask(made)
			if foreign != absent || said != says || foreign != http.StatusNotFound {
				t.Errorf("%s %s: of another tenant it is %d %s, made up %d %s", row.Method, row.Path, foreign, said, absent, says)
			}
		}
		if asked < 25 {
			t.Errorf("only %d routes were asked", asked)
		}
		if after := d.rowsOf(theirs["tenant"]); after != before {
			t.Errorf("the other tenant's rows changed:\n%s\n%s", before, after)
		}
	})
}

// keyOf is what a placeholder of a path stands for: {id} is whatever the path is about.
func keyOf(path, name string) string {
	if name != "id" {
		return name
	}
	return strings.Split(strings.TrimPrefix(path, "/admin/v1/tenants/{slug}/"), "/")[0]
}

var requestIDs = regexp.MustCompile(`"request_id":"[^"]*"`)

// replaced is an answer without the ids that were asked for.
func replaced(body string, ids map[string]string) string {
	for name, id := range ids {
		body = strings.ReplaceAll(body, id, "<"+name+">")
	}
	return requestIDs.ReplaceAllString(body, "")
}

// loot makes one of everything in a tenant, and is the ids of that.
func (d *desk) loot(slug string) map[string]string {
	d.t.Helper()
	t, err := d.store.TenantBySlug(d.t.Context(), slug)
	if err != nil {
		d.t.Fatal(err)
	}
	user := d.want(d.do("POST", "/admin/v1/tenants/"+slug+"/users", `{"email":"ann@example.org","email_verified":true,"password":"Kestrel-Orbit-49"}`), http.StatusCreated)
	hook := d.want(d.do("POST", "/admin/v1/tenants/"+slug+"/webhooks", `{"url":"https://hooks.example.org/x","events":["*"]}`), http.StatusCreated)
	ids := map[string]string{
		"tenant": t.ID, "users": user.text(d.t, "id"), "webhooks": hook.text(d.t, "id"), "messages": d.message(t, "ann@example.org", time.Hour),
	}
	session := &store.Session{
		ID: secret.NewID(), Token: secret.Digest(secret.Token()), Client: store.App, UserID: ids["users"], Epoch: 1, Methods: []byte(`[]`), State: []byte(`{}`),
		Version: 1, CreatedAt: testkit.Start, SeenAt: testkit.Start, ExpiresAt: testkit.Start.Add(time.Hour),
	}
	factor := &store.Authenticator{
		ID: secret.NewID(), UserID: ids["users"], Type: store.TOTP, Data: []byte("sealed"), Version: 1, CreatedAt: testkit.Start,
	}
	delivery := &store.Delivery{
		ID: secret.NewID(), WebhookID: ids["webhooks"], EventID: secret.NewID(), Type: "user.signed_up", Body: []byte("sealed"), CreatedAt: testkit.Start,
	}
	err = d.store.For(t).Do(d.t.Context(), func(tx *store.Tx) error {
		if err := tx.AddSession(d.t.Context(), session, &store.User{ID: ids["users"], Epoch: 1, Active: true}); err != nil {
			return err
		}
		if err := tx.AddAuthenticator(d.t.Context(), factor); err != nil {
			return err
		}
		return tx.AddDelivery(d.t.Context(), delivery)
	})
	if err != nil {
		d.t.Fatal(err)
	}
	ids["session"], ids["authenticator"], ids["delivery"] = session.ID, factor.ID, delivery.ID
	return ids
}

// rowsOf is how many rows a tenant has in each of its tables, and what is in those that acts would change.
func (d *desk) rowsOf(tenantID string) string {
	d.t.Helper()
	var all strings.Builder
	for _, of := range store.OfTenants() {
		table := of.Name
		n := 0
		if err := d.raw.QueryRowContext(d.t.Context(), `SELECT COUNT(*) FROM `+table+` WHERE tenant_id = $1`, tenantID).Scan(&n); err != nil {
			d.t.Fatal(err)
		}
		_, _ = fmt.Fprintf(&all, "%s %d\n", table, n)
	}
	u, err := d.store.For(&tenants.Tenant{ID: tenantID}).Wholes(d.t.Context(), "00000000-0000-0000-0000-000000000000", 10)
	if err != nil || len(u) == 0 {
		d.t.Fatalf("%d users, %v", len(u), err)
	}
	for _, w := range u {
		_, _ = fmt.Fprintf(&all, "%+v %+v\n", w.User, w.Emails)
	}
	return all.String()
}
