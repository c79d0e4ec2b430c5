package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Whatever can be used once is used by many at once here, on both engines: one of them gets what it is good for, the others are told
// that they came too late, and what is kept is as if there had been no others.

// racers is how many use a thing at once.
const racers = 64

// race has many clients do the same at once, and returns their answers. None of them may find the server in trouble.
func (s *scene) race(crowd []*client, do func(c *client, i int) *reply) []*reply {
	s.Helper()
	all := make([]*reply, len(crowd))
	together(len(crowd), func(i int) { all[i] = do(crowd[i], i) })
	for _, r := range all {
		if r.Status >= http.StatusInternalServerError {
			s.Errorf("answered %d: %s", r.Status, r.Body)
		}
	}
	return all
}

// clones are front ends that hold what one holds.
func (c *client) clones(n int) []*client {
	all := make([]*client, n)
	for i := range all {
		all[i] = c.anew()
	}
	return all
}

// winner is the only answer with a status; the others have one of those that say that it was too late.
func (s *scene) winner(all []*reply, status int, late ...int) (i int) {
	s.Helper()
	i = -1
	count := map[int]int{}
	for n, r := range all {
		count[r.Status]++
		if r.Status == status {
			i = n
		} else if !slices.Contains(late, r.Status) {
			s.Errorf("answered %d: %s", r.Status, r.Body)
		}
	}
	if count[status] != 1 {
		s.Fatalf("the answers are %v", count)
	}
	return i
}

func TestOneOfManyUsesOfACodeCounts(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		for _, w := range waits() {
			s.run(w.name, func(s *scene) {
				host := s.house(threeTries)
				s.member(host, victim, number)
				tenant, _ := s.ids(host, victim)
				c, code := w.begin(s, host)
				signedIn := func() string {
					return s.db.one(`SELECT count(*) FROM sessions WHERE tenant_id = $1 AND user_id IS NOT NULL AND NOT pending AND alive`, tenant)
				}
				before := signedIn()
				var all []*reply
				letters := s.sent(func() {
					all = s.race(c.clones(racers), func(c *client, _ int) *reply { return w.try(c, code) })
				})
				won := all[s.winner(all, w.right, http.StatusConflict, http.StatusGone)]
				for _, r := range all {
					if r != won && (r.decoded.Meta.SessionToken != "" || strings.Contains(r.Header.Get("Set-Cookie"), "sessionid=") && r.c.cookies["sessionid"] != "") {
						s.Errorf("who lost is given a token: %s", r.Body)
					}
				}
				after, more := signedIn(), 0
				switch w.name {
				case "a login by code", "the address of a signup":
					more = 1
					won.c.get("/account/email").want(http.StatusOK)
				case "a new password":
					if after != "0" {
						s.Errorf("%s sessions outlive the password", after)
					}
					before, after = "", ""
				case "the number of a signup":
					won.c.get("/account/email").out()
					if len(letters) != 1 {
						s.Errorf("%d codes were mailed for the address", len(letters))
					}
				case "another address":
					if n := s.db.one(`SELECT count(*) FROM emails WHERE tenant_id = $1 AND verified`, tenant); n != "2" {
						s.Errorf("%s addresses are proved", n)
					}
				case "another number":
					if phone := s.db.one(`SELECT phone FROM users WHERE tenant_id = $1 AND phone_verified`, tenant); phone == number {
						s.Error("the number is the one from before")
					}
				}
				if w.name != "a new password" && fmt.Sprint(atoi(s, before)+more) != after {
					s.Errorf("%s sessions became %s", before, after)
				}
				if r := w.try(won.c.anew(), code); r.Status < http.StatusBadRequest {
					s.Errorf("the code is still good: %s", r.Body)
				}
				s.front(host).login(victim, password).want(http.StatusOK)
			})
		}
	})
}

func atoi(s *scene, text string) (n int) {
	s.Helper()
	if _, err := fmt.Sscan(text, &n); err != nil {
		s.Fatalf("%q: %v", text, err)
	}
	return n
}

