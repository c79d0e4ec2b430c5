package limit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// plenty is the time that a test gives to a Redis that is there: the machine may be busy with other tests.
const plenty = 30 * time.Second

// realRedis is a client of the Redis that the tests use. It is there whenever the tests run; that it is not is a failure.
func realRedis(t testing.TB) redis.UniversalClient {
	t.Helper()
	client := dial(t, "", plenty)
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatalf("these tests need Redis; set VESTIBULE_TEST_REDIS_URL: %v", err)
	}
	return client
}

// dial is a client of the Redis that the tests use, by way of another address if one is given.
func dial(t testing.TB, addr string, patience time.Duration) redis.UniversalClient {
	t.Helper()
	at, err := url.Parse(redisURL())
	if err != nil {
		t.Fatal("VESTIBULE_TEST_REDIS_URL is not a URL") // the error would repeat a password
	}
	if addr != "" {
		at.Host = addr
	}
	client, err := OpenRedis(at.String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func redisURL() string {
	if url := os.Getenv("VESTIBULE_TEST_REDIS_URL"); url != "" {
		return url
	}
	return "redis://127.0.0.1:6379/15"
}

// newTenant is the id of a tenant that no other test uses, whose logs are gone after the test.
func newTenant(t testing.TB, client redis.UniversalClient) string {
	t.Helper()
	id := uuid.NewString()
	if client == nil {
		return id
	}
	t.Cleanup(func() {
		ctx := context.Background()
		keys, err := client.Keys(ctx, "v[ls]:{"+id+"*").Result()
		if err != nil {
			t.Error(err)
		}
		if len(keys) > 0 {
			if err := client.Del(ctx, keys...).Err(); err != nil {
				t.Error(err)
			}
		}
	})
	return id
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// nowhere is a client whose server does not exist.
func nowhere(t testing.TB) redis.UniversalClient { return dial(t, "127.0.0.1:1", plenty) }

// everyLimiter runs a test over each Limiter. The tenant is new each time.
func everyLimiter(t *testing.T, test func(t *testing.T, l Limiter, c *clock.Fake, tenant string)) {
	t.Run("memory", func(t *testing.T) {
		c := clock.At(noon)
		test(t, NewMemory(c, 0), c, newTenant(t, nil))
	})
	t.Run("redis", func(t *testing.T) {
		c, client := clock.At(noon), realRedis(t)
		test(t, NewRedis(client, plenty, c), c, newTenant(t, client))
	})
	t.Run("failover with redis", func(t *testing.T) {
		c, client := clock.At(noon), realRedis(t)
		f := New(NewRedis(client, plenty, c), NewMemory(c, 0), Options{Clock: c, Log: quiet()})
		test(t, f, c, newTenant(t, client))
		if f.Degraded() || f.memory.Len() != 0 {
			t.Error("memory was used although Redis was there")
		}
	})
	t.Run("failover without redis", func(t *testing.T) {
		c := clock.At(noon)
		f := New(NewRedis(nowhere(t), plenty, c), NewMemory(c, 0), Options{Clock: c, Log: quiet()})
		test(t, f, c, newTenant(t, nil))
	})
}

func take(t *testing.T, l Limiter, tenant string, uses ...Use) Decision {
	t.Helper()
	d, err := l.Take(t.Context(), tenant, uses)
	if err != nil {
		t.Error(err) // not Fatal: it may run beside the test
	}
	return d
}

func peek(t *testing.T, l Limiter, tenant string, uses ...Use) Decision {
	t.Helper()
	d, err := l.Peek(t.Context(), tenant, uses)
	if err != nil {
		t.Error(err) // not Fatal: it may run beside the test
	}
	return d
}

func TestTake(t *testing.T) {
	perMinute := func(key string, n int) Use { return Use{Key: key, Amount: n, Window: time.Minute} }
	perHour := func(key string, n int) Use { return Use{Key: key, Amount: n, Window: time.Hour} }

	type step struct {
		after  time.Duration // since the step before
		uses   []Use
		denied int // -1: allowed
		retry  time.Duration
	}
	one := func(after time.Duration, u Use, denied int, retry time.Duration) step {
		return step{after, []Use{u}, denied, retry}
	}
	for _, tc := range []struct {
		name  string
		steps []step
	}{
		{"nothing is asked", []step{{0, nil, -1, 0}}},
		{"the amount fits and one more does not", []step{
			one(0, perMinute("a", 2), -1, 0),
			one(0, perMinute("a", 2), -1, 0),
			one(0, perMinute("a", 2), 0, time.Minute),
		}},
		{"an amount of zero allows nothing", []step{one(0, perMinute("a", 0), 0, time.Minute)}},
		{"an amount below zero allows nothing", []step{one(0, perMinute("a", -3), 0, time.Minute)}},
		{"keys do not share", []step{
			one(0, perMinute("a", 1), -1, 0),
			one(0, perMinute("b", 1), -1, 0),
			one(0, perMinute("a", 1), 0, time.Minute),
		}},
		{"a use leaves when it is exactly one window old", []step{
			one(0, perMinute("a", 1), -1, 0),
			one(time.Minute-time.Microsecond, perMinute("a", 1), 0, time.Microsecond),
			one(time.Microsecond, perMinute("a", 1), -1, 0),
		}},
		{"the window slides, and has no edge to wait for", []step{
			one(0, perMinute("a", 2), -1, 0),
			one(50*time.Second, perMinute("a", 2), -1, 0),
			one(9*time.Second, perMinute("a", 2), 0, time.Second),
			one(time.Second, perMinute("a", 2), -1, 0),
			one(0, perMinute("a", 2), 0, 50*time.Second),
		}},
		{"refused uses do not prolong the wait", []step{
			one(0, perMinute("a", 1), -1, 0),
			one(30*time.Second, perMinute("a", 1), 0, 30*time.Second),
			one(29*time.Second, perMinute("a", 1), 0, time.Second),
			one(time.Second, perMinute("a", 1), -1, 0),
		}},
		{"an amount that was lowered counts what is there", []step{
			one(0, perMinute("a", 3), -1, 0),
			one(10*time.Second, perMinute("a", 3), -1, 0),
			one(10*time.Second, perMinute("a", 3), -1, 0),
			one(0, perMinute("a", 1), 0, time.Minute),
			one(0, perMinute("a", 2), 0, 50*time.Second),
		}},
		{"a window that was shortened counts what is inside it", []step{
			one(0, perHour("a", 2), -1, 0),
			one(30*time.Minute, perHour("a", 2), -1, 0),
			one(30*time.Second, perMinute("a", 2), -1, 0),
			one(0, perMinute("a", 2), 0, 30*time.Second),
		}},
		{"the first use that is full ends the take, and those before it stay", []step{
			one(0, perMinute("b", 1), -1, 0),
			{0, []Use{perMinute("a", 2), perMinute("b", 1), perMinute("c", 1)}, 1, time.Minute},
			{0, []Use{perMinute("a", 2), perMinute("b", 1), perMinute("c", 1)}, 1, time.Minute},
			one(0, perMinute("a", 2), 0, time.Minute),
			one(0, perMinute("c", 1), -1, 0),
		}},
		{"a key named twice in one take is used twice", []step{
			{0, []Use{perMinute("a", 2), perMinute("a", 2)}, -1, 0},
			{0, []Use{perMinute("a", 2)}, 0, time.Minute},
		}},
		{"a key with two windows keeps its log for the wider", []step{
			{0, []Use{perMinute("a", 10), perHour("a", 4)}, -1, 0},
			{2 * time.Minute, []Use{perMinute("a", 10), perHour("a", 4)}, -1, 0},
			{2 * time.Minute, []Use{perHour("a", 4)}, 0, 56 * time.Minute},
		}},
		{"odd keys are keys like others", []step{
			one(0, perMinute("", 1), -1, 0),
			one(0, perMinute("{x}:y\x00\xff\r\n", 1), -1, 0),
			one(0, perMinute("", 1), 0, time.Minute),
			one(0, perMinute("{x}:y\x00\xff\r\n", 1), 0, time.Minute),
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
				for i, s := range tc.steps {
					c.Advance(s.after)
					d := take(t, l, tenant, s.uses...)
					if d.Allowed != (s.denied < 0) || d.Denied != s.denied || d.RetryAfter != s.retry {
						t.Fatalf("step %d: allowed %v, denied %d, retry after %v; want denied %d, retry after %v",
							i, d.Allowed, d.Denied, d.RetryAfter, s.denied, s.retry)
					}
				}
			})
		})
	}
}

func TestPeekRecordsNothing(t *testing.T) {
	everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
		one, two := Use{"a", 1, time.Minute}, Use{"b", 1, time.Minute}
		for range 5 {
			if d := peek(t, l, tenant, one, two); !d.Allowed || d.Denied != -1 {
				t.Fatalf("peek: %+v", d)
			}
		}
		take(t, l, tenant, two)
		c.Advance(20 * time.Second)
		d := peek(t, l, tenant, one, two)
		if d.Allowed || d.Denied != 1 || d.RetryAfter != 40*time.Second {
			t.Errorf("peek at a full use: %+v", d)
		}
		if err := l.Refund(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if peek(t, l, tenant, two).Allowed {
			t.Error("the refund of a peek gave something back")
		}
	})
}

