package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/keyring"
	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

const token = "operators-token-0123456789-0123456789"

// bench is the tool with an environment of its own.
type bench struct {
	t               *testing.T
	env             map[string]string
	in              string
	out, complaints bytes.Buffer
}

// run runs one command line, which must end with the status, and returns what it printed.
func (b *bench) run(status int, args ...string) (out, complaints string) {
	b.t.Helper()
	b.out.Reset()
	b.complaints.Reset()
	t := tool{env: func(name string) string { return b.env[name] }, in: strings.NewReader(b.in), out: &b.out, complaints: &b.complaints}
	if got := t.run(b.t.Context(), args); got != status {
		b.t.Fatalf("admin %s: status %d, not %d\n%s%s", strings.Join(args, " "), got, status, &b.out, &b.complaints)
	}
	if strings.Contains(b.out.String()+b.complaints.String(), token) {
		b.t.Errorf("admin %s: the token was printed", strings.Join(args, " "))
	}
	return b.out.String(), b.complaints.String()
}

// withServer is a bench beside a server with an admin API.
func withServer(t *testing.T) *bench {
	t.Helper()
	return withServerOn(t, testkit.Open(t, "sqlite", nil))
}

func withServerOn(t *testing.T, st *store.Store) *bench {
	t.Helper()
	api := &adminapi.API{
		Admin: admin.New(admin.Options{Store: st, Keys: testkit.Keys(t), Flows: flows.New(flows.Options{
			Store: st, Hasher: passhash.New(passhash.Options{Cheap: true}), Limiter: limit.NewMemory(clock.System{}, 0), Clock: clock.System{},
			Keys: keyring.New(keyring.Options{Store: st, Clock: clock.System{}}), Log: slog.New(slog.DiscardHandler), Wake: func() {},
		})}),
		Token: admin.NewToken(token),
	}
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	return &bench{t: t, env: map[string]string{"VESTIBULE_ADMIN_URL": server.URL + "/", "VESTIBULE_ADMIN_TOKEN": token}}
}

