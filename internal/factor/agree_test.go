package factor_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
)

// hexed is bytes that a file of vectors has in hexadecimal.
type hexed []byte

func (h *hexed) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// vector is a ceremony of either kind with one key.
type vector struct {
	Section      string `json:"section"`
	Name         string `json:"name"`
	Refused      bool   `json:"refused"` // what others may accept: frames of other sites, algorithms that were not asked for
	CredentialID hexed  `json:"credential_id"`
	Create       struct {
		Challenge         hexed `json:"challenge"`
		ClientData        hexed `json:"client_data"`
		AttestationObject hexed `json:"attestation_object"`
	} `json:"create"`
	Get struct {
		Challenge         hexed `json:"challenge"`
		ClientData        hexed `json:"client_data"`
		AuthenticatorData hexed `json:"authenticator_data"`
		Signature         hexed `json:"signature"`
	} `json:"get"`
}

var (
	example = factor.RelyingParty{ID: "example.org", Name: "Example", Origins: []string{"https://example.org"}}
	nobody  = []byte("nobody") // the vectors say nothing of users
)

// vectors are those of WebAuthn Level 3, section 16, but for what differs in the attestation alone.
func vectors(t testing.TB) (all []vector) {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err := errors.Join(err, json.Unmarshal(raw, &all)); err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	return all
}

func registration(id, clientData, attestationObject []byte) json.RawMessage {
	return answerOf(id, map[string]any{"clientDataJSON": b64(clientData), "attestationObject": b64(attestationObject)})
}

func assertion(id, clientData, authenticatorData, signature, user []byte) json.RawMessage {
	return answerOf(id, map[string]any{
		"clientDataJSON": b64(clientData), "authenticatorData": b64(authenticatorData), "signature": b64(signature),
		"userHandle": b64(user),
	})
}

func answerOf(id []byte, response map[string]any) json.RawMessage {
	raw, err := json.Marshal(map[string]any{"type": "public-key", "id": b64(id), "rawId": b64(id), "response": response})
	if err != nil {
		panic(err) // there is nothing in it but text
	}
	return raw
}

func TestTheVectorsOfTheSpecification(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			c := factor.Ceremony{Kind: "create", Challenge: b64(v.Create.Challenge), RPID: example.ID}
			stored, err := example.FinishRegistration(c, registration(v.CredentialID, v.Create.ClientData, v.Create.AttestationObject))
			if v.Refused {
				if !errors.Is(err, factor.ErrRefused) {
					t.Errorf("section %s: the registration: %v", v.Section, err)
				}
				return
			}
			if err != nil || !bytes.Equal(stored.ID, v.CredentialID) {
				t.Fatalf("section %s: the registration: %v", v.Section, err)
			}
			c = factor.Ceremony{Kind: "get", Challenge: b64(v.Get.Challenge), RPID: example.ID}
			response := assertion(v.CredentialID, v.Get.ClientData, v.Get.AuthenticatorData, v.Get.Signature, nil)
			if _, err := example.FinishAssertion(c, stored, nobody, response); err != nil {
				t.Errorf("section %s: the assertion: %v", v.Section, err)
			}
		})
	}
}

// agreesToCreate checks that go-webauthn accepts a registration too. The attestation is left out, since it is not asked for.
func agreesToCreate(t *testing.T, rp factor.RelyingParty, c factor.Ceremony, id, clientData, attestationObject []byte) {
	t.Helper()
	parsed, err := protocol.CredentialCreationResponse{
		PublicKeyCredential: protocol.PublicKeyCredential{
			Credential: protocol.Credential{ID: b64(id), Type: "public-key"}, RawID: id,
		},
		AttestationResponse: protocol.AuthenticatorAttestationResponse{
			AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: clientData}, AttestationObject: attestationObject,
		},
	}.Parse()
	if err != nil {
		t.Fatalf("go-webauthn reads no registration: %v", err)
	}
	parsed.Response.AttestationObject.Format, parsed.Response.AttestationObject.AttStatement = "none", nil
	_, err = parsed.Verify(c.Challenge, rp.ID, rp.Origins, nil, nil, protocol.TopOriginExplicitVerificationMode, false,
		c.UserVerification, true, nil, []protocol.CredentialParameter{
			{Algorithm: webauthncose.AlgES256}, {Algorithm: webauthncose.AlgEdDSA}, {Algorithm: webauthncose.AlgRS256},
		}, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		t.Fatalf("go-webauthn refuses the registration: %v", err)
	}
}

// agreesToGet is the same for an assertion.
func agreesToGet(
	t *testing.T, rp factor.RelyingParty, c factor.Ceremony, stored factor.Credential, clientData, authData, signature []byte,
) {
	t.Helper()
	parsed, err := protocol.CredentialAssertionResponse{
		PublicKeyCredential: protocol.PublicKeyCredential{
			Credential: protocol.Credential{ID: b64(stored.ID), Type: "public-key"}, RawID: stored.ID,
		},
		AssertionResponse: protocol.AuthenticatorAssertionResponse{
			AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: clientData},
			AuthenticatorData:     authData, Signature: signature,
		},
	}.Parse()
	if err != nil {
		t.Fatalf("go-webauthn reads no assertion: %v", err)
	}
	if err := parsed.Verify(c.Challenge, rp.ID, "", rp.Origins, nil, nil, protocol.TopOriginExplicitVerificationMode, false,
		c.UserVerification, true, stored.PublicKey, protocol.SignaturePolicy{}); err != nil {
		t.Fatalf("go-webauthn refuses the assertion: %v", err)
	}
}

