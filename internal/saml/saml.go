// Package saml makes and checks the documents of SAML 2.0, as a service provider (docs.oasis-open.org/security/saml/v2.0): its metadata, the
// requests that people are sent to an identity provider with, what they come back with, and the provider's word that somebody has logged out.
// Profiles: Web Browser SSO (saml-profiles, section 4.1) with requests by HTTP-Redirect and responses by HTTP-POST; Single Logout (section 4.4), as
// the provider begins it.
//
// Signatures and decryption are gosaml2's and goxmldsig's. What a response looks like is judged before either sees it (shape.go), and what
// a signed assertion says is judged after, by rules of its own here: those libraries leave the audience, the times and the number of
// assertions to whoever calls them.
//
// Nothing here speaks to anybody, or remembers anything: that an assertion is good once is for whoever asks.
package saml

import (
	"crypto/x509"
	"errors"
	"time"
)

// Names of SAML 2.0.
const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"

	bindingRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	bindingPost     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

	statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"
	statusDenied  = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"

	methodBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
)

// The formats of a NameID that matter here (saml-core, section 8.3).
const (
	FormatTransient  = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	FormatPersistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	FormatEmail      = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
)

// Limits of what is read.
const (
	MaxMessage   = 512 << 10 // of a message, in bytes, encoded or not
	maxTags      = 2_000     // in a message: of more than a thousand elements the library takes none
	maxDescribed = 16_000    // in metadata, which may be of many
	maxPrefixes  = 100       // that hold in one place: the library has a list of them for each element
	maxCerts     = 10        // of a provider's certificates, which are tried one after the other
)

// Leeway is by how much two clocks may differ.
const Leeway = 3 * time.Minute

// MaxAge is how long a provider's word that somebody has logged out is good for.
const MaxAge = 5 * time.Minute

// ErrDenied is a provider's word that somebody does not want to, or may not, log in (saml-core, section 3.2.2.2: RequestDenied).
var ErrDenied = errors.New("saml: the identity provider denied the request")

// IDP is an identity provider.
type IDP struct {
	EntityID     string
	SSO          string // where people are sent by HTTP-Redirect
	SLO          string // where answers to its logouts are sent by HTTP-Redirect; "": it offers none
	Certificates []*x509.Certificate
}

// SP is a service provider, as one identity provider knows it.
type SP struct {
	EntityID string
	ACS      string // the assertion consumer service, by HTTP-POST
	SLS      string // the single logout service, by either; "": there is none
	Key      *Key   // signs, and opens what is encrypted for it; nil: neither
	// NameIDFormat is what is asked for; "": whatever the provider likes.
	NameIDFormat string

	SignRequests        bool // needs Key
	WantSignedMessage   bool // the response itself has to be signed
	WantSignedAssertion bool // the assertion in it has to be; one of the two always has to
	WantEncrypted       bool // needs Key
}

// Assertion is what a provider says of somebody.
type Assertion struct {
	ID           string // unlike that of any other assertion of the provider
	NameID       string // as it is; "": there is none
	NameIDFormat string
	Subject      string              // the NameID as it tells somebody from all others
	Attributes   map[string][]string // by their names, as they are
	Expires      time.Time           // with the leeway
}
