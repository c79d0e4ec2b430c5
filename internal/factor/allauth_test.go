package factor

import (
	"slices"
	"testing"
)

// As django-allauth makes them of this seed, with its defaults.
var allauthCodes = []string{"52461855", "31196257", "36006572", "68654543", "29459831", "06614981", "93332891", "68422270", "32060448", "27336076"}

func TestAllauthRecoveryCodes(t *testing.T) {
	const seed = "f818440061befaf3fcccff729b49568c2ba997a33c47d6c604bccb0730649589ebc3c71d621abb02"
	if got := AllauthRecoveryCodes(seed, 0, 10, 8); !slices.Equal(got, allauthCodes) {
		t.Errorf("got %v", got)
	}
	if got := AllauthRecoveryCodes(seed, 1|1<<3, 10, 8); !slices.Equal(got, slices.Concat(allauthCodes[1:3], allauthCodes[4:])) {
		t.Errorf("without those that were used: %v", got)
	}
	for _, odd := range [][2]int{{0, 8}, {-1, 8}, {10, 0}, {10, -4}, {100, 60}} {
		for _, code := range AllauthRecoveryCodes(seed, 0, odd[0], odd[1]) {
			if len(code) < odd[1] {
				t.Errorf("%v makes %q", odd, code)
			}
		}
	}
}

// What another system keeps of a key is checked before it is kept here.
func TestKeysOfOtherSystems(t *testing.T) {
	rp := RelyingParty{ID: "acme.example"}
	for name, c := range map[string]Credential{
		"no id":                 {PublicKey: []byte{0xa0}},
		"a huge id":             {ID: make([]byte, 2000), PublicKey: []byte{0xa0}},
		"no key":                {ID: []byte{1}},
		"a key that is none":    {ID: []byte{1}, PublicKey: []byte("key")},
		"another relying party": {ID: []byte{1}, RPID: "other.example"},
		"backed up by magic":    {ID: []byte{1}, BackedUp: true},
	} {
		if got, err := rp.Adopt(c); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, answer := range []string{"", "{}", "null", `{"type": "public-key", "id": "AAAA", "response": {"clientDataJSON": "AAAA", "attestationObject": "AAAA"}}`} {
		if got, err := rp.ReadRegistration([]byte(answer)); err == nil {
			t.Errorf("%s: %+v", answer, got)
		}
	}
}