func TestRefundRemovesExactlyItsEntries(t *testing.T) {
	everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
		a, b := Use{"a", 3, time.Minute}, Use{"b", 3, time.Minute}
		take(t, l, tenant, a, b)
		mine := take(t, l, tenant, a, b)
		take(t, l, tenant, a, b)

		for range 3 { // twice and thrice are the same as once
			if err := l.Refund(t.Context(), mine); err != nil {
				t.Fatal(err)
			}
		}
		for _, u := range []Use{a, b} {
			if !take(t, l, tenant, u).Allowed {
				t.Errorf("%s: nothing was given back", u.Key)
			}
			if take(t, l, tenant, u).Allowed {
				t.Errorf("%s: more was given back than was taken", u.Key)
			}
		}
		if err := l.Refund(t.Context(), mine); err != nil { // its place was taken by somebody else since
			t.Fatal(err)
		}
		if take(t, l, tenant, a).Allowed {
			t.Error("a late refund took away the use of another")
		}
	})
}

func TestRefundOfADeniedTakeReturnsTheUsesBeforeIt(t *testing.T) {
	everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
		a, b := Use{"a", 1, time.Minute}, Use{"b", 1, time.Minute}
		take(t, l, tenant, b)
		d := take(t, l, tenant, a, b)
		if d.Denied != 1 || peek(t, l, tenant, a).Allowed {
			t.Fatalf("the first use did not stay consumed: %+v", d)
		}
		if err := l.Refund(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if !peek(t, l, tenant, a).Allowed {
			t.Error("the first use was not given back")
		}
		if peek(t, l, tenant, b).Allowed {
			t.Error("the use that refused was given back although it was never taken")
		}
		if err := l.Refund(t.Context(), Decision{}); err != nil {
			t.Errorf("a Decision that recorded nothing: %v", err)
		}
	})
}

