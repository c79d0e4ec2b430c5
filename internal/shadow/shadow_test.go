package shadow

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// wire is a small server that speaks as the API does: it hands out tokens and a CSRF cookie, and wants them back.
type wire struct {
	name string // in front of everything that it hands out

	mu   sync.Mutex
	seen []string // what each request showed, by path
	n    int
}

func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		out.WriteHeader(http.StatusBadRequest)
		return
	}
	w.n++
	w.seen = append(w.seen, fmt.Sprintf("%s %s cookie=%q csrf=%q session=%q auth=%q host=%s body=%s", r.Method, r.URL.RequestURI(), r.Header.Get("Cookie"),
		r.Header.Get("X-CSRFToken"), r.Header.Get("X-Session-Token"), r.Header.Get("Authorization"), r.Host, b))
	out.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/_allauth/browser/v1/config":
		http.SetCookie(out, &http.Cookie{Name: "csrftoken", Value: w.name + "-csrf", Path: "/", SameSite: http.SameSiteLaxMode})
	case "/moved":
		out.Header().Set("Location", "/_allauth/elsewhere")
		out.WriteHeader(http.StatusFound)
		return
	case "/large":
		_, _ = out.Write(make([]byte, mostInAnswer+1)) // the client may have hung up
		return
	case "/slow":
		<-r.Context().Done()
		return
	}
	_ = json.NewEncoder(out).Encode(map[string]any{"status": 200, "meta": map[string]any{ // the client may have hung up
		"session_token": fmt.Sprintf("%s-session-%d", w.name, w.n), "access_token": w.name + "-access", "refresh_token": w.name + "-refresh"}})
}

// two starts two servers and returns the options of a replay against them.
func two(t *testing.T, reference, target http.Handler) Options {
	t.Helper()
	start := func(h http.Handler) Server {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		u, err := ParseServer(s.URL, false)
		if err != nil {
			t.Fatal(err)
		}
		return Server{URL: u, Host: "id.example"}
	}
	return Options{Reference: start(reference), Target: start(target), Writes: true, Slack: time.Minute, Timeout: 10 * time.Second}
}

