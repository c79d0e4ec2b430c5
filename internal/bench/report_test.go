package main

import (
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	cells := []cell{
		{Work: "ceiling-select", Connections: 1, Server: 1, Postgres: 1}, // not the number that goals are set at
		{Work: "ceiling-select", Connections: 64, Server: 150, Postgres: 50},
		{Work: "session-app", Connections: 64, Server: 200, Postgres: 60},
		{Work: "session-browser", Connections: 64, Server: 250, Postgres: 60, Others: 0.2},
		{Work: "ceiling-hash", Connections: 64, Server: 30_000},
		{Work: "login", Connections: 64, Server: 30_500, Postgres: 200},
	}
	got := judge(cells)
	want := []struct {
		value   float64
		verdict string
	}{{1.3, "reached"}, {1.55, "not reached *"}, {0.7, "reached"}, {0, "not measured"}}
	if len(got) != len(want) {
		t.Fatalf("got %d goals", len(got))
	}
	for i, w := range want {
		if math.Abs(got[i].Value-w.value) > 1e-9 || got[i].verdict() != w.verdict {
			t.Errorf("%s: got %v, %s; want %v, %s", got[i].Name, got[i].Value, got[i].verdict(), w.value, w.verdict)
		}
	}
}

func TestGoalsCompareRowsThatExist(t *testing.T) {
	for _, g := range goals {
		if !slices.Contains(workNames(), g.first) || !slices.Contains(workNames(), g.second) {
			t.Errorf("%s compares what is not measured", g.name)
		}
	}
}

func TestReportIsATableAndJSON(t *testing.T) {
	r := &report{CPUs: 2, durability: durability{Fsync: "on", SynchronousCommit: "off"}, Cells: []cell{
		*newCell(works[0], 1, 100, usage{asked: time.Millisecond, postgres: 2 * time.Millisecond}, time.Second),
		*newCell(works[8], 64, 50, usage{asked: time.Second}, time.Second),
	}}
	r.Cells[0].answered(tally{latencies: []time.Duration{time.Millisecond}, elapsed: time.Second})
	r.Cells[1].Foreign, r.Cells[1].Bad = 3, map[string]int{"429": 7}
	r.Goals = judge(r.Cells)
	var table, object strings.Builder
	if err := show(&table, r, false); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"(fsync on, synchronous_commit off)", "mux handler alone", "1.00", "* 0%", "* Others took", "not measured", "GoTrue"} {
		if !strings.Contains(table.String(), part) {
			t.Errorf("%q is missing from\n%s", part, &table)
		}
	}
	if err := show(&object, r, true); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"postgres_us": 20`, `"fsync": "on"`, `"synchronous_commit": "off"`} {
		if !strings.Contains(object.String(), part) {
			t.Errorf("%s is missing from\n%s", part, &object)
		}
	}
}

func TestParseOptions(t *testing.T) {
	o, err := parseOptions([]string{"-d", "2s", "-only", "^session", "-c", "1, 8", "-json"}, io.Discard)
	if err != nil || o.duration != 2*time.Second || !o.only.MatchString("session-app") || !slices.Equal(o.concurrency, []int{1, 8}) || !o.json {
		t.Errorf("got %+v, %v", o, err)
	}
	for name, args := range map[string][]string{
		"no connections":         {"-c", "0"},
		"too many connections":   {"-c", "1000"},
		"words for a number":     {"-c", "some"},
		"no time":                {"-d", "0s"},
		"all day":                {"-d", "24h"},
		"an open parenthesis":    {"-only", "("},
		"something left over":    {"login"},
		"a flag that is unknown": {"-fast"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseOptions(args, io.Discard); err == nil {
				t.Error("it is accepted")
			}
		})
	}
}

func TestLoginsOfSeveralConnectionsShareNoAccount(t *testing.T) {
	f := &fixture{accounts: make([]account, accountCount)}
	for i := range f.accounts {
		f.accounts[i].email = f.newAddress()
	}
	const connections = 64
	owner := map[string]int{}
	for worker := range connections {
		next := logins(f, worker, connections)
		for range 2 * accountCount / connections {
			_, body, _ := strings.Cut(string(next(nil, nil)), "\r\n\r\n")
			if other, ok := owner[body]; ok && other != worker {
				t.Fatalf("connections %d and %d both use %s", worker, other, body)
			}
			owner[body] = worker
		}
	}
	if len(owner) != accountCount {
		t.Errorf("%d accounts are used", len(owner))
	}
}

func TestCookiesKeepTheNewestOfAName(t *testing.T) {
	var jar cookies
	jar.keep(http.Header{"Set-Cookie": {"csrftoken=a; Path=/; Secure", "other=1"}})
	jar.keep(http.Header{"Set-Cookie": {"sessionid=s; HttpOnly", "csrftoken=b"}})
	if got := jar.String(); got != "other=1; sessionid=s; csrftoken=b" || jar.value("csrftoken") != "b" || jar.value("none") != "" {
		t.Errorf("got %s", got)
	}
}
