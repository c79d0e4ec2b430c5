package tenants

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

func sameJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// merged is what a merge patch makes of a document, whether it is good or not.
func merged(doc, patch []byte) ([]byte, error) {
	old, err := readDocument(doc)
	if err != nil {
		return nil, err
	}
	d := readDraft(patch)
	if d.tree != nil {
		d.merge(old)
		d.checkSize()
	}
	if err := d.faults.err(); err != nil {
		return nil, err
	}
	return writeDocument(d.tree)
}

func TestMergeFollowsTheRFC(t *testing.T) {
	for name, c := range map[string][3]string{
		"what is left out stays":  {`{"a": {"b": 1, "c": 2}}`, `{"a": {"c": 3}}`, `{"a": {"b": 1, "c": 3}}`},
		"null takes away":         {`{"a": {"b": 1, "c": 2}, "d": 1}`, `{"a": {"c": null}, "d": null}`, `{"a": {"b": 1}}`},
		"nulls are never kept":    {`{}`, `{"a": {"b": null, "c": 1}}`, `{"a": {"c": 1}}`},
		"lists are replaced":      {`{"a": [1, 2, 3]}`, `{"a": [4]}`, `{"a": [4]}`},
		"nulls in lists are kept": {`{}`, `{"a": [null, {"b": null}]}`, `{"a": [null, {"b": null}]}`},
		"an object for a value":   {`{"a": 1}`, `{"a": {"b": {"c": 2}}}`, `{"a": {"b": {"c": 2}}}`},
		"a value for an object":   {`{"a": {"b": 1}}`, `{"a": 1}`, `{"a": 1}`},
		"nothing changes nothing": {`{"a": {"b": [1]}}`, `{}`, `{"a": {"b": [1]}}`},
		"marks stay as they are":  {`{}`, `{"a": "<&>"}`, `{"a": "<&>"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := merged([]byte(c[0]), []byte(c[1]))
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, got, c[2])
		})
	}
	_, err := merged([]byte(`{}`), []byte(`[]`))
	wantFaults(t, err, "must be an object")
	_, err = merged([]byte(`{}`), []byte(`{"a": 1, "a": 2}`))
	wantFaults(t, err, "a: is given twice")
	half := strings.Repeat("x", MaxDocument/2)
	_, err = merged([]byte(`{"metadata": {"a": "`+half+`"}}`), []byte(`{"metadata": {"b": "`+half+`"}}`))
	wantFaults(t, err, "must be at most 262144 bytes of JSON")
}

// full is a document with every kind of secret.
const full = `{
	"email": {"smtp_url": "smtp://mailer:pw-1@mail.example.org:587", "from": "a@example.org"},
	"sms": {"webhook_url": "https://sms.example.org", "webhook_secret": "pw-2", "twilio_auth_token": "pw-t"},
	"headless": {"jwt_private_key": "pw-3"},
	"socialaccount": {"providers": {
		"apple": {"apps": [{"client_id": "a", "secret": "pw-4", "key": "pw-5", "settings": {"certificate_key": "pw-6"}}]},
		"gitlab": {"gitlab_url": "https://git.example.org", "apps": [{"client_id": "g", "secret": "pw-7"}]},
		"openid_connect": {"apps": [
			{"provider_id": "one", "client_id": "o", "secret": "pw-8", "settings": {"server_url": "https://one.example.org"}},
			{"provider_id": "two", "client_id": "o", "secret": "pw-9", "settings": {"server_url": "https://two.example.org"}}]}}}
}`

func TestRedactedDocumentsHaveNoSecrets(t *testing.T) {
	got, err := Redact([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(got), "pw-") {
		t.Errorf("a secret is left: %s", got)
	}
	if n := strings.Count(string(got), Mask); n != 10 {
		t.Errorf("%d masks", n)
	}
	sameJSON(t, mustRedact(t, `{"email": {"smtp_url": "smtp://h"}, "sms": {"webhook_secret": ""}, "headless": {"jwt_private_key": null}}`),
		`{"email": {"smtp_url": "smtp://h"}, "sms": {"webhook_secret": ""}, "headless": {}}`)
	sameJSON(t, mustRedact(t, `{"sms": {"webhook_secret": ["x"]}}`), `{"sms": {"webhook_secret": "********"}}`)
}

func mustRedact(t *testing.T, doc string) []byte {
	t.Helper()
	got, err := Redact([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWhatWasShownCanBeSentBack(t *testing.T) {
	got, err := merged([]byte(full), mustRedact(t, full))
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, full)
	twice := `{"socialaccount": {"providers": {"github": {"apps": [{"client_id": "a", "secret": "pw-1"}, {"client_id": "a", "secret": "pw-2"}]}}}}`
	if got, err = merged([]byte(twice), mustRedact(t, twice)); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, twice)
}

// Null takes away in a merge patch, so that no document may need one to say what it means.
func TestNullsAreSpeltOutOrDropped(t *testing.T) {
	const doc = `{
		"account": {"user_model_username_field": null, "login_methods": ["email"], "signup_fields": ["email*"],
			"rate_limits": {"login": null, "signup": ""}, "max_email_addresses": null, "session_remember": null},
		"idp_oidc": {"rate_limits": {"device_user_code": null}, "userinfo_endpoint": null},
		"cookies": {"secure": false}, "mfa": {"trust_cookie_secure": null}, "metadata": {"a": {"b": null, "c": [null, {"d": null}]}},
		"socialaccount": {"providers": {"github": {"scope": null, "apps": [{"client_id": "a", "settings": {"scope": null}}]}}}
	}`
	const kept = `{
		"account": {"user_model_username_field": "", "login_methods": ["email"], "signup_fields": ["email*"],
			"rate_limits": {"login": "", "signup": ""}},
		"idp_oidc": {"rate_limits": {"device_user_code": ""}},
		"cookies": {"secure": false}, "mfa": {}, "metadata": {"a": {"c": [null, {"d": null}]}},
		"socialaccount": {"providers": {"github": {"apps": [{"client_id": "a", "settings": {"scope": null}}]}}}
	}`
	sealed, err := SealSecrets([]byte(doc), testKeys(t, 1), "t")
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, sealed, kept)
	sameJSON(t, mustRedact(t, doc), kept)
	if meant, said := parse(t, doc), parse(t, kept); !reflect.DeepEqual(meant, said) {
		t.Errorf("they do not mean the same:\n%+v\n%+v", meant, said)
	}
	back, err := merged(sealed, mustRedact(t, string(sealed)))
	if err != nil {
		t.Fatal(err)
	}
	if string(back) != string(sealed) {
		t.Errorf("sent back, it is\n%s", back)
	}
	// A change can still take what was spelt out away.
	back, err = merged(sealed, []byte(`{"account": {"user_model_username_field": null, "rate_limits": {"login": null}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Decode(back); err != nil || s.Account.UserModelUsernameField != "username" || len(s.Account.RateLimits.Of("login")) == 0 {
		t.Errorf("taken away, it is %s, %v", back, err)
	}
}

func TestSecretsStayOnlyWhereTheyAreSentToTheSamePlace(t *testing.T) {
	const app = "socialaccount.providers."
	const again = "give the password again: it only stays where scheme, user and host stay the same"
	const lost = "is masked, but a stored secret only stays where provider, client id and server stay the same: give it again"
	const moved = "give the app's secrets again: they only stay where their server stays the same"
	const none = "is masked, and there is no stored secret that this could mean: give the secret itself"
	oidc := func(apps string) string {
		return `{"socialaccount": {"providers": {"openid_connect": {"apps": [` + apps + `]}}}}`
	}
	for name, c := range map[string]struct {
		patch string
		want  []string
	}{
		"another mail host":   {`{"email": {"smtp_url": "smtp://mailer:********@evil.example.org:587"}}`, []string{"email.smtp_url: " + again}},
		"another mail port":   {`{"email": {"smtp_url": "smtp://mailer:********@mail.example.org:25"}}`, []string{"email.smtp_url: " + again}},
		"another mail user":   {`{"email": {"smtp_url": "smtp://root:********@mail.example.org:587"}}`, []string{"email.smtp_url: " + again}},
		"another mail scheme": {`{"email": {"smtp_url": "smtps://mailer:********@mail.example.org:587"}}`, []string{"email.smtp_url: " + again}},
		"a mask in other clothes": {`{"email": {"smtp_url": "smtp://mailer:%2A%2A%2A%2A%2A%2A%2A%2A@evil.example.org:587"}}`,
			[]string{"email.smtp_url: " + again}},
		"a host hidden behind another": {`{"email": {"smtp_url": "smtp://mailer:********@mail.example.org:587@evil.example.org"}}`, nil},
		"another issuer": {oidc(`{"provider_id": "one", "client_id": "o", "secret": "********", "settings": {"server_url": "https://evil.example.org"}}`),
			[]string{app + "openid_connect.apps[0].secret: " + lost}},
		"the issuer of the neighbour": {oidc(`{"provider_id": "one", "client_id": "o", "secret": "********", "settings": {"server_url": "https://two.example.org"}}`),
			[]string{app + "openid_connect.apps[0].secret: " + lost}},
		"another client": {oidc(`{"provider_id": "one", "client_id": "p", "secret": "********", "settings": {"server_url": "https://one.example.org"}}`),
			[]string{app + "openid_connect.apps[0].secret: " + lost}},
		"another provider": {`{"socialaccount": {"providers": {"github": {"apps": [{"client_id": "a", "secret": "********"}]}}}}`,
			[]string{app + "github.apps[0].secret: " + lost}},
		"another server for the whole provider": {`{"socialaccount": {"providers": {"gitlab": {"gitlab_url": "https://evil.example.org"}}}}`,
			[]string{app + "gitlab.apps[0]: " + moved}},
		"another server and masked apps": {`{"socialaccount": {"providers": {"gitlab": {"gitlab_url": "https://evil.example.org", "apps": [{"client_id": "g", "secret": "********"}]}}}}`,
			[]string{app + "gitlab.apps[0].secret: " + lost}},
		"no server for the whole provider": {`{"socialaccount": {"providers": {"gitlab": {"gitlab_url": null}}}}`,
			[]string{app + "gitlab.apps[0]: " + moved}},
		"a server of the app's own": {`{"socialaccount": {"providers": {"gitlab": {"apps": [{"client_id": "g", "secret": "********", "settings": {"gitlab_url": "https://evil.example.org"}}]}}}}`,
			[]string{app + "gitlab.apps[0].secret: " + lost}},
		"a key that was never there": {`{"socialaccount": {"providers": {"gitlab": {"apps": [{"client_id": "g", "key": "********"}]}}}}`,
			[]string{app + "gitlab.apps[0].key: " + lost}},
		"all at once": {`{"email": {"smtp_url": "smtp://a:********@b"}, "socialaccount": {"providers": {"gitlab": {"gitlab_url": null}}}}`,
			[]string{"email.smtp_url: " + again, app + "gitlab.apps[0]: " + moved}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := merged([]byte(full), []byte(c.patch))
			if c.want == nil { // not a mask at all: the stored password must not come up in it
				if err != nil || strings.Contains(string(got), "pw-1") {
					t.Errorf("%s, %v", got, err)
				}
				return
			}
			wantFaults(t, err, c.want...)
		})
	}
	_, err := merged([]byte(`{}`), []byte(`{"sms": {"webhook_secret": "********"}, "email": {"smtp_url": "********"}}`))
	wantFaults(t, err, "email.smtp_url: "+none, "sms.webhook_secret: "+none)
}

func TestSecretsAreKeptOrReplaced(t *testing.T) {
	for name, c := range map[string]struct{ patch, has, hasNot string }{
		"a new password":            {`{"email": {"smtp_url": "smtp://x:new@evil.example.org"}}`, "new", "pw-1"},
		"the same server, masked":   {`{"email": {"smtp_url": "smtp://mailer:********@mail.example.org:587"}}`, "pw-1", Mask},
		"the whole URL masked":      {`{"email": {"smtp_url": "********"}}`, "pw-1", Mask},
		"another key left alone":    {`{"email": {"from": "b@example.org"}}`, "pw-1", "a@example.org"},
		"a removed secret":          {`{"sms": {"webhook_secret": null}}`, "pw-1", "pw-2"},
		"a masked secret":           {`{"sms": {"webhook_secret": "********"}}`, "pw-2", Mask},
		"a new server and secret":   {`{"socialaccount": {"providers": {"gitlab": {"gitlab_url": "https://b.example.org", "apps": [{"client_id": "g", "secret": "new"}]}}}}`, "new", "pw-7"},
		"apps in another order":     {`{"socialaccount": {"providers": {"openid_connect": {"apps": [{"provider_id": "two", "client_id": "o", "secret": "********", "settings": {"server_url": "https://two.example.org"}}]}}}}`, "pw-9", "pw-8"},
		"a masked key in settings":  {`{"socialaccount": {"providers": {"apple": {"apps": [{"client_id": "a", "secret": "new", "settings": {"certificate_key": "********"}}]}}}}`, "pw-6", "pw-4"},
		"a provider that goes away": {`{"socialaccount": {"providers": {"gitlab": null}}}`, "pw-8", "pw-7"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := merged([]byte(full), []byte(c.patch))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got), c.has) || strings.Contains(string(got), c.hasNot) {
				t.Errorf("%s", got)
			}
		})
	}
}

