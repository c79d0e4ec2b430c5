package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwt"

	"github.com/vestibule-auth/vestibule/internal/token"
)

var (
	now        = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	algorithms = []token.Algorithm{token.RS256, token.ES256, token.EdDSA, token.HS256}
)

// keyOf is one key of an algorithm for all tests.
var keyOf = func() func(testing.TB, token.Algorithm) *token.Key {
	var mu sync.Mutex
	made := map[token.Algorithm]*token.Key{}
	return func(t testing.TB, alg token.Algorithm) *token.Key {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if made[alg] == nil {
			made[alg] = generate(t, alg)
		}
		return made[alg]
	}
}()

func generate(t testing.TB, alg token.Algorithm) *token.Key {
	t.Helper()
	k, err := token.Generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func claims() token.Claims {
	return token.Claims{
		Issuer: "https://id.example.org", Audience: "https://api.example.org", Subject: "u1", Session: "s1", ID: "j1", Use: token.Access,
		IssuedAt: now, Expires: now.Add(5 * time.Minute),
	}
}

func expected() token.Expected {
	return token.Expected{Issuer: "https://id.example.org", Audience: "https://api.example.org", Use: token.Access, Now: now}
}

func sign(t testing.TB, k *token.Key, c token.Claims) string {
	t.Helper()
	raw, err := k.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func set(keys ...*token.Key) *token.Set {
	var held []token.Held
	for _, k := range keys {
		held = append(held, token.Held{Key: k, SignsFrom: now.Add(-time.Hour)})
	}
	return token.NewSet(held...)
}

func part(t testing.TB, raw string, i int) map[string]any {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[i])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTokenSaysWhatWasSignedAndNothingElse(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			k, c := keyOf(t, alg), claims()
			c.Extra = map[string]json.RawMessage{"role": json.RawMessage(`["a",{"b":"\"},{"}]`), "x:y": json.RawMessage(`null`)}
			c.Audience = "a \"quoted\" <audience> \u00e9"
			raw := sign(t, k, c)
			want := expected()
			want.Audience = c.Audience
			got, err := set(k).Verify(raw, want)
			if err != nil {
				t.Fatal(err)
			}
			if got.Extra = c.Extra; fmt.Sprint(got) != fmt.Sprint(c) {
				t.Errorf("got %+v, want %+v", got, c)
			}
			head, body := part(t, raw, 0), part(t, raw, 1)
			wantHead := map[string]any{"alg": string(alg), "typ": "JWT"}
			if alg != token.HS256 {
				wantHead["kid"] = k.ID
			}
			if fmt.Sprint(head) != fmt.Sprint(wantHead) {
				t.Errorf("the header is %v, not %v", head, wantHead)
			}
			wantBody := map[string]any{
				"iss": c.Issuer, "aud": c.Audience, "sub": "u1", "sid": "s1", "jti": "j1", "token_use": "access",
				"iat": float64(now.Unix()), "exp": float64(now.Unix() + 300), "role": []any{"a", map[string]any{"b": `"},{`}}, "x:y": nil,
			}
			if fmt.Sprint(body) != fmt.Sprint(wantBody) {
				t.Errorf("the claims are %v, not %v", body, wantBody)
			}
		})
	}
}

func TestSameClaimsAreTheSameToken(t *testing.T) {
	c := claims()
	c.Extra = map[string]json.RawMessage{"a": json.RawMessage(`1`), "b": json.RawMessage(`2`), "c": json.RawMessage(`3`)}
	for _, alg := range []token.Algorithm{token.RS256, token.EdDSA, token.HS256} {
		k := keyOf(t, alg)
		first := sign(t, k, c)
		for range 20 {
			if sign(t, k, c) != first {
				t.Fatalf("%s: the same claims are two tokens", alg)
			}
		}
	}
}

