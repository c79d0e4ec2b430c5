package httpd

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

var update = flag.Bool("update", false, "write the generated parts of the pages anew")

//go:generate go test -count=1 -run ^TestPageOfMetricsIsCurrent$ -update .

// parted are the parts of the page, and what the names in each begin with. The first that fits has a metric.
var parted = []struct{ title, begins string }{
	{"The process", "build_|ready|check_|memory_|trace_"},
	{"Requests and connections", "http_"},
	{"Signing in", "logins|signups|second_factors|limits_hit|session_"},
	{"Passwords", "hash"},
	{"Database", "database_|migrations_"},
	{"Redis and rate limits", "redis_|limiter_"},
	{"Messages and webhooks", "mails|message|webhook|outbound_"},
	{"Tenants", "tenants_|signing_keys_"},
	{"Audit log", "audit_"},
	{"Upkeep", "sweep_|imports_|backlog_"},
}

// descText is a line of a prometheus.Desc's text, which is the one way to what it holds.
var descText = regexp.MustCompile(`^Desc\{fqName: "(vestibule_[a-z_]+)", help: "([^"]+)", (?:unit: "[^"]*", )?constLabels: \{\}, variableLabels: \{(.*)\}\}$`)

// The tables in docs/metrics.md are what is registered, in the words of its help.
func TestPageOfMetricsIsCurrent(t *testing.T) {
	tables := map[string][]string{}
	for _, c := range NewMetrics(1, clock.System{}).all {
		all := make(chan *prometheus.Desc, 100)
		c.Describe(all)
		close(all)
		for d := range all {
			m := descText.FindStringSubmatch(d.String())
			if m == nil {
				t.Fatalf("%s cannot be read", d)
			}
			kind := "gauge"
			switch c.(type) {
			case *prometheus.HistogramVec, prometheus.Histogram:
				kind = "histogram"
			}
			if strings.HasSuffix(m[1], "_total") {
				kind = "counter"
			}
			at := slices.IndexFunc(parted, func(p struct{ title, begins string }) bool {
				return regexp.MustCompile("^vestibule_(" + p.begins + ")").MatchString(m[1])
			})
			if at < 0 {
				t.Fatalf("%s belongs to no part of the page", m[1])
			}
			labels := strings.ReplaceAll(m[3], ",", ", ")
			tables[parted[at].title] = append(tables[parted[at].title], "| `"+m[1]+"` | "+kind+" | "+labels+" | "+m[2]+" |\n")
		}
	}
	var made strings.Builder
	for _, p := range parted {
		rows := tables[p.title]
		slices.Sort(rows)
		made.WriteString("\n### " + p.title + "\n\n| Name | Kind | Labels | What it is |\n|---|---|---|---|\n" + strings.Join(rows, ""))
	}
	page := filepath.Join("..", "..", "docs", "metrics.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- metrics -->\n", "\n<!-- /metrics -->\n"
	before, rest, ok := strings.Cut(string(text), from)
	_, after, more := strings.Cut(rest, to)
	if !ok || !more {
		t.Fatal("the page has no place for the tables")
	}
	want := before + from + made.String() + to + after
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil { // #nosec G306 -- a page of the repository
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Error("docs/metrics.md is not current: run make generate")
	}
}
