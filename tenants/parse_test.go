package tenants

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFaultsSayWhatToDo(t *testing.T) {
	const (
		python = "names Python code, which has no place here"
		django = "is about pages that Django renders; there are none here, and headless.frontend_urls says where links lead"
		masked = "is masked, and there is no stored secret that this could mean: give the secret itself"
		from   = "must be a phone number such as +15005550006, or MG and 32 hexadecimal digits"
		smtp   = "must be a URL such as smtp://user:password@mail.example.org:587 or smtps://mail.example.org"
		full   = "must be a full URL that begins with https:// or http://"
	)
	for name, c := range map[string]struct {
		doc  string
		want []string
	}{
		"nothing":               {``, []string{"is not valid JSON, at byte 0"}},
		"not JSON":              {`{"account": }`, []string{"is not valid JSON, at byte 12"}},
		"something after it":    {`{} {}`, []string{"is not valid JSON, at byte 4"}},
		"a list":                {`[]`, []string{"must be an object"}},
		"null":                  {`null`, []string{"must be an object"}},
		"not UTF-8":             {"{\"metadata\": {\"a\": \"\xff\"}}", []string{"must be UTF-8"}},
		"too long":              {`{"metadata": {"a": "` + strings.Repeat("x", MaxDocument) + `"}}`, []string{"must be at most 262144 bytes of JSON"}},
		"too deep":              {strings.Repeat(`{"metadata":`, 40) + "1" + strings.Repeat("}", 40), []string{"must not nest more than 32 deep"}},
		"a section of no kind":  {`{"account": 1}`, []string{"account: must be an object"}},
		"a key twice":           {`{"mfa": {"totp_digits": 6, "totp_digits": 7}}`, []string{"mfa.totp_digits: is given twice"}},
		"a section twice":       {`{"mfa": {}, "mfa": {}}`, []string{"mfa: is given twice"}},
		"twice within metadata": {`{"metadata": {"a": [{"b": 1, "b": 1}]}}`, []string{"metadata.a[0].b: is given twice"}},
		"an enormous number":    {`{"metadata": {"a": 1e999999999}}`, []string{"metadata.a: must be a number from -1e15 to 1e15"}},

		"a typing mistake":          {`{"account": {"emial_verification": "none"}}`, []string{"account.emial_verification: unknown key; did you mean email_verification?"}},
		"a section's mistake":       {`{"acount": {}}`, []string{"acount: unknown key; did you mean account?"}},
		"capitals":                  {`{"account": {"LOGIN_METHODS": ["email"]}}`, []string{"account.LOGIN_METHODS: unknown key; did you mean login_methods?"}},
		"the name in Django":        {`{"ACCOUNT_LOGIN_METHODS": ["email"]}`, []string{"ACCOUNT_LOGIN_METHODS: unknown key; did you mean account.login_methods?"}},
		"a common name in Django":   {`{"ALLAUTH_USER_CODE_FORMAT": {}}`, []string{"ALLAUTH_USER_CODE_FORMAT: unknown key; did you mean common.user_code_format?"}},
		"an adapter in Django":      {`{"ACCOUNT_ADAPTER": "x"}`, []string{"ACCOUNT_ADAPTER: " + python}},
		"the wrong section":         {`{"login_methods": [], "mfa": {"smtp_url": ""}}`, []string{"login_methods: unknown key; did you mean account.login_methods?", "mfa.smtp_url: unknown key; did you mean email.smtp_url?"}},
		"nothing like it":           {`{"account": {"weather": 1}}`, []string{"account.weather: unknown key"}},
		"a strange key":             {`{"account": {"a b": 1}}`, []string{`account["a b"]: unknown key`}},
		"an unknown action":         {`{"account": {"rate_limits": {"logins": "1/m"}}}`, []string{"account.rate_limits.logins: unknown key; did you mean login?"}},
		"the one app of a provider": {`{"socialaccount": {"providers": {"google": {"app": {}}}}}`, []string{"socialaccount.providers.google.app: unknown key; did you mean apps?"}},

		"Python code":           {`{"account": {"adapter": "a.B", "forms": {}}, "mfa": {"adapter": ""}}`, []string{"account.adapter: " + python, "account.forms: " + python, "mfa.adapter: " + python}},
		"pages of Django":       {`{"account": {"login_redirect_url": "/", "template_extension": "html"}}`, []string{"account.login_redirect_url: " + django, "account.template_extension: " + django}},
		"a model's field":       {`{"account": {"user_model_email_field": "email"}}`, []string{"account.user_model_email_field: names a field of a Django model, which has no place here"}},
		"what has moved":        {`{"account": {"email_required": true, "session_cookie_age": 1}}`, []string{`account.email_required: is "email*" in account.signup_fields now`, "account.session_cookie_age: is cookies.session_age here"}},
		"a back door":           {`{"mfa": {"totp_insecure_bypass_code": "1"}}`, []string{"mfa.totp_insecure_bypass_code: would let in whoever knows it, and is not offered"}},
		"what is the server's":  {`{"common": {"trusted_proxy_count": 1}}`, []string{"common.trusted_proxy_count: belongs to the server's own configuration, not to a tenant's"}},
		"a Python strategy":     {`{"headless": {"token_strategy": "x.SessionTokenStrategy"}}`, []string{`headless.token_strategy: must be "session" or "jwt" (Python classes have no place here)`}},
		"login on GET":          {`{"socialaccount": {"login_on_get": true}}`, []string{"socialaccount.login_on_get: is not offered: the API posts"}},
		"the password's field":  {`{"account": {"signup_fields": ["email*", "password"]}}`, []string{`account.signup_fields[1]: must be "username", "username*", "email", "email*", "email2", "email2*", "phone", "phone*", "password1", "password1*", "password2" or "password2*" (the password's field is called "password1")`}},
		"a wrong kind of value": {`{"account": {"signup_enabled": "yes", "login_methods": "email", "user_display": 1}}`, []string{"account.login_methods: must be a list", "account.signup_enabled: must be true or false", `account.user_display: must be "username", "email" or "name"`}},
		"null where none may be": {`{"account": {"signup_enabled": null, "login_timeout": null}}`, []string{
			"account.login_timeout: must be a whole number of seconds, at least 1", "account.signup_enabled: must be true or false"}},

		"too small":                   {`{"account": {"login_timeout": 0, "email_confirmation_expire_days": -1}}`, []string{"account.email_confirmation_expire_days: must be a whole number, at least 0", "account.login_timeout: must be a whole number of seconds, at least 1"}},
		"too large":                   {`{"mfa": {"totp_digits": 9}}`, []string{"mfa.totp_digits: must be a whole number, at most 8"}},
		"a fraction":                  {`{"account": {"login_timeout": 1.5}}`, []string{"account.login_timeout: must be a whole number of seconds, at least 1"}},
		"text for seconds":            {`{"account": {"login_timeout": "15m"}}`, []string{"account.login_timeout: must be a whole number of seconds, at least 1"}},
		"a choice that is none":       {`{"account": {"email_verification": "sometimes", "login_methods": ["fax"]}}`, []string{`account.email_verification: must be "none", "optional" or "mandatory"`, `account.login_methods[0]: must be "username", "email" or "phone"`}},
		"enumeration of its own kind": {`{"account": {"prevent_enumeration": "lax"}}`, []string{`account.prevent_enumeration: must be true, false or "strict"`}},
		"no addresses at all":         {`{"account": {"max_email_addresses": 0}}`, []string{"account.max_email_addresses: must be a whole number or null, at least 1"}},
		"a number of times":           {`{"account": {"login_by_code_supports_resend": "often"}}`, []string{"account.login_by_code_supports_resend: must be false, true (2 times) or a number of times, at least 0"}},
		"an empty list":               {`{"account": {"login_methods": []}}`, []string{"account.login_methods: must list at least 1 thing"}},
		"the same twice":              {`{"account": {"login_methods": ["email", "email"]}}`, []string{"account.login_methods: must not list the same thing twice"}},
		"a short code":                {`{"common": {"user_code_format": {"length": 3}}}`, []string{"common.user_code_format.length: must be a whole number, at least 4"}},
		"limits that are true":        {`{"account": {"rate_limits": true}}`, []string{"account.rate_limits: must be false or an object of rates by action"}},
		"rates":                       {`{"account": {"rate_limits": {"login": "1/w", "signup": 3}}}`, []string{"account.rate_limits.login: a rate's duration must be such as 10s, m, 5m, h or d, and at most 31d", "account.rate_limits.signup: must be text or null"}},
		"a list of required codes":    {`{"account": {"login_by_code_required": ["fax"]}}`, []string{`account.login_by_code_required[0]: must be "password", "mfa" or "socialaccount"`}},

		"a public URL with a path":  {`{"public_url": "https://a.example.org/auth"}`, []string{"public_url: must be scheme and host alone, such as https://id.example.org"}},
		"a public URL with a user":  {`{"public_url": "https://u:p@a.example.org"}`, []string{"public_url: must be a URL without a user or password in it"}},
		"a public URL of no web":    {`{"public_url": "ftp://a.example.org"}`, []string{"public_url: " + full}},
		"a public URL without host": {`{"public_url": "https://"}`, []string{"public_url: " + full}},
		"a public URL with a bad host": {`{"public_url": "https://a_b"}`, []string{
			"public_url: must be a URL with a valid host"}},
		"a link without a key":       {`{"headless": {"frontend_urls": {"account_confirm_email": "https://a.example.org/verify"}}}`, []string{"headless.frontend_urls.account_confirm_email: must contain {key} where the key of the link goes"}},
		"a link with a key for host": {`{"headless": {"frontend_urls": {"account_reset_password_from_key": "https://{key}.example.org/"}}}`, []string{"headless.frontend_urls.account_reset_password_from_key: must not have {key} in its host"}},
		"a relative link":            {`{"headless": {"frontend_urls": {"account_signup": "/signup"}}}`, []string{"headless.frontend_urls.account_signup: " + full}},
		"a link that runs a script":  {`{"headless": {"frontend_urls": {"account_signup": "javascript:alert(1)//"}}}`, []string{"headless.frontend_urls.account_signup: " + full}},
		"an unknown link":            {`{"headless": {"frontend_urls": {"account_confirm_mail": "https://a.example.org"}}}`, []string{"headless.frontend_urls.account_confirm_mail: unknown key; did you mean account_confirm_email?"}},

		"every origin":                {`{"cors": {"allowed_origins": ["*"]}}`, []string{"cors.allowed_origins[0]: must not be a bare star, since answers carry credentials; list the origins"}},
		"no origin":                   {`{"cors": {"allowed_origins": ["null"]}}`, []string{"cors.allowed_origins[0]: must be an origin, such as https://app.example.org, or https://*.example.org, in lower case and without a path"}},
		"an origin with a slash":      {`{"cors": {"allowed_origins": ["https://a.example.org/"]}}`, []string{"cors.allowed_origins[0]: must be an origin, such as https://app.example.org, or https://*.example.org, in lower case and without a path"}},
		"an origin with its own port": {`{"cors": {"allowed_origins": ["https://a.example.org:443"]}}`, []string{"cors.allowed_origins[0]: must be an origin, such as https://app.example.org, or https://*.example.org, in lower case and without a path"}},
		"a star in the middle":        {`{"cors": {"allowed_origins": ["https://a*.example.org"]}}`, []string{"cors.allowed_origins[0]: must be an origin, such as https://app.example.org, or https://*.example.org, in lower case and without a path"}},
		"a star over http":            {`{"cors": {"allowed_origins": ["http://*.example.org"]}}`, []string{"cors.allowed_origins[0]: must be an origin, such as https://app.example.org, or https://*.example.org, in lower case and without a path"}},
		"a star over strangers":       {`{"cors": {"allowed_origins": ["https://*.co.uk", "https://*.com"]}}`, []string{"cors.allowed_origins[0]: must not cover a domain that others register names under", "cors.allowed_origins[1]: must not cover a domain that others register names under"}},
		"an extra origin with a star": {`{"mfa": {"webauthn_rp_origins": ["https://*.example.org"]}}`, []string{"mfa.webauthn_rp_origins[0]: must be an origin, such as https://app.example.org, in lower case and without a path"}},

		"a cookie's name":        {`{"cookies": {"session_name": "a b", "csrf_name": ""}}`, []string{"cookies.csrf_name: must be letters, digits and dashes, as the name of a cookie", "cookies.session_name: must be letters, digits and dashes, as the name of a cookie"}},
		"a cookie for strangers": {`{"cookies": {"domain": "co.uk"}}`, []string{"cookies.domain: must not be a domain that others register names under"}},
		"a cookie's path":        {`{"mfa": {"trust_cookie_path": "/;x"}}`, []string{"mfa.trust_cookie_path: must be a path that begins with /"}},
		"a header's scheme":      {`{"headless": {"jwt_authorization_header_scheme": "Bearer x"}}`, []string{"headless.jwt_authorization_header_scheme: must be one word, such as Bearer"}},
		"a subject of two lines": {`{"account": {"email_subject_prefix": "a\r\nBcc: b"}}`, []string{"account.email_subject_prefix: must be one line of text"}},
		"a sender":               {`{"email": {"from": "nobody", "reply_to": "a@example.org, b@example.org"}}`, []string{"email.from: must be an address such as no-reply@example.org or Acme <no-reply@example.org>", "email.reply_to: must be an address such as no-reply@example.org or Acme <no-reply@example.org>"}},
		"mail over the web":      {`{"email": {"smtp_url": "https://mail.example.org"}}`, []string{"email.smtp_url: " + smtp}},
		"mail to no host":        {`{"email": {"smtp_url": "smtp://"}}`, []string{"email.smtp_url: " + smtp}},
		"mail to a bad port":     {`{"email": {"smtp_url": "smtp://mail.example.org:99999"}}`, []string{"email.smtp_url: " + smtp}},
		"a masked password":      {`{"email": {"smtp_url": "smtp://u:********@mail.example.org"}}`, []string{"email.smtp_url: " + masked}},
		"masked secrets":         {`{"sms": {"webhook_secret": "********"}, "email": {"smtp_url": "********"}}`, []string{"email.smtp_url: " + masked, "sms.webhook_secret: " + masked}},
		"a sealed secret":        {`{"sms": {"webhook_secret": "sealed:v1:AAAA"}}`, []string{"sms.webhook_secret: must be the secret itself, not a sealed one"}},
		"a webhook with a user":  {`{"sms": {"webhook_url": "https://u:p@sms.example.org"}}`, []string{"sms.webhook_url: must be a URL without a user or password in it"}},
		"what Twilio does not have": {`{"sms": {"twilio_account_sid": "AC../../../2010-04-01", "twilio_auth_token": "********", "twilio_from": "Acme"}}`, []string{
			"sms.twilio_account_sid: must be AC and 32 hexadecimal digits, as Twilio's console shows it",
			"sms.twilio_auth_token: " + masked, "sms.twilio_from: " + from}},
		"numbers that are none": {`{"sms": {"twilio_from": "+0123456789"}}`, []string{"sms.twilio_from: " + from}},
		"numbers too long":      {`{"sms": {"twilio_from": "+1234567890123456"}}`, []string{"sms.twilio_from: " + from}},
		"an account for sender": {`{"sms": {"twilio_from": "AC00000000000000000000000000000000"}}`, []string{"sms.twilio_from: " + from}},
		"templates that do not parse": {`{"email": {"templates": {"login_code": {"subject": "a\nb", "text": "{{.Code", "html": "{{end}}"}}}}`, []string{
			"email.templates.login_code.html: is not a Go template: 1: unexpected {{end}}",
			"email.templates.login_code.subject: must be one line of text",
			"email.templates.login_code.text: is not a Go template: 1: unclosed action"}},
		"an empty template": {`{"email": {"templates": {"login_code": {}, "Login": {"text": "x"}}}}`, []string{
			"email.templates.Login: must be named after a kind of message, such as password_reset_key",
			"email.templates.login_code: must have a subject, a text, an html or an sms"}},
		"a colour":           {`{"branding": {"colour": "red"}}`, []string{"branding.colour: must be a colour such as #0a7a5c"}},
		"a shared URL":       {`{"branding": {"logo_url": "data:image/png,x"}}`, []string{"branding.logo_url: " + full}},
		"a hasher of before": {`{"passwords": {"hasher": "md5", "min_length": 0}}`, []string{`passwords.hasher: must be "argon2id"`, "passwords.min_length: must be a whole number, at least 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.doc))
			wantFaults(t, err, c.want...)
		})
	}
}

