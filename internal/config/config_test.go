package config

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

//go:generate go test -count=1 -run "^(TestConfigurationPageIsCurrent|TestHelpIsCurrent)$" -update .

var update = flag.Bool("update", false, "rewrite the golden files and the manual")

// hunter is in every secret of these tests, so that a leak is easy to find.
const hunter = "hunter2"

var aKey = base64.StdEncoding.EncodeToString([]byte("hunter2-hunter2-hunter2-hunter2-"))

// needed is the least that a start in production takes.
func needed(more ...string) []string {
	return append([]string{"PATH=/bin", "VESTIBULE_DATABASE_URL=sqlite:test.db", "VESTIBULE_SECRET_KEY=" + aKey}, more...)
}

func load(t *testing.T, args, environ []string) Config {
	t.Helper()
	c, err := Load(args, environ)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}

// fixture reads a file of NAME=value lines; a line "# args: ..." gives the flags.
func fixture(t *testing.T, path string) (args, environ []string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if given, ok := strings.CutPrefix(line, "# args: "); ok {
			args = strings.Fields(given)
		} else if line != "" && line[0] != '#' {
			environ = append(environ, line)
		}
	}
	return args, environ
}

func fixtures(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures %s: %v", pattern, err)
	}
	return paths
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what it should be; if the change is meant, run go test -update.\ngot:\n%s", path, got)
	}
}

func TestBadSettingsStopTheStartWithExactFaults(t *testing.T) {
	for _, path := range fixtures(t, "*.bad.env") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, err := Load(fixture(t, path))
			var faults *Error
			if !errors.As(err, &faults) || len(faults.Faults) == 0 {
				t.Fatalf("Load gave %v", err)
			}
			golden(t, strings.TrimSuffix(path, ".env")+".txt", err.Error()+"\n")
			if strings.Contains(err.Error(), hunter) {
				t.Errorf("a secret is in the faults:\n%v", err)
			}
		})
	}
}

func TestGoodSettingsLoad(t *testing.T) {
	for _, path := range fixtures(t, "*.good.env") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			args, environ := fixture(t, path)
			load(t, args, environ)
		})
	}
}

func TestDefaults(t *testing.T) {
	c := load(t, nil, needed())
	if c.Listen != ":8080" || c.AdminListen != "127.0.0.1:9090" || c.TenantHeader != "X-Tenant" || c.TrustedProxyCount != 0 ||
		c.AllowPrivateNetworks || c.LogFormat != LogJSON || c.LogLevel != slog.LevelInfo || c.DatabaseMaxConns != 20 ||
		c.RequestTimeout != 15*time.Second || c.ShutdownTimeout != 30*time.Second || c.ShutdownDelay != 0 || c.HashWorkers != 0 || c.MaxConnections != 10_000 || c.MetricsTenants != 100 ||
		c.Redis.Given() || c.SMTP.Given() || c.AdminToken.Given() || c.Dev || c.Migrate || c.SealKeys || c.Mailbox() || c.Keys == nil {
		t.Errorf("defaults are %+v", c)
	}
	if path, ok := c.SQLite(); !ok || path != "test.db" {
		t.Errorf("SQLite is %q, %v", path, ok)
	}
}

