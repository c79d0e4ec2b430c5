package limit

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// relay passes TCP connections on to Redis, and can be cut, frozen and mended. It keeps its port all the while, which
// somebody else might take: cut, it resets whoever comes. Frozen, it accepts connections and passes nothing on, like a
// network that drops packets. What it does changes for new connections; those that there are end.
type relay struct {
	t      *testing.T
	to     string
	addr   string
	dialed atomic.Int64 // connections that were not reset at once
	all    sync.WaitGroup

	mu    sync.Mutex
	state state
	conns []net.Conn
}

type state int

const (
	mended state = iota
	isCut
	frozen
)

func newRelay(t *testing.T, to string) *relay {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, to: to, addr: l.Addr().String()}
	r.all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			r.pass(in)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.cut()
		r.all.Wait()
	})
	return r
}

func (r *relay) pass(in net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == isCut {
		reset(in)
		return
	}
	r.dialed.Add(1)
	r.conns = append(r.conns, in)
	if r.state == frozen {
		return
	}
	out, err := net.Dial("tcp", r.to)
	if err != nil {
		r.t.Error(err)
		return
	}
	r.conns = append(r.conns, out)
	for _, c := range [][2]net.Conn{{in, out}, {out, in}} {
		r.all.Go(func() {
			_, _ = io.Copy(c[0], c[1]) // ends when either side is closed
			_ = c[0].Close()
			_ = c[1].Close()
		})
	}
}

func (r *relay) cut()    { r.set(isCut) }
func (r *relay) freeze() { r.set(frozen) }
func (r *relay) mend()   { r.set(mended) }

func (r *relay) set(s state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = s
	for _, c := range r.conns {
		reset(c)
	}
	r.conns = nil
}

func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // a reset, and not a polite end
	}
	_ = c.Close()
}

// overRelay is a Failover whose Redis is behind a relay.
func overRelay(t *testing.T, patience time.Duration, o Options) (*Failover, *relay, *clock.Fake, string) {
	t.Helper()
	direct := realRedis(t)
	at, err := redis.ParseURL(redisURL())
	if err != nil {
		t.Fatal("VESTIBULE_TEST_REDIS_URL cannot be read") // the error would repeat a password
	}
	r := newRelay(t, at.Addr)
	c := clock.At(noon)
	o.Clock = c
	if o.Log == nil {
		o.Log = quiet()
	}
	return New(NewRedis(dial(t, r.addr, patience), patience, c), NewMemory(c, 0), o), r, c, newTenant(t, direct)
}

// recover waits until Redis answers again, without a restart of anything.
func (f *Failover) recover(t *testing.T, c *clock.Fake) {
	t.Helper()
	for deadline := time.Now().Add(plenty); f.Degraded(); {
		if time.Now().After(deadline) {
			t.Fatal("Redis is back, but was not taken up again")
		}
		c.Advance(pause)
		peek(t, f, "t", Use{"probe", 1, time.Minute})
		time.Sleep(time.Millisecond)
	}
}

func TestLimitsHoldWhileRedisIsGoneAndItsReturnNeedsNoRestart(t *testing.T) {
	var changes []bool
	var fallbacks, answers, failures int
	log := &logged{}
	f, r, c, tenant := overRelay(t, plenty, Options{
		OnAnswer: func(took time.Duration, err error) {
			if err != nil {
				failures++
			} else if took >= 0 {
				answers++
			}
		},
		Log:        slog.New(slog.NewTextHandler(log, nil)),
		OnChange:   func(degraded bool) { changes = append(changes, degraded) },
		OnFallback: func() { fallbacks++ },
	})
	use := Use{"a", 3, time.Hour}
	before := take(t, f, tenant, use)
	take(t, f, tenant, use)
	if f.Degraded() || log.lines() != 0 || answers != 2 || failures != 0 {
		t.Fatalf("degraded although Redis is there: %d answers and %d failures", answers, failures)
	}

	r.cut()
	for i := range 10 {
		if got, want := take(t, f, tenant, use).Allowed, i < 3; got != want {
			t.Errorf("without Redis, take %d allowed: %v, want %v", i, got, want)
		}
	}
	if !f.Degraded() || fallbacks != 10 || failures != 1 || answers != 2 {
		t.Errorf("degraded: %v, after %d decisions of memory, %d answers and %d failures", f.Degraded(), fallbacks, answers, failures)
	}
	if err := f.Ping(t.Context()); err == nil {
		t.Error("a Redis that is gone answered")
	}
	if err := f.Refund(t.Context(), before); err != nil {
		t.Errorf("refund that cannot reach Redis: %v", err)
	}
	if err := f.Clear(t.Context(), tenant, "other"); err != nil {
		t.Errorf("clear that cannot reach Redis: %v", err)
	}
	// Trials that fail change nothing.
	for range 3 {
		c.Advance(pause)
		if take(t, f, tenant, use).Allowed {
			t.Error("a failed trial waived the limit")
		}
	}

	r.mend()
	f.recover(t, c)
	if !take(t, f, tenant, use).Allowed {
		t.Error("Redis lost the one use that was left")
	}
	if take(t, f, tenant, use).Allowed {
		t.Error("Redis lost what it had counted")
	}
	if !slices.Equal(changes, []bool{true, false}) || log.lines() != 2 {
		t.Errorf("told of changes %v, in %d lines of the log; want each once", changes, log.lines())
	}
}

