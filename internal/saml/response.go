package saml

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/russellhaering/gosaml2/types"
	dsig "github.com/russellhaering/goxmldsig"
)

// Read is what an identity provider says in a response (saml-core, section 3.3.3), in base64 as a form has it, to a request of that id. ErrDenied
// is its word that nobody logs in. Any other error is the end of a sentence about a response that is not taken, and may repeat words of it.
func (sp *SP) Read(idp *IDP, encoded, requestID string, now time.Time) (*Assertion, error) {
	raw, err := unpack(encoded)
	if err != nil {
		return nil, err
	}
	root, err := parse(raw, maxTags)
	if err != nil {
		return nil, err
	}
	s, err := sp.look(root)
	switch {
	case err != nil:
		return nil, err
	case idp.EntityID == "": // which the library takes for anybody
		return nil, errors.New("nothing says which identity provider it has to be of")
	case slices.Contains(s.status, statusDenied):
		return nil, ErrDenied
	case len(s.status) == 0 || s.status[0] != statusSuccess:
		return nil, fmt.Errorf("the identity provider does not let anybody in: %s %s", strings.Join(s.status, " "), s.message)
	case s.assertion == "":
		return nil, errors.New("the response has no assertion")
	case sp.WantSignedMessage && !s.signed:
		return nil, errors.New("the response is not signed (want_message_signed)")
	case sp.WantSignedAssertion && !s.vouched:
		return nil, errors.New("the assertion is not signed (want_assertion_signed)")
	case sp.WantEncrypted && !s.encrypted:
		return nil, errors.New("the assertion is not encrypted (want_assertion_encrypted)")
	}
	response, err := sp.verified(idp, raw, now)
	if err != nil {
		return nil, err
	}
	if len(response.Assertions) != 1 || response.Assertions[0].ID != s.assertion {
		return nil, errors.New("what is signed is not what is there")
	}
	a := &response.Assertions[0]
	switch {
	case response.SignatureValidated && response.Destination == "": // saml-bindings, section 3.5.5.2
		return nil, errors.New("the response does not say where it is sent to (Destination)")
	case response.InResponseTo != requestID && response.InResponseTo != "":
		return nil, errors.New("the response is the answer to another request (InResponseTo)")
	}
	expires, err := sp.judge(a, requestID, now)
	if err != nil {
		return nil, err
	}
	said := &Assertion{ID: a.ID, Attributes: map[string][]string{}, Expires: expires.Add(Leeway)}
	if n := a.Subject.NameID; n != nil {
		said.NameID, said.NameIDFormat, said.Subject = n.Value, n.Format, idp.whole(n)
	}
	if a.AttributeStatement != nil {
		for _, x := range a.AttributeStatement.Attributes {
			for _, v := range x.Values {
				text := v.Value
				if v.NameID != nil && v.NameID.Value != "" { // as eduPersonTargetedID has it
					text = idp.whole(v.NameID)
				}
				said.Attributes[x.Name] = append(said.Attributes[x.Name], text)
			}
		}
	}
	return said, nil
}

// whole is a NameID with whose it is, where that is not the provider: of those that it speaks for, two may call two people the same (saml-core,
// section 8.3.7). It is written as eduPersonTargetedID is.
func (idp *IDP) whole(n *types.NameID) string {
	if n.NameQualifier == "" || n.NameQualifier == idp.EntityID {
		return n.Value
	}
	return n.NameQualifier + "!" + n.Value
}

// Unsolicited reports whether a response is the answer to no request, as it says itself. Nothing of it is checked.
func Unsolicited(encoded string) bool {
	raw, err := unpack(encoded)
	if err != nil {
		return false
	}
	root, err := parse(raw, maxTags)
	return err == nil && is(root, nsProtocol, "Response") && attr(root, "InResponseTo") == ""
}

// unpack reads base64, with line breaks where some providers write them.
func unpack(encoded string) ([]byte, error) {
	if len(encoded) > MaxMessage {
		return nil, errors.New("the message is too long")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return nil, errors.New("the message is not in base64")
	}
	return raw, nil
}

// verified is a response of which the signatures are good. A provider that changes its key has two certificates for a while, and need not say
// which one it signed with: each is tried.
func (sp *SP) verified(idp *IDP, raw []byte, now time.Time) (*types.Response, error) {
	encoded := base64.StdEncoding.EncodeToString(raw)
	return byAny(idp, func(trusted dsig.X509CertificateStore) (*types.Response, error) {
		return sp.gosaml(idp, trusted, now).ValidateEncodedResponse(encoded)
	})
}

// byAny is what one of a provider's certificates vouches for.
func byAny[T any](idp *IDP, by func(dsig.X509CertificateStore) (T, error)) (T, error) {
	var (
		none T
		all  error
	)
	for _, cert := range idp.Certificates[:min(len(idp.Certificates), maxCerts)] {
		found, err := by(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
		if err == nil {
			return found, nil
		}
		all = errors.Join(all, err)
	}
	if all == nil {
		all = errors.New("there is no certificate to check signatures with")
	}
	return none, errors.New(strings.ReplaceAll(all.Error(), "\n", "; "))
}

// judge judges a signed assertion (saml-profiles, section 4.1.4.3; saml-core, section 2.5), and tells when it ends.
func (sp *SP) judge(a *types.Assertion, requestID string, now time.Time) (ends time.Time, err error) {
	if a.Version != "2.0" || a.Subject == nil || a.Conditions == nil {
		return ends, errors.New("the assertion is not as SAML 2.0 has it")
	}
	confirmed := a.Subject.SubjectConfirmation // gosaml2 has looked at Method, Recipient and NotOnOrAfter
	if confirmed == nil || confirmed.Method != methodBearer || confirmed.SubjectConfirmationData == nil {
		return ends, errors.New("the assertion is not for whoever bears it")
	}
	if got := confirmed.SubjectConfirmationData.InResponseTo; requestID == "" || got != requestID {
		return ends, errors.New("the assertion is the answer to another request, or to none (InResponseTo)")
	}
	if a.AuthnStatement == nil {
		return ends, errors.New("the assertion does not say that anybody has logged in")
	}
	limits := []string{confirmed.SubjectConfirmationData.NotOnOrAfter, a.Conditions.NotOnOrAfter}
	for _, limit := range limits {
		if limit == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, limit)
		if err != nil || !now.Before(t.Add(Leeway)) {
			return ends, errors.New("the assertion has expired (NotOnOrAfter)")
		}
		if ends.IsZero() || t.Before(ends) {
			ends = t
		}
	}
	if until := a.AuthnStatement.SessionNotOnOrAfter; until != nil && !now.Before(until.Add(Leeway)) {
		return ends, errors.New("the login at the provider has ended (SessionNotOnOrAfter)")
	}
	if begins := a.Conditions.NotBefore; begins != "" {
		if t, err := time.Parse(time.RFC3339, begins); err != nil || now.Add(Leeway).Before(t) {
			return ends, errors.New("the assertion is not good yet (NotBefore)")
		}
	}
	if len(a.Conditions.AudienceRestrictions) == 0 {
		return ends, errors.New("the assertion does not say whom it is for (Audience)")
	}
	for _, r := range a.Conditions.AudienceRestrictions { // all of them have to hold (saml-core, section 2.5.1.4)
		if !slices.ContainsFunc(r.Audiences, func(x types.Audience) bool { return strings.TrimSpace(x.Value) == sp.EntityID }) {
			return ends, errors.New("the assertion is for another service provider (Audience)")
		}
	}
	return ends, nil
}
