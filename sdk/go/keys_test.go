package vestibule_test

import (
	"bytes"
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
type clock struct {
	ahead   atomic.Int64
	stopped time.Time // where it stands still unless it is advanced; zero: it goes on as the machine's does
}

func (c *clock) now() time.Time {
	from := c.stopped
	if from.IsZero() {
		from = time.Now()
	}
	return from.Add(time.Duration(c.ahead.Load()))
}
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

// Each next key is published before it signs, as the server has it, and 20 clients ask without a pause.
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
				token := current.Load()
				if _, err := v.Verify(t.Context(), token.(string)); err != nil && token == current.Load() {
					t.Error(err)
					return
				}
				asked.Add(1)
				time.Sleep(100 * time.Microsecond) // so that whoever serves the keys has its turn, on any machine
			}
		})
	}
	eventually(t, "somebody asks", func() bool { return asked.Load() > 0 })
	for range 20 {
		issuer.Publish(t)
		before := issuer.Fetches.Load()
		c.advance(6 * time.Minute)
		eventually(t, "the keys are fetched anew", func() bool { return issuer.Fetches.Load() > before })
		eventually(t, "the next key is known", func() bool { return v.Knows(issuer.URL, issuer.Next().ID) })
		issuer.Rotate(t)
		current.Store(long(t, issuer))
		shown := asked.Load()
		eventually(t, "the new token is shown", func() bool { return asked.Load() > shown+100 })
		issuer.Retire()
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
	for range 5 {
		if _, err := v.Verify(t.Context(), long(t, issuer)); err != nil {
			t.Error(err)
		}
		issuer.Rotate(t)
	}
}

// Nobody has asked for hours, and the first who does shows a token of a key that was taken away meanwhile.
func TestAKeyThatWasTakenAwayIsGoodForNothing(t *testing.T) {
	for _, later := range []time.Duration{11 * time.Minute, 23 * time.Hour, 25 * time.Hour} {
		var c clock
		issuer := vestibuletest.NewIssuer(t)
		v, old := at(t, &c, issuer), long(t, issuer)
		if _, err := v.Verify(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		issuer.Rotate(t)
		issuer.Retire()
		c.advance(later)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, err := v.Verify(t.Context(), old); !errors.Is(err, vestibule.ErrInvalid) && !errors.Is(err, vestibule.ErrUnavailable) {
					t.Errorf("after %v: %v", later, err)
				}
			})
		}
		all.Wait()
		if _, err := v.Verify(t.Context(), long(t, issuer)); err != nil {
			t.Errorf("after %v, a token of the new key: %v", later, err)
		}
	}
}

// Old keys are used while new ones are on their way, and those who need new ones wait for one fetch.
func TestOneFetchForAll(t *testing.T) {
	var c clock
	issuer := vestibuletest.NewIssuer(t)
	v, token := at(t, &c, issuer), long(t, issuer)
	release := issuer.Hold()
	ask := func(n int, token string) (wait func()) {
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				if _, err := v.Verify(t.Context(), token); err != nil {
					t.Error(err)
				}
			})
		}
		return all.Wait
	}
	wait := ask(50, token)
	eventually(t, "somebody asks", func() bool { return issuer.Fetches.Load() > 0 })
	release()
	wait()
	if n := issuer.Fetches.Load(); n != 1 {
		t.Errorf("50 who need keys have them fetched %d times", n)
	}
	c.advance(6 * time.Minute)
	release = issuer.Hold()
	ask(50, token)() // nobody waits
	if n := issuer.Fetches.Load(); n > 2 {
		t.Errorf("old keys are fetched %d times at once", n-1)
	}
	issuer.Rotate(t)
	wait = ask(50, long(t, issuer))
	release()
	wait()
	if n := issuer.Fetches.Load(); n > 4 {
		t.Errorf("50 who show a new key have it fetched %d times", n-2)
	}
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
				if id, err := v.Verify(t.Context(), made.Sign(t, made.Header(), payload)); err == nil || id != nil {
					t.Error("a made-up key is believed")
				}
				if _, err := v.Verify(t.Context(), token); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	// The first for all, five that unknown keys may have, and what the machine's own clock adds.
	if n := issuer.Fetches.Load(); n > 8 {
		t.Errorf("1000 made-up keys had the keys fetched %d times", n)
	}
	// A key that comes meanwhile is not called bad, and is found soon.
	issuer.Rotate(t)
	if _, err := v.Verify(t.Context(), long(t, issuer)); errors.Is(err, vestibule.ErrInvalid) {
		t.Error(err)
	}
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
	if err := v.Ready(t.Context()); !errors.Is(err, vestibule.ErrUnavailable) {
		t.Errorf("ready before there were keys: %v", err)
	}
	issuer.Down(false)
	c.advance(2 * time.Second)
	if err := v.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("once it is there: %v", err)
	}
	issuer.Down(true)
	for range 23 {
		c.advance(time.Hour)
		for range 3 { // the first has keys fetched, and the others come after that has failed
			before := issuer.Fetches.Load()
			if _, err := v.Verify(t.Context(), token); err != nil {
				t.Fatalf("with keys that are known: %v", err)
			}
			eventually(t, "a fetch has failed", func() bool { return issuer.Fetches.Load() > before || !v.Fetching(issuer.URL) })
			c.advance(2 * time.Second)
		}
	}
	issuer.Rotate(t)
	for range 10 {
		if _, err := v.Verify(t.Context(), long(t, issuer)); !errors.Is(err, vestibule.ErrUnavailable) {
			t.Errorf("with a key that may be new: %v", err)
		}
	}
	c.advance(2 * time.Hour)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, vestibule.ErrUnavailable) {
		t.Errorf("with keys of more than a day: %v", err)
	}
	issuer.Down(false)
	c.advance(2 * time.Second)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("once it is back: %v", err)
	}
}