func replayed(t *testing.T, o Options, lines ...string) *Report {
	t.Helper()
	recording, err := Read(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	report, err := Replay(t.Context(), recording, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestEachSideGetsWhatItHandedOut(t *testing.T) {
	a, b := &wire{name: "left"}, &wire{name: "right"}
	r := replayed(t, two(t, a, b),
		`{"client":"app","method":"GET","path":"/_allauth/app/v1/auth/session","headers":{"X-Session-Token":"recorded-token","Cookie":"sessionid=recorded-cookie"}}`,
		`{"client":"app","method":"GET","path":"/_allauth/app/v1/auth/session","headers":{"X-Session-Token":"","Authorization":"Basic recorded-basic","Host":"recorded-host"}}`,
		`{"client":"app","method":"GET","path":"/api","headers":{"authorization":"Bearer recorded-bearer"}}`,
		`{"client":"app","method":"POST","path":"/_allauth/app/v1/tokens/refresh","headers":{},"body":{"refresh_token":"recorded-refresh"}}`,
		`{"client":"app","method":"POST","path":"/_allauth/app/v1/auth/login","body":{"email":"ann@example.org"}}`,
		`{"client":"page","method":"GET","path":"/_allauth/browser/v1/config","headers":{"Cookie":"sessionid=recorded-cookie","X-Session-Token":"recorded-token"}}`,
		`{"client":"page","method":"POST","path":"/_allauth/browser/v1/auth/login","headers":{"X-CSRFToken":"recorded-csrf"},"body":{}}`,
		`{"client":"page","method":"POST","path":"/_allauth/browser/v1/auth/login","headers":{},"body":{}}`,
		`{"client":"page","method":"POST","path":"/form","headers":{"Content-Type":"application/x-www-form-urlencoded"},"body":"csrfmiddlewaretoken=recorded-form&a=1"}`,
		`{"client":"other","method":"GET","path":"/_allauth/app/v1/auth/session","headers":{"X-Session-Token":"recorded-token"}}`,
		`{"client":"other","method":"GET","path":"/q?a=b&access_token=recorded-query","headers":{"X_Session_Token":"recorded-underscores"}}`,
		`{"client":"other","method":"POST","path":"/_allauth/app/v1/auth/provider/token","headers":{},"body":{"token":{"id_token":"recorded-id","access_token":"recorded-theirs"}}}`,
		`{"client":"other","method":"POST","path":"/form","headers":{"Content-Type":"application/x-www-form-urlencoded"},"body":"refresh_token=recorded-form"}`)
	if !r.Clean() || r.Requests != 13 || r.Same != 13 || r.Conversations != 3 {
		t.Errorf("report is %+v", r)
	}
	for _, w := range []*wire{a, b} {
		got := strings.Join(w.seen, "\n")
		if strings.Contains(got, "recorded") {
			t.Errorf("what was recorded was sent:\n%s", got)
		}
		want := strings.ReplaceAll(`GET /_allauth/app/v1/auth/session cookie="" csrf="" session="never-handed-out-by-this-server" auth="" host=id.example body=
GET /_allauth/app/v1/auth/session cookie="" csrf="" session="SIDE-session-1" auth="" host=id.example body=
GET /api cookie="" csrf="" session="" auth="Bearer SIDE-access" host=id.example body=
POST /_allauth/app/v1/tokens/refresh cookie="" csrf="" session="" auth="" host=id.example body={"refresh_token":"SIDE-refresh"}
POST /_allauth/app/v1/auth/login cookie="" csrf="" session="SIDE-session-4" auth="" host=id.example body={"email":"ann@example.org"}
GET /_allauth/browser/v1/config cookie="" csrf="" session="" auth="" host=id.example body=
POST /_allauth/browser/v1/auth/login cookie="csrftoken=SIDE-csrf" csrf="SIDE-csrf" session="" auth="" host=id.example body={}
POST /_allauth/browser/v1/auth/login cookie="csrftoken=SIDE-csrf" csrf="" session="" auth="" host=id.example body={}
POST /form cookie="csrftoken=SIDE-csrf" csrf="" session="" auth="" host=id.example body=a=1&csrfmiddlewaretoken=SIDE-csrf
GET /_allauth/app/v1/auth/session cookie="" csrf="" session="never-handed-out-by-this-server" auth="" host=id.example body=
GET /q?a=b&access_token=SIDE-access cookie="" csrf="" session="" auth="" host=id.example body=
POST /_allauth/app/v1/auth/provider/token cookie="" csrf="" session="" auth="" host=id.example body={"token":{"access_token":"never-handed-out-by-this-server","id_token":"never-handed-out-by-this-server"}}
POST /form cookie="" csrf="" session="" auth="" host=id.example body=refresh_token=SIDE-refresh`, "SIDE", w.name)
		if got != want {
			t.Errorf("%s was sent\n%s\nnot\n%s", w.name, got, want)
		}
	}
}

// Where one conversation changes what another sees, the order of all requests counts.
func TestRequestsKeepTheirOrderOneByOne(t *testing.T) {
	a, b := &wire{name: "a"}, &wire{name: "b"}
	o := two(t, a, b)
	o.Parallel = 1
	r := replayed(t, o, `{"client":"x","method":"GET","path":"/1"}`, `{"client":"y","method":"GET","path":"/2"}`, `{"client":"x","method":"GET","path":"/3"}`,
		`{"client":"z","method":"GET","path":"/4"}`, `{"client":"y","method":"GET","path":"/5"}`)
	if !r.Clean() || r.Conversations != 3 {
		t.Errorf("report is %+v", r)
	}
	for _, w := range []*wire{a, b} {
		for n, seen := range w.seen {
			if !strings.HasPrefix(seen, fmt.Sprintf("GET /%d ", n+1)) {
				t.Errorf("request %d of %s is %s", n+1, w.name, seen)
			}
		}
	}
}

// A front end that began without a token has none but what it was handed. One of which the recording lacks the beginning had one.
func TestNoTokenIsMadeUpForWhoWasHandedNone(t *testing.T) {
	var mu sync.Mutex
	seen := map[string][]string{}
	silent := http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.URL.Path] = append(seen[r.URL.Path], r.Header.Get("X-Session-Token"))
		_, _ = io.WriteString(out, "{}") // the client may have hung up
	})
	r := replayed(t, two(t, silent, silent),
		`{"client":"whole","method":"POST","path":"/_allauth/app/v1/auth/login","headers":{},"body":{}}`,
		`{"client":"whole","method":"GET","path":"/_allauth/app/v1/whole","headers":{"X-Session-Token":""}}`,
		`{"client":"torn","method":"GET","path":"/_allauth/app/v1/torn","headers":{"X-Session-Token":""}}`)
	if got := fmt.Sprint(seen["/_allauth/app/v1/whole"], seen["/_allauth/app/v1/torn"]); !r.Clean() || got != "[ ] ["+unknown+" "+unknown+"]" {
		t.Errorf("the tokens are %s, the report %+v", got, r)
	}
}

