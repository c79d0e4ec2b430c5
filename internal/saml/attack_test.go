package saml_test

import (
	"cmp"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/russellhaering/gosaml2/types"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/vestibule-auth/vestibule/internal/saml"
	"github.com/vestibule-auth/vestibule/internal/saml/samltest"
)

// twofold is a text that begins with the opening of an element of the prefix aÞ, and ends in what is white space for Go, but not for XML. Read as it
// is, it is that element. A reader who cannot read the end may take it for a deflated message (RFC 1951), and reads the other one.
func twofold(t *testing.T, start, rest, other string) []byte {
	t.Helper()
	const first, second = 'a'<<8 | '<', '@'<<8 | ' ' // how long the blocks are, as the bytes of a text, with their complement after them
	if len(start) > first || len(other) > second || strings.Contains(other, "--") {
		t.Fatal("there is no room for it")
	}
	return []byte(" <aÞ" + start + strings.Repeat(" ", first-len(start)) + `*"><!--"  ` + " @\xdf\xbf" + other + strings.Repeat(" ", second-len(other)) +
		"-->" + rest + "\v")
}

// What is judged has to be what is read: the library inflates what it cannot read as it is.
func TestNoMessageIsTwo(t *testing.T) {
	other := samltest.Read(t, said)
	theirs().Sign(t, other.Root(), "Assertion", func(by *dsig.SigningContext) { by.Hash = crypto.SHA1 })
	read, err := other.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	judged := samltest.Read(t, said)
	attacker().Sign(t, judged.Root(), "Assertion")
	attacker().Sign(t, judged.Root(), "Response")
	text, err := judged.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "samlp:", "aÞ:"), "xmlns:samlp", "xmlns:aÞ")
	start, rest, _ := strings.Cut(strings.TrimPrefix(text, "<aÞ"), ">")
	demanding := sp()
	demanding.WantSignedMessage, demanding.WantSignedAssertion = true, true
	doc := twofold(t, start+` Consent="`, rest, read)
	if got, err := demanding.Read(idp(), base64.StdEncoding.EncodeToString(doc), request, now); err == nil {
		t.Errorf("it is %+v", got)
	}
}

func TestAMessageIsOneElement(t *testing.T) {
	good, err := base64.StdEncoding.DecodeString(theirs().Signed(t, said, "Assertion"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text  string
		taken bool
	}{
		"as it is":              {string(good), true},
		"with white space":      {"\r\n" + string(good) + " \n\t", true},
		"with a declaration":    {`<?xml version="1.0" encoding="UTF-8"?>` + string(good), true},
		"with a mark":           {"\ufeff" + string(good), true},
		"with two marks":        {"\ufeff\ufeff" + string(good), false},
		"with a word before":    {"x" + string(good), false},
		"with a word after":     {string(good) + "x", false},
		"with another one":      {string(good) + "<x/>", false},
		"after another one":     {"<x/>" + string(good), false},
		"with a space of words": {"\u00a0" + string(good), false},
	} {
		if _, err := sp().Read(idp(), base64.StdEncoding.EncodeToString([]byte(c.text)), request, now); (err == nil) != c.taken {
			t.Errorf("%s: %v", name, err)
		}
		text := strings.Replace(c.text, string(good), described(), 1)
		if _, err := saml.ReadMetadata([]byte(text), entity, now); (err == nil) != c.taken {
			t.Errorf("metadata, %s: %v", name, err)
		}
	}
}

// sealing is how an assertion is encrypted.
type sealing struct {
	method, keyMethod string // "": AES-256-GCM, and RSA-OAEP
	detached          bool   // the key is beside what it opens
}

// sealed is a response in which the first assertion is encrypted for the tenant. change changes the plaintext, and may be nil.
func sealed(t testing.TB, doc *etree.Document, how sealing, change func(string) string) *etree.Document {
	t.Helper()
	inner := find(t, doc.Root(), "Assertion")
	alone := etree.NewDocument()
	alone.SetRoot(inner.Copy())
	plain, err := alone.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		plain = change(plain)
	}
	key, nonce := make([]byte, 32), make([]byte, 12)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	public := own().Certificate.PublicKey.(*rsa.PublicKey)
	wrapped, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, public, key, nil)
	if strings.HasSuffix(how.keyMethod, "rsa-1_5") {
		wrapped, err = rsa.EncryptPKCS1v15(rand.Reader, public, key) //nolint:staticcheck // it has to be refused
	}
	if err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString
	opener := `<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="` + cmp.Or(how.keyMethod, types.MethodRSAOAEP) + `"/><xenc:CipherData><xenc:CipherValue>` +
		encoded(wrapped) + `</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>`
	within, beside := `<ds:KeyInfo>`+opener+`</ds:KeyInfo>`, ""
	if how.detached {
		within, beside = "", opener
	}
	outer := samltest.Read(t, `<saml:EncryptedAssertion xmlns:saml="`+assertion+`" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="`+dsig.Namespace+`">`+
		`<xenc:EncryptedData><xenc:EncryptionMethod Algorithm="`+cmp.Or(how.method, types.MethodAES256GCM)+`"/>`+within+`<xenc:CipherData><xenc:CipherValue>`+
		encoded(append(nonce, gcm.Seal(nil, nonce, []byte(plain), nil)...))+`</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`+beside+`</saml:EncryptedAssertion>`).Root()
	at := inner.Index()
	doc.Root().RemoveChildAt(at)
	doc.Root().InsertChildAt(at, outer)
	return doc
}

