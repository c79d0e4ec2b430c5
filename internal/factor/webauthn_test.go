package factor_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
)

const (
	host   = "app.example.org"
	origin = "https://" + host
)

var (
	party = factor.RelyingParty{ID: host, Name: "Example", Origins: []string{origin}}
	ann   = factor.User{ID: []byte("0194-ann"), Name: "ann@example.org", DisplayName: "Ann"}

	algorithms = map[string]int{"ES256": factortest.ES256, "EdDSA": factortest.EdDSA, "RS256": factortest.RS256}
)

// register registers the key as one of Ann's.
func register(t testing.TB, key *factortest.Authenticator) factor.Credential {
	t.Helper()
	options, c := party.BeginRegistration(ann, true, nil)
	stored, err := party.FinishRegistration(c, key.Create(options))
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// edit changes members of an answer. A path is a member, or one of response's behind "response.".
func edit(t *testing.T, answer json.RawMessage, changes map[string]any) json.RawMessage {
	t.Helper()
	var a map[string]any
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	for path, value := range changes {
		in := a
		if name, ok := strings.CutPrefix(path, "response."); ok {
			in, path = a["response"].(map[string]any), name
		}
		if in[path] = value; value == nil {
			delete(in, path)
		}
	}
	raw, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// member is what an answer has in response.
func member(t *testing.T, answer json.RawMessage, name string) []byte {
	t.Helper()
	var a struct {
		Response map[string]json.RawMessage `json:"response"`
	}
	var text string
	if err := errors.Join(json.Unmarshal(answer, &a), json.Unmarshal(a.Response[name], &text)); err != nil {
		t.Fatal(err)
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOptionsAreWhatBrowsersRead(t *testing.T) {
	known := []factor.Credential{{ID: []byte{1, 2, 255}, Transports: []string{"usb", "nfc"}}, {ID: []byte{3}}}
	creation := func(c factor.Ceremony, wish string, passwordless bool) map[string]any {
		return map[string]any{
			"rp":        map[string]any{"id": host, "name": "Example"},
			"user":      map[string]any{"id": b64(ann.ID), "name": "ann@example.org", "displayName": "Ann"},
			"challenge": c.Challenge,
			"pubKeyCredParams": []any{
				map[string]any{"type": "public-key", "alg": -7.0}, map[string]any{"type": "public-key", "alg": -8.0},
				map[string]any{"type": "public-key", "alg": -257.0},
			},
			"timeout": 300000.0,
			"authenticatorSelection": map[string]any{
				"residentKey": wish, "requireResidentKey": passwordless, "userVerification": wish,
			},
			"attestation": "none",
			"extensions":  map[string]any{"credProps": true},
			"excludeCredentials": []any{
				map[string]any{"type": "public-key", "id": "AQL_", "transports": []any{"usb", "nfc"}},
				map[string]any{"type": "public-key", "id": "Aw"},
			},
		}
	}
	request := func(c factor.Ceremony, allowed ...any) map[string]any {
		return map[string]any{
			"challenge": c.Challenge, "timeout": 300000.0, "rpId": host, "userVerification": "preferred",
			"allowCredentials": append([]any{}, allowed...),
		}
	}
	factorOptions, factorC := party.BeginRegistration(ann, false, known)
	passkeyOptions, passkeyC := party.BeginRegistration(ann, true, known)
	askedOptions, askedC := party.BeginAssertion(known[1:], false)
	anybodyOptions, anybodyC := party.BeginAssertion(nil, true)
	for name, tc := range map[string]struct {
		options json.RawMessage
		want    map[string]any
		c, kept factor.Ceremony
	}{
		"a second factor": {
			factorOptions, creation(factorC, "discouraged", false),
			factorC, factor.Ceremony{Kind: "create", RPID: host},
		},
		"a passkey": {
			passkeyOptions, creation(passkeyC, "required", true),
			passkeyC, factor.Ceremony{Kind: "create", RPID: host, UserVerification: true},
		},
		"an assertion": {
			askedOptions, request(askedC, map[string]any{"type": "public-key", "id": "Aw"}),
			askedC, factor.Ceremony{Kind: "get", RPID: host},
		},
		"an assertion of anybody": {
			anybodyOptions, request(anybodyC),
			anybodyC, factor.Ceremony{Kind: "get", RPID: host, UserVerification: true, Discoverable: true},
		},
	} {
		var got map[string]any
		if err := json.Unmarshal(tc.options, &got); err != nil {
			t.Fatal(err)
		}
		if want := (map[string]any{"publicKey": tc.want}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%v\nwant\n%v", name, got, want)
		}
		tc.kept.Challenge = tc.c.Challenge
		if tc.c != tc.kept {
			t.Errorf("%s: keeps %+v, want %+v", name, tc.c, tc.kept)
		}
		if raw, err := base64.RawURLEncoding.DecodeString(tc.c.Challenge); err != nil || len(raw) != 32 {
			t.Errorf("%s: a challenge of %d bytes, %v", name, len(raw), err)
		}
	}
	if factorC.Challenge == passkeyC.Challenge || askedC.Challenge == anybodyC.Challenge {
		t.Error("two ceremonies have the same challenge")
	}
}

func TestKeysOfEachAlgorithmProveTheirUser(t *testing.T) {
	for name, algorithm := range algorithms {
		t.Run(name, func(t *testing.T) {
			key := factortest.New(origin)
			key.Algorithm, key.Synced = algorithm, true
			stored := register(t, key)
			rk := true
			if want := (factor.Credential{
				ID: key.CredentialID(), PublicKey: stored.PublicKey, SignCount: 1, AAGUID: "00000000-0000-0000-0000-000000000000",
				Transports: []string{"internal"}, BackupEligible: true, BackedUp: true, UserVerified: true, Discoverable: &rk, RPID: host,
			}); !reflect.DeepEqual(stored, want) {
				t.Errorf("registered %+v, want %+v", stored, want)
			}
			for count := uint32(2); count < 4; count++ {
				stored = keptAsJSON(t, stored)
				options, c := party.BeginAssertion(nil, true)
				response := key.Get(options)
				if id, user, err := factor.AssertedBy(response); err != nil || !bytes.Equal(id, stored.ID) || !bytes.Equal(user, ann.ID) {
					t.Errorf("asserted by %x, %q, %v", id, user, err)
				}
				want := stored
				want.SignCount = count
				var err error
				if stored, err = party.FinishAssertion(keptAsJSON(t, c), stored, ann.ID, response); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(stored, want) {
					t.Errorf("updated to %+v, want %+v", stored, want)
				}
			}
		})
	}
}

// keptAsJSON is v after it was kept in the database.
func keptAsJSON[T any](t *testing.T, v T) (back T) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err := errors.Join(err, json.Unmarshal(raw, &back)); err != nil {
		t.Fatal(err)
	}
	return back
}

// attempt is a ceremony that a test may spoil before it is finished.
type attempt struct {
	key     *factortest.Authenticator
	party   factor.RelyingParty
	c       factor.Ceremony
	stored  factor.Credential // get alone, and the next
	user    []byte
	changes map[string]any // of the answer

	more      bool // a byte more behind the attestation object
	null      bool // whether the answer says null for whose it is
	signature func(honest []byte) []byte
	late      map[string]func(honest []byte) []byte // what is changed after it was signed
}

// spoilt are the ways to spoil either kind of ceremony.
var spoilt = map[string]func(a *attempt){
	"another origin":                func(a *attempt) { a.key.Origin = "https://example.com" },
	"the origin of a sibling host":  func(a *attempt) { a.key.Origin = "https://other.example.org" },
	"the origin of the parent":      func(a *attempt) { a.key.Origin = "https://example.org" },
	"the origin of a host below":    func(a *attempt) { a.key.Origin = "https://a.app.example.org" },
	"an origin that begins alike":   func(a *attempt) { a.key.Origin = origin + ".example.com" },
	"an origin that ends alike":     func(a *attempt) { a.key.Origin = "https://evil-" + host },
	"plain http":                    func(a *attempt) { a.key.Origin = "http://" + host },
	"another port":                  func(a *attempt) { a.key.Origin = origin + ":8443" },
	"an origin with a path":         func(a *attempt) { a.key.Origin = origin + "/" },
	"an origin with somebody in it": func(a *attempt) { a.key.Origin = "https://x@" + host },
	"an origin in capitals":         func(a *attempt) { a.key.Origin = strings.ToUpper(origin) },
	"an app's origin":               func(a *attempt) { a.key.Origin = "android:apk-key-hash:0" },
	"no origin":                     func(a *attempt) { a.key.Origin = "" },
	"no origin is allowed":          func(a *attempt) { a.party.Origins, a.key.Origin = nil, "" },
	"a sibling tenant's key":        func(a *attempt) { a.key.RPID = "other.example.org" },
	"a key of the parent":           func(a *attempt) { a.key.RPID = "example.org" },
	"a ceremony of a sibling tenant": func(a *attempt) {
		a.c.RPID = "other.example.org"
	},
	"a relying party of another name": func(a *attempt) { // whose public address has changed
		a.party.ID, a.key.RPID = "new.example.org", "new.example.org"
	},
	"a relying party of no name": func(a *attempt) {
		a.party.ID, a.c.RPID, a.stored.RPID = "", "", ""
		digest := sha256.Sum256(nil)
		a.key.AuthData = func(honest []byte) []byte { return append(digest[:], honest[len(digest):]...) }
	},
	"another challenge":     func(a *attempt) { a.key.Challenge = b64(make([]byte, 32)) },
	"a challenge cut short": func(a *attempt) { a.key.Challenge = a.c.Challenge[:42] },
	"no challenge": func(a *attempt) {
		a.key.ClientData = func(honest []byte) []byte {
			return bytes.Replace(honest, []byte(a.c.Challenge), nil, 1)
		}
	},
	"no ceremony": func(a *attempt) { a.c = factor.Ceremony{} },
	"a ceremony without a challenge": func(a *attempt) {
		a.key.Challenge, a.c.Challenge = "-", ""
		a.key.ClientData = func(honest []byte) []byte { return bytes.Replace(honest, []byte(`"-"`), []byte(`""`), 1) }
	},
	"within another site":           func(a *attempt) { a.key.CrossOrigin = true },
	"within another site, which is": func(a *attempt) { a.key.CrossOrigin, a.key.TopOrigin = true, "https://example.com" },
	"within its own site": func(a *attempt) {
		a.key.CrossOrigin, a.key.TopOrigin = true, origin
	},
	"a page around it and none":   func(a *attempt) { a.key.TopOrigin = "https://example.com" },
	"nobody was there":            func(a *attempt) { a.key.ClearFlags = factortest.UserPresent },
	"nobody was there, verified":  func(a *attempt) { a.key.ClearFlags, a.key.UV = factortest.UserPresent, true },
	"the user was not verified":   func(a *attempt) { a.key.UV = false },
	"backed up without being so":  func(a *attempt) { a.key.SetFlags = factortest.BackedUp },
	"client data that is no JSON": func(a *attempt) { a.key.ClientData = func([]byte) []byte { return []byte("{") } },
	"client data that is a list":  func(a *attempt) { a.key.ClientData = func([]byte) []byte { return []byte("[]") } },
	"client data and more": func(a *attempt) {
		a.key.ClientData = func(honest []byte) []byte { return append(honest, "{}"...) }
	},
	"cross origin that is text": func(a *attempt) {
		a.key.ClientData = func(honest []byte) []byte { return bytes.Replace(honest, []byte("false"), []byte(`"false"`), 1) }
	},
	"no authenticator data": func(a *attempt) { a.key.AuthData = func([]byte) []byte { return []byte{0} } },
	"a byte less":           func(a *attempt) { a.key.AuthData = func(honest []byte) []byte { return honest[:len(honest)-1] } },
	"a byte more":           func(a *attempt) { a.key.AuthData = func(honest []byte) []byte { return append(honest, 0) } },
	"a CBOR map more":       func(a *attempt) { a.key.AuthData = func(honest []byte) []byte { return append(honest, 0xa0) } },
	"extensions that are missing": func(a *attempt) {
		a.key.SetFlags = factortest.HasExtensions
	},
	"extensions that are a list": func(a *attempt) {
		a.key.SetFlags = factortest.HasExtensions
		a.key.AuthData = func(honest []byte) []byte { return append(honest, 0x80) }
	},
	"extensions and more": func(a *attempt) {
		a.key.SetFlags = factortest.HasExtensions
		a.key.AuthData = func(honest []byte) []byte { return append(honest, 0xa0, 0) }
	},
	"extensions of no end": func(a *attempt) {
		a.key.SetFlags = factortest.HasExtensions
		a.key.AuthData = func(honest []byte) []byte { return append(honest, 0xbf) }
	},
}

// harmless is what looks odd and proves all the same.
var harmless = map[string]func(*attempt){
	"nothing odd": func(*attempt) {},
	"extensions": func(a *attempt) {
		a.key.SetFlags = factortest.HasExtensions
		a.key.AuthData = func(honest []byte) []byte { return append(honest, "\xa1\x6bcredProtect\x02"...) }
	},
	"bits that mean nothing yet": func(a *attempt) { a.key.SetFlags = 1<<1 | 1<<5 },
	"http where it is listed": func(a *attempt) {
		a.key.Origin = "http://" + host
		a.party.Origins = []string{origin, "http://" + host}
	},
	"members that nobody knows": func(a *attempt) {
		a.key.ClientData = func(honest []byte) []byte {
			return append(honest[:len(honest)-1], `,"tokenBinding":{"status":"supported"},"new":[{}]}`...)
		}
	},
	"no word of another site": func(a *attempt) {
		a.key.ClientData = func(honest []byte) []byte { return bytes.Replace(honest, []byte(`"crossOrigin":false,`), nil, 1) }
	},
}

// try finishes ceremonies that were spoilt and some that were not, and checks which of them get through.
func try(t *testing.T, good, bad map[string]func(*attempt), finish func(func(*attempt)) (factor.Credential, error)) {
	t.Helper()
	for _, all := range []map[string]func(*attempt){harmless, good} {
		for name, way := range all {
			if got, err := finish(way); err != nil || got.RPID != host {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, all := range []map[string]func(*attempt){spoilt, bad} {
		for name, way := range all {
			got, err := finish(way)
			if !errors.Is(err, factor.ErrRefused) || errors.Is(err, factor.ErrMalformed) || errors.Is(err, factor.ErrCounter) {
				t.Errorf("%s: %v", name, err)
			}
			if !reflect.DeepEqual(got, factor.Credential{}) {
				t.Errorf("%s: returned %+v", name, got)
			}
		}
	}
}

// The places in the authenticator data of a registration with an id of 32 bytes.
const (
	atFlags  = 32
	atLength = 53 // of the id
	atID     = 55
	atKey    = 87
)

// withKey makes an authenticator show that key, whatever its own is.
func withKey(t *testing.T, members map[int]any) func(*attempt) {
	t.Helper()
	raw, err := webauthncbor.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return func(a *attempt) { a.key.AuthData = func(h []byte) []byte { return append(h[:atKey], raw...) } }
}

func TestRegistrationsThatDoNotVerifyAreRefused(t *testing.T) {
	with := func(change func(h []byte) []byte) func(*attempt) { return func(a *attempt) { a.key.AuthData = change } }
	patch := func(at int, b ...byte) func(*attempt) {
		return with(func(h []byte) []byte {
			copy(h[at:], b)
			return h
		})
	}
	x, y := elliptic.P256().Params().Gx.Bytes(), elliptic.P256().Params().Gy.Bytes()
	x384, y384 := elliptic.P384().Params().Gx.Bytes(), elliptic.P384().Params().Gy.Bytes()
	odd := func(bits int) []byte { // an odd number of so many bits
		n := make([]byte, bits/8)
		n[0], n[len(n)-1] = 0x80, 1
		return n
	}
	e := []byte{1, 0, 1}

	try(t, map[string]func(*attempt){
		"a point of the curve": withKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: y}),
		"an RSA key":           withKey(t, map[int]any{1: 3, 3: -257, -1: odd(2048), -2: e}),
		"a long RSA key":       withKey(t, map[int]any{1: 3, 3: -257, -1: odd(4096), -2: e}),
		"no PIN was asked for": func(a *attempt) { a.key.UV, a.c.UserVerification = false, false },
	}, map[string]func(*attempt){
		"an assertion":                 func(a *attempt) { a.key.Type = "webauthn.get" },
		"a payment":                    func(a *attempt) { a.key.Type = "payment.get" },
		"a ceremony of the other kind": func(a *attempt) { a.c.Kind = "get" },
		"a ceremony of the other kind, answered so": func(a *attempt) {
			a.c.Kind, a.key.Type = "get", "webauthn.get"
		},

		"no key, and its bytes":      func(a *attempt) { a.key.ClearFlags = factortest.HasKey },
		"no key, nor its bytes":      with(func(h []byte) []byte { h[atFlags] &^= factortest.HasKey; return h[:37] }),
		"half of what begins it":     with(func(h []byte) []byte { return h[:atLength] }),
		"what begins it alone":       with(func(h []byte) []byte { return h[:atID] }),
		"an id that goes on":         patch(atLength, 0xff, 0xff),
		"an id that ends early":      patch(atLength, 0, 31),
		"no id":                      with(func(h []byte) []byte { h[atLength+1] = 0; return slices.Concat(h[:atID], h[atKey:]) }),
		"another id":                 patch(atID, make([]byte, 32)...),
		"an id that goes by another": func(a *attempt) { a.changes = map[string]any{"id": "AAAA", "rawId": "AAAA"} },
		"an attestation that is none": func(a *attempt) {
			a.changes = map[string]any{"response.attestationObject": b64([]byte{0x80})}
		},
		"an attestation without data": func(a *attempt) {
			a.changes = map[string]any{"response.attestationObject": b64([]byte{0xa0})}
		},
		"an attestation and more": func(a *attempt) { a.more = true },

		"a key that is no map":         patch(atKey, 0x80),
		"a key of no end":              with(func(h []byte) []byte { return append(append(h[:atKey], 0xbf), append(h[atKey+1:], 0xff)...) }),
		"a member twice":               with(func(h []byte) []byte { h[atKey] = 0xa6; return append(h, 3, 0x26) }),
		"a member twice, at odds":      with(func(h []byte) []byte { h[atKey] = 0xa6; return append(h, 3, 0x27) }),
		"an empty key":                 withKey(t, map[int]any{}),
		"no algorithm":                 withKey(t, map[int]any{1: 2, -1: 1, -2: x, -3: y}),
		"no curve":                     withKey(t, map[int]any{1: 2, 3: -7, -2: x, -3: y}),
		"another curve":                withKey(t, map[int]any{1: 2, 3: -7, -1: 2, -2: x, -3: y}),
		"a point beside the curve":     withKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: x}),
		"half a point":                 withKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: x}),
		"a point cut short":            withKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: x[1:], -3: y}),
		"the point at infinity":        withKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: make([]byte, 32), -3: make([]byte, 32)}),
		"ES384":                        withKey(t, map[int]any{1: 2, 3: -35, -1: 2, -2: x384, -3: y384}),
		"ESP256":                       withKey(t, map[int]any{1: 2, 3: -9, -1: 1, -2: x, -3: y}),
		"a point that says EdDSA":      withKey(t, map[int]any{1: 2, 3: -8, -1: 1, -2: x, -3: y}),
		"a point that says RS256":      withKey(t, map[int]any{1: 2, 3: -257, -1: 1, -2: x, -3: y}),
		"Ed25519 that says ES256":      withKey(t, map[int]any{1: 1, 3: -7, -1: 6, -2: x}),
		"Ed25519 by its newer name":    withKey(t, map[int]any{1: 1, 3: -19, -1: 6, -2: x}),
		"Ed448":                        withKey(t, map[int]any{1: 1, 3: -8, -1: 7, -2: make([]byte, 57)}),
		"an Ed25519 key cut short":     withKey(t, map[int]any{1: 1, 3: -8, -1: 6, -2: x[1:]}),
		"an RSA key that says ES256":   withKey(t, map[int]any{1: 3, 3: -7, -1: odd(2048), -2: e}),
		"RSA with SHA-1":               withKey(t, map[int]any{1: 3, 3: -65535, -1: odd(2048), -2: e}),
		"RSA-PSS":                      withKey(t, map[int]any{1: 3, 3: -37, -1: odd(2048), -2: e}),
		"an RSA key of 1024 bits":      withKey(t, map[int]any{1: 3, 3: -257, -1: odd(1024), -2: e}),
		"one of 2048 with zeros":       withKey(t, map[int]any{1: 3, 3: -257, -1: append(make([]byte, 128), odd(1024)...), -2: e}),
		"an RSA key of 8192 bits":      withKey(t, map[int]any{1: 3, 3: -257, -1: odd(8192), -2: e}),
		"an even modulus":              withKey(t, map[int]any{1: 3, 3: -257, -1: append(odd(2048), 0), -2: e}),
		"an exponent of 1":             withKey(t, map[int]any{1: 3, 3: -257, -1: odd(2048), -2: []byte{1}}),
		"an even exponent":             withKey(t, map[int]any{1: 3, 3: -257, -1: odd(2048), -2: []byte{1, 0, 0}}),
		"an exponent beyond all use":   withKey(t, map[int]any{1: 3, 3: -257, -1: odd(2048), -2: []byte{1, 0, 0, 0, 1}}),
		"no exponent":                  withKey(t, map[int]any{1: 3, 3: -257, -1: odd(2048)}),
		"a shared secret":              withKey(t, map[int]any{1: 4, 3: 5, -1: x}),
		"a kind of key that is coming": withKey(t, map[int]any{1: 7, 3: -49, -1: make([]byte, 1952)}),
	}, func(spoil func(*attempt)) (factor.Credential, error) {
		options, c := party.BeginRegistration(ann, true, nil)
		a := &attempt{key: factortest.New(origin), party: party, c: c}
		spoil(a)
		response := a.key.Create(options)
		if a.more {
			object := append(member(t, response, "attestationObject"), 0)
			a.changes = map[string]any{"response.attestationObject": b64(object)}
		}
		return a.party.FinishRegistration(a.c, edit(t, response, a.changes))
	})
}

