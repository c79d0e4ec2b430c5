package vestibule_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
	"github.com/vestibule-auth/vestibule/sdk/go/vestibuletest"
)

// whoami says who sent a request.
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	name := "a stranger"
	if id, ok := vestibule.From(r.Context()); ok {
		name = id.Subject
	}
	_, _ = io.WriteString(w, name)
})

// sent is the answer to a request with these headers.
func sent(t *testing.T, h http.Handler, method string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://api.example.org/orders", http.NoBody)
	r.Header = header.Clone()
	r.Header.Set("User-Agent", "the user's")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func TestWhoIsLetIn(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	v := issuer.Verifier(t)
	good := issuer.Token(t, vestibuletest.Claims{Subject: "ann"})
	expired := issuer.Token(t, vestibuletest.Claims{Age: 10 * 60e9})
	const missing, refused = `Bearer realm="api"`, `Bearer realm="api", error="invalid_token"`
	for name, c := range map[string]struct {
		header                       http.Header
		protected, open              int
		challenge, protectedBy, said string
	}{
		"a token":                   {bearer(good), 200, 200, "", "ann", "ann"},
		"a scheme in small letters": {http.Header{"Authorization": {"bearer " + good}}, 200, 200, "", "ann", "ann"},
		"nothing":                   {http.Header{}, 401, 200, missing, "", "a stranger"},
		"a token that has expired":  {bearer(expired), 401, 401, refused, "", ""},
		"an empty token":            {bearer(""), 401, 401, refused, "", ""},
		"another scheme":            {http.Header{"Authorization": {"Basic YTpi"}}, 401, 200, missing, "", "a stranger"},
		"two headers": {http.Header{"Authorization": {"Bearer " + good, "Bearer " + good}}, 400, 400,
			`Bearer realm="api", error="invalid_request"`, "", ""},
		"spaces before the token":    {http.Header{"Authorization": {"Bearer   " + good}}, 200, 200, "", "ann", "ann"},
		"a session, which is no use": {http.Header{"X-Session-Token": {"x"}, "Cookie": {"sessionid=x"}}, 401, 200, missing, "", "a stranger"},
	} {
		w := sent(t, v.Protect(whoami), http.MethodGet, c.header)
		if w.Code != c.protected || w.Header().Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s, protected: %d %q", name, w.Code, w.Header())
		}
		if c.protected == 200 && w.Body.String() != c.protectedBy {
			t.Errorf("%s, protected: %q", name, w.Body)
		}
		if c.protected != 200 && (w.Body.Len() == 0 || strings.Contains(w.Body.String(), "expired")) {
			t.Errorf("%s, protected: %q", name, w.Body)
		}
		w = sent(t, v.Identify(whoami), http.MethodGet, c.header)
		if w.Code != c.open || c.open == 200 && w.Body.String() != c.said {
			t.Errorf("%s, open: %d %q", name, w.Code, w.Body)
		}
	}
	issuer.Down(true)
	issuer.Rotate(t)
	w := sent(t, v.Protect(whoami), http.MethodGet, bearer(issuer.Token(t, vestibuletest.Claims{})))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("while nobody can tell: %d %q", w.Code, w.Header())
	}
}

