package vestibuletest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"
)

// Key is a private key, for RS256, ES256 or EdDSA.
type Key struct {
	Algorithm string
	ID        string // its kid: the thumbprint of RFC 7638, as the server's

	private crypto.Signer
	public  map[string]string // a JWK (RFC 7517)
}

var encoding = base64.RawURLEncoding

// NewKey is a key that no issuer has.
func NewKey(t testing.TB, algorithm string) *Key {
	t.Helper()
	k := &Key{Algorithm: algorithm}
	var err error
	switch algorithm {
	case "RS256":
		err = k.makeRSA()
	case "ES256":
		err = k.makeECDSA()
	case "EdDSA":
		err = k.makeEd25519()
	default:
		t.Fatalf("there are no keys for %q: RS256, ES256 and EdDSA have some", algorithm)
	}
	if err != nil {
		t.Fatal(err)
	}
	thumb, err := json.Marshal(k.public) // what the thumbprint is of is in it now, and maps are written in order
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(thumb)
	k.ID = encoding.EncodeToString(digest[:])
	k.public["kid"], k.public["alg"], k.public["use"] = k.ID, algorithm, "sig"
	return k
}

func (k *Key) makeRSA() error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	k.private = private
	k.public = map[string]string{
		"kty": "RSA", "n": encoding.EncodeToString(private.N.Bytes()), "e": encoding.EncodeToString(big.NewInt(int64(private.E)).Bytes()),
	}
	return nil
}

func (k *Key) makeECDSA() error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		return err
	}
	k.private = private
	k.public = map[string]string{"kty": "EC", "crv": "P-256", "x": encoding.EncodeToString(point[1:33]), "y": encoding.EncodeToString(point[33:])}
	return nil
}

func (k *Key) makeEd25519() error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	k.private = private
	k.public = map[string]string{"kty": "OKP", "crv": "Ed25519", "x": encoding.EncodeToString(public)}
	return nil
}

// Public is the public half as a JWK.
func (k *Key) Public() map[string]string { return k.public }

// Header is the header of the tokens that it signs.
func (k *Key) Header() map[string]any {
	return map[string]any{"alg": k.Algorithm, "kid": k.ID, "typ": "JWT"}
}

// Sign is a token of that header and payload, whatever is in them: in the compact form of RFC 7515.
func (k *Key) Sign(t testing.TB, header map[string]any, payload []byte) string {
	t.Helper()
	head, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	signed := encoding.EncodeToString(head) + "." + encoding.EncodeToString(payload)
	signature, err := k.sign([]byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encoding.EncodeToString(signature)
}

func (k *Key) sign(text []byte) ([]byte, error) {
	digest := sha256.Sum256(text)
	switch private := k.private.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64) // RFC 7518, section 3.4
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	case ed25519.PrivateKey:
		return ed25519.Sign(private, text), nil
	default:
		return k.private.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
}
