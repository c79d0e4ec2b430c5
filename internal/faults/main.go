// Command faults proves what the servers promise when something breaks, and what they bear. `make faults` and `make load` run it.
//
//	faults [flags]        what breaks, one thing after the other, while the load goes on
//	faults load [flags]   load alone
//
// # The stage
//
// It starts a PostgreSQL that waits for the disk, a Redis, a mail server and three servers as production runs them, each store
// behind a proxy that can be told to misbehave (toxiproxy), and a load balancer before the servers. The load is steady (vegeta):
// so many requests a second whatever becomes of them, most of them session checks, the others what people do: they sign up, log in
// and out, change their password, add and remove addresses, refresh their tokens.
//
// All of this shares one machine, which it would not elsewhere. So each server hashes on its part of the cores, and Linux is told to go by
// priorities alone while it runs (see ungroup), which takes root.
//
// # The journal
//
// Whatever was acknowledged is in the journal (see there), and is read again after every fault and at the end: accounts, passwords
// (the one before lets nobody in), addresses, sessions (one that was ended stays ended), refresh tokens. A write that was answered
// with a 5xx or not at all is uncertain: it may have happened or not, but the answer must be the same from then on.
//
// # The exit status
//
// 0 where every promise was kept: nothing lost, no request failed where none may, everything recovered. 1 otherwise.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

