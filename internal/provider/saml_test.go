package provider_test

import (
	"crypto/tls"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/saml/samltest"
	"github.com/vestibule-auth/vestibule/tenants"
)

const (
	samlIDP = "https://idp.example/saml"
	samlACS = "https://id.acme.example/accounts/saml/corp/acs/"
	samlSLS = "https://id.acme.example/accounts/saml/corp/sls/"
	samlSP  = "https://id.acme.example/accounts/saml/corp/metadata/"
)

var samlKey = sync.OnceValue(func() samltest.Key {
	return samltest.NewKey(start.Add(-time.Hour), start.Add(24*time.Hour))
})

// corp is an app at the identity provider of a company.
func corp() tenants.App {
	return tenants.App{Provider: "saml", ID: "saml", ProviderApp: tenants.ProviderApp{ClientID: "corp", Settings: tenants.ProviderAppSettings{
		IDP: tenants.SAMLIDP{
			EntityID: samlIDP, SSOURL: "https://idp.example/sso", SLOURL: "https://idp.example/slo", X509Cert: samlKey().CertificatePEM(),
		},
	}}}
}

// statement is what it says of somebody who was sent there with the first attempt.
func statement(change func(*samltest.Statement)) samltest.Statement {
	s := samltest.Statement{
		Issuer: samlIDP, ACS: samlACS, Audience: samlSP, Request: "_nonce-1", NameID: "ada-1815", At: start,
		Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
	}
	if change != nil {
		change(&s)
	}
	return s
}

func came(t *testing.T, s samltest.Statement) url.Values {
	t.Helper()
	return url.Values{"state": {"state-1"}, "SAMLResponse": {samlKey().Signed(t, s.Response(), "Assertion")}}
}

func samlApps() *provider.Apps {
	return provider.New(provider.Options{Client: provider.Client(outbound.Dialer{}, nil), Clock: clock.At(start)})
}

func TestSAML(t *testing.T) {
	apps := samlApps()
	to, err := apps.Begin(t.Context(), acme(), corp(), attempt("1"))
	if err != nil {
		t.Fatal(err)
	}
	doc, query := samltest.Message(t, to, "SAMLRequest")
	if id := doc.Root().SelectAttrValue("ID", ""); !strings.HasPrefix(to, "https://idp.example/sso?") || id != "_nonce-1" || query.Get("RelayState") != "state-1" ||
		strings.Contains(id, "state-1") {
		t.Errorf("sent to %s with %s", to, id)
	}
	who, err := apps.Complete(t.Context(), acme(), corp(), attempt("1"), came(t, statement(func(s *samltest.Statement) {
		s.Attribute = [][2]string{
			{"urn:oid:0.9.2342.19200300.100.1.3", "ada@example.org"}, {"http://schemas.auth0.com/email_verified", "True"}, {"urn:oid:2.5.4.42", "Ada"},
			{"urn:oid:2.5.4.4", "Lovelace"}, {"http://schemas.auth0.com/nickname", "ada"},
		}
	})))
	if err != nil || who.UID != "ada-1815" || len(who.Emails) != 1 || who.Emails[0] != (provider.Email{Address: "ada@example.org", Verified: true, Primary: true}) ||
		who.GivenName != "Ada" || who.FamilyName != "Lovelace" || who.Username != "ada" || who.Display == "" || who.Once == nil || who.Tokens != nil {
		t.Errorf("it is %+v, %v", who, err)
	}
	again, err := apps.Complete(t.Context(), acme(), corp(), attempt("1"), came(t, statement(nil)))
	if err != nil || again.Once.ID == who.Once.ID {
		t.Errorf("two assertions are one: %+v, %v", again, err)
	}
	for name, params := range map[string]url.Values{
		"nothing":           {},
		"another attempt's": came(t, statement(func(s *samltest.Statement) { s.Request = "_nonce-2" })),
		"to no request":     came(t, statement(func(s *samltest.Statement) { s.Request = "" })),
		"another tenant's": came(t, statement(func(s *samltest.Statement) {
			s.Audience = strings.Replace(samlSP, "acme", "other", 1)
		})),
		"another's address": came(t, statement(func(s *samltest.Statement) { s.ACS = strings.Replace(samlACS, "corp", "other", 1) })),
		"another provider":  came(t, statement(func(s *samltest.Statement) { s.Issuer = "https://other.example" })),
	} {
		if who, err := apps.Complete(t.Context(), acme(), corp(), attempt("1"), params); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: it is %+v, %v", name, who, err)
		}
	}
	if _, err := apps.Verify(t.Context(), acme(), corp(), provider.Token{ID: "x"}); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of a token it is %v", err)
	}
	if about, ok := apps.About(corp()); !ok || about.Name != "corp" || about.Token || !about.Redirect {
		t.Errorf("told is %+v", about)
	}
}

