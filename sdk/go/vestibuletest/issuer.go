// Package vestibuletest makes access tokens and sessions for tests of what a vestibule.Verifier protects, without a server.
//
//	issuer := vestibuletest.NewIssuer(t)
//	api := issuer.Verifier(t).Protect(handler)
//	r := httptest.NewRequest("GET", "/orders", nil)
//	r.Header.Set("Authorization", "Bearer "+issuer.Token(t, vestibuletest.Claims{Subject: "ann"}))
package vestibuletest

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
)

// Issuer is a tenant that exists for a test: it has keys and sessions, and answers on this machine whoever asks about them.
type Issuer struct {
	// URL is what its tokens have as iss.
	URL string
	// Fetches counts how often its keys were fetched.
	Fetches atomic.Int64

	server   *httptest.Server
	mu       sync.Mutex
	keys     []*Key
	signer   int           // which of them signs
	held     chan struct{} // nil: nobody is kept waiting
	down     bool
	maxAge   time.Duration
	sessions map[string]json.RawMessage // their users, by token
}

// NewIssuer is an issuer with one key, which ends with the test. The algorithm is RS256, ES256 or EdDSA; ES256 if none is given.
func NewIssuer(t testing.TB, algorithm ...string) *Issuer {
	t.Helper()
	i := &Issuer{maxAge: 5 * time.Minute, signer: -1, sessions: map[string]json.RawMessage{}}
	i.server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.server.Close)
	i.URL = i.server.URL
	i.Rotate(t, algorithm...)
	return i
}

// Verifier is one that trusts this issuer alone, with further options as these set them.
func (i *Issuer) Verifier(t testing.TB, set ...func(*vestibule.Options)) *vestibule.Verifier {
	t.Helper()
	o := vestibule.Options{Issuers: []vestibule.Issuer{{URL: i.URL}}}
	for _, f := range set {
		f(&o)
	}
	v, err := vestibule.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Publish has another key in the key set that does not sign yet, as the server has it for ten minutes before.
func (i *Issuer) Publish(t testing.TB, algorithm ...string) {
	t.Helper()
	name := "ES256"
	if len(algorithm) > 0 {
		name = algorithm[0]
	}
	key := NewKey(t, name)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, key)
}

// Rotate has the next key sign from now on: the one that was published, or a new one. Those before it stay published.
func (i *Issuer) Rotate(t testing.TB, algorithm ...string) {
	t.Helper()
	i.mu.Lock()
	published := i.signer+1 < len(i.keys)
	i.mu.Unlock()
	if !published {
		i.Publish(t, algorithm...)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.signer++
}

// Key is the key that signs.
func (i *Issuer) Key() *Key {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[i.signer]
}

// Next is the key that is published and signs next; nil where there is none.
func (i *Issuer) Next() *Key {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.signer+1 == len(i.keys) {
		return nil
	}
	return i.keys[i.signer+1]
}

// Retire takes away all keys before the one that signs.
func (i *Issuer) Retire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys, i.signer = i.keys[i.signer:], 0
}

// Down has the issuer answer with 503, or as before.
func (i *Issuer) Down(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// Hold has the issuer keep whoever asks waiting until release is called.
func (i *Issuer) Hold() (release func()) {
	held := make(chan struct{})
	i.mu.Lock()
	defer i.mu.Unlock()
	i.held = held
	return sync.OnceFunc(func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.held = nil
		close(held)
	})
}

// MaxAge is for how long it says that its keys may be remembered: five minutes at first, as the server's.
func (i *Issuer) MaxAge(age time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.maxAge = age
}

// serve answers as the server does.
func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/.well-known/jwks.json" {
		i.Fetches.Add(1)
	}
	i.mu.Lock()
	held := i.held
	i.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path == "/.well-known/jwks.json":
		var keys []map[string]string
		for _, k := range i.keys {
			keys = append(keys, k.Public())
		}
		w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(i.maxAge.Seconds())))
		answer(w, http.StatusOK, map[string]any{"keys": keys})
	case r.URL.Path == "/_allauth/app/v1/auth/session":
		i.answerSession(w, http.StatusGone, r.Header.Get("X-Session-Token"))
	case r.URL.Path == "/_allauth/browser/v1/auth/session":
		var shown []string
		for _, c := range r.Cookies() { // whatever the tenant calls it
			shown = append(shown, c.Value)
		}
		i.answerSession(w, http.StatusUnauthorized, shown...)
	default:
		http.NotFound(w, r)
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever has gone needs no answer
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
	key := i.Key()
	return key.Sign(t, key.Header(), payload)
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