// jwt.io and every other library must be able to read what is signed: the library's own parser stands for them.
func TestOthersVerifyWithTheKeySet(t *testing.T) {
	for _, alg := range []token.Algorithm{token.RS256, token.ES256, token.EdDSA} {
		k := keyOf(t, alg)
		var doc struct{ Keys []map[string]string }
		s := set(k, keyOf(t, token.HS256))
		if err := json.Unmarshal(s.Document(), &doc); err != nil {
			t.Fatal(err)
		}
		if len(doc.Keys) != 1 || doc.Keys[0]["kid"] != k.ID || doc.Keys[0]["use"] != "sig" || doc.Keys[0]["alg"] != string(alg) {
			t.Fatalf("%s: the set is %s", alg, s.Document())
		}
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth"} {
			if doc.Keys[0][private] != "" {
				t.Errorf("%s: the set shows %s", alg, private)
			}
		}
		parts := strings.Split(sign(t, k, claims()), ".")
		signature, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		if signed := []byte(parts[0] + "." + parts[1]); !verifies(t, doc.Keys[0], signed, signature) {
			t.Errorf("%s: the published key does not verify the token", alg)
		}
	}
}

// verifies checks a signature with a JWK as RFC 7518 and RFC 8037 have it.
func verifies(t *testing.T, key map[string]string, signed, signature []byte) bool {
	t.Helper()
	raw := func(name string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(key[name])
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	digest := sha256.Sum256(signed)
	switch key["kty"] {
	case "RSA":
		public := &rsa.PublicKey{N: number(raw("n")), E: int(number(raw("e")).Int64())}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	case "EC":
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, raw("x"), raw("y")))
		if err != nil {
			t.Fatal(err)
		}
		return len(signature) == 64 && ecdsa.Verify(public, digest[:], number(signature[:32]), number(signature[32:]))
	case "OKP":
		return ed25519.Verify(raw("x"), signed, signature)
	}
	return false
}

// RFC 7638, section 3.1, has an RSA key and its thumbprint; RFC 8037, appendix A.3, an Ed25519 one. The private halves of such
// keys are not in the RFCs for both, so the thumbprint is worked out here by hand instead.
func TestKeyIDIsTheThumbprint(t *testing.T) {
	for _, alg := range []token.Algorithm{token.RS256, token.ES256, token.EdDSA} {
		var doc struct{ Keys []map[string]string }
		if err := json.Unmarshal(set(keyOf(t, alg)).Document(), &doc); err != nil {
			t.Fatal(err)
		}
		key := doc.Keys[0]
		text := map[string]string{
			"RSA": fmt.Sprintf(`{"e":%q,"kty":"RSA","n":%q}`, key["e"], key["n"]),
			"EC":  fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":%q,"y":%q}`, key["x"], key["y"]),
			"OKP": fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, key["x"]),
		}[key["kty"]]
		digest := sha256.Sum256([]byte(text))
		if want := base64.RawURLEncoding.EncodeToString(digest[:]); key["kid"] != want {
			t.Errorf("%s: got %s, want %s", alg, key["kid"], want)
		}
	}
	if id := keyOf(t, token.HS256).ID; id != "" {
		t.Errorf("a shared secret shows %q of itself", id)
	}
}

// forged is a token of any header and payload, signed by whoever can.
func forged(head, payload string, sign func(signed []byte) []byte) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

func mac(key []byte) func([]byte) []byte {
	return func(signed []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(signed)
		return h.Sum(nil)
	}
}

// own is a key whose private half the test holds, with its algorithm's signature.
type own struct {
	*token.Key
	sign func([]byte) []byte
	pub  any
}

func ownKeys(t testing.TB) []own {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	read := func(alg token.Algorithm, private any) *token.Key {
		k, err := token.Parse(alg, inPEM(t, "PRIVATE KEY", pkcs8(t, private)))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	return []own{
		{read(token.RS256, r), func(b []byte) []byte {
			sum := sha256.Sum256(b)
			s, err := rsa.SignPKCS1v15(rand.Reader, r, crypto.SHA256, sum[:])
			if err != nil {
				t.Fatal(err)
			}
			return s
		}, &r.PublicKey},
		{read(token.ES256, e), func(b []byte) []byte {
			sum := sha256.Sum256(b)
			x, y, err := ecdsa.Sign(rand.Reader, e, sum[:])
			if err != nil {
				t.Fatal(err)
			}
			return append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...)
		}, &e.PublicKey},
		{read(token.EdDSA, d), func(b []byte) []byte { return ed25519.Sign(d, b) }, d.Public()},
	}
}

