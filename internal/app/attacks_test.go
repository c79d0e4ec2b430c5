package app_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// The attacks in this file worked on other products. Each test is named after what was tried, says where it worked, and
// fails if what keeps it from working here is taken away.

// base64URL is n random bytes as clients see such things.
func base64URL(n int) string { return base64.RawURLEncoding.EncodeToString(secret.Bytes(n)) }

// kinds runs a test for both kinds of client of one server.
func kinds(t *testing.T, s *server, test func(t *testing.T, s *server, kind string)) {
	for _, kind := range []string{"app", "browser"} {
		t.Run(kind, func(t *testing.T) {
			of := *s
			of.T = t
			test(t, &of, kind)
		})
	}
}

// held is what a client shows for its session.
func (c *client) held() string {
	if c.kind == "browser" {
		return c.cookies["sessionid"]
	}
	return c.token
}

// holding is a client that shows a session which it was given, or came by.
func (s *server) holding(kind, host, held string) *client {
	s.Helper()
	c := s.client(kind, host)
	if kind == "app" {
		c.token = held
		return c
	}
	c.cookies["sessionid"] = held
	c.delete("/auth/session", "X-CSRFToken", "x").want(http.StatusForbidden) // hands out a CSRF token that fits it
	return c
}

// hashes is how many passwords were hashed so far.
func (s *server) hashes() uint64 { return s.Hasher.Stats().Done }

var (
	anyLink  = regexp.MustCompile(`[a-z]+:/[^\s<>"]+`)
	keyAlone = regexp.MustCompile(`^[A-Za-z0-9_-]{40,}$`)
)

// links are all URLs in all parts of a mail.
func (l letter) links(t *testing.T) []string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(l.raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return anyLink.FindAllString(l.text, -1)
	}
	var all []string
	parts := multipart.NewReader(m.Body, params["boundary"])
	for n := 0; ; n++ {
		p, err := parts.NextRawPart()
		if err != nil {
			if n < 2 {
				t.Fatalf("%d parts were found: %v", n, err)
			}
			return all
		}
		body, err := decoded(p, p.Header.Get("Content-Transfer-Encoding"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, anyLink.FindAllString(body, -1)...)
	}
}

// Zitadel CVE-2023-49097, CVE-2025-64101, GHSA-93m4-mfpg-c3xf; GoTrue GHSA-3529-5m8x-rpv3: a reset or verification link
// was built from the Host or the forwarded headers of whoever asked for the mail.
func TestPoisonedHostReachesNoLink(t *testing.T) {
	const account = `"account": {"email_verification": "mandatory", "rate_limits": false}`
	poison := []string{
		"X-Forwarded-Host", "evil.example", "X-Forwarded-Server", "evil.example", "X-Forwarded-Proto", "gopher", "X-Forwarded-Scheme", "gopher",
		"X-Forwarded-Port", "6666", "X-Forwarded-Prefix", "//evil.example", "X-Forwarded-For", "203.0.113.9", "X-Original-Host", "evil.example",
		"X-Host", "evil.example", "X-HTTP-Host-Override", "evil.example", "X-Original-URL", "https://evil.example/", "X-Rewrite-URL", "//evil.example/",
		"Forwarded", "for=203.0.113.9;host=evil.example;proto=gopher", "X-ProxyUser-Ip", "203.0.113.9", "Base-Url", "https://evil.example",
	}
	type expected struct{ settings, confirm, reset string } // "" for what follows from the tenant's host
	tenants := map[string]expected{
		"by default": {settings: `{` + account + `}`},
		"with a public URL": {
			`{` + account + `, "public_url": "https://id.acme.example:8443"}`,
			"https://id.acme.example:8443/account/verify-email/{key}", "https://id.acme.example:8443/account/password/reset",
		},
		"with pages of its own": {
			`{` + account + `, "public_url": "https://id.acme.example", "headless": {"frontend_urls": {
				"account_confirm_email": "https://app.acme.example/#/verify/{key}?lang=en", "account_reset_password": "http://10.1.2.3:3000/reset"}}}`,
			"https://app.acme.example/#/verify/{key}?lang=en", "http://10.1.2.3:3000/reset",
		},
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, db := bootShared(t, engine, func(cfg *config.Config, _ *app.Options) {
			if engine == "postgres" { // a proxy is trusted with the client's address, and with nothing else
				cfg.TrustedClientIPHeader, cfg.TrustedProxyCount = "", 1
			}
		})
		for name, want := range tenants {
			host := s.tenant(want.settings)
			if want.confirm == "" {
				want.confirm, want.reset = "https://"+host+"/account/verify-email/{key}", "https://"+host+"/account/password/reset"
			}
			for i, sent := range []string{host, host + ":6666", strings.ToUpper(host) + ".", sharedHost, sharedHost + ":6666", "SHARED.localhost.:6666"} {
				kinds(t, s, func(t *testing.T, s *server, kind string) {
					t.Run(name+"/"+sent, func(t *testing.T) {
						email := fmt.Sprintf("ann%d.%s@%s.example", i, kind, slugOf(host))
						ask := func(path, email string) {
							c := s.client(kind, host)
							c.host = sent
							c.header.Set("X-Tenant", slugOf(host))
							header := poison
							if kind == "app" { // a browser that says this is refused
								header = append(slices.Clone(poison), "Origin", "https://evil.example", "Referer", "https://evil.example/")
							}
							c.post(path, map[string]any{"email": email, "password": password}, header...).want(http.StatusUnauthorized)
						}
						ask("/auth/signup", email)
						ask("/auth/login", email)
						ask("/auth/signup", email) // tells the owner, and leads to the reset page
						before, after, _ := strings.Cut(want.confirm, "{key}")
						resets := 0
						for n := range 3 { // in whatever order they were sent
							l := s.inbox.wait(t, email, n)
							found := l.links(t)
							if len(found) < 2 { // in the text and in the HTML
								t.Fatalf("mail %d has %d links: %s", n, len(found), l.raw)
							}
							if found[0] == want.reset {
								resets++
							}
							for _, link := range found {
								key, ok := strings.CutPrefix(link, before)
								key, ok2 := strings.CutSuffix(key, after)
								if link != want.reset && (!ok || !ok2 || !keyAlone.MatchString(key)) {
									t.Errorf("mail %d leads to %q, and neither to %q nor to %q", n, link, want.confirm, want.reset)
								}
							}
							if lower := strings.ToLower(l.raw); strings.Contains(lower, "evil.example") || strings.Contains(lower, "gopher:") {
								t.Errorf("mail %d repeats what was sent: %s", n, l.raw)
							}
						}
						if resets != 1 {
							t.Errorf("%d mails lead to the reset page", resets)
						}
					})
				})
			}
			for _, sent := range []string{"evil.example", "evil.example:443", sharedHost + ".evil.example", host + ".evil.example", "x." + host} {
				c := s.client("app", host)
				c.host = sent
				c.header.Set("X-Tenant", slugOf(host))
				before := db.everything(host)
				c.signup("bob@" + host + ".example").want(http.StatusNotFound)
				if d := difference(before, db.everything(host)); d != "" {
					t.Errorf("a request to %s did something:\n%s", sent, d)
				}
			}
			// A request line may name a host too, and then counts (RFC 9112, section 3.2.2).
			if status := s.raw("POST http://evil.example/_allauth/app/v1/auth/signup HTTP/1.1\r\nHost: " + host +
				"\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"); status != http.StatusNotFound {
				t.Errorf("a request line to another host is answered %d", status)
			}
		}
	})
}

// raw sends bytes to the public listener and returns the status of the answer.
func (s *server) raw(request string) int {
	s.Helper()
	conn, err := (&net.Dialer{}).DialContext(s.Context(), "tcp", s.Public.Addr().String())
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte(request)); err != nil {
		s.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// liars are the headers in which clients have been believed.
func liars(i int) []string {
	ip := fmt.Sprintf("198.51.%d.%d", i/250, i%250+1)
	return []string{
		"X-Forwarded-For", ip, "X-Real-Ip", ip, "X-Client-Ip", ip, "True-Client-Ip", ip, "Cf-Connecting-Ip", ip, "X-Test-Ip", ip,
		"X-Cluster-Client-Ip", ip, "Fastly-Client-Ip", ip, "Forwarded", "for=" + ip, "X-Originating-Ip", ip,
	}
}

// allauth 65.14.2, authentik CVE-2023-36456: whoever sent another X-Forwarded-For with every request was never limited.
func TestRotatingForwardedForDoesNotEscapeLimits(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name, c := range map[string]struct {
			proxies int
			header  func(i int) []string
		}{
			"no proxy is trusted": {0, liars},
			"one proxy is trusted, and what stands left of its word is not": {1, func(i int) []string {
				return append(liars(i), "X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 2001:db8::%d, 203.0.113.7", i%250, i))
			}},
			"one proxy is trusted, and sends too little": {1, func(i int) []string { return append(liars(i), "X-Forwarded-For", "-") }},
		} {
			t.Run(name, func(t *testing.T) {
				s := boot(t, engine, func(cfg *config.Config, _ *app.Options) {
					cfg.TrustedClientIPHeader, cfg.TrustedProxyCount = "", c.proxies
				})
				kinds(t, s, func(t *testing.T, s *server, kind string) {
					const most = 5
					one := s.client(kind, s.tenant(fmt.Sprintf(`{"account": {"rate_limits": {"login": null, "login_failed": "%d/h/ip"}}}`, most)))
					before := s.hashes()
					for i := range 1000 {
						code := "email_password_mismatch"
						param := "password"
						if i >= most {
							code, param = "too_many_login_attempts", ""
						}
						one.post("/auth/login", map[string]any{"email": fmt.Sprintf("ann%d@example.org", i), "password": password}, c.header(i)...).
							want(http.StatusBadRequest).code(code, param)
						if i == 100 && engine == "postgres" {
							break // the count is Redis's, which is asked over the network
						}
					}
					if n := s.hashes() - before; n != most {
						t.Errorf("%d guesses were compared", n)
					}
					two := s.client(kind, s.tenant(fmt.Sprintf(`{"account": {"rate_limits": {"login": "%d/h/ip"}}}`, most)))
					for i := range 4 * most {
						want := http.StatusBadRequest
						if i >= most {
							want = http.StatusTooManyRequests
						}
						two.post("/auth/login", map[string]any{}, c.header(i)...).want(want)
					}
				})
			})
		}
	})
}

