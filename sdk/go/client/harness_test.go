package client_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// server is a real server with a database of its own, whose mail is kept at hand. It is shared by the tests, each of which has a tenant of
// its own on the server's shared host.
type server struct {
	public, operators string // URLs
	token             string
	log               bytes.Buffer
}

var (
	shared    *server
	stop      = func() {} // stops it
	refused   error       // why there is none
	needed    = sync.OnceFunc(func() { shared, stop, refused = start() })
	errNoRoot = errors.New("the server is in the repository, which this module stands alone without; name a program in VESTIBULE_SERVER")
)

func TestMain(m *testing.M) {
	code := m.Run()
	stop()
	if errors.Is(refused, errNoRoot) {
		_, _ = fmt.Fprintln(os.Stderr, "tests against a real server were skipped:", refused)
	}
	os.Exit(code)
}

// start starts a server: the program that VESTIBULE_SERVER names or, without it, one that is built from the repository.
func start() (s *server, stop func(), err error) {
	stop = func() {}
	folder, err := os.MkdirTemp("", "vestibule-client-")
	if err != nil {
		return nil, stop, err
	}
	stop = func() { _ = os.RemoveAll(folder) }
	program, err := build(folder)
	if err != nil {
		return nil, stop, err
	}
	s = &server{}
	public, err := freePort()
	if err != nil {
		return nil, stop, err
	}
	operators, err := freePort()
	if err != nil {
		return nil, stop, err
	}
	s.public, s.operators = "http://"+public, "http://"+operators
	cmd := exec.Command(program, "--dev", "--dev-dir", filepath.Join(folder, "dev"))
	cmd.Dir = folder
	cmd.Env = []string{ // and nothing else, so that no settings of this machine's get in
		"PATH=" + os.Getenv("PATH"), "HOME=" + folder,
		"VESTIBULE_LISTEN=" + public, "VESTIBULE_ADMIN_LISTEN=" + operators, "VESTIBULE_SHARED_HOSTS=127.0.0.1",
	}
	cmd.Stdout, cmd.Stderr = &s.log, &s.log
	if err := cmd.Start(); err != nil {
		return nil, stop, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			_, _ = fmt.Fprintf(os.Stderr, "the server: %v\n%s", err, s.log.String())
		}
		_ = os.RemoveAll(folder)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		resp, err := http.Get(s.operators + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		select {
		case err := <-ended:
			ended <- nil // for stop
			return nil, stop, fmt.Errorf("the server did not start: %w\n%s", err, s.log.String())
		default:
		}
		if time.Now().After(deadline) {
			return nil, stop, fmt.Errorf("the server was not ready in two minutes")
		}
	}
	token, err := os.ReadFile(filepath.Join(folder, "dev", "admin-token"))
	s.token = strings.TrimSpace(string(token))
	return s, stop, err
}

// build is the path of the server's program.
func build(folder string) (string, error) {
	if named := os.Getenv("VESTIBULE_SERVER"); named != "" {
		return filepath.Abs(named)
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(root, "cmd/server")); err != nil {
		return "", errNoRoot
	}
	program := filepath.Join(folder, "server")
	cmd := exec.Command("go", "build", "-o", program, "./cmd/server")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return program, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// admin calls the admin API, and fails the test where that fails.
func (s *server) admin(t *testing.T, method, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.operators+"/admin/v1"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodGet {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, raw, err)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatal(err)
	}
}

// tenant is a tenant of the shared server.
type tenant struct {
	*server
	slug string
}

var slugs struct {
	sync.Mutex
	made int
}

// tenantWith makes a tenant with these settings.
func tenantWith(t *testing.T, settings map[string]map[string]any) *tenant {
	t.Helper()
	needed()
	switch {
	case errors.Is(refused, errNoRoot):
		t.Skip(refused) // the module stands alone, without the server that these tests are about
	case refused != nil:
		t.Fatal(refused)
	}
	slugs.Lock()
	slugs.made++
	slug := fmt.Sprintf("tenant-%d", slugs.made)
	slugs.Unlock()
	config := map[string]any{"public_url": "http://" + slug + ".localhost"}
	for section, members := range settings {
		config[section] = members
	}
	shared.admin(t, http.MethodPost, "/tenants", map[string]any{
		"slug": slug, "name": slug, "hosts": []string{slug + ".localhost"}, "config": config,
	}, nil)
	return &tenant{server: shared, slug: slug}
}

