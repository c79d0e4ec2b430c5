package saml_test

import (
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/russellhaering/gosaml2/types"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/vestibule-auth/vestibule/internal/saml"
	"github.com/vestibule-auth/vestibule/internal/saml/samltest"
)

// Each of these is refused for what it looks like, before the library is asked whether anything of it is signed.
func TestShapesThatAreRefused(t *testing.T) {
	set := func(name, attribute, value string) func(*etree.Element) {
		return func(root *etree.Element) { find(t, root, name).CreateAttr(attribute, value) }
	}
	again := func(name string) func(*etree.Element) {
		return func(root *etree.Element) { el := find(t, root, name); el.Parent().AddChild(el.Copy()) }
	}
	drop := func(el *etree.Element) { el.Parent().RemoveChild(el) }
	const sound = "not as SAML has it"
	for name, c := range map[string]struct {
		change func(root *etree.Element)
		why    string
	}{
		"an id that is empty": {set("KeyInfo", "Id", ""), "an id is there"},
		"an id twice":         {set("KeyInfo", "id", "_a"), "an id is there"},
		"an attribute twice":  {set("SignatureMethod", "xmlns:Algorithm", "x"), "an attribute is there twice"},
		"a signature in extensions": {func(root *etree.Element) {
			root.CreateElement("samlp:Extensions").AddChild(root.SelectElement("Signature"))
		}, "where it does not belong"},
		"two signatures":          {again("Signature"), "where it does not belong"},
		"an object":               {func(root *etree.Element) { find(t, root, "Signature").CreateElement("ds:Object") }, "holds what it should not"},
		"what is signed twice":    {again("SignedInfo"), sound},
		"nothing that is signed":  {func(root *etree.Element) { drop(find(t, root, "SignedInfo")) }, sound},
		"two references":          {again("Reference"), "not of what it is in"},
		"of everything":           {set("Reference", "URI", ""), "not of what it is in"},
		"of something else":       {set("Reference", "URI", "#_other"), "not of what it is in"},
		"of what has no id":       {func(root *etree.Element) { root.RemoveAttr("ID"); find(t, root, "Reference").CreateAttr("URI", "#") }, "not of what it is in"},
		"another transform":       {set("Transform", "Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116"), "the transform"},
		"inclusive":               {set("Transform[2]", "Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), "the transform"},
		"not enveloped":           {func(root *etree.Element) { drop(find(t, root, "Transform")) }, sound},
		"transforms twice":        {again("Transforms"), sound},
		"no transforms":           {func(root *etree.Element) { drop(find(t, root, "Transforms")) }, sound},
		"another canonical form":  {set("CanonicalizationMethod", "Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), "CanonicalizationMethod"},
		"a signature by SHA-1":    {set("SignatureMethod", "Algorithm", dsig.RSASHA1SignatureMethod), "SignatureMethod"},
		"a signature by a secret": {set("SignatureMethod", "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), "SignatureMethod"},
		"a digest by SHA-1":       {set("DigestMethod", "Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1"), "DigestMethod"},
		"a method twice":          {again("DigestMethod"), sound},
		"several assertions":      {again("Assertion"), "several assertions"},
		"no assertion":            {func(root *etree.Element) { drop(find(t, root, "Assertion")) }, "has no assertion"},
		"an assertion elsewhere": {func(root *etree.Element) {
			root.CreateAttr("xmlns:x", assertion)
			root.CreateElement("samlp:Extensions").CreateElement("x:Assertion").CreateAttr("ID", "_b")
		}, "an assertion is where"},
		"no response": {func(root *etree.Element) { root.Tag = "ArtifactResponse" }, "no response"},
	} {
		doc := samltest.Read(t, said)
		theirs().Sign(t, doc.Root(), "Response")
		c.change(doc.Root())
		if got, err := sp().Read(idp(), samltest.Encode(t, doc), request, now); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, c := range map[string]struct {
		how    sealing
		change func(string) string
		why    string
	}{
		"Triple DES":     {sealing{method: types.MethodTripleDESCBC}, nil, "which is not taken"},
		"something else": {sealing{}, func(string) string { return `<x ID="_a"/>` }, "no assertion"},
	} {
		if got, err := withKey(t).Read(idp(), samltest.Encode(t, sealed(t, samltest.Read(t, said), c.how, c.change)), request, now); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// All of these are signed well, in ways that are not taken.
func TestWaysToSignThatAreNotTaken(t *testing.T) {
	for name, change := range map[string]func(*dsig.SigningContext){
		"the document":                 func(by *dsig.SigningContext) { by.IdAttribute = "none" },
		"an inclusive canonical form":  func(by *dsig.SigningContext) { by.Canonicalizer = dsig.MakeC14N11Canonicalizer() },
		"an older one, with comments":  func(by *dsig.SigningContext) { by.Canonicalizer = dsig.MakeC14N10WithCommentsCanonicalizer() },
		"an older one without its own": func(by *dsig.SigningContext) { by.Canonicalizer = dsig.MakeC14N10RecCanonicalizer() },
	} {
		doc := samltest.Read(t, said)
		theirs().Sign(t, doc.Root(), "Assertion", change)
		if got, err := sp().Read(idp(), samltest.Encode(t, doc), request, now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestClocksDiffer(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		expires  time.Time // zero: refused
	}{
		"ended just now":         {`59:00Z" NotOnOrAfter="2026-05-04T12:05:00Z"`, `59:00Z" NotOnOrAfter="2026-05-04T11:58:00Z"`, now.Add(time.Minute)},
		"ended":                  {`59:00Z" NotOnOrAfter="2026-05-04T12:05:00Z"`, `59:00Z" NotOnOrAfter="2026-05-04T11:57:00Z"`, time.Time{}},
		"ends later than that":   {`59:00Z" NotOnOrAfter="2026-05-04T12:05:00Z"`, `59:00Z" NotOnOrAfter="2026-05-04T12:30:00Z"`, now.Add(8 * time.Minute)},
		"ends at no time":        {`59:00Z" NotOnOrAfter="2026-05-04T12:05:00Z"`, `59:00Z"`, now.Add(8 * time.Minute)},
		"ends tomorrow":          {`59:00Z" NotOnOrAfter="2026-05-04T12:05:00Z"`, `59:00Z" NotOnOrAfter="tomorrow"`, time.Time{}},
		"begins soon":            {`NotBefore="2026-05-04T11:59:00Z"`, `NotBefore="2026-05-04T12:02:00Z"`, now.Add(8 * time.Minute)},
		"begins later":           {`NotBefore="2026-05-04T11:59:00Z"`, `NotBefore="2026-05-04T12:03:01Z"`, time.Time{}},
		"begins today":           {`NotBefore="2026-05-04T11:59:00Z"`, `NotBefore="today"`, time.Time{}},
		"begins at no time":      {`NotBefore="2026-05-04T11:59:00Z" `, ``, now.Add(8 * time.Minute)},
		"a login that just went": {`SessionIndex="_s"`, `SessionIndex="_s" SessionNotOnOrAfter="2026-05-04T11:58:00Z"`, now.Add(8 * time.Minute)},
		"a login that is over":   {`SessionIndex="_s"`, `SessionIndex="_s" SessionNotOnOrAfter="2026-05-04T11:57:00Z"`, time.Time{}},
	} {
		text := strings.Replace(said, c.from, c.to, 1)
		if text == said {
			t.Fatalf("%s: nothing was changed", name)
		}
		got, err := sp().Read(idp(), theirs().Signed(t, text, "Assertion"), request, now)
		if (err == nil) == c.expires.IsZero() || err == nil && !got.Expires.Equal(c.expires) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestWhatLacksSomethingIsRefused(t *testing.T) {
	cut := func(text, from, to string) string {
		before, rest, _ := strings.Cut(text, from)
		_, after, found := strings.Cut(rest, to)
		if !found {
			t.Fatalf("there is no %s", from)
		}
		return before + after
	}
	for name, text := range map[string]string{
		"no conditions":   cut(said, "<saml:Conditions", "</saml:Conditions>"),
		"no subject":      cut(said, "<saml:Subject>", "</saml:Subject>"),
		"no confirmation": cut(said, "<saml:SubjectConfirmation ", "</saml:SubjectConfirmation>"),
		"no data":         cut(said, "<saml:SubjectConfirmationData", "/>"),
		"no status":       cut(said, "<samlp:Status>", "</samlp:Status>"),
	} {
		for _, of := range []string{"Assertion", "Response"} {
			if got, err := sp().Read(idp(), theirs().Signed(t, text, of), request, now); err == nil {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
	text := strings.ReplaceAll(said, ` InResponseTo="`+request+`"`, "")
	if got, err := sp().Read(idp(), theirs().Signed(t, text, "Assertion"), "", now); err == nil {
		t.Errorf("of no request it is %+v", got)
	}
	if got, err := sp().Read(idp(), theirs().Signed(t, said, "Assertion")+strings.Repeat(" ", saml.MaxMessage), request, now); err == nil {
		t.Errorf("with much around it it is %+v", got)
	}
}

func TestNotEveryCertificateIsTried(t *testing.T) {
	many := idp()
	for range 10 {
		many.Certificates = append([]*x509.Certificate{attacker().Certificate}, many.Certificates...)
	}
	if got, err := sp().Read(many, theirs().Signed(t, said, "Assertion"), request, now); err == nil {
		t.Errorf("it is %+v", got)
	}
	if got, err := sp().ReadRedirectedLogout(many, theirs().Redirected(t, ended(), ""), now); err == nil {
		t.Errorf("put out is %+v", got)
	}
	many.Certificates = many.Certificates[1:]
	if _, err := sp().Read(many, theirs().Signed(t, said, "Assertion"), request, now); err != nil {
		t.Error(err)
	}
	if _, err := sp().ReadRedirectedLogout(many, theirs().Redirected(t, ended(), ""), now); err != nil {
		t.Error(err)
	}
	described := strings.Replace(described(), "<ds:X509Certificate>", strings.Repeat("<ds:X509Certificate>"+
		base64.StdEncoding.EncodeToString(attacker().Certificate.Raw)+"</ds:X509Certificate>", 10)+"<ds:X509Certificate>", 1)
	if got, err := saml.ReadMetadata([]byte(described), entity, now); err != nil || len(got.Certificates) != 10 {
		t.Errorf("of metadata it is %+v, %v", got, err)
	}
	late := `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2026-05-04T11:00:00Z">` + described + `</md:EntitiesDescriptor>`
	if got, err := saml.ReadMetadata([]byte(late), entity, now); err == nil {
		t.Errorf("of metadata that is out of date it is %+v", got)
	}
}

func TestMoreLogoutsThatAreRefused(t *testing.T) {
	past := idp()
	past.Certificates = []*x509.Certificate{samltest.Certify(theirs().Signer, now.Add(-time.Hour), now.Add(-time.Minute)).Certificate}
	for name, c := range map[string]struct {
		idp   *saml.IDP
		query string
	}{
		"a certificate that has expired": {past, theirs().Redirected(t, ended(), "")},
		"no id":                          {idp(), theirs().Redirected(t, ended(`ID="_l" `, ""), "")},
		"another version":                {idp(), theirs().Redirected(t, ended(`Version="2.0"`, `Version="1.1"`), "")},
		"no issuer":                      {idp(), theirs().Redirected(t, ended("<saml:Issuer>"+entity+"</saml:Issuer>", ""), "")},
		"something twice":                {idp(), "RelayState=a&" + theirs().Redirected(t, ended(), "b")},
		"much around it":                 {idp(), theirs().Redirected(t, ended()+strings.Repeat(" ", saml.MaxMessage), "")},
		"another message beside it":      {idp(), theirs().Redirected(t, ended()+ended(), "")},
	} {
		if got, err := sp().ReadRedirectedLogout(c.idp, c.query, now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	doc := samltest.Read(t, ended())
	theirs().Sign(t, doc.Root(), "LogoutRequest", func(by *dsig.SigningContext) { by.Canonicalizer = dsig.MakeC14N11Canonicalizer() })
	if got, err := sp().ReadPostedLogout(idp(), samltest.Encode(t, doc), "", now); err == nil {
		t.Errorf("signed in another way: %+v", got)
	}
}