func TestCombinationsThatCannotWorkAreRefused(t *testing.T) {
	const byCode = `"email_verification": "mandatory", "email_verification_by_code_enabled": true`
	const email = `"login_methods": ["email"], "signup_fields": ["email*", "password1*"]`
	for name, c := range map[string]struct {
		doc  string
		want []string
	}{
		"by code without mandatory": {`{"account": {"email_verification_by_code_enabled": true}}`, []string{
			`account.email_verification_by_code_enabled: needs account.email_verification "mandatory"`}},
		"mandatory without an address": {`{"account": {"email_verification": "mandatory"}}`, []string{
			`account.email_verification: "mandatory" needs "email*" in account.signup_fields`}},
		"login by shared addresses": {`{"account": {` + email + `, "unique_email": false}}`, []string{
			`account.unique_email: must be true where account.login_methods has "email"`}},
		"a field twice": {`{"account": {"signup_fields": ["username", "email", "email*"]}}`, []string{
			"account.signup_fields[2]: asks for the same field twice"}},
		"again without once": {`{"account": {"signup_fields": ["username*", "email2", "password2*"]}}`, []string{
			`account.signup_fields: "email2" needs "email", which it repeats`,
			`account.signup_fields: "password2" needs "password1", which it repeats`}},
		"no way to log in": {`{"account": {"login_methods": ["phone"], "signup_fields": ["email*", "password1*"]}}`, []string{
			"account.login_methods: account.signup_fields asks for none of these, so that nobody who signs up could log in"}},
		"usernames without usernames": {`{"account": {"user_model_username_field": null}}`, []string{
			`account.login_methods: has "username", but account.user_model_username_field says that users have none`,
			`account.signup_fields: has "username", but account.user_model_username_field says that users have none`}},
		"changing among many": {`{"account": {"change_email": true, "max_email_addresses": 3}}`, []string{
			"account.max_email_addresses: must be null or 2 where account.change_email is true: the old address and the new"}},
		"a trap in plain sight": {`{"account": {"signup_form_honeypot_field": "email"}}`, []string{
			"account.signup_form_honeypot_field: must not be a field that signup asks for"}},
		"providers only, and more": {`{"account": {"login_by_code_enabled": true}, "socialaccount": {"only": true, "email_verification": "optional"}}`, []string{
			`account.email_verification: must be "none" where socialaccount.only is true`,
			"account.login_by_code_enabled: must be false where socialaccount.only is true",
			`socialaccount.email_verification: must be "none" where socialaccount.only is true`}},
		"passkey signup alone": {`{"mfa": {"passkey_signup_enabled": true}}`, []string{
			`mfa.passkey_signup_enabled: needs "webauthn" in mfa.supported_types, account.email_verification "mandatory", account.email_verification_by_code_enabled, "email*" in account.signup_fields`}},
		"passkey signup without keys": {`{"account": {` + email + `, ` + byCode + `}, "mfa": {"passkey_signup_enabled": true}}`, []string{
			`mfa.passkey_signup_enabled: needs "webauthn" in mfa.supported_types`}},
		"keys of another domain": {`{"public_url": "https://id.example.org", "mfa": {"webauthn_rp_id": "example.com"}}`, []string{
			"mfa.webauthn_rp_id: must be the host of public_url or a domain above it"}},
		"keys of part of a name": {`{"public_url": "https://badexample.org", "mfa": {"webauthn_rp_id": "example.org"}}`, []string{
			"mfa.webauthn_rp_id: must be the host of public_url or a domain above it"}},
		"keys of everybody's domain": {`{"public_url": "https://id.example.org", "mfa": {"webauthn_rp_id": "org"}}`, []string{
			"mfa.webauthn_rp_id: must be the host of public_url or a domain above it"}},
		"keys of a shared domain": {`{"mfa": {"webauthn_rp_id": "co.uk"}}`, []string{
			"mfa.webauthn_rp_id: must not be a domain that others register names under"}},
		"half of Twilio": {`{"sms": {"twilio_from": "+15005550006"}}`, []string{
			"sms.twilio_account_sid: is needed, as texts go out through Twilio", "sms.twilio_auth_token: is needed, as texts go out through Twilio"}},
		"Twilio and a webhook": {`{"sms": {"webhook_url": "https://sms.example.org", "twilio_account_sid": "AC0123456789abcdef0123456789abcdef",
			"twilio_auth_token": "x", "twilio_from": "MG0123456789abcdef0123456789abcdef"}}`, []string{
			"sms.webhook_url: must be empty where texts go out through Twilio: give one of the two"}},
		"claims of the server": {`{"headless": {"jwt_claims": {"iss": "x", "sid": "y"}}}`, []string{
			"headless.jwt_claims.iss: is set by the server", "headless.jwt_claims.sid: is set by the server"}},
		"claims with odd names": {`{"headless": {"jwt_claims": {"a b": 1, "": 1, "9": 1}}}`, []string{
			`headless.jwt_claims[""]: must be named with letters, digits and _ . : / -, and begin with a letter or _`,
			`headless.jwt_claims["a b"]: must be named with letters, digits and _ . : / -, and begin with a letter or _`,
			`headless.jwt_claims[9]: must be named with letters, digits and _ . : / -, and begin with a letter or _`}},
		"claims that do not parse": {`{"headless": {"jwt_claims": {"a": {"b": ["{{"]}}}}`, []string{
			"headless.jwt_claims.a.b[0]: is not a Go template: 1: unclosed action"}},
		"a short shared secret": {`{"headless": {"jwt_algorithm": "HS256", "jwt_private_key": "short"}}`, []string{
			"headless.jwt_private_key: must have at least 32 characters for HS256"}},
		"a key that is none": {`{"headless": {"jwt_private_key": "-----BEGIN"}}`, []string{
			"headless.jwt_private_key: must be one private key in PEM, without a passphrase"}},
		"a provider's app without an id": {`{"socialaccount": {"providers": {"google": {"apps": [{}]}, "a b": {}}}}`, []string{
			`socialaccount.providers.google.apps[0].client_id: is needed`,
			`socialaccount.providers["a b"]: must be named with letters, digits, dots, _ and -`}},
		"a server without an address": {`{"socialaccount": {"providers": {"openid_connect": {"apps": [{"client_id": "x"}]}}}}`, []string{
			"socialaccount.providers.openid_connect.apps[0].provider_id: is needed, to tell this server from others",
			"socialaccount.providers.openid_connect.apps[0].settings.server_url: is needed"}},
		"two apps of one address": {`{"socialaccount": {"providers": {"saml": {"apps": [
			{"client_id": "corp", "provider_id": "a", "settings": {"idp": {"entity_id": "urn:a", "metadata_url": "https://a.example.org/"}}},
			{"client_id": "corp", "provider_id": "b", "settings": {"idp": {"entity_id": "urn:b", "metadata_url": "https://b.example.org/"}}}]}}}}`, []string{
			"socialaccount.providers.saml.apps[1].client_id: is another app's, and is a part of both addresses"}},
		"two providers of one name": {`{"socialaccount": {"providers": {"google": {}, "openid_connect": {"apps": [
			{"client_id": "x", "provider_id": "google", "settings": {"server_url": "https://a.example.org"}}]}}}}`, []string{
			"socialaccount.providers.openid_connect.apps[0].provider_id: names another provider too"}},
		"cookies of one name": {`{"cookies": {"csrf_name": "sessionid"}}`, []string{
			"cookies.csrf_name: must differ from cookies.session_name"}},
		"everywhere but not secure": {`{"public_url": "http://localhost:8080", "cookies": {"samesite": "None", "session_name": "__Secure-s"}}`, []string{
			`cookies.samesite: browsers take "None" only from cookies that are secure`,
			"cookies.session_name: a cookie of this name has to be secure",
			`mfa.trust_cookie_samesite: browsers take "None" only from cookies that are secure`}},
		"a host's cookie for a domain": {`{"cookies": {"session_name": "__Host-s", "domain": "example.org"}}`, []string{
			"cookies.session_name: a cookie of this name cannot have a domain"}},
		"rates of nobody": {`{"account": {"rate_limits": {"login": "1/m/user", "signup": "1/m/key"}}}`, []string{
			"account.rate_limits.login: must be per ip or key: nobody is signed in yet",
			"account.rate_limits.signup: must be per ip or user: there is no key to count by"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.doc))
			wantFaults(t, err, c.want...)
		})
	}
}

