// Services runs a command with PostgreSQL and Redis at hand, and says in the environment where they are:
//
//	go run ./internal/tools/services go test ./...
//
// Each of the two is the first of these that there is:
//
//  1. the server that VESTIBULE_TEST_POSTGRES_URL or VESTIBULE_TEST_REDIS_URL names, if it answers;
//  2. a server on the usual port of this machine, which for PostgreSQL must let the user postgres in;
//  3. a server of its own: from the installed programs, in a temporary directory, on a free port of the loopback
//     interface, stopped and removed when the command has ended, however it ended;
//  4. the same after installing the programs with apt-get, where that exists and this is root.
//
// PostgreSQL is to be 14 or later, and to let the user make databases; one that is not, or does not, is told of and passed
// over. Otherwise it says in one line what to install, and exits with 1: tests are not skipped for want of a server.
//
// With --own it looks for nothing that runs, and starts both. With --durable a PostgreSQL of its own, and a database of the
// command's own, wait for the disk as in production, for measuring; else they do not, for tests. With --chromium the command
// has a browser, too: the program that CHROMIUM names, or one that is installed, or one that it installs as above. With --nginx
// it has that proxy, at VESTIBULE_TEST_NGINX, likewise, and with --python a Python in which the tests of sdk/python run, at
// VESTIBULE_PYTHON. With --database it has an empty database of its own on that PostgreSQL, at VESTIBULE_TEST_DATABASE_URL, which is gone when
// the command has ended.
//
// The command gets the variables, no standard input, and the signals that come while it runs. The exit status is the
// command's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// graceful is how long a command that was signalled may take to end before it is killed.
const graceful = 15 * time.Second

const usage = "usage: services [--own] [--durable] [--database] [--chromium] [--nginx] [--python] command [argument ...]"

func main() {
	ctx, stop := signalled(context.Background())
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does what the package says with the services of the machine. Complaints and notes go to notes, so that the output
// is the command's alone.
func run(ctx context.Context, args, environ []string, out, notes io.Writer) int {
	p := provider{services: []service{postgres, redis}, install: install, notes: notes}
	flags := flag.NewFlagSet("services", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the usage says it all
	flags.BoolVar(&p.own, "own", false, "")
	flags.BoolVar(&p.durable, "durable", false, "")
	flags.BoolVar(&p.database, "database", false, "")
	browser := flags.Bool("chromium", false, "")
	proxy := flags.Bool("nginx", false, "")
	interpreter := flags.Bool("python", false, "")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		p.note("%s", usage)
		return 2
	}
	if *browser {
		p.services = append(p.services, chromium)
	}
	if *proxy {
		p.services = append(p.services, nginx)
	}
	if *interpreter {
		p.services = append(p.services, python)
	}
	return p.run(ctx, flags.Args(), environ, out)
}

// run runs the command among the services.
func (p *provider) run(ctx context.Context, args, environ []string, out io.Writer) (code int) {
	defer func() {
		if err := p.stop(); err != nil {
			p.note("%v", err)
			code = max(code, 1)
		}
	}()
	found, err := p.provide(ctx, environ)
	if err != nil {
		p.note("%v", err)
		return 1
	}
	if p.database {
		at, drop, err := makeDatabase(ctx, lookup(found, postgres.variable), p.durable)
		if err != nil {
			p.note("%v", err)
			return 1
		}
		defer func() {
			if err := drop(); err != nil {
				p.note("%v", err)
				code = max(code, 1)
			}
		}()
		found = append(found, databaseVariable+"="+at)
	}
	code, err = command(ctx, args, append(slices.Clone(environ), found...), out, p.notes)
	if err != nil {
		p.note("%v", err)
	}
	return code
}

// command runs a command in a process group of its own, so that a signal reaches whatever it started, and returns its
// exit status. As in a shell, that is 128 more than the signal's number where a signal ended it.
func command(ctx context.Context, args, environ []string, out, complaints io.Writer) (int, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environ, out, complaints
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, signalOf(ctx)) }
	cmd.WaitDelay = graceful
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left running, mostly nothing
	}
	if cmd.ProcessState == nil {
		return 127, fmt.Errorf("start the command: %w", err)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		return code, nil
	}
	if s := signalOf(ctx); ctx.Err() != nil {
		return 128 + int(s), nil
	}
	return 0, err
}

// signalError is why a context was cancelled: this signal came.
type signalError struct{ signal syscall.Signal }

func (e signalError) Error() string { return e.signal.String() }

// signalOf is the signal that ended the context, or SIGTERM where something else did.
func signalOf(ctx context.Context) syscall.Signal {
	var s signalError
	if errors.As(context.Cause(ctx), &s) {
		return s.signal
	}
	return syscall.SIGTERM
}

// signalled is a context that ends with the first signal that asks the program to end, or when the parent is gone: go run
// hands no SIGTERM on, and would leave the servers behind.
func signalled(parent context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	ticks := time.NewTicker(time.Second)
	done := make(chan struct{})
	starter := os.Getppid()
	go func() {
		for {
			select {
			case s := <-signals:
				if s, ok := s.(syscall.Signal); ok {
					cancel(signalError{s})
				}
			case <-ticks.C:
				if os.Getppid() != starter {
					cancel(signalError{syscall.SIGTERM})
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		ticks.Stop()
		close(done)
		cancel(nil)
	}
}
