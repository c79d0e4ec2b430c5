package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
)

// The restricted pod security standard, point by point, and beyond it: root file systems that nobody can write to, and no token of the cluster's.
func TestEveryPodIsRestricted(t *testing.T) {
	forEach(t, func(t *testing.T, _ string, objects []object) {
		all := pods(objects)
		if len(all) == 0 {
			t.Fatal("there are no pods")
		}
		for name, pod := range all {
			for _, fault := range unrestricted(pod.Spec) {
				t.Errorf("%s: %s", name, fault)
			}
		}
	})
}

func unrestricted(pod core.PodSpec) []string {
	var faults []string
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	want(pod.AutomountServiceAccountToken != nil && !*pod.AutomountServiceAccountToken, "it has a token of the cluster's")
	want(pod.EnableServiceLinks != nil && !*pod.EnableServiceLinks, "it is told of services in variables")
	want(!pod.HostNetwork && !pod.HostPID && !pod.HostIPC, "it is in the node's namespaces")
	s := pod.SecurityContext
	want(s != nil && s.RunAsNonRoot != nil && *s.RunAsNonRoot, "it may run as root")
	want(s != nil && s.RunAsUser != nil && *s.RunAsUser > 0, "it says no user")
	want(s != nil && s.SeccompProfile != nil && s.SeccompProfile.Type == core.SeccompProfileTypeRuntimeDefault, "it has no seccomp profile")
	for _, v := range pod.Volumes {
		want(v.HostPath == nil, "the volume %s is of the node", v.Name)
		if v.Secret != nil {
			want(v.Secret.DefaultMode != nil && *v.Secret.DefaultMode == 0o440, "everybody in the pod can read the volume %s", v.Name)
			want(len(v.Secret.Items) > 0, "the volume %s has more of a secret than is needed", v.Name)
		}
	}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		s := c.SecurityContext
		want(s != nil && s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation, "%s may become more than it is", c.Name)
		want(s != nil && s.ReadOnlyRootFilesystem != nil && *s.ReadOnlyRootFilesystem, "%s can write to its root", c.Name)
		want(s != nil && s.Capabilities != nil && slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) && len(s.Capabilities.Add) == 0, "%s has capabilities", c.Name)
		want(s != nil && (s.Privileged == nil || !*s.Privileged), "%s is privileged", c.Name)
		for _, p := range c.Ports {
			want(p.HostPort == 0, "%s has a port of the node", c.Name)
		}
		for _, resource := range []core.ResourceName{core.ResourceMemory, core.ResourceEphemeralStorage} {
			limit := c.Resources.Limits[resource]
			want(!limit.IsZero(), "%s has no limit of %s", c.Name, resource)
		}
		want(!c.Resources.Requests.Cpu().IsZero(), "%s asks for no CPU", c.Name)
		want(len(c.Command) == 0, "%s names a program: where it is, is the image's to know", c.Name)
	}
	return faults
}

func TestUnrestrictedPodsAreFound(t *testing.T) {
	if faults := unrestricted(core.PodSpec{Containers: []core.Container{{Name: "c", Command: []string{"/bin/sh"}}}}); len(faults) < 12 {
		t.Errorf("of a pod that says nothing, it says %q", faults)
	}
}

// The value sets have secrets with these words in them.
var secretWords = []string{"s3cret", "MDEyMzQ1Njc4OWFi", "a-token-of-more"}

func TestSecretsAreInSecretsAlone(t *testing.T) {
	found := 0
	for _, set := range sets(t) {
		for _, o := range decode(t, render(t, set)) {
			for _, word := range secretWords {
				switch in := strings.Contains(o.text, word); {
				case o.kind == "Secret" && strings.Contains(decoded(o.typed.(*core.Secret)), word):
					found++
				case in:
					t.Errorf("%s: a secret is in %s %s", set, o.kind, o.GetName())
				}
			}
		}
	}
	if found < 6 {
		t.Errorf("secrets were found in %d places only", found)
	}
}

