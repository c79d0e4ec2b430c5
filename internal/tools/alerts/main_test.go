package main

import (
	"strings"
	"testing"
)

func TestEveryExpressionBecomesARule(t *testing.T) {
	file, n, err := rulesOf([]byte(`{
		"panels": [
			{"title": "one", "targets": [{"expr": "rate(a{job=~\"$job\"}[$__rate_interval])"}, {"expr": "b"}]},
			{"title": "folded", "panels": [{"title": "two", "targets": [{"expr": "c"}]}]}
		],
		"annotations": {"list": [{"name": "built in"}, {"expr": "d"}]}}`))
	if err != nil || n != 4 {
		t.Fatalf("%d expressions, %v", n, err)
	}
	for _, want := range []string{`rate(a{job=~\"j\"}[5m])`, `"expr":"b"`, `"expr":"c"`, `"expr":"d"`, `"panel":"two"`} {
		if !strings.Contains(string(file), want) {
			t.Errorf("there is no %s in %s", want, file)
		}
	}
	for _, wrong := range []string{`{"panels": []}`, `no JSON`} {
		if _, _, err := rulesOf([]byte(wrong)); err == nil {
			t.Errorf("%s is in order", wrong)
		}
	}
}
