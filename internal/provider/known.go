package provider

import (
	"maps"
	"slices"
	"strings"

	"github.com/vestibule-auth/vestibule/tenants"
)

// known is a provider that is built in.
type known struct {
	name   string                   // what people call it
	server func(tenants.App) server // nil: an app cannot be tried out
	way    way
}

// builtIn are all of them, by what settings call them. Those that django-allauth has are called as they are there, so that accounts that come
// over from it stay what they are.
var builtIn = map[string]known{
	manyServers:        openIDConnect,
	"amazon":           amazon,
	"apple":            apple,
	"atlassian":        atlassian,
	"auth0":            auth0,
	"bitbucket_oauth2": bitbucket,
	"discord":          discord,
	"dropbox":          dropbox,
	"dummy":            dummy,
	"facebook":         facebook,
	"figma":            figma,
	"github":           github,
	"gitlab":           gitlab,
	"google":           google,
	"kakao":            kakao,
	"keycloak":         keycloak,
	"line":             line,
	"linkedin_oauth2":  linkedIn,
	"microsoft":        microsoft,
	"naver":            naver,
	"notion":           notion,
	"okta":             okta,
	"reddit":           reddit,
	"saml":             speaksSAML,
	"salesforce":       salesforce,
	"slack":            slack,
	"spotify":          spotify,
	"steam":            steam,
	"strava":           strava,
	"telegram":         telegram,
	"twitch":           twitch,
	"twitter_oauth2":   twitter,
	"vk":               vk,
	"weixin":           weixin,
	"yandex":           yandex,
	"zoom":             zoom,
}

// Known are the providers that are built in, by name.
func Known() []string { return slices.Sorted(maps.Keys(builtIn)) }

// manyServers is the provider whose apps are servers of their own.
const manyServers = "openid_connect"

// server is where an app's provider is, and what is peculiar about it.
type server struct {
	discovery string                   // the address of the discovery document; "": there is none
	issuer    func(said string) string // the one that was meant, where the document names another; or ""
	tokens    string                   // the token endpoint, where there is no discovery document
	setting   string                   // the setting that names the server; "": it is known
	codeFirst bool                     // the code may be looked at before the client is
}

// Testable reports whether an app of that provider can be tried out.
func Testable(a tenants.App) bool {
	_, ok := serverOf(a)
	return ok || a.SpeaksSAML()
}

// serverOf is the server of an app's provider.
func serverOf(a tenants.App) (server, bool) {
	k := builtIn[a.Provider]
	if k.server == nil {
		return server{}, false
	}
	s := k.server(a)
	return s, s.discovery+s.tokens != ""
}

// wellKnown is where an issuer's discovery document is, below it (OpenID Connect Discovery 1.0, section 4).
const wellKnown = "/.well-known/openid-configuration"

// issuedBy is the server of an issuer, which is named as such or by the address of its discovery document.
func issuedBy(address, setting string) server {
	if address == "" {
		return server{}
	}
	issuer, _, named := strings.Cut(address, "/.well-known/")
	s := server{discovery: address, setting: setting}
	if !named {
		s.discovery = strings.TrimRight(address, "/") + wellKnown
	}
	s.issuer = func(said string) string {
		switch {
		case said == issuer, named && strings.TrimRight(said, "/") == issuer: // where the document is does not tell of a slash
			return ""
		default:
			return issuer
		}
	}
	return s
}

// at is the server of an issuer that is known.
func at(issuer string) func(tenants.App) server {
	return func(tenants.App) server { return issuedBy(issuer, "") }
}

// atServerURL is the server of an app that names it.
func atServerURL(a tenants.App) server { return issuedBy(a.Settings.ServerURL, "server_url") }

// slashAside reports whether two issuers are the same, but for a slash at the end.
func slashAside(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }
