package provider

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/vestibule-auth/vestibule/tenants"
)

// Identity is who somebody is to a provider. What the provider does not tell is left empty.
type Identity struct {
	// UID is what the provider calls the account, and will for ever: never a name or an address, which may become somebody else's.
	UID     string
	Display string // what people know the account by, such as an address or a name; never empty

	Emails        []Email // the one that counts most first
	Phone         string  // in E.164, or as the provider has it
	PhoneVerified bool
	Username      string // a suggestion
	Name          string // in full
	GivenName     string
	FamilyName    string

	Tokens *Tokens // nil where none were handed out to keep
	Once   *Once   // nil for what cannot be told from another of its kind
}

// Email is an address that a provider has of somebody.
type Email struct {
	Address  string
	Verified bool // by the provider, or since the tenant takes its word for it (verified_email)
	Primary  bool
}

// Tokens are what a provider hands out to speak to it in somebody's name. They are secret.
type Tokens struct {
	Access    string    `json:"access_token"`
	Refresh   string    `json:"refresh_token,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // of Access; zero where that was not said
}

// Once names a proof that is good once: an ID token by its issuer and jti (RFC 7519, section 4.1.7), a SAML assertion by its own and its ID.
type Once struct {
	ID    string    // unlike that of every other proof
	Until time.Time // from then on the proof is no good anyway
}

// About is what front ends are told of an app.
type About struct {
	ID       string // what paths and forms call it
	Name     string // what people call it
	ClientID string // "" where it has none
	// ConfigurationURL is where a provider of OpenID Connect describes itself; "" for others.
	ConfigurationURL string
	Redirect         bool // people can be sent there
	Token            bool // front ends can hand in a token that they got there
}

// Attempt is one way to a provider and back. All three are made for it, and known to nobody else: State to the browser and the provider alone,
// Verifier (RFC 7636, section 4.1) to the provider once it is shown, and Nonce (OpenID Connect Core 1.0, section 3.1.2.1) to both.
type Attempt struct {
	State    string
	Nonce    string
	Verifier string
}

// Token is what a front end got from a provider: one of the two, or both.
type Token struct {
	ID     string // an ID token (OpenID Connect Core 1.0, section 2)
	Access string
}

// What an error is that comes of a provider's saying no. Any other is of a provider that cannot be reached, or makes no sense.
var (
	// ErrCancelled is somebody's own no, at the provider.
	ErrCancelled = errors.New("provider: cancelled")
	// ErrRefused is a proof that is none: forged, of somebody else, too late, or made for another app.
	ErrRefused = errors.New("provider: refused")
)

// Providers speaks to all identity providers that are known. It is safe for concurrent use. Each call makes its requests within the tenant's
// socialaccount.requests_timeout.
type Providers interface {
	// About tells of an app; false where its provider is not known here.
	About(a tenants.App) (About, bool)
	// Begin is where somebody is sent. It may ask the provider where that is.
	Begin(ctx context.Context, t *tenants.Tenant, a tenants.App, at Attempt) (string, error)
	// Complete is who came back with these parameters, whose state was compared.
	Complete(ctx context.Context, t *tenants.Tenant, a tenants.App, at Attempt, params url.Values) (*Identity, error)
	// Verify is whose token a front end handed in. An app whose About says that it takes none is ErrRefused.
	Verify(ctx context.Context, t *tenants.Tenant, a tenants.App, token Token) (*Identity, error)
	// Uninvited reports whether somebody comes back who was not sent there, and may begin there.
	Uninvited(a tenants.App, params url.Values) bool
	// Metadata describes the tenant to an app's provider that speaks SAML 2.0.
	Metadata(t *tenants.Tenant, a tenants.App) ([]byte, error)
	// Logout is whom such a provider logs out. Its word is good once.
	Logout(ctx context.Context, t *tenants.Tenant, a tenants.App, asked LogoutRequest) (*Logout, error)
}

// LogoutRequest is how a provider that speaks SAML 2.0 asks for sessions to be ended (saml-core, section 3.7.1): by a query, as it was sent, or
// else by a form.
type LogoutRequest struct {
	Query string
	Form  url.Values
}

// Logout is whose sessions a provider ends.
type Logout struct {
	NameID   string // what the provider calls them, which need not be their UID
	Location string // where the browser goes on to, with the answer
	Once     Once
}
