package app_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// pair is an access and a refresh token.
type pair struct{ access, refresh string }

// tokenHouse makes a tenant that hands out tokens. headless are more members of the section of that name.
func (s *server) tokenHouse(headless string) string {
	s.Helper()
	if !strings.Contains(headless, "jwt_algorithm") {
		headless = strings.TrimPrefix(headless+`, "jwt_algorithm": "EdDSA"`, ", ") // the quickest to make
	}
	return s.tenant(`{"headless": {"token_strategy": "jwt", ` + headless + `}, "account": {"email_verification": "none", "rate_limits": false}}`)
}

// handed are the tokens that an answer hands out.
func (r *reply) handed() pair { return pair{r.decoded.Meta.AccessToken, r.decoded.Meta.RefreshToken} }

// holder signs somebody up as an app, and returns the app and its tokens.
func (s *server) holder(host, email string) (*client, pair) {
	s.Helper()
	c := s.client("app", host)
	p := c.signup(email).want(http.StatusOK).handed()
	if p.access == "" || p.refresh == "" {
		s.Fatal("no tokens were handed out")
	}
	return c, p
}

// bearer is an app that shows nothing but an access token.
func (s *server) bearer(host, access string) *client {
	s.Helper()
	c := s.client("app", host)
	c.header.Set("Authorization", "Bearer "+access)
	return c
}

// refresh asks for new tokens, as an app that shows nothing else.
func (s *server) refresh(host, token string) (*reply, pair) {
	s.Helper()
	r := s.client("app", host).post("/tokens/refresh", map[string]any{"refresh_token": token})
	return r, r.refreshed()
}

// refreshed are the tokens that an answer to a refresh has.
func (r *reply) refreshed() pair {
	var data struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	_ = json.Unmarshal(r.decoded.Data, &data) // an answer without is one without
	return pair{data.Access, data.Refresh}
}

// deadToken makes sure that a refresh token is good for nothing, and that nothing is said of why.
func (s *server) deadToken(host, token string) {
	s.Helper()
	r, _ := s.refresh(host, token)
	if r.Status != http.StatusBadRequest || r.Body != `{"status":400}` {
		s.Errorf("a refresh token that is good for nothing: got %d %s", r.Status, r.Body)
	}
}

