// Package outbound is the one way out to addresses that tenants configure: their mail servers and their webhooks.
//
// A tenant's administrator may write any host name into a setting. Without a guard, the server could be made to talk to
// itself, to its neighbours in the private network or to the cloud's metadata service, and to hand back what it learnt
// (server-side request forgery). So the address is judged where it can no longer change: by the socket's control hook,
// after the name was resolved and before the connection is made. A name that resolves to something else the second
// time it is asked, a redirect, or a number in disguise (2130706433, 0x7f.1, ::ffff:127.0.0.1) all end up there.
//
// What counts as public follows the IANA special-purpose registries (RFC 6890 and its updates). Addresses that carry an
// IPv4 address inside (IPv4-mapped, RFC 4291; NAT64, RFC 6052) are judged by the address inside. A refusal is
// ErrPrivateAddress.
//
// An operator whose tenants do live in the same private network says so once for the whole server, with AllowPrivate.
package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// The ways in which the way out is closed.
var (
	// ErrPrivateAddress says that a name led to an address that is not on the public internet.
	ErrPrivateAddress = errors.New("outbound: this is not a public address")
	// ErrNetwork says that something other than a TCP connection was asked for.
	ErrNetwork = errors.New("outbound: only TCP is allowed")
	// ErrRedirect says that a redirect was not followed: one too many, or one that leaves HTTPS.
	ErrRedirect = errors.New("outbound: the redirect is not followed")
	// ErrTooLarge says that an answer is longer than the caller is ready to read.
	ErrTooLarge = errors.New("outbound: the answer is too large")
)

// DefaultTimeout bounds a connection, or a whole HTTP exchange, for which nothing else was said.
const DefaultTimeout = 10 * time.Second

// Dialer connects to public addresses. The zero value is ready for use.
type Dialer struct {
	AllowPrivate bool          // connect to any address; for development, and for tenants within one's own network
	Timeout      time.Duration // of one connection, name lookup included; DefaultTimeout when zero
	Resolver     *net.Resolver // the system's when nil
	OnRefused    func()        // called for every address that is not connected to because it is not public; may be nil
}

// DialContext connects to addr, a host and a port, over TCP. It returns ErrPrivateAddress when every address of the
// host is refused; a host with a public address among private ones is reached by the public one.
func (d Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, ErrNetwork
	}
	nd := net.Dialer{Timeout: d.Timeout, Resolver: d.Resolver}
	if nd.Timeout <= 0 {
		nd.Timeout = DefaultTimeout
	}
	if !d.AllowPrivate {
		nd.Control = d.control
	}
	return nd.DialContext(ctx, network, addr)
}

// control is called by net.Dialer with the address that the socket is about to be connected to.
func (d Dialer) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !Public(ap.Addr()) {
		if d.OnRefused != nil {
			d.OnRefused()
		}
		return ErrPrivateAddress // what cannot be read is not known to be public
	}
	return nil
}

// closed lists what is not public within the ranges that otherwise are: all of IPv4, and 2000::/3 of IPv6.
var closed = prefixes(
	"0.0.0.0/8",         // this network, RFC 791; Linux takes 0.0.0.0 for itself
	"10.0.0.0/8",        // private, RFC 1918
	"100.64.0.0/10",     // carrier-grade NAT, RFC 6598; Alibaba's metadata service
	"127.0.0.0/8",       // loopback, RFC 1122
	"168.63.129.16/32",  // Azure's metadata service, though it looks public
	"169.254.0.0/16",    // link-local, RFC 3927; the metadata service of most clouds
	"172.16.0.0/12",     // private, RFC 1918
	"192.0.0.0/24",      // protocol assignments, RFC 6890; Oracle's metadata service
	"192.0.2.0/24",      // documentation, RFC 5737
	"192.88.99.0/24",    // 6to4 relays, withdrawn by RFC 7526
	"192.168.0.0/16",    // private, RFC 1918
	"198.18.0.0/15",     // benchmarking, RFC 2544
	"198.51.100.0/24",   // documentation, RFC 5737
	"203.0.113.0/24",    // documentation, RFC 5737
	"224.0.0.0/4",       // multicast, RFC 5771
	"240.0.0.0/4",       // reserved, RFC 1112, and broadcast
	"2001::/23",         // protocol assignments, RFC 2928, with Teredo's hidden IPv4 addresses
	"2001:db8::/32",     // documentation, RFC 3849
	"2002::/16",         // 6to4, RFC 3056: a hidden IPv4 address, through a relay of anyone's
	"2620:4f:8000::/48", // AS112, RFC 7534: answers nobody's questions
	"3fff::/20",         // documentation, RFC 9637
	"64:ff9b:1::/48",    // NAT64 for local use, RFC 8215
)

var (
	unicast6 = netip.MustParsePrefix("2000::/3")     // all of IPv6 that is handed out
	nat64    = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the last four bytes are an IPv4 address
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, p := range list {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

// Public reports whether an address is on the public internet. Loopback, private, shared, link-local, unique local,
// unspecified, multicast, reserved and documentation addresses are not, nor are the metadata services of clouds.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false // a zone belongs to a link, and so does its address
	}
	a = a.Unmap()
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if a.Is6() && !unicast6.Contains(a) {
		return false
	}
	for _, p := range closed {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Options are the choices of an HTTP client. The zero value follows no redirects and waits DefaultTimeout.
type Options struct {
	Dialer    Dialer
	Timeout   time.Duration // of a whole exchange, the answer's body included; DefaultTimeout when zero
	Redirects int           // how many redirects are followed; with none, the caller sees the redirect itself
	TLS       *tls.Config   // what to build on, such as RootCAs; at least TLS 1.2 whatever it says
}

// HTTPClient is a client that reaches public addresses only. It takes no proxy from the environment, since the address
// that counts is then the proxy's, and it never sends cookies, nor word of a trace. Each hop of a redirect is dialled, and so judged, anew.
func HTTPClient(o Options) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: traced{&http.Transport{
			Proxy:                  nil,
			DialContext:            o.Dialer.DialContext,
			TLSClientConfig:        AtLeastTLS12(o.TLS),
			TLSHandshakeTimeout:    o.Timeout,
			ResponseHeaderTimeout:  o.Timeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConnsPerHost:    2,
			MaxIdleConns:           64,
			IdleConnTimeout:        30 * time.Second,
			ForceAttemptHTTP2:      true,
		}},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if o.Redirects <= 0 {
				return http.ErrUseLastResponse
			}
			if len(via) > o.Redirects {
				return fmt.Errorf("%w: more than %d", ErrRedirect, o.Redirects)
			}
			if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
				return fmt.Errorf("%w: it leaves https", ErrRedirect)
			}
			return nil
		},
	}
}

// AtLeastTLS12 is a copy of c that accepts nothing older than TLS 1.2.
func AtLeastTLS12(c *tls.Config) *tls.Config {
	if c == nil {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c = c.Clone()
	if c.MinVersion < tls.VersionTLS12 {
		c.MinVersion = tls.VersionTLS12
	}
	return c
}

// ReadAll reads at most limit bytes, and returns ErrTooLarge with nothing if there are more.
func ReadAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, ErrTooLarge
	}
	return b, nil
}