func decoded(s *core.Secret) string {
	var b strings.Builder
	for _, v := range s.Data {
		b.Write(v)
		b.WriteByte('\n')
	}
	for _, v := range s.StringData {
		b.WriteString(v)
	}
	return b.String()
}

// Variables are seen by whoever may look at a pod, and passed on to children. Secrets are files.
func TestSecretsAreFiles(t *testing.T) {
	forEach(t, func(t *testing.T, set string, objects []object) {
		for name, pod := range pods(objects) {
			for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
				for _, from := range c.EnvFrom {
					if from.SecretRef != nil {
						t.Errorf("%s: %s takes a whole secret as variables", name, c.Name)
					}
				}
				for _, e := range c.Env {
					// The collector's headers have no other way in.
					if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && e.Name != "OTEL_EXPORTER_OTLP_HEADERS" {
						t.Errorf("%s: %s has a secret in %s", name, c.Name, e.Name)
					}
					for _, secret := range []string{"DATABASE_URL", "SECRET_KEY", "ADMIN_TOKEN", "REDIS_URL", "SMTP_URL"} {
						if e.Name == "VESTIBULE_"+secret && !strings.HasPrefix(e.Value, "sqlite:") {
							t.Errorf("%s: %s has %s as a variable", name, c.Name, e.Name)
						}
					}
				}
				if set == "sqlite" {
					continue
				}
				// What a variable names as a file is mounted.
				for _, e := range c.Env {
					if file, ok := strings.CutPrefix(e.Value, "/run/secrets/vestibule/"); ok && strings.HasSuffix(e.Name, "_FILE") && !mounted(pod.Spec, c, file) {
						t.Errorf("%s: %s names %s, which nothing mounts", name, c.Name, e.Value)
					}
				}
			}
		}
	})
}

func mounted(pod core.PodSpec, c core.Container, file string) bool {
	for _, m := range c.VolumeMounts {
		if m.MountPath != "/run/secrets/vestibule" {
			continue
		}
		for _, v := range pod.Volumes {
			if v.Name == m.Name && slices.ContainsFunc(v.Secret.Items, func(i core.KeyToPath) bool { return i.Path == file }) {
				return true
			}
		}
	}
	return false
}

// The job that migrates is given the database's URL, and nothing else.
func TestMigrationHasOneSecret(t *testing.T) {
	for _, set := range []string{"minimal", "production", "gateway", "external-secrets"} {
		job := find[*batch.Job](t, decode(t, render(t, set)), nameOf(set)+"-migrate")
		for _, v := range job.Spec.Template.Spec.Volumes {
			if v.Secret != nil && (len(v.Secret.Items) != 1 || v.Secret.Items[0].Key != "database-url") {
				t.Errorf("%s: the migration is given %v", set, v.Secret.Items)
			}
		}
	}
}

// nameOf is the name of a value set's objects.
func nameOf(set string) string {
	if set == "gateway" {
		return "auth"
	}
	return release
}

// A hook runs before the release's objects are there. Whatever it names must be a hook that comes before it, or somebody else's.
func TestHooksNeedNothingThatComesLater(t *testing.T) {
	forEach(t, func(t *testing.T, set string, objects []object) {
		made := map[string]string{} // "Kind name" to the hook
		weight := map[string]string{}
		for _, o := range objects {
			made[o.kind+" "+o.GetName()] = o.GetAnnotations()["helm.sh/hook"]
			weight[o.kind+" "+o.GetName()] = o.GetAnnotations()["helm.sh/hook-weight"]
			if e, ok := o.typed.(*externalSecret); ok {
				made["Secret "+e.Spec.Target.Name] = o.GetAnnotations()["helm.sh/hook"]
				weight["Secret "+e.Spec.Target.Name] = o.GetAnnotations()["helm.sh/hook-weight"]
			}
		}
		hooks := 0
		for name, pod := range pods(objects) {
			if !strings.HasPrefix(made[name], "pre-install") {
				continue
			}
			hooks++
			var needs []string
			if a := pod.Spec.ServiceAccountName; a != "" {
				needs = append(needs, "ServiceAccount "+a)
			}
			for _, v := range pod.Spec.Volumes {
				switch {
				case v.Secret != nil:
					needs = append(needs, "Secret "+v.Secret.SecretName)
				case v.ConfigMap != nil:
					needs = append(needs, "ConfigMap "+v.ConfigMap.Name)
				case v.PersistentVolumeClaim != nil:
					needs = append(needs, "PersistentVolumeClaim "+v.PersistentVolumeClaim.ClaimName)
				}
			}
			for _, c := range pod.Spec.Containers {
				for _, from := range c.EnvFrom {
					if from.ConfigMapRef != nil {
						needs = append(needs, "ConfigMap "+from.ConfigMapRef.Name)
					}
				}
			}
			for _, need := range needs {
				if hook, ours := made[need]; ours && (hook != made[name] || weight[need] != "-10" || weight[name] != "0") {
					t.Errorf("%s needs %s, which is not there yet", name, need)
				}
			}
		}
		if byPod := set == "trial" || set == "sqlite"; byPod == (hooks > 0) {
			t.Errorf("there are %d hooks that migrate", hooks)
		}
	})
}

