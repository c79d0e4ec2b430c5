package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// Algorithm is a way of signing, by its name in RFC 7518 and RFC 8037.
type Algorithm string

// The algorithms.
const (
	RS256 Algorithm = "RS256" // RSA, PKCS #1 v1.5, SHA-256
	ES256 Algorithm = "ES256" // ECDSA on P-256, SHA-256
	EdDSA Algorithm = "EdDSA" // Ed25519
	HS256 Algorithm = "HS256" // HMAC, SHA-256: who can check a token can make one
)

const (
	rsaBits = 2048
	// maxRSABits bounds what a signature may cost: a key of twice the length takes eight times as long.
	maxRSABits   = 4096
	maxSignature = maxRSABits / 8
	// minSecret is how many bytes a shared secret needs: as many as the MAC has (RFC 7518, section 3.2).
	minSecret = 32
	maxSecret = 4096
)

// Key signs tokens, and knows its own. It is never changed, and safe for concurrent use.
type Key struct {
	// ID is the kid: the thumbprint of the public half (RFC 7638, SHA-256), or "" for a shared secret, which has none.
	ID        string
	Algorithm Algorithm

	private  any    // what jws signs with
	public   any    // what jws verifies with
	head     string // the header of every token that it signs, encoded
	document []byte // the public half as a JWK (RFC 7517); nil for a shared secret
	signer   jws.Signer
	verifier jws.Verifier
}

// Generate is a new key. One for RS256 takes a processor for some tenths of a second.
func Generate(alg Algorithm) (*Key, error) {
	var private any
	var err error
	switch alg {
	case RS256:
		private, err = rsa.GenerateKey(rand.Reader, rsaBits) //nolint:forbidigo // crypto/rsa takes nothing else
	case ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader) //nolint:forbidigo // likewise
	case EdDSA:
		_, private, err = ed25519.GenerateKey(nil)
	case HS256:
		private = secret.Bytes(minSecret)
	default:
		return nil, fmt.Errorf("unknown algorithm %.20q", alg)
	}
	if err != nil {
		return nil, fmt.Errorf("generate a key for %s: %w", alg, err)
	}
	return newKey(alg, private)
}

// Parse reads a key of somebody's own: a private key in PEM (PKCS #8, PKCS #1 or SEC 1) or, for HS256, a secret. Its errors
// go after the name of what is read, and do not repeat it.
func Parse(alg Algorithm, material string) (*Key, error) {
	if alg == HS256 {
		switch {
		case len(material) < minSecret:
			return nil, fmt.Errorf("must have at least %d characters for HS256", minSecret)
		case len(material) > maxSecret:
			return nil, fmt.Errorf("must have at most %d characters", maxSecret)
		}
		return newKey(alg, []byte(material))
	}
	bad := errors.New("must be one private key in PEM, without a passphrase")
	block, rest := pem.Decode([]byte(material))
	if block == nil || strings.TrimSpace(string(rest)) != "" {
		return nil, bad
	}
	private, err := parsePrivate(block.Bytes)
	if err != nil {
		return nil, bad
	}
	if err := fits(alg, private); err != nil {
		return nil, err
	}
	return newKey(alg, private)
}

// Load reads what Marshal wrote.
func Load(alg Algorithm, stored []byte) (*Key, error) {
	if alg == HS256 {
		return newKey(alg, append([]byte(nil), stored...))
	}
	private, err := x509.ParsePKCS8PrivateKey(stored)
	if err == nil {
		err = fits(alg, private)
	}
	if err != nil {
		return nil, fmt.Errorf("a stored key for %.20s: %w", alg, err)
	}
	return newKey(alg, private)
}

// Marshal is the private half: PKCS #8, or the secret itself. It is to be sealed at once.
func (k *Key) Marshal() ([]byte, error) {
	if shared, ok := k.private.([]byte); ok {
		return append([]byte(nil), shared...), nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, fmt.Errorf("encode a key for %s: %w", k.Algorithm, err)
	}
	return der, nil
}

// Shared reports whether the key is a shared secret, of which nothing may be shown.
func (k *Key) Shared() bool { return k.Algorithm == HS256 }

// String keeps keys out of logs, whatever is printed.
func (k *Key) String() string { return "token.Key(" + k.ID + ")" }

// GoString is String.
func (k *Key) GoString() string { return k.String() }

// Format is String, for every verb.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) } // fmt has nowhere to say so

// fits is why a private key is none for the algorithm, or nil.
func fits(alg Algorithm, private any) error {
	ok := false
	switch k := private.(type) {
	case *rsa.PrivateKey:
		ok = alg == RS256
		if bits := k.N.BitLen(); ok && (bits < rsaBits || bits > maxRSABits) {
			return fmt.Errorf("must have %d to %d bits", rsaBits, maxRSABits)
		}
	case *ecdsa.PrivateKey:
		ok = alg == ES256 && k.Curve == elliptic.P256()
	case ed25519.PrivateKey:
		ok = alg == EdDSA
	}
	if !ok {
		return fmt.Errorf("must be a key for %.20s", alg)
	}
	return nil
}

func parsePrivate(der []byte) (any, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	key, err := x509.ParseECPrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("parse private key: %w", err)
	}
	return key, nil
}

// newKey works out once what signing and verifying need.
func newKey(alg Algorithm, private any) (*Key, error) {
	k := &Key{Algorithm: alg, private: private, public: private}
	if signer, ok := private.(crypto.Signer); ok {
		k.public = signer.Public()
		if err := k.describe(); err != nil {
			return nil, fmt.Errorf("describe a key for %s: %w", alg, err)
		}
	}
	head, err := json.Marshal(struct {
		Algorithm Algorithm `json:"alg"`
		ID        string    `json:"kid,omitempty"`
		Type      string    `json:"typ"`
	}{alg, k.ID, "JWT"})
	if err != nil {
		return nil, fmt.Errorf("encode a header: %w", err)
	}
	k.head = encoding.EncodeToString(head)
	if k.signer, err = jws.NewSigner(jwa.SignatureAlgorithm(alg)); err != nil {
		return nil, fmt.Errorf("sign with %s: %w", alg, err)
	}
	if k.verifier, err = jws.NewVerifier(jwa.SignatureAlgorithm(alg)); err != nil {
		return nil, fmt.Errorf("verify with %s: %w", alg, err)
	}
	return k, nil
}

// describe makes the kid and the JWK of a key that has a public half.
func (k *Key) describe() error {
	public, err := jwk.FromRaw(k.public)
	if err != nil {
		return err
	}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return err
	}
	k.ID = encoding.EncodeToString(thumbprint)
	for name, value := range map[string]any{jwk.KeyIDKey: k.ID, jwk.AlgorithmKey: jwa.SignatureAlgorithm(k.Algorithm), jwk.KeyUsageKey: "sig"} {
		if err := public.Set(name, value); err != nil {
			return err
		}
	}
	k.document, err = json.Marshal(public)
	return err
}

func (k *Key) sign(signed []byte) ([]byte, error) { return k.signer.Sign(signed, k.private) }

func (k *Key) verify(signed, signature []byte) bool {
	return k.verifier.Verify(signed, signature, k.public) == nil
}
