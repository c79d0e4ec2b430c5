// Package token makes and checks the tokens that apps carry to other servers: JSON Web Tokens (RFC 7519), signed in the
// compact form of RFC 7515.
//
// A Key has one algorithm, which is a part of it: RS256, ES256 or EdDSA (RFC 7518, RFC 8037), or HS256, which has no public
// half. Its ID is the thumbprint of RFC 7638 and is the kid of what it signs; a shared secret signs without, since a digest
// of it would help to guess it. A Set is the keys of one issuer, with the times from which they sign and until which they
// are known.
//
// # What is believed of a token
//
// Nothing that it says about itself. A header is not read but compared: the only headers that are accepted are those that
// the keys of the set write, letter for letter, so that there is no algorithm to choose, no key to point to (kid, jku, jwk,
// x5u), no extension to understand (crit) and no member to send twice. The key that a header belongs to then checks the
// signature by its own algorithm. Of the claims all that are expected must be there, once, with exactly the type and value
// that they are to have; see Expected.
//
// # The library
//
// Signatures, thumbprints and key sets are github.com/lestrrat-go/jwx/v2's, which is reached from here alone. That version
// writes the names of claims without escaping them, so that whoever chooses a name can write further claims behind it. So
// names are held to an exact pattern (ValidName), and the text of a token is written here and not by the library.
package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Use is what a token is for. One of one use is never good for another.
type Use string

// The uses.
const (
	Access  Use = "access"  // shown to servers, by whoever acts for the user
	Refresh Use = "refresh" // shown to the issuer alone, for new tokens
)

// Claims are what a token says.
type Claims struct {
	Issuer   string
	Audience string
	Subject  string // the user's id
	Session  string // the session's id, which opens nothing by itself
	ID       string // differs between any two tokens of an issuer
	Use      Use
	IssuedAt time.Time // to the second
	Expires  time.Time // to the second
	// Extra are further claims by their names, each as JSON. They are written and not read.
	Extra map[string]json.RawMessage
}

// Reserved are the names of the claims that are not Extra ones: those above, and nbf.
func Reserved() []string {
	return []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "token_use"}
}

// maxName is how long a claim's name may be, in bytes.
const maxName = 128

// ValidName reports whether a claim may have that name: letters, digits and _ . : / -, with a letter or _ first.
func ValidName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '_', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && (c == '.' || c == ':' || c == '/' || c == '-' || '0' <= c && c <= '9'):
		default:
			return false
		}
	}
	return name != "" && len(name) <= maxName
}

// MaxLength is how long a token is at most, in bytes: servers take no longer headers.
const MaxLength = 8 << 10

// encoding is how the parts of a token are written. Of every part there is one spelling that is read.
var encoding = base64.RawURLEncoding.Strict()

// Sign is the token that says these claims. It is an error if a name among the Extra ones is not valid or is reserved, a
// value of theirs is not JSON, or the token would be too long.
func (k *Key) Sign(c Claims) (string, error) {
	payload, err := c.encode()
	if err != nil {
		return "", err
	}
	text := make([]byte, 0, len(k.head)+1+encoding.EncodedLen(len(payload))+1+encoding.EncodedLen(maxSignature))
	text = append(append(text, k.head...), '.')
	text = encoding.AppendEncode(text, payload)
	signature, err := k.sign(text)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	text = encoding.AppendEncode(append(text, '.'), signature)
	if len(text) > MaxLength {
		return "", fmt.Errorf("the token would have %d bytes, which is more than %d", len(text), MaxLength)
	}
	return string(text), nil
}

// encode is the claims as JSON. The same claims are always the same text.
func (c *Claims) encode() ([]byte, error) {
	b := make([]byte, 0, 384)
	for _, member := range [...]struct{ name, value string }{
		{"iss", c.Issuer}, {"aud", c.Audience}, {"sub", c.Subject}, {"sid", c.Session}, {"jti", c.ID}, {"token_use", string(c.Use)},
	} {
		b = append(append(append(b, ',', '"'), member.name...), '"', ':')
		b = appendText(b, member.value)
	}
	b = strconv.AppendInt(append(b, `,"iat":`...), c.IssuedAt.Unix(), 10)
	b = strconv.AppendInt(append(b, `,"exp":`...), c.Expires.Unix(), 10)
	names := make([]string, 0, len(c.Extra))
	for name := range c.Extra {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !ValidName(name) || slices.Contains(Reserved(), name) {
			return nil, fmt.Errorf("%.200q cannot be the name of a claim", name)
		}
		if !json.Valid(c.Extra[name]) {
			return nil, fmt.Errorf("the claim %s is not JSON", name)
		}
		b = append(append(append(b, ',', '"'), name...), '"', ':')
		b = append(b, c.Extra[name]...)
	}
	b[0] = '{'
	return append(b, '}'), nil
}