// authentik CVE-2024-47070: an X-Forwarded-For that could not be parsed skipped the password.
func TestUnparsableForwardedForFailsClosed(t *testing.T) {
	odd := []string{
		"a", "", " ", ",", "unknown", "_hidden", "-1", "999.999.999.999", "1.2.3.4:99999", "1.2.3", "0x7f.1", "[::1", "::1]", "::ffff:1.2.3",
		"0.0.0.0", "203.0.113.7, ", "203.0.113.7, a", strings.Repeat("1", 5000), "\"203.0.113.7\"", "for=203.0.113.7", "203.0.113.7;", "\xff\xfe",
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, db := bootShared(t, engine, func(cfg *config.Config, _ *app.Options) {
			cfg.TrustedClientIPHeader, cfg.TrustedProxyCount = "", 1
		})
		kinds(t, s, func(t *testing.T, s *server, kind string) {
			host := s.tenant(fmt.Sprintf(`{"account": {"rate_limits": {"login": null, "login_failed": "%d/h/ip"}}}`, len(odd)))
			s.client(kind, host).signup("ann@example.org").want(http.StatusOK)
			for _, sent := range odd {
				s.client(kind, host).post("/auth/login", map[string]any{"email": "ann@example.org", "password": otherPassword}, "X-Forwarded-For", sent).
					want(http.StatusBadRequest).code("email_password_mismatch", "password")
				if sent == odd[0] { // the right one works, and is counted for nothing
					s.client(kind, host).post("/auth/login", map[string]any{"email": "ann@example.org", "password": password}, "X-Forwarded-For", sent).
						want(http.StatusOK)
				}
			}
			for i, sent := range append(odd, "198.51.100.1, a") {
				s.client(kind, host).post("/auth/login", map[string]any{"email": fmt.Sprintf("bob%d@example.org", i), "password": password}, "X-Forwarded-For", sent).
					want(http.StatusBadRequest).code("too_many_login_attempts", "")
			}
			ips := db.rows(`SELECT DISTINCT ip FROM sessions WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1)`, slugOf(host))
			if len(ips) != 1 || ips[0] != "127.0.0.1" {
				t.Errorf("clients were at %q", ips)
			}
		})
	})
}

// allauth 2020 and 2022: another case, or a space, gave a fresh number of guesses for the same account.
func TestSpellingDoesNotEscapeLimits(t *testing.T) {
	spellings := map[string][]string{
		"ann@example.org": {
			"ann@example.org", "ANN@EXAMPLE.ORG", " ann@example.org", "ann@example.org\t\r\n", "\u3000ann@example.org\u2003", "\u00a0Ann@Example.Org\u0085",
			"ann@ex\uff41mple.org", "ann@example\u3002org", "ann@ex\u00adample.org",
		},
		"ann@b\u00fccher.example": {
			"ann@b\u00fccher.example", "ANN@B\u00dcCHER.EXAMPLE", "ann@bu\u0308cher.example", "ann@xn--bcher-kva.example", "Ann@XN--BCHER-KVA.example",
			"\u2003ann@B\u00fccher.example ", "ann@b\u00fccher\uff0eexample", "ann@bu\u0308\u00adcher.EXAMPLE",
		},
	}
	everywhere(t, func(t *testing.T, s *server, kind string) {
		for owner, all := range spellings {
			for shift := range 3 { // each third of them uses the guesses up, and all of them find that
				const most = 3
				host := s.tenant(fmt.Sprintf(`{"account": {"email_verification": "none", "rate_limits": {"login_failed": "%d/h/key"}}}`, most))
				s.client(kind, host).signup(owner).want(http.StatusOK)
				before := s.hashes()
				for i := range all {
					spelt := all[(i+shift*most)%len(all)]
					code, param := "email_password_mismatch", "password"
					if i >= most {
						code, param = "too_many_login_attempts", ""
					}
					r := s.client(kind, host).login(spelt, otherPassword).want(http.StatusBadRequest)
					if r.decoded.Errors[0].Code == "invalid" {
						t.Fatalf("%q is no address any more; find another spelling", spelt)
					}
					r.code(code, param)
				}
				if n := s.hashes() - before; n != most {
					t.Errorf("%d guesses at %s were compared", n, owner)
				}
			}
		}
	})
}

// Authelia CVE-2025-24806. Usernames and addresses are counted apart, as in the reference; each of them in one count.
func TestUsernamesAndAddressesAreEachLimitedOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		const most = 2
		host := s.tenant(fmt.Sprintf(`{"account": {"login_methods": ["username", "email"], "signup_fields": ["username*", "email*", "password1*"],
			"rate_limits": {"login_failed": "%d/h/key"}}}`, most))
		s.client(kind, host).post("/auth/signup", map[string]any{"username": "Ann", "email": "ann@example.org", "password": password}).want(http.StatusOK)
		guess := func(field, name string) *reply {
			return s.client(kind, host).post("/auth/login", map[string]any{field: name, "password": otherPassword}).want(http.StatusBadRequest)
		}
		guess("email", "ann@example.org").code("email_password_mismatch", "password")
		guess("email", "ANN@example.org").code("email_password_mismatch", "password")
		guess("email", "ann@example.org").code("too_many_login_attempts", "")
		guess("username", "ann").code("username_password_mismatch", "password")
		guess("username", "\u3000ANN ").code("username_password_mismatch", "password")
		for _, spelt := range []string{"ann", "Ann", "\uff41nn", "ANN\t"} {
			guess("username", spelt).code("too_many_login_attempts", "")
		}
		guess("username", "ann@example.org").code("too_many_login_attempts", "") // an address, whatever the field is called
	})
}

// The same, where a username may be an address: every spelling that leads to the account is counted as one. A domain has
// any number of spellings (soft hyphens, spaces without width), and each would have guesses of its own.
func TestAddressForAUsernameIsLimitedAsTheAddress(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		const most = 2
		host := s.tenant(fmt.Sprintf(`{"account": {"login_methods": ["username", "email"], "signup_fields": ["email*", "password1*"],
			"rate_limits": {"login_failed": "%d/h/key"}}}`, most))
		s.client(kind, host).signup("ann@example.org").want(http.StatusOK)
		before := s.hashes()
		for i := range 20 {
			name := "ann@ex" + strings.Repeat("\u00ad", i) + "ample.org"
			s.client(kind, host).post("/auth/login", map[string]any{"username": name, "password": otherPassword}).want(http.StatusBadRequest)
		}
		// Each guess costs two, as the name may be an address and a username.
		if n := s.hashes() - before; n > 2*most {
			t.Errorf("%d guesses at one account were compared, and %d are allowed", n/2, most)
		}
	})
}

// together calls f for each of n at the same time.
func together(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-begin
			f(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
}

// crowd is n clients of a tenant at n addresses.
func (s *server) crowd(kind, host string, n int) []*client {
	s.Helper()
	all := make([]*client, n)
	for i := range all {
		all[i] = s.client(kind, host)
		all[i].ip = fmt.Sprintf("198.18.%d.%d", i/250, i%250+1)
	}
	return all
}

// outcomes logs everybody in at once, and counts the answers: "200", or the status and the code of the fault.
func outcomes(t *testing.T, crowd []*client, email, password string) map[string]int {
	t.Helper()
	var mu sync.Mutex
	got := map[string]int{}
	together(len(crowd), func(i int) {
		r, err := crowd[i].try(t.Context(), http.MethodPost, "/auth/login", map[string]any{"email": email, "password": password})
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			got[err.Error()]++
		case len(r.decoded.Errors) == 1:
			got[fmt.Sprint(r.Status, " ", r.decoded.Errors[0].Code)]++
		default:
			got[strconv.Itoa(r.Status)]++
		}
	})
	return got
}

