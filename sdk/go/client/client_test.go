package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestOptionsThatCannotWork(t *testing.T) {
	for what, o := range map[string]Options{
		"no URL":             {},
		"no host":            {URL: "https://"},
		"http":               {URL: "http://acme.example.org"},
		"another scheme":     {URL: "ftp://127.0.0.1"},
		"a lookalike":        {URL: "http://localhost.example.org"},
		"a password":         {URL: "https://ann:secret@acme.example.org"},
		"a query":            {URL: "https://acme.example.org?secret"},
		"no URL at all":      {URL: "https://secret\x00"},
		"an unknown kind":    {URL: "https://acme.example.org", Kind: "robot"},
		"a private address":  {URL: "http://192.168.0.1"},
		"insecure, no http":  {URL: "ws://acme.example.org", Insecure: true},
		"a part of the page": {URL: "https://acme.example.org#secret"},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, o := range map[string]Options{
		"https":         {URL: "https://acme.example.org/"},
		"loopback":      {URL: "http://127.0.0.1:8080"},
		"IPv6 loopback": {URL: "http://[::1]:8080"},
		"localhost":     {URL: "http://acme.localhost:8080"},
		"insecure":      {URL: "http://acme.example.org", Insecure: true},
		"below a path":  {URL: "https://example.org/accounts/"},
	} {
		if c, err := New(o); err != nil || strings.HasSuffix(c.base.String(), "/") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// served is a client of a handler.
func served(t *testing.T, h http.HandlerFunc, set func(*Options)) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	o := Options{URL: server.URL}
	if set != nil {
		set(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// say answers with a status and the rest of a body.
func say(w http.ResponseWriter, status int, rest string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"status": %d, %s}`, status, rest)
}

const nobody = `"data": {"flows": [{"id": "login"}]}, "meta": {"is_authenticated": false}`

func ann(meta string) string {
	return `"data": {"user": {"id": "ann"}, "methods": []}, "meta": {"is_authenticated": true` + meta + `}`
}

// jwt is an access token that nobody signed.
func jwt(subject string, from, until time.Time) string {
	payload, _ := json.Marshal(map[string]any{"sub": subject, "iat": from.Unix(), "exp": until.Unix(), "n": from.Nanosecond()})
	return "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".none"
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	own := &http.Client{Timeout: time.Minute}
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	},
		func(o *Options) { o.HTTP, o.Store = own, &memory{Tokens{Session: "shown"}} })
	_, err := c.Login(t.Context(), LoginInput{Email: "ann@example.org", Password: "secret"})
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusTemporaryRedirect || elsewhere.Load() != 0 {
		t.Errorf("%v, and the other server was asked %d times", err, elsewhere.Load())
	}
	if own.CheckRedirect != nil {
		t.Error("the caller's client was changed")
	}
}

func TestAnswersAreBounded(t *testing.T) {
	c := served(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data": "`+strings.Repeat("x", maxAnswer)+`"}`)
	}, nil)
	if _, err := c.Config(t.Context()); err == nil || !strings.Contains(err.Error(), "longer") {
		t.Errorf("%v", err)
	}
}

func TestAnswersOfSomebodyElse(t *testing.T) {
	var status atomic.Int32
	c := served(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, "<html>a proxy</html>")
	}, func(o *Options) { o.Store = &memory{Tokens{Session: "shown"}} })
	for _, code := range []int{200, 202, 401, 404, 410, 500, 502} {
		status.Store(int32(code))
		s, err := c.Session(t.Context())
		var e *Error
		if s != nil || err == nil || errors.As(err, &e) != (code > 299) || errors.Is(err, ErrSignedOut) {
			t.Errorf("%d: %+v %v", code, s, err)
		}
	}
	for _, body := range []string{`{"status": 200}`, `{"status": 200, "data": 7}`, `{"status": 200, "data": []}`} {
		c := served(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }, nil)
		if _, err := c.Session(t.Context()); err == nil {
			t.Errorf("%s is a session", body)
		}
		if _, err := c.ChangePhone(t.Context(), "+31201234567"); err == nil {
			t.Errorf("%s is a number", body)
		}
	}
}

