package limit

import (
	"crypto/tls"
	"testing"

	"github.com/redis/go-redis/v9"
)

// The node that a name leads to is the one whose certificate has that name, whichever host the URL begins with.
func TestNodesAreCheckedByTheirOwnNames(t *testing.T) {
	for url, configOf := range map[string]func(redis.UniversalClient) *tls.Config{
		"rediss+cluster://a.example:6379?addr=b.example:6379": func(c redis.UniversalClient) *tls.Config { return c.(*redis.ClusterClient).Options().TLSConfig },
		"rediss+sentinel://a.example:26379/0?master_name=x":   func(c redis.UniversalClient) *tls.Config { return c.(*redis.Client).Options().TLSConfig },
	} {
		c, err := OpenRedis(url, Patience)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		got := configOf(c)
		if got == nil || got.ServerName != "" || got.MinVersion != tls.VersionTLS12 || got.InsecureSkipVerify {
			t.Errorf("%s: %+v", url, got)
		}
	}
	for _, url := range []string{"redis+cluster://a.example:6379", "redis+sentinel://a.example:26379/0?master_name=x"} {
		c, err := OpenRedis(url, Patience)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		switch c := c.(type) {
		case *redis.ClusterClient:
			if c.Options().TLSConfig != nil {
				t.Errorf("%s speaks TLS", url)
			}
		case *redis.Client:
			if c.Options().TLSConfig != nil {
				t.Errorf("%s speaks TLS", url)
			}
		}
	}
}
