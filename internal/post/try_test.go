package post

import (
	"encoding/base64"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/vestibule-auth/vestibule/tenants"
)

func trial(t *testing.T, s *SMTP, tenant *tenants.Tenant, to string) Trial {
	t.Helper()
	return s.Try(t.Context(), tenant, Outgoing{ID: "0192-test", To: to, From: "Login <no-reply@example.org>", Mail: TestLetter(tenant), At: sentAt})
}

func TestATrialTellsTheServersWords(t *testing.T) {
	wrong := url.UserPassword(smtpUser, "wrong-password").String() + "@"
	reply := func(code int, words string) func(string) error {
		return func(string) error {
			return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1}, Message: words}
		}
	}
	for name, c := range map[string]struct {
		change       func(*mailServer)
		scheme, user string
		query        string
		step         string
		code         int
		words        string // that the words hold
	}{
		"no such recipient": {scheme: "smtp", step: "rcpt", code: 550, words: "No such user here, ann; ask <postmaster>",
			change: func(m *mailServer) { m.onRcpt = reply(550, "No such user here, ann; ask <postmaster>") }},
		"greylisted": {scheme: "smtp", step: "rcpt", code: 450, words: "Greylisted, try again",
			change: func(m *mailServer) { m.onRcpt = reply(450, "Greylisted, try again") }},
		"refused for what it says": {scheme: "smtp", step: "data", code: 554, words: "Message rejected as spam, affected by policy",
			change: func(m *mailServer) { m.onData = reply(554, "Message rejected as spam, affected by policy") }},
		"a wrong password": {scheme: "smtp", user: wrong, step: "auth", words: "",
			change: func(m *mailServer) { withSTARTTLS(m); m.ways = []string{"PLAIN"} }},
		"a password, and nowhere to give it": {scheme: "smtp", user: userinfo, step: "auth", words: "none of PLAIN, LOGIN", change: withSTARTTLS},
		"a password that is wanted": {scheme: "smtp", step: "mail", code: 502, words: "authenticate first",
			change: func(m *mailServer) { withSTARTTLS(m); m.ways = []string{"PLAIN"} }},
		"no STARTTLS":             {scheme: "smtp", query: "?starttls=require", step: "starttls", words: "no encryption"},
		"TLS where there is none": {scheme: "smtps", step: "tls", words: "TLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			m := serve(t, false, c.change)
			r := trial(t, own(t, m.url(c.scheme, c.user, c.query)), acme(t, "acme"), "ann@example.org")
			if r.Sent || r.Step != c.step || c.code != 0 && r.Code != c.code || !strings.Contains(strings.ToLower(r.Words), strings.ToLower(c.words)) || r.Words == "" {
				t.Errorf("got %+v", r)
			}
			if strings.Contains(r.Words, "affected message ID") || strings.Contains(r.Words, "0192-test") {
				t.Errorf("the words are not the server's alone: %q", r.Words)
			}
			for _, leak := range []string{smtpPassword, "wrong-password"} {
				if strings.Contains(r.Words+r.Server, leak) {
					t.Errorf("it tells %q: %+v", leak, r)
				}
			}
		})
	}
}

// A server that repeats what it was given gets no password out.
func TestATrialHidesThePassword(t *testing.T) {
	const password = "hush-hush-4711"
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + smtpUser + "\x00" + password))
	user := url.UserPassword(smtpUser, password).String() + "@"
	m := serve(t, false, func(m *mailServer) {
		withSTARTTLS(m)
		m.ways = []string{"PLAIN"}
		m.onRcpt = func(string) error {
			return &smtp.SMTPError{Code: 550, Message: "you said " + password + " and AUTH PLAIN " + plain + "\x1b[31m\a"}
		}
	})
	s := own(t, m.url("smtp", user, ""))
	h := &hearing{}
	h.of(s.Server)
	got := h.clean("you said " + password + " and AUTH PLAIN " + plain + "\x1b[31m\a\r\nnext " + strings.Repeat("é", mostWords))
	if !strings.HasPrefix(got, "you said ******** and AUTH PLAIN ********[31m  next é") || len(got) > mostWords {
		t.Errorf("got %q", got)
	}
	if r := trial(t, s, acme(t, "acme"), "ann@example.org"); strings.Contains(r.Words, password) || strings.Contains(r.Words, plain) || strings.Contains(r.Server, password) {
		t.Errorf("got %+v", r)
	}
}

func TestATrialOnTheWay(t *testing.T) {
	a := acme(t, "acme")
	if r := trial(t, &SMTP{}, a, "ann@example.org"); r.Sent || r.Step != "settings" || r.Server != "" || r.Words == "" {
		t.Errorf("without a server: %+v", r)
	}
	for _, to := range []string{"ann", "Ann <ann@example.org>", "ann@example.org, bob@example.org", "ann@example.org\r\nRCPT TO:<bob@example.org>"} {
		if r := trial(t, own(t, "smtp://127.0.0.1:1"), a, to); r.Sent || r.Step != "recipient" {
			t.Errorf("%q: %+v", to, r)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	if r := trial(t, own(t, "smtp://"+closed), a, "ann@example.org"); r.Sent || r.Step != "dial" || !strings.Contains(r.Words, "refused") {
		t.Errorf("nobody there: %+v", r)
	}
	if r := trial(t, own(t, "smtp://nowhere.invalid"), a, "ann@example.org"); r.Sent || r.Step != "dns" {
		t.Errorf("no such host: %+v", r)
	}
	m := serve(t, false, nil)
	a.Settings.Email.SMTPURL = tenants.NewSecretURL(m.url("smtp", "", ""))
	if r := trial(t, &SMTP{TLS: trusting()}, a, "ann@example.org"); r.Sent || r.Step != "dial" || !strings.Contains(r.Words, "public address") {
		t.Errorf("a private address: %+v", r)
	}
	if r := trial(t, own(t, m.url("smtp", "", "")), acme(t, "zenith"), "ann@example.org"); !r.Sent || r.Step != "" || len(m.got()) != 1 {
		t.Errorf("all is well: %+v", r)
	} else if raw := string(m.got()[0].raw); !strings.Contains(raw, "mail of Zenith arrives") || m.got()[0].to != "ann@example.org" {
		t.Errorf("arrived:\n%s", raw)
	}
}
