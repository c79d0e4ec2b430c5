package tenants

// Settings are everything that a tenant may decide for itself. Each section is a struct, each key a field; the comments
// here are the manual, and become the descriptions in schema.json and the tables of docs/settings.md.
//
// Settings are made by Parse or Decode, which start from the defaults, or by Defaults itself. A value that follows
// another setting until it is given (the code formats, socialaccount.email_required, the trust cookie) is already
// worked out in them, so that readers never have to look in two places.
type Settings struct {
	// The identity origin, such as https://id.example.org: every link, issuer, relying party id and redirect is built
	// from it, never from a request. Scheme, host and port, without a path.
	PublicURL string `json:"public_url" jsonschema:"format=public-url" default:"https://<first host>"`

	Common        Common        `json:"common"`
	Account       Account       `json:"account"`
	Headless      Headless      `json:"headless"`
	MFA           MFA           `json:"mfa"`
	UserSessions  UserSessions  `json:"usersessions"`
	Audit         Audit         `json:"audit"`
	SocialAccount SocialAccount `json:"socialaccount"`
	IDPOIDC       IDPOIDC       `json:"idp_oidc"`
	CORS          CORS          `json:"cors"`
	Cookies       Cookies       `json:"cookies"`
	Passwords     Passwords     `json:"passwords"`
	Email         Email         `json:"email"`
	SMS           SMS           `json:"sms"`
	Branding      Branding      `json:"branding"`

	// Yours to use: kept with the tenant and given back as it is, except that no object keeps a null.
	Metadata map[string]any `json:"metadata"`

	left []string // the paths of what Parse left out, being faulty; "" is everything
}

// Common is what several sections share.
type Common struct {
	// The shape of every code that a person types, unless the setting of that code says otherwise.
	UserCodeFormat CodeFormat `json:"user_code_format"`
}