// Keycloak CVE-2024-4629: guesses that were sent at the same time were all compared before the first was counted.
func TestParallelGuessesStayWithinTheLimit(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		const guesses, most = 200, 5 // the default is 5/5m/key
		host := s.tenant("")
		s.client(kind, host).signup("ann@example.org").want(http.StatusOK)
		crowd := s.crowd(kind, host, guesses)
		before := s.hashes()
		got := outcomes(t, crowd, "ann@example.org", otherPassword)
		if n := s.hashes() - before; n != most {
			t.Errorf("%d guesses were compared, and %d are allowed", n, most)
		}
		if got["400 email_password_mismatch"] != most || got["400 too_many_login_attempts"] != guesses-most {
			t.Errorf("got %v", got)
		}
		s.client(kind, host).login("ann@example.org", password).want(http.StatusBadRequest).code("too_many_login_attempts", "")
	})
}

// A bound that is taken before the password is known to be wrong must not wear out those who know it: what was taken is
// given back, and those who find the bound used up wait for those before them.
func TestParallelRightPasswordsUseNothingUp(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		const logins, most = 50, 5
		host := s.tenant("")
		s.client(kind, host).signup("ann@example.org").want(http.StatusOK)
		got := outcomes(t, s.crowd(kind, host, logins), "ann@example.org", password)
		if got["200"] != logins {
			t.Errorf("got %v", got)
		}
		for _, c := range s.crowd(kind, host, 3*most) {
			c.login("ann@example.org", password).want(http.StatusOK)
		}
		for i, c := range s.crowd(kind, host, 2*most) {
			code, param := "email_password_mismatch", "password"
			if i >= most {
				code, param = "too_many_login_attempts", ""
			}
			c.login("ann@example.org", otherPassword).want(http.StatusBadRequest).code(code, param)
		}
	})
}

var anyChallenge = regexp.MustCompile(`"challenge":"[A-Za-z0-9_-]{43}"`)

// plain is an answer without what is new each time: tokens, challenges, ids of requests, the date.
func (r *reply) plain() string {
	body := r.Body
	if t := r.decoded.Meta.SessionToken; t != "" {
		body = strings.ReplaceAll(body, t, "(token)")
	}
	body = anyChallenge.ReplaceAllString(body, "(challenge)")
	header := r.Header.Clone()
	header.Del("Date")
	header.Del("X-Request-Id")
	if header.Get("Retry-After") != "" {
		header.Set("Retry-After", "(seconds)") // which pass
	}
	for i, c := range header["Set-Cookie"] {
		name, rest, _ := strings.Cut(c, "=")
		value, attributes, _ := strings.Cut(rest, ";")
		header["Set-Cookie"][i] = fmt.Sprintf("%s=(%d);%s", name, len(value), attributes)
	}
	var b bytes.Buffer
	_ = header.Write(&b) // a buffer takes everything
	return fmt.Sprintf("%d\n%s\n%s", r.Status, b.String(), body)
}

// Zitadel CVE-2025-64431, CVE-2026-33132; Casdoor CVE-2025-61524: what one tenant gave out, or the ids of its rows, were
// good for another's. Here every path, in every method, answers them as it answers what somebody made up.
func TestLootOfAnotherTenantIsAnsweredAsMadeUp(t *testing.T) {
	t.Parallel() // as in everywhere
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		h.good(t, h.a, h.ofA)
		for _, described := range operations(t) {
			for _, o := range described.inMethods() {
				for _, sl := range slots {
					if sl.kind != o.kind {
						continue
					}
					for way := range ways {
						t.Run(fmt.Sprintf("%s/%s/%s", o, sl.name, way), func(t *testing.T) {
							got := o.send(h.carrying(t, sl, way, h.b, h.ofA), h.ofA)
							invented := madeUp()
							want := o.send(h.carrying(t, sl, way, h.b, invented), invented)
							if got.plain() != want.plain() {
								t.Errorf("another tenant's is answered\n%s\n\nwhat is made up\n%s", got.plain(), want.plain())
							}
							for name, value := range map[string]string{"a user of its own": h.ofB.user, "a user of the other's": h.ofA.user, "an address": "bea@"} {
								if strings.Contains(got.Body, value) {
									t.Errorf("%s is in the answer: %s", name, got.Body)
								}
							}
						})
					}
				}
			}
		}
	})
}

// Casdoor CVE-2026-9094, Zitadel GHSA-pfrf-9r5f-73f5: a token of one tenant was taken at another. The matrix over all
// routes is TestNothingOfOneTenantDoesAnythingAtAnother; this is what is tried first, and what only an insider could try.
func TestTokenOfAnotherTenantIsNone(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		tenantA, err := h.Directory.ByID(t.Context(), h.db.one(`SELECT id FROM tenants WHERE slug = $1`, slugOf(h.a)))
		if err != nil {
			t.Fatal(err)
		}
		b := h.db.one(`SELECT id FROM tenants WHERE slug = $1`, slugOf(h.b))
		for way, name := range ways {
			t.Run(way, func(t *testing.T) {
				stranger := func(kind string) *client {
					of := *h.server
					of.T = t
					c := &client{s: &of, kind: kind, ip: "192.0.2.1", cookies: map[string]string{}, header: http.Header{}}
					name(c, h.b)
					return c
				}
				c := stranger("app")
				c.token = h.ofA.token
				c.get("/auth/session").want(http.StatusGone)
				c.get("/account/email").want(http.StatusGone)
				c.token = ""
				c.post("/auth/email/verify", map[string]any{"key": h.ofA.key}).want(http.StatusBadRequest).code("invalid_or_expired_key", "key")
				c.get("/auth/email/verify", "X-Email-Verification-Key", h.ofA.key).want(http.StatusBadRequest).code("invalid_or_expired_key", "key")

				c.lookReset(h.ofA.reset).want(http.StatusBadRequest).code("invalid_password_reset", "key")
				c.reset(h.ofA.reset, "Harbour-Violet-61!").want(http.StatusBadRequest).code("invalid_password_reset", "key")

				c.token = h.ofB.token // who is somebody here has no more power over there
				c.verify(h.ofA.key).want(http.StatusBadRequest)
				c.reset(h.ofA.reset, "Harbour-Violet-61!").want(http.StatusBadRequest)
				c.do(http.MethodDelete, "/auth/sessions", map[string]any{"sessions": []int64{h.ofA.number}}).want(http.StatusBadRequest)
				c.post("/auth/reauthenticate", map[string]any{"password": h.ofA.password}).want(http.StatusBadRequest)
				c.token = ""

				web := stranger("browser")
				web.cookies["sessionid"], web.cookies["csrftoken"] = h.ofA.cookie, h.ofA.csrf
				web.login(twin, otherPassword).want(http.StatusForbidden).code("csrf_failed", "")
				web.cookies["sessionid"] = h.ofB.cookie
				web.cookies["csrftoken"] = h.ofA.csrf
				web.delete("/auth/session").want(http.StatusForbidden).code("csrf_failed", "")
				web.cookies["sessionid"] = h.ofA.cookie
				web.get("/auth/session").want(http.StatusUnauthorized)
				if web.cookies["sessionid"] != "" {
					t.Error("the browser keeps a cookie that is worth nothing")
				}

				// Whoever had the keys of A could sign what they like, and still not for B's rows.
				row := h.db.one(`SELECT id FROM emails WHERE tenant_id = $1 AND NOT verified`, b)
				for _, of := range []string{tenantA.ID, b} {
					forged := forgeLink(tenantA.Keys, of, row)
					c.post("/auth/email/verify", map[string]any{"key": forged}).want(http.StatusBadRequest).code("invalid_or_expired_key", "key")
				}
			})
		}
		if h.db.one(`SELECT count(*) FROM emails WHERE tenant_id = $1 AND NOT verified`, b) != "1" {
			t.Error("an address was verified")
		}
		h.good(t, h.b, h.ofB)
	})
}

// forgeLink is the key of a link as package flows makes one.
func forgeLink(keys *secret.Keys, tenant, row string) string {
	id := uuid.MustParse(row)
	head := binary.BigEndian.AppendUint64(id[:], uint64(time.Now().Unix()))
	head = binary.BigEndian.AppendUint64(head, 1) // the epoch of a user who has changed nothing yet
	return base64.RawURLEncoding.EncodeToString(append(head, keys.Sign(secret.ForEmailLink, tenant, string(head))...))
}

// A request that names two tenants is for neither: of two layers that chose differently, one would judge for A what the
// other does to B.
func TestConflictingTenantsAreRefused(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		a, b := slugOf(h.a), slugOf(h.b)
		before := []map[string][]string{h.db.everything(h.a), h.db.everything(h.b)}
		for _, o := range operations(t) {
			for name, c := range map[string]struct {
				host   string
				header []string
			}{
				"A's host and B's name":              {h.a, []string{b}},
				"B's host and A's name":              {h.b, []string{a}},
				"A's host and a list of both":        {h.a, []string{a + ", " + b}},
				"A's host, and nobody's name":        {h.a, []string{"nobody"}},
				"a shared host and a list of both":   {sharedHost, []string{a + "," + b}},
				"a shared host and A in two letters": {sharedHost, []string{strings.ToUpper(a)}},
			} {
				t.Run(o.String()+"/"+name, func(t *testing.T) {
					for _, sl := range slots {
						if sl.kind == o.kind && (sl.name == "the token" || sl.name == "the cookies") {
							one := h.carrying(t, sl, "by host", h.a, h.ofA)
							one.host = c.host
							one.header["X-Tenant"] = c.header
							if r := o.send(one, h.ofA); r.Status != http.StatusBadRequest && r.Status != http.StatusNotFound {
								t.Errorf("answered %d: %s", r.Status, r.Body)
							} else if strings.Contains(r.Body, "invalid_or_expired_key") || strings.Contains(r.Body, `"param"`) {
								t.Errorf("it got as far as a handler: %s", r.Body)
							}
						}
					}
				})
			}
		}
		for i, host := range []string{h.a, h.b} {
			if d := difference(before[i], h.db.everything(host)); d != "" {
				t.Errorf("something was done at %s:\n%s", host, d)
			}
		}
	})
}

