package client_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// passkey is a platform with one passkey (WebAuthn), which its owner unlocks whenever it is asked for.
type passkey struct {
	t      *testing.T
	origin string
	key    *ecdsa.PrivateKey
	id     []byte
	owner  string // the user handle, in base64
	count  uint32
}

// What authenticator data says (WebAuthn, section 6.1): somebody was there, and was verified; a key follows.
const (
	unlocked = 1<<0 | 1<<2
	withKey  = 1 << 6
)

var b64 = base64.RawURLEncoding

// options are those of both ceremonies, as far as this platform reads them.
type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		RP        struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

// read reads options, and is the client data of the answer to them.
func (p *passkey) read(raw json.RawMessage, what string) (o options, clientData []byte) {
	p.t.Helper()
	if err := json.Unmarshal(raw, &o); err != nil || o.PublicKey.Challenge == "" {
		p.t.Fatalf("these are no options: %s %v", raw, err)
	}
	clientData, _ = json.Marshal(map[string]any{"type": what, "challenge": o.PublicKey.Challenge, "origin": p.origin, "crossOrigin": false})
	return o, clientData
}

// data is authenticator data for a relying party.
func (p *passkey) data(rpID string, flags byte) []byte {
	p.count++
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), p.count)
}

func (p *passkey) credential(response map[string]any, rest map[string]any) json.RawMessage {
	all := map[string]any{"id": b64.EncodeToString(p.id), "rawId": b64.EncodeToString(p.id), "type": "public-key", "response": response}
	all["clientExtensionResults"] = rest
	raw, _ := json.Marshal(all)
	return raw
}

// create makes the key anew, and what the server is to keep of it, without an attestation.
func (p *passkey) create(raw json.RawMessage) json.RawMessage {
	p.t.Helper()
	o, clientData := p.read(raw, "webauthn.create")
	var err error
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		p.t.Fatal(err)
	}
	p.id, p.owner, p.count = make([]byte, 32), o.PublicKey.User.ID, 0
	_, _ = rand.Read(p.id)
	point, err := p.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		p.t.Fatal(err)
	}
	data := append(p.data(o.PublicKey.RP.ID, unlocked|withKey), make([]byte, 16)...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(p.id))), p.id...)
	// A COSE key (RFC 9053, section 7.1) for ES256, and an attestation object of the format "none", in CBOR.
	data = append(append(data, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32), point[1:33]...)
	data = append(append(data, 0x22, 0x58, 32), point[33:]...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return p.credential(map[string]any{
		"clientDataJSON": b64.EncodeToString(clientData), "attestationObject": b64.EncodeToString(append(object, data...)),
		"transports": []string{"internal"},
	}, map[string]any{"credProps": map[string]any{"rk": true}})
}

// get shows the key.
func (p *passkey) get(raw json.RawMessage) json.RawMessage {
	p.t.Helper()
	o, clientData := p.read(raw, "webauthn.get")
	data := p.data(o.PublicKey.RPID, unlocked)
	hash := sha256.Sum256(clientData)
	digest := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, digest[:])
	if err != nil {
		p.t.Fatal(err)
	}
	return p.credential(map[string]any{
		"clientDataJSON": b64.EncodeToString(clientData), "authenticatorData": b64.EncodeToString(data),
		"signature": b64.EncodeToString(signature), "userHandle": p.owner,
	}, map[string]any{})
}

func TestPasskeys(t *testing.T) {
	x := tenantWith(t, settings{"account": {"rate_limits": false}, "mfa": {
		"supported_types": []string{"recovery_codes", "webauthn"}, "passkey_login_enabled": true, "webauthn_allow_insecure_origin": true,
	}})
	c, ctx := x.member(t, "ann"), t.Context()
	p := &passkey{t: t, origin: "http://" + x.slug + ".localhost"}
	made, err := c.KeyOptions(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	key, recovery, err := c.AddKey(ctx, client.KeyInput{Name: "Laptop", Credential: p.create(made)})
	if err != nil || !recovery || key.Name != "Laptop" || key.Type != client.WebAuthn || key.ID == 0 {
		t.Fatalf("%+v %v %v", key, recovery, err)
	}
	if key.Passwordless == nil || !*key.Passwordless || key.CreatedAt.IsZero() || !key.LastUsedAt.IsZero() {
		t.Errorf("%+v", key)
	}
	if key, err = c.RenameKey(ctx, key.ID, "Phone"); err != nil || key.Name != "Phone" {
		t.Fatalf("%+v %v", key, err)
	}

	second := x.client(t)
	s, err := second.Login(ctx, client.LoginInput{Email: x.address("ann"), Password: password})
	waits(t, s, err, client.FlowMFAAuthenticate)
	asked, err := second.AuthenticateKeyOptions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s, err = second.AuthenticateByKey(ctx, p.get(asked))
	signedIn(t, s, err)
	if asked, err = second.ReauthenticateKeyOptions(ctx); err != nil {
		t.Fatal(err)
	}
	s, err = second.ReauthenticateByKey(ctx, p.get(asked))
	signedIn(t, s, err)
	if last := s.Methods[len(s.Methods)-1]; !last.Reauthenticated || last.Type != client.WebAuthn || last.ID != key.ID {
		t.Errorf("%+v", s.Methods)
	}

	third := x.client(t)
	if asked, err = third.LoginKeyOptions(ctx); err != nil {
		t.Fatal(err)
	}
	s, err = third.LoginByKey(ctx, p.get(asked))
	signedIn(t, s, err)
	if s.User.Email != x.address("ann") || !s.Methods[0].Passwordless {
		t.Errorf("%+v %+v", s.User, s.Methods)
	}
	if err := third.RemoveKeys(ctx, key.ID); err != nil {
		t.Fatal(err)
	}
	if all, err := third.Authenticators(ctx); err != nil || len(all) != 0 {
		t.Errorf("%+v %v", all, err)
	}
}

func TestSignupByPasskey(t *testing.T) {
	x := tenantWith(t, settings{"account": byCode, "mfa": {
		"supported_types": []string{"webauthn"}, "passkey_login_enabled": true, "passkey_signup_enabled": true,
		"webauthn_allow_insecure_origin": true,
	}})
	c, ctx := x.client(t), t.Context()
	p := &passkey{t: t, origin: "http://" + x.slug + ".localhost"}
	_, err := c.SignupKeyOptions(ctx)
	declined(t, err, http.StatusConflict, "", "")
	s, err := c.SignupByKey(ctx, client.SignupInput{Email: x.address("ann"), Password: "not for this"})
	waits(t, s, err, client.FlowVerifyEmail)
	s, err = c.VerifyEmail(ctx, x.mailed(t, x.address("ann"), 1, codes))
	waits(t, s, err, client.FlowMFASignupByKey)
	made, err := c.SignupKeyOptions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s, err = c.FinishSignupByKey(ctx, client.KeyInput{Name: "Laptop", Credential: p.create(made)})
	signedIn(t, s, err)
	if s.User.HasUsablePassword {
		t.Error("the account has a password")
	}
}
