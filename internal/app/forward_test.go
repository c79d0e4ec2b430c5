package app_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/headless/headlesstest"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// forwardPath is where proxies ask.
const forwardPath = "/_allauth/forward-auth"

// identityNames are the headers that every answer has.
var identityNames = []string{
	"X-Auth-Request-Email", "X-Auth-Request-Name", "X-Auth-Request-Preferred-Username", "X-Auth-Request-Session", "X-Auth-Request-Tenant",
	"X-Auth-Request-User",
}

// proxied asks as a proxy does, with exactly these headers.
func (s *server) proxied(method, host, path string, header http.Header) *reply {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.public+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Host, r.Header = host, header
	res, err := http.DefaultTransport.RoundTrip(r) // a redirect is an answer
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	if method != http.MethodHead {
		// Whatever the method and the path are, it is one operation.
		if err := headlesstest.Conforms(http.MethodGet, forwardPath, res.StatusCode, res.Header, body); err != nil {
			s.Error(err)
		}
	}
	return &reply{c: &client{s: s}, asked: method + " " + path, Status: res.StatusCode, Header: res.Header, Body: string(body)}
}

// asks is that question about a request with these headers.
func (s *server) asks(host string, header http.Header) *reply {
	s.Helper()
	return s.proxied(http.MethodGet, host, forwardPath, header)
}

// carried is what the client's requests are signed in by.
func (c *client) carried() http.Header {
	h := http.Header{}
	if c.kind == "app" {
		h.Set("X-Session-Token", c.token)
	} else {
		h.Set("Cookie", "theme=dark; sessionid="+c.cookies["sessionid"]+"; csrftoken="+c.cookies["csrftoken"])
	}
	return h
}

// signUpAs signs up with a username, and is signed in as the user with the id.
func (c *client) signUpAs(email, username string) (id string) {
	c.s.Helper()
	return c.post("/auth/signup", map[string]any{"email": email, "username": username, "password": password}).want(http.StatusOK).userID()
}

// identity is what an answer tells of somebody, without what is empty. All headers must be there, once each, and none of a page's.
func (r *reply) identity() map[string]string {
	r.c.s.Helper()
	told := map[string]string{}
	for _, name := range identityNames {
		switch values := r.Header[name]; {
		case len(values) != 1:
			r.c.s.Errorf("%d has %s as %q", r.Status, name, values)
		case values[0] != "":
			told[strings.TrimPrefix(name, "X-Auth-Request-")] = values[0]
		}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" || name == "Location" {
			r.c.s.Errorf("%d has %s", r.Status, name)
		}
	}
	if !strings.Contains(r.Header.Get("Cache-Control"), "no-store") {
		r.c.s.Errorf("%d may be cached: %v", r.Status, r.Header)
	}
	return told
}

// lets makes sure that an answer lets a user of a tenant in.
func (r *reply) lets(host, user string) map[string]string {
	r.c.s.Helper()
	told := r.want(http.StatusOK).identity()
	if told["User"] != user || told["Tenant"] != slugOf(host) || told["Session"] == "" || r.Body != "" {
		r.c.s.Errorf("told %v and %q", told, r.Body)
	}
	return told
}

// keepsOut makes sure that an answer lets nobody in, and tells nothing of anybody.
func (r *reply) keepsOut(status int) *reply {
	r.c.s.Helper()
	if told := r.want(status).identity(); len(told) > 0 {
		r.c.s.Errorf("%d tells %v", status, told)
	}
	if challenge := r.Header.Get("WWW-Authenticate"); (challenge != "") != (status == http.StatusUnauthorized) {
		r.c.s.Errorf("%d has the challenge %q", status, challenge)
	}
	return r
}