func TestEverySettingIsRead(t *testing.T) {
	c := load(t, nil, []string{
		"VESTIBULE_LISTEN=0.0.0.0:80", "VESTIBULE_ADMIN_LISTEN=[::1]:81",
		"VESTIBULE_DATABASE_URL=postgres://u:p%40ss@db.example.org:5432/v?sslmode=verify-full", "VESTIBULE_DATABASE_MAX_CONNS=5",
		"VESTIBULE_REDIS_URL=rediss://:pw@redis.example.org:6379/1",
		"VESTIBULE_SECRET_KEY=" + aKey + "," + aKey, "VESTIBULE_ADMIN_TOKEN=" + strings.Repeat("t", 32),
		"VESTIBULE_SMTP_URL=smtps://u:p@mail.example.org", "VESTIBULE_MAIL_FROM=Example <no-reply@example.org>",
		"VESTIBULE_TENANT_HEADER=x-org", "VESTIBULE_SHARED_HOSTS=Auth.Example.org, localhost,auth.example.org.,[::1],bücher.example",
		"VESTIBULE_TRUSTED_CLIENT_IP_HEADER=cf-connecting-ip", "VESTIBULE_ALLOW_PRIVATE_NETWORKS=true",
		"VESTIBULE_LOG_FORMAT=text", "VESTIBULE_LOG_LEVEL=debug", "VESTIBULE_HASH_WORKERS=3",
		"VESTIBULE_REQUEST_TIMEOUT=10s", "VESTIBULE_MAX_CONNECTIONS=500", "VESTIBULE_SHUTDOWN_TIMEOUT=1m", "VESTIBULE_SHUTDOWN_DELAY=5s", "VESTIBULE_METRICS_TENANTS=7",
	})
	if c.Listen != "0.0.0.0:80" || c.AdminListen != "[::1]:81" || c.DatabaseMaxConns != 5 ||
		c.Database.Reveal() != "postgres://u:p%40ss@db.example.org:5432/v?sslmode=verify-full" ||
		c.Redis.Reveal() != "rediss://:pw@redis.example.org:6379/1" || c.AdminToken.Reveal() != strings.Repeat("t", 32) ||
		c.SMTP.Reveal() != "smtps://u:p@mail.example.org" || c.MailFrom.Address != "no-reply@example.org" ||
		c.MailFrom.Name != "Example" || c.TenantHeader != "X-Org" ||
		fmt.Sprint(c.SharedHosts) != "[auth.example.org localhost [::1] xn--bcher-kva.example]" || c.TrustedClientIPHeader != "Cf-Connecting-Ip" ||
		!c.AllowPrivateNetworks || c.LogFormat != LogText || c.LogLevel != slog.LevelDebug || c.HashWorkers != 3 ||
		c.RequestTimeout != 10*time.Second || c.ShutdownTimeout != time.Minute || c.ShutdownDelay != 5*time.Second || c.MaxConnections != 500 || c.MetricsTenants != 7 {
		t.Errorf("read %+v", c)
	}
	if _, ok := c.SQLite(); ok {
		t.Error("PostgreSQL is taken for SQLite")
	}
}

func TestFlagWinsOverEnvironment(t *testing.T) {
	env := needed("VESTIBULE_LISTEN=:1", "VESTIBULE_ALLOW_PRIVATE_NETWORKS=true", "VESTIBULE_REDIS_URL=redis://x")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no flag":                             {nil, ":1 true true"},
		"after a space":                       {[]string{"--listen", ":2"}, ":2 true true"},
		"after an equal sign":                 {[]string{"--listen=:2"}, ":2 true true"},
		"with one dash":                       {[]string{"-listen=:2"}, ":2 true true"},
		"the last one counts":                 {[]string{"--listen=:2", "--listen=:3"}, ":3 true true"},
		"a switch off":                        {[]string{"--allow-private-networks=false"}, ":1 false true"},
		"a switch with its value":             {[]string{"--allow-private-networks", "false"}, ":1 false true"},
		"a switch takes no argument":          {[]string{"--allow-private-networks", "--listen", ":2"}, ":2 true true"},
		"an empty flag means not given":       {[]string{"--listen=", "--allow-private-networks=", "--redis-url", ""}, ":1 true true"},
		"an empty flag after one that is not": {[]string{"--listen=:2", "--listen="}, ":2 true true"},
	} {
		t.Run(name, func(t *testing.T) {
			got := load(t, c.args, env)
			if s := fmt.Sprint(got.Listen, " ", got.AllowPrivateNetworks, " ", got.Redis.Given()); s != c.want {
				t.Errorf("read %s, want %s", s, c.want)
			}
		})
	}
}

