package passhash

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// niceness is how much lower the priority of a steady thread is: beside one that is always busy it gets a tenth of a core.
	niceness = 10
	// slice is what a spare thread asks to go on for at a time, once it goes on: many times what others ask for. Since Linux 6.12, one that
	// wakes and asks for less goes first at once. That counts between groups of threads, too, where priorities do not; see decision 36.
	slice = 20 * time.Millisecond
)

// prioritize gives the calling thread its priority. To Linux that is a thread's, whatever POSIX says. Where it cannot be done, as under a
// filter of system calls, nothing is lost but the precedence.
func prioritize(p priority) error {
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // as the kernel tells it: 20 less the niceness
	if err != nil {
		return fmt.Errorf("get a thread's priority: %w", err)
	}
	nice := int32(min(20-raw+niceness, 19))
	steps := []unix.SchedAttr{{Policy: unix.SCHED_BATCH, Nice: nice}}
	if p == spare {
		nice = 19
		// An idle thread keeps the slice that it had, and is given none.
		steps = []unix.SchedAttr{{Policy: unix.SCHED_BATCH, Nice: nice, Runtime: uint64(slice)}, {Policy: unix.SCHED_IDLE, Nice: nice}}
	}
	for _, s := range steps {
		if err := unix.SchedSetAttr(0, &s, 0); err != nil {
			// Some filters know the older call alone, which is some of it.
			return errors.Join(fmt.Errorf("set a thread's policy: %w", err), syscall.Setpriority(syscall.PRIO_PROCESS, 0, int(nice)))
		}
	}
	return nil
}

// threadTime is for how long the calling thread has run.
func threadTime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0 // it is a clock of every Linux
	}
	return time.Duration(t.Nano())
}
