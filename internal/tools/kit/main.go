// Kit runs the conformance kit against the server: scenarios that a client of django-allauth's headless API goes through,
// each compared with what allauth answered.
//
// The kit is a program of its own (run.py, in Python) that lies beside this repository, at ../shared/conformance. Where it
// is not, this program says so and has nothing to fail.
//
// The server is built and started twice on an empty database: on PostgreSQL with Redis, which it takes from
// VESTIBULE_TEST_POSTGRES_URL and VESTIBULE_TEST_REDIS_URL (package services provides them), and on SQLite with the
// limits in memory. It runs as in production, but that PostgreSQL does not wait for the disk, and for outgoing calls to this machine,
// where the kit's mock providers, mail server and SMS webhook are. Every answer is held to the server's own OpenAPI document on its way, too.
//
//	go run ./internal/tools/services go run ./internal/tools/kit [-only pattern]... [-v]
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// finished are the scenarios that every change must leave as they are. A scenario joins them with the flow that it goes
// through.
var finished = []string{
	"basics.*", "current_session.*", "email_verification.*", "email_verification_by_code.*", "input_errors.*", "login.*",
	"login_by_code.*", "manage_email.*", "mfa_*", "password_change.*", "password_reset.*", "password_reset_by_code.*", "phone.*",
	"provider_redirect.*", "provider_signup.*", "providers.*", "rate_limits.*", "reauthentication.*", "sessions.*", "signup.*", "tokens_jwt.*",
}

// purpose is why the server answers otherwise in a scenario and, unless it is "", the one difference that there may be.
type purpose struct {
	why  string
	only string
}

var moreClaims = purpose{
	why: "tokens say who made them and whom they are for (docs/tokens.md)",
	only: `.value.claims: expected ["exp", "iat", "jti", "sid", "sub", "token_use"], ` +
		`got ["aud", "exp", "iat", "iss", "jti", "sid", "sub", "token_use"]`,
}

// meant are the scenarios in which the server answers otherwise on purpose.
var meant = map[string]purpose{
	"login_by_code.verifies_the_address":               {why: "a login code claims an account that nobody had proved (docs/decisions/0015-claimed-accounts.md)"},
	"password_reset_by_code.peek_verifies_the_address": {why: "so does a look at a reset code"},
	"tokens_jwt.a_spent_refresh_token":                 {why: "a spent refresh token is answered with the same successor for a moment (docs/tokens.md)"},
	"tokens_jwt.expiry":                                moreClaims,
	"tokens_jwt.handed_out_at_login":                   moreClaims,
	"tokens_jwt.only_once_the_second_factor_is_shown":  moreClaims,
	"tokens_jwt.refresh_rotates":                       moreClaims,
	"tokens_jwt.shared_secret":                         moreClaims,
}

// patterns is a flag that may be given several times.
type patterns []string

func (p *patterns) String() string { return strings.Join(*p, " ") }