// Account is signing up, logging in, addresses, phone numbers and passwords.
type Account struct {
	// Whether people may make accounts for themselves.
	SignupEnabled bool `json:"signup_enabled"`

	// What people log in with. A new tenant that does not say gets ["email"].
	LoginMethods Names `json:"login_methods" jsonschema:"minItems=1,uniqueItems=true,enum=username,enum=email,enum=phone"`

	// What signup asks for, in order; a star marks what must be given. The second email and password fields ask for the
	// same thing twice. A new tenant that does not say gets ["email*", "password1*"].
	SignupFields SignupFields `json:"signup_fields" jsonschema:"minItems=1,uniqueItems=true"`

	// Whether answers hide which addresses and numbers have accounts. With "strict", a taken address may even sign up
	// again while neither account has verified it; with false, people are told that an address is taken.
	PreventEnumeration Enumeration `json:"prevent_enumeration"`

	// Whether an address has to be verified before the first login ("mandatory"), is asked to be ("optional"), or is
	// left alone ("none").
	EmailVerification EmailVerification `json:"email_verification" jsonschema:"enum=none,enum=optional,enum=mandatory"`

	// Verify addresses by a code that is typed in, instead of by a link. Needs email_verification "mandatory".
	EmailVerificationByCodeEnabled bool `json:"email_verification_by_code_enabled"`

	// The shape of the code that verifies an address.
	EmailVerificationByCodeFormat CodeFormat `json:"email_verification_by_code_format" default:"common.user_code_format"`

	// How many wrong codes end a verification.
	EmailVerificationByCodeMaxAttempts int `json:"email_verification_by_code_max_attempts" jsonschema:"minimum=1,maximum=100"`

	// How long the code is good for.
	EmailVerificationByCodeTimeout Seconds `json:"email_verification_by_code_timeout" jsonschema:"minimum=1,maximum=604800"`

	// How many times a mistyped address may be changed while its verification is pending. Whoever may change it can find out which
	// addresses have accounts, as the contract is: only the address of a signup that is one may be changed.
	EmailVerificationSupportsChange Times `json:"email_verification_supports_change"`

	// How many times a new code may be asked for.
	EmailVerificationSupportsResend Times `json:"email_verification_supports_resend"`

	// How many days a verification link is good for. With 0 it is never good.
	EmailConfirmationExpireDays int `json:"email_confirmation_expire_days" jsonschema:"minimum=0,maximum=3650"`

	// Whether verification links are signed rather than stored. Taken for compatibility.
	EmailConfirmationHMAC bool `json:"email_confirmation_hmac"`

	// Whether following a verification link also logs in the client that signed up. Concerns links only: a code
	// always does.
	LoginOnEmailConfirmation bool `json:"login_on_email_confirmation"`

	// Whether people may ask for a code by mail, or by SMS, to log in with.
	LoginByCodeEnabled bool `json:"login_by_code_enabled"`

	// Whether a login takes a mailed code on top: true, or a list of the methods that it is asked after.
	LoginByCodeRequired OneOrList `json:"login_by_code_required" jsonschema:"uniqueItems=true,enum=password,enum=mfa,enum=socialaccount"`

	// How many wrong codes end a login by code.
	LoginByCodeMaxAttempts int `json:"login_by_code_max_attempts" jsonschema:"minimum=1,maximum=100"`

	// How long a login code is good for.
	LoginByCodeTimeout Seconds `json:"login_by_code_timeout" jsonschema:"minimum=1,maximum=604800"`

	// The shape of the login code.
	LoginByCodeFormat CodeFormat `json:"login_by_code_format" default:"common.user_code_format"`

	// How many times a new login code may be asked for.
	LoginByCodeSupportsResend Times `json:"login_by_code_supports_resend"`

	// Whether a browser that gave a required login code may be trusted, so that it is not asked again.
	LoginByCodeTrustEnabled bool `json:"login_by_code_trust_enabled"`

	// How long a login may wait for its next stage, such as a second factor.
	LoginTimeout Seconds `json:"login_timeout" jsonschema:"minimum=1,maximum=604800"`

	// Whether a password reset ends in a login.
	LoginOnPasswordReset bool `json:"login_on_password_reset"`

	// Whether changing the password ends the session that changed it.
	LogoutOnPasswordChange bool `json:"logout_on_password_change"`

	// Reset passwords by a code that is typed in, instead of by a link.
	PasswordResetByCodeEnabled bool `json:"password_reset_by_code_enabled"`

	// How many wrong codes end a reset.
	PasswordResetByCodeMaxAttempts int `json:"password_reset_by_code_max_attempts" jsonschema:"minimum=1,maximum=100"`

	// How long the reset code is good for.
	PasswordResetByCodeTimeout Seconds `json:"password_reset_by_code_timeout" jsonschema:"minimum=1,maximum=604800"`

	// The shape of the reset code.
	PasswordResetByCodeFormat CodeFormat `json:"password_reset_by_code_format" default:"common.user_code_format"`

	// How long a reset link is good for.
	PasswordResetTimeout Seconds `json:"password_reset_timeout" jsonschema:"minimum=0,maximum=31536000"`

	// Whether changing addresses, numbers and connected accounts asks for a recent authentication.
	ReauthenticationRequired bool `json:"reauthentication_required"`

	// How long an authentication counts as recent.
	ReauthenticationTimeout Seconds `json:"reauthentication_timeout" jsonschema:"minimum=0,maximum=31536000"`

	// Whether an address or number without an account gets a message that says so when someone asks to reset its password,
	// or for a code to log in with.
	EmailUnknownAccounts bool `json:"email_unknown_accounts"`

	// Whether people get a mail when their password, addresses or second factors change.
	EmailNotifications bool `json:"email_notifications"`

	// What every mail's subject begins with; "": nothing.
	EmailSubjectPrefix *string `json:"email_subject_prefix" jsonschema:"maxLength=200,format=line" jsonschema_extras:"nullable=true" default:"\"[<tenant name>] \""`

	// Whether an account has one address that is changed, rather than a list that is added to.
	ChangeEmail bool `json:"change_email"`

	// The most addresses that an account may have; null: as many as people like.
	MaxEmailAddresses Bound `json:"max_email_addresses" jsonschema:"minimum=1,maximum=10000" jsonschema_extras:"nullable=true"`

	// Whether an address may belong to one account only.
	UniqueEmail bool `json:"unique_email"`

	// The most characters that an address may have.
	EmailMaxLength int `json:"email_max_length" jsonschema:"minimum=6,maximum=320"`

	// Whether usernames keep the capitals that they were given. Without it they are stored in lower case.
	PreserveUsernameCasing bool `json:"preserve_username_casing"`

	// Usernames that nobody may choose, compared without case.
	UsernameBlacklist []string `json:"username_blacklist" jsonschema:"maxItems=10000"`

	// The fewest characters that a username may have.
	UsernameMinLength int `json:"username_min_length" jsonschema:"minimum=1,maximum=150"`

	// "" where users have no username. A new tenant may say null, which is kept as "".
	UserModelUsernameField UsernameField `json:"user_model_username_field" jsonschema:"enum=username,enum=" jsonschema_extras:"nullable=true"`

	// What an account is shown as.
	UserDisplay string `json:"user_display" jsonschema:"enum=username,enum=email,enum=name"`

	// Whether phone numbers are verified by SMS.
	PhoneVerificationEnabled bool `json:"phone_verification_enabled"`

	// How many wrong codes end the verification of a number.
	PhoneVerificationMaxAttempts int `json:"phone_verification_max_attempts" jsonschema:"minimum=1,maximum=100"`

	// How long the code sent by SMS is good for.
	PhoneVerificationTimeout Seconds `json:"phone_verification_timeout" jsonschema:"minimum=1,maximum=604800"`

	// How many times a mistyped number may be changed while its verification is pending. Whoever may change it can find out which
	// numbers have accounts, as the contract is: only the number of a signup that is one may be changed.
	PhoneVerificationSupportsChange Times `json:"phone_verification_supports_change"`

	// How many times a new code may be asked for.
	PhoneVerificationSupportsResend Times `json:"phone_verification_supports_resend"`

	// The shape of the code sent by SMS.
	PhoneVerificationCodeFormat CodeFormat `json:"phone_verification_code_format" default:"common.user_code_format"`

	// A signup field that people never see and leave empty. Whoever fills it in is answered believably and gets no
	// account; null or "": no such field.
	SignupFormHoneypotField string `json:"signup_form_honeypot_field" jsonschema:"maxLength=64,format=field-name" jsonschema_extras:"nullable=true" default:"null"`

	// Taken for compatibility: sessions outlive the browser, for cookies.session_age, whatever is said here.
	SessionRemember *bool `json:"session_remember" jsonschema_extras:"nullable=true"`

	// How often each thing may be done: a map from action to rates, or false for no limits at all. Rates are
	// amount/duration/per separated by commas, such as "20/m/ip,5/m/key": per is ip, user or key (the address, number
	// or name that was given), and ip where it is left out; a duration is 10s, m, 5m, h or d. Actions that are left out
	// keep their default; "" lifts the limit of one action. A new tenant may say null, which is kept as "".
	RateLimits RateLimits `json:"rate_limits"`
}

