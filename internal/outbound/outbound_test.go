package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestPublicKnowsWhatIsNot(t *testing.T) {
	private := map[string]string{
		"loopback":                        "127.0.0.1",
		"loopback elsewhere in its range": "127.255.0.9",
		"loopback in IPv6":                "::1",
		"loopback mapped":                 "::ffff:127.0.0.1",
		"loopback compatible":             "::127.0.0.1",
		"loopback through NAT64":          "64:ff9b::7f00:1",
		"local NAT64":                     "64:ff9b:1::808:808",
		"loopback through 6to4":           "2002:7f00:1::1",
		"loopback through Teredo":         "2001:0:7f00:1::1",
		"unspecified":                     "0.0.0.0",
		"unspecified in IPv6":             "::",
		"this network":                    "0.1.2.3",
		"private ten":                     "10.1.2.3",
		"private ten mapped":              "::ffff:10.1.2.3",
		"private ten through NAT64":       "64:ff9b::a01:203",
		"private 172":                     "172.31.255.255",
		"private 192":                     "192.168.1.1",
		"shared by a carrier":             "100.64.0.1",
		"metadata":                        "169.254.169.254",
		"metadata mapped":                 "::ffff:169.254.169.254",
		"metadata of Alibaba":             "100.100.100.200",
		"metadata of Azure":               "168.63.129.16",
		"metadata of Oracle":              "192.0.0.192",
		"metadata of AWS in IPv6":         "fd00:ec2::254",
		"link-local in IPv6":              "fe80::1",
		"link-local with a zone":          "fe80::1%lo",
		"public with a zone":              "2606:4700::1111%lo",
		"site-local":                      "fec0::1",
		"unique local":                    "fc00::1",
		"multicast":                       "224.0.0.1",
		"multicast in IPv6":               "ff02::1",
		"reserved":                        "240.0.0.1",
		"broadcast":                       "255.255.255.255",
		"documentation":                   "192.0.2.1",
		"documentation in IPv6":           "2001:db8::1",
		"benchmarking":                    "198.18.0.1",
		"not handed out":                  "4000::1",
	}
	for name, a := range private {
		if Public(netip.MustParseAddr(a)) {
			t.Errorf("%s: %s counts as public", name, a)
		}
	}
	for _, a := range []string{"1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8",
		"64:ff9b::808:808", "192.0.1.1", "223.255.255.255"} {
		if !Public(netip.MustParseAddr(a)) {
			t.Errorf("%s does not count as public", a)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address at all counts as public")
	}
}

// listener accepts connections on loopback and counts them.
func listener(t *testing.T) (port string, accepted func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	n := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			n++
			mu.Unlock()
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func TestDialRefusesLoopbackHoweverItIsWritten(t *testing.T) {
	port, accepted := listener(t)
	for _, host := range []string{"127.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "0.0.0.0", "[::]",
		"127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.0.0.1."} {
		c, err := Dialer{}.DialContext(t.Context(), "tcp", host+":"+port)
		if err == nil {
			_ = c.Close()
			t.Errorf("%s was connected to", host)
		}
	}
	if n := accepted(); n != 0 {
		t.Errorf("%d connections arrived", n)
	}
	refused := 0
	_, err := Dialer{OnRefused: func() { refused++ }}.DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
	if !errors.Is(err, ErrPrivateAddress) || refused != 1 {
		t.Errorf("got %v, not ErrPrivateAddress, and %d were told of", err, refused)
	}
	c, err := Dialer{AllowPrivate: true, OnRefused: func() { t.Error("one was refused") }}.DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatalf("with AllowPrivate: %v", err)
	}
	_ = c.Close()
}

func TestDialRefusesTheMetadataService(t *testing.T) {
	for _, a := range []string{"169.254.169.254:80", "[::ffff:169.254.169.254]:80", "[fd00:ec2::254]:80", "100.100.100.200:80"} {
		_, err := Dialer{Timeout: time.Second}.DialContext(t.Context(), "tcp", a)
		if !errors.Is(err, ErrPrivateAddress) {
			t.Errorf("%s: got %v, not ErrPrivateAddress", a, err)
		}
	}
}

func TestDialIsForTCPAlone(t *testing.T) {
	for _, network := range []string{"unix", "udp", "ip4:icmp"} {
		if _, err := (Dialer{}).DialContext(t.Context(), network, "/run/some.sock"); !errors.Is(err, ErrNetwork) {
			t.Errorf("%s: got %v, not ErrNetwork", network, err)
		}
	}
}

// names is a DNS server that gives one answer after the other for any name, and repeats the last.
func names(t *testing.T, answers ...string) (*net.Resolver, func() int) {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	asked := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:n]) != nil || len(q.Questions) == 0 {
				continue
			}
			m := dnsmessage.Message{
				Header:    dnsmessage.Header{ID: q.ID, Response: true, RecursionAvailable: true},
				Questions: q.Questions,
			}
			if q.Questions[0].Type == dnsmessage.TypeA {
				mu.Lock()
				a := netip.MustParseAddr(answers[min(asked, len(answers)-1)])
				asked++
				mu.Unlock()
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
					Body:   &dnsmessage.AResource{A: a.As4()},
				}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = pc.WriteTo(out, from)
			}
		}
	}()
	t.Cleanup(func() { _ = pc.Close(); <-done })
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
	return r, func() int { mu.Lock(); defer mu.Unlock(); return asked }
}

