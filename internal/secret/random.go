package secret

import (
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"strings"

	"github.com/google/uuid"
)

// tokenBytes is the entropy of a token: 256 bits, so that a token can be stored as a plain digest.
const tokenBytes = 32

// Token is a new random bearer token: 256 bits as 43 characters of base64url.
func Token() string { return base64.RawURLEncoding.EncodeToString(Bytes(tokenBytes)) }

// Bytes are n random bytes from the operating system. It does not fail: crypto/rand ends the program instead.
func Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to return an error
	return b
}

// NewID is a new row id: a version 7 UUID (RFC 9562, section 5.7), which sorts by the time it was made.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// CodeFormat is the shape of a code that a person types.
type CodeFormat struct {
	Numeric bool // digits only; otherwise consonants, which spell no words
	Dashed  bool // a dash in the middle
	Length  int  // characters, the dash not counted
}

const (
	codeLetters = "BCDFGHJKLMNPQRSTVWXZ"
	codeDigits  = "0123456789"
)

// Code is a new random code of that format, every character drawn evenly.
func Code(f CodeFormat) string {
	alphabet := codeLetters
	if f.Numeric {
		alphabet = codeDigits
	}
	var b strings.Builder
	for i := range f.Length {
		if f.Dashed && i > 0 && i == f.Length/2 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic("secret: no randomness: " + err.Error()) // crypto/rand does not fail; a guessable code must never be made
		}
		b.WriteByte(alphabet[n.Int64()])
	}
	return b.String()
}