// The same, in two lines of one header (RFC 9110, section 5.3): whoever reads the first is of another mind than whoever
// reads the last.
func TestTenantHeaderThatIsSentTwiceIsRefused(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, _ := bootShared(t, engine)
		a, b := s.tenant(""), s.tenant("")
		kinds(t, s, func(t *testing.T, s *server, kind string) {
			for host, header := range map[string][]string{
				a:                  {slugOf(a), slugOf(b)},
				strings.ToUpper(b): {slugOf(b), slugOf(a)},
				sharedHost:         {slugOf(a), slugOf(b)},
				sharedHost + ":80": {slugOf(b), slugOf(a)},
			} {
				c := &client{s: s, kind: kind, host: host, ip: "192.0.2.1", cookies: map[string]string{}, header: http.Header{"X-Tenant": header}}
				if r := c.get("/config"); r.Status != http.StatusBadRequest && r.Status != http.StatusNotFound {
					t.Errorf("%s with %q is answered %d", host, header, r.Status)
				}
			}
		})
	})
}

// dead makes sure that what once named a session names none.
func (s *server) dead(kind, host, held string) {
	s.Helper()
	if held == "" {
		s.Fatal("there was no session to look for")
	}
	c := s.holding(kind, host, held)
	if kind == "app" {
		c.get("/auth/session").want(http.StatusGone)
		return
	}
	r := c.get("/auth/session").want(http.StatusUnauthorized)
	if strings.Contains(r.Body, `"is_pending":true`) || c.cookies["sessionid"] != "" {
		s.Fatalf("the cookie still names a session: %s", r.Body)
	}
}

// stranger is a client with a session that is nobody's: its own login was given up.
func (s *server) stranger(kind, host, email string) *client {
	s.Helper()
	c := s.client(kind, host)
	c.signup(email).want(http.StatusUnauthorized)
	waiting := c.held()
	c.post("/auth/email/verify", map[string]any{"key": s.inbox.wait(s, email, 0).key(s)}).want(http.StatusUnauthorized)
	if r := c.get("/auth/session").want(http.StatusUnauthorized); c.held() != waiting || strings.Contains(r.Body, "is_pending") {
		s.Fatalf("this is no stranger's session: %s", r.Body)
	}
	return c
}

// Zitadel CVE-2024-28197: a session that was planted in somebody's browser was theirs, and the planter's, once they had
// logged in.
func TestPlantedSessionDiesAtLogin(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant(`{"account": {"email_verification": "mandatory"}}`)
		at := "@" + host + ".example"
		s.stranger(kind, host, "ann"+at) // an account whose address is verified
		waits := s.client(kind, host)
		waits.signup("evil" + at).want(http.StatusUnauthorized)
		for name, planted := range map[string]*client{
			"a stranger's": s.stranger(kind, host, "other.evil"+at), "one whose login waits": waits,
		} {
			t.Run(name, func(t *testing.T) {
				of := *s
				of.T = t
				held := planted.held()
				victim := of.holding(kind, host, held)
				victim.login("ann"+at, password).want(http.StatusOK)
				if victim.held() == held || victim.held() == "" {
					t.Error("the session goes on under the token that was planted")
				}
				of.dead(kind, host, held)
				victim.get("/account/email").want(http.StatusOK)
			})
		}
	})
}

// The same, for every step between nobody and somebody: whatever is proved under a token, the token from before is dead.
func TestSessionKeyChangesAtEveryStep(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		loose := s.tenant(`{"account": {"email_verification": "mandatory", "rate_limits": false}}`)
		strict := s.tenant(`{"account": {"email_verification": "mandatory", "login_on_email_confirmation": true, "rate_limits": false}}`)
		at := "@" + loose + ".example"
		s.client(kind, loose).signup("ann" + at).want(http.StatusUnauthorized)
		changed := func(t *testing.T, c *client, step func() *reply, status int) {
			t.Helper()
			of := *s
			of.T = t
			before := c.held()
			step().want(status)
			if c.held() == before {
				t.Error("the token is the one from before")
				return
			}
			of.dead(kind, c.host, before)
		}
		t.Run("from nobody to a login that waits", func(t *testing.T) {
			c := s.stranger(kind, loose, "evil"+at)
			changed(t, c, func() *reply { return c.login("ann"+at, password) }, http.StatusUnauthorized)
		})
		t.Run("from a login that waits to another's", func(t *testing.T) {
			c := s.client(kind, loose)
			c.signup("kim" + at).want(http.StatusUnauthorized)
			changed(t, c, func() *reply { return c.login("ann"+at, password) }, http.StatusUnauthorized)
		})
		t.Run("from nobody to a new account", func(t *testing.T) {
			c := s.stranger(kind, loose, "lee"+at)
			changed(t, c, func() *reply { return c.signup("new" + at) }, http.StatusUnauthorized)
		})
		t.Run("from a login that waits to one that is done", func(t *testing.T) {
			c := s.client(kind, strict)
			c.signup("zoe" + at).want(http.StatusUnauthorized)
			key := s.inbox.wait(t, "zoe"+at, 0).key(t)
			c.get("/account/email").want(http.StatusUnauthorized)
			changed(t, c, func() *reply { return c.post("/auth/email/verify", map[string]any{"key": key}) }, http.StatusOK)
		})
		t.Run("from somebody to nobody", func(t *testing.T) {
			c := s.client(kind, strict)
			c.login("zoe"+at, password).want(http.StatusOK)
			held := c.held()
			c.delete("/auth/session").want(http.StatusUnauthorized)
			s.dead(kind, strict, held)
		})
	})
}

// A session that the server never gave out is not taken up, whoever asks for it.
func TestMadeUpSessionIsNotAdopted(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		for verification, status := range map[string]int{"optional": http.StatusOK, "mandatory": http.StatusUnauthorized} {
			host := s.tenant(fmt.Sprintf(`{"account": {"email_verification": %q}}`, verification))
			s.client(kind, host).signup("ann@example.org").want(status)
			for _, planted := range []string{secret.Token(), "x", strings.Repeat("x", 4000)} {
				c := s.holding(kind, host, planted)
				if kind == "app" {
					c.login("ann@example.org", password).want(http.StatusGone)
				} else {
					c.login("ann@example.org", password).want(status)
					if c.held() == planted || c.held() == "" {
						t.Errorf("%s: the session has the name that was asked for", verification)
					}
				}
				s.dead(kind, host, planted)
			}
		}
	})
}

// allauth 2024: a logout in the middle of a login left the login standing.
func TestLogoutEndsALoginThatWaits(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant(`{"account": {"email_verification": "mandatory", "login_on_email_confirmation": true}}`)
		email := "ann@" + host + ".example"
		c := s.client(kind, host)
		c.signup(email).want(http.StatusUnauthorized)
		key, held := s.inbox.wait(t, email, 0).key(t), c.held()
		c.delete("/auth/session").want(http.StatusUnauthorized)
		s.dead(kind, host, held)
		late := s.holding(kind, host, held)
		want := http.StatusUnauthorized
		if kind == "app" {
			want = http.StatusGone
		}
		late.post("/auth/email/verify", map[string]any{"key": key}).want(want)
		late.get("/account/email").want(want)
	})
}

// forgery is a request of a browser that another site made, or whose proof is none.
type forgery struct {
	name   string
	header []string
}

