package vestibuletest_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
	"github.com/vestibule-auth/vestibule/sdk/go/vestibuletest"
)

func TestTheExample(t *testing.T) { checkOrders(t) }

// payloadOf is what a token says.
func payloadOf(t *testing.T, token string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// A claim that is asked for and not written would have a test pass that it should have failed.
func TestATokenSaysWhatItIsToSay(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	now := float64(time.Now().Unix())
	usual := payloadOf(t, issuer.Token(t, vestibuletest.Claims{}))
	for name, want := range map[string]any{"iss": issuer.URL, "aud": issuer.URL, "sub": "user", "sid": "session", "token_use": "access"} {
		if usual[name] != want {
			t.Errorf("%s is %v, want %v", name, usual[name], want)
		}
	}
	if made, ends := usual["iat"].(float64), usual["exp"].(float64); made < now || made > now+60 || ends != made+300 || usual["jti"] == "" {
		t.Errorf("%v", usual)
	}
	said := payloadOf(t, issuer.Token(t, vestibuletest.Claims{
		Subject: "ann", Session: "s1", Issuer: "i", Audience: "orders", Use: "refresh", Age: time.Hour, Lasts: time.Minute,
		Extra: map[string]any{"email": "ann@example.org", "jti": nil, "sub": 7},
	}))
	for name, want := range map[string]any{
		"iss": "i", "aud": "orders", "sub": 7.0, "sid": "s1", "token_use": "refresh", "email": "ann@example.org", "jti": nil,
	} {
		if said[name] != want {
			t.Errorf("%s is %v, want %v", name, said[name], want)
		}
	}
	if made, ends := said["iat"].(float64), said["exp"].(float64); made > now-3500 || made < now-3601 || ends != made+60 {
		t.Errorf("%v", said)
	}
}

func TestKeysOfEveryAlgorithm(t *testing.T) {
	for algorithm, members := range map[string][]string{"RS256": {"e", "kty", "n"}, "ES256": {"crv", "kty", "x", "y"}, "EdDSA": {"crv", "kty", "x"}} {
		issuer := vestibuletest.NewIssuer(t, algorithm)
		v := issuer.Verifier(t)
		token := issuer.Token(t, vestibuletest.Claims{})
		if id, err := v.Verify(t.Context(), token); err != nil || id.Subject != "user" || issuer.Key().Algorithm != algorithm {
			t.Errorf("%s: %+v, %v", algorithm, id, err)
		}
		if _, err := v.Verify(t.Context(), token[:len(token)-8]+"AAAAAAAA"); !errors.Is(err, vestibule.ErrInvalid) {
			t.Errorf("%s: a signature that was changed: %v", algorithm, err)
		}
		other := vestibuletest.NewKey(t, algorithm)
		header := other.Header()
		header["kid"] = issuer.Key().ID
		if _, err := v.Verify(t.Context(), other.Sign(t, header, []byte(`{"iss":"`+issuer.URL+`"}`))); !errors.Is(err, vestibule.ErrInvalid) {
			t.Errorf("%s: another key that says it is this one: %v", algorithm, err)
		}
		// RFC 7638, section 3: the members that make the key, in the order of their names.
		var parts []string
		for _, name := range members {
			parts = append(parts, fmt.Sprintf("%q:%q", name, issuer.Key().Public()[name]))
		}
		digest := sha256.Sum256([]byte("{" + strings.Join(parts, ",") + "}"))
		if kid := base64.RawURLEncoding.EncodeToString(digest[:]); kid != issuer.Key().ID || issuer.Key().Public()["kid"] != kid {
			t.Errorf("%s: the kid is %s, want the thumbprint %s", algorithm, issuer.Key().ID, kid)
		}
	}
	if got := vestibuletest.NewIssuer(t).Key().Algorithm; got != "ES256" {
		t.Errorf("without a word of it, the algorithm is %s", got)
	}
}

// stopped is a test that ends as soon as it fails.
type stopped struct {
	testing.TB
	why string
}

func (*stopped) Helper() {}
func (s *stopped) Fatalf(format string, args ...any) {
	s.why = fmt.Sprintf(format, args...)
	panic(s)
}

func TestAnAlgorithmThatThereIsNot(t *testing.T) {
	s := &stopped{TB: t}
	defer func() {
		if recover() != s || !strings.Contains(s.why, "HS256") {
			t.Errorf("a shared secret is a key: %q", s.why)
		}
	}()
	vestibuletest.NewKey(s, "HS256")
}

func TestKeysFollowEachOther(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	first := issuer.Key()
	old := issuer.Token(t, vestibuletest.Claims{})
	if issuer.Next() != nil {
		t.Error("there is a next key from the beginning")
	}
	issuer.Publish(t, "RS256")
	next := issuer.Next()
	if issuer.Key() != first || next == nil || next.Algorithm != "RS256" {
		t.Fatalf("a published key signs already, or is not there: %v", next)
	}
	issuer.Rotate(t)
	if issuer.Key() != next || issuer.Next() != nil {
		t.Error("the published key does not follow")
	}
	before := issuer.Verifier(t)
	for name, token := range map[string]string{"the old key": old, "the new key": issuer.Token(t, vestibuletest.Claims{})} {
		if _, err := before.Verify(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	issuer.Retire()
	after := issuer.Verifier(t)
	if _, err := after.Verify(t.Context(), old); !errors.Is(err, vestibule.ErrInvalid) {
		t.Errorf("a key that was retired: %v", err)
	}
	if _, err := after.Verify(t.Context(), issuer.Token(t, vestibuletest.Claims{})); err != nil || issuer.Key() != next {
		t.Errorf("the key that signs was retired: %v", err)
	}
	issuer.Rotate(t, "EdDSA")
	if issuer.Key().Algorithm != "EdDSA" || issuer.Fetches.Load() != 2 {
		t.Errorf("%s, %d fetches", issuer.Key().Algorithm, issuer.Fetches.Load())
	}
}

// shown is the answer of an API to a request with that header.
func shown(t *testing.T, v *vestibule.Verifier, name, value string) (*vestibule.Identity, error) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.Header.Set(name, value)
	return v.Authenticate(r)
}

func TestSessions(t *testing.T) {
	issuer, other := vestibuletest.NewIssuer(t), vestibuletest.NewIssuer(t)
	v := issuer.Verifier(t, func(o *vestibule.Options) { o.Sessions = &vestibule.Sessions{Tokens: true, Cookie: "acme"} })
	ann := issuer.Session(t, vestibuletest.User{ID: "ann", Extra: map[string]any{"email": "ann@example.org", "display": nil}})
	ben := issuer.Session(t, vestibuletest.User{ID: "ben"})
	foreign := other.Session(t, vestibuletest.User{ID: "ann"})
	nameless := issuer.Session(t, vestibuletest.User{Extra: map[string]any{"id": nil}})
	usual := issuer.Session(t, vestibuletest.User{})
	ways := map[string]func(token string) (*vestibule.Identity, error){
		"token":  func(token string) (*vestibule.Identity, error) { return shown(t, v, "X-Session-Token", token) },
		"cookie": func(token string) (*vestibule.Identity, error) { return shown(t, v, "Cookie", "other=1; acme="+token) },
	}
	for way, show := range ways {
		id, err := show(ann)
		if err != nil || id.Issuer != issuer.URL || id.Subject != "ann" || id.Session != "" {
			t.Fatalf("%s: %+v, %v", way, id, err)
		}
		var said map[string]any
		if err := id.Claims(&said); err != nil || said["email"] != "ann@example.org" || said["has_usable_password"] != true || len(said) != 3 {
			t.Errorf("%s: %v, %v", way, said, err)
		}
		if id, err := show(usual); err != nil || id.Subject != "user" {
			t.Errorf("%s: %+v, %v", way, id, err)
		}
		for name, token := range map[string]string{"another issuer's": foreign, "a made-up one": "x", "an access token": issuer.Token(t, vestibuletest.Claims{})} {
			if id, err := show(token); !errors.Is(err, vestibule.ErrInvalid) || id != nil {
				t.Errorf("%s, %s: %+v, %v", way, name, id, err)
			}
		}
		if _, err := show(nameless); !errors.Is(err, vestibule.ErrUnavailable) {
			t.Errorf("%s, a user without an id: %v", way, err)
		}
	}
	issuer.Down(true)
	for way, show := range ways {
		if _, err := show(ann); !errors.Is(err, vestibule.ErrUnavailable) {
			t.Errorf("%s, while the server is away: %v", way, err)
		}
	}
	issuer.Down(false)
	issuer.EndSession(ann)
	for way, show := range ways {
		if _, err := show(ann); !errors.Is(err, vestibule.ErrInvalid) {
			t.Errorf("%s, after the logout: %v", way, err)
		}
		if id, err := show(ben); err != nil || id.Subject != "ben" {
			t.Errorf("%s, somebody else after it: %+v, %v", way, id, err)
		}
	}
	if n := issuer.Fetches.Load(); n != 0 {
		t.Errorf("sessions had keys fetched %d times", n)
	}
	without := issuer.Verifier(t)
	if _, err := shown(t, without, "X-Session-Token", ben); !errors.Is(err, vestibule.ErrMissing) {
		t.Errorf("a verifier that was not told to looks at sessions: %v", err)
	}
}

func TestAServerThatIsAway(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	v := issuer.Verifier(t)
	release := issuer.Hold()
	ctx, leave := context.WithCancel(t.Context())
	heard := make(chan error)
	go func() { heard <- v.Ready(ctx) }()
	leave()
	if err := <-heard; !errors.Is(err, vestibule.ErrUnavailable) {
		t.Errorf("while it keeps everybody waiting: %v", err)
	}
	release()
	release() // the second time says nothing
	if err := v.Ready(t.Context()); err != nil {
		t.Errorf("once it has let go: %v", err)
	}
	issuer.MaxAge(90 * time.Second)
	issuer.Down(true)
	if err := issuer.Verifier(t).Ready(t.Context()); !errors.Is(err, vestibule.ErrUnavailable) {
		t.Errorf("while it is down: %v", err)
	}
	issuer.Down(false)
	for path, want := range map[string]struct {
		status int
		age    string
	}{"/.well-known/jwks.json": {200, "public, max-age=90"}, "/": {404, ""}, "/_allauth/app/v1/auth/login": {404, ""}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, issuer.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want.status || res.Header.Get("Cache-Control") != want.age {
			t.Errorf("%s: %d %q", path, res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
}
