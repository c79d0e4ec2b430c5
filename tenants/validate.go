package tenants

import (
	"cmp"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/vestibule-auth/vestibule/internal/hostname"
	"github.com/vestibule-auth/vestibule/internal/saml"
	"github.com/vestibule-auth/vestibule/internal/token"
)

// ValidSlug reports whether s may name a tenant: 1 to 63 lower-case letters, digits and dashes, with no dash at either
// end. It is what a host's label may be, so that <slug>.example.org always works.
func ValidSlug(s string) bool {
	if len(s) == 0 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// isIP reports whether a normal host is an address rather than a name.
func isIP(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// isPublicSuffix reports whether host is a domain under which strangers register names, such as com or github.io.
func isPublicSuffix(host string) bool {
	suffix, _ := publicsuffix.PublicSuffix(host)
	return suffix == host
}

// within reports whether host is domain or below it.
func within(host, domain string) bool {
	return host == domain || (strings.HasSuffix(host, domain) && host[len(host)-len(domain)-1] == '.')
}

// mayBind reports whether pages of host may use keys of a relying party id: its own name, or a domain above it under
// which no strangers register names (WebAuthn, section 5.1.2).
func mayBind(host, id string) bool { return host == id || (within(host, id) && !isPublicSuffix(id)) }

// publicOrigin is an absolute http or https URL without a path, as an origin (RFC 6454): lower case, and without the port
// that goes without saying.
func publicOrigin(raw string) (string, error) {
	u, err := webURL(raw)
	if err != nil {
		return "", err
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || strings.Contains(raw, "#") {
		return "", errors.New("must be scheme and host alone, such as https://id.example.org")
	}
	return originOf(u), nil
}

func originOf(u *url.URL) string {
	host, _ := hostname.Normal(u.Host)
	switch port := u.Port(); {
	case port == "", u.Scheme == "https" && port == "443", u.Scheme == "http" && port == "80":
		return u.Scheme + "://" + host
	default:
		return u.Scheme + "://" + host + ":" + port
	}
}

// webURL reads an absolute http or https URL without credentials.
func webURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" || (u.Scheme != "http" && u.Scheme != "https") || !printable(raw) {
		return nil, errors.New("must be a full URL that begins with https:// or http://")
	}
	if _, ok := hostname.Normal(u.Host); !ok {
		return nil, errors.New("must be a URL with a valid host")
	}
	if u.User != nil {
		return nil, errors.New("must be a URL without a user or password in it")
	}
	return u, nil
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' })
}

// isToken reports whether s is a token of RFC 9110, section 5.6.2, which is also what a cookie's name must be (RFC 6265,
// section 4.1.1).
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

func only(s, letters string) bool { return strings.Trim(s, letters) == "" }

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	letters = lower + upper
)