// Headless is the API that front ends talk to, its links and its tokens.
type Headless struct {
	// The kinds of client that are served.
	Clients Names `json:"clients" jsonschema:"minItems=1,uniqueItems=true,enum=app,enum=browser"`

	// The pages of your front end that mails and redirects lead to.
	FrontendURLs FrontendURLs `json:"frontend_urls"`

	// Whether the OpenAPI document of the API is served, to everybody, at /_allauth/openapi.yaml, .json and .html.
	ServeSpecification bool `json:"serve_specification"`

	// What a login hands to app clients: a session token alone, or an access and a refresh token too.
	TokenStrategy string `json:"token_strategy" jsonschema:"enum=session,enum=jwt"`

	// How tokens are signed.
	JWTAlgorithm string `json:"jwt_algorithm" jsonschema:"enum=RS256,enum=ES256,enum=EdDSA,enum=HS256"`

	// A signing key of your own: a private key in PEM, or for HS256 a secret of at least 32 characters. It is sealed and
	// never shown again. Empty: the server makes keys and rotates them.
	JWTPrivateKey Secret `json:"jwt_private_key"`

	// How many days a key that the server made signs, before the next one does. Servers that check tokens see the next key a day
	// before. 0: keys are rotated by hand alone, as are those of your own.
	JWTKeyRotationDays int `json:"jwt_key_rotation_days" jsonschema:"minimum=0,maximum=3650"`

	// How long an access token is good for.
	JWTAccessTokenExpiresIn Seconds `json:"jwt_access_token_expires_in" jsonschema:"minimum=1,maximum=86400"`

	// How long a refresh token is good for.
	JWTRefreshTokenExpiresIn Seconds `json:"jwt_refresh_token_expires_in" jsonschema:"minimum=1,maximum=315360000"`

	// The word before the token in the Authorization header.
	JWTAuthorizationHeaderScheme string `json:"jwt_authorization_header_scheme" jsonschema:"minLength=1,maxLength=64,format=token"`

	// Whether an access token is checked against its session at every use, so that a logout counts at once.
	JWTStatefulValidationEnabled bool `json:"jwt_stateful_validation_enabled"`

	// Whether a refresh token is replaced at every use.
	JWTRotateRefreshToken bool `json:"jwt_rotate_refresh_token"`

	// How long a replaced refresh token may be sent again, for answers that were lost on the way. After that, its use
	// ends the session.
	JWTRefreshGracePeriod Seconds `json:"jwt_refresh_grace_period" jsonschema:"minimum=0,maximum=300"`

	// Claims to add to access tokens. Text, at any depth, is a Go template; other values are copied. A template may name
	// .User.ID, .User.Email, .User.Username, .User.Name and .Tenant.Slug, has if and else, and may call and, or, not, eq and ne.
	JWTClaims map[string]any `json:"jwt_claims"`

	// The audience of access tokens; null: the public URL.
	JWTAudience string `json:"jwt_audience" jsonschema:"maxLength=1000" jsonschema_extras:"nullable=true" default:"null"`
}

// FrontendURLs are pages of the tenant's own front end, as absolute URLs. What is left out leads to a path below the
// public URL.
type FrontendURLs struct {
	// Where verification links lead; {key} is filled in.
	AccountConfirmEmail string `json:"account_confirm_email" jsonschema:"format=frontend-url-with-key" default:"<public_url>/account/verify-email/{key}"`

	// Where people ask for a password reset.
	AccountResetPassword string `json:"account_reset_password" jsonschema:"format=frontend-url" default:"<public_url>/account/password/reset"`

	// Where reset links lead; {key} is filled in.
	AccountResetPasswordFromKey string `json:"account_reset_password_from_key" jsonschema:"format=frontend-url-with-key" default:"<public_url>/account/password/reset/key/{key}"`

	// Where people sign up.
	AccountSignup string `json:"account_signup" jsonschema:"format=frontend-url" default:"<public_url>/account/signup"`

	// Where a provider login leads that failed before its own callback page was known.
	SocialAccountLoginError string `json:"socialaccount_login_error" jsonschema:"format=frontend-url" default:"<public_url>/account/provider/callback"`
}

