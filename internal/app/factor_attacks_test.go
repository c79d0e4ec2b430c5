package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// The attacks of this file worked on other products' second factors. As in attacks_test.go, each test is named after what was tried,
// says where it worked, and fails if what keeps it from working here is taken away.

// Casdoor CVE-2026-9091, Zitadel CVE-2025-64103, Kratos CVE-2024-45042, Tinyauth CVE-2026-32246: a second factor was asked for after a
// password, and not on other ways in.
func TestSecondFactorIsAskedForOnEveryWayIn(t *testing.T) {
	const links = `"email_verification": "mandatory", "login_on_email_confirmation": true, "login_on_password_reset": true`
	unproved := func(s *scene, host string) {
		tenant, user := s.ids(host, victim)
		s.exec(`UPDATE emails SET verified = FALSE WHERE tenant_id = $1 AND user_id = $2`, tenant, user)
	}
	ways := map[string]struct {
		account string
		enter   func(s *scene, host string, c *client) *reply
	}{
		"a password": {byCodes, func(_ *scene, _ string, c *client) *reply { return c.login(victim, password) }},
		"a login code": {byCodes, func(s *scene, _ string, c *client) *reply {
			return c.confirm(s.code(victim, func() { c.request(victim).want(http.StatusUnauthorized) }))
		}},
		"a password and the code that is required after it": {byCodes, func(s *scene, host string, c *client) *reply {
			s.patch(host, `"login_by_code_required": ["password"]`)
			return c.confirm(s.code(victim, func() { c.login(victim, password).waits("login_by_code") }))
		}},
		"a new password, by code": {byCodes + `, "login_on_password_reset": true`, func(s *scene, _ string, c *client) *reply {
			return c.reset(s.code(victim, func() { c.askReset(victim).want(http.StatusUnauthorized) }), password)
		}},
		"a new password, by link": {links, func(s *scene, _ string, c *client) *reply {
			return c.reset(s.resetKey(victim, func() { c.askReset(victim).want(http.StatusOK) }), password)
		}},
		"an address that is proved by a code": {byCodes, func(s *scene, host string, c *client) *reply {
			unproved(s, host)
			return c.verify(s.code(victim, func() { c.login(victim, password).waits("verify_email") }))
		}},
		"an address that is proved by a link": {links, func(s *scene, host string, c *client) *reply {
			unproved(s, host)
			return c.verify(s.letter(victim, func() { c.login(victim, password).waits("verify_email") }).key(s))
		}},
		"an address that is proved by a link, and a login over one that waits": {links, func(s *scene, host string, c *client) *reply {
			c.login(victim, password).waits("mfa_authenticate")
			return c.login(victim, password)
		}},
	}
	scenes(t, func(t *testing.T, s *scene) {
		for name, way := range ways {
			s.run(name, func(s *scene) {
				host := s.house(way.account)
				first := s.front(host)
				if way.account == links {
					s.verified(host, victim)
					first.login(victim, password).want(http.StatusOK)
				} else {
					first = s.member(host, victim, "")
				}
				p := s.guard(first)
				first.delete("/auth/session").want(http.StatusUnauthorized)
				c := s.front(host)
				way.enter(s, host, c).waits("mfa_authenticate")
				for _, path := range []string{"/account/authenticators", appPath, codesPath, keysPath, againByKey, "/auth/sessions"} {
					c.get(path).out()
				}
				c.trustless(s.T)
				c.giveCode(p.wrong()).out().code("incorrect_code", "code")
				c.giveCode(p.codes[0]+"0").out().code("incorrect_code", "code")
				c.through(c.giveCode(p.code())).want(http.StatusOK)
				c.get("/account/email").want(http.StatusOK)
			})
		}
	})
}

