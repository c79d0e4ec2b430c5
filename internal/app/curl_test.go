package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// commands are the words of each curl command in a script, as the shell makes them of it: it runs the script in a
// directory, with a function in curl's place that repeats what it is given.
func commands(t *testing.T, dir, script string) [][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", `curl() { printf '%s\0' "$#" "$@"; }`+"\n"+script)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	var all [][]string
	for words := strings.Split(string(out), "\x00"); len(words) > 1; {
		n, err := strconv.Atoi(words[0])
		if err != nil || n+1 >= len(words) {
			t.Fatalf("%s printed %q", script, out)
		}
		all = append(all, words[1:1+n])
		words = words[1+n:]
	}
	return all
}

// curl sends the request of a curl command, and is the body of the answer. It knows the flags that every curl knows, and
// no others. at is where something listens that the command names by another port.
func curl(t *testing.T, words []string, at map[string]string) string {
	t.Helper()
	method, url, body, header := http.MethodGet, "", "", http.Header{}
	for rest := words; len(rest) > 0; rest = rest[1:] {
		flag := rest[0]
		if flag == "-H" || flag == "-d" {
			if rest = rest[1:]; len(rest) == 0 {
				t.Fatalf("nothing follows %s in %q", flag, words)
			}
		}
		switch {
		case flag == "-s":
		case flag == "-H":
			name, value, _ := strings.Cut(rest[0], ": ")
			header.Set(name, value)
		case flag == "-d":
			method, body = http.MethodPost, rest[0]
		case !strings.HasPrefix(flag, "-") && url == "":
			url = flag
		default:
			t.Fatalf("not every curl knows what to do with %q in %q", flag, words)
		}
	}
	if body != "" && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	if other, ok := at[r.URL.Port()]; ok {
		r.Host, r.URL.Host = r.URL.Host, other
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// firstMinutes are the commands that README.md has people try.
func firstMinutes(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## The first five minutes\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var script strings.Builder
	for line := range strings.Lines(section) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			script.WriteString(command)
		}
	}
	return script.String()
}

// TestFirstFiveMinutes does what README.md says, in its order, at a server for development.
func TestFirstFiveMinutes(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, dev(), "--dev").serving(nil)
	at := map[string]string{"8080": strings.TrimPrefix(s.public, "http://"), "9090": strings.TrimPrefix(s.operator, "http://")}
	script := firstMinutes(t)
	// do sends the nth request.
	do := func(n int, want ...string) string {
		t.Helper()
		all := commands(t, dir, script)
		if len(all) != 7 {
			t.Fatalf("%d requests are made, and this test knows 7:\n%s", len(all), script)
		}
		answer := curl(t, all[n], at)
		for _, part := range want {
			if !strings.Contains(answer, part) {
				t.Fatalf("%q is answered without %q: %s", all[n], part, answer)
			}
		}
		return answer
	}
	// found fills in what the reader is told to look for.
	found := func(name, value string) {
		t.Helper()
		before := script
		if script = strings.Replace(before, name+"='…'", name+"='"+value+"'", 1); script == before {
			t.Fatalf("nobody is told to look for %s:\n%s", name, script)
		}
	}

	var signedUp struct {
		Meta struct {
			SessionToken string `json:"session_token"`
		}
	}
	if err := json.Unmarshal([]byte(do(0, `"status":200`, "ann@example.org")), &signedUp); err != nil {
		t.Fatal(err)
	}
	found("TOKEN", signedUp.Meta.SessionToken)
	do(1, `"status":200`, "ann@example.org")
	key := regexp.MustCompile(`/verify-email/([\w-]+)`)
	eventually(t, "the mail is in the mailbox", func() bool { return key.MatchString(do(2)) })
	found("KEY", key.FindStringSubmatch(do(2, "ann@example.org"))[1])
	do(3, `"status":200`)
	do(4, `"status":200`, `"verified":true`)
	do(5, `"slug":"acme"`, "mandatory")
	do(6, `"status":200`)
}