func TestOneOfManyUsesOfALinkCounts(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		s.run("that proves an address", func(s *scene) {
			host := s.house(`"email_verification": "mandatory"`)
			link := s.letter(victim, func() { s.front(host).signup(victim).want(http.StatusUnauthorized) }).key(s)
			crowd := s.crowd(s.kind, host, racers)
			s.winner(s.race(crowd, func(c *client, _ int) *reply { return c.verify(link) }), http.StatusUnauthorized, http.StatusBadRequest, http.StatusConflict)
			s.front(host).verify(link).want(http.StatusBadRequest)
			s.front(host).login(victim, password).want(http.StatusOK)
		})
		s.run("that signs in", func(s *scene) {
			host := s.house(`"email_verification": "mandatory", "login_on_email_confirmation": true`)
			c := s.front(host)
			link := s.letter(victim, func() { c.signup(victim).want(http.StatusUnauthorized) }).key(s)
			all := s.race(c.clones(racers), func(c *client, _ int) *reply { return c.verify(link) })
			won := all[s.winner(all, http.StatusOK, http.StatusBadRequest, http.StatusConflict, http.StatusGone)]
			won.c.get("/account/email").want(http.StatusOK)
			if n := s.db.one(`SELECT count(*) FROM sessions WHERE tenant_id = $1 AND user_id IS NOT NULL`, s.tenantOf(host).ID); n != "1" {
				s.Errorf("there are %s sessions", n)
			}
		})
		s.run("that sets a password", func(s *scene) {
			host := s.house(`"email_verification": "mandatory"`)
			s.verified(host, victim)
			held := s.signedIn(host)
			key := s.resetKey(victim, func() { s.front(host).askReset(victim).want(http.StatusOK) })
			chosen := func(i int) string { return fmt.Sprintf("Harbour-Violet-%d!", i) }
			all := s.race(s.crowd(s.kind, host, racers), func(c *client, i int) *reply { return c.reset(key, chosen(i)) })
			won := s.winner(all, http.StatusUnauthorized, http.StatusBadRequest, http.StatusConflict)
			s.ended(s.kind, host, held.held())
			s.front(host).login(victim, chosen((won+1)%racers)).want(http.StatusBadRequest)
			s.front(host).login(victim, chosen(won)).want(http.StatusOK)
			s.front(host).reset(key, chosen(0)).want(http.StatusBadRequest)
		})
	})
}

func TestManySignupsMakeOneAccount(t *testing.T) {
	const names = `"login_methods": ["username", "email", "phone"], "signup_fields": ["username", "email", "phone", "password1*"], `
	const nameless = `"user_model_username_field": "", ` // otherwise the name that is made of the address is taken first
	rows := map[string]struct {
		settings string
		body     func(i int) map[string]any
		first    int   // the status of the one that makes it
		others   []int // of the others; the same where it is not told
	}{
		"with one address": {nameless + `"email_verification": "optional"`, func(int) map[string]any { return map[string]any{"email": victim} },
			http.StatusOK, []int{http.StatusBadRequest, http.StatusConflict}},
		"with one address, which is not told": {nameless + `"email_verification": "mandatory"`, func(int) map[string]any { return map[string]any{"email": victim} },
			http.StatusUnauthorized, []int{http.StatusUnauthorized}},
		"with one address, to be proved by a code": {nameless + byCodes, func(int) map[string]any { return map[string]any{"email": victim} },
			http.StatusUnauthorized, []int{http.StatusUnauthorized}},
		"with one username": {names + `"email_verification": "none"`, func(i int) map[string]any { return map[string]any{"username": []string{"ann", "ANN"}[i%2]} },
			http.StatusOK, []int{http.StatusBadRequest, http.StatusConflict}},
		"with one number": {names + `"email_verification": "none", "phone_verification_enabled": false`, func(int) map[string]any { return map[string]any{"phone": number} },
			http.StatusOK, []int{http.StatusUnauthorized, http.StatusConflict}}, // as if it were to be proved, which nobody can
		"with one number, which is not told": {byCodes, func(i int) map[string]any {
			return map[string]any{"phone": number, "email": fmt.Sprintf("ann%d@example.org", i)}
		}, http.StatusUnauthorized, []int{http.StatusUnauthorized}},
	}
	for _, name := range []string{"with one address", "with one address, which is not told", "with one address, to be proved by a code"} {
		row := rows[name]
		row.settings = strings.TrimPrefix(row.settings, nameless)
		if row.first == http.StatusOK {
			row.others = []int{http.StatusBadRequest} // the address is told to be taken, and the name that is made of it is no matter
		}
		rows[name+", and a name made of it"] = row
		row.settings += `, "rate_limits": {}`
		if strings.Contains(row.settings, byCodes) {
			row.others = append(row.others, http.StatusTooManyRequests) // one code in a while, whoever has the address
		}
		rows[name+", and a name made of it, with the usual limits"] = row
	}
	scenes(t, func(t *testing.T, s *scene) {
		for name, row := range rows {
			s.run(name, func(s *scene) {
				host := s.house(row.settings)
				var all []*reply
				s.sent(func() {
					all = s.race(s.crowd(s.kind, host, racers), func(c *client, i int) *reply {
						body := row.body(i)
						body["password"] = fmt.Sprintf("Harbour-Violet-%d!", i)
						return c.post("/auth/signup", body)
					})
				})
				tenant := s.tenantOf(host).ID
				if n := s.db.one(`SELECT count(*) FROM users WHERE tenant_id = $1`, tenant); n != "1" {
					s.Errorf("%s accounts were made", n)
				}
				if n := s.db.one(`SELECT count(*) FROM emails WHERE tenant_id = $1`, tenant); n > "1" {
					s.Errorf("%s addresses were added", n)
				}
				if n := s.db.one(`SELECT count(*) FROM sessions WHERE tenant_id = $1 AND user_id IS NOT NULL`, tenant); n != "1" {
					s.Errorf("%s sessions are of somebody", n)
				}
				if row.first == http.StatusOK {
					won := s.winner(all, row.first, row.others...)
					all[won].c.get("/auth/sessions").want(http.StatusOK)
					return
				}
				for _, r := range all {
					if r.Status != row.first && !slices.Contains(row.others, r.Status) {
						s.Errorf("answered %d: %s", r.Status, r.Body)
					}
				}
			})
		}
	})
}

