// Package factortest is an authenticator in software, for tests: it answers a browser's WebAuthn options as a browser with a key
// would, and lies where a test tells it to.
//
//	key := factortest.New("https://app.example.org")
//	registration := key.Create(creationOptions) // {"publicKey": {...}}, as the server sent it
//	assertion := key.Get(requestOptions)
//
// An Authenticator holds one key, which it makes anew with each Create. Its fields can be changed between two answers. Options
// that no browser would take make it panic.
//
// It shares no code with what it tests: the CBOR is its own.
package factortest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"sync"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// The algorithms, by their COSE numbers.
const (
	ES256 = -7
	EdDSA = -8
	RS256 = -257
)

// The flags that begin authenticator data, for SetFlags and ClearFlags.
const (
	UserPresent    = 1 << 0
	UserVerified   = 1 << 2
	BackupEligible = 1 << 3
	BackedUp       = 1 << 4
	HasKey         = 1 << 6
	HasExtensions  = 1 << 7
)

const idSize = 32

// Authenticator is an authenticator with one key, and the browser around it.
type Authenticator struct {
	Origin     string // the page that asks
	Algorithm  int    // of the next key
	ID         []byte // of the next key; a new one for each if it is empty
	UserHandle []byte // whose key it is, as it says; Create learns it from the options
	UV         bool   // whether a PIN or a finger is asked for
	Synced     bool   // whether the key is backed up, as passkeys are that follow their owner to other devices
	Count      uint32 // of the last signature; the next one counts one more
	Still      bool   // whether the counter stays at Count
	RK         *bool  // whether the key is discoverable, as the browser says; nil: it does not
	Transports []string

	// Lies. Where one is empty, the truth is told.
	RPID        string // the relying party that it answers to
	Challenge   string // the challenge that it answers
	Type        string // webauthn.create or webauthn.get
	CrossOrigin bool   // from within another site's page
	TopOrigin   string // the page around it
	SetFlags    byte
	ClearFlags  byte
	Format      string                     // of the attestation; "none" if empty
	Statement   []byte                     // of the attestation, as CBOR; an empty map if nil
	AuthData    func(honest []byte) []byte // what it signs in place of its authenticator data
	ClientData  func(honest []byte) []byte // what it signs in place of the browser's client data

	id  []byte
	key crypto.Signer
}

// New is an authenticator that asks for a finger and makes discoverable ES256 keys, in a browser on a page of that origin.
func New(origin string) *Authenticator {
	rk := true
	return &Authenticator{Origin: origin, Algorithm: ES256, UV: true, RK: &rk, Transports: []string{"internal"}}
}

// CredentialID is the id of the key that it holds.
func (a *Authenticator) CredentialID() []byte { return a.id }

// Create makes a key and answers creation options.
func (a *Authenticator) Create(options json.RawMessage) json.RawMessage {
	var o struct {
		PublicKey struct {
			Challenge string `json:"challenge"`
			RP        struct {
				ID string `json:"id"`
			} `json:"rp"`
			User struct {
				ID string `json:"id"`
			} `json:"user"`
		} `json:"publicKey"`
	}
	read(options, &o)
	pk := o.PublicKey
	a.UserHandle = bytesOf(pk.User.ID)
	a.id = a.ID
	if len(a.id) == 0 {
		a.id = secret.Bytes(idSize)
	}
	a.key = newKey(a.Algorithm)
	attested := slices.Concat(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(a.id))), a.id, cose(a.key))
	auth := a.authData(pk.RP.ID, HasKey, attested)
	statement := a.Statement
	if statement == nil {
		statement = head(5, 0)
	}
	response := map[string]any{
		"clientDataJSON": text(a.clientData("webauthn.create", pk.Challenge)),
		"attestationObject": text(slices.Concat(head(5, 3), cborText("fmt"), cborText(or(a.Format, "none")),
			cborText("attStmt"), statement, cborText("authData"), cborBytes(auth))),
		"transports": a.Transports,
	}
	extensions := map[string]any{}
	if a.RK != nil {
		extensions["credProps"] = map[string]any{"rk": *a.RK}
	}
	return a.answer(response, extensions)
}

// Get answers request options with the key of the last Create, whether or not they allow it.
func (a *Authenticator) Get(options json.RawMessage) json.RawMessage {
	var o struct {
		PublicKey struct {
			Challenge string `json:"challenge"`
			RPID      string `json:"rpId"`
		} `json:"publicKey"`
	}
	read(options, &o)
	client := a.clientData("webauthn.get", o.PublicKey.Challenge)
	auth := a.authData(o.PublicKey.RPID, 0, nil)
	digest := sha256.Sum256(client)
	response := map[string]any{
		"clientDataJSON":    text(client),
		"authenticatorData": text(auth),
		"signature":         text(sign(a.key, slices.Concat(auth, digest[:]))),
	}
	if len(a.UserHandle) > 0 {
		response["userHandle"] = text(a.UserHandle)
	}
	return a.answer(response, map[string]any{})
}

