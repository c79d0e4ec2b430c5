package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Kind is how a client carries its session.
type Kind string

// The kinds of client that the API knows.
const (
	App     Kind = "app"     // by a session token, which it keeps itself
	Browser Kind = "browser" // by cookies, with a CSRF token beside them
)

// Options say whose API it is and how it is reached. URL is needed; the rest works as it is.
type Options struct {
	// URL is the tenant's public URL, such as https://acme.example.org. It must be https, but for hosts on loopback.
	URL string
	// Insecure allows http to other hosts: passwords and tokens can be read on the way then.
	Insecure bool
	// Tenant is the slug that is sent along to a host that tenants share; "" for a host of the tenant's own.
	Tenant string
	// TenantHeader is the header that it is sent in; "" is X-Tenant.
	TenantHeader string
	// Kind is App unless it is said.
	Kind Kind
	// HTTP makes the requests; nil is a client with a timeout of 30 s. It is copied: redirects are never followed, and only the kind
	// Browser has a jar, which is HTTP.Jar or else a new one.
	HTTP *http.Client
	// Store keeps the tokens of an App; nil is in memory.
	Store TokenStore
	// UserAgent is what people find in the list of their sessions; "" is vestibule-go.
	UserAgent string
	// CSRFCookie is the tenant's cookies.csrf_name; "" is csrftoken.
	CSRFCookie string
	// RefreshGrace is the tenant's headless.jwt_refresh_grace_period; 0 is 10 s, the server's default, and less than 0 is none. A
	// refresh whose answer was lost is sent again within half of it.
	RefreshGrace time.Duration
}

// maxAnswer is how much of an answer is read, in bytes. The longest that the API gives are lists of some kilobytes.
const maxAnswer = 1 << 20

// Client speaks for one user. Make one with New.
type Client struct {
	options Options
	base    *url.URL // without a slash at its end
	http    *http.Client
	now     func() time.Time

	mu         sync.Mutex // guards what follows, and has the store called one at a time
	loaded     bool
	unsaved    bool // the store has not got what is held
	held       Tokens
	user       string      // who is signed in, as the latest answer that says so has it; "" where nobody is known to be
	refreshing *refreshing // nil while nobody refreshes
}

// New is a client without a session, or with the one that the store has. It makes no request. Errors are faults of the options.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return nil, errors.New("client: the URL cannot be read") // it may hold what is secret
	case base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("client: the URL must be a scheme and a host, such as https://acme.example.org")
	case base.Scheme != "https" && (base.Scheme != "http" || !o.Insecure && !loopback(base.Hostname())):
		return nil, errors.New("client: the URL must be https; Options.Insecure allows http to hosts that are not on loopback")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	o.Kind = cmp.Or(o.Kind, App)
	if o.Kind != App && o.Kind != Browser {
		return nil, fmt.Errorf("client: there is no kind of client %q", o.Kind)
	}
	o.TenantHeader = cmp.Or(o.TenantHeader, "X-Tenant")
	o.UserAgent = cmp.Or(o.UserAgent, "vestibule-go")
	o.CSRFCookie = cmp.Or(o.CSRFCookie, "csrftoken")
	o.RefreshGrace = cmp.Or(o.RefreshGrace, 10*time.Second)
	h := http.Client{Timeout: 30 * time.Second}
	if o.HTTP != nil {
		h = *o.HTTP
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := &Client{options: o, base: base, http: &h, now: time.Now}
	if o.Kind == App || h.Jar == nil {
		c.newJar()
	}
	if o.Store == nil {
		c.options.Store = &memory{}
	}
	return c, nil
}

// For is a client of the same server for another user, whose tokens are in store; nil is in memory. Of the kind Browser, it has a jar of
// its own. Connections are shared, so that one may be made for each request.
func (c *Client) For(store TokenStore) *Client {
	h := *c.http
	other := &Client{options: c.options, base: c.base, http: &h, now: c.now}
	if other.options.Store = store; store == nil {
		other.options.Store = &memory{}
	}
	other.newJar()
	return other
}

// newJar gives a browser an empty jar, and an app none.
func (c *Client) newJar() {
	c.http.Jar = nil
	if c.options.Kind == Browser {
		c.http.Jar, _ = cookiejar.New(nil) // which cannot fail without options
	}
}

// loopback reports whether what is sent to a host stays on this machine (RFC 6761, section 6.3).
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

// request is what a method asks for.
type request struct {
	method string
	path   string     // below /_allauth/{client}/v1, with its query
	header [2]string  // name and value of one more header, if there is one
	body   any        // nil for none
	bare   bool       // it is about the tenant or a token in the body, and shows no session
	root   bool       // the path begins at the tenant's root
	ends   bool       // it may end its own session, and says so by 401
	shown  credential // what the latest attempt showed
}

// credential is what a request shows to speak for its user, and who that is known to be.
type credential struct{ session, csrf, user string }

// answer is what came back.
type answer struct {
	Data   json.RawMessage `json:"data"`
	Errors []FieldError    `json:"errors"`
	Meta   struct {
		IsAuthenticated        bool   `json:"is_authenticated"`
		IsAuthenticating       bool   `json:"is_authenticating"`
		SessionToken           string `json:"session_token"`
		AccessToken            string `json:"access_token"`
		RefreshToken           string `json:"refresh_token"`
		Secret                 string `json:"secret"`
		TOTPURL                string `json:"totp_url"`
		RecoveryCodesGenerated bool   `json:"recovery_codes_generated"`
	} `json:"meta"`

	status int
	raw    []byte
}

