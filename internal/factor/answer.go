package factor

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// The bounds of what a browser sends.
const (
	maxAnswer        = 64 << 10
	maxCredentialID  = 1023 // the specification's (section 4)
	maxTransports    = 8
	maxTransportName = 32
)

// base64url is bytes in JSON as WebAuthn has them: base64url, which this package writes without padding and reads with or
// without.
type base64url []byte

// MarshalText writes them.
func (b base64url) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(b)), nil
}

// UnmarshalText reads them.
func (b *base64url) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(string(text), "="))
	return err
}

// answer is what browsers send (RegistrationResponseJSON and AuthenticationResponseJSON). Members that are not named here, such
// as those by which browsers repeat what is in the others, are not looked at.
type answer struct {
	ID       base64url `json:"id"`
	RawID    base64url `json:"rawId"` // the same
	Type     string    `json:"type"`
	Response struct {
		ClientDataJSON    base64url       `json:"clientDataJSON"`
		AttestationObject base64url       `json:"attestationObject"` // create
		AuthenticatorData base64url       `json:"authenticatorData"` // get, like the other two; at create some browsers repeat it
		Signature         base64url       `json:"signature"`
		UserHandle        base64url       `json:"userHandle"`
		Transports        loose[[]string] `json:"transports"`
	} `json:"response"`
	Extensions loose[struct {
		CredProps struct {
			RK *bool `json:"rk"`
		} `json:"credProps"`
	}] `json:"clientExtensionResults"`
}

// loose is a value that is only a hint: where it is not of its type, it is as if it had not been sent.
type loose[T any] struct{ value T }

// UnmarshalJSON reads it, and never fails.
func (l *loose[T]) UnmarshalJSON(raw []byte) error {
	var v T
	if json.Unmarshal(raw, &v) == nil {
		l.value = v
	}
	return nil
}

// parse reads an answer and checks that it is whole, which is ErrMalformed if not.
func parse(response json.RawMessage, kind string) (answer, error) {
	var a answer
	if len(response) > maxAnswer {
		return answer{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(response))
	}
	if err := json.Unmarshal(response, &a); err != nil {
		return answer{}, fmt.Errorf("%w: not the JSON of a credential", ErrMalformed)
	}
	whole := len(a.Response.AttestationObject) > 0
	if kind == get {
		whole = len(a.Response.AuthenticatorData) > 0 && len(a.Response.Signature) > 0
	}
	switch {
	case a.Type != publicKeyType:
		return answer{}, fmt.Errorf("%w: not of type public-key", ErrMalformed)
	case len(a.ID) == 0 || len(a.ID) > maxCredentialID:
		return answer{}, fmt.Errorf("%w: an id of %d bytes", ErrMalformed, len(a.ID))
	case a.RawID != nil && !bytes.Equal(a.ID, a.RawID):
		return answer{}, fmt.Errorf("%w: id and rawId differ", ErrMalformed)
	case len(a.Response.ClientDataJSON) == 0 || !whole:
		return answer{}, fmt.Errorf("%w: members of response are missing", ErrMalformed)
	}
	return a, nil
}

// AssertedBy reads which credential an assertion claims to come from, and which user it says that it belongs to (nothing, if it
// does not say). Nothing is verified: it tells what to look up.
func AssertedBy(response json.RawMessage) (credentialID, userHandle []byte, err error) {
	a, err := parse(response, get)
	if err != nil {
		return nil, nil, err
	}
	return a.ID, a.Response.UserHandle, nil
}

// clientData is what the browser says of the page that asked. The authenticator signs its digest.
type clientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
	TopOrigin   string `json:"topOrigin"`
}

// asked checks that the browser was asked this question, by a page of ours.
func (rp RelyingParty) asked(c Ceremony, kind string, raw []byte) error {
	if c.Kind != kind || len(c.Challenge) != base64.RawURLEncoding.EncodedLen(challengeBytes) {
		return refused("no such ceremony was begun")
	}
	if c.RPID != rp.ID || rp.ID == "" {
		return refused("the ceremony was begun for another relying party")
	}
	var d clientData
	if err := json.Unmarshal(raw, &d); err != nil {
		return refused("the client data is not JSON")
	}
	switch {
	case d.Type != "webauthn."+kind:
		return refused("of another kind of ceremony")
	case !secret.Equal([]byte(d.Challenge), []byte(c.Challenge)):
		return refused("of another challenge")
	case !slices.Contains(rp.Origins, d.Origin):
		return refused("from another origin")
	case d.CrossOrigin || d.TopOrigin != "":
		return refused("from within another site's page")
	}
	return nil
}