func TestConfigurationsThatWorkAreTaken(t *testing.T) {
	for name, doc := range map[string]string{
		"expired from the start":          `{"account": {"email_confirmation_expire_days": 0, "login_timeout": 1, "password_reset_timeout": 0}}`,
		"whole numbers in other clothes":  `{"account": {"login_timeout": 900.0, "reauthentication_timeout": 3e2}}`,
		"passkey login without keys":      `{"mfa": {"passkey_login_enabled": true, "supported_types": ["totp"]}}`,
		"no second factors":               `{"mfa": {"supported_types": []}}`,
		"login by a username nobody gave": `{"account": {"login_methods": ["username"], "signup_fields": ["email*", "password1*"]}}`,
		"phone alone":                     `{"account": {"login_methods": ["phone"], "signup_fields": ["phone*", "password1*"], "email_verification": "none"}}`,
		"login by code required":          `{"account": {"login_by_code_required": true}}`,
		"providers only":                  `{"account": {"email_verification": "none"}, "socialaccount": {"only": true}}`,
		"no signup, so no fields to match": `{"account": {"signup_enabled": false, "login_methods": ["phone"],
			"signup_fields": ["email*"]}}`,
		"changing one address":     `{"account": {"change_email": true, "max_email_addresses": 2}}`,
		"a local public URL":       `{"public_url": "http://localhost:8080/", "mfa": {"webauthn_rp_id": "localhost"}}`,
		"keys of the domain above": `{"public_url": "https://id.example.org", "mfa": {"webauthn_rp_id": "example.org"}}`,
		"nulls":                    `{"account": {"max_email_addresses": null, "session_remember": null, "signup_form_honeypot_field": null, "email_subject_prefix": null}, "headless": {"jwt_audience": null}, "idp_oidc": {"userinfo_endpoint": null}, "cookies": {"domain": null, "secure": null}}`,
		"origins":                  `{"cors": {"allowed_origins": ["https://app.example.org", "http://localhost:5173", "https://*.example.org", "https://*.example.org:8443"]}}`,
		"a link in a query":        `{"headless": {"frontend_urls": {"account_confirm_email": "https://a.example.org/v?key={key}"}}}`,
		"a claim of every kind":    `{"headless": {"jwt_claims": {"https://example.org/roles": ["{{.User.ID}}", 1, true, null], "name": "{{.User.Name}}"}}}`,
		"mail servers":             `{"email": {"smtp_url": "smtps://u%40x:p%2Fq@mail.example.org:465", "from": "Müller <a@example.org>"}}`,
		"a mail template":          `{"email": {"templates": {"login_code": {"html": "<a href=\"{{.URL}}\">{{.Code}}</a>"}}}}`,
		"providers": `{"socialaccount": {"providers": {"github": {"apps": [{"client_id": "a", "secret": "b"}], "scope": ["user"]},
			"google": {"auth_params": {"access_type": "online"}, "oauth_pkce_enabled": true, "verified_email": true},
			"openid_connect": {"apps": [{"provider_id": "corp", "client_id": "x", "settings": {"server_url": "http://127.0.0.1:3727", "verified_email": ["example.org"]}}]}}}}`,
		"free metadata": `{"metadata": {"a": {"b": [1, 2.5, "x", null, true]}}}`,
	} {
		t.Run(name, func(t *testing.T) { parse(t, doc) })
	}
}

