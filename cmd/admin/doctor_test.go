package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/httpd"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// sights hands on what a public listener has seen.
type sights struct{ *httpd.Watch }

func (s sights) Seen(probe string) (*admin.Sight, bool) {
	got, known := s.Watch.Seen(probe)
	if got == nil {
		return nil, known
	}
	return &admin.Sight{Host: got.Host, Peer: got.Peer.String(), ClientIP: got.ClientIP.String(), ForwardedFor: got.ForwardedFor, Header: got.Header, Tenant: got.Tenant}, known
}

func (s sights) Clients(string) admin.Clients { return admin.Clients{} }

func TestDoctorLooksFromOutside(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	watch := &httpd.Watch{Clock: clock.System{}}
	answer := func(w http.ResponseWriter, _ *http.Request) {}
	public := httptest.NewServer(httpd.Standard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpd.SetTenant(r.Context(), "acme")
		answer(w, r)
	}), httpd.Options{Watch: watch}))
	defer public.Close()
	testkit.AddTenant(t, st, "acme", `{"public_url": "`+public.URL+`", "cors": {"allowed_origins": ["http://127.0.0.1:5173"]}, "cookies": {"secure": false}}`)
	api := &adminapi.API{Token: admin.NewToken(token), Admin: admin.New(admin.Options{
		Store: st, Keys: testkit.Keys(t), Watch: sights{watch}, SharedHosts: []string{"127.0.0.1"}, Doctor: admin.DoctorServer{TenantHeader: "X-Tenant"},
	})}
	server := httptest.NewServer(api.Handler())
	defer server.Close()
	b := &bench{t: t, env: map[string]string{"VESTIBULE_ADMIN_URL": server.URL, "VESTIBULE_ADMIN_TOKEN": token}}

	header := ""
	answer = func(_ http.ResponseWriter, r *http.Request) { header = r.Header.Get("X-Tenant") + " " + r.URL.Path }
	if out, _ := b.run(0, "doctor", public.URL, "--tenant", "acme"); !strings.Contains(out, "The URL answers.") || !strings.Contains(out, "with no proxy in between") ||
		header != "acme /_allauth/browser/v1/config" {
		t.Errorf("printed with %q\n%s", header, out)
	}
	if out, _ := b.run(1, "doctor", public.URL, "--tenant", "acme", "--origin", "http://127.0.0.1:5173"); !strings.Contains(out, "Access-Control-Allow-Origin is") {
		t.Errorf("a header that is stripped:\n%s", out)
	}
	answer = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	}
	if out, _ := b.run(0, "doctor", public.URL, "--tenant", "acme", "--origin", "http://127.0.0.1:5173"); !strings.Contains(out, "Pages of http://127.0.0.1:5173 may read answers") {
		t.Errorf("printed\n%s", out)
	}
	answer = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusMovedPermanently)
	}
	if out, _ := b.run(1, "doctor", public.URL, "--tenant", "acme"); !strings.Contains(out, "leads on to https://elsewhere.example/") {
		t.Errorf("printed\n%s", out)
	}
	stranger := httptest.NewServer(http.NotFoundHandler())
	if out, _ := b.run(1, "doctor", stranger.URL, "--tenant", "acme"); !strings.Contains(out, "not this server answered (404)") || !strings.Contains(out, "did not arrive") {
		t.Errorf("printed\n%s", out)
	}
	stranger.Close()
	if out, _ := b.run(1, "doctor", stranger.URL, "--tenant", "acme"); !strings.Contains(out, "cannot be reached from here") {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := b.run(0, "doctor", public.URL, "--tenant", "acme", "--no-probe", "-o", "json"); !strings.Contains(out, `"level": "unknown"`) {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := b.run(1, "doctor", "https://nobody.example", "--no-probe"); !strings.Contains(out, "problem  tenant") || !strings.Contains(out, "-> hosts: ") {
		t.Errorf("printed\n%s", out)
	}
	if _, complaints := b.run(1, "doctor", "acme.example"); !strings.Contains(complaints, "must be such as") {
		t.Errorf("complains\n%s", complaints)
	}
	b.run(2, "doctor")
}
