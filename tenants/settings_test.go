package tenants

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// parse is Parse for documents that have to be good.
func parse(t *testing.T, doc string) Settings {
	t.Helper()
	s, err := Parse([]byte(doc))
	if err != nil {
		t.Fatalf("Parse(%s): %v", doc, err)
	}
	return s
}

// faultLines are the faults of an error, a line each.
func faultLines(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var c *ConfigError
	if !errors.As(err, &c) {
		t.Fatalf("not a ConfigError: %v", err)
	}
	lines := make([]string, len(c.Faults))
	for i, f := range c.Faults {
		lines[i] = f.String()
	}
	return lines
}

func wantFaults(t *testing.T, err error, want ...string) {
	t.Helper()
	got := faultLines(t, err)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("faults:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestDefaultsAreThoseOfTheReference(t *testing.T) {
	const format = `{"numeric": false, "dashed": true, "length": 8}`
	want := strings.ReplaceAll(`{
	"public_url": "",
	"common": {"user_code_format": FORMAT},
	"account": {
		"signup_enabled": true, "login_methods": ["username"],
		"signup_fields": ["username*", "email", "password1*", "password2*"], "prevent_enumeration": true,
		"email_verification": "optional", "email_verification_by_code_enabled": false,
		"email_verification_by_code_format": FORMAT, "email_verification_by_code_max_attempts": 3,
		"email_verification_by_code_timeout": 900, "email_verification_supports_change": false,
		"email_verification_supports_resend": false, "email_confirmation_expire_days": 3,
		"email_confirmation_hmac": true, "login_on_email_confirmation": false, "login_by_code_enabled": false,
		"login_by_code_required": false, "login_by_code_max_attempts": 3, "login_by_code_timeout": 180,
		"login_by_code_format": FORMAT, "login_by_code_supports_resend": false, "login_by_code_trust_enabled": false,
		"login_timeout": 900, "login_on_password_reset": false, "logout_on_password_change": false,
		"password_reset_by_code_enabled": false, "password_reset_by_code_max_attempts": 3,
		"password_reset_by_code_timeout": 180, "password_reset_by_code_format": FORMAT,
		"password_reset_timeout": 259200, "reauthentication_required": false, "reauthentication_timeout": 300,
		"email_unknown_accounts": true, "email_notifications": false, "email_subject_prefix": null,
		"change_email": false, "max_email_addresses": null, "unique_email": true, "email_max_length": 254,
		"preserve_username_casing": true, "username_blacklist": [], "username_min_length": 1,
		"user_model_username_field": "username", "user_display": "username", "phone_verification_enabled": true,
		"phone_verification_max_attempts": 3, "phone_verification_timeout": 900,
		"phone_verification_supports_change": false, "phone_verification_supports_resend": false,
		"phone_verification_code_format": FORMAT, "signup_form_honeypot_field": "", "session_remember": null,
		"rate_limits": {
			"change_password": "5/m/user", "change_phone": "1/m/user", "manage_email": "10/m/user",
			"reset_password": "20/m/ip,5/m/key", "reauthenticate": "10/m/user", "reset_password_from_key": "20/m/ip",
			"signup": "20/m/ip", "login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key", "confirm_email": "1/3m/key",
			"provider": "60/m/ip", "request_login_code": "20/m/ip,3/m/key", "verify_phone": "1/30s/key,3/m/ip"
		}
	},
	"headless": {
		"clients": ["app", "browser"],
		"frontend_urls": {"account_confirm_email": "", "account_reset_password": "",
			"account_reset_password_from_key": "", "account_signup": "", "socialaccount_login_error": ""},
		"serve_specification": true, "token_strategy": "session", "jwt_algorithm": "RS256", "jwt_private_key": "", "jwt_key_rotation_days": 90,
		"jwt_access_token_expires_in": 300, "jwt_refresh_token_expires_in": 86400,
		"jwt_authorization_header_scheme": "Bearer", "jwt_stateful_validation_enabled": false,
		"jwt_rotate_refresh_token": true, "jwt_refresh_grace_period": 10, "jwt_claims": {}, "jwt_audience": ""
	},
	"mfa": {
		"supported_types": ["recovery_codes", "totp"], "allow_unverified_email": false, "passkey_login_enabled": false,
		"passkey_signup_enabled": false, "recovery_code_count": 10, "recovery_code_digits": 8,
		"recovery_codes_show_once": false, "totp_period": 30, "totp_tolerance": 0, "totp_digits": 6, "totp_issuer": "",
		"trust_enabled": false, "trust_cookie_age": 1209600, "trust_cookie_name": "mfa_trusted",
		"trust_cookie_domain": "", "trust_cookie_httponly": true, "trust_cookie_path": "/",
		"trust_cookie_samesite": "Lax", "trust_cookie_secure": null, "webauthn_allow_insecure_origin": false,
		"webauthn_rp_id": "", "webauthn_rp_origins": []
	},
	"usersessions": {"track_activity": false},
	"audit": {"retention_days": 365},
	"socialaccount": {
		"providers": {}, "auto_signup": true, "email_authentication": false,
		"email_authentication_auto_connect": false, "email_verification": "optional", "email_required": false,
		"query_email": false, "requests_timeout": 5, "store_tokens": false, "only": false,
		"openid_connect_url_prefix": "oidc"
	},
	"idp_oidc": {
		"access_token_expires_in": 3600, "access_token_format": "opaque", "authorization_code_expires_in": 60,
		"device_code_expires_in": 300, "device_code_interval": 5, "id_token_expires_in": 300,
		"user_code_format": FORMAT, "rate_limits": {"device_user_code": "5/m/ip"}, "rotate_refresh_token": true,
		"rp_initiated_logout_asks_for_op_logout": true, "userinfo_endpoint": ""
	},
	"cors": {"allowed_origins": [], "max_age": 600},
	"cookies": {"session_name": "sessionid", "csrf_name": "csrftoken", "domain": "", "secure": null,
		"samesite": "Lax", "session_age": 1209600},
	"passwords": {"min_length": 8, "hasher": "argon2id", "argon2id_memory": 19456, "argon2id_iterations": 2,
		"argon2id_parallelism": 1, "breach_check": "off"},
	"email": {"smtp_url": "", "from": "", "reply_to": "", "templates": {}},
	"sms": {"webhook_url": "", "webhook_secret": "", "twilio_account_sid": "", "twilio_auth_token": "", "twilio_from": ""},
	"branding": {"name": "", "logo_url": "", "colour": ""},
	"metadata": {}
}`, "FORMAT", format)
	var expected, got any
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(parse(t, `{}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	compareTrees(t, "", expected, got)
	if !reflect.DeepEqual(parse(t, `{}`), Defaults()) {
		t.Error("an empty document is not the same as Defaults")
	}
}

func compareTrees(t *testing.T, path string, want, got any) {
	t.Helper()
	w, isObject := want.(map[string]any)
	g, both := got.(map[string]any)
	if !isObject || !both {
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
		return
	}
	for k := range g {
		if _, ok := w[k]; !ok {
			t.Errorf("%s.%s is not in the reference", path, k)
		}
	}
	for k := range w {
		compareTrees(t, path+"."+k, w[k], g[k])
	}
}

func TestWhatTheMarshalledSettingsSayParsesToTheSame(t *testing.T) {
	s := parse(t, `{"account": {"max_email_addresses": 3, "login_by_code_required": ["mfa"], "prevent_enumeration": "strict",
		"email_verification_supports_resend": true, "user_model_username_field": null, "login_methods": ["email"],
		"signup_fields": ["email*"], "session_remember": false, "rate_limits": {"login": "2/90s"}},
		"socialaccount": {"providers": {"google": {"apps": [{"client_id": "x"}], "verified_email": ["example.org"]}}}}`)
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	again := parse(t, string(b))
	if !reflect.DeepEqual(s, again) {
		t.Errorf("came back different:\n%+v\n%+v", s, again)
	}
}

func TestSettingsFollowOthersUntilTheyAreGiven(t *testing.T) {
	t.Run("code formats follow the common one", func(t *testing.T) {
		s := parse(t, `{"common": {"user_code_format": {"length": 6, "numeric": true}},
			"account": {"login_by_code_format": {"length": 10}, "phone_verification_code_format": {"numeric": true}}}`)
		common := CodeFormat{Numeric: true, Dashed: true, Length: 6}
		if s.Account.EmailVerificationByCodeFormat != common || s.IDPOIDC.UserCodeFormat != common {
			t.Errorf("not followed: %+v", s.Account.EmailVerificationByCodeFormat)
		}
		if got, want := s.Account.LoginByCodeFormat, (CodeFormat{Dashed: true, Length: 10}); got != want {
			t.Errorf("a format of its own is %+v, want %+v", got, want)
		}
		if got, want := s.Account.PhoneVerificationCodeFormat, (CodeFormat{Numeric: true, Dashed: true, Length: 9}); got != want {
			t.Errorf("a numeric format without a length is %+v, want %+v", got, want)
		}
	})
	t.Run("provider accounts follow the account section", func(t *testing.T) {
		s := parse(t, `{"account": {"signup_fields": ["username*", "email*"], "email_verification": "mandatory"}}`).SocialAccount
		if s.EmailVerification != VerificationMandatory || !s.EmailRequired || !s.QueryEmail {
			t.Errorf("%+v", s)
		}
	})
	t.Run("asking for the address follows needing it", func(t *testing.T) {
		s := parse(t, `{"account": {"signup_fields": ["username*", "email*"]}, "socialaccount": {"email_required": false}}`)
		if s.SocialAccount.EmailRequired || s.SocialAccount.QueryEmail {
			t.Errorf("%+v", s.SocialAccount)
		}
		s = parse(t, `{"socialaccount": {"email_required": true}}`)
		if !s.SocialAccount.QueryEmail {
			t.Error("not asked for though needed")
		}
	})
	t.Run("null follows too", func(t *testing.T) {
		s := parse(t, `{"account": {"email_verification": "none"}, "socialaccount": {"email_verification": null}}`)
		if s.SocialAccount.EmailVerification != VerificationNone {
			t.Errorf("%+v", s.SocialAccount)
		}
	})
	t.Run("the trust cookie follows the session cookie", func(t *testing.T) {
		s := parse(t, `{"cookies": {"domain": "example.org", "samesite": "Strict", "secure": true}}`).MFA
		if s.TrustCookieDomain != "example.org" || s.TrustCookieSameSite != "Strict" || s.TrustCookieSecure == nil {
			t.Errorf("%+v", s)
		}
	})
	t.Run("codes may be asked for sooner than links", func(t *testing.T) {
		const byCode = `"email_verification": "mandatory", "email_verification_by_code_enabled": true, "signup_fields": ["email*"], "login_methods": ["email"]`
		s := parse(t, `{"account": {`+byCode+`}}`)
		if got := fmt.Sprint(s.Account.RateLimits.Of("confirm_email")); got != "[1/10s/key]" {
			t.Error(got)
		}
		s = parse(t, `{"account": {`+byCode+`, "rate_limits": {"confirm_email": "7/h/key"}}}`)
		if got := fmt.Sprint(s.Account.RateLimits.Of("confirm_email")); got != "[7/h/key]" {
			t.Error(got)
		}
	})
}

func TestSupportsSettingsAreFalseTrueOrANumber(t *testing.T) {
	for text, want := range map[string]Times{"false": 0, "true": 2, "0": 0, "1": 1, "7": 7} {
		s := parse(t, `{"account": {"login_by_code_supports_resend": `+text+`}}`)
		if s.Account.LoginByCodeSupportsResend != want {
			t.Errorf("%s is %d, want %d", text, s.Account.LoginByCodeSupportsResend, want)
		}
	}
}

func TestLoginByCodeMayBeRequiredAfterSomeMethodsOnly(t *testing.T) {
	s := parse(t, `{"account": {"login_by_code_required": ["password"]}}`).Account.LoginByCodeRequired
	if !s.For("password") || s.For("mfa") || !s.Any() {
		t.Errorf("%+v", s)
	}
	if s := parse(t, `{"account": {"login_by_code_required": true}}`).Account.LoginByCodeRequired; !s.For("mfa") {
		t.Errorf("%+v", s)
	}
	if s := parse(t, `{"account": {"login_by_code_required": []}}`).Account.LoginByCodeRequired; s.Any() {
		t.Errorf("%+v", s)
	}
}

func TestSignupFieldsSayWhatIsAskedAndRequired(t *testing.T) {
	f := SignupFields{"email*", "username", "password1*"}
	for name, want := range map[string][2]bool{
		"email": {true, true}, "username": {true, false}, "password1": {true, true}, "phone": {false, false}, "email2": {},
	} {
		if asked, required := f.Field(name); [2]bool{asked, required} != want {
			t.Errorf("%s: asked %t, required %t", name, asked, required)
		}
	}
}

func TestEnumerationIsFalseTrueOrStrict(t *testing.T) {
	for text, want := range map[string]Enumeration{
		"false": EnumerationAllowed, "true": EnumerationPrevented, `"strict"`: EnumerationStrict,
	} {
		got := parse(t, `{"account": {"prevent_enumeration": `+text+`}}`).Account.PreventEnumeration
		if got != want || got.Prevented() != (text != "false") || got.Strict() != (text == `"strict"`) {
			t.Errorf("%s is %s", text, got)
		}
	}
}

func TestTenantsMayHaveNoUsernames(t *testing.T) {
	for _, text := range []string{`null`, `""`} {
		s := parse(t, `{"account": {"user_model_username_field": `+text+`, "login_methods": ["email"], "signup_fields": ["email*"]}}`)
		if s.Account.UserModelUsernameField != "" {
			t.Errorf("%s is %q", text, s.Account.UserModelUsernameField)
		}
	}
}

func TestRates(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "[]",
		" ":                     "[]",
		"10/m":                  "[{10 1m0s ip}]",
		"10/m/ip,5/5m/key":      "[{10 1m0s ip} {5 5m0s key}]",
		" 1/10s/user , 2/h/key": "[{1 10s user} {2 1h0m0s key}]",
		"1/1.5h":                "[{1 1h30m0s ip}]",
		"1/d":                   "[{1 24h0m0s ip}]",
		"1/.5s":                 "[{1 500ms ip}]",
		"3/31d":                 "[{3 744h0m0s ip}]",
	} {
		rates, err := ParseRates(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got []string
		for _, r := range rates {
			got = append(got, fmt.Sprintf("{%d %s %s}", r.Amount, r.Window, r.Per))
		}
		if s := fmt.Sprint(got); s != want {
			t.Errorf("%q is %s, want %s", text, s, want)
		}
	}
}

func TestBadRatesAreExplained(t *testing.T) {
	const (
		shape    = "must be rates such as 20/m/ip or 5/10m/key, separated by commas"
		amount   = "a rate's amount must be a whole number from 1 to 1000000"
		duration = "a rate's duration must be such as 10s, m, 5m, h or d, and at most 31d"
		per      = "a rate must be per ip, user or key"
		twice    = "must not have two rates of one duration per ip, user or key: only the smaller could ever count"
	)
	for text, want := range map[string]string{
		"10": shape, "1/2/3/4": shape, "1/m,": shape, "x/m": amount, "0/m": amount, "-1/m": amount, "1000001/m": amount,
		"1/": duration, "1/5": duration, "1/w": duration, "1/-1m": duration, "1/infs": duration, "1/1e9s": duration,
		"1/32d": duration, "1/0s": duration, "1/NaNs": duration, "1/1.2.3s": duration, "1/m/": per, "1/m/IP": per,
		"1/s,1/2s,1/3s,1/4s,1/5s,1/6s,1/7s,1/8s,1/9s": "must be at most 8 rates",
		"4/m/ip,20/m/ip": twice, "1/60s/key,1/m/key": twice,
	} {
		if _, err := ParseRates(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestRateLimitsKeepTheDefaultsOfWhatTheyLeaveOut(t *testing.T) {
	l := parse(t, `{"account": {"rate_limits": {"login": "2/m/ip", "signup": null, "verify_phone": ""}}}`).Account.RateLimits
	if got := fmt.Sprint(l.Of("login"), l.Of("login_failed"), l.Of("signup"), l.Of("verify_phone")); got != "[2/m/ip] [10/m/ip 5/5m/key] [] []" {
		t.Error(got)
	}
	off := parse(t, `{"account": {"rate_limits": false}}`).Account.RateLimits
	if len(off.Actions()) != 0 || off.Of("login") != nil {
		t.Errorf("false leaves limits: %v", off.Actions())
	}
	if got := parse(t, `{"account": {"rate_limits": {}}}`).Account.RateLimits.Of("login")[0]; got != (Rate{30, time.Minute, PerIP}) {
		t.Error(got)
	}
}

func TestANewDocumentLogsInByEmail(t *testing.T) {
	for doc, want := range map[string]string{
		``:           `{"account":{"login_methods":["email"],"signup_fields":["email*","password1*"]}}`,
		`{"sms":{}}`: `{"account":{"login_methods":["email"],"signup_fields":["email*","password1*"]},"sms":{}}`,
		`{"account": {"signup_fields": ["email"]}}`:    `{"account":{"login_methods":["email"],"signup_fields":["email"]}}`,
		`{"account": {"login_methods": ["username"]}}`: `{"account":{"login_methods":["username"],"signup_fields":["email*","password1*"]}}`,
		`{"account": {"session_remember": null}}`:      `{"account":{"login_methods":["email"],"signup_fields":["email*","password1*"]}}`,
	} {
		got, s, err := ParseNew([]byte(doc))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", doc, got, err)
		}
		if again, err := Parse(got); err != nil || !reflect.DeepEqual(s, again) {
			t.Errorf("%s: read again it is %+v, %v", doc, again, err)
		}
	}
	for doc, want := range map[string]string{
		`{"account": []}`:                       "account: must be an object",
		`{"account": {"signup_enabled": null}}`: "account.signup_enabled: must be true or false",
		`{"account": {"a": null}}`:              "account.a: unknown key",
		`[]`:                                    "must be an object",
	} {
		got, _, err := ParseNew([]byte(doc))
		wantFaults(t, err, want)
		if got != nil {
			t.Errorf("%s: a document came with the faults: %s", doc, got)
		}
	}
}

func TestDecodeTakesWhatParseWouldNotTakeAnyMore(t *testing.T) {
	doc := []byte(`{"account": {"login_timeout": 99999999, "retired": 1, "email_verification_by_code_enabled": true}}`)
	if _, err := Parse(doc); err == nil {
		t.Fatal("Parse took it")
	}
	s, err := Decode(doc)
	if err != nil || s.Account.LoginTimeout != 99999999 {
		t.Errorf("%v, %v", s.Account.LoginTimeout, err)
	}
	_, err = Decode([]byte(`{"account": {"login_timeout": "x"}}`))
	wantFaults(t, err, "account.login_timeout: has the wrong type")
}

// TestSecretsDoNotLeak prints settings in every way that anybody might by accident.
func TestSecretsDoNotLeak(t *testing.T) {
	const canary = "canary-9c1f"
	s := parse(t, `{
		"email": {"smtp_url": "smtp://mailer:`+canary+`@mail.example.org:587"}, "sms": {"webhook_secret": "`+canary+`",
			"twilio_account_sid": "AC`+strings.Repeat("0", 32)+`", "twilio_auth_token": "`+canary+`", "twilio_from": "+15005550006"},
		"headless": {"jwt_algorithm": "HS256", "jwt_private_key": "`+strings.Repeat(canary, 4)+`"},
		"socialaccount": {"providers": {"apple": {"apps": [{"client_id": "a", "secret": "`+canary+`", "key": "`+canary+`",
			"settings": {"certificate_key": "`+canary+`"}}]}}}}`)
	app := s.SocialAccount.Providers["apple"].Apps[0]
	for _, got := range []string{s.SMS.WebhookSecret.Reveal(), s.SMS.TwilioAuthToken.Reveal(), app.Secret.Reveal(), app.Key.Reveal(), app.Settings.CertificateKey.Reveal()} {
		if got != canary {
			t.Fatalf("a secret is %q", got)
		}
	}
	tenant := New(Tenant{ID: "t", Settings: s})
	type hidden struct {
		settings Settings // fmt cannot call methods of what is in here
		tenant   Tenant
	}
	values := map[string]any{
		"settings": s, "pointer": &s, "tenant": tenant, "tenant by value": *tenant, "unexported": hidden{s, *tenant},
		"secret": s.SMS.WebhookSecret, "secret pointer": &s.SMS.WebhookSecret, "url": s.Email.SMTPURL,
		"secrets": []Secret{s.SMS.WebhookSecret}, "error": fmt.Errorf("x %v", s.SMS.WebhookSecret),
	}
	for name, v := range values {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		if strings.Contains(out.String(), canary) || strings.Contains(out.String(), fmt.Sprintf("%x", canary)) {
			t.Errorf("%s gives the secret away", name)
		}
	}
	if got := s.Email.SMTPURL.String(); got != "smtp://mailer:********@mail.example.org:587" {
		t.Errorf("the SMTP URL is shown as %s", got)
	}
	if got := fmt.Sprintf("%v|%v", Secret{}, SecretURL{}); got != "|" {
		t.Errorf("what is not set is shown as %s", got)
	}
}

func TestPasswordsInURLsAreMasked(t *testing.T) {
	for url, want := range map[string]string{
		"":                                "",
		"smtp://mail.example.org":         "smtp://mail.example.org",
		"smtp://u@mail.example.org":       "smtp://u@mail.example.org",
		"smtp://u:p@mail.example.org":     "smtp://u:********@mail.example.org",
		"smtp://u:p@q@mail.example.org/":  "smtp://u:********@mail.example.org/",
		"smtp://u:p/q@mail.example.org":   Mask,
		"smtp://u:p?q@mail.example.org":   Mask,
		"u:p@mail.example.org":            Mask,
		"sealed:v1:AAAA":                  Mask,
		"smtps://:p@[2001:db8::1]:465/?x": "smtps://:********@[2001:db8::1]:465/?x",
	} {
		if got := maskURL(url); got != want {
			t.Errorf("%s is shown as %s, want %s", url, got, want)
		}
	}
}

func TestCodesHaveTheFormatThatWasSet(t *testing.T) {
	code := CodeFormat{Numeric: true, Length: 6}.Code()
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		t.Errorf("code %q", code)
	}
}

func newTestKeys(fill byte) (*secret.Keys, error) {
	return secret.NewKeys(bytes.Repeat([]byte{fill}, secret.KeySize))
}

func testKeys(t *testing.T, fill byte) *secret.Keys {
	t.Helper()
	k, err := newTestKeys(fill)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
