package app_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// What was tried with tokens elsewhere; see attacks_test.go.

// forge is a token of any header and claims.
func forge(t testing.TB, head, claims any, sign func(signed []byte) []byte) string {
	t.Helper()
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	text := part(head) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

// hs256 signs with a shared secret.
func hs256(key []byte) func([]byte) []byte {
	return func(signed []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(signed)
		return h.Sum(nil)
	}
}

// publicKey is the tenant's only RSA key, as it is published.
func (s *server) publicKey(host string) *rsa.PublicKey {
	s.Helper()
	var doc struct{ Keys []struct{ N, E string } }
	if err := json.Unmarshal([]byte(s.plainRequest(http.MethodGet, host, "/.well-known/jwks.json").Body), &doc); err != nil || len(doc.Keys) != 1 {
		s.Fatalf("the keys are %+v", doc)
	}
	number := func(text string) *big.Int {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			s.Fatal(err)
		}
		return new(big.Int).SetBytes(raw)
	}
	return &rsa.PublicKey{N: number(doc.Keys[0].N), E: int(number(doc.Keys[0].E).Int64())}
}

// CVE-2026-9094, CVE-2020-26160, CVE-2024-51744, CVE-2026-27840 and their kin: tokens that nobody of this tenant signed, or not for this.
func TestForgedTokensAreNobodys(t *testing.T) {
	t.Parallel() // as in everywhere
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, db := bootShared(t, engine)
		host := s.tokenHouse(`"jwt_algorithm": "RS256"`)
		neighbour := s.tokenHouse(`"jwt_algorithm": "RS256"`)
		shares := s.tokenHouse(`"jwt_algorithm": "HS256", "jwt_private_key": "a-shared-secret-of-some-length-0123"`)
		c, p := s.holder(host, "ann@example.org")
		_, theirs := s.holder(neighbour, "ann@example.org")
		own, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		rs256 := func(signed []byte) []byte {
			digest := sha256.Sum256(signed)
			out, err := rsa.SignPKCS1v15(rand.Reader, own, crypto.SHA256, digest[:])
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		der, err := x509.MarshalPKIXPublicKey(s.publicKey(host))
		if err != nil {
			t.Fatal(err)
		}
		inPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		none := func([]byte) []byte { return nil }
		for use, raw := range map[string]string{"access": p.access, "refresh": p.refresh} {
			head, claims := jwtPart(t, raw, 0), jwtPart(t, raw, 1)
			with := func(of map[string]any, more map[string]any) map[string]any {
				out := map[string]any{}
				for _, m := range []map[string]any{of, more} {
					for k, v := range m {
						out[k] = v
					}
				}
				return out
			}
			parts := strings.Split(raw, ".")
			other := map[string]string{"access": p.refresh, "refresh": p.access}[use]
			foreign := map[string]string{"access": theirs.access, "refresh": theirs.refresh}[use]
			for name, forged := range map[string]string{
				"alg none":                          forge(t, map[string]any{"alg": "none", "typ": "JWT"}, claims, none),
				"alg none and the kid":              forge(t, with(head, map[string]any{"alg": "none"}), claims, none),
				"HS256 with the public key in PEM":  forge(t, map[string]any{"alg": "HS256", "typ": "JWT"}, claims, hs256(inPEM)),
				"HS256 with the public key in DER":  forge(t, map[string]any{"alg": "HS256", "typ": "JWT"}, claims, hs256(der)),
				"HS256 and the kid, with the PEM":   forge(t, with(head, map[string]any{"alg": "HS256"}), claims, hs256(inPEM)),
				"a key of the sender's":             forge(t, head, claims, rs256),
				"a kid of the sender's":             forge(t, with(head, map[string]any{"kid": "mine"}), claims, rs256),
				"a path for a kid":                  forge(t, map[string]any{"alg": "HS256", "kid": "../../../../dev/null", "typ": "JWT"}, claims, hs256(nil)),
				"jku":                               forge(t, with(head, map[string]any{"jku": s.public + "/mine.json"}), claims, rs256),
				"another payload":                   parts[0] + "." + strings.Split(forge(t, head, with(claims, map[string]any{"sub": secret.NewID()}), none), ".")[1] + "." + parts[2],
				"cut short":                         raw[:len(raw)-1],
				"without its signature":             parts[0] + "." + parts[1] + ".",
				"without a signature":               parts[0] + "." + parts[1],
				"a bit flipped":                     parts[0] + "." + parts[1] + "." + flipped(parts[2]),
				"the neighbour's, of the same name": foreign,
				"one of the other use":              other,
				"a session token":                   c.token,
				"a session's id":                    claims["sid"].(string),
				"a megabyte":                        strings.Repeat("A", 4000) + "." + strings.Repeat("A", 4000) + ".A",
			} {
				before := db.everything(host)
				if use == "access" {
					s.bearer(host, forged).get("/auth/session").want(http.StatusUnauthorized)
					s.bearer(host, forged).get("/account/email").want(http.StatusUnauthorized)
				} else {
					r, _ := s.refresh(host, forged)
					if r.Status != http.StatusBadRequest || r.Body != `{"status":400}` {
						t.Errorf("%s %s: got %d %s", use, name, r.Status, r.Body)
					}
				}
				if d := difference(before, db.everything(host)); d != "" {
					t.Errorf("%s %s changes something:\n%s", use, name, d)
				}
			}
		}
		// Its key is no session token of this tenant, nor of the other.
		for _, h := range []string{host, neighbour} {
			for _, text := range []string{p.access, p.refresh, jwtPart(t, p.access, 1)["sid"].(string)} {
				c := s.client("app", h)
				c.token = text
				c.get("/auth/session").want(http.StatusGone)
			}
			s.bearer(neighbour, p.access).get("/auth/session").want(http.StatusUnauthorized)
		}
		// Whoever shares the secret can write anything: what comes of it is nobody's all the same.
		_, shared := s.holder(shares, "ann@example.org")
		claims := jwtPart(t, shared.access, 1)
		for name, change := range map[string]map[string]any{
			"no id for a sid":      {"sid": "x' OR 1=1"},
			"no id for a sub":      {"sub": "\x00"},
			"nobody's session":     {"sid": secret.NewID()},
			"another's session":    {"sub": secret.NewID()},
			"a list of audiences":  {"aud": []any{claims["aud"]}},
			"another issuer":       {"iss": "https://" + host},
			"from the future":      {"iat": 4e9, "exp": 4.1e9},
			"of an old one's time": {"exp": claims["iat"].(float64) - 1},
		} {
			for k, v := range claims {
				if _, there := change[k]; !there {
					change[k] = v
				}
			}
			raw := forge(t, map[string]any{"alg": "HS256", "typ": "JWT"}, change, hs256([]byte("a-shared-secret-of-some-length-0123")))
			if r := s.bearer(shares, raw).get("/auth/session"); r.Status != http.StatusUnauthorized && r.Status != http.StatusGone {
				t.Errorf("%s: got %d %s", name, r.Status, r.Body)
			}
		}
		s.bearer(host, p.access).get("/auth/session").want(http.StatusOK)
		r, _ := s.refresh(host, p.refresh)
		r.want(http.StatusOK) // none of this hurt
	})
}