// do asks, and asks again where nothing was done only because another request had changed what this one showed: an app's token that was
// replaced meanwhile (410), a browser's CSRF token (403). The answer comes along with an *Error.
func (c *Client) do(ctx context.Context, r request) (*answer, error) {
	a, err := c.once(ctx, &r)
	var e *Error
	if !errors.As(err, &e) || r.bare {
		return a, err
	}
	now, shown := c.credential(), r.shown
	if e.Status == http.StatusGone && now.session != "" && now.session != shown.session ||
		e.Status == http.StatusForbidden && e.Has("csrf_failed") && now.csrf != shown.csrf {
		if c.stillOf(ctx, shown.user, &r) {
			return c.once(ctx, &r)
		}
	}
	return a, err
}

// stillOf reports whether a request that was meant for one user ("" for nobody who is known) would be theirs still. Another client, with which
// this one shares its store, may have signed somebody else in.
func (c *Client) stillOf(ctx context.Context, user string, r *request) bool {
	if r.method == http.MethodGet && (user == "" || r.path == "auth/session") {
		return true
	}
	s, err := c.Session(ctx)
	if err != nil {
		return false
	}
	if !s.Authenticated || s.User == nil {
		return user == ""
	}
	return s.User.ID == user
}

// once makes one request, and keeps the tokens that its answer brings.
func (c *Client) once(ctx context.Context, r *request) (*answer, error) {
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	req, err := c.prepare(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("client: %s %s: %w", r.method, r.path, err)
	}
	resp, err := c.http.Do(req)
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err // which has no URL in it; the path says as much
	}
	if err != nil {
		return nil, fmt.Errorf("client: %s %s: %w", r.method, r.path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{status: resp.StatusCode}
	a.raw, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(a.raw) > maxAnswer {
		err = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	if err != nil {
		return nil, fmt.Errorf("client: %s %s: read the answer: %w", r.method, r.path, err)
	}
	ok := a.status/100 == 2
	if err := json.Unmarshal(a.raw, a); err != nil && ok {
		return nil, fmt.Errorf("client: %s %s: read the answer: %w", r.method, r.path, err)
	}
	c.note(r, a)
	if err := c.keep(ctx, r, a); err != nil {
		return nil, fmt.Errorf("client: %s %s: keep the tokens: %w", r.method, r.path, err)
	}
	if !ok {
		return a, newError(r, a, resp.Header.Get("Retry-After"), c.now())
	}
	return a, nil
}

// prepare is the HTTP request for r, with everything that it has to show.
func (c *Client) prepare(ctx context.Context, r *request) (*http.Request, error) {
	target := c.base.String() + r.path
	if !r.root {
		target = c.base.String() + "/_allauth/" + string(c.options.Kind) + "/v1/" + r.path
	}
	var body io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("encode the input: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.options.UserAgent)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.options.Tenant != "" {
		req.Header.Set(c.options.TenantHeader, c.options.Tenant)
	}
	if r.header[0] != "" {
		req.Header.Set(r.header[0], r.header[1])
	}
	if r.bare {
		return req, nil
	}
	changes := r.method != http.MethodGet
	if changes && c.options.Kind == Browser && c.credential().csrf == "" { // a browser gets its first CSRF token by reading
		if _, err := c.once(ctx, &request{method: http.MethodGet, path: "config"}); err != nil {
			return nil, err
		}
	}
	if r.shown = c.credential(); r.shown.session != "" {
		req.Header.Set("X-Session-Token", r.shown.session)
	}
	if changes && r.shown.csrf != "" {
		req.Header.Set("X-CSRFToken", r.shown.csrf)
	}
	return req, nil
}

// credential is what a request of now would show.
func (c *Client) credential() (now credential) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now.user = c.user
	if c.options.Kind == App {
		now.session = c.held.Session
		now.user = cmp.Or(now.user, claimsOf(c.held.Access).Subject)
		return now
	}
	for _, cookie := range c.http.Jar.Cookies(c.base.JoinPath("/")) {
		if cookie.Name == c.options.CSRFCookie {
			now.csrf = cookie.Value
		}
	}
	return now
}

// step is for what is answered with the state of the session.
func (c *Client) step(ctx context.Context, method, path string, body any) (*Session, error) {
	return c.stepOf(ctx, request{method: method, path: path, body: body})
}

// stepOf is step for any request. Nobody being signed in (yet) is a state; somebody who has to prove it anew was refused.
func (c *Client) stepOf(ctx context.Context, r request) (*Session, error) {
	a, err := c.do(ctx, r)
	if s := signedOut(err); s != nil {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	return a.session(&r)
}

// signedOut is the state in an error that says no more than that nobody is signed in; else nil.
func signedOut(err error) *Session {
	var e *Error
	if errors.As(err, &e) && e.Is(ErrSignedOut) {
		return e.Session
	}
	return nil
}

// act is for what is answered with nothing, or with what nobody needs.
func (c *Client) act(ctx context.Context, method, path string, body any) error {
	_, err := c.do(ctx, request{method: method, path: path, body: body})
	return err
}

// view is for what is answered with data.
func view[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	v, _, err := viewOf[T](ctx, c, request{method: method, path: path, body: body})
	return v, err
}

// one is view for what is a struct; nil with an error alone.
func one[T any](ctx context.Context, c *Client, method, path string, body any) (*T, error) {
	v, err := view[T](ctx, c, method, path, body)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// viewOf is view for any request, with the answer itself.
func viewOf[T any](ctx context.Context, c *Client, r request) (data T, a *answer, err error) {
	a, err = c.do(ctx, r)
	if err == nil && json.Unmarshal(a.Data, &data) != nil {
		err = fmt.Errorf("client: %s %s: the answer is not what the API is documented to give", r.method, r.path)
	}
	return data, a, err
}