// forgeries are all of them, against a browser with a session ("" for a stranger's) and a good CSRF token.
func (s *server) forgeries(host, session, token string) []forgery {
	s.Helper()
	other := s.client("browser", host)
	other.signup(fmt.Sprintf("evil-%x@example.org", secret.Bytes(4)))
	elsewhere := s.client("browser", s.tenant(""))
	cookies := func(session, token string) string {
		var all []string
		if session != "" {
			all = append(all, "sessionid="+session)
		}
		if token != "" {
			all = append(all, "csrftoken="+token)
		}
		if len(all) == 0 {
			return "-"
		}
		return strings.Join(all, "; ")
	}
	pair := func(session, token string) []string {
		return []string{"Cookie", cookies(session, token), "X-CSRFToken", token}
	}
	short := token[:len(token)-4]
	nonce := base64.RawURLEncoding.EncodeToString(make([]byte, 16))
	all := []forgery{
		{"no token", []string{"Cookie", cookies(session, ""), "X-CSRFToken", "-"}},
		{"no header", []string{"X-CSRFToken", "-"}},
		{"no header, and text/plain", []string{"X-CSRFToken", "-", "Content-Type", "text/plain"}},
		{"no header, and a form", []string{"X-CSRFToken", "-", "Content-Type", "application/x-www-form-urlencoded"}},
		{"no header, and no type", []string{"X-CSRFToken", "-", "Content-Type", "-"}},
		{"no header, as AJAX", []string{"X-CSRFToken", "-", "X-Requested-With", "XMLHttpRequest"}},
		{"another header", []string{"X-CSRFToken", "-", "X-Csrf-Token", token, "X-XSRF-Token", token}},
		{"no cookie", []string{"Cookie", cookies(session, "")}},
		{"an empty token", []string{"Cookie", "csrftoken=; " + cookies(session, "x"), "X-CSRFToken", ""}},
		{"header and cookie differ", []string{"X-CSRFToken", short + "AAAA"}},
		{"a made-up token", pair(session, base64URL(48))},
		{"a part of the token", pair(session, short)},
		{"a token without its MAC", pair(session, nonce)},
		{"a token that is no base64", pair(session, "!"+token[1:])},
		{"another session's token", pair(session, other.cookies["csrftoken"])},
		{"another tenant's token", pair(session, elsewhere.cookies["csrftoken"])},
		{"a planted token behind the session", []string{
			"Cookie", cookies(session, "") + "; sessionid=" + other.cookies["sessionid"] + "; csrftoken=" + other.cookies["csrftoken"],
			"X-CSRFToken", other.cookies["csrftoken"],
		}},
		{"a planted token and its session, from another site", append(pair(other.cookies["sessionid"], other.cookies["csrftoken"]),
			"Origin", "https://evil.example")},
		{"a planted token and its session, without the header", []string{
			"Cookie", cookies(other.cookies["sessionid"], other.cookies["csrftoken"]), "X-CSRFToken", "-",
		}},
	}
	if session == "" { // then there is nothing behind which it could be planted
		all = slices.DeleteFunc(all, func(f forgery) bool { return strings.HasPrefix(f.name, "a planted token behind") })
	}
	for _, origin := range []string{
		"null", "https://evil.example", "http://" + host, "https://x." + host, "https://" + host + ".evil.example", "https://evil" + host,
		"https://" + host + ":8443", "https://" + host + "@evil.example", "https://evil.example/" + host, "https://localhost", "http://" + host + ":443",
		"https://" + host + "/", "HTTPS://" + host, "https://" + host + ".", "//" + host, host, "x", "https://", "file://", "https://" + host + " https://evil.example",
	} {
		all = append(all, forgery{"origin " + origin, []string{"Origin", origin, "Referer", "https://" + host + "/"}})
		if origin == "null" || origin == "https://"+host+"/" {
			continue // as a referer, the one is no URL, and the other is the tenant's
		}
		all = append(all, forgery{"referer " + origin, []string{"Referer", origin + "/login?next=https://" + host}})
	}
	// These name the tenant's own origin in a form that no browser sends; as referers they say the same.
	return slices.DeleteFunc(all, func(f forgery) bool {
		return strings.HasPrefix(f.name, "referer HTTPS:")
	})
}

// gorilla/csrf CVE-2025-24358 and CVE-2025-47909, nosurf CVE-2025-46721, Casdoor CVE-2023-34927: a site of somebody else
// could send what only the tenant's pages should.
func TestForgedRequestsOfBrowsersChangeNothing(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, db := bootShared(t, engine)
		host := s.tenant(`{"account": {"email_verification": "mandatory", "email_verification_by_code_enabled": true, "rate_limits": false},
			"mfa": {` + offersFactors + `, "passkey_signup_enabled": true}, "cors": {"allowed_origins": ["https://app.example.com"]}}`)
		email := "ann@" + host + ".example"
		signedIn, stranger := s.client("browser", host), s.client("browser", host)
		signedIn.signup(email).want(http.StatusUnauthorized)
		signedIn.post("/auth/email/verify", map[string]any{"key": typedCode.FindString(s.inbox.wait(t, email, 0).text)}).want(http.StatusOK)
		mine := madeUp()
		mine.password = password
		for who, victim := range map[string]*client{"of somebody": signedIn, "of a stranger": stranger} {
			forgeries := s.forgeries(host, victim.cookies["sessionid"], victim.cookies["csrftoken"])
			before := db.everything(host)
			for _, o := range operations(t) {
				if o.kind != "browser" || o.method == http.MethodGet {
					continue
				}
				for _, f := range forgeries {
					t.Run(fmt.Sprintf("%s/%s/%s", o, who, f.name), func(t *testing.T) {
						of := *s
						of.T = t
						c := &client{s: &of, kind: "browser", host: host, ip: victim.ip, header: http.Header{}, cookies: map[string]string{
							"csrftoken": victim.cookies["csrftoken"],
						}}
						if v := victim.cookies["sessionid"]; v != "" {
							c.cookies["sessionid"] = v
						}
						r := o.send(c, mine, f.header...).want(http.StatusForbidden).code("csrf_failed", "")
						if len(r.Header["Set-Cookie"]) > 0 && strings.Contains(r.Header.Get("Set-Cookie"), "sessionid=") {
							t.Errorf("the session's cookie was changed: %v", r.Header["Set-Cookie"])
						}
						if r.Header.Get("Access-Control-Allow-Origin") != "" {
							t.Error("the other site may read the answer")
						}
					})
				}
			}
			if d := difference(before, db.everything(host)); d != "" {
				t.Errorf("forged requests %s changed something:\n%s", who, d)
			}
		}
		// The same requests in good order get past the check, or the above would prove nothing.
		for _, origin := range []string{"https://" + host, "https://app.example.com", "-"} {
			for _, o := range operations(t) {
				if o.kind != "browser" || o.method == http.MethodGet {
					continue
				}
				c := s.client("browser", host)
				c.login(email, password).want(http.StatusOK)
				if r := o.send(c, mine, "Origin", origin); r.Status == http.StatusForbidden {
					t.Errorf("%s from %s is refused: %s", o, origin, r.Body)
				}
			}
		}
	})
}

// ceremonies are the paths that begin something by being read, as the contract has it: the next request of the same session answers it.
var ceremonies = []string{appPath, keysPath, byKey, againByKey, byPasskey, signupByKey}

// Casdoor CVE-2023-34927, for the requests that need no proof: reading changes nothing, whoever reads whatever. What begins a ceremony
// is noted in the session, for the next request of it, and changes nothing of what the session is or may do.
func TestReadingChangesNothing(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine)
		tenant := h.tenantOf(h.a).ID
		meant := func() []string {
			return h.db.rows(`SELECT id, token, client, user_id, pending, alive, epoch, factors, methods FROM sessions
				WHERE tenant_id = $1 AND user_id IS NOT NULL ORDER BY id`, tenant)
		}
		before, sessions := h.db.everything(h.a), meant()
		for _, begins := range []bool{false, true} {
			for _, o := range operations(t) {
				if begins != slices.Contains(ceremonies, strings.TrimPrefix(o.path, "/_allauth/"+o.kind+"/v1")) {
					continue
				}
				for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
					read := o
					read.method = method
					for _, sl := range slots {
						if sl.kind != o.kind {
							continue
						}
						t.Run(fmt.Sprintf("%s/%s", read, sl.name), func(t *testing.T) {
							c := h.carrying(t, sl, "by host", h.a, h.ofA)
							held := c.held()
							read.send(c, h.ofA, "X-Http-Method-Override", o.method, "X-Http-Method", o.method, "X-Method-Override", o.method)
							read.path += "?_method=" + o.method + "&key=" + h.ofA.key + "&email=" + twin + "&password=" + password + "&code=" + h.ofA.appCode
							read.send(c, h.ofA)
							if (sl.name == "the token" || sl.name == "the cookies") && c.held() != held {
								t.Error("the token changed")
							}
						})
					}
				}
			}
			after := h.db.everything(h.a)
			if begins {
				if len(after["sessions"]) <= len(before["sessions"]) {
					t.Error("no ceremony was begun")
				}
				delete(before, "sessions")
				delete(after, "sessions")
			}
			if d := difference(before, after); d != "" {
				t.Errorf("reading changed something:\n%s", d)
			}
		}
		if now := meant(); strings.Join(now, "\n") != strings.Join(sessions, "\n") {
			t.Errorf("sessions of somebody were\n%s\nand are\n%s", strings.Join(sessions, "\n"), strings.Join(now, "\n"))
		}
		h.good(t, h.a, h.ofA)
	})
}

