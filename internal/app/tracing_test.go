package app_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/trace/tracetest"
)

// traced boots a server on PostgreSQL and Redis that is traced, as its operator would have it.
func traced(t *testing.T, change ...func(*config.Config, *app.Options)) (*server, *tracetest.Collector) {
	t.Helper()
	c := tracetest.New(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
	on := func(cfg *config.Config, _ *app.Options) { cfg.Tracing = config.Tracing{On: true, Heed: true} }
	return boot(t, "postgres", append([]func(*config.Config, *app.Options){on}, change...)...), c
}

func named(name string) func(*tracetest.Traced) bool {
	return func(s *tracetest.Traced) bool { return s.Name == name }
}

// TestTracesTellWhatARequestDid walks down the spans of a signup, of the mail that it queued, and of a login.
func TestTracesTellWhatARequestDid(t *testing.T) {
	s, spans := traced(t)
	host := s.tenant("")
	slug, _, _ := strings.Cut(host, ".")
	email := "ann@example.org"
	c := s.client("app", host)
	c.signup(email).want(http.StatusOK)
	s.inbox.wait(t, email, 0)
	c.login(email, password)

	const signup = "POST /_allauth/app/v1/auth/signup"
	request := spans.Wait(t, "the signup", named(signup))
	got := request.Attrs()
	for key, want := range map[string]string{
		"http.request.method": "POST", "http.route": "/_allauth/app/v1/auth/signup", "http.response.status_code": "int_value:200", "vestibule.tenant": slug,
	} {
		if got[key] != want {
			t.Errorf("the signup's %s is %q, want %q", key, got[key], want)
		}
	}
	if request.Kind != tracepb.Span_SPAN_KIND_SERVER || len(request.ParentSpanId) > 0 || request.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR {
		t.Errorf("the signup is told of as %v", request)
	}
	if request.Resource["service.name"] != "vestibule" {
		t.Errorf("it is of %v", request.Resource)
	}
	if _, ok := got["client.address"]; ok {
		t.Error("the client's address is told without being asked for")
	}
	parts := map[string]map[string]string{}
	for _, p := range spans.Below(request) {
		if p.Kind != tracepb.Span_SPAN_KIND_CLIENT || !bytes.Equal(p.TraceId, request.TraceId) {
			t.Errorf("part of the signup is %v", p)
		}
		parts[p.Name] = p.Attrs()
	}
	for name, want := range map[string]map[string]string{
		"BEGIN": {"db.system.name": "postgresql"}, "COMMIT": {"db.system.name": "postgresql"},
		"INSERT users":    {"db.operation.name": "INSERT", "db.collection.name": "users"},
		"INSERT messages": {"db.operation.name": "INSERT", "db.collection.name": "messages", "db.query.summary": "INSERT messages"},
		"EVALSHA":         {"db.system.name": "redis", "db.operation.name": "EVALSHA"},
	} {
		for key, value := range want {
			if parts[name][key] != value {
				t.Errorf("the signup's %s has the %s %q, want %q", name, key, parts[name][key], value)
			}
		}
	}
	if text := parts["INSERT users"]["db.query.text"]; !strings.Contains(text, "INSERT INTO users") || !strings.Contains(text, "$1") {
		t.Errorf("the statement reads %q", text)
	}

	sending := spans.Wait(t, "the mail", func(s *tracetest.Traced) bool { return strings.HasPrefix(s.Name, "send ") && len(s.ParentSpanId) == 0 })
	if of := sending.Attrs(); of["vestibule.tenant"] != slug || of["vestibule.outcome"] != "sent" || of["vestibule.message.channel"] != "mail" {
		t.Errorf("the mail is told of as %v", of)
	}
	if len(sending.Links) != 1 || !bytes.Equal(sending.Links[0].SpanId, request.SpanId) || bytes.Equal(sending.TraceId, request.TraceId) {
		t.Errorf("the mail is not linked to the signup: %v", sending.Links)
	}
	var below []string
	for _, p := range spans.Below(sending) {
		below = append(below, p.Name)
	}
	if all := strings.Join(below, " "); !strings.Contains(all, "smtp") || !strings.Contains(all, "messages") {
		t.Errorf("below the mail are %q", below)
	}

	spans.Wait(t, "the login", named("POST /_allauth/app/v1/auth/login"))
	// The log and the metrics lead to the trace.
	trace := hex.EncodeToString(request.TraceId)
	if !regexp.MustCompile(`"msg":"request".*auth/signup.*"trace_id":"` + trace + `","span_id":"` + hex.EncodeToString(request.SpanId) + `"`).MatchString(s.log.String()) {
		t.Error("the log does not say which trace the signup is")
	}
	if body := s.metrics(); !strings.Contains(body, `# {trace_id="`+trace+`"}`) || !strings.Contains(body, `vestibule_trace_spans_total{result="sent"}`) {
		t.Error("the metrics name no example, or do not count the spans")
	}
}

// metrics are the metrics as OpenMetrics, which has examples.
func (s *server) metrics() string {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.operator+"/metrics", nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return string(body)
}

// asked makes a request and returns its status; what comes is not read.
func (s *server) asked(method, url, body string, header map[string]string) int {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for name, value := range header {
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// TestNothingSecretIsLoggedOrTraced sends what must not be repeated in every place of a request, to both listeners, and looks for it in the
// log, the spans and the metrics; and for what people and the server make of secrets in a signup, a reset and a login.
func TestNothingSecretIsLoggedOrTraced(t *testing.T) {
	const hidden = "Xyzzy-Plugh-42"
	s, spans := traced(t)
	host := s.tenant("")
	places := map[string]string{
		"Authorization": "Bearer " + hidden, "Cookie": "sessionid=" + hidden + "; csrftoken=" + hidden, "X-Session-Token": hidden,
		"X-Email-Verification-Key": hidden, "X-Password-Reset-Key": hidden, "X-Csrftoken": hidden, "Referer": "https://x.example/" + hidden,
		"User-Agent": hidden, "Baggage": "key=" + hidden, "Tracestate": "vendor=" + hidden, "X-Request-Id": hidden,
		"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Origin": "https://" + hidden + ".example", "X-Tenant": hidden,
	}
	body := `{"email": "` + hidden + `@example.org", "password": "` + hidden + `", "key": "` + hidden + `", "code": "` + hidden + `"}`
	asked := 0
	for name, value := range places {
		for _, path := range []string{"/_allauth/app/v1/auth/login", "/_allauth/app/v1/auth/password/reset", "/_allauth/browser/v1/auth/email/verify", "/reset/" + hidden} {
			for _, method := range []string{http.MethodGet, http.MethodPost, "M" + hidden} {
				header := map[string]string{"Host": host, "Content-Type": "application/json", name: value}
				s.asked(method, s.public+path+"?key="+hidden, body, header)
				asked++
			}
		}
		for _, path := range []string{"/admin/v1/tenants/" + hidden, "/debug/pprof/" + hidden, "/" + hidden, "/_allauth/browser/v1/auth/session"} {
			s.asked(http.MethodPost, s.operator+path+"?q="+hidden, body, map[string]string{"Content-Type": "application/json", name: value})
			asked++
		}
	}
	email := "ann@example.org"
	c := s.client("app", host)
	c.signup(email).want(http.StatusOK)
	key := s.inbox.wait(t, email, 0).key(t)
	c.post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusOK)
	token := c.token
	s.stop() // which sends what is left

	if n := strings.Count(s.log.String(), `"msg":"request"`); n < asked {
		t.Errorf("the log has %d records of requests, and %d were made", n, asked)
	}
	text := spans.Text()
	for where, all := range map[string]string{"log": s.log.String(), "trace": text} {
		for what, secret := range map[string]string{
			"what was hidden": hidden, "the password": password, "the session's token": token, "the key in the mail": key, "the admin token": adminToken,
			"the address": email,
		} {
			if secret == "" || strings.Contains(all, secret) {
				at := max(0, strings.Index(all, secret)-200)
				t.Errorf("%s is in the %s: …%s…", what, where, all[at:min(len(all), at+400)])
			}
		}
	}
	if !strings.Contains(text, "0af7651916cd43dd") && !strings.Contains(text, "links") {
		t.Error("no request is linked to the trace that it named")
	}
}

// TestProfilesAreForOwnersAlone takes a profile as an operator would, and has Go's own tool read it.
func TestProfilesAreForOwnersAlone(t *testing.T) {
	owner := map[string]string{"Authorization": "Bearer " + adminToken}
	s := boot(t, "sqlite")
	for _, url := range []string{s.public + "/debug/pprof/", s.public + "/debug/pprof/heap", s.operator + "/debug/pprof/heap", s.operator + "/debug/pprof/"} {
		if status := s.asked(http.MethodGet, url, "", owner); status != http.StatusNotFound {
			t.Errorf("%s is %d where profiles are off", url, status)
		}
	}
	s.stop()

	s = boot(t, "sqlite", func(cfg *config.Config, _ *app.Options) {
		cfg.Profiling = true
		cfg.RequestTimeout = 1500 * time.Millisecond // shorter than the profile
	})
	host := s.tenant("")
	slug, _, _ := strings.Cut(host, ".")
	tokenOf := func(role string, tenant *string) map[string]string {
		status, body := s.admin(http.MethodPost, "/admin/v1/tokens", map[string]any{"name": role, "grants": []any{map[string]any{"role": role, "tenant": tenant}}})
		found := regexp.MustCompile(`"token": ?"([^"]+)"`).FindStringSubmatch(body)
		if status != http.StatusCreated || found == nil {
			t.Fatalf("make a token: %d %s", status, body)
		}
		return map[string]string{"Authorization": "Bearer " + found[1]}
	}
	for name, test := range map[string]struct {
		url    string
		header map[string]string
		want   int
	}{
		"the public listener":     {s.public + "/debug/pprof/heap", owner, http.StatusNotFound},
		"nobody":                  {s.operator + "/debug/pprof/heap", nil, http.StatusUnauthorized},
		"a wrong token":           {s.operator + "/debug/pprof/heap", map[string]string{"Authorization": "Bearer nope"}, http.StatusUnauthorized},
		"an admin":                {s.operator + "/debug/pprof/heap", tokenOf("admin", nil), http.StatusForbidden},
		"an owner of one tenant":  {s.operator + "/debug/pprof/heap", tokenOf("owner", &slug), http.StatusForbidden},
		"an owner":                {s.operator + "/debug/pprof/heap?gc=1", tokenOf("owner", nil), http.StatusOK},
		"the list":                {s.operator + "/debug/pprof/", owner, http.StatusOK},
		"the command line":        {s.operator + "/debug/pprof/cmdline", owner, http.StatusNotFound},
		"for too long":            {s.operator + "/debug/pprof/profile?seconds=3600", owner, http.StatusBadRequest},
		"for no time":             {s.operator + "/debug/pprof/profile?seconds=0", owner, http.StatusBadRequest},
		"the default mux's":       {s.operator + "/debug/pprof/symbol", owner, http.StatusNotFound},
		"what the scheduler does": {s.operator + "/debug/pprof/trace?seconds=1", owner, http.StatusOK},
	} {
		if status := s.asked(http.MethodGet, test.url, "", test.header); status != test.want {
			t.Errorf("%s: %d, want %d", name, status, test.want)
		}
	}
	if _, pattern := http.DefaultServeMux.Handler(httptest.NewRequest(http.MethodGet, "/debug/pprof/", nil)); pattern != "" {
		t.Errorf("the process's default mux serves %s", pattern)
	}
	for _, profile := range []string{"heap", "profile?seconds=2"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.operator+"/debug/pprof/"+profile, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+adminToken)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		taken, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %v", profile, res.StatusCode, err)
		}
		file := filepath.Join(t.TempDir(), "taken.pprof")
		if err := os.WriteFile(file, taken, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-top", file).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "flat%") {
			t.Errorf("go tool pprof says of %s: %v\n%s", profile, err, out)
		}
	}
}
