// Package hostname is the one rule for what a host is and how it is written: in the Host header of a request, among a
// tenant's hosts, in URLs, and in the settings of the process. Two places that disagreed on it would take one request
// for two tenants.
//
// A normal host is lower case, without port and trailing dot, with international names in ASCII (RFC 5891) and IPv6
// addresses in brackets. What is normal stays as it is when it is made normal again.
package hostname

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Normal is a host, perhaps with a port, the way it is kept and compared. It reports false for anything that is not a
// host. A host that is normal already comes back as it is, without allocating.
func Normal(host string) (string, bool) {
	if strings.HasPrefix(host, "[") {
		return normalIPv6(host)
	}
	if i := strings.IndexByte(host, ':'); i >= 0 {
		if !validPort(host[i+1:]) {
			return "", false
		}
		host = host[:i]
	}
	host = strings.TrimSuffix(host, ".")
	if !strings.Contains(host, "xn--") && Plain(host) {
		return host, true
	}
	if len(host) > 1000 {
		return "", false
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || !Plain(ascii) { // some letters map to dots and dashes
		return "", false
	}
	// What does not stay as it is when it is mapped again would be two hosts at once.
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return "", false
	}
	return ascii, true
}

// Bare is Normal for a host in a list of hosts, where it has no port: one with a port was not meant for all of them.
func Bare(host string) (string, bool) {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return "", false
	}
	return Normal(host)
}

func normalIPv6(host string) (string, bool) {
	address, port, ok := strings.Cut(host[1:], "]")
	if !ok || (port != "" && (port[0] != ':' || !validPort(port[1:]))) {
		return "", false
	}
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is6() || ip.Zone() != "" {
		return "", false
	}
	return "[" + ip.String() + "]", true
}

// validPort takes an empty port too, since a Host header may end in a colon (RFC 9110, section 7.2).
func validPort(s string) bool {
	if len(s) > 5 || strings.Trim(s, "0123456789") != "" {
		return false
	}
	n, err := strconv.Atoi(s)
	return s == "" || (err == nil && n >= 1 && n <= 65535)
}

// Plain reports whether host is a name of labels of lower-case letters, digits and inner dashes (RFC 1123, section 2.1).
// An encoded label (xn--) is not looked into.
func Plain(host string) bool {
	if len(host) == 0 || len(host) > 253 {
		return false
	}
	start := 0
	for i := 0; i <= len(host); i++ {
		if i < len(host) && host[i] != '.' {
			if c := host[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
			continue
		}
		if label := host[start:i]; len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		start = i + 1
	}
	return true
}
