package provider

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/tenants"
)

// nowhere answers nothing.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrHandlerTimeout }

func fuzzed(t *testing.T, name string) (*Apps, *tenants.Tenant, tenants.App) {
	t.Helper()
	apps := New(Options{Client: &http.Client{Transport: nowhere{}}, Clock: clock.At(time.Unix(1_800_000_000, 0)), Dev: true})
	s := tenants.Defaults()
	s.PublicURL = "https://id.acme.example"
	return apps, &tenants.Tenant{Settings: s}, tenants.App{Provider: name, ID: name, ProviderApp: tenants.ProviderApp{ClientID: "c", Secret: tenants.NewSecret("s3cret")}}
}

// Whatever a provider answers is read or turned down, and who is read from it can be kept: an id that is one line, names that can be shown,
// addresses that are addresses.
func FuzzIdentity(f *testing.F) {
	for _, said := range []string{
		`{"sub":"1","email":"a@b.example","email_verified":true}`, `{"id":1e400,"login":"\u0000"}`, `{"data":[{"id":"1"}]}`, `{"sub":" 1"}`, `{"sub":{"sub":1}}`,
		`{"emails":[{"email":"a@b","verified":1,"primary":"true"},null,3]}`, `{"kakao_account":{"profile":null}}`, `{"sub":"\ufffd"}`, `[]`, `{"email":"a\u200b@b.example","sub":"x"}`,
	} {
		f.Add([]byte(said))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		answered, err := readObject(said)
		if err != nil {
			return
		}
		for name, k := range builtIn {
			p := dummyClaims
			switch w := k.way.(type) {
			case openID:
				p = w.person
			case oauth:
				p = w.person
			}
			apps, of, a := fuzzed(t, name)
			l, err := apps.login(of, a, Attempt{})
			if err != nil {
				t.Fatal(err)
			}
			who, err := l.identity(p, answered)
			if err != nil {
				continue
			}
			if who.UID == "" || len(who.UID) > mostUID || strings.ContainsFunc(who.UID, unicode.IsControl) || who.Display == "" {
				t.Errorf("%s: it is %+v", name, who)
			}
			for _, s := range []string{who.Display, who.Username, who.Name, who.GivenName, who.FamilyName, who.Phone} {
				if strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
					t.Errorf("%s: it is %+v", name, who)
				}
			}
			for _, e := range who.Emails {
				if !isAddress(e.Address) || strings.Count(e.Address, "@") != 1 {
					t.Errorf("%s: the address is %q", name, e.Address)
				}
			}
		}
	})
}

// Whatever a front end or a browser hands in is turned down without anybody being asked, or with an error that tells no secret.
func FuzzHandedIn(f *testing.F) {
	f.Add("eyJhbGciOiJub25lIn0.e30.", "code=1&state=2")
	f.Add("{}", "error=access_denied&iss=x")
	f.Add(`{"id":1}`, "tgAuthResult=ZmFsc2U&openid.mode=id_res&openid.response_nonce=2027")
	f.Add("a.b.c", "user=%7B%22name%22%3A1%7D&id=1&openid.claimed_id=https://steamcommunity.com/openid/id/1")
	f.Fuzz(func(t *testing.T, token, query string) {
		params, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		appleName(params)
		for _, name := range []string{"openid_connect", "facebook", "github", "steam", "telegram", "dummy"} {
			apps, of, a := fuzzed(t, name)
			a.Settings.ServerURL = "https://idp.example"
			for _, ask := range []func() (*Identity, error){
				func() (*Identity, error) { return apps.Complete(t.Context(), of, a, Attempt{"s", "n", "v"}, params) },
				func() (*Identity, error) { return apps.Verify(t.Context(), of, a, Token{ID: token}) },
			} {
				who, err := ask()
				if (who == nil) == (err == nil) || who != nil && name != "dummy" || err != nil && strings.Contains(err.Error(), "s3cret") {
					t.Errorf("%s: it is %+v, %v", name, who, err)
				}
			}
		}
	})
}

// Whatever is published as a key set is read or turned down, and what is read has public keys alone.
func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"oct","k":"c2VjcmV0"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		set, err := readKeySet(body)
		if err != nil {
			return
		}
		for _, k := range set {
			if !k.IsPublic() || tooWeak(k) {
				t.Errorf("a key is %T", k.Key)
			}
		}
		var d document
		if json.Unmarshal(body, &d) == nil {
			for _, a := range d.algorithms() {
				if strings.HasPrefix(a, "HS") || a == "none" {
					t.Errorf("an algorithm is %s", a)
				}
			}
		}
	})
}
