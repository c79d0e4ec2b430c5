package saml_test

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/vestibule-auth/vestibule/internal/saml"
	"github.com/vestibule-auth/vestibule/internal/saml/samltest"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const (
	entity    = "https://idp.example/saml"
	request   = "_the-request"
	acs       = "https://id.acme.example/accounts/saml/corp/acs/"
	sls       = "https://id.acme.example/accounts/saml/corp/sls/"
	ours      = "https://id.acme.example/accounts/saml/corp/metadata/"
	protocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertion = "urn:oasis:names:tc:SAML:2.0:assertion"
)

// Keys take long to make.
var (
	theirs   = sync.OnceValue(func() samltest.Key { return fixed("theirs") })
	attacker = sync.OnceValue(func() samltest.Key { return fixed("attacker") })
	own      = sync.OnceValue(func() samltest.Key { return fixed("own") })
)

func idp() *saml.IDP {
	return &saml.IDP{
		EntityID: entity, SSO: "https://idp.example/sso?tenant=1", SLO: "https://idp.example/slo", Certificates: []*x509.Certificate{theirs().Certificate},
	}
}

func sp() *saml.SP { return &saml.SP{EntityID: ours, ACS: acs, SLS: sls} }

func withKey(t testing.TB) *saml.SP {
	t.Helper()
	key, err := saml.ParseKey(own().PrivatePEM(), own().CertificatePEM())
	if err != nil {
		t.Fatal(err)
	}
	made := sp()
	made.Key = key
	return made
}

// said is a response as a sound provider makes it, before it is signed.
const said = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r" Version="2.0" ` +
	`IssueInstant="2026-05-04T12:00:00Z" Destination="` + acs + `" InResponseTo="` + request + `"><saml:Issuer>` + entity + `</saml:Issuer>` +
	`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>` +
	`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a" Version="2.0" IssueInstant="2026-05-04T12:00:00Z"><saml:Issuer>` + entity + `</saml:Issuer>` +
	`<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">ada</saml:NameID>` +
	`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="2026-05-04T12:05:00Z" ` +
	`Recipient="` + acs + `" InResponseTo="` + request + `"/></saml:SubjectConfirmation></saml:Subject>` +
	`<saml:Conditions NotBefore="2026-05-04T11:59:00Z" NotOnOrAfter="2026-05-04T12:05:00Z"><saml:AudienceRestriction><saml:Audience>` + ours +
	`</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
	`<saml:AuthnStatement AuthnInstant="2026-05-04T11:58:00Z" SessionIndex="_s"><saml:AuthnContext><saml:AuthnContextClassRef>` +
	`urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
	`<saml:AttributeStatement><saml:Attribute Name="mail"><saml:AttributeValue>ada@example.org</saml:AttributeValue></saml:Attribute>` +
	`<saml:Attribute Name="groups"><saml:AttributeValue>staff</saml:AttributeValue><saml:AttributeValue>ops</saml:AttributeValue></saml:Attribute>` +
	`</saml:AttributeStatement></saml:Assertion></samlp:Response>`

func find(t testing.TB, root *etree.Element, name string) *etree.Element {
	t.Helper()
	if root.Tag == name {
		return root
	}
	el := root.FindElement(".//" + name)
	if el == nil {
		t.Fatalf("there is no %s", name)
	}
	return el
}

func TestWhatAProviderSaysIsRead(t *testing.T) {
	for _, names := range [][]string{{"Assertion"}, {"Response"}, {"Assertion", "Response"}} {
		got, err := sp().Read(idp(), theirs().Signed(t, said, names...), request, now)
		if err != nil {
			t.Errorf("%v signed: %v", names, err)
			continue
		}
		if got.ID != "_a" || got.NameID != "ada" || !strings.HasSuffix(got.NameIDFormat, "persistent") ||
			!slices.Equal(got.Attributes["mail"], []string{"ada@example.org"}) || !slices.Equal(got.Attributes["groups"], []string{"staff", "ops"}) ||
			!got.Expires.Equal(now.Add(5*time.Minute+saml.Leeway)) {
			t.Errorf("%v signed: %+v", names, got)
		}
	}
}

