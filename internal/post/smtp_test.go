package post

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

const longLink = "https://app.example.org/verify-email/MzQ:1tXyZ0:" +
	"kq3Vd8bWn-JH_2m5aYxT0uPzLr7cEfGsQ9oIiBhUvNwMyKjXeDlCtRg4S6A1O?next=%2Fa%3Db&x=1&y==2"

var sentAt = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func outgoing(t *testing.T, tenant *tenants.Tenant, to string) Outgoing {
	t.Helper()
	m, err := Render(tenant, "email_confirmation", Letter{To: to, Data: map[string]string{"url": longLink, "code": "BCDF-GHJK"}})
	if err != nil {
		t.Fatal(err)
	}
	return Outgoing{ID: "0192-message", Kind: "email_confirmation", Channel: store.Mail, To: to,
		From: "Login <no-reply@example.org>", ReplyTo: "help@example.org", Mail: m, At: sentAt}
}

// own is a sender whose own server is at that URL.
func own(t *testing.T, raw string) *SMTP {
	t.Helper()
	s, err := ParseSMTPURL(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &SMTP{Server: s, TLS: trusting()}
}

// userinfo is the user and password of the test servers.
var userinfo = url.UserPassword(smtpUser, smtpPassword).String() + "@"

func TestMailArrivesWhole(t *testing.T) {
	m := serve(t, false, nil)
	a := acme(t, "acme")
	if err := own(t, m.url("smtp", "", "")).Send(t.Context(), a, outgoing(t, a, "ann@example.org")); err != nil {
		t.Fatal(err)
	}
	got := m.got()
	if len(got) != 1 || got[0].to != "ann@example.org" || got[0].from != "no-reply@example.org" || got[0].utf8 {
		t.Fatalf("the server got %+v", got)
	}
	if got[0].hello != "example.org" {
		t.Errorf("introduced itself as %q", got[0].hello)
	}
	p := read(t, got[0].raw)
	for name, want := range map[string]string{
		"From": `"Login" <no-reply@example.org>`, "To": "<ann@example.org>", "Reply-To": "<help@example.org>",
		"Message-Id": "<0192-message@example.org>", "Auto-Submitted": "auto-generated",
		"Date": "Mon, 23 Nov 2026 10:00:00 +0000", "Cc": "", "Bcc": "", "User-Agent": "", "X-Mailer": "",
	} {
		if h := p.header.Get(name); h != want {
			t.Errorf("%s is %q, not %q", name, h, want)
		}
	}
	if p.subject != "[Acme] Confirm your email address" {
		t.Errorf("the subject is %q", p.subject)
	}
	if !strings.Contains(p.text, "\n"+longLink+"\n") || !strings.Contains(p.text, "\nBCDF-GHJK\n") {
		t.Errorf("the link and the code are not on lines of their own:\n%s", p.text)
	}
	if !strings.Contains(string(got[0].raw), "\r\n"+longLink+"\r\n") {
		t.Error("the link is not in one piece in the mail as it was sent")
	}
	if !strings.Contains(p.html, strings.ReplaceAll(longLink, "&", "&amp;")) {
		t.Errorf("the HTML has no link:\n%s", p.html)
	}
	for _, line := range strings.Split(string(got[0].raw), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line that SMTP does not allow: %q", line)
		}
	}
}

func TestMailBeyondASCIIArrivesWhole(t *testing.T) {
	m := serve(t, false, nil)
	a := acme(t, "acme")
	a.Name = "Bücher Ærø 書店"
	o := outgoing(t, a, "ann@example.org")
	o.From = "no-reply@example.org"
	if err := own(t, m.url("smtp", "", "")).Send(t.Context(), a, o); err != nil {
		t.Fatal(err)
	}
	p := read(t, m.got()[0].raw)
	from, err := p.header.AddressList("From")
	if err != nil || from[0].Name != a.Name {
		t.Errorf("the sender is %v (%v)", from, err)
	}
	if p.subject != "["+a.Name+"] Confirm your email address" {
		t.Errorf("the subject is %q", p.subject)
	}
	if !strings.Contains(p.text, "\n"+longLink+"\n") || !strings.Contains(p.text, a.Name) {
		t.Errorf("the text is\n%s", p.text)
	}
}

