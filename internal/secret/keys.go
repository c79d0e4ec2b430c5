// Package secret makes, compares, signs and seals everything that must not be guessed or read.
//
// Four kinds of thing live here, and nowhere else:
//
//   - random values: Token (256 bits, base64url), Code (what a person types), NewID (a row id, not a secret);
//   - digests: a token is stored as its SHA-256 (Digest) and compared in constant time (Equal);
//   - MACs: Keys.Sign and Keys.Verify, HMAC-SHA-256 (RFC 2104) under a subkey of one Purpose;
//   - sealed bytes: Keys.Seal and Keys.Open, AES-256-GCM under a subkey of one Purpose, bound to a context.
//
// A Purpose keeps uses apart: what was signed or sealed for one means nothing to another, since each has a subkey of
// its own (HKDF, RFC 5869). A context (a tenant's id, a row's id) is authenticated with the sealed bytes, so that they
// cannot be moved from one row to another.
//
// There are two levels of Keys. The server's come from VESTIBULE_SECRET_KEY and seal one data key for each tenant. The
// tenant's, made of that data key, do everything else. A tenant's MACs and sealed values are thereby useless in another
// tenant, and die with the tenant's data key.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// Purpose names what a MAC or sealed value is for.
type Purpose string

// The purposes. A name is part of the derivation: changing one makes everything made under it unreadable.
const (
	ForTenantKey     Purpose = "tenant data key"
	ForUserKey       Purpose = "user data key"
	ForSettings      Purpose = "tenant settings"
	ForCSRF          Purpose = "csrf token"
	ForEmailLink     Purpose = "email verification link"
	ForResetLink     Purpose = "password reset link"
	ForSentLink      Purpose = "password link that an operator sent"
	ForMessage       Purpose = "queued message"
	ForCursor        Purpose = "page cursor"
	ForImport        Purpose = "import of users"
	ForCode          Purpose = "mailed code"
	ForLimitKey      Purpose = "rate limit key"
	ForFactor        Purpose = "authenticator"
	ForUser          Purpose = "deleted user"
	ForTrust         Purpose = "trusted browser"
	ForProviderState Purpose = "login by an identity provider"
	ForProviderToken Purpose = "token of an identity provider"
	ForAuditName     Purpose = "name in the audit log"

	ForAuditEvent  Purpose = "event in the audit log"
	ForAuditDigest Purpose = "personal part of an event"
	ForAuditHead   Purpose = "head of the audit log"

	ForRecipient     Purpose = "message recipient"
	ForWebhook       Purpose = "webhook delivery"
	ForWebhookAnswer Purpose = "webhook answer"
	ForWebhookSecret Purpose = "webhook secret"

	ForSigningKey   Purpose = "signing key"
	ForSigningKeyID Purpose = "signing key id"
)

// ErrUnreadable says that sealed bytes were made under another key, for another purpose or context, or were changed.
var ErrUnreadable = errors.New("secret: cannot be opened")

// Keys is a ring of keys: the first signs and seals, all of them verify and open. The zero value is of no use.
type Keys struct {
	ring []ringKey
}

type ringKey struct {
	raw     []byte
	subkeys *sync.Map // Purpose -> *subkey
}

type subkey struct {
	macs sync.Pool // of hash.Hash, keyed and reset
	aead cipher.AEAD
}

// NewKeys is a ring of the given keys, each KeySize bytes.
func NewKeys(raw ...[]byte) (*Keys, error) {
	if len(raw) == 0 {
		return nil, errors.New("secret: no key given")
	}
	k := &Keys{}
	for i, r := range raw {
		if len(r) != KeySize {
			return nil, fmt.Errorf("secret: key %d has %d bytes, not %d", i+1, len(r), KeySize)
		}
		k.ring = append(k.ring, ringKey{raw: append([]byte(nil), r...), subkeys: &sync.Map{}})
	}
	return k, nil
}

// ParseKeys reads a comma-separated list of keys in standard base64, padded or not, each of KeySize bytes. Its errors
// name the key by its place and never repeat it.
func ParseKeys(list string) (*Keys, error) {
	var raw [][]byte
	for i, part := range strings.Split(list, ",") {
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(part), "="))
		if err != nil {
			return nil, fmt.Errorf("key %d is not base64", i+1)
		}
		if len(b) != KeySize {
			return nil, fmt.Errorf("key %d has %d bytes, not %d", i+1, len(b), KeySize)
		}
		raw = append(raw, b)
	}
	return NewKeys(raw...)
}

// First is a ring of the first key alone.
func (k *Keys) First() *Keys { return &Keys{ring: k.ring[:1]} }

// Sign is the 32-byte MAC of parts under the first key. Parts are framed by their length: ("ab", "c") and ("a", "bc")
// have different MACs.
func (k *Keys) Sign(p Purpose, parts ...string) []byte { return k.ring[0].sign(p, parts) }

// Verify reports whether mac is the MAC of parts under any key of the ring, in constant time.
func (k *Keys) Verify(mac []byte, p Purpose, parts ...string) bool {
	ok := false
	for i := range k.ring {
		if hmac.Equal(mac, k.ring[i].sign(p, parts)) {
			ok = true
		}
	}
	return ok
}

// Seal encrypts plain under the first key and binds it to the context. The result carries its nonce.
func (k *Keys) Seal(p Purpose, context string, plain []byte) []byte {
	aead := k.ring[0].sub(p).aead
	nonce := Bytes(aead.NonceSize())
	return aead.Seal(nonce, nonce, plain, []byte(context))
}

// Open decrypts what Seal made for the same purpose and context under any key of the ring, or returns ErrUnreadable.
func (k *Keys) Open(p Purpose, context string, sealed []byte) ([]byte, error) {
	for i := range k.ring {
		aead := k.ring[i].sub(p).aead
		if len(sealed) < aead.NonceSize() {
			break
		}
		nonce, body := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
		if plain, err := aead.Open(nil, nonce, body, []byte(context)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrUnreadable
}

func (r *ringKey) sign(p Purpose, parts []string) []byte {
	s := r.sub(p)
	h := s.macs.Get().(hash.Hash)
	defer s.macs.Put(h)
	h.Reset()
	framed := make([]byte, 0, 256)
	for _, part := range parts {
		framed = binary.BigEndian.AppendUint64(framed, uint64(len(part)))
		framed = append(framed, part...)
	}
	h.Write(framed)
	return h.Sum(make([]byte, 0, sha256.Size))
}

// sub is the subkey of a purpose, derived once.
func (r *ringKey) sub(p Purpose) *subkey {
	if s, ok := r.subkeys.Load(p); ok {
		return s.(*subkey)
	}
	mac := r.derive(string(p) + "/mac")
	s := &subkey{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, mac) }}}
	block, err := aes.NewCipher(r.derive(string(p) + "/seal"))
	if err != nil {
		panic("secret: " + err.Error()) // a derived key always has the length that AES-256 takes
	}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		panic("secret: " + err.Error()) // GCM accepts every AES block
	}
	kept, _ := r.subkeys.LoadOrStore(p, s)
	return kept.(*subkey)
}

func (r *ringKey) derive(info string) []byte {
	b, err := hkdf.Key(sha256.New, r.raw, nil, "vestibule/"+info, KeySize)
	if err != nil {
		panic("secret: " + err.Error()) // 32 bytes are within HKDF's bound
	}
	return b
}

// String keeps keys out of logs, whatever is printed.
func (k *Keys) String() string { return "secret.Keys(hidden)" }

// GoString is String.
func (k *Keys) GoString() string { return k.String() }

// Format is String, for every verb.
func (k *Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) } // fmt has nowhere to say so
