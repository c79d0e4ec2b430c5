package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestJournalFindsWhatWasLost(t *testing.T) {
	for name, c := range map[string]struct {
		write func(j *journal)
		read  []string
		lost  int
	}{
		"an acknowledged write is there":         {func(j *journal) { j.wrote("x", "1") }, []string{"1", "1"}, 0},
		"an acknowledged write is gone":          {func(j *journal) { j.wrote("x", "1") }, []string{"0"}, 1},
		"the value before has come back":         {func(j *journal) { j.wrote("x", "1"); j.wrote("x", "2") }, []string{"2", "1"}, 1},
		"an uncertain write happened":            {func(j *journal) { j.wrote("x", "1"); j.perhaps("x", "2", "") }, []string{"2"}, 0},
		"an uncertain write did not happen":      {func(j *journal) { j.wrote("x", "1"); j.perhaps("x", "2", "") }, []string{"1"}, 0},
		"an uncertain write cannot go both ways": {func(j *journal) { j.wrote("x", "1"); j.perhaps("x", "2", "") }, []string{"1", "2"}, 1},
		"the first write is uncertain":           {func(j *journal) { j.perhaps("x", "1", "0") }, []string{"0"}, 0},
		"what nobody wrote":                      {func(j *journal) { j.perhaps("x", "1", "0") }, []string{"7"}, 1},
		"a sure write ends the uncertainty":      {func(j *journal) { j.perhaps("x", "1", "0"); j.wrote("x", "2") }, []string{"1"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJournal()
			c.write(j)
			for _, value := range c.read {
				j.saw("x", value)
			}
			if got := j.tally().lost; got != c.lost {
				t.Errorf("%d lost, want %d: %v", got, c.lost, j.complaints(0))
			}
		})
	}
}

// testCrowd is a crowd with one person who is signed in.
func testCrowd(t *testing.T) (*crowd, *person) {
	t.Helper()
	c := newCrowd("", "faults.localhost", "person", 1)
	p := c.newcomer()
	settled(t, c, signingUp(p), http.StatusOK, `{"meta":{"session_token":"s1","refresh_token":"r1"}}`)
	return c, p
}

// settled has an act be answered, and complains where that contradicts what was known.
func settled(t *testing.T, c *crowd, a *act, status int, body string) {
	t.Helper()
	a.began = time.Now()
	c.settle(a, status, []byte(body))
}

func (c *crowd) wants(t *testing.T, lost int) {
	t.Helper()
	if got := c.journal.complaints(0); len(got) != lost {
		t.Errorf("%d complaints, want %d: %s", len(got), lost, strings.Join(got, "; "))
	}
}