// flipped is base64url with its first letter another.
func flipped(text string) string {
	other := "A"
	if text[0] == 'A' {
		other = "B"
	}
	return other + text[1:]
}

// servers are two servers on one database, or one where the engine is for one process.
func servers(t *testing.T, engine string, change ...func(*config.Config, *app.Options)) (all []*server, db database) {
	t.Helper()
	at, keys := testkit.URL(t, engine), testkit.Keys(t)
	change = append(change, func(cfg *config.Config, _ *app.Options) { cfg.Database, cfg.Keys = config.Hide(at), keys })
	all = []*server{boot(t, engine, change...)}
	if engine == "postgres" {
		all = append(all, boot(t, engine, change...))
	}
	return all, look(t, at)
}

// hydra #3604, GHSA-392p-2q2v-4372 and GHSA-pw9m-5jxm-xr6h: tabs that refresh at once.
func TestFiftyRefreshesAtOnceAreOneFamily(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		all, db := servers(t, engine)
		s := all[0]
		host := s.tokenHouse(`"jwt_algorithm": "RS256"`)
		_, p := s.holder(host, "ann@example.org")
		for range 3 {
			var mu sync.Mutex
			next, access := map[string]int{}, map[string]int{}
			together(50, func(i int) {
				on := all[i%len(all)]
				r, err := on.client("app", host).try(t.Context(), http.MethodPost, "/tokens/refresh", map[string]any{"refresh_token": p.refresh})
				if err != nil || r.Status != http.StatusOK {
					t.Errorf("got %+v, %v", r, err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				next[r.refreshed().refresh]++
				access[r.refreshed().access]++
			})
			if len(next) != 1 || len(access) != 50 {
				t.Fatalf("there are %d successors, and %d access tokens", len(next), len(access))
			}
			if n := db.one(`SELECT count(*) FROM sessions`); n != "1" {
				t.Errorf("there are %s sessions", n)
			}
			for token := range next {
				p.refresh = token
			}
			for token := range access {
				all[len(all)-1].bearer(host, token).get("/auth/session").want(http.StatusOK)
				break
			}
		}
		if n := db.one(`SELECT count(*) FROM audit_events WHERE action = 'refresh_token.reused'`); n != "0" {
			t.Errorf("%s events are told of nothing", n)
		}
	})
}

