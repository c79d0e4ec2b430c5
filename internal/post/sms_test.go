package post

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

func textTo(phone string) Outgoing {
	return Outgoing{ID: "m1", Kind: "phone_verification", Channel: store.SMS, To: phone, Code: "1234", Text: "1234 is your code", At: sentAt}
}

// hook is a webhook that answers with status, and a tenant that uses it.
func hook(t *testing.T, status int, key string) (*tenants.Tenant, *SMS, *[]*http.Request, *[]string) {
	t.Helper()
	var requests []*http.Request
	var bodies []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		requests, bodies = append(requests, r), append(bodies, string(b))
		if status/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	client := outbound.HTTPClient(outbound.Options{Dialer: outbound.Dialer{AllowPrivate: true}})
	t.Cleanup(func() { client.CloseIdleConnections(); s.Close() })
	a := acme(t, "acme")
	a.Settings.SMS.WebhookURL = s.URL + "/sms?token=hush"
	a.Settings.SMS.WebhookSecret = tenants.NewSecret(key)
	return a, &SMS{Client: client}, &requests, &bodies
}

func TestTextsArePostedAndSigned(t *testing.T) {
	a, s, requests, bodies := hook(t, http.StatusNoContent, "shared key")
	if err := s.Send(t.Context(), a, textTo("+31612345678")); err != nil {
		t.Fatal(err)
	}
	r, body := (*requests)[0], (*bodies)[0]
	var got map[string]string
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"kind": "phone_verification", "phone": "+31612345678", "message": "1234 is your code",
		"code": "1234", "tenant": "acme"} {
		if got[k] != v {
			t.Errorf("%s is %q", k, got[k])
		}
	}
	h := hmac.New(sha256.New, []byte("shared key"))
	h.Write([]byte("1795428000." + body))
	if want := "t=1795428000,v1=" + hex.EncodeToString(h.Sum(nil)); r.Header.Get(SignatureHeader) != want {
		t.Errorf("the signature is %q, not %q", r.Header.Get(SignatureHeader), want)
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Idempotency-Key") != "m1" {
		t.Errorf("got %s with %v", r.Method, r.Header)
	}
}

func TestTextsAreNotSignedWithoutAKey(t *testing.T) {
	a, s, requests, _ := hook(t, http.StatusOK, "")
	if err := s.Send(t.Context(), a, textTo("+31612345678")); err != nil {
		t.Fatal(err)
	}
	if h := (*requests)[0].Header.Get(SignatureHeader); h != "" {
		t.Errorf("signed as %q", h)
	}
}

func TestWebhookAnswers(t *testing.T) {
	for status, want := range map[int]string{
		200: "", 202: "", 204: "", 302: "later", 400: "never", 401: "later", 403: "later", 404: "later", 408: "later", 410: "never", 429: "later",
		500: "later", 503: "later",
	} {
		a, s, requests, _ := hook(t, status, "")
		err := s.Send(t.Context(), a, textTo("+31612345678"))
		var e *SendError
		switch {
		case want == "":
			if err != nil {
				t.Errorf("%d: %v", status, err)
			}
		case !errors.As(err, &e) || e.Code != status || e.Permanent != (want == "never"):
			t.Errorf("%d: %v", status, err)
		}
		if len(*requests) != 1 {
			t.Errorf("%d: %d requests", status, len(*requests))
		}
	}
}

func TestWebhooksAreGuarded(t *testing.T) {
	a, _, requests, _ := hook(t, 200, "")
	s := &SMS{Client: outbound.HTTPClient(outbound.Options{})}
	err := s.Send(t.Context(), a, textTo("+31612345678"))
	if !errors.Is(err, outbound.ErrPrivateAddress) || len(*requests) != 0 {
		t.Errorf("got %v, %d requests", err, len(*requests))
	}
	for _, leak := range []string{"hush", "612345678", "1234 "} {
		if strings.Contains(err.Error(), leak) {
			t.Errorf("the error says %q: %v", leak, err)
		}
	}
}

func TestWithoutAWebhookTextsWait(t *testing.T) {
	s := &SMS{Client: outbound.HTTPClient(outbound.Options{})}
	for _, u := range []string{"", "://hush", "http://\x00hush"} {
		a := acme(t, "acme")
		a.Settings.SMS.WebhookURL = u
		err := s.Send(t.Context(), a, textTo("+31612345678"))
		var e *SendError
		if !errors.Is(err, ErrNotConfigured) || !errors.As(err, &e) || e.Permanent || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: got %v", u, err)
		}
	}
}

func TestMailboxKeepsTheNewest(t *testing.T) {
	var log buffer
	b := &Mailbox{Log: slog.New(slog.NewJSONHandler(&log, nil))}
	a := acme(t, "acme")
	for i := range mailboxSize + 5 {
		o := outgoing(t, a, "ann@example.org")
		o.At = sentAt.Add(time.Duration(i) * time.Second)
		o.Code, o.Link = "BCDF-GHJK", longLink
		if err := b.Send(t.Context(), a, o); err != nil {
			t.Fatal(err)
		}
	}
	kept := b.Kept()
	if len(kept) != mailboxSize || !kept[0].At.Equal(sentAt.Add((mailboxSize+4)*time.Second)) || !kept[mailboxSize-1].At.Equal(sentAt.Add(5*time.Second)) {
		t.Errorf("%d are kept, the newest of %v", len(kept), kept[0].At)
	}
	raw, err := json.Marshal(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]string
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]string{"to": "ann@example.org", "from": "Login <no-reply@example.org>", "subject": "[Acme] Confirm your email address",
		"kind": "email_confirmation", "tenant": "acme", "at": "2026-11-23T10:03:24Z"} {
		if fields[k] != want {
			t.Errorf("%s is %q", k, fields[k])
		}
	}
	if !strings.Contains(fields["text"], longLink) || !strings.Contains(fields["html"], "<html") {
		t.Errorf("got %v", fields)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != mailboxSize+5 || !strings.Contains(lines[0], "BCDF-GHJK") || !strings.Contains(lines[0], "verify-email") {
		t.Errorf("%d lines, the first: %s", len(lines), lines[0])
	}
}

func TestMailboxLeavesTenantsTheirOwnServers(t *testing.T) {
	passed := 0
	on := senderFunc(func(context.Context, *tenants.Tenant, Outgoing) error { passed++; return nil })
	b := &Mailbox{Mail: on, SMS: on, Log: slog.New(slog.DiscardHandler)}
	a, c, d := acme(t, "acme"), acme(t, "acme"), acme(t, "acme")
	a.Settings.Email.SMTPURL = tenants.NewSecretURL("smtp://mail.example.org")
	c.Settings.SMS.WebhookURL = "https://hooks.example.org"
	d.Settings.SMS.TwilioAccountSID = twilioAccount
	for _, x := range []*tenants.Tenant{a, c, d} {
		for _, o := range []Outgoing{outgoing(t, x, "ann@example.org"), textTo("+31612345678")} {
			if err := b.Send(t.Context(), x, o); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(b.Kept()); passed != 3 || n != 3 {
		t.Errorf("%d passed on, %d kept", passed, n)
	}
}