func TestAssertionsThatDoNotVerifyAreRefused(t *testing.T) {
	keys := map[string]*factortest.Authenticator{}
	stored := map[string]factor.Credential{}
	for name, algorithm := range algorithms {
		keys[name] = factortest.New(origin)
		keys[name].Algorithm = algorithm
		stored[name] = register(t, keys[name])
	}
	for name, algorithm := range algorithms {
		t.Run(name, func(t *testing.T) {
			flip := func(i int) func(*attempt) {
				return func(a *attempt) {
					a.signature = func(honest []byte) []byte {
						honest[(i+len(honest))%len(honest)] ^= 1
						return honest
					}
				}
			}
			bad := map[string]func(*attempt){
				"a registration":               func(a *attempt) { a.key.Type = "webauthn.create" },
				"a payment":                    func(a *attempt) { a.key.Type = "payment.get" },
				"a ceremony of the other kind": func(a *attempt) { a.c.Kind = "create" },
				"a ceremony of the other kind, answered so": func(a *attempt) {
					a.c.Kind, a.key.Type = "create", "webauthn.create"
				},

				"the key of a sibling tenant": func(a *attempt) { a.stored.RPID = "other.example.org" },
				"a key of nobody knows where": func(a *attempt) { a.stored.RPID = "" },
				"no stored key":               func(a *attempt) { a.stored = factor.Credential{} },
				"another key by its id":       func(a *attempt) { a.stored.ID = []byte("another") },
				"an answer by another id":     func(a *attempt) { a.changes = map[string]any{"id": "AAAA", "rawId": "AAAA"} },
				"another key": func(a *attempt) {
					other := factortest.New(origin)
					other.Algorithm, other.ID = algorithm, a.stored.ID
					if algorithm == factortest.RS256 {
						other.Algorithm = factortest.EdDSA // there is one RSA key in all
					}
					a.stored.PublicKey = register(t, other).PublicKey
				},
				"a stored key of no bytes": func(a *attempt) { a.stored.PublicKey = nil },
				"a stored key and more":    func(a *attempt) { a.stored.PublicKey = append(bytes.Clone(a.stored.PublicKey), 0) },

				"another user":           func(a *attempt) { a.user = []byte("0194-bob") },
				"no user":                func(a *attempt) { a.user = nil },
				"a user who is longer":   func(a *attempt) { a.user = append(bytes.Clone(ann.ID), 0) },
				"an answer of another":   func(a *attempt) { a.changes = map[string]any{"response.userHandle": b64([]byte("0194-bob"))} },
				"an answer of nobody":    func(a *attempt) { a.key.UserHandle = nil },
				"an answer of no name":   func(a *attempt) { a.changes = map[string]any{"response.userHandle": ""} },
				"a key, as at its birth": func(a *attempt) { a.key.SetFlags = factortest.HasKey },
				"a whole key": func(a *attempt) {
					a.key.SetFlags = factortest.HasKey
					a.key.AuthData = func(h []byte) []byte {
						return slices.Concat(h, make([]byte, 16), []byte{0, 32}, a.stored.ID, a.stored.PublicKey)
					}
				},
				"a key that can be copied now":    func(a *attempt) { a.key.SetFlags = factortest.BackupEligible },
				"a key that was copied":           func(a *attempt) { a.key.SetFlags = factortest.BackupEligible | factortest.BackedUp },
				"a key that cannot be any more":   func(a *attempt) { a.stored.BackupEligible = true },
				"a signature changed at its end":  flip(-1),
				"a signature changed within":      flip(20),
				"a signature changed where it is": flip(0),
				"half a signature":                func(a *attempt) { a.signature = func(s []byte) []byte { return s[:len(s)/2] } },
				"a signature and more":            func(a *attempt) { a.signature = func(s []byte) []byte { return append(s, 0) } },
				"a signature of zeros":            func(a *attempt) { a.signature = func(s []byte) []byte { return make([]byte, len(s)) } },
				"a signature of zero and zero": func(a *attempt) {
					a.signature = func([]byte) []byte { return []byte("\x30\x06\x02\x01\x00\x02\x01\x00") }
				},
				"client data that was not signed": func(a *attempt) {
					a.late = map[string]func([]byte) []byte{"clientDataJSON": func(b []byte) []byte { return append(b, ' ') }}
				},
				"a counter that was not signed": func(a *attempt) {
					a.late = map[string]func([]byte) []byte{"authenticatorData": func(b []byte) []byte { b[33]++; return b }}
				},
				"user verification that was not signed": func(a *attempt) {
					a.key.UV = false
					a.late = map[string]func([]byte) []byte{
						"authenticatorData": func(b []byte) []byte { b[atFlags] |= factortest.UserVerified; return b },
					}
				},
			}
			for other := range algorithms {
				if other != name {
					bad["a key of "+other] = func(a *attempt) { a.stored.PublicKey = stored[other].PublicKey }
					bad["a signature by "+other] = func(a *attempt) {
						id := a.stored.ID
						a.key = factortest.New(origin)
						a.key.Algorithm, a.key.ID, a.key.Count = algorithms[other], id, a.stored.SignCount
						register(t, a.key)
					}
				}
			}
			try(t, map[string]func(*attempt){
				"no PIN where none is asked for": func(a *attempt) { a.key.UV, a.c.UserVerification = false, false },
				"no name where one is known":     func(a *attempt) { a.key.UserHandle, a.c.Discoverable = nil, false },
				"an empty name where one is known": func(a *attempt) {
					a.c.Discoverable, a.changes = false, map[string]any{"response.userHandle": ""}
				},
				"a name that is null where one is known": func(a *attempt) { a.c.Discoverable, a.null = false, true },
			}, bad, func(spoil func(*attempt)) (factor.Credential, error) {
				options, c := party.BeginAssertion(nil, true)
				key := *keys[name]
				a := &attempt{key: &key, party: party, c: c, stored: stored[name], user: ann.ID, changes: map[string]any{}}
				spoil(a)
				response := a.key.Get(options)
				if a.signature != nil {
					a.changes["response.signature"] = b64(a.signature(member(t, response, "signature")))
				}
				for part, change := range a.late {
					a.changes["response."+part] = b64(change(member(t, response, part)))
				}
				if a.null {
					a.changes["response.userHandle"] = json.RawMessage("null")
				}
				return a.party.FinishAssertion(a.c, a.stored, a.user, edit(t, response, a.changes))
			})
		})
	}
}