func TestWhatEachRequestShows(t *testing.T) {
	var got http.Header
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		say(w, 200, ann(`, "session_token": "next"`))
	}, func(o *Options) {
		o.Tenant, o.UserAgent, o.Store = "acme", "acme for phones", &memory{Tokens{Session: "first"}}
	})
	for _, token := range []string{"first", "next"} {
		if _, err := c.Session(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got.Get("X-Session-Token") != token || got.Get("X-Tenant") != "acme" || got.Get("User-Agent") != "acme for phones" ||
			got.Get("Cookie") != "" {
			t.Errorf("%v", got)
		}
	}
	other := c.For(nil)
	if _, err := other.Session(t.Context()); err != nil || got.Get("X-Session-Token") != "" || got.Get("X-Tenant") != "acme" {
		t.Errorf("%v %v", err, got)
	}
}

// TestAnOldAnswerEndsNoNewSession answers a request with 410 whose token was replaced while it was on its way: by a change of the
// password, say. It is asked again with the new token, which stays.
func TestAnOldAnswerEndsNoNewSession(t *testing.T) {
	reading, changed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	change := sync.OnceFunc(func() { close(changed) })
	kept := &memory{Tokens{Session: "old"}}
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			<-reading
			say(w, 200, ann(`, "session_token": "new"`))
		case r.Header.Get("X-Session-Token") == "old":
			once.Do(func() { close(reading) })
			<-changed
			say(w, 410, nobody)
		default:
			say(w, 200, `"data": []`)
		}
	}, func(o *Options) { o.Store = kept })
	t.Cleanup(change) // or the handler would wait for ever where the test fails
	done := make(chan error, 1)
	go func() {
		_, err := c.Emails(t.Context())
		done <- err
	}()
	if _, err := c.ChangePassword(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	change()
	if err := <-done; err != nil || kept.held.Session != "new" {
		t.Errorf("%v %+v", err, kept.held)
	}
}

// TestClientsThatShareAStore has one client show a token that another has had replaced: in another tab of a web app, say.
func TestClientsThatShareAStore(t *testing.T) {
	kept := &memory{Tokens{Session: "old"}}
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("X-Session-Token") == "new":
			say(w, 200, ann(""))
		case r.Method == http.MethodPost:
			say(w, 200, ann(`, "session_token": "new"`))
		case kept.held.Session == "new":
			say(w, 410, nobody)
		default:
			say(w, 200, ann(""))
		}
	}, func(o *Options) { o.Store = kept })
	other := c.For(kept)
	for range 2 {
		if s, err := other.Session(t.Context()); err != nil || !s.Authenticated || other.held != kept.held {
			t.Fatalf("%+v %v, %+v is shown and %+v kept", s, err, other.held, kept.held)
		}
		if _, err := c.ChangePassword(t.Context(), "a", "b"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatAnotherClientSavedStays has another client save newer tokens while a request is on its way, whose answer has less to say of
// them than the store.
func TestWhatAnotherClientSavedStays(t *testing.T) {
	now := time.Now()
	old, expired := now.Add(-time.Hour), now.Add(-time.Minute)
	newer := Tokens{Session: "session", Access: jwt("ann", now, now.Add(time.Hour)), Refresh: "second"}
	for name, x := range map[string]struct {
		answer func(w http.ResponseWriter)
		ask    func(c *Client) error
		want   Tokens
	}{
		"a refused refresh": {
			func(w http.ResponseWriter) {
				say(w, 400, `"errors": [{"code": "invalid", "param": "refresh_token", "message": ""}]`)
			},
			func(c *Client) error { return c.RefreshTokens(t.Context()) }, newer,
		},
		"a new session token": {
			func(w http.ResponseWriter) { say(w, 200, ann(`, "session_token": "new"`)) },
			func(c *Client) error {
				_, err := c.ChangePassword(t.Context(), "a", "b")
				return err
			}, Tokens{Session: "new", Access: newer.Access, Refresh: newer.Refresh},
		},
	} {
		t.Run(name, func(t *testing.T) {
			kept := &memory{Tokens{Session: "session", Access: jwt("ann", old, expired), Refresh: "first"}}
			c := served(t, func(w http.ResponseWriter, _ *http.Request) {
				kept.held = newer
				x.answer(w)
			}, func(o *Options) { o.Store = kept })
			if err := x.ask(c); err != nil || kept.held != x.want || c.held != x.want {
				t.Errorf("%v: %+v are kept and %+v held", err, kept.held, c.held)
			}
		})
	}
}

// TestAProxysRefusalEndsNoSession has a proxy answer a logout with 401: nobody knows whether the session is over.
func TestAProxysRefusalEndsNoSession(t *testing.T) {
	for _, body := range []string{"<html>a proxy</html>", `{"message": "unauthorized"}`} {
		kept := &memory{Tokens{Session: "session"}}
		c := served(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, body)
		}, func(o *Options) { o.Store = kept })
		if _, err := c.Logout(t.Context()); err == nil || kept.held.Session != "session" {
			t.Errorf("%s: %v, and %+v are kept", body, err, kept.held)
		}
	}
}

