package headless

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/vestibule-auth/vestibule/internal/apidoc"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

// tenantWith is a tenant with these settings beside its address.
func tenantWith(t *testing.T, settings string) *tenants.Tenant {
	t.Helper()
	s, err := tenants.Parse([]byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	return &tenants.Tenant{ID: "t1", Slug: "acme", Name: "Acme", State: tenants.Active, Hosts: []string{"acme.example.org"}, Settings: s}
}

// shaped is the document of a tenant, which is a valid one.
func shaped(t *testing.T, tenant *tenants.Tenant) *openapi3.T {
	t.Helper()
	d, err := (&API{}).documentOf(tenant)
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.YAML()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	return doc
}

func operationsOf(doc *openapi3.T) []string {
	var all []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			all = append(all, method+" "+path)
		}
	}
	slices.Sort(all)
	return all
}

func TestWhatATenantDoesNotHaveIsLeftOut(t *testing.T) {
	const v1 = "/_allauth/{client}/v1"
	for name, c := range map[string]struct {
		settings      string
		with, without []string
	}{
		"defaults": {`{}`,
			[]string{"POST " + v1 + "/auth/signup", "POST " + v1 + "/account/authenticators/totp", "GET /_allauth/forward-auth"},
			[]string{"POST " + v1 + "/auth/code/request", "POST " + v1 + "/auth/phone/verify", "GET " + v1 + "/auth/webauthn/login",
				"POST /_allauth/app/v1/tokens/refresh", "GET /.well-known/jwks.json", "POST " + v1 + "/auth/email/verify/resend"}},
		"no signup": {`{"account": {"signup_enabled": false}}`, nil, []string{"POST " + v1 + "/auth/signup"}},
		"codes": {`{"account": {"login_by_code_enabled": true, "login_by_code_supports_resend": true}}`,
			[]string{"POST " + v1 + "/auth/code/request", "POST " + v1 + "/auth/code/confirm", "POST " + v1 + "/auth/code/resend"}, nil},
		"a code after a password": {`{"account": {"login_by_code_required": true, "login_by_code_supports_resend": true}}`,
			[]string{"POST " + v1 + "/auth/code/confirm"}, []string{"POST " + v1 + "/auth/code/request", "POST " + v1 + "/auth/code/resend"}},
		"tokens": {`{"headless": {"token_strategy": "jwt"}}`,
			[]string{"POST /_allauth/app/v1/tokens/refresh", "GET /.well-known/jwks.json"}, nil},
		"browsers alone": {`{"headless": {"clients": ["browser"], "token_strategy": "jwt"}}`,
			[]string{"POST " + v1 + "/auth/login"}, []string{"POST /_allauth/app/v1/tokens/refresh"}},
		"no second factors any more, which accounts may have still": {`{"mfa": {"supported_types": []}}`,
			[]string{"POST " + v1 + "/auth/2fa/authenticate", "GET " + v1 + "/account/authenticators",
				"GET " + v1 + "/auth/webauthn/authenticate", "POST " + v1 + "/auth/webauthn/authenticate",
				"GET " + v1 + "/auth/webauthn/reauthenticate", "POST " + v1 + "/auth/webauthn/reauthenticate"},
			[]string{"POST " + v1 + "/account/authenticators/totp", "GET " + v1 + "/account/authenticators/webauthn"}},
		"a signup that is closed": {`{"account": {"signup_enabled": false, "signup_fields": ["email*", "password1*"],
			"email_verification": "mandatory", "email_verification_by_code_enabled": true}, "mfa": {"supported_types": ["webauthn"], "passkey_signup_enabled": true}}`,
			nil, []string{"POST " + v1 + "/auth/webauthn/signup", "PUT " + v1 + "/auth/webauthn/signup"}},
	} {
		t.Run(name, func(t *testing.T) {
			all := operationsOf(shaped(t, tenantWith(t, c.settings)))
			for _, op := range c.with {
				if !slices.Contains(all, op) {
					t.Errorf("%s is missing in %q", op, all)
				}
			}
			for _, op := range c.without {
				if slices.Contains(all, op) {
					t.Errorf("%s is there", op)
				}
			}
		})
	}
}

func TestWhatSignupAndLoginTake(t *testing.T) {
	for name, c := range map[string]struct {
		settings                                  string
		login, loginNeeds, signup, signupRequired []string
	}{
		"an address": {`{"account": {"login_methods": ["email"], "signup_fields": ["email*", "password1*"]}}`,
			[]string{"email", "password"}, []string{"email", "password"}, []string{"email", "password"}, []string{"email", "password"}},
		"a name or a number": {`{"account": {"login_methods": ["username", "phone"], "signup_fields": ["username*", "phone*", "email", "email2", "password1*", "password2*"]}}`,
			[]string{"password", "phone", "username"}, []string{"password"},
			[]string{"email", "email2", "password", "phone", "username"}, []string{"password", "phone", "username"}},
	} {
		t.Run(name, func(t *testing.T) {
			doc := shaped(t, tenantWith(t, c.settings))
			for path, want := range map[string][2][]string{"/auth/login": {c.login, c.loginNeeds}, "/auth/signup": {c.signup, c.signupRequired}} {
				s := doc.Paths.Value("/_allauth/{client}/v1" + path).Post.RequestBody.Value.Content["application/json"].Schema.Value
				if got := slices.Sorted(maps.Keys(s.Properties)); !slices.Equal(got, want[0]) {
					t.Errorf("%s takes %q, want %q", path, got, want[0])
				}
				if got := slices.Sorted(slices.Values(s.Required)); !slices.Equal(got, want[1]) {
					t.Errorf("%s needs %q, want %q", path, got, want[1])
				}
			}
		})
	}
}

