package passhash

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatIsFastToGuessAtIsWrapped(t *testing.T) {
	h := New(Options{})
	weak := map[string]bool{}
	for _, tc := range formats {
		if !h.Weak(tc.encoded) {
			if strings.Contains(tc.name, "ssha") || strings.Contains(tc.name, "md5") || strings.Contains(tc.name, "salt") {
				t.Errorf("%s is not weak", tc.name)
			}
			continue
		}
		weak[tc.name] = true
		t.Run(tc.name, func(t *testing.T) {
			kept, err := h.For("acme").Wrap(t.Context(), quick, tc.encoded)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Check(kept); err != nil || h.Weak(kept) || len(kept) > 2048 {
				t.Errorf("%s is not fit to be kept: %v", kept, err)
			}
			stored, _, err := inBounds.parse(tc.encoded)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(kept, rawBase64(stored.key)) || strings.Contains(kept, tc.encoded[len(tc.encoded)-12:]) {
				t.Errorf("%s still has the fast hash in it", kept)
			}
			if ok, upgrade := verify(t, h, quick, kept, tc.password); !ok || !upgrade {
				t.Errorf("the right password matches: %v, upgrade: %v", ok, upgrade)
			}
			for _, wrong := range []string{"", tc.password + "x", string(stored.key)} {
				if ok, _ := verify(t, h, quick, kept, wrong); ok {
					t.Errorf("%q matches", wrong)
				}
			}
			again, err := h.For("acme").Wrap(t.Context(), quick, tc.encoded)
			if err != nil || again == kept {
				t.Errorf("two wrapped hashes have one salt: %v", err)
			}
		})
	}
	for _, name := range []string{"django sha1", "md5 without salt", "ldap ssha", "ldap sha", "django pbkdf2 sha256", "asp.net identity 2"} {
		if !weak[name] {
			t.Errorf("%s is not weak", name)
		}
	}
	for _, name := range []string{"our own", "asp.net identity 3", "bcrypt 2b", "firebase scrypt"} {
		if weak[name] {
			t.Errorf("%s is weak", name)
		}
	}
	for _, encoded := range []string{"letmein", "", formats[0].encoded, "$2b$05$abcdefghijklmnopqrstuu2c1e4vZoCxDVRU9N6VCSSmNg4cQa1Ve"} {
		if _, err := h.For("acme").Wrap(t.Context(), quick, encoded); !errors.Is(err, ErrUnsupported) || h.Weak(encoded) {
			t.Errorf("%q is wrapped: %v", encoded, err)
		}
	}
}

