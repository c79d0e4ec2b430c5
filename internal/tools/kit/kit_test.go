package main

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestAnAbsentKitIsNoFailure(t *testing.T) {
	var out, complaints bytes.Buffer
	absent := filepath.Join(t.TempDir(), "run.py")
	if code := run(t.Context(), []string{"-kit", absent}, &out, &complaints); code != 0 || complaints.Len() > 0 {
		t.Errorf("%d %s", code, complaints.String())
	}
	if want := "kit: not present (" + absent + "), so nothing is compared\n"; out.String() != want {
		t.Errorf("it said %q", out.String())
	}
}

func TestTheServerGetsOnlyItsOwnSettings(t *testing.T) {
	got := others([]string{"PATH=/bin", "VESTIBULE_TEST_REDIS_URL=redis://x", "VESTIBULE_LISTEN=:1", "HOME=/"})
	if !slices.Equal(got, []string{"PATH=/bin", "HOME=/"}) {
		t.Errorf("got %v", got)
	}
}

func TestPatternsAddUp(t *testing.T) {
	var p patterns
	for _, pattern := range []string{"login.*", "signup.*"} {
		if err := p.Set(pattern); err != nil {
			t.Fatal(err)
		}
	}
	if p.String() != "login.* signup.*" {
		t.Errorf("got %s", p.String())
	}
}

func TestFreePortsDiffer(t *testing.T) {
	ports, err := freePorts(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ports)
	if len(slices.Compact(ports)) != 5 {
		t.Errorf("got %v", ports)
	}
}

func TestScenariosThatDiffer(t *testing.T) {
	said := "ok   basics.config/app\nDIFF login.again/app\n       step 2: c1: POST /auth/login\n         .status: expected 200, got 400\nDIFF login.again/browser\n" +
		"DIFF phone.change/app\n         .a: expected 1, got 2\nok   phone.other/app\n         .b: nobody's\n"
	want := map[string][]string{"login.again": {".status: expected 200, got 400"}, "phone.change": {".a: expected 1, got 2"}}
	if got := differing(said); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v", got)
	}
}

func TestOneThatDiffersIsRunOnceMore(t *testing.T) {
	for name, c := range map[string]struct {
		script string // stands for the kit
		want   bool
		runs   int
	}{
		"and is as the reference then":            {"[ $n = 1 ] || exit 0; echo 'DIFF login.again/app'; exit 1", true, 2},
		"and differs again":                       {"echo 'DIFF login.again/app'; exit 1", false, 2},
		"unless it is meant to":                   {"echo 'DIFF login_by_code.verifies_the_address/app'; exit 1", true, 1},
		"though another is meant to":              {"echo 'DIFF login_by_code.verifies_the_address/app'; echo 'DIFF login.again/app'; exit 1", false, 2},
		"unless that very difference is meant to": {claims(moreClaims.only), true, 1},
		"and not another in the same scenario":    {claims(".value.lifetime: expected 300, got 1"), false, 2},
		"nor one that is not told":                {"echo 'DIFF tokens_jwt.expiry/app'; exit 1", false, 2},
		"and not where nothing compared":          {"echo 'admin API: 500'; exit 1", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits between the runs
			dir := t.TempDir()
			log := filepath.Join(dir, "log")
			script := "echo \"$@\" >> " + log + "; n=$(grep -c . " + log + "); " + c.script
			if err := os.WriteFile(filepath.Join(dir, "kit"), []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			o := options{kit: filepath.Join(dir, "kit"), out: &out}
			if got := o.check(t.Context(), &server{}, "sh", "login.*"); got != c.want {
				t.Errorf("got %v, and it said %s", got, &out)
			}
			did, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(did), "\n"); n != c.runs {
				t.Errorf("it ran %d times, want %d", n, c.runs)
			}
		})
	}
}

// claims is a kit that finds one difference in a scenario whose claims are meant to differ.
func claims(difference string) string {
	return "echo 'DIFF tokens_jwt.expiry/app'; echo '       step 2: note'; echo '         " + difference + "'; exit 1"
}