// How long a key that was taken away may be believed, by an API that does not reach the server.
func TestKeysAreGoodForADayAndNoLonger(t *testing.T) {
	for away, fine := range map[time.Duration]bool{24*time.Hour - time.Minute: true, 24*time.Hour + time.Second: false} {
		var c clock
		issuer := vestibuletest.NewIssuer(t)
		v, token := at(t, &c, issuer), long(t, issuer)
		if err := v.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		issuer.Down(true)
		c.advance(away)
		if _, err := v.Verify(t.Context(), token); (err == nil) != fine || err != nil && !errors.Is(err, vestibule.ErrUnavailable) {
			t.Errorf("after %v: %v", away, err)
		}
	}
}

// Where the last fetch failed, the next may hang: whoever has a key that is known does not wait for it, nor has it fetched over and over.
func TestNobodyWaitsForAServerThatHangs(t *testing.T) {
	c := clock{stopped: time.Now()}
	issuer := vestibuletest.NewIssuer(t)
	v, token := at(t, &c, issuer), long(t, issuer)
	if err := v.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := v.Ready(t.Context()); err != nil || issuer.Fetches.Load() != 1 {
		t.Errorf("ready once more: %v, after %d fetches", err, issuer.Fetches.Load())
	}
	issuer.Down(true)
	c.advance(time.Hour)
	for range 50 { // the first waits for a fetch that fails, and the others come soon after
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Error(err)
		}
		eventually(t, "nothing is fetched any more", func() bool { return !v.Fetching(issuer.URL) })
	}
	if n := issuer.Fetches.Load(); n != 2 {
		t.Errorf("50 who come one after the other have a server that is away asked %d times", n-1)
	}
	c.advance(2 * time.Second)
	release := issuer.Hold()
	defer release()
	impatient, leave := context.WithCancel(t.Context())
	leave()
	for range 2 { // one has keys fetched, and one comes while that hangs
		if _, err := v.Verify(impatient, token); err != nil {
			t.Errorf("somebody waits: %v", err)
		}
	}
}

// Keys that could not be fetched at first use up nothing of what keys that are not known may ask for.
func TestAServerThatComesLateIsBelievedAtOnce(t *testing.T) {
	c := clock{stopped: time.Now()}
	issuer := vestibuletest.NewIssuer(t)
	v, token := at(t, &c, issuer), long(t, issuer)
	issuer.Down(true)
	for range 20 {
		_, _ = v.Verify(t.Context(), token)
		c.advance(2 * time.Second)
	}
	if n := issuer.Fetches.Load(); n != 20 {
		t.Errorf("20 who come while there are no keys had them fetched %d times", n)
	}
	issuer.Down(false)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
}

// Keys are on their way when another is published and signs at once: they are without it, and it is found all the same.
func TestAKeyThatAFetchHasMissedIsFetched(t *testing.T) {
	var looks atomic.Int64
	asked, release := make(chan struct{}), make(chan struct{})
	issuer := vestibuletest.NewIssuer(t)
	first := sync.OnceFunc(func() { close(asked); <-release })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		document, _ := published(t, issuer)
		first()
		_, _ = w.Write(document)
	}))
	defer s.Close()
	v, err := vestibule.New(vestibule.Options{
		Issuers: []vestibule.Issuer{{URL: s.URL}},
		Now:     func() time.Time { looks.Add(1); return time.Now() },
	})
	if err != nil {
		t.Fatal(err)
	}
	said := vestibuletest.Claims{Issuer: s.URL, Audience: s.URL}
	old := issuer.Token(t, said)
	var all sync.WaitGroup
	verify := func(token string) {
		all.Go(func() {
			if _, err := v.Verify(t.Context(), token); err != nil {
				t.Error(err)
			}
		})
	}
	verify(old)
	<-asked
	issuer.Rotate(t)
	before := looks.Load()
	verify(issuer.Token(t, said))
	eventually(t, "the other looks for its key", func() bool { return looks.Load() > before }) // and finds that keys are on their way
	close(release)
	all.Wait()
}

