package saml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"
	rtvalidator "github.com/mattermost/xml-roundtrip-validator"
	"github.com/russellhaering/gosaml2/types"
)

// byteOrder is a mark that some begin their documents with.
const byteOrder = "\ufeff"

// parse reads a document that is one element, with no more than so many tags, and that Go's parser would write as it read it. It reads the very
// bytes that the library is given afterwards: that inflates what it cannot read (RFC 1951), so that a message of which anything was left out
// here could be another one there.
func parse(doc []byte, tags int) (*etree.Element, error) {
	if len(doc) > MaxMessage || bytes.Count(doc, []byte("<")) > tags {
		return nil, errors.New("the message is too long")
	}
	if err := rtvalidator.Validate(bytes.NewReader(doc)); err != nil {
		return nil, errors.New("the message is no XML that every reader takes for the same")
	}
	parsed := etree.NewDocument()
	if err := parsed.ReadFromBytes(doc); err != nil || parsed.Root() == nil {
		return nil, errors.New("the message is no XML")
	}
	for _, token := range parsed.Child {
		switch token := token.(type) {
		case *etree.Directive: // a DOCTYPE, which SAML has none of
			return nil, errors.New("the message has a document type")
		case *etree.Element:
			if token != parsed.Root() {
				return nil, errors.New("the message is several")
			}
		case *etree.CharData:
			if strings.Trim(strings.TrimPrefix(token.Data, byteOrder), " \t\r\n") != "" {
				return nil, errors.New("the message is no XML")
			}
		}
	}
	return parsed.Root(), nil
}

// decode reads such a document into a value.
func decode(doc []byte, tags int, into any) error {
	if _, err := parse(doc, tags); err != nil {
		return err
	}
	return xml.Unmarshal(doc, into)
}

// shape is what a response looks like, before anything of it is believed.
type shape struct {
	signed    bool // the response has a signature
	status    []string
	message   string
	assertion string // its id
	encrypted bool
	vouched   bool // the assertion has a signature
}

// is reports whether an element is of that name.
func is(el *etree.Element, namespace, name string) bool {
	return el.Tag == name && el.NamespaceURI() == namespace
}

// attr is an attribute that is in no namespace, as those of SAML are; "": there is none.
func attr(el *etree.Element, name string) string {
	for _, a := range el.Attr {
		if a.Space == "" && a.Key == name {
			return a.Value
		}
	}
	return ""
}

// look judges what a response looks like, and puts what is encrypted in it in the place of how it came. Signatures can be wrapped in where they
// are good for one part of a document and another one is read, so there is one way alone that a response may look: one assertion, below the
// response; no id twice; signatures directly below what they are of, each of which is about that alone (saml-core, section 5.4).
func (sp *SP) look(root *etree.Element) (*shape, error) {
	if !is(root, nsProtocol, "Response") {
		return nil, errors.New("the message is no response")
	}
	s := &shape{}
	var assertions, encrypted []*etree.Element
	for _, el := range root.ChildElements() {
		switch {
		case is(el, nsAssertion, "Assertion"):
			assertions = append(assertions, el)
		case is(el, nsAssertion, "EncryptedAssertion"):
			encrypted = append(encrypted, el)
		case is(el, nsProtocol, "Status"):
			s.status, s.message = statusOf(el)
		}
	}
	if len(assertions)+len(encrypted) > 1 {
		return nil, errors.New("the response has several assertions")
	}
	for _, el := range encrypted {
		s.encrypted = true
		opened, err := sp.open(root)
		if err != nil {
			return nil, err
		}
		root.RemoveChild(el) // as the library does: what prefixes mean around it they mean in it, too
		root.AddChild(opened)
		if !is(opened, nsAssertion, "Assertion") {
			return nil, errors.New("what is encrypted is no assertion")
		}
		assertions = append(assertions, opened)
	}
	var err error
	if s.signed, err = signedOnce(root, append([]*etree.Element{root}, assertions...)...); err != nil {
		return nil, err
	}
	for _, el := range assertions {
		if err := oneMeaning(el); err != nil {
			return nil, err
		}
		s.assertion = attr(el, "ID")
		s.vouched = len(childrenOf(el, nsSignature, "Signature")) == 1
	}
	return s, nil
}

