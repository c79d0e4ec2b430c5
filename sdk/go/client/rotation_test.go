package client_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
)

// kidOf is the key that a token says it is signed with.
func kidOf(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Kid string }
	if err := json.Unmarshal(raw, &header); err != nil || header.Kid == "" {
		t.Fatalf("%s: %v", raw, err)
	}
	return header.Kid
}

// soon waits for what happens beside.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in a minute", what)
		}
	}
}

// TestKeysAreRotatedUnderLoad has an API check the tokens of a real server while apps refresh theirs without a pause and an operator
// rotates and retires keys. The API's clock is set forward, past the ages of key sets; the server's goes on as it does.
func TestKeysAreRotatedUnderLoad(t *testing.T) {
	x := tenantWith(t, settings{
		"headless": {"token_strategy": "jwt", "jwt_algorithm": "ES256", "jwt_audience": "orders", "jwt_access_token_expires_in": 86400},
		"account":  {"rate_limits": false},
	})
	var ahead, fetches atomic.Int64
	options := vestibule.Options{
		Issuers: []vestibule.Issuer{{URL: "http://" + x.slug + ".localhost", Audience: "orders", Server: x.public}},
		HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			fetches.Add(1)
			return http.DefaultTransport.RoundTrip(r)
		})},
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	}
	v, err := vestibule.New(options)
	if err != nil {
		t.Fatal(err)
	}
	accepted := func(token string) error { _, err := v.Verify(t.Context(), token); return err }

	var (
		mu    sync.Mutex
		all   = map[string][]string{} // the tokens of the keys that are published, by kid
		stale = map[string]bool{}     // keys that are retired, or about to be
		apps  []*store
		load  sync.WaitGroup
	)
	ctx, stopLoad := context.WithCancel(t.Context())
	defer load.Wait()
	defer stopLoad()
	x.member(t, "ann")
	for range 4 {
		kept := &store{}
		c := x.login(t, "ann", with(kept))
		apps = append(apps, kept)
		load.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if n%10 == 0 {
					if err := c.RefreshTokens(t.Context()); err != nil {
						t.Errorf("refresh: %v", err)
						return
					}
				}
				newest := kept.tokens().Access
				kid := kidOf(t, newest)
				mu.Lock()
				if tokens := all[kid]; len(tokens) < 50 && !stale[kid] {
					all[kid] = append(tokens, newest)
				}
				var shown []string
				for _, tokens := range all {
					shown = append(shown, tokens[n%len(tokens)])
				}
				mu.Unlock()
				for _, token := range shown {
					err := accepted(token)
					mu.Lock()
					if err != nil && !stale[kidOf(t, token)] {
						t.Errorf("a token that is good is refused: %v", err)
					}
					mu.Unlock()
				}
			}
		})
	}
	// signs waits until a key has signed both tokens of every app, since a refresh token dies with its key as well.
	signs := func(kid string) {
		t.Helper()
		soon(t, "the key signs for everybody", func() bool {
			for _, kept := range apps {
				if kidOf(t, kept.tokens().Access) != kid || kidOf(t, kept.tokens().Refresh) != kid {
					return false
				}
			}
			return true
		})
	}
	keys := "/tenants/" + x.slug + "/keys"
	rotate := func(how map[string]any) (kid string) {
		var key struct{ Kid string }
		x.admin(t, http.MethodPost, keys+"/rotate", how, &key)
		return key.Kid
	}
	current := kidOf(t, apps[0].tokens().Access)
	for round := range 4 {
		before := current
		if round%2 == 0 { // in an ordinary rotation the key is published first
			next := rotate(map[string]any{})
			known := fetches.Load()
			ahead.Add(int64(6 * time.Minute))
			soon(t, "the old key set is fetched anew", func() bool { return fetches.Load() > known })
			known = fetches.Load()
			if current = rotate(map[string]any{"now": true}); current != next {
				t.Fatalf("%s was published, and %s signs", next, current)
			}
			signs(current)
			if n := fetches.Load(); n != known {
				t.Errorf("round %d: the key was published, and its tokens had the key set fetched %d times", round, n-known)
			}
		} else { // in an emergency it signs at once
			current = rotate(map[string]any{"now": true})
			signs(current)
		}
		if err := accepted(apps[0].tokens().Access); err != nil {
			t.Errorf("round %d: a token of the new key: %v", round, err)
		}
		mu.Lock()
		stale[before] = true
		old := all[before]
		delete(all, before)
		mu.Unlock()
		if len(old) == 0 {
			t.Fatal("the old key has signed nothing")
		}
		if err := accepted(old[0]); err != nil {
			t.Errorf("round %d: a token of the key before, which is published still: %v", round, err)
		}
		x.admin(t, http.MethodPost, keys+"/"+before+"/retire", map[string]any{}, nil)
		fresh, err := vestibule.New(options)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fresh.Verify(t.Context(), old[0]); !errors.Is(err, vestibule.ErrInvalid) {
			t.Errorf("round %d: who has just started accepts a key that was retired: %v", round, err)
		}
		ahead.Add(int64(11 * time.Minute))                        // twice what the key set says that it is good for
		for _, token := range []string{old[0], old[len(old)-1]} { // more would use up what keys that are not known may ask for
			if err := accepted(token); !errors.Is(err, vestibule.ErrInvalid) {
				t.Fatalf("round %d: a token of a key that was retired: %v", round, err)
			}
		}
	}
	stopLoad()
	load.Wait()
	if n := fetches.Load(); n > 30 {
		t.Errorf("4 rotations had the key set fetched %d times", n)
	}
	if err := accepted(apps[0].tokens().Access); err != nil {
		t.Error(err)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
