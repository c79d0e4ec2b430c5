package httpd

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

func asked(peer string, header http.Header) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.RemoteAddr = peer
	r.Header = header
	return r
}

func TestRealIP(t *testing.T) {
	const peer, proxy = "192.0.2.1:1234", "192.0.2.1"
	xff := func(lines ...string) http.Header { return http.Header{"X-Forwarded-For": lines} }
	for name, c := range map[string]struct {
		p      *RealIP
		peer   string
		header http.Header
		want   string
	}{
		"no proxy: the peer":                             {&RealIP{}, peer, xff("203.0.113.7"), proxy},
		"no proxy: IPv6 with a zone":                     {&RealIP{}, "[fe80::1%eth0]:80", nil, "fe80::1"},
		"no proxy: IPv4 in IPv6":                         {&RealIP{}, "[::ffff:203.0.113.7]:80", nil, "203.0.113.7"},
		"no proxy: a peer without an address":            {&RealIP{}, "@", nil, "invalid IP"},
		"one proxy: the rightmost":                       {&RealIP{ProxyCount: 1}, peer, xff("198.51.100.1, 203.0.113.7"), "203.0.113.7"},
		"two proxies: the second from the right":         {&RealIP{ProxyCount: 2}, peer, xff("198.51.100.1,203.0.113.7,10.0.0.1"), "203.0.113.7"},
		"lines are one list":                             {&RealIP{ProxyCount: 2}, peer, xff("198.51.100.1, 203.0.113.7", "10.0.0.1"), "203.0.113.7"},
		"each entry on a line of its own":                {&RealIP{ProxyCount: 3}, peer, xff("203.0.113.7", "10.0.0.2", "10.0.0.1"), "203.0.113.7"},
		"what is further left may be anything":           {&RealIP{ProxyCount: 1}, peer, xff("a, <script>,,\x00, 203.0.113.7"), "203.0.113.7"},
		"IPv6":                                           {&RealIP{ProxyCount: 1}, peer, xff("2001:db8::7"), "2001:db8::7"},
		"IPv6 in brackets":                               {&RealIP{ProxyCount: 1}, peer, xff("[2001:db8::7]"), "2001:db8::7"},
		"IPv6 with a port":                               {&RealIP{ProxyCount: 1}, peer, xff("[2001:db8::7]:99"), "2001:db8::7"},
		"IPv4 with a port":                               {&RealIP{ProxyCount: 1}, peer, xff("203.0.113.7:99"), "203.0.113.7"},
		"IPv4 in IPv6":                                   {&RealIP{ProxyCount: 1}, peer, xff("::ffff:203.0.113.7"), "203.0.113.7"},
		"IPv6 with a zone":                               {&RealIP{ProxyCount: 1}, peer, xff("fe80::7%eth0"), "fe80::7"},
		"no header: the peer":                            {&RealIP{ProxyCount: 1}, peer, nil, proxy},
		"too few entries: the peer":                      {&RealIP{ProxyCount: 3}, peer, xff("198.51.100.1, 203.0.113.7"), proxy},
		"an empty entry counts":                          {&RealIP{ProxyCount: 2}, peer, xff("198.51.100.1, , 203.0.113.7"), proxy},
		"not an address: the peer":                       {&RealIP{ProxyCount: 1}, peer, xff("a"), proxy},
		"a name: the peer":                               {&RealIP{ProxyCount: 1}, peer, xff("localhost"), proxy},
		"unknown: the peer":                              {&RealIP{ProxyCount: 1}, peer, xff("unknown"), proxy},
		"octal: the peer":                                {&RealIP{ProxyCount: 1}, peer, xff("0313.0.113.7"), proxy},
		"unspecified: the peer":                          {&RealIP{ProxyCount: 1}, peer, xff("0.0.0.0"), proxy},
		"multicast: the peer":                            {&RealIP{ProxyCount: 1}, peer, xff("224.0.0.1"), proxy},
		"IPv4 in brackets: the peer":                     {&RealIP{ProxyCount: 1}, peer, xff("[203.0.113.7]"), proxy},
		"far too long: the peer":                         {&RealIP{ProxyCount: 1}, peer, xff("fe80::7%" + strings.Repeat("z", 8000)), proxy},
		"a header: its value":                            {&RealIP{Header: "X-Real-Ip"}, peer, http.Header{"X-Real-Ip": {"203.0.113.7"}}, "203.0.113.7"},
		"a header: X-Forwarded-For is not read":          {&RealIP{Header: "X-Real-Ip"}, peer, xff("203.0.113.7"), proxy},
		"a header given twice: the peer":                 {&RealIP{Header: "X-Real-Ip"}, peer, http.Header{"X-Real-Ip": {"203.0.113.7", "203.0.113.7"}}, proxy},
		"a header with a list: the peer":                 {&RealIP{Header: "X-Real-Ip"}, peer, http.Header{"X-Real-Ip": {"203.0.113.7, 203.0.113.8"}}, proxy},
		"a header without an address: the peer":          {&RealIP{Header: "X-Real-Ip"}, peer, http.Header{"X-Real-Ip": {"a"}}, proxy},
		"an empty header: the peer":                      {&RealIP{Header: "X-Real-Ip"}, peer, http.Header{"X-Real-Ip": {""}}, proxy},
		"Forwarded is not read, proxies or not":          {&RealIP{ProxyCount: 1}, peer, http.Header{"Forwarded": {"for=203.0.113.7"}}, proxy},
		"unprintable characters around it: the peer":     {&RealIP{ProxyCount: 1}, peer, xff("\u00a0203.0.113.7"), proxy},
		"an underscore in place of a dash is no header":  {&RealIP{ProxyCount: 1}, peer, http.Header{"X_forwarded_for": {"203.0.113.7"}}, proxy},
		"the peer itself is written in IPv4-mapped form": {&RealIP{ProxyCount: 1}, "[::ffff:192.0.2.1]:1", xff("a"), proxy},
	} {
		t.Run(name, func(t *testing.T) {
			got, proxied := c.p.Of(asked(c.peer, c.header))
			if got.String() != c.want {
				t.Errorf("client is %s, want %s", got, c.want)
			}
			if proxied && (c.want == proxy || c.p.ProxyCount == 0 && c.p.Header == "") {
				t.Error("taken for the word of a proxy")
			}
		})
	}
}