func TestAnyOfAProvidersCertificatesVouches(t *testing.T) {
	changing := idp()
	changing.Certificates = []*x509.Certificate{attacker().Certificate, theirs().Certificate}
	if _, err := sp().Read(changing, theirs().Signed(t, said, "Assertion"), request, now); err != nil {
		t.Error(err)
	}
	doc := samltest.Read(t, said)
	theirs().Sign(t, doc.Root(), "Assertion")
	info := find(t, doc.Root(), "KeyInfo") // many providers do not say which key it was
	info.Parent().RemoveChild(info)
	if _, err := sp().Read(changing, samltest.Encode(t, doc), request, now); err != nil {
		t.Error(err)
	}
}

// Everything here is signed by the provider, and yet is not for us, or not good.
func TestWhatIsNotForUsIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		why      string
	}{
		"another audience":        {"<saml:Audience>" + ours, "<saml:Audience>https://other.example/", "Audience"},
		"no audience":             {"<saml:AudienceRestriction><saml:Audience>" + ours + "</saml:Audience></saml:AudienceRestriction>", "", "Audience"},
		"a second audience":       {"</saml:AudienceRestriction>", "</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>", "Audience"},
		"another recipient":       {`Recipient="` + acs, `Recipient="https://other.example/acs`, "Recipient"},
		"another destination":     {`Destination="` + acs, `Destination="https://other.example/acs`, "Destination"},
		"another issuer":          {"Z\"><saml:Issuer>" + entity, "Z\"><saml:Issuer>https://evil.example", "Issuer"},
		"another response issuer": {request + "\"><saml:Issuer>" + entity, request + "\"><saml:Issuer>https://evil.example", "Issuer"},
		"another request":         {`InResponseTo="` + request + `"/>`, `InResponseTo="_other"/>`, "InResponseTo"},
		"another answer":          {`InResponseTo="` + request + `"><saml:Issuer>`, `InResponseTo="_other"><saml:Issuer>`, "InResponseTo"},
		"unsolicited":             {` InResponseTo="` + request + `"/>`, `/>`, "InResponseTo"},
		"expired":                 {`NotOnOrAfter="2026-05-04T12:05:00Z" Recipient`, `NotOnOrAfter="2026-05-04T11:50:00Z" Recipient`, "NotOnOrAfter"},
		"expired conditions":      {`11:59:00Z" NotOnOrAfter="2026-05-04T12:05:00Z"`, `11:59:00Z" NotOnOrAfter="2026-05-04T11:50:00Z"`, "NotOnOrAfter"},
		"not yet":                 {`NotBefore="2026-05-04T11:59:00Z"`, `NotBefore="2026-05-04T12:04:00Z"`, "NotBefore"},
		"over there":              {`SessionIndex="_s"`, `SessionIndex="_s" SessionNotOnOrAfter="2026-05-04T11:00:00Z"`, "SessionNotOnOrAfter"},
		"without an end":          {`NotOnOrAfter="2026-05-04T12:05:00Z" Recipient`, `Recipient`, "NotOnOrAfter"},
		"a holder of a key":       {"cm:bearer", "cm:holder-of-key", "SubjectConfirmation"},
		"of nobody's login":       {"AuthnStatement", "AuthzStatement", "logged in"},
		"version 1":               {`ID="_a" Version="2.0"`, `ID="_a" Version="1.1"`, "2.0"},
		"failed":                  {"status:Success", "status:AuthnFailed", "does not let anybody in"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.ReplaceAll(said, c.from, c.to)
			if text == said {
				t.Fatal("nothing was changed")
			}
			for _, names := range [][]string{{"Assertion"}, {"Assertion", "Response"}} {
				if name == "another answer" && len(names) == 1 {
					continue // what is not signed is not believed either way: the assertion says it, too
				}
				got, err := sp().Read(idp(), theirs().Signed(t, text, names...), request, now)
				if err == nil || !strings.Contains(err.Error(), c.why) {
					t.Errorf("%v signed: %+v, %v", names, got, err)
				}
			}
		})
	}
	if _, err := sp().Read(idp(), theirs().Signed(t, said, "Assertion"), "", now); err == nil {
		t.Error("taken for no request")
	}
}

func TestWhoDoesNotWantToIsTold(t *testing.T) {
	text := strings.Replace(said, `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`,
		`<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:RequestDenied"/></samlp:StatusCode>`, 1)
	if _, err := sp().Read(idp(), theirs().Signed(t, text, "Response"), request, now); !errors.Is(err, saml.ErrDenied) {
		t.Error(err)
	}
}

