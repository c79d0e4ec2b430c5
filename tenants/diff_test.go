package tenants

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

func diffText(t *testing.T, before, after string) string {
	t.Helper()
	changes, err := Diff([]byte(before), []byte(after))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range changes {
		line := fmt.Sprintf("%s %s>%s", c.Path, c.Before, c.After)
		if c.Secret {
			line += " secret"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func TestDiffNamesWhatDiffers(t *testing.T) {
	app := func(id, secret string) string {
		return `{"socialaccount":{"providers":{"google":{"apps":[{"client_id":"` + id + `","secret":"` + secret + `"}]}}}}`
	}
	for _, c := range []struct{ before, after, want string }{
		{`{}`, `{}`, ""},
		{`{"a":{"b":1,"c":[1,2]}}`, `{"a":{"c":[1,2],"b":1}}`, ""},
		{`{"a":{"b":1}}`, `{"a":{"b":2,"c":"x"}}`, `a.b 1>2; a.c null>"x"`},
		{`{"a":{"b":{"c":true}}}`, `{}`, `a.b.c true>null`},
		{`{"a":["x"]}`, `{"a":["x","y"]}`, `a ["x"]>["x","y"]`},
		{`{"a":[]}`, `{}`, `a []>null`},
		{`{"a":{}}`, `{"a":1}`, `a {}>1`},
		{`{"sms":{"webhook_secret":"hunter2"}}`, `{"sms":{"webhook_secret":"hunter3"}}`,
			`sms.webhook_secret "********">"********" secret`},
		{`{}`, `{"sms":{"webhook_secret":"hunter3"}}`, `sms.webhook_secret null>"********" secret`},
		{`{"email":{"smtp_url":"smtp://me:hunter2@mail.example"}}`, `{"email":{"smtp_url":"smtp://me:hunter3@mail.example"}}`,
			`email.smtp_url "smtp://me:********@mail.example">"smtp://me:********@mail.example" secret`},
		{app("1", "hunter2"), app("1", "hunter3"), `socialaccount.providers.google.apps[0].secret "********">"********" secret`},
		{app("1", "hunter2"), app("2", "hunter2"), `socialaccount.providers.google.apps[0].client_id "1">"2"`},
		{`{}`, app("1", "hunter2"), `socialaccount.providers.google.apps[0] null>{"client_id":"1","secret":"********"}`},
		{app("1", "hunter2"), `{"socialaccount":{"providers":{"google":{"apps":"odd"}}}}`,
			`socialaccount.providers.google.apps [{"client_id":"1","secret":"********"}]>"odd"`},
	} {
		got := diffText(t, c.before, c.after)
		if got != c.want {
			t.Errorf("%s and %s differ by\n%s, not\n%s", c.before, c.after, got, c.want)
		}
		if strings.Contains(got, "hunter") {
			t.Errorf("a secret is in %s", got)
		}
	}
}

// What cannot be opened is sealed anew by each change: that it looks different says nothing.
func TestDiffOfWhatCannotBeOpened(t *testing.T) {
	keys, err := secret.NewKeys(secret.Bytes(secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	doc := []byte(`{"sms":{"webhook_secret":"hunter2"},"email":{"smtp_url":"smtp://me:hunter2@mail.example"}}`)
	one, err := SealSecrets(doc, keys, "t")
	if err != nil {
		t.Fatal(err)
	}
	other, err := SealSecrets(doc, keys, "t")
	if err != nil {
		t.Fatal(err)
	}
	if got := diffText(t, string(one), string(other)); got != "" {
		t.Errorf("they differ by %s", got)
	}
}

func TestWholeDocumentKeepsMaskedSecretsAndNothingElse(t *testing.T) {
	old := `{"account":{"signup_enabled":false},"sms":{"webhook_url":"https://sms.example/x","webhook_secret":"` + strings.Repeat("s", 40) + `"}}`
	doc, _, err := ParseWhole([]byte(old), []byte(`{"sms":{"webhook_url":"https://sms.example/x","webhook_secret":"********"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := diffText(t, old, string(doc)); got != "account.signup_enabled false>null" {
		t.Errorf("what was changed is %s", got)
	}
	if doc, _, err := ParseWhole([]byte(old), nil); err != nil || string(doc) != "{}" {
		t.Errorf("nothing becomes %s, %v", doc, err)
	}
	if _, _, err := ParseWhole(nil, []byte(`{"sms":{"webhook_url":"https://sms.example/x","webhook_secret":"********"}}`)); err == nil {
		t.Error("a mask was taken where there is nothing to keep")
	}
	if _, _, err := ParseWhole([]byte(old), []byte(`{"acount":{}}`)); err == nil {
		t.Error("an unknown member was taken")
	}
}

func TestTemplateLeavesBehindWhatIsTheOthers(t *testing.T) {
	long := strings.Repeat("s", 40)
	like := `{"public_url":"https://id.acme.example","account":{"signup_enabled":false},
		"cookies":{"domain":"acme.example","session_age":600},"mfa":{"webauthn_rp_id":"acme.example"},
		"headless":{"jwt_audience":"acme","jwt_private_key":"` + long + `","token_strategy":"jwt","jwt_algorithm":"HS256",
			"frontend_urls":{"account_signup":"https://id.acme.example/signup","account_reset_password":"https://app.shared.example/reset"}},
		"cors":{"allowed_origins":["https://www.acme.example","https://app.shared.example"]},
		"email":{"smtp_url":"smtp://me:hunter2@mail.example:587"}}`
	hosts := []string{"www.acme.example"}
	doc, settings, err := ParseTemplate([]byte(like), hosts, []byte(`{"account":{"signup_enabled":true},"public_url":"https://new.example"}`), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"acme", "hunter2", long} {
		if strings.Contains(string(doc), other) {
			t.Errorf("%s came along: %s", other, doc)
		}
	}
	if !settings.Account.SignupEnabled || settings.Cookies.SessionAge.Duration().Seconds() != 600 || len(settings.CORS.AllowedOrigins) != 1 ||
		settings.Headless.FrontendURLs.AccountResetPassword == "" {
		t.Errorf("the new tenant's document is %s", doc)
	}
	doc, _, err = ParseTemplate([]byte(like), hosts, nil, true)
	if err != nil || !strings.Contains(string(doc), "hunter2") || strings.Contains(string(doc), long) {
		t.Errorf("with its secrets: %s, %v", doc, err)
	}
}