func pkcs8(t testing.TB, private any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func inPEM(t testing.TB, kind string, der []byte) string {
	t.Helper()
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

const good = `{"iss":"https://id.example.org","aud":"https://api.example.org","sub":"u1","sid":"s1","jti":"j1","token_use":"access","iat":1772366400,"exp":1772366700}`

// CVE-2026-27840, CVE-2024-51744, CVE-2020-26160 and their kin: a token that says how it wants to be checked.
func TestHeadersOfOthersAreNotObeyed(t *testing.T) {
	shared := keyOf(t, token.HS256)
	for _, k := range ownKeys(t) {
		s := set(k.Key, shared)
		head := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"JWT"}`, k.Algorithm, k.ID)
		if _, err := s.Verify(forged(head, good, k.sign), expected()); err != nil {
			t.Fatalf("%s: the token that all others are made from is refused: %v", k.Algorithm, err)
		}
		der, err := x509.MarshalPKIXPublicKey(k.pub)
		if err != nil {
			t.Fatal(err)
		}
		inPEM := inPEM(t, "PUBLIC KEY", der)
		pkcs1 := der
		if r, ok := k.pub.(*rsa.PublicKey); ok {
			pkcs1 = x509.MarshalPKCS1PublicKey(r)
		}
		none := func([]byte) []byte { return nil }
		for name, raw := range map[string]string{
			"alg none":                             forged(`{"alg":"none","typ":"JWT"}`, good, none),
			"alg none with the kid":                forged(fmt.Sprintf(`{"alg":"none","kid":%q,"typ":"JWT"}`, k.ID), good, none),
			"alg None":                             forged(`{"alg":"None","typ":"JWT"}`, good, none),
			"no alg":                               forged(fmt.Sprintf(`{"kid":%q,"typ":"JWT"}`, k.ID), good, k.sign),
			"the right header, no signature":       forged(head, good, none),
			"HS256 with the public key in PEM":     forged(`{"alg":"HS256","typ":"JWT"}`, good, mac([]byte(inPEM))),
			"HS256 with the PEM, trimmed":          forged(`{"alg":"HS256","typ":"JWT"}`, good, mac([]byte(strings.TrimSpace(inPEM)))),
			"HS256 with the public key in DER":     forged(`{"alg":"HS256","typ":"JWT"}`, good, mac(der)),
			"HS256 with the public key in PKCS #1": forged(`{"alg":"HS256","typ":"JWT"}`, good, mac(pkcs1)),
			"HS256 and the kid, with the PEM":      forged(fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"JWT"}`, k.ID), good, mac([]byte(inPEM))),
			"HS256 with an empty key":              forged(`{"alg":"HS256","typ":"JWT"}`, good, mac(nil)),
			"the right header, a MAC with the PEM": forged(head, good, mac([]byte(inPEM))),
			"another algorithm's name":             forged(fmt.Sprintf(`{"alg":"RS512","kid":%q,"typ":"JWT"}`, k.ID), good, k.sign),
			"the algorithm in lower case":          forged(fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"JWT"}`, strings.ToLower(string(k.Algorithm)), k.ID), good, k.sign),
			"no kid":                               forged(fmt.Sprintf(`{"alg":%q,"typ":"JWT"}`, k.Algorithm), good, k.sign),
			"a foreign kid":                        forged(fmt.Sprintf(`{"alg":%q,"kid":"AAAA","typ":"JWT"}`, k.Algorithm), good, k.sign),
			"a path for a kid":                     forged(`{"alg":"HS256","kid":"../../../../dev/null","typ":"JWT"}`, good, mac(nil)),
			"a URL for a kid":                      forged(fmt.Sprintf(`{"alg":%q,"kid":"https://evil.example/key","typ":"JWT"}`, k.Algorithm), good, k.sign),
			"SQL for a kid":                        forged(fmt.Sprintf(`{"alg":%q,"kid":"x' UNION SELECT 'k","typ":"JWT"}`, k.Algorithm), good, k.sign),
			"jku":                                  forged(fmt.Sprintf(`{"alg":%q,"jku":"https://evil.example/jwks.json","kid":%q,"typ":"JWT"}`, k.Algorithm, k.ID), good, k.sign),
			"x5u":                                  forged(fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"JWT","x5u":"https://evil.example/c.pem"}`, k.Algorithm, k.ID), good, k.sign),
			"jwk":                                  forged(fmt.Sprintf(`{"alg":%q,"jwk":{"kty":"oct","k":"AAAA"},"kid":%q,"typ":"JWT"}`, k.Algorithm, k.ID), good, k.sign),
			"crit":                                 forged(fmt.Sprintf(`{"alg":%q,"crit":["exp"],"kid":%q,"typ":"JWT"}`, k.Algorithm, k.ID), good, k.sign),
			"b64":                                  forged(fmt.Sprintf(`{"alg":%q,"b64":false,"crit":["b64"],"kid":%q,"typ":"JWT"}`, k.Algorithm, k.ID), good, k.sign),
			"an alg twice":                         forged(fmt.Sprintf(`{"alg":"none","alg":%q,"kid":%q,"typ":"JWT"}`, k.Algorithm, k.ID), good, k.sign),
			"another type":                         forged(fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"JOSE"}`, k.Algorithm, k.ID), good, k.sign),
			"no type":                              forged(fmt.Sprintf(`{"alg":%q,"kid":%q}`, k.Algorithm, k.ID), good, k.sign),
			"the header spelt in another way":      forged(head+" ", good, k.sign),
			"encrypted":                            forged(`{"alg":"dir","enc":"A256GCM","typ":"JWT"}`, good, k.sign),
			"an empty header":                      forged(`{}`, good, k.sign),
			"no header":                            forged(``, good, k.sign),
		} {
			if c, err := s.Verify(raw, expected()); !errors.Is(err, token.ErrInvalid) || c.Subject != "" && err == nil {
				t.Errorf("%s: %s: got %v", k.Algorithm, name, err)
			}
		}
	}
}

func TestBrokenTokensAreRefused(t *testing.T) {
	for _, alg := range algorithms {
		k := keyOf(t, alg)
		s, raw := set(k), sign(t, k, claims())
		if _, err := s.Verify(raw, expected()); err != nil {
			t.Fatal(err)
		}
		for i := range raw { // a token that breaks off, anywhere (CVE-2026-27840)
			if _, err := s.Verify(raw[:i], expected()); !errors.Is(err, token.ErrInvalid) {
				t.Fatalf("%s: the first %d of %d letters pass: %v", alg, i, len(raw), err)
			}
		}
		letters := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		for i := range raw { // a letter that is another, anywhere
			for _, other := range []byte{letters[(i*7+3)%64], letters[(i*11+41)%64], '.', '=', '\n', ' ', 0} {
				changed := raw[:i] + string(other) + raw[i+1:]
				if changed == raw {
					continue
				}
				if _, err := s.Verify(changed, expected()); !errors.Is(err, token.ErrInvalid) {
					t.Fatalf("%s: with %q at %d it passes", alg, other, i)
				}
			}
		}
		parts := strings.Split(raw, ".")
		for name, other := range map[string]string{
			"nothing":                    "",
			"dots":                       "..",
			"four parts":                 raw + ".",
			"a part before":              "." + raw,
			"a line break at the end":    raw + "\n",
			"a line break inside":        parts[0] + "." + parts[1] + "." + parts[2][:4] + "\n" + parts[2][4:],
			"padding":                    raw + "=",
			"a space before":             " " + raw,
			"the signature twice":        raw + parts[2],
			"the general form":           `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`,
			"the flattened form":         `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
			"without its payload":        parts[0] + ".." + parts[2],
			"a megabyte":                 raw + strings.Repeat("A", 1<<20),
			"a megabyte of dots":         strings.Repeat(".", 1<<20),
			"the payload of another one": parts[0] + "." + strings.Split(sign(t, k, token.Claims{Subject: "u2"}), ".")[1] + "." + parts[2],
		} {
			if _, err := s.Verify(other, expected()); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("%s: %s: got %v", alg, name, err)
			}
		}
		if _, err := set(generate(t, alg)).Verify(raw, expected()); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: a token passes with another key: %v", alg, err)
		}
		if _, err := token.NewSet().Verify(raw, expected()); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: a token passes without any key: %v", alg, err)
		}
	}
}

