package tenants

import (
	"encoding/json"
	"strings"
	"testing"
)

func claimsOf(t *testing.T, doc string, u ClaimUser) (map[string]json.RawMessage, error) {
	t.Helper()
	s, err := Parse([]byte(`{"headless": {"jwt_claims": ` + doc + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	return New(Tenant{Slug: "acme", Settings: s}).Claims(u)
}

func TestClaimsAreFilledIn(t *testing.T) {
	ann := ClaimUser{ID: "u1", Email: "ann@example.org", Username: "ann", Name: `Ann "O'Hara" <a&b>`}
	for doc, want := range map[string]string{
		`{}`:                                 `{}`,
		`{"a": [1, true, null, {"b": "c"}]}`: `{"a": [1, true, null, {"b": "c"}]}`,
		`{"a": "{{.User.ID}} of {{.Tenant.Slug}}", "b": 1.5}`:                                            `{"a": "u1 of acme", "b": 1.5}`,
		`{"a": {"b": ["{{.User.Email}}", {"c": "{{.User.Username}}"}]}}`:                                 `{"a": {"b": ["ann@example.org", {"c": "ann"}]}}`,
		`{"a": "{{.User.Name}}"}`:                                                                        `{"a": "Ann \"O'Hara\" <a&b>"}`,
		`{"a": "{{if eq .User.Username \"ann\"}}yes{{else}}no{{end}}"}`:                                  `{"a": "yes"}`,
		`{"a": "{{if .User.Email | not}}no{{else if and .User.ID true}}both{{end}}{{/* a comment */}}"}`: `{"a": "both"}`,
		`{"a": "{{/* nothing */}}"}`:                                                                     `{"a": ""}`,
		`{"a": "{ {.User.ID} }"}`:                                                                        `{"a": "{ {.User.ID} }"}`,
	} {
		got, err := claimsOf(t, doc, ann)
		if err != nil {
			t.Errorf("%s: %v", doc, err)
			continue
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, text, want)
	}
}

// A name is the user's to choose: whatever it is, it stays inside of its claim.
func TestNamesOfUsersWriteNoClaims(t *testing.T) {
	for _, name := range []string{`","admin":true,"x":"`, `{{.Tenant.Slug}}`, "\x00\n\u2028\"\\", strings.Repeat("<", 500)} {
		got, err := claimsOf(t, `{"name": "{{.User.Name}}"}`, ClaimUser{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		var read string
		if err := json.Unmarshal(got["name"], &read); err != nil || read != name || len(got) != 1 {
			t.Errorf("%q becomes %s (%v)", name, got["name"], err)
		}
	}
}

func TestClaimsThatMayNotEndAreRefused(t *testing.T) {
	for claim, want := range map[string]string{
		`{{range 1000000000000}}{{end}}`:            "has ",
		`{{define \"a\"}}{{template \"a\"}}{{end}}`: "has define",
		`{{template \"a\"}}`:                        "has ",
		`{{block \"a\" .}}{{end}}`:                  "has define",
		`{{$a := 1}}`:                               "sets a variable",
		`{{with .User}}{{.ID}}{{end}}`:              "has ",
		`{{printf \"%9999999d\" 1}}`:                "calls printf",
		`{{.User.ID.Nothing}}`:                      "names {{.User.ID.Nothing}}",
		`{{.User.Password}}`:                        "names {{.User.Password}}",
		`{{.User}}`:                                 "names {{.User}}",
		`{{.}}`:                                     "has ",
		`{{call .User.ID}}`:                         "calls call",
		`{{(.User).ID}}`:                            "has ",
		`{{eq .User.ID 1}}`:                         "cannot be filled in",
		`{{if}}`:                                    "is not a Go template",
	} {
		_, err := Parse([]byte(`{"headless": {"jwt_claims": {"a": ["` + claim + `"]}}}`))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "headless.jwt_claims") {
			t.Errorf("%s: got %v, want %s", claim, err, want)
		}
	}
	long := strings.Repeat("x", maxClaims)
	for _, doc := range []string{`{"a": "` + long + `"}`, `{"a": "{{.User.ID}}` + long + `"}`} {
		if _, err := Parse([]byte(`{"headless": {"jwt_claims": ` + doc + `}}`)); err == nil {
			t.Errorf("claims of %d bytes are taken", len(doc))
		}
	}
}

// What could not be saved today, but was at some time, makes no token at all, and no panic.
func TestClaimsFailClosed(t *testing.T) {
	ann := ClaimUser{ID: "u1"}
	for name, c := range map[string]struct {
		claims map[string]any
		user   ClaimUser
	}{
		"no template":    {map[string]any{"a": "{{"}, ann},
		"the server's":   {map[string]any{"sub": "{{.User.Email}}"}, ann},
		"an odd name":    {map[string]any{`x":0,"admin`: true}, ann},
		"a loop":         {map[string]any{"a": "{{range 1000000000000}}{{end}}"}, ann},
		"no JSON":        {map[string]any{"a": func() {}}, ann},
		"a huge name":    {map[string]any{"a": "{{.User.Name}}"}, ClaimUser{Name: strings.Repeat("n", maxClaims+1)}},
		"many big names": {map[string]any{"a": "{{.User.Name}}", "b": "{{.User.Name}}"}, ClaimUser{Name: strings.Repeat("n", maxClaims/2)}},
	} {
		s := Defaults()
		s.Headless.JWTClaims = c.claims
		for kind, tenant := range map[string]*Tenant{"literal": {Settings: s}, "made": New(Tenant{Settings: s})} {
			if got, err := tenant.Claims(c.user); err == nil {
				t.Errorf("%s, %s: got %s", name, kind, got)
			}
		}
	}
}
