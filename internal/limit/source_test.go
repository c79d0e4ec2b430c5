package limit

import (
	"net/netip"
	"testing"
)

func TestSourceOfAnAddress(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.7":            "203.0.113.7",
		"::ffff:203.0.113.7":     "203.0.113.7",
		"2001:db8:1:2::1":        "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::9":   "2001:db8:1:2::/64",
		"2001:db8:1:3::1":        "2001:db8:1:3::/64",
		"fe80::1%eth0":           "fe80::/64",
		"::1":                    "::/64",
		"2001:db8:1:2:3:4:5:6%z": "2001:db8:1:2::/64",
	} {
		if got := Source(netip.MustParseAddr(in)); got != want {
			t.Errorf("Source(%s) = %s, want %s", in, got, want)
		}
	}
	if got := Source(netip.Addr{}); got != "unknown" {
		t.Errorf("Source of nothing = %s", got)
	}
}