// A target may renew what the reference keeps, and not the other way around. What was never handed out is not kept.
func TestTheTargetMayRenewWhatTheReferenceKeeps(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	server := func(name string, renews bool) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			mu.Lock()
			seen[name+r.URL.Path]++
			n := seen[name+r.URL.Path]
			mu.Unlock()
			meta := map[string]any{"is_authenticated": true}
			if renews || n == 1 && r.URL.Path != "/_allauth/app/v1/never" {
				meta["session_token"] = fmt.Sprintf("%s-token-%d", name, n)
				http.SetCookie(out, &http.Cookie{Name: "sessionid", Value: fmt.Sprintf("%s-cookie-%d", name, n)})
			}
			out.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(out).Encode(map[string]any{"meta": meta}) // the client may have hung up
		})
	}
	again := `{"client":"a","method":"GET","path":"/_allauth/app/v1/auth/session"}`
	if r := replayed(t, two(t, server("keeps", false), server("renews", true)), again, again); !r.Clean() || r.Same != 2 {
		t.Errorf("the target renews: %+v", r)
	}
	if r := replayed(t, two(t, server("reference", true), server("target", false)), again, again); r.Differ != 1 || len(r.Differences) != 2 {
		t.Errorf("the reference renews: %+v", r)
	}
	if r := replayed(t, two(t, server("none", false), server("new", true)), `{"client":"a","method":"GET","path":"/_allauth/app/v1/never"}`); r.Differ != 1 {
		t.Errorf("the reference never had any: %+v", r)
	}
}