func TestAnAnswerOfOnesOwn(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	var why error
	v, err := vestibule.New(vestibule.Options{
		Issuers: []vestibule.Issuer{{URL: issuer.URL}},
		Realm:   "orders",
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			why = err
			w.WriteHeader(http.StatusTeapot)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if w := sent(t, v.Protect(whoami), http.MethodGet, http.Header{}); w.Code != http.StatusTeapot || w.Header().Get("WWW-Authenticate") != `Bearer realm="orders"` || !errors.Is(why, vestibule.ErrMissing) {
		t.Errorf("%d %v, %v", w.Code, w.Header(), why)
	}
}

// sessionServer answers as the server does: the token "good" is somebody's session, "waiting" waits for its second factor, and "gone" has
// ended.
func sessionServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, nobody := r.Header.Get("X-Session-Token"), http.StatusGone
		if r.URL.Path == "/_allauth/browser/v1/auth/session" {
			nobody = http.StatusUnauthorized
			if cookie, err := r.Cookie("sessionid"); err == nil {
				token = cookie.Value
			}
		} else if r.URL.Path != "/_allauth/app/v1/auth/session" {
			t.Errorf("it is asked for %s", r.URL.Path)
		}
		if r.Header.Get("Authorization") != "" || r.UserAgent() != "the user's" || r.Method != http.MethodGet || len(r.Cookies()) > 1 {
			t.Errorf("it is sent %s %v", r.Method, r.Header)
		}
		switch token {
		case "good":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":"u1","email":"ann@example.org"},"methods":[]},"meta":{"is_authenticated":true}}`)
		case "number":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":7}},"meta":{"is_authenticated":true}}`)
		case "odd":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":"u1"}},"meta":{"is_authenticated":false}}`)
		case "null":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":null}},"meta":{"is_authenticated":true}}`)
		case "object":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":{"a":1}}},"meta":{"is_authenticated":true}}`)
		case "long":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":"u1"}},"meta":{"is_authenticated":true}}`+strings.Repeat(" ", 70<<10))
		case "suspended":
			w.WriteHeader(http.StatusForbidden)
		case "elsewhere":
			http.Redirect(w, r, "/_allauth/app/v1/auth/session?other", http.StatusFound)
		case "nobody":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{}},"meta":{"is_authenticated":true}}`)
		case "waiting":
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"status":401,"data":{"flows":[]},"meta":{"is_authenticated":false}}`)
		case "broken":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "busy":
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			w.WriteHeader(nobody)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestSessionsAreAskedAbout(t *testing.T) {
	server := sessionServer(t)
	v, err := vestibule.New(vestibule.Options{
		Issuers:  []vestibule.Issuer{{URL: server.URL}},
		Sessions: &vestibule.Sessions{Tokens: true, Cookie: "sessionid"},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := v.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := vestibule.From(r.Context())
		var user struct{ Email string }
		if err := id.Claims(&user); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, id.Issuer+" "+id.Subject+" "+user.Email)
	}))
	for token, want := range map[string]struct {
		status int
		body   string
	}{
		"good": {200, server.URL + " u1 ann@example.org"}, "number": {200, server.URL + " 7 "}, "waiting": {401, ""}, "gone": {401, ""},
		"odd": {503, ""}, "nobody": {503, ""}, "broken": {503, ""}, "busy": {503, ""},
		"null": {503, ""}, "object": {503, ""}, "long": {503, ""}, "suspended": {401, ""}, "elsewhere": {503, ""},
	} {
		for name, header := range map[string]http.Header{
			"token": {"X-Session-Token": {token}}, "cookie": {"Cookie": {"other=1; sessionid=" + token + "; csrftoken=2"}},
		} {
			w := sent(t, h, http.MethodGet, header)
			if w.Code != want.status || want.body != "" && w.Body.String() != want.body {
				t.Errorf("%s %s: %d %q, want %d %q", name, token, w.Code, w.Body, want.status, want.body)
			}
		}
	}
	// What is shown first counts: a token that is not accepted is not made good by a session.
	both := bearer("garbage")
	both.Set("X-Session-Token", "good")
	if w := sent(t, h, http.MethodGet, both); w.Code != 401 {
		t.Errorf("a bad token beside a good session: %d", w.Code)
	}
	server.Close()
	if w := sent(t, h, http.MethodGet, http.Header{"X-Session-Token": {"good"}}); w.Code != 503 {
		t.Errorf("while the server is away: %d", w.Code)
	}
}