func TestSMTPServersOfEveryKind(t *testing.T) {
	auth := func(ways ...string) func(*mailServer) {
		return func(m *mailServer) { withSTARTTLS(m); m.ways = ways }
	}
	cases := map[string]struct {
		implicit bool
		change   func(*mailServer)
		scheme   string
		user     string
		query    string
		tls      bool
	}{
		"plain":                             {scheme: "smtp"},
		"STARTTLS offered":                  {scheme: "smtp", change: withSTARTTLS, tls: true},
		"STARTTLS required and offered":     {scheme: "smtp", change: withSTARTTLS, query: "?starttls=require", tls: true},
		"TLS from the start":                {scheme: "smtps", implicit: true, tls: true},
		"PLAIN over STARTTLS":               {scheme: "smtp", change: auth("PLAIN"), user: userinfo, tls: true},
		"LOGIN over STARTTLS":               {scheme: "smtp", change: auth("LOGIN"), user: userinfo, tls: true},
		"CRAM-MD5 over STARTTLS":            {scheme: "smtp", change: auth("CRAM-MD5"), user: userinfo, tls: true},
		"the first that is known":           {scheme: "smtp", change: auth("GSSAPI", "LOGIN", "PLAIN"), user: userinfo, tls: true},
		"PLAIN over TLS from the start":     {scheme: "smtps", implicit: true, user: userinfo, tls: true, change: func(m *mailServer) { m.ways = []string{"PLAIN"} }},
		"PLAIN without TLS on this machine": {scheme: "smtp", user: userinfo, change: func(m *mailServer) { m.ways = []string{"PLAIN"}; m.smtp.AllowInsecureAuth = true }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := serve(t, c.implicit, c.change)
			a := acme(t, "acme")
			if err := own(t, m.url(c.scheme, c.user, c.query)).Send(t.Context(), a, outgoing(t, a, "ann@example.org")); err != nil {
				t.Fatal(err)
			}
			got := m.got()
			if len(got) != 1 || (!c.implicit && got[0].tls != c.tls) {
				t.Fatalf("the server got %d mails, over TLS: %v", len(got), len(got) > 0 && got[0].tls)
			}
			if c.user != "" && got[0].user != smtpUser {
				t.Errorf("authenticated as %q", got[0].user)
			}
		})
	}
}

func TestSMTPFailures(t *testing.T) {
	wrong := url.UserPassword(smtpUser, "wrong-password").String() + "@"
	reply := func(code int) func(string) error {
		return func(to string) error {
			return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no " + to + " BCDF-GHJK"}
		}
	}
	cases := map[string]struct {
		implicit  bool
		change    func(*mailServer)
		scheme    string
		user      string
		query     string
		step      string
		code      int
		cause     error
		permanent bool
	}{
		"STARTTLS required, not offered": {scheme: "smtp", query: "?starttls=require", step: "connect", cause: ErrNoTLS},
		"STARTTLS required, not offered, with a password": {scheme: "smtp", user: userinfo, query: "?starttls=require", step: "connect", cause: ErrNoTLS,
			change: func(m *mailServer) { m.ways = []string{"PLAIN"}; m.smtp.AllowInsecureAuth = true }},
		"a password, and nowhere to give it": {scheme: "smtp", user: userinfo, step: "connect", cause: ErrNoAuth, change: withSTARTTLS},
		"a way that is unknown":              {scheme: "smtp", user: userinfo, step: "connect", cause: ErrNoAuth, change: func(m *mailServer) { withSTARTTLS(m); m.ways = []string{"NTLM"} }},
		"a wrong password":                   {scheme: "smtp", user: wrong, step: "connect", code: 454, change: func(m *mailServer) { withSTARTTLS(m); m.ways = []string{"PLAIN"} }},
		"a password that is wanted":          {scheme: "smtp", step: "from", code: 502, change: func(m *mailServer) { withSTARTTLS(m); m.ways = []string{"PLAIN"} }},
		"TLS where there is none":            {scheme: "smtps", step: "connect"},
		"a recipient that does not exist":    {scheme: "smtp", step: "rcpt", code: 550, permanent: true, change: func(m *mailServer) { m.onRcpt = reply(550) }},
		"a recipient that is greylisted":     {scheme: "smtp", step: "rcpt", code: 450, change: func(m *mailServer) { m.onRcpt = reply(450) }},
		"a recipient that takes a password":  {scheme: "smtp", step: "rcpt", code: 530, change: func(m *mailServer) { m.onRcpt = reply(530) }},
		"a mail that is refused":             {scheme: "smtp", step: "data", code: 554, permanent: true, change: func(m *mailServer) { m.onData = reply(554) }},
		"a mail that has to wait":            {scheme: "smtp", step: "data", code: 451, change: func(m *mailServer) { m.onData = reply(451) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := serve(t, c.implicit, c.change)
			a := acme(t, "acme")
			err := own(t, m.url(c.scheme, c.user, c.query)).Send(t.Context(), a, outgoing(t, a, "ann@example.org"))
			var e *SendError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, not a SendError", err)
			}
			if e.Step != c.step || e.Permanent != c.permanent || (c.cause != nil && !errors.Is(err, c.cause)) {
				t.Errorf("got %+v (%v)", e, err)
			}
			if c.code != 0 && e.Code != c.code && name != "a wrong password" {
				t.Errorf("got code %d, not %d", e.Code, c.code)
			}
			for _, leak := range []string{"ann", "BCDF", "verify-email", smtpUser, smtpPassword, "wrong-password"} {
				if strings.Contains(err.Error(), leak) {
					t.Errorf("the error says %q: %v", leak, err)
				}
			}
			if len(m.got()) != 0 {
				t.Error("a mail arrived all the same")
			}
		})
	}
}

