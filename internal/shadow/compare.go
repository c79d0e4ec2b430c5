package shadow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// absent stands for a member or an element that one side does not have.
type absent struct{}

// decoded reads one JSON value, numbers as they are written.
func decoded(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows")
	}
	return doc, nil
}

// document is an answer as what is compared: status, headers and body. held are the cookies that there were before it.
func document(answer *http.Response, body []byte, held map[string]*http.Cookie) map[string]any {
	headers := map[string]any{"Set-Cookie": cookiesOf(answer, held)} // there even without cookies, so that each is a place of its own
	media, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err == nil {
		headers["Content-Type"] = media
	}
	if v := answer.Header.Get("WWW-Authenticate"); v != "" {
		headers["WWW-Authenticate"] = v
	}
	if v := answer.Header.Get("Location"); v != "" {
		headers["Location"] = place(v)
	}
	doc := map[string]any{"status": json.Number(strconv.Itoa(answer.StatusCode)), "headers": headers}
	if len(body) == 0 {
		return doc
	}
	if doc["body"], err = decoded(body); err != nil {
		doc["body"] = text(body)
	}
	return doc
}

// level takes out of two answers what no front end tells apart: of a preflight, which success it is; of a redirect or an error that the
// reference answers with a page of its framework, or with nothing, what is on it.
func level(method string, reference, target map[string]any) {
	status, _ := reference["status"].(json.Number)
	preflight := method == http.MethodOptions && succeeded(reference) && succeeded(target)
	if preflight {
		target["status"] = status
	}
	headers, _ := reference["headers"].(map[string]any)
	others, _ := target["headers"].(map[string]any)
	page := headers["Content-Type"] != "application/json" && !succeeded(reference)
	if target["status"] != status || !page && !preflight {
		return
	}
	delete(reference, "body")
	delete(target, "body")
	delete(headers, "Content-Type")
	delete(others, "Content-Type")
}

// renewed takes out of what the target answered the tokens and cookies that it renewed while the reference went on with those that it had
// handed out before: a front end goes on with either. The other way around is a difference, as where a login renews nothing.
func renewed(kept *side, reference, target map[string]any) {
	headers, _ := reference["headers"].(map[string]any)
	others, _ := target["headers"].(map[string]any)
	cookies, _ := headers["Set-Cookie"].(map[string]any)
	set, _ := others["Set-Cookie"].(map[string]any)
	for name, attributes := range set {
		a, _ := attributes.(map[string]any)
		if _, too := cookies[name]; !too && kept.cookies[name] != nil && a["life"] != "deleted" {
			delete(set, name)
		}
	}
	body, _ := reference["body"].(map[string]any)
	other, _ := target["body"].(map[string]any)
	meta, _ := body["meta"].(map[string]any)
	handed, _ := other["meta"].(map[string]any)
	if _, too := meta["session_token"]; !too && meta != nil && kept.tokens["session_token"] != "" {
		delete(handed, "session_token")
	}
}

func succeeded(answer map[string]any) bool {
	status, _ := answer["status"].(json.Number)
	return strings.HasPrefix(string(status), "2")
}

// text is a body that is not JSON. It is compared whole, and not shown.
type text []byte

// extra are parameters of a request to an identity provider by which a server protects the exchange more than it has to (RFC 7636; OpenID
// Connect Core 1.0, section 3.1.2.1).
var extra = []string{"code_challenge", "code_challenge_method", "nonce"}

// place is where a redirect leads, without the host, which differs, and with the names of the query alone, whose values may be keys.
func place(location string) any {
	u, err := url.Parse(location)
	if err != nil {
		return "not a URL"
	}
	to, query := plainPath(u.Path), u.Query()
	for _, name := range extra {
		query.Del(name)
	}
	if names := slices.Sorted(maps.Keys(query)); len(names) > 0 {
		to += "?" + strings.Join(names, "&")
	}
	return to
}

// longest is how long a part of a path is that is no key.
const longest = 24