// Pocket ID GHSA-hp74-gm6m-2qm5: what takes a second factor was done by whoever had come in by a mailed code a moment ago. Who reads
// somebody's mail in a browser that they trust must not get at their authenticators.
func TestLoginByCodeIsNoProofForSecondFactors(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		p := s.guarded(host, victim)
		in := s.client("browser", host)
		in.login(victim, password).waits("mfa_authenticate")
		in.giveCode(p.code()).waits("mfa_trust")
		in.trust(true).want(http.StatusOK)
		c := s.client("browser", host)
		c.cookies["mfa_trusted"] = in.cookies["mfa_trusted"]
		c.confirm(s.code(victim, func() { c.request(victim).want(http.StatusUnauthorized) })).want(http.StatusOK)
		changes := []call{
			{http.MethodGet, codesPath, nil}, {http.MethodPost, codesPath, nil}, {http.MethodDelete, appPath, nil}, {http.MethodGet, keysPath, nil},
			{http.MethodPut, keysPath, map[string]any{"id": p.keyID, "name": "x"}}, {http.MethodDelete, keysPath, map[string]any{"authenticators": []int64{p.keyID}}},
		}
		before := s.db.everything(host)["authenticators"]
		for _, x := range changes {
			r := c.make(x, nil)
			if !strings.Contains(r.want(http.StatusUnauthorized).Body, `{"id":"mfa_reauthenticate","types":["recovery_codes","totp","webauthn"]}`) {
				t.Errorf("%s %s is answered %s", x.method, x.path, r.Body)
			}
		}
		if after := s.db.everything(host)["authenticators"]; strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Error("the authenticators are not as they were")
		}
		c.proveBy(p.code()).want(http.StatusOK)
		for _, x := range changes[:5] {
			c.make(x, nil).want(http.StatusOK)
		}
	})
}

// allauth 2024, Zitadel CVE-2025-64102: a code was good more than once. Here many show it at once: one of them gets in.
func TestCodeOfAnAppWorksOnce(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		for name, take := range map[string]func(p *pocket) string{
			"a code of the app": (*pocket).code, "a recovery code": func(p *pocket) string { return p.codes[0] },
		} {
			s.run(name+", in one session", func(s *scene) {
				host := s.house(byCodes)
				code := take(s.guarded(host, victim))
				one := s.halfway(host, victim)
				s.winner(shown(s, one.clones(racers), code), http.StatusOK, http.StatusBadRequest, http.StatusConflict, http.StatusGone, http.StatusUnauthorized)
				again := s.halfway(host, victim)
				again.giveCode(code).want(http.StatusBadRequest).code("incorrect_code", "code")
			})
			s.run(name+", in sessions of their own", func(s *scene) {
				host := s.house(byCodes)
				code := take(s.guarded(host, victim))
				crowd := make([]*client, racers/2)
				for i := range crowd {
					crowd[i] = s.halfway(host, victim)
				}
				s.winner(shown(s, crowd, code), http.StatusOK, http.StatusBadRequest, http.StatusConflict)
			})
		}
		s.run("a passkey's answer", func(s *scene) {
			host := s.house(byCodes)
			p := s.guarded(host, victim)
			c := s.front(host)
			answer := p.key.Get(c.options(byPasskey))
			all := s.race(c.clones(racers), func(c *client, _ int) *reply { return c.post(byPasskey, map[string]any{"credential": answer}) })
			s.winner(all, http.StatusOK, http.StatusBadRequest, http.StatusConflict, http.StatusGone, http.StatusForbidden)
		})
	})
}

// shown has many clients show a code at once. Browsers are not trusted, so that who is let in is let in.
func shown(s *scene, crowd []*client, code string) []*reply {
	s.Helper()
	return s.race(crowd, func(c *client, _ int) *reply {
		r := c.giveCode(code)
		if strings.Contains(r.Body, `{"id":"mfa_trust","is_pending":true}`) {
			return c.trust(false)
		}
		return r
	})
}

