package main

import (
	"encoding/json"
	"strconv"
	"sync/atomic"
)

// What answers a row's requests.
type target string

const (
	vestibule     target = "vestibule" // the server itself
	muxCeiling    target = "mux"       // a mux handler alone
	selectCeiling target = "select"    // with one prepared SELECT
	insertCeiling target = "insert"    // with one prepared INSERT
	hashCeiling   target = "hash"      // argon2id, without HTTP
)

// work is one row: a kind of request.
type work struct {
	name   string
	title  string
	target target
	want   int  // the status of a good answer
	hashes bool // each request hashes a password
	mails  bool // each good answer queues one mail; only with hashes
	tokens bool // the tenant hands out tokens meanwhile, and each connection has some
	// requests are what one connection of several asks. It is nil for argon2id, which is asked nothing.
	requests func(f *fixture, worker, connections int) requester
}

// fixture is what requests are made of.
type fixture struct {
	accounts []account
	browsers []string      // Cookie headers of browsers that are signed in
	pairs    []pair        // of the connections of a row that has tokens
	ips      atomic.Uint32 // clients so far: each request comes from an address of its own, within 10.0.0.0/8
	signups  atomic.Uint64
}

// account is somebody who has signed up, and is signed in as an app.
type account struct {
	email string
	token string
}

// pair is an access and a refresh token, signed with RS256.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

const (
	password   = "plum-Orbit-71-gravel-kite" // of every account
	appPath    = "/_allauth/app/v1"
	browserAPI = "/_allauth/browser/v1"
)

// works is the table of what is measured, in the order of a run. What is compared with each other stands together.
var works = []work{
	{name: "ceiling-mux", title: "mux handler alone", target: muxCeiling, want: 200, requests: same("GET", "/row")},
	{name: "ceiling-select", title: "mux + one SELECT", target: selectCeiling, want: 200, requests: rows},
	{name: "session-app", title: "session check, app", target: vestibule, want: 200, requests: appSessions},
	{name: "session-browser", title: "session check, browser", target: vestibule, want: 200, requests: browserSessions},
	{name: "session-token", title: "session check, access token", target: vestibule, want: 200, tokens: true, requests: tokenSessions},
	{name: "refresh", title: "refresh", target: vestibule, want: 200, tokens: true, requests: refreshes},
	{name: "config", title: "configuration", target: vestibule, want: 200, requests: same("GET", appPath+"/config")},
	{name: "ceiling-insert", title: "mux + one INSERT", target: insertCeiling, want: 200, requests: same("POST", "/row")},
	{name: "ceiling-hash", title: "argon2id alone", target: hashCeiling},
	{name: "login", title: "login", target: vestibule, want: 200, hashes: true, requests: logins},
	{name: "signup", title: "signup, with mail", target: vestibule, want: 200, hashes: true, mails: true, requests: signups},
}

func workNames() []string {
	var all []string
	for _, w := range works {
		all = append(all, w.name)
	}
	return all
}

// same asks for the same thing every time.
func same(method, path string) func(*fixture, int, int) requester {
	return func(f *fixture, _, _ int) requester {
		return func(dst, _ []byte) []byte { return appendRequest(dst, method, path, "", f.ips.Add(1), nil) }
	}
}

// rows asks for one row of the ceiling's table after the other. Connections begin at different ones.
func rows(f *fixture, worker, connections int) requester {
	var path []byte
	n := worker * ceilingRows / connections
	return func(dst, _ []byte) []byte {
		path = strconv.AppendInt(append(path[:0], "/row/"...), int64(n%ceilingRows), 10)
		n++
		return appendRequest(dst, "GET", string(path), "", f.ips.Add(1), nil)
	}
}

func appSessions(f *fixture, worker, connections int) requester {
	headers := make([]string, len(f.accounts))
	for i, a := range f.accounts {
		headers[i] = "X-Session-Token: " + a.token + "\r\n"
	}
	return checks(f, appPath, headers, worker, connections)
}

func browserSessions(f *fixture, worker, connections int) requester {
	headers := make([]string, len(f.browsers))
	for i, cookies := range f.browsers {
		headers[i] = "Cookie: " + cookies + "\r\n"
	}
	return checks(f, browserAPI, headers, worker, connections)
}

func tokenSessions(f *fixture, worker, _ int) requester {
	header := "Authorization: Bearer " + f.pairs[worker].Access + "\r\n"
	return func(dst, _ []byte) []byte {
		return appendRequest(dst, "GET", appPath+"/auth/session", header, f.ips.Add(1), nil)
	}
}

// refreshes spends one refresh token after the other, each of which the answer before has brought.
func refreshes(f *fixture, worker, _ int) requester {
	token := f.pairs[worker].Refresh
	return func(dst, before []byte) []byte {
		var got struct {
			Data pair `json:"data"`
		}
		if json.Unmarshal(before, &got) == nil && got.Data.Refresh != "" {
			token = got.Data.Refresh
		}
		return appendRequest(dst, "POST", appPath+"/tokens/refresh", "", f.ips.Add(1), []byte(`{"refresh_token":"`+token+`"}`))
	}
}

// checks asks for one session after the other.
func checks(f *fixture, api string, headers []string, worker, connections int) requester {
	n := worker * len(headers) / connections
	return func(dst, _ []byte) []byte {
		n++
		return appendRequest(dst, "GET", api+"/auth/session", headers[n%len(headers)], f.ips.Add(1), nil)
	}
}

// logins signs in to one account after the other. Connections do not share accounts: the server counts guesses for each
// account, and many that are under way at once are one too many.
func logins(f *fixture, worker, connections int) requester {
	n := worker
	return func(dst, _ []byte) []byte {
		email := f.accounts[n%len(f.accounts)].email
		if n += connections; n >= len(f.accounts) {
			n = worker
		}
		return appendRequest(dst, "POST", appPath+"/auth/login", "", f.ips.Add(1), credentials(email))
	}
}

// signups makes a new account each time.
func signups(f *fixture, _, _ int) requester {
	return func(dst, _ []byte) []byte {
		return appendRequest(dst, "POST", appPath+"/auth/signup", "", f.ips.Add(1), credentials(f.newAddress()))
	}
}

// newAddress is an address that nobody has yet.
func (f *fixture) newAddress() string {
	return "person-" + strconv.FormatUint(f.signups.Add(1), 10) + "@people.example.org"
}

// credentials are the body of a login or signup.
func credentials(email string) []byte {
	body, err := json.Marshal(map[string]string{"email": email, "password": password})
	if err != nil {
		panic("bench: " + err.Error()) // two strings
	}
	return body
}