func TestDialJudgesTheAddressItConnectsTo(t *testing.T) {
	port, accepted := listener(t)
	// The name is public when it is looked at and private when it is used. A check apart from the connection would pass.
	resolver, asked := names(t, "1.1.1.1", "127.0.0.1")
	seen, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.example.org")
	if err != nil || !Public(seen[0]) {
		t.Fatalf("the first look saw %v (%v), which was to be public", seen, err)
	}
	_, err = Dialer{Resolver: resolver}.DialContext(t.Context(), "tcp", "rebind.example.org:"+port)
	if !errors.Is(err, ErrPrivateAddress) {
		t.Errorf("got %v, not ErrPrivateAddress", err)
	}
	if asked() < 2 || accepted() != 0 {
		t.Errorf("asked %d times, %d connections arrived", asked(), accepted())
	}
}

func TestHTTPClientRefusesNamesOfPrivateAddresses(t *testing.T) {
	port, accepted := listener(t)
	resolver, _ := names(t, "127.0.0.1")
	c := HTTPClient(Options{Dialer: Dialer{Resolver: resolver}})
	_, err := get(t, c, "http://hooks.example.org:"+port+"/")
	if !errors.Is(err, ErrPrivateAddress) {
		t.Errorf("got %v, not ErrPrivateAddress", err)
	}
	if accepted() != 0 {
		t.Error("a connection arrived")
	}
}

// get fetches url and returns the status.
func get(t *testing.T, c *http.Client, url string) (int, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	_ = res.Body.Close()
	return res.StatusCode, nil
}

// onlyFirst connects to the given address on the first dial, as if that were public, and is guarded afterwards.
func onlyFirst(c *http.Client, addr string) {
	tr := c.Transport.(traced).Transport
	guarded, first := tr.DialContext, true
	tr.DialContext = func(ctx context.Context, network, a string) (net.Conn, error) {
		if first && a == addr {
			first = false
			return Dialer{AllowPrivate: true}.DialContext(ctx, network, addr)
		}
		return guarded(ctx, network, a)
	}
}

func TestHTTPClientFollowsNoRedirectToPrivateAddresses(t *testing.T) {
	port, accepted := listener(t)
	front := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:"+port+"/secret", http.StatusFound))
	defer front.Close()
	c := HTTPClient(Options{Redirects: 3})
	onlyFirst(c, front.Listener.Addr().String())
	if _, err := get(t, c, front.URL); !errors.Is(err, ErrPrivateAddress) {
		t.Errorf("got %v, not ErrPrivateAddress", err)
	}
	if accepted() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestHTTPClientFollowsAsManyRedirectsAsItWasTold(t *testing.T) {
	hops := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		hops++
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	open := Dialer{AllowPrivate: true}
	if status, err := get(t, HTTPClient(Options{Dialer: open}), s.URL); err != nil || status != http.StatusFound || hops != 1 {
		t.Errorf("none: status %d, %v, %d requests", status, err, hops)
	}
	hops = 0
	if _, err := get(t, HTTPClient(Options{Dialer: open, Redirects: 3}), s.URL); !errors.Is(err, ErrRedirect) || hops != 4 {
		t.Errorf("three: %v, %d requests", err, hops)
	}
}

func TestHTTPClientStaysOnHTTPS(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	s := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c := HTTPClient(Options{Dialer: Dialer{AllowPrivate: true}, Redirects: 3, TLS: &tls.Config{RootCAs: roots}})
	if _, err := get(t, c, s.URL); !errors.Is(err, ErrRedirect) {
		t.Errorf("got %v, not ErrRedirect", err)
	}
}

func TestHTTPClientRefusesOldTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.Config.ErrorLog = nil
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c := HTTPClient(Options{Dialer: Dialer{AllowPrivate: true}, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10}})
	if _, err := get(t, c, s.URL); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("got %v, not a refusal of the protocol version", err)
	}
}

func TestHTTPClientTakesNoProxyFromTheEnvironment(t *testing.T) {
	if HTTPClient(Options{}).Transport.(traced).Transport.Proxy != nil {
		t.Error("a proxy would make every address look like the proxy's")
	}
}

func TestReadAllHasALimit(t *testing.T) {
	if b, err := ReadAll(strings.NewReader("12345"), 5); err != nil || string(b) != "12345" {
		t.Errorf("at the limit: %q, %v", b, err)
	}
	if b, err := ReadAll(strings.NewReader("123456"), 5); !errors.Is(err, ErrTooLarge) || b != nil {
		t.Errorf("over the limit: %q, %v", b, err)
	}
}