func TestRefreshTokenThatIsReplayedEndsItsFamily(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		now := clock.At(testkit.Start)
		s, db := bootShared(t, engine, func(_ *config.Config, o *app.Options) { o.Clock = now })
		host := s.tokenHouse(`"jwt_access_token_expires_in": 3600`)
		events := func(user string) []string {
			return db.rows(`SELECT action, session_id, details FROM audit_events WHERE user_id = $1 AND action = 'refresh_token.reused'`, user)
		}
		for name, replay := range map[string]func(first, second, third pair) (string, time.Duration){
			"after the grace":          func(_, second, _ pair) (string, time.Duration) { return second.refresh, 10 * time.Second },
			"an older one, at once":    func(first, _, _ pair) (string, time.Duration) { return first.refresh, 0 },
			"an older one, a day late": func(first, _, _ pair) (string, time.Duration) { return first.refresh, 23 * time.Hour },
		} {
			r := s.client("app", host)
			email := fmt.Sprintf("%x@example.org", secret.Bytes(4))
			signed := r.signup(email).want(http.StatusOK)
			first := signed.handed()
			_, bystander := s.holder(host, "x"+email)
			other := s.client("app", host).login(email, password).want(http.StatusOK).handed()
			_, second := s.refresh(host, first.refresh)
			now.Advance(time.Minute)
			_, third := s.refresh(host, second.refresh)
			now.Advance(9 * time.Second)
			if again, same := s.refresh(host, second.refresh); again.Status != http.StatusOK || same.refresh != third.refresh || same.access == third.access {
				t.Errorf("%s: within the grace it is %d %s", name, again.Status, again.Body)
			}
			now.Advance(-9 * time.Second)
			if got := events(signed.userID()); len(got) != 0 {
				t.Errorf("%s: what happens every day is told: %v", name, got)
			}
			token, later := replay(first, second, third)
			now.Advance(later)
			s.deadToken(host, token)
			s.deadToken(host, third.refresh)
			s.deadToken(host, token)
			if later < time.Hour {
				s.bearer(host, third.access).get("/auth/session").want(http.StatusGone)
			}
			r.get("/auth/session").want(http.StatusGone)
			got := events(signed.userID())
			if len(got) != 1 || !strings.Contains(got[0], "refresh_token.reused") || !strings.Contains(got[0], jwtPart(t, first.access, 1)["sid"].(string)) {
				t.Errorf("%s: the events are %v", name, got)
			}
			if !strings.Contains(s.log.String(), "a refresh token was used twice") {
				t.Errorf("%s: the log does not say it", name)
			}
			if strings.Contains(s.log.String(), strings.Split(token, ".")[2]) {
				t.Errorf("%s: the token is in the log", name)
			}
			for _, p := range []pair{bystander, other} { // nobody else's session ends, and no other of the same user
				r, _ := s.refresh(host, p.refresh)
				r.want(http.StatusOK)
			}
		}
	})
}

// Without a grace a second use is a theft, whenever it comes.
func TestNoGraceIsNone(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		host := s.tokenHouse(`"jwt_refresh_grace_period": 0`)
		c, p := s.holder(host, "ann@example.org")
		r, next := s.refresh(host, p.refresh)
		r.want(http.StatusOK)
		s.deadToken(host, p.refresh)
		s.deadToken(host, next.refresh)
		c.get("/auth/session").want(http.StatusGone)
	})
}

