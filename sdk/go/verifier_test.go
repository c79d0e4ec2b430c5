package vestibule_test

import (
	"context"
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
		"another claim that is there twice":    ec.Sign(t, []byte(strings.Replace(string(payload), `{`, `{"x":1,"x":2,`, 1))),
		"a name that is spelt with escapes":    ec.Sign(t, []byte(strings.Replace(string(payload), `"sub":`, `"\u0073ub":`, 1))),
		"a subject that is no text":            ec.Sign(t, []byte(strings.Replace(string(payload), `"user"`, "\"a\xff\"", 1))),
		"not good yet":                         ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"nbf": 1}}),
		"good for ever":                        ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"exp": 253402300800}}),
		"an end with a fraction":               ec.Token(t, claims{Audience: "orders", Extra: map[string]any{"exp": float64(time.Now().Unix()+60) + .5}}),
		"a line break in it":                   good[:len(good)-5] + "\n" + good[len(good)-5:],
		"padding":                              good + "==",
		"bits that count for nothing":          loose(good),
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
	if err := v.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
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
	if n := issuer.Fetches.Load(); n != 1 { // there is no key without an id that could be a new one
		t.Errorf("the keys were fetched %d times", n)
	}
}

// A tenant may have claims of its own, and encoding/json takes "Sub" for "sub".
func TestClaimsDifferByTheirCase(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	id, err := issuer.Verifier(t).Verify(t.Context(), issuer.Token(t, vestibuletest.Claims{
		Subject: "ann", Extra: map[string]any{"Sub": "root", "SUB": "root", "token_Use": "refresh", "email": "ann@example.org"},
	}))
	if err != nil || id.Subject != "ann" {
		t.Fatalf("%+v, %v", id, err)
	}
	var said struct{ Sub, Email string }
	if err := id.Claims(&said); err != nil || said.Sub != "ann" || said.Email != "ann@example.org" {
		t.Errorf("the claims say %+v, %v", said, err)
	}
}

func TestTheTimesOfATokenToTheSecond(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	token := issuer.Token(t, vestibuletest.Claims{Extra: map[string]any{"iat": made.Unix(), "exp": made.Add(time.Minute).Unix()}})
	for after, fine := range map[time.Duration]bool{
		-5*time.Minute - time.Second: false, -5 * time.Minute: true, 0: true, time.Minute - time.Nanosecond: true, time.Minute: false, time.Hour: false,
	} {
		v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: issuer.URL}}, Now: func() time.Time { return made.Add(after) }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(t.Context(), token); (err == nil) != fine {
			t.Errorf("%v after it was made: %v", after, err)
		}
	}
}

