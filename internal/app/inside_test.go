package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/tenants"
)

// wayOut is a setting of a tenant that names an address which the server itself calls.
type wayOut struct {
	scheme  string                                // "": http and https
	setting func(address string) string           // the tenant's settings that hold it
	call    func(s *server, host string) []string // has the server call it, in each way that there is, and is what it said of each
}

// appOf are settings of a tenant with one app.
func appOf(provider, app, beside string) func(string) string {
	return func(address string) string {
		return fmt.Sprintf(`{"account": {"email_verification": "optional"}, "socialaccount": {"providers": {%q: {"apps": [{"client_id": "1", "secret": "s3cret-s3cret"%s}]%s}}}}`,
			provider, strings.ReplaceAll(app, "{}", address), strings.ReplaceAll(beside, "{}", address))
	}
}

// tries has an app at a provider be tried out, and somebody come back from there with a code.
func tries(provider, app, callback string) func(*server, string) []string {
	return func(s *server, host string) []string {
		said := fmt.Sprint(s.adminWants(http.StatusOK, http.MethodPost, "/admin/v1/tenants/"+slugOf(host)+"/providers/test", map[string]any{"provider": provider, "client_id": "1"}))
		browser := s.client("browser", host)
		if at, err := url.Parse(browser.sentTo(app, "login")); err != nil || at.Query().Get("state") != "" {
			browser.returnsTo(callback, url.Values{"state": {at.Query().Get("state")}, "code": {"x"}})
		}
		for line := range strings.Lines(s.log.String()) {
			if strings.Contains(line, slugOf(host)) && strings.Contains(line, "a login by an identity provider failed") {
				return []string{said, line}
			}
		}
		return []string{said, "nobody tried to log in"}
	}
}

// waysOut are all such settings, by their path; nil for what the server hands on and never calls itself.
var waysOut = map[string]*wayOut{
	"socialaccount.providers.*.apps.*.settings.server_url": {"", appOf("openid_connect", `, "provider_id": "corp", "settings": {"server_url": "{}"}`, ""),
		tries("openid_connect", "corp", "/accounts/oidc/corp/login/callback/")},
	"socialaccount.providers.*.apps.*.settings.github_url": {"", appOf("github", `, "settings": {"github_url": "{}"}`, ""), tries("github", "github", "/accounts/github/login/callback/")},
	"socialaccount.providers.*.apps.*.settings.gitlab_url": {"", appOf("gitlab", `, "settings": {"gitlab_url": "{}"}`, ""), tries("gitlab", "gitlab", "/accounts/gitlab/login/callback/")},
	"socialaccount.providers.*.github_url":                 {"", appOf("github", "", `, "github_url": "{}"`), tries("github", "github", "/accounts/github/login/callback/")},
	"socialaccount.providers.*.gitlab_url":                 {"", appOf("gitlab", "", `, "gitlab_url": "{}"`), tries("gitlab", "gitlab", "/accounts/gitlab/login/callback/")},
	"socialaccount.providers.*.apps.*.settings.idp.metadata_url": {"", appOf("saml", `, "settings": {"idp": {"entity_id": "urn:corp", "metadata_url": "{}"}}`, ""),
		tries("saml", "saml", "/accounts/saml/1/acs/finish/")},
	"socialaccount.providers.*.apps.*.settings.idp.sso_url": nil, "socialaccount.providers.*.apps.*.settings.idp.slo_url": nil, // people are sent there
	"email.smtp_url": {"smtp", func(address string) string { return fmt.Sprintf(`{"email": {"smtp_url": %q}}`, address) }, func(s *server, host string) []string {
		return []string{fmt.Sprint(s.adminWants(http.StatusOK, http.MethodPost, "/admin/v1/tenants/"+slugOf(host)+"/mail-test", map[string]any{"to": "ops@example.org"}))}
	}},
	"sms.webhook_url": {"", func(address string) string {
		return fmt.Sprintf(`{"account": {%s}, "sms": {"webhook_url": %q}}`, textCodes, address)
	}, func(s *server, host string) []string {
		s.client("app", host).post("/auth/signup", map[string]any{"phone": number, "password": password}).want(http.StatusUnauthorized)
		said := ""
		eventually(s, "the text is tried", func() bool {
			items := s.adminWants(http.StatusOK, http.MethodGet, "/admin/v1/tenants/"+slugOf(host)+"/messages", nil)["items"].([]any)
			if len(items) == 1 {
				said, _ = items[0].(map[string]any)["error"].(string)
			}
			return said != ""
		})
		return []string{said}
	}},

	"public_url": nil, "mfa.webauthn_rp_origins": nil, "cors.allowed_origins": nil,
	"headless.frontend_urls.account_confirm_email": nil, "headless.frontend_urls.account_reset_password": nil, "headless.frontend_urls.account_reset_password_from_key": nil,
	"headless.frontend_urls.account_signup": nil, "headless.frontend_urls.socialaccount_login_error": nil,
	"idp_oidc.userinfo_endpoint": nil, // it is announced
	"branding.logo_url":          nil, // mails name it, and whoever reads them fetches it
}