// allauth 65.2, Zitadel CVE-2024-32868: codes of six digits were guessed, since nobody counted across sessions. Guesses are counted
// by whose second factor it is, wherever they come from: other sessions, other addresses, other servers.
func TestGuessesAtASecondFactorAreLimited(t *testing.T) {
	const guesses, most = 64, 5
	const limits = `"rate_limits": {"login_failed": "5/h/key", "login": null, "signup": null, "reauthenticate": null, "confirm_email": null, "request_login_code": null}`
	testkit.Engines(t, func(t *testing.T, engine string) {
		var first config.Config
		s := newScene(t, engine, func(cfg *config.Config, _ *app.Options) { first = *cfg })
		servers := []*server{s.server}
		if engine == "postgres" { // which has Redis beside it, and so may have another server
			servers = append(servers, boot(t, engine, func(cfg *config.Config, _ *app.Options) {
				cfg.Database, cfg.Keys, cfg.Redis, cfg.SharedHosts = first.Database, first.Keys, first.Redis, first.SharedHosts
			}))
		}
		for _, kind := range []string{"app", "browser"} {
			for name, guess := range map[string]func(c *client, p *pocket) *reply{
				"by codes": func(c *client, p *pocket) *reply { return c.giveCode(p.wrong()) },
				"by keys": func(c *client, p *pocket) *reply {
					lying := *p.key
					lying.Challenge = "AAAA"
					return c.showing(byKey, &lying)
				},
				"by codes, proving anew who one is": func(c *client, p *pocket) *reply { return c.proveBy(p.wrong()) },
			} {
				s.of(t, kind).run(kind+"/"+name, func(s *scene) {
					host := s.house(byCodes + ", " + limits)
					member := s.member(host, victim, "")
					p := s.guard(member)
					crowd := make([]*client, guesses)
					for i := range crowd {
						if strings.HasSuffix(name, "is") {
							crowd[i] = member.anew()
						} else {
							crowd[i] = s.halfway(host, victim)
						}
						at := *servers[i%len(servers)]
						at.T = s.T
						crowd[i].s, crowd[i].ip = &at, fmt.Sprintf("198.18.9.%d", i)
					}
					compared, refused := 0, 0
					for _, r := range s.race(crowd, func(c *client, _ int) *reply { return guess(c, p) }) {
						switch code := r.out().want(http.StatusBadRequest).decoded.Errors[0].Code; code {
						case "incorrect_code":
							compared++
						case "too_many_login_attempts":
							refused++
						default:
							s.Errorf("got %s", r.Body)
						}
					}
					if compared != most || refused != guesses-most {
						s.Errorf("%d guesses were compared, and %d are allowed", compared, most)
					}
					// Nor is the right one heard any more, in any way.
					late := s.halfway(host, victim)
					late.giveCode(p.code()).out().code("too_many_login_attempts", "code")
					late.giveCode(p.codes[0]).out().code("too_many_login_attempts", "code")
					late.showing(byKey, p.key).out().code("too_many_login_attempts", "credential")
					member.proveBy(p.code()).out().code("too_many_login_attempts", "code")
				})
			}
		}
	})
}

// The same, the other way about: a second factor that was shown forgives what was guessed at it, and no other guesses of the address.
func TestShownFactorForgivesGuessesAtIt(t *testing.T) {
	const limits = `"rate_limits": {"login_failed": "6/h/ip,2/h/key", "login": null, "signup": null, "reauthenticate": null, "confirm_email": null, "request_login_code": null}`
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes + ", " + limits)
		p := s.guarded(host, victim)
		const eve = "203.0.113.77"
		for round := range 2 {
			c := s.halfway(host, victim)
			c.ip = eve
			c.giveCode(p.wrong()).want(http.StatusBadRequest).code("incorrect_code", "code")
			c.through(c.giveCode(p.code())).want(http.StatusOK)
			other := s.front(host)
			other.ip = eve
			other.login(fmt.Sprintf("bob%d@example.org", round), password).want(http.StatusBadRequest).code("email_password_mismatch", "password")
			other.login(fmt.Sprintf("bob%d@example.org", round), password).want(http.StatusBadRequest).code("email_password_mismatch", "password")
		}
		c := s.halfway(host, victim)
		c.ip = eve
		c.giveCode(p.code()).want(http.StatusBadRequest).code("too_many_login_attempts", "code") // the seventh of that address
	})
}