// What became of the keys while an answer was on its way, it does not say.
func TestKeysAreAsOldAsTheQuestion(t *testing.T) {
	var c clock
	issuer := vestibuletest.NewIssuer(t)
	v, token := at(t, &c, issuer), long(t, issuer)
	release := issuer.Hold()
	heard := make(chan error)
	go func() {
		_, err := v.Verify(context.Background(), token)
		heard <- err
	}()
	eventually(t, "they are asked for", func() bool { return issuer.Fetches.Load() == 1 })
	c.advance(6 * time.Minute)
	release()
	if err := <-heard; err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	eventually(t, "they are asked for once more", func() bool { return issuer.Fetches.Load() == 2 })
}

// A clock that is set back neither keeps keys fresh for ever, nor a failure.
func TestAClockThatIsSetBack(t *testing.T) {
	var c clock
	issuer := vestibuletest.NewIssuer(t)
	v, token := at(t, &c, issuer), issuer.Token(t, vestibuletest.Claims{Age: 3 * time.Hour, Lasts: 100 * time.Hour})
	issuer.Down(true)
	_, _ = v.Verify(t.Context(), token)
	issuer.Down(false)
	c.advance(-time.Hour)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("after a failure that lies in the future: %v", err)
	}
	c.advance(-time.Hour)
	before := issuer.Fetches.Load()
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	eventually(t, "keys of the future are fetched anew", func() bool { return issuer.Fetches.Load() > before })
}

// A server that is away is not asked by everybody who waits.
func TestAServerThatIsAwayIsAskedLittle(t *testing.T) {
	c := clock{stopped: time.Now()}
	issuer := vestibuletest.NewIssuer(t)
	v, token := at(t, &c, issuer), long(t, issuer)
	issuer.Down(true)
	for range 100 {
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, vestibule.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if n := issuer.Fetches.Load(); n != 1 {
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
		"a page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"one kid for two": func(w http.ResponseWriter, _ *http.Request) {
			one := `{"kty":"EC","crv":"P-256","alg":"ES256","kid":"a","x":"` + key["x"] + `","y":"` + key["y"] + `"}`
			_, _ = w.Write([]byte(`{"keys":[` + one + `,` + one + `]}`))
		},
		"too much": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append([]byte(`{"keys":[]}`), bytes.Repeat([]byte(" "), 1<<20)...))
		},
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

// Some answers say that there are no keys: those of a tenant that is suspended or has ended, and of one with a shared secret. Keys of before are
// good for nothing then.
func TestAnswersThatSayThatThereAreNoKeys(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter){
		"an empty set": func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"keys":[]}`)) },
		"suspended":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) },
		"gone":         func(w http.ResponseWriter) { w.WriteHeader(http.StatusGone) },
	} {
		t.Run(name, func(t *testing.T) {
			var c clock
			var ended atomic.Bool
			issuer := vestibuletest.NewIssuer(t)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if ended.Load() {
					answer(w)
					return
				}
				document, _ := published(t, issuer)
				_, _ = w.Write(document)
			}))
			defer s.Close()
			v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: s.URL}}, Now: c.now})
			if err != nil {
				t.Fatal(err)
			}
			token := issuer.Token(t, vestibuletest.Claims{Issuer: s.URL, Audience: s.URL, Lasts: time.Hour})
			if _, err := v.Verify(t.Context(), token); err != nil {
				t.Fatal(err)
			}
			ended.Store(true)
			c.advance(11 * time.Minute)
			if _, err := v.Verify(t.Context(), token); !errors.Is(err, vestibule.ErrInvalid) {
				t.Errorf("its tokens: %v", err)
			}
			ended.Store(false)
			c.advance(11 * time.Minute)
			if _, err := v.Verify(t.Context(), token); err != nil {
				t.Errorf("once it is served again: %v", err)
			}
		})
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
	v, err := vestibule.New(vestibule.Options{Issuers: []vestibule.Issuer{{URL: public, Server: inside.URL}}})
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
