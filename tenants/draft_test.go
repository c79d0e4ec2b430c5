package tenants

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		doc  string
		want []string
	}{
		"an unknown key and combinations": {`{"account": {"nope": 1, "email_verification": "mandatory", "signup_fields": ["username"]}, "mfa": {"passkey_signup_enabled": true}}`, []string{
			`account.email_verification: "mandatory" needs "email*" in account.signup_fields`,
			"account.login_methods: account.signup_fields asks for none of these, so that nobody who signs up could log in",
			"account.nope: unknown key",
			`mfa.passkey_signup_enabled: needs "webauthn" in mfa.supported_types, account.email_verification_by_code_enabled, "email*" in account.signup_fields`}},
		"a key twice, a value and a combination": {`{"mfa": {"totp_digits": 6, "totp_digits": 7, "recovery_code_count": 0}, "cookies": {"csrf_name": "sessionid"}}`, []string{
			"cookies.csrf_name: must differ from cookies.session_name",
			"mfa.recovery_code_count: must be a whole number, at least 1",
			"mfa.totp_digits: is given twice"}},
		"what is given twice is looked into": {`{"mfa": {}, "mfa": {"nope": 1, "totp_digits": 1, "totp_digits": 9}}`, []string{
			"mfa: is given twice",
			"mfa.nope: unknown key",
			"mfa.totp_digits: is given twice",
			"mfa.totp_digits: must be a whole number, at most 8"}},
		"an enormous number is one fault": {`{"account": {"login_timeout": 1e999}, "cookies": {"csrf_name": "sessionid"}}`, []string{
			"account.login_timeout: must be a number from -1e15 to 1e15",
			"cookies.csrf_name: must differ from cookies.session_name"}},
		"what is still right in a faulty list": {`{"account": {"signup_fields": ["email*", "fax", "email", "password1*"]}}`, []string{
			`account.signup_fields[1]: must be "username", "username*", "email", "email*", "email2", "email2*", "phone", "phone*", "password1", "password1*", "password2" or "password2*"`,
			"account.signup_fields[2]: asks for the same field twice"}},
		"an app among others": {`{"socialaccount": {"providers": {"google": {"apps": [7, {}, {"client_id": 1}]}}}}`, []string{
			"socialaccount.providers.google.apps[0]: must be an object",
			"socialaccount.providers.google.apps[1].client_id: is needed",
			"socialaccount.providers.google.apps[2].client_id: must be text"}},
		"templates": {`{"email": {"templates": {"Login": {"text": "{{"}, "login_code": {}}}}`, []string{
			"email.templates.Login: must be named after a kind of message, such as password_reset_key",
			"email.templates.Login.text: is not a Go template: 1: unclosed action",
			"email.templates.login_code: must have a subject, a text, an html or an sms"}},
	} {
		t.Run(name, func(t *testing.T) {
			doc, _, err := ParseNew([]byte(c.doc))
			wantFaults(t, err, c.want...)
			if doc != nil {
				t.Errorf("a document came with the faults: %s", doc)
			}
		})
	}
}

func TestAllFaultsOfAPatchAreToldAtOnce(t *testing.T) {
	const none = "is masked, and there is no stored secret that this could mean: give the secret itself"
	_, _, err := ParsePatch([]byte(`{"account": {"login_methods": ["email"], "signup_fields": ["email*"]}}`), []byte(`{
		"account": {"nope": 1, "unique_email": false, "unique_email": false, "login_timeout": 0},
		"sms": {"webhook_secret": "********"},
		"socialaccount": {"providers": {"github": {"apps": [{"client_id": "a", "secret": "********", "nope": 1}]}}},
		"cookies": {"csrf_name": "sessionid"}}`))
	wantFaults(t, err,
		"account.login_timeout: must be a whole number of seconds, at least 1",
		"account.nope: unknown key",
		"account.unique_email: is given twice",
		"cookies.csrf_name: must differ from cookies.session_name",
		"sms.webhook_secret: "+none,
		"socialaccount.providers.github.apps[0].nope: unknown key",
		"socialaccount.providers.github.apps[0].secret: is masked, but a stored secret only stays where provider, client id and server stay the same: give it again",
	)
	half := strings.Repeat("x", MaxDocument/2)
	_, _, err = ParsePatch([]byte(`{"metadata": {"a": "`+half+`"}}`), []byte(`{"metadata": {"b": "`+half+`"}, "nope": 1}`))
	wantFaults(t, err, "must be at most 262144 bytes of JSON", "nope: unknown key")
	_, _, err = ParsePatch([]byte(`{"nope": 1}`), []byte(`[]`)) // what is stored is not judged where nobody knows what becomes of it
	wantFaults(t, err, "must be an object")
}