// Pocket ID CVE-2026-43983: a passkey went on signing in whoever was put out.
func TestPasskeyOfADeactivatedUserSignsNobodyIn(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		p := s.guarded(host, victim)
		_, id := s.ids(host, victim)
		halfway, ceremony := s.halfway(host, victim), s.front(host)
		asked := ceremony.options(byPasskey)
		s.setActive(host, victim, false)
		for _, r := range []*reply{
			ceremony.post(byPasskey, map[string]any{"credential": p.key.Get(asked)}), s.front(host).showing(byPasskey, p.key), halfway.giveCode(p.code()),
		} {
			if r.out(); strings.Contains(r.Body, id) || strings.Contains(r.Body, `"is_pending":true`) {
				t.Errorf("got %s", r.Body)
			}
			r.c.get("/account/email").out()
		}
		s.setActive(host, victim, true)
		s.front(host).showing(byPasskey, p.key).want(http.StatusOK)
		// Likewise, while the whole tenant is suspended.
		ceremony = s.front(host)
		asked = ceremony.options(byPasskey)
		state := func(state string) {
			if status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slugOf(host), map[string]any{"state": state}); status != http.StatusOK {
				s.Fatalf("%s: %d %s", state, status, body)
			}
		}
		state("suspended")
		ceremony.post(byPasskey, map[string]any{"credential": p.key.Get(asked)}).want(http.StatusForbidden)
		state("active")
		ceremony.post(byPasskey, map[string]any{"credential": p.key.Get(asked)}).want(http.StatusOK)
	})
}

// Zitadel CVE-2024-28197, allauth 2024: a session went on under the key that it had before its second factor was shown, and a login that
// was given up there went on as well.
func TestSessionKeyChangesWithTheSecondFactor(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		p := s.guarded(host, victim)
		ways := map[string]func(c *client) *reply{
			"by a code": func(c *client) *reply { return c.giveCode(p.code()) },
			"by a key":  func(c *client) *reply { return c.showing(byKey, p.key) },
		}
		for name, show := range ways {
			s.run(name, func(s *scene) {
				c := s.halfway(host, victim)
				held := c.held()
				c.through(show(c)).want(http.StatusOK)
				if c.held() == held {
					s.Fatal("the token is the one from before")
				}
				s.dead(s.kind, host, held)
				c.get("/account/email").want(http.StatusOK)
			})
			s.run(name+", given up", func(s *scene) {
				c := s.halfway(host, victim)
				late := c.anew()
				c.delete("/auth/session").want(http.StatusUnauthorized)
				s.dead(s.kind, host, late.held())
				late.giveCode(p.code()).out()
				late.get("/account/email").out()
			})
			if s.kind == "browser" {
				s.run(name+", given up when it was shown", func(s *scene) {
					c := s.halfway(host, victim)
					show(c).waits("mfa_trust")
					late := c.anew()
					c.delete("/auth/session").want(http.StatusUnauthorized)
					s.dead(s.kind, host, late.held())
					late.trust(true).out()
				})
			}
		}
		s.run("by a passkey, in a session that was planted", func(s *scene) {
			planted := s.front(host)
			planted.options(byPasskey) // a session of nobody's
			held := planted.held()
			c := planted.anew()
			c.showing(byPasskey, p.key).want(http.StatusOK)
			if c.held() == held {
				s.Fatal("the token is the one from before")
			}
			s.dead(s.kind, host, held)
		})
	})
}