func TestEverySettingTakesAFileAndAFlag(t *testing.T) {
	values := map[string]string{
		"LISTEN": ":1", "ADMIN_LISTEN": ":2", "ADMIN_PUBLIC_URL": "https://admin.example.org", "ENVIRONMENT": "staging", "DATABASE_URL": "sqlite:x.db", "DATABASE_MAX_CONNS": "9", "REDIS_URL": "redis://x",
		"SECRET_KEY": aKey, "ADMIN_TOKEN": strings.Repeat("t", 40), "SMTP_URL": "smtp://x", "MAIL_FROM": "a@example.org",
		"TENANT_HEADER": "X-Org", "SHARED_HOSTS": "example.org", "TRUSTED_PROXY_COUNT": "1",
		"TRUSTED_CLIENT_IP_HEADER": "X-Real-Ip", "ALLOW_PRIVATE_NETWORKS": "true", "LOG_FORMAT": "text", "LOG_LEVEL": "warn",
		"HASH_WORKERS": "1", "REQUEST_TIMEOUT": "7s", "MAX_CONNECTIONS": "7", "SHUTDOWN_TIMEOUT": "7s", "SHUTDOWN_DELAY": "7s",
		"METRICS_TENANTS": "7", "TRUSTED_TRACEPARENT": "false", "TRACE_CLIENT_IP": "true", "PROFILING": "true",
	}
	dir := t.TempDir()
	for i := range settings {
		s := &settings[i]
		value, ok := values[s.name]
		if !ok {
			t.Errorf("%s has no value in this test", s.name)
			continue
		}
		rest := func() []string {
			env := []string{"VESTIBULE_MAIL_FROM=a@example.org"}
			for _, kv := range append(env, needed()...) {
				if !strings.HasPrefix(kv, s.env()+"=") {
					env = append(env, kv)
				}
			}
			if s.name == "MAIL_FROM" {
				env = env[1:]
			}
			return env
		}
		path := filepath.Join(dir, s.name)
		if err := os.WriteFile(path, []byte(value+"\r\n\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		byEnv := load(t, nil, append(rest(), s.env()+"="+value))
		byFile := load(t, nil, append(rest(), s.env()+"_FILE="+path))
		byFlag := load(t, []string{"--" + s.flag(), value}, rest())
		for how, c := range map[string]Config{"a file": byFile, "a flag": byFlag} {
			c.Keys = byEnv.Keys // rings are made anew each time
			if show(c) != show(byEnv) {
				t.Errorf("%s by %s: %s, by the environment %s", s.name, how, show(c), show(byEnv))
			}
		}
	}
}

// show prints a Config with what it hides.
func show(c Config) string {
	revealed := []string{c.Database.Reveal(), c.Redis.Reveal(), c.AdminToken.Reveal(), c.SMTP.Reveal()}
	return fmt.Sprintf("%+v %q", c, revealed)
}

func TestEmptyMeansNotGiven(t *testing.T) {
	env := needed()
	for i := range settings {
		if s := &settings[i]; !s.required {
			env = append(env, s.env()+"=", s.env()+"_FILE=")
		}
	}
	if got, want := load(t, nil, env), load(t, nil, needed()); got.Listen != want.Listen || got.RequestTimeout != want.RequestTimeout {
		t.Errorf("empty values gave %+v", got)
	}
	_, err := Load(nil, []string{"VESTIBULE_DATABASE_URL=", "VESTIBULE_SECRET_KEY_FILE="})
	var e *Error
	if !errors.As(err, &e) || len(e.Faults) != 2 {
		t.Errorf("empty required values gave %v", err)
	}
}

func TestFaultsOfFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct{ path, problem string }{
		"a secret in place of a path": {hunter + aKey, "names a file that cannot be read: there is no such file"},
		"a folder":                    {dir, "names a file that cannot be read: it is a folder"},
		"an empty file":               {write("empty", "\n", 0o600), "names a file that is empty"},
		"a file without an end":       {"/dev/zero", "names a file that cannot be read: it is longer than 64 KiB"},
		"a name that is too long":     {strings.Repeat("x", 5000), "names a file that cannot be read: file name too long"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(nil, []string{"VESTIBULE_DATABASE_URL=sqlite:x", "VESTIBULE_SECRET_KEY_FILE=" + c.path})
			var e *Error
			if !errors.As(err, &e) || len(e.Faults) != 1 || e.Faults[0].Name != "VESTIBULE_SECRET_KEY_FILE" ||
				e.Faults[0].Problem != c.problem {
				t.Errorf("Load gave %v", err)
			}
			if strings.Contains(err.Error(), hunter) || strings.Contains(err.Error(), dir) {
				t.Errorf("the path is repeated: %v", err)
			}
		})
	}
}