func TestACounterThatDoesNotRiseIsFoundOut(t *testing.T) {
	key := factortest.New(origin)
	key.Still = true
	stored := register(t, key)
	for _, tc := range []struct {
		kept, shown uint32
		ok          bool
	}{
		{0, 0, true}, {0, 1, true}, {1, 2, true}, {1, 1 << 31, true}, {1<<32 - 2, 1<<32 - 1, true},
		{1, 1, false}, {2, 1, false}, {1, 0, false}, {1<<32 - 1, 1<<32 - 1, false}, {1<<32 - 1, 0, false}, {1 << 31, 1<<31 - 1, false},
	} {
		stored.SignCount, key.Count = tc.kept, tc.shown
		options, c := party.BeginAssertion(nil, true)
		got, err := party.FinishAssertion(c, stored, ann.ID, key.Get(options))
		switch {
		case tc.ok && (err != nil || got.SignCount != tc.shown):
			t.Errorf("from %d to %d: %d, %v", tc.kept, tc.shown, got.SignCount, err)
		case !tc.ok && (!errors.Is(err, factor.ErrCounter) || !errors.Is(err, factor.ErrRefused) || got.ID != nil):
			t.Errorf("from %d to %d: %+v, %v", tc.kept, tc.shown, got, err)
		}
	}
	// Whoever does not have the key says nothing about its counter.
	stored.SignCount, key.Count = 9, 3
	options, c := party.BeginAssertion(nil, true)
	forged := edit(t, key.Get(options), map[string]any{"response.signature": b64(make([]byte, 70))})
	if _, err := party.FinishAssertion(c, stored, ann.ID, forged); !errors.Is(err, factor.ErrRefused) || errors.Is(err, factor.ErrCounter) {
		t.Errorf("a forged answer: %v", err)
	}
}