// CVE-2020-15223: a family that could not be ended was said to be.
func TestFamilyThatCannotBeEndedIsNoRefusal(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		now := clock.At(testkit.Start)
		var broken atomic.Pointer[string]
		s, db := bootShared(t, engine, func(_ *config.Config, o *app.Options) {
			o.Clock, o.Unchained = now, true
			o.Observe = func(op, query string) error {
				if part := broken.Load(); part != nil && strings.Contains(query, *part) && (op == faultdb.Exec || op == faultdb.Query) {
					return fmt.Errorf("it is broken")
				}
				return nil
			}
		})
		host := s.tokenHouse("")
		_, first := s.holder(host, "ann@example.org")
		_, second := s.refresh(host, first.refresh)
		now.Advance(time.Minute)
		for _, part := range []string{"UPDATE sessions", "SELECT username, email, name, refresh_number", "DELETE FROM sessions WHERE tenant_id = $1 AND user_id", "INSERT INTO audit_events"} {
			broken.Store(&part)
			r, _ := s.refresh(host, first.refresh)
			if r.Status != http.StatusInternalServerError {
				t.Errorf("where %s fails: got %d %s", part, r.Status, r.Body)
			}
			broken.Store(nil)
			if n := db.one(`SELECT count(*) FROM sessions`); n != "1" {
				t.Errorf("where %s fails, %s sessions are left", part, n)
			}
			if n := db.one(`SELECT count(*) FROM audit_events WHERE action = 'refresh_token.reused'`); n != "0" {
				t.Errorf("where %s fails, it is told that the session ended", part)
			}
		}
		s.deadToken(host, first.refresh)
		s.deadToken(host, second.refresh)
	})
}

// The first login of a tenant makes its key on the way. Whatever fails then leaves nobody half signed in, and works when it is tried again.
func TestFirstTokenIsAllOrNothing(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var b breaker
		s, db := bootShared(t, engine, func(_ *config.Config, o *app.Options) { o.Observe, o.Unchained = b.observe, true })
		for n, failed := int64(1), true; failed; n++ {
			host := s.tokenHouse("")
			c := s.client("app", host)
			c.get("/config").want(http.StatusOK)
			before := db.dump(host)
			fail, count := faultdb.FailNth(n)
			b.armed.Store(&fail)
			r := c.signup("ann@example.org")
			b.armed.Store(nil)
			if failed = count.Load() >= n; failed {
				if r.Status != http.StatusServiceUnavailable || r.handed() != (pair{}) || c.token != "" {
					t.Fatalf("operation %d failed: got %d %s", n, r.Status, r.Body)
				}
				unchanged(t, fmt.Sprintf("operation %d failed", n), before, db.dump(host))
				r = c.signup("ann@example.org")
			}
			p := r.want(http.StatusOK).handed()
			s.bearer(host, p.access).get("/auth/session").want(http.StatusOK)
			if r, _ := s.refresh(host, p.refresh); r.Status != http.StatusOK {
				t.Fatalf("operation %d failed, and the token is good for nothing: %s", n, r.Body)
			}
			if !failed && n < 10 {
				t.Errorf("only %d operations were seen", n-1)
			}
		}
	})
}

// CVE-2026-43983, CVE-2025-53942 and GHSA of the like: what ends a session ends its refresh token at once, everywhere.
func TestRefreshEndsWithWhatItStandsOn(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		all, db := servers(t, engine)
		first, last := all[0], all[len(all)-1]
		type holding struct {
			host, user string
			c, other   *client
			p          pair
		}
		patch := func(h holding, doc string) {
			t.Helper()
			if status, body := last.admin(http.MethodPatch, "/admin/v1/tenants/"+slugOf(h.host), json.RawMessage(doc)); status != http.StatusOK {
				t.Fatal(body)
			}
		}
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		changes := map[string]any{"current_password": password, "new_password": otherPassword}
		for name, end := range map[string]func(h holding){
			"a logout": func(h holding) { h.c.delete("/auth/session").want(http.StatusUnauthorized) },
			"its end by another session": func(h holding) {
				_, id := h.other.sessions()
				h.other.do(http.MethodDelete, "/auth/sessions", map[string]any{"sessions": []int64{id}}).want(http.StatusOK)
			},
			"a password changed elsewhere":   func(h holding) { h.other.post("/account/password/change", changes).want(http.StatusOK) },
			"a deactivation":                 func(h holding) { exec(`UPDATE users SET active = $2 WHERE id = $1`, h.user, false) },
			"the tenant's suspension":        func(h holding) { patch(h, `{"state": "suspended"}`) },
			"the tenant's suspension by SQL": func(h holding) { exec(`UPDATE tenants SET state = 'suspended' WHERE slug = $1`, slugOf(h.host)) },
			"another strategy":               func(h holding) { patch(h, `{"config": {"headless": {"token_strategy": "session"}}}`) },
		} {
			t.Run(name, func(t *testing.T) {
				of := *first
				of.T = t
				host := of.tokenHouse("")
				c := of.client("app", host)
				r := c.signup("ann@example.org").want(http.StatusOK)
				h := holding{host: host, user: r.userID(), c: c, p: r.handed(), other: of.client("app", host)}
				h.other.login("ann@example.org", password).want(http.StatusOK)
				refreshed, next := of.refresh(host, h.p.refresh)
				refreshed.want(http.StatusOK)
				end(h)
				if name == "another strategy" { // which the other server learns of within a second
					eventually(t, "it is known", func() bool { r, _ := of.refresh(host, next.refresh); return r.Status == http.StatusBadRequest })
				}
				for _, token := range []string{next.refresh, h.p.refresh} { // the grace is not over
					for _, on := range all {
						r, got := on.refresh(host, token)
						if r.Status != http.StatusBadRequest && r.Status != http.StatusForbidden || got != (pair{}) {
							t.Errorf("got %d %s", r.Status, r.Body)
						}
					}
				}
			})
		}
	})
}