func (a *Authenticator) clientData(kind, challenge string) []byte {
	client := map[string]any{
		"type": or(a.Type, kind), "challenge": or(a.Challenge, challenge), "origin": a.Origin, "crossOrigin": a.CrossOrigin,
	}
	if a.TopOrigin != "" {
		client["topOrigin"] = a.TopOrigin
	}
	honest := write(client)
	if a.ClientData != nil {
		return a.ClientData(honest)
	}
	return honest
}

func (a *Authenticator) authData(rpID string, flags byte, attested []byte) []byte {
	if !a.Still {
		a.Count++
	}
	flags |= UserPresent
	if a.UV {
		flags |= UserVerified
	}
	if a.Synced {
		flags |= BackupEligible | BackedUp
	}
	flags = flags&^a.ClearFlags | a.SetFlags
	digest := sha256.Sum256([]byte(or(a.RPID, rpID)))
	honest := slices.Concat(digest[:], []byte{flags}, binary.BigEndian.AppendUint32(nil, a.Count), attested)
	if a.AuthData != nil {
		return a.AuthData(honest)
	}
	return honest
}

func (a *Authenticator) answer(response, extensions map[string]any) json.RawMessage {
	return write(map[string]any{
		"type": "public-key", "id": text(a.id), "rawId": text(a.id), "authenticatorAttachment": "platform",
		"response": response, "clientExtensionResults": extensions,
	})
}

// rsaKey is one for all, since it takes long to make.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(nil, 2048)) })

func newKey(algorithm int) crypto.Signer {
	switch algorithm {
	case ES256:
		return must(ecdsa.GenerateKey(elliptic.P256(), nil))
	case EdDSA:
		return ed25519.NewKeyFromSeed(secret.Bytes(ed25519.SeedSize))
	case RS256:
		return rsaKey()
	}
	panic("factortest: an algorithm that it does not have") // a mistake in the test that asks for it
}

// sign signs as the algorithm of the key says: Ed25519 the message itself, the others its SHA-256.
func sign(key crypto.Signer, message []byte) []byte {
	if _, ok := key.(ed25519.PrivateKey); ok {
		return must(key.Sign(nil, message, crypto.Hash(0)))
	}
	digest := sha256.Sum256(message)
	return must(key.Sign(nil, digest[:], crypto.SHA256))
}

// cose is the public key as COSE has it (RFC 9053).
func cose(key crypto.Signer) []byte {
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		point := must(public.Bytes()) // 0x04, x, y
		return slices.Concat(head(5, 5), cborInt(1), cborInt(2), cborInt(3), cborInt(ES256), cborInt(-1), cborInt(1),
			cborInt(-2), cborBytes(point[1:33]), cborInt(-3), cborBytes(point[33:]))
	case ed25519.PublicKey:
		return slices.Concat(head(5, 4), cborInt(1), cborInt(1), cborInt(3), cborInt(EdDSA), cborInt(-1), cborInt(6),
			cborInt(-2), cborBytes(public))
	case *rsa.PublicKey:
		return slices.Concat(head(5, 4), cborInt(1), cborInt(3), cborInt(3), cborInt(RS256),
			cborInt(-1), cborBytes(public.N.Bytes()), cborInt(-2), cborBytes(big.NewInt(int64(public.E)).Bytes()))
	}
	panic("factortest: a key that it does not have") // newKey makes no others
}

// head begins a CBOR item (RFC 8949): 2 bytes, 3 text, 5 a map, 0 and 1 a number and one below zero.
func head(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 1<<8:
		return []byte{major<<5 | 24, byte(n)}
	default:
		return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
	}
}

func cborInt(n int64) []byte {
	if n < 0 {
		return head(1, uint64(-1-n))
	}
	return head(0, uint64(n))
}

func cborBytes(b []byte) []byte { return append(head(2, uint64(len(b))), b...) }

func cborText(s string) []byte { return append(head(3, uint64(len(s))), s...) }

func or(lie, truth string) string {
	if lie != "" {
		return lie
	}
	return truth
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func bytesOf(s string) []byte {
	return must(base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "=")))
}

func write(v any) json.RawMessage { return must(json.Marshal(v)) }

func read(raw json.RawMessage, v any) {
	if err := json.Unmarshal(raw, v); err != nil {
		panic("factortest: options: " + err.Error()) // what is under test made no options: the test has to stop here
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("factortest: " + err.Error()) // only a mistake in the test makes these fail
	}
	return v
}