func TestOneUsersTokensAreNotLeftToAnother(t *testing.T) {
	now := time.Now()
	bens := jwt("ben", now, now.Add(time.Hour))
	for what, body := range map[string]string{
		"somebody else is signed in": ann(`, "session_token": "new"`),
		"a login waits": `"data": {"flows": [{"id": "verify_email", "is_pending": true}]},
			"meta": {"is_authenticated": false, "session_token": "new"}`,
	} {
		kept := &memory{Tokens{Session: "old", Access: bens, Refresh: "bens"}}
		c := served(t, func(w http.ResponseWriter, _ *http.Request) { say(w, 200, body) }, func(o *Options) { o.Store = kept })
		if _, err := c.Login(t.Context(), LoginInput{}); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Access(t.Context()); !errors.Is(err, ErrNoTokens) || kept.held != (Tokens{Session: "new"}) {
			t.Errorf("%s: %s %v", what, got, err)
		}
	}
	for _, held := range []Tokens{{Session: "old", Refresh: "anns"}, {Session: "old"}} { // of which nothing says whose they are
		kept := &memory{held}
		c := served(t, func(w http.ResponseWriter, _ *http.Request) { say(w, 200, ann("")) }, func(o *Options) { o.Store = kept })
		if _, err := c.Session(t.Context()); err != nil || kept.held != held {
			t.Errorf("%+v %v", kept.held, err)
		}
	}
	anns := Tokens{Session: "new", Access: jwt("ann", now, now.Add(time.Hour)), Refresh: "anns"}
	kept := &memory{Tokens{Session: "old", Access: anns.Access, Refresh: anns.Refresh}}
	c := served(t, func(w http.ResponseWriter, _ *http.Request) {
		say(w, 200, ann(`, "session_token": "new"`))
	}, func(o *Options) { o.Store = kept })
	if _, err := c.ChangePassword(t.Context(), "a", "b"); err != nil || kept.held != anns {
		t.Errorf("one's own tokens went with a new session token: %v", err)
	}
}

