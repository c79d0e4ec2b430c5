package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	// tries is how often a server is started: its port was free when it was chosen, and may not be any more.
	tries = 3
	// starting is how long a server may take until it answers.
	starting = time.Minute
	// stopping is how long a server may take to stop before it is killed. Nothing of it is kept.
	stopping = 10 * time.Second
)

// server is a process that serves.
type server struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when the process has ended
}

// start starts a server of our own, and is its URL once it answers.
func (p *provider) start(ctx context.Context, s service) (url string, err error) {
	for range tries {
		var unfit unfitError
		if url, err = p.startOnce(ctx, s); err == nil || ctx.Err() != nil || errors.As(err, &unfit) {
			return url, err
		}
	}
	return "", err
}

func (p *provider) startOnce(ctx context.Context, s service) (string, error) {
	if p.dir == "" {
		dir, err := os.MkdirTemp("", "vestibule-services-")
		if err != nil {
			return "", fmt.Errorf("make a directory: %w", err)
		}
		p.dir = dir
		// Servers run as users of their own, and have to reach their directories in it.
		if err := os.Chmod(dir, 0o711); err != nil {
			return "", fmt.Errorf("open the directory: %w", err)
		}
	}
	dir, err := os.MkdirTemp(p.dir, "")
	if err != nil {
		return "", fmt.Errorf("make a directory: %w", err)
	}
	port, err := freePort(ctx)
	if err != nil {
		return "", err
	}
	cmd, err := s.prepare(ctx, s.find(), life{dir: dir, port: port, durable: p.durable})
	if err != nil {
		return "", err
	}
	srv, err := launch(cmd, dir+".log")
	if err != nil {
		return "", err
	}
	p.running = append(p.running, srv)
	url := s.url(port)
	if err := srv.wait(ctx, func() error { return ask(ctx, s, url) }); err != nil {
		return "", err
	}
	p.note("started %s (%s) on port %d", s.name, s.find(), port)
	return url, nil
}

// freePort is a port of the loopback interface that nobody listens on.
func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// launch starts the process in a group of its own: what is typed at the terminal is for the command, not for the servers.
func launch(cmd *exec.Cmd, log string) (*server, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	defer func() { _ = out.Close() }() // the process has it too
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	srv := &server{cmd: cmd, log: log, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended shows in the log
		close(srv.ended)
	}()
	return srv, nil
}

// wait waits until a server answers, or has ended, or is of no use.
func (s *server) wait(ctx context.Context, answers func() error) error {
	ctx, cancel := context.WithTimeout(ctx, starting)
	defer cancel()
	for {
		err := answers()
		var unfit unfitError
		if err == nil || errors.As(err, &unfit) {
			return err
		}
		select {
		case <-s.ended:
			out, _ := os.ReadFile(s.log) // the error says enough without
			return fmt.Errorf("it ended: %s\n%s", s.cmd.ProcessState, tail(out))
		case <-ctx.Done():
			out, _ := os.ReadFile(s.log)
			return fmt.Errorf("it does not answer: %w\n%s", err, tail(out))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop stops what was started and removes it from the disk.
func (p *provider) stop() error {
	var faults []error
	for _, s := range p.running {
		select {
		case <-s.ended:
			continue
		default:
		}
		_ = s.cmd.Process.Signal(syscall.SIGINT) // stops both at once, without waiting for clients; it may have ended just now
		select {
		case <-s.ended:
		case <-time.After(stopping):
			_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
			<-s.ended
		}
	}
	p.running = nil
	if p.dir != "" {
		if err := os.RemoveAll(p.dir); err != nil {
			faults = append(faults, fmt.Errorf("remove the servers' files: %w", err))
		}
		p.dir = ""
	}
	return errors.Join(faults...)
}
