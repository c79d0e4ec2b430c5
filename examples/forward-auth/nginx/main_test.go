package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func here(t *testing.T) places {
	t.Helper()
	server, err := url.Parse("http://localhost:8080")
	if err != nil {
		t.Fatal(err)
	}
	return places{server: server, app: "4000", behind: "127.0.0.1:5000", front: "3000", dir: "/tmp/here"}
}

// What is shown is what is used in production: only where things are differs.
func TestConfigurationIsTheExampleElsewhere(t *testing.T) {
	text, err := here(t).configuration()
	if err != nil {
		t.Fatal(err)
	}
	were := strings.Split(production, "\n")
	var added, changed []string
	for i, line := range strings.Split(text, "\n") {
		n := i - len(added)
		switch {
		case strings.HasPrefix(line, "    access_log") || strings.Contains(line, "_temp_path /tmp/here/"):
			added = append(added, line)
		case n >= len(were):
			t.Fatalf("there is one line too many: %s", line)
		case line != were[n]:
			changed = append(changed, strings.TrimSpace(line))
		}
	}
	want := "server localhost:8080;\nserver 127.0.0.1:5000;\nlisten 127.0.0.1:4000;\nserver_name localhost;\n" +
		"proxy_set_header Host localhost:8080; # names the tenant\nreturn 302 http://localhost:3000/;"
	if got := strings.Join(changed, "\n"); got != want {
		t.Errorf("these lines were changed:\n%s\nand not these:\n%s", got, want)
	}
	if strings.Contains(text, "acme.example;") || len(added) != 6 {
		t.Errorf("%q were added:\n%s", added, text)
	}
}

func TestApplicationBelievesNobodyButNginx(t *testing.T) {
	for what, row := range map[string]struct {
		header, value string
		status        int
		shown         string
	}{
		"nobody":           {"X-Auth-Request-Email", "ann@example.org", http.StatusForbidden, "by way of nginx"},
		"a name in UTF-8":  {"X-Auth-Request-Name", "Ann%20M%C3%BCller", http.StatusOK, "<td>Ann Müller</td>"},
		"a name with tags": {"X-Auth-Request-Name", "%3Cb%3E", http.StatusOK, "<td>&lt;b&gt;</td>"},
		"no encoding":      {"X-Auth-Request-Name", "%", http.StatusBadRequest, "cannot be read"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(row.header, row.value)
		if what != "nobody" {
			r.Header.Set("X-Auth-Request-User", "1")
		}
		w := httptest.NewRecorder()
		here(t).application(w, r)
		if w.Code != row.status || !strings.Contains(w.Body.String(), row.shown) {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
}