func TestSMTPDistrustsStrangeCertificates(t *testing.T) {
	for scheme, implicit := range map[string]bool{"smtp": false, "smtps": true} {
		m := serve(t, implicit, withSTARTTLS)
		a := acme(t, "acme")
		s := own(t, m.url(scheme, "", ""))
		s.TLS = nil
		if err := s.Send(t.Context(), a, outgoing(t, a, "ann@example.org")); err == nil || len(m.got()) != 0 {
			t.Errorf("%s: a mail went to a server that nobody vouches for", scheme)
		}
	}
}

// With a password STARTTLS is a condition, whatever somebody in between makes of the server's offers. Without one it is
// used where it is offered.
func TestPasswordsAreNotSentInTheClear(t *testing.T) {
	// The connection looks like one to another machine, whose name has been taken over by a listener.
	send := func(t *testing.T, raw string, m *mailServer) error {
		t.Helper()
		s, err := ParseSMTPURL(raw)
		if err != nil {
			t.Fatal(err)
		}
		a := acme(t, "acme")
		l, err := envelope(a, outgoing(t, a, "ann@example.org"))
		if err != nil {
			t.Fatal(err)
		}
		dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			c, err := d.DialContext(ctx, network, m.addr)
			return elsewhere{c}, err
		}
		return deliver(t.Context(), s, dial, outbound.AtLeastTLS12(trusting()), l, nil)
	}
	ways := func(m *mailServer) { m.ways, m.smtp.AllowInsecureAuth = []string{"PLAIN", "LOGIN", "CRAM-MD5"}, true }
	for name, c := range map[string]struct {
		url    string
		change func(*mailServer)
		want   error
	}{
		"a password, and no STARTTLS":                {"smtp://" + userinfo + "localhost", ways, ErrNoTLS},
		"a password, and no offer at all":            {"smtp://" + userinfo + "localhost", nil, ErrNoTLS},
		"a password, and STARTTLS":                   {"smtp://" + userinfo + "localhost", func(m *mailServer) { withSTARTTLS(m); ways(m) }, nil},
		"no password, and no STARTTLS":               {"smtp://localhost", nil, nil},
		"no password, and STARTTLS that is required": {"smtp://localhost?starttls=require", nil, ErrNoTLS},
	} {
		t.Run(name, func(t *testing.T) {
			m := serve(t, false, c.change)
			if err := send(t, c.url, m); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if got := len(m.got()); (got == 1) != (c.want == nil) {
				t.Errorf("%d mails arrived", got)
			}
		})
	}
}