// formats judge single values. Their names are in the schema, and their errors go after the value's path; none of them
// repeats the value, which may hold a secret.
var formats = map[string]func(string) error{
	"public-url": func(s string) error {
		if s == "" {
			return nil
		}
		_, err := publicOrigin(s)
		return err
	},
	"url": optional(func(s string) error { _, err := webURL(s); return err }),
	"frontend-url": optional(func(s string) error {
		_, err := webURL(strings.ReplaceAll(s, keyPlace, "key"))
		return err
	}),
	"frontend-url-with-key": optional(func(s string) error {
		u, err := webURL(strings.ReplaceAll(s, keyPlace, "key"))
		switch {
		case err != nil:
			return err
		case !strings.Contains(s, keyPlace):
			return errors.New("must contain {key} where the key of the link goes")
		case strings.Contains(strings.SplitN(s, "/", 4)[2], keyPlace) || u.Host == "":
			return errors.New("must not have {key} in its host")
		}
		return nil
	}),
	"origin": func(s string) error { return checkOrigin(s, false) },
	"origin-pattern": func(s string) error {
		if s == "*" {
			return errors.New("must not be a bare star, since answers carry credentials; list the origins")
		}
		return checkOrigin(s, true)
	},
	"host": func(s string) error {
		if h, ok := hostname.Normal(s); !ok || h != strings.ToLower(s) {
			return errors.New("must be a domain, such as example.org")
		}
		return nil
	},
	"rp-id": optional(func(s string) error {
		switch h, ok := hostname.Normal(s); {
		case !ok || h != s || isIP(h):
			return errors.New("must be a domain in lower case, such as example.org")
		case isPublicSuffix(h) && strings.Contains(h, "."):
			return errors.New("must not be a domain that others register names under")
		}
		return nil
	}),
	"cookie-name": func(s string) error {
		if !isToken(s) || len(s) > 128 {
			return errors.New("must be letters, digits and dashes, as the name of a cookie")
		}
		return nil
	},
	"cookie-domain": optional(func(s string) error {
		switch h, ok := hostname.Normal(strings.TrimPrefix(s, ".")); {
		case !ok || h != strings.TrimPrefix(s, ".") || isIP(h):
			return errors.New("must be a domain in lower case, such as example.org")
		case isPublicSuffix(h):
			return errors.New("must not be a domain that others register names under")
		}
		return nil
	}),
	"cookie-path": func(s string) error {
		if !strings.HasPrefix(s, "/") || !printable(s) || strings.ContainsRune(s, ';') || len(s) > 200 {
			return errors.New("must be a path that begins with /")
		}
		return nil
	},
	"token": func(s string) error {
		if !isToken(s) {
			return errors.New("must be one word, such as Bearer")
		}
		return nil
	},
	"line": func(s string) error {
		if strings.ContainsFunc(s, unicode.IsControl) {
			return errors.New("must be one line of text")
		}
		return nil
	},
	"field-name": optional(func(s string) error {
		if !only(s, letters+digits+"_-") {
			return errors.New("must be letters, digits, _ and -")
		}
		return nil
	}),
	"path-segment": optional(func(s string) error {
		if !only(s, letters+digits+"_-") {
			return errors.New("must be letters, digits, _ and -")
		}
		return nil
	}),
	"provider-id": optional(func(s string) error {
		if !validAppID(s) {
			return errors.New("must be letters, digits, dots, _ and -")
		}
		return nil
	}),
	"certificate": optional(func(s string) error {
		_, err := saml.ParseCertificate(s)
		return err
	}),
	"colour": optional(func(s string) error {
		if (len(s) != 4 && len(s) != 7) || s[0] != '#' || !only(s[1:], digits+"abcdefABCDEF") {
			return errors.New("must be a colour such as #0a7a5c")
		}
		return nil
	}),
	"mailbox": optional(func(s string) error {
		if _, err := mail.ParseAddress(s); err != nil || strings.ContainsFunc(s, unicode.IsControl) {
			return errors.New("must be an address such as no-reply@example.org or Acme <no-reply@example.org>")
		}
		return nil
	}),
	"smtp-url": optional(checkSMTPURL),
	"twilio-account": optional(func(s string) error {
		if !isTwilioSID(s, "AC") {
			return errors.New("must be AC and 32 hexadecimal digits, as Twilio's console shows it")
		}
		return nil
	}),
	"twilio-from": optional(func(s string) error {
		if !isPhone(s) && !isTwilioSID(s, "MG") {
			return errors.New("must be a phone number such as +15005550006, or MG and 32 hexadecimal digits")
		}
		return nil
	}),
	"secret": func(s string) error {
		switch {
		case s == Mask:
			return errNothingToKeep
		case strings.HasPrefix(s, sealedMark):
			return errors.New("must be the secret itself, not a sealed one")
		}
		return nil
	},
	"rates": func(s string) error { _, err := ParseRates(s); return err },
	"subject-template": func(s string) error {
		if strings.ContainsFunc(s, unicode.IsControl) {
			return errors.New("must be one line of text")
		}
		return checkText(s)
	},
	"text-template": checkText,
	"html-template": func(s string) error {
		if _, err := htmltemplate.New("").Parse(s); err != nil {
			return fmt.Errorf("is not a Go template: %s", templateFault(err))
		}
		return nil
	},
}

