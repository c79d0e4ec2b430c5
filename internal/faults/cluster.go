package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/tools/listening"
)

const (
	serverPackage = "github.com/vestibule-auth/vestibule/cmd/server"
	// stopPatience is longer than the server's own VESTIBULE_SHUTDOWN_TIMEOUT.
	stopPatience = 40 * time.Second
	// noticed is how long a load balancer is given to notice that a replica leaves, before the replica is told to stop: what a
	// platform does with a preStop hook.
	noticed = time.Second
	readers = 40 // people whose sessions are only ever read
	initial = 60 // people who have an account when the load begins
)

// cluster is everything of a run: the stores, the proxies before them, the replicas and the balancer.
type cluster struct {
	dir      string
	program  string
	say      func(format string, args ...any)
	postgres *postgres
	redis    *redisServer
	sink     *sink
	proxies  map[string]*toxiproxy.Proxy
	balancer *balancer
	replicas []*replica
	hashers  int // passwords that each replica hashes at once: one, or its part of the cores that they share
	crowd    *crowd
	token    string // of the admin API
	key      string
	http     *http.Client
}

// replica is one server of the cluster.
type replica struct {
	*process
	name              string
	public, operators string
	member            *member
}

// newCluster builds it and starts it, with so many replicas.
func newCluster(ctx context.Context, dir, program string, replicas int, say func(string, ...any)) (_ *cluster, err error) {
	c := &cluster{
		dir: dir, program: program, say: say, hashers: max(1, runtime.NumCPU()/replicas), proxies: map[string]*toxiproxy.Proxy{}, token: secret.Token(),
		key:  base64.StdEncoding.EncodeToString(secret.Bytes(32)),
		http: &http.Client{Timeout: clientPatience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if err := c.stores(ctx); err != nil {
		return nil, err
	}
	if c.balancer, err = startBalancer(); err != nil {
		return nil, err
	}
	migrate := exec.CommandContext(ctx, program, "--migrate")
	migrate.Env = c.environment()
	if out, err := migrate.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("migrate: %w\n%s", err, out)
	}
	for i := range replicas {
		r, err := c.start(ctx, fmt.Sprintf("replica-%d", i+1), exec.Command(c.program))
		if err != nil {
			return nil, err
		}
		c.replicas = append(c.replicas, r)
	}
	c.crowd = newCrowd(c.balancer.addr, "faults.localhost", "person", 1)
	if err := c.tenant(ctx, c.replicas[0], c.crowd); err != nil {
		return nil, err
	}
	return c, c.populate(ctx, c.crowd)
}

// stores starts PostgreSQL, Redis and a mail server, each behind a proxy that can be told to misbehave.
func (c *cluster) stores(ctx context.Context) (err error) {
	dirs := map[string]string{}
	for _, name := range []string{"postgres", "redis"} {
		dirs[name] = filepath.Join(c.dir, name)
		if err := os.MkdirAll(dirs[name], 0o700); err != nil {
			return err
		}
	}
	if c.postgres, err = newPostgres(ctx, dirs["postgres"]); err != nil {
		return err
	}
	if c.redis, err = newRedis(ctx, dirs["redis"]); err != nil {
		return err
	}
	if c.sink, err = startSink(); err != nil {
		return err
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	for name, upstream := range map[string]string{"postgres": local(c.postgres.port), "redis": local(c.redis.port), "smtp": c.sink.addr} {
		p := toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream)
		if err := p.Start(); err != nil {
			return fmt.Errorf("start the proxy before %s: %w", name, err)
		}
		c.proxies[name] = p
	}
	return nil
}

// poison has a proxy misbehave until the function that it returns is called.
func (c *cluster) poison(proxy, toxic, stream string, attributes map[string]any) (heal func() error, err error) {
	p := c.proxies[proxy]
	name := toxic + "-" + stream
	text, err := json.Marshal(map[string]any{"name": name, "type": toxic, "stream": stream, "attributes": attributes})
	if err != nil {
		return nil, err
	}
	if _, err := p.Toxics.AddToxicJson(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("poison the way to %s: %w", proxy, err)
	}
	return func() error { return p.Toxics.RemoveToxic(context.Background(), name) }, nil
}

// environment is what every replica is started with: the defaults of production, where the stores are, and its part of the machine.
func (c *cluster) environment() []string {
	return append(inherited(), // nothing else, for a stray setting would change what is measured
		"VESTIBULE_LISTEN=127.0.0.1:0",
		"VESTIBULE_ADMIN_LISTEN=127.0.0.1:0",
		"VESTIBULE_DATABASE_URL=postgres://postgres@"+c.proxies["postgres"].Listen+"/vestibule?sslmode=disable",
		"VESTIBULE_REDIS_URL=redis://"+c.proxies["redis"].Listen+"/0",
		"VESTIBULE_SECRET_KEY="+c.key,
		"VESTIBULE_ADMIN_TOKEN="+c.token,
		"VESTIBULE_SMTP_URL=smtp://"+c.proxies["smtp"].Listen,
		"VESTIBULE_MAIL_FROM=Faults <faults@example.org>",
		"VESTIBULE_TRUSTED_PROXY_COUNT=1",
		"VESTIBULE_HASH_WORKERS="+strconv.Itoa(c.hashers),
	)
}

// start starts a replica, and has the balancer know it once it is ready.
func (c *cluster) start(ctx context.Context, name string, cmd *exec.Cmd) (*replica, error) {
	r, err := c.serve(ctx, name, cmd)
	if err != nil {
		return nil, err
	}
	r.member = c.balancer.add(r.public, r.operators)
	for !r.member.ready.Load() {
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// serve starts a server and waits until it is ready. What the command says of the environment counts more than what is usual.
func (c *cluster) serve(ctx context.Context, name string, cmd *exec.Cmd) (*replica, error) {
	r := &replica{name: name}
	log := filepath.Join(c.dir, fmt.Sprintf("%s-%d.log", name, time.Now().UnixNano()))
	cmd.Env = append(c.environment(), cmd.Env...)
	var err error
	if r.process, err = launch(cmd, log); err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: probeTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	err = r.await(ctx, startPatience, func(ctx context.Context) error {
		text, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		if r.public, r.operators = listening.Addresses(string(text)); r.public == "" || r.operators == "" {
			return errors.New("it does not listen yet")
		}
		if !ready(ctx, client, r.operators) {
			return errors.New("it is not ready")
		}
		return nil
	})
	if err != nil {
		r.kill()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return r, nil
}

// replace starts a new replica in the place of one, and stops the old one as Kubernetes does: first the balancer sends it nothing
// more, then it is told to stop.
func (c *cluster) replace(ctx context.Context, i int, cmd *exec.Cmd) error {
	old := c.replicas[i]
	return c.exchange(ctx, i, cmd, func() error {
		old.member.leaving.Store(true)
		return wait(ctx, noticed)
	})
}

// exchange starts a new replica in the place of one, and stops the old one once warn has returned.
func (c *cluster) exchange(ctx context.Context, i int, cmd *exec.Cmd, warn func() error) error {
	fresh, err := c.start(ctx, c.replicas[i].name, cmd)
	if err != nil {
		return err
	}
	old := c.replicas[i]
	c.replicas[i] = fresh
	if err := warn(); err != nil {
		return err
	}
	err = old.stop(syscall.SIGTERM, stopPatience)
	c.balancer.remove(old.member)
	if code := old.cmd.ProcessState.ExitCode(); err == nil && code != 0 {
		err = fmt.Errorf("%s left with %d:\n%s", old.name, code, old.lastWords())
	}
	return err
}

// restart starts a replica anew in the place of one that is gone.
func (c *cluster) restart(ctx context.Context, i int) error {
	c.balancer.remove(c.replicas[i].member)
	fresh, err := c.start(ctx, c.replicas[i].name, exec.Command(c.program))
	if err == nil {
		c.replicas[i] = fresh
	}
	return err
}

// close stops everything. What was started last goes first.
func (c *cluster) close() error {
	var errs []error
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, r := range c.replicas {
		all.Go(func() {
			err := r.stop(syscall.SIGTERM, stopPatience)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	all.Wait()
	if c.balancer != nil {
		c.balancer.stop()
	}
	for _, p := range c.proxies {
		p.Stop()
	}
	if c.sink != nil {
		errs = append(errs, c.sink.stop())
	}
	if c.redis != nil && c.redis.process != nil {
		errs = append(errs, c.redis.stop(syscall.SIGTERM, stopPatience))
	}
	if c.postgres != nil && c.postgres.process != nil {
		errs = append(errs, c.postgres.stopFast())
	}
	return errors.Join(errs...)
}

// reply is an answer to a call.
type reply struct {
	status int
	body   []byte
}

// call makes one request that is not part of the load.
func (c *cluster) call(ctx context.Context, addr, host, method, path string, header map[string]string, body any) (reply, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return reply{}, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, content)
	if err != nil {
		return reply{}, err
	}
	if host != "" {
		r.Host = host
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	return reply{res.StatusCode, text}, errors.Join(err, res.Body.Close())
}

// generous are limits that count, in Redis, and are reached by nobody.
var generous = map[string]any{
	"login": "1000000/m/ip", "login_failed": "1000000/m/ip,1000000/5m/key", "signup": "1000000/m/ip",
	"change_password": "1000000/m/user", "manage_email": "1000000/m/user",
}

// tenant makes a tenant that hands out tokens and has limits that count but do not bite.
func (c *cluster) tenant(ctx context.Context, on *replica, crowd *crowd) error {
	return c.makeTenant(ctx, on, crowd.host, map[string]any{
		"account":  map[string]any{"email_verification": "optional", "rate_limits": generous},
		"headless": map[string]any{"token_strategy": "jwt"},
	})
}

// makeTenant makes a tenant with these settings, which has the first word of its host for a slug.
func (c *cluster) makeTenant(ctx context.Context, on *replica, host string, config map[string]any) error {
	slug, _, _ := strings.Cut(host, ".")
	got, err := c.call(ctx, on.operators, "", http.MethodPost, "/admin/v1/tenants", map[string]string{"Authorization": "Bearer " + c.token},
		map[string]any{"slug": slug, "name": "Faults", "hosts": []string{host}, "config": config})
	if err == nil && got.status != http.StatusCreated {
		err = fmt.Errorf("the answer is %d: %s", got.status, clip(string(got.body)))
	}
	if err != nil {
		return fmt.Errorf("make the tenant %s: %w", slug, err)
	}
	return nil
}

// populate has people sign up: some whose sessions are only read, and some who go on from there.
func (c *cluster) populate(ctx context.Context, crowd *crowd) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i := range readers + initial {
		crowd.mu.Lock()
		p := crowd.newcomer()
		crowd.mu.Unlock()
		g.Go(func() error {
			a := signingUp(p)
			got, err := c.send(ctx, crowd, a)
			if err != nil {
				return fmt.Errorf("sign up: %w", err)
			}
			if got.status != a.good() {
				return fmt.Errorf("sign up: the answer is %d: %s", got.status, clip(string(got.body)))
			}
			crowd.done(a, got.body)
			crowd.mu.Lock()
			defer crowd.mu.Unlock()
			p.busy, p.reader = false, i < readers
			if p.reader {
				crowd.readers = append(crowd.readers, p.token)
			} else {
				crowd.idle = append(crowd.idle, p)
			}
			return nil
		})
	}
	return g.Wait()
}

// send sends an act apart from the load.
func (c *cluster) send(ctx context.Context, crowd *crowd, a *act) (reply, error) {
	method, path, _ := a.request()
	header := map[string]string{}
	for name, values := range crowd.header(a) {
		header[name] = strings.Join(values, ",")
	}
	var body any
	if a.body != nil {
		body = a.body
	}
	return c.call(ctx, crowd.addr, crowd.host, method, path, header, body)
}

// buildServer builds the program under test.
func buildServer(ctx context.Context, root, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", to, serverPackage)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return nil
}
