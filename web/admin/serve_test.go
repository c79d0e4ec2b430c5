package adminui

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

const index = `<!doctype html><meta property="csp-nonce" nonce="__NONCE__"><meta name="csrf-cookie" content="__CSRF_COOKIE__">` +
	`<meta name="public-url" content="__PUBLIC_URL__"><script type="module" nonce="__NONCE__" src="/assets/index-1.js"></script>`

// script is long enough that gzip shortens it.
var script = strings.Repeat("export const answer = 42;\n", 40)

var build = fstest.MapFS{
	"index.html":        {Data: []byte(index)},
	"favicon.svg":       {Data: []byte("<svg/>")},
	"assets/index-1.js": {Data: []byte(script)},
	"assets/index-1.md": {Data: []byte("?")},
}

// answer is what the pages said.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request to the pages of a build. The headers are names and values in turn.
func ask(files fstest.MapFS, facts func(context.Context) (Facts, error), method, target string, headers ...string) answer {
	if facts == nil {
		facts = func(context.Context) (Facts, error) {
			return Facts{CSRFCookie: "vestibule_operator_csrf", PublicURL: "https://ops.example.org"}, nil
		}
	}
	r := httptest.NewRequest(method, "http://ops.example.org/", nil)
	r.URL.Path = target // as it is, where NewRequest would refuse it
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler(Options{Facts: facts}, files).ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func get(target string, headers ...string) answer {
	return ask(build, nil, http.MethodGet, target, headers...)
}

var nonceOf = regexp.MustCompile(`'nonce-([^']+)'`)

func TestAPageRunsNothingThatTheServerDidNotSend(t *testing.T) {
	seen := map[string]bool{}
	for range 3 {
		r := get("/")
		policy := r.header.Get("Content-Security-Policy")
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "%") {
			t.Errorf("the policy is %s", policy)
		}
		for _, want := range []string{
			"default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
		} {
			if !strings.Contains(policy+";", want+";") {
				t.Errorf("the policy lacks %s: %s", want, policy)
			}
		}
		found := nonceOf.FindStringSubmatch(policy)
		if found == nil || len(found[1]) < 22 || seen[found[1]] {
			t.Fatalf("the nonce is short, or was there before: %q", found)
		}
		seen[found[1]] = true
		body := r.body
		if strings.Count(body, `nonce="`+found[1]+`"`) != 2 || strings.Contains(body, "__") {
			t.Errorf("the page is %s", body)
		}
		if r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("a page with a nonce may be kept: %q", r.header.Get("Cache-Control"))
		}
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	for _, target := range []string{"/", "/assets/index-1.js", "/assets/gone.js", "/favicon.svg"} {
		h := get(target).header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", target, name, h.Get(name))
			}
		}
	}
}

func TestThePageSaysWhereOperatorsSignIn(t *testing.T) {
	body := get("/").body
	if !strings.Contains(body, `content="vestibule_operator_csrf"`) || !strings.Contains(body, `content="https://ops.example.org"`) {
		t.Errorf("the page is %s", body)
	}
	hostile := func(context.Context) (Facts, error) {
		return Facts{CSRFCookie: `"><script>`, PublicURL: `https://a/"><b>`}, nil
	}
	body = ask(build, hostile, http.MethodGet, "/").body
	if strings.Contains(body, `"><script>`) || strings.Contains(body, "<b>") || !strings.Contains(body, "&lt;b&gt;") {
		t.Errorf("what is filled in is not escaped: %s", body)
	}
}

func TestEveryPathIsThePageUnlessItIsAFile(t *testing.T) {
	for target, want := range map[string]struct {
		status int
		mime   string
		has    string
	}{
		"/":                         {200, "text/html; charset=utf-8", "csp-nonce"},
		"/index.html":               {200, "text/html; charset=utf-8", "csrf_cookie"},
		"/tenants/acme/users":       {200, "text/html; charset=utf-8", "csp-nonce"},
		"/tenants/acme/users/":      {200, "text/html; charset=utf-8", "csp-nonce"},
		"/tenants/acme.js":          {200, "text/html; charset=utf-8", "csp-nonce"},
		"/favicon.svg":              {200, "image/svg+xml", "<svg/>"},
		"/assets/index-1.js":        {200, "text/javascript; charset=utf-8", "answer"},
		"/assets/index-1.md":        {200, "application/octet-stream", "?"},
		"/assets/of-before.js":      {404, "text/plain; charset=utf-8", ""},
		"/assets":                   {200, "text/html; charset=utf-8", "csp-nonce"},
		"/../embed.go":              {200, "text/html; charset=utf-8", "csp-nonce"},
		"/assets/../../embed.go":    {200, "text/html; charset=utf-8", "csp-nonce"},
		"//assets//index-1.js":      {200, "text/javascript; charset=utf-8", "answer"},
		"/assets/\x00":              {404, "text/plain; charset=utf-8", ""},
		`/assets/..\..\..\embed.go`: {404, "text/plain; charset=utf-8", ""},
	} {
		r := get(target)
		body := r.body
		if r.status != want.status || r.header.Get("Content-Type") != want.mime || (want.has != "csrf_cookie" && !strings.Contains(body, want.has)) {
			t.Errorf("%q: %d, %s\n%s", target, r.status, r.header.Get("Content-Type"), body)
		}
		if strings.Contains(body, "__NONCE__") || strings.Contains(body, "package adminui") {
			t.Errorf("%q: a file was sent that is not to be: %s", target, body)
		}
	}
}

