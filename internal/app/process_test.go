package app_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/internal/tools/listening"
)

// scratch is a directory for what all tests of a run use.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "vestibule-app-test-"); err != nil {
		panic(err) // there is no disk to test on
	}
	code := m.Run()
	_ = os.RemoveAll(scratch) // what is left of a temporary directory does no harm
	os.Exit(code)
}

// program is the server's program, as it is shipped, built once for all tests that start it.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "server")
	out, err := exec.Command("go", "build", "-o", path, "github.com/vestibule-auth/vestibule/cmd/server").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return path, nil
})

// process is one run of the program.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    logbook
	log    logbook
	exited chan struct{}
}

// start runs the program in a directory ("" for this one), with nothing in its environment but the given settings.
func start(t *testing.T, dir string, settings []string, args ...string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(path, args...), exited: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, settings, &p.out, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its state
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the log of process %d:\n%s", p.cmd.Process.Pid, p.log.String())
		}
	})
	return p
}

// kill ends the process at once, as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be over
	<-p.exited
}

// status waits for the end and is the exit status.
func (p *process) status() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(soon):
		p.t.Fatalf("the process did not end; its log:\n%s", p.log.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

// ask sends the process a signal.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// records are the lines of the log with that message.
func (p *process) records(message string) []map[string]any {
	var all []map[string]any
	lines := bufio.NewScanner(strings.NewReader(p.log.String()))
	for lines.Scan() {
		var r map[string]any
		if json.Unmarshal(lines.Bytes(), &r) == nil && r["msg"] == message {
			all = append(all, r)
		}
	}
	return all
}

// serving waits until the process serves, and is the way to it.
func (p *process) serving(in *inbox) *server {
	p.t.Helper()
	s := &server{T: p.t, inbox: in, log: &p.log, stop: p.kill}
	eventually(p.t, "the process listens", func() bool {
		select {
		case <-p.exited:
			p.t.Fatalf("the process ended: %s", p.log.String())
		default:
		}
		public, operators := listening.Addresses(p.log.String())
		s.public, s.operator = "http://"+public, "http://"+operators
		return public != "" && operators != ""
	})
	eventually(p.t, "the process is ready", func() bool { status, _ := s.ready(); return status == http.StatusOK })
	return s
}

// settingsFor are settings of a server for production, on a database and with a mail server.
func settingsFor(database, smtp string) []string {
	return []string{
		"VESTIBULE_LISTEN=127.0.0.1:0",
		"VESTIBULE_ADMIN_LISTEN=127.0.0.1:0",
		"VESTIBULE_DATABASE_URL=" + database,
		"VESTIBULE_SECRET_KEY=" + base64.StdEncoding.EncodeToString(secret.Bytes(secret.KeySize)),
		"VESTIBULE_ADMIN_TOKEN=" + adminToken,
		"VESTIBULE_SMTP_URL=smtp://" + smtp,
		"VESTIBULE_MAIL_FROM=no-reply@vestibule.example",
		"VESTIBULE_TRUSTED_CLIENT_IP_HEADER=X-Test-Ip",
	}
}

// TestKillBetweenCommitAndSend kills the process after it answered a signup and before the mail is out. The next start
// sends the mail.
func TestKillBetweenCommitAndSend(t *testing.T) {
	for _, row := range []struct {
		name string
		mode mode
	}{
		{"while the mail server says nothing", swallow},
		{"while the mail server is away", cut},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := newInbox(t)
			way := newRelay(t, in.addr)
			way.set(row.mode)
			at := testkit.URL(t, "postgres")
			db := look(t, at)
			settings := settingsFor(at, way.addr)
			first := start(t, "", settings)
			s := first.serving(in)
			host := s.tenant(`{"account": {"email_verification": "mandatory"}}`)
			s.client("app", host).signup("ann@example.org").want(http.StatusUnauthorized)
			eventually(t, "the mail server is called", func() bool { return way.seen() > 0 })
			first.kill()

			if n := in.count("ann@example.org"); n != 0 {
				t.Fatalf("%d mails came already", n)
			}
			if got := db.one(`SELECT state FROM messages`); got != "queued" {
				t.Fatalf("the message is %s", got)
			}
			// Its lease outlives the process by up to a minute, which is cut short here.
			if _, err := db.ExecContext(t.Context(), `UPDATE messages SET due_at = created_at`); err != nil {
				t.Fatal(err)
			}
			way.set(forward)
			s = start(t, "", settings).serving(in)
			key := in.wait(t, "ann@example.org", 0).key(t)
			c := s.client("app", host)
			c.post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusUnauthorized)
			c.login("ann@example.org", password).want(http.StatusOK)
			eventually(t, "the message is done with", func() bool { return db.one(`SELECT state FROM messages`) == "sent" })
			if n := in.count("ann@example.org"); n != 1 {
				t.Errorf("%d mails came", n)
			}
		})
	}
}

