package saml

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/beevik/etree"
	saml2 "github.com/russellhaering/gosaml2"
	dsig "github.com/russellhaering/goxmldsig"
)

// Request is where somebody is sent with an AuthnRequest of an id (saml-core, section 3.4.1), by HTTP-Redirect (saml-bindings, section 3.4). The id
// is an XML name, and known to nobody else; what is relayed comes back beside the response.
func (sp *SP) Request(idp *IDP, id, relay string, now time.Time) (string, error) {
	doc, err := sp.gosaml(idp, nil, now).BuildAuthRequestDocumentNoSig()
	if err != nil {
		return "", fmt.Errorf("saml: make a request: %w", err)
	}
	doc.Root().CreateAttr("ID", id) // in the place of the library's own
	return sp.redirect(idp.SSO, "SAMLRequest", doc, relay, sp.SignRequests)
}

// redirect is an address with a message by HTTP-Redirect, signed where that is wanted (saml-bindings, section 3.4.4.1).
func (sp *SP) redirect(to, name string, doc *etree.Document, relay string, signed bool) (string, error) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = doc.WriteTo(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", fmt.Errorf("saml: pack a message: %w", err)
	}
	params := [][2]string{{name, base64.StdEncoding.EncodeToString(packed.Bytes())}}
	if relay != "" {
		params = append(params, [2]string{"RelayState", relay})
	}
	if signed {
		by, err := dsig.NewSigningContext(sp.Key.private, [][]byte{sp.Key.cert.Raw})
		if err != nil {
			return "", fmt.Errorf("saml: sign a message: %w", err)
		}
		params = append(params, [2]string{"SigAlg", by.GetSignatureMethodIdentifier()})
		octets, err := withQuery("", params...)
		if err != nil {
			return "", err
		}
		signature, err := by.SignString(octets[len("?"):])
		if err != nil {
			return "", fmt.Errorf("saml: sign a message: %w", err)
		}
		params = append(params, [2]string{"Signature", base64.StdEncoding.EncodeToString(signature)})
	}
	return withQuery(to, params...)
}

// gosaml is gosaml2's service provider. It trusts the signatures of the certificates that are given.
func (sp *SP) gosaml(idp *IDP, trusted dsig.X509CertificateStore, now time.Time) *saml2.SAMLServiceProvider {
	made := &saml2.SAMLServiceProvider{
		IdentityProviderSSOURL: idp.SSO, IdentityProviderSLOURL: idp.SLO, IdentityProviderIssuer: idp.EntityID,
		ServiceProviderIssuer: sp.EntityID, AssertionConsumerServiceURL: sp.ACS, ServiceProviderSLOURL: sp.SLS, AudienceURI: sp.EntityID,
		NameIdFormat: sp.NameIDFormat, IDPCertificateStore: trusted, Clock: dsig.NewFakeClockAt(now),
		MaximumDecompressedBodySize: MaxMessage, MaximumXMLTokens: 3*maxTags + 1,
	}
	if sp.Key != nil {
		made.SPKeyStore = dsig.TLSCertKeyStore(sp.Key.tls())
	}
	return made
}
