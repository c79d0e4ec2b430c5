package vestibule

import (
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"
)

func FuzzParse(f *testing.F) {
	f.Add("eyJhbGciOiJFUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJhIn0.AAAA")
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parse(text)
		if err != nil {
			return
		}
		var c claims
		_ = c.read(parsed.payload)
	})
}

// What is read is what encoding/json reads, where names are told apart by their case.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `{"iss":"a"}`, ` { "iss" : "a\"b" , "x" : [1, {"iss":"}"}] , "exp":12 } `, `{"a":{},"iss":"}"}`, `{"iss":"a","iss":"b"}`, `{"iss":null}`, `[]`, `1`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		seen := map[string]json.RawMessage{}
		err := members(object, errClaims, func(name string, value []byte) error {
			seen[name] = append(json.RawMessage{}, value...)
			return nil
		})
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(object, &want); err != nil {
			t.Fatalf("%q is no object: %v", object, err)
		}
		for name, value := range want {
			got, there := seen[name]
			if !there && json.Valid([]byte(`"`+name+`"`)) {
				t.Fatalf("%q: %q is missing", object, name)
			}
			if there && string(got) != string(value) {
				t.Fatalf("%q: %q is %q, want %q", object, name, got, value)
			}
		}
	})
}

func TestHowLongKeysAreFresh(t *testing.T) {
	for control, want := range map[string]time.Duration{
		"": usualAge, "no-store": usualAge, "public, max-age=300": 5 * time.Minute, "Max-Age=60": time.Minute, "max-age=0": leastAge, "max-age=1": leastAge,
		"max-age=86400": mostAge, "max-age=99999999999999999999": usualAge, "max-age=-1": usualAge, "max-age=a, max-age=60": time.Minute,
		"s-maxage=10, max-age=120": 2 * time.Minute, `max-age="120"`: 2 * time.Minute,
	} {
		if got := freshFor(control); got != want {
			t.Errorf("%q: %v, want %v", control, got, want)
		}
	}
}

func TestAnAllowanceComesBack(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	a := allowance{left: unknownAtOnce, at: now}
	takes := func(want int) {
		t.Helper()
		got := 0
		for a.take(now) {
			got++
		}
		if got != want {
			t.Errorf("%d were taken, want %d", got, want)
		}
	}
	takes(unknownAtOnce)
	now = now.Add(unknownEvery - time.Millisecond)
	takes(0)
	now = now.Add(time.Millisecond * 2)
	takes(1)
	now = now.Add(2*unknownEvery + time.Second)
	takes(2)
	now = now.Add(time.Hour)
	takes(unknownAtOnce)
	now = now.Add(-time.Hour)
	takes(0)
	now = now.Add(unknownEvery)
	takes(1)
}

func TestWhichKeysAreTaken(t *testing.T) {
	e := base64.RawURLEncoding.EncodeToString
	modulus := func(bits int) string {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return e(n.Add(n, big.NewInt(1)).Bytes())
	}
	p := elliptic.P256().Params()
	x, y := e(p.Gx.FillBytes(make([]byte, 32))), e(p.Gy.FillBytes(make([]byte, 32)))
	for key, fine := range map[string]bool{
		`{"kid":"a","kty":"RSA","alg":"RS256","use":"sig","n":"` + modulus(2048) + `","e":"AQAB"}`: true,
		`{"kid":"a","kty":"RSA","alg":"RS256","n":"` + modulus(2048) + `","e":"AQAB"}`:             true,
		`{"kid":"a","kty":"RSA","alg":"RS256","n":"` + modulus(8192) + `","e":"Aw"}`:               true,
		`{"kid":"a","kty":"RSA","alg":"RS256","n":"` + modulus(8193) + `","e":"AQAB"}`:             false,
		`{"kid":"a","kty":"RSA","alg":"RS256","n":"` + modulus(2047) + `","e":"AQAB"}`:             false,
		`{"kid":"a","kty":"RSA","alg":"RS256","n":"` + modulus(2048) + `","e":"AQ"}`:               false,
		`{"kid":"a","kty":"RSA","alg":"RS256","n":"` + modulus(2048) + `","e":"BA"}`:               false,
		`{"kid":"a","kty":"RSA","alg":"RS256","n":"` + modulus(2048) + `","e":"gAAAAQ"}`:           false,
		`{"kid":"a","kty":"RSA","alg":"RS256","n":"","e":"AQAB"}`:                                  false,
		`{"kid":"a","kty":"RSA","alg":"RS512","n":"` + modulus(2048) + `","e":"AQAB"}`:             false,
		`{"kid":"a","kty":"RSA","n":"` + modulus(2048) + `","e":"AQAB"}`:                           false,
		`{"kid":"","kty":"RSA","alg":"RS256","n":"` + modulus(2048) + `","e":"AQAB"}`:              false,
		`{"kid":"a","use":"enc","kty":"RSA","alg":"RS256","n":"` + modulus(2048) + `","e":"AQAB"}`: false,
		`{"kid":"a","kty":"EC","alg":"ES256","crv":"P-256","x":"` + x + `","y":"` + y + `"}`:       true,
		`{"kid":"a","kty":"EC","alg":"ES256","crv":"P-384","x":"` + x + `","y":"` + y + `"}`:       false,
		`{"kid":"a","kty":"EC","alg":"ES256","x":"` + x + `","y":"` + y + `"}`:                     false,
		`{"kid":"a","kty":"EC","alg":"ES256","crv":"P-256","x":"` + x + `","y":"` + x + `"}`:       false,
		`{"kid":"a","kty":"EC","alg":"ES256","crv":"P-256","x":"` + x[:40] + `","y":"` + y + `"}`:  false,
		`{"kid":"a","kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":"` + x + `"}`:                    true,
		`{"kid":"a","kty":"OKP","alg":"EdDSA","crv":"Ed448","x":"` + x + `"}`:                      false,
		`{"kid":"a","kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":"` + x[:40] + `"}`:               false,
		`{"kid":"a","kty":"oct","alg":"HS256","k":"AAAA"}`:                                         false,
		`7`: false,
	} {
		keys, err := parseKeys([]byte(`{"keys":[` + key + `]}`))
		if err != nil || (keys["a"] != nil) != fine || len(keys) > 1 {
			t.Errorf("%s: %v, %v", key, keys, err)
		}
	}
}

func TestAKeySetHasNoMoreThanSoManyKeys(t *testing.T) {
	for n, fine := range map[int]bool{maxKeys: true, maxKeys + 1: false} {
		if _, err := parseKeys([]byte(`{"keys":[` + strings.Repeat(`{},`, n-1) + `{}]}`)); (err == nil) != fine {
			t.Errorf("%d keys: %v", n, err)
		}
	}
	if maxKeys > 100 || maxKeySet > 1<<20 {
		t.Error("one answer may cost more memory and time than was thought of")
	}
}

func TestASignatureOfTheWrongLengthFitsNothing(t *testing.T) {
	p := elliptic.P256().Params()
	e := base64.RawURLEncoding.EncodeToString
	j := jwk{Type: "EC", Algorithm: "ES256", Curve: "P-256", X: e(p.Gx.FillBytes(make([]byte, 32))), Y: e(p.Gy.FillBytes(make([]byte, 32)))}
	k := j.key()
	for _, n := range []int{0, 1, 31, 32, 63, 65, 128} {
		if k.verify([]byte("x"), []byte(strings.Repeat("\x01", n))) {
			t.Errorf("one of %d bytes fits", n)
		}
	}
}
