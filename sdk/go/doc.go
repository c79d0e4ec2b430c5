// Package vestibule protects APIs whose users sign in through a Vestibule server.
//
//	v, err := vestibule.New(vestibule.Options{
//		Issuers: []vestibule.Issuer{{URL: "https://acme.example.org", Audience: "orders"}},
//	})
//	…
//	http.Handle("/orders", v.Protect(http.HandlerFunc(orders)))
//
//	func orders(w http.ResponseWriter, r *http.Request) {
//		user, _ := vestibule.From(r.Context())
//		… user.Subject …
//	}
//
// # Access tokens
//
// Apps of a tenant whose headless.token_strategy is "jwt" have access tokens: JSON Web Tokens (RFC 7519), sent as RFC 6750 has it, in
// Authorization: Bearer. They are checked here, with the tenant's published keys and without asking anybody. That costs some tens of
// microseconds, and a token stays good until it expires, whatever becomes of its session: within five minutes, unless the tenant says
// otherwise (headless.jwt_access_token_expires_in). A token is accepted if all of this holds:
//
//   - its iss is, letter for letter, an issuer that the Verifier is to trust;
//   - a key of that issuer, found by kid, signed it with the key's own algorithm: RS256, ES256 or EdDSA, and never a shared secret;
//   - its aud is the audience of that issuer, its token_use is "access", and it has a sub and a sid;
//   - it has not expired, and was made no more than five minutes in the future, which clocks may differ;
//   - it is JSON that every reader reads alike: no name is there twice or spelt with escapes, and there is no nbf.
//
// # Keys
//
// The key set of an issuer is fetched when it is first needed, or by [Verifier.Ready], and remembered. Once it is older than it says (five
// minutes), it is fetched anew beside whatever goes on; once it is twice as old, whoever comes waits for that. A token with a kid that
// nobody knows has it fetched at once, by one for all that ask, and no more often than made-up tokens may cost. While the server is away,
// the keys that are known stay good for a day. Keys are fetched from the issuer's address alone, which no token chooses, and redirects
// are not followed.
//
// # Sessions
//
// With [Options.Sessions], requests may show a session instead: the X-Session-Token of an app or the cookie of a browser. Each is asked of
// the server, so that a logout counts at once. Cookies go along with requests that other sites make, so that a request with one that may
// change something, and a handshake of a WebSocket, must come from the API's own origin (see [net/http.CrossOriginProtection]).
// Handlers of GET must not change anything.
//
// # Answers
//
// A request without credentials, or with ones that are not accepted, is answered with 401 and WWW-Authenticate (RFC 6750, section 3); one
// with a cookie that another site's page made, with 403; one that cannot be decided, since the server is away, with 503 and Retry-After.
// Why, [Options.Log] is told, and nobody else.
//
// Package vestibuletest makes tokens and sessions for tests, package grpcauth checks those of gRPC's calls, and package client is the API by which
// people sign in.
package vestibule
