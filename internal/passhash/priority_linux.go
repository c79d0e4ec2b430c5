package passhash

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// niceness is how much lower the priority of a thread that hashes is: under load it gets a seventieth of what another thread gets, and
	// all that the others leave.
	niceness = 19
	// slice is what a thread that hashes asks to go on for at a time, once it goes on: many times what others ask for. Since Linux 6.12, one
	// that wakes and asks for less goes first at once, if it has not had more than its part already. Of a slice several times as long the
	// kernel now and then made everybody else wait for a second; see decision 36.
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
	err = unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_BATCH, Nice: int32(nice), Runtime: uint64(slice)}, 0)
	if err == nil {
		return nil
	}
	// Some filters know the older call alone, which is some of it.
	return errors.Join(fmt.Errorf("set a thread's slice: %w", err), syscall.Setpriority(syscall.PRIO_PROCESS, 0, nice))
}
