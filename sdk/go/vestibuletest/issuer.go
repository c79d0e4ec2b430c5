// Package vestibuletest makes access tokens for tests of what a vestibule.Verifier protects, without a server.
//
//	issuer := vestibuletest.NewIssuer(t)
//	api := issuer.Verifier(t).Protect(handler)
//	r := httptest.NewRequest("GET", "/orders", nil)
//	r.Header.Set("Authorization", "Bearer "+issuer.Token(t, vestibuletest.Claims{Subject: "ann"}))
package vestibuletest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
)

// Issuer is a tenant that exists for a test: it has keys, and serves the public halves on this machine.
type Issuer struct {
	// URL is what its tokens have as iss.
	URL string
	// Fetches counts how often its keys were fetched.
	Fetches atomic.Int64

	server *httptest.Server
	mu     sync.Mutex
	keys   []jose.JSONWebKey // private; the last one signs
	down   bool
	maxAge time.Duration
}

// NewIssuer is an issuer with one key, which ends with the test. The algorithm is RS256, ES256 or EdDSA; ES256 if none is given.
func NewIssuer(t testing.TB, algorithm ...string) *Issuer {
	t.Helper()
	i := &Issuer{maxAge: 5 * time.Minute}
	i.server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.server.Close)
	i.URL = i.server.URL
	i.Rotate(t, algorithm...)
	return i
}

// Verifier is one that trusts this issuer alone.
func (i *Issuer) Verifier(t testing.TB) *vestibule.Verifier {
	t.Helper()
	v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: i.URL}}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Rotate has another key sign from now on. Those before it stay published.
func (i *Issuer) Rotate(t testing.TB, algorithm ...string) {
	t.Helper()
	name := string(jose.ES256)
	if len(algorithm) > 0 {
		name = algorithm[0]
	}
	key := NewKey(t, name)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, key)
}

// Retire takes away all keys but the one that signs.
func (i *Issuer) Retire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = i.keys[len(i.keys)-1:]
}

// Down has the issuer answer with 503, or as before.
func (i *Issuer) Down(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// MaxAge is for how long it says that its keys may be remembered: five minutes at first, as the server's.
func (i *Issuer) MaxAge(age time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.maxAge = age
}

// NewKey is a private key for RS256, ES256 or EdDSA that no issuer has.
func NewKey(t testing.TB, algorithm string) jose.JSONWebKey {
	t.Helper()
	var private crypto.Signer
	var err error
	switch algorithm {
	case string(jose.RS256):
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case string(jose.ES256):
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case string(jose.EdDSA):
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("there are no keys for %q; RS256, ES256 and EdDSA have some", algorithm)
	}
	if err != nil {
		t.Fatal(err)
	}
	key := jose.JSONWebKey{Key: private, Algorithm: algorithm, Use: "sig"}
	thumb, err := key.Thumbprint(crypto.SHA256) // RFC 7638
	if err != nil {
		t.Fatal(err)
	}
	key.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	return key
}

// serve serves the key set.
func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/.well-known/jwks.json" {
		http.NotFound(w, r)
		return
	}
	i.Fetches.Add(1)
	i.mu.Lock()
	var set jose.JSONWebKeySet
	for _, k := range i.keys {
		set.Keys = append(set.Keys, k.Public())
	}
	down, age := i.down, i.maxAge
	i.mu.Unlock()
	if down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(age.Seconds())))
	_ = json.NewEncoder(w).Encode(set) // whoever has gone needs no keys
}

// Claims are what a token is to say. What is empty is filled in, so that the zero value makes a token that is good.
type Claims struct {
	Subject  string        // "user" if empty
	Session  string        // "session" if empty
	Issuer   string        // the issuer's URL if empty
	Audience string        // the issuer's URL if empty
	Use      string        // "access" if empty
	Age      time.Duration // how long ago it was made
	Lasts    time.Duration // from then; five minutes if zero
	// Extra are further claims, or those above in another way: nil leaves one out.
	Extra map[string]any
}

// Token is a token that says so, signed by the issuer's latest key.
func (i *Issuer) Token(t testing.TB, c Claims) string {
	t.Helper()
	made := time.Now().Add(-c.Age)
	all := map[string]any{
		"iss": or(c.Issuer, i.URL), "aud": or(c.Audience, i.URL), "sub": or(c.Subject, "user"), "sid": or(c.Session, "session"),
		"jti": rand.Text(), "token_use": or(c.Use, "access"), "iat": made.Unix(), "exp": made.Add(or(c.Lasts, 5*time.Minute)).Unix(),
	}
	maps.Copy(all, c.Extra)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	payload, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return i.Sign(t, payload)
}

// Sign is a token of that payload, whatever is in it.
func (i *Issuer) Sign(t testing.TB, payload []byte) string {
	t.Helper()
	i.mu.Lock()
	key := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
