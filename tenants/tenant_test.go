package tenants

import "testing"

func TestPublicURL(t *testing.T) {
	for name, c := range map[string]struct {
		tenant                 Tenant
		url, host, rpID, other string
		secure                 bool
	}{
		"the first host":    {Tenant{Hosts: []string{"a.example.org", "b.example.org"}}, "https://a.example.org", "a.example.org", "a.example.org", "", true},
		"the one it names":  {Tenant{Hosts: []string{"a.example.org"}, Settings: Settings{PublicURL: "http://LOCALHOST:8080/"}}, "http://localhost:8080", "localhost", "localhost", "", false},
		"a port for show":   {Tenant{Settings: Settings{PublicURL: "https://a.example.org:443"}}, "https://a.example.org", "a.example.org", "a.example.org", "", true},
		"an address":        {Tenant{Hosts: []string{"[::1]"}}, "https://[::1]", "[::1]", "[::1]", "", true},
		"neither":           {Tenant{Slug: "acme"}, "https://acme.invalid", "acme.invalid", "acme.invalid", "", true},
		"keys of its own":   {Tenant{Hosts: []string{"a.example.org"}, Settings: Settings{MFA: MFA{WebAuthnRPID: "example.org"}}}, "https://a.example.org", "a.example.org", "example.org", "", true},
		"cookies over http": {Tenant{Hosts: []string{"a.example.org"}, Settings: Settings{Cookies: Cookies{Secure: new(bool)}}}, "https://a.example.org", "a.example.org", "a.example.org", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, x := range []*Tenant{&c.tenant, New(c.tenant)} {
				if x.PublicURL() != c.url || x.Origin() != c.url || x.Host() != c.host || x.RPID() != c.rpID || x.Secure() != c.secure {
					t.Errorf("%s %s %s %s %t", x.PublicURL(), x.Origin(), x.Host(), x.RPID(), x.Secure())
				}
			}
		})
	}
}

func TestOnlyOwnAndListedOriginsMayAct(t *testing.T) {
	tenant := New(Tenant{
		Hosts: []string{"id.example.org", "login.example.net"},
		Settings: Settings{PublicURL: "https://id.example.org:8443", CORS: CORS{AllowedOrigins: []string{
			"https://app.example.com", "http://localhost:5173", "https://*.wild.example", "https://*.port.example:444"}}},
	})
	for _, origin := range []string{
		"https://id.example.org:8443", "https://id.example.org", "https://login.example.net", "https://login.example.net:8443",
		"https://app.example.com", "http://localhost:5173", "https://a.wild.example", "https://a.b-c.wild.example",
		"https://a.port.example:444",
	} {
		if !tenant.OwnOrigin(origin) || !tenant.AllowedOrigin(origin) {
			t.Errorf("%s was refused", origin)
		}
	}
	for _, origin := range []string{
		"", "null", "*", "https://", "http://id.example.org:8443", "http://login.example.net", "https://ID.example.org",
		"https://id.example.org:8444", "https://id.example.org/", "https://evil.example.org", "https://app.example.com.evil.example",
		"https://app.example.com:443", "http://localhost:5174", "https://wild.example", "https://.wild.example",
		"http://a.wild.example", "https://a.wild.example:444", "https://a.wild.example.evil.org", "https://evilwild.example",
		"https://a/.wild.example", "https://evil.org#.wild.example", "https://evil.org@a.wild.example", "https://evil.org:1.wild.example",
		"https://a..wild.example", "https://-.wild.example", "https://a.port.example", "https://*.wild.example",
	} {
		if tenant.OwnOrigin(origin) || tenant.AllowedOrigin(origin) {
			t.Errorf("%s was let through", origin)
		}
	}
}

func TestLinksLeadToTheFrontEnd(t *testing.T) {
	own := New(Tenant{Hosts: []string{"id.example.org"}, Settings: Settings{Headless: Headless{FrontendURLs: FrontendURLs{
		AccountConfirmEmail:         "https://app.example.org/verify?key={key}",
		AccountResetPasswordFromKey: "https://app.example.org/reset/{key}",
		AccountSignup:               "https://app.example.org/signup",
	}}}})
	for page, want := range map[Frontend]string{
		ConfirmEmail:         "https://app.example.org/verify?key=a%2Fb%3Ac%26d%2B%20%25",
		ResetPasswordFromKey: "https://app.example.org/reset/a%2Fb%3Ac%26d%2B%20%25",
		SignupPage:           "https://app.example.org/signup",
		ResetPassword:        "https://id.example.org/account/password/reset",
		LoginError:           "https://id.example.org/account/provider/callback",
	} {
		if got := own.FrontendURL(page, "a/b:c&d+ %"); got != want {
			t.Errorf("%s is %s, want %s", page, got, want)
		}
	}
	plain := New(Tenant{Hosts: []string{"id.example.org"}})
	for page, want := range map[Frontend]string{
		ConfirmEmail:         "https://id.example.org/account/verify-email/k",
		ResetPasswordFromKey: "https://id.example.org/account/password/reset/key/k",
		SignupPage:           "https://id.example.org/account/signup",
		"something_else":     "https://id.example.org/",
	} {
		if got := plain.FrontendURL(page, "k"); got != want {
			t.Errorf("%s is %s, want %s", page, got, want)
		}
	}
}

func TestWhatFollowsTheTenant(t *testing.T) {
	plain := New(Tenant{Name: "Acme\r\n Co", Hosts: []string{"id.example.org"}, Settings: Defaults()})
	if got := plain.SubjectPrefix(); got != "[Acme Co] " {
		t.Errorf("subject prefix %q", got)
	}
	if plain.Audience() != "https://id.example.org" || plain.TOTPIssuer() != plain.Name || !plain.TrustSecure() {
		t.Errorf("%s, %s, %t", plain.Audience(), plain.TOTPIssuer(), plain.TrustSecure())
	}
	s := Defaults()
	nothing, insecure := "", false
	s.Account.EmailSubjectPrefix, s.Headless.JWTAudience, s.MFA.TOTPIssuer, s.MFA.TrustCookieSecure = &nothing, "api", "Acme", &insecure
	own := New(Tenant{Name: "x", Hosts: []string{"id.example.org"}, Settings: s})
	if own.SubjectPrefix() != "" || own.Audience() != "api" || own.TOTPIssuer() != "Acme" || own.TrustSecure() || !own.Secure() {
		t.Errorf("%q, %s, %s, %t", own.SubjectPrefix(), own.Audience(), own.TOTPIssuer(), own.TrustSecure())
	}
}

func TestTheAnswersOfHotPathsCostNothing(t *testing.T) {
	tenant := New(Tenant{Hosts: []string{"a.example.org"}, Settings: Settings{CORS: CORS{AllowedOrigins: []string{"https://*.wild.example"}}}})
	n := testing.AllocsPerRun(100, func() {
		_ = tenant.PublicURL()
		_ = tenant.Secure()
		_ = tenant.OwnOrigin("https://a.example.org")
		_ = tenant.AllowedOrigin("https://b.wild.example")
		_ = tenant.HasHost("a.example.org")
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