// appendText appends a JSON string.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic("token: " + err.Error()) // every text can be JSON
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// Expected is what a token has to say to be accepted.
type Expected struct {
	Issuer   string
	Audience string
	Use      Use
	Now      time.Time
}

// maxAhead is how far in the future a token may have been made: as far as the clocks of two servers of one issuer may differ, and some
// more. A server whose clock is late must not turn away what another has just handed out, and nothing hangs on it: tokens expire as
// they say.
const maxAhead = 5 * time.Minute

// ErrInvalid says that a token is not accepted. Why, the error that wraps it tells the log; whoever sent the token is told
// nothing.
var ErrInvalid = errors.New("token: not accepted")

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// The reasons, made once: a stranger can have them as often as he likes.
var (
	errTooLong   = invalid("too long")
	errForm      = invalid("not three parts")
	errHeader    = invalid("the header is none that a key of this issuer writes")
	errEncoding  = invalid("a part is not base64url")
	errSignature = invalid("the signature does not fit")
	errPayload   = invalid("the claims cannot be read")
	errTwice     = invalid("a claim is there twice")
	errIssuer    = invalid("another issuer")
	errAudience  = invalid("another audience")
	errUse       = invalid("another use")
	errPerson    = invalid("sub, sid or jti is missing or no text")
	errTimes     = invalid("exp or iat is missing or no whole number")
	errExpired   = invalid("expired")
	errFuture    = invalid("from the future")
	errNotYet    = invalid("has nbf, which this issuer does not write")
)

// Verify is what a token says that one of the keys signed and that is as expected. Every other is ErrInvalid.
func (s *Set) Verify(token string, want Expected) (Claims, error) {
	if len(token) > MaxLength {
		return Claims{}, errTooLong
	}
	raw := []byte(token)
	head, rest, _ := bytes.Cut(raw, dot)
	body, tail, found := bytes.Cut(rest, dot)
	if !found || bytes.IndexByte(tail, '.') >= 0 {
		return Claims{}, errForm
	}
	candidates := s.heads[string(head)]
	if len(candidates) == 0 {
		return Claims{}, errHeader
	}
	payload, err := decode(body)
	if err != nil {
		return Claims{}, err
	}
	signature, err := decode(tail)
	if err != nil {
		return Claims{}, err
	}
	signed := raw[:len(head)+1+len(body)]
	if !slices.ContainsFunc(candidates, func(h Held) bool { return h.known(want.Now) && h.Key.verify(signed, signature) }) {
		return Claims{}, errSignature
	}
	c, err := read(payload)
	if err != nil {
		return Claims{}, err
	}
	return c, c.fit(want)
}

var dot = []byte{'.'}

// decode reads base64url without padding. The library's decoder passes over line breaks, which no token has.
func decode(part []byte) ([]byte, error) {
	if bytes.IndexByte(part, '\n') >= 0 || bytes.IndexByte(part, '\r') >= 0 {
		return nil, errEncoding
	}
	out := make([]byte, encoding.DecodedLen(len(part)))
	n, err := encoding.Decode(out, part)
	if err != nil {
		return nil, errEncoding
	}
	return out[:n], nil
}

// fit is why claims are not as expected, or nil.
func (c *Claims) fit(want Expected) error {
	switch {
	case want.Issuer == "" || c.Issuer != want.Issuer:
		return errIssuer
	case want.Audience == "" || c.Audience != want.Audience:
		return errAudience
	case want.Use == "" || c.Use != want.Use:
		return errUse
	case !want.Now.Before(c.Expires):
		return errExpired
	case c.IssuedAt.After(want.Now.Add(maxAhead)), c.IssuedAt.After(c.Expires):
		return errFuture
	}
	return nil
}