// What is made by the chart itself cannot be waited for by a hook: there the pod migrates.
func TestPodsMigrateWhereTheChartMakesTheDatabase(t *testing.T) {
	for _, set := range []string{"trial", "sqlite"} {
		d := find[*apps.Deployment](t, decode(t, render(t, set)), release)
		first := d.Spec.Template.Spec.InitContainers
		if len(first) != 1 || !slices.Equal(first[0].Args, []string{"--migrate", "--wait", "2m"}) {
			t.Errorf("%s: the pod begins with %v", set, first)
		}
	}
	if out := render(t, "trial", "migration.enabled=false"); strings.Contains(out, "--migrate") {
		t.Error("it migrates though it was told not to")
	}
	if out := render(t, "minimal", "migration.enabled=false"); strings.Contains(out, "--migrate") {
		t.Error("it migrates though it was told not to")
	}
}

// The operators' port is for the operators' own service, and for an ingress of theirs where one is asked for.
func TestThePublicNeverReachesTheOperatorsPort(t *testing.T) {
	forEach(t, func(t *testing.T, set string, objects []object) {
		for _, o := range objects {
			switch v := o.typed.(type) {
			case *core.Service:
				operators := slices.ContainsFunc(v.Spec.Ports, func(p core.ServicePort) bool {
					return p.TargetPort.String() == "operators" || p.TargetPort.IntValue() == 9090
				})
				if want := strings.HasSuffix(v.Name, "-operators"); operators != want {
					t.Errorf("the service %s leads to the operators: %t", v.Name, operators)
				}
				if operators && (v.Spec.Type != core.ServiceTypeClusterIP || len(v.Spec.Ports) != 1 || len(v.Spec.ExternalIPs) > 0) {
					t.Errorf("the operators' service is %+v", v.Spec)
				}
			case *networking.Ingress:
				for _, rule := range v.Spec.Rules {
					for _, path := range rule.HTTP.Paths {
						if operators := strings.HasSuffix(path.Backend.Service.Name, "-operators"); operators && (set != "production" || v.Name != release+"-operators") {
							t.Errorf("the ingress %s leads %s to the operators", v.Name, rule.Host)
						}
					}
				}
			case *gateway.HTTPRoute:
				for _, rule := range v.Spec.Rules {
					for _, b := range rule.BackendRefs {
						if string(b.Name) != nameOf(set) {
							t.Errorf("the route leads to %s", b.Name)
						}
					}
				}
			}
		}
	})
}