// TestOneUsersStepsAreNotTakenForAnother has another client sign out and somebody else in: in another tab of a web app, say.
func TestOneUsersStepsAreNotTakenForAnother(t *testing.T) {
	now := time.Now()
	bens := Tokens{Session: "ben's", Access: jwt("ben", now, now.Add(time.Hour)), Refresh: "second"}
	const ben = `"data": {"user": {"id": "ben"}, "methods": []}, "meta": {"is_authenticated": true}`
	anns := func() *memory {
		return &memory{Tokens{Session: "ann's", Access: jwt("ann", now.Add(-time.Hour), now.Add(-time.Minute)), Refresh: "first"}}
	}
	var kept *memory
	var asked []string
	begin := func(late func(w http.ResponseWriter)) *Client {
		kept, asked = anns(), nil
		c := served(t, func(w http.ResponseWriter, r *http.Request) {
			session := r.Header.Get("X-Session-Token")
			asked = append(asked, session+" "+r.Method+" "+r.URL.Path)
			switch {
			case len(asked) == 1:
				say(w, 200, ann(""))
			case session == bens.Session:
				say(w, 200, ben)
			default:
				kept.held = bens
				late(w)
			}
		}, func(o *Options) { o.Store = kept })
		if s, err := c.Session(t.Context()); err != nil || s.User.ID != "ann" {
			t.Fatalf("%+v %v", s, err)
		}
		return c
	}
	gone := func(w http.ResponseWriter) { say(w, 410, nobody) }
	for name, step := range map[string]func(c *Client) error{
		"a change": func(c *Client) error { _, err := c.AddEmail(t.Context(), "ann@example.com"); return err },
		"a logout": func(c *Client) error { _, err := c.Logout(t.Context()); return err },
	} {
		c := begin(gone)
		if err := step(c); !errors.Is(err, ErrSessionEnded) || kept.held != bens {
			t.Errorf("%s: %v, and %+v are kept", name, err, kept.held)
		}
		for _, request := range asked {
			if strings.HasPrefix(request, bens.Session) && request != bens.Session+" GET /_allauth/app/v1/auth/session" {
				t.Errorf("%s: %s", name, request)
			}
		}
	}
	for name, said := range map[string]string{"says who it was": ann(""), "brings an access token": ann(`, "access_token": "ann's"`)} {
		var c *Client
		c = begin(func(w http.ResponseWriter) {
			c.mu.Lock()
			c.reload(t.Context()) // as a refresh does that goes on meanwhile
			c.user = "ben"        // as another answer tells
			c.mu.Unlock()
			say(w, 200, said)
		})
		if _, err := c.Session(t.Context()); err != nil {
			t.Fatal(err)
		}
		if kept.held != bens {
			t.Errorf("a late answer that %s: %+v are kept", name, kept.held)
		}
		if c.user != "ben" {
			t.Errorf("a late answer that %s: signed in seems %s", name, c.user)
		}
	}
	// Who has not looked yet goes by the access token or, without one, by nobody.
	for _, held := range []Tokens{anns().held, {Session: "ann's"}} {
		kept, asked = &memory{held}, nil
		c := served(t, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Header.Get("X-Session-Token")+" "+r.Method)
			if kept.held == bens {
				say(w, 200, ben)
				return
			}
			kept.held = bens
			gone(w)
		}, func(o *Options) { o.Store = kept })
		_, err := c.AddEmail(t.Context(), "ann@example.com")
		if !errors.Is(err, ErrSessionEnded) || slices.Contains(asked, bens.Session+" POST") {
			t.Errorf("with %+v: %v after %q", held, err, asked)
		}
	}
	c := begin(func(w http.ResponseWriter) { say(w, 400, `"errors": []`) }) // of the refresh
	for range 2 {
		if token, err := c.Access(t.Context()); !errors.Is(err, ErrNoTokens) {
			t.Errorf("who asks for ann's access token has %s %v", token, err)
		}
	}
	if s, err := c.Session(t.Context()); err != nil || s.User.ID != "ben" {
		t.Fatalf("%+v %v", s, err)
	}
	if token, err := c.Access(t.Context()); err != nil || token != bens.Access {
		t.Errorf("%s %v", token, err)
	}
}

// broken is a store that fails where it is told to.
type broken struct {
	memory
	load, save error
}