func TestNothingIsWrittenUnlessThatIsAsked(t *testing.T) {
	a, b := &wire{name: "a"}, &wire{name: "b"}
	o := two(t, a, b)
	o.Writes, o.Limit, o.Rate, o.Parallel = false, 2, 1000, 3
	r := replayed(t, o,
		`{"client":"a","method":"POST","path":"/login","body":{"password":"x"}}`,
		`{"client":"a","method":"GET","path":"/1"}`, `{"client":"b","method":"HEAD","path":"/2"}`, `{"client":"c","method":"GET","path":"/3"}`,
		`{"client":"a","method":"DELETE","path":"/session"}`)
	if r.Withheld != 2 || r.Beyond != 1 || r.Requests != 2 || r.Same != 2 || r.Conversations != 2 {
		t.Errorf("report is %+v", r)
	}
	if got := strings.Join(append(a.seen, b.seen...), "\n"); strings.Contains(got, "POST") || strings.Contains(got, "DELETE") || strings.Contains(got, "/3") || len(a.seen) != 2 {
		t.Errorf("sent:\n%s", got)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	a, b := &wire{name: "a"}, &wire{name: "b"}
	o := two(t, a, b)
	r := replayed(t, o, `{"client":"a","method":"GET","path":"/moved"}`, `{"client":"a","method":"GET","path":"/large"}`)
	if r.Same != 1 || r.Failed != 1 || len(r.Failures) != 2 || r.Failures[0].Line != 2 || r.Failures[0].Server != "reference" || !strings.Contains(r.Failures[0].Error, "longer than 1 MiB") {
		t.Errorf("report is %+v", r)
	}
	if got := strings.Join(a.seen, "\n"); strings.Contains(got, "elsewhere") {
		t.Errorf("a redirect was followed:\n%s", got)
	}
	o.Timeout = 50 * time.Millisecond
	if r := replayed(t, o, `{"client":"a","method":"GET","path":"/slow?key=hunter22"}`); r.Clean() || r.Failures[0].Error != "no answer in time" {
		t.Errorf("report is %+v", r)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	u, err := ParseServer(gone.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	o.Timeout, o.Target = 10*time.Second, Server{URL: u}
	r = replayed(t, o, `{"client":"a","method":"GET","path":"/x?key=hunter22"}`)
	if r.Clean() || len(r.Failures) != 1 || r.Failures[0].Server != "target" || strings.Contains(fmt.Sprint(r), "hunter22") {
		t.Errorf("report is %+v", r)
	}
}

func TestReplayEndsWithItsContext(t *testing.T) {
	o := two(t, &wire{name: "a"}, &wire{name: "b"})
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(done, total int) {
		if done == 2 && total == 50 {
			cancel()
		}
	}
	recording, err := Read(strings.NewReader(strings.Repeat(`{"client":"a","method":"GET","path":"/x"}`+"\n", 50)))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Replay(ctx, recording, o); err == nil || r.Requests != 2 {
		t.Errorf("%d requests were sent, and the error is %v", r.Requests, err)
	}
}

func TestDifferencesAreGroupedAndHideSecrets(t *testing.T) {
	echo := func(status int, suffix string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var in map[string]any
			_ = json.NewDecoder(r.Body).Decode(&in) // there may be none
			w.Header().Set("Content-Type", "application/json")
			http.SetCookie(w, &http.Cookie{Name: "sessionid", Value: "cookie-value-" + suffix})
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"said": fmt.Sprint(in["password"], in["code"], "cookie-value-"+suffix, "handed-out-"+suffix, status), "session_token": "handed-out-" + suffix}) // likewise
		})
	}
	o := two(t, echo(http.StatusOK, "left"), echo(http.StatusUnauthorized, "right"))
	o.Parallel = 4
	var lines []string
	for n := range 6 {
		lines = append(lines, fmt.Sprintf(`{"client":"c%d","method":"POST","path":"/users/%d","body":{"password":"Kestrel-Orbit-49!","code":"123456"}}`, n%3, n))
	}
	r := replayed(t, o, lines...)
	if r.Differ != 6 || len(r.Differences) != 2 || r.Differences[0].Pointer != "/body/said" || r.Differences[1].Pointer != "/status" || r.Differences[0].Route != "POST /users/{id}" {
		t.Fatalf("report is %+v", r)
	}
	for _, d := range r.Differences {
		if d.Count != 6 || len(d.Examples) != mostExamples || d.Examples[0].Line != 1 || d.Examples[1].Line != 2 || d.Examples[2].Line != 3 {
			t.Errorf("%s has %+v", d.Pointer, d)
		}
	}
	if e := r.Differences[1].Examples[0]; e.Reference != "200" || e.Target != "401" {
		t.Errorf("the status is shown as %+v", e)
	}
	all, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Kestrel", "123456", "cookie-value", "handed-out"} {
		if strings.Contains(string(all), secret) {
			t.Errorf("%s is in the report: %s", secret, all)
		}
	}
	for _, known := range []string{"/status", "POST /users/*=/body/said"} {
		i, err := ParseIgnore(known)
		if err != nil {
			t.Fatal(err)
		}
		o.Ignore = append(o.Ignore, i)
	}
	if r := replayed(t, o, lines...); !r.Clean() || r.Same != 6 || r.Ignored != 12 {
		t.Errorf("report is %+v", r)
	}
}

