package admin_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestDiagnoses(t *testing.T) {
	type facts = admin.DoctorFacts
	tenant := func(doc string, hosts ...string) *tenants.Tenant {
		t.Helper()
		settings, err := tenants.Parse([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		return tenants.New(tenants.Tenant{Slug: "acme", Name: "Acme", State: tenants.Active, Hosts: hosts, Settings: settings})
	}
	at := func(raw string) *url.URL {
		t.Helper()
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	plain := tenant(`{}`, "id.acme.example")
	https := at("https://id.acme.example")
	// through is what arrives through proxies that added these addresses behind what the probe claimed.
	through := func(client string, added ...string) *admin.Sight {
		return &admin.Sight{Host: "id.acme.example", Peer: "10.0.0.7", ClientIP: client, ForwardedFor: append([]string{admin.ProbeAddress}, added...), Tenant: "acme"}
	}
	proxies := func(n int) admin.DoctorServer { return admin.DoctorServer{ProxyCount: n, TenantHeader: "X-Tenant"} }
	header := admin.DoctorServer{ClientIPHeader: "X-Real-Ip", TenantHeader: "X-Tenant"}
	suspended := tenant(`{}`, "id.acme.example")
	suspended.State = tenants.Suspended
	for name, c := range map[string]struct {
		facts facts
		want  string // level subject setting of what is not fine or unknown
		say   string // and a part of what is said
	}{
		"all is well":       {facts{URL: https, Tenant: plain, Probed: true, Seen: through("198.51.100.4", "198.51.100.4"), Server: proxies(1)}, "", "behind as many proxies"},
		"without any proxy": {facts{URL: https, Tenant: plain, Probed: true, Seen: &admin.Sight{Host: "id.acme.example:443", Peer: "198.51.100.4", ClientIP: "198.51.100.4", ForwardedFor: []string{admin.ProbeAddress}, Tenant: "acme"}}, "", "no proxy in between"},
		"no probe":          {facts{URL: https, Tenant: plain}, "", "Run admin doctor"},
		"no tenant":         {facts{URL: https, Server: proxies(0)}, "problem tenant hosts", "every request to it is 404"},
		"a shared host":     {facts{URL: https, Server: admin.DoctorServer{SharedHosts: []string{"id.acme.example"}, TenantHeader: "X-Tenant"}}, "warning tenant VESTIBULE_TENANT_HEADER", "X-Tenant"},
		"a shared host, and which tenant": {facts{URL: at("https://shared.example"), Tenant: plain, Named: true, Server: admin.DoctorServer{SharedHosts: []string{"shared.example"}, TenantHeader: "X-Tenant"}},
			"warning tenant public_url", "where the header X-Tenant says acme"},
		"another's host":                       {facts{URL: at("https://other.example"), Tenant: plain, Named: true}, "problem tenant hosts; warning tenant public_url", "not among the hosts"},
		"a suspended tenant":                   {facts{URL: https, Tenant: suspended}, "problem tenant state", "is refused"},
		"a proxy changes the host":             {facts{URL: https, Tenant: plain, Probed: true, Seen: &admin.Sight{Host: "backend:8080", Peer: "10.0.0.7", ClientIP: "10.0.0.7", ForwardedFor: []string{admin.ProbeAddress, "198.51.100.4"}}, Server: proxies(1)}, "problem tenant; warning client_ip VESTIBULE_TRUSTED_PROXY_COUNT", "proxy_set_header Host"},
		"taken for another tenant's":           {facts{URL: https, Tenant: plain, Probed: true, Seen: &admin.Sight{Host: "id.acme.example", Peer: "198.51.100.4", ClientIP: "198.51.100.4", ForwardedFor: []string{admin.ProbeAddress}, Tenant: "zenith"}}, "problem tenant hosts", "for no tenant's, or for another's"},
		"the probe does not arrive":            {facts{URL: https, Tenant: plain, Probed: true}, "problem client_ip", "did not arrive"},
		"proxies that are not counted":         {facts{URL: https, Tenant: plain, Probed: true, Seen: through("10.0.0.7", "198.51.100.4", "10.0.0.2"), Server: proxies(0)}, "problem client_ip VESTIBULE_TRUSTED_PROXY_COUNT", "Set it to 2."},
		"one too few":                          {facts{URL: https, Tenant: plain, Probed: true, Seen: through("10.0.0.2", "198.51.100.4", "10.0.0.2"), Server: proxies(1)}, "problem client_ip VESTIBULE_TRUSTED_PROXY_COUNT", "Set it to 2."},
		"one too many":                         {facts{URL: https, Tenant: plain, Probed: true, Seen: through(admin.ProbeAddress, "198.51.100.4"), Server: proxies(2)}, "problem client_ip VESTIBULE_TRUSTED_PROXY_COUNT", "Set it to 1."},
		"far too many":                         {facts{URL: https, Tenant: plain, Probed: true, Seen: through("10.0.0.7", "198.51.100.4"), Server: proxies(5)}, "problem client_ip VESTIBULE_TRUSTED_PROXY_COUNT", "Clients can choose their address"},
		"a proxy that begins anew":             {facts{URL: https, Tenant: plain, Probed: true, Seen: &admin.Sight{Host: "id.acme.example", Peer: "10.0.0.7", ClientIP: "10.0.0.2", ForwardedFor: []string{"198.51.100.4", "10.0.0.2"}, Tenant: "acme"}, Server: proxies(1)}, "problem client_ip VESTIBULE_TRUSTED_PROXY_COUNT", "Set it to 2."},
		"a proxy that says nothing":            {facts{URL: https, Tenant: plain, Probed: true, Seen: &admin.Sight{Host: "id.acme.example", Peer: "10.0.0.7", ClientIP: "10.0.0.7", Tenant: "acme"}, Server: proxies(0)}, "warning client_ip VESTIBULE_TRUSTED_PROXY_COUNT", "which is not a public address"},
		"by a header":                          {facts{URL: https, Tenant: plain, Probed: true, Seen: &admin.Sight{Host: "id.acme.example", Peer: "10.0.0.7", ClientIP: "198.51.100.4", Header: []string{"198.51.100.4"}, Tenant: "acme"}, Server: header}, "", "by X-Real-Ip"},
		"a header that clients choose":         {facts{URL: https, Tenant: plain, Probed: true, Seen: &admin.Sight{Host: "id.acme.example", Peer: "10.0.0.7", ClientIP: admin.ProbeAddress, Header: []string{admin.ProbeAddress}, Tenant: "acme"}, Server: header}, "problem client_ip VESTIBULE_TRUSTED_CLIENT_IP_HEADER", "Clients can choose"},
		"a header that is not set":             {facts{URL: https, Tenant: plain, Probed: true, Seen: &admin.Sight{Host: "id.acme.example", Peer: "10.0.0.7", ClientIP: "10.0.0.7", Tenant: "acme"}, Server: header}, "problem client_ip VESTIBULE_TRUSTED_CLIENT_IP_HEADER", "arrives 0 times"},
		"a header that is added to":            {facts{URL: https, Tenant: plain, Probed: true, Seen: &admin.Sight{Host: "id.acme.example", Peer: "10.0.0.7", ClientIP: "10.0.0.7", Header: []string{admin.ProbeAddress, "198.51.100.4"}, Tenant: "acme"}, Server: header}, "problem client_ip VESTIBULE_TRUSTED_CLIENT_IP_HEADER", "arrives 2 times"},
		"http, and cookies for https":          {facts{URL: at("http://id.acme.example"), Tenant: plain}, "problem scheme cookies.secure; warning scheme public_url", "browsers drop them"},
		"http on this machine":                 {facts{URL: at("http://localhost:8080"), Tenant: tenant(`{"public_url": "http://localhost:8080"}`, "localhost")}, "", "this machine alone"},
		"a cookie domain elsewhere":            {facts{URL: at("https://id.other.example"), Tenant: tenant(`{"public_url": "https://id.acme.example", "cookies": {"domain": "acme.example"}}`, "id.acme.example", "id.other.example")}, "warning tenant public_url; problem cookies cookies.domain", "browsers take none"},
		"a front end beside it":                {facts{URL: https, Tenant: tenant(`{"cors": {"allowed_origins": ["https://app.acme.example"]}}`, "id.acme.example")}, "problem csrf cookies.domain", "Set it to acme.example"},
		"a front end beside it, with a domain": {facts{URL: https, Tenant: tenant(`{"cors": {"allowed_origins": ["https://app.acme.example"]}, "cookies": {"domain": "acme.example"}}`, "id.acme.example")}, "", "cookies are for acme.example"},
		"a front end that may not":             {facts{URL: https, Tenant: plain, Origins: []string{"https://app.acme.example"}}, "problem cors cors.allowed_origins", "Add https://app.acme.example to it"},
		"a front end on another site":          {facts{URL: https, Tenant: tenant(`{"cors": {"allowed_origins": ["https://app.other.example"]}}`, "id.acme.example")}, "problem cookies cookies.samesite", "browsers send no cookies from there"},
		"the same, with SameSite None":         {facts{URL: https, Tenant: tenant(`{"cors": {"allowed_origins": ["https://app.other.example"]}, "cookies": {"samesite": "None"}}`, "id.acme.example")}, "problem csrf hosts", "cannot read the CSRF token"},
		"a sibling of a public suffix":         {facts{URL: at("https://id.github.io"), Tenant: tenant(`{"cors": {"allowed_origins": ["https://app.github.io"]}}`, "id.github.io")}, "problem cookies cookies.samesite", "another site"},
		"apps alone":                           {facts{URL: https, Tenant: tenant(`{"headless": {"clients": ["app"]}, "cors": {"allowed_origins": ["https://app.other.example"]}}`, "id.acme.example")}, "", "no browser clients"},
		"one address for all":                  {facts{URL: https, Tenant: plain, Clients: admin.Clients{Requests: 500, Distinct: 2, Most: "10.0.0.7", FromMost: 499}}, "problem traffic VESTIBULE_TRUSTED_PROXY_COUNT", "looks like a proxy's"},
		"one public address for all":           {facts{URL: https, Tenant: plain, Clients: admin.Clients{Requests: 500, Distinct: 2, Most: "198.51.100.4", FromMost: 460}}, "warning traffic VESTIBULE_TRUSTED_PROXY_COUNT", "a server that calls for its users"},
		"one that passes others on":            {facts{URL: https, Tenant: plain, Clients: admin.Clients{Requests: 500, Distinct: 2, Most: "198.51.100.4", FromMost: 460, Forwarded: 400}}, "problem traffic VESTIBULE_TRUSTED_PROXY_COUNT", "looks like a proxy's"},
		"many addresses":                       {facts{URL: https, Tenant: plain, Clients: admin.Clients{Requests: 500, Distinct: 300, Most: "198.51.100.4", FromMost: 40}}, "", "came from 300 addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			var bad []string
			said := ""
			for _, c := range admin.Diagnose(c.facts) {
				said += c.Message + " " + c.Remedy + "\n"
				if c.Level == admin.Warning || c.Level == admin.Problem {
					bad = append(bad, strings.TrimSpace(strings.Join([]string{string(c.Level), c.Subject, c.Setting}, " ")))
					if c.Remedy == "" {
						t.Errorf("there is no remedy for %q", c.Message)
					}
				}
			}
			if got := strings.Join(slices.Compact(bad), "; "); got != c.want || !strings.Contains(said, c.say) {
				t.Errorf("got %q, want %q and %q in\n%s", got, c.want, c.say, said)
			}
		})
	}
}