func TestHostileWrappedHashesAreRefused(t *testing.T) {
	h := New(Options{})
	h.before = func() { t.Error("work was done") }
	const tail = "$argon2id$v=19$m=64,t=1,p=1$8PHy8/T19vf4+fr7/P3+/w$azddZ76BEhVa9dYpbTivsNCJp3qJ6/hEFyBNKrzZLms"
	for name, encoded := range map[string]string{
		"no inner hash":                 "$wrapped$" + tail[1:],
		"an unknown digest":             "$wrapped$sha3:first:AAAA" + tail,
		"a salt at no place":            "$wrapped$sha1:middle:AAAA" + tail,
		"a salt that is no base64":      "$wrapped$sha1:first:***" + tail,
		"a huge salt":                   "$wrapped$sha1:first:" + strings.Repeat("AAAA", 100) + tail,
		"too many rounds":               "$wrapped$pbkdf2-sha256:5000001,32:AAAA" + tail,
		"a key of two blocks":           "$wrapped$pbkdf2-sha256:1000,64:AAAA" + tail,
		"a huge key":                    "$wrapped$pbkdf2-sha256:1000,4294967295:AAAA" + tail,
		"md5 in pbkdf2":                 "$wrapped$pbkdf2-md5:1000,16:AAAA" + tail,
		"an outer hash out of bounds":   "$wrapped$sha1:first:AAAA$argon2id$v=19$m=4194304,t=1,p=1" + tail[28:],
		"an outer hash of another sort": "$wrapped$sha1:first:AAAA$argon2i" + tail[9:],
		"no outer hash":                 "$wrapped$sha1:first:AAAA",
		"a wrapped one within":          "$wrapped$wrapped:first:AAAA" + tail,
		"a digest that is too short":    "$digest$sha256:first:AAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"PBKDF2 behind $digest$":        "$digest$pbkdf2-sha1:1,20:AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"hex that is cut short":         "sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2d",
		"hex that is none":              "md5$seasalt$zz86d0d3d465b7b458c231bf3555c0e3",
		"ldap without its end":          "{SSHA",
		"ldap of an unknown scheme":     "{CRYPT}abcdefghijklm",
		"ldap without its salt":         "{SSHA}bROMo65UVjGzq9caTwds51nFcAs=",
		"ldap with a salt too many":     "{SHA}5iK7YuNaw/Q3abqX7Uhz8joACVVzYWx0c2FsdA==",
		"werkzeug md5":                  "pbkdf2:md5:1000$seasalt$26066bc977b619af32b20e976f390ba5",
		"werkzeug with huge scrypt":     "scrypt:1048576:8:1$seasalt$26066bc977b619af32b20e976f390ba5",
		"asp.net with an unknown prf":   "AQAAAAMAACcQAAAAEPDx8vP09fb3+Pn6+/z9/v+S3mEaEhk6iT5lepJ8G3rYiLkllIbJsP1/Octp1aC0Fg==",
		"asp.net with a salt too long":  "AQAAAAEAACcQ/////////////////////////////////////////////////////////////////////////w==",
		"asp.net with too many rounds":  "AQAAAAH/////AAAAEPDx8vP09fb3+Pn6+/z9/v+S3mEaEhk6iT5lepJ8G3rYiLkllIbJsP1/Octp1aC0Fg==",
		"a key of another length":       "$pbkdf2-sha256$i=1000,l=33$8PHy8/T19vf4+fr7/P3+/w$NLCxhEx13MijqfW7prAglClHI+JU+g8ztpZ9vKGmT6s",
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := h.For("acme").Verify(t.Context(), quick, encoded, word); !errors.Is(err, ErrUnsupported) {
				t.Errorf("got %v", err)
			}
			if !errors.Is(h.Check(encoded), ErrUnsupported) || h.Weak(encoded) {
				t.Error("it passes the check")
			}
		})
	}
}

