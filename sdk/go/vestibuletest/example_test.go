package vestibuletest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
	"github.com/vestibule-auth/vestibule/sdk/go/vestibuletest"
)

// protected is the API that is tested: apps show it access tokens, and browsers their session's cookie.
func protected(v *vestibule.Verifier) http.Handler {
	return v.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := vestibule.From(r.Context())
		_, _ = io.WriteString(w, "orders of "+user.Subject)
	}))
}

// checkOrders is a test of it, as TestOrders(t *testing.T) would be.
func checkOrders(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	api := protected(issuer.Verifier(t, func(o *vestibule.Options) {
		o.Sessions = &vestibule.Sessions{Cookie: "sessionid"}
	}))
	session := issuer.Session(t, vestibuletest.User{ID: "ann"})
	ended := issuer.Session(t, vestibuletest.User{ID: "ann"})
	issuer.EndSession(ended)
	for name, c := range map[string]struct {
		header, value string
		status        int
	}{
		"an access token":      {"Authorization", "Bearer " + issuer.Token(t, vestibuletest.Claims{Subject: "ann"}), http.StatusOK},
		"one for another API":  {"Authorization", "Bearer " + issuer.Token(t, vestibuletest.Claims{Audience: "mail"}), http.StatusUnauthorized},
		"a browser's cookie":   {"Cookie", "sessionid=" + session, http.StatusOK},
		"one after the logout": {"Cookie", "sessionid=" + ended, http.StatusUnauthorized},
	} {
		r := httptest.NewRequest(http.MethodGet, "/orders", nil)
		r.Header.Set(c.header, c.value)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != c.status || w.Code == http.StatusOK && w.Body.String() != "orders of ann" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// A test of an API that access tokens and sessions open.
func Example() {
	_ = checkOrders
}
