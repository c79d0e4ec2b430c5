// Package adminapi is the operators' wire: package admin under /admin/v1, as JSON over HTTP.
//
// Every request carries an API token or the emergency token (Authorization: Bearer, RFC 6750), or the session of an operator who signed in
// through the browser API beside this one; without any everything is 401, whether it exists or not. Each row of the route table names the
// permission that it takes, and with what; that is asked before its handler runs. Answers are the thing that was asked for, or a problem
// (RFC 9457, application/problem+json) whose type is one of the urn:vestibule:problem:… in problem.go, and whose errors list every fault of
// the input with its path. Nothing may be kept in a cache. How to use all of it is a page at /admin/docs, which needs no token.
//
// A tenant's ETag is its version, which no other tenant ever has, not even one made later under the same slug. If-Match
// makes a change conditional (412 if somebody else was faster), If-None-Match spares an answer (304). PATCH takes a JSON
// merge patch (RFC 7396).
//
// Each row also names the parameters of its query. Any other is 400, before anything is done: whoever writes one means something by it.
// A 409 says which of three it is: others were faster (conflict), others have it (taken, in-use), or things are not so that it is possible
// (state). What may be long, such as an export, is a stream of lines, which lasts for as long as its client is there.
//
// The routes are the table in routes.go; openapi.yaml says the same to machines, and a test holds the two together. This
// package and no other knows which status code belongs to what package admin returns.
package adminapi
