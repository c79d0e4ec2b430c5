package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/tenants"
)

// internet is a server that stands for all hosts. What it answers is by method and address, and what it was asked is kept.
type internet struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]string // the answer's body, after its status and a space where that is not 200
	asked   map[string]*http.Request
	bodies  map[string]string
	next    http.RoundTripper
}

func newInternet(t *testing.T, answers map[string]string) *internet {
	t.Helper()
	i := &internet{answers: answers, asked: map[string]*http.Request{}, bodies: map[string]string{}}
	i.Server = httptest.NewTLSServer(i)
	t.Cleanup(i.Close)
	return i
}

// RoundTrip has a request go to the server, whatever host it names.
func (i *internet) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.URL.Host = r.URL.Host, strings.TrimPrefix(i.URL, "https://")
	return i.next.RoundTrip(r)
}

func (i *internet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	at := r.Method + " https://" + r.Host + r.URL.EscapedPath()
	body, _ := io.ReadAll(r.Body) // what is missing is missed by the test
	i.asked[at], i.bodies[at] = r, string(body)
	answer, ok := i.answers[at]
	status, rest, said := strings.Cut(answer, " ")
	switch {
	case !ok:
		w.WriteHeader(http.StatusTeapot)
	case said && len(status) == 3 && status[0] == '4':
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(map[string]int{"400": 400, "401": 401, "403": 403, "404": 404}[status])
		_, _ = w.Write([]byte(rest))
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write([]byte(answer))
	}
}

func (i *internet) apps(dev bool) *provider.Apps {
	return provider.New(provider.Options{Client: i.client(), Clock: clock.At(start), Dev: dev})
}

// client has every request go to the server.
func (i *internet) client() *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(i.Certificate())
	c := provider.Client(outbound.Dialer{AllowPrivate: true}, &tls.Config{RootCAs: roots, ServerName: "example.com"})
	i.next = c.Transport
	c.Transport = i
	return c
}

// recorded is a provider as its documentation has it.
type recorded struct {
	app     func(*tenants.App)
	to      string            // where somebody is sent
	asks    map[string]string // what for; "": not at all
	came    url.Values        // what they come back with besides code and state
	issuer  string            // of providers that speak OpenID Connect
	claims  string
	answers map[string]string // of the token endpoint first, as the rest by method and address
	token   string            // the token endpoint's address
	form    map[string]string // what is sent there; "": not at all
	basic   bool
	json    bool
	headers map[string]string // what is sent, by method, address and header with a space between
	who     provider.Identity
}

func email(address string, verified bool) []provider.Email {
	return []provider.Email{{Address: address, Verified: verified, Primary: true}}
}

const tokenAnswer = `{"access_token":"at-1","token_type":"bearer","expires_in":3600,"refresh_token":"rt-1"}`

