package app_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// TestWhatPeopleDoIsSeenByOperators: a moment later, with the request that it happened in, chained and counted.
func TestWhatPeopleDoIsSeenByOperators(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		host := s.tenant(`{"account": {"email_verification": "none"}}`)
		c := s.client("app", host)
		c.signup("ann@example.org").want(http.StatusOK)
		c.delete("/auth/session").want(http.StatusUnauthorized)
		c.token = ""
		c.login("ann@example.org", otherPassword).want(http.StatusBadRequest)
		c.login("ann@example.org", password).want(http.StatusOK)
		read := func(path string, into any) {
			t.Helper()
			status, body := s.admin(http.MethodGet, "/admin/v1/tenants/"+slugOf(host)+path, nil)
			if status != http.StatusOK {
				t.Fatalf("%s: %d %s", path, status, body)
			}
			if err := json.Unmarshal([]byte(body), into); err != nil {
				t.Fatal(err)
			}
		}
		var log struct{ Items []admin.AuditEvent }
		eventually(t, "everything was chained", func() bool {
			read("/audit?action=user", &log)
			return len(log.Items) == 5 && log.Items[0].Number != nil
		})
		for i, want := range []string{"user.logged_in", "user.login_failed", "user.logged_out", "user.logged_in", "user.signed_up"} {
			e := log.Items[i]
			if string(e.Action) != want || e.RequestID == "" || e.IP == "" || e.UserID == nil {
				t.Errorf("event %d is %+v, not %s", i, e, want)
			}
		}
		if a, b := log.Items[3], log.Items[4]; a.RequestID != b.RequestID || *a.SessionID != *b.SessionID || a.RequestID == log.Items[0].RequestID {
			t.Errorf("a signup that signs in is two requests: %+v, %+v", a, b)
		}
		var report admin.AuditReport
		if read("/audit/verify", &report); !report.Intact || report.Verified < 5 {
			t.Errorf("%+v", report)
		}
		var stats admin.Stats
		if read("/stats", &stats); stats.Totals["logins"] != 2 || stats.Totals["signups"] != 1 || stats.Totals["login_failures"] != 1 ||
			stats.Totals["logins_by_password"] != 1 || stats.Totals["logins_by_signup"] != 1 {
			t.Errorf("%+v", stats.Totals)
		}
	})
}
