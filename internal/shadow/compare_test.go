package shadow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// comparedTo compares two JSON bodies and returns what differs as "pointer: reference | target" a line, as it is shown.
func comparedTo(t *testing.T, c *comparer, reference, target string) string {
	t.Helper()
	r, err := decoded([]byte(reference))
	if err != nil {
		t.Fatal(err)
	}
	other, err := decoded([]byte(target))
	if err != nil {
		t.Fatal(err)
	}
	c.found = nil
	c.compare("", "", "", r, other)
	var lines []string
	for _, d := range c.found {
		lines = append(lines, d.pointer+": "+shown(d.reference, d.name)+" | "+shown(d.target, d.name))
	}
	return strings.Join(lines, "\n")
}

func TestWhatHasToDifferIsTheSame(t *testing.T) {
	const (
		one     = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl`
		another = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIyIn0.c2lnbmF0dXJlMg`
	)
	for _, c := range []struct{ name, reference, target, want string }{
		{"the same", `{"a":[1,"x",null,true]}`, `{"a":[1,"x",null,true]}`, ""},
		{"numbers by their value", `{"a":1}`, `{"a":1.0}`, ""},
		{"other numbers", `{"a":1}`, `{"a":2}`, `/a: 1 | 2`},
		{"a number and a text", `{"a":1}`, `{"a":"1"}`, `/a: 1 | "1"`},
		{"large numbers that are one as floats", `{"a":9007199254740992}`, `{"a":9007199254740993}`, `/a: 9007199254740992 | 9007199254740993`},
		{"null and false where it is said who is in", `{"meta":{"is_authenticated":null}}`, `{"meta":{"is_authenticated":false}}`, ""},
		{"null and false elsewhere", `{"a":null}`, `{"a":false}`, `/a: null | false`},
		{"a member too few and one too many", `{"a":1,"b":2}`, `{"a":1,"c":3}`, "/b: 2 | (absent)\n/c: (absent) | 3"},
		{"a member with a slash and a tilde", `{"a/b~c":1}`, `{"a/b~c":2}`, `/a~1b~0c: 1 | 2`},
		{"an object and a list", `{"a":{}}`, `{"a":[]}`, `/a: {} | []`},

		{"session tokens", `{"meta":{"session_token":"abcdef"}}`, `{"meta":{"session_token":"ghi"}}`, ""},
		{"a token on one side alone", `{"meta":{"session_token":"abcdef"}}`, `{"meta":{}}`, `/meta/session_token: "•••" | (absent)`},
		{"an empty token", `{"access_token":"abcdef"}`, `{"access_token":""}`, `/access_token: "•••" | ""`},
		{"a token that is null", `{"access_token":"abcdef"}`, `{"access_token":null}`, `/access_token: "•••" | null`},
		{"a token that is a number", `{"access_token":"abcdef"}`, `{"access_token":12}`, `/access_token: "•••" | "•••"`},
		{"JWTs under any name", `{"x":"` + one + `"}`, `{"x":"` + another + `"}`, ""},
		{"a JWT and none", `{"x":"` + one + `"}`, `{"x":"opaque"}`, `/x: "•••" | "opaque"`},
		{"challenges", `{"publicKey":{"challenge":"AAAA","rpId":"a.example"}}`, `{"publicKey":{"challenge":"BBBB","rpId":"a.example"}}`, ""},
		{"the rest of the options", `{"publicKey":{"challenge":"AAAA","rpId":"a.example"}}`, `{"publicKey":{"challenge":"B","rpId":"b.example"}}`,
			`/publicKey/rpId: "a.example" | "b.example"`},
		{"as many recovery codes", `{"unused_codes":["1","2"]}`, `{"unused_codes":["3","4"]}`, ""},
		{"fewer recovery codes", `{"unused_codes":["11","22"]}`, `{"unused_codes":["33"]}`, `/unused_codes: ["•••","•••"] | ["•••"]`},

		{"times close together", `{"created_at":1700000000}`, `{"created_at":1700000059}`, ""},
		{"times far apart", `{"created_at":1700000000}`, `{"created_at":1700000061}`, `/created_at: 1700000000 | 1700000061`},
		{"times in words", `{"created_at":"2026-01-31T12:00:00Z"}`, `{"created_at":"2026-01-31T13:00:10+01:00"}`, ""},
		{"a time in words and one in seconds", `{"created_at":"1970-01-01T00:00:01Z"}`, `{"created_at":1}`, `/created_at: "1970-01-01T00:00:01Z" | 1`},
		{"no time yet", `{"last_used_at":null}`, `{"last_used_at":1700000000}`, `/last_used_at: null | 1700000000`},

		{"a number and a UUID as ids", `{"user":{"id":17}}`, `{"user":{"id":"8c2d3a50-57a7-4c8e-9d0f-3c1d0b8b1a11"}}`, ""},
		{"ids that are names", `{"id":"login"}`, `{"id":"signup"}`, `/id: "login" | "signup"`},
		{"an id and a name", `{"id":17}`, `{"id":"login"}`, `/id: 17 | "login"`},
		{"two ids that become one", `[{"id":1},{"id":2}]`, `[{"id":7},{"id":7}]`, `/1/id: 2 | 7`},
		{"one id that becomes two", `[{"id":1},{"id":1}]`, `[{"id":7},{"id":8}]`, `/1/id: 1 | 8`},

		{"sets in another order", `{"flows":[{"id":"login"},{"id":"signup"}]}`, `{"flows":[{"id":"signup"},{"id":"login"}]}`, ""},
		{"a flow less and one more", `{"flows":[{"id":"login"},{"id":"signup"}]}`, `{"flows":[{"id":"login_by_code"},{"id":"login"}]}`,
			"/flows/1: {\"id\":\"signup\"} | (absent)\n/flows/-: (absent) | {\"id\":\"login_by_code\"}"},
		{"a flow that is pending", `{"flows":[{"id":"a"},{"id":"b"}]}`, `{"flows":[{"id":"b","is_pending":true},{"id":"a"}]}`, `/flows/1/is_pending: (absent) | true`},
		{"sessions in another order", `{"data":[{"id":1,"user_agent":"a","is_current":false},{"id":2,"user_agent":"a","is_current":true}]}`,
			`{"data":[{"id":9,"user_agent":"a","is_current":true},{"id":8,"user_agent":"a","is_current":false}]}`, ""},
		{"sessions of other devices", `{"data":[{"id":1,"user_agent":"a"}]}`, `{"data":[{"id":9,"user_agent":"b"}]}`,
			"/data/0: {\"id\":1,\"user_agent\":\"a\"} | (absent)\n/data/-: (absent) | {\"id\":9,\"user_agent\":\"b\"}"},
		{"twice the same in a set", `{"types":["a","a"]}`, `{"types":["a","b"]}`, "/types/1: \"a\" | (absent)\n/types/-: (absent) | \"b\""},
		{"lists in another order", `{"rows":["a","b"]}`, `{"rows":["b","a"]}`, "/rows/0: \"a\" | \"b\"\n/rows/1: \"b\" | \"a\""},

		{"the words of an error", `{"errors":[{"code":"x","message":"A"}]}`, `{"errors":[{"code":"x","message":"B"}]}`, ""},
		{"an error without words", `{"errors":[{"code":"x","message":"A"}]}`, `{"errors":[{"code":"x"}]}`, `/errors/0/message: "A" | (absent)`},
		{"an error whose words are none", `{"errors":[{"code":"x","message":"A"}]}`, `{"errors":[{"code":"x","message":null}]}`, `/errors/0/message: "A" | null`},
		{"the code of an error", `{"errors":[{"code":"x","message":"A"}]}`, `{"errors":[{"code":"y","message":"A"}]}`,
			"/errors/0: {\"code\":\"x\",\"message\":\"A\"} | (absent)\n/errors/-: (absent) | {\"code\":\"y\",\"message\":\"A\"}"},
		{"a message that is no error's", `{"message":"A"}`, `{"message":"B"}`, `/message: "A" | "B"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := comparedTo(t, &comparer{pairs: pairs{}, slack: time.Minute}, c.reference, c.target)
			if got != c.want {
				t.Errorf("differs in\n%s\nnot\n%s", got, c.want)
			}
		})
	}
}

func TestIdsCorrespondThroughoutAConversation(t *testing.T) {
	known := pairs{}
	session := &comparer{route: "/auth/session", pairs: known}
	if got := comparedTo(t, session, `{"user":{"id":1}}`, `{"user":{"id":"71"}}`); got != "" {
		t.Error(got)
	}
	sessions := &comparer{route: "/auth/sessions", pairs: known}
	if got := comparedTo(t, sessions, `{"data":[{"id":1},{"id":2}]}`, `{"data":[{"id":5},{"id":6}]}`); got != "" {
		t.Errorf("a session may have the number of a user: %s", got)
	}
	login := &comparer{route: "/auth/login", pairs: known}
	if got := comparedTo(t, login, `{"user":{"id":1}}`, `{"user":{"id":"72"}}`); got != `/user/id: 1 | "72"` {
		t.Errorf("another user is not seen: %q", got)
	}
}

func TestWordsOfErrorsAreComparedWhereThatIsAsked(t *testing.T) {
	c := &comparer{pairs: pairs{}, messages: true}
	if got := comparedTo(t, c, `{"errors":[{"code":"x","message":"A"}]}`, `{"errors":[{"code":"x","message":"B"}]}`); got != `/errors/0/message: "A" | "B"` {
		t.Errorf("differs in %q", got)
	}
}

func TestHeadersAreComparedByWhatTheyMean(t *testing.T) {
	const date = "Sat, 31 Jan 2026 12:00:00 GMT"
	for _, c := range []struct {
		name              string
		reference, target [][2]string
		want              string
	}{
		{"a charset", [][2]string{{"Content-Type", "application/json"}}, [][2]string{{"Content-Type", "Application/JSON; charset=utf-8"}}, ""},
		{"another type", [][2]string{{"Content-Type", "text/html"}}, [][2]string{{"Content-Type", "application/json"}},
			`/headers/Content-Type: "text/html" | "application/json"`},
		{"a header that does not count", [][2]string{{"Server", "a"}}, nil, ""},
		{"who is asked for", [][2]string{{"WWW-Authenticate", "Bearer"}}, nil, `/headers/WWW-Authenticate: "Bearer" | (absent)`},
		{"the host of a redirect", [][2]string{{"Location", "https://a.example/in?key=AAAA"}}, [][2]string{{"Location", "https://b.example/in?key=B"}}, ""},
		{"the path of a redirect", [][2]string{{"Location", "/in?key=AAAA"}}, [][2]string{{"Location", "/out?state=B"}}, `/headers/Location: "/in?key" | "/out?state"`},
		{"what protects an exchange with a provider", [][2]string{{"Location", "https://a.example/in?state=A"}}, [][2]string{{"Location",
			"https://a.example/in?state=B&nonce=C&code_challenge=D&code_challenge_method=S256"}}, ""},
		{"values of cookies", [][2]string{{"Set-Cookie", "sessionid=AAAA; Path=/"}}, [][2]string{{"Set-Cookie", "sessionid=BBBB; path=/"}}, ""},
		{"attributes of cookies", [][2]string{{"Set-Cookie", "sessionid=AAAA; Path=/; HttpOnly; SameSite=Lax"}}, [][2]string{{"Set-Cookie", "sessionid=B; Path=/; SameSite=None"}},
			"/headers/Set-Cookie/sessionid/HttpOnly: true | false\n/headers/Set-Cookie/sessionid/SameSite: \"Lax\" | \"None\""},
		{"two ways to say how long", [][2]string{{"Date", date}, {"Set-Cookie", "a=1; Expires=Sat, 31 Jan 2026 13:00:00 GMT"}}, [][2]string{{"Set-Cookie", "a=1; Max-Age=3600"}}, ""},
		{"two ways to take it back", [][2]string{{"Date", date}, {"Set-Cookie", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}}, [][2]string{{"Set-Cookie", "a=; Max-Age=0"}}, ""},
		{"which attributes take it back", [][2]string{{"Set-Cookie", "a=; Max-Age=0; Path=/"}}, [][2]string{{"Set-Cookie", "a=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"}}, ""},
		{"which cookie is taken back", [][2]string{{"Set-Cookie", "a=; Max-Age=0; Path=/"}}, [][2]string{{"Set-Cookie", "a=; Max-Age=0; Path=/in"}},
			`/headers/Set-Cookie/a/Path: "/" | "/in"`},
		{"a cookie that is set to what it was", [][2]string{{"Set-Cookie", "held=known; Max-Age=5"}}, nil, ""},
		{"a cookie that is set to something new", [][2]string{{"Set-Cookie", "held=new; Max-Age=5"}}, nil,
			`/headers/Set-Cookie/held: {"Domain":"","HttpOnly":false,"Path":"","Secure":false,"life":5} | (absent)`},
		{"a cookie that is taken back", [][2]string{{"Set-Cookie", "held=known; Max-Age=0"}}, nil,
			`/headers/Set-Cookie/held: {"Domain":"","Path":"","life":"deleted"} | (absent)`},
		{"for how long", [][2]string{{"Set-Cookie", "a=1; Max-Age=3600"}}, [][2]string{{"Set-Cookie", "a=1"}}, `/headers/Set-Cookie/a/life: 3600 | "session"`},
		{"a cookie that is not set", [][2]string{{"Set-Cookie", "messages=AAAA"}}, nil,
			`/headers/Set-Cookie/messages: {"Domain":"","HttpOnly":false,"Path":"","Secure":false,"life":"session"} | (absent)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := func(all [][2]string) map[string]any {
				a := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}}
				for _, h := range all {
					a.Header.Add(h[0], h[1])
				}
				return document(a, nil, map[string]*http.Cookie{"held": {Name: "held", Value: "known"}})
			}
			of := &comparer{pairs: pairs{}, slack: time.Minute}
			of.compare("", "", "", answer(c.reference), answer(c.target))
			var lines []string
			for _, d := range of.found {
				lines = append(lines, d.pointer+": "+shown(d.reference, d.name)+" | "+shown(d.target, d.name))
			}
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Errorf("differs in\n%s\nnot\n%s", got, c.want)
			}
		})
	}
}