// client is a client of the tenant.
func (x *tenant) client(t *testing.T, options ...func(*client.Options)) *client.Client {
	t.Helper()
	o := client.Options{URL: x.public, Tenant: x.slug}
	for _, set := range options {
		set(&o)
	}
	c, err := client.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mails are all mails to an address, latest first.
func (x *tenant) mails(t *testing.T, to string) []string {
	t.Helper()
	var box struct {
		Items []struct{ Text string } `json:"items"`
	}
	x.admin(t, http.MethodGet, "/dev/mail?limit=50&to="+url.QueryEscape(to), nil, &box)
	var texts []string
	for _, m := range box.Items {
		texts = append(texts, m.Text)
	}
	return texts
}

var (
	codes = regexp.MustCompile(`\b[A-Z0-9]{4}-[A-Z0-9]{4}\b`)
	links = regexp.MustCompile(`https?://\S+/([^/\s]+)`)
)

// mailed is what a pattern finds in the latest of n mails to an address, as soon as there are so many.
func (x *tenant) mailed(t *testing.T, to string, n int, pattern *regexp.Regexp) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		all := x.mails(t, to)
		if len(all) < n {
			continue
		}
		m := pattern.FindStringSubmatch(all[0])
		if m == nil {
			t.Fatalf("nothing in this mail matches %s:\n%s", pattern, all[0])
		}
		key, err := url.PathUnescape(m[len(m)-1])
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	t.Fatalf("there are no %d mails to %s", n, to)
	return ""
}

const (
	password = "Kestrel-Orbit-49"
	another  = "Quartz-Lantern-73"
)

// address is one that no other test has.
func (x *tenant) address(name string) string { return name + "@" + x.slug + ".example" }

// member is a user of the tenant who is signed in by password, with an address that is verified.
func (x *tenant) member(t *testing.T, name string, options ...func(*client.Options)) *client.Client {
	t.Helper()
	x.admin(t, http.MethodPost, "/tenants/"+x.slug+"/users", map[string]any{
		"email": x.address(name), "email_verified": true, "password": password,
	}, nil)
	return x.login(t, name, options...)
}

// login is another session of a member.
func (x *tenant) login(t *testing.T, name string, options ...func(*client.Options)) *client.Client {
	t.Helper()
	c := x.client(t, options...)
	s, err := c.Login(t.Context(), client.LoginInput{Email: x.address(name), Password: password})
	signedIn(t, s, err)
	return c
}

// signedIn fails unless somebody is.
func signedIn(t *testing.T, s *client.Session, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !s.Authenticated || s.User == nil {
		t.Fatalf("nobody is signed in: %+v", s)
	}
}

// waits fails unless nobody is signed in, and a flow waits.
func waits(t *testing.T, s *client.Session, err error, id client.FlowID) client.Flow {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	f, pending := s.Pending()
	if s.Authenticated || s.User != nil || !pending || f.ID != id {
		t.Fatalf("%s is not what waits: %+v", id, s)
	}
	return f
}

// errorOf is the error of the client, and fails unless there is one with that status.
func errorOf(t *testing.T, err error, status int) *client.Error {
	t.Helper()
	var e *client.Error
	if !errors.As(err, &e) || e.Status != status {
		t.Fatalf("not %d: %v", status, err)
	}
	return e
}

// declined fails unless an error has that status and, unless it is "", that code at that member.
func declined(t *testing.T, err error, status int, code, param string) {
	t.Helper()
	e := errorOf(t, err, status)
	if code != "" && (len(e.Errors) == 0 || e.Errors[0].Code != code || e.Errors[0].Param != param || e.Errors[0].Message == "") {
		t.Fatalf("not %s at %q: %+v", code, param, e.Errors)
	}
}

// totp is the code of an authenticator app in a period of 30 s (RFC 6238, section 4).
func totp(t *testing.T, secret string, period int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ToUpper(secret), "="))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, period)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

// store is a TokenStore that can be looked into.
type store struct {
	sync.Mutex
	held client.Tokens
	fail error
}

func (s *store) Load(context.Context) (client.Tokens, error) {
	s.Lock()
	defer s.Unlock()
	return s.held, s.fail
}

func (s *store) Save(_ context.Context, t client.Tokens) error {
	s.Lock()
	defer s.Unlock()
	if s.fail == nil {
		s.held = t
	}
	return s.fail
}

func (s *store) tokens() client.Tokens {
	s.Lock()
	defer s.Unlock()
	return s.held
}

func with(s *store) func(*client.Options) { return func(o *client.Options) { o.Store = s } }
