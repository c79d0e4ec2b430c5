package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/internal/webhook"
)

// adminWants asks the admin API for something, which must be answered with the status, and reads the answer.
func (s *server) adminWants(status int, method, path string, body any) map[string]any {
	s.Helper()
	got, text := s.admin(method, path, body)
	if got != status {
		s.Fatalf("%s %s: %d, not %d: %s", method, path, got, status, text)
	}
	var out map[string]any
	if text != "" {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			s.Fatal(err)
		}
	}
	return out
}

// Somebody signs up, and the tenant's own server hears of it, once, under a signature that holds.
func TestAWebhookHearsOfASignup(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		host := s.tenant(`{"account": {"email_verification": "none", "rate_limits": false}}`)
		other := s.tenant(`{"account": {"email_verification": "none", "rate_limits": false}}`)
		slug := strings.TrimSuffix(host, ".localhost")
		type message struct{ id, at, signature, body string }
		got := make(chan message, 20)
		hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got <- message{r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), string(body)}
			w.WriteHeader(http.StatusNoContent)
		}))
		defer hooks.Close()
		hook := s.adminWants(http.StatusCreated, "POST", "/admin/v1/tenants/"+slug+"/webhooks", map[string]any{"url": hooks.URL, "events": []string{"user.signed_up"}})
		s.client("app", other).signup("eve@example.org").want(http.StatusOK) // whom this tenant's server does not hear of
		s.client("app", host).signup("ann@example.org").want(http.StatusOK)
		m := <-got
		seconds, err := strconv.ParseInt(m.at, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		want, err := webhook.Sign(m.id, time.Unix(seconds, 0), []byte(m.body), hook["secret"].(string))
		if err != nil || m.signature != want {
			t.Errorf("the signature is %s, not %s", m.signature, want)
		}
		var p webhook.Payload
		if err := json.Unmarshal([]byte(m.body), &p); err != nil || p.Type != "user.signed_up" || p.Tenant.Slug != slug {
			t.Errorf("the body is %s", m.body)
		}
		for _, hidden := range []string{"Secret", "secret", "eve@", "argon2", "session_token"} {
			if strings.Contains(m.body, hidden) {
				t.Errorf("the body shows %q: %s", hidden, m.body)
			}
		}
		path := fmt.Sprintf("/admin/v1/tenants/%s/webhooks/%s/deliveries", slug, hook["id"])
		eventually(t, "the delivery is noted", func() bool {
			items := s.adminWants(http.StatusOK, "GET", path, nil)["items"].([]any)
			return len(items) == 1 && items[0].(map[string]any)["state"] == "delivered"
		})
		if len(got) != 0 {
			t.Errorf("%d more messages came", len(got))
		}
	})
}

// C36: the webhook of a tenant leads to what only the server can reach, and nothing arrives there.
func TestAWebhookReachesNothingPrivate(t *testing.T) {
	s := boot(t, "sqlite", func(cfg *config.Config, _ *app.Options) { cfg.AllowPrivateNetworks = false })
	host := s.tenant(`{"account": {"email_verification": "none"}}`)
	base := "/admin/v1/tenants/" + strings.TrimSuffix(host, ".localhost") + "/webhooks"
	reached := make(chan string, 10)
	inside := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- r.URL.Path }))
	defer inside.Close()
	s.adminWants(http.StatusUnprocessableEntity, "POST", base, map[string]any{"url": inside.URL, "events": []string{"*"}})
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "https://"), ":")
	hook := s.adminWants(http.StatusCreated, "POST", base, map[string]any{"url": "https://localhost:" + port, "events": []string{"*"}})
	path := fmt.Sprintf("%s/%s", base, hook["id"])
	made := s.adminWants(http.StatusAccepted, "POST", path+"/test", nil)
	eventually(t, "it was tried", func() bool {
		d := s.adminWants(http.StatusOK, "GET", fmt.Sprintf("%s/deliveries/%s", path, made["id"]), nil)
		return strings.Contains(d["error"].(string), "public internet") && d["status"] == nil && d["answer"] == ""
	})
	if len(reached) != 0 {
		t.Errorf("%s was reached", <-reached)
	}
}

func TestMailIsTriedOutAndLogged(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		host := s.tenant(`{"account": {"email_verification": "mandatory", "rate_limits": false}}`)
		base := "/admin/v1/tenants/" + strings.TrimSuffix(host, ".localhost")
		if r := s.adminWants(http.StatusOK, "POST", base+"/mail-test", map[string]any{"to": "ops@example.org"}); r["sent"] != true || r["step"] != "" ||
			!strings.HasPrefix(r["server"].(string), "smtp://") {
			t.Errorf("got %v", r)
		}
		if m := s.inbox.wait(t, "ops@example.org", 0); !strings.Contains(m.text, "whether mail of Test arrives") {
			t.Errorf("what arrived is %v", m)
		}
		s.client("app", host).signup("ann@example.org").want(http.StatusUnauthorized)
		s.inbox.wait(t, "ann@example.org", 0)
		eventually(t, "the message is in the log", func() bool {
			items := s.adminWants(http.StatusOK, "GET", base+"/messages?state=sent", nil)["items"].([]any)
			return len(items) == 1 && items[0].(map[string]any)["recipient"] == "ann@example.org" && items[0].(map[string]any)["retryable"] == false
		})
	})
}

func TestTheDoctorSeesWhatArrives(t *testing.T) {
	s := boot(t, "sqlite")
	host := s.tenant(`{"public_url": "http://id.example.localhost"}`)
	base := "/admin/v1/tenants/" + strings.TrimSuffix(host, ".localhost") + "/doctor"
	p := s.adminWants(http.StatusCreated, "POST", "/admin/v1/doctor/probes", nil)
	send := func(change func(http.Header)) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.public+p["path"].(string), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		for name, value := range p["headers"].(map[string]any) {
			r.Header.Set(name, value.(string))
		}
		change(r.Header)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close()
		if a.StatusCode != http.StatusOK {
			t.Fatalf("the probe is answered with %d", a.StatusCode)
		}
	}
	finds := func(level, subject, message string) {
		t.Helper()
		d := s.adminWants(http.StatusOK, "GET", fmt.Sprintf("%s?url=http://%s&probe=%s", base, host, p["probe"]), nil)
		for _, c := range d["checks"].([]any) {
			c := c.(map[string]any)
			if c["level"] == level && c["subject"] == subject && strings.Contains(c["message"].(string), message) {
				return
			}
		}
		t.Errorf("%s of %s (%s) is not among %v", level, subject, message, d["checks"])
	}
	finds("problem", "client_ip", "did not arrive")
	send(func(http.Header) {})
	finds("problem", "client_ip", "Clients can choose their address")
	finds("warning", "tenant", "lead to http://id.example.localhost")
	send(func(h http.Header) { h.Set("X-Test-Ip", "198.51.100.4") }) // as a proxy would that sets the header
	finds("ok", "client_ip", "The client is 198.51.100.4")
	finds("ok", "tenant", "by its host")
}