// The claims that are read, as bits of what was seen.
const (
	seenIssuer = 1 << iota
	seenAudience
	seenSubject
	seenSession
	seenID
	seenUse
	seenIssuedAt
	seenExpires
	seenAll = 1<<iota - 1
)

// read reads the claims of a payload. What it does not know is passed over.
func read(payload []byte) (Claims, error) {
	var c Claims
	if !json.Valid(payload) {
		return c, errPayload
	}
	seen := 0
	err := members(payload, func(name, value []byte) error {
		bit, fault := 0, error(nil)
		switch string(name) {
		case "iss":
			bit, fault = seenIssuer, text(value, &c.Issuer, errIssuer)
		case "aud":
			bit, fault = seenAudience, text(value, &c.Audience, errAudience)
		case "sub":
			bit, fault = seenSubject, text(value, &c.Subject, errPerson)
		case "sid":
			bit, fault = seenSession, text(value, &c.Session, errPerson)
		case "jti":
			bit, fault = seenID, text(value, &c.ID, errPerson)
		case "token_use":
			bit, fault = seenUse, text(value, (*string)(&c.Use), errUse)
		case "iat":
			bit, fault = seenIssuedAt, moment(value, &c.IssuedAt)
		case "exp":
			bit, fault = seenExpires, moment(value, &c.Expires)
		case "nbf":
			return errNotYet
		}
		if seen&bit != 0 {
			return errTwice
		}
		seen |= bit
		return fault
	})
	switch missing := seenAll &^ seen; {
	case err != nil:
		return c, err
	case missing&seenIssuer != 0:
		return c, errIssuer
	case missing&seenAudience != 0:
		return c, errAudience
	case missing&seenUse != 0:
		return c, errUse
	case missing&(seenIssuedAt|seenExpires) != 0:
		return c, errTimes
	case missing != 0:
		return c, errPerson
	}
	return c, nil
}

// text reads a JSON string that is not empty.
func text(value []byte, into *string, otherwise error) error {
	if len(value) < 3 || value[0] != '"' {
		return otherwise
	}
	if bytes.IndexByte(value, '\\') < 0 {
		*into = string(value[1 : len(value)-1])
		return nil
	}
	if err := json.Unmarshal(value, into); err != nil {
		return otherwise
	}
	return nil
}

// maxMoment is the latest time that is read, in seconds since 1970: the end of the year 9999.
const maxMoment = 253402300799

// moment reads a NumericDate of whole seconds.
func moment(value []byte, into *time.Time) error {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 || n > maxMoment {
		return errTimes
	}
	*into = time.Unix(n, 0).UTC()
	return nil
}

// members calls f with the members of an object that is valid JSON. A name that is spelt with escapes is refused: none is
// written so, and two spellings of one name would be two claims here and one elsewhere.
func members(object []byte, f func(name, value []byte) error) error {
	s := scanner(bytes.TrimLeft(object, spaces))
	if len(s) == 0 || s[0] != '{' {
		return errPayload
	}
	s = s[1:]
	for s.skip(); s[0] != '}'; s.skip() {
		if s[0] == ',' {
			s = s[1:]
			s.skip()
		}
		name := s.value()
		if bytes.IndexByte(name, '\\') >= 0 {
			return errPayload
		}
		s.skip()
		s = s[1:] // the colon
		s.skip()
		if err := f(name[1:len(name)-1], s.value()); err != nil {
			return err
		}
	}
	return nil
}

const spaces = " \t\r\n"

// scanner is what is left of a text that is valid JSON.
type scanner []byte

func (s *scanner) skip() { *s = bytes.TrimLeft(*s, spaces) }

// value takes the next value.
func (s *scanner) value() []byte {
	all, depth, i := *s, 0, 0
	for ; i < len(all); i++ {
		switch all[i] {
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 { // the end of what the value stands in
				*s = all[i:]
				return bytes.TrimRight(all[:i], spaces)
			}
			depth--
		case '"':
			for i++; all[i] != '"'; i++ {
				if all[i] == '\\' {
					i++
				}
			}
		case ',', ':':
			if depth == 0 {
				*s = all[i:]
				return bytes.TrimRight(all[:i], spaces)
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			i++
			break
		}
	}
	*s = all[i:]
	return all[:i]
}