func TestWhetherAKeyIsBackedUpIsKept(t *testing.T) {
	key := factortest.New(origin)
	key.SetFlags = factortest.BackupEligible
	stored := register(t, key)
	if !stored.BackupEligible || stored.BackedUp {
		t.Fatalf("registered %+v", stored)
	}
	for _, backedUp := range []bool{true, false, true} {
		key.SetFlags = factortest.BackupEligible
		if backedUp {
			key.SetFlags |= factortest.BackedUp
		}
		options, c := party.BeginAssertion(nil, true)
		var err error
		if stored, err = party.FinishAssertion(c, stored, ann.ID, key.Get(options)); err != nil || stored.BackedUp != backedUp {
			t.Errorf("backed up is %v, %v; want %v", stored.BackedUp, err, backedUp)
		}
	}
}

// A key that was made without a PIN may be used with one later; what it was made with stays as it was.
func TestUserVerificationAtRegistrationIsKept(t *testing.T) {
	key := factortest.New(origin)
	key.UV = false
	options, c := party.BeginRegistration(ann, false, nil)
	stored, err := party.FinishRegistration(c, key.Create(options))
	if err != nil || stored.UserVerified {
		t.Fatalf("registered %+v, %v", stored, err)
	}
	key.UV = true
	options, c = party.BeginAssertion([]factor.Credential{stored}, true)
	if stored, err = party.FinishAssertion(c, stored, ann.ID, key.Get(options)); err != nil || stored.UserVerified {
		t.Errorf("updated %+v, %v", stored, err)
	}
}