// The flags of authenticator data (section 6.1).
const (
	userPresent    = 1 << 0
	userVerified   = 1 << 2
	backupEligible = 1 << 3
	backedUp       = 1 << 4
	hasKey         = 1 << 6
	hasExtensions  = 1 << 7
)

// What authenticator data begins with, and what the key in it begins with.
const (
	authDataHead = sha256.Size + 1 + 4 // the relying party's digest, flags, counter
	keyHead      = 16 + 2              // AAGUID, length of the id
)

// authData is what the authenticator says of itself and of the key.
type authData struct {
	rpIDHash  []byte
	flags     byte
	count     uint32
	aaguid    []byte // this and the next two: when a key was made
	id        []byte
	publicKey []byte
}

func (d authData) has(flag byte) bool { return d.flags&flag != 0 }

// parseAuthData takes authenticator data apart, to its last byte.
func parseAuthData(raw []byte) (d authData, err error) {
	if len(raw) < authDataHead {
		return d, refused("the authenticator data is cut short")
	}
	d.rpIDHash, d.flags, d.count = raw[:sha256.Size], raw[sha256.Size], binary.BigEndian.Uint32(raw[sha256.Size+1:])
	rest := raw[authDataHead:]
	if d.has(hasKey) {
		if len(rest) < keyHead {
			return d, refused("the authenticator data is cut short")
		}
		size := int(binary.BigEndian.Uint16(rest[keyHead-2:]))
		d.aaguid, rest = rest[:keyHead-2], rest[keyHead:]
		if len(rest) < size {
			return d, refused("the authenticator data is cut short")
		}
		d.id, rest = rest[:size], rest[size:]
		if d.publicKey, rest, err = cborMap(rest); err != nil {
			return d, refused("the key is not CBOR")
		}
	}
	if d.has(hasExtensions) {
		if _, rest, err = cborMap(rest); err != nil {
			return d, refused("the extensions are not CBOR")
		}
	}
	if len(rest) > 0 {
		return d, refused("the authenticator data goes on after its end")
	}
	return d, nil
}

// cborMap cuts the map that raw begins with from what follows it.
func cborMap(raw []byte) (first, rest []byte, err error) {
	var m map[any]webauthncbor.RawMessage
	n, err := webauthncbor.UnmarshalFirst(raw, &m)
	if err != nil {
		return nil, nil, err
	}
	return raw[:n], raw[n:], nil
}

// made checks what holds of every answer: for whom it was made, and that somebody was there.
func (d authData) made(rp RelyingParty, c Ceremony) error {
	id := sha256.Sum256([]byte(rp.ID))
	switch {
	case !secret.Equal(d.rpIDHash, id[:]):
		return refused("for another relying party")
	case !d.has(userPresent):
		return refused("nobody was there")
	case c.UserVerification && !d.has(userVerified):
		return refused("the user was not verified")
	case d.has(backedUp) && !d.has(backupEligible):
		return refused("backed up, which it cannot be")
	}
	return nil
}

// FinishRegistration checks the answer to BeginRegistration and returns the key that was made. The caller must refuse an ID that
// is registered already, to whomever.
func (rp RelyingParty) FinishRegistration(c Ceremony, response json.RawMessage) (Credential, error) {
	a, err := parse(response, create)
	if err != nil {
		return Credential{}, err
	}
	if err := rp.asked(c, create, a.Response.ClientDataJSON); err != nil {
		return Credential{}, err
	}
	d, err := a.attested()
	if err != nil {
		return Credential{}, err
	}
	if err := d.made(rp, c); err != nil {
		return Credential{}, err
	}
	return a.credential(d, rp.ID), nil
}

// attested is what an authenticator said when it made a key, which can be used.
func (a answer) attested() (authData, error) {
	var object struct {
		AuthData []byte `cbor:"authData"`
	}
	if err := webauthncbor.Unmarshal(a.Response.AttestationObject, &object); err != nil {
		return authData{}, refused("the attestation object is not CBOR")
	}
	d, err := parseAuthData(object.AuthData)
	if err != nil {
		return d, err
	}
	if !d.has(hasKey) || !bytes.Equal(d.id, a.ID) {
		return d, refused("it does not hold the key that it names")
	}
	_, err = parseKey(d.publicKey)
	return d, err
}

