package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/headless/headlesstest"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

const (
	password      = "Kestrel-Orbit-49!"
	otherPassword = "Lantern-Quartz-83?"
	adminToken    = "an-admin-token-for-tests-0123456789abcdef"
)

// server is the whole product, booted for a test and talked to over HTTP.
type server struct {
	*testing.T
	*app.App
	public   string // http://127.0.0.1:port
	operator string
	inbox    *inbox
	log      *logbook
	stop     func()
}

// boot starts a server on a new database of the engine. change may alter its configuration and options.
func boot(t *testing.T, engine string, change ...func(*config.Config, *app.Options)) *server {
	t.Helper()
	s := &server{T: t, inbox: newInbox(t), log: &logbook{}}
	cfg := config.Config{
		Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Database: config.Hide(testkit.URL(t, engine)), Keys: testkit.Keys(t),
		AdminToken: config.Hide(adminToken), SMTP: config.Hide("smtp://" + s.inbox.addr), TenantHeader: "X-Tenant",
		MailFrom:             mail.Address{Name: "Vestibule", Address: "no-reply@vestibule.example"},
		AllowPrivateNetworks: true, HashWorkers: 2, RequestTimeout: soon, ShutdownTimeout: 10 * time.Second, MetricsTenants: 100,
		TrustedClientIPHeader: "X-Test-Ip",
		DatabaseMaxConns:      6, // several tests run at once, and PostgreSQL has a hundred connections as it comes
	}
	if engine == "postgres" {
		cfg.Redis = config.Hide(testkit.RedisURL())
	}
	o := app.Options{
		Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Clock: clock.System{},
		RedisPatience: 30 * time.Second, Hashing: passhash.Options{Cheap: true}, Even: time.Microsecond,
	}
	for _, c := range change {
		c(&cfg, &o)
	}
	a, err := app.New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	s.App = a
	s.public, s.operator = "http://"+a.Public.Addr().String(), "http://"+a.Operators.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		// A connection that a client opened and then had no need for would be waited for, five seconds long.
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server did not stop cleanly: %v", err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

// everywhere runs a test on both engines and for both kinds of client.
func everywhere(t *testing.T, test func(t *testing.T, s *server, kind string)) {
	t.Parallel() // it waits for answers, mail and the disk, and has a server and a database of its own
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		for _, kind := range []string{"app", "browser"} {
			t.Run(kind, func(t *testing.T) {
				of := *s
				of.T = t
				test(t, &of, kind)
			})
		}
	})
}

// tenant makes a tenant over the admin API, on the host <slug>.localhost, and returns that host.
func (s *server) tenant(settings string) string {
	s.Helper()
	slug := fmt.Sprintf("t-%x", secret.Bytes(6))
	host := slug + ".localhost"
	var cfg map[string]any
	if settings == "" {
		settings = "{}"
	}
	if err := json.Unmarshal([]byte(settings), &cfg); err != nil {
		s.Fatal(err)
	}
	status, body := s.admin(http.MethodPost, "/admin/v1/tenants", map[string]any{"slug": slug, "name": "Test", "hosts": []string{host}, "config": cfg})
	if status != http.StatusCreated {
		s.Fatalf("make a tenant: %d %s", status, body)
	}
	return host
}