// optional lets a value be empty, which means that it is not set.
func optional(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}

// isTwilioSID reports whether s is the id of a thing of Twilio's whose kind the prefix says.
func isTwilioSID(s, prefix string) bool {
	id, ok := strings.CutPrefix(s, prefix)
	return ok && len(id) == 32 && only(id, digits+"abcdefABCDEF")
}

// isPhone reports whether s is a phone number with its country (E.164): a plus and at most 15 digits, of which the first
// is not a zero.
func isPhone(s string) bool {
	number, ok := strings.CutPrefix(s, "+")
	return ok && len(number) >= 7 && len(number) <= 15 && number[0] != '0' && only(number, digits)
}

func validProviderID(s string) bool {
	return s != "" && len(s) <= 64 && only(s, letters+digits+"_-.") && strings.Trim(s, ".") != ""
}

// validAppID says the same of an app's own, which may be what a SAML provider calls itself: a URN, or an address.
func validAppID(s string) bool {
	return s != "" && len(s) <= 200 && only(s, letters+digits+"_-.:/") && strings.Trim(s, "./") != ""
}

func checkText(s string) error {
	if _, err := template.New("").Parse(s); err != nil {
		return fmt.Errorf("is not a Go template: %s", templateFault(err))
	}
	return nil
}

// templateFault is a template's error without the empty name that it begins with.
func templateFault(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "template: "), ":")
}

func checkOrigin(s string, wildcard bool) error {
	say := "must be an origin, such as https://app.example.org"
	if wildcard {
		say += ", or https://*.example.org"
	}
	host, starred := strings.CutPrefix(s, wildcardScheme)
	plain := s
	if starred && wildcard {
		plain = "https://" + host
	}
	o, err := publicOrigin(plain)
	if err != nil || o != plain {
		return errors.New(say + ", in lower case and without a path")
	}
	if starred && wildcard {
		name, _ := hostname.Normal(host)
		if isIP(name) || isPublicSuffix(name) {
			return errors.New("must not cover a domain that others register names under")
		}
	}
	return nil
}

// errNothingToKeep refuses a mask that stands for no stored secret.
var errNothingToKeep = errors.New("is masked, and there is no stored secret that this could mean: give the secret itself")

func checkSMTPURL(s string) error {
	if s == Mask {
		return errNothingToKeep
	}
	bad := errors.New("must be a URL such as smtp://user:password@mail.example.org:587 or smtps://mail.example.org")
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Opaque != "" || !printable(s) {
		return bad
	}
	if _, ok := hostname.Normal(u.Host); !ok {
		return bad
	}
	if strings.Trim(u.Path, "/") != "" || u.ForceQuery || strings.Contains(s, "#") {
		return bad
	}
	if u.RawQuery != "" && (u.RawQuery != "starttls=require" || u.Scheme != "smtp") {
		return errors.New("must have no option but ?starttls=require, which is for smtp")
	}
	password, _ := u.User.Password()
	if password == Mask {
		return errNothingToKeep
	}
	if u.User != nil && (u.User.Username() == "" || password == "") {
		return errors.New("must have both a user and a password, or neither")
	}
	return nil
}

// Validate reports every combination of settings that cannot work, in a *ConfigError. Single values are the schema's
// matter. Where settings were left out as faulty, a rule that needs them says nothing: with the right value it may hold.
func (s *Settings) Validate() error {
	var f faults
	s.validateAccount(&f)
	s.validateMFA(&f)
	s.validateHeadless(&f)
	s.validateProviders(&f)
	s.validateCookies(&f)
	s.validateRates(&f)
	s.validateSMS(&f)
	for kind, t := range s.Email.Templates {
		path := templatePath(kind)
		if !validKind(kind) {
			f.add(path, "must be named after a kind of message, such as password_reset_key")
		}
		if t == (MailTemplate{}) && s.known(path) {
			f.add(path, "must have a subject, a text, an html or an sms")
		}
	}
	return f.err()
}