// Casdoor CVE-2024-41657: an origin that begins, or ends, like one that is allowed was allowed.
func TestOriginsThatLookLikeAllowedOnesAreNot(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant(`{"cors": {"allowed_origins": ["https://app.example.com", "https://*.example.org", "https://*.example.net:8443"]}}`)
		fronts := []string{"/config", "/auth/session", "/auth/login", "/auth/signup", "/account/email", "/auth/2fa/authenticate", byPasskey, keysPath}
		ask := func(method, path, origin string, preflight bool) *reply {
			c := s.client("app", host)
			c.kind = kind
			header := []string{"Origin", origin}
			if preflight {
				method = http.MethodOptions
				header = append(header, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,x-csrftoken,x-session-token")
			}
			return c.do(method, path, nil, header...)
		}
		vary := func(t *testing.T, r *reply) {
			t.Helper()
			for _, line := range r.Header.Values("Vary") {
				for field := range strings.SplitSeq(line, ",") {
					if strings.EqualFold(strings.TrimSpace(field), "Origin") {
						return
					}
				}
			}
			t.Errorf("%d without Vary: Origin, but %q", r.Status, r.Header.Values("Vary"))
		}
		for _, origin := range []string{
			"https://app.example.com.evil", "https://app.example.com.evil.example", "https://evilapp.example.com", "https://evil.app.example.com",
			"https://example.com", "null", "Null", "http://app.example.com", "https://app.example.com:444", "https://app.example.com:80",
			"https://app.example.com.", "https://app.example.com/", "https://app.example.com@evil.example", "https://evil.example#app.example.com",
			"https://user:app.example.com@evil.example", "https://app.example.com\\@evil.example", "https://app.example.com%00.evil.example",
			"https://app.example.com%2eevil.example", "https://app.example.com:443@evil.example", "https://\u0430pp.example.com", "app.example.com", "*",
			"https://app.example.com, https://evil.example", "https://evil.example https://app.example.com", "file://", "https://", "chrome-extension://app.example.com",
			"https://example.org", "https://example.org.evil", "https://a.example.org.evil", "https://evilexample.org", "https://a.evilexample.org",
			"http://a.example.org", "https://a.example.org:8443", "https://.example.org", "https://..example.org", "https://*.example.org",
			"https://a@b.example.org", "https://evil.example/.example.org", "https://evil.example?.example.org", "https://evil.example#.example.org",
			"https://evil.example\\.example.org", "https://evil.example:443.example.org", "https://evil.example,.example.org", "https://-.example.org",
			"https://a_b.example.org", "https://A.example.org", "https://a.example.net", "https://a.example.net:84430", "https://a.example.net:8443.evil",
			"https://x." + host, "http://" + host, "https://" + host + ".evil", "https://" + host + ":1",
		} {
			for _, path := range fronts {
				for _, preflight := range []bool{true, false} {
					r := ask(http.MethodGet, path, origin, preflight)
					for name := range r.Header {
						if strings.HasPrefix(name, "Access-Control-") {
							t.Errorf("%q at %s (preflight %v) is answered %s: %s", origin, path, preflight, name, r.Header.Get(name))
						}
					}
					vary(t, r)
				}
			}
		}
		for _, origin := range []string{"https://app.example.com", "https://a.example.org", "https://b.a.example.org", "https://a.example.net:8443", "https://" + host} {
			for _, path := range fronts {
				for method, preflight := range map[string]bool{http.MethodPost: true, http.MethodGet: false, http.MethodHead: false} {
					r := ask(method, path, origin, preflight)
					if got := r.Header.Values("Access-Control-Allow-Origin"); len(got) != 1 || got[0] != origin || r.Header.Get("Access-Control-Allow-Credentials") != "true" {
						t.Errorf("%q at %s %s (preflight %v) is answered %q", origin, method, path, preflight, got)
					}
					vary(t, r)
				}
			}
		}
		for _, path := range fronts {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodOptions} {
				vary(t, ask(method, path, "-", false))
			}
		}
	})
}

// allauth 65.3, Zitadel CVE-2026-23511: an account could be told from none, by the answer or by how long it took. What
// takes long is hashing, which is counted here; a clock would say the same less surely.
func TestAccountCannotBeToldFromNone(t *testing.T) {
	long := strings.Repeat("long-", 1000)
	everywhere(t, func(t *testing.T, s *server, kind string) {
		const fields = `"login_methods": ["username", "email"], "rate_limits": {"confirm_email": null, "login": null, "signup": null, "login_failed": "2/h/key"}`
		mandatory := s.tenant(`{"account": {"email_verification": "mandatory", "signup_fields": ["username", "email*", "password1*"], ` + fields + `}}`)
		named := s.tenant(`{"account": {"email_verification": "none", "signup_fields": ["username*", "email*", "password1*"], ` + fields + `}}`)
		// In each place there is an account that fits the first of two words, and none that fits the second.
		join := func(host, name, email string) {
			s.client(kind, host).post("/auth/signup", map[string]any{"username": name, "email": email, "password": password})
		}
		join(mandatory, "", "known1@example.org")
		join(mandatory, "", "known2@example.org")
		join(named, "known1", "known1@example.org")
		join(named, "known2", "other@example.org")
		join(named, "known4@example.org", "known4@example.org")
		join(named, "", "known5@example.org")
		join(named, "known5@example.org", "mallory1@example.org") // somebody else's address for a username
		join(named, "nobody5@example.org", "mallory2@example.org")
		for name, c := range map[string]struct {
			host, path string
			known      map[string]any
			unknown    map[string]any
			times      int
		}{
			"login by address": {named, "/auth/login", map[string]any{"email": "known1@example.org", "password": otherPassword},
				map[string]any{"email": "nobody1@example.org", "password": otherPassword}, 4},
			"login by an address that is not verified": {mandatory, "/auth/login", map[string]any{"email": "known1@example.org", "password": otherPassword},
				map[string]any{"email": "nobody1@example.org", "password": otherPassword}, 4},
			"login by username": {named, "/auth/login", map[string]any{"username": "known2", "password": otherPassword},
				map[string]any{"username": "nobody2", "password": otherPassword}, 4},
			"login by an address for a username": {mandatory, "/auth/login", map[string]any{"username": "known2@example.org", "password": otherPassword},
				map[string]any{"username": "nobody2@example.org", "password": otherPassword}, 4},
			"login by a username that is its owner's address": {named, "/auth/login", map[string]any{"username": "known4@example.org", "password": otherPassword},
				map[string]any{"username": "nobody4@example.org", "password": otherPassword}, 4},
			"login by a username that is somebody else's address": {named, "/auth/login", map[string]any{"username": "known5@example.org", "password": otherPassword},
				map[string]any{"username": "nobody5@example.org", "password": otherPassword}, 4},
			"login with a password that is too long": {named, "/auth/login", map[string]any{"username": "known1", "password": long},
				map[string]any{"username": "nobody1", "password": long}, 4},
			"signup": {mandatory, "/auth/signup", map[string]any{"email": "known1@example.org", "password": otherPassword},
				map[string]any{"email": "nobody3@example.org", "password": otherPassword}, 1},
			"signup, and again": {mandatory, "/auth/signup", map[string]any{"email": "known2@example.org", "password": otherPassword},
				map[string]any{"email": "nobody4@example.org", "password": otherPassword}, 3},
			"signup with a weak password": {mandatory, "/auth/signup", map[string]any{"email": "known1@example.org", "password": "12345"},
				map[string]any{"email": "nobody5@example.org", "password": "12345"}, 1},
		} {
			t.Run(name, func(t *testing.T) {
				of := *s
				of.T = t
				for i := range c.times {
					one, other := of.client(kind, c.host), of.client(kind, c.host)
					start := s.hashes()
					known := one.post(c.path, c.known)
					between := s.hashes()
					unknown := other.post(c.path, c.unknown)
					end := s.hashes()
					if known.plain() != unknown.plain() {
						t.Errorf("try %d: somebody is answered\n%s\n\nnobody\n%s", i, known.plain(), unknown.plain())
					}
					if between-start != end-between {
						t.Errorf("try %d: %d passwords are hashed for somebody, %d for nobody", i, between-start, end-between)
					}
					for _, next := range []struct{ method, path string }{{http.MethodGet, "/auth/session"}, {http.MethodGet, "/account/email"}, {http.MethodDelete, "/auth/session"}} {
						if a, b := one.do(next.method, next.path, nil).plain(), other.do(next.method, next.path, nil).plain(); a != b {
							t.Errorf("try %d, then %s %s: somebody is answered\n%s\n\nnobody\n%s", i, next.method, next.path, a, b)
						}
					}
				}
			})
		}
	})
}

// openInbox is an inbox that takes mail to international addresses (RFC 6531), in place of the server's own.
func openInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{came: make(chan struct{})}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{in: in}, nil }))
	srv.Domain, srv.EnableSMTPUTF8 = "inbox.example", true
	l := listen(t)
	in.addr = l.Addr().String()
	go func() { _ = srv.Serve(l) }() // it ends when it is closed
	t.Cleanup(func() { _ = srv.Close() })
	return in
}

