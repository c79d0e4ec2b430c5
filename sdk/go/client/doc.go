// Package client is the headless API of a Vestibule server for Go programs that are front ends: command lines, backends of mobile
// apps, web apps that render on the server, tests. It has a method for every operation of the API, and needs the standard
// library alone.
//
//	c, err := client.New(client.Options{URL: "https://acme.example.org"})
//	s, err := c.Login(ctx, client.LoginInput{Email: "ann@example.org", Password: password})
//
// # The state of the session
//
// A login is rarely one step. Most methods answer with a [Session], which says who is signed in or, if nobody is, what may be done
// next. That is no error: the password was right, and a code is asked for.
//
//	for err == nil && !s.Authenticated {
//		next, pending := s.Pending()
//		switch {
//		case !pending:
//			return errors.New("sign in first") // s.Flows are the ways in
//		case next.ID == client.FlowMFAAuthenticate:
//			s, err = c.AuthenticateByCode(ctx, ask("Code of your app"))
//		case next.ID == client.FlowVerifyEmail:
//			s, err = c.VerifyEmail(ctx, ask("Code from your mail"))
//		default:
//			return fmt.Errorf("this program knows no %s", next.ID)
//		}
//	}
//
// # Errors
//
// What the server declines is an [*Error], with the status of HTTP and what is wrong with each field. Compare with [errors.Is]:
// [ErrSessionEnded] (410) says that the session is over, [ErrSignedOut] that the method is for whoever is signed in, and
// [ErrReauthenticate] that it asks for a fresh proof first, such as [Client.Reauthenticate]; the ways are in [Error.Session]. On 429
// and 503, [Error.RetryAfter] is how long to wait. Anything else is a network's error, or a context's.
//
// # Tokens
//
// A client of the kind [App] keeps its session token, and an access and a refresh token where the tenant hands them out, in a
// [TokenStore], which is in memory unless you give another. The tokens are as good as a password until they expire: keep them where you
// would keep one. [Client.Access] is an access token for your own API, refreshed when it is about to expire, once for all that ask.
//
// A client of the kind [Browser] keeps cookies in a jar instead, and proves with every change that it has read them.
//
// # One client, one session
//
// A Client is safe for concurrent use, and speaks for one user. A program with many users makes one client, and [Client.For] gives
// each of them its own. Steps of a login follow each other; what only reads may run beside them.
package client
