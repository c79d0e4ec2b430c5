package passhash

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// own is how the thread that asks is scheduled.
func own(t *testing.T) unix.SchedAttr {
	t.Helper()
	a, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Error(err) // and no more: threads of ours must not end
		return unix.SchedAttr{}
	}
	return *a
}

func TestThreadsAsideGiveWay(t *testing.T) {
	a := newAside(2, prioritize, func(err error) { t.Error(err) })
	defer a.close()
	before := own(t)
	var aside unix.SchedAttr
	look := func() { aside = own(t) }
	if on(a, spare, look); aside.Policy != unix.SCHED_IDLE {
		t.Errorf("a spare thread has policy %d, want %d", aside.Policy, unix.SCHED_IDLE)
	}
	// A kernel before 6.12 tells of no slices.
	if before.Runtime != 0 && aside.Runtime != uint64(slice) {
		t.Errorf("a spare thread asks for %d ns at a time, want %d; others for %d", aside.Runtime, slice.Nanoseconds(), before.Runtime)
	}
	if on(a, steady, look); aside.Policy != unix.SCHED_BATCH || aside.Nice != min(before.Nice+niceness, 19) {
		t.Errorf("a steady thread has policy %d and niceness %d, want %d and %d", aside.Policy, aside.Nice, unix.SCHED_BATCH, min(before.Nice+niceness, 19))
	}
	if after := own(t); after != before {
		t.Errorf("others were scheduled as %+v and are as %+v", before, after)
	}
}

// A thread that sleeps has not run, which is all that it knows of one that is not let run.
func TestAHashThatStarvesGoesOnOnASteadyThread(t *testing.T) {
	a := newAside(1, prioritize, nil)
	defer a.close()
	var by []uint32 // the policy of each step's thread
	step := func() bool {
		by = append(by, own(t).Policy)
		if len(by) == 1 {
			time.Sleep(150 * time.Millisecond)
		}
		return len(by) == 3
	}
	a.do(step)
	if want := []uint32{unix.SCHED_IDLE, unix.SCHED_BATCH, unix.SCHED_BATCH}; !slices.Equal(by, want) {
		t.Errorf("the steps were done by threads of the policies %d, want %d", by, want)
	}
	if !a.starves() {
		t.Error("the next hash goes to a spare thread")
	}
}
