// Command roll upgrades a release of the chart in a cluster of yours while people use it, and says whether anybody noticed. "make roll"
// runs it:
//
//	helm install vestibule helm/vestibule --namespace auth -f helm/check/roll/values.yaml …
//	make roll ROLL='-namespace auth -url http://172.18.0.2:30080'
//
// The URL has to lead to the public service and not to one pod of it: a node port, a load balancer, an ingress, or from a node the
// service's own address. "kubectl port-forward" will not do. Helm and kubectl reach the cluster by KUBECONFIG, as ever.
//
// Half of the requests go over connections that are kept, as a proxy's are, and half over new ones. Sessions are checked, people sign up and
// log in. Each upgrade changes what its -set says; without one, there are two that change an annotation of the pods, which replaces them
// all the same. Then a replica is evicted, as a node that is drained does. In the end every account that somebody was told of has to be
// there. It fails if a request did, or an account is missing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"
)

// quiet is how long the load goes on before, between and after what is done to the release.
const quiet = 5 * time.Second

// release is where it is, and how it is reached.
type release struct {
	helm, kubectl, chart, namespace, name string
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

// Set adds one.
func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "roll:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var r release
	var sets list
	flags := flag.NewFlagSet("roll", flag.ContinueOnError)
	flags.StringVar(&r.helm, "helm", "helm", "the helm program")
	flags.StringVar(&r.kubectl, "kubectl", "kubectl", "the kubectl program")
	flags.StringVar(&r.chart, "chart", "helm/vestibule", "the chart")
	flags.StringVar(&r.namespace, "namespace", "default", "the namespace of the release")
	flags.StringVar(&r.name, "release", "vestibule", "the name of the release, and of its deployment")
	flags.Var(&sets, "set", "what an upgrade changes, such as image.tag=v1.2.3; given several times, as many upgrades")
	url := flags.String("url", "", "where the public service is reached")
	host := flags.String("host", "roll.localhost", "the host of the tenant, as in roll/values.yaml")
	rate := flags.Int("rate", 100, "requests a second")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	if *url == "" || *rate < 1 || flags.NArg() > 0 {
		return errors.New("-url is needed, a -rate of 1 or more, and nothing but flags")
	}
	if len(sets) == 0 {
		stamp := time.Now().Unix()
		sets = list{fmt.Sprintf("podAnnotations.rolled=at-%d", stamp), fmt.Sprintf("podAnnotations.rolled=at-%d", stamp+1)}
	}

	l, err := newLoad(ctx, strings.TrimSuffix(*url, "/"), *host)
	if err != nil {
		return err
	}
	ended := l.start(ctx, *rate)
	say(out, "%-44s %8s %9s %8s %8s %8s\n", "while", "took", "requests", "failed", "again", "p99")
	failed := 0
	phase := func(name string, do func() error) error {
		began := time.Now()
		if err := do(); err != nil {
			return err
		}
		t := l.cut()
		failed += t.failed()
		say(out, "%-44s %7.1fs %9d %8d %8d %5d ms\n", name, time.Since(began).Seconds(), t.requests, t.failed(), t.again, t.p99().Milliseconds())
		for _, c := range t.causes() {
			say(out, "    %s\n", c)
		}
		return nil
	}
	wait := func() error { return pause(ctx, quiet) }
	err = phase("nothing is done", wait)
	for _, set := range sets {
		if err == nil {
			err = phase("upgrade: "+set, func() error { return r.upgrade(ctx, set) })
		}
	}
	if err == nil {
		err = phase("a replica is evicted", func() error { return r.evict(ctx) })
	}
	if err == nil {
		err = phase("nothing is done", wait)
	}
	l.stop()
	<-ended
	if err != nil {
		return err
	}
	lost, accounts, err := l.lost(ctx)
	if err != nil {
		return err
	}
	say(out, "%d accounts were made, %d of them are lost\n", accounts, lost)
	if failed > 0 || lost > 0 {
		return fmt.Errorf("%d requests failed and %d accounts are lost", failed, lost)
	}
	return nil
}

// upgrade changes one value, and is over when the last replica of before is gone.
func (r release) upgrade(ctx context.Context, set string) error {
	if err := command(ctx, "", r.helm, "upgrade", r.name, r.chart, "--namespace", r.namespace, "--reuse-values", "--set-string", set, "--timeout", "10m"); err != nil {
		return err
	}
	return r.settled(ctx)
}

// settled waits until the replicas are what they should be, and those of before are gone.
func (r release) settled(ctx context.Context) error {
	if err := command(ctx, "", r.kubectl, "--namespace", r.namespace, "rollout", "status", "deployment/"+r.name, "--timeout", "10m"); err != nil {
		return err
	}
	for {
		pods, err := r.pods(ctx, "{range .items[*]}{.metadata.deletionTimestamp}{end}")
		if err != nil || pods == "" {
			return err
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

// evict has one replica go as a node that is drained has, which asks the disruption budget.
func (r release) evict(ctx context.Context) error {
	name, err := r.pods(ctx, "{.items[0].metadata.name}")
	if err != nil {
		return err
	}
	eviction := fmt.Sprintf(`{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": %q, "namespace": %q}}`, name, r.namespace)
	path := fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/eviction", r.namespace, name)
	if err := command(ctx, eviction, r.kubectl, "create", "--raw", path, "-f", "-"); err != nil {
		return err
	}
	return r.settled(ctx)
}

// pods is what a JSONPath template makes of the server's pods.
func (r release) pods(ctx context.Context, template string) (string, error) {
	selector := "app.kubernetes.io/component=server,app.kubernetes.io/instance=" + r.name
	out, err := exec.CommandContext(ctx, r.kubectl, "--namespace", r.namespace, "get", "pods", "--selector", selector, "-o", "jsonpath="+template).Output()
	if err != nil {
		return "", fmt.Errorf("list the pods: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// command runs a program, and if it fails says what it said.
func command(ctx context.Context, stdin, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, args[0], err, out)
	}
	return nil
}

// say writes a line to whoever watches. Where nobody can read it, the exit status still tells.
func say(out io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(out, format, args...)
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("interrupted: %w", ctx.Err())
	case <-time.After(d):
		return nil
	}
}
