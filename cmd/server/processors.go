package main

import "runtime"

// processors is how many threads may run Go at once, and how many passwords are hashed at once, on so many cores: what Go makes of the
// machine and its limits. Hashers is the setting; 0 leaves the number to this.
//
// A hash holds its thread for milliseconds. If as many ran as Go runs threads, nothing else would: and whatever came in over the
// network would not even be noticed before Go's monitor looks, every 10 ms. So there are threads on top for hashing, whose low priority
// has them give way (see package passhash). That works where the operating system shares out whole cores. A quota (a CPU limit of a
// container) is shared out by time: whoever uses it up early is stopped for the rest of every tenth of a second, session checks too. There
// hashing leaves one thread alone instead.
func processors(cores, machine, hashers int) (threads, workers int) {
	quota := cores < machine
	switch {
	case hashers > 0:
		workers = hashers
	case quota:
		workers = max(1, cores-1)
	default:
		workers = cores
	}
	if quota {
		return max(cores, workers+1), workers
	}
	return cores + workers, workers
}

// tuneProcessors has Go run as many threads as that, and returns how many passwords are hashed at once.
func tuneProcessors(hashers int) int {
	cores := runtime.GOMAXPROCS(0)
	threads, workers := processors(cores, runtime.NumCPU(), hashers)
	runtime.GOMAXPROCS(threads)
	return workers
}