// Whoever is signed in is let through, by what either kind of client has, until they sign out; the address is told once it is proved.
func TestForwardAuthTellsWhoItIs(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(links + `, "signup_fields": ["email*", "username", "password1*"], "login_methods": ["email", "username"]`)
		c := s.front(host)
		var id string
		letter := s.letter("ann@example.org", func() { id = c.signUpAs("ann@example.org", "ann") })
		told := s.asks(host, c.carried()).lets(host, id)
		if _, ok := told["Email"]; ok || told["Preferred-Username"] != "ann" {
			t.Errorf("before the address is proved: %v", told)
		}
		if session := s.db.one(`SELECT id FROM sessions WHERE user_id = $1`, id); told["Session"] != session {
			t.Errorf("the session is %s, not %s", told["Session"], session)
		}
		c.verify(letter.key(s)).want(http.StatusOK)
		if told = s.asks(host, c.carried()).lets(host, id); told["Email"] != "ann@example.org" {
			t.Errorf("after the address is proved: %v", told)
		}
		// Another address that is proved does not make the primary one so.
		s.exec(`UPDATE emails SET email = $1, email_key = $1 WHERE user_id = $2`, "other@example.org", id)
		if told = s.asks(host, c.carried()).lets(host, id); told["Email"] != "" {
			t.Errorf("another address is proved: %v", told)
		}
		s.exec(`UPDATE emails SET email = $1, email_key = $1, verified = FALSE WHERE user_id = $2`, "ann@example.org", id)
		if told = s.asks(host, c.carried()).lets(host, id); told["Email"] != "" {
			t.Errorf("the address is not proved any more: %v", told)
		}
		c.get("/auth/session").want(http.StatusOK) // what the client holds is as good as before
		held := c.carried()
		c.delete("/auth/session").want(http.StatusUnauthorized)
		s.asks(host, held).keepsOut(http.StatusUnauthorized)
	})
}

func TestForwardAuthLetsNobodyElseIn(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(byCodes)
		s.asks(host, http.Header{}).keepsOut(http.StatusUnauthorized)
		s.asks(host, http.Header{"Cookie": {"sessionid=; x"}, "X-Session-Token": {""}, "Authorization": {""}}).keepsOut(http.StatusUnauthorized)

		waiting := s.front(host)
		waiting.signup("new@example.org").want(http.StatusUnauthorized)
		s.asks(host, waiting.carried()).keepsOut(http.StatusUnauthorized)

		s.guarded(host, "two@example.org")
		half := s.halfway(host, "two@example.org")
		s.asks(host, half.carried()).keepsOut(http.StatusUnauthorized)

		member := s.member(host, victim, "")
		_, id := s.ids(host, victim)
		s.asks(host, member.carried()).lets(host, id)

		// What one kind of client has means nothing in the place of the other's, and is no access token.
		swapped := http.Header{"X-Session-Token": {member.held()}}
		if s.kind == "app" {
			swapped = http.Header{"Cookie": {"sessionid=" + member.held()}}
		}
		s.asks(host, swapped).keepsOut(http.StatusUnauthorized)
		s.asks(host, http.Header{"Authorization": {"Bearer " + member.held()}}).keepsOut(http.StatusUnauthorized)

		// Another tenant's, by either way of naming the tenant.
		other := s.house(byCodes)
		s.asks(other, member.carried()).keepsOut(http.StatusUnauthorized)
		named := member.carried()
		named.Set("X-Tenant", slugOf(other))
		s.asks(host, named).keepsOut(http.StatusBadRequest)
		s.asks(sharedHost, named).keepsOut(http.StatusUnauthorized)
		named["X-Tenant"] = []string{slugOf(host), slugOf(other)}
		s.asks(sharedHost, named).keepsOut(http.StatusBadRequest)
		named.Set("X-Tenant", slugOf(host))
		s.asks(sharedHost, named).lets(host, id)
		s.asks("nobody.example", member.carried()).keepsOut(http.StatusNotFound)

		act := func(verb string) {
			s.adminWants(http.StatusOK, http.MethodPost, "/admin/v1/tenants/"+slugOf(host)+"/"+verb, map[string]any{})
		}
		act("suspend")
		s.asks(host, member.carried()).keepsOut(http.StatusForbidden)
		act("resume")
		s.asks(host, member.carried()).lets(host, id)

		// A kind of client that the tenant has not any more.
		left := map[string]string{"app": "browser", "browser": "app"}[s.kind]
		patch := func(clients ...string) {
			s.adminWants(http.StatusOK, http.MethodPatch, "/admin/v1/tenants/"+slugOf(host), map[string]any{
				"config": map[string]any{"headless": map[string]any{"clients": clients}},
			})
		}
		patch(left)
		s.asks(host, member.carried()).keepsOut(http.StatusUnauthorized)
		patch("app", "browser")
		s.asks(host, member.carried()).lets(host, id)

		expired := s.signedIn(host)
		s.asks(host, expired.carried()).lets(host, id)
		s.exec(`UPDATE sessions SET expires_at = created_at WHERE tenant_id = $1 AND id <> $2`, s.tenantOf(host).ID,
			s.asks(host, member.carried()).lets(host, id)["Session"])
		s.asks(host, expired.carried()).keepsOut(http.StatusUnauthorized)
		s.setActive(host, victim, false)
		s.asks(host, member.carried()).keepsOut(http.StatusUnauthorized)
		s.setActive(host, victim, true)
		s.asks(host, member.carried()).keepsOut(http.StatusUnauthorized) // the session does not come back with its user
	})
}