func templatePath(kind string) string { return pathText([]string{"email", "templates", kind}) }

func validKind(kind string) bool {
	return kind != "" && len(kind) <= 64 && only(kind, lower+digits+"_")
}

// ValidateTemplates reports which of the tenant's own texts for mails check refuses. It is for whoever knows the kinds of
// mail, and asks only about texts that Validate has nothing against.
func (s *Settings) ValidateTemplates(check func(kind string, t MailTemplate) []Fault) error {
	var f faults
	for kind, t := range s.Email.Templates {
		if !validKind(kind) || t == (MailTemplate{}) {
			continue
		}
		f = append(f, check(kind, t)...)
	}
	return f.err()
}

func (s *Settings) validateAccount(f *faults) {
	a := &s.Account
	_, emailRequired := a.SignupFields.Field("email")
	if a.EmailVerificationByCodeEnabled && a.EmailVerification != VerificationMandatory && s.known("account.email_verification") {
		f.add("account.email_verification_by_code_enabled", `needs account.email_verification "mandatory"`)
	}
	if a.EmailVerification == VerificationMandatory && !emailRequired && s.known("account.signup_fields") {
		f.add("account.email_verification", `"mandatory" needs "email*" in account.signup_fields`)
	}
	if a.LoginMethods.Has("email") && !a.UniqueEmail {
		f.add("account.unique_email", `must be true where account.login_methods has "email"`)
	}
	seen := map[string]bool{} // of what was given, and can be read
	for i, field := range a.SignupFields {
		name := strings.TrimSuffix(field, "*")
		path := fmt.Sprintf("account.signup_fields[%d]", i)
		if !s.known(path) {
			continue
		}
		if seen[name] {
			f.add(path, "asks for the same field twice")
		}
		seen[name] = true
	}
	fieldsKnown := s.known("account.signup_fields")
	for _, twice := range [][2]string{{"email2", "email"}, {"password2", "password1"}} {
		if seen[twice[0]] && !seen[twice[1]] && fieldsKnown {
			f.add("account.signup_fields", "%q needs %q, which it repeats", twice[0], twice[1])
		}
	}
	// People without a username of their choice are given one, so that logging in by username works with any fields.
	usable := func(method string) bool { return method == "username" || seen[method] }
	if a.SignupEnabled && !slices.ContainsFunc(a.LoginMethods, usable) && fieldsKnown &&
		s.known("account.login_methods", "account.signup_enabled") {
		f.add("account.login_methods", "account.signup_fields asks for none of these, so that nobody who signs up could log in")
	}
	if a.UserModelUsernameField == "" {
		if seen["username"] {
			f.add("account.signup_fields", `has "username", but account.user_model_username_field says that users have none`)
		}
		if a.LoginMethods.Has("username") && s.known("account.login_methods") {
			f.add("account.login_methods", `has "username", but account.user_model_username_field says that users have none`)
		}
	}
	if a.ChangeEmail && a.MaxEmailAddresses != 0 && a.MaxEmailAddresses != 2 {
		f.add("account.max_email_addresses", "must be null or 2 where account.change_email is true: the old address and the new")
	}
	if honeypot := a.SignupFormHoneypotField; honeypot != "" && (seen[honeypot] || honeypot == "password") {
		f.add("account.signup_form_honeypot_field", "must not be a field that signup asks for")
	}
	if s.SocialAccount.Only {
		if a.LoginByCodeEnabled {
			f.add("account.login_by_code_enabled", "must be false where socialaccount.only is true")
		}
		if a.EmailVerification != VerificationNone && s.known("account.email_verification") {
			f.add("account.email_verification", `must be "none" where socialaccount.only is true`)
		}
		if s.SocialAccount.EmailVerification != VerificationNone {
			f.add("socialaccount.email_verification", `must be "none" where socialaccount.only is true`)
		}
	}
}

