//go:build !race

// The race detector allocates as well, so that nothing is counted under it.

package httpd

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/trace"
)

// standing is the chain as it runs in production, and a request as a proxy sends it.
func standing() (http.Handler, *http.Request) { return standingTraced(nil) }

func standingTraced(tracer *trace.Tracer) (http.Handler, *http.Request) {
	body := []byte(`{"status":200}`)
	h := Standard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := From(r.Context())
		rec.Route, rec.Tenant = "/_allauth/app/v1/auth/session", "acme"
		_, _ = w.Write(body)
	}), Options{
		Log:            slog.New(slog.NewJSONHandler(io.Discard, nil)),
		Clock:          clock.System{},
		Metrics:        NewMetrics(100, clock.System{}),
		RealIP:         &RealIP{ProxyCount: 1},
		RequestTimeout: 15 * time.Second,
		Tracer:         tracer,
	})
	r := httptest.NewRequest(http.MethodGet, "/_allauth/app/v1/auth/session", nil)
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	return h, r
}

func BenchmarkStandardChain(b *testing.B) {
	h, r := standing()
	w := &sink{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

func BenchmarkStandardChainWithBody(b *testing.B) {
	h, r := standing()
	w := &sink{h: http.Header{}}
	r.Body = io.NopCloser(strings.NewReader("{}"))
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

// BenchmarkStandardChainTraced is what a request costs that is traced, and one that the sampler passed over. Nothing is sent: that is done
// beside the requests.
func BenchmarkStandardChainTraced(b *testing.B) {
	for _, sampler := range []string{"always_on", "always_off"} {
		b.Run(sampler, func(b *testing.B) {
			b.Setenv("OTEL_TRACES_SAMPLER", sampler)
			b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
			tracer, err := trace.New(b.Context(), trace.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer tracer.Close(b.Context())
			h, r := standingTraced(tracer)
			w := &sink{h: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

// BenchmarkTenantWithoutSlot is what a request of a tenant costs that is not named in the metrics.
func BenchmarkTenantWithoutSlot(b *testing.B) {
	m := NewMetrics(100, clock.System{})
	for i := range 101 {
		m.asked(fmt.Sprint("t", i))
	}
	now := m.clock.Now()
	b.ReportAllocs()
	for b.Loop() {
		m.request(requestLabels{"/auth/session", "GET", "acme", 200}, now, now, trace.Span{})
	}
}

// TestCountingAllocatesNothing is for every request of every tenant, be it named or not.
func TestCountingAllocatesNothing(t *testing.T) {
	m := NewMetrics(1, clock.System{})
	for _, tenant := range []string{"acme", "late"} {
		if n := testing.AllocsPerRun(1000, func() { m.asked(tenant) }); n > 0 {
			t.Errorf("counting a request of %s makes %v allocations", tenant, n)
		}
	}
}

// TestChainAllocatesLittle holds the chain below what a session check costs. Time is left to the benchmarks.
func TestChainAllocatesLittle(t *testing.T) {
	h, r := standing()
	w := &sink{h: http.Header{}}
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n >= 12 {
		t.Errorf("the chain makes %v allocations a request, want less than 12", n)
	}
}

// BenchmarkStatement is what measuring costs for each statement of the database, without the reading of the clock.
func BenchmarkStatement(b *testing.B) {
	m := NewMetrics(1, clock.System{})
	b.ReportAllocs()
	for b.Loop() {
		m.Statement(0, 300*time.Microsecond)
	}
}