func TestLostAndResurrectedAreFound(t *testing.T) {
	logOut := func(p *person) *act { return &act{kind: logout, who: p, token: p.token} }
	change := func(p *person) *act {
		return &act{kind: password, who: p, token: p.token, body: map[string]string{"current_password": p.password, "new_password": "new"}}
	}
	add := func(p *person) *act {
		return &act{kind: addEmail, who: p, token: p.token, body: map[string]string{"email": "b@example.org"}}
	}
	again := func(p *person) *act {
		return &act{kind: refresh, who: p, body: map[string]string{"refresh_token": p.refresh}}
	}
	const refreshed = `{"data":{"refresh_token":"r2"}}`
	for name, c := range map[string]struct {
		play func(t *testing.T, c *crowd, p *person)
		lost int
	}{
		"a session that is there": {func(_ *testing.T, c *crowd, _ *person) { c.sawSession("s1", 200) }, 0},
		"a session that is lost":  {func(_ *testing.T, c *crowd, _ *person) { c.sawSession("s1", 410) }, 1},
		"a logout that holds": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, logOut(p), 401, "{}")
			c.sawSession("s1", 410)
		}, 0},
		"a session that rose from the dead": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, logOut(p), 401, "{}")
			c.sawSession("s1", 200)
		}, 1},
		"a logout of which nobody knows": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, logOut(p), 503, "")
			c.sawSession("s1", 200)
		}, 0},
		"a session that is dead and alive": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, logOut(p), 0, "")
			c.sawSession("s1", 410)
			c.sawSession("s1", 200)
		}, 1},
		"a new password that counts": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, change(p), 200, `{"meta":{"session_token":"s2"}}`)
			c.foundPassword(p, []string{"new"})
			c.sawSession("s1", 410)
			c.sawSession("s2", 200)
		}, 0},
		"a new password that was lost": {func(t *testing.T, c *crowd, p *person) {
			old := p.password
			settled(t, c, change(p), 200, `{"meta":{"session_token":"s2"}}`)
			c.foundPassword(p, []string{old})
		}, 1},
		"an old password that still lets in": {func(t *testing.T, c *crowd, p *person) {
			old := p.password
			settled(t, c, change(p), 200, `{"meta":{"session_token":"s2"}}`)
			c.foundPassword(p, []string{"new", old})
		}, 1},
		"an account that was lost": {func(_ *testing.T, c *crowd, p *person) { c.foundPassword(p, nil) }, 1},
		"an account of which nobody knows": {func(t *testing.T, c *crowd, _ *person) {
			q := c.newcomer()
			settled(t, c, signingUp(q), 502, "")
			c.foundPassword(q, nil)
		}, 0},
		"a login that an acknowledged password is refused at": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, loggingIn(p), 400, "{}")
		}, 1},
		"an address that was added": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, add(p), 200, "{}")
			c.foundAddresses(p, []string{p.email, "b@example.org"})
		}, 0},
		"an address that was lost": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, add(p), 200, "{}")
			c.foundAddresses(p, []string{p.email})
		}, 1},
		"an address of which nobody knows": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, add(p), 0, "")
			c.foundAddresses(p, []string{p.email})
		}, 0},
		"an address that was removed and is there": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, add(p), 200, "{}")
			settled(t, c, &act{kind: removeEmail, who: p, token: p.token, body: map[string]string{"email": "b@example.org"}}, 200, "{}")
			c.foundAddresses(p, []string{p.email, "b@example.org"})
		}, 1},
		"a refresh token that was lost": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, again(p), 200, refreshed)
			settled(t, c, again(p), 400, "{}")
		}, 1},
		"a refresh whose answer was lost, asked for again": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, again(p), 0, "")
			if a := c.step(p); a.kind != refresh || !a.replays || a.body["refresh_token"] != "r1" {
				t.Errorf("the next step is %+v", a)
			}
			settled(t, c, c.step(p), 200, refreshed)
			if p.refresh != "r2" || !p.again.IsZero() {
				t.Errorf("left with %q, %v", p.refresh, p.again)
			}
		}, 0},
		"a refresh whose answer was lost, and that cannot be asked for again": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, again(p), 0, "")
			settled(t, c, c.step(p), 400, "{}")
		}, 1},
		"being turned away says nothing": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, logOut(p), 429, "{}")
			settled(t, c, change(p), 409, "{}")
			c.sawSession("s1", 200)
		}, 0},
		"a refusal that nobody can explain": {func(t *testing.T, c *crowd, p *person) {
			settled(t, c, change(p), 404, "{}")
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			crowd, p := testCrowd(t)
			c.play(t, crowd, p)
			crowd.wants(t, c.lost)
		})
	}
}

// Who may have written something does nothing more until that was read: two uncertain writes could hide each other.
func TestTheUnsureWait(t *testing.T) {
	c, p := testCrowd(t)
	c.idle = nil
	settled(t, c, &act{kind: logout, who: p, token: p.token}, 0, "")
	if len(c.idle) != 0 || !p.unsure {
		t.Errorf("idle %d, unsure %v", len(c.idle), p.unsure)
	}
	c.release(p)
	if len(c.idle) != 1 || p.unsure {
		t.Errorf("after it was read: idle %d, unsure %v", len(c.idle), p.unsure)
	}
}

func TestFailuresHaveACause(t *testing.T) {
	check, out := &act{kind: check}, &act{kind: logout}
	for _, c := range []struct {
		act    *act
		status int
		said   string
		err    error
		want   string
	}{
		{check, 200, "", nil, ""},
		{out, 401, "", nil, ""},
		{out, 200, "", nil, "200"},
		{check, 503, "", nil, "503 of the server"},
		{check, 503, "no replica is ready", nil, "no replica is ready"},
		{check, 500, "", nil, "500"},
		{check, 0, "", fmt.Errorf("broken pipe"), "connection cut"},
	} {
		if got := cause(c.act, c.status, c.said, c.err); got != c.want {
			t.Errorf("%d %q %v: got %q, want %q", c.status, c.said, c.err, got, c.want)
		}
	}
}

