package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
)

// The names in the examples of forward authentication.
const (
	exampleApp   = "app.acme.example"
	exampleLogin = "login.acme.example"
)

// example reads a file of the examples of forward authentication.
func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "forward-auth", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// acme is the tenant of the examples. settings are more of its sections.
func (s *server) acme(settings string) {
	s.Helper()
	s.adminWants(http.StatusCreated, http.MethodPost, "/admin/v1/tenants", map[string]any{
		"slug": "acme", "name": "Acme", "hosts": []string{exampleLogin}, "config": json.RawMessage(`{"account": {
			"email_verification": "none", "rate_limits": false, "signup_fields": ["email*", "username", "password1*"],
			"login_methods": ["email"]}` + settings + `}`),
	})
}

// behind is the application behind a proxy. It tells what reached it.
type behind struct {
	*httptest.Server
	reached atomic.Int64
}

// seen is what reached the application, as it tells it.
type seen struct {
	Method, URI string
	Header      http.Header
	Body        int // bytes
}

func newBehind(t *testing.T) *behind {
	t.Helper()
	b := &behind{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.reached.Add(1)
		if r.Header.Get("Upgrade") == "websocket" { // not the protocol, which proxies do not look at
			conn, buffer, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = buffer.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			_ = buffer.Flush()
			line, _ := buffer.ReadString('\n')
			_, _ = buffer.WriteString(r.Header.Get("X-Auth-Request-User") + " says " + line)
			_ = buffer.Flush()
			_ = conn.Close()
			return
		}
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Error(err)
		}
		_ = json.NewEncoder(w).Encode(seen{r.Method, r.RequestURI, r.Header, int(n)})
	}))
	t.Cleanup(b.Close)
	return b
}

// startNginx runs nginx with the file of the example, in which nothing is changed but where things are on this machine.
func startNginx(t *testing.T, server, application string) (addr string) {
	t.Helper()
	program := os.Getenv("VESTIBULE_TEST_NGINX")
	if program == "" {
		for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
			if path, err := exec.LookPath(name); err == nil {
				program = path
			}
		}
	}
	if program == "" {
		t.Skip("there is no nginx here, and VESTIBULE_TEST_NGINX names none: `make nginx` installs it, and runs this")
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	_ = l.Close()
	dir := t.TempDir()
	places := "http {\n    access_log off;\n"
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		places += fmt.Sprintf("    %s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	text := example(t, "nginx/nginx.conf")
	for from, to := range map[string]string{
		"http {\n": places, "listen 80;": "listen " + addr + ";",
		"server 127.0.0.1:8080;": "server " + server + ";", "server 127.0.0.1:3000;": "server " + application + ";",
	} {
		if strings.Count(text, from) != 1 {
			t.Fatalf("the example has %q %d times", from, strings.Count(text, from))
		}
		text = strings.Replace(text, from, to, 1)
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, "-p", dir, "-c", conf, "-e", "stderr", "-g",
		"daemon off; master_process off; error_log stderr; pid "+filepath.Join(dir, "pid")+";")
	cmd.Stderr = &complaints
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		<-ended // its context is over by now
		if t.Failed() {
			t.Logf("nginx says:\n%s", complaints.String())
		}
	})
	eventually(t, "nginx answers", func() bool {
		select {
		case <-ended:
			t.Fatalf("nginx ended: %s", complaints.String())
		default:
		}
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return addr
}

// through sends a request to the application by way of a proxy, from an address of its own.
func (s *server) through(proxy, method, uri string, header http.Header, body io.Reader) (int, http.Header, seen) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, "http://"+proxy+uri, body)
	if err != nil {
		s.Fatal(err)
	}
	r.Host, r.Header = exampleApp, header
	there := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
	from := &http.Transport{DisableKeepAlives: true, DialContext: there.DialContext}
	res, err := from.RoundTrip(r)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	var got seen
	if res.StatusCode == http.StatusOK {
		if err := json.Unmarshal(raw, &got); err != nil {
			s.Fatalf("%s %s: %v: %s", method, uri, err, raw)
		}
	}
	return res.StatusCode, res.Header, got
}

