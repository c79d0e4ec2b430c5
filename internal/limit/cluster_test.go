package limit

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// server starts a Redis of the test's own, and is its address and a client for it. Where the program is not on this
// machine, which can be where the tests were given a Redis elsewhere, the test is skipped.
func server(t *testing.T, arguments ...string) (string, *redis.Client) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		// Elsewhere Redis may be given by its address alone, and nobody can make a cluster of that.
		t.Skip("there is no redis-server on this machine to make a cluster of")
	}
	port := freePort(t)
	dir := t.TempDir()
	settings := filepath.Join(dir, "redis.conf") // sentinels want a file that they can write to
	if err := os.WriteFile(settings, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{settings, "--port", port, "--bind", "127.0.0.1", "--dir", dir}, arguments...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // which says that it was killed
	})
	addr := net.JoinHostPort("127.0.0.1", port)
	hush()
	client := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	t.Cleanup(func() { _ = client.Close() })
	until(t, addr+" answers", func(ctx context.Context) error {
		err := client.Ping(ctx).Err()
		if err != nil && strings.HasPrefix(err.Error(), "NOAUTH") {
			return nil // it is there
		}
		return err
	})
	return addr, client
}

// freePort is a port that is free, and so is the one 10,000 above it, which nodes of a cluster talk to each other at.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		if port > 55535 {
			continue
		}
		bus, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+10_000)))
		if err == nil {
			_ = bus.Close()
			return strconv.Itoa(port)
		}
	}
	t.Fatal("no port is free")
	return ""
}

// until tries until it succeeds, for as long as there is patience for a busy machine.
func until(t *testing.T, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), plenty)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waiting until %s: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// cluster starts three nodes that share the slots.
func cluster(t *testing.T) (addrs []string, nodes []*redis.Client) {
	t.Helper()
	const slots, count = 16384, 3
	for i := range count {
		addr, node := server(t, "--cluster-enabled", "yes", "--save", "", "--appendonly", "no")
		addrs, nodes = append(addrs, addr), append(nodes, node)
		if err := node.ClusterAddSlotsRange(t.Context(), i*slots/count, (i+1)*slots/count-1).Err(); err != nil {
			t.Fatal(err)
		}
		// Two nodes of the same epoch would have to settle it between themselves first.
		if err := node.Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, addr := range addrs[1:] {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := nodes[0].ClusterMeet(t.Context(), host, port).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, node := range nodes {
		until(t, addrs[i]+" knows all nodes", func(ctx context.Context) error {
			info, err := node.ClusterInfo(ctx).Result()
			if err == nil && (!strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:3")) {
				err = errors.New(info)
			}
			return err
		})
	}
	return addrs, nodes
}

// opened is a client as the server opens it.
func opened(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	client, err := OpenRedis(url, plenty)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestRedisClusterHoldsLimits(t *testing.T) {
	addrs, nodes := cluster(t)
	r := NewRedis(opened(t, "redis+cluster://"+addrs[0]), plenty, clock.At(noon)) // one node tells of the others
	uses := []Use{{"a", 2, time.Minute}, {"b", 3, time.Minute}}
	for range 30 {
		tenant := uuid.NewString()
		for range 2 {
			if d := take(t, r, tenant, uses...); !d.Allowed {
				t.Fatalf("%s is refused a use that is left: %+v", tenant, d)
			}
		}
		d, err := r.Peek(t.Context(), tenant, uses)
		if err != nil || d.Allowed || d.Denied != 0 {
			t.Fatalf("%s: %+v, %v; its first limit is used up", tenant, d, err)
		}
		if err := r.Clear(t.Context(), tenant, "a", "b"); err != nil {
			t.Fatal(err)
		}
		given := take(t, r, tenant, uses...)
		take(t, r, tenant, uses...)
		if err := r.Refund(t.Context(), given); err != nil {
			t.Fatal(err)
		}
		if d := take(t, r, tenant, uses...); !d.Allowed {
			t.Fatalf("%s: what was given back is not there: %+v", tenant, d)
		}
	}
	for i, node := range nodes {
		if n, err := node.DBSize(t.Context()).Result(); err != nil || n == 0 {
			t.Errorf("%s has %d keys, %v: tenants are not spread", addrs[i], n, err)
		}
	}
}

func TestRedisClusterFollowsWhatMoves(t *testing.T) {
	addrs, nodes := cluster(t)
	client := opened(t, "redis+cluster://"+addrs[0]+"?addr="+addrs[1]+"&addr="+addrs[2])
	r := NewRedis(client, plenty, clock.At(noon))
	take(t, r, uuid.NewString(), Use{"warm", 1, time.Minute}) // the client knows the slots from now on

	// A tenant of the first node's, whose slot moves to the second.
	ids := make([]string, len(nodes))
	for i, node := range nodes {
		id, err := node.Do(t.Context(), "CLUSTER", "MYID").Text()
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = id
	}
	tenant, slot := "", int64(0)
	for tenant == "" || slot > 5000 {
		tenant = uuid.NewString()
		var err error
		if slot, err = nodes[0].ClusterKeySlot(t.Context(), logName(tenant, "k")).Result(); err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range []*redis.Client{nodes[1], nodes[0], nodes[2]} {
		if err := node.Do(t.Context(), "CLUSTER", "SETSLOT", slot, "NODE", ids[1]).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := nodes[0].Get(t.Context(), logName(tenant, "k")).Err(); err == nil || !strings.HasPrefix(err.Error(), "MOVED") {
		t.Fatalf("the slot has not moved: %v", err)
	}
	if d := take(t, r, tenant, Use{"k", 1, time.Minute}); !d.Allowed {
		t.Fatalf("the first use is refused: %+v", d)
	}
	if n, err := nodes[1].Exists(t.Context(), logName(tenant, "k")).Result(); err != nil || n != 1 {
		t.Errorf("the node that has the slot now has %d logs of it, %v", n, err)
	}
	if d := take(t, r, tenant, Use{"k", 1, time.Minute}); d.Allowed {
		t.Error("a second use gets through")
	}
}

func TestRedisSentinelsSayWhichServerItIs(t *testing.T) {
	addr, _ := server(t, "--requirepass", "hunter2", "--save", "")
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	at, sentinel := server(t, "--sentinel")
	for _, command := range [][]any{
		{"SENTINEL", "MONITOR", "limits", host, port, "1"},
		{"SENTINEL", "SET", "limits", "auth-pass", "hunter2"},
	} {
		if err := sentinel.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	r := NewRedis(opened(t, "redis+sentinel://"+at+"/3?master_name=limits&password=hunter2"), plenty, clock.At(noon))
	tenant := uuid.NewString()
	take(t, r, tenant, Use{"k", 1, time.Minute})
	direct := redis.NewClient(&redis.Options{Addr: addr, Password: "hunter2", DB: 3, DisableIdentity: true})
	t.Cleanup(func() { _ = direct.Close() })
	if n, err := direct.Exists(t.Context(), logName(tenant, "k")).Result(); err != nil || n != 1 {
		t.Errorf("the server that the sentinel named has %d logs, %v", n, err)
	}
	unknown := NewRedis(opened(t, "redis+sentinel://"+at+"?master_name=other"), plenty, clock.At(noon))
	if err := unknown.Ping(t.Context()); err == nil {
		t.Error("a name that the sentinel does not know leads somewhere")
	}
}
