package check

import (
	"os"
	"regexp"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
)

// server is the deployment's pod.
func server(t *testing.T, objects []object, name string) (apps.DeploymentSpec, core.Container) {
	t.Helper()
	d := find[*apps.Deployment](t, objects, name)
	return d.Spec, d.Spec.Template.Spec.Containers[0]
}

// Kubernetes must wait longer than the server may take, and counts the hook that comes first as well.
func TestGracePeriodFollowsFromWhatItIsFor(t *testing.T) {
	for _, tt := range []struct {
		over string
		want int64
	}{
		{"replicas=2", 5 + 2 + 30 + 5},
		{"config.shutdownTimeout=10m", 5 + 2 + 600 + 5},
		{"config.shutdownTimeout=1m30s,preStopSeconds=20", 20 + 2 + 90 + 5},
		{"config.shutdownTimeout=45s,config.shutdownDelay=1m,preStopSeconds=1", 1 + 60 + 45 + 5},
	} {
		spec, c := server(t, decode(t, render(t, "minimal", tt.over)), release)
		if got := *spec.Template.Spec.TerminationGracePeriodSeconds; got != tt.want {
			t.Errorf("%s: it is %d, not %d", tt.over, got, tt.want)
		}
		if sleep := c.Lifecycle.PreStop.Sleep; sleep == nil || sleep.Seconds < 1 {
			t.Errorf("%s: nobody waits before the signal: %+v", tt.over, c.Lifecycle.PreStop)
		}
	}
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "Flag `--shutdown-timeout DURATION`, default `30s`") {
		t.Error("the server's default is another one than the chart reckons with")
	}
}

func TestMemoryIsReckonedFromTheLimit(t *testing.T) {
	for _, tt := range []struct{ over, want string }{
		{"replicas=2", "296MiB"}, // 384 - 2*20 - 48
		{"resources.limits.cpu=4,resources.limits.memory=1Gi", "896MiB"},
		{"resources.limits.cpu=500m", "296MiB"}, // Go sees two cores at least
		{"resources.limits.cpu=2500m", "276MiB"},
		{"resources.limits.cpu=null,config.hashWorkers=4,resources.limits.memory=0.5Gi", "384MiB"},
		{"config.hashWorkers=1", "316MiB"},
		{"goMemLimit=100MiB", "100MiB"},
		{"resources.limits.memory=300M", ""}, // in another unit it is left alone
	} {
		_, c := server(t, decode(t, render(t, "minimal", tt.over)), release)
		got := ""
		for _, e := range c.Env {
			if e.Name == "GOMEMLIMIT" {
				got = e.Value
			}
		}
		if got != tt.want {
			t.Errorf("%s: it is %q, not %q", tt.over, got, tt.want)
		}
	}
}

func TestReplicas(t *testing.T) {
	minimal := decode(t, render(t, "minimal"))
	spec, _ := server(t, minimal, release)
	if *spec.Replicas != 2 || spec.Strategy.RollingUpdate.MaxUnavailable.String() != "0" || spec.Strategy.RollingUpdate.MaxSurge.String() != "1" || spec.MinReadySeconds == 0 {
		t.Errorf("replicas are replaced like this: %+v", spec)
	}
	var spread []string
	for _, c := range spec.Template.Spec.TopologySpreadConstraints {
		if !selects(t, *c.LabelSelector, spec.Template.Labels) {
			t.Errorf("the constraint of %s is about other pods", c.TopologyKey)
		}
		spread = append(spread, c.TopologyKey)
	}
	if strings.Join(spread, " ") != "topology.kubernetes.io/zone kubernetes.io/hostname" {
		t.Errorf("they are spread over %v", spread)
	}
	production := decode(t, render(t, "production"))
	if spec, _ := server(t, production, release); spec.Replicas != nil {
		t.Error("an upgrade would undo what the autoscaler did")
	}
	if h := find[*autoscaling.HorizontalPodAutoscaler](t, production, release); *h.Spec.MinReplicas != 3 || h.Spec.MaxReplicas != 12 {
		t.Errorf("it is scaled from %d to %d", *h.Spec.MinReplicas, h.Spec.MaxReplicas)
	}
	for over, want := range map[string]bool{"replicas=1": false, "replicas=2": true, "podDisruptionBudget.enabled=false": false, "replicas=1,autoscaling.enabled=true": true} {
		if got := strings.Contains(render(t, "minimal", over), "kind: PodDisruptionBudget"); got != want {
			t.Errorf("%s: there is a budget: %t", over, got)
		}
	}
}

