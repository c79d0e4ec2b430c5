package passhash

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// priority is how a thread that computes gives way.
type priority int

const (
	// spare threads have what nobody else wants of the processor, and nobody waits for them.
	spare priority = iota
	// steady threads have little where others are busy, but always some.
	steady
)

// aside is threads that compute and give way to others. They are spare ones while those get on. Beside something that uses the whole
// processor all the time, as a backup may, they would all but stand still: and with them the garbage collector, which has to stop every
// thread for a moment. Then the steady ones go on, until they find the processor free again.
type aside struct {
	jobs     [2]chan *job // of each priority
	starving atomic.Bool  // spare threads would stand still
	ended    chan struct{}
	end      sync.Once

	mu       sync.Mutex
	steadily spell // of steady threads, since it was judged last
}

// job is something to be computed: step is called until it reports that it is done.
type job struct {
	step  func() (done bool)
	began time.Time
	left  chan outcome // holds one
}

// outcome is how a thread left a job: done or for another one, and what it panicked with, nil if it did not.
type outcome struct {
	done     bool
	panicked any
}

// newAside starts threads, so many of each priority. They are the operating system's, locked to goroutines that never let go of them: a
// low priority cannot be taken back without privileges, and must not stay with a thread that serves others. If one cannot be given its
// priority, onEqual is told why, once.
func newAside(threads int, prioritize func(priority) error, onEqual func(error)) *aside {
	a := &aside{jobs: [2]chan *job{make(chan *job), make(chan *job)}, ended: make(chan struct{})}
	var told sync.Once
	begin := func(p priority) {
		if err := prioritize(p); err != nil && onEqual != nil {
			told.Do(func() { onEqual(err) })
		}
	}
	for range threads {
		go a.work(spare, begin)
		go a.work(steady, begin)
	}
	return a
}

func (a *aside) work(p priority, begin func(priority)) {
	runtime.LockOSThread() // and never unlocked, so that the thread ends with the goroutine
	begin(p)
	for {
		select {
		case j := <-a.jobs[p]:
			a.run(j, p)
		case <-a.ended:
			return
		}
	}
}

// run goes on with a job until it is done, or until a spare thread sees that it starves.
func (a *aside) run(j *job, p priority) {
	var o outcome
	defer func() {
		o.panicked = recover()
		j.left <- o
	}()
	before := threadTime()
	// The time counts from when the thread was called: one that starves is late already.
	spent := func() spell { return spell{time.Since(j.began), threadTime() - before} }
	for !o.done {
		o.done = j.step()
		if p == spare && spent().starved() {
			a.starving.Store(true)
			return
		}
	}
	if p == steady {
		a.ranSteadily(spent())
	}
}

// ranSteadily has the spare threads tried again once the steady ones got on well for long enough.
func (a *aside) ranSteadily(s spell) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.steadily = spell{a.steadily.took + s.took, a.steadily.ran + s.ran}
	if a.steadily.took < steadily {
		return
	}
	if a.steadily.gotOn() {
		a.starving.Store(false)
	}
	a.steadily = spell{}
}

// steadily is how long steady threads have computed before it is judged how they got on. A thread that has slept goes first for a moment,
// whatever its priority; one hash tells little.
const steadily = time.Second

// spell is how long a thread took for something, and for how long of that it ran.
type spell struct{ took, ran time.Duration }

// starved reports whether that is less than a twentieth of a core, and not just for a moment: a hash runs for 10 to 40 ms.
func (s spell) starved() bool { return s.took > 100*time.Millisecond && s.took > 20*s.ran }

// gotOn reports whether that is at least a fifth of a core, which is twice what a steady thread has of a busy one.
func (s spell) gotOn() bool { return s.took <= 5*s.ran }

// do computes on one of the threads, or here after close. A panic is the caller's, who has somebody to recover it.
func (a *aside) do(step func() (done bool)) {
	for {
		p := spare
		if a.starving.Load() {
			p = steady
		}
		j := &job{step: step, began: time.Now(), left: make(chan outcome, 1)}
		select {
		case a.jobs[p] <- j:
			o := <-j.left
			if o.panicked != nil {
				panic(o.panicked)
			}
			if o.done {
				return
			}
		case <-a.ended:
			for !step() {
			}
			return
		}
	}
}

func (a *aside) close() { a.end.Do(func() { close(a.ended) }) }
