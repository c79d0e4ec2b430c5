// Alerts checks what is in helm/vestibule/files for whoever watches a server: that the alert rules are what Prometheus reads, that each
// alert fires when it should and at no other time, and that every expression of the dashboard is one.
//
// It runs promtool, which is named with -promtool: "check rules" on the alert rules and on a file of rules that is made of the dashboard's
// expressions, and "test rules" on the unit tests in helm/check/alerts. What holds between these files and the documentation (that each
// metric exists, that each alert has a page) is tested in internal/meta.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	rules     = "helm/vestibule/files/alerts.yaml"
	dashboard = "helm/vestibule/files/dashboard.json"
	tests     = "helm/check/alerts/*.test.yaml"
)

func main() {
	promtool := flag.String("promtool", "promtool", "the `program`")
	flag.Parse()
	if err := check(*promtool); err != nil {
		fmt.Fprintln(os.Stderr, "alerts:", err)
		os.Exit(1)
	}
}

func check(promtool string) error {
	text, err := os.ReadFile(dashboard)
	if err != nil {
		return err
	}
	made, n, err := rulesOf(text)
	if err != nil {
		return fmt.Errorf("%s: %w", dashboard, err)
	}
	dir, err := os.MkdirTemp("", "alerts")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "dashboard.json")
	if err := os.WriteFile(file, made, 0o600); err != nil {
		return err
	}
	units, err := filepath.Glob(tests)
	if err != nil || len(units) == 0 {
		return fmt.Errorf("no %s: %w", tests, err)
	}
	if err := run(promtool, "check", "rules", rules, file); err != nil {
		return err
	}
	if err := run(promtool, append([]string{"test", "rules"}, units...)...); err != nil {
		return err
	}
	fmt.Printf("alerts: the rules, their tests in %d files and %d expressions of the dashboard are in order\n", len(units), n)
	return nil
}

// run runs promtool, and shows what it says if it fails.
func run(promtool string, args ...string) error {
	out, err := exec.Command(promtool, args...).CombinedOutput() // #nosec G204 -- the Makefile names it
	if err != nil {
		return fmt.Errorf("promtool %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// panel is what is read of a panel of a dashboard, or of one of its annotations.
type panel struct {
	Title   string `json:"title"`
	Expr    string `json:"expr"`
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
	Panels []panel `json:"panels"` // of a row that is folded
}

// rulesOf makes a recording rule of each expression of a dashboard, with what stands for Grafana's variables. JSON is YAML.
func rulesOf(text []byte) (file []byte, n int, err error) {
	var d struct {
		Panels      []panel `json:"panels"`
		Annotations struct {
			List []panel `json:"list"`
		} `json:"annotations"`
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, 0, err
	}
	type rule struct {
		Record string            `json:"record"`
		Expr   string            `json:"expr"`
		Labels map[string]string `json:"labels"`
	}
	variables := strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h", "$cluster", "c", "$namespace", "n", "$job", "j", "$tenant", "t")
	var all []rule
	add := func(title, expr string) {
		if expr != "" {
			all = append(all, rule{
				Record: "dashboard:expression", Expr: variables.Replace(expr), Labels: map[string]string{"panel": title, "n": fmt.Sprint(len(all))},
			})
		}
	}
	var walk func(panels []panel)
	walk = func(panels []panel) {
		for _, p := range panels {
			add(p.Title, p.Expr)
			for _, t := range p.Targets {
				add(p.Title, t.Expr)
			}
			walk(p.Panels)
		}
	}
	walk(d.Panels)
	walk(d.Annotations.List)
	if len(all) == 0 {
		return nil, 0, errors.New("it asks for nothing")
	}
	file, err = json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": all}}})
	return file, len(all), err
}
