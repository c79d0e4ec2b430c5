package app_test

import (
	"net"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
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