func TestAnOpenCircuitLeavesRedisAlone(t *testing.T) {
	const callers = 50
	f, r, c, tenant := overRelay(t, plenty, Options{})
	use := Use{"a", 1000, time.Hour}
	r.cut()
	take(t, f, tenant, use)
	r.freeze() // nothing that is sent now is ever answered
	for range callers {
		take(t, f, tenant, use)
	}
	if n := r.dialed.Load(); n != 0 {
		t.Errorf("Redis was tried %d times during the pause", n)
	}

	c.Advance(pause)
	var all sync.WaitGroup
	var decided atomic.Int64
	for range callers {
		all.Go(func() {
			take(t, f, tenant, use)
			decided.Add(1)
		})
	}
	for deadline := time.Now().Add(plenty); decided.Load() < callers-1 || r.dialed.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d callers were decided for, and %d tried Redis", decided.Load(), callers, r.dialed.Load())
		}
	}
	r.cut() // which ends the trial
	all.Wait()
	if n := r.dialed.Load(); n != 1 {
		t.Errorf("%d callers tried Redis after the pause, want 1", n)
	}
	if !f.Degraded() {
		t.Error("a trial that failed closed the circuit")
	}
	r.mend()
	f.recover(t, c)
}

func TestARedisThatFallsSilentIsAFailure(t *testing.T) {
	f, r, _, tenant := overRelay(t, time.Millisecond, Options{})
	r.freeze()
	use := Use{"a", 1, time.Hour}
	if !take(t, f, tenant, use).Allowed || take(t, f, tenant, use).Allowed {
		t.Error("memory does not hold the amount")
	}
	if !f.Degraded() {
		t.Error("a Redis that never answers was taken for one that does")
	}
}