func TestTheDocumentSaysWhereItIs(t *testing.T) {
	doc := shaped(t, tenantWith(t, `{"headless": {"clients": ["app"]}, "public_url": "https://id.example.org"}`))
	if len(doc.Servers) != 1 || doc.Servers[0].URL != "https://id.example.org" || !strings.HasPrefix(doc.Info.Title, "Acme") {
		t.Errorf("%+v, %q", doc.Servers, doc.Info.Title)
	}
	if kinds := doc.Components.Parameters["Client"].Value.Schema.Value.Enum; len(kinds) != 1 || kinds[0] != "app" {
		t.Errorf("clients are %v", kinds)
	}
	before := operationsOf(shaped(t, tenantWith(t, `{}`)))
	shaped(t, tenantWith(t, `{"headless": {"clients": ["app"]}, "mfa": {"supported_types": []}, "account": {"signup_enabled": false}}`))
	after := shaped(t, tenantWith(t, `{}`))
	if kinds := after.Components.Parameters["Client"].Value.Schema.Value.Enum; len(kinds) != 2 || !slices.Equal(operationsOf(after), before) {
		t.Errorf("a shape changed the document itself: %v", kinds)
	}
}

// Nothing is left that nothing refers to, and all that is referred to is there, which shaped sees to.
func TestAShapeHasNothingForNobody(t *testing.T) {
	d, err := (&API{}).documentOf(tenantWith(t, `{"mfa": {"supported_types": []}, "headless": {"token_strategy": "session"}}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"responses", "schemas", "requestBodies"} {
		all := d.At("components", kind)
		if all == nil {
			continue
		}
		for i, n := range all.Content {
			if i%2 == 0 && !bytes.Contains(text, []byte("#/components/"+kind+"/"+n.Value)) {
				t.Errorf("%s %s is for nobody", kind, n.Value)
			}
		}
	}
	if bytes.Contains(text, []byte("MadeKey")) {
		t.Error("the shape of a key is described to a tenant without keys")
	}
}

// specsOf are the forms of a tenant's document, by their names.
func specsOf(t *testing.T, tenant *tenants.Tenant) map[string]page {
	t.Helper()
	got := map[string]page{}
	for _, d := range (&API{}).specs() {
		p, err := d.of(t.Context(), tenant)
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.of(t.Context(), tenant)
		if err != nil || &again.body[0] != &p.body[0] {
			t.Errorf("%s is made again for the same version: %v", d.path, err)
		}
		other := *tenant
		other.ID = "t2"
		if p2, err := d.of(t.Context(), &other); err != nil || &p2.body[0] == &p.body[0] {
			t.Errorf("%s of another tenant is this one's: %v", d.path, err)
		}
		later := *tenant
		later.Version++
		if other, err := d.of(t.Context(), &later); err != nil || &other.body[0] == &p.body[0] {
			t.Errorf("%s of another version is not made: %v", d.path, err)
		}
		got[strings.TrimPrefix(d.path, specPath)] = p
	}
	return got
}

func TestTheDocumentInItsForms(t *testing.T) {
	tenant := tenantWith(t, `{}`)
	tenant.Name = `<script>alert("1")</script>: {x}`
	all := specsOf(t, tenant)
	fromYAML, err := apidoc.Parse(all["yaml"].body)
	if err != nil {
		t.Fatal(err)
	}
	want, err := fromYAML.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(all["json"].body) || !bytes.Equal(want, all["json"].body) {
		t.Error("JSON says something else than YAML")
	}
	doc, err := openapi3.NewLoader().LoadFromData(all["yaml"].body)
	if err != nil || !strings.HasPrefix(doc.Info.Title, tenant.Name) {
		t.Fatalf("the title is %q, %v", doc.Info.Title, err)
	}
	html := string(all["html"].body)
	if strings.Contains(html, "<script") || strings.Contains(html, "ZgotmplZ") || strings.Contains(html, "http-equiv") {
		t.Error("the page has a script, or something that the template would not write")
	}
	for _, elsewhere := range []string{"src=", "@import", "url("} {
		if strings.Contains(html, elsewhere) {
			t.Errorf("the page has %s", elsewhere)
		}
	}
	w := httptest.NewRecorder()
	all["html"].write(w)
	if policy := w.Header().Get("Content-Security-Policy"); policy != apidoc.Policy() || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	for _, op := range operationsOf(doc) {
		method, path, _ := strings.Cut(op, " ")
		if !strings.Contains(html, `<span class="method">`+method+`</span> `+path+`</code>`) {
			t.Errorf("%s is not shown", op)
		}
	}
	if !strings.Contains(html, "<code>data.user</code>") || !strings.Contains(html, "<code>meta</code>") {
		t.Error("what answers have in them is not shown")
	}
}

// Anybody may ask, and many at once for what is not remembered yet: it is made once for all of them.
func TestOneShapeIsMadeForAll(t *testing.T) {
	const asking = 16
	for _, d := range (&API{}).specs() {
		var all sync.WaitGroup
		var made [asking]*byte
		begin := make(chan struct{})
		for n := range asking {
			all.Go(func() {
				<-begin
				p, err := d.of(t.Context(), tenantWith(t, `{}`))
				if err != nil {
					t.Error(err)
					return
				}
				made[n] = &p.body[0]
			})
		}
		close(begin)
		all.Wait()
		for _, p := range made {
			if p != made[0] {
				t.Errorf("%s was made more than once", d.path)
				break
			}
		}
	}
}

func TestATenantMayKeepTheDocumentToItself(t *testing.T) {
	for _, d := range (&API{}).specs() {
		if _, err := d.of(t.Context(), tenantWith(t, `{"headless": {"serve_specification": false}}`)); !refusal.Is(err, refusal.Missing) {
			t.Errorf("%s: %v", d.path, err)
		}
	}
}
