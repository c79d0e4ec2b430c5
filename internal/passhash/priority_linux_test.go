package passhash

import (
	"testing"

	"golang.org/x/sys/unix"
)

// own is how the thread that asks is scheduled.
func own(t *testing.T) unix.SchedAttr {
	t.Helper()
	a, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return *a
}

func TestThreadsAsideGiveWay(t *testing.T) {
	a := newAside(2, giveWay, func(err error) { t.Error(err) })
	defer a.close()
	before := own(t)
	var aside unix.SchedAttr
	a.do(func() { aside = own(t) })
	if want := min(before.Nice+niceness, 19); aside.Nice != want || aside.Policy != unix.SCHED_BATCH {
		t.Errorf("a thread that hashes has niceness %d and policy %d, want %d and %d", aside.Nice, aside.Policy, want, unix.SCHED_BATCH)
	}
	// A kernel before 6.12 tells of no slices.
	if before.Runtime != 0 && aside.Runtime != uint64(slice) {
		t.Errorf("a thread that hashes asks for %d ns at a time, want %d; others for %d", aside.Runtime, slice.Nanoseconds(), before.Runtime)
	}
	if after := own(t); after != before {
		t.Errorf("others were scheduled as %+v and are as %+v", before, after)
	}
}
