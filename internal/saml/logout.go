package saml

import (
	"bytes"
	"compress/flate"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	saml2 "github.com/russellhaering/gosaml2"
	"github.com/russellhaering/gosaml2/types"
	dsig "github.com/russellhaering/goxmldsig"
)

// Logout is a provider's word that somebody has logged out there (saml-core, section 3.7.1).
type Logout struct {
	ID     string // of the request
	NameID string // as Assertion.Subject
	Relay  string // to be sent back with the answer
}

// logoutRequest is what of it is read.
type logoutRequest struct {
	XMLName      xml.Name      `xml:"urn:oasis:names:tc:SAML:2.0:protocol LogoutRequest"`
	ID           string        `xml:"ID,attr"`
	Version      string        `xml:"Version,attr"`
	IssueInstant time.Time     `xml:"IssueInstant,attr"`
	NotOnOrAfter *time.Time    `xml:"NotOnOrAfter,attr"`
	Destination  string        `xml:"Destination,attr"`
	Issuer       *types.Issuer `xml:"Issuer"`
	NameID       *types.NameID `xml:"NameID"`
}

// algorithms are those of signatures by HTTP-Redirect (saml-bindings, section 3.4.4.1).
var algorithms = map[string]x509.SignatureAlgorithm{
	dsig.RSASHA256SignatureMethod: x509.SHA256WithRSA, dsig.RSASHA384SignatureMethod: x509.SHA384WithRSA,
	dsig.RSASHA512SignatureMethod: x509.SHA512WithRSA,
}

// ReadRedirectedLogout reads a LogoutRequest by HTTP-Redirect out of a query as it was sent: what is signed are its very bytes (saml-bindings,
// section 3.4.4.1). The error is the end of a sentence.
func (sp *SP) ReadRedirectedLogout(idp *IDP, query string, now time.Time) (*Logout, error) {
	raw := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if _, twice := raw[name]; twice {
			return nil, errors.New("something is said twice")
		}
		raw[name] = value
	}
	text := func(name string) string {
		s, _ := url.QueryUnescape(raw[name]) // what cannot be read is not what is needed either
		return s
	}
	octets := "SAMLRequest=" + raw["SAMLRequest"]
	if relay, ok := raw["RelayState"]; ok {
		octets += "&RelayState=" + relay
	}
	octets += "&SigAlg=" + raw["SigAlg"]
	algorithm, ok := algorithms[text("SigAlg")]
	if !ok {
		return nil, errors.New("the request is not signed, or in a way that is not taken")
	}
	signature, err := unpack(text("Signature"))
	if err != nil {
		return nil, err
	}
	trusted := false
	for _, cert := range idp.Certificates[:min(len(idp.Certificates), maxCerts)] {
		good := !now.Before(cert.NotBefore) && !now.After(cert.NotAfter)
		trusted = trusted || good && cert.CheckSignature(algorithm, []byte(octets), signature) == nil
	}
	if !trusted {
		return nil, errors.New("the request is not signed by the identity provider")
	}
	packed, err := unpack(text("SAMLRequest"))
	if err != nil {
		return nil, err
	}
	doc, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), MaxMessage+1))
	if err != nil {
		return nil, errors.New("the request is not packed as it should be")
	}
	var r logoutRequest
	if err := decode(doc, maxTags, &r); err != nil {
		return nil, errors.New("the message is no LogoutRequest")
	}
	return sp.logout(idp, &r, text("RelayState"), now)
}

// ReadPostedLogout reads a LogoutRequest by HTTP-POST, in base64 as a form has it. The error is the end of a sentence.
func (sp *SP) ReadPostedLogout(idp *IDP, encoded, relay string, now time.Time) (*Logout, error) {
	raw, err := unpack(encoded)
	if err != nil {
		return nil, err
	}
	root, err := parse(raw, maxTags)
	if err != nil {
		return nil, err
	}
	if signed, err := signedOnce(root, root); err != nil || !signed {
		return nil, errors.Join(errors.New("the request is not signed as it should be"), err)
	}
	request, err := byAny(idp, func(trusted dsig.X509CertificateStore) (*saml2.LogoutRequest, error) {
		return sp.gosaml(idp, trusted, now).ValidateEncodedLogoutRequestPOST(base64.StdEncoding.EncodeToString(raw))
	})
	if err != nil {
		return nil, err
	}
	// What is read is what was signed, and not what came.
	r := &logoutRequest{
		ID: request.ID, Version: request.Version, IssueInstant: request.IssueInstant, Destination: request.Destination, Issuer: request.Issuer,
		NameID: request.NameID,
	}
	if limit := attr(root, "NotOnOrAfter"); limit != "" { // which the library leaves out
		until, err := time.Parse(time.RFC3339, limit)
		if err != nil {
			return nil, errors.New("the request is not as SAML 2.0 has it")
		}
		r.NotOnOrAfter = &until
	}
	return sp.logout(idp, r, relay, now)
}

// logout judges a request whose signature is good.
func (sp *SP) logout(idp *IDP, r *logoutRequest, relay string, now time.Time) (*Logout, error) {
	switch {
	case r.ID == "", r.Version != "2.0", r.NameID == nil:
		return nil, errors.New("the request is not as SAML 2.0 has it")
	case r.Issuer == nil || r.Issuer.Value != idp.EntityID:
		return nil, errors.New("the request is another identity provider's (Issuer)")
	case r.Destination != sp.SLS: // a signed message has to say so (saml-bindings, section 3.4.5.2)
		return nil, errors.New("the request is sent to somebody else (Destination)")
	case now.Sub(r.IssueInstant) > MaxAge, r.IssueInstant.Sub(now) > Leeway, expired(r.NotOnOrAfter, now):
		return nil, errors.New("the request is too old, or is yet to be made")
	}
	return &Logout{ID: r.ID, NameID: idp.whole(r.NameID), Relay: relay}, nil
}

// AnswerLogout is where a browser is sent on to with the answer that it was done.
func (sp *SP) AnswerLogout(idp *IDP, l *Logout, now time.Time) (string, error) {
	doc, err := sp.gosaml(idp, nil, now).BuildLogoutResponseDocumentNoSig(statusSuccess, l.ID)
	if err != nil {
		return "", fmt.Errorf("saml: make an answer: %w", err)
	}
	return sp.redirect(idp.SLO, "SAMLResponse", doc, l.Relay, sp.Key != nil)
}