// What was not compared is not called the same.
func TestNothingThatWasComparedIsNoSuccess(t *testing.T) {
	busy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{"/limited": http.StatusTooManyRequests, "/broken": http.StatusBadGateway}[r.URL.Path]
		w.WriteHeader(max(status, http.StatusOK))
	})
	o := two(t, busy, busy)
	if r := replayed(t, o, `{"client":"a","method":"GET","path":"/x"}`); !r.Clean() || r.Same != 1 {
		t.Errorf("an answer: %+v", r)
	}
	for _, path := range []string{"/limited", "/broken"} {
		r := replayed(t, o, `{"client":"a","method":"GET","path":"/x"}`, `{"client":"a","method":"GET","path":"`+path+`"}`)
		if r.Clean() || r.Away != 1 || r.Same != 1 || r.Differ != 0 {
			t.Errorf("%s of both: %+v", path, r)
		}
	}
	o.Writes = false
	if r := replayed(t, o, `{"client":"a","method":"POST","path":"/x"}`); r.Clean() || r.Withheld != 1 {
		t.Errorf("nothing was sent: %+v", r)
	}
}

func TestFailuresAreBoundedAndQuoteNothing(t *testing.T) {
	odd := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nset-cookie sessionid=hunter22\r\n\r\n")) // the client may have hung up
		_ = c.Close()
	})
	o := two(t, odd, odd)
	o.Parallel = 4
	var lines []string
	for n := range 40 {
		lines = append(lines, fmt.Sprintf(`{"client":"c%d","method":"POST","path":"/x","body":{}}`, n%4))
	}
	r := replayed(t, o, lines...)
	if r.Failed != 40 || len(r.Failures) != mostFailures || r.Failures[0].Line != 1 || r.Failures[mostFailures-1].Line != mostFailures/2 {
		t.Errorf("report is %+v", r)
	}
	if all := fmt.Sprint(r); strings.Contains(all, "hunter22") || !strings.Contains(all, hidden) {
		t.Errorf("it says %s", all)
	}
}

// Django quotes what its cookies hold; without the quotes they are others.
func TestCookiesGoBackAsTheyCame(t *testing.T) {
	var mu sync.Mutex
	var sent []string
	o := two(t, http.NotFoundHandler(), http.NotFoundHandler())
	quoting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, r.Header.Get("Cookie"))
		w.Header().Add("Set-Cookie", `messages="a b"; Path=/`)
		w.Header().Add("Set-Cookie", `plain=ab; Path=/`)
	}))
	defer quoting.Close()
	u, err := ParseServer(quoting.URL, false)
	if err != nil {
		t.Fatal(err)
	}
	o.Target = Server{URL: u}
	replayed(t, o, `{"client":"a","method":"GET","path":"/x"}`, `{"client":"a","method":"GET","path":"/x"}`)
	if len(sent) != 2 || sent[1] != `messages="a b"; plain=ab` {
		t.Errorf("sent %q", sent)
	}
}

func TestOneServerByTwoNames(t *testing.T) {
	at := func(s, host string) Server {
		u, err := ParseServer(s, true)
		if err != nil {
			t.Fatal(err)
		}
		return Server{URL: u, Host: host}
	}
	one := at("https://id.example", "")
	for other, same := range map[Server]bool{
		at("HTTPS://ID.example/", ""): true, at("https://id.example", "ID.example"): true, at("https://id.example", "other.example"): false,
		at("http://id.example", ""): false, at("https://id.example:8443", ""): false,
	} {
		if one.Is(other) != same || other.Is(one) != same {
			t.Errorf("%+v: %v", other, !same)
		}
	}
}

func TestHeadersWithoutAValueAreNotSent(t *testing.T) {
	names := make(chan http.Header, 2)
	note := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { names <- r.Header })
	replayed(t, two(t, note, note), `{"client":"a","method":"GET","path":"/x","headers":{"X-Forwarded-For":"","Origin":"https://app.example","Te":"trailers","x-http-method-override":"DELETE"}}`)
	for range 2 {
		h := <-names
		_, forwarded := h["X-Forwarded-For"]
		if forwarded || h.Get("Origin") != "https://app.example" || h.Get("Te") != "" || h.Get("X-HTTP-Method-Override") != "" {
			t.Errorf("sent with %v", h)
		}
	}
}