func TestIssuersOfManyTenants(t *testing.T) {
	acme, beta := vestibuletest.NewIssuer(t), vestibuletest.NewIssuer(t)
	const root = "https://root.example.org"
	tenants := map[string]vestibule.Issuer{
		acme.URL: {URL: acme.URL}, beta.URL: {URL: beta.URL},
		root:                          {URL: acme.URL, Audience: "orders"}, // a mistake in the table
		"http://plain.example.org":    {URL: "http://plain.example.org"},
		"https://Capital.example.org": {URL: "https://Capital.example.org"},
	}
	v, err := vestibule.New(vestibule.Options{IssuerOf: func(_ context.Context, issuer string) (vestibule.Issuer, error) {
		if issuer == "https://away.example.org" {
			return vestibule.Issuer{}, errors.New("the table of tenants is away")
		}
		i, ok := tenants[issuer]
		if !ok {
			return i, vestibule.ErrInvalid
		}
		return i, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []*vestibuletest.Issuer{acme, beta} {
		if id, err := v.Verify(t.Context(), i.Token(t, vestibuletest.Claims{})); err != nil || id.Issuer != i.URL {
			t.Errorf("%+v, %v", id, err)
		}
	}
	for name, c := range map[string]struct {
		issuer string
		want   error
	}{
		"one with another's keys":     {root, vestibule.ErrInvalid},
		"one that is not known":       {"https://nobody.example.org", vestibule.ErrInvalid},
		"none":                        {"", vestibule.ErrInvalid},
		"one that nobody can look up": {"https://away.example.org", vestibule.ErrUnavailable},
		"one without TLS":             {"http://plain.example.org", vestibule.ErrUnavailable},
		"one that is written wrongly": {"https://Capital.example.org", vestibule.ErrUnavailable},
	} {
		token := acme.Token(t, vestibuletest.Claims{Audience: "orders", Extra: map[string]any{"iss": c.issuer}})
		if id, err := v.Verify(t.Context(), token); !errors.Is(err, c.want) || id != nil {
			t.Errorf("%s: %+v, %v, want %v", name, id, err, c.want)
		}
	}
	delete(tenants, beta.URL)
	if _, err := v.Verify(t.Context(), beta.Token(t, vestibuletest.Claims{})); !errors.Is(err, vestibule.ErrInvalid) {
		t.Errorf("one that is not trusted any more: %v", err)
	}
}

func TestWhatIsWrongWithOptionsIsSaidAtOnce(t *testing.T) {
	wrong := []string{
		"https://a.example.org/", "http://b.example.org", "c.example.org", "https://user:word@d.example.org", "https://e.example.org#", "https://f.example.org?",
		"https://:8080", "https://g.example.org/x/..", "https://h.example.org:99999", "https://i.example.org:", "https://j.example.org:443", "https://K.example.org",
		"https://m\u00fcller.example", "http://evil.localhost", "http://10.0.0.1", "ftp://l.example.org", "", "https://n.example.org:0",
	}
	for _, u := range wrong {
		if _, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: u}}}); err == nil || !strings.Contains(err.Error(), u) {
			t.Errorf("%q: %v", u, err)
		}
		if _, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: "https://a.example.org", Server: u}}}); err == nil && u != "" {
			t.Errorf("%q is a server's address", u)
		}
	}
	for _, u := range []string{
		"https://a.example.org", "https://a.example.org:8443", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:8080", "https://xn--mller-kva.example",
	} {
		if _, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: u}}}); err != nil {
			t.Errorf("%q: %v", u, err)
		}
	}
	if _, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: "http://b.example.org", AllowHTTP: true}}}); err != nil {
		t.Error(err)
	}
	_, err := vestibule.New(vestibule.Options{
		Issuers:  []vestibule.Issuer{{URL: "https://a.example.org", Audience: "a"}, {URL: "https://a.example.org", Audience: "b"}},
		Realm:    `a"`,
		Sessions: &vestibule.Sessions{AllowedOrigins: []string{"https://g.example.org/path"}},
	})
	if err == nil {
		t.Fatal("they are taken")
	}
	for _, part := range []string{"is there twice", "realm", "neither cookies nor tokens", "2 issuers, and nothing tells whose", "g.example.org/path"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	if _, err := vestibule.New(vestibule.Options{}); err == nil {
		t.Error("no issuer is needed")
	}
}

// The server has some time to answer, and no more.
func TestAServerThatDoesNotAnswer(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	defer issuer.Hold()()
	v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: issuer.URL}}, Timeout: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), issuer.Token(t, vestibuletest.Claims{})); !errors.Is(err, vestibule.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// One's own client is asked, and follows nothing.
func TestAClientOfOnesOwn(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	asked := 0
	v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: issuer.URL}}, HTTP: &http.Client{
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			asked++
			return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"http://127.0.0.1:1/"}}, Body: http.NoBody, Request: r}, nil
		}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return nil },
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), issuer.Token(t, vestibuletest.Claims{})); !errors.Is(err, vestibule.ErrUnavailable) || asked != 1 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// cut takes a token apart.
func cut(t testing.TB, token string) (header, payload, signature []byte) {
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

// loose is a token whose signature is spelt in another way, which a decoder may let pass: of its last letter some bits count for nothing.
func loose(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(letters, token[len(token)-1])
	return token[:len(token)-1] + letters[last|1:last|1+1]
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

// BenchmarkVerify has beside each check what the standard library takes for its signature alone: the ceiling, on the same machine in the
// same minute.
func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		issuer := vestibuletest.NewIssuer(b, algorithm)
		v := issuer.Verifier(b)
		token := issuer.Token(b, vestibuletest.Claims{Extra: map[string]any{"email": "ann@example.org"}})
		if err := v.Ready(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.Run(algorithm, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(algorithm+"_signature_alone", func(b *testing.B) {
			check, end := v.Check(issuer.URL, issuer.Key().ID), strings.LastIndexByte(token, '.')
			_, _, signature := cut(b, token)
			signed := []byte(token[:end])
			b.ReportAllocs()
			for b.Loop() {
				if !check(signed, signature) {
					b.Fatal("the signature does not fit")
				}
			}
		})
		if n := issuer.Fetches.Load(); n != 1 {
			b.Errorf("%s: the keys were fetched %d times", algorithm, n)
		}
	}
}