// A change of what a server reads at its start restarts it; nothing else does.
func TestChangesRestartTheReplicas(t *testing.T) {
	sums := func(set, over string) string {
		spec, _ := server(t, decode(t, render(t, set, over)), nameOf(set))
		a := spec.Template.Annotations
		return a["checksum/config"] + " " + a["checksum/secrets"]
	}
	was := sums("gateway", "replicas=3")
	for over, changes := range map[string]bool{
		"config.logLevel=debug": true, "otel.OTEL_SERVICE_NAME=x": true, "secrets.values.redisUrl=redis://other": true, "replicas=4": false, "service.port=81": false,
	} {
		if got := sums("gateway", over) != was; got != changes {
			t.Errorf("%s restarts the replicas: %t", over, got)
		}
	}
}

// Every setting of the server can be given: as a variable of the config map, or as a file of the secret.
func TestEverySettingReachesTheServer(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("### VESTIBULE_([A-Z_]+)\n\nFlag `--[a-z-]+ ([A-Z]+)`([^\n]*)").FindAllStringSubmatch(string(page), -1)
	if len(found) < 20 {
		t.Fatalf("only %d settings were found", len(found))
	}
	camel := func(name string) string {
		return regexp.MustCompile("_[a-z]").ReplaceAllStringFunc(strings.ToLower(name), func(s string) string { return strings.ToUpper(s[1:]) })
	}
	values := map[string]string{"NUMBER": "7", "BOOL": "true", "DURATION": "1m1s"}
	over := []string{"secrets.mode=existing"}
	want := map[string]string{}
	for _, m := range found {
		name, takes := m[1], m[2]
		switch {
		case name == "LISTEN":
			want["VESTIBULE_LISTEN"] = ":8080"
		case name == "ADMIN_LISTEN":
			want["VESTIBULE_ADMIN_LISTEN"] = ":9090"
		case name == "TRUSTED_CLIENT_IP_HEADER": // not together with the number of proxies
		case strings.Contains(m[3], "secret"):
			over = append(over, "secrets.keys."+camel(name)+"=key-"+camel(name))
			want["VESTIBULE_"+name+"_FILE"] = "/run/secrets/vestibule/key-" + camel(name)
		default:
			value := values[takes]
			if value == "" {
				value = "word"
			}
			over = append(over, "config."+camel(name)+"="+value)
			want["VESTIBULE_"+name] = value
		}
	}
	objects := decode(t, render(t, "minimal", over...))
	got := find[*core.ConfigMap](t, objects, release).Data
	_, c := server(t, objects, release)
	for _, e := range c.Env {
		got[e.Name] = e.Value
	}
	delete(got, "GOMEMLIMIT")
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, not %q", name, got[name], value)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("the server is given more than was asked for: %v", got)
	}
	if data := find[*core.ConfigMap](t, decode(t, render(t, "minimal", "config.trustedClientIpHeader=X-Real-Ip")), release).Data; data["VESTIBULE_TRUSTED_CLIENT_IP_HEADER"] != "X-Real-Ip" {
		t.Errorf("the header is not given: %v", data)
	}
	// What is not given is left to the server, so that the version before is not told of what it does not know: all but where it listens and
	// how it leaves, and how many connections its memory is enough for.
	if data := find[*core.ConfigMap](t, decode(t, render(t, "minimal")), release).Data; len(data) != 4 || data["VESTIBULE_SHUTDOWN_DELAY"] != "2s" ||
		data["VESTIBULE_MAX_CONNECTIONS"] != "2000" {
		t.Errorf("by default it is told %v", data)
	}
	if data := find[*core.ConfigMap](t, decode(t, render(t, "minimal", "config.allowPrivateNetworks=false", "config.trustedProxyCount=0")), release).Data; data["VESTIBULE_ALLOW_PRIVATE_NETWORKS"] != "false" || data["VESTIBULE_TRUSTED_PROXY_COUNT"] != "0" {
		t.Errorf("what is off is not told: %v", data)
	}
}

// Helm reads every number as a floating one, and would print a million as 1e+06.
func TestLargeNumbersStayWhatTheyAre(t *testing.T) {
	out := render(t, "trial", "podSecurityContext.runAsUser=1000670000", "postgresql.image.runAsUser=1000680000", "redis.image.runAsUser=1000690000")
	decode(t, out)
	for _, id := range []string{"1000670000", "1000680000", "1000690000"} {
		if !strings.Contains(out, "runAsUser: "+id+"\n") {
			t.Errorf("nobody runs as %s", id)
		}
	}
	if out := render(t, "minimal", "migration.deadlineSeconds=2000000", "config.databaseMaxConns=1000000"); !strings.Contains(out, "activeDeadlineSeconds: 2000000\n") ||
		!strings.Contains(out, `VESTIBULE_DATABASE_MAX_CONNS: "1000000"`) {
		t.Errorf("it makes %s", out)
	}
}