func (s *Settings) validateMFA(f *faults) {
	if s.MFA.PasskeySignupEnabled {
		var needs []string
		if !s.MFA.SupportedTypes.Has("webauthn") && s.known("mfa.supported_types") {
			needs = append(needs, `"webauthn" in mfa.supported_types`)
		}
		if s.Account.EmailVerification != VerificationMandatory && s.known("account.email_verification") {
			needs = append(needs, `account.email_verification "mandatory"`)
		}
		if !s.Account.EmailVerificationByCodeEnabled && s.known("account.email_verification_by_code_enabled") {
			needs = append(needs, "account.email_verification_by_code_enabled")
		}
		if _, required := s.Account.SignupFields.Field("email"); !required && s.known("account.signup_fields") {
			needs = append(needs, `"email*" in account.signup_fields`)
		}
		if len(needs) > 0 {
			f.add("mfa.passkey_signup_enabled", "needs %s", strings.Join(needs, ", "))
		}
	}
	if s.MFA.WebAuthnRPID != "" && s.PublicURL != "" && !mayBind(hostOf(s.PublicURL), s.MFA.WebAuthnRPID) {
		f.add("mfa.webauthn_rp_id", "must be the host of public_url or a domain above it")
	}
}

func (s *Settings) validateHeadless(f *faults) {
	h := &s.Headless
	if key := h.JWTPrivateKey.Reveal(); key != "" && s.known("headless.jwt_algorithm") {
		if _, err := token.Parse(token.Algorithm(h.JWTAlgorithm), key); err != nil {
			f.add("headless.jwt_private_key", "%s", err.Error())
		}
	}
	if _, err := compileClaims(h.JWTClaims); err != nil {
		f.take(err)
	}
}

// manyServers is the provider whose apps are servers of their own, each with an id.
const manyServers = "openid_connect"

