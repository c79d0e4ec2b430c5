package check

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	chart   = "../vestibule"
	release = "vestibule"
	space   = "auth"
)

// program is where a program is.
func program(t *testing.T, variable, name string) string {
	t.Helper()
	if path := os.Getenv(variable); path != "" {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is needed: run make helm, or name it in %s", name, variable)
	}
	return path
}

// helm runs Helm and returns what it wrote. Nothing of the user's own configuration, and no cluster, has to do with it.
func helm(t *testing.T, args ...string) (out, complaints string, ok bool) {
	t.Helper()
	return helmWith(t, filepath.Join(t.TempDir(), "none"), args...)
}

func helmWith(t *testing.T, kubeconfig string, args ...string) (out, complaints string, ok bool) {
	t.Helper()
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program(t, "HELM", "helm"), args...)
	cmd.Env = []string{"HOME=" + home, "KUBECONFIG=" + kubeconfig, "PATH="}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("run helm: %v", err)
	}
	return stdout.String(), stderr.String(), err == nil
}

// sets are the names of the value sets.
func sets(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/values/*.yaml")
	if err != nil || len(paths) < 5 {
		t.Fatalf("there are %d value sets: %v", len(paths), err)
	}
	names := make([]string, 0, len(paths))
	for _, p := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(p), ".yaml"))
	}
	return names
}

// rendered is what was rendered already. Tests that look at the same do not render it again; one that comes too early does.
var rendered sync.Map

// render is what the chart makes of a value set and what is set over it.
func render(t *testing.T, set string, over ...string) string {
	t.Helper()
	args := template(set, over...)
	key := strings.Join(args, " ")
	if out, ok := rendered.Load(key); ok {
		return out.(string)
	}
	out, complaints, ok := helm(t, args...)
	if !ok {
		t.Fatalf("the chart cannot be rendered:\n%s", complaints)
	}
	rendered.Store(key, out)
	return out
}

func template(set string, over ...string) []string {
	args := []string{"template", release, chart, "--namespace", space, "--values", "testdata/values/" + set + ".yaml"}
	for _, o := range over {
		args = append(args, "--set", o)
	}
	return args
}

// forEach runs a test for each value set, on its objects.
func forEach(t *testing.T, test func(t *testing.T, set string, objects []object)) {
	t.Helper()
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			test(t, set, decode(t, render(t, set)))
		})
	}
}

func TestWhatIsMadeIsWhatWasLookedAt(t *testing.T) {
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			// The files of the metrics change more often than the chart, and are checked where they are made.
			got := withoutFiles(t, render(t, set))
			golden := "testdata/golden/" + set + ".yaml"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the chart makes something else of %s than %s has; look at it (git diff, after make helm-golden):\n%s", set, golden, firstDifference(string(want), got))
			}
		})
	}
}

// withoutFiles cuts the rules and the dashboard out of a rendering.
func withoutFiles(t *testing.T, text string) string {
	t.Helper()
	var kept []string
	for doc := range strings.SplitSeq(text, "\n---\n") {
		for mark, begins := range map[string]string{"kind: PrometheusRule\n": "\nspec:\n", "  name: vestibule-dashboard\n": "\ndata:\n"} {
			if before, _, ok := strings.Cut(doc, begins); ok && strings.Contains(doc, mark) {
				doc = before + begins + "  # (helm/vestibule/files)"
			}
		}
		kept = append(kept, strings.TrimRight(doc, " \n"))
	}
	return strings.Join(kept, "\n---\n") + "\n"
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is\n  %s\nand was\n  %s", i+1, b[i], a[i])
		}
	}
	return fmt.Sprintf("it has %d lines, and had %d", len(b), len(a))
}

func TestLintIsStrict(t *testing.T) {
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			if out, complaints, ok := helm(t, "lint", "--strict", chart, "--values", "testdata/values/"+set+".yaml"); !ok {
				t.Errorf("helm lint --strict:\n%s%s", out, complaints)
			}
		})
	}
}

func TestEveryTemplateIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, set := range sets(t) {
		for line := range strings.Lines(render(t, set)) {
			if name, ok := strings.CutPrefix(line, "# Source: vestibule/templates/"); ok {
				used[strings.TrimSpace(name)] = true
			}
		}
	}
	files, err := filepath.Glob(chart + "/templates/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !used[filepath.Base(f)] {
			t.Errorf("no value set makes anything of %s", f)
		}
	}
}

// notesOf is what the chart says after an installation.
func notesOf(t *testing.T, set string, over ...string) string {
	t.Helper()
	args := append([]string{"install", "--dry-run=client"}, template(set, over...)[1:]...)
	out, complaints, ok := helm(t, args...)
	if !ok {
		t.Fatal(complaints)
	}
	_, notes, _ := strings.Cut(out, "\nNOTES:\n")
	return notes
}

// Who may say where a client comes from has to be the proxy alone.
func TestNotesWarnOfForgedAddresses(t *testing.T) {
	for _, tt := range []struct {
		set, over string
		warns     bool
	}{
		{"minimal", "config.trustedProxyCount=0", false},
		{"minimal", "config.trustedProxyCount=1", true},
		{"minimal", "config.trustedClientIpHeader=X-Real-Ip", true},
		{"production", "networkPolicy.publicFrom=null", true},
		{"production", "networkPolicy.enabled=false", true},
		{"production", "networkPolicy.enabled=true", false},
	} {
		if notes := notesOf(t, tt.set, tt.over); strings.Contains(notes, "it could forge them") != tt.warns {
			t.Errorf("%s, %s:\n%s", tt.set, tt.over, notes)
		}
	}
	if notes := notesOf(t, "minimal", "tenants.existingSecret=tenants", "secrets.keys.adminToken=admin-token"); !strings.Contains(notes, "name its secret in tenants.token") {
		t.Errorf("nothing is said of the token that tenants are applied with:\n%s", notes)
	}
}

func TestNotesSayWhatIsNext(t *testing.T) {
	for _, tt := range []struct {
		set       string
		says, not []string
	}{
		{"minimal", []string{"wait for the secret vestibule with database-url, secret-key", "without Redis each replica", "There is no admin token", "http://localhost:9090/first-owner", "helm upgrade --wait"}, []string{"trials", "forge"}},
		{"production", []string{"https://vestibule.internal.example.org", "cronjob/vestibule-seal-keys", "{.data.admin-token}"}, []string{"WARNING", "trustedProxyCount", "for emergencies"}},
		{"gateway", []string{"Keep the secret key"}, []string{"WARNING", "s3cret"}},
		{"external-secrets", []string{"networkPolicy is off", "trustedProxyCount"}, []string{"without Redis"}},
		{"trial", []string{"the PostgreSQL and Redis of this chart are for trials", "Keep the secret key"}, []string{"s3cret", "without Redis"}},
		{"sqlite", []string{"with sqlite there is one replica"}, []string{"without Redis"}},
	} {
		t.Run(tt.set, func(t *testing.T) {
			t.Parallel()
			notes := notesOf(t, tt.set)
			for _, s := range tt.says {
				if !strings.Contains(notes, s) {
					t.Errorf("the notes do not say %q:\n%s", s, notes)
				}
			}
			for _, s := range tt.not {
				if strings.Contains(notes, s) {
					t.Errorf("the notes say %q:\n%s", s, notes)
				}
			}
		})
	}
}

// kubeScore is what kube-score says of a rendering: one line for each thing that it does not like.
func kubeScore(t *testing.T, text string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t, "KUBE_SCORE", "kube-score"), "score", "--output-format", "ci", "-")
	cmd.Stdin = strings.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("run kube-score: %v", err)
	}
	if !bytes.Contains(out, []byte("[OK]")) {
		t.Fatalf("kube-score says nothing: %s%s", out, stderr.String())
	}
	var all []string
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "[OK]") && !strings.HasPrefix(line, "[SKIPPED]") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

// answer is something that kube-score does not like, and why it is so all the same.
type answer struct {
	sets    []string // in which it says so; nil: any
	objects string   // what its line names; "" for any
	says    string
	because string
}

var answers = []answer{
	{nil, "", "ImagePullPolicy is not set to Always",
		"tags of releases never move, and a node that has the image must be able to start a replica while the registry is away"},
	{nil, "", "The pod does not have a matching egress NetworkPolicy",
		"nobody but the operator knows the ports of the database and of tenants' servers: networkPolicy.egress"},
	{nil, "/Deployment", "Deployment does not have a host podAntiAffinity set",
		"topology spread constraints do it, for zones too, and go on when there are more replicas than nodes"},
	{[]string{"trial"}, "/StatefulSet", "The container is running with a low user ID", "the official images have the users that they have; they are for trials"},
	{[]string{"trial"}, "/StatefulSet", "The container running with a low group ID", "the same"},
	{[]string{"external-secrets"}, "/Deployment", "CPU limit is not set", "the value set tries just that, with config.hashWorkers in its place"},
	{[]string{"external-secrets"}, "", "The pod does not have a matching NetworkPolicy", "the value set tries just that"},
	{[]string{"sqlite"}, "/Deployment", "Deployment update strategy", "two servers must not have one file"},
	{[]string{"sqlite"}, "/Deployment", "Deployment few replicas", "the same"},
}

func TestKubeScoreHasNothingToSayThatIsNotAnswered(t *testing.T) {
	needed := make([]bool, len(answers))
	for _, set := range sets(t) {
		for _, said := range kubeScore(t, render(t, set)) {
			at := slices.IndexFunc(answers, func(a answer) bool {
				return (a.sets == nil || slices.Contains(a.sets, set)) && strings.Contains(said, a.objects) && strings.Contains(said, a.says)
			})
			if at < 0 {
				t.Errorf("%s: %s", set, said)
				continue
			}
			needed[at] = true
		}
	}
	for i, a := range answers {
		if !needed[i] {
			t.Errorf("nobody says any more: %s (%s)", a.says, a.because)
		}
	}
}
