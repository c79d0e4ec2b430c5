package headless

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/apidoc"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

//go:embed openapi.yaml
var document []byte

// Document is the OpenAPI document (3.1, YAML) of this wire: of all that any tenant may have.
func Document() []byte { return slices.Clone(document) }

var parsed = sync.OnceValues(func() (*apidoc.Document, error) { return apidoc.Parse(document) })

// documentOf is the document as a tenant's front ends need it: without what the tenant does not have, with the members that its signup and its login
// take, and with the address where it is.
func (a *API) documentOf(t *tenants.Tenant) (*apidoc.Document, error) {
	all, err := parsed()
	if err != nil {
		return nil, err
	}
	d := all.Copy()
	d.Keep(a.keeps(t))
	err = d.Set(t.Settings.Headless.Clients, "components", "parameters", "Client", "schema", "enum")
	for _, change := range []func() error{
		func() error { return d.Set(t.Name+": headless API", "info", "title") },
		func() error { return d.Set([]map[string]string{{"url": t.PublicURL()}}, "servers") },
		func() error { return takes(d, "/_allauth/{client}/v1/auth/login", loginMembers(t)) },
		func() error { return takes(d, "/_allauth/{client}/v1/auth/signup", signupMembers(t, true)) },
		func() error { return takes(d, "/_allauth/{client}/v1/auth/webauthn/signup", signupMembers(t, false)) },
		func() error { return takes(d, "/_allauth/{client}/v1/auth/code/request", codeMembers(t)) },
	} {
		if err == nil {
			err = change()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("shape the OpenAPI document: %w", err)
	}
	return d, nil
}

// keeps tells of an operation of the document whether a tenant has it.
func (a *API) keeps(t *tenants.Tenant) func(method, path string) bool {
	offered := map[string]bool{} // by "METHOD path", the path with its kind of client or without
	for _, row := range a.routes() {
		has := (row.offered == nil || row.offered(t)) && (row.useful == nil || row.useful(t))
		offered[row.method+" "+row.path] = has
	}
	return func(method, path string) bool {
		rest, ok := strings.CutPrefix(path, "/_allauth/")
		kind, below, found := strings.Cut(rest, "/v1/")
		if !ok || !found { // no client's
			return !strings.HasPrefix(path, "/.well-known/") || flows.TokensOffered(t)
		}
		if kind != "{client}" && !slices.Contains(t.Settings.Headless.Clients, kind) {
			return false
		}
		return offered[method+" /"+below]
	}
}

// membersOf are the members that a step takes, and those that it needs.
type membersOf struct{ takes, needs []string }

// takes says in the document what a step takes.
func takes(d *apidoc.Document, path string, m membersOf) error {
	schema := []string{"paths", path, "post", "requestBody", "content", "application/json", "schema"}
	if d.At(schema...) == nil {
		return nil // the tenant has no such step
	}
	d.KeepOf(func(name string) bool { return slices.Contains(m.takes, name) }, append(slices.Clone(schema), "properties")...)
	if len(m.needs) == 0 {
		return nil
	}
	return d.Put("required", m.needs, schema...)
}

// loginMembers are those of a login by password: one of the ways in which the tenant's users go by.
func loginMembers(t *tenants.Tenant) membersOf {
	methods := t.Settings.Account.LoginMethods
	m := membersOf{takes: append(slices.Clone(methods), "password"), needs: []string{"password"}}
	if len(methods) == 1 {
		m.needs = append(m.needs, methods...)
	}
	return m
}

// codeMembers are those by which a login code is asked for.
func codeMembers(t *tenants.Tenant) membersOf {
	if hasPhones(t) {
		return membersOf{takes: []string{"email", "phone"}}
	}
	return membersOf{takes: []string{"email"}, needs: []string{"email"}}
}

// signupMembers are those of a signup: the tenant's signup_fields, but for the password where there is a passkey instead. The password that
// is typed twice is the front end's to compare.
func signupMembers(t *tenants.Tenant, password bool) membersOf {
	var m membersOf
	for wire, field := range map[string]string{"username": "username", "email": "email", "email2": "email2", "phone": "phone", "password": "password1"} {
		asked, needed := t.Settings.Account.SignupFields.Field(field)
		if !password && wire == "password" {
			continue
		}
		if asked {
			m.takes = append(m.takes, wire)
		}
		if needed {
			m.needs = append(m.needs, wire)
		}
	}
	slices.Sort(m.needs)
	return m
}

// What is useful to a tenant's front ends. The paths are there all the same, and refuse.

func hasSignup(t *tenants.Tenant) bool { return t.Settings.Account.SignupEnabled }

func hasProviders(t *tenants.Tenant) bool { return len(t.Settings.Apps()) > 0 }

func hasLoginByCode(t *tenants.Tenant) bool { return t.Settings.Account.LoginByCodeEnabled }

// hasLoginCodes is also of tenants that ask for a code after another proof.
func hasLoginCodes(t *tenants.Tenant) bool {
	return hasLoginByCode(t) || t.Settings.Account.LoginByCodeRequired.Any()
}

func resendsLoginCodes(t *tenants.Tenant) bool {
	return hasLoginByCode(t) && t.Settings.Account.LoginByCodeSupportsResend > 0
}

func resendsEmailCodes(t *tenants.Tenant) bool {
	return t.Settings.Account.EmailVerificationByCodeEnabled && t.Settings.Account.EmailVerificationSupportsResend > 0
}

func hasPhones(t *tenants.Tenant) bool {
	asked, _ := t.Settings.Account.SignupFields.Field("phone")
	return asked || slices.Contains(t.Settings.Account.LoginMethods, "phone")
}

func resendsPhoneCodes(t *tenants.Tenant) bool {
	return hasPhones(t) && t.Settings.Account.PhoneVerificationSupportsResend > 0
}

// specPath is where the document is, with the name of a form at its end. django-allauth has the same.
const specPath = "/_allauth/openapi."

// Anybody may ask for a shape, and to make one takes some ten milliseconds. So it is made once for a version of a tenant and remembered for
// the tenants that were asked about last, and one is made at a time.
const (
	specAge   = time.Minute
	specsKept = 3 * 64 // pages: of each tenant three
)

// shape is of a tenant, as of one of its versions, in one form.
type shape struct {
	tenant  string
	version int64
	form    string
}

// form is a way in which the document is served.
type form struct {
	name, contentType, policy string
	of                        func(*apidoc.Document) ([]byte, error)
}

var forms = []form{
	{"yaml", "application/yaml", "", (*apidoc.Document).YAML},
	{"json", "application/json", "", (*apidoc.Document).JSON},
	{"html", "text/html; charset=utf-8", apidoc.Policy(), func(d *apidoc.Document) ([]byte, error) {
		return d.Page(apidoc.Options{At: specPath + "yaml", Group: groupOf})
	}},
}

// shapes are those that are remembered.
type shapes struct {
	api    *API
	making sync.Mutex
	known  *lru.Cache[shape, page]
}

// specs are the document in its forms, for the tenants that show it.
func (a *API) specs() []published {
	known, err := lru.New[shape, page](specsKept)
	if err != nil {
		panic("headless: " + err.Error()) // the size is positive
	}
	s := &shapes{api: a, known: known}
	var all []published
	for _, f := range forms {
		all = append(all, published{a, specPath + f.name, func(_ context.Context, t *tenants.Tenant) (page, error) { return s.in(f, t) }})
	}
	return all
}

// in is the document of a tenant in a form.
func (s *shapes) in(f form, t *tenants.Tenant) (page, error) {
	if !t.Settings.Headless.ServeSpecification {
		return page{}, fmt.Errorf("headless.serve_specification is false: %w", refusal.Of(refusal.Missing))
	}
	key := shape{t.ID, t.Version, f.name}
	if p, ok := s.known.Get(key); ok {
		return p, nil
	}
	s.making.Lock()
	defer s.making.Unlock()
	if p, ok := s.known.Get(key); ok {
		return p, nil
	}
	d, err := s.api.documentOf(t)
	if err != nil {
		return page{}, err
	}
	body, err := f.of(d)
	if err != nil {
		return page{}, err
	}
	p := page{contentType: []string{f.contentType}, policy: f.policy, age: specAge, body: body}
	s.known.Add(key, p)
	return p, nil
}

// groupOf is the noun that a path is about: what comes after the version, and "for servers" for what is no client's.
func groupOf(path string) string {
	_, below, found := strings.Cut(path, "/v1/")
	if !found {
		return "for servers"
	}
	parts := strings.Split(below, "/")
	if len(parts) == 1 {
		return parts[0]
	}
	return parts[0] + " / " + parts[1]
}
