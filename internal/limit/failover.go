package limit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// pause is how long Redis is left alone after it failed.
const pause = time.Second

// Options are what a Failover reports to, and its clock. All may be left out but the clock.
type Options struct {
	Clock clock.Clock  // required: when to try Redis again
	Log   *slog.Logger // told once when Redis is lost and once when it is back; the default logger if nil

	// OnChange is called once when Redis is lost (true) and once when it is back (false), in that order and never
	// two at a time. It must be quick and must not call the Failover.
	OnChange func(degraded bool)

	// OnFallback is called for every Take and Peek that memory decided, for a counter.
	OnFallback func()

	// OnAnswer is called for every question that was put to Redis, with how long it took to be answered, or to fail. Those of callers
	// who gave up are left out.
	OnAnswer func(took time.Duration, err error)
}

// Failover asks Redis, and decides in memory while Redis cannot answer.
//
// The first failure opens the circuit: for a second nobody waits for Redis any more. Then a single caller tries it, while
// the others go on with memory; its success closes the circuit. Without Redis each process enforces the full amount by
// itself, so that N replicas together let through up to N times as many; nothing is let through unlimited. The logs of the
// two are never merged: they run out by themselves.
//
// A caller that gives up (its context ends) says nothing about Redis.
type Failover struct {
	redis   *Redis
	memory  *Memory
	options Options

	mu    sync.Mutex
	open  bool      // Redis failed and has not answered since
	trial bool      // open, and somebody is trying it
	retry time.Time // open: when it may be tried
}

// New is a Failover between the two.
func New(r *Redis, m *Memory, o Options) *Failover {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Failover{redis: r, memory: m, options: o}
}

// Take records the uses, up to the first that is at its limit.
func (f *Failover) Take(ctx context.Context, tenant string, uses []Use) (Decision, error) {
	return f.decide(ctx, tenant, uses, f.redis.Take, f.memory.Take)
}

// Peek decides as Take would, each use on its own, and records nothing.
func (f *Failover) Peek(ctx context.Context, tenant string, uses []Use) (Decision, error) {
	return f.decide(ctx, tenant, uses, f.redis.Peek, f.memory.Peek)
}

// Refund removes what the Decision recorded, from where it was recorded. What lies in a Redis that cannot be reached
// stays there until it runs out, which is no error.
func (f *Failover) Refund(ctx context.Context, d Decision) error {
	if d.taken.member == "" {
		return f.memory.Refund(ctx, d)
	}
	_, err := f.ask(ctx, func() error { return f.redis.Refund(ctx, d) })
	return err
}

// Clear forgets the logs of these keys, in both places. What lies in a Redis that cannot be reached stays there until it
// runs out, which is no error.
func (f *Failover) Clear(ctx context.Context, tenant string, keys ...string) error {
	if err := f.memory.Clear(ctx, tenant, keys...); err != nil {
		return err
	}
	_, err := f.ask(ctx, func() error { return f.redis.Clear(ctx, tenant, keys...) })
	return err
}

// Ping asks Redis whether it is there, whatever is thought of it. An answer ends the time without it, and no answer
// begins it.
func (f *Failover) Ping(ctx context.Context) error {
	err := f.redis.Ping(ctx)
	if err != nil && over(ctx) != nil {
		return over(ctx)
	}
	f.learn(err, true)
	return err
}

// Degraded reports whether memory decides because Redis cannot.
func (f *Failover) Degraded() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open
}

// Sweep frees the memory of logs that ran out. It is worth calling every minute or so.
func (f *Failover) Sweep() { f.memory.Sweep() }

type decider func(ctx context.Context, tenant string, uses []Use) (Decision, error)

func (f *Failover) decide(ctx context.Context, tenant string, uses []Use, first, second decider) (Decision, error) {
	if err := check(uses); err != nil {
		return Decision{}, err // the caller's mistake, not a failure of Redis
	}
	var d Decision
	answered, err := f.ask(ctx, func() (err error) {
		d, err = first(ctx, tenant, uses)
		return err
	})
	if answered || err != nil {
		return d, err
	}
	if f.options.OnFallback != nil {
		f.options.OnFallback()
	}
	return second(ctx, tenant, uses)
}

// ask puts a question to Redis, unless it is left alone. Failures of Redis are learned from and not returned; the error is
// that of the caller's context.
func (f *Failover) ask(ctx context.Context, question func() error) (answered bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	may, trial := f.admit()
	if !may {
		return false, nil
	}
	settled := false
	defer func() {
		if trial && !settled { // given up, or panicked: the next caller tries
			f.mu.Lock()
			f.trial = false
			f.mu.Unlock()
		}
	}()
	began := f.options.Clock.Now()
	err = question()
	if err != nil && over(ctx) != nil {
		return false, over(ctx)
	}
	settled = true
	if f.options.OnAnswer != nil {
		f.options.OnAnswer(f.options.Clock.Now().Sub(began), err)
	}
	f.learn(err, trial)
	return err == nil, nil
}

// over is why the caller's context has ended, or nil. A connection that is given the context's deadline can time out just
// before the context itself has noticed; contexts run by the machine's time, whatever clock the Failover has.
func over(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if end, ok := ctx.Deadline(); ok && !(clock.System{}).Now().Add(time.Millisecond).Before(end) {
		return context.DeadlineExceeded
	}
	return nil
}

// admit reports whether Redis may be asked, and whether the asker is the one who tries if it is back.
func (f *Failover) admit() (may, trial bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.open {
		return true, false
	}
	if f.trial || f.options.Clock.Now().Before(f.retry) {
		return false, false
	}
	f.trial = true
	return true, true
}

// learn takes note of how a question to Redis went. While the circuit is open only trials count: an answer to what was
// asked before the failure says nothing about now. It reports changes under the lock, so that they are told in order.
func (f *Failover) learn(err error, trial bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open && !trial {
		return
	}
	was := f.open
	f.open, f.trial = err != nil, false
	if f.open {
		f.retry = f.options.Clock.Now().Add(pause)
	}
	switch {
	case f.open && !was:
		f.options.Log.Warn("redis cannot be reached: each process enforces the rate limits by itself", "error", err)
	case was && !f.open:
		f.options.Log.Info("redis is back: the rate limits are shared again")
	default:
		return
	}
	if f.options.OnChange != nil {
		f.options.OnChange(f.open)
	}
}