func (s *Settings) validateProviders(f *faults) {
	ids, places := map[string]bool{}, map[[2]string]string{}
	for id := range s.SocialAccount.Providers {
		ids[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(s.SocialAccount.Providers)) {
		p := s.SocialAccount.Providers[id]
		base := []string{"socialaccount", "providers", id}
		if !validProviderID(id) {
			f.add(pathText(base), "must be named with letters, digits, dots, _ and -")
		}
		for i, app := range p.Apps {
			at := func(key string) string { return pathText(append(slices.Clone(base), "apps", strconv.Itoa(i), key)) }
			if app.ClientID == "" && s.known(at("client_id")) {
				f.add(at("client_id"), "is needed")
			}
			if id == speaksSAML {
				s.validateSAML(f, app, at)
				taken := slices.ContainsFunc(p.Apps[:i], func(a ProviderApp) bool { return a.ClientID == app.ClientID })
				if taken && app.ClientID != "" && s.known(at("client_id")) {
					f.add(at("client_id"), "is another app's, and is a part of both addresses")
				}
			}
			if app.ProviderID != "" && !validProviderID(app.ProviderID) && id != speaksSAML && s.known(at("provider_id")) {
				f.add(at("provider_id"), "must be letters, digits, dots, _ and -")
			}
			if id != manyServers {
				// People are known by an app's id and what the provider calls them: two servers must not share the first.
				one := [2]string{id, cmp.Or(app.ProviderID, id)}
				place := app.Settings.ServerURL + " " + cmp.Or(app.Settings.GitLabURL, p.GitLabURL) + " " +
					cmp.Or(app.Settings.GitHubURL, p.GitHubURL) + " " + cmp.Or(app.Settings.Tenant, p.Tenant) + " " + app.Settings.IDP.EntityID
				other, named := places[one]
				switch {
				case named && other != place && s.known(at("provider_id")):
					f.add(at("provider_id"), "is needed, to tell this server from the other one")
				case one[1] != id && ids[one[1]] && !named && s.known(at("provider_id")):
					f.add(at("provider_id"), "names another provider too")
				}
				places[one] = place
				ids[one[1]] = true
				continue
			}
			switch {
			case !s.known(at("provider_id")):
			case app.ProviderID == "":
				f.add(at("provider_id"), "is needed, to tell this server from others")
			case ids[app.ProviderID]:
				f.add(at("provider_id"), "names another provider too")
			}
			ids[app.ProviderID] = true
			if server := at("settings") + ".server_url"; app.Settings.ServerURL == "" && s.known(server) {
				f.add(server, "is needed")
			}
		}
	}
}

// speaksSAML is the provider whose apps are identity providers of their own that speak SAML 2.0.
const speaksSAML = "saml"

// meanings are what attributes can tell.
var meanings = []string{"uid", "email", "email_verified", "username", "first_name", "last_name"}

// validateSAML judges an app at an identity provider that speaks SAML. at is the path of one of its keys.
func (s *Settings) validateSAML(f *faults, app ProviderApp, at func(string) string) {
	if app.ClientID != "" && !(len(app.ClientID) <= 64 && only(app.ClientID, letters+digits+"_-")) && s.known(at("client_id")) {
		f.add(at("client_id"), "must be letters, digits, _ and -, as it is a part of addresses")
	}
	of := at("settings")
	idp, way := &app.Settings.IDP, &app.Settings.Advanced
	for _, one := range []struct{ key, value string }{
		{"entity_id", idp.EntityID}, {"sso_url", cmp.Or(idp.MetadataURL, idp.SSOURL)}, {"x509cert", cmp.Or(idp.MetadataURL, idp.X509Cert)},
	} {
		if path := of + ".idp." + one.key; one.value == "" && s.known(path, of+".idp.metadata_url") {
			f.add(path, "is needed%s", map[bool]string{true: ", or metadata_url is"}[one.key != "entity_id"])
		}
	}
	for meaning := range app.Settings.AttributeMapping {
		if !slices.Contains(meanings, meaning) {
			f.add(of+".attribute_mapping", "must be of %s", strings.Join(meanings, ", "))
			break
		}
	}
	key := of + ".advanced.private_key"
	if !s.known(key, of+".advanced.x509cert") {
		return
	}
	if !way.PrivateKey.IsSet() {
		if way.AuthnRequestSigned || way.WantAssertionEncrypted {
			f.add(key, "is needed to sign requests, and to open what is encrypted")
		}
		return
	}
	if _, err := saml.ParseKey(way.PrivateKey.Reveal(), way.X509Cert); err != nil {
		f.add(key, "%s", err.Error())
	}
}

func (s *Settings) validateCookies(f *faults) {
	names := map[string]string{}
	for _, c := range []struct {
		path, name, domain, sameSite string
		secure                       *bool
		settings                     []string // what the settings of the cookie begin with, and then those that they follow
	}{
		{"cookies.session_name", s.Cookies.SessionName, s.Cookies.Domain, s.Cookies.SameSite, s.Cookies.Secure,
			[]string{"cookies."}},
		{"cookies.csrf_name", s.Cookies.CSRFName, s.Cookies.Domain, s.Cookies.SameSite, s.Cookies.Secure,
			[]string{"cookies."}},
		{"mfa.trust_cookie_name", s.MFA.TrustCookieName, s.MFA.TrustCookieDomain, s.MFA.TrustCookieSameSite, s.MFA.TrustCookieSecure,
			[]string{"mfa.trust_cookie_", "cookies."}},
	} {
		known := func(key string) bool {
			return !slices.ContainsFunc(c.settings, func(begin string) bool { return !s.known(begin + key) })
		}
		if other, taken := names[c.name]; taken && s.known(c.path, other) {
			f.add(c.path, "must differ from %s", other)
		}
		names[c.name] = c.path
		insecure := (c.secure != nil && !*c.secure) || (c.secure == nil && strings.HasPrefix(s.PublicURL, "http://"))
		insecure = insecure && known("secure")
		if insecure && c.sameSite == "None" && known("samesite") {
			f.add(c.settings[0]+"samesite", `browsers take "None" only from cookies that are secure`)
		}
		// RFC 6265bis, section 4.1.3: browsers drop cookies of these names that break their promise.
		if insecure && (strings.HasPrefix(c.name, "__Host-") || strings.HasPrefix(c.name, "__Secure-")) {
			f.add(c.path, "a cookie of this name has to be secure")
		}
		if c.domain != "" && strings.HasPrefix(c.name, "__Host-") && known("domain") {
			f.add(c.path, "a cookie of this name cannot have a domain")
		}
	}
}

func (s *Settings) validateRates(f *faults) {
	for section, limits := range map[string]RateLimits{"account": s.Account.RateLimits, "idp_oidc": s.IDPOIDC.RateLimits} {
		for _, action := range limits.Actions() {
			path := section + ".rate_limits." + action
			for _, r := range limits.Of(action) {
				if r.Per == PerUser && rateWithoutUser.Has(action) {
					f.add(path, "must be per ip or key: nobody is signed in yet")
				}
				if r.Per == PerKey && rateWithoutKey.Has(action) {
					f.add(path, "must be per ip or user: there is no key to count by")
				}
			}
		}
	}
}

func (s *Settings) validateSMS(f *faults) {
	twilio := [][2]string{
		{"sms.twilio_account_sid", s.SMS.TwilioAccountSID}, {"sms.twilio_auth_token", s.SMS.TwilioAuthToken.Reveal()},
		{"sms.twilio_from", s.SMS.TwilioFrom},
	}
	given := func(one [2]string) bool { return one[1] != "" }
	if !slices.ContainsFunc(twilio, given) {
		return
	}
	for _, one := range twilio {
		if !given(one) {
			f.add(one[0], "is needed, as texts go out through Twilio")
		}
	}
	if s.SMS.WebhookURL != "" {
		f.add("sms.webhook_url", "must be empty where texts go out through Twilio: give one of the two")
	}
}

// ValidateHosts reports what does not fit the hosts of the tenant that the settings are for: bad hosts, a relying party
// id or a cookie domain that a page of the tenant could not use. The hosts must be normal (see package hostname).
func (s *Settings) ValidateHosts(hosts []string) error {
	var f faults
	for i, h := range hosts {
		if !isNormal(h) {
			f.add(fmt.Sprintf("hosts[%d]", i), "must be a host in lower case, without scheme and port")
		}
		if slices.Contains(hosts[:i], h) {
			f.add(fmt.Sprintf("hosts[%d]", i), "is listed twice")
		}
	}
	public := s.PublicURL
	switch {
	case !s.known("public_url"):
		return f.err() // nobody knows what the rest would have to fit
	case public != "":
	case len(hosts) == 0:
		f.add("public_url", "is needed for a tenant without hosts")
		return f.err()
	case !isNormal(hosts[0]):
		return f.err()
	default:
		public = "https://" + hosts[0]
	}
	host := hostOf(public)
	if id := s.MFA.WebAuthnRPID; id != "" && !mayBind(host, id) {
		f.add("mfa.webauthn_rp_id", "must be the host of public_url or a domain above it")
	}
	shared := s.Cookies.Domain
	if shared != "" && !within(host, strings.TrimPrefix(shared, ".")) {
		f.add("cookies.domain", "must be the host of public_url or a domain above it")
	}
	if d := s.MFA.TrustCookieDomain; d != "" && d != shared && !within(host, strings.TrimPrefix(d, ".")) {
		f.add("mfa.trust_cookie_domain", "must be the host of public_url or a domain above it")
	}
	return f.err()
}

func isNormal(host string) bool {
	normal, ok := hostname.Normal(host)
	return ok && normal == host
}

// hostOf is the host of an origin, without its port.
func hostOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	host, _ = hostname.Normal(host)
	return host
}
