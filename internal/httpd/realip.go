package httpd

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// RealIP finds the address of the client behind the proxies that are trusted. Rate limits, trust and the audit depend on
// it, so a client must not be able to choose it. The zero value trusts no proxy.
//
// There are three ways:
//
//   - without proxies the client is the peer of the connection, and no header is read;
//   - with ProxyCount n, each of n proxies appends the address it was called from to X-Forwarded-For. The nth entry
//     from the right is what the outermost of them saw. Whatever stands further left came with the request and is
//     worth nothing. Several header lines are one list (RFC 9110, section 5.3);
//   - with Header, a proxy sets that header to one address and removes it from what clients send.
//
// Where the header is missing, has too few entries, or what counts is not an address, the answer is the peer: all
// clients then share the proxy's limits, which is a nuisance, whereas believing the client would be no limit at all. A
// warning is logged, at most once a minute, for it means that the settings do not fit the proxies or that somebody
// found a way around them.
//
// The standard header Forwarded (RFC 7239) is not read. It allows obfuscated names and "unknown" in the place of an
// address, may be sent beside an X-Forwarded-For that says something else, and hardly a proxy writes it; a server that
// reads both has to choose whom to believe. For the same reason there is no list of trusted networks to skip over from
// the right: a count is what a client cannot influence.
type RealIP struct {
	ProxyCount int
	Header     string // canonical form; not together with ProxyCount
	Log        *slog.Logger
	Clock      clock.Clock

	warned atomic.Int64 // when the last warning was, in nanoseconds since 1970
}

const (
	forwardedFor = "X-Forwarded-For"

	// longestAddress bounds what is parsed at all. The longest address with brackets and port has 53 characters.
	longestAddress = 64

	warnEvery = time.Minute
)

// Of is the client's address: without zone, and IPv4 where an IPv6 address only carries one. It is invalid if the peer
// has no IP address. Proxied says that it was read from what a trusted proxy sent.
func (p *RealIP) Of(r *http.Request) (ip netip.Addr, proxied bool) {
	peer, _ := parseIP(r.RemoteAddr)
	if p.ProxyCount <= 0 && p.Header == "" {
		return peer, false
	}
	var sent string
	var ok bool
	if p.Header != "" {
		if lines := r.Header[p.Header]; len(lines) == 1 {
			sent, ok = lines[0], true
		}
	} else {
		sent, ok = fromRight(r.Header[forwardedFor], p.ProxyCount)
	}
	if ok {
		if ip, ok = parseIP(sent); ok {
			return ip, true
		}
	}
	p.warn(r.Context())
	return peer, false
}

// fromRight is the nth element from the right of a list that is spread over lines. Empty elements count: leaving them
// out would let a client move the others.
func fromRight(lines []string, n int) (string, bool) {
	for i := len(lines) - 1; i >= 0; i-- {
		rest := lines[i]
		for {
			comma := strings.LastIndexByte(rest, ',')
			if n--; n == 0 {
				return strings.Trim(rest[comma+1:], " \t"), true
			}
			if comma < 0 {
				break
			}
			rest = rest[:comma]
		}
	}
	return "", false
}

// parseIP reads an address, be it alone, in brackets, or with a port, as some proxies write it.
func parseIP(s string) (netip.Addr, bool) {
	if s == "" || len(s) > longestAddress {
		return netip.Addr{}, false
	}
	var ip netip.Addr
	var err error
	switch {
	case s[0] == '[' && s[len(s)-1] == ']':
		ip, err = netip.ParseAddr(s[1 : len(s)-1])
		if err == nil && !ip.Is6() {
			return netip.Addr{}, false
		}
	case s[0] == '[' || strings.Count(s, ":") == 1:
		var both netip.AddrPort
		both, err = netip.ParseAddrPort(s)
		ip = both.Addr()
	default:
		ip, err = netip.ParseAddr(s)
	}
	if err != nil {
		return netip.Addr{}, false
	}
	if ip = ip.WithZone("").Unmap(); ip.IsUnspecified() || ip.IsMulticast() {
		return netip.Addr{}, false // no client has such an address
	}
	return ip, true
}

// warn says that the header could not be used, if nothing was said of late.
func (p *RealIP) warn(ctx context.Context) {
	if p.Log == nil || p.Clock == nil {
		return
	}
	now, last := p.Clock.Now().UnixNano(), p.warned.Load()
	if last != 0 && now-last < int64(warnEvery) || !p.warned.CompareAndSwap(last, now) {
		return
	}
	header := p.Header
	if header == "" {
		header = forwardedFor
	}
	p.Log.WarnContext(ctx, "the client's address could not be read from the proxy's header, so the peer's is used; "+
		"check the trusted proxy settings, and that the server is reachable through the proxy only",
		"header", header, "proxy_count", p.ProxyCount)
}