// Attestation is not asked for. What is sent all the same is not read, so that nobody is kept out by it and nobody gains by it.
func TestAttestationStatementsAreNotRead(t *testing.T) {
	for _, format := range []string{"packed", "fido-u2f", "apple", "compound", "of-tomorrow"} {
		for name, statement := range map[string][]byte{"none": {0xa0}, "a list": {0x80}, "nonsense": []byte("\xa1\x63sig\x41\x00")} {
			key := factortest.New(origin)
			key.Format, key.Statement = format, statement
			options, c := party.BeginRegistration(ann, true, nil)
			if _, err := party.FinishRegistration(c, key.Create(options)); err != nil {
				t.Errorf("%s with %s: %v", format, name, err)
			}
		}
	}
}

func TestAnswersAreReadAsBrowsersWriteThem(t *testing.T) {
	padded := func(b []byte) string { return base64.URLEncoding.EncodeToString(b) }
	key := factortest.New(origin)
	options, c := party.BeginRegistration(ann, true, nil)
	created := key.Create(options)
	stored, err := party.FinishRegistration(c, created)
	if err != nil {
		t.Fatal(err)
	}
	for name, changes := range map[string]map[string]any{
		"padding": {
			"id": padded(stored.ID), "rawId": padded(stored.ID),
			"response.clientDataJSON":    padded(member(t, created, "clientDataJSON")),
			"response.attestationObject": padded(member(t, created, "attestationObject")),
		},
		"all that toJSON writes": {
			"response.publicKey": "AAAA", "response.publicKeyAlgorithm": -7, "response.authenticatorData": "AAAA",
		},
		"no rawId": {"rawId": nil},
		"nothing but what is asked": {
			"rawId": nil, "authenticatorAttachment": nil, "clientExtensionResults": nil, "response.transports": nil,
		},
		"odd extensions":            {"clientExtensionResults": []int{1}, "response.transports": "usb"},
		"odd credProps":             {"clientExtensionResults": map[string]any{"credProps": map[string]any{"rk": "yes"}}},
		"members that nobody knows": {"clientExtensionResults": map[string]any{"appid": 7}, "x": []int{}, "response.x": map[string]any{}},
	} {
		got, err := party.FinishRegistration(c, edit(t, created, changes))
		if err != nil || !bytes.Equal(got.PublicKey, stored.PublicKey) {
			t.Errorf("%s: %v", name, err)
		}
		if _, says := changes["clientExtensionResults"]; (got.Discoverable == nil) != says {
			t.Errorf("%s: discoverable is %v", name, got.Discoverable)
		}
	}
	for _, rk := range []bool{true, false} {
		got, err := party.FinishRegistration(c, edit(t, created, map[string]any{
			"clientExtensionResults": map[string]any{"credProps": map[string]any{"rk": rk}},
		}))
		if err != nil || got.Discoverable == nil || *got.Discoverable != rk {
			t.Errorf("credProps.rk %v: %v, %v", rk, got.Discoverable, err)
		}
	}
	many := append([]string{"hybrid", "", "smart-card", "<b>", strings.Repeat("a", 33), "USB"}, slices.Repeat([]string{"usb"}, 99)...)
	got, err := party.FinishRegistration(c, edit(t, created, map[string]any{"response.transports": many}))
	if want := []string{"hybrid", "smart-card", "usb", "usb", "usb", "usb", "usb", "usb"}; err != nil || !slices.Equal(got.Transports, want) {
		t.Errorf("transports %q, %v", got.Transports, err)
	}

	options, c = party.BeginAssertion(nil, true)
	asserted := key.Get(options)
	changed := map[string]any{"id": padded(stored.ID), "rawId": padded(stored.ID)}
	for _, name := range []string{"clientDataJSON", "authenticatorData", "signature", "userHandle"} {
		changed["response."+name] = padded(member(t, asserted, name))
	}
	if _, err := party.FinishAssertion(c, stored, ann.ID, edit(t, asserted, changed)); err != nil {
		t.Errorf("padding in an assertion: %v", err)
	}
}