// Browsers send cookies along with what other sites make them send.
func TestACookieFromAnotherSiteChangesNothing(t *testing.T) {
	server := sessionServer(t)
	v, err := vestibule.New(vestibule.Options{
		Issuers:  []vestibule.Issuer{{URL: server.URL}},
		Sessions: &vestibule.Sessions{Tokens: true, Cookie: "sessionid", AllowedOrigins: []string{"https://www.example.org"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cookie := func(more ...string) http.Header {
		h := http.Header{"Cookie": {"sessionid=good"}}
		for n := 0; n < len(more); n += 2 {
			h.Set(more[n], more[n+1])
		}
		return h
	}
	for name, c := range map[string]struct {
		method string
		header http.Header
		want   int
	}{
		"a reading request from elsewhere": {http.MethodGet, cookie("Sec-Fetch-Site", "cross-site"), 200},
		"a changing one from elsewhere":    {http.MethodPost, cookie("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403},
		"one from a sibling":               {http.MethodDelete, cookie("Sec-Fetch-Site", "same-site", "Origin", "https://evil.example.org"), 403},
		"one of an old browser":            {http.MethodPost, cookie("Origin", "https://evil.example"), 403},
		"one of the API's own origin":      {http.MethodPost, cookie("Sec-Fetch-Site", "same-origin", "Origin", "http://api.example.org"), 200},
		"one of an origin that is allowed": {http.MethodPost, cookie("Sec-Fetch-Site", "cross-site", "Origin", "https://www.example.org"), 200},
		"a WebSocket from a sibling": {http.MethodGet,
			cookie("Sec-Fetch-Site", "same-site", "Origin", "https://evil.example.org", "Upgrade", "websocket"), 403},
		"a WebSocket of the API's own origin": {http.MethodGet,
			cookie("Sec-Fetch-Site", "same-origin", "Origin", "http://api.example.org", "Upgrade", "websocket"), 200},
		"one of an app, which has no cookie": {http.MethodPost, http.Header{"X-Session-Token": {"good"}, "Origin": {"https://evil.example"}}, 200},
	} {
		if w := sent(t, v.Protect(whoami), c.method, c.header); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
}

func TestWhoseASessionIs(t *testing.T) {
	a, b := sessionServer(t), sessionServer(t)
	v, err := vestibule.New(vestibule.Options{
		Issuers: []vestibule.Issuer{{URL: a.URL}, {URL: b.URL}},
		Sessions: &vestibule.Sessions{Tokens: true, IssuerOf: func(r *http.Request) (vestibule.Issuer, error) {
			switch r.Header.Get("X-Tenant") {
			case "b":
				return vestibule.Issuer{URL: b.URL}, nil
			case "wrong":
				return vestibule.Issuer{URL: "http://example.org"}, nil
			case "broken":
				return vestibule.Issuer{}, errors.New("the table of tenants is away")
			}
			return vestibule.Issuer{}, vestibule.ErrInvalid
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for tenant, want := range map[string]int{"b": 200, "": 401, "wrong": 503, "broken": 503} {
		if w := sent(t, v.Protect(whoami), http.MethodGet, http.Header{"X-Session-Token": {"good"}, "X-Tenant": {tenant}}); w.Code != want {
			t.Errorf("%q: %d, want %d", tenant, w.Code, want)
		}
	}
}

// What is not asked for is not looked at, and what is wrong with one thing is not made good by another.
func TestWhichOfManyCredentialsCounts(t *testing.T) {
	server, issuer := sessionServer(t), vestibuletest.NewIssuer(t)
	with := func(s vestibule.Sessions) *vestibule.Verifier {
		v, err := vestibule.New(vestibule.Options{
			Issuers: []vestibule.Issuer{{URL: issuer.URL}},
			Sessions: &vestibule.Sessions{Tokens: s.Tokens, Cookie: s.Cookie, IssuerOf: func(*http.Request) (vestibule.Issuer, error) {
				return vestibule.Issuer{URL: server.URL}, nil
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tokens, cookies, both := vestibule.Sessions{Tokens: true}, vestibule.Sessions{Cookie: "sessionid"}, vestibule.Sessions{Tokens: true, Cookie: "sessionid"}
	for name, c := range map[string]struct {
		sessions vestibule.Sessions
		header   http.Header
		want     error
	}{
		"a cookie where tokens are looked at":   {tokens, http.Header{"Cookie": {"sessionid=good"}}, vestibule.ErrMissing},
		"a token where cookies are":             {cookies, http.Header{"X-Session-Token": {"good"}}, vestibule.ErrMissing},
		"a bad token and a good cookie":         {both, http.Header{"X-Session-Token": {"gone"}, "Cookie": {"sessionid=good"}}, vestibule.ErrInvalid},
		"a good token and a bad cookie":         {both, http.Header{"X-Session-Token": {"good"}, "Cookie": {"sessionid=gone"}}, nil},
		"Basic, which is somebody else's":       {both, http.Header{"Authorization": {"Basic YTpi"}, "Cookie": {"sessionid=good"}}, nil},
		"a bad access token and a good session": {both, http.Header{"Authorization": {"Bearer x"}, "X-Session-Token": {"good"}}, vestibule.ErrInvalid},
		"two session tokens":                    {tokens, http.Header{"X-Session-Token": {"good", "gone"}}, vestibule.ErrInvalid},
		"two session tokens and a cookie":       {both, http.Header{"X-Session-Token": {"", "gone"}, "Cookie": {"sessionid=good"}}, vestibule.ErrInvalid},
		"two where cookies alone are looked at": {cookies, http.Header{"X-Session-Token": {"a", "b"}, "Cookie": {"sessionid=good"}}, nil},
		"the same cookie twice":                 {both, http.Header{"Cookie": {"sessionid=good; sessionid=good"}}, nil},
		"two cookies":                           {both, http.Header{"Cookie": {"sessionid=good; sessionid=gone"}}, vestibule.ErrInvalid},
		"an empty cookie":                       {both, http.Header{"Cookie": {"sessionid="}}, vestibule.ErrMissing},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header = c.header
		r.Header.Set("User-Agent", "the user's")
		if _, err := with(c.sessions).Authenticate(r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A browser cannot take away a cookie that is good for nothing, and is not kept out of what is open to everybody.
func TestWhatIsOpenIsOpenToBrowsersWithOldCookies(t *testing.T) {
	server := sessionServer(t)
	v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: server.URL}}, Sessions: &vestibule.Sessions{Tokens: true, Cookie: "sessionid"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method string
		header http.Header
		want   int
		said   string
	}{
		"a cookie that has ended":           {http.MethodGet, http.Header{"Cookie": {"sessionid=gone"}}, 200, "a stranger"},
		"a cookie from another site":        {http.MethodPost, http.Header{"Cookie": {"sessionid=good"}, "Sec-Fetch-Site": {"cross-site"}}, 200, "a stranger"},
		"a cookie that is good":             {http.MethodGet, http.Header{"Cookie": {"sessionid=good"}}, 200, "u1"},
		"a token that has ended":            {http.MethodGet, http.Header{"X-Session-Token": {"gone"}}, 401, ""},
		"a cookie of which nobody can tell": {http.MethodGet, http.Header{"Cookie": {"sessionid=broken"}}, 503, ""},
	} {
		w := sent(t, v.Identify(whoami), c.method, c.header)
		if w.Code != c.want || c.said != "" && w.Body.String() != c.said {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
	}
}

// What one user's answer sets does not go along with the next one's question.
func TestNoCookiesAreKept(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Cookies()) > 1 {
			t.Errorf("it is sent %v", r.Cookies())
		}
		http.SetCookie(w, &http.Cookie{Name: "csrftoken", Value: "of the first", Path: "/"})
		_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":"u1"}},"meta":{"is_authenticated":true}}`)
	}))
	defer s.Close()
	followed := false
	v, err := vestibule.New(vestibule.Options{
		Issuers: []vestibule.Issuer{{URL: s.URL}}, Sessions: &vestibule.Sessions{Cookie: "sessionid"},
		HTTP: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { followed = true; return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if w := sent(t, v.Protect(whoami), http.MethodGet, http.Header{"Cookie": {"sessionid=good"}}); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if followed || len(jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(s.URL, "http://")})) > 0 {
		t.Error("the client's own jar has something in it")
	}
}

func TestTheLogSaysWhy(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	var log bytes.Buffer
	v, err := vestibule.New(vestibule.Options{
		Issuers: []vestibule.Issuer{{URL: issuer.URL}}, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	expired := issuer.Token(t, vestibuletest.Claims{Age: time.Hour})
	sent(t, v.Protect(whoami), http.MethodGet, bearer(expired))
	if !strings.Contains(log.String(), "level=DEBUG") || !strings.Contains(log.String(), "expired") || strings.Contains(log.String(), expired) {
		t.Errorf("of a token that has expired it says %s", log.String())
	}
	log.Reset()
	issuer.Down(true)
	issuer.Rotate(t)
	sent(t, v.Protect(whoami), http.MethodGet, bearer(issuer.Token(t, vestibuletest.Claims{})))
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "503") || !strings.Contains(log.String(), issuer.URL) {
		t.Errorf("of a server that is away it says %s", log.String())
	}
	log.Reset()
	sent(t, v.Protect(whoami), http.MethodGet, http.Header{})
	if log.Len() > 0 {
		t.Errorf("of a request without credentials it says %s", log.String())
	}
}
