package tenants

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// Seconds is a duration as settings write it: whole seconds.
type Seconds int64

// Duration is the same as a time.Duration.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// Times is how often something may be done again. It is written as false (never), true (twice) or the number of times.
type Times int

// UnmarshalJSON reads false, true or a number.
func (t *Times) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "false":
		*t = 0
	case "true":
		*t = 2
	default:
		var n int
		if err := json.Unmarshal(b, &n); err != nil {
			return err
		}
		*t = Times(n)
	}
	return nil
}

// MarshalJSON writes false for never, and the number otherwise.
func (t Times) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("false"), nil
	}
	return json.Marshal(int(t))
}

// Bound is the most there may be of something. Zero is no bound, and is written as null.
type Bound int

// MarshalJSON writes null for no bound.
func (b Bound) MarshalJSON() ([]byte, error) {
	if b == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(int(b))
}

// Allows reports whether n is within the bound.
func (b Bound) Allows(n int) bool { return b == 0 || n <= int(b) }

// Names is a list of the names of some fixed set, such as the ways to log in.
type Names []string

// Has reports whether name is in the list.
func (n Names) Has(name string) bool { return slices.Contains(n, name) }

// SignupFields is what signup asks for, in order. A star at the end of a field marks that it must be given.
type SignupFields []string

// Field reports whether signup asks for the field, and whether it must be given.
func (f SignupFields) Field(name string) (asked, required bool) {
	for _, s := range f {
		switch bare, starred := strings.CutSuffix(s, "*"); {
		case bare != name:
		case starred:
			return true, true
		default:
			asked = true
		}
	}
	return asked, false
}

// Enumeration is how far answers hide which accounts exist. It is written as false, true or "strict".
type Enumeration string

// The ways to deal with enumeration.
const (
	EnumerationAllowed   Enumeration = "false"
	EnumerationPrevented Enumeration = "true"
	EnumerationStrict    Enumeration = "strict"
)

// Prevented reports whether answers hide which accounts exist.
func (e Enumeration) Prevented() bool { return e == EnumerationPrevented || e == EnumerationStrict }

// Strict reports whether a taken address may even sign up again.
func (e Enumeration) Strict() bool { return e == EnumerationStrict }

// UnmarshalJSON reads false, true or "strict".
func (e *Enumeration) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "false":
		*e = EnumerationAllowed
	case "true":
		*e = EnumerationPrevented
	case `"strict"`:
		*e = EnumerationStrict
	default:
		return fmt.Errorf("prevent_enumeration is neither true, false nor \"strict\"")
	}
	return nil
}

// MarshalJSON writes false, true or "strict".
func (e Enumeration) MarshalJSON() ([]byte, error) {
	switch e {
	case EnumerationStrict:
		return []byte(`"strict"`), nil
	case EnumerationPrevented:
		return []byte("true"), nil
	default:
		return []byte("false"), nil
	}
}

// EmailVerification is what is asked of an address.
type EmailVerification string

// The kinds of verification.
const (
	VerificationNone      EmailVerification = "none"      // addresses are left alone
	VerificationOptional  EmailVerification = "optional"  // asked for, but nothing waits for it
	VerificationMandatory EmailVerification = "mandatory" // no login before it
)

// UsernameField is "username", or "" where users have no username.
type UsernameField string

// OneOrList is written as true (for everything), false (for nothing) or a list of what it holds for.
type OneOrList struct {
	All  bool
	List []string
}

// For reports whether it holds for name.
func (o OneOrList) For(name string) bool { return o.All || slices.Contains(o.List, name) }

// Any reports whether it holds for anything.
func (o OneOrList) Any() bool { return o.All || len(o.List) > 0 }

// UnmarshalJSON reads true, false or a list.
func (o *OneOrList) UnmarshalJSON(b []byte) error {
	*o = OneOrList{}
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, &o.List)
	}
	return json.Unmarshal(b, &o.All)
}