// once is what there may be one of in an element of an assertion: of several, the library has one that takes something of each.
var once = map[string][]string{
	"Assertion": {"Issuer", "Subject", "Conditions"}, "Subject": {"NameID", "SubjectConfirmation"}, "SubjectConfirmation": {"SubjectConfirmationData"},
}

// conditions are those that are known here. An assertion with others may be good for anything, and is not taken (saml-core, section 2.5.1.1).
var conditions = []string{"AudienceRestriction", "OneTimeUse", "ProxyRestriction"}

// oneMeaning judges whether an element of an assertion says one thing alone.
func oneMeaning(el *etree.Element) error {
	for _, name := range once[el.Tag] {
		if len(childrenOf(el, nsAssertion, name)) > 1 {
			return fmt.Errorf("the assertion has several of %s in its %s", name, el.Tag)
		}
	}
	for _, child := range el.ChildElements() {
		if is(el, nsAssertion, "Conditions") && !(slices.Contains(conditions, child.Tag) && child.NamespaceURI() == nsAssertion) {
			return fmt.Errorf("the assertion has a condition that is not known (%s)", child.Tag)
		}
		if err := oneMeaning(child); err != nil {
			return err
		}
	}
	return nil
}

// statusOf are the codes of a status, the outer one first, and what is said besides.
func statusOf(el *etree.Element) (codes []string, message string) {
	for _, m := range childrenOf(el, nsProtocol, "StatusMessage") {
		message = m.Text()
	}
	for in := childrenOf(el, nsProtocol, "StatusCode"); len(in) > 0 && len(codes) < 3; in = childrenOf(in[0], nsProtocol, "StatusCode") {
		codes = append(codes, attr(in[0], "Value"))
	}
	return codes, message
}

// childrenOf are the elements of a name directly below one.
func childrenOf(el *etree.Element, namespace, name string) (all []*etree.Element) {
	for _, child := range el.ChildElements() {
		if is(child, namespace, name) {
			all = append(all, child)
		}
	}
	return all
}

// signedOnce judges ids and signatures in a document. Those who may be signed are named. It reports whether the root is.
func signedOnce(root *etree.Element, may ...*etree.Element) (signed bool, err error) {
	ids := map[string]bool{}
	var walk func(el *etree.Element, prefixes int) error
	walk = func(el *etree.Element, prefixes int) error {
		names := map[string]bool{}
		for _, a := range el.Attr {
			if names[a.Key] { // encoding/xml takes the last one, whatever its prefix, and a prefix's declaration for one, too: that need not be signed
				return errors.New("an attribute is there twice")
			}
			names[a.Key] = true
			if a.Space == "xmlns" {
				prefixes++
			}
			if a.Key != "ID" && a.Key != "Id" && a.Key != "id" {
				continue
			}
			if a.Value == "" || ids[a.Value] {
				return errors.New("an id is there twice, or empty")
			}
			ids[a.Value] = true
		}
		if prefixes > maxPrefixes {
			return errors.New("the message has too many prefixes")
		}
		if is(el, nsAssertion, "Assertion") && !slices.Contains(may, el) {
			return errors.New("an assertion is where it does not belong")
		}
		if is(el, nsSignature, "Signature") {
			of := el.Parent()
			if !slices.Contains(may, of) || len(childrenOf(of, nsSignature, "Signature")) != 1 {
				return errors.New("a signature is where it does not belong")
			}
			signed = signed || of == root
			if err := aboutParent(el, of); err != nil {
				return err
			}
		}
		for _, child := range el.ChildElements() {
			if err := walk(child, prefixes); err != nil {
				return err
			}
		}
		return nil
	}
	err = walk(root, 0)
	return signed, err
}

