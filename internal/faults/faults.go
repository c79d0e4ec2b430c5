package main

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// scenarios is the table of what is done to the servers, in the order of a run.
var scenarios = []scenario{
	{
		name: "quiet", title: "nothing", strict: true, fault: quiet,
		about: "no fault at all, to compare with",
	},
	{
		name: "rolling", title: "rolling restart", strict: true, fault: rolling,
		about: "replacing all three replicas, one after the other",
	},
	{
		name: "sudden", title: "rolling restart without notice", strict: true, fault: sudden,
		about: "the same, but nobody tells the balancer: it sees that a replica is unready, which serves on for two seconds (VESTIBULE_SHUTDOWN_DELAY)",
	},
	{
		name: "upgrade", title: "rolling upgrade", strict: true, fault: upgrade, optional: noOldServer,
		about: "going back to the version before, and forward again, with one schema",
	},
	{
		name: "crash", title: "kill -9 of a replica", instant: true, fault: crash,
		about: "killing one of three replicas, and starting it again after two seconds",
	},
	{
		name: "postgres-restart", title: "PostgreSQL restarts", fault: restartPostgres,
		about: "a fast restart of PostgreSQL",
	},
	{
		name: "postgres-crash", title: "kill -9 of PostgreSQL", fault: crashPostgres,
		about: "killing PostgreSQL, and starting it again after two seconds",
	},
	{
		name: "postgres-stall", title: "PostgreSQL stands still", fault: stall,
		about: "stopping every process of PostgreSQL (SIGSTOP) for ten seconds",
	},
	{
		name: "postgres-partition", title: "PostgreSQL cut off", fault: partition("postgres", 10*time.Second),
		about: "swallowing all that goes to and from PostgreSQL for ten seconds",
	},
	{
		name: "redis-restart", title: "kill -9 of Redis", strict: true, fault: crashRedis,
		about: "killing Redis, and starting it again, empty, after three seconds",
	},
	{
		name: "redis-partition", title: "Redis cut off", strict: true, fault: partition("redis", 8*time.Second),
		about: "swallowing all that goes to and from Redis for eight seconds",
	},
	{
		name: "smtp", title: "slow mail server, then none", strict: true, fault: slowMail,
		about: "a mail server that takes three seconds for each word, then none at all, then a sound one",
	},
	{
		name: "skew", title: "clocks two minutes apart", strict: true, fault: skew,
		about: "three replicas whose clocks are a minute late, right and a minute early",
	},
	{
		name: "slowloris", title: "2,000 slow clients", strict: true, optional: enoughFiles(slowClients), fault: slowloris,
		about: "2,000 connections to one replica that send a byte a second, in the header or the body",
	},
	{
		name: "huge", title: "bodies of 1 GiB", strict: true, fault: huge,
		about: "100 bodies of a gibibyte, announced or in pieces without end, to one replica",
	},
	{
		name: "idle", title: "10,000 idle connections", strict: true, optional: enoughFiles(idleClients), fault: idlers,
		about: "10,000 connections to one replica that ask once and stay",
	},
	{
		name: "strange", title: "100,000 random hosts and paths", strict: true, fault: strange,
		about: "100,000 requests to one replica for hosts and paths that there are not",
	},
	{
		name: "attacked", title: "one tenant attacked", strict: true, fault: attacked,
		about: "a flood of logins at one tenant, and session checks at another",
	},
	{
		name: "disk", title: "full disk, with SQLite", optional: noMounts, apart: fullDisk,
		about: "a server of its own with SQLite, on a disk that is full for a while",
	},
}

func quiet(ctx context.Context, _ *run, _ *row) error { return wait(ctx, 6*time.Second) }

func rolling(ctx context.Context, r *run, _ *row) error { return r.roll(ctx, r.cluster.program) }

func noOldServer(r *run) string {
	if r.options.old == "" {
		return "give an older server with -old"
	}
	return ""
}