func TestClearForgetsOnlyTheKeysThatAreNamed(t *testing.T) {
	everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
		uses := []Use{{"a", 1, time.Minute}, {"b", 1, time.Minute}, {"c", 1, time.Minute}}
		take(t, l, tenant, uses...)
		if err := l.Clear(t.Context(), tenant); err != nil {
			t.Fatal(err)
		}
		if err := l.Clear(t.Context(), tenant, "a", "c", "never used"); err != nil {
			t.Fatal(err)
		}
		for i, want := range []bool{true, false, true} {
			if got := take(t, l, tenant, uses[i]).Allowed; got != want {
				t.Errorf("%s allowed: %v, want %v", uses[i].Key, got, want)
			}
		}
	})
}

func TestTenantsDoNotShareKeys(t *testing.T) {
	everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
		use, other := Use{"a", 1, time.Minute}, tenant+"-other"
		d := take(t, l, tenant, use)
		if !take(t, l, other, use).Allowed {
			t.Fatal("one tenant's use counted for another")
		}
		if err := l.Clear(t.Context(), other, "a"); err != nil {
			t.Fatal(err)
		}
		if peek(t, l, tenant, use).Allowed {
			t.Error("clearing one tenant's key cleared another's")
		}
		if err := l.Refund(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		take(t, l, other, use)
		if peek(t, l, other, use).Allowed {
			t.Error("the refund to one tenant reached another")
		}
	})
}

func TestParallelTakesAllowExactlyTheAmount(t *testing.T) {
	everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
		const callers, amount = 200, 100
		var passed atomic.Int64
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range callers {
			all.Go(func() {
				<-start
				// The keys around it lie in other shards, in another order for every second caller.
				uses := []Use{{"x", callers, time.Minute}, {"y", callers, time.Minute}, {"hot", amount, time.Minute}}
				if i%2 == 0 {
					uses[0], uses[1] = uses[1], uses[0]
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				d, err := l.Take(ctx, tenant, uses)
				if err != nil {
					t.Error(err)
				}
				if d.Allowed {
					passed.Add(1)
				}
			})
		}
		close(start)
		all.Wait()
		if passed.Load() != amount {
			t.Errorf("%d of %d callers passed, want %d", passed.Load(), callers, amount)
		}
	})
}