// A client that is limited by address must not get a new one by sending a new header.
func TestXFFBypass(t *testing.T) {
	for name, c := range map[string]struct {
		p     *RealIP
		after string // what the proxies, if any, append
		want  string
	}{
		"without proxies":     {&RealIP{}, "", "192.0.2.1"},
		"behind one proxy":    {&RealIP{ProxyCount: 1}, ", 203.0.113.7", "203.0.113.7"},
		"behind two proxies":  {&RealIP{ProxyCount: 2}, ", 203.0.113.7, 10.0.0.1", "203.0.113.7"},
		"by a header instead": {&RealIP{Header: "Cf-Connecting-Ip"}, "", "203.0.113.7"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]int{}
			h := Standard(handler(func(_ http.ResponseWriter, r *http.Request) {
				seen[ClientIP(r.Context()).String()]++
			}), Options{RealIP: c.p})
			for i := range 1000 {
				invented := fmt.Sprintf("10.%d.%d.%d", i%7, i/256, i%256)
				r := asked("192.0.2.1:1234", http.Header{
					"X-Forwarded-For":  {invented + c.after},
					"Forwarded":        {"for=" + invented},
					"X-Real-Ip":        {invented},
					"True-Client-Ip":   {invented},
					"Cf-Connecting-Ip": {"203.0.113.7"}, // as the proxy sets it
				})
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
			if len(seen) != 1 || seen[c.want] != 1000 {
				t.Errorf("1000 requests of one client came from %v, want %s alone", seen, c.want)
			}
		})
	}
}

// What cannot be read must neither stop the checks that need an address nor give a new one.
func TestUnparsableXFFFailsClosed(t *testing.T) {
	for _, sent := range []string{"a", "", ",", " ", "1", "300.1.1.1", "203.0.113.7;", "\"203.0.113.7\"", "::g", "[", "]", "[]", ":", ":80", "[::1"} {
		for _, p := range []*RealIP{{ProxyCount: 1}, {ProxyCount: 2}, {Header: "X-Forwarded-For"}} {
			reached := false
			h := Standard(handler(func(_ http.ResponseWriter, r *http.Request) {
				reached = true
				if ip := ClientIP(r.Context()); ip != netip.MustParseAddr("192.0.2.1") {
					t.Errorf("%q made the client %v", sent, ip)
				}
			}), Options{RealIP: p})
			h.ServeHTTP(httptest.NewRecorder(), asked("192.0.2.1:1234", http.Header{"X-Forwarded-For": {sent}}))
			if !reached {
				t.Errorf("%q stopped the request", sent)
			}
		}
	}
}

func TestUnreadableHeaderIsWarnedOfOnceAMinute(t *testing.T) {
	var j journal
	fake := clock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	p := &RealIP{Header: "X-Real-Ip", Log: j.logger(), Clock: fake}
	const message = "the client's address could not be read from the proxy's header, so the peer's is used; " +
		"check the trusted proxy settings, and that the server is reachable through the proxy only"
	warnings := func(want int) {
		t.Helper()
		for range 100 {
			p.Of(asked("192.0.2.1:1", http.Header{"X-Real-Ip": {"hunter2"}}))
		}
		if got := len(j.records(t, message)); got != want {
			t.Errorf("%d warnings, want %d", got, want)
		}
	}
	warnings(1)
	fake.Advance(59 * time.Second)
	warnings(1)
	fake.Advance(time.Second)
	warnings(2)
	p.Of(asked("192.0.2.1:1", http.Header{"X-Real-Ip": {"203.0.113.7"}}))
	if strings.Contains(j.String(), "hunter2") {
		t.Error("the log repeats what a stranger sent")
	}
}

func FuzzRealIP(f *testing.F) {
	for _, s := range []string{"203.0.113.7", "a", "", "1.2.3.4, 5.6.7.8", "[::1]:80", "::ffff:1.2.3.4%eth0", ",,,", "[", "1.2.3.4:x"} {
		f.Add(s, "203.0.113.7", uint8(1))
		f.Add(s, s, uint8(2))
	}
	peer := netip.MustParseAddr("192.0.2.1")
	f.Fuzz(func(t *testing.T, client, last string, n uint8) {
		count := int(n % 5)
		p := &RealIP{ProxyCount: count}
		got, proxied := p.Of(asked("192.0.2.1:1234", http.Header{"X-Forwarded-For": {client, last}}))
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() || got.IsUnspecified() {
			t.Fatalf("client is %v", got)
		}
		if !proxied && got != peer {
			t.Fatalf("client is %v, though no proxy said so", got)
		}
		// What the client puts to the left of the entry that counts changes nothing.
		entries := strings.Count(client, ",") + strings.Count(last, ",") + 2
		if count <= entries {
			again, _ := p.Of(asked("192.0.2.1:1234", http.Header{"X-Forwarded-For": {"198.51.100.9", "6.6.6.6," + client, last}}))
			if again != got {
				t.Fatalf("more entries on the left made %v of %v", again, got)
			}
		}
	})
}
