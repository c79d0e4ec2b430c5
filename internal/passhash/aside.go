package passhash

import (
	"runtime"
	"sync"
)

// aside is threads that compute and give way to others.
type aside struct {
	jobs  chan job
	ended chan struct{}
	end   sync.Once
}

// job is something to be computed; done holds one, of what it panicked with, nil if it did not.
type job struct {
	compute func()
	done    chan any
}

// newAside starts the threads. They are the operating system's, locked to goroutines that never let go of them: their low priority
// cannot be taken back without privileges, and must not stay with a thread that serves others. If one cannot give way, onEqual is told why,
// once.
func newAside(threads int, giveWay func() error, onEqual func(error)) *aside {
	a := &aside{jobs: make(chan job), ended: make(chan struct{})}
	var told sync.Once
	for range threads {
		go a.work(func() {
			if err := giveWay(); err != nil && onEqual != nil {
				told.Do(func() { onEqual(err) })
			}
		})
	}
	return a
}

func (a *aside) work(begin func()) {
	runtime.LockOSThread() // and never unlocked, so that the thread ends with the goroutine
	begin()
	for {
		select {
		case j := <-a.jobs:
			j.run()
		case <-a.ended:
			return
		}
	}
}

func (j job) run() {
	defer func() { j.done <- recover() }()
	j.compute()
}

// do computes on one of the threads, or here after close. A panic is the caller's, who has somebody to recover it.
func (a *aside) do(compute func()) {
	j := job{compute, make(chan any, 1)}
	select {
	case a.jobs <- j:
		if p := <-j.done; p != nil {
			panic(p)
		}
	case <-a.ended:
		compute()
	}
}

func (a *aside) close() { a.end.Do(func() { close(a.ended) }) }