func TestSealedSecretsOpenForTheirTenantAndPlaceAlone(t *testing.T) {
	keys := testKeys(t, 1)
	sealed, err := SealSecrets([]byte(full), keys, "tenant-a")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sealed), "pw-") || strings.Count(string(sealed), sealedMark) != 10 {
		t.Fatalf("not sealed: %s", sealed)
	}
	opened, err := OpenSecrets(sealed, keys, "tenant-a")
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, opened, full)

	if _, err := OpenSecrets(sealed, keys, "tenant-b"); !errors.Is(err, secret.ErrUnreadable) {
		t.Errorf("another tenant: %v", err)
	}
	if _, err := OpenSecrets(sealed, testKeys(t, 2), "tenant-a"); !errors.Is(err, secret.ErrUnreadable) {
		t.Errorf("another key: %v", err)
	}
	var doc map[string]map[string]any
	if err := json.Unmarshal(sealed, &doc); err != nil {
		t.Fatal(err)
	}
	doc["sms"]["webhook_secret"], doc["headless"]["jwt_private_key"] = doc["headless"]["jwt_private_key"], doc["sms"]["webhook_secret"]
	swapped, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSecrets(swapped, keys, "tenant-a"); !errors.Is(err, secret.ErrUnreadable) {
		t.Errorf("another place: %v", err)
	}
	if got := mustRedact(t, string(sealed)); strings.Contains(string(got), sealedMark) {
		t.Errorf("sealed values are shown: %s", got)
	}
}

