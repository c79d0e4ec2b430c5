package vestibule_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
	"github.com/vestibule-auth/vestibule/sdk/go/vestibuletest"
)

func TestAnAccessTokenSaysWhoItIs(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		issuer := vestibuletest.NewIssuer(t, algorithm)
		id, err := issuer.Verifier(t).Verify(t.Context(), issuer.Token(t, vestibuletest.Claims{
			Subject: "ann", Session: "s1", Extra: map[string]any{"email": "ann@example.org", "roles": []string{"member"}},
		}))
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		if id.Issuer != issuer.URL || id.Subject != "ann" || id.Session != "s1" || time.Until(id.Expires) > 5*time.Minute || time.Until(id.Expires) < time.Minute {
			t.Errorf("%s: %+v", algorithm, id)
		}
		var more struct {
			Email string
			Roles []string
		}
		if err := id.Claims(&more); err != nil || more.Email != "ann@example.org" || len(more.Roles) != 1 {
			t.Errorf("%s: %+v, %v", algorithm, more, err)
		}
	}
}

// parts makes a token of a header, a payload and a signature.
func parts(header, payload string, signature []byte) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(header)) + "." + e.EncodeToString([]byte(payload)) + "." + e.EncodeToString(signature)
}

// hs256 is a token that is signed with a shared secret.
func hs256(header map[string]any, payload, secret []byte) string {
	h, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	e := base64.RawURLEncoding
	signed := e.EncodeToString(h) + "." + e.EncodeToString(payload)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + e.EncodeToString(mac.Sum(nil))
}

func TestWhatIsNotAccepted(t *testing.T) {
	rsa, ec, foreign := vestibuletest.NewIssuer(t, "RS256"), vestibuletest.NewIssuer(t, "ES256"), vestibuletest.NewIssuer(t, "ES256")
	v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: rsa.URL, Audience: "orders"}, {URL: ec.URL, Audience: "orders"}}})
	if err != nil {
		t.Fatal(err)
	}
	type claims = vestibuletest.Claims
	good := ec.Token(t, claims{Audience: "orders"})
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatalf("the one that is good: %v", err)
	}
	header, payload, signature := cut(t, good)
	document, kid := published(t, rsa)

	for name, token := range map[string]string{
		"nothing":                              "",
		"garbage":                              "garbage",
		"three dots":                           "...",
		"two parts":                            strings.Join(strings.Split(good, ".")[:2], "."),
		"four parts":                           good + ".AA",
		"no signature":                         strings.Join(strings.Split(good, ".")[:2], ".") + ".",
		"a signature cut short":                good[:len(good)-2],
		"a signature of zeros":                 parts(string(header), string(payload), make([]byte, 64)),
		"a signature of nothing":               parts(string(header), string(payload), nil),
		"a payload that was changed":           parts(string(header), strings.Replace(string(payload), `"user"`, `"root"`, 1), signature),
		"alg none":                             parts(`{"alg":"none","typ":"JWT"}`, string(payload), nil),
		"alg none with a kid":                  parts(strings.Replace(string(header), "ES256", "none", 1), string(payload), nil),
		"HS256 with the public key":            hs256(map[string]any{"alg": "HS256", "kid": kid}, payloadOf(t, rsa), document),
		"HS256 that says RS256":                hs256(map[string]any{"alg": "RS256", "kid": kid}, payloadOf(t, rsa), document),
		"the key of another issuer":            foreign.Token(t, claims{Issuer: ec.URL, Audience: "orders"}),
		"another issuer's, though one of ours": rsa.Token(t, claims{Issuer: ec.URL, Audience: "orders"}),
		"an issuer that is not trusted":        foreign.Token(t, claims{Audience: "orders"}),
		"an issuer with a slash":               ec.Token(t, claims{Issuer: ec.URL + "/", Audience: "orders"}),
		"an issuer in capitals":                ec.Token(t, claims{Issuer: strings.ToUpper(ec.URL), Audience: "orders"}),
		"no issuer":                            ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"iss": nil}}),
		"another audience":                     ec.Token(t, claims{Audience: "invoices"}),
		"the issuer as audience":               ec.Token(t, claims{}),
		"audiences":                            ec.Token(t, claims{Extra: map[string]any{"aud": []string{"orders", "invoices"}}}),
		"no audience":                          ec.Token(t, claims{Extra: map[string]any{"aud": nil}}),
		"a refresh token":                      ec.Token(t, claims{Audience: "orders", Use: "refresh"}),
		"no use":                               ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"token_use": nil}}),
		"no subject":                           ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"sub": nil}}),
		"a number as subject":                  ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"sub": 7}}),
		"no session":                           ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"sid": nil}}),
		"expired":                              ec.Token(t, claims{Audience: "orders", Age: 5 * time.Minute, Lasts: 5*time.Minute - time.Second}),
		"without an end":                       ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"exp": nil}}),
		"without a beginning":                  ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"iat": nil}}),
		"an end that is text":                  ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"exp": "9999999999"}}),
		"from the future":                      ec.Token(t, claims{Audience: "orders", Age: -6 * time.Minute, Lasts: time.Hour}),
		"made after its end":                   ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"iat": time.Now().Add(4 * time.Minute).Unix(), "exp": time.Now().Add(time.Minute).Unix()}}),
		"a claim that is there twice":          ec.Sign(t, []byte(strings.Replace(string(payload), `"sub":"user"`, `"sub":"user","sub":"root"`, 1))),
		"claims that are a list":               ec.Sign(t, []byte(`["iss"]`)),
		"too long":                             ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"x": strings.Repeat("x", 8<<10)}}),
	} {
		if id, err := v.Verify(t.Context(), token); !errors.Is(err, vestibule.ErrInvalid) || id != nil {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
	}
	if n := foreign.Fetches.Load(); n != 0 {
		t.Errorf("the keys of an issuer that is not trusted were fetched %d times", n)
	}
}

