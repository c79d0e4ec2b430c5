package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/tenants"
)

// clients are the kinds that there are.
var clients = []client{&app{}, &browser{}}

// client is a kind of client: how its session comes in and goes out, and what a request of it has to prove.
type client interface {
	kind() flows.Client
	// slides reports whether using a session keeps it from expiring. A cookie is given its end with the login.
	slides() bool
	// token is the session token that the request shows, or "".
	token(*http.Request, *tenants.Tenant) string
	// trust is what the request shows to be trusted by, or "".
	trust(*http.Request, *tenants.Tenant) string
	// access is the access token that the request shows in its place, or "".
	access(*http.Request, *tenants.Tenant) string
	// tokens reports whether whoever signs in is handed tokens for other servers. A page's scripts could not keep them.
	tokens() bool
	// admit refuses a visit that may not go on: a session that has ended, a request that another site made.
	admit(*http.Request, *flows.Visit) error
	// refused is called for an answer that admit declined, before it is written.
	refused(http.ResponseWriter, *http.Request, *flows.Visit)
	// finish hands the session's changes to the client, before any other answer is written.
	finish(http.ResponseWriter, *http.Request, *flows.Visit, *meta)
}