// recipients are all addresses that mail came to, once nothing waits any more.
func (s *server) recipients(db database) []string {
	s.Helper()
	deadline := time.Now().Add(soon)
	for db.one(`SELECT count(*) FROM messages WHERE state = 'queued'`) != "0" {
		if time.Now().After(deadline) {
			s.Fatalf("mail waits: %q", db.rows(`SELECT kind, attempts, last_error FROM messages WHERE state = 'queued'`))
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	var all []string
	for _, l := range s.inbox.all {
		all = append(all, l.to)
	}
	slices.Sort(all)
	return all
}

// bootMail is bootShared with an inbox that takes every address.
func bootMail(t *testing.T, engine string) (*server, database) {
	t.Helper()
	in := openInbox(t)
	s, db := bootShared(t, engine, func(cfg *config.Config, _ *app.Options) { cfg.SMTP = config.Hide("smtp://" + in.addr) })
	s.inbox = in
	return s, db
}

// Auth.js GHSA-7rqj-j65f-68wh, Django CVE-2019-19844: an address that folds to somebody's got their mail, or their
// account.
func TestLookAlikeAddressIsNotTheAccount(t *testing.T) {
	const owner = "mike.sk@github.example"
	never := map[string]string{ // no address at all
		"an at that is none":             "mike.sk\uff20github.example",
		"a second at that is none":       "mike.sk@github.example\uff20evil.example",
		"a dotted capital i":             "m\u0130ke.sk@github.example",
		"a dotless i":                    "m\u0131ke.sk@github.example",
		"a Kelvin sign":                  "mi\u212ae.sk@github.example",
		"a long s":                       "mike.\u017fk@github.example",
		"full-width letters":             "\uff4dike.sk@github.example",
		"a full-width dot":               "mike\uff0esk@github.example",
		"a combining dot":                "mi\u0307ke.sk@github.example",
		"an invisible letter":            "mi\u200bke.sk@github.example",
		"a trailing dot":                 "mike.sk.@github.example",
		"a trailing dot of the domain":   "mike.sk@github.example.",
		"two dots":                       "mike..sk@github.example",
		"quoted":                         `"mike.sk"@github.example`,
		"quoted, for another domain":     `"mike.sk@evil.example"@github.example`,
		"with a comment":                 "mike.sk(evil)@github.example",
		"with a name":                    "Mike <mike.sk@github.example>",
		"two addresses":                  "evil@evil.example,mike.sk@github.example",
		"two addresses, other way":       "mike.sk@github.example;evil@evil.example",
		"a route":                        "<@evil.example:mike.sk@github.example>",
		"a line break":                   "mike.sk@github.example\r\nBcc: evil@evil.example",
		"a line break in the domain":     "mike.sk@git\r\nhub.example",
		"a line break and the end of it": "mike.sk\r\n@github.example",
		"a NUL":                          "mike.sk\x00@github.example",
		"a NUL behind":                   "mike.sk@github.example\x00.evil.example",
	}
	domains := map[string]string{ // the same one or another, if it is any
		"a dotted capital i in the domain":  "mike.sk@g\u0130thub.example",
		"a dotless i in the domain":         "mike.sk@g\u0131thub.example",
		"a Cyrillic letter in the domain":   "mike.sk@g\u0456thub.example",
		"full-width letters in the domain":  "mike.sk@\uff47\uff49thub.example",
		"an ideographic dot in the domain":  "mike.sk@github\u3002example",
		"a soft hyphen in the domain":       "mike.sk@git\u00adhub.example",
		"an invisible letter in the domain": "mike.sk@git\u200bhub.example",
		"a combining dot in the domain":     "mike.sk@gi\u0307thub.example",
		"letters in circles":                "mike.sk@\u24d6ithub.example",
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, db := bootMail(t, engine)
		kinds(t, s, func(t *testing.T, s *server, kind string) {
			for name, typed := range never {
				t.Run(name, func(t *testing.T) {
					of := *s
					of.T = t
					host := of.tenant("")
					of.client(kind, host).signup(owner).want(http.StatusOK)
					before := db.everything(host)
					for _, r := range []*reply{of.client(kind, host).signup(typed), of.client(kind, host).login(typed, password)} {
						if first := r.want(http.StatusBadRequest).decoded.Errors[0]; first.Code != "invalid" || first.Param != "email" {
							t.Errorf("got %s", r.Body)
						}
					}
					if d := difference(before, db.everything(host)); d != "" {
						t.Errorf("something was done for it:\n%s", d)
					}
				})
			}
			for name, typed := range domains {
				t.Run(name, func(t *testing.T) {
					of := *s
					of.T = t
					host := of.tenant(`{"account": {"email_verification": "mandatory", "rate_limits": false}}`)
					first := len(of.recipients(db))
					of.client(kind, host).signup(owner).want(http.StatusUnauthorized)
					of.recipients(db)
					of.inbox.mu.Lock()
					key := of.inbox.all[len(of.inbox.all)-1].key(t)
					of.inbox.mu.Unlock()
					of.client(kind, host).post("/auth/email/verify", map[string]any{"key": key}).want(http.StatusUnauthorized)
					mine := func(query string) []string {
						return db.rows(query, slugOf(host))
					}
					const tenant = ` WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1)`

					r := of.client(kind, host).post("/auth/signup", map[string]any{"email": typed, "password": otherPassword})
					if r.Status != http.StatusBadRequest {
						r.want(http.StatusUnauthorized)
					}
					if r := of.client(kind, host).login(typed, otherPassword); r.Status == http.StatusOK {
						t.Errorf("logged in without a proof: %s", r.Body)
					}
					if shown := mine(`SELECT lower(email) FROM users` + tenant); len(slices.Compact(slices.Sorted(slices.Values(shown)))) != len(shown) {
						t.Errorf("two accounts are shown under one address: %q", shown)
					}
					stored := mine(`SELECT email FROM emails` + tenant)
					if len(stored) != len(mine(`SELECT DISTINCT email_key FROM emails`+tenant)) {
						t.Errorf("two accounts have one address: %q", stored)
					}
					keys := mine(`SELECT email_key FROM emails` + tenant)
					of.inbox.mu.Lock()
					defer of.inbox.mu.Unlock()
					if len(of.inbox.all) < first {
						t.Fatal("mail was lost")
					}
					for _, l := range of.inbox.all[first:] {
						if !slices.Contains(stored, l.to) {
							t.Errorf("mail went to %q, and stored are %q", l.to, stored)
						}
						if l.to == owner && !slices.Contains(keys, owner) {
							t.Errorf("mail went to %q for an address that is compared by another: %q", l.to, keys)
						}
						if strings.Contains(l.raw, "evil@evil.example") {
							t.Errorf("what was typed is in the mail: %s", l.raw)
						}
					}
				})
			}
		})
	})
}

// The same, for a look-alike that its sender has a mailbox under: proof of one domain is no proof of another.
func TestProofOfOneDomainIsNoneOfAnother(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, db := bootMail(t, engine)
		kinds(t, s, func(t *testing.T, s *server, kind string) {
			host := s.tenant(`{"account": {"email_verification": "mandatory", "rate_limits": false}}`)
			for typed, domains := range map[string]struct{ compared, mailed string }{
				// A capital sharp s is ss to the one table and a small sharp s, which is another domain, to the other.
				"ann@stra\u1e9ee.example": {"ann@strasse.example", "ann@stra\u00dfe.example"},
				"ann@g\u0130thub.example": {"ann@xn--github-qyd.example", "ann@github.example"},
			} {
				if r := s.client(kind, host).signup(typed); r.Status == http.StatusBadRequest {
					continue // refusing is fine
				}
				sent := s.recipients(db)
				rows := db.rows(`SELECT email_key FROM emails WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1)`, slugOf(host))
				if slices.Contains(rows, domains.compared) && slices.Contains(sent, domains.mailed) {
					t.Errorf("%q is compared as %q, and proved by mail to %q", typed, domains.compared, domains.mailed)
				}
			}
		})
	})
}

// One mailbox is one account, however its domain is spelt, and its mail goes where it was first said to go.
func TestOneMailboxIsOneAccount(t *testing.T) {
	spellings := []string{
		"ann@xn--bcher-kva.example", "ann@b\u00fccher.example", "ANN@B\u00dcCHER.EXAMPLE", "ann@bu\u0308cher.example", "Ann@XN--Bcher-Kva.Example",
		" ann@b\u00fccher\uff0eexample\u3000",
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, db := bootMail(t, engine)
		kinds(t, s, func(t *testing.T, s *server, kind string) {
			for _, first := range spellings[:2] {
				t.Run(first, func(t *testing.T) {
					of := *s
					of.T = t
					host := of.tenant(`{"account": {"email_verification": "mandatory", "rate_limits": false}}`)
					before := len(of.recipients(db))
					of.client(kind, host).signup(first).want(http.StatusUnauthorized)
					for _, typed := range spellings {
						of.client(kind, host).login(typed, password).want(http.StatusUnauthorized) // mails the link again
					}
					for _, typed := range spellings {
						of.client(kind, host).post("/auth/signup", map[string]any{"email": typed, "password": otherPassword}).want(http.StatusUnauthorized)
					}
					of.recipients(db)
					stored := db.rows(`SELECT email FROM emails WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1)`, slugOf(host))
					if len(stored) != 1 {
						t.Fatalf("%d addresses: %q", len(stored), stored)
					}
					of.inbox.mu.Lock()
					mails := slices.Clone(of.inbox.all[before:])
					of.inbox.mu.Unlock()
					if want := 1 + 2*len(spellings); len(mails) != want {
						t.Errorf("%d mails, want %d", len(mails), want)
					}
					for _, l := range mails {
						if l.to != stored[0] {
							t.Errorf("mail went to %q, and %q is stored", l.to, stored[0])
						}
					}
					linked := slices.IndexFunc(mails, func(l letter) bool { return keyInLink.MatchString(l.text) })
					of.client(kind, host).post("/auth/email/verify", map[string]any{"key": mails[max(0, linked)].key(t)}).want(http.StatusUnauthorized)
					user := ""
					for _, typed := range spellings {
						id := of.client(kind, host).login(typed, password).want(http.StatusOK).userID()
						if user == "" {
							user = id
						}
						if id != user {
							t.Errorf("%q is %s, and not %s", typed, id, user)
						}
					}
				})
			}
		})
	})
}