func (b *broken) Load(ctx context.Context) (Tokens, error) {
	if b.load != nil {
		return Tokens{}, b.load
	}
	return b.memory.Load(ctx)
}

func (b *broken) Save(ctx context.Context, t Tokens) error {
	if b.save != nil || ctx.Err() != nil {
		return errors.Join(b.save, ctx.Err())
	}
	return b.memory.Save(ctx, t)
}

func TestStoresThatFail(t *testing.T) {
	full := errors.New("the disk is full")
	store := &broken{load: full, save: full}
	var shown string
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		if shown = r.Header.Get("X-Session-Token"); shown == "" {
			say(w, 200, ann(`, "session_token": "new"`))
			return
		}
		say(w, 200, ann(""))
	}, func(o *Options) { o.Store = store })
	if _, err := c.Session(t.Context()); !errors.Is(err, full) {
		t.Errorf("nobody is told that the tokens cannot be read: %v", err)
	}
	if _, err := c.Access(t.Context()); !errors.Is(err, full) {
		t.Errorf("nobody is told that the tokens cannot be read: %v", err)
	}
	if err := c.RefreshTokens(t.Context()); !errors.Is(err, full) {
		t.Errorf("nobody is told that the tokens cannot be read: %v", err)
	}
	store.load = nil
	if _, err := c.Session(t.Context()); !errors.Is(err, full) {
		t.Errorf("nobody is told that the tokens cannot be kept: %v", err)
	}
	store.save = nil
	if _, err := c.Session(t.Context()); err != nil || shown != "new" || store.held.Session != "new" {
		t.Errorf("it did not go on: %v, %q was shown, %+v is kept", err, shown, store.held)
	}
}

// TestAStoreThatFailsHasNothingNewer refreshes twice while nothing can be saved: what is in the store was used by the first.
func TestAStoreThatFailsHasNothingNewer(t *testing.T) {
	full := errors.New("the disk is full")
	store := &broken{memory: memory{Tokens{Refresh: "first"}}, save: full}
	var sent []string
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = append(sent, string(body))
		handOut(w)
	}, func(o *Options) { o.Store = store })
	for range 2 {
		if err := c.RefreshTokens(t.Context()); !errors.Is(err, full) {
			t.Errorf("nobody is told that the tokens cannot be kept: %v", err)
		}
	}
	if len(sent) != 2 || sent[1] != `{"refresh_token":"second"}` {
		t.Errorf("%q were sent", sent)
	}
}

