package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/tools/listening"
)

const (
	benchHost      = "bench.localhost"
	clientIPHeader = "X-Bench-Ip"

	serverPackage = "github.com/vestibule-auth/vestibule/cmd/server"

	// accountCount is a multiple of the usual numbers of connections, and gives each of 64 five accounts.
	accountCount = 320
	browserCount = 64
	setupWorkers = 4

	startTimeout = 30 * time.Second
	stopTimeout  = 45 * time.Second // longer than the server's own
)

// server is the server under test, as a process of its own.
type server struct {
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
	public string        // addresses
	admin  string
	token  string // of the admin API
	log    string // a file
	tenant string // the id of the one it serves

	http *http.Client // for setting up
}

// buildServer builds the program into dir.
func buildServer(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "server")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, serverPackage).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return path, nil
}

// startServer migrates the database, starts the program and waits until it is ready. It runs with the defaults of
// production; its log goes to a file in dir.
func startServer(ctx context.Context, program, dir string, st *storage, smtp string) (_ *server, err error) {
	s := &server{
		ended: make(chan struct{}), token: secret.Token(), log: filepath.Join(dir, "server.log"),
		http: &http.Client{Timeout: startTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: setupWorkers}},
	}
	env := append(inherited(), // nothing else, for a stray setting would change what is measured
		"VESTIBULE_LISTEN=127.0.0.1:0",
		"VESTIBULE_ADMIN_LISTEN=127.0.0.1:0",
		"VESTIBULE_DATABASE_URL="+st.url,
		"VESTIBULE_REDIS_URL="+st.redisURL,
		"VESTIBULE_SECRET_KEY="+base64.StdEncoding.EncodeToString(secret.Bytes(32)),
		"VESTIBULE_ADMIN_TOKEN="+s.token,
		"VESTIBULE_SMTP_URL=smtp://"+smtp,
		"VESTIBULE_MAIL_FROM=Bench <bench@example.org>",
		"VESTIBULE_TRUSTED_CLIENT_IP_HEADER="+clientIPHeader,
	)
	migrate := exec.CommandContext(ctx, program, "--migrate")
	migrate.Env = env
	if out, err := migrate.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("migrate: %w\n%s", err, out)
	}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, log.Close()) }() // the process has it open for itself
	s.cmd = exec.Command(program)
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = env, log, log
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is in its log
		close(s.ended)
	}()
	if err := s.awaitReady(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start the server: %w\n%s", err, s.lastWords()), s.stop())
	}
	return s, nil
}

// inherited are the variables that programs need in order to run at all.
func inherited() []string {
	var all []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			all = append(all, name+"="+v)
		}
	}
	return all
}

var errEnded = errors.New("it ended by itself")

func (s *server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := s.findReady(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return errEnded
		default:
		}
		if waited := pause(ctx, 50*time.Millisecond); waited != nil {
			return fmt.Errorf("it does not get ready: %w", errors.Join(waited, err))
		}
	}
}

// findReady finds out where the server listens, and asks it whether it is ready.
func (s *server) findReady(ctx context.Context) error {
	log, err := os.ReadFile(s.log)
	if err != nil {
		return err
	}
	if s.public, s.admin = listening.Addresses(string(log)); s.public == "" || s.admin == "" {
		return errors.New("it does not listen yet")
	}
	_, err = s.expect(ctx, http.StatusOK, s.admin, http.MethodGet, "/readyz", nil, nil)
	return err
}

// stop has the server end as a platform does, and kills it if that takes too long.
func (s *server) stop() error {
	s.http.CloseIdleConnections()
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	t := time.NewTimer(stopTimeout)
	defer t.Stop()
	select {
	case <-s.ended:
		return nil
	case <-t.C:
		_ = s.cmd.Process.Kill()
		<-s.ended
		return fmt.Errorf("the server did not stop within %s and was killed", stopTimeout)
	}
}