// admin makes one request of the admin API.
func (s *server) admin(method, path string, body any) (int, string) {
	s.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			s.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(s.Context(), method, s.operator+path, in)
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	r.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		r.Header.Set("Content-Type", "application/merge-patch+json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// client is one front end: it keeps what a browser or an app would keep.
type client struct {
	s       *server
	kind    string
	host    string
	ip      string
	token   string
	cookies map[string]string
	header  http.Header // sent with every request
}

// client is a new front end of the tenant on a host. A browser begins, as they do, by reading the configuration.
func (s *server) client(kind, host string) *client {
	s.Helper()
	c := &client{s: s, kind: kind, host: host, ip: fmt.Sprintf("10.%d.%d.%d", secret.Bytes(1)[0], secret.Bytes(1)[0], secret.Bytes(1)[0]),
		cookies: map[string]string{}, header: http.Header{}}
	if kind == "browser" {
		c.get("/config").want(http.StatusOK)
	}
	return c
}

// asAnswered takes a redirect as the answer that it is.
var asAnswered = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// reply is an answer.
type reply struct {
	c       *client
	asked   string // the method and the path
	Status  int
	Header  http.Header
	Body    string
	decoded struct {
		Status int
		Data   json.RawMessage
		Meta   struct {
			IsAuthenticated  *bool  `json:"is_authenticated"`
			IsAuthenticating *bool  `json:"is_authenticating"`
			SessionToken     string `json:"session_token"`
			AccessToken      string `json:"access_token"`
			RefreshToken     string `json:"refresh_token"`
		}
		Errors []struct{ Code, Param, Message string }
	}
}

func (c *client) get(path string, header ...string) *reply {
	return c.do(http.MethodGet, path, nil, header...)
}
func (c *client) post(path string, body any, header ...string) *reply {
	return c.do(http.MethodPost, path, body, header...)
}
func (c *client) delete(path string, header ...string) *reply {
	return c.do(http.MethodDelete, path, nil, header...)
}

func (c *client) signup(email string) *reply {
	return c.post("/auth/signup", map[string]any{"email": email, "password": password})
}

func (c *client) login(email, password string) *reply {
	return c.post("/auth/login", map[string]any{"email": email, "password": password})
}

// do makes one request below /_allauth/{kind}/v1, or at path itself if that begins with /_allauth. body is JSON, or
// bytes as they are. header are names and values, which replace what the client would send; "-" leaves a header out.
func (c *client) do(method, path string, body any, header ...string) *reply {
	c.s.Helper()
	res, err := c.try(c.s.Context(), method, path, body, header...)
	if err != nil {
		c.s.Fatal(err)
	}
	return res
}

func (c *client) try(ctx context.Context, method, path string, body any, header ...string) (*reply, error) {
	if !strings.HasPrefix(path, "/_allauth") {
		path = "/_allauth/" + c.kind + "/v1" + path
	}
	var raw []byte
	switch body := body.(type) {
	case nil:
	case []byte:
		raw = body
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		raw = encoded
	}
	r, err := http.NewRequestWithContext(ctx, method, c.s.public+path, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	r.Host = c.host
	r.Header = c.header.Clone()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "test")
	r.Header.Set("X-Test-Ip", c.ip)
	if c.kind == "browser" {
		var all []string
		for k, v := range c.cookies {
			all = append(all, k+"="+v)
		}
		if len(all) > 0 {
			r.Header.Set("Cookie", strings.Join(all, "; "))
		}
		if v := c.cookies["csrftoken"]; v != "" {
			r.Header.Set("X-CSRFToken", v)
		}
	} else if c.token != "" {
		r.Header.Set("X-Session-Token", c.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "-" {
			r.Header.Del(header[i])
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	res, err := asAnswered.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	got := &reply{c: c, asked: method + " " + path, Status: res.StatusCode, Header: res.Header, Body: string(out)}
	if err := headlesstest.Conforms(method, path, res.StatusCode, res.Header, out); err != nil {
		c.s.Error(err)
	}
	_ = json.Unmarshal(out, &got.decoded) // a body of another form is looked at as text
	if c.kind == "browser" {
		c.keep(res.Header)
	} else if got.decoded.Meta.SessionToken != "" {
		c.token = got.decoded.Meta.SessionToken
	}
	return got, nil
}

// keep does to a browser's cookies what an answer says.
func (c *client) keep(h http.Header) {
	for _, k := range (&http.Response{Header: h}).Cookies() {
		if k.MaxAge < 0 || k.Value == "" {
			delete(c.cookies, k.Name)
		} else {
			c.cookies[k.Name] = k.Value
		}
	}
}

// want checks the status.
func (r *reply) want(status int) *reply {
	r.c.s.Helper()
	if r.Status != status {
		r.c.s.Fatalf("got %d, want %d: %s", r.Status, status, r.Body)
	}
	return r
}

// code checks that the only fault has this code and parameter.
func (r *reply) code(code, param string) *reply {
	r.c.s.Helper()
	if len(r.decoded.Errors) != 1 || r.decoded.Errors[0].Code != code || r.decoded.Errors[0].Param != param {
		r.c.s.Fatalf("got %s, want %s of %q", r.Body, code, param)
	}
	return r
}

// userID is the id of the user that an answer is about.
func (r *reply) userID() string {
	r.c.s.Helper()
	var data struct{ User struct{ ID string } }
	if err := json.Unmarshal(r.decoded.Data, &data); err != nil || data.User.ID == "" {
		r.c.s.Fatalf("no user in %s", r.Body)
	}
	return data.User.ID
}

// sessions are what the wire calls the client's own session and the latest other one of its user; 0 is none.
func (c *client) sessions() (own, other int64) {
	c.s.Helper()
	var all []struct {
		ID      int64 `json:"id"`
		Current bool  `json:"is_current"`
	}
	if err := json.Unmarshal(c.get("/auth/sessions").want(http.StatusOK).decoded.Data, &all); err != nil {
		c.s.Fatal(err)
	}
	for _, x := range all {
		switch {
		case x.Current:
			own = x.ID
		case other == 0:
			other = x.ID
		}
	}
	return own, other
}

// inbox is a real SMTP server that keeps what it gets.
type inbox struct {
	addr string
	mu   sync.Mutex
	came chan struct{} // closed and replaced at each mail
	all  []letter
}

type letter struct{ to, raw, text string }

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{came: make(chan struct{})}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{in: in}, nil }))
	srv.Domain = "inbox.example"
	l := listen(t)
	in.addr = l.Addr().String()
	go func() { _ = srv.Serve(l) }() // it ends when it is closed
	t.Cleanup(func() { _ = srv.Close() })
	return in
}

type delivery struct {
	in *inbox
	to []string
}

func (d *delivery) Reset()                               { d.to = nil }
func (d *delivery) Logout() error                        { return nil }
func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = append(d.to, to)
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	text, err := plainText(m)
	if err != nil {
		return err
	}
	d.in.mu.Lock()
	defer d.in.mu.Unlock()
	for _, to := range d.to {
		d.in.all = append(d.in.all, letter{to: to, raw: string(raw), text: text})
	}
	close(d.in.came)
	d.in.came = make(chan struct{})
	return nil
}