func TestClaimsMustBeAsExpected(t *testing.T) {
	k := ownKeys(t)[1]
	s, head := set(k.Key), fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"JWT"}`, k.Algorithm, k.ID)
	at := func(d time.Duration) token.Expected {
		want := expected()
		want.Now = now.Add(d)
		return want
	}
	for name, c := range map[string]struct {
		want token.Expected
		ok   bool
	}{
		"at once":                   {at(0), true},
		"in its last second":        {at(299 * time.Second), true},
		"when it expires":           {at(300 * time.Second), false},
		"later":                     {at(time.Hour), false},
		"where a clock is behind":   {at(-5 * time.Minute), true},
		"where a clock is wrong":    {at(-5*time.Minute - time.Second), false},
		"as one for refreshing":     {token.Expected{Issuer: expected().Issuer, Audience: expected().Audience, Use: token.Refresh, Now: now}, false},
		"of another issuer":         {token.Expected{Issuer: "https://id.example.com", Audience: expected().Audience, Use: token.Access, Now: now}, false},
		"of an issuer with a slash": {token.Expected{Issuer: expected().Issuer + "/", Audience: expected().Audience, Use: token.Access, Now: now}, false},
		"for another audience":      {token.Expected{Issuer: expected().Issuer, Audience: "https://api", Use: token.Access, Now: now}, false},
		"where nothing is expected": {token.Expected{Now: now}, false},
	} {
		if _, err := s.Verify(forged(head, good, k.sign), c.want); (err == nil) != c.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
	without := func(name string) string {
		var m map[string]any
		if err := json.Unmarshal([]byte(good), &m); err != nil {
			t.Fatal(err)
		}
		delete(m, name)
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	with := func(old, in string) string {
		changed := strings.Replace(good, old, in, 1)
		if changed == good {
			t.Fatalf("%s is not in it", old)
		}
		return changed
	}
	for name, payload := range map[string]string{
		"no iss": without("iss"), "no aud": without("aud"), "no sub": without("sub"), "no sid": without("sid"), "no jti": without("jti"),
		"no use": without("token_use"), "no iat": without("iat"), "no exp": without("exp"),
		"a list of audiences":             with(`"https://api.example.org"`, `["https://api.example.org"]`), // CVE-2020-26160
		"an empty list of audiences":      with(`"https://api.example.org"`, `[]`),
		"no audience":                     with(`"https://api.example.org"`, `null`),
		"an empty sub":                    with(`"u1"`, `""`),
		"a number for a sub":              with(`"u1"`, `1`),
		"a list for a sid":                with(`"s1"`, `["s1"]`),
		"an object for a jti":             with(`"j1"`, `{"a":"j1"}`),
		"text for an exp":                 with(`1772366700`, `"1772366700"`),
		"a fraction for an exp":           with(`1772366700`, `1772366700.5`),
		"an exponent for an exp":          with(`1772366700`, `1e300`),
		"an endless exp":                  with(`1772366700`, `99999999999999999999999999`),
		"an exp after all time":           with(`1772366700`, `9223372036854775807`),
		"a negative iat":                  with(`1772366400`, `-1772366400`),
		"an iat in the future":            strings.NewReplacer(`1772366400`, `1772366701`, `1772366700`, `1772369999`).Replace(good),
		"an iat after its exp":            with(`1772366400`, `1772366701`),
		"not to be used before":           with(`{`, `{"nbf":0,`),
		"a sub twice":                     with(`{`, `{"sub":"u2",`),
		"a sub twice, the other way":      with(`}`, `,"sub":"u2"}`),
		"a sub with an escape in it":      with(`{`, `{"s\u0075b":"u2",`),
		"a sub in capitals alone":         with(`"sub"`, `"SUB"`),
		"a use of another spelling":       with(`"access"`, `"Access"`),
		"a list":                          `[` + good + `]`,
		"text":                            `"text"`,
		"a number":                        `1`,
		"nothing":                         ``,
		"no JSON":                         good + `}`,
		"two objects":                     good + good,
		"the beginning of an object":      good[:len(good)-1],
		"claims inside of another claim":  `{"x":` + good + `}`,
		"claims inside of another string": `{"x":"` + strings.ReplaceAll(good, `"`, `\"`) + `"}`,
	} {
		if c, err := s.Verify(forged(head, payload, k.sign), expected()); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
	}
	for name, payload := range map[string]string{
		"spaces":         strings.ReplaceAll(strings.ReplaceAll(good, `":`, `" : `), `,"`, " ,\n\t\""),
		"other claims":   with(`{`, `{"a":{"sub":"x","b":[1,{"exp":0}]},"c":"},{\"sub\":\"x\"","d":-1.5e3,"e":true,"Sub":"x",`),
		"an escape":      with(`"u1"`, `"\u00751"`),
		"in other order": with(`"sub":"u1",`, ``)[:len(with(`"sub":"u1",`, ``))-1] + `,"sub":"u1"}`,
	} {
		if c, err := s.Verify(forged(head, payload, k.sign), expected()); err != nil || c.Subject != "u1" {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
	}
}

// GHSA-4cf7-xm37-g63h: the library does not escape the names of claims, so that a name writes further claims. This shows that it
// still does, and that no such name gets as far.
func TestNamesOfClaimsWriteNoOtherClaims(t *testing.T) {
	const name = `x":0,"admin`
	flawed := jwt.New()
	if err := flawed.Set(name, true); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(flawed)
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := json.Unmarshal(text, &read); err != nil || read["admin"] != true {
		t.Errorf("the library writes %s: if it is cured, the decision on it can be looked at again", text)
	}
	k := keyOf(t, token.EdDSA)
	for _, name := range []string{
		name, ``, `"`, `\`, `\u0022`, "a\nb", "a b", "1a", "-a", "é", strings.Repeat("a", 129), "a\x00", "a,b", "a{", "a\u2028",
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "token_use",
	} {
		c := claims()
		c.Extra = map[string]json.RawMessage{name: json.RawMessage(`true`)}
		if raw, err := k.Sign(c); err == nil {
			t.Errorf("%q becomes %v", name, part(t, raw, 1))
		}
	}
	for _, value := range []string{``, `}`, `1,"admin":true`, `"`, `{"a":1}}`, `nul`} {
		c := claims()
		c.Extra = map[string]json.RawMessage{"x": json.RawMessage(value)}
		if raw, err := k.Sign(c); err == nil {
			t.Errorf("%s becomes %v", value, part(t, raw, 1))
		}
	}
	for _, name := range []string{"a", "_", "roles", "https://example.org/roles", "a.b:c/d-e_9", strings.Repeat("a", 128)} {
		if !token.ValidName(name) {
			t.Errorf("%s is refused", name)
		}
	}
}

