package app_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

func TestReadyAsksTheServerThatRuns(t *testing.T) {
	s := boot(t, "sqlite")
	cfg := config.Config{AdminListen: s.Operators.Addr().String()}
	answer, err := app.Ready(t.Context(), cfg)
	if err != nil || !strings.Contains(answer, `"status":"ok"`) {
		t.Errorf("a server that is ready: %q, %v", answer, err)
	}
	_, port, err := net.SplitHostPort(cfg.AdminListen)
	if err != nil {
		t.Fatal(err)
	}
	for _, everywhere := range []string{":", "0.0.0.0:"} {
		if _, err := app.Ready(t.Context(), config.Config{AdminListen: everywhere + port}); err != nil {
			t.Errorf("asked at %s: %v", everywhere, err)
		}
	}
	s.stop()
	if answer, err := app.Ready(t.Context(), cfg); err == nil {
		t.Errorf("a server that is gone: %q", answer)
	}
}

// As a container's health check does: another process, with the same settings, that leaves with a status.
func TestReadyIsToldByTheStatus(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir, dev(), "--dev")
	at := strings.TrimPrefix(p.serving(nil).operator, "http://")
	of := func() (int, string) {
		ask := start(t, dir, nil, "--dev", "--admin-listen="+at, "--ready")
		return ask.status(), ask.out.String()
	}
	if status, said := of(); status != 0 || !strings.Contains(said, `"migrations":"ok"`) {
		t.Errorf("a server that is ready: status %d, %s", status, said)
	}
	p.kill()
	if status, said := of(); status != 1 {
		t.Errorf("a server that is gone: status %d, %s", status, said)
	}
}

// During an upgrade the schema is the next version's, and the replicas of this one are to serve on until they are replaced. A server whose
// schema is behind serves nobody.
func TestServerIsReadyOnALaterSchemaAndNotOnAnEarlier(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var url string
		s := boot(t, engine, func(c *config.Config, _ *app.Options) { url = c.Database.Reveal() })
		host := s.tenant("")
		db := testkit.Raw(t, url)
		for _, later := range []string{
			"ALTER TABLE users ADD COLUMN nickname TEXT", "ALTER TABLE sessions ADD COLUMN mood TEXT NOT NULL DEFAULT ''",
			"INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)",
		} {
			if _, err := db.ExecContext(t.Context(), later); err != nil {
				t.Fatalf("%s: %v", later, err)
			}
		}
		if status, answer := s.ready(); status != http.StatusOK {
			t.Errorf("on a later schema it is %d %v", status, answer)
		}
		s.client("app", host).signup("ann@example.org").want(http.StatusOK)
		s.client("app", host).login("ann@example.org", password).want(http.StatusOK)
		if _, err := db.ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id > 1"); err != nil {
			t.Fatal(err)
		}
		if status, _ := s.ready(); status != http.StatusServiceUnavailable {
			t.Errorf("on an earlier schema it is %d", status)
		}
	})
}