// jwtPart is the header (0) or the claims (1) of a token.
func jwtPart(t testing.TB, raw string, i int) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[i])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTokensAreHandedOutAtALogin(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		host := s.tokenHouse(`"jwt_audience": "https://api.example.org", "jwt_access_token_expires_in": 60, "jwt_refresh_token_expires_in": 3600,
			"jwt_claims": {"email": "{{.User.Email}}", "roles": ["{{.Tenant.Slug}}", 1]}`)
		c := s.client("app", host)
		if strings.Contains(c.get("/auth/session").want(http.StatusUnauthorized).Body, "_token") {
			t.Error("a stranger is handed something")
		}
		r := c.signup("ann@example.org").want(http.StatusOK)
		issuer := "https://" + host
		access, refresh := jwtPart(t, r.handed().access, 1), jwtPart(t, r.handed().refresh, 1)
		for claim, want := range map[string]any{
			"iss": issuer, "aud": "https://api.example.org", "sub": r.userID(), "token_use": "access", "email": "ann@example.org",
			"roles": []any{slugOf(host), 1.0},
		} {
			if fmt.Sprint(access[claim]) != fmt.Sprint(want) {
				t.Errorf("the access token's %s is %v, not %v", claim, access[claim], want)
			}
		}
		for claim, want := range map[string]any{"iss": issuer, "aud": issuer, "sub": r.userID(), "token_use": "refresh", "sid": access["sid"]} {
			if refresh[claim] != want {
				t.Errorf("the refresh token's %s is %v, not %v", claim, refresh[claim], want)
			}
		}
		if len(access) != 10 || len(refresh) != 8 || access["exp"].(float64)-access["iat"].(float64) != 60 || refresh["exp"].(float64)-refresh["iat"].(float64) != 3600 {
			t.Errorf("the claims are %v and %v", access, refresh)
		}
		if head := jwtPart(t, r.handed().access, 0); len(head) != 3 || head["alg"] != "EdDSA" || head["typ"] != "JWT" || head["kid"] == "" {
			t.Errorf("the header is %v", head)
		}
		for _, path := range []string{"/auth/session", "/config", "/account/email", "/auth/sessions"} {
			if r := c.get(path).want(http.StatusOK); r.handed() != (pair{}) {
				t.Errorf("%s hands out tokens again", path)
			}
		}
		// An error hands out none; another session has tokens of its own.
		if r := s.client("app", host).login("ann@example.org", otherPassword).want(http.StatusBadRequest); r.handed() != (pair{}) {
			t.Error("a wrong password hands out tokens")
		}
		again := s.client("app", host).login("ann@example.org", password).want(http.StatusOK).handed()
		if sid := jwtPart(t, again.access, 1)["sid"]; sid == access["sid"] || jwtPart(t, again.access, 1)["jti"] == access["jti"] {
			t.Errorf("two logins have the session %v", sid)
		}
		b := s.client("browser", host)
		if r := b.login("ann@example.org", password).want(http.StatusOK); strings.Contains(r.Body, "_token") {
			t.Errorf("a browser is handed tokens: %s", r.Body)
		}
		b.post("/tokens/refresh", map[string]any{"refresh_token": again.refresh}).want(http.StatusNotFound)
		// And a tenant without tokens hands out none.
		plain := s.tenant(`{"account": {"email_verification": "none"}}`)
		if r := s.client("app", plain).signup("ann@example.org").want(http.StatusOK); r.handed() != (pair{}) {
			t.Error("the session strategy hands out tokens")
		}
	})
}

// A login that waits hands out nothing until it is over.
func TestTokensAreHandedOutWhenTheLastStageIsPassed(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := newScene(t, engine)
		host := s.tenant(fmt.Sprintf(`{"headless": {"token_strategy": "jwt", "jwt_algorithm": "ES256"}, "account": {%s, "rate_limits": false}, "sms": {"webhook_url": %q}}`,
			byCodes, s.hook))
		c := s.client("app", host)
		var r *reply
		code := s.code("ann@example.org", func() {
			r = c.post("/auth/signup", map[string]any{"email": "ann@example.org", "password": password}).want(http.StatusUnauthorized)
		})
		if r.handed() != (pair{}) {
			t.Fatal("a login that waits is handed tokens")
		}
		p := c.verify(code).want(http.StatusOK).handed()
		if p.access == "" || p.refresh == "" {
			t.Fatal("no tokens were handed out")
		}
		s.bearer(host, p.access).get("/auth/session").want(http.StatusOK)
	})
}

func TestAccessTokenStandsForItsSession(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		host := s.tokenHouse("")
		c, p := s.holder(host, "ann@example.org")
		b := s.bearer(host, p.access)
		if got := b.get("/auth/session").want(http.StatusOK); got.decoded.Meta.SessionToken != "" || got.handed() != (pair{}) {
			t.Errorf("looking hands out %s", got.Body)
		}
		var sessions []struct {
			Current bool `json:"is_current"`
		}
		if err := json.Unmarshal(b.get("/auth/sessions").want(http.StatusOK).decoded.Data, &sessions); err != nil || len(sessions) != 1 || !sessions[0].Current {
			t.Errorf("the sessions are %+v", sessions)
		}
		// Its own password change leaves the pair alone, and gives the session another token, which the holder of the access token is told.
		changed := b.post("/account/password/change", map[string]any{"current_password": password, "new_password": otherPassword}).want(http.StatusOK)
		if changed.decoded.Meta.SessionToken == "" || b.token == c.token {
			t.Error("the session's new token is not told")
		}
		c.get("/auth/session").want(http.StatusGone)
		s.bearer(host, p.access).get("/auth/session").want(http.StatusOK)
		r, next := s.refresh(host, p.refresh)
		r.want(http.StatusOK)
		s.bearer(host, next.access).get("/auth/session").want(http.StatusOK)

		// Many at once, which change the session, find each other's changes and not a lost one.
		shown := s.bearer(host, next.access)
		together(6, func(i int) {
			r, err := shown.anew().try(t.Context(), http.MethodPost, "/account/email", map[string]any{"email": fmt.Sprintf("ann%d@example.org", i)})
			if err != nil || (r.Status != http.StatusOK && r.Status != http.StatusConflict) {
				t.Errorf("got %+v, %v", r, err)
			}
		})

		// A browser shows none, and with both the session token counts.
		browser := s.client("browser", host)
		browser.get("/auth/session", "Authorization", "Bearer "+next.access).want(http.StatusUnauthorized)
		_, other := s.holder(host, "bea@example.org")
		both := s.bearer(host, other.access)
		both.token = b.token
		if got := both.get("/auth/session").want(http.StatusOK); !strings.Contains(got.Body, "ann@example.org") {
			t.Errorf("with both it is %s", got.Body)
		}
		both.token = secret.Token()
		both.get("/auth/session").want(http.StatusGone)
	})
}

