// Package limit holds the rates at which things may be done: at most so many uses of a key in any window of time.
//
// # Shapes
//
// A Use names one rate on one key: 5 uses of "login:ip:3f9a" in a minute. A caller takes all uses of an act at once:
//
//	d, err := limits.Take(ctx, tenant.ID, []limit.Use{
//		{Key: "login:ip:3f9a", Amount: 30, Window: time.Minute},
//		{Key: "login_failed:key:77c1", Amount: 10, Window: 5 * time.Minute},
//	})
//
// The uses are looked at in their order, in one atomic step. The first that is at its limit ends it: that use and those
// after it are not recorded, those before it are. The Decision says which use refused and when to come back, and is the
// receipt with which Refund takes back exactly what it recorded.
//
// # Sliding log
//
// The time of every use is kept until it has left the window, so a limit is exact: no window of that length, wherever it
// begins, holds more than Amount uses. A use that is exactly one window old has left. There is no bucket edge at which a
// guesser gets twice the amount.
//
// # Keys
//
// A key belongs to a tenant; the same key of two tenants is two logs. Each rate has a key of its own: two rates of one
// action, or one rate by address and one by account, are different keys. Rates that share a key share a log, in which
// every Use counts, and the widest window of the latest Take decides how long the log is kept. Whatever a person typed is
// hashed by the caller before it becomes part of a key, so that no log or dump of Redis holds it.
//
// # Places
//
// Memory keeps logs in this process. Redis keeps them for all replicas, one script and one round trip for each Take.
// Failover asks Redis and, while Redis cannot answer, Memory: limits are then enforced in full by each process on its
// own, and never waived. All three pass the same tests.
//
// # Errors
//
// Being refused is a Decision and no error. Errors are a cancelled context, ErrWindow, or (from Redis alone) a failure to
// reach it.
package limit

import (
	"context"
	"errors"
	"time"
)

// Use is one use of a key under a rate: at most Amount uses of Key in any Window. An Amount of zero or less allows none.
type Use struct {
	Key    string
	Amount int
	Window time.Duration // at least a microsecond, which is the resolution of the logs
}

// Decision is what became of a Take.
type Decision struct {
	Allowed    bool
	RetryAfter time.Duration // when the use that refused has room again, if nobody else takes it; zero if allowed
	Denied     int           // the index of the use that refused, -1 if allowed

	taken receipt
}

// receipt names the entries that a Take recorded, for Refund.
type receipt struct {
	tenant string
	keys   []string // of the uses that were recorded, in their order
	id     uint64   // names the entries in Memory
	member string   // names the entries in Redis; "" where Memory decided
}

// Limiter takes uses against limits. Memory, Redis and Failover are Limiters, and all are safe for concurrent use.
type Limiter interface {
	// Take records the uses, up to the first that is at its limit.
	Take(ctx context.Context, tenant string, uses []Use) (Decision, error)
	// Peek decides as Take would, each use on its own, and records nothing.
	Peek(ctx context.Context, tenant string, uses []Use) (Decision, error)
	// Refund removes what the Decision recorded and nothing else. Refunding twice is the same as once.
	Refund(ctx context.Context, d Decision) error
	// Clear forgets the logs of these keys.
	Clear(ctx context.Context, tenant string, keys ...string) error
}

// ErrWindow says that a Use has a window shorter than a microsecond, which limits nothing: a mistake of the caller.
var ErrWindow = errors.New("limit: a use has no window")

// allowed is the Decision that nothing refuses.
func allowed() Decision { return Decision{Allowed: true, Denied: -1} }

// denied is the Decision that use i refuses. A clock that was set back must not send anybody away for longer than the
// whole window.
func denied(i int, wait, window int64) Decision {
	return Decision{Denied: i, RetryAfter: time.Duration(max(1, min(wait, window))) * time.Microsecond}
}

// check looks for uses that limit nothing.
func check(uses []Use) error {
	for _, u := range uses {
		if u.Window < time.Microsecond {
			return ErrWindow
		}
	}
	return nil
}

// keysOf are the keys of the first n uses.
func keysOf(uses []Use, n int) []string {
	if n == 0 {
		return nil
	}
	keys := make([]string, n)
	for i := range keys {
		keys[i] = uses[i].Key
	}
	return keys
}

// keep is how long the log of use i is kept, in microseconds: the widest window that this Take has for its key.
func keep(uses []Use, i int) int64 {
	widest := uses[i].Window
	for _, u := range uses {
		if u.Key == uses[i].Key {
			widest = max(widest, u.Window)
		}
	}
	return widest.Microseconds()
}