func TestOwnSigningKeysHaveToFitTheAlgorithm(t *testing.T) {
	pemOf := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	check := func(algorithm, key string) error {
		doc, err := json.Marshal(map[string]any{"headless": map[string]any{"jwt_algorithm": algorithm, "jwt_private_key": key}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(doc)
		return err
	}
	fit := map[string]string{
		"RS256": pemOf(rsaKey), "ES256": pemOf(p256), "EdDSA": pemOf(ed), "HS256": strings.Repeat("s", 32),
	}
	for algorithm := range fit {
		for of, key := range fit {
			err := check(algorithm, key)
			if ok := err == nil; ok != (algorithm == of) && algorithm != "HS256" {
				t.Errorf("%s with a key for %s: %v", algorithm, of, err)
			}
		}
	}
	if err := check("ES256", pemOf(p384)); err == nil {
		t.Error("a key of another curve was taken")
	}
	if err := check("RS256", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)}))); err != nil {
		t.Error(err)
	}
	if err := check("ES256", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1}))); err != nil {
		t.Error(err)
	}
	if err := check("ES256", fit["ES256"]+fit["ES256"]); err == nil {
		t.Error("two keys were taken")
	}
}

func TestManyFaultsAreCutShort(t *testing.T) {
	doc := map[string]any{}
	for i := range 5000 {
		doc[fmt.Sprintf("unknown%d", i)] = 1
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(b)
	if n := len(faultLines(t, err)); n != maxFaults {
		t.Errorf("%d faults", n)
	}
}

func TestHostsHaveToFitTheSettings(t *testing.T) {
	for name, c := range map[string]struct {
		doc   string
		hosts []string
		want  []string
	}{
		"all in order":           {`{"mfa": {"webauthn_rp_id": "example.org"}, "cookies": {"domain": ".example.org"}}`, []string{"id.example.org"}, nil},
		"a host alone":           {`{"mfa": {"webauthn_rp_id": "auth"}}`, []string{"auth"}, nil},
		"hosts that are not":     {`{}`, []string{"A.example.org", "a.example.org:80", "x", "x"}, []string{"hosts[0]: must be a host in lower case, without scheme and port", "hosts[1]: must be a host in lower case, without scheme and port", "hosts[3]: is listed twice"}},
		"no hosts":               {`{}`, nil, []string{"public_url: is needed for a tenant without hosts"}},
		"no hosts but a URL":     {`{"public_url": "https://id.example.org"}`, nil, nil},
		"keys of another domain": {`{"mfa": {"webauthn_rp_id": "example.com"}}`, []string{"id.example.org"}, []string{"mfa.webauthn_rp_id: must be the host of public_url or a domain above it"}},
		"keys of everybody":      {`{"mfa": {"webauthn_rp_id": "org"}}`, []string{"id.example.org"}, []string{"mfa.webauthn_rp_id: must be the host of public_url or a domain above it"}},
		"cookies of another":     {`{"cookies": {"domain": "example.com"}, "mfa": {"trust_cookie_domain": "example.net"}}`, []string{"id.example.org"}, []string{"cookies.domain: must be the host of public_url or a domain above it", "mfa.trust_cookie_domain: must be the host of public_url or a domain above it"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, c.doc)
			wantFaults(t, s.ValidateHosts(c.hosts), c.want...)
		})
	}
}