func TestTokenThatIsTooLongIsNotMade(t *testing.T) {
	c := claims()
	c.Extra = map[string]json.RawMessage{"x": json.RawMessage(`"` + strings.Repeat("x", token.MaxLength) + `"`)}
	if _, err := keyOf(t, token.EdDSA).Sign(c); err == nil {
		t.Error("it is made, and would never be accepted")
	}
}

func TestSetKnowsItsTimes(t *testing.T) {
	first, second, third := generate(t, token.EdDSA), generate(t, token.EdDSA), generate(t, token.ES256)
	s := token.NewSet(
		token.Held{Key: first, SignsFrom: now.Add(-time.Hour), KnownUntil: now.Add(time.Hour)},
		token.Held{Key: second, SignsFrom: now.Add(-time.Minute)},
		token.Held{Key: third, SignsFrom: now.Add(time.Minute)})
	for after, want := range map[time.Duration]*token.Key{
		-2 * time.Hour: first, -time.Hour: first, -61 * time.Second: first, -time.Minute: second, 0: second, 59 * time.Second: second,
		time.Minute: third, time.Hour: third,
	} {
		if got := s.Signer(now.Add(after)); got != want {
			t.Errorf("%v signs after %v, not %v", got, after, want)
		}
	}
	verify := func(k *token.Key, at time.Duration) error {
		c, want := claims(), expected()
		c.IssuedAt, c.Expires, want.Now = now.Add(at), now.Add(at+time.Minute), now.Add(at)
		_, err := s.Verify(sign(t, k, c), want)
		return err
	}
	if err := verify(first, time.Hour-time.Second); err != nil {
		t.Errorf("a key is forgotten before its time: %v", err)
	}
	if err := verify(first, time.Hour); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a key is known beyond its time: %v", err)
	}
	if err := verify(third, 0); err != nil {
		t.Errorf("a key does not count yet, where another clock may be ahead: %v", err)
	}
	if got := fmt.Sprint(s.Algorithms()); got != "[EdDSA ES256]" {
		t.Errorf("got %s", got)
	}
	var doc struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(s.Document(), &doc); err != nil || len(doc.Keys) != 3 || doc.Keys[2].Kid != third.ID {
		t.Errorf("got %s", s.Document())
	}
	if got := token.NewSet().Signer(now); got != nil {
		t.Errorf("%v signs for nobody", got)
	}
	if got := string(token.NewSet().Document()); got != `{"keys":[]}` {
		t.Errorf("got %s", got)
	}
}