// A header counts before the cookie, and what is wrong with it is not made good by the cookie.
func TestForwardAuthHeaderCountsBeforeCookie(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		host := s.tokenHouse("")
		appUser, p := s.holder(host, "app@example.org")
		appID := appUser.get("/auth/session").want(http.StatusOK).userID()
		page := s.client("browser", host)
		pageID := page.signup("page@example.org").want(http.StatusOK).userID()
		_, dead := s.holder(host, "dead@example.org")
		gone := s.bearer(host, dead.access)
		gone.delete("/auth/session")
		_, other := s.holder(s.tokenHouse(""), "app@example.org")
		// A tenant without tokens leaves Authorization to whatever is behind the proxy.
		plain := s.tenant(`{"account": {"email_verification": "none", "rate_limits": false}}`)
		plainPage := s.client("browser", plain)
		plainID := plainPage.signup("page@example.org").want(http.StatusOK).userID()

		cookie, plainCookie, token := page.carried().Get("Cookie"), plainPage.carried().Get("Cookie"), appUser.token
		type h = http.Header
		for name, c := range map[string]struct {
			host   string
			header h
			want   string // the user's id, or the challenge's scheme and the rest of it
		}{
			"an access token":                             {host, h{"Authorization": {"Bearer " + p.access}}, appID},
			"an access token, in small letters":           {host, h{"Authorization": {"bearer  " + p.access}}, appID},
			"a session token and a cookie":                {host, h{"X-Session-Token": {token}, "Cookie": {cookie}}, appID},
			"an access token and a cookie":                {host, h{"Authorization": {"Bearer " + p.access}, "Cookie": {cookie}}, appID},
			"a session token and a dead access token":     {host, h{"X-Session-Token": {token}, "Authorization": {"Bearer " + dead.access}}, appID},
			"an empty session token and a cookie":         {host, h{"X-Session-Token": {""}, "Cookie": {cookie}}, pageID},
			"a password for what is behind, and a cookie": {host, h{"Authorization": {"Basic YTpi"}, "Cookie": {cookie}}, pageID},
			"a token for what is behind, and a cookie":    {plain, h{"Authorization": {"Bearer x"}, "Cookie": {plainCookie}}, plainID},

			"a wrong session token and a cookie":          {host, h{"X-Session-Token": {"x"}, "Cookie": {cookie}}, "Bearer"},
			"a wrong session token and a good access one": {host, h{"X-Session-Token": {"x"}, "Authorization": {"Bearer " + p.access}}, "Bearer"},
			"two session tokens and a cookie":             {host, h{"X-Session-Token": {token, token}, "Cookie": {cookie}}, "Bearer"},
			"a good session token after an empty one":     {host, h{"X-Session-Token": {"", token}, "Cookie": {cookie}}, "Bearer"},
			"a dead access token and a cookie":            {host, h{"Authorization": {"Bearer " + dead.access}, "Cookie": {cookie}}, "invalid"},
			"another tenant's access token and a cookie":  {host, h{"Authorization": {"Bearer " + other.access}, "Cookie": {cookie}}, "invalid"},
			"a refresh token and a cookie":                {host, h{"Authorization": {"Bearer " + p.refresh}, "Cookie": {cookie}}, "invalid"},
			"a scheme alone and a cookie":                 {host, h{"Authorization": {"Bearer"}, "Cookie": {cookie}}, "invalid"},
			"an access token of two words and a cookie":   {host, h{"Authorization": {"Bearer " + p.access + " x"}, "Cookie": {cookie}}, "invalid"},
			"two access tokens and a cookie":              {host, h{"Authorization": {"Basic x", "Bearer " + p.access}, "Cookie": {cookie}}, "invalid"},
			"nothing":                                     {host, h{}, "Bearer"},
			"nothing, where there are no access tokens":   {plain, h{}, "Session"},
		} {
			t.Run(name, func(t *testing.T) {
				of := *s
				of.T = t
				r := of.asks(c.host, c.header)
				realm := ` realm="` + slugOf(c.host) + `"`
				switch c.want {
				case "Bearer", "Session":
					if got := r.keepsOut(http.StatusUnauthorized).Header.Get("WWW-Authenticate"); got != c.want+realm {
						t.Errorf("the challenge is %s", got)
					}
				case "invalid":
					if got := r.keepsOut(http.StatusUnauthorized).Header.Get("WWW-Authenticate"); got != "Bearer"+realm+`, error="invalid_token"` {
						t.Errorf("the challenge is %s", got)
					}
				default:
					r.lets(c.host, c.want)
				}
			})
		}
		page.get("/auth/session").want(http.StatusOK) // the wrong tokens have done nothing to the others
		appUser.get("/auth/session").want(http.StatusOK)
	})
}

// The method and the path are those of what a proxy asks about. None of them leads anywhere else: an endpoint that answers everybody with
// 200 would let everybody in.
func TestForwardAuthIsTheSameForAllMethodsAndPaths(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(links + `}, "cors": {"allowed_origins": ["https://app.example.com"]`)
		c := s.front(host)
		id := c.signup("ann@example.org").want(http.StatusOK).userID()
		before := s.db.everything(host)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"} {
			for _, below := range []string{
				"", "/", "/reports", "/a/b?sign_in=redirect&x=%0d%0a", "//evil.example/", "/../app/v1/config", "/../browser/v1/config", "/..",
				"/%2e%2e/app/v1/config", "/..%2fapp%2fv1%2fconfig", "/./", "/%0d%0aX-Auth-Request-User:%20x",
				"/app/v1/config", "/..;/app/v1/config", "?x", "/é",
			} {
				for name, cross := range map[string]http.Header{
					"plain": {}, "from a page": {"Origin": {"https://app.example.com"}, "Access-Control-Request-Method": {"GET"}},
				} {
					if r := s.proxied(method, host, forwardPath+below, cross); r.Status != http.StatusUnauthorized {
						t.Errorf("%s %s, %s: a stranger is answered %d", method, below, name, r.Status)
					} else {
						r.keepsOut(http.StatusUnauthorized)
					}
					h := c.carried()
					maps.Copy(h, cross)
					s.proxied(method, host, forwardPath+below, h).lets(host, id)
				}
			}
		}
		if d := difference(before, s.db.everything(host)); d != "" {
			t.Errorf("asking changed something:\n%s", d)
		}
		for _, beside := range []string{
			forwardPath + "ed", forwardPath + "/../config", "/_allauth/app/v1/forward-auth", "/_allauth/browser/v1/../../forward-auth",
		} {
			if r := s.proxied("GET", host, beside, c.carried()); strings.HasPrefix(beside, forwardPath+"/") != (r.Status == http.StatusOK) {
				t.Errorf("%s is answered %d", beside, r.Status)
			}
		}
		// The operators' listener has no such thing: it is no way to tell who operators are.
		if status, _ := s.admin(http.MethodGet, forwardPath, nil); status != http.StatusNotFound {
			t.Errorf("the operators' listener answers %d", status)
		}
	})
}

// A proxy that leaves out to say that it sends no body is answered all the same: none is waited for.
func TestForwardAuthReadsNoBody(t *testing.T) {
	s := boot(t, "sqlite")
	host := s.tenant(noLimits)
	for _, length := range []string{"12", "100000000"} {
		status := s.raw("POST " + forwardPath + "/upload HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: " + length + "\r\n\r\n")
		if status != http.StatusUnauthorized {
			t.Errorf("a body of %s bytes, of which none comes, is answered %d", length, status)
		}
	}
}

// Names are written by their users. Whatever is in them is one header's value, and means the same to whoever decodes it.
func TestForwardAuthValuesAreSafe(t *testing.T) {
	scenes(t, func(t *testing.T, s *scene) {
		host := s.house(links + `, "signup_fields": ["email*", "username", "password1*"], "login_methods": ["email", "username"]`)
		c := s.front(host)
		id := c.signUpAs("ann@example.org", "ann")
		for _, name := range []string{
			"Ann", "Ann Müller", "x\r\nX-Auth-Request-User: root\r\n\r\n", "\n", "\t \v\f", "\x7f\x1b[31m", "%0d%0a", "100%", "名前",
			"\u2028\u2029\u0085\u00a0", "a,b;c=\"d\"", "😀", "\u202eroot", strings.Repeat("😀", 150), " ",
		} {
			s.exec(`UPDATE users SET name = $1, username = $2 WHERE id = $3`, name, "u"+name, id)
			s.exec(`UPDATE users SET email = $1 WHERE id = $2`, "a%b\r\nX: y@example.org", id)
			s.exec(`UPDATE emails SET email = $1, verified = TRUE WHERE user_id = $2`, "a%b\r\nX: y@example.org", id)
			told := s.asks(host, c.carried()).lets(host, id)
			for member, want := range map[string]string{"Name": name, "Preferred-Username": "u" + name, "Email": "a%b\r\nX: y@example.org"} {
				if got, err := url.PathUnescape(told[member]); err != nil || got != want {
					t.Errorf("%s is %q, which means %q (%v), not %q", member, told[member], got, err, want)
				}
				if i := strings.IndexFunc(told[member], func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
					t.Errorf("%s is %q", member, told[member])
				}
			}
		}
	})
}