// An address or a name becomes somebody else's when its owner leaves, and what is called nothing may be either: it is no id unless the app says so.
func TestSAMLKnowsPeopleByWhatStays(t *testing.T) {
	const (
		address   = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
		transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
		subject   = "urn:oasis:names:tc:SAML:attribute:subject-id"
	)
	for name, c := range map[string]struct {
		format  string
		mapping map[string]tenants.OneOrSome
		said    [][2]string
		uid     string // "": refused
		email   string
	}{
		"as it comes":                {format: ""},
		"as it comes, meant":         {format: "", mapping: map[string]tenants.OneOrSome{"uid": {"NameID"}}, uid: "a@example.org"},
		"unspecified":                {format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"},
		"persistent":                 {format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", uid: "a@example.org"},
		"an address":                 {format: address},
		"an address, meant":          {format: address, mapping: map[string]tenants.OneOrSome{"uid": {"NameID"}}, uid: "a@example.org", email: "a@example.org"},
		"an address, and an id":      {format: address, said: [][2]string{{subject, "1@x"}}, uid: "1@x", email: "a@example.org"},
		"transient":                  {format: transient},
		"transient, meant":           {format: transient, mapping: map[string]tenants.OneOrSome{"uid": {"NameID"}}},
		"a name of Windows":          {format: "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName"},
		"an attribute":               {format: transient, mapping: map[string]tenants.OneOrSome{"uid": {"gone", "objectid"}}, said: [][2]string{{"objectid", "7"}}, uid: "7"},
		"an attribute called NameID": {format: transient, mapping: map[string]tenants.OneOrSome{"uid": {"NameID"}}, said: [][2]string{{"NameID", "admin"}}},
		"a name of Kerberos":         {format: "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos"},
		"an attribute that is empty": {format: transient, mapping: map[string]tenants.OneOrSome{"uid": {"objectid"}}, said: [][2]string{{"objectid", ""}}},
	} {
		a := corp()
		a.Settings.AttributeMapping = c.mapping
		who, err := samlApps().Complete(t.Context(), acme(), a, attempt("1"), came(t, statement(func(s *samltest.Statement) {
			s.NameID, s.Format, s.Attribute = "a@example.org", c.format, c.said
		})))
		switch {
		case c.uid == "":
			if !errors.Is(err, provider.ErrRefused) || !strings.Contains(err.Error(), "attribute_mapping.uid") {
				t.Errorf("%s: %+v, %v", name, who, err)
			}
		case err != nil || who.UID != c.uid || (len(who.Emails) > 0) != (c.email != ""):
			t.Errorf("%s: %+v, %v", name, who, err)
		case c.email != "" && (who.Emails[0].Address != c.email || who.Emails[0].Verified): // nobody said that it was
			t.Errorf("%s: %+v", name, who.Emails)
		}
	}
}

// Whoever may choose a name must not come in as somebody of whom it is the same but for what is not seen.
func TestSAMLTellsPeopleApart(t *testing.T) {
	const subject = "urn:oasis:names:tc:SAML:attribute:subject-id"
	complete := func(change func(*samltest.Statement), edit ...string) string {
		t.Helper()
		said := strings.NewReplacer(edit...).Replace(statement(change).Response())
		who, err := samlApps().Complete(t.Context(), acme(), corp(), attempt("1"), url.Values{"SAMLResponse": {samlKey().Signed(t, said, "Assertion")}})
		if err != nil {
			return ""
		}
		return who.UID
	}
	for _, odd := range []string{"ada-1815 ", " ada-1815", "ada-1815\u00a0", "\u2003ada-1815", "ada-1815\n", "ada\u200b-1815", "ada-1815\u0085"} {
		if uid := complete(func(s *samltest.Statement) { s.NameID = odd }); uid != "" {
			t.Errorf("of the NameID %q it is %q", odd, uid)
		}
		if uid := complete(func(s *samltest.Statement) { s.Attribute = [][2]string{{subject, odd}} }); uid != "" {
			t.Errorf("of the attribute %q it is %q", odd, uid)
		}
	}
	// A provider that speaks for others says whose name it is (saml-core, section 8.3.7).
	for qualifier, want := range map[string]string{
		"": "ada-1815", samlIDP: "ada-1815", "https://one.example": "https://one.example!ada-1815", "https://two.example": "https://two.example!ada-1815",
	} {
		if uid := complete(nil, "<saml:NameID ", `<saml:NameID NameQualifier="`+qualifier+`" `); uid != want {
			t.Errorf("of %q it is %q", qualifier, uid)
		}
		nested := `<saml:NameID NameQualifier="` + qualifier + `">ada-1815</saml:NameID>`
		if uid := complete(func(s *samltest.Statement) { s.NameID, s.Attribute = "x", [][2]string{{subject, "here"}} }, ">here<", ">"+nested+"<"); uid != want {
			t.Errorf("of %q in an attribute it is %q", qualifier, uid)
		}
		request := strings.Replace(samltest.LogoutRequest(samlIDP, samlSLS, "ada-1815", "_1", start), "<saml:NameID>", `<saml:NameID NameQualifier="`+qualifier+`">`, 1)
		out, err := samlApps().Logout(t.Context(), acme(), corp(), provider.LogoutRequest{Query: samlKey().Redirected(t, request, "")})
		if err != nil || out.NameID != want {
			t.Errorf("of %q, put out is %+v, %v", qualifier, out, err)
		}
	}
	// An address is one with nothing before it.
	said := strings.Replace(statement(func(s *samltest.Statement) {
		s.NameID, s.Format, s.Attribute = " ada@example.org ", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", [][2]string{{subject, "1@x"}}
	}).Response(), "<saml:NameID ", `<saml:NameID NameQualifier="https://one.example" `, 1)
	who, err := samlApps().Complete(t.Context(), acme(), corp(), attempt("1"), url.Values{"SAMLResponse": {samlKey().Signed(t, said, "Assertion")}})
	if err != nil || len(who.Emails) != 1 || who.Emails[0].Address != "ada@example.org" {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestSAMLMetadata(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/there":
			_, _ = w.Write([]byte(samlKey().Metadata(samlIDP, "https://idp.example/sso", "https://idp.example/slo")))
		case "/on":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/long":
			_, _ = w.Write([]byte(strings.Repeat("<a>", 1<<20)))
		case "/plain":
			_, _ = w.Write([]byte(samlKey().Metadata(samlIDP, "http://idp.example/sso", "")))
		}
	}))
	t.Cleanup(s.Close)
	roots := &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"}
	apps := provider.New(provider.Options{Client: provider.Client(outbound.Dialer{AllowPrivate: true}, roots), Clock: clock.At(start)})
	a := corp()
	a.Settings.IDP = tenants.SAMLIDP{EntityID: samlIDP, MetadataURL: s.URL + "/there"}
	for range 3 {
		if _, err := apps.Begin(t.Context(), acme(), a, attempt("1")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := apps.Complete(t.Context(), acme(), a, attempt("1"), came(t, statement(nil))); err != nil || asked.Load() != 1 {
		t.Errorf("asked %d times, %v", asked.Load(), err)
	}
	for name, path := range map[string]string{"a redirect": "/on", "too long": "/long", "nothing": "/gone", "people sent in the clear": "/plain"} {
		a.Settings.IDP.MetadataURL = s.URL + path
		if to, err := apps.Begin(t.Context(), acme(), a, attempt("1")); err == nil || errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: sent to %q, %v", name, to, err)
		}
	}
	a.Settings.IDP = tenants.SAMLIDP{EntityID: "https://other.example", MetadataURL: s.URL + "/there"}
	if to, err := apps.Begin(t.Context(), acme(), a, attempt("1")); err == nil {
		t.Errorf("another provider's metadata does: %q", to)
	}
	// As in Zitadel CVE-2026-27945: metadata is asked for at no address within one's own network.
	a.Settings.IDP = tenants.SAMLIDP{EntityID: samlIDP, MetadataURL: s.URL + "/there"}
	before := asked.Load()
	guarded := provider.New(provider.Options{Client: provider.Client(outbound.Dialer{}, roots), Clock: clock.At(start)})
	if to, err := guarded.Begin(t.Context(), acme(), a, attempt("1")); err == nil || asked.Load() != before {
		t.Errorf("sent to %q, %v", to, err)
	}
}

func TestSAMLDescribesTheTenant(t *testing.T) {
	a := corp()
	describe := func() (doc, entity string, services int) {
		t.Helper()
		raw, err := samlApps().Metadata(acme(), a)
		var said struct {
			EntityID string     `xml:"entityID,attr"`
			Services []struct{} `xml:"SPSSODescriptor>SingleLogoutService"`
		}
		if err != nil || xml.Unmarshal(raw, &said) != nil {
			t.Fatalf("%s, %v", raw, err)
		}
		return string(raw), said.EntityID, len(said.Services)
	}
	if doc, entity, services := describe(); entity != samlSP || services != 0 || !strings.Contains(doc, samlACS) || strings.Contains(doc, "KeyDescriptor") {
		t.Error(doc)
	}
	key := samltest.NewKey(start, start.Add(time.Hour))
	a.Settings.Advanced = tenants.SAMLAdvanced{PrivateKey: tenants.NewSecret(key.PrivatePEM()), X509Cert: key.CertificatePEM(), AuthnRequestSigned: true}
	if doc, _, services := describe(); services != 2 || !strings.Contains(doc, samlSLS) || !strings.Contains(doc, "KeyDescriptor") || strings.Contains(doc, "PRIVATE") {
		t.Error(doc)
	}
	to, err := samlApps().Begin(t.Context(), acme(), a, attempt("1"))
	if err != nil || !strings.Contains(to, "&Signature=") {
		t.Errorf("sent to %s, %v", to, err)
	}
	a.Settings.IDP.SLOURL, a.Settings.SP.EntityID = "", "urn:acme"
	if doc, entity, services := describe(); entity != "urn:acme" || services != 0 {
		t.Error(doc)
	}
}

func TestSAMLUninvited(t *testing.T) {
	apps, a, yes, no := samlApps(), corp(), true, false
	unsolicited := came(t, statement(func(s *samltest.Statement) { s.Request = "" }))
	for _, c := range []struct {
		rejects *bool
		params  url.Values
		want    bool
	}{{nil, unsolicited, false}, {&yes, unsolicited, false}, {&no, unsolicited, true}, {&no, came(t, statement(nil)), false}, {&no, url.Values{}, false}} {
		a.Settings.Advanced.RejectIDPInitiatedSSO = c.rejects
		if got := apps.Uninvited(a, c.params); got != c.want {
			t.Errorf("%v: %t", c.rejects, got)
		}
	}
	if apps.Uninvited(tenants.App{Provider: "google"}, unsolicited) {
		t.Error("of another protocol it is, too")
	}
}

func TestSAMLLogout(t *testing.T) {
	asked := func(sls, id string) provider.LogoutRequest {
		return provider.LogoutRequest{Query: samlKey().Redirected(t, samltest.LogoutRequest(samlIDP, sls, "ada-1815", id, start), "r")}
	}
	out, err := samlApps().Logout(t.Context(), acme(), corp(), asked(samlSLS, "_1"))
	if err != nil || out.NameID != "ada-1815" || !strings.HasPrefix(out.Location, "https://idp.example/slo?SAMLResponse=") || out.Once.ID == "" {
		t.Fatalf("%+v, %v", out, err)
	}
	if _, err := samlApps().Logout(t.Context(), acme(), corp(), asked("https://other.example/sls/", "_1")); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of another's it is %v", err)
	}
	a := corp()
	a.Settings.IDP.SLOURL = ""
	if _, err := samlApps().Logout(t.Context(), acme(), a, asked(samlSLS, "_1")); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("without an address for the answer it is %v", err)
	}
	form := url.Values{"SAMLRequest": {samlKey().Signed(t, samltest.LogoutRequest(samlIDP, samlSLS, "ada-1815", "_2", start), "LogoutRequest")}}
	if out, err := samlApps().Logout(t.Context(), acme(), corp(), provider.LogoutRequest{Form: form}); err != nil || out.NameID != "ada-1815" {
		t.Errorf("posted, it is %+v, %v", out, err)
	}
}