var records = map[string]recorded{
	"google": {
		to: "https://accounts.google.com/authorize", asks: map[string]string{"scope": "openid profile email", "nonce": "nonce-1", "code_challenge_method": "S256"},
		issuer: "https://accounts.google.com",
		claims: `{"iss":"https://accounts.google.com","azp":"client","aud":"client","sub":"10769150350006150715113082367","at_hash":"HASH","email":"jsmith@example.com",
			"email_verified":true,"name":"Jane Smith","given_name":"Jane","family_name":"Smith","hd":"example.com"}`,
		who: provider.Identity{UID: "10769150350006150715113082367", Display: "jsmith@example.com", Emails: email("jsmith@example.com", true), Name: "Jane Smith",
			GivenName: "Jane", FamilyName: "Smith"},
	},
	"apple": {
		to: "https://appleid.apple.com/authorize", asks: map[string]string{"scope": "openid name email", "response_mode": "form_post", "client_id": "com.example.web", "nonce": "nonce-1"},
		app: func(a *tenants.App) {
			a.ClientID, a.Secret, a.Key = "com.example.web, com.example.app", tenants.NewSecret("KEYID"), tenants.NewSecret("TEAMID")
			a.Settings.CertificateKey = tenants.NewSecret(ecPEM())
		},
		came:   url.Values{"user": {`{"name":{"firstName":"Ann","lastName":"Apple"},"email":"victim@example.com"}`}},
		issuer: "https://appleid.apple.com",
		claims: `{"aud":"com.example.web","sub":"001999.f1e2d3c4b5a697888899aabbccddeeff.1234","email":"abc@privaterelay.appleid.com","email_verified":"true",
			"is_private_email":"true","nonce_supported":true}`,
		form: map[string]string{"client_id": "com.example.web"},
		who: provider.Identity{UID: "001999.f1e2d3c4b5a697888899aabbccddeeff.1234", Display: "Ann Apple", Emails: email("abc@privaterelay.appleid.com", true),
			GivenName: "Ann", FamilyName: "Apple"},
	},
	"slack": {
		to: "https://slack.com/authorize", asks: map[string]string{"scope": "openid profile email"}, issuer: "https://slack.com",
		claims: `{"sub":"U0R7MFMJM","https://slack.com/user_id":"U0R7MFMJM","https://slack.com/team_id":"T0R7GR"}`,
		answers: map[string]string{"GET https://slack.com/userinfo": `{"ok":true,"sub":"U0R7MFMJM","https://slack.com/user_id":"U0R7MFMJM","https://slack.com/team_id":"T0R7GR",
			"email":"krane@example.com","email_verified":true,"name":"krane","given_name":"Bront","family_name":"Labradoodle"}`},
		who: provider.Identity{UID: "T0R7GR_U0R7MFMJM", Display: "krane@example.com", Emails: email("krane@example.com", true), Name: "krane", GivenName: "Bront",
			FamilyName: "Labradoodle"},
	},
	"linkedin_oauth2": {
		to: "https://www.linkedin.com/oauth/authorize", asks: map[string]string{"scope": "openid profile email", "nonce": ""}, issuer: "https://www.linkedin.com/oauth",
		claims: `{"sub":"782bbtaQ","name":"John Doe"}`, form: map[string]string{"client_secret": "s3cret"},
		answers: map[string]string{"GET https://www.linkedin.com/oauth/userinfo": `{"sub":"782bbtaQ","name":"John Doe","given_name":"John","family_name":"Doe",
			"locale":"en-US","email":"doe@email.com","email_verified":true}`},
		who: provider.Identity{UID: "782bbtaQ", Display: "doe@email.com", Emails: email("doe@email.com", true), Name: "John Doe", GivenName: "John", FamilyName: "Doe"},
	},
	"salesforce": {
		to: "https://login.salesforce.com/authorize", asks: map[string]string{"scope": "openid id"}, issuer: "https://login.salesforce.com",
		claims: `{"sub":"https://login.salesforce.com/id/00DX/005X"}`,
		answers: map[string]string{"GET https://login.salesforce.com/userinfo": `{"sub":"https://login.salesforce.com/id/00DX/005X","user_id":"005x0000001S2b9","organization_id":"00Dx0000001T0zk",
			"preferred_username":"admin@seth.ssodemo","nickname":"admin1","name":"Seth Ng","email":"seth@example.com","email_verified":true,"given_name":"Seth","family_name":"Ng"}`},
		who: provider.Identity{UID: "005x0000001S2b9", Display: "seth@example.com", Emails: email("seth@example.com", true), Username: "admin@seth.ssodemo", Name: "Seth Ng",
			GivenName: "Seth", FamilyName: "Ng"},
	},
	"okta": {
		app: func(a *tenants.App) { a.Settings.ServerURL = "https://dev-1.okta.com" },
		to:  "https://dev-1.okta.com/authorize", asks: map[string]string{"scope": "openid profile email"}, issuer: "https://dev-1.okta.com",
		claims: `{"sub":"00uid4BxXw6I6TV4m0g3","preferred_username":"renamed@example.com"}`,
		answers: map[string]string{"GET https://dev-1.okta.com/userinfo": `{"sub":"00uid4BxXw6I6TV4m0g3","name":"John Doe","preferred_username":"victim@example.com","given_name":"John",
			"family_name":"Doe","email":"john@example.com","email_verified":true}`},
		who: provider.Identity{UID: "00uid4BxXw6I6TV4m0g3", Display: "john@example.com", Emails: email("john@example.com", true), Username: "victim@example.com", Name: "John Doe",
			GivenName: "John", FamilyName: "Doe"},
	},
	"auth0": {
		app: func(a *tenants.App) { a.Settings.ServerURL = "https://acme.eu.auth0.com" },
		to:  "https://acme.eu.auth0.com/authorize", asks: map[string]string{"scope": "openid profile email"}, issuer: "https://acme.eu.auth0.com/",
		claims:  `{"sub":"auth0|5f7c8ec7c33c6c004bbafe82"}`,
		answers: map[string]string{"GET https://acme.eu.auth0.com/userinfo": `{"sub":"auth0|5f7c8ec7c33c6c004bbafe82","nickname":"j+smith","name":"j+smith@example.com","email":"j+smith@example.com","email_verified":false}`},
		who:     provider.Identity{UID: "auth0|5f7c8ec7c33c6c004bbafe82", Display: "j+smith@example.com", Emails: email("j+smith@example.com", false), Name: "j+smith@example.com"},
	},
	"keycloak": {
		app: func(a *tenants.App) { a.Settings.ServerURL = "https://sso.example.org/realms/staff" },
		to:  "https://sso.example.org/realms/staff/authorize", asks: map[string]string{"scope": "openid profile email"}, issuer: "https://sso.example.org/realms/staff",
		claims: `{"typ":"ID","azp":"client","sub":"f0e5d0c5-9d0f-4a3b-8a7c-1c5e2d1a2b3c"}`,
		answers: map[string]string{"GET https://sso.example.org/realms/staff/userinfo": `{"sub":"f0e5d0c5-9d0f-4a3b-8a7c-1c5e2d1a2b3c","email_verified":true,"name":"Ann Example",
			"preferred_username":"ann","given_name":"Ann","family_name":"Example","email":"ann@example.org"}`},
		who: provider.Identity{UID: "f0e5d0c5-9d0f-4a3b-8a7c-1c5e2d1a2b3c", Display: "ann@example.org", Emails: email("ann@example.org", true), Username: "ann", Name: "Ann Example",
			GivenName: "Ann", FamilyName: "Example"},
	},
	"github": {
		to: "https://github.com/login/oauth/authorize", asks: map[string]string{"scope": "user:email"},
		token: "https://github.com/login/oauth/access_token", form: map[string]string{"client_id": "client", "client_secret": "s3cret"},
		answers: map[string]string{
			"POST https://github.com/login/oauth/access_token": `{"access_token":"at-1","scope":"user:email","token_type":"bearer"}`,
			"GET https://api.github.com/user":                  `{"login":"octocat","id":583231,"node_id":"MDQ6VXNlcjE=","type":"User","name":"monalisa octocat","email":"public@github.com"}`,
			"GET https://api.github.com/user/emails": `[{"email":"other@github.com","verified":false,"primary":false,"visibility":null},
				{"email":"octocat@github.com","verified":true,"primary":true,"visibility":"public"},{"email":"second@github.com","verified":true,"primary":false,"visibility":null}]`,
		},
		headers: map[string]string{"GET https://api.github.com/user Authorization": "Bearer at-1"},
		who: provider.Identity{UID: "583231", Display: "octocat", Username: "octocat", Name: "monalisa octocat", Emails: []provider.Email{
			{Address: "octocat@github.com", Verified: true, Primary: true}, {Address: "second@github.com", Verified: true}, {Address: "other@github.com"},
		}},
	},
	"gitlab": {
		to: "https://gitlab.com/oauth/authorize", asks: map[string]string{"scope": "read_user", "code_challenge_method": "S256"}, token: "https://gitlab.com/oauth/token",
		answers: map[string]string{"GET https://gitlab.com/api/v4/user": `{"id":1,"username":"john_smith","email":"john@example.com","name":"John Smith","state":"active","confirmed_at":"2012-05-23T09:05:22Z"}`},
		headers: map[string]string{"GET https://gitlab.com/api/v4/user Authorization": "Bearer at-1"},
		who:     provider.Identity{UID: "1", Display: "john_smith", Username: "john_smith", Name: "John Smith", Emails: email("john@example.com", false)},
	},
	"microsoft": {
		to: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize", asks: map[string]string{"scope": "User.Read"},
		token: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
		answers: map[string]string{"GET https://graph.microsoft.com/v1.0/me": `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users/$entity","displayName":"Adele Vance",
			"givenName":"Adele","mail":"AdeleV@contoso.com","surname":"Vance","userPrincipalName":"AdeleV@contoso.com","id":"87d349ed-44d7-43e1-9a83-5f2406dee5bd"}`},
		who: provider.Identity{UID: "87d349ed-44d7-43e1-9a83-5f2406dee5bd", Display: "AdeleV@contoso.com", Emails: email("AdeleV@contoso.com", false), Name: "Adele Vance",
			GivenName: "Adele", FamilyName: "Vance"},
	},
	"facebook": {
		to: "https://www.facebook.com/v24.0/dialog/oauth", asks: map[string]string{"scope": "email"}, token: "https://graph.facebook.com/v24.0/oauth/access_token",
		answers: map[string]string{"GET https://graph.facebook.com/v24.0/me": `{"id":"10159532104850843","name":"Ann Face","first_name":"Ann","last_name":"Face","email":"ann\u0040example.com"}`},
		who:     provider.Identity{UID: "10159532104850843", Display: "ann@example.com", Emails: email("ann@example.com", false), Name: "Ann Face", GivenName: "Ann", FamilyName: "Face"},
	},
	"discord": {
		to: "https://discord.com/oauth2/authorize", asks: map[string]string{"scope": "email identify"}, token: "https://discord.com/api/oauth2/token",
		answers: map[string]string{"GET https://discord.com/api/users/@me": `{"id":"80351110224678912","username":"nelly","discriminator":"0","global_name":"Nelly","verified":true,"email":"nelly@discord.com"}`},
		who:     provider.Identity{UID: "80351110224678912", Display: "Nelly", Username: "nelly", Name: "Nelly", Emails: email("nelly@discord.com", true)},
	},
	"twitter_oauth2": {
		to: "https://x.com/i/oauth2/authorize", asks: map[string]string{"scope": "users.read tweet.read", "code_challenge_method": "S256"},
		token: "https://api.x.com/2/oauth2/token", basic: true, form: map[string]string{"code_verifier": attempt("1").Verifier, "client_secret": ""},
		answers: map[string]string{"GET https://api.x.com/2/users/me": `{"data":{"id":"2244994945","name":"TwitterDev","username":"TwitterDev"}}`},
		who:     provider.Identity{UID: "2244994945", Display: "TwitterDev", Username: "TwitterDev", Name: "TwitterDev"},
	},
	"amazon": {
		to: "https://www.amazon.com/ap/oa", asks: map[string]string{"scope": "profile"}, token: "https://api.amazon.com/auth/o2/token",
		answers: map[string]string{"GET https://api.amazon.com/user/profile": `{"user_id":"amzn1.account.K2LI23KL2LK2","email":"mhashimoto-04@plaxo.com","name":"Mork Hashimoto","postal_code":"98052"}`},
		who:     provider.Identity{UID: "amzn1.account.K2LI23KL2LK2", Display: "mhashimoto-04@plaxo.com", Emails: email("mhashimoto-04@plaxo.com", false), Name: "Mork Hashimoto"},
	},
	"spotify": {
		to: "https://accounts.spotify.com/authorize", asks: map[string]string{"scope": "user-read-email"}, token: "https://accounts.spotify.com/api/token",
		answers: map[string]string{"GET https://api.spotify.com/v1/me": `{"country":"SE","display_name":"JM Wizzler","email":"email@example.com","id":"wizzler","type":"user"}`},
		who:     provider.Identity{UID: "wizzler", Display: "email@example.com", Emails: email("email@example.com", false), Name: "JM Wizzler"},
	},
	"twitch": {
		to: "https://id.twitch.tv/oauth2/authorize", asks: map[string]string{"scope": "user:read:email"}, token: "https://id.twitch.tv/oauth2/token",
		answers: map[string]string{
			"POST https://id.twitch.tv/oauth2/token": `{"access_token":"at-1","expires_in":14124,"refresh_token":"rt-1","scope":["user:read:email"],"token_type":"bearer"}`,
			"GET https://api.twitch.tv/helix/users":  `{"data":[{"id":"141981764","login":"twitchdev","display_name":"TwitchDev","type":"","email":"not-real@email.com","created_at":"2016-12-14T20:32:28Z"}]}`,
		},
		headers: map[string]string{"GET https://api.twitch.tv/helix/users Client-Id": "client"},
		who:     provider.Identity{UID: "141981764", Display: "twitchdev", Username: "twitchdev", Name: "TwitchDev", Emails: email("not-real@email.com", false)},
	},
	"reddit": {
		to: "https://www.reddit.com/api/v1/authorize", asks: map[string]string{"scope": "identity"}, token: "https://www.reddit.com/api/v1/access_token", basic: true,
		answers: map[string]string{"GET https://oauth.reddit.com/api/v1/me": `{"is_employee":false,"has_verified_email":true,"id":"abc123","name":"spez","link_karma":1}`},
		headers: map[string]string{"GET https://oauth.reddit.com/api/v1/me User-Agent": "Vestibule"},
		who:     provider.Identity{UID: "abc123", Display: "spez", Username: "spez"},
	},
	"bitbucket_oauth2": {
		to: "https://bitbucket.org/site/oauth2/authorize", token: "https://bitbucket.org/site/oauth2/access_token", asks: map[string]string{"scope": ""},
		answers: map[string]string{
			"POST https://bitbucket.org/site/oauth2/access_token": `{"scopes":"account email","access_token":"at-1","expires_in":7200,"token_type":"bearer","state":"authorization_code","refresh_token":"rt-1"}`,
			"GET https://api.bitbucket.org/2.0/user":              `{"username":"tutorials","display_name":"Tutorials","account_id":"557058:1","uuid":"{c788b2da-b7a2-404c-9e26-d3f077557007}","type":"user"}`,
			"GET https://api.bitbucket.org/2.0/user/emails":       `{"pagelen":10,"values":[{"is_primary":true,"is_confirmed":true,"type":"email","email":"tutorials@bitbucket.org"},{"is_primary":false,"is_confirmed":false,"type":"email","email":"x@bitbucket.org"}],"page":1,"size":2}`,
		},
		who: provider.Identity{UID: "{c788b2da-b7a2-404c-9e26-d3f077557007}", Display: "tutorials", Username: "tutorials", Name: "Tutorials", Emails: []provider.Email{
			{Address: "tutorials@bitbucket.org", Verified: true, Primary: true}, {Address: "x@bitbucket.org"},
		}},
	},
	"atlassian": {
		to: "https://auth.atlassian.com/authorize", asks: map[string]string{"scope": "read:me", "audience": "api.atlassian.com", "prompt": "consent"}, token: "https://auth.atlassian.com/oauth/token",
		answers: map[string]string{"GET https://api.atlassian.com/me": `{"account_type":"atlassian","account_id":"112233aa-bb11-cc22-33dd-445566abcabc","email":"mia@example.com","email_verified":true,
			"name":"Mia Krystof","account_status":"active","nickname":"mkrystof"}`},
		who: provider.Identity{UID: "112233aa-bb11-cc22-33dd-445566abcabc", Display: "mia@example.com", Emails: email("mia@example.com", true), Username: "mkrystof", Name: "Mia Krystof"},
	},
	"dropbox": {
		to: "https://www.dropbox.com/oauth2/authorize", asks: map[string]string{"scope": ""}, token: "https://api.dropboxapi.com/oauth2/token",
		answers: map[string]string{"POST https://api.dropboxapi.com/2/users/get_current_account": `{"account_id":"dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc","name":{"given_name":"Franz","surname":"Ferdinand",
			"familiar_name":"Franz","display_name":"Franz Ferdinand (Personal)","abbreviated_name":"FF"},"email":"franz@dropbox.com","email_verified":true,"disabled":false}`},
		who: provider.Identity{UID: "dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc", Display: "franz@dropbox.com", Emails: email("franz@dropbox.com", true), Name: "Franz Ferdinand (Personal)",
			GivenName: "Franz", FamilyName: "Ferdinand"},
	},
	"zoom": {
		to: "https://zoom.us/oauth/authorize", asks: map[string]string{"scope": ""}, token: "https://zoom.us/oauth/token", basic: true,
		answers: map[string]string{"GET https://api.zoom.us/v2/users/me": `{"id":"zJKyaiAyTNC-MWjiWC18KQ","first_name":"Jill","last_name":"Chill","display_name":"Jill Chill","email":"jchill@example.com","type":2,"verified":1}`},
		who:     provider.Identity{UID: "zJKyaiAyTNC-MWjiWC18KQ", Display: "jchill@example.com", Emails: email("jchill@example.com", true), Name: "Jill Chill", GivenName: "Jill", FamilyName: "Chill"},
	},
	"line": {
		to: "https://access.line.me/oauth2/v2.1/authorize", asks: map[string]string{"scope": "profile openid"}, token: "https://api.line.me/oauth2/v2.1/token",
		answers: map[string]string{
			"POST https://api.line.me/oauth2/v2.1/token":  `{"access_token":"at-1","expires_in":2592000,"id_token":"eyJhbGciOiJIUzI1NiJ9.e30.x","refresh_token":"rt-1","scope":"profile","token_type":"Bearer"}`,
			"GET https://api.line.me/v2/profile":          `{"userId":"U4af4980629","displayName":"Brown","pictureUrl":"https://profile.line-scdn.net/abcdefghijklmn"}`,
			"POST https://api.line.me/oauth2/v2.1/verify": `{"iss":"https://access.line.me","sub":"U4af4980629","aud":"client","exp":1504169092,"iat":1504263657,"name":"Brown","email":"brown@example.com"}`,
		},
		who: provider.Identity{UID: "U4af4980629", Display: "brown@example.com", Emails: email("brown@example.com", false), Name: "Brown"},
	},
	"kakao": {
		to: "https://kauth.kakao.com/oauth/authorize", asks: map[string]string{"scope": ""}, token: "https://kauth.kakao.com/oauth/token",
		answers: map[string]string{"GET https://kapi.kakao.com/v2/user/me": `{"id":123456789012345678,"connected_at":"2022-04-11T01:45:28Z","kakao_account":{"profile":{"nickname":"Ryan"},
			"has_email":true,"is_email_valid":true,"is_email_verified":true,"email":"sample@sample.com"},"properties":{"nickname":"Ryan"}}`},
		who: provider.Identity{UID: "123456789012345678", Display: "sample@sample.com", Emails: email("sample@sample.com", true), Username: "Ryan"},
	},
	"naver": {
		to: "https://nid.naver.com/oauth2.0/authorize", asks: map[string]string{"scope": ""}, token: "https://nid.naver.com/oauth2.0/token", form: map[string]string{"state": "state-1"},
		answers: map[string]string{
			"POST https://nid.naver.com/oauth2.0/token": `{"access_token":"at-1","refresh_token":"rt-1","token_type":"bearer","expires_in":"3600"}`,
			"GET https://openapi.naver.com/v1/nid/me":   `{"resultcode":"00","message":"success","response":{"id":"32742776","email":"openapi@naver.com","nickname":"OpenAPI","name":"Open API"}}`,
		},
		who: provider.Identity{UID: "32742776", Display: "openapi@naver.com", Emails: email("openapi@naver.com", true), Username: "OpenAPI", Name: "Open API"},
	},
	"yandex": {
		to: "https://oauth.yandex.com/authorize", asks: map[string]string{"scope": "login:info login:email"}, token: "https://oauth.yandex.com/token",
		answers: map[string]string{"GET https://login.yandex.ru/info": `{"first_name":"Ivan","last_name":"Ivanov","display_name":"ivan","emails":["test@yandex.ru","other@yandex.ru"],
			"default_email":"test@yandex.ru","real_name":"Ivan Ivanov","login":"ivan","id":"1000034426","client_id":"client","psuid":"1.AAceCw"}`},
		headers: map[string]string{"GET https://login.yandex.ru/info Authorization": "OAuth at-1"},
		who: provider.Identity{UID: "1000034426", Display: "test@yandex.ru", Emails: email("test@yandex.ru", true), Username: "ivan", Name: "Ivan Ivanov", GivenName: "Ivan",
			FamilyName: "Ivanov"},
	},
	"vk": {
		to: "https://id.vk.ru/authorize", asks: map[string]string{"scope": "email", "code_challenge_method": "S256"}, token: "https://id.vk.ru/oauth2/auth",
		app: func(a *tenants.App) { a.Secret = tenants.Secret{} }, came: url.Values{"device_id": {"device-1"}, "type": {"code_v2"}},
		form: map[string]string{"device_id": "device-1", "state": "state-1", "code_verifier": attempt("1").Verifier, "client_secret": "", "client_id": "client"},
		answers: map[string]string{"POST https://id.vk.ru/oauth2/user_info": `{"user":{"user_id":"1234567890","first_name":"Ivan","last_name":"I.","phone":"79991234567","avatar":"https://pp.userapi.com/60tZWMo4SmwcploUVl9XEt8ufnTTvDUmQ6Bj1g/mmv1pcj63C4.png",
			"email":"ivan_i123@vk.com","sex":2,"verified":false,"birthday":"01.01.2000"}}`},
		who: provider.Identity{UID: "1234567890", Display: "ivan_i123@vk.com", Emails: email("ivan_i123@vk.com", false), Phone: "79991234567", GivenName: "Ivan", FamilyName: "I."},
	},
	"weixin": {
		to: "https://open.weixin.qq.com/connect/qrconnect", asks: map[string]string{"appid": "client", "client_id": "", "scope": "snsapi_login"},
		token: "https://api.weixin.qq.com/sns/oauth2/access_token", form: map[string]string{"appid": "client", "secret": "s3cret", "grant_type": "authorization_code"},
		answers: map[string]string{
			"POST https://api.weixin.qq.com/sns/oauth2/access_token": `{"access_token":"at-1","expires_in":7200,"refresh_token":"rt-1","openid":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","scope":"snsapi_login","unionid":"o6_bmasdasdsad6_2sgVt7hMZOPfL"}`,
			"GET https://api.weixin.qq.com/sns/userinfo":             `{"openid":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","nickname":"Band","sex":1,"province":"","city":"","country":"CN","privilege":[],"unionid":"o6_bmasdasdsad6_2sgVt7hMZOPfL"}`,
		},
		who: provider.Identity{UID: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", Display: "Band", Username: "Band", Name: "Band"},
	},
	"strava": {
		to: "https://www.strava.com/oauth/authorize", asks: map[string]string{"scope": "read"}, token: "https://www.strava.com/oauth/token",
		answers: map[string]string{"GET https://www.strava.com/api/v3/athlete": `{"id":1234567890987654400,"username":"marianne_t","resource_state":3,"firstname":"Marianne","lastname":"Teutenberg"}`},
		who:     provider.Identity{UID: "1234567890987654400", Display: "marianne_t", Username: "marianne_t", GivenName: "Marianne", FamilyName: "Teutenberg"},
	},
	"notion": {
		to: "https://api.notion.com/v1/oauth/authorize", asks: map[string]string{"owner": "user", "scope": ""}, token: "https://api.notion.com/v1/oauth/token", basic: true, json: true,
		answers: map[string]string{"POST https://api.notion.com/v1/oauth/token": `{"access_token":"at-1","bot_id":"b3414d65","duplicated_template_id":null,"owner":{"type":"user","user":{"object":"user",
			"id":"6794760a-1f15-45cd-9c65-0dfe42f5135a","name":"Aman Gupta","avatar_url":null,"type":"person","person":{"email":"aman@example.com"}}},"workspace_icon":null,"workspace_id":"j565j4d7x3-2882","workspace_name":"Acme"}`},
		who: provider.Identity{UID: "user-6794760a-1f15-45cd-9c65-0dfe42f5135a_workspace-j565j4d7x3-2882", Display: "Aman Gupta (Acme)", Emails: email("aman@example.com", false), Name: "Aman Gupta"},
	},
	"figma": {
		to: "https://www.figma.com/oauth", asks: map[string]string{"scope": "current_user:read"}, token: "https://api.figma.com/v1/oauth/token", basic: true,
		answers: map[string]string{"GET https://api.figma.com/v1/me": `{"id":"1030411111111111111","email":"ann@example.com","handle":"Ann","img_url":"https://www.gravatar.com/avatar/0"}`},
		who:     provider.Identity{UID: "1030411111111111111", Display: "Ann", Emails: email("ann@example.com", false), Name: "Ann"},
	},
}

var ecPEM = sync.OnceValue(func() string {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))}))
})

