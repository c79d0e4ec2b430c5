package app_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// An operator sets an app up, is told where it leads back to, and that it works; and what they did is in the log.
func TestAnAppAtAProviderIsTriedOut(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		var at string
		idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, secret, _ := r.BasicAuth()
			switch {
			case r.URL.Path == "/.well-known/openid-configuration":
				_, _ = fmt.Fprintf(w, `{"issuer": %q, "authorization_endpoint": %q, "token_endpoint": %q, "jwks_uri": %q}`, at, at+"/a", at+"/t", at+"/k")
			case r.URL.Path == "/k":
				_, _ = fmt.Fprint(w, `{"keys": [{"kty": "RSA"}]}`)
			case secret == "hunter2-hunter2":
				w.WriteHeader(http.StatusBadRequest)
				_, _ = fmt.Fprint(w, `{"error": "invalid_grant"}`)
			default:
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = fmt.Fprint(w, `{"error": "invalid_client"}`)
			}
		}))
		defer idp.Close()
		at = idp.URL
		host := s.tenant(fmt.Sprintf(`{"socialaccount": {"providers": {"openid_connect": {"apps": [
			{"provider_id": "corp", "client_id": "1", "secret": "hunter2-hunter2", "settings": {"server_url": %q}},
			{"provider_id": "typo", "client_id": "2", "secret": "hunter3-hunter3", "settings": {"server_url": %q}}]}}}}`, at, at))
		base := "/admin/v1/tenants/" + slugOf(host)
		items := s.adminWants(http.StatusOK, "GET", base+"/providers", nil)["items"].([]any)
		if first := items[0].(map[string]any); len(items) != 2 || first["callback_url"] != "https://"+host+"/accounts/oidc/corp/login/callback/" || first["testable"] != true {
			t.Fatalf("the list is %v", items)
		}
		for id, want := range map[string]string{"1": "discovery warning, issuer ok, keys ok, credentials ok", "2": "discovery warning, issuer ok, keys ok, credentials problem"} {
			r := s.adminWants(http.StatusOK, "POST", base+"/providers/test", map[string]any{"provider": "openid_connect", "client_id": id})
			if got := stepsOf(r); got != want {
				t.Errorf("%s: got %s: %v", id, got, r)
			}
		}
		eventually(t, "the log has it", func() bool {
			events := s.adminWants(http.StatusOK, "GET", base+"/audit?action=provider.tested", nil)["items"].([]any)
			return len(events) == 2
		})
		if strings.Contains(s.log.String(), "hunter2") || strings.Contains(s.log.String(), "hunter3") {
			t.Error("a secret is logged")
		}
	})
}

// stepsOf are the steps of a test, and how they came out.
func stepsOf(r map[string]any) string {
	var all []string
	for _, step := range r["steps"].([]any) {
		all = append(all, fmt.Sprint(step.(map[string]any)["step"], " ", step.(map[string]any)["level"]))
	}
	return strings.Join(all, ", ")
}

// A provider of a tenant leads to what only the server can reach, and nothing arrives there.
func TestAProviderReachesNothingPrivate(t *testing.T) {
	s := boot(t, "sqlite", func(cfg *config.Config, _ *app.Options) { cfg.AllowPrivateNetworks = false })
	reached := make(chan string, 10)
	inside := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- r.URL.Path }))
	defer inside.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "https://"), ":")
	for i, server := range []string{inside.URL, "https://localhost:" + port, "http://127.0.0.1:" + port, "https://169.254.169.254/latest/meta-data"} {
		host := s.tenant(fmt.Sprintf(`{"socialaccount": {"providers": {"openid_connect": {"apps": [
			{"provider_id": "corp", "client_id": "1", "secret": "x", "settings": {"server_url": %q}}]}}}}`, server))
		r := s.adminWants(http.StatusOK, "POST", "/admin/v1/tenants/"+slugOf(host)+"/providers/test", map[string]any{"provider": "openid_connect", "client_id": "1"})
		if got := stepsOf(r); got != "discovery problem, issuer unknown, keys unknown, credentials unknown" || i != 2 && !strings.Contains(fmt.Sprint(r), "public internet") {
			t.Errorf("%s: got %v", server, r)
		}
	}
	if len(reached) != 0 {
		t.Errorf("%s was reached", <-reached)
	}
}

// dummyApp is a tenant's setting of the provider "dummy".
const dummyApp = `"providers": {"dummy": {"apps": [{"client_id": "1"}]}}`

const dummyCallback = "/accounts/dummy/login/callback/"

func withDummy(_ *config.Config, o *app.Options) { o.Dummy = true }

// handIn hands in an ID token of the provider "dummy".
func (c *client) handIn(process, idToken string) *reply {
	return c.post("/auth/provider/token", map[string]any{"provider": "dummy", "process": process, "token": map[string]any{"client_id": "1", "id_token": idToken}})
}

