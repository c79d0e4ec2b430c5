package adminapi_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestImportOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		d.create("zenith")
		const imports = "/admin/v1/tenants/acme/imports"
		made := d.want(d.do(http.MethodPost, imports, `{"format": "ndjson", "total_lines": 3}`), http.StatusCreated)
		if made.text(t, "state") != "uploading" || made.text(t, "next_chunk") != "1" || made.text(t, "total") != "3" {
			t.Errorf("got %s", made.body)
		}
		at := imports + "/" + made.text(t, "id")
		const sealed = "nobody-may-see-this"
		ndjson, chunk := "Content-Type: application/x-ndjson", `{"email": "ann@example.org", "name": "`+sealed+`"}`+"\nbroken\n\n{}\n"
		d.want(d.do(http.MethodPut, at+"/chunks/1", chunk), http.StatusUnsupportedMediaType)
		d.want(d.do(http.MethodPut, at+"/chunks/1", chunk, "Content-Type: text/csv"), http.StatusUnsupportedMediaType)
		d.want(d.do(http.MethodPut, at+"/chunks/1", strings.Repeat("x", 1<<20+1), ndjson), http.StatusRequestEntityTooLarge)
		d.want(d.do(http.MethodPut, at+"/chunks/0", chunk, ndjson), http.StatusUnprocessableEntity)
		d.want(d.do(http.MethodPost, at+"/start", ""), http.StatusUnprocessableEntity)
		d.want(d.do(http.MethodPut, at+"/chunks/1", chunk, ndjson), http.StatusNoContent)
		d.want(d.do(http.MethodPut, at+"/chunks/1", chunk, ndjson), http.StatusNoContent)
		d.want(d.do(http.MethodPut, at+"/chunks/1", "{}\n", ndjson), http.StatusConflict)
		if shown := d.want(d.do(http.MethodGet, at, ""), http.StatusOK); shown.text(t, "chunks") != "1" || shown.text(t, "next_chunk") != "2" {
			t.Errorf("got %s", shown.body)
		}
		started := d.want(d.do(http.MethodPost, at+"/start", ""), http.StatusAccepted)
		if started.text(t, "state") != "running" || started.text(t, "done") != "0" {
			t.Errorf("got %s", started.body)
		}
		d.want(d.do(http.MethodPost, at+"/start", ""), http.StatusUnprocessableEntity)
		d.want(d.do(http.MethodPut, at+"/chunks/2", chunk, ndjson), http.StatusUnprocessableEntity)
		at2 := clock.At(testkit.Start)
		im := admin.NewImporter(admin.Importer{Store: d.store, Tenants: d.store.TenantByID, Clock: at2,
			Flows: flows.New(flows.Options{Store: d.store, Hasher: passhash.New(passhash.Options{}), Clock: at2, Log: slog.New(slog.DiscardHandler)})})
		if worked, err := im.Work(t.Context()); !worked || err != nil {
			t.Fatalf("%v, %v", worked, err)
		}
		ended := d.want(d.do(http.MethodGet, at, ""), http.StatusOK)
		if ended.text(t, "state") != "finished" || ended.text(t, "created") != "1" || ended.text(t, "failed") != "2" || ended.text(t, "finished_at") == "<nil>" {
			t.Errorf("got %s", ended.body)
		}
		first := d.want(d.do(http.MethodGet, at+"/errors?limit=1", ""), http.StatusOK)
		second := d.want(d.do(http.MethodGet, at+"/errors?limit=1&cursor="+first.text(t, "next_cursor"), ""), http.StatusOK)
		if !strings.Contains(string(first.body), `"line":2,`) || !strings.Contains(string(second.body), `"line":4,`) || second.text(t, "next_cursor") != "<nil>" {
			t.Errorf("the errors are %s and %s", first.body, second.body)
		}
		all := d.want(d.do(http.MethodGet, at+"/errors?format=ndjson", ""), http.StatusOK)
		if lines := strings.Split(strings.TrimSpace(string(all.body)), "\n"); len(lines) != 2 || !json.Valid([]byte(lines[0])) || all.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("as NDJSON they are %s", all.body)
		}
		d.want(d.do(http.MethodGet, at+"/errors?format=xml", ""), http.StatusBadRequest)
		d.want(d.do(http.MethodGet, at+"/errors?cursor=AAAA", ""), http.StatusBadRequest)
		d.want(d.do(http.MethodPost, at+"/cancel", ""), http.StatusUnprocessableEntity)
		other := d.want(d.do(http.MethodPost, imports, `{"format": "csv", "dry_run": true, "on_conflict": "fail"}`), http.StatusCreated)
		d.want(d.do(http.MethodPut, imports+"/"+other.text(t, "id")+"/chunks/1", "mail\nx\n", "Content-Type: text/csv"), http.StatusUnprocessableEntity)
		if cancelled := d.want(d.do(http.MethodPost, imports+"/"+other.text(t, "id")+"/cancel", ""), http.StatusOK); cancelled.text(t, "state") != "cancelled" {
			t.Errorf("got %s", cancelled.body)
		}
		page := d.want(d.do(http.MethodGet, imports+"?limit=1", ""), http.StatusOK)
		if !strings.Contains(string(page.body), other.text(t, "id")) || page.text(t, "next_cursor") == "<nil>" {
			t.Errorf("the list is %s", page.body)
		}
		for body, want := range map[string]string{
			`{}`:                "format",
			`{"format": "xml"}`: "format",
			`{"format": "csv", "total_lines": 0, "dry_run": 1, "on_conflict": "merge", "speed": 9}`: "dry_run on_conflict speed total_lines",
		} {
			a := d.want(d.do(http.MethodPost, imports, body), http.StatusUnprocessableEntity)
			if got := strings.Join(faultPaths(t, a), " "); got != want {
				t.Errorf("%s: the faults are of %s, not %s", body, got, want)
			}
		}
		foreign := strings.Replace(at, "acme", "zenith", 1)
		for path, method := range map[string]string{"": http.MethodGet, "/start": http.MethodPost, "/cancel": http.MethodPost, "/errors": http.MethodGet} {
			d.want(d.do(method, foreign+path, ""), http.StatusNotFound)
		}
		d.want(d.do(http.MethodPut, foreign+"/chunks/1", chunk, ndjson), http.StatusNotFound)
		d.mu.Lock()
		defer d.mu.Unlock()
		if strings.Contains(d.all.String(), sealed) {
			t.Error("what is in a chunk is shown or logged")
		}
	})
}
