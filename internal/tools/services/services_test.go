package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test program is also the server that it starts: it then listens on a port, writes its greeting to whoever comes, and
// ends when it is interrupted.
const (
	fakePort = "SERVICES_TEST_PORT"
	greeting = "what can I do for you?"
	plenty   = 30 * time.Second
)

func TestMain(m *testing.M) {
	if port := os.Getenv(fakePort); port != "" {
		serveGreetings(port)
	}
	os.Exit(m.Run())
}

func serveGreetings(port string) {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		os.Exit(1)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, greeting)
			_ = c.Close()
		}
	}()
	<-interrupted
	os.Exit(0)
}

// greeter is a service whose servers are this program.
func greeter(t *testing.T) service {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return service{
		name: "Greeter", variable: "GREETER", usual: "127.0.0.1:1", packages: "greeter", answers: greets,
		find: func() string { return program },
		prepare: func(_ context.Context, program string, l life) (*exec.Cmd, error) {
			cmd := exec.Command(program)
			cmd.Env, cmd.Dir = append(os.Environ(), fakePort+"="+strconv.Itoa(l.port)), l.dir
			return cmd, nil
		},
		url: func(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) },
	}
}

func greets(ctx context.Context, url string) error {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", url)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	said, err := io.ReadAll(c)
	if err == nil && string(said) != greeting {
		return errors.New("no greeter")
	}
	return err
}

// outcome is what a run came to.
type outcome struct {
	code       int
	out, notes string
}

func try(ctx context.Context, p provider, environ []string, args ...string) outcome {
	var out, notes bytes.Buffer
	p.notes = &notes
	if p.install == nil {
		p.install = func(context.Context, []string, io.Writer) (bool, error) { return false, nil }
	}
	code := p.run(ctx, args, append(os.Environ(), environ...), &out)
	return outcome{code, strings.TrimSpace(out.String()), notes.String()}
}

