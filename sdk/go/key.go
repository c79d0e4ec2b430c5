package vestibule

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// key is the public half of a key, which has one algorithm.
type key struct {
	algorithm string
	verify    func(signed, signature []byte) bool
}

// jwk is a public key as it is published (RFC 7517, section 4).
type jwk struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	ID        string `json:"kid"`
	Algorithm string `json:"alg"`
	Curve     string `json:"crv"`
	N         string `json:"n"`
	E         string `json:"e"`
	X         string `json:"x"`
	Y         string `json:"y"`
}

// parseKeys reads a JWK Set (RFC 7517, section 5). Keys that are not for signatures of ours are passed over, so that there can be new
// kinds. A set without any is one, too: of a tenant with a shared secret.
func parseKeys(document []byte) (map[string]*key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	if set.Keys == nil {
		return nil, errors.New("read the key set: it has no keys member")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the key set has %d keys, which is more than %d", len(set.Keys), maxKeys)
	}
	keys := make(map[string]*key, len(set.Keys))
	for _, raw := range set.Keys {
		var j jwk
		if json.Unmarshal(raw, &j) != nil || j.ID == "" || j.Use != "" && j.Use != "sig" {
			continue
		}
		k := j.key()
		if k == nil {
			continue
		}
		if _, twice := keys[j.ID]; twice {
			return nil, fmt.Errorf("the key set has two keys with the kid %.100q", j.ID)
		}
		keys[j.ID] = k
	}
	return keys, nil
}

// key is the key, or nil where it is none for the algorithm that it names (RFC 7518, sections 3.3, 3.4 and 6; RFC 8037).
func (j *jwk) key() *key {
	switch j.Algorithm + " " + j.Type + " " + j.Curve {
	case "RS256 RSA ":
		return j.rsa()
	case "ES256 EC P-256":
		return j.ecdsa()
	case "EdDSA OKP Ed25519":
		return j.ed25519()
	}
	return nil
}

func (j *jwk) rsa() *key {
	n, e := number(j.N), number(j.E)
	if n == nil || e == nil || n.BitLen() < 2048 || n.BitLen() > 8192 || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 || e.Bit(0) == 0 {
		return nil
	}
	public := &rsa.PublicKey{N: n, E: int(e.Int64())}
	return &key{j.Algorithm, func(signed, signature []byte) bool {
		digest := sha256.Sum256(signed)
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	}}
}

// half is how long one of the two numbers of a signature of ES256, or of a point of its curve, is in bytes.
const half = 32

func (j *jwk) ecdsa() *key {
	x, y := fixed(j.X, half), fixed(j.Y, half)
	if x == nil || y == nil {
		return nil
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil // it is no point of the curve
	}
	return &key{j.Algorithm, func(signed, signature []byte) bool {
		if len(signature) != 2*half {
			return false
		}
		digest := sha256.Sum256(signed)
		return ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
	}}
}

func (j *jwk) ed25519() *key {
	public := ed25519.PublicKey(fixed(j.X, ed25519.PublicKeySize))
	if public == nil {
		return nil
	}
	return &key{j.Algorithm, func(signed, signature []byte) bool { return ed25519.Verify(public, signed, signature) }}
}

// number reads a Base64urlUInt (RFC 7518, section 2); nil where it is none.
func number(text string) *big.Int {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil
	}
	return new(big.Int).SetBytes(b)
}

// fixed reads so many bytes; nil where it is not as many.
func fixed(text string, size int) []byte {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != size {
		return nil
	}
	return b
}