func TestParallelTakesHoldTheAmountWhileRedisIsCut(t *testing.T) {
	f, r, _, tenant := overRelay(t, plenty, Options{})
	const amount = 100
	use := Use{"hot", amount, time.Hour}
	var passed atomic.Int64
	var all sync.WaitGroup
	for i := range 400 {
		all.Go(func() {
			if i == 200 {
				r.cut()
			}
			if take(t, f, tenant, use).Allowed {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	// Redis and this process each hold the full amount, and no more.
	if n := passed.Load(); n < amount || n > 2*amount {
		t.Errorf("%d passed, want %d to %d", n, amount, 2*amount)
	}
}

func TestACallerThatGivesUpIsNoFailureOfRedis(t *testing.T) {
	f, r, c, tenant := overRelay(t, plenty, Options{})
	use := []Use{{"a", 1, time.Hour}}
	r.freeze()
	gaveUp, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := f.Take(gaveUp, tenant, use); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("take: %v", err)
	}
	if f.Degraded() {
		t.Fatal("the caller's deadline was taken for a failure of Redis")
	}

	// One who gives up while trying lets the next one try.
	r.cut()
	take(t, f, tenant, use[0])
	r.freeze()
	c.Advance(pause)
	gaveUp, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := f.Take(gaveUp, tenant, use); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("trial: %v", err)
	}
	r.mend()
	f.recover(t, c)
}

func TestAnAnswerToAnOldQuestionDoesNotCloseTheCircuit(t *testing.T) {
	c := clock.At(noon)
	f := New(NewRedis(nowhere(t), plenty, c), NewMemory(c, 0), Options{Clock: c, Log: quiet()})
	err := errors.New("gone")
	f.learn(err, false)
	f.learn(nil, false) // asked before the failure, answered after it
	if !f.Degraded() {
		t.Error("the circuit was closed by an answer that is older than the failure")
	}
	f.learn(nil, true)
	if f.Degraded() {
		t.Error("the trial's answer did not close the circuit")
	}
}

func TestPingBringsRedisBackWithoutTraffic(t *testing.T) {
	f, r, _, tenant := overRelay(t, plenty, Options{})
	if err := f.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.cut()
	take(t, f, tenant, Use{"a", 1, time.Hour})
	r.mend()
	for deadline := time.Now().Add(plenty); f.Ping(t.Context()) != nil; {
		if time.Now().After(deadline) {
			t.Fatal("Redis does not answer")
		}
		time.Sleep(time.Millisecond)
	}
	if f.Degraded() {
		t.Error("still degraded after an answer")
	}
}

func TestRedisThatIsNotRedisIsAFailure(t *testing.T) {
	for name, reply := range map[string][]any{
		"nothing":               {},
		"too few":               {int64(-1), int64(0)},
		"words for numbers":     {"-1", "0", "x"},
		"a use that is not one": {int64(2), int64(0), "x"},
		"below none":            {int64(-2), int64(0), "x"},
	} {
		if _, _, _, err := read(reply, 2); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRedisUsesItsOwnTimeWithoutAClock(t *testing.T) {
	client := realRedis(t)
	r, tenant := NewRedis(client, plenty, nil), newTenant(t, client)
	use := Use{"a", 1, time.Hour}
	now, err := client.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	take(t, r, tenant, use)
	log, err := client.ZRangeWithScores(t.Context(), logName(tenant, "a"), 0, -1).Result()
	if err != nil || len(log) != 1 {
		t.Fatalf("log: %v, %v", log, err)
	}
	if at := time.UnixMicro(int64(log[0].Score)); at.Before(now) || at.After(now.Add(time.Minute)) {
		t.Errorf("recorded at %v, when Redis' clock was %v", at, now)
	}
	d := take(t, r, tenant, use)
	if d.Allowed || d.RetryAfter > time.Hour || d.RetryAfter < 59*time.Minute {
		t.Errorf("second take: %+v", d)
	}
}

func TestRedisKeysExpireAndShareASlot(t *testing.T) {
	client := realRedis(t)
	c := clock.At(noon)
	r, tenant := NewRedis(client, plenty, c), newTenant(t, client)
	take(t, r, tenant, Use{"a", 5, time.Minute}, Use{"b{c}", 5, time.Minute})
	keys, err := client.Keys(t.Context(), "*"+tenant+"*").Result()
	if err != nil || len(keys) != 3 {
		t.Fatalf("keys: %q, %v", keys, err)
	}
	for _, k := range keys {
		if !strings.Contains(k, ":{"+tenant+"}") || strings.Index(k, "{") != 3 {
			t.Errorf("%q: the tenant is not the first thing in braces", k)
		}
		if left, err := client.PTTL(t.Context(), k).Result(); err != nil || left <= 0 || left > time.Hour {
			t.Errorf("%q expires after %v, %v", k, left, err)
		}
	}
}

func TestRefusedTakesWriteNothingToRedis(t *testing.T) {
	client := realRedis(t)
	c := clock.At(noon)
	r, tenant := NewRedis(client, plenty, c), newTenant(t, client)
	take(t, r, tenant, Use{"full", 0, time.Minute})
	if n, err := client.Exists(t.Context(), "vs:{"+tenant+"}", logName(tenant, "full")).Result(); err != nil || n != 0 {
		t.Errorf("%d keys were written, %v", n, err)
	}
}

func TestOpenRedisTriesOnceAndKeepsPasswordsToItself(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:6379", "http://:hunter2@x", "redis://:hunter2@x:port/0", "redis://:hunter2@x/y",
		"redis://:hunter2%zz@x", "redis://:hunter2@x/0?hunter2=1", "redis+://:hunter2@x", "redis+cluster://:hunter2@x?addr=hunter2",
		"http+cluster://:hunter2@x", "redis+sentinel://:hunter2@x", "redis+sentinel://:hunter2@x?master_name=a&replica_only=true"} {
		_, err := OpenRedis(url, Patience)
		if !errors.Is(err, ErrRedisURL) {
			t.Errorf("%q: %v", url, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error repeats the password", url)
		}
	}
	const patience = 17 * time.Second
	client, err := OpenRedis(redisURL(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	single, ok := client.(*redis.Client)
	if !ok {
		t.Fatalf("a single server has a client of type %T", client)
	}
	o := single.Options()
	if o.MaxRetries != 0 || o.DialerRetries != 1 || !o.ContextTimeoutEnabled || o.DialTimeout != patience ||
		o.ReadTimeout != patience || o.WriteTimeout != patience || o.PoolTimeout != patience {
		t.Errorf("options: %+v", o)
	}
}