func TestWhatIsNotSignedByTheProviderIsRefused(t *testing.T) {
	refused := func(name, encoded string) {
		t.Helper()
		if got, err := sp().Read(idp(), encoded, request, now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	refused("unsigned", samltest.Encode(t, samltest.Read(t, said)))
	// As in crewjam/saml, and Casdoor CVE-2026-9090: the certificate that comes along is not the provider's.
	refused("by an attacker", attacker().Signed(t, said, "Assertion"))
	refused("by an attacker, all of it", attacker().Signed(t, said, "Assertion", "Response"))

	tampered := samltest.Read(t, said)
	theirs().Sign(t, tampered.Root(), "Assertion")
	find(t, tampered.Root(), "NameID").SetText("admin")
	refused("tampered with", samltest.Encode(t, tampered))

	outside := samltest.Read(t, said)
	theirs().Sign(t, outside.Root(), "Assertion")
	attacker().Sign(t, outside.Root(), "Response")
	refused("the response by an attacker", samltest.Encode(t, outside))

	empty := samltest.Read(t, said)
	theirs().Sign(t, empty.Root(), "Assertion")
	find(t, empty.Root(), "SignatureValue").SetText("")
	refused("an empty signature", samltest.Encode(t, empty))

	for name, change := range map[string]func(*etree.Element){
		"SHA-1 signature": func(root *etree.Element) {
			find(t, root, "SignatureMethod").CreateAttr("Algorithm", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")
		},
		"SHA-1 digest": func(root *etree.Element) {
			find(t, root, "DigestMethod").CreateAttr("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")
		},
		"HMAC": func(root *etree.Element) {
			find(t, root, "SignatureMethod").CreateAttr("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
		},
		"a transform by XSLT": func(root *etree.Element) {
			find(t, root, "Transform").CreateAttr("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
		},
		"no reference":    func(root *etree.Element) { find(t, root, "Reference").CreateAttr("URI", "") },
		"two references":  func(root *etree.Element) { r := find(t, root, "Reference"); r.Parent().AddChild(r.Copy()) },
		"an object in it": func(root *etree.Element) { find(t, root, "Signature").CreateElement("ds:Object") },
		"two signatures":  func(root *etree.Element) { s := find(t, root, "Signature"); s.Parent().AddChild(s.Copy()) },
	} {
		doc := samltest.Read(t, said)
		theirs().Sign(t, doc.Root(), "Assertion")
		change(doc.Root())
		refused(name, samltest.Encode(t, doc))
	}

	weak := samltest.Read(t, said)
	theirs().Sign(t, weak.Root(), "Assertion", func(by *dsig.SigningContext) { by.Hash = crypto.SHA1 })
	refused("really by SHA-1", samltest.Encode(t, weak))

	past := idp()
	old := samltest.Certify(theirs().Signer, now.Add(-time.Hour), now.Add(-time.Minute))
	past.Certificates = []*x509.Certificate{old.Certificate}
	if _, err := sp().Read(past, old.Signed(t, said, "Assertion"), request, now); err == nil {
		t.Error("a certificate that has expired vouches")
	}
	past.Certificates = nil
	if _, err := sp().Read(past, theirs().Signed(t, said, "Assertion"), request, now); err == nil {
		t.Error("nobody vouches, and it is taken")
	}
}

// Signatures are wrapped: one that is good stands in a document in which something else is read (Somorovsky et al., "On Breaking SAML", XSW 1 to 8;
// Casdoor CVE-2026-9098, crewjam CVE-2022-41912).
func TestWrappedSignaturesAreRefused(t *testing.T) {
	build := func(names ...string) (doc *etree.Document, evil, good *etree.Element) {
		doc = samltest.Read(t, said)
		for _, name := range names {
			theirs().Sign(t, doc.Root(), name)
		}
		good = find(t, doc.Root(), "Assertion")
		evil = good.Copy()
		find(t, evil, "NameID").SetText("admin")
		evil.CreateAttr("ID", "_evil")
		return doc, evil, good
	}
	unsigned := func(el *etree.Element) *etree.Element {
		if s := el.SelectElement("Signature"); s != nil {
			el.RemoveChild(s)
		}
		return el
	}
	wrapped := map[string]func() *etree.Document{
		"XSW1: the response in the signature of another": func() *etree.Document {
			doc, _, _ := build("Response")
			was := doc.Root().Copy()
			root := doc.Root()
			root.CreateAttr("ID", "_evil")
			find(t, root, "NameID").SetText("admin")
			unsigned(was)
			root.SelectElement("Signature").AddChild(was)
			return doc
		},
		"XSW2: the response beside the signature": func() *etree.Document {
			doc, _, _ := build("Response")
			was := unsigned(doc.Root().Copy())
			doc.Root().CreateAttr("ID", "_evil")
			find(t, doc.Root(), "NameID").SetText("admin")
			doc.Root().AddChild(was)
			return doc
		},
		"XSW3: an assertion before the signed one": func() *etree.Document {
			doc, evil, good := build("Assertion")
			doc.Root().InsertChildAt(good.Index(), unsigned(evil))
			return doc
		},
		"XSW4: the signed one in another": func() *etree.Document {
			doc, evil, good := build("Assertion")
			doc.Root().RemoveChild(good)
			unsigned(evil).AddChild(good)
			doc.Root().AddChild(evil)
			return doc
		},
		"XSW5: another with the signature, and the signed one at the end": func() *etree.Document {
			doc, evil, good := build("Assertion")
			doc.Root().RemoveChild(good)
			doc.Root().AddChild(evil)
			doc.Root().AddChild(unsigned(good))
			return doc
		},
		"XSW6: the signed one in the signature of another": func() *etree.Document {
			doc, evil, good := build("Assertion")
			doc.Root().RemoveChild(good)
			evil.SelectElement("Signature").AddChild(unsigned(good))
			doc.Root().AddChild(evil)
			return doc
		},
		"XSW7: another in extensions": func() *etree.Document {
			doc, evil, good := build("Assertion")
			extensions := doc.Root().CreateElement("samlp:Extensions")
			extensions.AddChild(unsigned(evil))
			doc.Root().RemoveChild(extensions)
			doc.Root().InsertChildAt(good.Index(), extensions)
			return doc
		},
		"XSW8: the signed one in an object of a signature": func() *etree.Document {
			doc, evil, good := build("Assertion")
			doc.Root().RemoveChild(good)
			evil.SelectElement("Signature").CreateElement("ds:Object").AddChild(unsigned(good))
			doc.Root().AddChild(evil)
			return doc
		},
		"the same id twice": func() *etree.Document {
			doc, evil, _ := build("Assertion")
			evil.CreateAttr("ID", "_a")
			doc.Root().AddChild(unsigned(evil))
			return doc
		},
		"an assertion in the advice of a signed one": func() *etree.Document {
			doc, evil, good := build()
			good.CreateElement("saml:Advice").AddChild(unsigned(evil))
			theirs().Sign(t, doc.Root(), "Assertion")
			return doc
		},
		"two that are signed": func() *etree.Document {
			doc, evil, _ := build()
			doc.Root().AddChild(evil)
			theirs().Sign(t, doc.Root(), "Assertion")
			theirs().Sign(t, doc.Root(), "Response")
			return doc
		},
		"a signed one outside of any response": func() *etree.Document {
			doc, _, good := build("Assertion")
			doc.SetRoot(good.Copy())
			return doc
		},
		"a response of another namespace": func() *etree.Document {
			doc, _, _ := build("Assertion")
			doc.Root().CreateAttr("xmlns:samlp", "urn:oasis:names:tc:SAML:1.0:protocol")
			return doc
		},
	}
	for name, wrap := range wrapped {
		if got, err := sp().Read(idp(), samltest.Encode(t, wrap()), request, now); err == nil {
			t.Errorf("%s: it is %+v", name, got)
		}
	}
}

// Comments are not signed, and some readers end a text at one: a name must not become another (CVE-2017-11427 and its kin).
func TestCommentsCutNoNames(t *testing.T) {
	text := strings.Replace(said, ">ada<", ">ada@example.org.evil.example<", 1)
	doc := samltest.Read(t, text)
	theirs().Sign(t, doc.Root(), "Assertion")
	name := find(t, doc.Root(), "NameID")
	name.SetText("ada@example.org")
	name.AddChild(etree.NewComment("x"))
	name.AddChild(etree.NewText(".evil.example"))
	got, err := sp().Read(idp(), samltest.Encode(t, doc), request, now)
	if err != nil || got.NameID != "ada@example.org.evil.example" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatIsNoResponseIsRefused(t *testing.T) {
	good := theirs().Signed(t, said, "Assertion")
	raw, err := base64.StdEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(bytes.Repeat([]byte(" "), 10<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, doc := range map[string][]byte{
		"nothing": nil, "no XML": []byte("{}"), "half": raw[:len(raw)/2], "packed": packed.Bytes(),
		"a document type": append([]byte(`<!DOCTYPE a [<!ENTITY x "y">]>`), raw...),
		"an entity":       bytes.ReplaceAll(raw, []byte(">ada<"), []byte(">&x;<")),
		"too long":        bytes.Repeat([]byte("<a>"), saml.MaxMessage/2),
		"too deep":        append(bytes.Repeat([]byte("<a>"), 40_000), bytes.Repeat([]byte("</a>"), 40_000)...),
		"another's":       []byte(strings.ReplaceAll(said, "Response", "LogoutResponse")),
	} {
		if got, err := sp().Read(idp(), base64.StdEncoding.EncodeToString(doc), request, now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, err := sp().Read(idp(), "%%%", request, now); err == nil {
		t.Error("no base64, and it is taken")
	}
	wrapped := strings.Join(slices.Collect(func(yield func(string) bool) {
		for i := 0; i < len(good); i += 76 {
			if !yield(good[i:min(i+76, len(good))]) {
				return
			}
		}
	}), "\r\n")
	if _, err := sp().Read(idp(), wrapped, request, now); err != nil {
		t.Errorf("with line breaks it is %v", err)
	}
}

func TestWhatHasToBeSigned(t *testing.T) {
	message, inner := sp(), sp()
	message.WantSignedMessage, inner.WantSignedAssertion = true, true
	for _, c := range []struct {
		sp    *saml.SP
		names []string
		taken bool
	}{
		{message, []string{"Assertion"}, false}, {message, []string{"Response"}, true}, {message, []string{"Assertion", "Response"}, true},
		{inner, []string{"Assertion"}, true}, {inner, []string{"Response"}, false}, {inner, []string{"Assertion", "Response"}, true},
	} {
		_, err := c.sp.Read(idp(), theirs().Signed(t, said, c.names...), request, now)
		if (err == nil) != c.taken {
			t.Errorf("%+v, %v signed: %v", c.sp, c.names, err)
		}
	}
	// Whoever signed a response that said nothing of where it goes may have sent it anywhere.
	anywhere := strings.Replace(said, ` Destination="`+acs+`"`, "", 1)
	if _, err := sp().Read(idp(), theirs().Signed(t, anywhere, "Response"), request, now); err == nil {
		t.Error("a signed response without a destination is taken")
	}
	if _, err := sp().Read(idp(), theirs().Signed(t, anywhere, "Assertion"), request, now); err != nil {
		t.Error(err)
	}
}

func TestUnsolicited(t *testing.T) {
	text := strings.ReplaceAll(said, ` InResponseTo="`+request+`"`, "")
	for encoded, want := range map[string]bool{
		samltest.Encode(t, samltest.Read(t, text)): true, samltest.Encode(t, samltest.Read(t, said)): false, "": false, "%": false,
		base64.StdEncoding.EncodeToString([]byte("<Response/>")): false,
	} {
		if got := saml.Unsolicited(encoded); got != want {
			t.Errorf("%.40s: %t", encoded, got)
		}
	}
}

func TestRequest(t *testing.T) {
	made := withKey(t)
	made.SignRequests, made.NameIDFormat = true, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	to, err := made.Request(idp(), request, "a state & more", now)
	if err != nil {
		t.Fatal(err)
	}
	doc, query := samltest.Message(t, to, "SAMLRequest")
	root := doc.Root()
	for name, want := range map[string]string{
		"ID": request, "Destination": idp().SSO, "AssertionConsumerServiceURL": acs, "Version": "2.0", "IssueInstant": "2026-05-04T12:00:00Z",
		"ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
	} {
		if got := root.SelectAttrValue(name, ""); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if find(t, root, "Issuer").Text() != ours || find(t, root, "NameIDPolicy").SelectAttrValue("Format", "") != made.NameIDFormat {
		t.Error(doc.WriteToString())
	}
	if !strings.HasPrefix(to, "https://idp.example/sso?tenant=1&SAMLRequest=") || query.Get("RelayState") != "a state & more" {
		t.Errorf("sent to %s", to)
	}
	octets, encoded, _ := strings.Cut(strings.TrimPrefix(to, "https://idp.example/sso?tenant=1&"), "&Signature=")
	signature, err := url.QueryUnescape(encoded)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(octets))
	public, ok := own().Signer.Public().(*rsa.PublicKey)
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], raw); !ok || err != nil {
		t.Errorf("the signature is %v", err)
	}
}

func TestMetadata(t *testing.T) {
	made := withKey(t)
	made.SignRequests, made.WantSignedAssertion = true, true
	doc, err := made.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	root := samltest.Read(t, string(doc)).Root()
	services := root.FindElements(".//SingleLogoutService")
	if root.SelectAttrValue("entityID", "") != ours || find(t, root, "AssertionConsumerService").SelectAttrValue("Location", "") != acs ||
		len(root.FindElements(".//KeyDescriptor")) != 2 || len(services) != 2 || services[0].SelectAttrValue("Location", "") != sls ||
		root.SelectAttr("validUntil") != nil {
		t.Error(string(doc))
	}
	bare := sp()
	bare.SLS = ""
	doc, err = bare.Metadata()
	if err != nil || bytes.Contains(doc, []byte("KeyDescriptor")) || bytes.Contains(doc, []byte("SingleLogoutService")) {
		t.Errorf("%s, %v", doc, err)
	}
}

func described() string {
	return theirs().Metadata(entity, "https://idp.example/sso", "https://idp.example/slo")
}

func TestReadMetadata(t *testing.T) {
	many := `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">` + described() +
		strings.Replace(described(), entity, "https://other.example", 1) + `</md:EntitiesDescriptor>`
	for _, doc := range []string{described(), many} {
		got, err := saml.ReadMetadata([]byte(doc), entity, now)
		if err != nil || got.EntityID != entity || got.SSO != "https://idp.example/sso" || got.SLO != "https://idp.example/slo" ||
			len(got.Certificates) != 1 || !got.Certificates[0].Equal(theirs().Certificate) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	for name, c := range map[string][2]string{
		"none":             {"", entity},
		"HTML":             {"<html></html>", entity},
		"another":          {described(), "https://other.example"},
		"several":          {many, ""},
		"out of date":      {strings.Replace(described(), " entityID=", ` validUntil="2026-05-04T11:00:00Z" entityID=`, 1), entity},
		"no redirect":      {strings.ReplaceAll(described(), "HTTP-Redirect", "HTTP-Artifact"), entity},
		"no certificate":   {strings.ReplaceAll(described(), `use="signing"`, `use="encryption"`), entity},
		"a document type":  {`<!DOCTYPE x [<!ENTITY a "b">]>` + described(), entity},
		"a provider of no": {strings.ReplaceAll(described(), "IDPSSODescriptor", "SPSSODescriptor"), entity},
	} {
		if got, err := saml.ReadMetadata([]byte(c[0]), c[1], now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestKeys(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak, key := samltest.Certify(short, now.Add(-time.Hour), now.Add(time.Hour)), own().PrivatePEM()
	for name, c := range map[string][2]string{
		"no key":       {"", own().CertificatePEM()},
		"no cert":      {key, ""},
		"another cert": {key, theirs().CertificatePEM()},
		"a cert":       {own().CertificatePEM(), own().CertificatePEM()},
		"weak":         {weak.PrivatePEM(), own().CertificatePEM()},
		"a weak cert":  {key, weak.CertificatePEM()},
	} {
		if _, err := saml.ParseKey(c[0], c[1]); err == nil || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: %v", name, err)
		}
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curved := samltest.Certify(curve, now.Add(-time.Hour), now.Add(time.Hour))
	if _, err := saml.ParseKey(curved.PrivatePEM(), curved.CertificatePEM()); err == nil {
		t.Error("a key is taken that nothing can be encrypted for")
	}
	for name, k := range map[string]samltest.Key{"weak": weak, "of a curve": curved} {
		if _, err := saml.ParseCertificate(k.CertificatePEM()); err == nil {
			t.Errorf("a provider's certificate is taken that is %s", name)
		}
	}
	if _, err := saml.ParseKey(key, base64.StdEncoding.EncodeToString(own().Certificate.Raw)); err != nil {
		t.Error(err)
	}
}

// ended is a request to log somebody out.
func ended(change ...string) string {
	text := `<samlp:LogoutRequest xmlns:samlp="` + protocol + `" xmlns:saml="` + assertion + `" ID="_l" Version="2.0" IssueInstant="2026-05-04T11:59:30Z" ` +
		`Destination="` + sls + `" NotOnOrAfter="2026-05-04T12:03:00Z"><saml:Issuer>` + entity + `</saml:Issuer><saml:NameID>ada</saml:NameID>` +
		`<samlp:SessionIndex>_s</samlp:SessionIndex></samlp:LogoutRequest>`
	return strings.NewReplacer(change...).Replace(text)
}

func TestLogout(t *testing.T) {
	made := withKey(t)
	got, err := made.ReadRedirectedLogout(idp(), theirs().Redirected(t, ended(), "back"), now)
	if err != nil || got.ID != "_l" || got.NameID != "ada" || got.Relay != "back" {
		t.Fatalf("%+v, %v", got, err)
	}
	posted, err := made.ReadPostedLogout(idp(), theirs().Signed(t, ended(), "LogoutRequest"), "back", now)
	if err != nil || *posted != *got {
		t.Errorf("%+v, %v", posted, err)
	}
	to, err := made.AnswerLogout(idp(), got, now)
	if err != nil {
		t.Fatal(err)
	}
	doc, query := samltest.Message(t, to, "SAMLResponse")
	if !strings.HasPrefix(to, "https://idp.example/slo?SAMLResponse=") || query.Get("RelayState") != "back" || query.Get("Signature") == "" ||
		doc.Root().SelectAttrValue("InResponseTo", "") != "_l" || doc.Root().SelectAttrValue("Destination", "") != "https://idp.example/slo" {
		t.Errorf("sent to %s", to)
	}
}

func TestLogoutsThatAreNotTheProvidersAreRefused(t *testing.T) {
	for name, query := range map[string]string{
		"nothing":         "",
		"by an attacker":  attacker().Redirected(t, ended(), ""),
		"unsigned":        strings.Split(theirs().Redirected(t, ended(), ""), "&SigAlg")[0],
		"another relay":   strings.Replace(theirs().Redirected(t, ended(), "a"), "RelayState=a", "RelayState=b", 1),
		"said twice":      theirs().Redirected(t, ended(), "a") + "&RelayState=b",
		"no algorithm":    strings.Replace(theirs().Redirected(t, ended(), ""), "rsa-sha256", "rsa-sha1", 1),
		"of another":      theirs().Redirected(t, ended("<saml:Issuer>"+entity, "<saml:Issuer>https://evil.example"), ""),
		"to another":      theirs().Redirected(t, ended(sls, "https://other.example/sls"), ""),
		"to nobody":       theirs().Redirected(t, ended(`Destination="`+sls+`"`, ""), ""),
		"too old":         theirs().Redirected(t, ended("T11:59:30Z", "T11:50:00Z"), ""),
		"of the future":   theirs().Redirected(t, ended("T11:59:30Z", "T13:00:00Z"), ""),
		"over":            theirs().Redirected(t, ended("T12:03:00Z", "T11:59:59Z"), ""),
		"of nobody":       theirs().Redirected(t, ended("<saml:NameID>ada</saml:NameID>", ""), ""),
		"another message": theirs().Redirected(t, ended("LogoutRequest", "AuthnRequest"), ""),
	} {
		if got, err := sp().ReadRedirectedLogout(idp(), query, now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	nested := samltest.Read(t, `<samlp:LogoutRequest xmlns:samlp="`+protocol+`" ID="_evil" Version="2.0"></samlp:LogoutRequest>`)
	inner := samltest.Read(t, ended())
	theirs().Sign(t, inner.Root(), "LogoutRequest")
	nested.Root().AddChild(inner.Root())
	for name, encoded := range map[string]string{
		"unsigned":       samltest.Encode(t, samltest.Read(t, ended())),
		"by an attacker": attacker().Signed(t, ended(), "LogoutRequest"),
		"to nobody":      theirs().Signed(t, ended(`Destination="`+sls+`"`, ""), "LogoutRequest"),
		"wrapped":        samltest.Encode(t, nested),
		"a response":     theirs().Signed(t, said, "Response"),
	} {
		if got, err := sp().ReadPostedLogout(idp(), encoded, "", now); err == nil {
			t.Errorf("posted, %s: %+v", name, got)
		}
	}
}

func ExampleSP_Metadata() {
	doc, err := sp().Metadata()
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.Contains(string(doc), `entityID="`+ours+`"`))
	// Output: true
}