// MFA is second factors and passkeys.
type MFA struct {
	// The second factors that people may set up.
	SupportedTypes Names `json:"supported_types" jsonschema:"uniqueItems=true,enum=recovery_codes,enum=totp,enum=webauthn"`

	// Whether people may set up a second factor before they verified their address.
	AllowUnverifiedEmail bool `json:"allow_unverified_email"`

	// Whether a passkey alone logs in. Of no effect unless "webauthn" is supported.
	PasskeyLoginEnabled bool `json:"passkey_login_enabled"`

	// Whether people may sign up with a passkey and no password. Needs "webauthn", and addresses that must be verified
	// by code.
	PasskeySignupEnabled bool `json:"passkey_signup_enabled"`

	// How many recovery codes are made.
	RecoveryCodeCount int `json:"recovery_code_count" jsonschema:"minimum=1,maximum=100"`

	// How many digits a recovery code has.
	RecoveryCodeDigits int `json:"recovery_code_digits" jsonschema:"minimum=6,maximum=16"`

	// Whether recovery codes are shown only when they are made.
	RecoveryCodesShowOnce bool `json:"recovery_codes_show_once"`

	// How long an authenticator app shows a code.
	TOTPPeriod Seconds `json:"totp_period" jsonschema:"minimum=1,maximum=3600"`

	// How many periods before and after the current one are accepted, for clocks that are off.
	TOTPTolerance int `json:"totp_tolerance" jsonschema:"minimum=0,maximum=10"`

	// How many digits a code has.
	TOTPDigits int `json:"totp_digits" jsonschema:"minimum=6,maximum=8"`

	// What authenticator apps call this account's home; empty: the tenant's name.
	TOTPIssuer string `json:"totp_issuer" jsonschema:"maxLength=200,format=line"`

	// Whether people may trust a browser, so that it is not asked for a second factor again.
	TrustEnabled bool `json:"trust_enabled"`

	// How long a browser is trusted.
	TrustCookieAge Seconds `json:"trust_cookie_age" jsonschema:"minimum=1,maximum=315360000"`

	// The name of the cookie that marks a trusted browser.
	TrustCookieName string `json:"trust_cookie_name" jsonschema:"format=cookie-name"`

	// The domain of that cookie.
	TrustCookieDomain string `json:"trust_cookie_domain" jsonschema:"format=cookie-domain" jsonschema_extras:"nullable=true" default:"cookies.domain"`

	// Whether scripts cannot read that cookie.
	TrustCookieHTTPOnly bool `json:"trust_cookie_httponly"`

	// The path of that cookie.
	TrustCookiePath string `json:"trust_cookie_path" jsonschema:"format=cookie-path"`

	// When that cookie is sent along from other sites.
	TrustCookieSameSite string `json:"trust_cookie_samesite" jsonschema:"enum=Lax,enum=Strict,enum=None" default:"cookies.samesite"`

	// Whether that cookie is sent over https alone.
	TrustCookieSecure *bool `json:"trust_cookie_secure" jsonschema_extras:"nullable=true" default:"cookies.secure"`

	// Whether keys and passkeys work over plain http, on the tenant's own hosts. For development.
	WebAuthnAllowInsecureOrigin bool `json:"webauthn_allow_insecure_origin"`

	// The domain that keys and passkeys are bound to: the public URL's host or a domain above it. Changing it makes every
	// existing key useless.
	WebAuthnRPID string `json:"webauthn_rp_id" jsonschema:"format=rp-id" default:"the host of public_url"`

	// Further origins that keys may be used on.
	WebAuthnRPOrigins []string `json:"webauthn_rp_origins" jsonschema:"maxItems=100,uniqueItems=true,format=origin"`
}

// UserSessions is the list of sessions that people see.
type UserSessions struct {
	// Whether each session keeps when it was last used, to the minute, from which address and with which program.
	// Otherwise it keeps that of its last login or change.
	TrackActivity bool `json:"track_activity"`
}

// Audit is the log of what people and operators did.
type Audit struct {
	// For how many days events are kept; 0 is for ever.
	RetentionDays int `json:"retention_days" jsonschema:"minimum=0,maximum=36500"`
}

// SocialAccount is logging in through other providers.
type SocialAccount struct {
	// The providers, by id.
	Providers map[string]Provider `json:"providers"`

	// Whether a first login makes an account without asking, where the provider tells enough.
	AutoSignup bool `json:"auto_signup"`

	// Whether an address that the provider verified logs in to the account that has it. Only for providers that you
	// trust with every account.
	EmailAuthentication bool `json:"email_authentication"`

	// Whether such a login also connects the two for good.
	EmailAuthenticationAutoConnect bool `json:"email_authentication_auto_connect"`

	// As account.email_verification, for accounts that come from a provider.
	EmailVerification EmailVerification `json:"email_verification" jsonschema:"enum=none,enum=optional,enum=mandatory" jsonschema_extras:"nullable=true" default:"account.email_verification"`

	// Whether an account that comes from a provider needs an address.
	EmailRequired bool `json:"email_required" jsonschema_extras:"nullable=true" default:"whether account.signup_fields has \"email*\""`

	// Whether providers are asked for the address.
	QueryEmail bool `json:"query_email" jsonschema_extras:"nullable=true" default:"email_required"`

	// How long a call to a provider may take.
	RequestsTimeout Seconds `json:"requests_timeout" jsonschema:"minimum=1,maximum=60"`

	// Whether the tokens that providers hand out are kept, sealed, for operators with users.provider_tokens to read. Once it is off, none are
	// handed out, and a user's go at the next login by the provider.
	StoreTokens bool `json:"store_tokens"`

	// Whether providers are the only way in. Needs email_verification "none", here and under account, and no login by
	// code.
	Only bool `json:"only"`

	// The path segment of callback URLs of OpenID Connect providers.
	OpenIDConnectURLPrefix string `json:"openid_connect_url_prefix" jsonschema:"maxLength=64,format=path-segment"`
}