func TestAUseNeedsAWindow(t *testing.T) {
	everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
		for _, w := range []time.Duration{0, -time.Second, time.Nanosecond} {
			if _, err := l.Take(t.Context(), tenant, []Use{{"a", 1, w}}); !errors.Is(err, ErrWindow) {
				t.Errorf("take, window %v: %v", w, err)
			}
			if _, err := l.Peek(t.Context(), tenant, []Use{{"a", 1, w}}); !errors.Is(err, ErrWindow) {
				t.Errorf("peek, window %v: %v", w, err)
			}
		}
		if f, ok := l.(*Failover); ok && f.Degraded() {
			t.Error("a caller's mistake was taken for a failure of Redis")
		}
	})
}

func TestACancelledCallerGetsTheContextError(t *testing.T) {
	everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
		d := take(t, l, tenant, Use{"a", 1, time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := l.Take(ctx, tenant, []Use{{"b", 1, time.Minute}})
		_, err2 := l.Peek(ctx, tenant, []Use{{"b", 1, time.Minute}})
		for i, err := range []error{err, err2, l.Refund(ctx, d), l.Clear(ctx, tenant, "a")} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if !peek(t, l, tenant, Use{"b", 1, time.Minute}).Allowed {
			t.Error("a cancelled take was recorded")
		}
	})
}

func TestAClockThatIsSetBackMakesNobodyWaitLonger(t *testing.T) {
	everyLimiter(t, func(t *testing.T, l Limiter, c *clock.Fake, tenant string) {
		use := Use{"a", 2, time.Minute}
		take(t, l, tenant, use)
		c.Advance(-time.Hour)
		take(t, l, tenant, use)
		if d := take(t, l, tenant, use); d.Allowed || d.RetryAfter > time.Minute {
			t.Errorf("after the clock was set back: %+v", d)
		}
	})
}

// FuzzKeys takes any two keys from memory and from Redis, and expects the same of both.
func FuzzKeys(f *testing.F) {
	f.Add("login:ip:1", "login:ip:2", 2)
	f.Add("", "\x00", 1)
	f.Add("{a}", "}:{", 0)
	f.Add("same", "same", 3)
	f.Add(strings.Repeat("long", 500), "\xff\xfe", -1)
	client := realRedis(f)
	c := clock.At(noon)
	m, r := NewMemory(c, 0), NewRedis(client, plenty, c)
	f.Fuzz(func(t *testing.T, one, two string, amount int) {
		tenant := newTenant(t, client)
		amount = min(amount, 5)
		uses := []Use{{one, amount, time.Minute}, {two, amount, time.Hour}}
		for i := range 4 {
			a, b := take(t, m, tenant, uses...), take(t, r, tenant, uses...)
			if a.Allowed != b.Allowed || a.Denied != b.Denied || a.RetryAfter != b.RetryAfter {
				t.Fatalf("take %d: memory says %+v, redis says %+v", i, a, b)
			}
			if i == 1 {
				if err := errors.Join(m.Refund(t.Context(), a), r.Refund(t.Context(), b)); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkTake(b *testing.B) {
	bench := func(b *testing.B, l Limiter, tenant string) {
		uses := make([][]Use, 1024)
		for i := range uses {
			uses[i] = []Use{{fmt.Sprintf("ip:%d", i), 5, time.Minute}, {fmt.Sprintf("key:%d", i), 5, time.Minute}}
		}
		var n atomic.Uint64
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := l.Take(context.Background(), tenant, uses[n.Add(1)%1024]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.Run("memory", func(b *testing.B) { bench(b, NewMemory(clock.System{}, 0), newTenant(b, nil)) })
	b.Run("redis", func(b *testing.B) {
		client := realRedis(b)
		bench(b, NewRedis(client, plenty, nil), newTenant(b, client))
	})
	b.Run("failover without redis", func(b *testing.B) {
		bench(b, New(NewRedis(nowhere(b), plenty, nil), NewMemory(clock.System{}, 0),
			Options{Clock: clock.System{}, Log: quiet()}), newTenant(b, nil))
	})
}

// logged is a log that tests can read.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) lines() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.buf.Bytes(), []byte("\n"))
}