func TestPostgresMustSayItsSSLMode(t *testing.T) {
	for name, c := range map[string]struct{ url, want string }{
		"another machine":           {"postgres://u:hunter2@db.example.org/v", ""},
		"another, by parameter":     {"postgres://u@localhost/v?host=db.example.org", ""},
		"another, by address":       {"postgres://u@localhost/v?hostaddr=10.0.0.1", ""},
		"another in a list":         {"postgres://u@/v?host=localhost,db.example.org", ""},
		"no host":                   {"postgres:///v", ""},
		"no database":               {"postgres://localhost", ""},
		"a mode that falls back":    {"postgres://u@db.example.org/v?sslmode=prefer", ""},
		"an empty mode":             {"postgres://u@db.example.org/v?sslmode=", ""},
		"two modes":                 {"postgres://u@db.example.org/v?sslmode=verify-full&sslmode=disable", ""},
		"a password with a percent": {"postgres://u:hunter2%zz@localhost/v", ""},
		"a password with a hash":    {"postgres://u:hunter2#@localhost/v", ""},
		"looks like this machine":   {"postgres://u@localhost.example.org/v", ""},
		"said to be off":            {"postgres://u@db.example.org/v?sslmode=disable", "postgres://u@db.example.org/v?sslmode=disable"},
		"said to be checked":        {"postgresql://db.example.org/v?sslmode=verify-full", "postgresql://db.example.org/v?sslmode=verify-full"},
		"localhost":                 {"postgres://u:p@localhost:5432/v", "postgres://u:p@localhost:5432/v?sslmode=disable"},
		"a loopback address":        {"postgres://127.3.2.1/v?connect_timeout=5", "postgres://127.3.2.1/v?connect_timeout=5&sslmode=disable"},
		"IPv6 loopback":             {"postgres://[::1]/v", "postgres://[::1]/v?sslmode=disable"},
		"a unix socket":             {"postgres://u@/v?host=/run/postgresql", "postgres://u@/v?host=%2Frun%2Fpostgresql&sslmode=disable"},
		"this machine with a mode":  {"postgres://localhost/v?sslmode=require", "postgres://localhost/v?sslmode=require"},
		"the other form of a DSN":   {"host=localhost password=hunter2", ""},
		"another engine":            {"mysql://u:hunter2@localhost/v", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Load(nil, []string{"VESTIBULE_DATABASE_URL=" + c.url, "VESTIBULE_SECRET_KEY=" + aKey})
			if c.want == "" {
				var e *Error
				if !errors.As(err, &e) || len(e.Faults) != 1 || e.Faults[0].Name != "VESTIBULE_DATABASE_URL" {
					t.Fatalf("Load gave %v", err)
				}
				if strings.Contains(err.Error(), hunter) {
					t.Errorf("the password is in the fault: %v", err)
				}
				return
			}
			if err != nil || got.Database.Reveal() != c.want {
				t.Errorf("Load gave %q, %v; want %q", got.Database.Reveal(), err, c.want)
			}
		})
	}
}

// What a host is, is the rule of package hostname: whatever the directory of tenants would refuse is a fault already here.
func TestSharedHosts(t *testing.T) {
	for value, want := range map[string]string{
		"Auth.Example.org": "[auth.example.org]", "[::1], [0::1],127.0.0.1": "[[::1] 127.0.0.1]", "bücher.example": "[xn--bcher-kva.example]",
		"::1": "", "xn--a": "", "a,xn--a": "", "a,": "", "a_b": "", "example.org:8080": "", "[::1]:8080": "", "https://example.org": "",
	} {
		_, err := Load(nil, needed("VESTIBULE_SHARED_HOSTS="+value, "VESTIBULE_LOG_LEVEL=loud"))
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: the level was taken: %v", value, err)
		}
		if faulty := e.Faults[0].Name == "VESTIBULE_SHARED_HOSTS" && len(e.Faults) == 2; faulty != (want == "") {
			t.Errorf("%s: %v", value, err)
		}
		if want != "" {
			if c := load(t, nil, needed("VESTIBULE_SHARED_HOSTS="+value)); fmt.Sprint(c.SharedHosts) != want {
				t.Errorf("%s is %v, want %s", value, c.SharedHosts, want)
			}
		}
	}
}