// lastWords are the last lines of the server's log that are not about requests that went well.
func (s *server) lastWords() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, `"level":"INFO"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-20):], "")
}

// reply is an answer to a call.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// call makes one request of setting up.
func (s *server) call(ctx context.Context, addr, method, path string, header map[string]string, body any) (reply, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return reply{}, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, content)
	if err != nil {
		return reply{}, err
	}
	r.Host = benchHost
	r.Header.Set(clientIPHeader, "10.0.0.0") // unless header says otherwise
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	res, err := s.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	return reply{res.StatusCode, res.Header, text}, errors.Join(err, res.Body.Close())
}

// expect is a call that has to be answered with that status.
func (s *server) expect(ctx context.Context, status int, addr, method, path string, header map[string]string, body any) (reply, error) {
	got, err := s.call(ctx, addr, method, path, header, body)
	if err == nil && got.status != status {
		err = fmt.Errorf("%s %s: the answer is %d and not %d: %s", method, path, got.status, status, clip(got.body))
	}
	return got, err
}

// addTenant makes the one tenant.
func (s *server) addTenant(ctx context.Context) error {
	got, err := s.expect(ctx, http.StatusCreated, s.admin, http.MethodPost, "/admin/v1/tenants",
		map[string]string{"Authorization": "Bearer " + s.token},
		map[string]any{
			"slug": "bench", "name": "Bench", "hosts": []string{benchHost},
			"config": map[string]any{"account": map[string]any{"email_verification": "optional"}},
		})
	if err != nil {
		return fmt.Errorf("make the tenant: %w", err)
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(got.body, &made); err != nil || made.ID == "" {
		return fmt.Errorf("make the tenant: the answer holds no id: %s", clip(got.body))
	}
	s.tenant = made.ID
	return nil
}

// configure changes settings of the tenant's account section.
func (s *server) configure(ctx context.Context, account map[string]any) error {
	return s.patch(ctx, map[string]any{"account": account})
}

// strategy has the tenant hand out tokens, or not.
func (s *server) strategy(ctx context.Context, strategy string) error {
	return s.patch(ctx, map[string]any{"headless": map[string]any{"token_strategy": strategy, "jwt_access_token_expires_in": 3600}})
}

func (s *server) patch(ctx context.Context, config map[string]any) error {
	_, err := s.expect(ctx, http.StatusOK, s.admin, http.MethodPatch, "/admin/v1/tenants/bench",
		map[string]string{"Authorization": "Bearer " + s.token}, map[string]any{"config": config})
	if err != nil {
		return fmt.Errorf("configure the tenant: %w", err)
	}
	return nil
}

// fill signs people up, and signs some of them in with a browser too.
func (s *server) fill(ctx context.Context, f *fixture, accounts, browsers int) error {
	f.accounts = make([]account, accounts)
	f.browsers = make([]string, browsers)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(setupWorkers)
	for i := range f.accounts {
		g.Go(func() error {
			a, err := s.signUp(ctx, f)
			if err == nil && i < browsers {
				f.browsers[i], err = s.signInBrowser(ctx, f, a.email)
			}
			f.accounts[i] = a
			return err
		})
	}
	return g.Wait()
}

func (s *server) signUp(ctx context.Context, f *fixture) (account, error) {
	a := account{email: f.newAddress()}
	got, err := s.expect(ctx, http.StatusOK, s.public, http.MethodPost, appPath+"/auth/signup",
		map[string]string{clientIPHeader: f.clientIP()}, json.RawMessage(credentials(a.email)))
	if err != nil {
		return a, fmt.Errorf("sign up: %w", err)
	}
	var body struct {
		Meta struct {
			Token string `json:"session_token"`
		} `json:"meta"`
	}
	if err := json.Unmarshal(got.body, &body); err != nil || body.Meta.Token == "" {
		return a, fmt.Errorf("sign up: the answer holds no token: %s", clip(got.body))
	}
	a.token = body.Meta.Token
	return a, nil
}

// handTokens has the tenant hand out tokens, and signs in once for each connection.
func (s *server) handTokens(ctx context.Context, f *fixture, connections int) error {
	if err := s.strategy(ctx, "jwt"); err != nil {
		return err
	}
	f.pairs = make([]pair, connections)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(setupWorkers)
	for i := range f.pairs {
		g.Go(func() error {
			got, err := s.expect(ctx, http.StatusOK, s.public, http.MethodPost, appPath+"/auth/login",
				map[string]string{clientIPHeader: f.clientIP()}, json.RawMessage(credentials(f.accounts[i%len(f.accounts)].email)))
			if err != nil {
				return fmt.Errorf("sign in for tokens: %w", err)
			}
			var body struct {
				Meta pair `json:"meta"`
			}
			if err := json.Unmarshal(got.body, &body); err != nil || body.Meta.Refresh == "" {
				return fmt.Errorf("sign in for tokens: the answer holds none: %s", clip(got.body))
			}
			f.pairs[i] = body.Meta
			return nil
		})
	}
	return g.Wait()
}

// signInBrowser signs in with cookies, and returns them as the browser would send them.
func (s *server) signInBrowser(ctx context.Context, f *fixture, email string) (string, error) {
	jar := cookies{}
	got, err := s.expect(ctx, http.StatusOK, s.public, http.MethodGet, browserAPI+"/config",
		map[string]string{clientIPHeader: f.clientIP()}, nil)
	if err != nil {
		return "", fmt.Errorf("sign a browser in: %w", err)
	}
	jar.keep(got.header)
	got, err = s.expect(ctx, http.StatusOK, s.public, http.MethodPost, browserAPI+"/auth/login",
		map[string]string{clientIPHeader: f.clientIP(), "Cookie": jar.String(), "X-CSRFToken": jar.value("csrftoken")},
		json.RawMessage(credentials(email)))
	if err != nil {
		return "", fmt.Errorf("sign a browser in: %w", err)
	}
	jar.keep(got.header)
	if jar.value("sessionid") == "" {
		return "", errors.New("sign a browser in: the answer sets no session cookie")
	}
	return jar.String(), nil
}

// clientIP is the next client's address.
func (f *fixture) clientIP() string {
	n := f.ips.Add(1)
	return net.IPv4(10, byte(n>>16), byte(n>>8), byte(n)).String()
}

// cookies are what a browser keeps. net/http/cookiejar would keep those marked Secure from a server without TLS, as this
// one is without its proxy.
type cookies []*http.Cookie

func (c *cookies) keep(header http.Header) {
	for _, set := range (&http.Response{Header: header}).Cookies() {
		kept := (*c)[:0]
		for _, old := range *c {
			if old.Name != set.Name {
				kept = append(kept, old)
			}
		}
		kept = append(kept, set)
		*c = kept
	}
}

func (c cookies) value(name string) string {
	for _, one := range c {
		if one.Name == name {
			return one.Value
		}
	}
	return ""
}

func (c cookies) String() string {
	var all []string
	for _, one := range c {
		all = append(all, one.Name+"="+one.Value)
	}
	return strings.Join(all, "; ")
}
