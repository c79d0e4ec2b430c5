package app

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/httpd"
)

// The peer of the connection decides, in every form that Go gives it.
func TestThePeerDecidesWhetherItIsThisMachine(t *testing.T) {
	for peer, want := range map[string]bool{
		"127.0.0.1:4711": true, "127.8.9.10:4711": true, "[::1]:4711": true, "[::ffff:127.0.0.1]:4711": true,
		"192.0.2.1:4711": false, "[2001:db8::1]:4711": false, "[::ffff:192.0.2.1]:4711": false, "0.0.0.0:4711": false, "[::]:4711": false,
		"10.0.0.1:4711": false, "[fe80::1%eth0]:4711": false, "127.0.0.1": false, "localhost:4711": false, "@": false, "": false,
	} {
		for _, told := range []string{"", "127.0.0.1"} { // what a header that is trusted says of the client
			got := false
			h := httpd.Standard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = fromThisMachine(r) }),
				httpd.Options{RealIP: &httpd.RealIP{Header: "X-Test-Ip"}})
			r := httptest.NewRequest(http.MethodGet, demoMail, nil)
			r.RemoteAddr = peer
			if told != "" {
				r.Header.Set("X-Test-Ip", told)
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
			if got != want {
				t.Errorf("%q, told of %q: %t", peer, told, got)
			}
		}
	}
}