// goTo posts the form that leads to the provider "dummy".
func (c *client) goTo(process, callback string) *reply {
	form := url.Values{"provider": {"dummy"}, "process": {process}, "callback_url": {callback}, "csrfmiddlewaretoken": {c.cookies["csrftoken"]}}
	return c.post("/auth/provider/redirect", []byte(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// state is what the provider is to send back with somebody who was sent there.
func (r *reply) state() string {
	r.c.s.Helper()
	at, err := url.Parse(r.want(http.StatusFound).Header.Get("Location"))
	if err != nil || at.Query().Get("state") == "" {
		r.c.s.Fatalf("sent to %v, without a state: %v", at, err)
	}
	return at.Query().Get("state")
}

// returnsAs comes back from the provider with a state, as whoever has an address.
func (c *client) returnsAs(state, email string) *reply {
	said := url.Values{"state": {state}, "id": {email}, "email": {email}, "email_verified": {"on"}}
	return c.follow(dummyCallback + "?" + said.Encode())
}

// follow reads what is at an address of the host, as a browser does that shows it.
func (c *client) follow(address string) *reply {
	c.s.Helper()
	var cookies []string
	for name, value := range c.cookies {
		cookies = append(cookies, name+"="+value)
	}
	r := c.s.plainRequest(http.MethodGet, c.host, address, "Cookie", strings.Join(cookies, "; "), "X-Test-Ip", c.ip)
	r.c = c
	c.keep(r.Header)
	return r
}

// goesOn checks where an answer sends a browser.
func (r *reply) goesOn(location string) *reply {
	r.c.s.Helper()
	if got := r.want(http.StatusFound).Header.Get("Location"); got != location {
		r.c.s.Errorf("sent on to %s, want %s", got, location)
	}
	return r
}

// Whoever sends people to a provider, or hands in what came from one, has the server ask somebody else's servers and check signatures.
func TestLoginsByProvidersAreLimited(t *testing.T) {
	t.Parallel()
	const tooOften = "/welcome?error=rate_limited&error_process=login"
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine, withDummy)
		host := s.tenant(`{"account": {"rate_limits": {"provider": "3/h/ip", "signup": "2/h/ip"}}, "socialaccount": {"auto_signup": false, ` + dummyApp + `}}`)
		kinds(t, s, func(t *testing.T, s *server, kind string) {
			c := s.client(kind, host)
			for i := range 5 {
				switch r := c.handIn("login", fmt.Sprintf(`{"id": "%s %d"}`, kind, i)); {
				case i < 3:
					r.want(http.StatusUnauthorized)
				default:
					r.want(http.StatusTooManyRequests).comeBack()
				}
			}
			for i := range 4 { // the end of such a signup is one like any other
				switch r := c.post("/auth/provider/signup", map[string]any{}); {
				case i < 2:
					r.want(http.StatusBadRequest).code("required", "email")
				default:
					r.want(http.StatusTooManyRequests).comeBack()
				}
			}
			other := s.client(kind, host)
			other.handIn("login", `{"id": "elsewhere"}`).want(http.StatusUnauthorized)
		})
		c := s.client("browser", host)
		c.returnsAs("made up", "ann@example.org").goesOn("https://" + host + "/account/provider/callback?error=unknown&error_process=login") // and uses nothing up
		c.returnsAs(c.goTo("login", "/welcome").state(), "ann@example.org").goesOn("/welcome")
		state := c.goTo("login", "/welcome").state()
		c.goTo("login", "/welcome").goesOn(tooOften)
		c.returnsAs(state, "ann@example.org").goesOn(tooOften)
		c.get("/auth/session").waits("provider_signup") // what came before stays
	})
}

var (
	refreshes = regexp.MustCompile(`<meta http-equiv="refresh" content="0; url=([^"<>]*)">`)
	linksOn   = regexp.MustCompile(`<a href="([^"<>]*)">`)
)

