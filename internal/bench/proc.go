package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of times in /proc: USER_HZ, which is 100 on every platform that Go runs on (proc(5), clock ticks).
const tick = time.Second / 100

// process is what /proc/<pid>/stat says of one process.
type process struct {
	pid    int
	parent int
	name   string
	cpu    time.Duration // its own, and that of children that have ended and were waited for
}

var errStat = errors.New("not a line of /proc/<pid>/stat")

// parseStat reads /proc/<pid>/stat (proc_pid_stat(5)). The name, in parentheses, may itself hold spaces and parentheses,
// so that only the last one ends it.
func parseStat(line string) (process, error) {
	begin, end := strings.Index(line, " ("), strings.LastIndex(line, ")")
	if begin < 0 || end < begin+2 {
		return process{}, errStat
	}
	p := process{name: line[begin+2 : end]}
	fields := strings.Fields(line[end+1:]) // from the state on, which is field 3 in the manual's count
	if len(fields) < 15 {
		return process{}, errStat
	}
	var err error
	number := func(text string) int64 {
		n, bad := strconv.ParseInt(text, 10, 64)
		err = errors.Join(err, bad)
		return n
	}
	p.pid, p.parent = int(number(line[:begin])), int(number(fields[1]))
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		p.cpu += time.Duration(number(field)) * tick
	}
	if err != nil {
		return process{}, errStat
	}
	return p, nil
}

// readProcess is the process with that id.
func readProcess(pid int) (process, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, fmt.Errorf("read the CPU time of a process: %w", err)
	}
	return parseStat(string(text))
}

// processes are all that run on this machine.
func processes() ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes (this needs Linux): %w", err)
	}
	var all []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue // not a process
		}
		p, err := readProcess(pid)
		switch {
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH):
			continue // it has ended since, and its parent has its time
		case err != nil:
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// treeCPU is the time of a process and of everything below it. What has ended counts with whoever waited for it.
func treeCPU(all []process, root int) (time.Duration, error) {
	children := map[int][]process{}
	var found bool
	var sum time.Duration
	for _, p := range all {
		if p.pid == root {
			found, sum = true, p.cpu
		}
		children[p.parent] = append(children[p.parent], p)
	}
	if !found {
		return 0, fmt.Errorf("process %d is gone", root)
	}
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, c := range children[queue[0]] {
			sum += c.cpu
			queue = append(queue, c.pid)
		}
	}
	return sum, nil
}

// parseBusy is how long the machine's cores have worked since it started, all together, from /proc/stat (proc_stat(5)).
// Time that a hypervisor gave to others is not in it.
func parseBusy(text string) (time.Duration, error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 8 || fields[0] != "cpu" {
		return 0, errors.New("not the text of /proc/stat")
	}
	var sum time.Duration
	for _, i := range []int{1, 2, 3, 6, 7} { // user, nice, system, irq, softirq; not idle and iowait
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, errors.New("not the text of /proc/stat")
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// parseRedisCPU is the CPU time in the answer to INFO cpu.
func parseRedisCPU(info string) (time.Duration, error) {
	var sum float64
	found := 0
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name != "used_cpu_sys" && name != "used_cpu_user" {
			continue
		}
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, errors.New("redis: INFO cpu holds something else than numbers")
		}
		sum += seconds
		found++
	}
	if found != 2 {
		return 0, errors.New("redis: INFO cpu does not tell the CPU time")
	}
	return time.Duration(sum * float64(time.Second)), nil
}
