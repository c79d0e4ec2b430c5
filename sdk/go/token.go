package vestibule

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
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
	return members(header, errForm, func(name string, value []byte) (bit int, err error) {
		switch name {
		case "alg":
			return 1, text(value, &t.algorithm, errForm)
		case "kid":
			return 2, text(value, &t.kid, errForm)
		case "crit": // what must be understood is not (RFC 7515, section 4.1.11)
			return 0, errForm
		}
		return 0, nil
	})
}

// claims are those of a token that are read (RFC 7519, section 4).
type claims struct {
	issuer, audience, subject, session, use string
	issuedAt, expires                       time.Time
}

// read reads claims. What is missing stays empty, which fits nothing.
func (c *claims) read(payload []byte) error {
	return members(payload, errClaims, func(name string, value []byte) (bit int, err error) {
		switch name {
		case "iss":
			return 1, text(value, &c.issuer, errIssuer)
		case "aud":
			return 2, text(value, &c.audience, errAudience)
		case "sub":
			return 4, text(value, &c.subject, errPerson)
		case "sid":
			return 8, text(value, &c.session, errPerson)
		case "token_use":
			return 16, text(value, &c.use, errUse)
		case "iat":
			return 32, moment(value, &c.issuedAt, errFuture)
		case "exp":
			return 64, moment(value, &c.expires, errExpired)
		case "nbf": // which the server does not write
			return 0, errFuture
		}
		return 0, nil
	})
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

// members calls f with the members of a JSON object. It answers with a bit for each name that counts: one that is there twice, or is spelt
// with escapes, would be one thing here and another elsewhere, and is refused. Names differ by their case, other than in encoding/json.
func members(object []byte, otherwise error, f func(name string, value []byte) (bit int, err error)) error {
	if !json.Valid(object) {
		return otherwise
	}
	s := scanner(bytes.TrimLeft(object, spaces))
	if s[0] != '{' {
		return otherwise
	}
	s = s[1:]
	seen := 0
	for s.skip(); s[0] != '}'; s.skip() {
		if s[0] == ',' {
			s = s[1:]
			s.skip()
		}
		name := s.value()
		if bytes.IndexByte(name, '\\') >= 0 {
			return otherwise
		}
		s.skip()
		s = s[1:] // the colon
		s.skip()
		bit, err := f(string(name[1:len(name)-1]), s.value())
		if err != nil {
			return err
		}
		if seen&bit != 0 {
			return otherwise
		}
		seen |= bit
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
