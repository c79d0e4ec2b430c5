package passhash

import (
	"syscall"
	"testing"
)

// own is the priority of the thread that asks: 20 less its niceness.
func own(t *testing.T) int {
	t.Helper()
	p, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestThreadsAsideGiveWay(t *testing.T) {
	a := newAside(2, giveWay, func(err error) { t.Error(err) })
	defer a.close()
	before, aside := own(t), 0
	a.do(func() { aside = own(t) })
	if want := max(1, before-niceness); aside != want {
		t.Errorf("the priority of a thread that hashes is %d, want %d", aside, want)
	}
	if after := own(t); after != before {
		t.Errorf("that of others went from %d to %d", before, after)
	}
}
