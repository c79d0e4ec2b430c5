package keyring_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/keyring"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/internal/token"
	"github.com/vestibule-auth/vestibule/tenants"
)

const day = 24 * time.Hour

// house is a database with a tenant, and a clock.
type house struct {
	*testing.T
	st    *store.Store
	url   string
	clock *clock.Fake
	slug  string
}

func newHouse(t *testing.T, engine, settings string) *house {
	t.Helper()
	h := &house{T: t, url: testkit.URL(t, engine), clock: clock.At(testkit.Start), slug: "acme"}
	h.st = testkit.OpenURL(t, h.url, nil)
	testkit.AddTenant(t, h.st, h.slug, `{"headless": {"token_strategy": "jwt", "jwt_algorithm": "ES256"`+settings+`}}`)
	return h
}

// ring is a server's keyring, which knows nothing yet.
func (h *house) ring(c clock.Clock) *keyring.Keyring {
	h.Helper()
	return keyring.New(keyring.Options{Store: h.st, Clock: c})
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// tenant is the tenant as it is now.
func (h *house) tenant() *tenants.Tenant {
	h.Helper()
	t, err := h.st.TenantBySlug(h.Context(), h.slug)
	h.must(err)
	return t
}

// patch changes settings of the tenant.
func (h *house) patch(headless string) {
	h.Helper()
	rec, err := h.st.TenantRecordBySlug(h.Context(), h.slug)
	h.must(err)
	rec.Document, _, err = tenants.ParsePatch(rec.Document, []byte(`{"headless": {`+headless+`}}`))
	h.must(err)
	h.must(h.st.SaveTenant(h.Context(), rec))
}

func (h *house) set(r *keyring.Keyring) *token.Set {
	h.Helper()
	s, err := r.Set(h.Context(), h.tenant())
	h.must(err)
	return s
}

// states are a tenant's keys as "algorithm state origin".
func (h *house) states(r *keyring.Keyring) string {
	h.Helper()
	keys, err := r.Keys(h.Context(), h.tenant())
	h.must(err)
	var all []string
	for _, k := range keys {
		all = append(all, fmt.Sprintf("%s %s %s", k.Algorithm, k.State, k.Origin))
	}
	return strings.Join(all, ", ")
}

func (h *house) want(r *keyring.Keyring, states string) {
	h.Helper()
	if got := h.states(r); got != states {
		h.Errorf("the keys are %s; want %s", got, states)
	}
}

// sign is a token of a tenant's key of now, for so long.
func (h *house) sign(r *keyring.Keyring, life time.Duration) string {
	h.Helper()
	now := h.clock.Now()
	k := h.set(r).Signer(now)
	if k == nil {
		h.Fatal("no key signs")
	}
	raw, err := k.Sign(token.Claims{Issuer: "i", Audience: "a", Subject: "u", Session: "s", ID: "j", Use: token.Access, IssuedAt: now, Expires: now.Add(life)})
	h.must(err)
	return raw
}

// verify is whether a server accepts a token.
func (h *house) verify(r *keyring.Keyring, raw string) error {
	h.Helper()
	_, err := h.set(r).Verify(raw, token.Expected{Issuer: "i", Audience: "a", Use: token.Access, Now: h.clock.Now()})
	return err
}

// kid is the kid of a token.
func kid(t *testing.T, raw string) string {
	t.Helper()
	head, _, _ := strings.Cut(raw, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var h struct{ Kid string }
	if err := json.Unmarshal(text, &h); err != nil {
		t.Fatal(err)
	}
	return h.Kid
}

// published are the kids of a key set.
func published(t *testing.T, s *token.Set) []string {
	t.Helper()
	var doc struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(s.Document(), &doc); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, k := range doc.Keys {
		all = append(all, k.Kid)
	}
	return all
}

func each(t *testing.T, settings string, test func(h *house)) {
	testkit.Engines(t, func(t *testing.T, engine string) { test(newHouse(t, engine, settings)) })
}

func TestManyServersMakeOneFirstKey(t *testing.T) {
	each(t, "", func(h *house) {
		tenant := h.tenant()
		var wg sync.WaitGroup
		kids := make([]string, 24)
		rings := []*keyring.Keyring{h.ring(h.clock), h.ring(h.clock), h.ring(h.clock)}
		for i := range kids {
			wg.Go(func() {
				s, err := rings[i%len(rings)].Set(h.Context(), tenant)
				if err != nil {
					h.Error(err)
					return
				}
				kids[i] = s.Signer(h.clock.Now()).ID
			})
		}
		wg.Wait()
		if all := slices.Compact(slices.Clone(kids)); len(all) != 1 {
			h.Errorf("the tenant has the keys %v", all)
		}
		h.want(rings[0], "ES256 active generated")
	})
}

// Two servers, whose clocks differ, and somebody who checks tokens and remembers the key set for as long as that is allowed: over
// many rotations by schedule there is never a token of a key that is not known, and every token is good until it expires.
func TestNobodyMeetsAnUnknownKey(t *testing.T) {
	each(t, `, "jwt_key_rotation_days": 2, "jwt_refresh_token_expires_in": 86400`, func(h *house) {
		ahead := clock.At(testkit.Start.Add(keyring.Skew))
		servers := []*keyring.Keyring{h.ring(h.clock), h.ring(ahead)}
		const step = 233 * time.Second
		var known []string
		var fetched time.Time
		kids := map[string]bool{}
		type kept struct {
			raw     string
			expires time.Time
		}
		var tokens []kept
		for i := 0; h.clock.Now().Before(testkit.Start.Add(4*day + day/2)); i++ {
			now := h.clock.Now()
			if fetched.IsZero() || now.Sub(fetched) >= keyring.MaxAge {
				known, fetched = published(h.T, h.set(servers[i%2])), now
			}
			for n, s := range servers {
				life := 5 * time.Minute
				if i%50 == 0 {
					life = day
				}
				signs := h.set(s).Signer([]*clock.Fake{h.clock, ahead}[n].Now())
				raw, err := signs.Sign(token.Claims{Issuer: "i", Audience: "a", Subject: "u", Session: "s", ID: "j", Use: token.Access, IssuedAt: now, Expires: now.Add(life)})
				h.must(err)
				kids[kid(h.T, raw)] = true
				if !slices.Contains(known, kid(h.T, raw)) {
					h.Fatalf("after %v a token comes of a key that nobody knows", now.Sub(testkit.Start))
				}
				if life == day {
					tokens = append(tokens, kept{raw, now.Add(life)})
				}
			}
			if i%50 == 0 {
				tokens = slices.DeleteFunc(tokens, func(k kept) bool { return !now.Before(k.expires) })
				for _, k := range tokens {
					for _, s := range servers {
						if err := h.verify(s, k.raw); err != nil {
							h.Fatalf("after %v a token is refused that is good for %v more: %v", now.Sub(testkit.Start), k.expires.Sub(now), err)
						}
					}
				}
			}
			if i%8 == 0 {
				for _, s := range servers {
					_, err := s.Tend(h.Context())
					h.must(err)
				}
				_, err := h.st.SweepSigningKeys(h.Context(), now, 100)
				h.must(err)
			}
			h.clock.Advance(step)
			ahead.Advance(step)
		}
		if len(kids) != 3 {
			h.Errorf("%d keys signed in four days and a half, at two days each", len(kids))
		}
		if left := published(h.T, h.set(servers[0])); len(left) > 3 {
			h.Errorf("%d keys are left", len(left))
		}
	})
}

func TestKeysFollowTheSettings(t *testing.T) {
	each(t, "", func(h *house) {
		r := h.ring(h.clock)
		old := h.sign(r, time.Hour)
		h.want(r, "ES256 active generated")
		h.patch(`"jwt_algorithm": "EdDSA"`)
		if got := h.set(r).Signer(h.clock.Now()).Algorithm; got != token.ES256 {
			h.Errorf("a key that nobody knows signs with %s", got)
		}
		h.want(r, "ES256 active generated, EdDSA next generated")
		h.clock.Advance(keyring.Lead)
		if got := h.set(r).Signer(h.clock.Now()).Algorithm; got != token.EdDSA {
			h.Errorf("%s signs after the lead", got)
		}
		h.want(r, "ES256 retired generated, EdDSA active generated")
		h.must(h.verify(r, old))

		h.patch(`"jwt_algorithm": "HS256", "jwt_private_key": "a-shared-secret-of-some-length-0123"`)
		h.set(r)
		h.want(r, "ES256 retired generated, EdDSA active generated, HS256 next settings")
		h.patch(`"jwt_algorithm": "EdDSA", "jwt_private_key": ""`) // it was a mistake
		h.set(r)
		h.want(r, "ES256 retired generated, EdDSA active generated, HS256 next settings, EdDSA next generated")
		h.clock.Advance(keyring.Lead)
		h.want(r, "ES256 retired generated, EdDSA retired generated, HS256 retired settings, EdDSA active generated")
		h.must(h.verify(r, old))
	})
}

func pemOf(t *testing.T) string {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
}

// A key of the settings that comes back is the same key: what it signed is good, and it signs at once where it never stopped.
func TestKeyOfTheSettingsComesBack(t *testing.T) {
	each(t, `, "jwt_key_rotation_days": 1`, func(h *house) {
		r := h.ring(h.clock)
		one, two := fmt.Sprintf("%q", pemOf(h.T)), fmt.Sprintf("%q", pemOf(h.T))
		h.patch(`"jwt_algorithm": "RS256", "jwt_private_key": ` + one)
		old := h.sign(r, 2*day)
		h.want(r, "RS256 active settings")
		h.patch(`"jwt_private_key": ` + two)
		h.set(r)
		h.want(r, "RS256 active settings, RS256 next settings")
		h.patch(`"jwt_private_key": ` + one)
		h.set(r)
		h.want(r, "RS256 active settings") // which was never another
		h.patch(`"jwt_private_key": ` + two)
		h.set(r)
		h.clock.Advance(keyring.Lead)
		if new := h.sign(r, time.Hour); kid(h.T, new) == kid(h.T, old) {
			h.Error("the new key does not sign")
		}
		h.patch(`"jwt_private_key": ` + one)
		h.set(r)
		h.want(r, "RS256 active settings, RS256 next settings")
		h.clock.Advance(keyring.Lead)
		if again := h.sign(r, time.Hour); kid(h.T, again) != kid(h.T, old) {
			h.Error("the old key does not sign again")
		}
		h.must(h.verify(r, old))
		h.clock.Advance(10 * day) // and it is not rotated by schedule
		n, err := r.Tend(h.Context())
		h.must(err)
		if n != 0 {
			h.Error("a key of the settings was given a successor")
		}
	})
}

func TestKeysByHand(t *testing.T) {
	each(t, "", func(h *house) {
		r := h.ring(h.clock)
		old := h.sign(r, time.Hour)
		next, err := r.Rotate(h.Context(), h.tenant(), keyring.Lead)
		h.must(err)
		if next.State != keyring.Next || !next.SignsFrom.Equal(h.clock.Now().Add(keyring.Lead)) {
			h.Errorf("got %+v", next)
		}
		if !slices.Contains(published(h.T, h.set(r)), next.ID) {
			h.Error("the next key is not published")
		}
		h.clock.Advance(4 * time.Minute)
		again, err := r.Rotate(h.Context(), h.tenant(), keyring.MinLead)
		h.must(err)
		if again.ID != next.ID || !again.SignsFrom.Equal(next.CreatedAt.Add(keyring.MinLead)) {
			h.Errorf("a key that waits is not brought forward, or too far: %+v", again)
		}
		again, err = r.Rotate(h.Context(), h.tenant(), day)
		h.must(err)
		if again.ID != next.ID || !again.SignsFrom.Equal(next.CreatedAt.Add(keyring.MinLead)) {
			h.Errorf("a key that waits is put off: %+v", again)
		}
		again, err = r.Rotate(h.Context(), h.tenant(), 0)
		h.must(err)
		if again.ID != next.ID || again.State != keyring.Active {
			h.Errorf("got %+v", again)
		}
		h.want(r, "ES256 retired generated, ES256 active generated")
		if kid(h.T, h.sign(r, time.Hour)) != next.ID {
			h.Error("the key does not sign")
		}
		h.must(h.verify(r, old))

		h.must(r.Withdraw(h.Context(), h.tenant(), kid(h.T, old)))
		if err := h.verify(r, old); !errors.Is(err, token.ErrInvalid) {
			h.Errorf("a token of a withdrawn key is good: %v", err)
		}
		// Those whose clocks are behind, and those who make a token of a moment ago again, have no other.
		h.clock.Advance(-keyring.Skew)
		if kid(h.T, h.sign(h.ring(h.clock), time.Hour)) != next.ID {
			h.Error("a server whose clock is behind signs with another key")
		}
		h.clock.Advance(keyring.Skew)
		for id, want := range map[string]error{next.ID: keyring.ErrActive, kid(h.T, old): keyring.ErrUnknown, "": keyring.ErrUnknown} {
			if err := r.Withdraw(h.Context(), h.tenant(), id); !errors.Is(err, want) {
				h.Errorf("withdraw %q: got %v, want %v", id, err, want)
			}
		}
		bad, err := r.Rotate(h.Context(), h.tenant(), keyring.Lead)
		h.must(err)
		h.must(r.Withdraw(h.Context(), h.tenant(), bad.ID))
		h.clock.Advance(day)
		if kid(h.T, h.sign(r, time.Hour)) != next.ID {
			h.Error("the key whose successor was withdrawn does not go on")
		}
		h.want(r, "ES256 active generated")
	})
}

func TestKeyIsImported(t *testing.T) {
	each(t, `, "jwt_key_rotation_days": 1`, func(h *house) {
		r := h.ring(h.clock)
		h.patch(`"jwt_algorithm": "RS256"`)
		h.set(r)
		given := pemOf(h.T)
		for name, material := range map[string]string{"none": "", "no key": "-----BEGIN", "two": given + given} {
			var bad *keyring.BadKey
			if _, err := r.Import(h.Context(), h.tenant(), material, keyring.Lead); !errors.As(err, &bad) {
				h.Errorf("%s: got %v", name, err)
			}
		}
		k, err := r.Import(h.Context(), h.tenant(), given, keyring.Lead)
		h.must(err)
		want, err := token.Parse(token.RS256, given)
		h.must(err)
		if k.ID != want.ID || k.State != keyring.Next {
			h.Errorf("got %+v", k)
		}
		h.clock.Advance(keyring.Lead)
		if got := kid(h.T, h.sign(r, time.Hour)); got != want.ID {
			h.Errorf("%s signs", got)
		}
		h.clock.Advance(30 * day)
		n, err := r.Tend(h.Context())
		h.must(err)
		if n != 0 {
			h.Error("a key that was imported was given a successor by schedule")
		}
		h.patch(`"jwt_private_key": ` + fmt.Sprintf("%q", given))
		if _, err := r.Import(h.Context(), h.tenant(), pemOf(h.T), 0); !errors.Is(err, keyring.ErrSettings) {
			h.Errorf("got %v", err)
		}
		if _, err := r.Rotate(h.Context(), h.tenant(), 0); !errors.Is(err, keyring.ErrSettings) {
			h.Errorf("got %v", err)
		}
		h.patch(`"token_strategy": "session"`)
		if _, err := r.Rotate(h.Context(), h.tenant(), 0); !errors.Is(err, keyring.ErrOff) {
			h.Errorf("got %v", err)
		}
	})
}

// The life of tokens may be made shorter: those that were made before are good until they expire.
func TestRetiredKeyIsKnownForItsLongestToken(t *testing.T) {
	each(t, `, "jwt_refresh_token_expires_in": 864000`, func(h *house) {
		r := h.ring(h.clock)
		old := h.sign(r, 10*day)
		h.patch(`"jwt_refresh_token_expires_in": 60, "jwt_access_token_expires_in": 60`)
		_, err := r.Rotate(h.Context(), h.tenant(), 0)
		h.must(err)
		h.clock.Advance(10*day - time.Second)
		_, err = h.st.SweepSigningKeys(h.Context(), h.clock.Now(), 100)
		h.must(err)
		h.must(h.verify(r, old))
		h.clock.Advance(2 * keyring.Skew)
		n, err := h.st.SweepSigningKeys(h.Context(), h.clock.Now(), 100)
		h.must(err)
		if n != 1 {
			h.Errorf("%d keys were swept", n)
		}
		h.want(r, "ES256 active generated")
		// And it may be made longer, for the key that signs already.
		h.patch(`"jwt_refresh_token_expires_in": 864000`)
		old = h.sign(r, 10*day)
		_, err = r.Rotate(h.Context(), h.tenant(), 0)
		h.must(err)
		h.clock.Advance(10*day - time.Second)
		_, err = h.st.SweepSigningKeys(h.Context(), h.clock.Now(), 100)
		h.must(err)
		h.must(h.verify(r, old))
	})
}

// A server that has not heard of a change of settings does not undo it.
func TestServerThatLagsUndoesNothing(t *testing.T) {
	each(t, "", func(h *house) {
		r, lags := h.ring(h.clock), h.ring(h.clock)
		h.set(r)
		before := h.tenant()
		h.patch(`"jwt_algorithm": "EdDSA"`)
		h.set(r)
		h.clock.Advance(keyring.Fresh)
		if _, err := lags.Set(h.Context(), before); err != nil {
			h.Fatal(err)
		}
		h.want(r, "ES256 active generated, EdDSA next generated")
	})
}

func TestServersLearnOfChangesByTheVersion(t *testing.T) {
	each(t, "", func(h *house) {
		r, other := h.ring(h.clock), h.ring(h.clock)
		h.set(r)
		h.set(other)
		before := h.tenant().Version
		next, err := r.Rotate(h.Context(), h.tenant(), keyring.Lead)
		h.must(err)
		if h.tenant().Version <= before {
			h.Error("the tenant has the same version")
		}
		if !slices.Contains(published(h.T, h.set(other)), next.ID) {
			h.Error("the other server does not have the key")
		}
	})
}

func TestPrivateHalvesAreSealed(t *testing.T) {
	each(t, "", func(h *house) {
		r := h.ring(h.clock)
		given := pemOf(h.T)
		h.patch(`"jwt_algorithm": "RS256"`)
		_, err := r.Import(h.Context(), h.tenant(), given, 0)
		h.must(err)
		old := h.sign(r, time.Hour)
		block, _ := pem.Decode([]byte(given))
		keys, err := h.st.For(h.tenant()).SigningKeys(h.Context())
		h.must(err)
		for _, k := range keys {
			if bytes.Contains(k.Private, block.Bytes[40:80]) {
				h.Error("the key is in the database as it is")
			}
		}
		h.must(h.verify(h.ring(h.clock), old)) // after a restart

		// Rows of another tenant, or under another id, do not open.
		other := testkit.AddTenant(h.T, h.st, "zenith", `{"headless": {"token_strategy": "jwt", "jwt_algorithm": "RS256"}}`)
		moved := keys[len(keys)-1]
		h.must(h.st.For(other).Do(h.Context(), func(tx *store.Tx) error { return tx.PutSigningKey(h.Context(), &moved) }))
		if _, err := h.ring(h.clock).Set(h.Context(), other); !errors.Is(err, secret.ErrUnreadable) {
			h.Errorf("a key of another tenant: got %v", err)
		}
	})
}

// A tenant whose keys cannot be made keeps nobody from the others, and is not tried at every look.
func TestTenantThatCannotBeTendedIsPutOff(t *testing.T) {
	each(t, `, "jwt_key_rotation_days": 1`, func(h *house) {
		good := h.ring(h.clock)
		h.set(good)
		asked := 0
		failing := keyring.New(keyring.Options{Store: h.st, Clock: h.clock, Tenants: func(context.Context, string) (*tenants.Tenant, error) {
			asked++
			return nil, errors.New("its settings cannot be read")
		}})
		h.clock.Advance(day)
		for range 3 {
			n, err := failing.Tend(h.Context())
			h.must(err)
			if n != 0 || asked != 1 {
				h.Errorf("%d keys were given, %d times asked", n, asked)
			}
		}
		h.set(good) // which does not make it due again
		n, err := good.Tend(h.Context())
		h.must(err)
		if n != 0 {
			h.Error("it was not put off")
		}
		h.clock.Advance(time.Hour)
		n, err = good.Tend(h.Context())
		h.must(err)
		if n != 1 {
			h.Errorf("%d keys were given when it was tried again", n)
		}
	})
}

func TestDeletedTenantsAreLeftAlone(t *testing.T) {
	each(t, `, "jwt_key_rotation_days": 1`, func(h *house) {
		r := h.ring(h.clock)
		h.set(r)
		rec, err := h.st.TenantRecordBySlug(h.Context(), h.slug)
		h.must(err)
		rec.State, rec.DeletedAt = tenants.Deleted, h.clock.Now()
		h.must(h.st.SaveTenant(h.Context(), rec))
		h.clock.Advance(10 * day)
		for range 2 {
			n, err := r.Tend(h.Context())
			h.must(err)
			if n != 0 {
				h.Error("it was given a key")
			}
		}
		due, err := h.st.DueSigningKeys(h.Context(), h.clock.Now(), 10)
		h.must(err)
		if len(due) != 0 {
			h.Error("its key is due for ever")
		}
	})
}

func TestTokensThatAreSwitchedOffMakeNoKeys(t *testing.T) {
	each(t, "", func(h *house) {
		h.patch(`"token_strategy": "session"`)
		r := h.ring(h.clock)
		keys, err := r.Keys(h.Context(), h.tenant())
		h.must(err)
		if len(keys) != 0 {
			h.Errorf("got %+v", keys)
		}
		if _, err := r.Set(h.Context(), h.tenant()); err == nil {
			h.Error("a set without a key that signs")
		}
	})
}
