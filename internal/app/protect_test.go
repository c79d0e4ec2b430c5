package app_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fileName is a line of a page that says which file the block after it is.
var fileName = regexp.MustCompile("^`([\\w.]+)`:$")

// pageScript is a page as a script: its blocks, in their order, and those that are files written.
func pageScript(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	var file string
	lines := strings.Split(string(text), "\n")
	for n := 0; n < len(lines); n++ {
		if found := fileName.FindStringSubmatch(lines[n]); found != nil {
			file = found[1]
		}
		if !strings.HasPrefix(lines[n], "    ") {
			continue
		}
		var block []string
		for ; n < len(lines) && (lines[n] == "" || strings.HasPrefix(lines[n], "    ")); n++ {
			block = append(block, strings.TrimPrefix(lines[n], "    "))
		}
		n--
		body := strings.TrimRight(strings.Join(block, "\n"), "\n") + "\n"
		if file != "" {
			body = "cat >" + file + " <<'END OF FILE'\n" + body + "END OF FILE\n"
			file = ""
		}
		script.WriteString(body)
	}
	return script.String()
}

// replace changes a script where it is known to need it here.
func replace(t *testing.T, script *string, changes ...string) {
	t.Helper()
	for n := 0; n < len(changes); n += 2 {
		if !strings.Contains(*script, changes[n]) {
			t.Fatalf("%q is not in:\n%s", changes[n], *script)
		}
		*script = strings.ReplaceAll(*script, changes[n], changes[n+1])
	}
}

// freePort is an address of this machine that nobody listened on just now.
func freePort(t *testing.T) string {
	t.Helper()
	var listening net.ListenConfig
	l, err := listening.Listen(t.Context(), "tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return fmt.Sprint("localhost:", l.Addr().(*net.TCPAddr).Port)
}

// TestProtectAnAPI does what docs/protect-an-api.md says, in its order, at a server for development.
func TestProtectAnAPI(t *testing.T) {
	for _, program := range []string{"bash", "curl", "sed"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the page needs %s, which is not here", program)
		}
	}
	dir := filepath.Join(t.TempDir(), "vestibule")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	admin := filepath.Join(t.TempDir(), "admin")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", admin, "github.com/vestibule-auth/vestibule/cmd/admin").CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, out)
	}
	sdk, err := filepath.Abs("../../sdk")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sdk, filepath.Join(dir, "sdk")); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, dev(), "--dev").serving(nil)
	script := pageScript(t, "../../docs/protect-an-api.md")
	api := freePort(t)
	replace(t, &script,
		"localhost:8080", "localhost"+s.public[strings.LastIndexByte(s.public, ':'):],
		"localhost:8000", api,
		"go run ./cmd/admin", admin,
		"\ngo run .\n", `
go build -o orders .
./orders &
trap 'kill %1' EXIT
for try in {1..100}; do if curl -so /dev/null http://`+api+`; then break; fi; sleep 0.1; done
`,
		"\ngo test .\n", "\ngo test -count=1 .\n",
	)
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "VESTIBULE_ADMIN_URL="+s.operator)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	for _, want := range []string{`401 Unauthorized`, `Www-Authenticate: Bearer realm="api"`, `"orders":[],"user":"`, "ok  \texample.org/orders"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in what came of it:\n%s", want, out)
		}
	}
}