// serving is a greeter that the test has running.
func serving(t *testing.T) string {
	t.Helper()
	p := provider{notes: io.Discard}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	url, err := p.start(t.Context(), greeter(t))
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func TestTheFirstServerThatAnswersIsUsed(t *testing.T) {
	given, usual := serving(t), serving(t)
	for name, c := range map[string]struct {
		given, usual string
		own          bool
		want         string // "" for a server of our own
		note         string
	}{
		"the given one goes first":        {given: given, usual: usual, want: given},
		"else the usual one":              {usual: usual, want: usual},
		"a dead one is told of":           {given: "127.0.0.1:1", usual: usual, want: usual, note: "GREETER names a Greeter that cannot be used"},
		"else it starts one":              {usual: "127.0.0.1:1", note: "started Greeter"},
		"on demand it starts one at once": {given: given, usual: usual, own: true, note: "started Greeter"},
	} {
		t.Run(name, func(t *testing.T) {
			s := greeter(t)
			s.usual = c.usual
			var environ []string
			if c.given != "" {
				environ = []string{"GREETER=" + c.given}
			}
			got := try(t.Context(), provider{services: []service{s}, own: c.own}, environ, "sh", "-c", "echo $GREETER")
			if got.code != 0 || got.out == "" || !strings.Contains(got.notes, c.note) {
				t.Fatalf("got %+v", got)
			}
			if c.want == "" && (got.out == given || got.out == usual) || c.want != "" && got.out != c.want {
				t.Errorf("the command was told %s", got.out)
			}
			if greets(t.Context(), got.out) == nil && got.out != given && got.out != usual {
				t.Error("the server outlived the command")
			}
		})
	}
}

func TestAServerThatIsOfNoUseIsToldOf(t *testing.T) {
	const old = unfitError("it greets as one did in the old days")
	for name, c := range map[string]struct {
		given, usual bool // one runs there
		want         string
	}{
		"the given one":   {given: true, want: "services: GREETER names a Greeter that cannot be used (" + string(old) + "), so another one is looked for\n"},
		"the usual one":   {usual: true, want: "services: the Greeter on its usual port cannot be used (" + string(old) + "), so another one is looked for\n"},
		"one of our own":  {},
		"all that we try": {given: true, usual: true},
	} {
		t.Run(name, func(t *testing.T) {
			s, starts := greeter(t), 0
			answers, prepare := s.answers, s.prepare
			s.answers = func(ctx context.Context, url string) error {
				if err := answers(ctx, url); err != nil {
					return err
				}
				return old
			}
			s.prepare = func(ctx context.Context, program string, l life) (*exec.Cmd, error) {
				starts++
				return prepare(ctx, program, l)
			}
			var environ []string
			if c.given {
				environ = []string{"GREETER=" + serving(t)}
			}
			if c.usual {
				s.usual = serving(t)
			}
			got := try(t.Context(), provider{services: []service{s}}, environ, "true")
			last := "services: the Greeter that is installed (" + s.find() + ") cannot be used: " + string(old) +
				"; install another Greeter (Debian's package greeter) or set GREETER\n"
			if got.code != 1 || !strings.HasPrefix(got.notes, c.want) || !strings.HasSuffix(got.notes, last) {
				t.Errorf("got %+v", got)
			}
			if starts != 1 {
				t.Errorf("it was started %d times, and does not get better", starts)
			}
		})
	}
}

func TestPostgreSQLIsNewEnoughAndLetsItsUserMakeDatabases(t *testing.T) {
	for name, c := range map[string]struct {
		number  int
		version string
		creates bool
		want    string
	}{
		"the oldest that will do": {140000, "14.0", true, ""},
		"a later one":             {180001, "18.1", true, ""},
		"one that is older":       {130012, "13.12", true, "it is version 13.12, and 14 or later is needed"},
		"a user who may not":      {150004, "15.4", false, `its user "ann" may not create databases; ALTER ROLE "ann" CREATEDB allows it`},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := fitPostgres(c.number, c.version, "ann", c.creates); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if err := postgresAnswers(t.Context(), cmp.Or(os.Getenv(postgres.variable), postgres.usual)); err != nil {
		t.Errorf("the PostgreSQL that other tests make their databases on: %v", err)
	}
}

func TestAPostgreSQLThatIsMeasuredKeepsWhatItPromised(t *testing.T) {
	for _, durable := range []bool{false, true} {
		off := 0
		for _, argument := range postgresArguments("data", life{durable: durable}) {
			if strings.HasSuffix(argument, "=off") {
				off++
			}
		}
		if (off > 0) == durable {
			t.Errorf("durable: %v, and %d settings are off", durable, off)
		}
	}
}

func TestOwnServersAreStartedAsDurableAsAsked(t *testing.T) {
	for _, durable := range []bool{false, true} {
		s := greeter(t)
		prepare, asked := s.prepare, !durable
		s.prepare = func(ctx context.Context, program string, l life) (*exec.Cmd, error) {
			asked = l.durable
			return prepare(ctx, program, l)
		}
		if got := try(t.Context(), provider{services: []service{s}, durable: durable}, nil, "true"); got.code != 0 || asked != durable {
			t.Errorf("durable: %v, and the server was told %v: %+v", durable, asked, got)
		}
	}
}

func TestOwnServersLeaveNothingBehind(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	got := try(t.Context(), provider{services: []service{greeter(t)}}, nil, "sh", "-c", "ls $TMPDIR; exit 3")
	if got.code != 3 || !strings.HasPrefix(got.out, "vestibule-services-") {
		t.Fatalf("got %+v", got)
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestTheExitStatusIsTheCommands(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want int
	}{
		"success":           {[]string{"true"}, 0},
		"failure":           {[]string{"sh", "-c", "exit 42"}, 42},
		"end by a signal":   {[]string{"sh", "-c", "kill -9 $$"}, 137},
		"no such a command": {[]string{"/no/such/command"}, 127},
	} {
		t.Run(name, func(t *testing.T) {
			if got := try(t.Context(), provider{}, nil, c.args...); got.code != c.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestASignalEndsTheCommandAndTheServers(t *testing.T) {
	for name, script := range map[string]string{
		"a command that obeys":       "echo $GREETER > $FILE; sleep 1000",
		"a command that says it did": "trap 'exit 0' TERM; sleep 1000 & echo $GREETER > $FILE; wait",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "url")
			ctx, cancel := context.WithCancelCause(t.Context())
			done := make(chan outcome)
			go func() {
				done <- try(ctx, provider{services: []service{greeter(t)}}, []string{"FILE=" + file}, "sh", "-c", script)
			}()
			url := contentOf(t, file)
			if err := greets(t.Context(), url); err != nil {
				t.Fatal(err)
			}
			cancel(signalError{syscall.SIGTERM})
			select {
			case got := <-done:
				if got.code == 0 {
					t.Errorf("an interrupted command passed for a success: %+v", got)
				}
			case <-time.After(plenty):
				t.Fatal("it goes on")
			}
			if greets(t.Context(), url) == nil {
				t.Error("the server outlived the signal")
			}
		})
	}
}

// contentOf waits until a file has a line, and is that line.
func contentOf(t *testing.T, file string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), plenty)
	defer cancel()
	for ctx.Err() == nil {
		if b, err := os.ReadFile(file); err == nil && bytes.HasSuffix(b, []byte("\n")) {
			return strings.TrimSpace(string(b))
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the command did not start")
	return ""
}

func TestAnAbsentServerIsOneLineThatSaysWhatToInstall(t *testing.T) {
	absent := postgres
	absent.usual, absent.find = postgresURL(1), func() string { return "" }
	other := redis
	other.usual, other.find = redisURL(1), func() string { return "" }
	got := try(t.Context(), provider{services: []service{absent, other}}, []string{absent.variable + "=", other.variable + "="}, "true")
	want := "services: what tests need is not all here: install PostgreSQL (Debian's package postgresql) or set " +
		"VESTIBULE_TEST_POSTGRES_URL, and Redis (Debian's package redis-server) or set VESTIBULE_TEST_REDIS_URL\n"
	if got.code != 1 || got.notes != want {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsMissingIsInstalledOnce(t *testing.T) {
	s := greeter(t)
	there, calls := false, 0
	program := s.find()
	s.find = func() string {
		if there {
			return program
		}
		return ""
	}
	p := provider{services: []service{s}, install: func(_ context.Context, packages []string, _ io.Writer) (bool, error) {
		there = true
		calls++
		if len(packages) != 1 || packages[0] != "greeter" {
			t.Errorf("installs %v", packages)
		}
		return true, nil
	}}
	if got := try(t.Context(), p, nil, "true"); got.code != 0 || calls != 1 {
		t.Errorf("%d calls, got %+v", calls, got)
	}
}

func TestSeveralPackagesAreInstalledByTheirNames(t *testing.T) {
	s := greeter(t)
	s.packages, s.find = "greeter greeter-extras", func() string { return "" }
	p := provider{services: []service{s}, install: func(_ context.Context, packages []string, _ io.Writer) (bool, error) {
		if !slices.Equal(packages, []string{"greeter", "greeter-extras"}) {
			t.Errorf("installs %q", packages)
		}
		return true, nil
	}}
	want := "services: what tests need is not all here: install Greeter (Debian's packages greeter greeter-extras) or set GREETER\n"
	if got := try(t.Context(), p, nil, "true"); got.code != 1 || got.notes != want {
		t.Errorf("got %+v", got)
	}
}

func TestAPythonWithoutWhatIsNeededIsPassedOver(t *testing.T) {
	if exec.CommandContext(t.Context(), "python3", "-c", "").Run() != nil {
		t.Skip("there is no python3 here, which this looks for a package in: install it (Debian: python3)")
	}
	if pythonWith("import sys") == "" {
		t.Error("no Python has sys")
	}
	if got := pythonWith("import no_such_module"); got != "" {
		t.Errorf("%s has a module that does not exist", got)
	}
}

func TestAProgramIsFoundAndNotStarted(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := service{name: "Browser", variable: "BROWSER_OF_TESTS", packages: "browser", find: func() string { return program }}
	show := []string{"sh", "-c", `printf %s "$BROWSER_OF_TESTS"`}
	for name, c := range map[string]struct{ given, want, notes string }{
		"one that is installed":  {"", program, ""},
		"the one that was named": {"/bin/sh", "/bin/sh", ""},
		"one that is not there": {
			"/nowhere/browser", program,
			"services: BROWSER_OF_TESTS names no program (exec: \"/nowhere/browser\": stat /nowhere/browser: no such file or directory), so another one is looked for\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := try(t.Context(), provider{services: []service{s}}, []string{s.variable + "=" + c.given}, show...)
			if got.code != 0 || got.out != c.want || got.notes != c.notes {
				t.Errorf("got %+v", got)
			}
		})
	}
	s.find = func() string { return "" }
	want := "services: what tests need is not all here: install Browser (Debian's package browser) or set BROWSER_OF_TESTS\n"
	if got := try(t.Context(), provider{services: []service{s}}, []string{s.variable + "="}, "true"); got.code != 1 || got.notes != want {
		t.Errorf("got %+v", got)
	}
}

func TestTheCommandsOwnDatabaseGoesWithIt(t *testing.T) {
	p := provider{services: []service{postgres}, install: install, database: true}
	got := try(t.Context(), p, nil, "sh", "-c", `printf '%s %s' "$VESTIBULE_TEST_POSTGRES_URL" "$VESTIBULE_TEST_DATABASE_URL"`)
	server, own, _ := strings.Cut(got.out, " ")
	if got.code != 0 || !strings.Contains(own, "/vestibule_own_") {
		t.Fatalf("got %+v", got)
	}
	if postgres.answers(t.Context(), server) != nil {
		return // it was started for the command, and went with it
	}
	if err := postgres.answers(t.Context(), own); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("the database is still there: %v", err)
	}
}

// fakeApt is an apt-get that writes down what it is asked to do, and does what a line of shell says.
func fakeApt(t *testing.T, line string) (apt, log string) {
	t.Helper()
	dir := t.TempDir()
	apt, log = filepath.Join(dir, "apt-get"), filepath.Join(dir, "log")
	script := "#!/bin/sh\necho \"$DEBIAN_FRONTEND $*\" >> " + log + "\n" + line + "\n"
	if err := os.WriteFile(apt, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return apt, log
}

func TestAptGetIsAskedToUpdateAndInstall(t *testing.T) {
	const news = "services: installing postgresql and redis-server with apt-get\n"
	for name, c := range map[string]struct {
		line  string
		notes string
		fault string
	}{
		"all is well": {"", news, ""},
		"the lists cannot be brought up to date": {
			`[ "$3" = install ] || { echo no network; exit 100; }`,
			news + "services: apt-get update: exit status 100\nno network\nservices: installing from the lists of packages that there are\n", "",
		},
		"nothing can be installed": {`[ "$3" = update ] || { echo no such package; exit 100; }`, news, "apt-get install: exit status 100\nno such package"},
	} {
		t.Run(name, func(t *testing.T) {
			apt, log := fakeApt(t, c.line)
			var notes bytes.Buffer
			fault := ""
			if err := aptInstall(t.Context(), apt, []string{"postgresql", "redis-server"}, &notes); err != nil {
				fault = err.Error()
			}
			if fault != c.fault || notes.String() != c.notes {
				t.Errorf("it said %q, and failed with %q", notes.String(), fault)
			}
			did, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			want := "noninteractive -o DPkg::Lock::Timeout=300 update\n" +
				"noninteractive -o DPkg::Lock::Timeout=300 install -y --no-install-recommends postgresql redis-server\n"
			if string(did) != want {
				t.Errorf("it did:\n%s", did)
			}
		})
	}
}

func TestWhatCannotBeInstalledIsHintedAt(t *testing.T) {
	s := greeter(t)
	s.find = func() string { return "" }
	p := provider{services: []service{s}, install: func(context.Context, []string, io.Writer) (bool, error) {
		return true, errors.New("apt-get install: exit status 100\nno such package")
	}}
	want := "services: apt-get install: exit status 100\nno such package\n" +
		"services: what tests need is not all here: install Greeter (Debian's package greeter) or set GREETER\n"
	if got := try(t.Context(), p, nil, "true"); got.code != 1 || got.notes != want {
		t.Errorf("got %+v", got)
	}
}

func TestAServerThatDoesNotStartSaysWhy(t *testing.T) {
	s := greeter(t)
	s.prepare = func(context.Context, string, life) (*exec.Cmd, error) {
		return exec.Command("sh", "-c", "echo the disk is full; exit 1"), nil
	}
	got := try(t.Context(), provider{services: []service{s}}, nil, "true")
	if got.code != 1 || !strings.Contains(got.notes, "start Greeter: it ended: exit status 1\nthe disk is full") {
		t.Errorf("got %+v", got)
	}
}

func TestPasswordsAreNotRepeated(t *testing.T) {
	s := greeter(t)
	for _, which := range []service{postgres, redis} {
		which.find, which.prepare, which.url = s.find, s.prepare, s.url
		for _, url := range []string{"postgres://u:hunter2@127.0.0.1:1/x", "://hunter2", "redis://:hunter2@127.0.0.1:1", "redis://:hunter2@h:port"} {
			which.usual = "127.0.0.1:1"
			err := ask(t.Context(), which, url)
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v", which.name, err)
			}
		}
	}
}

func TestCommandLine(t *testing.T) {
	for name, args := range map[string][]string{"no command": nil, "an unknown flag": {"--fast", "true"}, "flags without a command": {"--own", "--durable"}} {
		t.Run(name, func(t *testing.T) {
			var out, notes bytes.Buffer
			if code := run(t.Context(), args, nil, &out, &notes); code != 2 || notes.String() != "services: "+usage+"\n" {
				t.Errorf("%d %q", code, notes.String())
			}
		})
	}
}
