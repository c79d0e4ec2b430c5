// Package shadow replays recorded requests against two servers that speak the headless API, and tells where their answers differ.
// It serves those who move from one server to the other, and knows both by their wire alone.
//
// A recording is NDJSON, one request a line (Read). Its requests belong to conversations: each is one user agent, whose requests follow
// each other. A conversation has a state on each side (side.go): the cookies, the session token and the access and refresh tokens that
// this side handed out take the place of whatever the recording had, which is sent to nobody.
//
// What came back becomes a document of three members: status (a number), headers (an object, with cookies taken apart) and body (JSON).
// Two documents are compared (compare.go) member by member, and each difference has a JSON pointer (RFC 6901) into them. What differs
// from run to run is compared by its kind: tokens, challenges and secrets must be there on both sides, times lie close together, and ids
// correspond one to one throughout a conversation.
//
// A report (report.go) has differences by route and pointer. Nothing that is secret gets into it.
package shadow
