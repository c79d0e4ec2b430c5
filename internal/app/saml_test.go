package app_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/saml/samltest"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

const samlEntity = "https://idp.example/saml"

// samlTenant is a tenant with an app at an identity provider whose key this is.
func (s *server) samlTenant(key samltest.Key) (host string) {
	s.Helper()
	return s.tenant(fmt.Sprintf(`{"account": {"email_verification": "optional", "rate_limits": false}, "socialaccount": {"providers": {"saml": {"apps": [{
		"provider_id": "company", "client_id": "corp", "settings": {"idp": {"entity_id": %q, "sso_url": "https://idp.example/sso", "slo_url": "https://idp.example/slo", "x509cert": %q},
		"attribute_mapping": {"email": "mail"}, "verified_email": true}}]}}}}`, samlEntity, key.CertificatePEM()))
}

// asked is what a provider is asked for that a browser is sent to: the statement that answers it.
func (c *client) asked(name string) (samltest.Statement, string) {
	c.s.Helper()
	doc, query := samltest.Message(c.s, c.sentTo("company", "login"), "SAMLRequest")
	return samltest.Statement{
		Issuer: samlEntity, ACS: "https://" + c.host + "/accounts/saml/corp/acs/", Audience: "https://" + c.host + "/accounts/saml/corp/metadata/",
		Request: doc.Root().SelectAttrValue("ID", ""), NameID: name, At: time.Now(),
		Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", Attribute: [][2]string{{"mail", name + "@example.org"}},
	}, query.Get("RelayState")
}

// posts posts a form to an endpoint of the app, as a page of this host's does, and is the answer. Headers are names and values.
func (c *client) posts(endpoint string, form url.Values, headers ...string) *reply {
	c.s.Helper()
	r, err := http.NewRequestWithContext(c.s.Context(), http.MethodPost, c.s.public+"/accounts/saml/"+endpoint+"/", strings.NewReader(form.Encode()))
	if err != nil {
		c.s.Fatal(err)
	}
	r.Host = c.host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := asAnswered.Do(r)
	if err != nil {
		c.s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it was read
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.s.Fatal(err)
	}
	c.keep(res.Header)
	return &reply{c: c, asked: "POST " + endpoint, Status: res.StatusCode, Header: res.Header, Body: string(body)}
}

func TestSAMLResponsesAreOfTheirBrowserAndTenant(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		key := samltest.NewKey(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		host, otherHost := s.samlTenant(key), s.samlTenant(key)
		ends := func(c *client, state, response string) (location, who string) {
			r := c.posts("corp/acs/finish", url.Values{"RelayState": {state}, "SAMLResponse": {response}})
			return r.Header.Get("Location"), c.who()
		}
		turned := turnedAway(host)
		ann := s.client("browser", host)
		statement, state := ann.asked("ann")
		response := key.Signed(t, statement.Response(), "Assertion")
		// Another browser, with a state of its own and with hers; without one; at another tenant.
		eve, elsewhere := s.client("browser", host), s.client("browser", otherHost)
		_, evesState := eve.asked("eve")
		_, othersState := elsewhere.asked("eve")
		for name, c := range map[string]struct {
			by          *client
			state, want string
		}{
			"with her state":       {eve, state, turned},
			"with a state of hers": {eve, evesState, "/done?error=unknown&error_process=login"},
			"without a state":      {s.client("browser", host), "", turned},
			"at another tenant":    {elsewhere, othersState, "/done?error=unknown&error_process=login"},
			"with hers, there":     {elsewhere, state, turnedAway(otherHost)},
		} {
			if at, who := ends(c.by, c.state, response); at != c.want || who != "" {
				t.Errorf("%s: went on to %s, and %q is signed in", name, at, who)
			}
		}
		if at, who := ends(ann, state, response); at != "/done" || who == "" {
			t.Errorf("her own: went on to %s, and %q is signed in", at, who)
		}
		if at, _ := ends(ann, state, response); at != turned {
			t.Errorf("twice: went on to %s", at)
		}
		// An assertion that answers two requests at once is good once.
		for i, want := range []string{"/done", "/done?error=unknown&error_process=login"} {
			c := s.client("browser", host)
			again, state := c.asked("bob")
			doc := samltest.Read(t, again.Response())
			doc.Root().FindElement("./Assertion").CreateAttr("ID", "_the-same")
			key.Sign(t, doc.Root(), "Assertion")
			if at, _ := ends(c, state, samltest.Encode(t, doc)); at != want {
				t.Errorf("time %d of one assertion: went on to %s", i+1, at)
			}
		}
	})
}