func TestEncryptedAssertions(t *testing.T) {
	signed := func(names ...string) *etree.Document {
		doc := samltest.Read(t, said)
		for _, name := range names {
			theirs().Sign(t, doc.Root(), name)
		}
		return doc
	}
	evil := func(plain string) string { return strings.Replace(plain, ">ada<", ">admin<", 1) }
	outer := sealed(t, signed(), sealing{}, nil)
	theirs().Sign(t, outer.Root(), "Response")
	several := sealed(t, signed("Assertion"), sealing{}, nil)
	several.Root().AddChild(find(t, several.Root(), "EncryptedAssertion").Copy())
	beside := sealed(t, signed("Assertion"), sealing{}, nil)
	beside.Root().AddChild(find(t, signed("Assertion").Root(), "Assertion").Copy())
	within := sealed(t, signed("Assertion"), sealing{}, nil)
	nested := find(t, within.Root(), "EncryptedAssertion")
	within.Root().RemoveChild(nested)
	within.Root().CreateElement("samlp:Extensions").AddChild(nested)
	for name, c := range map[string]struct {
		doc   *etree.Document
		taken bool
	}{
		"signed within":               {sealed(t, signed("Assertion"), sealing{}, nil), true},
		"the key beside":              {sealed(t, signed("Assertion"), sealing{detached: true}, nil), true},
		"signed outside":              {outer, true},
		"not signed":                  {sealed(t, signed(), sealing{}, nil), false},
		"tampered with":               {sealed(t, signed("Assertion"), sealing{}, evil), false},
		"RSA 1.5":                     {sealed(t, signed("Assertion"), sealing{keyMethod: types.MethodRSAv1_5}, nil), false},
		"RSA 1.5, the key beside":     {sealed(t, signed("Assertion"), sealing{keyMethod: types.MethodRSAv1_5, detached: true}, nil), false},
		"Triple DES":                  {sealed(t, signed("Assertion"), sealing{method: types.MethodTripleDESCBC}, nil), false},
		"another method than it says": {sealed(t, signed("Assertion"), sealing{method: types.MethodAES256CBC}, nil), false},
		"several":                     {several, false},
		"beside another":              {beside, false},
		"in extensions":               {within, false},
		"something else":              {sealed(t, signed("Assertion"), sealing{}, func(string) string { return `<x ID="_a"/>` }), false},
		"not encrypted":               {signed("Assertion"), false},
		"two": {sealed(t, signed("Assertion"), sealing{}, func(plain string) string {
			return plain + strings.Replace(evil(plain), `"_a"`, `"_b"`, 1)
		}), false},
		"one in another": {sealed(t, signed("Assertion"), sealing{}, func(plain string) string {
			return `<saml:Assertion xmlns:saml="` + assertion + `" ID="_b">` + plain + `</saml:Assertion>`
		}), false},
	} {
		demanding := withKey(t)
		demanding.WantEncrypted = true
		got, err := demanding.Read(idp(), samltest.Encode(t, c.doc), request, now)
		if (err == nil) != c.taken {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if strings.Contains(name, "RSA 1.5") && !strings.Contains(err.Error(), "which is not taken") { // before it is tried
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sp().Read(idp(), samltest.Encode(t, sealed(t, signed("Assertion"), sealing{}, nil)), request, now); err == nil {
		t.Error("opened without a key")
	}
}

// What is encrypted is put into the response, whose prefixes hold in it from then on.
func TestEncryptedAssertionsAreJudgedWhereTheyAre(t *testing.T) {
	weak := samltest.Read(t, said)
	theirs().Sign(t, weak.Root(), "Assertion", func(by *dsig.SigningContext) { by.Hash = crypto.SHA1 })
	weak.Root().CreateAttr("xmlns:ds", dsig.Namespace)
	twice := samltest.Read(t, strings.Replace(said, `"_a"`, `"_r"`, 1))
	theirs().Sign(t, twice.Root(), "Assertion")
	for name, doc := range map[string]*etree.Document{
		"a signature by SHA-1": sealed(t, weak, sealing{}, func(plain string) string { return strings.Replace(plain, ` xmlns:ds="`+dsig.Namespace+`"`, "", 1) }),
		"the response's id":    sealed(t, twice, sealing{}, nil),
	} {
		if got, err := withKey(t).Read(idp(), samltest.Encode(t, doc), request, now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Nobody signs what the signature of something else says of its key.
func TestSignaturesHoldNothingElse(t *testing.T) {
	for name, hide := range map[string]func(root, info *etree.Element){
		"a signature":    func(root, info *etree.Element) { info.AddChild(root.SelectElement("Signature")) },
		"an assertion":   func(root, info *etree.Element) { info.CreateElement("saml:Assertion").CreateAttr("ID", "_evil") },
		"an id for once": func(root, info *etree.Element) { info.CreateElement("ds:KeyName").CreateAttr("Id", "_a") },
	} {
		doc := samltest.Read(t, said)
		theirs().Sign(t, doc.Root(), "Assertion")
		theirs().Sign(t, doc.Root(), "Response")
		hide(doc.Root(), find(t, find(t, doc.Root(), "Assertion"), "KeyInfo"))
		if got, err := sp().Read(idp(), samltest.Encode(t, doc), request, now); err == nil || strings.Contains(err.Error(), "verified") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// The library keeps a list of all prefixes for each element: a few kilobytes would have it work for seconds.
func TestMessagesAreNotLongToRead(t *testing.T) {
	prefixes := func(el *etree.Element, n int) *etree.Element {
		for i := range n {
			el.CreateAttr(fmt.Sprintf("xmlns:p%d", i), "urn:x")
		}
		return el
	}
	for name, c := range map[string]struct {
		change func(request *etree.Element)
		why    string // "": it is taken
	}{
		"some prefixes":     {func(request *etree.Element) { prefixes(request, 80) }, ""},
		"too many prefixes": {func(request *etree.Element) { prefixes(request, 110) }, "prefixes"},
		"too many by and by": {func(request *etree.Element) {
			prefixes(prefixes(find(t, request, "KeyInfo"), 60).CreateElement("x"), 60)
		}, "prefixes"},
		"many, but not at once": {func(request *etree.Element) {
			prefixes(find(t, request, "KeyInfo").CreateElement("x"), 60)
			prefixes(find(t, request, "KeyInfo").CreateElement("x"), 60)
		}, ""},
		"some elements": {func(request *etree.Element) {
			for range 900 {
				find(t, request, "KeyInfo").CreateElement("x")
			}
		}, ""},
		"too many elements": {func(request *etree.Element) {
			for range 2000 {
				find(t, request, "KeyInfo").CreateElement("x")
			}
		}, "too long"},
	} {
		doc := samltest.Read(t, ended())
		theirs().Sign(t, doc.Root(), "LogoutRequest")
		c.change(doc.Root()) // as far as it is not signed
		_, err := sp().ReadPostedLogout(idp(), samltest.Encode(t, doc), "", now)
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", name, err)
		}
	}
	described := strings.Replace(described(), "<md:IDPSSODescriptor", strings.Repeat("<x></x>", 5000)+"<md:IDPSSODescriptor", 1)
	if _, err := saml.ReadMetadata([]byte(described), entity, now); err != nil {
		t.Errorf("of metadata it is %v", err)
	}
}

// Which namespaces a prefix stands for is not signed where nothing uses it (Exclusive XML Canonicalization 1.0, section 3), and some readers take the
// declaration of a prefix for an attribute of its name.
func TestPrefixesAreNoAttributes(t *testing.T) {
	decoy := func(el *etree.Element, name, value string, before bool) {
		a := etree.Attr{Space: "xmlns", Key: name, Value: value}
		if before {
			el.Attr = append([]etree.Attr{a}, el.Attr...)
		} else {
			el.Attr = append(el.Attr, a)
		}
	}
	for _, before := range []bool{true, false} {
		weak := samltest.Read(t, said)
		theirs().Sign(t, weak.Root(), "Assertion", func(by *dsig.SigningContext) { by.Hash = crypto.SHA1 })
		decoy(find(t, weak.Root(), "SignatureMethod"), "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", before)
		decoy(find(t, weak.Root(), "DigestMethod"), "Algorithm", "http://www.w3.org/2001/04/xmlenc#sha256", before)
		if got, err := sp().Read(idp(), samltest.Encode(t, weak), request, now); err == nil {
			t.Errorf("a signature by SHA-1, %t: %+v", before, got)
		}
		for name, c := range map[string]struct{ signed, value string }{
			"ID":           {ended(), "_again"},
			"IssueInstant": {ended("T11:59:30Z", "T11:40:00Z"), "2026-05-04T11:59:59Z"},
			"NotOnOrAfter": {ended("T12:03:00Z", "T11:59:59Z"), "2026-05-04T12:03:00Z"},
			"Destination":  {ended(sls, "https://other.example/sls"), sls},
			"Version":      {ended(`Version="2.0"`, `Version="1.1"`), "2.0"},
		} {
			doc := samltest.Read(t, c.signed)
			theirs().Sign(t, doc.Root(), "LogoutRequest")
			decoy(doc.Root(), name, c.value, before)
			if got, err := sp().ReadPostedLogout(idp(), samltest.Encode(t, doc), "", now); err == nil {
				t.Errorf("a logout with another %s, %t: %+v", name, before, got)
			}
		}
	}
	for name, change := range map[string][2]string{"over": {"T12:03:00Z", "T11:59:59Z"}, "of no time": {"2026-05-04T12:03:00Z", "tomorrow"}} {
		if got, err := sp().ReadPostedLogout(idp(), theirs().Signed(t, ended(change[0], change[1]), "LogoutRequest"), "", now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got, err := sp().ReadPostedLogout(idp(), theirs().Signed(t, ended(` NotOnOrAfter="2026-05-04T12:03:00Z"`, ""), "LogoutRequest"), "", now); err != nil {
		t.Errorf("without an end it is %+v, %v", got, err)
	}
}

// All of it is signed, and yet none of it says one thing.
func TestAmbiguousAssertionsAreRefused(t *testing.T) {
	const (
		confirmed = `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">`
		data      = `<saml:SubjectConfirmationData NotOnOrAfter="2026-05-04T12:05:00Z" `
	)
	for name, c := range map[string][]string{
		"what is for the holder of a key": {confirmed, strings.Replace(confirmed, "bearer", "holder-of-key", 1),
			"</saml:SubjectConfirmation>", "</saml:SubjectConfirmation>" + confirmed + "</saml:SubjectConfirmation>"},
		"data twice":     {data, `<saml:SubjectConfirmationData InResponseTo="_x"/>` + data},
		"two names":      {"<saml:NameID ", `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">bea</saml:NameID><saml:NameID `},
		"two subjects":   {"<saml:Subject>", "<saml:Subject><saml:NameID>bea</saml:NameID></saml:Subject><saml:Subject>"},
		"two conditions": {"</saml:Conditions>", `</saml:Conditions><saml:Conditions NotBefore="2026-05-04T11:59:00Z"/>`},
		"two issuers":    {"<saml:Subject>", "<saml:Issuer>" + entity + "</saml:Issuer><saml:Subject>"},
		"a condition that nobody knows": {"<saml:AudienceRestriction>",
			`<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="del:DelegationRestrictionType"/><saml:AudienceRestriction>`},
		"a condition of somebody's own": {"<saml:AudienceRestriction>", `<x:Only xmlns:x="urn:x"/><saml:AudienceRestriction>`},
	} {
		if got, err := sp().Read(idp(), theirs().Signed(t, strings.NewReplacer(c...).Replace(said), "Assertion"), request, now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	known := strings.Replace(said, "<saml:AudienceRestriction>", `<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/><saml:AudienceRestriction>`, 1)
	if _, err := sp().Read(idp(), theirs().Signed(t, known, "Assertion"), request, now); err != nil {
		t.Errorf("with the other conditions of SAML it is %v", err)
	}
	nameless := idp()
	nameless.EntityID = ""
	if got, err := sp().Read(nameless, theirs().Signed(t, said, "Assertion"), request, now); err == nil {
		t.Errorf("whoever says so, it is %+v", got)
	}
}