// What is encoded was made by Python's hashlib, in the form in which each system exports it.
func TestForeignHashesBecomeStrings(t *testing.T) {
	const salt64, saltHex = "8PHy8/T19vf4+fr7/P3+/w==", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
	firebase := Foreign{
		Algorithm: "firebase-scrypt", MemCost: 14, Rounds: 8, Salt: "42xEC-ixf3L2lw==", SaltSeparator: "Bw==",
		Hash:      "lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==",
		SignerKey: "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
	}
	h := New(Options{})
	for name, tc := range map[string]struct {
		foreign  Foreign
		password string
	}{
		"firebase in the other alphabet": {firebase, "user1password"},
		"keycloak pbkdf2": {Foreign{Algorithm: "keycloak",
			SecretData:     `{"value":"z5rG/Alq/2W8CntJ7bwsYXCkHoz56qdERuxQcnhKz084yQmcMkA5+4eVvldKWrg6WI8ZzuG5nn43TtQxOvUqRw==","salt":"8PHy8/T19vf4+fr7/P3+/w==","additionalParameters":{}}`,
			CredentialData: `{"hashIterations":27500,"algorithm":"pbkdf2-sha256","additionalParameters":{}}`}, word},
		"keycloak argon2": {Foreign{Algorithm: "keycloak",
			SecretData:     `{"value":"b8drCz8gkrz79FgIcK9eS4R9ozeMDL6PKl4RuYqwaho=","salt":"8PHy8/T19vf4+fr7/P3+/w==","additionalParameters":{}}`,
			CredentialData: `{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}`}, word},
		"pbkdf2 in hex": {Foreign{Algorithm: "pbkdf2-sha512", Iterations: 20000, Salt: saltHex, SaltEncoding: "hex", HashEncoding: "hex",
			Hash: "317f5fc4a19a1821509d5ba3d6bf502de2b5e6a15992082a541bd41123916e9a66b7ce80725a626080494daf462d6926a560b15a84c2c8f4b0a2524180caa6fe"}, word},
		"a digest before a salt": {Foreign{Algorithm: "sha256", Salt: salt64, SaltEncoding: "base64", SaltPosition: "last",
			Hash: "KNEH4bPSuUX5Zttg9kw2YhLZxA2bgyXiR0VBp4MsbLA="}, word},
		"a digest after a salt": {Foreign{Algorithm: "sha1", Salt: "seasalt", HashEncoding: "hex", Hash: "cff36ea83f5706ce9aa7454e63e431fc726b2dc8"}, word},
		"scrypt": {Foreign{Algorithm: "scrypt", Salt: salt64, SaltEncoding: "base64", N: 1024, R: 8, P: 2,
			Hash: "DHY8J8lLsqbEtkvOG95CqPcNTOURZHTEZEEtqmPY8gg="}, word},
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := tc.foreign.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if ok, upgrade := verify(t, h, quick, encoded, tc.password); !ok || !upgrade {
				t.Errorf("%s: matches: %v, upgrade: %v", encoded, ok, upgrade)
			}
			if ok, _ := verify(t, h, quick, encoded, tc.password+"x"); ok {
				t.Error("a wrong password matches")
			}
		})
	}
	for name, f := range map[string]Foreign{
		"no algorithm":                {},
		"an algorithm nobody has":     {Algorithm: "rot13"},
		"a hash that is no base64":    {Algorithm: "sha1", Hash: "***"},
		"a hash that is no hex":       {Algorithm: "sha1", Hash: "xyz", HashEncoding: "hex"},
		"a hash as text":              {Algorithm: "sha1", Hash: "xyz", HashEncoding: "text"},
		"a salt in rot13":             {Algorithm: "sha1", SaltEncoding: "rot13"},
		"a salt at no place":          {Algorithm: "sha1", SaltPosition: "middle"},
		"a cost that is no power":     {Algorithm: "scrypt", N: 1000},
		"a negative cost":             {Algorithm: "scrypt", N: -1024},
		"no documents":                {Algorithm: "keycloak"},
		"keycloak with unknown rules": {Algorithm: "keycloak", SecretData: `{}`, CredentialData: `{"algorithm":"rot13"}`},
		"keycloak with old argon2": {Algorithm: "keycloak", SecretData: `{}`,
			CredentialData: `{"algorithm":"argon2","additionalParameters":{"version":["1.0"]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if encoded, err := f.Encode(); err == nil {
				t.Errorf("it became %s", encoded)
			}
		})
	}
	for name, f := range map[string]Foreign{
		"no rounds":          {Algorithm: "pbkdf2-sha1", Hash: salt64},
		"an empty hash":      {Algorithm: "pbkdf2-sha1", Iterations: 20000},
		"negative rounds":    {Algorithm: "pbkdf2-sha1", Iterations: -1, Hash: salt64},
		"parts with a cut":   {Algorithm: "firebase-scrypt", MemCost: 14, Rounds: 8, Hash: "a$b", Salt: "a", SignerKey: "c"},
		"memory without end": {Algorithm: "firebase-scrypt", MemCost: 40, Rounds: 8, Hash: salt64, Salt: salt64, SignerKey: salt64},
		"an injected cost": {Algorithm: "keycloak", SecretData: `{"value":"` + salt64 + `","salt":"` + salt64 + `"}`,
			CredentialData: `{"hashIterations":1,"algorithm":"argon2","additionalParameters":{"memory":["64,t=1,p=1$AAAA$AAAA"]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := f.Encode()
			if err == nil && h.Check(encoded) == nil {
				t.Errorf("it became %s, which is taken", encoded)
			}
		})
	}
}