// By default nobody but the chart's own job reaches the operators' port, and everybody the public one.
func TestPoliciesAdmitWhoIsNamed(t *testing.T) {
	admits := func(objects []object, pod string, port string) (everybody bool, peers []networking.NetworkPolicyPeer) {
		for _, o := range objects {
			p, ok := o.typed.(*networking.NetworkPolicy)
			if !ok || !slices.Contains(p.Spec.PolicyTypes, networking.PolicyTypeIngress) || !selects(t, p.Spec.PodSelector, pods(objects)[pod].Labels) {
				continue
			}
			for _, rule := range p.Spec.Ingress {
				if slices.ContainsFunc(rule.Ports, func(r networking.NetworkPolicyPort) bool { return r.Port.String() == port }) {
					everybody = everybody || len(rule.From) == 0
					peers = append(peers, rule.From...)
				}
				if len(rule.Ports) == 0 {
					t.Errorf("%s admits to every port", p.Name)
				}
			}
		}
		return everybody, peers
	}
	minimal := decode(t, render(t, "minimal"))
	if everybody, _ := admits(minimal, "Deployment vestibule", "8080"); !everybody {
		t.Error("the public cannot reach the public port")
	}
	everybody, peers := admits(minimal, "Deployment vestibule", "9090")
	if everybody || len(peers) != 1 || peers[0].PodSelector == nil || peers[0].PodSelector.MatchLabels["app.kubernetes.io/component"] != "tenants" {
		t.Errorf("the operators' port is reached by %t, %v", everybody, peers)
	}
	production := decode(t, render(t, "production"))
	if everybody, peers := admits(production, "Deployment vestibule", "9090"); everybody || len(peers) != 3 {
		t.Errorf("the operators' port is reached by %t, %v", everybody, peers)
	}
	if everybody, peers := admits(production, "Deployment vestibule", "8080"); everybody || len(peers) != 1 {
		t.Errorf("the public port is reached by %t, %v", everybody, peers)
	}
	// Every pod is selected by a policy, and the databases let nobody in but the release's own pods.
	trial := decode(t, render(t, "trial"))
	for name, pod := range pods(trial) {
		if !slices.ContainsFunc(trial, func(o object) bool {
			p, ok := o.typed.(*networking.NetworkPolicy)
			return ok && selects(t, p.Spec.PodSelector, pod.Labels)
		}) {
			t.Errorf("no policy is about %s", name)
		}
	}
	for pod, port := range map[string]string{"StatefulSet vestibule-postgresql": "5432", "StatefulSet vestibule-redis": "6379"} {
		if everybody, peers := admits(trial, pod, port); everybody || len(peers) != 1 {
			t.Errorf("%s is reached by %t, %v", pod, everybody, peers)
		}
	}
}

func selects(t *testing.T, s meta.LabelSelector, of map[string]string) bool {
	t.Helper()
	selector, err := meta.LabelSelectorAsSelector(&s)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(labels.Set(of))
}

// Services, budgets and autoscalers are about the pods that they mean: the server's, and not those of jobs or databases.
func TestSelectorsMeanTheServer(t *testing.T) {
	forEach(t, func(t *testing.T, set string, objects []object) {
		for _, o := range objects {
			s, ok := o.typed.(*core.Service)
			if !ok {
				continue
			}
			var of []string
			for name, pod := range pods(objects) {
				if labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels)) {
					of = append(of, name)
				}
			}
			want := "Deployment " + nameOf(set)
			if part := s.Labels["app.kubernetes.io/component"]; part == "postgresql" || part == "redis" {
				want = "StatefulSet " + s.Name
			}
			if !slices.Equal(of, []string{want}) {
				t.Errorf("the service %s is of %v", s.Name, of)
			}
		}
	})
}

// A secret that the chart made up outlives the release; nothing that is left behind has one in the clear that is not its own.
func TestWhatIsLeftBehind(t *testing.T) {
	forEach(t, func(t *testing.T, set string, objects []object) {
		for _, o := range objects {
			keep := o.GetAnnotations()["helm.sh/resource-policy"] == "keep"
			want := o.kind == "Secret" && o.GetName() == nameOf(set) || o.kind == "PersistentVolumeClaim"
			if keep != want {
				t.Errorf("uninstalling leaves %s %s: %t", o.kind, o.GetName(), keep)
			}
			if o.GetAnnotations()["helm.sh/hook"] != "" && o.GetAnnotations()["helm.sh/hook-delete-policy"] != "before-hook-creation,hook-succeeded" {
				t.Errorf("%s %s stays when it has succeeded", o.kind, o.GetName())
			}
		}
	})
}
