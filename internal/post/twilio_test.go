package post

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/tenants"
)

const (
	twilioAccount = "AC0123456789abcdef0123456789abcdef"
	twilioService = "MG0123456789abcdef0123456789abcdef"
	twilioToken   = "hush-hush"
)

// twilio is a server that answers as Twilio does, and a tenant with an account there.
func twilio(t *testing.T, status int, answer string) (*tenants.Tenant, *SMS, *[]*http.Request, *[]url.Values) {
	t.Helper()
	var requests []*http.Request
	var forms []url.Values
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(b))
		if err != nil {
			t.Error(err)
		}
		requests, forms = append(requests, r), append(forms, form)
		if status/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	client := outbound.HTTPClient(outbound.Options{Dialer: outbound.Dialer{AllowPrivate: true}})
	t.Cleanup(func() { client.CloseIdleConnections(); s.Close() })
	a := acme(t, "acme")
	a.Settings.SMS = tenants.SMS{
		TwilioAccountSID: twilioAccount, TwilioAuthToken: tenants.NewSecret(twilioToken), TwilioFrom: "+15005550006",
	}
	return a, &SMS{Client: client, Twilio: s.URL}, &requests, &forms
}

func TestTextsGoThroughTwilio(t *testing.T) {
	for from, field := range map[string]string{"+15005550006": "From", twilioService: "MessagingServiceSid"} {
		a, s, requests, forms := twilio(t, http.StatusCreated, `{"sid": "SM1", "status": "queued", "error_code": null}`)
		a.Settings.SMS.TwilioFrom = from
		o := textTo("+31612345678")
		o.Text = "1234 is your code & it's for Ünïcode + more"
		if err := s.Send(t.Context(), a, o); err != nil {
			t.Fatal(err)
		}
		r, form := (*requests)[0], (*forms)[0]
		user, password, _ := r.BasicAuth()
		if r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/"+twilioAccount+"/Messages.json" || user != twilioAccount ||
			password != twilioToken || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("got %s %s with %v", r.Method, r.URL, r.Header)
		}
		if len(form) != 3 || form.Get("To") != "+31612345678" || form.Get("Body") != o.Text || form.Get(field) != from {
			t.Errorf("from %s: %v", from, form)
		}
	}
}

func TestTwiliosAnswers(t *testing.T) {
	const fault = `{"code": 21211, "message": "The 'To' number +31612345678 is not a valid phone number.", "status": 400}`
	for status, want := range map[int]string{
		200: "", 201: "", 302: "later", 400: "never", 401: "later", 403: "later", 404: "later", 408: "later", 429: "later", 500: "later", 503: "later",
	} {
		a, s, requests, _ := twilio(t, status, fault)
		err := s.Send(t.Context(), a, textTo("+31612345678"))
		var e *SendError
		switch {
		case want == "":
			if err != nil {
				t.Errorf("%d: %v", status, err)
			}
		case !errors.As(err, &e) || e.Code != status || e.Permanent != (want == "never"):
			t.Errorf("%d: %v", status, err)
		case !strings.Contains(err.Error(), "21211") || strings.Contains(err.Error(), "612345678") || strings.Contains(err.Error(), "valid"):
			t.Errorf("%d: the error says %v", status, err)
		}
		if len(*requests) != 1 {
			t.Errorf("%d: %d requests", status, len(*requests))
		}
	}
	for _, answer := range []string{"", "<html>+31612345678", `{"code": "+31612345678"}`, `{"code": -1}`, `[]`, strings.Repeat("x", 1<<20)} {
		a, s, _, _ := twilio(t, 400, answer)
		if err := s.Send(t.Context(), a, textTo("+31612345678")); err == nil || err.Error() != "send: twilio: 400" {
			t.Errorf("%.20q: %v", answer, err)
		}
	}
}

func TestTwilioIsGuarded(t *testing.T) {
	a, s, requests, _ := twilio(t, http.StatusCreated, "{}")
	s.Client = outbound.HTTPClient(outbound.Options{})
	err := s.Send(t.Context(), a, textTo("+31612345678"))
	if !errors.Is(err, outbound.ErrPrivateAddress) || len(*requests) != 0 {
		t.Errorf("got %v, %d requests", err, len(*requests))
	}
	for _, leak := range []string{twilioToken, "612345678", "1234 "} {
		if strings.Contains(err.Error(), leak) {
			t.Errorf("the error says %q: %v", leak, err)
		}
	}
}

func TestAWebhookComesBeforeTwilio(t *testing.T) {
	a, s, requests, _ := hook(t, http.StatusNoContent, "")
	s.Twilio = "http://127.0.0.1:1"
	a.Settings.SMS.TwilioAccountSID, a.Settings.SMS.TwilioFrom = twilioAccount, "+15005550006"
	if err := s.Send(t.Context(), a, textTo("+31612345678")); err != nil || len(*requests) != 1 {
		t.Errorf("%v, %d requests", err, len(*requests))
	}
}

func TestTwilioIsCalledWhereItIs(t *testing.T) {
	var asked []string
	s := &SMS{Client: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.String())
		return &http.Response{StatusCode: http.StatusCreated, Body: http.NoBody, Request: r}, nil
	})}}
	a := acme(t, "acme")
	a.Settings.SMS.TwilioAccountSID = "AC/../@evil.example?#" // no validation would let it through
	if err := s.Send(t.Context(), a, textTo("+31612345678")); err != nil {
		t.Fatal(err)
	}
	if want := "https://api.twilio.com/2010-04-01/Accounts/AC%2F..%2F@evil.example%3F%23/Messages.json"; len(asked) != 1 || asked[0] != want {
		t.Errorf("asked %q", asked)
	}
}

// roundTripper is a transport of one function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
