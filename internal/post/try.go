package post

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/log"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Trial is what came of sending a mail for the sake of seeing whether it works. Words may repeat the recipient, whom the operator who
// asked knows; they never hold the password.
type Trial struct {
	Server   string // without user and password; "" where there is none
	From     string
	Sent     bool
	Step     string // where it failed: settings, sender, recipient, dns, dial, tls, greeting, ehlo, starttls, auth, mail, rcpt, data
	Code     int    // the server's reply
	Enhanced string
	Words    string // the server's own or, where it said none, those of what failed on the way
}

// mostWords bounds what is kept of a server's reply.
const mostWords = 1000

// TestLetter is a mail that says nothing but that mail arrives.
func TestLetter(t *tenants.Tenant) Mail {
	name := oneLine(nameOf(t), maxSubject)
	return Mail{
		Subject: subjectLine(prefixOf(t), "Test"),
		Text:    "This mail was sent to see whether mail of " + name + " arrives.\n\nIt does. There is nothing to do.\n",
	}
}

// Try sends one mail the way that the tenant's mail goes, and tells what came of it: how far it got, and what the server said.
func (s *SMTP) Try(ctx context.Context, t *tenants.Tenant, o Outgoing) Trial {
	o.Channel = store.Mail
	heard := &hearing{step: "settings"}
	err := s.send(ctx, t, o, heard)
	r := Trial{Server: heard.server, From: o.From, Sent: err == nil}
	if err == nil {
		return r
	}
	r.Step, r.Words = heard.step, heard.said
	var e *SendError
	if errors.As(err, &e) {
		r.Code, r.Enhanced = e.Code, e.Enhanced
		switch {
		case e.Step == "settings" || e.Step == "sender" || e.Step == "recipient" || e.Step == "reply-to":
			r.Step = e.Step
		case errors.Is(e.Err, ErrNoTLS):
			r.Step = "starttls"
		case errors.Is(e.Err, ErrNoAuth):
			r.Step = "auth"
		}
		if r.Words == "" && e.Err != nil {
			r.Words = e.Err.Error()
		}
	}
	if r.Words == "" {
		r.Words = err.Error()
	}
	r.Words = heard.clean(r.Words)
	return r
}

// hearing listens in on a conversation with a mail server. A nil one hears nothing.
type hearing struct {
	server string
	hidden []string // what must not be told
	step   string
	said   string
}

// of says which server is spoken to.
func (h *hearing) of(s SMTPServer) {
	if h == nil {
		return
	}
	h.server = s.String()
	if password := s.password.Reveal(); password != "" {
		h.hidden = []string{
			base64.StdEncoding.EncodeToString([]byte("\x00" + s.user + "\x00" + password)),
			base64.StdEncoding.EncodeToString([]byte(password)), password,
		}
	}
}

// at says how far the conversation is.
func (h *hearing) at(step string) {
	if h != nil {
		h.step = step
	}
}

// steps are the commands of a conversation; those that end it do not count.
var steps = map[string]string{"EHLO": "ehlo", "HELO": "ehlo", "STARTTLS": "starttls", "AUTH": "auth", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data"}

// Debugf hears one command or reply. The library keeps back what would authenticate.
func (h *hearing) Debugf(l log.Log) {
	if l.Direction != log.DirClientToServer {
		return
	}
	line := fmt.Sprintf(l.Format, l.Messages...)
	if strings.Contains(line, "auth data redacted") {
		h.step = "auth"
		return
	}
	verb, _, _ := strings.Cut(line, " ")
	if step, ok := steps[strings.ToUpper(verb)]; ok {
		h.step = step
	}
}

// Infof is for the library, and hears nothing.
func (h *hearing) Infof(log.Log) {}

// Warnf is for the library, and hears nothing.
func (h *hearing) Warnf(log.Log) {}

// Errorf is for the library, and hears nothing.
func (h *hearing) Errorf(log.Log) {}

// words takes what was said when it went wrong.
func (h *hearing) words(err error) {
	if h == nil || err == nil {
		return
	}
	var (
		reply *textproto.Error
		name  *net.DNSError
		cert  *tls.CertificateVerificationError
		rec   tls.RecordHeaderError
		alert tls.AlertError
		send  *mail.SendError
	)
	switch {
	case errors.As(err, &reply):
		h.said = reply.Msg
	case errors.As(err, &send):
		h.said = wordsOf(send)
	case errors.As(err, &name):
		h.step, h.said = "dns", name.Error()
	case errors.As(err, &cert), errors.As(err, &rec), errors.As(err, &alert):
		h.step, h.said = "tls", err.Error()
	default:
		h.said = err.Error()
	}
}

// wordsOf are the server's words in an error of the library, which puts its own around them.
func wordsOf(e *mail.SendError) string {
	s := strings.TrimPrefix(strings.TrimPrefix(e.Error(), e.Reason.String()), ": ")
	for _, after := range []string{", affected message ID: ", ", affected recipient(s): "} {
		if i := strings.LastIndex(s, after); i >= 0 {
			s = s[:i]
		}
	}
	if code := fmt.Sprintf("%d ", e.ErrorCode()); e.ErrorCode() != 0 {
		s = strings.TrimPrefix(s, code)
	}
	return s
}

// clean is a text of somebody else's as it can be shown: bounded, of printable characters, and without what must not be told.
func (h *hearing) clean(s string) string {
	for _, hidden := range h.hidden {
		s = strings.ReplaceAll(s, hidden, tenants.Mask)
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case !unicode.IsPrint(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	if len(s) > mostWords {
		s = strings.ToValidUTF8(s[:mostWords], "")
	}
	return strings.TrimSpace(s)
}