// A session that somebody else is signed in with by now is not that of the token.
func TestTokenOfASessionThatChangedHands(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, db := bootShared(t, engine)
		host := s.tokenHouse("")
		_, p := s.holder(host, "ann@example.org")
		bea := s.client("app", host).signup("bea@example.org").want(http.StatusOK).userID()
		sid := jwtPart(t, p.access, 1)["sid"]
		for _, change := range []string{`user_id = $2`, `user_id = $2, pending = TRUE`, `user_id = $2, client = 'browser'`, `user_id = $2, alive = FALSE`} {
			of := bea
			if !strings.HasSuffix(change, "$2") {
				of = jwtPart(t, p.access, 1)["sub"].(string)
			}
			if _, err := db.ExecContext(t.Context(), `UPDATE sessions SET alive = TRUE, pending = FALSE, client = 'app' WHERE id = $1`, sid); err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), `UPDATE sessions SET `+change+` WHERE id = $1`, sid, of); err != nil {
				t.Fatal(err)
			}
			s.deadToken(host, p.refresh)
			if r := s.bearer(host, p.access).get("/auth/session"); r.Status != http.StatusGone && r.Status != http.StatusUnauthorized {
				t.Errorf("%s: got %d %s", change, r.Status, r.Body)
			}
		}
	})
}

// While keys rotate and tokens are refreshed, tokens are good at every server, and in the key set that anybody may remember.
func TestKeysRotateUnderLoad(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		all, _ := servers(t, engine)
		s := all[0]
		host := s.tokenHouse(`"jwt_algorithm": "ES256"`)
		_, p := s.holder(host, "ann@example.org")
		rotate := func(body string) {
			t.Helper()
			if status, answer := s.admin(http.MethodPost, "/admin/v1/tenants/"+slugOf(host)+"/keys/rotate", json.RawMessage(body)); status != http.StatusOK {
				t.Fatal(answer)
			}
		}
		kids := func(on *server) []string {
			var doc struct{ Keys []struct{ Kid string } }
			if err := json.Unmarshal([]byte(on.plainRequest(http.MethodGet, host, "/.well-known/jwks.json").Body), &doc); err != nil {
				t.Error(err)
			}
			var all []string
			for _, k := range doc.Keys {
				all = append(all, k.Kid)
			}
			return all
		}
		rotate(`{}`)
		for _, on := range all {
			eventually(t, "the next key is published everywhere", func() bool { return len(kids(on)) == 2 })
		}
		known := kids(all[len(all)-1])
		rotate(`{"now": true}`) // the key that is known already
		signed := map[any]bool{}
		for range 20 {
			for _, on := range all {
				r, next := on.refresh(host, p.refresh)
				r.want(http.StatusOK)
				kid := jwtPart(t, next.access, 0)["kid"]
				signed[kid] = true
				if !slices.Contains(known, kid.(string)) {
					t.Errorf("a token of the key %v, where %v were published", kid, known)
				}
				for _, other := range all {
					other.bearer(host, next.access).get("/auth/session").want(http.StatusOK)
					other.bearer(host, p.access).get("/auth/session").want(http.StatusOK)
				}
				p.refresh = next.refresh
			}
		}
		eventually(t, "the new key signs everywhere", func() bool {
			for _, on := range all {
				r, next := on.refresh(host, p.refresh)
				r.want(http.StatusOK)
				p.refresh = next.refresh
				if jwtPart(t, next.access, 0)["kid"] == jwtPart(t, p.access, 0)["kid"] {
					return false
				}
			}
			return true
		})
	})
}