func TestAuthorizationHeaderIsReadAsTheContractHasIt(t *testing.T) {
	s := boot(t, "sqlite")
	host, other := s.tokenHouse(""), s.tokenHouse(`"jwt_authorization_header_scheme": "Vestibule"`)
	_, p := s.holder(host, "ann@example.org")
	_, q := s.holder(other, "ann@example.org")
	for header, want := range map[string]int{
		"Bearer " + p.access:                 http.StatusOK,
		"bearer " + p.access:                 http.StatusOK,
		"BEARER   " + p.access + " ":         http.StatusOK,
		"Token " + p.access:                  http.StatusUnauthorized,
		p.access:                             http.StatusUnauthorized,
		"Bearer":                             http.StatusUnauthorized,
		"Bearer " + p.access + " more":       http.StatusUnauthorized,
		"Bearer " + p.access + ",":           http.StatusUnauthorized,
		"Bearer Bearer " + p.access:          http.StatusUnauthorized,
		"Basic " + p.access:                  http.StatusUnauthorized,
		"Bearer " + p.access + "\t" + "b":    http.StatusUnauthorized,
		"Bearer " + strings.Repeat("A", 9e3): http.StatusUnauthorized,
	} {
		s.client("app", host).get("/auth/session", "Authorization", header).want(want)
	}
	s.client("app", other).get("/auth/session", "Authorization", "vestibule "+q.access).want(http.StatusOK)
	s.client("app", other).get("/auth/session", "Authorization", "Bearer "+q.access).want(http.StatusUnauthorized)
	c := s.client("app", host)
	c.header["Authorization"] = []string{"Bearer " + p.access, "Bearer " + p.access}
	c.get("/auth/session").want(http.StatusUnauthorized)
}

func TestEndedSessionOfAnAccessToken(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		now := clock.At(testkit.Start)
		s := boot(t, engine, func(_ *config.Config, o *app.Options) { o.Clock = now })
		for settings, want := range map[string]int{"": http.StatusGone, `"jwt_stateful_validation_enabled": true`: http.StatusUnauthorized} {
			host := s.tokenHouse(settings)
			_, p := s.holder(host, "ann@example.org")
			b := s.bearer(host, p.access)
			b.delete("/auth/session").want(http.StatusUnauthorized)
			s.bearer(host, p.access).get("/auth/session").want(want)
			s.deadToken(host, p.refresh)

			_, p = s.holder(host, "bea@example.org")
			now.Advance(299 * time.Second)
			s.bearer(host, p.access).get("/auth/session").want(http.StatusOK)
			now.Advance(time.Second)
			s.bearer(host, p.access).get("/auth/session").want(http.StatusUnauthorized)
		}
	})
}

