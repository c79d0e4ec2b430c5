package app

import "testing"

func TestTheBoundOfAContainerIsRead(t *testing.T) {
	for bound, want := range map[string]int64{"268435456\n": 256 << 20, "max\n": 0, "": 0} {
		if got := memoryOf(bound); got != want {
			t.Errorf("%q is %d, want %d", bound, got, want)
		}
	}
}