// with is a copy of some headers with others set.
func with(header http.Header, more ...string) http.Header {
	h := header.Clone()
	for i := 0; i+1 < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

// forgedIdentity are headers by which a client would be somebody else.
var forgedIdentity = []string{
	"X-Auth-Request-User", "root", "X-Auth-Request-Email", "root@acme.example", "X-Auth-Request-Preferred-Username", "root",
	"X-Auth-Request-Name", "Root", "X-Auth-Request-Tenant", "system", "X-Auth-Request-Session", "x",
	"X_Auth_Request_User", "root", "X-Auth-Request_User", "root",
}

// The example for nginx does what it says, with a real nginx before the real server.
func TestNginxLetsInWhoIsSignedIn(t *testing.T) {
	b := newBehind(t)
	s := boot(t, "sqlite", func(cfg *config.Config, _ *app.Options) { cfg.TrustedClientIPHeader, cfg.TrustedProxyCount = "", 1 })
	proxy := startNginx(t, s.Public.Addr().String(), b.Listener.Addr().String())
	s.acme(`, "headless": {"token_strategy": "jwt", "jwt_algorithm": "EdDSA"}`)
	mobile, page := s.client("app", exampleLogin), s.client("browser", exampleLogin)
	signedUp := mobile.post("/auth/signup", map[string]any{"email": "app@example.org", "username": "app", "password": password})
	appID, access := signedUp.userID(), signedUp.handed().access
	pageID := page.signup("page@example.org").want(http.StatusOK).userID()

	const trust = "secret-of-a-trusted-browser"
	keys := []string{mobile.token, page.cookies["sessionid"], access, trust}

	lets := func(header http.Header, user string) seen {
		t.Helper()
		status, _, got := s.through(proxy, http.MethodGet, "/reports?of=may", header, nil)
		if status != http.StatusOK || got.Header.Get("X-Auth-Request-User") != user || got.Header.Get("X-Auth-Request-Tenant") != "acme" ||
			got.Header.Get("X-Auth-Request-Session") == "" || got.URI != "/reports?of=may" {
			t.Errorf("answered %d, and the application saw %+v", status, got)
		}
		for name, values := range got.Header {
			if len(values) != 1 || strings.Contains(fmt.Sprint(values), "root") || strings.Contains(name, "_") {
				t.Errorf("the application saw %s: %q", name, values)
			}
		}
		for _, key := range keys {
			if strings.Contains(fmt.Sprint(got.Header), key) {
				t.Errorf("the application saw the key to the session: %v", got.Header)
			}
		}
		return got
	}
	keepsOut := func(status int, header http.Header) http.Header {
		t.Helper()
		before := b.reached.Load()
		got, h, _ := s.through(proxy, http.MethodGet, "/reports", header, nil)
		if got != status {
			t.Errorf("answered %d, not %d", got, status)
		}
		if _, _, _ = s.through(proxy, http.MethodPost, "/reports", header, strings.NewReader("x")); b.reached.Load() != before {
			t.Error("it reached the application")
		}
		return h
	}

	cookie := page.carried()
	got := lets(cookie, pageID)
	c := got.Header.Get("Cookie")
	if !strings.Contains(c, "theme=dark") || !strings.Contains(c, "csrftoken=") || strings.Contains(c, "sessionid") {
		t.Errorf("of the cookies the application saw %q", c)
	}
	for _, order := range []string{
		"sessionid=%s", "sessionid=%s; theme=dark", "theme=dark; sessionid=%s", "theme=dark;sessionid=%s;a=b",
		"xsessionid=1; sessionid=%s; sessionid=2", "mfa_trusted=" + trust + "; sessionid=%s; theme=dark", "sessionid=%s; theme=dark; mfa_trusted=" + trust,
		"mfa_trusted=1; sessionid=%s; mfa_trusted=" + trust,
	} {
		c := lets(http.Header{"Cookie": {fmt.Sprintf(order, page.cookies["sessionid"])}}, pageID).Header.Get("Cookie")
		if strings.Contains(order, "theme") && !strings.Contains(c, "theme=dark") ||
			strings.Contains(strings.ReplaceAll(c, "xsessionid", ""), "sessionid") {
			t.Errorf("of %s the application saw %q", order, c)
		}
	}
	if got = lets(mobile.carried(), appID); got.Header.Get("X-Auth-Request-Preferred-Username") != "app" {
		t.Errorf("the application saw %v", got.Header)
	}
	lets(http.Header{"Authorization": {"Bearer " + access}}, appID)
	if got = lets(with(cookie, "Authorization", "Basic YTpi"), pageID); got.Header.Get("Authorization") != "Basic YTpi" {
		t.Errorf("the application does not get what is its own: %v", got.Header)
	}
	// What a client says of itself does not arrive, not even where there is nothing to put in its place.
	got = lets(with(cookie, forgedIdentity...), pageID)
	if _, there := got.Header["X-Auth-Request-Name"]; there {
		t.Errorf("a name that there is not is %v", got.Header)
	}
	keepsOut(http.StatusUnauthorized, with(http.Header{}, forgedIdentity...))
	keepsOut(http.StatusUnauthorized, with(cookie, "X-Session-Token", "x"))
	lets(with(cookie, "X-Tenant", "system", "X-Forwarded-For", "6.6.6.6"), pageID)
	if log := s.log.String(); !strings.Contains(log, `"client_ip":"127.0.0.9"`) || strings.Contains(log, "6.6.6.6") {
		t.Error("the server does not know where the client is")
	}

	// Strangers.
	h := keepsOut(http.StatusUnauthorized, http.Header{})
	if h.Get("WWW-Authenticate") == "" || h.Get("Location") != "" {
		t.Errorf("401 with %v", h)
	}
	h = keepsOut(http.StatusFound, http.Header{"Accept": {"text/html,application/xhtml+xml"}})
	if h.Get("Location") != "https://"+exampleLogin+"/" {
		t.Errorf("a browser is sent to %v", h)
	}
	if status, _, _ := s.through(proxy, http.MethodGet, "/_forward_auth", cookie, nil); status != http.StatusNotFound {
		t.Errorf("the question itself is answered %d", status)
	}

	// Bodies of any length, in either form.
	for name, body := range map[string]io.Reader{
		"at once": bytes.NewReader(make([]byte, 300_000)), "in pieces": io.MultiReader(bytes.NewReader(make([]byte, 300_000))),
	} {
		status, _, got := s.through(proxy, http.MethodPost, "/upload", cookie, body)
		if status != http.StatusOK || got.Method != http.MethodPost || got.Body != 300_000 {
			t.Errorf("a body %s: %d %+v", name, status, got)
		}
	}

	// WebSockets.
	upgrade := func(header http.Header) (status int, line string) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", proxy)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		var request strings.Builder
		request.WriteString("GET /socket HTTP/1.1\r\nHost: " + exampleApp + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
		_ = header.Write(&request)
		if _, err := io.WriteString(conn, request.String()+"\r\n"); err != nil {
			t.Fatal(err)
		}
		from := bufio.NewReader(conn)
		res, err := http.ReadResponse(from, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode == http.StatusSwitchingProtocols {
			_, _ = io.WriteString(conn, "hello\n")
			line, _ = from.ReadString('\n')
		}
		return res.StatusCode, line
	}
	if status, line := upgrade(cookie); status != http.StatusSwitchingProtocols || line != pageID+" says hello\n" {
		t.Errorf("a socket is answered %d %q", status, line)
	}
	if status, _ := upgrade(http.Header{}); status != http.StatusUnauthorized {
		t.Errorf("a stranger's socket is answered %d", status)
	}

	// Who signs out is out at once; a suspended tenant lets nobody in; and so does nobody who can be asked.
	held := cookie.Clone()
	page.delete("/auth/session").want(http.StatusUnauthorized)
	keepsOut(http.StatusUnauthorized, held)
	s.adminWants(http.StatusOK, http.MethodPost, "/admin/v1/tenants/acme/suspend", map[string]any{})
	keepsOut(http.StatusForbidden, mobile.carried())
	s.adminWants(http.StatusOK, http.MethodPost, "/admin/v1/tenants/acme/resume", map[string]any{})
	lets(mobile.carried(), appID)
	s.stop()
	keepsOut(http.StatusInternalServerError, mobile.carried())
	keepsOut(http.StatusInternalServerError, http.Header{"Accept": {"text/html"}})
}