// leadsOn is the address that a page leads to by itself, and by its link.
func (r *reply) leadsOn() string {
	r.c.s.Helper()
	by, link := refreshes.FindStringSubmatch(r.want(http.StatusOK).Body), linksOn.FindStringSubmatch(r.Body)
	if by == nil || link == nil || by[1] != link[1] || strings.Count(r.Body, "<") != strings.Count(r.Body, ">") || strings.Contains(r.Body, "<script") {
		r.c.s.Fatalf("the page is %s", r.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy": "no-referrer", "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private", "X-Content-Type-Options": "nosniff",
		"Set-Cookie": "", "Location": "",
	} {
		if got := r.Header.Get(name); got != want {
			r.c.s.Errorf("%s is %q", name, got)
		}
	}
	return html.UnescapeString(by[1])
}

// A browser does not show a Strict cookie as it comes back from a provider, but does as a page of the tenant's own leads it there again.
func TestTheWayBackFindsAStrictCookie(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine, withDummy)
		host := s.tenant(`{"cookies": {"samesite": "Strict"}, "socialaccount": {` + dummyApp + `}}`)
		fallback := "https://" + host + "/account/provider/callback?error=unknown&error_process=login"
		c, bare := s.client("browser", host), &client{s: s, host: host, cookies: map[string]string{}}
		said := url.Values{"state": {c.goTo("login", "/welcome").state()}, "id": {"ann"}, "email": {"ann@example.org"}, "username": {`"><script>alert(1)</script>&amp;'`}, "x": {"1", "2"}}
		at := bare.follow(dummyCallback + "?" + said.Encode()).leadsOn()
		said.Set("once_more", "1")
		if want := dummyCallback + "?" + said.Encode(); at != want {
			t.Errorf("it leads to %s, want %s", at, want)
		}
		bare.follow(at).goesOn(fallback) // once, and not for ever
		c.follow(at).goesOn("/welcome")
		c.get("/auth/session").want(http.StatusOK)
		c.follow(at).goesOn(fallback) // and the state was good once, as ever

		direct := s.client("browser", host)
		direct.returnsAs(direct.goTo("login", "/welcome").state(), "ben@example.org").goesOn("/welcome") // its cookie came along
		bare.follow(dummyCallback + "?id=ann").goesOn(fallback)                                          // nobody was sent there
		bare.cookies["sessionid"] = "made-up"
		bare.follow(dummyCallback + "?state=made-up").goesOn(fallback)

		lax := &client{s: s, host: s.tenant(`{"socialaccount": {` + dummyApp + `}}`), cookies: map[string]string{}}
		lax.follow(dummyCallback + "?state=made-up").goesOn("https://" + lax.host + "/account/provider/callback?error=unknown&error_process=login")
	})
}

// Apple answers with a form, of which what a provider answers with goes on, and nothing else: without iss, an answer could not be told from
// another provider's (RFC 9207).
func TestAProvidersFormGoesOnAsAnAddress(t *testing.T) {
	t.Parallel()
	s := boot(t, "sqlite")
	for _, setting := range []string{"Lax", "Strict"} {
		host := s.tenant(fmt.Sprintf(`{"cookies": {"samesite": %q}, "socialaccount": {"providers": {"apple": {"apps": [{"client_id": "1", "key": "k", "secret": "s",
			"settings": {"certificate_key": "x"}}]}}}}`, setting))
		answer := url.Values{
			"code": {"c&1"}, "state": {"s=1"}, "user": {`{"name": {"firstName": "Ann"}}`}, "iss": {"https://appleid.apple.com"}, "error": {"no"},
		}
		form := url.Values{"id_token": {"t"}, "once_more": {"1"}, "next": {"https://evil.example/"}}
		for name, values := range answer {
			form[name] = values
		}
		const path = "/accounts/apple/login/callback/"
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.public+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://appleid.apple.com")
		res, err := asAnswered.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got, want := res.Header.Get("Location"), path+"?"+answer.Encode(); res.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("%d, on to %s, want %s", res.StatusCode, got, want)
		}
		bare := &client{s: s, host: host, cookies: map[string]string{}}
		if next := bare.follow(res.Header.Get("Location")); setting == "Strict" { // another site has led there
			next.leadsOn()
		} else {
			next.want(http.StatusFound)
		}
	}
}

