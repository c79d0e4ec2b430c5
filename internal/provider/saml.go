package provider

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/saml"
	"github.com/vestibule-auth/vestibule/tenants"
)

// speaksSAML is an identity provider that speaks SAML 2.0, of which a tenant can have any number. The client id is what its addresses here have in
// them; the state travels as RelayState, and the id of a request is derived from it.
var speaksSAML = known{name: "SAML", way: samlWay{}}

type samlWay struct{}

func (samlWay) takes() bool { return false }

func (samlWay) verify(_ context.Context, l *login, _ Token) (*Identity, error) {
	return nil, l.refused("SAML has no tokens that front ends hand in.")
}

// requestID is an XML name that nobody can guess who does not know the state, which it does not tell.
func (samlWay) requestID(l *login) string { return "_" + l.at.Nonce }

// begin is where somebody is sent.
func (w samlWay) begin(ctx context.Context, l *login) (string, error) {
	sp, idp, err := l.parties(ctx)
	if err != nil {
		return "", err
	}
	location, err := sp.Request(idp, w.requestID(l), l.at.State, l.clock.Now())
	if err != nil {
		return "", l.fault(l.quote(err.Error()))
	}
	return location, nil
}

// complete is who came back.
func (w samlWay) complete(ctx context.Context, l *login, params url.Values) (*Identity, error) {
	sp, idp, err := l.parties(ctx)
	if err != nil {
		return nil, err
	}
	said, err := sp.Read(idp, params.Get("SAMLResponse"), w.requestID(l), l.clock.Now())
	switch {
	case errors.Is(err, saml.ErrDenied):
		return nil, ErrCancelled
	case err != nil:
		return nil, l.refused(l.quote(err.Error()))
	}
	mapped := attributes(l.app, said)
	if mapped["uid"] == "" {
		return nil, l.refused(fmt.Sprintf("Nothing that stays the same tells who somebody is: the NameID is %q. "+
			"Have the provider send an attribute that does, and name it in attribute_mapping.uid. %q there takes the NameID as it is.",
			l.quote(cmp.Or(said.NameIDFormat, "unspecified")), nameID))
	}
	answered := map[string]any{}
	for meaning, value := range mapped {
		answered[meaning] = value
	}
	answered["email_verified"] = slices.Contains([]string{"true", "1", "t", "y", "yes"}, strings.ToLower(mapped["email_verified"]))
	who, err := l.identity(person{
		uid: "{uid}", email: []string{"email"}, verified: []string{"email_verified"}, username: []string{"username"},
		given: []string{"first_name"}, family: []string{"last_name"},
	}, answered)
	if err != nil {
		return nil, err
	}
	who.Once = onceOf(said.Expires, idp.EntityID, said.ID)
	return who, nil
}

// nameID stands for the NameID where a mapping names attributes.
const nameID = "NameID"