func upgrade(ctx context.Context, r *run, _ *row) error {
	if err := r.roll(ctx, r.options.old); err != nil {
		return err
	}
	if err := wait(ctx, 2*time.Second); err != nil {
		return err
	}
	return r.roll(ctx, r.cluster.program)
}

func restartPostgres(ctx context.Context, r *run, _ *row) error {
	if err := r.cluster.postgres.stopFast(); err != nil {
		return err
	}
	return r.cluster.postgres.start(ctx)
}

func crashPostgres(ctx context.Context, r *run, _ *row) error {
	r.cluster.postgres.kill()
	if err := wait(ctx, 2*time.Second); err != nil {
		return err
	}
	return r.cluster.postgres.start(ctx)
}

func crashRedis(ctx context.Context, r *run, _ *row) error {
	r.cluster.redis.kill()
	if err := wait(ctx, 3*time.Second); err != nil {
		return err
	}
	return r.cluster.redis.start(ctx)
}

// roll replaces every replica by one of a program, one after the other.
func (r *run) roll(ctx context.Context, program string) error {
	for i := range r.cluster.replicas {
		if err := r.cluster.replace(ctx, i, exec.Command(program)); err != nil {
			return err
		}
	}
	return nil
}

// sudden replaces every replica by one that waits before it stops, and those again, with no word to the balancer.
func sudden(ctx context.Context, r *run, _ *row) error {
	for i := range r.cluster.replicas {
		cmd := exec.Command(r.cluster.program)
		cmd.Env = []string{"VESTIBULE_SHUTDOWN_DELAY=2s"}
		if err := r.cluster.replace(ctx, i, cmd); err != nil {
			return err
		}
	}
	for i := range r.cluster.replicas {
		if err := r.cluster.exchange(ctx, i, exec.Command(r.cluster.program), func() error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

func crash(ctx context.Context, r *run, _ *row) error {
	r.cluster.replicas[0].kill()
	if err := wait(ctx, 2*time.Second); err != nil {
		return err
	}
	return r.cluster.restart(ctx, 0)
}

// stall stops PostgreSQL's processes and has them go on.
func stall(ctx context.Context, r *run, _ *row) error {
	all := append([]int{r.cluster.postgres.pid()}, children(r.cluster.postgres.pid())...)
	send := func(s syscall.Signal) {
		for _, pid := range all {
			_ = syscall.Kill(pid, s) // one that has ended is no matter
		}
	}
	send(syscall.SIGSTOP)
	defer send(syscall.SIGCONT)
	return wait(ctx, 10*time.Second)
}

// children are the processes that a process has started.
func children(parent int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var all []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue // not a process
		}
		text, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has ended since
		}
		fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			all = append(all, pid)
		}
	}
	return all
}

// partition swallows what goes to and from a store: no connection is refused, and nothing is answered.
func partition(store string, length time.Duration) func(context.Context, *run, *row) error {
	return func(ctx context.Context, r *run, _ *row) error {
		var heals []func() error
		for _, stream := range []string{"upstream", "downstream"} {
			heal, err := r.cluster.poison(store, "timeout", stream, map[string]any{"timeout": 0})
			if err != nil {
				return err
			}
			heals = append(heals, heal)
		}
		err := wait(ctx, length)
		for _, heal := range heals {
			if bad := heal(); bad != nil {
				err = bad
			}
		}
		return err
	}
}

// slowMail has the mail server be slow, and then gone. What waits is sent afterwards; the end of the run counts it.
func slowMail(ctx context.Context, r *run, _ *row) error {
	heal, err := r.cluster.poison("smtp", "latency", "downstream", map[string]any{"latency": 3000})
	if err != nil {
		return err
	}
	if err := wait(ctx, 6*time.Second); err != nil {
		return err
	}
	r.cluster.proxies["smtp"].Stop()
	if err := heal(); err != nil {
		return err
	}
	if err := wait(ctx, 6*time.Second); err != nil {
		return err
	}
	return r.cluster.proxies["smtp"].Start()
}