func TestMigrateUpAndStatus(t *testing.T) {
	b := &bench{t: t, env: map[string]string{"VESTIBULE_DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "new.db")}}
	out, complaints := b.run(1, "migrate", "status")
	if !strings.HasPrefix(out, "MIGRATION") || !strings.Contains(out, "0001_tenants") || strings.Count(out, "pending") < 4 || complaints != "" {
		t.Errorf("status is\n%s%s", out, complaints)
	}
	if out, _ := b.run(0, "migrate", "up"); !strings.Contains(out, "applied 0001_tenants\n") {
		t.Errorf("up says\n%s", out)
	}
	if out, _ := b.run(0, "migrate", "up"); out != "nothing is pending\n" {
		t.Errorf("up says\n%s", out)
	}
	if out, _ := b.run(0, "migrate", "status"); strings.Contains(out, "pending") {
		t.Errorf("status is\n%s", out)
	}
	b.env = nil
	if _, complaints := b.run(1, "migrate", "up"); !strings.Contains(complaints, "VESTIBULE_DATABASE_URL") {
		t.Errorf("without a database: %s", complaints)
	}
	b.run(1, "migrate", "up", "--database-url", "mysql://x")
}

func TestTenantFromCreationToDeletion(t *testing.T) {
	b := withServer(t)
	out, _ := b.run(0, "tenant", "create", "acme", "--name", "Acme", "--host", "acme.example", "--host", "www.acme.example")
	for _, want := range []string{"Slug        acme\n", "Hosts       acme.example, www.acme.example\n", "https://acme.example", `"login_methods"`} {
		if !strings.Contains(out, want) {
			t.Errorf("created, without %q:\n%s", want, out)
		}
	}
	config := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(config, []byte(`{"account":{"signup_enabled":false}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	b.run(0, "tenant", "patch", "acme", "--config", config, "--state", "suspended")
	b.in = `{"cookies":{"session_age":600}}`
	b.run(0, "tenant", "patch", "acme", "--config", "-", "--if-version", "2")
	out, _ = b.run(0, "tenant", "show", "acme", "-o", "json")
	var shown admin.Tenant
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.State != "suspended" || shown.Version != 3 || !strings.Contains(string(shown.Config), "600") ||
		!strings.Contains(string(shown.Config), "signup_enabled") || shown.Name != "Acme" {
		t.Errorf("shown is %s", out)
	}
	if out, _ := b.run(0, "tenant", "list"); !strings.Contains(out, "acme  Acme  suspended  acme.example, www.acme.example  3\n") {
		t.Errorf("the list is\n%s", out)
	}
	if _, complaints := b.run(1, "tenant", "delete", "acme", "--yes", "--if-version", "1"); !strings.Contains(complaints, "changed by someone else") {
		t.Errorf("a stale version: %s", complaints)
	}
	if _, complaints := b.run(1, "tenant", "delete", "acme", "--if-version", "1"); !strings.Contains(complaints, "changed by someone else") {
		t.Errorf("a stale version, without --yes: %s", complaints)
	}
	b.run(2, "tenant", "delete", "acme", "--yes", "--if-version", "0") // it is there still, as the next lines see
	if out, _ := b.run(0, "tenant", "delete", "acme"); !strings.Contains(out, "--yes") || !strings.Contains(out, "would delete") {
		t.Errorf("without --yes: %s", out)
	}
	if out, _ := b.run(0, "tenant", "delete", "acme", "--yes"); out != "deleted acme\n" {
		t.Errorf("deleted says %q", out)
	}
	if _, complaints := b.run(1, "tenant", "show", "acme"); !strings.Contains(complaints, "There is no such thing.") {
		t.Errorf("a deleted tenant: %s", complaints)
	}
	if out, _ := b.run(0, "tenant", "list", "-o", "json"); out != "[]\n" {
		t.Errorf("an empty list is %q", out)
	}
}

func TestTenantOfALostKeyIsPointedOut(t *testing.T) {
	url := testkit.URL(t, "sqlite")
	testkit.AddTenant(t, testkit.OpenURL(t, url, nil), "lost", "")
	b := withServerOn(t, testkit.OpenURL(t, url, nil)) // which has keys of its own
	if out, _ := b.run(0, "tenant", "list"); !strings.Contains(out, "lost.example  1  its secrets cannot be opened") {
		t.Errorf("the list is\n%s", out)
	}
	if out, _ := b.run(0, "tenant", "show", "lost"); !strings.Contains(out, "Error       its secrets cannot be opened") {
		t.Errorf("shown is\n%s", out)
	}
}

func TestListReadsEveryPage(t *testing.T) {
	b := withServer(t)
	for i := range 201 {
		b.run(0, "tenant", "create", fmt.Sprintf("t%03d", i), "--name", "T", "--host", fmt.Sprintf("t%03d.example", i))
	}
	if out, _ := b.run(0, "tenant", "list"); strings.Count(out, "\n") != 202 {
		t.Errorf("%d lines", strings.Count(out, "\n"))
	}
}

func TestEveryFaultIsPrinted(t *testing.T) {
	b := withServer(t)
	b.in = `{"account":{"login_methods":["fax"]}}`
	_, complaints := b.run(1, "tenant", "create", "-o", "json", "--host", "_", "--config", "-", "ACME")
	for _, want := range []string{"\n  slug: ", "\n  name: ", "\n  hosts[0]: ", "\n  config.account.login_methods[0]: "} {
		if !strings.Contains(complaints, want) {
			t.Errorf("without %q:\n%s", want, complaints)
		}
	}
}

func TestFailuresSayWhatToDo(t *testing.T) {
	b := withServer(t)
	good := b.env["VESTIBULE_ADMIN_URL"]
	other := httptest.NewServer(http.RedirectHandler(good, http.StatusFound))
	defer other.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		env    map[string]string
		args   []string
		in     string
		status int
		want   string
	}{
		{"the token in a file", map[string]string{"VESTIBULE_ADMIN_URL": good, "VESTIBULE_ADMIN_TOKEN_FILE": file}, []string{"tenant", "list"}, "", 0, ""},
		{"an empty file where the token should be", map[string]string{"VESTIBULE_ADMIN_TOKEN_FILE": os.DevNull}, []string{"tenant", "list"}, "", 1, "it is empty"},
		{"the token in both places", map[string]string{"VESTIBULE_ADMIN_TOKEN": "x", "VESTIBULE_ADMIN_TOKEN_FILE": file}, []string{"tenant", "list"}, "", 1, "both"},
		{"no file where the token should be", map[string]string{"VESTIBULE_ADMIN_TOKEN_FILE": file + "x"}, []string{"tenant", "list"}, "", 1, "no such file"},
		{"no token", map[string]string{}, []string{"tenant", "list"}, "", 1, "VESTIBULE_ADMIN_TOKEN"},
		{"a wrong token", nil, []string{"tenant", "list", "--token", "wrong"}, "", 1, "A token is needed"},
		{"a URL that is none", nil, []string{"tenant", "list", "--url", "localhost"}, "", 1, "--url must be"},
		{"nobody there", nil, []string{"tenant", "list", "--url", "http://127.0.0.1:1"}, "", 1, "cannot be reached"},
		{"another server", nil, []string{"tenant", "list", "--url", other.URL}, "", 1, "not what the admin API says"},
		{"a configuration that is not JSON", nil, []string{"tenant", "create", "a", "--name", "A", "--config", "-"}, "{", 1, "not valid JSON"},
		{"a configuration that is too large", nil, []string{"tenant", "create", "a", "--name", "A", "--config", "-"},
			`{"metadata":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`, 1, "too large"},
		{"no file of configuration", nil, []string{"tenant", "create", "a", "--name", "A", "--config", file + "x"}, "", 1, "no such file"},
		{"nothing to change", nil, []string{"tenant", "patch", "a"}, "", 2, "nothing to change"},
		{"a version that cannot be, to change", nil, []string{"tenant", "patch", "a", "--name", "A", "--if-version", "0"}, "", 2, "--if-version"},
		{"a version that cannot be, to delete", nil, []string{"tenant", "delete", "a", "--yes", "--if-version", "0"}, "", 2, "--if-version"},
		{"no command", nil, nil, "", 2, "which command"},
		{"no command below tenant", nil, []string{"tenant"}, "", 2, "which command"},
		{"a command that is not there", nil, []string{"tenants"}, "", 2, "unknown command"},
		{"a command that is not there below migrate", nil, []string{"migrate", "down"}, "", 2, "unknown command"},
		{"a flag that is not there", nil, []string{"tenant", "list", "--all"}, "", 2, "unknown flag"},
		{"an argument too few", nil, []string{"tenant", "show"}, "", 2, "accepts 1 arg"},
		{"an output that is not there", nil, []string{"tenant", "list", "-o", "xml"}, "", 2, "table, json or yaml"},
		{"help", nil, []string{"tenant", "--help"}, "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bench{t: t, env: b.env, in: c.in}
			if c.env != nil {
				b.env = c.env
			}
			if _, complaints := b.run(c.status, c.args...); !strings.Contains(complaints, c.want) {
				t.Errorf("without %q: %s", c.want, complaints)
			}
		})
	}
}