func TestNothingIsSealedTwiceOrOpenedUnsealed(t *testing.T) {
	keys := testKeys(t, 1)
	for name, err := range map[string]error{
		"sealed twice":    second(SealSecrets([]byte(`{"sms": {"webhook_secret": "sealed:v1:AAAA"}}`), keys, "t")),
		"opened unsealed": second(OpenSecrets([]byte(`{"sms": {"webhook_secret": "pw-1"}}`), keys, "t")),
		"not base64":      second(OpenSecrets([]byte(`{"sms": {"webhook_secret": "sealed:v1:pw-1"}}`), keys, "t")),
		"not text":        second(SealSecrets([]byte(`{"sms": {"webhook_secret": 1}}`), keys, "t")),
	} {
		if err == nil || strings.Contains(err.Error(), "pw-1") || !strings.Contains(err.Error(), "sms.webhook_secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	same, err := SealSecrets([]byte(`{"sms": {"webhook_secret": ""}, "metadata": {"n": 12345678901234567}}`), keys, "t")
	if err != nil {
		t.Fatal(err)
	}
	if string(same) != `{"metadata":{"n":12345678901234567},"sms":{"webhook_secret":""}}` {
		t.Errorf("%s", same)
	}
}

func second(_ []byte, err error) error { return err }