// Each provider answers as its documentation has it.
func TestProvidersAsTheyAre(t *testing.T) {
	for name, r := range records {
		t.Run(name, func(t *testing.T) { r.play(t, name) })
	}
}

func (r recorded) play(t *testing.T, name string) {
	answers := maps.Clone(r.answers)
	if answers == nil {
		answers = map[string]string{}
	}
	if r.issuer != "" {
		base := strings.TrimRight(r.issuer, "/")
		r.token = base + "/token"
		claims := map[string]any{"iss": r.issuer, "aud": "client", "iat": start.Unix(), "exp": start.Unix() + 600, "nonce": "nonce-1"}
		if name == "linkedin_oauth2" {
			delete(claims, "nonce")
		}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(r.claims, "HASH", atHash("at-1"))), &claims); err != nil {
			t.Fatal(err)
		}
		answers["GET "+base+"/.well-known/openid-configuration"] = string(must(json.Marshal(map[string]any{
			"issuer": r.issuer, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token", "jwks_uri": base + "/keys", "userinfo_endpoint": base + "/userinfo",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"plain", "S256"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		})))
		answers["GET "+base+"/keys"] = string(must(json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "k1"}}})))
		answers["POST "+r.token] = string(must(json.Marshal(map[string]any{
			"access_token": "at-1", "expires_in": 3600, "refresh_token": "rt-1", "id_token": signed(jose.RS256, rsaKey(), "k1", "JWT", claims),
		})))
		r.basic = len(r.form) == 0
	}
	if answers["POST "+r.token] == "" {
		answers["POST "+r.token] = tokenAnswer
	}
	i := newInternet(t, answers)
	apps := i.apps(false)
	a := tenants.App{Provider: name, ID: name, ProviderApp: tenants.ProviderApp{ClientID: "client", Secret: tenants.NewSecret("s3cret")}}
	if r.app != nil {
		r.app(&a)
	}
	of := acme()
	of.Settings.SocialAccount.QueryEmail = true
	to, err := apps.Begin(t.Context(), of, a, attempt("1"))
	if err != nil {
		t.Fatal(err)
	}
	at, asked, _ := strings.Cut(to, "?")
	asked, _, _ = strings.Cut(asked, "#")
	q := must(url.ParseQuery(asked))
	if at != r.to || q.Get("state") != "state-1" || q.Get("redirect_uri") != "https://id.acme.example/accounts/"+name+"/login/callback/" || q.Get("response_type") != "code" {
		t.Errorf("sent to %s", to)
	}
	for name, value := range r.asks {
		if q.Get(name) != value {
			t.Errorf("asked for is %s %q", name, q.Get(name))
		}
	}
	params := url.Values{"code": {"code-1"}, "state": {"state-1"}}
	maps.Copy(params, r.came)
	who, err := apps.Complete(t.Context(), of, a, attempt("1"), params)
	if err != nil {
		t.Fatal(err)
	}
	if who.Tokens == nil || who.Tokens.Access != "at-1" {
		t.Errorf("the tokens are %+v", who.Tokens)
	}
	who.Tokens = nil
	if got, want := must(json.Marshal(who)), must(json.Marshal(r.who)); string(got) != string(want) {
		t.Errorf("it is\n%s, and not\n%s", got, want)
	}
	r.sent(t, i)
	for at, asked := range i.asked {
		if asked.URL.Query().Has("access_token") && name != "weixin" || strings.Contains(asked.URL.String(), "s3cret") {
			t.Errorf("a secret is in an address: %s", at)
		}
	}

	// What a provider says when it does not take the code.
	i.answers["POST "+r.token] = `400 {"error":"invalid_grant","error_description":"no"}`
	if name == "weixin" {
		i.answers["POST "+r.token] = `{"errcode":40029,"errmsg":"invalid code"}`
	}
	if _, err := apps.Complete(t.Context(), of, a, attempt("1"), params); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("of a code that is refused it is %v", err)
	}
	if _, err := apps.Complete(t.Context(), of, a, attempt("1"), url.Values{"error": {"access_denied"}}); !errors.Is(err, provider.ErrCancelled) {
		t.Errorf("of somebody's no it is %v", err)
	}
	// And when what it says has nobody in it.
	i.answers = map[string]string{"POST " + r.token: tokenAnswer}
	for at := range answers {
		if strings.HasSuffix(at, "/.well-known/openid-configuration") || strings.HasSuffix(at, "/keys") {
			i.answers[at] = answers[at]
		} else if at != "POST "+r.token {
			i.answers[at] = `{"error":"something"}`
		}
	}
	if who, err := apps.Complete(t.Context(), of, a, attempt("1"), params); err == nil {
		t.Errorf("of nobody it is %+v", who)
	}
}