// breakable are documents that are right only as a whole: without one of its parts each of them breaks a rule.
var breakable = []string{
	`{"public_url": "https://id.example.org", "mfa": {"webauthn_rp_id": "example.org", "trust_cookie_domain": "example.org"}, "cookies": {"domain": "id.example.org"}}`,
	`{"account": {"login_methods": ["email", "phone"], "signup_fields": ["email*", "email2", "phone", "password1*", "password2"],
		"email_verification": "mandatory", "email_verification_by_code_enabled": true, "unique_email": true, "signup_form_honeypot_field": "website",
		"change_email": true, "max_email_addresses": 2, "user_model_username_field": "", "rate_limits": {"login": "1/m", "signup": "1/m"}},
		"mfa": {"passkey_signup_enabled": true, "supported_types": ["webauthn"]}}`,
	`{"account": {"signup_form_honeypot_field": "username", "login_methods": ["email"], "signup_fields": ["email*"]}}`,
	`{"account": {"signup_enabled": false, "login_methods": ["phone"], "signup_fields": ["email*"]}}`,
	`{"account": {"unique_email": false, "login_methods": ["username"], "signup_fields": ["username*"]}}`,
	`{"account": {"email_verification": "none"}, "socialaccount": {"only": true, "email_verification": "none"}}`,
	`{"public_url": "http://localhost:8080", "cookies": {"secure": true, "samesite": "None", "session_name": "__Host-s", "csrf_name": "sessionid"},
		"mfa": {"trust_cookie_secure": true, "trust_cookie_name": "__Secure-t", "trust_cookie_samesite": "None"}}`,
	`{"public_url": "http://localhost:8080", "cookies": {"samesite": "None", "secure": true}, "mfa": {"trust_cookie_secure": false, "trust_cookie_samesite": "Lax"}}`,
	`{"cookies": {"domain": "example.net"}, "mfa": {"trust_cookie_name": "__Host-t", "trust_cookie_domain": ""}}`,
	`{"headless": {"jwt_algorithm": "HS256", "jwt_private_key": "0123456789abcdef0123456789abcdef", "jwt_claims": {"a": {"b": ["{{.User.ID}}"]}}}}`,
	`{"socialaccount": {"providers": {"google": {"apps": [{"client_id": "a"}, {"client_id": "b"}]}, "openid_connect": {"apps": [
		{"provider_id": "one", "client_id": "a", "settings": {"server_url": "https://one.example.org"}},
		{"provider_id": "two", "client_id": "a", "settings": {"server_url": "https://two.example.org"}}]}}}}`,
	`{"email": {"templates": {"login_code": {"text": "{{.code}}"}}}}`,
}

// TestNothingIsToldThatOnlyFollows breaks every part of documents that are right. What is told is about that part, and
// not about others that would be right beside it.
func TestNothingIsToldThatOnlyFollows(t *testing.T) {
	hosts := []string{"id.example.net"}
	told := 0
	for _, doc := range breakable {
		right := parse(t, doc)
		if err := right.ValidateHosts(hosts); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		for _, path := range nodesOf(t, doc) {
			for _, wrong := range []any{-1.5, "\x00 wrong", []any{"wrong"}, map[string]any{"wrong": []any{}}, "{{"} {
				broken := withNode(t, doc, path, wrong)
				s, err := Parse(broken)
				at, found := pathText(path), 0
				for _, f := range faultsOf(err) {
					if f.Path == at {
						found++
					}
				}
				if found == 0 {
					continue // it is not wrong, or not as a whole
				}
				if told++; found > 1 {
					t.Errorf("%v for %s, in\n%s\nis told more than once: %v", wrong, at, doc, err)
				}
				for _, f := range slices.Concat(faultsOf(err), faultsOf(s.ValidateHosts(hosts))) {
					if !partOf(f.Path, at) {
						t.Errorf("%v for %s, in\n%s\nis also told as %s", wrong, at, doc, f)
					}
				}
			}
		}
	}
	if told < 100 {
		t.Errorf("only %d parts were broken", told)
	}
}

func faultsOf(err error) []Fault {
	var bad *ConfigError
	if errors.As(err, &bad) {
		return bad.Faults
	}
	return nil
}

// nodesOf are the paths of everything in a document.
func nodesOf(t *testing.T, doc string) [][]string {
	t.Helper()
	tree, err := readDocument([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	var visit func(path []string, v any)
	visit = func(path []string, v any) {
		if len(path) > 0 {
			all = append(all, slices.Clone(path))
		}
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				visit(append(path, key), v[key])
			}
		case []any:
			for i, one := range v {
				visit(append(path, string(rune('0'+i))), one)
			}
		}
	}
	visit(nil, tree)
	return all
}

// withNode is a document with another value at a path.
func withNode(t *testing.T, doc string, path []string, v any) []byte {
	t.Helper()
	var tree any
	if err := json.Unmarshal([]byte(doc), &tree); err != nil {
		t.Fatal(err)
	}
	at := tree
	for i, key := range path {
		last := i == len(path)-1
		switch in := at.(type) {
		case map[string]any:
			if at = in[key]; last {
				in[key] = v
			}
		case []any:
			n := int(key[0] - '0')
			if at = in[n]; last {
				in[n] = v
			}
		}
	}
	out, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
