package limit

import "net/netip"

// Source is the key under which an address is limited. An IPv6 customer has at least a /64 and can take any address in it,
// so all of it counts as one. What has no address shares one key.
func Source(ip netip.Addr) string {
	ip = ip.WithZone("").Unmap()
	switch {
	case !ip.IsValid():
		return "unknown"
	case ip.Is4():
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return "unknown" // not for a valid IPv6 address
	}
	return prefix.String()
}