// The algorithms of signatures (XML Signature 1.1, section 6; RFC 6931). Those with SHA-1 are not among them.
var (
	canonical = []string{
		"http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
	}
	enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	digests   = []string{
		"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512",
	}
	methods = []string{
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
	}
)

// aboutParent judges a signature, which has to be about its parent and nothing else.
func aboutParent(signature, parent *etree.Element) error {
	for _, el := range signature.ChildElements() {
		if !is(el, nsSignature, "SignedInfo") && !is(el, nsSignature, "SignatureValue") && !is(el, nsSignature, "KeyInfo") {
			return errors.New("a signature holds what it should not")
		}
	}
	infos := childrenOf(signature, nsSignature, "SignedInfo")
	if len(infos) != 1 {
		return errors.New("a signature is not as SAML has it")
	}
	references := childrenOf(infos[0], nsSignature, "Reference")
	id := attr(parent, "ID")
	if len(references) != 1 || id == "" || attr(references[0], "URI") != "#"+id {
		return errors.New("a signature is not of what it is in")
	}
	uses := func(el *etree.Element, name string, allowed ...string) error {
		found := childrenOf(el, nsSignature, name)
		if len(found) != 1 {
			return errors.New("a signature is not as SAML has it")
		}
		if a := attr(found[0], "Algorithm"); !slices.Contains(allowed, a) {
			return fmt.Errorf("a signature uses %q as its %s, which is not taken", a, name)
		}
		return nil
	}
	transforms := childrenOf(references[0], nsSignature, "Transforms")
	if len(transforms) != 1 {
		return errors.New("a signature is not as SAML has it")
	}
	seen := false
	for _, t := range transforms[0].ChildElements() {
		a := attr(t, "Algorithm")
		if a != enveloped && !slices.Contains(canonical, a) {
			return fmt.Errorf("a signature uses the transform %q, which is not taken", a)
		}
		seen = seen || a == enveloped
	}
	if !seen {
		return errors.New("a signature is not as SAML has it")
	}
	return errors.Join(
		uses(infos[0], "CanonicalizationMethod", canonical...),
		uses(infos[0], "SignatureMethod", methods...),
		uses(references[0], "DigestMethod", digests...),
	)
}

// open is the encrypted assertion of a response. Keys that are wrapped by RSA PKCS #1 v1.5 are not taken: whoever can ask often whether one
// was good can find out what is in it (Bleichenbacher). Nor is Triple DES.
func (sp *SP) open(root *etree.Element) (*etree.Element, error) {
	if sp.Key == nil {
		return nil, errors.New("the assertion is encrypted, and there is no key to open it with")
	}
	doc := etree.NewDocument()
	doc.SetRoot(root.Copy())
	text, err := doc.WriteToBytes()
	if err != nil {
		return nil, errors.New("the response cannot be read")
	}
	var response types.Response
	if err := xml.Unmarshal(text, &response); err != nil || len(response.EncryptedAssertions) != 1 {
		return nil, errors.New("the response cannot be read")
	}
	e := response.EncryptedAssertions[0]
	key := e.EncryptedKey
	if key.CipherValue == "" {
		key = e.DetEncryptedKey
	}
	if a := key.EncryptionMethod.Algorithm; a != types.MethodRSAOAEP && a != types.MethodRSAOAEP2 {
		return nil, fmt.Errorf("the assertion's key is encrypted by %q, which is not taken", a)
	}
	if a := e.EncryptionMethod.Algorithm; a == types.MethodTripleDESCBC {
		return nil, fmt.Errorf("the assertion is encrypted by %q, which is not taken", a)
	}
	own := sp.Key.tls()
	plain, err := e.DecryptBytes(&own)
	if err != nil {
		return nil, errors.New("the assertion is not encrypted for the key that there is, or not as it should be")
	}
	return parse(plain, maxTags)
}