// A header may offer a key of its own, or an address to fetch one from. Nobody looks.
func TestATokenBringsNoKeyAlong(t *testing.T) {
	fetched := false
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched = true }))
	defer evil.Close()
	issuer, attacker := vestibuletest.NewIssuer(t, "ES256"), vestibuletest.NewIssuer(t, "ES256")
	v := issuer.Verifier(t)
	_, known := published(t, issuer)
	key := vestibuletest.NewKey(t, "ES256")
	for name, header := range map[string]map[string]any{
		"jwk":                   {"jwk": key.Public()},
		"jwk and its kid":       {"jwk": key.Public(), "kid": key.ID},
		"jwk and the known kid": {"jwk": key.Public(), "kid": known},
		"jku":                   {"jku": evil.URL, "kid": key.ID},
		"x5u":                   {"x5u": evil.URL, "kid": known},
		"a kid that is a URL":   {"kid": evil.URL},
		"a kid that is a path":  {"kid": "../../etc/passwd"},
	} {
		header["alg"] = "ES256"
		if _, err := v.Verify(t.Context(), key.Sign(t, header, payloadOf(t, issuer))); !errors.Is(err, vestibule.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if fetched || attacker.Fetches.Load() > 0 {
		t.Error("something was fetched from where the token says")
	}
}

func TestHeaders(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t, "ES256")
	v, key := issuer.Verifier(t), issuer.Key()
	for name, c := range map[string]struct {
		header map[string]any
		fine   bool
	}{
		"as the server has it":             {key.Header(), true},
		"something that nobody knows":      {map[string]any{"alg": "ES256", "kid": key.ID, "x": "y"}, true},
		"what has to be understood":        {map[string]any{"alg": "ES256", "kid": key.ID, "crit": []string{"x"}, "x": "y"}, false},
		"another algorithm than the key's": {map[string]any{"alg": "EdDSA", "kid": key.ID}, false},
		"none":                             {map[string]any{"alg": "none", "kid": key.ID}, false},
		"no algorithm":                     {map[string]any{"kid": key.ID}, false},
		"no kid":                           {map[string]any{"alg": "ES256"}, false},
		"a kid that is a number":           {map[string]any{"alg": "ES256", "kid": 7}, false},
	} {
		if _, err := v.Verify(t.Context(), key.Sign(t, c.header, payloadOf(t, issuer))); (err == nil) != c.fine || err != nil && !errors.Is(err, vestibule.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A tenant may have claims of its own, and encoding/json takes "Sub" for "sub".
func TestClaimsDifferByTheirCase(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	id, err := issuer.Verifier(t).Verify(t.Context(), issuer.Token(t, vestibuletest.Claims{Subject: "ann", Extra: map[string]any{"Sub": "root", "SUB": "root"}}))
	if err != nil || id.Subject != "ann" {
		t.Errorf("%+v, %v", id, err)
	}
}

func TestIssuersOfManyTenants(t *testing.T) {
	acme, beta, gone := vestibuletest.NewIssuer(t), vestibuletest.NewIssuer(t), vestibuletest.NewIssuer(t)
	tenants := map[string]vestibule.Issuer{acme.URL: {URL: acme.URL}, beta.URL: {URL: beta.URL}, gone.URL: {URL: acme.URL}}
	v, err := vestibule.New(vestibule.Options{IssuerOf: func(issuer string) (vestibule.Issuer, bool) {
		i, ok := tenants[issuer]
		return i, ok
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []*vestibuletest.Issuer{acme, beta} {
		if id, err := v.Verify(t.Context(), i.Token(t, vestibuletest.Claims{})); err != nil || id.Issuer != i.URL {
			t.Errorf("%+v, %v", id, err)
		}
	}
	// It is told of another tenant's keys: what it is told has to be of the one it asked for.
	if _, err := v.Verify(t.Context(), gone.Token(t, vestibuletest.Claims{})); !errors.Is(err, vestibule.ErrInvalid) {
		t.Errorf("an issuer with another's keys: %v", err)
	}
	delete(tenants, beta.URL)
	if _, err := v.Verify(t.Context(), beta.Token(t, vestibuletest.Claims{})); !errors.Is(err, vestibule.ErrInvalid) {
		t.Errorf("one that is not trusted any more: %v", err)
	}
}

func TestWhatIsWrongWithOptionsIsSaidAtOnce(t *testing.T) {
	_, err := vestibule.New(vestibule.Options{
		Issuers: []vestibule.Issuer{
			{URL: "https://a.example.org/"}, {URL: "http://b.example.org"}, {URL: "c.example.org"}, {URL: "https://d.example.org", Server: "http://d:8080"},
			{URL: "https://user:word@e.example.org"}, {URL: "http://localhost:8080"}, {URL: "http://f.example.org", AllowHTTP: true},
		},
		Sessions: &vestibule.Sessions{AllowedOrigins: []string{"https://g.example.org/path"}},
	})
	if err == nil {
		t.Fatal("they are taken")
	}
	for _, part := range []string{
		`"https://a.example.org/": leave out the slash`, `"http://b.example.org" is without TLS`, `"c.example.org" is no address`, `"http://d:8080" is without TLS`,
		`"https://user:word@e.example.org" is no address`, "neither cookies nor tokens", "7 issuers, and nothing tells whose", "g.example.org/path",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	for _, fine := range []string{"localhost:8080", "f.example.org"} {
		if strings.Contains(err.Error(), fine) {
			t.Errorf("%s is called wrong: %v", fine, err)
		}
	}
	if _, err := vestibule.New(vestibule.Options{}); err == nil {
		t.Error("no issuer is needed")
	}
}

// cut takes a token apart.
func cut(t *testing.T, token string) (header, payload, signature []byte) {
	t.Helper()
	var raw [3][]byte
	for n, part := range strings.Split(token, ".") {
		b, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		raw[n] = b
	}
	return raw[0], raw[1], raw[2]
}

// payloadOf is the payload of a token of an issuer that would be good.
func payloadOf(t *testing.T, i *vestibuletest.Issuer) []byte {
	t.Helper()
	_, payload, _ := cut(t, i.Token(t, vestibuletest.Claims{}))
	return payload
}

// published is the key set of an issuer as everybody sees it, and the kid of its first key.
func published(t *testing.T, i *vestibuletest.Issuer) (document []byte, kid string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.URL+"/.well-known/jwks.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	document, err = io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return document, i.Key().ID
}

func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		b.Run(algorithm, func(b *testing.B) {
			issuer := vestibuletest.NewIssuer(b, algorithm)
			v := issuer.Verifier(b)
			token := issuer.Token(b, vestibuletest.Claims{Extra: map[string]any{"email": "ann@example.org"}})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
			if n := issuer.Fetches.Load(); n != 1 {
				b.Errorf("the keys were fetched %d times", n)
			}
		})
	}
}
