package saml

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/russellhaering/gosaml2/types"
	dsigtypes "github.com/russellhaering/goxmldsig/types"
)

// described is an entity's description of itself (saml-metadata, section 2.3.2). A document may hold many (section 2.3.1).
type described struct {
	XMLName    xml.Name
	EntityID   string                  `xml:"entityID,attr"`
	ValidUntil *time.Time              `xml:"validUntil,attr"`
	Entities   []described             `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
	IDP        *types.IDPSSODescriptor `xml:"urn:oasis:names:tc:SAML:2.0:metadata IDPSSODescriptor"`
}

// ReadMetadata reads an identity provider out of metadata. entityID is which one is meant; "" does where there is one alone. Whether the document is
// the provider's is for whoever fetched it to know: signatures of metadata are not looked at. Errors are ends of sentences about it, and may
// repeat words of it.
func ReadMetadata(doc []byte, entityID string, now time.Time) (*IDP, error) {
	var d described
	if err := decode(doc, maxDescribed, &d); err != nil {
		return nil, errors.New("it is no SAML metadata")
	}
	all := append([]described{d}, d.Entities...)
	var found *described
	for i := range all {
		one := &all[i]
		if one.XMLName.Local != "EntityDescriptor" || one.IDP == nil || entityID != "" && one.EntityID != entityID {
			continue
		}
		if found != nil {
			return nil, errors.New("it is of several identity providers, and has to be told which is meant")
		}
		found = one
	}
	switch {
	case found == nil && entityID != "":
		return nil, fmt.Errorf("it is not of the identity provider %q", entityID)
	case found == nil:
		return nil, errors.New("it is of no identity provider")
	case expired(found.ValidUntil, now), expired(d.ValidUntil, now):
		return nil, errors.New("it is out of date (validUntil)")
	}
	idp := &IDP{EntityID: found.EntityID}
	for _, s := range found.IDP.SingleSignOnServices {
		if s.Binding == bindingRedirect && idp.SSO == "" {
			idp.SSO = s.Location
		}
	}
	for _, s := range found.IDP.SingleLogoutServices {
		if s.Binding == bindingRedirect && idp.SLO == "" {
			idp.SLO = s.Location
		}
	}
	for _, k := range found.IDP.KeyDescriptors {
		if k.Use != "" && k.Use != "signing" {
			continue
		}
		for _, c := range k.KeyInfo.X509Data.X509Certificates {
			if cert, err := ParseCertificate(c.Data); err == nil && len(idp.Certificates) < maxCerts {
				idp.Certificates = append(idp.Certificates, cert)
			}
		}
	}
	switch {
	case idp.SSO == "":
		return nil, errors.New("it names no single sign-on service for HTTP-Redirect")
	case len(idp.Certificates) == 0:
		return nil, errors.New("it has no certificate that signatures can be checked with")
	}
	return idp, nil
}

func expired(until *time.Time, now time.Time) bool { return until != nil && !now.Before(*until) }

// description is what a service provider says of itself. Unlike gosaml2's it does not end: those who are handed it keep it for years.
type description struct {
	XMLName  xml.Name              `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
	EntityID string                `xml:"entityID,attr"`
	SP       types.SPSSODescriptor `xml:"SPSSODescriptor"`
}

// Metadata describes the service provider to identity providers (saml-metadata, section 2.4.4).
func (sp *SP) Metadata() ([]byte, error) {
	d := description{EntityID: sp.EntityID, SP: types.SPSSODescriptor{
		AuthnRequestsSigned: sp.SignRequests, WantAssertionsSigned: sp.WantSignedAssertion, ProtocolSupportEnumeration: nsProtocol,
		AssertionConsumerServices: []types.IndexedEndpoint{{Binding: bindingPost, Location: sp.ACS, Index: 1}},
	}}
	if sp.Key != nil {
		encryption := keyFor("encryption", sp.Key)
		for _, algorithm := range []string{types.MethodAES256GCM, types.MethodAES128GCM, types.MethodAES256CBC, types.MethodAES128CBC} {
			encryption.EncryptionMethods = append(encryption.EncryptionMethods, types.EncryptionMethod{Algorithm: algorithm})
		}
		d.SP.KeyDescriptors = []types.KeyDescriptor{keyFor("signing", sp.Key), encryption}
	}
	if sp.SLS != "" {
		d.SP.SingleLogoutServices = []types.Endpoint{{Binding: bindingRedirect, Location: sp.SLS}, {Binding: bindingPost, Location: sp.SLS}}
	}
	if sp.NameIDFormat != "" {
		d.SP.NameIDFormats = []string{sp.NameIDFormat}
	}
	out, err := xml.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("saml: write metadata: %w", err)
	}
	return append([]byte(xml.Header), append(out, '\n')...), nil
}

func keyFor(use string, k *Key) types.KeyDescriptor {
	return types.KeyDescriptor{Use: use, KeyInfo: dsigtypes.KeyInfo{X509Data: dsigtypes.X509Data{
		X509Certificates: []dsigtypes.X509Certificate{{Data: base64.StdEncoding.EncodeToString(k.cert.Raw)}},
	}}}
}

// withQuery adds parameters to an address that may have some, in their order.
func withQuery(address string, pairs ...[2]string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("saml: %q is no address", address)
	}
	for _, p := range pairs {
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += p[0] + "=" + url.QueryEscape(p[1])
	}
	return u.String(), nil
}