// credential is a new key.
func (a answer) credential(d authData, rpID string) Credential {
	return Credential{
		ID: bytes.Clone(d.id), PublicKey: bytes.Clone(d.publicKey), SignCount: d.count,
		AAGUID:     fmt.Sprintf("%x-%x-%x-%x-%x", d.aaguid[:4], d.aaguid[4:6], d.aaguid[6:8], d.aaguid[8:10], d.aaguid[10:]),
		Transports: transports(a.Response.Transports.value), BackupEligible: d.has(backupEligible), BackedUp: d.has(backedUp),
		UserVerified: d.has(userVerified), Discoverable: a.Extensions.value.CredProps.RK, RPID: rpID,
	}
}

// ReadRegistration is the key of an answer that was checked elsewhere, when the key was made: by a system that kept the browser's answer
// and whose users come along. What the browser was asked is not known any more; that the key is the relying party's is checked.
func (rp RelyingParty) ReadRegistration(response json.RawMessage) (Credential, error) {
	a, err := parse(response, create)
	if err != nil {
		return Credential{}, err
	}
	d, err := a.attested()
	if err != nil {
		return Credential{}, err
	}
	if err := d.made(rp, Ceremony{}); err != nil {
		return Credential{}, err
	}
	return a.credential(d, rp.ID), nil
}

// Adopt is a key of which another system kept what it needs to know, fit to be kept here: of the ID, the public key and what is known
// besides.
func (rp RelyingParty) Adopt(c Credential) (Credential, error) {
	switch {
	case len(c.ID) == 0 || len(c.ID) > maxCredentialID:
		return Credential{}, fmt.Errorf("%w: an id of %d bytes", ErrMalformed, len(c.ID))
	case c.RPID != "" && c.RPID != rp.ID:
		return Credential{}, refused("the key was made for another relying party")
	case c.BackedUp && !c.BackupEligible:
		return Credential{}, refused("backed up, which it cannot be")
	}
	if _, err := parseKey(c.PublicKey); err != nil {
		return Credential{}, err
	}
	c.RPID, c.Transports = rp.ID, transports(c.Transports)
	return c, nil
}

// transports are those of the browser's hints that can be hints: they are given back to browsers, which know what they mean.
func transports(sent []string) []string {
	var kept []string
	for _, t := range sent {
		if len(kept) < maxTransports && len(t) > 0 && len(t) <= maxTransportName &&
			strings.Trim(t, "abcdefghijklmnopqrstuvwxyz-") == "" {
			kept = append(kept, t)
		}
	}
	return kept
}

// FinishAssertion checks the answer to BeginAssertion against the stored key and the ID of the user whose key it is, and returns
// the key as it is to be stored now. With ErrCounter everything was right but the counter.
func (rp RelyingParty) FinishAssertion(
	c Ceremony, stored Credential, userHandle []byte, response json.RawMessage,
) (updated Credential, err error) {
	a, err := parse(response, get)
	if err != nil {
		return Credential{}, err
	}
	if err := rp.asked(c, get, a.Response.ClientDataJSON); err != nil {
		return Credential{}, err
	}
	said := a.Response.UserHandle
	switch {
	case !bytes.Equal(stored.ID, a.ID):
		return Credential{}, refused("of another key")
	case stored.RPID != rp.ID:
		return Credential{}, refused("the key was made for another relying party")
	case len(said) > 0 && !secret.Equal(said, userHandle):
		return Credential{}, refused("of another user")
	case c.Discoverable && len(said) == 0:
		return Credential{}, refused("it does not say whose it is")
	}
	d, err := parseAuthData(a.Response.AuthenticatorData)
	if err != nil {
		return Credential{}, err
	}
	if err := d.made(rp, c); err != nil {
		return Credential{}, err
	}
	switch {
	case d.has(hasKey):
		return Credential{}, refused("it holds a key, as only a registration does")
	case d.has(backupEligible) != stored.BackupEligible:
		return Credential{}, refused("whether it can be backed up has changed")
	}
	if err := verify(stored.PublicKey, a.Response.AuthenticatorData, a.Response.ClientDataJSON, a.Response.Signature); err != nil {
		return Credential{}, err
	}
	if stored.SignCount > 0 && d.count <= stored.SignCount {
		return Credential{}, fmt.Errorf("%w: from %d to %d", ErrCounter, stored.SignCount, d.count)
	}
	stored.SignCount, stored.BackedUp = d.count, d.has(backedUp)
	return stored, nil
}

func refused(why string) error { return fmt.Errorf("%w: %s", ErrRefused, why) }