func TestRefreshWithoutRotation(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		now := clock.At(testkit.Start)
		s := boot(t, engine, func(_ *config.Config, o *app.Options) { o.Clock = now })
		host := s.tenant(`{"headless": {"token_strategy": "jwt", "jwt_algorithm": "EdDSA", "jwt_rotate_refresh_token": false, "jwt_refresh_token_expires_in": 864000},
			"cookies": {"session_age": 172800}}`)
		c, p := s.holder(host, "ann@example.org")
		for range 8 { // longer than a session that is not used
			now.Advance(24 * time.Hour)
			r, next := s.refresh(host, p.refresh)
			if r.want(http.StatusOK); next.refresh != "" {
				t.Fatal("the refresh token is replaced")
			}
			s.bearer(host, next.access).get("/auth/session").want(http.StatusOK)
		}
		now.Advance(48 * time.Hour)
		s.deadToken(host, p.refresh)
		c.get("/auth/session").want(http.StatusGone)
	})
}

// A session that is kept by nothing but refreshing goes on; one whose token has expired does not.
func TestRotationKeepsASession(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		now := clock.At(testkit.Start)
		s := boot(t, engine, func(_ *config.Config, o *app.Options) { o.Clock = now })
		host := s.tenant(`{"headless": {"token_strategy": "jwt", "jwt_algorithm": "EdDSA", "jwt_refresh_token_expires_in": 86401},
			"cookies": {"session_age": 172800}}`)
		_, p := s.holder(host, "ann@example.org")
		for range 5 {
			now.Advance(24 * time.Hour)
			r, next := s.refresh(host, p.refresh)
			r.want(http.StatusOK)
			p = next
		}
		now.Advance(86401 * time.Second)
		s.deadToken(host, p.refresh)
	})
}