func TestFilesAreKeptByWhatIsInTheirName(t *testing.T) {
	for target, want := range map[string]string{
		"/assets/index-1.js": "public, max-age=31536000, immutable",
		"/favicon.svg":       "no-cache",
		"/tenants":           "no-store",
		"/assets/gone.js":    "",
	} {
		if got := get(target).header.Get("Cache-Control"); got != want {
			t.Errorf("%s: %q", target, got)
		}
	}
}

func TestFilesAreCompressedForWhoeverTakesIt(t *testing.T) {
	for accept, gzipped := range map[string]bool{
		"":                     false,
		"gzip":                 true,
		"gzip, deflate, br":    true,
		"deflate, GZIP;q=0.5":  true,
		"deflate, br":          false,
		"gzip;q=0":             false,
		"identity, gzip; q= 0": false,
		"gzipped":              false,
	} {
		r := get("/assets/index-1.js", "Accept-Encoding", accept)
		if r.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: caches are not told: %q", accept, r.header.Get("Vary"))
		}
		if (r.header.Get("Content-Encoding") == "gzip") != gzipped {
			t.Errorf("%q: sent as %q", accept, r.header.Get("Content-Encoding"))
			continue
		}
		var body io.Reader = strings.NewReader(r.body)
		if gzipped {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		got, err := io.ReadAll(body)
		if err != nil || string(got) != script {
			t.Errorf("%q: %q, %v", accept, got, err)
		}
	}
	if h := get("/favicon.svg", "Accept-Encoding", "gzip").header; h.Get("Content-Encoding") != "" {
		t.Error("what gzip makes no shorter is compressed")
	}
}

func TestThePagesAreOnlyRead(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		r := ask(build, nil, method, "/")
		if r.status != http.StatusMethodNotAllowed || r.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, %q", method, r.status, r.header.Get("Allow"))
		}
	}
	s := httptest.NewServer(handler(Options{Facts: func(context.Context) (Facts, error) { return Facts{}, nil }}, build))
	defer s.Close()
	for _, target := range []string{"/", "/assets/index-1.js"} {
		r, err := s.Client().Head(s.URL + target)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close() // it was read
		if err != nil || r.StatusCode != http.StatusOK || len(body) > 0 || r.Header.Get("Content-Type") == "" {
			t.Errorf("%s: %d, %q, %v", target, r.StatusCode, body, err)
		}
	}
}

func TestAServerThatCannotSayWhatThePagesNeedSaysSo(t *testing.T) {
	away := func(context.Context) (Facts, error) { return Facts{}, errors.New("dial tcp db.internal:5432: refused") }
	r := ask(build, away, http.MethodGet, "/tenants")
	body := r.body
	if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" || strings.Contains(body, "db.internal") {
		t.Errorf("%d, %q: %s", r.status, r.header.Get("Retry-After"), body)
	}
	if r := ask(build, away, http.MethodGet, "/assets/index-1.js"); r.status != http.StatusOK {
		t.Errorf("a file needs the database: %d", r.status)
	}
}

func TestABuildWithoutThePagesSaysHowToGetThem(t *testing.T) {
	r := ask(fstest.MapFS{}, nil, http.MethodGet, "/tenants")
	body := r.body
	if r.status != http.StatusNotFound || !strings.Contains(body, "make ui") {
		t.Errorf("%d: %s", r.status, body)
	}
	if strings.Contains(body, "<script") || strings.Contains(body, "<style") || strings.Contains(body, "style=") {
		t.Errorf("the policy forbids what is in the page: %s", body)
	}
}

// Whether this build has the pages depends on who made it; that it says so truly does not.
func TestABuildKnowsWhetherItHasThePages(t *testing.T) {
	_, err := os.Stat("dist/index.html")
	if Built() != (err == nil) {
		t.Errorf("it says %t, and looking for them says %v", Built(), err)
	}
	w := httptest.NewRecorder()
	Handler(Options{Facts: func(context.Context) (Facts, error) { return Facts{}, nil }}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if want := map[bool]int{true: http.StatusOK, false: http.StatusNotFound}[Built()]; w.Code != want {
		t.Errorf("the pages answer with %d, not %d", w.Code, want)
	}
}
