package vestibule_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
	"github.com/vestibule-auth/vestibule/sdk/go/vestibuletest"
)

// clock is a time that tests set. Tokens are made by the machine's, from which it starts.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// at is a verifier of an issuer with a clock of its own.
func at(t *testing.T, c *clock, issuers ...*vestibuletest.Issuer) *vestibule.Verifier {
	t.Helper()
	o := vestibule.Options{Now: c.now}
	for _, i := range issuers {
		o.Issuers = append(o.Issuers, vestibule.Issuer{URL: i.URL})
	}
	v, err := vestibule.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// long is a token that outlives what a test does to the clock.
func long(t *testing.T, i *vestibuletest.Issuer) string {
	t.Helper()
	return i.Token(t, vestibuletest.Claims{Lasts: 100 * time.Hour})
}

// eventually waits for what happens beside.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%s: not within 20 seconds", what)
		}
	}
}

func TestKeysAreFetchedOnce(t *testing.T) {
	var c clock
	issuer := vestibuletest.NewIssuer(t)
	v, token := at(t, &c, issuer), long(t, issuer)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range 20 {
				if _, err := v.Verify(t.Context(), token); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := issuer.Fetches.Load(); n != 1 {
		t.Errorf("they were fetched %d times", n)
	}
	c.advance(299 * time.Second)
	_, _ = v.Verify(t.Context(), token)
	if n := issuer.Fetches.Load(); n != 1 {
		t.Errorf("they were fetched %d times before they were old", n)
	}
	c.advance(2 * time.Second)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	eventually(t, "old keys are fetched anew", func() bool { return issuer.Fetches.Load() == 2 })
}

// The next key is published before it signs, as the server has it, and keys come and go while 20 clients ask without a pause.
func TestRotationUnderLoadRefusesNothing(t *testing.T) {
	var c clock
	issuer := vestibuletest.NewIssuer(t)
	v := at(t, &c, issuer)
	var current atomic.Value
	current.Store(long(t, issuer))
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var asked atomic.Int64
	for range 20 {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := v.Verify(t.Context(), current.Load().(string)); err != nil {
					t.Error(err)
					return
				}
				asked.Add(1)
			}
		})
	}
	for n := range 20 {
		issuer.Rotate(t)
		current.Store(long(t, issuer))
		before := asked.Load()
		eventually(t, "the new token is shown", func() bool { return asked.Load() > before+200 })
		if n%3 == 0 {
			issuer.Retire()
		}
		c.advance(6 * time.Minute)
	}
	stop()
	all.Wait()
	if n := issuer.Fetches.Load(); n > 60 {
		t.Errorf("%d requests over two hours and 20 rotations had keys fetched %d times", asked.Load(), n)
	}
}

// A key that is used at once, without having been published before.
func TestAKeyThatIsNewIsFetched(t *testing.T) {
	var c clock
	issuer := vestibuletest.NewIssuer(t)
	v := at(t, &c, issuer)
	for range 4 {
		if _, err := v.Verify(t.Context(), long(t, issuer)); err != nil {
			t.Error(err)
		}
		issuer.Rotate(t)
	}
	old := long(t, issuer)
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Error(err)
	}
	issuer.Rotate(t)
	issuer.Retire()
	c.advance(6 * time.Minute)
	eventually(t, "a key that was taken away is good for nothing", func() bool {
		_, err := v.Verify(t.Context(), old)
		return errors.Is(err, vestibule.ErrInvalid)
	})
}

