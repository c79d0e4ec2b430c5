// Package headless is the public wire: the django-allauth headless API for both kinds of client.
//
// The same routes are mounted twice. Below /_allauth/app/v1 a client carries its session in the X-Session-Token header;
// below /_allauth/browser/v1 in a cookie, with a CSRF token beside it. The difference is the small interface client, and
// nothing below this package knows of it.
//
// A handler decodes, calls a flow and returns. Route rows are of two kinds: a step returns an error alone, and is
// answered with the visit's status (200 with the user, or 401 with the flows that are open); a view returns data. Every
// answer is JSON with the status code repeated in "status":
//
//	{"status": 200, "data": …, "meta": …}
//	{"status": 400, "errors": [{"message": …, "code": …, "param": …}]}
//
// Some things are no kind of client's: the documents about tokens (published.go) and about this API (spec.go), and what reverse proxies ask
// (forward.go).
//
// answer.go is the one place where a refusal becomes a status code. Answers are never cached.
package headless
