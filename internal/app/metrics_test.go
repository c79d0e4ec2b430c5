package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// scraped are the values of all series, by name and labels, and the names of the metrics.
func (s *server) scraped() (series map[string]string, names []string) {
	s.Helper()
	status, text := s.admin(http.MethodGet, "/metrics", nil)
	if status != http.StatusOK {
		s.Fatalf("%d %s", status, text)
	}
	series = map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ = strings.Cut(name, " ")
			names = append(names, name)
		}
		if at := strings.LastIndexByte(line, ' '); at > 0 && !strings.HasPrefix(line, "#") {
			series[line[:at]] = line[at+1:]
		}
	}
	return series, names
}

// What the page of metrics lists is there on a server that has done a little of everything, and nothing else of ours is. Alerts and the
// dashboard are held to that page.
func TestEveryMetricIsServed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(vestibule_[a-z_]+)` ").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(listed)
	// Not there before something happens that this test does not wait for, or not on every machine.
	sometimes := []string{"vestibule_memory_limit_bytes", "vestibule_sweep_removed_total", "vestibule_sweep_failures_total"}
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine, func(cfg *config.Config, o *app.Options) { o.Version = "v1.2.3" })
		host := s.tenant(`{"account": {"email_verification": "optional", "rate_limits": {"login": "2/h/ip"}}}`)
		hook := "/admin/v1/tenants/" + slugOf(host) + "/webhooks"
		if status, body := s.admin(http.MethodPost, hook, map[string]any{"url": "http://127.0.0.1:1/", "events": []string{"user.signed_up"}}); status != http.StatusCreated {
			t.Fatalf("%d %s", status, body)
		}
		c := s.client("app", host)
		c.signup("ann@example.org").want(http.StatusOK)
		s.inbox.wait(t, "ann@example.org", 0)
		c.get("/auth/session").want(http.StatusOK)
		c.post("/auth/2fa/authenticate", map[string]any{"code": "000000"})
		c.token = ""
		for range 2 {
			c.login("ann@example.org", otherPassword).want(http.StatusBadRequest)
		}
		c.login("ann@example.org", password).want(http.StatusTooManyRequests)

		var missing []string
		eventually(t, "all is measured", func() bool {
			_, names := s.scraped()
			missing = slices.DeleteFunc(slices.Clone(listed), func(name string) bool {
				return slices.Contains(names, name) || slices.Contains(sometimes, name) || name == "vestibule_second_factors_total"
			})
			return len(missing) == 0
		})
		c.get("/config") // so that the tenant is remembered, which it is for seconds
		series, names := s.scraped()
		for _, name := range names {
			if strings.HasPrefix(name, "vestibule_") && !slices.Contains(listed, name) {
				t.Errorf("docs/metrics.md says nothing of %s", name)
			}
		}
		pool := map[string]string{"postgres": "main", "sqlite": "write"}[engine]
		for _, want := range []string{
			`vestibule_ready 1`, `vestibule_check_ok{check="database"} 1`, `vestibule_check_ok{check="keys"} 1`, `vestibule_migrations_pending 0`,
			`vestibule_logins_total{result="refused",tenant="` + slugOf(host) + `"} 2`, `vestibule_database_waiting{pool="` + pool + `"} 0`,
		} {
			at := strings.LastIndexByte(want, ' ')
			if got := series[want[:at]]; got != want[at+1:] {
				t.Errorf("%s is %q, not %s", want[:at], got, want[at+1:])
			}
		}
		for _, some := range []string{
			`vestibule_database_statement_duration_seconds_count{kind="query"}`, `vestibule_database_statement_duration_seconds_count{kind="commit"}`,
			`vestibule_hashes_total`, `vestibule_message_send_duration_seconds_count{channel="mail"}`, `vestibule_tenants_cached`,
			`vestibule_tenants_look_timestamp_seconds`, `vestibule_sweep_success_timestamp_seconds`, `vestibule_backlog_timestamp_seconds`,
		} {
			if got := series[some]; got == "" || got == "0" {
				t.Errorf("%s is %q", some, got)
			}
		}
	})
}
