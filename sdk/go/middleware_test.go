package vestibule_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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
	r.Header = header
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
	const missing, refused = "Bearer", `Bearer error="invalid_token"`
	for name, c := range map[string]struct {
		header                       http.Header
		protected, open              int
		challenge, protectedBy, said string
	}{
		"a token":                    {bearer(good), 200, 200, "", "ann", "ann"},
		"a scheme in small letters":  {http.Header{"Authorization": {"bearer " + good}}, 200, 200, "", "ann", "ann"},
		"nothing":                    {http.Header{}, 401, 200, missing, "", "a stranger"},
		"a token that has expired":   {bearer(expired), 401, 401, refused, "", ""},
		"an empty token":             {bearer(""), 401, 401, refused, "", ""},
		"another scheme":             {http.Header{"Authorization": {"Basic YTpi"}}, 401, 401, refused, "", ""},
		"two headers":                {http.Header{"Authorization": {"Bearer " + good, "Bearer " + good}}, 401, 401, refused, "", ""},
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
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			why = err
			w.WriteHeader(http.StatusTeapot)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if w := sent(t, v.Protect(whoami), http.MethodGet, http.Header{}); w.Code != http.StatusTeapot || w.Header().Get("WWW-Authenticate") != "Bearer" || !errors.Is(why, vestibule.ErrMissing) {
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
		if r.Header.Get("Authorization") != "" || r.Method != http.MethodGet || len(r.Cookies()) > 1 {
			t.Errorf("it is sent %s %v", r.Method, r.Header)
		}
		switch token {
		case "good":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":"u1","email":"ann@example.org"},"methods":[]},"meta":{"is_authenticated":true}}`)
		case "number":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":7}},"meta":{"is_authenticated":true}}`)
		case "odd":
			_, _ = io.WriteString(w, `{"status":200,"data":{"user":{"id":"u1"}},"meta":{"is_authenticated":false}}`)
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
		"a reading request from elsewhere":   {http.MethodGet, cookie("Sec-Fetch-Site", "cross-site"), 200},
		"a changing one from elsewhere":      {http.MethodPost, cookie("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403},
		"one from a sibling":                 {http.MethodDelete, cookie("Sec-Fetch-Site", "same-site", "Origin", "https://evil.example.org"), 403},
		"one of an old browser":              {http.MethodPost, cookie("Origin", "https://evil.example"), 403},
		"one of the API's own origin":        {http.MethodPost, cookie("Sec-Fetch-Site", "same-origin", "Origin", "http://api.example.org"), 200},
		"one of an origin that is allowed":   {http.MethodPost, cookie("Sec-Fetch-Site", "cross-site", "Origin", "https://www.example.org"), 200},
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
		Sessions: &vestibule.Sessions{Tokens: true, IssuerOf: func(r *http.Request) (vestibule.Issuer, bool) {
			switch r.Header.Get("X-Tenant") {
			case "b":
				return vestibule.Issuer{URL: b.URL}, true
			case "wrong":
				return vestibule.Issuer{URL: "http://example.org"}, true
			}
			return vestibule.Issuer{}, false
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for tenant, want := range map[string]int{"b": 200, "": 401, "wrong": 401} {
		if w := sent(t, v.Protect(whoami), http.MethodGet, http.Header{"X-Session-Token": {"good"}, "X-Tenant": {tenant}}); w.Code != want {
			t.Errorf("%q: %d, want %d", tenant, w.Code, want)
		}
	}
}