func TestSAMLIsTriedOut(t *testing.T) {
	long := samltest.NewKey(start.Add(-time.Hour), start.Add(365*24*time.Hour))
	described := long.Metadata(samlIDP, "https://idp.example/sso", "")
	i := newInternet(t, map[string]string{"GET https://idp.example/metadata": described})
	tester := &provider.Tester{Client: i.client(), Clock: clock.At(start)}
	levels := func(a tenants.App) string {
		var all []string
		for _, s := range tester.Test(t.Context(), acme(), a) {
			all = append(all, s.Step+" "+string(s.Level))
		}
		return strings.Join(all, ", ")
	}
	a, own := corp(), samltest.NewKey(start, start.Add(time.Hour))
	a.Settings.IDP.X509Cert = long.CertificatePEM()
	for _, c := range []struct {
		name   string
		change func(*tenants.App)
		want   string
	}{
		{"as it is set", func(*tenants.App) {}, "discovery ok, issuer unknown, keys ok, credentials unknown"},
		{"a certificate that runs out", func(a *tenants.App) { a.Settings.IDP.X509Cert = samlKey().CertificatePEM() }, "discovery ok, issuer unknown, keys warning, credentials unknown"},
		{"one that has", func(a *tenants.App) {
			a.Settings.IDP.X509Cert = samltest.NewKey(start.Add(-2*time.Hour), start.Add(-time.Hour)).CertificatePEM()
		}, "discovery ok, issuer unknown, keys problem, credentials unknown"},
		{"as it describes itself", func(a *tenants.App) { a.Settings.IDP.MetadataURL = "https://idp.example/metadata" }, "discovery ok, issuer ok, keys ok, credentials unknown"},
		{"another", func(a *tenants.App) {
			a.Settings.IDP.MetadataURL, a.Settings.IDP.EntityID = "https://idp.example/metadata", "urn:other"
		}, "discovery problem, issuer unknown, keys unknown, credentials unknown"},
		{"nothing there", func(a *tenants.App) { a.Settings.IDP.MetadataURL = "https://idp.example/gone" }, "discovery problem, issuer unknown, keys unknown, credentials unknown"},
		{"a key of its own", func(a *tenants.App) {
			a.Settings.Advanced = tenants.SAMLAdvanced{PrivateKey: tenants.NewSecret(own.PrivatePEM()), X509Cert: own.CertificatePEM()}
		}, "discovery ok, issuer unknown, keys ok, credentials ok"},
		{"another's key", func(a *tenants.App) {
			a.Settings.Advanced = tenants.SAMLAdvanced{PrivateKey: tenants.NewSecret(own.PrivatePEM()), X509Cert: long.CertificatePEM()}
		}, "discovery ok, issuer unknown, keys ok, credentials problem"},
	} {
		of := a
		c.change(&of)
		if got := levels(of); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