// What a provider handed out is for whoever may read it, of whom it is known that they did, and for nobody and nothing else.
func TestProvidersTokensAreReadByWhoMayAlone(t *testing.T) {
	const access, refresh = "access-quixote-7319", "refresh-quixote-7319"
	scenes(t, func(t *testing.T, s *scene) {
		host := s.tenant(`{"account": {"rate_limits": false, "email_verification": "optional"},
			"socialaccount": {"store_tokens": true, "providers": {"dummy": {"apps": [{"client_id": "1"}]}}}}`)
		hook := s.unheard(host)
		c := s.front(host)
		id := c.post("/auth/provider/token", map[string]any{"provider": "dummy", "process": "login", "token": map[string]any{
			"client_id": "1", "id_token": fmt.Sprintf(`{"id": "of-dulcinea", "email": "quixote@example.org", "access_token": %q, "refresh_token": %q}`, access, refresh),
		}}).want(http.StatusOK).userID()
		at := users(host, id, "provider-accounts", "tokens")
		ask := func(method, bearer, uid string) (status int, cache, body string) {
			r, err := http.NewRequestWithContext(t.Context(), method, s.operator+at, strings.NewReader(fmt.Sprintf(`{"provider": "dummy", "uid": %q}`, uid)))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+bearer)
			r.Header.Set("Content-Type", "application/json")
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			raw, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return resp.StatusCode, resp.Header.Get("Cache-Control"), string(raw)
		}
		token := func(scope string) string {
			return s.adminWants(http.StatusCreated, "POST", "/admin/v1/tokens", map[string]any{
				"name": scope, "grants": []any{map[string]any{"role": "admin", "tenant": slugOf(host)}}, "scopes": []string{scope},
			})["token"].(string)
		}
		status, cache, body := ask(http.MethodPost, token("users.provider_tokens"), "of-dulcinea")
		want := fmt.Sprintf(`{"provider":"dummy","uid":"of-dulcinea","access_token":%q,"client_id":"1","expires_at":null,"refresh_token":%q,"refresh_client_id":"1"}`, access, refresh)
		if status != http.StatusOK || strings.TrimSpace(body) != want || cache != "no-store" {
			t.Fatalf("%d %s %s", status, cache, body)
		}
		for _, row := range []struct {
			method, bearer, uid string
			status              int
		}{
			{http.MethodPost, token("users.read"), "of-dulcinea", 403}, {http.MethodPost, token("users.secure"), "of-dulcinea", 403},
			{http.MethodPost, token("users.export"), "of-dulcinea", 403}, {http.MethodPost, "nobody's", "of-dulcinea", 401},
			{http.MethodPost, adminToken, "of-nobody", 404}, {http.MethodGet, adminToken, "of-dulcinea", 405},
		} {
			if status, _, body := ask(row.method, row.bearer, row.uid); status != row.status || strings.Contains(body, "7319") {
				t.Errorf("%s by %s of %s: %d %s", row.method, row.bearer, row.uid, status, body)
			}
		}
		eventually(t, "the log has it", func() bool {
			return len(s.adminWants(http.StatusOK, "GET", "/admin/v1/tenants/"+slugOf(host)+"/audit?action=provider.tokens_read", nil)["items"].([]any)) > 0
		})
		items := s.adminWants(http.StatusOK, "GET", "/admin/v1/tenants/"+slugOf(host)+"/audit?action=provider.tokens_read", nil)["items"].([]any)
		if e := items[0].(map[string]any); len(items) != 1 || e["user_id"] != id || e["actor"].(map[string]any)["name"] != "users.provider_tokens" ||
			fmt.Sprint(e["details"]) != "map[provider:dummy]" {
			t.Errorf("noted is %v", items)
		}
		eventually(t, "the webhook is to be told", func() bool { return strings.Contains(s.toldTo(host, hook), "provider.tokens_read") })

		shown := s.toldTo(host, hook) + s.log.String() + c.get("/account/providers").Body + c.get("/auth/session").Body
		for _, path := range []string{users(host, id), users(host, id, "export"), "/admin/v1/tenants/" + slugOf(host) + "/export", "/admin/v1/tenants/" + slugOf(host) + "/audit/export"} {
			status, body := s.admin(http.MethodGet, path, nil)
			if status != http.StatusOK || !strings.Contains(body, id) {
				t.Errorf("%s: %d %s", path, status, body)
			}
			shown += body
		}
		if !strings.Contains(shown, "of-dulcinea") || strings.Contains(shown, "quixote-7319") {
			t.Errorf("a token is shown, or nothing is: %s", shown)
		}
		if found := strings.Join(s.traces("of-dulcinea"), ", "); !strings.Contains(found, "provider_accounts.uid") {
			t.Errorf("the search finds %s", found)
		}
		traces := []string{access, refresh}
		for _, text := range []string{access, refresh} {
			traces = append(traces, base64.RawStdEncoding.EncodeToString([]byte(text)), hex.EncodeToString([]byte(text)))
		}
		if found := s.traces(traces...); len(found) > 0 {
			t.Errorf("the database has them: %v", found)
		}
		s.adminWants(http.StatusOK, "PATCH", "/admin/v1/tenants/"+slugOf(host), map[string]any{"config": map[string]any{"socialaccount": map[string]any{"store_tokens": false}}})
		eventually(t, "none are handed out", func() bool {
			status, _, _ := ask(http.MethodPost, adminToken, "of-dulcinea")
			return status == http.StatusNotFound
		})
	}, func(_ *config.Config, o *app.Options) { o.Dummy = true })
}

// A front end goes through the list of flows, also where there is nothing in it.
func TestWhereNothingIsOfferedTheFlowsAreAnEmptyList(t *testing.T) {
	everywhere(t, func(t *testing.T, s *server, kind string) {
		host := s.tenant(`{"account": {"email_verification": "none"}, "mfa": {"supported_types": []}, "socialaccount": {"only": true}}`)
		r := s.client(kind, host).get("/auth/session").want(http.StatusUnauthorized)
		if !strings.Contains(r.Body, `"flows":[]`) {
			t.Error(r.Body)
		}
	})
}
