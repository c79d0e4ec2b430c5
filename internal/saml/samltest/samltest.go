// Package samltest is a SAML 2.0 identity provider for tests, with a key of its own.
//
// It vouches for whoever it is told to, and signs what it is told to: statements as a sound provider makes them (saml-core, section 2), those that
// a test has changed before or after, and requests to log somebody out. What it makes is for the eyes of package saml and of whoever uses that;
// a provider that somebody else wrote is in internal/provider/optest.
package samltest

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Key is a private key with its certificate.
type Key struct {
	Signer      crypto.Signer
	Certificate *x509.Certificate
}

// NewKey is a new RSA key, with a certificate that is good until then.
func NewKey(from, until time.Time) Key {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // there is no randomness
	}
	return Certify(key, from, until)
}

// Certify makes a certificate for a key.
func Certify(key crypto.Signer, from, until time.Time) Key {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err) // the template is fixed
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err) // it was just made
	}
	return Key{key, cert}
}

// CertificatePEM is the certificate in PEM.
func (k Key) CertificatePEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate.Raw}))
}

// PrivatePEM is the private key in PEM.
func (k Key) PrivatePEM() string {
	der, err := x509.MarshalPKCS8PrivateKey(k.Signer)
	if err != nil {
		panic(err) // it is one of Go's keys
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Sign signs the first element of a name, right after its issuer.
func (k Key) Sign(t testing.TB, root *etree.Element, name string, change ...func(*dsig.SigningContext)) {
	t.Helper()
	el := root
	if root.Tag != name {
		el = root.FindElement(".//" + name)
	}
	if el == nil {
		t.Fatalf("there is no %s to sign", name)
	}
	by, err := dsig.NewSigningContext(k.Signer, [][]byte{k.Certificate.Raw})
	if err != nil {
		t.Fatal(err)
	}
	by.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	for _, c := range change {
		c(by)
	}
	signature, err := by.ConstructSignature(el, true)
	if err != nil {
		t.Fatal(err)
	}
	el.InsertChildAt(1, signature)
}

// Read is a document.
func Read(t testing.TB, text string) *etree.Document {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return doc
}

// Encode is a document as forms have it.
func Encode(t testing.TB, doc *etree.Document) string {
	t.Helper()
	text, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString([]byte(text))
}

// Signed is a document as forms have it, of which the elements of these names are signed, the innermost first.
func (k Key) Signed(t testing.TB, text string, names ...string) string {
	t.Helper()
	doc := Read(t, text)
	for _, name := range names {
		k.Sign(t, doc.Root(), name)
	}
	return Encode(t, doc)
}

// Redirected is a message by HTTP-Redirect, as a query that is signed.
func (k Key) Redirected(t testing.TB, text, relay string) string {
	t.Helper()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	octets := "SAMLRequest=" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed.Bytes()))
	if relay != "" {
		octets += "&RelayState=" + url.QueryEscape(relay)
	}
	octets += "&SigAlg=" + url.QueryEscape(dsig.RSASHA256SignatureMethod)
	digest := sha256.Sum256([]byte(octets))
	signature, err := k.Signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return octets + "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
}

// Message is a message out of an address by HTTP-Redirect, by the name of its parameter.
func Message(t testing.TB, address, name string) (doc *etree.Document, query url.Values) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := base64.StdEncoding.DecodeString(u.Query().Get(name))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		t.Fatalf("%v in %s", err, address)
	}
	return Read(t, string(text)), u.Query()
}

// Statement is what a provider says of somebody.
type Statement struct {
	Issuer    string
	ACS       string // whom it is sent to
	Audience  string
	Request   string // what it is the answer to; "": to none
	NameID    string
	Format    string      // of NameID; "": unspecified
	Attribute [][2]string // names and values
	At        time.Time
}

// Response is the statement as a response that is not signed. The assertion is Assertion, and its id is new each time.
func (s Statement) Response() string {
	id, text := make([]byte, 16), new(strings.Builder)
	_, _ = rand.Read(id) // it never fails
	at := func(d time.Duration) string { return s.At.Add(d).UTC().Format(time.RFC3339) }
	answers := ""
	if s.Request != "" {
		answers = ` InResponseTo="` + escape(s.Request) + `"`
	}
	format := ""
	if s.Format != "" {
		format = ` Format="` + escape(s.Format) + `"`
	}
	fmt.Fprintf(text, `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r%x" Version="2.0" `+
		`IssueInstant="%s" Destination="%s"%s><saml:Issuer>%s</saml:Issuer>`, id, at(0), escape(s.ACS), answers, escape(s.Issuer))
	text.WriteString(`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>`)
	fmt.Fprintf(text, `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a%x" Version="2.0" IssueInstant="%s"><saml:Issuer>%s</saml:Issuer>`,
		id, at(0), escape(s.Issuer))
	fmt.Fprintf(text, `<saml:Subject><saml:NameID%s>%s</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">`+
		`<saml:SubjectConfirmationData NotOnOrAfter="%s" Recipient="%s"%s/></saml:SubjectConfirmation></saml:Subject>`,
		format, escape(s.NameID), at(5*time.Minute), escape(s.ACS), answers)
	fmt.Fprintf(text, `<saml:Conditions NotBefore="%s" NotOnOrAfter="%s"><saml:AudienceRestriction><saml:Audience>%s</saml:Audience>`+
		`</saml:AudienceRestriction></saml:Conditions>`, at(-time.Minute), at(5*time.Minute), escape(s.Audience))
	fmt.Fprintf(text, `<saml:AuthnStatement AuthnInstant="%s" SessionIndex="_s"><saml:AuthnContext><saml:AuthnContextClassRef>`+
		`urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`, at(0))
	if len(s.Attribute) > 0 {
		text.WriteString(`<saml:AttributeStatement>`)
		for _, a := range s.Attribute {
			fmt.Fprintf(text, `<saml:Attribute Name="%s"><saml:AttributeValue>%s</saml:AttributeValue></saml:Attribute>`, escape(a[0]), escape(a[1]))
		}
		text.WriteString(`</saml:AttributeStatement>`)
	}
	text.WriteString(`</saml:Assertion></samlp:Response>`)
	return text.String()
}

// LogoutRequest is a request to log somebody out that is not signed.
func LogoutRequest(issuer, sls, nameID, id string, at time.Time) string {
	return fmt.Sprintf(`<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%s" Version="2.0" `+
		`IssueInstant="%s" Destination="%s"><saml:Issuer>%s</saml:Issuer><saml:NameID>%s</saml:NameID><samlp:SessionIndex>_s</samlp:SessionIndex></samlp:LogoutRequest>`,
		escape(id), at.UTC().Format(time.RFC3339), escape(sls), escape(issuer), escape(nameID))
}

// Metadata is a provider's description of itself.
func (k Key) Metadata(entityID, sso, slo string) string {
	return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="` + escape(entityID) + `">` +
		`<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>` +
		base64.StdEncoding.EncodeToString(k.Certificate.Raw) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
		`<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + escape(slo) + `"/>` +
		`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + escape(sso) + `"/>` +
		`</md:IDPSSODescriptor></md:EntityDescriptor>`
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes everything
	return b.String()
}