func TestBodiesThatAreNotJSON(t *testing.T) {
	of := func(body string) map[string]any {
		return document(&http.Response{StatusCode: http.StatusNotFound}, []byte(body), nil)
	}
	for _, c := range []struct{ reference, target, want string }{
		{"<h1>gone</h1>", "<h1>gone</h1>", ""},
		{"<h1>gone</h1>", "<p>", "/body (13 bytes that are not JSON) (3 bytes that are not JSON)"},
		{"<h1>gone</h1>", `{"status":404}`, `/body (13 bytes that are not JSON) {"status":404}`},
		{"", `{}`, `/body (absent) {}`},
	} {
		cmp := &comparer{pairs: pairs{}}
		cmp.compare("", "", "", of(c.reference), of(c.target))
		got := ""
		for _, d := range cmp.found {
			got += d.pointer + " " + shown(d.reference, d.name) + " " + shown(d.target, d.name)
		}
		if got != c.want {
			t.Errorf("%q and %q differ in %q", c.reference, c.target, got)
		}
	}
}

// A framework answers some requests with pages of its own, which no front end reads.
func TestPagesOfAFrameworkAreNotCompared(t *testing.T) {
	page := func(status, media string, body any) map[string]any {
		doc := map[string]any{"status": json.Number(status), "headers": map[string]any{"Content-Type": media}}
		if body != nil {
			doc["body"] = body
		}
		return doc
	}
	const html, wire = "text/html", "application/json"
	said := map[string]any{"status": json.Number("404")}
	for name, c := range map[string]struct {
		method            string
		reference, target map[string]any
		want              string
	}{
		"an error that is a page":          {http.MethodGet, page("404", html, text("<h1>")), page("404", wire, said), ""},
		"an error that is nothing":         {http.MethodPost, page("405", html, nil), page("405", wire, said), ""},
		"a redirect":                       {http.MethodPost, page("302", html, nil), page("302", "", nil), ""},
		"a preflight":                      {http.MethodOptions, page("200", html, nil), page("204", "", nil), ""},
		"a preflight that fails":           {http.MethodOptions, page("200", html, nil), page("403", html, nil), "/status"},
		"another error":                    {http.MethodGet, page("404", html, text("<h1>")), page("403", wire, said), "/body /headers/Content-Type /status"},
		"a page instead of an answer":      {http.MethodGet, page("404", wire, said), page("404", html, text("<h1>")), "/body /headers/Content-Type"},
		"a page that is what was asked of": {http.MethodGet, page("200", html, text("<h1>")), page("200", wire, said), "/body /headers/Content-Type"},
		"a status for a get":               {http.MethodGet, page("200", wire, nil), page("204", wire, nil), "/status"},
	} {
		t.Run(name, func(t *testing.T) {
			level(c.method, c.reference, c.target)
			of := &comparer{pairs: pairs{}}
			of.compare("", "", "", c.reference, c.target)
			var at []string
			for _, d := range of.found {
				at = append(at, d.pointer)
			}
			if got := strings.Join(at, " "); got != c.want {
				t.Errorf("differs in %q", got)
			}
		})
	}
}