// wait is the nth mail (from 0) to an address.
func (in *inbox) wait(t testing.TB, to string, n int) letter {
	t.Helper()
	deadline := time.After(soon)
	for {
		in.mu.Lock()
		came, left := in.came, n
		for _, l := range in.all {
			if l.to == to {
				if left == 0 {
					in.mu.Unlock()
					return l
				}
				left--
			}
		}
		in.mu.Unlock()
		select {
		case <-came:
		case <-deadline:
			t.Fatalf("mail %d to %s did not come", n, to)
		}
	}
}

// count is how many mails came to an address so far.
func (in *inbox) count(to string) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := 0
	for _, l := range in.all {
		if l.to == to {
			n++
		}
	}
	return n
}

var keyInLink = regexp.MustCompile(`/verify-email/([^\s<>"]+)`)

// key is the key in the link of a mail.
func (l letter) key(t testing.TB) string {
	t.Helper()
	found := keyInLink.FindStringSubmatch(l.text)
	if found == nil {
		t.Fatalf("no link in %s", l.text)
	}
	key, err := url.PathUnescape(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// logbook is the server's log.
type logbook struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// plainText is the text part of a mail.
func plainText(m *mail.Message) (string, error) {
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return decoded(m.Body, m.Header.Get("Content-Transfer-Encoding"))
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/plain") {
			return decoded(p, p.Header.Get("Content-Transfer-Encoding"))
		}
	}
}

func decoded(r io.Reader, encoding string) (string, error) {
	if strings.EqualFold(encoding, "quoted-printable") {
		r = quotedprintable.NewReader(r)
	}
	raw, err := io.ReadAll(r)
	return string(raw), err
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