// Kubernetes sets these for any service that is named vestibule or vestibule-something.
func TestServiceLinksAreNoFault(t *testing.T) {
	load(t, nil, needed(
		"VESTIBULE_SERVICE_HOST=10.0.0.1", "VESTIBULE_SERVICE_PORT=80", "VESTIBULE_SERVICE_PORT_HTTP=80",
		"VESTIBULE_PORT=tcp://10.0.0.1:80", "VESTIBULE_PORT_80_TCP=tcp://10.0.0.1:80", "VESTIBULE_PORT_80_TCP_PROTO=tcp",
		"VESTIBULE_PORT_80_TCP_PORT=80", "VESTIBULE_PORT_80_TCP_ADDR=10.0.0.1",
		"VESTIBULE_ADMIN_SERVICE_HOST=10.0.0.2", "VESTIBULE_ADMIN_PORT=tcp://10.0.0.2:90",
	))
	if _, err := Load(nil, needed("VESTIBULE_PORT=8080")); err == nil {
		t.Error("a port that a person set is ignored")
	}
}

// A shell in which the admin command or the tests were set up can start a server too.
func TestVariablesOfOtherProgramsAreNoFault(t *testing.T) {
	load(t, nil, needed(
		"VESTIBULE_ADMIN_URL=http://127.0.0.1:9090", "VESTIBULE_ADMIN_URL_FILE=/run/secrets/url",
		"VESTIBULE_TEST_POSTGRES_URL=postgres://postgres@127.0.0.1/postgres", "VESTIBULE_TEST_REDIS_URL=redis://127.0.0.1",
	))
	if _, err := Load(nil, needed("VESTIBULE_ADMIN_URI=http://127.0.0.1:9090")); err == nil {
		t.Error("a variable that nobody reads is ignored")
	}
}

func TestHelpAndVersionNeedNothing(t *testing.T) {
	for args, want := range map[string]error{"--help": ErrHelp, "-h": ErrHelp, "-help": ErrHelp, "--version": ErrVersion} {
		if _, err := Load([]string{args, "--nonsense"}, []string{"VESTIBULE_NONSENSE=1"}); !errors.Is(err, want) {
			t.Errorf("%s gave %v", args, err)
		}
	}
}

func TestDevNeedsNothingAndKeepsWhatItMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sub", ".vestibule")
	args := []string{"--dev", "--dev-dir", dir}
	first := load(t, args, nil)
	second := load(t, args, nil)
	if !first.Dev || first.DevDir != dir || first.LogFormat != LogText || !first.AllowPrivateNetworks || !first.Mailbox() ||
		first.Redis.Given() || first.MailFrom.Address == "" || first.Database.Reveal() != "sqlite:"+filepath.Join(dir, "dev.db") {
		t.Errorf("development has %+v", first)
	}
	if a := first.AdminToken.Reveal(); len(a) < 32 || a != second.AdminToken.Reveal() {
		t.Error("the admin token is not kept")
	}
	sealed := first.Keys.Seal(secret.ForSettings, "x", []byte("kept"))
	if got, err := second.Keys.Open(secret.ForSettings, "x", sealed); err != nil || string(got) != "kept" {
		t.Errorf("the key is not kept: %v", err)
	}
	if got := mode(t, dir); got != 0o700 {
		t.Errorf("the folder has mode %o", got)
	}
	for _, file := range []string{"secret-key", "admin-token"} {
		if got := mode(t, filepath.Join(dir, file)); got != 0o600 {
			t.Errorf("%s has mode %o", file, got)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestExplicitValuesWinOverDevelopmentDefaults(t *testing.T) {
	dir := t.TempDir()
	c := load(t, []string{"--dev", "--dev-dir=" + dir, "--log-format", "json"}, []string{
		"VESTIBULE_SECRET_KEY=" + aKey, "VESTIBULE_ADMIN_TOKEN=" + strings.Repeat("t", 32),
		"VESTIBULE_DATABASE_URL=sqlite:other.db", "VESTIBULE_ALLOW_PRIVATE_NETWORKS=false", "VESTIBULE_SMTP_URL=smtp://localhost:2525",
	})
	if c.AdminToken.Reveal() != strings.Repeat("t", 32) || c.Database.Reveal() != "sqlite:other.db" ||
		c.AllowPrivateNetworks || c.LogFormat != LogJSON || c.Mailbox() {
		t.Errorf("read %s", show(c))
	}
	if _, err := os.Stat(filepath.Join(dir, "secret-key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key that nobody needs was made: %v", err)
	}
}

// Two that start at the same moment must end up with one key, or each could not read what the other sealed.
func TestDevFilesAreMadeOnceByManyAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dev")
	tokens, keys := make([]string, 16), make([]*secret.Keys, 16)
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() {
			c, err := Load([]string{"--dev", "--dev-dir", dir}, nil)
			if err != nil {
				t.Errorf("Load: %v", err)
				return
			}
			tokens[i], keys[i] = c.AdminToken.Reveal(), c.Keys
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	mac := keys[0].Sign(secret.ForCSRF, "x")
	for i := range tokens {
		if tokens[i] != tokens[0] || !keys[i].Verify(mac, secret.ForCSRF, "x") {
			t.Fatalf("start %d has a token or key of its own", i)
		}
	}
}

func TestBrokenDevFilesAreFaults(t *testing.T) {
	for name, file := range map[string]string{"a broken key": "secret-key", "a token that was cut": "admin-token"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, file), []byte(hunter), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load([]string{"--dev", "--dev-dir", dir}, nil)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), hunter) {
				t.Errorf("Load gave %v", err)
			}
		})
	}
	t.Run("a folder that cannot be made", func(t *testing.T) {
		var e *Error
		if _, err := Load([]string{"--dev", "--dev-dir", "/dev/null/x"}, nil); !errors.As(err, &e) {
			t.Errorf("Load gave %v", err)
		}
	})
}

func TestNothingIsMadeWhereTheStartFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dev")
	if _, err := Load([]string{"--dev", "--dev-dir", dir, "--log-level=loud"}, nil); err == nil {
		t.Fatal("a bad level was taken")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made all the same: %v", err)
	}
}

// However a Config is printed, its secrets stay hidden.
func TestConfigHidesItsSecrets(t *testing.T) {
	c := load(t, nil, []string{
		"VESTIBULE_DATABASE_URL=postgres://u:hunter2@localhost/v", "VESTIBULE_REDIS_URL=redis://:hunter2@localhost",
		"VESTIBULE_SECRET_KEY=" + aKey, "VESTIBULE_ADMIN_TOKEN=hunter2-hunter2-hunter2-hunter2-hunter2",
		"VESTIBULE_SMTP_URL=smtp://u:hunter2@localhost", "VESTIBULE_MAIL_FROM=a@example.org",
	})
	var out strings.Builder
	inner := struct{ hidden Hidden }{c.AdminToken} // fmt does not ask the methods of unexported fields
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", c)
		fmt.Fprintf(&out, verb+"\n", &c)
		fmt.Fprintf(&out, verb+"\n", c.AdminToken)
		fmt.Fprintf(&out, verb+"\n", inner)
		fmt.Fprintf(&out, verb+"\n", []Hidden{c.SMTP})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "config", c, "token", c.AdminToken)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "config", c, "token", c.AdminToken)
	if err := json.NewEncoder(&out).Encode(c); err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{hunter, fmt.Sprintf("%x", hunter), aKey} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q is printed:\n%s", leak, out.String())
		}
	}
	if !strings.Contains(out.String(), redacted) || Hide("").Given() || Hide("").String() != "" {
		t.Error("it cannot be seen whether there is a value")
	}
}

func TestMigratingNeedsTheDatabaseAlone(t *testing.T) {
	environ := []string{"VESTIBULE_DATABASE_URL=sqlite:test.db"}
	if c := load(t, []string{"--migrate"}, environ); !c.Migrate || c.Wait != 0 || c.Keys != nil {
		t.Errorf("it loads as %+v", c)
	}
	if c := load(t, []string{"--migrate", "--wait", "3m"}, environ); c.Wait != 3*time.Minute {
		t.Errorf("it waits %s", c.Wait)
	}
	for _, args := range [][]string{nil, {"--seal-keys"}} {
		if _, err := Load(args, environ); err == nil || !strings.Contains(err.Error(), "VESTIBULE_SECRET_KEY is not set") {
			t.Errorf("%q without a key: %v", args, err)
		}
	}
	for _, tt := range []struct{ args, want string }{
		{"--migrate --wait soon", "--wait is \"soon\", which is not a duration. Write a number with its unit, such as 15s or 2m."},
		{"--migrate --wait 2h", "--wait is \"2h\", which is not in range. Set it to something from 1s to 10m."},
		{"--migrate --wait", "--wait has no value. Write it as --wait=value."},
		{"--wait 2m", "--wait is for --migrate alone. Remove it: a server starts without its database, and is unready until it is there."},
	} {
		if _, err := Load(strings.Fields(tt.args), needed()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.args, err)
		}
	}
}
