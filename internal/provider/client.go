package provider

import (
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/token"
)

// The ways in which a client shows who it is (OpenID Connect Core 1.0, section 9).
const (
	byBasic = "client_secret_basic"
	byPost  = "client_secret_post"
	byNone  = "none"
)

// clientIDs are what the provider calls the app. Apple has a name for each platform, listed with commas between; the first one is the
// website's, and speaks for the app.
func (c *caller) clientIDs() []string {
	if c.app.Provider != "apple" {
		return []string{c.app.ClientID}
	}
	all := strings.Split(c.app.ClientID, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

func (c *caller) clientID() string { return c.clientIDs()[0] }

// method is how the app shows its secret; "" where the provider takes none of the ways that there are. d may be nil.
func (c *caller) method(d *document) string {
	has := c.app.Secret.IsSet()
	switch {
	case c.app.Settings.TokenAuthMethod != "":
		return c.app.Settings.TokenAuthMethod
	case d == nil:
		return byPost
	case !has && (len(d.AuthMethods) == 0 || slices.Contains(d.AuthMethods, byNone)):
		return byNone
	case len(d.AuthMethods) == 0, slices.Contains(d.AuthMethods, byBasic):
		return byBasic
	case slices.Contains(d.AuthMethods, byPost):
		return byPost
	default:
		return ""
	}
}

// secret is what the app shows. Apple's apps sign theirs.
func (c *caller) secret(method string) (string, *failed) {
	switch {
	case method == byNone:
		return "", nil
	case !c.app.Secret.IsSet():
		return "", &failed{"The app has no secret.", "Set secret to the one that the provider gave the app."}
	case c.app.Provider != "apple":
		return c.app.Secret.Reveal(), nil
	}
	if !c.app.Key.IsSet() || !c.app.Settings.CertificateKey.IsSet() {
		return "", &failed{"The app lacks what its secret is made of.",
			"Set secret to the id of the key, key to the id of the team, and settings.certificate_key to the private key."}
	}
	key, err := token.Parse(token.ES256, strings.TrimSpace(c.app.Settings.CertificateKey.Reveal()))
	if err != nil {
		return "", &failed{"settings.certificate_key " + err.Error() + ".", "Give the private key as it was downloaded."}
	}
	now := c.clock.Now()
	signed, err := key.Assert(token.Assertion{
		KeyID: c.app.Secret.Reveal(), Issuer: c.app.Key.Reveal(), Subject: c.clientID(), Audience: appleIssuer,
		IssuedAt: now, Expires: now.Add(5 * time.Minute),
	})
	if err != nil {
		return "", &failed{"The app's secret cannot be signed.", "Give the private key as it was downloaded."}
	}
	return signed, nil
}