func TestLinesOfSeveralAreKeptApart(t *testing.T) {
	var out bytes.Buffer
	var mu sync.Mutex
	a, b := &labelled{out: &out, mu: &mu, label: "a: "}, &labelled{out: &out, mu: &mu, label: "b: "}
	for _, w := range []struct {
		to   *labelled
		text string
	}{{a, "one "}, {b, "two\nthr"}, {a, "line\n"}, {b, "ee\n"}} {
		if _, err := w.to.Write([]byte(w.text)); err != nil {
			t.Fatal(err)
		}
	}
	if want := "b: two\na: one line\nb: three\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestTheKitIsRunAgainWhereAPortWasTaken(t *testing.T) {
	for name, c := range map[string]struct {
		script string // stands for the kit, and is run by sh
		want   bool
		runs   int
	}{
		"it passes":               {"true", true, 1},
		"it fails":                {"echo no; exit 1", false, 1},
		"a port is taken once":    {"[ $n = 2 ] || { echo 'OSError: [Errno 98] Address already in use' >&2; exit 1; }", true, 2},
		"a port is taken forever": {"echo \"error while attempting to bind on address ('127.0.0.1', 25): address already in use\"; exit 1", false, tries},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits between the runs
			dir := t.TempDir()
			log := filepath.Join(dir, "log")
			script := "echo \"$@\" >> " + log + "; n=$(grep -c . " + log + "); " + c.script
			if err := os.WriteFile(filepath.Join(dir, "kit"), []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			o := options{kit: filepath.Join(dir, "kit"), out: &out}
			if got := o.check(t.Context(), &server{}, "sh", "basics.*"); got != c.want {
				t.Errorf("got %v, and it said %s", got, &out)
			}
			did, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if lines := strings.Split(strings.TrimSpace(string(did)), "\n"); len(lines) != c.runs || len(slices.Compact(lines)) != c.runs {
				t.Errorf("it was run as %q, want %d runs on different ports", lines, c.runs)
			}
		})
	}
}

func TestUnknownFlagsAreRefused(t *testing.T) {
	var out, complaints bytes.Buffer
	if code := run(t.Context(), []string{"-fast"}, &out, &complaints); code != 2 || !strings.Contains(complaints.String(), "-fast") {
		t.Errorf("%d %s", code, complaints.String())
	}
}

func TestTheWitnessTellsOfAnswersThatTheDocumentDoesNotKnow(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Host != "acme.localhost" || r.Header.Get("X-Forwarded-For") != "192.0.2.1" || r.URL.RawQuery != "a;b":
			t.Errorf("it was asked of %s, with %v and %s", r.Host, r.Header, r.URL.RawQuery)
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusTeapot)
		default:
			_, _ = io.WriteString(w, `{"status": 200, "more": 1}`) // nobody waits for it any more
		}
	}))
	defer server.Close()
	w, err := witnessBefore(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, asked := range []string{
		"GET /_allauth/app/v1/auth/session", "POST /_allauth/app/v1/auth/session", "DELETE /_allauth/browser/v1/auth/session", "GET /elsewhere",
		"HEAD /_allauth/app/v1/auth/session",
	} {
		method, path, _ := strings.Cut(asked, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Host, r.URL.RawQuery = "acme.localhost", "a;b"
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close() // it is the witness that reads it
	}
	passed, faults := w.saw()
	if passed != 4 || len(faults) != 2 || !strings.HasPrefix(faults[0], "GET /_allauth/app/v1/auth/session: 200 ") ||
		!strings.HasPrefix(faults[1], "DELETE /_allauth/browser/v1/auth/session: 200 ") {
		t.Errorf("%d answers passed, and of these it said: %q", passed, faults)
	}
	if passed, faults := w.saw(); passed != 0 || len(faults) != 0 {
		t.Errorf("%d, %q were told twice", passed, faults)
	}
}