func TestSlugs(t *testing.T) {
	for _, ok := range []string{"a", "0", "acme", "a-b", "a--b", strings.Repeat("a", 63)} {
		if !ValidSlug(ok) {
			t.Errorf("%q was refused", ok)
		}
	}
	for _, bad := range []string{"", "-", "-a", "a-", "A", "a_b", "a.b", "é", strings.Repeat("a", 64), "a\x00"} {
		if ValidSlug(bad) {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestEverySecretOfTheSchemaIsSealed holds the list of secrets in merge.go against the fields that the schema marks.
func TestEverySecretOfTheSchemaIsSealed(t *testing.T) {
	var tree map[string]any
	if err := json.Unmarshal(Schema(), &tree); err != nil {
		t.Fatal(err)
	}
	// A document with a value in the place of everything that the schema calls write-only.
	var fill func(node map[string]any) any
	marked := 0
	fill = func(node map[string]any) any {
		if node["writeOnly"] == true {
			marked++
			return "smtp://u:x@h"
		}
		if items, ok := node["items"].(map[string]any); ok {
			return []any{fill(items)}
		}
		out := map[string]any{}
		if more, ok := node["additionalProperties"].(map[string]any); ok {
			out["any"] = fill(more)
		}
		properties, _ := node["properties"].(map[string]any)
		for k, p := range properties {
			p, _ := p.(map[string]any)
			out[k] = fill(p)
		}
		return out
	}
	doc, _ := fill(tree).(map[string]any)
	var paths []string
	for _, s := range secretsOf(doc) {
		paths = append(paths, s.path)
	}
	slices.Sort(paths)
	want := []string{
		"email.smtp_url", "headless.jwt_private_key", "sms.twilio_auth_token", "sms.webhook_secret",
		"socialaccount.providers.any.apps[0].key",
		"socialaccount.providers.any.apps[0].secret", "socialaccount.providers.any.apps[0].settings.advanced.private_key",
		"socialaccount.providers.any.apps[0].settings.certificate_key",
	}
	if !slices.Equal(paths, want) || marked != len(want) {
		t.Errorf("sealed: %v; the schema marks %d", paths, marked)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"account": {"login_methods": ["email"], "rate_limits": {"login": "1/m"}}}`, `{"account": {"rate_limits": false}}`,
		`{"email": {"smtp_url": "smtp://u:p@h"}}`, `{"socialaccount": {"providers": {"x": {"apps": [{"secret": "********"}]}}}}`,
		`{"a": 1e400}`, `[[[[`, `{"mfa": {"totp_digits": 6.0}}`, `{"metadata": {"": {"": []}}}`, `{"headless":{"jwt_claims":{"a":"{{"}}}`,
		`{"account": {"user_model_username_field": null, "rate_limits": {"login": null}}, "mfa": {"trust_cookie_secure": null}}`,
		`{"public_url": "https://[::1]:80"}`, `{"account": {"username_blacklist": ["\ud800"]}}`,
	} {
		f.Add([]byte(seed))
	}
	keys, err := newTestKeys(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := Parse(doc)
		if err != nil {
			// Nothing else comes out of Parse, and what could be read beside it is good for finding more.
			_ = faultLines(t, err)
			_ = faultLines(t, s.ValidateHosts([]string{"a.example"}))
			return
		}
		// What was taken can be shown, sealed, opened and read again, and comes out the same.
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := SealSecrets(doc, keys, "t")
		if err != nil {
			t.Fatal(err)
		}
		opened, err := OpenSecrets(sealed, keys, "t")
		if err != nil {
			t.Fatal(err)
		}
		// What is shown can be sent back, and changes nothing.
		shown, err := Redact(opened)
		if err != nil {
			t.Fatal(err)
		}
		if back, _, err := ParsePatch(opened, shown); err != nil || !bytes.Equal(back, opened) {
			t.Fatalf("%v\n%s\n%s", err, opened, back)
		}
		again, err := Parse(opened)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := json.Marshal(again); err != nil || string(b) != string(c) {
			t.Fatalf("%v\n%s\n%s", err, b, c)
		}
	})
}

func FuzzParseRates(f *testing.F) {
	for _, seed := range []string{"10/m/ip", "5/5m/key,1/s", "1/1.5h", "1/.5s", "x", "1/1e9s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rates, err := ParseRates(text)
		if err != nil {
			return
		}
		for _, r := range rates {
			if r.Amount < 1 || r.Window < minRateWindow || r.Window > maxRateWindow {
				t.Fatalf("%q has %v", text, r)
			}
			again, err := ParseRates(r.String())
			if err != nil || len(again) != 1 || again[0] != r {
				t.Fatalf("%v is written %s, which is %v, %v", r, r, again, err)
			}
		}
	})
}
