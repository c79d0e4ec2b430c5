package main

import "testing"

func TestHashingLeavesThreadsToTheRest(t *testing.T) {
	for _, tc := range []struct {
		name                    string
		cores, machine, hashers int
		threads, workers        int
	}{
		{"a machine", 4, 4, 0, 8, 4},
		{"a machine with one core", 1, 1, 0, 2, 1},
		{"a machine, with a setting", 4, 4, 2, 6, 2},
		{"a quota", 4, 64, 0, 4, 3},
		{"the least quota", 1, 64, 0, 2, 1},
		{"a quota of two", 2, 64, 0, 2, 1},
		{"a quota, with a setting that fills it", 2, 64, 2, 3, 2},
		{"a quota, with a setting", 8, 64, 2, 8, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			threads, workers := processors(tc.cores, tc.machine, tc.hashers)
			if threads != tc.threads || workers != tc.workers {
				t.Errorf("%d threads and %d hashes at once, want %d and %d", threads, workers, tc.threads, tc.workers)
			}
			if threads <= workers {
				t.Error("hashing takes every thread")
			}
		})
	}
}
