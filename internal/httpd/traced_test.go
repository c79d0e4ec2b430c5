package httpd

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/trace"
	"github.com/vestibule-auth/vestibule/internal/trace/tracetest"
)

func TestASpanSaysWhatBecameOfARequest(t *testing.T) {
	const theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for name, test := range map[string]struct {
		tracing Tracing
		proxied bool
		method  string
		handle  http.HandlerFunc
		want    string            // the span's name
		attrs   map[string]string // "" for one that must not be there
		failed  bool
		part    bool
		links   int
	}{
		"a stranger": {
			Tracing{Heed: true, Trust: true}, false, "GET", func(w http.ResponseWriter, r *http.Request) { SetRoute(r.Context(), "/x/{id}") },
			"GET /x/{id}", map[string]string{"http.route": "/x/{id}", "http.response.status_code": "int_value:200", "client.address": ""}, false, false, 1,
		},
		"by a proxy that is trusted with addresses alone": {
			Tracing{Heed: true}, true, "GET", func(http.ResponseWriter, *http.Request) {}, "GET", map[string]string{"http.route": ""}, false, false, 1,
		},
		"by a proxy that is trusted": {
			Tracing{Heed: true, Trust: true, ClientIP: true}, true, "GET", func(http.ResponseWriter, *http.Request) {},
			"GET", map[string]string{"client.address": "203.0.113.7"}, false, true, 0,
		},
		"where no word is heeded":  {Tracing{Trust: true}, true, "GET", func(http.ResponseWriter, *http.Request) {}, "GET", nil, false, false, 0},
		"a method that is made up": {Tracing{}, false, "XYZZY", func(http.ResponseWriter, *http.Request) {}, "_OTHER", map[string]string{"http.request.method": "_OTHER"}, false, false, 0},
		"a panic": {
			Tracing{}, false, "GET", func(http.ResponseWriter, *http.Request) { panic("xyzzy") }, // as a bug would, whose words must not get into a span
			"GET", map[string]string{"error.type": "500", "vestibule.outcome": "panic"}, true, false, 0,
		},
		"cut off": {
			Tracing{}, false, "GET", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"GET", map[string]string{"error.type": "aborted"}, true, false, 0,
		},
		"an error's text, which stays in the log": {
			Tracing{}, false, "GET", func(w http.ResponseWriter, r *http.Request) {
				SetOutcome(r.Context(), "refused: busy", "refused: busy: read tcp 198.51.100.9:443: connection reset")
			},
			"GET", map[string]string{"vestibule.outcome": "refused: busy"}, false, false, 0,
		},
		"a refusal is no failure": {
			Tracing{}, false, "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
			"GET", map[string]string{"error.type": "", "http.response.status_code": "int_value:403"}, false, false, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := tracetest.New(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
			tracer, err := trace.New(t.Context(), trace.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var j journal
			h := Standard(test.handle, Options{
				Log: slog.New(trace.Handler(j.logger().Handler())), Clock: clock.System{}, RealIP: &RealIP{ProxyCount: 1}, RequestTimeout: time.Second,
				Tracer: tracer, Tracing: test.tracing,
			})
			r := httptest.NewRequest(test.method, "/x/secret?key=secret", nil)
			r.Header.Set("Traceparent", theirs)
			if test.proxied {
				r.Header.Set("X-Forwarded-For", "203.0.113.7")
			}
			func() {
				defer func() { _ = recover() }() // net/http would
				h.ServeHTTP(httptest.NewRecorder(), r)
			}()
			tracer.Close(t.Context())
			spans := c.Spans()
			if len(spans) != 1 {
				t.Fatalf("%d spans came", len(spans))
			}
			s := spans[0]
			if failed := s.Status.GetCode() == 2; s.Name != test.want || failed != test.failed || len(s.ParentSpanId) > 0 != test.part || len(s.Links) != test.links {
				t.Errorf("it is %v", s)
			}
			for key, want := range test.attrs {
				if got := s.Attrs()[key]; got != want {
					t.Errorf("%s is %q, want %q", key, got, want)
				}
			}
			if log := j.String(); strings.Contains(c.Text()+log, "secret") || !strings.Contains(log, `"trace_id":"`) {
				t.Errorf("the log says %s", log)
			}
		})
	}
}