// TestWhatWasHandedOutOnceIsKept has whoever signs in give up at the moment at which the answer is there.
func TestWhatWasHandedOutOnceIsKept(t *testing.T) {
	ctx, giveUp := context.WithCancel(t.Context())
	store := &broken{}
	answer := trip(func(*http.Request) (*http.Response, error) {
		giveUp()
		body := io.NopCloser(strings.NewReader("{" + ann(`, "session_token": "new"`) + "}"))
		return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
	})
	c, err := New(Options{URL: "https://acme.example.org", Store: store, HTTP: &http.Client{Transport: answer}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Login(ctx, LoginInput{}); err != nil || store.held.Session != "new" {
		t.Errorf("%v %+v", err, store.held)
	}
}

// refreshes is a server of tokens that counts how often it was asked, by a store with tokens that have expired.
func refreshes(
	t *testing.T, h func(n int32, w http.ResponseWriter, r *http.Request), set func(*Options),
) (*Client, *memory, *atomic.Int32) {
	t.Helper()
	asked := &atomic.Int32{}
	past := time.Now().Add(-time.Hour)
	kept := &memory{Tokens{Session: "session", Access: jwt("ann", past, past.Add(time.Minute)), Refresh: "first"}}
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_allauth/app/v1/tokens/refresh" {
			say(w, 401, nobody)
			return
		}
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"refresh_token":"first"}` || r.Header.Get("X-Session-Token") != "" {
			t.Errorf("%s was sent with %v", body, r.Header)
		}
		h(asked.Add(1), w, r)
	}, func(o *Options) {
		o.Store = kept
		if set != nil {
			set(o)
		}
	})
	return c, kept, asked
}

// handOut is an answer with new tokens.
func handOut(w http.ResponseWriter) string {
	token := jwt("ann", time.Now(), time.Now().Add(time.Hour))
	say(w, 200, `"data": {"access_token": "`+token+`", "refresh_token": "second"}`)
	return token
}

func TestALostRefreshIsSentOnceMore(t *testing.T) {
	lose := func(w http.ResponseWriter) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	t.Run("and answered", func(t *testing.T) {
		c, kept, asked := refreshes(t, func(n int32, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				lose(w)
				return
			}
			handOut(w)
		}, nil)
		if got, err := c.Access(t.Context()); err != nil || got != kept.held.Access || kept.held.Refresh != "second" || asked.Load() != 2 {
			t.Errorf("%s %v, asked %d times", got, err, asked.Load())
		}
	})
	t.Run("and lost again", func(t *testing.T) {
		c, kept, asked := refreshes(t, func(_ int32, w http.ResponseWriter, _ *http.Request) { lose(w) }, nil)
		_, err := c.Access(t.Context())
		if err == nil || errors.Is(err, ErrNoTokens) || asked.Load() != 2 || kept.held.Refresh != "first" {
			t.Errorf("%v, asked %d times, %+v", err, asked.Load(), kept.held)
		}
	})
	t.Run("not without a grace period", func(t *testing.T) {
		c, _, asked := refreshes(t, func(_ int32, w http.ResponseWriter, _ *http.Request) { lose(w) }, func(o *Options) { o.RefreshGrace = -1 })
		if _, err := c.Access(t.Context()); err == nil || asked.Load() != 1 {
			t.Errorf("%v, asked %d times", err, asked.Load())
		}
	})
	t.Run("not when the grace period is over", func(t *testing.T) {
		var late atomic.Bool
		c, _, asked := refreshes(t, func(_ int32, w http.ResponseWriter, _ *http.Request) { late.Store(true); lose(w) }, nil)
		c.now = func() time.Time {
			if late.Load() {
				return time.Now().Add(9 * time.Second)
			}
			return time.Now()
		}
		if _, err := c.Access(t.Context()); err == nil || asked.Load() != 1 {
			t.Errorf("%v, asked %d times", err, asked.Load())
		}
	})
	t.Run("a proxy has lost it", func(t *testing.T) {
		c, _, asked := refreshes(t, func(n int32, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			handOut(w)
		}, nil)
		if _, err := c.Access(t.Context()); err != nil || asked.Load() != 2 {
			t.Errorf("%v, asked %d times", err, asked.Load())
		}
	})
	t.Run("it hangs", func(t *testing.T) {
		token := jwt("ann", time.Now(), time.Now().Add(time.Hour))
		sent := 0
		c, _, _ := refreshes(t, nil, func(o *Options) {
			o.RefreshGrace = 200 * time.Millisecond
			o.HTTP = &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
				if sent++; sent == 1 {
					<-r.Context().Done() // as long as it is waited for
					return nil, r.Context().Err()
				}
				body := io.NopCloser(strings.NewReader(`{"data": {"access_token": "` + token + `"}}`))
				return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
			})}
		})
		c.now = func() func() time.Time { at := time.Now(); return func() time.Time { return at } }() // however slow this machine is
		if got, err := c.Access(t.Context()); err != nil || got != token || sent != 2 {
			t.Errorf("%s %v, sent %d times", got, err, sent)
		}
	})
}

// trip is a transport.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnAnsweredRefreshIsNotSentAgain(t *testing.T) {
	for status, ends := range map[int]bool{400: true, 429: false, 503: false, 500: false} {
		c, kept, asked := refreshes(t, func(_ int32, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(status)
		}, nil)
		_, err := c.Access(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Status != status || asked.Load() != 1 || errors.Is(err, ErrNoTokens) != ends {
			t.Errorf("%d: %v, asked %d times", status, err, asked.Load())
		}
		if got := kept.held.Refresh == "" && kept.held.Access == ""; got != ends || kept.held.Session == "" {
			t.Errorf("%d: the tokens are %+v", status, kept.held)
		}
	}
}

func TestARefreshTokenThatStays(t *testing.T) {
	token := jwt("ann", time.Now(), time.Now().Add(time.Hour))
	c, kept, _ := refreshes(t, func(_ int32, w http.ResponseWriter, _ *http.Request) {
		say(w, 200, `"data": {"access_token": "`+token+`"}`)
	}, nil)
	if got, err := c.Access(t.Context()); err != nil || got != token || kept.held.Refresh != "first" {
		t.Errorf("%s %v %+v", got, err, kept.held)
	}
}

// TestARefreshOutlivesWhoBeganIt has the one who began a refresh give up while another waits for it.
func TestARefreshOutlivesWhoBeganIt(t *testing.T) {
	arrived, answer := make(chan struct{}), make(chan struct{})
	c, kept, asked := refreshes(t, func(_ int32, w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-answer
		handOut(w)
	}, nil)
	release := sync.OnceFunc(func() { close(answer) })
	t.Cleanup(release) // or the handler would wait for ever where the test fails
	ctx, giveUp := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := c.Access(ctx)
		first <- err
	}()
	<-arrived
	giveUp()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	second := make(chan string, 1)
	go func() {
		got, err := c.Access(t.Context())
		if err != nil {
			t.Error(err)
		}
		second <- got
	}()
	release()
	if got := <-second; got != kept.held.Access || asked.Load() != 1 {
		t.Errorf("%s, asked %d times", got, asked.Load())
	}
}

// TestALogoutWinsOverARefresh has the answer of a refresh arrive after a logout: it must not bring tokens back.
func TestALogoutWinsOverARefresh(t *testing.T) {
	arrived, answer := make(chan struct{}), make(chan struct{})
	c, kept, _ := refreshes(t, func(_ int32, w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-answer
		handOut(w)
	}, nil)
	release := sync.OnceFunc(func() { close(answer) })
	t.Cleanup(release)
	refreshed := make(chan error, 1)
	go func() {
		_, err := c.Access(t.Context())
		refreshed <- err
	}()
	<-arrived
	if _, err := c.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	release()
	if err := <-refreshed; !errors.Is(err, ErrNoTokens) || kept.held != (Tokens{}) {
		t.Errorf("%v %+v", err, kept.held)
	}
}

func TestWhenATokenIsFresh(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for what, c := range map[string]struct {
		from, until time.Duration
		want        bool
	}{
		"new":                         {0, 5 * time.Minute, true},
		"half a minute left, and one": {-4 * time.Minute, 31 * time.Second, true},
		"half a minute left":          {-4 * time.Minute, 30 * time.Second, false},
		"short, and new":              {0, 8 * time.Second, true},
		"short, a quarter left":       {-6 * time.Second, 2 * time.Second, false},
		"expired":                     {-time.Hour, -time.Second, false},
	} {
		if got := fresh(jwt("ann", now.Add(c.from), now.Add(c.until)), now); got != c.want {
			t.Errorf("%s: %v", what, got)
		}
	}
	for _, token := range []string{"", ".", "a.b.c", "e30.e30.x", "e30.bm8.x"} {
		if fresh(token, now) {
			t.Errorf("%q is fresh", token)
		}
	}
}

// TestACSRFTokenThatFitsNoMore is refused once, with the next one: that of a session that has expired.
func TestACSRFTokenThatFitsNoMore(t *testing.T) {
	for always, want := range map[bool]int32{false: 2, true: 2} {
		var posts atomic.Int32
		c := served(t, func(w http.ResponseWriter, r *http.Request) {
			hand := func(token string) { http.SetCookie(w, &http.Cookie{Name: "acme_csrf", Value: token, Path: "/"}) }
			switch {
			case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/auth/session"):
				say(w, 401, nobody)
			case r.Method == http.MethodGet:
				hand("old")
				say(w, 200, `"data": {}`)
			case r.Header.Get("X-CSRFToken") != "new" || always:
				hand(fmt.Sprint("new", map[bool]any{true: posts.Load(), false: ""}[always]))
				posts.Add(1)
				say(w, 403, `"errors": [{"code": "csrf_failed", "message": "No."}]`)
			default:
				posts.Add(1)
				say(w, 200, ann(""))
			}
		}, func(o *Options) { o.Kind, o.CSRFCookie = Browser, "acme_csrf" })
		_, err := c.Login(t.Context(), LoginInput{})
		if (err != nil) != always || posts.Load() != want {
			t.Errorf("%v, asked %d times", err, posts.Load())
		}
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	e := &Error{Op: "POST auth/login", Status: 400, RetryAfter: 3 * time.Second, Errors: []FieldError{
		{Code: "required", Message: "This field is required.", Param: "email"}, {Code: "no", Message: "No."},
	}}
	const want = "client: POST auth/login: 400 Bad Request; This field is required. (required, email); No. (no); come back in 3s"
	if e.Error() != want {
		t.Errorf("%s", e)
	}
	if e.Has("email") || !e.Has("no") || errors.Is(e, ErrSignedOut) {
		t.Error("it is taken for another")
	}
	c := served(t, func(http.ResponseWriter, *http.Request) {}, func(o *Options) { o.URL = "http://127.0.0.1:1" })
	_, err := c.LookAtResetKey(t.Context(), "secret")
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.HasPrefix(err.Error(), "client: GET auth/password/reset: dial") {
		t.Errorf("%v", err)
	}
	_, err = c.LookAtResetKey(t.Context(), "secret\n") // which no header can hold
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = c.Session(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestRetryAfterOfBothForms(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": 0, "": 0, "soon": 0, "-7": 0, "99999999999999999999": 0,
		"Thu, 26 Nov 2026 12:01:00 GMT": time.Minute, "Thu, 26 Nov 2026 11:59:00 GMT": 0,
	} {
		if got := wait(value, now); got != want {
			t.Errorf("%q: %s", value, got)
		}
	}
}

func TestFlowsOfASession(t *testing.T) {
	s := Session{Flows: []Flow{{ID: FlowLogin}, {ID: FlowVerifyEmail, Pending: true}}}
	if f, ok := s.Pending(); !ok || f.ID != FlowVerifyEmail {
		t.Errorf("%v waits", f)
	}
	if _, ok := s.Flow(FlowSignup); ok {
		t.Error("it has a flow that it has not")
	}
	if f, ok := s.Flow(FlowLogin); !ok || f.ID != FlowLogin {
		t.Errorf("%v", f)
	}
}

func TestTimesOfTheWire(t *testing.T) {
	for text, want := range map[string]time.Time{
		"null": {}, "1700000000": time.Unix(1_700_000_000, 0).UTC(), "1700000000.25": time.Unix(1_700_000_000, 250_000_000).UTC(),
	} {
		at := Time{time.Unix(1, 0)}
		if err := json.Unmarshal([]byte(text), &at); err != nil || !at.Equal(want) {
			t.Errorf("%s: %v %v", text, at, err)
		}
		raw, err := json.Marshal(at)
		var back Time
		if err != nil || json.Unmarshal(raw, &back) != nil || !back.Equal(want) {
			t.Errorf("%s came back as %s %v", text, raw, err)
		}
	}
	var at Time
	if err := json.Unmarshal([]byte(`"noon"`), &at); err == nil {
		t.Error("a word is a time")
	}
}
