package shadow

import (
	"errors"
	"strings"
	"testing"
)

func TestRecordingIsRead(t *testing.T) {
	all, err := Read(strings.NewReader("\ufeff" + `{"client":"a","method":"GET","path":"/x?y=1","at":"2026-01-31T12:00:00Z"}

{"client":"a","method":"POST","path":"/x","headers":{"x-csrftoken":"","content-type":"application/json"},"body":{"a":1},"at":1700000000.5}
{"client":"b","method":"POST","path":"/x","headers":{},"body":"a=1&b=2","at":null}
{"client":"b","method":"DELETE","path":"/x","body":null}
{"client":"b","method":"GET","path":"/x","body":""}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 5 || all[1].Line != 3 || string(all[1].Body) != `{"a":1}` || string(all[2].Body) != "a=1&b=2" || all[3].Body != nil || all[4].Body != nil {
		t.Errorf("read %+v", all)
	}
	if _, there := all[1].Header["X-Csrftoken"]; !there || all[0].Header != nil || all[2].Header == nil {
		t.Errorf("headers are %v, %v and %v", all[0].Header, all[1].Header, all[2].Header)
	}
}

func TestWrongLinesAreNamed(t *testing.T) {
	const good = `{"client":"a","method":"GET","path":"/x"}`
	for _, c := range []struct{ name, line, want string }{
		{"no JSON", `GET /x hunter22`, "it is not a JSON object"},
		{"a list", `[]`, "it is not a JSON object"},
		{"two objects", good + good, "there is something after the object"},
		{"a member that there is not", `{"client":"a","method":"GET","path":"/x","cookies":{}}`, `there is no member "cookies"`},
		{"no conversation", `{"method":"GET","path":"/x"}`, "client is missing"},
		{"no method", `{"client":"a","path":"/x"}`, "method must be one of GET"},
		{"a method that there is not", `{"client":"a","method":"get","path":"/x"}`, "method must be one of GET"},
		{"a path on another server", `{"client":"a","method":"GET","path":"//evil.example/x"}`, "path must begin"},
		{"a URL", `{"client":"a","method":"GET","path":"https://evil.example/x"}`, "path must begin"},
		{"no path", `{"client":"a","method":"GET"}`, "path must begin"},
		{"a path with a space", `{"client":"a","method":"GET","path":"/x HTTP/1.1"}`, "path must begin"},
		{"a path that is too long", `{"client":"a","method":"GET","path":"/` + strings.Repeat("x", mostInPath) + `"}`, "path must begin"},
		{"a header over two lines", `{"client":"a","method":"GET","path":"/x","headers":{"A":"b\r\nHost: c"}}`, "headers has a name or a value"},
		{"a header's name that is none", `{"client":"a","method":"GET","path":"/x","headers":{"A: b":"c"}}`, "headers has a name or a value"},
		{"a header that is a number", `{"client":"a","method":"GET","path":"/x","headers":{"A":1}}`, "headers must not be a JSON number"},
		{"a body where none can be", `{"client":"a","method":"GET","path":"/x","body":{}}`, "a GET has no body"},
		{"a time that is none", `{"client":"a","method":"GET","path":"/x","at":"today"}`, "at must be a time"},
		{"a line that is too long", `{"client":"a","method":"POST","path":"/x","body":"` + strings.Repeat("x", mostInLine) + `"}`, "longer than 1 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(good + "\n\n" + c.line + "\n" + good))
			var fault *FaultError
			if !errors.As(err, &fault) || fault.Line != 3 || !strings.Contains(err.Error(), "line 3 of the recording: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("says %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter22") {
				t.Errorf("quotes the line: %v", err)
			}
		})
	}
	if _, err := Read(strings.NewReader("\n")); err == nil {
		t.Error("an empty recording is taken")
	}
}

func FuzzRecording(f *testing.F) {
	f.Add([]byte(`{"client":"a","method":"POST","path":"/x?y","headers":{"a":"b"},"body":{"password":"x"},"at":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		all, err := Read(strings.NewReader(string(line)))
		if err != nil {
			return
		}
		for _, q := range all {
			if !strings.HasPrefix(q.Path, "/") || strings.HasPrefix(q.Path, "//") || q.Client == "" || q.reads() && q.Body != nil {
				t.Errorf("taken: %+v", q)
			}
		}
	})
}

func TestKnownDifferences(t *testing.T) {
	const route = "GET /_allauth/app/v1/config"
	for _, c := range []struct {
		ignore, pointer string
		want            bool
	}{
		{"/body/data", "/body/data/mfa/supported_types/1", true},
		{"/body/data", "/body/database", false},
		{"/body/data/mfa", "/body/data", false},
		{"/body/*/mfa", "/body/data/mfa", true},
		{"/headers/Set-Cookie/messages", "/headers/Set-Cookie", false},
		{"GET /_allauth/app/v1/config=/body", "/body/data", true},
		{"* /_allauth/*/v1/config=/body", "/body/data", true},
		{"get /_allauth/*/v1/*=/body", "/body/data", true},
		{"POST /_allauth/*/v1/config=/body", "/body/data", false},
		{"GET /_allauth/*=/body", "/body/data", false},
	} {
		i, err := ParseIgnore(c.ignore)
		if err != nil {
			t.Fatal(err)
		}
		if i.covers(route, c.pointer) != c.want {
			t.Errorf("%s covers %s: %v", c.ignore, c.pointer, !c.want)
		}
	}
	for _, wrong := range []string{"", "/", "body", "/data", "GET=/body", "GET /x", "GET /x=body", "GET /[=/body", "/_allauth/app/v1/config=/body"} {
		if _, err := ParseIgnore(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

func TestServersAreHereOrBehindTLS(t *testing.T) {
	for _, good := range []string{"https://login.example.org", "http://localhost:8080/", "http://acme.localhost:8080", "http://127.0.0.1", "http://[::1]:8080", "HTTPS://a.example:8443"} {
		if _, err := ParseServer(good, false); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "login.example.org", "ftp://a.example", "https://a.example/path", "https://u:p@a.example", "https://a.example?x=1", "https://:443", "http://localhost.example.org"} {
		if _, err := ParseServer(bad, false); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	for _, far := range []string{"http://login.example.org", "http://10.0.0.11:8080"} {
		if _, err := ParseServer(far, false); err == nil {
			t.Errorf("%s is taken, without --insecure", far)
		}
		if _, err := ParseServer(far, true); err != nil {
			t.Errorf("%s: %v", far, err)
		}
	}
}