func TestWhatIsNoCredentialIsMalformed(t *testing.T) {
	key := factortest.New(origin)
	createOptions, createC := party.BeginRegistration(ann, true, nil)
	created := key.Create(createOptions)
	stored, err := party.FinishRegistration(createC, created)
	if err != nil {
		t.Fatal(err)
	}
	getOptions, getC := party.BeginAssertion(nil, true)
	asserted := key.Get(getOptions)

	check := func(name string, errs ...error) {
		t.Helper()
		for i, err := range errs {
			if !errors.Is(err, factor.ErrMalformed) || errors.Is(err, factor.ErrRefused) {
				t.Errorf("%s (%d): %v", name, i, err)
			}
		}
	}
	assert := func(response json.RawMessage) (errs []error) {
		_, finish := party.FinishAssertion(getC, stored, ann.ID, response)
		id, user, by := factor.AssertedBy(response)
		if id != nil || user != nil {
			t.Errorf("%s is asserted by %x, %x", response, id, user)
		}
		return []error{finish, by}
	}
	create := func(response json.RawMessage) error {
		_, err := party.FinishRegistration(createC, response)
		return err
	}
	for _, raw := range []string{
		"", " ", "null", `"nonsense"`, "7", "[]", "{}", "{", `{"id":1}`, string(created) + "x", strings.Repeat("[", 70000),
		strings.Repeat("[", 60000),
	} {
		check(raw[:min(len(raw), 20)], append(assert(json.RawMessage(raw)), create(json.RawMessage(raw)))...)
	}
	for name, changes := range map[string]map[string]any{
		"no id": {"id": nil}, "an empty id": {"id": "", "rawId": ""}, "an id that is a number": {"id": 7}, "an id in hex": {"id": "zz!"},
		"an id of another alphabet": {"id": "++//", "rawId": "++//"}, "an id with bits to spare": {"id": "AB", "rawId": "AB"},
		"two ids": {"rawId": "AAAA"}, "an empty rawId": {"rawId": ""},
		"a long id":   {"id": b64(make([]byte, 1024)), "rawId": b64(make([]byte, 1024))},
		"no type":     {"type": nil},
		"a password":  {"type": "password"},
		"no response": {"response": nil}, "a response that is text": {"response": "x"}, "no client data": {"response.clientDataJSON": nil},
		"client data that is not encoded": {"response.clientDataJSON": map[string]any{"type": "webauthn.get"}},
		"too much":                        {"x": strings.Repeat("a", 64<<10)},
		"too much of what is read":        {"response.clientDataJSON": b64(make([]byte, 64<<10))},
	} {
		check(name, append(assert(edit(t, asserted, changes)), create(edit(t, created, changes)))...)
	}
	for _, value := range []any{nil, "", 7, "!"} {
		check("attestationObject", create(edit(t, created, map[string]any{"response.attestationObject": value})))
	}
	for _, part := range []string{"authenticatorData", "signature"} {
		for _, value := range []any{nil, "", 7, "!"} {
			check(part, assert(edit(t, asserted, map[string]any{"response." + part: value}))...)
		}
	}
	check("a user who is a number", assert(edit(t, asserted, map[string]any{"response.userHandle": 7}))...)
	check("a registration for an assertion", assert(created)...)
	check("an assertion for a registration", create(asserted))

	room := (64 << 10) - len(edit(t, asserted, map[string]any{"x": ""}))
	full := edit(t, asserted, map[string]any{"x": strings.Repeat("a", room)})
	if _, err := party.FinishAssertion(getC, stored, ann.ID, full); err != nil {
		t.Errorf("64 KiB: %v", err)
	}
	check("64 KiB and a byte", assert(edit(t, asserted, map[string]any{"x": strings.Repeat("a", room+1)}))...)
}

func TestErrorsRepeatNothingThatWasSent(t *testing.T) {
	const said = "do-not-repeat-me"
	key := factortest.New(origin)
	key.Origin = "https://" + said
	options, c := party.BeginRegistration(ann, true, nil)
	for _, response := range []json.RawMessage{
		key.Create(options), json.RawMessage(`{"type":"` + said + `"}`), json.RawMessage(`"` + said + `"`), json.RawMessage(said),
		json.RawMessage(`{"id":"` + said + `!","type":"public-key"}`), json.RawMessage(`{"id":{"` + said + `":1}}`),
	} {
		if _, err := party.FinishRegistration(c, response); err == nil || strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v", response, err)
		}
	}
}

func BenchmarkFinishAssertion(b *testing.B) {
	for name, algorithm := range algorithms {
		b.Run(name, func(b *testing.B) {
			key := factortest.New(origin)
			key.Algorithm = algorithm
			stored := register(b, key)
			options, c := party.BeginAssertion(nil, true)
			response := key.Get(options)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := party.FinishAssertion(c, stored, ann.ID, response); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
