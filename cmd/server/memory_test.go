package main

import "testing"

func TestTheHeapStaysWithinTheContainer(t *testing.T) {
	for _, tc := range []struct {
		container string
		hashers   int
		want      int64 // 0: no limit
	}{
		{"max\n", 2, 0},
		{"", 2, 0},
		{"268435456\n", 2, (256<<20 - 38<<20) / 10 * 9},
		{"67108864\n", 1, (64<<20 - 19<<20) / 10 * 9},
		{"67108864\n", 2, 0},
	} {
		got, ok := heapLimit(tc.container, tc.hashers)
		if got != tc.want || ok != (tc.want != 0) {
			t.Errorf("of %q with %d hashers: %d, %v, want %d", tc.container, tc.hashers, got, ok, tc.want)
		}
	}
}