// What relying parties of other products left out: the challenge, the origin, the relying party, whether a finger was asked for, the
// counter. Every answer that is wrong in one way is refused, wherever keys are shown, and the right one is taken after it.
func TestKeyThatLiesIsRefused(t *testing.T) {
	lies := map[string]func(k *factortest.Authenticator, sibling string){
		"another origin":                 func(k *factortest.Authenticator, _ string) { k.Origin = "https://evil.example" },
		"the origin of a sibling tenant": func(k *factortest.Authenticator, sibling string) { k.Origin = "https://" + sibling },
		"the origin without https":       func(k *factortest.Authenticator, _ string) { k.Origin = strings.Replace(k.Origin, "https", "http", 1) },
		"the origin on another port":     func(k *factortest.Authenticator, _ string) { k.Origin += ":8443" },
		"the relying party of a sibling": func(k *factortest.Authenticator, sibling string) { k.RPID = sibling },
		"the relying party above":        func(k *factortest.Authenticator, _ string) { k.RPID = "localhost" },
		"another challenge":              func(k *factortest.Authenticator, _ string) { k.Challenge = base64URL(32) },
		"no challenge": func(k *factortest.Authenticator, _ string) {
			k.ClientData = func([]byte) []byte { return []byte(`{}`) }
		},
		"another kind of ceremony":       func(k *factortest.Authenticator, _ string) { k.Type = "webauthn.create" },
		"another site's page around it":  func(k *factortest.Authenticator, _ string) { k.CrossOrigin = true },
		"nobody at the key":              func(k *factortest.Authenticator, _ string) { k.ClearFlags = factortest.UserPresent },
		"a counter that was rolled back": func(k *factortest.Authenticator, _ string) { k.Count, k.Still = 1, true },
		"a counter that stands still":    func(k *factortest.Authenticator, _ string) { k.Still = true },
		"another user's handle":          func(k *factortest.Authenticator, _ string) { k.UserHandle = secret.Bytes(16) },
		"a signature of something else": func(k *factortest.Authenticator, _ string) {
			k.AuthData = func(b []byte) []byte { return append(b, 0) }
		},
		"no finger, where it is a whole login": func(k *factortest.Authenticator, _ string) { k.UV = false },
	}
	scenes(t, func(t *testing.T, s *scene) {
		host, sibling := s.house(byCodes), s.house(byCodes)
		p := s.guarded(host, victim)
		s.guarded(sibling, victim)
		tenant := s.tenantOf(host).ID
		member := s.front(host)
		member.showing(byPasskey, p.key).want(http.StatusOK)
		events := func() string {
			return s.db.one(`SELECT count(*) FROM audit_events WHERE tenant_id = $1 AND action = 'webauthn.counter_did_not_rise'`, tenant)
		}
		for name, lie := range lies {
			for path, begin := range map[string]func(s *scene) *client{
				byPasskey: func(s *scene) *client { return s.front(host) }, byKey: func(s *scene) *client { return s.halfway(host, victim) },
				againByKey: func(*scene) *client { return member },
			} {
				if strings.HasPrefix(name, "no finger") && path != byPasskey {
					continue
				}
				s.run(name+" at "+path, func(s *scene) {
					c, before := begin(s), events()
					lying := *p.key
					lie(&lying, sibling)
					c.showing(path, &lying).want(http.StatusBadRequest).code("incorrect_code", "credential")
					if audited := events() != before; audited != strings.HasPrefix(name, "a counter") {
						s.Errorf("audited: %v", audited)
					}
					r := c.showing(path, p.key)
					if path == byKey {
						r = c.through(r)
					}
					r.want(http.StatusOK)
				})
			}
		}
	})
}

// A challenge is of one session, for one purpose, and once.
func TestChallengeIsGoodForItsOwnCeremony(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		p := s.guarded(host, victim)
		refused := func(r *reply) { t.Helper(); r.want(http.StatusBadRequest).code("incorrect_code", "credential") }
		show := func(c *client, path string, options json.RawMessage) *reply {
			t.Helper()
			return c.post(path, map[string]any{"credential": p.key.Get(options)})
		}
		in, other := s.front(host), s.front(host)
		asked := in.options(byPasskey)
		other.options(byPasskey)
		refused(show(other, byPasskey, asked)) // another session's
		refused(show(s.front(host), byPasskey, asked))
		answer := p.key.Get(asked)
		in.post(byPasskey, map[string]any{"credential": answer}).want(http.StatusOK)
		refused(in.post(byPasskey, map[string]any{"credential": answer})) // twice
		refused(show(in, againByKey, in.options(byPasskey)))              // for another purpose
		refused(show(in, byPasskey, in.options(againByKey)))
		first := in.options(againByKey)
		second := in.options(againByKey)
		refused(show(in, againByKey, first)) // of before
		show(in, againByKey, second).want(http.StatusOK)
		refused(show(in, againByKey, second)) // twice, and signed anew
		waits := s.halfway(host, victim)
		refused(show(waits, byKey, waits.options(byPasskey)))
		refused(show(waits, byPasskey, waits.options(byKey)))
		if s.kind == "app" {
			waits.token = in.token
		} else {
			waits.cookies = in.cookies
		}
		waits.showing(againByKey, p.key).want(http.StatusOK)
	})
}