// Secrets that follow each other have the same header: each of them is tried.
func TestSharedSecretsFollowEachOther(t *testing.T) {
	first, second := generate(t, token.HS256), generate(t, token.HS256)
	s := set(first, second)
	for _, k := range []*token.Key{first, second} {
		if _, err := s.Verify(sign(t, k, claims()), expected()); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Verify(sign(t, generate(t, token.HS256), claims()), expected()); err == nil {
		t.Error("any secret will do")
	}
}

func TestKeysAreReadAsTheyWereWritten(t *testing.T) {
	for _, alg := range algorithms {
		k := keyOf(t, alg)
		stored, err := k.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := token.Load(alg, stored)
		if err != nil {
			t.Fatal(err)
		}
		if again.ID != k.ID {
			t.Errorf("%s: %s is %s when it is read", alg, k.ID, again.ID)
		}
		if _, err := set(k).Verify(sign(t, again, claims()), expected()); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		for _, other := range algorithms {
			if other == alg || other == token.HS256 {
				continue
			}
			if _, err := token.Load(other, stored); err == nil {
				t.Errorf("a key for %s is taken for one for %s", alg, other)
			}
		}
	}
}

func TestKeysOfOthersAreRead(t *testing.T) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(e)
	if err != nil {
		t.Fatal(err)
	}
	eight := inPEM(t, "PRIVATE KEY", pkcs8(t, r))
	for name, c := range map[string]struct {
		alg  token.Algorithm
		text string
		want string // "" for a key
	}{
		"PKCS #8":           {token.RS256, eight, ""},
		"PKCS #1":           {token.RS256, inPEM(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r)), ""},
		"SEC 1":             {token.ES256, inPEM(t, "EC PRIVATE KEY", sec1), ""},
		"a secret":          {token.HS256, strings.Repeat("s", 32), ""},
		"a short secret":    {token.HS256, strings.Repeat("s", 31), "at least 32"},
		"a long secret":     {token.HS256, strings.Repeat("s", 4097), "at most 4096"},
		"another algorithm": {token.ES256, eight, "must be a key for ES256"},
		"another curve":     {token.ES256, inPEM(t, "PRIVATE KEY", pkcs8(t, other)), "must be a key for ES256"},
		"a short key":       {token.RS256, inPEM(t, "PRIVATE KEY", pkcs8(t, short)), "2048"},
		"two keys":          {token.RS256, eight + eight, "one private key"},
		"no key":            {token.RS256, "certainly not", "one private key"},
		"a public key":      {token.RS256, inPEM(t, "PUBLIC KEY", x509.MarshalPKCS1PublicKey(&r.PublicKey)), "one private key"},
		"no algorithm":      {"RS512", eight, "must be a key for RS512"},
	} {
		k, err := token.Parse(c.alg, c.text)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		case c.want == "" && k.ID == "" && c.alg != token.HS256:
			t.Errorf("%s: the key has no id", name)
		}
	}
	if _, err := token.Generate("RS512"); err == nil {
		t.Error("a key for an algorithm that is none of ours")
	}
}

