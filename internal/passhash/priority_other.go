//go:build !linux

package passhash

import "time"

// started is when the process began.
var started = time.Now()

// prioritize does nothing: elsewhere a priority belongs to the whole process.
func prioritize(priority) error { return nil }

// threadTime is for how long the calling thread has run. Nothing gives way here, and so nothing starves: it has run all the time.
func threadTime() time.Duration { return time.Since(started) }