func TestFigures(t *testing.T) {
	var samples []sample
	for i := range 100 {
		samples = append(samples, sample{took: time.Duration(i+1) * time.Millisecond, kind: check})
	}
	samples = append(samples, sample{took: time.Second, kind: login, cause: "500"}, sample{took: time.Minute, kind: check, cause: "no answer in time"})
	f := figuresOf(samples)
	if f.requests != 102 || f.failed() != 2 || f.p50 != 50*time.Millisecond || f.p99 != 99*time.Millisecond || f.most != time.Minute {
		t.Errorf("got %+v", f)
	}
	if f := figuresOf(samples, login); f.requests != 1 || f.causes() != "1 × 500" || f.p99 != 0 {
		t.Errorf("logins: got %+v", f)
	}
}

// A run that lost something, or failed where it may not, says so, and is not taken for a good one.
func TestReportSaysWhatWasBroken(t *testing.T) {
	lost := &row{scenario: scenario{name: "crash", title: "kill -9"}, all: figures{requests: 7, failures: map[string]int{"500": 2}}, lost: 1}
	lost.breaks("1 writes were lost")
	r := &report{rows: []*row{lost, {scenario: scenario{name: "disk", title: "full disk"}, skipped: "no mounts"}}, missing: 3, commit: "abc", old: "v1.2.3"}
	var b strings.Builder
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| kill -9 | 7 | 2: 2 × 500 | 0 | 1 |", "**Not kept.** crash: 1 writes were lost", "not run here: no mounts", "**Not kept.** mail: 3 ",
		"commit abc, the version before v1.2.3, ",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("nothing says %q in\n%s", want, b.String())
		}
	}
	if got := r.broken(); len(got) != 2 {
		t.Errorf("broken: %q", got)
	}
}

func TestTheTableTakesTheOldOnesPlace(t *testing.T) {
	page := "# Page\n" + tableBegins + "\nold\n" + tableEnds + "more\n"
	got, err := spliced(page, "new\n")
	if want := "# Page\n" + tableBegins + "\nnew\n\n" + tableEnds + "more\n"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"nothing", tableBegins, tableEnds + tableBegins} {
		if _, err := spliced(bad, "new"); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestMemoryIsReadFromStatus(t *testing.T) {
	now, most := parseMemory("Name:\tserver\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t5\n")
	if now != 1<<20 || most != 2<<20 {
		t.Errorf("got %d and %d", now, most)
	}
}

func TestMetricsAreReadWithTheirLabels(t *testing.T) {
	got, err := samples("# HELP a b\n# TYPE a counter\n" + idleSeries + " 10\n" + closedEarlySeries + " 1.5e+03\nup{of=\"a b\"} 1\n")
	if err != nil || len(got) != 3 || got[idleSeries] != 10 || got[closedEarlySeries] != 1500 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"7", "up one"} {
		if _, err := samples(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// A page that says what faults do has the whole table, and not a part of it.
func TestAPartOfTheTableGoesOntoNoPage(t *testing.T) {
	for _, args := range [][]string{{"-doc", "page.md", "-only", "redis"}, {"-doc", "page.md", "-short"}} {
		if _, err := parseOptions(args); err == nil || !strings.Contains(err.Error(), "-doc") {
			t.Errorf("%v: %v", args, err)
		}
	}
	for _, args := range [][]string{{"-doc", "page.md"}, {"-only", "redis"}, {"-short"}} {
		if _, err := parseOptions(args); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestTheServerOfBeforeSaysItsVersion(t *testing.T) {
	program := func(script string) string {
		path := filepath.Join(t.TempDir(), "server")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if got, err := versionOf(t.Context(), program(`[ "$1" = --version ] && echo vestibule v1.2.3`)); err != nil || got != "v1.2.3" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"exit 1", "true", "echo one; echo two"} {
		if got, err := versionOf(t.Context(), program(bad)); err == nil {
			t.Errorf("%s: got %q", bad, got)
		}
	}
	if got, err := versionOf(t.Context(), ""); err != nil || got != "" {
		t.Errorf("without one: %q, %v", got, err)
	}
}