// MarshalJSON writes true, false or the list.
func (o OneOrList) MarshalJSON() ([]byte, error) {
	if !o.All && len(o.List) > 0 {
		return json.Marshal(o.List)
	}
	return json.Marshal(o.All)
}

// OneOrSome is written as one text, or a list of them.
type OneOrSome []string

// UnmarshalJSON reads a text or a list.
func (o *OneOrSome) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '"' {
		*o = make(OneOrSome, 1)
		return json.Unmarshal(b, &(*o)[0])
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// CodeFormat is the shape of a code that a person types. What a format leaves out is not taken from another format: it
// is dashed, of letters, and 8 characters long, or 9 where it is numeric.
type CodeFormat struct {
	// Digits alone; otherwise consonants, which spell no words.
	Numeric bool `json:"numeric" default:"false"`

	// Whether the code is shown with a dash in it. People may leave it out.
	Dashed bool `json:"dashed" default:"true"`

	// How many characters, the dash not counted.
	Length int `json:"length" jsonschema:"minimum=4,maximum=32" default:"8, or 9 where numeric"`
}

// UnmarshalJSON reads a format over the defaults of every format.
func (f *CodeFormat) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	type plain CodeFormat
	p := plain{Dashed: true}
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if p.Length == 0 {
		p.Length = 8
		if p.Numeric {
			p.Length = 9
		}
	}
	*f = CodeFormat(p)
	return nil
}

// Code is a new random code of that format.
func (f CodeFormat) Code() string {
	return secret.Code(secret.CodeFormat{Numeric: f.Numeric, Dashed: f.Dashed, Length: f.Length})
}

// Mask is what is shown in place of a secret that is set. Given back in a change, it means that the secret stays.
const Mask = "********"

// Secret is a setting that is never shown again: however it is printed, logged or marshalled, it comes out as Mask, or
// as nothing where it is not set. The value sits behind a pointer so that not even a struct with an unexported field,
// whose methods fmt cannot call, gives it away.
type Secret struct{ value *string }

// NewSecret is a secret of that value; an empty one is not set.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// Reveal is the value itself, or "" where none is set. It is for use, never for show.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != nil }

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.value == nil }

// String is Mask, or "" where no value is set.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return Mask
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// Format writes String whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes String.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads the value.
func (s *Secret) UnmarshalJSON(b []byte) error {
	var v string
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*s = NewSecret(v)
	return nil
}

// SecretURL is a URL with a password in it. It is shown with Mask in the password's place.
type SecretURL struct{ value *string }

// NewSecretURL is a SecretURL of that value; an empty one is not set.
func NewSecretURL(value string) SecretURL { return SecretURL{NewSecret(value).value} }

// Reveal is the URL with its password, or "" where none is set. It is for use, never for show.
func (s SecretURL) Reveal() string { return Secret(s).Reveal() }

// IsSet reports whether there is a URL.
func (s SecretURL) IsSet() bool { return s.value != nil }

// IsZero reports whether there is no URL.
func (s SecretURL) IsZero() bool { return s.value == nil }

// String is the URL with its password masked.
func (s SecretURL) String() string { return maskURL(s.Reveal()) }

// GoString is String.
func (s SecretURL) GoString() string { return s.String() }

// Format writes String whatever the verb.
func (s SecretURL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String.
func (s SecretURL) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes String.
func (s SecretURL) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads the URL.
func (s *SecretURL) UnmarshalJSON(b []byte) error { return (*Secret)(s).UnmarshalJSON(b) }

// maskURL is raw with Mask in place of its password. It splits by hand, since a URL that does not parse must not be
// shown either, and net/url would escape the stars.
func maskURL(raw string) string {
	if raw == "" {
		return ""
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || strings.HasPrefix(raw, sealedMark) {
		return Mask
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest, '@')
	if at > end {
		// A password with a raw slash in it: nobody can say where it ends.
		return Mask
	}
	if at < 0 {
		return raw
	}
	user, password, has := strings.Cut(rest[:at], ":")
	if !has || password == "" {
		return raw
	}
	return scheme + "://" + user + ":" + Mask + rest[at:]
}
