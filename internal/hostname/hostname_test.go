package hostname

import (
	"strings"
	"testing"
)

func TestHostsAreNormal(t *testing.T) {
	for host, want := range map[string]string{
		"example.org": "example.org", "Example.ORG": "example.org", "example.org:8080": "example.org",
		"example.org.": "example.org", "EXAMPLE.org.:443": "example.org", "example.org:": "example.org",
		"localhost": "localhost", "127.0.0.1:80": "127.0.0.1", "[::1]": "[::1]", "[0:0::1]:8080": "[::1]",
		"bücher.example": "xn--bcher-kva.example", "XN--BCHER-KVA.example": "xn--bcher-kva.example",
		"p1-abc.localhost": "p1-abc.localhost",
	} {
		if got, ok := Normal(host); !ok || got != want {
			t.Errorf("%q is %q, %t", host, got, ok)
		}
	}
	for _, bad := range []string{
		"", ".", "..", "a..b", ".a", "-a.b", "a-.b", "a_b", "a b", "a/b", "a:b", "a:99999", "a:0", "a:-1", "a:80:80", "a@b",
		"http://a", "a%00", "a\x00", "[::1", "[::1]x", "[::1]:x", "[127.0.0.1]", "[fe80::1%eth0]", "::1", "*.a", "xn--a",
		strings.Repeat("a", 64), strings.Repeat("a.", 127) + "aa", strings.Repeat("é", 600), "a。b。", "\xfc0", "ex\u00adample..org",
	} {
		if got, ok := Normal(bad); ok {
			t.Errorf("%q is %q", bad, got)
		}
	}
}

// A list of hosts says nothing of ports.
func TestBareHostsHaveNoPort(t *testing.T) {
	for host, want := range map[string]string{"Example.org.": "example.org", "[0::1]": "[::1]", "127.0.0.1": "127.0.0.1"} {
		if got, ok := Bare(host); !ok || got != want {
			t.Errorf("%q is %q, %t", host, got, ok)
		}
	}
	for _, bad := range []string{"", "example.org:8080", "example.org:", "[::1]:8080", "127.0.0.1:80", "::1", "a_b"} {
		if got, ok := Bare(bad); ok {
			t.Errorf("%q is %q", bad, got)
		}
	}
}

func FuzzNormal(f *testing.F) {
	for _, seed := range []string{"example.org", "A.b:80", "[::1]:1", "bücher.de", "xn--a", "..", "a。b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		normal, ok := Normal(host)
		if !ok {
			return
		}
		if again, ok := Normal(normal); !ok || again != normal {
			t.Fatalf("%q became %q, and that %q, %t", host, normal, again, ok)
		}
		if strings.ToLower(normal) != normal || strings.ContainsAny(normal, " /@\\%_") || len(normal) > 253 {
			t.Fatalf("%q became %q", host, normal)
		}
	})
}
