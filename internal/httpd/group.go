package httpd

import (
	"context"
	"errors"
)

// Group runs things that belong together and stops them together. The zero value is an empty group.
type Group struct {
	actors []actor
}

type actor struct {
	run       func() error
	interrupt func(error)
}

// Add puts a thing in the group. Run blocks until the thing is over, and returns nil if that was in good order; interrupt
// makes run return, and must be safe to call when it already has.
func (g *Group) Add(run func() error, interrupt func(error)) {
	g.actors = append(g.actors, actor{run, interrupt})
}

// Run starts everything and waits. As soon as one thing is over, for good or ill, the others are stopped in the reverse
// of the order in which they were added, each only when the one before has returned: what was added first outlives
// what leans on it. The result is every error that any of them returned, the first one's first.
func (g *Group) Run() error {
	if len(g.actors) == 0 {
		return nil
	}
	type end struct {
		of  int
		err error
	}
	ends := make(chan end, len(g.actors))
	for i, a := range g.actors {
		go func() { ends <- end{i, a.run()} }()
	}
	first := <-ends
	errs := []error{first.err}
	over := make([]bool, len(g.actors))
	over[first.of] = true
	for i := len(g.actors) - 1; i >= 0; i-- {
		g.actors[i].interrupt(first.err)
		for !over[i] {
			next := <-ends
			over[next.of] = true
			errs = append(errs, next.err)
		}
	}
	return errors.Join(errs...)
}

// Until makes a pair for Add of something that runs until its context is done: g.Add(httpd.Until(directory.Watch)).
func Until(run func(context.Context) error) (func() error, func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error { return run(ctx) }, func(error) { cancel() }
}