// known are the errors that there are.
func known(err error) bool {
	return errors.Is(err, factor.ErrMalformed) || errors.Is(err, factor.ErrRefused)
}

// FuzzFinishRegistration looks for registrations that are accepted here and refused by go-webauthn, for a key that cannot be
// used, and for what ends the program.
func FuzzFinishRegistration(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add([]byte(v.Create.Challenge), []byte(v.CredentialID), []byte(v.Create.ClientData), []byte(v.Create.AttestationObject), false)
	}
	f.Fuzz(func(t *testing.T, challenge, id, clientData, attestationObject []byte, requireUV bool) {
		c := factor.Ceremony{Kind: "create", Challenge: b64(challenge), RPID: example.ID, UserVerification: requireUV}
		stored, err := example.FinishRegistration(c, registration(id, clientData, attestationObject))
		if err != nil {
			if !known(err) || stored.ID != nil {
				t.Fatalf("%+v, %v", stored, err)
			}
			return
		}
		agreesToCreate(t, example, c, id, clientData, attestationObject)
		digest := sha256.Sum256([]byte(example.ID))
		flags := byte(factortest.UserPresent | factortest.UserVerified)
		if stored.BackupEligible {
			flags |= factortest.BackupEligible
		}
		authData := slices.Concat(digest[:], []byte{flags, 0xff, 0xff, 0xff, 0xff})
		forged := assertion(id, bytes.Replace(clientData, []byte(".create"), []byte(".get"), 1), authData, id, nil)
		c.Kind = "get"
		if _, err := example.FinishAssertion(c, stored, nobody, forged); !errors.Is(err, factor.ErrRefused) {
			t.Fatalf("a forged assertion: %v", err)
		}
	})
}

// FuzzFinishAssertion looks for the same in assertions, with the keys of the vectors.
func FuzzFinishAssertion(f *testing.F) {
	var keys []factor.Credential
	for _, v := range vectors(f) {
		c := factor.Ceremony{Kind: "create", Challenge: b64(v.Create.Challenge), RPID: example.ID}
		stored, err := example.FinishRegistration(c, registration(v.CredentialID, v.Create.ClientData, v.Create.AttestationObject))
		if err != nil {
			continue // one of those that are refused
		}
		f.Add(uint8(len(keys)), []byte(v.Get.Challenge), []byte(v.Get.ClientData), []byte(v.Get.AuthenticatorData),
			[]byte(v.Get.Signature), []byte{}, uint32(0), false)
		keys = append(keys, stored)
	}
	f.Fuzz(func(t *testing.T, key uint8, challenge, clientData, authData, signature, user []byte, count uint32, requireUV bool) {
		stored := keys[int(key)%len(keys)]
		stored.SignCount = count
		c := factor.Ceremony{Kind: "get", Challenge: b64(challenge), RPID: example.ID, UserVerification: requireUV}
		got, err := example.FinishAssertion(c, stored, nobody, assertion(stored.ID, clientData, authData, signature, user))
		if err != nil {
			if !known(err) || got.ID != nil {
				t.Fatalf("%+v, %v", got, err)
			}
			return
		}
		agreesToGet(t, example, c, stored, clientData, authData, signature)
		if len(user) > 0 && !bytes.Equal(user, nobody) || count > 0 && got.SignCount <= count {
			t.Fatalf("accepted for %q, at count %d after %d", user, got.SignCount, count)
		}
	})
}

// FuzzAnswer reads whatever somebody sends in place of a credential.
func FuzzAnswer(f *testing.F) {
	key := factortest.New(origin)
	stored := register(f, key)
	options, create := party.BeginRegistration(ann, true, nil)
	f.Add([]byte(key.Create(options)))
	options, get := party.BeginAssertion(nil, true)
	f.Add([]byte(key.Get(options)))
	f.Add([]byte(`{"id":"AA","type":"public-key","response":{"clientDataJSON":"e30","transports":[7],"userHandle":null}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, user, err := factor.AssertedBy(raw)
		if (err == nil) != (len(id) > 0) || err != nil && (!errors.Is(err, factor.ErrMalformed) || user != nil) {
			t.Fatalf("asserted by %x, %x, %v", id, user, err)
		}
		if got, err := party.FinishRegistration(create, raw); (err == nil) != (got.ID != nil) || err != nil && !known(err) {
			t.Fatalf("%+v, %v", got, err)
		}
		if got, err := party.FinishAssertion(get, stored, ann.ID, raw); (err == nil) != (got.ID != nil) || err != nil && !known(err) {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}