func TestKeysAreNeverPrinted(t *testing.T) {
	const hidden = "a-shared-secret-that-nobody-may-see"
	k, err := token.Parse(token.HS256, hidden)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		for _, v := range []any{k, token.Held{Key: k}} {
			if text := fmt.Sprintf(format, v); strings.Contains(text, hidden) || strings.Contains(text, "612d7368") || strings.Contains(text, "97 45") {
				t.Errorf("%s prints %s", format, text)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	k := keyOf(f, token.HS256)
	s := set(k)
	raw := sign(f, k, claims())
	f.Add(raw, good)
	f.Add("..", `{"sub":"u2","sub":"u1"}`)
	f.Add(strings.Replace(raw, ".", "..", 1), `{ "a" : [ {} , "\"" ] , "b" : -1 }`)
	stored, err := k.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, payload string) {
		if _, err := s.Verify(text, expected()); err != nil && !errors.Is(err, token.ErrInvalid) {
			t.Fatal(err)
		}
		// And what a key of this issuer signed, whatever it is: it is read as encoding/json reads it, or not at all.
		c, err := s.Verify(forged(`{"alg":"HS256","typ":"JWT"}`, payload, mac(stored)), expected())
		if err != nil {
			if !errors.Is(err, token.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(payload), &m); err != nil {
			t.Fatalf("%q passes, and is no JSON", payload)
		}
		for name, got := range map[string]string{"iss": c.Issuer, "aud": c.Audience, "sub": c.Subject, "sid": c.Session, "jti": c.ID, "token_use": string(c.Use)} {
			if m[name] != got {
				t.Fatalf("%q: %s is read as %q", payload, name, got)
			}
		}
	})
}

func BenchmarkSign(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(string(alg), func(b *testing.B) {
			k, c := keyOf(b, alg), claims()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Sign(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(string(alg), func(b *testing.B) {
			k := keyOf(b, alg)
			s, raw, want := set(k), sign(b, k, claims()), expected()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Verify(raw, want); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a client says of itself elsewhere, signed with a key, is no token of the issuer that has the key.
func TestAssertionIsNoToken(t *testing.T) {
	key, err := token.Generate(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 0)
	text, err := key.Assert(token.Assertion{KeyID: key.ID, Issuer: "i", Subject: "s", Audience: "a", IssuedAt: at, Expires: at.Add(time.Minute)})
	if err != nil || strings.Count(text, ".") != 2 {
		t.Fatalf("got %q, %v", text, err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	if err != nil || string(claims) != `{"aud":"a","exp":1700000060,"iat":1700000000,"iss":"i","sub":"s"}` {
		t.Errorf("it says %s, %v", claims, err)
	}
	set := token.NewSet(token.Held{Key: key, SignsFrom: at})
	if _, err := set.Verify(text, token.Expected{Issuer: "i", Audience: "a", Use: token.Access, Now: at}); err == nil {
		t.Error("it is taken for a token")
	}
}
