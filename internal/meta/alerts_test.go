package meta_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// alert is what is read of a rule.
type alert struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alert } }
	if err := yaml.Unmarshal([]byte(read(t, "helm/vestibule/files/alerts.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 30 {
		t.Fatalf("only %d rules were found", len(all))
	}
	return all
}

const runbook = "https://github.com/vestibule-auth/vestibule/blob/main/docs/runbook.md"

// Whoever is woken finds a page under the address that the alert gives, and every page has an alert.
func TestEveryAlertHasAPage(t *testing.T) {
	page := read(t, "docs/runbook.md")
	headings := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(page, -1) {
		headings[m[1]] = true
	}
	for _, a := range alerts(t) {
		if a.Alert == "" {
			continue
		}
		if !headings[a.Alert] {
			t.Errorf("docs/runbook.md says nothing of %s", a.Alert)
		}
		delete(headings, a.Alert)
		if want := runbook + "#" + strings.ToLower(a.Alert); a.Annotations["runbook_url"] != want {
			t.Errorf("%s leads to %q, not to %q", a.Alert, a.Annotations["runbook_url"], want)
		}
		if a.Annotations["summary"] == "" || a.Annotations["description"] == "" || !slices.Contains([]string{"critical", "warning"}, a.Labels["severity"]) {
			t.Errorf("%s lacks a summary, a description or a severity", a.Alert)
		}
	}
	if len(headings) > 0 {
		t.Errorf("docs/runbook.md has pages of alerts that there are not: %v", slices.Sorted(maps.Keys(headings)))
	}
	for _, part := range strings.Split(page, "\n### ")[1:] {
		name, text, _ := strings.Cut(part, "\n")
		for _, needed := range []string{"**Means", "**People see**", "ook", "o:**", "**Escalate"} {
			if !strings.Contains(text, needed) && !strings.Contains(strings.ReplaceAll(text, "**Do** ", "**Do:** "), needed) {
				t.Errorf("the page of %s lacks %q", name, needed)
			}
		}
	}
}

// Every alert has a case in which it fires and one in which it does not.
func TestEveryAlertIsTested(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "helm", "check", "alerts", "*.test.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of alerts: %v", err)
	}
	fires, quiet := map[string]bool{}, map[string]bool{}
	of := regexp.MustCompile(`^ALERTS\{alertname="(\w+)", alertstate="firing"\}$`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Tests []struct {
				Expressions []struct {
					Expr    string
					Samples []any `yaml:"exp_samples"`
				} `yaml:"promql_expr_test"`
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, test := range file.Tests {
			for _, e := range test.Expressions {
				m := of.FindStringSubmatch(e.Expr)
				if m == nil {
					t.Fatalf("%s asks for %s", name, e.Expr)
				}
				if len(e.Samples) > 0 {
					fires[m[1]] = true
				} else {
					quiet[m[1]] = true
				}
			}
		}
	}
	for _, a := range alerts(t) {
		if a.Alert != "" && (!fires[a.Alert] || !quiet[a.Alert]) {
			t.Errorf("%s: there is a case in which it fires: %t; one in which it does not: %t", a.Alert, fires[a.Alert], quiet[a.Alert])
		}
		delete(fires, a.Alert)
	}
	if len(fires) > 0 {
		t.Errorf("there are cases of alerts that there are not: %v", slices.Sorted(maps.Keys(fires)))
	}
}

var (
	ofOurs = regexp.MustCompile(`\bvestibule_[a-z_]+\b`)
	listed = regexp.MustCompile("(?m)^\\| `(vestibule_[a-z_]+)` \\| (\\w+) \\|")
)

// What is asked for is there: docs/metrics.md is held to what is registered, and whoever names a metric is held to that.
func TestEveryMetricThatIsNamedExists(t *testing.T) {
	known := map[string]string{}
	for _, m := range listed.FindAllStringSubmatch(read(t, "docs/metrics.md"), -1) {
		known[m[1]] = m[2]
	}
	if len(known) < 50 {
		t.Fatalf("docs/metrics.md lists only %d metrics", len(known))
	}
	names := map[string][]string{}
	note := func(where, text string) {
		names[where] = append(names[where], ofOurs.FindAllString(text, -1)...)
	}
	asked := map[string]bool{}
	for _, a := range alerts(t) {
		note("the rule "+a.Alert+a.Record, a.Expr)
	}
	var dashboard any
	if err := json.Unmarshal([]byte(read(t, "helm/vestibule/files/dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, one := range v {
				if text, ok := one.(string); ok && slices.Contains([]string{"expr", "query", "definition"}, key) {
					note("the dashboard", text)
				}
				walk(one)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(dashboard)
	for _, name := range []string{
		"docs/runbook.md", "docs/metrics.md", "docs/running.md", "docs/messages.md", "docs/webhooks.md", "docs/second-factors.md",
	} {
		note(name, read(t, name))
	}
	notMetrics := []string{"vestibule_operator", "vestibule_operator_csrf"} // cookies
	for where, all := range names {
		for _, name := range all {
			base := name
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if cut := strings.TrimSuffix(name, suffix); known[cut] == "histogram" {
					base = cut
				}
			}
			if known[base] == "" && !slices.Contains(notMetrics, name) {
				t.Errorf("%s names %s, which is no metric", where, name)
			}
			if where == "the dashboard" {
				asked[base] = true
			}
		}
	}
	for name := range known {
		if !asked[name] {
			t.Errorf("%s is not on the dashboard", name)
		}
	}
}

// What Grafana takes for granted of a dashboard.
func TestDashboardIsWhole(t *testing.T) {
	var d struct {
		UID, Title    string
		SchemaVersion int
		Templating    struct {
			List []struct{ Name, Type string }
		}
		Panels []struct {
			ID          int
			Type, Title string
			Datasource  struct{ Type, UID string }
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "helm/vestibule/files/dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	if d.UID == "" || d.Title == "" || d.SchemaVersion < 39 {
		t.Errorf("uid %q, title %q, schema version %d", d.UID, d.Title, d.SchemaVersion)
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	if !slices.Equal(variables, []string{"datasource", "cluster", "namespace", "job", "tenant"}) {
		t.Errorf("the variables are %v", variables)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 {
			t.Errorf("%s has an id that another panel has: %d", p.Title, p.ID)
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("%s does not fit on the page: %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%s lies on %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Title == "" || p.Datasource.Type != "prometheus" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("panel %d lacks a title, the data source or something to ask: %+v", p.ID, p)
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if refs[target.RefID] || target.Expr == "" {
				t.Errorf("%s asks twice under one name, or for nothing", p.Title)
			}
			refs[target.RefID] = true
		}
	}
}