func (p *patterns) Set(pattern string) error {
	*p = append(*p, pattern)
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are what the kit is run with.
type options struct {
	root string // the repository
	kit  string // run.py
	only patterns
	out  io.Writer
}

func run(ctx context.Context, args []string, out, complaints io.Writer) int {
	o := options{out: out}
	flags := flag.NewFlagSet("kit", flag.ContinueOnError)
	flags.SetOutput(complaints)
	flags.Var(&o.only, "only", "run the scenarios whose names match `pattern`, such as login.*; may be given several times")
	flags.StringVar(&o.kit, "kit", "", "the kit's `run.py` (default ../shared/conformance/run.py, beside the repository)")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if len(o.only) == 0 {
		o.only = finished
	}
	var err error
	if o.root, err = moduleRoot(); err == nil {
		err = o.run(ctx)
	}
	if err != nil {
		_, _ = fmt.Fprintln(complaints, "kit:", err) // there is nowhere else to say so
		return 1
	}
	return 0
}

func (o options) run(ctx context.Context) (err error) {
	if o.kit == "" {
		o.kit = filepath.Join(o.root, "..", "shared", "conformance", "run.py")
	}
	if _, err := os.Stat(o.kit); err != nil {
		return o.say("kit: not present (%s), so nothing is compared", o.kit)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		return fmt.Errorf("the conformance kit needs python3: install it (Debian's package python3)")
	}
	dir, err := os.MkdirTemp("", "vestibule-kit-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left of a temporary directory does no harm
	program := filepath.Join(dir, "server")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/server")
	build.Dir, build.Stdout, build.Stderr = o.root, o.out, o.out
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the server: %w", err)
	}
	// The engines take turns at waiting: most of what the kit does is to let times run out.
	red := make([][]string, len(engines))
	var all errgroup.Group
	var mu sync.Mutex
	for i, e := range engines {
		on := o
		on.out = &labelled{out: o.out, mu: &mu, label: e.name + ": "}
		all.Go(func() error {
			failed, err := on.on(ctx, e, python, program, filepath.Join(dir, e.name))
			if err != nil {
				return fmt.Errorf("on %s: %w", e.name, err)
			}
			for _, pattern := range failed {
				red[i] = append(red[i], pattern+" on "+e.name)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	if red := slices.Concat(red...); len(red) > 0 {
		return fmt.Errorf("not as the reference: %s", strings.Join(red, ", "))
	}
	return o.say("kit: as the reference")
}

// on runs every pattern against a server on one engine, and is the patterns that failed.
func (o options) on(ctx context.Context, e engine, python, program, dir string) (failed []string, err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	database, drop, err := e.database(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if dropErr := drop(); err == nil {
			err = dropErr
		}
	}()
	s, err := boot(ctx, program, dir, database)
	if err != nil {
		return nil, err
	}
	defer func() {
		if stopErr := s.stop(); err == nil {
			err = stopErr
		}
	}()
	w, err := witnessBefore(s.public)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	s.public = w.URL
	for i, pattern := range o.only {
		if i > 0 {
			if err := pause(ctx, anotherSecond); err != nil {
				return nil, err
			}
		}
		if err := o.say("kit: %s", pattern); err != nil {
			return nil, err
		}
		good := o.check(ctx, s, python, pattern)
		passed, faults := w.saw()
		if err := o.say("kit: %s: %d of %d answers are as the OpenAPI document says", pattern, passed-len(faults), passed); err != nil {
			return nil, err
		}
		for _, fault := range faults {
			if err := o.say("kit: %s", fault); err != nil {
				return nil, err
			}
		}
		if !good || len(faults) > 0 {
			failed = append(failed, pattern)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if s.ended() {
			return nil, fmt.Errorf("the server ended:\n%s", s.logged())
		}
	}
	return failed, nil
}

// check runs the kit, and reports whether no scenario differs but those that are meant to. One that differs is run once more
// by itself: some let short times run out, for which a machine can be too busy.
func (o options) check(ctx context.Context, s *server, python, pattern string) bool {
	said, ok := o.kitOnOwnPorts(ctx, s, python, pattern)
	differ := differing(said)
	if ok {
		return true
	}
	if ctx.Err() != nil || len(differ) == 0 {
		return false // it did not get as far as comparing
	}
	good := true
	for _, name := range slices.Sorted(maps.Keys(differ)) {
		if p, ok := meant[name]; ok && p.covers(differ[name]) {
			_ = o.say("kit: %s differs on purpose: %s", name, p.why)
			continue
		}
		_ = o.say("kit: %s once more", name)
		if pause(ctx, anotherSecond) != nil {
			return false
		}
		said, ok := o.kitOnOwnPorts(ctx, s, python, name)
		p, isMeant := meant[name]
		good = good && (ok || (isMeant && p.covers(differing(said)[name])))
	}
	return good
}

// covers reports whether differences are what is meant. Nothing at all is no difference: the kit did not get as far.
func (p purpose) covers(differences []string) bool {
	return p.only == "" || (len(differences) > 0 && !slices.ContainsFunc(differences, func(d string) bool { return d != p.only }))
}

// differing are the scenarios that differ, by what the kit printed: lines such as "DIFF login.again/app", and below each where
// it differs (a line that begins with "step") and how (lines that begin with a dot).
func differing(said string) map[string][]string {
	all := map[string][]string{}
	name := ""
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		switch rest, ok := strings.CutPrefix(line, "DIFF "); {
		case ok:
			name, _, _ = strings.Cut(rest, "/")
			if _, known := all[name]; !known {
				all[name] = nil // there may be no line below that says how
			}
		case strings.HasPrefix(line, "."):
			all[name] = append(all[name], line)
		case !strings.HasPrefix(line, "step "):
			name = ""
		}
	}
	delete(all, "")
	return all
}

// labelled writes whole lines, each with a label before it, of several writers to one.
type labelled struct {
	out   io.Writer
	mu    *sync.Mutex
	label string
	begun []byte // a line that is not whole yet
}

func (l *labelled) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = append(l.begun, p...)
	for {
		i := bytes.IndexByte(l.begun, '\n')
		if i < 0 {
			return len(p), nil
		}
		if _, err := fmt.Fprintf(l.out, "%s%s", l.label, l.begun[:i+1]); err != nil {
			return 0, err
		}
		l.begun = l.begun[i+1:]
	}
}

// tries is how often the kit is run: its ports were free when they were chosen, and may not be any more.
const tries = 3

// kitOnOwnPorts runs the kit, again where a port of its own was taken from it. It is what the kit printed, and whether all was
// as the reference.
func (o options) kitOnOwnPorts(ctx context.Context, s *server, python, pattern string) (said string, ok bool) {
	for range tries {
		var err error
		said, err = o.kitOnce(ctx, s, python, pattern)
		if err == nil || ctx.Err() != nil {
			return said, err == nil
		}
		if !strings.Contains(strings.ToLower(said), "address already in use") {
			return said, false
		}
		_ = o.say("kit: somebody else took one of its ports (%v); again, on others", err)
		if pause(ctx, anotherSecond) != nil {
			return said, false
		}
	}
	return said, false
}

// kitOnce runs the kit, and is what it printed.
func (o options) kitOnce(ctx context.Context, s *server, python, pattern string) (said string, err error) {
	free, err := freePorts(ctx, 3)
	if err != nil {
		return "", err
	}
	args := []string{
		o.kit, "check", "--url", s.public, "--admin-url", s.operators, "--admin-token=" + s.token, // which may begin with a dash
		"--smtp-port", fmt.Sprint(free[0]), "--sms-port", fmt.Sprint(free[1]), "--only", pattern, "-v",
	}
	cmd := exec.CommandContext(ctx, python, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("CONFORMANCE_OIDC_PORT=%d", free[2]), "PYTHONDONTWRITEBYTECODE=1")
	var copied bytes.Buffer
	cmd.Stdout = io.MultiWriter(o.out, &copied)
	cmd.Stderr = cmd.Stdout
	err = cmd.Run()
	return copied.String(), err
}

func (o options) say(format string, args ...any) error {
	_, err := fmt.Fprintf(o.out, format+"\n", args...)
	return err
}

// anotherSecond is between two runs of the kit, which names its tenants after the second in which it starts.
const anotherSecond = time.Second

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// moduleRoot is the directory of go.mod, at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", fmt.Errorf("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}