func TestKeysArePublished(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s, _ := bootShared(t, engine)
		host := s.tokenHouse(`"jwt_algorithm": "RS256"`)
		get := func(host, path string, header ...string) *reply {
			t.Helper()
			return s.plainRequest(http.MethodGet, host, path, header...)
		}
		r := get(host, "/.well-known/jwks.json").want(http.StatusOK)
		var doc struct{ Keys []map[string]string }
		if err := json.Unmarshal([]byte(r.Body), &doc); err != nil || len(doc.Keys) != 1 {
			t.Fatalf("before the first token the set is %s", r.Body)
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "", "Cache-Control": "public, max-age=300",
			"Content-Type": "application/json", "Vary": "X-Tenant", "X-Content-Type-Options": "nosniff",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, not %q", name, got, want)
			}
		}
		_, p := s.holder(host, "ann@example.org")
		if kid := jwtPart(t, p.access, 0)["kid"]; kid != doc.Keys[0]["kid"] {
			t.Errorf("a token of the key %v, which is not published", kid)
		}
		shown := func(host string) (url, set string) {
			t.Helper()
			status, body := s.admin(http.MethodGet, "/admin/v1/tenants/"+slugOf(host)+"/jwks", nil)
			var got struct {
				URL  string
				JWKS json.RawMessage
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
				t.Fatalf("operators are shown %d %s", status, body)
			}
			return got.URL, string(got.JWKS)
		}
		s.adminWants(http.StatusOK, http.MethodPost, "/admin/v1/tenants/"+slugOf(host)+"/keys/rotate", map[string]any{})
		var set string
		eventually(t, "the next key is published", func() bool {
			set = get(host, "/.well-known/jwks.json").want(http.StatusOK).Body
			return strings.Count(set, `"kid"`) == 2
		})
		if url, jwks := shown(host); url != "https://"+host+"/.well-known/jwks.json" || jwks != set {
			t.Errorf("operators are shown %s %s, and the rest %s", url, jwks, set)
		}
		if url, jwks := shown(s.tenant("")); !strings.HasSuffix(url, ".localhost/.well-known/jwks.json") || jwks != "null" {
			t.Errorf("of a tenant without tokens operators are shown %s %s", url, jwks)
		}
		r = get(host, "/.well-known/openid-configuration").want(http.StatusOK)
		var of struct {
			Issuer     string
			JWKS       string   `json:"jwks_uri"`
			Algorithms []string `json:"id_token_signing_alg_values_supported"`
			Subjects   []string `json:"subject_types_supported"`
			Responses  []string `json:"response_types_supported"`
		}
		if err := json.Unmarshal([]byte(r.Body), &of); err != nil || of.Issuer != "https://"+host || of.JWKS != "https://"+host+"/.well-known/jwks.json" ||
			!slices.Equal(of.Algorithms, []string{"RS256"}) || !slices.Equal(of.Subjects, []string{"public"}) || of.Responses == nil {
			t.Errorf("the issuer is %s", r.Body)
		}
		if by := get(sharedHost, "/.well-known/openid-configuration", "X-Tenant", slugOf(host)).want(http.StatusOK); by.Body != r.Body {
			t.Errorf("by its header the tenant is %s", by.Body)
		}
		for _, path := range []string{"/.well-known/jwks.json", "/.well-known/openid-configuration"} {
			get("nobody.localhost", path).want(http.StatusNotFound)
			get(s.tenant(""), path).want(http.StatusNotFound)
			if r := get(s.tenant(""), path); r.Header.Get("Cache-Control") == "public, max-age=300" || r.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("that there are no keys is told with %v", r.Header)
			}
			s.plainRequest(http.MethodPost, host, path).want(http.StatusMethodNotAllowed)
			if r := s.plainRequest(http.MethodHead, host, path).want(http.StatusOK); r.Body != "" {
				t.Errorf("HEAD is answered %s", r.Body)
			}
			pre := s.plainRequest(http.MethodOptions, host, path, "Origin", "https://any.example", "Access-Control-Request-Method", "GET").want(http.StatusNoContent)
			if pre.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(pre.Header.Get("Access-Control-Allow-Headers"), "X-Tenant") {
				t.Errorf("a preflight is answered with %v", pre.Header)
			}
		}
		status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slugOf(host), map[string]any{"state": "suspended"})
		if status != http.StatusOK {
			t.Fatal(body)
		}
		get(host, "/.well-known/jwks.json").want(http.StatusForbidden)
		// A shared secret is not published.
		const hidden = "a-shared-secret-that-nobody-may-see"
		host = s.tokenHouse(`"jwt_algorithm": "HS256", "jwt_private_key": "` + hidden + `"`)
		s.holder(host, "ann@example.org")
		if r := get(host, "/.well-known/jwks.json").want(http.StatusOK); r.Body != `{"keys":[]}` {
			t.Errorf("of a shared secret there is %s", r.Body)
		}
	})
}

// plainRequest makes a request of no kind of client.
func (s *server) plainRequest(method, host, path string, header ...string) *reply {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.public+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Host = host
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := asAnswered.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return &reply{c: &client{s: s}, asked: method + " " + path, Status: res.StatusCode, Header: res.Header, Body: string(body)}
}

// A server that is started anew goes on with the keys that there are.
func TestTokensOutliveAServer(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		at, keys := testkit.URL(t, engine), testkit.Keys(t)
		same := func(cfg *config.Config, _ *app.Options) { cfg.Database, cfg.Keys = config.Hide(at), keys }
		s := boot(t, engine, same)
		host := s.tokenHouse("")
		_, p := s.holder(host, "ann@example.org")
		published := s.plainRequest(http.MethodGet, host, "/.well-known/jwks.json").Body
		s.stop()
		s = boot(t, engine, same)
		s.bearer(host, p.access).get("/auth/session").want(http.StatusOK)
		r, next := s.refresh(host, p.refresh)
		r.want(http.StatusOK)
		if jwtPart(t, next.access, 0)["kid"] != jwtPart(t, p.access, 0)["kid"] {
			t.Error("there is another key")
		}
		if again := s.plainRequest(http.MethodGet, host, "/.well-known/jwks.json").Body; again != published {
			t.Errorf("the keys were %s, and are %s", published, again)
		}
	})
}
