package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/shadow"
)

func TestShadowSaysWhereAnswersDiffer(t *testing.T) {
	var sent atomic.Int64
	start := func(config, status string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sent.Add(1)
			w.Header().Set("Content-Type", "application/json")
			if r.URL.Path == "/_allauth/app/v1/config" {
				_, _ = io.WriteString(w, config) // the client may have gone
				return
			}
			_, _ = io.WriteString(w, status) // likewise
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	reference := start(`{"data": {"account": {"is_open_for_signup": true}}}`, `{"data": {"user": {"id": 17}}, "meta": {"session_token": "held-by-the-one"}}`)
	target := start(`{"data": {"account": {"is_open_for_signup": false}}}`, `{"data": {"user": {"id": "8c2d3a50-57a7-4c8e-9d0f-3c1d0b8b1a11"}}, "meta": {"session_token": "held-by-the-other"}}`)
	b := &bench{t: t, in: `{"client": "a", "method": "GET", "path": "/_allauth/app/v1/config"}
{"client": "a", "method": "POST", "path": "/_allauth/app/v1/auth/login", "body": {"email": "ann@example.org", "password": "Kestrel-Orbit-49!"}}
{"client": "b", "method": "GET", "path": "/_allauth/app/v1/config"}
`}
	args := func(more ...string) []string {
		return append([]string{"shadow", "--reference", reference, "--target", target, "--replay", "-", "--rate", "0"}, more...)
	}
	want := `ROUTE                        WHERE                                  COUNT  LINE  REFERENCE  TARGET
GET /_allauth/app/v1/config  /body/data/account/is_open_for_signup  2      1     true       false
                                                                           3     true       false

1 of 3 requests in 2 conversations were answered the same, 2 differently, 0 not by both
`
	if out, _ := b.run(1, args("--writes")...); out != want {
		t.Errorf("printed\n%s\nnot\n%s", out, want)
	}
	want = `2 of 2 requests in 2 conversations were answered the same, 0 differently, 0 not by both
1 requests may change something and were not sent: see --writes
2 differences were known and are not shown
`
	if out, _ := b.run(0, args("--ignore", "GET /_allauth/*/v1/config=/body/data/account/is_open_for_signup")...); out != want {
		t.Errorf("printed\n%s\nnot\n%s", out, want)
	}
	out, _ := b.run(1, args("--writes", "--limit", "2", "-o", "json")...)
	var r shadow.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Requests != 2 || r.Differ != 1 || r.Beyond != 1 || len(r.Differences) != 1 || r.Differences[0].Examples[0].Target != "false" {
		t.Errorf("printed\n%s", out)
	}
	out, _ = b.run(1, args("-o", "yaml")...)
	wants(t, out, "differ: 2\n", "pointer: /body/data/account/is_open_for_signup\n")

	posts := &bench{t: t, in: `{"client": "a", "method": "POST", "path": "/x"}`}
	out, _ = posts.run(1, args()...) // nothing was compared, which is no success
	wants(t, out, "0 of 0 requests in 0 conversations were answered the same, 0 differently, 0 not by both\n", "1 requests may change something")

	file := filepath.Join(t.TempDir(), "access.ndjson")
	if err := os.WriteFile(file, []byte(b.in), 0o600); err != nil {
		t.Fatal(err)
	}
	b.run(1, "shadow", "--reference", reference, "--target", target, "--replay", file)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	out, _ = b.run(1, "shadow", "--reference", reference, "--target", gone.URL, "--replay", file)
	wants(t, out, "line 1: the target: ", "0 of 2 requests in 2 conversations were answered the same, 0 differently, 2 not by both\n")

	before := sent.Load()
	for _, c := range []struct {
		name string
		args []string
		in   string
		want string
	}{
		{"no recording is named", []string{"shadow", "--reference", reference, "--target", target}, "", `"replay" not set`},
		{"no such recording", []string{"shadow", "--reference", reference, "--target", target, "--replay", file + "x"}, "", "no such file"},
		{"an empty recording", args(), "\n", "no requests"},
		{"a line that is wrong, after one that is right", args(), b.in + "{\"client\": \"a\"}\n", "line 4 of the recording: method must be"},
		{"a server far away without TLS", args("--target", "http://login.example.org"), b.in, "--target must be https"},
		{"a URL that is none", args("--reference", "login.example.org"), b.in, "--reference must be such as"},
		{"one server twice", args("--target", reference), b.in, "one server"},
		{"an ignored place that is none", args("--ignore", "flows"), b.in, "--ignore must be"},
		{"an output that is not there", args("-o", "xml"), b.in, "table, json or yaml"},
		{"nobody to send", args("--parallel", "0"), b.in, "--parallel"},
		{"a limit below nothing", args("--limit", "-1"), b.in, "--limit"},
		{"a rate that is none", args("--rate", "NaN"), b.in, "--rate"},
		{"no time", args("--timeout", "0s"), b.in, "--timeout"},
		{"a tolerance below nothing", args("--tolerance", "-1s"), b.in, "--tolerance"},
		{"a cookie without a name", args("--csrf-cookie", ""), b.in, "--csrf-cookie"},
		{"an argument too many", args("more"), b.in, "unknown command"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bench{t: t, in: c.in}
			if out, complaints := b.run(2, c.args...); out != "" || !strings.Contains(complaints, c.want) {
				t.Errorf("without %q: %s%s", c.want, out, complaints)
			}
		})
	}
	if now := sent.Load(); now != before {
		t.Errorf("%d requests were sent although something was wrong", now-before)
	}
}

func TestInterruptedShadowTellsWhatItFound(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if sent.Add(1) == 3 { // the first two are one request, to both
			cancel()
		}
	}))
	defer server.Close()
	var out, complaints bytes.Buffer
	tool := tool{env: func(string) string { return "" }, in: strings.NewReader(strings.Repeat(`{"client": "a", "method": "GET", "path": "/x"}`+"\n", 20)), out: &out, complaints: &complaints}
	code := tool.run(ctx, []string{"shadow", "--reference", server.URL, "--target", server.URL, "--target-host", "other.example", "--replay", "-", "--rate", "0"})
	if code != 1 || !strings.HasPrefix(out.String(), "1 of 1 requests in 1 conversations were answered the same") || !strings.Contains(complaints.String(), "canceled") {
		t.Errorf("status %d\n%s%s", code, &out, &complaints)
	}
}