// namesAddress are the formats of settings that name addresses, as the schema has them.
var namesAddress = regexp.MustCompile(`format=[a-z-]*(url|uri|origin)|URL$|URI$|Endpoint$`)

// addressesIn are the paths of all settings of a type that name addresses.
func addressesIn(of reflect.Type, path string) (all []string) {
	switch of.Kind() {
	case reflect.Pointer:
		return addressesIn(of.Elem(), path)
	case reflect.Map, reflect.Slice:
		return addressesIn(of.Elem(), path+".*")
	case reflect.Struct:
		for f := range of.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			at := strings.TrimPrefix(path+"."+name, ".")
			inner := addressesIn(f.Type, at)
			if len(inner) == 0 && (namesAddress.MatchString(f.Tag.Get("jsonschema")) || namesAddress.MatchString(f.Name) || f.Type == reflect.TypeFor[tenants.SecretURL]()) {
				inner = []string{at}
			}
			all = append(all, inner...)
		}
	}
	return all
}

// Every setting that names an address is known to be called or not, and so is everything else of a tenant's that operators may write.
func TestEveryAddressThatATenantNamesIsKnown(t *testing.T) {
	found := addressesIn(reflect.TypeFor[tenants.Settings](), "")
	for _, path := range found {
		if _, ok := waysOut[path]; !ok {
			t.Errorf("%s names an address: say in waysOut how the server calls it, or that it does not", path)
		}
	}
	for path := range waysOut {
		if !slices.Contains(found, path) {
			t.Errorf("there is no %s", path)
		}
	}
	doc, err := openapi3.NewLoader().LoadFromData(adminapi.Document())
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for path, item := range doc.Paths.Map() {
		for method, of := range item.Operations() {
			if of.RequestBody == nil {
				continue
			}
			for _, content := range of.RequestBody.Value.Content {
				for name := range content.Schema.Value.Properties {
					if regexp.MustCompile(`(^|_)(url|uri|endpoint)$`).MatchString(name) {
						written = append(written, method+" "+path+" "+name)
					}
				}
			}
		}
	}
	slices.Sort(written)
	written = slices.Compact(written) // which may be written in several media types
	// Those of webhooks, which TestAWebhookReachesNothingPrivate, TestNothingThatATenantNamesLeadsInside and package webhook look at.
	if want := []string{"PATCH /admin/v1/tenants/{slug}/webhooks/{id} url", "POST /admin/v1/tenants/{slug}/webhooks url"}; !slices.Equal(written, want) {
		t.Errorf("operators write addresses at %v", written)
	}
}

// nameServer answers for any name with the address that it has been told; rebinding is to tell it another.
type nameServer struct {
	mu      sync.Mutex
	address netip.Addr
	asked   atomic.Int64
}

func (n *nameServer) says(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.address = netip.MustParseAddr(address)
}

// resolver asks it alone.
func (n *nameServer) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			k, from, err := pc.ReadFrom(buf)
			if err != nil {
				return // the test is over
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:k]) != nil || len(q.Questions) == 0 {
				continue
			}
			m := dnsmessage.Message{Header: dnsmessage.Header{ID: q.ID, Response: true, RecursionAvailable: true}, Questions: q.Questions}
			n.mu.Lock()
			address := n.address
			n.mu.Unlock()
			head := dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Type: q.Questions[0].Type, Class: dnsmessage.ClassINET}
			switch {
			case q.Questions[0].Type == dnsmessage.TypeA && address.Is4():
				n.asked.Add(1)
				m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: address.As4()}}}
			case q.Questions[0].Type == dnsmessage.TypeAAAA && address.Is6():
				n.asked.Add(1)
				m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = pc.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