// Provider is one provider: the apps that are registered there, and what they share.
type Provider struct {
	// The apps registered at the provider.
	Apps []ProviderApp `json:"apps" jsonschema:"maxItems=100"`

	// The scopes to ask for, instead of the provider's usual ones.
	Scope []string `json:"scope,omitempty" jsonschema:"maxItems=100" jsonschema_extras:"nullable=true" default:"the provider's"`

	// Parameters to add to the authorization request.
	AuthParams map[string]string `json:"auth_params,omitempty"`

	// Whether PKCE protects the exchange; null: where the provider is known to take it.
	OAuthPKCEEnabled *bool `json:"oauth_pkce_enabled,omitempty" jsonschema_extras:"nullable=true"`

	// As socialaccount.email_authentication, for this provider.
	EmailAuthentication *bool `json:"email_authentication,omitempty" jsonschema_extras:"nullable=true" default:"socialaccount.email_authentication"`

	// As socialaccount.email_authentication_auto_connect, for this provider.
	EmailAuthenticationAutoConnect *bool `json:"email_authentication_auto_connect,omitempty" jsonschema_extras:"nullable=true" default:"socialaccount.email_authentication_auto_connect"`

	// Whether the provider's addresses count as verified although it does not say so: true, or a list of domains.
	VerifiedEmail OneOrList `json:"verified_email,omitzero" jsonschema:"format=host"`

	// Whether the profile is fetched on top of what the id token says; null: as the provider needs.
	FetchUserinfo *bool `json:"fetch_userinfo,omitempty" jsonschema_extras:"nullable=true"`

	// The directory to log in to (microsoft).
	Tenant string `json:"tenant,omitempty" jsonschema:"maxLength=200"`

	// The address of your own server (github).
	GitHubURL string `json:"github_url,omitempty" jsonschema:"format=url"`

	// The address of your own server (gitlab).
	GitLabURL string `json:"gitlab_url,omitempty" jsonschema:"format=url"`
}

// ProviderApp is one registration at a provider.
type ProviderApp struct {
	// What this app is called in the API's paths and forms. Needed where a provider has many servers, as openid_connect and saml.
	ProviderID string `json:"provider_id,omitempty" jsonschema:"maxLength=200,format=provider-id"`

	// What people see.
	Name string `json:"name,omitempty" jsonschema:"maxLength=200,format=line"`

	// The id that the provider gave the app (saml: what its addresses here have in them).
	ClientID string `json:"client_id" jsonschema:"maxLength=1000"`

	// The secret that goes with it (apple: the id of the key).
	Secret Secret `json:"secret"`

	// A further key, where the provider has one (apple: the id of the team).
	Key Secret `json:"key"`

	// What this app does differently.
	Settings ProviderAppSettings `json:"settings,omitzero"`
}

// ProviderAppSettings are what one app does differently from its provider.
type ProviderAppSettings struct {
	// The issuer of an OpenID Connect provider, or the address of its discovery document.
	ServerURL string `json:"server_url,omitempty" jsonschema:"format=url"`

	// How the app shows its secret; empty: as the provider's discovery document says.
	TokenAuthMethod string `json:"token_auth_method,omitempty" jsonschema:"enum=client_secret_basic,enum=client_secret_post,enum=none,enum="`

	// As the provider's.
	FetchUserinfo *bool `json:"fetch_userinfo,omitempty" jsonschema_extras:"nullable=true"`

	// The claim that identifies people.
	UIDField string `json:"uid_field,omitempty" jsonschema:"maxLength=100" default:"\"sub\""`

	// As the provider's.
	OAuthPKCEEnabled *bool `json:"oauth_pkce_enabled,omitempty" jsonschema_extras:"nullable=true"`

	// As the provider's.
	Scope []string `json:"scope,omitempty" jsonschema:"maxItems=100" jsonschema_extras:"nullable=true"`

	// As the provider's.
	AuthParams map[string]string `json:"auth_params,omitempty"`

	// As the provider's.
	EmailAuthentication *bool `json:"email_authentication,omitempty" jsonschema_extras:"nullable=true"`

	// As the provider's.
	EmailAuthenticationAutoConnect *bool `json:"email_authentication_auto_connect,omitempty" jsonschema_extras:"nullable=true"`

	// As the provider's; null: as the provider's.
	VerifiedEmail *OneOrList `json:"verified_email,omitempty" jsonschema:"format=host" jsonschema_extras:"nullable=true"`

	// Whether the app is left out of the list that front ends show.
	Hidden bool `json:"hidden,omitempty"`

	// The directory to log in to (microsoft).
	Tenant string `json:"tenant,omitempty" jsonschema:"maxLength=200"`

	// The address of your own server (github).
	GitHubURL string `json:"github_url,omitempty" jsonschema:"format=url"`

	// The address of your own server (gitlab).
	GitLabURL string `json:"gitlab_url,omitempty" jsonschema:"format=url"`

	// The private key that signs the app's secret, in PEM (apple).
	CertificateKey Secret `json:"certificate_key,omitzero"`

	// The identity provider (saml).
	IDP SAMLIDP `json:"idp,omitzero"`

	// This tenant, as that provider knows it (saml).
	SP SAMLSP `json:"sp,omitzero"`

	// Which attributes tell what, by "uid", "email", "email_verified", "username", "first_name" and "last_name" (saml). "NameID" stands for that.
	AttributeMapping map[string]OneOrSome `json:"attribute_mapping,omitempty"`

	// Whether the NameID is an address, whatever its format says (saml).
	UseNameIDForEmail bool `json:"use_nameid_for_email,omitempty"`

	// How the two speak (saml).
	Advanced SAMLAdvanced `json:"advanced,omitzero"`
}

