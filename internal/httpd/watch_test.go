package httpd

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// through sends a request through a chain that is watched.
func through(w *Watch, realIP *RealIP, peer, tenant string, headers ...string) {
	h := Standard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { SetTenant(r.Context(), tenant) }),
		Options{Clock: w.Clock, RealIP: realIP, Watch: w})
	r := httptest.NewRequest(http.MethodGet, "https://acme.example/x", nil)
	r.RemoteAddr = peer
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
}

func TestProbesAreSeen(t *testing.T) {
	c := clock.At(time.Unix(1e9, 0))
	w := &Watch{Clock: c, ClientIPHeader: "X-Real-Ip"}
	if s, known := w.Seen("guess"); s != nil || known {
		t.Error("a probe that nobody issued is known")
	}
	token := w.Issue()
	if s, known := w.Seen(token); s != nil || !known {
		t.Error("a probe that was not sent yet was seen, or is unknown")
	}
	through(w, &RealIP{ProxyCount: 1}, "10.0.0.7:999", "acme", "X-Vestibule-Probe: another", "X-Forwarded-For: 192.0.2.1")
	if s, _ := w.Seen(token); s != nil {
		t.Error("another request was taken for it")
	}
	through(w, &RealIP{ProxyCount: 1}, "10.0.0.7:999", "acme", "X-Vestibule-Probe: "+token, "X-Forwarded-For: 203.0.113.9, 198.51.100.4",
		"X-Forwarded-For: 10.0.0.2", "X-Forwarded-Proto: https", "X-Real-IP: 198.51.100.4", "X-Real-IP: "+strings.Repeat("x", 1000))
	s, _ := w.Seen(token)
	if s == nil || s.Host != "acme.example" || s.Peer != netip.MustParseAddr("10.0.0.7") || s.ClientIP != netip.MustParseAddr("10.0.0.2") || s.Tenant != "acme" ||
		!slices.Equal(s.ForwardedFor, []string{"203.0.113.9", "198.51.100.4", "10.0.0.2"}) || s.Scheme != "https" || len(s.Header) != 2 || len(s.Header[1]) != longestOf {
		t.Errorf("seen is %+v", s)
	}
	c.Advance(probeLife)
	if s, known := w.Seen(token); s != nil || known {
		t.Error("an old probe is still known")
	}
	first := w.Issue()
	c.Advance(time.Second)
	for range mostProbes {
		w.Issue()
	}
	if _, known := w.Seen(first); known || len(w.probes) != mostProbes {
		t.Errorf("%d probes are kept", len(w.probes))
	}
}

func TestClientsAreCounted(t *testing.T) {
	w := &Watch{Clock: clock.At(time.Unix(1e9, 0))}
	if c := w.Clients(""); c.Requests != 0 || c.Most.IsValid() {
		t.Errorf("of nothing: %+v", c)
	}
	for i := range 2 * watched {
		through(w, nil, "10.0.0.7:1", "acme", "X-Forwarded-For: 192.0.2.1")
		if i%8 == 0 {
			through(w, nil, fmt.Sprintf("192.0.2.%d:1", i%250), "zenith")
		}
	}
	c := w.Clients("acme")
	if c.Distinct != 1 || c.Most != netip.MustParseAddr("10.0.0.7") || c.FromMost != c.Requests || c.Forwarded != c.Requests || c.Requests < 400 {
		t.Errorf("of one tenant: %+v", c)
	}
	if c := w.Clients(""); c.Requests != watched || c.Distinct < 10 || c.Most != netip.MustParseAddr("10.0.0.7") {
		t.Errorf("of all: %+v", c)
	}
	if c := w.Clients("zenith"); c.Requests == 0 || c.Forwarded != 0 {
		t.Errorf("of the other: %+v", c)
	}
}