// elsewhere is a connection that says it leads to another machine.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func TestTenantsServersAreGuarded(t *testing.T) {
	m := serve(t, false, nil)
	a := acme(t, "acme")
	a.Settings.Email.SMTPURL = tenants.NewSecretURL(m.url("smtp", "", ""))
	s := &SMTP{TLS: trusting()}
	if err := s.Send(t.Context(), a, outgoing(t, a, "ann@example.org")); !errors.Is(err, outbound.ErrPrivateAddress) {
		t.Errorf("got %v, not ErrPrivateAddress", err)
	}
	s.Dialer.AllowPrivate = true
	if err := s.Send(t.Context(), a, outgoing(t, a, "ann@example.org")); err != nil || len(m.got()) != 1 {
		t.Errorf("with AllowPrivate: %v, %d mails", err, len(m.got()))
	}
}

func TestWithoutAnyServerMailWaits(t *testing.T) {
	a := acme(t, "acme")
	err := (&SMTP{}).Send(t.Context(), a, outgoing(t, a, "ann@example.org"))
	var e *SendError
	if !errors.Is(err, ErrNotConfigured) || !errors.As(err, &e) || e.Permanent {
		t.Errorf("got %v", err)
	}
}

func TestAddressesBeyondASCII(t *testing.T) {
	a := acme(t, "acme")
	for _, to := range []string{"ånn@example.org", "ann@exämple.org", "ann@ｅxample.org", "ann＠example.org@example.org"} {
		able := serve(t, false, func(m *mailServer) { m.smtp.EnableSMTPUTF8 = true })
		if err := own(t, able.url("smtp", "", "")).Send(t.Context(), a, outgoing(t, a, to)); err != nil {
			t.Errorf("%s: %v", to, err)
		} else if got := able.got(); got[0].to != to || !got[0].utf8 {
			t.Errorf("%s: went to %q, SMTPUTF8 %v", to, got[0].to, got[0].utf8)
		}
		unable := serve(t, false, nil)
		err := own(t, unable.url("smtp", "", "")).Send(t.Context(), a, outgoing(t, a, to))
		var e *SendError
		if !errors.Is(err, ErrNoSMTPUTF8) || !errors.As(err, &e) || !e.Permanent || len(unable.got()) != 0 {
			t.Errorf("%s: got %v, %d mails", to, err, len(unable.got()))
		}
	}
	able := serve(t, false, func(m *mailServer) { m.smtp.EnableSMTPUTF8 = true })
	if err := own(t, able.url("smtp", "", "")).Send(t.Context(), a, outgoing(t, a, "ann@example.org")); err != nil || able.got()[0].utf8 {
		t.Errorf("SMTPUTF8 was asked for without need (%v)", err)
	}
}

