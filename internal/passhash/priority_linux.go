package passhash

import (
	"fmt"
	"syscall"
)

// niceness is how much lower the priority of a thread that hashes is: under load it gets a ninth of what another thread gets, and
// all that the others leave.
const niceness = 10

// giveWay lowers the priority of the calling thread. To Linux a priority is a thread's, whatever POSIX says. Where it cannot be done,
// as under a filter of system calls, nothing is lost but the precedence.
func giveWay() error {
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // as the kernel tells it: 20 less the niceness
	if err != nil {
		return fmt.Errorf("get a thread's priority: %w", err)
	}
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, min(20-raw+niceness, 19)); err != nil {
		return fmt.Errorf("set a thread's priority: %w", err)
	}
	return nil
}