// sent looks at what the token endpoint and others were asked.
func (r recorded) sent(t *testing.T, i *internet) {
	t.Helper()
	asked := i.asked["POST "+r.token]
	form := map[string]string{}
	if r.json {
		if err := json.Unmarshal([]byte(i.bodies["POST "+r.token]), &form); err != nil || asked.Header.Get("Content-Type") != "application/json" {
			t.Errorf("sent was %s", i.bodies["POST "+r.token])
		}
	} else {
		for name, values := range must(url.ParseQuery(i.bodies["POST "+r.token])) {
			form[name] = values[0]
		}
	}
	if form["code"] != "code-1" || form["grant_type"] != "authorization_code" || r.basic != (asked.Header.Get("Authorization") != "") {
		t.Errorf("sent was %v, with %v", form, asked.Header)
	}
	for name, value := range r.form {
		if form[name] != value {
			t.Errorf("sent was %s %q", name, form[name])
		}
	}
	for what, value := range r.headers {
		parts := strings.Split(what, " ")
		if got := i.asked[parts[0]+" "+parts[1]].Header.Get(parts[2]); got != value {
			t.Errorf("%s was %q", what, got)
		}
	}
}

// Every provider that is built in is in the table above, or has a test of its own, and is in the manual with whether its tokens are taken.
func TestEveryProviderIsTested(t *testing.T) {
	manual := string(must(os.ReadFile("../../docs/providers.md")))
	own := []string{"openid_connect", "saml", "steam", "telegram", "dummy"}
	apps := provider.New(provider.Options{Clock: clock.At(start), Dev: true})
	for _, name := range provider.Known() {
		if _, ok := records[name]; !ok && !slices.Contains(own, name) {
			t.Errorf("%s has no test", name)
		}
		about, ok := apps.About(tenants.App{Provider: name, ID: name, ProviderApp: tenants.ProviderApp{ClientID: "app"}})
		if !ok || about.Name == "" {
			t.Errorf("of %s is told %+v", name, about)
		}
		_, row, _ := strings.Cut(manual, "\n| `"+name+"` | ")
		row, _, _ = strings.Cut(row, "\n")
		if cells := strings.Split(row, " | "); len(cells) != 5 || name != "openid_connect" && name != "saml" && cells[0] != about.Name || strings.HasPrefix(cells[4], "no") == about.Token {
			t.Errorf("of %s the manual says %q", name, row)
		}
	}
}

func atHash(access string) string {
	h := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(h[:16])
}