// SAMLIDP is an identity provider that speaks SAML 2.0.
type SAMLIDP struct {
	// What the provider calls itself.
	EntityID string `json:"entity_id,omitempty" jsonschema:"maxLength=1024,format=line"`

	// Where it describes itself. What it says there takes the place of the rest.
	MetadataURL string `json:"metadata_url,omitempty" jsonschema:"format=url"`

	// Where people are sent to log in (HTTP-Redirect).
	SSOURL string `json:"sso_url,omitempty" jsonschema:"format=url"`

	// Where answers to its logouts are sent (HTTP-Redirect); empty: it does not log people out here.
	SLOURL string `json:"slo_url,omitempty" jsonschema:"format=url"`

	// The certificate of the key that it signs with, in PEM or base64.
	X509Cert string `json:"x509cert,omitempty" jsonschema:"maxLength=20000,format=certificate"`
}

// SAMLSP is this tenant as a service provider.
type SAMLSP struct {
	// What it calls itself.
	EntityID string `json:"entity_id,omitempty" jsonschema:"maxLength=1024,format=line" default:"the address of its metadata"`
}

// SAMLAdvanced is how a tenant and an identity provider speak SAML.
type SAMLAdvanced struct {
	// The private RSA key that signs requests, and opens assertions that are encrypted, in PEM.
	PrivateKey Secret `json:"private_key,omitzero"`

	// The certificate of that key, in PEM or base64.
	X509Cert string `json:"x509cert,omitempty" jsonschema:"maxLength=20000,format=certificate"`

	// The format of NameID to ask for.
	NameIDFormat string `json:"name_id_format,omitempty" jsonschema:"maxLength=200,format=line" default:"whatever the provider likes"`

	// Whether requests are signed. Needs a private key.
	AuthnRequestSigned bool `json:"authn_request_signed,omitempty"`

	// Whether the response itself has to be signed. It or the assertion in it always has to be.
	WantMessageSigned bool `json:"want_message_signed,omitempty"`

	// Whether the assertion itself has to be signed.
	WantAssertionSigned bool `json:"want_assertion_signed,omitempty"`

	// Whether the assertion has to be encrypted. Needs a private key.
	WantAssertionEncrypted bool `json:"want_assertion_encrypted,omitempty"`

	// Whether people may not begin at the provider. Where they may, they are sent back there at once, with a request.
	RejectIDPInitiatedSSO *bool `json:"reject_idp_initiated_sso,omitempty" jsonschema_extras:"nullable=true" default:"true"`
}

// IDPOIDC is this tenant as an OpenID provider for other apps.
type IDPOIDC struct {
	// How long an access token is good for.
	AccessTokenExpiresIn Seconds `json:"access_token_expires_in" jsonschema:"minimum=1,maximum=86400"`

	// Whether access tokens are random, or can be read.
	AccessTokenFormat string `json:"access_token_format" jsonschema:"enum=opaque,enum=jwt"`

	// How long an authorization code is good for.
	AuthorizationCodeExpiresIn Seconds `json:"authorization_code_expires_in" jsonschema:"minimum=1,maximum=600"`

	// How long a device may wait for its user.
	DeviceCodeExpiresIn Seconds `json:"device_code_expires_in" jsonschema:"minimum=1,maximum=86400"`

	// How long a device waits between questions.
	DeviceCodeInterval Seconds `json:"device_code_interval" jsonschema:"minimum=1,maximum=300"`

	// How long an id token is good for.
	IDTokenExpiresIn Seconds `json:"id_token_expires_in" jsonschema:"minimum=1,maximum=86400"`

	// The shape of the code that a device shows.
	UserCodeFormat CodeFormat `json:"user_code_format" default:"common.user_code_format"`

	// How often each thing may be done, as account.rate_limits.
	RateLimits RateLimits `json:"rate_limits"`

	// Whether a refresh token is replaced at every use.
	RotateRefreshToken bool `json:"rotate_refresh_token"`

	// Whether a logout that an app starts asks before it ends the session here.
	RPInitiatedLogoutAsksForOPLogout bool `json:"rp_initiated_logout_asks_for_op_logout"`

	// A userinfo endpoint of your own to announce instead of the built-in one; null: the built-in one.
	UserinfoEndpoint string `json:"userinfo_endpoint" jsonschema:"format=url" jsonschema_extras:"nullable=true" default:"null"`
}