func TestMadeUpKeysFetchLittle(t *testing.T) {
	var c clock
	issuer := vestibuletest.NewIssuer(t)
	v, token, payload := at(t, &c, issuer), long(t, issuer), payloadOf(t, issuer)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 50 {
				made := vestibuletest.NewKey(t, "ES256")
				if _, err := v.Verify(t.Context(), made.Sign(t, made.Header(), payload)); !errors.Is(err, vestibule.ErrInvalid) {
					t.Error(err)
				}
				if _, err := v.Verify(t.Context(), token); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := issuer.Fetches.Load(); n > 8 {
		t.Errorf("1000 made-up keys had the keys fetched %d times", n)
	}
	// And a key that comes afterwards is found soon.
	issuer.Rotate(t)
	c.advance(10 * time.Second)
	if _, err := v.Verify(t.Context(), long(t, issuer)); err != nil {
		t.Error(err)
	}
}

func TestWhileTheServerIsAway(t *testing.T) {
	var c clock
	issuer := vestibuletest.NewIssuer(t)
	v, token := at(t, &c, issuer), long(t, issuer)
	issuer.Down(true)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, vestibule.ErrUnavailable) {
		t.Errorf("before there were keys: %v", err)
	}
	issuer.Down(false)
	c.advance(2 * time.Second)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("once it is there: %v", err)
	}
	issuer.Down(true)
	for range 23 {
		c.advance(time.Hour)
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Fatalf("with keys that are known: %v", err)
		}
	}
	issuer.Rotate(t)
	if _, err := v.Verify(t.Context(), long(t, issuer)); !errors.Is(err, vestibule.ErrUnavailable) {
		t.Errorf("with a key that may be new: %v", err)
	}
	c.advance(61 * time.Minute)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, vestibule.ErrUnavailable) {
		t.Errorf("with keys of more than a day: %v", err)
	}
	issuer.Down(false)
	c.advance(2 * time.Second)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("once it is back: %v", err)
	}
}

// A server that is away is not asked by everybody who waits.
func TestAServerThatIsAwayIsAskedLittle(t *testing.T) {
	var c clock
	issuer := vestibuletest.NewIssuer(t)
	v, token := at(t, &c, issuer), long(t, issuer)
	issuer.Down(true)
	for range 100 {
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, vestibule.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if n := issuer.Fetches.Load(); n > 3 {
		t.Errorf("it was asked %d times", n)
	}
}

func TestWhoWaitsForKeysCanLeave(t *testing.T) {
	held := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-held }))
	defer s.Close()
	defer close(held)
	v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: s.URL}}})
	if err != nil {
		t.Fatal(err)
	}
	issuer := vestibuletest.NewIssuer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(ctx, issuer.Token(t, vestibuletest.Claims{Issuer: s.URL, Audience: s.URL})); !errors.Is(err, vestibule.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAnswersThatAreNoKeySets(t *testing.T) {
	var elsewhere atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Store(true) }))
	defer other.Close()
	key := vestibuletest.NewKey(t, "ES256").Public()
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"a page":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no keys": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) },
		"a secret": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[{"kty":"oct","alg":"HS256","kid":"a","k":"AAAA"}]}`))
		},
		"short keys": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[{"kty":"RSA","alg":"RS256","kid":"a","n":"AQAB","e":"AQAB"}]}`))
		},
		"no point": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","kid":"a","x":"` + key["x"] + `","y":"` + key["x"] + `"}]}`))
		},
		"one kid for two": func(w http.ResponseWriter, _ *http.Request) {
			one := `{"kty":"EC","crv":"P-256","alg":"ES256","kid":"a","x":"` + key["x"] + `","y":"` + key["y"] + `"}`
			_, _ = w.Write([]byte(`{"keys":[` + one + `,` + one + `]}`))
		},
		"for encryption": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[{"use":"enc","kty":"EC","crv":"P-256","alg":"ES256","kid":"a","x":"` + key["x"] + `","y":"` + key["y"] + `"}]}`))
		},
		"too much":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2<<20)) },
		"an error":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"another place": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) },
	} {
		s := httptest.NewServer(http.HandlerFunc(answer))
		v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: s.URL}}})
		if err != nil {
			t.Fatal(err)
		}
		token := vestibuletest.NewIssuer(t).Token(t, vestibuletest.Claims{Issuer: s.URL, Audience: s.URL})
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, vestibule.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
	}
	if elsewhere.Load() {
		t.Error("a redirect was followed")
	}
}

// Inside of a cluster the server is reached by another address, and finds the tenant by the host of its own.
func TestAServerBehindAnotherAddress(t *testing.T) {
	var host atomic.Value
	issuer := vestibuletest.NewIssuer(t)
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host.Store(r.Host)
		document, _ := published(t, issuer)
		_, _ = w.Write(document)
	}))
	defer inside.Close()
	const public = "https://acme.example.org"
	v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: public, Server: inside.URL + "/"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), issuer.Token(t, vestibuletest.Claims{Issuer: public, Audience: public})); err != nil {
		t.Error(err)
	}
	if host.Load() != "acme.example.org" {
		t.Errorf("it was asked for %v", host.Load())
	}
}