// inward are hosts that lead to what only the server can reach. A name is one address while it is saved, and another when it is used.
var inward = map[string]struct{ host, saved, used string }{
	"loopback":                        {host: "127.0.0.1"},
	"loopback in IPv6":                {host: "[::1]"},
	"loopback mapped":                 {host: "[::ffff:127.0.0.1]"},
	"loopback mapped, in hexadecimal": {host: "[::ffff:7f00:1]"},
	"every address":                   {host: "0.0.0.0"},
	"the metadata service":            {host: "169.254.169.254"},
	"the metadata service mapped":     {host: "[::ffff:169.254.169.254]"},
	"the metadata service by NAT64":   {host: "[64:ff9b::a9fe:a9fe]"},
	"the metadata service of AWS":     {host: "[fd00:ec2::254]"},
	"the metadata service of Alibaba": {host: "100.100.100.200"},
	"private ten":                     {host: "10.0.0.1"},
	"private ten mapped":              {host: "[::ffff:10.0.0.1]"},
	"private 172":                     {host: "172.16.0.1"},
	"private 192":                     {host: "192.168.0.1"},
	"unique local":                    {host: "[fc00::1]"},
	"link-local":                      {host: "[fe80::1]"},
	"this machine":                    {host: "localhost"},
	"a name of loopback":              {host: "inside.example.org", saved: "127.0.0.1", used: "127.0.0.1"},
	"a name of the metadata service":  {host: "metadata.example.org", saved: "169.254.169.254", used: "169.254.169.254"},
	"a name that becomes loopback":    {host: "rebind.example.org", saved: "1.1.1.1", used: "127.0.0.1"},
	"a name that becomes private":     {host: "rebind.example.net", saved: "2606:4700::1111", used: "fd00::1"},
}

// As in Zitadel CVE-2026-27945 and CVE-2026-55671, Casdoor CVE-2026-5469: a tenant's administrator had the server talk to its neighbours, and to the
// cloud's metadata service. Here it is every setting there is.
func TestNothingThatATenantNamesLeadsInside(t *testing.T) {
	t.Parallel()
	names := &nameServer{}
	names.says("1.1.1.1")
	s := boot(t, "sqlite", func(cfg *config.Config, o *app.Options) {
		cfg.AllowPrivateNetworks, o.Resolver = false, names.resolver(t)
	})
	port, came := trap(t)
	public := func(said string) bool {
		return strings.Contains(said, "not a public address") || strings.Contains(said, "not on the public internet")
	}
	save := func(settings string) string { // "": they cannot be saved, which is as good
		slug := "t-" + slugOf(s.tenant(""))[2:]
		status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slug, map[string]any{"config": json.RawMessage(settings)})
		if status != http.StatusOK && status != http.StatusUnprocessableEntity {
			t.Fatalf("%s is answered %d: %s", settings, status, body)
		} else if status != http.StatusOK {
			return ""
		}
		return slug + ".localhost"
	}
	called := map[string]int{}
	for kind, at := range inward {
		for path, w := range waysOut {
			if w == nil {
				continue
			}
			scheme := w.scheme
			if scheme == "" {
				scheme = "https"
			}
			if at.saved != "" {
				names.says(at.saved)
			}
			host := save(w.setting(scheme + "://" + at.host + ":" + port))
			if host == "" {
				continue
			}
			if at.used != "" {
				names.says(at.used)
			}
			called[path]++
			for _, said := range w.call(s, host) {
				if !public(said) {
					t.Errorf("%s, %s: what is said is %s", path, kind, said)
				}
			}
		}
		names.says("1.1.1.1")
		base := "/admin/v1/tenants/" + slugOf(s.tenant("")) + "/webhooks"
		if at.saved != "" {
			names.says(at.saved)
		}
		status, body := s.admin(http.MethodPost, base, map[string]any{"url": "https://" + at.host + ":" + port, "events": []string{"*"}})
		if status == http.StatusUnprocessableEntity {
			continue
		}
		if at.used != "" {
			names.says(at.used)
		}
		var hook struct{ ID string }
		if err := json.Unmarshal([]byte(body), &hook); err != nil || status != http.StatusCreated {
			t.Fatalf("%d %s", status, body)
		}
		called["webhooks"]++
		made := s.adminWants(http.StatusAccepted, http.MethodPost, base+"/"+hook.ID+"/test", nil)
		eventually(t, "the webhook is tried", func() bool {
			said, _ := s.adminWants(http.StatusOK, http.MethodGet, fmt.Sprintf("%s/%s/deliveries/%s", base, hook.ID, made["id"]), nil)["error"].(string)
			return public(said)
		})
	}
	for path, w := range waysOut {
		if w != nil && called[path] < 10 {
			t.Errorf("%s was called %d times only: the test is of too little", path, called[path])
		}
	}
	if called["webhooks"] < 5 || names.asked.Load() < 10 {
		t.Errorf("webhooks were called %d times, and names asked for %d times", called["webhooks"], names.asked.Load())
	}
	if n := came.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// What keeps the trap empty above is the guard; and where it is open, nobody is led on from an address that may be called to one that was not named.
