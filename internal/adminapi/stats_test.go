package adminapi_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/audit"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/stats"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestStatsOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		acme := testkit.AddTenant(t, d.store, "acme", "")
		testkit.AddTenant(t, d.store, "zenith", "")
		ann := secret.NewID()
		login := store.Event{Action: store.UserLoggedIn, UserID: ann, Actor: store.Actor{Kind: store.ByUser, ID: ann}, Details: []byte(`{"methods":["password"]}`)}
		d.happen(acme, login, login)
		d.clock.Advance(24 * time.Hour)
		d.happen(acme, login, store.Event{Action: store.LoginFailed})
		k := audit.New(audit.Options{Store: d.store, Tenants: d.store.TenantByID, Clock: d.clock, Followers: []audit.Follower{stats.Counter{}}})
		if err := k.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := (&stats.Roller{Store: d.store, Log: slog.New(slog.DiscardHandler)}).Roll(t.Context()); err != nil {
			t.Fatal(err)
		}
		read := func(path string) (s admin.Stats) {
			t.Helper()
			if err := json.Unmarshal(d.want(d.do("GET", path, ""), http.StatusOK).body, &s); err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := read("/admin/v1/tenants/acme/stats")
		if len(s.Series) != 30 || s.Totals["logins"] != 3 || s.Totals["logins_by_password"] != 3 || s.Totals["login_failures"] != 1 {
			t.Fatalf("%d intervals, totals %v", len(s.Series), s.Totals)
		}
		last, before := s.Series[29], s.Series[28]
		if last.Counts["logins"] != 1 || before.Counts["logins"] != 2 || last.Counts[store.ActiveUsers] != 1 || before.Counts[store.ActiveUsers] != 1 ||
			!last.At.Equal(testkit.Start.Truncate(24*time.Hour).Add(24*time.Hour)) {
			t.Errorf("the last are %+v and %+v", before, last)
		}
		if s := read("/admin/v1/tenants/acme/stats?interval=hour"); len(s.Series) != 48 || s.Series[47].Counts["login_failures"] != 1 || s.Totals["logins"] != 3 {
			t.Errorf("by the hour: %+v", s.Totals)
		}
		if s := read("/admin/v1/tenants/acme/stats?interval=month&from=2026-01-15T00:00:00Z&to=2026-07-01T00:00:00Z"); len(s.Series) != 6 ||
			s.Series[5].Counts[store.ActiveUsers] != 1 || s.From.Day() != 1 {
			t.Errorf("by the month: %+v", s)
		}
		if s := read("/admin/v1/tenants/zenith/stats"); s.Totals["logins"] != 0 || len(s.Top) != 0 {
			t.Errorf("the other's: %+v", s.Totals)
		}
		if s := read("/admin/v1/stats?interval=month"); s.Totals["logins"] != 3 || len(s.Top) != 1 || s.Top[0].Slug != "acme" || s.Top[0].Logins != 3 {
			t.Errorf("all: %+v, %+v", s.Totals, s.Top)
		}
		for _, bad := range []string{"interval=week", "from=yesterday", "to=x", "from=2026-06-02T00:00:00Z&to=2026-06-01T00:00:00Z",
			"interval=hour&from=2020-01-01T00:00:00Z", "from=1000-01-01T00:00:00Z", "else=1"} {
			if a := d.want(d.do("GET", "/admin/v1/tenants/acme/stats?"+bad, ""), http.StatusBadRequest); !strings.Contains(string(a.body), "errors") {
				t.Errorf("%s: %s", bad, a.body)
			}
		}
		d.want(d.do("GET", "/admin/v1/tenants/nobody/stats", ""), http.StatusNotFound)
	})
}