func TestSecretsAreMaskedWhereverTheyAre(t *testing.T) {
	s := &secrets{}
	s.gather(map[string]any{"password": "Kestrel-49", "code": "123456", "email": "ann@example.org"}, "", true)
	s.gather(map[string]any{"meta": map[string]any{"session_token": "tok-1234"}, "errors": []any{map[string]any{"code": "incorrect_code"}}}, "", false)
	doc, err := decoded([]byte(`{"said":"you typed Kestrel-49 and 123456 for tok-1234","code":"incorrect_code","email":"ann@example.org","secret":"JBSW",
		"new_password":"x","id_token":"abc","totp_url":"otpauth://totp/a?secret=JBSW","deep":[{"jwt":"Bearer eyJhbGciOi.eyJzdWIi.c2ln"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"code":"incorrect_code","deep":[{"jwt":"Bearer •••"}],"email":"ann@example.org","id_token":"•••","new_password":"•••",` +
		`"said":"you typed ••• and ••• for •••","secret":"•••","totp_url":"•••"}`
	if got := shown(doc, "", s); got != want {
		t.Errorf("shown as\n%s\nnot\n%s", got, want)
	}
	if got := shown(strings.Repeat("<é>", 200), ""); len([]rune(got)) != mostShown+1 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long value is shown as %s", got)
	}
}

// One secret may be part of another, a number, or the name of a member.
func TestSecretsAreMaskedWhole(t *testing.T) {
	s, other := &secrets{}, &secrets{}
	s.gather(map[string]any{"password": "Kestrel-49", "code": json.Number("123456")}, "", true)
	other.add("Kestrel-49-and-more")
	doc, err := decoded([]byte(`{"said":"Kestrel-49-and-more","number":123456,"other":1234567,"Kestrel-49":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := shown(doc, "", s, other), `{"number":"•••","other":"•••","said":"•••","•••":1}`; got != want {
		t.Errorf("shown as %s, not %s", got, want)
	}
	r := &Report{}
	r.add("GET /x", 1, difference{pointer: "/body/Kestrel-49", reference: absent{}, target: json.Number("1")}, s, other)
	if got := r.Differences[0].Pointer; got != "/body/•••" {
		t.Errorf("it is at %s", got)
	}
	for n := range most {
		s.add(fmt.Sprintf("one-of-many-%d", n))
	}
	if got := masked("Kestrel-49 one-of-many-0. one-of-many-4095.", s); got != "Kestrel-49 •••. •••." || len(s.all) != most {
		t.Errorf("of %d secrets, the latest are not those that are known: %s", len(s.all), got)
	}
}

func TestPathsShowNoKeys(t *testing.T) {
	for path, want := range map[string]string{
		"/_allauth/app/v1/auth/login":                            "/_allauth/app/v1/auth/login",
		"/.well-known/openid-configuration":                      "/.well-known/openid-configuration",
		"/_allauth/app/v1/account/authenticators/recovery-codes": "/_allauth/app/v1/account/authenticators/recovery-codes",
		"/users/17": "/users/{id}",
		"/users/8c2d3a50-57a7-4c8e-9d0f-3c1d0b8b1a11/x":            "/users/{id}/x",
		"/confirm-email/Mw:1vQ:zzz/":                               "/confirm-email/{id}/",
		"/password/reset/abcdefghijklmnopqrstuvwxyz0123456789-key": "/password/reset/{id}",
	} {
		if got := plainPath(path); got != want {
			t.Errorf("%s is shown as %s", path, got)
		}
	}
}