// usualAttributes are those that tell what, where the app does not say: of OASIS (saml-subject-id-attr), LDAP (RFC 4519), Microsoft and Auth0.
var usualAttributes = map[string]tenants.OneOrSome{
	"uid":            {"urn:oasis:names:tc:SAML:attribute:subject-id"},
	"email":          {"urn:oid:0.9.2342.19200300.100.1.3", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"},
	"email_verified": {"http://schemas.auth0.com/email_verified"},
	"first_name":     {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "urn:oid:2.5.4.42"},
	"last_name":      {"urn:oid:2.5.4.4"},
	"username":       {"http://schemas.auth0.com/nickname"},
}

// attributes is what an assertion tells, by what it means. A NameID is nobody's id by itself unless it is called persistent: any other is a name or
// an address, which may become somebody else's, or nothing says what it is. Where the app says so it is taken as it is, but for one that is new
// each time. White space around an id is a part of it: without, it may be somebody else's.
func attributes(a tenants.App, said *saml.Assertion) map[string]string {
	mapping := a.Settings.AttributeMapping
	if mapping == nil {
		mapping = usualAttributes
	}
	all := map[string]string{}
	for meaning, names := range mapping {
		for _, name := range names {
			value := ""
			switch {
			case name == nameID && said.NameIDFormat == saml.FormatTransient:
			case name == nameID && meaning == "uid":
				value = said.Subject
			case name == nameID:
				value = said.NameID
			case len(said.Attributes[name]) > 0:
				value = said.Attributes[name][0]
			}
			if meaning != "uid" {
				value = strings.TrimSpace(value)
			}
			if all[meaning] == "" {
				all[meaning] = value
			}
		}
	}
	if all["uid"] == "" && said.NameIDFormat == saml.FormatPersistent {
		all["uid"] = said.Subject
	}
	if all["email"] == "" && (said.NameIDFormat == saml.FormatEmail || a.Settings.UseNameIDForEmail) {
		all["email"] = strings.TrimSpace(said.NameID)
	}
	return all
}

// parties are the two that speak to each other.
func (l *login) parties(ctx context.Context) (*saml.SP, *saml.IDP, error) {
	sp, err := serviceProvider(l.tenant, l.app)
	if err != nil {
		return nil, nil, l.fault("settings.advanced.private_key " + err.Error())
	}
	idp, err := l.identityProvider(ctx)
	if err != nil {
		return nil, nil, err
	}
	if bad := l.allows(idp.SSO); bad != nil {
		return nil, nil, l.fault(bad.why)
	}
	return sp, idp, nil
}

// serviceProvider is the tenant, as an app's provider knows it.
func serviceProvider(t *tenants.Tenant, a tenants.App) (*saml.SP, error) {
	url := func(endpoint string) string { return t.PublicURL() + tenants.SAMLPath(a, endpoint) }
	way := &a.Settings.Advanced
	sp := &saml.SP{
		EntityID: cmp.Or(a.Settings.SP.EntityID, url("metadata")), ACS: url("acs"), SLS: url("sls"), NameIDFormat: way.NameIDFormat,
		SignRequests: way.AuthnRequestSigned, WantSignedMessage: way.WantMessageSigned, WantSignedAssertion: way.WantAssertionSigned,
		WantEncrypted: way.WantAssertionEncrypted,
	}
	if !way.PrivateKey.IsSet() {
		return sp, nil
	}
	key, err := saml.ParseKey(way.PrivateKey.Reveal(), way.X509Cert)
	sp.Key = key
	return sp, err
}

// identityProvider is an app's, as it describes itself or as the settings do.
func (l *login) identityProvider(ctx context.Context) (*saml.IDP, error) {
	set := &l.app.Settings.IDP
	if set.MetadataURL == "" {
		cert, err := saml.ParseCertificate(set.X509Cert)
		if err != nil {
			return nil, l.fault("settings.idp.x509cert " + err.Error())
		}
		return &saml.IDP{EntityID: set.EntityID, SSO: set.SSOURL, SLO: set.SLOURL, Certificates: []*x509.Certificate{cert}}, nil
	}
	// What is kept is one document's reading for one entity: another app may mean another one that the same document describes.
	kept := set.MetadataURL + " " + set.EntityID
	return l.apps.metadata.get(ctx, kept, l.clock.Now, func(*saml.IDP) bool { return true }, func() (*saml.IDP, error) {
		idp, bad := l.fetchMetadata(ctx)
		if bad != nil {
			return nil, l.fault(bad.why)
		}
		return idp, nil
	})
}

// fetchMetadata reads an identity provider's description of itself.
func (c *caller) fetchMetadata(ctx context.Context) (*saml.IDP, *failed) {
	set := &c.app.Settings.IDP
	a, bad := c.call(ctx, http.MethodGet, set.MetadataURL, nil, saml.MaxMessage, func(q *http.Request) {
		q.Header.Set("Accept", "application/samlmetadata+xml, application/xml, text/xml")
	})
	switch {
	case bad != nil:
		return nil, bad
	case a.status != http.StatusOK:
		return nil, &failed{fmt.Sprintf("%s answered %d, and no metadata.", c.quote(set.MetadataURL), a.status), ""}
	}
	idp, err := saml.ReadMetadata(a.body, set.EntityID, c.clock.Now())
	if err != nil {
		return nil, &failed{fmt.Sprintf("The metadata at %s is not taken: %s.", c.quote(set.MetadataURL), c.quote(err.Error())), ""}
	}
	return idp, nil
}

// soonOver is how long before a certificate runs out that is said, so that there is time to have another one.
const soonOver = 30 * 24 * time.Hour

// testSAML tries out an app at an identity provider that speaks SAML: whether it describes itself, where that is set, as the one that was meant;
// whether its certificates are good; and whether the app's own key is. Whether it knows the tenant it tells whoever is sent there, and nobody
// else.
func (t *Tester) testSAML(ctx context.Context, of *tenants.Tenant, a tenants.App) []Step {
	r := &trial{caller: newCaller(t.Client, t.Plain, t.Clock, of, a)}
	set := &a.Settings.IDP
	var certs []*x509.Certificate
	switch address := r.quote(set.MetadataURL); {
	case set.MetadataURL != "":
		idp, bad := r.fetchMetadata(ctx)
		if bad != nil {
			r.say(discoveryStep, Problem, bad.why, cmp.Or(bad.remedy,
				"Set settings.idp.metadata_url to where the provider publishes its metadata, and entity_id to what it calls itself there."))
			r.say(issuerStep, Unknown, "This is not known without the metadata.", "")
			r.say(keysStep, Unknown, "This is not known without the metadata.", "")
			break
		}
		certs = idp.Certificates
		r.say(discoveryStep, Fine, fmt.Sprintf("The metadata is at %s.", address), "")
		r.say(issuerStep, Fine, fmt.Sprintf("It is of %s.", r.quote(idp.EntityID)), "")
	default:
		r.say(discoveryStep, Fine, "The settings say where the provider is.", "")
		r.say(issuerStep, Unknown, "What the provider calls itself is in what it sends with people, and nowhere that it could be asked.", "")
		if cert, err := saml.ParseCertificate(set.X509Cert); err == nil { // which it was when it was saved
			certs = append(certs, cert)
		}
	}
	if certs != nil {
		r.judgeCertificates(certs)
	}
	switch sp, err := serviceProvider(of, a); {
	case err != nil:
		r.say(credentialsStep, Problem, "settings.advanced.private_key "+err.Error()+".", "Give the private key, and the certificate that is about it.")
	case sp.Key == nil:
		r.say(credentialsStep, Unknown, "The provider tells whether it knows this tenant when somebody is sent there.",
			"Give it the metadata at "+of.PublicURL()+tenants.SAMLPath(a, "metadata")+".")
	default:
		r.say(credentialsStep, Fine, "The tenant's own key is good. The provider tells whether it knows it when somebody is sent there.",
			"Give it the metadata at "+of.PublicURL()+tenants.SAMLPath(a, "metadata")+".")
	}
	return r.steps
}

// judgeCertificates looks at when a provider's certificates run out.
func (r *trial) judgeCertificates(certs []*x509.Certificate) {
	now := r.clock.Now()
	good := slices.DeleteFunc(slices.Clone(certs), func(c *x509.Certificate) bool { return now.Before(c.NotBefore) || now.After(c.NotAfter) })
	if len(good) == 0 {
		r.say(keysStep, Problem, "No certificate of the provider's is good now: what it signs is not taken.",
			"Have the provider use another one, and set it here where there is no metadata_url.")
		return
	}
	last := slices.MaxFunc(good, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
	until := last.NotAfter.UTC().Format(time.DateOnly)
	if last.NotAfter.Before(now.Add(soonOver)) {
		r.say(keysStep, Warning, "The provider's certificate runs out on "+until+".",
			"Have the provider use another one before that, and set it here where there is no metadata_url.")
		return
	}
	r.say(keysStep, Fine, "The provider's certificate is good until "+until+".", "")
}

// Uninvited reports whether somebody comes from an app's provider who was not sent there, and the app lets people begin there. Nothing of what
// they bring is believed: they are sent there anew.
func (*Apps) Uninvited(app tenants.App, params url.Values) bool {
	rejects := app.Settings.Advanced.RejectIDPInitiatedSSO
	return app.SpeaksSAML() && rejects != nil && !*rejects && saml.Unsolicited(params.Get("SAMLResponse"))
}

// Metadata describes the tenant to an app's provider that speaks SAML.
func (*Apps) Metadata(t *tenants.Tenant, app tenants.App) ([]byte, error) {
	sp, err := serviceProvider(t, app)
	if err != nil {
		return nil, fmt.Errorf("provider: %s: settings.advanced.private_key %w", app.ID, err)
	}
	if sp.Key == nil || app.Settings.IDP.MetadataURL == "" && app.Settings.IDP.SLOURL == "" {
		sp.SLS = "" // it does not log people out here, or would not take answers that are not signed (saml-profiles, section 4.4.4.2)
	}
	return sp.Metadata()
}

// Logout is whose sessions an app's provider ends that speaks SAML.
func (a *Apps) Logout(ctx context.Context, t *tenants.Tenant, app tenants.App, asked LogoutRequest) (*Logout, error) {
	l, err := a.login(t, app, Attempt{})
	if err != nil {
		return nil, err
	}
	sp, idp, err := l.parties(ctx)
	if err != nil {
		return nil, err
	}
	if idp.SLO == "" {
		return nil, l.refused("The provider has no address for answers to its logouts (slo_url).")
	}
	if bad := l.allows(idp.SLO); bad != nil {
		return nil, l.fault(bad.why)
	}
	var said *saml.Logout
	if asked.Query != "" {
		said, err = sp.ReadRedirectedLogout(idp, asked.Query, l.clock.Now())
	} else {
		said, err = sp.ReadPostedLogout(idp, asked.Form.Get("SAMLRequest"), asked.Form.Get("RelayState"), l.clock.Now())
	}
	if err != nil {
		return nil, l.refused(l.quote(err.Error()))
	}
	location, err := sp.AnswerLogout(idp, said, l.clock.Now())
	if err != nil {
		return nil, l.fault(l.quote(err.Error()))
	}
	return &Logout{NameID: said.NameID, Location: location, Once: *onceOf(l.clock.Now().Add(saml.MaxAge+saml.Leeway), idp.EntityID, said.ID)}, nil
}