// Being asked about is use: it keeps the session of an app from expiring, as any other use does, and that of a browser no longer than
// its cookie.
func TestForwardAuthIsUse(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		now := clock.At(testkit.Start)
		s := boot(t, engine, func(_ *config.Config, o *app.Options) { o.Clock = now })
		host := s.tenant(`{"account": {"email_verification": "none", "rate_limits": false}, "cookies": {"session_age": 100800},
			"usersessions": {"track_activity": true}}`)
		mobile, page := s.client("app", host), s.client("browser", host)
		mobile.signup("app@example.org").want(http.StatusOK)
		page.signup("page@example.org").want(http.StatusOK)
		for range 3 {
			now.Advance(20 * time.Hour)
			s.asks(host, mobile.carried()).want(http.StatusOK)
		}
		s.asks(host, page.carried()).keepsOut(http.StatusUnauthorized)
		h := mobile.carried()
		now.Advance(time.Hour)
		h.Set("X-Test-Ip", "198.51.100.7")
		h.Set("User-Agent", "somebody's browser")
		s.asks(host, h).want(http.StatusOK)
		r := mobile.get("/auth/sessions").want(http.StatusOK)
		if !strings.Contains(r.Body, `"ip":"198.51.100.7"`) || !strings.Contains(r.Body, "somebody's browser") {
			t.Errorf("where it was used is not noted: %s", r.Body)
		}
	})
}

// While the database is away, nobody is let in, and nobody is called a stranger.
func TestForwardAuthWithoutADatabase(t *testing.T) {
	var way *relay
	now := clock.At(time.Now())
	s := boot(t, "postgres", func(cfg *config.Config, o *app.Options) {
		var through string
		way, through = relayTo(t, cfg.Database.Reveal())
		cfg.Database = config.Hide(through)
		o.Clock = now // the tenant stays known
	})
	host := s.tenant(noLimits)
	c := s.client("app", host)
	id := c.signup("ann@example.org").want(http.StatusOK).userID()
	s.asks(host, c.carried()).lets(host, id)
	way.set(cut)
	if r := s.asks(host, c.carried()).keepsOut(http.StatusServiceUnavailable); r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	now.Advance(time.Hour) // the tenant is not known any more
	if r := s.asks(host, c.carried()).keepsOut(http.StatusServiceUnavailable); r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After for a tenant that is not at hand")
	}
	way.set(forward)
	eventually(t, "the server is ready again", func() bool { status, _ := s.ready(); return status == http.StatusOK })
	eventually(t, "the session is found again", func() bool { return s.asks(host, c.carried()).Status == http.StatusOK })
}

// Paths come from clients of others: they must not become labels, and do not get into the log.
func TestForwardAuthIsOneRoute(t *testing.T) {
	s := boot(t, "sqlite")
	host := s.tenant(noLimits)
	for i := range 5 {
		s.proxied(http.MethodGet, host, fmt.Sprintf("%s/private-%d?q=private", forwardPath, i), http.Header{})
	}
	var routes []string
	series, _ := s.scraped()
	for name, value := range series {
		if strings.HasPrefix(name, "vestibule_http_requests_total{") && strings.Contains(name, "forward") {
			routes = append(routes, name+" "+value)
		}
	}
	if len(routes) != 1 || !strings.Contains(routes[0], `route="`+forwardPath+`"`) ||
		!strings.Contains(routes[0], `tenant="`+slugOf(host)+`"`) || !strings.HasSuffix(routes[0], " 5") {
		t.Errorf("the series are %q", routes)
	}
	if strings.Contains(s.log.String(), "private") {
		t.Error("the log has the path")
	}
}

// Thousands of requests of one page are asked about at once: nothing is counted against anybody.
func TestForwardAuthIsNotLimited(t *testing.T) {
	s := boot(t, "sqlite")
	host := s.tenant(`{"account": {"email_verification": "none"}}`)
	c := s.client("app", host)
	id := c.signup("ann@example.org").want(http.StatusOK).userID()
	for range 400 {
		s.asks(host, c.carried()).lets(host, id)
		s.asks(host, http.Header{"X-Session-Token": {"x"}}).keepsOut(http.StatusUnauthorized)
	}
}
