package app_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// The day at work that the documentation shows is one that really works, on two replicas.
func TestADayAtWork(t *testing.T) {
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the script needs %s, which is not here", program)
		}
	}
	admin := filepath.Join(t.TempDir(), "admin")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", admin, "github.com/vestibule-auth/vestibule/cmd/admin").CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, out)
	}
	in := newInbox(t)
	settings := settingsFor(testkit.URL(t, "postgres"), in.addr)
	a, b := start(t, "", settings).serving(in), start(t, "", settings).serving(in)
	cmd := exec.CommandContext(t.Context(), "bash", filepath.Join("..", "..", "docs", "day-at-work.sh"))
	cmd.Env = append(cmd.Environ(), "ADMIN="+admin, "VESTIBULE_ADMIN_URL="+a.operator, "VESTIBULE_ADMIN_TOKEN="+adminToken,
		"PUBLIC_URLS="+a.public+" "+b.public, "PATIENCE=20")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
