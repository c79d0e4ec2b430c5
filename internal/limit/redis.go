package limit

import (
	"cmp"
	"context"
	"crypto/tls"
	_ "embed" // window.lua
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// Patience is how long a server gives Redis to connect, to read, to write, and to answer a whole call. A limit is asked for
// in nearly every request, and Failover has another answer: it is better to use that than to wait.
const Patience = 250 * time.Millisecond

//go:embed window.lua
var windowLua string

var window = redis.NewScript(windowLua)

// hush keeps go-redis from writing to stderr by itself: every failure comes back as an error, and Failover logs the
// first. The library has one logger for the process, which can only be set before its first client is made.
var hush = sync.OnceFunc(func() { redis.SetLogger(silence{}) })

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// ErrRedisURL says that an address of Redis cannot be read. The address may hold a password and is not repeated.
var ErrRedisURL = errors.New("the address of Redis is not of the form redis://user:password@host:6379/0 (or rediss://, " +
	"redis+cluster://, redis+sentinel://)")

// OpenRedis is a client for the address that has the patience for each thing that it does. It does not connect, so that a
// server can start while Redis is down; Failover.Ping tells whether it is there.
//
// The scheme says what is there: one server (redis, rediss, unix), a cluster (redis+cluster, rediss+cluster) or sentinels
// that know which server it is (redis+sentinel, rediss+sentinel, with master_name). Further nodes or sentinels are given as
// addr. One server is never asked twice. A cluster is, since a node that is asked about what moved away names another one:
// a use that was recorded by a node whose answer got lost is then recorded again, which errs on the side of the limit.
func OpenRedis(url string, patience time.Duration) (redis.UniversalClient, error) {
	hush()
	scheme, rest, _ := strings.Cut(url, "://")
	switch plain, kind, _ := strings.Cut(scheme, "+"); kind {
	case "cluster":
		return openCluster(plain+"://"+rest, patience)
	case "sentinel":
		return openSentinel(plain+"://"+rest, patience)
	default:
		return openSingle(url, patience)
	}
}

func openSingle(url string, patience time.Duration) (redis.UniversalClient, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, ErrRedisURL
	}
	o.MaxRetries = -1 // 0 would mean three
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = patience, patience, patience, patience
	o.DisableIdentity = true // Redis 6 has no CLIENT SETINFO
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o), nil
}

// openCluster never sends a command to a replica, which may not have heard of the latest uses.
func openCluster(url string, patience time.Duration) (redis.UniversalClient, error) {
	o, err := redis.ParseClusterURL(url)
	if err != nil {
		return nil, ErrRedisURL
	}
	o.TLSConfig = byItsOwnName(o.TLSConfig)
	o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = patience, patience, patience, patience
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClusterClient(o), nil
}

func openSentinel(url string, patience time.Duration) (redis.UniversalClient, error) {
	o, err := redis.ParseFailoverURL(url)
	if err != nil || o.MasterName == "" || o.ReplicaOnly || o.RouteByLatency || o.RouteRandomly {
		return nil, ErrRedisURL
	}
	o.TLSConfig = byItsOwnName(o.TLSConfig)
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = patience, patience, patience, patience
	o.DisableIdentity = true
	return redis.NewFailoverClient(o), nil
}

// byItsOwnName has the certificate of each node be for the address that the node is dialed at. go-redis would have all of them be for the
// first host of the URL.
func byItsOwnName(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	c = c.Clone()
	c.ServerName, c.MinVersion = "", tls.VersionTLS12
	return c
}

// Redis keeps the logs in Redis 6 or later (or what speaks its protocol and Lua), for every replica that uses the same
// one. A log is a sorted set named "vl:{tenant}:key" and expires with its window; "vs:{tenant}" numbers the tenant's
// takes. The braces put all keys of a tenant into one slot of a cluster. A tenant is named by its id, which has no brace.
type Redis struct {
	client   redis.UniversalClient
	clock    clock.Clock
	patience time.Duration
}

// NewRedis keeps logs through the client, and gives each call the patience. Without a clock (nil), the time is that of the
// Redis server: it is the same for all replicas, whose own clocks may be minutes apart. Tests give a clock that they can
// move.
func NewRedis(client redis.UniversalClient, patience time.Duration, c clock.Clock) *Redis {
	return &Redis{client: client, clock: c, patience: patience}
}

// Take records the uses, up to the first that is at its limit.
func (r *Redis) Take(ctx context.Context, tenant string, uses []Use) (Decision, error) {
	return r.run(ctx, "take", tenant, uses)
}

// Peek decides as Take would, each use on its own, and records nothing.
func (r *Redis) Peek(ctx context.Context, tenant string, uses []Use) (Decision, error) {
	return r.run(ctx, "peek", tenant, uses)
}

// Refund removes what the Decision recorded here.
func (r *Redis) Refund(ctx context.Context, d Decision) error {
	if d.taken.member == "" || len(d.taken.keys) == 0 {
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range d.taken.keys {
			p.ZRem(ctx, logName(d.taken.tenant, k), d.taken.member+"-"+strconv.Itoa(i))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("refund uses in redis: %w", err)
	}
	return nil
}

// Clear forgets the logs of these keys.
func (r *Redis) Clear(ctx context.Context, tenant string, keys ...string) error {
	if len(keys) == 0 {
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = logName(tenant, k)
	}
	if err := r.client.Del(ctx, names...).Err(); err != nil {
		return fmt.Errorf("clear limits in redis: %w", err)
	}
	return nil
}

// Ping asks Redis whether it is there.
func (r *Redis) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	if err := r.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	return nil
}

func (r *Redis) run(ctx context.Context, how, tenant string, uses []Use) (Decision, error) {
	if err := cmp.Or(ctx.Err(), check(uses)); err != nil {
		return Decision{}, err
	}
	if len(uses) == 0 {
		return allowed(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()

	now := ""
	if r.clock != nil {
		now = strconv.FormatInt(r.clock.Now().UnixMicro(), 10)
	}
	names := make([]string, 1, 1+len(uses))
	names[0] = "vs:{" + tenant + "}"
	args := make([]any, 2, 2+3*len(uses))
	args[0], args[1] = how, now
	for i, u := range uses {
		names = append(names, logName(tenant, u.Key))
		args = append(args, u.Amount, u.Window.Microseconds(), keep(uses, i))
	}
	reply, err := window.Run(ctx, r.client, names, args...).Slice()
	if err != nil {
		return Decision{}, fmt.Errorf("%s uses in redis: %w", how, err)
	}
	refused, wait, member, err := read(reply, len(uses))
	if err != nil {
		return Decision{}, fmt.Errorf("%s uses in redis: %w", how, err)
	}
	d, taken := allowed(), len(uses)
	if refused >= 0 {
		d, taken = denied(refused, wait, uses[refused].Window.Microseconds()), refused
	}
	if how == "take" {
		d.taken = receipt{tenant: tenant, keys: keysOf(uses, taken), member: member}
	}
	return d, nil
}

// read takes the script's reply apart. Whatever answers on the port is not trusted to be Redis.
func read(reply []any, uses int) (refused int, wait int64, member string, err error) {
	if len(reply) == 3 {
		place, ok1 := reply[0].(int64)
		micros, ok2 := reply[1].(int64)
		name, ok3 := reply[2].(string)
		if ok1 && ok2 && ok3 && place >= -1 && place < int64(uses) {
			return int(place), micros, name, nil
		}
	}
	return 0, 0, "", errors.New("the script's reply has another shape")
}

func logName(tenant, key string) string { return "vl:{" + tenant + "}:" + key }
