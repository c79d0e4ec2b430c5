package secret

import (
	"crypto/sha256"
	"crypto/subtle"
)

// Digest is what is stored of a bearer token: its SHA-256. Tokens carry 256 bits of entropy, so no key or salt is needed;
// a code that a person types has far fewer, and goes through Keys.Sign instead.
func Digest(token string) []byte {
	d := sha256.Sum256([]byte(token))
	return d[:]
}

// Equal compares two secrets in time that depends on their length alone.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
