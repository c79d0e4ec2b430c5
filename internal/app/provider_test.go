package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// An operator sets an app up, is told where it leads back to, and that it works; and what they did is in the log.
func TestAnAppAtAProviderIsTriedOut(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		var at string
		idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, secret, _ := r.BasicAuth()
			switch {
			case r.URL.Path == "/.well-known/openid-configuration":
				_, _ = fmt.Fprintf(w, `{"issuer": %q, "authorization_endpoint": %q, "token_endpoint": %q, "jwks_uri": %q}`, at, at+"/a", at+"/t", at+"/k")
			case r.URL.Path == "/k":
				_, _ = fmt.Fprint(w, `{"keys": [{"kty": "RSA"}]}`)
			case secret == "hunter2-hunter2":
				w.WriteHeader(http.StatusBadRequest)
				_, _ = fmt.Fprint(w, `{"error": "invalid_grant"}`)
			default:
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = fmt.Fprint(w, `{"error": "invalid_client"}`)
			}
		}))
		defer idp.Close()
		at = idp.URL
		host := s.tenant(fmt.Sprintf(`{"socialaccount": {"providers": {"openid_connect": {"apps": [
			{"provider_id": "corp", "client_id": "1", "secret": "hunter2-hunter2", "settings": {"server_url": %q}},
			{"provider_id": "typo", "client_id": "2", "secret": "hunter3-hunter3", "settings": {"server_url": %q}}]}}}}`, at, at))
		base := "/admin/v1/tenants/" + slugOf(host)
		items := s.adminWants(http.StatusOK, "GET", base+"/providers", nil)["items"].([]any)
		if first := items[0].(map[string]any); len(items) != 2 || first["callback_url"] != "https://"+host+"/accounts/oidc/corp/login/callback/" || first["testable"] != true {
			t.Fatalf("the list is %v", items)
		}
		for id, want := range map[string]string{"1": "discovery warning, issuer ok, keys ok, credentials ok", "2": "discovery warning, issuer ok, keys ok, credentials problem"} {
			r := s.adminWants(http.StatusOK, "POST", base+"/providers/test", map[string]any{"provider": "openid_connect", "client_id": id})
			if got := stepsOf(r); got != want {
				t.Errorf("%s: got %s: %v", id, got, r)
			}
		}
		eventually(t, "the log has it", func() bool {
			events := s.adminWants(http.StatusOK, "GET", base+"/audit?action=provider.tested", nil)["items"].([]any)
			return len(events) == 2
		})
		if strings.Contains(s.log.String(), "hunter2") || strings.Contains(s.log.String(), "hunter3") {
			t.Error("a secret is logged")
		}
	})
}

// stepsOf are the steps of a test, and how they came out.
func stepsOf(r map[string]any) string {
	var all []string
	for _, step := range r["steps"].([]any) {
		all = append(all, fmt.Sprint(step.(map[string]any)["step"], " ", step.(map[string]any)["level"]))
	}
	return strings.Join(all, ", ")
}

// A provider of a tenant leads to what only the server can reach, and nothing arrives there.
func TestAProviderReachesNothingPrivate(t *testing.T) {
	s := boot(t, "sqlite", func(cfg *config.Config, _ *app.Options) { cfg.AllowPrivateNetworks = false })
	reached := make(chan string, 10)
	inside := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- r.URL.Path }))
	defer inside.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "https://"), ":")
	for i, server := range []string{inside.URL, "https://localhost:" + port, "http://127.0.0.1:" + port, "https://169.254.169.254/latest/meta-data"} {
		host := s.tenant(fmt.Sprintf(`{"socialaccount": {"providers": {"openid_connect": {"apps": [
			{"provider_id": "corp", "client_id": "1", "secret": "x", "settings": {"server_url": %q}}]}}}}`, server))
		r := s.adminWants(http.StatusOK, "POST", "/admin/v1/tenants/"+slugOf(host)+"/providers/test", map[string]any{"provider": "openid_connect", "client_id": "1"})
		if got := stepsOf(r); got != "discovery problem, issuer unknown, keys unknown, credentials unknown" || i != 2 && !strings.Contains(fmt.Sprint(r), "public internet") {
			t.Errorf("%s: got %v", server, r)
		}
	}
	if len(reached) != 0 {
		t.Errorf("%s was reached", <-reached)
	}
}