func TestNothingThatATenantNamesLeadsOn(t *testing.T) {
	t.Parallel()
	s := boot(t, "sqlite")
	port, came := trap(t)
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		var asked atomic.Int64
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			http.Redirect(w, r, "http://127.0.0.1:"+port+r.URL.Path, status)
		}))
		defer front.Close()
		for path, w := range waysOut {
			if w == nil || w.scheme != "" {
				continue
			}
			before := asked.Load()
			if said := w.call(s, s.tenant(w.setting(front.URL))); asked.Load() == before {
				t.Errorf("%s, %d: the address was not called: %s", path, status, said)
			}
		}
		base := "/admin/v1/tenants/" + slugOf(s.tenant("")) + "/webhooks"
		hook := s.adminWants(http.StatusCreated, http.MethodPost, base, map[string]any{"url": front.URL, "events": []string{"*"}})
		before := asked.Load()
		s.adminWants(http.StatusAccepted, http.MethodPost, fmt.Sprintf("%s/%s/test", base, hook["id"]), nil)
		eventually(t, "the webhook is called", func() bool { return asked.Load() > before })
	}
	if n := came.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// What the server hands on for others to fetch, it fetches not even where it might: pictures above all.
func TestWhatIsHandedOnIsNotFetched(t *testing.T) {
	t.Parallel()
	s := boot(t, "sqlite")
	port, came := trap(t)
	corp := newIssuer(t)
	at := "http://127.0.0.1:" + port
	host := s.tenant(fmt.Sprintf(`{"account": {"email_verification": "optional"}, "branding": {"logo_url": "%[1]s/logo.png"}, "idp_oidc": {"userinfo_endpoint": "%[1]s/userinfo"},
		"cors": {"allowed_origins": [%[1]q]},
		"headless": {"frontend_urls": {"account_confirm_email": "%[1]s/{key}", "account_reset_password": %[1]q, "account_reset_password_from_key": "%[1]s/{key}",
			"account_signup": %[1]q, "socialaccount_login_error": %[1]q}},
		"socialaccount": {"providers": {"openid_connect": {"apps": [{"provider_id": "corp", "client_id": "client", "secret": "s3cret-s3cret", "settings": {"server_url": %[2]q}}]}}}}`,
		at, corp.URL))
	person := known("1", "ann@example.org")
	person["picture"], person["profile"], person["website"], person["avatar_url"] = at+"/me.png", at+"/me", at, at+"/me.png"
	browser := s.client("browser", host)
	if went := browser.returns("corp", corp.lets(t, browser.sentTo("corp", "login"), person)); went != "/done" || browser.who() == "" {
		t.Fatalf("goes on to %s", went)
	}
	s.client("app", host).signup("bob@example.org").want(http.StatusOK)
	s.inbox.wait(t, "bob@example.org", 0)
	if n := came.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}