func main() {
	debug.SetGCPercent(400) // as the servers have it: who measures should not stand in the way
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal cleans up, a second one kills
	err := dispatch(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func dispatch(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == skewedCommand {
		return serveSkewed(ctx, args[1:])
	}
	if len(args) > 0 && args[0] == "load" {
		return loadAlone(ctx, args[1:])
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	return faults(ctx, o)
}

// options are what the command line says.
type options struct {
	only  *regexp.Regexp
	old   string
	rate  int
	out   string
	short bool
	doc   string
}

func parseOptions(args []string) (o options, err error) {
	f := flag.NewFlagSet("faults", flag.ContinueOnError)
	only := f.String("only", "", "play only the scenarios whose name matches this `regexp`")
	f.StringVar(&o.old, "old", "", "a `server` of the version before, for the rolling upgrade")
	f.IntVar(&o.rate, "rate", 150, "requests a second")
	f.StringVar(&o.out, "o", "", "write the table to this `file` as well")
	f.StringVar(&o.doc, "doc", "", "put the table into this `page`, in the place of the one between its two comments")
	f.BoolVar(&o.short, "short", false, "play a few scenarios only, for a first look")
	f.Usage = func() {
		var names []string
		for _, s := range scenarios {
			names = append(names, s.name)
		}
		_, _ = fmt.Fprintf(f.Output(), "Usage: faults [flags], or faults load [flags]\n\nScenarios: %s\n\n", strings.Join(names, ", "))
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; see -help", f.Arg(0))
	}
	if o.rate < 1 || o.rate > 2000 {
		return o, errors.New("-rate takes a number from 1 to 2000")
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	if o.doc != "" && (*only != "" || o.short) {
		return o, errors.New("-doc takes the whole table: leave -only and -short away")
	}
	if o.old != "" {
		if o.old, err = filepath.Abs(o.old); err == nil {
			_, err = os.Stat(o.old)
		}
		if err != nil {
			return o, fmt.Errorf("-old: %w", err)
		}
	}
	return o, nil
}

// versionOf is what a server says that it is; "" where there is none.
func versionOf(ctx context.Context, program string) (string, error) {
	if program == "" {
		return "", nil
	}
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	version := strings.TrimPrefix(strings.TrimSpace(string(out)), "vestibule ")
	if err != nil {
		return "", fmt.Errorf("ask for the version: %w", err)
	}
	if version == "" || strings.ContainsRune(version, '\n') {
		return "", fmt.Errorf("%s --version says %q", program, version)
	}
	return version, nil
}

// brief are the scenarios of -short.
var brief = regexp.MustCompile(`^(rolling|crash|redis-restart)$`)

// chosen are the scenarios that are to be played.
func (o options) chosen() []scenario {
	var all []scenario
	for _, s := range scenarios {
		if o.only.MatchString(s.name) && (!o.short || brief.MatchString(s.name)) {
			all = append(all, s)
		}
	}
	return all
}

// said tells of progress on standard error, with the time since the beginning.
func said() func(string, ...any) {
	began := time.Now()
	return func(format string, args ...any) {
		_, _ = fmt.Fprintf(os.Stderr, "%5.0fs  "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...) // progress is a courtesy
	}
}

// prepare makes a folder for a run and builds the server into it.
func prepare(ctx context.Context, say func(string, ...any)) (dir, program string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "vestibule-faults-")
	if err != nil {
		return "", "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }    // in the system's folder for such
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL runs as a user of its own, and has to reach its folder in it
		remove()
		return "", "", nil, err
	}
	say("building the server")
	program = filepath.Join(dir, "server")
	if err := buildServer(ctx, root(), program); err != nil {
		remove()
		return "", "", nil, err
	}
	return dir, program, remove, nil
}

// root is the repository's folder: where the module above this one is.
func root() string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/vestibule-auth/vestibule").Output()
	if err != nil {
		return "."
	}
	return strings.TrimSpace(string(out))
}

// faults plays the scenarios.
func faults(ctx context.Context, o options) (err error) {
	chosen := o.chosen()
	if len(chosen) == 0 {
		return errors.New("-only matches no scenario; see -help")
	}
	old, err := versionOf(ctx, o.old)
	if err != nil {
		return fmt.Errorf("-old: %w", err)
	}
	say := said()
	dir, program, remove, err := prepare(ctx, say)
	if err != nil {
		return err
	}
	defer remove()
	r := &run{options: o, dir: dir, say: say, began: time.Now()}
	regroup, grouped := ungroup(say)
	defer func() { err = errors.Join(err, regroup()) }()
	say("starting PostgreSQL, Redis, a mail server, three replicas and a load balancer, and signing people up")
	if r.cluster, err = newCluster(ctx, dir, program, 3, say); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.cluster.close()) }()
	rep := &report{rate: o.rate, cores: runtime.NumCPU(), goes: runtime.Version(), commit: commit(), old: old, when: r.began, grouped: grouped, hashers: r.cluster.hashers}
	r.attack = startAttack(r.cluster.crowd, o.rate)
	var failed error
	for _, s := range chosen {
		one, err := r.play(ctx, s)
		rep.rows = append(rep.rows, one)
		if err != nil {
			failed = errors.Join(failed, err)
			say("%v", err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	r.attack.stop()
	if ctx.Err() == nil {
		failed = errors.Join(failed, r.finish(ctx, rep))
	}
	rep.length = time.Since(r.began)
	failed = errors.Join(failed, rep.write(os.Stdout), context.Cause(ctx))
	if o.out != "" {
		failed = errors.Join(failed, writeFile(o.out, rep))
	}
	if o.doc != "" && ctx.Err() == nil {
		failed = errors.Join(failed, rep.into(o.doc))
	}
	if broken := rep.broken(); len(broken) > 0 {
		failed = errors.Join(failed, fmt.Errorf("promises were broken:\n  %s", strings.Join(broken, "\n  ")))
	}
	return failed
}

// mailPatience is how long mail may take at the end: a mail whose server was killed is sent again when its lease of a minute is over.
const mailPatience = 2 * time.Minute

// finish reads everything again, and waits for the mail.
func (r *run) finish(ctx context.Context, rep *report) error {
	crowd := r.cluster.crowd
	was := crowd.journal.tally()
	r.say("reading everything again: %d accounts", len(crowd.people))
	last := &row{scenario: scenario{name: "end", title: "the end: everything read again"}}
	started := time.Now()
	if err := r.cluster.verify(ctx, crowd, true); err != nil {
		last.breaks("what was written could not be read again: %v", err)
	}
	now := crowd.journal.tally()
	last.length, last.read, last.lost = time.Since(started), now.read-was.read, now.lost-was.lost
	last.all.failures = map[string]int{}
	if last.lost > 0 {
		last.breaks("%d writes were lost", last.lost)
	}
	for _, complaint := range crowd.journal.complaints(was.lost) {
		r.say("LOST: %s", complaint)
	}
	last.note("%d facts read", last.read)
	rep.rows = append(rep.rows, last)
	r.say("waiting for the mail")
	due := crowd.mailed()
	until := time.Now().Add(mailPatience)
	for rep.missing = r.missing(due); rep.missing > 0 && time.Now().Before(until); rep.missing = r.missing(due) {
		if err := wait(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	rep.mails, rep.twice = r.cluster.sink.counted()
	rep.people, rep.acked = len(crowd.people), now.acked
	return nil
}

func (r *run) missing(due []string) (n int) {
	for _, at := range due {
		if !r.cluster.sink.got(at) {
			n++
		}
	}
	return n
}

// mailed are the addresses that a mail must have gone to: those of every account, and those that were added since.
func (c *crowd) mailed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, p := range c.people {
		if p.exists {
			all = append(append(all, p.email), p.added...)
		}
	}
	return all
}

func writeFile(path string, r *report) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(r.write(f), f.Close())
}

// commit is what is checked out, with a plus where something was changed since.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty=+").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
