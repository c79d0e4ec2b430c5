package shadow

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Server is one of the two servers.
type Server struct {
	URL  *url.URL // scheme, host and port
	Host string   // the Host header, where it is not that of the URL
}

// Is reports whether two servers are one, by what they are called.
func (s Server) Is(other Server) bool {
	return s.URL.Scheme == other.URL.Scheme && strings.EqualFold(s.URL.Host, other.URL.Host) &&
		strings.EqualFold(cmp.Or(s.Host, s.URL.Host), cmp.Or(other.Host, other.URL.Host))
}

// mostInAnswer bounds an answer, in bytes.
const mostInAnswer = 1 << 20

// unknown stands for a token that the recording has and this side never handed out: a dead one.
const unknown = "never-handed-out-by-this-server"

// ours are headers that are this side's own to set, or a connection's (RFC 9110, section 7.6.1).
var ours = []string{
	"Accept-Encoding", "Authorization", "Connection", "Content-Length", "Cookie", "Expect", "Host", "Keep-Alive", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "X-Csrftoken", "X-Session-Token",
	"X-Http-Method", "X-Http-Method-Override", "X-Method-Override", // with which what is read would be written
}

// side is the state of one conversation on one server.
type side struct {
	server  Server
	csrf    string // the name of the cookie that holds the CSRF token
	client  *http.Client
	cookies map[string]*http.Cookie
	tokens  map[string]string // by the name of the member that they come and go in
	secrets *secrets
	whole   bool // the recording has the conversation from its beginning: a front end has no token but those that were handed out in it
}

func newSide(s Server, csrf string, client *http.Client) *side {
	return &side{server: s, csrf: csrf, client: client, cookies: map[string]*http.Cookie{}, tokens: map[string]string{}, secrets: &secrets{}}
}

// tokenMembers are the members of answers and requests that hold tokens.
var tokenMembers = []string{"session_token", "access_token", "refresh_token"}

// ofApp reports whether a path is of the API for apps, which have no cookies.
func ofApp(path string) bool { return strings.HasPrefix(path, "/_allauth/app/") }

// request is a recorded request as this side is to have it. Nothing of the recording's own tokens and cookies is in it.
func (s *side) request(ctx context.Context, q *Request) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if q.Body != nil {
		body = bytes.NewReader(s.body(q))
	}
	r, err := http.NewRequestWithContext(ctx, q.Method, s.server.URL.Scheme+"://"+s.server.URL.Host+s.path(q.Path), body)
	if err != nil {
		return nil, errors.New("make the request: it cannot be sent") // the error would quote the path
	}
	r.Host = s.server.Host
	for name, value := range q.Header {
		// Some servers read a _ in a name as a -.
		if slices.Contains(ours, http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))) || value == "" {
			continue
		}
		r.Header.Set(name, value)
		if strings.HasSuffix(name, "-Key") { // of a mailed link
			s.secrets.add(value)
		}
	}
	if q.Body != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	bearer := strings.HasPrefix(strings.ToLower(q.Header["Authorization"]), "bearer")
	_, session := q.Header["X-Session-Token"]
	_, csrf := q.Header["X-Csrftoken"]
	if q.Header == nil { // it was not recorded what there was: what a front end does
		session, csrf = s.tokens["session_token"] != "", !q.reads()
	}
	if ofApp(q.Path) {
		if session && (s.tokens["session_token"] != "" || !s.whole) {
			r.Header.Set("X-Session-Token", s.token("session_token"))
		}
	} else {
		for _, name := range slices.Sorted(maps.Keys(s.cookies)) {
			r.AddCookie(s.cookies[name])
		}
		if token := s.csrfToken(); csrf && token != "" {
			r.Header.Set("X-CSRFToken", token)
		}
	}
	if bearer {
		r.Header.Set("Authorization", "Bearer "+s.token("access_token"))
	}
	return r, nil
}

// token is what this side handed out last, or a dead one.
func (s *side) token(name string) string {
	if t := s.tokens[name]; t != "" {
		return t
	}
	return unknown
}

func (s *side) csrfToken() string {
	if c := s.cookies[s.csrf]; c != nil {
		return c.Value
	}
	return ""
}

// path is a recorded path with this side's tokens in place of those in its query.
func (s *side) path(recorded string) string {
	at, query, found := strings.Cut(recorded, "?")
	values, err := url.ParseQuery(query)
	if !found || err != nil {
		return recorded // both say what is wrong with it
	}
	for name, all := range values {
		if sensitive(name) || name == "code" {
			s.secrets.add(all...)
		}
	}
	if !s.replace(values) {
		return recorded
	}
	return at + "?" + values.Encode()
}

