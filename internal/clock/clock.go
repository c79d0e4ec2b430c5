// Package clock is the one home of the current time.
//
// Code that needs the time takes a Clock, so that tests can say what time it is. Within one request the time is read
// once and passed on as Visit.Now; a flow that asked twice could see a code valid and expired in the same breath.
//
// All times are UTC and cut to microseconds, which is what both databases keep.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time.
type Clock interface {
	// Now is the current time in UTC, to the microsecond.
	Now() time.Time
}

// System is the machine's clock.
type System struct{}

// Now is the machine's time.
func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Fake is a clock that stands still until it is told to move. It is safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// At is a Fake that shows t.
func At(t time.Time) *Fake { return &Fake{now: t.UTC().Truncate(time.Microsecond)} }

// Now is the time that the clock was last set to.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}