// CORS is which pages of other origins may call the API.
type CORS struct {
	// Exact origins, such as https://app.example.org, or https://*.example.org for every subdomain. Never a bare star:
	// answers carry credentials. These origins also pass the CSRF check.
	AllowedOrigins []string `json:"allowed_origins" jsonschema:"maxItems=1000,uniqueItems=true,format=origin-pattern"`

	// How long a browser may remember the answer to a preflight.
	MaxAge Seconds `json:"max_age" jsonschema:"minimum=0,maximum=86400"`
}

// Cookies is how browsers keep a session.
type Cookies struct {
	// The name of the session cookie.
	SessionName string `json:"session_name" jsonschema:"format=cookie-name"`

	// The name of the CSRF cookie, which scripts read.
	CSRFName string `json:"csrf_name" jsonschema:"format=cookie-name"`

	// The domain that cookies are shared with: a domain above the public URL's host; null or "": that host alone.
	Domain string `json:"domain" jsonschema:"format=cookie-domain" jsonschema_extras:"nullable=true" default:"host only"`

	// Whether cookies are sent over https alone.
	Secure *bool `json:"secure" jsonschema_extras:"nullable=true" default:"true where public_url is https, or unset and the host is not a loopback name"`

	// When cookies are sent along from other sites.
	SameSite string `json:"samesite" jsonschema:"enum=Lax,enum=Strict,enum=None"`

	// How long a session lasts: for browsers from login, for apps from their last use.
	SessionAge Seconds `json:"session_age" jsonschema:"minimum=1,maximum=315360000"`
}

// Passwords is what makes a password acceptable, and how it is stored.
type Passwords struct {
	// The fewest characters. Besides: not all digits, not a common password, not like the user's own details.
	MinLength int `json:"min_length" jsonschema:"minimum=1,maximum=128"`

	// How new passwords are hashed. Older hashes are replaced at login.
	Hasher string `json:"hasher" jsonschema:"enum=argon2id"`

	// The memory that one hash takes, in KiB.
	Argon2idMemory int `json:"argon2id_memory" jsonschema:"minimum=8192,maximum=262144"`

	// How many passes one hash takes.
	Argon2idIterations int `json:"argon2id_iterations" jsonschema:"minimum=1,maximum=16"`

	// How many lanes one hash uses.
	Argon2idParallelism int `json:"argon2id_parallelism" jsonschema:"minimum=1,maximum=16"`

	// Whether new passwords are looked up among leaked ones: "hibp" asks Have I Been Pwned with the first five characters
	// of the password's digest, and accepts the password if there is no answer within a second.
	BreachCheck string `json:"breach_check" jsonschema:"enum=off,enum=hibp"`
}

// Email is how this tenant's mail goes out.
type Email struct {
	// The server that takes the mail: smtp://user:password@mail.example.org:587, or smtps:// for TLS from the start. With a
	// user and password, smtp:// sends nothing unless the server offers STARTTLS; without them it uses STARTTLS where it is
	// offered, and ?starttls=require at the end makes that a condition as well. The password is sealed and never shown again.
	SMTPURL SecretURL `json:"smtp_url" default:"the server's"`

	// The sender, such as Acme <no-reply@example.org>.
	From string `json:"from" jsonschema:"format=mailbox" default:"the server's"`

	// Where answers go.
	ReplyTo string `json:"reply_to" jsonschema:"format=mailbox" default:"the server's"`

	// Texts of your own, by kind of message. What is left out keeps the built-in text.
	Templates map[string]MailTemplate `json:"templates"`
}

// MailTemplate is the text of one kind of message: Go templates, checked when they are saved.
type MailTemplate struct {
	// The subject, after the prefix.
	Subject string `json:"subject,omitempty" jsonschema:"maxLength=1000,format=subject-template"`

	// The plain text.
	Text string `json:"text,omitempty" jsonschema:"format=text-template"`

	// The HTML.
	HTML string `json:"html,omitempty" jsonschema:"format=html-template"`

	// What is texted, for kinds that are: at most 1600 characters.
	SMS string `json:"sms,omitempty" jsonschema:"format=text-template"`
}

// SMS is how texts go out: through a webhook of yours or through Twilio. With neither, texts cannot be sent.
type SMS struct {
	// What each text is posted to as JSON: {"kind", "phone", "message", "code", "tenant"}.
	WebhookURL string `json:"webhook_url" jsonschema:"format=url"`

	// The key that those posts are signed with. Sealed and never shown again.
	WebhookSecret Secret `json:"webhook_secret"`

	// The Twilio account that sends the texts: AC and 32 hexadecimal digits. Needs the two settings below, and no webhook.
	TwilioAccountSID string `json:"twilio_account_sid" jsonschema:"format=twilio-account"`

	// The auth token of that account. Sealed and never shown again.
	TwilioAuthToken Secret `json:"twilio_auth_token"`

	// What the texts come from: a phone number of the account, such as +15005550006, or one of its messaging services: MG
	// and 32 hexadecimal digits.
	TwilioFrom string `json:"twilio_from" jsonschema:"format=twilio-from"`
}

// Branding is how the tenant shows itself in mails.
type Branding struct {
	// The name that mails are signed with; empty: the tenant's name.
	Name string `json:"name" jsonschema:"maxLength=200,format=line"`

	// A picture to head HTML mails with.
	LogoURL string `json:"logo_url" jsonschema:"format=url"`

	// The colour of buttons and links, such as #0a7a5c.
	Colour string `json:"colour" jsonschema:"format=colour"`
}

