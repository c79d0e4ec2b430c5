package main

import "testing"

func TestTheHeapStaysWithinTheContainer(t *testing.T) {
	for _, tc := range []struct {
		container int64
		hashers   int
		want      int64 // 0: no limit
	}{
		{0, 2, 0},
		{256 << 20, 2, (256<<20 - 38<<20) / 10 * 9},
		{64 << 20, 1, (64<<20 - 19<<20) / 10 * 9},
		{64 << 20, 2, 0},
	} {
		got, ok := heapLimit(tc.container, tc.hashers)
		if got != tc.want || ok != (tc.want != 0) {
			t.Errorf("of %d with %d hashers: %d, %v, want %d", tc.container, tc.hashers, got, ok, tc.want)
		}
	}
}