// plainPath is a path with {id} in the place of ids and keys.
func plainPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		_, err := strconv.ParseUint(part, 10, 64)
		if err == nil || len(part) > longest || uuid.MatchString(part) || strings.ContainsAny(part, ":%") {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// cookiesOf are the cookies that an answer sets or deletes. One that is set again to what it was is none; of one that is deleted counts
// which one it is.
func cookiesOf(answer *http.Response, held map[string]*http.Cookie) map[string]any {
	all := map[string]any{}
	for _, c := range answer.Cookies() {
		life := lifeOf(c, answer)
		if life == "deleted" {
			all[c.Name] = map[string]any{"life": life, "Path": c.Path, "Domain": strings.TrimPrefix(c.Domain, ".")}
			continue
		}
		if before := held[c.Name]; before != nil && c.Value != "" && before.Value == c.Value {
			continue
		}
		attributes := map[string]any{
			"life": life, "Path": c.Path, "Domain": strings.TrimPrefix(c.Domain, "."), "HttpOnly": c.HttpOnly, "Secure": c.Secure,
		}
		switch c.SameSite {
		case http.SameSiteLaxMode:
			attributes["SameSite"] = "Lax"
		case http.SameSiteStrictMode:
			attributes["SameSite"] = "Strict"
		case http.SameSiteNoneMode:
			attributes["SameSite"] = "None"
		}
		all[c.Name] = attributes
	}
	return all
}

// difference is one place where two answers differ.
type difference struct {
	pointer           string
	reference, target any // absent{} where there is nothing
	name              string
}

// pairs are the ids of one conversation that have been seen to correspond, both ways, by what they are ids of.
type pairs map[string]map[string]string

// correspond notes that two ids stand for the same thing, and reports whether nothing seen so far says otherwise.
func (p pairs) correspond(kind, reference, target string) bool {
	there, back := p.of(kind+" >"), p.of(kind+" <")
	t, known := there[reference]
	if _, taken := back[target]; known || taken {
		return known && t == target
	}
	there[reference], back[target] = target, reference
	return true
}

func (p pairs) of(kind string) map[string]string {
	if p[kind] == nil {
		p[kind] = map[string]string{}
	}
	return p[kind]
}

// comparer compares the answers to one request.
type comparer struct {
	route    string // of the API, without the kind of client: ids of one route are of one kind
	pairs    pairs
	slack    time.Duration // how far times may lie apart
	messages bool          // whether the words of errors count
	found    []difference
}

// sets are members whose elements have no order.
var sets = []string{"data", "errors", "flows", "login_methods", "providers", "supported_types", "transports", "types"}

// compare walks through two values that are at the same place.
func (c *comparer) compare(pointer, parent, name string, reference, target any) {
	if c.sameKind(parent, name, reference, target) {
		return
	}
	switch r := reference.(type) {
	case map[string]any:
		if t, ok := target.(map[string]any); ok {
			c.members(pointer, parent, name, r, t)
			return
		}
	case []any:
		if t, ok := target.([]any); ok {
			c.elements(pointer, parent, name, r, t)
			return
		}
	}
	c.found = append(c.found, difference{pointer: pointer, reference: reference, target: target, name: name})
}

// members compares two objects.
func (c *comparer) members(pointer, parent, name string, reference, target map[string]any) {
	if name != "" {
		parent = name
	}
	_, isError := reference["code"]
	for _, member := range slices.Sorted(maps.Keys(union(reference, target))) {
		if member == "message" && isError && !c.messages && isText(reference[member]) && isText(target[member]) {
			continue
		}
		c.compare(pointer+"/"+escaped(member), parent, member, memberOf(reference, member), memberOf(target, member))
	}
}

// elements compares two lists: as sets where they are, otherwise one by one. An element that the reference lacks is at "-" (RFC 6901,
// section 4).
func (c *comparer) elements(pointer, parent, name string, reference, target []any) {
	if sensitive(name) { // recovery codes: as many
		if len(reference) != len(target) {
			c.found = append(c.found, difference{pointer: pointer, reference: reference, target: target, name: name})
		}
		return
	}
	matched := make([]bool, len(target))
	for i, r := range reference {
		at := i
		if slices.Contains(sets, name) {
			at = slices.IndexFunc(target, func(t any) bool { return identity(t) == identity(r) })
			for at >= 0 && matched[at] { // the next one that is the same
				next := slices.IndexFunc(target[at+1:], func(t any) bool { return identity(t) == identity(r) })
				if next < 0 {
					at = -1
				} else {
					at += 1 + next
				}
			}
		}
		var t any = absent{}
		if at >= 0 && at < len(target) {
			t, matched[at] = target[at], true
		}
		c.compare(pointer+"/"+strconv.Itoa(i), parent, name, r, t)
	}
	for i, t := range target {
		if !matched[i] {
			c.found = append(c.found, difference{pointer: pointer + "/-", reference: absent{}, target: t, name: name})
		}
	}
}

// identity is what an element of a set is known by.
func identity(element any) string {
	o, ok := element.(map[string]any)
	if !ok {
		return fmt.Sprint(element)
	}
	known := ""
	if current, ok := o["is_current"].(bool); ok { // of sessions, whose ids and times differ
		known = fmt.Sprint(current, " ")
	}
	for _, member := range []string{"id", "email", "phone", "type", "code", "param", "uid", "user_agent"} {
		if v, ok := o[member].(string); ok && !(member == "id" && uuid.MatchString(v)) {
			known += member + "=" + v + " "
		}
	}
	return known
}

// sameKind reports whether two values are the same, or both of a kind that differs from run to run, as it should.
func (c *comparer) sameKind(parent, name string, reference, target any) bool {
	if name == "is_authenticated" { // allauth says null where it means false
		reference, target = orFalse(reference), orFalse(target)
	}
	switch r := reference.(type) {
	case nil, bool, absent:
		return reference == target
	case text:
		t, ok := target.(text)
		return ok && bytes.Equal(r, t)
	case map[string]any, []any:
		return false // member by member
	}
	switch target.(type) {
	case string, json.Number:
	default:
		return false
	}
	r, t := fmt.Sprint(reference), fmt.Sprint(target)
	switch {
	case isID(parent, name, reference) && isID(parent, name, target):
		kind := "user"
		if parent != "user" {
			kind = c.route + " " + parent + "/" + name
		}
		return c.pairs.correspond(kind, r, t)
	case isMoment(name):
		return c.close(reference, target)
	case sensitive(name), jwt.MatchString(r) && jwt.MatchString(t):
		return (r == "") == (t == "") && isText(reference) == isText(target)
	}
	return r == t && isText(reference) == isText(target) || equalNumbers(reference, target)
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

func orFalse(v any) any {
	if v == nil {
		return false
	}
	return v
}

// isID reports whether a value is an id that a server made: ids of flows and providers are names, which both sides share.
func isID(parent, name string, v any) bool {
	if name != "id" && name != "uid" && name != "user_id" && name != "sid" && name != "sub" {
		return false
	}
	switch v := v.(type) {
	case json.Number:
		return true
	case string:
		_, err := strconv.ParseUint(v, 10, 64)
		return err == nil || uuid.MatchString(v) || parent == "user" && v != ""
	}
	return false
}

// isMoment reports whether a member holds a time.
func isMoment(name string) bool {
	return strings.HasSuffix(name, "_at") || name == "at" || name == "iat" || name == "exp" || name == "life"
}

// close reports whether two times, or spans in seconds, lie close together.
func (c *comparer) close(reference, target any) bool {
	r, rok := seconds(reference)
	t, tok := seconds(target)
	if !rok || !tok {
		return reference == target
	}
	_, rnumber := reference.(json.Number)
	_, tnumber := target.(json.Number)
	return rnumber == tnumber && math.Abs(r-t) <= c.slack.Seconds()
}

func seconds(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case string:
		at, err := time.Parse(time.RFC3339, v)
		return float64(at.UnixMilli()) / 1000, err == nil
	}
	return 0, false
}

func equalNumbers(a, b any) bool {
	x, ok := a.(json.Number)
	y, too := b.(json.Number)
	if !ok || !too {
		return false
	}
	i, err := x.Int64()
	j, err2 := y.Int64()
	if err == nil && err2 == nil {
		return i == j // beyond 2^53, two of them may be one as floats
	}
	f, err := x.Float64()
	g, err2 := y.Float64()
	return err == nil && err2 == nil && f == g
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func memberOf(o map[string]any, name string) any {
	v, ok := o[name]
	if !ok {
		return absent{}
	}
	return v
}

// escaped is a member as part of a JSON pointer (RFC 6901, section 3).
func escaped(member string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(member) }