// Defaults are the settings of a tenant whose document says nothing. (A new tenant's document says a little: see
// ParseNew.)
func Defaults() Settings {
	format := CodeFormat{Dashed: true, Length: 8}
	s := Settings{
		Common: Common{UserCodeFormat: format},
		Account: Account{
			SignupEnabled:                      true,
			LoginMethods:                       Names{"username"},
			SignupFields:                       SignupFields{"username*", "email", "password1*", "password2*"},
			PreventEnumeration:                 EnumerationPrevented,
			EmailVerification:                  VerificationOptional,
			EmailVerificationByCodeMaxAttempts: 3,
			EmailVerificationByCodeTimeout:     900,
			EmailConfirmationExpireDays:        3,
			EmailConfirmationHMAC:              true,
			LoginByCodeMaxAttempts:             3,
			LoginByCodeTimeout:                 180,
			LoginTimeout:                       900,
			PasswordResetByCodeMaxAttempts:     3,
			PasswordResetByCodeTimeout:         180,
			PasswordResetTimeout:               259200,
			ReauthenticationTimeout:            300,
			EmailUnknownAccounts:               true,
			UniqueEmail:                        true,
			EmailMaxLength:                     254,
			PreserveUsernameCasing:             true,
			UsernameBlacklist:                  []string{},
			UsernameMinLength:                  1,
			UserModelUsernameField:             "username",
			UserDisplay:                        "username",
			PhoneVerificationEnabled:           true,
			PhoneVerificationMaxAttempts:       3,
			PhoneVerificationTimeout:           900,
		},
		Headless: Headless{
			Clients:                      Names{"app", "browser"},
			ServeSpecification:           true,
			TokenStrategy:                "session",
			JWTAlgorithm:                 "RS256",
			JWTKeyRotationDays:           90,
			JWTAccessTokenExpiresIn:      300,
			JWTRefreshTokenExpiresIn:     86400,
			JWTAuthorizationHeaderScheme: "Bearer",
			JWTRotateRefreshToken:        true,
			JWTRefreshGracePeriod:        10,
			JWTClaims:                    map[string]any{},
		},
		MFA: MFA{
			SupportedTypes:      Names{"recovery_codes", "totp"},
			RecoveryCodeCount:   10,
			RecoveryCodeDigits:  8,
			TOTPPeriod:          30,
			TOTPDigits:          6,
			TrustCookieAge:      1209600,
			TrustCookieName:     "mfa_trusted",
			TrustCookieHTTPOnly: true,
			TrustCookiePath:     "/",
			WebAuthnRPOrigins:   []string{},
		},
		SocialAccount: SocialAccount{
			Providers:              map[string]Provider{},
			AutoSignup:             true,
			RequestsTimeout:        5,
			OpenIDConnectURLPrefix: "oidc",
		},
		IDPOIDC: IDPOIDC{
			AccessTokenExpiresIn:             3600,
			AccessTokenFormat:                "opaque",
			AuthorizationCodeExpiresIn:       60,
			DeviceCodeExpiresIn:              300,
			DeviceCodeInterval:               5,
			IDTokenExpiresIn:                 300,
			RotateRefreshToken:               true,
			RPInitiatedLogoutAsksForOPLogout: true,
		},
		CORS:    CORS{AllowedOrigins: []string{}, MaxAge: 600},
		Audit:   Audit{RetentionDays: 365},
		Cookies: Cookies{SessionName: "sessionid", CSRFName: "csrftoken", SameSite: "Lax", SessionAge: 1209600},
		Passwords: Passwords{
			MinLength: 8, Hasher: "argon2id", Argon2idMemory: 19456, Argon2idIterations: 2, Argon2idParallelism: 1,
			BreachCheck: "off",
		},
		Email:    Email{Templates: map[string]MailTemplate{}},
		Metadata: map[string]any{},
	}
	s.follow(s)
	return s
}

// follow sets what follows another setting until it is given to what it follows in g.
func (s *Settings) follow(g Settings) {
	format := g.Common.UserCodeFormat
	a := &s.Account
	a.EmailVerificationByCodeFormat = format
	a.LoginByCodeFormat = format
	a.PasswordResetByCodeFormat = format
	a.PhoneVerificationCodeFormat = format
	a.RateLimits = defaultAccountRates(g.Account.EmailVerificationByCodeEnabled)
	s.IDPOIDC.UserCodeFormat = format
	s.IDPOIDC.RateLimits = defaultOIDCRates()

	s.MFA.TrustCookieDomain = g.Cookies.Domain
	s.MFA.TrustCookieSameSite = g.Cookies.SameSite
	s.MFA.TrustCookieSecure = g.Cookies.Secure

	s.SocialAccount.EmailVerification = g.Account.EmailVerification
	if g.SocialAccount.Only {
		s.SocialAccount.EmailVerification = VerificationNone
	}
	_, s.SocialAccount.EmailRequired = g.Account.SignupFields.Field("email")
	s.SocialAccount.QueryEmail = g.SocialAccount.EmailRequired
}
