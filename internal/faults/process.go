package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one that was started for the run.
type process struct {
	cmd   *exec.Cmd
	log   string        // a file with what it wrote
	ended chan struct{} // closed when it has ended
}

// launch starts it. What it writes is appended to the log.
func launch(cmd *exec.Cmd, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	defer func() { _ = out.Close() }() // the process has it open for itself
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = ownGroup(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	p := &process{cmd: cmd, log: log, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended shows in its log
		close(p.ended)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// gone reports whether it has ended.
func (p *process) gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// signal sends a signal. One that has ended already is no matter.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill ends it at once, as a power cut would, with whatever it started in its group.
func (p *process) kill() {
	if !p.gone() {
		_ = syscall.Kill(-p.pid(), syscall.SIGKILL)
	}
	<-p.ended
}

// stop asks it to end, and kills it if that takes longer than the patience, which is an error.
func (p *process) stop(s syscall.Signal, patience time.Duration) error {
	p.signal(s)
	select {
	case <-p.ended:
		return nil
	case <-time.After(patience):
		p.kill()
		return fmt.Errorf("%s did not stop within %s and was killed", p.cmd.Path, patience)
	}
}

// lastWords are the last lines of its log that are not about what went well.
func (p *process) lastWords() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, `"level":"INFO"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-15):], "")
}

// inherited are the variables that programs need in order to run at all.
func inherited() []string {
	var all []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			all = append(all, name+"="+v)
		}
	}
	return all
}

// freePort is a port of the loopback interface that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// local is a port of the loopback interface as an address.
func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

var errEnded = errors.New("it ended by itself")

// await asks until the answer is nil, the process has ended or the patience is used up.
func (p *process) await(ctx context.Context, patience time.Duration, answers func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := answers(ctx)
		if err == nil {
			return nil
		}
		if p.gone() {
			return fmt.Errorf("%w: %w\n%s", errEnded, err, p.lastWords())
		}
		if wait(ctx, 20*time.Millisecond) != nil {
			return fmt.Errorf("it does not answer: %w\n%s", err, p.lastWords())
		}
	}
}

// wait waits, or is the context's error.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// memory is how much of a process is in memory now, and how much was at most, in bytes (proc_pid_status(5)).
func memory(pid int) (now, most int64) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0 // it has ended, or this is no Linux: 0 is shown as unknown
	}
	return parseMemory(string(text))
}

func parseMemory(status string) (now, most int64) {
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			continue
		}
		if name == "VmRSS" {
			now = n << 10
		} else {
			most = n << 10
		}
	}
	return now, most
}

// forgetPeak has the system count the most memory of a process anew.
func forgetPeak(pid int) {
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/clear_refs", []byte("5"), 0o600) // where it cannot, the peak is that since the start
}

// cpuTime is what a process has used so far (proc_pid_stat(5): clock ticks are hundredths of a second).
func cpuTime(pid int) time.Duration {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	rest := string(text)[strings.LastIndexByte(string(text), ')')+1:]
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var sum int64
	for _, f := range fields[11:13] { // utime and stime
		n, _ := strconv.ParseInt(f, 10, 64)
		sum += n
	}
	return time.Duration(sum) * (time.Second / 100)
}
