package optest

import (
	"crypto/rsa"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml/samlidp"

	"github.com/vestibule-auth/vestibule/internal/saml/samltest"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// company is a SAML identity provider that somebody else wrote, where Ada and Bea work.
type company struct {
	*httptest.Server
	key samltest.Key
}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{key: samltest.NewKey(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))}
	var handler http.Handler
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(c.Close)
	at, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	s, err := samlidp.New(samlidp.Options{
		URL: *at, Key: c.key.Signer.(*rsa.PrivateKey), Certificate: c.key.Certificate, Store: &samlidp.MemoryStore{}, Logger: log.New(logs{t}, "", 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	handler = s
	for _, name := range []string{"ada", "bea", "cleo"} {
		c.put(t, "/users/"+name, `{"name":"`+name+`","password":"hunter2","email":"`+name+`@company.example","given_name":"`+name+`"}`)
	}
	return c
}

func (c *company) put(t *testing.T, path, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, c.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }() // there is nothing in it
	if a.StatusCode != http.StatusNoContent {
		t.Fatalf("%s: %d", path, a.StatusCode)
	}
}

// join has the tenant and the company know each other by their metadata.
func (c *company) join(t *testing.T, p *product, settings map[string]any) {
	t.Helper()
	all := map[string]any{
		"idp": map[string]any{"entity_id": c.URL + "/metadata", "metadata_url": c.URL + "/metadata"},
		"attribute_mapping": map[string]any{
			"uid": "urn:oid:0.9.2342.19200300.100.1.1", "email": []string{"urn:oid:0.9.2342.19200300.100.1.3"}, "first_name": "urn:oid:2.5.4.42",
		},
		"verified_email": true,
	}
	for name, value := range settings {
		all[name] = value
	}
	p.configure(map[string]any{"saml": map[string]any{"apps": []any{map[string]any{
		"provider_id": "company", "client_id": "corp", "name": "Company", "settings": all,
	}}}})
	b := p.browser()
	b.ask(http.MethodGet, p.url+"/accounts/saml/corp/metadata/", nil, false)
	if b.status != http.StatusOK {
		t.Fatalf("the metadata is %d %s", b.status, b.page)
	}
	c.put(t, "/services/acme", b.page)
}

func (b *browser) logIn(c *company, person string) {
	b.Helper()
	b.ask(http.MethodPost, c.URL+"/login", url.Values{"user": {person}, "password": {"hunter2"}}, false)
}

// prove logs somebody in at the company, and brings what it says.
func (c *company) prove(b *browser, person string) {
	b.Helper()
	if !strings.Contains(b.page, "SAMLResponse") { // where they are logged in, they are not asked; and the form would lose a signature
		request := b.at.String()
		b.logIn(c, person)
		b.follow(request)
	}
	b.submit(nil) // the company's page posts by itself
	if !strings.Contains(b.page, `action="/accounts/saml/corp/acs/finish/"`) {
		b.Fatalf("came to %s: %d %s", b.at, b.status, b.page)
	}
	b.submit(nil) // and so does ours, since no cookie came along
}

func TestSAMLThroughout(t *testing.T) {
	for name, settings := range map[string]map[string]any{"signed": nil, "encrypted": withKey()} {
		t.Run(name, func(t *testing.T) {
			testkit.Engines(t, func(t *testing.T, engine string) {
				p, c := boot(t, engine), newCompany(t)
				c.join(t, p, settings)
				throughout(t, p, "company", c.prove, func(person string) string { return person }, func(person string) string {
					return person + "@company.example"
				})
			})
		})
	}
}

// withKey has the tenant sign its requests, and the company encrypt what it says.
func withKey() map[string]any {
	key := samltest.NewKey(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	return map[string]any{"advanced": map[string]any{
		"private_key": key.PrivatePEM(), "x509cert": key.CertificatePEM(), "authn_request_signed": true, "want_assertion_encrypted": true,
	}}
}

func TestSAMLLogsPeopleOut(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		p, c := boot(t, engine), newCompany(t)
		c.join(t, p, withKey()) // answers have to be signed (saml-profiles, section 4.4.4.2)
		ada, other := p.browser(), p.browser()
		for _, b := range []*browser{ada, other} {
			b.leave("company", "login")
			c.prove(b, map[bool]string{true: "ada", false: "bea"}[b == ada])
			b.arrived("")
		}
		ada.follow(ada.ask(http.MethodGet, c.URL+"/logout", nil, false))
		if email, _ := ada.who(); email != "" {
			t.Errorf("%s is still signed in, having come to %s: %d %s", email, ada.at, ada.status, ada.page)
		}
		if u := ada.at.String(); !strings.HasPrefix(u, c.URL) || ada.status != http.StatusOK {
			t.Errorf("came to %s: %d %s", u, ada.status, ada.page)
		}
		if email, _ := other.who(); email != "bea@company.example" {
			t.Errorf("and so is %q put out", email)
		}
	})
}

func TestSAMLBegunAtTheProvider(t *testing.T) {
	p, c := boot(t, "sqlite"), newCompany(t)
	c.join(t, p, nil)
	begin := func(to string) *browser {
		c.put(t, "/shortcuts/acme", `{"service_provider":"`+p.url+`/accounts/saml/corp/metadata/","relay_state":"`+to+`"}`)
		b := p.browser()
		b.logIn(c, "cleo")
		b.follow(b.ask(http.MethodGet, c.URL+"/login/acme", nil, false))
		return b
	}
	// What nobody asked for is not taken (as Casdoor CVE-2026-9096).
	b := begin("/done")
	c.prove(b, "cleo")
	if b.at.Query().Get("error") != "unknown" {
		t.Errorf("came to %s", b.at)
	}
	if email, _ := b.who(); email != "" {
		t.Errorf("%s is signed in", email)
	}
	// Where people may begin there, they are sent back with a request; what they brought counts for nothing.
	c.join(t, p, map[string]any{"advanced": map[string]any{"reject_idp_initiated_sso": false}})
	for to, want := range map[string]string{"": "/", "done": "/", "/done": "/done", "//evil.example/done": "/", "https://evil.example/": "/", p.url + "/done?x=1": "/done?x=1"} {
		b = begin(to)
		c.prove(b, "cleo") // what the company says by itself
		c.prove(b, "cleo") // and what it says when it is asked
		if got := b.at.RequestURI(); got != want || b.at.Host != strings.TrimPrefix(p.url, "http://") {
			t.Errorf("of %q, came to %s", to, b.at)
		}
		if email, _ := b.who(); email != "cleo@company.example" {
			t.Errorf("of %q, it is %q", to, email)
		}
	}
}
