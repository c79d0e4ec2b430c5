package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// offered is what a preview says of one kind of client.
type offered struct {
	Config, Unauthenticated json.RawMessage
	AfterSignup             *struct{ Pending *string } `json:"after_signup"`
	AfterLogin              struct{ Pending *string }  `json:"after_login"`
}

// previewOf asks for the preview of a patch.
func (s *server) previewOf(slug, patch string) (state string, clients map[string]*offered) {
	s.Helper()
	status, body := s.admin(http.MethodPost, "/admin/v1/tenants/"+slug+"/sign-in-preview", json.RawMessage(patch))
	var got struct {
		State   string
		Clients map[string]*offered
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || len(got.Clients) != 2 {
		s.Fatalf("%s: %d %s, %v", patch, status, body, err)
	}
	return got.State, got.Clients
}

// sameJSON fails unless two texts are the same value.
func sameJSON(t *testing.T, what string, got, want json.RawMessage) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s: %s: %v", what, got, err)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatalf("%s: %s: %v", what, want, err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("%s: the preview says\n%s\nand the wire\n%s", what, got, want)
	}
}

// pendingIn is the flow that an answer says is pending, or "" where somebody is signed in.
func pendingIn(t *testing.T, r *reply) string {
	t.Helper()
	if r.Status == http.StatusOK {
		return ""
	}
	var data struct {
		Flows []struct {
			ID      string
			Pending bool `json:"is_pending"`
		}
	}
	if err := json.Unmarshal(r.decoded.Data, &data); err != nil || r.Status != http.StatusUnauthorized {
		t.Fatalf("%s: %d %s", r.asked, r.Status, r.Body)
	}
	for _, f := range data.Flows {
		if f.Pending {
			return f.ID
		}
	}
	t.Fatalf("nobody is signed in and nothing is pending: %s", r.Body)
	return ""
}

func textOrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// What the preview says of settings that are not saved is what front ends are told once they are: for strangers, and for whoever signs
// up or logs in.
func TestThePreviewOfSignInIsWhatTheWireAnswers(t *testing.T) {
	s := boot(t, "sqlite")
	const sms = `"sms": {"webhook_url": "https://sms.example.org/x", "webhook_secret": "0123456789-0123456789-0123456789"}`
	const passkeys = `"supported_types": ["totp", "recovery_codes", "webauthn"], "passkey_login_enabled": true`
	withEmail := map[string]any{"email": "%s@example.org", "password": password}
	for i, c := range []struct {
		config string
		signup map[string]any // nil: nobody is to sign up
	}{
		{`{}`, withEmail},
		{`{"account": {"signup_enabled": false}}`, nil},
		{`{"account": {"email_verification": "mandatory"}}`, withEmail},
		{`{"account": {"email_verification": "mandatory", "email_verification_by_code_enabled": true}}`, withEmail},
		{`{"account": {"email_verification": "optional", "login_by_code_enabled": true}}`, withEmail},
		{`{"account": {"login_by_code_enabled": true, "login_by_code_required": true}}`, withEmail},
		{`{"account": {"login_by_code_enabled": true, "login_by_code_required": ["mfa"], "login_by_code_trust_enabled": true}}`, withEmail},
		{`{"account": {"password_reset_by_code_enabled": true}}`, withEmail},
		{`{"account": {"login_methods": ["username"], "signup_fields": ["username*", "password1*"], "email_verification": "none"}}`,
			map[string]any{"username": "%s", "password": password}},
		{`{"account": {"login_methods": ["email", "username"], "signup_fields": ["email*", "username*", "password1*"]}}`,
			map[string]any{"email": "%s@example.org", "username": "%s", "password": password}},
		{`{"account": {"login_methods": ["email", "phone"], "signup_fields": ["email*", "phone*", "password1*"], "phone_verification_enabled": true,
			"email_verification": "mandatory"}, ` + sms + `}`, map[string]any{"email": "%s@example.org", "phone": "+1202555%04d", "password": password}},
		{`{"mfa": {` + passkeys + `}}`, withEmail},
		{`{"mfa": {"supported_types": [], "trust_enabled": true}, "usersessions": {"track_activity": true}}`, withEmail},
		{`{"mfa": {` + passkeys + `, "passkey_signup_enabled": true},
			"account": {"email_verification": "mandatory", "email_verification_by_code_enabled": true, "login_by_code_enabled": true}}`, withEmail},
		{`{"headless": {"clients": ["app"], "token_strategy": "jwt"}, "account": {"email_verification": "mandatory"}}`, withEmail},
		{`{"headless": {"clients": ["browser"]}}`, withEmail},
	} {
		host := s.tenant(`{"account": {"rate_limits": false}}`)
		slug := strings.TrimSuffix(host, ".localhost")
		_, before := s.previewOf(slug, `{}`)
		for _, kind := range []string{"app", "browser"} {
			sameJSON(t, "before", before[kind].Config, s.client(kind, host).get("/config").want(http.StatusOK).decoded.Data)
		}
		patch := `{"config": ` + c.config + `}`
		_, clients := s.previewOf(slug, patch)
		sameJSON(t, "looking changes nothing", s.client("app", host).get("/config").decoded.Data, before["app"].Config)
		if status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slug, json.RawMessage(patch)); status != http.StatusOK {
			t.Fatalf("%s: %d %s", c.config, status, body)
		}
		for k, kind := range []string{"app", "browser"} {
			what := kind + " of " + c.config
			seen := clients[kind]
			if seen == nil {
				cl := &client{s: s, kind: kind, host: host, cookies: map[string]string{}, header: http.Header{}}
				cl.get("/config").want(http.StatusNotFound)
				continue
			}
			cl := s.client(kind, host)
			sameJSON(t, what, seen.Config, cl.get("/config").want(http.StatusOK).decoded.Data)
			sameJSON(t, what, seen.Unauthenticated, cl.get("/auth/session").want(http.StatusUnauthorized).decoded.Data)
			if (seen.AfterSignup == nil) != (c.signup == nil) {
				t.Errorf("%s: the preview says of signups %v", what, seen.AfterSignup)
			}
			who := fmt.Sprintf("ann%d%s", i, kind)
			if c.signup != nil {
				in := map[string]any{}
				for name, form := range c.signup {
					in[name] = form
					switch {
					case strings.Contains(form.(string), "%s"):
						in[name] = fmt.Sprintf(form.(string), who)
					case strings.Contains(form.(string), "%04d"):
						in[name] = fmt.Sprintf(form.(string), 100+k)
					}
				}
				if got := pendingIn(t, cl.post("/auth/signup", in)); got != textOrEmpty(seen.AfterSignup.Pending) {
					t.Errorf("%s: after a signup the wire has %q pending, and the preview %q", what, got, textOrEmpty(seen.AfterSignup.Pending))
				}
			}
			if !strings.Contains(string(seen.Config), `"email"`) {
				continue // operators give accounts addresses, and these log in by something else
			}
			s.adminWants(http.StatusCreated, "POST", "/admin/v1/tenants/"+slug+"/users", map[string]any{
				"email": "bob" + who + "@example.org", "email_verified": true, "password": password,
			})
			if got := pendingIn(t, s.client(kind, host).login("bob"+who+"@example.org", password)); got != textOrEmpty(seen.AfterLogin.Pending) {
				t.Errorf("%s: after a login the wire has %q pending, and the preview %q", what, got, textOrEmpty(seen.AfterLogin.Pending))
			}
		}
	}
}

func TestThePreviewOfSignInSaysWhatPatchSays(t *testing.T) {
	s := boot(t, "sqlite")
	slug := strings.TrimSuffix(s.tenant(""), ".localhost")
	before := s.adminWants(http.StatusOK, "GET", "/admin/v1/tenants/"+slug, nil)
	for _, patch := range []string{
		`{"config": {"account": {"login_methods": ["fax"], "signup_enabled": "no"}}, "hosts": ["a b"]}`, `{"config": {"acount": {}}}`,
		`{"name": null, "slug": "other"}`, `{"config": {"socialaccount": {"only": true}}}`, `{"state": "gone"}`,
	} {
		status, said := s.admin(http.MethodPost, "/admin/v1/tenants/"+slug+"/sign-in-preview", json.RawMessage(patch))
		wanted, says := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slug, json.RawMessage(patch))
		if status != wanted || status != http.StatusUnprocessableEntity || faultsIn(t, said) != faultsIn(t, says) {
			t.Errorf("%s: the preview says %d %s, and PATCH %d %s", patch, status, said, wanted, says)
		}
	}
	if state, _ := s.previewOf(slug, `{"state": "suspended"}`); state != "suspended" {
		t.Errorf("the state is %s", state)
	}
	if after := s.adminWants(http.StatusOK, "GET", "/admin/v1/tenants/"+slug, nil); !reflect.DeepEqual(after, before) {
		t.Errorf("looking changed the tenant: %v", after)
	}
}

// faultsIn is what an answer says is wrong.
func faultsIn(t *testing.T, body string) string {
	t.Helper()
	var p struct {
		Errors []struct{ Path, Message string }
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil || len(p.Errors) == 0 {
		t.Fatalf("no faults in %s", body)
	}
	return fmt.Sprint(p.Errors)
}
