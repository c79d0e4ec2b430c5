package headless

import (
	"net/http"
	"strings"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

// app is the client that keeps its token itself: a mobile app, a command line, another server. It ignores cookies.
type app struct{}

func (*app) kind() flows.Client { return flows.App }

func (*app) slides() bool { return true }

func (*app) token(r *http.Request, _ *tenants.Tenant) string { return r.Header.Get("X-Session-Token") }

// trust is nothing: an app keeps its token for as long as it likes.
func (*app) trust(*http.Request, *tenants.Tenant) string { return "" }

// access is read as the contract has it: one header of exactly two words, of which the first is compared without case (RFC 9110,
// section 11.1).
func (*app) access(r *http.Request, t *tenants.Tenant) string {
	sent := r.Header["Authorization"]
	if len(sent) != 1 {
		return ""
	}
	words := strings.Fields(sent[0])
	if len(words) != 2 || !strings.EqualFold(words[0], t.Settings.Headless.JWTAuthorizationHeaderScheme) {
		return ""
	}
	return words[1]
}

func (*app) tokens() bool { return true }

// admit tells an app at once that its token is dead (410), so that it forgets the token.
func (*app) admit(_ *http.Request, v *flows.Visit) error {
	if v.Lost() {
		return refusal.Of(refusal.Gone)
	}
	return nil
}

func (*app) refused(http.ResponseWriter, *http.Request, *flows.Visit) {}

func (*app) finish(_ http.ResponseWriter, _ *http.Request, v *flows.Visit, m *meta) {
	m.SessionToken = v.Issued()
}
