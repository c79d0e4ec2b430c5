package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// Zitadel CVE-2026-55670: what was given out for a name that was deleted worked for whoever had the name next. Here a tenant is deleted and
// made again with the same slug, the same host, the same configuration, and an account of the same address and password.
func TestNothingOfADeletedTenantDoesAnythingAtTheNextOfItsName(t *testing.T) {
	t.Parallel() // as in everywhere
	testkit.Engines(t, func(t *testing.T, engine string) {
		if engine == "sqlite" { // each way of proving things once: it is the same code
			newHouse(t, engine).recycled(t)
			return
		}
		newCodeHouse(t, engine).recycled(t)
	})
}

// recycled is that test for one way of proving things.
func (h *house) recycled(t *testing.T) {
	h.good(t, h.a, h.ofA)
	slug := slugOf(h.a)
	old := h.db.one(`SELECT id FROM tenants WHERE slug = $1`, slug)
	keys := h.plainRequest(http.MethodGet, h.a, "/.well-known/jwks.json").want(http.StatusOK).Body
	_, doc := h.admin(http.MethodGet, "/admin/v1/tenants/"+slug, nil)
	var shown struct {
		Name   string
		Config json.RawMessage
	}
	if err := json.Unmarshal([]byte(doc), &shown); err != nil {
		t.Fatal(err)
	}
	if status, body := h.admin(http.MethodDelete, "/admin/v1/tenants/"+slug, nil); status != http.StatusNoContent {
		t.Fatalf("delete: %d %s", status, body)
	}
	h.client("app", h.a).get("/config").want(http.StatusNotFound)
	made := map[string]any{"slug": slug, "name": shown.Name, "hosts": []string{h.a}, "config": shown.Config}
	status, body := h.admin(http.MethodPost, "/admin/v1/tenants", made)
	if status != http.StatusCreated {
		t.Fatalf("make it again: %d %s", status, body)
	}
	var next struct{ ID string }
	if err := json.Unmarshal([]byte(body), &next); err != nil || next.ID == old {
		t.Fatalf("the id is %s again: %v", next.ID, err)
	}
	// Somebody of the same address and password moves in, and is waited for to do so.
	moved := h.move(h.a, password)
	h.good(t, h.a, moved)
	if h.plainRequest(http.MethodGet, h.a, "/.well-known/jwks.json").want(http.StatusOK).Body == keys {
		t.Error("it signs with the keys of before")
	}
	everything := func() map[string][]string {
		all := map[string][]string{}
		for table, columns := range h.db.columns() {
			all[table] = h.db.rows(fmt.Sprintf(`SELECT %s FROM %s WHERE tenant_id = $1%s`, strings.Join(columns, ", "), table, passing[table]), next.ID)
			slices.Sort(all[table])
		}
		return all
	}
	for _, o := range operations(t) {
		path := strings.TrimPrefix(o.path, "/_allauth/"+o.kind+"/v1")
		for _, sl := range slots {
			// What is signed in to by the same address and password is the new account's own, and no matter of what was kept.
			if sl.kind != o.kind || path == "/auth/login" || path == "/auth/signup" {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", o, sl.name), func(t *testing.T) {
				before := everything()
				kept := o.send(h.carrying(t, sl, "by host", h.a, h.ofA), h.ofA)
				between := everything()
				invented := o.send(h.carrying(t, sl, "by host", h.a, madeUp()), madeUp())
				after := everything()
				for table, rows := range before {
					for _, row := range rows {
						if !slices.Contains(between[table], row) {
							t.Errorf("a row of %s was changed or lost: %s", table, row)
						}
					}
					if did, does := len(between[table])-len(rows), len(after[table])-len(between[table]); did != does {
						t.Errorf("%d rows were added to %s, where made-up values add %d", did, table, does)
					}
				}
				switch path {
				case "/config", "/auth/password/request", "/auth/webauthn/login": // which answer whoever asks
					if kept.Status != invented.Status {
						t.Errorf("answered %d, where made-up values are answered %d: %s", kept.Status, invented.Status, kept.Body)
					}
				default:
					if kept.Status == http.StatusOK {
						t.Errorf("answered %d: %s", kept.Status, kept.Body)
					}
				}
			})
		}
	}
	h.good(t, h.a, moved)
	// What waits for the tenant that is gone is not sent, and its cursor and the numbers of its changes are of no use.
	if n := h.db.one(`SELECT count(*) FROM sessions WHERE tenant_id = $1 AND user_id IS NOT NULL`, next.ID); n == "0" {
		t.Error("nobody is signed in: the test proves nothing")
	}
	r, body := h.admin(http.MethodPost, "/admin/v1/tenants/"+slug+"/rollback", map[string]any{"version": 1})
	if r != http.StatusUnprocessableEntity {
		t.Errorf("rolled back to a version of the one before: %d %s", r, body)
	}
	// When the first comes back under another name, nothing of it is signed in; and when it is purged, its rows are gone and nobody else's.
	back := "/admin/v1/deleted-tenants/" + old
	status, body = h.admin(http.MethodPost, back+"/restore", map[string]any{"slug": slug + "-2", "hosts": []string{slug + "-2.localhost"}})
	if status != http.StatusOK {
		t.Fatalf("restore: %d %s", status, body)
	}
	host := slug + "-2.localhost"
	for _, sl := range slots {
		switch sl.name {
		case "the token", "the access token", "the cookies", "the token of somebody with a second factor", "the cookies of a trusted browser":
			if r := h.carrying(t, sl, "by host", host, h.ofA).get("/auth/session"); r.Status == http.StatusOK {
				t.Errorf("%s of before the deletion is signed in: %s", sl.name, r.Body)
			}
		}
	}
	if got := h.client("app", host).login(twin, password).want(http.StatusOK).userID(); got != h.ofA.user {
		t.Errorf("somebody else came back: %s", got)
	}
	for _, path := range []string{"/admin/v1/tenants/" + slug + "-2", back} {
		if status, body := h.admin(http.MethodDelete, path, nil); status != http.StatusNoContent {
			t.Fatalf("%s: %d %s", path, status, body)
		}
	}
	for _, table := range store.OfTenants() {
		if n := h.db.one(`SELECT count(*) FROM `+table.Name+` WHERE tenant_id = $1`, old); n != "0" {
			t.Errorf("%s rows of %s are left", n, table.Name)
		}
	}
	h.good(t, h.a, moved)
	h.good(t, h.b, h.ofB)
}