func TestMailGoesToOneAddressAndNoOther(t *testing.T) {
	m := serve(t, false, nil)
	a := acme(t, "acme")
	for _, to := range []string{
		"", "ann", "@example.org", "ann@", "ann@example.org, eve@example.org", "ann@example.org,eve@example.org",
		"Ann <ann@example.org>", "<ann@example.org>", "ann@example.org (eve@example.org)", " ann@example.org",
		"ann@example.org ", "ann@example.org\r\nBcc: eve@example.org", "ann@example.org\nRCPT TO:<eve@example.org>",
		"ann@example.org\x00", `"ann eve"@example.org`, `"ann,eve"@example.org`, "ann@[127.0.0.1]", "ann;eve@example.org",
		"friends: ann@example.org;", "ann@example.org>\r\nDATA", "ann@eve.org@example.org",
	} {
		o := outgoing(t, a, "ann@example.org")
		o.To = to
		err := own(t, m.url("smtp", "", "")).Send(t.Context(), a, o)
		var e *SendError
		if !errors.As(err, &e) || !e.Permanent || !errors.Is(err, ErrAddress) {
			t.Errorf("%q: got %v", to, err)
		}
	}
	if got := m.got(); len(got) != 0 {
		t.Errorf("%d mails arrived: %+v", len(got), got)
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	m := serve(t, false, nil)
	a := acme(t, "acme")
	const evil = "Acme\r\nBcc: eve@example.org\r\n\r\nX\u2028Y\x00"
	a.Name, a.Settings.Branding.Name = evil, evil
	prefix := evil
	a.Settings.Account.EmailSubjectPrefix = &prefix
	a.Settings.Email.Templates = map[string]tenants.MailTemplate{"email_confirmation": {Subject: "One\r\nBcc: eve@example.org\n\nTwo {{.display}}"}}
	o := outgoing(t, a, "ann@example.org")
	o.From = "no-reply@example.org"
	mail, err := Render(a, "email_confirmation", Letter{To: "ann@example.org", Data: map[string]string{"code": "1", "display": evil}})
	if err != nil || strings.ContainsAny(mail.Subject, "\r\n\x00\u2028") || mail.Override != nil {
		t.Fatalf("the subject is %q (%v, %v)", mail.Subject, err, mail.Override)
	}
	o.Mail = mail
	if err := own(t, m.url("smtp", "", "")).Send(t.Context(), a, o); err != nil {
		t.Fatal(err)
	}
	p := read(t, m.got()[0].raw)
	if p.header.Get("Bcc") != "" || p.header.Get("To") != "<ann@example.org>" || m.got()[0].to != "ann@example.org" {
		t.Errorf("headers are %v", p.header)
	}
	for _, from := range []string{"x\r\nBcc: eve@example.org <no-reply@example.org>", "nobody", "a@b@c\r\n"} {
		o.From = from
		if err := own(t, m.url("smtp", "", "")).Send(t.Context(), a, o); err == nil {
			got := m.got()
			if h := read(t, got[len(got)-1].raw).header; h.Get("Bcc") != "" {
				t.Errorf("%q injected %v", from, h)
			}
		}
	}
}

func TestAHangingServerIsLeftInTime(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			accepted <- c // and not a word
		}
	}()
	defer func() { _ = l.Close() }()
	a := acme(t, "acme")
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	o := outgoing(t, a, "ann@example.org")
	s := own(t, "smtp://"+l.Addr().String())
	go func() { failed <- s.Send(ctx, a, o) }()
	c := <-accepted
	defer func() { _ = c.Close() }()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestParseSMTPURL(t *testing.T) {
	good := map[string]string{
		"smtp://mail.example.org":                             "smtp://mail.example.org:587",
		"smtp://mail.example.org:25":                          "smtp://mail.example.org:25",
		"smtp://mail.example.org/":                            "smtp://mail.example.org:587",
		"smtp://mail.example.org?starttls=require":            "smtp://mail.example.org:587",
		"smtps://mail.example.org":                            "smtps://mail.example.org:465",
		"smtps://ann%40example.org:s3cr%2Ft@mail.example.org": "smtps://mail.example.org:465",
		"smtp://ann:s3cret@[2001:db8::1]:2525":                "smtp://[2001:db8::1]:2525",
	}
	for raw, want := range good {
		s, err := ParseSMTPURL(raw)
		if err != nil || s.String() != want || !s.Given() {
			t.Errorf("%s: %v, %v", raw, s, err)
		}
		if all := fmt.Sprintf("%v %+v %#v %s", s, s, s, s); strings.Contains(all, "s3cr") {
			t.Errorf("the password is printed: %s", all)
		}
	}
	for _, raw := range []string{"", "mail.example.org", "mail.example.org:587", "http://mail.example.org", "smtp://", "smtp://:25",
		"smtp:mail.example.org", "smtp://mail.example.org:99999", "smtp://mail.example.org:0", "smtp://mail.example.org/path",
		"smtp://mail.example.org#x", "smtp://mail.example.org?starttls=never", "smtp://mail.example.org?tls=1",
		"smtps://mail.example.org?starttls=require", "smtp://s3cret@mail.example.org", "smtp://:s3cret@mail.example.org",
		"smtp://ann:s3cr%zzt@mail.example.org", "smtp://ann:s3cret@mail.example.org:port", "smtp://ann:s3/cret@mail.example.org"} {
		s, err := ParseSMTPURL(raw)
		if !errors.Is(err, ErrSMTPURL) || s.Given() || strings.Contains(err.Error(), "s3") {
			t.Errorf("%q: %v, %v", raw, s, err)
		}
	}
}
