package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience bounds the question whether a server answers.
const patience = 3 * time.Second

// service is one of the servers that tests need or, where prepare is nil, a program that they run themselves.
type service struct {
	name     string // what people call it
	variable string // the environment variable that says where it is: a URL, or the program's path
	usual    string // where it is on a developer's machine
	packages string // what apt-get calls it: one name or several, with spaces between them
	// answers tells why a server at a URL cannot be used; nil if it can. It is an unfitError if there is one, and waiting
	// will not help. The error never repeats the URL, which may hold a password.
	answers func(ctx context.Context, url string) error
	// find is where the program is installed, or "".
	find func() string
	// prepare makes a directory ready to serve from, and is how the program serves from it.
	prepare func(ctx context.Context, program string, l life) (*exec.Cmd, error)
	// url is where a server of our own is.
	url func(port int) string
}

// life is how a server of our own is to live.
type life struct {
	dir     string // where its files are, and nobody else's
	port    int
	durable bool // what it has promised to keep, it keeps through a power cut
}

// unfitError is why a server that answers cannot be used.
type unfitError string

func (e unfitError) Error() string { return string(e) }

// hint is what to do where the service is missing.
func (s service) hint() string {
	noun := "package"
	if strings.Contains(s.packages, " ") {
		noun = "packages"
	}
	return fmt.Sprintf("%s (Debian's %s %s) or set %s", s.name, noun, s.packages, s.variable)
}

// provider finds or starts services, and stops those it started.
type provider struct {
	services []service
	install  func(ctx context.Context, packages []string, notes io.Writer) (tried bool, err error)
	own      bool // use nothing that runs already
	durable  bool // see life
	database bool // the command has a database of its own
	notes    io.Writer

	running []*server
	dir     string
}

func (p *provider) note(format string, args ...any) {
	_, _ = fmt.Fprintf(p.notes, "services: "+format+"\n", args...) // there is nowhere else to say it
}

// provide is the environment that tells where the services are. The caller calls stop in any case.
func (p *provider) provide(ctx context.Context, environ []string) ([]string, error) {
	var found []string
	var absent []service
	for _, s := range p.services {
		if s.prepare == nil && p.given(s, environ) {
			continue // the command's environment says it already
		}
		if url := p.serving(ctx, s, environ); url != "" {
			found = append(found, s.variable+"="+url)
			continue
		}
		absent = append(absent, s)
	}
	if err := p.installed(ctx, absent); err != nil {
		return nil, err
	}
	for _, s := range absent {
		if s.prepare == nil {
			found = append(found, s.variable+"="+s.find())
			continue
		}
		started, err := p.start(ctx, s)
		var unfit unfitError
		if errors.As(err, &unfit) {
			return nil, fmt.Errorf("the %s that is installed (%s) cannot be used: %w; install another %s", s.name, s.find(), unfit, s.hint())
		}
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", s.name, err)
		}
		found = append(found, s.variable+"="+started)
	}
	return found, nil
}

// serving is where a service runs already, or "".
func (p *provider) serving(ctx context.Context, s service, environ []string) string {
	if p.own || s.prepare == nil {
		return ""
	}
	if given := lookup(environ, s.variable); given != "" {
		err := ask(ctx, s, given)
		if err == nil {
			return given
		}
		p.note("%s names a %s that cannot be used (%v), so another one is looked for", s.variable, s.name, err)
	}
	err := ask(ctx, s, s.usual)
	if err == nil {
		return s.usual
	}
	var unfit unfitError
	if errors.As(err, &unfit) {
		p.note("the %s on its usual port cannot be used (%v), so another one is looked for", s.name, unfit)
	}
	return ""
}

// given reports whether the environment names a program that can be run.
func (p *provider) given(s service, environ []string) bool {
	path := lookup(environ, s.variable)
	if path == "" {
		return false
	}
	if _, err := exec.LookPath(path); err != nil {
		p.note("%s names no program (%v), so another one is looked for", s.variable, err)
		return false
	}
	return true
}

func ask(ctx context.Context, s service, url string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.answers(ctx, url)
}

// lookup is the last value of a variable, as the system would have it.
func lookup(environ []string, name string) (value string) {
	for _, kv := range environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

// installed sees to it that the programs of the services are there.
func (p *provider) installed(ctx context.Context, services []service) error {
	missing := without(services)
	if len(missing) == 0 {
		return nil
	}
	var packages []string
	for _, s := range missing {
		packages = append(packages, strings.Fields(s.packages)...)
	}
	tried, err := p.install(ctx, packages, p.notes)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		p.note("%v", err)
	}
	if tried {
		missing = without(missing)
	}
	var hints []string
	for _, s := range missing {
		hints = append(hints, s.hint())
	}
	if len(hints) > 0 {
		return errors.New("what tests need is not all here: install " + strings.Join(hints, ", and "))
	}
	return nil
}

func without(services []service) (missing []service) {
	for _, s := range services {
		if s.find() == "" {
			missing = append(missing, s)
		}
	}
	return missing
}

// programNamed is the first of the names that is in PATH or matches a pattern of full paths, or "".
func programNamed(names []string, patterns ...string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	for _, pattern := range patterns {
		matches, err := filepath.Glob(pattern)
		if err == nil && len(matches) > 0 {
			return matches[len(matches)-1] // of several versions a late one
		}
	}
	return ""
}

// install installs Debian packages, if it can: that is, as root on a system that has apt-get.
func install(ctx context.Context, packages []string, notes io.Writer) (tried bool, err error) {
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return false, nil
	}
	return true, aptInstall(ctx, apt, packages, notes)
}

// aptInstall installs packages. Lists that cannot be brought up to date are no reason not to try: they may do.
func aptInstall(ctx context.Context, apt string, packages []string, notes io.Writer) error {
	note := func(format string, args ...any) { _, _ = fmt.Fprintf(notes, "services: "+format+"\n", args...) } // it is news only
	note("installing %s with apt-get", strings.Join(packages, " and "))
	if err := aptGet(ctx, apt, "update"); err != nil {
		note("%v", err)
		note("installing from the lists of packages that there are")
	}
	return aptGet(ctx, apt, append([]string{"install", "-y", "--no-install-recommends"}, packages...)...)
}

// aptGet runs apt-get, and waits for another one that runs: a machine that was just set up updates itself first.
func aptGet(ctx context.Context, apt string, args ...string) error {
	cmd := exec.CommandContext(ctx, apt, append([]string{"-o", "DPkg::Lock::Timeout=300"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", args[0], err, tail(out))
	}
	return nil
}

// tail is the end of some output.
func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
