// Package httpd holds the listeners and what every request passes through before a handler sees it. It knows HTTP and
// nothing of accounts: handlers are given to it, and it imports no package that decides anything.
//
// # The chain
//
// Standard wraps a handler in these, from the outside in:
//
//   - Begun: the Record of the request, its id and the client's address, and the deadline;
//   - Traced: the span of the request, where requests are traced;
//   - Logged: one structured log record a request;
//   - Measured: the request metrics;
//   - Answered: a handler whose time ran out does not count as a success;
//   - Recovered: a panic becomes a 500 and a log record with its stack;
//   - Capped: the most that is read of a body.
//
// # The record
//
// What is known of a request is in its Record, which From finds in the context. Packages above fill in Route, Tenant and
// Outcome as they learn them; packages that must not import this one are handed SetRoute, SetTenant, RequestID and
// ClientIP as plain functions. There is one context value and one wrapped ResponseWriter for the whole chain, made in
// one piece, since the chain runs in front of session checks that take microseconds themselves. The piece is not pooled:
// a handler that kept its writer or context too long would reach into another person's request.
//
// # Hostile clients
//
// A Server bounds how long a header, a body, an answer and an idle connection may take, how long a header may be, and how many
// connections are open (see connections.go). Capped bounds bodies. What is left to a stranger costs a few KiB for each connection.
//
// # What is never read
//
// Forwarded (RFC 7239), X-Forwarded-Host and X-Forwarded-Proto are not read at all: no URL is made from a request, so
// there is nothing to learn from them. See RealIP for X-Forwarded-For.
//
// # Logs and metrics
//
// A log record holds the route's template, never the path, the query or a header, for those hold tokens. Every label of
// a metric is bounded, whatever strangers send.
package httpd