// allauth 65.3, Zitadel CVE-2026-23511, of passkeys: whether there is a user, or a key, must not be told to those who have neither.
func TestPasskeyLoginTellsNobodyFromSomebody(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var seen counted
		s := newScene(t, engine, func(_ *config.Config, o *app.Options) {
			o.Observe, o.Unchained = seen.observe, true
			o.Clock = clock.At(time.Now())
		})
		host := s.house(byCodes + `, "rate_limits": {"login_failed": "3/h/key", "login": null, "signup": null}`)
		p := s.guarded(host, victim)
		_, user := s.ids(host, victim)
		seen.pass(t)
		foreign := newKey(host)
		made := func(handle []byte) *factortest.Authenticator {
			k := *foreign
			k.UserHandle = handle
			return &k
		}
		foreign.Create(s.member(host, evil, "").passwordlessOptions(t))
		of := p.key.UserHandle
		s.setActive(host, evil, false)
		for _, kind := range []string{"app", "browser"} {
			s := s.of(t, kind)
			first, statements := "", 0
			for name, key := range map[string]*factortest.Authenticator{
				"no user": made(secret.Bytes(16)), "somebody's handle, and another's key": made(of), "a handle of another size": made([]byte("ann")),
				"one who was put out": foreign, "no user again": made(secret.Bytes(16)),
			} {
				for range 5 { // more often than anybody may fail
					c := s.front(host)
					asked := c.options(byPasskey)
					seen.take()
					r := c.post(byPasskey, map[string]any{"credential": key.Get(asked)}).want(http.StatusBadRequest)
					n := len(seen.take())
					if first == "" {
						first = r.plain()
					}
					if statements == 0 && len(key.UserHandle) == 16 { // others are nobody's at a glance
						statements = n
					}
					if r.plain() != first || strings.Contains(r.Body, user) {
						t.Errorf("%s: answered\n%s\nand others\n%s", name, r.plain(), first)
					}
					if n != statements && len(key.UserHandle) == 16 {
						t.Errorf("%s: %d statements, and %d for others", name, n, statements)
					}
				}
			}
			s.front(host).showing(byPasskey, p.key).want(http.StatusOK) // and nobody was locked out
		}
	})
}

// passwordlessOptions are the options for a passkey of whoever has just signed up.
func (c *client) passwordlessOptions(t *testing.T) json.RawMessage {
	t.Helper()
	c.post("/auth/reauthenticate", map[string]any{"password": password}).want(http.StatusOK)
	return c.options(keysPath + "?passwordless")
}

// What one tenant gave out of second factors is nothing at another where people of the same address have the same. That every route
// answers it as made up is TestLootOfAnotherTenantIsAnsweredAsMadeUp.
func TestFactorsOfAnotherTenantAreNone(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		a, b := s.house(byCodes), s.house(byCodes)
		ofA, ofB := s.guarded(a, victim), s.guarded(b, victim)
		waits := s.halfway(b, victim)
		for _, code := range []string{ofA.code(), ofA.codes[0], ofA.codes[9]} {
			waits.giveCode(code).want(http.StatusBadRequest).code("incorrect_code", "code")
		}
		waits.showing(byKey, ofA.key).want(http.StatusBadRequest).code("incorrect_code", "credential")
		s.front(b).showing(byPasskey, ofA.key).want(http.StatusBadRequest)
		atHome := s.front(a)
		answer := ofA.key.Get(atHome.options(byPasskey)) // a challenge of A, answered at B
		away := s.front(b)
		away.options(byPasskey)
		away.post(byPasskey, map[string]any{"credential": answer}).want(http.StatusBadRequest).code("incorrect_code", "credential")
		waits.through(waits.giveCode(ofB.code())).want(http.StatusOK)
		for _, x := range []call{
			{http.MethodPut, keysPath, map[string]any{"id": ofA.keyID, "name": "x"}}, {http.MethodDelete, keysPath, map[string]any{"authenticators": []int64{ofA.keyID}}},
			{http.MethodDelete, keysPath, map[string]any{"authenticators": []int64{ofB.keyID, ofA.keyID}}},
		} {
			if r := waits.make(x, nil); r.want(http.StatusBadRequest).decoded.Errors[0].Code != "invalid_choice" {
				t.Errorf("got %s", r.Body)
			}
		}
		browser := s.client("browser", a)
		browser.login(victim, password).waits("mfa_authenticate")
		browser.giveCode(ofA.code()).waits("mfa_trust")
		browser.trust(true).want(http.StatusOK)
		trusted := browser.cookies["mfa_trusted"]
		for host, status := range map[string]int{a: http.StatusOK, b: http.StatusUnauthorized} {
			c := s.client("browser", host)
			c.cookies["mfa_trusted"] = trusted
			c.login(victim, password).want(status)
		}
	})
}
