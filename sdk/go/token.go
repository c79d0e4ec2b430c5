package vestibule

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// token is a JSON Web Signature in its compact form (RFC 7515, section 7.1), taken apart and not believed yet.
type token struct {
	algorithm string
	kid       string
	signed    []byte // what the signature is of
	payload   []byte
	signature []byte
}

const (
	// maxToken is how long a token is at most, in bytes, as the server has it.
	maxToken = 8 << 10
	// maxAhead is how far in the future a token may have been made: as far as two clocks may differ, and some more.
	maxAhead = 5 * time.Minute
)

// encoding is how the parts of a token are written. Of every part there is one spelling that is read.
var encoding = base64.RawURLEncoding.Strict()

// parse takes a token apart.
func parse(text string) (token, error) {
	if len(text) > maxToken {
		return token{}, errTooLong
	}
	raw := []byte(text)
	head, rest, _ := bytes.Cut(raw, []byte{'.'})
	body, tail, found := bytes.Cut(rest, []byte{'.'})
	if !found || bytes.IndexByte(tail, '.') >= 0 || bytes.ContainsAny(raw, "\r\n") { // which the decoder passes over
		return token{}, errForm
	}
	t := token{signed: raw[:len(head)+1+len(body)]}
	out := make([]byte, encoding.DecodedLen(len(head))+encoding.DecodedLen(len(body))+encoding.DecodedLen(len(tail)))
	part := func(from []byte) []byte {
		n, err := encoding.Decode(out, from)
		if err != nil {
			found = false
		}
		decoded := out[:n:n]
		out = out[n:]
		return decoded
	}
	header := part(head)
	t.payload, t.signature = part(body), part(tail)
	if !found {
		return token{}, errForm
	}
	return t, t.readHeader(header)
}

// readHeader reads what says how a token is signed. Keys, and addresses of keys, that a token brings along are passed over.
func (t *token) readHeader(header []byte) error {
	return members(header, errForm, func(name string, value []byte) error {
		switch name {
		case "alg":
			return text(value, &t.algorithm, errForm)
		case "kid":
			return text(value, &t.kid, errForm)
		case "crit": // what must be understood is not (RFC 7515, section 4.1.11)
			return errForm
		}
		return nil
	})
}

// claims are those of a token that are read (RFC 7519, section 4).
type claims struct {
	issuer, audience, subject, session, use string
	issuedAt, expires                       time.Time
	doubles                                 bool // there are others whose names differ from theirs by their case alone
}

// registered are the names of the claims that the server has a word for.
var registered = []string{"iss", "aud", "sub", "sid", "jti", "token_use", "iat", "exp", "nbf"}

// read reads claims. What is missing stays empty, which fits nothing.
func (c *claims) read(payload []byte) error {
	return members(payload, errClaims, func(name string, value []byte) error {
		switch name {
		case "iss":
			return text(value, &c.issuer, errIssuer)
		case "aud":
			return text(value, &c.audience, errAudience)
		case "sub":
			return text(value, &c.subject, errPerson)
		case "sid":
			return text(value, &c.session, errPerson)
		case "token_use":
			return text(value, &c.use, errUse)
		case "iat":
			return moment(value, &c.issuedAt, errFuture)
		case "exp":
			return moment(value, &c.expires, errExpired)
		case "nbf": // which the server does not write
			return errFuture
		}
		c.doubles = c.doubles || doubleOf(name)
		return nil
	})
}

// doubleOf reports whether encoding/json may take a name for that of a claim which it is not.
func doubleOf(name string) bool {
	return slices.ContainsFunc(registered, func(r string) bool { return name != r && strings.EqualFold(name, r) })
}

// withoutDoubles is a payload that encoding/json reads as it is read here.
func withoutDoubles(payload []byte) ([]byte, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(payload, &all); err != nil {
		return nil, errClaims
	}
	maps.DeleteFunc(all, func(name string, _ json.RawMessage) bool { return doubleOf(name) })
	b, err := json.Marshal(all)
	if err != nil {
		return nil, errClaims
	}
	return b, nil
}

// fit is why claims are not those of an access token that is good now, or nil.
func (c *claims) fit(i Issuer, now time.Time) error {
	switch {
	case c.audience != i.audience():
		return errAudience
	case c.use != "access":
		return errUse
	case c.subject == "" || c.session == "":
		return errPerson
	case !now.Before(c.expires):
		return errExpired
	case c.issuedAt.IsZero() || c.issuedAt.After(now.Add(maxAhead)) || c.issuedAt.After(c.expires):
		return errFuture
	}
	return nil
}

// text reads a JSON string.
func text(value []byte, into *string, otherwise error) error {
	if len(value) < 2 || value[0] != '"' {
		return otherwise
	}
	if bytes.IndexByte(value, '\\') < 0 {
		*into = string(value[1 : len(value)-1])
		return nil
	}
	if json.Unmarshal(value, into) != nil {
		return otherwise
	}
	return nil
}

// maxMoment is the latest time that is read, in seconds since 1970: the end of the year 9999.
const maxMoment = 253402300799

// moment reads a NumericDate (RFC 7519, section 2) of whole seconds.
func moment(value []byte, into *time.Time, otherwise error) error {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n <= 0 || n > maxMoment {
		return otherwise
	}
	*into = time.Unix(n, 0).UTC()
	return nil
}

// maxMembers is how many members an object has at most.
const maxMembers = 128

// members calls f with the members of a JSON object. One that is there twice, or whose name is spelt with escapes, would be one thing
// here and another elsewhere, and is refused. Names differ by their case, other than in encoding/json.
func members(object []byte, otherwise error, f func(name string, value []byte) error) error {
	if !json.Valid(object) || !utf8.Valid(object) {
		return otherwise
	}
	s := scanner(bytes.TrimLeft(object, spaces))
	if s[0] != '{' {
		return otherwise
	}
	s = s[1:]
	var room [16][]byte
	seen := room[:0]
	for s.skip(); s[0] != '}'; s.skip() {
		if s[0] == ',' {
			s = s[1:]
			s.skip()
		}
		name := s.value()
		twice := slices.ContainsFunc(seen, func(n []byte) bool { return bytes.Equal(n, name) })
		if twice || len(seen) == maxMembers || bytes.IndexByte(name, '\\') >= 0 {
			return otherwise
		}
		seen = append(seen, name)
		s.skip()
		s = s[1:] // the colon
		s.skip()
		if err := f(string(name[1:len(name)-1]), s.value()); err != nil {
			return err
		}
	}
	return nil
}

const spaces = " \t\r\n"

// scanner is what is left of a text that is valid JSON.
type scanner []byte

func (s *scanner) skip() { *s = bytes.TrimLeft(*s, spaces) }

// value takes the next value, which ends before whatever may follow one.
func (s *scanner) value() []byte {
	all, depth := *s, 0
	for i := 0; i < len(all); i++ {
		switch all[i] {
		case '"':
			for i++; all[i] != '"'; i++ {
				if all[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return s.take(i + 1)
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return s.take(i)
			}
			if depth--; depth == 0 {
				return s.take(i + 1)
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return s.take(i)
			}
		}
	}
	return s.take(len(all))
}

func (s *scanner) take(n int) []byte {
	taken := (*s)[:n]
	*s = (*s)[n:]
	return taken
}
