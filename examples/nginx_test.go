package examples_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// page is a browser's requests from a page: they say which origin it has.
type page string

func (p page) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Origin", string(p))
	return http.DefaultTransport.RoundTrip(r)
}

// The one command for nginx lets in whoever signed in at its page, on the demo tenant as it comes but for the port of that page.
func TestNginxExample(t *testing.T) {
	nginx := os.Getenv("VESTIBULE_TEST_NGINX")
	if nginx == "" {
		t.Skip("VESTIBULE_TEST_NGINX names no nginx; `go run ./internal/tools/services --nginx` does for what it runs, and so `make nginx`")
	}
	w := begin(t)
	program := filepath.Join(t.TempDir(), "nginx-example")
	if err := goBuild(".", program, "./forward-auth/nginx"); err != nil {
		t.Fatal(err)
	}
	port, front := freePort(t), freePort(t)
	at, origin := "http://localhost:"+port, "http://localhost:"+front
	args := []string{"-server", w.public, "-app", port, "-front", front, "-nginx", nginx}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "cors.allowed_origins do not list "+origin) {
		t.Fatalf("it is not said what the tenant lacks: %v\n%s", err, out)
	}
	w.ask(http.MethodPatch, w.operators+"/admin/v1/tenants/demo", w.token,
		map[string]any{"config": map[string]any{"cors": map[string]any{"allowed_origins": []string{origin}}}})
	start(t, t.TempDir(), nil, "http://127.0.0.1:"+port, program, args...)

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	open := func(url string, header ...string) (status int, got http.Header, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header, string(raw)
	}

	// A stranger's browser is sent to the page to sign in with, and everything else is told no.
	forged := []string{"X-Auth-Request-User", "root"}
	status, header, _ := open(at, append(forged, "Accept", "text/html")...)
	if status != http.StatusFound || header.Get("Location") != origin+"/" {
		t.Errorf("a stranger's browser is answered %d, to %q", status, header.Get("Location"))
	}
	if status, _, _ := open(at, forged...); status != http.StatusUnauthorized {
		t.Errorf("a stranger is answered %d", status)
	}
	_, header, body := open(origin)
	if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "connect-src "+w.public+";") ||
		!strings.Contains(body, `data-server="`+w.public+`" data-app="`+at+`"`) {
		t.Errorf("the page does not lead to the server and the application: %q\n%s", policy, body)
	}
	if status, _, body := open(origin + "/sign-in.js"); status != http.StatusOK || !strings.Contains(body, "_allauth/browser/v1") {
		t.Errorf("the page has no script: %d", status)
	}

	// Whoever signs up there is let in, and the application knows them and not their session.
	c, err := client.New(client.Options{URL: w.public, Kind: client.Browser, HTTP: &http.Client{Jar: jar, Transport: page(origin)}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Signup(t.Context(), client.SignupInput{Email: ann, Username: "ann", Password: password})
	if err != nil || !s.Authenticated {
		t.Fatalf("%+v %v", s, err)
	}
	status, _, body = open(at, forged...)
	if status != http.StatusOK || !strings.Contains(body, "<td>"+s.User.ID+"</td>") || !strings.Contains(body, "<td>demo</td>") ||
		!strings.Contains(body, "csrftoken") || strings.Contains(body, "sessionid") || strings.Contains(body, "root") {
		t.Errorf("%d %s", status, body)
	}
	if _, err := c.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := open(at); status != http.StatusUnauthorized {
		t.Errorf("who has signed out is answered %d", status)
	}

	// An app is let in by its token.
	phone := w.device()
	phone.run("login", "ann").asked("Password").says(password).ends(0, "You are signed in as ann")
	if status, _, body := open(at, "X-Session-Token", phone.tokens().Session); status != http.StatusOK || !strings.Contains(body, s.User.ID) {
		t.Errorf("an app is answered %d %s", status, body)
	}
}

// What stands in the way is said, with what to do about it.
func TestNginxExampleSaysWhatItNeeds(t *testing.T) {
	program := filepath.Join(t.TempDir(), "nginx-example")
	if err := goBuild(".", program, "./forward-auth/nginx"); err != nil {
		t.Fatal(err)
	}
	answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	}))
	defer answers.Close()
	taken := answers.URL[strings.LastIndexByte(answers.URL, ':')+1:]
	for want, args := range map[string][]string{
		"make run":            {"-nginx", "nginx", "-server", "http://localhost:" + freePort(t)},
		"without TLS":         {"-nginx", "nginx", "-server", "https://localhost"},
		"flag provided but n": {"-port", "1"},
		"with -front":         {"-nginx", "nginx", "-server", answers.URL, "-front", taken},
		"with -app":           {"-nginx", "nginx", "-server", answers.URL, "-front", freePort(t), "-app", taken},
	} {
		cmd := exec.CommandContext(t.Context(), program, args...)
		var complaints bytes.Buffer
		cmd.Stderr = &complaints
		if err := cmd.Run(); err == nil || !strings.Contains(complaints.String(), want) {
			t.Errorf("%q: %v %s", args, err, complaints.String())
		}
	}
}