// trap is a listener that counts who comes.
func trap(t *testing.T) (port string, came *atomic.Int64) {
	t.Helper()
	l := listen(t)
	came = &atomic.Int64{}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			came.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, came
}

// Zitadel CVE-2026-27945 and CVE-2026-55671, Casdoor CVE-2026-5469: a tenant's administrator had the server talk to its
// neighbours, and to the cloud's metadata service.
func TestMailServerOfATenantReachesNoNeighbour(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, db := bootShared(t, engine, func(cfg *config.Config, _ *app.Options) { cfg.AllowPrivateNetworks = false })
		port, came := trap(t)
		plain := s.client("app", s.tenant("")).signup("ann@example.org").want(http.StatusOK)
		s.inbox.wait(t, "ann@example.org", 0) // the operator's own server is a neighbour, and is trusted
		type row struct{ url, tenant, host string }
		var rows []row
		for _, url := range []string{
			"smtp://127.0.0.1:" + port, "smtps://127.0.0.1:" + port, "smtp://user:Pass-word-1@127.0.0.1:" + port, "smtp://localhost:" + port,
			"smtp://[::1]:" + port, "smtp://[::ffff:127.0.0.1]:" + port, "smtp://[64:ff9b::7f00:1]:" + port, "smtp://0.0.0.0:" + port, "smtp://[::]:" + port,
			"smtp://169.254.169.254:80", "smtp://[fd00:ec2::254]:80", "smtp://100.100.100.200:80", "smtp://10.0.0.1:25", "smtp://192.168.1.1:25",
			"smtp://2130706433:" + port, "smtp://0x7f000001:" + port, "smtp://127.1:" + port, "smtp://0177.0.0.1:" + port, "smtp://" + s.inbox.addr,
		} {
			slug := fmt.Sprintf("t-%x", secret.Bytes(6))
			status, body := s.admin(http.MethodPost, "/admin/v1/tenants", map[string]any{
				"slug": slug, "name": "Test", "hosts": []string{slug + ".localhost"},
				"config": map[string]any{"email": map[string]any{"smtp_url": url}, "passwords": map[string]any{"argon2id_memory": 8192, "argon2id_iterations": 1}},
			})
			if status != http.StatusCreated { // not to be had at all, which is fine
				if status >= http.StatusInternalServerError || strings.Contains(body, "Pass-word-1") {
					t.Errorf("%s is answered %d: %s", url, status, body)
				}
				continue
			}
			r := s.client("app", slug+".localhost").signup("bob@" + slug + ".example").want(http.StatusOK)
			said := strings.ReplaceAll(r.Body, slug, "") // which may end like an address
			if len(r.Header) != len(plain.Header) || strings.Contains(said, "smtp") || strings.Contains(said, "127.") || strings.Contains(said, "address") {
				t.Errorf("the answer tells of the mail server: %v %s", r.Header, r.Body)
			}
			rows = append(rows, row{url, db.one(`SELECT id FROM tenants WHERE slug = $1`, slug), slug + ".localhost"})
		}
		if len(rows) < 10 {
			t.Fatalf("only %d of the addresses can be set: the test is of too little", len(rows))
		}
		deadline := time.Now().Add(soon)
		for _, r := range rows {
			var why string
			for why == "" {
				if time.Now().After(deadline) {
					t.Fatalf("%s was not tried", r.url)
				}
				if why = db.one(`SELECT last_error FROM messages WHERE tenant_id = $1`, r.tenant); why == "" {
					time.Sleep(10 * time.Millisecond)
				}
			}
			host := strings.TrimSuffix(strings.TrimPrefix(r.url[strings.LastIndex(r.url, "/")+1:], "user:Pass-word-1@"), ":"+port)
			if address := net.ParseIP(strings.Trim(strings.TrimSuffix(strings.TrimSuffix(host, ":80"), ":25"), "[]")); address != nil &&
				!strings.Contains(why, outbound.ErrPrivateAddress.Error()) {
				t.Errorf("%s was not refused for its address, but: %s", r.url, why)
			}
			if strings.Contains(why, "Pass-word-1") {
				t.Errorf("the password is in the reason: %s", why)
			}
			if state := db.one(`SELECT state FROM messages WHERE tenant_id = $1`, r.tenant); state != "queued" && state != "failed" {
				t.Errorf("the mail through %s is %s", r.url, state)
			}
			if n := s.inbox.count("bob@" + slugOf(r.host) + ".example"); n != 0 {
				t.Errorf("the mail that %s was to take went through the operator's server", r.url)
			}
		}
		if n := came.Load(); n != 0 {
			t.Errorf("%d connections were made", n)
		}
		if strings.Contains(s.log.String(), "Pass-word-1") {
			t.Error("the password is in the log")
		}
	})
}

// What keeps the trap empty above is the guard, and not a mistake in the trap.
func TestMailServerOfATenantIsReachedWhereNeighboursAreAllowed(t *testing.T) {
	s := boot(t, "sqlite")
	port, came := trap(t)
	c := s.client("app", s.tenant(`{"email": {"smtp_url": "smtp://127.0.0.1:`+port+`"}}`))
	c.signup("ann@example.org").want(http.StatusOK)
	for deadline := time.Now().Add(soon); came.Load() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody came")
		}
	}
}

// series counts the time series of the product on /metrics.
func (s *server) series() int {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.operator+"/metrics", nil)
	if err != nil {
		s.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	n := 0
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "vestibule_") {
			n++
		}
	}
	if res.StatusCode != http.StatusOK || n < 10 {
		s.Fatalf("%d series, with %d", n, res.StatusCode)
	}
	return n
}

// Keycloak CVE-2026-16100: every host, path or error that a stranger thought of was a time series for good.
func TestStrangersMakeNoTimeSeries(t *testing.T) {
	s, _ := bootShared(t, "sqlite")
	host := s.tenant(`{"account": {"rate_limits": {"login": "100/h/ip", "login_failed": "3/h/ip"}}}`)
	odd := func() string { return fmt.Sprintf("x%x", secret.Bytes(6)) }
	storm := []func(c *client) error{
		func(c *client) error { // hosts
			c.host = odd() + ".example"
			_, err := c.try(t.Context(), http.MethodGet, "/config", nil)
			return err
		},
		func(c *client) error { // paths
			_, err := c.try(t.Context(), http.MethodGet, "/_allauth/"+odd()+"/v1/"+odd(), nil)
			return err
		},
		func(c *client) error { // paths below one that there is
			_, err := c.try(t.Context(), http.MethodGet, "/auth/session/"+odd()+"?"+odd()+"="+odd(), nil)
			return err
		},
		func(c *client) error { // methods
			_, err := c.try(t.Context(), strings.ToUpper(odd()), "/auth/session", nil)
			return err
		},
		func(c *client) error { // tenants, on their own host
			_, err := c.try(t.Context(), http.MethodGet, "/config", nil, "X-Tenant", odd())
			return err
		},
		func(c *client) error { // tenants, on a shared one
			c.host = sharedHost
			_, err := c.try(t.Context(), http.MethodGet, "/config", nil, "X-Tenant", odd())
			return err
		},
		func(c *client) error { // names, faults, agents, tokens
			_, err := c.try(t.Context(), http.MethodPost, "/auth/login", map[string]any{"email": odd() + "@example.org", "password": odd(), odd(): odd()},
				"User-Agent", odd(), "Origin", "https://"+odd()+".example", "X-Request-Id", odd(), "X-Test-Ip", "192.0.2.1")
			return err
		},
		func(c *client) error {
			_, err := c.try(t.Context(), http.MethodGet, "/auth/session", nil, "X-Session-Token", odd())
			return err
		},
		func(*client) error { // the operators' listener
			r, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(odd()), s.operator+"/admin/v1/tenants/"+odd(), nil)
			if err != nil {
				return err
			}
			r.Header.Set("Authorization", "Bearer "+adminToken)
			res, err := http.DefaultClient.Do(r)
			if err == nil {
				err = res.Body.Close()
			}
			return err
		},
	}
	round := func(n int) {
		var failed atomic.Value
		together(8, func(worker int) {
			for i := worker; i < n; i += 8 {
				c := &client{s: s, kind: "app", host: host, ip: "192.0.2.1", cookies: map[string]string{}, header: http.Header{}}
				if err := storm[i%len(storm)](c); err != nil {
					failed.Store(err.Error())
				}
			}
		})
		if why := failed.Load(); why != nil {
			t.Fatal(why)
		}
	}
	round(200 * len(storm)) // every answer that there is to such things, the limits' too
	before := s.series()
	round(600 * len(storm))
	if after := s.series(); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}
