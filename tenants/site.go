package tenants

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Site is the domain that a normal host was registered under, or the host itself where there is none: an address, or a name such as
// localhost. Browsers hold two hosts of one site, reached by one scheme, for the same site (https://html.spec.whatwg.org/#same-site).
func Site(host string) string {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return host
	}
	site, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return site
}