// TestTermDrains stops the process while logins are under way. They are answered, nothing new is let in, and readiness
// went off before anything else.
func TestTermDrains(t *testing.T) {
	in := newInbox(t)
	at := testkit.URL(t, "postgres")
	db := look(t, at)
	p := start(t, "", settingsFor(at, in.addr))
	s := p.serving(in)
	host := s.tenant(noLimits)
	const burst = 5
	email := func(i int) string { return fmt.Sprintf("user%d@example.org", i) }
	for i := range burst {
		s.client("app", host).signup(email(i)).want(http.StatusOK)
	}

	// Whoever wants to write a session has to wait until this transaction ends. That makes the logins slow.
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // it may have ended
	if _, err := tx.ExecContext(t.Context(), `LOCK TABLE sessions IN EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	var letIn atomic.Int64
	var told atomic.Bool
	var all sync.WaitGroup
	wrong := make(chan string, burst)
	for i := range burst {
		c := s.client("app", host)
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			defer cancel()
			// Where this test takes longer than the database is waited for, word to come back is an answer too, and is followed
			// until nothing new is let in.
			for {
				r, err := c.try(ctx, http.MethodPost, "/auth/login", map[string]any{"email": email(i), "password": password})
				if fault := orLater(r, err, http.StatusOK); fault != "" {
					wrong <- fault
				} else if r.Status == http.StatusOK {
					letIn.Add(1)
				} else if !told.Load() {
					continue
				}
				return
			}
		})
	}
	eventually(t, "every login waits in the database", func() bool {
		return db.one(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == fmt.Sprint(burst)
	})
	told.Store(true)
	p.signal(syscall.SIGTERM)
	eventually(t, "the process says that it is not ready", func() bool {
		status, _ := s.ready()
		return status == http.StatusServiceUnavailable
	})
	eventually(t, "nothing new is let in", func() bool {
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(s.public, "http://"), soon)
		if err == nil {
			_ = c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	if status, _ := s.ready(); status != http.StatusServiceUnavailable {
		t.Errorf("the operators' listener answers %d while requests are under way", status)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	close(wrong)
	for w := range wrong {
		t.Error(w)
	}
	if status := p.status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if n := db.one(`SELECT COUNT(*) FROM sessions`); n != fmt.Sprint(burst+letIn.Load()) {
		t.Errorf("%s sessions, and %d logins were let in after %d signups", n, letIn.Load(), burst)
	}
}

// hold begins a request at a listener and does not end it: the server waits for the rest of its body. It returns once the
// server is at it, with n requests under way.
func (s *server) hold(at, path, header string, n int) {
	s.Helper()
	c, err := net.DialTimeout("tcp", strings.TrimPrefix(at, "http://"), soon)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = c.Close() })
	if _, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\n%s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", path, header); err != nil {
		s.Fatal(err)
	}
	eventually(s, "the request is under way", func() bool {
		_, metrics := s.admin(http.MethodGet, "/metrics", nil)
		return strings.Contains(metrics, fmt.Sprintf("\nvestibule_http_requests_in_flight %d\n", n))
	})
}

// TestOneDeadlineBoundsTheStop stops the process while everything hangs that it waits for: a request at either listener,
// and the mail server. The time for the stop is shared by all of them, and its end is not a stop in good order.
func TestOneDeadlineBoundsTheStop(t *testing.T) {
	in := newInbox(t)
	way := newRelay(t, in.addr)
	way.set(swallow)
	p := start(t, "", append(settingsFor(testkit.URL(t, "postgres"), way.addr), "VESTIBULE_SHUTDOWN_TIMEOUT=1s"))
	s := p.serving(in)
	host := s.tenant(`{"account": {"email_verification": "mandatory"}}`)
	s.client("app", host).signup("ann@example.org").want(http.StatusUnauthorized)
	eventually(t, "the mail server is called", func() bool { return way.seen() > 0 })
	s.hold(s.public, "/_allauth/app/v1/auth/login", "Host: "+host, 1)
	s.hold(s.operator, "/admin/v1/tenants", "Host: operators\r\nAuthorization: Bearer "+adminToken, 2)
	p.signal(syscall.SIGTERM)
	if status := p.status(); status != 1 {
		t.Errorf("exit status %d where requests were cut off, want 1", status)
	}
	for _, listener := range []string{"public", "operators"} {
		if said := "stop " + listener + ": requests were cut off: VESTIBULE_SHUTDOWN_TIMEOUT (1s) was up"; !strings.Contains(p.log.String(), said) {
			t.Errorf("it does not end with %q", said)
		}
	}
}

// TestStopWaitsForTheLoadBalancer has a load balancer that asks /readyz only now and then: what it still sends is answered.
func TestStopWaitsForTheLoadBalancer(t *testing.T) {
	in := newInbox(t)
	p := start(t, "", append(settingsFor(testkit.URL(t, "postgres"), in.addr), "VESTIBULE_SHUTDOWN_DELAY=5m"))
	s := p.serving(in)
	host := s.tenant("")
	p.signal(syscall.SIGTERM)
	eventually(t, "the process says that it is not ready", func() bool {
		status, _ := s.ready()
		return status == http.StatusServiceUnavailable
	})
	c := s.client("app", host)
	c.signup("ann@example.org").want(http.StatusOK)
	c.get("/auth/session").want(http.StatusOK)
	eventually(t, "the process is over", func() bool {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.exited:
			return true
		default:
			return false
		}
	})
}

// TestSecondSignalEndsAtOnce is somebody who does not want to wait for the drain.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	in := newInbox(t)
	p := start(t, "", append(settingsFor(testkit.URL(t, "postgres"), in.addr), "VESTIBULE_SHUTDOWN_TIMEOUT=10m"))
	s := p.serving(in)
	s.hold(s.public, "/_allauth/app/v1/auth/login", "Host: "+s.tenant(""), 1)
	p.signal(syscall.SIGTERM)
	eventually(t, "the process drains", func() bool { status, _ := s.ready(); return status == http.StatusServiceUnavailable })
	eventually(t, "the process is over", func() bool {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // again, in case that the first one is still being taken note of
		select {
		case <-p.exited:
			return true
		default:
			return false
		}
	})
	if end, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !end.Signaled() || end.Signal() != syscall.SIGTERM {
		t.Errorf("the process ended with %v, not by the signal", p.cmd.ProcessState)
	}
}

func TestWrongSettingsExitTwo(t *testing.T) {
	raw, err := os.ReadFile("../config/testdata/everything.bad.env")
	if err != nil {
		t.Fatal(err)
	}
	var settings []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			settings = append(settings, line)
		}
	}
	p := start(t, "", settings)
	if status := p.status(); status != 2 {
		t.Errorf("exit status %d, want 2", status)
	}
	said := p.log.String()
	for _, s := range settings {
		if name, _, _ := strings.Cut(s, "="); !strings.Contains(said, "\n  "+name+" ") {
			t.Errorf("%s is not reported", name)
		}
	}
	if strings.Contains(said, "hunter2") {
		t.Error("a secret is repeated")
	}
	if out := p.out.String(); out != "" {
		t.Errorf("standard output has %q", out)
	}

	// Right settings for a server that cannot run are another matter.
	taken := listen(t)
	defer func() { _ = taken.Close() }()
	q := start(t, "", append(settingsFor(testkit.URL(t, "postgres"), "127.0.0.1:1"), "VESTIBULE_LISTEN="+taken.Addr().String()))
	if status := q.status(); status != 1 {
		t.Errorf("exit status %d where the address is taken, want 1", status)
	}
}

func TestSeveralReplicasMigrateAtOnce(t *testing.T) {
	at := testkit.EmptyURL(t, "postgres")
	settings := settingsFor(at, "127.0.0.1:1")
	early := start(t, "", settings)
	var all []*process
	for range 4 {
		all = append(all, start(t, "", settings, "--migrate"))
	}
	workers := 0
	for _, p := range all {
		if status := p.status(); status != 0 {
			t.Fatalf("exit status %d: %s", status, p.log.String())
		}
		done := p.records("the database is up to date")
		if len(done) != 1 {
			t.Fatalf("the log does not say how it ended: %s", p.log.String())
		}
		if n, ok := done[0]["applied"].(float64); ok && n > 0 {
			workers++
		}
	}
	if workers != 1 {
		t.Errorf("%d processes applied migrations, want 1", workers)
	}
	// A server that was started before the tables were there goes on by itself.
	s := early.serving(newInbox(t))
	s.client("app", s.tenant("")).signup("ann@example.org").want(http.StatusOK)
}

// TestSecretKeyIsChangedInFourSteps takes the steps of docs/running.md, and at each of them looks at a server that has not
// taken it yet.
func TestSecretKeyIsChangedInFourSteps(t *testing.T) {
	in := newInbox(t)
	settings := settingsFor(testkit.URL(t, "postgres"), in.addr)
	key := func() string { return base64.StdEncoding.EncodeToString(secret.Bytes(secret.KeySize)) }
	old, fresh := key(), key()
	with := func(keys string) []string { return append(slices.Clone(settings), "VESTIBULE_SECRET_KEY="+keys) }
	run := func(keys string) *server { return start(t, "", with(keys)).serving(in) }
	once := func(keys, mode string) *process {
		t.Helper()
		p := start(t, "", with(keys), mode)
		if status := p.status(); status != 0 {
			t.Fatalf("%s ends with status %d", mode, status)
		}
		return p
	}
	first := run(old)
	host := first.tenant("")
	reads := func(s *server, host string) {
		t.Helper()
		// A server that has not seen the tenant yet, which reads it from the database as it is now.
		s.client("app", host).get("/config").want(http.StatusOK)
	}

	once(fresh+","+old, "--migrate") // which has nothing to do with keys
	reads(run(old), host)
	second := run(old + "," + fresh)
	reads(second, host)
	third := run(fresh + "," + old)
	reads(third, host)
	made := third.tenant("")
	reads(second, made)
	done := once(fresh+","+old, "--seal-keys").records("data keys were sealed under the first secret key")
	if len(done) != 1 || fmt.Sprint(done[0]["tenants"]) != "2" { // with the operators' own
		t.Errorf("it says %v", done)
	}
	reads(run(old+","+fresh), host)
	last := run(fresh)
	reads(last, host)
	reads(last, made)
}

// TestSettingsReachOtherReplica changes a tenant at one process and sees it at the other, within the two seconds that are
// promised.
func TestSettingsReachOtherReplica(t *testing.T) {
	const promise, slack = 2 * time.Second, 10 * time.Second // the slack is for a machine that does other things too
	in := newInbox(t)
	settings := settingsFor(testkit.URL(t, "postgres"), in.addr)
	a, b := start(t, "", settings).serving(in), start(t, "", settings).serving(in)
	host := a.tenant("")
	slug := strings.TrimSuffix(host, ".localhost")
	reader := b.client("app", host)
	for _, open := range []bool{false, true} {
		want := fmt.Sprintf(`"is_open_for_signup":%t`, open)
		if r := reader.get("/config").want(http.StatusOK); strings.Contains(r.Body, want) {
			t.Fatalf("it is so already: %s", r.Body)
		}
		change := map[string]any{"config": map[string]any{"account": map[string]any{"signup_enabled": open}}}
		if status, body := a.admin(http.MethodPatch, "/admin/v1/tenants/"+slug, change); status != http.StatusOK {
			t.Fatalf("change the tenant: %d %s", status, body)
		}
		changed := time.Now()
		for !strings.Contains(reader.get("/config").want(http.StatusOK).Body, want) {
			if time.Since(changed) > promise+slack {
				t.Fatalf("the other process does not know after %v", time.Since(changed))
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Logf("the other process knew after %v", time.Since(changed).Round(time.Millisecond))
	}
}

// bannerToken is where the banner shows the admin token.
var bannerToken = regexp.MustCompile(`admin token +(\S+)`)

// dev are settings of a server for development. It listens on ports that nobody else has.
func dev() []string {
	return []string{"VESTIBULE_LISTEN=127.0.0.1:0", "VESTIBULE_ADMIN_LISTEN=127.0.0.1:0", "VESTIBULE_LOG_FORMAT=json"}
}

// TestDevKeepsItsData does what the greeting of --dev suggests, and finds everything again after a restart.
func TestDevKeepsItsData(t *testing.T) {
	dir := t.TempDir()
	run := func() (*process, *server, string) {
		p := start(t, dir, dev(), "--dev")
		s := p.serving(nil)
		banner := p.out.String()
		token := bannerToken.FindStringSubmatch(banner)
		if token == nil {
			t.Fatalf("no admin token in the banner:\n%s", banner)
		}
		return p, s, token[1]
	}
	p, _, token := run()
	var script strings.Builder
	for line := range strings.Lines(p.out.String()) {
		if strings.HasPrefix(line, "    curl ") {
			script.WriteString(line)
		}
	}
	suggested := commands(t, dir, script.String())
	if len(suggested) != 2 {
		t.Fatalf("%d curl commands in the banner, want 2:\n%s", len(suggested), p.out.String())
	}
	if out := curl(t, suggested[0], nil); !strings.Contains(out, `"status":200`) || !strings.Contains(out, "ann@example.org") {
		t.Fatalf("%q is answered %s", suggested[0], out)
	}
	eventually(t, "the mail is in the mailbox", func() bool { return strings.Contains(curl(t, suggested[1], nil), "ann@example.org") })
	p.signal(os.Interrupt)
	if status := p.status(); status != 0 {
		t.Errorf("exit status %d after an interrupt", status)
	}

	_, s, again := run()
	if again != token {
		t.Error("the admin token is another one after a restart")
	}
	s.client("app", "localhost").login("ann@example.org", "Kestrel-Orbit-49").want(http.StatusOK)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != ".vestibule" {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
