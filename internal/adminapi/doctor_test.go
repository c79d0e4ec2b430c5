package adminapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// stand is what a public listener has seen.
type stand struct{ seen *admin.Sight }

func (s *stand) Issue() string { return "probe-1" }

func (s *stand) Seen(probe string) (*admin.Sight, bool) { return s.seen, probe == "probe-1" }

func (s *stand) Clients(tenant string) admin.Clients {
	if tenant != "" {
		return admin.Clients{Requests: 3, Distinct: 1, Most: "192.0.2.1", FromMost: 3}
	}
	return admin.Clients{Requests: 100, Distinct: 1, Most: "10.0.0.7", FromMost: 100}
}

func TestDoctorOverTheWire(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		watch := &stand{}
		d.api.Admin = admin.New(admin.Options{
			Store: d.store, Clock: d.clock, Keys: testkit.Keys(t), SharedHosts: []string{"shared.example"}, Watch: watch,
			Doctor: admin.DoctorServer{ProxyCount: 1, ClientIPHeader: "X-Real-Ip", TenantHeader: "X-Tenant"},
		})
		testkit.AddTenant(t, d.store, "acme", "")
		testkit.AddTenant(t, d.store, "zenith", "")
		if a := d.want(d.do("POST", "/admin/v1/doctor/probes", ""), 201); a.text(t, "probe") != "probe-1" || a.text(t, "headers.X-Real-Ip") != admin.ProbeAddress ||
			!strings.HasPrefix(a.text(t, "path"), "/_allauth/") {
			t.Errorf("got %s", a.body)
		}
		if a := d.want(d.do("GET", "/admin/v1/doctor?url=https://acme.example", ""), 200); a.text(t, "tenant") != "acme" || a.text(t, "seen") != "<nil>" ||
			!strings.Contains(string(a.body), "looks like a proxy's") {
			t.Errorf("got %s", a.body)
		}
		if a := d.want(d.do("GET", "/admin/v1/doctor?url=https://nobody.example/", ""), 200); a.text(t, "tenant") != "<nil>" || !strings.Contains(string(a.body), "No tenant has the host") {
			t.Errorf("got %s", a.body)
		}
		if a := d.want(d.do("GET", "/admin/v1/doctor?url=https://shared.example/", ""), 200); !strings.Contains(string(a.body), "X-Tenant has to name one") {
			t.Errorf("got %s", a.body)
		}
		// What is another tenant's stays there, whoever's probe it was.
		watch.seen = &admin.Sight{Host: "acme.example", Peer: "10.0.0.7", ClientIP: "192.0.2.1", ForwardedFor: []string{}, Header: []string{"192.0.2.1"}, Tenant: "zenith"}
		a := d.want(d.do("GET", "/admin/v1/tenants/acme/doctor?probe=probe-1&origin=https://app.acme.example", ""), 200)
		if a.text(t, "url") != "https://acme.example" || a.text(t, "seen.tenant") != "" || strings.Contains(string(a.body), "zenith") ||
			strings.Contains(string(a.body), `"requests":100`) || !strings.Contains(string(a.body), "Add https://app.acme.example to it.") {
			t.Errorf("got %s", a.body)
		}
		for _, q := range []string{"", "?url=", "?url=ftp://x", "?url=acme.example", "?url=https://u:p@acme.example", "?url=https://acme.example&origin=x",
			"?url=https://acme.example&origin=https://x.example/path", "?host=x"} {
			d.want(d.do("GET", "/admin/v1/doctor"+q, ""), 400)
		}
		d.want(d.do("GET", "/admin/v1/doctor?url=https://acme.example&probe=guess", ""), 404)
		d.want(d.do("GET", "/admin/v1/tenants/nobody/doctor", ""), 404)
		d.api.Admin = admin.New(admin.Options{Store: d.store, Clock: d.clock, Keys: testkit.Keys(t)})
		d.want(d.do("POST", "/admin/v1/doctor/probes", ""), http.StatusUnprocessableEntity)
	})
}
