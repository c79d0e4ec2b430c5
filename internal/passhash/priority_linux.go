package passhash

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// niceness is how much lower the priority of a thread that hashes is: under load it gets a thirtieth of what another thread gets, and
	// all that the others leave.
	niceness = 15
	// slice is how long a thread that hashes would go on at a time, were nobody else there. It is many times what others ask for, and so
	// they go first the moment that they wake, in whatever group of processes they are (Linux 6.12 and later; see decision 36). Several
	// times longer, and the kernel now and then has everybody wait for a second.
	slice = 20 * time.Millisecond
)

// giveWay lowers the priority of the calling thread. To Linux a priority is a thread's, whatever POSIX says. Where it cannot be done,
// as under a filter of system calls, nothing is lost but the precedence.
func giveWay() error {
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // as the kernel tells it: 20 less the niceness
	if err != nil {
		return fmt.Errorf("get a thread's priority: %w", err)
	}
	nice := min(20-raw+niceness, 19)
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_BATCH, Nice: int32(nice), Runtime: uint64(slice)}, 0); err == nil {
		return nil
	}
	// Some filters know the older call alone. It is most of it.
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, nice); err != nil {
		return fmt.Errorf("set a thread's priority: %w", err)
	}
	return nil
}