// Two accounts may hold an address that neither has proved; only one may come to have proved it.
func TestOneOfTwoAccountsProvesAnAddress(t *testing.T) {
	const rounds = 12
	scenes(t, func(t *testing.T, s *scene) {
		owners := func(s *scene, host, email string) {
			s.Helper()
			tenant := s.tenantOf(host).ID
			if n := s.db.one(`SELECT count(*) FROM emails WHERE tenant_id = $1 AND email_key = $2 AND verified`, tenant, email); n != "1" {
				s.Errorf("%s accounts have proved %s", n, email)
			}
		}
		s.run("by the links of two signups", func(s *scene) {
			host := s.house(`"email_verification": "optional", "prevent_enumeration": "strict"`)
			for n := range rounds {
				email := fmt.Sprintf("ann%d@example.org", n)
				links := []string{}
				for range 2 {
					links = append(links, s.letter(email, func() { s.front(host).signup(email).want(http.StatusOK) }).key(s))
				}
				s.race(s.crowd(s.kind, host, 8), func(c *client, i int) *reply { return c.verify(links[i%2]) })
				owners(s, host, email)
			}
		})
		for name, settings := range map[string]string{
			"by links": `"email_verification": "mandatory"`, "by codes": byCodes, "by links, in place of another": `"email_verification": "mandatory", "change_email": true`,
		} {
			s.run(name, func(s *scene) {
				host := s.house(settings)
				crowd := []*client{}
				for _, email := range []string{victim, evil} {
					if name == "by codes" {
						crowd = append(crowd, s.member(host, email, ""))
						continue
					}
					s.verified(host, email)
					c := s.front(host)
					c.login(email, password).want(http.StatusOK)
					crowd = append(crowd, c)
				}
				for n := range rounds {
					email := fmt.Sprintf("ann%d@example.org", n)
					keys := []string{}
					for _, c := range crowd {
						add := func() { c.post("/account/email", map[string]any{"email": email}).want(http.StatusOK) }
						if name == "by codes" {
							keys = append(keys, s.code(email, add))
						} else {
							keys = append(keys, s.letter(email, add).key(s))
						}
					}
					all := s.race(append(crowd[0].clones(4), crowd[1].clones(4)...), func(c *client, i int) *reply { return c.verify(keys[i/4]) })
					s.winner(all, http.StatusOK, http.StatusBadRequest, http.StatusConflict)
					owners(s, host, email)
				}
			})
		}
		s.run("or a number", func(s *scene) {
			host := s.house(byCodes)
			crowd := []*client{s.member(host, victim, ""), s.member(host, evil, "")}
			for n := range rounds {
				phone := fmt.Sprintf("+49151%08d", n)
				codes := []string{}
				for _, c := range crowd {
					codes = append(codes, s.code(phone, func() { c.post("/account/phone", map[string]any{"phone": phone}).want(http.StatusAccepted) }))
				}
				all := s.race(append(crowd[0].clones(4), crowd[1].clones(4)...), func(c *client, i int) *reply { return c.verifyPhone(codes[i/4]) })
				s.winner(all, http.StatusOK, http.StatusBadRequest, http.StatusConflict)
				if n := s.db.one(`SELECT count(*) FROM users WHERE tenant_id = $1 AND phone = $2 AND phone_verified`, s.tenantOf(host).ID, phone); n != "1" {
					s.Errorf("%s accounts have proved %s", n, phone)
				}
			}
		})
	})
}