// replace puts this side's tokens in the place of others, and reports whether there were any.
func (s *side) replace(values url.Values) (replaced bool) {
	for _, name := range tokenMembers {
		if values.Has(name) {
			values.Set(name, s.token(name))
			replaced = true
		}
	}
	return replaced
}

// body is a recorded body with this side's tokens in place of the recording's.
func (s *side) body(q *Request) []byte {
	if strings.HasPrefix(strings.ToLower(q.Header["Content-Type"]), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(q.Body))
		if err != nil {
			return q.Body
		}
		for name, values := range form {
			if sensitive(name) || name == "code" {
				s.secrets.add(values...)
			}
		}
		s.replace(form)
		if form.Has("csrfmiddlewaretoken") {
			form.Set("csrfmiddlewaretoken", s.csrfToken())
		}
		return []byte(form.Encode())
	}
	doc, err := decoded(q.Body)
	if err != nil {
		return q.Body // it is sent as it was, and both say what is wrong with it
	}
	s.secrets.gather(doc, "", true)
	if !s.replaceIn(doc, true) {
		return q.Body
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return q.Body
	}
	return out
}

// replaceIn puts this side's tokens in the place of those in a JSON document, and reports whether there were any. Below the top they are those
// of an identity provider, to whom a server would hand on what it is given: dead ones take their place.
func (s *side) replaceIn(doc any, top bool) (replaced bool) {
	switch v := doc.(type) {
	case map[string]any:
		for name, below := range v {
			switch _, text := below.(string); {
			case text && top && slices.Contains(tokenMembers, name):
				v[name], replaced = s.token(name), true
			case text && strings.HasSuffix(name, "_token"):
				v[name], replaced = unknown, true
			default:
				replaced = s.replaceIn(below, false) || replaced
			}
		}
	case []any:
		for _, below := range v {
			replaced = s.replaceIn(below, false) || replaced
		}
	}
	return replaced
}

// ask sends a request, takes in what is handed out, and returns the answer as a document.
func (s *side) ask(ctx context.Context, q *Request) (map[string]any, error) {
	r, err := s.request(ctx, q)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, unreachable(err)
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(answer.Body, mostInAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", unreachable(err))
	}
	if len(b) > mostInAnswer {
		return nil, errors.New("the answer is longer than 1 MiB")
	}
	held := maps.Clone(s.cookies)
	s.keepCookies(answer)
	doc := document(answer, b, held)
	s.secrets.gather(doc["body"], "", false)
	if body, ok := doc["body"].(map[string]any); ok {
		for _, of := range []any{body["meta"], body["data"]} {
			members, _ := of.(map[string]any)
			for _, name := range tokenMembers {
				if t, ok := members[name].(string); ok && t != "" {
					s.tokens[name] = t
				}
			}
		}
	}
	return doc, nil
}

// quoted is what an error quotes: of an answer that is none, maybe a line with a cookie in it.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

// unreachable is why there was no answer, without the URL, whose path may hold a key, and without what came instead of one.
func unreachable(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		if of.Timeout() {
			return errors.New("no answer in time")
		}
		err = of.Err
	}
	return errors.New(quoted.ReplaceAllLiteralString(err.Error(), `"`+hidden+`"`))
}

func (s *side) keepCookies(answer *http.Response) {
	for _, c := range answer.Cookies() {
		s.secrets.add(c.Value)
		if lifeOf(c, answer) == "deleted" || c.Value == "" {
			delete(s.cookies, c.Name)
		} else {
			s.cookies[c.Name] = &http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted} //nolint:gosec // it is sent, not set
		}
	}
}

// lifeOf is how long a cookie is kept: "deleted", "session", a number of seconds, or "until" a time.
func lifeOf(c *http.Cookie, answer *http.Response) any {
	switch {
	case c.MaxAge < 0:
		return "deleted"
	case c.MaxAge > 0:
		return json.Number(fmt.Sprint(c.MaxAge))
	case c.Expires.IsZero():
		return "session"
	}
	now, err := http.ParseTime(answer.Header.Get("Date"))
	switch left := c.Expires.Sub(now); {
	case err != nil && c.Expires.Unix() > 0:
		return "until"
	case err != nil || left <= 0:
		return "deleted"
	default:
		return json.Number(fmt.Sprint(int64(left / time.Second)))
	}
}
