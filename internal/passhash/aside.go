package passhash

import (
	"runtime"
	"sync"
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

// aside is threads that compute and give way to others: spare ones while those get on. Beside something that uses the whole processor all
// the time, as a backup may, they would all but stand still: and with them the garbage collector, which has to stop every thread for a
// moment. So a spare thread that finds that it starved hands its job on to a steady one, and the next go there at once, until
// those find the processor free again.
type aside struct {
	jobs  [2]chan *job // of each priority
	ended chan struct{}
	end   sync.Once

	mu       sync.Mutex
	starving bool          // spare threads would stand still
	steadily spell         // of steady threads since then, or since it was judged last
	since    time.Time     // when spare threads were tried again
	trial    time.Duration // of how much time of steady threads it is judged
}

const (
	// shortTrial is what a trial lasts at first: a thread that has slept goes first for a moment, whatever its priority, so that one hash tells
	// little. Where spare threads starve again within a minute of being tried, the next trial is twice as long, up to longTrial.
	shortTrial = time.Second
	longTrial  = time.Minute
)

// job is something to be computed: step is called until it reports that it is done.
type job struct {
	step  func() (done bool)
	steps bool // there are many short ones, all of which the thread computes itself
	began time.Time
	left  chan outcome // holds one
}

// outcome is how a thread left a job.
type outcome struct {
	done     bool
	handedOn bool // to a steady thread
	panicked any  // nil if it did not
}

// newAside starts threads, so many of each priority. They are the operating system's, locked to goroutines that never let go of them: a
// low priority cannot be taken back without privileges, and must not stay with a thread that serves others. If one cannot be given its
// priority, onEqual is told why, once.
func newAside(threads int, prioritize func(priority) error, onEqual func(error)) *aside {
	a := &aside{jobs: [2]chan *job{make(chan *job), make(chan *job)}, ended: make(chan struct{}), trial: shortTrial}
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
		if !o.done && j.steps && p == spare && spent().starved() {
			a.starve()
			o.handedOn = true
			return
		}
	}
	if j.steps && p == steady {
		a.judge(spent())
	}
}

// starve has jobs go to steady threads.
func (a *aside) starve() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.starving {
		return
	}
	a.starving, a.steadily = true, spell{}
	if time.Since(a.since) > time.Minute {
		a.trial = shortTrial
	} else {
		a.trial = min(2*a.trial, longTrial)
	}
}

// judge has jobs go to spare threads again once steady ones got on well for long enough.
func (a *aside) judge(s spell) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.steadily = spell{a.steadily.took + s.took, a.steadily.ran + s.ran}
	if !a.starving || a.steadily.took < a.trial {
		return
	}
	if a.steadily.gotOn() {
		a.starving, a.since = false, time.Now()
	}
	a.steadily = spell{}
}

// spell is how long a thread took for something, and for how long of that it ran.
type spell struct{ took, ran time.Duration }

// starved reports whether that is less than a twentieth of a core, and not just for a moment: a hash runs for 10 to 40 ms.
func (s spell) starved() bool { return s.took > 100*time.Millisecond && s.took > 20*s.ran }

// gotOn reports whether that is at least a fifth of a core, which is twice what a steady thread has of one that others keep busy.
func (s spell) gotOn() bool { return s.took <= 5*s.ran }

// next is which threads a job goes to. What has no steps is not to be left with a thread that may starve.
func (a *aside) next(steps bool) priority {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.starving || !steps {
		return steady
	}
	return spare
}

// do computes in short steps on the threads, or here after close. A panic is the caller's, who has somebody to recover it.
func (a *aside) do(step func() (done bool)) { a.have(step, true) }

// whole is do for what cannot be interrupted, or has further threads compute.
func (a *aside) whole(compute func()) {
	a.have(func() bool {
		compute()
		return true
	}, false)
}

func (a *aside) have(step func() (done bool), steps bool) {
	for {
		j := &job{step: step, steps: steps, began: time.Now(), left: make(chan outcome, 1)}
		select {
		case a.jobs[a.next(steps)] <- j:
			switch o := <-j.left; {
			case o.panicked != nil:
				panic(o.panicked)
			case o.done:
				return
			case !o.handedOn:
				panic("passhash: a step ended its goroutine") // as a test does that fails
			}
		case <-a.ended:
			for !step() {
				runtime.Gosched() // what others want is short
			}
			return
		}
	}
}

func (a *aside) close() { a.end.Do(func() { close(a.ended) }) }