func TestSAMLEndpoints(t *testing.T) {
	t.Parallel()
	s := boot(t, "sqlite")
	key := samltest.NewKey(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	host := s.samlTenant(key)
	described := s.plainRequest(http.MethodGet, host, "/accounts/saml/corp/metadata/")
	var entity struct {
		ID string `xml:"entityID,attr"`
	}
	if err := xml.Unmarshal([]byte(described.Body), &entity); err != nil || entity.ID != "https://"+host+"/accounts/saml/corp/metadata/" ||
		described.Header.Get("Content-Type") != "application/samlmetadata+xml" || described.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %s", described.Header, described.Body)
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodPost, "corp/metadata/", 405}, {http.MethodGet, "corp/acs/", 405}, {http.MethodPut, "corp/acs/", 405}, {http.MethodGet, "corp/acs/finish/", 405},
		{http.MethodGet, "corp/sls/", 400}, {http.MethodGet, "corp/sls/?SAMLResponse=x", 400}, {http.MethodGet, "corp/sls/?SAMLRequest=x", 400},
		{http.MethodDelete, "corp/sls/", 405}, {http.MethodGet, "corp/sls/finish/?SAMLRequest=x", 405},
		{http.MethodGet, "corp/", 404}, {http.MethodGet, "corp/metadata", 404}, {http.MethodGet, "other/metadata/", 404}, {http.MethodGet, "corp/login/callback/", 404},
		{http.MethodGet, "../saml/corp/x/metadata/", 404}, {http.MethodGet, "company/metadata/", 404}, {http.MethodGet, "/login/callback/", 404},
	} {
		if r := s.plainRequest(c.method, host, "/accounts/saml/"+c.path); r.Status != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, r.Status, c.status)
		}
	}
	// Another site's form comes without cookies: a page of this host's posts it on, and nothing else of it.
	bare := &client{s: s, host: host, kind: "browser", cookies: map[string]string{}}
	res := bare.posts("corp/acs", url.Values{
		"SAMLResponse": {`"><script>alert(1)</script>`}, "RelayState": {"</form>\n<img src=x onerror=alert(2)>"}, "else": {"not this"},
	})
	fields := regexp.MustCompile(`<input type="hidden" name="([A-Za-z]+)" value="[^"<>]*">`).FindAllStringSubmatch(res.Body, -1)
	nonce := regexp.MustCompile(`script-src 'nonce-([A-Za-z0-9_-]{20,})'`).FindStringSubmatch(res.Header.Get("Content-Security-Policy"))
	if res.Status != http.StatusOK || len(fields) != 2 || fields[0][1] != "SAMLResponse" || fields[1][1] != "RelayState" ||
		!strings.Contains(res.Body, `<form method="post" action="/accounts/saml/corp/acs/finish/">`) || strings.Count(res.Body, "<script") != 1 ||
		strings.Contains(res.Body, "<img") || strings.Contains(res.Body, "not this") || nonce == nil || !strings.Contains(res.Body, nonce[1]) {
		t.Errorf("%v %s", res.Header, res.Body)
	}
	for name, want := range map[string]string{
		"Referrer-Policy": "no-referrer", "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private", "Set-Cookie": "", "Location": "",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	// What comes from there goes no further by itself.
	if res := bare.posts("corp/acs/finish", url.Values{"RelayState": {"x"}, "SAMLResponse": {"x"}}); res.Header.Get("Location") != turnedAway(host) {
		t.Errorf("on to %v", res.Header)
	}
	// Nor does another site's that is sent there at once: a session that it began would be in the place of the browser's own.
	for _, endpoint := range []string{"corp/acs", "corp/sls"} {
		forged := bare.posts(endpoint+"/finish", url.Values{"RelayState": {"x"}, "SAMLResponse": {"x"}}, "Sec-Fetch-Site", "cross-site")
		if forged.Status != http.StatusOK || forged.Header.Get("Set-Cookie") != "" || !strings.Contains(forged.Body, `action="/accounts/saml/`+endpoint+`/finish/"`) {
			t.Errorf("%s: %d %v %s", endpoint, forged.Status, forged.Header, forged.Body)
		}
	}
	if res := bare.posts("corp/acs", url.Values{"SAMLResponse": {strings.Repeat("x", 70_000)}}); res.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("of what is too long it is %d", res.Status)
	}
}

func TestSAMLLogoutIsTheProvidersAlone(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		key := samltest.NewKey(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		evil := samltest.NewKey(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		host := s.samlTenant(key)
		ann := s.client("browser", host)
		statement, state := ann.asked("ann")
		ann.posts("corp/acs/finish", url.Values{"RelayState": {state}, "SAMLResponse": {key.Signed(t, statement.Response(), "Response")}})
		if ann.who() == "" {
			t.Fatal("nobody is signed in")
		}
		sls := "https://" + host + "/accounts/saml/corp/sls/"
		request := func(by samltest.Key, id string) string {
			return by.Redirected(t, samltest.LogoutRequest(samlEntity, sls, "ann", id, time.Now()), "back")
		}
		for name, query := range map[string]string{"by another": request(evil, "_1"), "tampered with": request(key, "_1") + "&x=y&RelayState=z", "nothing": "SAMLRequest="} {
			if r := ann.follow("/accounts/saml/corp/sls/?" + query); r.Status != http.StatusBadRequest || ann.who() == "" {
				t.Errorf("%s: %d", name, r.Status)
			}
		}
		r := ann.follow("/accounts/saml/corp/sls/?" + request(key, "_2"))
		if to := r.Header.Get("Location"); r.Status != http.StatusFound || !strings.HasPrefix(to, "https://idp.example/slo?SAMLResponse=") || ann.who() != "" {
			t.Errorf("%d, on to %s", r.Status, to)
		}
		if !strings.Contains(r.Header.Get("Location"), "RelayState=back") {
			t.Errorf("on to %s", r.Header.Get("Location"))
		}
	})
}
